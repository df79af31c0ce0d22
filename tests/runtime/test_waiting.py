"""The user is told what is waited for: which words, when, and by whom the callback is entered."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from hermes.errors import CallInterrupted
from hermes.providers.contract import EndpointFact, EndpointMemory, Notice, hookimpl
from hermes.responses.events import Delta
from hermes.runtime import watchdog as watchdogs
from hermes.runtime.attempt import AnswerReader
from hermes.runtime.blocking import ThreadWatchdog
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.watchdog import CALLER, WATCHING
from hermes.testing.frames import compact, event
from hermes.testing.scenarios.common import HALF_WAY, HELLO_ITEM
from hermes.testing.wire import good_stream, response_object

from .fake_time import Now
from .helpers import (
    ONE_ATTEMPT,
    Ended,
    Handle,
    RawServer,
    dispatch_of,
    http,
    plugins_with,
    run_with,
    wait_for_eof,
)

LONG = Deadlines(connect=15, headers=None, first_event=300, idle_bytes=300, idle_events=900, total=7200)
NEVER = Deadlines(connect=None, first_event=None, idle_bytes=None, idle_events=None, total=None)
GOOD = b"".join(good_stream())


class Watched:
    """A watchdog without its thread, a clock, and what the user was told."""

    def __init__(self, deadlines: Deadlines = LONG, *, streaming: bool = True) -> None:
        self.now = Now()
        self.told: list[str] = []
        self.watchdog = ThreadWatchdog(
            deadlines,
            total_left=deadlines.total,
            streaming=streaming,
            on_wait=self.told.append,
            monotonic=self.now,
        )

    def at(self, seconds: float) -> list[str]:
        """What is told from the last look until then."""
        before = len(self.told)
        while self.now.seconds < seconds and not self.watchdog.fired:
            pause = self.watchdog.look()
            assert pause is None or pause > 0
            self.now.seconds = seconds if pause is None else min(seconds, self.now.seconds + pause)
        self.watchdog.look()
        return self.told[before:]

    def connected(self) -> None:
        self.watchdog.guard(lambda: None)

    def has_headers(self) -> None:
        self.connected()
        self.watchdog.saw_headers()
        self.watchdog.waits()

    def comes(self, *, events: bool = False, news: bool = True) -> None:
        self.watchdog.saw_bytes()
        if events:
            self.watchdog.saw_events(news=news)
        self.watchdog.waits()


# What is told.


def test_before_there_is_a_connection() -> None:
    watched = Watched(replace(LONG, connect=60))
    assert watched.at(15) == ["Still waiting: no answer yet (15 s; this attempt ends after 60 s)."]


def test_a_connection_that_is_given_up_at_once_is_no_news() -> None:
    assert Watched().at(15) == []


def test_before_the_headers() -> None:
    watched = Watched()
    watched.connected()
    words = "Still waiting: connected, but no answer headers yet"
    assert watched.at(15) == [f"{words} (15 s; this attempt ends after 5 min)."]


def test_before_the_first_byte() -> None:
    """Something in between may collect the whole answer before it hands it on."""
    watched = Watched()
    watched.has_headers()
    words = "Still waiting: the answer has begun with nothing in it; a proxy may hold it back"
    assert watched.at(15) == [f"{words} (15 s; this attempt ends after 5 min)."]


def test_keepalives_before_the_first_event() -> None:
    watched = Watched()
    watched.has_headers()
    watched.at(10)
    watched.comes()
    words = "The backend is alive and has sent no event for 15 s (this attempt ends after 5 min)."
    assert watched.at(15) == [words]


def test_keepalives_that_stopped_before_the_first_event() -> None:
    watched = Watched()
    watched.has_headers()
    watched.at(1)
    watched.comes()
    assert watched.at(15) == ["Still waiting for the first event (15 s; this attempt ends after 5 min)."]


def test_silence_in_the_answer() -> None:
    watched = Watched()
    watched.has_headers()
    watched.at(10)
    watched.comes(events=True)
    assert watched.at(25) == ["The backend has sent nothing for 15 s (this attempt ends after 5 min)."]


@pytest.mark.parametrize("events", [False, True], ids=["comments", "heartbeat-events"])
def test_signs_of_life_without_output(events: bool) -> None:
    watched = Watched()
    watched.has_headers()
    watched.comes(events=True)
    told = []
    for moment in range(10, 121, 10):
        told += watched.at(moment)
        watched.comes(events=events, news=False)
    assert told == [
        f"The backend is alive and has sent no output for {told_at} (this attempt ends after 15 min)."
        for told_at in ("15 s", "30 s", "60 s", "2 min")
    ]


def test_an_answer_that_comes_as_a_whole() -> None:
    watched = Watched(streaming=False)
    watched.has_headers()
    watched.comes()
    words = "Still waiting for the answer, which comes as a whole (15 s; this attempt ends after 2 h)."
    assert watched.at(15) == [words]


def test_without_deadlines_the_user_is_told_so() -> None:
    watched = Watched(NEVER)
    watched.has_headers()
    assert watched.at(15)[0].endswith(" (15 s; no deadline is set).")


# When it is told.


def test_the_pauses_between_notices_grow() -> None:
    watched = Watched(NEVER)
    watched.connected()
    moments = [second for second in range(1, 2001) if watched.at(second)]
    assert moments == [15, 30, 60, 120, 240, 480, 780, 1080, 1380, 1680, 1980]


def test_nothing_is_told_just_before_the_end() -> None:
    watched = Watched(replace(LONG, first_event=70))
    watched.connected()
    assert [second for second in range(1, 100) if watched.at(second)] == [15, 30]
    assert watched.watchdog.fired == "first_event"


def test_what_comes_begins_the_wait_anew() -> None:
    watched = Watched()
    watched.has_headers()
    for moment in range(10, 1000, 10):
        assert watched.at(moment) == []
        watched.comes(events=True)
    assert len(watched.at(1010)) == 1


def test_the_callers_own_time_is_no_wait() -> None:
    watched = Watched()
    watched.has_headers()
    watched.watchdog.saw_bytes()
    assert watched.at(1000) == []
    watched.watchdog.saw_events()
    watched.watchdog.waits()
    assert watched.at(1014) == []
    assert watched.at(1015) != []


def test_the_time_that_a_notice_takes_is_the_callers_own() -> None:
    watched = Watched(replace(NEVER, idle_bytes=100))
    watched.comes(events=True)
    watched.watchdog._on_wait = lambda text: setattr(watched.now, "seconds", watched.now.seconds + 1000)
    watched.at(1015)
    assert watched.watchdog.time_left() == 85


def test_nothing_is_told_of_a_call_that_is_over() -> None:
    watched = Watched()
    watched.has_headers()
    watched.watchdog.over()
    assert watched.at(100_000) == []
    assert watched.watchdog.fired == ""


def test_nothing_is_told_while_the_reader_is_busy() -> None:
    """Not even where it has become busy since the watchdog looked at the clock."""
    watched = Watched()
    watched.has_headers()
    watched.now.seconds = 20
    watched.watchdog.saw_bytes()
    assert watched.watchdog.look() is not None
    assert watched.told == []


# The deadlines that these waits have.


@pytest.mark.parametrize(
    ("limits", "headers_come", "fired", "moment"),
    [
        ({"headers": 20}, False, "headers", 20),
        ({"headers": 20}, True, "first_event", 300),
        ({"headers": None}, False, "first_event", 300),
        ({"headers": 300}, False, "first_event", 300),  # the one that users know is named
    ],
)
def test_headers_have_a_deadline_of_their_own(
    limits: dict[str, Any], headers_come: bool, fired: str, moment: float
) -> None:
    watched = Watched(replace(LONG, **limits))
    if headers_come:
        watched.at(5)
        watched.has_headers()
    watched.at(moment - 1)
    assert watched.watchdog.fired == ""
    watched.at(moment)
    assert watched.watchdog.fired == fired


def test_heartbeat_events_do_not_put_the_end_off() -> None:
    watched = Watched(replace(LONG, idle_events=100))
    watched.has_headers()
    watched.comes(events=True)
    for moment in range(10, 101, 10):
        watched.at(moment)
        watched.comes(events=True, news=False)
    assert watched.watchdog.fired == "idle_events"


# The callback, over real sockets.


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user is told of a silence at once."""
    monkeypatch.setattr(watchdogs, "FIRST_NOTICE", 0.02)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if "watchdog" in thread.name] == []


STAGES = pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "no answer headers"),
        (http(b""), "a proxy may hold it back"),
        (http(b"".join(HALF_WAY)), "has sent nothing"),
    ],
    ids=["before-headers", "before-bytes", "mid-text"],
)


def run(handle: Handle, *, on_event: Callable[[Any], None], **options: Any) -> tuple[Ended, int]:
    with RawServer(handle) as server:
        client = build_client(Endpoint("custom", server.base_url, deadlines=NEVER))
        try:
            ended = run_with(client, deadlines=NEVER, on_event=on_event, **options)
        finally:
            client.close()
    return ended, len(server.requests)


@STAGES
@pytest.mark.parametrize("live", [False, True], ids=["buffered", "live"])
@pytest.mark.usefixtures("soon")
def test_a_backend_that_takes_its_time_is_no_failure(sent: bytes, words: str, live: bool) -> None:
    """The server goes on as soon as the user was told."""
    told = threading.Event()
    events: list[Any] = []
    threads = set()

    def handle(connection: socket.socket) -> None:
        connection.sendall(sent)
        told.wait(30)
        connection.sendall(http(GOOD)[len(sent) :])

    def on_event(item: Any) -> None:
        events.append(item)
        if isinstance(item, Notice):
            threads.add(threading.current_thread() is threading.main_thread())
            if words in item.text:
                told.set()

    ended, requests = run(handle, on_event=on_event, live=live)
    assert ended.result is not None
    assert (ended.result.status, ended.result.text, requests) == ("complete", "Hello", 1)
    notices = [item for item in events if isinstance(item, Notice)]
    assert {notice.kind for notice in notices} == {"waiting"}
    assert told.is_set()
    assert threads == {False}


@pytest.mark.usefixtures("soon")
def test_a_non_stream_answer_is_waited_for_aloud() -> None:
    memory = EndpointMemory()
    memory.learn(EndpointFact.BREAKS_ORDER)
    memory.learn(EndpointFact.NON_STREAM_WORKS)
    told = threading.Event()
    events: list[Any] = []
    body = compact(response_object(HELLO_ITEM))

    def handle(connection: socket.socket) -> None:
        told.wait(30)
        connection.sendall(http(body, headers="content-type: application/json"))

    def on_event(item: Any) -> None:
        events.append(item)
        told.set()

    ended, _ = run(handle, on_event=on_event, memory=memory)
    assert ended.result is not None
    assert ended.result.text == "Hello"
    assert "comes as a whole" in events[0].text


@pytest.mark.usefixtures("soon")
def test_the_callback_is_never_entered_twice_at_once() -> None:
    """The rest of the answer comes while the callback is still busy with a notice."""
    told, answered = threading.Event(), threading.Event()
    inside = threading.Lock()
    delivered: list[str] = []

    def handle(connection: socket.socket) -> None:
        connection.sendall(http(b"".join(HALF_WAY)))
        told.wait(30)
        connection.sendall(GOOD[len(b"".join(HALF_WAY)) :])
        answered.set()

    def on_event(item: Any) -> None:
        assert inside.acquire(blocking=False)
        if isinstance(item, Delta):
            delivered.append(item.text)
        elif "has sent nothing" in item.text and not told.is_set():
            before = list(delivered)
            told.set()
            answered.wait(30)
            threading.Event().wait(0.1)  # what the reader would need to hand out the rest
            assert delivered == before
        inside.release()

    ended, _ = run(handle, on_event=on_event, live=True)
    assert ended.result is not None
    assert told.is_set()
    assert "".join(delivered) == "Hello"


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_nothing_is_told_while_adapters_work(status: str) -> None:
    """What they report goes to the same callback, from the reader's thread."""
    turns: list[bool] = []

    class Observer:
        name = "observer"
        api_version = 1

        @hookimpl
        def observe_headers(self, headers: Any, context: Any) -> None:
            watching = WATCHING.get()
            turns.append(watching is not None and watching._turn.locked())

    answer = http(GOOD, status=status)
    run(
        lambda connection: connection.sendall(answer),
        on_event=lambda item: None,
        plugins=plugins_with(Observer()),
        recovery=ONE_ATTEMPT,
    )
    assert turns == [True]


@pytest.mark.parametrize("headers", ["x-cut: no", "content-length: 9999"], ids=["clean-end", "cut"])
def test_nothing_is_told_while_the_last_frame_is_read(headers: str) -> None:
    """Its blank line never comes, so it is read when the connection has ended."""
    turns: list[bool] = []
    text = next(frame for frame in good_stream() if b'"delta":"lo"' in frame)
    answer = http(
        b"".join((*HALF_WAY, text)).rstrip(b"\n"), headers=f"content-type: text/event-stream\r\n{headers}"
    )

    def on_event(item: Any) -> None:
        if isinstance(item, Delta):
            watching = WATCHING.get()
            turns.append(watching is not None and watching._turn.locked())

    ended, _ = run(
        lambda connection: connection.sendall(answer), on_event=on_event, live=True, recovery=ONE_ATTEMPT
    )
    assert ended.result is not None
    assert ended.result.text == "Hello"
    assert turns == [True, True]


class Unwanted(Exception):
    pass


@STAGES
@pytest.mark.parametrize("raised", [Unwanted("disk full"), SystemExit(3)], ids=["error", "exit"])
@pytest.mark.usefixtures("soon")
def test_what_the_callback_raises_in_a_notice_ends_the_call(
    sent: bytes, words: str, raised: BaseException
) -> None:
    asked, closed = threading.Event(), threading.Event()

    def handle(connection: socket.socket) -> None:
        asked.set()
        connection.sendall(sent)
        wait_for_eof(connection)
        closed.set()

    def on_event(item: Any) -> None:
        if isinstance(item, Notice) and words in item.text and asked.is_set():
            raise raised

    with pytest.raises(type(raised)) as caught:
        run(handle, on_event=on_event, live=True)
    assert caught.value is raised
    assert closed.wait(30)


def test_what_is_raised_is_told_by_the_watchdog_itself() -> None:
    watched = Watched()
    aborted: list[bool] = []

    def refuse(text: str) -> None:
        raise Unwanted(text)

    watched.watchdog._on_wait = refuse
    watched.watchdog.guard(lambda: aborted.append(True))
    watched.at(15)
    assert watched.watchdog.fired == CALLER
    assert aborted == [True]
    with pytest.raises(Unwanted, match="no answer headers"):
        watched.watchdog.__exit__(None, None, None)


@STAGES
@pytest.mark.usefixtures("soon")
def test_a_callback_that_blocks_keeps_nobody_from_interrupting(
    sent: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes.runtime.blocking._PATIENCE", 0.05)
    ended = threading.Event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threads: list[threading.Thread] = []
    returned: list[bool] = []

    def handle(connection: socket.socket) -> None:
        connection.sendall(sent)
        wait_for_eof(connection)

    def on_event(item: Any) -> None:
        if words not in item.text:
            return
        threads.append(threading.current_thread())
        os.kill(os.getpid(), signal.SIGINT)
        ended.wait(10)
        returned.append(ended.is_set())

    try:
        interrupted, _ = run(handle, on_event=on_event)
    finally:
        ended.set()
        signal.signal(signal.SIGINT, before)
    assert isinstance(interrupted.error, CallInterrupted)
    assert len(threads) == 1
    threads[0].join(30)
    assert returned == [True]


# Heartbeats that come as events.


@pytest.mark.parametrize("live", [False, True], ids=["buffered", "live"])
def test_heartbeat_events_for_ever_are_no_progress(monkeypatch: pytest.MonkeyPatch, live: bool) -> None:
    """A gateway sends them while what is behind it is dead: https://github.com/Soju06/codex-lb/pull/1746"""
    monkeypatch.setattr("hermes.runtime.attempt._LOOK_SECONDS", 0.05)
    beat = event("response.in_progress", response={"id": "resp_1", "status": "in_progress"})

    def handle(connection: socket.socket) -> None:
        connection.sendall(http(b"".join(HALF_WAY)))
        connection.settimeout(0.01)
        while True:
            connection.sendall(beat)
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                pass

    with RawServer(handle) as server:
        client = build_client(Endpoint("custom", server.base_url, deadlines=NEVER))
        limits = replace(NEVER, idle_events=0.3, total=30)
        ended = run_with(client, deadlines=limits, live=live, recovery=ONE_ATTEMPT)
        client.close()
    assert ended.result is not None
    assert (ended.result.status, ended.result.text, ended.result.verdict) == ("partial", "Hel", "timeout")
    assert "event_idle_timeout_seconds" in ended.reason


@pytest.mark.parametrize(
    ("beats_only", "fired"), [(True, "idle_events"), (False, "")], ids=["heartbeats", "an-answer-too"]
)
def test_only_what_adds_to_the_answer_is_news(beats_only: bool, fired: str) -> None:
    """Deltas and heartbeats take turns, each five seconds after the other, with a limit of 35 seconds."""
    watched = Watched(replace(NEVER, idle_events=35))
    beat = event("response.in_progress", response={"id": "resp_1", "status": "in_progress"})
    text = "abcdefghij"
    engine = AnswerEngine(dispatch_of(), on_delta=None, on_notice=lambda notice: None)

    def pieces() -> Iterator[bytes]:
        for frame in good_stream(text, pieces=list(text)):
            if b"output_text.delta" not in frame:
                yield frame
                continue
            for piece in (beat if beats_only else frame, beat, beat):
                watched.at(watched.now.seconds + 5)
                yield piece

    reader = AnswerReader(engine, engine.feed, watched.watchdog)
    for piece in pieces():
        if not reader.take(piece):
            break
    assert watched.watchdog.fired == fired
    assert engine.answer().text == ("" if beats_only else text)
