"""The life of a response: how it begins and how it ends."""

from __future__ import annotations

from typing import Final

from hermes.testing.frames import DONE, Json, data, event, frame, frames
from hermes.testing.outcomes import FELL_BACK, ONCE, complete, failed, partial
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Control, Expected, Reply, Scenario
from hermes.testing.scenarios.common import (
    GOOD,
    HELLO,
    HELLO_ITEM,
    LIST_FILES_JSON,
    TOOL_RUNS,
    rate_limits_event,
    tolerated,
)
from hermes.testing.wire import (
    arguments_delta,
    completed,
    created,
    function_call_events,
    function_call_item,
    good_events,
    good_stream,
    in_progress,
    incomplete,
    item_added,
    message_events,
    message_item,
    response_object,
    text_delta,
    up_to,
    usage,
    without,
)
from hermes.testing.wire import failed as failed_event

__all__ = ["SCENARIOS"]

_PIECES: Final = [text_delta("Hel"), text_delta("lo")]
_ENDED: Final = completed(HELLO_ITEM)
_EMPTY: Final[Reply] = json_answer(response_object(usage=usage(2, 18)))


def _ended_with(terminal: Json) -> tuple[bytes, ...]:
    return frames([*good_events()[:-1], terminal])


def _preludes() -> list[Scenario]:
    limits = rate_limits_event()
    fallback = complete(FELL_BACK)
    tolerated = complete(ONCE, rate_limits=True)

    def prelude(
        name: str, quirk: int, summary: str, first: bytes, with_plugin: Expected | None = None
    ) -> Scenario:
        return Scenario(
            name,
            quirk,
            summary,
            (event_stream(first, *good_stream()),),
            (HELLO,),
            fallback,
            expected_with={"codex_lb": with_plugin} if with_plugin else {},
        )

    quirk = "prelude-event-before-created"
    return [
        prelude(f"{quirk}/named", 4, "codex.rate_limits comes first", frame(limits), tolerated),
        prelude(f"{quirk}/data-only", 4, "codex.rate_limits without event: line", data(limits), tolerated),
        prelude(
            f"{quirk}/with-response",
            4,
            "codex.rate_limits that carries a response id of its own",
            frame({**limits, "response": {"id": "resp_0"}}),
            tolerated,
        ),
        prelude(
            f"{quirk}/keepalive",
            4,
            "codex.keepalive comes first",
            event("codex.keepalive"),
            complete(ONCE),
        ),
        prelude(f"{quirk}/unknown", 4, "an event that no adapter knows comes first", event("acme.hello")),
        prelude(
            "rate-limits-limit-reached-true-but-serving",
            45,
            "the prelude says that the limit is reached, and the answer comes all the same",
            frame(rate_limits_event(limit_reached=True)),
            tolerated,
        ),
    ]


def _created_missing() -> list[Scenario]:
    quirk = "created-missing"
    return [
        tolerated(
            f"{quirk}/in-progress-first",
            5,
            "the stream starts with response.in_progress",
            *frames(good_events()[1:]),
        ),
        tolerated(
            f"{quirk}/delta-first",
            5,
            "the stream starts with a text delta",
            *frames(good_events()[4:]),
        ),
        tolerated(
            f"{quirk}/deltas-and-completed",
            5,
            "the stream is deltas, the terminal event and [DONE]",
            *frames([*_PIECES, _ENDED]),
            DONE,
        ),
        tolerated(
            f"{quirk}/completed-only",
            5,
            "the stream is its terminal event",
            *frames([_ENDED]),
        ),
    ]


def _terminal_output() -> list[Scenario]:
    bare = _ENDED["response"]
    tools = [created(), in_progress(), *function_call_events()]
    tools_end = completed(output=None)
    nothing = event_stream(*frames([created(), in_progress(), completed(usage=usage(2, 18))]))
    return [
        tolerated(
            "terminal-output-null/null",
            2,
            "the terminal event says output: null",
            *_ended_with(completed(output=None)),
        ),
        tolerated(
            "terminal-output-null/missing",
            2,
            "the terminal event has no output",
            *_ended_with({**_ENDED, "response": without(bare, "output")}),
        ),
        tolerated(
            "terminal-output-null/tool-call",
            2,
            "a function call, and the terminal event says output: null",
            *frames([*tools, tools_end]),
            expected=TOOL_RUNS,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            "terminal-output-empty-list/items",
            3,
            "the items were streamed, the terminal event lists none",
            *_ended_with(completed(output_text="")),
        ),
        tolerated(
            "terminal-output-empty-list/tool-call",
            3,
            "a function call was streamed, the terminal event lists none",
            *frames([*tools, completed()]),
            expected=TOOL_RUNS,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            "terminal-output-empty-list/deltas-only",
            3,
            "only deltas were streamed, the terminal event lists no items",
            *frames([created(), *_PIECES, completed()]),
        ),
        Scenario(
            "terminal-output-empty-list/nothing-streamed",
            3,
            "completed and billed, but the stream holds no output",
            (nothing,),
            (HELLO,),
            complete(FELL_BACK),
        ),
        Scenario(
            "terminal-output-empty-list/nothing-anywhere",
            3,
            "completed and billed, but neither mode holds output",
            (nothing,),
            (_EMPTY,),
            failed("protocol", FELL_BACK),
        ),
        Scenario(
            "terminal-output-empty-list/non-stream",
            3,
            "the stream ends early, the other mode is billed and empty, the next stream is good",
            (event_stream(*frames([created()])), GOOD),
            (_EMPTY,),
            complete(("stream", "non_stream", "stream")),
        ),
    ]


def _terminals() -> list[Scenario]:
    spelled = {**_ENDED, "type": "response.done"}
    fake = failed_event("stream_incomplete", "Upstream stream ended before response.completed")
    refused = failed_event("invalid_request_error", "bad schema")

    def cancelled(spelling: str) -> Json:
        response = {**_ENDED["response"], "status": spelling, "output": [], "usage": None}
        return {"type": f"response.{spelling}", "response": response}

    return [
        tolerated(
            "terminal-response-done/completed", 30, "response.done ends the answer", *_ended_with(spelled)
        ),
        tolerated(
            "terminal-response-done/then-fake-failure",
            30,
            "response.done ends the answer and a gateway adds a failure",
            *frames([*good_events()[:-1], spelled, fake]),
        ),
        tolerated(
            "terminal-response-done/no-output",
            30,
            "response.done lists no items",
            *_ended_with({**completed(), "type": "response.done"}),
        ),
        tolerated(
            "terminal-response-done/failed",
            30,
            "response.done with the status failed",
            *frames([created(), {**refused, "type": "response.done"}]),
            expected=failed("bad_request", says=("bad schema",)),
        ),
        *(
            tolerated(
                f"terminal-cancelled/{spelling}",
                31,
                f"response.{spelling} before any text",
                *frames([created(), cancelled(spelling)]),
                expected=failed("cancelled"),
            )
            for spelling in ("cancelled", "canceled")
        ),
        tolerated(
            "terminal-cancelled/mid-text",
            31,
            "response.cancelled half-way",
            *frames([*up_to(good_events(), "response.output_text.delta"), cancelled("cancelled")]),
            expected=partial("Hel", "cancelled"),
        ),
        tolerated(
            "incomplete-max-output-tokens/text",
            50,
            "the token limit ends the text",
            *frames(
                [
                    *up_to(good_events(), "response.output_text.delta"),
                    incomplete("max_output_tokens", message_item("Hel")),
                ]
            ),
            expected=partial("Hel", "", total_tokens=3),
        ),
        tolerated(
            "incomplete-max-output-tokens/tool-call",
            50,
            "the token limit cuts the arguments of a function call",
            *frames(
                [
                    created(),
                    *message_events(),
                    item_added(function_call_item(status="in_progress"), output_index=1),
                    arguments_delta('{"command":', output_index=1),
                    incomplete(
                        "max_output_tokens",
                        HELLO_ITEM,
                        {**function_call_item('{"command":'), "status": "incomplete"},
                    ),
                ]
            ),
            expected=partial("Hello", "", total_tokens=3),
        ),
        tolerated(
            "incomplete-content-filter",
            51,
            "the content filter ends an answer that holds nothing",
            *frames([created(), incomplete("content_filter")]),
            expected=failed("", says=("content_filter",)),
        ),
    ]


def _sentinels() -> list[Scenario]:
    present, absent = "done-sentinel-present", "done-sentinel-absent"
    refused = failed_event("invalid_request_error", "bad schema")
    return [
        tolerated(
            f"{present}/after-failure",
            35,
            "[DONE] follows a failed response",
            *frames([created(), refused]),
            DONE,
            expected=failed("bad_request", says=("bad schema",)),
        ),
        Scenario(
            f"{present}/alone",
            35,
            "[DONE] is all that the stream holds",
            (event_stream(DONE),),
            (HELLO,),
            complete(FELL_BACK),
        ),
        tolerated(absent, 36, "the stream ends with its terminal event", *good_stream()),
        tolerated(
            f"{absent}/line-feed",
            36,
            "a lone line feed follows the terminal event",
            *good_stream(),
            b"\n",
        ),
        tolerated(
            f"{absent}/held-open",
            36,
            "nothing follows the terminal event, and the connection stays open",
            *good_stream(),
            Control.HOLD,
        ),
    ]


def _two_answers() -> list[Scenario]:
    quirk = "two-created"
    stray = message_events("Strange", item_id="msg_0")
    other = [created(id="resp_2"), *good_events()[1:-1], completed(HELLO_ITEM, id="resp_2")]
    only_hello = complete(items=("message",), never=("Strange",))

    def contaminated(name: str, summary: str, *events: Json) -> Scenario:
        return tolerated(f"{quirk}/{name}", 37, summary, *frames([*events, *other]), expected=only_hello)

    return [
        contaminated("at-once", "a second response begins before the first one has said a word", created()),
        contaminated(
            "mid-text",
            "a second response begins half-way through the text of the first",
            created(),
            *stray[:3],
        ),
        contaminated(
            "after-call",
            "a second response begins after the first one has called a function",
            created(),
            *stray,
            *function_call_events(output_index=1),
        ),
        contaminated("three", "a third response begins", created(), *stray, created(id="resp_3"), *stray[:3]),
        contaminated(
            "items-first",
            "the items of a request that was given up come before response.created",
            *stray,
            *function_call_events(output_index=1),
        ),
        contaminated(
            "rest-of-items-first",
            "the rest of a call of a request that was given up comes before response.created",
            *function_call_events()[2:],
        ),
        tolerated(
            f"{quirk}/same-response",
            37,
            "the same response.created comes again half-way",
            *frames([*good_events()[:5], created(), *good_events()[5:]]),
        ),
        tolerated(
            "response-id-changes/completed",
            38,
            "the terminal response has another id than the first one",
            *_ended_with(completed(HELLO_ITEM, id="resp_proxy_9")),
        ),
        tolerated(
            "response-id-changes/every-event",
            38,
            "each event of the response has another id",
            *frames(
                [
                    created(id="resp_1"),
                    in_progress(id="resp_2"),
                    *message_events(),
                    completed(HELLO_ITEM, id="resp_3"),
                ]
            ),
        ),
    ]


def _queued() -> list[Scenario]:
    quirk = "queued-or-background-status"
    queued: Json = {"type": "response.queued", "response": {**created()["response"], "status": "queued"}}

    begun = json_answer(response_object(HELLO_ITEM, status="in_progress", usage=None))
    waiting = json_answer(response_object(status="queued", usage=None))
    return [
        tolerated(
            f"{quirk}/event",
            72,
            "response.queued comes before the answer",
            *frames([created(), queued, *good_events()[1:]]),
        ),
        Scenario(
            f"{quirk}/queued",
            72,
            "the body of each answer is a response that waits for its turn",
            (waiting,),
            (waiting,),
            failed("protocol", says=("unfinished", "queued")),
        ),
        Scenario(
            f"{quirk}/in-progress",
            72,
            "the body of each answer is a response that is not finished",
            (begun,),
            (begun,),
            partial("Hello", "protocol", says=("unfinished",)),
        ),
    ]


SCENARIOS: Final = (
    *_preludes(),
    *_created_missing(),
    *_terminal_output(),
    *_terminals(),
    *_sentinels(),
    *_two_answers(),
    *_queued(),
)
