"""A call against a scenario over a real socket, with a clock that never waits."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
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


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """The base URL of a port that takes no more connections, and refuses none."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
