"""Backends that refuse the request until it is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from hermes.testing.demands import (
    Demand,
    always,
    has,
    has_distant_outputs,
    has_other_than,
    has_pattern,
    has_unpaired_tools,
    items_of,
    lacks,
    longer_than,
    values_at,
)
from hermes.testing.frames import Json, frames
from hermes.testing.outcomes import ONCE, RETRIED, RETRIED_TWICE, Requests, complete, failed
from hermes.testing.replies import event_stream, http_error, json_answer, raw_answer
from hermes.testing.scenario import Expected, Refusal, Reply, Scenario
from hermes.testing.scenarios.common import GOOD, HELLO, ONLY_CREATED, STREAM_REQUIRED
from hermes.testing.wire import failed as failed_event

__all__ = ["SCENARIOS"]

_BAD: Final = "invalid_request_error"


def _user(text: str = "hi") -> Json:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def _said(role: str, text: str = "Be brief.") -> Json:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def _answer(item_id: str = "msg_0") -> Json:
    part = {"type": "output_text", "text": "Yes.", "annotations": []}
    return {"type": "message", "role": "assistant", "id": item_id, "status": "completed", "content": [part]}


def _thought(**more: Any) -> Json:
    return {"type": "reasoning", "id": "rs_0", "summary": [], **more}


def _call(call_id: str = "call_0", **more: Any) -> Json:
    return {"type": "function_call", "call_id": call_id, "name": "sh", "arguments": "{}", **more}


def _output(call_id: str = "call_0", output: Any = "done") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def _function(name: str = "sh", **more: Any) -> Json:
    schema = {"type": "object", "properties": {"command": {"type": "string"}}}
    return {"type": "function", "name": name, "parameters": schema, **more}


def _detail(sentence: str, status: int = 400) -> Reply:
    """FastAPI's body: https://fastapi.tiangolo.com/tutorial/handling-errors/."""
    return json_answer({"detail": sentence}, status=status)


def _error(sentence: str, status: int = 400, **more: Any) -> Reply:
    return http_error(status, sentence, **{"type": _BAD, "param": None, "code": "", **more})


def _refused(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    refusals: Mapping[Demand, Reply],
    request: Mapping[str, Any],
    expected: Expected | None = None,
    *,
    again: Expected | None = None,
    streams: tuple[Reply, ...] = (GOOD,),
) -> Scenario:
    """A backend that refuses a request until it is right: two requests, and one in the next call."""
    if expected is None:
        expected, again = complete(RETRIED), again or complete()
    return Scenario(
        id,
        quirk,
        summary,
        streams,
        (HELLO,),
        expected,
        request=request,
        refusals=tuple(Refusal(when, reply) for when, reply in refusals.items()),
        expected_again=again,
    )


def _good_at_once(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    refusals: Mapping[Demand, Reply],
    request: Mapping[str, Any],
    *,
    says: tuple[str, ...] = (),
) -> Scenario:
    """A request that is put right before it is sent."""
    return _refused(id, quirk, summary, refusals, request, complete(says=says))


def _hopeless(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    reply: Reply,
    request: Mapping[str, Any],
    *says: str,
    verdict: str = "bad_request",
    requests: Requests = RETRIED,
) -> Scenario:
    """Whatever is done about it, the backend refuses: a few requests, then a sentence that says what."""
    outcome = failed(verdict, requests, says=says)
    return _refused(id, quirk, summary, {always: reply}, request, outcome)


def _caps() -> list[Scenario]:
    quirk = "reject-max-output-tokens"
    request = {"max_output_tokens": 512}
    wants = has("max_output_tokens")
    sentence = "Unsupported parameter: max_output_tokens"
    told = complete(RETRIED, says=("max_output_tokens", "no limit of output tokens"))
    told_again = complete(says=("max_output_tokens", "no limit of output tokens"))
    listed = {
        "type": "extra_forbidden",
        "loc": ["body", "max_output_tokens"],
        "msg": "Extra inputs are not permitted",
    }
    replies: dict[str, tuple[str, Reply]] = {
        "detail": ("a detail", _detail(sentence)),
        "error-object": (
            "an error object",
            _error(
                "Unsupported parameter: 'max_output_tokens' is not supported with this model.",
                code="unsupported_parameter",
                param="max_output_tokens",
            ),
        ),
        "field-list": ("HTTP 422 with a list of fields", json_answer({"detail": [listed]}, status=422)),
        "502": ("a gateway as HTTP 502", _error(sentence, 502, type="upstream_error")),
        "in-the-stream": (
            "a failed response under HTTP 200",
            event_stream(*ONLY_CREATED, *frames([failed_event("unsupported_parameter", sentence)])),
        ),
    }
    return [
        *(
            _refused(
                f"{quirk}/{name}",
                6,
                f"the limit of output tokens is refused by {what}",
                {wants: reply},
                request,
                told,
                again=told_again,
            )
            for name, (what, reply) in replies.items()
        ),
        _hopeless(
            f"{quirk}/hopeless",
            6,
            "refused even where it is not there",
            _detail(sentence),
            request,
            "max_output_tokens",
        ),
    ]


def _sampling() -> list[Scenario]:
    quirk = "reject-sampling-params"
    request = {"temperature": 0.2}
    wants = has("temperature")
    replies = {
        "detail": _detail("Unsupported parameter: temperature"),
        "unsupported-parameter": _error(
            "Unsupported parameter: 'temperature' is not supported with this model.",
            code="unsupported_parameter",
            param="temperature",
        ),
        "unsupported-value": _error(
            "Unsupported value: 'temperature' does not support 0.2 with this model."
            " Only the default (1) value is supported.",
            code="unsupported_value",
            param="temperature",
        ),
        "name-in-words-only": _error("Unrecognized request argument supplied: temperature"),
        "unknown-parameter": _error("Unknown parameter: 'temperature'.", code="unknown_parameter"),
        "502": json_answer(
            {"error": {"message": "Unsupported parameter: temperature", "type": "upstream_error"}}, status=502
        ),
    }
    several = {"temperature": 0.2, "top_p": 0.9, "user": "u", "metadata": {"a": "b"}}
    five: dict[str, Any] = {**several, "truncation": "auto"}

    def each(names: Mapping[str, Any]) -> dict[Demand, Reply]:
        return {has(name): _detail(f"Unsupported parameter: {name}") for name in names}

    five_requests: Requests = ("stream",) * 5
    return [
        *(
            _refused(
                f"{quirk}/{name}",
                7,
                f"the temperature is refused: {name}",
                {wants: reply},
                request,
                complete(RETRIED, says=("temperature",)),
                again=complete(),
            )
            for name, reply in replies.items()
        ),
        _refused(
            f"{quirk}/four-in-turn",
            7,
            "four parameters are refused, one after the other",
            each(several),
            several,
            complete(five_requests),
            again=complete(),
        ),
        _refused(
            f"{quirk}/five-in-turn",
            7,
            "more parameters are refused than Hermes leaves out in one call",
            each(five),
            five,
            failed("bad_request", five_requests, says=("truncation",)),
        ),
        _refused(
            f"{quirk}/out-of-range",
            7,
            "the temperature is refused because it is wrong, which the user must know",
            {
                has("temperature"): _error(
                    "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 5"
                    " instead.",
                    code="decimal_above_max_value",
                    param="temperature",
                )
            },
            {"temperature": 5},
            failed("bad_request", says=("temperature", "<= 2")),
        ),
        _hopeless(
            f"{quirk}/hopeless",
            7,
            "refused even where it is not there",
            _detail("Unsupported parameter: temperature"),
            request,
            "temperature",
        ),
    ]


def _codex_demands() -> list[Scenario]:
    quirk = "requires-stream-store-instructions"
    instructions = {lacks("instructions"): _detail("Instructions are required")}
    store = {lacks("store", False): _detail("Store must be set to false")}
    stream = {lacks("stream", True): STREAM_REQUIRED}
    bare = {"instructions": None}
    return [
        _refused(f"{quirk}/instructions", 8, "instructions are required", instructions, bare),
        _refused(f"{quirk}/store", 8, "nothing may be stored", store, {}),
        _refused(
            f"{quirk}/instructions-and-store",
            8,
            "instructions are required, then nothing may be stored",
            {**instructions, **store},
            bare,
            complete(RETRIED_TWICE),
            again=complete(),
        ),
        _refused(
            f"{quirk}/all-three",
            8,
            "instructions, then nothing stored, and then, for its stream broke off, no answer without one",
            {**instructions, **store, **stream},
            bare,
            complete(("stream", "stream", "stream", "non_stream", "stream")),
            streams=(event_stream(*ONLY_CREATED), GOOD),
        ),
        _hopeless(
            f"{quirk}/hopeless",
            8,
            "instructions are required even where they are there",
            _detail("Instructions are required"),
            bare,
            "instructions are required",
        ),
    ]


_NOT_FOUND: Final = (
    "Item with id 'rs_0' not found. Items are not persisted when `store` is set to false. Try again with"
    " `store` set to true, or remove this item from your input."
)


def _replayed_ids() -> list[Scenario]:
    quirk = "reject-replayed-item-id"
    not_found = _error(_NOT_FOUND, 404, param="input")
    ids = {has("input[].id"): not_found}
    unknown = {has_pattern("input[].id", "^rs_"): not_found}
    sealed = [_user(), _thought(encrypted_content="gAAA"), _answer(), _user()]
    plain = [_user(), _thought(), _answer(), _user()]
    return [
        _good_at_once(
            f"{quirk}/reasoning-without-content",
            9,
            "reasoning that was never stored, known by its id only",
            unknown,
            {"input": plain, "store": False},
        ),
        _good_at_once(
            f"{quirk}/sealed-reasoning",
            9,
            "reasoning that was never stored, with its encrypted content",
            {**unknown, lacks("input[].encrypted_content"): _error("The reasoning is missing.")},
            {"input": sealed, "store": False},
        ),
        _good_at_once(
            f"{quirk}/item-reference",
            9,
            "a reference to an item that was never stored",
            {has("input[].type", "item_reference"): not_found},
            {"input": [{"type": "item_reference", "id": "msg_0"}, _user()], "store": False},
            says=("references",),
        ),
        _refused(f"{quirk}/stored", 9, "the backend has lost a stored item", ids, {"input": plain}),
        _refused(
            f"{quirk}/400",
            9,
            "the backend has lost a stored item, and says so as HTTP 400",
            {has("input[].id"): _error(_NOT_FOUND, param="input")},
            {"input": plain},
        ),
        _hopeless(
            f"{quirk}/hopeless",
            9,
            "an item is missed that is not there",
            not_found,
            {"input": plain},
            "rs_0",
            verdict="replay_invalid",
        ),
    ]


def _foreign_reasoning() -> list[Scenario]:
    quirk = "foreign-encrypted-content"
    conversation = [_user(), _thought(encrypted_content="gAAA"), _answer(), _user()]
    request = {"input": conversation, "store": False}
    wants = has("input[].type", "reasoning")
    unreadable = (
        "The encrypted content gAAA...== could not be verified."
        " Reason: Encrypted content could not be decrypted or parsed."
    )
    sealed = {"code": "invalid_encrypted_content", "type": _BAD, "param": None, "message": unreadable}
    mixed = (
        b'{"error":{"message":"Upstream request failed","type":"upstream_error"}}'
        b'event: error\ndata: {"error":{"code":"invalid_encrypted_content","message":"The encrypted content'
        b' gAAA...== could not be verified."}}\n\n'
    )
    replies = {
        "error-object": json_answer({"error": sealed}, status=400),
        "wrong-organisation": _error(
            "The encrypted content for item rs_0 could not be verified. Reason: Encrypted content"
            " organization_id did not match the target organization.",
            code="invalid_encrypted_content",
        ),
        "not-issued-to-this-caller": _error("reasoning `encrypted_content` was not issued to this caller"),
        "502-mixed-body": raw_answer(mixed, content_type="application/json", status=502),
        "in-the-stream": event_stream(
            *ONLY_CREATED, *frames([failed_event("invalid_encrypted_content", unreadable)])
        ),
    }
    return [
        *(
            _refused(
                f"{quirk}/{name}",
                10,
                f"reasoning of another account is refused: {name}",
                {wants: reply},
                request,
                complete(RETRIED, says=("without the model's earlier reasoning",)),
                again=complete(),
            )
            for name, reply in replies.items()
        ),
        _hopeless(
            f"{quirk}/refused-for-good",
            10,
            "reasoning is refused that is not there",
            replies["error-object"],
            request,
            "encrypted content",
            verdict="replay_invalid",
        ),
    ]


def _pairing() -> list[Scenario]:
    quirk = "tool-pairing-400"
    no_output = _error("No tool output found for function call call_0.", param="input")
    no_call = _error("No tool call found for function call output with call_id call_0.", param="input")
    twice = _error("Duplicate function_call_output for call_id call_0.", param="input")
    result = _error("messages.2.content.0: each tool_use must have a single result")
    shapes: dict[str, tuple[str, Reply, list[Json], tuple[str, ...]]] = {
        "call-without-output": (
            "a call that was interrupted",
            no_output,
            [_user(), _call(), _user()],
            ("aborted",),
        ),
        "one-of-two-calls": (
            "one of two parallel calls was interrupted",
            no_output,
            [_user(), _call("call_0"), _call("call_1"), _output("call_1"), _user()],
            ("aborted",),
        ),
        "output-without-call": (
            "an output whose call is gone",
            no_call,
            [_user(), _output(), _user()],
            ("left out",),
        ),
        "output-of-another-call": (
            "a call without an output, and an output without a call",
            no_call,
            [_user(), _call("call_0"), _output("call_1"), _user()],
            ("left out", "aborted"),
        ),
        "output-twice": (
            "a call with two outputs",
            twice,
            [_user(), _call(), _output(), _output(), _user()],
            ("left out",),
        ),
        "call-twice": (
            "a call that is written twice",
            result,
            [_user(), _call(), _call(), _output(), _user()],
            ("left out",),
        ),
        "recurring-id": (
            "two calls of one id",
            twice,
            [_user(), _call(), _output(), _call(arguments='{"a":1}'), _output(output="more"), _user()],
            (),
        ),
        "output-before-call": (
            "an output before its call",
            no_call,
            [_user(), _output(), _call(), _user()],
            (),
        ),
    }
    return [
        *(
            _good_at_once(
                f"{quirk}/{name}", 27, what, {has_unpaired_tools: reply}, {"input": items}, says=says
            )
            for name, (what, reply, items, says) in shapes.items()
        ),
        *(
            _refused(
                f"{quirk}/{name}",
                27,
                f"a message between a call and its output: {name}",
                {has_distant_outputs: _error(sentence)},
                {"input": [_user(), _call(), _user("stop"), _output(), _user()]},
            )
            for name, sentence in {
                "message-in-between": (
                    "An assistant message with 'tool_calls' must be followed by tool messages responding to"
                    " each 'tool_call_id'. The following tool_call_ids did not have response messages: call_0"
                ),
                "message-in-between-of-a-bridge": (
                    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after:"
                    " call_0"
                ),
            }.items()
        ),
    ]


def _item_ids() -> list[Scenario]:
    long_id = "msg_" + "x" * 400
    foreign = [_user(), _answer(long_id), _user()]
    bound = "input item ID does not belong to this connection"
    too_long = (
        "Invalid 'input[1].id': string too long. Expected a string with maximum length 64, but got a string"
        " with length 404 instead."
    )
    prefix = "Invalid 'input[1].id': 'call_0'. Expected an ID that begins with 'fc'."
    called = [_user(), _call(id="call_0"), _output(), _user()]
    bound_request = {"input": [_user(), _thought(encrypted_content="gAAA"), _answer(), _user()]}
    return [
        *(
            _refused(
                f"connection-bound-item-ids/{status}",
                28,
                f"item ids of an earlier connection, told as HTTP {status}",
                {has("input[].id"): _error(bound, status)},
                bound_request,
            )
            for status in (401, 400)
        ),
        _refused(
            "connection-bound-item-ids/reasoning-too",
            28,
            "items of an earlier connection: their ids and then their reasoning",
            {has("input[].id"): _error(bound, 401), has("input[].type", "reasoning"): _error(bound, 401)},
            bound_request,
            complete(RETRIED_TWICE),
            again=complete(),
        ),
        _hopeless(
            "connection-bound-item-ids/refused-for-good",
            28,
            "ids are refused that are not there",
            _error(bound, 401),
            bound_request,
            "does not belong to this connection",
            verdict="replay_invalid",
            requests=RETRIED_TWICE,
        ),
        _refused(
            "item-id-too-long",
            103,
            "an item id of 404 characters, minted by another backend",
            {
                longer_than("input[].id", 64): _error(
                    too_long, code="string_above_max_length", param="input[1].id"
                )
            },
            {"input": foreign},
        ),
        _refused(
            "item-id-prefix",
            104,
            "a function call whose id is of another form",
            {has_pattern("input[].id", "^call_"): _error(prefix, code="invalid_value", param="input[1].id")},
            {"input": called},
        ),
        _refused(
            "item-id-prefix/words-only",
            104,
            "the same, without a field that says which parameter",
            {has_pattern("input[].id", "^call_"): _error("function_call id must start with 'fc_'")},
            {"input": called},
        ),
    ]


def _roles() -> list[Scenario]:
    system = {"input": [_said("system"), _user()]}
    developer = {"input": [_said("developer"), _user()]}
    no_system = _error("System messages are not allowed")
    unknown = _error(
        "messages[1].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`"
    )
    silent = json_answer(
        {
            "error": {
                "message": "openai_error",
                "type": "bad_response_status_code",
                "code": "bad_response_status_code",
            }
        },
        status=422,
    )
    neither = _error('Invalid option: expected one of "user"|"assistant"', param="input[0].role")
    guidance = has("input[].role", "system", "developer")
    return [
        _refused(
            "role-system-rejected",
            98,
            "system messages are refused",
            {has("input[].role", "system"): no_system},
            system,
        ),
        _refused(
            "role-system-rejected/developer-too",
            98,
            "system messages are refused, and developer messages as well",
            {
                has("input[].role", "system"): no_system,
                has("input[].role", "developer"): _error("Developer messages are not allowed"),
            },
            system,
            complete(RETRIED_TWICE),
            again=complete(),
        ),
        _hopeless(
            "role-system-rejected/hopeless",
            98,
            "system messages are refused that are not there",
            no_system,
            system,
            "system messages",
        ),
        *(
            _refused(
                f"role-developer-rejected/{name}",
                99,
                f"developer messages are refused: {name}",
                {has("input[].role", "developer"): reply},
                developer,
            )
            for name, reply in {"unknown-variant": unknown, "422": silent}.items()
        ),
        _refused(
            "role-developer-rejected/only-user-and-assistant",
            99,
            "neither developer nor system messages are taken",
            {guidance: neither},
            developer,
        ),
        _hopeless(
            "role-developer-rejected/hopeless",
            99,
            "developer messages are refused that are not there",
            unknown,
            developer,
            "developer",
        ),
    ]


def _previous_response() -> list[Scenario]:
    quirk = "previous-response-id-unsupported-or-lost"
    wants = has("previous_response_id")
    whole = {
        "previous_response_id": "resp_0",
        "input": [_user(), _call(), _output(), _answer(), _user("and then?")],
    }
    delta = {"previous_response_id": "resp_0", "input": [_output()]}
    lost = _error(
        "Previous response with id 'resp_0' not found.",
        code="previous_response_not_found",
        param="previous_response_id",
    )
    replies = {
        "unsupported": _detail("Unsupported parameter: previous_response_id"),
        "not-found": lost,
        "invalid": _error("Invalid `previous_response_id`."),
        "stale": _error("The previous response is stale.", code="codex_previous_response_stale"),
    }
    masked = http_error(
        502,
        "Upstream websocket closed before response.completed",
        type="server_error",
        code="stream_incomplete",
    )
    return [
        *(
            _refused(
                f"{quirk}/{name}", 100, f"the earlier response is refused: {name}", {wants: reply}, whole
            )
            for name, reply in replies.items()
        ),
        replace(
            _refused(
                f"{quirk}/masked",
                100,
                "the earlier response is lost, which a gateway tells as a cut stream",
                {wants: masked},
                whole,
                complete(RETRIED_TWICE),
            ),
            expected_with={"codex_lb": complete(RETRIED)},
        ),
        *(
            _refused(
                f"{quirk}/{name}",
                100,
                what,
                {wants: lost, has_unpaired_tools: _error("No tool call found for function call output.")},
                request,
                failed("replay_invalid", says=("resp_0", "whole conversation")),
            )
            for name, what, request in (
                ("only-outputs", "the request holds nothing but the output of a call", delta),
                (
                    "only-what-is-new",
                    "the request holds nothing but the user's next message",
                    {**delta, "input": [_user("and then?")]},
                ),
            )
        ),
        _hopeless(
            f"{quirk}/hopeless",
            100,
            "an earlier response is missed that is not asked for",
            lost,
            whole,
            "resp_0",
            verdict="replay_invalid",
        ),
        *(
            _hopeless(
                f"{quirk}/{name}",
                100,
                f"`{name}` is refused, and without it nobody knows what was said before",
                _error(f"Unsupported parameter: '{name}'", code="unsupported_parameter", param=name),
                {name: value, "input": [_user("and then?")]},
                name,
                requests=ONCE,
            )
            for name, value in {"conversation": "conv_0", "prompt": {"id": "pmpt_0"}}.items()
        ),
    ]


def _reasoning_items() -> list[Scenario]:
    sealed = _thought(encrypted_content="gAAA")
    bare = {name: value for name, value in sealed.items() if name != "summary"}

    def without_summary(body: Mapping[str, Any]) -> bool:
        return any(item.get("type") == "reasoning" and item.get("summary") is None for item in items_of(body))

    def without_follower(body: Mapping[str, Any]) -> bool:
        kinds = [(item.get("type"), item.get("role")) for item in items_of(body)]
        return any(
            kind == ("reasoning", None) and after not in (("message", "assistant"), ("function_call", None))
            for kind, after in pairwise(kinds)
        )

    lonely = _error(
        "Item 'rs_0' of type 'reasoning' was provided without its required following item.",
        code="missing_following_item",
        param="input",
    )
    alone = {"input": [_user(), sealed, _user("go on")], "store": False}
    return [
        _good_at_once(
            "reasoning-needs-summary",
            101,
            "reasoning without a summary",
            {
                without_summary: _error(
                    "Missing required parameter: 'input[1].summary'.",
                    code="missing_required_parameter",
                    param="input[1].summary",
                )
            },
            {"input": [_user(), bare, _answer(), _user()], "store": False},
        ),
        _refused(
            "reasoning-needs-following-item",
            102,
            "reasoning that nothing follows",
            {without_follower: lonely},
            alone,
            complete(RETRIED),
        ),
        _refused(
            "reasoning-needs-following-item/words-only",
            102,
            "the same, told in words only",
            {
                without_follower: _error(
                    "Item 'rs_0' of type 'reasoning' was provided without its required following item."
                )
            },
            alone,
            complete(RETRIED),
        ),
        _hopeless(
            "reasoning-needs-following-item/hopeless",
            102,
            "a follower is missed of what is not there",
            lonely,
            alone,
            "following item",
            verdict="replay_invalid",
        ),
    ]


def _simple_shapes() -> list[Scenario]:
    text = {"input": "Hello"}

    def is_text(body: Mapping[str, Any]) -> bool:
        return not isinstance(body.get("input"), list)

    long_key = _error(
        "Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64.",
        code="string_above_max_length",
        param="prompt_cache_key",
    )
    reserved = _error("tools must not be empty", param="tools")
    return [
        _good_at_once(
            "input-must-be-list", 97, "a text as input", {is_text: _detail("Input must be a list")}, text
        ),
        _good_at_once(
            "input-must-be-list/validation-errors",
            97,
            "a text as input, refused with a flood of words",
            {
                is_text: _error(
                    "240 validation errors: [{'type': 'string_type', 'loc': ('body', 'input', 'str')"
                )
            },
            text,
        ),
        _good_at_once(
            "prompt-cache-key-limits/too-long",
            105,
            "a cache key of 100 characters",
            {longer_than("prompt_cache_key", 64): long_key},
            {"prompt_cache_key": "k" * 100},
        ),
        _refused(
            "prompt-cache-key-limits/refused",
            105,
            "no cache key is taken",
            {
                has("prompt_cache_key"): _error(
                    "Unknown parameter: 'prompt_cache_key'.", code="unknown_parameter"
                )
            },
            {"prompt_cache_key": "k"},
        ),
        _good_at_once("tools-null-or-empty/empty", 106, "no tools", {has("tools"): reserved}, {"tools": []}),
        _good_at_once(
            "tools-null-or-empty/null", 106, "tools that are null", {has("tools"): reserved}, {"tools": None}
        ),
    ]


def _schemas() -> list[Scenario]:
    quirk = "schema-features-rejected"

    def tools(schema: Json, **more: Any) -> dict[str, Any]:
        properties = {"type": "object", "properties": {"path": {"type": "string", **schema}}}
        return {"tools": [{**_function(), "parameters": properties, **more}]}

    at = "tools[].parameters.properties.path"
    strict = _error(
        "Invalid schema for function 'sh': In context=(), 'additionalProperties' is required to be supplied"
        " and to be false.",
        code="invalid_function_parameters",
        param="tools[0].parameters",
    )
    shaped = {
        "text": {"format": {"type": "json_schema", "name": "a", "strict": True, "schema": {"type": "object"}}}
    }
    return [
        _refused(
            f"{quirk}/enum-with-slash",
            107,
            "values with a slash are refused",
            {has_pattern(f"{at}.enum[]", "/"): _error("Invalid arguments passed to the model.")},
            tools({"enum": ["a/b", "c"]}),
        ),
        _refused(
            f"{quirk}/pattern",
            107,
            "a regular expression that the grammar cannot hold",
            {has(f"{at}.pattern"): _error("failed to parse grammar: unknown escape at \\d")},
            tools({"pattern": r"^\d+$"}),
        ),
        _refused(
            f"{quirk}/strict",
            107,
            "a schema that is not strict enough",
            {has("tools[].strict", True): strict},
            tools({}, strict=True),
        ),
        _refused(
            f"{quirk}/answer-format",
            107,
            "a schema of the answer that is not strict enough",
            {
                has("text.format.strict", True): _error(
                    "Invalid schema for response_format 'a': In context=(), 'required' is required.",
                    code="invalid_json_schema",
                    param="text.format.schema",
                )
            },
            shaped,
        ),
        _refused(
            f"{quirk}/strict-unknown",
            107,
            "a gateway that does not know `strict`",
            {
                has("tools[].strict"): _error(
                    "Unknown parameter: 'tools[0].strict'.", code="unknown_parameter"
                )
            },
            tools({}, strict=False),
        ),
        _hopeless(
            f"{quirk}/hopeless",
            107,
            "a schema is refused whatever it is",
            strict,
            tools({}, strict=True),
            "schema for function 'sh'",
        ),
    ]


def _tools() -> list[Scenario]:
    quirk = "builtin-tools-rejected"
    own = {"tools": [_function(), {"type": "web_search"}]}
    others = has_other_than("tools[].type", "function")

    def has_twins(body: Mapping[str, Any]) -> bool:
        kinds, names = values_at(body, "tools[].type"), values_at(body, "tools[].name")
        named = [*(kind for kind in kinds if kind != "function"), *names]
        return len(set(named)) < len(named)

    twins = _error("Duplicate tool names: web_search")
    collision = {"tools": [_function("web_search"), {"type": "web_search"}]}
    replies = {
        "tool-type": _error("'type' of tool must be 'function'"),
        "unsupported": _error("Unsupported tool type: web_search", param="tools[1].type"),
        "unknown-variant": _error("tools[1].type: unknown variant `web_search`, expected `function`"),
    }
    told = ("with function tools only",)
    return [
        *(
            _refused(
                f"{quirk}/{name}",
                108,
                f"tools of the backend's own are refused: {name}",
                {others: reply},
                own,
                complete(RETRIED, says=told),
                again=complete(says=("function tools only",)),
            )
            for name, reply in replies.items()
        ),
        _refused(
            f"{quirk}/duplicate-names",
            108,
            "a function of the same name as a tool of the backend's own",
            {has_twins: twins},
            collision,
        ),
        _hopeless(
            f"{quirk}/hopeless",
            108,
            "tools are refused that are not there",
            replies["tool-type"],
            own,
            "tool",
        ),
        _hopeless(
            f"{quirk}/function-of-the-users",
            108,
            "the user's own function is refused: the other tools are not to blame",
            _error("Tool 'sh' is not supported in this region", param="tools"),
            own,
            "'sh'",
            requests=ONCE,
        ),
    ]


def _reasoning_parameters() -> list[Scenario]:
    quirk = "reasoning-params-rejected"

    def effort(value: str) -> dict[str, Any]:
        return {"reasoning": {"effort": value}}

    def unsupported(value: str) -> Reply:
        return _error(
            f"Unsupported value: '{value}' is not supported with the 'gpt-5.4' model."
            " Supported values are: 'low', 'medium', and 'high'.",
            code="unsupported_value",
            param="reasoning.effort",
        )

    known = has_other_than("reasoning.effort", "low", "medium", "high")
    unverified = _error(
        "Your organization must be verified to generate reasoning summaries.",
        code="unsupported_value",
        param="reasoning.summary",
    )
    no_effort = _error("Argument not supported on this model: reasoningEffort")
    unlisted = _error("Invalid reasoning effort.", code="invalid_value", param="reasoning.effort")
    return [
        *(
            _refused(
                f"{quirk}/effort-{value}",
                109,
                f"the effort {value} is unknown",
                {known: unsupported(value)},
                effort(value),
                complete(RETRIED, says=(near,)),
                again=complete(),
            )
            for value, near in {"xhigh": "at most `high`", "minimal": "at least `low`"}.items()
        ),
        _refused(
            f"{quirk}/effort-unlisted",
            109,
            "the effort is unknown, and nobody says which are known",
            {known: unlisted},
            effort("max"),
        ),
        _refused(
            f"{quirk}/no-effort",
            109,
            "no effort is taken, told under another name",
            {has("reasoning.effort"): no_effort},
            effort("high"),
        ),
        _refused(
            f"{quirk}/clamped-and-dropped",
            109,
            "the effort is lowered, and refused all the same",
            {has("reasoning.effort"): unlisted},
            effort("xhigh"),
            complete(RETRIED_TWICE),
            again=complete(),
        ),
        _refused(
            f"{quirk}/summary-of-an-unverified-organisation",
            109,
            "summaries are for verified organisations only",
            {has("reasoning.summary"): unverified},
            {"reasoning": {"effort": "low", "summary": "auto"}},
        ),
        _refused(
            f"{quirk}/reasoning",
            109,
            "nothing about reasoning is taken",
            {has("reasoning"): _detail("Unsupported parameter: reasoning")},
            effort("low"),
        ),
        _hopeless(
            f"{quirk}/hopeless",
            109,
            "an effort is refused that is not there",
            unlisted,
            effort("high"),
            "effort",
        ),
    ]


def _outputs() -> list[Scenario]:
    quirk = "function-output-shape"
    image = [
        {"type": "input_text", "text": "A chart."},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
    ]
    listed = {"input": [_user(), _call(), _output(output=image), _user()]}

    def has_list(body: Mapping[str, Any]) -> bool:
        return any(isinstance(item.get("output"), list) for item in items_of(body))

    replies = {
        "invalid-type": _error(
            "Invalid type for 'input[2].output': expected a string, but got an array instead.",
            code="invalid_type",
            param="input[2].output",
        ),
        "words-only": _error("function_call_output must be a string, images are not supported"),
        "chat-gateway": _error("messages[2].content: invalid type: sequence, expected a string", 422),
        "no-images": _error("This model does not support image inputs."),
        "sequence": _error("input[2].output: invalid type: sequence, expected a string", 422),
    }
    nameless = _output()
    del nameless["call_id"]
    return [
        *(
            _refused(
                f"{quirk}/{name}",
                113,
                f"an output with an image is refused: {name}",
                {has_list: reply},
                listed,
                complete(RETRIED, says=("as text",)),
                again=complete(),
            )
            for name, reply in replies.items()
        ),
        _good_at_once(
            f"{quirk}/missing-call-id",
            113,
            "an output that does not say whose it is",
            {has_unpaired_tools: _error("A function call output without a call_id requires a name")},
            {"input": [_user(), nameless, _user()]},
            says=("left out",),
        ),
        _hopeless(
            f"{quirk}/hopeless",
            113,
            "lists are refused that are not there",
            replies["invalid-type"],
            listed,
            "input[2].output",
        ),
    ]


def _ways() -> list[Scenario]:
    unverified = _error(
        "Your organization must be verified to stream this model.", code="unsupported_value", param="stream"
    )
    return [
        _refused(
            "json-body-instead-of-sse/stream-refused",
            87,
            "no stream is given; without one there is an answer",
            {has("stream", True): unverified},
            {},
            complete(("stream", "non_stream")),
            again=complete(("non_stream",)),
        ),
    ]


SCENARIOS: Final = (
    *_caps(),
    *_sampling(),
    *_codex_demands(),
    *_replayed_ids(),
    *_foreign_reasoning(),
    *_pairing(),
    *_item_ids(),
    *_ways(),
    *_simple_shapes(),
    *_roles(),
    *_previous_response(),
    *_reasoning_items(),
    *_schemas(),
    *_tools(),
    *_reasoning_parameters(),
    *_outputs(),
)
