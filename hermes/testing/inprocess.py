"""A scenario's backend without sockets: the same replies through the transport's seam, in microseconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import httpx2

from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import Deadlines
from hermes.testing.frames import comment
from hermes.testing.scenario import Control, Reply, RequestKind, Scenario

__all__ = ["NO_DEADLINES", "ChunkSizes", "InProcessClient", "TimelessClock"]

ChunkSizes = Callable[[], int]
"""Gives the size of the next piece of a body."""

NO_DEADLINES: Final = Deadlines(connect=None, first_event=None, idle_bytes=None, idle_events=None, total=None)
"""Nothing is watched, so no watchdog thread is started."""

_REQUEST: Final = httpx2.Request("POST", "http://127.0.0.1/v1/responses")
_KEEPALIVE: Final = comment("keepalive")


class TimelessClock(Clock):
    """A clock on which only waiting takes time, and none of the caller's."""

    def __init__(self) -> None:
        self.waited = 0.0
        """Seconds that were waited in all."""

    def now(self) -> float:
        """Unix seconds."""
        return 1_700_000_000.0 + self.waited

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.waited

    def sleep(self, seconds: float) -> None:
        """Waits without waiting."""
        self.waited += seconds


class InProcessClient:
    """A client with the SDK's ``responses.create(**request)`` that a scenario answers.

    A stream is a real HTTP response whose bytes come in pieces. Where a backend would fall silent
    (``HOLD``, ``KEEPALIVES``) the client's own deadline passes at once, and a broken connection raises what
    the HTTP library raises.

    Args:
        scenario: what to answer. The n-th request for a stream gets the n-th reply, the last one repeats;
            the same for requests without ``stream``.
        chunk_sizes: where given, bodies are cut anew into pieces of these sizes.
        decoded: give ready-made events and objects, as a client of another kind does.
    """

    def __init__(
        self, scenario: Scenario, *, chunk_sizes: ChunkSizes | None = None, decoded: bool = False
    ) -> None:
        self.requests: list[Mapping[str, Any]] = []
        """The keywords of each request."""
        self.sent: list[bytearray] = []
        """What was read of the answer to each request."""
        self.responses = self
        self._scenario = scenario
        self._chunk_sizes = chunk_sizes
        self._decoded = decoded
        self._answered: dict[RequestKind, int] = {"stream": 0, "non_stream": 0}

    def create(self, **request: Any) -> Any:
        """Answers one request."""
        sent = bytearray()
        self.requests.append(request)
        self.sent.append(sent)
        reply = self._reply(request)
        if Control.BEFORE_HEADERS in reply.steps[:1]:
            raise _broken(reply.steps[1] if len(reply.steps) > 1 else Control.HOLD)
        if not 200 <= reply.status < 300:
            raise _refused(reply, sent)
        body = _body(reply, sent, self._chunk_sizes)
        if not request.get("stream"):
            whole = b"".join(body)
            return whole if not self._decoded else _decoded_body(whole)
        if self._decoded:
            return _decoded_events(body)
        return _Stream(httpx2.Response(reply.status, headers=list(reply.headers), stream=_ByteStream(body)))

    def _reply(self, request: Mapping[str, Any]) -> Reply:
        for refusal in self._scenario.refusals:
            if refusal.when(request):
                return refusal.reply
        kind: RequestKind = "stream" if request.get("stream") else "non_stream"
        replies = self._scenario.streams if kind == "stream" else self._scenario.non_streams
        number = min(self._answered[kind], len(replies) - 1)
        self._answered[kind] += 1
        return replies[number]


class _Stream:
    """As much of a client's stream as the transport looks at."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response


class _ByteStream(httpx2.SyncByteStream):
    def __init__(self, body: Iterator[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return self._body


def _body(reply: Reply, sent: bytearray, chunk_sizes: ChunkSizes | None) -> Iterator[bytes]:
    for step in reply.steps:
        if step is Control.KEEPALIVES:
            yield from (_KEEPALIVE, _KEEPALIVE)
        if isinstance(step, Control):
            raise _broken(step)
        start = 0
        while start < len(step):
            end = len(step) if chunk_sizes is None else start + chunk_sizes()
            piece = step[start:end]
            sent += piece
            yield piece
            start = end


def _broken(step: object) -> httpx2.TransportError:
    """What the HTTP library raises where a connection breaks, or its own deadline passes."""
    if step is Control.CUT:
        return httpx2.RemoteProtocolError("peer closed connection without sending complete message body")
    return httpx2.ReadTimeout("timed out")


def _refused(reply: Reply, sent: bytearray) -> httpx2.HTTPStatusError:
    sent += b"".join(step for step in reply.steps if isinstance(step, bytes))
    response = httpx2.Response(
        reply.status, headers=list(reply.headers), content=bytes(sent), request=_REQUEST
    )
    return httpx2.HTTPStatusError("refused", request=_REQUEST, response=response)


def _decoded_body(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text


def _decoded_events(body: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The objects of a stream's ``data:`` lines; what is none is left out."""
    begun: list[bytes] = []
    for piece in body:
        end = piece.rfind(b"\n") + 1
        if end:
            yield from _objects(b"".join((*begun, piece[:end])).split(b"\n"))
            begun = []
        begun.append(piece[end:])
    yield from _objects([b"".join(begun)])


def _objects(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith(b"data:"):
            try:
                value = json.loads(line[5:])
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value
