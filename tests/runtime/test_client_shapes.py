"""Clients as people inject them: mocks with and without a spec, patched SDK clients, context managers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx2
import openai
import pytest
from openai.resources.responses import Responses
from pytest_mock import MockerFixture

from hermes.runtime.stream import CallOptions, _run_codex_stream, run_call
from hermes.testing.wire import good_events, message_item, response_object

from .conftest import REQUEST, FakeClock
from .test_order_mismatch import ORDER_WORDS, RaisingStream

Patched = Callable[[MockerFixture, list[Any]], Any]


def plain_mock(mocker: MockerFixture, answers: list[Any]) -> Any:
    client = mocker.MagicMock()
    client.responses.create.side_effect = answers
    return client


def mock_with_the_sdks_spec(mocker: MockerFixture, answers: list[Any]) -> Any:
    client = mocker.MagicMock(spec=openai.OpenAI)
    client.responses.create.side_effect = answers
    return client


def sdk_client_with_a_patched_method(mocker: MockerFixture, answers: list[Any]) -> Any:
    client = openai.OpenAI(api_key="any-key", base_url="http://127.0.0.1:9/v1")
    mocker.patch.object(client.responses, "create", side_effect=answers)
    return client


def sdk_client_with_a_patched_class(mocker: MockerFixture, answers: list[Any]) -> Any:
    mocker.patch.object(Responses, "create", side_effect=answers)
    return openai.OpenAI(api_key="any-key", base_url="http://127.0.0.1:9/v1")


def sdk_client_with_an_autospecced_class(mocker: MockerFixture, answers: list[Any]) -> Any:
    mocker.patch.object(Responses, "create", autospec=True, side_effect=answers)
    return openai.OpenAI(api_key="any-key", base_url="http://127.0.0.1:9/v1")


CLIENTS: list[Patched] = [
    plain_mock,
    mock_with_the_sdks_spec,
    sdk_client_with_a_patched_method,
    sdk_client_with_a_patched_class,
    sdk_client_with_an_autospecced_class,
]
ANSWERS: dict[str, Any] = {
    "attributes": SimpleNamespace(**response_object(message_item("Hello"))),
    "mapping": response_object(message_item("Hello")),
    "only output_text": SimpleNamespace(id="resp_1", output_text="Hello"),
    "output_text and no items": {"status": "completed", "output": [], "output_text": "Hello"},
    "the SDK's own": openai.types.responses.Response.construct(**response_object(message_item("Hello"))),
}


@pytest.fixture(autouse=True)
def _close_clients(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's clients hold a pool of connections, which has to be closed."""
    made: list[openai.OpenAI] = []
    original = openai.OpenAI.__init__

    def noted(self: openai.OpenAI, **options: Any) -> None:
        original(self, **options)
        made.append(self)

    monkeypatch.setattr(openai.OpenAI, "__init__", noted)
    yield
    for client in made:
        client.close()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("make", CLIENTS)
def test_the_fallback_goes_through_the_clients_own_create(
    make: Patched, answer: Any, mocker: MockerFixture
) -> None:
    stream = RaisingStream(RuntimeError(ORDER_WORDS))
    client = make(mocker, [stream, answer])

    result = _run_codex_stream(client, REQUEST)

    assert stream.iterated == 1
    assert (result.status, result.text) == ("complete", "Hello")
    assert client.responses.create.call_count == 2
    assert "stream" not in client.responses.create.call_args.kwargs


def test_a_stream_whose_response_only_claims_to_be_one_is_iterated(mocker: MockerFixture) -> None:
    stream = mocker.MagicMock()
    stream.response = mocker.MagicMock(spec=httpx2.Response)
    stream.__iter__.return_value = iter(good_events())
    assert run_call(plain_mock(mocker, [stream]), REQUEST).text == "Hello"


class Manager:
    """A stream that has to be entered, as the SDK's stream helper has to be."""

    def __init__(self, events: list[Any]) -> None:
        self.exited = False
        self._events = events

    def __enter__(self) -> Any:
        return iter(self._events)

    def __exit__(self, *error: object) -> None:
        self.exited = True


def test_a_context_manager_is_entered_and_left(mocker: MockerFixture) -> None:
    manager = Manager(good_events())
    assert run_call(plain_mock(mocker, [manager]), REQUEST).text == "Hello"
    assert manager.exited


def test_a_mock_that_gives_its_events_when_it_is_entered(mocker: MockerFixture) -> None:
    stream = mocker.MagicMock()
    stream.__enter__.return_value = iter(good_events())
    client = plain_mock(mocker, [stream])
    assert run_call(client, REQUEST).text == "Hello"
    assert client.responses.create.call_count == 1


def test_an_error_that_the_client_has_parsed_is_read(mocker: MockerFixture) -> None:
    refused = openai.BadRequestError(
        "Stream must be set to true",
        response=mocker.MagicMock(status_code=400),
        body={"detail": "Stream must be set to true"},
    )
    client = plain_mock(mocker, [RaisingStream(RuntimeError(ORDER_WORDS)), refused, good_events()])
    result = run_call(client, REQUEST)
    assert result.text == "Hello"
    assert [attempt.verdict for attempt in result.attempts] == ["order_mismatch", "stream_required", ""]


def test_a_refused_connection_is_no_cut_answer(mocker: MockerFixture) -> None:
    client = plain_mock(mocker, [ConnectionRefusedError(111, "Connection refused"), good_events()])
    result = run_call(client, REQUEST, options=CallOptions(clock=FakeClock()))
    assert [attempt.verdict for attempt in result.attempts] == ["transport", ""]


def test_parameters_that_the_backend_refuses_are_left_out_one_by_one(mocker: MockerFixture) -> None:
    def refusal(name: str) -> openai.BadRequestError:
        response = httpx2.Response(
            400,
            json={"detail": f"Unsupported parameter: {name}"},
            request=httpx2.Request("POST", "http://127.0.0.1/v1/responses"),
        )
        return openai.BadRequestError("refused", response=response, body=None)

    told: list[Any] = []
    client = plain_mock(mocker, [refusal("temperature"), refusal("store"), good_events()])
    result = run_call(client, {**REQUEST, "temperature": 1, "store": False}, on_event=told.append)

    assert result.text == "Hello"
    assert client.responses.create.call_args.kwargs == {**REQUEST, "stream": True}
    assert [notice.text.partition(" Asking ")[2] for notice in told] == [
        "again without `temperature`.",
        "again without `store`, so the backend decides whether it stores the conversation.",
    ]


def test_what_a_request_cannot_do_without_is_not_left_out(mocker: MockerFixture) -> None:
    body = {"error": {"message": "Unsupported value: 'model'", "code": "unsupported_value", "param": "model"}}
    response = httpx2.Response(400, json=body, request=httpx2.Request("POST", "http://127.0.0.1/"))
    client = plain_mock(mocker, [openai.BadRequestError("refused", response=response, body=body)])
    with pytest.raises(Exception, match="refuses the request"):
        run_call(client, REQUEST)
    assert client.responses.create.call_count == 1
