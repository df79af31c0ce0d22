"""What a client raises becomes a ``Failure``: its exceptions may hold the request, and with it the key."""

from __future__ import annotations

import contextlib
import json
import os
import re
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from hermes.providers.contract import Event, Failure, FailureKind, Violation
from hermes.runtime.engine import ERROR_BODY_BYTES

__all__ = ["TransportFailed", "mapped_errors", "safe_headers"]

# The words of the SDK's stream helper, which an injected client may be built on:
# https://github.com/openai/openai-python/blob/main/src/openai/lib/streaming/responses/_responses.py
_SDK_ORDER_WORDS: Final = re.compile(r"Expected to have received `response\.created` before `([^`]*)`")
_SDK_NO_TERMINAL: Final = "Didn't receive a `response.completed` event"

_SECRET_HEADERS: Final = frozenset({"set-cookie", "authorization", "proxy-authorization", "cookie"})


class TransportFailed(Exception):
    """The client could not send a request or read its answer.

    Args:
        failure: what happened.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@contextlib.contextmanager
def mapped_errors(*, sending: bool = False) -> Iterator[None]:
    """Turns what clients are known to raise into ``TransportFailed``; anything else goes through.

    Args:
        sending: the head of an answer is still to come.

    Raises:
        TransportFailed: the client raised something that is known of clients.
    """
    try:
        yield
    except Exception as error:
        before = _refusal_behind(error) or _failure_before_answer(error) if sending else None
        failure = before or _failure(error)
        if failure is None:
            raise
        raise TransportFailed(failure) from None


_ERRNO: Final = re.compile(r"\[Errno -?\d+\] ?")
_SAYING_NOTHING: Final = frozenset({"", "All connection attempts failed"})


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
        return _failure_of_connecting(error, openai)
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


def _failure_of_connecting(error: Any, openai: Any) -> Failure:
    """What kept the SDK from getting the head of an answer."""
    cause = error.__cause__
    inner = _failure_before_answer(cause) or _failure(cause) if cause is not None else None
    if inner is not None:
        return inner
    if isinstance(error, openai.APITimeoutError):
        return Failure(FailureKind.TIMEOUT, deadline="connect")
    return Failure(FailureKind.CONNECT, str(cause or error))


def _failure_before_answer(error: BaseException) -> Failure | None:
    """What means something else before the head of an answer came than it does later."""
    # By its name, because the SDK works on the older httpx too.
    if type(error).__name__ != "RemoteProtocolError":
        return None
    words = str(error)
    # The second is told of a body, which another client may have read before it gives an answer.
    if not words or "disconnected" in words or "closed connection" in words:
        return None
    # The rest of the words are bytes of whoever answered.
    what = words.partition(": bytearray")[0]
    return Failure(FailureKind.CONNECT, f"What answers at this address does not speak HTTP ({what}).")


def _failure_of_httpx2(error: Any, httpx2: Any) -> Failure:
    if isinstance(error, httpx2.HTTPStatusError):
        return _failure_of_status(error.response)
    words = _words_of(error)
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


def _words_of(error: BaseException) -> str:
    """What went wrong, in the system's words where the library for asyncio has none."""
    words = str(error)
    if words not in _SAYING_NOTHING:
        return words
    cause = error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            return f"[Errno {cause.errno}] {os.strerror(cause.errno)}"
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or cause.__context__
    return words


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


def safe_headers(headers: Any) -> dict[str, str]:
    """Response headers with names in lower case and without cookies."""
    items: Iterable[tuple[str, str]] = headers.items()
    return {name.lower(): value for name, value in items if name.lower() not in _SECRET_HEADERS}
