"""Standard output: what Hermes was asked for, and nothing else."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from hermes.errors import HermesError

__all__ = [
    "Stdout",
    "StdoutGone",
    "abandon",
    "prepare_streams",
    "print_json",
    "print_line",
    "prints_to_stderr",
]


class StdoutGone(BaseException):
    """Nobody reads stdout any more, as in ``| head``: what runs for it should end, as at Ctrl-C.

    It is no ``Exception``, so that nothing on the way takes it for a fault of a backend or an adapter.
    """


class Stdout:
    """Standard output as it was when the object was made."""

    def __init__(self) -> None:
        self._stream = sys.stdout

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads it."""
        return self._stream is not None and not self._stream.closed and self._stream.isatty()

    def write(self, text: str) -> None:
        """Writes ``text`` and sends it off.

        Raises:
            StdoutGone: nobody reads it any more.
            HermesError: it cannot be written, say because the disk is full.
        """
        if self._stream is None:  # closed by the shell: `>&-`
            raise StdoutGone
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            abandon(self._stream)
            raise StdoutGone from None
        except OSError as error:
            abandon(self._stream)
            raise HermesError(f"The output cannot be written: {error.strerror or error}.") from error


def abandon(stream: TextIO) -> None:
    """Lets go of a stream that nobody can read: its buffer must not raise again at the interpreter's end."""
    with contextlib.suppress(io.UnsupportedOperation, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_line(text: str) -> None:
    """Writes one line."""
    Stdout().write(f"{text}\n")


def print_json(value: Any) -> None:
    """Writes JSON for people and programs."""
    print_line(json.dumps(value, indent=2))


def prepare_streams() -> None:
    """Characters that stdout cannot encode are written as escapes: an answer is never lost to a locale."""
    stdout = sys.stdout
    if isinstance(stdout, io.TextIOWrapper) and stdout.errors in ("strict", "surrogateescape"):
        stdout.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def prints_to_stderr() -> Iterator[None]:
    """Within, ``print`` writes to stderr: what plugins print must not mix with what Hermes was asked for."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
