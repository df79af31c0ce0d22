"""Streams that lost something on their way, straight into the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hermes.providers.contract import FailureKind, Notice
from hermes.responses.calls import Calls, judge_calls
from hermes.runtime.engine import AnswerEngine
from hermes.testing.frames import Json, data, frames
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Scenario
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
    response_object,
    text_delta,
)

from .conftest import Call
from .helpers import dispatch_of

OPENED = item_added(function_call_item(status="in_progress"))
PIECES = [arguments_delta('{"path":"/tmp/'), arguments_delta("build"), arguments_delta('/x"}')]
TEXT = [
    item_added(message_item(status="in_progress")),
    part_added(),
    *map(text_delta, ("Do ", "not ", "it.")),
]
HASH = function_call_item('{"path":"#"}')
CLEAN = function_call_item('{"path":"/x"}')


def engine() -> AnswerEngine:
    notices: list[Notice] = []
    return AnswerEngine(dispatch_of(), on_delta=None, on_notice=notices.append)


def fed(*sent: bytes) -> AnswerEngine:
    made = engine()
    made.feed(b"".join(sent))
    made.end()
    return made


def told(*events: Json) -> AnswerEngine:
    """Events that a client decoded."""
    made = engine()
    for event in events:
        made.feed_event(event)
    return made


def failure(made: AnswerEngine) -> FailureKind | None:
    found = made.failure_of(made.answer())
    return found.kind if found is not None else None


def calls(made: AnswerEngine) -> Calls:
    return judge_calls(made.answer().items, {})


def broken(*events: Json, place: int, left: bytes | None = None) -> AnswerEngine:
    """A stream in which one frame is not what it was."""
    sent = list(frames([created(), *events]))
    sent[place] = b"data: " + (data(events[place - 1])[6:40] if left is None else left) + b"\n\n"
    return fed(*sent)


def test_a_call_with_a_damaged_frame_in_its_middle_is_not_run() -> None:
    made = broken(OPENED, *PIECES, completed(), place=3)
    assert made.answer().items[0].data["arguments"] == '{"path":"/tmp//x"}'
    assert calls(made).runnable == ()
    assert failure(made) is FailureKind.EARLY_END
    assert failure(broken(*TEXT, completed(), place=4)) is FailureKind.EARLY_END


def test_it_is_run_where_a_done_event_tells_it_whole() -> None:
    made = broken(OPENED, *PIECES, arguments_done('{"path":"/tmp/build/x"}'), completed(), place=3)
    assert [call.arguments for call in calls(made).runnable] == ['{"path":"/tmp/build/x"}']
    assert failure(made) is None


@pytest.mark.parametrize("words", [b"ping", b": ", b"keep-alive 12"])
def test_a_heartbeat_in_words_is_no_piece_of_the_answer(words: bytes) -> None:
    beat: Json = {"type": "beat"}
    made = broken(OPENED, PIECES[0], beat, PIECES[2], completed(), place=3, left=words)
    assert len(calls(made).runnable) == 1
    assert failure(made) is None


@pytest.mark.parametrize("kept", ["codex.keepalive", "response.in_progress", "vendor.thing"])
def test_numbers_of_heartbeats_are_no_gap(kept: str) -> None:
    events = [created(), OPENED, PIECES[0], {"type": kept}, PIECES[2], completed()]
    made = told(*({**event, "sequence_number": number} for number, event in enumerate(events)))
    assert len(calls(made).runnable) == 1


@pytest.mark.parametrize("dropped", [item_done(None, output_index=1), part_added(output_index=1)])  # type: ignore[arg-type]
def test_numbers_of_events_that_are_dropped_are_no_gap(dropped: Json) -> None:
    message = item_added(message_item(status="in_progress"), output_index=1)
    opened = [created(), OPENED, message, part_added(output_index=1)]
    events = [*opened, PIECES[0], dropped, PIECES[2], completed()]
    made = told(*({**event, "sequence_number": number} for number, event in enumerate(events)))
    assert len(calls(made).runnable) == 1


def test_numbers_of_events_that_are_held_back_are_no_gap() -> None:
    said = [item_added(message_item(status="in_progress")), item_done(message_item("Hi"))]
    again = item_added(message_item(item_id="msg_2", status="in_progress"), output_index=2)
    call = [{**event, "output_index": 1} for event in (OPENED, PIECES[0], PIECES[2])]
    events = [created(), *said, *call[:2], again, call[2], completed()]
    made = told(*({**event, "sequence_number": number} for number, event in enumerate(events)))
    assert len(calls(made).runnable) == 1


def test_a_number_that_is_missing_within_a_call() -> None:
    events = [created(), OPENED, *PIECES, completed()]
    sent = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    assert len(calls(told(*sent)).runnable) == 1
    del sent[3]
    made = told(*sent)
    assert (calls(made).runnable, failure(made)) == ((), FailureKind.EARLY_END)


@pytest.mark.parametrize(
    ("events", "runs"),
    [
        ([OPENED, item_done(HASH), completed(HASH)], False),
        ([OPENED, item_done(HASH), completed()], False),
        ([OPENED, arguments_done('{"path":"#"}'), completed()], False),
        ([OPENED, arguments_delta('{"path":"#"}'), completed()], False),
        ([OPENED, arguments_delta('{"path":"#"}'), arguments_done(""), completed()], False),
        ([item_added(HASH), completed()], False),
        ([completed(HASH)], False),
        ([OPENED, arguments_delta('{"path":"#"}'), item_done(CLEAN), completed()], True),
        ([OPENED, arguments_delta('{"path":"#"}'), arguments_done('{"path":"/x"}'), completed()], True),
        ([OPENED, item_done(HASH), completed(CLEAN)], True),
        ([OPENED, item_done(CLEAN), completed(CLEAN)], True),
    ],
)
@pytest.mark.parametrize("bad", [b"\xff", rb"\ud800"])
def test_a_call_some_of_whose_bytes_were_no_text_is_not_run(events: Any, runs: bool, bad: bytes) -> None:
    sent = [each.replace(b"#", bad) for each in frames([created(), *events])]
    made = fed(*sent)
    assert [call.arguments for call in calls(made).runnable] == (['{"path":"/x"}'] if runs else [])
    # A character that the model itself wrote is as good as any.
    assert len(calls(fed(*(each.replace(bad, b"\xef\xbf\xbd") for each in sent))).runnable) == (
        0 if events == [item_added(HASH), completed()] else 1
    )


def test_a_body_some_of_whose_bytes_were_no_text() -> None:
    body = json.dumps(response_object(HASH)).encode()
    assert calls(fed(body.replace(b"#", b"\xff"))).runnable == ()
    assert len(calls(fed(body)).runnable) == 1


def test_text_some_of_whose_bytes_were_no_text_is_an_answer() -> None:
    made = fed(*(each.replace(b"not", b"\xff") for each in frames([created(), *TEXT, completed()])))
    assert (made.answer().text, failure(made)) == ("Do \ufffd it.", None)


@pytest.mark.parametrize("error", [{"code": "server_is_overloaded", "message": "Busy"}, "Busy"])
def test_an_error_without_a_type_is_one_however_it_is_read(error: Any) -> None:
    assert failure(fed(data({"error": error}))) is FailureKind.ERROR_EVENT
    assert failure(told({"error": error})) is FailureKind.ERROR_EVENT
    assert failure(told({"type": "", "error": error})) is FailureKind.ERROR_EVENT


@pytest.mark.parametrize("depth", [300, 480, 700, 970, 990])
def test_nesting_without_measure_ends_no_call(call: Call, depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    item = {**function_call_item(), "arguments": "DEEP"}
    sent = frames([created(), item_added(item), item_done(item), completed(item)])
    reply = event_stream(*(each.replace(b'"DEEP"', deep) for each in sent))
    outcome = call(Scenario("mine", 0, "mine", (reply,), (json_answer(response_object(message_item())),)))
    assert outcome.status in ("complete", "partial")
