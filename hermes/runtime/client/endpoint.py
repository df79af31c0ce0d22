"""Where a backend is, what is sent to it with every request, and what cannot be sent at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

from hermes.errors import ConfigError
from hermes.runtime.deadlines import Deadlines

__all__ = ["ClientKind", "Endpoint", "ambient_header_names", "check_endpoint", "headers_of", "merge_headers"]

ClientKind = Literal["light", "openai"]
"""What sends the requests: httpx2 alone, or the openai SDK."""

_OPENAI_HOST: Final = "api.openai.com"
_AMBIENT: Final = {"OpenAI-Organization": "OPENAI_ORG_ID", "OpenAI-Project": "OPENAI_PROJECT_ID"}
_CUSTOM_HEADERS: Final = "OPENAI_CUSTOM_HEADERS"

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SENDABLE: Final = re.compile(r"[!-~]+(?:[ \t]+[!-~]+)*")

_SECRET_NAME: Final = re.compile(r"auth|key|token|secret|cookie|passw|credential|session", re.IGNORECASE)
# A shorter value under a harmless name is a word such as an application's title, which may stand anywhere.
_LONG_VALUE: Final = 16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider's backend is and how to talk to it.

    Attributes:
        name: the configured name of the provider.
        base_url: without ``/responses``.
        api_key: empty for a provider without a key, which is sent no Authorization header.
        headers: more request headers; they may hold secrets.
        deadlines: how long it may take.
    """

    name: str
    base_url: str
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    deadlines: Deadlines = field(default_factory=Deadlines)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the key, and the values of the extra headers that may be secret."""
        found = [self.api_key]
        for name, value in self.headers.items():
            if _SECRET_NAME.search(name):
                # A backend may echo the token without the word `Bearer` before it.
                found += [value, value.rpartition(" ")[2]]
            elif len(value) >= _LONG_VALUE:
                found.append(value)
        return tuple(dict.fromkeys(secret for secret in found if secret))

    @property
    def is_loopback(self) -> bool:
        """Whether the backend is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.base_url).scheme == "https"


def check_endpoint(endpoint: Endpoint) -> None:
    """Refuses what cannot be sent here, because the errors of the HTTP client would quote it.

    https://datatracker.ietf.org/doc/html/rfc9110#section-5.5

    Raises:
        ConfigError: the base URL has no host name, or the key or a header cannot be sent.
    """
    try:
        parts = urlsplit(endpoint.base_url)
        (parts.hostname or "").encode("idna")
        _ = parts.port  # looked at only when it is asked for
    except ValueError:
        raise ConfigError(
            f"The base URL of the provider `{endpoint.name}` has no valid host name or port."
        ) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"The base URL of the provider `{endpoint.name}` has a user name or password in it.",
            hint="Take it out of the URL and set a key, or `extra_headers` with an Authorization header.",
        )
    if endpoint.api_key and not _SENDABLE.fullmatch(endpoint.api_key):
        raise ConfigError(
            f"The API key of the provider `{endpoint.name}` cannot be sent: it has a blank at an end, a line "
            "break or a character that is not ASCII.",
            hint="Copy it again, without quotation marks and line breaks.",
        )
    for name, value in endpoint.headers.items():
        if not _is_sendable(name, value):
            raise ConfigError(
                f"The header `{name}` of the provider `{endpoint.name}` cannot be sent: it has a blank at an "
                "end, a line break or a character that is not ASCII."
            )


def _is_sendable(name: str, value: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(name)) and (not value or bool(_SENDABLE.fullmatch(value)))


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """The headers of every request, the user's own last; each name is there once, whatever its case.

    The variables of the openai SDK count here too, and only for the host that they are meant for.

    Raises:
        ConfigError: the value of such a variable cannot be sent.
    """
    headers = {"Content-Type": "application/json"}
    if urlsplit(endpoint.base_url).hostname == _OPENAI_HOST:
        headers = merge_headers(headers, _ambient_headers())
    authorization = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    return merge_headers(headers, {"Accept-Encoding": "identity"}, authorization, endpoint.headers)


def merge_headers(*headers: Mapping[str, str]) -> dict[str, str]:
    """One mapping of several, of which the later ones win; names are compared without their case."""
    merged = {name.lower(): (name, value) for mapping in headers for name, value in mapping.items()}
    return dict(merged.values())


def _ambient_headers() -> dict[str, str]:
    """What the variables of the openai SDK say; a key comes from the configuration only."""
    told = {name: os.environ.get(variable, "") for name, variable in _AMBIENT.items()}
    headers = merge_headers({name: value for name, value in told.items() if value}, dict(_custom_headers()))
    for name, value in headers.items():
        if not _is_sendable(name, value):
            raise ConfigError(
                f"The variable `{_AMBIENT.get(name, _CUSTOM_HEADERS)}` holds what no header can: a blank at "
                "an end, a line break or a character that is not ASCII."
            )
    return {name: value for name, value in headers.items() if name.lower() != "authorization"}


def ambient_header_names() -> tuple[str, ...]:
    """The names of the headers that the SDK takes from ``OPENAI_CUSTOM_HEADERS``."""
    return tuple(name for name, _ in _custom_headers())


def _custom_headers() -> Iterator[tuple[str, str]]:
    """``OPENAI_CUSTOM_HEADERS``: a header a line."""
    for line in os.environ.get(_CUSTOM_HEADERS, "").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()
