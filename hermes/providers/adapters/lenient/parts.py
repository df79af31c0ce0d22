"""Parts that were never added, and events that do not say which item or part they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hermes.providers.adapters.lenient import places
from hermes.providers.adapters.lenient.items import noted
from hermes.providers.adapters.lenient.notes import notes_of
from hermes.providers.adapters.lenient.shapes import item_type, new_event, part_field, part_type
from hermes.providers.contract import AdapterContext, Event

__all__ = ["with_indexes", "with_part"]


def with_part(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """The missing event that adds a part, and then the event; or the event at its item's place."""
    notes = notes_of(context)
    known = notes.items.get(event.data["output_index"])
    if known is not None and known.kind not in ("", item_type(event)):
        if notes.places_are_wrong:
            return None
        # Some bridges count only one kind of items: https://github.com/BerriAI/litellm/issues/41185
        places.doubt(context)
        return noted(event, context)
    place: dict[str, Any] = {
        name: event.data[name] for name in ("output_index", "item_id") if name in event.data
    }
    if part_field(event) == "summary_index":
        place["summary_index"] = event.data["summary_index"]
        part = {"type": "summary_text", "text": ""}
        return [new_event("response.reasoning_summary_part.added", **place, part=part), event]
    place["content_index"] = event.data["content_index"]
    part = {"type": part_type(event) or "output_text"}
    return [new_event("response.content_part.added", **place, part=part), event]


def with_indexes(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """The event with the indexes that it lacks."""
    notes = notes_of(context)
    index = event.data.get("output_index")
    if type(index) is not int:
        places.doubt(context)
        return noted(event, context)
    number = part_field(event)
    if not number or type(event.data.get(number)) is int:
        return None  # the index is there, and is none
    item = notes.items.get(index)
    return [event.with_data(**{number: item.next_part(event) if item is not None else 0})]
