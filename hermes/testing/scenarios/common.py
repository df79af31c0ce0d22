"""Replies and pieces that many scenarios share."""

from __future__ import annotations

from typing import Any, Final

from hermes.testing.frames import Json, frames
from hermes.testing.outcomes import complete
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Expected, Reply, Scenario, Step, ToolCall
from hermes.testing.wire import (
    created,
    function_call_item,
    good_events,
    good_stream,
    message_item,
    response_object,
    up_to,
)

__all__ = [
    "CODEX_HEADERS",
    "GOOD",
    "HALF_WAY",
    "HELLO",
    "HELLO_ITEM",
    "LIST_FILES",
    "LIST_FILES_JSON",
    "NO_TERMINAL",
    "ONLY_CREATED",
    "STREAM_REQUIRED",
    "TOOL_RUNS",
    "rate_limits_event",
    "tolerated",
]

HELLO_ITEM: Final = message_item("Hello")
GOOD: Final[Reply] = event_stream(*good_stream())
HELLO: Final[Reply] = json_answer(response_object(HELLO_ITEM))

LIST_FILES: Final = ToolCall(call_id="call_1", name="sh", arguments='{"command":"ls"}')
LIST_FILES_JSON: Final[Reply] = json_answer(response_object(function_call_item()))

TOOL_RUNS: Final = complete(text="", tool_calls=(LIST_FILES,))

STREAM_REQUIRED: Final[Reply] = json_answer({"detail": "Stream must be set to true"}, status=400)

ONLY_CREATED: Final = frames([created()])
HALF_WAY: Final = frames(up_to(good_events(), "response.output_text.delta"))
"""As far as the first half of the text."""
NO_TERMINAL: Final = frames(up_to(good_events(), "response.output_item.done"))
"""Everything but the terminal event."""

CODEX_HEADERS: Final = (
    ("x-codex-plan-type", "pro"),
    ("x-codex-primary-used-percent", "37.5"),
    ("x-codex-primary-window-minutes", "300"),
    ("x-codex-primary-reset-at", "1777936568"),
    ("x-codex-secondary-used-percent", "44"),
    ("x-codex-secondary-window-minutes", "10080"),
    ("x-codex-secondary-reset-at", "1778239400"),
    ("x-codex-credits-has-credits", "true"),
    ("x-codex-credits-unlimited", "false"),
    ("x-codex-credits-balance", "12.50"),
)


def rate_limits_event(*, limit_reached: bool = False, **more: Any) -> Json:
    """The vendor event ``codex.rate_limits``; ``more`` adds or replaces fields."""
    return {
        "type": "codex.rate_limits",
        "plan_type": "pro",
        "rate_limits": {
            "allowed": not limit_reached,
            "limit_reached": limit_reached,
            "primary": {"used_percent": 33, "window_minutes": 300, "reset_at": 1700000300},
            "secondary": {"used_percent": 44, "window_minutes": 10080, "reset_at": 1700604800},
        },
        "credits": {"has_credits": True, "unlimited": False, "balance": "12.50"},
        **more,
    }


def tolerated(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    *steps: Step,
    expected: Expected | None = None,
    non_stream: Reply = HELLO,
) -> Scenario:
    """A stream that needs no second request; a complete answer ``Hello`` unless ``expected`` differs."""
    return Scenario(id, quirk, summary, (event_stream(*steps),), (non_stream,), expected or complete())
