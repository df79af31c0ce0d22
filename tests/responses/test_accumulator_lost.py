"""Events that were lost on their way, and ends that say why they are none."""

import pytest

from hermes.testing.wire import (
    arguments_delta,
    arguments_done,
    completed,
    created,
    function_call_item,
    item_added,
    item_done,
    message_item,
    part_added,
    part_done,
    reasoning_events,
    reasoning_item,
    refusal_item,
    text_delta,
    text_done,
)

WHOLE = '{"path":"/tmp/build/x"}'
TORN = '{"path":"/tmp//x"}'
OPENED = item_added(function_call_item(status="in_progress"))
PIECES = [arguments_delta('{"path":"/tmp/'), arguments_delta('/x"}')]
TEXT = [item_added(message_item(status="in_progress")), part_added(), text_delta("Do "), text_delta("it.")]
CALL = function_call_item(WHOLE)
BARE = function_call_item("")
CUT = function_call_item(WHOLE[:9])


def numbered(*events, numbers=()):
    told = numbers or range(len(events))
    return [{**event, "sequence_number": number} for event, number in zip(events, told, strict=True)]


def losing(played, *events, after=0):
    """Plays the events, with a frame lost after so many of them."""
    state = played(*events[:after])
    state.accumulator.lose_frame()
    return state.feed(*events[after:]).answer


# A frame that could not be read.


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "end",
    [
        [completed()],
        [item_done(BARE), completed()],
        [item_done(BARE), completed(BARE)],
        [arguments_done(""), completed(BARE)],
        [item_done(CUT), completed(CUT)],
    ],
)
def test_a_call_that_may_lack_its_middle_is_not_confirmed_by_deltas(played, end, after):
    answer = losing(played, OPENED, *PIECES, *end, after=after)
    assert [item.confirmed for item in answer.items] == [False]
    assert (answer.torn, answer.open_items) == (True, 1)


@pytest.mark.parametrize(
    "end",
    [
        [arguments_done(WHOLE), completed()],
        [item_done(CALL), completed()],
        [item_done(CALL), completed(BARE)],
        [item_done(BARE), completed(CALL)],
        [completed(CALL)],
    ],
)
def test_a_call_that_is_told_whole_is_confirmed_all_the_same(played, end):
    answer = losing(played, OPENED, *PIECES, *end, after=2)
    assert [(item.confirmed, item.data["arguments"]) for item in answer.items] == [(True, WHOLE)]
    assert not answer.torn


def test_without_a_lost_frame_deltas_are_enough(played):
    answer = played(OPENED, *PIECES, completed()).answer
    assert (answer.items[0].confirmed, answer.torn) == (True, False)


@pytest.mark.parametrize("end", [[], [item_done({**message_item(), "content": []})]])
def test_a_text_that_may_lack_a_piece_is_torn(played, end):
    answer = losing(played, *TEXT, *end, completed(), after=3)
    assert (answer.text, answer.torn, answer.open_items) == ("Do it.", True, 1)


def test_a_message_whose_whole_text_may_be_lost_is_torn(played):
    assert losing(played, *TEXT[:2], completed(), after=2).torn
    opened_with_text = item_added({**message_item("Do"), "status": "in_progress"})
    assert losing(played, opened_with_text, completed(), after=1).torn


@pytest.mark.parametrize(
    "end",
    [
        [text_done("Do not do it.")],
        [part_done({"type": "output_text", "text": "Do not do it."})],
        [item_done(message_item("Do not do it."))],
        [item_done({**message_item(), "content": []}), completed(message_item("Do not do it."))],
        [completed(message_item("Do not do it."))],
    ],
)
def test_a_text_that_is_told_whole_is_whole(played, end):
    answer = losing(played, *TEXT, *end, completed(), after=3)
    assert (answer.text, answer.torn, answer.open_items) == ("Do not do it.", False, 0)


def test_a_lost_piece_of_reasoning_takes_nothing_from_the_answer(played):
    thought = [event for event in reasoning_events("Thinking") if not event["type"].endswith(".done")]
    message = item_done(message_item("Do it."), output_index=1)
    opened = item_added(message_item(status="in_progress"), output_index=1)
    answer = losing(played, *thought, opened, message, completed(), after=2)
    assert (answer.text, answer.torn, answer.open_items) == ("Do it.", False, 0)
    search = {"id": "ws_1", "type": "web_search_call"}
    assert not losing(played, item_added(search), item_done(search), completed(), after=1).torn


def test_an_answer_that_breaks_off_is_not_torn_besides(played):
    assert not losing(played, *TEXT, after=3).torn
    assert losing(played, *TEXT, item_done({**message_item(), "content": []}), after=3).open_items == 1


# A number that was left out.


def test_a_call_whose_middle_number_is_missing_is_not_confirmed(play):
    answer = play(*numbered(created(), OPENED, *PIECES, completed(), numbers=(0, 1, 2, 4, 5))).answer
    assert (answer.items[0].confirmed, answer.torn) == (False, True)


def test_the_gap_may_be_seen_at_an_event_of_another_item(play):
    other = item_added(message_item(status="in_progress"), output_index=1)
    events = numbered(created(), OPENED, PIECES[0], other, PIECES[1], completed(), numbers=(0, 1, 2, 4, 5, 6))
    assert not play(*events).answer.items[0].confirmed


@pytest.mark.parametrize(
    "numbers",
    [
        (0, 1, 2, 3, 9),  # after the last delta: JSON that lacks its end is none
        (0, 0, 0, 0, 0),
        (1, 2, 1, 2, 3),
        (4, 3, 2, 1, 0),
        (0, 5, 10, 15, 20),  # a backend that numbers in this way did so before anything could be lost
    ],
)
def test_numbers_that_prove_nothing(play, numbers):
    answer = play(*numbered(created(), OPENED, *PIECES, completed(), numbers=numbers)).answer
    assert (answer.items[0].confirmed, answer.torn) == (True, False)


@pytest.mark.parametrize(
    "end",
    [
        [arguments_done(WHOLE), completed()],
        [item_done(CALL), completed()],
        [completed(CALL)],
    ],
)
def test_a_gap_does_not_matter_where_the_call_is_told_whole(play, end):
    events = [created(), OPENED, *PIECES, *end]
    numbers = (0, 1, 2, *range(4, len(events) + 1))
    answer = play(*numbered(*events, numbers=numbers)).answer
    assert (answer.items[0].confirmed, answer.items[0].data["arguments"]) == (True, WHOLE)


def test_a_text_is_not_doubted_for_its_numbers(play):
    answer = play(*numbered(created(), *TEXT, completed(), numbers=(0, 1, 2, 3, 7, 8))).answer
    assert (answer.torn, answer.open_items) == (False, 0)


@pytest.mark.parametrize("passed", [{"type": "vendor.keepalive"}, {"type": "response.vendor.thing"}])
def test_the_numbers_of_events_that_say_nothing_are_no_gap(play, passed):
    answer = play(*numbered(created(), OPENED, PIECES[0], passed, PIECES[1], completed())).answer
    assert answer.items[0].confirmed


# Ends that say why they are none.


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"error": {"code": "server_error", "message": "boom"}}, "failed"),
        ({"error": "boom"}, "failed"),
        ({"incomplete_details": {"reason": "max_output_tokens"}}, "incomplete"),
        ({"error": {"code": "x"}, "incomplete_details": {"reason": "max_output_tokens"}}, "failed"),
        ({"error": None, "incomplete_details": None}, "completed"),
        ({"error": {}, "incomplete_details": {}}, "completed"),
        ({"error": {"code": "", "message": None}, "incomplete_details": {"reason": None}}, "completed"),
        ({"error": ""}, "completed"),
    ],
)
@pytest.mark.parametrize("said", ["completed", None])
def test_an_end_that_tells_why_it_is_none(played, told, status, said):
    answer = played(*TEXT, completed(message_item("Do it."), CALL, **told, status=said)).answer
    assert answer.status == status
    assert all(item.confirmed for item in answer.items) is (status == "completed")


def test_refusals_and_reasoning_end_as_before(played):
    answer = played(completed(reasoning_item("x"), refusal_item("No."))).answer
    assert (answer.status, answer.torn, answer.open_items) == ("completed", False, 0)
