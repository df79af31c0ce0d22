"""What a stream opened so far, noted for later repairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from hermes.providers.adapters.lenient.shapes import (
    ITEM_EVENTS,
    TEXT_DELTA,
    item_type,
    message_text,
    string,
)
from hermes.providers.contract import CALL_TYPES, AdapterContext, Event

__all__ = ["Item", "Notes", "Replay", "notes_of"]

_LOOKED_AT: Final = 64
"""How many items at most are compared with an event; far more than a backend tells at a time."""


@dataclass(slots=True)
class Replay:
    """A message that may tell an earlier one again, from its beginning.

    Attributes:
        of: the earlier message.
        added: the event that adds it.
        text: the text of the earlier message.
        heard: how many characters of it were told again.
        held: its events so far, kept back until it is known what it is, each with what was heard before it;
            of deltas in a row only the first.
        sure: whether it does tell the earlier one again.
    """

    of: Item
    added: Event
    text: str
    heard: int = 0
    held: list[tuple[int, Event]] = field(default_factory=list)
    sure: bool = False

    def hold(self, event: Event) -> None:
        """Keeps an event back."""
        self.held.append((self.heard, event))

    def let_go(self) -> list[Event]:
        """What was kept back, with one delta for each row of them."""
        ends = [start for start, _ in self.held[1:]] + [self.heard]
        return [
            event.with_data(delta=self.text[start:end]) if event.type == TEXT_DELTA else event
            for (start, event), end in zip(self.held, ends, strict=True)
        ]


@dataclass(slots=True)
class Item:
    """What is known of an item that the stream opened.

    Attributes:
        index: the place that the accumulator knows it by.
        place: the ``output_index`` that the backend gave it; None where it gave none.
        kind: its type.
        id: its first id.
        call_id: of a call.
        phase: of a message.
        done: whether it was confirmed.
        text: of a message, as far as done events told it.
        replay: for a message that may tell another one again.
    """

    index: int
    place: int | None
    kind: str
    id: str
    call_id: str
    phase: str = ""
    done: bool = False
    text: str = ""
    replay: Replay | None = None
    # Of the parts whose events lack their number: the latest one, and whether it got anything yet.
    part: int = -1
    part_is_fresh: bool = False

    @classmethod
    def opened(cls, data: Mapping[str, Any], index: int, place: object) -> Item:
        """The item that an event with this JSON opens."""
        kind, item_id, call_id, phase = (
            string(data.get(name)) for name in ("type", "id", "call_id", "phase")
        )
        return cls(index, place if type(place) is int else None, kind, item_id, call_id, phase)

    def is_told_by(self, data: Mapping[str, Any]) -> bool:
        """Whether ``data`` adds this item again, and not another one in its place."""
        if self.kind != string(data.get("type")) or (self.done and self.kind == "message"):
            return False
        for mine, told in ((self.call_id, data.get("call_id")), (self.id, data.get("id"))):
            if mine and told:
                return bool(mine == told)
        return not self.done

    def may_be_of(self, event: Event) -> bool:
        """Whether an event can be about an item of this type."""
        kind = item_type(event)
        if not self.kind or not kind or self.kind == kind:
            return True
        # The arguments of custom tools come under the name of the others' on some backends.
        return event.type not in ITEM_EVENTS and self.kind in CALL_TYPES and kind in CALL_TYPES

    def note_text(self, event: Event) -> None:
        """Notes the text that a done event tells."""
        item = event.data.get("item")
        if isinstance(item, Mapping):
            told = message_text(item)
            if told and told != self.text:  # an equal one would be kept a second time
                self.text = told
        elif event.type == "response.output_text.done" and not self.done:
            told = string(event.data.get("text"))
            self.text = told if told.startswith(self.text) else self.text + told

    def next_part(self, event: Event) -> int:
        """The number of the part that an event without one belongs to."""
        if event.type.endswith(("content_part.added", "summary_part.added")):
            self.part += not self.part_is_fresh  # the same event twice opens one part
            self.part_is_fresh = True
        else:
            self.part_is_fresh = False
        return max(self.part, 0)


@dataclass(slots=True)
class Notes:
    """What this stream opened so far.

    Attributes:
        response_id: the id of the response.
        invented: whether its ``response.created`` was missing so far.
        has_strays: whether items were opened before it.
        places_are_wrong: whether the ``output_index`` of events cannot be believed, so that every event has
            to be put at the place of its item.
        items: by the place that the accumulator knows them by.
        message: the latest message that is told for the first time.
        replays: how many messages may tell an earlier one again.
    """

    response_id: Any = None
    invented: bool = False
    has_strays: bool = False
    places_are_wrong: bool = False
    items: dict[int, Item] = field(default_factory=dict)
    message: Item | None = None
    replays: int = 0
    _by_name: dict[str, list[Item]] = field(default_factory=dict)
    _by_place: dict[int, list[Item]] = field(default_factory=dict)
    _free: int = 0

    def open(self, data: Mapping[str, Any], place: object, index: int | None = None) -> Item:
        """Notes an item.

        Args:
            data: its JSON.
            place: the ``output_index`` that the backend gave it.
            index: the place that the accumulator knows it by; where it is left out, one that no item has.
        """
        item = Item.opened(data, self._free if index is None else index, place)
        self._free = max(self._free, item.index + 1)
        self.items[item.index] = item
        for name in {item.id, item.call_id} - {""}:
            self._by_name.setdefault(name, []).append(item)
        if item.place is not None:
            self._by_place.setdefault(item.place, []).append(item)
        return item

    def name(self, item: Item, item_id: str) -> None:
        """Notes the id of an item that had none."""
        if item_id and not item.id:
            item.id = item_id
            if item_id != item.call_id:
                self._by_name.setdefault(item_id, []).append(item)

    def named(self, names: Iterable[str]) -> Iterator[Item]:
        """The items with one of these ids or call ids, the latest first for each."""
        for name in names:
            yield from _latest(self._by_name.get(name, ()))

    def at(self, place: object) -> Iterator[Item]:
        """The items that the backend gave this ``output_index``, the latest first."""
        return _latest(self._by_place.get(place, ())) if type(place) is int else iter(())

    def latest(self) -> Iterator[Item]:
        """The items, the latest first."""
        return islice(reversed(self.items.values()), _LOOKED_AT)


def _latest(items: Sequence[Item]) -> Iterator[Item]:
    return islice(reversed(items), _LOOKED_AT)


def notes_of(context: AdapterContext) -> Notes:
    """The notes on the stream of this attempt."""
    if context.scratch.get("attempt") != context.attempt:
        context.scratch.update(attempt=context.attempt, notes=Notes())
    notes: Notes = context.scratch["notes"]
    return notes
