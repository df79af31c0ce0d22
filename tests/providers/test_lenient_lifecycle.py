"""Repairs of how a response begins and ends."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.contract import Delivered, Event, FailureKind, Violation
from hermes.providers.manager import PluginManager
from hermes.testing.wire import (
    completed,
    created,
    dropping,
    failed,
    function_call_events,
    function_call_item,
    good_events,
    in_progress,
    incomplete,
    item_added,
    message_events,
    message_item,
    text_delta,
    up_to,
    without,
)

HELLO = message_item("Hello")
ENDED = completed(HELLO)
EMPTY_END = completed()
BARE_TEXT = [text_delta("Hel"), text_delta("lo")]
LIMITS = {"type": "codex.rate_limits", "rate_limits": {"allowed": True}}


def spelled(kind: str, **response: Any) -> dict[str, Any]:
    """A terminal event of another name."""
    return {"type": kind, "response": {"id": "resp_1", "output": [HELLO], **response}}


CREATED_MISSING: dict[str, list[dict[str, Any]]] = {
    "starts with in_progress": good_events()[1:],
    "starts with the item": good_events()[2:],
    "starts with text": [*good_events()[4:]],
    "text and the end": [*BARE_TEXT, ENDED],
    "only the end": [ENDED],
    "only an end of another name": [spelled("response.done", status="completed")],
    "only an end that is not nested": [{**ENDED["response"], "type": "response.completed"}],
    "an unknown response event": [{"type": "response.metadata", "x": 1}, *good_events()[1:]],
    "created comes late": [good_events()[1], good_events()[0], *good_events()[2:]],
    "created comes after the item": [good_events()[2], good_events()[0], *good_events()[3:]],
}


@pytest.mark.parametrize("events", CREATED_MISSING.values(), ids=CREATED_MISSING.keys())
def test_created_missing(drive: Any, events: list[dict[str, Any]]) -> None:
    driven = drive(events)
    assert driven.text == driven.delivered == "Hello"
    assert driven.repairs[0] is Violation.CREATED_MISSING
    assert driven.answer.response["id"] == "resp_1"
    assert drive(events, lenient=False).refusal.violation is Violation.CREATED_MISSING


def test_a_tool_call_without_created(drive: Any) -> None:
    driven = drive([*function_call_events(), completed(function_call_item())])
    assert driven.calls == [("call_1", "sh", '{"command":"ls"}')]


@pytest.mark.parametrize("first", [LIMITS, {"type": "acme.hello"}, {"type": ""}, {"type": "metadata"}])
def test_what_a_vendor_event_before_created_means_only_its_adapter_knows(drive: Any, first: Any) -> None:
    driven = drive([first, *good_events()])
    assert driven.refusal.violation is Violation.CREATED_MISSING
    assert driven.answer.items == ()


@pytest.mark.parametrize(
    "beat",
    [
        {"type": "response.in_progress"},
        {"type": "response.in_progress", "response": None},
        {"type": "response.in_progress", "response": {}},
    ],
)
@pytest.mark.parametrize("times", [1, 3])
def test_a_heartbeat_before_created(drive: Any, beat: Any, times: int) -> None:
    driven = drive([beat] * times + good_events())
    assert driven.text == "Hello"
    assert driven.repairs == [Violation.CREATED_MISSING] * times


def test_heartbeats_after_created_need_no_repair(drive: Any) -> None:
    beat = {"type": "response.in_progress", "response": {"id": "resp_1", "status": "in_progress"}}
    events = [value for event in good_events()[:-1] for value in (event, beat)]
    driven = drive([*events, ENDED])
    assert driven.text == "Hello"
    assert driven.repairs == []


@pytest.mark.parametrize("place", range(2, 9))
def test_the_same_response_created_again(drive: Any, place: int) -> None:
    events = good_events()
    events.insert(place, created(model="m-2"))
    driven = drive(events)
    assert driven.text == "Hello"
    assert driven.repairs == [Violation.CREATED_AGAIN]
    assert driven.answer.response["model"] == "m-2"


def test_created_again_without_an_id(drive: Any) -> None:
    events = good_events()
    again = {"type": "response.created", "response": {"status": "in_progress"}}
    driven = drive([*events[:4], again, *events[4:]])
    assert driven.text == "Hello"
    assert driven.repairs == [Violation.CREATED_AGAIN]


@pytest.mark.parametrize("first", [created(), in_progress()], ids=["created", "created missing"])
@pytest.mark.parametrize(
    "stray",
    [
        up_to(message_events("Strange"), "response.output_text.delta"),
        message_events("Strange"),
        [*message_events("Strange"), *function_call_events(output_index=1)],
        function_call_events(),
        function_call_events()[2:],
    ],
)
def test_another_response_within_the_stream_replaces_the_first(drive: Any, first: Any, stray: Any) -> None:
    other = [created(id="resp_2"), *message_events("Hello"), completed(HELLO, id="resp_2")]
    driven = drive([first, *stray, *other])
    assert driven.text == driven.delivered == "Hello"
    assert driven.calls == []
    assert len(driven.answer.items) == 1
    assert driven.answer.response["id"] == "resp_2"


@pytest.mark.parametrize(
    "stray",
    [message_events("Strange"), function_call_events(), message_events("S")[2:], function_call_events()[1:3]],
)
def test_items_before_the_response_belong_to_nobody(drive: Any, stray: Any) -> None:
    driven = drive([*stray, item_added(message_item("x"), output_index=1), *good_events()])
    assert driven.text == driven.delivered == "Hello"
    assert driven.calls == []
    assert len(driven.answer.items) == 1


def test_bare_text_before_the_response_is_its_text(drive: Any) -> None:
    driven = drive([text_delta("Hel"), created(), text_delta("lo"), EMPTY_END])
    assert driven.text == driven.delivered == "Hello"


def test_a_third_response_replaces_the_second(drive: Any) -> None:
    stray = [created(id="resp_2"), *message_events("Strange", output_index=3)]
    end = completed(HELLO, id="resp_3")
    driven = drive([*good_events()[:-1], *stray, created(id="resp_3"), *good_events()[2:-1], end])
    assert driven.text == driven.delivered == "Hello"
    assert driven.answer.response["id"] == "resp_3"


def test_the_id_changes_without_another_response(drive: Any) -> None:
    driven = drive([*good_events()[:-1], completed(HELLO, id="resp_9")])
    assert driven.text == driven.delivered == "Hello"
    assert driven.answer.response["id"] == "resp_9"


def test_a_new_answer_has_indexes_of_its_own(drive: Any) -> None:
    """What was found out about the first answer's indexes holds no more."""
    shared = [*message_events("Strange"), *function_call_events()]
    other = [*message_events("Hello"), *function_call_events(output_index=1)]
    driven = drive([created(), *shared, created(id="resp_2"), *other, EMPTY_END])
    assert driven.text == driven.delivered == "Hello"
    assert driven.calls == [("call_1", "sh", '{"command":"ls"}')]
    assert driven.repairs == [Violation.ITEM_AGAIN, Violation.CREATED_AGAIN]


ENDS: list[tuple[dict[str, Any], str]] = [
    (spelled("response.done", status="completed"), "completed"),
    (spelled("response.done"), "completed"),
    (spelled("response.done", status="incomplete"), "incomplete"),
    (spelled("response.done", status="failed", error={"code": "x", "message": "y"}), "failed"),
    (spelled("response.done", status="cancelled"), "cancelled"),
    (spelled("response.done", status="canceled"), "cancelled"),
    ({"type": "response.done", "id": "resp_1", "status": "completed", "output": [HELLO]}, "completed"),
    (spelled("response.cancelled", status="cancelled"), "cancelled"),
    (spelled("response.cancelled"), "cancelled"),
    (spelled("response.canceled", status="canceled"), "cancelled"),
    (spelled("response.canceled", status="cancelled"), "cancelled"),
    (spelled("response.canceled"), "cancelled"),
    ({"type": "response.canceled"}, "cancelled"),
    ({"type": "response.cancelled"}, "cancelled"),
    ({**ENDED["response"], "type": "response.completed"}, "completed"),
    ({"type": "response.completed", "response": None, "status": "completed"}, "completed"),
    ({"type": "response.completed"}, "completed"),
    (without(ENDED, "sequence_number"), "completed"),
    ({**ENDED, "response": without(ENDED["response"], "id", "object", "status")}, "completed"),
    ({"type": "response.incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "incomplete"),
    (incomplete("max_output_tokens"), "incomplete"),
    ({"type": "response.failed", "error": {"code": "x", "message": "y"}}, "failed"),
    ({"type": "response.failed", "response": None, "error": {"code": "x", "message": "y"}}, "failed"),
    (failed("x", "y"), "failed"),
]


@pytest.mark.parametrize(("end", "status"), ENDS)
def test_ends(drive: Any, end: dict[str, Any], status: str) -> None:
    driven = drive([*good_events()[:-1], end])
    assert (driven.answer.status, driven.answer.text) == (status, "Hello")
    if status == "failed":
        assert driven.failure.kind is FailureKind.RESPONSE_FAILED
        assert (driven.failure.detail.code, driven.failure.detail.message) == ("x", "y")
    elif status == "cancelled":
        assert driven.failure.kind is FailureKind.RESPONSE_FAILED
    elif status == "incomplete":
        details = driven.answer.response["incomplete_details"] if "done" not in end["type"] else None
        assert details in (None, {"reason": "max_output_tokens"})
    else:
        assert driven.text == "Hello"


@pytest.mark.parametrize("status", ["in_progress", "queued", "strange", 5, ["completed"]])
def test_an_end_that_is_none(drive: Any, status: Any) -> None:
    driven = drive([*good_events()[:-1], spelled("response.done", status=status)])
    assert driven.answer.status == ""
    assert driven.failure.kind is FailureKind.EARLY_END


def test_the_first_end_counts(drive: Any) -> None:
    ends = [spelled("response.done", status="completed"), failed("stream_incomplete", "no terminal event")]
    assert drive([*good_events()[:-1], *ends]).text == "Hello"


@pytest.mark.parametrize(
    "events",
    [
        [{**created()["response"], "type": "response.created"}, *good_events()[1:]],
        [{"type": "response.created"}, *good_events()[1:]],
        [{"type": "response.created", "response": None}, *good_events()[1:]],
        [{**event.get("response", event), "type": event["type"]} for event in good_events()],
    ],
    ids=["created not nested", "created without anything", "null", "no event is nested"],
)
def test_response_not_nested(drive: Any, events: list[dict[str, Any]]) -> None:
    driven = drive(events)
    assert driven.text == "Hello"
    assert Violation.RESPONSE_MISSING in driven.repairs
    assert driven.answer.response["id"] == "resp_1"


def test_the_error_of_a_failed_first_event_is_kept(drive: Any) -> None:
    driven = drive([failed("invalid_request_error", "bad schema")])
    assert driven.failure.detail.message == "bad schema"
    synthetic = created(error={"code": "x"}, sequence_number=-1)
    assert drive([{**synthetic, "sequence_number": -1}, *good_events()[1:]]).text == "Hello"


@pytest.mark.parametrize("end", [[], [{"type": "response.metadata"}]])
def test_no_repair_makes_an_answer_complete(drive: Any, end: list[Any]) -> None:
    driven = drive([*dropping(good_events(), "response.created", "response.completed"), *end])
    assert driven.answer.status == ""
    assert driven.failure.kind is FailureKind.EARLY_END


def test_a_new_attempt_begins_with_nothing(begin_call: Any) -> None:
    call = begin_call(*PluginManager(["lenient"]).adapters)
    text = Event("response.output_text.delta", text_delta("x"))
    opened = item_added(message_item(status="in_progress"))
    call.dispatch.normalize(Event("response.output_item.added", opened))

    def repair() -> list[str]:
        return [event.type for event in call.dispatch.repair(Violation.ITEM_MISSING, text)]

    assert repair() == [text.type]  # the item is known
    call.dispatch.begin_attempt(2, streaming=True, delivered=Delivered())
    assert repair() == ["response.output_item.added", text.type]


def test_a_new_answer_costs_no_more_than_any_other(begin_call: Any) -> None:
    call = begin_call(*PluginManager(["lenient"]).adapters)

    def see(*events: dict[str, Any]) -> None:
        for event in events:
            call.dispatch.normalize(Event(event["type"], event))

    def costs() -> bool:
        return bool(call.dispatch.route("response.refusal.delta"))

    def replace_answer(response_id: str) -> None:
        event = created(id=response_id)
        call.dispatch.repair(Violation.CREATED_AGAIN, Event(event["type"], event))

    see(created(), *message_events("Hello"), message_events("Hel", output_index=1)[0])
    assert costs()  # it may tell the first message again
    replace_answer("resp_2")
    assert not costs()
    first = message_events("Hello")[0]
    see(first)
    call.dispatch.repair(Violation.ITEM_AGAIN, Event(first["type"], item_added(function_call_item())))
    assert costs()  # two items share one place
    replace_answer("resp_3")
    assert not costs()


def test_the_arguments_of_nobodys_call_are_never_run(drive: Any) -> None:
    driven = drive([*function_call_events()[1:4], *good_events()])
    assert driven.text == driven.delivered == "Hello"
    assert driven.calls == []
    assert [item.type for item in driven.answer.items] == ["message"]
