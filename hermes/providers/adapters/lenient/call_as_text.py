"""The call of a tool that the model wrote down in words, in the notation that it was trained on.

It is not shown, and no call is ever read out of text. What else the answer holds counts: a call that was
made, or a message that follows the words. Where nothing follows, the answer is no answer.

https://github.com/openai/harmony
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hermes.providers.adapters.lenient.shapes import (
    TEXT_DELTA,
    has_call,
    item_text,
    mapping,
    new_event,
    response_of,
)
from hermes.providers.adapters.lenient.wordings import is_call
from hermes.providers.contract import AdapterContext, Event, Failure, Notice, Verdict, VerdictKind

__all__ = ["TEXT_EVENTS", "Words", "verdict_on", "without_text", "without_words"]

TEXT_EVENTS: Final = (
    TEXT_DELTA,
    "response.output_text.done",
    "response.content_part.done",
)
"""The events that tell nothing but text."""

_CODE: Final = "tool_call_as_text"
_MESSAGE: Final = "The model wrote the call of a tool as text instead of calling it. Nothing was run."
_HINT: Final = "Ask again, or use another model: this one does not call tools as the backend expects."
_NOTICE: Final = (
    "The model wrote the call of a tool as text before its answer. It is not shown, and nothing was run."
)


class Words:
    """The calls in words of one answer.

    Attributes:
        call_was_made: whether a call came that is one.
    """

    __slots__ = ("_answered", "_came", "_hidden", "call_was_made")

    def __init__(self) -> None:
        self.call_was_made = False
        self._came = False
        # The `output_index` of the messages that are not shown, and whether an answer came after them.
        self._hidden: set[int | None] = set()
        self._answered = False

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._came

    def hide(self, event: Event) -> None:
        """From here on the message that an event is about is not shown."""
        self._hidden.add(_index(event))
        self._came, self._answered = True, False

    def note_message(self, added: Event) -> None:
        """Another message begins, perhaps at the same place."""
        self._hidden -= {_index(added)}

    def note_answer(self) -> None:
        """Text came that is no call."""
        self._answered = self._came

    def hides(self, event: Event) -> bool:
        """Whether an event tells text of a message that is not shown."""
        if not self._hidden or _index(event) not in self._hidden:
            return False
        return event.type in TEXT_EVENTS or event.type == "response.output_item.done"

    def in_place_of(
        self, completed: Event, texts: Sequence[str], context: AdapterContext
    ) -> Sequence[Event] | None:
        """What to put in the place of the end of a good answer; None where it holds no call in words.

        Args:
            completed: the terminal event.
            texts: the text of each message.
            context: gets a notice where words are hidden beside an answer.
        """
        are_calls = [is_call(text) for text in texts if text.strip()]
        if not self._came and not any(are_calls):
            return None
        if self.call_was_made or has_call(response_of(completed)):
            return [without_words(completed)]
        if self._answered or (any(are_calls) and not are_calls[-1]):
            context.report(Notice(_NOTICE, kind="tool"))
            return [without_words(completed)]
        return [new_event("error", error={"code": _CODE, "message": _MESSAGE})]


def without_text(event: Event) -> Sequence[Event]:
    """An event without the text that it tells: what only tells text is left out."""
    if event.type in TEXT_EVENTS:
        return []
    if event.type == "response.output_item.done":
        return [event.with_data(item=_silenced(event.data.get("item")))]
    return [event]


def without_words(event: Event) -> Event:
    """A terminal event whose output tells no call in words."""
    response = response_of(event)
    output = response.get("output")
    if not isinstance(output, list):
        return event
    kept = [_silenced(item) if is_call(item_text(mapping(item))) else item for item in output]
    return event.with_data(response={**response, "output": kept})


def verdict_on(failure: Failure) -> Verdict | None:
    """One more try: it is a slip of the model's, and mostly does not come twice."""
    if failure.event is None or failure.detail.code != _CODE:
        return None
    return Verdict(
        VerdictKind.PROTOCOL,
        retryable=True,
        retries=1,
        message=_MESSAGE,
        hint=_HINT,
        code=_CODE,
        status=failure.status,
        request_id=failure.request_id,
    )


def _silenced(item: object) -> object:
    return {**item, "content": []} if isinstance(item, Mapping) else item


def _index(event: Event) -> int | None:
    index = event.data.get("output_index")
    return index if type(index) is int else None
