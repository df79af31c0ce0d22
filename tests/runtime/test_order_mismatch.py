"""The fault that Hermes began with: an event before ``response.created`` loses no conversation.

A backend sends ``codex.rate_limits`` first, a strict order check refuses it, and a valid answer is there
to be had: https://github.com/NousResearch/hermes-agent/issues/14634
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from hermes.errors import CallError
from hermes.providers.contract import EndpointFact, EndpointMemory
from hermes.providers.manager import PluginManager
from hermes.responses.result import ResponseResult
from hermes.runtime.stream import CallOptions, _run_codex_stream
from hermes.testing.corpus import scenario
from hermes.testing.wire import message_item, response_object

from .conftest import REQUEST, Call, FakeClock

ORDER_WORDS = "Expected to have received `response.created` before `codex.rate_limits`"
MISSING_WORDS = "Didn't receive a `response.completed` event."


class RaisingStream:
    """A stream of the SDK's helper: it raises once somebody iterates it, and notes that."""

    def __init__(self, error: Exception, *events: dict[str, Any]) -> None:
        self.iterated = 0
        self._error = error
        self._events = events

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for event in self._events:
            self.iterated += 1
            yield event
        self.iterated += 1
        raise self._error


def answer(text: str = "Hello") -> SimpleNamespace:
    """A non-streamed answer as a client object with attributes."""
    return SimpleNamespace(**response_object(message_item(text)))


def run(client: Any, *plugins: str, memory: EndpointMemory | None = None) -> ResponseResult:
    options = CallOptions(clock=FakeClock(), memory=memory or EndpointMemory())
    return _run_codex_stream(client, REQUEST, PluginManager(plugins), options)


@pytest.fixture
def client(mocker: MockerFixture) -> Any:
    return mocker.Mock(spec_set=["responses"])


@pytest.mark.parametrize("words", [ORDER_WORDS, MISSING_WORDS])
def test_the_sdks_runtime_error_is_answered_by_a_non_stream_create(client: Any, words: str) -> None:
    stream = RaisingStream(RuntimeError(words))
    client.responses.create.side_effect = [stream, answer()]

    result = run(client)

    assert stream.iterated == 1
    assert result.status == "complete"
    assert result.text == "Hello"
    first, second = client.responses.create.call_args_list
    assert first.kwargs == {**REQUEST, "stream": True}
    assert second.kwargs == REQUEST
    assert "stream" not in second.kwargs


def test_our_own_order_error_is_answered_in_the_same_way(client: Any) -> None:
    events = [{"type": "codex.rate_limits"}, {"type": "response.created", "response": {"id": "resp_1"}}]
    client.responses.create.side_effect = [events, answer()]

    result = run(client)

    assert result.text == "Hello"
    assert [attempt.verdict for attempt in result.attempts] == ["order_mismatch", ""]
    assert ORDER_WORDS in result.attempts[0].reason
    assert "stream" not in client.responses.create.call_args.kwargs


def test_events_before_the_error_are_not_delivered_twice(client: Any) -> None:
    started = (
        {"type": "response.created", "response": {"id": "resp_1"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
        {"type": "response.content_part.added", "output_index": 0, "content_index": 0, "part": {}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hel"},
    )
    stream = RaisingStream(RuntimeError(MISSING_WORDS), *started)
    client.responses.create.side_effect = [stream, answer()]

    result = run(client)

    assert stream.iterated == len(started) + 1
    assert result.text == "Hello"


@pytest.mark.parametrize("error", [RuntimeError("another"), TypeError("a fault"), ValueError("a fault")])
def test_an_error_that_is_not_the_backends_is_not_hidden(client: Any, error: Exception) -> None:
    client.responses.create.side_effect = [RaisingStream(error), answer()]
    with pytest.raises(type(error), match=str(error)):
        run(client)
    assert client.responses.create.call_count == 1


def test_a_fallback_that_fails_too_says_what_happened_first(client: Any) -> None:
    client.responses.create.side_effect = [RaisingStream(RuntimeError(ORDER_WORDS)) for _ in range(5)]
    with pytest.raises(CallError, match="breaks the event order"):
        run(client)
    assert client.responses.create.call_count <= 3


def test_over_a_socket_without_the_adapter_a_second_request_brings_the_answer(call: Call) -> None:
    outcome = call(scenario("codex-lb-prelude"))
    assert outcome.kinds == ("stream", "non_stream")
    assert "stream" not in outcome.requests[1].body
    assert outcome.result is not None
    assert outcome.result.text == "Hello"
    assert ORDER_WORDS in outcome.told
    assert "hermes plugins enable codex_lb" in outcome.told


def test_over_a_socket_with_the_adapter_one_request_is_enough(call: Call) -> None:
    outcome = call(scenario("codex-lb-prelude"), plugins=("codex_lb",))
    assert outcome.kinds == ("stream",)
    assert outcome.result is not None
    assert outcome.result.text == "Hello"
    assert outcome.result.rate_limits[0].plan == "pro"
    assert outcome.notices == []


def test_a_backend_that_refuses_non_stream_is_streamed_with_preludes_tolerated(call: Call) -> None:
    outcome = call(scenario("prelude-stream-required"))
    assert outcome.kinds == ("stream", "non_stream", "stream")
    assert outcome.status == "complete"


def test_the_session_remembers_what_the_endpoint_taught(call: Call) -> None:
    memory = EndpointMemory()
    call(scenario("codex-lb-prelude"), memory=memory)
    again = call(scenario("codex-lb-prelude"), memory=memory, live=True)
    assert again.kinds == ("stream",)
    assert again.delivered == "Hello"
    assert again.status == "complete"


def test_the_session_remembers_that_only_streams_are_answered(call: Call) -> None:
    memory = EndpointMemory()
    call(scenario("prelude-stream-required"), memory=memory)
    assert memory.knows(EndpointFact.STREAM_REQUIRED)
    again = call(scenario("prelude-stream-required"), memory=memory)
    assert again.kinds == ("stream",)
    assert again.status == "complete"
