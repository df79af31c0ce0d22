"""A call against a scenario over a real socket, with a clock that never waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hermes.testing.runs import REQUEST, Outcome, call_scenario
from hermes.testing.runs import ImpatientClock as FakeClock
from hermes.testing.scenario import Scenario

__all__ = ["REQUEST", "Call", "FakeClock", "Outcome"]

Call = Callable[..., Outcome]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def call(clock: FakeClock) -> Call:
    """Runs a call: ``call(scenario, plugins=("codex_lb",), live=True, **options)``."""

    def run(
        scenario: Scenario, *, api_key: str = "", headers: dict[str, str] | None = None, **options: Any
    ) -> Outcome:
        return call_scenario(
            scenario, endpoint={"api_key": api_key, "headers": headers or {}}, **{"clock": clock, **options}
        )

    return run
