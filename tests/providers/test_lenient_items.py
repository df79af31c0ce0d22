"""Repairs of items, parts and indexes."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.adapters.lenient.notes import Item
from hermes.providers.contract import Violation
from hermes.testing.wire import (
    arguments_delta,
    arguments_done,
    completed,
    created,
    dropping,
    function_call_events,
    function_call_item,
    good_events,
    item_added,
    item_done,
    message_events,
    message_item,
    part_added,
    part_done,
    reasoning_events,
    reasoning_item,
    text_delta,
    text_done,
    without,
)

HELLO = message_item("Hello")
THOUGHT = reasoning_item("Thinking")
CALL = ("call_1", "sh", '{"command":"ls"}')
SECOND = {"arguments": '{"path":"x"}', "name": "read", "call_id": "call_2", "item_id": "fc_2"}
SECOND_CALL = ("call_2", "read", '{"path":"x"}')
END = completed(HELLO)
EMPTY_END = completed()


def late_text(*, item_id: str = "msg_9", output_index: int = 0, done: bool = True) -> list[dict[str, Any]]:
    """The text of a message whose item and part were never added."""
    where = {"item_id": item_id, "output_index": output_index}
    deltas = [text_delta("Hel", **where), text_delta("lo", **where)]
    return [*deltas, text_done(**where)] if done else deltas


# Items that were never added: 15.


@pytest.mark.parametrize("end", [completed(message_item(item_id="msg_9")), END, EMPTY_END])
@pytest.mark.parametrize("done", [True, False])
def test_text_without_item(drive: Any, end: Any, done: bool) -> None:
    driven = drive([created(), *late_text(done=done), end])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items) == 1
    assert driven.repairs == [Violation.ITEM_MISSING, Violation.PART_MISSING]


@pytest.mark.parametrize("skipped", range(1, 6))
def test_the_first_events_of_a_message_are_missing(drive: Any, skipped: int) -> None:
    driven = drive([created(), *message_events("Hello")[skipped:], EMPTY_END])
    assert driven.text == "Hello"
    # A delta that is lost cannot be handed out late, in the middle of the text.
    assert driven.delivered == ("lo" if skipped == 3 else "Hello")


@pytest.mark.parametrize("skipped", range(1, 5))
@pytest.mark.parametrize("output", [(), (function_call_item(),)])
def test_the_first_events_of_a_call_are_missing(drive: Any, skipped: int, output: Any) -> None:
    driven = drive([created(), *function_call_events()[skipped:], completed(*output)])
    assert driven.calls == [CALL]
    assert len(driven.answer.items) == 1


@pytest.mark.parametrize("skipped", range(1, 7))
def test_the_first_events_of_reasoning_are_missing(drive: Any, skipped: int) -> None:
    events = [*reasoning_events()[skipped:], *message_events("Hello", output_index=1)]
    driven = drive([created(), *events, completed(THOUGHT, HELLO)])
    assert driven.text == "Hello"
    assert [item.reasoning for item in driven.answer.items] == ["Thinking", ""]


@pytest.mark.parametrize("output", [(), (THOUGHT, message_item("Hello", item_id="msg_9"))])
@pytest.mark.parametrize("place", [0, 1])
def test_a_bridge_that_adds_only_its_reasoning(drive: Any, place: int, output: Any) -> None:
    driven = drive([created(), *reasoning_events(), *late_text(output_index=place), completed(*output)])
    assert driven.text == driven.delivered == "Hello"
    assert [(item.type, item.reasoning, item.text) for item in driven.answer.items] == [
        ("reasoning", "Thinking", ""),
        ("message", "", "Hello"),
    ]


@pytest.mark.parametrize(
    "output", [(), (THOUGHT, message_item("Hello", item_id="msg_9"), function_call_item())]
)
def test_a_bridge_goes_on_with_a_call(drive: Any, output: Any) -> None:
    # The text stands at the place of the reasoning, and the call takes the next one.
    stream = [*reasoning_events(), *late_text(), *function_call_events(output_index=1)]
    driven = drive([created(), *stream, completed(*output)])
    assert driven.text == driven.delivered == "Hello"
    assert driven.calls == [CALL]
    assert sorted(item.type for item in driven.answer.items) == ["function_call", "message", "reasoning"]


def test_a_bridge_closes_its_message_at_the_wrong_place(drive: Any) -> None:
    closing = [part_done(item_id="msg_9"), item_done(message_item("Hello", item_id="msg_9"))]
    for text in (late_text(), []):
        driven = drive(
            [created(), *reasoning_events(), *text, *(closing if text else closing[1:]), EMPTY_END]
        )
        assert driven.text == driven.delivered == "Hello"
        assert [item.type for item in driven.answer.items] == ["reasoning", "message"]


def test_a_bridge_goes_on_with_another_message(drive: Any) -> None:
    first = [*late_text(), item_done(message_item("Hello", item_id="msg_9"))]
    second = text_delta(" World", item_id="msg_10")
    driven = drive([created(), *reasoning_events(), *first, second, EMPTY_END])
    assert driven.text == driven.delivered == "Hello World"
    assert [item.type for item in driven.answer.items] == ["reasoning", "message", "message"]


def test_a_bridge_gives_its_text_the_id_of_the_reasoning(drive: Any) -> None:
    driven = drive([created(), *reasoning_events(), *late_text(item_id="rs_1"), EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert [(item.type, item.reasoning) for item in driven.answer.items] == [
        ("reasoning", "Thinking"),
        ("message", ""),
    ]


def test_text_at_the_place_of_a_call(drive: Any) -> None:
    stream = [*function_call_events(), *late_text(), completed(function_call_item())]
    driven = drive([created(), *stream])
    assert driven.text == "Hello"
    assert driven.calls == [CALL]


def test_reasoning_at_the_place_of_the_message_is_no_text(drive: Any) -> None:
    where = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    stray = {"type": "response.reasoning_text.delta", **where, "delta": "Hm"}
    events = good_events()
    for place in (3, 4, 5):
        driven = drive([*events[:place], stray, *events[place:]])
        assert driven.text == driven.delivered == "Hello"


def test_a_part_of_reasoning_stays_in_its_item(drive: Any) -> None:
    part = {"type": "reasoning_text", "text": "Thinking"}
    where = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    stream = [
        item_added({"id": "rs_1", "type": "reasoning", "summary": []}),
        {"type": "response.content_part.done", **where, "part": part},
        *message_events("Hello", output_index=1),
    ]
    driven = drive([created(), *stream, completed()])
    assert driven.text == driven.delivered == "Hello"
    assert [item.reasoning for item in driven.answer.items] == ["Thinking", ""]


# Parts that were never added: 16.


@pytest.mark.parametrize(
    "missing",
    [
        ("response.content_part.added",),
        ("response.content_part.added", "response.content_part.done"),
        ("response.content_part.added", "response.output_text.delta"),
        ("response.content_part.added", "response.output_text.delta", "response.output_text.done"),
        ("response.content_part.added", "response.output_text.done", "response.output_item.done"),
    ],
)
def test_parts_never_added(drive: Any, missing: tuple[str, ...]) -> None:
    driven = drive(dropping(good_events(), *missing))
    assert driven.text == driven.delivered == "Hello"
    assert driven.repairs == [Violation.PART_MISSING]


def test_an_item_without_type_becomes_what_its_text_makes_it(drive: Any) -> None:
    opened = item_added({"id": "msg_1"})
    driven = drive([created(), opened, *late_text(item_id="msg_1"), EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert [item.type for item in driven.answer.items] == ["message"]


def test_a_refusal_without_part(drive: Any) -> None:
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    stream = [
        created(),
        item_added(message_item(status="in_progress")),
        {"type": "response.refusal.delta", **where, "delta": "No."},
        {"type": "response.refusal.done", **where, "refusal": "No."},
        EMPTY_END,
    ]
    driven = drive(stream)
    assert driven.is_complete
    assert [(item.text, item.refusal) for item in driven.answer.items] == [("", "No.")]


# Nulls: 69.


@pytest.mark.parametrize(
    "event",
    [
        item_added(None, output_index=1),  # type: ignore[arg-type]
        item_done(None),  # type: ignore[arg-type]
        {"type": "response.output_item.added", "item": None, "output_index": None},
        {**text_delta("x"), "delta": None},
        {**text_done(), "text": None},
        {**part_done(), "part": None},
        {"type": "response.in_progress", "response": None, "error": None},
        {"type": "response.output_text.annotation.added", "annotation": None},
        {"type": "acme.hello", "response": None},
    ],
)
@pytest.mark.parametrize("place", [4, 5, 7])
def test_nulls_are_nothing(drive: Any, event: Any, place: int) -> None:
    events = good_events()
    driven = drive([*events[:place], event, *events[place:]])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items) == 1


def test_null_lists(drive: Any) -> None:
    opened = {**message_item(status="in_progress"), "content": None}
    events = [created(), item_added(opened), *message_events("Hello")[1:], completed(output=None)]
    assert drive(events).text == "Hello"


# Repetitions.


def test_every_frame_twice(drive: Any) -> None:
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(good_events())]
    driven = drive([event for event in numbered for _ in range(2)])
    assert driven.text == driven.delivered == "Hello"


@pytest.mark.parametrize("place", range(1, 9))
@pytest.mark.parametrize("repeated", [2, 3])
def test_an_item_or_part_is_added_again(drive: Any, place: int, repeated: int) -> None:
    events = good_events()
    driven = drive([*events[: repeated + place], events[repeated], *events[repeated + place :]])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items) == 1


def test_a_call_is_added_again_under_another_id(drive: Any) -> None:
    again = item_added(function_call_item(item_id="B", status="in_progress"))
    events = function_call_events()
    driven = drive([created(), events[0], again, *events[1:], completed(function_call_item())])
    assert driven.calls == [CALL]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (function_call_events(), function_call_events(**SECOND)),
        (
            [{**e, "item": without(e["item"], "id")} if "item" in e else e for e in function_call_events()],
            [
                {**e, "item": without(e["item"], "id")} if "item" in e else e
                for e in function_call_events(**SECOND)
            ],
        ),
        (message_events("Hello"), message_events("World", item_id="msg_2")),
        (message_events("Hello", item_id=""), message_events("World", item_id="")),
        (message_events("Hello"), function_call_events()),
        (message_events("Hello", item_id="")[:3], function_call_events()),
    ],
    ids=[
        "calls",
        "calls without ids",
        "messages",
        "messages without ids",
        "message and call",
        "open message without id and call",
    ],
)
def test_two_items_at_one_place_stay_two(drive: Any, first: Any, second: Any) -> None:
    driven = drive([created(), *first, *second, EMPTY_END])
    apart = drive(
        [created(), *first, *({**e, "output_index": 1} for e in second), EMPTY_END], lenient=len(first) < 5
    )
    assert driven.is_complete
    assert driven.repairs[0] is Violation.ITEM_AGAIN
    assert driven.calls == apart.calls
    assert driven.text == driven.delivered == apart.text
    assert len(driven.answer.items) == 2


# Indexes: 41.


def unplaced(events: list[dict[str, Any]], *more: str) -> list[dict[str, Any]]:
    """Events without any index, and without the fields ``more``."""
    return [without(event, "output_index", "content_index", "summary_index", *more) for event in events]


def unnamed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events that name their item in no way."""
    return [
        {**event, "item": without(event["item"], "id")} if isinstance(event.get("item"), dict) else event
        for event in unplaced(events, "item_id")
    ]


TWO_MESSAGES = [*message_events("Hello"), *message_events(" World", item_id="msg_2", output_index=1)]
TWO_CALLS = [*function_call_events(), *function_call_events(**SECOND, output_index=1)]


@pytest.mark.parametrize("strip", [unplaced, unnamed])
@pytest.mark.parametrize("output", [(), (HELLO,)])
def test_a_message_without_indexes(drive: Any, strip: Any, output: Any) -> None:
    driven = drive([created(), *strip(message_events("Hello")), completed(*output)])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items) == 1


@pytest.mark.parametrize("strip", [unplaced, unnamed])
def test_two_messages_without_indexes(drive: Any, strip: Any) -> None:
    driven = drive([created(), *strip(TWO_MESSAGES), EMPTY_END])
    assert driven.text == driven.delivered == "Hello World"
    assert len(driven.answer.items) == 2


@pytest.mark.parametrize("named", [True, False])
def test_two_messages_of_which_none_is_done(drive: Any, named: bool) -> None:
    stream = (unplaced if named else unnamed)(TWO_MESSAGES)
    driven = drive([created(), *dropping(stream, "response.output_item.done"), EMPTY_END])
    assert driven.text == driven.delivered == "Hello World"
    assert [item.text for item in driven.answer.items] == ["Hello", " World"]


@pytest.mark.parametrize(
    "output", [(), (message_item("Hello", item_id=""), message_item(" World", item_id=""))]
)
def test_two_messages_of_which_only_the_end_is_told(drive: Any, output: Any) -> None:
    ends = [event for event in unnamed(TWO_MESSAGES) if event["type"] == "response.output_item.done"]
    driven = drive([created(), *ends, completed(*output)])
    assert driven.text == driven.delivered == "Hello World"


def test_two_messages_whose_ids_are_empty(drive: Any) -> None:
    stream = [*message_events("Hello", item_id=""), *message_events(" World", item_id="", output_index=1)]
    driven = drive([created(), *unplaced(stream), EMPTY_END])
    assert driven.text == driven.delivered == "Hello World"
    assert len(driven.answer.items) == 2


def test_a_message_whose_id_is_another_one_in_every_event(drive: Any) -> None:
    events = unplaced(message_events("Hello"))
    changing = [{**e, "item_id": f"msg_{n}"} if "item_id" in e else e for n, e in enumerate(events, 7)]
    changing[-1] = {**changing[-1], "item": message_item("Hello", item_id="msg_99")}
    driven = drive([created(), *changing, EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items) == 1


def test_two_messages_whose_items_were_never_added(drive: Any) -> None:
    stream = dropping(unplaced(TWO_MESSAGES), "response.output_item.added", "response.content_part.added")
    driven = drive([created(), *stream, EMPTY_END])
    assert driven.text == driven.delivered == "Hello World"


@pytest.mark.parametrize("strip", [unplaced, unnamed])
def test_everything_without_indexes(drive: Any, strip: Any) -> None:
    stream = [*reasoning_events(), *message_events("Hello", output_index=1)]
    stream += function_call_events(output_index=2) + function_call_events(**SECOND, output_index=3)
    driven = drive([created(), *strip(stream), EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert driven.calls == [CALL, SECOND_CALL]
    assert [item.type for item in driven.answer.items] == ["reasoning", "message", *["function_call"] * 2]
    assert driven.answer.items[0].reasoning == "Thinking"


@pytest.mark.parametrize("names", [{"fc_1": "fc_1", "fc_2": "fc_2"}, {"fc_1": "call_1", "fc_2": "call_2"}])
def test_interleaved_calls_are_told_apart_by_id(drive: Any, names: dict[str, str]) -> None:
    first, second = (unplaced(function_call_events(**more)) for more in ({}, SECOND))
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    mixed = [{**e, "item_id": names[e["item_id"]]} if "item_id" in e else e for e in mixed]
    driven = drive([created(), *mixed, EMPTY_END])
    assert driven.calls == [CALL, SECOND_CALL]


def test_a_call_confirmed_under_another_id(drive: Any) -> None:
    events = unplaced(function_call_events())
    events[-1] = without(item_done(function_call_item(item_id="B")), "output_index")
    driven = drive([created(), *events, EMPTY_END])
    assert driven.calls == [CALL]
    assert len(driven.answer.items) == 1


def test_arguments_of_a_call_that_nobody_added(drive: Any) -> None:
    # They have an id of their own: they must not join the arguments of the call that is open.
    stray = unplaced([arguments_delta('{"path"', item_id="fc_2"), arguments_delta(':"x"}', item_id="fc_2")])
    events = unplaced(function_call_events())
    # Nothing tells the first call's arguments once more.
    driven = drive([created(), *events[:2], *stray, events[2], completed(function_call_item(**SECOND))])
    assert driven.calls == [CALL, SECOND_CALL]


def test_two_parts_without_indexes(drive: Any) -> None:
    where = {"item_id": "msg_1", "output_index": 0}
    parts = []
    for text in ("Hello", " World"):
        told = {"type": "output_text", "text": text}
        parts += [
            part_added(**where),
            text_delta(text, **where),
            text_done(text, **where),
            part_done(told, **where),
        ]
    stream = [item_added(message_item(status="in_progress")), *parts]
    driven = drive([created(), *unplaced(stream), EMPTY_END])
    assert driven.text == driven.delivered == "Hello World"


def test_a_part_added_twice_without_index_is_one(drive: Any) -> None:
    events = unplaced(message_events("Hello"))
    driven = drive([created(), *events[:2], events[1], *events[2:-1], EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items[0].data["content"]) == 1


def test_text_done_again_after_its_item(drive: Any) -> None:
    events = unnamed(message_events("Hello"))
    driven = drive([created(), *events, unnamed([text_done("Hello")])[0], EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert len(driven.answer.items) == 1


def test_only_zeros_are_left_out(drive: Any) -> None:
    """As serializers do that leave out default values."""
    fields = ("output_index", "content_index", "summary_index")
    stream = [*reasoning_events(), *message_events("Hello", output_index=1)]
    dense = [{k: v for k, v in event.items() if not (k in fields and v == 0)} for event in stream]
    driven = drive([created(), *dense, completed(THOUGHT, HELLO)])
    assert driven.text == driven.delivered == "Hello"
    assert [item.reasoning for item in driven.answer.items] == ["Thinking", ""]


@pytest.mark.parametrize("index", [None, "0", 0.0, True])
def test_an_index_that_is_no_number_is_missing(drive: Any, index: Any) -> None:
    stream = [
        {**event, **{name: index for name in ("output_index", "content_index") if name in event}}
        for event in message_events("Hello")
    ]
    assert drive([created(), *stream, EMPTY_END]).text == "Hello"


def test_a_negative_index_is_refused(drive: Any) -> None:
    driven = drive([created(), item_added(message_item(status="in_progress"), output_index=-1)])
    assert driven.refusal.violation is Violation.INDEX_MISSING


def test_arguments_at_the_place_of_the_message(drive: Any) -> None:
    opened = message_events("Hello")
    stray = [arguments_delta(CALL[2], item_id="fc_1"), arguments_done(CALL[2], item_id="fc_1")]
    end = completed(HELLO, function_call_item())
    driven = drive([created(), *opened[:3], *stray, *opened[3:], end])
    assert driven.text == "Hello"
    assert driven.calls == [CALL]


# Once the indexes are not believed any more.


def test_calls_whose_events_alone_have_ids(drive: Any) -> None:
    first, second = unplaced(function_call_events()), unplaced(function_call_events(**SECOND))
    first[0], second[0] = ({**each[0], "item": without(each[0]["item"], "id")} for each in (first, second))
    mixed = [first[0], first[1], second[0], first[2], second[1], second[2]]
    driven = drive([created(), *mixed, EMPTY_END])
    assert driven.calls == [CALL, SECOND_CALL]


def test_a_call_announced_again_under_another_id_and_index(drive: Any) -> None:
    announced = [item_added(function_call_item(item_id=name, status="in_progress")) for name in "AB"]
    again = [{**event, "output_index": 1} for event in function_call_events(item_id="B")[1:]]
    shared = [*message_events("Hello"), announced[0], {**announced[1], "output_index": 1}]
    driven = drive([created(), *shared, *again, EMPTY_END])
    assert driven.text == "Hello"
    assert driven.calls == [CALL]
    assert len(driven.answer.items) == 2


def test_a_message_that_was_never_added_at_a_place_of_its_own(drive: Any) -> None:
    stream = [*reasoning_events(), *late_text(done=False)]
    driven = drive([created(), *stream, text_delta("!", item_id="msg_10", output_index=5), EMPTY_END])
    assert driven.text == driven.delivered == "Hello!"
    assert [item.text for item in driven.answer.items] == ["", "Hello", "!"]


def test_arguments_of_a_custom_tool_under_the_name_of_a_function(drive: Any) -> None:
    custom = {"id": "ct_1", "type": "custom_tool_call", "call_id": "call_1", "name": "patch"}
    events = [arguments_delta("a", item_id="ct_1"), arguments_delta("b", item_id="ct_1")]
    stream = [*message_events("Hello"), item_added({**custom, "input": ""}), *events]
    driven = drive([created(), *stream, item_done({**custom, "input": "ab"}), EMPTY_END])
    assert driven.text == "Hello"
    assert [item.data.get("input") for item in driven.answer.items] == [None, "ab"]
    assert [delta.text for delta in driven.deltas if delta.kind == "arguments"] == ["a", "b"]


@pytest.mark.parametrize(
    "kind",
    ["response.output_text.annotation.added", "response.output_text.acme", "response.refusal.acme.done"],
)
def test_an_event_that_nobody_knows_opens_no_item(drive: Any, kind: str) -> None:
    stranger = {"type": kind, "output_index": 0, "annotation": {}}
    driven = drive([created(), *unplaced(function_call_events()), stranger, completed(function_call_item())])
    assert driven.calls == [CALL]
    assert [item.type for item in driven.answer.items] == ["function_call"]


@pytest.mark.parametrize("shape", ["no index", "shared index", "nothing"])
@pytest.mark.parametrize("kind", ["messages", "calls"])
def test_the_work_for_an_item_does_not_grow_with_their_number(
    drive: Any, monkeypatch: pytest.MonkeyPatch, shape: str, kind: str
) -> None:
    compared = 0
    may_be_of, is_told_by = Item.may_be_of, Item.is_told_by

    def counted(compare: Any) -> Any:
        def count(self: Item, told: Any) -> Any:
            nonlocal compared
            compared += 1
            return compare(self, told)

        return count

    monkeypatch.setattr(Item, "may_be_of", counted(may_be_of))
    monkeypatch.setattr(Item, "is_told_by", counted(is_told_by))

    def work(number: int) -> int:
        nonlocal compared
        events: list[Any] = []
        for place in range(number):
            if kind == "messages":
                events += message_events(f"{place}: Hello", item_id=f"m{place}")
            else:
                events += function_call_events(item_id=f"f{place}", call_id=f"c{place}")
        gone = {"no index": ["output_index"], "shared index": [], "nothing": ["output_index", "item_id"]}[
            shape
        ]
        compared = 0
        driven = drive([created(), *[without(event, *gone) for event in events], EMPTY_END])
        assert driven.is_complete
        assert len(driven.answer.items) == number
        return compared

    few, many = work(100), work(300)
    assert many < 4 * few
