"""Which adapter knows a backend's manners, told by where the backend is and by the traces that it leaves.

All names of backends stand in ``known_adapters.json``, so that the right adapter is found without importing
any, and without the core naming one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from hermes.names import plugin_key

__all__ = [
    "OWN_PACKAGE",
    "KnownAdapter",
    "adapter_at",
    "adapter_called",
    "adapter_for",
    "adapter_named",
    "own_adapters",
]

OWN_PACKAGE: Final = "hermes-adapters"
"""The distribution that Hermes' own adapters come with."""


@dataclass(frozen=True, slots=True)
class KnownAdapter:
    """An entry of ``known_adapters.json``.

    Attributes:
        adapter: the name of the adapter.
        package: the distribution that offers it.
        event_types: exact event types, or prefixes ending in ``*``, that only its backend sends.
        headers: prefixes of response headers that only its backend sends, in lower case.
        hosts: host names that only its backend has; ``*`` stands for any characters.
        names: what users call a provider of this kind.
        ports: the backend's usual ports on the user's own machine. A port that several kinds of servers
            use, such as 8000 or 8080, says nothing and is not listed.
    """

    adapter: str
    package: str = OWN_PACKAGE
    event_types: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether the adapter comes with Hermes."""
        return self.package == OWN_PACKAGE


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


def adapter_at(base_url: str, provider_name: str = "") -> KnownAdapter | None:
    """The adapter for the backend at ``base_url``, of the provider that the user calls so.

    A host that belongs to one vendor is certain. Then counts what the user calls the provider, and last, for
    a server on this machine, a port that is known for one kind of servers.
    """
    try:
        parts = urlsplit(base_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    name = _letters(provider_name.strip().lower().removeprefix("custom:"))
    local_port = port if _is_this_machine(host) else None
    entries = _known_adapters()
    by_host = (e for e in entries if any(fnmatchcase(host, pattern) for pattern in e.hosts))
    by_name = (e for e in entries if name and name in map(_letters, e.names))
    by_port = (e for e in entries if local_port in e.ports)
    return next(by_host, None) or next(by_name, None) or next(by_port, None)


def adapter_named(name: str) -> KnownAdapter | None:
    """The adapter of that name, in the spellings of a plugin."""
    key = plugin_key(name)
    return next((known for known in _known_adapters() if plugin_key(known.adapter) == key), None)


def adapter_called(name: str) -> KnownAdapter | None:
    """The adapter for the backend that users call so; its own name counts too."""
    letters = _letters(name.lower())
    by_name = (known for known in _known_adapters() if letters and letters in map(_letters, known.names))
    return adapter_named(name) or next(by_name, None)


def own_adapters() -> tuple[KnownAdapter, ...]:
    """Hermes' own adapters for single backends, by name."""
    return tuple(known for known in _known_adapters() if known.is_own)


def _letters(name: str) -> str:
    """What ``my-server``, ``My Server`` and ``myserver`` have in common."""
    return re.sub(r"[^a-z0-9]", "", name)


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@cache
def _known_adapters() -> tuple[KnownAdapter, ...]:
    entries = json.loads(files("hermes.providers").joinpath("known_adapters.json").read_text("utf-8"))
    return tuple(
        KnownAdapter(
            adapter=entry["adapter"],
            package=entry.get("package", OWN_PACKAGE),
            event_types=tuple(entry.get("event_types", ())),
            headers=tuple(entry.get("headers", ())),
            hosts=tuple(entry.get("hosts", ())),
            names=tuple(entry.get("names", ())),
            ports=tuple(entry.get("ports", ())),
        )
        for entry in entries
    )
