"""Items: missing, unnamed or repeated events, and the text they tell more than once."""

from __future__ import annotations

from typing import Final

from hermes.testing.frames import Json, frame, frames
from hermes.testing.outcomes import complete
from hermes.testing.scenario import Scenario
from hermes.testing.scenarios.common import HELLO_ITEM, LIST_FILES, LIST_FILES_JSON, TOOL_RUNS, tolerated
from hermes.testing.wire import (
    arguments_done,
    completed,
    created,
    dropping,
    function_call_events,
    function_call_item,
    good_events,
    good_stream,
    item_added,
    item_done,
    message_item,
    part_added,
    part_done,
    reasoning_events,
    reasoning_item,
    text_delta,
    text_done,
    without,
)

__all__ = ["SCENARIOS"]

_ENDED: Final = completed(HELLO_ITEM)
_TOOL_BODY: Final = function_call_events()


def _ended_with(terminal: Json) -> tuple[bytes, ...]:
    return frames([*good_events()[:-1], terminal])


def _counted_on(events: list[Json]) -> list[Json]:
    """The events of one item at index 7, whose done events say 8 and 9."""
    places = {"response.output_text.done": 8, "response.content_part.done": 8, "response.output_item.done": 9}
    return [
        {**event, "output_index": places.get(event["type"], 7)} if "output_index" in event else event
        for event in events
    ]


def _items_missing() -> list[Scenario]:
    late = [text_delta("Hel", item_id="msg_9"), text_delta("lo", item_id="msg_9")]
    answer = message_item(item_id="msg_9")
    thought = reasoning_item("Thinking")
    bridged = [
        text_delta("Hel", item_id="msg_9", output_index=1),
        text_delta("lo", item_id="msg_9", output_index=1),
    ]
    return [
        tolerated(
            "output-item-added-missing/text",
            15,
            "text comes for an item that was never added",
            *frames([created(), *late, text_done(item_id="msg_9"), completed(answer)]),
        ),
        tolerated(
            "output-item-added-missing/after-reasoning",
            15,
            "text comes for an item that was never added, after a reasoning item",
            *frames([created(), *reasoning_events(), *bridged, completed(thought, answer)]),
        ),
        tolerated(
            "output-item-added-missing/at-reasoning-index",
            15,
            "text comes at the place of a reasoning item",
            *frames([created(), *reasoning_events(), *late, completed(thought, answer)]),
        ),
        tolerated(
            "output-item-added-missing/function-call",
            15,
            "arguments come for a function call that was never added",
            *frames([created(), *_TOOL_BODY[1:], completed(function_call_item())]),
            expected=TOOL_RUNS,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            "content-part-added-missing/added",
            16,
            "text comes for a part that was never added",
            *frames(dropping(good_events(), "response.content_part.added")),
        ),
        tolerated(
            "content-part-added-missing/added-and-done",
            16,
            "text comes for a part that is neither added nor done",
            *frames(dropping(good_events(), "response.content_part.added", "response.content_part.done")),
        ),
    ]


def _repeated_text() -> list[Scenario]:
    quirk = "done-events-repeat-text"
    whole = {"type": "output_text", "text": "Hello", "annotations": []}
    opened = item_added(message_item(status="in_progress"))
    closing = [text_done(), part_done(), item_done(HELLO_ITEM), _ENDED]
    return [
        tolerated(f"{quirk}/everywhere", 21, "every done event repeats the text", *good_stream()),
        tolerated(
            f"{quirk}/part-added",
            21,
            "the text stands in the added part and comes again as a delta",
            *frames([created(), opened, part_added(whole), text_delta("Hello"), *closing]),
        ),
        tolerated(
            f"{quirk}/no-deltas",
            21,
            "the text comes in the done events only",
            *frames([created(), opened, part_added(), *closing]),
        ),
        tolerated(
            f"{quirk}/done-is-longer",
            21,
            "the done events tell more text than the deltas",
            *frames([created(), opened, part_added(), text_delta("Hel"), *closing]),
        ),
    ]


def _fields() -> list[Scenario]:
    """Identity: events that lack an index, a name or their nesting."""

    def numbered_twice() -> tuple[bytes, ...]:
        return tuple(sent for sent in good_stream() for _ in range(2))

    def flat(value: Json) -> Json:
        if "response" not in value:
            return value
        return {**value["response"], "type": value["type"]}

    no_index = [without(value, "output_index", "content_index", "item_id") for value in good_events()]
    no_tool_index = [without(value, "output_index", "item_id") for value in _TOOL_BODY]
    unnamed = {**_ENDED, "response": without(_ENDED["response"], "id", "object")}
    usages: dict[str, object] = {"null": None, "null-fields": {"input_tokens": None, "output_tokens": None}}
    return [
        *(
            tolerated(
                f"usage-null-or-partial/{name}",
                29,
                f"the usage is of the kind {name}",
                *_ended_with(completed(HELLO_ITEM, usage=value)),
                expected=complete(total_tokens=None),
            )
            for name, value in usages.items()
        ),
        tolerated(
            "usage-null-or-partial/missing",
            29,
            "there is no usage",
            *_ended_with({**_ENDED, "response": without(_ENDED["response"], "usage")}),
            expected=complete(total_tokens=None),
        ),
        tolerated(
            "index-fields-missing/text",
            41,
            "the events of a message name neither item nor index",
            *map(frame, no_index),
        ),
        tolerated(
            "index-fields-missing/function-call",
            41,
            "the events of a function call name neither item nor index",
            *frames([created(), *no_tool_index, completed(function_call_item())]),
            expected=TOOL_RUNS,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            "sequence-number-broken/repeated",
            42,
            "every frame comes twice, its number included",
            *numbered_twice(),
        ),
        tolerated(
            "sequence-number-broken/all-zero",
            42,
            "every event has the number 0",
            *frames({**value, "sequence_number": 0} for value in good_events()),
        ),
        tolerated(
            "response-object-not-nested",
            65,
            "the fields of the response stand at the top of its events",
            *frames(flat(value) for value in good_events()),
        ),
        tolerated(
            "response-completed-missing-identity",
            66,
            "the terminal response has no id",
            *_ended_with(unnamed),
        ),
        tolerated(
            "output-index-wrong/done-events-count-on",
            40,
            "each done event of an item names a higher index than the one before",
            *frames(_counted_on(good_events())),
        ),
        tolerated(
            "function-args-only-in-done",
            19,
            "the arguments come in the done event only",
            *frames(
                [
                    created(),
                    item_added(function_call_item(status="in_progress")),
                    arguments_done(LIST_FILES.arguments),
                    item_done(function_call_item()),
                    completed(function_call_item()),
                ]
            ),
            expected=TOOL_RUNS,
            non_stream=LIST_FILES_JSON,
        ),
    ]


SCENARIOS: Final = (*_items_missing(), *_repeated_text(), *_fields())
