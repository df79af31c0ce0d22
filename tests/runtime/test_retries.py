"""Attempts, waits and restarts over real sockets."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.errors import CallError
from hermes.providers.contract import (
    AdapterContext,
    EndpointFact,
    EndpointMemory,
    Fallback,
    Request,
    Verdict,
    hookimpl,
)
from hermes.responses.events import Delta
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import Restarted
from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import scenario
from hermes.testing.frames import frames
from hermes.testing.replies import event_stream, http_error, json_answer
from hermes.testing.scenario import Control, Reply, Scenario
from hermes.testing.scenarios.common import GOOD, HALF_WAY, HELLO, NO_TERMINAL, STREAM_REQUIRED
from hermes.testing.wire import good_stream, incomplete, message_item, refusal_item, response_object

from .conftest import REQUEST, Call, FakeClock, Outcome
from .helpers import plugins_with, run_with, served

BUSY = http_error(503, "busy")
CUT = event_stream(*HALF_WAY, Control.CUT)
EARLY_END = event_stream(*HALF_WAY)
RESTART = RecoveryPolicy(after_output="restart")


def slow_down(after: str) -> Reply:
    return http_error(429, "Too many requests.", headers=(("retry-after", after),))


# Attempts and waits.


@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
def test_attempts_are_bounded(call: Call, attempts: int) -> None:
    outcome = call(served(BUSY), recovery=RecoveryPolicy(max_attempts=attempts))
    assert outcome.kinds == ("stream",) * attempts
    assert len(outcome.slept) == attempts - 1
    assert outcome.error is not None
    assert [attempt.number for attempt in outcome.error.attempts] == list(range(1, attempts + 1))
    assert [attempt.status for attempt in outcome.error.attempts] == [503] * attempts


def test_the_servers_delay_is_waited_for(call: Call) -> None:
    outcome = call(served(slow_down("7"), GOOD))
    assert outcome.status == "complete"
    assert outcome.slept == [pytest.approx(7, abs=0.5)]
    assert any("Retrying in 7 s." in notice.text for notice in outcome.notices)


def test_a_delay_over_the_limit_fails_at_once_and_says_until_when(call: Call, clock: FakeClock) -> None:
    outcome = call(served(slow_down("61"), GOOD))
    assert outcome.kinds == ("stream",)
    assert outcome.slept == []
    assert outcome.error is not None
    assert outcome.error.verdict.retry_at == pytest.approx(clock.now() + 61, abs=5)


def test_delays_are_limited_in_sum(call: Call) -> None:
    outcome = call(served(slow_down("40"), slow_down("40"), GOOD))
    assert outcome.kinds == ("stream", "stream")
    assert outcome.slept == [pytest.approx(40, abs=0.5)]
    assert outcome.verdict == "rate_limited"


def test_nobody_waits_longer_than_the_call_may_take(call: Call) -> None:
    outcome = call(served(slow_down("20"), GOOD), deadlines=Deadlines(total=10))
    assert (outcome.kinds, outcome.slept) == (("stream",), [])


def test_waiting_takes_of_the_time_of_the_call(call: Call) -> None:
    outcome = call(served(slow_down("8"), slow_down("8"), GOOD), deadlines=Deadlines(total=10))
    assert outcome.kinds == ("stream", "stream")
    assert outcome.verdict == "rate_limited"


def test_every_retry_has_a_session_of_its_own(call: Call) -> None:
    outcome = call(served(CUT, CUT, non_stream=HELLO), request={**REQUEST, "prompt_cache_key": "mine"})
    keys = [request.body["prompt_cache_key"] for request in outcome.requests]
    assert keys[0] == "mine"
    assert len(set(keys)) == 3


def test_no_session_key_is_invented(call: Call) -> None:
    outcome = call(served(CUT, CUT, non_stream=HELLO))
    assert all("prompt_cache_key" not in request.body for request in outcome.requests)


@pytest.mark.parametrize(
    "reply", [BUSY, CUT, EARLY_END, event_stream()], ids=["busy", "cut", "early", "empty"]
)
@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("recovery", [RecoveryPolicy(), RESTART], ids=["keep", "restart"])
def test_nothing_is_replayed_after_a_tool_ran(
    call: Call, reply: Reply, live: bool, recovery: RecoveryPolicy
) -> None:
    outcome = call(served(reply, GOOD, non_stream=HELLO), live=live, recovery=recovery, tool_ran=True)
    assert outcome.kinds == ("stream",)
    assert outcome.status in ("failed", "partial")


def test_a_strategy_is_used_once_a_call() -> None:
    class Insisting:
        name = "insisting"
        api_version = 1

        @hookimpl
        def fallback_request(self, request: Request, verdict: Verdict, context: AdapterContext) -> Fallback:
            return Fallback("again", request)

    with LoopbackBackend(served(event_stream(*frames([{"type": "vendor.hello"}])))) as backend:
        client = build_client(Endpoint("custom", backend.base_url))
        ended = run_with(client, plugins=plugins_with(Insisting()), recovery=RecoveryPolicy(max_attempts=9))
        client.close()
    assert ended.error is not None
    strategies = [attempt.strategy for attempt in ended.error.attempts]
    assert strategies == ["first", "again", "non_stream"]


# Delivered text: kept, restarted or continued.


def restarted(call: Call, stream: Reply, non_stream: Reply, **options: Any) -> Outcome:
    return call(served(stream, non_stream=non_stream), live=True, recovery=RESTART, **options)


def restarts(outcome: Outcome) -> list[Restarted]:
    return [event for event in outcome.events if isinstance(event, Restarted)]


def shown(outcome: Outcome) -> str:
    """What a caller shows that obeys ``Restarted``."""
    text = ""
    for event in outcome.events:
        if isinstance(event, Restarted) and not event.continues:
            text = ""
        elif isinstance(event, Delta) and event.kind in ("text", "refusal"):
            text += event.text
    return text


@pytest.mark.parametrize("stream", [CUT, EARLY_END], ids=["cut", "early-end"])
def test_delivered_text_is_kept_by_default(call: Call, stream: Reply) -> None:
    outcome = call(served(stream, non_stream=HELLO), live=True)
    assert (outcome.kinds, outcome.status, outcome.delivered) == (("stream",), "partial", "Hel")
    assert restarts(outcome) == []


@pytest.mark.parametrize("stream", [CUT, EARLY_END], ids=["cut", "early-end"])
def test_a_restart_that_starts_alike_goes_on(call: Call, stream: Reply) -> None:
    outcome = restarted(call, stream, HELLO)
    assert (outcome.kinds, outcome.status) == (("stream", "non_stream"), "complete")
    assert restarts(outcome) == [Restarted(continues=True)]
    assert outcome.delivered == shown(outcome) == "Hello"


def test_a_restart_with_another_answer_voids_what_was_delivered(call: Call) -> None:
    outcome = restarted(call, CUT, json_answer(response_object(message_item("Goodbye"))))
    assert restarts(outcome) == [Restarted(continues=False)]
    assert outcome.delivered == "Goodbye"
    assert outcome.result is not None
    assert shown(outcome) == outcome.result.text == "Goodbye"


def test_a_restart_that_ends_in_a_refusal_shows_the_refusal(call: Call) -> None:
    outcome = restarted(call, CUT, json_answer(response_object(refusal_item("I will not."))))
    assert restarts(outcome) == [Restarted(continues=False)]
    assert shown(outcome) == "I will not."


@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        (BUSY, ("stream", "non_stream")),
        (json_answer({"error": {"message": "no"}}, status=400), ("stream", "non_stream")),
        (json_answer({**incomplete("max_output_tokens")["response"]}), ("stream", "non_stream")),
        (STREAM_REQUIRED, ("stream", "non_stream", "stream")),
    ],
    ids=["busy", "refused", "incomplete-and-empty", "stream-required"],
)
def test_a_restart_that_fails_too_keeps_what_was_delivered(
    call: Call, second: Reply, kinds: tuple[str, ...]
) -> None:
    outcome = restarted(call, EARLY_END, second)
    assert outcome.kinds == kinds
    assert restarts(outcome) == []
    assert outcome.result is not None
    assert (outcome.status, outcome.delivered, outcome.result.text) == ("partial", "Hel", "Hel")
    assert outcome.verdict == "truncated"


def test_whole_items_are_kept_even_where_restarts_are_wanted(call: Call) -> None:
    outcome = restarted(call, event_stream(*NO_TERMINAL), HELLO)
    assert (outcome.kinds, outcome.status, outcome.delivered) == (("stream",), "unconfirmed", "Hello")


def test_a_restart_is_nothing_to_a_caller_that_waits_for_the_end(call: Call) -> None:
    outcome = call(served(EARLY_END, non_stream=HELLO), recovery=RESTART)
    assert (outcome.status, restarts(outcome), outcome.delivered) == ("complete", [], "")


# The best of what there is.


def test_an_empty_incomplete_answer_does_not_take_the_place_of_a_partial_one(call: Call) -> None:
    empty = json_answer(incomplete("max_output_tokens")["response"])
    outcome = call(served(EARLY_END, non_stream=empty))
    assert outcome.result is not None
    assert (outcome.status, outcome.result.text) == ("partial", "Hel")


def test_an_incomplete_answer_without_anything_says_why(call: Call) -> None:
    outcome = call(served(json_answer(incomplete("max_output_tokens")["response"])))
    assert isinstance(outcome.error, CallError)
    assert "max_output_tokens" in outcome.error.message
    assert outcome.error.hint


def test_the_reason_of_an_incomplete_answer_is_no_place_for_a_long_story(call: Call) -> None:
    outcome = call(served(event_stream(*HALF_WAY, *good_stream()[-1:])), live=True)
    assert outcome.status == "complete"
    told = incomplete("x" * 5000, message_item("Hello"))["response"]
    outcome = call(served(json_answer(told)))
    assert outcome.result is not None
    assert len(outcome.result.reason) < 200


# What the session remembers.


def first_kind(call: Call, found: Scenario, memory: EndpointMemory) -> tuple[str, ...]:
    return call(found, memory=memory).kinds


def test_the_next_call_starts_with_what_works(call: Call) -> None:
    memory = EndpointMemory()
    assert first_kind(call, scenario("codex-lb-prelude"), memory) == ("stream", "non_stream")
    assert memory.knows(EndpointFact.NON_STREAM_WORKS)
    assert first_kind(call, scenario("codex-lb-prelude"), memory) == ("stream",)


def test_a_disorder_that_no_vendor_explains_is_remembered_for_the_session_only(call: Call) -> None:
    kept: list[str] = []
    memory = EndpointMemory(on_learn=lambda lesson: kept.append(lesson.name))
    headless = scenario("created-missing/in-progress-first")
    assert call(headless, memory=memory, without=("lenient",)).kinds == ("stream", "non_stream")
    assert call(headless, memory=memory, without=("lenient",)).kinds == ("non_stream",)
    assert kept == ["non_stream_works"]


def test_a_first_non_stream_request_recovers_too(call: Call) -> None:
    memory = EndpointMemory()
    memory.learn(EndpointFact.BREAKS_ORDER)
    memory.learn(EndpointFact.NON_STREAM_WORKS)
    outcome = call(scenario("prelude-stream-required"), memory=memory)
    assert (outcome.kinds, outcome.status) == (("non_stream", "stream"), "complete")


def test_an_order_that_held_teaches_nothing(call: Call) -> None:
    memory = EndpointMemory()
    assert first_kind(call, scenario("good-text"), memory) == ("stream",)
    assert first_kind(call, scenario("good-text"), memory) == ("stream",)


def test_chunks_of_any_size_make_no_difference(call: Call) -> None:
    for size in (1, 7, 100_000):
        found = scenario("good-text")
        outcome = call(found, live=True, backend=LoopbackBackend(found, chunk_sizes=lambda size=size: size))  # type: ignore[misc]
        assert outcome.delivered == found.expected.text
