"""What becomes of commentary, and of calls that must not run."""

from __future__ import annotations

import pytest

from hermes.testing.frames import Json, frames
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control, Reply
from hermes.testing.wire import completed, created, message_events, message_item, up_to

from .conftest import Hermes, Serve, read_to_end

DIM, RESET = "\x1b[2m", "\x1b[0m"
PLAN = "I will look at the files first."


def commented(plan: str, *, pieces: list[str] | None = None, ended: bool = True) -> Reply:
    """A message of commentary, then the answer."""
    told = message_events(plan, pieces=pieces)
    told = [
        {**event, "item": {**event["item"], "phase": "commentary"}} if "item" in event else event
        for event in told
    ]
    if not ended:
        opened: list[Json] = up_to(told, "response.output_text.delta")
        return event_stream(*frames([created(), *opened]), Control.HOLD)
    answer = message_events(item_id="msg_2", output_index=1)
    output = {**message_item(plan), "phase": "commentary"}, message_item(item_id="msg_2")
    return event_stream(*frames([created(), *told, *answer, completed(*output)]))


def test_a_person_sees_commentary_dim_and_apart_from_the_answer(
    hermes: Hermes, serve: Serve, playing
) -> None:
    serve(playing(commented(PLAN)))
    assert read_to_end(hermes.spawn("-z", "hi")).splitlines() == [f"{DIM}{PLAN}{RESET}", "Hello"]


def test_commentary_is_shown_line_by_line_and_cannot_play_with_the_terminal(
    hermes: Hermes, serve: Serve, playing
) -> None:
    serve(playing(commented("First.\n\n\x1b[2JThen.\n", pieces=["Fi", "rst.\n\n\x1b[2J", "Then.\n"])))
    shown = read_to_end(hermes.spawn("-z", "hi", env={"NO_COLOR": "1"}))
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[0] == "First."
    assert lines[1].endswith("Then.")
    assert lines[2:] == ["Hello"]


def test_a_whole_line_of_commentary_is_shown_while_the_model_works(
    hermes: Hermes, serve: Serve, playing
) -> None:
    serve(playing(commented("First.\nThen.", pieces=["First.\n", "Then."], ended=False)))
    terminal = hermes.spawn("-z", "hi")
    terminal.expect_exact("First.")
    terminal.sendintr()
    read_to_end(terminal)
    assert terminal.exitstatus == 130


@pytest.mark.parametrize("options", [[], ["--stream"]], ids=["buffered", "live"])
def test_a_pipe_gets_the_answer_only(hermes: Hermes, serve: Serve, playing, options: list[str]) -> None:
    serve(playing(commented(PLAN)))
    ran = hermes("-z", "hi", *options)
    assert (ran.code, ran.out, ran.err) == (0, "Hello\n", "")


def test_commentary_has_lines_of_its_own_in_json(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(commented(PLAN)))
    ran = hermes("-z", "hi", "--json")
    told = "".join(line["text"] for line in ran.lines if line["type"] == "commentary.delta")
    text = "".join(line["text"] for line in ran.lines if line["type"] == "text.delta")
    assert (told, text, ran.lines[-1]["text"]) == (PLAN, "Hello", "Hello")


@pytest.mark.parametrize(
    ("scenario", "code", "status"),
    [("arguments-invalid-json/cut", 3, "partial"), ("arguments-invalid-json/beside-text", 0, "complete")],
)
def test_a_call_that_must_not_run(
    hermes: Hermes, serve: Serve, scenario: str, code: int, status: str
) -> None:
    serve(scenario)
    ran = hermes("-z", "hi", "--json")
    last = ran.lines[-1]
    assert (ran.code, last["type"], last["status"]) == (code, "turn.completed", status)
    assert last["tool_calls"] == []
    (rejected,) = last["rejected_calls"]
    assert rejected["call"] == {"call_id": "call_1", "name": "sh", "arguments": '{"command":"l'}
    assert "not one whole JSON object" in rejected["reason"]


def test_a_call_that_must_not_run_is_told_in_words(hermes: Hermes, serve: Serve) -> None:
    serve("arguments-invalid-json/cut")
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (3, "")
    assert "The arguments of the call of `sh` are damaged, so it is not run." in ran.err


def test_no_answer_at_all_is_told_in_words(hermes: Hermes, serve: Serve) -> None:
    serve("commentary-phase-messages/never-an-answer")
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (1, "")
    assert "No answer text came" in ran.err
    assert "I will look" not in ran.err


def test_a_call_in_words_never_reaches_anybody(hermes: Hermes, serve: Serve) -> None:
    serve("tool-call-leaks-as-text/always")
    for options in ([], ["--stream"], ["--json"]):
        ran = hermes("-z", "hi", *options)
        assert ran.code == 1
        assert "rm -rf" not in ran.out + ran.err
        assert "Nothing was run" in ran.err


def test_another_model_is_told_on_stderr(hermes: Hermes, serve: Serve) -> None:
    serve("model-field-rewritten/smaller")
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert ran.err == "hermes: The backend answered with the model `gpt-5.4-mini`, not `gpt-5.4`.\n"
