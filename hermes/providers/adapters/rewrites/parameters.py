"""Keywords of a request left out, filled in, or kept within what a backend takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hermes.providers.contract import Request

__all__ = [
    "EFFORTS",
    "with_defaults",
    "with_effort_at_least",
    "with_effort_at_most",
    "with_short_cache_key",
    "without_parameters",
]

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra")
"""The values of ``reasoning.effort``, the least one first."""

_LONGEST_CACHE_KEY: Final = 64  # https://platform.openai.com/docs/api-reference/responses/create
_STEP: Final = re.compile(r"[^.\[\]]+|\[\d*\]")


def without_parameters(request: Request, *names: str) -> Request:
    """The request without these keywords.

    Args:
        request: what to send.
        names: keywords or paths into them: ``reasoning.effort``, ``tools[].strict`` for each entry of a
            list, ``input[2].id`` for one of them. A mapping that a path leaves empty goes too.
    """
    for name in names:
        steps = _STEP.findall(name)
        if not steps or steps[0] not in request:
            continue
        value = request[steps[0]]
        rest = _without(value, steps[1:]) if len(steps) > 1 else None
        if rest is None:
            request = request.without(steps[0])
        elif rest is not value:
            request = request.replacing(**{steps[0]: rest})
    return request


def _without(value: Any, steps: Sequence[str]) -> Any:
    """``value`` without what the steps lead to; None where nothing is left of a mapping."""
    step, rest = steps[0], steps[1:]
    if step.startswith("["):
        return _without_in_list(value, step, rest)
    if not isinstance(value, Mapping) or step not in value:
        return value
    inner = _without(value[step], rest) if rest else None
    if rest and inner is value[step]:
        return value
    kept = {
        key: inner if key == step else old for key, old in value.items() if key != step or inner is not None
    }
    return kept or None


def _without_in_list(value: Any, step: str, rest: Sequence[str]) -> Any:
    if not rest or not isinstance(value, Sequence) or isinstance(value, str):
        return value  # an entry as a whole is never left out by its number
    place = step[1:-1]
    changed = [
        _without(entry, rest) if place in ("", str(number)) else entry for number, entry in enumerate(value)
    ]
    if all(new is old for new, old in zip(changed, value, strict=True)):
        return value
    return [{} if entry is None else entry for entry in changed]


def with_defaults(request: Request, **keywords: Any) -> Request:
    """The request with ``keywords`` where it has none of that name, or null, or an empty text."""
    missing = {name: value for name, value in keywords.items() if request.get(name) in (None, "")}
    return request.replacing(**missing) if missing else request


def with_effort_at_most(request: Request, effort: str) -> Request:
    """The request with a ``reasoning.effort`` that is not above ``effort``."""
    return _with_effort(request, effort, EFFORTS[EFFORTS.index(effort) + 1 :])


def with_effort_at_least(request: Request, effort: str) -> Request:
    """The request with a ``reasoning.effort`` that is not below ``effort``."""
    return _with_effort(request, effort, EFFORTS[: EFFORTS.index(effort)])


def _with_effort(request: Request, effort: str, instead_of: Sequence[str]) -> Request:
    reasoning = request.get("reasoning")
    if not isinstance(reasoning, Mapping) or reasoning.get("effort") not in instead_of:
        return request
    return request.replacing(reasoning={**reasoning, "effort": effort})


def with_short_cache_key(request: Request) -> Request:
    """The request with a ``prompt_cache_key`` of at most 64 characters: a longer one becomes its hash."""
    key = request.get("prompt_cache_key")
    if not isinstance(key, str) or len(key) <= _LONGEST_CACHE_KEY:
        return request
    import hashlib  # most keys are short

    return request.replacing(prompt_cache_key=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest())
