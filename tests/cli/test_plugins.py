"""``hermes plugins``."""

from __future__ import annotations

import json

import pytest

from .conftest import Hermes


@pytest.fixture
def hermes(hermes_inside: Hermes) -> Hermes:
    return hermes_inside


CONFIG = """\
# my own words
model:
  default: gpt-5.4   # the big one
  base_url: http://127.0.0.1:2455/v1

plugins:
  # what I use
  enabled: []
unknown: {left: alone}
"""


def states(hermes: Hermes) -> dict[str, str]:
    ran = hermes("plugins", "list", "--json")
    assert ran.code == 0
    return {plugin["name"]: plugin["state"] for plugin in json.loads(ran.out)}


def test_the_list(hermes: Hermes) -> None:
    ran = hermes("plugins", "list")
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split() for line in ran.out.splitlines()]
    assert [row[0] for row in rows] == ["builtin", "lenient", "codex_lb"]
    assert [row[2] for row in rows] == ["enabled", "enabled", "disabled"]
    assert states(hermes) == {"builtin": "enabled", "lenient": "enabled", "codex_lb": "disabled"}


@pytest.mark.parametrize("name", ["codex_lb", "codex-lb", "hermes-codex-lb", "Codex_LB"])
def test_enable_and_disable_in_every_spelling(hermes: Hermes, name: str) -> None:
    hermes.config_file.write_text(CONFIG)
    ran = hermes("plugins", "enable", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"codex_lb is now enabled in {hermes.config_file}\n"
    text = hermes.config_file.read_text()
    assert text.replace("codex_lb", "") == CONFIG
    assert states(hermes)["codex_lb"] == "enabled"
    assert "already" in hermes("plugins", "enable", name).out
    assert hermes.config_file.read_text() == text
    assert hermes("plugins", "disable", name).code == 0
    assert states(hermes)["codex_lb"] == "disabled"
    for comment in ("# my own words", "# the big one", "# what I use", "unknown: {left: alone}"):
        assert comment in hermes.config_file.read_text()


def test_a_first_edit_makes_the_file(hermes: Hermes) -> None:
    assert hermes("plugins", "enable", "codex_lb").code == 0
    assert states(hermes)["codex_lb"] == "enabled"


def test_edits_tell_programs_what_changed(hermes: Hermes) -> None:
    told = [json.loads(hermes("plugins", verb, "codex-lb", "--json").out) for verb in ("enable", "disable")]
    assert [(one["name"], one["state"], one["changed"]) for one in told] == [
        ("codex_lb", "enabled", True),
        ("codex_lb", "disabled", True),
    ]
    assert {one["config"] for one in told} == {str(hermes.config_file)}


def test_info(hermes: Hermes) -> None:
    disabled = hermes("plugins", "info", "codex-lb")
    assert disabled.code == 0
    assert "hermes plugins enable codex_lb" in disabled.out
    hermes("plugins", "enable", "codex_lb")
    enabled = hermes("plugins", "info", "codex_lb")
    assert "normalize_stream_event" in enabled.out
    assert "hermes-codex-lb" in enabled.out
    told = json.loads(hermes("plugins", "info", "codex_lb", "--json").out)
    assert told["state"] == "enabled"
    assert "normalize_stream_event" in told["hooks"]


@pytest.mark.parametrize("verb", ["info", "enable", "disable"])
def test_an_unknown_name(hermes: Hermes, verb: str) -> None:
    ran = hermes("plugins", verb, "codexlb")
    assert (ran.code, ran.out) == (2, "")
    assert "codexlb" in ran.err
    assert "`codex_lb`" in ran.err
    assert "hermes plugins list" in ran.err
    assert not hermes.config_file.exists()


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_builtin_is_always_there(hermes: Hermes, verb: str) -> None:
    ran = hermes("plugins", verb, "builtin")
    assert (ran.code, ran.out) == (2, "")
    assert "builtin" in ran.err


def test_lenient_can_be_switched_off(hermes: Hermes) -> None:
    assert hermes("plugins", "disable", "lenient").code == 0
    assert states(hermes)["lenient"] == "disabled"


@pytest.mark.parametrize("text", ["plugins: [", "plugins: {enabled: 7}\n", "- a list\n"])
@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_a_broken_file_is_left_as_it_is(hermes: Hermes, verb: str, text: str) -> None:
    hermes.config_file.write_text(text)
    ran = hermes("plugins", verb, "codex_lb")
    assert (ran.code, ran.out) == (2, "")
    assert str(hermes.config_file) in ran.err
    assert hermes.config_file.read_text() == text


def test_a_missing_name_and_a_missing_verb(hermes: Hermes) -> None:
    assert "plugins enable --help" in hermes("plugins", "enable").err
    ran = hermes("plugins")
    assert (ran.code, ran.out) == (2, "")
    assert "list" in ran.err
