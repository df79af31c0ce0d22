"""Waits in an event loop of asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Final, Self

from hermes.providers.contract import Request
from hermes.runtime import async_transport
from hermes.runtime.clock import Clock
from hermes.runtime.transport import BytesAnswer, EventsAnswer, Source
from hermes.runtime.waiting import Reader
from hermes.runtime.watchdog import Watchdog

__all__ = ["InEventLoop", "LoopWatchdog", "require_event_loop"]

# Where something else held up the loop, what came meanwhile is read before a deadline counts as passed.
_GRACE: Final = 0.01


def require_event_loop() -> None:
    """Looks whether there is an event loop to wait in.

    Raises:
        RuntimeError: there is none.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "run_call_async needs a running event loop of asyncio: use asyncio.run, or run_call"
        ) from None


class LoopWatchdog(Watchdog):
    """Watches with a timer of the event loop, and ends what is waited for by cancelling it."""

    _timer: asyncio.TimerHandle | None = None
    _scope: asyncio.Timeout | None = None

    async def __aenter__(self) -> Self:
        if self.has_something_to_do:
            self._look()
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
        self.has_connection = True

    def end(self, name: str) -> None:
        """A deadline passed: cancels what is waited for."""
        super().end(name)
        self._cancel()

    def _cancel(self) -> None:
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    def _look(self) -> None:
        pause = self.look()
        if pause is not None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._look_again)

    def _look_again(self) -> None:
        if self.time_left() == 0:
            self._timer = asyncio.get_running_loop().call_later(_GRACE, self._look)
        else:
            self._look()


class InEventLoop:
    """Waits in the running event loop.

    Args:
        clock: the time.
    """

    watchdog: type[Watchdog] = LoopWatchdog

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def send(self, client: Any, request: Request) -> Source:
        """Sends one request with a client whose methods are awaited."""
        return await async_transport.send(client, request)

    async def read(self, source: BytesAnswer | EventsAnswer, reader: Reader) -> None:
        """Reads until the end, or until no more is wanted."""
        if isinstance(source, BytesAnswer):
            async with contextlib.aclosing(async_transport.read_bytes(source)) as chunks:
                async for chunk in chunks:
                    if not reader.take(chunk):
                        return
        else:
            async with contextlib.aclosing(async_transport.read_events(source)) as events:
                async for event in events:
                    if not reader.take(event):
                        return

    async def close(self, source: Source) -> None:
        """Closes the connection of an answer."""
        await async_transport.close(source)

    async def sleep(self, seconds: float) -> None:
        """Waits without holding up the event loop."""
        await self._clock.sleep_async(seconds)
