"""Text that is no answer, watched from the first word of each message: an error, or a call of a tool.

Text is held back only while all of it may still turn out to be one of these. An ordinary answer differs
within its first words; from there on its text does not come here at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hermes.providers.adapters.lenient.call_as_text import (
    TEXT_EVENTS,
    Words,
    without_text,
    without_words,
)
from hermes.providers.adapters.lenient.error_as_text import LONGEST, error_of
from hermes.providers.adapters.lenient.shapes import (
    COMPLETED,
    ITEM_EVENTS,
    TEXT_DELTA,
    is_message,
    item_text,
    mapping,
    output_of,
    response_of,
    told_text,
)
from hermes.providers.adapters.lenient.wordings import Reading, is_call, read_start
from hermes.providers.contract import CALL_TYPES, AdapterContext, Event

__all__ = ["at_end", "sift"]

_TERMINALS: Final = (
    *COMPLETED,
    "response.failed",
    "response.incomplete",
    "response.cancelled",
    "response.canceled",
    "error",
)
_EVERYTHING: Final = "*"

_MOST_HELD: Final = 200
"""How many events are held back at most: fewer than what may take the place of one."""


class _State(Enum):
    """How far the text of a message was read."""

    WATCHING = "watching"
    """No text came yet."""
    HOLDING = "holding"
    """What came may be no answer, and is held back."""
    OVER = "over"
    """What came is an answer."""


@dataclass(slots=True)
class _Watch:
    """What is known of the text of one attempt."""

    attempt: int
    state: _State = _State.OVER
    place: tuple[object, object] | None = None
    text: str = ""
    held: list[Event] = field(default_factory=list)
    # Whether anything came besides the text that is read.
    has_more: bool = False
    last: Event | None = None
    words: Words = field(default_factory=Words)

    def begin(self, context: AdapterContext) -> None:
        """A message may begin."""
        self.state, self.place, self.text = _State.WATCHING, None, ""
        self.has_more = self.has_more or self.last is not None
        context.want(*TEXT_EVENTS)

    def give_up(self, context: AdapterContext) -> list[Event]:
        """It is an answer: what was held is handed out, and its further text is not asked for."""
        if self.text.strip():
            self.words.note_answer()
        self.state = _State.OVER
        context.drop(_EVERYTHING)
        if not self.words:
            context.drop(*TEXT_EVENTS)
        held, self.held, self.text = self.held, [], ""
        return held

    def hide(self, event: Event, context: AdapterContext) -> list[Event]:
        """The message that ``event`` is about is a call in words: what was held goes without them."""
        self.words.hide(event)
        context.drop(_EVERYTHING)
        held, self.held = self.held, []
        self.begin(context)
        return [shown for held_event in held for shown in without_text(held_event)]


def sift(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """What to put in the place of an event; None for the event itself."""
    watch = _watch(context)
    if watch.state is _State.HOLDING:
        return _while_holding(event, watch, context)
    if event.type == "response.created":
        watch.begin(context)
        return None
    if event.type in ITEM_EVENTS:
        _note_item(event, watch, context)
    if watch.words.hides(event):
        return without_text(event)
    if event.type in COMPLETED and (watch.words or watch.state is _State.WATCHING):
        return _completed(event, watch, context)
    if watch.words and event.type in _TERMINALS:
        return [without_words(event)]
    return _while_watching(event, watch, context) if watch.state is _State.WATCHING else None


def at_end(context: AdapterContext) -> Sequence[Event]:
    """What to hand out when the stream ended without a terminal event."""
    watch = _watch(context)
    if watch.state is not _State.HOLDING:
        return []
    error = None if watch.has_more else error_of(watch.text, {})
    held = _let_go(watch, context)
    return held if error is None else [error]


def _watch(context: AdapterContext) -> _Watch:
    watch = context.scratch.get("misplaced_text")
    if not isinstance(watch, _Watch) or watch.attempt != context.attempt:
        watch = context.scratch["misplaced_text"] = _Watch(context.attempt)
    return watch


def _note_item(event: Event, watch: _Watch, context: AdapterContext) -> None:
    item = mapping(event.data.get("item"))
    if not is_message(item):
        watch.has_more = True
        watch.words.call_was_made |= item.get("type") in CALL_TYPES
    elif event.type == "response.output_item.added":
        watch.words.note_message(event)
        if watch.state is _State.OVER:
            watch.begin(context)


# The two states in which the text is looked at.


def _while_watching(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event] | None:
    if not told_text(event):
        return None
    watch.last = event
    watch.place = _place(event)
    _read(event, watch)
    reading = _reading(watch)
    if reading is Reading.ANSWER:
        watch.give_up(context)
        return None
    watch.held = [event]
    if reading is Reading.CALL:
        return watch.hide(event, context)
    watch.state = _State.HOLDING
    # The events after it have to wait too, or they would overtake it.
    context.want(_EVERYTHING)
    return []


def _while_holding(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event] | None:
    if event.type in COMPLETED:
        return _completed(event, watch, context)
    if event.type in _TERMINALS:
        return _released(_let_go(watch, context), event, watch, context)
    if len(watch.held) >= _MOST_HELD:
        return _released(watch.give_up(context), event, watch, context)
    if _begins_something_else(event, watch):
        return _released(_let_go(watch, context), event, watch, context)
    watch.held.append(event)
    if told_text(event) is None or _is_repeated(event, watch):
        return []
    watch.last = event
    _read(event, watch)
    reading = _reading(watch)
    if reading is Reading.ANSWER:
        return watch.give_up(context)
    return watch.hide(event, context) if reading is Reading.CALL else []


def _completed(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event] | None:
    """What to put in the place of the end of a good answer."""
    response = response_of(event)
    # The text may stand there only, as in the answer to a request without `stream`.
    texts = [text for item in output_of(response) if (text := item_text(item))] or [watch.text]
    error = None if watch.has_more else error_of("".join(texts), response)
    if error is not None:
        watch.give_up(context)
        return [error]
    held: Sequence[Event] = []
    if watch.state is _State.HOLDING:
        if texts[-1].startswith(watch.text):
            watch.text = texts[-1]
        held = _let_go(watch, context)
    told = watch.words.in_place_of(event, texts, context)
    return [*held, *([event] if told is None else told)]


def _let_go(watch: _Watch, context: AdapterContext) -> list[Event]:
    """No more text comes for what is held: it is the head of a call, or an answer."""
    if watch.last is not None and is_call(watch.text):
        return watch.hide(watch.last, context)
    return watch.give_up(context)


def _released(held: Sequence[Event], event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event]:
    """What was held, and the event that comes after it, read anew."""
    told = sift(event, context)
    return [*held, *([event] if told is None else told)]


def _begins_something_else(event: Event, watch: _Watch) -> bool:
    """Whether an event shows that the text held back is not all of the answer."""
    if event.type in ("response.created", "response.output_item.added"):
        return True
    if event.type == "response.output_item.done":
        return told_text(event) is None
    return told_text(event) is not None and _place(event) != watch.place


def _reading(watch: _Watch) -> Reading:
    reading = read_start(watch.text[:LONGEST], errors=not watch.has_more)
    is_too_long = reading is Reading.OPEN and len(watch.text) > LONGEST
    return Reading.ANSWER if is_too_long else reading


def _is_repeated(event: Event, watch: _Watch) -> bool:
    """Whether a frame came twice; some backends number every frame 0."""
    return bool(event.data.get("sequence_number")) and event == watch.last


def _read(event: Event, watch: _Watch) -> None:
    told = told_text(event) or ""
    if event.type == TEXT_DELTA:
        watch.text += told
    elif told.startswith(watch.text):
        watch.text = told


def _place(event: Event) -> tuple[object, object]:
    return event.data.get("output_index"), event.data.get("content_index", 0)
