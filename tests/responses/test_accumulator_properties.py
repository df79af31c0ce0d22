"""What holds for every stream: good ones, and those of backends that send anything."""

import openai.types.responses  # noqa: F401 - so that no example has to wait for it
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes.errors import StreamOrderError
from hermes.responses.accumulator import Accumulator
from hermes.responses.events import Event
from hermes.responses.result import ResponseResult, ResultStatus
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
    refusal_events,
    text_delta,
    text_done,
)

# Anything, anywhere.

CUSTOM = {"type": "custom_tool_call", "call_id": "call_2", "name": "patch", "input": ""}
KNOWN = [
    *good_events(),
    *refusal_events("No."),
    *reasoning_events("Hm", output_index=1),
    *function_call_events(output_index=2),
    item_added(CUSTOM, output_index=3),
    {"type": "response.custom_tool_call_input.delta", "output_index": 3, "delta": "x"},
    {"type": "response.custom_tool_call_input.done", "output_index": 3, "input": "xy"},
    {"type": "response.reasoning_text.delta", "output_index": 1, "content_index": 0, "delta": "x"},
    {"type": "response.reasoning_text.done", "output_index": 1, "content_index": 0, "text": "xy"},
    {"type": "response.queued"},
    {"type": "response.cancelled"},
    failed("x", "y"),
    incomplete("x"),
    error(message="x"),
]

words = st.sampled_from(
    [
        "",
        "x",
        "message",
        "reasoning",
        "function_call",
        "text",
        "refusal",
        "output_text",
        "completed",
        "incomplete",
        "{}",
    ]
)
scalars = (
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats(allow_nan=False) | words | st.text(max_size=3)
)
names = st.sampled_from(
    ["id", "type", "text", "refusal", "content", "summary", "arguments", "call_id", "status", "_x"]
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw, value):
    """``value`` with anything in place of some of its fields, at any depth."""
    if isinstance(value, dict):
        changed = {name: draw(damaged(field)) for name, field in value.items() if draw(st.integers(0, 9)) > 0}
        if draw(st.integers(0, 9)) == 0:
            changed[draw(names)] = draw(anything)
        return changed
    if isinstance(value, list):
        return [draw(damaged(entry)) for entry in value]
    return draw(anything) if draw(st.integers(0, 3)) == 0 else value


@st.composite
def hostile_events(draw):
    known = draw(st.sampled_from(KNOWN))
    return Event(known["type"], draw(damaged(known)))


def fed(events):
    accumulator = Accumulator()
    for data in events:
        accumulator.feed(Event(data["type"], data))
    return accumulator


@settings(deadline=None)
@given(st.lists(hostile_events(), max_size=30), st.booleans())
def test_whatever_comes_only_order_errors_are_raised_and_they_change_nothing(events, handshake):
    accumulator = fed([created()] if handshake else [])
    for event in events:
        known = accumulator.answer()
        try:
            deltas = accumulator.feed(event)
        except StreamOrderError:
            assert accumulator.answer() == known
        else:
            assert all(type(delta.text) is str and delta.text for delta in deltas)
            assert {delta.kind for delta in deltas} <= {"text", "refusal", "reasoning", "arguments"}
    answer = accumulator.answer()
    assert type(answer.text) is str
    assert answer.open_items == sum(not item.confirmed for item in answer.items)
    result = ResponseResult.from_answer(answer, ResultStatus.COMPLETE)
    assert type(result.reasoning + result.refusal + result.response_id + result.model) is str
    assert len({call.call_id for call in result.tool_calls if call.call_id}) <= len(result.tool_calls)
    assert result.to_openai().output_text == answer.text


@pytest.mark.parametrize(
    "name", sorted({(event["type"], field) for event in KNOWN for field in event if field != "type"})
)
@settings(deadline=None, max_examples=25)
@given(value=anything)
def test_any_value_in_any_single_field(name, value):
    kind, field = name
    for known in KNOWN:
        if known["type"] != kind:
            continue
        accumulator = fed([created(), *message_events()[:3], *reasoning_events("Hm", output_index=1)[:3]])
        known_answer = accumulator.answer()
        try:
            accumulator.feed(Event(kind, {**known, field: value}))
        except StreamOrderError:
            assert accumulator.answer() == known_answer
        accumulator.answer()


@settings(deadline=None)
@given(st.integers(0, len(good_events()) - 1), st.lists(hostile_events(), min_size=1, max_size=4))
def test_a_refused_event_leaves_a_stream_that_goes_on(place, strangers):
    events = good_events()
    accumulator = fed(events[:place])
    for stranger in strangers:
        probe = fed(events[:place])
        try:
            probe.feed(stranger)
        except StreamOrderError:
            with pytest.raises(StreamOrderError):
                accumulator.feed(stranger)
    for data in events[place:]:
        accumulator.feed(Event(data["type"], data))
    assert accumulator.answer() == fed(events).answer()


# Good streams, however they are cut.


@st.composite
def pieces_of(draw, text):
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@st.composite
def part_events(draw, output_index, number):
    """A part, its text and its events; what the deltas leave out at their end, a done event tells."""
    text = draw(st.text("ab \n\u00e9\U0001f600", max_size=8))
    kind = draw(st.sampled_from(["output_text", "output_text", "refusal"]))
    where = {"item_id": "msg", "output_index": output_index, "content_index": number}
    field, family = ("refusal", "refusal") if kind == "refusal" else ("text", "output_text")
    streamed = text[: len(text) - draw(st.integers(0, 2))] if text else ""
    part = {"type": kind, field: text}
    dones = [
        {"type": f"response.{family}.done", **where, field: text},
        {"type": "response.content_part.done", **where, "part": part},
    ]
    told = draw(st.lists(st.sampled_from(dones), min_size=0 if streamed == text else 1, max_size=3))
    opening = {**part, field: draw(st.sampled_from(["", text]))}
    events = [
        {"type": "response.content_part.added", **where, "part": opening},
        *(
            {"type": f"response.{family}.delta", **where, "delta": piece}
            for piece in draw(pieces_of(streamed))
        ),
        *told,
    ]
    return part, events


@st.composite
def item_events(draw, output_index):
    """An item and its events, as good backends send them."""
    kind = draw(st.sampled_from(["message", "message", "reasoning", "function_call"]))
    item_id = f"{kind}_{output_index}"
    if kind == "reasoning":
        summary = draw(st.text("rs", max_size=6))
        item = reasoning_item(summary, item_id=item_id)
        return item, reasoning_events(summary, item_id=item_id, output_index=output_index)
    if kind == "function_call":
        ids = {"call_id": f"call_{output_index}", "item_id": item_id}
        return function_call_item(**ids), function_call_events(**ids, output_index=output_index)
    parts = [draw(part_events(output_index, number)) for number in range(draw(st.integers(0, 3)))]
    item = {**message_item(item_id=item_id), "content": [part for part, _ in parts]}
    opened = {**item, "status": "in_progress", "content": []}
    done = [item_done(item, output_index=output_index)] * draw(st.integers(0, 2))
    events = [event for _, part in parts for event in part]
    return item, [item_added(opened, output_index=output_index), *events, *done]


@st.composite
def streams(draw):
    """The items of a stream, the events of each, and its terminal event."""
    count = draw(st.integers(0, 4))
    made = [draw(item_events(index)) for index in range(count)]
    items = [item for item, _ in made]
    outputs = st.sampled_from([items, [], None, items[:1], items[::-1]])
    renamed = [{**item, "id": f"other_{place}"} for place, item in enumerate(items)]
    output = draw(outputs | st.just(renamed))
    return items, [events for _, events in made], completed() | {"response": {"output": output}}


def text_of(item):
    return "".join(part["text"] for part in item.get("content", []) if part["type"] == "output_text")


@settings(deadline=None)
@given(streams())
def test_the_deltas_are_the_text_at_every_moment(stream):
    items, groups, end = stream
    accumulator, streamed = Accumulator(), ""
    for data in [created(), in_progress(), *(event for group in groups for event in group), end]:
        deltas = accumulator.feed(Event(data["type"], data))
        streamed += "".join(delta.text for delta in deltas if delta.kind == "text")
        assert accumulator.answer().text == streamed
    answer = accumulator.answer()
    assert streamed == "".join(map(text_of, items))
    assert [item.type for item in answer.items] == [item["type"] for item in items]
    assert answer.open_items == 0
    assert ResponseResult.from_answer(answer, ResultStatus.COMPLETE).to_openai().output_text == streamed


@settings(deadline=None)
@given(streams(), st.randoms(use_true_random=False))
def test_the_deltas_of_every_item_are_its_text_when_items_overlap(stream, chance):
    items, groups, end = stream
    accumulator = fed([created()])
    handed = dict.fromkeys(range(len(items)), "")
    left = [list(group) for group in groups]
    while any(left):
        group = chance.choice([group for group in left if group])
        data = group.pop(0)
        for delta in accumulator.feed(Event(data["type"], data)):
            handed[delta.output_index] += delta.text if delta.kind == "text" else ""
    accumulator.feed(Event(end["type"], end))
    assert list(handed.values()) == [text_of(item) for item in items]
    assert accumulator.answer().text == "".join(handed.values())


@settings(deadline=None)
@given(streams(), st.data())
def test_repeated_events_bring_no_character_twice(stream, data):
    _, groups, end = stream
    events = [event for group in groups for event in group]
    dones = [event for event in events if event["type"].endswith("done")]
    repeated = data.draw(st.lists(st.sampled_from(dones), max_size=4)) if dones else []
    once, twice = fed([created(), *events]), fed([created(), *events])
    deltas = [delta for event in repeated for delta in twice.feed(Event(event["type"], event))]
    assert deltas == []
    assert twice.feed(Event(end["type"], end)) == once.feed(Event(end["type"], end))
    assert twice.answer().text == once.answer().text


# Done events that do not fit.


@st.composite
def quarrels(draw):
    text = draw(st.text("ab", max_size=4))
    kinds = {
        "delta": text_delta(text),
        "text": text_done(text),
        "part": part_done({"type": "output_text", "text": text}),
        "item": item_done(message_item(text)),
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    return kind, text, kinds[kind]


@settings(deadline=None)
@given(st.lists(quarrels(), max_size=8))
def test_done_events_reconcile_and_never_append(quarrel):
    accumulator = fed([created(), item_added(message_item(status="in_progress")), part_added()])
    text = handed = ahead = caught_up = ""
    revised = False
    for kind, told, data in quarrel:
        if kind == "delta" and told and ahead.startswith(told):  # a done event told it before
            ahead = ahead[len(told) :]
            caught_up = caught_up + told if ahead else ""
        elif kind == "delta" and told:
            new = told[len(ahead) :] if told.startswith(ahead) else caught_up + told
            text, handed, ahead, caught_up = text + new, handed + new, "", ""
        elif told.startswith(text):
            handed = handed if revised else told
            ahead += told[len(text) :]
            text = told
        elif told and (kind == "item" or not text.startswith(told)):
            text, revised, ahead, caught_up = told, True, "", ""
        before = len(handed)
        deltas = accumulator.feed(Event(data["type"], data))
        assert accumulator.answer().text == text
        new = "".join(delta.text for delta in deltas)
        assert handed.endswith(new)
        assert before == len(handed)
    assert revised or handed == text
