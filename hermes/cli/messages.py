"""What goes to stderr: notices, errors, attempts, rate limits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from hermes.cli.text import one_line
from hermes.errors import HermesError

if TYPE_CHECKING:
    from hermes.responses.result import Attempt
    from hermes.responses.telemetry import Notice

__all__ = ["say", "say_dim", "show_attempts", "show_error", "show_fault", "show_notice"]


def say(text: str) -> None:
    """Writes a line to stderr."""
    _write(one_line(text))


def say_dim(text: str) -> None:
    """Writes a line of secondary importance to stderr, dim where stderr is a terminal."""
    line = one_line(text)
    _write(click.style(line, dim=True) if _has_colour() else line)


def show_notice(notice: Notice) -> None:
    """Writes a notice of a call."""
    say_dim(f"hermes: {notice.text}")


def show_error(error: HermesError) -> None:
    """Writes what happened, and what to do next on a line of its own."""
    say(f"hermes: {error.message}")
    if error.hint:
        say(f"hint: {error.hint}")


def show_fault(error: Exception) -> None:
    """Writes that Hermes itself is at fault; the trace only where it is asked for."""
    say(f"hermes: a fault in Hermes itself: {type(error).__name__}: {error}")
    if os.environ.get("HERMES_DEBUG"):
        import traceback

        _write("".join(traceback.format_exception(error)))
    else:
        say("hint: Please report it; HERMES_DEBUG=1 shows where it happened.")


def show_attempts(attempts: Iterable[Attempt]) -> None:
    """Writes a line for every HTTP request of a call."""
    for attempt in attempts:
        facts = [
            "stream" if attempt.streaming else "non-stream",
            attempt.strategy.replace("_", " "),
            f"HTTP {attempt.status}" if attempt.status is not None else "no HTTP status",
            f"request {attempt.request_id}" if attempt.request_id else "no request id",
            f"{attempt.seconds:.2f} s",
        ]
        outcome = f"{attempt.verdict}: {attempt.reason}" if attempt.verdict else "ok"
        say_dim(f"attempt {attempt.number}: {', '.join(facts)}: {outcome}")


def _has_colour() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _write(line: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        return  # nobody reads stderr any more; the answer still counts
    except UnicodeEncodeError:
        sys.stderr.write(line.encode("ascii", "backslashreplace").decode("ascii") + "\n")
