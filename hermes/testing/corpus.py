"""Every scenario of the kit, by id."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache

from hermes.errors import UsageError
from hermes.testing.scenario import Scenario
from hermes.testing.scenarios import (
    backends,
    bodies,
    codex_lb,
    content,
    demo,
    endings,
    errors,
    framing,
    good,
    identity,
    items,
    lifecycle,
    limits,
    liveness,
    meanings,
    reconciled,
    requests,
    tools,
)
from hermes.testing.scenarios import found as found_by_fuzzing

__all__ = ["all_scenarios", "scenario", "scenarios_named"]

_THEMES = (
    good,
    demo,
    codex_lb,
    lifecycle,
    items,
    identity,
    reconciled,
    liveness,
    endings,
    errors,
    meanings,
    tools,
    content,
    limits,
    framing,
    bodies,
    requests,
    found_by_fuzzing,
    backends,
)


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


def scenarios_named(ids: Iterable[str]) -> tuple[Scenario, ...]:
    """The scenarios of these ids, in their order; the id of a quirk stands for all its shapes.

    Raises:
        UsageError: there is none of an id; the hint names those that look alike.
    """
    found: dict[str, Scenario] = {}
    for wanted in ids:
        shapes = [
            known for known in all_scenarios() if known.id.startswith(f"{wanted}/") or known.id == wanted
        ]
        for shape in shapes or [scenario(wanted)]:
            found[shape.id] = shape
    return tuple(found.values())
