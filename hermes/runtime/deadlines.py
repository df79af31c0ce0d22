"""How long a backend may take, and the watchdog that ends an attempt when it takes longer.

A blocked read cannot be woken by closing the response from another thread; shutting its socket down
does wake it, and looks like a clean end. So the watchdog records why before it acts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

__all__ = ["WATCHING", "Deadlines", "Watchdog"]

_BACKENDS_TIME: Final = ("first_event", "idle_bytes", "idle_events")
# How long the watchdog sleeps at least while the reader is busy: its deadlines move on all the time.
_BUSY_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Limits in seconds; None switches one off.

    Attributes:
        connect: until the connection stands.
        first_event: from sending the request to the first event of a stream. Long contexts and hard
            questions take minutes before the first one.
        idle_bytes: without a single byte of a stream, keepalives included.
        idle_events: without an event of a stream, however many keepalives come. An event that an adapter
            drops, as the generic keepalives are dropped, is a sign of life like any other byte and no more.
        total: for the whole call, all attempts and waits together, the caller's own time included.
    """

    connect: float | None = 15.0
    first_event: float | None = 300.0
    idle_bytes: float | None = 180.0
    idle_events: float | None = 900.0
    total: float | None = 7200.0


class Watchdog:
    """Watches one attempt from a thread of its own; use it as a context manager.

    The reader says when bytes came and when it waits for more. What passes in between is the caller's own
    time: a callback that blocks is no silence of the backend. Only the limit for the whole call goes on.

    Args:
        deadlines: the limits.
        total_left: seconds that are left of the whole call; None for no limit.
        streaming: only connect and total fit an answer that is silent until it is whole.
    """

    def __init__(self, deadlines: Deadlines, *, total_left: float | None, streaming: bool) -> None:
        self.fired = ""
        """The name of the deadline that passed; empty while none did."""
        start = time.monotonic()
        told: dict[str, float | None] = {
            "first_event": deadlines.first_event if streaming else None,
            "idle_bytes": deadlines.idle_bytes if streaming else None,
            "idle_events": deadlines.idle_events if streaming else None,
            "total": total_left,
        }
        self._limits = {name: limit for name, limit in told.items() if limit is not None}
        self._shortest = min(self._limits.values(), default=0.0)
        # The reader writes these without the lock. It changes one name at a time, and `_busy_since` last.
        self._since: dict[str, float | None] = {
            "first_event": start,
            "idle_bytes": None,
            "idle_events": None,
            "total": start,
        }
        self._busy_since: float | None = None
        self._abort: Callable[[], None] | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._limits:
            self._thread = threading.Thread(target=self._watch, name="hermes-watchdog", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def guard(self, abort: Callable[[], None]) -> None:
        """Names what to do when a deadline passes; done at once where one has passed already."""
        with self._changed:
            self._abort = abort
            fired = self.fired
        if fired:
            abort()

    def time_left(self) -> float | None:
        """Seconds until the next deadline passes; None where none runs."""
        now = time.monotonic()
        _, end = self._next_end(now)
        return None if end is None else max(0.0, end - now)

    def saw_bytes(self) -> None:
        """Bytes came, and the caller's time begins."""
        now = time.monotonic()
        self._busy_since = now
        self._since["idle_bytes"] = now
        if self._since["idle_events"] is None:
            self._since["idle_events"] = now

    def saw_events(self) -> None:
        """There was an event among the bytes."""
        self._since["first_event"] = None
        self._since["idle_events"] = self._busy_since

    def waits(self) -> None:
        """The reader waits for the next bytes, and the backend's time goes on."""
        if self._busy_since is None:
            return
        away = time.monotonic() - self._busy_since
        for name in _BACKENDS_TIME:
            since = self._since[name]
            if since is not None:
                self._since[name] = since + away
        self._busy_since = None

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                name, end = self._next_end(now)
                if end is not None and end <= now:
                    self.fired = name
                    if self._abort is not None:
                        self._abort()
                    return
                # A deadline that starts later is seen at the latest after the shortest limit.
                pause = self._shortest if end is None else min(end - now, self._shortest)
                busy = self._busy_since is not None
                self._changed.wait(max(pause, _BUSY_PAUSE) if busy else pause)

    def _next_end(self, now: float) -> tuple[str, float | None]:
        """The deadline that passes first, and when."""
        busy_since = self._busy_since
        away = 0.0 if busy_since is None else now - busy_since
        name, end = "", None
        for each, limit in self._limits.items():
            since = self._since[each]
            if since is None:
                continue
            ends = since + limit + (away if each in _BACKENDS_TIME else 0.0)
            if end is None or ends < end:
                name, end = each, ends
        return name, end


WATCHING: Final[ContextVar[Watchdog | None]] = ContextVar("hermes_watchdog", default=None)
"""The watchdog of the attempt that runs in this context, for the client's connection hooks."""
