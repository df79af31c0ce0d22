"""``hermes plugins``."""

from __future__ import annotations

import json
from itertools import takewhile

import pytest

from hermes.providers.known import own_adapters

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


def rows(hermes: Hermes) -> dict[str, str]:
    """The plugins that have a row of their own, with their states."""
    ran = hermes("plugins", "list")
    assert (ran.code, ran.err) == (0, "")
    own = takewhile(lambda line: not line.startswith("Hermes' own"), ran.out.splitlines())
    return {line.split()[0]: line.split()[2] for line in own}


def test_the_list(hermes: Hermes) -> None:
    expected = {"builtin": "enabled", "lenient": "enabled", "codex_lb": "disabled"}
    assert rows(hermes) == expected
    assert list(rows(hermes)) == list(expected)
    assert states(hermes).items() >= expected.items()


def test_hermes_own_for_single_backends_take_few_lines(hermes: Hermes) -> None:
    shown = hermes("plugins", "list").out
    told = shown[shown.index("Hermes' own") :].splitlines()
    names = [name for line in told[1:] for name in line.strip().rstrip(",").split(", ")]
    assert names == [known.adapter for known in own_adapters()]
    assert len(told) <= 3
    assert max(map(len, told)) <= 90
    assert {states(hermes)[name] for name in names} == {"automatic"}


def test_one_of_them_can_be_switched_on_and_off(hermes: Hermes) -> None:
    assert hermes("plugins", "disable", "ollama").code == 0
    assert rows(hermes)["ollama"] == states(hermes)["ollama"] == "disabled"
    enabled = hermes("plugins", "enable", "Ollama")
    assert "for providers of which nothing tells the backend" in enabled.out
    assert rows(hermes)["ollama"] == states(hermes)["ollama"] == "enabled"


def test_info_says_when_it_is_used(hermes: Hermes) -> None:
    told = hermes("plugins", "info", "lm-studio").out
    assert "state: automatic\n" in told
    assert "hosts: port 1234 of this machine\n" in told
    assert "provider names: lm-studio, lmstudio\n" in told
    assert "`profile: lm_studio`" in told
    assert "hosts: api.x.ai, " in hermes("plugins", "info", "xai").out


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
