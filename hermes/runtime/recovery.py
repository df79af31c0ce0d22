"""What to do when an attempt ends badly: the recovery table as pure decisions.

| state | step |
|---|---|
| nothing delivered, the failure may pass | retry the same request, after the server's delay |
| nothing delivered, another way to ask is known | a fallback, each strategy once a call |
| the request was refused and can be put right | a fallback that costs no attempt, a few times a call |
| text was delivered and its item is still open | stop, or with ``restart`` a fallback, announced |
| text was delivered and every item is whole | stop: asking again would bill and answer anew |
| a tool ran in this call | stop: no replay |
| attempts, waiting or the time of the call used up | stop |
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hermes.providers.contract import Fallback, Verdict, VerdictKind
from hermes.responses.accumulator import Answer

__all__ = ["BestAnswer", "RecoveryPolicy", "Retry", "Step", "Stop", "decide", "is_refusal", "main_verdict"]

_DEFINITE = (
    VerdictKind.QUOTA,
    VerdictKind.AUTH,
    VerdictKind.MODEL_UNAVAILABLE,
    VerdictKind.CONTENT_FILTER,
    VerdictKind.REPLAY_INVALID,
    VerdictKind.RATE_LIMITED,
    VerdictKind.BAD_REQUEST,
    VerdictKind.NETWORK_GATEWAY,
)


_REFUSALS = (VerdictKind.BAD_REQUEST, VerdictKind.REPLAY_INVALID, VerdictKind.STREAM_REQUIRED)


def is_refusal(verdict: Verdict) -> bool:
    """Whether the backend looked at the request and would not begin an answer: nothing was billed."""
    return verdict.kind in _REFUSALS


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """The limits of recovery.

    Attributes:
        max_attempts: HTTP requests a call, the first one included; those that put a refused request right
            count on their own.
        max_corrections: how many times a call a refused request is put right and sent again.
        max_wait_seconds: waiting in all, before retries.
        after_output: what to do when an answer breaks off within an item after text was delivered:
            ``keep`` what there is, or ``restart``, announced.
    """

    max_attempts: int = 3
    max_corrections: int = 4
    max_wait_seconds: float = 60.0
    after_output: Literal["keep", "restart"] = "keep"


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the same request again after ``delay`` seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Make do with what there is."""


Step = Retry | Fallback | Stop


def decide(
    verdict: Verdict,
    policy: RecoveryPolicy,
    *,
    attempts: int,
    corrections: int,
    retried: int,
    waited: float,
    delivered: bool,
    whole: bool,
    tool_ran: bool,
    now: float,
    time_left: float | None,
    fallback: Callable[[], Fallback | None],
) -> Step:
    """The next step after a failed attempt.

    Args:
        verdict: what the failure means.
        policy: the limits.
        attempts: how many attempts were made, without corrections.
        corrections: how many times a refused request was put right.
        retried: how many times a request was sent again after this kind of verdict.
        waited: how many seconds were waited so far.
        delivered: whether the caller was given text.
        whole: whether every item of the delivered answer was confirmed.
        tool_ran: whether a tool ran in this call.
        now: Unix seconds.
        time_left: seconds that are left of the whole call; None for no limit.
        fallback: asks the adapters for another request.
    """
    correctable = is_refusal(verdict) and not verdict.retryable and not delivered
    spent = corrections >= policy.max_corrections if correctable else attempts >= policy.max_attempts
    if tool_ran or spent or (time_left is not None and time_left <= 0):
        return Stop()
    if delivered:
        restarts = policy.after_output == "restart" and not whole
        return (fallback() or Stop()) if restarts else Stop()
    if not verdict.retryable or (verdict.retries is not None and retried >= verdict.retries):
        return fallback() or Stop()
    told = None if verdict.retry_at is None else max(0.0, verdict.retry_at - now)
    if attempts == policy.max_attempts - 1 and not told:
        # The same has failed before: the last attempt is worth another way, where one is known.
        other = fallback()
        if other is not None:
            return other
    delay = _backoff(attempts) if told is None else told
    if waited + delay > policy.max_wait_seconds or (time_left is not None and delay >= time_left):
        return Stop()
    return Retry(delay)


def _backoff(attempts: int) -> float:
    """Seconds to wait where the server names none: short at first, spread so that clients do not meet."""
    return float(min(0.25 * 4 ** (attempts - 1), 16.0) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


class BestAnswer:
    """The best of what failed attempts brought: whole items before cut ones, then the longer text."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.verdict: Verdict | None = None
        self._delivered = False

    def offer(self, answer: Answer, verdict: Verdict, *, delivered: bool) -> None:
        """Considers the answer of a failed attempt. One that was delivered cannot be replaced any more."""
        if self._delivered or not (answer.is_usable or delivered):
            return
        if delivered or self.answer is None or _worth(answer) > _worth(self.answer):
            self.answer, self.verdict = answer, verdict
        self._delivered = delivered


def _worth(answer: Answer) -> tuple[bool, int, int]:
    return answer.open_items == 0, len(answer.text), len(answer.items)


def main_verdict(verdicts: list[Verdict]) -> Verdict:
    """The verdict that tells the user what happened: the first definite one, or else the first.

    Later failures are often only the echo of the first one. A refusal that another verdict follows was put
    right, and is none any more.
    """
    standing = [*(verdict for verdict in verdicts[:-1] if not is_refusal(verdict)), verdicts[-1]]
    return next((verdict for verdict in standing if verdict.kind in _DEFINITE), standing[0])
