"""Point 5: many slow streams at once in one process, and many short turns in a row."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Limit, Measurement, Remark, Setting
from benchmarks.processes import run

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "measure"]

TOPIC: Final = "concurrency"
QUICK: Final = False

_WAYS: Final = ("threads", "asyncio")
_MANY: Final = 500
_SLOW: Final = "text-100-slow-20"
_SHORT: Final = "text-10"
_TURNS: Final = 10_000

_ONE_STREAM: Final = "1 slow stream"
_MANY_STREAMS: Final = f"{_MANY} slow streams"
_IN_A_ROW: Final = f"{_TURNS:,} short turns"

_CPU: Final = "processor time per event"
_FIRST: Final = "first delta after, 99th percentile"
_GAP: Final = "longest wait between two deltas"
_MEMORY: Final = "memory grown"
_FILES: Final = "open files grown"
_THREADS: Final = "threads grown"
# What allocators may keep back; 9,000 turns that leaked half a kilobyte each would pass it.
_MEMORY_NOISE_MB: Final = 4.0

LIMITS: Final = (
    *(
        Limit("5", TOPIC, _MANY_STREAMS, _CPU, way, at_most=1.3, against=way, against_workload=_ONE_STREAM)
        for way in _WAYS
    ),
    *(Limit("5", TOPIC, _MANY_STREAMS, _GAP, way, at_most=2.0) for way in _WAYS),
    *(
        Limit("5", TOPIC, _IN_A_ROW, metric, way, at_most=most)
        for way in _WAYS
        for metric, most in ((_MEMORY, _MEMORY_NOISE_MB), (_FILES, 0), (_THREADS, 0))
    ),
)

NOTES: Final = f"""\
A slow stream sends 100 deltas, one each 20 ms, each in a write of its own: a call waits for each, wakes up
for it and handles it alone. **threads**: `run_call` in a thread for each stream, its watchdog in another.
**asyncio**: `run_call_async`, all in one event loop. One client serves all, and every stream has a
connection of its own. The adapters `builtin`, `lenient` and `codex_lb` are on.

All {_MANY} streams begin at the same moment, so the last one's first delta waits for {_MANY} connections.
That no stream is starved is seen in the longest wait between two deltas that any of them had.

Of the short turns (a message in 10 deltas), each on a connection of its own, what the process holds after
the first tenth is compared with what it holds at the end.
"""


def measure(setting: Setting) -> Iterable[Measurement | Remark]:
    """One stream, many streams and many turns, in threads and in an event loop."""
    for number in range(setting.rounds):
        for way in _WAYS:
            yield from _streams(setting, way, number)
    for way in _WAYS:
        cost = _cost_of(setting, way, 1, _TURNS, _SHORT)
        for metric, unit, early, late in zip(
            (_MEMORY, _FILES, _THREADS), ("MB", "", ""), cost["early"], cost["late"], strict=True
        ):
            yield Measurement(TOPIC, _IN_A_ROW, way, metric, late - early, unit)


def _streams(setting: Setting, way: str, number: int) -> Iterator[Measurement]:
    for workload, streams, turns in ((_ONE_STREAM, 1, 3), (_MANY_STREAMS, _MANY, 1)):
        cost = _cost_of(setting, way, streams, turns, _SLOW)
        firsts: Sequence[float] = cost["first_seconds"]
        figures = (
            (_CPU, cost["cpu_seconds"] / cost["deltas"] * 1e6, "µs"),
            (_FIRST, firsts[int(len(firsts) * 0.99)] * 1e3, "ms"),
            (_GAP, cost["longest_gaps"][-1], "s"),
        )
        for metric, value, unit in figures:
            yield Measurement(TOPIC, workload, way, metric, value, unit, number)


def _cost_of(setting: Setting, way: str, streams: int, turns: int, model: str) -> dict[str, Any]:
    asked = (way, str(streams), str(turns), model, setting.base_url)
    command = (setting.python, "-m", "benchmarks.subjects.many", *asked)
    ran = run(command, env=dict(os.environ), work=setting.work, cwd=Path(__file__).parent.parent)
    if ran.code:
        raise RuntimeError(f"{streams} streams in {way}: {ran.err.strip().splitlines()[-1:]}")
    cost: dict[str, Any] = json.loads(ran.out)
    return cost
