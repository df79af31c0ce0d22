"""The reference client: the openai SDK, kept from everything that is meant for another host."""

from __future__ import annotations

import contextlib
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from hermes.errors import ConfigError
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.engine import ERROR_BODY_BYTES
from hermes.runtime.transport import abort_stream
from hermes.runtime.watchdog import WATCHING

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

__all__ = ["Endpoint", "build_client"]

_NO_KEY: Final = "hermes-has-no-key"
_OPENAI_HOST: Final = "api.openai.com"

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SENDABLE: Final = re.compile(r"[!-~]+(?:[ \t]+[!-~]+)*")

_SECRET_NAME: Final = re.compile(r"auth|key|token|secret|cookie|passw|credential|session", re.IGNORECASE)
# A shorter value under a harmless name is a word such as an application's title, which may stand anywhere.
_LONG_VALUE: Final = 16

# So much later than the watchdog's deadline does the attempt to connect end, so that the deadline is told.
_SLACK: Final = 0.1


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


def build_client(endpoint: Endpoint) -> OpenAI:
    """A client for one provider; close it after use.

    The SDK reads ``OPENAI_*`` variables and would send them to any host; here they reach api.openai.com
    only. Proxies come from the environment, never for loopback. Redirects are not followed, because a
    request with a key belongs to its own host. No cookie is kept: one could tie the next attempt to the
    server that failed.

    Raises:
        ConfigError: the base URL has no host name, the key or a header cannot be sent, or the settings of
            the environment for proxies or certificates cannot be used.
    """
    from openai import Omit, OpenAI

    _check(endpoint)
    parts = urlsplit(endpoint.base_url)
    headers: dict[str, str | Omit] = {}
    if parts.hostname != _OPENAI_HOST:
        headers.update({name: Omit() for name in _custom_header_names()})
        headers["Content-Type"] = "application/json"  # what the SDK sends, if it is left to
    headers["Accept-Encoding"] = "identity"
    # Said explicitly, so that none from the environment takes its place.
    headers["Authorization"] = f"Bearer {endpoint.api_key or _NO_KEY}"
    headers.update(endpoint.headers)
    client = OpenAI(
        api_key=endpoint.api_key or _NO_KEY,
        # Without these the SDK looks for them in the environment.
        admin_api_key="",
        webhook_secret="",
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=_timeout(endpoint.deadlines),
        default_headers=headers,  # type: ignore[arg-type]
        http_client=_http_client(endpoint),
    )
    if parts.hostname != _OPENAI_HOST:
        client.organization = None
        client.project = None
    return client


def _check(endpoint: Endpoint) -> None:
    """Refuses what cannot be sent here, because the errors of the HTTP client would quote it.

    https://datatracker.ietf.org/doc/html/rfc9110#section-5.5
    """
    try:
        (urlsplit(endpoint.base_url).hostname or "").encode("idna")
    except ValueError:
        raise ConfigError(f"The base URL of the provider `{endpoint.name}` has no valid host name.") from None
    if endpoint.api_key and not _SENDABLE.fullmatch(endpoint.api_key):
        raise ConfigError(
            f"The API key of the provider `{endpoint.name}` cannot be sent: it has a blank at an end, a line "
            "break or a character that is not ASCII.",
            hint="Copy it again, without quotation marks and line breaks.",
        )
    for name, value in endpoint.headers.items():
        if not _HEADER_NAME.fullmatch(name) or (value and not _SENDABLE.fullmatch(value)):
            raise ConfigError(
                f"The header `{name}` of the provider `{endpoint.name}` cannot be sent: it has a blank at an "
                "end, a line break or a character that is not ASCII."
            )


def _timeout(deadlines: Deadlines) -> httpx2.Timeout:
    """The watchdog minds the deadlines of reading; httpx2 needs a limit for connecting only."""
    import httpx2

    return httpx2.Timeout(None, connect=deadlines.connect)


def _http_client(endpoint: Endpoint) -> httpx2.Client:
    import httpx2

    parts = urlsplit(endpoint.base_url)
    transport: httpx2.HTTPTransport | None = None

    # Every attempt opens a connection of its own, so none can hold the rest of an abandoned answer.
    limits = httpx2.Limits(max_keepalive_connections=0)
    try:
        if _is_loopback(parts.hostname or ""):
            # A transport of its own keeps the environment's proxies out, and what is wrong with them.
            # Without TLS there are no certificates to load, which takes longer than all the rest here.
            verify = True if parts.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            transport = httpx2.HTTPTransport(verify=verify, limits=limits)
        client = httpx2.Client(
            timeout=_timeout(endpoint.deadlines),
            follow_redirects=False,
            limits=limits,
            transport=transport,
            event_hooks={
                "request": [_without_placeholder_key, _watch_connection],
                "response": [_bound_error_body],
            },
        )
    except (ImportError, ValueError, OSError, httpx2.InvalidURL) as error:
        raise ConfigError(
            "The settings of the environment for proxies or certificates cannot be used: "
            f"{type(error).__name__}.",
            hint="Look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR; "
            "for a SOCKS proxy, `pip install httpx2[socks]`.",
        ) from None
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _custom_header_names() -> Iterator[str]:
    """The names of the headers that ``OPENAI_CUSTOM_HEADERS`` sets, one a line."""
    for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n"):
        name, colon, _ = line.partition(":")
        if colon:
            yield name.strip()


def _without_placeholder_key(request: httpx2.Request) -> None:
    """The SDK insists on a key; a provider without one sends no Authorization header."""
    if request.headers.get("authorization") == f"Bearer {_NO_KEY}":
        del request.headers["authorization"]


def _watch_connection(request: httpx2.Request) -> None:
    """Lets the watchdog of the attempt end the request's connection, before an answer comes too."""
    watchdog = WATCHING.get()
    if watchdog is None:
        return

    def trace(event: str, info: Mapping[str, Any]) -> None:
        # https://www.encode.io/httpcore/extensions/#trace
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            watchdog.guard(partial(abort_stream, info["return_value"]))

    request.extensions["trace"] = trace
    left = watchdog.time_left()
    if left is not None:
        # Before there is a connection, the watchdog has nothing to end.
        timeout = dict(request.extensions.get("timeout", {}))
        connect = timeout.get("connect")
        timeout["connect"] = left + _SLACK if connect is None else min(connect, left + _SLACK)
        request.extensions["timeout"] = timeout


def _bound_error_body(response: httpx2.Response) -> None:
    """Ends an error body after its first bytes: a hostile one has no end, and one that breaks off counts."""
    if response.is_success:
        return
    from httpx2 import SyncByteStream, TransportError

    whole = response.stream

    class Bounded(SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = ERROR_BODY_BYTES
            with contextlib.suppress(TransportError):
                for chunk in whole:  # type: ignore[union-attr]
                    yield chunk[:left]
                    left -= len(chunk)
                    if left <= 0:
                        return

        def close(self) -> None:
            whole.close()  # type: ignore[union-attr]

    response.stream = Bounded()
