"""Requests put right before and after they are refused, other ways to ask, and keepalives."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.adapters import builtin
from hermes.providers.adapters.builtin.changes import FOR_THE_SESSION, change_named
from hermes.providers.contract import (
    NO_ANSWER_TEXT,
    REASONING_ONLY_FINAL,
    AdapterContext,
    Delivered,
    EndpointFact,
    EndpointMemory,
    Event,
    Failure,
    FailureKind,
    Fallback,
    Notice,
    RateLimits,
    Request,
    Verdict,
    VerdictKind,
    hookimpl,
)
from hermes.providers.dispatch import CallDispatch
from hermes.providers.registration import Registry

REQUEST = Request(model="m", input="hi", stream=True, stream_options={"include_obfuscation": False})
NON_STREAM = Request(model="m", input="hi")

ORDER = Verdict(VerdictKind.ORDER_MISMATCH)
TRUNCATED = Verdict(VerdictKind.TRUNCATED)
EMPTY = Verdict(VerdictKind.PROTOCOL, code="empty_answer")
REFUSED = Verdict(VerdictKind.STREAM_REQUIRED)

AS_STREAM = Fallback("stream", REQUEST, tolerate_prelude=True)
TOLERANT = Fallback("tolerant_stream", REQUEST, tolerate_prelude=True)
WITHOUT_STREAM = Fallback("non_stream", NON_STREAM, tolerate_prelude=True)


def context(
    *, streaming: bool = True, facts: tuple[str, ...] = (), told: list[RateLimits | Notice] | None = None
) -> AdapterContext:
    memory = EndpointMemory()
    for fact in facts:
        memory.learn(fact)
    reports = [] if told is None else told
    return AdapterContext("p", "m", memory, on_report=reports.append, streaming=streaming)


@pytest.mark.parametrize(
    ("verdict", "streaming", "facts", "fallback"),
    [
        (ORDER, True, (), WITHOUT_STREAM),
        (TRUNCATED, True, (), WITHOUT_STREAM),
        (EMPTY, True, (), WITHOUT_STREAM),
        (ORDER, True, (EndpointFact.BREAKS_ORDER, EndpointFact.NON_STREAM_WORKS), WITHOUT_STREAM),
        (ORDER, True, (EndpointFact.STREAM_REQUIRED,), TOLERANT),
        (TRUNCATED, True, (EndpointFact.STREAM_REQUIRED,), TOLERANT),
        (EMPTY, True, (EndpointFact.STREAM_REQUIRED,), TOLERANT),
        (ORDER, False, (), None),
        (TRUNCATED, False, (), None),
        (EMPTY, False, (), AS_STREAM),
        (REFUSED, False, (), TOLERANT),
        (REFUSED, True, (), TOLERANT),
        *(
            (Verdict(kind), streaming, (), None)
            for kind in VerdictKind
            if kind not in (VerdictKind.ORDER_MISMATCH, VerdictKind.TRUNCATED, VerdictKind.STREAM_REQUIRED)
            for streaming in (True, False)
        ),
    ],
)
def test_fallbacks(
    verdict: Verdict, streaming: bool, facts: tuple[EndpointFact, ...], fallback: Fallback | None
) -> None:
    asked = builtin.fallback_request(REQUEST, verdict, context(streaming=streaming, facts=facts))
    assert asked == fallback


def test_an_answer_that_is_empty_both_ways_is_not_asked_for_again() -> None:
    call = context(streaming=True)
    assert builtin.fallback_request(REQUEST, EMPTY, call) == WITHOUT_STREAM
    call.streaming = False
    assert builtin.fallback_request(REQUEST, EMPTY, call) is None


def test_a_stream_that_broke_otherwise_may_be_tried_after_an_empty_answer() -> None:
    call = context(streaming=True)
    assert builtin.fallback_request(REQUEST, ORDER, call) == WITHOUT_STREAM
    call.streaming = False
    assert builtin.fallback_request(REQUEST, EMPTY, call) == AS_STREAM


USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
YES = {"type": "message", "role": "assistant", "content": "Yes."}
CALL = {"type": "function_call", "call_id": "call_1", "name": "sh", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "done"}
PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
SEARCH = {"type": "function", "name": "web_search", "parameters": {"type": "object"}}
FUNCTION = {"type": "function", "name": "sh", "parameters": {"type": "object"}}


def prepared(*lessons: str, told: list[RateLimits | Notice] | None = None, **keywords: Any) -> dict[str, Any]:
    """What becomes of a request; asked again, it is good as it is, and nothing is told twice."""
    call = context(facts=lessons, told=told)
    request = builtin.prepare_request(Request(keywords), call)
    said = list(told or ())
    assert builtin.prepare_request(request, call) is request
    assert list(told or ()) == said
    return dict(request)


def refused(
    request: Request,
    message: str = "",
    *,
    code: str = "",
    param: str = "",
    kind: str = "bad_request",
    **more: Any,
) -> Fallback | None:
    verdict = Verdict(VerdictKind(kind), message=message, code=code, param=param)
    return builtin.fallback_request(request, verdict, context(**more))


def test_a_good_request_is_sent_as_it_is() -> None:
    request = Request(model="m", input=[USER, CALL, OUTPUT], tools=[FUNCTION], store=False, stream=True)
    assert builtin.prepare_request(request, context()) is request


def test_a_request_is_put_right_before_it_is_sent() -> None:
    told: list[RateLimits | Notice] = []
    thought = {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA"}
    result = prepared(
        told=told,
        input=[USER, thought, CALL, USER],
        tools=[],
        tool_choice="auto",
        store=False,
        prompt_cache_key="k" * 65,
    )
    aborted = {**OUTPUT, "output": "[aborted: this call was interrupted and has no output]"}
    assert result.pop("prompt_cache_key") != "k" * 65
    assert result == {
        "input": [
            USER,
            {"type": "reasoning", "encrypted_content": "gAAA", "summary": []},
            CALL,
            aborted,
            USER,
        ],
        "store": False,
    }
    [notice] = told
    assert isinstance(notice, Notice)
    assert notice.text.startswith("Tool calls and outputs of the conversation did not match;")


def test_an_output_that_is_dropped_is_told_though_another_is_made_up() -> None:
    told: list[RateLimits | Notice] = []
    strange = {**OUTPUT, "call_id": "call_2", "output": "21 degrees"}
    result = prepared(told=told, input=[USER, CALL, strange])
    assert [item["output"][:8] for item in result["input"][2:]] == ["[aborted"]
    [notice] = told
    assert isinstance(notice, Notice)
    assert "did not match" in notice.text


def test_ids_that_become_unique_are_no_news() -> None:
    told: list[RateLimits | Notice] = []
    again = [{**CALL, "arguments": "1"}, {**OUTPUT, "output": "2"}]
    assert prepared(told=told, input=[USER, CALL, OUTPUT, *again])["input"] != [USER, CALL, OUTPUT, *again]
    assert told == []


def test_what_is_lost_to_a_store_is_told() -> None:
    told: list[RateLimits | Notice] = []
    result = prepared(told=told, input=[{"type": "item_reference", "id": "msg_1"}, USER], store=False)
    assert result["input"] == [USER]
    assert "references to stored items" in str(told)


def test_what_goes_with_the_reasoning_that_nobody_stored_is_told() -> None:
    told: list[RateLimits | Notice] = []
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {}}
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    result = prepared(told=told, input=[USER, thought, searched, YES], store=False)
    assert result["input"] == [USER, YES]
    assert "web_search_call" in str([item.text for item in told if isinstance(item, Notice)])


def test_reasoning_and_references_are_left_to_a_backend_that_stores() -> None:
    items = [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "item_reference", "id": "msg_1"},
        USER,
    ]
    assert prepared(input=items) == {"input": items}


@pytest.mark.parametrize(
    ("lesson", "request_", "expected"),
    [
        ("without_temperature", {"temperature": 1, "top_p": 1}, {"top_p": 1}),
        (
            "without_reasoning.effort",
            {"reasoning": {"effort": "low", "summary": "auto"}},
            {"reasoning": {"summary": "auto"}},
        ),
        ("without_tools[].strict", {"tools": [{**FUNCTION, "strict": True}]}, {"tools": [FUNCTION]}),
        ("effort_at_most_high", {"reasoning": {"effort": "max"}}, {"reasoning": {"effort": "high"}}),
        ("effort_at_least_low", {"reasoning": {"effort": "none"}}, {"reasoning": {"effort": "low"}}),
        ("default_instructions", {}, {"instructions": "You are a helpful assistant."}),
        (
            "default_instructions",
            {"input": [{"role": "system", "content": "A"}, USER]},
            {"instructions": "A", "input": [USER]},
        ),
        ("default_instructions", {"instructions": "A"}, {"instructions": "A"}),
        ("store_false", {"store": True}, {"store": False}),
        ("without_item_ids", {"input": [{**YES, "id": "msg_1"}]}, {"input": [YES]}),
        (
            "without_item_ids",
            {"input": [{"type": "reasoning", "id": "rs_1", "summary": []}, YES]},
            {"input": [YES]},
        ),
        (
            "without_previous_response_id",
            {"previous_response_id": "r", "input": [USER, YES, USER]},
            {"input": [USER, YES, USER]},
        ),
        (
            "without_previous_response_id",
            {"previous_response_id": "r", "input": [USER]},
            {"previous_response_id": "r", "input": [USER]},
        ),
        ("stream_refused", {"stream": True, "stream_options": {}}, {}),
        # Names that no refusal teaches, from a file that anybody may have written.
        ("without_model", {"model": "m"}, {"model": "m"}),
        ("without_input", {"input": [USER]}, {"input": [USER]}),
        ("without_input[].content", {"input": [USER]}, {"input": [USER]}),
        ("without_stream", {"stream": True}, {"stream": True}),
        ("without_model.x", {"model": "m"}, {"model": "m"}),
        ("effort_at_most_", {"reasoning": {"effort": "max"}}, {"reasoning": {"effort": "max"}}),
        ("breaks_order", {"store": True}, {"store": True}),
    ],
)
def test_lessons_are_heeded(lesson: str, request_: dict[str, Any], expected: dict[str, Any]) -> None:
    assert prepared(lesson, **request_) == expected


def test_where_neither_way_is_taken_the_stream_is_left_to_the_core() -> None:
    request = {"stream": True}
    assert prepared("stream_refused", EndpointFact.STREAM_REQUIRED, **request) == request


@pytest.mark.parametrize(
    ("lesson", "keywords", "says"),
    [
        ("without_max_output_tokens", {"max_output_tokens": 5}, "no limit of output tokens"),
        ("without_max_tool_calls", {"max_tool_calls": 5}, "no limit of tool calls"),
        ("without_store", {"store": False}, "`store`"),
        ("function_tools_only", {"tools": [{"type": "web_search"}]}, "function tools only"),
        ("without_tool_choice", {"tool_choice": "none"}, "chooses whether to call a tool"),
        ("without_parallel_tool_calls", {"parallel_tool_calls": False}, "several tools at once"),
        ("without_service_tier", {"service_tier": "flex"}, "at what price"),
        ("without_truncation", {"truncation": "auto"}, "refused instead of shortened"),
        ("without_metadata", {"metadata": {"a": "b"}}, "`metadata`"),
        ("without_user", {"user": "u1"}, "no end user"),
        ("without_text", {"text": {"format": {"type": "json_object"}}}, "no form of the answer"),
        ("without_text.format", {"text": {"format": {"type": "json_object"}}}, "no form of the answer"),
        ("store_false", {"store": True}, "not stored"),
        ("text_outputs", {"input": [CALL, {**OUTPUT, "output": [PICTURE]}]}, "no images or files"),
        ("plain_schemas", {"tools": [{**FUNCTION, "strict": True}]}, "simple schemas only"),
        ("plain_schemas", {"tools": [{**FUNCTION, "parameters": {"pattern": "x"}}]}, "simple schemas only"),
        ("plain_schemas", {"text": {"format": {"type": "json_schema", "strict": True}}}, "simple schemas"),
        ("distinct_tools", {"tools": [SEARCH, {"type": "web_search"}]}, "one tool of each name"),
        ("without_item_ids", {"input": [{"type": "mcp_call", "id": "mcp_1"}]}, "mcp_call"),
        ("without_item_ids", {"input": [{"type": "item_reference", "id": "msg_1"}]}, "references"),
        ("without_temperature", {"temperature": 1}, ""),
        ("without_max_output_tokens", {}, ""),
        # What the API does anyway.
        ("without_tool_choice", {"tool_choice": "auto"}, ""),
        ("without_parallel_tool_calls", {"parallel_tool_calls": True}, ""),
        ("without_truncation", {"truncation": "disabled"}, ""),
        ("without_text", {"text": {"verbosity": "low"}}, ""),
        ("store_false", {}, ""),
        ("text_outputs", {"input": [CALL, {**OUTPUT, "output": [{"text": "done"}]}]}, ""),
        ("plain_schemas", {"tools": [{**FUNCTION, "strict": False}]}, ""),
        ("without_item_ids", {"input": [{**YES, "id": "msg_1"}]}, ""),
    ],
)
def test_what_guards_the_user_is_never_left_out_in_silence(
    lesson: str, keywords: dict[str, Any], says: str
) -> None:
    told: list[RateLimits | Notice] = []
    prepared(lesson, told=told, **keywords)
    texts = [item.text for item in told if isinstance(item, Notice)]
    assert len(texts) == bool(says)
    assert all(says in text for text in texts)


SAMPLED = Request(
    model="m", input=[USER], temperature=1, max_output_tokens=9, reasoning={"effort": "xhigh"}, stream=True
)


@pytest.mark.parametrize(
    ("message", "code", "param", "strategy"),
    [
        ("Unsupported parameter: temperature", "", "temperature", "without_temperature"),
        ("Unsupported parameter: max_tokens", "", "max_tokens", "without_max_output_tokens"),
        ("Argument not supported on this model: maxOutputTokens", "", "", "without_max_output_tokens"),
        ("Bad.", "unsupported_value", "temperature", "without_temperature"),
        ("`temperature` is deprecated for this model.", "", "temperature", "without_temperature"),
        ("Not allowed.", "reasoning_effort_not_allowed", "", "effort_at_most_high"),
        (
            "Invalid value: 'xhigh'. Supported values are: 'minimal' and 'low'.",
            "",
            "reasoning.effort",
            "effort_at_most_low",
        ),
        ("No such effort.", "", "reasoning_effort", "effort_at_most_high"),
        ("Unsupported parameter: reasoning", "", "reasoning", "without_reasoning"),
        # Nothing to put right, or nothing that a change of the request could put right.
        ("Unsupported parameter: top_p", "", "top_p", None),
        ("Unsupported parameter: model", "", "model", None),
        ("Unsupported parameter: input", "", "input", None),
        ("Unknown parameter: 'input[0].content'", "unknown_parameter", "input[0].content", None),
        ("Invalid 'temperature': above 2.", "decimal_above_max_value", "temperature", None),
        ("Invalid 'max_output_tokens': below 16.", "integer_below_min_value", "max_output_tokens", None),
        ("Too long.", "context_length_exceeded", "input", None),
        ("", "", "", None),
    ],
)
def test_refused_parameters(message: str, code: str, param: str, strategy: str | None) -> None:
    fallback = refused(SAMPLED, message, code=code, param=param)
    assert (fallback and fallback.strategy) == strategy
    if fallback is not None:
        assert fallback.lesson == ("" if strategy in FOR_THE_SESSION else strategy)
        assert fallback.notice.startswith(message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conversation", "conv_1"),
        ("prompt", {"id": "pmpt_1"}),
        ("previous_response_id", "resp_1"),
        ("tools", [FUNCTION]),
        ("extra_headers", {"x": "y"}),
        ("extra_query", {"x": "y"}),
        ("extra_body", {"x": "y"}),
        ("timeout", 5),
    ],
)
def test_what_a_request_is_about_is_never_left_out(name: str, value: Any) -> None:
    request = Request({"model": "m", "input": [USER], name: value})
    told = f"Unsupported parameter: '{name}' is not supported."
    assert refused(request, told, code="unsupported_parameter", param=name) is None
    assert prepared(f"without_{name}", **request) == dict(request)


def test_functions_stay_where_tools_are_refused() -> None:
    request = Request(input=[USER], tools=[FUNCTION, {"type": "web_search"}])
    fallback = refused(request, "Unsupported parameter: 'tools' is not supported.", param="tools")
    assert fallback is not None
    assert fallback.request["tools"] == [FUNCTION]
    assert refused(fallback.request, "Unsupported parameter: 'tools'.", param="tools") is None
    own = Request(input=[USER], tools=[{"type": "web_search"}])
    assert prepared("without_tools", **own) == {"input": [USER]}


def test_instructions_are_said_another_way_or_not_at_all() -> None:
    call = context(facts=("instructions_as_message",))
    verdict = Verdict(VerdictKind.BAD_REQUEST, message="Unsupported parameter.", param="instructions")
    assert builtin.fallback_request(Request(input=[USER], instructions="A"), verdict, call) is None


RICH = Request(
    model="m",
    input=[{"role": "system", "content": "A"}, USER, CALL, {**OUTPUT, "output": [PICTURE]}],
    tools=[FUNCTION, {"type": "web_search"}],
    metadata={"a": "b"},
    max_output_tokens=5,
    include=["reasoning.encrypted_content"],
)


@pytest.mark.parametrize(
    ("message", "code", "param", "strategy"),
    [
        # Another value may be right.
        ("Invalid type for 'tools': unexpected null", "invalid_type", "tools", None),
        ("Invalid type for 'metadata': unexpected null", "", "metadata", None),
        ("Unsupported type for 'metadata'.", "invalid_type", "metadata", None),
        ("4 at most for this unsupported tier", "invalid_value", "max_output_tokens", None),
        ("4 at most, unsupported", "integer_above_max_value", "max_output_tokens", None),
        ("Unknown value.", "array_above_max_length", "include", "without_include"),
        # The user's own function, and a tool of the backend's own.
        ("Tool 'sh' is not supported in this region", "", "tools", None),
        ("Tool 'web_search' is not supported", "", "tools", "function_tools_only"),
        # What is said, and not who says it.
        ("Message content exceeds role limits: system messages must be short", "", "", None),
        ("Unsupported character in messages[0]", "", "", None),
        ("role must be 'user' for system messages", "", "", "roles_system_to_developer"),
        # What the user attached, and not what a tool gave.
        ("This model does not support image inputs", "", "input[1].content", None),
        ("This model does not support image inputs", "", "", "text_outputs"),
    ],
)
def test_a_wrong_value_costs_no_keyword(message: str, code: str, param: str, strategy: str | None) -> None:
    fallback = refused(RICH, message, code=code, param=param)
    assert (fallback and fallback.strategy) == strategy


def test_what_a_correction_costs_is_told_with_it() -> None:
    fallback = refused(RICH, "Output must be a string.", param="input[3].output")
    assert fallback is not None
    assert "no images or files" in fallback.notice


def test_a_refused_parameter_is_told_and_left_out() -> None:
    fallback = refused(SAMPLED, "Unsupported parameter: max_output_tokens.", param="max_output_tokens")
    assert fallback == Fallback(
        "without_max_output_tokens",
        SAMPLED.without("max_output_tokens"),
        tolerate_prelude=True,
        notice="Unsupported parameter: max_output_tokens. Asking again without `max_output_tokens`,"
        " so the request asks for no limit of output tokens.",
        lesson="without_max_output_tokens",
    )


def test_strict_that_is_unknown_is_no_reason_to_simplify_schemas() -> None:
    schema = {"type": "string", "pattern": "^a"}
    request = Request(input=[USER], tools=[{**FUNCTION, "parameters": schema, "strict": True}])
    fallback = refused(request, "Unknown parameter: 'tools[0].strict'.", param="tools[0].strict")
    assert fallback is not None
    assert fallback.request["tools"] == [{**FUNCTION, "parameters": schema}]
    assert fallback.lesson == "without_tools[].strict"


def test_a_word_about_include_is_not_about_the_reasoning_itself() -> None:
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    request = Request(input=[USER, sealed, YES], include=["reasoning.encrypted_content"])
    fallback = refused(request, "Encrypted content is not supported with this model.", param="include")
    assert fallback is not None
    assert fallback.request == request.without("include")


def test_what_the_sdk_sends_from_elsewhere_is_left_out_there() -> None:
    request = Request(input=[USER], extra_body={"top_k": 1, "min_p": 0})
    fallback = refused(request, "Unknown parameter: 'top_k'.", param="top_k")
    assert fallback is not None
    assert fallback.request["extra_body"] == {"min_p": 0}


def test_an_unknown_field_of_every_item_is_left_out() -> None:
    request = Request(input=[USER, {**YES, "phase": "final_answer"}])
    fallback = refused(request, "Unknown parameter: 'input[1].phase'.", param="input[1].phase")
    assert fallback is not None
    assert fallback.request["input"] == [USER, YES]
    assert fallback.lesson == "without_input[].phase"


@pytest.mark.parametrize(
    ("message", "role", "strategy"),
    [
        ("System messages are not allowed", "system", "roles_system_to_developer"),
        ("Developer messages are not allowed", "developer", "roles_developer_to_system"),
        ("System messages are not allowed", "developer", None),
        (
            "Invalid value: 'developer'. Supported values are: 'user' and 'system'.",
            "developer",
            "roles_developer_to_system",
        ),
        (
            "Invalid value: 'developer'. Supported values are: 'user', 'assistant'.",
            "developer",
            "system_to_instructions",
        ),
        (
            "Invalid option: expected one of 'user'|'assistant'|'developer'",
            "system",
            "roles_system_to_developer",
        ),
        ("The system message is too long", "system", None),
    ],
)
def test_refused_roles(message: str, role: str, strategy: str | None) -> None:
    request = Request(input=[{"role": role, "content": "A"}, USER])
    fallback = refused(request, message, param="input[0].role" if "nvalid" in message else "")
    assert (fallback and fallback.strategy) == strategy


def test_a_role_that_was_changed_is_not_changed_back() -> None:
    request = Request(input=[{"role": "developer", "content": "A"}, USER])
    call = context(facts=("roles_system_to_developer",))
    verdict = Verdict(VerdictKind.BAD_REQUEST, message="Developer messages are not allowed")
    fallback = builtin.fallback_request(request, verdict, call)
    assert fallback is not None
    assert fallback.strategy == "system_to_instructions"


def test_refused_instructions_are_not_lost() -> None:
    request = Request(input=[USER], instructions="A")
    fallback = refused(request, "Unsupported parameter: instructions", param="instructions")
    assert fallback is not None
    said = {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "A"}]}
    assert dict(fallback.request) == {"input": [said, USER]}
    assert refused(request, "Instructions are too long", param="instructions") is None


def test_a_correction_of_this_call_stands_whatever_other_adapters_put_back() -> None:
    call = context()
    verdict = Verdict(
        VerdictKind.BAD_REQUEST, message="Unsupported parameter: temperature", param="temperature"
    )
    assert builtin.fallback_request(SAMPLED, verdict, call) is not None
    assert "temperature" not in builtin.prepare_request(SAMPLED, call)
    assert builtin.fallback_request(SAMPLED, verdict, call) is None


def test_what_this_call_was_told_about_is_not_told_again() -> None:
    told: list[RateLimits | Notice] = []
    call = context(told=told)
    verdict = Verdict(VerdictKind.BAD_REQUEST, message="Unsupported.", param="max_output_tokens")
    assert builtin.fallback_request(SAMPLED, verdict, call) is not None
    assert "max_output_tokens" not in builtin.prepare_request(SAMPLED, call)
    assert told == []
    later = context(facts=("without_max_output_tokens",), told=told)
    for _ in range(2):
        builtin.prepare_request(SAMPLED, later)
    assert len(told) == 1


def test_a_correction_for_one_conversation_is_not_remembered() -> None:
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    request = Request(input=[USER, sealed, USER])
    lonely = "Item 'rs_1' of type 'reasoning' was provided without its required following item."
    fallback = refused(request, lonely, code="missing_following_item", kind="replay_invalid")
    assert fallback is not None
    assert fallback.request["input"] == [USER, USER]
    assert fallback.lesson == ""


def test_an_id_that_needs_its_reasoning_goes_before_the_reasoning() -> None:
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    request = Request(input=[USER, sealed, {**CALL, "id": "fc_1"}, OUTPUT])
    told = "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."
    fallback = refused(request, told, kind="replay_invalid")
    assert fallback is not None
    assert fallback.strategy == "without_item_ids"
    assert "rs_1" not in str(fallback.request["input"])


def thinking(output: tuple[dict[str, Any], ...]) -> tuple[Verdict, AdapterContext]:
    call = context()
    call.failure = Failure(FailureKind.NO_ANSWER, output=output)
    return builtin.classify_stream_error(call.failure, call), call


def test_a_model_that_stopped_thinking_is_asked_to_go_on() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    plan = {**YES, "id": "msg_1", "phase": "commentary"}
    verdict, call = thinking((thought, plan))
    fallback = builtin.fallback_request(Request(input="hi", store=False, stream=True), verdict, call)
    assert fallback is not None
    assert fallback.strategy == "continue"
    assert fallback.lesson == ""
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    assert fallback.request["input"] == [USER, sealed, {**YES, "phase": "commentary"}]
    assert fallback.request.streams


class Opinionated:
    """An adapter of another package that has its own words for the backend's failures."""

    name = "opinionated"
    api_version = 1

    @hookimpl
    def classify_stream_error(self, failure: Failure, context: AdapterContext) -> Verdict | None:
        return Verdict(VerdictKind.PROTOCOL, code=NO_ANSWER_TEXT, hint="It does that.")


def test_the_model_goes_on_whoever_has_judged_its_answer() -> None:
    memory = EndpointMemory()
    adapters = [Registry().register(one, "x") for one in (Opinionated(), builtin)]
    dispatch = CallDispatch(adapters, provider="p", model="m", memory=memory, on_report=print)
    request = Request(input=[USER], stream=True)
    plan = {**YES, "phase": "commentary"}
    dispatch.begin_attempt(1, streaming=True, delivered=Delivered())
    verdict = dispatch.classify(Failure(FailureKind.NO_ANSWER, output=(plan,)))
    assert verdict is not None
    assert verdict.hint == "It does that."
    fallback = dispatch.fallback(request, verdict, frozenset())
    assert fallback is not None
    assert fallback.request["input"] == [USER, plan]
    # The next attempt has nothing of this one to go on from.
    dispatch.begin_attempt(2, streaming=True, delivered=Delivered())
    assert dispatch.fallback(request, verdict, frozenset()) is None


def test_where_reasoning_alone_is_final_nobody_is_asked_to_go_on() -> None:
    verdict = Verdict(VerdictKind.PROTOCOL, code=REASONING_ONLY_FINAL)
    assert builtin.fallback_request(REQUEST, verdict, context()) is None


def test_a_request_that_holds_only_what_is_new_is_never_sent_without_its_past() -> None:
    for items in ([{**OUTPUT, "id": "fco_1"}], [{**USER, "id": "msg_1"}], "and then?"):
        call = context()
        request = builtin.prepare_request(Request(previous_response_id="resp_1", input=items), call)
        lost = (
            b'{"error": {"code": "previous_response_not_found", "message": "Previous response not found."}}'
        )
        verdict = builtin.classify_stream_error(Failure(FailureKind.HTTP_STATUS, status=400, body=lost), call)
        assert builtin.fallback_request(request, verdict, call) is None
        assert "the whole conversation" in verdict.hint


@pytest.mark.parametrize(
    "name",
    [
        "",
        "without_",
        "without_a b",
        "without_input",
        "without_tools[].name",
        "without_extra_body.input",
        "nope",
        "without_\x1b",
    ],
)
def test_names_that_are_no_lessons(name: str) -> None:
    assert change_named(name) is None


@pytest.mark.parametrize("kind", ["keepalive", "ping", "response.keep_alive"])
@pytest.mark.parametrize("place", range(5))
def test_keepalives_are_dropped_wherever_they_come(drive: Any, kind: str, place: int) -> None:
    item = {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "Hello"}]}
    events = [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "msg_1"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": "r", "output": [item]}},
    ]
    events.insert(place, {"type": kind, "sequence_number": 186})
    assert drive(events, lenient=False).text == "Hello"


def test_keepalives_of_vendors_are_not_builtins_to_drop() -> None:
    event = Event("codex.keepalive", {"type": "codex.keepalive"})
    assert event.type not in builtin.event_types
