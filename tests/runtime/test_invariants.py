"""The six invariants, over every scenario and under any chunking.

The engine is fed without a socket, so that hypothesis can try many ways to cut a body. A sample goes over
real sockets too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes.errors import ProtocolError, StreamOrderError
from hermes.providers.contract import FailureKind
from hermes.providers.manager import PluginManager
from hermes.responses.accumulator import Answer
from hermes.responses.events import Delta
from hermes.responses.result import ResponseResult, ResultStatus
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import Restarted
from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import all_scenarios
from hermes.testing.scenario import Control, Reply, Scenario

from .conftest import Call, Outcome
from .helpers import dispatch_of

SCENARIOS = all_scenarios()
MANAGER = PluginManager(["lenient"])
TERMINAL_WORDS = (b"completed", b"response.done", b"incomplete")

sizes = st.lists(st.one_of(st.just(1), st.integers(1, 9), st.integers(1, 400)), min_size=1, max_size=30)


@dataclass(frozen=True)
class Told:
    """What came out of one body."""

    answer: Answer
    delivered: tuple[tuple[str, int, str], ...]
    failure: str
    damaged: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(text for kind, _, text in self.delivered if kind == "text")


MOST_BYTES = 1_000_000
"""Megabytes in pieces of a few bytes prove nothing more, and take half a minute."""


def size_of(reply: Reply) -> int:
    return sum(len(step) for step in reply.steps if isinstance(step, bytes))


def bodies() -> list[tuple[str, Reply]]:
    """Every reply under HTTP 200, whether it is to be streamed or not."""
    found: dict[int, tuple[str, Reply]] = {}
    for scenario in SCENARIOS:
        for number, reply in enumerate((*scenario.streams, *scenario.non_streams)):
            if reply.status == 200:
                found.setdefault(id(reply), (f"{scenario.id}-{number}", reply))
    return list(found.values())


BODIES = [(name, reply) for name, reply in bodies() if size_of(reply) < MOST_BYTES]
# Where the backend takes back what it streamed, and the user is told so.
REVISED = {
    id(reply)
    for scenario in SCENARIOS
    if scenario.expected_live and "revised" in scenario.expected_live.says
    for reply in scenario.streams
}


def cut(body: bytes, pieces: list[int]) -> list[bytes]:
    chunks, start = [], 0
    for size in cycle(pieces):
        if start >= len(body):
            return chunks
        chunks.append(body[start : start + size])
        start += size
    return chunks


def tell(reply: Reply, pieces: list[int] | None = None) -> Told:
    """Feeds an engine with the body of a reply, cut into pieces of these sizes."""
    body = b"".join(step for step in reply.steps if isinstance(step, bytes))
    deltas: list[Delta] = []
    notices: list[str] = []
    engine = AnswerEngine(
        dispatch_of(MANAGER),
        on_delta=deltas.append,
        on_notice=lambda notice: notices.append(notice.text),
        on_restart=lambda void: deltas.clear(),
        content_type=dict(reply.headers).get("content-type", ""),
    )
    failure = ""
    try:
        for chunk in cut(body, pieces) if pieces else [body]:
            engine.feed(chunk)
            if engine.finished:
                break
        if Control.CUT in reply.steps:
            engine.end_broken()
        else:
            engine.end()
    except StreamOrderError as error:
        failure = f"order: {error.violation}"
    except ProtocolError as error:
        failure = error.message
    else:
        engine.report_damage()
        found = engine.failure_of(engine.answer())
        failure = f"{found.kind} {found.detail}" if found is not None else ""
    merged: list[tuple[str, int, str]] = []
    for delta in deltas:
        if merged and merged[-1][:2] == (delta.kind, delta.output_index):
            merged[-1] = (delta.kind, delta.output_index, merged[-1][2] + delta.text)
        else:
            merged.append((delta.kind, delta.output_index, delta.text))
    return Told(engine.answer(), tuple(merged), failure, tuple(notices))


@pytest.mark.parametrize("reply", [reply for _, reply in BODIES], ids=[name for name, _ in BODIES])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=sizes)
def test_chunks_make_no_difference(reply: Reply, pieces: list[int]) -> None:
    told = tell(reply, pieces)
    assert told == tell(reply)
    check_answer(told, reply)


def check_answer(told: Told, reply: Reply) -> None:
    answer = told.answer
    # Text once: the final text is what was delivered, not a character more or less. What is known only when
    # the stream is cut, and nothing was delivered, leaves the caller free to ask again.
    is_unread = answer.terminal is None and not told.text
    assert told.text == answer.text or is_unread or id(reply) in REVISED
    # No false success: nothing is complete unless the backend said so.
    if answer.status == "completed":
        assert answer.terminal is not None
        assert any(
            word in b"".join(s for s in reply.steps if isinstance(s, bytes)) for word in TERMINAL_WORDS
        )
    if answer.terminal is None:
        assert answer.status == ""
        assert told.failure
    # Tool once: see `check_result`; a result for an answer that is not complete offers no call at all.
    for status in (ResultStatus.PARTIAL, ResultStatus.UNCONFIRMED):
        assert ResponseResult.from_answer(answer, status).tool_calls == ()
    if answer.status == "completed" and not told.failure:
        check_result(ResponseResult.from_answer(answer, ResultStatus.COMPLETE))
    # Say what happened.
    assert "NoneType" not in told.failure
    assert "<html" not in told.failure.lower()


def check_result(result: ResponseResult) -> None:
    calls = result.tool_calls
    assert len({call.call_id for call in calls}) == len(calls)
    for call in calls:
        assert isinstance(json.loads(call.arguments), dict)


def check_outcome(outcome: Outcome, policy: RecoveryPolicy) -> None:
    result = outcome.result
    # Bounded.
    ended = outcome.result or outcome.error
    refusals = {"bad_request", "replay_invalid", "stream_required"}
    refused = sum(attempt.verdict in refusals for attempt in ended.attempts) if ended else 0
    assert 1 <= len(outcome.kinds) <= policy.max_attempts + min(refused, policy.max_corrections)
    assert sum(outcome.slept) <= policy.max_wait_seconds
    # Say what happened.
    if outcome.status != "complete":
        assert result is None or result.reason
        assert result is not None or outcome.error
    for bad in ("NoneType", "<html", "<!doctype", "Traceback"):
        assert bad.lower() not in outcome.told.lower()
    if result is None:
        return
    # No false success, and no tool without one.
    if result.status is not ResultStatus.COMPLETE:
        assert result.tool_calls == ()
    check_result(result)
    attempts = result.attempts
    if result.status is ResultStatus.COMPLETE:
        assert attempts[-1].verdict == ""
    # Text once.
    if any(notice.kind == "revised" for notice in outcome.notices):
        return
    restarted = [event for event in outcome.events if isinstance(event, Restarted)]
    assert len(restarted) <= 1
    if not any(not event.continues for event in restarted):
        assert outcome.delivered in ("", result.text)
    else:
        assert outcome.delivered.endswith(result.text)


@pytest.mark.parametrize("scenario", SCENARIOS[::4], ids=lambda scenario: scenario.id)
@pytest.mark.parametrize("after_output", ["keep", "restart"])
def test_over_a_socket_in_small_pieces(scenario: Scenario, after_output: str, call: Call) -> None:
    numbers = cycle([1, 2, 3, 5, 50, 7, 11, 400])
    backend = LoopbackBackend(scenario, chunk_sizes=lambda: next(numbers))
    policy = RecoveryPolicy(after_output=after_output)  # type: ignore[arg-type]
    outcome = call(scenario, live=True, backend=backend, recovery=policy)
    check_outcome(outcome, policy)
    if after_output == "keep":
        expected = scenario.expected_live or scenario.expected
        assert (outcome.kinds, outcome.status, outcome.verdict) == (
            expected.requests,
            expected.status,
            expected.verdict,
        )


def test_the_corpus_holds_what_the_invariants_are_about() -> None:
    """Or else the tests above would prove little."""
    told = [tell(reply) for _, reply in BODIES]
    assert len(told) > 100
    assert any(each.answer.status == "completed" and each.text for each in told)
    assert any(not each.answer.status and each.text for each in told)
    assert any(ResponseResult.from_answer(each.answer, ResultStatus.COMPLETE).tool_calls for each in told)
    assert any(each.failure.startswith("order") for each in told)
    assert any(str(FailureKind.ERROR_EVENT) in each.failure for each in told)
    assert any(each.damaged for each in told)
