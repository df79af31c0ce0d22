"""The final result of a model call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hermes.responses.accumulator import Answer
from hermes.responses.calls import NO_CALLS, Calls, RejectedCall, judge_calls
from hermes.responses.items import FunctionCall, OutputItem, Usage, is_answer_part, item_parts, part_text
from hermes.responses.telemetry import Notice, RateLimits

if TYPE_CHECKING:
    from openai.types.responses import Response

__all__ = ["Attempt", "RejectedCall", "ResponseResult", "ResultStatus"]

_SDK_DEFAULTS: Final = {
    "id": "",
    "model": "",
    "created_at": 0,
    "object": "response",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


class ResultStatus(StrEnum):
    """How much of an answer a result is."""

    COMPLETE = "complete"
    """The backend said that the answer is whole."""
    UNCONFIRMED = "unconfirmed"
    """Every item was whole, but the backend did not say that the answer was."""
    PARTIAL = "partial"
    """The answer is cut: by a fault, a limit or a filter."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP request of a call.

    Attributes:
        number: from 1.
        streaming: whether it asked for a stream.
        strategy: ``first``, ``retry`` or the name of a fallback.
        status: the HTTP status; None where none came.
        request_id: the backend's id of the request; empty where it sent none.
        verdict: the kind of the verdict; empty where the backend ended the answer itself.
        reason: one sentence that says why the answer is not whole; empty where it is.
        seconds: how long it took.
    """

    number: int
    streaming: bool
    strategy: str = "first"
    status: int | None = None
    request_id: str = ""
    verdict: str = ""
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class ResponseResult:
    """What a model call gave.

    Attributes:
        status: ``complete``, ``unconfirmed`` or ``partial``.
        text: the text of all messages, without their commentary.
        items: the output items in their order.
        usage: the tokens billed; None where the backend did not say.
        response_id: the backend's id of the response; empty where it has none.
        model: the model that answered, as the backend names it.
        rate_limits: the account's limits, its main ones first; empty where none were told.
        notices: what the user was told during the call.
        attempts: every HTTP request of the call.
        reason: one sentence that says why the result is not complete; empty where it is.
        hint: what the user can do about it; may be empty.
        verdict: the kind of the verdict behind ``reason``; empty where the backend itself ended early.
        incomplete_reason: the backend's word, e.g. ``max_output_tokens``; empty where it gave none.
        calls: what was found of the function calls of an answer that the backend ended as complete.
        response: the other fields of the backend's Response object.
    """

    status: ResultStatus
    text: str = ""
    items: tuple[OutputItem, ...] = ()
    usage: Usage | None = None
    response_id: str = ""
    model: str = ""
    rate_limits: tuple[RateLimits, ...] = ()
    notices: tuple[Notice, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    reason: str = ""
    hint: str = ""
    verdict: str = ""
    incomplete_reason: str = ""
    calls: Calls = NO_CALLS
    response: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_answer(
        cls,
        answer: Answer,
        status: ResultStatus,
        *,
        required: Mapping[str, tuple[str, ...]] | None = None,
        **more: Any,
    ) -> ResponseResult:
        """A result with what ``answer`` knows.

        Args:
            answer: what came.
            status: how much of an answer it is.
            required: by the name of a tool, the parameters that it cannot be called without.
            more: more of the fields above.
        """
        response = answer.response or {}
        return cls(
            status=status,
            text=answer.text,
            items=answer.items,
            calls=judge_calls(answer.items, required or {}) if answer.status == "completed" else NO_CALLS,
            usage=answer.usage,
            response_id=_string(response.get("id")),
            model=_string(response.get("model")),
            incomplete_reason=answer.incomplete_reason,
            response=response,
            **more,
        )

    @property
    def tool_calls(self) -> tuple[FunctionCall, ...]:
        """The function calls that may be run: those of a complete answer, once for each call id.

        Their arguments are a whole JSON object: ``{}`` where the backend sent none and the tool needs none.
        """
        return self.calls.runnable if self.status is ResultStatus.COMPLETE else ()

    @property
    def rejected_calls(self) -> tuple[RejectedCall, ...]:
        """The calls of an answer that the backend ended as complete, which must not be run all the same.

        Answer each with its ``as_output_item``, so that the model can call again.
        """
        return self.calls.rejected

    @property
    def commentary(self) -> str:
        """What the model told of its work before the answer."""
        return "\n\n".join(item.commentary for item in self.items if item.commentary)

    @property
    def refusal(self) -> str:
        """What the model said instead of an answer; empty where it did answer."""
        return "".join(item.refusal for item in self.items)

    @property
    def reasoning(self) -> str:
        """The reasoning that the backend shows."""
        return "\n\n".join(item.reasoning for item in self.items if item.reasoning)

    def to_openai(self) -> Response:
        """The result as the SDK's own type; the SDK is imported only here."""
        from openai.types.responses import Response

        # Names with an underscore are the SDK's own. It validates nothing, so that odd values pass.
        told = {name: value for name, value in self.response.items() if not name.startswith("_")}
        output = [_for_sdk(item) for item in self.items]
        return Response.construct(**{**_SDK_DEFAULTS, **told, "output": output})


def _for_sdk(item: OutputItem) -> dict[str, Any]:
    """An item's JSON; the SDK finds text only in parts of type ``output_text`` of a ``message``."""
    data = dict(item.data)
    if item.text:
        data["type"] = "message"
        data["content"] = [
            {**part, "type": "output_text"} if is_answer_part(part) and part_text(part) else part
            for part in item_parts(data, "content")
        ]
    return data


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
