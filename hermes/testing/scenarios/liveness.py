"""Signs of life without content, and silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hermes.testing.frames import comment, event, frames
from hermes.testing.frames import data as data_only
from hermes.testing.outcomes import (
    FELL_BACK,
    RETRIED,
    RETRIED_TWICE,
    complete,
    failed,
    partial,
    unconfirmed,
    with_codex_lb,
)
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control, Expected, Reply, Scenario
from hermes.testing.scenarios.common import (
    GOOD,
    HALF_WAY,
    HELLO,
    NO_TERMINAL,
    ONLY_CREATED,
    rate_limits_event,
    tolerated,
)
from hermes.testing.wire import good_events, good_stream

__all__ = ["SCENARIOS"]


def _keepalives() -> list[Scenario]:
    quirk = "keepalive-json-event"
    good = good_stream()
    beats = {
        "keepalive": event("keepalive", sequence_number=186),
        "ping": event("ping", cost="0"),
        "response.keep_alive": event("response.keep_alive", sequence_number=187),
    }
    return [
        *(
            tolerated(f"{quirk}/{name}-before-created", 22, f"{name} comes first", beat, *good)
            for name, beat in beats.items()
        ),
        tolerated(
            f"{quirk}/mid-stream",
            22,
            "keepalive events come between deltas",
            *good[:5],
            *beats.values(),
            *good[5:],
        ),
        tolerated(
            f"{quirk}/numbers",
            22,
            "keepalive events take numbers of the sequence, which has gaps without them",
            *(
                piece
                for place, sent in enumerate(good_events())
                for piece in frames(
                    [
                        {**sent, "sequence_number": 3 * place},
                        {"type": "keepalive", "sequence_number": 3 * place + 1},
                    ]
                )
            ),
        ),
        tolerated(
            f"{quirk}/data-only",
            22,
            "keepalives come as data without an event field",
            data_only({"type": "keepalive", "sequence_number": 1}),
            *good[:5],
            data_only({"type": "ping", "cost": "0"}),
            *good[5:],
        ),
        tolerated(
            "comment-only-keepalive/before-created",
            23,
            "comments come before the first event",
            comment("keepalive"),
            comment("ping"),
            comment("codex-lb recovery in progress"),
            *good,
        ),
        tolerated(
            "comment-only-keepalive/mid-stream",
            23,
            "comments come between events",
            *(piece for sent in good for piece in (comment("keepalive"), sent)),
        ),
    ]


def _vendor_events() -> list[Scenario]:
    good = good_stream()
    vendor = {
        "rate-limits": rate_limits_event(),
        "metadata": {"type": "codex.response.metadata", "metadata": {"turn": "1"}},
        "timing": {"type": "responsesapi.websocket_timing", "timing_metrics": {"first_token_ms": 12}},
        "keepalive": {"type": "codex.keepalive", "status": "pending_response_created", "request_id": "req_1"},
    }
    return [
        Scenario(
            f"vendor-events-mid-stream/{name}",
            44,
            f"{value['type']} comes between deltas",
            (event_stream(*good[:5], *frames([value]), *good[5:]),),
            (HELLO,),
            expected_with=with_codex_lb(complete()) if name == "rate-limits" else {},
        )
        for name, value in vendor.items()
    ]


def _silence() -> list[Scenario]:
    good = good_stream()
    quickly = 0.3
    # Where something must come before the silence, also on a machine that is busy.
    patiently = 1.0

    def silent(
        id: str,  # noqa: A002  # the field's name
        quirk: int,
        summary: str,
        reply: Reply,
        deadline: str,
        expected: Expected,
        *,
        live: Expected | None = None,
        then: tuple[Reply, ...] = (),
        non_stream: Reply = HELLO,
        seconds: float = quickly,
    ) -> Scenario:
        deadlines = {deadline: seconds}
        streams = (reply, *then)
        return Scenario(id, quirk, summary, streams, (non_stream,), expected, live, deadlines=deadlines)

    gave_up = failed("timeout", RETRIED_TWICE)
    refused = "may silently refuse this model for this account"
    return [
        silent(
            "ttfb-silent-hang/no-headers",
            24,
            "the backend takes the request and never answers",
            event_stream(Control.BEFORE_HEADERS),
            "first_event",
            replace(gave_up, says=("no answer headers", "first_event_timeout_seconds", refused)),
        ),
        silent(
            "ttfb-silent-hang/no-headers-in-time",
            24,
            "the backend never answers, and headers have a deadline of their own",
            event_stream(Control.BEFORE_HEADERS),
            "headers",
            replace(gave_up, says=("no answer headers", "headers_timeout_seconds", refused)),
        ),
        silent(
            "ttfb-silent-hang/no-bytes",
            24,
            "headers come and nothing else",
            event_stream(Control.HOLD),
            "first_event",
            replace(gave_up, says=("answer headers, but no first event", refused)),
        ),
        silent(
            "ttfb-silent-hang/length",
            24,
            "headers come with a length, and none of the bytes that they promise",
            event_stream(Control.HOLD, framing="length"),
            "first_event",
            replace(gave_up, says=(refused,)),
        ),
        silent(
            "ttfb-silent-hang/non-stream",
            24,
            "the stream lacks its end, and the non-streamed request is never answered",
            event_stream(*NO_TERMINAL),
            "total",
            unconfirmed("Hello", "truncated", FELL_BACK),
            live=unconfirmed("Hello", "truncated"),
            non_stream=event_stream(Control.BEFORE_HEADERS),
            seconds=patiently,
        ),
        silent(
            "keepalive-json-event/no-event",
            22,
            "keepalive events come, and then nothing",
            event_stream(*[event("keepalive", sequence_number=number) for number in range(5)], Control.HOLD),
            "first_event",
            replace(gave_up, says=("only keepalives",), never=(refused,)),
        ),
        silent(
            "keepalive-json-event/mid-text-and-silence",
            22,
            "keepalive events come after half the text, and then nothing",
            event_stream(*HALF_WAY, event("response.keep_alive"), event("ping", cost="0"), Control.HOLD),
            "idle_events",
            partial("Hel", "timeout", RETRIED_TWICE),
            live=partial("Hel", "timeout"),
            seconds=patiently,
        ),
        silent(
            "ttfb-silent-hang/once",
            24,
            "the first attempt is silent, the second one is good",
            event_stream(Control.HOLD),
            "first_event",
            complete(RETRIED),
            then=(GOOD,),
            seconds=patiently,
        ),
        silent(
            "ttfb-silent-hang/mid-text",
            24,
            "every stream falls silent half-way",
            event_stream(*HALF_WAY, Control.HOLD),
            "idle_bytes",
            partial("Hel", "timeout", RETRIED_TWICE),
            live=partial("Hel", "timeout"),
            seconds=patiently,
        ),
        silent(
            "ttfb-silent-hang/no-terminal",
            24,
            "every stream falls silent before its terminal event",
            event_stream(*NO_TERMINAL, Control.HOLD),
            "idle_bytes",
            unconfirmed("Hello", "timeout", RETRIED_TWICE),
            live=unconfirmed("Hello", "timeout"),
            seconds=patiently,
        ),
        silent(
            "comment-only-keepalive/no-event",
            23,
            "comments come for ever and no event",
            event_stream(Control.KEEPALIVES),
            "first_event",
            replace(gave_up, says=("only keepalives",), never=(refused,)),
        ),
        silent(
            "comment-only-keepalive/after-created",
            23,
            "comments come for ever after response.created",
            event_stream(*ONLY_CREATED, Control.KEEPALIVES),
            "idle_events",
            gave_up,
        ),
        silent(
            "comment-only-keepalive/mid-text",
            23,
            "comments come for ever after half the text",
            event_stream(*HALF_WAY, Control.KEEPALIVES),
            "idle_events",
            partial("Hel", "timeout", RETRIED_TWICE),
            live=partial("Hel", "timeout"),
            seconds=patiently,
        ),
        silent(
            "comment-only-keepalive/whole-call",
            23,
            "comments come until the time for the whole call is over",
            event_stream(*ONLY_CREATED, Control.KEEPALIVES),
            "total",
            failed("timeout"),
        ),
        Scenario(
            "comment-only-keepalive/once",
            23,
            "the first attempt sends comments for ever, the second one is good",
            (event_stream(*good[:2], Control.KEEPALIVES), GOOD),
            (HELLO,),
            complete(RETRIED),
            deadlines={"idle_events": patiently},
        ),
    ]


def _buffered() -> list[Scenario]:
    """A proxy collects the answer, and hands it on when it is whole."""
    quirk = "proxy-buffers-sse"
    whole = b"".join(good_stream())
    shapes: dict[str, tuple[str, Reply]] = {
        "at-once": ("the whole stream comes as one chunk", event_stream(whole)),
        "length": ("the stream comes with its length", event_stream(whole, framing="length")),
        "closed": ("the stream comes at once, and the connection ends", event_stream(whole, framing="close")),
        "after-comments": (
            "comments of the proxy come, and then the whole stream at once",
            event_stream(comment("ping"), comment("ping"), whole),
        ),
        "kept-open": (
            "the stream comes at once, and the connection stays open",
            event_stream(whole, Control.HOLD),
        ),
        "two-halves": (
            "the stream comes in two buffers, cut within a frame",
            event_stream(whole[: len(whole) // 2], whole[len(whole) // 2 :]),
        ),
    }
    return [
        Scenario(f"{quirk}/{name}", 94, summary, (reply,), (HELLO,))
        for name, (summary, reply) in shapes.items()
    ]


SCENARIOS: Final = (*_keepalives(), *_vendor_events(), *_silence(), *_buffered())
