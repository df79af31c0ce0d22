"""Every scenario of the corpus ends as it must, over a real socket."""

from __future__ import annotations

import pytest

from hermes.responses.result import ResponseResult
from hermes.testing.corpus import all_scenarios
from hermes.testing.scenario import Expected, Scenario

from .conftest import Call, Outcome

SCENARIOS = all_scenarios()


def check(outcome: Outcome, expected: Expected) -> None:
    assert outcome.kinds == expected.requests
    assert outcome.status == expected.status
    assert outcome.verdict == expected.verdict
    told = outcome.told.lower()
    for words in expected.says:
        assert words.lower() in told
    if outcome.result is not None:
        check_result(outcome.result, expected)


def check_result(result: ResponseResult, expected: Expected) -> None:
    assert result.text == expected.text
    assert result.refusal == expected.refusal
    calls = [(call.call_id, call.name, call.arguments) for call in result.tool_calls]
    assert calls == [(call.call_id, call.name, call.arguments) for call in expected.tool_calls]
    assert (result.usage.total_tokens if result.usage else None) == expected.total_tokens
    assert bool(result.rate_limits) == expected.rate_limits


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_caller_that_waits_for_the_end(scenario: Scenario, call: Call) -> None:
    outcome = call(scenario)
    check(outcome, scenario.expected)
    assert outcome.delivered == ""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_caller_that_is_given_deltas(scenario: Scenario, call: Call) -> None:
    outcome = call(scenario, live=True)
    check(outcome, scenario.expected_live or scenario.expected)
    if outcome.result is not None:
        assert outcome.delivered == outcome.result.text


@pytest.mark.parametrize(
    ("scenario", "plugin"),
    [(scenario, plugin) for scenario in SCENARIOS for plugin in scenario.expected_with],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_with_a_plugin(scenario: Scenario, plugin: str, call: Call) -> None:
    outcome = call(scenario, plugins=(plugin,))
    check(outcome, scenario.expected_with[plugin])
