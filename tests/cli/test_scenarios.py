"""Every scenario of the corpus through the command: its exit code, its stdout, and what the backend saw."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes.cli.main import main
from hermes.runtime.clock import Clock
from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import all_scenarios
from hermes.testing.scenario import Expected, Scenario

SCENARIOS = [one for one in all_scenarios() if not one.request and not one.refusals]
"""Those whose backends are not particular about the request, which the command makes in its own way."""
ONE_OF_EACH = list({(one.quirk, one.expected.status, one.expected_live): one for one in SCENARIOS}.values())
"""One of each quirk and outcome: what is the same for all of a quirk's shapes need not be shown for each."""

KEYS = {
    "headers": "headers_timeout_seconds",
    "first_event": "first_event_timeout_seconds",
    "idle_bytes": "idle_timeout_seconds",
    "idle_events": "event_idle_timeout_seconds",
    "total": "request_timeout_seconds",
}

Ask = Callable[..., tuple[int, str, str, tuple[str, ...]]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Asks the scenario's backend in this process, with a clock that never waits."""
    monkeypatch.setenv("HERMES_HOME", str(tmp_path))
    monkeypatch.setattr(Clock, "sleep", lambda self, seconds: None)

    def run(scenario: Scenario, *options: str) -> tuple[int, str, str, tuple[str, ...]]:
        with LoopbackBackend(scenario) as backend:
            limits = {KEYS[name]: seconds for name, seconds in scenario.deadlines.items()}
            profile = {"profile": scenario.backend} if scenario.backend else {}
            model = {
                "provider": "custom",
                "default": "m",
                "base_url": backend.base_url,
                **limits,
                **profile,
            }
            config = {"model": model, "recovery": {"remember_days": 0}}
            (tmp_path / "config.yaml").write_text(json.dumps(config))
            code = main(["-z", "hi", "--no-stdin", *options])
            out, err = capsys.readouterr()
            return code, out, err, backend.kinds

    return run


def check(scenario: Scenario, expected: Expected, *, code: int, err: str, kinds: tuple[str, ...]) -> None:
    assert code == expected.exit_code
    assert kinds == expected.requests
    for words in expected.says:
        assert words.lower() in err.lower()
    if code:
        assert err.startswith("hermes: ") or "\nhermes: " in err
    assert "Traceback" not in err
    assert "fault in Hermes" not in err


def line_of(expected: Expected) -> str:
    text = expected.text + expected.refusal
    return text if not text or text.endswith("\n") else f"{text}\n"


@pytest.mark.parametrize("scenario", ONE_OF_EACH, ids=lambda scenario: scenario.id)
def test_into_a_pipe(scenario: Scenario, ask: Ask) -> None:
    code, out, err, kinds = ask(scenario)
    check(scenario, scenario.expected, code=code, err=err, kinds=kinds)
    assert out == line_of(scenario.expected)


@pytest.mark.parametrize(
    "scenario",
    # What is written cannot be taken back, so a revised answer ends otherwise here.
    [one for one in SCENARIOS if one.expected_live and "revised" not in one.expected_live.says],
    ids=lambda scenario: scenario.id,
)
def test_as_it_comes(scenario: Scenario, ask: Ask) -> None:
    expected = scenario.expected_live
    assert expected is not None
    code, out, err, kinds = ask(scenario, "--stream")
    check(scenario, expected, code=code, err=err, kinds=kinds)
    assert out == line_of(expected)


@pytest.mark.parametrize("scenario", ONE_OF_EACH, ids=lambda scenario: scenario.id)
def test_as_json_lines(scenario: Scenario, ask: Ask) -> None:
    expected = scenario.expected_live or scenario.expected
    code, out, _, kinds = ask(scenario, "--json")
    assert (code, kinds) == (expected.exit_code, expected.requests)
    lines = [json.loads(line) for line in out.splitlines()]
    *earlier, last = lines
    assert not {"turn.completed", "turn.failed"} & {line["type"] for line in earlier}
    if expected.status == "failed":
        assert (last["type"], bool(last["message"])) == ("turn.failed", True)
        return
    assert (last["type"], last["status"]) == ("turn.completed", expected.status)
    assert (last["text"], last["refusal"]) == (expected.text, expected.refusal)
    if "revised" not in expected.says:
        assert "".join(line["text"] for line in lines if line["type"] == "text.delta") == expected.text


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if "codex_lb" in scenario.expected_with],
    ids=lambda scenario: scenario.id,
)
def test_with_codex_lb(scenario: Scenario, ask: Ask) -> None:
    expected = scenario.expected_with["codex_lb"]
    code, out, err, kinds = ask(scenario, "--plugin", "codex_lb")
    check(scenario, expected, code=code, err=err, kinds=kinds)
    assert out == line_of(expected)
    assert ("\nlimits" in f"\n{err}") == expected.rate_limits
