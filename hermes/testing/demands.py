"""What backends demand of a request: small predicates over its decoded JSON body, for ``Refusal.when``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

__all__ = [
    "Demand",
    "always",
    "has",
    "has_distant_outputs",
    "has_other_than",
    "has_pattern",
    "has_unpaired_tools",
    "items_of",
    "lacks",
    "longer_than",
    "values_at",
]

Demand = Callable[[Mapping[str, Any]], bool]
"""Tells from the body of a request whether the backend refuses it."""

_STEP: Final = re.compile(r"[^.\[\]]+|\[\]")
_OUTPUT_OF: Final = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
}


def values_at(body: Any, path: str) -> Iterator[Any]:
    """The values at a path such as ``reasoning.effort`` or ``input[].id``, wherever there are any."""
    found = [body]
    for step in _STEP.findall(path):
        if step == "[]":
            found = [entry for value in found if isinstance(value, list) for entry in value]
        else:
            found = [value[step] for value in found if isinstance(value, Mapping) and step in value]
    return iter(found)


def always(body: Mapping[str, Any]) -> bool:
    """Refuses every request, whatever is done about it."""
    return True


def has(path: str, *values: Any) -> Demand:
    """Refuses what has something at ``path``, or one of ``values`` there where they are given."""
    return lambda body: any(not values or value in values for value in values_at(body, path))


def has_other_than(path: str, *values: Any) -> Demand:
    """Refuses what has something at ``path`` that is none of ``values``."""
    return lambda body: any(value not in values for value in values_at(body, path))


def has_pattern(path: str, pattern: str) -> Demand:
    """Refuses what has a text at ``path`` in which the regular expression is found."""
    search = re.compile(pattern).search
    return lambda body: any(isinstance(value, str) and search(value) for value in values_at(body, path))


def lacks(path: str, *values: Any) -> Demand:
    """Refuses what has nothing at ``path``, or null, or an empty text, or none of ``values``."""
    return lambda body: (
        not any(value in values if values else value not in (None, "") for value in values_at(body, path))
    )


def longer_than(path: str, limit: int) -> Demand:
    """Refuses what has a text or list of more than ``limit`` characters or entries at ``path``."""
    return lambda body: any(
        isinstance(value, (str, list)) and len(value) > limit for value in values_at(body, path)
    )


def has_unpaired_tools(body: Mapping[str, Any]) -> bool:
    """Refuses calls without exactly one output behind them, and outputs without a call before them."""
    called: Counter[tuple[str, str]] = Counter()
    for item in items_of(body):
        kind, call_id = item.get("type", ""), item.get("call_id", "")
        if kind in _OUTPUT_OF:
            if not call_id or (_OUTPUT_OF[kind], call_id) in called:
                return True
            called[_OUTPUT_OF[kind], call_id] = 1
        elif kind in _OUTPUT_OF.values():
            called[kind, call_id] -= 1
            if called[kind, call_id] != 0:
                return True
    return any(called.values())


def has_distant_outputs(body: Mapping[str, Any]) -> bool:
    """Refuses outputs with anything but calls, reasoning and other outputs between them and their calls."""
    near: set[str] = set()
    for item in items_of(body):
        kind, call_id = item.get("type", ""), str(item.get("call_id", ""))
        if kind in _OUTPUT_OF:
            near.add(call_id)
        elif kind in _OUTPUT_OF.values() and call_id not in near:
            return True
        elif kind not in ("reasoning", *_OUTPUT_OF.values()):
            near.clear()
    return False


def items_of(body: Mapping[str, Any]) -> Collection[Mapping[str, Any]]:
    """The items of the input; none where it is no list."""
    items = body.get("input")
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
