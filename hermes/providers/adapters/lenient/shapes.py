"""What an event is about, read without trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hermes.providers.contract import CALL_TYPES, Event

__all__ = [
    "COMPLETED",
    "ITEM_EVENTS",
    "TEXT_DELTA",
    "has_call",
    "ids_of",
    "is_message",
    "item_text",
    "item_type",
    "mapping",
    "message_text",
    "new_event",
    "output_of",
    "part_field",
    "part_type",
    "response_of",
    "string",
    "told_text",
]

ITEM_EVENTS: Final = ("response.output_item.added", "response.output_item.done")
TEXT_DELTA: Final = "response.output_text.delta"
COMPLETED: Final = ("response.completed", "response.done")
"""The terminal event of a good answer; the second is its name in the Realtime API."""


def ids_of(event: Event) -> tuple[object, ...]:
    """The id of the item that an event is about, and its call id, as far as it tells them."""
    item = event.data.get("item")
    if isinstance(item, Mapping):
        return item.get("id"), item.get("call_id")
    return event.data.get("item_id"), event.data.get("call_id")


def item_type(event: Event) -> str:
    """The type of the item that an event is about."""
    item = event.data.get("item")
    if isinstance(item, Mapping):
        return string(item.get("type"))
    if "reasoning" in event.type or part_type(event) in ("reasoning_text", "summary_text"):
        return "reasoning"
    if "function_call" in event.type:
        return "function_call"
    if "custom_tool_call" in event.type:
        return "custom_tool_call"
    return "message"


def part_type(event: Event) -> str:
    """The type of the part that an event is about; empty where it does not tell one."""
    if ".refusal." in event.type:
        return "refusal"
    if part_field(event) == "content_index" and "reasoning" in event.type:
        return "reasoning_text"
    part = event.data.get("part")
    return string(part.get("type")) if isinstance(part, Mapping) else ""


def part_field(event: Event) -> str:
    """The field that says which part an event is about; empty where it is about none."""
    if event.type.startswith(("response.reasoning_summary_text.", "response.reasoning_summary_part.")):
        return "summary_index"
    about_content = ("output_text.", "content_part.", "refusal.")
    if "reasoning" in event.type or event.type.removeprefix("response.").startswith(about_content):
        return "content_index"
    return ""


def told_text(event: Event) -> str | None:
    """The text of a message that an event adds or tells as a whole; None where it is about something else."""
    data = event.data
    if event.type == TEXT_DELTA:
        return string(data.get("delta"))
    if event.type == "response.output_text.done":
        return string(data.get("text"))
    if event.type == "response.content_part.done":
        part = mapping(data.get("part"))
        return None if part.get("type") not in ("output_text", "text") else string(part.get("text"))
    if event.type == "response.output_item.done":
        item = mapping(data.get("item"))
        return item_text(item) if is_message(item) else None
    return None


def response_of(event: Event) -> Mapping[str, Any]:
    """The response that an event tells of; empty where it tells of none."""
    return mapping(event.data.get("response"))


def output_of(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items of a response."""
    output = response.get("output")
    return [item for item in output if isinstance(item, Mapping)] if isinstance(output, list) else []


def has_call(response: Mapping[str, Any]) -> bool:
    """Whether a response lists a call."""
    return any(item.get("type") in CALL_TYPES for item in output_of(response))


def is_message(item: Mapping[str, Any]) -> bool:
    """Whether an item is a message, as one without a type is."""
    return bool(item.get("type", "message") == "message")


def item_text(item: Mapping[str, Any]) -> str:
    """All text of a message; empty for other items."""
    content = item.get("content") if is_message(item) else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(string(mapping(part).get("text")) for part in parts)


def message_text(item: Mapping[str, Any]) -> str:
    """The text of a message; empty where it holds anything else too."""
    content = item.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    if item.get("type") != "message" or not all(isinstance(part, Mapping) for part in parts):
        return ""
    if any(part.get("type") not in ("output_text", "text") for part in parts):
        return ""
    return "".join(string(part.get("text")) for part in parts)


def mapping(value: object) -> Mapping[str, Any]:
    """``value`` where it is a JSON object; empty otherwise."""
    return value if isinstance(value, Mapping) else {}


def string(value: object) -> str:
    """``value`` where it is text; empty otherwise."""
    return value if isinstance(value, str) else ""


def new_event(kind: str, **fields: Any) -> Event:
    """An event that the stream left out."""
    return Event(kind, {"type": kind, **fields})
