"""Many calls of Hermes in one process.

``python -m benchmarks.subjects.many WAY STREAMS TURNS MODEL BASE_URL``: ``WAY`` is ``threads`` or
``asyncio``, ``STREAMS`` calls run at once, each of them ``TURNS`` times in a row, with one client for all.
What it cost goes to stdout as one JSON object; a first turn, outside of what is measured, pays for what is
made once.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult
from hermes.runtime.client import Endpoint, build_async_client, build_client
from hermes.runtime.stream import CallEvent, CallOptions, run_call, run_call_async

__all__ = ["Cost"]

_PLUGINS = PluginManager(["lenient", "codex_lb"])
_OPTIONS = CallOptions(provider="bench", live=True)
_EARLY = 10
"""The share of the turns, as a divisor, after which a process holds what it needs for good."""


@dataclass(slots=True)
class Cost:
    """What the calls cost.

    Attributes:
        cpu_seconds: processor time of the process, all its threads.
        wall_seconds: from the start of the first to the end of the last.
        deltas: how many came in all.
        first_seconds: from the start of each stream's last call to its first delta, sorted.
        longest_gaps: the longest wait between two deltas of that call, in seconds, sorted.
        early: memory in MB, open files and threads after the first tenth of the turns.
        late: the same at the end.
    """

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    deltas: int = 0
    first_seconds: list[float] = field(default_factory=list)
    longest_gaps: list[float] = field(default_factory=list)
    early: tuple[float, int, int] = (0.0, 0, 0)
    late: tuple[float, int, int] = (0.0, 0, 0)


class _Call:
    """One call, as its caller sees it."""

    def __init__(self, model: str) -> None:
        self.request = {"model": model, "input": "hi", "store": False}
        self.deltas = 0
        self.began = self.last = time.perf_counter()
        self.first = self.gap = 0.0

    def on_event(self, event: CallEvent) -> None:
        if type(event) is not Delta:
            return
        now = time.perf_counter()
        if self.deltas:
            self.gap = max(self.gap, now - self.last)
        else:
            self.first = now - self.began
        self.deltas += 1
        self.last = now

    def ended(self, result: ResponseResult, cost: Cost) -> None:
        if result.status != "complete" or len(result.attempts) != 1:
            raise RuntimeError(f"a call is {result.status}")
        cost.deltas += self.deltas

    def told(self, cost: Cost) -> None:
        cost.first_seconds.append(self.first)
        cost.longest_gaps.append(self.gap)


def _held() -> tuple[float, int, int]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(list(Path("/proc/self/fd").iterdir()))
    return pages * resource.getpagesize() / 1e6, files, threading.active_count()


def _in_threads(streams: int, turns: int, model: str, base_url: str) -> Cost:
    cost, client = Cost(), build_client(Endpoint("bench", base_url))

    def turn() -> _Call:
        call = _Call(model)
        call.ended(run_call(client, call.request, _PLUGINS, options=_OPTIONS, on_event=call.on_event), cost)
        return call

    def stream() -> None:
        for number in range(turns):
            call = turn()
            if streams == 1 and number == turns // _EARLY:
                cost.early = _held()
        call.told(cost)

    turn()
    cost = Cost()
    began, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=stream) for _ in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cost.cpu_seconds, cost.wall_seconds = time.process_time() - cpu, time.perf_counter() - began
    cost.late = _held()
    if len(cost.first_seconds) != streams:
        raise RuntimeError(f"{streams - len(cost.first_seconds)} streams failed")
    client.close()
    return cost


async def _in_event_loop(streams: int, turns: int, model: str, base_url: str) -> Cost:
    cost, client = Cost(), build_async_client(Endpoint("bench", base_url))

    async def turn() -> _Call:
        call = _Call(model)
        call.ended(
            await run_call_async(client, call.request, _PLUGINS, options=_OPTIONS, on_event=call.on_event),
            cost,
        )
        return call

    async def stream() -> None:
        for number in range(turns):
            call = await turn()
            if streams == 1 and number == turns // _EARLY:
                cost.early = _held()
        call.told(cost)

    await turn()
    cost = Cost()
    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(streams):
            group.create_task(stream())
    cost.cpu_seconds, cost.wall_seconds = time.process_time() - cpu, time.perf_counter() - began
    cost.late = _held()
    await client.close()
    return cost


def _main(way: str, streams: int, turns: int, model: str, base_url: str) -> None:
    if way == "threads":
        cost = _in_threads(streams, turns, model, base_url)
    else:
        cost = asyncio.run(_in_event_loop(streams, turns, model, base_url))
    cost.first_seconds.sort()
    cost.longest_gaps.sort()
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
