"""What a measurement gives, and what is made of it: medians, ratios within a round, limits kept or missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Judgement", "Limit", "Measurement", "Remark", "Setting", "Table", "judge"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a measurement module is given.

    Attributes:
        rounds: how often everything is measured; the subjects take turns within a round.
        quick: only what answers the demanded ratios, in about a minute for all modules together.
        base_url: the loopback server (``benchmarks.server``), with ``/v1``.
        python: the interpreter of the environment in which Hermes is installed.
        hermes: the console script of that environment.
        work: an empty folder that is removed afterwards.
    """

    rounds: int
    quick: bool
    base_url: str
    python: Path
    hermes: Path
    work: Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure of one subject in one round.

    Attributes:
        topic: the module that measured it, e.g. ``per-event``.
        workload: what was done, e.g. ``text-10000``.
        subject: who did it, e.g. ``hermes``, ``bare``, ``openai stream()``.
        metric: what was measured, e.g. ``cpu per event``.
        value: the figure.
        unit: its unit: ``s``, ``ms``, ``µs``, ``MB``, ``%``, or empty for a number.
        round: the round, from 0. Figures of one round are compared with each other, because a machine is
            faster in one minute than in the next.
    """

    topic: str
    workload: str
    subject: str
    metric: str
    value: float
    unit: str
    round: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader of the results should know: a peer that cannot be installed, a turn that went wrong.

    Attributes:
        topic: as in ``Measurement``.
        text: a sentence.
    """

    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What is demanded of a figure: its ratio to another subject's in the same round, or its value.

    Attributes:
        point: the number of the demand, e.g. ``1``.
        topic: as in ``Measurement``, and so are the next three.
        workload: the same.
        metric: the same.
        subject: the same.
        at_most: the greatest ratio, or value where ``against`` is empty.
        against: the subject to compare with; empty compares the value itself.
        against_workload: the workload of that subject, where it is another one.
        full_only: whether the quick run leaves it out, because it takes too long.
    """

    point: str
    topic: str
    workload: str
    metric: str
    subject: str
    at_most: float
    against: str = ""
    against_workload: str = ""
    full_only: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A limit and what was found.

    Attributes:
        limit: the limit.
        found: the median over the rounds of the ratio, or of the value; None where it was not measured.
    """

    limit: Limit
    found: float | None

    @property
    def missed(self) -> bool:
        """Whether the limit is not kept. What was demanded and not measured counts as missed."""
        return self.found is None or not self.found <= self.limit.at_most


Key = tuple[str, str, str, str]
"""Topic, workload, subject and metric."""


class Table:
    """All figures of a run, by what they are figures of."""

    def __init__(self, measurements: Iterable[Measurement]) -> None:
        self._rounds: dict[Key, dict[int, list[float]]] = {}
        self.units: dict[tuple[str, str], str] = {}
        for one in measurements:
            key = (one.topic, one.workload, one.subject, one.metric)
            self._rounds.setdefault(key, {}).setdefault(one.round, []).append(one.value)
            self.units[one.topic, one.metric] = one.unit

    def __contains__(self, key: Key) -> bool:
        return key in self._rounds

    @property
    def keys(self) -> list[Key]:
        """What there are figures of, in the order in which it was first measured."""
        return list(self._rounds)

    def by_round(self, key: Key) -> Mapping[int, float]:
        """The median of each round, where a round holds several figures."""
        return {number: median(values) for number, values in self._rounds.get(key, {}).items()}

    def median(self, key: Key) -> float | None:
        """The median over the rounds; None where there is no figure."""
        values = self.by_round(key)
        return median(values.values()) if values else None

    def ratio(self, key: Key, to: Key) -> float | None:
        """The median over the rounds of the ratio within a round; None where no round holds both."""
        mine, others = self.by_round(key), self.by_round(to)
        ratios = [mine[number] / others[number] for number in mine if others.get(number)]
        return median(ratios) if ratios else None


def judge(table: Table, limits: Iterable[Limit]) -> list[Judgement]:
    """Compares the figures with what is demanded of them."""
    return [_judge(table, limit) for limit in limits]


def _judge(table: Table, limit: Limit) -> Judgement:
    key = (limit.topic, limit.workload, limit.subject, limit.metric)
    if not limit.against:
        return Judgement(limit, table.median(key))
    other = (limit.topic, limit.against_workload or limit.workload, limit.against, limit.metric)
    return Judgement(limit, table.ratio(key, other))
