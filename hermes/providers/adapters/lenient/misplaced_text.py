"""Text that is no answer: an error of the backend, or a call of a tool that the model wrote down in words.

Gateways send an error as the text of a good stream under HTTP 200, and a model may write a call in the
notation that it was trained on instead of making it. Neither is shown, and no call is ever read out of text.

Text is held back only while all of it may still turn out to be one of these. An ordinary answer differs
within its first words; from there on its text does not come here at all.

https://github.com/decolua/9router/pull/3315, https://github.com/livekit/agents-js/issues/1632,
https://github.com/openai/harmony
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from hermes.providers.adapters.lenient.wordings import Reading, error_in, is_call, read_start
from hermes.providers.contract import AdapterContext, Event, Failure, Verdict, VerdictKind

__all__ = ["sift", "verdict_on"]

_TEXT_EVENTS: Final = (
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
)
_COMPLETED: Final = ("response.completed", "response.done")
_ITEM_EVENTS: Final = ("response.output_item.added", "response.output_item.done")
_TERMINALS: Final = (
    *_COMPLETED,
    "response.failed",
    "response.incomplete",
    "response.cancelled",
    "response.canceled",
    "error",
)
_EVERYTHING: Final = "*"

_MOST_HELD: Final = 200
"""How many events are held back at most: fewer than what may take the place of one."""
_LONGEST: Final = 4096
"""How many characters of text are looked at; whole error pages are shorter."""
_MOST_CHARACTERS_A_TOKEN: Final = 8
"""On average over a text, which is four for English: https://platform.openai.com/tokenizer"""

_CALL_AS_TEXT: Final = "tool_call_as_text"
_MESSAGE: Final = "The model wrote the call of a tool as text instead of calling it. Nothing was run."
_HINT: Final = "Ask again, or use another model: this one does not call tools as the backend expects."


class _State(Enum):
    """How far the text was read."""

    WATCHING = "watching"
    """No text came yet."""
    HOLDING = "holding"
    """What came may be no answer, and is held back."""
    HIDING = "hiding"
    """What came is a call in words, and is kept from the caller."""
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
    # Whether anything besides the text came, and whether a call did.
    has_more: bool = False
    has_call: bool = False
    last: Event | None = None

    def begin(self, context: AdapterContext) -> None:
        """A message may begin."""
        self.state, self.place, self.text = _State.WATCHING, None, ""
        self.has_more = self.has_more or self.last is not None
        context.want(*_TEXT_EVENTS, *_COMPLETED)

    def give_up(self, context: AdapterContext) -> list[Event]:
        """It is an answer: what was held is handed out, and its further text is not asked for."""
        self.state = _State.OVER
        context.drop(_EVERYTHING, *_TEXT_EVENTS, *_COMPLETED)
        held, self.held, self.text = self.held, [], ""
        return held


def sift(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """What to put in the place of an event; None for the event itself."""
    watch = _watch(context)
    if watch.state is _State.HOLDING:
        return _while_holding(event, watch, context)
    if event.type == "response.created":
        watch.begin(context)
        return None
    if event.type in _ITEM_EVENTS:
        _note_item(event, watch, context)
    if watch.state is _State.HIDING:
        return _while_hiding(event, watch)
    if watch.state is _State.WATCHING:
        return _while_watching(event, watch, context)
    return None


def verdict_on(failure: Failure) -> Verdict | None:
    """One more try for a call in words: it is a slip of the model's, and mostly does not come twice."""
    if failure.event is None or failure.detail.code != _CALL_AS_TEXT:
        return None
    return Verdict(
        VerdictKind.PROTOCOL,
        retryable=True,
        retries=1,
        message=_MESSAGE,
        hint=_HINT,
        code=_CALL_AS_TEXT,
        status=failure.status,
        request_id=failure.request_id,
    )


def _watch(context: AdapterContext) -> _Watch:
    watch = context.scratch.get("misplaced_text")
    if not isinstance(watch, _Watch) or watch.attempt != context.attempt:
        watch = context.scratch["misplaced_text"] = _Watch(context.attempt)
    return watch


def _note_item(event: Event, watch: _Watch, context: AdapterContext) -> None:
    item = _mapping(event.data.get("item"))
    if item.get("type", "message") == "message":
        if event.type == "response.output_item.added" and watch.state is _State.OVER:
            watch.begin(context)
        return
    watch.has_more = True
    watch.has_call = watch.has_call or _is_call_item(item)


# The three states in which the text is looked at.


def _while_watching(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event] | None:
    if event.type in _COMPLETED:
        # The text may stand there only, as in the answer to a request without `stream`.
        watch.text = _text_of_output(_response(event))
        return _judged(event, watch)
    if not _told_text(event):
        return None
    watch.last = event
    watch.place = _place(event)
    _read(event, watch)
    reading = _reading(watch)
    if reading is Reading.ANSWER:
        watch.give_up(context)
        return None
    if reading is Reading.CALL:
        watch.state = _State.HIDING
        return _hidden(event)
    watch.state = _State.HOLDING
    watch.held = [event]
    # The events after it have to wait too, or they would overtake it.
    context.want(_EVERYTHING)
    return []


def _while_holding(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event] | None:
    if event.type in _TERMINALS:
        return _ended(event, watch, context)
    if len(watch.held) >= _MOST_HELD or _begins_something_else(event, watch):
        return _released(event, watch, context)
    watch.held.append(event)
    if _told_text(event) is None or _is_repeated(event, watch):
        return []
    watch.last = event
    _read(event, watch)
    reading = _reading(watch)
    if reading is Reading.ANSWER:
        return watch.give_up(context)
    if reading is Reading.CALL:
        watch.state = _State.HIDING
        context.drop(_EVERYTHING)
        held, watch.held = watch.held, []
        return [shown for held_event in held for shown in _hidden(held_event)]
    return []


def _while_hiding(event: Event, watch: _Watch) -> Sequence[Event] | None:
    if event.type in _TEXT_EVENTS or event.type == "response.output_item.done":
        return _hidden(event) if _place(event)[0] == (watch.place or (None,))[0] else None
    if event.type not in _TERMINALS:
        return None
    if event.type in _COMPLETED and not watch.has_call and not _has_call(_response(event)):
        return [_error(code=_CALL_AS_TEXT, message=_MESSAGE)]
    return [_without_call_text(event)]


def _ended(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event]:
    """The answer is over while its text is held back."""
    if event.type in _COMPLETED:
        watch.text = _text_of_output(_response(event)) or watch.text
        judged = _judged(event, watch)
        if judged is not None:
            watch.give_up(context)
            return judged
    return [*watch.give_up(context), event]


def _judged(event: Event, watch: _Watch) -> Sequence[Event] | None:
    """What to put in the place of a completed response that holds no answer; None where it holds one."""
    response, text = _response(event), watch.text[: _LONGEST + 1]
    if is_call(text):
        if watch.has_call or _has_call(response):
            return [_without_call_text(event)]
        return [_error(code=_CALL_AS_TEXT, message=_MESSAGE)]
    if watch.has_more or len(text) > _LONGEST or _has_more(response) or _was_written(text, response):
        return None
    error = error_in(text)
    return None if error is None else [Event("error", {**error, "type": "error"})]


def _released(event: Event, watch: _Watch, context: AdapterContext) -> Sequence[Event]:
    held = watch.give_up(context)
    if event.type == "response.created":
        watch.begin(context)
    elif event.type in _ITEM_EVENTS:
        _note_item(event, watch, context)
    return [*held, event]


def _begins_something_else(event: Event, watch: _Watch) -> bool:
    """Whether an event shows that the text held back is not all of the answer."""
    if event.type in ("response.created", "response.output_item.added"):
        return True
    if event.type == "response.output_item.done":
        return _told_text(event) is None
    return _told_text(event) is not None and _place(event) != watch.place


def _reading(watch: _Watch) -> Reading:
    reading = read_start(watch.text[:_LONGEST], errors=not watch.has_more)
    is_too_long = reading is Reading.OPEN and len(watch.text) > _LONGEST
    return Reading.ANSWER if is_too_long else reading


def _is_repeated(event: Event, watch: _Watch) -> bool:
    """Whether a frame came twice; some backends number every frame 0."""
    return bool(event.data.get("sequence_number")) and event == watch.last


# What events tell.


def _read(event: Event, watch: _Watch) -> None:
    told = _told_text(event) or ""
    if event.type == "response.output_text.delta":
        watch.text += told
    elif told.startswith(watch.text):
        watch.text = told


def _told_text(event: Event) -> str | None:
    """The text that an event adds or tells as a whole; None where it is about something else."""
    data = event.data
    if event.type == "response.output_text.delta":
        return _string(data.get("delta"))
    if event.type == "response.output_text.done":
        return _string(data.get("text"))
    if event.type == "response.content_part.done":
        part = _mapping(data.get("part"))
        return None if part.get("type") not in ("output_text", "text") else _string(part.get("text"))
    if event.type == "response.output_item.done":
        item = _mapping(data.get("item"))
        return _text_of_item(item) if item.get("type", "message") == "message" else None
    return None


def _place(event: Event) -> tuple[object, object]:
    return event.data.get("output_index"), event.data.get("content_index", 0)


def _hidden(event: Event) -> Sequence[Event]:
    """An event without the text that it tells: what only tells text is left out."""
    if event.type in _TEXT_EVENTS:
        return []
    if event.type == "response.output_item.done":
        return [event.with_data(item=_silenced(event.data.get("item")))]
    return [event]


def _silenced(item: object) -> object:
    return {**item, "content": []} if isinstance(item, Mapping) else item


def _without_call_text(event: Event) -> Event:
    response = _response(event)
    output = response.get("output")
    if not isinstance(output, list):
        return event
    kept = [_silenced(item) if is_call(_text_of_item(item)) else item for item in output]
    return event.with_data(response={**response, "output": kept})


def _response(event: Event) -> Mapping[str, Any]:
    return _mapping(event.data.get("response"))


def _text_of_output(response: Mapping[str, Any]) -> str:
    return "".join(_text_of_item(item) for item in _output(response))


def _text_of_item(item: object) -> str:
    item = _mapping(item)
    content = item.get("content") if item.get("type", "message") == "message" else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(_string(_mapping(part).get("text")) for part in parts)


def _has_more(response: Mapping[str, Any]) -> bool:
    return any(item.get("type", "message") != "message" for item in _output(response))


def _has_call(response: Mapping[str, Any]) -> bool:
    return any(_is_call_item(item) for item in _output(response))


def _is_call_item(item: Mapping[str, Any]) -> bool:
    return item.get("type") in ("function_call", "custom_tool_call")


def _output(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    output = response.get("output")
    return [item for item in output if isinstance(item, Mapping)] if isinstance(output, list) else []


def _was_written(text: str, response: Mapping[str, Any]) -> bool:
    """Whether a model wrote the text, as it may be asked to: then the tokens that it takes were billed."""
    tokens = _mapping(response.get("usage")).get("output_tokens")
    return type(tokens) is int and tokens * _MOST_CHARACTERS_A_TOKEN >= len(text)


def _error(**error: str) -> Event:
    return Event("error", {"type": "error", "error": error})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
