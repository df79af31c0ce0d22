"""The other ways to ask for the same answer, and keepalives."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.adapters import builtin
from hermes.providers.contract import (
    AdapterContext,
    EndpointFact,
    EndpointMemory,
    Event,
    Fallback,
    Request,
    Verdict,
    VerdictKind,
)

REQUEST = Request(model="m", input="hi", stream=True, stream_options={"include_obfuscation": False})
NON_STREAM = Request(model="m", input="hi")

ORDER = Verdict(VerdictKind.ORDER_MISMATCH)
TRUNCATED = Verdict(VerdictKind.TRUNCATED)
EMPTY = Verdict(VerdictKind.PROTOCOL, code="empty_answer")
REFUSED = Verdict(VerdictKind.STREAM_REQUIRED)

AS_STREAM = Fallback("stream", REQUEST, tolerate_prelude=True)
TOLERANT = Fallback("tolerant_stream", REQUEST, tolerate_prelude=True)
WITHOUT_STREAM = Fallback("non_stream", NON_STREAM, tolerate_prelude=True)


def context(*, streaming: bool, facts: tuple[EndpointFact, ...] = ()) -> AdapterContext:
    memory = EndpointMemory()
    for fact in facts:
        memory.learn(fact)
    return AdapterContext("p", "m", memory, on_report=lambda item: None, streaming=streaming)


@pytest.mark.parametrize(
    ("verdict", "streaming", "facts", "fallback"),
    [
        (ORDER, True, (), WITHOUT_STREAM),
        (TRUNCATED, True, (), WITHOUT_STREAM),
        (EMPTY, True, (), WITHOUT_STREAM),
        (ORDER, True, (EndpointFact.BREAKS_ORDER, EndpointFact.NON_STREAM_WORKS), WITHOUT_STREAM),
        (ORDER, True, (EndpointFact.STREAM_REQUIRED,), TOLERANT),
        (TRUNCATED, True, (EndpointFact.STREAM_REQUIRED,), TOLERANT),
        (EMPTY, True, (EndpointFact.STREAM_REQUIRED,), TOLERANT),
        (ORDER, False, (), None),
        (TRUNCATED, False, (), None),
        (EMPTY, False, (), AS_STREAM),
        (REFUSED, False, (), TOLERANT),
        (REFUSED, True, (), TOLERANT),
        *(
            (Verdict(kind), streaming, (), None)
            for kind in VerdictKind
            if kind not in (VerdictKind.ORDER_MISMATCH, VerdictKind.TRUNCATED, VerdictKind.STREAM_REQUIRED)
            for streaming in (True, False)
        ),
    ],
)
def test_fallbacks(
    verdict: Verdict, streaming: bool, facts: tuple[EndpointFact, ...], fallback: Fallback | None
) -> None:
    asked = builtin.fallback_request(REQUEST, verdict, context(streaming=streaming, facts=facts))
    assert asked == fallback


def test_an_answer_that_is_empty_both_ways_is_not_asked_for_again() -> None:
    call = context(streaming=True)
    assert builtin.fallback_request(REQUEST, EMPTY, call) == WITHOUT_STREAM
    call.streaming = False
    assert builtin.fallback_request(REQUEST, EMPTY, call) is None


def test_a_stream_that_broke_otherwise_may_be_tried_after_an_empty_answer() -> None:
    call = context(streaming=True)
    assert builtin.fallback_request(REQUEST, ORDER, call) == WITHOUT_STREAM
    call.streaming = False
    assert builtin.fallback_request(REQUEST, EMPTY, call) == AS_STREAM


@pytest.mark.parametrize("kind", ["keepalive", "ping", "response.keep_alive"])
@pytest.mark.parametrize("place", range(5))
def test_keepalives_are_dropped_wherever_they_come(drive: Any, kind: str, place: int) -> None:
    item = {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "Hello"}]}
    events = [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "msg_1"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": "r", "output": [item]}},
    ]
    events.insert(place, {"type": kind, "sequence_number": 186})
    assert drive(events, lenient=False).text == "Hello"


def test_keepalives_of_vendors_are_not_builtins_to_drop() -> None:
    event = Event("codex.keepalive", {"type": "codex.keepalive"})
    assert event.type not in builtin.event_types
