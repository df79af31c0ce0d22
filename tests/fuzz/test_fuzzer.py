"""The fuzzer itself: it is deterministic, starts nothing, and finds what is broken on purpose."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hermes.errors import CallError
from hermes.providers.contract import Failure, Notice, Verdict, VerdictKind
from hermes.providers.dispatch import CallDispatch
from hermes.responses.accumulator import Accumulator, Answer
from hermes.responses.events import Delta, Event
from hermes.responses.result import ResponseResult, ResultStatus
from hermes.responses.sse import SSEDecoder
from hermes.runtime import stream
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.stream import Restarted
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.fuzz.__main__ import main
from hermes.testing.fuzz.cases import Case, CaseMaker
from hermes.testing.fuzz.pieces import edited, object_of, pieces_of
from hermes.testing.fuzz.play import play
from hermes.testing.fuzz.run import breaches_of
from hermes.testing.fuzz.saved import dump, load, save, saved_cases
from hermes.testing.fuzz.shrink import shrink
from hermes.testing.invariants import Breach, CallRecord, Invariant, breaches, delivered, says_it_is_done
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.wire import good_stream

FIXED_SET = 3000
MAKER = CaseMaker(all_scenarios())


def first_failure(rule: str) -> tuple[Case, Breach] | None:
    """The first case of the fixed set that breaks a rule which is told so."""
    for case in MAKER.cases(0, FIXED_SET):
        for breach in breaches_of(case, chunked=case.seed % 2 == 0):
            if rule in f"{breach.invariant}: {breach.what}":
                return case, breach
    return None


# What is broken on purpose.


def end_is_success(patch: pytest.MonkeyPatch) -> None:
    """A stream that ends is taken for complete."""
    ask = AnswerEngine.failure_of
    built = Accumulator.answer

    def answer(self: Accumulator) -> Answer:
        told = built(self)
        return told if told.status else replace(told, status="completed")

    patch.setattr(Accumulator, "answer", answer)
    patch.setattr(
        AnswerEngine, "failure_of", lambda self, told: ask(self, told) if told.terminal is not None else None
    )


def last_delta_twice(patch: pytest.MonkeyPatch) -> None:
    """The text of a done event is handed out although it was delivered."""
    feed = Accumulator.feed

    def appending(self: Accumulator, event: Event) -> tuple[Delta, ...]:
        told = feed(self, event)
        text = event.data.get("text")
        if event.type == "response.output_text.done" and isinstance(text, str) and text:
            return (*told, Delta("text", text))
        return told

    patch.setattr(Accumulator, "feed", appending)


def calls_of_cut_answers(patch: pytest.MonkeyPatch) -> None:
    """The calls of an answer that is not complete are offered."""

    def tool_calls(self: ResponseResult) -> tuple[Any, ...]:
        return tuple(item.function_call for item in self.items if item.function_call is not None)

    patch.setattr(ResponseResult, "tool_calls", property(tool_calls))


def endless_retries(patch: pytest.MonkeyPatch) -> None:
    """Nobody counts the attempts."""
    decide = stream.decide

    def forgetful(*args: Any, **kwargs: Any) -> Any:
        if kwargs["attempts"] < 12:
            kwargs["attempts"] = 1
        return decide(*args, **kwargs)

    patch.setattr(stream, "decide", forgetful)


def unknown_events_count(patch: pytest.MonkeyPatch) -> None:
    """An event that nobody knows adds to the text."""
    feed = Accumulator.feed

    def curious(self: Accumulator, event: Event) -> tuple[Delta, ...]:
        if str(event.type).startswith("acme"):
            return (Delta("text", "?"),)
        return feed(self, event)

    patch.setattr(Accumulator, "feed", curious)


def raw_sentences(patch: pytest.MonkeyPatch) -> None:
    """What the backend says is shown as it is, with markup and with what hides in it."""
    patch.setattr(stream._Call, "_what_happened", lambda self, verdict: f"<html>{verdict.message}\x1b[0m")


def a_leak(patch: pytest.MonkeyPatch) -> None:
    """Nothing is taken out of what the backend says."""
    patch.setattr("hermes.runtime.redaction.Redactor.text", lambda self, text: text)
    patch.setattr("hermes.runtime.redaction.Redactor.event", lambda self, event: event)
    patch.setattr("hermes.runtime.redaction.Redactor.raw", lambda self, data: data)


def trust(patch: pytest.MonkeyPatch) -> None:
    """A field is used without a look at its type."""
    feed = Accumulator.feed

    def trusting(self: Accumulator, event: Event) -> tuple[Delta, ...]:
        if event.type == "response.completed":
            event.data["response"]["output"].copy()
        return feed(self, event)

    patch.setattr(Accumulator, "feed", trusting)


def an_adapter_that_trusts(patch: pytest.MonkeyPatch) -> None:
    """One of Hermes' own adapters raises, and is switched off."""
    patch.setattr(CallDispatch, "classify", _classify_badly)


def _classify_badly(self: CallDispatch, failure: Failure) -> Verdict:
    self._on_report(Notice("the adapter failed", kind="plugin"))
    return Verdict(VerdictKind.PROTOCOL, message="No.")


def chunks_matter(patch: pytest.MonkeyPatch) -> None:
    """A line feed at the end of a chunk is lost."""
    feed = SSEDecoder.feed
    patch.setattr(SSEDecoder, "feed", lambda self, chunk: feed(self, chunk[:-1] if chunk == b"\n" else chunk))


BROKEN: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (end_is_success, "3 no false success: nothing that was sent"),
    (last_delta_twice, "1 text once: the delivered text goes on after the final one"),
    (calls_of_cut_answers, "2 tool once: a call of an answer that is not complete"),
    (endless_retries, "4 bounded: requests"),
    (unknown_events_count, "5 unknown is harmless: changes the delivered text"),
    (raw_sentences, "6 say what happened: control characters"),
    (a_leak, "6 say what happened: a secret"),
    (trust, "7 no other exception"),
    (an_adapter_that_trusts, "8 adapters stay on"),
    (chunks_matter, "the size of the chunks"),
]


@pytest.mark.parametrize(("break_it", "rule"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_broken_on_purpose_is_found(
    break_it: Callable[[pytest.MonkeyPatch], None], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(monkeypatch)
    assert first_failure(rule) is not None


def test_a_failing_case_is_shrunk_and_saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    end_is_success(monkeypatch)
    found = first_failure("3 no false success")
    assert found is not None
    case, breach = found
    small = shrink(case, lambda smaller: breach.invariant in {each.invariant for each in play(smaller)[1]})
    path = save(small, "a case of the test", tmp_path)
    [saved] = saved_cases(tmp_path)
    assert breach.invariant in {each.invariant for each in play(saved.case)[1]}
    size = sum(
        len(step) for reply in small.scenario.streams for step in reply.steps if isinstance(step, bytes)
    )
    assert size < 150
    assert not saved.has_outcome
    assert path.parent == tmp_path


# How it works.


def test_a_case_is_the_same_again_from_its_name() -> None:
    for case in itertools.islice(CaseMaker(all_scenarios()).cases(0, 10_000), 0, 10_000, 97):
        assert MAKER.case(scenario(case.scenario.id), case.seed) == case


def test_cases_are_different_from_each_other() -> None:
    cases = list(MAKER.cases(0, 2000))
    assert len({case.name for case in cases}) == 2000
    mutations = {name for case in cases for name in case.mutations}
    assert len(mutations) > 30
    assert sum(case.scenario != scenario(case.scenario.id) for case in cases) > 1700


def test_no_thread_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise AssertionError("a thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    for case in MAKER.cases(0, 100):
        play(case)


def test_a_case_is_a_file_and_back() -> None:
    for case in MAKER.cases(0, 300):
        saved = load(dump(case, "nothing"))
        assert saved.case.scenario.streams == case.scenario.streams
        assert saved.case.scenario.non_streams == case.scenario.non_streams
        assert (saved.case.way, saved.case.plain) == (case.way, case.plain)


def test_a_saved_case_may_have_an_outcome() -> None:
    case = MAKER.case(scenario("good-text"), 1)
    text = dump(case, "nothing").replace(
        '"expected": null', '"expected": {"text": "Hi", "requests": ["stream"], "tool_calls": []}'
    )
    saved = load(text)
    assert saved.has_outcome
    assert saved.case.scenario.expected.text == "Hi"
    assert saved.case.scenario.expected.requests == ("stream",)


def test_pieces_are_frames() -> None:
    frames = good_stream()
    whole = b"".join(frames)
    reply = event_stream(whole[:100], whole[100:], Control.CUT)
    assert pieces_of(reply) == [*frames, Control.CUT]
    assert object_of(frames[0]) is not None
    assert edited(frames[0], lambda value: None) == frames[0]
    assert object_of(b": comment\n\n") is None


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--replay", "good-text", "0"]) in (0, 1)
    assert '"made_of"' in capsys.readouterr().out
    assert main(["--replay", "no-such-scenario", "0"]) == 2


# The invariants.


def record(**fields: Any) -> CallRecord:
    return CallRecord(**{"events": [], **fields})


def complete(**fields: Any) -> ResponseResult:
    return ResponseResult(ResultStatus.COMPLETE, **fields)


BREACHES: list[tuple[CallRecord, Invariant]] = [
    (record(result=complete(text="ab"), events=[Delta("text", "a")], live=True), Invariant.TEXT_ONCE),
    (record(result=complete(text="a"), events=[Delta("text", "a")] * 2, live=True), Invariant.TEXT_ONCE),
    (record(result=complete(), events=[Delta("text", "a")]), Invariant.TEXT_ONCE),
    (record(error=CallError("No."), events=[Delta("text", "a")], live=True), Invariant.TEXT_ONCE),
    (record(result=complete(), sent=[b"data: [DONE]\n\n"]), Invariant.NO_FALSE_SUCCESS),
    (record(result=complete(reason="cut")), Invariant.NO_FALSE_SUCCESS),
    (record(error=CallError("No."), requests=8), Invariant.BOUNDED),
    (record(error=CallError("No."), waited=61.0), Invariant.BOUNDED),
    (record(error=CallError("No."), events=[Notice("no")] * 41), Invariant.BOUNDED),
    (record(error=CallError("")), Invariant.SAY_WHAT_HAPPENED),
    (record(result=ResponseResult(ResultStatus.PARTIAL)), Invariant.SAY_WHAT_HAPPENED),
    (record(error=CallError("<html>")), Invariant.SAY_WHAT_HAPPENED),
    (record(error=CallError("\x1b[0m")), Invariant.SAY_WHAT_HAPPENED),
    (record(error=CallError("'NoneType' object")), Invariant.SAY_WHAT_HAPPENED),
    (record(error=CallError("the key sk-1234567"), secrets=("sk-1234567",)), Invariant.SAY_WHAT_HAPPENED),
    (record(error=ValueError("x")), Invariant.NO_OTHER_EXCEPTION),
    (record(error=CallError("No."), events=[Notice("off", kind="plugin")]), Invariant.ADAPTERS_STAY_ON),
]


@pytest.mark.parametrize(("seen", "invariant"), BREACHES)
def test_a_breach_is_seen(seen: CallRecord, invariant: Invariant) -> None:
    assert {breach.invariant for breach in breaches(seen)} == {invariant}


def test_what_is_right_is_no_breach() -> None:
    restarted = [Delta("text", "x"), Restarted(continues=False), Delta("text", "a"), Delta("reasoning", "b")]
    assert breaches(record(result=complete(text="a"), events=restarted, live=True)) == []
    revised = [Delta("text", "x"), Notice("It changed.", kind="revised")]
    assert breaches(record(result=complete(text="a"), events=revised, live=True)) == []
    told = record(error=CallError("'NoneType' object"), sent=[b"'NoneType' object"])
    assert breaches(told) == []
    assert delivered([Delta("text", "a"), Restarted(continues=True), Delta("text", "b")]) == "ab"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"".join(good_stream()), True),
        (b"".join(good_stream()[:-1]), False),
        (b'data: {"type":"response.done"}\n\n', True),
        (b'data: {"type":"response.output_item.done","item":{"status":"completed"}}\n\n', False),
        (b"data: [DONE]\n\n", False),
        (b'{"object":"response","status":"completed"}', True),
        (b'\xef\xbb\xbf {"response":{"status":"completed"}}', True),
        (b'{"output":[]}', True),
        (b'{"status":"in_progress","output":[]}', False),
        (b'{"status":"completed"', False),
        (b"[]", False),
        (b"", False),
    ],
)
def test_the_oracle_reads_bytes(body: bytes, says: bool) -> None:
    assert says_it_is_done(body) is says
