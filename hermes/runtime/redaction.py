"""Takes the secrets of a provider out of what its backend says, before anybody sees it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from hermes.responses.decode import decode_json
from hermes.responses.events import Event

__all__ = ["Redactor"]

_MASK: Final = "[redacted]"
_RAW_MASK: Final = _MASK.encode()
_SHORTEST: Final = 8


class Redactor:
    """Replaces known secrets, also where they are escaped for JSON, HTML or a URL.

    Args:
        secrets: the values to take out. Shorter values than eight characters are no keys
            but placeholders such as ``none``, and are left.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST}
        # The longest first: one secret may be a part of another.
        self._secrets = sorted({form for secret in known for form in _forms(secret)}, key=len, reverse=True)
        self._raw = [secret.encode("utf-8", "replace") for secret in self._secrets]
        self._needles = _needles(known)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def raw(self, data: bytes) -> bytes:
        """``data`` without secrets."""
        for secret in self._raw:
            data = data.replace(secret, _RAW_MASK)
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

    def may_be_in(self, raw: bytes) -> bool:
        """Whether what is decoded from this JSON may hold a secret.

        The answer is quick where it is no; a yes has to be looked into with ``json`` or ``event``.
        """
        if self._needles is None:
            return True
        for needle in self._needles:
            if needle in raw:
                return True
        return bool(self._needles) and _escaped_ascii(raw) is not None


_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~-]{8,}")
"""Characters that are escaped neither for HTML nor for a URL, and for JSON in one way only."""
_NUMBER: Final = re.compile(r"[-.0-9eE]+")
_escaped_ascii: Final = re.compile(rb"\\u00").search


def _needles(secrets: Iterable[str]) -> list[bytes] | None:
    """What JSON holds at least of any of the secrets, however that is escaped, its ASCII left as it is.

    None where a secret cannot be found so: it has no long enough piece that is always written alike. Nor has
    what may be a number.
    """
    needles: set[str] = set()
    for secret in secrets:
        pieces = [piece for piece in _PLAIN.findall(secret) if not _NUMBER.fullmatch(piece)]
        if not pieces:
            return None
        needles.add(max(pieces, key=len))
    return [
        needle.encode()
        for needle in needles
        if not any(other in needle for other in needles if other != needle)
    ]


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
    if _PLAIN.fullmatch(secret):
        return forms
    for _ in range(2):
        forms |= {escape(form) for escape in _ESCAPES for form in forms}
    return forms
