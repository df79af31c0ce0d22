"""Which adapter knows a backend's manners, told by the traces that the backend leaves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hermes.names import plugin_key

__all__ = ["KnownAdapter", "adapter_for", "adapter_named"]


@dataclass(frozen=True, slots=True)
class KnownAdapter:
    """An entry of ``known_adapters.json``.

    Attributes:
        adapter: the name of the adapter.
        package: the distribution that offers it.
        event_types: exact event types, or prefixes ending in ``*``, that only its backend sends.
        headers: prefixes of response headers that only its backend sends, in lower case.
    """

    adapter: str
    package: str
    event_types: tuple[str, ...]
    headers: tuple[str, ...]


def adapter_for(event_type: str = "", headers: Iterable[str] = ()) -> KnownAdapter | None:
    """The adapter for a backend that sends this event type, or else one of these headers."""
    names = [name.lower() for name in headers]
    for known in _known_adapters():
        for pattern in known.event_types:
            exact = event_type == pattern
            if exact or (pattern.endswith("*") and event_type.startswith(pattern[:-1])):
                return known
    for known in _known_adapters():
        if any(name.startswith(known.headers) for name in names):
            return known
    return None


def adapter_named(key: str) -> KnownAdapter | None:
    """The adapter of that name, in the spelling of ``plugin_key``."""
    return next((known for known in _known_adapters() if plugin_key(known.adapter) == key), None)


@cache
def _known_adapters() -> tuple[KnownAdapter, ...]:
    entries = json.loads(files("hermes.providers").joinpath("known_adapters.json").read_text("utf-8"))
    return tuple(
        KnownAdapter(e["adapter"], e["package"], tuple(e["event_types"]), tuple(e["headers"]))
        for e in entries
    )
