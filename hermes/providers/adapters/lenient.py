"""Repairs for OpenAI-compatible backends of unknown manners: lifecycle, items, parts and indexes.

It acts where the accumulator is about to refuse an event, so streams that keep the rules pay nothing for
it. It claims no vendor's event types: what those mean, only an adapter for that vendor knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hermes.providers.contract import AdapterContext, Event, Violation, hookimpl

name: Final = "lenient"
api_version: Final = 1
priority: Final = -500  # after everybody who knows the backend, before builtin
event_types: Final = (
    "response.created",
    "response.output_item.added",
    "response.output_item.done",
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
_NOT_OF_THE_RESPONSE: Final = ("type", "sequence_number", "event_id", "response")
_AFTER_ALL_OTHERS: Final = 1_000_000
"""The place of an item that has none of its own: whatever the stream adds later must not find it taken."""


@hookimpl
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Other spellings of terminal events; and it notes what the stream opened, for later repairs."""
    if event.type == "response.created":
        notes = _notes(context)
        if notes.response_id is None:
            notes.response_id = _response(event).get("id")
        return None
    if event.type in ("response.output_item.added", "response.output_item.done"):
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


@dataclass(slots=True)
class _Item:
    """What is known of an item that the stream opened."""

    kind: str
    id: str
    call_id: str
    done: bool = False
    # Of the parts whose events lack their number: the latest one, and whether it got anything yet.
    part: int = -1
    part_is_fresh: bool = False

    def is_told_by(self, item: Mapping[str, Any]) -> bool:
        """Whether ``item`` is this one told again, and not another one in its place."""
        if self.kind != _string(item.get("type")):
            return False
        for mine, told in ((self.call_id, item.get("call_id")), (self.id, item.get("id"))):
            if mine and told:
                return bool(mine == told)
        return not self.done

    def next_part(self, event: Event) -> int:
        """The number of the part that an event without one belongs to."""
        if event.type.endswith(("content_part.added", "summary_part.added")):
            self.part += not self.part_is_fresh  # the same event twice opens one part
            self.part_is_fresh = True
        else:
            self.part_is_fresh = False
        return max(self.part, 0)


@dataclass(slots=True)
class _Notes:
    """What this stream opened so far."""

    response_id: Any = None
    items: dict[int, _Item] = field(default_factory=dict)

    def index_of(self, *ids: object) -> int | None:
        """The item with one of these ids or call ids."""
        told = [told for told in ids if told and isinstance(told, str)]
        for index, item in self.items.items():
            if item.id in told or item.call_id in told:
                return index
        return None

    def latest(self, kind: str, *, done: bool) -> int | None:
        """The item of this kind that was opened last, among those that are done or those that are not."""
        for index, item in reversed(self.items.items()):
            if item.kind == kind and item.done is done:
                return index
        return None

    def free_index(self, *, at_least: int = 0) -> int:
        """A place that no item has."""
        return max(at_least, max(self.items, default=-1) + 1)


def _notes(context: AdapterContext) -> _Notes:
    if context.scratch.get("attempt") != context.attempt:
        context.scratch.update(attempt=context.attempt, notes=_Notes())
    notes: _Notes = context.scratch["notes"]
    return notes


def _note_item(event: Event, context: AdapterContext) -> None:
    index, item = event.data.get("output_index"), event.data.get("item")
    if type(index) is not int or not isinstance(item, Mapping):
        return
    items = _notes(context).items
    kind = _string(item.get("type"))
    if event.type == "response.output_item.done":
        if index in items and items[index].kind == kind:
            items[index].done = True
    elif index not in items:
        items[index] = _Item(kind, _string(item.get("id")), _string(item.get("call_id")))


# The response.


def _with_created(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    if not event.type.startswith("response."):
        return None
    response = _response(event)
    if event.type == "response.in_progress" and not response:
        return []  # a heartbeat, not the first event of an answer
    _notes(context).response_id = response.get("id")
    created = {**response, "status": "in_progress", "output": []}
    return [_event("response.created", response=created), event]


def _without_second_created(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    told = _response(event).get("id")
    if told is None or told == _notes(context).response_id:
        # The late or repeated event still tells the id and the model.
        return [event.with_data(type="response.in_progress")]
    return None  # another answer begins within this stream


def _response(event: Event) -> dict[str, Any]:
    response = event.data.get("response")
    return response if isinstance(response, dict) else {}


def _lifted(event: Event) -> dict[str, Any]:
    """The response whose fields stand in the event itself: https://github.com/7836246/cursor2api/pull/115."""
    return {name: value for name, value in event.data.items() if name not in _NOT_OF_THE_RESPONSE}


# Items.


def _with_item(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    index = event.data.get("output_index")
    item = event.data.get("item")
    if event.type.startswith("response.output_item.") and not isinstance(item, Mapping):
        return []  # an item event without an item says nothing
    if type(index) is not int:
        return None
    notes = _notes(context)
    named = notes.index_of(*_ids(event))
    if index in notes.items or (named is not None and notes.items[named].kind == _item_type(event)):
        # vLLM counts on between the done events of one item: https://github.com/vllm-project/vllm/pull/31761
        return _at_its_own_place(event, context)
    return [_added(event, index, context), event]


def _without_second_item(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    item = event.data.get("item")
    known = _notes(context).items.get(event.data["output_index"])
    if known is None or not isinstance(item, Mapping):
        return None
    return [] if known.is_told_by(item) else None


def _added(event: Event, index: int, context: AdapterContext) -> Event:
    """The missing ``response.output_item.added`` of the item that an event is about."""
    item = event.data.get("item")
    if isinstance(item, Mapping):
        opened = dict(item)
    else:
        told = {"id": event.data.get("item_id")}
        told.update({name: event.data.get(name) for name in ("call_id", "name")})
        opened = {name: value for name, value in told.items() if isinstance(value, str)}
    opened = {"type": _item_type(event), **opened, "status": "in_progress"}
    added = _event("response.output_item.added", output_index=index, item=opened)
    _note_item(added, context)
    _notes(context).items[index].done = event.type == "response.output_item.done"
    return added


def _at_its_own_place(event: Event, context: AdapterContext) -> Sequence[Event]:
    """For an event at the place of an item of another type; some bridges count only one kind of items.

    https://github.com/BerriAI/litellm/issues/41185
    """
    notes = _notes(context)
    kind = _item_type(event)
    index = notes.index_of(*_ids(event))
    if index is None or notes.items[index].kind != kind:
        index = notes.latest(kind, done=False)
    if index is not None:
        moved = event.with_data(output_index=index)
        _note_item(moved, context)
        return [moved]
    index = notes.free_index(at_least=_AFTER_ALL_OTHERS)
    return [_added(event, index, context), event.with_data(output_index=index)]


# Parts.


def _with_part(event: Event, context: AdapterContext) -> Sequence[Event]:
    known = _notes(context).items.get(event.data["output_index"])
    if known is not None and known.kind not in ("", _item_type(event)):
        return _at_its_own_place(event, context)
    place: dict[str, Any] = {
        name: event.data[name] for name in ("output_index", "item_id") if name in event.data
    }
    if "reasoning_summary" in event.type:
        place["summary_index"] = event.data["summary_index"]
        part = {"type": "summary_text", "text": ""}
        return [_event("response.reasoning_summary_part.added", **place, part=part), event]
    place["content_index"] = event.data["content_index"]
    part = {"type": _part_type(event) or "output_text"}
    return [_event("response.content_part.added", **place, part=part), event]


# Indexes.


def _with_indexes(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    notes = _notes(context)
    index = event.data.get("output_index")
    fields: dict[str, int] = {}
    if type(index) is not int:
        index = fields["output_index"] = _guessed_index(event, notes)
    number = _part_field(event)
    if number and type(event.data.get(number)) is not int:
        item = notes.items.get(index)
        fields[number] = item.next_part(event) if item is not None else 0
    if not fields:
        return None  # the index is there, and is none
    repaired = event.with_data(**fields)
    if event.type in ("response.output_item.added", "response.output_item.done"):
        _note_item(repaired, context)
    return [repaired]


def _guessed_index(event: Event, notes: _Notes) -> int:
    """The item that an event without an index belongs to: by id, by kind, or else a new one."""
    ids = _ids(event)
    index = notes.index_of(*ids)
    if index is not None or event.type == "response.output_item.added":
        return notes.free_index() if index is None else index
    kind = _item_type(event)
    index = notes.latest(kind, done=False)
    if index is not None:
        item = notes.items[index]
        named = any(ids) and bool(item.id or item.call_id)
        # The ids of one message may differ from event to event; those of calls tell the calls apart.
        if not named or kind in ("message", "reasoning"):
            return index
    if not any(ids) and event.type.endswith(("_text.done", "content_part.done")):
        index = notes.latest(kind, done=True)  # its text is told once more
        if index is not None:
            return index
    return notes.free_index()


def _ids(event: Event) -> tuple[object, ...]:
    item = event.data.get("item")
    if isinstance(item, Mapping):
        return item.get("id"), item.get("call_id")
    return event.data.get("item_id"), event.data.get("call_id")


def _part_field(event: Event) -> str:
    """The field that says which part an event is about; empty where it is about none."""
    if "reasoning_summary" in event.type:
        return "summary_index"
    about_content = ("output_text.", "content_part.", "refusal.", "reasoning_text.")
    return "content_index" if event.type.removeprefix("response.").startswith(about_content) else ""


# What an event is about.


def _item_type(event: Event) -> str:
    item = event.data.get("item")
    if isinstance(item, Mapping):
        return _string(item.get("type"))
    if "reasoning" in event.type or _part_type(event) in ("reasoning_text", "summary_text"):
        return "reasoning"
    if "function_call" in event.type:
        return "function_call"
    if "custom_tool_call" in event.type:
        return "custom_tool_call"
    return "message"


def _part_type(event: Event) -> str:
    if ".refusal." in event.type:
        return "refusal"
    if ".reasoning_text." in event.type:
        return "reasoning_text"
    part = event.data.get("part")
    return _string(part.get("type")) if isinstance(part, Mapping) else ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _event(kind: str, **fields: Any) -> Event:
    return Event(kind, {"type": kind, **fields})
