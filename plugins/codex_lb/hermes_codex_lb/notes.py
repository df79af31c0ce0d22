"""What the adapter remembers of one call, kept in ``AdapterContext.scratch``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hermes.providers.contract import AdapterContext, RateLimits
from hermes_codex_lb.rate_limits import MOST_FAMILIES, completed_from

__all__ = ["CallNotes", "notes_of"]

_KEY: Final = "notes"


@dataclass(slots=True)
class CallNotes:
    """The adapter's notes for one call.

    Attributes:
        attempt: the attempt to which ``waited`` and ``fresh`` belong.
        limits: the latest rate limits by ``limit_name``; the main ones under the empty name.
        fresh: the names of the limits that were told in this attempt.
        waited: the waiting time last told to the user in this attempt; None where none was.
        failures: how often each family of ambiguous failures was seen.
        continues: the request names an earlier response.
    """

    attempt: int = 0
    limits: dict[str, RateLimits] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    waited: float | None = None
    failures: Counter[str] = field(default_factory=Counter)
    continues: bool = False

    def learn(self, limits: RateLimits) -> RateLimits | None:
        """Notes ``limits``, completed from earlier ones of the attempt; None where nothing is new."""
        name = limits.limit_name
        known = self.limits.get(name)
        if known is None and len(self.limits) > MOST_FAMILIES:
            return None
        if known is not None and name in self.fresh:
            limits = completed_from(limits, known)
        self.fresh.add(name)
        self.limits[name] = limits
        return None if limits == known else limits

    def count(self, family: str) -> int:
        """Counts a failure of ``family`` and says how many there were in this call, from 1."""
        self.failures[family] += 1
        return self.failures[family]


def notes_of(context: AdapterContext) -> CallNotes:
    """The notes of the call, turned to the attempt that ``context`` names."""
    notes: CallNotes = context.scratch.setdefault(_KEY, CallNotes())
    if notes.attempt != context.attempt:
        # Another attempt may be served by another account, whose limits do not complete earlier ones.
        notes.attempt = context.attempt
        notes.fresh.clear()
        notes.waited = None
    return notes
