"""The recovery table, row by row, as pure decisions."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.contract import Fallback, Request, Verdict
from hermes.responses.accumulator import Answer
from hermes.responses.items import OutputItem
from hermes.runtime.recovery import BestAnswer, RecoveryPolicy, Retry, Step, Stop, decide, main_verdict

from .helpers import verdict

OTHER_WAY = Fallback("non_stream", Request(model="m"))
RESTART = RecoveryPolicy(after_output="restart")
NOW = 1_000_000.0


def step(
    told: Verdict, policy: RecoveryPolicy | None = None, *, way: Fallback | None = None, **state: Any
) -> Step:
    defaults: dict[str, Any] = {
        "attempts": 1,
        "corrections": 0,
        "retried": 0,
        "waited": 0.0,
        "delivered": False,
        "whole": False,
        "tool_ran": False,
        "now": NOW,
        "time_left": None,
    }
    return decide(told, policy or RecoveryPolicy(), fallback=lambda: way, **{**defaults, **state})


PASSING = verdict("overloaded", retryable=True)
LASTING = verdict("order_mismatch")
REFUSED = verdict("bad_request")
ONCE_MORE = verdict("auth", retryable=True, retries=1)
IN_9_SECONDS = verdict("overloaded", retryable=True, retry_at=NOW + 9)

ROWS: dict[str, tuple[Step | type[Step], dict[str, Any]]] = {
    # Nothing delivered: the same request, or else another way to ask.
    "a failure that may pass": (Retry, {"told": PASSING}),
    "a failure that may pass, another way is known": (Retry, {"told": PASSING, "way": OTHER_WAY}),
    "the last attempt takes the other way": (OTHER_WAY, {"told": PASSING, "way": OTHER_WAY, "attempts": 2}),
    "the last attempt without another way": (Retry, {"told": PASSING, "attempts": 2}),
    "the last attempt, a delay asked": (Retry(9.0), {"told": IN_9_SECONDS, "way": OTHER_WAY, "attempts": 2}),
    "a failure that lasts": (Stop(), {"told": LASTING}),
    "a failure that lasts, another way is known": (OTHER_WAY, {"told": LASTING, "way": OTHER_WAY}),
    # Delivered: kept.
    "delivered, whole": (Stop(), {"told": PASSING, "way": OTHER_WAY, "delivered": True, "whole": True}),
    "delivered, open": (Stop(), {"told": PASSING, "way": OTHER_WAY, "delivered": True}),
    # Delivered, and the user asks for a restart.
    "restart, open": (OTHER_WAY, {"told": LASTING, "way": OTHER_WAY, "delivered": True, "policy": RESTART}),
    "restart never retries": (Stop(), {"told": PASSING, "delivered": True, "policy": RESTART}),
    "restart, whole": (
        Stop(),
        {"told": LASTING, "way": OTHER_WAY, "delivered": True, "whole": True, "policy": RESTART},
    ),
    # A tool ran: no replay, whatever else is true.
    "a tool ran": (Stop(), {"told": PASSING, "way": OTHER_WAY, "tool_ran": True}),
    "a tool ran, restart": (
        Stop(),
        {"told": LASTING, "way": OTHER_WAY, "tool_ran": True, "delivered": True, "policy": RESTART},
    ),
    # A refused request that can be put right costs no attempt.
    "refused": (OTHER_WAY, {"told": REFUSED, "way": OTHER_WAY, "attempts": 3}),
    "refused, one correction left": (OTHER_WAY, {"told": REFUSED, "way": OTHER_WAY, "corrections": 3}),
    "refused, corrections used up": (Stop(), {"told": REFUSED, "way": OTHER_WAY, "corrections": 4}),
    "refused, nothing to put right": (Stop(), {"told": REFUSED}),
    "refused after text was delivered": (Stop(), {"told": REFUSED, "way": OTHER_WAY, "delivered": True}),
    # A failure that is worth one more try only.
    "one cheap retry": (Retry, {"told": ONCE_MORE}),
    "one cheap retry, used": (Stop(), {"told": ONCE_MORE, "retried": 1}),
    "one cheap retry, used, another way": (OTHER_WAY, {"told": ONCE_MORE, "retried": 1, "way": OTHER_WAY}),
    # Every limit ends it.
    "attempts used up": (Stop(), {"told": PASSING, "way": OTHER_WAY, "attempts": 3}),
    "only one attempt wanted": (Stop(), {"told": PASSING, "policy": RecoveryPolicy(max_attempts=1)}),
    "no time left for another way": (Stop(), {"told": LASTING, "way": OTHER_WAY, "time_left": 0.0}),
    "no time left to wait": (Stop(), {"told": IN_9_SECONDS, "time_left": 8.0}),
    "time left to wait": (Retry(9.0), {"told": IN_9_SECONDS, "time_left": 10.0}),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_the_recovery_table(row: str) -> None:
    expected, state = ROWS[row]
    got = step(**state)
    assert isinstance(got, expected) if isinstance(expected, type) else got == expected


@pytest.mark.parametrize(
    ("asked", "waited", "expected"),
    [
        (14.0, 0.0, Retry(14.0)),
        (0.0, 0.0, Retry(0.0)),
        (-30.0, 0.0, Retry(0.0)),  # the moment has passed already
        (60.0, 0.0, Retry(60.0)),
        (60.5, 0.0, Stop()),
        (40.0, 20.0, Retry(40.0)),
        (40.0, 20.5, Stop()),
        (float("inf"), 0.0, Stop()),
    ],
)
def test_the_servers_delay_is_honoured_within_the_limit(asked: float, waited: float, expected: Step) -> None:
    told = verdict("rate_limited", retryable=True, retry_at=NOW + asked)
    assert step(told, waited=waited) == expected


def test_a_delay_too_long_to_wait_is_not_got_round_by_asking_in_another_way() -> None:
    told = verdict("rate_limited", retryable=True, retry_at=NOW + 3600)
    assert step(told, way=OTHER_WAY) == Stop()


def test_hermes_own_pauses_grow_and_are_spread() -> None:
    policy = RecoveryPolicy(max_attempts=20, max_wait_seconds=1000)
    for attempts, middle in ((1, 0.25), (2, 1.0), (3, 4.0), (9, 16.0)):
        pauses = set()
        for _ in range(20):
            got = step(PASSING, policy, attempts=attempts)
            assert isinstance(got, Retry)
            pauses.add(got.delay)
        assert all(0.75 * middle <= pause <= 1.25 * middle for pause in pauses)
        assert len(pauses) > 1


def answer(text: str = "", *, open_items: int = 0, confirmed_call: bool = False) -> Answer:
    part = {"type": "output_text", "text": text}
    items = [OutputItem("message", {"type": "message", "content": [part]}, open_items == 0)]
    if confirmed_call:
        items.append(OutputItem("function_call", {"type": "function_call", "call_id": "call_1"}, True))
    return Answer(items=tuple(items), open_items=open_items)


FIRST = verdict("truncated", message="first")
SECOND = verdict("timeout", message="second")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (answer("Hel", open_items=1), answer("Hello, wor", open_items=1), SECOND),
        (answer("Hello, wor", open_items=1), answer("Hel", open_items=1), FIRST),
        (answer("Hello, wor", open_items=1), answer("Hel"), SECOND),
        (answer("Hel"), answer("Hello, wor", open_items=1), FIRST),
        (answer("Hello"), answer("Hello"), FIRST),
        (answer(), answer("Hel", open_items=1), SECOND),
        (answer(confirmed_call=True), answer(), FIRST),
    ],
    ids=["longer", "shorter", "whole", "cut", "equal", "only-one", "a-call"],
)
def test_the_best_answer(first: Answer, second: Answer, expected: Verdict) -> None:
    best = BestAnswer()
    best.offer(first, FIRST, delivered=False)
    best.offer(second, SECOND, delivered=False)
    assert best.verdict is expected


def test_nothing_usable_is_no_best_answer() -> None:
    best = BestAnswer()
    best.offer(answer(), FIRST, delivered=False)
    best.offer(Answer(), SECOND, delivered=False)
    assert best.answer is None


def test_what_was_delivered_is_the_best_answer_whatever_comes_later() -> None:
    best = BestAnswer()
    best.offer(answer("Better", open_items=0), FIRST, delivered=False)
    best.offer(answer("Hel", open_items=1), SECOND, delivered=True)
    best.offer(answer("Hello, world"), FIRST, delivered=True)
    assert best.answer is not None
    assert best.answer.text == "Hel"
    assert best.verdict is SECOND


@pytest.mark.parametrize(
    ("kinds", "main"),
    [
        (["transport", "timeout"], 0),
        (["truncated", "stream_required"], 0),
        (["order_mismatch", "rate_limited"], 1),
        (["overloaded", "auth", "quota"], 1),
        (["bad_request", "timeout"], 1),
        (["bad_request", "replay_invalid"], 1),
    ],
)
def test_the_first_definite_verdict_is_the_main_one(kinds: list[str], main: int) -> None:
    verdicts = [verdict(kind) for kind in kinds]
    assert main_verdict(verdicts) is verdicts[main]
