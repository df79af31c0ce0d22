"""The seam to the HTTP client: anything with the SDK's call shape, ``responses.create(**request)``.

Where the client is built on httpx2 the raw bytes are read, as they come and unparsed. Any other client
yields ready-made events or a ready-made response.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import iscoroutine
from typing import Any, TypeVar

from hermes.providers.contract import Request
from hermes.runtime.transport_errors import TransportFailed, mapped_errors, safe_headers

__all__ = [
    "BytesAnswer",
    "EventsAnswer",
    "ObjectAnswer",
    "Source",
    "TransportFailed",
    "abort_stream",
    "as_mapping",
    "needs_raw_answer",
    "request_id_of",
    "send",
    "source_of",
]

_T = TypeVar("_T")


@dataclass(slots=True)
class BytesAnswer:
    """An HTTP answer whose body is still to be read."""

    response: Any
    _close: Callable[[], Any]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.response.status_code)

    @property
    def headers(self) -> dict[str, str]:
        """The response headers."""
        return safe_headers(self.response.headers)

    def chunks(self) -> Iterator[bytes]:
        """The body, decompressed, in the chunks in which it comes.

        Raises:
            TransportFailed: the connection broke.
        """
        return _mapped(self.response.iter_bytes())

    def abort(self) -> None:
        """Ends a blocked read from another thread."""
        abort_stream(self.response.extensions.get("network_stream"))

    def close(self) -> Any:
        """Closes the connection; gives something to await where the client is an asynchronous one."""
        return self._close()


@dataclass(slots=True)
class EventsAnswer:
    """Events that the client has decoded already: an iterable, or a context manager that gives one."""

    source: Any
    entered: bool = False

    def events(self) -> Iterator[Mapping[str, Any]]:
        """The events as plain mappings.

        Raises:
            TransportFailed: the client raised something that is known of clients.
        """
        came = False
        if isinstance(self.source, Iterable):
            for event in _mapped(self.source):
                came = True
                yield as_mapping(event)
        if not came and _is_context_manager(self.source):
            self.entered = True
            inner = self.source.__enter__()
            if inner is not self.source:
                for event in _mapped(inner):
                    yield as_mapping(event)

    def close(self) -> Any:
        """Closes the source where it can be closed; gives something to await where that is asynchronous."""
        if self.entered:
            return self.source.__exit__(None, None, None)
        close = getattr(self.source, "close", None)
        return close() if callable(close) else None


@dataclass(slots=True)
class ObjectAnswer:
    """A whole answer that the client has decoded already: a Response, a mapping, or text of a body."""

    value: Any

    def body(self) -> bytes | None:
        """The undecoded body: the SDK gives text where a backend answers with SSE unasked."""
        if isinstance(self.value, str):
            return self.value.encode("utf-8", "surrogatepass")
        return bytes(self.value) if isinstance(self.value, (bytes, bytearray)) else None

    def mapping(self) -> Mapping[str, Any]:
        """The answer as a plain mapping."""
        return as_mapping(self.value)


Source = BytesAnswer | EventsAnswer | ObjectAnswer


def send(client: Any, request: Request) -> Source:
    """Sends one request and gives the answer, unread where that is possible.

    Raises:
        TransportFailed: the backend cannot be reached, or answers with another status than 2xx.
        TypeError: the client has to be awaited.
    """
    with mapped_errors(sending=True):
        if needs_raw_answer(client, request):
            manager = client.responses.with_streaming_response.create(**request)
            raw = manager.__enter__()
            return BytesAnswer(raw.http_response, lambda: manager.__exit__(None, None, None))
        answer = client.responses.create(**request)
        if iscoroutine(answer):
            answer.close()
            raise TypeError("this client has to be awaited: use run_call_async, or a client that blocks")
        return source_of(answer, request, close="close")


def needs_raw_answer(client: Any, request: Request) -> bool:
    """Whether the client is the SDK's, which reads and parses an answer that is not streamed unless told."""
    return not request.streams and _is_sdk_create(client.responses.create)


def source_of(answer: Any, request: Request, *, close: str) -> Source:
    """What the client's ``create`` gave, as something to read from.

    Args:
        answer: what it gave.
        request: what it was asked.
        close: the name of the method that closes an unread HTTP response.
    """
    # The SDK gives an unread response with its streams, the light client with every answer.
    response = getattr(answer, "response", None)
    if response is not None and _is_http_response(response):
        return BytesAnswer(response, getattr(response, close))
    return EventsAnswer(answer) if request.streams and _yields_events(answer) else ObjectAnswer(answer)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """A plain mapping of what a client yields: a mapping, a pydantic model, or an object with attributes.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(value, Mapping):
        return value
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        dumped = dump(mode="json", exclude_unset=True, warnings=False)
        if isinstance(dumped, Mapping):
            return dumped
    try:
        return {name: _plain(entry) for name, entry in vars(value).items() if not name.startswith("_")}
    except TypeError:
        raise TypeError(f"the client gave a {type(value).__name__}, which is no event") from None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return as_mapping(value)


def abort_stream(network_stream: Any) -> None:
    """Shuts a connection's socket down, which wakes whoever is blocked in reading it."""
    if network_stream is None:
        return
    raw = network_stream.get_extra_info("socket")
    if isinstance(raw, socket.socket):
        with contextlib.suppress(OSError):
            # Not raw.shutdown: on a TLS socket that also forgets the TLS state that the reader uses.
            socket.socket.shutdown(raw, socket.SHUT_RDWR)


def _is_http_response(value: Any) -> bool:
    # A mock has a `response` too, which reads as empty, and one with a spec lies to isinstance.
    httpx2 = sys.modules.get("httpx2")
    return httpx2 is not None and issubclass(type(value), httpx2.Response)


def _is_sdk_create(create: Any) -> bool:
    """Whether this is the SDK's own method, so that the raw body can be asked for beside it.

    A client of the SDK whose ``create`` is replaced, as tests and tracing tools do, is asked through what
    replaces it.
    """
    responses = sys.modules.get("openai.resources.responses.responses")
    function = getattr(create, "__func__", None)
    code = getattr(function, "__code__", None)
    return responses is not None and code is not None and code.co_filename == responses.__file__


def _yields_events(value: Any) -> bool:
    """Whether a client did stream when it was asked to. Models and text can be iterated too."""
    if isinstance(value, (str, bytes, bytearray, Mapping)) or hasattr(type(value), "model_dump"):
        return False
    return (
        isinstance(value, (Iterable, AsyncIterable))
        or hasattr(type(value), "__aenter__")
        or _is_context_manager(value)
    )


def _is_context_manager(value: Any) -> bool:
    return hasattr(type(value), "__enter__") and hasattr(type(value), "__exit__")


def _mapped(source: Iterable[_T]) -> Iterator[_T]:
    """What ``source`` gives; what the consumer raises while it has an entry never comes through here."""
    with mapped_errors():
        yield from source


def request_id_of(headers: Mapping[str, str]) -> str:
    """The backend's id of a request, under the names in use."""
    for name in ("x-request-id", "request-id", "x-oai-request-id", "apim-request-id"):
        if headers.get(name):
            return headers[name]
    return ""
