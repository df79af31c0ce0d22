"""Who is offered which event, in which order, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hermes.providers import dispatch
from hermes.providers.contract import (
    Delivered,
    EndpointFact,
    Event,
    Failure,
    FailureKind,
    Fallback,
    Notice,
    RateLimits,
    Request,
    Verdict,
    VerdictKind,
    Violation,
)
from hermes.providers.dispatch import Adapter


def adapter(name: str, *types: str, priority: int = 0, **hooks: Callable[..., Any]) -> Adapter:
    return Adapter(name, priority, types, hooks)


def event(kind: str, **fields: Any) -> Event:
    return Event(kind, {"type": kind, **fields})


def watcher(name: str, seen: list[Any], *types: str, priority: int = 0, answer: Any = None) -> Adapter:
    """An adapter that notes what it is offered and always answers the same."""

    def normalize(offered: Event, context: Any) -> Any:
        seen.append((name, offered.type))
        return answer(offered) if callable(answer) else answer

    return adapter(name, *types, priority=priority, normalize_stream_event=normalize)


def test_higher_priority_first_then_by_name(begin_call: Any) -> None:
    seen: list[Any] = []
    call = begin_call(
        watcher("b", seen, "*"),
        watcher("last", seen, "*", priority=-1),
        watcher("a", seen, "*"),
        watcher("first", seen, "*", priority=9),
    )
    call.dispatch.normalize(event("x"))
    assert [name for name, _ in seen] == ["first", "a", "b", "last"]


@pytest.mark.parametrize(
    ("patterns", "kind", "wanted"),
    [
        (("codex.rate_limits",), "codex.rate_limits", True),
        (("codex.rate_limits",), "codex.rate_limits.updated", False),
        (("codex.*",), "codex.rate_limits", True),
        (("codex.*",), "codex.", True),
        (("codex.*",), "codex", False),
        (("codex.*", "ping"), "ping", True),
        (("*",), "", True),
        (("*",), "anything", True),
        ((), "anything", False),
    ],
)
def test_patterns(begin_call: Any, patterns: tuple[str, ...], kind: str, wanted: bool) -> None:
    seen: list[Any] = []
    call = begin_call(watcher("a", seen, *patterns))
    offered = event(kind)
    assert list(call.dispatch.normalize(offered)) == [offered]
    assert bool(seen) is wanted
    assert bool(call.dispatch.route(kind)) is wanted


def test_an_adapter_without_the_hook_is_on_no_route(begin_call: Any) -> None:
    call = begin_call(adapter("a", "*", classify_stream_error=lambda failure, context: None))
    assert call.dispatch.route("x") == ()


def test_drop_replace_expand(begin_call: Any) -> None:
    answers: dict[str, Any] = {
        "drop": [],
        "replace": [event("other")],
        "expand": (event("one"), event("two")),
        "keep": None,
    }
    call = begin_call(watcher("a", [], "*", answer=lambda offered: answers[offered.type]))

    def result(kind: str) -> list[str]:
        return [replaced.type for replaced in call.dispatch.normalize(event(kind))]

    assert [result(kind) for kind in answers] == [[], ["other"], ["one", "two"], ["keep"]]


def test_an_answer_is_offered_only_to_those_after_it(begin_call: Any) -> None:
    seen: list[Any] = []

    def expand(offered: Event) -> Any:
        return [event("x"), event("y"), event("z")] if offered.type == "x" else None

    call = begin_call(
        watcher("first", seen, "*", priority=3),
        watcher("second", seen, "*", priority=2, answer=expand),
        watcher("third", seen, "y", "x", priority=1, answer=lambda offered: [event(offered.type + "!")]),
        watcher("fourth", seen, "z", "x!"),
    )
    result = call.dispatch.normalize(event("x"))
    assert [replaced.type for replaced in result] == ["x!", "y!", "z"]
    assert seen == [
        ("first", "x"),
        ("second", "x"),
        ("third", "x"),
        ("fourth", "x!"),
        ("third", "y"),
        ("fourth", "z"),
    ]


def test_routes_of_a_hostile_stream_are_bounded(begin_call: Any) -> None:
    seen: list[Any] = []
    call = begin_call(watcher("a", seen, "acme.*"))
    for number in range(5000):
        assert call.dispatch.route(f"evil.{number}") == ()
        assert call.dispatch.route("x" * (number + 1000)) == ()
    routes = call.dispatch.routes
    assert len(routes) <= 1024
    assert sum(map(len, routes)) < 100_000
    call.dispatch.normalize(event("acme.late"))
    assert seen == [("a", "acme.late")]


def test_first_answer_counts(begin_call: Any) -> None:
    verdict = Verdict(VerdictKind.QUOTA)
    repaired = [event("b")]
    call = begin_call(
        adapter(
            "silent",
            priority=1,
            classify_stream_error=lambda failure, context: None,
            repair_stream_event=lambda violation, event, context: None,
        ),
        adapter(
            "speaks",
            classify_stream_error=lambda failure, context: verdict,
            repair_stream_event=lambda violation, event, context: repaired,
        ),
        adapter(
            "too late",
            priority=-1,
            classify_stream_error=lambda failure, context: pytest.fail("asked"),
            repair_stream_event=lambda violation, event, context: pytest.fail("asked"),
        ),
    )
    assert call.dispatch.classify(Failure(FailureKind.CUT)) is verdict
    assert call.dispatch.repair(Violation.ITEM_MISSING, event("a")) is repaired


def test_nobody_answers(begin_call: Any) -> None:
    dispatch = begin_call().dispatch
    dispatch.observe_headers({"date": "x"})
    assert dispatch.classify(Failure(FailureKind.CUT)) is None
    assert dispatch.repair(Violation.ITEM_MISSING, event("a")) is None
    assert dispatch.fallback(Request(), Verdict(VerdictKind.QUOTA), frozenset()) is None


def test_each_strategy_is_used_once(begin_call: Any) -> None:
    def falls_back(strategy: str) -> Callable[..., Fallback]:
        return lambda request, verdict, context: Fallback(strategy, request)

    call = begin_call(
        adapter("a", fallback_request=falls_back("smaller")),
        adapter("b", fallback_request=falls_back("smaller")),
        adapter("c", fallback_request=falls_back("other")),
    )
    used: frozenset[str] = frozenset()
    strategies = []
    while fallback := call.dispatch.fallback(Request(), Verdict(VerdictKind.PROTOCOL), used):
        strategies.append(fallback.strategy)
        used |= {fallback.strategy}
    assert strategies == ["smaller", "other"]


def test_every_adapter_sees_the_headers(begin_call: Any) -> None:
    seen: list[Any] = []
    call = begin_call(
        *(adapter(name, observe_headers=lambda headers, context: seen.append(dict(headers))) for name in "ab")
    )
    call.dispatch.observe_headers({"x-codex-plan-type": "pro"})
    assert seen == [{"x-codex-plan-type": "pro"}] * 2


def test_the_context_tells_of_the_call(begin_call: Any) -> None:
    seen: list[Any] = []

    def classify(failure: Failure, context: Any) -> None:
        seen.append((context.provider, context.model, context.attempt, context.streaming, context.delivered))
        seen.append(context.memory.knows(EndpointFact.STREAM_REQUIRED))

    call = begin_call(adapter("a", classify_stream_error=classify), provider="pool", model="gpt")
    call.dispatch.classify(Failure(FailureKind.CUT))
    call.memory.learn(EndpointFact.STREAM_REQUIRED)
    call.dispatch.begin_attempt(2, streaming=False, delivered=Delivered(3))
    call.dispatch.classify(Failure(FailureKind.CUT))
    call.dispatch.note_delivered(Delivered(7))
    call.dispatch.classify(Failure(FailureKind.CUT))
    assert seen == [
        ("pool", "gpt", 1, True, Delivered(0)),
        False,
        ("pool", "gpt", 2, False, Delivered(3)),
        True,
        ("pool", "gpt", 2, False, Delivered(7)),
        True,
    ]
    assert not Delivered(0)
    assert Delivered(1)


def test_scratch_belongs_to_one_adapter_and_one_call(begin_call: Any) -> None:
    def count(failure: Failure, context: Any) -> None:
        context.scratch["count"] = context.scratch.get("count", 0) + 1
        counts.append(context.scratch["count"])

    counts: list[int] = []
    adapters = [adapter(name, classify_stream_error=count) for name in "ab"]
    for _ in range(2):
        call = begin_call(*adapters)
        call.dispatch.classify(Failure(FailureKind.CUT))
        call.dispatch.begin_attempt(2, streaming=True, delivered=Delivered())
        call.dispatch.classify(Failure(FailureKind.CUT))
    assert counts == [1, 1, 2, 2] * 2


def test_reports_come_in_order_and_with_their_source(begin_call: Any) -> None:
    limits = RateLimits(plan="pro")

    def normalize(offered: Event, context: Any) -> Any:
        context.report(limits)
        context.report(Notice("mine", kind="waiting"))
        context.report(Notice("another's", source="somebody"))

    call = begin_call(adapter("a", "*", normalize_stream_event=normalize))
    call.dispatch.normalize(event("x"))
    assert call.reports == [
        limits,
        Notice("mine", kind="waiting", source="a"),
        Notice("another's", source="somebody"),
    ]


def test_an_adapter_asks_for_more_events_while_it_needs_them(begin_call: Any) -> None:
    seen: list[str] = []

    def normalize(offered: Event, context: Any) -> None:
        seen.append(offered.type)
        if offered.type == "begin":
            context.want("text.*")
        elif offered.type == "text.done":
            context.drop("text.*")

    call = begin_call(adapter("a", "begin", normalize_stream_event=normalize))
    for kind in ("text.delta", "begin", "text.delta", "text.done", "text.delta"):
        call.dispatch.normalize(event(kind))
    assert seen == ["begin", "text.delta", "text.done"]


def test_what_was_asked_for_in_a_repair_is_offered(begin_call: Any) -> None:
    seen: list[str] = []

    def repair(violation: Violation, offered: Event, context: Any) -> list[Event]:
        context.want("text")
        return [offered]

    call = begin_call(
        adapter(
            "a",
            normalize_stream_event=lambda offered, _: seen.append(offered.type),
            repair_stream_event=repair,
        )
    )
    call.dispatch.normalize(event("text"))
    call.dispatch.repair(Violation.ITEM_AGAIN, event("x"))
    call.dispatch.normalize(event("text"))
    assert seen == ["text"]


def test_a_new_attempt_begins_without_what_was_asked_for(begin_call: Any) -> None:
    seen: list[str] = []
    call = begin_call(
        adapter(
            "a",
            "begin",
            normalize_stream_event=lambda offered, context: seen.append(offered.type) or context.want("text"),
        )
    )
    call.dispatch.normalize(event("begin"))
    call.dispatch.normalize(event("text"))
    call.dispatch.begin_attempt(2, streaming=True, delivered=Delivered())
    call.dispatch.normalize(event("text"))
    assert seen == ["begin", "text"]


def test_each_adapter_prepares_what_those_before_it_made(begin_call: Any) -> None:
    def adding(name: str) -> Callable[..., Request]:
        return lambda request, context: request.replacing(input=f"{request['input']}{name}")

    call = begin_call(
        adapter("b", prepare_request=adding("b")),
        adapter("none", prepare_request=lambda request, context: None),
        adapter("a", priority=1, prepare_request=adding("a")),
        adapter("late", priority=-1, prepare_request=lambda request, context: request.without("stream")),
    )
    prepared = call.dispatch.prepare(Request(input="", stream=True))
    assert dict(prepared) == {"input": "ab"}


def test_the_context_knows_how_the_prepared_request_asks(begin_call: Any) -> None:
    seen: list[bool] = []
    call = begin_call(
        adapter("a", prepare_request=lambda request, context: request.without("stream")),
        adapter("b", classify_stream_error=lambda failure, context: seen.append(context.streaming)),
    )
    call.dispatch.begin_attempt(1, streaming=True, delivered=Delivered())
    call.dispatch.prepare(Request(stream=True))
    call.dispatch.classify(Failure(FailureKind.CUT))
    assert seen == [False]


def test_routes_are_prepared_once_for_what_an_adapter_wants_to_and_fro(
    begin_call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = 0
    wants = dispatch.Adapter.wants

    def counted(*arguments: Any) -> bool:
        nonlocal prepared
        prepared += 1
        return wants(*arguments)

    monkeypatch.setattr(dispatch.Adapter, "wants", counted)
    seen: list[str] = []

    def normalize(offered: Event, context: Any) -> None:
        seen.append(offered.type)
        (context.drop if offered.type == "text" else context.want)("text")

    call = begin_call(adapter("a", "begin", normalize_stream_event=normalize))
    for _ in range(50):
        for kind in ("begin", "text", "text", "other"):
            call.dispatch.normalize(event(kind))
    assert seen == ["begin", "text"] * 50
    assert prepared < 20


def test_an_adapter_that_never_wants_the_same_twice_costs_no_memory(begin_call: Any) -> None:
    def normalize(offered: Event, context: Any) -> None:
        context.want(f"{offered.data['number']}*")

    call = begin_call(adapter("a", "x", normalize_stream_event=normalize))
    for number in range(200):
        call.dispatch.normalize(event("x", number=number))
    assert call.dispatch.route("199.y")
    assert len(call.dispatch._routes_of) < 20


def test_what_is_wanted_before_the_stream_can_be_given_back(begin_call: Any) -> None:
    def prepare(request: Request, context: Any) -> None:
        context.want("text")

    def normalize(offered: Event, context: Any) -> None:
        context.drop("text")

    call = begin_call(adapter("a", "x", prepare_request=prepare, normalize_stream_event=normalize))
    for attempt in (1, 2):
        call.dispatch.begin_attempt(attempt, streaming=True, delivered=Delivered())
        call.dispatch.prepare(Request(input="hi"))
        assert call.dispatch.route("text")
        call.dispatch.normalize(event("text"))
        assert not call.dispatch.route("text")
