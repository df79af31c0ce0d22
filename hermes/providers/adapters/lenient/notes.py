"""What a stream opened so far, noted for later repairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hermes.providers.adapters.lenient.shapes import CALLS, ITEM_EVENTS, item_type, message_text, string
from hermes.providers.contract import AdapterContext, Event

__all__ = ["Item", "Notes", "Replay", "notes_of"]


@dataclass(slots=True)
class Replay:
    """A message that may tell an earlier one again, from its beginning.

    Attributes:
        of: the place of the earlier message.
        held: its events so far, kept back until it is known what it is.
        heard: its text so far.
        sure: whether it does tell the earlier one again.
    """

    of: int
    held: list[Event]
    heard: str = ""
    sure: bool = False


@dataclass(slots=True)
class Item:
    """What is known of an item that the stream opened.

    Attributes:
        kind: its type.
        id: its first id.
        call_id: of a call.
        phase: of a message.
        places: every ``output_index`` that the backend gave it.
        done: whether it was confirmed.
        text: of a message, as far as done events told it.
        replay: for a message that may tell another one again.
    """

    kind: str
    id: str
    call_id: str
    phase: str = ""
    places: set[int] = field(default_factory=set)
    done: bool = False
    text: str = ""
    replay: Replay | None = None
    # Of the parts whose events lack their number: the latest one, and whether it got anything yet.
    part: int = -1
    part_is_fresh: bool = False

    @classmethod
    def opened(cls, data: Mapping[str, Any], place: object) -> Item:
        """The item that an event with this JSON opens."""
        kind, item_id, call_id, phase = (
            string(data.get(name)) for name in ("type", "id", "call_id", "phase")
        )
        return cls(kind, item_id, call_id, phase, {place} if type(place) is int else set())

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
        return event.type not in ITEM_EVENTS and self.kind in CALLS and kind in CALLS

    def note_text(self, event: Event) -> None:
        """Notes the text that a done event tells."""
        item = event.data.get("item")
        if isinstance(item, Mapping):
            self.text = message_text(item) or self.text
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
    """

    response_id: Any = None
    invented: bool = False
    has_strays: bool = False
    places_are_wrong: bool = False
    items: dict[int, Item] = field(default_factory=dict)

    def free_index(self) -> int:
        """A place that no item has."""
        return max(self.items, default=-1) + 1


def notes_of(context: AdapterContext) -> Notes:
    """The notes on the stream of this attempt."""
    if context.scratch.get("attempt") != context.attempt:
        context.scratch.update(attempt=context.attempt, notes=Notes())
    notes: Notes = context.scratch["notes"]
    return notes
