"""What a command imports: help and the small verbs stay fast."""

from __future__ import annotations

import pytest

import hermes as package

from .conftest import Hermes

HEAVY = {"openai", "pydantic", "rich", "msgspec", "pluggy", "httpx2", "ruamel", "hermes.runtime"}


def imported(hermes: Hermes, *arguments: str) -> set[str]:
    """The modules that a command imports, by what the interpreter itself says."""
    with hermes.popen(*arguments, env={"PYTHONPROFILEIMPORTTIME": "1"}) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    names = (line.rpartition("|")[2].strip() for line in err.decode().splitlines() if "import time:" in line)
    return {name for name in names if name}


def among(names: set[str], heavy: set[str]) -> set[str]:
    return {name for name in names if any(name == one or name.startswith(f"{one}.") for one in heavy)}


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ()], ids=["--version", "--help", "bare"])
def test_the_lightest_commands(hermes: Hermes, arguments: tuple[str, ...]) -> None:
    assert among(imported(hermes, *arguments), HEAVY) == set()


def test_config_path_needs_only_a_path(hermes: Hermes) -> None:
    assert among(imported(hermes, "config", "path"), HEAVY) == set()


@pytest.mark.parametrize(
    "arguments", [("plugins", "list"), ("config", "show"), ("providers", "list")], ids=" ".join
)
def test_commands_about_the_configuration(hermes: Hermes, arguments: tuple[str, ...]) -> None:
    assert among(imported(hermes, *arguments), {"openai", "rich", "httpx2", "hermes.runtime"}) == set()


def test_the_version(hermes: Hermes) -> None:
    ran = hermes("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"hermes {package.__version__}\n", "")


def test_help(hermes: Hermes) -> None:
    plain, asked = hermes(), hermes("--help")
    assert (plain.code, plain.err) == (0, "")
    assert plain.out == asked.out
    for word in ("-z PROMPT", "--no-stdin", "plugins", "Exit codes:"):
        assert word in plain.out
    assert "-q, --query" in hermes("chat", "-h").out


def test_options_stand_before_or_behind_chat(hermes: Hermes) -> None:
    before = hermes("--json", "--no-plugin", "codex_lb", "chat", "-q", "hi")
    behind = hermes("chat", "--json", "--no-plugin", "codex_lb", "-q", "hi")
    both = hermes("--no-plugin", "codex_lb", "chat", "--no-plugin", "lenient", "-q", "hi", "--json")
    assert [ran.code for ran in (before, behind, both)] == [0, 0, 0]
    assert before.types == behind.types == both.types
    assert len(before.lines[-1]["attempts"]) == 2
