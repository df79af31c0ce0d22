"""Runs scenarios over real sockets and says where the outcome is not the expected one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from hermes.errors import CallError
from hermes.names import plugin_key
from hermes.providers.contract import EndpointMemory, Notice, RateLimits
from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult, ResultStatus
from hermes.runtime.client import ClientKind, Endpoint, build_async_client, build_client
from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.stream import CallEvent, CallOptions, Restarted, run_call, run_call_async
from hermes.testing.backend import LoopbackBackend, SeenRequest
from hermes.testing.scenario import Expected, Scenario

__all__ = ["REQUEST", "ImpatientClock", "Outcome", "Run", "call_scenario", "differences", "runs_of"]

REQUEST: Final[Mapping[str, Any]] = {
    "model": "gpt-5.4",
    "instructions": "Answer.",
    "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
}
"""What is asked where the scenario names nothing else."""


class ImpatientClock(Clock):
    """The system's time, in which waiting takes none: it jumps ahead instead.

    Attributes:
        slept: the seconds of each wait.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        """Unix seconds, the waits counted as if they had been."""
        return super().now() + sum(self.slept)

    def monotonic(self) -> float:
        """Seconds from any moment, the waits counted as if they had been."""
        return super().monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        """Notes the wait and returns at once."""
        self.slept.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """The same, for asyncio."""
        self.slept.append(seconds)


@dataclass
class Outcome:
    """How a call ended, and what everybody saw of it.

    Attributes:
        requests: what the backend was asked.
        events: what the caller was handed, in order.
        slept: the seconds of each wait before a retry.
        result: the result; None where there is an error.
        error: the error; None where there is a result.
    """

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
        """The status of the result; ``failed`` where there is none."""
        return str(self.result.status) if self.result is not None else "failed"

    @property
    def verdict(self) -> str:
        """The kind of the verdict behind the outcome; empty where there is none."""
        if self.result is not None:
            return self.result.verdict
        verdict = self.error.verdict if self.error is not None else None
        return str(verdict.kind) if verdict is not None else ""

    @property
    def exit_code(self) -> int:
        """What ``hermes -z`` ends with."""
        if self.result is None:
            return 1
        return 0 if self.result.status is ResultStatus.COMPLETE else 3

    @property
    def delivered(self) -> str:
        """The text that a caller has who was given deltas: what a restart makes void is gone."""
        text = ""
        for event in self.events:
            if isinstance(event, Delta) and event.kind == "text":
                text += event.text
            elif isinstance(event, Restarted) and not event.continues:
                text = ""
        return text

    @property
    def notices(self) -> list[Notice]:
        """What the caller was told while the call ran."""
        return [event for event in self.events if isinstance(event, Notice)]

    @property
    def rate_limits(self) -> list[RateLimits]:
        """The rate limits that the caller was told."""
        return [event for event in self.events if isinstance(event, RateLimits)]

    @property
    def told(self) -> str:
        """Everything that the user is told besides the answer."""
        ends = [self.result.reason, self.result.hint] if self.result else []
        ends += [self.error.message, self.error.hint] if self.error else []
        return "\n".join([*(notice.text for notice in self.notices), *ends])


def call_scenario(
    scenario: Scenario,
    *,
    plugins: Iterable[str] = (),
    without: Collection[str] = (),
    live: bool = False,
    backend: LoopbackBackend | None = None,
    request: Mapping[str, Any] | None = None,
    endpoint: Mapping[str, Any] | None = None,
    client: ClientKind = "light",
    in_event_loop: bool = False,
    **options: Any,
) -> Outcome:
    """Calls the scenario's backend once, with the adapters that its users would have.

    Args:
        scenario: what the backend does.
        plugins: more plugins to enable.
        without: names of Hermes' own adapters that stay off, to see what they are worth.
        live: as a caller that is given deltas as they come.
        backend: serves instead of a fresh one; it is started and closed here.
        request: the keywords of the call, where not those of the scenario.
        endpoint: more fields of the ``Endpoint``, such as ``api_key``.
        client: what sends the requests.
        in_event_loop: wait in an event loop of asyncio, not in this thread.
        options: more fields of ``CallOptions``.
    """
    own = [name for name in ("lenient", scenario.backend) if name and name not in without]
    enabled = PluginManager([*own, *plugins])
    clock = options.setdefault("clock", ImpatientClock())
    deadlines = options.setdefault("deadlines", Deadlines(**scenario.deadlines))
    events: list[CallEvent] = []
    ended: dict[str, Any] = {}
    with backend or LoopbackBackend(scenario) as served:
        target = Endpoint("custom", served.base_url, deadlines=deadlines, **(endpoint or {}))
        call_options = CallOptions(live=live, secrets=target.secrets, **options)
        asked = request or {**REQUEST, **scenario.request}
        call = partial(_call_in_event_loop if in_event_loop else _call, target, client)
        try:
            ended["result"] = call(asked, enabled, call_options, events.append)
        except CallError as error:
            ended["error"] = error
        requests = tuple(served.requests)
    return Outcome(requests, events, getattr(clock, "slept", []), **ended)


def _call(
    endpoint: Endpoint,
    kind: ClientKind,
    request: Mapping[str, Any],
    plugins: PluginManager,
    options: CallOptions,
    on_event: Callable[[CallEvent], None],
) -> ResponseResult:
    client = build_client(endpoint, kind)
    try:
        return run_call(client, request, plugins, options=options, on_event=on_event)
    finally:
        client.close()


def _call_in_event_loop(
    endpoint: Endpoint,
    kind: ClientKind,
    request: Mapping[str, Any],
    plugins: PluginManager,
    options: CallOptions,
    on_event: Callable[[CallEvent], None],
) -> ResponseResult:
    import asyncio

    async def call() -> ResponseResult:
        client = build_async_client(endpoint, kind)
        try:
            return await run_call_async(client, request, plugins, options=options, on_event=on_event)
        finally:
            await client.close()

    return asyncio.run(call())


@dataclass(frozen=True, slots=True)
class Run:
    """One way in which a scenario was run.

    Attributes:
        scenario: the scenario.
        way: ``buffered``, ``live`` or ``again``.
        outcome: how it ended.
        problems: where that is not the expected outcome; empty where all is well.
    """

    scenario: Scenario
    way: str
    outcome: Outcome
    problems: tuple[str, ...]


def runs_of(
    scenario: Scenario,
    *,
    plugins: Sequence[str] = (),
    client: ClientKind = "light",
    in_event_loop: bool = False,
) -> Iterator[Run]:
    """Runs a scenario in every way that it has an expected outcome for.

    Args:
        scenario: the scenario.
        plugins: plugins to enable besides Hermes' own adapters for the scenario's backend.
        client: what sends the requests.
        in_event_loop: wait in an event loop of asyncio, not in this thread.
    """
    call = partial(call_scenario, scenario, plugins=plugins, client=client, in_event_loop=in_event_loop)
    enabled = {plugin_key(plugin) for plugin in plugins}
    named = [wanted for name, wanted in scenario.expected_with.items() if plugin_key(name) in enabled]
    expected, live = scenario.expected, scenario.expected_live or scenario.expected
    if plugins:  # which may well tell a failure in their own words
        expected, live = replace(expected, says=()), replace(live, says=())
    buffered = named[0] if named else expected
    memory = EndpointMemory()
    outcome = call(memory=memory)
    yield Run(scenario, "buffered", outcome, (*differences(outcome, buffered), *_delivered_early(outcome)))
    if scenario.expected_again is not None and not named:
        outcome = call(memory=memory)
        yield Run(scenario, "again", outcome, differences(outcome, scenario.expected_again))
    if not named:
        outcome = call(live=True)
        problems = differences(outcome, live)
        yield Run(scenario, "live", outcome, (*problems, *_delivered_otherwise(outcome)))


def differences(outcome: Outcome, expected: Expected) -> tuple[str, ...]:
    """Where an outcome is not the expected one, in words; empty where it is."""
    compared: list[tuple[str, object, object]] = [
        ("requests", outcome.kinds, expected.requests),
        ("status", outcome.status, expected.status),
        ("verdict", outcome.verdict, expected.verdict),
        ("exit code", outcome.exit_code, expected.exit_code),
    ]
    result = outcome.result
    if result is not None:
        calls = tuple((call.call_id, call.name, call.arguments) for call in result.tool_calls)
        compared += [
            ("text", result.text, expected.text),
            ("refusal", result.refusal, expected.refusal),
            ("tool calls", calls, tuple((c.call_id, c.name, c.arguments) for c in expected.tool_calls)),
            ("total tokens", result.usage.total_tokens if result.usage else None, expected.total_tokens),
            ("rate limits", bool(result.rate_limits), expected.rate_limits),
        ]
        if expected.items is not None:
            compared.append(("items", tuple(item.type for item in result.items), expected.items))
    problems = [f"{what}: {got!r} instead of {wanted!r}" for what, got, wanted in compared if got != wanted]
    told = outcome.told.lower()
    problems += [f"does not say {words!r}" for words in expected.says if words.lower() not in told]
    answer = f"{result.text}\n{result.refusal}" if result is not None else ""
    everything = f"{answer}\n{told}".lower()
    problems += [f"says {words!r}" for words in expected.never if words.lower() in everything]
    return tuple(problems)


def _delivered_early(outcome: Outcome) -> tuple[str, ...]:
    early = [event for event in outcome.events if isinstance(event, Delta)]
    return ("hands out deltas to a caller that waits for the end",) if early else ()


def _delivered_otherwise(outcome: Outcome) -> tuple[str, ...]:
    result = outcome.result
    if result is None or outcome.delivered == result.text:
        return ()
    revised = any(notice.kind == "revised" for notice in outcome.notices)
    return () if revised else (f"delivered: {outcome.delivered!r} instead of {result.text!r}",)
