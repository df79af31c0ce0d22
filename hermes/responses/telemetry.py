"""What a backend tells beside its answer: rate limits and notices."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Credits", "Notice", "RateLimitWindow", "RateLimits"]


@dataclass(frozen=True, slots=True)
class RateLimitWindow:
    """How much of one rate-limit window is used.

    Attributes:
        name: the backend's name of the slot, e.g. ``primary``.
        used_percent: 0.0 to 100.0, or more where the backend says so.
        minutes: the length of the window in minutes; None where it is not told.
        resets_at: Unix seconds; None where it is not told.
    """

    name: str
    used_percent: float
    minutes: int | None = None
    resets_at: float | None = None


@dataclass(frozen=True, slots=True)
class Credits:
    """Paid credits of an account; ``balance`` is a decimal number as the backend wrote it."""

    has_credits: bool | None = None
    unlimited: bool | None = None
    balance: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rate limits of the account that served a call.

    Attributes:
        plan: the account's plan, e.g. ``pro``; empty where it is not told.
        windows: the windows, shortest first where their lengths are known.
        credits: paid credits, where told.
        limit_name: the family of limits; empty for the account's main one.
        allowed: whether the backend says that requests are allowed now.
        limit_reached: whether the backend says that a limit is reached. It is telemetry: an answer
            may come all the same.
    """

    plan: str = ""
    windows: tuple[RateLimitWindow, ...] = ()
    credits: Credits | None = None
    limit_name: str = ""
    allowed: bool | None = None
    limit_reached: bool | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the user about the call in progress.

    Attributes:
        text: the sentence.
        kind: a stable word for programs, e.g. ``waiting``, ``fallback``, ``retry``, ``plugin``, ``hint``.
        source: the adapter that says it; empty for Hermes itself.
    """

    text: str
    kind: str = "info"
    source: str = ""
