"""``hermes scenarios``: what it lists, what it runs, and how a scenario that fails is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hermes.cli import scenarios as verb
from hermes.cli.main import main
from hermes.testing.corpus import all_scenarios, scenario

from .conftest import Hermes


def test_every_scenario_is_listed(hermes: Hermes) -> None:
    ran = hermes("scenarios", "list")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines()] == [one.id for one in all_scenarios()]


def test_the_list_as_json(hermes: Hermes) -> None:
    listed = json.loads(hermes("scenarios", "list", "--json").out)
    assert [one["id"] for one in listed] == [one.id for one in all_scenarios()]
    assert listed[0] == {"id": "good-text", "quirk": None, "summary": "a text answer", "backend": None}


def test_one_scenario_is_run(hermes: Hermes) -> None:
    ran = hermes("scenarios", "run", "half-stream-stream-required")
    assert (ran.code, ran.err) == (0, "")
    line, end = ran.out.splitlines()
    assert line.split()[0] == "half-stream-stream-required"
    assert "pass  partial, stream + non-stream + stream" in line
    assert end.startswith("1 scenario in ")
    assert end.endswith(" s: all pass.")


def test_the_id_of_a_quirk_runs_all_its_shapes(hermes: Hermes) -> None:
    ran = hermes("scenarios", "run", "created-missing", "good-text")
    shapes = [one.id for one in all_scenarios() if one.id.startswith("created-missing")]
    assert [line.split()[0] for line in ran.out.splitlines()[:-1]] == [*shapes, "good-text"]


def test_a_plugin_changes_what_is_expected(hermes: Hermes) -> None:
    without = hermes("scenarios", "run", "codex-lb-prelude")
    enabled = hermes("scenarios", "run", "codex-lb-prelude", "--plugin", "codex-lb")
    assert "complete, stream + non-stream" in without.out
    assert "complete, stream\n" in enabled.out
    assert without.code == enabled.code == 0


def test_as_json_lines(hermes: Hermes) -> None:
    ran = hermes("scenarios", "run", "good-text", "good-tool-call", "--json")
    assert ran.code == 0
    assert [(line["id"], line["passed"], line["problems"]) for line in ran.lines] == [
        ("good-text", True, {}),
        ("good-tool-call", True, {}),
    ]


def test_unknown_ids_and_plugins_are_wrong_usage(hermes: Hermes) -> None:
    ran = hermes("scenarios", "run", "good-txt")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean good-text" in ran.err
    ran = hermes("scenarios", "run", "good-text", "--plugin", "acme")
    assert (ran.code, ran.out) == (2, "")
    assert "No plugin named `acme` is installed." in ran.err


@pytest.mark.parametrize("options", [(), ("--failed",)])
def test_a_scenario_that_fails_is_told(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = scenario("good-text")
    wrong = replace(good, id="wrong", expected=replace(good.expected, text="Goodbye"))
    monkeypatch.setattr(verb, "all_scenarios", lambda: (good, wrong))
    assert main(["scenarios", "run", *options]) == 1
    out = capsys.readouterr().out
    assert ("good-text" in out) is not bool(options)
    assert "FAIL  complete, stream\n" in out
    assert "  buffered: text: 'Hello' instead of 'Goodbye'\n" in out
    assert "2 scenarios in " in out
    assert out.endswith(" s: 1 fails.\n")


def test_a_failure_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = replace(scenario("good-text"), expected=replace(scenario("good-text").expected, exit_code=3))
    monkeypatch.setattr(verb, "all_scenarios", lambda: (wrong,))
    assert main(["scenarios", "run", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is False
    assert told["problems"] == {
        "buffered": ["exit code: 0 instead of 3"],
        "live": ["exit code: 0 instead of 3"],
    }
