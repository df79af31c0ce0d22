"""What an answer is made of: commentary, reasoning, refusals, unknown items, and text that is no answer."""

from __future__ import annotations

from typing import Any, Final

from hermes.testing.frames import Json, frames
from hermes.testing.outcomes import FELL_BACK, ONCE, RETRIED, RETRIED_TWICE, complete, failed, partial
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Expected, Reply, Scenario, ToolCall
from hermes.testing.scenarios.common import GOOD, HELLO, HELLO_ITEM, LIST_FILES, TOOL_RUNS, tolerated
from hermes.testing.wire import (
    arguments_delta,
    completed,
    created,
    function_call_events,
    function_call_item,
    good_events,
    item_added,
    item_done,
    message_events,
    message_item,
    part_added,
    reasoning_events,
    reasoning_item,
    refusal_item,
    response_object,
    text_delta,
    up_to,
    without,
)

__all__ = ["SCENARIOS"]

_THOUGHT: Final = reasoning_item("Thinking")
_PLAN: Final = "I will look at the files first."
_BUSY: Final = "Our servers are currently overloaded. Please try again later."
_GATEWAY_PAGE: Final = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_JSON_ERROR: Final = '{"error":{"message":"boom","type":"server_error","code":"internal_error"}}'


def _stream(*events: Json) -> Reply:
    return event_stream(*frames([created(), *events]))


def _phased(phase: str, text: str, *, item_id: str = "msg_1", output_index: int = 0) -> list[Json]:
    """The events of a message with a phase."""
    events = message_events(text, item_id=item_id, output_index=output_index)
    return [
        {**event, "item": {**event["item"], "phase": phase}} if "item" in event else event for event in events
    ]


def _message(phase: str, text: str, item_id: str = "msg_1") -> Json:
    return {**message_item(text, item_id=item_id), "phase": phase}


def _told_once(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    *events: Json,
    expected: Expected,
) -> Scenario:
    """A stream that needs no second request, with the same answer for a request without a stream."""
    output = events[-1]["response"]["output"]
    return Scenario(
        id, quirk, summary, (_stream(*events),), (json_answer(response_object(*output)),), expected
    )


def _commentary() -> list[Scenario]:
    quirk = "commentary-phase-messages"
    plan = _message("commentary", _PLAN)
    answer = _message("final_answer", "Hello", "msg_2")
    never = (_PLAN,)
    only = _stream(*_phased("commentary", _PLAN), completed(plan))
    return [
        *(
            _told_once(
                f"{quirk}/{phase}-and-answer",
                58,
                f"a message of the phase {phase} comes before the answer",
                *_phased(phase, _PLAN),
                *_phased("final_answer", "Hello", item_id="msg_2", output_index=1),
                completed(_message(phase, _PLAN), answer),
                expected=complete(never=never, items=("message", "message")),
            )
            for phase in ("commentary", "analysis")
        ),
        _told_once(
            f"{quirk}/before-a-call",
            58,
            "a message of the phase commentary comes before a function call",
            *_phased("commentary", _PLAN),
            *function_call_events(output_index=1),
            completed(plan, function_call_item()),
            expected=complete(text="", tool_calls=(LIST_FILES,), never=never),
        ),
        _told_once(
            f"{quirk}/unknown-phase",
            58,
            "a message of a phase that nobody knows is the answer",
            *_phased("epilogue", "Hello"),
            completed(_message("epilogue", "Hello")),
            expected=complete(),
        ),
        Scenario(
            f"{quirk}/only-commentary",
            58,
            "the answer holds commentary only; asked to go on, the model answers",
            (only, GOOD),
            (HELLO,),
            complete(RETRIED, never=never),
        ),
        Scenario(
            f"{quirk}/never-an-answer",
            58,
            "each answer holds commentary only",
            (only,),
            (json_answer(response_object(plan)),),
            failed("protocol", RETRIED, says=("no answer",)),
        ),
    ]


def _reasoning_only() -> list[Scenario]:
    quirk = "reasoning-only-completed"
    only = _stream(*reasoning_events(), completed(_THOUGHT))
    body = json_answer(response_object(_THOUGHT))
    return [
        Scenario(
            f"{quirk}/then-the-answer",
            59,
            "the answer holds reasoning only; asked to go on, the model answers",
            (only, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            f"{quirk}/then-a-call",
            59,
            "the answer holds reasoning only; asked to go on, the model calls a function",
            (only, _stream(*function_call_events(), completed(function_call_item()))),
            (HELLO,),
            complete(RETRIED, text="", tool_calls=(LIST_FILES,)),
        ),
        Scenario(
            f"{quirk}/never-an-answer",
            59,
            "each answer holds reasoning only",
            (only,),
            (body,),
            failed("protocol", RETRIED, says=("no answer",)),
        ),
    ]


def _items() -> list[Scenario]:
    stuck = "item-status-stuck-in-progress"
    unknown = "unknown-item-types"
    search: Json = {"id": "ws_1", "type": "web_search_call", "status": "in_progress", "action": None}
    no_status = without(message_item(), "status")
    kinds: dict[str, Json] = {
        "compaction": {"id": "cmp_1", "encrypted_content": "gAAAA"},
        "tool_search_call": {"id": "ts_1", "arguments": {"query": "files"}, "status": "completed"},
        "tool_search_output": {"id": "to_1", "tools": []},
        "additional_tools": {"id": "at_1", "tools": []},
        "mcp_list_tools": {"id": "mcpl_1", "server_label": "docs", "tools": []},
        "mcp_approval_request": {"id": "mcpr_1", "name": "delete", "arguments": "{}", "server_label": "docs"},
        "output_image": {"id": "img_1", "image_url": "data:image/png;base64,AA=="},
        "image_generation_call": {"id": "ig_1", "status": "completed", "result": "AA=="},
        "program": {"id": "prg_1", "code": "print(1)"},
        "code_interpreter_call": {"id": "ci_1", "status": "interpreting", "code": "1", "outputs": None},
    }
    custom: Json = {
        "id": "ctc_1",
        "type": "custom_tool_call",
        "call_id": "call_1",
        "name": "apply_patch",
        "input": "*** Begin Patch",
        "status": "completed",
    }
    told: Json = {"id": "note_1", "type": "note", "content": [{"type": "text", "text": "Hello"}]}

    def beside(item: Json) -> list[Json]:
        return [
            item_added(item),
            item_done(item),
            *message_events(output_index=1),
            completed(item, HELLO_ITEM),
        ]

    return [
        _told_once(
            f"{stuck}/web-search",
            54,
            "the answer is complete, its web search is still in progress",
            *beside(search),
            expected=complete(items=("web_search_call", "message")),
        ),
        _told_once(
            f"{stuck}/message-in-progress",
            54,
            "the answer is complete, its message is still in progress",
            *message_events(),
            completed({**message_item(), "status": "in_progress"}),
            expected=complete(),
        ),
        _told_once(
            f"{stuck}/message-without-status",
            54,
            "the answer is complete, its message has no status",
            item_added(without(message_item(status="in_progress"), "status")),
            part_added(),
            text_delta("Hello"),
            item_done(no_status),
            completed(no_status),
            expected=complete(),
        ),
        _told_once(
            f"{stuck}/function-call-in-progress",
            54,
            "the answer is complete, its function call is still in progress",
            *up_to(function_call_events(), "response.function_call_arguments.done"),
            completed({**function_call_item(), "status": "in_progress"}),
            expected=TOOL_RUNS,
        ),
        *(
            _told_once(
                f"{unknown}/{kind}",
                55,
                f"an item of the type {kind} stands beside the answer",
                *beside({**fields, "type": kind}),
                expected=complete(items=(kind, "message")),
            )
            for kind, fields in kinds.items()
        ),
        _told_once(
            f"{unknown}/custom_tool_call",
            55,
            "the call of a custom tool is kept, and not taken for a function call",
            item_added({**custom, "input": "", "status": "in_progress"}),
            {
                "type": "response.custom_tool_call_input.delta",
                "item_id": "ctc_1",
                "output_index": 0,
                "delta": custom["input"],
            },
            item_done(custom),
            completed(custom),
            expected=complete(text="", items=("custom_tool_call",)),
        ),
        _told_once(
            f"{unknown}/with-text",
            55,
            "the text of an item of an unknown type is shown",
            item_added(told),
            item_done(told),
            completed(told),
            expected=complete(items=("note",)),
        ),
        _told_once(
            f"{unknown}/unknown-part",
            55,
            "a part of an unknown type stands in the message",
            *message_events(),
            completed(
                {
                    **message_item(),
                    "content": [*message_item()["content"], {"type": "hologram", "data": "AA=="}],
                }
            ),
            expected=complete(),
        ),
    ]


def _refusals() -> list[Scenario]:
    quirk = "refusal-stream"
    sorry = "I cannot help with that."
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    told = refusal_item(sorry)
    under_text = {**told, "content": [{"type": "refusal", "text": sorry}]}
    opened = [item_added(refusal_item(sorry, status="in_progress")), part_added({"type": "refusal"})]
    refused = complete(text="", refusal=sorry)
    return [
        _told_once(
            f"{quirk}/deltas",
            68,
            "a refusal comes as deltas",
            *opened,
            {"type": "response.refusal.delta", **where, "delta": sorry[:8]},
            {"type": "response.refusal.delta", **where, "delta": sorry[8:]},
            {"type": "response.refusal.done", **where, "refusal": sorry},
            item_done(told),
            completed(told),
            expected=refused,
        ),
        _told_once(
            f"{quirk}/under-text",
            68,
            "the refusal stands under the name of a text",
            *opened,
            {"type": "response.refusal.done", **where, "text": sorry},
            item_done(under_text),
            completed(under_text),
            expected=refused,
        ),
        _told_once(
            f"{quirk}/terminal-only",
            68,
            "the refusal stands in the terminal output only",
            completed(told),
            expected=refused,
        ),
    ]


def _extra_fields() -> list[Scenario]:
    quirk = "delta-obfuscation-and-extra-fields"
    junk: Json = {
        "obfuscation": "x8fQz1",
        "logprobs": [{"token": "Hel", "logprob": -0.1, "bytes": [72], "top_logprobs": []}],
        "call_id": "call_9",
        "x_gateway": {"text": "x8fQz1", "arguments": "{}"},
    }
    item = {**HELLO_ITEM, "x_gateway": {"text": "x8fQz1"}}
    call = function_call_events()
    return [
        _told_once(
            f"{quirk}/text",
            70,
            "text events carry fields that nobody asked for",
            *({**junk, **event} for event in good_events()[1:-1]),
            {**junk, **completed(item, x_gateway={"output_text": "x8fQz1"})},
            expected=complete(never=("x8fQz1",)),
        ),
        _told_once(
            f"{quirk}/function-call",
            70,
            "the events of a function call carry fields that nobody asked for",
            call[0],
            {**arguments_delta(LIST_FILES.arguments), "obfuscation": "x8fQz1", "delta_index": 3},
            *call[3:],
            completed(function_call_item()),
            expected=complete(
                text="",
                tool_calls=(ToolCall("call_1", "sh", LIST_FILES.arguments),),
                never=("x8fQz1",),
            ),
        ),
    ]


def _models() -> list[Scenario]:
    quirk = "model-field-rewritten"

    def answered_by(name: str, model: Any, summary: str, **expected: Any) -> Scenario:
        events = [
            {**event, "response": {**event["response"], "model": model}} if "response" in event else event
            for event in good_events()
        ]
        body = json_answer(response_object(HELLO_ITEM, model=model))
        return Scenario(
            f"{quirk}/{name}", 73, summary, (event_stream(*frames(events)),), (body,), complete(**expected)
        )

    smaller = "gpt-5.4-mini"
    quiet = ("with the model",)
    return [
        answered_by("smaller", smaller, "a smaller model answers", says=(f"`{smaller}`", "not `gpt-5.4`")),
        answered_by("older", "gpt-4o-2024-08-06", "an older model answers", says=("`gpt-4o-2024-08-06`",)),
        answered_by("snapshot", "gpt-5.4-2026-03-05", "the name has a date", never=quiet),
        answered_by("maker", "openai/gpt-5.4", "the name has its maker's before it", never=quiet),
        answered_by("alias", "my-deployment", "the name is one of a deployment", never=quiet),
        answered_by("none", None, "no model is named", never=quiet),
    ]


def _errors_as_text() -> list[Scenario]:
    quirk = "error-as-assistant-text"

    def said(text: str, pieces: tuple[str, ...] | None = None, **response: Any) -> Reply:
        item = message_item(text)
        return _stream(*message_events(text, pieces=pieces), completed(item, **response))

    def body(text: str, **response: Any) -> Reply:
        return json_answer(response_object(message_item(text), **response))

    def genuine(tokens: int) -> Json:
        return {"usage": {"input_tokens": 2, "output_tokens": tokens, "total_tokens": 2 + tokens}}

    pieces = tuple(_BUSY[at : at + 4] for at in range(0, len(_BUSY), 4))
    errors: dict[str, tuple[str, Reply, Reply, str]] = {
        "overloaded": ("a sentence about overload", said(_BUSY), body(_BUSY), "overloaded"),
        "overloaded-in-pieces": (
            "a sentence about overload in many pieces",
            said(_BUSY, pieces, usage=None),
            body(_BUSY, usage=None),
            "overloaded",
        ),
        "overloaded-twice": (
            "a sentence about overload, twice",
            said(_BUSY * 2),
            body(_BUSY * 2),
            "overloaded",
        ),
        "json": ("a JSON error", said(_JSON_ERROR), body(_JSON_ERROR), "server_error"),
        "html": ("a gateway's page", said(_GATEWAY_PAGE), body(_GATEWAY_PAGE), "server_error"),
        "json-body": ("a sentence, in a JSON body", body(_BUSY), body(_BUSY), "overloaded"),
    }
    opened = item_added(message_item(status="in_progress")), part_added()
    quoted = _BUSY[: len(_BUSY) // 2]
    quoting = f"The server said: {_BUSY}"
    going_on = f"{_BUSY} That is what the server says when too many people ask."
    answers: dict[str, tuple[str, str, Json]] = {
        "quoted": ("an answer quotes the sentence", quoting, {}),
        "explained": ("an answer begins with the sentence", going_on, {}),
        "asked-for": ("the model was asked for the sentence, and billed for it", _BUSY, genuine(12)),
        "shorter": ("an answer is the beginning of the sentence", "Our servers", {}),
        "a-web-page": (
            "the answer is a web page",
            "<!doctype html><html><head><title>My page</title></head><body>Hi</body></html>",
            {},
        ),
        "json-answer": ("the answer is JSON", "{}", {}),
    }
    return [
        *(
            Scenario(
                f"{quirk}/{name}",
                62,
                f"the text is {what}; the next answer is good",
                (reply, GOOD),
                (HELLO,),
                complete(RETRIED),
            )
            for name, (what, reply, _, _) in errors.items()
        ),
        *(
            Scenario(
                f"{quirk}/{name}-always",
                62,
                f"the text is {what}, each time",
                (reply,),
                (answer,),
                failed(verdict, RETRIED_TWICE),
            )
            for name, (what, reply, answer, verdict) in errors.items()
        ),
        *(
            Scenario(
                f"{quirk}/{name}",
                62,
                what,
                (said(text, tuple(text[at : at + 6] for at in range(0, len(text), 6)), **usage),),
                (body(text, **usage),),
                complete(ONCE, text=text, total_tokens=usage["usage"]["total_tokens"] if usage else 3),
            )
            for name, (what, text, usage) in answers.items()
        ),
        tolerated(
            f"{quirk}/beside-a-call",
            62,
            "the sentence stands beside a function call",
            *frames(
                [
                    created(),
                    *message_events(_BUSY),
                    *function_call_events(output_index=1),
                    completed(message_item(_BUSY), function_call_item()),
                ]
            ),
            expected=complete(text=_BUSY, tool_calls=(LIST_FILES,)),
        ),
        Scenario(
            f"{quirk}/cut",
            62,
            "the stream ends within an answer that begins like an error; asked again, the model answers",
            (_stream(*opened, text_delta(quoted)),),
            (HELLO,),
            complete(FELL_BACK),
        ),
        Scenario(
            f"{quirk}/cut-always",
            62,
            "the stream ends within an answer that begins like an error, and nothing else comes",
            (_stream(*opened, text_delta(quoted)),),
            (event_stream(*frames([created()])),),
            partial(quoted, "truncated", FELL_BACK),
        ),
    ]


def _answers_after_calls_in_words() -> list[Scenario]:
    quirk = "tool-call-leaks-into-text"
    words = 'to=functions.exec_command {"cmd":"rm -rf build"}'
    listed = message_item(words), message_item(item_id="msg_2")
    kept = complete(
        text="Hello", never=("functions.", "rm -rf"), says=("as text",), items=("message", "message")
    )
    return [
        _told_once(
            f"{quirk}/before-the-answer",
            61,
            "the call of a tool is text, and a message with the answer follows",
            *message_events(words),
            *message_events(item_id="msg_2", output_index=1),
            completed(*listed),
            expected=kept,
        ),
        tolerated(
            f"{quirk}/before-the-answer-at-one-index",
            61,
            "the call of a tool is text, and the answer follows at the same index",
            *frames([created(), *message_events(words), *message_events(item_id="msg_2"), completed()]),
            expected=kept,
        ),
    ]


SCENARIOS: Final = (
    *_commentary(),
    *_reasoning_only(),
    *_items(),
    *_refusals(),
    *_extra_fields(),
    *_models(),
    *_errors_as_text(),
    *_answers_after_calls_in_words(),
)
