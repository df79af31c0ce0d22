"""What the built-in adapter makes of failures: HTTP status, envelope and form."""

from __future__ import annotations

from typing import Any

import pytest

from hermes.providers.contract import Event, Failure, FailureKind, VerdictKind

from .failures import FORMS, NOW, error_event, http, judge, response_failed


def cancelled(kind: str = "response.cancelled", **response: Any) -> Failure:
    event = Event(kind, {"type": kind, "response": response})
    return Failure(FailureKind.RESPONSE_FAILED, received_at=NOW, status=200, event=event)


USAGE_LIMIT = {
    "type": "usage_limit_reached",
    "message": "The usage limit has been reached",
    "plan_type": "plus",
    "resets_at": NOW + 13872,
    "eligible_promo": None,
    "resets_in_seconds": 13872,
}
OVERLOADED = {
    "type": "service_unavailable_error",
    "code": "server_is_overloaded",
    "message": "Our servers are currently overloaded. Please try again later.",
    "param": None,
}
NO_ITEM = "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."
NO_MODEL = "The 'gpt-5.3-codex' model is not supported when using Codex with a ChatGPT account."
NOT_SUPPORTED = "Unsupported parameter: 'temperature' is not supported with this model."
MIXED = (
    b'{"error":{"message":"Upstream request failed","type":"upstream_error"}}event: response.failed\n'
    b'data: {"type":"response.failed"}\n\n'
)

# What came, the kind, whether it may pass, the code, and the whole sentence.
TABLE: list[tuple[Failure, str, bool, str, str]] = [
    # Limits, quota and load: 11, 12, 13.
    (
        response_failed({"code": "rate_limit_exceeded", "message": "Please try again in 14.036s."}),
        "rate_limited",
        True,
        "rate_limit_exceeded",
        "The backend's rate limit is reached: Please try again in 14.036s (rate_limit_exceeded).",
    ),
    (
        response_failed({"code": "rate_limit_exceeded", "message": ""}),
        "rate_limited",
        True,
        "rate_limit_exceeded",
        "The backend's rate limit is reached (rate_limit_exceeded).",
    ),
    (
        http(429, {"error": {"message": "Slow", "type": "tokens", "code": "rate_limit_exceeded"}}),
        "rate_limited",
        True,
        "rate_limit_exceeded",
        "The backend's rate limit is reached: Slow (rate_limit_exceeded, HTTP 429).",
    ),
    (http(429), "rate_limited", True, "", "The backend's rate limit is reached (HTTP 429)."),
    (
        http(429, {"error": USAGE_LIMIT}),
        "quota",
        False,
        "usage_limit_reached",
        (
            "The usage limit of the plus plan is reached: The usage limit has been reached "
            "(usage_limit_reached, HTTP 429)."
        ),
    ),
    (
        error_event(status_code=429, error=USAGE_LIMIT, headers={"X-Codex-Plan": "plus"}),
        "quota",
        False,
        "usage_limit_reached",
        (
            "The usage limit of the plus plan is reached: The usage limit has been reached "
            "(usage_limit_reached)."
        ),
    ),
    (
        http(429, {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota."}}),
        "quota",
        False,
        "insufficient_quota",
        "The usage limit is reached: You exceeded your current quota (insufficient_quota, HTTP 429).",
    ),
    (http(402), "quota", False, "", "The usage limit is reached (HTTP 402)."),
    (
        http(403, {"code": "personal-team-blocked:spending-limit", "error": "Blocked."}),
        "quota",
        False,
        "personal-team-blocked:spending-limit",
        "The usage limit is reached: Blocked (personal-team-blocked:spending-limit, HTTP 403).",
    ),
    (
        error_event(sequence_number=2, error=OVERLOADED),
        "overloaded",
        True,
        "server_is_overloaded",
        (
            "The backend is overloaded: Our servers are currently overloaded. Please try again later "
            "(server_is_overloaded)."
        ),
    ),
    (
        http(400, {"detail": "Selected model is at capacity. Please try a different model."}),
        "overloaded",
        True,
        "",
        "The backend is overloaded: Selected model is at capacity. Please try a different model (HTTP 400).",
    ),
    (http(503), "overloaded", True, "", "The backend is overloaded (HTTP 503)."),
    (
        http(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        "overloaded",
        True,
        "overloaded_error",
        "The backend is overloaded: Overloaded (overloaded_error, HTTP 529).",
    ),
    # Credentials, and what only looks like them: 28, 117.
    (
        http(401, {"error": {"message": "Missing API key", "code": "invalid_api_key"}}),
        "auth",
        False,
        "invalid_api_key",
        "The backend refuses the credentials: Missing API key (invalid_api_key, HTTP 401).",
    ),
    (http(401), "auth", False, "", "The backend refuses the credentials (HTTP 401)."),
    (
        http(403, b"Forbidden"),
        "auth",
        False,
        "",
        "The backend refuses the credentials: Forbidden (HTTP 403).",
    ),
    (
        error_event(error={"code": "token_invalidated", "message": "Log in."}),
        "auth",
        True,
        "token_invalidated",
        "The backend refuses the credentials: Log in (token_invalidated).",
    ),
    (
        http(401, b"input item ID does not belong to this connection"),
        "replay_invalid",
        False,
        "",
        (
            "The backend does not take a part of the conversation: "
            "input item ID does not belong to this connection (HTTP 401)."
        ),
    ),
    (
        http(404, {"error": {"message": NO_ITEM, "type": "invalid_request_error", "code": None}}),
        "replay_invalid",
        False,
        "invalid_request_error",
        (
            f"The backend does not take a part of the conversation: {NO_ITEM[:-1]} "
            "(invalid_request_error, HTTP 404)."
        ),
    ),
    # Models: 26.
    (
        http(400, {"detail": NO_MODEL}),
        "model_unavailable",
        True,
        "",
        f"The backend does not offer this model: {NO_MODEL[:-1]} (HTTP 400).",
    ),
    (
        error_event(status=400, error={"type": "invalid_request_error", "message": NO_MODEL}),
        "model_unavailable",
        True,
        "invalid_request_error",
        f"The backend does not offer this model: {NO_MODEL[:-1]} (invalid_request_error).",
    ),
    (
        http(404, {"error": "model 'llama9' not found, try pulling it first"}),
        "model_unavailable",
        False,
        "",
        "The backend does not offer this model: model 'llama9' not found, try pulling it first (HTTP 404).",
    ),
    # Requests: 7, 8, 27, 110, 111.
    (
        http(400, {"detail": "Stream must be set to true"}),
        "stream_required",
        False,
        "",
        "The backend answers only streamed requests: Stream must be set to true (HTTP 400).",
    ),
    (
        http(400, {"error": {"message": "Stream must be set to true", "code": "invalid_request_error"}}),
        "stream_required",
        False,
        "invalid_request_error",
        (
            "The backend answers only streamed requests: Stream must be set to true "
            "(invalid_request_error, HTTP 400)."
        ),
    ),
    (
        http(400, {"error": {"message": "Only supports streaming.", "code": "unsupported_value"}}),
        "stream_required",
        False,
        "unsupported_value",
        "The backend answers only streamed requests: Only supports streaming (unsupported_value, HTTP 400).",
    ),
    (
        http(400, {"error": {"message": "The model is not supported.", "type": "server_error"}}),
        "model_unavailable",
        False,
        "server_error",
        "The backend does not offer this model: The model is not supported (server_error, HTTP 400).",
    ),
    (
        http(400, {"error": {"message": NOT_SUPPORTED, "code": "unsupported_parameter"}}),
        "bad_request",
        False,
        "unsupported_parameter",
        f"The backend refuses the request: {NOT_SUPPORTED[:-1]} (unsupported_parameter, HTTP 400).",
    ),
    (
        http(400, {"detail": NOT_SUPPORTED}),
        "bad_request",
        False,
        "",
        f"The backend refuses the request: {NOT_SUPPORTED[:-1]} (HTTP 400).",
    ),
    (
        http(400, {"error": {"message": "No tool output found for call_X.", "param": "input", "code": None}}),
        "bad_request",
        False,
        "",
        "The backend refuses the request: No tool output found for call_X (HTTP 400).",
    ),
    (
        http(502, {"error": {"message": "Unknown parameter: 'foo'.", "type": "upstream_error"}}),
        "bad_request",
        False,
        "upstream_error",
        "The backend refuses the request: Unknown parameter: 'foo' (upstream_error, HTTP 502).",
    ),
    (
        http(502, {"error": {"message": "Too long.", "code": "context_length_exceeded"}}),
        "bad_request",
        False,
        "context_length_exceeded",
        "The backend refuses the request: Too long (context_length_exceeded, HTTP 502).",
    ),
    (
        http(503, {"error": {"message": "bad schema", "type": "invalid_request_error"}}),
        "bad_request",
        False,
        "invalid_request_error",
        "The backend refuses the request: bad schema (invalid_request_error, HTTP 503).",
    ),
    (
        http(422, {"detail": [{"loc": ["body", "input"], "msg": "Field required"}]}),
        "bad_request",
        False,
        "",
        "The backend refuses the request: body.input: Field required (HTTP 422).",
    ),
    (
        http(
            400, {"error": {"code": "upstream_400", "message": 'failed: {"error": {"message": "Nested."}}'}}
        ),
        "bad_request",
        False,
        "upstream_400",
        "The backend refuses the request: Nested (upstream_400, HTTP 400).",
    ),
    (
        http(400, {"error": {"message": "No", "type": "None", "param": "None", "code": "400"}}),
        "bad_request",
        False,
        "",
        "The backend refuses the request: No (HTTP 400).",
    ),
    (
        http(400, {"error": {"message": "None"}}),
        "bad_request",
        False,
        "",
        "The backend refuses the request (HTTP 400).",
    ),
    (http(413), "bad_request", False, "", "The backend refuses the request (HTTP 413)."),
    (
        response_failed({"code": "cyber_policy", "message": "Not this."}),
        "content_filter",
        False,
        "cyber_policy",
        "The backend's content filter stopped the answer: Not this (cyber_policy).",
    ),
    # The backend's own faults: 14, 57, 119.
    (http(500), "server_error", True, "", "The backend failed (HTTP 500)."),
    (
        http(504, b"upstream timed out"),
        "server_error",
        True,
        "",
        "The backend failed: upstream timed out (HTTP 504).",
    ),
    (http(408), "timeout", True, "", "The backend was silent for too long (HTTP 408)."),
    (
        http(502, MIXED),
        "server_error",
        True,
        "upstream_error",
        "The backend failed: Upstream request failed (upstream_error, HTTP 502).",
    ),
    (
        http(
            502,
            {"error": {"message": "Upstream closed", "type": "server_error", "code": "stream_incomplete"}},
        ),
        "truncated",
        True,
        "stream_incomplete",
        "The stream ended before the answer was complete: Upstream closed (stream_incomplete, HTTP 502).",
    ),
    (error_event(), "server_error", True, "", "The backend failed."),
    (error_event(message="boom"), "server_error", True, "", "The backend failed: boom."),
    (error_event(error={}), "server_error", True, "", "The backend failed."),
    (error_event(error=None, response=None), "server_error", True, "", "The backend failed."),
    (
        error_event(code="server_error", message="Oh!", param=None, sequence_number=3),
        "server_error",
        True,
        "server_error",
        "The backend failed: Oh! (server_error).",
    ),
    (
        error_event(error_type="rate_limit_error", message="Slow."),
        "rate_limited",
        True,
        "rate_limit_error",
        "The backend's rate limit is reached: Slow (rate_limit_error).",
    ),
    (response_failed(None), "server_error", True, "", "The backend failed."),
    # Cancelled: 31.
    (cancelled(), "cancelled", False, "", "The backend cancelled the answer."),
    (cancelled(status="cancelled"), "cancelled", False, "", "The backend cancelled the answer."),
    (
        cancelled("response.completed", status="canceled"),
        "cancelled",
        False,
        "",
        "The backend cancelled the answer.",
    ),
    (
        cancelled(status="cancelled", error={"code": "rate_limit_exceeded", "message": "Slow."}),
        "rate_limited",
        True,
        "rate_limit_exceeded",
        "The backend's rate limit is reached: Slow (rate_limit_exceeded).",
    ),
    # Transport and protocol.
    (
        Failure(FailureKind.CONNECT, "Connection refused"),
        "transport",
        True,
        "",
        "The backend cannot be reached: Connection refused.",
    ),
    (
        Failure(FailureKind.CUT, status=200),
        "truncated",
        True,
        "",
        "The stream ended before the answer was complete.",
    ),
    (
        Failure(FailureKind.EARLY_END, status=200),
        "truncated",
        False,
        "",
        "The stream ended before the answer was complete.",
    ),
    (
        Failure(
            FailureKind.ORDER,
            "Expected `a` before `b`",
            status=200,
            event=Event("b", {"message": "no error"}),
        ),
        "order_mismatch",
        False,
        "",
        "The backend's stream breaks the event order: Expected `a` before `b`.",
    ),
    (
        Failure(FailureKind.TIMEOUT, "not a byte", deadline="idle_bytes"),
        "timeout",
        True,
        "",
        "The backend was silent for too long: not a byte.",
    ),
    (
        Failure(FailureKind.TIMEOUT, "no end", deadline="total"),
        "timeout",
        False,
        "",
        "The call takes longer than it may: no end.",
    ),
    (
        Failure(FailureKind.EMPTY, "It sent no output (3 tokens billed).", status=200),
        "protocol",
        False,
        "empty_answer",
        "The backend's answer makes no sense: It sent no output (3 tokens billed) (empty_answer).",
    ),
    (
        Failure(FailureKind.NO_ANSWER, "It sent its reasoning only.", status=200),
        "protocol",
        False,
        "no_answer_text",
        "No answer text came: It sent its reasoning only (no_answer_text).",
    ),
    (
        Failure(
            FailureKind.BODY, "JSON that is no response.", status=200, body=b'{"msg": "Oh!", "code": "x"}'
        ),
        "protocol",
        False,
        "x",
        "The backend's answer makes no sense: Oh! (x).",
    ),
    (
        Failure(
            FailureKind.BODY, "No response.", status=200, body=b'{"errors": [{"message": "Rate limit"}]}'
        ),
        "rate_limited",
        True,
        "",
        "The backend's rate limit is reached: Rate limit.",
    ),
    (
        Failure(FailureKind.BODY, "JSON that is no response.", status=200, body=b'{"a": 1}'),
        "protocol",
        False,
        "",
        "The backend's answer makes no sense: JSON that is no response.",
    ),
    (
        Failure(FailureKind.BODY, "The backend sent plain text: hello", status=200, body=b"hello"),
        "protocol",
        False,
        "",
        "The backend's answer makes no sense: The backend sent plain text: hello.",
    ),
    (
        response_failed({"code": "unfinished_response", "message": "It is `queued`."}),
        "protocol",
        False,
        "unfinished_response",
        "The backend's answer makes no sense: It is `queued` (unfinished_response).",
    ),
]


@pytest.mark.parametrize(("failure", "kind", "retryable", "code", "message"), TABLE)
def test_verdicts(failure: Failure, kind: str, retryable: bool, code: str, message: str) -> None:
    verdict = judge(failure)
    assert (str(verdict.kind), verdict.retryable, verdict.code, verdict.message) == (
        kind,
        retryable,
        code,
        message,
    )
    assert verdict.status == failure.status


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_has_a_verdict(kind: FailureKind) -> None:
    assert judge(Failure(kind)).message.endswith(".")


def test_facts_are_handed_on() -> None:
    verdict = judge(Failure(FailureKind.HTTP_STATUS, status=500, request_id="req_1"))
    assert (verdict.status, verdict.request_id, verdict.retry_at, verdict.param) == (500, "req_1", None, "")
    assert judge(http(429, retry_after="7")).retry_at == NOW + 7
    assert judge(http(429, {"error": USAGE_LIMIT})).retry_at == NOW + 13872


@pytest.mark.parametrize(
    ("error", "param"),
    [
        ({"message": "x", "param": "input"}, "input"),
        ({"message": NOT_SUPPORTED, "param": "top_p"}, "top_p"),
        ({"message": NOT_SUPPORTED, "param": "None"}, "temperature"),
        ({"message": NOT_SUPPORTED}, "temperature"),
        ({"message": "Unsupported parameter: temperature"}, "temperature"),
        ({"message": "Unsupported parameter: temperature."}, "temperature"),
        ({"message": "Unknown parameter: 'reasoning.summary'."}, "reasoning.summary"),
        (
            {"message": "Unsupported value: 'temperature' does not support 0.2 with this model."},
            "temperature",
        ),
        ({"message": "Unrecognized request argument supplied: safety_identifier"}, "safety_identifier"),
        ({"message": "Missing required parameter: 'tools[0].name'."}, "tools[0].name"),
        ({"message": "x", "param": "null"}, ""),
        ({"message": "The request is bad."}, ""),
    ],
)
def test_the_parameter_that_is_to_blame(error: dict[str, Any], param: str) -> None:
    verdict = judge(http(400, {"error": error}))
    assert (verdict.kind, verdict.param) == (VerdictKind.BAD_REQUEST, param)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("usage_limit_reached", VerdictKind.QUOTA),
        ("rate_limit_exceeded", VerdictKind.RATE_LIMITED),
        ("server_is_overloaded", VerdictKind.OVERLOADED),
        ("invalid_api_key", VerdictKind.AUTH),
        ("model_not_found", VerdictKind.MODEL_UNAVAILABLE),
        ("invalid_encrypted_content", VerdictKind.REPLAY_INVALID),
        ("context_length_exceeded", VerdictKind.BAD_REQUEST),
        ("content_policy_violation", VerdictKind.CONTENT_FILTER),
        ("stream_incomplete", VerdictKind.TRUNCATED),
    ],
)
def test_the_form_of_an_error_does_not_matter(code: str, kind: VerdictKind) -> None:
    error = {
        "code": code,
        "message": "Some words. Try again in 20s.",
        "type": "server_error",
        "param": "input",
    }
    verdicts = [judge(form(error)) for form in FORMS.values()]
    assert {verdict.kind for verdict in verdicts} == {kind}
    assert len({(v.retryable, v.retry_at, v.code, v.param) for v in verdicts}) == 1
    assert all("Some words." in verdict.message for verdict in verdicts)


@pytest.mark.parametrize(
    ("status", "family", "code"),
    [
        (503, "server_error", "no_accounts"),
        (503, "server_error", "no_plan_support_for_model"),
        (503, "server_error", "quota_exhausted"),
        (503, "server_error", "additional_quota_data_unavailable"),
        (503, "server_error", "no_additional_quota_eligible_accounts"),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (429, "server_error", "usage_limit_reached"),
        (429, "server_error", "insufficient_quota"),
        (429, "rate_limit_error", "proxy_overloaded"),
        (429, "rate_limit_error", "account_stream_cap"),
        (401, "server_error", "invalid_api_key"),
        (401, "server_error", "invalid_authentication"),
        (401, "server_error", "token_invalidated"),
        (400, "invalid_request_error", "invalid_request_error"),
        (413, "invalid_request_error", "payload_too_large"),
        (502, "server_error", "context_length_exceeded"),
        (502, "server_error", "upstream_rejected_input"),
        (502, "server_error", "upstream_error"),
        (502, "server_error", "upstream_unavailable"),
        (502, "server_error", "stream_idle_timeout"),
        (502, "server_error", "stream_incomplete"),
        (500, "server_error", "server_error"),
    ],
)
def test_a_failure_before_the_stream_began_means_the_same_within_it(
    status: int, family: str, code: str
) -> None:
    error = {"message": "Some words.", "type": family, "code": code}
    before, within = judge(http(status, {"error": error})), judge(response_failed(error))
    told = [(v.kind, v.retryable, v.retries, v.hint, v.code) for v in (before, within)]
    assert told[0] == told[1]
    assert before.message.replace(f", HTTP {status}", "") == within.message


@pytest.mark.parametrize(
    ("failure", "hint"),
    [
        (http(401), "Check the provider's api_key or key_env."),
        (
            http(404, b"Not Found"),
            "There is no Responses API at this address: check base_url, which mostly ends in /v1.",
        ),
        (http(405), "There is no Responses API at this address: check base_url, which mostly ends in /v1."),
        (http(307), "Set base_url to that address."),
        (http(429), "Try again later."),
        (http(400), "Change what it refuses, or ask another model or provider (-m, --provider)."),
        (http(404, {"error": {"code": "model_not_found", "message": "x"}}), "Choose another one with -m."),
        (Failure(FailureKind.CONNECT), "Check that it runs and that base_url is right."),
    ],
)
def test_hints(failure: Failure, hint: str) -> None:
    assert judge(failure).hint == hint
