"""Each call of a tool has exactly one output behind it, and real outputs are never lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.rewrites import stands_alone, with_outputs_adjacent
from hermes.providers.contract import Request
from hermes.testing.demands import has_distant_outputs, has_unpaired_tools

USER = {"role": "user", "content": "hi"}
YES = {"role": "assistant", "content": "Yes."}
THOUGHT = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
ABORTED = "[aborted: this call was interrupted and has no output]"


def call(call_id: str = "a", arguments: str = "{}") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "sh", "arguments": arguments}


def output(call_id: str = "a", text: str = "done") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def custom(call_id: str = "a") -> dict[str, Any]:
    return {"type": "custom_tool_call", "call_id": call_id, "name": "patch", "input": "x"}


def paired(*items: Any, **more: Any) -> list[Any]:
    before = [dict(item) for item in items]
    result = rewrites.paired(Request(input=list(items), **more)).request
    assert [dict(item) for item in items] == before
    assert rewrites.paired(result) == rewrites.Paired(result)
    return list(result["input"])


@pytest.mark.parametrize(
    "items",
    [
        [USER],
        [USER, call(), output(), USER],
        [USER, THOUGHT, call("a"), call("b"), output("b"), output("a"), YES, USER],
        [USER, call(), USER, output()],
        [custom(), {"type": "custom_tool_call_output", "call_id": "a", "output": "ok"}],
        [call("a"), output("a"), THOUGHT, call("b"), output("b")],
    ],
)
def test_whole_pairs_stay_as_they_are(items: list[Any]) -> None:
    request = Request(input=items)
    assert rewrites.paired(request) == rewrites.Paired(request)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([call(), USER], [call(), output("a", ABORTED), USER]),
        ([call()], [call(), output("a", ABORTED)]),
        (
            [call("a"), THOUGHT, call("b"), output("b"), USER],
            [call("a"), THOUGHT, call("b"), output("b"), output("a", ABORTED), USER],
        ),
        ([custom()], [custom(), {"type": "custom_tool_call_output", "call_id": "a", "output": ABORTED}]),
        ([USER, {"type": "computer_call", "call_id": "a", "action": {}}, USER], [USER, USER]),
        ([USER, output(), USER], [USER, USER]),
        ([call(), {**output(), "type": "custom_tool_call_output"}], [call(), output("a", ABORTED)]),
        ([call(), output(), output("a", "again")], [call(), output()]),
        ([call(), call(), output()], [call(), output()]),
        ([call(), output(), call()], [call(), output()]),
        ([output(), call(), USER], [call(), output(), USER]),
        ([output("a", "1"), call(), output("a", "2")], [call(), output("a", "2")]),
        (
            [call(), output("a", "1"), output("a", "2"), call(arguments="1")],
            [call(), output("a", "1"), call("a_dup1", "1"), output("a_dup1", ABORTED)],
        ),
        (
            [call(), output(), USER, call(arguments="1"), output("a", "2")],
            [call(), output(), USER, call("a_dup1", "1"), output("a_dup1", "2")],
        ),
        (
            [call(arguments="1"), call(arguments="2"), output("a", "1"), output("a", "2")],
            [call("a", "1"), call("a_dup1", "2"), output("a", "1"), output("a_dup1", "2")],
        ),
        (
            [call("a_dup1"), output("a_dup1"), call(), output(), call(), output("a", "2")],
            [call("a_dup1"), output("a_dup1"), call(), output(), call("a_dup2"), output("a_dup2", "2")],
        ),
        ([call(""), output("", "x")], [call("call_dup1"), output("call_dup1", "x")]),
    ],
)
def test_pairs_are_made_whole(items: list[Any], expected: list[Any]) -> None:
    assert paired(*items) == expected


def shell(call_id: str = "a", item_id: str = "lsh_a") -> dict[str, Any]:
    action = {"type": "exec", "command": ["ls"], "env": {}}
    return {"type": "local_shell_call", "id": item_id, "call_id": call_id, "action": action}


def shell_output(given: str = "a", text: str = "x.txt") -> dict[str, Any]:
    return {"type": "local_shell_call_output", "id": given, "output": text}


def test_the_output_of_a_local_shell_has_no_call_id() -> None:
    for named in ("a", "lsh_a"):
        items = [USER, shell(), shell_output(named)]
        assert paired(*items) == items
    twice = [shell(), shell_output(), shell("a", "lsh_b"), shell_output("a", "y.txt")]
    renamed = [shell("a_dup1", "lsh_b"), shell_output("a_dup1", "y.txt")]
    assert paired(*twice) == [shell(), shell_output(), *renamed]
    assert paired(USER, shell_output("z")) == [USER]
    assert stands_alone(Request(input=[USER, shell(), shell_output()]))


@pytest.mark.parametrize(
    ("items", "left_out", "aborted"),
    [
        ([call("a"), output("b")], ("function_call_output",), 1),
        ([call("a")], (), 1),
        ([output("b")], ("function_call_output",), 0),
        ([call(), output(), output("a", "again")], ("function_call_output",), 0),
        ([call(), output(), call()], ("function_call",), 0),
        ([shell()], ("local_shell_call",), 0),
        ([output(), call()], (), 0),
        ([call(), output(), call(arguments="1"), output("a", "2")], (), 0),
    ],
)
def test_what_pairing_took_is_told(items: list[Any], left_out: tuple[str, ...], aborted: int) -> None:
    result = rewrites.paired(Request(input=items))
    assert (result.left_out, result.aborted) == (left_out, aborted)


def test_a_new_name_is_no_longer_than_a_name_may_be() -> None:
    long = "x" * 64
    names = {item["call_id"] for item in paired(call(long), output(long), call(long, "1"), output(long, "2"))}
    assert len(names) == 2
    assert max(map(len, names)) <= 64


def test_earlier_names_do_not_change_when_the_conversation_goes_on() -> None:
    before = [call(), output(), call(arguments="1"), output("a", "2")]
    after = paired(*before, YES, USER, call(arguments="3"), output("a", "4"))
    assert after[: len(before)] == paired(*before)
    assert after[-1] == output("a_dup2", "4")


@pytest.mark.parametrize(
    ("item", "more"),
    [
        (USER, {"previous_response_id": "resp_1"}),
        (USER, {"conversation": "conv_1"}),
        ({"type": "item_reference", "id": "fc_1"}, {}),
    ],
)
def test_an_output_may_answer_a_call_that_the_backend_holds(item: Any, more: dict[str, Any]) -> None:
    request = Request(input=[item, output()], **more)
    assert rewrites.paired(request) == rewrites.Paired(request)
    assert paired(item, call(), output(), output(), **more) == [item, call(), output()]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([call(), USER, output(), YES], [call(), output(), USER, YES]),
        (
            [call("a"), THOUGHT, call("b"), output("b"), USER, output("a")],
            [call("a"), THOUGHT, call("b"), output("b"), output("a"), USER],
        ),
        (
            [call("a"), USER, call("b"), YES, output("b"), output("a")],
            [call("a"), output("a"), USER, call("b"), output("b"), YES],
        ),
    ],
)
def test_outputs_move_behind_their_calls(items: list[Any], expected: list[Any]) -> None:
    request = with_outputs_adjacent(Request(input=items))
    assert request["input"] == expected
    assert with_outputs_adjacent(request) is request


@pytest.mark.parametrize(
    "items",
    [
        [USER, YES],
        [call("a"), call("b"), output("b"), output("a"), USER],
        [call("a"), output("a"), THOUGHT, call("b"), output("b")],
        [output("z"), USER],
    ],
)
def test_outputs_in_their_places_stay_there(items: list[Any]) -> None:
    request = Request(input=items)
    assert with_outputs_adjacent(request) is request


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([USER, YES, USER], True),
        ([USER, call(), output()], True),
        ([USER], False),
        ([output()], False),
        ([YES, output(), call()], False),
        ([USER, YES, output("b"), USER], False),
        ([], False),
    ],
)
def test_a_conversation_that_stands_alone(items: list[Any], expected: bool) -> None:
    assert stands_alone(Request(input=items)) is expected


def test_a_text_does_not_stand_alone() -> None:
    assert not stands_alone(Request(input="and then?"))


PIECES = st.lists(
    st.one_of(
        st.builds(call, st.sampled_from("ab") | st.just(""), st.sampled_from("12")),
        st.builds(output, st.sampled_from("abc") | st.just(""), st.sampled_from(["x", "y", "z"])),
        st.sampled_from([USER, YES, THOUGHT, custom("a")]),
    ),
    max_size=12,
)


@given(PIECES)
def test_whatever_comes_is_paired_and_nothing_else_changes(items: list[Any]) -> None:
    result = paired(*items)
    assert not has_unpaired_tools({"input": result})
    moved = with_outputs_adjacent(Request(input=result))["input"]
    assert not has_distant_outputs({"input": moved})
    assert not has_unpaired_tools({"input": moved})
    assert sorted(map(repr, moved)) == sorted(map(repr, result))
    others = ("function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output")
    assert [item for item in result if item.get("type") not in others] == [
        item for item in items if item.get("type") not in others
    ]
    made = Counter(item["output"] for item in result if "output" in item)
    real = Counter(item["output"] for item in items if "output" in item)
    assert not (made - real).keys() - {ABORTED}
