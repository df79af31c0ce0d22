"""What all drivers share: the loop over lines, a clock, and nothing of any peer.

It runs in the peers' environments, so it imports the standard library only. Import it before the peer, so
that the peer finds the clock as the benchmark wants it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

__all__ = ["Answer", "Watch", "function_call", "serve"]

_SHORTEST = 0.001


@dataclass
class Answer:
    """What a turn gave, in the words of the protocol; see the README beside this folder.

    Attributes:
        text: of the peer's own result.
        refusal: the same for a refusal, where the peer tells the two apart.
        tool_calls: what the peer ran, or hands out as to be run in an answer that it calls complete.
        status: ``complete``, ``partial`` or ``error``.
        error: the sentence of what was raised.
        error_type: its type.
    """

    text: str = ""
    refusal: str = ""
    tool_calls: list[dict[str, str]] = field(default_factory=list)
    status: str = "complete"
    error: str = ""
    error_type: str = ""


class Watch:
    """Counts what the peer hands out in one turn, and when the first piece of text came."""

    def __init__(self) -> None:
        self.events = 0
        self.first_delta: float | None = None
        self._begun = time.perf_counter()
        self._busy = _processor_seconds()

    def event(self) -> None:
        """The peer handed out an event."""
        self.events += 1

    def delta(self) -> None:
        """The peer handed out a piece of text."""
        self.events += 1
        if self.first_delta is None:
            self.first_delta = time.perf_counter() - self._begun

    def figures(self) -> dict[str, float | int | None]:
        """The numbers of the answer."""
        return {
            "events": self.events,
            "first_delta_seconds": self.first_delta,
            "wall_seconds": time.perf_counter() - self._begun,
            "cpu_seconds": _processor_seconds() - self._busy,
        }


def _processor_seconds() -> float:
    """Of this process and of the commands that it waited for."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def function_call(name: object, arguments: object, call_id: object) -> dict[str, str]:
    """One entry of ``tool_calls``."""
    given = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"name": str(name or ""), "arguments": given, "call_id": str(call_id or "")}


def serve(turn: Callable[[Mapping[str, Any], Watch], Answer], packages: Iterable[str]) -> None:
    """Answers each line of stdin with one on stdout, until stdin ends.

    Args:
        turn: asks the peer once. What it raises becomes an answer with the status ``error``.
        packages: whose versions the first line names.
    """
    # What the peer prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    answers.write(json.dumps({"ready": True, "versions": _versions(packages)}) + "\n")
    for line in sys.stdin:
        watch = Watch()
        try:
            answer = turn(json.loads(line), watch)
        except Exception as error:  # noqa: BLE001  # whatever the peer raises is its answer
            traceback.print_exc()
            answer = Answer(status="error", error=_sentence(error), error_type=_type_name(error))
        answers.write(json.dumps(asdict(answer) | watch.figures()) + "\n")


def _sentence(error: BaseException) -> str:
    try:
        return str(error)
    except TypeError:  # its message is none
        return ""


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found


def _wait_for_nothing() -> None:
    """Makes waits take no time, so that a delay asked for by a backend costs the benchmark none."""
    sleep, sleep_async = time.sleep, asyncio.sleep

    def short_sleep(seconds: Any, /) -> None:
        sleep(min(seconds, _SHORTEST))

    async def short_sleep_async(delay: float, result: Any = None) -> Any:
        return await sleep_async(min(delay, _SHORTEST), result)

    time.sleep = short_sleep
    asyncio.sleep = short_sleep_async


if os.environ.get("PEER_IMPATIENT") == "1":
    _wait_for_nothing()
