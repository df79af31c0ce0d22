"""What every test of the adapter needs: a context that collects reports, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hermes.providers.contract import AdapterContext, EndpointMemory, Notice, RateLimits

NOW = 1_777_000_000.0

Calls = Callable[[], tuple[AdapterContext, list[RateLimits | Notice]]]


def _call() -> tuple[AdapterContext, list[RateLimits | Notice]]:
    reports: list[RateLimits | Notice] = []
    context = AdapterContext(
        provider="pool", model="gpt-5.4", memory=EndpointMemory(), on_report=reports.append
    )
    return context, reports


@pytest.fixture(scope="session")
def new_call() -> Calls:
    """Makes a context for a call, and the list of what is reported through it."""
    return _call


@pytest.fixture(scope="session", autouse=True)
def now() -> Iterator[float]:
    """The time at which all tests happen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hermes_codex_lb.clock.now", lambda: NOW)
        yield NOW
