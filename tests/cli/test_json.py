"""``--json``: one object a line, each with a stable type, and nothing else on stdout."""

from __future__ import annotations

import pytest

from hermes.testing.replies import event_stream
from hermes.testing.wire import good_stream

from .conftest import Hermes, Serve


def test_a_complete_turn(hermes: Hermes, serve: Serve) -> None:
    serve("codex-lb-prelude", plugins="codex_lb")
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 0
    limits = [line for line in ran.lines if line["type"] == "rate_limits"]
    assert [line for line in ran.types if line != "rate_limits"] == [
        "text.delta",
        "text.delta",
        "turn.completed",
    ]
    assert limits[0]["plan"] == "pro"
    assert limits[0]["windows"][0]["used_percent"]
    last = ran.lines[-1]
    assert last["status"] == "complete"
    assert last["text"] == "Hello"
    assert last["usage"]["total_tokens"] == 3
    assert [attempt["streaming"] for attempt in last["attempts"]] == [True]
    assert ran.err == ""


def test_a_fallback_is_a_notice(hermes: Hermes, serve: Serve) -> None:
    serve("codex-lb-prelude")
    ran = hermes("-z", "hi", "--json")
    notices = {line["kind"]: line["text"] for line in ran.lines if line["type"] == "notice"}
    assert notices["fallback"]
    assert "codex_lb" in notices["hint"]
    assert ran.types[-1] == "turn.completed"


def test_reasoning_and_tools_have_types_of_their_own(hermes: Hermes, serve: Serve) -> None:
    serve("good-multi-item")
    ran = hermes("-z", "hi", "--json")
    assert {"reasoning.delta", "text.delta", "tool.arguments.delta"} <= set(ran.types)
    assert [call["name"] for call in ran.lines[-1]["tool_calls"]] == ["sh", "read"]


@pytest.mark.parametrize(
    ("scenario", "kind", "status"),
    [("auth-lookalikes/401", "auth", 401), ("usage-limit-reached/http", "quota", 429)],
)
def test_a_failed_turn(hermes: Hermes, serve: Serve, scenario: str, kind: str, status: int) -> None:
    serve(scenario)
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 1
    (line,) = ran.lines
    assert (line["type"], line["kind"], line["http_status"]) == ("turn.failed", kind, status)
    assert line["message"]
    assert line["hint"]
    assert line["attempts"][0]["number"] == 1
    assert f"hermes: {line['message']}" in ran.err


def test_lines_are_ascii_whatever_the_answer_is(hermes: Hermes, serve: Serve, answering) -> None:
    text = "caf\u00e9 \u2028 \U0001f600 \x1b[31m\r\n"
    serve(answering(text))
    ran = hermes("-z", "hi", "--json", env={"PYTHONIOENCODING": "ascii"})
    assert ran.code == 0
    assert ran.stdout.isascii()
    assert ran.lines[-1]["text"] == text


def test_plugins_that_print_do_not_mix_with_the_lines(hermes: Hermes, serve: Serve, third_party) -> None:
    serve("good-text", plugins="chatty")
    third_party("chatty", "print('hello from the import')")
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 0
    assert "hello from the import" in ran.err
    assert ran.types[-1] == "turn.completed"


def test_a_restart_is_announced(hermes: Hermes, serve: Serve, playing) -> None:
    half = event_stream(*good_stream()[:5])
    serve(playing(half), more="recovery: {after_output: restart}\n")
    ran = hermes("-z", "hi", "--json")
    assert ran.code == 0
    restarted = ran.types.index("restarted")
    assert ran.lines[restarted]["continues"] is True
    assert "".join(line["text"] for line in ran.lines if line["type"] == "text.delta") == "Hello"
