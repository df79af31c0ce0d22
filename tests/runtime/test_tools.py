"""Calls of tools: which of them a result offers, and what a cut or damaged one leads to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hermes.runtime.caller import Restarted
from hermes.runtime.model_names import is_another_model
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.frames import Json, frames
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Reply, Scenario
from hermes.testing.wire import (
    completed,
    created,
    function_call_events,
    function_call_item,
    good_events,
    incomplete,
    item_added,
    item_done,
    message_events,
    message_item,
    text_delta,
    text_done,
)

from .conftest import REQUEST, Call

NEEDS_COMMAND: Json = {
    "type": "function",
    "name": "sh",
    "parameters": {"type": "object", "properties": {"command": {}}, "required": ["command"]},
}
MINE = {"arguments-invalid-json", "incomplete-max-output-tokens", "incomplete-content-filter"}


def playing(*events: Json) -> Scenario:
    reply = event_stream(*frames([created(), *events]))
    return Scenario("mine", 0, "mine", (reply,), (reply,))


def told_whole(item: Json) -> list[Json]:
    return [item_added({**item, "status": "in_progress"}), item_done(item), completed(item)]


def tool_notices(outcome: Any) -> list[str]:
    return [notice.text for notice in outcome.notices if notice.kind == "tool"]


def test_a_damaged_call_can_be_answered_in_the_next_request(call: Call) -> None:
    outcome = call(playing(*told_whole(function_call_item('{"command":"l'))))
    assert outcome.kinds == ("stream",)
    assert outcome.result is not None
    assert outcome.status == "partial"
    assert outcome.result.tool_calls == ()
    (rejected,) = outcome.result.rejected_calls
    history = [*(item.data for item in outcome.result.items), rejected.as_output_item()]
    following = call(scenario("good-text"), request={**REQUEST, "input": history})
    sent = following.requests[0].body["input"]
    assert [item["call_id"] for item in sent] == ["call_1", "call_1"]
    assert "JSON" in json.loads(sent[1]["output"])["error"]


@pytest.mark.parametrize(
    ("tools", "runs"), [([NEEDS_COMMAND], False), ([], True), (None, True), ([{"name": "sh"}], True)]
)
def test_no_arguments_run_only_where_none_are_needed(call: Call, tools: Any, runs: bool) -> None:
    request = REQUEST if tools is None else {**REQUEST, "tools": tools}
    outcome = call(playing(*told_whole(function_call_item(""))), request=request)
    assert outcome.result is not None
    assert [made.arguments for made in outcome.result.tool_calls] == (["{}"] if runs else [])
    assert outcome.status == ("complete" if runs else "partial")
    assert ("missing" in outcome.told) is not runs


def test_a_call_beside_a_damaged_one_runs_and_the_user_is_told_once(call: Call) -> None:
    damaged = function_call_item("{", call_id="call_2", item_id="fc_2")
    events = [
        *function_call_events(),
        item_added({**damaged, "status": "in_progress"}, output_index=1),
        item_done(damaged, output_index=1),
        completed(function_call_item(), damaged),
    ]
    outcome = call(playing(*events))
    assert outcome.result is not None
    assert outcome.status == "complete"
    assert [made.call_id for made in outcome.result.tool_calls] == ["call_1"]
    assert [rejected.call.call_id for rejected in outcome.result.rejected_calls] == ["call_2"]
    assert len(tool_notices(outcome)) == 1
    assert outcome.result.notices == tuple(outcome.notices)


def test_the_same_call_under_three_ids_is_three_calls_and_one_notice(call: Call) -> None:
    items = [function_call_item(call_id=f"call_{n}", item_id=f"fc_{n}") for n in range(3)]
    events = [
        event
        for place, item in enumerate(items)
        for event in (
            item_added({**item, "status": "in_progress"}, output_index=place),
            item_done(item, output_index=place),
        )
    ]
    outcome = call(playing(*events, completed(*items)))
    assert outcome.result is not None
    assert len(outcome.result.tool_calls) == 3
    assert len(tool_notices(outcome)) == 1


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter", "anything"])
@pytest.mark.parametrize("live", [True, False])
def test_no_call_of_an_answer_that_was_cut_runs_and_nothing_is_asked_twice(
    call: Call, reason: str, live: bool
) -> None:
    whole = function_call_item()
    outcome = call(playing(*function_call_events(), incomplete(reason, whole)), live=live)
    assert outcome.kinds == ("stream",)
    assert outcome.result is not None
    assert outcome.status == "partial"
    assert (outcome.result.tool_calls, outcome.result.rejected_calls) == ((), ())
    assert outcome.result.incomplete_reason == reason
    assert "No tool that it calls is run" in outcome.result.reason


def test_a_cut_text_is_told_without_a_word_about_tools(call: Call) -> None:
    outcome = call(playing(*message_events(), incomplete("max_output_tokens", message_item())))
    assert "tool" not in outcome.told


@pytest.mark.parametrize(
    "case",
    [case for case in all_scenarios() if case.id.partition("/")[0] in MINE],
    ids=lambda case: case.id,
)
def test_no_call_that_runs_was_mended(call: Call, case: Scenario) -> None:
    """What runs stands on the wire as it is, but for the spaces of an object and an empty one."""
    outcome = call(case)
    wire = b"".join(step for step in case.streams[0].steps if isinstance(step, bytes)).decode(
        "utf-8", "replace"
    )
    made = outcome.result.tool_calls if outcome.result else ()
    for arguments in (each.arguments for each in made):
        told = json.dumps(arguments)[1:-1]
        assert arguments == "{}" or told in wire or arguments.replace(" ", "") in wire


# The model that answers.


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("gpt-5.4", "gpt-5.4"),
        ("gpt-5.4", "GPT-5.4"),
        ("gpt-5.4", "gpt-5.4-2026-03-05"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4", "gpt-4-0613"),
        ("claude-sonnet-4", "claude-sonnet-4-20250514"),
        ("openai/gpt-5.4", "gpt-5.4"),
        ("gpt-5.4", "openai/gpt-5.4"),
        ("deepseek/deepseek-v3.2:free", "deepseek/deepseek-v3.2"),
        ("gpt-5.4-high", "gpt-5.4"),
        ("my-gpt-4o-deployment", "gpt-4o-2024-08-06"),
        ("my-deployment", "gpt-4o-2024-08-06"),
        ("gpt-5.4", "my-deployment"),
        ("auto", "gpt-5.4"),
        ("gpt-5.4", "m"),
        ("gpt-5.4", ""),
        ("gpt-5.4", None),
        ("gpt-5.4", ["gpt-4"]),
        (None, "gpt-4"),
    ],
)
def test_the_same_model_in_other_words(asked: object, told: object) -> None:
    assert not is_another_model(asked, told)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("gpt-5.4", "gpt-5.4-mini"),
        ("gpt-5.4", "gpt-5.3"),
        ("gpt-5.4", "gpt-4o-2024-08-06"),
        ("gpt-5.4", "openai/gpt-5.4-nano-2026-03-05"),
        ("gpt-5.4", "claude-sonnet-4"),
        ("deepseek/deepseek-v3.2:free", "qwen/qwen3-coder"),
    ],
)
def test_another_model(asked: str, told: str) -> None:
    assert is_another_model(asked, told)


def answered_by(model: str) -> Scenario:
    events = [
        {**event, "response": {**event["response"], "model": model}} if "response" in event else event
        for event in good_events()
    ]
    reply = event_stream(*frames(events))
    return Scenario("mine", 73, "mine", (reply,), (reply,))


def test_another_model_is_told_once_and_never_a_failure(call: Call) -> None:
    outcome = call(answered_by("gpt-5.4-mini"))
    assert outcome.status == "complete"
    assert [notice.text for notice in outcome.notices if notice.kind == "model"] == [
        "The backend answered with the model `gpt-5.4-mini`, not `gpt-5.4`."
    ]
    assert outcome.result is not None
    assert outcome.result.model == "gpt-5.4-mini"


def test_the_name_of_another_model_is_cut_and_holds_no_secret(call: Call) -> None:
    name = "gpt-4-" + "x" * 70 + "sk-verysecretkey" + "x" * 5000
    outcome = call(answered_by(name), api_key="sk-verysecretkey")
    assert "not `gpt-5.4`" in outcome.told
    assert "sk-v" not in outcome.told
    assert len(outcome.told) < 300


# What goes over the wire.


@pytest.mark.parametrize("name", ["good-text", "codex-lb-prelude"])
def test_nothing_is_compressed_and_nothing_compressed_is_asked_for(call: Call, name: str) -> None:
    outcome = call(scenario(name))
    for request in outcome.requests:
        assert request.headers["accept-encoding"] == "identity"
        assert "content-encoding" not in request.headers
        assert request.raw_body.startswith(b"{")


def giant(size: int) -> Scenario:
    item = {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "A" * size}
    return playing(item_done(item), *message_events(output_index=1), completed())


def test_a_frame_of_several_megabytes_passes(call: Call) -> None:
    outcome = call(giant(5_000_000))
    assert outcome.result is not None
    assert len(outcome.result.items[0].data["result"]) == 5_000_000
    assert outcome.result.text == "Hello"


def test_a_frame_over_the_limit_is_told_with_the_limit(call: Call) -> None:
    outcome = call(giant(300_000), max_frame_bytes=200_000)
    assert outcome.status == "failed"
    assert outcome.verdict == "protocol"
    assert "200,000" in outcome.told


def test_a_compressed_body_without_a_label_is_told_as_what_it_is(call: Call) -> None:
    packed: Reply = event_stream(b"\x1f\x8b\x08" + bytes(range(256)))
    outcome = call(Scenario("mine", 92, "mine", (packed,), (packed,)))
    assert outcome.kinds == ("stream",)
    assert "compressed data without saying so" in outcome.told
    assert "\ufffd" not in outcome.told


def test_a_cut_answer_that_was_revised_after_it_was_shown_is_announced(call: Call) -> None:
    opened = message_events()[:2]
    events = [*opened, text_delta("Jello"), text_done("Hello"), incomplete("max_output_tokens")]
    outcome = call(playing(*events), live=True)
    assert outcome.result is not None
    assert (outcome.delivered, outcome.result.text) == ("Hello", "Hello")
    assert Restarted(continues=False) in outcome.events
    assert [notice.kind for notice in outcome.notices] == ["revised"]
    assert outcome.result.notices == tuple(outcome.notices)


@pytest.mark.parametrize("word", ["<p>\x1b[1m\u202e", "\n", "<br>" * 5000])
def test_the_backends_word_for_an_early_end_cannot_play_with_a_terminal(call: Call, word: str) -> None:
    outcome = call(playing(*message_events(), incomplete(word, message_item())))
    assert outcome.status == "partial"
    assert outcome.result is not None
    assert outcome.result.reason.isprintable()
    assert "<" not in outcome.result.reason
    assert len(outcome.result.reason) < 200


@pytest.mark.parametrize("name", ["sh\x1b[2J", "<script>", "\u202e"])
def test_the_name_of_a_tool_cannot_play_with_a_terminal(call: Call, name: str) -> None:
    outcome = call(playing(*told_whole(function_call_item("{", name=name))))
    assert outcome.result is not None
    assert outcome.result.reason.isprintable()
    assert "<" not in outcome.result.reason
