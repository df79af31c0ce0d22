"""The adapter contract: everything an adapter may use, and all it should import.

An adapter is an object or a module with

- ``name``: what users write under ``plugins.enabled``;
- ``api_version``: the contract it is written for, ``1``;
- ``priority``: higher is asked first, ties by name; 0 where it is left out;
- ``event_types``: the event types that its ``normalize_stream_event`` wants, exact or ending in ``*``;
- any of the hooks of ``hermes.providers.hookspecs``, marked with ``@hookimpl``.

Everything passed to a hook is immutable by contract. No hook argument carries a credential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from hermes.providers.markers import hookimpl
from hermes.responses.error_detail import ErrorDetail, error_detail, error_detail_from_body
from hermes.responses.events import Event
from hermes.responses.telemetry import Credits, Notice, RateLimits, RateLimitWindow
from hermes.responses.violations import Violation

__all__ = [
    "API_VERSION",
    "AdapterContext",
    "Credits",
    "Delivered",
    "EndpointFact",
    "EndpointMemory",
    "ErrorDetail",
    "Event",
    "Failure",
    "FailureKind",
    "Fallback",
    "Notice",
    "RateLimitWindow",
    "RateLimits",
    "Request",
    "Verdict",
    "VerdictKind",
    "Violation",
    "error_detail",
    "hookimpl",
]

API_VERSION: Final = 1


class Request(Mapping[str, Any]):
    """The keywords of one ``responses.create`` call, immutable.

    https://platform.openai.com/docs/api-reference/responses/create
    """

    __slots__ = ("_keywords",)

    def __init__(self, keywords: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        self._keywords: dict[str, Any] = {**(keywords or {}), **more}

    def __getitem__(self, name: str) -> Any:
        return self._keywords[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keywords)

    def __len__(self) -> int:
        return len(self._keywords)

    def __repr__(self) -> str:
        return f"Request({', '.join(self._keywords)})"

    @property
    def streams(self) -> bool:
        """Whether the request asks for a stream."""
        return self._keywords.get("stream") is True

    def replacing(self, **keywords: Any) -> Request:
        """A new request with ``keywords`` added or replaced."""
        return Request(self._keywords, **keywords)

    def without(self, *names: str) -> Request:
        """A new request that lacks the keywords ``names``."""
        return Request({name: value for name, value in self._keywords.items() if name not in names})


class FailureKind(StrEnum):
    """In which way an attempt ended without a complete answer."""

    CONNECT = "connect"
    """No connection: refused, no such host, TLS."""
    CUT = "cut"
    """The connection broke while the answer was coming."""
    TIMEOUT = "timeout"
    """A deadline of Hermes passed; ``Failure.deadline`` names it."""
    HTTP_STATUS = "http_status"
    """The HTTP status is not 2xx."""
    ERROR_EVENT = "error_event"
    """An ``error`` event, or a JSON error object under HTTP 200."""
    RESPONSE_FAILED = "response_failed"
    """The Response ended with the status ``failed`` or ``cancelled``."""
    ORDER = "order"
    """The accumulator refused an event and no adapter repaired it."""
    EARLY_END = "early_end"
    """The stream ended cleanly without a terminal event."""
    BODY = "body"
    """The body is no answer: HTML, plain text, an over-long frame, JSON of another kind."""
    EMPTY = "empty"
    """The Response is complete, was billed for output, and holds none."""


@dataclass(frozen=True)
class Failure:
    """What went wrong with one attempt, in Hermes' own words; it never holds the SDK's exception.

    Attributes:
        kind: in which way it ended.
        message: a sentence with what is known; may be empty.
        received_at: Unix seconds at which it ended: add a relative delay to it.
        status: HTTP status; None where none came.
        headers: HTTP response headers, names in lower case, without cookies.
        body: the first 64 KiB of an error body, at most.
        request_id: the backend's id of the request; empty where it sent none.
        event: the event that told it, for the kinds ``error_event``, ``response_failed`` and ``order``.
        violation: the broken rule, for the kind ``order``.
        deadline: ``connect``, ``first_event``, ``idle_bytes``, ``idle_events`` or ``total`` for ``timeout``.
        streaming: whether the attempt asked for a stream.
        retry_after_ms: the ``retry:`` field of the SSE stream in milliseconds, where one came.
    """

    kind: FailureKind
    message: str = ""
    received_at: float = 0.0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request_id: str = ""
    event: Event | None = None
    violation: Violation | None = None
    deadline: str = ""
    streaming: bool = True
    retry_after_ms: int | None = None

    @cached_property
    def detail(self) -> ErrorDetail:
        """The backend's own error, read from the event or else from the body."""
        if self.event is not None and self.kind is not FailureKind.ORDER:
            return error_detail(self.event.data)
        return error_detail_from_body(self.body)


class VerdictKind(StrEnum):
    """What a failure means, whatever its shape was."""

    ORDER_MISMATCH = "order_mismatch"
    TRUNCATED = "truncated"
    STREAM_REQUIRED = "stream_required"
    TRANSPORT = "transport"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    AUTH = "auth"
    NETWORK_GATEWAY = "network_gateway"
    BAD_REQUEST = "bad_request"
    REPLAY_INVALID = "replay_invalid"
    MODEL_UNAVAILABLE = "model_unavailable"
    CONTENT_FILTER = "content_filter"
    CANCELLED = "cancelled"
    SERVER_ERROR = "server_error"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure means and what may be done about it.

    Attributes:
        kind: the meaning.
        retryable: the same request may succeed if it is sent again.
        retry_at: Unix seconds before which it makes no sense to ask again; None where not told.
        message: one sentence for the user: what happened.
        hint: what the user can do next; may be empty.
        code: the backend's own code or type, for reports and scripts.
        status: HTTP status, where one came.
        request_id: the backend's id of the request.
        param: the request parameter that is to blame, for ``bad_request``.
    """

    kind: VerdictKind
    retryable: bool = False
    retry_at: float | None = None
    message: str = ""
    hint: str = ""
    code: str = ""
    status: int | None = None
    request_id: str = ""
    param: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another request to try after a verdict.

    Attributes:
        strategy: a stable name; a strategy is used at most once a call.
        request: the request to send; with ``stream`` true it is streamed, else not.
        tolerate_prelude: ignore events of unknown types before ``response.created``.
        notice: a sentence for the user; Hermes makes one from ``strategy`` where it is empty.
    """

    strategy: str
    request: Request
    tolerate_prelude: bool = False
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the caller was given of this call's answer so far.

    Attributes:
        characters: the number of characters of text handed out; 0 for a caller that waits for the end.
    """

    characters: int = 0

    def __bool__(self) -> bool:
        return self.characters > 0


class EndpointFact(StrEnum):
    """Something learnt about an endpoint that makes the next call start right."""

    BREAKS_ORDER = "breaks_order"
    """Its streams break the event order."""
    NON_STREAM_WORKS = "non_stream_works"
    """It answers requests without ``stream``."""
    STREAM_REQUIRED = "stream_required"
    """It refuses requests without ``stream``."""


class EndpointMemory:
    """What is known of one endpoint and model, kept for the session."""

    def __init__(self) -> None:
        self._facts: set[EndpointFact] = set()

    def knows(self, fact: EndpointFact) -> bool:
        """Whether ``fact`` was learnt."""
        return fact in self._facts

    def learn(self, fact: EndpointFact) -> None:
        """Remembers ``fact``."""
        self._facts.add(fact)


@dataclass(slots=True)
class AdapterContext:
    """What an adapter knows of the call it serves, one for each adapter and call.

    Attributes:
        provider: the configured name of the provider.
        model: the model that was asked for.
        memory: what is known of the endpoint.
        attempt: the number of the HTTP request within the call, from 1.
        streaming: whether this attempt asked for a stream.
        delivered: what the caller was given so far.
        scratch: the adapter's own notes for this call.
    """

    provider: str
    model: str
    memory: EndpointMemory
    on_report: Callable[[RateLimits | Notice], None]
    attempt: int = 1
    streaming: bool = True
    delivered: Delivered = Delivered()
    scratch: dict[str, Any] = field(default_factory=dict)

    def report(self, item: RateLimits | Notice) -> None:
        """Hands rate limits or a notice to the caller."""
        self.on_report(item)
