"""Whole streams under random damage: the right answer or none, and good streams pay nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hermes.testing.wire import (
    completed,
    created,
    function_call_events,
    function_call_item,
    in_progress,
    message_events,
    message_item,
    reasoning_events,
    reasoning_item,
    refusal_events,
    refusal_item,
)

SECOND = {"arguments": '{"path":"notes.txt"}', "name": "read", "call_id": "call_2", "item_id": "fc_2"}
CALLS = [("call_1", "sh", '{"command":"ls"}'), ("call_2", "read", '{"path":"notes.txt"}')]
OUTPUT = (
    reasoning_item("Thinking"),
    message_item("Hello, world"),
    function_call_item(),
    function_call_item(**SECOND),
    message_item("!", item_id="msg_2"),
)


def numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


TEXT_STREAM = numbered(
    [created(), in_progress(), *message_events("Hello, world"), completed(message_item("Hello, world"))]
)
LONG_STREAM = numbered(
    [
        created(),
        in_progress(),
        *reasoning_events(),
        *message_events("Hello, world", pieces=["Hel", "lo", ", ", "wor", "ld"], output_index=1),
        *function_call_events(output_index=2),
        *function_call_events(**SECOND, output_index=3),
        *message_events("!", pieces=["!"], item_id="msg_2", output_index=4),
        completed(*OUTPUT),
    ]
)
REFUSAL_STREAM = numbered([created(), *refusal_events("No."), completed(refusal_item("No."))])


@pytest.mark.parametrize("events", [TEXT_STREAM, LONG_STREAM, REFUSAL_STREAM])
@pytest.mark.parametrize("number", [True, False])
def test_good_streams_are_never_repaired(drive: Any, events: list[dict[str, Any]], number: bool) -> None:
    if not number:
        events = [{k: v for k, v in event.items() if k != "sequence_number"} for event in events]
    driven = drive(events)
    assert driven.is_complete
    assert driven.repairs == []


def damaged(events: list[dict[str, Any]], counts: list[int]) -> list[dict[str, Any]]:
    """Each event as often as ``counts`` says: 0 loses it, 2 sends it twice in a row."""
    return [event for event, count in zip(events, counts, strict=True) for _ in range(count)]


def counts_for(events: list[dict[str, Any]]) -> st.SearchStrategy[list[int]]:
    count = st.sampled_from([1, 1, 1, 0, 2, 3])
    return st.lists(count, min_size=len(events), max_size=len(events))


@settings(deadline=None, max_examples=300)
@given(counts=counts_for(TEXT_STREAM))
@example(counts=[0] * (len(TEXT_STREAM) - 1) + [1])
@example(counts=[2] * len(TEXT_STREAM))
def test_a_damaged_text_is_right_or_not_complete(drive: Any, counts: list[int]) -> None:
    driven = drive(damaged(TEXT_STREAM, counts))
    if driven.is_complete:
        assert driven.answer.text == "Hello, world"
    else:
        # Nothing but the loss of the end, or an order that nobody understands, may cost the answer.
        assert driven.refusal is not None or counts[-1] == 0


@settings(deadline=None, max_examples=300)
@given(counts=counts_for(LONG_STREAM))
@example(counts=[0] * (len(LONG_STREAM) - 1) + [1])
@example(counts=[2] * len(LONG_STREAM))
def test_a_damaged_turn_is_right_or_not_complete(drive: Any, counts: list[int]) -> None:
    driven = drive(damaged(LONG_STREAM, counts))
    if driven.is_complete:
        assert driven.answer.text == "Hello, world!"
        assert driven.calls == CALLS
    else:
        assert driven.refusal is not None or counts[-1] == 0


@settings(deadline=None, max_examples=100)
@given(counts=counts_for(LONG_STREAM))
def test_without_an_end_nothing_is_complete(drive: Any, counts: list[int]) -> None:
    driven = drive(damaged(LONG_STREAM, [*counts[:-1], 0]))
    assert not driven.is_complete
    assert driven.answer.status == ""


@settings(deadline=None, max_examples=200)
@given(
    counts=counts_for(LONG_STREAM),
    fields=st.sets(st.sampled_from(["output_index", "content_index", "summary_index"])),
)
def test_damage_and_missing_indexes_make_no_call_that_was_not_there(
    drive: Any, counts: list[int], fields: set[str]
) -> None:
    stream = [{k: v for k, v in event.items() if k not in fields} for event in LONG_STREAM]
    driven = drive(damaged(stream, counts))
    if driven.is_complete:
        assert set(driven.calls) <= set(CALLS)
        assert max(Counter(driven.calls).values(), default=0) <= 1


VALUE = st.sampled_from(
    [None, 0, 1, -1, "", "x", [], {}, True, 0.5, {"type": "message"}, {"id": 5}, [None], "msg_1"]
)


@settings(deadline=None, max_examples=300)
@given(
    events=st.lists(
        st.builds(
            lambda event, fields: {**event, **fields},
            st.sampled_from(LONG_STREAM),
            st.dictionaries(
                st.sampled_from(
                    [
                        "output_index",
                        "content_index",
                        "summary_index",
                        "item_id",
                        "item",
                        "part",
                        "delta",
                        "response",
                    ]
                ),
                VALUE,
                max_size=3,
            ),
        ),
        max_size=12,
    )
)
def test_no_stream_makes_the_adapter_fail(drive: Any, events: list[dict[str, Any]]) -> None:
    drive(events)  # it asserts that no plugin was switched off
