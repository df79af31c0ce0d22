"""Reconciliation: answers that are told several times, in other words, under other names or with holes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hermes.testing.frames import Json, data, frames
from hermes.testing.outcomes import FELL_BACK, complete, partial
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Scenario
from hermes.testing.scenarios.common import HELLO_ITEM, LIST_FILES, LIST_FILES_JSON, tolerated
from hermes.testing.wire import (
    arguments_delta,
    arguments_done,
    completed,
    created,
    dropping,
    function_call_events,
    function_call_item,
    good_events,
    good_stream,
    item_added,
    item_done,
    message_events,
    message_item,
    part_added,
    part_done,
    reasoning_events,
    reasoning_item,
    response_object,
    text_delta,
    text_done,
)

__all__ = ["SCENARIOS"]

_OPENED: Final = [created(), *message_events()[:2]]
_ENDED: Final = completed(HELLO_ITEM)
_ONE_MESSAGE: Final = complete(items=("message",))


def _snapshots() -> list[Scenario]:
    quirk = "cumulative-delta-replay"
    texts = ("Hello", "Hello, wor", "Hello, world!")
    items = [message_item(text, item_id=f"msg_{number}") for number, text in enumerate(texts)]
    streamed = [
        sent
        for number, text in enumerate(texts)
        for sent in message_events(text, pieces=list(text), item_id=f"msg_{number}", output_index=number)
    ]
    end = completed(*items)
    one = complete(text="Hello, world!", items=("message",))
    apart = [
        *message_events("I looked."),
        *message_events("I loved it.", item_id="msg_2", output_index=1),
    ]
    return [
        tolerated(
            f"{quirk}/streamed",
            46,
            "each message starts with the whole of the one before",
            *frames([created(), *streamed, end]),
            expected=one,
        ),
        tolerated(
            f"{quirk}/no-output",
            46,
            "each message starts with the whole of the one before, and the terminal event lists none",
            *frames([created(), *streamed, completed()]),
            expected=one,
        ),
        tolerated(
            f"{quirk}/terminal-only",
            46,
            "the snapshots stand in the terminal event only",
            *frames([created(), end]),
            expected=one,
        ),
        Scenario(
            f"{quirk}/non-stream",
            46,
            "the snapshots are the output of a whole body",
            (json_answer(response_object(*items)),),
            (json_answer(response_object(*items)),),
            one,
        ),
        tolerated(
            f"{quirk}/two-messages",
            46,
            "two messages that begin alike and go on differently",
            *frames([created(), *apart, completed()]),
            expected=complete(text="I looked.I loved it.", items=("message", "message")),
        ),
    ]


def _done_events() -> list[Scenario]:
    quirk = "done-before-all-deltas"
    part = {"type": "output_text", "text": "H", "annotations": []}
    early = [text_delta("H"), text_done("H"), part_done(part), item_done(message_item("H"))]
    late = [text_delta("el"), text_delta("lo")]
    other = message_item("Help!")
    other_part = {"type": "output_text", "text": "Help!", "annotations": []}
    told_otherwise = [text_delta("Hello"), text_done("Help!"), part_done(other_part), item_done(other)]
    revised = complete(text="Help!")
    return [
        tolerated(
            f"{quirk}/deltas-follow",
            47,
            "every done event comes after the first delta, and the other deltas follow",
            *frames([*_OPENED, *early, *late, _ENDED]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/deltas-follow-no-output",
            47,
            "every done event comes after the first delta, and the terminal event lists no items",
            *frames([*_OPENED, *early, *late, completed()]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/rest-told-twice",
            47,
            "a done event tells the whole text, and the deltas that it was ahead of follow",
            *frames([*_OPENED, text_delta("H"), text_done(), *late, item_done(HELLO_ITEM), _ENDED]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/all-told-twice",
            47,
            "the text is done before its first delta",
            *frames([*_OPENED, text_done(), text_delta("H"), *late, item_done(HELLO_ITEM), _ENDED]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/text-done-is-shorter",
            47,
            "a done event of the text tells less than was streamed",
            *frames([*_OPENED, text_delta("Hello"), text_done("Hell"), item_done(HELLO_ITEM), _ENDED]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/terminal-is-longer",
            47,
            "the last delta was lost, and only the terminal event tells it",
            *frames([*_OPENED, *early, text_delta("el"), _ENDED]),
            expected=_ONE_MESSAGE,
        ),
        Scenario(
            f"{quirk}/differs",
            47,
            "the done events tell another text than was streamed",
            (event_stream(*frames([*_OPENED, *told_otherwise, completed(other)])),),
            (json_answer(response_object(other)),),
            revised,
            complete(text="Help!", says=("revised",)),
        ),
    ]


def _done_missing() -> list[Scenario]:
    quirk = "output-item-done-missing"
    opened = item_added(function_call_item(status="in_progress"))
    lost = {**message_item(), "content": [{"type": "text", "text": ""}]}
    as_text = {**message_item(), "content": [{"type": "text", "text": "Hello"}]}
    one_call = complete(text="", tool_calls=(LIST_FILES,), items=("function_call",))
    nothing_done = [
        created(),
        *(each for each in message_events(pieces=["Hel", "l", "o"]) if not each["type"].endswith(".done")),
        completed(),
    ]
    return [
        tolerated(
            f"{quirk}/call",
            48,
            "a call is never done, and the terminal event has an empty message in its place",
            *frames([created(), opened, arguments_done(LIST_FILES.arguments), completed(lost)]),
            expected=one_call,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{quirk}/call-deltas-only",
            48,
            "the arguments of a call come in deltas, and nothing is ever done",
            *frames([created(), opened, arguments_delta('{"command":'), arguments_delta('"ls"}')]),
            *frames([completed()]),
            expected=one_call,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{quirk}/text",
            48,
            "no event tells that the message is done",
            *frames(
                dropping(
                    good_events(),
                    "response.output_text.done",
                    "response.content_part.done",
                    "response.output_item.done",
                )
            ),
            expected=_ONE_MESSAGE,
        ),
        Scenario(
            f"{quirk}/text-lost",
            48,
            "a frame of the text is damaged, and no event tells the whole text",
            (
                event_stream(
                    *frames(nothing_done[:4]),
                    data(nothing_done[4])[:40] + b"\n\n",
                    *frames(nothing_done[5:]),
                ),
            ),
            (json_answer(response_object(HELLO_ITEM)),),
            complete(FELL_BACK),
            partial("Helo", "truncated", total_tokens=3),
        ),
        Scenario(
            f"{quirk}/text-lost-and-told",
            48,
            "a frame of the text is damaged, and the terminal event tells the whole text",
            (
                event_stream(
                    *frames(nothing_done[:4]),
                    data(nothing_done[4])[:40] + b"\n\n",
                    *frames([*nothing_done[5:-1], completed(HELLO_ITEM)]),
                ),
            ),
            (json_answer(response_object(HELLO_ITEM)),),
            complete(),
            complete(says=("revised",)),
        ),
        tolerated(
            f"{quirk}/call-lost",
            48,
            "a frame of a call is damaged, what is left is JSON, and no event tells the whole call",
            *frames([created(), opened, arguments_delta('{"command":"l')]),
            data(arguments_delta(" -a /tmp;l"))[:40] + b"\n\n",
            *frames([arguments_delta('s"}'), completed()]),
            expected=replace(one_call, requests=FELL_BACK),
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{quirk}/call-lost-and-told",
            48,
            "a frame of a call is damaged, and arguments.done tells the whole call",
            *frames([created(), opened, arguments_delta('{"command"')]),
            data(arguments_delta(':"l'))[:40] + b"\n\n",
            *frames([arguments_delta('s"}'), arguments_done(LIST_FILES.arguments), completed()]),
            expected=one_call,
            non_stream=LIST_FILES_JSON,
        ),
        tolerated(
            f"{quirk}/part-named-text",
            48,
            "the parts of the message are of the type text",
            *frames(
                [
                    created(),
                    item_added(message_item(status="in_progress")),
                    part_added({"type": "text", "text": ""}),
                    text_delta("Hello"),
                    completed(as_text),
                ]
            ),
            expected=_ONE_MESSAGE,
        ),
    ]


def _reasoning() -> list[Scenario]:
    quirk = "reasoning-event-families"
    where = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    opened = item_added(reasoning_item())
    thought = {"id": "rs_1", "type": "reasoning", "summary": []}
    closed = item_done({**thought, "content": [{"type": "reasoning_text", "text": "Thinking"}]})
    answer = [*message_events(output_index=1), completed()]

    def told(kind: str, delta: str) -> Json:
        return {"type": kind, **where, "delta": delta}

    families: dict[str, tuple[str, list[Json]]] = {
        "reasoning-text": (
            "reasoning comes as reasoning_text, its part never added",
            [opened, told("response.reasoning_text.delta", "Thinking"), closed],
        ),
        "reasoning-part": (
            "the part of the reasoning is a reasoning_part",
            [
                opened,
                {"type": "response.reasoning_part.added", **where, "part": {"type": "reasoning_text"}},
                told("response.reasoning_text.delta", "Thinking"),
                {
                    "type": "response.reasoning_part.done",
                    **where,
                    "part": {"type": "reasoning_text", "text": "Thinking"},
                },
                closed,
            ],
        ),
        "short-name": (
            "reasoning comes as response.reasoning.delta",
            [opened, told("response.reasoning.delta", "Thinking"), closed],
        ),
        "unknown-name": (
            "reasoning comes under a name that nobody knows, and its item was never added",
            [told("response.acme_reasoning_trace.delta", "Thinking")],
        ),
        "text-part": (
            "the reasoning item has a part of the type output_text",
            [
                opened,
                {**part_added(item_id="rs_1")},
                text_delta("Thinking", item_id="rs_1"),
                text_done("Thinking", item_id="rs_1"),
                item_done({**thought, "content": [{"type": "output_text", "text": "Thinking"}]}),
            ],
        ),
        "message-id": (
            "the reasoning has the id of a message",
            reasoning_events(item_id="msg_1"),
        ),
        "no-summary-part": (
            "the part of the summary is never added",
            dropping(reasoning_events(), "response.reasoning_summary_part.added"),
        ),
        "placeholder": (
            "a placeholder stands in the summary",
            reasoning_events("Thinking\n<!-- -->\n"),
        ),
    }
    return [
        tolerated(
            f"{quirk}/{name}",
            56,
            summary,
            *frames([created(), *events, *answer]),
            expected=complete(items=("reasoning", "message"), never=("Thinking",)),
        )
        for name, (summary, events) in families.items()
    ]


def _names_and_nulls() -> list[Scenario]:
    def old(value: Json) -> Json:
        return {**value, "type": value["type"].replace("output_text", "text")}

    quirk = "null-fields"
    nulls: list[Json] = [
        {**text_delta("x"), "delta": None},
        {"type": "response.in_progress", "response": None, "error": None},
        {"type": "response.output_item.added", "output_index": 1, "item": None},
        {"type": "response.content_part.added", "output_index": 0, "content_index": 0, "part": None},
        {**text_done(), "text": None},
    ]
    opened = {**message_item(status="in_progress"), "content": None, "phase": None}
    thought = {**reasoning_item(), "summary": None, "content": None, "encrypted_content": None}
    return [
        tolerated(
            "legacy-event-aliases/text",
            67,
            "the events of the text have their old names",
            *frames(map(old, good_events())),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            "legacy-event-aliases/bare",
            67,
            "deltas of the old name, and nothing else but the end",
            *frames([created(), *map(old, (text_delta("Hel"), text_delta("lo"))), completed()]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/data",
            69,
            "frames that hold null, among those of a good stream",
            *(sent for each in good_stream() for sent in (data(None), each)),
            data(None),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/events",
            69,
            "events whose fields are null",
            *frames([*_OPENED, *nulls, text_delta("Hello"), *nulls, item_done(HELLO_ITEM), _ENDED]),
            expected=_ONE_MESSAGE,
        ),
        tolerated(
            f"{quirk}/items",
            69,
            "items whose fields are null",
            *frames(
                [
                    created(error=None, usage=None),
                    item_added(thought),
                    item_done(thought),
                    item_added(opened, output_index=1),
                    *message_events(output_index=1)[1:],
                    completed(error=None, incomplete_details=None, output=None),
                ]
            ),
            expected=complete(items=("reasoning", "message")),
        ),
        tolerated(
            f"{quirk}/call",
            69,
            "a call whose first fields are null",
            *frames(
                [
                    created(),
                    item_added({**function_call_item(status="in_progress"), "arguments": None}),
                    {**arguments_delta("x"), "delta": None},
                    *function_call_events()[1:],
                    completed(output=None),
                ]
            ),
            expected=complete(text="", tool_calls=(LIST_FILES,), items=("function_call",)),
            non_stream=LIST_FILES_JSON,
        ),
    ]


SCENARIOS: Final = (
    *_snapshots(),
    *_done_events(),
    *_done_missing(),
    *_reasoning(),
    *_names_and_nulls(),
)
