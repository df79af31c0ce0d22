"""From events to an answer: a strict state machine without I/O.

It enforces the order of https://platform.openai.com/docs/api-reference/responses-streaming and refuses
an event before it changes any state, so that an adapter can repair the stream and go on. Text comes
from items and deltas; the ``output`` of the terminal event only fills what they left open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hermes.errors import StreamOrderError
from hermes.responses.builders import GrowingText, ItemBuilder, Part, delta_kind
from hermes.responses.events import Delta, Event
from hermes.responses.items import OutputItem, Usage
from hermes.responses.violations import Violation

__all__ = ["Accumulator", "Answer"]

_NO_DELTAS: Final[tuple[Delta, ...]] = ()
_BEFORE_CREATED: Final = frozenset({"response.created", "response.failed", "response.incomplete", "error"})
_STATUS_OF_TERMINAL: Final = {
    "response.completed": "completed",
    "response.failed": "failed",
    "response.incomplete": "incomplete",
    "response.cancelled": "cancelled",
}
_STATUSES: Final = frozenset(_STATUS_OF_TERMINAL.values())


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accumulator knows.

    Attributes:
        items: the output items in their order.
        response: the fields of the Response object, without its output.
        status: ``completed``, ``failed``, ``incomplete`` or ``cancelled``; empty without a terminal event.
        terminal: the terminal event; None where none came.
        open_items: how many items were begun and not confirmed.
    """

    items: tuple[OutputItem, ...] = ()
    response: Mapping[str, Any] | None = None
    status: str = ""
    terminal: Event | None = None
    open_items: int = 0

    @property
    def usage(self) -> Usage | None:
        """The tokens billed; None where the backend did not say."""
        return Usage.read((self.response or {}).get("usage"))

    @property
    def text(self) -> str:
        """The text of all messages."""
        return "".join(item.text for item in self.items)

    @property
    def is_usable(self) -> bool:
        """Whether there is text, a refusal or a whole call: anything that a caller could use."""
        return any(item.text or item.refusal or (item.confirmed and item.is_call) for item in self.items)


class Accumulator:
    """Takes the events of one stream, one by one.

    Args:
        tolerate_prelude: ignore events that are neither ``response.*`` nor ``error`` before
            ``response.created`` instead of refusing them.
    """

    def __init__(self, *, tolerate_prelude: bool = False) -> None:
        self.terminal: Event | None = None
        """The terminal event, once it came. Everything after it is ignored."""
        self._tolerate_prelude = tolerate_prelude
        self._created = False
        self._response: dict[str, Any] = {}
        self._items: dict[int, ItemBuilder] = {}
        self._status = ""
        self._last: Event | None = None
        self._last_number: object = None
        self._handlers: dict[str, Callable[[Event], tuple[Delta, ...]]] = {
            "response.created": self._on_created,
            "response.in_progress": self._on_progress,
            "response.queued": self._on_progress,
            "response.output_item.added": self._on_item_added,
            "response.output_item.done": self._on_item_done,
            "response.content_part.added": self._on_part_added,
            "response.content_part.done": self._on_part_done,
            "response.output_text.delta": self._on_text_delta,
            "response.output_text.done": self._on_text_done,
            "response.refusal.delta": self._on_refusal_delta,
            "response.refusal.done": self._on_refusal_done,
            "response.reasoning_text.delta": self._on_reasoning_delta,
            "response.reasoning_text.done": self._on_reasoning_done,
            "response.reasoning_summary_part.added": self._on_summary_part_added,
            "response.reasoning_summary_part.done": self._on_summary_part_done,
            "response.reasoning_summary_text.delta": self._on_summary_delta,
            "response.reasoning_summary_text.done": self._on_summary_done,
            "response.function_call_arguments.delta": self._on_arguments_delta,
            "response.function_call_arguments.done": self._on_arguments_done,
            "response.custom_tool_call_input.delta": self._on_arguments_delta,
            "response.custom_tool_call_input.done": self._on_arguments_done,
            "response.completed": self._on_terminal,
            "response.failed": self._on_terminal,
            "response.incomplete": self._on_terminal,
            "response.cancelled": self._on_terminal,
            "error": self._on_error,
        }

    def feed(self, event: Event) -> tuple[Delta, ...]:
        """Takes one event and gives what it adds to the answer.

        Raises:
            StreamOrderError: the event cannot come here. Nothing was changed.
        """
        if self.terminal is not None:
            return _NO_DELTAS
        if not self._created and event.type not in _BEFORE_CREATED:
            return self._before_created(event)
        handler = self._handlers.get(event.type)
        if handler is None:
            return _NO_DELTAS
        number = event.data.get("sequence_number")
        if number is not None and number == self._last_number:
            self._refuse_repetition(event)
        deltas = handler(event)
        self._last = event
        self._last_number = number
        return deltas

    def answer(self) -> Answer:
        """Everything that is known now."""
        builders = [self._items[index] for index in sorted(self._items)]
        return Answer(
            items=tuple(builder.built() for builder in builders),
            response=dict(self._response),
            status=self._status,
            terminal=self.terminal,
            open_items=sum(not builder.confirmed for builder in builders),
        )

    # Before the handshake.

    def _before_created(self, event: Event) -> tuple[Delta, ...]:
        if self._tolerate_prelude and not event.type.startswith("response."):
            return _NO_DELTAS
        name = event.type[:80] or "an event without a type"
        raise StreamOrderError(
            f"Expected to have received `response.created` before `{name}`",
            violation=Violation.CREATED_MISSING,
            event=event,
        )

    def _refuse_repetition(self, event: Event) -> None:
        # Some backends number every frame 0: https://github.com/ggml-org/llama.cpp/pull/24957
        if self._last == event and event.data.get("sequence_number") != 0:
            raise self._refusal(event, Violation.FRAME_REPEATED, "came twice")

    # The life of the response.

    def _on_created(self, event: Event) -> tuple[Delta, ...]:
        if self._created:
            raise self._refusal(event, Violation.CREATED_AGAIN, "came a second time")
        response = event.data.get("response")
        if not isinstance(response, Mapping):
            raise self._refusal(event, Violation.RESPONSE_MISSING, "has no `response`")
        self._created = True
        self._merge(response)
        return _NO_DELTAS

    def _on_progress(self, event: Event) -> tuple[Delta, ...]:
        response = event.data.get("response")
        if isinstance(response, Mapping):  # a heartbeat carries none, or a part of it
            self._merge(response)
        return _NO_DELTAS

    def _on_terminal(self, event: Event) -> tuple[Delta, ...]:
        response = event.data.get("response")
        if not isinstance(response, Mapping):
            if event.type == "response.completed":
                raise self._refusal(event, Violation.RESPONSE_MISSING, "has no `response`")
            response = {}
        told = response.get("status")
        status = told if told in _STATUSES else _STATUS_OF_TERMINAL[event.type]
        deltas = self._fill_from_output(response.get("output"), confirmed=status == "completed")
        self._merge(response)
        self._response["status"] = self._status = status
        self.terminal = event
        return deltas

    def _on_error(self, event: Event) -> tuple[Delta, ...]:
        self._status = "failed"
        self.terminal = event
        return _NO_DELTAS

    def _merge(self, response: Mapping[str, Any]) -> None:
        for name, value in response.items():
            if value is not None and name != "output":
                self._response[name] = value

    def _fill_from_output(self, output: object, *, confirmed: bool) -> tuple[Delta, ...]:
        """Takes from the terminal output what the items' own events did not tell."""
        deltas: list[Delta] = []
        taken: set[int] = set()
        for place, data in enumerate(output if isinstance(output, list) else ()):
            if not isinstance(data, Mapping):
                continue
            builder = self._match(data, place, taken)
            if builder is None:
                index = place if place not in self._items else max(self._items) + 1
                builder = self._items[index] = ItemBuilder(index, data)
            taken.add(builder.index)
            if not builder.confirmed:
                pieces = builder.absorb(data, final=False)
                deltas += [Delta(kind, text, builder.index) for kind, text in pieces]
                builder.confirmed = confirmed
        if confirmed:
            for builder in self._items.values():
                builder.confirmed = builder.confirmed or builder.is_whole()
        return tuple(deltas)

    def _match(self, data: Mapping[str, Any], place: int, taken: set[int]) -> ItemBuilder | None:
        """The item that an entry of the terminal output is, by call id, id, or place and type."""
        candidates = [builder for builder in self._items.values() if builder.index not in taken]
        for field in ("call_id", "id"):
            told = data.get(field)
            if isinstance(told, str) and told:
                for builder in candidates:
                    if builder.data.get(field) == told:
                        return builder
        alike = [builder for builder in candidates if builder.may_be(data)]
        for builder in alike:
            if builder.index == place:
                return builder
        return alike[0] if len(alike) == 1 else None

    # Items and parts.

    def _on_item_added(self, event: Event) -> tuple[Delta, ...]:
        index = self._index(event, "output_index")
        item = event.data.get("item")
        if not isinstance(item, Mapping):
            raise self._refusal(event, Violation.ITEM_MISSING, "has no `item`")
        if index in self._items:
            raise self._refusal(event, Violation.ITEM_AGAIN, f"names output_index {index}, which is taken")
        self._items[index] = ItemBuilder(index, item)
        return _NO_DELTAS

    def _on_item_done(self, event: Event) -> tuple[Delta, ...]:
        item = event.data.get("item")
        builder = self._item(event)
        if not isinstance(item, Mapping):
            raise self._refusal(event, Violation.ITEM_MISSING, "has no `item`")
        kind = item.get("type")
        if isinstance(kind, str) and kind != builder.type:
            message = f"is a `{kind[:40]}`, but output_index {builder.index} is a `{builder.type[:40]}`"
            raise self._refusal(event, Violation.ITEM_MISSING, message)
        pieces = builder.absorb(item, final=True)
        builder.confirmed = item.get("status") != "incomplete"
        return tuple(Delta(kind, text, builder.index) for kind, text in pieces)

    def _on_part_added(self, event: Event) -> tuple[Delta, ...]:
        return self._add_part(event, self._item(event), "content_index")

    def _on_summary_part_added(self, event: Event) -> tuple[Delta, ...]:
        return self._add_part(event, self._item(event), "summary_index")

    def _add_part(self, event: Event, builder: ItemBuilder, field: str) -> tuple[Delta, ...]:
        number = self._index(event, field)
        parts = builder.content if field == "content_index" else builder.summary
        if number in parts:
            raise self._refusal(event, Violation.PART_AGAIN, f"names {field} {number}, which is taken")
        told = event.data.get("part")
        told = told if isinstance(told, Mapping) else {}
        part = Part(told if field == "content_index" else {"type": "summary_text", **told})
        parts[number] = part
        # A part that comes with its text sends the same text again as deltas on some backends:
        # https://github.com/danielmiessler/Fabric/pull/1686. The deltas and done events are believed.
        part.data.pop("text", None)
        return _NO_DELTAS

    def _on_part_done(self, event: Event) -> tuple[Delta, ...]:
        return self._settle_part(event, "content_index", event.data.get("part"))

    def _on_summary_part_done(self, event: Event) -> tuple[Delta, ...]:
        return self._settle_part(event, "summary_index", event.data.get("part"))

    def _settle_part(self, event: Event, field: str, told: object) -> tuple[Delta, ...]:
        builder = self._item(event)
        part = self._part(event, builder, field)
        if not isinstance(told, Mapping):
            return _NO_DELTAS
        text = told.get("refusal" if part.kind == "refusal" else "text")
        part.data.update({k: v for k, v in told.items() if v is not None and k not in ("type", "text")})
        return self._settled(builder, part, text, delta_kind(builder.type, part.kind))

    # Text.

    def _on_text_delta(self, event: Event) -> tuple[Delta, ...]:
        data = event.data
        builder = self._item(event)
        part = self._part(event, builder, "content_index")
        delta = data.get("delta")
        if type(delta) is not str or not delta:
            return _NO_DELTAS
        part.write(delta)
        return (Delta("text", delta, builder.index),)

    def _on_refusal_delta(self, event: Event) -> tuple[Delta, ...]:
        return self._grow_part(event, "content_index", "refusal")

    def _on_reasoning_delta(self, event: Event) -> tuple[Delta, ...]:
        return self._grow_part(event, "content_index", "reasoning")

    def _on_summary_delta(self, event: Event) -> tuple[Delta, ...]:
        return self._grow_part(event, "summary_index", "reasoning")

    def _on_arguments_delta(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        delta = event.data.get("delta")
        if type(delta) is not str or not delta:
            return _NO_DELTAS
        builder.arguments.write(delta)
        return (Delta("arguments", delta, builder.index),)

    def _grow_part(self, event: Event, field: str, kind: str) -> tuple[Delta, ...]:
        builder = self._item(event)
        part = self._part(event, builder, field)
        delta = event.data.get("delta")
        if type(delta) is not str or not delta:
            return _NO_DELTAS
        part.write(delta)
        return (Delta(kind, delta, builder.index),)

    def _on_text_done(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        part = self._part(event, builder, "content_index")
        return self._settled(builder, part, event.data.get("text"), "text")

    def _on_refusal_done(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        part = self._part(event, builder, "content_index")
        return self._settled(builder, part, event.data.get("refusal"), "refusal")

    def _on_reasoning_done(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        part = self._part(event, builder, "content_index")
        return self._settled(builder, part, event.data.get("text"), "reasoning")

    def _on_summary_done(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        part = self._part(event, builder, "summary_index")
        return self._settled(builder, part, event.data.get("text"), "reasoning")

    def _on_arguments_done(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        told = event.data.get("arguments", event.data.get("input"))
        return self._settled(builder, builder.arguments, told, "arguments")

    def _settled(
        self, builder: ItemBuilder, growing: GrowingText, told: object, kind: str
    ) -> tuple[Delta, ...]:
        if not isinstance(told, str):
            return _NO_DELTAS
        new = growing.settle(told, final=False)
        return (Delta(kind, new, builder.index),) if new else _NO_DELTAS

    # Look-ups that refuse.

    def _item(self, event: Event) -> ItemBuilder:
        index = event.data.get("output_index")
        if type(index) is not int:
            index = self._index(event, "output_index")
        builder = self._items.get(index)
        if builder is None:
            message = f"names output_index {index}, for which no item was added"
            raise self._refusal(event, Violation.ITEM_MISSING, message)
        return builder

    def _part(self, event: Event, builder: ItemBuilder, field: str) -> Part:
        number = event.data.get(field)
        if type(number) is not int:
            number = self._index(event, field)
        part = (builder.content if field == "content_index" else builder.summary).get(number)
        if part is None:
            raise self._refusal(event, Violation.PART_MISSING, f"names {field} {number}, which was not added")
        return part

    def _index(self, event: Event, field: str) -> int:
        index = event.data.get(field)
        if type(index) is not int or index < 0:
            raise self._refusal(event, Violation.INDEX_MISSING, f"has no `{field}`")
        return index

    def _refusal(self, event: Event, violation: Violation, what: str) -> StreamOrderError:
        return StreamOrderError(
            f"The stream is out of order: `{event.type}` {what}", violation=violation, event=event
        )
