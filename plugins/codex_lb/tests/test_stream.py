"""Events: what is consumed, what is left alone, what is told to the user."""

from __future__ import annotations

from typing import Any

import pytest
from hermes_codex_lb import normalize_stream_event, repair_stream_event

from hermes.providers.contract import Event, Notice, RateLimits, Violation


def waiting(seconds: object, **fields: Any) -> Event:
    return Event(
        "codex.keepalive",
        {
            "type": "codex.keepalive",
            "status": "waiting_for_account_capacity",
            "request_id": "req_1",
            "waited_seconds": seconds,
            "retry_after_seconds": 5,
            **fields,
        },
    )


@pytest.mark.parametrize(
    "data",
    [
        {"type": "codex.keepalive"},
        {"type": "codex.keepalive", "status": "pending_response_created", "request_id": "r"},
        {"type": "codex.rate_limits", "rate_limits": {"allowed": True}, "response": {"id": "resp_1"}},
        {"type": "codex.rate_limits"},
        {"type": "codex.response.metadata", "headers": {"x-codex-turn-state": "t"}},
        {"type": "codex.something_new", "text": "?"},
        {"type": "response.metadata", "headers": {"x-codex-turn-state": "t"}},
        {"type": "responsesapi.websocket_timing", "timing": {"duration_ms": 100}},
    ],
    ids=lambda data: data["type"],
)
def test_telemetry_is_taken_out_of_the_stream(data: dict[str, Any], new_call: Any) -> None:
    context, _ = new_call()
    assert normalize_stream_event(Event(data["type"], data), context) == []


@pytest.mark.parametrize(
    "event_type", ["response.created", "response.output_text.delta", "error", "keepalive", "", "codexx"]
)
def test_other_events_are_not_touched(event_type: str, new_call: Any) -> None:
    context, reports = new_call()
    assert normalize_stream_event(Event(event_type, {"type": event_type}), context) is None
    assert reports == []


def test_a_reached_limit_is_telemetry_not_an_error(new_call: Any) -> None:
    context, reports = new_call()
    event = Event("codex.rate_limits", {"rate_limits": {"allowed": False, "limit_reached": True}})
    assert normalize_stream_event(event, context) == []
    assert reports == [RateLimits(allowed=False, limit_reached=True)]


def test_waiting_for_an_account_is_told(new_call: Any) -> None:
    context, reports = new_call()
    assert normalize_stream_event(waiting(12), context) == []
    assert reports == [Notice("waiting for a free account, 12 s", kind="waiting", source="codex_lb")]


@pytest.mark.parametrize("seconds", [0, None, "soon", [], float("nan"), True, -4])
def test_waiting_without_a_usable_time(seconds: object, new_call: Any) -> None:
    context, reports = new_call()
    normalize_stream_event(waiting(seconds), context)
    assert [notice.text for notice in reports] == ["waiting for a free account"]


def test_notices_become_rarer_as_the_wait_grows(new_call: Any) -> None:
    context, reports = new_call()
    for seconds in range(121):
        normalize_stream_event(waiting(seconds), context)
    assert [notice.text for notice in reports] == [
        "waiting for a free account",
        "waiting for a free account, 10 s",
        "waiting for a free account, 20 s",
        "waiting for a free account, 30 s",
        "waiting for a free account, 40 s",
        "waiting for a free account, 50 s",
        "waiting for a free account, 63 s",
        "waiting for a free account, 79 s",
        "waiting for a free account, 99 s",
    ]


def test_no_server_can_flood_the_user_with_notices(new_call: Any) -> None:
    context, reports = new_call()
    for seconds in range(0, 3_000_000, 7):
        normalize_stream_event(waiting(seconds), context)
        normalize_stream_event(waiting(0), context)
    assert len(reports) < 50


def test_another_attempt_waits_anew(new_call: Any) -> None:
    context, reports = new_call()
    normalize_stream_event(waiting(60), context)
    context.attempt = 2
    normalize_stream_event(waiting(12), context)
    assert [notice.text for notice in reports] == [
        "waiting for a free account, 60 s",
        "waiting for a free account, 12 s",
    ]


@pytest.mark.parametrize(
    ("violation", "event_type", "answer"),
    [
        (Violation.CREATED_MISSING, "response.in_progress", []),
        (Violation.CREATED_MISSING, "response.output_item.added", None),
        (Violation.RESPONSE_MISSING, "response.in_progress", None),
        (Violation.CREATED_AGAIN, "response.created", None),
    ],
)
def test_the_idle_frame_before_created_is_dropped(
    violation: Violation, event_type: str, answer: list[Event] | None, new_call: Any
) -> None:
    context, _ = new_call()
    event = Event(event_type, {"type": event_type, "response": {"id": "resp_1", "status": "in_progress"}})
    assert repair_stream_event(violation, event, context) == answer
