"""Rate limits in one line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hermes.responses.telemetry import Credits, RateLimits, RateLimitWindow

__all__ = ["format_duration", "format_moment", "format_rate_limits"]

_DAY: Final = 86400


def format_rate_limits(limits: Sequence[RateLimits], *, now: float) -> str:
    """All families in one line; empty where nothing is known.

    Args:
        limits: what the backend told.
        now: Unix seconds.
    """
    return " | ".join(line for line in (_family(family, now) for family in limits) if line)


def format_moment(moment: float, *, now: float) -> str:
    """A moment in local time, as short as its distance allows."""
    try:
        local = time.localtime(moment)
    except (OverflowError, ValueError, OSError):
        return "in the far future"
    if abs(moment - now) < _DAY:
        return time.strftime("%H:%M", local)
    if abs(moment - now) < 7 * _DAY:
        return time.strftime("%a %H:%M", local)
    return time.strftime("%Y-%m-%d %H:%M", local)


def format_duration(seconds: float) -> str:
    """A time span in its two largest units."""
    seconds = max(0, round(seconds))
    for size, unit, smaller, smaller_unit in (
        (_DAY, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return f"{seconds} s"


def _family(limits: RateLimits, now: float) -> str:
    facts = [_window(window, now) for window in limits.windows]
    if limits.credits is not None:
        facts.append(_credits(limits.credits))
    if limits.limit_reached:
        facts.append("limit reached")
    facts = [fact for fact in facts if fact]
    name = " ".join(word for word in (limits.limit_name, limits.plan) if word)
    if not facts:
        return f"limits: {name}" if name else ""
    return f"limits{f' ({name})' if name else ''}: {', '.join(facts)}"


def _window(window: RateLimitWindow, now: float) -> str:
    span = format_duration(window.minutes * 60) if window.minutes else window.name
    text = f"{span} window {window.used_percent:.0f} % used"
    if window.resets_at is not None and window.resets_at > now:
        text += f" (resets {format_moment(window.resets_at, now=now)})"
    return text


def _credits(credits: Credits) -> str:  # noqa: A002 - the backend's word
    if credits.unlimited:
        return "unlimited credits"
    return f"credits {credits.balance}" if credits.has_credits and credits.balance else ""
