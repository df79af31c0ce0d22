"""A call in an event loop: what is special there. All else is what the scenarios show."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Self

import pytest

from hermes.errors import CallError, CallInterrupted
from hermes.providers.contract import Notice, Request
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult
from hermes.runtime import async_transport
from hermes.runtime import watchdog as watchdogs
from hermes.runtime.caller import CallEvent
from hermes.runtime.client import Endpoint, build_async_client, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.stream import CallOptions, run_call, run_call_async
from hermes.testing.scenarios.common import HELLO_ITEM
from hermes.testing.wire import good_stream, response_object

from .conftest import REQUEST
from .helpers import ONE_ATTEMPT, RawServer, http, wait_for_eof
from .test_injected_clients import good_events

OFF = Deadlines(connect=None, first_event=None, idle_bytes=None, idle_events=None, total=None)
SOON = 0.05

Create = Callable[..., Any]


def client_of(create: Create) -> Any:
    return SimpleNamespace(responses=SimpleNamespace(create=create))


async def for_ever() -> None:
    await asyncio.Event().wait()


class Events:
    """An asynchronous stream of ready-made events; what stands among them and can be called is awaited."""

    def __init__(self, *entries: Mapping[str, Any] | Callable[[], Awaitable[None]] | Exception) -> None:
        self.entries = entries
        self.closed = 0

    async def __aiter__(self) -> AsyncIterator[Any]:
        for entry in self.entries:
            if isinstance(entry, Exception):
                raise entry
            if callable(entry):
                await entry()
            else:
                yield entry

    async def close(self) -> None:
        self.closed += 1


def answering(*answers: Any) -> tuple[Any, list[dict[str, Any]]]:
    """A client whose n-th request gets the n-th answer, and the requests."""
    requests: list[dict[str, Any]] = []

    async def create(**request: Any) -> Any:
        requests.append(request)
        answer = answers[min(len(requests), len(answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return client_of(create), requests


def call(
    client: Any, *, on_event: Callable[[CallEvent], None] | None = None, **options: Any
) -> ResponseResult:
    """Runs a call in an event loop of its own."""
    options.setdefault("deadlines", OFF)

    async def run() -> ResponseResult:
        return await run_call_async(client, REQUEST, options=CallOptions(**options), on_event=on_event)

    return asyncio.run(run())


def ending(client: Any, **options: Any) -> tuple[str, str, str]:
    """Text, status and reason of a call, whether it ends well or not."""
    try:
        result = call(client, **options)
    except CallError as error:
        return "", "failed", error.message
    return result.text, str(result.status), result.reason


# What clients give.


def test_an_asynchronous_stream_of_events() -> None:
    stream = Events(*good_events())
    client, requests = answering(stream)
    texts: list[str] = []

    def on_event(event: CallEvent) -> None:
        if isinstance(event, Delta):
            texts.append(event.text)

    result = call(client, live=True, on_event=on_event)
    assert (result.text, result.status) == ("Hello", "complete")
    assert "".join(texts) == "Hello"
    assert requests == [{**REQUEST, "stream": True}]
    assert stream.closed == 1


def test_a_client_whose_create_is_not_awaited() -> None:
    assert call(client_of(lambda **request: good_events())).text == "Hello"


def test_a_context_manager_that_gives_a_stream() -> None:
    class Manager:
        left = 0

        async def __aenter__(self) -> Events:
            return Events(*good_events())

        async def __aexit__(self, *exception: object) -> None:
            self.left += 1

    manager = Manager()
    assert call(answering(manager)[0]).text == "Hello"
    assert manager.left == 1


def test_a_context_manager_that_is_a_stream_is_not_read_twice() -> None:
    class Manager(Events):
        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *exception: object) -> None:
            self.closed += 1

    with pytest.raises(CallError, match="ended before its first event"):
        call(answering(Manager())[0], recovery=ONE_ATTEMPT)


def test_a_whole_answer() -> None:
    assert call(answering(response_object(output=[HELLO_ITEM]))[0]).text == "Hello"


# What ends a call.


def test_cancelling_the_task_closes_the_stream_and_is_no_failure() -> None:
    reached = asyncio.Event()

    async def then_for_ever() -> None:
        reached.set()
        await for_ever()

    stream = Events(*good_events()[:4], then_for_ever)
    client, requests = answering(stream)

    async def run() -> None:
        task = asyncio.create_task(run_call_async(client, REQUEST, options=CallOptions(deadlines=OFF)))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(run())
    assert stream.closed == 1
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("entries", "deadlines", "words"),
    [
        ((), {"first_event": SOON}, "no first event within the deadline"),
        ((), {"total": SOON}, "no end within the deadline of the call"),
        (good_events()[:5], {"idle_bytes": SOON}, "not a byte within the deadline"),
        (good_events()[:5], {"idle_events": SOON}, "only keepalives within the deadline"),
        (good_events()[:5], {"total": SOON}, "no end within the deadline of the call"),
    ],
    ids=["first-event", "total-before", "idle-bytes", "idle-events", "total-within"],
)
def test_a_passed_deadline_ends_what_is_waited_for(
    entries: list[dict[str, Any]], deadlines: dict[str, float], words: str
) -> None:
    stream = Events(*entries, for_ever)
    limits = replace(OFF, **deadlines)  # type: ignore[arg-type]
    text, status, reason = ending(answering(stream)[0], deadlines=limits, recovery=ONE_ATTEMPT)
    assert words in reason
    assert (text, status) == (("Hel", "partial") if entries else ("", "failed"))
    assert stream.closed == 1


@pytest.mark.parametrize("limit", ["headers", "total"])
def test_a_client_that_never_answers_is_given_up(limit: str) -> None:
    cancelled = []

    async def create(**request: Any) -> Any:
        try:
            await for_ever()
        except asyncio.CancelledError:
            cancelled.append(request)
            raise

    deadlines = replace(OFF, **{limit: SOON})
    with pytest.raises(CallError, match="within the deadline"):
        call(client_of(create), deadlines=deadlines, recovery=ONE_ATTEMPT)
    assert len(cancelled) == 1


def test_no_time_left_is_told_at_once() -> None:
    with pytest.raises(CallError, match="no end within the deadline of the call"):
        call(answering(Events(for_ever))[0], deadlines=Deadlines(total=0.0))


def test_a_call_that_a_deadline_ended_goes_on_with_the_next_attempt() -> None:
    first, second = Events(for_ever), Events(*good_events())
    deadlines = replace(OFF, first_event=SOON)
    result = call(answering(first, second)[0], deadlines=deadlines)
    assert (result.text, result.status, len(result.attempts)) == ("Hello", "complete", 2)
    assert (first.closed, second.closed) == (1, 1)


def test_a_timeout_of_the_callers_own_comes_through() -> None:
    def on_event(event: CallEvent) -> None:
        raise TimeoutError("the caller's own")

    stream = Events(*good_events())
    with pytest.raises(TimeoutError, match="the caller's own"):
        call(answering(stream)[0], live=True, on_event=on_event, deadlines=Deadlines())
    assert stream.closed == 1


def test_a_timeout_around_the_call_ends_it() -> None:
    stream = Events(*good_events()[:4], for_ever)

    async def run() -> None:
        async with asyncio.timeout(SOON):
            await run_call_async(answering(stream)[0], REQUEST)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert stream.closed == 1


# What the caller is told meanwhile.


def test_waits_are_told_in_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdogs, "FIRST_NOTICE", SOON)
    told: list[str] = []
    enough = asyncio.Event()

    def on_event(event: CallEvent) -> None:
        assert asyncio.get_running_loop()
        if isinstance(event, Notice) and event.kind == "waiting":
            told.append(event.text)
            enough.set()

    stream = Events(enough.wait, *good_events())  # type: ignore[arg-type]
    assert call(answering(stream)[0], on_event=on_event).text == "Hello"
    assert told[0].startswith("Still waiting: the answer has begun with nothing in it")


@pytest.mark.parametrize(
    ("raised", "comes_out"),
    [(ValueError("the caller's own"), ValueError), (KeyboardInterrupt(), CallInterrupted)],
    ids=["error", "interrupt"],
)
def test_what_the_caller_raises_when_told_ends_the_call(
    raised: BaseException, comes_out: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdogs, "FIRST_NOTICE", SOON)

    def on_event(event: CallEvent) -> None:
        raise raised

    stream = Events(for_ever)
    with pytest.raises(comes_out):
        call(answering(stream)[0], on_event=on_event)
    assert stream.closed == 1


def test_the_event_loop_goes_on_while_a_retry_waits() -> None:
    busy = {"type": "error", "error": {"code": "server_error", "message": "busy"}}
    client, requests = answering(Events(busy), Events(*good_events()))
    ticks = 0

    async def run() -> ResponseResult:
        nonlocal ticks
        task = asyncio.create_task(run_call_async(client, REQUEST))
        while not task.done():
            ticks += len(requests) == 1
            await asyncio.sleep(0.01)
        return task.result()

    assert asyncio.run(run()).text == "Hello"
    assert len(requests) == 2
    assert ticks > 1


# Over real sockets.


@pytest.mark.parametrize("kind", ["light", "openai"])
def test_many_calls_share_a_client_and_an_event_loop(kind: Any) -> None:
    body = b"".join(good_stream())
    with RawServer(lambda connection: connection.sendall(http(body))) as server:

        async def run() -> list[ResponseResult]:
            client = build_async_client(Endpoint("custom", server.base_url), kind)
            try:
                return await asyncio.gather(*(run_call_async(client, REQUEST) for _ in range(20)))
            finally:
                await client.close()

        results = asyncio.run(run())
    assert [result.text for result in results] == ["Hello"] * 20
    assert len(server.requests) == 20


@pytest.mark.parametrize("kind", ["light", "openai"])
def test_a_given_up_stream_is_closed_at_once(kind: Any) -> None:
    """The server ends its connection only when the client has closed it; else the test would not end."""
    start = b"".join(good_stream()[:5])

    def handle(connection: Any) -> None:
        connection.sendall(http(start))
        wait_for_eof(connection)

    with RawServer(handle) as server:

        async def run() -> ResponseResult:
            client = build_async_client(Endpoint("custom", server.base_url), kind)
            deadlines = Deadlines(idle_bytes=SOON)
            try:
                return await run_call_async(
                    client, REQUEST, options=CallOptions(deadlines=deadlines, recovery=ONE_ATTEMPT)
                )
            finally:
                await client.close()

        result = asyncio.run(run())
    assert (result.text, result.status) == ("Hel", "partial")


@pytest.mark.parametrize("kind", ["light", "openai"])
def test_a_client_of_the_wrong_kind_is_named(kind: Any) -> None:
    with RawServer(lambda connection: connection.sendall(http(b"".join(good_stream())))) as server:
        blocking = build_client(Endpoint("custom", server.base_url), kind)
        with pytest.raises(TypeError, match="use run_call, or a client to await"):
            call(blocking)
        blocking.close()

        async def run() -> None:
            client = build_async_client(Endpoint("custom", server.base_url), kind)
            try:
                with pytest.raises(TypeError, match="use run_call_async, or a client that blocks"):
                    run_call(client, REQUEST)
            finally:
                await client.close()

        asyncio.run(run())
    assert len(server.requests) == 1


def test_a_loop_that_is_held_up_ends_no_call_whose_bytes_are_there() -> None:
    """The loop is busy elsewhere for longer than the limit, and more of the answer comes meanwhile."""
    frames = good_stream()
    begun, more, rest = b"".join(frames[:5]), frames[5], b"".join(frames[6:])
    is_held, has_more, sent = threading.Event(), threading.Event(), threading.Event()

    def handle(connection: Any) -> None:
        connection.sendall(http(begun))
        is_held.wait(20)
        connection.sendall(more)
        sent.set()
        has_more.wait(20)
        connection.sendall(rest)

    with RawServer(handle) as server:

        async def run() -> ResponseResult:
            has_text = asyncio.Event()

            async def hold_up() -> None:
                await has_text.wait()
                is_held.set()
                sent.wait(20)
                threading.Event().wait(4 * SOON)

            def on_event(event: CallEvent) -> None:
                if isinstance(event, Delta):
                    (has_more if has_text.is_set() else has_text).set()

            limits = replace(OFF, idle_bytes=2 * SOON)
            options = CallOptions(live=True, deadlines=limits, recovery=ONE_ATTEMPT)
            client = build_async_client(Endpoint("custom", server.base_url))
            try:
                async with client, asyncio.TaskGroup() as group:
                    group.create_task(hold_up())
                    return await run_call_async(client, REQUEST, options=options, on_event=on_event)
            finally:
                has_more.set()

        result = asyncio.run(run())
    assert (result.text, result.status) == ("Hello", "complete")


@pytest.mark.parametrize("whole", [True, False], ids=["to-its-end", "given-up"])
def test_an_asynchronous_generator_is_closed_when_the_call_returns(whole: bool) -> None:
    closed: list[bool] = []

    async def events() -> AsyncIterator[Any]:
        try:
            for event in good_events() if whole else good_events()[:5]:
                yield event
            await for_ever()
        finally:
            closed.append(True)

    async def run() -> list[bool]:
        options = CallOptions(deadlines=replace(OFF, idle_bytes=SOON), recovery=ONE_ATTEMPT)
        await run_call_async(answering(events())[0], REQUEST, options=options)
        return list(closed)

    assert asyncio.run(run()) == [True]


def test_a_context_manager_that_blocks_is_named() -> None:
    with pytest.raises(TypeError, match="use run_call, or a client to await"):
        call(answering(contextlib.closing(Events()))[0])  # type: ignore[type-var]


def test_a_blocking_sdk_asked_without_streaming_is_named() -> None:
    client = build_client(Endpoint("custom", "http://127.0.0.1:9/v1"), "openai")
    with pytest.raises(TypeError, match="use run_call, or a client to await"):
        asyncio.run(async_transport.send(client, Request(REQUEST)))
    client.close()


def test_without_an_event_loop_it_says_so() -> None:
    coroutine = run_call_async(answering([])[0], REQUEST)
    with pytest.raises(RuntimeError, match="needs a running event loop of asyncio"):
        coroutine.send(None)
