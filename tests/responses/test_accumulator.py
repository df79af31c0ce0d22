"""The order of events, and what is read from a good stream."""

import pytest

from hermes.errors import StreamOrderError
from hermes.responses.accumulator import Accumulator
from hermes.responses.events import Event
from hermes.responses.items import Usage
from hermes.responses.violations import Violation
from hermes.testing.wire import (
    completed,
    created,
    error,
    failed,
    function_call_events,
    function_call_item,
    good_events,
    in_progress,
    incomplete,
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

PRELUDE = {"type": "codex.rate_limits", "plan_type": "pro", "response": {"id": "resp_0"}}


def numbered(events):
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def test_the_reference_stream(play):
    done = play(*numbered(good_events()))
    assert done.pieces == [("text", "Hel"), ("text", "lo")]
    answer = done.answer
    assert answer.text == "Hello"
    assert answer.status == "completed"
    assert answer.terminal.type == "response.completed"
    assert answer.open_items == 0
    assert answer.is_usable
    assert answer.usage == Usage(2, 1, 3, 0, 0)
    assert answer.response["id"] == "resp_1"
    assert answer.response["model"] == "m"
    assert "output" not in answer.response
    (item,) = answer.items
    assert (item.type, item.id, item.confirmed) == ("message", "msg_1", True)
    assert item.data == message_item()


def test_nothing_was_fed():
    answer = Accumulator().answer()
    assert (answer.items, answer.status, answer.terminal, answer.usage) == ((), "", None, None)
    assert not answer.is_usable


@pytest.mark.parametrize("count", range(len(good_events())))
def test_without_a_terminal_event_nothing_is_complete(play, count):
    answer = play(*good_events()[:count]).answer
    assert (answer.status, answer.terminal) == ("", None)
    assert answer.open_items == (1 if 3 <= count < len(good_events()) - 1 else 0)


# Before the handshake.


@pytest.mark.parametrize(
    "event", [PRELUDE, {"type": "keepalive"}, in_progress(), text_delta("x"), completed()]
)
def test_nothing_may_come_before_created(play, event):
    with pytest.raises(StreamOrderError) as refused:
        play(event)
    words = f"Expected to have received `response.created` before `{event['type']}`"
    assert refused.value.message == str(refused.value) == words
    assert refused.value.violation is Violation.CREATED_MISSING
    assert refused.value.event == Event(event["type"], event)


@pytest.mark.parametrize(("kind", "named"), [("", "an event without a type"), ("x" * 500, f"`{'x' * 80}`")])
def test_a_strange_type_is_named_in_bounds(play, kind, named):
    with pytest.raises(StreamOrderError, match=named):
        play({"type": kind})


@pytest.mark.parametrize(
    ("event", "status"),
    [(error(message="boom"), "failed"), (failed("x", "boom"), "failed"), (incomplete("x"), "incomplete")],
)
def test_an_end_may_come_before_created(play, event, status):
    answer = play(event).answer
    assert answer.status == status
    assert answer.terminal.data == event


def test_a_tolerated_prelude_is_ignored(play):
    done = play(PRELUDE, {"type": ""}, *good_events(), tolerate_prelude=True)
    assert done.answer.text == "Hello"
    assert done.answer.response["id"] == "resp_1"


def test_a_tolerated_prelude_is_no_event_of_the_response(play):
    with pytest.raises(StreamOrderError):
        play(in_progress(), tolerate_prelude=True)


# After it.


def test_unknown_events_items_and_fields_are_harmless(play):
    odd = {"id": "x_1", "type": "web_search_call", "status": "in_progress", "action": {"query": "q"}}
    done = play(
        created(novelty=1),
        PRELUDE,
        {"type": ""},
        {"type": "response.novelty", "output_index": 9},
        item_added(odd),
        item_done({**odd, "status": "completed"}),
        *({**event, "obfuscation": "x8f"} for event in message_events(output_index=1)),
        completed(odd, message_item()),
    )
    assert done.streamed == done.answer.text == "Hello"
    assert [item.type for item in done.answer.items] == ["web_search_call", "message"]
    assert done.answer.items[0].data["action"] == {"query": "q"}


def test_a_heartbeat_with_or_without_a_response(played):
    done = played({"type": "response.in_progress"}, in_progress(model="other"), {"type": "response.queued"})
    assert done.answer.response["model"] == "other"


def test_null_does_not_wipe_what_is_known(played):
    done = played(in_progress(model=None, id=None))
    assert (done.answer.response["model"], done.answer.response["id"]) == ("m", "resp_1")


@pytest.mark.parametrize(
    ("before", "event", "violation"),
    [
        ([], created(), Violation.CREATED_AGAIN),
        ([], without(completed(), "response"), Violation.RESPONSE_MISSING),
        ([], {"type": "response.completed", "response": None}, Violation.RESPONSE_MISSING),
        ([], without(item_added(message_item()), "output_index"), Violation.INDEX_MISSING),
        ([], item_added(message_item(), output_index=-1), Violation.INDEX_MISSING),
        ([], item_added(message_item(), output_index=True), Violation.INDEX_MISSING),
        ([], item_added(message_item(), output_index=0.0), Violation.INDEX_MISSING),
        ([], item_added(message_item(), output_index=[]), Violation.INDEX_MISSING),
        ([], item_added(None), Violation.ITEM_MISSING),
        ([], item_done(message_item()), Violation.ITEM_MISSING),
        ([], text_delta("x"), Violation.ITEM_MISSING),
        ([], {**text_delta("x"), "output_index": -1}, Violation.INDEX_MISSING),
        ([], {**text_delta("x"), "output_index": {}}, Violation.INDEX_MISSING),
        ([item_added(message_item())], item_added(message_item()), Violation.ITEM_AGAIN),
        ([item_added(message_item())], item_done(None), Violation.ITEM_MISSING),
        ([item_added(message_item())], item_done(function_call_item()), Violation.ITEM_MISSING),
        ([item_added(message_item())], text_delta("x"), Violation.PART_MISSING),
        ([item_added(message_item())], part_done(), Violation.PART_MISSING),
        ([item_added(message_item())], without(text_delta("x"), "content_index"), Violation.INDEX_MISSING),
        ([item_added(message_item())], without(part_added(), "content_index"), Violation.INDEX_MISSING),
        ([item_added(message_item())], {**text_delta("x"), "content_index": []}, Violation.INDEX_MISSING),
        ([item_added(message_item()), part_added()], part_added(), Violation.PART_AGAIN),
        (reasoning_events()[:1], reasoning_events()[2], Violation.PART_MISSING),
        (reasoning_events()[:2], reasoning_events()[1], Violation.PART_AGAIN),
        (reasoning_events()[:1], without(reasoning_events()[1], "summary_index"), Violation.INDEX_MISSING),
        (function_call_events()[:1], text_delta("x"), Violation.PART_MISSING),
        ([item_added(message_item())], function_call_events()[1], Violation.ITEM_MISSING),
        ([item_added(message_item())], function_call_events()[3], Violation.ITEM_MISSING),
        # An answer is no reasoning: https://github.com/BerriAI/litellm/issues/41185
        ([item_added(reasoning_item()), part_added()], text_delta("x"), Violation.PART_MISSING),
        ([item_added(reasoning_item()), part_added()], text_done("x"), Violation.PART_MISSING),
        (
            [item_added(message_item()), part_added()],
            {**text_delta("x"), "type": "response.reasoning_text.delta"},
            Violation.PART_MISSING,
        ),
    ],
)
def test_what_cannot_come_is_refused_and_leaves_no_trace(played, before, event, violation):
    done = played(*before)
    known = done.answer
    with pytest.raises(StreamOrderError) as refused:
        done.feed(event)
    assert refused.value.violation is violation
    assert refused.value.message.startswith(f"The stream is out of order: `{event['type']}`")
    assert done.answer == known


def test_the_stream_goes_on_after_a_refusal(played):
    done = played(item_added(message_item(status="in_progress")))
    with pytest.raises(StreamOrderError):
        done.feed(text_delta("Hel"))
    done.feed(*message_events()[1:], completed(message_item()))
    assert done.streamed == done.answer.text == "Hello"


def test_a_created_without_a_response_may_come_again(play):
    done = play()
    with pytest.raises(StreamOrderError):
        done.feed({"type": "response.created", "response": None})
    assert done.feed(*good_events()).answer.text == "Hello"


# Repeated frames.


def opened():
    return [created(), *message_events()[:2]]


def test_the_same_frame_twice_is_refused(play):
    delta = {**text_delta("ha"), "sequence_number": 4}
    done = play(*opened(), delta)
    with pytest.raises(StreamOrderError) as refused:
        done.feed(delta)
    assert refused.value.violation is Violation.FRAME_REPEATED
    assert done.feed({**delta, "sequence_number": 5}).streamed == "haha"


@pytest.mark.parametrize("number", [0, None, "4", 4.0, [4]])
def test_equal_deltas_without_a_number_of_their_own_are_two(play, number):
    delta = {**text_delta("ha"), "sequence_number": number}
    assert play(*opened(), delta, delta).streamed == "haha"


def test_where_every_event_has_one_number_equal_deltas_are_two(play):
    events = [*opened(), *[text_delta("ha")] * 2]
    assert play(*({**event, "sequence_number": 7} for event in events)).streamed == "haha"


def test_a_number_may_come_twice_with_other_events(play):
    first, second = ({**text_delta(text), "sequence_number": 4} for text in ("a", "b"))
    assert play(*opened(), first, second).streamed == "ab"


# The end.


@pytest.mark.parametrize("end", [completed(), error(message="x"), failed("x", "y"), incomplete("z")])
def test_what_comes_after_the_end_is_ignored(played, end):
    done = played(*message_events(), end)
    known = done.answer
    after = [
        failed("late", "no"),
        completed(message_item("Other")),
        text_delta("!"),
        created(),
        {"type": "x"},
    ]
    done.feed(*after)
    assert done.answer == known
    assert done.streamed == "Hello"


@pytest.mark.parametrize(
    ("kind", "told", "status"),
    [
        ("completed", "completed", "completed"),
        ("completed", None, "completed"),
        ("completed", "in_progress", "completed"),
        ("completed", ["completed"], "completed"),
        ("completed", {}, "completed"),
        ("completed", "failed", "failed"),
        ("completed", "incomplete", "incomplete"),
        ("completed", "cancelled", "cancelled"),
        ("completed", "canceled", "cancelled"),
        ("failed", "completed", "failed"),
        ("failed", "incomplete", "failed"),
        ("incomplete", "completed", "incomplete"),
        ("incomplete", "failed", "failed"),
        ("cancelled", "completed", "cancelled"),
        ("cancelled", "in_progress", "cancelled"),
    ],
)
def test_the_worse_of_event_and_status_is_believed(played, kind, told, status):
    answer = played({"type": f"response.{kind}", "response": {"status": told}}).answer
    assert answer.status == answer.response["status"] == status


@pytest.mark.parametrize("kind", ["failed", "incomplete", "cancelled"])
def test_a_bad_end_may_come_without_a_response(played, kind):
    assert played({"type": f"response.{kind}"}).answer.status == kind


def test_an_error_of_the_beginning_is_void_when_the_answer_came(play):
    done = play(created(error={"code": "x"}), *message_events(), completed())
    assert "error" not in done.answer.response


def test_an_error_of_the_beginning_stays_when_it_did_not(play):
    assert play(created(error={"code": "x"}), incomplete("y")).answer.response["error"] == {"code": "x"}


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (None, None),
        ({}, None),
        ("12", None),
        ([], None),
        ({"input_tokens": None, "output_tokens": None}, None),
        ({"input_tokens": 2}, Usage(input_tokens=2)),
        ({"input_tokens": True, "output_tokens": -1, "total_tokens": "3"}, None),
        ({"output_tokens": 0, "output_tokens_details": None}, Usage(output_tokens=0)),
        (
            {"output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 3}},
            Usage(None, 4, None, None, 3),
        ),
        ({"input_tokens": 4, "input_tokens_details": {"cached_tokens": 3}}, Usage(4, cached_tokens=3)),
        ({"input_tokens": 4, "input_tokens_details": [3]}, Usage(4)),
    ],
)
def test_usage_may_be_anything(played, told, usage):
    assert played(completed(message_item(), usage=told)).answer.usage == usage


def test_usage_may_be_missing(played):
    end = completed(message_item())
    assert played({**end, "response": without(end["response"], "usage")}).answer.usage is None


# Several items.


def test_items_come_in_the_order_of_their_indexes(played):
    thought = reasoning_events("Hm", output_index=0)
    said = message_events("Hello", output_index=1)
    done = played(thought[0], said[0], *thought[1:], *said[1:], completed())
    assert [item.type for item in done.answer.items] == ["reasoning", "message"]
    assert done.answer.items[0].reasoning == "Hm"
    assert done.answer.text == "Hello"


def test_overlapping_messages_keep_their_own_text(played):
    first = message_events("Hello ", item_id="msg_1", output_index=0)
    second = message_events("world", item_id="msg_2", output_index=1)
    mixed = [event for pair in zip(first, second, strict=True) for event in pair]
    assert played(*mixed, completed()).answer.text == "Hello world"


def test_item_ids_do_not_matter(played):
    events = [{**event, "item_id": f"x_{place}"} for place, event in enumerate(message_events())]
    events[-1] = item_done(message_item(item_id="msg_other"))
    done = played(*events, completed(message_item(item_id="msg_third")))
    assert done.streamed == done.answer.text == "Hello"
    assert len(done.answer.items) == 1
