"""The prompt: from the command line and from stdin, with nothing that was piped in dropped."""

from __future__ import annotations

import codecs
import io
import os
import select
import stat
import sys
from typing import Final

from hermes.cli.messages import say_dim
from hermes.errors import HermesError, UsageError

__all__ = ["has_piped_text", "read_prompt"]

_PATIENCE_SECONDS: Final = 3.0
_CHUNK: Final = 1 << 16


def read_prompt(argument: str, *, read_stdin: bool) -> str:
    """The whole prompt.

    Args:
        argument: what the command line says; ``-`` takes all of stdin.
        read_stdin: whether stdin is read where it is no terminal, and put before the argument.

    Raises:
        UsageError: there is no prompt.
        HermesError: stdin cannot be read.
    """
    if argument == "-":
        if not read_stdin:
            raise UsageError("`-` reads the prompt from stdin, and --no-stdin forbids it.", hint="Drop one.")
        if _is_terminal():
            say_dim("hermes: Type the prompt, and end it with Ctrl-D on a line of its own.")
        prompt = _read_all()
    else:
        # Arguments may hold bytes that are no UTF-8; a request cannot.
        argument = argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        piped = _read_all() if read_stdin and not _is_terminal() else ""
        prompt = _joined(piped, argument)
    if not prompt.strip():
        raise UsageError("The prompt is empty.", hint="Say what to ask: hermes -z 'PROMPT'")
    return prompt


def has_piped_text() -> bool:
    """Whether something was piped in already; it is lost then."""
    if _is_closed() or sys.stdin.isatty():
        return False
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
            return False
        ready, _, _ = select.select([descriptor], [], [], 0)
        return bool(ready and os.read(descriptor, 1))
    except (OSError, ValueError):
        return False


def _joined(piped: str, argument: str) -> str:
    if not piped.strip():
        return argument
    if not argument.strip():
        return piped
    gap = "" if piped.endswith("\n\n") else "\n" if piped.endswith("\n") else "\n\n"
    return f"{piped}{gap}{argument}"


def _is_closed() -> bool:
    return sys.stdin is None or sys.stdin.closed


def _is_terminal() -> bool:
    return not _is_closed() and sys.stdin.isatty()


def _read_all() -> str:
    if _is_closed():
        return ""
    try:
        descriptor = sys.stdin.fileno()
    except (io.UnsupportedOperation, ValueError):
        return sys.stdin.read()
    try:
        return _decoded(_read_bytes(descriptor))
    except OSError as error:
        raise HermesError(
            f"Standard input cannot be read: {error.strerror or error}.", hint="--no-stdin does without it."
        ) from error


def _read_bytes(descriptor: int) -> bytes:
    data = bytearray()
    patience: float | None = None if _is_terminal() else _PATIENCE_SECONDS
    while True:
        ready, _, _ = select.select([descriptor], [], [], patience)
        if not ready:
            # A forgotten pipe looks like a slow model.
            say_dim("hermes: Waiting for the end of stdin, which is open and silent; --no-stdin skips it.")
            patience = None
            continue
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:  # another process made the pipe non-blocking and emptied it
            continue
        if not chunk:
            return bytes(data)
        data += chunk


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        say_dim("hermes: Not all of stdin is UTF-8; its damaged characters are replaced.")
        return data.decode("utf-8-sig", "replace")
