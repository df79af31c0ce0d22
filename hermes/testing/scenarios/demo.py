"""The answer of the built-in demo, sent as codex-lb sends it."""

from __future__ import annotations

import time
from typing import Final

from hermes.testing.frames import frames
from hermes.testing.outcomes import FELL_BACK, complete, with_codex_lb
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Scenario
from hermes.testing.scenarios.common import rate_limits_event
from hermes.testing.wire import good_events, message_item, response_object

__all__ = ["SCENARIOS"]

_PIECES: Final = (
    "Hello from the demo backend. ",
    "It sent `codex.rate_limits` before `response.created`, as codex-lb did up to 1.17, ",
    "and this answer came through all the same.",
)
_TEXT: Final = "".join(_PIECES)


def _windows() -> dict[str, dict[str, int]]:
    """Windows that are in use now, so that the line about them reads as a real one does."""
    now = int(time.time())
    return {
        "primary": {"used_percent": 33, "window_minutes": 300, "reset_at": now + 7200},
        "secondary": {"used_percent": 44, "window_minutes": 10080, "reset_at": now + 4 * 86400},
    }


_PRELUDE: Final = rate_limits_event(rate_limits={"allowed": True, "limit_reached": False, **_windows()})

SCENARIOS: Final = (
    Scenario(
        "demo",
        4,
        "what `hermes` without a configured provider talks to",
        (event_stream(*frames([_PRELUDE, *good_events(_TEXT, pieces=_PIECES)])),),
        (json_answer(response_object(message_item(_TEXT))),),
        complete(FELL_BACK, text=_TEXT),
        expected_with=with_codex_lb(complete(text=_TEXT)),
    ),
)
