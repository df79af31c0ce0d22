"""Mappings of the file as typed objects: keys in many spellings, and every problem found at once.

A reader takes a value of parsed YAML and answers what it means, or raises ``InvalidValueError``; sections are
put together of readers. A general validation library would take longer to import, and to build its models,
than all else that a command does before it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar

from hermes.config.invalid import InvalidValueError, Problem, refused

__all__ = [
    "A_MAPPING",
    "Secret",
    "Section",
    "choice",
    "exactly",
    "is_unset",
    "list_of",
    "mapping_of",
    "read_each",
    "secret",
    "spelled",
    "text",
]

A_MAPPING: Final = "a mapping of `key: value` lines"

_T = TypeVar("_T")
_Reader = Callable[[Any], _T]
_REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that its repr does not show."""

    text: str = field(repr=False)


def is_unset(value: Any) -> bool:
    """Whether a key with this value counts as left out."""
    return value is None or (isinstance(value, str) and not value.strip())


def text(value: Any) -> str:
    """Reads text, without the blanks around it."""
    if not isinstance(value, str):
        raise refused(value, "text; put quotes around it if it is a number or a date")
    return value.strip()


def secret(value: Any) -> Secret:
    """Reads text that must not be shown."""
    return Secret(text(value))


def choice(*words: str) -> _Reader[str]:
    """A reader of one of these words."""

    def read(value: Any) -> str:
        if value not in words:
            raise refused(value, " or ".join(f"`{word}`" for word in words), shown=True)
        return str(value)

    return read


def list_of(read: _Reader[_T]) -> _Reader[tuple[_T, ...]]:
    """A reader of a list; what is unset in it is left out."""

    def read_list(value: Any) -> tuple[_T, ...]:
        if not isinstance(value, list):
            raise refused(value, "a list")
        items = [item for item in value if not is_unset(item)]
        return tuple(read_each(enumerate(items), read))

    return read_list


def mapping_of(read: _Reader[_T]) -> _Reader[dict[str, _T]]:
    """A reader of a mapping from names; they become text, since YAML reads ``404:`` as a number."""

    def read_mapping(value: Any) -> dict[str, _T]:
        if not isinstance(value, Mapping):
            raise refused(value, A_MAPPING)
        named = {str(key): item for key, item in value.items()}
        return dict(zip(map(str.strip, named), read_each(named.items(), read), strict=True))

    return read_mapping


def read_each(items: Iterable[tuple[str | int, Any]], read: _Reader[_T]) -> list[_T]:
    """What the reader makes of each item.

    Args:
        items: each with the step that leads to it.
        read: reads one.

    Raises:
        InvalidValueError: with the problems of all items.
    """
    values: list[_T] = []
    problems: list[Problem] = []
    for step, item in items:
        try:
            values.append(read(item))
        except InvalidValueError as error:
            problems += [problem.below(step) for problem in error.problems]
    if problems:
        raise InvalidValueError(*problems)
    return values


@dataclass(frozen=True, slots=True)
class _Field:
    spellings: tuple[str, ...]
    read: _Reader[Any]
    default: Any
    shown: bool


def spelled(*names: str, read: _Reader[Any] = text, shown: bool = True) -> Any:
    """A field that users write under several keys, and that is None where they write none.

    Args:
        names: the keys, the strongest first; each is also accepted in camelCase.
        read: its reader.
        shown: whether the repr of the section shows it.
    """
    spellings = dict.fromkeys(form for name in names for form in (name, _camel(name)))
    return _Field(tuple(spellings), read, None, shown)


def exactly(name: str, read: _Reader[Any] = text, default: Any = _REQUIRED) -> Any:
    """A field of one key.

    Args:
        name: the key.
        read: its reader.
        default: its value where the key is left out; without one the key must be there.
    """
    return _Field((name,), read, default, shown=True)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


class Section:
    """A mapping of the file, of which Hermes reads the keys that it knows. It cannot be changed.

    Without arguments it is what an empty mapping is.

    Args:
        values: by the names of the fields.
        written: the user's spelling of those, by the same names.
    """

    _fields: ClassVar[Mapping[str, _Field]] = {}
    _written: Mapping[str, str]

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, _Field)}
        cls._fields = {**cls._fields, **own}

    def __init__(
        self, values: Mapping[str, Any] | None = None, written: Mapping[str, str] | None = None
    ) -> None:
        defaults = {name: one.default for name, one in self._fields.items()}
        vars(self).update(defaults, **(values or {}), _written=written or {})

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            getattr(self, name) == getattr(other, name) for name in self._fields
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name, one in self._fields.items() if one.shown)
        return f"{type(self).__name__}({', '.join(shown)})"

    @classmethod
    def read(cls, data: Any) -> Self:
        """Reads a mapping of parsed YAML.

        Raises:
            InvalidValueError: with everything that is wrong.
        """
        if not isinstance(data, Mapping):
            raise refused(data, A_MAPPING)
        present = {key: value for key, value in data.items() if isinstance(key, str) and not is_unset(value)}
        values: dict[str, Any] = {}
        written: dict[str, str] = {}
        problems: list[Problem] = []
        for name, one in cls._fields.items():
            key = next((key for key in one.spellings if key in present), None)
            if key is None:
                if one.default is _REQUIRED:
                    problems.append(Problem((), name, about="missing"))
                continue
            written[name] = key
            try:
                values[name] = one.read(present[key])
            except InvalidValueError as error:
                problems += [problem.below(key) for problem in error.problems]
        if problems:
            raise InvalidValueError(*problems)
        return cls(values, written)

    @classmethod
    def known_keys(cls) -> frozenset[str]:
        """All keys of this section that Hermes reads."""
        return frozenset(key for one in cls._fields.values() for key in one.spellings)

    def written(self, name: str) -> str:
        """The field ``name`` in the user's own spelling."""
        return self._written.get(name, name)
