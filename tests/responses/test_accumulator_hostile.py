"""What no honest backend sends: nesting without measure, and shapes that would take time without measure."""

import json
from itertools import chain, repeat

import pytest

from hermes.responses import builders
from hermes.responses.builders import GrowingText
from hermes.responses.calls import judge_calls
from hermes.testing.wire import (
    arguments_delta,
    arguments_done,
    completed,
    function_call_item,
    in_progress,
    item_added,
    item_done,
    message_item,
    part_added,
    part_done,
    text_delta,
    text_done,
)

MESSAGE = [item_added(message_item(status="in_progress")), part_added()]
OPENED = item_added(function_call_item(status="in_progress"))
MANY = 3000


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


# Nesting.


@pytest.mark.parametrize("depth", [500, 990, 1500, 20_000])
@pytest.mark.parametrize("where", ["item", "terminal"])
def test_arguments_that_are_nested_without_measure_are_not_run(played, depth, where):
    item = {**function_call_item(), "arguments": nested(depth)}
    answer = played(OPENED, *([item_done(item)] if where == "item" else []), completed(item)).answer
    calls = judge_calls(answer.items, {})
    if depth > 10_000:  # below that it is a matter of the Python version what its own JSON module can read
        assert calls.runnable == ()
        assert len(calls.rejected) == 1
    assert len(calls.runnable) + len(calls.rejected) == 1


@pytest.mark.parametrize("field", ["name", "input", "arguments"])
def test_a_call_without_an_id_gets_one_whatever_it_holds(played, field):
    item = {"type": "function_call", "name": "sh", field: nested(20_000)}
    [call] = played(item_added(item), completed()).answer.items
    assert call.data["call_id"].startswith("call_")


def test_events_that_cannot_be_compared_are_not_the_same(played):
    one, other = ({**in_progress(), "sequence_number": 3, "x": nested(20_000)} for _ in range(2))
    assert played(one, other, *MESSAGE, text_delta("Hi"), completed()).answer.text == "Hi"


def test_nothing_that_json_has_no_word_for_is_run(played):
    item = {**function_call_item(), "arguments": {"a": {1, 2}}}
    assert judge_calls(played(item_added(item), item_done(item), completed()).answer.items, {}).runnable == ()


# Time. Each of these takes minutes where the time taken grows with the square of what came.


def test_a_text_that_is_told_ahead_of_its_deltas(played):
    text = "abcdefghij" * 400_000
    deltas = (text_delta(text[at : at + 20]) for at in range(0, len(text), 20))
    state = played(*MESSAGE, text_done(text)).feed(*deltas, completed())
    assert (state.answer.text, state.streamed) == (text, text)


def test_a_text_that_is_told_ahead_and_goes_on_otherwise(played):
    state = played(*MESSAGE, text_done("Hello, world")).feed(*map(text_delta, ("Hel", "lo", "! Bye")))
    assert state.answer.text == "Hello, worldHello! Bye"
    state = played(*MESSAGE, text_done("Hello")).feed(*map(text_delta, ("Hel", "lo, world", "lo")))
    assert state.answer.text == "Hello, worldlo"
    state = played(*MESSAGE, text_delta("A"), text_done("AB"), text_done("ABC")).feed(
        *map(text_delta, ("B", "C", "D"))
    )
    assert (state.answer.text, state.streamed) == ("ABCD", "ABCD")


@pytest.mark.parametrize(
    "done",
    [
        text_done("a"),
        text_done(""),
        part_done({"type": "output_text", "text": "a"}),
        item_done({**message_item(), "content": []}),
    ],
)
def test_done_events_between_the_deltas(played, done):
    piece = text_delta("a" * 4000)
    state = played(*MESSAGE).feed(*chain.from_iterable(repeat((piece, done), MANY)))
    assert len(state.answer.text) == 4000 * MANY


def test_a_text_is_put_together_only_where_it_has_to_be(monkeypatch):
    text = GrowingText()
    text.write("a" * 10)
    assert text.value() is text.value()
    text.write("b" * 10)
    monkeypatch.setattr(GrowingText, "value", None)
    assert text.settle("aaa", final=False) == ""
    assert text.settle("", final=True) == ""
    assert text.size() == 20
    assert text.begins_with("a" * 10)
    assert not text.begins_with("b")
    assert not text.begins_with("a" * 21)


def test_whole_arguments_are_looked_at_once(played, monkeypatch):
    looked = []
    real = builders.is_json_object
    monkeypatch.setattr(builders, "is_json_object", lambda text: looked.append(text) or real(text))
    whole = json.dumps({"a": "x" * 1000})
    state = played(OPENED, item_done(function_call_item(whole)))
    state.feed(*[arguments_delta("x")] * 500, *[arguments_done("")] * 500, *[arguments_done("{")] * 50)
    assert state.feed(completed()).answer.items[0].data["arguments"] == whole
    assert looked.count(whole) <= 2


@pytest.mark.parametrize("kind", ["same", "ids", "call-ids", "no-ids", "calls"])
def test_thousands_of_items_and_entries_that_have_little_in_common(played, kind):
    def item(number, where):
        if kind == "calls":
            return function_call_item(
                f'{{"n":{number}}}', call_id=f"{where}{number}", item_id=f"{where}{number}"
            )
        data = message_item(f"{number} ", item_id="" if kind == "no-ids" else f"{where}{number}")
        if kind == "same":
            return {**data, "id": "same", "call_id": f"{where}{number}"}
        return {**data, "call_id": f"{where}{number}"} if kind == "call-ids" else data

    opened = [item_added(item(number, "a"), output_index=number) for number in range(MANY)]
    if kind == "calls":
        opened += [arguments_delta(f'{{"n":{number}}}', output_index=number) for number in range(MANY)]
    told = [item(number, "b") for number in reversed(range(MANY))]
    answer = played(*opened, completed(*told)).answer
    assert len(answer.items) == (2 * MANY if kind in ("same", "call-ids") else MANY)
