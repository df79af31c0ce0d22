"""What an event costs, counted and not timed: calls, memory, and how both grow."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable

import pytest

from hermes.providers.manager import PluginManager
from hermes.responses import sse

from .work import calls_per_delta, deltas, ending, engine_with, event, feed, frames, lines_in, opening, stream

# A delta is decoded, offered, taken and told: each a function or two, and the caller's own callback.
# Another one costs some 2 % of an event. Who adds one on purpose writes the new number here.
MOST_CALLS = {"text": 10, "arguments": 10}
ADAPTERS = PluginManager(["lenient", "codex_lb"]).adapters

MIB = 1024 * 1024
# In longest frames, beside the text. From Python 3.12 on, StringIO keeps a copy of what it gives.
MOST_HELD = 3.5 if sys.version_info < (3, 12) else 4.6


@pytest.mark.parametrize("kind", MOST_CALLS)
def test_a_delta_takes_a_bounded_number_of_calls(kind: str) -> None:
    assert calls_per_delta(ADAPTERS, kind) <= MOST_CALLS[kind] + 0.1


def test_memory_is_flat_beyond_the_text() -> None:
    engine = engine_with(ADAPTERS)
    chunk = b"".join(frames(deltas("text", 1000)))
    feed(engine, stream("text", 0))
    blocks: list[int] = []
    # StringIO may keep up to 100,000 pieces apart before it joins them.
    for number in range(1, 211):
        engine.feed(chunk)
        if number in (110, 210):
            blocks.append(sys.getallocatedblocks())
    assert engine.answer().text == " word" * 210_000
    assert blocks[1] - blocks[0] < 1000


@pytest.mark.parametrize("piece", [64 * 1024, 2**40])
@pytest.mark.parametrize("text", ["plain words, ", '"quoted"\n'], ids=["plain", "escaped"])
def test_an_answer_that_is_told_five_times_is_held_few_times(text: str, piece: int) -> None:
    whole = (text * 4096)[:4096] * (4 * MIB // 4096)
    parts = [whole[start : start + 4096] for start in range(0, len(whole), 4096)]
    events = [*opening("text"), *(next(deltas("text", 1, part)) for part in parts), *ending(whole)]
    told = frames(events)
    body, longest = b"".join(told), max(map(len, told))
    engine = engine_with(ADAPTERS)
    del told, parts, events
    tracemalloc.start()
    try:
        feed(engine, body, piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert engine.finished
    assert engine.answer().text == whole
    assert peak <= sys.getsizeof(whole) + MOST_HELD * longest


def _byte_by_byte(count: int) -> None:
    feed(engine_with(ADAPTERS), stream("text", count), 1)


def _tiny_frames(count: int) -> None:
    feed(engine_with(ADAPTERS), stream("text", 0) + b"data: {}\n\n\n" * count)


def _open_calls(count: int) -> None:
    """Calls that are never confirmed, with every second number missing."""
    added = "response.output_item.added"
    call = {"type": "function_call", "name": "f", "arguments": ""}
    created = event("response.created", sequence_number=0, response={})
    body = [
        event(added, sequence_number=2 * n + 2, output_index=n, item={**call, "call_id": f"c{n}"})
        for n in range(count)
    ]
    completed = {"status": "completed", "output": []}
    feed(engine_with(ADAPTERS), b"".join([created, *body, event("response.completed", response=completed)]))


def _gaps_after_done_calls(count: int) -> None:
    """As many numbers missing as there are calls, all of which were confirmed."""
    call = {"type": "function_call", "name": "f", "arguments": "{}"}
    body = [event("response.created", sequence_number=0, response={})]
    for n in range(count):
        item = {**call, "call_id": f"c{n}"}
        body.append(event("response.output_item.added", sequence_number=2 * n + 1, output_index=n, item=item))
        body.append(event("response.output_item.done", sequence_number=2 * n + 2, output_index=n, item=item))
    last = 2 * count
    body += [
        event("response.in_progress", sequence_number=last + 2 * n, response={}) for n in range(1, count)
    ]
    feed(engine_with(ADAPTERS), b"".join(body))


def _many_parts(count: int) -> None:
    place = {"item_id": "m", "output_index": 0}
    body = [event("response.created", response={})]
    body.append(event("response.output_item.added", output_index=0, item={"id": "m", "type": "message"}))
    for n in range(count):
        body.append(
            event("response.content_part.added", **place, content_index=n, part={"type": "output_text"})
        )
        body.append(event("response.output_text.delta", **place, content_index=n, delta="word "))
    body.append(event("response.completed", response={"status": "completed", "output": []}))
    feed(engine_with(ADAPTERS), b"".join(body))


@pytest.mark.parametrize(
    "work", [_byte_by_byte, _tiny_frames, _open_calls, _gaps_after_done_calls, _many_parts]
)
def test_twice_the_stream_is_twice_the_work(work: Callable[[int], None]) -> None:
    lines = [lines_in(lambda count=count: work(count)) for count in (10, 60, 110)]
    assert lines[2] - lines[1] <= 1.1 * (lines[1] - lines[0])


@pytest.mark.parametrize("piece", [1, 1000, 2**40])
def test_every_byte_is_searched_for_frames_once(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = 0
    cut = sse._cut_at_blank_lines  # copies cannot be seen from outside

    def counted(data: bytes) -> list[bytes]:
        nonlocal searched
        searched += len(data)
        return cut(data)

    monkeypatch.setattr(sse, "_cut_at_blank_lines", counted)
    body = stream("text", 100) + b"".join(frames(deltas("text", 1, "x" * 100_000)))
    feed(engine_with(ADAPTERS), body, piece)
    assert searched <= len(body)
