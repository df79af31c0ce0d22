"""What becomes of an answer: text on stdout, or JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Protocol

from hermes.cli.limits import format_rate_limits
from hermes.cli.messages import (
    begin_line,
    hint_for,
    retry_at_of,
    say,
    say_dim,
    show_notice,
    show_progress,
)
from hermes.cli.output import Stdout, StdoutGone
from hermes.cli.text import harmless
from hermes.errors import CallError, CallInterrupted, ConfigError, HermesError, PluginError, UsageError
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult, ResultStatus
from hermes.responses.telemetry import Notice, RateLimits
from hermes.runtime.stream import CallEvent, Restarted

if TYPE_CHECKING:
    from hermes.cli.markdown.renderer import MarkdownRenderer

__all__ = ["AnswerWriter", "JsonWriter", "Writer"]


class Writer(Protocol):
    """Takes the events of a call and its end."""

    @property
    def renders_markdown(self) -> bool:
        """Whether the reader sees markdown rendered, and not as it is written."""

    def on_event(self, event: CallEvent) -> None:
        """Takes an event while the call runs."""

    def finish(self, result: ResponseResult) -> None:
        """Takes the result."""

    def failed(self, error: HermesError) -> None:
        """Takes the error that ends the call instead."""


class AnswerWriter:
    """Writes the answer to stdout, exactly once and nothing else, and everything else to stderr.

    Args:
        stdout: where the answer goes.
        live: write text as it comes. Otherwise it is written when it is final, so that a fallback can
            never write it twice.
        raw: write it as it is on a terminal too, instead of rendering its markdown.
    """

    def __init__(self, stdout: Stdout, *, live: bool, raw: bool = False) -> None:
        self._stdout = stdout
        self._live = live
        self._terminal = stdout.is_terminal
        self._renders = self._terminal and not raw and _can_move_cursor()
        self._renderer: MarkdownRenderer | None = None
        self._last = ""  # the last character of the answer, or a line feed where its line was ended
        self._commentary = ""
        self._limits: dict[str, RateLimits] = {}

    @property
    def renders_markdown(self) -> bool:
        """Whether the answer's markdown is rendered."""
        return self._renders

    def on_event(self, event: CallEvent) -> None:
        """Writes deltas; shows notices, and commentary as progress, on lines of their own."""
        if isinstance(event, Delta) and event.kind == "commentary":
            self._progress(event.text)
            return
        self._end_progress()
        if isinstance(event, Delta):
            if event.kind in ("text", "refusal"):
                self._write(event.text)
        elif isinstance(event, Notice):
            if self._terminal:
                self._end_line()
            show_notice(event)
        elif isinstance(event, RateLimits):
            self._limits[event.limit_name] = event
        elif not event.continues and self._last:
            self._end_answer()
            say("hermes: The answer begins anew.")

    def finish(self, result: ResponseResult) -> None:
        """Writes what is left of the answer, and tells how it ended."""
        self._end_progress()
        with contextlib.suppress(StdoutGone):  # how it ended is told all the same
            if not self._live:
                self._write(result.text + result.refusal)
            self._end_answer()
        complete = result.status is ResultStatus.COMPLETE
        if complete and not result.text and not result.refusal:
            calls = ", ".join(call.name for call in result.tool_calls)
            what = f"only calls of tools: {calls}" if calls else "no text"
            say(f"hermes: The answer holds {what}.")
        if not complete:
            say(f"hermes: The answer is {_WORD_FOR[result.status]}. {result.reason}")
            hint = hint_for(result.verdict, result.hint)
            if hint:
                say(f"hint: {hint}")
        _say_limits(result.rate_limits)

    def failed(self, error: HermesError) -> None:
        """Ends the line; the error itself is shown at the top of the command."""
        self._end_progress()
        if isinstance(error, CallInterrupted):
            self._interrupt()
        else:
            self._end_answer()
        _say_limits([self._limits[name] for name in sorted(self._limits)])

    def _progress(self, text: str) -> None:
        """Shows whole lines of commentary to a person who waits; it is never a part of the answer."""
        *lines, self._commentary = (self._commentary + text).split("\n")
        if len(self._commentary) > _LONGEST_LINE:
            lines.append(self._commentary)
            self._commentary = ""
        for line in filter(str.strip, lines):
            if self._terminal:
                self._end_line()
            show_progress(line)

    def _end_progress(self) -> None:
        if self._commentary:
            self._progress("\n")

    def _write(self, text: str) -> None:
        if not text:
            return
        self._last = text[-1]  # first, for a Ctrl-C may come as soon as it is written
        if self._renders:
            self._rendered().write(text)
        else:
            self._stdout.write(harmless(text) if self._terminal else text)

    def _rendered(self) -> MarkdownRenderer:
        if self._renderer is None:
            # When the first text is there: until then nobody should wait for these imports.
            from hermes.cli.markdown.renderer import MarkdownRenderer

            self._renderer = MarkdownRenderer(self._stdout.write)
        return self._renderer

    def _end_line(self) -> None:
        """Ends the line, so that something else can be written; the answer may go on."""
        if self._renderer:
            self._renderer.end_line()
        elif self._last and self._last != "\n":
            self._write("\n")
        self._last = self._last and "\n"

    def _end_answer(self) -> None:
        if self._renderer:
            self._renderer.finish()
        self._end_line()

    def _interrupt(self) -> None:
        """Ends the line on which the terminal has echoed a ``^C``."""
        is_on_line = self._renderer.is_on_line if self._renderer else self._last not in ("", "\n")
        if not is_on_line:
            begin_line()
        if self._renderer:
            self._renderer.interrupt()
        self._end_line()


def _can_move_cursor() -> bool:
    return os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def _say_limits(limits: Sequence[RateLimits]) -> None:
    line = format_rate_limits(limits, now=time.time())
    if line:
        say_dim(line)


_LONGEST_LINE: Final = 2000  # of commentary that has no line breaks
_WORD_FOR = {ResultStatus.PARTIAL: "partial", ResultStatus.UNCONFIRMED: "whole but unconfirmed"}


class JsonWriter:
    """Writes one JSON object a line to stdout, each with a stable ``type``.

    Args:
        stdout: where the lines go.
    """

    renders_markdown = False

    def __init__(self, stdout: Stdout) -> None:
        self._stdout = stdout

    def on_event(self, event: CallEvent) -> None:
        """Writes the event."""
        match event:
            case Delta():
                name = {"arguments": "tool.arguments.delta"}.get(event.kind, f"{event.kind}.delta")
                self._line(name, text=event.text, output_index=event.output_index)
            case Notice():
                self._line("notice", kind=event.kind, text=event.text, source=event.source)
            case RateLimits():
                self._line("rate_limits", **asdict(event))
            case Restarted():
                self._line("restarted", continues=event.continues)

    def finish(self, result: ResponseResult) -> None:
        """Writes ``turn.completed``."""
        self._line(
            "turn.completed",
            status=str(result.status),
            text=result.text,
            refusal=result.refusal,
            tool_calls=[asdict(call) for call in result.tool_calls],
            rejected_calls=[asdict(rejected) for rejected in result.rejected_calls],
            usage=asdict(result.usage) if result.usage else None,
            model=result.model,
            response_id=result.response_id,
            reason=result.reason,
            hint=result.hint,
            verdict=result.verdict,
            incomplete_reason=result.incomplete_reason,
            rate_limits=[asdict(limits) for limits in result.rate_limits],
            attempts=[asdict(attempt) for attempt in result.attempts],
        )

    def failed(self, error: HermesError) -> None:
        """Writes ``turn.failed``."""
        verdict = error.verdict if isinstance(error, CallError) else None
        self._line(
            "turn.failed",
            kind=str(verdict.kind) if verdict else _kind_of(error),
            message=error.message,
            hint=error.hint,
            code=verdict.code if verdict else "",
            http_status=verdict.status if verdict else None,
            request_id=verdict.request_id if verdict else "",
            retry_at=retry_at_of(error),
            attempts=[asdict(attempt) for attempt in getattr(error, "attempts", ())],
        )

    def _line(self, type_: str, **fields: Any) -> None:
        # ASCII only, so that no terminal, locale or line reader can stumble over it.
        self._stdout.write(json.dumps({"type": type_, **fields}) + "\n")


_KINDS: Final = {
    UsageError: "usage",
    ConfigError: "config",
    PluginError: "plugin",
    CallInterrupted: "interrupted",
}


def _kind_of(error: HermesError) -> str:
    return next((kind for family, kind in _KINDS.items() if isinstance(error, family)), "failed")
