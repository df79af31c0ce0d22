"""``hermes config``."""

from __future__ import annotations

import json

import pytest

from .conftest import Hermes


@pytest.fixture
def hermes(hermes_inside: Hermes) -> Hermes:
    return hermes_inside


def test_the_path(hermes: Hermes) -> None:
    ran = hermes("config", "path")
    assert (ran.code, ran.out, ran.err) == (0, f"{hermes.config_file}\n", "")


def test_the_path_of_those_who_set_none(hermes: Hermes) -> None:
    del hermes.env["HERMES_HOME"]
    assert hermes("config", "path").out == f"{hermes.folder}/.hermes/config.yaml\n"


def test_show(hermes: Hermes) -> None:
    hermes.configure("http://127.0.0.1:2455/v1", plugins="codex_lb")
    ran = hermes("config", "show")
    assert (ran.code, ran.err) == (0, "")
    assert "base_url: http://127.0.0.1:2455/v1" in ran.out.splitlines()
    assert "api_key: not set" in ran.out.splitlines()
    told = json.loads(hermes("config", "show", "--json").out)
    assert told["plugins.enabled"] == "codex_lb"


def test_check_without_complaint(hermes: Hermes) -> None:
    hermes.configure("http://127.0.0.1:2455/v1", plugins="codex_lb")
    hermes.config_file.chmod(0o600)
    ran = hermes("config", "check")
    assert (ran.code, ran.err) == (0, "")
    assert "nothing to complain about" in ran.out
    assert json.loads(hermes("config", "check", "--json").out) == []


def test_check_without_a_file_tells_of_the_demo(hermes: Hermes) -> None:
    ran = hermes("config", "check")
    assert ran.code == 0
    assert "demo" in ran.out


def test_check_finds_what_keeps_hermes_from_working(hermes: Hermes) -> None:
    hermes.configure("http://127.0.0.1:2455/v1", plugins="codex_lbb", model="key_env: NOT_SET")
    ran = hermes("config", "check")
    assert ran.code == 2
    assert "NOT_SET" in ran.out
    assert "`codex_lb`" in ran.out
    findings = json.loads(hermes("config", "check", "--json").out)
    assert [finding["level"] for finding in findings] == ["error", "error"]


def test_check_of_a_file_that_is_no_yaml(hermes: Hermes) -> None:
    hermes.config_file.write_text("model: {default: m,\n")
    ran = hermes("config", "check")
    assert ran.code == 2
    assert ran.out.count("error: ") == 1
    assert hermes("config", "show").code == 2


def test_a_home_that_cannot_be_read(hermes: Hermes) -> None:
    hermes.config_file.mkdir()
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert str(hermes.config_file) in ran.err
