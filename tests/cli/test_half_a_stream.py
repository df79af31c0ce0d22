"""A stream that ends half-way at a backend that refuses the other mode: never a success."""

from __future__ import annotations

import pytest

from hermes.testing.backend import LoopbackBackend
from hermes.testing.replies import event_stream
from hermes.testing.scenarios.common import NO_TERMINAL, STREAM_REQUIRED

from .conftest import Hermes, Serve, read_to_end


@pytest.fixture(params=["", "codex_lb"], ids=["no-plugin", "codex_lb"])
def backend(request, serve: Serve) -> LoopbackBackend:
    return serve("half-stream-stream-required", plugins=request.param)


def test_on_a_pipe(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (3, "Hel\n")
    assert backend.kinds == ("stream", "non_stream", "stream")
    assert "The answer is partial" in ran.err
    assert "ended before the answer was complete" in ran.err


def test_as_a_stream(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes("-z", "hi", "--stream")
    assert (ran.code, ran.out) == (3, "Hel\n")
    assert backend.kinds == ("stream",)
    assert "The answer is partial" in ran.err


def test_a_stream_of_text_is_never_restarted(hermes: Hermes, serve: Serve) -> None:
    backend = serve("eof-without-terminal/mid-text", more="recovery: {after_output: restart}\n")
    ran = hermes("-z", "hi", "--stream")
    assert (ran.code, ran.out) == (3, "Hel\n")
    assert backend.kinds == ("stream",)


def test_as_json(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 3
    assert [line["text"] for line in ran.lines if line["type"] == "text.delta"] == ["Hel"]
    last = ran.lines[-1]
    assert (last["type"], last["status"], last["text"]) == ("turn.completed", "partial", "Hel")
    assert last["reason"]


def test_on_a_terminal(hermes: Hermes, backend: LoopbackBackend) -> None:
    terminal = hermes.spawn("-z", "hi")
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 3
    lines = shown.splitlines()
    assert lines[0] == "Hel"
    assert shown.count("Hel\r\n") == 1
    assert "The answer is partial" in lines[1]


def test_an_answer_that_is_whole_but_for_its_end(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(*NO_TERMINAL), non_streams=(STREAM_REQUIRED,)))
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (3, "Hello\n")
    assert "whole but unconfirmed" in ran.err
    assert hermes("-z", "hi", "--json").lines[-1]["status"] == "unconfirmed"


def test_an_answer_that_the_backend_ends_early(hermes: Hermes, serve: Serve) -> None:
    serve("incomplete-max-output-tokens/text")
    ran = hermes("-z", "hi")
    assert ran.code == 3
    assert "max_output_tokens" in ran.err
    assert "hint: " in ran.err
