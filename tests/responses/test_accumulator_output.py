"""The output of the terminal event: it fills what the items' own events left open, and nothing else."""

import pytest

from hermes.testing.wire import (
    completed,
    failed,
    function_call_events,
    function_call_item,
    incomplete,
    item_added,
    item_done,
    message_events,
    message_item,
    part_added,
    reasoning_events,
    reasoning_item,
    text_delta,
    without,
)

OPEN = message_events()[:2]


def types(answer):
    return [item.type for item in answer.items]


@pytest.mark.parametrize("output", [None, [], {}, "Hello", 5, [None], [5, "x", []]])
def test_an_output_of_nothing_loses_nothing(played, output):
    done = played(*message_events(), {"type": "response.completed", "response": {"output": output}})
    assert done.streamed == done.answer.text == "Hello"
    assert types(done.answer) == ["message"]


def test_no_output_at_all(played):
    end = completed()
    end["response"] = without(end["response"], "output")
    assert played(*message_events(), end).answer.text == "Hello"


def test_an_output_without_any_events_before_it(played):
    done = played(completed(reasoning_item("Hm"), message_item(), function_call_item()))
    assert done.pieces == [("reasoning", "Hm"), ("text", "Hello"), ("arguments", '{"command":"ls"}')]
    assert types(done.answer) == ["reasoning", "message", "function_call"]
    assert all(item.confirmed for item in done.answer.items)
    assert [delta.output_index for delta in done.deltas] == [0, 1, 2]


def test_an_open_item_is_completed_and_confirmed(played):
    done = played(*OPEN, text_delta("Hel"), completed(message_item()))
    assert done.pieces == [("text", "Hel"), ("text", "lo")]
    assert done.answer.items[0].confirmed


def test_an_open_message_that_the_output_leaves_out_is_confirmed(played):
    assert played(*OPEN, text_delta("Hello"), completed()).answer.items[0].confirmed


@pytest.mark.parametrize("end", [incomplete("max_output_tokens", message_item()), failed("x", "y")])
def test_a_bad_end_confirms_nothing_and_keeps_what_is_done(played, end):
    assert played(*OPEN, text_delta("Hel"), end).answer.open_items == 1
    assert played(*message_events(), end).answer.open_items == 0


def test_a_bad_end_may_still_bring_text(played):
    done = played(*OPEN, text_delta("Hel"), incomplete("max_output_tokens", message_item()))
    assert done.streamed == done.answer.text == "Hello"


def test_a_done_item_is_believed_over_the_output(played):
    done = played(*message_events("Hello"), completed(message_item("Something else")))
    assert done.streamed == done.answer.text == "Hello"


def test_an_empty_done_item_is_filled(played):
    empty = item_done({**message_item(), "content": []})
    done = played(*OPEN, empty, completed(message_item()))
    assert done.streamed == done.answer.text == "Hello"


@pytest.mark.parametrize("item_id", ["msg_1", "msg_9", "", None])
@pytest.mark.parametrize("whole", [True, False])
def test_a_message_under_another_id_is_the_same(played, item_id, whole):
    events = message_events() if whole else [*OPEN, text_delta("Hel")]
    done = played(*events, completed(message_item(item_id=item_id)))
    assert done.streamed == done.answer.text == "Hello"
    assert types(done.answer) == ["message"]


def test_an_output_in_another_order_under_other_ids(played):
    events = [
        *reasoning_events("Hm", output_index=0),
        *message_events(output_index=1),
        *function_call_events(output_index=2),
    ]
    output = [
        function_call_item(item_id="x"),
        message_item(item_id="y"),
        reasoning_item("Hm", item_id="z"),
    ]
    done = played(*events, completed(*output))
    assert types(done.answer) == ["reasoning", "message", "function_call"]
    assert done.streamed == done.answer.text == "Hello"


def test_an_output_without_the_reasoning(played):
    events = [*reasoning_events(output_index=0), *message_events(output_index=1)]
    done = played(*events, completed(message_item(item_id="y")))
    assert types(done.answer) == ["reasoning", "message"]
    assert done.answer.text == "Hello"


def test_items_that_are_numbered_from_one(played):
    done = played(*message_events(output_index=1), completed(message_item(item_id="y")))
    assert types(done.answer) == ["message"]


def test_an_item_that_only_the_output_has_comes_at_its_place(played):
    done = played(*message_events(output_index=1), completed(reasoning_item("Hm"), message_item()))
    assert types(done.answer) == ["reasoning", "message"]


def test_an_item_that_only_the_output_has_never_takes_a_place(played):
    done = played(
        *message_events(output_index=0),
        *reasoning_events(output_index=1),
        completed(function_call_item(), message_item(), reasoning_item()),
    )
    assert types(done.answer) == ["message", "reasoning", "function_call"]
    assert done.answer.text == "Hello"


@pytest.mark.parametrize("ids", [("a", "b"), ("x", "y")], ids=["same-ids", "other-ids"])
def test_messages_behind_reasoning_that_the_output_leaves_out(played, ids):
    events = [
        *reasoning_events(output_index=0),
        *message_events("Hello ", item_id="a", output_index=1)[:-3],
        *message_events("world", item_id="b", output_index=2)[:-3],
    ]
    output = [message_item(text, item_id=name) for text, name in zip(("Hello ", "world!"), ids, strict=True)]
    done = played(*events, completed(*output))
    assert done.streamed == done.answer.text == "Hello world!"
    assert types(done.answer) == ["reasoning", "message", "message"]


def test_a_message_that_only_the_output_has_does_not_take_the_place_of_another(played):
    output = [message_item("Well. ", item_id="a"), message_item("Hello", item_id="b")]
    done = played(*message_events(item_id="b", output_index=1), completed(*output))
    assert done.pieces == [("text", "Hel"), ("text", "lo"), ("text", "Well. ")]
    assert done.answer.text == "Well. Hello"


def test_a_call_that_the_output_loses_is_kept(played):
    # https://github.com/sgl-project/sglang/issues/12652
    empty = {**message_item(), "content": [{"type": "text", "text": ""}]}
    answer = played(*function_call_events()[:-1], completed(empty)).answer
    assert answer.items[0].function_call.arguments == '{"command":"ls"}'
    assert answer.items[0].confirmed


@pytest.mark.parametrize("call_id", ["call_1", "call_2"])
def test_a_call_is_the_same_by_its_call_id(played, call_id):
    done = played(*function_call_events(), completed(function_call_item(call_id=call_id, item_id="fc_9")))
    # A gateway that invents ids while it streams tells the same call under another one in the end.
    assert [item.data["call_id"] for item in done.answer.items] == [call_id]


def test_another_call_of_the_terminal_output_is_one_more(played):
    other = function_call_item('{"command":"pwd"}', call_id="call_2", item_id="fc_9")
    done = played(*function_call_events(), completed(other))
    assert [item.data["call_id"] for item in done.answer.items] == ["call_1", "call_2"]


def test_equal_calls_at_once_are_two(played):
    second = function_call_item(call_id="call_2", item_id="fc_2")
    done = played(*function_call_events(), completed(function_call_item(), second))
    assert [item.data["call_id"] for item in done.answer.items] == ["call_1", "call_2"]


def test_the_output_of_a_call_is_not_the_call(played):
    result = {"id": "fo_1", "type": "function_call_output", "call_id": "call_1", "output": "a.txt"}
    done = played(*function_call_events()[:-1], completed(result, function_call_item()))
    assert types(done.answer) == ["function_call", "function_call_output"]
    assert done.answer.items[0].function_call.name == "sh"


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a"), ("x", "y"), ("", "")])
def test_two_messages_are_two(played, ids):
    events = [
        *message_events("Hello ", item_id="a", output_index=0),
        *message_events("world", item_id="b", output_index=1),
    ]
    texts = {"a": "Hello ", "b": "world"}
    output = [
        message_item(texts.get(name, text), item_id=name)
        for name, text in zip(ids, texts.values(), strict=True)
    ]
    done = played(*events, completed(*output))
    assert done.streamed == done.answer.text == "Hello world"


def test_the_output_tells_what_the_item_did_not(played):
    opened = item_added({"id": "msg_1", "type": "message"})
    done = played(
        opened, part_added(), text_delta("Hello"), completed({**message_item(), "phase": "final_answer"})
    )
    assert done.answer.items[0].data["phase"] == "final_answer"
    assert done.answer.items[0].data["role"] == "assistant"
