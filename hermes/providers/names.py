"""How plugins are named: one key for every spelling, and the nearest name to a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest", "plugin_key"]


def plugin_key(name: str) -> str:
    """The key under which ``codex_lb``, ``codex-lb`` and ``hermes-codex-lb`` are the same plugin."""
    key = name.strip().lower().replace("-", "_").replace(".", "_")
    return key.removeprefix("hermes_") or key


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant; empty where none is near."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""
