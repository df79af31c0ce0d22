"""What is wrong with a value of the file, told in a sentence for the person who wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

__all__ = ["InvalidValueError", "Problem", "key_path", "refused"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A value of the file that Hermes cannot use.

    Attributes:
        path: the keys that lead to it, in the user's spelling.
        expected: what must stand there; for a key that is missing, its name.
        found: what stands there, without its value wherever that may be a secret.
        about: whether the value is wrong, its key, or a key that is missing in it.
    """

    path: tuple[str | int, ...]
    expected: str
    found: str = ""
    about: Literal["value", "key", "missing"] = "value"

    @property
    def sentence(self) -> str:
        """What is wrong, as the rest of a sentence after the place."""
        where = f"`{key_path(self.path)}`" if self.path else "the file"
        if self.about == "key":
            return f"the key {where} must be {self.expected}"
        if self.about == "missing":
            return f"{where} has no `{self.expected}`"
        return f"{where} is {self.found}, but must be {self.expected}"

    def below(self, step: str | int) -> Problem:
        """The same problem, as seen from a level higher."""
        return replace(self, path=(step, *self.path))


class InvalidValueError(Exception):
    """A value cannot be used.

    Args:
        problems: everything that is wrong with it and in it; the paths begin below it.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


def refused(value: Any, expected: str, *, shown: bool = False) -> InvalidValueError:
    """The refusal of a single value.

    Args:
        value: what stands in the file.
        expected: what must stand there.
        shown: whether a single word is repeated, for a misspelt one is easy to see; longer text may be a key.
    """
    return InvalidValueError(Problem((), expected, _found(value, shown=shown)))


def key_path(path: tuple[str | int, ...]) -> str:
    """``("custom_providers", 0, "url")`` as ``custom_providers[0].url``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _found(value: Any, *, shown: bool) -> str:
    """The kind of the value, and the value itself only where it can be no secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return f"`{value}`" if shown and re.fullmatch(r"[A-Za-z_-]{1,16}", value) else "text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return f"a {type(value).__name__}"
