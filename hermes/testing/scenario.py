"""What a scenario is: the bytes a backend sends, and the outcome that a good client reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

__all__ = ["Control", "Expected", "Refusal", "Reply", "RequestKind", "Scenario", "Step", "ToolCall"]

RequestKind = Literal["stream", "non_stream"]


class Control(Enum):
    """What a reply does besides sending bytes."""

    HOLD = "hold"
    """Keep the connection open and send nothing more until the client closes it or the server stops."""
    CUT = "cut"
    """Break the connection here: no last chunk, no clean end."""
    BEFORE_HEADERS = "before_headers"
    """As the first step: HOLD before a status line is sent; with CUT after it, break the connection there."""
    KEEPALIVES = "keepalives"
    """Send a comment line every 20 ms until the client closes the connection or the server stops."""


Step = bytes | Control


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer.

    Attributes:
        steps: the body, in the chunks in which it is sent.
        status: the HTTP status.
        headers: the response headers; ``content-type`` included.
        framing: ``chunked``, ``length`` (Content-Length), or ``close`` (the end of the connection ends it).
    """

    steps: tuple[Step, ...]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream; charset=utf-8"),)
    framing: Literal["chunked", "length", "close"] = "chunked"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply to every request that is not as the backend wants it.

    Attributes:
        when: tells from the decoded JSON body of a request whether the backend refuses it.
        reply: what it answers then.
    """

    when: Callable[[Mapping[str, Any]], bool]
    reply: Reply


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call that the result must hold."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Expected:
    """How a call against the scenario has to end.

    Attributes:
        requests: the kinds of requests that the backend sees, in order.
        status: of the result; ``failed`` where there is no result but an error.
        text: the final text.
        tool_calls: the function calls that may be run.
        exit_code: of ``hermes -z``.
        verdict: the kind of the verdict behind a ``failed``, ``partial`` or ``unconfirmed`` outcome, and
            empty where the backend itself ended the answer early or all is well.
        total_tokens: of the usage; None where the backend sends none.
        rate_limits: whether rate limits are reported.
        says: words that the user's sentence or a notice holds.
        refusal: the refusal text.
        never: words that neither the answer nor anything that the user is told may hold.
        items: the types of the output items, in order; None where they do not matter.
    """

    requests: tuple[RequestKind, ...] = ("stream",)
    status: Literal["complete", "partial", "unconfirmed", "failed"] = "complete"
    text: str = "Hello"
    tool_calls: tuple[ToolCall, ...] = ()
    exit_code: int = 0
    verdict: str = ""
    total_tokens: int | None = 3
    rate_limits: bool = False
    says: tuple[str, ...] = ()
    refusal: str = ""
    never: tuple[str, ...] = ()
    items: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A backend's behaviour and the outcome it must lead to.

    Attributes:
        id: ``quirk-id``, or ``quirk-id/shape`` where a quirk has several shapes.
        quirk: the number of the quirk in the field guide; 0 for a good stream.
        summary: one line for people.
        streams: the replies to requests with ``stream: true``, in order; the last one repeats.
        non_streams: the same for requests without it.
        expected: the outcome with the adapters ``builtin`` and ``lenient``, for a caller that waits for
            the end (``buffered``).
        expected_live: the outcome for a caller that is given deltas as they come, where it differs.
        expected_with: by the name of a plugin: the outcome when that plugin is enabled too.
        deadlines: seconds, by the name of a deadline, that a test sets so that it need not wait.
        request: keywords of ``responses.create`` that the client sends besides its usual ones, or in their
            place; what the backend is particular about.
        refusals: asked in their order before ``streams`` and ``non_streams``: the first one that refuses a
            request answers it, and uses up no reply of those.
        backend: the name of Hermes' own adapter for this backend; empty for one of unknown manners.
        expected_again: the outcome of the same call once more, with what the first one taught; None where
            that is not looked at.
    """

    id: str
    quirk: int
    summary: str
    streams: tuple[Reply, ...]
    non_streams: tuple[Reply, ...]
    expected: Expected = Expected()
    expected_live: Expected | None = None
    expected_with: Mapping[str, Expected] = field(default_factory=dict)
    deadlines: Mapping[str, float] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    backend: str = ""
    expected_again: Expected | None = None
