"""The engine without a socket: ``python -m benchmarks.subjects.engine MODEL ROUNDS``.

Prints a line of JSON a round: processor time per event in µs, by the names that ``benchmarks.adapters`` uses.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable

from benchmarks.stream_bytes import Stream, events_of
from benchmarks.subjects.dummy_adapters import ANSWERS, LOOKS_ON, OTHERS
from benchmarks.subjects.hermes_call import KEY, plugins_with
from hermes.providers.contract import AdapterContext, EndpointMemory, Event
from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.redaction import Redactor

_BLOCK = 64 * 1024


def main(model: str, rounds: int) -> None:
    """Makes a round to warm up, and then as many as asked."""
    managers = {
        "no adapter": plugins_with(()),
        "20 adapters": plugins_with(OTHERS),
        "1 looks on": plugins_with(LOOKS_ON),
        "1 answers": plugins_with(ANSWERS),
    }
    passes = {name: _stream_pass(manager, model) for name, manager in managers.items()}
    for name in ("1 looks on", "1 answers"):
        passes[f"{name}, its own cost"] = _hook_pass(managers[name], events_of(model))
    for number in range(rounds + 1):
        costs = {name: _seconds(make) * 1e6 / events_of(model) for name, make in passes.items()}
        if number:
            print(json.dumps(costs))


def _seconds(make: Callable[[], None]) -> float:
    gc.collect()
    began = time.process_time()
    make()
    return time.process_time() - began


def _stream_pass(manager: PluginManager, model: str) -> Callable[[], None]:
    stream = Stream.of(model)
    body = b"".join(stream.frames)
    blocks = [body[start : start + _BLOCK] for start in range(0, len(body), _BLOCK)]

    def make() -> None:
        dispatch = manager.begin_call(
            provider="bench", model=model, memory=EndpointMemory(), on_report=lambda _: None
        )
        seen: list[Delta] = []
        engine = AnswerEngine(
            dispatch,
            on_delta=seen.append,
            on_notice=lambda _: None,
            content_type="text/event-stream",
            redactor=Redactor([KEY]),
        )
        for block in blocks:
            engine.feed(block)
        engine.end()
        if len(seen) != stream.deltas:
            raise RuntimeError(f"{len(seen)} deltas of {stream.deltas}")

    return make


def _hook_pass(manager: PluginManager, events: int) -> Callable[[], None]:
    """The adapter's function as often as there are events, with nobody in between."""
    hook = manager.adapters[-1].hooks["normalize_stream_event"]
    context = AdapterContext("bench", "model", EndpointMemory(), lambda _: None)
    event = Event("response.output_text.delta", {"type": "response.output_text.delta", "delta": " word"})

    def make() -> None:
        for _ in range(events):
            hook(event, context)

    return make


main(sys.argv[1], int(sys.argv[2]))
