from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hermes.config.paths import config_path, env_path, hermes_home
from hermes.errors import ConfigError


def test_home_is_taken_from_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HERMES_HOME", str(tmp_path))
    assert hermes_home() == tmp_path
    assert config_path() == tmp_path / "config.yaml"
    assert env_path() == tmp_path / ".env"


@pytest.mark.parametrize("written", ["", "  ", None, "~/.hermes"])
def test_home_is_in_the_users_home_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("HERMES_HOME", raising=False)
    if written is not None:
        monkeypatch.setenv("HERMES_HOME", written)
    assert hermes_home() == tmp_path / ".hermes"


def test_relative_home_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HERMES_HOME", "here")
    assert hermes_home() == tmp_path / "here"


def test_user_without_a_home_folder_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_HOME", "~nobody-of-that-name/x")
    with pytest.raises(ConfigError, match="cannot tell where its folder ~nobody-of-that-name/x is") as caught:
        hermes_home()
    assert "HERMES_HOME" in caught.value.hint


def test_given_folder_wins_over_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HERMES_HOME", "/elsewhere")
    assert config_path(tmp_path) == tmp_path / "config.yaml"
    assert env_path(tmp_path) == tmp_path / ".env"


def test_paths_import_nothing_heavy() -> None:
    code = (
        "import sys, hermes.config.paths, hermes.names;"
        "print(sorted({'pydantic', 'ruamel.yaml', 'dotenv'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
