"""Lists of JSON objects in a request: the items of ``input`` and the entries of ``tools``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hermes.providers.contract import Request

__all__ = ["Json", "entries", "plain", "with_each", "with_entries", "without_keys"]

Json = Mapping[str, Any]


def plain(entry: Any) -> Json:
    """An entry as a mapping; the SDK takes its own model objects too, and what is neither is empty."""
    if isinstance(entry, Mapping):
        return entry
    dump = getattr(entry, "model_dump", None)
    if not callable(dump):
        return {}
    dumped = dump(mode="json", by_alias=True, exclude_unset=True)
    return dumped if isinstance(dumped, Mapping) else {}


def entries(request: Request, name: str) -> tuple[Any, ...]:
    """The entries of the keyword ``name``; none where it is no list."""
    value = request.get(name)
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else ()


def with_entries(request: Request, name: str, new: Iterable[Any]) -> Request:
    """The request with ``new`` as the entries of ``name``; the same one where they are the very same."""
    old, listed = entries(request, name), list(new)
    if len(old) == len(listed) and all(one is other for one, other in zip(old, listed, strict=True)):
        return request
    return request.replacing(**{name: listed})


def with_each(request: Request, name: str, change: Callable[[Json], Json | None]) -> Request:
    """The request with each entry of ``name`` as ``change`` gives it back; None leaves the entry out."""
    changed = []
    for entry in entries(request, name):
        seen = plain(entry)
        new = change(seen)
        if new is not None:
            changed.append(entry if new is seen else new)
    return with_entries(request, name, changed)


def without_keys(entry: Json, *names: str) -> Json:
    """The entry without the keys ``names``; the same one where it has none of them."""
    if not any(name in entry for name in names):
        return entry
    return {name: value for name, value in entry.items() if name not in names}
