"""Rate limits of a ChatGPT account, from ``codex.rate_limits`` events and ``x-codex-*`` headers.

Both are undocumented; the shapes are those that codex-lb and the Codex client read:
https://github.com/Soju06/codex-lb/blob/main/app/core/usage/live_snapshots.py
https://github.com/openai/codex/blob/main/codex-rs/codex-api/src/rate_limits.rs
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from hermes.providers.contract import Credits, RateLimits, RateLimitWindow
from hermes_codex_lb.values import decimal, epoch, flag, mapping, number, text

__all__ = ["MOST_FAMILIES", "completed_from", "exhausted", "from_event", "from_headers", "reset_of"]

MOST_FAMILIES: Final = 16
"""More families of limits than this in one call are ignored."""

_MAIN: Final = "codex"
_SLOTS: Final = ("primary", "secondary", "monthly")
_USED_PERCENT: Final = re.compile(
    rf"x-(?P<family>[a-z0-9_-]{{1,64}}?)-(?:{'|'.join(_SLOTS)})-used-percent", re.ASCII
)
_LONGEST_WINDOW: Final = 527_040
"""Minutes in a leap year."""


def from_event(data: Mapping[str, Any], now: float) -> RateLimits | None:
    """Reads a ``codex.rate_limits`` event; None where it says nothing.

    Events of a limit other than the main one carry its id or name. They are read with ``limit_name`` set,
    so that they never pass for the main limit.

    Args:
        data: the event's JSON object.
        now: Unix seconds to which ``reset_after_seconds`` is added.
    """
    told = mapping(data.get("rate_limits"))
    windows = (_event_window(slot, mapping(told.get(slot)), now) for slot in _SLOTS)
    limits = RateLimits(
        plan=text(data.get("plan_type")) or text(told.get("plan_type")),
        windows=_shortest_first(windows),
        credits=_event_credits(mapping(data.get("credits"))) or _event_credits(mapping(told.get("credits"))),
        limit_name=_event_family(data),
        allowed=flag(told.get("allowed")),
        limit_reached=flag(told.get("limit_reached")),
    )
    return limits if _says_something(limits) else None


def from_headers(headers: Mapping[str, str], now: float) -> list[RateLimits]:
    """Reads the ``x-codex-*`` headers, names in lower case: the main limit first, then the others by name.

    Args:
        headers: the HTTP response headers, or those that an error event carries.
        now: Unix seconds to which ``reset-after-seconds`` is added.
    """
    main = RateLimits(
        plan=text(headers.get("x-codex-plan-type")),
        windows=_header_windows(headers, _MAIN, now),
        credits=_credits(
            headers.get("x-codex-credits-has-credits"),
            headers.get("x-codex-credits-unlimited"),
            headers.get("x-codex-credits-balance"),
        ),
    )
    others = (
        RateLimits(
            windows=_header_windows(headers, family, now),
            limit_name=text(headers.get(f"x-{family}-limit-name")) or family.replace("-", "_"),
        )
        for family in _families(headers)
    )
    return [main] * _says_something(main) + [limits for limits in others if limits.windows]


def completed_from(limits: RateLimits, earlier: RateLimits) -> RateLimits:
    """``limits`` with what they leave out taken from ``earlier`` ones of the same attempt."""
    return replace(
        limits,
        plan=limits.plan or earlier.plan,
        windows=limits.windows or earlier.windows,
        credits=limits.credits or earlier.credits,
        allowed=earlier.allowed if limits.allowed is None else limits.allowed,
        limit_reached=earlier.limit_reached if limits.limit_reached is None else limits.limit_reached,
    )


def exhausted(limits: RateLimits | None) -> tuple[RateLimitWindow, ...]:
    """The windows of which nothing is left."""
    return tuple(window for window in limits.windows if window.used_percent >= 100) if limits else ()


def reset_of(windows: tuple[RateLimitWindow, ...]) -> float | None:
    """When all of ``windows`` are reset, in Unix seconds; None where one does not tell."""
    resets = [window.resets_at for window in windows]
    known = [at for at in resets if at is not None]
    return max(known) if known and len(known) == len(resets) else None


def _event_family(data: Mapping[str, Any]) -> str:
    """The name of a limit that is not the main one: a readable name before an id."""
    for field in ("limit_name", "metered_limit_name", "limit_id"):
        family = text(data.get(field))
        if family and family.lower() != _MAIN:
            return family
    return ""


def _event_window(slot: str, told: Mapping[str, Any], now: float) -> RateLimitWindow | None:
    return _window(
        slot,
        used=told.get("used_percent"),
        minutes=told.get("window_minutes"),
        reset_at=epoch(told.get("reset_at")) or epoch(told.get("resets_at")),
        reset_after=told.get("reset_after_seconds"),
        now=now,
    )


def _event_credits(told: Mapping[str, Any]) -> Credits | None:
    return _credits(told.get("has_credits"), told.get("unlimited"), told.get("balance"))


def _families(headers: Mapping[str, str]) -> list[str]:
    matches = (_USED_PERCENT.fullmatch(header) for header in headers)
    families = {match["family"] for match in matches if match}
    return sorted(families - {_MAIN})[:MOST_FAMILIES]


def _header_windows(headers: Mapping[str, str], family: str, now: float) -> tuple[RateLimitWindow, ...]:
    def window(slot: str) -> RateLimitWindow | None:
        return _window(
            slot,
            used=headers.get(f"x-{family}-{slot}-used-percent"),
            minutes=headers.get(f"x-{family}-{slot}-window-minutes"),
            reset_at=epoch(headers.get(f"x-{family}-{slot}-reset-at")),
            reset_after=headers.get(f"x-{family}-{slot}-reset-after-seconds"),
            now=now,
        )

    return _shortest_first(window(slot) for slot in _SLOTS)


def _window(
    slot: str, *, used: object, minutes: object, reset_at: float | None, reset_after: object, now: float
) -> RateLimitWindow | None:
    percent = number(used)
    if percent is None:
        return None
    length = number(minutes)
    if percent == 0 and (length == 0 or (length is None and reset_at is None)):
        return None  # an unused slot: accounts on the free plan have a secondary window of 0 minutes
    delay = number(reset_after)
    if reset_at is None and delay is not None and delay >= 0:
        reset_at = epoch(now + delay)
    return RateLimitWindow(
        name=slot,
        used_percent=max(percent, 0.0),
        minutes=int(length) if length is not None and 1 <= length <= _LONGEST_WINDOW else None,
        resets_at=reset_at,
    )


def _credits(has_credits: object, unlimited: object, balance: object) -> Credits | None:
    told = Credits(flag(has_credits), flag(unlimited), decimal(balance))
    return None if told == Credits() else told


def _shortest_first(windows: Iterable[RateLimitWindow | None]) -> tuple[RateLimitWindow, ...]:
    """By length, not by slot: the ``primary`` window of the free plan is a week, of others five hours."""
    told = (window for window in windows if window is not None)
    return tuple(sorted(told, key=lambda window: (window.minutes is None, window.minutes or 0)))


def _says_something(limits: RateLimits) -> bool:
    return limits != RateLimits(limit_name=limits.limit_name)
