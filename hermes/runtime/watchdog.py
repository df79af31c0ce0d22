"""Watches one attempt: ends it when a deadline passes, and tells the user what is waited for until then.

Who reads and who watches take turns, in two threads or in one event loop: the reader holds the turn whenever
it does not wait for the backend, and the watchdog tells something only while it holds the turn itself. So
the caller is never entered twice at once.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Self

from hermes.runtime.deadlines import Deadlines

__all__ = ["CALLER", "WATCHING", "Watchdog"]

CALLER: Final = "caller"
"""What ``Watchdog.fired`` says where no deadline passed, but telling the caller failed."""

FIRST_NOTICE: Final = 15.0
"""Seconds of silence before the user is told of it; each notice doubles them, up to ``LONGEST_PAUSE``."""
LONGEST_PAUSE: Final = 300.0
"""Seconds between two notices at the most."""

# How long the watchdog sleeps at least while the reader is busy: its deadlines move on all the time.
_BUSY_PAUSE: Final = 0.02
# How soon it looks again where a notice is due and the reader is busy.
_NOTICE_PAUSE: Final = 1.0
# A keepalive is a sign of life for so many seconds; most backends send one every 10 to 30.
_ALIVE: Final = 60.0


class Watchdog(ABC):
    """Watches one attempt; use it as an asynchronous context manager.

    The reader says when something came and when it waits for more. What passes in between is the caller's own
    time: a callback that blocks is no silence of the backend. Only the limit for the whole call goes on.

    Args:
        deadlines: the limits.
        total_left: seconds that are left of the whole call; None for no limit.
        streaming: only connect and total fit an answer that is silent until it is whole.
        on_wait: told in a sentence what is waited for, and only while the reader waits. What it raises ends
            the attempt and is raised where the context manager ends.
        monotonic: gives seconds that never go back.
    """

    def __init__(
        self,
        deadlines: Deadlines,
        *,
        total_left: float | None,
        streaming: bool,
        on_wait: Callable[[str], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fired = ""
        """The name of the deadline that passed, or ``CALLER``; empty while the attempt may go on."""
        self.has_connection = False
        """Whether the backend could be reached."""
        self.has_headers = False
        """Whether the headers of the answer came."""
        self._streaming = streaming
        self._on_wait = on_wait
        self._monotonic = monotonic
        self._connect = deadlines.connect
        told: dict[str, float | None] = {
            # Where two pass at the same moment, the first one here is named.
            "first_event": deadlines.first_event if streaming else None,
            "headers": deadlines.headers if streaming else None,
            "idle_bytes": deadlines.idle_bytes if streaming else None,
            "idle_events": deadlines.idle_events if streaming else None,
            "total": total_left,
        }
        self._limits = {name: limit for name, limit in told.items() if limit is not None}
        self._shortest = min(self._limits.values(), default=LONGEST_PAUSE)
        # Moments of the backend's time, which stands still while the reader is busy. The reader writes them,
        # and the watchdog's thread reads them without a lock: what is old only makes it look again.
        self._start = monotonic()
        self._bytes_at: float | None = None
        self._news_at: float | None = None
        self._begun = False
        self._away = 0.0  # how far the backend's time is behind; written by whoever holds the turn
        self._busy_since: float | None = None  # while the reader holds the turn
        self._turn = threading.Lock()
        self._over = False
        # The silence that the user was told of last, and how long it must last for the next notice.
        self._told_of = self._start
        self._next_notice = FIRST_NOTICE
        self._raised: BaseException | None = None
        self._abort: Callable[[], None] | None = None
        self._changed = threading.Condition()
        self._closed = False

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Begins to watch."""

    @abstractmethod
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends to watch, and raises what the caller raised when it was told something."""

    @property
    def has_something_to_do(self) -> bool:
        """Whether there is a limit, or somebody to tell."""
        return bool(self._limits) or self._on_wait is not None

    @property
    def has_bytes(self) -> bool:
        """Whether anything of the answer's body came."""
        return self._bytes_at is not None

    def ending(self) -> AbstractAsyncContextManager[object]:
        """Surrounds what a passed deadline ends; what is behind it looks at ``fired``."""
        return nullcontext()

    def close(self) -> None:
        """The attempt is over, and nothing is watched any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def raise_callers_own(self, kind: type[BaseException] | None) -> None:
        """Raises what the caller raised when it was told something, unless something worse goes on."""
        if self._raised is not None and (kind is None or issubclass(kind, Exception)):
            raise self._raised

    def guard(self, abort: Callable[[], None]) -> None:
        """There is a connection: names what ends it. Done at once where a deadline has passed already."""
        with self._changed:
            self.has_connection = True
            self._abort = abort
            fired = self.fired
        if fired:
            abort()

    def time_left(self) -> float | None:
        """Seconds until the next deadline passes; None where none runs."""
        left = [seconds for _, seconds in self._ends(self._monotonic())]
        return max(0.0, min(left)) if left else None

    # What the reader says.

    def saw_headers(self) -> None:
        """The head of the answer came, and the caller's time begins."""
        self._take_turn()
        self.has_headers = True

    def saw_bytes(self) -> float:
        """Bytes came, and the caller's time begins; gives the moment in the backend's time."""
        if self._busy_since is None:
            self._turn.acquire()
        self._busy_since = now = self._monotonic()
        self._bytes_at = moment = now - self._away
        if self._news_at is None:
            self._news_at = moment
        return moment

    def saw_events(self, *, news: bool = True) -> None:
        """There was an event among the bytes; without news it is a sign of life only."""
        self._begun = True
        if news:
            self._news_at = self._bytes_at

    def waits(self) -> None:
        """The reader waits for what comes next, and the backend's time goes on."""
        if self._busy_since is None:
            return
        self._away += self._monotonic() - self._busy_since
        self._busy_since = None
        self._turn.release()

    def over(self) -> None:
        """Nothing is waited for any more: nothing is told and nothing ended from here on."""
        self._take_turn()
        self._over = True

    def _take_turn(self) -> None:
        if self._busy_since is None:
            self._turn.acquire()
            self._busy_since = self._monotonic()

    # What the watchdog does.

    def look(self) -> float | None:
        """Does what is due; gives the seconds to the next look, or None where there is nothing left to do."""
        if self._over:
            return None
        ends = self._ends(self._monotonic())
        name, left = min(ends, key=lambda end: end[1], default=("", self._shortest))
        if left <= 0:
            self.end(name)
            return None
        # A deadline that starts later is seen at the latest after the shortest limit.
        pause = min(left, self._shortest)
        if self._on_wait is not None:
            pause = min(pause, self._tell(self._on_wait))
            if self._raised is not None:
                self.end(CALLER)
                return None
        return max(pause, _BUSY_PAUSE) if self._busy_since is not None else pause

    def end(self, name: str) -> None:
        """The deadline of this name passed: ends the attempt."""
        with self._changed:
            if self._closed:
                return
            self.fired = name
            abort = self._abort
        if abort is not None:
            abort()

    def _ends(self, now: float) -> Iterator[tuple[str, float]]:
        """The deadlines that run, and the seconds until each of them passes."""
        busy_since = self._busy_since
        clock = (now if busy_since is None else busy_since) - self._away
        begins = {
            "first_event": None if self._begun else self._start,
            "headers": None if self.has_headers else self._start,
            "idle_bytes": self._bytes_at,
            "idle_events": self._news_at,
        }
        for name, limit in self._limits.items():
            if name == "total":
                yield name, self._start + limit - now
            elif (begin := begins[name]) is not None:
                yield name, begin + limit - clock

    def _tell(self, on_wait: Callable[[str], None]) -> float:
        """Tells the caller what is waited for, where that is due; gives the seconds to the next notice."""
        if not self._turn.acquire(blocking=False):
            return _NOTICE_PAUSE
        try:
            now = self._monotonic()
            since = self._news_at if self._begun and self._news_at is not None else self._start
            if since != self._told_of:
                self._told_of, self._next_notice = since, FIRST_NOTICE
            waited = now - self._away - since
            if self._over or self._closed or waited < self._next_notice:
                return max(self._next_notice - waited, _BUSY_PAUSE)
            while self._next_notice <= waited:
                self._next_notice += min(self._next_notice, LONGEST_PAUSE)
            text = self._words(now, waited)
            if text:
                self._pass_on(on_wait, text)
                self._away += self._monotonic() - now  # the caller's own time
            return self._next_notice - waited
        finally:
            self._turn.release()

    def _pass_on(self, on_wait: Callable[[str], None], text: str) -> None:
        try:
            on_wait(text)
        except BaseException as error:  # noqa: BLE001 - not handled here: the caller's own thread raises it
            self._raised = error

    def _words(self, now: float, waited: float) -> str:
        """What is waited for; empty where the wait is about to end anyway."""
        silent = now - self._away - self._bytes_at if self._bytes_at is not None else waited
        alive = silent < min(waited / 2, _ALIVE)
        left = [left for name, left in self._ends(now) if not (alive and name == "idle_bytes")]
        connect = self._connect or 0.0
        if not self.has_connection and not self.has_headers and waited < 2 * connect:
            left.append(connect - waited)  # the client ends it then, if it is one that connects
        if left and min(left) < waited / 3:
            return ""
        if self._begun and not alive:
            waited = silent
        limit = f"this attempt ends after {_duration(waited + min(left))}" if left else "no deadline is set"
        told = f"({_duration(waited)}; {limit})"
        if not self._streaming:
            return f"Still waiting for the answer, which comes as a whole {told}."
        if not self.has_headers:
            reached = "connected, but no answer headers yet" if self.has_connection else "no answer yet"
            return f"Still waiting: {reached} {told}."
        if not self.has_bytes:
            return f"Still waiting: the answer has begun with nothing in it; a proxy may hold it back {told}."
        if alive:
            what = "no output" if self._begun else "no event"
            return f"The backend is alive and has sent {what} for {_duration(waited)} ({limit})."
        if self._begun:
            return f"The backend has sent nothing for {_duration(waited)} ({limit})."
        return f"Still waiting for the first event {told}."


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


WATCHING: Final[ContextVar[Watchdog | None]] = ContextVar("hermes_watchdog", default=None)
"""The watchdog of the attempt that runs in this context, for the client's connection hooks."""
