"""What goes to stderr: notices, errors, attempts, rate limits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click

from hermes.cli.limits import format_moment
from hermes.cli.output import abandon
from hermes.cli.text import one_line
from hermes.errors import CallError, HermesError

if TYPE_CHECKING:
    from hermes.responses.result import Attempt
    from hermes.responses.telemetry import Notice

__all__ = [
    "FAULT_HINT",
    "begin_line",
    "hint_for",
    "retry_at_of",
    "say",
    "say_dim",
    "sentence_of_fault",
    "show_attempts",
    "show_error",
    "show_fault",
    "show_notice",
    "show_progress",
]

FAULT_HINT: Final = "Please report it; HERMES_DEBUG=1 shows where it happened."

# What the command line adds to the hints of the runtime, which knows no options.
_HINTS: Final = {
    "timeout": "Give it longer with --timeout SECONDS, or with the key in brackets in config.yaml.",
}


def say(text: str) -> None:
    """Writes a line to stderr."""
    _write(one_line(text) + "\n")


def say_dim(text: str) -> None:
    """Writes a line of secondary importance to stderr, dim where stderr is a terminal."""
    line = one_line(text)
    _write((click.style(line, dim=True) if _has_colour() else line) + "\n")


def begin_line() -> None:
    """Leaves the line on which the terminal has echoed a ``^C``."""
    if sys.stderr is not None and sys.stderr.isatty():
        _write("\n")


def show_notice(notice: Notice) -> None:
    """Writes a notice of a call."""
    say_dim(f"hermes: {notice.text}")


def show_progress(text: str) -> None:
    """Writes what the model tells of its work, where stderr is a terminal: a file has nobody who waits."""
    if sys.stderr is not None and sys.stderr.isatty():
        say_dim(text)


def show_error(error: HermesError) -> None:
    """Writes what happened, and what to do next on a line of its own."""
    say(f"hermes: {error.message}")
    verdict = error.verdict if isinstance(error, CallError) else None
    hint = hint_for(str(verdict.kind) if verdict else "", error.hint)
    moment = retry_at_of(error)
    if moment is not None and moment > time.time():
        when = f"Ask again after {format_moment(moment, now=time.time())}."
        hint = f"{hint.removesuffix('Try again later.')} {when}".strip()
    if hint:
        say(f"hint: {hint}")


def hint_for(verdict: str, hint: str) -> str:
    """The hint to show for a verdict of this kind."""
    return _HINTS.get(verdict, hint)


def retry_at_of(error: HermesError) -> float | None:
    """Unix seconds before which the backend does not want to be asked again, where it said so."""
    verdict: Any = error.verdict if isinstance(error, CallError) else None
    moment: float | None = verdict.retry_at if verdict else None
    return moment


def sentence_of_fault(error: Exception) -> str:
    """What to say of an exception that should not be possible."""
    return f"A fault in Hermes itself: {type(error).__name__}: {error}"


def show_fault(error: Exception) -> None:
    """Writes that Hermes itself is at fault; the trace only where it is asked for."""
    say(f"hermes: {sentence_of_fault(error)}")
    if os.environ.get("HERMES_DEBUG"):
        import traceback

        _write("".join(traceback.format_exception(error)))
    else:
        say(f"hint: {FAULT_HINT}")


def show_attempts(attempts: Iterable[Attempt]) -> None:
    """Writes a line for every HTTP request of a call."""
    for attempt in attempts:
        way = "stream" if attempt.streaming else "non-stream"
        strategy = attempt.strategy.replace("_", "-")
        facts = [
            way if strategy in ("first", way) else f"{way}, {strategy}",
            f"HTTP {attempt.status}" if attempt.status is not None else "no HTTP status",
            f"request {attempt.request_id}" if attempt.request_id else "no request id",
            f"{attempt.seconds:.2f} s",
        ]
        outcome = ": ".join(words for words in (attempt.verdict, attempt.reason) if words) or "ok"
        say_dim(f"attempt {attempt.number}: {', '.join(facts)}: {outcome}")


def _has_colour() -> bool:
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    # https://no-color.org
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write(text: str) -> None:
    if sys.stderr is None:  # closed by the shell: `2>&-`
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)  # nobody can read it; the answer still counts
