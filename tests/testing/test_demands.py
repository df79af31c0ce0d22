"""What backends demand of a request."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.testing import demands

BODY: dict[str, Any] = {
    "store": False,
    "instructions": "",
    "reasoning": {"effort": "xhigh", "summary": None},
    "input": [{"type": "message", "role": "user", "id": "msg_1"}, {"type": "reasoning", "id": "rs_1"}],
    "tools": [{"type": "function"}, "nonsense"],
}


@pytest.mark.parametrize(
    ("demand", "refuses"),
    [
        (demands.always, True),
        (demands.has("store"), True),
        (demands.has("reasoning.summary"), True),
        (demands.has("top_p"), False),
        (demands.has("input[].type", "reasoning"), True),
        (demands.has("input[].type", "item_reference"), False),
        (demands.has("tools[].strict"), False),
        (demands.has("store.deeper"), False),
        (demands.has("reasoning[].effort"), False),
        (demands.has_other_than("reasoning.effort", "low", "high"), True),
        (demands.has_other_than("reasoning.effort", "xhigh"), False),
        (demands.has_other_than("top_p", 1), False),
        (demands.has_pattern("input[].id", "^rs_"), True),
        (demands.has_pattern("input[].id", "^fc_"), False),
        (demands.has_pattern("store", "."), False),
        (demands.lacks("instructions"), True),
        (demands.lacks("top_p"), True),
        (demands.lacks("reasoning.effort"), False),
        (demands.lacks("store", False), False),
        (demands.lacks("store", True), True),
        (demands.longer_than("input[].id", 4), True),
        (demands.longer_than("input[].id", 5), False),
        (demands.longer_than("input", 1), True),
        (demands.has_unpaired_tools, False),
    ],
)
def test_demands(demand: demands.Demand, refuses: bool) -> None:
    assert demand(BODY) is refuses


def call(call_id: str = "a") -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id}


def output(call_id: str = "a") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id}


@pytest.mark.parametrize(
    ("items", "refuses"),
    [
        ([call("a"), call("b"), output("b"), {"type": "reasoning"}, output("a")], False),
        ([call(), {"type": "message"}, output()], True),
        ([output()], True),
    ],
)
def test_distances_of_calls_and_outputs(items: list[Any], refuses: bool) -> None:
    assert demands.has_distant_outputs({"input": items}) is refuses


@pytest.mark.parametrize(
    ("items", "refuses"),
    [
        ([call(), output()], False),
        ([call("a"), call("b"), output("b"), output("a")], False),
        ([call()], True),
        ([output()], True),
        ([output(), call()], True),
        ([call(), output(), output()], True),
        ([call(), output(), call(), output()], True),
        ([call(""), output("")], True),
    ],
)
def test_pairs_of_calls_and_outputs(items: list[Any], refuses: bool) -> None:
    assert demands.has_unpaired_tools({"input": items}) is refuses
