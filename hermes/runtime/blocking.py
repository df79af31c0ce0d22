"""Waits in the caller's thread."""

from __future__ import annotations

import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from hermes.providers.contract import Request
from hermes.runtime.alarm import Alarm, ring_in
from hermes.runtime.clock import Clock
from hermes.runtime.transport import BytesAnswer, EventsAnswer, ObjectAnswer, Source, send
from hermes.runtime.waiting import Reader
from hermes.runtime.watchdog import Watchdog

__all__ = ["Blocking", "ThreadWatchdog", "run_blocking"]

_T = TypeVar("_T")

# How long an interrupted call waits for a notice that is being told.
_PATIENCE: Final = 1.0


def run_blocking(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Runs a coroutine that waits in this thread only, and gives its result."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: _T = end.value
        return result
    coroutine.close()
    raise RuntimeError("A call that waits in its own thread was suspended.")


class ThreadWatchdog(Watchdog):
    """Watches from a thread of its own; use it as a context manager.

    The thread is started when there is something to look after, which is never in a short call.

    A blocked read cannot be woken by closing the response from another thread; shutting its socket down does
    wake it, and looks like a clean end. So the watchdog records why before it acts.
    """

    _alarm: Alarm | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.has_something_to_do:
            pause = self.look()
            if pause is not None:
                self._alarm = ring_in(pause, self._wake)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self._alarm is not None:
            self._alarm.off()
        if self._thread is not None:
            # A callback that blocks must not keep Ctrl-C from ending the call.
            self._thread.join(None if kind is None else _PATIENCE)
        self.raise_callers_own(kind)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def _wake(self) -> None:
        with self._changed:
            if not self._closed:
                self._thread = threading.Thread(target=self._watch, name="hermes-watchdog", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while (pause := self.look()) is not None:
            with self._changed:
                if self._closed:
                    return
                self._changed.wait(pause)


class Blocking:
    """Waits in the caller's thread.

    Args:
        clock: the time.
    """

    watchdog: type[Watchdog] = ThreadWatchdog

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def send(self, client: Any, request: Request) -> Source:
        """Sends one request with a client that blocks."""
        return send(client, request)

    async def read(self, source: BytesAnswer | EventsAnswer, reader: Reader) -> None:
        """Reads until the end, or until no more is wanted."""
        take = reader.take
        for piece in source.chunks() if isinstance(source, BytesAnswer) else source.events():
            if not take(piece):
                return

    async def close(self, source: Source) -> None:
        """Closes the connection of an answer."""
        if not isinstance(source, ObjectAnswer):
            source.close()

    async def sleep(self, seconds: float) -> None:
        """Waits; Ctrl-C ends it."""
        self._clock.sleep(seconds)
