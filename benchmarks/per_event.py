"""Point 1: processor time per event of a whole call, beside the SDK's and the bare loop's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Final

from benchmarks.figures import Limit, Measurement, Remark, Setting
from benchmarks.stream_bytes import Stream, events_of
from benchmarks.subjects import Subject

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "measure"]

TOPIC: Final = "per-event"
QUICK: Final = True

_CPU: Final = "processor time per event"
_FIRST: Final = "first delta after"
_HERMES, _BARE, _BARE_ANEW = "hermes", "bare", "bare, new connection"
_TYPED, _CREATED = "openai stream()", "openai create()"

_MOST: Final = 200_000
_WORKLOADS: Final = tuple(f"{kind}-{n}" for n in (100, 10_000, _MOST) for kind in ("text", "args"))
# Enough turns for some ten thousand events, so that the clock's own cost and its steps don't matter.
_TURNS: Final = {100: 40, 10_000: 1, _MOST: 1}
_SDK_ROUNDS_OF_THE_LONGEST: Final = 2

LIMITS: Final = tuple(
    limit
    for workload in _WORKLOADS
    for limit in (
        Limit(
            "1",
            TOPIC,
            workload,
            _CPU,
            _HERMES,
            at_most=1 / 20,
            against=_TYPED,
            full_only="200000" in workload,
        ),
        Limit("1", TOPIC, workload, _CPU, _HERMES, at_most=2.5, against=_BARE),
    )
)

NOTES: Final = """\
Processor time of the client's process, all its threads, from before a turn to after it, divided by the
events of the stream: building the request, the connection, HTTP, SSE, JSON and a callback that counts the
characters of each delta. The client object is made once and one turn goes before, so imports and what is
made once don't count. `text-100` is a message in 100 deltas (108 events), `args-100` a function call
whose arguments come in as many (106); of these 40 turns are made, and the cost of a turn as such is most
of what is measured.

- **hermes**: `run_call` with a live callback and the adapters `builtin`, `lenient` and `codex_lb`; a
  connection for each turn.
- **bare**: httpx2 reads, `split(b"\\n\\n")`, `orjson.loads`; the connection is kept. **bare, new
  connection**: the same with a connection for each turn.
- **openai stream()**: `client.responses.stream()`, all events, then `get_final_response()`. **openai
  create()**: `client.responses.create(stream=True)`, all events. The connection is kept.
"""


def measure(setting: Setting) -> Iterable[Measurement | Remark]:
    """Every subject makes every turn, in turn."""
    names = [_HERMES, _BARE, _TYPED, _CREATED]
    if not setting.quick:
        names.insert(2, _BARE_ANEW)
    with contextlib.ExitStack() as stack:
        subjects = [stack.enter_context(Subject(name, setting.base_url)) for name in names]
        for subject in subjects:
            for workload in ("text-100", "args-100"):
                subject.make(workload)
        for number in range(setting.rounds):
            for workload in _WORKLOADS:
                yield from _measure_workload(subjects, workload, number, setting)


def _measure_workload(
    subjects: Iterable[Subject], workload: str, number: int, setting: Setting
) -> Iterator[Measurement]:
    stream = Stream.of(workload)
    characters = len(stream.text)
    for subject in subjects:
        rounds = 0 if setting.quick else _SDK_ROUNDS_OF_THE_LONGEST
        if stream.deltas == _MOST and subject.name in (_TYPED, _CREATED) and number >= rounds:
            continue
        turns = _TURNS[stream.deltas]
        made = subject.make(workload, turns)
        if made.characters != characters:
            raise RuntimeError(
                f"{subject.name} gave {made.characters} characters of {characters} of {workload}"
            )
        cost = made.cpu_seconds * 1e6 / turns / events_of(workload)
        yield Measurement(TOPIC, workload, subject.name, _CPU, cost, "µs", number)
        if stream.deltas == 100:
            yield Measurement(TOPIC, workload, subject.name, _FIRST, made.first_seconds * 1e3, "ms", number)
