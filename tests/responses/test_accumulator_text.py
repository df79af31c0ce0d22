"""Text, refusals and reasoning: deltas against done events."""

import pytest

from hermes.errors import StreamOrderError
from hermes.responses.violations import Violation
from hermes.testing.wire import (
    completed,
    incomplete,
    item_added,
    item_done,
    message_events,
    message_item,
    part_added,
    part_done,
    reasoning_events,
    reasoning_item,
    refusal_events,
    refusal_item,
    text_delta,
    text_done,
)

OPENED = message_events()[:2]


def part(text, kind="output_text"):
    return {"type": kind, "text": text}


def message(*parts, **more):
    return {**message_item(), "content": list(parts), **more}


def at(event, **place):
    return {**event, **place}


DONE_EVENTS = {
    "text": text_done,
    "part": lambda text: part_done(part(text)),
    "item": lambda text: item_done(message_item(text)),
    "output": lambda text: completed(message_item(text)),
}


@pytest.mark.parametrize("done", DONE_EVENTS.values(), ids=DONE_EVENTS)
@pytest.mark.parametrize(
    ("streamed", "told", "new", "text"),
    [
        ("Hello", "Hello", "", "Hello"),
        ("Hel", "Hello", "lo", "Hello"),
        ("", "Hello", "Hello", "Hello"),
        ("Hello", "", "", "Hello"),
        ("Hello", "Help!", "", "Help!"),
    ],
    ids=["equal", "longer", "only-here", "empty", "different"],
)
def test_a_done_event_adds_only_what_is_missing(played, done, streamed, told, new, text):
    result = played(*OPENED, text_delta(streamed), done(told))
    assert result.streamed == streamed + new
    assert result.answer.text == text


@pytest.mark.parametrize(
    ("kind", "text"), [("text", "Hello"), ("part", "Hello"), ("item", "Hel"), ("output", "Hello")]
)
def test_only_the_whole_item_may_shorten_the_text(played, kind, text):
    result = played(*OPENED, text_delta("Hello"), DONE_EVENTS[kind]("Hel"))
    assert result.streamed == "Hello"
    assert result.answer.text == text


def test_text_told_four_times_is_there_once(played):
    result = played(*OPENED, *(done("Hello") for done in DONE_EVENTS.values()))
    assert result.pieces == [("text", "Hello")]
    assert result.answer.text == "Hello"


@pytest.mark.parametrize("told", [None, 5, [], {}])
def test_a_done_event_without_a_text_changes_nothing(played, told):
    ends = [text_done(told), part_done(part(told)), item_done(message(part(told)))]
    assert played(*OPENED, text_delta("Hello"), *ends).answer.text == "Hello"


@pytest.mark.parametrize("content", [None, [], "", 5, [None], [[]]])
def test_an_item_without_content_changes_nothing(played, content):
    result = played(*OPENED, text_delta("Hello"), item_done({**message_item(), "content": content}))
    assert result.streamed == result.answer.text == "Hello"


@pytest.mark.parametrize("delta", ["", None, 5, ["x"], {}])
def test_a_delta_without_a_text_is_nothing(played, delta):
    result = played(*OPENED, text_delta("Hello"), text_delta(delta))
    assert result.pieces == [("text", "Hello")]


def test_deltas_after_done_events_go_on(played):
    ends = [text_done("1"), part_done(part("1")), item_done(message_item("1"))]
    result = played(*OPENED, text_delta("1"), *ends, text_delta("2"), text_delta("3"), completed())
    assert result.streamed == result.answer.text == "123"


def test_a_revised_text_is_not_handed_out_again(played):
    shorter, longer = item_done(message_item("ab")), item_done(message_item("abc!"))
    result = played(*OPENED, text_delta("abc"), shorter, longer, text_done("abc!?"))
    assert result.streamed == "abc"
    assert result.answer.text == "abc!?"


def test_an_item_done_twice(played):
    result = played(*message_events(), item_done(message_item()), completed(message_item()))
    assert result.streamed == result.answer.text == "Hello"


def test_line_ends_and_rare_characters_are_kept(played):
    text = "a\r\nb\rc\n\u2028\u0085😀"
    result = played(*message_events(text, pieces=list(text)), completed(message_item(text)))
    assert result.streamed == result.answer.text == text


# Text that an opening event already holds.


def test_an_opening_text_that_is_sent_again_is_there_once(played):
    opened = [item_added(message_item("Hello")), part_added(part("Hello"))]
    result = played(*opened, text_delta("Hel"), text_delta("lo"), text_done("Hello"), completed())
    assert result.streamed == result.answer.text == "Hello"


@pytest.mark.parametrize(
    "opened",
    [
        [item_added(message_item("Hello"))],
        [item_added(message()), part_added(part("Hello"))],
    ],
    ids=["item", "part"],
)
@pytest.mark.parametrize("end", [completed(), incomplete("max_output_tokens")])
def test_an_opening_text_that_nothing_else_tells_is_the_text(played, opened, end):
    result = played(*opened)
    assert result.streamed == result.answer.text == ""
    result.feed(end)
    assert result.streamed == result.answer.text == "Hello"


# Parts.


def test_two_parts(played):
    second = {"content_index": 1}
    result = played(
        *OPENED,
        text_delta("Hello "),
        at(part_added(), **second),
        at(text_delta("wor"), **second),
        item_done(message(part("Hello "), part("world"))),
        completed(),
    )
    assert result.streamed == result.answer.text == "Hello world"
    assert len(result.answer.items[0].data["content"]) == 2


@pytest.mark.parametrize(
    ("indexes", "told"),
    [
        ([1], ["Hello"]),
        ([1, 2], ["Hel", "lo"]),
        ([0, 0], ["Hel", "lo"]),
        ([0, 1], ["Hello"]),
        ([0, 5], ["Hel", "lo"]),
    ],
    ids=["from-one", "two-from-one", "two-under-one-index", "told-as-one", "gap"],
)
def test_parts_that_are_cut_or_numbered_otherwise_are_there_once(played, indexes, told):
    pieces = ["Hel", "lo"] if len(indexes) == 2 else ["Hello"]
    opened = [at(part_added(), content_index=index) for index in sorted(set(indexes))]
    deltas = [
        at(text_delta(piece), content_index=index) for index, piece in zip(indexes, pieces, strict=True)
    ]
    done = message(*map(part, told))
    result = played(OPENED[0], *opened, *deltas, item_done(done), completed(done))
    assert result.streamed == result.answer.text == "Hello"


def test_a_cut_that_differs_still_brings_the_rest(played):
    result = played(*OPENED, text_delta("Hello wor"), item_done(message(part("Hello "), part("world!"))))
    assert result.streamed == result.answer.text == "Hello world!"


def test_parts_that_differ_are_replaced(played):
    result = played(*OPENED, text_delta("Hello"), item_done(message(part("Good "), part("bye"))))
    assert result.streamed == "Hello"
    assert result.answer.text == "Good bye"


def test_a_null_part_does_not_move_the_others(played):
    second = {"content_index": 1}
    streamed = [at(part_added(), **second), at(text_delta("Hello"), **second)]
    result = played(OPENED[0], *streamed, item_done({**message_item(), "content": [None, part("Hello")]}))
    assert result.streamed == result.answer.text == "Hello"


def test_a_part_without_text_is_kept_as_it_is(played):
    image = {"type": "output_image", "image_url": "data:x"}
    result = played(*OPENED, text_delta("Hello"), item_done(message(part("Hello"), image)))
    assert result.answer.items[0].data["content"][1] == image


def test_a_part_with_text_stays_what_it_is(played):
    result = played(*OPENED, text_delta("Hello"), part_done({"type": "refusal", "refusal": "Hello"}))
    assert result.streamed == result.answer.text == "Hello"


def test_a_revised_text_that_is_cut_otherwise_is_not_handed_out_again(played):
    revised, more = item_done(message_item("xyz")), item_done(message(part("xy"), part("z!")))
    result = played(*OPENED, text_delta("abc"), revised, more, item_done(message(part("xy"), part("z!?"))))
    assert result.streamed == "abc"
    assert result.answer.text == "xyz!?"


def test_what_parts_tell_beside_text_is_kept(played):
    note = {"type": "url_citation", "url": "https://example.org"}
    result = played(
        *OPENED,
        text_delta("Hello"),
        part_done({**part("Hello"), "annotations": [note]}),
        item_done(message({**part("Hello"), "annotations": None})),
    )
    (told,) = result.answer.items[0].data["content"]
    assert told == {"type": "output_text", "text": "Hello", "annotations": [note]}


def test_content_that_is_a_string(played):
    result = played(OPENED[0], item_done({**message_item(), "content": "Hello"}))
    assert result.streamed == result.answer.text == "Hello"


def test_a_part_named_text_is_text(played):
    result = played(OPENED[0], part_added(part("", "text")), text_delta("Hello"), completed())
    assert result.streamed == result.answer.text == "Hello"
    assert result.answer.items[0].data["content"][0]["type"] == "output_text"


@pytest.mark.parametrize("told", [None, 5, []])
def test_a_part_of_no_kind_is_text(played, told):
    result = played(OPENED[0], part_added() | {"part": told}, text_delta("Hello"), completed())
    assert result.streamed == result.answer.text == "Hello"


@pytest.mark.parametrize("told", [None, 5, ""])
@pytest.mark.parametrize("output", [[], [message_item()]])
def test_an_item_of_no_type_becomes_what_it_holds(played, told, output):
    opened = item_added({"id": "msg_1", "type": told})
    result = played(opened, part_added(), text_delta("Hello"), completed(*output))
    assert result.streamed == result.answer.text == "Hello"
    assert [item.type for item in result.answer.items] == ["message"]


def test_the_text_of_an_item_of_an_unknown_type_is_shown(played):
    item = {"id": "x_1", "type": "novelty", "content": [part("Hello")]}
    result = played(item_added({**item, "content": []}), item_done(item), completed(item))
    assert result.streamed == result.answer.text == "Hello"


# Refusals.


def test_a_refusal(played):
    result = played(*refusal_events("No way."), completed(refusal_item("No way.")))
    assert result.pieces == [("refusal", "No w"), ("refusal", "ay.")]
    assert result.answer.text == ""
    assert result.answer.items[0].refusal == "No way."
    assert result.answer.is_usable


@pytest.mark.parametrize("field", ["refusal", "text"])
def test_a_refusal_only_in_done_events(played, field):
    opened = [OPENED[0], part_added({"type": "refusal"})]
    done = {"type": "response.refusal.done", "output_index": 0, "content_index": 0, field: "No."}
    whole = {"type": "refusal", field: "No."}
    result = played(*opened, done)
    assert result.answer.items[0].refusal == "No."
    result.feed(part_done(whole), item_done(message(whole)), completed())
    assert result.pieces == [("refusal", "No.")]
    assert result.answer.items[0].refusal == "No."
    assert result.answer.items[0].data["content"] == [{"type": "refusal", "refusal": "No."}]


def test_a_part_that_turns_out_to_be_a_refusal(played):
    result = played(*OPENED, item_done(refusal_item("No.")))
    assert result.pieces == [("refusal", "No.")]
    assert (result.answer.text, result.answer.items[0].refusal) == ("", "No.")


def test_text_and_refusal_in_one_message(played):
    whole = message(part("Well. "), {"type": "refusal", "refusal": "No."})
    result = played(OPENED[0], item_done(whole))
    assert result.pieces == [("text", "Well. "), ("refusal", "No.")]
    assert (result.answer.text, result.answer.items[0].refusal) == ("Well. ", "No.")


# Reasoning.


def test_a_summary(played):
    result = played(*reasoning_events("Thinking"), completed(reasoning_item("Thinking")))
    assert result.pieces == [("reasoning", "Thin"), ("reasoning", "king")]
    assert result.answer.items[0].reasoning == "Thinking"
    assert result.answer.text == ""
    assert not result.answer.is_usable


def test_a_summary_only_in_the_item(played):
    result = played(item_added(reasoning_item()), item_done(reasoning_item("Thinking")))
    assert result.pieces == [("reasoning", "Thinking")]


def test_summary_parts_without_their_indexes_are_there_once(played):
    opened, added, delta = reasoning_events("")[:3]
    deltas = [{**delta, "delta": text} for text in ("First.", "Second.")]
    whole = {**reasoning_item(), "summary": [part(text, "summary_text") for text in ("First.", "Second.")]}
    result = played(opened, added, *deltas, item_done(whole))
    assert result.pieces == [("reasoning", "First."), ("reasoning", "Second.")]
    assert result.answer.items[0].reasoning == "First.\n\nSecond."


def test_the_text_of_reasoning(played):
    where = {"output_index": 0, "content_index": 0}
    result = played(
        item_added(reasoning_item()),
        part_added(part("", "reasoning_text")),
        {"type": "response.reasoning_text.delta", **where, "delta": "Thin"},
        {"type": "response.reasoning_text.done", **where, "text": "Thinking"},
        part_done(part("Thinking", "reasoning_text")),
        item_done({**reasoning_item(), "content": [part("Thinking", "reasoning_text")]}),
        completed(),
    )
    assert result.pieces == [("reasoning", "Thin"), ("reasoning", "king")]
    assert result.answer.items[0].reasoning == "Thinking"
    assert result.answer.text == ""


@pytest.mark.parametrize("summary", [[part("Before", "summary_text")], [part("Before", "x")], "Before"])
def test_a_summary_of_another_item_is_no_answer(played, summary):
    item = {"id": "cmp_1", "type": "compaction", "summary": summary}
    result = played(item_added({**item, "summary": []}), item_done(item), completed(item))
    assert result.pieces == [("reasoning", "Before")]
    assert result.answer.text == ""


def test_reasoning_inside_a_message_is_no_answer(played):
    whole = message(part("Hm", "reasoning_text"), part("Hello"))
    result = played(OPENED[0], item_done(whole), completed(whole))
    assert result.pieces == [("reasoning", "Hm"), ("text", "Hello")]
    assert result.answer.text == "Hello"


# Done events that are ahead of their deltas.


@pytest.mark.parametrize("streamed", ["", "H", "Hel"])
@pytest.mark.parametrize("done", [text_done, lambda text: part_done(part(text))])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_deltas_that_a_done_event_told_before_are_not_told_again(played, streamed, done, size):
    rest = "Hello"[len(streamed) :]
    late = [text_delta(rest[at : at + size]) for at in range(0, len(rest), size)]
    result = played(*OPENED, text_delta(streamed), done("Hello"), *late, text_delta("!"), completed())
    assert result.streamed == result.answer.text == "Hello!"


def test_deltas_that_only_begin_like_what_a_done_event_told_are_new(played):
    late = [text_delta("l"), text_delta("emon")]
    result = played(*OPENED, text_delta("Hel"), text_done("Hello"), *late, completed())
    assert result.streamed == result.answer.text == "Hellolemon"


def test_a_done_event_that_is_ahead_twice(played):
    ends = [text_delta("H"), text_done("Hel"), text_delta("e"), part_done(part("Hello"))]
    result = played(*OPENED, *ends, text_delta("llo"), text_delta("!"), completed())
    assert result.streamed == result.answer.text == "Hello!"


@pytest.mark.parametrize(("told", "text"), [("Hello!", "Hello!"), ("Help", "Hello"), ("Hel", "Hello")])
def test_the_terminal_output_goes_on_with_a_whole_message_and_changes_nothing_else(played, told, text):
    result = played(*message_events("Hello"), completed(message_item(told)))
    assert result.streamed == result.answer.text == text


# Commentary.


@pytest.mark.parametrize("phase", ["commentary", "analysis"])
def test_commentary_is_handed_out_as_such(played, phase):
    opened, *rest = message_events("Looking")
    opened = {**opened, "item": {**opened["item"], "phase": phase}}
    done = item_done({**message_item("Looking"), "phase": phase})
    result = played(opened, *rest[:-1], done, *message_events("Hello", output_index=1), completed())
    assert result.streamed == result.answer.text == "Hello"
    assert "".join(text for kind, text in result.pieces if kind == "commentary") == "Looking"


def test_commentary_that_only_its_end_tells(played):
    opened = item_added(message_item(status="in_progress"))
    result = played(opened, item_done({**message_item("Looking"), "phase": "commentary"}), completed())
    assert result.pieces == [("commentary", "Looking")]


@pytest.mark.parametrize("phase", ["final_answer", "acme", None, 5])
def test_a_message_of_another_phase_is_an_answer(played, phase):
    opened, *rest = message_events("Hello")
    result = played({**opened, "item": {**opened["item"], "phase": phase}}, *rest, completed())
    assert result.streamed == result.answer.text == "Hello"


# Reasoning under other names, and in parts of text.


@pytest.mark.parametrize(
    "kind", ["response.acme_reasoning.delta", "acme.reasoning_delta", "response.reasoning_x.delta"]
)
def test_reasoning_under_a_name_that_nobody_knows(played, kind):
    where = {"output_index": 0, "content_index": 0}
    added = {"type": "response.content_part.added", **where, "part": part("", "reasoning_text")}
    result = played(item_added(reasoning_item()), added, {"type": kind, **where, "delta": "Hm"})
    assert result.pieces == [("reasoning", "Hm")]
    assert result.answer.items[0].reasoning == "Hm"


@pytest.mark.parametrize("item_id", ["rs_1", None, ""])
def test_reasoning_in_a_part_of_text(played, item_id):
    events = [part_added(), text_delta("Hm"), text_done("Hm"), part_done(part("Hm"))]
    events = [{**event, "item_id": item_id} for event in events]
    result = played(item_added(reasoning_item()), *events, completed())
    assert result.pieces == [("reasoning", "Hm")]
    assert result.answer.text == ""


def test_a_part_of_text_of_another_item_does_not_join_whole_reasoning(played):
    with pytest.raises(StreamOrderError) as refused:
        played(*reasoning_events(), part_added(item_id="msg_1"))
    assert refused.value.violation is Violation.ITEM_MISSING


def test_placeholders_are_no_reasoning(played):
    opened, added, *_ = reasoning_events()
    pieces = ["Hm\n", "<!-- -->", "\nso"]
    deltas = [{**reasoning_events()[2], "delta": piece} for piece in pieces]
    result = played(opened, added, *deltas, completed())
    assert result.pieces == [("reasoning", "Hm\n"), ("reasoning", "\nso")]
    assert result.answer.items[0].reasoning == "Hm\nso"


@pytest.mark.parametrize("phase", [[], None, "final_answer"])
def test_what_was_handed_out_as_commentary_stays_commentary(played, phase):
    opened = item_added({**message_item(status="in_progress"), "phase": "commentary"})
    result = played(opened, item_done({**message_item("Looking"), "phase": phase}), completed())
    assert result.pieces == [("commentary", "Looking")]
    assert result.answer.text == ""
