from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from hermes.config.edit import set_plugin_state
from hermes.config.load import load_config
from hermes.config.yamltext import parse_yaml
from hermes.errors import ConfigError, ConfigFileError
from hermes.names import plugin_key

Write = Callable[[str | bytes], Path]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "plugins:\n  enabled:\n    - codex_lb\n"),
        ("# mine\n", "# mine\nplugins:\n  enabled:\n    - codex_lb\n"),
        ("model: m", "model: m\nplugins:\n  enabled:\n    - codex_lb\n"),
        ("---\nmodel: m\n", "---\nmodel: m\nplugins:\n  enabled:\n    - codex_lb\n"),
        ("plugins:\nmodel: m\n", "plugins:\n  enabled:\n    - codex_lb\nmodel: m\n"),
        ("plugins:  # mine\n  # none\n", "plugins:  # mine\n  enabled:\n    - codex_lb\n  # none\n"),
        ("plugins: ~  # none\n", "plugins: {enabled: [codex_lb]}  # none\n"),
        ("plugins: {}\n", "plugins: {enabled: [codex_lb]}\n"),
        ("plugins: {enabled: [a]}\n", "plugins: {enabled: [a, codex_lb]}\n"),
        ("plugins: {enabled: [ 'a', \"b\" ]}\n", "plugins: {enabled: [ 'a', \"b\", codex_lb ]}\n"),
        (
            "plugins: {clone_timeout_seconds: 300}\n",
            "plugins: {clone_timeout_seconds: 300, enabled: [codex_lb]}\n",
        ),
        ("plugins:\n  enabled: []\n", "plugins:\n  enabled: [codex_lb]\n"),
        ("plugins:\n  enabled:  # none\n  x: 1\n", "plugins:\n  enabled: [codex_lb]  # none\n  x: 1\n"),
        ("plugins:\n  enabled: null # none\n", "plugins:\n  enabled: [codex_lb] # none\n"),
        (
            "plugins:\n  enabled:\n  - a # x\n\n# next\nb: 1\n",
            "plugins:\n  enabled:\n  - a # x\n  - codex_lb\n\n# next\nb: 1\n",
        ),
        ("plugins:\n    enabled:\n        - a", "plugins:\n    enabled:\n        - a\n        - codex_lb\n"),
        ("plugins:\n  x: 1 # one\nb: 1\n", "plugins:\n  x: 1 # one\n  enabled:\n    - codex_lb\nb: 1\n"),
        ("plugins:\n  disabled:\n  - a\n", "plugins:\n  disabled:\n  - a\n  enabled:\n  - codex_lb\n"),
        ("{model: m}\n", "{model: m, plugins: {enabled: [codex_lb]}}\n"),
        ("model: m\r\n", "model: m\r\nplugins:\r\n  enabled:\r\n    - codex_lb\r\n"),
        ("\ufeffmodel: m\n", "\ufeffmodel: m\nplugins:\n  enabled:\n    - codex_lb\n"),
        ("a: 😀\nplugins: {enabled: [a]} # 😀\n", "a: 😀\nplugins: {enabled: [a, codex_lb]} # 😀\n"),
        ("plugins: {disabled: [codex-lb]}\n", "plugins: {disabled: [], enabled: [codex_lb]}\n"),
        (
            "plugins:\n  disabled:\n    - a\n    - hermes-codex-lb  # broken\n    # next\n    - b\n",
            "plugins:\n  disabled:\n    - a\n    # broken\n    # next\n    - b\n  enabled:\n    - codex_lb\n",
        ),
        (
            "plugins:\n  enabled:\n    - a\n  disabled: # off\n    - codex_lb\n\n# Model\nmodel: m\n",
            "plugins:\n  enabled:\n    - a\n    - codex_lb\n  disabled: [] # off\n\n# Model\nmodel: m\n",
        ),
        (
            "plugins: {disabled: [\n  codex_lb, # one\n  b # two\n]}\n",
            "plugins: {disabled: [\n  # one\n  b # two\n], enabled: [codex_lb]}\n",
        ),
        ("plugins: {disabled: [a, codex_lb, b]}\n", "plugins: {disabled: [a, b], enabled: [codex_lb]}\n"),
        ("plugins: {disabled: [a, codex_lb]}\n", "plugins: {disabled: [a], enabled: [codex_lb]}\n"),
        ("plugins: {disabled: [codex_lb, codex-lb]}\n", "plugins: {disabled: [], enabled: [codex_lb]}\n"),
    ],
)
def test_enabling_changes_only_the_lists(home: Path, write_config: Write, before: str, after: str) -> None:
    path = write_config(before)
    assert set_plugin_state("codex_lb", True, home) is True
    assert path.read_bytes().decode() == after
    assert "codex_lb" in load_config(home).plugins.enabled


def test_disabling_is_the_mirror_image(home: Path, write_config: Write) -> None:
    path = write_config("plugins: {enabled: [a, hermes-codex-lb]} # k\n")
    assert set_plugin_state("codex_lb", False, home) is True
    assert path.read_text() == "plugins: {enabled: [a], disabled: [codex_lb]} # k\n"


@pytest.mark.parametrize("written", ["codex_lb", "codex-lb", "hermes-codex-lb", "'Codex_LB'"])
@pytest.mark.parametrize("name", ["codex_lb", "codex-lb", "hermes-codex-lb"])
def test_nothing_is_written_when_nothing_changes(
    home: Path, write_config: Write, mocker: MockerFixture, written: str, name: str
) -> None:
    path = write_config(f"plugins:   {{ enabled: [ {written} ] }}\r\n")
    before = path.read_bytes()
    replace = mocker.patch("hermes.config.edit.replace_file")
    assert set_plugin_state(name, True, home) is False
    replace.assert_not_called()
    assert path.read_bytes() == before


def test_missing_file_is_made_for_the_owner_only(home: Path) -> None:
    assert set_plugin_state("codex_lb", True) is True
    path = home / "config.yaml"
    assert path.read_text() == "plugins:\n  enabled:\n    - codex_lb\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir()] == ["config.yaml"]


def test_mode_and_symbolic_link_are_kept(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    target = tmp_path / "dotfiles.yaml"
    target.write_text("model: m\n")
    target.chmod(0o640)
    (home / "config.yaml").symlink_to(target)
    assert set_plugin_state("codex_lb", True, home) is True
    assert (home / "config.yaml").is_symlink()
    assert target.read_text() == "model: m\nplugins:\n  enabled:\n    - codex_lb\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["null", "on", "1.5", "a: b", "x#y", "-", "[a]", "é", "plug.in"])
def test_name_that_yaml_could_misread_is_quoted(home: Path, write_config: Write, name: str) -> None:
    write_config("plugins: {enabled: [a]}\n")
    set_plugin_state(name, True, home)
    assert load_config(home).plugins.enabled == ("a", name)


def test_empty_name_is_refused(home: Path) -> None:
    with pytest.raises(ConfigError, match="The name of a plugin is empty") as caught:
        set_plugin_state(" ", True, home)
    assert caught.value.hint == "To see the names, run: hermes plugins list"
    assert not home.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plugins: [\n", "not valid YAML"),
        ("a: 1\na: 2\n", "the key `a` stands twice"),
        ("- a\n", "the file is a list, but must be a mapping"),
        ("plugins: {enabled: codex_lb}\n", "line 1: `plugins.enabled` is text, but must be a list"),
        ("plugins: [codex_lb]\n", "line 1: `plugins` is a list, but must be a mapping"),
    ],
)
def test_broken_file_is_left_as_it_is(home: Path, write_config: Write, text: str, words: str) -> None:
    path = write_config(text)
    with pytest.raises(ConfigFileError) as caught:
        set_plugin_state("codex_lb", True, home)
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert path.read_text() == text


def test_mistakes_in_other_sections_do_not_matter(home: Path, write_config: Write) -> None:
    path = write_config("model: [1]\n")
    assert set_plugin_state("codex_lb", True, home) is True
    assert path.read_text() == "model: [1]\nplugins:\n  enabled:\n    - codex_lb\n"


@pytest.mark.parametrize(
    "text",
    [
        "plugins: {enabled: &names [a]}\nothers: *names\n",
        "names: &names [a]\nplugins: {enabled: *names}\n",
        "b: &p {enabled: [a]}\nplugins: {<<: *p}\n",
        "plugins: {enabled}\n",
        "model: m\n...\n",
    ],
)
def test_layout_that_cannot_be_edited_is_left_as_it_is(home: Path, write_config: Write, text: str) -> None:
    path = write_config(text)
    with pytest.raises(ConfigFileError) as caught:
        set_plugin_state("codex_lb", True, home)
    assert caught.value.message == (
        f"Hermes cannot change `plugins` in {path} without touching other lines, so the file is as it was."
    )
    assert caught.value.hint == (
        "Edit it by hand: put codex_lb into plugins.enabled, and take it out of plugins.disabled."
    )
    assert path.read_text() == text


def test_file_that_changed_meanwhile_is_not_overwritten(
    home: Path, write_config: Write, mocker: MockerFixture
) -> None:
    path = write_config("model: m\n")
    from hermes.config import edit

    original = edit.add_plugin

    def saved_by_an_editor(*arguments: Any) -> str:
        path.write_text("model: newer\n")
        return original(*arguments)

    mocker.patch("hermes.config.edit.add_plugin", side_effect=saved_by_an_editor)
    with pytest.raises(ConfigFileError, match="changed while Hermes was editing it") as caught:
        set_plugin_state("codex_lb", True, home)
    assert caught.value.hint == "Run the command again."
    assert path.read_text() == "model: newer\n"


def test_failed_write_leaves_the_file_and_no_litter(
    home: Path, write_config: Write, mocker: MockerFixture
) -> None:
    path = write_config("model: m\n")
    mocker.patch("hermes.config.files.os.fsync", side_effect=OSError(28, "No space left on device"))
    with pytest.raises(ConfigFileError) as caught:
        set_plugin_state("codex_lb", True, home)
    assert caught.value.message == f"{path} cannot be written: no space left on device."
    assert path.read_text() == "model: m\n"
    assert [entry.name for entry in home.iterdir()] == ["config.yaml"]


def test_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigFileError, match=r"The folder .*file/home cannot be used"):
        set_plugin_state("codex_lb", True, tmp_path / "file" / "home")


def test_concurrent_edits_are_all_kept(home: Path, write_config: Write) -> None:
    write_config("# kept\nplugins:\n  enabled: []\n")
    names = [f"p{number}" for number in range(12)]
    start = threading.Barrier(len(names))

    def enable(name: str) -> None:
        start.wait()
        set_plugin_state(name, True, home)

    threads = [threading.Thread(target=enable, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(load_config(home).plugins.enabled) == sorted(names)
    assert (home / "config.yaml").read_text().startswith("# kept\n")


# The round trip, over files that are put together at random

NAMES = st.sampled_from(["codex_lb", "codex-lb", "hermes-codex-lb", "lenient", "'quoted'", '"two"', "other"])
COMMENT = st.sampled_from(["", "  # why", " # 😀 é"])
OTHERS = st.lists(
    st.sampled_from(
        [
            "# a comment\n",
            "\n",
            "a1: ~   # odd   spacing\n",
            "a2: &anchor {x: 'y',   z: \"w\"}\n",
            "a3:\n- one # 1\n-   two\n",
            "a4: |\n  # no comment\n  text\n",
            "a5: this is\n  folded\n",
            "a6: 0x1F\n",
            "a7: null\n",
        ]
    ),
    unique=True,
)


@st.composite
def block_list(draw: st.DrawFn, name: str) -> str:
    indent = draw(st.sampled_from(["  ", "    "]))
    lines = [f"  {name}:{draw(COMMENT)}\n"]
    for item in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        lines += [f"{indent}# above\n"] if draw(st.booleans()) else []
        lines.append(f"{indent}- {item}{draw(COMMENT)}\n")
    return "".join(lines)


@st.composite
def flow_list(draw: st.DrawFn, name: str) -> str:
    return f"  {name}: [{', '.join(draw(st.lists(NAMES, max_size=4, unique=True)))}]{draw(COMMENT)}\n"


@st.composite
def plugin_section(draw: st.DrawFn) -> str:
    lists = [
        draw(st.one_of(block_list(name), flow_list(name), st.just(""))) for name in ("enabled", "disabled")
    ]
    if draw(st.booleans()):
        lists.reverse()
    return f"plugins:{draw(COMMENT)}\n{''.join(lists)}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(before=OTHERS, section=plugin_section(), after=OTHERS, enabled=st.booleans(), crlf=st.booleans())
def test_round_trip_keeps_everything_else(
    home: Path,
    write_config: Write,
    before: list[str],
    section: str,
    after: list[str],
    enabled: bool,
    crlf: bool,
) -> None:
    after = [part for part in after if part[0] in "#\n" or part not in before]
    line_end = "\r\n" if crlf else "\n"
    head, tail = ("".join(parts).replace("\n", line_end) for parts in (before, after))
    text = head + section.replace("\n", line_end) + tail
    path = write_config(text)
    old = parse_yaml(text, path)
    set_plugin_state("codex_lb", enabled, home)
    new_text = path.read_bytes().decode()
    assert new_text.startswith(head)
    assert new_text.endswith(tail)
    assert new_text.count("#") == text.count("#")
    new = parse_yaml(new_text, path)
    assert {**new, "plugins": 0} == {**old, "plugins": 0}
    target, other = ("enabled", "disabled") if enabled else ("disabled", "enabled")
    plugins, had = new["plugins"], old["plugins"] or {}
    assert [name for name in plugins[target] if plugin_key(name) == "codex_lb"]
    assert not [name for name in plugins.get(other) or [] if plugin_key(name) == "codex_lb"]
    for name in ("enabled", "disabled"):
        kept = [item for item in plugins.get(name) or [] if plugin_key(item) != "codex_lb"]
        assert kept == [item for item in had.get(name) or [] if plugin_key(item) != "codex_lb"]
    assert set_plugin_state("codex_lb", enabled, home) is False
    assert path.read_bytes().decode() == new_text
