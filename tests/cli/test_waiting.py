"""Whoever waits reads what for: on stderr, or as a JSON line, and never within the answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hermes.runtime import stream, watchdog
from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import scenario
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control

from .conftest import Hermes, Serve, read_to_end

WAITING = "hermes: Still waiting: the answer has begun with nothing in it; a proxy may hold it back"

# The command, which tells of a silence at once.
IMPATIENT = """
import sys
from hermes.runtime import watchdog
from hermes.cli.main import main
watchdog.FIRST_NOTICE = 0.05
sys.exit(main(sys.argv[1:]))
"""


@contextmanager
def slow_backend(hermes: Hermes, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sends the headers of a good answer, and the rest as soon as the user was told that Hermes waits."""
    told = threading.Event()
    tell = stream._Call._report_wait

    def telling(call: stream._Call, text: str) -> None:
        tell(call, text)
        if "proxy" in text:
            told.set()

    def size() -> int:
        assert told.wait(20)
        return 1_000_000

    monkeypatch.setattr(stream._Call, "_report_wait", telling)
    monkeypatch.setattr(watchdog, "FIRST_NOTICE", 0.05)
    with LoopbackBackend(scenario("good-text"), chunk_sizes=size) as backend:
        hermes.configure(backend.base_url)
        yield


def test_the_wait_is_told_on_stderr(hermes_inside: Hermes, monkeypatch: pytest.MonkeyPatch) -> None:
    with slow_backend(hermes_inside, monkeypatch):
        ran = hermes_inside("-z", "hi")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert WAITING in ran.err
    assert all(line.startswith("hermes: Still waiting: ") for line in ran.err.splitlines())


def test_the_wait_is_a_json_line(hermes_inside: Hermes, monkeypatch: pytest.MonkeyPatch) -> None:
    with slow_backend(hermes_inside, monkeypatch):
        ran = hermes_inside("-z", "hi", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert {line["kind"] for line in ran.lines if line["type"] == "notice"} == {"waiting"}
    assert [line for line in ran.types if line != "notice"] == ["text.delta", "text.delta", "turn.completed"]


def test_ctrl_c_on_a_terminal_after_the_notice(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(Control.HOLD)))
    hermes.argv = lambda *arguments: [sys.executable, "-c", IMPATIENT, *arguments]  # type: ignore[method-assign]
    terminal = hermes.spawn("-z", "hi", env={"NO_COLOR": "1"})
    terminal.expect_exact("Still waiting")
    terminal.sendintr()
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 130
    assert "Traceback" not in shown
    assert "hermes: Interrupted." in shown.splitlines()


def test_a_reader_that_left_ends_the_wait(hermes: Hermes, serve: Serve, playing) -> None:
    """The notice is a line of stdout, and nobody takes it."""
    serve(playing(event_stream(Control.HOLD)))
    hermes.argv = lambda *arguments: [sys.executable, "-c", IMPATIENT, *arguments]  # type: ignore[method-assign]
    with hermes.popen("-z", "hi", "--json") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"type": "notice", "kind": "waiting"')
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("headers_timeout_seconds", "no answer headers within the deadline (headers_timeout_seconds)"),
        (
            "first_event_timeout_seconds",
            "no answer headers within the deadline (first_event_timeout_seconds)",
        ),
    ],
)
def test_a_backend_that_never_answers_may_refuse_silently(
    hermes_inside: Hermes, playing, limit: str, words: str
) -> None:
    with LoopbackBackend(playing(event_stream(Control.BEFORE_HEADERS))) as backend:
        hermes_inside.configure(backend.base_url, model=f"{limit}: 0.2")
        ran = hermes_inside("-z", "hi")
    assert ran.code == 1
    assert words in ran.err
    assert "it may silently refuse this model for this account" in ran.err
    assert "hint: Give it longer with --timeout SECONDS" in ran.err
