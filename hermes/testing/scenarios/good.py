"""Streams that keep every rule, and the small freedoms that good clients grant."""

from __future__ import annotations

from typing import Final

from hermes.testing.frames import DONE, data, event, frames
from hermes.testing.outcomes import complete
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Control, Scenario, ToolCall
from hermes.testing.scenarios.common import GOOD, HELLO, HELLO_ITEM, LIST_FILES, LIST_FILES_JSON
from hermes.testing.wire import (
    completed,
    created,
    function_call_events,
    function_call_item,
    good_stream,
    in_progress,
    message_events,
    reasoning_events,
    reasoning_item,
    refusal_events,
    refusal_item,
    response_object,
    text_delta,
    tool_stream,
)

__all__ = ["SCENARIOS"]

_SORRY: Final = "I cannot help with that."
_SECOND_CALL: Final = {
    "arguments": '{"path":"notes.txt"}',
    "name": "read",
    "call_id": "call_2",
    "item_id": "fc_2",
}
_MANY_ITEMS: Final = (
    reasoning_item("Thinking"),
    HELLO_ITEM,
    function_call_item(),
    function_call_item(**_SECOND_CALL),
)

SCENARIOS: Final = (
    Scenario("good-text", 0, "a text answer", (GOOD,), (HELLO,)),
    Scenario(
        "good-tool-call",
        0,
        "one function call",
        (event_stream(*tool_stream()),),
        (LIST_FILES_JSON,),
        complete(text="", tool_calls=(LIST_FILES,)),
    ),
    Scenario(
        "good-reasoning",
        0,
        "a reasoning summary, then text",
        (
            event_stream(
                *frames(
                    [
                        created(),
                        in_progress(),
                        *reasoning_events(),
                        *message_events(output_index=1),
                        completed(reasoning_item("Thinking"), HELLO_ITEM),
                    ]
                )
            ),
        ),
        (json_answer(response_object(reasoning_item("Thinking"), HELLO_ITEM)),),
    ),
    Scenario(
        "good-refusal",
        0,
        "the model refuses",
        (
            event_stream(
                *frames([created(), in_progress(), *refusal_events(_SORRY), completed(refusal_item(_SORRY))])
            ),
        ),
        (json_answer(response_object(refusal_item(_SORRY))),),
        complete(text="", refusal=_SORRY),
    ),
    Scenario(
        "good-multi-item",
        0,
        "reasoning, text and two function calls",
        (
            event_stream(
                *frames(
                    [
                        created(),
                        in_progress(),
                        *reasoning_events(),
                        *message_events(output_index=1),
                        *function_call_events(output_index=2),
                        *function_call_events(**_SECOND_CALL, output_index=3),
                        completed(*_MANY_ITEMS),
                    ]
                )
            ),
        ),
        (json_answer(response_object(*_MANY_ITEMS)),),
        complete(tool_calls=(LIST_FILES, ToolCall("call_2", "read", '{"path":"notes.txt"}'))),
    ),
    Scenario(
        "terminal-failure-without-eof/completed",
        33,
        "the connection stays open after the answer is complete",
        (event_stream(*good_stream(), Control.HOLD),),
        (HELLO,),
    ),
    Scenario(
        "events-after-terminal",
        34,
        "a ping, rate limits and a late delta follow the end of the answer",
        (
            event_stream(
                *good_stream(),
                DONE,
                event("ping", cost="0"),
                data({"type": "codex.rate_limits", "rate_limits": {"allowed": True}}),
                *frames([text_delta("!")]),
            ),
        ),
        (HELLO,),
    ),
    Scenario(
        "done-sentinel-present",
        35,
        "[DONE] follows the terminal event",
        (event_stream(*good_stream(), DONE),),
        (HELLO,),
    ),
)
