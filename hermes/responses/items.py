"""What a response holds: output items and usage, read without trust.

https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "CALL_TYPES",
    "COMMENTARY_PHASES",
    "FunctionCall",
    "OutputItem",
    "Usage",
    "is_answer_part",
    "item_parts",
    "part_text",
]

CALL_TYPES: Final = ("function_call", "custom_tool_call")
"""The types of items that ask the client to run something."""

COMMENTARY_PHASES: Final = ("commentary", "analysis")
"""The phases of messages that come before the answer."""

_REASONING_PARTS: Final = ("reasoning_text", "summary_text")


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a function that the model asks for; ``arguments`` is JSON text as the backend sent it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class OutputItem:
    """One item of the output.

    Attributes:
        type: ``message``, ``reasoning``, ``function_call`` or any other word of the backend.
        data: the item's whole JSON, with everything that its events told.
        confirmed: whether the backend said that the item is whole.
    """

    type: str
    data: Mapping[str, Any]
    confirmed: bool

    @property
    def id(self) -> str:
        """The backend's id of the item; empty where it has none."""
        return _string(self.data.get("id"))

    @property
    def is_call(self) -> bool:
        """Whether the item asks the client to run something."""
        return self.type in CALL_TYPES

    @property
    def is_commentary(self) -> bool:
        """Whether a message tells of the work, not its outcome; one of an unknown phase is an answer."""
        return self.type == "message" and self.data.get("phase") in COMMENTARY_PHASES

    @property
    def commentary(self) -> str:
        """The text of a message that tells of the work; empty for other items."""
        return self._text_of(is_answer_part) if self.is_commentary else ""

    @property
    def text(self) -> str:
        """The text of a message or of an item of an unknown type; empty for reasoning and commentary."""
        return "" if self.is_commentary else self._text_of(is_answer_part)

    @property
    def refusal(self) -> str:
        """The refusal of a message; empty where it has none."""
        return self._text_of(_is_refusal)

    @property
    def reasoning(self) -> str:
        """The summary of a reasoning item, or else its text."""
        if self.type != "reasoning":
            return ""
        summary = "\n\n".join(part_text(part) for part in item_parts(self.data, "summary"))
        return summary or "".join(part_text(part) for part in item_parts(self.data, "content"))

    def _text_of(self, belongs: Callable[[Mapping[str, Any]], bool]) -> str:
        if self.type == "reasoning":
            return ""
        return "".join(part_text(part) for part in item_parts(self.data, "content") if belongs(part))

    @property
    def function_call(self) -> FunctionCall | None:
        """The function call that the item is; None for other items."""
        if self.type != "function_call":
            return None
        call_id = _string(self.data.get("call_id")) or self.id
        return FunctionCall(call_id, _string(self.data.get("name")), _string(self.data.get("arguments")))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the call was billed; None where the backend did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None

    @classmethod
    def read(cls, data: object) -> Usage | None:
        """The usage of a Response object; None where it has none."""
        if not isinstance(data, Mapping):
            return None
        usage = cls(
            input_tokens=_count(data.get("input_tokens")),
            output_tokens=_count(data.get("output_tokens")),
            total_tokens=_count(data.get("total_tokens")),
            cached_tokens=_detail(data, "input_tokens_details", "cached_tokens"),
            reasoning_tokens=_detail(data, "output_tokens_details", "reasoning_tokens"),
        )
        return usage if usage != cls() else None


def item_parts(item: Mapping[str, Any], field: str) -> Iterator[Mapping[str, Any]]:
    """The well-formed parts under ``content`` or ``summary`` of an item."""
    parts = item.get(field)
    if isinstance(parts, str):  # some bridges send the text itself
        yield {"type": "output_text", "text": parts}
    elif isinstance(parts, list):
        for part in parts:
            if isinstance(part, Mapping):
                yield part


def part_text(part: Mapping[str, Any]) -> str:
    """The text of a part, refusals included."""
    return _string(part.get("text")) or (_string(part.get("refusal")) if _is_refusal(part) else "")


def is_answer_part(part: Mapping[str, Any]) -> bool:
    """Whether the text of a part is the answer, neither a refusal nor reasoning."""
    return not _is_refusal(part) and part.get("type") not in _REASONING_PARTS


def _is_refusal(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "refusal"


def _detail(data: Mapping[str, Any], group: str, name: str) -> int | None:
    details = data.get(group)
    return _count(details.get(name)) if isinstance(details, Mapping) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
