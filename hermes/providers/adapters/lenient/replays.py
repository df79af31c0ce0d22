"""Messages that tell an earlier one again, from its beginning, and go on.

Some backends send the answer as snapshots, each a message of its own that holds the whole of the one before:
https://github.com/NousResearch/hermes-agent/pull/41332. They become one message that grows. Where a message
may be such a snapshot its events are held back until its text differs from the earlier one, or holds all of
it. Text comes here only while such a message is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hermes.providers.adapters.lenient.notes import Item, Replay, notes_of
from hermes.providers.adapters.lenient.shapes import message_text, string
from hermes.providers.contract import AdapterContext, Event

__all__ = ["begun", "told", "without_replays"]

_WANTED: Final = ("response.output_text.*", "response.content_part.*", "response.refusal.*")


def begun(added: Event, item: Item, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of the event that adds a message."""
    of = _earlier(item, context)
    if of is None:
        return [added]
    item.replay = Replay(of, [added])
    context.want(*_WANTED)
    return []


def told(event: Event, item: Item, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of an event about a message that may tell an earlier one again."""
    replay = item.replay
    if replay is None:
        return [event]
    if replay.sure:
        return _moved(event, replay, context)
    earlier = notes_of(context).items[replay.of].text
    if event.type == "response.output_text.delta":
        replay.heard += string(event.data.get("delta"))
        if replay.heard.startswith(earlier):
            replay.sure, replay.held = True, []
            rest = replay.heard[len(earlier) :]
            return _moved(event.with_data(delta=rest), replay, context) if rest else []
        is_open = earlier.startswith(replay.heard)
    elif event.type.startswith("response.refusal."):
        is_open = False
    else:
        whole = _whole(event)
        if whole.startswith(earlier):
            replay.sure, replay.held = True, []
            return _moved(event, replay, context)
        # The whole of a part may still be the first of several.
        is_open = event.type != "response.output_item.done" and earlier.startswith(whole)
    if is_open:
        replay.held.append(event)
        return []
    item.replay = None
    notes = notes_of(context)
    if not notes.places_are_wrong and not any(other.replay for other in notes.items.values()):
        context.drop(*_WANTED)
    return [*replay.held, event]


def without_replays(event: Event) -> Event:
    """A terminal event whose output holds every message once."""
    response = event.data.get("response")
    output = response.get("output") if isinstance(response, Mapping) else None
    if not isinstance(response, Mapping) or not isinstance(output, list):
        return event
    kept: list[Any] = []
    last: int | None = None
    for entry in output:
        if isinstance(entry, Mapping) and entry.get("type") == "message":
            text = message_text(entry)
            if last is not None and _goes_on(kept[last], entry):
                kept[last] = entry
                continue
            last = len(kept) if text else None
        kept.append(entry)
    if len(kept) == len(output):
        return event
    return event.with_data(response={**response, "output": kept})


def _goes_on(earlier: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    same_phase = string(earlier.get("phase")) == string(entry.get("phase"))
    return same_phase and message_text(entry).startswith(message_text(earlier))


def _earlier(item: Item, context: AdapterContext) -> int | None:
    """The message before this one, if its text is known and this one may tell it again."""
    for index, other in reversed(notes_of(context).items.items()):
        if other is not item and other.kind == "message" and other.replay is None:
            return index if other.text and other.phase == item.phase else None
    return None


def _moved(event: Event, replay: Replay, context: AdapterContext) -> Sequence[Event]:
    """An event of a snapshot as one of the message that grows."""
    if event.type.endswith(".added"):
        return []
    event = event.with_data(output_index=replay.of)
    if event.type.endswith(".done"):
        notes_of(context).items[replay.of].note_text(event)
    return [event]


def _whole(event: Event) -> str:
    """The whole text that a done event tells."""
    item, part = event.data.get("item"), event.data.get("part")
    if isinstance(item, Mapping):
        return message_text(item)
    if isinstance(part, Mapping) and event.type.endswith(".done"):
        return string(part.get("text"))
    return string(event.data.get("text"))
