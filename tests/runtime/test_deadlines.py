"""Every deadline, with small values, over real sockets; nothing here waits for a time that it measures."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hermes.providers.contract import EndpointFact, EndpointMemory
from hermes.responses.events import Delta
from hermes.runtime.blocking import ThreadWatchdog
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.testing.frames import comment, event
from hermes.testing.scenarios.common import HALF_WAY, NO_TERMINAL, ONLY_CREATED
from hermes.testing.wire import good_stream

from .fake_time import Now
from .helpers import ONE_ATTEMPT, Ended, Handle, RawServer, client_of, http, run_with, wait_for_eof

OFF = Deadlines(connect=None, first_event=None, idle_bytes=None, idle_events=None, total=None)
SOON = 0.15
GOOD = b"".join(good_stream())


def only(**limits: float) -> Deadlines:
    """Deadlines of which only these are on."""
    return replace(OFF, **limits)


def run(handle: Handle, deadlines: Deadlines, **options: Any) -> tuple[Ended, int]:
    """The end of a call to a server, and how many requests it got."""
    with RawServer(handle) as server:
        ended = run_at(server.base_url, deadlines, **options)
    return ended, len(server.requests)


def run_at(base_url: str, deadlines: Deadlines, **options: Any) -> Ended:
    client = build_client(Endpoint("custom", base_url, deadlines=deadlines))
    try:
        return run_with(client, deadlines=deadlines, **options)
    finally:
        client.close()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if "watchdog" in thread.name] == []


def silent_after(data: bytes) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(data)
        wait_for_eof(connection)

    return handle


def repeating(data: bytes, beat: bytes) -> Handle:
    """Sends ``data``, and then a beat for ever, as fast as the client reads."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(data)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(beat)

    return handle


def dripping(data: bytes, *, every: float) -> Handle:
    """Sends ``data`` for ever, a byte at a time."""

    def handle(connection: socket.socket) -> None:
        connection.settimeout(every)
        while True:
            for place in range(len(data)):
                connection.sendall(data[place : place + 1])
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(1):
                        return

    return handle


CASES: dict[str, tuple[Handle, dict[str, float], str, int]] = {
    "no headers": (silent_after(b""), {"first_event": SOON}, "first_event_timeout_seconds", 3),
    "half the headers": (silent_after(b"HTTP/1.1 200 OK\r\nx"), {"first_event": SOON}, "first_event", 3),
    "no byte": (silent_after(http(b"")), {"first_event": SOON}, "first_event_timeout_seconds", 3),
    "comments only": (repeating(http(b""), comment("ping")), {"first_event": SOON}, "first_event_timeout", 3),
    "keepalive events only": (
        repeating(http(b""), event("keepalive", sequence_number=1)),
        {"first_event": SOON},
        "first_event_timeout_seconds",
        3,
    ),
    "an error body that drips": (
        dripping(http(b"", status="500 Error") + b"x" * 100, every=0.01),
        {"first_event": SOON},
        "first_event_timeout_seconds",
        3,
    ),
    "silence": (silent_after(http(b"".join(ONLY_CREATED))), {"idle_bytes": SOON}, " (idle_timeout", 3),
    "silence within a frame": (
        silent_after(http(HALF_WAY[0] + HALF_WAY[1][:9])),
        {"idle_bytes": SOON},
        " (idle_timeout_seconds",
        3,
    ),
    "comments for ever": (
        repeating(http(b"".join(ONLY_CREATED)), comment("ping")),
        {"idle_events": SOON},
        "event_idle_timeout_seconds",
        3,
    ),
    "keepalive events for ever": (
        repeating(http(b"".join(ONLY_CREATED)), event("ping", cost="0")),
        {"idle_events": SOON},
        "event_idle_timeout_seconds",
        3,
    ),
    "comments and no event, without a deadline for the first one": (
        repeating(http(b""), comment("ping")),
        {"idle_events": SOON},
        "event_idle_timeout_seconds",
        3,
    ),
    "a drip below the other deadlines": (
        dripping(http(b"") + comment("x" * 1000), every=0.01),
        {"total": SOON, "idle_bytes": 60, "first_event": 60},
        "request_timeout_seconds",
        1,
    ),
    "a flood of events": (
        repeating(http(b"".join(ONLY_CREATED)), event("response.in_progress")),
        {"total": SOON, "idle_bytes": 60, "idle_events": 60},
        "request_timeout_seconds",
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_deadline_that_passed_is_named(name: str) -> None:
    handle, limits, words, attempts = CASES[name]
    ended, requests = run(handle, only(**limits))
    assert ended.error is not None
    assert ended.error.verdict.kind == "timeout"
    assert words in ended.reason
    assert requests == attempts == len(ended.error.attempts)


JSON = "content-type: application/json"


@pytest.mark.parametrize("data", [b"", http(b"", headers=JSON), http(b'{"id":', headers=JSON)])
def test_a_non_stream_answer_has_the_deadline_of_the_call_only(data: bytes) -> None:
    """It is silent until it is whole, so the deadlines of streams would end good answers."""
    memory = EndpointMemory()
    memory.learn(EndpointFact.BREAKS_ORDER)
    memory.learn(EndpointFact.NON_STREAM_WORKS)
    deadlines = only(total=3 * SOON, first_event=SOON / 3, idle_bytes=SOON / 3, idle_events=SOON / 3)
    ended, requests = run(silent_after(data), deadlines, memory=memory)
    assert ended.error is not None
    assert [attempt.streaming for attempt in ended.error.attempts] == [False]
    assert "request_timeout_seconds" in ended.reason
    assert requests == 1


@pytest.mark.parametrize(
    ("sent", "text", "status"),
    [(HALF_WAY, "Hel", "partial"), (NO_TERMINAL, "Hello", "unconfirmed")],
    ids=["open", "whole"],
)
def test_what_came_before_the_silence_is_kept(sent: tuple[bytes, ...], text: str, status: str) -> None:
    ended, _ = run(silent_after(http(b"".join(sent))), only(idle_bytes=SOON), live=True)
    assert ended.result is not None
    assert (ended.result.status, ended.result.text, ended.result.verdict) == (status, text, "timeout")


def test_a_whole_last_frame_counts_though_its_blank_line_never_comes() -> None:
    ended, requests = run(silent_after(http(GOOD.rstrip(b"\n"))), only(idle_bytes=SOON))
    assert ended.result is not None
    assert (ended.result.status, requests) == ("complete", 1)


def test_an_answer_that_is_over_has_no_deadline_any_more() -> None:
    ended, requests = run(silent_after(http(GOOD)), only(idle_bytes=SOON, total=5))
    assert ended.result is not None
    assert (ended.result.status, requests) == ("complete", 1)


def test_the_time_of_the_call_spans_all_its_attempts() -> None:
    """The first attempt uses it up, so there is no second one."""
    ended, requests = run(silent_after(b""), only(first_event=SOON, total=SOON))
    assert requests == 1
    assert ended.slept == []
    assert ended.error is not None


# Connecting.


@pytest.mark.parametrize(
    ("limits", "words", "attempts"),
    [
        ({"connect": SOON}, "(connect_timeout_seconds)", 3),
        ({"connect": 60, "first_event": SOON}, "(first_event_timeout_seconds)", 3),
        ({"total": SOON}, "(request_timeout_seconds, --timeout)", 1),
    ],
)
def test_connecting_has_its_deadlines(
    full_backlog: str, limits: dict[str, float], words: str, attempts: int
) -> None:
    ended = run_at(full_backlog, only(**limits))
    assert ended.error is not None
    assert words in ended.reason
    assert len(ended.error.attempts) == attempts


# The caller's own time.


def test_a_slow_callback_is_no_silence_of_the_backend() -> None:
    """The backend waits for the callback, so its bytes come later than the deadline allows."""
    taken = threading.Event()
    limit = 0.5

    def handle(connection: socket.socket) -> None:
        connection.sendall(http(b"".join(HALF_WAY)))
        taken.wait(30)
        connection.sendall(GOOD[len(b"".join(HALF_WAY)) :])

    def on_event(told: Any) -> None:
        if isinstance(told, Delta) and not taken.is_set():
            threading.Event().wait(2 * limit)  # the callback's work, longer than every deadline
            taken.set()

    ended, requests = run(
        handle,
        only(first_event=limit, idle_bytes=limit, idle_events=limit),
        live=True,
        on_event=on_event,
        recovery=ONE_ATTEMPT,
    )
    assert ended.result is not None
    assert (ended.result.status, ended.result.text, requests) == ("complete", "Hello", 1)


@pytest.mark.parametrize("name", ["first_event", "idle_bytes", "idle_events"])
def test_the_callers_time_is_taken_off_every_deadline_of_the_backend(name: str) -> None:
    now = Now()
    watchdog = ThreadWatchdog(only(**{name: 10.0}), total_left=None, streaming=True, monotonic=now)
    watchdog.saw_bytes()
    now.seconds = 100.0
    assert watchdog.time_left() == 10.0
    watchdog.waits()
    now.seconds = 104.0
    assert watchdog.time_left() == 6.0


def test_the_callers_time_counts_for_the_whole_call() -> None:
    now = Now()
    watchdog = ThreadWatchdog(OFF, total_left=10.0, streaming=True, monotonic=now)
    watchdog.saw_bytes()
    now.seconds = 7.0
    assert watchdog.time_left() == 3.0
    watchdog.waits()
    assert watchdog.time_left() == 3.0


def test_each_deadline_runs_from_its_own_beginning() -> None:
    now = Now()
    limits = only(first_event=10, idle_bytes=3, idle_events=6)
    watchdog = ThreadWatchdog(limits, total_left=None, streaming=True, monotonic=now)
    for moment, seen, left in (
        (1.0, "", 9.0),  # nothing came: only the first event is waited for
        (2.0, "bytes", 3.0),
        (4.0, "bytes", 3.0),
        (6.0, "bytes", 2.0),  # bytes without an event since 2.0
        (7.0, "events", 3.0),
        (9.5, "", 0.5),
    ):
        now.seconds = moment
        if seen:
            watchdog.saw_bytes()
        if seen == "events":
            watchdog.saw_events()
        watchdog.waits()
        assert watchdog.time_left() == left, moment


def test_a_silent_backend_is_found_after_a_slow_callback() -> None:
    def on_event(told: Any) -> None:
        threading.Event().wait(SOON)

    ended, _ = run(
        silent_after(http(b"".join(HALF_WAY))), only(idle_bytes=SOON / 3), live=True, on_event=on_event
    )
    assert ended.result is not None
    assert "idle_timeout_seconds" in ended.reason


# Clients whose connection is out of reach.


def test_a_foreign_stream_is_left_at_its_next_event() -> None:
    """Nothing can wake a client that is not built on sockets of ours; but it is not followed for ever."""

    def endless() -> Iterator[Any]:
        yield {"type": "response.created", "response": {"id": "resp_1"}}
        while True:
            yield {"type": "keepalive"}

    ended = run_with(client_of(endless()), deadlines=only(idle_events=SOON), recovery=ONE_ATTEMPT)
    assert ended.error is not None
    assert "event_idle_timeout_seconds" in ended.reason


def test_a_foreign_stream_that_takes_its_time_is_no_timeout() -> None:
    def slowly() -> Iterator[Any]:
        yield {"type": "response.created", "response": {"id": "resp_1"}}
        threading.Event().wait(2 * SOON)

    ended = run_with(client_of(slowly()), deadlines=only(first_event=SOON), recovery=ONE_ATTEMPT)
    assert ended.error is not None
    assert ended.error.verdict.kind == "truncated"


# The watchdog by itself.


def test_what_is_guarded_too_late_is_ended_at_once() -> None:
    ended = threading.Event()
    with ThreadWatchdog(OFF, total_left=0.0, streaming=True) as watchdog:
        assert watchdog.fired == "total"
        watchdog.guard(ended.set)
    assert ended.is_set()


def test_the_newest_guard_is_the_one_that_counts() -> None:
    first, second = threading.Event(), threading.Event()
    with ThreadWatchdog(OFF, total_left=SOON, streaming=True) as watchdog:
        watchdog.guard(first.set)
        watchdog.guard(second.set)
        assert second.wait(10)
    assert not first.is_set()


def test_nothing_is_ended_after_the_attempt() -> None:
    ended = threading.Event()
    with ThreadWatchdog(OFF, total_left=60, streaming=True) as watchdog:
        watchdog.guard(ended.set)
    assert watchdog.fired == ""
    assert not ended.is_set()


def test_without_deadlines_there_is_no_thread() -> None:
    with ThreadWatchdog(OFF, total_left=None, streaming=True) as watchdog:
        assert watchdog._thread is None
        assert watchdog.time_left() is None
