"""An adapter that fails is named, told once, and off for the rest of the call; the call goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hermes.providers.contract import (
    EndpointMemory,
    Event,
    Failure,
    FailureKind,
    Fallback,
    Notice,
    RateLimits,
    RateLimitWindow,
    Request,
    Verdict,
    VerdictKind,
    Violation,
)
from hermes.providers.dispatch import Adapter, CallDispatch

PING = Event("ping", {"type": "ping"})
GOOD_EVENT = Event("good", {"type": "good"})
GOOD_VERDICT = Verdict(VerdictKind.QUOTA)
GOOD_FALLBACK = Fallback("other_way", Request(model="m"))

ASK: dict[str, Callable[[CallDispatch], Any]] = {
    "normalize_stream_event": lambda dispatch: dispatch.normalize(PING),
    "repair_stream_event": lambda dispatch: dispatch.repair(Violation.PART_MISSING, PING),
    "classify_stream_error": lambda dispatch: dispatch.classify(Failure(FailureKind.CUT)),
    "fallback_request": lambda dispatch: dispatch.fallback(Request(), GOOD_VERDICT, frozenset()),
    "observe_headers": lambda dispatch: dispatch.observe_headers({"date": "x"}),
}
GOOD: dict[str, Any] = {
    "normalize_stream_event": [GOOD_EVENT],
    "repair_stream_event": [GOOD_EVENT],
    "classify_stream_error": GOOD_VERDICT,
    "fallback_request": GOOD_FALLBACK,
    "observe_headers": None,
}


def adapter(name: str, hook: str, function: Callable[..., Any], **others: Callable[..., Any]) -> Adapter:
    return Adapter(name, 1 if name == "faulty" else 0, ("*",), {hook: function, **others})


def notice(hook: str, reason: str) -> Notice:
    text = f"The plugin `faulty` failed in `{hook}` and is off for this call ({reason})."
    return Notice(text, kind="plugin", source="faulty")


def check(begin_call: Any, hook: str, faulty: Callable[..., Any], reason: str) -> None:
    """The fault is told once, the next adapter is asked, and the next call begins anew."""
    asked: list[str] = []

    def answer(*arguments: Any) -> Any:
        asked.append("faulty")
        return faulty(*arguments)

    def other(*arguments: Any) -> Any:
        asked.append("good")
        return GOOD[hook]

    adapters = [adapter("faulty", hook, answer), adapter("good", hook, other)]
    call = begin_call(*adapters)
    for _ in range(3):
        assert ASK[hook](call.dispatch) == GOOD[hook]
    assert asked == ["faulty", "good", "good", "good"]
    assert call.reports == [notice(hook, reason)]
    ASK[hook](begin_call(*adapters).dispatch)
    assert asked[4:] == ["faulty", "good"]


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even words")


@pytest.mark.parametrize("hook", ASK)
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("one\n  two"), "ValueError: one two"),
        (KeyError(), "KeyError"),
        (Speechless(), "Speechless"),
        (RecursionError("deep"), "RecursionError: deep"),
        (ValueError("w" * 9999), "ValueError: " + "w" * 288),
    ],
)
def test_raises(begin_call: Any, hook: str, error: Exception, reason: str) -> None:
    def raises(*arguments: Any) -> Any:
        raise error

    check(begin_call, hook, raises, reason)


def bad_verdict(**fields: Any) -> Verdict:
    return Verdict(**{"kind": VerdictKind.QUOTA, **fields})


EVENTS = "TypeError: a list of events was expected, not"
BAD_EVENT = "TypeError: an event without a `type` or `data` of the right kind"
WRONG_EVENTS = [
    ("drop", f"{EVENTS} a str"),
    (GOOD_EVENT, f"{EVENTS} a Event"),
    ({}, f"{EVENTS} a dict"),
    (False, f"{EVENTS} a bool"),
    ([{"type": "x"}, None], f"{EVENTS} a list of NoneType, dict"),
    ((event for event in ()), f"{EVENTS} a generator"),
    ([Event(None, {})], BAD_EVENT),  # type: ignore[arg-type]
    ([Event("x", None)], BAD_EVENT),  # type: ignore[arg-type]
    ([GOOD_EVENT] * 1001, "ValueError: 1,001 events for one"),
]
WRONG: list[tuple[str, Any, str]] = [
    *(("normalize_stream_event", answer, reason) for answer, reason in WRONG_EVENTS),
    *(("repair_stream_event", answer, reason) for answer, reason in WRONG_EVENTS),
    ("classify_stream_error", "quota", "TypeError: a Verdict was expected, not a str"),
    ("classify_stream_error", [], "TypeError: a Verdict was expected, not an empty list"),
    ("classify_stream_error", VerdictKind.QUOTA, "TypeError: a Verdict was expected, not a VerdictKind"),
    ("classify_stream_error", bad_verdict(kind="quota"), "TypeError: a Verdict whose `kind` is a str"),
    (
        "classify_stream_error",
        bad_verdict(message=None),
        "TypeError: a Verdict whose `message` is a NoneType",
    ),
    ("classify_stream_error", bad_verdict(retryable="no"), "TypeError: a Verdict whose `retryable` is a str"),
    ("classify_stream_error", bad_verdict(retry_at="soon"), "TypeError: a Verdict whose `retry_at` is a str"),
    (
        "classify_stream_error",
        bad_verdict(retry_at=float("nan")),
        "ValueError: a Verdict with `retry_at` nan",
    ),
    (
        "classify_stream_error",
        bad_verdict(retry_at=float("inf")),
        "ValueError: a Verdict with `retry_at` inf",
    ),
    ("fallback_request", {"stream": True}, "TypeError: a Fallback was expected, not a dict"),
    ("fallback_request", Request(), "TypeError: a Fallback was expected, not a Request"),
    ("fallback_request", Fallback("x", {}), "TypeError: a Fallback whose `request` is a dict"),  # type: ignore[arg-type]
    (
        "fallback_request",
        Fallback(["x"], Request()),  # type: ignore[arg-type]
        "TypeError: a Fallback whose `strategy` is a list of str",
    ),
    ("fallback_request", Fallback("", Request()), "ValueError: a Fallback without a `strategy`"),
    ("observe_headers", {}, "TypeError: no answer was expected, not a dict"),
]


@pytest.mark.parametrize(("hook", "answer", "reason"), WRONG)
def test_answers_nonsense(begin_call: Any, hook: str, answer: Any, reason: str) -> None:
    check(begin_call, hook, lambda *arguments: answer, reason)


def test_a_fault_in_one_hook_switches_all_of_them_off(begin_call: Any) -> None:
    def raises(*arguments: Any) -> Any:
        raise ValueError("broken")

    faulty = adapter(
        "faulty",
        "observe_headers",
        raises,
        normalize_stream_event=lambda event, context: [],
        classify_stream_error=lambda failure, context: GOOD_VERDICT,
    )
    call = begin_call(faulty)
    assert list(call.dispatch.normalize(PING)) == []
    call.dispatch.observe_headers({})
    assert call.dispatch.route("ping") == ()
    assert list(call.dispatch.normalize(PING)) == [PING]
    assert call.dispatch.classify(Failure(FailureKind.CUT)) is None
    assert call.faults == [notice("observe_headers", "ValueError: broken").text]


def test_events_that_multiply_are_stopped_and_lost_by_nobody(begin_call: Any) -> None:
    offered: list[str] = []

    def multiply(event: Event, context: Any) -> Any:
        return [event] * 40

    def watch(event: Event, context: Any) -> Any:
        offered.append(event.type)

    call = begin_call(
        Adapter("faulty", 5, ("*",), {"normalize_stream_event": multiply}),
        Adapter("second", 4, ("*",), {"normalize_stream_event": multiply}),
        Adapter("watch", 0, ("*",), {"normalize_stream_event": watch}),
    )
    # Each of them alone keeps the measure; together they do not, and the first one has to go.
    assert len(call.dispatch.normalize(PING)) == 40
    assert call.reports == [notice("normalize_stream_event", "it makes too many events of one")]
    assert len(offered) < 2000


def test_an_event_goes_on_where_an_answer_grows_without_measure(begin_call: Any) -> None:
    call = begin_call(
        Adapter(
            "faulty", 5, ("ping",), {"normalize_stream_event": lambda event, context: [GOOD_EVENT] * 999}
        ),
        Adapter("second", 4, ("good",), {"normalize_stream_event": lambda event, context: [event] * 2}),
        Adapter("third", 3, ("ping",), {"normalize_stream_event": lambda event, context: []}),
    )
    assert list(call.dispatch.normalize(PING)) == []


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("rate limits", "context.report takes RateLimits or a Notice, not a str"),
        (Notice(None), "a Notice whose `text` is a NoneType"),  # type: ignore[arg-type]
        (RateLimits(limit_name=5), "a RateLimits whose `limit_name` is a int"),  # type: ignore[arg-type]
        (RateLimits(windows=[]), "a RateLimits whose `windows` is an empty list"),  # type: ignore[arg-type]
        (RateLimits(windows=({},)), "RateLimits with a dict among its `windows`"),  # type: ignore[arg-type]
        (
            RateLimits(windows=(RateLimitWindow("primary", "33"),)),  # type: ignore[arg-type]
            "a RateLimitWindow whose `used_percent` is a str",
        ),
    ],
)
def test_reports_nonsense(begin_call: Any, report: Any, reason: str) -> None:
    def reports(event: Event, context: Any) -> Any:
        context.report(Notice("before"))
        context.report(report)

    call = begin_call(adapter("faulty", "normalize_stream_event", reports))
    assert list(call.dispatch.normalize(PING)) == [PING]
    assert call.reports == [
        Notice("before", source="faulty"),
        notice("normalize_stream_event", f"TypeError: {reason}"),
    ]


def test_what_the_caller_raises_is_no_fault_of_the_adapter() -> None:
    told: list[Any] = []

    def closed_pipe(item: Any) -> None:
        told.append(item)
        raise BrokenPipeError

    def reports(event: Event, context: Any) -> Any:
        context.report(Notice("hello"))

    dispatch = CallDispatch(
        [adapter("faulty", "normalize_stream_event", reports)],
        provider="p",
        model="m",
        memory=EndpointMemory(),
        on_report=closed_pipe,
    )
    with pytest.raises(BrokenPipeError):
        dispatch.normalize(PING)
    assert told == [Notice("hello", source="faulty")]
    assert len(dispatch.route("ping")) == 1


@pytest.mark.parametrize("hook", ASK)
def test_an_interrupt_passes(begin_call: Any, hook: str) -> None:
    def interrupted(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    call = begin_call(adapter("faulty", hook, interrupted))
    with pytest.raises(KeyboardInterrupt):
        ASK[hook](call.dispatch)
    assert call.reports == []
