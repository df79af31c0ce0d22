"""Streams that end before their terminal event, cleanly or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hermes.testing.frames import DONE, frames
from hermes.testing.outcomes import (
    FELL_BACK,
    ONCE,
    REFUSED_FALLBACK,
    RETRIED,
    RETRIED_THEN_FELL_BACK,
    RETRIED_TWICE,
    complete,
    failed,
    partial,
    unconfirmed,
    with_codex_lb,
)
from hermes.testing.replies import event_stream, http_error, json_answer
from hermes.testing.scenario import Control, Expected, Reply, Scenario, Step
from hermes.testing.scenarios.common import (
    GOOD,
    HALF_WAY,
    HELLO,
    LIST_FILES,
    LIST_FILES_JSON,
    NO_TERMINAL,
    ONLY_CREATED,
    STREAM_REQUIRED,
    rate_limits_event,
)
from hermes.testing.wire import (
    created,
    function_call_events,
    good_stream,
    in_progress,
    message_events,
    reasoning_events,
    up_to,
)

__all__ = ["SCENARIOS"]

_TRUNCATED_HALF: Final = partial("Hel", "truncated")
_TRUNCATED_END: Final = unconfirmed("Hello", "truncated")


def _early_ends() -> list[Scenario]:
    quirk = "eof-without-terminal"

    def early(
        name: str,
        summary: str,
        *steps: Step,
        live: Expected | None = None,
        expected: Expected | None = None,
        non_stream: Reply = HELLO,
    ) -> Scenario:
        return Scenario(
            f"{quirk}/{name}",
            1,
            summary,
            (event_stream(*steps),),
            (non_stream,),
            expected or complete(FELL_BACK),
            live,
        )

    reasoning = up_to(reasoning_events(), "response.reasoning_summary_text.delta")
    open_call = up_to(function_call_events(), "response.function_call_arguments.delta")
    closed_call = function_call_events(output_index=1)
    tool = complete(FELL_BACK, text="", tool_calls=(LIST_FILES,))
    return [
        early("empty", "a stream without a byte"),
        early("after-created", "the stream ends after response.created", *ONLY_CREATED),
        early("mid-text", "the stream ends half-way", *HALF_WAY, live=_TRUNCATED_HALF),
        early("done-only", "[DONE] instead of a terminal event", *HALF_WAY, DONE, live=_TRUNCATED_HALF),
        early(
            "all-items-done",
            "every item is done, the terminal event is missing",
            *NO_TERMINAL,
            live=_TRUNCATED_END,
        ),
        early(
            "all-items-done-then-done",
            "every item is done, and [DONE] stands for the terminal event",
            *NO_TERMINAL,
            DONE,
            live=_TRUNCATED_END,
        ),
        early(
            "reasoning-only",
            "the stream ends while the model reasons",
            *frames([created(), *reasoning]),
        ),
        early(
            "open-tool-call",
            "the stream ends within the arguments of a function call",
            *frames([created(), *open_call]),
            expected=tool,
            non_stream=LIST_FILES_JSON,
        ),
        early(
            "closed-tool-call",
            "a function call is done, the terminal event is missing",
            *frames([created(), *function_call_events()]),
            expected=tool,
            non_stream=LIST_FILES_JSON,
        ),
        early(
            "closed-tool-call-everywhere",
            "text and a function call are done, and no answer ever has a terminal event",
            *frames([created(), in_progress(), *message_events(), *closed_call]),
            expected=unconfirmed("Hello", "truncated", REFUSED_FALLBACK),
            live=_TRUNCATED_END,
            non_stream=STREAM_REQUIRED,
        ),
        early(
            "nothing-anywhere",
            "streams end after response.created, the other mode is refused",
            *ONLY_CREATED,
            expected=failed("truncated", REFUSED_FALLBACK),
            non_stream=STREAM_REQUIRED,
        ),
    ]


def _stream_required() -> list[Scenario]:
    nested = http_error(400, "Stream must be set to true", type="invalid_request_error")
    demands = [
        json_answer({"detail": f"{demand}"}, status=400)
        for demand in (
            "Instructions are required",
            "Store must be set to false",
            "Stream must be set to true",
        )
    ]
    limits = frames([rate_limits_event()])
    quirk = "requires-stream-store-instructions"
    return [
        Scenario(
            f"{quirk}/three-in-a-row",
            8,
            "three demands, told one after another",
            tuple(demands),
            tuple(demands),
            failed("bad_request", says=("Instructions are required",)),
        ),
        *(
            Scenario(
                f"{quirk}/{name}",
                8,
                f"a stream ends early and the other mode is refused, told by {envelope}",
                (event_stream(*ONLY_CREATED), GOOD),
                (refusal,),
                complete(REFUSED_FALLBACK),
            )
            for name, envelope, refusal in (
                ("detail", "detail", STREAM_REQUIRED),
                ("error-object", "an error object", nested),
            )
        ),
        Scenario(
            "prelude-stream-required",
            8,
            "rate limits come before response.created and the other mode is refused",
            (event_stream(*limits, *good_stream()),),
            (STREAM_REQUIRED,),
            complete(REFUSED_FALLBACK),
            expected_with=with_codex_lb(complete(ONCE)),
        ),
        Scenario(
            "half-stream-stream-required",
            8,
            "streams end half-way and the other mode is refused",
            (event_stream(*HALF_WAY),),
            (STREAM_REQUIRED,),
            partial("Hel", "truncated", REFUSED_FALLBACK),
            _TRUNCATED_HALF,
        ),
    ]


def _cuts() -> list[Scenario]:
    quirk = "chunked-cut"
    cut = Control.CUT
    half_live = partial("Hel", "truncated")
    unanswered = event_stream(Control.BEFORE_HEADERS, cut)

    def once(name: str, summary: str, reply: Reply, live: Expected | None = None) -> Scenario:
        return Scenario(f"{quirk}/{name}-once", 91, summary, (reply, GOOD), (HELLO,), complete(RETRIED), live)

    def always(
        name: str, summary: str, reply: Reply, expected: Expected, live: Expected | None = None
    ) -> Scenario:
        every_request = replace(expected, requests=RETRIED_THEN_FELL_BACK)
        return Scenario(f"{quirk}/{name}", 91, summary, (reply,), (unanswered,), every_request, live)

    nothing = failed("truncated")
    mid_text = event_stream(*HALF_WAY, cut)
    return [
        once("no-answer", "no answer to the first attempt", unanswered),
        once("no-body", "the first attempt breaks after its headers", event_stream(cut)),
        once("after-created", "the first attempt breaks before any text", event_stream(*ONLY_CREATED, cut)),
        once("mid-text", "the first attempt breaks half-way", mid_text, half_live),
        once(
            "length",
            "the first attempt breaks before its Content-Length is reached",
            event_stream(*HALF_WAY, cut, framing="length"),
            half_live,
        ),
        # No stream has begun, so no other way to ask is tried.
        Scenario(
            f"{quirk}/no-answer",
            91,
            "no attempt is answered",
            (unanswered,),
            (unanswered,),
            failed("transport", RETRIED_TWICE, says=("without answering",)),
        ),
        always(
            "after-created", "every answer breaks before any text", event_stream(*ONLY_CREATED, cut), nothing
        ),
        always("mid-text", "every answer breaks half-way", mid_text, half_live, half_live),
        always(
            "mid-frame",
            "every answer breaks within a frame",
            event_stream(*HALF_WAY, HALF_WAY[-1][:40], cut),
            half_live,
            half_live,
        ),
        always(
            "reset",
            "every connection is reset half-way",
            event_stream(*HALF_WAY, cut, framing="close"),
            half_live,
            half_live,
        ),
        always(
            "no-terminal",
            "every answer breaks before its terminal event",
            event_stream(*NO_TERMINAL, cut),
            _TRUNCATED_END,
            _TRUNCATED_END,
        ),
        Scenario(
            f"{quirk}/streams-only",
            91,
            "every stream breaks half-way, the other mode works",
            (mid_text,),
            (HELLO,),
            complete(RETRIED_THEN_FELL_BACK),
            half_live,
        ),
        Scenario(
            f"{quirk}/after-terminal",
            91,
            "the connection breaks after the terminal event",
            (event_stream(*good_stream(), cut),),
            (HELLO,),
        ),
    ]


SCENARIOS: Final = (*_early_ends(), *_stream_required(), *_cuts())
