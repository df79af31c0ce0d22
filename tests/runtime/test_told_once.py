"""Nothing is handed out twice, or otherwise than it is in the end, without a word about it."""

from __future__ import annotations

from typing import Any

from pytest_mock import MockerFixture

from hermes.providers.contract import Notice
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult
from hermes.runtime.stream import CallOptions, Restarted, run_call
from hermes.testing.wire import (
    arguments_done,
    completed,
    created,
    function_call_events,
    function_call_item,
    good_events,
    item_added,
    item_done,
    message_item,
    part_added,
    reasoning_events,
    reasoning_item,
    response_object,
    text_delta,
)

from .conftest import REQUEST, FakeClock


def live(mocker: MockerFixture, *answers: Any) -> tuple[ResponseResult, list[Any]]:
    client = mocker.Mock(spec_set=["responses"])
    client.responses.create.side_effect = answers
    told: list[Any] = []
    result = run_call(
        client, REQUEST, options=CallOptions(live=True, clock=FakeClock()), on_event=told.append
    )
    return result, told


def test_reasoning_that_begins_anew_is_announced(mocker: MockerFixture) -> None:
    broken = [created(), *reasoning_events()]
    whole = response_object(reasoning_item("Thinking"), message_item("Hello"))
    result, told = live(mocker, broken, whole)
    assert result.status == "complete"
    thoughts = [
        e for e in told if isinstance(e, Restarted) or (isinstance(e, Delta) and e.kind == "reasoning")
    ]
    restarts = [place for place, event in enumerate(thoughts) if isinstance(event, Restarted)]
    assert len(restarts) == 1
    before, after = thoughts[: restarts[0]], thoughts[restarts[0] + 1 :]
    assert before
    assert "".join(delta.text for delta in before) == "".join(delta.text for delta in after)


def test_arguments_that_begin_anew_are_announced(mocker: MockerFixture) -> None:
    call = function_call_events()
    result, told = live(mocker, [created(), *call[:2]], response_object(function_call_item()))
    assert [c.call_id for c in result.tool_calls] == ["call_1"]
    assert [event for event in told if isinstance(event, Restarted)] == [Restarted(continues=False)]


def test_a_failure_before_anything_was_handed_out_announces_nothing(mocker: MockerFixture) -> None:
    _, told = live(mocker, [created()], response_object(message_item("Hello")))
    assert not any(isinstance(event, Restarted) for event in told)


def test_an_answer_that_is_revised_after_it_was_shown_is_announced(mocker: MockerFixture) -> None:
    final = message_item("Jello world")
    events = [
        created(),
        item_added(message_item("", status="in_progress")),
        part_added(),
        text_delta("Hello"),
        item_done(final),
        completed(final),
    ]
    result, told = live(mocker, events)
    assert result.text == "Jello world"
    assert [n.kind for n in told if isinstance(n, Notice)] == ["revised"]


def test_an_answer_that_is_nothing_but_a_damaged_call_is_not_whole(mocker: MockerFixture) -> None:
    damaged = function_call_item('{"command":')
    events = [
        created(),
        item_added(function_call_item("", status="in_progress")),
        arguments_done('{"command":'),
        item_done(damaged),
        completed(damaged),
    ]
    result, _ = live(mocker, events)
    assert result.status == "partial"
    assert result.tool_calls == ()
    assert "`sh`" in result.reason


def test_a_damaged_call_beside_text_is_named(mocker: MockerFixture) -> None:
    damaged = function_call_item('{"command":')
    events = [
        *good_events()[:-1],
        item_added(damaged, output_index=1),
        item_done(damaged, output_index=1),
        completed(message_item("Hello"), damaged),
    ]
    result, told = live(mocker, events)
    assert (result.status, result.text, result.tool_calls) == ("complete", "Hello", ())
    assert [n.kind for n in told if isinstance(n, Notice)] == ["tool"]
