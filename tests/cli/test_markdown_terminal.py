"""An answer in markdown on a real terminal, through the real command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.scenarios.common import HALF_WAY, STREAM_REQUIRED
from hermes.testing.wire import good_stream

from .conftest import GUARD_SECONDS, Hermes, Serve, read_to_end
from .markdown_screens import Terminal

ANSWER = "# Title\n\nSome **bold** words.\n\n- item\n\n```py\nx = 1\n```\nend"
RENDERED = ["Title", "", "Some bold words.", "", "• item", "", "─── py", "x = 1", "───", "end"]
PIECES = [ANSWER[start : start + 3] for start in range(0, len(ANSWER), 3)]


def screen_of(written: str) -> list[str]:
    """What a terminal shows of the bytes that came out of one."""
    terminal = Terminal(400, 24)
    terminal.write(written)
    return terminal.rows


@pytest.fixture
def asked(hermes: Hermes, serve: Serve, playing) -> Hermes:
    serve(playing(event_stream(*good_stream(ANSWER, pieces=PIECES))))
    return hermes


@pytest.mark.parametrize("arguments", [("-z", "hi"), ("chat", "-q", "hi")], ids=["-z", "chat -q"])
def test_it_is_rendered(asked: Hermes, arguments: tuple[str, ...]) -> None:
    written = read_to_end(asked.spawn(*arguments))
    assert screen_of(written) == RENDERED
    assert "\x1b[1mbold\x1b[0m" in written
    assert "?25" not in written  # the cursor is never hidden


@pytest.mark.parametrize(
    ("arguments", "env"),
    [(("--raw",), {}), ((), {"TERM": "dumb"}), ((), {"TERM": ""})],
    ids=["--raw", "dumb", "no TERM"],
)
def test_raw(asked: Hermes, arguments: tuple[str, ...], env: dict[str, str]) -> None:
    written = read_to_end(asked.spawn("-z", "hi", *arguments, env=env))
    assert written == ANSWER.replace("\n", "\r\n") + "\r\n"


def test_a_pipe_gets_it_raw(asked: Hermes) -> None:
    assert asked("-z", "hi").out == asked("-z", "hi", "--stream").out == f"{ANSWER}\n"


def test_no_color(asked: Hermes) -> None:
    written = read_to_end(asked.spawn("-z", "hi", env={"NO_COLOR": "1"}))
    assert screen_of(written) == RENDERED
    assert "\x1b[3" not in written
    assert "\x1b[1;3" not in written


def test_ctrl_c_in_mid_answer(hermes: Hermes, serve: Serve, playing) -> None:
    frames = good_stream("x", pieces=["Some **bold** words"])
    serve(playing(event_stream(*frames[:5], Control.HOLD)))
    terminal = hermes.spawn("-z", "hi")
    terminal.expect_exact("words")
    before = terminal.before
    terminal.sendintr()
    rest = read_to_end(terminal)
    assert terminal.exitstatus == 130
    assert screen_of(f"{before}words{rest}") == ["Some bold words^C", "hermes: Interrupted."]


def test_ctrl_c_below_a_line_of_its_own(hermes: Hermes, serve: Serve, playing) -> None:
    frames = good_stream("x", pieces=["A whole line\n"])
    serve(playing(event_stream(*frames[:5], Control.HOLD)))
    terminal = hermes.spawn("-z", "hi", "--raw")
    terminal.expect_exact("line\r\n")
    before = terminal.before
    terminal.sendintr()
    rest = read_to_end(terminal)
    assert screen_of(f"{before}line\r\n{rest}") == ["A whole line", "^C", "hermes: Interrupted."]


def test_an_answer_that_begins_anew(hermes: Hermes, serve: Serve, playing) -> None:
    serve(
        playing(event_stream(*HALF_WAY), non_streams=(STREAM_REQUIRED,)),
        more="recovery: {after_output: restart}\n",
    )
    rows = screen_of(read_to_end(hermes.spawn("-z", "hi", env={"NO_COLOR": "1"})))
    assert rows[0] == "Hel"
    assert all(row.startswith(("hermes: ", "hint: ")) for row in rows[1:])


def test_a_closed_terminal_ends_it(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(*good_stream("x", pieces=["**Hello**"])[:5], Control.HOLD)))
    terminal = hermes.spawn("-z", "hi")
    terminal.expect_exact("Hello")
    terminal.close(force=False)
    assert not terminal.isalive()


def test_rendering_is_imported_only_where_it_is_used(asked: Hermes) -> None:
    heavy = ("rich", "markdown_it", "pygments")

    def imported(text: str) -> set[str]:
        names = (line.rpartition("|")[2].strip() for line in text.splitlines() if "import time:" in line)
        return {name for name in names if name in heavy}

    env = {"PYTHONPROFILEIMPORTTIME": "1"}
    assert imported(asked("-z", "hi", env=env).err) == set()
    assert imported(read_to_end(asked.spawn("-z", "hi", "--raw", env=env))) == set()
    assert imported(read_to_end(asked.spawn("-z", "hi", env=env))) == set(heavy)


STREAMED = """
import sys
from hermes.cli.markdown.renderer import MarkdownRenderer
from hermes.cli.output import Stdout
moments = iter(range(10**9))
renderer = MarkdownRenderer(Stdout().write, clock=lambda: float(next(moments)))
for character in sys.argv[1]:
    renderer.write(character)
renderer.finish()
sys.stdin.read()
"""


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
@pytest.mark.parametrize("size", [(80, 24), (30, 5)])
def test_no_redraw_is_left_in_the_history_of_tmux(tmp_path: Path, size: tuple[int, int]) -> None:
    columns, rows = map(str, size)
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "HOME": str(tmp_path)}

    def tmux(*arguments: str) -> str:
        command = ["tmux", "-u", "-f", os.devnull, "-S", str(tmp_path / "s"), *arguments]
        done = subprocess.run(
            command, env=env, capture_output=True, timeout=GUARD_SECONDS, check=True, encoding="utf-8"
        )
        return done.stdout

    program = [sys.executable, "-c", STREAMED, ANSWER]
    tmux("new-session", "-d", "-x", columns, "-y", rows, *program)
    try:
        shown = ""
        ends = time.monotonic() + GUARD_SECONDS
        while not shown.rstrip("\n").endswith("\nend") and time.monotonic() < ends:
            shown = tmux("capture-pane", "-p", "-S", "-1000")
    finally:
        tmux("kill-server")
    assert [row.rstrip() for row in shown.rstrip("\n").split("\n")] == RENDERED
