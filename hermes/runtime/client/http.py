"""The HTTP client below both kinds of clients: isolated, watched, and bounded where it reads an error."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, TypeVar

import httpx2

from hermes.runtime.client.endpoint import Endpoint, check_endpoint
from hermes.runtime.client.environment import usable_environment
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.engine import ERROR_BODY_BYTES
from hermes.runtime.route import ROUTE, Route
from hermes.runtime.transport import abort_stream
from hermes.runtime.watchdog import WATCHING, Watchdog

__all__ = ["async_http_client", "http_client", "timeout_of"]

OnRequest = Callable[[httpx2.Request], None]

# Every attempt opens a connection of its own, so none can hold the rest of an abandoned answer.
_LIMITS: Final = httpx2.Limits(max_keepalive_connections=0)

# So much later than the watchdog's deadline does the attempt to connect end, so that the deadline is told.
_SLACK: Final = 0.1

_Client = TypeVar("_Client", httpx2.Client, httpx2.AsyncClient)


def timeout_of(deadlines: Deadlines) -> httpx2.Timeout:
    """The watchdog minds the deadlines of reading; httpx2 needs a limit for connecting only."""
    return httpx2.Timeout(None, connect=deadlines.connect)


def http_client(endpoint: Endpoint, *on_request: OnRequest) -> httpx2.Client:
    """An HTTP client that keeps nothing from one request to the next and follows no redirect.

    Args:
        endpoint: where its requests go.
        on_request: called with each request before it is sent.

    Raises:
        ConfigError: something of the endpoint cannot be sent, or the environment's settings cannot be used.
    """
    check_endpoint(endpoint)
    with usable_environment(endpoint):
        own = _tls_of_loopback(endpoint)
        client = httpx2.Client(
            timeout=timeout_of(endpoint.deadlines),
            follow_redirects=False,
            limits=_LIMITS,
            transport=None if own is None else httpx2.HTTPTransport(verify=own, limits=_LIMITS),
            event_hooks={"request": [*on_request, _watch], "response": [_bound_error_body]},
        )
    return _without_cookies(client)


def async_http_client(endpoint: Endpoint, *on_request: OnRequest) -> httpx2.AsyncClient:
    """As ``http_client``, for asyncio.

    Raises:
        ConfigError: as there.
    """

    async def prepare(request: httpx2.Request) -> None:
        for hook in on_request:
            hook(request)

    check_endpoint(endpoint)
    with usable_environment(endpoint):
        own = _tls_of_loopback(endpoint)
        client = httpx2.AsyncClient(
            timeout=timeout_of(endpoint.deadlines),
            follow_redirects=False,
            limits=_LIMITS,
            transport=None if own is None else httpx2.AsyncHTTPTransport(verify=own, limits=_LIMITS),
            event_hooks={"request": [prepare, _watch_async], "response": [_bound_async_error_body]},
        )
    return _without_cookies(client)


def _tls_of_loopback(endpoint: Endpoint) -> ssl.SSLContext | bool | None:
    """What verifies a backend on this machine; None for any other, which leaves it to the environment.

    A transport of its own keeps the environment's proxies out, and what is wrong with them. Without TLS there
    are no certificates to load, which takes longer than all the rest here.
    """
    if not endpoint.is_loopback:
        return None
    return True if endpoint.is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _without_cookies(client: _Client) -> _Client:
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


# The watchdog of the attempt may end the connection, before an answer comes too.


def _watch(request: httpx2.Request) -> None:
    request.extensions["trace"] = _followed(request)


async def _watch_async(request: httpx2.Request) -> None:
    follow = _followed(request)
    opened: list[Any] = []

    async def trace(event: str, info: Mapping[str, Any]) -> None:
        follow(event, info)
        if event.endswith(".connect_tcp.complete"):
            opened.append(info["return_value"])
        elif event.endswith(".start_tls.failed"):
            # httpcore2 leaves it open where the task was cancelled within the handshake.
            for connection in opened:
                await connection.aclose()

    request.extensions["trace"] = trace


def _followed(request: httpx2.Request) -> Callable[[str, Mapping[str, Any]], None]:
    """Limits the time to connect; gives what follows the request's trace for its route and the watchdog."""
    watchdog = WATCHING.get()
    route = request.extensions[ROUTE] = Route()
    if watchdog is None:
        return route.follow
    _limit_connecting(request, watchdog)

    def follow(event: str, info: Mapping[str, Any]) -> None:
        route.follow(event, info)
        _guard(watchdog, event, info)

    return follow


def _guard(watchdog: Watchdog, event: str, info: Mapping[str, Any]) -> None:
    """Names the connection to the watchdog: https://www.encode.io/httpcore/extensions/#trace."""
    if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
        watchdog.guard(partial(abort_stream, info["return_value"]))


def _limit_connecting(request: httpx2.Request, watchdog: Watchdog) -> None:
    """Before there is a connection, the watchdog has nothing to end."""
    left = watchdog.time_left()
    if left is not None:
        timeout = dict(request.extensions.get("timeout", {}))
        connect = timeout.get("connect")
        timeout["connect"] = left + _SLACK if connect is None else min(connect, left + _SLACK)
        request.extensions["timeout"] = timeout


# An error body ends after its first bytes: a hostile one has no end, and one that breaks off counts too.

_BROKEN: Final = (httpx2.TransportError, ssl.SSLError)


def _bound_error_body(response: httpx2.Response) -> None:
    if not response.is_success:
        response.stream = _Bounded(response.stream)


async def _bound_async_error_body(response: httpx2.Response) -> None:
    if not response.is_success:
        response.stream = _AsyncBounded(response.stream)


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def __iter__(self) -> Iterator[bytes]:
        left = ERROR_BODY_BYTES
        with contextlib.suppress(*_BROKEN):
            for chunk in self._whole:
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return

    def close(self) -> None:
        self._whole.close()


class _AsyncBounded(httpx2.AsyncByteStream):
    def __init__(self, whole: Any) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ERROR_BODY_BYTES
        with contextlib.suppress(*_BROKEN):
            async for chunk in self._whole:
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return

    async def aclose(self) -> None:
        await self._whole.aclose()
