"""Requests that a backend refuses: which kind it is, and which parameter is to blame."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.contract import Failure, VerdictKind

from .failures import error_event, http, judge, response_failed

BAD = VerdictKind.BAD_REQUEST
REPLAY = VerdictKind.REPLAY_INVALID
MODEL = VerdictKind.MODEL_UNAVAILABLE
STREAM = VerdictKind.STREAM_REQUIRED

CHANGE_IT = "Change what it refuses, or ask another model or provider (-m, --provider)."


def openai(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code},
    }


NO_STORE = (
    "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false. "
    "Try again with `store` set to true, or remove this item from your input."
)
NO_SUMMARIES = "Your organization must be verified to generate reasoning summaries. Please go to: https://x"
ENCRYPTED = (
    "The encrypted content gAAA{}== could not be verified. Reason: Encrypted content could not be parsed."
)
SERDE = "messages[1].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`"

TOO_LONG_ID = (
    "Invalid 'input[2].id': string too long. Expected a string with maximum length 64, but got a string with "
    "length 408 instead."
)
TOO_LONG_KEY = "Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64."
SCHEMA = "Invalid schema for function 'sh': In context=('properties', 'a'), 'oneOf' is not permitted."

TABLE: list[tuple[Any, VerdictKind, str]] = [
    # Parameters refused by name.
    ({"detail": "Unsupported parameter: max_output_tokens"}, BAD, "max_output_tokens"),
    ({"detail": "Unsupported parameter: temperature"}, BAD, "temperature"),
    (openai("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"), BAD, "top_p"),
    (openai("Unsupported parameter: 'top_p' is not supported with this model."), BAD, "top_p"),
    (openai("Unsupported value: 'temperature' does not support 0.2 with this model."), BAD, "temperature"),
    (
        openai("Unsupported value: 'minimal' is not supported with the 'x' model.", "reasoning.effort"),
        BAD,
        "reasoning.effort",
    ),
    (openai("Unknown parameter: 'input[1].summary'.", "input[1].summary"), BAD, "input[1].summary"),
    (openai("Unknown parameter: 'tools[0].strict'."), BAD, "tools[0].strict"),
    (openai("Unrecognized request argument supplied: safety_identifier"), BAD, "safety_identifier"),
    (openai("Unrecognized request arguments supplied: user, metadata"), BAD, "user"),
    ({"detail": [{"loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]}, BAD, "user"),
    ({"error": "body.user: Extra inputs are not permitted"}, BAD, "user"),
    ({"error": "Unsupported parameter: 'body.user'"}, BAD, "user"),
    ({"error": {"message": "Unsupported parameters: `user`, `metadata`"}}, BAD, "user"),
    ({"error": {"message": "The following parameters are not supported: truncation"}}, BAD, "truncation"),
    ({"error": {"message": "property 'service_tier' is unsupported"}}, BAD, "service_tier"),
    ({"error": {"message": "'service_tier' is not permitted"}}, BAD, "service_tier"),
    ({"error": {"message": "x does not support parameters: {'user': 'me'}, for model=y"}}, BAD, "user"),
    (
        {"code": "bad", "error": "Model grok-4 does not support parameter reasoningEffort."},
        BAD,
        "reasoningEffort",
    ),
    ({"error": {"message": "create() got an unexpected keyword argument 'reasoning'"}}, BAD, "reasoning"),
    ({"message": "Additional properties are not allowed ('include' was unexpected)"}, BAD, "include"),
    ({"message": "unknown field `strict`, expected one of `name`, `parameters`"}, BAD, "strict"),
    (
        {"code": "An invalid argument", "error": "Argument not supported on this model: reasoningEffort"},
        BAD,
        "reasoningEffort",
    ),
    # Roles, lists, and what must be there.
    ({"detail": "Input must be a list"}, BAD, "input"),
    ({"detail": "Instructions are required"}, BAD, "instructions"),
    ({"detail": "Store must be set to false"}, BAD, "store"),
    ({"detail": "Stream must be set to true"}, STREAM, "stream"),
    (
        {"error": {"message": "240 validation errors: [{'loc': ('body', 'input', 'str'), 'msg': 'no'"}},
        BAD,
        "input",
    ),
    (openai("System messages are not allowed"), BAD, ""),
    ({"error": {"message": SERDE}}, BAD, "messages[1].role"),
    # Parts of the conversation.
    (openai(NO_STORE, "input"), REPLAY, "input"),
    (
        openai("Previous response with id 'resp_1' not found.", "previous_response_id"),
        REPLAY,
        "previous_response_id",
    ),
    ({"error": {"code": "previous_response_not_found"}}, REPLAY, ""),
    ({"error": {"code": "codex_previous_response_stale", "message": "Ask again."}}, REPLAY, ""),
    ({"error": "Invalid `previous_response_id`."}, REPLAY, "previous_response_id"),
    ({"detail": "Unsupported parameter: previous_response_id"}, REPLAY, "previous_response_id"),
    (openai("Missing required parameter: 'input[1].summary'.", "input[1].summary"), BAD, "input[1].summary"),
    (openai("Missing required parameter: 'input[1].summary'."), BAD, "input[1].summary"),
    (
        openai("Item 'rs_1' of type 'reasoning' was provided without its required following item."),
        REPLAY,
        "",
    ),
    (openai("A reasoning item lacks what follows.", "input", "missing_following_item"), REPLAY, "input"),
    (openai(TOO_LONG_ID, "input[2].id", "string_above_max_length"), REPLAY, "input[2].id"),
    ({"error": TOO_LONG_ID}, REPLAY, "input[2].id"),
    (openai("Invalid 'input[3].id': 'x'. Expected an ID that begins with 'fc'."), REPLAY, "input[3].id"),
    (openai("function_call.id must start with fc_"), REPLAY, ""),
    (openai(ENCRYPTED.format("x"), None, "invalid_encrypted_content"), REPLAY, ""),
    ({"error": ENCRYPTED.format("x" * 20_000)}, REPLAY, ""),
    ({"error": "reasoning `encrypted_content` was not issued to this caller"}, REPLAY, ""),
    (
        {"error": "The encrypted content's organization_id did not match the target organization."},
        REPLAY,
        "",
    ),
    (openai("Ask again.", "previous_response_id"), REPLAY, "previous_response_id"),
    (openai("That is wrong.", "input[2].id"), REPLAY, "input[2].id"),
    (openai("No tool output found for function call call_X.", "input"), BAD, "input"),
    (openai("No tool call found for function call output with call_id call_X.", "input"), BAD, "input"),
    (openai("Duplicate function_call_output for call_id"), BAD, ""),
    ({"error": {"message": "each tool_use must have a single result"}}, BAD, ""),
    ({"error": {"message": "A function call output without a call_id requires a name"}}, BAD, ""),
    (
        openai("Invalid type for 'input[4].output': expected a string.", "input[4].output"),
        BAD,
        "input[4].output",
    ),
    (openai("Invalid type for 'input[4].output': expected a string."), BAD, "input[4].output"),
    # Keys, tools, schemas and reasoning.
    (openai(TOO_LONG_KEY), BAD, "prompt_cache_key"),
    (openai(SCHEMA, "tools[0].parameters", "invalid_function_parameters"), BAD, "tools[0].parameters"),
    (openai(SCHEMA, None, "invalid_json_schema"), BAD, ""),
    ({"error": "Invalid arguments passed to the model"}, BAD, ""),
    ({"error": "Duplicate tool names"}, BAD, ""),
    (
        openai("Invalid value: 'web_search'. Supported values are: 'function'.", "tools[0].type"),
        BAD,
        "tools[0].type",
    ),
    (openai(NO_SUMMARIES, "reasoning.summary", "unsupported_value"), BAD, "reasoning.summary"),
    ({"error": NO_SUMMARIES}, BAD, "reasoning.summary"),
    ({"error": "Org must be verified to generate reasoning.summary"}, BAD, "reasoning.summary"),
    ({"error": "Your organization must be verified to stream this model."}, BAD, "stream"),
    (openai("Encrypted content is not supported with this model.", "include"), BAD, "include"),
    (openai("This is too long.", "input", "context_length_exceeded"), BAD, "input"),
    # Models.
    (
        openai("The model `x` does not exist or you do not have access to it.", None, "model_not_found"),
        MODEL,
        "",
    ),
    ({"error": 'model "x" is not accessible via the /responses endpoint'}, MODEL, ""),
    ({"error": {"code": "DeploymentNotFound", "message": "The API deployment is not there."}}, MODEL, ""),
    ({"error": {"message": "Your organization must be verified to use the model `o3`."}}, MODEL, ""),
    ({"error": {"message": "No available channel for model x under group default"}}, MODEL, ""),
]


@pytest.mark.parametrize(("body", "kind", "param"), TABLE)
@pytest.mark.parametrize("status", [400, 422, 502])
def test_a_refusal_is_one_under_any_status_and_is_not_sent_again(
    body: Any, kind: VerdictKind, param: str, status: int
) -> None:
    verdict = judge(http(status, body))
    assert (verdict.kind, verdict.param) == (kind, param)
    assert not verdict.retryable
    assert verdict.retries is None


@pytest.mark.parametrize(("body", "kind", "param"), TABLE)
def test_a_refusal_within_a_stream_is_the_same(body: Any, kind: VerdictKind, param: str) -> None:
    for failure in (response_failed(body), error_event(**body)):
        verdict = judge(failure)
        assert (verdict.kind, verdict.param, verdict.retryable) == (kind, param, False)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (http(401, openai("input item ID does not belong to this connection")), REPLAY),
        (
            http(
                401, {"error": {"code": "unauthorized", "message": "input item ID does not belong to this"}}
            ),
            REPLAY,
        ),
        (http(403, {"code": "personal-team-blocked:spending-limit", "error": "No."}), VerdictKind.QUOTA),
        (http(403, {"error": {"type": "permission_error", "code": "x:spending-limit"}}), VerdictKind.QUOTA),
        (http(402, {"error": {"code": "insufficient_quota", "message": "x"}}), VerdictKind.QUOTA),
        (http(429, {"error": {"code": "insufficient_quota", "message": "x"}}), VerdictKind.QUOTA),
        (http(402, b"Payment Required"), VerdictKind.QUOTA),
        (http(403, b"plain words", cf_mitigated="challenge"), VerdictKind.NETWORK_GATEWAY),
        (
            http(403, {"error": {"message": "<html>Enable JavaScript and cookies to continue</html>"}}),
            VerdictKind.NETWORK_GATEWAY,
        ),
        (http(400, {"error": {"message": "Incorrect API key provided: abc."}}), VerdictKind.AUTH),
        (http(500, {"error": "无效的令牌"}), VerdictKind.AUTH),
        (http(401, b"no words that are known"), VerdictKind.AUTH),
        (http(400, {"error": 'Invalid option: expected one of "user"|"assistant"'}), BAD),
        (http(429, {"error": {"code": "insufficient_quota", "type": "rate_limit_error"}}), VerdictKind.QUOTA),
        (http(529), VerdictKind.OVERLOADED),
        (http(407), VerdictKind.NETWORK_GATEWAY),
        (http(511), VerdictKind.NETWORK_GATEWAY),
        (
            http(
                400,
                openai(
                    "Your prompt was flagged as potentially violating our usage policy.",
                    None,
                    "invalid_prompt",
                ),
            ),
            VerdictKind.CONTENT_FILTER,
        ),
        (http(400, {"error": {"code": "ResponsibleAIPolicyViolation"}}), VerdictKind.CONTENT_FILTER),
        (http(400, openai("The prompt is bad.", None, "invalid_prompt")), BAD),
        (
            http(
                429, {"error": {"code": "Throttling.AllocationQuota", "message": "Allocated quota exceeded"}}
            ),
            VerdictKind.RATE_LIMITED,
        ),
        (http(503, {"error": {"code": "no_plan_support_for_model", "message": "No."}}), MODEL),
        (error_event(error={"message": "No available accounts: all busy"}), VerdictKind.OVERLOADED),
        (http(502, {"error": {"message": "upstream error (status 400): no", "code": "upstream_400"}}), BAD),
        (http(502, {"error": {"message": "upstream error (status 429): no"}}), VerdictKind.RATE_LIMITED),
        (http(400, {"error": {"message": "x", "type": "server_error", "code": "upstream_error"}}), BAD),
    ],
)
def test_words_and_codes_count_more_than_the_status(failure: Failure, kind: VerdictKind) -> None:
    assert judge(failure).kind is kind


ENDED = "Your session has ended. Please log in again."
OTHER_ACCOUNT = "The 'gpt-5.3-codex' model is not supported when using Codex with a ChatGPT account."


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (http(401, {"detail": ENDED}), VerdictKind.AUTH),
        (http(401, {"error": {"message": ENDED, "code": "unauthorized"}}), VerdictKind.AUTH),
        (error_event(error={"message": ENDED}), VerdictKind.AUTH),
        (http(401, {"error": {"code": "token_invalidated", "message": "x"}}), VerdictKind.AUTH),
        (http(400, {"detail": OTHER_ACCOUNT}), MODEL),
        (error_event(status=400, error={"type": "invalid_request_error", "message": OTHER_ACCOUNT}), MODEL),
    ],
)
def test_another_account_of_a_pool_is_worth_one_more_request(failure: Failure, kind: VerdictKind) -> None:
    verdict = judge(failure)
    assert (verdict.kind, verdict.retryable, verdict.retries) == (kind, True, 1)


@pytest.mark.parametrize(
    "failure",
    [
        http(401, {"error": {"code": "invalid_api_key", "message": "Incorrect API key provided."}}),
        http(404, openai("The model `x` does not exist.", None, "model_not_found")),
        http(400, openai(ENCRYPTED.format("x"), None, "invalid_encrypted_content")),
        http(429, {"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached"}}),
    ],
)
def test_what_every_account_refuses_is_not_asked_again(failure: Failure) -> None:
    assert not judge(failure).retryable


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (
            http(502, openai("x", None, "context_length_exceeded")),
            "Shorten the prompt, or start a new conversation.",
        ),
        (
            http(400, {"error": "This exceeds the maximum context of the model."}),
            "Shorten the prompt, or start a new conversation.",
        ),
        (http(413), "Shorten the prompt, or leave out images and long tool outputs."),
        (
            http(400, openai("No tool output found for function call x.")),
            "A tool call of this conversation lacks its output, or has two: start a new one.",
        ),
        (
            http(400, {"error": "Invalid `previous_response_id`."}),
            "Send the whole conversation instead of `previous_response_id`.",
        ),
        (http(400, openai(NO_STORE)), "A new conversation holds nothing that the backend does not know."),
        (
            http(401, {"detail": ENDED}),
            "If it stays so, log that account in again where the backend keeps it.",
        ),
        (http(400, openai("x", "temperature")), CHANGE_IT),
        (http(404, openai("Unknown parameter: 'x'.", "x")), CHANGE_IT),
        (
            http(404, openai("Invalid URL (POST /v1/v1/responses)")),
            "There is no Responses API at this address: check base_url, which mostly ends in /v1.",
        ),
    ],
)
def test_what_to_do_next(failure: Failure, hint: str) -> None:
    assert judge(failure).hint == hint


def test_a_message_that_is_refused_is_no_matter_of_the_model() -> None:
    words = "This model does not support image inputs: image in user message is not supported."
    verdict = judge(http(400, openai(words, "input[0].content")))
    assert (verdict.kind, verdict.param) == (VerdictKind.BAD_REQUEST, "input[0].content")
    assert "-m." not in verdict.hint
    for param in (None, "model", "null"):
        told = judge(http(400, openai("The model m is not supported.", param)))
        assert told.kind is VerdictKind.MODEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://user:s3cret@example.com:8443/v1?key=s3cret#s3cret", "https://example.com:8443/v1"),
        ("//user:s3cret@example.com/v1", "//example.com/v1"),
        ("https://example.com/v1;jsessionid=s3cret", "https://example.com/v1"),
        ("/login#s3cret", "/login"),
        ("https://[::1]:80/v1", "https://[::1]:80/v1"),
        ("https:user:s3cret@example.com", ""),
        ("\\\\user:s3cret@example.com", ""),
        ("https://[s3cret", ""),
    ],
)
def test_where_a_redirect_leads_is_told_without_secrets(location: str, told: str) -> None:
    verdict = judge(http(302, b"", location=location))
    assert "s3cret" not in f"{verdict.message} {verdict.hint}"
    headline = "The backend redirects to another address"
    assert verdict.message == f"{headline}{f': {told}' if told else ''} (HTTP 302)."
