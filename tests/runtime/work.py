"""Counts what the engine does for a stream: the same on every machine, however busy that is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType
from typing import Any

from hermes.providers.contract import Delivered, EndpointMemory
from hermes.providers.dispatch import Adapter, CallDispatch
from hermes.runtime.caller import Caller
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.redaction import Redactor
from hermes.testing.frames import event, frames

KEY = "sk-work-3f9a1c7e5b2d4f60"

_TEXT = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
_CALL = {"item_id": "fc_1", "output_index": 0}


def opening(kind: str) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}}
    item: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
    if kind == "arguments":
        item = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": ""}
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    if kind == "text":
        yield {"type": "response.content_part.added", **_TEXT, "part": {"type": "output_text", "text": ""}}


def deltas(kind: str, count: int, text: str = " word") -> Iterator[dict[str, Any]]:
    told = {"delta": text, "obfuscation": "q8ZkV1xWt0Ra"}
    if kind == "text":
        delta = {"type": "response.output_text.delta", **_TEXT, **told, "logprobs": []}
    else:
        delta = {"type": "response.function_call_arguments.delta", **_CALL, **told}
    return (dict(delta) for _ in range(count))


def ending(text: str) -> Iterator[dict[str, Any]]:
    """What tells a text whole, four times."""
    part = {"type": "output_text", "annotations": [], "text": text}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    yield {"type": "response.output_text.done", **_TEXT, "text": text}
    yield {"type": "response.content_part.done", **_TEXT, "part": part}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": {"status": "completed", "output": [item]}}


def stream(kind: str, count: int) -> bytes:
    """A stream that is not ended, so that nothing but its deltas depends on how many there are."""
    return b"".join(frames([*opening(kind), *deltas(kind, count)]))


def engine_with(adapters: Sequence[Adapter], *, secrets: Iterable[str] = (KEY,)) -> AnswerEngine:
    dispatch = CallDispatch(
        adapters, provider="custom", model="m", memory=EndpointMemory(), on_report=lambda told: None
    )
    dispatch.begin_attempt(1, streaming=True, delivered=Delivered())
    caller = Caller(lambda told: None, live=True)
    return AnswerEngine(
        dispatch, on_delta=caller.on_delta, on_notice=lambda told: None, redactor=Redactor(secrets)
    )


def feed(engine: AnswerEngine, body: bytes, piece: int = 65536) -> None:
    for start in range(0, len(body), piece):
        engine.feed(body[start : start + piece])


def calls_in(work: Callable[[], object]) -> int:
    """How many functions written in Python are entered."""
    count = 0

    def profile(frame: FrameType, kind: str, argument: object) -> None:
        nonlocal count
        count += kind == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def lines_in(work: Callable[[], object]) -> int:
    """How many lines of Python are run, so that a loop counts for every round of it."""
    count = 0

    def trace(frame: FrameType, kind: str, argument: object) -> Callable[..., Any]:
        nonlocal count
        count += kind == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def calls_per_delta(adapters: Sequence[Adapter], kind: str = "text") -> float:
    """Of a stream that is long enough for what is done once for each chunk not to count."""
    short, long = stream(kind, 1000), stream(kind, 3000)
    few = calls_in(lambda: feed(engine_with(adapters), short))
    many = calls_in(lambda: feed(engine_with(adapters), long))
    return (many - few) / 2000


__all__ = [
    "KEY",
    "calls_in",
    "calls_per_delta",
    "deltas",
    "ending",
    "engine_with",
    "event",
    "feed",
    "frames",
    "lines_in",
    "opening",
    "stream",
]
