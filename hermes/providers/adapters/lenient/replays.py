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
from hermes.providers.adapters.lenient.shapes import TEXT_DELTA, message_text, string
from hermes.providers.contract import AdapterContext, Event

__all__ = ["at_end", "begun", "told", "without_replays"]

_WANTED: Final = ("response.output_text.*", "response.content_part.*", "response.refusal.*")
_MOST_HELD: Final = 64
"""How many events of a message are held back at most; deltas in a row count as one."""


def begun(added: Event, item: Item, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of the event that adds a message."""
    notes = notes_of(context)
    of = notes.message
    if of is None or not of.text or of.phase != item.phase:
        notes.message = item
        return [added]
    item.replay = replay = Replay(of, added, of.text)
    replay.hold(added)
    notes.replays += 1
    context.want(*_WANTED)
    return []


def told(event: Event, item: Item, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of an event about a message that may tell an earlier one again."""
    replay = item.replay
    if replay is None:
        return [event]
    if replay.sure:
        return _moved(event, replay)
    if not _is_up_to_date(replay) or event.type.startswith("response.refusal."):
        return _apart(event, item, replay, context)
    return (_delta if event.type == TEXT_DELTA else _done)(event, item, replay, context)


def at_end(context: AdapterContext) -> Sequence[Event]:
    """What to hand out when the stream ended without a terminal event.

    What a message told again is not told twice, but a message that was begun and not confirmed is known of.
    """
    notes = notes_of(context)
    if not notes.replays:
        return []
    return [item.replay.added for item in notes.items.values() if item.replay is not None and not item.done]


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


def _is_up_to_date(replay: Replay) -> bool:
    """Whether the earlier message still begins as the text that was heard; its own text may grow late."""
    text = replay.of.text
    if text is not replay.text:
        if not text.startswith(replay.text):
            return False
        replay.text = text
    return True


def _delta(event: Event, item: Item, replay: Replay, context: AdapterContext) -> Sequence[Event]:
    piece = string(event.data.get("delta"))
    left = len(replay.text) - replay.heard
    if not replay.text.startswith(piece[:left], replay.heard):
        return _apart(event, item, replay, context)
    if len(piece) >= left:
        rest = piece[left:]
        _make_sure(replay)
        return _moved(event.with_data(delta=rest), replay) if rest else []
    if _goes_on_with(event, replay):
        replay.heard += len(piece)
        return []
    held = _held(event, item, replay, context)
    replay.heard += len(piece)
    return held


def _done(event: Event, item: Item, replay: Replay, context: AdapterContext) -> Sequence[Event]:
    """An event of a message that is no delta; most tell a text as a whole."""
    whole = _whole(event)
    if whole.startswith(replay.text):
        _make_sure(replay)
        return _moved(event, replay)
    # The whole of a part may still be the first of several.
    if event.type == "response.output_item.done" or not replay.text.startswith(whole):
        return _apart(event, item, replay, context)
    return _held(event, item, replay, context)


def _held(event: Event, item: Item, replay: Replay, context: AdapterContext) -> Sequence[Event]:
    if len(replay.held) >= _MOST_HELD:
        return _apart(event, item, replay, context)
    replay.hold(event)
    return []


def _goes_on_with(event: Event, replay: Replay) -> bool:
    """Whether a delta goes on where the last event that is held left off."""
    last = replay.held[-1][1]
    same_part = last.data.get("content_index") == event.data.get("content_index")
    return last.type == TEXT_DELTA and same_part


def _make_sure(replay: Replay) -> None:
    replay.sure, replay.held = True, []


def _apart(event: Event, item: Item, replay: Replay, context: AdapterContext) -> Sequence[Event]:
    """It is another message: what was held is handed out."""
    notes = notes_of(context)
    item.replay, notes.message = None, item
    notes.replays -= 1
    if not notes.places_are_wrong and not notes.replays:
        context.drop(*_WANTED)
    return [*replay.let_go(), event]


def _moved(event: Event, replay: Replay) -> Sequence[Event]:
    """An event of a snapshot as one of the message that grows."""
    if event.type.endswith(".added"):
        return []
    event = event.with_data(output_index=replay.of.index)
    if event.type.endswith(".done"):
        replay.of.note_text(event)
    return [event]


def _whole(event: Event) -> str:
    """The whole text that a done event tells."""
    item, part = event.data.get("item"), event.data.get("part")
    if isinstance(item, Mapping):
        return message_text(item)
    if isinstance(part, Mapping) and event.type.endswith(".done"):
        return string(part.get("text"))
    return string(event.data.get("text"))
