"""Clients that are not the reference one: mocks, other SDKs, and what they give and raise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from openai.types.responses import Response
from pytest_mock import MockerFixture

from hermes.providers.contract import FailureKind
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.transport import EventsAnswer, TransportFailed, send
from hermes.testing.wire import error, good_events, good_stream, message_item, response_object, text_delta

from .helpers import ONE_ATTEMPT, STREAM, client_of, run_with

REQUEST_OBJECT = httpx2.Request(
    "POST", "http://127.0.0.1/v1/responses", headers={"authorization": "Bearer sk"}
)
WHOLE = response_object(message_item("Hello"))
SSE = b"".join(good_stream())


def namespaces(value: Any) -> Any:
    """The same data as objects with attributes."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: namespaces(entry) for name, entry in value.items()})
    return [namespaces(entry) for entry in value] if isinstance(value, list) else value


def typed() -> list[Any]:
    """The same events as the SDK yields them."""
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=SSE))
    with openai.OpenAI(api_key="sk-1", http_client=httpx2.Client(transport=transport)) as client:
        return list(client.responses.create(model="m", input="hi", stream=True))


class Closing:
    """A stream that notes that it was closed, as other SDKs' streams want to be."""

    def __init__(self, events: list[Any]) -> None:
        self.closed = 0
        self._events = iter(events)

    def __iter__(self) -> Iterator[Any]:
        return self._events

    def close(self) -> None:
        self.closed += 1


STREAMS: dict[str, Any] = {
    "dicts": lambda: good_events(),
    "a generator of dicts": lambda: (event for event in good_events()),
    "namespaces": lambda: [namespaces(event) for event in good_events()],
    "the SDK's events": typed,
    "a closing stream": lambda: Closing(good_events()),
    "no stream but a Response": lambda: Response.construct(**WHOLE),
    "no stream but a dict": lambda: WHOLE,
    "no stream but a namespace": lambda: namespaces(WHOLE),
    "the text of a JSON body": lambda: json.dumps(WHOLE),
    "the text of an SSE body": lambda: SSE.decode(),
    "the bytes of an SSE body": lambda: SSE,
    "a bytearray": lambda: bytearray(SSE),
}


@pytest.mark.parametrize("live", [False, True], ids=["buffered", "live"])
@pytest.mark.parametrize("name", STREAMS)
def test_whatever_a_client_gives_for_a_stream_is_understood(name: str, live: bool) -> None:
    client = client_of(STREAMS[name]())
    ended = run_with(client, live=live)
    assert ended.result is not None
    assert (ended.result.status, ended.result.text) == ("complete", "Hello")
    assert "".join(event.text for event in ended.events) == ("Hello" if live else "")
    assert len(client.requests) == 1


@pytest.mark.parametrize("answer", [SSE.decode(), SSE, WHOLE, namespaces(WHOLE), Response.construct(**WHOLE)])
def test_whatever_a_client_gives_for_a_non_stream_is_understood(answer: Any) -> None:
    ended = run_with(client_of([{"type": "codex.rate_limits"}], answer))
    assert ended.result is not None
    assert ended.result.text == "Hello"


def test_a_stream_is_closed_however_it_ends() -> None:
    streams = [
        Closing(good_events()),
        Closing(good_events()[:3]),
        Closing([*good_events()[:3], error(code="x")]),
    ]
    for stream in streams:
        run_with(client_of(stream), recovery=ONE_ATTEMPT)
    assert [stream.closed for stream in streams] == [1, 1, 1]


def test_reading_stops_at_the_terminal_event() -> None:
    def endless() -> Iterator[Any]:
        yield from good_events()
        raise AssertionError("it reads on")

    assert run_with(client_of(endless())).result is not None


def test_a_mock_with_a_response_of_its_own_is_iterated(mocker: MockerFixture) -> None:
    client = mocker.MagicMock()
    stream = client.responses.create.return_value
    stream.__iter__.return_value = iter(good_events())
    assert isinstance(send(client, STREAM), EventsAnswer)
    ended = run_with(client)
    assert ended.result is not None
    assert ended.result.text == "Hello"


def test_a_bare_mock_fails_with_a_sentence(mocker: MockerFixture) -> None:
    ended = run_with(mocker.MagicMock(), recovery=ONE_ATTEMPT)
    assert ended.error is not None
    assert "ended before its first event" in ended.reason


def test_the_request_is_not_changed_under_the_clients_hands(mocker: MockerFixture) -> None:
    client = mocker.MagicMock()
    client.responses.create.return_value = good_events()
    run_with(client)
    assert client.responses.create.call_args.kwargs == dict(STREAM)


# What clients raise.


def status_error(status: int, body: bytes) -> openai.APIStatusError:
    response = httpx2.Response(status, content=body, headers={"x-request-id": "r1"}, request=REQUEST_OBJECT)
    return openai.APIStatusError("refused", response=response, body=None)


def connection_error(cause: Exception) -> openai.APIConnectionError:
    raised = openai.APIConnectionError(request=REQUEST_OBJECT)
    raised.__cause__ = cause
    return raised


MAPPED: dict[str, tuple[Exception, FailureKind, str]] = {
    "a status": (status_error(503, b'{"error": {"message": "busy"}}'), FailureKind.HTTP_STATUS, ""),
    "an error of the SDK": (
        openai.APIError("boom", REQUEST_OBJECT, body={"code": "server_error"}),
        FailureKind.ERROR_EVENT,
        "",
    ),
    "an error of the SDK without a body": (
        openai.APIError("boom", REQUEST_OBJECT, body=None),
        FailureKind.ERROR_EVENT,
        "",
    ),
    "no connection": (connection_error(httpx2.ConnectError("refused")), FailureKind.CONNECT, ""),
    "no connection, of another library": (connection_error(OSError("refused")), FailureKind.CONNECT, ""),
    "no answer": (connection_error(httpx2.RemoteProtocolError("disconnected")), FailureKind.CONNECT, ""),
    "a timeout of the SDK": (openai.APITimeoutError(REQUEST_OBJECT), FailureKind.TIMEOUT, "connect"),
    "PoolTimeout": (httpx2.PoolTimeout(""), FailureKind.TIMEOUT, "connect"),
    "ConnectTimeout": (httpx2.ConnectTimeout(""), FailureKind.TIMEOUT, "connect"),
    "ReadTimeout": (httpx2.ReadTimeout(""), FailureKind.TIMEOUT, "idle_bytes"),
    "WriteTimeout": (httpx2.WriteTimeout(""), FailureKind.TIMEOUT, "idle_bytes"),
    "ReadError": (httpx2.ReadError(""), FailureKind.CUT, ""),
    "WriteError": (httpx2.WriteError(""), FailureKind.CUT, ""),
    "CloseError": (httpx2.CloseError(""), FailureKind.CUT, ""),
    "RemoteProtocolError": (httpx2.RemoteProtocolError(""), FailureKind.CUT, ""),
    "LocalProtocolError": (httpx2.LocalProtocolError("b'sk'"), FailureKind.CONNECT, ""),
    "ProxyError": (httpx2.ProxyError("407"), FailureKind.CONNECT, ""),
    "UnsupportedProtocol": (httpx2.UnsupportedProtocol("ftp"), FailureKind.CONNECT, ""),
    "TooManyRedirects": (httpx2.TooManyRedirects(""), FailureKind.CUT, ""),
    "DecodingError": (httpx2.DecodingError("-3"), FailureKind.BODY, ""),
    "ConnectionResetError": (ConnectionResetError("reset"), FailureKind.CUT, ""),
    "TimeoutError": (TimeoutError("slow"), FailureKind.CUT, ""),
    "the SDK's words of disorder": (
        RuntimeError("Expected to have received `response.created` before `codex.rate_limits`"),
        FailureKind.ORDER,
        "",
    ),
    "the SDK's words of an early end": (
        RuntimeError("Didn't receive a `response.completed` event."),
        FailureKind.EARLY_END,
        "",
    ),
}


@pytest.mark.parametrize("name", MAPPED)
def test_what_clients_are_known_to_raise_is_mapped(name: str) -> None:
    raised, kind, deadline = MAPPED[name]
    with pytest.raises(TransportFailed) as sent:
        send(client_of(raised), STREAM)
    answer = send(client_of(raising(raised)), STREAM)
    assert isinstance(answer, EventsAnswer)
    with pytest.raises(TransportFailed) as read:
        list(answer.events())
    for caught in (sent, read):
        failure = caught.value.failure
        assert (failure.kind, failure.deadline) == (kind, deadline)
        assert "sk" not in repr(failure)
        assert caught.value.__cause__ is None


def raising(error_of_client: BaseException) -> Iterator[Any]:
    yield text_delta("unused")
    raise error_of_client


FAULTS = (
    TypeError("unexpected keyword"),
    ValueError("no value"),
    KeyError("type"),
    RuntimeError("another fault"),
    OSError(28, "No space left on device"),
    BrokenPipeError("the reader left"),
    PermissionError("no access"),
    openai.OpenAIError("missing credentials"),
    httpx2.InvalidURL("no URL"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("live", [False, True], ids=["buffered", "live"])
def test_a_fault_in_a_client_is_neither_hidden_nor_mapped(fault: Exception, live: bool) -> None:
    for client in (client_of(fault), client_of([*good_events()[:3]], fault)):
        with pytest.raises(type(fault)) as caught:
            run_with(client, live=live, recovery=RecoveryPolicy(max_attempts=3))
        assert caught.value is fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_what_the_callers_callback_raises_is_its_own(fault: Exception) -> None:
    def on_event(event: Any) -> None:
        raise fault

    stream = Closing(good_events())
    client = client_of(stream)
    with pytest.raises(type(fault)) as caught:
        run_with(client, live=True, on_event=on_event)
    assert caught.value is fault
    assert len(client.requests) == 1
    assert stream.closed == 1


def test_a_connection_error_of_the_callers_callback_is_no_cut_stream() -> None:
    def on_event(event: Any) -> None:
        raise ConnectionResetError("the caller's own socket")

    with pytest.raises(ConnectionResetError, match="own socket"):
        run_with(client_of(good_events()), live=True, on_event=on_event)


def test_what_is_no_event_is_named() -> None:
    with pytest.raises(TypeError, match="gave a int, which is no event"):
        run_with(client_of([1]))
    with pytest.raises(TypeError, match="gave a NoneType"):
        run_with(client_of(None))


def test_what_an_adapter_holds_back_is_handed_out_where_the_events_just_end() -> None:
    begun = "Our servers are currently over"  # so begins an error that some backends send as text
    events = [*good_events(begun, pieces=[begun])[:5]]
    ended = run_with(client_of(events), live=True, recovery=ONE_ATTEMPT)
    assert ended.result is not None
    assert (ended.result.text, ended.result.status) == (begun, "partial")
