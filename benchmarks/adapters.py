"""Point 2: what adapters cost on streams where they do not act, and what asking one costs besides itself."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import Limit, Measurement, Remark, Setting
from benchmarks.stream_bytes import events_of
from benchmarks.subjects import Subject

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "measure"]

TOPIC: Final = "adapters"
QUICK: Final = True

_ENGINE: Final = "engine alone"
_CALL: Final = "whole call"
_CPU: Final = "processor time per event"
_BESIDE: Final = "beside its own cost"
_NONE, _TWENTY, _LOOKS_ON, _ANSWERS = "no adapter", "20 adapters", "1 looks on", "1 answers"
_OWN: Final = "its own cost"
_MODEL: Final = "text-10000"
_PASSES: Final = 5

LIMITS: Final = tuple(
    limit
    for workload in (_ENGINE, _CALL)
    for limit in (
        Limit("2", TOPIC, workload, _CPU, _TWENTY, at_most=1.05, against=_NONE),
        Limit("2", TOPIC, workload, _BESIDE, _LOOKS_ON, at_most=1.0),
        Limit("2", TOPIC, workload, _BESIDE, _ANSWERS, at_most=1.0),
    )
)

NOTES: Final = f"""\
A message in 10,000 text deltas, by the processor time per event. **{_ENGINE}**: `AnswerEngine` in one
process, fed 64 KiB at a time, without a socket. **{_CALL}**: `run_call` over the loopback server, a
process each. **{_NONE}**: only `builtin`, which is always there. **{_TWENTY}**: twenty more, which want
other event types. **{_LOOKS_ON}**: one that wants every text delta and answers None; **{_ANSWERS}**: one
that answers each with a list. "{_BESIDE}" is what a stream costs more with it than with none, less what
its bare function costs, per event.
"""


def measure(setting: Setting) -> Iterable[Measurement | Remark]:
    """The engine in a process of its own, then whole calls."""
    rounds = setting.rounds * _PASSES
    command = [sys.executable, "-m", "benchmarks.subjects.engine", _MODEL, str(rounds)]
    lines = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    ).stdout.splitlines()
    owns: dict[str, list[float]] = {_LOOKS_ON: [], _ANSWERS: []}
    for number, line in enumerate(lines):
        costs: dict[str, float] = json.loads(line)
        own = {name: costs.pop(f"{name}, {_OWN}") for name in (_LOOKS_ON, _ANSWERS)}
        for name, cost in own.items():
            owns[name].append(cost)
            yield Measurement(TOPIC, _OWN, name, _CPU, cost, "µs", number)
        yield from _figures(_ENGINE, costs, own, number)
    own = {name: median(costs_of_rounds) for name, costs_of_rounds in owns.items()}
    with contextlib.ExitStack() as stack:
        names = (_NONE, _TWENTY, _LOOKS_ON, _ANSWERS)
        subjects = [stack.enter_context(Subject(name, setting.base_url)) for name in names]
        for subject in subjects:
            subject.make(_MODEL)
        for number in range(rounds):
            made = {subject.name: subject.make(_MODEL).cpu_seconds for subject in subjects}
            costs = {name: seconds * 1e6 / events_of(_MODEL) for name, seconds in made.items()}
            yield from _figures(_CALL, costs, own, number)


def _figures(
    workload: str, costs: dict[str, float], own: dict[str, float], number: int
) -> Iterator[Measurement]:
    for name, cost in costs.items():
        yield Measurement(TOPIC, workload, name, _CPU, cost, "µs", number)
    for name in (_LOOKS_ON, _ANSWERS):
        beside = costs[name] - costs[_NONE] - own[name]
        yield Measurement(TOPIC, workload, name, _BESIDE, beside, "µs", number)
