"""Rings at a given time: one thread for the whole process, because starting one for each call costs more.

What is called when it rings must return at once.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable
from itertools import count

__all__ = ["Alarm", "ring_in"]

# So many alarms that were switched off may wait for their time, before they are looked for and let go.
_MANY_OFF = 1000


class Alarm:
    """An alarm that is set; ``off`` switches it off.

    Args:
        ring: called when its time has come, in the thread of the alarms.
    """

    __slots__ = ("_clock", "ring")

    def __init__(self, ring: Callable[[], None], clock: _Clock) -> None:
        self.ring: Callable[[], None] | None = ring
        self._clock = clock

    def off(self) -> None:
        """It does not ring any more; it may be ringing at this moment."""
        self.ring = None
        self._clock.let_go()


class _Clock:
    """All alarms of the process. Its thread ends when there are none."""

    def __init__(self) -> None:
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._off = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        alarm = Alarm(ring, self)
        entry = (time.monotonic() + seconds, next(self._numbers), alarm)
        with self._changed:
            heapq.heappush(self._alarms, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hermes-alarm", daemon=True)
                self._thread.start()
            elif self._alarms[0] is entry:
                self._changed.notify()
        return alarm

    def let_go(self) -> None:
        self._off += 1  # without the lock: a count that is a little wrong does no harm
        if self._off > _MANY_OFF:
            with self._changed:
                self._off = 0
                self._alarms = [entry for entry in self._alarms if entry[2].ring is not None]
                heapq.heapify(self._alarms)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._alarms:
                    self._thread = None
                    return
                # One that is switched off keeps its place: looking for it would cost more than waking up.
                left = self._alarms[0][0] - time.monotonic()
                if left > 0:
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                ring = heapq.heappop(self._alarms)[2].ring
            if ring is not None:
                ring()


_clock = _Clock()


def ring_in(seconds: float, ring: Callable[[], None]) -> Alarm:
    """Sets an alarm.

    Args:
        seconds: how long until it rings.
        ring: called then, in the thread of the alarms; it must return at once and raise nothing.
    """
    return _clock.set(seconds, ring)


def _begin_anew() -> None:
    """A forked process has the alarms of its parent, but not the thread."""
    global _clock
    _clock = _Clock()


os.register_at_fork(after_in_child=_begin_anew)
