"""What holds for every call, whatever the backend sends, as checks for one's own runs.

1. Text once: what was delivered is the final text, not a character more or less.
2. Tool once: a call is offered in a complete answer only, once, with whole arguments.
3. No false success: an answer is complete only if the backend said so.
4. Bounded: requests, waits and notices have limits.
5. Unknown is harmless: what nobody knows changes nothing. See ``changes``.
6. Say what happened: a sentence for people, without markup, internals or secrets.

To check the run of an adapter of one's own::

    outcome = call_scenario(scenario, plugins=["mine"], live=True)
    sent = tuple(sent_by(reply) for reply in scenario.streams)
    record = CallRecord(outcome.events, outcome.result, outcome.error, requests=len(outcome.kinds), live=True)
    assert not breaches(record)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from hermes.errors import HermesError
from hermes.providers.contract import Notice, RateLimits
from hermes.responses.events import Delta
from hermes.responses.result import Attempt, ResponseResult, ResultStatus
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallEvent, Restarted

__all__ = ["Breach", "CallRecord", "Invariant", "breaches", "changes", "delivered", "says_it_is_done"]

# What makes a web page. A `<br>` among a backend's words is a quotation.
_MARKUP: Final = re.compile(
    r"<!doctype|</?(?:html|head|title|body|meta|script|style|center|div|h1|p)\b", re.IGNORECASE
)
_INTERNALS: Final = re.compile(r"NoneType|Traceback|object at 0x|<class '|<function ")
# C0 without the line feed, DEL, C1, and what changes the direction of the text after it.
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DONE: Final = re.compile(rb"response\.(?:completed|done)")
_MOST_NOTICES: Final = 40
_LONGEST_SENTENCE: Final = 2000


class Invariant(StrEnum):
    """What holds for every call."""

    TEXT_ONCE = "1 text once"
    TOOL_ONCE = "2 tool once"
    NO_FALSE_SUCCESS = "3 no false success"
    BOUNDED = "4 bounded"
    UNKNOWN_IS_HARMLESS = "5 unknown is harmless"
    SAY_WHAT_HAPPENED = "6 say what happened"
    NO_OTHER_EXCEPTION = "7 no other exception"
    ADAPTERS_STAY_ON = "8 adapters stay on"


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that does not hold.

    Attributes:
        invariant: which one.
        what: the rule that is broken, the same words for the same rule.
        seen: what was seen instead.
    """

    invariant: Invariant
    what: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What can be seen of one call from outside.

    Attributes:
        events: what the caller was given, in order.
        result: the result; None where something was raised.
        error: what was raised.
        requests: how many HTTP requests were made.
        waited: seconds that were waited between them.
        sent: the bytes of the body that answered each request, as far as they were read; None where
            they are not known.
        live: whether the caller asked for deltas.
        policy: the limits of recovery that held.
        secrets: what nobody may be told.
    """

    events: Sequence[CallEvent]
    result: ResponseResult | None = None
    error: BaseException | None = None
    requests: int = 1
    waited: float = 0.0
    sent: Sequence[bytes] | None = None
    live: bool = False
    policy: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    secrets: tuple[str, ...] = ()


def breaches(record: CallRecord) -> list[Breach]:
    """The invariants that do not hold for one call; empty where all do."""
    error = record.error
    if error is not None and not isinstance(error, HermesError):
        return [Breach(Invariant.NO_OTHER_EXCEPTION, type(error).__name__, repr(error))]
    return [
        *_text_once(record),
        *_tool_once(record),
        *_no_false_success(record),
        *_bounded(record),
        *_say_what_happened(record),
        *_adapters_stay_on(record),
    ]


def changes(plain: CallRecord, changed: CallRecord) -> list[Breach]:
    """What an addition that nobody knows changed of a call; empty where it changed nothing."""
    before, after = _outcome(plain), _outcome(changed)
    return [
        Breach(
            Invariant.UNKNOWN_IS_HARMLESS, f"changes the {name}", f"{before[name]!r} became {after[name]!r}"
        )
        for name in before
        if before[name] != after[name]
    ]


def delivered(events: Sequence[CallEvent], kind: str = "text") -> str:
    """What a caller holds in the end who was given these events, and who heeds restarts."""
    pieces: list[str] = []
    for event in events:
        if isinstance(event, Delta):
            if event.kind == kind:
                pieces.append(event.text)
        elif isinstance(event, Restarted) and not event.continues:
            pieces.clear()
    return "".join(pieces)


def says_it_is_done(body: bytes) -> bool:
    """Whether anything in a body may say that the answer is complete.

    Told from the bytes alone and generously: it knows nothing of frames, so that it shares no mistake with
    the code under test.
    """
    if _DONE.search(body):
        return True
    text = body.decode("utf-8", "replace").strip("\ufeff\r\n\t\v\f ")
    if not text.startswith("{"):
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    inner = data.get("response")
    return _is_done(data) or (isinstance(inner, dict) and _is_done(inner))


def _is_done(response: dict[str, Any]) -> bool:
    status = response.get("status")
    if isinstance(status, str) and status:
        return status == "completed"
    return isinstance(response.get("output"), list) or isinstance(response.get("output_text"), str)


# 1


def _text_once(record: CallRecord) -> Iterator[Breach]:
    result = record.result
    if not record.live:
        if any(isinstance(event, Delta) for event in record.events):
            yield Breach(Invariant.TEXT_ONCE, "deltas for a caller that waits for the end")
        return
    if result is None:
        if delivered(record.events) and not _was_told(record, "revised"):
            yield Breach(Invariant.TEXT_ONCE, "text was delivered and there is no result")
        return
    if _was_told(record, "revised"):
        return
    how = "complete" if result.status is ResultStatus.COMPLETE else "cut"
    for kind, final in (("text", result.text), ("refusal", result.refusal)):
        told = delivered(record.events, kind)
        if told != final:
            what = f"the delivered {kind} {_unlike(told, final)} the final one of a {how} result"
            yield Breach(Invariant.TEXT_ONCE, what, f"{told!r} instead of {final!r}")


def _unlike(told: str, final: str) -> str:
    if told.startswith(final):
        return "goes on after"
    return "is only the beginning of" if final.startswith(told) else "is not"


def _was_told(record: CallRecord, kind: str) -> bool:
    return any(isinstance(event, Notice) and event.kind == kind for event in record.events)


# 2


def _tool_once(record: CallRecord) -> Iterator[Breach]:
    result = record.result
    if result is None or not result.items:
        return
    calls = result.tool_calls
    if calls and result.status is not ResultStatus.COMPLETE:
        yield Breach(Invariant.TOOL_ONCE, "a call of an answer that is not complete")
    ids = [call.call_id for call in calls]
    if len(set(ids)) != len(ids):
        yield Breach(Invariant.TOOL_ONCE, "a call id twice", repr(ids))
    confirmed = [item.function_call for item in result.items if item.confirmed]
    known = {(call.call_id, call.name) for call in confirmed if call is not None}
    for call in calls:
        if not _is_object(call.arguments):
            yield Breach(Invariant.TOOL_ONCE, "arguments that are no JSON object", repr(call.arguments))
        if (call.call_id, call.name) not in known:
            yield Breach(Invariant.TOOL_ONCE, "a call that no confirmed item holds", repr(call))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


# 3


def _no_false_success(record: CallRecord) -> Iterator[Breach]:
    result = record.result
    if result is None or result.status is not ResultStatus.COMPLETE:
        return
    if record.sent is not None and not (record.sent and says_it_is_done(bytes(record.sent[-1]))):
        seen = bytes(record.sent[-1])[-200:] if record.sent else b""
        yield Breach(Invariant.NO_FALSE_SUCCESS, "nothing that was sent says that it is done", repr(seen))
    if result.attempts and result.attempts[-1].verdict:
        verdict = result.attempts[-1].verdict
        yield Breach(Invariant.NO_FALSE_SUCCESS, "the last attempt has a verdict", verdict)
    if result.reason or result.verdict:
        yield Breach(Invariant.NO_FALSE_SUCCESS, "a complete answer with a reason", result.reason)


# 4


def _bounded(record: CallRecord) -> Iterator[Breach]:
    policy = record.policy
    if not 1 <= record.requests <= policy.max_attempts + policy.max_corrections:
        yield Breach(Invariant.BOUNDED, "requests", str(record.requests))
    if record.waited > policy.max_wait_seconds:
        yield Breach(Invariant.BOUNDED, "seconds of waiting", str(record.waited))
    notices = sum(isinstance(event, Notice) for event in record.events)
    if notices > _MOST_NOTICES:
        yield Breach(Invariant.BOUNDED, "notices", str(notices))
    if _attempts(record) and len(_attempts(record)) != record.requests:
        seen = f"{len(_attempts(record))} attempts, {record.requests} requests"
        yield Breach(Invariant.BOUNDED, "attempts are not the requests", seen)


# 6


def _say_what_happened(record: CallRecord) -> Iterator[Breach]:
    result, error = record.result, record.error
    if result is not None and result.status is not ResultStatus.COMPLETE and not result.reason.strip():
        yield Breach(Invariant.SAY_WHAT_HAPPENED, f"no reason for a {result.status} result")
    if error is not None and not str(error).strip():
        yield Breach(Invariant.SAY_WHAT_HAPPENED, "an error without a word")
    told = list(_told(record))
    everything = "\n".join(told)
    for what, pattern in (("markup", _MARKUP), ("control characters", _CONTROL)):
        if pattern.search(everything):
            seen = next(text for text in told if pattern.search(text))
            yield Breach(Invariant.SAY_WHAT_HAPPENED, what, repr(seen))
    # A backend may tell of its own internals, and is quoted then.
    internals = _INTERNALS.search(everything)
    if internals and internals[0].encode() not in b"".join(record.sent or ()):
        yield Breach(Invariant.SAY_WHAT_HAPPENED, "internals", repr(everything))
    for text in told:
        if len(text) > _LONGEST_SENTENCE:
            yield Breach(Invariant.SAY_WHAT_HAPPENED, "a sentence without an end", repr(text[:200]))
    if any(secret in everything or secret in _fields(record) for secret in record.secrets):
        seen = next((text for text in told if any(secret in text for secret in record.secrets)), "a field")
        yield Breach(Invariant.SAY_WHAT_HAPPENED, "a secret", repr(seen))


def _told(record: CallRecord) -> Iterator[str]:
    """Everything that the user is told besides the answer."""
    for event in record.events:
        if isinstance(event, Notice):
            yield event.text
    if record.result is not None:
        yield record.result.reason
        yield record.result.hint
    if isinstance(record.error, HermesError):
        yield record.error.message
        yield record.error.hint
        yield str(record.error)
    for attempt in _attempts(record):
        yield attempt.reason


def _fields(record: CallRecord) -> str:
    """What is no sentence and may be shown all the same."""
    limits = [event for event in record.events if isinstance(event, RateLimits)]
    verdict = getattr(record.error, "verdict", None)
    return f"{limits}{verdict}{_attempts(record)}"


def _attempts(record: CallRecord) -> Sequence[Attempt]:
    if record.result is not None:
        return record.result.attempts
    return tuple(getattr(record.error, "attempts", ()))


# The framework's own promise.


def _adapters_stay_on(record: CallRecord) -> Iterator[Breach]:
    for event in record.events:
        if isinstance(event, Notice) and event.kind == "plugin":
            yield Breach(Invariant.ADAPTERS_STAY_ON, "an adapter failed", event.text)


def _outcome(record: CallRecord) -> dict[str, object]:
    result = record.result
    outcome: dict[str, object] = {
        "status": str(result.status) if result is not None else "failed",
        "number of requests": record.requests,
        "delivered text": delivered(record.events),
        "sentence": result.reason if result is not None else str(record.error),
    }
    if result is not None:
        outcome["text"] = result.text
        outcome["refusal"] = result.refusal
        outcome["tool calls"] = [(call.call_id, call.name, call.arguments) for call in result.tool_calls]
        outcome["usage"] = result.usage
        outcome["items"] = [item.type for item in result.items]
    return outcome
