"""Both kinds of clients, in a thread and in an event loop, and the servers that they are tried on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

import pytest
import trustme

from hermes.errors import CallError
from hermes.runtime.client import ClientKind, Endpoint, build_async_client, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallOptions, run_call, run_call_async

from .conftest import REQUEST, FakeClock
from .helpers import Handle, RawServer

CLIENTS: tuple[ClientKind, ...] = get_args(ClientKind)
NEVER = Deadlines(connect=None, first_event=None, idle_bytes=None, idle_events=None, total=None)
ONE_ATTEMPT = RecoveryPolicy(max_attempts=1)


@dataclass(frozen=True)
class Way:
    """A kind of client, and how a call waits for it."""

    kind: ClientKind
    waits: Literal["in a thread", "in a loop"]

    def __str__(self) -> str:
        return f"{self.kind} {self.waits}"


WAYS = [Way(kind, waits) for kind in CLIENTS for waits in ("in a thread", "in a loop")]  # type: ignore[arg-type]
every_way = pytest.mark.parametrize("way", WAYS, ids=str)


@dataclass(frozen=True)
class Told:
    """What the user is told at the end of a call, and what was known of its last attempt."""

    text: str
    reason: str
    verdict: str
    status: int | None
    hint: str = field(default="", compare=False)
    attempts: int = field(default=1, compare=False)


def told(
    way: Way,
    base_url: str,
    *,
    deadlines: Deadlines = NEVER,
    request: Mapping[str, Any] = REQUEST,
    recovery: RecoveryPolicy = ONE_ATTEMPT,
    **endpoint: Any,
) -> Told:
    """Makes a call with a client of the kind, of one attempt where nothing else is said."""
    target = Endpoint("custom", base_url, deadlines=deadlines, **endpoint)
    options = CallOptions(deadlines=deadlines, recovery=recovery, clock=FakeClock())
    try:
        if way.waits == "in a thread":
            client = build_client(target, way.kind)
            with contextlib.closing(client):
                result = run_call(client, request, options=options)
        else:
            result = asyncio.run(_in_a_loop(way, target, request, options))
    except CallError as error:
        last = error.attempts[-1]
        return Told("", error.message, last.verdict, last.status, error.hint, len(error.attempts))
    last = result.attempts[-1]
    return Told(result.text, result.reason, last.verdict, last.status)


async def _in_a_loop(way: Way, target: Endpoint, request: Mapping[str, Any], options: CallOptions) -> Any:
    client = build_async_client(target, way.kind)
    try:
        return await run_call_async(client, request, options=options)
    finally:
        await client.close()


class TlsServer(RawServer):
    """A server whose connections are encrypted.

    Args:
        authority: vouches for the server.
        handle: as for ``RawServer``.
        name: the name that the certificate is for.
        dates: from when and until when it counts, as trustme has them.
    """

    def __init__(
        self, authority: trustme.CA, handle: Handle, *, name: str = "127.0.0.1", **dates: datetime
    ) -> None:
        super().__init__(handle)
        self._context = server_context(authority, name, **dates)
        self.base_url = self.base_url.replace("http:", "https:")

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), encrypted(connection, self._context) as tls:
            self._open.append(tls)  # the plain socket has handed its descriptor over
            super()._serve(tls)


def server_context(authority: trustme.CA, name: str, **dates: datetime) -> ssl.SSLContext:
    """What a server of that name encrypts with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **dates).configure_cert(context)
    return context


def encrypted(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """The server's side of a connection, once it is encrypted."""
    return context.wrap_socket(connection, server_side=True)
