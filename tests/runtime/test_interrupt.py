"""Ctrl-C ends a call at once, wherever it is."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hermes.errors import CallInterrupted
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import Deadlines
from hermes.testing.scenarios.common import HALF_WAY
from hermes.testing.wire import good_events

from .helpers import RawServer, client_of, http, run_with, wait_for_eof

NEVER = Deadlines(connect=None, first_event=None, idle_bytes=None, idle_events=None, total=None)


@pytest.fixture(autouse=True)
def python_handles_the_signal() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_when_blocked(*, sent: bytes) -> tuple[CallInterrupted, list[bool]]:
    """Interrupts a call that waits for more than ``sent``; tells whether its connection was closed."""
    closed: list[bool] = []

    def handle(connection: socket.socket) -> None:
        connection.sendall(sent)
        # The reader may not wait yet. A signal in between ends the call just as well.
        os.kill(os.getpid(), signal.SIGINT)
        connection.settimeout(20)
        wait_for_eof(connection)
        closed.append(True)

    with RawServer(handle) as server:
        client = build_client(Endpoint("custom", server.base_url, deadlines=NEVER))
        with pytest.raises(CallInterrupted) as caught:
            raise_error(run_with(client, deadlines=NEVER, live=True).error)
        for thread in server._threads[1:]:
            thread.join(20)
        client.close()
        assert len(server.requests) == 1
    return caught.value, closed


def raise_error(error: Exception | None) -> None:
    if error is not None:
        raise error


@pytest.mark.parametrize(
    "sent", [b"", http(b""), http(b"".join(HALF_WAY))], ids=["before-headers", "before-bytes", "mid-text"]
)
def test_a_blocked_read_ends_at_once_and_the_connection_is_closed(sent: bytes) -> None:
    error, closed = interrupt_when_blocked(sent=sent)
    assert error.exit_code == 130
    assert closed == [True]


def test_the_wait_before_a_retry_ends_at_once() -> None:
    class Interrupting(Clock):
        """The system's clock, and a user who has had enough once the wait begins."""

        def sleep(self, seconds: float) -> None:
            timer = threading.Timer(0, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
            timer.start()
            try:
                super().sleep(seconds)
            finally:
                timer.join()

    busy = {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Try again in 50s."}}
    client = client_of([busy], good_events())
    ended = run_with(client, clock=Interrupting())
    assert isinstance(ended.error, CallInterrupted)
    assert len(client.requests) == 1
    assert [attempt.verdict for attempt in ended.error.attempts] == ["rate_limited"]


@pytest.mark.parametrize("hook", ["create", "iteration", "callback", "close"])
def test_an_interrupt_anywhere_is_an_interrupted_call(hook: str) -> None:
    def stop(event: Any = None) -> None:
        raise KeyboardInterrupt

    class Stream(list[Any]):
        def close(self) -> None:
            if hook == "close":
                stop()

    def events() -> Iterator[Any]:
        stop()
        yield {}

    answer: Any = {"create": KeyboardInterrupt(), "iteration": events()}.get(hook, Stream(good_events()))
    options = {"on_event": stop} if hook == "callback" else {}
    assert isinstance(run_with(client_of(answer), live=True, **options).error, CallInterrupted)
