"""The final result."""

import json
from dataclasses import FrozenInstanceError

import pytest
from openai.types.responses import Response

from hermes.responses.accumulator import Answer
from hermes.responses.calls import judge_calls, required_parameters
from hermes.responses.items import FunctionCall, OutputItem, Usage
from hermes.responses.result import ResponseResult, ResultStatus
from hermes.testing.wire import (
    completed,
    created,
    function_call_item,
    good_events,
    incomplete,
    item_added,
    item_done,
    message_events,
    message_item,
    reasoning_item,
    refusal_item,
    text_delta,
)

COMPLETE, PARTIAL, UNCONFIRMED = ResultStatus.COMPLETE, ResultStatus.PARTIAL, ResultStatus.UNCONFIRMED


def result_of(played, status=COMPLETE, **more):
    return ResponseResult.from_answer(played.answer, status, **more)


def test_what_an_answer_knows(play):
    result = result_of(play(*good_events()), hint="Do this.")
    assert (result.status, result.text, result.hint) == ("complete", "Hello", "Do this.")
    assert (result.response_id, result.model) == ("resp_1", "m")
    assert result.usage == Usage(2, 1, 3, 0, 0)
    assert [item.type for item in result.items] == ["message"]
    assert (result.attempts, result.notices, result.rate_limits) == ((), (), ())
    assert (result.reason, result.verdict, result.incomplete_reason, result.refusal) == ("", "", "", "")


def test_an_empty_answer():
    result = ResponseResult.from_answer(Answer(), PARTIAL)
    assert (result.text, result.items, result.usage) == ("", (), None)
    assert result.to_openai().output_text == ""


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"reason": "max_output_tokens"}, "max_output_tokens"),
        ({"reason": 5}, ""),
        ("x", ""),
        ([], ""),
        (None, ""),
    ],
)
def test_why_an_answer_is_incomplete(play, details, reason):
    played = play(created(), incomplete("x", incomplete_details=details))
    assert result_of(played, PARTIAL).incomplete_reason == reason


def test_a_result_does_not_change(play):
    result = result_of(play(*good_events()))
    with pytest.raises(FrozenInstanceError):
        result.text = "Other"
    with pytest.raises(FrozenInstanceError):
        result.items[0].confirmed = False


def test_refusal_and_reasoning(played):
    thoughts = (reasoning_item("First", item_id="rs_1"), reasoning_item("", item_id="rs_2"))
    more = reasoning_item("Second", item_id="rs_3")
    result = result_of(played(completed(*thoughts, more, refusal_item("No."))))
    assert result.reasoning == "First\n\nSecond"
    assert result.refusal == "No."
    assert result.text == ""


# Calls.


def test_the_calls_of_a_complete_answer(played):
    calls = (
        function_call_item('{"a":1}', call_id="call_1"),
        function_call_item(call_id="call_2", item_id="fc_2"),
    )
    result = result_of(played(completed(*calls)))
    assert result.tool_calls == (
        FunctionCall("call_1", "sh", '{"a":1}'),
        FunctionCall("call_2", "sh", '{"command":"ls"}'),
    )


@pytest.mark.parametrize("status", [PARTIAL, UNCONFIRMED])
def test_no_call_of_any_other_answer(played, status):
    assert result_of(played(completed(function_call_item())), status).tool_calls == ()


def test_no_call_that_is_not_confirmed(played):
    cut = function_call_item() | {"status": "incomplete"}
    assert result_of(played(completed(cut))).tool_calls == ()


def test_a_call_id_once(played):
    twice = [item_added(function_call_item(item_id=f"fc_{n}"), output_index=n) for n in (0, 1)]
    done = [item_done(function_call_item(item_id=f"fc_{n}"), output_index=n) for n in (0, 1)]
    result = result_of(played(*twice, *done, completed()))
    assert len(result.tool_calls) == 1


def test_calls_without_any_id_are_several(played):
    nameless = function_call_item() | {"id": None, "call_id": None}
    assert len(result_of(played(completed(nameless, nameless))).tool_calls) == 2


@pytest.mark.parametrize(
    ("arguments", "runs_with"),
    [
        ("null", "{}"),
        ("{}", "{}"),
        ('{"a": 1}', '{"a": 1}'),
        ({"a": 1}, '{"a": 1}'),
        ("", "{}"),
        (" ", "{}"),
        (None, "{}"),
        ("{", None),
        ('{"a": "cut', None),
        ("{'a': 1}", None),
        ("[1]", None),
        ('{"a": 1}}', None),
        ('{"a": 1} Done.', None),
        ('"{\\"a\\": 1}"', None),
        ("[" * 100_000, None),
    ],
)
def test_only_whole_arguments_run(played, arguments, runs_with):
    item = function_call_item() | {"arguments": arguments}
    result = result_of(played(item_added(item), item_done(item), completed(item)))
    assert [call.arguments for call in result.tool_calls] == ([runs_with] if runs_with else [])
    assert len(result.rejected_calls) == (0 if runs_with else 1)
    assert result.items[0].type == "function_call"


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ('{"a": "cut', "at character 6"),
        ('{"a": 1} Done.', "Extra data at character 9"),
        ("[1]", "JSON array"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_rejected_call_tells_the_model_what_is_wrong(played, arguments, wrong):
    (rejected,) = result_of(played(completed(function_call_item(arguments)))).rejected_calls
    assert rejected.call == FunctionCall("call_1", "sh", arguments)
    assert wrong in rejected.reason
    item = rejected.as_output_item()
    assert (item["type"], item["call_id"]) == ("function_call_output", "call_1")
    assert json.loads(item["output"]) == {"error": rejected.reason}


@pytest.mark.parametrize("arguments", ["", " ", None, "null"])
def test_a_call_without_the_arguments_that_its_tool_needs(played, arguments):
    item = function_call_item() | {"arguments": arguments}
    result = result_of(played(completed(item)), required={"sh": ("command", "cwd"), "read": ("path",)})
    assert result.tool_calls == ()
    (rejected,) = result.rejected_calls
    assert "`command`, `cwd`" in rejected.reason
    assert "path" not in rejected.reason
    assert rejected.what == "missing"


def test_a_call_without_arguments_of_a_tool_that_needs_none(played):
    result = result_of(played(completed(function_call_item(""))), required={"read": ("path",)})
    assert [call.arguments for call in result.tool_calls] == ["{}"]


@pytest.mark.parametrize(
    ("tools", "required"),
    [
        (None, {}),
        ("sh", {}),
        ([None, 5, {}, {"name": "sh"}, {"name": "sh", "parameters": "none"}], {}),
        ([{"name": "sh", "parameters": {"required": []}}], {}),
        ([{"name": "sh", "parameters": {"required": "command"}}], {}),
        ([{"name": "sh", "parameters": {"required": ["command"]}}], {"sh": ("command",)}),
        (({"function": {"name": "sh", "parameters": {"required": ["command"]}}},), {"sh": ("command",)}),
    ],
)
def test_what_a_request_says_of_its_tools(tools, required):
    assert required_parameters(tools) == required


def test_a_call_that_names_no_tool_is_rejected(played):
    result = result_of(played(completed(function_call_item(name=" "))))
    assert result.tool_calls == ()
    assert "names no tool" in result.rejected_calls[0].reason


def test_a_call_that_did_not_come_whole_is_rejected(played):
    cut = function_call_item() | {"status": "incomplete"}
    result = result_of(played(completed(cut)))
    assert result.tool_calls == ()
    assert "not come whole" in result.rejected_calls[0].reason


@pytest.mark.parametrize("end", [incomplete("max_output_tokens"), incomplete("content_filter"), None])
def test_nothing_of_an_answer_that_did_not_end_well_is_sorted(played, end):
    events = [item_added(function_call_item("{")), item_done(function_call_item("{"))]
    result = result_of(played(*events, *([end] if end else [])), PARTIAL)
    assert (result.tool_calls, result.rejected_calls) == ((), ())


def judged(*arguments, call_ids=None, required=None):
    """Calls as they would be without anything that merges those of one id."""
    ids = call_ids or ["call_1"] * len(arguments)
    items = [
        OutputItem("function_call", function_call_item(told, call_id=call_id), confirmed=True)
        for told, call_id in zip(arguments, ids, strict=True)
    ]
    return judge_calls(items, required or {})


@pytest.mark.parametrize("void", ["", "{}", "{"])
@pytest.mark.parametrize("first", [True, False])
def test_of_two_calls_with_one_id_the_one_that_says_something_counts(void, first):
    calls = judged(*([void, '{"a":1}'] if first else ['{"a":1}', void]))
    assert [call.arguments for call in calls.runnable] == ['{"a":1}']
    assert (calls.rejected, calls.id_conflicts) == ((), ())


@pytest.mark.parametrize("other", ['{"a":2}', '{"a":1.0}', '{"a":true}', '{"a":[{"a":1}]}'])
def test_of_two_calls_with_one_id_that_differ_none_is_run(other):
    calls = judged('{"a":1}', other, '{"a":1}')
    assert calls.runnable == ()
    assert calls.id_conflicts == ("call_1",)
    (rejected,) = calls.rejected
    assert "one call id" in rejected.as_output_item()["output"]
    assert rejected.what == "told in two ways"


def test_two_tools_with_one_call_id_are_not_run():
    items = [
        OutputItem("function_call", function_call_item("{}", name=name), confirmed=True)
        for name in ("look", "remove")
    ]
    calls = judge_calls(items, {})
    assert (calls.runnable, calls.id_conflicts) == ((), ("call_1",))


@pytest.mark.parametrize("other", ['{ "b": [2], "a": 1 }', '{"a":1,"b":[2]}\n'])
def test_how_the_arguments_are_written_makes_no_other_call(other):
    calls = judged('{"a":1,"b":[2]}', other)
    assert [call.arguments for call in calls.runnable] == ['{"a":1,"b":[2]}']
    assert (calls.rejected, calls.id_conflicts) == ((), ())


def test_arguments_that_are_not_json_by_the_grammar_are_not_run():
    calls = judged('{"a":NaN}')
    assert calls.runnable == ()
    assert "NaN" in calls.rejected[0].reason


def test_the_same_call_under_two_ids_is_two_calls():
    calls = judged('{"a":1}', '{"a":1}', call_ids=["call_1", "call_2"])
    assert len(calls.runnable) == 2
    assert calls.repeated == calls.runnable[1]
    assert judged('{"a":1}', '{"a":2}', call_ids=["call_1", "call_2"]).repeated is None


def test_commentary_is_no_text(played):
    plan = message_item("I look first.", item_id="msg_0") | {"phase": "commentary"}
    result = result_of(played(completed(plan, message_item("Hello"))))
    assert (result.text, result.commentary) == ("Hello", "I look first.")
    assert result.items[0].data["phase"] == "commentary"


# The SDK's type.


def answers():
    opened = message_events()[:3]
    return {
        "complete": good_events(),
        "cut": [created(), *opened],
        "without-usage": [created(), *message_events(), completed(usage=None)],
        "odd-usage": [created(), *message_events(), completed(usage="much")],
        "without-an-id": [created(id=None, model=None), *message_events()],
        "with-their-own-text": [created(), *message_events(), completed(output_text="")],
        "opened-only": [created(), item_added({"type": "message"})],
        "string-content": [created(), completed(message_item() | {"content": "Hello"})],
        "part-of-another-name": [
            created(),
            completed(message_item() | {"content": [{"type": "x", "text": "Hello"}]}),
        ],
        "item-of-another-name": [created(), completed({"type": "x", "content": [{"text": "Hello"}]})],
        "with-tools-and-reasoning": [
            created(),
            completed(reasoning_item("Hm"), message_item(), function_call_item()),
        ],
        "refusal": [created(), completed(refusal_item("No."))],
        "hostile-fields": [created(_fields_set="x", tools=5, output_text=3), *message_events(), completed()],
    }


@pytest.mark.parametrize("events", answers().values(), ids=answers())
def test_the_sdk_finds_the_same_text(play, events):
    result = result_of(play(*events), PARTIAL)
    response = result.to_openai()
    assert isinstance(response, Response)
    assert response.output_text == result.text
    assert isinstance(response.id, str)
    assert isinstance(response.model, str)
    assert len(response.output) == len(result.items)


def test_the_sdk_type_of_a_whole_answer(play):
    response = result_of(play(*good_events())).to_openai()
    assert (response.id, response.model, response.status, response.object) == (
        "resp_1",
        "m",
        "completed",
        "response",
    )
    assert response.output[0].content[0].text == "Hello"
    assert response.usage.total_tokens == 3
    assert response.tools == []


def test_the_sdk_type_of_a_call(played):
    (call,) = result_of(played(completed(function_call_item()))).to_openai().output
    assert (call.type, call.call_id, call.arguments) == ("function_call", "call_1", '{"command":"ls"}')


def test_the_result_keeps_its_own_data(played):
    result = result_of(played(*message_events()[:2], text_delta("Hello"), completed()))
    before = [dict(item.data) for item in result.items]
    result.to_openai().output.clear()
    assert [dict(item.data) for item in result.items] == before


def test_an_item_reads_what_is_there():
    item = OutputItem(
        "message", {"content": [None, {"text": 5}, {"type": "output_text", "text": "Hi"}, "x"]}, True
    )
    assert (item.text, item.refusal, item.reasoning, item.id) == ("Hi", "", "", "")
    assert item.function_call is None
