"""Takes the secrets of a provider out of what its backend says, before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Redactor"]

_MASK = "[redacted]"
_SHORTEST = 6


class Redactor:
    """Replaces known secrets.

    Args:
        secrets: the values to take out. Values of fewer than six characters are no keys and are left.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        whole = {secret for secret in secrets if len(secret) >= _SHORTEST}
        # The longest first: one secret may be a part of another.
        self._secrets = sorted(whole, key=len, reverse=True)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def raw(self, data: bytes) -> bytes:
        """``data`` without secrets."""
        for secret in self._secrets:
            data = data.replace(secret.encode(), _MASK.encode())
        return data

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Header values without secrets."""
        return {name: self.text(value) for name, value in headers.items()}

    def json(self, value: Any) -> Any:
        """A decoded JSON value without secrets; the same object where there are none to find."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.json(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.json(entry) for entry in value]
        return value
