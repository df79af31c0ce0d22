"""The same turns by other people's clients: cost per event, and a one-shot turn as a whole process."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from benchmarks.figures import Limit, Measurement, Remark, Setting
from benchmarks.peers import (
    PEERS,
    Driver,
    DriverDied,
    DriverHangs,
    Environment,
    Peer,
    PeerAnswer,
    PeerUnavailable,
    Turn,
    install,
)
from benchmarks.stream_bytes import events_of, text_of

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "installed", "measure"]

TOPIC: Final = "peers"
QUICK: Final = False
LIMITS: Final[tuple[Limit, ...]] = ()

_CPU: Final = "processor time per event"
_FIRST: Final = "first delta after"
_ONE_SHOT: Final = "one-shot turn"
_SHORT: Final = "text-100"
_TURNS: Final = {_SHORT: 5, "text-10000": 1}
_PATIENCE: Final = 120.0
_ONE_SHOT_ROUNDS: Final = 3

NOTES: Final = """\
Other people's clients, each in an environment of its own, and Hermes beside them, by the same protocol: a
process that answers turns. **processor time per event** and **first delta after** are of one turn in a
process that has made one before, with a new client object for each turn. **one-shot turn** is a message
in 100 deltas and everything that it takes: for a library, a new process that imports it and makes the
turn; for a command, the command. What differs besides speed: agent frameworks and commands send longer
requests, keep histories and sessions, and look for files, as they do for their users; telemetry and
update checks are off.
"""


def measure(setting: Setting) -> Iterable[Measurement | Remark]:
    """Every peer that can be installed, in turn; the others with the reason."""
    environments: list[Environment] = []
    for peer, environment, reason in installed(lambda line: None):
        if environment is None:
            yield Remark(TOPIC, f"{_subject(peer)} is not measured: {reason}.")
        else:
            environments.append(environment)
    with contextlib.ExitStack() as stack:
        drivers: dict[str, tuple[Environment, Driver]] = {}
        for environment in environments:
            subject = _subject(environment.peer)
            try:
                driver = stack.enter_context(environment.start())
                _ask(driver, setting.base_url, _SHORT)  # to warm up
            except (DriverDied, DriverHangs, _WrongError) as error:
                yield Remark(TOPIC, f"{subject} is not measured: {_last_line(error)}.")
                continue
            drivers[subject] = environment, driver
            told = [f"{name} {version}" for name, version in driver.versions.items() if version]
            yield Remark(TOPIC, f"- {subject}: {', '.join([*environment.peer.npm, *told])}")
        for number in range(setting.rounds):
            for subject, (environment, driver) in list(drivers.items()):
                try:
                    yield from _round(environment, driver, setting.base_url, subject, number)
                except (DriverDied, DriverHangs, _WrongError) as error:
                    yield Remark(TOPIC, f"{subject} is not measured further: {_last_line(error)}.")
                    del drivers[subject]


def installed(tell: Callable[[str], None]) -> Iterator[tuple[Peer, Environment | None, str]]:
    """Every peer with its environment, or the reason why there is none."""
    for peer in PEERS:
        try:
            yield peer, install(peer, tell=tell), ""
        except PeerUnavailable as error:
            yield peer, None, _last_line(error)


class _WrongError(Exception):
    """A turn that did not give the whole text."""


def _round(
    environment: Environment, driver: Driver, base_url: str, subject: str, number: int
) -> Iterator[Measurement]:
    if environment.peer.kind == "library":
        for workload, turns in _TURNS.items():
            answers = [_ask(driver, base_url, workload) for _ in range(turns)]
            seconds = sum(answer.cpu_seconds for answer in answers) / turns
            cost = seconds * 1e6 / events_of(workload)
            yield Measurement(TOPIC, workload, subject, _CPU, cost, "µs", number)
            firsts = [one.first_delta_seconds for one in answers if one.first_delta_seconds is not None]
            if workload == _SHORT and firsts:
                first = sum(firsts) / len(firsts)
                yield Measurement(TOPIC, workload, subject, _FIRST, first * 1e3, "ms", number)
    if number < _ONE_SHOT_ROUNDS:
        cpu, wall = _one_shot(environment, driver, base_url)
        yield Measurement(TOPIC, _ONE_SHOT, subject, "processor time", cpu * 1e3, "ms", number)
        yield Measurement(TOPIC, _ONE_SHOT, subject, "wall time", wall * 1e3, "ms", number)


def _one_shot(environment: Environment, driver: Driver, base_url: str) -> tuple[float, float]:
    """Processor and wall seconds of a turn and the process that it takes."""
    if environment.peer.kind == "command":
        answer = _ask(driver, base_url, _SHORT)
        return answer.cpu_seconds, answer.wall_seconds
    before, began = _children_seconds(), time.perf_counter()
    with environment.start() as fresh:
        _ask(fresh, base_url, _SHORT)
        wall = time.perf_counter() - began
    return _children_seconds() - before, wall


def _children_seconds() -> float:
    """Processor time of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _ask(driver: Driver, base_url: str, workload: str) -> PeerAnswer:
    # By the path: some peers stream only from models that they know.
    at = f"{base_url.removesuffix('/v1')}/{workload}/v1"
    answer = driver.ask(Turn(base_url=at, prompt="hi"), limit=_PATIENCE)
    if answer.status != "complete" or answer.text.strip() != text_of(workload).strip():
        raise _WrongError(answer.error or f"it answered {answer.text[-80:]!r}")
    return answer


def _subject(peer: Peer) -> str:
    return "hermes" if peer.name == "hermes" else peer.title.replace("`", "")


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[-1] if lines else type(error).__name__).strip().rstrip(".")[:300]
