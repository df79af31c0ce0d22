"""Hermes' own adapters for single backends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from importlib import import_module
from typing import Any

import pytest

from hermes.errors import PluginLoadError
from hermes.providers.contract import (
    AdapterContext,
    EndpointMemory,
    Event,
    Failure,
    FailureKind,
    Notice,
    Profile,
    RateLimits,
    Request,
)
from hermes.providers.dispatch import CallDispatch
from hermes.providers.known import own_adapters
from hermes.providers.manager import PluginManager
from hermes.providers.registration import Registry
from hermes.testing.corpus import all_scenarios
from hermes.testing.runs import call_scenario, differences
from hermes.testing.scenario import Scenario

NAMES = [known.adapter for known in own_adapters()]
EVERYTHING = {
    "model": "grok-4-fast",
    "instructions": "",
    "store": True,
    "max_output_tokens": 9,
    "temperature": 0.5,
    "prompt_cache_key": "k" * 99,
    "reasoning": {"effort": "ultra", "summary": "auto"},
    "input": [
        {"role": "system", "content": "Be brief."},
        {"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": []},
        {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "web_search", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "none"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "web_search",
            "parameters": {"properties": {"q": {"enum": ["a/b"], "pattern": "x"}}},
        },
        {"type": "function", "name": "client_web_search", "parameters": {}},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "function", "name": "web_search"},
}


def adapter(name: str) -> Any:
    return import_module(f"hermes.providers.adapters.{name}").adapter


def context(reports: list[Any], model: str = "m") -> AdapterContext:
    return AdapterContext("p", model, EndpointMemory(), reports.append)


def call(*names: str, model: str = "m", reports: list[RateLimits | Notice] | None = None) -> CallDispatch:
    return PluginManager(names).begin_call(
        provider="p",
        model=model,
        memory=EndpointMemory(),
        on_report=(reports if reports is not None else []).append,
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_is_there_and_loads_under_its_name(name: str) -> None:
    plugins = PluginManager([name])
    loaded = plugins.find(name)
    assert (loaded.state, loaded.reason) == ("enabled", "")
    assert adapter(name).name == name
    assert plugins.profiles == (adapter(name).profile,)
    assert plugins.profiles[0].title
    # After adapters of other packages, which may know better, and before the general ones.
    assert [one.name for one in sorted(plugins.adapters, key=lambda one: -one.priority)] == [name, "builtin"]
    assert loaded.adapter is not None
    assert -500 < loaded.adapter.priority < 0


@pytest.mark.parametrize("name", NAMES)
def test_a_prepared_request_is_left_as_it_is(name: str) -> None:
    dispatch = call(name, model="grok-4-fast")
    first = dispatch.prepare(Request(EVERYTHING, stream=True))
    assert dict(dispatch.prepare(first)) == dict(first)
    assert first["input"] != EVERYTHING["input"]


@pytest.mark.parametrize("name", NAMES)
def test_what_the_user_gave_is_not_changed(name: str) -> None:
    before = repr(EVERYTHING)
    call(name, model="grok-4-fast").prepare(Request(EVERYTHING, stream=True))
    assert repr(EVERYTHING) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_request_goes_as_it_is(name: str) -> None:
    plain = Request(model="m", instructions="Answer.", input=[{"role": "user", "content": "hi"}], store=False)
    prepared = call(name).prepare(plain.replacing(stream=True))
    assert dict(prepared) == {**plain, "stream": True}


def test_which_are_slow_and_which_are_fast() -> None:
    speeds = {name: adapter(name).profile.speed for name in NAMES}
    assert {name for name, speed in speeds.items() if speed == "slow"} == {
        "llama_cpp",
        "lm_studio",
        "ollama",
        "vllm",
    }
    assert {name for name, speed in speeds.items() if speed == "fast"} == {
        "azure_openai",
        "chatgpt_codex",
        "github_copilot",
        "xai",
    }
    assert adapter("ollama").profile.slow
    assert not adapter("xai").profile.slow
    assert not adapter("litellm_proxy").profile.slow


def test_a_guess_by_a_port_costs_the_user_no_limit() -> None:
    guessed = [adapter(known.adapter).profile for known in own_adapters() if known.ports]
    assert len(guessed) == 3
    assert [profile.refuses for profile in guessed] == [()] * 3


# Each datum does something: a scenario goes wrong without it.


def without_each(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """The profile without one thing that it says, for each of them."""
    plain = Profile(profile.title)
    for field in fields(Profile):
        name, value = field.name, getattr(profile, field.name)
        if name in ("title", "speed", "models_without_effort") or value == getattr(plain, name):
            continue
        if name in ("requires", "defaults", "hints"):
            for key in value:
                left = {other: told for other, told in value.items() if other != key}
                yield f"{name}.{key}", replace(profile, **{name: left})
        elif name in ("refuses", "telemetry"):
            for entry in value:
                left = tuple(other for other in value if other != entry)
                yield f"{name}.{entry}", replace(profile, **{name: left})
        else:
            yield name, replace(profile, **{name: getattr(plain, name)})


def goes_wrong(scenario: Scenario) -> bool:
    return bool(differences(call_scenario(scenario), scenario.expected))


@pytest.mark.parametrize(
    ("name", "what", "changed"),
    [
        pytest.param(name, what, changed, id=f"{name}-{what}")
        for name in NAMES
        for what, changed in without_each(adapter(name).profile)
    ],
)
def test_each_datum_is_needed(
    name: str, what: str, changed: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter(name), "profile", changed)
    if what.startswith("telemetry."):
        monkeypatch.setattr(adapter(name), "event_types", changed.telemetry or ("none",))
    assert any(goes_wrong(one) for one in all_scenarios() if one.backend == name)


@pytest.mark.parametrize("name", NAMES)
def test_each_adapter_gains_something(name: str) -> None:
    """Without it, the same backend costs more requests, or the user is told less, or there is no answer."""
    own = [one for one in all_scenarios() if one.backend == name]
    assert any(differences(call_scenario(one, without=[name]), one.expected) for one in own)


# What several need, at its edges.


def test_a_dropped_budget_is_told_once_a_call() -> None:
    reports: list[RateLimits | Notice] = []
    dispatch = call("chatgpt_codex", reports=reports)
    request = Request(model="m", input="hi", stream=True, max_output_tokens=9, temperature=0.1)
    for attempt in (1, 2):
        dispatch.begin_attempt(attempt, streaming=True, delivered=context([]).delivered)
        assert not {"max_output_tokens", "temperature"} & dispatch.prepare(request).keys()
    told = [one for one in reports if isinstance(one, Notice)]
    assert len(told) == 1
    assert "max_output_tokens" in told[0].text
    assert "ChatGPT" in told[0].text


def told_by(backend: str, **keywords: Any) -> tuple[list[str], Request]:
    """What the user is told of a request, and what becomes of it."""
    reports: list[RateLimits | Notice] = []
    dispatch = call(backend, reports=reports)
    request = dispatch.prepare(Request({"model": "m", "input": "hi", "stream": True, **keywords}))
    dispatch.prepare(request)
    return [one.text for one in reports if isinstance(one, Notice)], request


STRICT = {
    "type": "function",
    "name": "sh",
    "strict": True,
    "parameters": {"type": "object", "properties": {"day": {"type": "string", "pattern": "x"}}},
}


@pytest.mark.parametrize(
    ("backend", "keywords", "says"),
    [
        ("llama_cpp", {"tools": [STRICT, {"type": "web_search"}]}, ["(web_search)", "simple schemas only"]),
        ("llama_cpp", {"tools": [{**STRICT, "strict": False, "parameters": {}}]}, []),
        ("llama_cpp", {"text": {"format": {"type": "json_schema", "strict": True}}}, ["simple schemas only"]),
        (
            "chatgpt_codex",
            {"safety_identifier": "u", "metadata": {"a": "b"}, "user": "u", "truncation": "auto"},
            ["`metadata`", "`safety_identifier`", "shortened", "`user`"],
        ),
        ("chatgpt_codex", {"store": False, "truncation": "disabled", "temperature": 1}, []),
        ("ollama", {"store": True}, ["not stored"]),
        ("ollama", {"previous_response_id": "resp_1"}, ["keeps no conversations"]),
        ("openrouter", {"store": True}, ["not stored"]),
        ("azure_openai", {"input": [{"type": "mcp_call", "id": "mcp_1"}]}, ["mcp_call"]),
        ("azure_openai", {"input": [{"type": "item_reference", "id": "msg_1"}]}, ["references"]),
        ("xai", {"tools": [STRICT]}, []),
    ],
)
def test_what_is_lost_is_told_in_the_name_of_the_backend(
    backend: str, keywords: dict[str, Any], says: list[str]
) -> None:
    told, _ = told_by(backend, **keywords)
    assert len(told) == len(says)
    assert all(words in text for words, text in zip(says, told, strict=True))
    assert all(text.startswith(adapter(backend).profile.title) for text in told)


def test_one_enum_costs_the_other_schemas_nothing() -> None:
    slashed = {"type": "function", "name": "ask", "parameters": {"properties": {"m": {"enum": ["a/b"]}}}}
    told, request = told_by("xai", tools=[STRICT, slashed])
    assert request["tools"][0] == STRICT
    assert "enum" not in str(request["tools"][1])
    assert len(told) == 1


def test_a_whole_conversation_needs_no_earlier_response() -> None:
    items = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    told, request = told_by("ollama", previous_response_id="resp_1", input=items)
    assert "previous_response_id" not in request
    assert told == []


def test_no_limit_is_no_news() -> None:
    reports: list[RateLimits | Notice] = []
    call("chatgpt_codex", reports=reports).prepare(Request(input="hi", stream=True, max_output_tokens=None))
    assert reports == []


@pytest.mark.parametrize(
    ("backend", "model", "effort", "sent"),
    [
        ("xai", "grok-4.3", "minimal", "low"),
        ("xai", "grok-4.3", "none", "none"),
        ("xai", "grok-4.3", "medium", "medium"),
        ("xai", "grok-4.20-multi-agent", "ultra", "xhigh"),
        ("xai", "grok-4.3", "a-new-one", "a-new-one"),
        ("xai", "grok-4", "low", None),
        ("xai", "GROK-4-0709", "low", None),
        ("xai", "grok-code-fast-1", "low", None),
        ("xai", "grok-4.20", "low", "low"),
        ("lm_studio", "gpt-oss", "xhigh", "high"),
        ("openrouter", "x", "ultra", "ultra"),
    ],
)
def test_efforts(backend: str, model: str, effort: str, sent: str | None) -> None:
    request = Request(model=model, input="hi", stream=True, reasoning={"effort": effort})
    prepared = call(backend, model=model).prepare(request)
    assert prepared.get("reasoning", {}).get("effort") == sent


@pytest.mark.parametrize("reasoning", [None, "high", {}, {"effort": None}, {"effort": ["high"]}])
def test_odd_reasoning_is_left_alone(reasoning: Any) -> None:
    request = Request(input="hi", stream=True, reasoning=reasoning)
    assert call("lm_studio").prepare(request)["reasoning"] == reasoning


def refused(status: int, body: str) -> Failure:
    return Failure(FailureKind.HTTP_STATUS, status=status, body=body.encode())


@pytest.mark.parametrize(
    ("status", "body", "retries"),
    [
        (401, '{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}', 1),
        (403, '{"error": {"message": "Your region is not allowed"}}', None),
        (404, '{"error": {"message": "no", "code": "model_not_found"}}', 1),
        (400, '{"error": {"message": "no", "code": "invalid_encrypted_content"}}', None),
        (
            429,
            '{"error": {"message": "The usage limit has been reached", "type": "usage_limit_reached"}}',
            None,
        ),
    ],
)
@pytest.mark.parametrize("backend", ["codex_relay", "litellm_proxy"])
def test_what_another_account_of_a_pool_may_take(
    backend: str, status: int, body: str, retries: int | None
) -> None:
    verdict = call(backend).classify(refused(status, body))
    assert verdict is not None
    assert (verdict.retryable, verdict.retries) == (retries is not None, retries)


def test_a_login_within_the_stream_counts_like_one_before_it() -> None:
    event = {"type": "error", "status": 401, "error": {"message": "Bad key", "code": "invalid_api_key"}}
    failure = Failure(FailureKind.ERROR_EVENT, status=200, event=Event("error", event))
    verdict = call("codex_relay").classify(failure)
    assert verdict is not None
    assert verdict.retries == 1


@pytest.mark.parametrize(
    ("status", "body", "is_wrong_path"),
    [
        (404, "404 page not found", True),
        (405, '{"detail": "Method Not Allowed"}', True),
        (404, "<html><title>Not Found</title></html>", True),
        (400, '{"error": {"message": "bad"}}', False),
        (404, '{"error": {"message": "bad", "param": "tools", "type": "invalid_request_error"}}', False),
        (404, '{"error": {"message": "no", "code": "model_not_found"}}', False),
    ],
)
@pytest.mark.parametrize("backend", ["chatgpt_codex", "ollama"])
def test_the_hint_of_a_wrong_path(backend: str, status: int, body: str, is_wrong_path: bool) -> None:
    verdict = call(backend).classify(refused(status, body))
    assert verdict is not None
    assert (verdict.hint == adapter(backend).profile.wrong_path) is is_wrong_path


def test_the_profile_of_the_adapter_that_is_asked_first_comes_first() -> None:
    titles = [profile.title for profile in PluginManager(["xai", "ollama", "azure-openai"]).profiles]
    assert titles == ["Azure OpenAI", "Ollama", "xAI"]


# xAI.


def names_of(request: Request, *, model: str = "grok-4.3") -> list[str]:
    prepared = call("xai", model=model).prepare(request)
    return [tool.get("name") for tool in prepared["tools"]]


def test_a_free_name_stands_in_for_the_taken_one() -> None:
    function = {"type": "function", "name": "web_search", "parameters": {}}
    theirs = {"type": "function", "name": "client_web_search", "parameters": {}}
    own = {"type": "web_search"}
    request = Request(input="hi", stream=True, tools=[function, own])
    assert names_of(request) == ["client_web_search", None]
    assert names_of(request.replacing(tools=[theirs, function])) == [
        "client_web_search",
        "client_web_search_",
    ]
    assert names_of(request.replacing(tools=[theirs, own])) == ["client_web_search", None]


def test_the_name_of_a_call_comes_back_in_later_attempts_too() -> None:
    dispatch = call("xai")
    request = Request(
        input="hi", stream=True, tools=[{"type": "function", "name": "web_search", "parameters": {}}]
    )
    item = {"type": "function_call", "name": "client_web_search", "call_id": "c", "arguments": "{}"}
    for attempt in (1, 2):
        dispatch.begin_attempt(attempt, streaming=True, delivered=context([]).delivered)
        request = dispatch.prepare(request)
        for kind in ("response.output_item.added", "response.output_item.done"):
            [event] = dispatch.normalize(Event(kind, {"type": kind, "output_index": 0, "item": item}))
            assert event.data["item"]["name"] == "web_search"


def test_a_name_that_was_not_changed_is_not_changed_back() -> None:
    dispatch = call("xai")
    dispatch.begin_attempt(1, streaming=True, delivered=context([]).delivered)
    tools = [{"type": "function", "name": "client_web_search", "parameters": {}}]
    dispatch.prepare(Request(input="hi", stream=True, tools=tools))
    item = {"type": "function_call", "name": "client_web_search", "call_id": "c", "arguments": "{}"}
    event = Event("response.output_item.done", {"type": "response.output_item.done", "item": item})
    assert list(dispatch.normalize(event)) == [event]


@pytest.mark.parametrize(
    ("reasoning", "answer"),
    [
        ("So. <response>Hello</response>", "Hello"),
        ("So. <response>\n Hello \n</response>\n\n", "Hello"),
        ("<response>Draft</response> No: <response>Hello</response>", "Hello"),
        ("So. <response></response>", ""),
        ("So. <response>Hello", ""),
        ("So. Hello</response>", ""),
        ("I could write <response>Hello</response> but will not.", ""),
        ("", ""),
    ],
)
def test_the_answer_at_the_end_of_the_reasoning(reasoning: str, answer: str) -> None:
    assert "".join(texts(reasoning_done(reasoning), completed())) == answer


@pytest.mark.parametrize(
    "item",
    [
        {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
        {"type": "message", "content": [{"type": "refusal", "refusal": "No"}]},
        {"type": "message", "content": "Hi"},
        {"type": "custom_tool_call", "name": "x"},
    ],
    ids=["text", "refusal", "bare text", "call"],
)
def test_no_answer_is_taken_where_there_is_one(item: dict[str, Any]) -> None:
    told = reasoning_done("<response>Hello</response>")
    done = Event("response.output_item.done", {"type": "response.output_item.done", "item": item})
    assert texts(told, done, completed()) == []
    assert texts(told, completed(item)) == []


@pytest.mark.parametrize(
    "item",
    [
        {"type": "message", "content": []},
        {"type": "message", "content": None},
        {"type": "message", "content": ["odd", {"type": "output_text", "text": ""}]},
        {"type": "web_search_call", "status": "in_progress"},
    ],
    ids=["no parts", "null", "odd parts", "search"],
)
def test_what_is_no_answer_is_in_nobodys_way(item: dict[str, Any]) -> None:
    assert texts(reasoning_done("<response>Hello</response>"), completed(item)) == ["Hello"]


def test_text_that_was_streamed_counts_as_an_answer() -> None:
    delta = {"type": "response.output_text.delta", "output_index": 1, "delta": "Hi"}
    told = reasoning_done("<response>Hello</response>")
    assert texts(told, Event(delta["type"], delta), completed()) == ["Hi"]


def test_an_answer_that_was_not_streamed() -> None:
    """The terminal event alone tells the reasoning."""
    told = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "<response>Hi</response>"}]}
    assert texts(completed(told)) == ["Hi"]
    assert texts(completed(told, {"type": "message", "content": "Hi"})) == []


def test_an_earlier_attempt_counts_no_more() -> None:
    dispatch = call("xai")
    request = Request(input="hi", stream=True)
    dispatch.begin_attempt(1, streaming=True, delivered=context([]).delivered)
    dispatch.prepare(request)
    dispatch.normalize(Event("response.output_text.delta", {"type": "x", "delta": "Hi"}))
    dispatch.begin_attempt(2, streaming=True, delivered=context([]).delivered)
    dispatch.prepare(request)
    dispatch.normalize(reasoning_done("<response>Hello</response>"))
    assert len(dispatch.normalize(completed())) > 1


def test_the_answer_out_of_the_reasoning_is_in_no_items_way() -> None:
    promoted = next(one for one in all_scenarios() if one.id == "answer-inside-reasoning/summary")
    assert differences(call_scenario(promoted, without=["lenient"]), promoted.expected) == ()


def test_only_the_first_text_is_looked_at() -> None:
    dispatch = call("xai")
    for attempt in (1, 2):
        dispatch.begin_attempt(attempt, streaming=True, delivered=context([]).delivered)
        dispatch.prepare(Request(input="hi", stream=True))
        delta = Event("response.output_text.delta", {"type": "response.output_text.delta", "delta": "Hi"})
        assert dispatch.route(delta.type)
        dispatch.normalize(delta)
        assert not dispatch.route(delta.type)


@pytest.mark.parametrize("data", [{}, {"response": None}, {"response": {"output": "odd"}}, {"item": "odd"}])
def test_odd_events_break_nothing(data: dict[str, Any]) -> None:
    event = Event("response.completed", {"type": "response.completed", **data})
    assert texts(event) == []


def reasoning_done(text: str) -> Event:
    item = {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}
    kind = "response.output_item.done"
    return Event(kind, {"type": kind, "output_index": 0, "item": item})


def completed(*output: dict[str, Any]) -> Event:
    response = {"id": "r", "status": "completed", "output": list(output)}
    return Event("response.completed", {"type": "response.completed", "response": response})


def texts(*events: Event) -> list[str]:
    """The deltas of text that a stream of these events has after xAI's adapter."""
    reports: list[RateLimits | Notice] = []
    dispatch = call("xai", reports=reports)
    dispatch.begin_attempt(1, streaming=True, delivered=context([]).delivered)
    dispatch.prepare(Request(input="hi", stream=True))
    passed: Iterable[Event] = [one for event in events for one in dispatch.normalize(event)]
    assert reports == []
    return [one.data["delta"] for one in passed if one.type == "response.output_text.delta"]


# A plugin of somebody else may have a profile too.


class Acme:
    name = "acme"
    api_version = 1
    profile: Any = Profile("Acme", speed="slow")


def test_a_plugin_with_a_profile() -> None:
    assert Registry().register(Acme(), "acme").profile == Profile("Acme", speed="slow")


def test_a_plugin_with_something_else_for_a_profile() -> None:
    odd = Acme()
    odd.profile = {"speed": "slow"}
    with pytest.raises(PluginLoadError, match="its `profile` is no Profile"):
        Registry().register(odd, "acme")
