"""One model call: attempts, adapters and recovery, from a request to a final result."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
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
)
from hermes.providers.manager import PluginManager
from hermes.responses.accumulator import Answer
from hermes.responses.events import Delta
from hermes.responses.result import Attempt, ResponseResult, ResultStatus
from hermes.responses.sse import DEFAULT_MAX_FRAME_BYTES
from hermes.runtime.attempt import AttemptOutcome, AttemptRunner, Plan
from hermes.runtime.clock import Clock
from hermes.runtime.deadlines import Deadlines, Watchdog
from hermes.runtime.recovery import BestAnswer, RecoveryPolicy, Retry, Step, Stop, decide, main_verdict
from hermes.runtime.redaction import Redactor

__all__ = ["CallEvent", "CallOptions", "Restarted", "run_call"]

_LONGEST_WORD: Final = 80

_HINT_OF_INCOMPLETE: Final = {
    "max_output_tokens": "Raise the limit of output tokens, or ask it to go on.",
    "content_filter": "The backend's content filter stopped it; another wording may pass.",
}


@dataclass(frozen=True, slots=True)
class Restarted:
    """The answer broke off after text was delivered, and was asked for again.

    Attributes:
        continues: the new answer starts with what was delivered, and only its rest follows. Otherwise
            what was delivered is void and the whole new answer follows.
    """

    continues: bool


CallEvent = Delta | Notice | RateLimits | Restarted


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a call is made.

    Attributes:
        provider: the configured name of the provider.
        live: hand out deltas as they come. Without it nothing counts as delivered before the result.
        deadlines: how long the backend may take.
        recovery: the limits of recovery.
        max_frame_bytes: the longest SSE frame or JSON body.
        tool_ran: a tool ran in this call, so nothing may be asked twice.
        secrets: what is taken out of errors before anybody sees them.
        memory: what is known of the endpoint, kept by the caller for the session.
        clock: the time.
    """

    provider: str = "custom"
    live: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)
    recovery: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    tool_ran: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    memory: EndpointMemory = field(default_factory=EndpointMemory)
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
        on_event: takes notices, rate limits and, with ``options.live``, deltas.

    Raises:
        CallError: there is no usable answer; its message says why.
        CallInterrupted: the user stopped the call.
    """
    return _run_codex_stream(client, request, plugins, options, on_event)


def _run_codex_stream(
    client: Any,
    request: Mapping[str, Any],
    plugins: PluginManager | None = None,
    options: CallOptions | None = None,
    on_event: Callable[[CallEvent], None] | None = None,
) -> ResponseResult:
    """The core: streams, dispatches through the plugin manager, and follows the recovery table."""
    if plugins is None:
        plugins = PluginManager(["lenient"])
    return _Call(client, Request(request, stream=True), plugins, options or CallOptions(), on_event).run()


class _Call:
    """The state of one call."""

    def __init__(
        self,
        client: Any,
        request: Request,
        plugins: PluginManager,
        options: CallOptions,
        on_event: Callable[[CallEvent], None] | None,
    ) -> None:
        self._request = request
        self._plugins = plugins
        self._options = options
        self._clock = options.clock
        self._memory = options.memory
        self._redactor = Redactor(options.secrets)
        self._started = self._clock.monotonic()
        self._attempts: list[Attempt] = []
        self._verdicts: list[Verdict] = []
        self._best = BestAnswer()
        self._used: frozenset[str] = frozenset()
        self._waited = 0.0
        self._caller = _Caller(on_event, live=options.live)
        self._dispatch = plugins.begin_call(
            provider=options.provider,
            model=str(request.get("model", "")),
            memory=options.memory,
            on_report=self._report,
        )
        self._runner = AttemptRunner(
            client=client,
            dispatch=self._dispatch,
            redactor=self._redactor,
            max_frame_bytes=options.max_frame_bytes,
            on_notice=self._report,
            now=self._clock.now,
        )

    def run(self) -> ResponseResult:
        try:
            return self._answered()
        except KeyboardInterrupt:
            raise CallInterrupted("Interrupted.", attempts=self._attempts) from None

    def _answered(self) -> ResponseResult:
        plan = self._first_plan()
        while True:
            outcome = self._attempt(plan)
            if outcome.failure is None:
                if not plan.request.streams:
                    self._memory.learn(EndpointFact.NON_STREAM_WORKS)
                return self._ended(outcome.answer)
            verdict = self._classify(outcome.failure)
            self._best.offer(outcome.answer, verdict, delivered=self._caller.has_text)
            step = self._next_step(plan, verdict)
            if isinstance(step, Stop):
                return self._make_do()
            plan = self._plan_for(step, plan, verdict, outcome.failure)

    # One attempt after the other.

    def _first_plan(self) -> Plan:
        """What the endpoint taught before makes the first request right."""
        if self._memory.knows(EndpointFact.BREAKS_ORDER):
            if self._memory.knows(EndpointFact.STREAM_REQUIRED):
                return Plan(self._request, tolerate_prelude=True)
            if self._memory.knows(EndpointFact.NON_STREAM_WORKS):
                return Plan(self._request.without("stream", "stream_options"))
        return Plan(self._request)

    def _attempt(self, plan: Plan) -> AttemptOutcome:
        number = len(self._attempts) + 1
        streaming = plan.request.streams
        began = self._clock.monotonic()
        delivered = Delivered(self._caller.characters)
        self._dispatch.begin_attempt(number, streaming=streaming, delivered=delivered)
        left = self._time_left()
        with Watchdog(self._options.deadlines, total_left=left, streaming=streaming) as watchdog:
            outcome = self._runner.run(plan, watchdog, self._caller.on_delta)
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
        return outcome

    def _time_left(self) -> float | None:
        """Seconds that are left of the whole call; None for no limit."""
        total = self._options.deadlines.total
        return None if total is None else max(0.0, total - (self._clock.monotonic() - self._started))

    def _classify(self, failure: Failure) -> Verdict:
        self._dispatch.note_delivered(Delivered(self._caller.characters))
        verdict = self._dispatch.classify(failure)
        if verdict is None:
            verdict = Verdict(VerdictKind.PROTOCOL, message=failure.message or "The call failed.")
        # An adapter may have decoded what hid a secret.
        clean = self._redactor.text
        verdict = replace(
            verdict, message=clean(verdict.message), hint=clean(verdict.hint), code=clean(verdict.code)
        )
        self._verdicts.append(verdict)
        self._attempts[-1] = replace(self._attempts[-1], verdict=str(verdict.kind), reason=verdict.message)
        if verdict.kind is VerdictKind.ORDER_MISMATCH:
            self._memory.learn(EndpointFact.BREAKS_ORDER)
        elif verdict.kind is VerdictKind.STREAM_REQUIRED:
            self._memory.learn(EndpointFact.STREAM_REQUIRED)
        return verdict

    def _next_step(self, plan: Plan, verdict: Verdict) -> Step:
        best = self._best.answer
        return decide(
            verdict,
            self._options.recovery,
            attempts=len(self._attempts),
            waited=self._waited,
            delivered=self._caller.has_text,
            whole=best is not None and best.open_items == 0,
            tool_ran=self._options.tool_ran,
            now=self._clock.now(),
            time_left=self._time_left(),
            fallback=lambda: self._dispatch.fallback(plan.request, verdict, self._used),
        )

    def _plan_for(self, step: Retry | Fallback, plan: Plan, verdict: Verdict, failure: Failure) -> Plan:
        what = self._what_happened(verdict)
        self._caller.begin_anew()
        if isinstance(step, Retry):
            self._wait(step.delay, what)
            return replace(plan, request=_with_fresh_session(plan.request), strategy="retry")
        self._used |= {step.strategy}
        way = "as a stream" if step.request.streams else "without streaming"
        self._report(Notice(step.notice or f"{what} Asking again {way}.", kind="fallback"))
        if verdict.kind is VerdictKind.ORDER_MISMATCH:
            hint = self._plugins.adapter_hint(failure.event.type if failure.event else "", failure.headers)
            if hint:
                self._report(Notice(hint, kind="hint"))
        return Plan(_with_fresh_session(step.request), step.strategy, step.tolerate_prelude)

    def _what_happened(self, verdict: Verdict) -> str:
        """The verdict's sentence, unless the user has just read it."""
        before = [earlier.message for earlier in self._verdicts[-2:-1]]
        return "The same again." if before == [verdict.message] else verdict.message

    def _wait(self, delay: float, what: str) -> None:
        when = f" in {ceil(delay)} s" if delay >= 1 else ""
        self._report(Notice(f"{what} Retrying{when}.", kind="retry"))
        self._waited += delay
        self._clock.sleep(delay)

    # The end.

    def _ended(self, answer: Answer) -> ResponseResult:
        """The backend ended the answer itself: completed, or incomplete and said so."""
        if answer.status == "completed":
            self._caller.hand_out_restarted(answer)
            if self._caller.was_told_otherwise(answer):
                text = "The backend revised its answer after it was shown; the final text differs."
                self._report(Notice(text, kind="revised"))
            return self._completed(answer)
        word = answer.incomplete_reason or "no reason given"
        reason = f"The backend ended the answer early ({self._redactor.text(word)[:_LONGEST_WORD]})."
        hint = _HINT_OF_INCOMPLETE.get(word, "")
        self._attempts[-1] = replace(self._attempts[-1], reason=reason)
        if not answer.is_usable:
            if self._best.answer is not None:
                return self._make_do()
            raise CallError(reason, hint=hint, attempts=self._attempts)
        self._caller.hand_out_restarted(answer)
        return self._result(answer, ResultStatus.PARTIAL, reason=reason, hint=hint)

    def _completed(self, answer: Answer) -> ResponseResult:
        """A complete answer, unless all that it holds is a call that cannot be run."""
        result = self._result(answer, ResultStatus.COMPLETE)
        runnable = {call.call_id for call in result.tool_calls}
        calls = [item.function_call for item in answer.items if item.function_call is not None]
        broken = [call.name for call in calls if call.call_id not in runnable]
        if not broken:
            return result
        name = self._redactor.text(broken[0])[:_LONGEST_WORD]
        reason = f"The arguments of the call of `{name}` are damaged, so it is not run."
        if result.text or result.refusal or runnable:
            self._report(Notice(reason, kind="tool"))
            return self._result(answer, ResultStatus.COMPLETE)
        self._attempts[-1] = replace(self._attempts[-1], reason=reason)
        return self._result(answer, ResultStatus.PARTIAL, reason=reason)

    def _make_do(self) -> ResponseResult:
        """No attempt completed: the best of them is the answer, or there is none."""
        best = self._best
        if best.answer is None or best.verdict is None:
            main = main_verdict(self._verdicts)
            raise CallError(main.message, hint=main.hint, verdict=main, attempts=self._attempts)
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
            rate_limits=self._caller.rate_limits,
            notices=tuple(self._caller.notices),
            attempts=tuple(self._attempts),
            **more,
        )

    def _report(self, item: RateLimits | Notice) -> None:
        if isinstance(item, Notice):
            item = replace(item, text=self._redactor.text(item.text))
        self._caller.report(item)


class _Caller:
    """What the caller is given, and a memory of it."""

    def __init__(self, on_event: Callable[[CallEvent], None] | None, *, live: bool) -> None:
        self.notices: list[Notice] = []
        self.characters = 0
        self._on_event = on_event
        self._live = live
        self._limits: dict[str, RateLimits] = {}
        self._delivered = {"text": StringIO(), "refusal": StringIO()}
        self._restarting = False
        self._handed_out = False

    @property
    def has_text(self) -> bool:
        """Whether text was delivered."""
        return self.characters > 0

    @property
    def rate_limits(self) -> tuple[RateLimits, ...]:
        """The latest limits of each family, the account's main ones first."""
        return tuple(self._limits[name] for name in sorted(self._limits))

    @property
    def on_delta(self) -> Callable[[Delta], None] | None:
        """Where the deltas of an attempt go. A restarted answer is handed out when it is whole."""
        if not self._live or self._on_event is None or self._restarting:
            return None
        return self._deliver

    def report(self, item: RateLimits | Notice) -> None:
        """Passes rate limits or a notice on."""
        if isinstance(item, RateLimits):
            self._limits[item.limit_name] = item
        else:
            self.notices.append(item)
        if self._on_event is not None:
            self._on_event(item)

    def begin_anew(self) -> None:
        """From here on the answer is another one than what was delivered.

        Delivered text is compared with the new answer once that is whole; reasoning and arguments just
        begin anew, and the caller is told so before they do.
        """
        self._restarting = self._restarting or self.has_text
        if self._handed_out and not self._restarting and self._on_event is not None:
            self._on_event(Restarted(continues=False))
        self._handed_out = False

    def was_told_otherwise(self, answer: Answer) -> bool:
        """Whether what was delivered live is not what the backend says in the end."""
        return self.has_text and not self._restarting and self._delivered["text"].getvalue() != answer.text

    def hand_out_restarted(self, answer: Answer) -> None:
        """Hands out a restarted answer: its rest where it continues what was delivered, else all of it."""
        if not self._restarting or self._on_event is None:
            return
        told = {"text": answer.text, "refusal": "".join(item.refusal for item in answer.items)}
        delivered = {kind: texts.getvalue() for kind, texts in self._delivered.items()}
        continues = all(text.startswith(delivered[kind]) for kind, text in told.items())
        self._on_event(Restarted(continues))
        for kind, text in told.items():
            rest = text[len(delivered[kind]) :] if continues else text
            if rest:
                self._on_event(Delta(kind, rest))

    def _deliver(self, delta: Delta) -> None:
        delivered = self._delivered.get(delta.kind)
        self._handed_out = True
        if delivered is not None:
            self.characters += len(delta.text)
            delivered.write(delta.text)
        if self._on_event is not None:
            self._on_event(delta)


def _with_fresh_session(request: Request) -> Request:
    """Another session key, because a gateway may give an abandoned answer's rest to its session's next one.

    https://github.com/Soju06/codex-lb/pull/696
    """
    if "prompt_cache_key" not in request:
        return request
    return request.replacing(prompt_cache_key=uuid.uuid4().hex)
