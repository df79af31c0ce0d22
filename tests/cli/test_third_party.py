"""Packages of others: imported only when they are enabled, and harmless when they are broken."""

from __future__ import annotations

import pytest

from .conftest import Hermes, Serve

MARK = "import pathlib; pathlib.Path('imported').touch()"
COMMANDS = [
    ("plugins", "info", "acme"),
    ("plugins", "enable", "codex_lb"),
    ("config", "show"),
    ("config", "check"),
    ("-z", "hi"),
]


def test_installed_is_not_enabled(hermes: Hermes, serve: Serve, third_party) -> None:
    serve("good-text")
    third_party("acme", MARK)
    assert hermes("-z", "hi").code == 0
    assert hermes("plugins", "info", "acme").code == 0
    listed = hermes("plugins", "list")
    assert "acme" in listed.out
    assert "disabled" in listed.out
    assert hermes("plugins", "disable", "acme").code == 0
    assert not (hermes.folder / "imported").exists()


def test_enabled_is_imported(hermes: Hermes, serve: Serve, third_party) -> None:
    serve("good-text", plugins="acme")
    third_party("acme", MARK)
    assert hermes("-z", "hi").code == 0
    assert (hermes.folder / "imported").exists()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('no\\nsuch thing')", "no such thing"),
        ("raise SystemExit(7)", "SystemExit"),
        ("1 / 0", "ZeroDivisionError"),
        ("import not_there_at_all", "not_there_at_all"),
        ("syntax error", "SyntaxError"),
    ],
    ids=["ImportError", "SystemExit", "ZeroDivisionError", "missing", "SyntaxError"],
)
def test_one_that_raises_at_import(hermes: Hermes, serve: Serve, third_party, code: str, reason: str) -> None:
    backend = serve("good-text", plugins="acme")
    third_party("acme", code)
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert "acme" in ran.err
    assert reason in ran.err
    assert backend.kinds == ("stream",)
    (line,) = (line for line in hermes("plugins", "list").out.splitlines() if line.startswith("acme"))
    assert "failed: " in line
    assert reason in line


def test_every_command_works_beside_a_broken_one(hermes: Hermes, serve: Serve, third_party) -> None:
    serve("good-text", plugins="acme")
    third_party("acme", "raise RuntimeError('broken')")
    for command in COMMANDS:
        assert hermes(*command).code == 0


def test_a_broken_one_does_not_disturb_the_others(hermes: Hermes, serve: Serve, third_party) -> None:
    backend = serve("codex-lb-prelude", plugins="acme, codex_lb")
    third_party("acme", "raise RuntimeError('broken')")
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 0
    assert backend.kinds == ("stream",)
    notice = ran.lines[0]
    assert (notice["type"], notice["kind"], notice["source"]) == ("notice", "plugin", "acme")


def test_a_broken_one_can_be_disabled_again(hermes: Hermes, serve: Serve, third_party) -> None:
    serve("good-text", plugins="acme")
    third_party("acme", "raise RuntimeError('broken')")
    check = hermes("config", "check")
    assert check.code == 0
    assert "hermes plugins disable acme" in check.out
    assert hermes("plugins", "disable", "acme").code == 0
    ran = hermes("-z", "hi")
    assert (ran.code, ran.err) == (0, "")


def test_enabling_a_broken_one_says_so(hermes: Hermes, third_party) -> None:
    third_party("acme", "raise RuntimeError('broken')")
    ran = hermes("plugins", "enable", "acme")
    assert ran.code == 0
    assert "cannot be used" in ran.err
    assert "broken" in ran.err


def test_enabled_but_not_installed(hermes: Hermes, serve: Serve, third_party) -> None:
    backend = serve("good-text", plugins="acmee")
    third_party("acme", MARK)
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert "acmee" in ran.err
    assert "`acme`" in ran.err
    assert "hermes plugins" in ran.err
    assert backend.requests == []
    listed = hermes("plugins", "list")
    assert listed.code == 0
    assert "not installed" in listed.out
    check = hermes("config", "check")
    assert check.code == 2
    assert "acmee" in check.out
    assert hermes("plugins", "disable", "Acmee").code == 0
    assert hermes("-z", "hi").code == 0


def test_an_adapter_that_fails_in_a_call(hermes: Hermes, serve: Serve, third_party) -> None:
    serve("good-text", plugins="acme")
    third_party(
        "acme",
        "event_types = ('response.created',)\n"
        "@hookimpl\n"
        "def normalize_stream_event(event, context):\n"
        "    print('debugging')\n"
        "    raise ValueError('oh no')\n",
    )
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert "acme" in ran.err
    assert "oh no" in ran.err
    assert "debugging" in ran.err
