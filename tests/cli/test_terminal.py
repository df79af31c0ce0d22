"""What a person sees on a real terminal."""

from __future__ import annotations

import pytest

from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.scenarios.common import HALF_WAY, STREAM_REQUIRED

from .conftest import Hermes, Serve, read_to_end

DIM = "\x1b[2m"


def test_text_appears_as_it_comes_and_ctrl_c_keeps_it(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(*HALF_WAY, Control.HOLD)))
    terminal = hermes.spawn("-z", "hi")
    terminal.expect_exact("Hel")
    terminal.sendintr()
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 130
    assert shown.splitlines() == ["^C", "hermes: Interrupted."]


@pytest.mark.parametrize("held", [Control.HOLD, Control.BEFORE_HEADERS], ids=lambda held: held.value)
def test_ctrl_c_before_the_first_byte(hermes: Hermes, serve: Serve, playing, held: Control) -> None:
    backend = serve(playing(event_stream(held)))
    terminal = hermes.spawn("-z", "hi", "-v")
    terminal.expect_exact(backend.base_url)
    terminal.sendintr()
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 130
    assert "Traceback" not in shown
    assert "hermes: Interrupted." in shown.splitlines()


def test_ctrl_c_in_a_fallback_that_is_silent(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(), non_streams=(event_stream(Control.BEFORE_HEADERS),)))
    terminal = hermes.spawn("-z", "hi")
    terminal.expect_exact("Asking again")
    terminal.sendintr()
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 130
    assert "Traceback" not in shown


def test_ctrl_c_while_waiting_to_try_again(hermes: Hermes, serve: Serve) -> None:
    serve("overloaded-in-200-stream/always", more="recovery: {max_wait_seconds: 3600}\n")
    terminal = hermes.spawn("-z", "hi")
    terminal.expect_exact("Retrying")
    terminal.sendintr()
    read_to_end(terminal)
    assert terminal.exitstatus == 130


def test_ctrl_c_at_the_prompt(hermes: Hermes) -> None:
    terminal = hermes.spawn("-z", "-")
    terminal.expect_exact("Ctrl-D")
    terminal.sendintr()
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 130
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("a\x1b[31mb", "a\u241b[31mb"),
        ("a\x1b]0;title\x07b", "a\u241b]0;title\u2407b"),
        ("a\x9b31mb", "a\ufffd31mb"),
        ("a\rb", "ab"),
        ("\u202egnol", "\ufffdgnol"),
        ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
    ],
    ids=repr,
)
def test_an_answer_cannot_play_with_the_terminal(
    hermes: Hermes, serve: Serve, answering, answer: str, shown: str
) -> None:
    serve(answering(answer))
    assert read_to_end(hermes.spawn("-z", "hi")) == f"{shown}\r\n"


def test_an_error_cannot_play_with_the_terminal(hermes: Hermes, serve: Serve, playing) -> None:
    from hermes.testing.replies import http_error

    refusal = http_error(400, "no\x1b[2J\x07\nhint: rm -rf", type="invalid_request_error")
    serve(playing(refusal, non_streams=(refusal,)))
    shown = read_to_end(hermes.spawn("-z", "hi"))
    assert "\x1b" not in shown
    assert not any(line.startswith("hint: rm") for line in shown.splitlines())


def test_the_rate_limits_are_dim(hermes: Hermes, serve: Serve) -> None:
    serve("codex-lb-prelude", plugins="codex_lb")
    lines = read_to_end(hermes.spawn("-z", "hi")).splitlines()
    assert lines[0] == "Hello"
    assert lines[1].startswith(f"{DIM}limits (pro): ")
    assert len(lines) == 2


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_no_colours_where_none_are_wanted(hermes: Hermes, serve: Serve, env: dict[str, str]) -> None:
    serve("codex-lb-prelude", plugins="codex_lb")
    assert "\x1b" not in read_to_end(hermes.spawn("-z", "hi", env=env))


def test_a_notice_stands_on_a_line_of_its_own(hermes: Hermes, serve: Serve, playing) -> None:
    serve(
        playing(event_stream(*HALF_WAY), non_streams=(STREAM_REQUIRED,)),
        more="recovery: {after_output: restart}\n",
    )
    lines = read_to_end(hermes.spawn("-z", "hi", env={"NO_COLOR": "1"})).splitlines()
    assert lines[0] == "Hel"
    assert all(line.startswith(("hermes: ", "hint: ")) for line in lines[1:])


def test_help_and_errors_on_a_terminal(hermes: Hermes) -> None:
    assert "Usage: hermes" in read_to_end(hermes.spawn())
    assert "hermes plugins" in read_to_end(hermes.spawn("plugin"))
