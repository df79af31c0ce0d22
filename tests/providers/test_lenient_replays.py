"""Messages that tell an earlier one again: cumulative snapshots are one message, others stay apart."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.testing.wire import (
    completed,
    created,
    dropping,
    function_call_events,
    function_call_item,
    item_added,
    item_done,
    message_events,
    message_item,
    part_added,
    reasoning_events,
    reasoning_item,
    text_delta,
    text_done,
    without,
)

SNAPSHOTS = ["Hello", "Hello, wor", "Hello, world!"]
EMPTY_END = completed()


def snapshots(*texts: str, shared: bool = False, one_id: bool = False) -> list[dict[str, Any]]:
    """Messages one after the other, each in deltas of two characters."""
    events = []
    for number, text in enumerate(texts):
        pieces = [text[at : at + 2] for at in range(0, len(text), 2)]
        where = {"item_id": "msg" if one_id else f"msg_{number}", "output_index": 0 if shared else number}
        events += message_events(text, pieces=pieces, **where)
    return events


def items(*texts: str) -> list[dict[str, Any]]:
    return [message_item(text, item_id=f"msg_{number}") for number, text in enumerate(texts)]


def told(driven: Any) -> list[str]:
    return [item.text for item in driven.answer.items]


@pytest.mark.parametrize("end", [EMPTY_END, completed(*items(*SNAPSHOTS)), completed(items(*SNAPSHOTS)[-1])])
@pytest.mark.parametrize("shape", [{}, {"shared": True}, {"shared": True, "one_id": True}])
@pytest.mark.parametrize(
    "missing",
    [
        (),
        ("response.output_text.done",),
        ("response.content_part.added", "response.content_part.done"),
        ("response.content_part.done", "response.output_item.done"),
        ("response.output_text.delta",),
        ("response.output_text.delta", "response.output_text.done", "response.content_part.done"),
    ],
)
def test_snapshots_are_one_message(drive: Any, end: Any, shape: Any, missing: tuple[str, ...]) -> None:
    if "response.output_item.done" in missing:
        shape = {**shape, "one_id": False}  # nothing would tell them apart
    driven = drive([created(), *dropping(snapshots(*SNAPSHOTS, **shape), *missing), end])
    assert driven.text == driven.delivered == "Hello, world!"
    assert told(driven) == ["Hello, world!"]


def test_snapshots_without_any_index(drive: Any) -> None:
    stream = [without(event, "output_index", "content_index") for event in snapshots(*SNAPSHOTS)]
    driven = drive([created(), *stream, EMPTY_END])
    assert driven.text == driven.delivered == "Hello, world!"
    assert told(driven) == ["Hello, world!"]


def test_snapshots_that_were_never_added(drive: Any) -> None:
    stream = dropping(snapshots(*SNAPSHOTS), "response.output_item.added")
    driven = drive([created(), *stream, EMPTY_END])
    assert driven.text == driven.delivered == "Hello, world!"
    assert told(driven) == ["Hello, world!"]


def test_the_same_message_again(drive: Any) -> None:
    driven = drive([created(), *snapshots("Hello", "Hello"), completed(*items("Hello", "Hello"))])
    assert driven.text == driven.delivered == "Hello"


def test_snapshots_around_a_call(drive: Any) -> None:
    events = [*message_events("Let me see"), *function_call_events(output_index=1)]
    events += message_events("Let me see. Done", item_id="msg_2", output_index=2)
    driven = drive([created(), *events, EMPTY_END])
    assert driven.text == driven.delivered == "Let me see. Done"
    assert driven.calls == [("call_1", "sh", '{"command":"ls"}')]
    assert [item.type for item in driven.answer.items] == ["message", "function_call"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Hello", "Help"),
        ("Hello", "Goodbye"),
        ("Hello", "Hel"),
        ("Hello", "hello"),
        ("I will look.", "I will look"),
        ("I will look.", "I will write it: done."),
    ],
)
@pytest.mark.parametrize("shape", [{}, {"shared": True}])
@pytest.mark.parametrize("listed", [True, False])
def test_messages_with_a_common_beginning_stay_two(
    drive: Any, first: str, second: str, shape: Any, listed: bool
) -> None:
    end = completed(*items(first, second)) if listed else EMPTY_END
    driven = drive([created(), *snapshots(first, second, **shape), end])
    assert driven.text == driven.delivered == first + second
    assert told(driven) == [first, second]


def test_text_that_differs_is_handed_out_at_once(drive: Any) -> None:
    opened = [item_added(message_item(item_id="b", status="in_progress"), output_index=1)]
    opened += [part_added(item_id="b", output_index=1)]
    deltas = [text_delta(piece, item_id="b", output_index=1) for piece in ("He", "lp", "!")]
    stream = [created(), *message_events("Hello"), *opened, *deltas]
    assert [delta.text for delta in drive(stream).deltas] == ["Hel", "lo", "He", "lp", "!"]


def test_commentary_is_told_again_by_the_answer(drive: Any) -> None:
    def phased(events: list[dict[str, Any]], phase: str) -> list[dict[str, Any]]:
        return [{**e, "item": {**e["item"], "phase": phase}} if "item" in e else e for e in events]

    first = phased(message_events("Hello"), "commentary")
    second = phased(message_events("Hello", item_id="msg_2", output_index=1), "final_answer")
    driven = drive([created(), *first, *second, EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert [delta.text for delta in driven.deltas if delta.kind == "commentary"] == ["Hel", "lo"]
    assert len(driven.answer.items) == 2


def test_a_snapshot_that_breaks_off_adds_nothing(drive: Any) -> None:
    opened = [item_added(message_item(item_id="b", status="in_progress"), output_index=1)]
    opened += [part_added(item_id="b", output_index=1), text_delta("Hel", item_id="b", output_index=1)]
    driven = drive([created(), *message_events("Hello"), *opened, EMPTY_END])
    assert driven.text == driven.delivered == "Hello"


def test_a_whole_body_of_snapshots(drive: Any) -> None:
    thought, call = reasoning_item("Hm"), function_call_item()
    first, second, third = items(*SNAPSHOTS)
    driven = drive([created(), completed(first, thought, second, call, third)])
    assert driven.text == driven.delivered == "Hello, world!"
    assert [item.type for item in driven.answer.items] == ["message", "reasoning", "function_call"]


def test_a_whole_body_of_two_messages(drive: Any) -> None:
    driven = drive([created(), completed(*items("Hello", "Help", "Hello"))])
    assert driven.text == driven.delivered == "HelloHelpHello"


def test_the_text_of_one_message_never_comes_here(begin_call: Any) -> None:
    from hermes.providers.contract import Event
    from hermes.providers.manager import PluginManager

    call = begin_call(*PluginManager(["lenient"]).adapters)

    def costs() -> bool:
        return bool(call.dispatch.route("response.output_text.delta"))

    def see(*events: dict[str, Any]) -> None:
        for event in events:
            call.dispatch.normalize(Event(event["type"], event))

    see(*reasoning_events(), *message_events("Hello", output_index=1))
    assert not costs()
    second = message_events("Help", item_id="b", output_index=2)
    see(second[0])
    assert costs()
    see(text_delta("Help", item_id="b", output_index=2))
    assert not costs()
    see(text_done("Help", item_id="b", output_index=2), item_done(message_item("Help"), output_index=2))
    assert not costs()


@pytest.mark.parametrize("shape", [{}, {"shared": True}])
def test_a_long_message_that_differs_late_is_handed_out_in_one_piece(drive: Any, shape: Any) -> None:
    words = [f"{number:04} " for number in range(1500)]
    first, second = "".join(words), "".join(words[:1200]) + "and on"
    driven = drive([created(), *snapshots(first, second, **shape), EMPTY_END])
    assert driven.text == driven.delivered == first + second


def test_what_was_heard_of_another_message_is_one_delta(drive: Any) -> None:
    stream = [created(), *snapshots("Hello, world", "Hello, wood"), EMPTY_END]
    assert [delta.text for delta in drive(stream).deltas][-3:] == ["Hello, w", "oo", "d"]


def test_the_parts_of_another_message_stay_apart(drive: Any) -> None:
    where = {"item_id": "b", "output_index": 1}
    second = [
        item_added(message_item(item_id="b", status="in_progress"), output_index=1),
        part_added(**where),
        text_delta("He", **where),
        text_delta("ll", **where),
        {**part_added(**where), "content_index": 1},
        {**text_delta("o", **where), "content_index": 1},
        {**text_delta(", you", **where), "content_index": 1},
    ]
    driven = drive([created(), *message_events("Hello, world"), *second, EMPTY_END])
    assert driven.text == driven.delivered == "Hello, worldHello, you"
    content = driven.answer.items[1].data["content"]
    assert [part["text"] for part in content] == ["Hell", "o, you"]


@pytest.mark.parametrize(
    "flood", [text_done(""), part_added(), text_delta("")], ids=lambda event: event["type"]
)
def test_a_flood_while_a_message_is_held_has_a_limit(drive: Any, flood: dict[str, Any]) -> None:
    where = {"item_id": "b", "output_index": 1}
    opened = [
        item_added(message_item(item_id="b", status="in_progress"), output_index=1),
        part_added(**where),
    ]
    second = [*opened, text_delta("Hel", **where), *[{**flood, **where}] * 3000, text_delta("p", **where)]
    driven = drive([created(), *message_events("Hello"), *second, EMPTY_END])
    assert driven.text == driven.delivered == "HelloHelp"


def test_an_earlier_message_that_grows_late_is_told_again(drive: Any) -> None:
    first = message_events("Hello, world")
    start = {**first[-3], "text": "Hello"}
    opened = [item_added(message_item(item_id="b", status="in_progress"), output_index=1)]
    opened += [part_added(item_id="b", output_index=1)]
    deltas = [text_delta(piece, item_id="b", output_index=1) for piece in ("Hel", "lo, ", "world")]
    stream = [created(), *first[:2], text_delta("Hello"), start, *opened, deltas[0], *first[-2:], *deltas[1:]]
    driven = drive([*stream, EMPTY_END])
    assert driven.text == driven.delivered == "Hello, world"
