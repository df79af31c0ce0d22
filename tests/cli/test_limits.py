"""Rate limits, moments and time spans in words."""

from __future__ import annotations

import time

import pytest

from hermes.cli.limits import format_duration, format_moment, format_rate_limits
from hermes.responses.telemetry import Credits, RateLimits, RateLimitWindow

NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC, a Tuesday


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (5 * 3600, "5 h"),
        (5 * 3600 + 90, "5 h 1 min"),
        (7 * 86400, "7 d"),
        (86400 + 3600, "1 d 1 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW + 60, "22:14"),
        (NOW + 2 * 86400, "Thu 22:13"),
        (NOW + 30 * 86400, "2023-12-14 22:13"),
        (1e18, "in the far future"),
        (float("inf"), "in the far future"),
    ],
)
def test_moments(moment: float, words: str) -> None:
    assert format_moment(moment, now=NOW) == words


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ([], ""),
        ([RateLimits()], ""),
        ([RateLimits(plan="pro")], "limits: pro"),
        (
            [RateLimits("pro", (RateLimitWindow("primary", 33.4, 300, NOW + 60),))],
            "limits (pro): 5 h window 33 % used (resets 22:14)",
        ),
        (
            [RateLimits(windows=(RateLimitWindow("primary", 33, None, NOW - 60),))],
            "limits: primary window 33 % used",
        ),
        (
            [RateLimits(credits=Credits(True, False, "12.50"), limit_reached=True)],
            "limits: credits 12.50, limit reached",
        ),
        ([RateLimits(credits=Credits(unlimited=True))], "limits: unlimited credits"),
        (
            [
                RateLimits("pro", (RateLimitWindow("primary", 1, 300),)),
                RateLimits(limit_name="spark", windows=(RateLimitWindow("primary", 2, 60),)),
            ],
            "limits (pro): 5 h window 1 % used | limits (spark): 1 h window 2 % used",
        ),
    ],
)
def test_rate_limits_in_one_line(limits: list[RateLimits], line: str) -> None:
    assert format_rate_limits(limits, now=NOW) == line
