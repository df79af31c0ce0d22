"""codex-lb, an open-source load balancer for Codex accounts, in its releases up to 1.17 and after."""

from __future__ import annotations

from typing import Final

from hermes.testing.frames import DONE, Json, comment, data, event, frame, frames
from hermes.testing.outcomes import (
    FELL_BACK,
    ONCE,
    RETRIED,
    RETRIED_THEN_FELL_BACK,
    RETRIED_TWICE,
    complete,
    failed,
    partial,
    with_codex_lb,
)
from hermes.testing.replies import event_stream, http_error, json_answer
from hermes.testing.scenario import Control, Reply, Scenario
from hermes.testing.scenarios.common import (
    CODEX_HEADERS,
    GOOD,
    HALF_WAY,
    HELLO,
    HELLO_ITEM,
    LIST_FILES,
    ONLY_CREATED,
    rate_limits_event,
)
from hermes.testing.wire import (
    completed,
    created,
    function_call_item,
    good_events,
    good_stream,
    item_done,
    message_events,
    message_item,
    response_object,
    text_delta,
    tool_stream,
    usage,
    without,
)
from hermes.testing.wire import (
    failed as failed_event,
)

__all__ = ["SCENARIOS"]

_INCOMPLETE: Final = "Upstream stream ended before response.completed"
_CLOSED: Final = "Upstream websocket closed before response.completed"
_BEAT: Final = event("codex.keepalive")


def _answer(*output: Json) -> Reply:
    """The answer to a request without ``stream``: rate-limit headers, and no field that is null."""
    present = {name: value for name, value in response_object(*output).items() if value is not None}
    return json_answer(present, headers=CODEX_HEADERS)


def _before_1_18() -> list[Scenario]:
    limits = data(rate_limits_event())
    return [
        Scenario(
            "codex-lb-prelude",
            4,
            "codex-lb 1.17: rate limits come before response.created, the other mode works",
            (event_stream(limits, *good_stream(), headers=CODEX_HEADERS),),
            (_answer(HELLO_ITEM),),
            complete(FELL_BACK),
            expected_with=with_codex_lb(complete(ONCE)),
        ),
        Scenario(
            "clb-old-prelude",
            4,
            "codex-lb 1.17: rate limits come before a function call",
            (event_stream(comment("keepalive"), limits, *tool_stream(), headers=CODEX_HEADERS),),
            (_answer(function_call_item()),),
            complete(FELL_BACK, text="", tool_calls=(LIST_FILES,)),
            expected_with=with_codex_lb(complete(ONCE, text="", tool_calls=(LIST_FILES,))),
        ),
    ]


def _native() -> list[Scenario]:
    """The route of the Codex clients: it streams whatever was asked for."""
    waiting = event(
        "codex.keepalive",
        status="waiting_for_account_capacity",
        request_id="req_1",
        waited_seconds=12,
        reason="all accounts are busy",
        retry_after_seconds=5,
    )
    limits = data(
        {
            "type": "codex.rate_limits",
            "plan_type": "pro",
            "rate_limits": {"allowed": True, "limit_reached": False},
        }
    )
    body = frames([*good_events()[:-1], completed()])
    native = event_stream(_BEAT, limits, *body, DONE)
    crowded = event_stream(_BEAT, waiting, waiting, *body, DONE)
    return [
        Scenario(
            "clb-native-first-frame-keepalive",
            44,
            "the native route: a keepalive and rate limits come first, whatever mode was asked for",
            (native,),
            (native,),
            complete(FELL_BACK),
            expected_with=with_codex_lb(complete(ONCE)),
        ),
        Scenario(
            "clb-capacity-wait-native",
            44,
            "the native route waits for a free account and says so before response.created",
            (crowded,),
            (crowded,),
            complete(FELL_BACK),
            expected_with=with_codex_lb(complete(ONCE), rate_limits=False, says=("waiting",)),
        ),
    ]


def _streams() -> list[Scenario]:
    good = good_stream()
    idle = event("response.in_progress", response={"id": "resp_1", "status": "in_progress"})
    broken = {"message": "bad schema", "type": "invalid_request_error", "code": "invalid_request_error"}
    spelled = {**completed(HELLO_ITEM), "type": "response.done"}
    truncated = frames([failed_event("stream_incomplete", _INCOMPLETE, id="resp_stream_incomplete")])
    rebuilt = message_events(item_id="msg_resp_1_precreated")
    synthetic = without(text_delta("Hello"), "logprobs")
    return [
        Scenario(
            "clb-v1-idle-in-progress",
            43,
            "partial response.in_progress events and comments fill a silence",
            (event_stream(*good[:2], idle, comment("keepalive"), idle, *good[2:5], idle, *good[5:]),),
            (_answer(HELLO_ITEM),),
        ),
        Scenario(
            "clb-v1-failed-midstream",
            1,
            "the upstream breaks off half-way, told by a failed response; the next stream is good",
            (event_stream(*HALF_WAY, *truncated), GOOD),
            (HELLO,),
            complete(RETRIED),
            partial("Hel", "truncated"),
        ),
        Scenario(
            "clb-v1-failed-midstream/always",
            1,
            "the upstream breaks off half-way every time, told by a failed response",
            (event_stream(*HALF_WAY, *truncated),),
            (http_error(502, _CLOSED, type="server_error", code="stream_incomplete"),),
            partial("Hel", "truncated", RETRIED_THEN_FELL_BACK),
            partial("Hel", "truncated"),
            with_codex_lb(partial("Hel", "truncated", RETRIED_TWICE), rate_limits=False),
        ),
        Scenario(
            "clb-synthetic-created+failed",
            32,
            "an invented response.created that holds the error, then the failed response",
            (
                event_stream(
                    event(
                        "response.created",
                        sequence_number=-1,
                        response={"object": "response", "status": "in_progress", "error": broken},
                    ),
                    event(
                        "response.failed",
                        sequence_number=0,
                        response={"object": "response", "status": "failed", "error": broken},
                    ),
                ),
            ),
            (json_answer({"error": broken}, status=400),),
            failed("bad_request", says=("bad schema",)),
        ),
        Scenario(
            "clb-response-done-then-fake-failed",
            30,
            "response.done ends the answer, and an invented failure follows",
            (event_stream(*frames([*good_events()[:-1], spelled]), *truncated),),
            (_answer(HELLO_ITEM),),
        ),
        Scenario(
            "clb-items-before-created-lost",
            3,
            "the items came before response.created and were dropped: completed, billed and empty",
            (event_stream(*frames([created(), completed(usage=usage(2, 3))])),),
            (_answer(HELLO_ITEM),),
            complete(FELL_BACK),
            expected_with=with_codex_lb(complete(FELL_BACK)),
        ),
        Scenario(
            "clb-precreated-text-rebuilt",
            3,
            "text that came before response.created is sent as an invented message",
            (event_stream(*frames([created(), *rebuilt, completed()])),),
            (_answer(message_item(item_id="msg_resp_1_precreated")),),
        ),
        Scenario(
            "clb-synthetic-delta-before-completed",
            71,
            "an invented delta without an item comes just before the end",
            (
                event_stream(
                    *frames([created()]),
                    frame(synthetic),
                    *frames([item_done(HELLO_ITEM), completed(HELLO_ITEM)]),
                ),
            ),
            (_answer(HELLO_ITEM),),
        ),
        Scenario(
            "clb-recovery-comments-forever",
            23,
            "comments tell of a recovery that never ends",
            (event_stream(*(comment("codex-lb recovery in progress"),) * 3, Control.KEEPALIVES),),
            (HELLO,),
            failed("timeout", RETRIED_TWICE),
            deadlines={"first_event": 0.3},
        ),
    ]


def _startup() -> list[Scenario]:
    overloaded = http_error(
        429,
        "codex-lb is temporarily overloaded during response creation",
        type="rate_limit_error",
        code="proxy_overloaded",
        headers=(("Retry-After", "5"),),
    )
    masked = http_error(502, _CLOSED, type="server_error", code="stream_incomplete")
    crowded = http_error(
        503,
        "No available accounts. Service is operating in degraded mode.",
        type="server_error",
        code="no_accounts",
    )
    return [
        Scenario(
            "clb-startup-429-overload",
            116,
            "codex-lb itself is overloaded once",
            (overloaded, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            "clb-startup-502-masked-prev-id",
            100,
            "an error of the upstream is masked as a broken connection once",
            (masked, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            "clb-startup-503-no-accounts",
            119,
            "no account is free once",
            (crowded, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            "clb-nonstream-exclude-none",
            1,
            "a stream ends early, and the other mode leaves out what is null",
            (event_stream(*ONLY_CREATED, headers=CODEX_HEADERS),),
            (_answer(HELLO_ITEM),),
            complete(FELL_BACK),
            expected_with=with_codex_lb(complete(FELL_BACK)),
        ),
    ]


SCENARIOS: Final = (*_before_1_18(), *_native(), *_streams(), *_startup())
