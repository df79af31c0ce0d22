"""From events to an answer: a strict state machine without I/O.

It enforces the order of https://platform.openai.com/docs/api-reference/responses-streaming and refuses
an event before it changes any state, so that an adapter can repair the stream and go on. Text comes
from items and deltas; the ``output`` of the terminal event only fills what they left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from hermes.errors import StreamOrderError
from hermes.responses.builders import ItemBuilder, Part, is_placeholder
from hermes.responses.events import RESTARTED, Delta, Event
from hermes.responses.items import CALL_TYPES, OutputItem, Usage, item_parts, part_text
from hermes.responses.matching import matched_items
from hermes.responses.violations import Violation

__all__ = ["Accumulator", "Answer"]

_Handler = Callable[[Event], tuple[Delta, ...]]

_NO_DELTAS: Final[tuple[Delta, ...]] = ()
_BEFORE_CREATED: Final = frozenset(
    {"response.created", "response.failed", "response.incomplete", "error", RESTARTED}
)
_STATUS_OF_TERMINAL: Final = {
    "response.completed": "completed",
    "response.failed": "failed",
    "response.incomplete": "incomplete",
    "response.cancelled": "cancelled",
}
# Where an event and the response in it disagree, the worse of the two is believed.
_STATUSES_BY_SEVERITY: Final = ("completed", "incomplete", "cancelled", "failed")
_PLACE: Final = ("sequence_number", "item_id", "output_index", "content_index", "summary_index")
# What a lost frame may have held a piece of. Reasoning is not the answer, and other items come whole.
_TOLD_BY_DELTAS: Final = ("message", *CALL_TYPES)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accumulator knows.

    Attributes:
        items: the output items in their order.
        response: the fields of the Response object, without its output.
        status: ``completed``, ``failed``, ``incomplete`` or ``cancelled``; empty without a terminal event.
        terminal: the terminal event; None where none came.
        open_items: how many items were begun and not confirmed.
        torn: the backend said that the answer is complete, but a piece of it was lost on the way, and no
            event told the whole of what it belonged to.
    """

    items: tuple[OutputItem, ...] = ()
    response: Mapping[str, Any] | None = None
    status: str = ""
    terminal: Event | None = None
    open_items: int = 0
    torn: bool = False

    @property
    def incomplete_reason(self) -> str:
        """Why the backend ended the answer early, in its own word; empty where it gave none."""
        details = (self.response or {}).get("incomplete_details")
        reason = details.get("reason") if isinstance(details, Mapping) else None
        return reason if isinstance(reason, str) else ""

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

    @property
    def lacks_answer(self) -> bool:
        """Whether there is reasoning or commentary, and nothing that it leads to."""
        thoughts = [
            item for item in self.items if item.reasoning or item.type == "reasoning" or item.commentary
        ]
        return bool(thoughts) and not any(
            item.text or item.refusal or item.type not in ("message", "reasoning") for item in self.items
        )


class Accumulator:
    """Takes the events of one stream, one by one.

    Args:
        tolerate_prelude: ignore events that are neither ``response.*`` nor ``error`` before
            ``response.created`` instead of refusing them.
        on_restart: given what is void, when the backend begins another answer within the stream.
    """

    def __init__(
        self, *, tolerate_prelude: bool = False, on_restart: Callable[[Answer], None] | None = None
    ) -> None:
        self.terminal: Event | None = None
        """The terminal event, once it came. Everything after it is ignored."""
        self.garbled = False
        """Whether bytes of the event that is fed were replaced, because they were no text."""
        self._tolerate_prelude = tolerate_prelude
        self._on_restart = on_restart
        self._created = False
        self._response: dict[str, Any] = {}
        self._items: dict[int, ItemBuilder] = {}
        # Those that the next lost event may belong to. Each is looked at once for that: a server decides on
        # how many there are.
        self._untouched: dict[int, ItemBuilder] = {}
        self._status = ""
        self._last: Event | None = None
        self._next_number: int | None = None
        self._numbers_repeat = False
        self._numbers_skip = False
        self._frame_lost = False
        self._handlers: dict[str, _Handler] = {
            "response.created": self._on_created,
            "response.in_progress": self._on_progress,
            "response.queued": self._on_progress,
            "response.output_item.added": self._on_item_added,
            "response.content_part.added": self._on_part_added,
            "response.output_text.delta": self._on_text_delta,
            "response.refusal.delta": self._on_text_delta,
            "response.reasoning_text.delta": self._on_reasoning_delta,
            "response.reasoning_summary_part.added": self._on_summary_part_added,
            "response.reasoning_summary_text.delta": self._on_summary_delta,
            "response.function_call_arguments.delta": self._on_arguments_delta,
            "response.custom_tool_call_input.delta": self._on_arguments_delta,
            "response.completed": self._on_terminal,
            "response.failed": self._on_terminal,
            "response.incomplete": self._on_terminal,
            "response.cancelled": self._on_terminal,
            "error": self._on_error,
            RESTARTED: self._on_restarted,
        }
        # What tells a whole may come twice and changes nothing then.
        self._handlers_of_wholes: dict[str, _Handler] = {
            "response.output_item.done": self._on_item_done,
            "response.content_part.done": self._on_part_done,
            "response.output_text.done": self._on_text_done,
            "response.refusal.done": self._on_refusal_done,
            "response.reasoning_text.done": self._on_reasoning_done,
            "response.reasoning_summary_part.done": self._on_summary_part_done,
            "response.reasoning_summary_text.done": self._on_summary_done,
            "response.function_call_arguments.done": self._on_arguments_done,
            "response.custom_tool_call_input.done": self._on_arguments_done,
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
        noted = event
        handler = self._handlers.get(event.type)
        if handler is None:
            handler = self._handlers_of_wholes.get(event.type)
            if handler is not None:
                noted = _without_text(event)
            elif _is_reasoning_delta(event.type):
                handler = self._on_reasoning_delta
            else:
                self.pass_over(event)
                return _NO_DELTAS
        number = event.data.get("sequence_number")
        following = self._next_number
        if type(number) is int:
            if number != following:
                self._check_number(noted, number)
            following = number + 1
        deltas = handler(event)
        self._last = noted
        self._next_number = following
        return deltas

    def pass_over(self, event: Event) -> None:
        """Notes that an event came which is not fed, or not as it came: nothing was lost in its place."""
        number = event.data.get("sequence_number")
        if type(number) is int:
            if number != self._next_number:
                self._note_gap(number)
            self._next_number = number + 1

    def lose_frame(self) -> None:
        """Notes that a frame could not be read: what deltas alone tell may lack a piece from here on."""
        self._frame_lost = True

    def answer(self) -> Answer:
        """Everything that is known now."""
        builders = list(_without_repeated_calls([self._items[index] for index in sorted(self._items)]))
        return Answer(
            items=tuple(builder.built() for builder in builders),
            response=dict(self._response),
            status=self._status,
            terminal=self.terminal,
            open_items=sum(not builder.confirmed for builder in builders),
            torn=self._status == "completed"
            and any(builder.torn and not builder.confirmed for builder in builders),
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

    # Lost and repeated events.

    def _check_number(self, event: Event, number: int) -> None:
        """Looks at an event whose number is not the next one."""
        last = self._last
        if last is None or last.data.get("sequence_number") != number:
            self._note_gap(number)
        elif _differ(last, event):
            # Some backends number every frame alike: https://github.com/ggml-org/llama.cpp/pull/24957
            self._numbers_repeat |= "output_index" in last.data and "output_index" in event.data
        elif number > 0 and not self._numbers_repeat and event.type not in self._handlers_of_wholes:
            raise self._refusal(event, Violation.FRAME_REPEATED, "came twice")

    def _note_gap(self, number: int) -> None:
        """Notes that numbers were left out: for keepalives that a relay kept to itself, or an event was lost.

        Only the calls that are open are touched, and only where another delta of theirs follows: a call whose
        middle is missing may still be a JSON object, and one whose end is missing is none.
        """
        if self._next_number is None or number < self._next_number or self._numbers_repeat:
            return
        self._numbers_skip |= not self._items  # nothing could be lost yet: the backend numbers in this way
        if self._numbers_skip:
            return
        for builder in self._untouched.values():
            builder.gap = not builder.confirmed
        self._untouched.clear()

    def _is_torn(self, builder: ItemBuilder) -> bool:
        """Whether a piece of an item may have been lost, and no event told the whole of it."""
        lost = builder.torn or (self._frame_lost and builder.type in _TOLD_BY_DELTAS)
        return lost and not builder.is_told_whole()

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

    def _on_restarted(self, event: Event) -> tuple[Delta, ...]:
        response = event.data.get("response")
        void = self.answer()
        self._created = True
        self._response = {}
        self._items = {}
        self._untouched = {}
        self._merge(_mapping(response))
        if self._on_restart is not None:
            self._on_restart(void)
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
        status = _worse_status(_STATUS_OF_TERMINAL[event.type], response.get("status"))
        if status == "completed":
            status = _status_told_by_details(response)
        deltas = self._fill_from_output(response.get("output"), confirmed=status == "completed")
        if status == "completed":
            self._response.pop("error", None)  # the answer came all the same
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
        entries = (
            [entry for entry in output if isinstance(entry, Mapping)] if isinstance(output, list) else []
        )
        for begun in self._items.values():
            begun.confirmed = begun.confirmed and not self._is_torn(begun)
        matched = matched_items(entries, [self._items[index] for index in sorted(self._items)])
        end = max(self._items, default=-1) + 1
        for place, data in enumerate(entries):
            builder = matched.get(place)
            if builder is None:
                if self._is_no_news(data):
                    continue
                index = place if place not in self._items else end
                end = max(end, index + 1)
                builder = self._items[index] = ItemBuilder(index, data)
            builder.take_call_id(data)
            if not builder.confirmed or builder.is_empty() or builder.is_extended_by(data):
                deltas += self._absorbed(builder, data, final=False)
            if confirmed and data.get("status") != "incomplete":
                builder.confirmed = not builder.garbled and not self._is_torn(builder)
        for index in sorted(self._items):
            builder = self._items[index]
            builder.torn = self._is_torn(builder)  # before the opening, which tells nothing whole
            deltas += _deltas(builder, builder.absorb_opening())
            if confirmed:
                builder.confirmed = builder.confirmed or (builder.is_whole() and not builder.torn)
        return tuple(deltas)

    def _absorbed(self, builder: ItemBuilder, item: Mapping[str, Any], *, final: bool) -> list[Delta]:
        """Reconciles an item with the whole one that a done or terminal event tells."""
        pieces = builder.absorb(item, final=final)
        if builder.type in CALL_TYPES:
            # A clean copy makes good for a garbled one, unless it leaves the arguments out.
            tells_all = builder.is_told_whole() and bool(item.get(builder.argument_field))
            builder.garbled = self.garbled or (builder.garbled and not tells_all)
        return _deltas(builder, pieces)

    def _is_no_news(self, data: Mapping[str, Any]) -> bool:
        """Whether an entry of the terminal output that is none of the items adds nothing to them."""
        # A message without text may stand for what the backend lost on its way.
        is_empty = data.get("type") == "message" and not any(map(part_text, item_parts(data, "content")))
        return is_empty and bool(self._items)

    # Items and parts.

    def _on_item_added(self, event: Event) -> tuple[Delta, ...]:
        index = self._index(event, "output_index")
        item = event.data.get("item")
        if not isinstance(item, Mapping):
            raise self._refusal(event, Violation.ITEM_MISSING, "has no `item`")
        if index in self._items:
            raise self._refusal(event, Violation.ITEM_AGAIN, f"names output_index {index}, which is taken")
        builder = self._items[index] = self._untouched[index] = ItemBuilder(index, item)
        builder.garbled = self.garbled and builder.type in CALL_TYPES
        return _NO_DELTAS

    def _on_item_done(self, event: Event) -> tuple[Delta, ...]:
        item = event.data.get("item")
        builder = self._item(event)
        if not isinstance(item, Mapping):
            raise self._refusal(event, Violation.ITEM_MISSING, "has no `item`")
        self._check_type(event, builder, item.get("type"))
        deltas = self._absorbed(builder, item, final=True)
        # Many backends copy the item as it was opened, `in_progress`, into its done event. That the event
        # came says more than the copy. Nothing runs of it before the response is complete, nor where its
        # arguments are not whole. No backend opens an item as `incomplete`, so that word is believed.
        is_whole = item.get("status") != "incomplete" and not builder.garbled
        builder.confirmed = is_whole and not self._is_torn(builder)
        if not builder.confirmed and not builder.gap:
            self._untouched[builder.index] = builder
        return tuple(deltas)

    def _on_part_added(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        number = self._index(event, "content_index")
        if number in builder.content:
            raise self._refusal(event, Violation.PART_AGAIN, f"names content_index {number}, which is taken")
        part = _mapping(event.data.get("part"))
        if builder.is_foreign(part, event.data):
            self._check_type(event, builder, "message")
        builder.add_part(number, part)
        return _NO_DELTAS

    def _on_summary_part_added(self, event: Event) -> tuple[Delta, ...]:
        builder = self._item(event)
        number = self._index(event, "summary_index")
        if number in builder.summary:
            raise self._refusal(event, Violation.PART_AGAIN, f"names summary_index {number}, which is taken")
        builder.add_summary_part(number, _mapping(event.data.get("part")))
        return _NO_DELTAS

    def _on_part_done(self, event: Event) -> tuple[Delta, ...]:
        builder, number = self._item(event), event.data.get("content_index")
        part = builder.content.get(number) if type(number) is int else None
        return self._settle_part(event, part or self._no_part(event, "content_index"))

    def _on_summary_part_done(self, event: Event) -> tuple[Delta, ...]:
        return self._settle_part(event, self._summary_part(event))

    def _settle_part(self, event: Event, part: Part) -> tuple[Delta, ...]:
        told = _mapping(event.data.get("part"))
        part.merge(told)
        return self._settled(part, part_text(told))

    # Text. A refusal and a text differ in the part that they belong to.

    def _on_text_delta(self, event: Event) -> tuple[Delta, ...]:
        return self._grown(event, self._content_part(event))

    def _on_reasoning_delta(self, event: Event) -> tuple[Delta, ...]:
        return self._grown(event, self._content_part(event, reasoning=True))

    def _on_summary_delta(self, event: Event) -> tuple[Delta, ...]:
        deltas = self._grown(event, self._summary_part(event))
        return tuple(delta for delta in deltas if not is_placeholder(delta.text))

    def _grown(self, event: Event, part: Part) -> tuple[Delta, ...]:
        delta = event.data.get("delta")
        if type(delta) is not str or not delta:
            return _NO_DELTAS
        if part.ahead:
            delta = part.catch_up(delta)
            if not delta:
                return _NO_DELTAS
        part.write(delta)
        return (Delta(part.emits, delta, part.output_index),)

    def _on_text_done(self, event: Event) -> tuple[Delta, ...]:
        return self._settled(self._content_part(event), event.data.get("text"))

    def _on_refusal_done(self, event: Event) -> tuple[Delta, ...]:
        part = self._content_part(event)
        return self._settled(part, event.data.get("refusal") or event.data.get("text"))

    def _on_reasoning_done(self, event: Event) -> tuple[Delta, ...]:
        return self._settled(self._content_part(event, reasoning=True), event.data.get("text"))

    def _on_summary_done(self, event: Event) -> tuple[Delta, ...]:
        return self._settled(self._summary_part(event), event.data.get("text"))

    def _settled(self, part: Part, told: object) -> tuple[Delta, ...]:
        new = part.settle(told, final=False) if isinstance(told, str) else ""
        return (Delta(part.emits, new, part.output_index),) if new else _NO_DELTAS

    # Calls.

    def _on_arguments_delta(self, event: Event) -> tuple[Delta, ...]:
        builder = self._call(event)
        delta = event.data.get("delta")
        if type(delta) is not str or not delta:
            return _NO_DELTAS
        if builder.confirmed and builder.is_whole():
            return _NO_DELTAS  # a whole call that is told again
        builder.torn = builder.torn or builder.gap
        builder.garbled = builder.garbled or self.garbled
        builder.arguments.write(delta)
        return (Delta("arguments", delta, builder.index),)

    def _on_arguments_done(self, event: Event) -> tuple[Delta, ...]:
        builder = self._call(event)
        told = event.data.get("arguments", event.data.get("input"))
        new = builder.settle_arguments(told, final=False)
        builder.garbled = self.garbled or (
            builder.garbled and not (bool(told) and builder.arguments.is_told_whole())
        )
        return (Delta("arguments", new, builder.index),) if new else _NO_DELTAS

    # Look-ups that refuse.

    def _item(self, event: Event) -> ItemBuilder:
        index = event.data.get("output_index")
        builder = self._items.get(index) if type(index) is int else None
        if builder is None:
            index = self._index(event, "output_index")
            message = f"names output_index {index}, for which no item was added"
            raise self._refusal(event, Violation.ITEM_MISSING, message)
        return builder

    def _call(self, event: Event) -> ItemBuilder:
        builder = self._item(event)
        kind = "custom_tool_call" if "custom_tool_call" in event.type else "function_call"
        if builder.type not in CALL_TYPES:
            self._check_type(event, builder, kind)
            builder.type = kind
        return builder

    def _content_part(self, event: Event, *, reasoning: bool = False) -> Part:
        data = event.data
        index, number = data.get("output_index"), data.get("content_index")
        if type(index) is int and type(number) is int:  # anything else may not be a key at all
            builder = self._items.get(index)
            part = builder.content.get(number) if builder is not None else None
            if part is not None and part.is_reasoning is reasoning:
                return part
            if part is not None and builder is not None and builder.tells_reasoning_as_text(part, data):
                return part
        self._item(event)
        return self._no_part(event, "content_index")

    def _summary_part(self, event: Event) -> Part:
        builder, number = self._item(event), event.data.get("summary_index")
        part = builder.summary.get(number) if type(number) is int else None
        return part or self._no_part(event, "summary_index")

    def _no_part(self, event: Event, field: str) -> NoReturn:
        number = self._index(event, field)
        message = f"names {field} {number}, for which no such part was added"
        raise self._refusal(event, Violation.PART_MISSING, message)

    def _index(self, event: Event, field: str) -> int:
        index = event.data.get(field)
        if type(index) is not int or index < 0:
            raise self._refusal(event, Violation.INDEX_MISSING, f"has no `{field}`")
        return index

    def _check_type(self, event: Event, builder: ItemBuilder, kind: object) -> None:
        if not builder.has_type(kind):
            message = f"is a `{str(kind)[:40]}`, but output_index {builder.index} is a `{builder.type[:40]}`"
            raise self._refusal(event, Violation.ITEM_MISSING, message)

    def _refusal(self, event: Event, violation: Violation, what: str) -> StreamOrderError:
        return StreamOrderError(
            f"The stream is out of order: `{event.type}` {what}", violation=violation, event=event
        )


def _without_repeated_calls(builders: Sequence[ItemBuilder]) -> Iterable[ItemBuilder]:
    """The items without calls that another one confirms, or that are sent again.

    Gateways announce a call under one id and confirm it under the next, or send it again after they
    reconnect: https://github.com/NousResearch/hermes-agent/pull/94961
    """
    confirmed = {builder.call_id for builder in builders if builder.confirmed}
    seen: set[tuple[str, str]] = set()
    for builder in builders:
        call_id = builder.call_id
        told = call_id, builder.arguments.value()
        if call_id and ((call_id in confirmed and not builder.confirmed) or told in seen):
            continue
        seen.add(told)
        yield builder


def _is_reasoning_delta(event_type: str) -> bool:
    """Whether an event of an unknown type brings reasoning, for which backends have many names.

    https://github.com/vllm-project/vllm/pull/24938
    """
    return "delta" in event_type and "reasoning" in event_type


def _worse_status(named: str, told: object) -> str:
    """The status of a terminal event named so, whose response tells a status of its own."""
    told = "cancelled" if told == "canceled" else told
    if told not in _STATUSES_BY_SEVERITY:
        return named
    return max(named, str(told), key=_STATUSES_BY_SEVERITY.index)


def _status_told_by_details(response: Mapping[str, Any]) -> str:
    """The status of a response that is said to be completed and may tell why it is not."""
    error, details = response.get("error"), response.get("incomplete_details")
    # Objects whose fields are all empty stand for null.
    if any(error.values()) if isinstance(error, Mapping) else error:
        return "failed"
    return "incomplete" if isinstance(details, Mapping) and details.get("reason") else "completed"


def _without_text(event: Event) -> Event:
    """What tells an event that tells a whole from others; the whole may be long, and is not kept for that."""
    return Event(event.type, {name: event.data[name] for name in _PLACE if name in event.data})


def _differ(one: Event, other: Event) -> bool:
    """Whether two events differ; those that are nested too deeply to be compared are taken to."""
    try:
        return one != other
    except RecursionError:
        return True


def _deltas(builder: ItemBuilder, pieces: Iterable[tuple[str, str]]) -> list[Delta]:
    return [Delta(kind, text, builder.index) for kind, text in pieces]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
