"""Judges what a client made of a scenario, from outside and by the same rules for every client.

A scenario says which outcomes are right: one for callers that wait for the end, one for those that are
given deltas, others with an adapter. **Any** of them is right here, and so is the good answer of a
backend that a client asked again where the scenario expects it to give up. Beyond that nothing of Hermes
is asked of a client: not how many requests it makes, not its wording, not usage or item types.

============= ==============================================================================================
verdict       when
============= ==============================================================================================
right         The client calls its answer complete, and text, refusal and function calls are those of a right
              outcome that is complete too. Or a right outcome is not complete, and the client says that
              something is missing: it raises, ends with an exit code, or calls the answer partial.
clear error   A complete answer could be had, and the client says that it has none or only a part: an error
              with a sentence, or a partial answer.
obscure error An error that says nothing to its reader: it is empty, or it is a fault of the client's own code
              that came through (``AttributeError``, ``'NoneType' object``, a validation report), or the
              process died. Or a function call is handed out whose arguments are no JSON object: whoever
              tries to run it finds out, and is told nothing.
silent wrong  An answer that the client calls complete, and that is cut, doubled, wrong or empty, or that the
              backend never said was whole; or function calls that ran or were handed out and could be run,
              and must not be.
hangs         No answer within the time limit, although the client was set to give up after a second of
              silence, where it has a setting for that.
============= ==============================================================================================

Lenient where clients differ by taste: white space around the answer and between messages, the place of a
refusal (as such, as text, or in an error), the spelling of JSON arguments, and call ids, which must only
be there and differ from each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from benchmarks.peers import PeerAnswer
from hermes.testing.corpus import scenario
from hermes.testing.scenario import Expected, Scenario

__all__ = ["Judgement", "Verdict", "judge", "right_outcomes"]


class Verdict(StrEnum):
    """How a client came through; the module says when."""

    RIGHT = "right"
    CLEAR_ERROR = "clear error"
    OBSCURE_ERROR = "obscure error"
    SILENT_WRONG = "silent wrong"
    HANGS = "hangs"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and in a few words why."""

    verdict: Verdict
    why: str = ""


_GOOD: Final = scenario("good-text")

_FAULTS: Final = frozenset(
    {
        "AssertionError",
        "AttributeError",
        "IndexError",
        "KeyError",
        "NameError",
        "RecursionError",
        "TypeError",
        "UnboundLocalError",
        "JSONDecodeError",
        "UnicodeDecodeError",
        "ValidationError",
    }
)
_INTERNALS: Final = re.compile(
    r"'NoneType' object|object has no attribute|is not (?:subscriptable|iterable)|index out of range"
    r"|validation errors? for |Traceback \(most recent|unexpected keyword argument"
    r"|(?:^|- )Expecting value: line|^'[\w-]+' codec can't decode|panicked at"
)


def right_outcomes(of: Scenario, requests: int = 1) -> tuple[Expected, ...]:
    """Every outcome that is right, for one kind of caller or another.

    Args:
        of: the scenario.
        requests: how many requests the backend answered.
    """
    stated = (of.expected, of.expected_live, *of.expected_with.values())
    outcomes = tuple(outcome for outcome in stated if outcome is not None)
    if requests > 1 and _answers_later(of):
        return (*outcomes, _GOOD.expected)
    return outcomes


def _answers_later(of: Scenario) -> bool:
    later = {reply.steps for reply in of.streams[1:]} & {reply.steps for reply in _GOOD.streams}
    whole = {reply.steps for reply in of.non_streams} & {reply.steps for reply in _GOOD.non_streams}
    return bool(later or whole)


def judge(outcomes: Sequence[Expected], answer: PeerAnswer) -> Judgement:
    """The verdict on an answer; one that never came hangs, or died, and needs no judge.

    Args:
        outcomes: those that are right.
        answer: what the client gave.
    """
    complete = [outcome for outcome in outcomes if outcome.status == "complete"]
    if answer.tool_calls and not any(_same_calls(answer, outcome) for outcome in complete):
        if all(isinstance(_arguments(call["arguments"]), dict) for call in answer.tool_calls):
            return Judgement(Verdict.SILENT_WRONG, f"calls that must not run: {_called(answer)}")
        return Judgement(Verdict.OBSCURE_ERROR, f"calls that cannot run: {_called(answer)}")
    if answer.status == "error":
        return _judge_error(outcomes, complete, answer)
    if answer.status != "complete":
        verdict = Verdict.CLEAR_ERROR if len(complete) == len(outcomes) else Verdict.RIGHT
        return Judgement(verdict, f"partial: {answer.error or answer.text!r}")
    if any(_same(answer, outcome) for outcome in complete):
        return Judgement(Verdict.RIGHT)
    return Judgement(Verdict.SILENT_WRONG, _wrong(outcomes, answer))


def _judge_error(outcomes: Sequence[Expected], complete: Sequence[Expected], answer: PeerAnswer) -> Judgement:
    said = f"{answer.error_type}: {answer.error}"
    if _is_obscure(answer):
        return Judgement(Verdict.OBSCURE_ERROR, said)
    refused = any(outcome.refusal and outcome.refusal in answer.error for outcome in complete)
    if refused or len(complete) < len(outcomes):
        return Judgement(Verdict.RIGHT, said)
    return Judgement(Verdict.CLEAR_ERROR, said)


def _is_obscure(answer: PeerAnswer) -> bool:
    kind = answer.error_type.rpartition(".")[2]
    if not answer.error.strip():
        # The type of a timeout or of a broken connection is a word to its reader.
        return not re.search(r"Timeout|Connect|Protocol|ReadError", kind)
    return kind in _FAULTS or bool(_INTERNALS.search(answer.error))


def _same(answer: PeerAnswer, outcome: Expected) -> bool:
    return _same_text(answer, outcome) and _same_calls(answer, outcome)


def _same_text(answer: PeerAnswer, outcome: Expected) -> bool:
    if _squeezed(answer.text, outcome) == _squeezed(outcome.text, outcome):
        return not outcome.refusal or outcome.refusal == answer.refusal
    told_as_text = {outcome.refusal.strip(), f"{outcome.text}{outcome.refusal}".strip()}
    return bool(outcome.refusal) and answer.text.strip() in told_as_text


def _squeezed(text: str, outcome: Expected) -> str:
    """The text, without the white space in it where it is made of several messages."""
    several = outcome.items is not None and outcome.items.count("message") > 1
    return "".join(text.split()) if several else text.strip()


def _same_calls(answer: PeerAnswer, outcome: Expected) -> bool:
    ids = [call["call_id"] for call in answer.tool_calls]
    if len(set(ids)) != len(ids) or not all(ids):
        return False
    called = [(call["name"], _arguments(call["arguments"])) for call in answer.tool_calls]
    return called == [(call.name, _arguments(call.arguments)) for call in outcome.tool_calls]


def _arguments(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _called(answer: PeerAnswer) -> str:
    calls = (f"{call['name']}({call['arguments']}) as {call['call_id']!r}" for call in answer.tool_calls)
    return ", ".join(calls)


def _wrong(outcomes: Sequence[Expected], answer: PeerAnswer) -> str:
    """What is the matter with an answer that its client calls complete."""
    text = answer.text.strip()
    best = next((outcome for outcome in outcomes if outcome.status == "complete"), outcomes[0])
    if best.tool_calls and not answer.tool_calls:
        return f"no function calls, text {_short(answer.text)}"
    if not text and not answer.refusal:
        return "empty"
    for outcome in outcomes:
        if outcome.status != "complete" and text == outcome.text.strip():
            return f"{outcome.status}, and called complete: {_short(text)}"
    if best.text and text != best.text and best.text.startswith(text):
        return f"cut: {_short(text)}"
    if best.text and best.text in text:
        return f"more than the answer: {_short(text)}"
    return f"wrong: {_short(text)}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
