"""What a failure means, whatever its shape was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["EMPTY_ANSWER", "NO_ANSWER_TEXT", "REASONING_ONLY_FINAL", "Verdict", "VerdictKind"]

EMPTY_ANSWER: Final = "empty_answer"
"""The code of a verdict on an answer that was billed and holds nothing."""
NO_ANSWER_TEXT: Final = "no_answer_text"
"""The code of a verdict on an answer that did not come to its point: the model may be asked to go on."""
REASONING_ONLY_FINAL: Final = "reasoning_only_final"
"""The same where the backend's models have nothing more to say."""


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
        param: the request parameter that is to blame, as the backend names it, e.g. ``input[1].summary``;
            empty where it names none.
        retries: how many times at most the same request may be sent again after this kind of failure; None
            leaves it to the user's limits.
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
    retries: int | None = None
