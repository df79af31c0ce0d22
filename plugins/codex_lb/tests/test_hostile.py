"""Whatever a server sends, no hook raises and nothing unusable is reported."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from hermes_codex_lb import classify_stream_error, normalize_stream_event, observe_headers
from hermes_codex_lb.values import decimal, epoch, flag, number, text
from hypothesis import example, given
from hypothesis import strategies as st

from hermes.providers.contract import Event, Failure, FailureKind, Notice, RateLimits, Verdict

WORDS = st.sampled_from(
    (
        "100", "33.5", "-1", "nan", "inf", "1e999", "9" * 400, "", " ", "true", "False", "codex", "\x1b[31m",
        "\ud800", "waiting_for_account_capacity", "Try again in 9h", "Usage resets at 2026-99-99T00:00:00Z",
        "<html>", "1777000300",
    )
)  # fmt: skip
NUMBERS = st.one_of(
    st.floats(), st.integers(), st.sampled_from((10**400, -(10**400), 1e308, 1e14, 1_777_000_300))
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(WORDS, SCALARS, max_size=2)


def objects(*keys: str, **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects in which each key may be missing or hold anything, and at times no object at all."""
    fields = dict.fromkeys(keys, ANYTHING) | {key: value | ANYTHING for key, value in known.items()}
    return st.fixed_dictionaries({}, optional=fields)


WINDOW = objects("used_percent", "window_minutes", "reset_at", "resets_at", "reset_after_seconds")
CREDITS = objects("has_credits", "unlimited", "balance")
DATA = objects(
    "plan_type",
    "limit_id",
    "limit_name",
    "metered_limit_name",
    "status",
    "waited_seconds",
    rate_limits=objects(
        "allowed", "limit_reached", primary=WINDOW, secondary=WINDOW, monthly=WINDOW, credits=CREDITS
    ),
    credits=CREDITS,
)
ERROR = objects(
    "type",
    "message",
    "param",
    "plan_type",
    "resets_at",
    "resets_in_seconds",
    "retry_after_seconds",
    "status",
    "headers",
)
CODES = st.sampled_from(
    (
        "usage_limit_reached",
        "rate_limit_exceeded",
        "stream_incomplete",
        "no_accounts",
        "invalid_request_error",
    )
)
HEADERS = st.dictionaries(
    st.builds(
        "-".join,
        st.lists(
            st.sampled_from(
                ("x", "codex", "primary", "secondary", "used", "percent", "reset", "at", "after", "seconds",
                 "window", "minutes", "retry", "ms", "credits", "balance", "limit", "name", "plan", "type")
            ),
            max_size=7,
        ),
    )
    | st.sampled_from(("retry-after", "x-codex-primary-used-percent", "x-codex-primary-reset-after-seconds")),
    WORDS | st.text(max_size=20),
    max_size=8,
)  # fmt: skip


def assert_usable(limits: RateLimits) -> None:
    """A caller can show the limits without another check."""
    assert limits.limit_name.isprintable()
    assert limits.plan.isprintable()
    for window in limits.windows:
        assert math.isfinite(window.used_percent)
        assert window.used_percent >= 0
        assert window.minutes is None or window.minutes > 0
        if window.resets_at is not None:
            datetime.fromtimestamp(window.resets_at, UTC)
    if limits.credits and limits.credits.balance:
        assert math.isfinite(float(limits.credits.balance))


def assert_clean(verdict: Verdict | None) -> None:
    """A caller can show the verdict without another check."""
    if verdict is None:
        return
    assert verdict.message.isprintable()
    assert verdict.code.isprintable()
    assert "<html" not in verdict.message
    if verdict.retry_at is not None:
        datetime.fromtimestamp(verdict.retry_at, UTC)


@given(event_type=st.sampled_from(("codex.rate_limits", "codex.keepalive", "codex.x")), data=DATA)
@example(event_type="codex.rate_limits", data={"rate_limits": {"primary": {"used_percent": 10**400}}})
@example(
    event_type="codex.keepalive", data={"status": "waiting_for_account_capacity", "waited_seconds": 1e308}
)
def test_events(event_type: str, data: dict[str, Any], new_call: Any) -> None:
    context, reports = new_call()
    assert normalize_stream_event(Event(event_type, data), context) == []
    for report in reports:
        if isinstance(report, Notice):
            assert report.text.isprintable()
        else:
            assert_usable(report)


@given(headers=HEADERS)
def test_headers(headers: dict[str, str], new_call: Any) -> None:
    context, reports = new_call()
    observe_headers(headers, context)
    for limits in reports:
        assert_usable(limits)


@given(data=ERROR, code=CODES | SCALARS, headers=HEADERS, attempts=st.integers(1, 4))
def test_errors_in_a_stream(
    data: dict[str, Any], code: object, headers: dict[str, str], attempts: int, new_call: Any
) -> None:
    context, _ = new_call()
    error = {**data, "code": code}
    event = Event("response.failed", {"response": {"error": error}, "headers": headers})
    for _ in range(attempts):
        failure = Failure(FailureKind.RESPONSE_FAILED, event=event, headers=headers)
        assert_clean(classify_stream_error(failure, context))


@given(
    body=st.binary(max_size=200) | st.builds(lambda error: json.dumps({"error": error}).encode(), ERROR),
    headers=HEADERS,
)
def test_errors_with_a_status(body: bytes, headers: dict[str, str], new_call: Any) -> None:
    failure = Failure(FailureKind.HTTP_STATUS, status=502, body=body, headers=headers)
    assert_clean(classify_stream_error(failure, new_call()[0]))


@given(value=ANYTHING)
def test_values(value: object) -> None:
    for read in (number(value), epoch(value)):
        assert read is None or math.isfinite(read)
    assert flag(value) in (True, False, None)
    assert decimal(value) is None or float(decimal(value) or "") >= -1e16
    assert len(text(value, 10)) <= 10
