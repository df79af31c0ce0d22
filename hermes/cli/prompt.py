"""The prompt: from the command line and from stdin, with nothing that was piped in dropped."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Final

from hermes.cli.messages import say_dim
from hermes.errors import UsageError

__all__ = ["read_prompt"]

_PATIENCE_SECONDS: Final = 3.0


def read_prompt(argument: str, *, read_stdin: bool) -> str:
    """The whole prompt.

    Args:
        argument: what the command line says; ``-`` takes all of stdin.
        read_stdin: whether stdin is read where it is no terminal, and put before the argument.

    Raises:
        UsageError: there is no prompt.
    """
    if argument == "-":
        if not read_stdin:
            raise UsageError("`-z -` reads the prompt from stdin, and --no-stdin forbids it.")
        prompt = _read_all()
    elif read_stdin and not _is_terminal():
        piped = _read_all()
        prompt = f"{piped.rstrip()}\n\n{argument}" if piped.strip() else argument
    else:
        prompt = argument
    if not prompt.strip():
        raise UsageError("The prompt is empty.", hint="Say what to ask: hermes -z 'PROMPT'")
    return prompt


def _is_terminal() -> bool:
    return sys.stdin is None or sys.stdin.closed or sys.stdin.isatty()


def _read_all() -> str:
    if sys.stdin is None or sys.stdin.closed:
        return ""
    try:
        descriptor = sys.stdin.fileno()
    except (io.UnsupportedOperation, ValueError):
        return sys.stdin.read()
    if not _is_terminal():
        _say_if_silent(descriptor)
    data = bytearray()
    while chunk := os.read(descriptor, 1 << 16):
        data += chunk
    text = data.decode("utf-8-sig", "replace")
    if "\ufffd" in text and "\ufffd".encode() not in data:
        say_dim("hermes: stdin is not UTF-8 throughout; its damaged characters are replaced.")
    return text


def _say_if_silent(descriptor: int) -> None:
    """Says what Hermes waits for when nothing comes: a forgotten pipe looks like a slow model."""
    ready, _, _ = select.select([descriptor], [], [], _PATIENCE_SECONDS)
    if not ready:
        say_dim("hermes: waiting for input on stdin; end it with Ctrl-D, or use --no-stdin.")
