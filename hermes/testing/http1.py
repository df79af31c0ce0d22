"""Just enough of HTTP/1.1 to receive requests and to send replies that break it.

Message syntax: https://datatracker.ietf.org/doc/html/rfc9112
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from hermes.testing.frames import comment
from hermes.testing.scenario import Control, Reply, Step

__all__ = ["ChunkSizes", "HttpRequest", "MalformedRequestError", "read_request", "send_reply"]

ChunkSizes = Callable[[], int]
"""Gives the size of the next piece of a body."""

_KEEPALIVE: Final = comment("keepalive")
_KEEPALIVE_SECONDS: Final = 0.02
_MAX_LINE: Final = 65536
_READ_SIZE: Final = 65536


class MalformedRequestError(Exception):
    """What the client sent is no HTTP/1.x request."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came.

    Attributes:
        method: e.g. ``POST``.
        path: the target without its query.
        version: ``HTTP/1.1`` or ``HTTP/1.0``.
        headers: names in lower case; repeated ones joined by a comma.
        body: the bytes of the body, transfer coding removed.
    """

    method: str
    path: str
    version: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        """The decoded body; None where it is no JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def keeps_alive(self) -> bool:
        """Whether the client means to send another request on this connection."""
        return self.version == "HTTP/1.1" and "close" not in self.headers.get("connection", "").lower()


def read_request(reader: BinaryIO, connection: socket.socket) -> HttpRequest | None:
    """Reads one request; None where the client closed the connection instead.

    Args:
        reader: the buffered bytes of ``connection``.
        connection: where a client that waits for ``100 Continue`` is told to go on.
    """
    line = reader.readline(_MAX_LINE)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").split()
        message = http.client.parse_headers(reader)
    except (ValueError, http.client.HTTPException) as error:
        raise MalformedRequestError(str(error)) from error
    headers: dict[str, str] = {}
    for name, value in message.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _read_body(reader, headers)
    return HttpRequest(method, target.partition("?")[0], version, headers, body)


def _read_body(reader: BinaryIO, headers: dict[str, str]) -> bytes:
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return b"".join(_read_chunks(reader))
        return _read_exactly(reader, int(headers.get("content-length", "0")))
    except ValueError as error:
        raise MalformedRequestError(str(error)) from error


def _read_chunks(reader: BinaryIO) -> Iterator[bytes]:
    while size := int(reader.readline(_MAX_LINE).partition(b";")[0], 16):
        yield _read_exactly(reader, size)
        reader.readline(_MAX_LINE)
    while reader.readline(_MAX_LINE).strip():
        pass  # trailers


def _read_exactly(reader: BinaryIO, size: int) -> bytes:
    body = reader.read(size)
    if len(body) < size:
        raise ConnectionError("the client closed the connection within a request")
    return body


def send_reply(
    connection: socket.socket, reply: Reply, *, to: HttpRequest, chunk_sizes: ChunkSizes | None = None
) -> bool:
    """Plays a reply; answers whether the connection can serve another request.

    Args:
        connection: the client's connection.
        reply: what to send.
        to: the request that is answered.
        chunk_sizes: where given, the body is cut anew into pieces of these sizes, unless a reset ends it.
    """
    if Control.BEFORE_HEADERS in reply.steps:
        if Control.CUT not in reply.steps:
            _hold(connection)
        return False
    framing = reply.framing
    if framing == "chunked" and to.version == "HTTP/1.0":
        framing = "close"
    chunked = framing == "chunked"
    connection.sendall(_head(reply, framing))
    # A reset throws away what the client has no room for yet, and many small pieces fill its room.
    resets = framing == "close" and Control.CUT in reply.steps
    for step in _recut(reply.steps, chunk_sizes) if chunk_sizes and not resets else reply.steps:
        if isinstance(step, bytes):
            _send(connection, step, chunked=chunked)
        else:
            _perform(step, connection, framing)
            return False
    if chunked:
        connection.sendall(b"0\r\n\r\n")
    return framing != "close" and to.keeps_alive


def _head(reply: Reply, framing: str) -> bytes:
    phrase = http.client.responses.get(reply.status, "")
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if framing == "chunked":
        lines.append("transfer-encoding: chunked")
    elif framing == "length":
        lines.append(f"content-length: {_promised_length(reply.steps)}")
    else:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _promised_length(steps: Iterable[Step]) -> int:
    """The length to announce: one byte too many where the body never gets to its end."""
    return sum(len(step) if isinstance(step, bytes) else 1 for step in steps)


def _send(connection: socket.socket, piece: bytes, *, chunked: bool) -> None:
    if not piece:
        return  # an empty chunk would end the body
    connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)


def _recut(steps: Iterable[Step], chunk_sizes: ChunkSizes) -> Iterator[Step]:
    """``steps`` with the bytes between two controls joined and cut anew."""
    waiting = bytearray()
    for step in steps:
        if isinstance(step, bytes):
            waiting += step
            continue
        yield from _cut(bytes(waiting), chunk_sizes)
        waiting.clear()
        yield step
    yield from _cut(bytes(waiting), chunk_sizes)


def _cut(body: bytes, chunk_sizes: ChunkSizes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        size = max(1, chunk_sizes())
        yield body[start : start + size]
        start += size


def _perform(control: Control, connection: socket.socket, framing: str) -> None:
    if control is Control.HOLD:
        _hold(connection)
    elif control is Control.KEEPALIVES:
        _keep_alive(connection, chunked=framing == "chunked")
    elif framing == "close":
        # Where the end of the connection is the end of the body, only a reset differs from a clean end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _hold(connection: socket.socket) -> None:
    """Waits until the client, or the stopping backend, ends the connection."""
    while connection.recv(_READ_SIZE):
        pass


def _keep_alive(connection: socket.socket, *, chunked: bool) -> None:
    while True:
        connection.settimeout(_KEEPALIVE_SECONDS)
        try:
            if not connection.recv(_READ_SIZE):
                return
        except TimeoutError:
            connection.settimeout(None)  # a slow reader is no reason to break off within a comment
            _send(connection, _KEEPALIVE, chunked=chunked)
