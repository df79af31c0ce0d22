"""Refused requests over a real socket: what is sent again, what is remembered, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hermes.providers.contract import EndpointFact, EndpointMemory
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.recovery import RecoveryPolicy
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.demands import always, has
from hermes.testing.frames import frames
from hermes.testing.replies import event_stream, http_error, json_answer
from hermes.testing.scenario import Refusal, Reply, Scenario
from hermes.testing.scenarios.common import GOOD, HALF_WAY, HELLO, ONLY_CREATED
from hermes.testing.wire import completed, created, failed, item_done, message_item, reasoning_item

from .conftest import Call

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}


def backend(*refusals: Refusal, streams: tuple[Reply, ...] = (GOOD,), **more: Any) -> Scenario:
    return Scenario("test", 0, "a backend of this test", streams, (HELLO,), refusals=refusals, **more)


def unsupported(name: str) -> Refusal:
    return Refusal(has(name), json_answer({"detail": f"Unsupported parameter: {name}"}, status=400))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The keywords in which two requests differ."""
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("reject-max-output-tokens/detail", {"max_output_tokens"}),
        ("reject-sampling-params/unsupported-value", {"temperature"}),
        ("requires-stream-store-instructions/instructions", {"instructions"}),
        ("requires-stream-store-instructions/store", {"store"}),
        ("reject-replayed-item-id/stored", {"input"}),
        ("foreign-encrypted-content/error-object", {"input"}),
        ("connection-bound-item-ids/401", {"input"}),
        ("role-system-rejected", {"input"}),
        ("role-developer-rejected/only-user-and-assistant", {"input", "instructions"}),
        ("previous-response-id-unsupported-or-lost/not-found", {"previous_response_id"}),
        ("reasoning-needs-following-item", {"input"}),
        ("schema-features-rejected/strict", {"tools"}),
        ("builtin-tools-rejected/unsupported", {"tools"}),
        ("reasoning-params-rejected/effort-xhigh", {"reasoning"}),
        ("function-output-shape/invalid-type", {"input"}),
    ],
)
def test_nothing_but_what_was_refused_is_changed(name: str, changed: set[str], call: Call) -> None:
    first, second = (request.body for request in call(scenario(name)).requests)
    assert differences(first, second) == changed


def test_no_refused_request_is_sent_unchanged(call: Call) -> None:
    for case in all_scenarios():
        if not case.refusals:
            continue
        outcome = call(case)
        kinds = [attempt.verdict for attempt in _attempts(outcome)]
        bodies = [request.body for request in outcome.requests]
        refused = {"bad_request", "replay_invalid", "stream_required"}
        for kind, before, after in zip(kinds, bodies, bodies[1:], strict=False):
            assert kind not in refused or before != after, case.id


def _attempts(outcome: Any) -> Any:
    return (outcome.result or outcome.error).attempts


def test_the_callers_own_request_is_never_changed(call: Call) -> None:
    items = [
        USER,
        dict(SEALED),
        {"type": "function_call", "call_id": "c", "name": "sh", "arguments": "{}"},
        USER,
    ]
    request = {"model": "m", "input": items, "temperature": 1, "tools": [], "store": False}
    before = repr(request)
    assert call(backend(unsupported("temperature")), request=request).status == "complete"
    assert repr(request) == before


def test_the_model_is_told_what_became_of_an_interrupted_call(call: Call) -> None:
    [request] = call(scenario("tool-pairing-400/call-without-output")).requests
    kinds = [item["type"] for item in request.body["input"]]
    assert kinds == ["message", "function_call", "function_call_output", "message"]
    assert "aborted" in request.body["input"][2]["output"]


def test_both_outputs_of_a_recurring_id_reach_the_model(call: Call) -> None:
    [request] = call(scenario("tool-pairing-400/recurring-id")).requests
    outputs = {item["call_id"]: item["output"] for item in request.body["input"] if "output" in item}
    assert outputs == {"call_0": "done", "call_0_dup1": "more"}


def test_corrections_cost_no_attempts(call: Call) -> None:
    cut = event_stream(*ONLY_CREATED)
    case = backend(*map(unsupported, ("temperature", "top_p", "user", "metadata")), streams=(cut, cut, GOOD))
    request = {"model": "m", "input": "hi", "temperature": 1, "top_p": 1, "user": "u", "metadata": {}}
    outcome = call(case, request=request)
    assert outcome.status == "complete"
    assert len(outcome.requests) == 4 + 2  # the second attempt is one without a stream


def test_corrections_have_a_limit_of_their_own(call: Call) -> None:
    case = backend(*map(unsupported, ("temperature", "top_p")))
    request = {"model": "m", "input": "hi", "temperature": 1, "top_p": 1}
    outcome = call(case, request=request, recovery=RecoveryPolicy(max_corrections=1))
    assert outcome.status == "failed"
    assert len(outcome.requests) == 2
    assert outcome.error is not None
    assert "top_p" in outcome.error.message


def test_a_lesson_is_learnt_when_the_request_is_taken(call: Call) -> None:
    memory = EndpointMemory()
    call(
        backend(unsupported("temperature")),
        request={"model": "m", "input": "hi", "temperature": 1},
        memory=memory,
    )
    assert [lesson.name for lesson in memory.lessons] == ["without_temperature"]


def test_a_lesson_is_learnt_although_the_answer_breaks_off(call: Call) -> None:
    memory = EndpointMemory()
    case = backend(unsupported("temperature"), streams=(event_stream(*HALF_WAY),))
    outcome = call(case, request={"model": "m", "input": "hi", "temperature": 1}, memory=memory, live=True)
    assert outcome.status == "partial"
    assert memory.knows("without_temperature")


@pytest.mark.parametrize("status", [401, 402, 429, 502])
def test_nothing_is_learnt_where_the_backend_never_took_the_request(call: Call, status: int) -> None:
    memory = EndpointMemory()
    case = backend(unsupported("temperature"), streams=(http_error(status, "No."),))
    outcome = call(case, request={"model": "m", "input": "hi", "temperature": 1}, memory=memory)
    assert outcome.status == "failed"
    assert memory.lessons == ()


def test_nothing_is_learnt_from_a_refusal_that_stays(call: Call) -> None:
    memory = EndpointMemory()
    stubborn = Refusal(always, json_answer({"detail": "Unsupported parameter: temperature"}, status=400))
    outcome = call(backend(stubborn), request={"model": "m", "input": "hi", "temperature": 1}, memory=memory)
    assert outcome.status == "failed"
    assert len(outcome.requests) == 2
    assert memory.lessons == ()


def test_what_is_only_about_this_conversation_is_not_remembered(call: Call) -> None:
    memory = EndpointMemory()
    outcome = call(scenario("reasoning-needs-following-item"), memory=memory)
    assert outcome.status == "complete"
    assert memory.lessons == ()


def test_a_cap_that_cannot_be_kept_is_told_in_every_call(call: Call) -> None:
    memory = EndpointMemory()
    case = scenario("reject-max-output-tokens/detail")
    for _ in range(3):
        told = [notice.text for notice in call(case, memory=memory).notices]
        assert len(told) == 1
        assert "no limit of output tokens" in told[0]


def test_the_three_demands_of_one_backend_are_learnt_together(call: Call) -> None:
    memory = EndpointMemory()
    outcome = call(scenario("requires-stream-store-instructions/all-three"), memory=memory)
    assert outcome.status == "complete"
    names = {str(lesson.name) for lesson in memory.lessons}
    assert names == {"default_instructions", "store_false", EndpointFact.STREAM_REQUIRED}


def test_foreign_reasoning_that_is_refused_late_is_left_out_while_nothing_was_shown(call: Call) -> None:
    refusal = failed("invalid_encrypted_content", "The encrypted content could not be verified.")
    late = Refusal(has("input[].type", "reasoning"), event_stream(*HALF_WAY, *frames([refusal])))
    request = {"model": "m", "input": [USER, SEALED, USER], "store": False}
    outcome = call(backend(late), request=request)
    assert outcome.status == "complete"
    assert len(outcome.requests) == 2
    shown = call(backend(late), request=request, live=True)
    assert shown.status == "partial"
    assert len(shown.requests) == 1


def test_after_a_tool_ran_nothing_is_asked_again(call: Call) -> None:
    request = {"model": "m", "input": "hi", "temperature": 1}
    outcome = call(backend(unsupported("temperature")), request=request, tool_ran=True)
    assert outcome.status == "failed"
    assert len(outcome.requests) == 1


def test_credentials_are_neither_changed_nor_dropped(call: Call) -> None:
    outcome = call(scenario("connection-bound-item-ids/401"), api_key="sk-mine")
    assert [request.headers["authorization"] for request in outcome.requests] == ["Bearer sk-mine"] * 2


def test_the_models_thoughts_go_into_the_continuation(call: Call) -> None:
    thought = {**reasoning_item("Hm."), "encrypted_content": "gAAA"}
    plan = {**message_item("Let me look."), "phase": "commentary"}
    done = [item_done(item, output_index=place) for place, item in enumerate((thought, plan))]
    half = event_stream(*frames([created(), *done, completed(thought, plan)]))
    request = {"model": "m", "input": "hi", "store": False}
    outcome = call(backend(streams=(half, GOOD)), request=request)
    assert outcome.status == "complete"
    first, second = (request.body["input"] for request in outcome.requests)
    assert second[: len(first)] == first
    assert [item["type"] for item in second[len(first) :]] == ["reasoning", "message"]
    assert all("id" not in item for item in second[len(first) :])
    assert second[-1]["phase"] == "commentary"


def test_a_continuation_that_is_refused_is_put_right_and_bounded(call: Call) -> None:
    thought = {**reasoning_item("Hm."), "encrypted_content": "gAAA"}
    half = event_stream(*frames([created(), item_done(thought), completed(thought)]))
    lonely = http_error(
        400,
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
        code="missing_following_item",
    )
    case = backend(Refusal(has("input[].type", "reasoning"), lonely), streams=(half, GOOD))
    outcome = call(case, request={"model": "m", "input": "hi", "store": False})
    assert outcome.status == "complete"
    assert len(outcome.requests) == 3
    never = backend(Refusal(has("input[].type", "reasoning"), lonely), streams=(half,))
    outcome = call(never, request={"model": "m", "input": "hi", "store": False})
    assert outcome.status == "failed"
    assert len(outcome.requests) == 3
    assert "no answer text" in outcome.told.lower()


def test_a_billed_answer_without_items_is_asked_for_as_a_stream(call: Call) -> None:
    empty = json_answer({**_response(), "output": []})
    case = Scenario("test", 0, "billed and empty", (event_stream(*ONLY_CREATED), GOOD), (empty,))
    outcome = call(case, deadlines=Deadlines())
    assert outcome.kinds == ("stream", "non_stream", "stream")
    assert outcome.status == "complete"


def _response() -> dict[str, Any]:
    usage = {"input_tokens": 2, "output_tokens": 18, "total_tokens": 20}
    return {"id": "resp_1", "object": "response", "status": "completed", "output": [], "usage": usage}


def test_foreign_reasoning_is_left_out_for_this_session_only(call: Call) -> None:
    kept: list[str] = []
    memory = EndpointMemory(on_learn=lambda lesson: kept.append(lesson.name))
    found = scenario("foreign-encrypted-content/error-object")
    assert call(found, memory=memory).kinds == ("stream", "stream")
    assert call(found, memory=memory).kinds == ("stream",)
    assert kept == []


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Tools are temporarily not supported, please retry later.", "tools"),
        ("`reasoning` is not supported at the moment.", "reasoning"),
        ("`text` is not supported right now.", "text"),
    ],
)
def test_what_is_about_this_moment_teaches_nothing(call: Call, message: str, param: str) -> None:
    kept: list[str] = []
    memory = EndpointMemory(on_learn=lambda lesson: kept.append(lesson.name))
    passing = Refusal(has(param), http_error(400, message, type="invalid_request_error", param=param))
    request = {"model": "m", "input": "hi", param: {"x": 1} if param != "tools" else [{"type": "web_search"}]}
    call(backend(passing), request=request, memory=memory)
    assert kept == []
    assert memory.lessons == ()
