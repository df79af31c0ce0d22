"""Every scenario of the corpus ends as it must, over a real socket and with either client."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hermes.runtime.client import ClientKind
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.runs import call_scenario, differences, runs_of
from hermes.testing.scenario import Expected, Scenario, ToolCall

SCENARIOS = all_scenarios()


@pytest.mark.parametrize(
    ("client", "in_event_loop"),
    [("light", False), ("openai", False), ("light", True)],
    ids=["light", "openai", "light-in-event-loop"],
)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_with_the_adapters_of_its_backend(
    scenario: Scenario, client: ClientKind, in_event_loop: bool
) -> None:
    runs = list(runs_of(scenario, client=client, in_event_loop=in_event_loop))
    assert {run.way: run.problems for run in runs if run.problems} == {}
    assert [run.way for run in runs] == ["buffered", *(["again"] if scenario.expected_again else []), "live"]


@pytest.mark.parametrize(
    ("scenario", "plugin"),
    [(scenario, plugin) for scenario in SCENARIOS for plugin in scenario.expected_with],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_with_a_plugin(scenario: Scenario, plugin: str) -> None:
    runs = list(runs_of(scenario, plugins=(plugin,)))
    assert [run.problems for run in runs] == [()]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"requests": ("stream", "stream")}, "requests: ('stream',) instead of ('stream', 'stream')"),
        ({"status": "partial"}, "status: 'complete' instead of 'partial'"),
        ({"verdict": "truncated"}, "verdict: '' instead of 'truncated'"),
        ({"exit_code": 3}, "exit code: 0 instead of 3"),
        ({"text": "Hell"}, "text: 'Hello' instead of 'Hell'"),
        ({"refusal": "No"}, "refusal: '' instead of 'No'"),
        ({"tool_calls": (ToolCall("c", "n", "{}"),)}, "tool calls: () instead of (('c', 'n', '{}'),)"),
        ({"total_tokens": None}, "total tokens: 3 instead of None"),
        ({"rate_limits": True}, "rate limits: False instead of True"),
        ({"items": ("reasoning",)}, "items: ('message',) instead of ('reasoning',)"),
        ({"says": ("sorry",)}, "does not say 'sorry'"),
        ({"never": ("ell",)}, "says 'ell'"),
    ],
)
def test_a_wrong_outcome_is_told(wrong: dict[str, object], problem: str) -> None:
    outcome = call_scenario(scenario("good-text"))
    assert differences(outcome, replace(Expected(), **wrong)) == (problem,)  # type: ignore[arg-type]


def test_a_failure_is_compared_too() -> None:
    outcome = call_scenario(scenario("good-text"), request={"model": "m"})
    assert differences(outcome, Expected()) == ()
    outcome.result = None
    assert "status: 'failed' instead of 'complete'" in differences(outcome, Expected())
