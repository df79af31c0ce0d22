"""Medians, ratios within a round, and limits kept or missed."""

from __future__ import annotations

import math

import pytest

from benchmarks.figures import Limit, Measurement, Table, judge

TOPIC, WORKLOAD, METRIC = "topic", "workload", "cpu"


def figures(subject: str, *rounds: float, workload: str = WORKLOAD) -> list[Measurement]:
    return [
        Measurement(TOPIC, workload, subject, METRIC, value, "s", number)
        for number, value in enumerate(rounds)
    ]


def key(subject: str, workload: str = WORKLOAD) -> tuple[str, str, str, str]:
    return (TOPIC, workload, subject, METRIC)


def limit(at_most: float, against: str = "other", against_workload: str = "") -> Limit:
    return Limit("1", TOPIC, WORKLOAD, METRIC, "hermes", at_most, against, against_workload)


def test_the_median_of_the_rounds() -> None:
    table = Table(figures("hermes", 1, 100, 3))
    assert table.median(key("hermes")) == 3
    assert table.median(key("nobody")) is None


def test_a_round_with_several_figures_counts_once() -> None:
    twice = [Measurement(TOPIC, WORKLOAD, "hermes", METRIC, value, "s", 0) for value in (9, 9, 9)]
    table = Table([*twice, *figures("hermes", 9, 1, 1)])
    assert table.by_round(key("hermes")) == {0: 9, 1: 1, 2: 1}
    assert table.median(key("hermes")) == 1


def test_ratios_are_taken_within_a_round() -> None:
    # The machine was ten times slower in the second round; the ratio of the medians would be another one.
    table = Table([*figures("hermes", 1, 20, 3), *figures("other", 1, 10, 1.5)])
    assert table.ratio(key("hermes"), key("other")) == 2


def test_rounds_without_the_other_one_are_left_out() -> None:
    table = Table([*figures("hermes", 4, 100), *figures("other", 2)])
    assert table.ratio(key("hermes"), key("other")) == 2
    assert table.ratio(key("other"), key("nobody")) is None


@pytest.mark.parametrize(("at_most", "missed"), [(2.1, False), (2.0, False), (1.9, True)])
def test_a_ratio_is_kept_or_missed(at_most: float, missed: bool) -> None:
    table = Table([*figures("hermes", 4), *figures("other", 2)])
    (judgement,) = judge(table, [limit(at_most)])
    assert (judgement.found, judgement.missed) == (2, missed)


@pytest.mark.parametrize(("at_most", "missed"), [(4, False), (3, True)])
def test_a_value_is_kept_or_missed(at_most: float, missed: bool) -> None:
    (judgement,) = judge(Table(figures("hermes", 4)), [limit(at_most, against="")])
    assert (judgement.found, judgement.missed) == (4, missed)


def test_another_workload_may_be_the_reference() -> None:
    table = Table([*figures("hermes", 3), *figures("hermes", 2, workload="short")])
    (judgement,) = judge(table, [limit(1, against="hermes", against_workload="short")])
    assert judgement.found == 1.5


def test_what_was_not_measured_is_missed() -> None:
    (judgement,) = judge(Table(figures("hermes", 1)), [limit(1000)])
    assert (judgement.found, judgement.missed) == (None, True)


def test_nonsense_is_missed() -> None:
    (judgement,) = judge(Table(figures("hermes", math.nan)), [limit(1000, against="")])
    assert judgement.missed
