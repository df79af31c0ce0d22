"""Which item an event is about, where its ``output_index`` does not say.

Several items share an index on some backends, others leave it out, or count on within one item. Once a stream
is found to do so, every event of its items comes here, is known by its ids and its kind, and is put at the
place of its item: https://github.com/theopenco/llmgateway/pull/2908,
https://github.com/ggml-org/llama.cpp/issues/20607, https://github.com/vllm-project/vllm/pull/31761
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from hermes.providers.adapters.lenient.notes import Item, Notes, notes_of
from hermes.providers.adapters.lenient.shapes import (
    ITEM_EVENTS,
    ids_of,
    item_type,
    new_event,
    string,
)
from hermes.providers.contract import CALL_TYPES, AdapterContext, Event

__all__ = ["believe_again", "doubt", "is_about_item", "knows", "missing_item", "placed"]

_ABOUT_ITEMS: Final = (
    "response.output_text.",
    "response.content_part.",
    "response.refusal.",
    "response.reasoning",
    "response.function_call_arguments.",
    "response.custom_tool_call_input.",
)
"""The beginnings of the types of events about an item, besides those that add and confirm it."""

_PARTS_ADDED: Final = ("response.content_part.added", "response.reasoning_summary_part.added")

_WANTED: Final = tuple(f"{start}*" for start in _ABOUT_ITEMS)


def is_about_item(event: Event) -> bool:
    """Whether an event tells of an item; one that nobody knows, under a name like theirs, opens none."""
    kind = event.type
    if kind in ITEM_EVENTS or kind in _PARTS_ADDED:
        return True
    return kind.startswith(_ABOUT_ITEMS) and kind.count(".") == 2 and kind.endswith((".delta", ".done"))


def doubt(context: AdapterContext) -> None:
    """From here on no ``output_index`` is believed."""
    notes_of(context).places_are_wrong = True
    context.want(*_WANTED)


def believe_again(context: AdapterContext) -> None:
    """A new answer begins, whose indexes may be right; nothing is known of its items."""
    context.drop(*_WANTED)


def placed(event: Event, context: AdapterContext) -> list[Event]:
    """The event at the place of its item, and before it the event that adds the item, where it is missing."""
    notes = notes_of(context)
    item = event.data.get("item")
    if event.type in ITEM_EVENTS and not isinstance(item, Mapping):
        return []  # an item event without an item says nothing
    place = event.data.get("output_index")
    if event.type == "response.output_item.added":
        if _is_known(event, notes, place):
            return []
        return [event.with_data(output_index=notes.open(event.data["item"], place).index)]
    known = _item_of(event, notes, place)
    if known is not None:
        notes.name(known, string(event.data.get("item_id")))
        return [event.with_data(output_index=known.index)]
    added = missing_item(event)
    index = notes.open(added.data["item"], place).index
    return [added.with_data(output_index=index), event.with_data(output_index=index)]


def knows(event: Event, notes: Notes) -> bool:
    """Whether an item of the kind that an event is about has the id that it names."""
    return any(item.may_be_of(event) for item in notes.named(_names(event)))


def missing_item(event: Event) -> Event:
    """The missing ``response.output_item.added`` of the item that an event is about, at the event's place."""
    item = event.data.get("item")
    if isinstance(item, Mapping):
        opened = dict(item)
    else:
        told = {"id": event.data.get("item_id")}
        told.update({name: event.data.get(name) for name in ("call_id", "name")})
        opened = {name: value for name, value in told.items() if isinstance(value, str)}
    opened = {"type": item_type(event), **opened, "status": "in_progress"}
    return new_event("response.output_item.added", output_index=event.data.get("output_index"), item=opened)


def _is_known(event: Event, notes: Notes, place: object) -> bool:
    """Whether an item is added that was added before."""
    told = event.data["item"]
    named: Iterable[Item] = notes.named(_names(event))
    if type(place) is int:
        named = chain((item for item in named if item.place == place), notes.at(place))
    return any(item.is_told_by(told) for item in named)


def _item_of(event: Event, notes: Notes, place: object) -> Item | None:
    """The item that an event is about; None where it was never added."""
    names = _names(event)
    by_name = (item for item in notes.named(names) if item.may_be_of(event))
    by_place = (item for item in notes.at(place) if item.may_be_of(event) and not _is_another(item, event))
    found = _current(by_name) or _current(by_place)
    if found is not None:
        return found
    if type(place) is int and not any(notes.at(place)):
        return None  # it begins a place of its own
    for item in notes.latest():
        if not item.done and item.may_be_of(event) and not _is_another(item, event):
            return item
    if not names and event.type.endswith(("_text.done", "content_part.done")):  # told once more
        return next((item for item in notes.latest() if item.done and item.may_be_of(event)), None)
    return None


def _current(items: Iterable[Item]) -> Item | None:
    """The first that is not done, or else the last one of the answer."""
    last: Item | None = None
    for item in items:
        if not item.done:
            return item
        if last is None or item.index > last.index:
            last = item
    return last


def _names(event: Event) -> tuple[str, ...]:
    """The id and the call id that an event tells, each once."""
    return tuple(dict.fromkeys(told for told in ids_of(event) if isinstance(told, str) and told))


def _is_another(item: Item, event: Event) -> bool:
    """Whether ids tell that an event is about another item of the same kind.

    The ids of one message may differ from event to event; those of calls tell the calls apart.
    """
    if item.kind not in CALL_TYPES and not item.done:
        return False
    pairs = zip((item.id, item.call_id), ids_of(event), strict=True)
    return any(mine and told and mine != told for mine, told in pairs)
