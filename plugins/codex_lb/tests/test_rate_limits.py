"""Rate limits from events and headers, in every shape that is known."""

from __future__ import annotations

from typing import Any

import pytest
from hermes_codex_lb import normalize_stream_event, observe_headers
from hermes_codex_lb.rate_limits import exhausted, from_event, from_headers, reset_of

from hermes.providers.contract import Credits, Event, RateLimits, RateLimitWindow

NOW = 1_777_000_000.0

PRIMARY = RateLimitWindow("primary", 33.0, 300, 1_777_000_300.0)
SECONDARY = RateLimitWindow("secondary", 44.0, 10_080, 1_777_604_800.0)


def event(**changes: Any) -> dict[str, Any]:
    """A full ``codex.rate_limits`` event with top-level fields replaced."""
    return {
        "type": "codex.rate_limits",
        "plan_type": "pro",
        "rate_limits": {
            "allowed": True,
            "limit_reached": False,
            "primary": {"used_percent": 33, "window_minutes": 300, "reset_at": 1_777_000_300},
            "secondary": {"used_percent": 44, "window_minutes": 10_080, "reset_at": 1_777_604_800},
        },
        "credits": {"has_credits": True, "unlimited": False, "balance": "12.50"},
        "metered_limit_name": "codex",
        "limit_name": None,
        "limit_id": None,
        **changes,
    }


FULL = RateLimits(
    plan="pro",
    windows=(PRIMARY, SECONDARY),
    credits=Credits(has_credits=True, unlimited=False, balance="12.50"),
    allowed=True,
    limit_reached=False,
)


def only_primary(**fields: Any) -> dict[str, Any]:
    return event(rate_limits={"primary": fields})


def test_a_full_event() -> None:
    assert from_event(event(), NOW) == FULL


@pytest.mark.parametrize(
    ("data", "window"),
    [
        pytest.param(
            only_primary(used_percent=1, window_minutes=300, resets_at=1_777_000_001),
            RateLimitWindow("primary", 1.0, 300, 1_777_000_001.0),
            id="resets_at",
        ),
        pytest.param(
            only_primary(used_percent=1, window_minutes=300, reset_after_seconds=90),
            RateLimitWindow("primary", 1.0, 300, NOW + 90),
            id="reset_after_seconds",
        ),
        pytest.param(
            only_primary(used_percent=1, window_minutes=300, reset_after_seconds=90, reset_at=1_777_000_001),
            RateLimitWindow("primary", 1.0, 300, 1_777_000_001.0),
            id="an absolute time before a relative one",
        ),
        pytest.param(
            only_primary(used_percent="33.5", window_minutes="300", reset_at="1777000300"),
            RateLimitWindow("primary", 33.5, 300, 1_777_000_300.0),
            id="numbers as strings",
        ),
        pytest.param(
            only_primary(used_percent=50),
            RateLimitWindow("primary", 50.0),
            id="length and reset not told",
        ),
        pytest.param(
            only_primary(used_percent=104.5, window_minutes=300),
            RateLimitWindow("primary", 104.5, 300),
            id="more than all",
        ),
        pytest.param(
            only_primary(used_percent=-3, window_minutes=300),
            RateLimitWindow("primary", 0.0, 300),
            id="less than nothing",
        ),
        pytest.param(
            only_primary(used_percent=5, window_minutes=float("nan"), reset_at=1e300),
            RateLimitWindow("primary", 5.0),
            id="a length and a reset that no calendar knows",
        ),
        pytest.param(
            only_primary(used_percent=5, window_minutes=300, reset_at=1_777_000_300_000),
            RateLimitWindow("primary", 5.0, 300),
            id="milliseconds are no seconds",
        ),
        pytest.param(
            only_primary(used_percent=5, window_minutes=300, reset_after_seconds=-5),
            RateLimitWindow("primary", 5.0, 300),
            id="a reset in the past",
        ),
    ],
)
def test_windows_of_an_event(data: dict[str, Any], window: RateLimitWindow) -> None:
    limits = from_event(data, NOW)
    assert limits is not None
    assert limits.windows == (window,)


@pytest.mark.parametrize("used", [None, True, "", "nan", "inf", float("inf"), [], {}, "x", 10**400, "9" * 99])
def test_a_window_without_a_usable_percentage_is_no_window(used: object) -> None:
    limits = from_event(only_primary(used_percent=used, window_minutes=300), NOW)
    assert limits is not None
    assert limits.windows == ()


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"used_percent": 0, "window_minutes": 0}, False),
        ({"used_percent": 0, "window_minutes": 0, "reset_at": 1_777_000_300}, False),
        ({"used_percent": 0}, False),
        ({"used_percent": 0, "window_minutes": 300}, True),
        ({"used_percent": 0, "reset_at": 1_777_000_300}, True),
    ],
)
def test_unused_slots_are_left_out(fields: dict[str, Any], kept: bool) -> None:
    limits = from_event(only_primary(**fields), NOW)
    assert limits is not None
    assert bool(limits.windows) is kept


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param({"rate_limits": {"allowed": True}}, RateLimits(allowed=True), id="no windows at all"),
        pytest.param(
            {"rate_limits": {"allowed": "False", "limit_reached": "true"}},
            RateLimits(allowed=False, limit_reached=True),
            id="booleans as strings",
        ),
        pytest.param(
            {"rate_limits": {"credits": {"has_credits": 1, "unlimited": 0, "balance": 5.39}}},
            RateLimits(credits=Credits(True, False, "5.39")),
            id="credits inside rate_limits",
        ),
        pytest.param(
            {"rate_limits": [], "credits": {"balance": "NaN"}, "plan_type": "plus"},
            RateLimits(plan="plus"),
            id="the plan only",
        ),
        pytest.param({}, None, id="nothing"),
        pytest.param({"rate_limits": None, "credits": None, "plan_type": None}, None, id="nulls"),
        pytest.param({"rate_limits": {"primary": [1]}, "limit_id": "codex"}, None, id="no use"),
    ],
)
def test_sparse_events(data: dict[str, Any], expected: RateLimits | None) -> None:
    assert from_event(data, NOW) == expected


@pytest.mark.parametrize(
    ("identity", "limit_name"),
    [
        ({"limit_id": "codex"}, ""),
        ({"metered_limit_name": "CODEX"}, ""),
        ({"limit_id": "codex_bengalfox"}, "codex_bengalfox"),
        ({"metered_limit_name": "codex_bengalfox"}, "codex_bengalfox"),
        ({"limit_id": "codex_bengalfox", "limit_name": "gpt-5.3-codex-spark"}, "gpt-5.3-codex-spark"),
        ({"limit_id": "codex", "limit_name": "gpt-5.3-codex-spark"}, "gpt-5.3-codex-spark"),
        ({"limit_id": 7, "limit_name": "\x1b[31mred\n"}, "[31mred"),
    ],
)
def test_the_family_of_an_event(identity: dict[str, Any], limit_name: str) -> None:
    nothing = {"limit_id": None, "limit_name": None, "metered_limit_name": None}
    limits = from_event(event(**{**nothing, **identity}), NOW)
    assert limits is not None
    assert limits.limit_name == limit_name


def headers(**changes: str) -> dict[str, str]:
    """The header family of one account; underscores in the names of ``changes`` stand for hyphens."""
    family = {
        "x-codex-plan-type": "pro",
        "x-codex-primary-used-percent": "33",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": "1777000300",
        "x-codex-secondary-used-percent": "44.0",
        "x-codex-secondary-window-minutes": "10080",
        "x-codex-secondary-reset-at": "1777604800",
        "x-codex-credits-has-credits": "true",
        "x-codex-credits-unlimited": "false",
        "x-codex-credits-balance": "12.50",
    }
    return family | {f"x-codex-{name.replace('_', '-')}": value for name, value in changes.items()}


def test_headers_and_event_say_the_same() -> None:
    (limits,) = from_headers(headers(), NOW)
    assert limits.windows == FULL.windows
    assert limits.credits == FULL.credits
    assert limits.plan == FULL.plan


@pytest.mark.parametrize(
    ("written", "read"),
    [("True", True), ("true", True), ("1", True), ("False", False), ("0", False), ("", None), ("yes", None)],
)
def test_booleans_in_headers(written: str, read: bool | None) -> None:
    (limits,) = from_headers(headers(credits_has_credits=written), NOW)
    assert limits.credits is not None
    assert limits.credits.has_credits is read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0", "0"),
        ("1348.7450000000", "1348.7450000000"),
        (" 2.50 ", "2.50"),
        ("-1.5", "-1.5"),
        ("", None),
        ("nan", None),
        ("1e999999", None),
        ("1_000", None),
        ("٣", None),
    ],
)
def test_the_balance_is_a_plain_decimal_or_nothing(written: str, read: str | None) -> None:
    (limits,) = from_headers(headers(credits_balance=written), NOW)
    assert limits.credits is not None
    assert limits.credits.balance == read


def test_empty_header_values_are_not_told() -> None:
    (limits,) = from_headers(
        headers(
            secondary_used_percent="",
            secondary_window_minutes="",
            secondary_reset_at="",
            primary_reset_at="",
            credits_has_credits="",
            credits_unlimited="",
            credits_balance="",
            plan_type="",
        ),
        NOW,
    )
    assert limits == RateLimits(windows=(RateLimitWindow("primary", 33.0, 300),))


def test_windows_are_ordered_by_length_not_by_slot() -> None:
    (limits,) = from_headers(
        headers(
            primary_window_minutes="10080",
            secondary_window_minutes="300",
            monthly_used_percent="7",
            monthly_window_minutes="43200",
        ),
        NOW,
    )
    assert [(window.name, window.minutes) for window in limits.windows] == [
        ("secondary", 300),
        ("primary", 10_080),
        ("monthly", 43_200),
    ]


def test_a_window_of_unknown_length_comes_last() -> None:
    (limits,) = from_headers(headers(primary_window_minutes=""), NOW)
    assert [window.name for window in limits.windows] == ["secondary", "primary"]


def test_the_free_plan_has_one_window() -> None:
    (limits,) = from_headers(
        {
            "x-codex-plan-type": "free",
            "x-codex-primary-used-percent": "12",
            "x-codex-primary-window-minutes": "10080",
            "x-codex-primary-reset-after-seconds": "3600",
            "x-codex-secondary-used-percent": "0",
            "x-codex-secondary-window-minutes": "0",
            "x-codex-secondary-reset-at": "",
        },
        NOW,
    )
    assert limits.windows == (RateLimitWindow("primary", 12.0, 10_080, NOW + 3600),)


def test_other_families_are_told_apart() -> None:
    main, named, unnamed = from_headers(
        headers(
            bengalfox_primary_used_percent="80",
            bengalfox_primary_window_minutes="300",
            bengalfox_limit_name="gpt-5.3-codex-spark",
            secondary_primary_used_percent="5",
        ),
        NOW,
    )
    assert main.windows == FULL.windows
    assert (named.limit_name, named.windows) == (
        "gpt-5.3-codex-spark",
        (RateLimitWindow("primary", 80.0, 300),),
    )
    assert (unnamed.limit_name, unnamed.windows) == (
        "codex_secondary",
        (RateLimitWindow("primary", 5.0),),
    )


def test_the_number_of_families_is_bounded() -> None:
    many = {f"x-codex-f{number}-primary-used-percent": "5" for number in range(500)}
    assert len(from_headers(many, NOW)) == 16


@pytest.mark.parametrize("values", ["nan", "inf", "-inf", "1e400", "x", "9" * 5000, ""])
def test_header_values_that_are_no_numbers(values: str) -> None:
    assert from_headers({"x-codex-primary-used-percent": values}, NOW) == []


def test_headers_without_limits_say_nothing() -> None:
    assert from_headers({"content-type": "text/html", "x-codex-turn-state": "http_turn_1"}, NOW) == []


def test_what_is_exhausted_and_until_when() -> None:
    spent = RateLimitWindow("secondary", 100.0, 10_080, 2_000_000_000.0)
    over = RateLimitWindow("primary", 101.0, 300, 1_900_000_000.0)
    left = RateLimitWindow("primary", 99.9, 300, 1_800_000_000.0)
    assert exhausted(RateLimits(windows=(left, spent))) == (spent,)
    assert exhausted(RateLimits(windows=(left,))) == exhausted(None) == ()
    assert reset_of((spent, over)) == 2_000_000_000.0
    assert reset_of((spent, RateLimitWindow("primary", 100.0))) is None
    assert reset_of(()) is None


def test_reports_of_one_attempt_complete_each_other(new_call: Any) -> None:
    context, reports = new_call()
    observe_headers(headers(), context)
    normalize_stream_event(Event("codex.rate_limits", {"rate_limits": {"allowed": True}}), context)
    assert reports[-1] == RateLimits(plan=FULL.plan, windows=FULL.windows, credits=FULL.credits, allowed=True)


def test_another_attempt_starts_anew(new_call: Any) -> None:
    context, reports = new_call()
    normalize_stream_event(Event("codex.rate_limits", event()), context)
    context.attempt = 2
    normalize_stream_event(Event("codex.rate_limits", {"rate_limits": {"limit_reached": True}}), context)
    assert reports == [FULL, RateLimits(limit_reached=True)]


def test_the_same_limits_are_told_once(new_call: Any) -> None:
    context, reports = new_call()
    for _ in range(3):
        normalize_stream_event(Event("codex.rate_limits", event()), context)
    observe_headers(headers(), context)
    assert reports == [FULL]


def test_another_family_does_not_touch_the_main_limits(new_call: Any) -> None:
    context, reports = new_call()
    normalize_stream_event(Event("codex.rate_limits", event()), context)
    other = event(limit_id="codex_bengalfox", rate_limits={"primary": {"used_percent": 100}}, credits=None)
    normalize_stream_event(Event("codex.rate_limits", other), context)
    assert [limits.limit_name for limits in reports] == ["", "codex_bengalfox"]
    normalize_stream_event(Event("codex.rate_limits", {"rate_limits": {"allowed": False}}), context)
    assert reports[-1].windows == FULL.windows


def test_made_up_families_are_bounded_over_a_call(new_call: Any) -> None:
    context, reports = new_call()
    for number in range(200):
        normalize_stream_event(Event("codex.rate_limits", event(limit_id=f"family_{number}")), context)
    assert len(reports) <= 17
