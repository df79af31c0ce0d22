"""How long a backend may take follows from what it is asked; what the user wrote always wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hermes.providers.contract import AdapterContext, Fallback, Request, Verdict, hookimpl
from hermes.runtime.deadlines import (
    DeadlinePolicy,
    Deadlines,
    RequestFacts,
    deadlines_for,
    facts_of,
    likely_speed,
)
from hermes.runtime.recovery import RecoveryPolicy
from hermes.testing.wire import good_events

from .helpers import client_of, plugins_with, run_with

LIMITS = ("headers", "first_event", "idle_bytes", "idle_events")
LONG_INPUT = 200_000 * 4  # characters of 200,000 tokens
SPEEDS = pytest.mark.parametrize("speed", ["fast", None, "slow"])


def seconds(limits: Deadlines) -> dict[str, float]:
    return {name: value for name in LIMITS if (value := getattr(limits, name)) is not None}


@SPEEDS
def test_a_long_input_gets_the_time_to_read_it(speed: Any) -> None:
    short, long = (seconds(deadlines_for(RequestFacts(n), speed)) for n in (0, LONG_INPUT))
    reading = {"fast": 200, None: 800, "slow": 8000}[speed]
    assert long == {name: value + reading for name, value in short.items()}
    # A limit of the call that is shorter than that of its beginning would make it meaningless.
    total = deadlines_for(RequestFacts(LONG_INPUT), speed).total
    assert total is not None
    assert total > long["first_event"]


@pytest.mark.parametrize(
    ("effort", "times"),
    [
        *((easy, 1) for easy in ("", "none", "minimal", "low", "medium")),
        ("high", 2),
        *((hard, 4) for hard in ("xhigh", "max", "beyond")),
    ],
)
@SPEEDS
def test_effort_multiplies_the_silence_that_is_allowed(effort: str, times: int, speed: Any) -> None:
    usual = seconds(deadlines_for(RequestFacts(), speed))
    longer = seconds(deadlines_for(RequestFacts(effort=effort), speed))
    assert longer == {name: value * times for name, value in usual.items()}


def test_the_flexible_service_tier_takes_its_time() -> None:
    assert deadlines_for(RequestFacts(flexible=True)) == deadlines_for(RequestFacts(effort="xhigh"))


def test_a_slower_backend_is_given_more_time() -> None:
    fast, unknown, slow = (
        seconds(deadlines_for(RequestFacts(1000), speed)) for speed in ("fast", None, "slow")
    )
    for name in ("first_event", "idle_bytes", "idle_events"):
        assert fast[name] < unknown[name] < slow[name]
    assert fast["headers"] < fast["first_event"]


@SPEEDS
@pytest.mark.parametrize("effort", ["", "xhigh"])
def test_no_wait_is_endless(speed: Any, effort: str) -> None:
    limits = deadlines_for(RequestFacts(LONG_INPUT, effort=effort), speed)
    for name in ("connect", "first_event", "idle_bytes", "idle_events", "total"):
        assert getattr(limits, name) is not None


# Facts.


@pytest.mark.parametrize(
    ("request_", "characters"),
    [
        ({}, 0),
        ({"input": "four", "instructions": "five5", "tools": None}, 9),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}]}, 16),
        ({"tools": [{"name": "sh", "parameters": {"type": "object"}}]}, 8),
        ({"input": [{"image_url": "data:image/png;base64," + "A" * 1578}]}, 100),
        ({"input": 3, "metadata": {"note": "not read by the model"}}, 0),
    ],
)
def test_the_length_of_what_the_model_reads(request_: dict[str, Any], characters: int) -> None:
    assert facts_of(request_) == RequestFacts(characters=characters)


def test_deep_input_is_no_recursion() -> None:
    nested: Any = "x"
    for _ in range(100_000):
        nested = [nested]
    assert facts_of({"input": nested}).characters == 1
    while isinstance(nested, list):  # its own end would be a recursion
        nested = nested.pop()


@pytest.mark.parametrize(
    ("request_", "effort", "flexible"),
    [
        ({"reasoning": {"effort": "XHigh"}}, "xhigh", False),
        ({"reasoning": {"effort": None}}, "", False),
        ({"reasoning": "high"}, "", False),
        ({"service_tier": "flex"}, "", True),
        ({"service_tier": "priority"}, "", False),
    ],
)
def test_effort_and_service_tier(request_: dict[str, Any], effort: str, flexible: bool) -> None:
    assert facts_of(request_) == RequestFacts(effort=effort, flexible=flexible)


# Where the backend is.


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "LOCALHOST", "box.localhost", "[::1]", "10.1.2.3", "192.168.0.5"),
        *("172.20.0.2", "100.64.1.1", "169.254.1.1", "[fe80::1%25eth0]", "[fd00::1]"),
        *("box.local", "gpu", "gpu.lan", "gpu.internal"),
    ],
)
def test_a_backend_near_by_may_run_the_model_itself(host: str) -> None:
    assert likely_speed(f"http://{host}:1234/v1") == "slow"


@pytest.mark.parametrize("host", ["api.openai.com", "8.8.8.8", "[2606:4700::1111]", "localhost.example.com"])
def test_nothing_is_known_of_a_backend_elsewhere(host: str) -> None:
    assert likely_speed(f"https://{host}/v1") is None


# What the user wrote.

HARD = {"input": "x" * LONG_INPUT, "reasoning": {"effort": "xhigh"}}


@pytest.mark.parametrize("name", ["connect", *LIMITS, "total"])
@pytest.mark.parametrize("value", [0.5, 90_000.0])
@pytest.mark.parametrize("request_", [{}, HARD], ids=["easy", "hard"])
@SPEEDS
def test_what_the_user_wrote_wins(name: str, value: float, request_: dict[str, Any], speed: Any) -> None:
    assert getattr(DeadlinePolicy(speed, {name: value}).for_request(request_), name) == value


@pytest.mark.parametrize(
    ("name", "lifted"),
    [
        ("headers", {"first_event", "total"}),
        ("first_event", {"headers", "idle_bytes", "idle_events", "total"}),
        ("idle_bytes", {"idle_events", "total"}),
        ("idle_events", {"total"}),
        ("total", {"headers", "first_event", "idle_bytes", "idle_events"}),
        ("connect", set()),
    ],
)
def test_no_other_limit_ends_the_wait_that_the_user_allows(name: str, lifted: set[str]) -> None:
    usual = DeadlinePolicy("fast").for_request({})
    long = DeadlinePolicy("fast", {name: 50_000.0}).for_request({})
    names = {*LIMITS, "total"} - {name}
    assert {other for other in names if getattr(long, other) != getattr(usual, other)} == lifted
    assert all(getattr(long, other) == 50_000.0 for other in lifted)


def test_a_short_limit_shortens_no_other() -> None:
    usual = DeadlinePolicy().for_request({})
    for name in ("connect", *LIMITS, "total"):
        short = DeadlinePolicy(None, {name: 1.0}).for_request({})
        for other in {"connect", *LIMITS, "total"} - {name}:
            assert getattr(short, other) == getattr(usual, other)


def test_two_limits_of_the_user_hold_side_by_side() -> None:
    limits = DeadlinePolicy(
        None, {"total": 50_000.0, "first_event": 60_000.0, "idle_bytes": 7.0}
    ).for_request({})
    assert (limits.total, limits.first_event, limits.idle_bytes) == (50_000.0, 60_000.0, 7.0)
    assert limits.idle_events == 60_000.0


def test_a_limit_that_is_switched_off_stays_off() -> None:
    limits = DeadlinePolicy("slow", {"first_event": None}).for_request(HARD)
    assert limits.first_event is None
    assert limits.idle_bytes is not None


def test_fixed_limits_hold_whatever_is_asked() -> None:
    fixed = Deadlines(first_event=1.0)
    assert fixed.for_request(HARD) is fixed


def test_each_request_of_a_call_has_limits_of_its_own() -> None:
    """The second one is another request: this adapter asks for less effort after a failure."""
    asked: list[Mapping[str, Any]] = []

    class Spy(DeadlinePolicy):
        def for_request(self, request: Mapping[str, Any]) -> Deadlines:
            asked.append(request)
            return super().for_request(request)

    class Modest:
        name = "modest"
        api_version = 1

        @hookimpl
        def fallback_request(self, request: Request, verdict: Verdict, context: AdapterContext) -> Fallback:
            return Fallback("modest", request.replacing(reasoning={"effort": "low"}))

    broken = {"type": "error", "error": {"code": "server_error", "message": "no"}}
    client = client_of([broken], good_events())
    policy = RecoveryPolicy(max_attempts=2)
    ended = run_with(client, deadlines=Spy(), plugins=plugins_with(Modest()), recovery=policy)
    assert ended.result is not None
    assert [facts_of(request).effort for request in asked[-2:]] == ["", "low"]
    assert all(facts_of(request).characters for request in asked)


def test_the_docs_tell_these_numbers() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "architecture.md").read_text("utf-8")
    cells = [
        [cell.strip() for cell in line.split("|")[2:5]] for line in text.splitlines() if "_seconds`" in line
    ]
    limits = [deadlines_for(RequestFacts(), speed) for speed in ("fast", None, "slow")]
    names = ("connect", "headers", "first_event", "idle_bytes", "idle_events", "total")
    assert cells == [
        ["none" if (limit := getattr(column, name)) is None else f"{limit:g}" for column in limits]
        for name in names
    ]
