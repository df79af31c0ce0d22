"""Every scenario of the kit, by id."""

from __future__ import annotations

import difflib
from functools import cache

from hermes.errors import UsageError
from hermes.testing.scenario import Scenario
from hermes.testing.scenarios import (
    bodies,
    codex_lb,
    demo,
    endings,
    errors,
    framing,
    good,
    items,
    lifecycle,
    limits,
    liveness,
)

__all__ = ["all_scenarios", "scenario"]

_THEMES = (good, demo, codex_lb, lifecycle, items, liveness, endings, errors, limits, framing, bodies)


@cache
def all_scenarios() -> tuple[Scenario, ...]:
    """The whole corpus: good streams first, then theme by theme."""
    return tuple(found for theme in _THEMES for found in theme.SCENARIOS)


def scenario(id: str) -> Scenario:  # noqa: A002  # the field's name
    """The scenario of that id.

    Raises:
        UsageError: there is none; the hint names those that look alike.
    """
    by_id = {found.id: found for found in all_scenarios()}
    if id in by_id:
        return by_id[id]
    near = difflib.get_close_matches(id, by_id, n=3)
    near += [known for known in by_id if known.startswith(f"{id}/")][:5]
    hint = f"Did you mean {', '.join(dict.fromkeys(near))}?" if near else "Try good-text or codex-lb-prelude."
    raise UsageError(f"There is no scenario {id!r}.", hint=hint)
