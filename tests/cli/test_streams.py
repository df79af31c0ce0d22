"""stdout holds the answer and nothing else, whatever becomes of stdout and stderr."""

from __future__ import annotations

import signal

import pytest

from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.wire import good_stream

from .conftest import GUARD_SECONDS, Hermes, Serve

LARGE = "0123456789" * 100_000


@pytest.mark.parametrize(
    ("answer", "out"),
    [
        ("Hello", "Hello\n"),
        ("Hello\n", "Hello\n"),
        ("Hello\n\n", "Hello\n\n"),
        ("  two\n\nlines ", "  two\n\nlines \n"),
        ("caf\u00e9 \u2028 \U0001f600", "caf\u00e9 \u2028 \U0001f600\n"),
        ("red \x1b[31m, bell \x07, \r\n", "red \x1b[31m, bell \x07, \r\n"),
    ],
    ids=repr,
)
def test_the_answer_and_a_line_feed(hermes: Hermes, serve: Serve, answering, answer: str, out: str) -> None:
    serve(answering(answer))
    ran = hermes("-z", "hi")
    assert (ran.code, ran.stdout, ran.err) == (0, out.encode(), "")


@pytest.mark.parametrize(
    ("answer", "out"), [("Hello", "Hello\n"), ("red \x1b[31m\r\n", "red \x1b[31m\r\n")], ids=repr
)
def test_the_same_as_a_stream(hermes: Hermes, serve: Serve, answering, answer: str, out: str) -> None:
    serve(answering(answer))
    ran = hermes("-z", "hi", "--stream")
    assert (ran.code, ran.stdout, ran.err) == (0, out.encode(), "")


def test_an_answer_without_text_is_told(hermes: Hermes, serve: Serve) -> None:
    serve("good-tool-call")
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, "")
    assert "sh" in ran.err


@pytest.mark.parametrize(
    "env",
    [{"LANG": "C", "LC_ALL": "C"}, {"LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["C", "C-without-utf8"],
)
def test_no_locale_loses_an_answer(hermes: Hermes, serve: Serve, answering, env: dict[str, str]) -> None:
    serve(answering("caf\u00e9"))
    ran = hermes("-z", "hi", env=env)
    assert ran.code == 0
    assert ran.stdout in (b"caf\xc3\xa9\n", b"caf\\xe9\n")


def test_half_a_character_is_no_fault(hermes: Hermes, serve: Serve, playing) -> None:
    halved = [frame.replace(b"Hel", rb"\ud83d") for frame in good_stream()]
    serve(playing(event_stream(*halved)))
    ran = hermes("-z", "hi", "--stream")
    assert (ran.code, ran.out, ran.err) == (0, "\ufffdlo\n", "")


def test_what_ascii_cannot_say_is_escaped(hermes: Hermes, serve: Serve, answering) -> None:
    serve(answering("caf\u00e9"))
    ran = hermes("-z", "hi", env={"PYTHONIOENCODING": "ascii"})
    assert (ran.code, ran.stdout, ran.err) == (0, b"caf\\xe9\n", "")


@pytest.mark.parametrize("mode", ["", "--stream", "--json"])
def test_a_reader_that_leaves_early(hermes: Hermes, serve: Serve, answering, mode: str) -> None:
    serve(answering(LARGE))
    ran = hermes.shell(f"hermes -z hi {mode} | head -c 1; echo ${{PIPESTATUS[0]}}")
    assert ran.out[1:] == "0\n"
    assert "Traceback" not in ran.err
    assert "Exception" not in ran.err
    assert "rror" not in ran.err


def test_a_reader_that_leaves_ends_the_call(hermes: Hermes, serve: Serve, playing) -> None:
    reply = event_stream(*good_stream(LARGE, pieces=[LARGE, LARGE])[:6], Control.HOLD)
    serve(playing(reply))
    ran = hermes.shell("hermes -z hi --stream | head -c 1")
    assert (ran.code, ran.out, ran.err) == (0, "0", "")


@pytest.mark.parametrize("command", ["plugins list", "--help", "demo-backend --list", "config show"])
def test_other_commands_end_quietly_too(hermes: Hermes, command: str) -> None:
    ran = hermes.shell(f"hermes {command} | true; echo ${{PIPESTATUS[0]}}")
    assert (ran.out, ran.err) == ("0\n", "")


def test_a_partial_answer_stays_partial_when_nobody_reads_it(hermes: Hermes, serve: Serve) -> None:
    serve("half-stream-stream-required")
    ran = hermes.shell("hermes -z hi >&-")
    assert ran.code == 3
    assert "partial" in ran.err


def test_stdout_closed_from_the_start(hermes: Hermes, serve: Serve) -> None:
    serve("good-text")
    ran = hermes.shell("hermes -z hi >&-")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("mode", ["", "--stream", "--json"])
def test_a_full_disk_is_told(hermes: Hermes, serve: Serve, mode: str) -> None:
    serve("good-text")
    ran = hermes.shell(f"hermes -z hi {mode} >/dev/full")
    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert ran.err.count("hermes: ") == 1
    assert "Exception" not in ran.err


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full", "2> >(true)"])
def test_the_answer_counts_when_nobody_reads_stderr(hermes: Hermes, serve: Serve, stderr: str) -> None:
    serve("codex-lb-prelude")
    ran = hermes.shell(f"hermes -z hi {stderr}")
    assert (ran.code, ran.out) == (0, "Hello\n")


def test_an_error_counts_when_nobody_reads_stderr(hermes: Hermes) -> None:
    assert hermes.shell("hermes -z '' 2>&-").code == 2


def test_a_pipe_gets_text_as_it_comes_where_asked(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(*good_stream()[:5], Control.HOLD)))
    with hermes.popen("-z", "hi", "--stream") as process:
        assert process.stdout is not None
        assert process.stdout.read(3) == b"Hel"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=GUARD_SECONDS)
    assert (process.returncode, out) == (130, b"\n")
    assert b"Traceback" not in err


def test_colours_stay_on_terminals(hermes: Hermes, serve: Serve) -> None:
    serve("codex-lb-prelude", plugins="codex_lb")
    assert "\x1b" not in hermes("-z", "hi", env={"FORCE_COLOR": "1"}).err
