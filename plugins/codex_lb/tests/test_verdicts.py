"""What each error means, the same whether it comes as an HTTP status or inside a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hermes_codex_lb import classify_stream_error, normalize_stream_event, observe_headers

from hermes.providers.contract import Event, Failure, FailureKind, Verdict, VerdictKind

NOW = 1_777_000_000.0

Form = Callable[..., Failure]


def http(error: dict[str, Any], status: int = 502, headers: dict[str, str] | None = None) -> Failure:
    """The error as an HTTP status with a JSON body."""
    return Failure(
        FailureKind.HTTP_STATUS,
        received_at=NOW,
        status=status,
        headers=headers or {},
        body=json.dumps({"error": error}).encode(),
        request_id="req_1",
    )


def in_stream(kind: FailureKind, data: dict[str, Any]) -> Failure:
    return Failure(kind, received_at=NOW, status=200, event=Event(data["type"], data), request_id="req_1")


def response_failed(error: dict[str, Any], _status: int = 0) -> Failure:
    """The error as codex-lb tells it once a stream has begun."""
    response = {"object": "response", "status": "failed", "error": error, "incomplete_details": None}
    return in_stream(FailureKind.RESPONSE_FAILED, {"type": "response.failed", "response": response})


def nested_event(error: dict[str, Any], status: int = 0) -> Failure:
    """The error as the native route passes it on."""
    return in_stream(FailureKind.ERROR_EVENT, {"type": "error", "status": status, "error": error})


def flat_event(error: dict[str, Any], _status: int = 0) -> Failure:
    """The error as the Responses API documents it; the event's own type leaves none for the error's."""
    code = error.get("code") or error.get("type")
    return in_stream(FailureKind.ERROR_EVENT, {**error, "code": code, "type": "error"})


FORMS = [http, response_failed, nested_event, flat_event]

#   status, error, kind, retryable, seconds until retry_at, words of the message, words of the hint
Row = tuple[int, dict[str, Any], VerdictKind, bool, float | None, str, str]

TABLE: dict[str, Row] = {
    "usage limit, ChatGPT: type only": (
        429,
        {
            "type": "usage_limit_reached",
            "message": "The usage limit has been reached",
            "plan_type": "plus",
            "resets_at": NOW + 13_872,
            "resets_in_seconds": 13_000,
        },
        VerdictKind.QUOTA, False, 13_872, "ChatGPT plus plan", "reset",
    ),
    "usage limit, codex-lb": (
        429,
        {
            "message": "Rate limit exceeded. Try again in 300s",
            "type": "usage_limit_reached",
            "code": "usage_limit_reached",
            "resets_at": NOW + 9_000,
        },
        VerdictKind.QUOTA, False, 9_000, "accounts behind codex-lb", "reset",
    ),
    "usage limit, relative": (
        429,
        {"code": "usage_limit_reached", "resets_in_seconds": 3_600, "resets_at": None},
        VerdictKind.QUOTA, False, 3_600, "usage limit", "--provider",
    ),
    "usage limit, reset in the past": (
        429,
        {"code": "usage_limit_reached", "resets_at": NOW - 5},
        VerdictKind.QUOTA, False, None, "usage limit", "",
    ),
    "usage limit, only a vague hint": (
        429,
        {"code": "usage_limit_reached", "message": "Rate limit exceeded. Try again in 300s"},
        VerdictKind.QUOTA, False, 300, "usage limit", "",
    ),
    "additional quota": (
        503,
        {"code": "quota_exhausted", "type": "server_error", "message": "No quota left"},
        VerdictKind.QUOTA, False, None, "No quota left", "",
    ),
    "insufficient quota": (
        429, {"code": "insufficient_quota", "message": "You exceeded your quota"},
        VerdictKind.QUOTA, False, None, "quota", "",
    ),
    "burst": (
        429,
        {
            "code": "rate_limit_exceeded",
            "type": "rate_limit_error",
            "message": "Rate limit reached for gpt-5. Please try again in 14.036s. Visit us",
        },
        VerdictKind.RATE_LIMITED, True, 14.036, "Rate limit reached for gpt-5", "",
    ),
    "key limit": (
        429,
        {
            "code": "rate_limit_exceeded",
            "type": "rate_limit_error",
            "message": "API key total_tokens daily limit exceeded. Usage resets at 2026-04-24T03:20:00Z.",
        },
        VerdictKind.RATE_LIMITED, True, 800, "API key total_tokens daily limit exceeded", "",
    ),
    "burst without a time": (
        429, {"code": "rate_limit_exceeded", "message": ""},
        VerdictKind.RATE_LIMITED, True, 2, "rate limit", "",
    ),
    **{
        code: (
            429,
            {"code": code, "type": "rate_limit_error", "message": "codex-lb is temporarily overloaded"},
            VerdictKind.OVERLOADED, True, 5, "codex-lb is busy", "",
        )
        for code in (
            "proxy_overloaded",
            "account_response_create_cap",
            "account_stream_cap",
            "api_key_stream_fair_share",
            "bridge_queue_full",
            "response_create_gate_timeout",
            "global_admission_timeout",
            "capacity_exhausted_active_sessions",
        )
    },
    "upstream overloaded": (
        503,
        {
            "type": "service_unavailable_error",
            "code": "server_is_overloaded",
            "message": "Our servers are currently overloaded. Please try again later.",
        },
        VerdictKind.OVERLOADED, True, 2, "ChatGPT is overloaded", "",
    ),
    "slow down": (503, {"code": "slow_down"}, VerdictKind.OVERLOADED, True, 2, "overloaded", ""),
    "model at capacity": (
        502, {"code": "server_error", "message": "Selected model is at capacity. Try another."},
        VerdictKind.OVERLOADED, True, 2, "at capacity", "",
    ),
    "no accounts": (
        503,
        {
            "code": "no_accounts",
            "type": "server_error",
            "message": "No available accounts. Service is operating in degraded mode: all are down",
        },
        VerdictKind.OVERLOADED, True, 30, "codex-lb has no free account", "dashboard",
    ),
    "no accounts, with a time": (
        503, {"code": "no_accounts", "message": "Rate limit exceeded. Try again in 300s"},
        VerdictKind.OVERLOADED, True, 300, "no free account", "dashboard",
    ),
    "accounts are paused": (
        503, {"code": "no_accounts", "message": "All accounts are paused or require re-authentication"},
        VerdictKind.OVERLOADED, False, None, "All accounts are paused", "dashboard",
    ),
    **{
        code: (
            502, {"code": code, "type": "server_error", "message": "Upstream websocket closed"},
            kind, True, 2, "codex-lb lost its connection", "",
        )
        for code, kind in {
            "stream_incomplete": VerdictKind.TRUNCATED,
            "upstream_stream_truncated": VerdictKind.TRUNCATED,
            "stream_idle_timeout": VerdictKind.TRUNCATED,
            "upstream_unavailable": VerdictKind.TRANSPORT,
            "upstream_request_timeout": VerdictKind.TRANSPORT,
        }.items()
    },
    "upstream error": (
        502, {"code": "upstream_error", "type": "server_error", "message": "boom"},
        VerdictKind.SERVER_ERROR, True, 2, "boom", "",
    ),
    "no plan for the model": (
        503,
        {"code": "no_plan_support_for_model", "message": "No accounts with a plan supporting model 'x'"},
        VerdictKind.MODEL_UNAVAILABLE, False, None, "supporting model 'x'", "-m",
    ),
    "model not for the account": (
        400,
        {
            "type": "invalid_request_error",
            "code": "upstream_error",
            "message": "The 'gpt-9' model is not supported when using Codex with a ChatGPT account.",
        },
        VerdictKind.MODEL_UNAVAILABLE, True, None, "'gpt-9' model is not supported", "/v1/models",
    ),
    "model not for the key": (
        403,
        {
            "type": "permission_error",
            "code": "model_not_allowed",
            "message": "This API key does not have access to model 'x'",
        },
        VerdictKind.MODEL_UNAVAILABLE, False, None, "access to model 'x'", "API key",
    ),
    "wrong key": (
        401,
        {"type": "authentication_error", "code": "invalid_api_key", "message": "Invalid API key"},
        VerdictKind.AUTH, False, None, "refuses the API key", "`key_env`",
    ),
    "no key": (
        401,
        {
            "type": "authentication_error",
            "code": "invalid_api_key",
            "message": "Missing API key in Authorization header",
        },
        VerdictKind.AUTH, False, None, "got none", "`api_key`",
    ),
    "remote access": (
        401,
        {
            "type": "authentication_error",
            "code": "invalid_api_key",
            "message": "Proxy authentication must be configured before remote access is allowed",
        },
        VerdictKind.AUTH, False, None, "other machines", "CODEX_LB_PROXY_UNAUTHENTICATED_CLIENT_CIDRS",
    ),
    "firewall": (
        403, {"type": "access_error", "code": "ip_forbidden", "message": "Access denied for client IP"},
        VerdictKind.AUTH, False, None, "firewall", "dashboard",
    ),
    "account logged out": (
        401, {"code": "token_invalidated", "message": "Your authentication token has been invalidated."},
        VerdictKind.AUTH, True, None, "log in again", "dashboard",
    ),
    "account session over": (
        401, {"message": "Your session has ended. Please log in again."},
        VerdictKind.AUTH, True, None, "log in again", "dashboard",
    ),
    "bad request": (
        400,
        {
            "message": "Invalid request payload",
            "type": "invalid_request_error",
            "code": "invalid_request_error",
            "param": "include",
        },
        VerdictKind.BAD_REQUEST, False, None, "`include`", "",
    ),
    "effort not allowed": (
        403, {"code": "reasoning_effort_not_allowed", "message": "no xhigh", "type": "permission_error"},
        VerdictKind.BAD_REQUEST, False, None, "no xhigh", "effort",
    ),
    "too long, as 502": (
        502,
        {"code": "context_length_exceeded", "message": "It exceeds the context window", "param": "input"},
        VerdictKind.BAD_REQUEST, False, None, "context window", "new conversation",
    ),
    "too large": (
        413, {"code": "payload_too_large", "message": "Request body is over the limit"},
        VerdictKind.BAD_REQUEST, False, None, "too large", "images",
    ),
    "previous response": (
        400, {"code": "previous_response_not_found", "message": "Previous response was not found"},
        VerdictKind.REPLAY_INVALID, False, None, "no longer knows", "`previous_response_id`",
    ),
    "previous response, by its words": (
        400,
        {
            "code": "invalid_request_error",
            "message": "Previous response with id 'resp_1' not found.",
            "param": "previous_response_id",
        },
        VerdictKind.REPLAY_INVALID, False, None, "no longer knows", "",
    ),
    "content": (
        400, {"code": "cyber_policy", "message": "flagged for possible cybersecurity risk"},
        VerdictKind.CONTENT_FILTER, False, None, "flagged", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("case", TABLE)
def test_every_form_of_an_error_gets_the_same_verdict(case: str, form: Form, new_call: Any) -> None:
    status, error, kind, retryable, delay, says, hints = TABLE[case]
    verdict = classify_stream_error(form(error, status), new_call()[0])
    assert verdict is not None
    assert verdict.kind == kind
    assert verdict.retryable is retryable
    assert verdict.retry_at == (None if delay is None else pytest.approx(NOW + delay, abs=1e-3))
    assert says in verdict.message
    assert hints in verdict.hint
    assert verdict.code == (error.get("code") or error.get("type", ""))
    assert verdict.request_id == "req_1"


@pytest.mark.parametrize("case", TABLE)
def test_the_forms_differ_in_the_status_only(case: str, new_call: Any) -> None:
    status, error, *_ = TABLE[case]
    verdicts = [classify_stream_error(form(error, status), new_call()[0]) for form in FORMS]
    told = {replace(v, status=None, message=v.message.replace(f"HTTP {status}, ", "")) for v in verdicts if v}
    assert len(told) == 1
    assert [verdict.status for verdict in verdicts if verdict] == [status, 200, status, 200]


@pytest.mark.parametrize("case", TABLE)
def test_a_verdict_is_a_sentence_on_one_line(case: str, new_call: Any) -> None:
    status, error, *_ = TABLE[case]
    verdict = classify_stream_error(http(error, status), new_call()[0])
    assert verdict is not None
    assert verdict.message.endswith(".")
    assert verdict.message.isprintable()


def test_the_readme_explains_every_message_and_no_other(new_call: Any) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## What the messages mean")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in row.split("|")] for row in section.splitlines() if row.startswith("|")]
    cells = [row[1] for row in rows[2:] if row[2] != "notice"]
    beginnings = [re.split(r" plus| \(|: |\.$| …", cell)[0] for cell in cells]
    verdicts = (classify_stream_error(http(row[1], row[0]), new_call()[0]) for row in TABLE.values())
    messages = [verdict.message for verdict in verdicts if verdict]
    assert [message for message in messages if not message.startswith(tuple(beginnings))] == []
    assert [
        beginning
        for beginning in beginnings
        if not any(message.startswith(beginning) for message in messages)
    ] == []


NOT_OURS: dict[str, tuple[int, dict[str, Any]]] = {
    "nothing is said": (500, {}),
    "a generic server error": (500, {"code": "server_error", "type": "server_error", "message": "Oops"}),
    "an unknown code": (400, {"code": "something_else", "type": "other_error", "message": "Hm"}),
    "a stream is required": (400, {"code": "invalid_request_error", "message": "Stream must be set to true"}),
    "a parameter is rejected": (
        400,
        {
            "type": "invalid_request_error",
            "message": "Unsupported parameter: max_output_tokens",
            "param": "max_output_tokens",
        },
    ),
    "a parameter has a code": (
        400, {"type": "invalid_request_error", "code": "unsupported_parameter", "message": "No top_p"}
    ),
    "foreign reasoning": (
        400,
        {
            "type": "invalid_request_error",
            "code": "invalid_encrypted_content",
            "message": "The encrypted content gAAA could not be verified.",
        },
    ),
    "an item that is not stored": (
        404, {"type": "invalid_request_error", "message": "Item with id 'rs_1' not found."}
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("case", NOT_OURS)
def test_what_is_not_codex_lb_s_is_left_to_others(case: str, form: Form, new_call: Any) -> None:
    status, error = NOT_OURS[case]
    assert classify_stream_error(form(error, status), new_call()[0]) is None


@pytest.mark.parametrize(
    "kind",
    [
        FailureKind.CONNECT,
        FailureKind.CUT,
        FailureKind.TIMEOUT,
        FailureKind.ORDER,
        FailureKind.EARLY_END,
        FailureKind.BODY,
        FailureKind.EMPTY,
    ],
)
def test_what_the_backend_did_not_tell_is_left_to_others(kind: FailureKind, new_call: Any) -> None:
    failure = replace(http({"code": "no_accounts"}, 503), kind=kind)
    assert classify_stream_error(failure, new_call()[0]) is None


def test_a_catch_all_code_with_a_client_status_is_left_to_others(new_call: Any) -> None:
    assert classify_stream_error(http({"code": "upstream_error", "message": "?"}, 404), new_call()[0]) is None


@pytest.mark.parametrize("body", [b"", b"<html><h1>413 Request Entity Too Large</h1></html>"])
def test_413_needs_no_code(body: bytes, new_call: Any) -> None:
    failure = Failure(FailureKind.HTTP_STATUS, status=413, body=body)
    verdict = classify_stream_error(failure, new_call()[0])
    assert verdict == Verdict(
        VerdictKind.BAD_REQUEST,
        message="The request is too large (HTTP 413).",
        hint="Shorten the prompt, or leave out images and long tool outputs.",
        status=413,
    )


def test_detail_as_a_plain_string(new_call: Any) -> None:
    sentence = "The 'gpt-9' model is not supported when using Codex with a ChatGPT account."
    failure = Failure(FailureKind.HTTP_STATUS, status=400, body=json.dumps({"detail": sentence}).encode())
    verdict = classify_stream_error(failure, new_call()[0])
    assert verdict is not None
    assert verdict.kind == VerdictKind.MODEL_UNAVAILABLE
    assert "'gpt-9'" in verdict.message


def test_retry_after_inside_an_event_is_honoured(new_call: Any) -> None:
    data = {"type": "error", "error": {"code": "account_stream_cap"}, "headers": {"Retry-After": "9"}}
    verdict = classify_stream_error(in_stream(FailureKind.ERROR_EVENT, data), new_call()[0])
    assert verdict is not None
    assert verdict.retry_at == NOW + 9


@pytest.mark.parametrize(
    ("headers", "delay"),
    [({"retry-after": "7"}, 7), ({"retry-after": "60"}, 60), ({"retry-after-ms": "500"}, 0.5), ({}, 5)],
)
def test_retry_after_is_honoured(headers: dict[str, str], delay: float, new_call: Any) -> None:
    verdict = classify_stream_error(http({"code": "account_stream_cap"}, 429, headers), new_call()[0])
    assert verdict is not None
    assert verdict.retry_at == NOW + delay


def test_a_failure_without_a_time_happens_now(new_call: Any) -> None:
    failure = replace(http({"code": "no_accounts"}, 503), received_at=0.0)
    verdict = classify_stream_error(failure, new_call()[0])
    assert verdict is not None
    assert verdict.retry_at == NOW + 30


def test_delays_grow_with_each_failure(new_call: Any) -> None:
    context, _ = new_call()
    verdicts = [classify_stream_error(http({"code": "slow_down"}, 503), context) for _ in range(4)]
    assert [verdict.retry_at - NOW for verdict in verdicts if verdict and verdict.retry_at] == [2, 8, 20, 20]


LIMIT_HEADERS = {
    "x-codex-plan-type": "team",
    "x-codex-primary-used-percent": "100",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": str(int(NOW) + 500),
    "x-codex-secondary-used-percent": "80",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-at": str(int(NOW) + 90_000),
}


def test_a_usage_limit_whose_time_stands_in_the_headers(new_call: Any) -> None:
    error = {"type": "usage_limit_reached", "message": "The usage limit has been reached"}
    verdict = classify_stream_error(http(error, 429, LIMIT_HEADERS), new_call()[0])
    assert verdict is not None
    assert verdict.retry_at == NOW + 500
    assert "ChatGPT team plan" in verdict.message


def test_all_spent_windows_have_to_reset(new_call: Any) -> None:
    headers = LIMIT_HEADERS | {"x-codex-secondary-used-percent": "100"}
    verdict = classify_stream_error(http({"type": "usage_limit_reached"}, 429, headers), new_call()[0])
    assert verdict is not None
    assert verdict.retry_at == NOW + 90_000


def test_headers_that_the_event_carries_count_and_are_reported(new_call: Any) -> None:
    context, reports = new_call()
    data = {
        "type": "error",
        "status_code": 429,
        "error": {"type": "usage_limit_reached", "message": "The usage limit has been reached"},
        "headers": {name.title(): value for name, value in LIMIT_HEADERS.items()},
    }
    verdict = classify_stream_error(in_stream(FailureKind.ERROR_EVENT, data), context)
    assert verdict is not None
    assert (verdict.kind, verdict.retry_at, verdict.status) == (VerdictKind.QUOTA, NOW + 500, 429)
    assert [limits.plan for limits in reports] == ["team"]


MASKED = {"code": "stream_incomplete", "type": "server_error", "message": "Upstream websocket closed"}


def test_a_masked_failure_is_retried_twice(new_call: Any) -> None:
    context, _ = new_call()
    verdicts = []
    for attempt, code in enumerate(("stream_incomplete", "upstream_unavailable", "stream_incomplete"), 1):
        context.attempt = attempt
        verdicts.append(classify_stream_error(response_failed(MASKED | {"code": code}), context))
    told = [(verdict.kind, verdict.retryable, verdict.retry_at) for verdict in verdicts if verdict]
    assert told == [
        (VerdictKind.TRUNCATED, True, NOW + 2),
        (VerdictKind.TRANSPORT, True, NOW + 8),
        (VerdictKind.TRUNCATED, False, None),
    ]


def tell_by_headers(context: Any) -> None:
    observe_headers(LIMIT_HEADERS, context)


def tell_by_event(context: Any) -> None:
    windows = {"primary": {"used_percent": 100, "window_minutes": 300, "reset_at": NOW + 500}}
    event = {"type": "codex.rate_limits", "rate_limits": windows}
    normalize_stream_event(Event("codex.rate_limits", event), context)


@pytest.mark.parametrize("tell", [tell_by_headers, tell_by_event])
def test_a_masked_failure_with_nothing_left_names_the_limit(
    tell: Callable[[Any], None], new_call: Any
) -> None:
    context, _ = new_call()
    tell(context)
    first, second, last = (classify_stream_error(response_failed(MASKED), context) for _ in range(3))
    for verdict in (first, second):
        assert verdict is not None
        assert verdict.retryable
        assert "the usage limit is probably reached until 2026-04-24 03:15 UTC" in verdict.message
    assert last is not None
    assert (last.kind, last.retryable, last.retry_at) == (VerdictKind.QUOTA, False, NOW + 500)
    assert "the usage limit is probably reached" in last.message


def test_a_limit_of_another_family_explains_nothing(new_call: Any) -> None:
    context, _ = new_call()
    event = {"limit_id": "codex_bengalfox", "rate_limits": {"primary": {"used_percent": 100}}}
    normalize_stream_event(Event("codex.rate_limits", event), context)
    verdict = classify_stream_error(response_failed(MASKED), context)
    assert verdict is not None
    assert "limit" not in verdict.message


def test_limits_that_are_not_used_up_explain_nothing(new_call: Any) -> None:
    context, _ = new_call()
    observe_headers(LIMIT_HEADERS | {"x-codex-primary-used-percent": "99.9"}, context)
    verdict = classify_stream_error(response_failed(MASKED), context)
    assert verdict is not None
    assert "limit" not in verdict.message


def test_another_account_is_tried_once(new_call: Any) -> None:
    context, _ = new_call()
    verdicts = [classify_stream_error(http({"code": "token_invalidated"}, 401), context) for _ in range(2)]
    assert [verdict.retryable for verdict in verdicts if verdict] == [True, False]


def test_another_account_s_models_are_tried_once(new_call: Any) -> None:
    error = {"message": "The 'x' model is not supported when using Codex with a ChatGPT account."}
    for form in FORMS:
        verdict = classify_stream_error(form(error, 400), new_call()[0])
        assert verdict is not None
        assert (verdict.retryable, verdict.retries) == (True, 1)


def test_the_sentence_ends_with_code_status_and_request(new_call: Any) -> None:
    error = {"code": "no_accounts", "message": "All busy"}
    verdict = classify_stream_error(http(error, 503), new_call()[0])
    assert verdict is not None
    assert verdict.message == "codex-lb has no free account: All busy (no_accounts, HTTP 503, request req_1)."
    nameless = classify_stream_error(replace(http(error, 503), request_id=""), new_call()[0])
    assert nameless is not None
    assert nameless.message.endswith("(no_accounts, HTTP 503).")


def test_a_refused_key_is_never_repeated(new_call: Any) -> None:
    error = {"code": "invalid_api_key", "message": "Incorrect API key provided: sk-clb-secret"}
    verdict = classify_stream_error(http(error, 401), new_call()[0])
    assert "sk-clb-secret" not in repr(verdict)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            {"message": "<!doctype html><html>502"},
            "codex-lb has no free account (no_accounts, request req_1).",
        ),
        (
            {"message": "Bad gateway <html><body>"},
            "codex-lb has no free account: Bad gateway (no_accounts, request req_1).",
        ),
        (
            {"code": "invalid_request_error", "message": "Invalid request payload", "param": "<html>"},
            "codex-lb refuses the request: Invalid request payload (invalid_request_error, request req_1).",
        ),
        ({"code": "usage_limit_reached", "plan_type": "<b>x"}, None),
    ],
)
def test_markup_is_never_shown(error: dict[str, Any], sentence: str | None, new_call: Any) -> None:
    verdict = classify_stream_error(response_failed({"code": "no_accounts", **error}), new_call()[0])
    assert verdict is not None
    assert "<" not in verdict.message
    assert sentence in (None, verdict.message)


@pytest.mark.parametrize("message", ["<html><body>502</body></html>", "\x1b[2Jtwo\nlines", "x" * 9_999])
def test_the_backend_s_words_are_tamed(message: str, new_call: Any) -> None:
    verdict = classify_stream_error(http({"code": "no_accounts", "message": message}, 503), new_call()[0])
    assert verdict is not None
    assert "<html" not in verdict.message
    assert verdict.message.isprintable()
    assert len(verdict.message) < 500
