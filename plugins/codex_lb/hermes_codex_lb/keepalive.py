"""``codex.keepalive`` events that say that codex-lb waits for a free account.

https://github.com/Soju06/codex-lb/blob/main/app/modules/proxy/_service/support.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hermes.providers.contract import Notice
from hermes_codex_lb.notes import CallNotes
from hermes_codex_lb.values import number

__all__ = ["waiting_notice"]

_STATUS: Final = "waiting_for_account_capacity"
_SMALLEST_STEP: Final = 10
_LONGEST_WAIT: Final = 86_400


def waiting_notice(data: Mapping[str, Any], notes: CallNotes) -> Notice | None:
    """The notice for a keepalive, or None where the user knows enough.

    The step between two notices grows with the wait, so their number is bounded whatever the server counts.
    """
    if data.get("status") != _STATUS:
        return None
    told = number(data.get("waited_seconds")) or 0.0
    waited = min(max(told, 0.0), _LONGEST_WAIT)
    last = notes.waited
    if last is not None and waited < last + max(_SMALLEST_STEP, last / 4):
        return None
    notes.waited = waited
    sentence = "waiting for a free account"
    return Notice(f"{sentence}, {waited:.0f} s" if waited >= 1 else sentence, "waiting", "codex_lb")
