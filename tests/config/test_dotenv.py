from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes.config.dotenv import Environment, read_environment, unreadable_lines, write_env_value
from hermes.errors import ConfigError, ConfigFileError

SECRET = "sk-marked-7f3a9c"


def write(home: Path, content: str | bytes) -> Path:
    home.mkdir(exist_ok=True)
    path = home / ".env"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_missing_file_leaves_the_environment(home: Path) -> None:
    env = read_environment(home, {"A": "1"})
    assert dict(env) == {"A": "1"}
    assert env.path == home / ".env"


def test_environment_wins_over_the_file(home: Path) -> None:
    write(home, "A=file\nB=file\n")
    env = read_environment(home, {"A": "process"})
    assert dict(env) == {"A": "process", "B": "file"}
    assert len(env) == 2
    assert (env.origin("A"), env.origin("B"), env.origin("C")) == ("environment", ".env", None)


def test_blank_counts_as_unset(home: Path) -> None:
    write(home, "A=\nB='  '\nC=' x '\nD\n")
    env = read_environment(home, {})
    assert [env.value(name) for name in "ABCD"] == [None, None, "x", None]
    assert env.origin("A") is None
    assert "D" not in env


def test_nothing_reaches_the_process(home: Path) -> None:
    write(home, "HERMES_TEST_ONLY=1\n")
    assert read_environment(home)["HERMES_TEST_ONLY"] == "1"
    assert "HERMES_TEST_ONLY" not in os.environ


def test_forms_of_a_line(home: Path) -> None:
    write(home, "\ufeff# keys\r\nexport A=1 # one\r\nB=\"two words\"\r\nC='#3'\r\n")
    assert dict(read_environment(home, {})) == {"A": "1", "B": "two words", "C": "#3"}


def test_references_to_other_variables(home: Path) -> None:
    write(home, "HOST=file\nA=http://${HOST}:${PORT}\nB='${HOST}'\nC=${NOWHERE}x\nD=$HOST\n")
    env = read_environment(home, {"HOST": "process", "PORT": "1"})
    assert (env["A"], env["B"], env["C"], env["D"]) == ("http://process:1", "${HOST}", "x", "$HOST")


def test_repr_shows_no_value(home: Path) -> None:
    write(home, f"A={SECRET}\n")
    env = read_environment(home, {"B": SECRET})
    assert repr(env) == str(env) == "Environment(2 variables)"


def test_unreadable_lines_are_found() -> None:
    assert unreadable_lines("A=1\n= no\nB=2\n'x\n") == [2, 4]
    assert unreadable_lines("A=1\n\n# c\nB\n") == []


def test_broken_file_is_told(home: Path) -> None:
    path = write(home, b"A=1\nB=\xff\n")
    with pytest.raises(ConfigFileError) as caught:
        read_environment(home)
    assert caught.value.message == f"{path}, line 2: the file is not UTF-8 text."
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigFileError, match="is a folder"):
        read_environment(home)


def test_value_is_written_to_a_new_file_for_the_owner_only(home: Path) -> None:
    write_env_value("MY_KEY", SECRET, home)
    assert (home / ".env").read_text() == f"MY_KEY='{SECRET}'\n"
    assert stat.S_IMODE((home / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir()] == [".env"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# c\nA=1\nK=old # mine\n\nB=2\n", "# c\nA=1\nK='new'\n\nB=2\n"),
        ("export K=old\nA=1", "export K='new'\nA=1"),
        ("A=1", "A=1\nK='new'\n"),
        ("A=1\r\nK=old\r\n", "A=1\r\nK='new'\r\n"),
        ("\ufeffA=1\n", "\ufeffA=1\nK='new'\n"),
        ("K=1\nA=1\nK=2\n", "K='new'\nA=1\n"),
        ("= broken\nKK=1\n", "= broken\nKK=1\nK='new'\n"),
        ('K="two\nlines"\nA=1\n', "K='new'\nA=1\n"),
    ],
)
def test_other_lines_are_kept(home: Path, before: str, after: str) -> None:
    path = write(home, before)
    path.chmod(0o644)
    write_env_value("K", "new", home)
    assert path.read_bytes().decode() == after
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    value=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Zl", "Zp"])),
    before=st.lists(st.sampled_from(["# c", "A=1", "export K=old", "K='x'", "", 'B="${A}"'])),
)
def test_what_is_written_is_read_back(home: Path, value: str, before: list[str]) -> None:
    path = write(home, "\n".join(before))
    write_env_value("K", value, home)
    assert read_environment(home, {})["K"] == value
    assert [line for line in path.read_text().split("\n") if line.startswith(("#", "A=", "B="))] == [
        line for line in before if line.startswith(("#", "A=", "B="))
    ]


def test_value_that_cannot_be_a_line_is_refused(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_env_value("K", f"{SECRET}\nB=2", home)
    assert caught.value.message == "The value for K has a line break or another control character in it."
    assert not home.exists()


@pytest.mark.parametrize("name", ["", "1A", "A B", SECRET, "A=1"])
def test_name_that_is_none_is_refused_unseen(home: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="has letters, digits and _ only") as caught:
        write_env_value(name, "x", home)
    assert SECRET not in caught.value.message + caught.value.hint
    assert not home.exists()


def test_environment_by_hand(tmp_path: Path) -> None:
    env = Environment({"A": "1"}, path=tmp_path / ".env")
    assert env["A"] == "1"
    with pytest.raises(KeyError):
        env["B"]
