"""Makes the call of a case, in-process, and checks the invariants on it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from hermes.providers.contract import EndpointMemory
from hermes.providers.manager import PluginManager
from hermes.responses.accumulator import Answer
from hermes.responses.events import Delta
from hermes.runtime.engine import AnswerEngine
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallEvent, CallOptions, run_call
from hermes.testing.fuzz.cases import Case, chunk_sizes
from hermes.testing.fuzz.mutations import SECRET
from hermes.testing.inprocess import NO_DEADLINES, InProcessClient, TimelessClock
from hermes.testing.invariants import Breach, CallRecord, Invariant, breaches, changes, delivered
from hermes.testing.runs import REQUEST
from hermes.testing.scenario import Control, Reply

__all__ = ["chunking_breaches", "play", "record_of"]

_SECRETS: Final = (SECRET,)


def play(case: Case) -> tuple[CallRecord, list[Breach]]:
    """Makes the call of a case; what was seen of it, and the invariants that do not hold."""
    record = record_of(case)
    found = breaches(record)
    if case.plain:
        plain = record_of(replace(case, scenario=replace(case.scenario, streams=case.plain)))
        found += changes(plain, record)
        final = record.result.text if record.result is not None else ""
        # The notice that an answer was revised excuses nothing where nobody mutated it.
        if case.way.live and final and len(delivered(record.events)) > len(final):
            what = "the delivered text goes on after the final one of a stream that nothing broke"
            found.append(Breach(Invariant.TEXT_ONCE, what, repr(delivered(record.events))))
    return record, found


def record_of(case: Case) -> CallRecord:
    """Makes the call of a case."""
    way = case.way
    client = InProcessClient(case.scenario, chunk_sizes=chunk_sizes(way.chunks), decoded=way.decoded)
    clock = TimelessClock()
    events: list[CallEvent] = []
    policy = RecoveryPolicy(after_output="restart" if way.restart else "keep")
    result, raised = None, None
    try:
        result = run_call(
            client,
            {**REQUEST, "prompt_cache_key": SECRET, **case.scenario.request},
            manager(way.plugins),
            options=CallOptions(
                live=way.live,
                deadlines=NO_DEADLINES,
                recovery=policy,
                secrets=_SECRETS,
                # No thread watches: in a call without a socket there is nothing to wait for.
                tell_waits=False,
                retractable=way.retractable,
                clock=clock,
            ),
            on_event=events.append,
        )
    except Exception as error:  # noqa: BLE001  # whatever leaves a call is what is looked for
        raised = error
    return CallRecord(
        events,
        result,
        raised,
        requests=len(client.requests),
        waited=clock.waited,
        sent=[bytes(body) for body in client.sent],
        live=way.live,
        policy=policy,
        secrets=_SECRETS,
    )


@cache
def manager(plugins: tuple[str, ...]) -> PluginManager:
    """The adapters of a case; ``lenient`` only where it is named."""
    return PluginManager(plugins, () if "lenient" in plugins else ("lenient",))


def chunking_breaches(case: Case, sizes: tuple[int, ...] = (1, 7)) -> list[Breach]:
    """Whether the pieces in which a body comes make a difference to the engine alone."""
    found: list[Breach] = []
    for reply in case.scenario.streams:
        if 200 <= reply.status < 300:
            whole = _told_by_engine(case, reply, None)
            for size in sizes:
                told = _told_by_engine(case, reply, size)
                if told != whole:
                    what = "the size of the chunks makes a difference"
                    found.append(Breach(Invariant.TEXT_ONCE, what, f"{told!r} instead of {whole!r}"))
                    break
    return found


def _told_by_engine(
    case: Case, reply: Reply, size: int | None
) -> tuple[str, Answer, dict[tuple[str, int], str]]:
    body = b"".join(step for step in reply.steps if isinstance(step, bytes))
    texts: dict[tuple[str, int], str] = {}

    def on_delta(delta: Delta) -> None:
        key = (delta.kind, delta.output_index)
        texts[key] = texts.get(key, "") + delta.text

    dispatch = manager(case.way.plugins).begin_call(
        provider="custom", model="m", memory=EndpointMemory(), on_report=lambda item: None
    )
    engine = AnswerEngine(
        dispatch,
        on_delta=on_delta,
        on_notice=lambda notice: None,
        content_type=dict(reply.headers).get("content-type", ""),
    )
    failure = ""
    try:
        step = size or len(body) or 1
        for start in range(0, len(body), step):
            engine.feed(body[start : start + step])
            if engine.finished:
                break
        if any(isinstance(step, Control) for step in reply.steps):
            engine.end_broken()
        else:
            engine.end()
    except Exception as error:  # noqa: BLE001  # others than ours are found by the calls themselves
        failure = f"{type(error).__name__}: {error}"
    else:
        wrong = engine.failure_of(engine.answer())
        failure = str(wrong.kind) if wrong is not None else ""
    return failure, engine.answer(), texts
