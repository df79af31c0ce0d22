"""Identity: which item an event is about, on backends whose ids, indexes and numbers do not say it."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

from hermes.testing.frames import Json, data, event, frames
from hermes.testing.outcomes import complete
from hermes.testing.scenario import Scenario, ToolCall
from hermes.testing.scenarios.common import HELLO_ITEM, LIST_FILES, LIST_FILES_JSON, TOOL_RUNS, tolerated
from hermes.testing.wire import (
    arguments_done,
    completed,
    created,
    function_call_events,
    function_call_item,
    good_events,
    good_stream,
    item_added,
    item_done,
    message_events,
    message_item,
    reasoning_events,
    reasoning_item,
    text_delta,
    without,
)

__all__ = ["SCENARIOS"]

_THOUGHT: Final = reasoning_item("Thinking")
_READ: Final = {"arguments": '{"path":"notes.txt"}', "name": "read", "call_id": "call_2", "item_id": "fc_2"}
_READ_NOTES: Final = ToolCall("call_2", "read", '{"path":"notes.txt"}')
_TURN: Final = [
    *reasoning_events(),
    *message_events(output_index=1),
    *function_call_events(output_index=2),
    *function_call_events(**_READ, output_index=3),
]
"""Reasoning, text and two function calls."""
_TURN_ITEMS: Final = (_THOUGHT, HELLO_ITEM, function_call_item(), function_call_item(**_READ))
_TURN_OUTCOME: Final = complete(
    tool_calls=(LIST_FILES, _READ_NOTES), items=("reasoning", "message", "function_call", "function_call")
)
_ONE_CALL: Final = complete(text="", tool_calls=(LIST_FILES,), items=("function_call",))


def _with_changing_ids(events: list[Json]) -> list[Json]:
    """The events, each with another long id of its item."""
    numbers = count()

    def changed(value: Json) -> Json:
        told = f"{next(numbers):03}{'gAAAAABo' * 50}"
        if "item_id" in value:
            return {**value, "item_id": told}
        return {**value, "item": {**value["item"], "id": told}} if "item" in value else value

    return [changed(value) for value in events]


def _at(index: int, events: list[Json]) -> list[Json]:
    """The events with this ``output_index``."""
    return [{**value, "output_index": index} if "output_index" in value else value for value in events]


def _ids() -> list[Scenario]:
    quirk = "item-id-unstable"
    renamed = [{**item, "id": f"other_{place}"} for place, item in enumerate(_TURN_ITEMS)]
    announced = item_added(function_call_item(item_id="A", status="in_progress"))
    confirmed = function_call_item(item_id="B")
    again = "tool-call-reconfirmed-under-new-id"
    repeated = "tool-call-repeated-in-terminal"
    streamed = function_call_events(item_id="fc_tmp_1")
    return [
        tolerated(
            f"{quirk}/text",
            17,
            "every event of a message has another id",
            *frames(_with_changing_ids(good_events())),
            expected=complete(items=("message",)),
        ),
        tolerated(
            f"{quirk}/turn",
            17,
            "every event of reasoning, text and two calls has another id",
            *frames([created(), *_with_changing_ids(_TURN), completed(*renamed)]),
            expected=_TURN_OUTCOME,
        ),
        tolerated(
            f"{again}/same-index",
            18,
            "a call is announced under one id and confirmed under another",
            *frames([created(), announced, item_done(confirmed), completed()]),
            expected=_ONE_CALL,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{again}/other-index",
            18,
            "a call is confirmed under another id at another index",
            *frames([created(), announced, item_done(confirmed, output_index=1), completed(confirmed)]),
            expected=_ONE_CALL,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{again}/added-again",
            18,
            "a call is announced twice, under two ids, and confirmed under the second",
            *frames(
                [
                    created(),
                    announced,
                    *function_call_events(item_id="B", output_index=1),
                    completed(confirmed),
                ]
            ),
            expected=_ONE_CALL,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{repeated}/same-ids",
            20,
            "the terminal event tells the call again",
            *frames([created(), *function_call_events(), completed(function_call_item())]),
            expected=_ONE_CALL,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{repeated}/other-item-id",
            20,
            "the terminal event tells the call again under another item id",
            *frames([created(), *streamed, completed(function_call_item(item_id="call_1"))]),
            expected=_ONE_CALL,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{repeated}/other-call-id",
            20,
            "the call was streamed under an invented call id, and the terminal event tells the real one",
            *frames(
                [
                    created(),
                    *function_call_events(item_id="fc_tmp_1", call_id="fc_tmp_1"),
                    completed(function_call_item(item_id="call_1")),
                ]
            ),
            expected=_ONE_CALL,
            non_stream=LIST_FILES_JSON,
        ),
    ]


def _overlapping() -> list[Scenario]:
    quirk = "overlapping-items"
    thought, message = reasoning_events(), message_events(output_index=1)
    calls = (function_call_events(), function_call_events(**_READ, output_index=1))
    mixed = [value for pair in zip(*calls, strict=True) for value in pair]
    both = completed(function_call_item(), function_call_item(**_READ))
    return [
        tolerated(
            f"{quirk}/reasoning-done-late",
            39,
            "the message is added before the reasoning is done",
            *frames([created(), *thought[:-1], *message[:3], thought[-1], *message[3:], completed()]),
            expected=complete(items=("reasoning", "message")),
        ),
        tolerated(
            f"{quirk}/two-calls",
            39,
            "the events of two calls alternate",
            *frames([created(), *mixed, both]),
            expected=complete(
                text="", tool_calls=(LIST_FILES, _READ_NOTES), items=("function_call", "function_call")
            ),
        ),
    ]


def _indexes() -> list[Scenario]:
    quirk, missing = "output-index-wrong", "index-fields-missing"
    end = completed(*_TURN_ITEMS)
    second = message_events(", world", item_id="msg_2")
    places = ("output_index", "content_index", "summary_index")
    bare = [without(value, *places, "item_id") for value in _TURN]
    no_zeros = [
        {name: told for name, told in value.items() if name not in places or told != 0} for value in _TURN
    ]
    from_one = [{**value, **{name: value[name] + 1 for name in places if name in value}} for value in _TURN]
    return [
        tolerated(
            f"{quirk}/shared",
            40,
            "reasoning, text and two calls share the index 0",
            *frames([created(), *_at(0, _TURN), end]),
            expected=_TURN_OUTCOME,
        ),
        tolerated(
            f"{quirk}/shared-no-output",
            40,
            "reasoning, text and two calls share the index 0, and the terminal event lists none",
            *frames([created(), *_at(0, _TURN), completed()]),
            expected=_TURN_OUTCOME,
        ),
        tolerated(
            f"{quirk}/two-messages",
            40,
            "two messages share the index 0",
            *frames([created(), *message_events(), *second, completed()]),
            expected=complete(text="Hello, world", items=("message", "message")),
        ),
        tolerated(
            f"{quirk}/calls-share-an-index",
            40,
            "a call takes the index of the one before it",
            *frames([created(), *_TURN[:-5], *_at(2, _TURN[-5:]), end]),
            expected=_TURN_OUTCOME,
        ),
        tolerated(
            f"{quirk}/from-one",
            40,
            "all indexes start at 1",
            *frames([created(), *from_one, end]),
            expected=_TURN_OUTCOME,
        ),
        tolerated(
            f"{missing}/turn",
            41,
            "the events of reasoning, text and two calls name neither item nor index",
            *frames([created(), *bare, end]),
            expected=_TURN_OUTCOME,
        ),
        tolerated(
            f"{missing}/zeros",
            41,
            "indexes that are 0 are left out",
            *frames([created(), *no_zeros, completed()]),
            expected=_TURN_OUTCOME,
        ),
    ]


def _numbers() -> list[Scenario]:
    quirk = "sequence-number-broken"
    events = good_events("haha!", pieces=["ha", "ha", "!"])
    numbers: dict[str, tuple[str, list[Any]]] = {
        "missing": ("no event has a number", [None] * len(events)),
        "constant": ("every event has the number 7", [7] * len(events)),
        "gaps": ("the numbers have gaps", list(range(0, 5 * len(events), 5))),
        "restart": ("the numbers start again in the middle of the text", [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]),
        "backwards": ("the numbers count down", list(range(len(events), 0, -1))),
        "pairs": ("two events share each number", [place // 2 + 1 for place in range(len(events))]),
    }
    return [
        tolerated(
            f"{quirk}/{name}",
            42,
            summary,
            *frames({**value, "sequence_number": number} for value, number in zip(events, told, strict=True)),
            expected=complete(text="haha!"),
        )
        for name, (summary, told) in numbers.items()
    ]


def _heartbeats() -> list[Scenario]:
    quirk = "heartbeat-in-progress-partial"
    beat = event("response.in_progress", response={"id": "resp_1", "status": "in_progress"})
    return [
        tolerated(
            f"{quirk}/before-created",
            43,
            "heartbeats without a response come before response.created",
            *(data({"type": "response.in_progress"}),) * 3,
            *good_stream(),
        ),
        tolerated(
            f"{quirk}/between-all-events",
            43,
            "a heartbeat with a part of the response follows every event",
            *(sent for each in good_stream() for sent in (each, beat)),
        ),
        tolerated(
            f"{quirk}/arguments",
            43,
            "heartbeats come within the arguments of a call",
            *(sent for each in frames([created(), *function_call_events()]) for sent in (each, beat)),
            *frames([arguments_done(LIST_FILES.arguments), completed(function_call_item())]),
            expected=TOOL_RUNS,
            non_stream=LIST_FILES_JSON,
        ),
    ]


def _synthetic() -> list[Scenario]:
    quirk = "synthetic-delta-from-gateway"
    bare = without(text_delta("Hello"), "logprobs", "item_id")
    return [
        tolerated(
            f"{quirk}/before-item-done",
            71,
            "the only delta is invented and comes before the item is done",
            *frames([created(), item_added(message_item(status="in_progress")), bare]),
            *frames([item_done(HELLO_ITEM), completed(HELLO_ITEM)]),
            expected=complete(items=("message",)),
        ),
        tolerated(
            f"{quirk}/before-completed",
            71,
            "the only delta is invented and comes before the end, for an item that was never added",
            *frames([created(), bare, completed(HELLO_ITEM)]),
            expected=complete(items=("message",)),
        ),
    ]


SCENARIOS: Final = (
    *_ids(),
    *_overlapping(),
    *_indexes(),
    *_numbers(),
    *_heartbeats(),
    *_synthetic(),
)
