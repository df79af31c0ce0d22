"""The invariants hold on mutated streams: a fixed part of what ``make fuzz`` runs, and what it found."""

from __future__ import annotations

import pytest

from hermes.testing.corpus import scenario
from hermes.testing.fuzz.run import Block, breaches_of, run_block
from hermes.testing.fuzz.saved import Saved, saved_cases

BLOCKS = range(0, 6000, 750)


@pytest.mark.parametrize("start", BLOCKS)
def test_the_invariants_hold_on_mutated_streams(start: int) -> None:
    report = run_block(Block(start, start + 750))
    again = [f"--replay {failure.scenario} {failure.seed}: {failure.breach}" for failure in report.failures]
    assert not report.rules, "\n".join(again)
    assert report.cases == 750
    # Or else the run would prove little.
    assert min(report.outcomes[name] for name in ("complete", "partial", "unconfirmed", "failed")) > 5


@pytest.mark.parametrize("saved", saved_cases(), ids=lambda saved: saved.case.scenario.id)
def test_what_was_found_before_is_mended(saved: Saved) -> None:
    assert breaches_of(saved.case) == []


def test_what_was_found_and_decided_is_in_the_corpus() -> None:
    for saved in saved_cases():
        if saved.has_outcome:
            assert scenario(saved.case.scenario.id) == saved.case.scenario
