"""A call against a scenario over a real socket, with a clock that never waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hermes.errors import CallError
from hermes.providers.contract import Notice, RateLimits
from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.stream import CallEvent, CallOptions, run_call
from hermes.testing.backend import LoopbackBackend, SeenRequest
from hermes.testing.scenario import Scenario

REQUEST = {
    "model": "gpt-5.4",
    "instructions": "Answer.",
    "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
}


class FakeClock(Clock):
    """The system's time, in which waiting takes no time."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return super().now() + sum(self.slept)

    def monotonic(self) -> float:
        return super().monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Outcome:
    """How a call ended, and what everybody saw of it."""

    requests: tuple[SeenRequest, ...]
    events: list[CallEvent]
    slept: list[float]
    result: ResponseResult | None = None
    error: CallError | None = None
    kinds: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = tuple(request.kind for request in self.requests)

    @property
    def status(self) -> str:
        return str(self.result.status) if self.result is not None else "failed"

    @property
    def verdict(self) -> str:
        if self.result is not None:
            return self.result.verdict
        assert self.error is not None
        return str(self.error.verdict.kind) if self.error.verdict is not None else ""

    @property
    def delivered(self) -> str:
        return "".join(e.text for e in self.events if isinstance(e, Delta) and e.kind == "text")

    @property
    def notices(self) -> list[Notice]:
        return [event for event in self.events if isinstance(event, Notice)]

    @property
    def rate_limits(self) -> list[RateLimits]:
        return [event for event in self.events if isinstance(event, RateLimits)]

    @property
    def told(self) -> str:
        """Everything that the user is told."""
        ends = [self.result.reason, self.result.hint] if self.result else []
        ends += [self.error.message, self.error.hint] if self.error else []
        return "\n".join([*(notice.text for notice in self.notices), *ends])


Call = Callable[..., Outcome]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def call(clock: FakeClock) -> Call:
    """Runs a call: ``call(scenario, plugins=("codex_lb",), live=True, **options)``."""

    def run(
        scenario: Scenario,
        *,
        plugins: tuple[str, ...] = (),
        live: bool = False,
        request: dict[str, Any] | None = None,
        backend: LoopbackBackend | None = None,
        api_key: str = "",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Outcome:
        served = backend or LoopbackBackend(scenario)
        deadlines = options.pop("deadlines", None) or Deadlines(**scenario.deadlines)
        events: list[CallEvent] = []
        with served:
            endpoint = Endpoint(
                "custom", served.base_url, api_key=api_key, headers=headers or {}, deadlines=deadlines
            )
            client = build_client(endpoint)
            ended: dict[str, Any] = {}
            try:
                ended["result"] = run_call(
                    client,
                    request or REQUEST,
                    PluginManager(["lenient", *plugins]),
                    options=CallOptions(
                        live=live, deadlines=deadlines, clock=clock, secrets=endpoint.secrets, **options
                    ),
                    on_event=events.append,
                )
            except CallError as error:
                ended["error"] = error
            finally:
                client.close()
            requests = tuple(served.requests)
        return Outcome(requests, events, clock.slept, **ended)

    return run
