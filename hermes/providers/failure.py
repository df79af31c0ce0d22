"""What went wrong with one attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from hermes.responses.error_detail import ErrorDetail, error_detail, error_detail_from_body
from hermes.responses.events import Event
from hermes.responses.violations import Violation

__all__ = ["Failure", "FailureKind"]


class FailureKind(StrEnum):
    """In which way an attempt ended without a complete answer."""

    CONNECT = "connect"
    """No connection, or none that answers: refused, no such host, TLS, a proxy, closed at once."""
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
    NO_ANSWER = "no_answer"
    """The Response is complete and holds reasoning or commentary, but neither an answer nor a call."""


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
        url: the address that was asked, for the kind ``http_status``, without user, query and fragment; empty
            where the client does not tell it.
        event: the event that told it, for the kinds ``error_event``, ``response_failed`` and ``order``.
        violation: the broken rule, for the kind ``order``.
        deadline: ``connect``, ``headers``, ``first_event``, ``idle_bytes``, ``idle_events`` or ``total``
            for ``timeout``.
        cause: what kept an answer from beginning, where ``message`` is the whole sentence about it:
            ``certificate``, ``certificate_name`` or ``certificate_date`` (it cannot be verified, is another
            host's, or is out of date), ``no_tls`` or ``tls`` (the scheme of the address is the wrong one),
            ``closed`` (the connection was closed instead), ``proxy`` or ``proxy_login`` (the proxy is to
            blame, or refuses its credentials); empty for anything else.
        streaming: whether the attempt asked for a stream.
        retry_after_ms: the ``retry:`` field of the SSE stream in milliseconds, where one came.
        output: the JSON of the output items that came all the same, for the kind ``no_answer``.
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
    output: Sequence[Mapping[str, Any]] = ()
    url: str = ""
    cause: str = ""

    @cached_property
    def detail(self) -> ErrorDetail:
        """The backend's own error, read from the event or else from the body."""
        if self.event is not None and self.kind is not FailureKind.ORDER:
            return error_detail(self.event.data)
        return error_detail_from_body(self.body)
