"""Text that is no answer: errors of the backend, and calls of tools in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes.providers.adapters.lenient.call_as_text import verdict_on
from hermes.providers.adapters.lenient.wordings import Reading, error_in, is_call, read_start
from hermes.providers.contract import Event, Failure, FailureKind, Notice, VerdictKind
from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.runtime.engine import AnswerEngine
from hermes.testing.wire import (
    Json,
    completed,
    created,
    error,
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
    text_done,
)

BUSY = "Our servers are currently overloaded. Please try again later."
LEAK = 'to=functions.exec_command {"cmd":"rm -rf build"}'
PAGE = "<html><head><title>503 Service Unavailable</title></head><body>Busy</body></html>"
JSON_ERROR = '{"error":{"message":"boom","type":"server_error"}}'
OPENED = [created(), item_added(message_item(status="in_progress")), part_added()]
NO_USAGE = {"usage": None}


def cut_up(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def said(text: str, *, size: int = 7, **response: Any) -> list[Json]:
    events = message_events(text, pieces=cut_up(text, size))
    return [created(), *events, completed(message_item(text), **response)]


def failure_code(driven: Any) -> str:
    assert driven.failure is not None
    return str(driven.failure.detail.code)


# Errors.


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("text", [BUSY, f"\n{BUSY} ", BUSY * 2])
def test_a_known_sentence_is_an_error(drive: Any, text: str, size: int) -> None:
    driven = drive(said(text, size=size, **NO_USAGE))
    assert failure_code(driven) == "server_is_overloaded"
    assert driven.deltas == []
    assert driven.answer.text == ""


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(("text", "message"), [(PAGE, "503 Service Unavailable"), (JSON_ERROR, "boom")])
def test_an_error_body_is_an_error(drive: Any, text: str, message: str, size: int) -> None:
    driven = drive(said(text, size=size, **NO_USAGE))
    assert driven.failure.kind is FailureKind.ERROR_EVENT
    assert driven.failure.detail.message == message
    assert driven.deltas == []


def test_the_status_of_a_page_is_the_status_of_the_error(drive: Any) -> None:
    assert drive(said(PAGE, **NO_USAGE)).failure.detail.status == 503


@pytest.mark.parametrize(
    "text",
    [
        f"{BUSY} So it says.",
        f"It says: {BUSY}",
        f"`{BUSY}`",
        BUSY[:-1],
        BUSY * 3,
        "Our",
        "<html><head><title>My page</title></head><body>503 Service Unavailable</body></html>",
        "<html><head><title>404 ways to cook</title></head><body>Rice, rice, rice.</body></html>",
        "<html><head><title>502 Bad Gateway explained</title></head><body>It is a status.</body></html>",
        f"{PAGE} is what it sends.",
        '{"error":null}',
        '{"error":"no such city"}',
        '{"error":{"message":"boom"}}',
        '{"error":{"message":"boom","type":"server_error"}} is what it sends.',
        '{"files":["a","b"]}',
        "{",
        "<",
        " ",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_passes_untouched(drive: Any, text: str, size: int) -> None:
    driven = drive(said(text, size=size, **NO_USAGE))
    assert driven.text == driven.delivered == text
    assert driven.repairs == []


def test_a_sentence_that_the_model_was_billed_for_is_its_own(drive: Any) -> None:
    usage = {"input_tokens": 9, "output_tokens": 11, "total_tokens": 20}
    driven = drive(said(BUSY, usage=usage))
    assert driven.text == driven.delivered == BUSY


@pytest.mark.parametrize("first", [True, False])
def test_a_sentence_beside_another_item_is_an_answer(drive: Any, first: bool) -> None:
    thoughts = reasoning_events(output_index=0 if first else 1)
    message = message_events(BUSY, output_index=1 if first else 0)
    output = [reasoning_item("Thinking"), message_item(BUSY)]
    events = [*thoughts, *message] if first else [*message, *thoughts]
    driven = drive([created(), *events, completed(*(output if first else output[::-1]), **NO_USAGE)])
    assert driven.text == driven.delivered == BUSY


def test_a_sentence_in_two_messages_is_an_answer(drive: Any) -> None:
    half = len(BUSY) // 2
    first, second = BUSY[:half], BUSY[half:]
    events = [
        created(),
        *message_events(first),
        *message_events(second, item_id="msg_2", output_index=1),
        completed(message_item(first), message_item(second, item_id="msg_2"), **NO_USAGE),
    ]
    driven = drive(events)
    assert driven.text == driven.delivered == BUSY


def test_a_whole_response_is_looked_at_too() -> None:
    engine, deltas = an_engine()
    engine.feed_response({"object": "response", "status": "completed", "output": [message_item(BUSY)]})
    failure = engine.failure_of(engine.answer())
    assert failure is not None
    assert failure.detail.code == "server_is_overloaded"
    assert deltas == []


@pytest.mark.parametrize("beside", [reasoning_item("Thinking"), {"type": "web_search_call"}])
def test_a_whole_response_that_holds_more_is_an_answer(beside: Json) -> None:
    engine, _ = an_engine()
    output = [beside, message_item(BUSY)]
    engine.feed_response({"object": "response", "status": "completed", "output": output})
    assert engine.failure_of(engine.answer()) is None
    assert engine.answer().text == BUSY


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("502 Bad Gateway", 502),
        ("503 Service Temporarily Unavailable", 503),
        ("504 Gateway Time-out", 504),
        ("chat.example.org | 502: Bad gateway", 502),
    ],
)
def test_the_titles_of_gateways(title: str, status: int) -> None:
    page = f"<!DOCTYPE html>\n<html lang='en'><head>\n<title>{title}</title></head><body></body></html>\n"
    error = error_in(page)
    assert error is not None
    assert error["status"] == status
    assert all(read_start(page[:end], errors=True) is Reading.OPEN for end in range(len(page)))


@pytest.mark.parametrize(
    "end", [failed("server_error", "boom"), error(error={"message": "boom"}), incomplete("max_output_tokens")]
)
@pytest.mark.parametrize("text", ["Our servers", BUSY])
def test_another_end_hands_out_what_was_held(drive: Any, text: str, end: Json) -> None:
    driven = drive([*OPENED, text_delta(text), end])
    assert driven.answer.text == driven.delivered == text


# Calls in words.


LEAKS = [
    LEAK,
    f"  {LEAK}",
    f"commentary {LEAK}",
    f"assistant {LEAK}",
    'commentary to=functions.get_weather json{"city":"Paris"}',
    "<|channel|>commentary to=functions.x",
    "<|start|>assistant<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}<|call|>",
    'to=functions.saveAnswer  \u5929\u5929\u4e2d\u5f69\u7968\u80fdjson\n {"a":1}\u0446 And then prose.',
    "to=functions.sh {" + "x" * 20_000,
]


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("text", LEAKS, ids=range(len(LEAKS)))
def test_a_call_in_words_is_hidden_and_fails(drive: Any, text: str, size: int) -> None:
    driven = drive(said(text, size=size))
    assert failure_code(driven) == "tool_call_as_text"
    assert driven.deltas == []
    assert driven.answer.text == ""
    assert not driven.answer.is_usable
    assert not any(item.is_call for item in driven.answer.items)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    "text",
    [
        f"It wrote `{LEAK}`.",
        "to=functions.x is the recipient of a call.",
        "to=functions.",
        "to=functions.x then",
        "commentary on the news",
        "<|channel|>final<|message|>Hello",
        "assistant",
        "to be or not to be",
    ],
)
def test_words_about_such_a_call_are_an_answer(drive: Any, text: str, size: int) -> None:
    driven = drive(said(text, size=size))
    assert driven.text == driven.delivered == text


def test_a_call_in_words_after_reasoning_is_hidden(drive: Any) -> None:
    events = [created(), *reasoning_events(), *message_events(LEAK, output_index=1)]
    driven = drive([*events, completed(reasoning_item("Thinking"), message_item(LEAK))])
    assert failure_code(driven) == "tool_call_as_text"
    assert driven.delivered == ""


def test_a_call_in_words_as_a_second_message_is_hidden(drive: Any) -> None:
    events = [created(), *message_events("Hello"), *message_events(LEAK, item_id="msg_2", output_index=1)]
    driven = drive([*events, completed(message_item("Hello"), message_item(LEAK, item_id="msg_2"))])
    assert failure_code(driven) == "tool_call_as_text"
    assert driven.delivered == driven.answer.text == "Hello"


@pytest.mark.parametrize("call_first", [True, False])
def test_the_real_call_beside_it_runs_and_the_words_stay_hidden(drive: Any, call_first: bool) -> None:
    call = function_call_events(output_index=0 if call_first else 1)
    words = message_events(LEAK, output_index=1 if call_first else 0)
    output = [function_call_item(), message_item(LEAK)]
    events = [*call, *words] if call_first else [*words, *call]
    driven = drive([created(), *events, completed(*(output if call_first else output[::-1]))])
    assert driven.calls == [("call_1", "sh", '{"command":"ls"}')]
    assert driven.text == driven.delivered == ""


def notices(driven: Any) -> list[str]:
    return [report.text for report in driven.reports if isinstance(report, Notice)]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("leak", [LEAK, "<|channel|>commentary to=functions.x"])
@pytest.mark.parametrize("answer", ["The real answer.", "commentary", BUSY])
def test_an_answer_after_the_words_counts(
    drive: Any, leak: str, answer: str, size: int, shared: bool, listed: bool
) -> None:
    words = message_events(leak, pieces=cut_up(leak, size))
    where: Any = {"item_id": "msg_2", "output_index": 0 if shared else 1}
    real = message_events(answer, pieces=cut_up(answer, size), **where)
    output = [message_item(leak), message_item(answer, item_id="msg_2")] if listed else []
    driven = drive([created(), *words, *real, completed(*output, **NO_USAGE)])
    assert driven.text == driven.delivered == answer
    assert any("as text" in text for text in notices(driven))


def test_an_answer_after_the_words_counts_in_a_whole_response_too() -> None:
    engine, _ = an_engine()
    output = [message_item(LEAK), message_item("The real answer.", item_id="msg_2")]
    engine.feed_response({"object": "response", "status": "completed", "output": output})
    assert engine.failure_of(engine.answer()) is None
    assert engine.answer().text == "The real answer."


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("between", [[], ["Hello"]])
def test_an_answer_that_ends_in_words_is_none(drive: Any, between: list[str], size: int) -> None:
    texts = [LEAK, *between, LEAK]
    events = [created()]
    for place, text in enumerate(texts):
        pieces = cut_up(text, size)
        events += message_events(text, pieces=pieces, item_id=f"msg_{place}", output_index=place)
    driven = drive([*events, completed()])
    assert failure_code(driven) == "tool_call_as_text"
    assert driven.delivered == "".join(between)


def test_words_after_an_answer_in_a_whole_response_are_none() -> None:
    engine, deltas = an_engine()
    output = [message_item("Hello"), message_item(LEAK, item_id="msg_2")]
    engine.feed_response({"object": "response", "status": "completed", "output": output})
    failure = engine.failure_of(engine.answer())
    assert failure is not None
    assert failure.detail.code == "tool_call_as_text"
    assert deltas == []


def test_an_answer_after_the_words_is_handed_out_at_once() -> None:
    engine, deltas = an_engine()
    for event in [created(), *message_events(LEAK), *message_events("Hello", output_index=1)[:4]]:
        engine.feed_event(event)
    assert [delta.text for delta in deltas] == ["Hel", "lo"]


def test_words_in_done_events_only_are_hidden(drive: Any) -> None:
    driven = drive([*OPENED, text_done(LEAK), item_done(message_item(LEAK)), completed()])
    assert failure_code(driven) == "tool_call_as_text"
    assert driven.delivered == ""


def test_a_stream_that_is_cut_within_the_words_shows_nothing(drive: Any) -> None:
    driven = drive([*OPENED, text_delta(LEAK[:30]), text_delta(LEAK[30:])])
    assert driven.delivered == driven.answer.text == ""
    assert driven.failure.kind is FailureKind.EARLY_END


def test_it_is_asked_again_once() -> None:
    event = Event("error", error(error={"code": "tool_call_as_text", "message": "x"}))
    verdict = verdict_on(Failure(FailureKind.ERROR_EVENT, event=event, request_id="req_1"))
    assert verdict is not None
    assert (verdict.kind, verdict.retryable, verdict.retries) == (VerdictKind.PROTOCOL, True, 1)
    assert verdict.request_id == "req_1"
    assert verdict.hint
    other = Event("error", error(error={"code": "server_error", "message": "x"}))
    assert verdict_on(Failure(FailureKind.ERROR_EVENT, event=other)) is None
    assert verdict_on(Failure(FailureKind.CUT)) is None


# What it costs, and hostile streams.


def an_engine() -> tuple[AnswerEngine, list[Delta]]:
    dispatch = PluginManager(["lenient"]).begin_call(
        provider="acme", model="m", memory=None, on_report=lambda item: None
    )
    deltas: list[Delta] = []
    engine = AnswerEngine(dispatch, on_delta=deltas.append, on_notice=lambda notice: None)
    dispatch.begin_attempt(1, streaming=True, delivered=None)
    engine.dispatch = dispatch  # type: ignore[attr-defined]
    return engine, deltas


@pytest.mark.parametrize("text", ["Hello", "Overall", "# Plan", "Ouch", "```json", "tomorrow"])
def test_an_ordinary_answer_is_handed_out_at_once_and_no_longer_looked_at(text: str) -> None:
    engine, deltas = an_engine()
    for event in [*OPENED, text_delta(text)]:
        engine.feed_event(event)
    assert [delta.text for delta in deltas] == [text]
    assert not engine.dispatch.route("response.output_text.delta")  # type: ignore[attr-defined]
    assert not engine.dispatch.route("anything")  # type: ignore[attr-defined]


def test_what_was_held_is_handed_out_with_the_first_word_that_differs() -> None:
    engine, deltas = an_engine()
    for event in [*OPENED, text_delta("Our "), text_delta("servers ")]:
        engine.feed_event(event)
    assert deltas == []
    engine.feed_event(text_delta("run Linux."))
    assert [delta.text for delta in deltas] == ["Our ", "servers ", "run Linux."]
    assert not engine.dispatch.route("response.output_text.delta")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "flood",
    [text_delta(""), text_delta(" "), {"type": "response.in_progress"}, {"type": "x.y"}, part_added()],
    ids=lambda event: f"{event['type']} {event.get('delta')!r}",
)
def test_a_flood_while_text_is_held_has_a_limit(drive: Any, flood: Json) -> None:
    """More events than may take the place of one are never held, and nothing of the answer is lost."""
    events = [*OPENED, text_delta("Our"), *[flood] * 3000, text_delta(" answer.")]
    whole = "Our" + str(flood.get("delta", "")) * 3000 + " answer."
    driven = drive([*events, item_done(message_item(whole)), completed(message_item(whole))])
    assert driven.text == driven.delivered == whole


def test_a_frame_that_comes_twice_is_read_once(drive: Any) -> None:
    events = [{**event, "sequence_number": place} for place, event in enumerate(said(BUSY, **NO_USAGE))]
    driven = drive([event for event in events for _ in range(2)])
    assert failure_code(driven) == "server_is_overloaded"


def test_a_second_created_while_text_is_held_loses_nothing(drive: Any) -> None:
    driven = drive([*OPENED, text_delta("Our "), created(), text_delta("answer."), completed()])
    assert driven.text == driven.delivered == "Our answer."


@pytest.mark.parametrize("content", [None, 5, "Our ", [None], [{"text": 5}], {"text": "x"}])
@pytest.mark.parametrize("output", ["item", "list", "nothing"])
def test_odd_shapes_change_nothing(drive: Any, content: Any, output: str) -> None:
    item = message_item() | {"content": content}
    told = {"item": [item], "list": [[], None, 5], "nothing": None}[output]
    end = {"type": "response.completed", "response": {"id": "resp_1", "output": told}}
    odd = [{"type": "response.output_text.delta", "delta": 5}, {"type": "response.content_part.done"}]
    driven = drive([*OPENED, text_delta("Our "), *odd, item_done(item), end])
    assert driven.reports == []
    assert driven.delivered == driven.answer.text


WORDS = st.sampled_from([BUSY, "Our ", "servers ", LEAK, "to=functions.", "x", "{", "}", " ", "json", PAGE])


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(1, 20))
def test_an_answer_is_whole_or_hidden_as_a_whole(drive: Any, words: list[str], size: int) -> None:
    text = "".join(words)
    driven = drive(said(text, size=size, **NO_USAGE))
    if driven.failure is None:
        assert driven.text == driven.delivered == text
    else:
        assert driven.delivered == driven.answer.text == ""
        assert is_call(text) or error_in(text) is not None


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=5).map("".join))
def test_a_text_is_held_as_long_as_it_may_turn_out_to_be_none(text: str) -> None:
    """What is an error or a call as a whole is not given up at any of its beginnings."""
    if error_in(text) is None and not is_call(text):
        return
    for end in range(len(text)):
        reading = read_start(text[:end], errors=error_in(text) is not None)
        if reading is Reading.CALL:
            return
        assert reading is Reading.OPEN
