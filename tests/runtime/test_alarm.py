"""Alarms: one thread for all of them, which rings in time, lets go of what is off, and ends with the last."""

from __future__ import annotations

import gc
import os
import threading
import warnings
import weakref

from hermes.runtime import alarm
from hermes.runtime.alarm import ring_in

SOON = 0.02
LATER = 0.06
NEVER = 3600.0
PATIENCE = 20.0


def alarm_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "hermes-alarm"]


def test_alarms_ring_in_the_order_of_their_times() -> None:
    rung: list[str] = []
    done = threading.Event()
    far = ring_in(NEVER, lambda: rung.append("never"))
    ring_in(LATER, lambda: (rung.append("later"), done.set()))
    ring_in(SOON, lambda: rung.append("soon"))  # while the thread waits for the others
    assert done.wait(PATIENCE)
    assert rung == ["soon", "later"]
    far.off()


def test_one_that_is_off_does_not_ring() -> None:
    rung: list[str] = []
    done = threading.Event()
    ring_in(SOON, lambda: rung.append("off")).off()
    ring_in(LATER, done.set)
    assert done.wait(PATIENCE)
    assert rung == []


def test_there_is_one_thread_and_it_ends_with_the_last_alarm() -> None:
    before = alarm_threads()
    done = [threading.Event() for _ in range(50)]
    for event in done:
        ring_in(LATER, event.set)
    (thread,) = set(alarm_threads()) - set(before) or set(before)
    assert all(event.wait(PATIENCE) for event in done)
    assert len(alarm_threads()) <= 1
    if not before:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    again = threading.Event()
    ring_in(SOON, again.set)
    assert again.wait(PATIENCE)


def test_what_is_off_is_let_go_long_before_its_time() -> None:
    class Called:
        def __call__(self) -> None:
            raise AssertionError("it was off")

    called = Called()
    gone = weakref.ref(called)
    ring_in(NEVER, called).off()
    del called
    gc.collect()
    assert gone() is None
    for _ in range(5 * alarm._MANY_OFF):
        ring_in(NEVER, Called()).off()
    assert len(alarm._clock._alarms) <= 2 * alarm._MANY_OFF


def test_a_forked_process_has_alarms_of_its_own() -> None:
    far = ring_in(NEVER, lambda: None)  # the thread runs in this process only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking where there are threads
        child = os.fork()
    if child == 0:
        rung = threading.Event()
        ring_in(SOON, rung.set)
        os._exit(0 if rung.wait(PATIENCE) else 1)
    _, status = os.waitpid(child, 0)
    far.off()
    assert os.waitstatus_to_exitcode(status) == 0
