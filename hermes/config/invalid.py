"""What pydantic refuses, told in a sentence for the person who wrote the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

__all__ = ["Problem", "key_path", "problems_of"]

_EXPECTED = {
    "string_type": "text; put quotes around it if it is a number or a date",
    "dict_type": "a mapping of `key: value` lines",
    "model_type": "a mapping of `key: value` lines",
    "model_attributes_type": "a mapping of `key: value` lines",
    "list_type": "a list",
}


@dataclass(frozen=True)
class Problem:
    """A value of the file that Hermes cannot use.

    Attributes:
        path: the keys that lead to it, in the user's spelling.
        sentence: what is wrong, as the rest of a sentence after the place.
    """

    path: tuple[str | int, ...]
    sentence: str


def problems_of(error: ValidationError) -> list[Problem]:
    """Every problem in ``error``, in the order of the file's sections."""
    return [_problem(one) for one in error.errors(include_url=False)]  # type: ignore[arg-type]


def key_path(path: tuple[str | int, ...]) -> str:
    """``("custom_providers", 0, "url")`` as ``custom_providers[0].url``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _problem(one: dict[str, Any]) -> Problem:
    path: tuple[str | int, ...] = one["loc"]
    if path and path[-1] == "[key]":  # pydantic's mark for a refused key of a mapping
        path = path[:-1]
        return Problem(path, f"the key `{key_path(path)}` must be {_expectation(one)}")
    if one["type"] == "missing":
        return Problem(path[:-1], f"`{key_path(path[:-1])}` has no `{path[-1]}`")
    subject = f"`{key_path(path)}`" if path else "the file"
    return Problem(path, f"{subject} is {_found(one)}, but must be {_expectation(one)}")


def _expectation(one: dict[str, Any]) -> str:
    context = one.get("ctx", {})
    if one["type"] == "literal_error":
        return str(context["expected"]).replace("'", "`")
    return str(context["expected"]) if "expected" in context else _EXPECTED.get(one["type"], "something else")


def _found(one: dict[str, Any]) -> str:
    """The kind of the value, and the value itself only where it can be no secret."""
    value = one["input"]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        # A choice among words is shown, for a misspelt word is easy to see; longer text may be a key.
        shown = one["type"] == "literal_error" and re.fullmatch(r"[A-Za-z_-]{1,16}", value)
        return f"`{value}`" if shown else "text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return f"a {type(value).__name__}"
