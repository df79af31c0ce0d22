"""Backends of which Hermes knows the manners: with their own adapter the first request is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hermes.testing.demands import Demand, has, has_other_than, has_pattern, lacks
from hermes.testing.frames import Json, frames
from hermes.testing.outcomes import ONCE, RETRIED, complete, failed, with_codex_lb
from hermes.testing.replies import event_stream, http_error, json_answer, raw_answer
from hermes.testing.scenario import Expected, Refusal, Reply, Scenario, ToolCall
from hermes.testing.scenarios.common import GOOD, HELLO, STREAM_REQUIRED, rate_limits_event
from hermes.testing.wire import (
    completed,
    created,
    function_call_events,
    function_call_item,
    good_events,
    item_added,
    item_done,
    reasoning_events,
    reasoning_item,
    response_object,
    up_to,
)

__all__ = ["SCENARIOS"]

_SYSTEM: Final[Json] = {
    "type": "message",
    "role": "developer",
    "content": [{"type": "input_text", "text": "Be brief."}],
}
_ASKED: Final[Json] = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "hi"}],
}
_EARLIER: Final[list[Json]] = [
    _ASKED,
    {"type": "reasoning", "id": "rs_0", "summary": [], "encrypted_content": "gAAA"},
    {
        "type": "message",
        "role": "assistant",
        "id": "msg_0",
        "content": [{"type": "output_text", "text": "Yes.", "annotations": []}],
    },
    _ASKED,
]
_ROLE: Final = has("input[].role", "system", "developer")


def _at_once(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    backend: str,
    *,
    streams: tuple[Reply, ...] = (GOOD,),
    non_stream: Reply = HELLO,
    expected: Expected | None = None,
    expected_with: Mapping[str, Expected] | None = None,
    request: Mapping[str, Any] | None = None,
    refusals: Mapping[Demand, Reply] | None = None,
) -> Scenario:
    """A backend that its own adapter asks in the right way: one request, unless told otherwise."""
    return Scenario(
        id,
        quirk,
        summary,
        streams,
        (non_stream,),
        expected or complete(),
        expected_with=expected_with or {},
        request=request or {},
        refusals=tuple(Refusal(when, reply) for when, reply in (refusals or {}).items()),
        backend=backend,
    )


def _detail(sentence: str) -> Reply:
    return json_answer({"detail": sentence}, status=400)


def _bad(sentence: str, status: int = 400) -> Reply:
    return http_error(status, sentence, type="invalid_request_error")


def _function(name: str = "sh", **schema: Any) -> Json:
    parameters = {"type": "object", "properties": {"command": {"type": "string", **schema}}}
    return {"type": "function", "name": name, "parameters": parameters}


def _chatgpt_codex() -> list[Scenario]:
    backend = "chatgpt_codex"
    rate_limits = rate_limits_event()
    events = good_events()
    unwanted = {
        "max_output_tokens": 512,
        "temperature": 0.2,
        "top_p": 0.9,
        "metadata": {"a": "b"},
        "user": "u1",
        "safety_identifier": "u1",
        "prompt_cache_retention": "24h",
        "truncation": "auto",
    }
    cut = event_stream(*frames(up_to(events, "response.created")))
    return [
        _at_once(
            "reject-max-output-tokens/chatgpt-codex",
            6,
            "the Codex backend takes none of the usual limits",
            backend,
            request=unwanted,
            refusals={has(name): _detail(f"Unsupported parameter: {name}") for name in unwanted},
            expected=complete(says=("max_output_tokens", "no limit of output tokens", "names no end user")),
        ),
        _at_once(
            "requires-stream-store-instructions/chatgpt-codex",
            8,
            "the Codex backend wants instructions, and nothing to be stored",
            backend,
            request={"instructions": "", "store": True},
            refusals={
                lacks("instructions"): _detail("Instructions are required"),
                lacks("store", False): _detail("Store must be set to false"),
            },
        ),
        _at_once(
            "requires-stream-store-instructions/chatgpt-codex-cut",
            8,
            "a broken stream is never asked for without streaming, which the Codex backend refuses",
            backend,
            streams=(cut, GOOD),
            non_stream=STREAM_REQUIRED,
            expected=complete(RETRIED, never=("without streaming",)),
        ),
        _at_once(
            "role-system-rejected/chatgpt-codex",
            98,
            "the Codex backend takes no system message",
            backend,
            request={"input": [_SYSTEM, _ASKED], "instructions": "Answer."},
            refusals={
                _ROLE: _bad("System messages are not allowed"),
                lambda body: "Be brief." not in str(body.get("instructions")): _bad("The words were lost"),
            },
        ),
        _at_once(
            "reject-replayed-item-id/chatgpt-codex",
            9,
            "the Codex backend does not know the ids of its own items",
            backend,
            request={"input": _EARLIER},
            refusals={has("input[].id"): _bad("Item with id 'rs_0' not found.", 404)},
        ),
        _at_once(
            "vendor-events-mid-stream/chatgpt-codex",
            44,
            "rate limits come before the answer and within it",
            backend,
            streams=(event_stream(*frames([rate_limits, *events[:4], rate_limits, *events[4:]])),),
            expected_with=with_codex_lb(complete()),
        ),
        _at_once(
            "model-not-for-account/chatgpt-codex",
            26,
            "the plan does not have the model, and asking again changes nothing",
            backend,
            streams=(
                _detail("The 'gpt-5.4' model is not supported when using Codex with a ChatGPT account."),
            ),
            expected=failed("model_unavailable", says=("your ChatGPT plan",)),
        ),
        _at_once(
            "cloudflare-challenge/chatgpt-codex",
            25,
            "a bot check stands before the Codex backend",
            backend,
            streams=(
                raw_answer(
                    b"<!doctype html><html><title>Just a moment...</title></html>",
                    content_type="text/html",
                    status=403,
                    headers=(("server", "cloudflare"), ("cf-mitigated", "challenge")),
                ),
            ),
            expected=failed("network_gateway", says=("ChatGPT-Account-ID", "originator")),
        ),
    ]


def _codex_relay() -> list[Scenario]:
    backend = "codex_relay"
    unknown = http_error(400, "The model 'gpt-5.4' does not exist.", code="model_not_found")
    again = complete(RETRIED)
    return [
        _at_once(
            "model-not-for-account/relay",
            26,
            "one account of a relay does not have the model, the next one has",
            backend,
            streams=(unknown, GOOD),
            expected=again,
        ),
        _at_once(
            "account-pool-variance/relay",
            118,
            "one account of a relay has no valid login, the next one has",
            backend,
            streams=(http_error(401, "Incorrect API key provided.", code="invalid_api_key"), GOOD),
            expected=again,
        ),
        _at_once(
            "account-pool-variance/relay-hopeless",
            118,
            "no account of a relay has a valid login: it is asked twice and not more often",
            backend,
            streams=(http_error(401, "Incorrect API key provided.", code="invalid_api_key"),),
            expected=failed("auth", RETRIED, says=("Incorrect API key",)),
        ),
        _at_once(
            "prelude-event-before-created/relay",
            4,
            "a relay hands rate limits on before the answer",
            backend,
            streams=(event_stream(*frames([rate_limits_event(), *good_events()])),),
            expected_with=with_codex_lb(complete()),
        ),
        _at_once(
            "role-system-rejected/relay",
            98,
            "a relay of the Codex backend takes no system message, and no ids of another account",
            backend,
            request={"input": [_SYSTEM, *_EARLIER], "store": True},
            refusals={
                _ROLE: _bad("System messages are not allowed"),
                has("input[].id"): _bad("Item with id 'rs_0' not found.", 404),
                lacks("store", False): _detail("Store must be set to false"),
            },
        ),
        _at_once(
            "requires-stream-store-instructions/relay",
            8,
            "a relay of the Codex backend wants instructions",
            backend,
            request={"instructions": ""},
            refusals={lacks("instructions"): _detail("Instructions are required")},
        ),
        _wrong_path(backend, "Relays"),
    ]


def _github_copilot() -> list[Scenario]:
    return [
        _at_once(
            "connection-bound-item-ids/copilot",
            28,
            "Copilot refuses item ids of another connection as if the login were wrong",
            "github_copilot",
            request={"input": _EARLIER},
            refusals={has("input[].id"): _bad("input item ID does not belong to this connection", 401)},
        ),
        _at_once(
            "prompt-cache-key-limits/copilot",
            105,
            "Copilot takes no prompt_cache_key",
            "github_copilot",
            request={"prompt_cache_key": "abc"},
            refusals={has("prompt_cache_key"): _bad("Unsupported parameter: prompt_cache_key")},
        ),
        _wrong_path("github_copilot", "api.githubcopilot.com"),
    ]


def _xai() -> list[Scenario]:
    told = "First I greet. <response>Hello</response>\n"
    opened = {"id": "rs_1", "type": "reasoning", "summary": [], "status": "in_progress"}
    place = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    plain = {**opened, "status": "completed", "content": [{"type": "reasoning_text", "text": told}]}
    as_text = [
        item_added(opened),
        {
            "type": "response.content_part.added",
            **place,
            "part": {"type": "reasoning_text", "text": ""},
        },
        {"type": "response.reasoning_text.delta", **place, "delta": told},
        {"type": "response.reasoning_text.done", **place, "text": told},
    ]
    summary = reasoning_item(told)
    renamed = function_call_item('{"query":"hermes"}', name="client_web_search")
    searched = complete(text="", tool_calls=(ToolCall("call_1", "web_search", '{"query":"hermes"}'),))
    search = _function("web_search")
    return [
        _at_once(
            "answer-inside-reasoning/summary",
            60,
            "the answer stands at the end of the reasoning, and no message comes",
            "xai",
            streams=(event_stream(*frames([created(), *reasoning_events(told), completed(summary)])),),
            non_stream=json_answer(response_object(summary)),
            expected=complete(items=("reasoning", "message")),
        ),
        _at_once(
            "answer-inside-reasoning/text",
            60,
            "the answer stands at the end of the reasoning's plain text",
            "xai",
            streams=(event_stream(*frames([created(), *as_text, item_done(plain), completed()])),),
            expected=complete(items=("reasoning", "message")),
        ),
        _at_once(
            "answer-inside-reasoning/not-told-by-item",
            60,
            "only the done event of the reasoning's text tells it",
            "xai",
            streams=(event_stream(*frames([created(), *as_text, completed()])),),
        ),
        _at_once(
            "answer-inside-reasoning/and-message",
            60,
            "the answer stands in the reasoning and comes as a message too",
            "xai",
            streams=(
                event_stream(
                    *frames(
                        [
                            created(),
                            *reasoning_events(told),
                            *_message_at(1)[1:-1],
                            completed(summary, *good_events()[-1]["response"]["output"]),
                        ]
                    )
                ),
            ),
            expected=complete(items=("reasoning", "message")),
        ),
        _at_once(
            "answer-inside-reasoning/and-call",
            60,
            "a tool is called: what the reasoning says is no answer yet",
            "xai",
            streams=(
                event_stream(
                    *frames([created(), *reasoning_events(told), *_call_at(1), completed()]),
                ),
            ),
            expected=complete(text="", tool_calls=(ToolCall("call_1", "sh", '{"command":"ls"}'),)),
        ),
        _at_once(
            "schema-features-rejected/xai",
            107,
            "xAI takes no value with a slash in a list of values",
            "xai",
            request={"tools": [_function(enum=["a/b", "c"])]},
            refusals={
                has_pattern("tools[].parameters.properties.command.enum[]", "/"): _bad(
                    "Invalid arguments passed to the model"
                )
            },
        ),
        _at_once(
            "builtin-tools-rejected/xai-function-of-that-name",
            108,
            "xAI has a tool that is called like one of the user's functions",
            "xai",
            request={
                "tools": [search, _function()],
                "tool_choice": {"type": "function", "name": "web_search"},
                "input": [
                    _ASKED,
                    {"type": "function_call", "call_id": "call_0", "name": "web_search", "arguments": "{}"},
                    {"type": "function_call_output", "call_id": "call_0", "output": "nothing"},
                ],
            },
            refusals={
                has(path, "web_search"): _bad("Duplicate tool names")
                for path in ("tools[].name", "input[].name", "tool_choice.name")
            },
            streams=(
                event_stream(
                    *frames(
                        [
                            created(),
                            *function_call_events('{"query":"hermes"}', name="client_web_search"),
                            completed(renamed),
                        ]
                    )
                ),
            ),
            expected=searched,
        ),
        _at_once(
            "reasoning-params-rejected/xai-model",
            109,
            "grok-4 takes no effort",
            "xai",
            request={"model": "grok-4-fast", "reasoning": {"effort": "high"}},
            refusals={
                has("reasoning.effort"): _bad("Model grok-4-fast does not support parameter reasoningEffort.")
            },
        ),
        _at_once(
            "reasoning-params-rejected/xai-effort",
            109,
            "xAI does not know the lowest effort",
            "xai",
            request={"model": "grok-4.3", "reasoning": {"effort": "minimal"}},
            refusals={
                has_other_than("reasoning.effort", "none", "low", "medium", "high"): _bad("Invalid effort")
            },
        ),
        _wrong_path("xai", "https://api.x.ai/v1"),
    ]


def _message_at(output_index: int) -> list[Json]:
    """The events of a good stream with its message at another place."""
    return [
        {**event, "output_index": output_index} if "output_index" in event else event
        for event in good_events()
    ]


def _call_at(output_index: int) -> list[Json]:
    return [{**event, "output_index": output_index} for event in function_call_events()]


def _hosted() -> list[Scenario]:
    deployment = http_error(
        404, "The API deployment for this resource does not exist.", code="DeploymentNotFound"
    )
    return [
        _at_once(
            "reasoning-params-rejected/azure-reasoning-id",
            109,
            "Azure takes no id of reasoning that it did not store",
            "azure_openai",
            request={"input": _EARLIER},
            refusals={has("input[].id"): _bad("Invalid 'input[1].id': 'rs_0'.")},
        ),
        _wrong_path("azure_openai", "/openai/v1"),
        _at_once(
            "error-envelope-zoo/azure-deployment",
            111,
            "Azure knows no deployment of the model's name",
            "azure_openai",
            streams=(deployment,),
            expected=failed("model_unavailable", says=("name of a deployment",)),
        ),
        _at_once(
            "reject-replayed-item-id/openrouter",
            9,
            "OpenRouter stores nothing, and refuses to be asked to",
            "openrouter",
            request={"input": _EARLIER, "store": True},
            refusals={
                lacks("store", False): _bad("store: true is not supported"),
                lambda body: any(i.get("id") == "rs_0" for i in body["input"]): _bad("Item not found", 404),
            },
        ),
        _wrong_path("openrouter", "https://openrouter.ai/api/v1"),
        _at_once(
            "auth-lookalikes/litellm-deployment",
            117,
            "one deployment behind the proxy has no valid key, the next one has",
            "litellm_proxy",
            streams=(http_error(401, "Incorrect API key provided.", code="invalid_api_key"), GOOD),
            expected=complete(RETRIED),
        ),
        _at_once(
            "reasoning-event-families/litellm-ids",
            56,
            "ids that the proxy made up are sent back to no one",
            "litellm_proxy",
            request={"input": _EARLIER},
            refusals={has("input[].id"): _bad("Item with id 'rs_0' not found.", 404)},
        ),
        _wrong_path("litellm_proxy", "LiteLLM"),
    ]


def _local() -> list[Scenario]:
    """Servers that people run on their own hardware."""
    unknown_role = _bad(
        "messages[1].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`"
    )
    thought = reasoning_item("Thinking")
    only_thoughts = event_stream(*frames([created(), *reasoning_events(), completed(thought)]))
    thinking = up_to(reasoning_events(), "response.reasoning_summary_text.delta")
    scenarios = [
        _at_once(
            "eof-without-terminal/ollama",
            1,
            "the stream ends within the reasoning; asked once more, Ollama answers",
            "ollama",
            streams=(event_stream(*frames([created(), *thinking])), GOOD),
            expected=complete(RETRIED),
        ),
        _at_once(
            "error-envelope-zoo/ollama-model",
            111,
            "Ollama does not have the model",
            "ollama",
            streams=(http_error(404, 'model "gpt-5.4" not found, try pulling it first', code="not_found"),),
            expected=failed("model_unavailable", says=("ollama pull",)),
        ),
        _at_once(
            "reject-replayed-item-id/ollama",
            9,
            "Ollama stores nothing",
            "ollama",
            request={"store": True},
            refusals={lacks("store", False): _bad("store is not supported")},
        ),
        _at_once(
            "previous-response-id-unsupported-or-lost/ollama",
            100,
            "Ollama keeps no conversations, and does not say so",
            "ollama",
            request={"previous_response_id": "resp_1"},
            expected=complete(says=("keeps no conversations",)),
        ),
        _at_once(
            "previous-response-id-unsupported-or-lost/ollama-whole",
            100,
            "Ollama is sent the whole conversation, which needs no earlier response",
            "ollama",
            request={
                "previous_response_id": "resp_1",
                "input": [
                    {"role": "user", "content": "hi"},
                    {"role": "assistant", "content": "Yes."},
                    {"role": "user", "content": "And then?"},
                ],
            },
            refusals={has("previous_response_id"): _bad("previous_response_id is not supported")},
        ),
        _at_once(
            "reasoning-params-rejected/lm-studio",
            109,
            "LM Studio knows three efforts",
            "lm_studio",
            request={"reasoning": {"effort": "xhigh"}},
            refusals={
                has_other_than("reasoning.effort", "low", "medium", "high"): _bad("Invalid reasoning effort")
            },
        ),
        _at_once(
            "error-envelope-zoo/lm-studio-model",
            111,
            "LM Studio does not have the model",
            "lm_studio",
            streams=(http_error(404, "Model not found: gpt-5.4", code="model_not_found"),),
            expected=failed("model_unavailable", says=("lms ls",)),
        ),
        _at_once(
            "schema-features-rejected/llama-cpp",
            107,
            "llama.cpp cannot make a grammar of every schema",
            "llama_cpp",
            request={"tools": [_function(pattern=r"^\d+$")]},
            refusals={has("tools[].parameters.properties.command.pattern"): _bad("failed to parse grammar")},
        ),
        _at_once(
            "builtin-tools-rejected/llama-cpp",
            108,
            "llama.cpp runs no tools itself",
            "llama_cpp",
            request={"tools": [_function(), {"type": "web_search"}]},
            refusals={
                has_other_than("tools[].type", "function"): _bad("'type' of tool must be 'function'", 500)
            },
        ),
    ]
    for backend, says in (
        ("vllm", "vLLM"),
        ("ollama", "0.13.3"),
        ("lm_studio", "0.3.29"),
        ("llama_cpp", "llama.cpp"),
    ):
        shape = backend.replace("_", "-")
        scenarios += [
            _at_once(
                f"role-developer-rejected/{shape}",
                99,
                f"the chat template behind {backend} knows no such role",
                backend,
                request={"input": [_SYSTEM, _ASKED]},
                refusals={_ROLE: unknown_role},
            ),
            _at_once(
                f"reasoning-only-completed/{shape}",
                59,
                f"{backend} answers with nothing but reasoning, which is its last word",
                backend,
                streams=(only_thoughts, GOOD),
                expected=failed("protocol", ONCE, says=("reasoning",)),
            ),
            _wrong_path(backend, says),
        ]
    return scenarios


def _wrong_path(backend: str, says: str) -> Scenario:
    """There is no Responses API at the base URL; the user is told where this backend has it."""
    missing = raw_answer(b"404 page not found", content_type="text/plain", status=404)
    return _at_once(
        f"wrong-path-or-base/{backend.replace('_', '-')}",
        112,
        f"the base URL is not that of the Responses API of {backend}",
        backend,
        streams=(missing,),
        expected=failed("bad_request", says=(says, "base_url")),
    )


SCENARIOS: Final = (
    *_chatgpt_codex(),
    *_codex_relay(),
    *_github_copilot(),
    *_xai(),
    *_hosted(),
    *_local(),
    _wrong_path("chatgpt_codex", "/backend-api/codex"),
)
