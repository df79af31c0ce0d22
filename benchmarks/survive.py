"""``python -m benchmarks.survive``: what other clients make of the scenarios, beside Hermes.

Each scenario is played by a loopback backend of its own, so that nothing of one turn reaches another. Two
workers share the scenarios of a peer, each with a driver of its own; a driver that hangs or dies is
replaced. What was answered is kept in ``build/survive``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import local
from typing import Any, Final, Literal

from benchmarks.peers import (
    PEERS,
    Driver,
    DriverDied,
    DriverHangs,
    Environment,
    Peer,
    PeerUnavailable,
    find_peer,
    install,
)
from benchmarks.survive_ask import Asked, asked_of, can_ask
from benchmarks.survive_records import Record, Recorded, judged, load, save
from benchmarks.survive_report import PeerRun, page, summary
from hermes.errors import UsageError
from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import all_scenarios, scenarios_named

__all__ = ["main", "run_peer"]

_LIMIT_SECONDS: Final = {"library": 10.0, "command": 60.0}
"""For a command with the time of its start and its waits before retries, which are real."""

_PROGRESS: Final = 100

_WARMING: Final = scenarios_named(("good-text", "error-envelope-zoo/request-id-in-body"))
_WARM_UP_SECONDS: Final = 60.0


def run_peer(
    peer: Peer,
    environment: Environment,
    questions: Sequence[Asked],
    *,
    workers: int = 2,
    tell: Callable[[str], None] = lambda line: None,
) -> Recorded:
    """Asks a peer everything that it can be asked.

    Args:
        peer: the peer.
        environment: where it is installed.
        questions: the scenarios.
        workers: how many are asked at once.
        tell: is told how far it is.

    Raises:
        PeerUnavailable: its driver doesn't start.
    """
    drivers = _Drivers(environment)
    begun = time.monotonic()
    chosen = [asked for asked in questions if can_ask(peer, asked)]
    records: list[Record] = []
    try:
        versions = drivers.mine().versions
        with ThreadPoolExecutor(workers) as pool:
            limit = _LIMIT_SECONDS[peer.kind]
            for record in pool.map(lambda asked: _ask(drivers, asked, limit), chosen):
                records.append(record)
                if len(records) % _PROGRESS == 0 or len(records) == len(chosen):
                    seconds = time.monotonic() - begun
                    tell(f"{peer.name}: {len(records)} of {len(chosen)} in {seconds:.0f} s")
    except (DriverDied, DriverHangs) as error:
        raise PeerUnavailable(f"its driver does not start: {error}") from error
    finally:
        drivers.close()
    return Recorded(versions, records)


class _Drivers:
    """One driver for each thread, started when it is needed."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._of_thread = local()
        self._started: list[Driver] = []

    def mine(self) -> Driver:
        """The driver of this thread."""
        driver: Driver | None = getattr(self._of_thread, "driver", None)
        if driver is None or driver.closed:
            driver = self._environment.start(impatient=True)
            self._of_thread.driver = driver
            self._started.append(driver)
            if self._environment.peer.kind == "library":
                _warm_up(driver)
        return driver

    def close(self) -> None:
        """Ends them all."""
        for driver in self._started:
            driver.close()


def _warm_up(driver: Driver) -> None:
    """Asks a few things that nobody counts, so that what a peer imports at its first error is no hang."""
    for warm in _WARMING:
        with LoopbackBackend(warm) as backend:
            driver.ask(asked_of(warm).turn(backend.base_url), limit=_WARM_UP_SECONDS)


def _ask(drivers: _Drivers, asked: Asked, limit: float) -> Record:
    """Asks once, and where no answer comes once more, because a busy machine can be slow too."""
    record = _ask_once(drivers, asked, limit)
    return _ask_once(drivers, asked, limit) if record.ended == "hangs" else record


def _ask_once(drivers: _Drivers, asked: Asked, limit: float) -> Record:
    driver = drivers.mine()
    answer, complaint = None, ""
    ended: Literal["answered", "hangs", "died"] = "answered"
    begun = time.perf_counter()
    with LoopbackBackend(asked.scenario) as backend:
        try:
            answer = driver.ask(asked.turn(backend.base_url), limit=limit)
        except DriverHangs:
            ended = "hangs"
        except DriverDied as error:
            ended, complaint = "died", str(error)
        seconds = round(time.perf_counter() - begun, 3)
        requests = len(backend.kinds)
    return Record(asked.scenario.id, ended, answer, complaint, seconds, requests)


def _one_a_quirk(peer: Peer, questions: Sequence[Asked]) -> list[Asked]:
    """The first scenario of each quirk that the peer can be asked."""
    first: dict[int, Asked] = {}
    for asked in questions:
        if can_ask(peer, asked):
            first.setdefault(asked.scenario.quirk, asked)
    return list(first.values())


def _run(peer: Peer, questions: Sequence[Asked], arguments: argparse.Namespace) -> Recorded:
    sampled = peer.kind == "command" and not arguments.all and not arguments.scenario
    chosen = _one_a_quirk(peer, questions) if sampled else questions
    try:
        return run_peer(peer, install(peer, tell=_tell), chosen, workers=arguments.workers, tell=_tell)
    except PeerUnavailable as error:
        _tell(f"{peer.name}: not run: {error}")
        return Recorded({}, (), unavailable=" ".join(str(error).split())[:200])


def _tell(line: str) -> None:
    print(" ".join(line.split()), file=sys.stderr, flush=True)


def _as_json(runs: Sequence[PeerRun]) -> list[dict[str, Any]]:
    return [
        {
            "peer": run.peer.name,
            "versions": dict(run.versions),
            "unavailable": run.unavailable,
            "rows": [
                {
                    "scenario": row.scenario,
                    "quirk": row.quirk,
                    "verdict": row.judgement.verdict,
                    "why": row.judgement.why,
                }
                for row in run.rows
            ],
        }
        for run in runs
    ]


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    about = "Asks other clients of the Responses API every scenario, and judges what they make of it."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survive", description=about)
    names = [peer.name for peer in PEERS]
    add = parser.add_argument
    add("--peer", action="append", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    add("--scenario", action="append", metavar="ID", help="one, or a quirk with all its shapes; not kept")
    add("--all", action="store_true", help="ask command-line clients every scenario too")
    add("--kept", action="store_true", help="ask nobody, and judge what was kept of earlier runs")
    add("--workers", type=int, default=2, metavar="N", help="turns at once (2)")
    add("--json", action="store_true", help="write every verdict as JSON instead of the table")
    add(
        "--page",
        type=Path,
        metavar="PATH",
        help="write a page there, of earlier runs where a peer is not asked",
    )
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Runs the command; 0 unless the command line is wrong."""
    arguments = _arguments(given)
    try:
        scenarios = scenarios_named(arguments.scenario) if arguments.scenario else all_scenarios()
    except UsageError as error:
        _tell(f"{error.message} {error.hint}")
        return 2
    questions = [asked_of(scenario) for scenario in scenarios]
    peers = [find_peer(name) for name in arguments.peer] if arguments.peer else PEERS
    runs = []
    for peer in peers:
        recorded = load(peer) if arguments.kept else _run(peer, questions, arguments)
        if recorded is None:
            continue
        if not arguments.kept and not arguments.scenario:
            save(peer, recorded)
        runs.append(judged(peer, recorded))
    if arguments.page:
        kept = [(peer, load(peer)) for peer in PEERS]
        text = page([judged(peer, recorded) for peer, recorded in kept if recorded], taken=_taken())
        arguments.page.write_text(text, encoding="utf-8")
    print(json.dumps(_as_json(runs), indent=1) if arguments.json else summary(runs))
    return 0


def _taken() -> str:
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"Written on {day}, Python {platform.python_version()}, {machine}."


if __name__ == "__main__":
    sys.exit(main())
