"""What an event is about, read without trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hermes.providers.contract import Event

__all__ = [
    "CALLS",
    "ITEM_EVENTS",
    "ids_of",
    "item_type",
    "message_text",
    "new_event",
    "part_field",
    "part_type",
    "string",
]

ITEM_EVENTS: Final = ("response.output_item.added", "response.output_item.done")
CALLS: Final = ("function_call", "custom_tool_call")


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


def string(value: object) -> str:
    """``value`` where it is text; empty otherwise."""
    return value if isinstance(value, str) else ""


def new_event(kind: str, **fields: Any) -> Event:
    """An event that the stream left out."""
    return Event(kind, {"type": kind, **fields})
