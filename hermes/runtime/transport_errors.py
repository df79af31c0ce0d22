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
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from hermes.providers.contract import Event, Failure, FailureKind, Violation
from hermes.runtime.engine import ERROR_BODY_BYTES
from hermes.runtime.route import ROUTE, Route

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


_NUMBERS: Final = re.compile(r"\[(?:Errno -?\d+|SSL(?:: \w+)?)\] ?| \(_ssl\.c:\d+\)")
_SAYING_NOTHING: Final = frozenset({"", "All connection attempts failed"})

# Numbers of OpenSSL: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_CERTIFICATES: Final = {
    9: "certificate_date",
    10: "certificate_date",
    62: "certificate_name",
    64: "certificate_name",
}
# What OpenSSL makes of an answer that is no TLS record.
_NO_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"}
)
# What h11 makes of an answer that is no text, and how it quotes the head of a TLS alert in one with lines:
# https://github.com/python-hyper/h11/blob/master/h11/_readers.py
_BINARY: Final = "illegal request line"
_TLS_ALERT: Final = r"(b'\x15\x03"


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
    status = int(response.status_code)
    # https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.8
    login = status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
    return Failure(
        FailureKind.HTTP_STATUS,
        f"{_proxy_named(_route_of(response))} refuses the credentials for it." if login else "",
        status=status,
        cause="proxy_login" if login else "",
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
    name, words = type(error).__name__, str(error)
    if isinstance(error, ssl.SSLError) or (name == "ReadError" and _route_of(error).peer):
        # Without a route another client may have read the body before it gives an answer.
        tls = _tls_error_behind(error)
        if tls is None or isinstance(tls, ssl.SSLEOFError):
            return _closed(error, "" if tls else _words_of(error))
        # A server may refuse after the handshake: https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2.4
        return Failure(FailureKind.CONNECT, _NUMBERS.sub("", str(tls)))
    if name != "RemoteProtocolError":
        return None
    if "disconnected" in words:
        return _closed(error, "")
    # This is told of a body.
    if not words or "closed connection" in words:
        return None
    # The rest of the words are bytes of whoever answered.
    what, _, began = words.partition(": bytearray")
    if what == _BINARY or began.startswith(_TLS_ALERT):
        proxy = _proxy_to_blame(error)
        who = proxy or _whoever_answers(error)
        return Failure(
            FailureKind.CONNECT, f"{who} does not speak plain HTTP.", cause="proxy" if proxy else "tls"
        )
    return Failure(FailureKind.CONNECT, f"What answers at this address does not speak HTTP ({what}).")


def _closed(error: Any, words: str) -> Failure:
    """The connection was closed before an answer began."""
    proxy = _proxy_to_blame(error)
    told = f"{proxy or 'The backend'} closed the connection without answering"
    words = _NUMBERS.sub("", words)
    return Failure(
        FailureKind.CONNECT,
        f"{told}: {words}." if words else f"{told}.",
        cause="proxy" if proxy else "closed",
    )


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
    if isinstance(error, httpx2.ProxyError):
        return _failure_of_proxy(error, words)
    if isinstance(error, httpx2.ConnectError):
        return _no_connection(error, words)
    if isinstance(error, httpx2.UnsupportedProtocol):
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


def _no_connection(error: Any, words: str) -> Failure:
    """What kept a connection from coming about."""
    route, proxy = _route_of(error), _proxy_to_blame(error)
    tls = _tls_error_behind(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        host = route.tls_host or _server_of(error) or "the backend"
        what = tls.verify_message.rstrip(".")
        return Failure(
            FailureKind.CONNECT,
            f"The certificate of {host} cannot be verified: {what}.",
            cause=_CERTIFICATES.get(tls.verify_code, "certificate"),
        )
    if isinstance(tls, ssl.SSLEOFError):
        return _closed(error, "")
    if tls is not None and tls.reason in _NO_TLS:
        who = proxy or _whoever_answers(error)
        return Failure(
            FailureKind.CONNECT, f"{who} does not speak TLS.", cause="proxy" if proxy else "no_tls"
        )
    if proxy:
        words = _NUMBERS.sub("", words)
        return Failure(FailureKind.CONNECT, f"{proxy} cannot be reached: {words}.", cause="proxy")
    return Failure(FailureKind.CONNECT, _at_its_address(error, words))


def _failure_of_proxy(error: Any, words: str) -> Failure:
    """The proxy answers, and opens no connection."""
    proxy = _proxy_named(_route_of(error))
    status = words.partition(" ")[0]
    if status == "407" or "username/password" in words:
        return Failure(FailureKind.CONNECT, f"{proxy} refuses the credentials for it.", cause="proxy_login")
    if status.isdecimal():
        # The rest of the words are the proxy's own, which may hold anything.
        words = f"HTTP {status}"
    where = _server_of(error) or "the backend"
    return Failure(FailureKind.CONNECT, f"{proxy} does not connect to {where}: {words}.", cause="proxy")


def _route_of(told: Any) -> Route:
    """How far the request of an error or a response came; another client does not tell."""
    try:
        route = told.request.extensions.get(ROUTE)
    except (AttributeError, RuntimeError):  # a mock, or an error without its request
        return Route()
    return route if isinstance(route, Route) else Route()


def _proxy_named(route: Route) -> str:
    return f"The proxy {route.peer}" if route.peer else "The proxy"


def _proxy_to_blame(error: Any) -> str:
    """The proxy, where the request came as far as to it and no further; else nothing."""
    route = _route_of(error)
    if not route.peer or route.is_tunnelled:
        return ""
    url = error.request.url
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    host = url.raw_host.decode("ascii", "replace")
    backend = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return "" if route.peer == backend else _proxy_named(route)


def _whoever_answers(error: Any) -> str:
    route = _route_of(error)
    where = _server_of(error) if route.is_tunnelled else route.peer
    return f"What answers at {where or 'this address'}"


def _tls_error_behind(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _at_its_address(error: Any, words: str) -> str:
    """What kept a connection from coming about, with the server's name and without numbers of the system."""
    words, server = _NUMBERS.sub("", words), _server_of(error)
    return f"{server}: {words}" if server and words else words or server


def _server_of(error: Any) -> str:
    """Host and port that were asked, without a user."""
    try:
        return str(error.request.url.netloc.decode("ascii", "replace").rpartition("@")[2])
    except (AttributeError, RuntimeError):  # an error without its request
        return ""


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
