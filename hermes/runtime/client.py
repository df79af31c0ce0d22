"""The reference client: the openai SDK, kept from everything that is meant for another host."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from hermes.runtime.deadlines import WATCHING, Deadlines
from hermes.runtime.engine import ERROR_BODY_BYTES
from hermes.runtime.transport import abort_stream

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

__all__ = ["Endpoint", "build_client"]

_NO_KEY: Final = "hermes-has-no-key"
_OPENAI_HOST: Final = "api.openai.com"
_LOOPBACK: Final = ("all://127.0.0.1", "all://localhost", "all://[::1]")


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
        """What must never be shown: the key and the values of the extra headers."""
        return tuple(secret for secret in (self.api_key, *self.headers.values()) if secret)


def build_client(endpoint: Endpoint) -> OpenAI:
    """A client for one provider; close it after use.

    The SDK reads ``OPENAI_*`` variables and would send them to any host; here they reach api.openai.com
    only. Proxies come from the environment, never for loopback. Redirects are not followed, because a
    request with a key belongs to its own host.
    """
    import httpx2
    from openai import Omit, OpenAI

    deadlines = endpoint.deadlines
    # The watchdog minds the deadlines of reading; httpx2 needs a limit for connecting only.
    timeout = httpx2.Timeout(None, connect=deadlines.connect)
    http_client = httpx2.Client(
        timeout=timeout,
        follow_redirects=False,
        mounts=dict.fromkeys(_LOOPBACK),
        # Every attempt opens a connection of its own, so none can hold the rest of an abandoned answer.
        limits=httpx2.Limits(max_keepalive_connections=0),
        event_hooks={"request": [_without_placeholder_key, _watch_connection], "response": [_bound_error_body]},
    )
    ours = urlsplit(endpoint.base_url).hostname == _OPENAI_HOST
    headers: dict[str, str | Omit] = {"Accept-Encoding": "identity"}
    if not ours:
        headers.update({name: Omit() for name in _custom_header_names()})
    headers.update(endpoint.headers)
    client = OpenAI(
        api_key=endpoint.api_key or _NO_KEY,
        admin_api_key="",
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=timeout,
        default_headers=headers,  # type: ignore[arg-type]
        http_client=http_client,
    )
    if not ours:
        client.organization = None
        client.project = None
    return client


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


def _bound_error_body(response: httpx2.Response) -> None:
    """Ends an error body after its first bytes: a hostile one has no end."""
    if response.status_code < 400:
        return
    from httpx2 import SyncByteStream

    whole = response.stream

    class Bounded(SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = ERROR_BODY_BYTES
            for chunk in whole:  # type: ignore[union-attr]
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return

        def close(self) -> None:
            whole.close()  # type: ignore[union-attr]

    response.stream = Bounded()
