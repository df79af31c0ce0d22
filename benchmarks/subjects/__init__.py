"""Driver programs for Hermes, the SDK and the bare loop: each a process that makes turns when it is told to.

A line of JSON in, ``{"base_url", "model", "turns"}``, a line of JSON out, ``{"cpu_seconds", "wall_seconds",
"events", "characters", "first_seconds"}``. Imports are over before the first line is read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Seen", "Subject", "Turn", "Turns"]


@dataclass(slots=True)
class Seen:
    """What a turn handed out, so that nobody is fast because he leaves something out.

    Attributes:
        events: events for those who hand out events, else deltas.
        characters: of text or arguments.
        first_at: ``time.perf_counter()`` at the first of them; 0 without one.
    """

    events: int = 0
    characters: int = 0
    first_at: float = 0.0


Turn = Callable[[str], Seen]
"""Makes one turn with the model of that name."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What some turns cost.

    Attributes:
        cpu_seconds: processor time of the process, all its threads.
        wall_seconds: from before the first to after the last.
        events: what was handed out in one turn.
        characters: the same.
        first_seconds: from the start of a turn to the first delta, on the average.
    """

    cpu_seconds: float
    wall_seconds: float
    events: int
    characters: int
    first_seconds: float


class Subject:
    """A driver's process; a context manager.

    Args:
        name: the driver, one of ``subjects.__main__.DRIVERS``.
        base_url: the server.
    """

    def __init__(self, name: str, base_url: str) -> None:
        self.name = name
        self._base_url = base_url
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.subjects", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            process.stdout.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def make(self, model: str, turns: int = 1) -> Turns:
        """Makes turns, one after the other.

        Raises:
            RuntimeError: the driver ended instead; what it said is on stderr.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("pipes were asked for")
        asked = {"base_url": self._base_url, "model": model, "turns": turns}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver {self.name} ended in {model}")
        answer: Mapping[str, float] = json.loads(line)
        return Turns(
            answer["cpu_seconds"],
            answer["wall_seconds"],
            int(answer["events"]),
            int(answer["characters"]),
            answer["first_seconds"],
        )
