"""Failures that mean something else than their HTTP status says, and those that one status hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hermes.testing.frames import data, event, frames
from hermes.testing.outcomes import (
    ONCE,
    RETRIED,
    RETRIED_THEN_FELL_BACK,
    RETRIED_TWICE,
    complete,
    failed,
    partial,
    with_codex_lb,
)
from hermes.testing.replies import event_stream, http_error, json_answer, raw_answer
from hermes.testing.scenario import Expected, Reply, Scenario
from hermes.testing.scenarios.common import GOOD, HALF_WAY, HELLO, ONLY_CREATED
from hermes.testing.wire import failed as failed_event

__all__ = ["SCENARIOS"]

_INVALID: Final = "invalid_request_error"


def _hopeless(
    quirk: str, number: int, shapes: Mapping[str, tuple[str, Reply]], expected: Expected
) -> list[Scenario]:
    """The backend answers every request so."""
    return [
        Scenario(f"{quirk}/{name}", number, summary, (reply,), (reply,), expected)
        for name, (summary, reply) in shapes.items()
    ]


def _refused(message: str, status: int = 400, **fields: Any) -> Reply:
    return http_error(status, message, **{"type": _INVALID, **fields})


def _error_event(**fields: Any) -> Reply:
    return event_stream(*ONLY_CREATED, event("error", **fields))


def _encrypted_content() -> list[Scenario]:
    quirk = "foreign-encrypted-content"
    code = "invalid_encrypted_content"
    sentence = (
        "The encrypted content gAAA...Q== could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed."
    )
    organization = "The encrypted content's organization_id did not match the target organization."
    not_issued = "reasoning `encrypted_content` was not issued to this caller"
    mixed = raw_answer(
        b'{"error":{"message":"Upstream request failed","type":"upstream_error"}}event: response.failed\n'
        + data(failed_event(code, sentence)),
        content_type="application/json",
        status=502,
    )
    told = failed("replay_invalid", says=("does not take a part", code, "new conversation"))
    worded = failed("replay_invalid", says=("does not take a part",))
    coded = {
        "hopeless": ("HTTP 400, always", _refused(sentence, code=code, param=None)),
        "hopeless-mid-stream": (
            "a failed response, always",
            event_stream(*ONLY_CREATED, *frames([failed_event(code, sentence)])),
        ),
        "hopeless-mixed-body": ("HTTP 502 with JSON and SSE in one body, always", mixed),
    }
    words_only = {
        "hopeless-organization": ("another organization's content", _refused(organization)),
        "hopeless-not-issued": ("words only", json_answer({"error": {"message": not_issued}}, status=400)),
    }
    return [*_hopeless(quirk, 10, coded, told), *_hopeless(quirk, 10, words_only, worded)]


def _models() -> list[Scenario]:
    quirk = "model-not-for-account"
    sentence = "The 'gpt-5.3-codex' model is not supported when using Codex with a ChatGPT account."
    http = json_answer({"detail": sentence}, status=400)
    told = _error_event(status=400, error={"type": _INVALID, "message": sentence})
    gone = failed("model_unavailable", RETRIED, says=("gpt-5.3-codex", "-m"))
    suffix = http_error(404, "The model 'gpt-5.4/medium' does not exist.", code="model_not_found")
    return [
        *_hopeless(
            quirk,
            26,
            {
                "hopeless": ("no account of the pool offers the model", http),
                "hopeless-event": ("the same, told by an error event", told),
            },
            gone,
        ),
        Scenario(
            f"{quirk}/unknown-suffix",
            26,
            "the model's suffix is another gateway's: asking again would not help",
            (suffix,),
            (suffix,),
            failed("model_unavailable", ONCE, says=("gpt-5.4/medium",)),
        ),
        Scenario(
            "account-pool-variance/model",
            118,
            "the next account of the pool offers the model",
            (http, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            "account-pool-variance/model-event",
            118,
            "the same, told by an error event",
            (told, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
    ]


def _logins() -> list[Scenario]:
    quirk = "account-pool-variance"
    sentence = "Your session has ended. Please log in again."
    ended = json_answer({"detail": sentence}, status=401)
    invalidated = http_error(401, "The token has been invalidated.", code="token_invalidated")
    expected = failed("auth", RETRIED, says=("refuses the credentials", "log that account in again"))
    return [
        Scenario(
            f"{quirk}/session-ended",
            118,
            "one account of the pool is logged out, the next one is not",
            (ended, GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        *_hopeless(
            quirk,
            118,
            {
                "all-sessions-ended": ("every account is logged out", ended),
                "all-tokens-invalidated": ("the same, with a code", invalidated),
            },
            expected,
        ),
    ]


def _lookalikes() -> list[Scenario]:
    lookalikes = "auth-lookalikes"
    bound = "input item ID does not belong to this connection"
    spent = json_answer(
        {"code": "personal-team-blocked:spending-limit", "error": "Your team is blocked."}, status=403
    )
    no_money = http_error(402, "You exceeded your current quota.", code="insufficient_quota")
    rotated = failed("replay_invalid", says=(bound, "does not take a part"))
    wrong_key = http_error(400, "Incorrect API key provided.", type=_INVALID)
    return [
        *_hopeless(
            "connection-bound-item-ids",
            28,
            {
                "hopeless": ("HTTP 401", http_error(401, bound, code="unauthorized")),
                "hopeless-400": ("HTTP 400", _refused(bound)),
                "hopeless-plain-text": (
                    "plain text",
                    raw_answer(bound.encode(), content_type="text/plain", status=401),
                ),
            },
            rotated,
        ),
        *_hopeless(
            lookalikes,
            117,
            {
                "spending-limit": ("HTTP 403 that means an empty account", spent),
                "payment-required": ("HTTP 402", no_money),
                "insufficient-quota": (
                    "HTTP 429 that means an empty account",
                    http_error(429, "You exceeded your current quota.", code="insufficient_quota"),
                ),
            },
            failed("quota", says=("usage limit is reached",)),
        ),
        *_hopeless(
            lookalikes,
            117,
            {"key-under-400": ("HTTP 400 that means a wrong key", wrong_key)},
            failed("auth", says=("api_key",)),
        ),
        *_hopeless(
            lookalikes,
            117,
            {
                "challenge-in-json": (
                    "HTTP 403 that a relay met at a bot check",
                    http_error(403, "<!doctype html><p>Enable JavaScript and cookies to continue</p>"),
                ),
            },
            Expected(
                status="failed",
                text="",
                exit_code=1,
                verdict="network_gateway",
                total_tokens=None,
                says=("bot check",),
                never=("<", "api_key"),
            ),
        ),
    ]


def _tool_pairs() -> list[Scenario]:
    quirk = "tool-pairing-400"
    no_output = "No tool output found for function call call_X."
    shapes = {
        "hopeless": ("a call without output", _refused(no_output, param="input", code=None)),
        "hopeless-no-call": (
            "an output without call",
            _refused("No tool call found for function call output with call_id call_X.", param="input"),
        ),
        "hopeless-event": (
            "told by an error event",
            _error_event(status=400, error={"type": _INVALID, "message": no_output, "param": "input"}),
        ),
        "hopeless-bridge": (
            "in the words of another protocol",
            http_error(502, "messages.2: each tool_use must have a single result", type="upstream_error"),
        ),
        "hopeless-duplicate": (
            "an output that came twice",
            _refused("Duplicate function_call_output for call_id call_X."),
        ),
    }
    return _hopeless(quirk, 27, shapes, failed("bad_request", says=("tool call of this conversation",)))


def _mixed_bodies() -> list[Scenario]:
    quirk = "body-mixes-json-and-sse"
    prefix = b'{"error":{"message":"Upstream request failed","type":"upstream_error"}}'

    def mixed(code: str, message: str) -> Reply:
        rest = b"event: response.failed\n" + data(failed_event(code, message))
        return raw_answer(prefix + rest, content_type="application/json", status=502)

    limited = mixed("rate_limit_exceeded", "Please try again in 20s.")
    return [
        *_hopeless(
            quirk,
            57,
            {"same": ("both say the same", mixed("upstream_error", "Upstream request failed"))},
            failed("server_error", RETRIED_TWICE, says=("Upstream request failed",)),
        ),
        *_hopeless(
            quirk,
            57,
            {"refused": ("the frame tells more", mixed("context_length_exceeded", "Input is too long."))},
            failed("bad_request", says=("Input is too long", "Shorten the prompt")),
        ),
        Scenario(
            f"{quirk}/limited-once",
            57,
            "the frame tells when to come back",
            (limited, GOOD),
            (HELLO,),
            complete(RETRIED, says=("20 s",)),
        ),
    ]


def _comments() -> list[Scenario]:
    quirk = "error-in-sse-comment-and-event-field"

    def told(status: int, code: str, message: str) -> bytes:
        body = f'{{"code":"{code}","message":"{message}","request_id":"3f1c"}}'
        return f"id:1\nevent:error\n:HTTP_STATUS/{status}\ndata:{body}\n\n".encode()

    quota = told(429, "Throttling.AllocationQuota", "Allocated quota exceeded, please increase your limit.")
    unknown = told(429, "Busy", "Slow.")
    refused = told(400, "InvalidParameter", "The field input is wrong.")
    key = told(401, "NoKey", "Who are you?")
    limited = failed("rate_limited", RETRIED_TWICE, says=("Allocated quota", "request 3f1c"))
    return [
        *_hopeless(quirk, 63, {"throttled": ("a code that is known", event_stream(quota))}, limited),
        *_hopeless(
            quirk,
            63,
            {"status-only": ("only the comment tells what it is", event_stream(*ONLY_CREATED, unknown))},
            failed("rate_limited", RETRIED_TWICE, says=("Slow",)),
        ),
        *_hopeless(
            quirk,
            63,
            {"refused": ("the comment says HTTP 400", event_stream(refused))},
            failed("bad_request", says=("The field input is wrong",)),
        ),
        *_hopeless(
            quirk,
            63,
            {"no-key": ("the comment says HTTP 401", event_stream(key))},
            failed("auth", says=("Who are you?",)),
        ),
        Scenario(
            f"{quirk}/once",
            63,
            "throttled once",
            (event_stream(quota), GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            f"{quirk}/mid-text",
            63,
            "throttled half-way through the text",
            (event_stream(*HALF_WAY, quota), GOOD),
            (HELLO,),
            complete(RETRIED),
            partial("Hel", "rate_limited"),
        ),
    ]


def _late_status() -> list[Scenario]:
    quirk = "late-200-error-status"
    warm = b"\n\n\n"

    def body(value: object) -> Reply:
        sent = json_answer(value).steps
        return event_stream(warm, *sent, content_type="application/json")

    key = {"error": {"message": "Incorrect API key provided.", "code": 401}}
    limit = {"error": {"message": "Come back later.", "code": 429, "retry_after": 20}}
    spent = {"error": {"message": "The usage limit has been reached", "type": "usage_limit_reached"}}
    long = {"error": {"message": "Input is too long.", "code": "context_length_exceeded"}}
    foreign = {"success": False, "code": 401, "msg": "无效的令牌"}
    return [
        *_hopeless(quirk, 96, {"key": ("HTTP 401 in the body", body(key))}, failed("auth")),
        *_hopeless(quirk, 96, {"quota": ("a usage limit in the body", body(spent))}, failed("quota")),
        *_hopeless(
            quirk,
            96,
            {"refused": ("a refusal in the body", body(long))},
            failed("bad_request", says=("too long",)),
        ),
        *_hopeless(
            quirk,
            96,
            {"other-envelope": ("an envelope of its own", body(foreign))},
            failed("auth", says=("无效的令牌",)),
        ),
        *_hopeless(
            quirk,
            96,
            {
                "event": (
                    "an error event with HTTP 403 after keepalives",
                    event_stream(
                        b": keepalive\n\n" * 3, event("error", status=403, error={"message": "No."})
                    ),
                )
            },
            failed("auth", says=("No",)),
        ),
        Scenario(
            f"{quirk}/limited-once",
            96,
            "HTTP 429 in the body, once",
            (body(limit), GOOD),
            (HELLO,),
            complete(RETRIED, says=("20 s",)),
        ),
    ]


def _refusals_under_5xx() -> list[Scenario]:
    quirk = "validation-error-with-5xx"
    wrapped = (
        "upstream error (status 400): {'error': {'message': \"Unknown parameter: 'foo'.\", 'code': None}}"
    )
    relayed = "litellm.BadRequestError: x - Error code: 400 - {'error': {'message': 'bad schema'}}"
    shapes: dict[str, tuple[Reply, tuple[str, ...]]] = {
        "type": (http_error(502, "bad schema", type=_INVALID), ("bad schema",)),
        "words": (
            http_error(502, "Unknown parameter: 'foo'.", type="upstream_error"),
            ("Unknown parameter",),
        ),
        "code": (
            http_error(502, "Too many tokens.", type="server_error", code="context_length_exceeded"),
            ("Too many tokens", "Shorten the prompt"),
        ),
        "503": (http_error(503, "Invalid schema for function 'sh'.", type="api_error"), ("Invalid schema",)),
        "wrapped": (
            http_error(502, wrapped, code="upstream_400"),
            ("Unknown parameter: 'foo' (upstream_400",),
        ),
        "wrapped-status": (
            http_error(500, relayed, type="None", code="500"),
            ("request: bad schema (HTTP 500",),
        ),
        "in-stream": (
            event_stream(*ONLY_CREATED, *frames([failed_event("context_length_exceeded", "Too long.")])),
            ("Too long", "Shorten the prompt"),
        ),
        "400-as-server-error": (
            http_error(400, "It is unknown.", type="server_error", code="upstream_error"),
            ("It is unknown",),
        ),
    }
    return [
        Scenario(
            f"{quirk}/{name}",
            110,
            "a refusal of the request that will never pass",
            (reply,),
            (reply,),
            failed("bad_request", ONCE, says=says),
        )
        for name, (reply, says) in shapes.items()
    ]


def _wrong_paths() -> list[Scenario]:
    quirk = "wrong-path-or-base"
    no_api = ("no Responses API at", "/v1/responses", "base_url")
    page = raw_answer(b"<html><title>404 Not Found</title></html>", content_type="text/html", status=404)
    shapes = {
        "json": ("404 with a code", http_error(404, "Not Found", type=_INVALID, code="not_found")),
        "fastapi": ("404 with a detail", json_answer({"detail": "Not Found"}, status=404)),
        "double-version": (
            "404 that names the address",
            http_error(404, "Invalid URL (POST /v1/v1/responses)", type=_INVALID),
        ),
        "method": (
            "405",
            raw_answer(b"Method Not Allowed", content_type="text/plain", status=405),
        ),
        "empty": ("404 without a body", raw_answer(b"", content_type="text/plain", status=404)),
    }
    return [
        *_hopeless(quirk, 112, shapes, failed("bad_request", says=no_api)),
        *_hopeless(
            quirk,
            112,
            {"page": ("404 as a page", page)},
            failed("network_gateway", says=("404 Not Found", *no_api)),
        ),
    ]


def _masked_limit() -> list[Scenario]:
    sentence = "Upstream websocket closed before response.completed"
    spent = (
        ("x-codex-plan-type", "pro"),
        ("x-codex-primary-used-percent", "100"),
        ("x-codex-primary-window-minutes", "300"),
    )
    code = "stream_incomplete"
    masked = http_error(502, sentence, type="server_error", code=code, headers=spent)
    unclear = http_error(502, sentence, type="server_error", code=code)
    lost = failed("truncated", RETRIED_THEN_FELL_BACK, says=(sentence,))
    limit = failed("quota", RETRIED_TWICE, says=("probably reached",))
    return [
        Scenario(
            "limit-masked-as-stream-incomplete/headers",
            119,
            "a usage limit comes as a broken stream; the headers tell that the window is used up",
            (masked,),
            (masked,),
            lost,
            expected_with=with_codex_lb(limit),
        ),
        Scenario(
            "limit-masked-as-stream-incomplete/no-headers",
            119,
            "a broken stream every time, and nothing tells why",
            (unclear,),
            (unclear,),
            lost,
            expected_with={"codex_lb": failed("truncated", RETRIED_TWICE, says=("lost its connection",))},
        ),
    ]


SCENARIOS: Final = (
    *_encrypted_content(),
    *_models(),
    *_logins(),
    *_lookalikes(),
    *_tool_pairs(),
    *_mixed_bodies(),
    *_comments(),
    *_late_status(),
    *_refusals_under_5xx(),
    *_wrong_paths(),
    *_masked_limit(),
)
