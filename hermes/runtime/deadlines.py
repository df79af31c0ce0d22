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

_DEADLINE_NAMES: Final = ("first_event", "idle_bytes", "idle_events", "total")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Limits in seconds; None switches one off.

    Attributes:
        connect: until the connection stands.
        first_event: from sending the request to the first event of a stream. Long contexts and hard
            questions take minutes before the first one.
        idle_bytes: without a single byte of a stream, keepalives included.
        idle_events: without an event of a stream, however many keepalives come.
        total: for the whole call, all attempts and waits together.
    """

    connect: float | None = 15.0
    first_event: float | None = 300.0
    idle_bytes: float | None = 180.0
    idle_events: float | None = 900.0
    total: float | None = 7200.0


class Watchdog:
    """Watches one attempt from a thread of its own; use it as a context manager.

    Args:
        deadlines: the limits.
        total_left: seconds that are left of the whole call; None for no limit.
        streaming: only connect and total fit an answer that is silent until it is whole.
    """

    def __init__(self, deadlines: Deadlines, *, total_left: float | None, streaming: bool) -> None:
        self.fired = ""
        """The name of the deadline that passed; empty while none did."""
        start = time.monotonic()
        self._limits = {
            "first_event": deadlines.first_event if streaming else None,
            "idle_bytes": deadlines.idle_bytes if streaming else None,
            "idle_events": deadlines.idle_events if streaming else None,
            "total": total_left,
        }
        self._since: dict[str, float | None] = {
            "first_event": start,
            "idle_bytes": None,
            "idle_events": None,
            "total": start,
        }
        self._abort: Callable[[], None] | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if any(limit is not None for limit in self._limits.values()):
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
            self._abort = None
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

    def saw_bytes(self) -> None:
        """Bytes came."""
        self._since["idle_bytes"] = time.monotonic()
        if self._since["idle_events"] is None:
            self._since["idle_events"] = self._since["idle_bytes"]

    def saw_events(self) -> None:
        """At least one event came."""
        self._since["first_event"] = None
        self._since["idle_events"] = time.monotonic()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                ends = {
                    name: since + limit
                    for name in _DEADLINE_NAMES
                    if (limit := self._limits[name]) is not None and (since := self._since[name]) is not None
                }
                name = min(ends, key=ends.__getitem__, default="")
                if name and ends[name] <= now:
                    self.fired = name
                    if self._abort is not None:
                        self._abort()
                    return
                # A deadline that starts later is seen at the latest after the shortest limit.
                limits = [limit for limit in self._limits.values() if limit is not None]
                until = min([ends[name] - now] if name else [], default=min(limits))
                self._changed.wait(min(until, min(limits)))


WATCHING: Final[ContextVar[Watchdog | None]] = ContextVar("hermes_watchdog", default=None)
"""The watchdog of the attempt that runs in this context, for the client's connection hooks."""
