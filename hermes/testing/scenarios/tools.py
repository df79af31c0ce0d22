"""Calls of tools: where their arguments come from, and which of them must never run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hermes.testing.frames import Json, frames
from hermes.testing.outcomes import ONCE, RETRIED, complete, failed, partial
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Expected, Scenario, ToolCall
from hermes.testing.scenarios.common import GOOD, HELLO, LIST_FILES, LIST_FILES_JSON, TOOL_RUNS, tolerated
from hermes.testing.wire import (
    arguments_delta,
    arguments_done,
    completed,
    created,
    function_call_events,
    function_call_item,
    incomplete,
    item_added,
    item_done,
    message_events,
    message_item,
    response_object,
    text_delta,
    text_done,
    up_to,
    without,
)

__all__ = ["SCENARIOS"]

_WHOLE: Final = function_call_item()
_OPENED: Final = function_call_item(status="in_progress")
_SH: Final[Json] = {
    "type": "function",
    "name": "sh",
    "parameters": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}
_LIST: Final[Json] = {"type": "function", "name": "sh", "parameters": {"type": "object", "properties": {}}}


def _call(id: str, quirk: int, summary: str, *events: Json, expected: Expected = TOOL_RUNS) -> Scenario:  # noqa: A002  # the field's name
    """A stream with these events after ``response.created``."""
    return tolerated(
        id,
        quirk,
        summary,
        *frames([created(), *events]),
        expected=expected,
        non_stream=LIST_FILES_JSON,
    )


def _where_arguments_stand() -> list[Scenario]:
    quirk = "function-args-only-in-done"
    bare = function_call_item("")
    first, second = LIST_FILES.arguments[:9], LIST_FILES.arguments[9:]
    return [
        _call(
            f"{quirk}/item-only",
            19,
            "arguments.done is empty, the done item has the arguments",
            item_added(_OPENED),
            arguments_done(""),
            item_done(_WHOLE),
            completed(_WHOLE),
        ),
        _call(
            f"{quirk}/item-only-no-output",
            19,
            "the done item alone has the arguments, the terminal output is empty",
            item_added(_OPENED),
            item_done(_WHOLE),
            completed(),
        ),
        _call(
            f"{quirk}/terminal-only",
            19,
            "only the terminal output has the arguments",
            item_added(_OPENED),
            arguments_done(""),
            item_done(bare),
            completed(_WHOLE),
        ),
        _call(
            f"{quirk}/prefix",
            19,
            "the deltas are a prefix of the done arguments",
            item_added(_OPENED),
            arguments_delta(first),
            arguments_done(LIST_FILES.arguments),
            item_done(_WHOLE),
            completed(_WHOLE),
        ),
        _call(
            f"{quirk}/deltas-only",
            19,
            "the deltas alone have the arguments",
            item_added(_OPENED),
            arguments_delta(first),
            arguments_delta(second),
            item_done(bare),
            completed(bare),
        ),
        _call(
            f"{quirk}/item-over-deltas",
            19,
            "the deltas say something else than the done item, which counts",
            item_added(_OPENED),
            arguments_delta('{"command":"rm"}'),
            item_done(_WHOLE),
            completed(_WHOLE),
        ),
        _call(
            f"{quirk}/damaged-item",
            19,
            "the done item has a cut copy of the arguments",
            item_added(_OPENED),
            arguments_done(LIST_FILES.arguments),
            item_done(function_call_item(first)),
            completed(function_call_item(first)),
        ),
        _call(
            f"{quirk}/damaged-item-whole-terminal",
            19,
            "the done item has a cut copy of the arguments, the terminal output the whole ones",
            item_added(_OPENED),
            item_done(function_call_item(first)),
            completed(_WHOLE),
        ),
    ]


def _damaged() -> list[Scenario]:
    quirk = "arguments-invalid-json"

    def told(name: str, arguments: object, *, runs_with: str = "", tools: tuple[Json, ...] = ()) -> Scenario:
        item = function_call_item() | {"arguments": arguments}
        calls = (ToolCall("call_1", "sh", runs_with),)
        says = ("sh", "not run")
        refused = partial("", "", total_tokens=3, says=says)
        return Scenario(
            f"{quirk}/{name}",
            52,
            f"the arguments are {name.replace('-', ' ')}",
            (event_stream(*frames([created(), item_added(_OPENED), item_done(item), completed(item)])),),
            (json_answer(response_object(item)),),
            complete(text="", tool_calls=calls) if runs_with else refused,
            request={"tools": list(tools)} if tools else {},
        )

    hash_item = function_call_item('{"command":"ls #"}')
    garbled = [created(), item_added(_OPENED), item_done(hash_item), completed(hash_item)]
    damaged = function_call_item('{"command":"l')
    mended = [
        created(),
        *message_events(),
        item_added(_OPENED, output_index=1),
        item_done(damaged, output_index=1),
    ]
    return [
        told("cut", '{"command":"l'),
        told("an-open-brace", "{"),
        told("python-repr", "{'command': 'ls', 'all': True}"),
        told("followed-by-garbage", '{"command":"ls"}}'),
        told("twice-in-a-row", '{"command":"ls"}{"command":"ls"}'),
        told("a-list", '["ls"]'),
        told("not-a-number", '{"command":"ls","count":NaN}'),
        told("json-in-a-string", '"{\\"command\\":\\"ls\\"}"'),
        told("an-object", {"command": "ls"}, runs_with='{"command": "ls"}'),
        told("empty", "", runs_with="{}"),
        told("null", None, runs_with="{}"),
        told("empty-and-nothing-is-required", "", runs_with="{}", tools=(_LIST,)),
        told("empty-and-required", "", tools=(_SH,)),
        told("null-and-required", None, tools=(_SH,)),
        Scenario(
            f"{quirk}/no-utf-8",
            52,
            "a byte of the arguments is no UTF-8",
            (event_stream(*(sent.replace(b"#", b"\xff") for sent in frames(garbled))),),
            (LIST_FILES_JSON,),
            partial("", "", total_tokens=3, says=("sh", "not run")),
        ),
        _call(
            f"{quirk}/beside-text",
            52,
            "a call with cut arguments stands beside a text",
            *mended[1:],
            completed(message_item(), damaged),
            expected=complete(says=("sh", "not run")),
        ),
    ]


def _cut_turns() -> list[Scenario]:
    whole = function_call_events(output_index=1)
    cut = {**function_call_item('{"path":"x","content":"abc'), "status": "incomplete"}
    told = up_to(function_call_events(output_index=1), "response.function_call_arguments.delta")
    limit = ("max_output_tokens", "no tool", "smaller steps")
    cut_short = {"reason": "max_output_tokens"}
    cut_body = response_object(message_item(), _WHOLE, incomplete_details=cut_short)
    boom = {"code": "server_error", "message": "boom"}
    return [
        _call(
            "incomplete-max-output-tokens/whole-call-before-the-cut",
            50,
            "a call was whole before the token limit ended the answer",
            *message_events(),
            *whole,
            incomplete("max_output_tokens", message_item(), _WHOLE),
            expected=partial("Hello", "", total_tokens=3, says=limit),
        ),
        _call(
            "incomplete-max-output-tokens/text-and-cut-call",
            50,
            "the token limit cuts a call after a text",
            *message_events(),
            *told,
            incomplete("max_output_tokens", message_item(), cut),
            expected=partial("Hello", "", total_tokens=3, says=limit),
        ),
        _call(
            "incomplete-max-output-tokens/said-to-be-complete",
            50,
            "the answer is said to be complete, and its only call is cut",
            item_added(_OPENED),
            arguments_delta('{"path":"x","content":"abc'),
            completed(function_call_item('{"path":"x","content":"abc')),
            expected=partial("", "", total_tokens=3, says=("sh", "not run")),
        ),
        _call(
            "incomplete-max-output-tokens/named-completed",
            50,
            "response.completed tells that the token limit ended the answer, which holds a whole call",
            *message_events(),
            *whole,
            completed(message_item(), _WHOLE, incomplete_details={"reason": "max_output_tokens"}),
            expected=partial("Hello", "", total_tokens=3, says=limit),
        ),
        Scenario(
            "incomplete-max-output-tokens/body-without-status",
            50,
            "a body without a status tells that the token limit ended the answer, which holds a whole call",
            (json_answer(without(cut_body, "status")),),
            (json_answer(cut_body),),
            partial("Hello", "", total_tokens=3, says=limit),
        ),
        Scenario(
            "error-event-shapes/in-a-completed-response",
            14,
            "response.completed tells an error, and a whole call; asked again, the model answers",
            (
                event_stream(*frames([created(), *function_call_events(), completed(_WHOLE, error=boom)])),
                GOOD,
            ),
            (HELLO,),
            complete(RETRIED),
        ),
        _call(
            "null-fields/empty-error",
            69,
            "the fields of the error and of the details are there, and empty",
            *function_call_events(),
            completed(_WHOLE, error={"code": "", "message": None}, incomplete_details={"reason": ""}),
        ),
        _call(
            "incomplete-content-filter/text-and-call",
            51,
            "the content filter ends an answer that holds text and a call",
            *message_events(),
            *whole,
            incomplete("content_filter", message_item(), _WHOLE),
            expected=partial("Hello", "", total_tokens=3, says=("content_filter", "no tool")),
        ),
    ]


def _ids() -> list[Scenario]:
    quirk = "call-id-missing-or-recurring"

    def item(**fields: Any) -> Json:
        return {name: value for name, value in {**_WHOLE, **fields}.items() if value is not None}

    def with_ids(name: str, summary: str, told: Json, call_id: str) -> Scenario:
        expected = complete(text="", tool_calls=(ToolCall(call_id, "sh", LIST_FILES.arguments),))
        opened = {**told, "arguments": "", "status": "in_progress"}
        events = item_added(opened), item_done(told), completed(told)
        return _call(f"{quirk}/{name}", 53, summary, *events, expected=expected)

    again = function_call_item(item_id="fc_2")
    other = function_call_item('{"command":"pwd"}', item_id="fc_2")
    same = function_call_item(call_id="call_2", item_id="fc_2")
    dedupe = "duplicate-done-or-output-from-tools"
    both = (LIST_FILES, ToolCall("call_2", "sh", LIST_FILES.arguments))
    first = function_call_events()

    def with_second(told: Json) -> list[Json]:
        return [*first, item_added(told, output_index=1), item_done(told, output_index=1)]

    return [
        with_ids("no-call-id", "the call has an id and no call_id", item(call_id=None), "fc_1"),
        with_ids("no-item-id", "the call has a call_id and no id", item(id=None), "call_1"),
        with_ids("pipe-in-id", "the id holds both ids", item(id="call_7|fc_7", call_id=None), "call_7"),
        with_ids("same-every-turn", "the call_id is the same in every turn", item(call_id="sh:0"), "sh:0"),
        _call(
            f"{quirk}/one-id-for-two-calls",
            53,
            "two different calls have one call_id, and one answer can name only one of them",
            completed(_WHOLE, other),
            expected=partial("", "", total_tokens=3, says=("sh", "not run")),
        ),
        _call(
            f"{quirk}/one-id-and-other-spaces",
            53,
            "a call comes twice under one call_id, its arguments once with spaces",
            completed(_WHOLE, function_call_item('{ "command": "ls" }', item_id="fc_2")),
        ),
        _call(
            f"{quirk}/pipe-before-a-number",
            53,
            "the ids of two calls differ after a pipe only",
            completed(*(function_call_item(call_id=f"r|{n}", item_id=f"fc_{n}") for n in range(2))),
            expected=complete(
                text="",
                tool_calls=tuple(ToolCall(f"r|{n}", "sh", LIST_FILES.arguments) for n in range(2)),
                says=("twice",),
            ),
        ),
        _call(
            f"{dedupe}/same-item-done-twice",
            49,
            "the done event of a call comes twice",
            *first,
            item_done(_WHOLE),
            completed(_WHOLE),
        ),
        _call(
            f"{dedupe}/same-call-as-two-items",
            49,
            "a call comes as two items with one call_id",
            *with_second(again),
            completed(_WHOLE, again),
        ),
        _call(
            f"{dedupe}/two-call-ids",
            49,
            "the same call comes under two call ids, which may be meant",
            *with_second(same),
            completed(_WHOLE, same),
            expected=complete(text="", tool_calls=both, says=("twice",)),
        ),
    ]


def _calls_in_words() -> list[Scenario]:
    quirk = "tool-call-leaks-as-text"
    payload = '{"cmd":"rm -rf build"}'
    plain = f"to=functions.exec_command {payload}"
    never = ("functions.", "rm -rf")
    shapes = {
        "plain": ("the call of a tool is text", plain),
        "harmony": (
            "the call of a tool is text in the model's own notation",
            f"<|channel|>commentary to=functions.exec_command <|constrain|>json<|message|>{payload}",
        ),
        "channel-only": (
            "the head of a call in the model's own notation is text",
            "<|channel|>commentary to=functions.exec_command",
        ),
        "commentary": ("the channel stands before the call", f"commentary {plain}"),
    }
    quoting = "The model may write `to=functions.exec_command {}` as text."
    mention = "to=functions.exec_command is the recipient of a call in that notation."
    beside = message_item(plain)

    def said(text: str) -> tuple[bytes, ...]:
        pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
        return frames([created(), *message_events(text, pieces=pieces), completed(message_item(text))])

    return [
        *(
            Scenario(
                f"{quirk}/{name}",
                61,
                f"{summary}; asked again, the model answers",
                (event_stream(*said(text)), GOOD),
                (HELLO,),
                complete(RETRIED, never=never),
            )
            for name, (summary, text) in shapes.items()
        ),
        Scenario(
            f"{quirk}/always",
            61,
            "the call of a tool is text each time",
            (event_stream(*said(plain)),),
            (json_answer(response_object(beside)),),
            _silent(failed("protocol", RETRIED, says=("as text", "nothing was run")), never),
        ),
        Scenario(
            f"{quirk}/json-body",
            61,
            "the stream is a Response object whose text is the call of a tool",
            (json_answer(response_object(beside)), GOOD),
            (HELLO,),
            complete(RETRIED, never=never),
        ),
        Scenario(
            f"{quirk}/done-event-only",
            61,
            "the text of the call comes in done events only",
            (
                event_stream(
                    *frames(
                        [
                            created(),
                            item_added(message_item(status="in_progress")),
                            text_done(plain),
                            item_done(beside),
                            completed(beside),
                        ]
                    )
                ),
                GOOD,
            ),
            (HELLO,),
            complete(RETRIED, never=never),
        ),
        _call(
            f"{quirk}/beside-the-call",
            61,
            "the call is made, and written as text too",
            *message_events(plain),
            *function_call_events(output_index=1),
            completed(beside, _WHOLE),
            expected=complete(text="", tool_calls=(LIST_FILES,), never=never),
        ),
        *(
            tolerated(
                f"{quirk}/{name}",
                61,
                summary,
                *said(text),
                expected=complete(ONCE, text=text),
                non_stream=json_answer(response_object(message_item(text))),
            )
            for name, summary, text in (
                ("quoted", "an answer quotes such a call", quoting),
                ("mentioned", "an answer begins with the name of such a call", mention),
            )
        ),
        Scenario(
            f"{quirk}/cut",
            61,
            "the stream ends within a call in words",
            (event_stream(*_cut(plain)),),
            (HELLO,),
            complete(("stream", "non_stream"), never=never),
        ),
    ]


def _cut(text: str) -> tuple[bytes, ...]:
    opened = item_added(message_item(status="in_progress"))
    return frames([created(), opened, text_delta(text[:30]), text_delta(text[30:40])])


def _silent(expected: Expected, never: tuple[str, ...]) -> Expected:
    return replace(expected, never=never)


SCENARIOS: Final = (
    *_where_arguments_stand(),
    *_damaged(),
    *_cut_turns(),
    *_ids(),
    *_calls_in_words(),
)
