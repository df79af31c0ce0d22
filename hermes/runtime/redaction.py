"""Takes the secrets of a provider out of what its backend says, before anybody sees it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from hermes.responses.decode import decode_json
from hermes.responses.events import Event

__all__ = ["Redactor"]

_MASK: Final = "[redacted]"
_SHORTEST: Final = 8


class Redactor:
    """Replaces known secrets, also where they are escaped for JSON, HTML or a URL.

    Args:
        secrets: the values to take out. Shorter values than eight characters are no keys
            but placeholders such as ``none``, and are left.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        whole = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        # The longest first: one secret may be a part of another.
        self._secrets = sorted(whole, key=len, reverse=True)
        self._raw = [(secret.encode("utf-8", "replace"), _MASK.encode()) for secret in self._secrets]

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def raw(self, data: bytes) -> bytes:
        """``data`` without secrets."""
        for secret, mask in self._raw:
            data = data.replace(secret, mask)
        return data

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Header values without secrets."""
        return {name: self.text(value) for name, value in headers.items()}

    def json(self, data: dict[str, Any]) -> dict[str, Any]:
        """A decoded JSON object without secrets; the same object where there are none."""
        if not self._secrets:
            return data
        try:
            encoded = msgspec.json.encode(data, enc_hook=str)
            cleaned = self.raw(encoded)
            return data if cleaned == encoded else dict(decode_json(cleaned))
        except (ValueError, RecursionError):
            return {}  # what cannot be searched, for it is nested without measure or no text, is not shown

    def event(self, event: Event) -> Event:
        """``event`` without secrets; the same object where there are none."""
        kind, data = self.text(event.type), self.json(event.data)
        return event if kind == event.type and data is event.data else Event(kind, data)


_ESCAPES: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: text.replace("/", "\\/"),
    html.escape,
    lambda text: html.escape(text, quote=False),
    lambda text: quote(text, safe=""),
)


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as it looks in an error page or in JSON within JSON that nobody has decoded.

    Most keys have no character that is ever escaped, and so only one form.
    """
    forms = {secret}
    for _ in range(2):
        forms |= {escape(form) for escape in _ESCAPES for form in forms}
    return forms
