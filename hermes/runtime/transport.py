"""The seam to the HTTP client: anything with the SDK's call shape, ``responses.create(**request)``.

Where the client is built on httpx2 the raw bytes are read, as they come and unparsed. Any other client
yields ready-made events or a ready-made response. Whatever a client raises becomes a ``Failure`` here:
the exceptions of the SDK hold the request, and with it the key.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from hermes.providers.contract import Event, Failure, FailureKind, Request, Violation
from hermes.runtime.engine import ERROR_BODY_BYTES

__all__ = [
    "BytesAnswer",
    "EventsAnswer",
    "ObjectAnswer",
    "Source",
    "TransportFailed",
    "abort_stream",
    "request_id_of",
    "send",
]

# The words of the SDK's stream helper, which an injected client may be built on:
# https://github.com/openai/openai-python/blob/main/src/openai/lib/streaming/responses/_responses.py
_SDK_ORDER_WORDS: Final = re.compile(r"Expected to have received `response\.created` before `([^`]*)`")
_SDK_NO_TERMINAL: Final = "Didn't receive a `response.completed` event"

_T = TypeVar("_T")

_SECRET_HEADERS: Final = frozenset({"set-cookie", "authorization", "proxy-authorization", "cookie"})


class TransportFailed(Exception):
    """The client could not send a request or read its answer.

    Args:
        failure: what happened.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True)
class BytesAnswer:
    """An HTTP answer whose body is still to be read."""

    response: Any
    _close: Callable[[], None]

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

    def close(self) -> None:
        """Closes the connection; one that was not read to its end is never used again."""
        self._close()


@dataclass(slots=True)
class EventsAnswer:
    """Events that the client has decoded already: an iterable, or a context manager that gives one."""

    source: Any
    _entered: bool = False

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
            self._entered = True
            inner = self.source.__enter__()
            if inner is not self.source:
                for event in _mapped(inner):
                    yield as_mapping(event)

    def close(self) -> None:
        """Closes the source where it can be closed."""
        if self._entered:
            self.source.__exit__(None, None, None)
            return
        close = getattr(self.source, "close", None)
        if callable(close):
            close()


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
    """
    try:
        return _send(client, request)
    except Exception as error:
        # The SDK wraps what goes wrong before the answer's head came, and nothing later.
        failure = _refusal_behind(error) or _failure(error)
        if failure is None:
            raise
        raise TransportFailed(failure) from None


def _send(client: Any, request: Request) -> Source:
    if request.streams:
        stream = client.responses.create(**request)
        response = getattr(stream, "response", None)
        if response is not None and _is_http_response(response):
            return BytesAnswer(response, response.close)
        return EventsAnswer(stream) if _yields_events(stream) else ObjectAnswer(stream)
    if _is_sdk_create(client.responses.create):
        manager = client.responses.with_streaming_response.create(**request)
        answer = manager.__enter__()
        return BytesAnswer(answer.http_response, lambda: manager.__exit__(None, None, None))
    return ObjectAnswer(client.responses.create(**request))


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


def safe_headers(headers: Any) -> dict[str, str]:
    """Response headers with names in lower case and without cookies."""
    items: Iterable[tuple[str, str]] = headers.items()
    return {name.lower(): value for name, value in items if name.lower() not in _SECRET_HEADERS}


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
    return isinstance(value, Iterable) or _is_context_manager(value)


def _is_context_manager(value: Any) -> bool:
    return hasattr(type(value), "__enter__") and hasattr(type(value), "__exit__")


def _mapped(source: Iterable[_T]) -> Iterator[_T]:
    """What ``source`` gives; what the consumer raises while it has an entry never comes through here."""
    try:
        yield from source
    except Exception as error:
        failure = _failure(error)
        if failure is None:
            raise
        raise TransportFailed(failure) from None


_ERRNO: Final = re.compile(r"\[Errno -?\d+\] ?")


def _failure(error: BaseException) -> Failure | None:
    """What clients are known to raise; None for anything else, which is a fault of somebody's."""
    openai, httpx2 = sys.modules.get("openai"), sys.modules.get("httpx2")
    if httpx2 is not None and isinstance(error, httpx2.HTTPError):
        return _failure_of_httpx2(error, httpx2)
    if openai is not None and isinstance(error, openai.APIError):
        return _failure_of_sdk(error, openai)
    if isinstance(error, RuntimeError):
        return _failure_of_helper(str(error))
    if isinstance(error, ConnectionRefusedError):
        return Failure(FailureKind.CONNECT, str(error))
    # Not every OSError is the connection's: a client may write files too, or to a closed pipe.
    if isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)) and not isinstance(
        error, BrokenPipeError
    ):
        return Failure(FailureKind.CUT, str(error))
    return None


def _failure_of_sdk(error: Any, openai: Any) -> Failure:
    if isinstance(error, openai.APIStatusError):
        failure = _failure_of_status(error.response)
        return failure if failure.body else replace(failure, body=_parsed_body(error))
    if isinstance(error, openai.APIConnectionError):
        return _failure_of_sending(error, openai)
    body = error.body if isinstance(error.body, Mapping) else {"message": error.message}
    return Failure(FailureKind.ERROR_EVENT, event=Event("error", {"type": "error", "error": dict(body)}))


def _parsed_body(error: Any) -> bytes:
    """The body as the SDK has parsed it, for a client that keeps no bytes."""
    if error.body is None:
        return str(error.message).encode("utf-8", "replace")[:ERROR_BODY_BYTES]
    return json.dumps(error.body, default=str).encode()[:ERROR_BODY_BYTES]


def _failure_of_status(response: Any) -> Failure:
    try:
        body = response.content
    except RuntimeError:  # it could not be read
        body = b""
    return Failure(
        FailureKind.HTTP_STATUS,
        status=int(response.status_code),
        headers=safe_headers(response.headers),
        body=body[:ERROR_BODY_BYTES] if isinstance(body, bytes) else b"",
        url=_address_of(response),
    )


def _address_of(response: Any) -> str:
    """The address that was asked, without what may hold a secret."""
    try:
        asked = urlsplit(str(response.request.url))
    except (AttributeError, RuntimeError, ValueError):  # a mock, or a response without its request
        return ""
    host = asked.netloc.rpartition("@")[2]
    return f"{asked.scheme}://{host}{asked.path}" if host else ""


def _failure_of_sending(error: Any, openai: Any) -> Failure:
    """What kept the SDK from getting the head of an answer."""
    cause = error.__cause__
    words = str(cause or error)
    # By its name, because the SDK works on the older httpx too.
    if type(cause).__name__ == "RemoteProtocolError" and "disconnected" not in words:
        # The rest of the words are bytes of whoever answered.
        what = words.partition(": bytearray")[0]
        return Failure(FailureKind.CONNECT, f"What answers at this address does not speak HTTP ({what}).")
    inner = _failure(cause) if cause is not None else None
    if inner is not None:
        return inner
    if isinstance(error, openai.APITimeoutError):
        return Failure(FailureKind.TIMEOUT, deadline="connect")
    return Failure(FailureKind.CONNECT, words)


def _failure_of_httpx2(error: Any, httpx2: Any) -> Failure:
    words = str(error)
    if isinstance(error, (httpx2.ConnectTimeout, httpx2.PoolTimeout)):
        return Failure(FailureKind.TIMEOUT, deadline="connect")
    if isinstance(error, httpx2.TimeoutException):
        return Failure(FailureKind.TIMEOUT, deadline="idle_bytes")
    if isinstance(error, httpx2.LocalProtocolError):
        # Its words quote the header that cannot be sent, which may be the key.
        return Failure(FailureKind.CONNECT, "The request holds a header that HTTP does not allow.")
    if isinstance(error, (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol)):
        return Failure(FailureKind.CONNECT, _at_its_address(error, words))
    if isinstance(error, httpx2.DecodingError):
        return Failure(FailureKind.BODY, f"The body cannot be decompressed: {words}")
    return Failure(FailureKind.CUT, words)


def _at_its_address(error: Any, words: str) -> str:
    """What kept a connection from coming about, with the server's name and without the system's number."""
    words = _ERRNO.sub("", words)
    try:
        server = error.request.url.netloc.decode("ascii", "replace").rpartition("@")[2]
    except (AttributeError, RuntimeError):  # an error without its request
        return words
    return f"{server}: {words}" if server and words else words or server


def _refusal_behind(error: BaseException) -> Failure | None:
    """The HTTP status of an answer whose error body broke off or is damaged: the status says the most."""
    httpx2 = sys.modules.get("httpx2")
    if httpx2 is None or not isinstance(error, httpx2.RequestError):
        return None
    earlier = error.__context__
    while earlier is not None:
        if isinstance(earlier, httpx2.HTTPStatusError):
            return _failure_of_status(earlier.response)
        earlier = earlier.__context__
    return None


def _failure_of_helper(words: str) -> Failure | None:
    order = _SDK_ORDER_WORDS.search(words)
    if order is not None:
        return Failure(
            FailureKind.ORDER,
            words,
            event=Event(order[1], {"type": order[1]}),
            violation=Violation.CREATED_MISSING,
        )
    return Failure(FailureKind.EARLY_END, words) if _SDK_NO_TERMINAL in words else None


def request_id_of(headers: Mapping[str, str]) -> str:
    """The backend's id of a request, under the names in use."""
    for name in ("x-request-id", "request-id", "x-oai-request-id", "apim-request-id"):
        if headers.get(name):
            return headers[name]
    return ""
