"""When two spellings of a name mean the same thing, and which name a wrong one was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest", "plugin_key", "provider_key"]


def plugin_key(name: str) -> str:
    """The key under which ``codex_lb``, ``codex-lb`` and ``hermes-codex-lb`` are the same plugin."""
    key = name.strip().lower().replace("-", "_").replace(".", "_")
    return key.removeprefix("hermes_") or key


def provider_key(name: str) -> str:
    """The key under which ``My LB`` and ``my_lb`` are the same provider."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The known name that was probably meant; empty where none is as near as ``cutoff``, from 0 to 1."""
    matches = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return matches[0] if matches else ""
