"""Small changes to requests: each does its one thing, leaves good requests alone, and is pure."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, get_args, get_type_hints

import pytest
from openai.types.responses import ResponseReasoningItem
from openai.types.responses.response_input_item_param import ResponseInputItemParam

from hermes.providers.adapters import rewrites
from hermes.providers.contract import Request

Rewrite = Callable[[Request], Request]


def user(text: str = "hi") -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def said(role: str, content: Any = "Be brief.") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": content}


def thought(**more: Any) -> dict[str, Any]:
    return {"type": "reasoning", "id": "rs_1", "summary": [], **more}


def call(call_id: str = "call_1", **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "sh", "arguments": "{}", **more}


def output(call_id: str = "call_1", result: Any = "done", **more: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": result, **more}


def function(name: str = "sh", schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "function", "name": name, "parameters": schema or {"type": "object"}, **more}


def changed(rewrite: Rewrite, **keywords: Any) -> dict[str, Any]:
    """What a rewrite makes of a request; it changes nothing it was given, and nothing the second time."""
    before = copy.deepcopy(keywords)
    request = Request(keywords)
    result = rewrite(request)
    assert keywords == before
    assert dict(request) == before
    assert rewrite(result) is result
    return dict(result)


EVERY_REWRITE: dict[str, Rewrite] = {
    "without_parameters": lambda request: rewrites.without_parameters(request, "top_p", "tools[].strict"),
    "input_as_list": rewrites.input_as_list,
    "without_item_ids": rewrites.without_item_ids,
    "without_reasoning": rewrites.without_reasoning,
    "without_stored_items": rewrites.without_stored_items,
    "with_role": lambda request: rewrites.with_role(request, "system", "developer"),
    "system_to_instructions": rewrites.system_to_instructions,
    "with_function_tools_only": rewrites.with_function_tools_only,
    "with_distinct_tools": rewrites.with_distinct_tools,
    "without_empty_tools": rewrites.without_empty_tools,
    "with_plain_schemas": rewrites.with_plain_schemas,
    "with_plain_enums": rewrites.with_plain_enums,
    "with_effort_at_most": lambda request: rewrites.with_effort_at_most(request, "high"),
    "with_effort_at_least": lambda request: rewrites.with_effort_at_least(request, "low"),
    "with_text_outputs": rewrites.with_text_outputs,
    "with_short_cache_key": rewrites.with_short_cache_key,
    "paired": lambda request: rewrites.paired(request).request,
    "with_outputs_adjacent": rewrites.with_outputs_adjacent,
    "with_reasoning_summaries": rewrites.with_reasoning_summaries,
    "with_defaults": lambda request: rewrites.with_defaults(request, instructions="Help."),
}

GOOD: dict[str, Any] = {
    "model": "m",
    "instructions": "Answer.",
    "input": [user(), call(), output(), said("assistant", [{"type": "output_text", "text": "Yes."}]), user()],
    "tools": [function()],
    "tool_choice": "auto",
    "reasoning": {"effort": "medium"},
    "prompt_cache_key": "k" * 64,
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}},
}


@pytest.mark.parametrize("rewrite", EVERY_REWRITE.values(), ids=EVERY_REWRITE.keys())
def test_a_good_request_stays_the_same_object(rewrite: Rewrite) -> None:
    request = Request(GOOD)
    assert rewrite(request) is request


@pytest.mark.parametrize("rewrite", EVERY_REWRITE.values(), ids=EVERY_REWRITE.keys())
@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"input": None, "tools": 5, "reasoning": "high", "text": [], "instructions": 3},
        {"input": [None, 5, "text", [], {}], "tools": ["sh", {}, None], "reasoning": {"effort": ["x"]}},
        {
            "input": [{"type": 5, "role": [], "call_id": {}, "content": 1, "output": [3]}],
            "tools": [{"type": []}],
        },
    ],
)
def test_nonsense_is_not_ours_to_judge(rewrite: Rewrite, keywords: dict[str, Any]) -> None:
    changed(rewrite, **keywords)


# Parameters.


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ("temperature",),
            {"reasoning": {"effort": "low", "summary": "auto"}, "tools": [function(strict=True)]},
        ),
        (("temperature", "tools"), {"reasoning": {"effort": "low", "summary": "auto"}}),
        (("reasoning.effort", "temperature", "tools"), {"reasoning": {"summary": "auto"}}),
        (("reasoning.effort", "reasoning.summary", "temperature", "tools"), {}),
        (("tools[].strict", "temperature", "reasoning"), {"tools": [function()]}),
        (("tools[0].strict", "temperature", "reasoning"), {"tools": [function()]}),
        (("tools[1].strict", "temperature", "reasoning"), {"tools": [function(strict=True)]}),
    ],
)
def test_parameters_are_left_out(names: tuple[str, ...], expected: dict[str, Any]) -> None:
    assert (
        changed(
            lambda request: rewrites.without_parameters(request, *names),
            temperature=0.2,
            reasoning={"effort": "low", "summary": "auto"},
            tools=[function(strict=True)],
        )
        == expected
    )


@pytest.mark.parametrize(
    "name", ["", ".", "[]", "nope", "model.x", "tools[]", "tools[0]", "input[].id.x", "x[].y"]
)
def test_a_parameter_that_is_not_there_is_no_change(name: str) -> None:
    request = Request(model="m", tools=[function()], input=[user()])
    assert rewrites.without_parameters(request, name) is request


def test_an_entry_that_loses_everything_stays_in_its_place() -> None:
    request = Request(input=[{"id": "1"}, user()])
    assert rewrites.without_parameters(request, "input[].id")["input"] == [{}, user()]


def test_defaults_fill_what_is_missing_null_or_empty() -> None:
    def rewrite(request: Request) -> Request:
        return rewrites.with_defaults(request, instructions="Help.", store=False, top_p=1)

    assert changed(rewrite, instructions="", store=None) == {
        "instructions": "Help.",
        "store": False,
        "top_p": 1,
    }
    kept = {"instructions": "Mine.", "store": True, "top_p": 0}
    assert changed(rewrite, **kept) == kept


@pytest.mark.parametrize(
    ("rewrite", "effort", "expected"),
    [
        (partial(rewrites.with_effort_at_most, effort="high"), "xhigh", "high"),
        (partial(rewrites.with_effort_at_most, effort="high"), "ultra", "high"),
        (partial(rewrites.with_effort_at_most, effort="high"), "low", "low"),
        (partial(rewrites.with_effort_at_least, effort="low"), "minimal", "low"),
        (partial(rewrites.with_effort_at_least, effort="low"), "none", "low"),
        (partial(rewrites.with_effort_at_least, effort="low"), "max", "max"),
        (partial(rewrites.with_effort_at_least, effort="low"), "a new one", "a new one"),
    ],
)
def test_efforts_are_kept_within_bounds(rewrite: Rewrite, effort: str, expected: str) -> None:
    result = changed(rewrite, reasoning={"effort": effort, "summary": "auto"})
    assert result == {"reasoning": {"effort": expected, "summary": "auto"}}


def test_a_long_cache_key_becomes_one_that_is_short_and_always_the_same() -> None:
    keys = [
        changed(rewrites.with_short_cache_key, prompt_cache_key=key * 65)["prompt_cache_key"] for key in "aab"
    ]
    assert keys[0] == keys[1] != keys[2]
    assert len(keys[0]) <= 64


# The conversation.


def test_a_text_becomes_the_users_message() -> None:
    assert changed(rewrites.input_as_list, input="hi") == {"input": [user("hi")]}
    assert changed(rewrites.input_as_list, input="") == {"input": [user("")]}


def test_a_role_is_renamed_in_every_message() -> None:
    rewrite = partial(rewrites.with_role, old="system", new="developer")
    short = {"role": "system", "content": "B"}
    assert changed(rewrite, input=[said("system"), user(), short]) == {
        "input": [said("developer"), user(), {"role": "developer", "content": "B"}]
    }


def test_guidance_moves_into_the_instructions() -> None:
    image = {"type": "input_image", "image_url": "data:,"}
    parts = [{"type": "input_text", "text": "B"}, image, {"type": "input_text", "text": "C"}]
    result = changed(
        rewrites.system_to_instructions,
        instructions="A",
        input=[said("system", parts), user(), said("developer", "D")],
    )
    assert result == {"instructions": "A\n\nB\n\nC\n\nD", "input": [said("user", [image]), user()]}


def test_instructions_become_the_first_message() -> None:
    result = changed(rewrites.instructions_as_message, instructions="A", input="hi")
    assert result == {"input": [said("developer", [{"type": "input_text", "text": "A"}]), user("hi")]}
    assert changed(rewrites.instructions_as_message, instructions=None, input=[user()]) == {"input": [user()]}


# Items of earlier answers.


def test_ids_go_and_what_is_nothing_but_an_id_too() -> None:
    image = {"type": "image_generation_call", "id": "ig_1", "result": "AAAA"}
    items = [
        {"type": "item_reference", "id": "msg_1"},
        {"id": "msg_2"},
        thought(),
        call(id="fc_1"),
        output(id="fco_1"),
        image,
    ]
    assert changed(rewrites.without_item_ids, input=items)["input"] == [
        {"type": "reasoning", "summary": []},
        call(),
        output(),
        image,
    ]


def test_what_the_api_takes_with_its_id_only_keeps_it_or_goes() -> None:
    gone = ("web_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "mcp_list_tools")
    kept = (
        "image_generation_call",
        "mcp_approval_request",
        "computer_call",
        "local_shell_call",
        "local_shell_call_output",
        "program",
        "program_output",
    )
    items = [user(), *({"type": kind, "id": f"x_{kind}"} for kind in (*gone, *kept))]
    assert [item.get("id") for item in changed(rewrites.without_item_ids, input=items)["input"]] == [
        None,
        *(f"x_{kind}" for kind in kept),
    ]
    again = rewrites.with_items_appended(Request(input=[], store=False), items)
    assert [item.get("id") for item in again["input"]] == [None, *(item["id"] for item in items[1:])]


def test_no_item_that_requires_an_id_is_sent_without_one() -> None:
    """The types of the SDK, but for messages and reasoning, of which every backend takes the words."""
    for kind in get_args(ResponseInputItemParam):
        hints = get_type_hints(kind, include_extras=True)
        [name] = get_args(get_args(hints["type"])[0]) or get_args(hints["type"])[:1]
        if "Required" not in str(hints.get("id")) or name in ("message", "reasoning", "item_reference"):
            continue
        [*sent] = rewrites.without_item_ids(Request(input=[{"type": name, "id": "x"}]))["input"]
        assert all(item.get("id") == "x" for item in sent), name


def test_only_enums_with_a_slash_change() -> None:
    schema = {
        "type": "object",
        "properties": {
            "model": {"type": "string", "enum": ["a/b", "c"]},
            "day": {"type": "string", "format": "date", "pattern": "x"},
        },
    }
    [tool] = changed(rewrites.with_plain_enums, tools=[function(schema=schema, strict=True)])["tools"]
    assert tool["strict"] is True
    assert tool["parameters"]["properties"] == {
        "model": {"type": "string", "description": "One of: a/b, c."},
        "day": schema["properties"]["day"],  # type: ignore[index]
    }


def test_with_its_reasoning_an_item_loses_its_id() -> None:
    items = [user(), thought(), {"type": "item_reference", "id": "rs_2"}, call(id="fc_1"), output()]
    assert changed(rewrites.without_reasoning, input=items) == {"input": [user(), call(), output()]}
    kept = [user(), call(id="fc_1"), output()]
    assert changed(rewrites.without_reasoning, input=kept) == {"input": kept}


def test_only_what_stands_for_itself_is_sent_where_nothing_is_stored() -> None:
    sealed = thought(encrypted_content="gAAA")
    clear = thought(content=[{"type": "reasoning_text", "text": "Hm."}])
    items = [user(), sealed, call(id="fc_1"), output(), clear, said("assistant")]
    assert changed(rewrites.without_stored_items, input=items)["input"] == [
        user(),
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
        call(id="fc_1"),
        output(),
        clear,
        said("assistant"),
    ]


@pytest.mark.parametrize(
    "lost", [thought(), thought(encrypted_content=None, content=[]), {"type": "item_reference", "id": "rs_1"}]
)
def test_what_only_a_store_could_read_goes_with_the_ids_that_lead_to_it(lost: dict[str, Any]) -> None:
    items = [user(), lost, call(id="fc_1"), output()]
    assert changed(rewrites.without_stored_items, input=items) == {"input": [user(), call(), output()]}


def test_items_of_the_sdk_are_read_too() -> None:
    item = ResponseReasoningItem(id="rs_1", summary=[], type="reasoning", encrypted_content="gAAA")
    request = Request(input=[user(), item])
    assert rewrites.with_reasoning_summaries(request) is request
    assert rewrites.without_reasoning(request)["input"] == [user()]
    assert rewrites.without_item_ids(request)["input"][1] == {
        "type": "reasoning",
        "summary": [],
        "encrypted_content": "gAAA",
    }


def test_reasoning_gets_a_summary_if_only_an_empty_one() -> None:
    items = [
        {"type": "reasoning", "encrypted_content": "a"},
        thought(summary=None),
        thought(summary=[{"a": 1}]),
    ]
    result = changed(rewrites.with_reasoning_summaries, input=items)["input"]
    assert [item["summary"] for item in result] == [[], [], [{"a": 1}]]


def test_outputs_of_tools_become_texts() -> None:
    parts = [
        {"type": "input_text", "text": "A chart."},
        {"type": "input_image", "image_url": "data:,"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "AAAA"},
    ]
    items = [call(), output(result=parts), {**output("c", parts[:1]), "type": "custom_tool_call_output"}]
    result = changed(rewrites.with_text_outputs, input=items)["input"]
    assert [item.get("output") for item in result] == [None, "A chart.\n[image]\n[file: a.pdf]", "A chart."]


@pytest.mark.parametrize(
    ("store", "item"), [(True, thought()), (False, {"type": "reasoning", "summary": []})]
)
def test_items_are_appended_as_they_can_be_read_again(store: bool, item: dict[str, Any]) -> None:
    result = rewrites.with_items_appended(Request(input="hi", store=store), [thought()])
    assert result["input"] == [user("hi"), item]


# Tools.


@pytest.mark.parametrize("tools", [None, [], ()])
def test_no_tools_are_not_mentioned(tools: Any) -> None:
    result = changed(rewrites.without_empty_tools, model="m", tools=tools, tool_choice="auto")
    assert result == {"model": "m"}


def test_only_functions_are_left_and_no_word_about_the_others() -> None:
    tools = [function(), {"type": "web_search"}, {"type": "mcp", "server_label": "a"}]
    rewrite = rewrites.with_function_tools_only
    assert changed(rewrite, tools=tools, tool_choice={"type": "web_search"}) == {"tools": [function()]}
    chosen = {"type": "function", "name": "sh"}
    assert changed(rewrite, tools=tools, tool_choice=chosen) == {"tools": [function()], "tool_choice": chosen}
    assert changed(rewrite, tools=tools[1:], tool_choice="required") == {}


def test_a_name_is_given_to_one_tool_only() -> None:
    search = {"type": "web_search"}
    tools = [
        search,
        function("web_search"),
        function(),
        function(strict=True),
        {"type": "mcp", "server_label": "a"},
    ]
    result = changed(rewrites.with_distinct_tools, tools=tools)
    assert result == {"tools": [function("web_search"), function(), {"type": "mcp", "server_label": "a"}]}


def test_schemas_become_plain_but_for_names_of_the_users_own() -> None:
    fancy = {
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "pattern": "^a", "description": "A path."},
            "format": {"type": "array", "items": {"type": "string", "format": "uri"}},
            "kind": {"enum": ["a/b", "c", 3], "description": "Which."},
            "bare": {"anyOf": [{"enum": ["x/y"]}, {"enum": ["plain"]}]},
        },
        "required": ["pattern", "format"],
        "$defs": {"format": {"format": "date", "default": {"format": "x"}}},
    }
    result = changed(
        rewrites.with_plain_schemas, tools=[function(schema=fancy, strict=True), {"type": "web_search"}]
    )
    assert result["tools"][0] == function(
        schema={
            "type": "object",
            "properties": {
                "pattern": {"type": "string", "description": "A path."},
                "format": {"type": "array", "items": {"type": "string"}},
                "kind": {"description": "Which. One of: a/b, c, 3."},
                "bare": {"anyOf": [{"description": "One of: x/y."}, {"enum": ["plain"]}]},
            },
            "required": ["pattern", "format"],
            "$defs": {"format": {"default": {"format": "x"}}},
        }
    )


def test_the_schema_of_the_answer_becomes_plain_too() -> None:
    wanted = {
        "type": "json_schema",
        "name": "a",
        "strict": True,
        "schema": {"type": "string", "format": "uri"},
    }
    result = changed(rewrites.with_plain_schemas, text={"format": wanted, "verbosity": "low"})
    plain = {"type": "json_schema", "name": "a", "schema": {"type": "string"}}
    assert result == {"text": {"format": plain, "verbosity": "low"}}


def test_a_schema_without_end_is_no_endless_work() -> None:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(5000):
        schema = {"items": schema}
    rewrites.with_plain_schemas(Request(tools=[function(schema=schema, strict=True)]))
