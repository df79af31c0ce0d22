"""Items: noted as they come, and put right where they were never added or come twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hermes.providers.adapters.lenient import places, replays
from hermes.providers.adapters.lenient.notes import notes_of
from hermes.providers.adapters.lenient.shapes import ITEM_EVENTS
from hermes.providers.contract import AdapterContext, Event

__all__ = ["noted", "with_item", "without_second_item"]


def noted(event: Event, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of an event about an item."""
    notes = notes_of(context)
    if notes.places_are_wrong:
        return [told for each in places.placed(event, context) for told in _told(each, context)]
    if event.type == "response.output_item.added" and not _opens(event, context):
        return [event]
    return _told(event, context)


def with_item(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """The missing ``response.output_item.added``, and then the event; or the event at its item's place."""
    index = event.data.get("output_index")
    if event.type in ITEM_EVENTS and not isinstance(event.data.get("item"), Mapping):
        return []  # an item event without an item says nothing
    if type(index) is not int:
        return None
    notes = notes_of(context)
    if index not in notes.items and not places.knows(event, notes):
        added = places.missing_item(event)
        return [*noted(added, context), *noted(event, context)]
    places.doubt(context)
    return noted(event, context)


def without_second_item(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Nothing for an item that is added once more; a place of its own for another one."""
    item = event.data.get("item")
    known = notes_of(context).items.get(event.data["output_index"])
    if known is None or not isinstance(item, Mapping):
        return None
    if known.is_told_by(item):
        return []
    places.doubt(context)
    return noted(event, context)


def _opens(event: Event, context: AdapterContext) -> bool:
    """Notes an item that the backend adds; False where its place is taken or none at all."""
    notes = notes_of(context)
    index, item = event.data.get("output_index"), event.data.get("item")
    if type(index) is not int or index < 0 or not isinstance(item, Mapping) or index in notes.items:
        return False
    notes.open(item, index, index)
    return True


def _told(event: Event, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of an event whose place is known."""
    notes = notes_of(context)
    index = event.data.get("output_index")
    item = notes.items.get(index) if type(index) is int else None
    if item is None or not item.may_be_of(event):
        return [event]
    if event.type == "response.output_item.added" and item.replay is None and item.kind == "message":
        return replays.begun(event, item, context)
    events: Sequence[Event] = [event] if item.replay is None else replays.told(event, item, context)
    if event.type.endswith(".done"):
        item.note_text(event)
        item.done = item.done or event.type == "response.output_item.done"
    return events
