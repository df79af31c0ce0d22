"""Waits in an event loop of asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from inspect import isawaitable
from types import TracebackType
from typing import Any, Self, TypeVar

from hermes.providers.contract import Request
from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.transport import (
    BytesAnswer,
    EventsAnswer,
    ObjectAnswer,
    Source,
    as_mapping,
    needs_raw_answer,
    source_of,
)
from hermes.runtime.transport_errors import mapped_errors
from hermes.runtime.waiting import Reader
from hermes.runtime.watchdog import Watchdog

__all__ = ["InEventLoop", "LoopWatchdog"]

_T = TypeVar("_T")


class LoopWatchdog(Watchdog):
    """Watches with a timer of the event loop, and ends what is waited for by cancelling it."""

    _timer: asyncio.TimerHandle | None = None
    _scope: asyncio.Timeout | None = None

    async def __aenter__(self) -> Self:
        if self.has_something_to_do:
            self._look_again()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self._timer is not None:
            self._timer.cancel()
        self.raise_callers_own(kind)

    @contextlib.asynccontextmanager
    async def ending(self) -> AsyncIterator[None]:
        """Cancels what it surrounds when a deadline passes."""
        scope = self._scope = asyncio.timeout(None)
        try:
            async with scope:
                if self.fired:
                    self._cancel()
                yield
        except TimeoutError:
            if not scope.expired():
                raise  # the caller's own
        finally:
            self._scope = None

    def guard(self, abort: Callable[[], None]) -> None:
        """There is a connection; cancelling what waits for it ends it, so ``abort`` is not needed."""
        super().guard(_nothing)

    def end(self, name: str) -> None:
        """A deadline passed: cancels what is waited for."""
        super().end(name)
        self._cancel()

    def _cancel(self) -> None:
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    def _look_again(self) -> None:
        pause = self.look()
        if pause is not None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._look_again)


class InEventLoop:
    """Waits in the running event loop.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def send(self, client: Any, request: Request) -> Source:
        """Sends one request with a client whose methods are awaited."""
        with mapped_errors(sending=True):
            if needs_raw_answer(client, request):
                manager = client.responses.with_streaming_response.create(**request)
                raw = await manager.__aenter__()
                return BytesAnswer(raw.http_response, lambda: manager.__aexit__(None, None, None))
            answer = client.responses.create(**request)
            answer = await answer if isawaitable(answer) else answer
            source = source_of(answer, request, close="aclose")
            if isinstance(source, BytesAnswer) and not hasattr(source.response.stream, "__aiter__"):
                source.response.close()
                raise TypeError("this client blocks the event loop: use run_call, or a client to await")
            return source

    async def read(self, source: BytesAnswer | EventsAnswer, reader: Reader) -> None:
        """Reads until the end, or until no more is wanted."""
        pieces = _chunks(source) if isinstance(source, BytesAnswer) else _events(source)
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if not reader.take(piece):
                    return

    async def close(self, source: Source) -> None:
        """Closes the connection of an answer."""
        if isinstance(source, ObjectAnswer):
            return
        if isinstance(source, EventsAnswer) and source.entered:
            await source.source.__aexit__(None, None, None)
            return
        closing = source.close()
        if isawaitable(closing):
            await closing

    async def sleep(self, seconds: float) -> None:
        """Waits without holding up the event loop."""
        await self._clock.sleep_async(seconds)

    def watchdog(
        self,
        deadlines: Deadlines,
        *,
        total_left: float | None,
        streaming: bool,
        on_wait: Callable[[str], None] | None,
    ) -> Watchdog:
        """A watchdog in the same event loop."""
        return LoopWatchdog(deadlines, total_left=total_left, streaming=streaming, on_wait=on_wait)


async def _chunks(source: BytesAnswer) -> AsyncGenerator[bytes, None]:
    with mapped_errors():
        async for chunk in source.response.aiter_bytes():
            yield chunk


async def _events(source: EventsAnswer) -> AsyncGenerator[Mapping[str, Any], None]:
    came = False
    if isinstance(source.source, (AsyncIterable, Iterable)):
        async for event in _mapped(source.source):
            came = True
            yield as_mapping(event)
    if not came and hasattr(type(source.source), "__aenter__"):
        source.entered = True
        inner = await source.source.__aenter__()
        if inner is not source.source:
            async for event in _mapped(inner):
                yield as_mapping(event)


async def _mapped(source: Iterable[_T] | AsyncIterable[_T]) -> AsyncIterator[_T]:
    """What ``source`` gives; what the consumer raises while it has an entry never comes through here."""
    with mapped_errors():
        if isinstance(source, AsyncIterable):
            async for entry in source:
                yield entry
        else:
            for entry in source:
                yield entry


def _nothing() -> None:
    """Stands for what ends a connection, where cancelling does."""
