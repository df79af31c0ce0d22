"""A run of the fuzzer: many cases on several processes, and what they have in common that fail."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Final

from hermes.testing.corpus import all_scenarios
from hermes.testing.fuzz.cases import Case, CaseMaker
from hermes.testing.fuzz.play import chunking_breaches, play
from hermes.testing.invariants import Breach, Invariant

__all__ = ["Block", "Failure", "Report", "breaches_of", "run", "run_block"]

_BLOCK: Final = 1000
_CHUNKED: Final = 32
_EXAMPLES: Final = 2
_SECONDS_PER_CASE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that fails.

    Attributes:
        scenario: the id of its scenario.
        seed: its seed.
        breach: what is wrong.
    """

    scenario: str
    seed: int
    breach: Breach

    @property
    def rule(self) -> tuple[Invariant, str]:
        """What is wrong, the same for the same rule."""
        return self.breach.invariant, self.breach.what


@dataclass(frozen=True, slots=True)
class Block:
    """A range of cases to run in one process.

    Attributes:
        start: the number of the first case.
        stop: the number after the last one.
        seed: added to every seed.
        plugins: enabled in every case.
    """

    start: int
    stop: int
    seed: int = 0
    plugins: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What came of some cases.

    Attributes:
        cases: how many there were.
        outcomes: how many ended in which way.
        rules: how many cases break which rule.
        failures: a few examples for each rule.
        seconds: how long it took.
    """

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[Invariant, str]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, case: Case, breach: Breach) -> None:
        """Notes that a case fails."""
        self._keep(Failure(case.scenario.id, case.seed, breach), 1)

    def merge(self, other: Report) -> None:
        """Adds what came of other cases."""
        self.cases += other.cases
        self.outcomes += other.outcomes
        for failure in other.failures:
            self._keep(failure, 0)
        self.rules += other.rules

    def _keep(self, failure: Failure, count: int) -> None:
        if sum(known.rule == failure.rule for known in self.failures) < _EXAMPLES:
            self.failures.append(failure)
        self.rules[failure.rule] += count


class _Hangs(BaseException):
    """Raised into a call that does not end; no border for exceptions holds it back."""


def run(cases: int, *, seed: int = 0, jobs: int = 2, plugins: tuple[str, ...] = ()) -> Iterator[Report]:
    """Runs cases in several processes; gives the report so far after each block.

    Args:
        cases: how many.
        seed: added to every seed, for cases that were not run before.
        jobs: how many processes.
        plugins: adapters to enable in every case.
    """
    began = time.monotonic()
    blocks = [Block(start, min(start + _BLOCK, cases), seed, plugins) for start in range(0, cases, _BLOCK)]
    report = Report()
    # Not forked: the parent may have threads, and a spawned process begins with a clean slate.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for part in pool.imap_unordered(partial(run_block, limit=_limited), blocks):
            report.merge(part)
            report.seconds = time.monotonic() - began
            yield report


def run_block(block: Block, limit: Callable[[], AbstractContextManager[None]] = nullcontext) -> Report:
    """Runs a range of cases in this process.

    Args:
        block: the range.
        limit: what each case runs within.
    """
    report = Report()
    maker = CaseMaker(all_scenarios(), block.plugins)
    for number, case in enumerate(maker.cases(block.start, block.stop, seed=block.seed)):
        report.cases += 1
        try:
            with limit():
                found = breaches_of(case, report.outcomes, chunked=number % _CHUNKED == 0)
        except _Hangs:
            found = [Breach(Invariant.BOUNDED, "a call that does not end")]
        for breach in found:
            report.add(case, breach)
    return report


def breaches_of(case: Case, outcomes: Counter[str] | None = None, *, chunked: bool = True) -> list[Breach]:
    """What is wrong with a case, one breach for each rule.

    Args:
        case: the case.
        outcomes: counts how calls end.
        chunked: whether to try its bodies in pieces of several sizes too.
    """
    record, found = play(case)
    if chunked:
        found += chunking_breaches(case)
    if outcomes is not None:
        outcomes[str(record.result.status) if record.result is not None else "failed"] += 1
    return list({(breach.invariant, breach.what): breach for breach in found}.values())


@contextmanager
def _limited() -> Iterator[None]:
    """Ends a call that does not end by itself. Only for a process of one's own: it takes the alarm clock."""
    before = signal.signal(signal.SIGALRM, _end_call)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS_PER_CASE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _end_call(number: int, frame: FrameType | None) -> None:
    raise _Hangs
