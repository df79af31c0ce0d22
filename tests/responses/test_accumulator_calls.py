"""Function calls and calls of custom tools."""

import json

import pytest

from hermes.testing.wire import (
    arguments_delta,
    arguments_done,
    completed,
    error,
    failed,
    function_call_events,
    function_call_item,
    incomplete,
    item_added,
    item_done,
    message_item,
)

WHOLE = '{"command":"ls"}'
OPENED = item_added(function_call_item(status="in_progress"))


def call(answer):
    (found,) = [item.function_call for item in answer.items if item.function_call]
    return found


def test_a_call(played):
    done = played(*function_call_events(), completed(function_call_item()))
    assert "".join(text for _, text in done.pieces) == WHOLE
    assert {kind for kind, _ in done.pieces} == {"arguments"}
    found = call(done.answer)
    assert (found.call_id, found.name, found.arguments) == ("call_1", "sh", WHOLE)
    assert done.answer.items[0].data == function_call_item()
    assert (done.answer.text, done.answer.open_items) == ("", 0)
    assert done.answer.is_usable


@pytest.mark.parametrize(
    "events",
    [
        [arguments_done(WHOLE)],
        [arguments_done(""), item_done(function_call_item(WHOLE))],
        [arguments_done(""), item_done(function_call_item("")), completed(function_call_item(WHOLE))],
        [item_done({**function_call_item(), "arguments": None}), completed(function_call_item(WHOLE))],
        [arguments_delta(WHOLE[:5]), arguments_done(WHOLE)],
        [arguments_delta(WHOLE[:5]), item_done(function_call_item(WHOLE))],
        [arguments_delta(WHOLE[:5]), completed(function_call_item(WHOLE))],
        [arguments_delta(WHOLE), arguments_done(""), item_done(function_call_item(""))],
        [item_done({**function_call_item(), "arguments": json.loads(WHOLE)})],
    ],
    ids=[
        "only-done",
        "only-item-done",
        "only-terminal",
        "only-terminal-after-null",
        "done-brings-the-rest",
        "item-brings-the-rest",
        "terminal-brings-the-rest",
        "empty-done-events",
        "arguments-as-an-object",
    ],
)
def test_arguments_wherever_they_are_told(played, events):
    done = played(OPENED, *events)
    if done.answer.terminal is None:
        done.feed(completed())
    found = call(done.answer)
    assert json.loads(found.arguments) == json.loads(WHOLE)
    assert "".join(text for _, text in done.pieces) == found.arguments
    assert done.answer.items[0].confirmed
    assert len(done.answer.items) == 1


@pytest.mark.parametrize(
    "broken", ["{", '{"command":"l', "{'command': 'ls'}", '{"command":"ls"}}', "null", "1"]
)
def test_whole_arguments_are_not_given_up_for_broken_ones(played, broken):
    done = played(
        OPENED, arguments_delta(WHOLE), arguments_done(broken), item_done(function_call_item(broken))
    )
    assert call(done.answer).arguments == WHOLE


@pytest.mark.parametrize("end", [arguments_done(WHOLE), item_done(function_call_item(WHOLE))])
def test_whole_arguments_win_over_broken_ones(played, end):
    done = played(OPENED, arguments_delta(WHOLE + "}"), end)
    assert call(done.answer).arguments == WHOLE


def test_the_done_item_rules_over_whole_arguments_that_differ(played):
    done = played(OPENED, arguments_delta("{}"), item_done(function_call_item(WHOLE)))
    assert call(done.answer).arguments == WHOLE


def test_a_call_announced_under_another_item_id(played):
    opened = item_added(function_call_item(status="in_progress", item_id="A"))
    whole = function_call_item(item_id="B")
    done = played(opened, item_done(whole), completed({**whole, "id": "C"}))
    assert call(done.answer).arguments == WHOLE
    assert len(done.answer.items) == 1


def test_two_calls_at_once(played):
    first = function_call_events('{"a":1}', call_id="call_1", item_id="fc_1", output_index=0)
    second = function_call_events('{"b":2}', call_id="call_2", item_id="fc_2", output_index=1)
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    done = played(*mixed, completed())
    calls = [item.function_call for item in done.answer.items]
    assert [(c.call_id, c.arguments) for c in calls] == [("call_1", '{"a":1}'), ("call_2", '{"b":2}')]
    by_place = {0: "", 1: ""}
    for delta in done.deltas:
        by_place[delta.output_index] += delta.text
    assert by_place == {0: '{"a":1}', 1: '{"b":2}'}


def test_open_calls_are_told_apart_by_their_call_ids(played):
    def opened(number):
        item = function_call_item(call_id=f"call_{number}", item_id=f"fc_{number}", status="in_progress")
        return item_added(item, output_index=number)

    output = [function_call_item(f'{{"n":{n}}}', call_id=f"call_{n}", item_id=f"other_{n}") for n in (1, 0)]
    done = played(opened(0), opened(1), completed(*output))
    assert [item.function_call.arguments for item in done.answer.items] == ['{"n":0}', '{"n":1}']


def test_an_id_that_another_call_has_too_does_not_make_it_the_same(played):
    done = played(*function_call_events()[:-1], completed(function_call_item('{"b":2}', call_id="call_2")))
    assert [item.function_call.call_id for item in done.answer.items] == ["call_1", "call_2"]


@pytest.mark.parametrize(("field", "told"), [("call_id", None), ("call_id", 5), ("call_id", "")])
def test_the_item_id_stands_in_for_a_call_id(played, field, told):
    whole = {**function_call_item(), field: told}
    assert call(played(item_added(whole), item_done(whole)).answer).call_id == "fc_1"


@pytest.mark.parametrize("delta", ["", None, 5, {}])
def test_a_delta_without_a_text_is_nothing(played, delta):
    assert played(OPENED, arguments_delta(delta)).pieces == []


# Who may run.


@pytest.mark.parametrize(
    ("arguments", "confirmed"),
    [
        (WHOLE, True),
        ("{}", True),
        ("", False),
        (WHOLE[:-1], False),
        ("1", False),
        ("[]", False),
        ("{}x", False),
    ],
)
def test_a_completed_response_confirms_an_open_call_only_with_whole_arguments(played, arguments, confirmed):
    answer = played(OPENED, arguments_delta(arguments), completed(message_item(""))).answer
    assert answer.items[0].confirmed is confirmed
    assert call(answer).arguments == arguments


@pytest.mark.parametrize(
    "end", [incomplete("x"), failed("x", "y"), error(message="x"), {"type": "response.cancelled"}]
)
def test_no_other_end_confirms_an_open_call(played, end):
    answer = played(OPENED, arguments_delta(WHOLE), arguments_done(WHOLE), end).answer
    assert not answer.items[0].confirmed
    assert answer.open_items == 1
    assert not answer.is_usable


def test_no_other_end_confirms_a_call_that_it_tells_itself(played):
    assert not played(incomplete("x", function_call_item())).answer.items[0].confirmed


def test_an_item_that_is_incomplete_itself_is_not_confirmed(played):
    cut = function_call_item() | {"status": "incomplete"}
    for events in (
        [item_done(cut)],
        [completed(cut)],
        [item_done(cut), completed(cut)],
        [item_done(cut), completed()],
    ):
        assert not played(OPENED, *events).answer.items[0].confirmed


def test_a_call_whose_status_is_stuck_is_confirmed(played):
    stuck = function_call_item() | {"status": "in_progress"}
    assert played(OPENED, item_done(stuck), completed(stuck)).answer.items[0].confirmed


def test_arguments_of_the_opening_alone_are_not_enough(played):
    answer = played(item_added(function_call_item(WHOLE)), completed()).answer
    assert not answer.items[0].confirmed


# Calls of custom tools.

CUSTOM = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "call_1", "name": "patch", "input": ""}
INPUT = {"output_index": 0, "item_id": "ctc_1"}


def input_delta(text):
    return {"type": "response.custom_tool_call_input.delta", **INPUT, "delta": text}


def test_a_call_of_a_custom_tool(played):
    done = played(
        item_added(CUSTOM),
        input_delta("*** Beg"),
        {"type": "response.custom_tool_call_input.done", **INPUT, "input": "*** Begin"},
        item_done({**CUSTOM, "input": "*** Begin"}),
        completed(),
    )
    assert done.pieces == [("arguments", "*** Beg"), ("arguments", "in")]
    (item,) = done.answer.items
    assert item.data["input"] == "*** Begin"
    assert "arguments" not in item.data
    assert item.is_call
    assert item.confirmed
    assert item.function_call is None


def test_an_open_call_of_a_custom_tool_may_be_cut_anywhere(played):
    assert not played(item_added(CUSTOM), input_delta("*** Beg"), completed()).answer.items[0].confirmed


def test_an_item_of_no_type_becomes_the_call_that_its_done_event_tells(played):
    done = played(item_added({"id": "fc_1"}), item_done(function_call_item()))
    assert call(done.answer).arguments == WHOLE


@pytest.mark.parametrize(
    ("event", "kind"),
    [(arguments_delta(WHOLE), "function_call"), (input_delta("x"), "custom_tool_call")],
)
def test_an_item_of_no_type_becomes_the_call_that_it_is(played, event, kind):
    assert played(item_added({"id": "x"}), event).answer.items[0].type == kind


# The same call under several items.


def announced(**ids):
    return item_added(function_call_item(status="in_progress", **ids))


def call_ids(answer):
    return [(item.data["call_id"], item.data["arguments"]) for item in answer.items]


LS = ("call_1", '{"command":"ls"}')


def test_a_call_announced_at_one_place_and_confirmed_at_another_is_one(played):
    confirmed = function_call_events(item_id="B", output_index=1)
    done = played(announced(item_id="A"), *confirmed, completed())
    assert call_ids(done.answer) == [LS]
    assert done.answer.open_items == 0


@pytest.mark.parametrize(
    "end", [completed(), completed(function_call_item(), function_call_item(item_id="B"))]
)
def test_a_call_that_is_sent_again_is_one(played, end):
    again = function_call_events(item_id="B", output_index=1)
    assert call_ids(played(*function_call_events(), *again, end).answer) == [LS]


def test_two_calls_under_one_id_are_both_told(played):
    """Which of them is meant nobody knows; one of them runs at most."""
    other = function_call_events('{"command":"pwd"}', item_id="B", output_index=1)
    answer = played(*function_call_events(), *other, completed()).answer
    assert call_ids(answer) == [LS, ("call_1", '{"command":"pwd"}')]


def test_arguments_that_come_after_a_whole_call_change_nothing(played):
    events = function_call_events()
    done = played(*events, *events[1:3], events[-1], completed())
    assert call_ids(done.answer) == [LS]
    assert "".join(text for kind, text in done.pieces if kind == "arguments") == LS[1]


# Ids that backends leave out, or put into one field.


def test_a_call_without_any_id_has_the_same_one_each_time(played):
    bare = {"type": "function_call", "name": "sh", "arguments": LS[1]}
    first, again = (played(item_added(bare), item_done(bare), completed()).answer for _ in range(2))
    [call_id] = {item.data["call_id"] for item in (*first.items, *again.items)}
    assert call_id.startswith("call_")
    assert first.items[0].function_call.call_id == call_id


@pytest.mark.parametrize("other", [{"name": "read"}, {"arguments": "{}"}])
def test_other_calls_without_any_id_have_other_ones(played, other):
    bare = {"type": "function_call", "name": "sh", "arguments": LS[1]}
    events = [item_done(bare), item_done({**bare, **other}, output_index=1), item_done(bare, output_index=2)]
    opened = [item_added({"type": "function_call"}, output_index=index) for index in range(3)]
    answer = played(*opened, *events, completed()).answer
    assert len({item.data["call_id"] for item in answer.items}) == 3


@pytest.mark.parametrize("field", ["call_id", "id"])
def test_two_ids_in_one_field(played, field):
    item = {**function_call_item(), "call_id": None, "id": None, field: "call_1|fc_1"}
    [call] = played(item_added(item), item_done(item), completed()).answer.items
    assert (call.data["call_id"], call.id) == ("call_1", "fc_1")
