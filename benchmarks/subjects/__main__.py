"""The process of one driver: ``python -m benchmarks.subjects NAME``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Final

from benchmarks.subjects import Seen, Turn

DRIVERS: Final = {
    "hermes": ("benchmarks.subjects.hermes_call", "with_adapters"),
    "bare": ("benchmarks.subjects.bare", "bare"),
    "bare, new connection": ("benchmarks.subjects.bare", "bare_anew"),
    "openai stream()": ("benchmarks.subjects.sdk", "typed_stream"),
    "openai create()": ("benchmarks.subjects.sdk", "created_stream"),
    "no adapter": ("benchmarks.subjects.hermes_call", "without_adapters"),
    "20 adapters": ("benchmarks.subjects.hermes_call", "with_twenty"),
    "1 looks on": ("benchmarks.subjects.hermes_call", "with_one_that_looks_on"),
    "1 answers": ("benchmarks.subjects.hermes_call", "with_one_that_answers"),
}


def main(name: str) -> None:
    """Makes turns until stdin is closed."""
    module, function = DRIVERS[name]
    make_driver: Callable[[str], Turn] = getattr(import_module(module), function)
    turn: Turn | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        turn = turn or make_driver(asked["base_url"])
        print(json.dumps(_measure(turn, asked["model"], asked["turns"])), flush=True)


def _measure(turn: Turn, model: str, turns: int) -> dict[str, float]:
    waited = 0.0
    seen = Seen()
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(turns):
        start = time.perf_counter()
        seen = turn(model)
        waited += seen.first_at - start
    return {
        "cpu_seconds": time.process_time() - cpu,
        "wall_seconds": time.perf_counter() - began,
        "events": seen.events,
        "characters": seen.characters,
        "first_seconds": waited / turns,
    }


main(sys.argv[1])
