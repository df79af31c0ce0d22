"""Repairs for OpenAI-compatible backends of unknown manners: lifecycle, items, parts and indexes.

It acts where the accumulator is about to refuse an event, so streams that keep the rules pay nothing for
it. It claims no vendor's event types: what those mean, only an adapter for that vendor knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hermes.providers.contract import AdapterContext, Event, Violation, hookimpl

name: Final = "lenient"
api_version: Final = 1
priority: Final = -500  # after everybody who knows the backend, before builtin
event_types: Final = (
    "response.created",
    "response.output_item.added",
    "response.done",
    "response.canceled",
    "response.failed",
    "response.incomplete",
)

_TERMINAL_OF_STATUS: Final = {
    "completed": "response.completed",
    "failed": "response.failed",
    "incomplete": "response.incomplete",
    "cancelled": "response.cancelled",
    "canceled": "response.cancelled",
}
_NOT_OF_THE_RESPONSE: Final = ("type", "sequence_number", "event_id")


@hookimpl
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Other spellings of terminal events; and it notes what the stream opened, for later repairs."""
    if event.type == "response.created":
        _notes(context).response_id = _response(event).get("id")
        return None
    if event.type == "response.output_item.added":
        _note_item(event, context)
        return None
    response = _response(event) or _lifted(event)
    if event.type in ("response.failed", "response.incomplete"):
        return None if event.data.get("response") else [event.with_data(response=response)]
    # `response.done` is the Realtime API's spelling: https://github.com/Wei-Shaw/sub2api/issues/1322
    status = response.get("status") or ("cancelled" if event.type == "response.canceled" else "completed")
    terminal = _TERMINAL_OF_STATUS.get(status) if isinstance(status, str) else None
    if terminal is None:
        return None
    return [event.with_data(type=terminal, response=response)]


@hookimpl
def repair_stream_event(
    violation: Violation, event: Event, context: AdapterContext
) -> Sequence[Event] | None:
    """What is missing, put before the event; or the event put right."""
    match violation:
        case Violation.CREATED_MISSING:
            return _with_created(event, context)
        case Violation.CREATED_AGAIN:
            return _without_second_created(event, context)
        case Violation.RESPONSE_MISSING:
            return [event.with_data(response=_lifted(event))]
        case Violation.INDEX_MISSING:
            return _with_indexes(event, context)
        case Violation.ITEM_MISSING:
            return _with_item(event, context)
        case Violation.PART_MISSING:
            return _with_part(event, context)
        case Violation.ITEM_AGAIN:
            return _without_second_item(event, context)
        case Violation.PART_AGAIN | Violation.FRAME_REPEATED:
            return []


class _Notes:
    """What this stream opened so far."""

    def __init__(self) -> None:
        self.response_id: Any = None
        self.created_is_ours = False
        self.items: dict[int, tuple[str, Any]] = {}  # type and id by output_index
        self.latest = 0


def _notes(context: AdapterContext) -> _Notes:
    if context.scratch.get("attempt") != context.attempt:
        context.scratch.update(attempt=context.attempt, notes=_Notes())
    notes: _Notes = context.scratch["notes"]
    return notes


def _note_item(event: Event, context: AdapterContext) -> None:
    index, item = event.data.get("output_index"), event.data.get("item")
    if type(index) is int and isinstance(item, Mapping):
        notes = _notes(context)
        notes.items.setdefault(index, (str(item.get("type")), item.get("id")))
        notes.latest = index


# The response.


def _with_created(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    if not event.type.startswith("response."):
        return None
    response = _response(event)
    if event.type == "response.in_progress" and not response:
        return []  # a heartbeat, not the first event of an answer
    if event.type == "response.completed" and not response:
        response = _lifted(event)
    notes = _notes(context)
    notes.created_is_ours = True
    notes.response_id = response.get("id")
    created = {**response, "status": "in_progress", "output": []}
    return [_event("response.created", response=created), event]


def _without_second_created(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    notes = _notes(context)
    told = _response(event).get("id")
    if notes.created_is_ours or told is None or told == notes.response_id:
        # The late or repeated event still tells the id and the model.
        return [event.with_data(type="response.in_progress")]
    return None


def _response(event: Event) -> dict[str, Any]:
    response = event.data.get("response")
    return response if isinstance(response, dict) else {}


def _lifted(event: Event) -> dict[str, Any]:
    """The response whose fields stand in the event itself: https://github.com/7836246/cursor2api/pull/115."""
    return {
        field: value
        for field, value in event.data.items()
        if field not in (*_NOT_OF_THE_RESPONSE, "response")
    }


# Items.


def _with_item(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    index = event.data.get("output_index")
    item = event.data.get("item")
    if event.type.startswith("response.output_item.") and not isinstance(item, Mapping):
        return []  # an item event without an item says nothing
    if type(index) is not int or index in _notes(context).items:
        return None
    if isinstance(item, Mapping):
        opened = {field: value for field, value in item.items() if field not in ("content", "summary")}
    else:
        opened = {"type": _item_type(event)}
        told = {"id": event.data.get("item_id"), "call_id": event.data.get("call_id")}
        told["name"] = event.data.get("name")
        opened.update({field: value for field, value in told.items() if isinstance(value, str)})
    opened["status"] = "in_progress"
    added = _event("response.output_item.added", output_index=index, item=opened)
    _note_item(added, context)
    return [added, event]


def _without_second_item(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    item = event.data.get("item")
    known = _notes(context).items.get(event.data["output_index"])
    if known is None or not isinstance(item, Mapping):
        return None
    return [] if known == (item.get("type"), item.get("id")) else None


def _with_part(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    index = event.data.get("output_index")
    known = _notes(context).items.get(index) if type(index) is int else None
    wanted = _item_type(event)
    if known is not None and known[0] != wanted and wanted == "message":
        return _moved_to_message(event, context)
    place: dict[str, Any] = {
        field: event.data[field] for field in ("output_index", "item_id") if field in event.data
    }
    if "reasoning_summary" in event.type:
        place["summary_index"] = event.data.get("summary_index")
        part = {"type": "summary_text", "text": ""}
        return [_event("response.reasoning_summary_part.added", **place, part=part), event]
    kind = "output_text"
    if ".refusal." in event.type:
        kind = "refusal"
    elif ".reasoning_text." in event.type:
        kind = "reasoning_text"
    told = event.data.get("part")
    if isinstance(told, Mapping) and isinstance(told.get("type"), str):
        kind = told["type"]
    place["content_index"] = event.data.get("content_index")
    return [_event("response.content_part.added", **place, part={"type": kind}), event]


def _moved_to_message(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Text under the index of a reasoning item or a call belongs to a message that was never added.

    https://github.com/BerriAI/litellm/issues/41185
    """
    notes = _notes(context)
    for index, (kind, _) in reversed(notes.items.items()):
        if kind == "message":
            return [event.with_data(output_index=index)]
    index = max(notes.items, default=-1) + 1
    item = {"type": "message", "role": "assistant", "status": "in_progress"}
    added = _event("response.output_item.added", output_index=index, item=item)
    _note_item(added, context)
    return [added, event.with_data(output_index=index)]


def _with_indexes(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    notes = _notes(context)
    fields: dict[str, Any] = {}
    if type(event.data.get("output_index")) is not int:
        fields["output_index"] = _guessed_index(event, notes)
    for field in ("content_index", "summary_index"):
        if type(event.data.get(field)) is not int and _needs(event, field):
            fields[field] = 0
    if not fields:
        return None
    repaired = event.with_data(**fields)
    if event.type == "response.output_item.added":
        _note_item(repaired, context)
    return [repaired]


def _guessed_index(event: Event, notes: _Notes) -> int:
    """The item that an event without an index belongs to: by id, by kind, or else a new one."""
    item = event.data.get("item")
    told_id: Any = item.get("id") if isinstance(item, Mapping) else event.data.get("item_id")
    kind = item.get("type") if isinstance(item, Mapping) else _item_type(event)
    if told_id is not None:
        for index, (_, known_id) in notes.items.items():
            if known_id == told_id:
                return index
    free: int = max(notes.items, default=-1) + 1
    if event.type == "response.output_item.added":
        return free
    order: list[int] = [notes.latest, *reversed(notes.items)]
    for index in order:
        known = notes.items.get(index)
        if known is not None and known[0] == kind and (told_id is None or known[1] is None):
            return index
    if kind == "message":
        for index, (known_kind, _) in reversed(notes.items.items()):
            if known_kind == kind:
                return index
    return free


def _needs(event: Event, field: str) -> bool:
    if field == "summary_index":
        return "reasoning_summary" in event.type
    return event.type.startswith(
        (
            "response.output_text.",
            "response.content_part.",
            "response.refusal.",
            "response.reasoning_text.",
        )
    )


def _item_type(event: Event) -> str:
    if "reasoning" in event.type:
        return "reasoning"
    if "function_call" in event.type:
        return "function_call"
    if "custom_tool_call" in event.type:
        return "custom_tool_call"
    return "message"


def _event(kind: str, **fields: Any) -> Event:
    return Event(kind, {"type": kind, **fields})
