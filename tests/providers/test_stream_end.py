"""What adapters are asked where a stream ends without a terminal event, and what they held back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from hermes.providers.contract import ENDED, Event
from hermes.providers.dispatch import Adapter
from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.runtime.engine import AnswerEngine
from hermes.testing.frames import DONE, frames
from hermes.testing.wire import (
    Json,
    completed,
    created,
    error,
    function_call_events,
    item_added,
    message_events,
    message_item,
    part_added,
    text_delta,
)

OPENED = [created(), item_added(message_item(status="in_progress")), part_added()]
BUSY = "Our servers are currently overloaded. Please try again later."
ENDS = ("clean", "done", "broken", "cut frame")


@dataclass
class Ended:
    """An engine whose stream ended, and what it gave."""

    engine: AnswerEngine
    deltas: list[Delta] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)

    @property
    def delivered(self) -> str:
        return "".join(delta.text for delta in self.deltas)


def ended(begin_call: Any, adapters: Sequence[Adapter], events: Iterable[Json], end: str = "clean") -> Ended:
    call = begin_call(*adapters)
    deltas: list[Delta] = []
    engine = AnswerEngine(call.dispatch, on_delta=deltas.append, on_notice=call.reports.append)
    engine.feed(b"".join(frames(events)))
    if end == "done":
        engine.feed(DONE)
    elif end == "cut frame":
        engine.feed(b'data: {"type":"response.output_te')
    if end in ("broken", "cut frame"):
        engine.end_broken()
    else:
        engine.end()
    return Ended(engine, deltas, call.faults)


def keeper(*types: str, told: Any = "held") -> tuple[Adapter, list[str]]:
    """An adapter that holds text back until the end, and the types that it was asked with."""
    asked: list[str] = []
    held: list[Event] = []

    def normalize(event: Event, context: Any) -> Any:
        asked.append(event.type)
        if event.type == ENDED:
            return held if told == "held" else told
        held.append(event)
        return []

    hooks = {"normalize_stream_event": normalize}
    return Adapter("keeper", 0, ("response.output_text.delta", *types), hooks), asked


@pytest.mark.parametrize("end", ENDS)
def test_what_an_adapter_holds_back_is_handed_out_at_the_end(begin_call: Any, end: str) -> None:
    adapter, asked = keeper(ENDED)
    over = ended(begin_call, [adapter], [*OPENED, text_delta("Hel"), text_delta("lo")], end)
    assert asked[-1] == ENDED
    assert asked.count(ENDED) == 1
    assert over.engine.answer().text == "Hello"


@pytest.mark.parametrize("end", ENDS)
def test_what_nobody_has_read_is_not_handed_out_so_late(begin_call: Any, end: str) -> None:
    """The caller may ask again without a word about it."""
    adapter, _ = keeper(ENDED)
    assert ended(begin_call, [adapter], [*OPENED, text_delta("Hello")], end).deltas == []


@pytest.mark.parametrize("end", ENDS)
def test_the_rest_of_what_was_read_is_handed_out(begin_call: Any, end: str) -> None:
    second = message_events("to", item_id="msg_2", output_index=1)[:-3]
    events = [created(), *message_events("Hello "), *second]
    over = ended(begin_call, PluginManager(["lenient"]).adapters, events, end)
    assert over.delivered == over.engine.answer().text == "Hello to"


def test_it_is_asked_only_where_it_wants_to_be(begin_call: Any) -> None:
    adapter, asked = keeper()
    ended(begin_call, [adapter], [*OPENED, text_delta("Hello")])
    assert asked == ["response.output_text.delta"]


def test_it_may_ask_for_it_on_the_way(begin_call: Any) -> None:
    asked: list[str] = []

    def normalize(event: Event, context: Any) -> None:
        asked.append(event.type)
        context.want(ENDED)

    adapter = Adapter("late", 0, ("response.created",), {"normalize_stream_event": normalize})
    ended(begin_call, [adapter], OPENED)
    assert asked == ["response.created", ENDED]


@pytest.mark.parametrize("last", [completed(), error(error={"message": "boom"})])
def test_a_terminal_event_needs_no_other_end(begin_call: Any, last: Json) -> None:
    adapter, asked = keeper(ENDED)
    ended(begin_call, [adapter], [*OPENED, last])
    assert asked == []


@pytest.mark.parametrize("told", [None, [Event(ENDED, {"type": ENDED})], []])
def test_the_event_itself_is_no_part_of_the_answer(begin_call: Any, told: Any) -> None:
    adapter, _ = keeper(ENDED, told=told)
    over = ended(begin_call, [adapter], [created()])
    assert over.engine.events == 1
    nothing_came = ended(begin_call, [adapter], [])
    assert nothing_came.engine.events == 0


def test_an_event_of_that_type_from_a_backend_is_an_unknown_event(begin_call: Any) -> None:
    adapter, asked = keeper(ENDED)
    over = ended(begin_call, [adapter], [created(), {"type": ENDED}, {"type": ENDED}, completed()])
    assert asked == []
    assert over.engine.answer().status == "completed"


def test_the_own_adapters_hold_on_when_a_backend_tells_of_an_end(begin_call: Any) -> None:
    events = [*OPENED, text_delta(BUSY[:20]), {"type": ENDED}, text_delta(BUSY[20:]), completed(usage=None)]
    over = ended(begin_call, PluginManager(["lenient"]).adapters, events)
    assert over.deltas == []
    assert over.engine.answer().status == "failed"


# Text that the own adapters hold back.


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "text",
    ['{"error":{"code":"E1","message":"this is the JSON', "Our", "commentary", "<html><head><title>My"],
)
def test_the_beginning_of_an_answer_is_kept(begin_call: Any, text: str, end: str) -> None:
    pieces = [text_delta(text[at : at + 7]) for at in range(0, len(text), 7)]
    over = ended(begin_call, PluginManager(["lenient"]).adapters, [*OPENED, *pieces], end)
    answer = over.engine.answer()
    assert answer.text == text
    assert answer.open_items == 1
    assert over.faults == []


def test_an_error_is_an_error_though_the_end_is_missing(begin_call: Any) -> None:
    over = ended(begin_call, PluginManager(["lenient"]).adapters, [*OPENED, text_delta(BUSY)], "broken")
    failure = over.engine.failure_of(over.engine.answer())
    assert failure is not None
    assert failure.detail.code == "server_is_overloaded"
    assert over.deltas == []


@pytest.mark.parametrize(
    "text", ["to=functions.sh", "<|channel|>commentary to=functions.sh", "to=functions.sh {"]
)
def test_a_call_in_words_stays_hidden_though_the_end_is_missing(begin_call: Any, text: str) -> None:
    over = ended(begin_call, PluginManager(["lenient"]).adapters, [*OPENED, text_delta(text)])
    assert over.delivered == over.engine.answer().text == ""


@pytest.mark.parametrize("second", ["Hel", "Hello, wor"])
def test_a_message_told_again_counts_as_begun(begin_call: Any, second: str) -> None:
    where: Any = {"item_id": "msg_2", "output_index": 1}
    again = message_events(second, **where)[:-3]
    over = ended(
        begin_call, PluginManager(["lenient"]).adapters, [created(), *message_events("Hello"), *again]
    )
    answer = over.engine.answer()
    assert over.delivered == answer.text == max("Hello", second, key=len)
    assert answer.open_items == 1


def test_a_message_told_again_as_a_whole_is_whole(begin_call: Any) -> None:
    again = message_events("Hello, world", item_id="msg_2", output_index=1)
    over = ended(
        begin_call, PluginManager(["lenient"]).adapters, [created(), *message_events("Hello"), *again]
    )
    answer = over.engine.answer()
    assert over.delivered == answer.text == "Hello, world"
    assert answer.open_items == 0


def test_nothing_is_held_of_a_call(begin_call: Any) -> None:
    over = ended(begin_call, PluginManager(["lenient"]).adapters, [created(), *function_call_events()])
    assert [item.type for item in over.engine.answer().items] == ["function_call"]
