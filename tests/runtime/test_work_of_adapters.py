"""What adapters cost a stream, counted and not timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hermes.providers.contract import AdapterContext, Event
from hermes.providers.dispatch import Adapter, CallDispatch
from hermes.providers.manager import PluginManager
from hermes.runtime.redaction import Redactor

from .work import KEY, calls_per_delta, engine_with, event, feed, stream

DELTAS = 500


class Counting:
    """An adapter that counts what it is shown.

    Args:
        answer: what it answers: nothing, the event itself or another one in its place.
        event_types: what it asks for.
    """

    def __init__(self, answer: str = "nothing", event_types: Sequence[str] = ("vendor.*",)) -> None:
        self.seen: list[Event] = []
        self.answer = answer
        self.adapter = Adapter(
            f"counting-{answer}", 0, tuple(event_types), {"normalize_stream_event": self.normalize}
        )

    def normalize(self, event: Event, context: AdapterContext) -> list[Event] | None:
        self.seen.append(event)
        if self.answer == "nothing":
            return None
        return [event] if self.answer == "itself" else [Event(event.type, event.data)]


def own() -> tuple[Adapter, ...]:
    return PluginManager(["lenient", "codex_lb"]).adapters


def others() -> list[Counting]:
    """Twenty adapters that want the events of twenty vendors, by name and by prefix."""
    return [Counting(event_types=(f"vendor{n}.*", f"other{n}.limits")) for n in range(20)]


def test_adapters_that_want_other_types_are_not_called_at_all() -> None:
    twenty = others()
    adapters = [*own(), *(counting.adapter for counting in twenty)]
    feed(engine_with(adapters), stream("text", DELTAS))
    assert not any(counting.seen for counting in twenty)


@pytest.mark.parametrize("kind", ["text", "arguments"])
def test_adapters_that_want_other_types_add_no_call_to_a_delta(kind: str) -> None:
    with_twenty = calls_per_delta([*own(), *(counting.adapter for counting in others())], kind)
    assert with_twenty == calls_per_delta(own(), kind)


def test_hermes_own_adapters_look_at_the_first_words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    normalize = CallDispatch.normalize

    def counted(self: CallDispatch, event: Event, *start: Any) -> Any:
        asked.append(event.type)
        return normalize(self, event, *start)

    monkeypatch.setattr(CallDispatch, "normalize", counted)
    feed(engine_with(own()), stream("text", DELTAS))
    assert asked.count("response.output_text.delta") < 5
    asked.clear()
    feed(engine_with(own()), stream("arguments", DELTAS))
    assert len(asked) < 5


# With the hook itself: the way through the engine and the dispatch, and for an answer its checks.
@pytest.mark.parametrize(("answer", "most"), [("nothing", 4), ("itself", 6), ("another", 6)])
def test_one_that_wants_every_delta_adds_few_calls(answer: str, most: int) -> None:
    counting = Counting(answer, ["response.output_text.delta"])
    with_it = calls_per_delta([counting.adapter])
    assert counting.seen
    assert with_it - calls_per_delta([]) <= most + 0.1


def test_no_event_is_encoded_to_look_for_a_key_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[Any] = []
    clean = Redactor.json

    def counted(self: Redactor, data: dict[str, Any]) -> dict[str, Any]:
        cleaned.append(data)
        return clean(self, data)

    monkeypatch.setattr(Redactor, "json", counted)
    counting = Counting("nothing", ["response.output_text.delta"])
    body = stream("text", DELTAS)
    feed(engine_with([counting.adapter]), body)
    assert not cleaned
    assert len(counting.seen) == DELTAS
    place = {"output_index": 0, "content_index": 0}
    echo = event("response.output_text.delta", sequence_number=DELTAS + 3, **place, delta=f"it is {KEY}!")
    feed(engine_with([counting.adapter]), body + echo)
    assert len(cleaned) == 1
    assert counting.seen[-1].data["delta"] == "it is [redacted]!"
