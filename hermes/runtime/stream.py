"""One model call: attempts, adapters and recovery, from a request to a final result."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any, Final

from hermes.errors import CallError, CallInterrupted
from hermes.providers.contract import (
    Delivered,
    EndpointFact,
    EndpointMemory,
    Failure,
    Fallback,
    Notice,
    RateLimits,
    Request,
    Verdict,
    VerdictKind,
    Violation,
)
from hermes.providers.manager import PluginManager
from hermes.responses.accumulator import Answer
from hermes.responses.calls import required_parameters
from hermes.responses.result import Attempt, ResponseResult, ResultStatus
from hermes.responses.sse import DEFAULT_MAX_FRAME_BYTES
from hermes.runtime.attempt import AttemptOutcome, AttemptRunner, Plan
from hermes.runtime.blocking import Blocking, run_blocking
from hermes.runtime.caller import Caller, CallEvent, Restarted
from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import DeadlinePolicy, Deadlines
from hermes.runtime.model_names import is_another_model
from hermes.runtime.recovery import (
    BestAnswer,
    RecoveryPolicy,
    Retry,
    Step,
    Stop,
    decide,
    is_refusal,
    main_verdict,
)
from hermes.runtime.redaction import Redactor
from hermes.runtime.waiting import Waiting

__all__ = ["CallEvent", "CallOptions", "Restarted", "run_call", "run_call_async"]

_LONGEST_WORD: Final = 80
_NO_PART_OF_A_NAME: Final = re.compile(r"[^\w .:/+@-]+")

_PRIVATE: Final = ("extra_headers", "extra_query")
"""Keywords that no adapter is shown."""
_NOT_STREAMED: Final = "Asking without streaming: the streams of this backend broke the event order before."
_REVISED: Final = "The backend revised its answer after it was shown; the final text differs."
_BEGAN_ANEW: Final = "The backend began another answer after this one was written."

# https://github.com/NousResearch/hermes-agent/issues/33075
_IGNORED: Final = "It left {} attempts unanswered: it may silently refuse this model for this account."

_HINT_OF_INCOMPLETE: Final = {
    "max_output_tokens": "Raise the limit of output tokens, or ask it to go on.",
    "content_filter": "The backend's content filter stopped it; another wording or model may pass.",
}
_HINT_OF_CUT_CALL: Final = {
    "max_output_tokens": "Raise the limit of output tokens, or ask for the work in smaller steps.",
}


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a call is made.

    Attributes:
        provider: the configured name of the provider.
        live: hand out deltas as they come. Without it nothing counts as delivered before the result.
        deadlines: how long the backend may take: limits for whatever is asked, or how they are chosen for
            each request.
        recovery: the limits of recovery.
        max_frame_bytes: the longest SSE frame or JSON body.
        tool_ran: a tool ran in this call, so nothing may be asked twice.
        secrets: what is taken out of errors before anybody sees them.
        memory: what is known of the endpoint, kept by the caller.
        tell_waits: tell the caller what is waited for, from a thread of its own and never while it is busy.
        retractable: the caller can take back what it was given, when told that the answer begins anew.
        clock: the time.
    """

    provider: str = "custom"
    live: bool = False
    deadlines: Deadlines | DeadlinePolicy = field(default_factory=DeadlinePolicy)
    recovery: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    tool_ran: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    memory: EndpointMemory = field(default_factory=EndpointMemory)
    tell_waits: bool = True
    retractable: bool = True
    clock: Clock = field(default_factory=Clock)


def run_call(
    client: Any,
    request: Mapping[str, Any],
    plugins: PluginManager | None = None,
    *,
    options: CallOptions | None = None,
    on_event: Callable[[CallEvent], None] | None = None,
) -> ResponseResult:
    """Makes one model call and recovers from what can be recovered from.

    Args:
        client: anything with the SDK's ``responses.create(**request)``.
        request: the keywords of ``responses.create``; ``stream`` is set here.
        plugins: the adapters; those that come with Hermes where it is left out.
        options: how the call is made.
        on_event: takes notices, rate limits and, with ``options.live``, deltas. A notice of the kind
            ``waiting`` comes from another thread, while this one waits for the backend, and so never
            together with another event; what the callback raises there ends the call as it does here.

    Raises:
        CallError: there is no usable answer; its message says why.
        CallInterrupted: the user stopped the call.
        TypeError: the client has to be awaited.
    """
    return _run_codex_stream(client, request, plugins, options, on_event)


async def run_call_async(
    client: Any,
    request: Mapping[str, Any],
    plugins: PluginManager | None = None,
    *,
    options: CallOptions | None = None,
    on_event: Callable[[CallEvent], None] | None = None,
) -> ResponseResult:
    """Makes one model call in an event loop of asyncio, and recovers as ``run_call`` does.

    Cancelling the task ends the call and closes its connection.

    Args:
        client: as for ``run_call``, but ``responses.create`` is awaited.
        request: the keywords of ``responses.create``; ``stream`` is set here.
        plugins: the adapters; those that come with Hermes where it is left out.
        options: how the call is made.
        on_event: as for ``run_call``, and called in the event loop, so it must not block.

    Raises:
        CallError: there is no usable answer; its message says why.
        CallInterrupted: the callback raised ``KeyboardInterrupt``.
        TypeError: the client blocks.
        RuntimeError: there is no event loop of asyncio.
    """
    from hermes.runtime.event_loop import InEventLoop, require_event_loop

    require_event_loop()
    options = options or CallOptions()
    return await _Call(client, request, plugins, options, on_event, InEventLoop(options.clock)).run()


def _run_codex_stream(
    client: Any,
    request: Mapping[str, Any],
    plugins: PluginManager | None = None,
    options: CallOptions | None = None,
    on_event: Callable[[CallEvent], None] | None = None,
) -> ResponseResult:
    """The core: streams, dispatches through the plugin manager, and follows the recovery table."""
    options = options or CallOptions()
    return run_blocking(_Call(client, request, plugins, options, on_event, Blocking(options.clock)).run())


class _Call:
    """The state of one call."""

    def __init__(
        self,
        client: Any,
        request: Mapping[str, Any],
        plugins: PluginManager | None,
        options: CallOptions,
        on_event: Callable[[CallEvent], None] | None,
        waiting: Waiting,
    ) -> None:
        request = Request(request, stream=True)
        plugins = PluginManager(["lenient"]) if plugins is None else plugins
        # What the caller puts into headers and the address is the caller's own, and may be a credential.
        self._private = {name: request[name] for name in _PRIVATE if name in request}
        self._request = request.without(*_PRIVATE)
        self._plugins = plugins
        self._options = options
        self._clock = options.clock
        self._waiting = waiting
        self._memory = options.memory
        self._redactor = Redactor((*options.secrets, *_values_of(self._private)))
        self._started = self._clock.monotonic()
        self._limits = options.deadlines.for_request(self._request)
        self._ignored = 0
        self._attempts: list[Attempt] = []
        self._verdicts: list[Verdict] = []
        self._best = BestAnswer()
        self._used: frozenset[str] = frozenset()
        self._waited = 0.0
        self._corrections = 0
        self._retried: Counter[VerdictKind] = Counter()
        self._caller = Caller(on_event, live=options.live)
        self._dispatch = plugins.begin_call(
            provider=options.provider,
            model=str(request.get("model", "")),
            memory=options.memory,
            on_report=self._report,
        )
        self._runner = AttemptRunner(
            client=client,
            waiting=waiting,
            dispatch=self._dispatch,
            redactor=self._redactor,
            max_frame_bytes=options.max_frame_bytes,
            on_notice=self._report,
            on_restart=self._restarted_by_backend,
            now=self._clock.now,
        )

    async def run(self) -> ResponseResult:
        try:
            return await self._answered()
        except KeyboardInterrupt:
            raise CallInterrupted("Interrupted.", attempts=self._attempts) from None

    async def _answered(self) -> ResponseResult:
        plan = self._first_plan()
        while True:
            plan, outcome = await self._attempt(plan)
            if outcome.failure is None:
                self._learn(plan.lessons)
                if not plan.request.streams:
                    self._memory.learn(EndpointFact.NON_STREAM_WORKS)
                return self._ended(outcome.answer)
            if outcome.answer.items:  # what broke off had begun, so the request itself was taken
                self._learn(plan.lessons)
            verdict = self._classify(outcome.failure)
            self._best.offer(outcome.answer, verdict, delivered=self._caller.has_text)
            step = self._next_step(plan, verdict)
            if isinstance(step, Stop):
                return self._make_do()
            plan = await self._plan_for(step, plan, verdict, outcome.failure)

    # One attempt after the other.

    def _first_plan(self) -> Plan:
        """What the endpoint taught before makes the first request right."""
        if self._memory.knows(EndpointFact.SENDS_PRELUDE):
            return Plan(self._request, tolerate_prelude=True)
        if self._memory.knows(EndpointFact.BREAKS_ORDER):
            if self._memory.knows(EndpointFact.STREAM_REQUIRED):
                return Plan(self._request, tolerate_prelude=True)
            if self._memory.knows(EndpointFact.NON_STREAM_WORKS):
                if self._options.live:
                    self._report(Notice(_NOT_STREAMED, kind="memory"))
                return Plan(self._request.without("stream", "stream_options"))
        return Plan(self._request)

    async def _attempt(self, plan: Plan) -> tuple[Plan, AttemptOutcome]:
        """Makes an attempt; the plan comes back with the request as the adapters prepared it."""
        number = len(self._attempts) + 1
        began = self._clock.monotonic()
        delivered = Delivered(self._caller.characters)
        self._dispatch.begin_attempt(number, streaming=plan.request.streams, delivered=delivered)
        plan = replace(plan, request=self._dispatch.prepare(plan.request))
        streaming = plan.request.streams
        left = self._time_left()
        limits = self._limits_for(plan.request)
        on_wait = self._report_wait if self._options.tell_waits else None
        sent = replace(plan, request=plan.request.replacing(**self._private)) if self._private else plan
        async with self._waiting.watchdog(
            limits, total_left=left, streaming=streaming, on_wait=on_wait
        ) as watchdog:
            outcome = await self._runner.run(sent, watchdog, self._caller.on_delta)
        self._ignored += outcome.ignored
        self._attempts.append(
            Attempt(
                number=number,
                streaming=streaming,
                strategy=plan.strategy,
                status=outcome.status,
                request_id=outcome.request_id,
                seconds=self._clock.monotonic() - began,
            )
        )
        return plan, outcome

    def _learn(self, lessons: Iterable[str]) -> None:
        for lesson in lessons:
            self._memory.learn(lesson)

    def _limits_for(self, request: Request) -> Deadlines:
        """Looking at a long request takes time, and mostly no adapter changes it."""
        return self._limits if request is self._request else self._options.deadlines.for_request(request)

    def _time_left(self) -> float | None:
        """Seconds that are left of the whole call; None for no limit."""
        total = self._limits.total
        return None if total is None else max(0.0, total - (self._clock.monotonic() - self._started))

    def _report_wait(self, text: str) -> None:
        """Comes from the watchdog, while the call waits for the backend."""
        self._report(Notice(text, kind="waiting"))

    def _classify(self, failure: Failure) -> Verdict:
        self._dispatch.note_delivered(Delivered(self._caller.characters))
        verdict = self._dispatch.classify(failure)
        if verdict is None:
            verdict = Verdict(VerdictKind.PROTOCOL, message=failure.message or "The call failed.")
        # An adapter may have decoded what hid a secret.
        clean = self._redactor.text
        verdict = replace(
            verdict,
            message=clean(verdict.message),
            hint=clean(verdict.hint),
            code=clean(verdict.code),
            param=clean(verdict.param),
            request_id=clean(verdict.request_id),
        )
        self._verdicts.append(verdict)
        self._attempts[-1] = replace(self._attempts[-1], verdict=str(verdict.kind), reason=verdict.message)
        if verdict.kind is VerdictKind.ORDER_MISMATCH:
            self._note_order(failure)
        elif verdict.kind is VerdictKind.STREAM_REQUIRED:
            self._memory.learn(EndpointFact.STREAM_REQUIRED)
        return verdict

    def _note_order(self, failure: Failure) -> None:
        """A prelude of the vendor's comes again and can be passed over; any other disorder may be a slip."""
        name = failure.event.type if failure.event is not None else ""
        if failure.violation is Violation.CREATED_MISSING and name and not name.startswith("response."):
            self._memory.learn(EndpointFact.SENDS_PRELUDE)
        else:
            self._memory.assume(EndpointFact.BREAKS_ORDER)

    def _next_step(self, plan: Plan, verdict: Verdict) -> Step:
        best = self._best.answer
        return decide(
            verdict,
            self._options.recovery,
            attempts=len(self._attempts) - self._corrections,
            corrections=self._corrections,
            retried=self._retried[verdict.kind],
            waited=self._waited,
            delivered=self._caller.has_text,
            whole=best is not None and best.open_items == 0,
            tool_ran=self._options.tool_ran,
            now=self._clock.now(),
            time_left=self._time_left(),
            fallback=lambda: self._dispatch.fallback(plan.request, verdict, self._used),
        )

    async def _plan_for(self, step: Retry | Fallback, plan: Plan, verdict: Verdict, failure: Failure) -> Plan:
        what = self._what_happened(verdict)
        self._caller.begin_anew()
        if isinstance(step, Retry):
            self._retried[verdict.kind] += 1
            await self._wait(step.delay, what)
            return replace(plan, request=_with_fresh_session(plan.request), strategy="retry")
        self._used |= {step.strategy}
        self._corrections += is_refusal(verdict)
        way = "as a stream" if step.request.streams else "without streaming"
        self._report(Notice(step.notice or f"{what} Asking again {way}.", kind="fallback"))
        if verdict.kind is VerdictKind.ORDER_MISMATCH:
            hint = self._plugins.adapter_hint(failure.event.type if failure.event else "", failure.headers)
            if hint:
                self._report(Notice(hint, kind="hint"))
        lessons = (*plan.lessons, step.lesson) if step.lesson else plan.lessons
        request = step.request if is_refusal(verdict) else _with_fresh_session(step.request)
        return Plan(request, step.strategy, step.tolerate_prelude, lessons)

    def _what_happened(self, verdict: Verdict) -> str:
        """The verdict's sentence, unless the user has just read it."""
        before = [earlier.message for earlier in self._verdicts[-2:-1]]
        return "The same again." if before == [verdict.message] else verdict.message

    async def _wait(self, delay: float, what: str) -> None:
        when = f" in {ceil(delay)} s" if delay >= 1 else ""
        self._report(Notice(f"{what} Retrying{when}.", kind="retry"))
        self._waited += delay
        await self._waiting.sleep(delay)

    def _restarted_by_backend(self, void: Answer) -> None:
        """The backend began another answer within its stream: the first one counts no more."""
        if self._caller.has_text:
            verdict = Verdict(VerdictKind.PROTOCOL, message=_BEGAN_ANEW)
            self._best.offer(void, verdict, delivered=True)
        self._caller.begin_anew()

    # The end.

    def _ended(self, answer: Answer) -> ResponseResult:
        """The backend ended the answer itself: completed, or incomplete and said so."""
        if not self._options.retractable and self._caller.was_given_another(answer):
            return self._make_do()
        self._tell_of_model(answer)
        if answer.status == "completed":
            revised = self._caller.is_contradicted(answer)
            self._tell_of_revision(revised=revised)
            self._caller.hand_out_rest(answer, retractable=self._options.retractable)
            if revised and not self._options.retractable:
                # What was written is not the answer, and cannot be taken back.
                self._note_reason(_REVISED)
                return self._result(answer, ResultStatus.PARTIAL, reason=_REVISED)
            return self._completed(answer)
        word = answer.incomplete_reason
        reason = f"The backend ended the answer early ({self._short(word) or 'no reason given'})."
        hint = _HINT_OF_INCOMPLETE.get(word, "")
        if any(item.is_call for item in answer.items):
            # A cut call mended and run is worse than none: https://github.com/pydantic/pydantic-ai/issues/3118
            reason += " No tool that it calls is run."
            hint = _HINT_OF_CUT_CALL.get(word, hint)
        self._note_reason(reason)
        if not answer.is_usable:
            if self._best.answer is not None:
                return self._make_do()
            raise CallError(reason, hint=hint, attempts=self._attempts)
        self._tell_of_revision(revised=self._caller.is_contradicted(answer))
        self._caller.hand_out_rest(answer, retractable=self._options.retractable)
        return self._result(answer, ResultStatus.PARTIAL, reason=reason, hint=hint)

    def _note_reason(self, reason: str) -> None:
        """Why the last attempt is not as good as the backend says."""
        self._attempts[-1] = replace(self._attempts[-1], reason=reason)

    def _tell_of_revision(self, *, revised: bool) -> None:
        if revised:
            self._report(Notice(_REVISED, kind="revised"))

    def _completed(self, answer: Answer) -> ResponseResult:
        """A complete answer, unless all that it holds is a call that must not be run."""
        result = self._result(answer, ResultStatus.COMPLETE)
        self._tell_of_calls(result)
        if not result.rejected_calls:
            return replace(result, notices=tuple(self._caller.notices))
        rejected = result.rejected_calls[0]
        reason = f"The arguments of the call of `{self._short(rejected.call.name)}` are {rejected.what}, "
        reason += "so it is not run."
        if result.text or result.refusal or result.tool_calls:
            self._report(Notice(reason, kind="tool"))
            return replace(result, notices=tuple(self._caller.notices))
        self._note_reason(reason)
        return self._result(answer, ResultStatus.PARTIAL, reason=reason)

    def _tell_of_calls(self, result: ResponseResult) -> None:
        """What is odd about calls that are offered all the same."""
        if result.calls.id_conflicts:
            text = "The backend sent different calls under one id; none of them is run."
            self._report(Notice(text, kind="tool"))
        repeated = result.calls.repeated
        if repeated is not None:
            name = self._short(repeated.name)
            text = f"The model calls `{name}` twice with the same arguments, which may be meant."
            self._report(Notice(text, kind="tool"))

    def _tell_of_model(self, answer: Answer) -> None:
        """The backend may put another model in the place of the one that was asked for."""
        asked, told = self._request.get("model"), (answer.response or {}).get("model")
        if is_another_model(asked, told):
            text = f"The backend answered with the model `{self._short(str(told))}`, not `{asked}`."
            self._report(Notice(text, kind="model"))

    def _short(self, word: str) -> str:
        """A name that the backend gave, as it may stand in a sentence."""
        return _NO_PART_OF_A_NAME.sub("", self._redactor.text(word))[:_LONGEST_WORD]

    def _make_do(self) -> ResponseResult:
        """No attempt completed: the best of them is the answer, or there is none."""
        best = self._best
        if best.answer is None or best.verdict is None:
            main = main_verdict(self._verdicts)
            message = main.message
            if main.kind is VerdictKind.TIMEOUT and self._ignored > 1:
                message = f"{message} {_IGNORED.format(self._ignored)}"
            raise CallError(message, hint=main.hint, verdict=main, attempts=self._attempts)
        if self._caller.is_restarting:  # what it was given is what is kept
            self._tell_of_revision(revised=self._caller.was_told_otherwise(best.answer))
        else:
            self._tell_of_revision(revised=self._caller.is_contradicted(best.answer))
            self._caller.hand_out_rest(best.answer, retractable=self._options.retractable)
        whole = best.answer.open_items == 0
        return self._result(
            best.answer,
            ResultStatus.UNCONFIRMED if whole else ResultStatus.PARTIAL,
            reason=best.verdict.message,
            hint=best.verdict.hint,
            verdict=str(best.verdict.kind),
        )

    def _result(self, answer: Answer, status: ResultStatus, **more: Any) -> ResponseResult:
        return ResponseResult.from_answer(
            answer,
            status,
            required=required_parameters(self._request.get("tools")),
            rate_limits=self._caller.rate_limits,
            notices=tuple(self._caller.notices),
            attempts=tuple(self._attempts),
            **more,
        )

    def _report(self, item: RateLimits | Notice) -> None:
        if isinstance(item, Notice):
            item = replace(item, text=self._redactor.text(item.text))
        self._caller.report(item)


def _values_of(private: Mapping[str, Any]) -> Iterator[str]:
    """The values of headers and queries, and what stands in them behind a word such as `Bearer`."""
    for told in private.values():
        for value in told.values() if isinstance(told, Mapping) else ():
            if isinstance(value, str):
                yield value
                yield value.rpartition(" ")[2]


def _with_fresh_session(request: Request) -> Request:
    """Another session key, because a gateway may give an abandoned answer's rest to its session's next one.

    https://github.com/Soju06/codex-lb/pull/696
    """
    if "prompt_cache_key" not in request:
        return request
    return request.replacing(prompt_cache_key=uuid.uuid4().hex)
