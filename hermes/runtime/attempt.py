"""One HTTP request of a call and the reading of its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hermes.errors import ProtocolError, StreamOrderError
from hermes.providers.contract import Failure, FailureKind, Notice, Request
from hermes.providers.dispatch import CallDispatch
from hermes.responses.accumulator import Answer
from hermes.responses.events import Delta
from hermes.responses.items import OutputItem
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.redaction import Redactor
from hermes.runtime.transport import (
    BytesAnswer,
    ObjectAnswer,
    Source,
    TransportFailed,
    request_id_of,
)
from hermes.runtime.waiting import Waiting
from hermes.runtime.watchdog import WATCHING, Watchdog

__all__ = ["AnswerReader", "AttemptOutcome", "AttemptRunner", "Plan"]

_TIMEOUT_WORDS: Final = {
    "connect": "no connection within the deadline (connect_timeout_seconds)",
    "headers": "no answer headers within the deadline (headers_timeout_seconds)",
    "first_event": "no first event within the deadline (first_event_timeout_seconds)",
    "idle_bytes": "not a byte within the deadline (idle_timeout_seconds)",
    "idle_events": "only keepalives within the deadline (event_idle_timeout_seconds)",
    "total": "no end within the deadline of the call (request_timeout_seconds, --timeout)",
}
# What did come before the deadline of the first event: each points at another culprit.
_NO_HEADERS: Final = "no answer headers within the deadline (first_event_timeout_seconds)"
_NO_BYTES: Final = "answer headers, but no first event within the deadline (first_event_timeout_seconds)"
_NO_EVENT: Final = "only keepalives, no first event within the deadline (first_event_timeout_seconds)"

# Heartbeats come as events too, and add nothing: https://github.com/diegosouzapw/OmniRoute/issues/14330
# So the answer is looked at every so many seconds, and more often while it stays the same.
_LOOK_SECONDS: Final = 1.0
_STALE_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """An HTTP request to make.

    Attributes:
        request: what to send.
        strategy: ``first``, ``retry`` or the name of a fallback.
        tolerate_prelude: ignore events of unknown types before ``response.created``.
        lessons: what to remember of the endpoint once it takes the request.
    """

    request: Request
    strategy: str = "first"
    tolerate_prelude: bool = False
    lessons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """How an attempt ended.

    Attributes:
        answer: what came, whole or not.
        failure: what went wrong; None where the backend ended the answer itself.
        status: the HTTP status; None where none came.
        request_id: the backend's id of the request; empty where it sent none.
        ignored: a deadline passed, and the backend had not begun to answer.
    """

    answer: Answer
    failure: Failure | None = None
    status: int | None = None
    request_id: str = ""
    ignored: bool = False


@dataclass(slots=True)
class AttemptRunner:
    """Makes the attempts of one call.

    Attributes:
        client: anything with the SDK's ``responses.create(**request)``.
        waiting: how it is waited for the client: in this thread or in an event loop.
        dispatch: the adapters of the call.
        redactor: takes secrets out of what the backend says.
        max_frame_bytes: the longest SSE frame or JSON body.
        on_notice: takes what the user should know.
        on_restart: given what is void, when the backend begins another answer within its stream.
        now: gives Unix seconds.
    """

    client: Any
    waiting: Waiting
    dispatch: CallDispatch
    redactor: Redactor
    max_frame_bytes: int
    on_notice: Callable[[Notice], None]
    on_restart: Callable[[Answer], None]
    now: Callable[[], float]

    async def run(
        self, plan: Plan, watchdog: Watchdog, on_delta: Callable[[Delta], None] | None
    ) -> AttemptOutcome:
        """Sends the request and reads the answer to its end, or to the first thing that ends it."""
        attempt = _Attempt(self, plan, on_delta)
        token = WATCHING.set(watchdog)
        try:
            return await attempt.run(watchdog)
        finally:
            try:
                await attempt.close()
            finally:
                WATCHING.reset(token)


@dataclass(slots=True)
class _Attempt:
    """The state of one attempt."""

    runner: AttemptRunner
    plan: Plan
    on_delta: Callable[[Delta], None] | None
    source: Source | None = None
    engine: AnswerEngine | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    async def run(self, watchdog: Watchdog) -> AttemptOutcome:
        failure = await self._failure(watchdog)
        watchdog.over()
        if self.engine is not None:
            self.engine.report_damage()
        if failure is not None:
            failure = self._completed(failure)
        return AttemptOutcome(
            answer=self.engine.answer() if self.engine is not None else Answer(),
            failure=failure,
            status=failure.status if failure is not None else self.status,
            request_id=failure.request_id if failure is not None else request_id_of(self.headers),
            ignored=watchdog.fired in ("headers", "first_event") and not watchdog.has_bytes,
        )

    async def close(self) -> None:
        """Closes the connection: one that was given up is never used again."""
        if self.source is not None:
            await self.runner.waiting.close(self.source)

    async def _failure(self, watchdog: Watchdog) -> Failure | None:
        try:
            broken = await self._broken_by(watchdog)
            watchdog.over()
            if self.engine is None:
                return broken
            if broken is not None:
                self.engine.end_broken()
            else:
                self.engine.end()
        except ProtocolError as error:
            return self._failure_of_protocol(error)
        if broken is None or self.engine.finished:
            return self.engine.failure_of(self.engine.answer())
        return broken

    async def _broken_by(self, watchdog: Watchdog) -> Failure | None:
        """Sends and reads; gives what ended that before the answer did, or None."""
        broken = None
        try:
            async with watchdog.ending():
                await self._exchange(watchdog)
        except TransportFailed as error:
            broken = _in_our_words(error.failure)
        # What a passed deadline ends looks like an error, or like a clean end.
        return _ended_by(watchdog) if watchdog.fired else broken

    async def _exchange(self, watchdog: Watchdog) -> None:
        """Sends the request, and reads the answer as far as it comes."""
        waiting = self.runner.waiting
        self.source = source = await waiting.send(self.runner.client, self.plan.request)
        watchdog.saw_headers()
        self.engine = engine = self._open(source)
        if isinstance(source, ObjectAnswer):
            body = source.body()
            if body is None:
                engine.feed_response(source.mapping())
            else:
                engine.feed(body)
        elif isinstance(source, BytesAnswer):
            watchdog.guard(source.abort)
            await waiting.read(source, AnswerReader(engine, engine.feed, watchdog))
        else:
            await waiting.read(source, AnswerReader(engine, engine.feed_event, watchdog))

    def _open(self, source: Source) -> AnswerEngine:
        runner = self.runner
        if isinstance(source, BytesAnswer):
            self.status = source.status
            self.headers = runner.redactor.headers(source.headers)
            runner.dispatch.observe_headers(self.headers)
        return AnswerEngine(
            runner.dispatch,
            on_delta=self.on_delta,
            on_notice=runner.on_notice,
            on_restart=runner.on_restart,
            content_type=self.headers.get("content-type", ""),
            tolerate_prelude=self.plan.tolerate_prelude,
            max_frame_bytes=runner.max_frame_bytes,
            redactor=runner.redactor,
        )

    def _failure_of_protocol(self, error: ProtocolError) -> Failure:
        if isinstance(error, StreamOrderError):
            return Failure(FailureKind.ORDER, error.message, violation=error.violation, event=error.event)
        body = self.engine.body_start() if self.engine is not None else b""
        return Failure(FailureKind.BODY, error.message, body=body)

    def _completed(self, failure: Failure) -> Failure:
        """Adds what only the HTTP answer knows, and takes every secret out."""
        redactor = self.runner.redactor
        headers = redactor.headers(failure.headers or self.headers)
        if failure.headers:
            self.runner.dispatch.observe_headers(headers)
        event = failure.event
        return replace(
            failure,
            message=redactor.text(failure.message),
            received_at=self.runner.now(),
            status=failure.status if failure.status is not None else self.status,
            headers=headers,
            body=redactor.raw(failure.body),
            url=redactor.text(failure.url),
            request_id=request_id_of(headers),
            event=None if event is None else redactor.event(event),
            output=tuple(redactor.json(dict(item)) for item in failure.output),
            streaming=self.plan.request.streams,
        )


class AnswerReader:
    """Takes what comes of an answer, and says whether more is wanted.

    Args:
        engine: where it goes.
        feed: the method of the engine that takes bytes, or the one that takes events.
        watchdog: told of what comes.
    """

    def __init__(self, engine: AnswerEngine, feed: Callable[[Any], None], watchdog: Watchdog) -> None:
        self._engine = engine
        self._feed = feed
        self._watchdog = watchdog
        self._seen = 0
        self._look_at = 0.0
        self._news = True
        self._items: Sequence[OutputItem] | None = None
        watchdog.waits()

    def take(self, piece: Any, /) -> bool:
        """Feeds the engine; gives False when the answer is over, or a deadline passed."""
        engine, watchdog = self._engine, self._watchdog
        moment = watchdog.saw_bytes()
        self._feed(piece)
        if engine.finished or watchdog.fired:
            return False
        if engine.events != self._seen:
            self._seen = engine.events
            if moment >= self._look_at:
                before, self._items = self._items, engine.answer().items
                self._news = _differ(self._items, before)
                self._look_at = moment + (_LOOK_SECONDS if self._news else _STALE_LOOK_SECONDS)
            watchdog.saw_events(news=self._news)
        watchdog.waits()
        return True


def _differ(items: Sequence[OutputItem], before: Sequence[OutputItem] | None) -> bool:
    """Whether there is news; what is nested too deeply to be compared counts as such."""
    try:
        return items != before
    except RecursionError:
        return True


def _in_our_words(failure: Failure) -> Failure:
    """A deadline of the client's own is told like one of Hermes'."""
    return _timed_out(failure.deadline) if failure.deadline else failure


def _ended_by(watchdog: Watchdog) -> Failure:
    failure = _timed_out(watchdog.fired)
    if watchdog.fired != "first_event":
        return failure
    if not watchdog.has_headers:
        return replace(failure, message=_NO_HEADERS)
    return replace(failure, message=_NO_EVENT if watchdog.has_bytes else _NO_BYTES)


def _timed_out(deadline: str) -> Failure:
    return Failure(FailureKind.TIMEOUT, _TIMEOUT_WORDS.get(deadline, ""), deadline=deadline)
