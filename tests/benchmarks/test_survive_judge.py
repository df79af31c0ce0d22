"""Each verdict of the judge, the limits of its leniency, and what is asked of a client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.peers import PeerAnswer, find_peer
from benchmarks.survive_ask import asked_of, can_ask
from benchmarks.survive_judge import Verdict, judge, right_outcomes
from benchmarks.survive_records import Record, Recorded, judged
from benchmarks.survive_report import page, summary
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.outcomes import complete, failed, partial, unconfirmed
from hermes.testing.scenario import Expected, ToolCall

LS = {"call_id": "call_1", "name": "sh", "arguments": '{"command":"ls"}'}
CALLS = complete(text="", tool_calls=(ToolCall(**LS),))
BROKEN = failed("network_gateway")


def answer(text: str = "Hello", **fields: Any) -> PeerAnswer:
    return PeerAnswer(text=text, **fields)


def calls(*given: dict[str, str]) -> PeerAnswer:
    return PeerAnswer(tool_calls=given)


def error(sentence: str, kind: str = "openai.APIError") -> PeerAnswer:
    return PeerAnswer(status="error", error=sentence, error_type=kind)


@pytest.mark.parametrize(
    ("outcome", "given", "verdict"),
    [
        pytest.param(complete(), answer(), Verdict.RIGHT, id="the answer"),
        pytest.param(complete(), answer("Hello\n"), Verdict.RIGHT, id="white space around it"),
        pytest.param(complete(), answer("Hel"), Verdict.SILENT_WRONG, id="cut"),
        pytest.param(complete(), answer("HelloHello"), Verdict.SILENT_WRONG, id="doubled"),
        pytest.param(complete(), answer("H ello"), Verdict.SILENT_WRONG, id="white space within"),
        pytest.param(complete(), answer(""), Verdict.SILENT_WRONG, id="empty"),
        pytest.param(complete(), answer(status="partial"), Verdict.CLEAR_ERROR, id="only a part"),
        pytest.param(complete(), error("Error code: 502"), Verdict.CLEAR_ERROR, id="an error"),
        pytest.param(complete(), error(""), Verdict.OBSCURE_ERROR, id="an error without a word"),
        pytest.param(complete(), error("", "httpx.ReadTimeout"), Verdict.CLEAR_ERROR, id="a timeout's name"),
        pytest.param(complete(), error("x", "AttributeError"), Verdict.OBSCURE_ERROR, id="a fault"),
        pytest.param(
            complete(),
            error("'NoneType' object is not iterable"),
            Verdict.OBSCURE_ERROR,
            id="its words",
        ),
        pytest.param(BROKEN, error("Error code: 502"), Verdict.RIGHT, id="an error where there is no answer"),
        pytest.param(BROKEN, error("x", "KeyError"), Verdict.OBSCURE_ERROR, id="a fault all the same"),
        pytest.param(BROKEN, answer("<html>"), Verdict.SILENT_WRONG, id="an answer where there is none"),
        pytest.param(partial("Hel", ""), answer("Hel"), Verdict.SILENT_WRONG, id="a part called whole"),
        pytest.param(partial("Hel", ""), answer("Hel", status="partial"), Verdict.RIGHT, id="a part"),
        pytest.param(partial("Hel", ""), error("cut"), Verdict.RIGHT, id="an error for a part"),
        pytest.param(unconfirmed("Hello", ""), answer(), Verdict.SILENT_WRONG, id="unconfirmed"),
        pytest.param(CALLS, calls(LS), Verdict.RIGHT, id="a call"),
        pytest.param(
            CALLS,
            calls({**LS, "arguments": '{ "command": "ls" }', "call_id": "x"}),
            Verdict.RIGHT,
            id="a call in another spelling",
        ),
        pytest.param(CALLS, calls(LS, {**LS, "call_id": "x"}), Verdict.SILENT_WRONG, id="a call twice"),
        pytest.param(CALLS, calls({**LS, "call_id": ""}), Verdict.SILENT_WRONG, id="a call without an id"),
        pytest.param(CALLS, answer(""), Verdict.SILENT_WRONG, id="no call"),
        pytest.param(complete(), calls(LS), Verdict.SILENT_WRONG, id="a call from nowhere"),
        pytest.param(
            partial("", ""), calls({**LS, "arguments": '{"comm'}), Verdict.OBSCURE_ERROR, id="a cut call"
        ),
        pytest.param(
            BROKEN,
            replace(error("late"), tool_calls=(LS,)),
            Verdict.SILENT_WRONG,
            id="ran, then failed",
        ),
        pytest.param(
            complete(text="", refusal="No."), answer("", refusal="No."), Verdict.RIGHT, id="a refusal"
        ),
        pytest.param(complete(text="", refusal="No."), answer("No."), Verdict.RIGHT, id="told as text"),
        pytest.param(complete(text="", refusal="No."), error("It: No."), Verdict.RIGHT, id="in an error"),
        pytest.param(complete(text="", refusal="No."), answer(""), Verdict.SILENT_WRONG, id="and kept quiet"),
        pytest.param(
            complete(text="One.Two.", items=("message", "message")),
            answer("One.\n\nTwo."),
            Verdict.RIGHT,
            id="between messages",
        ),
    ],
)
def test_verdict(outcome: Expected, given: PeerAnswer, verdict: Verdict) -> None:
    assert judge([outcome], given).verdict is verdict


def test_any_right_outcome_counts() -> None:
    either = [partial("Hel", ""), complete()]

    assert judge(either, answer()).verdict is Verdict.RIGHT
    assert judge(either, answer("Hel", status="partial")).verdict is Verdict.RIGHT
    assert judge(either, answer("Hel")).verdict is Verdict.SILENT_WRONG


def test_what_a_backend_answers_when_asked_again_is_right() -> None:
    impatient = scenario("retry-after-forms/text-hours")

    assert judge(right_outcomes(impatient, requests=2), answer()).verdict is Verdict.RIGHT
    assert judge(right_outcomes(impatient, requests=1), answer()).verdict is Verdict.SILENT_WRONG


def test_hangs_and_deaths_are_told_apart() -> None:
    recorded = Recorded(
        {},
        (
            Record("good-text", "hangs", None, "", 10.0, 1),
            Record("good-text", "died", None, "Segmentation fault", 0.1, 1),
            Record("good-text", "answered", answer(), "", 0.1, 1),
            Record("a scenario that is gone", "answered", answer(), "", 0.1, 1),
        ),
    )
    run = judged(find_peer("codex"), recorded)

    assert [row.judgement.verdict for row in run.rows] == [
        Verdict.HANGS,
        Verdict.OBSCURE_ERROR,
        Verdict.RIGHT,
    ]
    assert "| codex CLI | 3 | 1 (33.3 %) | 0 | 1 (33.3 %) | 0 | 1 (33.3 %) |" in summary([run])
    assert "| 0 | good streams, and found by fuzzing | 1✓ 1o 1**H** |" in page([run], taken="")


def test_the_functions_that_a_backend_calls_are_offered() -> None:
    assert [tool["name"] for tool in asked_of(scenario("good-tool-call")).tools] == ["sh"]
    assert not asked_of(scenario("good-text")).tools


def test_a_command_is_not_asked_what_it_cannot_be_told() -> None:
    codex = find_peer("codex")

    assert can_ask(codex, asked_of(scenario("good-text")))
    assert not can_ask(codex, asked_of(scenario("good-tool-call")))
    assert not can_ask(codex, asked_of(scenario("reject-sampling-params/detail")))


def test_a_turn_can_be_made_of_every_scenario() -> None:
    for asked in map(asked_of, all_scenarios()):
        turn = asked.turn("http://127.0.0.1:1/v1")
        assert set(asked.scenario.request) <= {"model", "instructions", "tools", *turn.extra}
