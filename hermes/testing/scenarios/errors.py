"""Errors in every shape: events, failed responses, HTTP statuses and their envelopes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from hermes.testing.frames import Json, data, event, frames
from hermes.testing.outcomes import ONCE, RETRIED, RETRIED_TWICE, complete, failed, partial
from hermes.testing.replies import event_stream, http_error, json_answer, raw_answer
from hermes.testing.scenario import Control, Expected, Reply, Scenario
from hermes.testing.scenarios.common import GOOD, HALF_WAY, HELLO, ONLY_CREATED
from hermes.testing.wire import error
from hermes.testing.wire import failed as failed_event

__all__ = ["SCENARIOS"]

_BUSY: Final = "Our servers are currently overloaded. Please try again later."


def _always(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    reply: Reply,
    expected: Expected,
    non_stream: Reply = HELLO,
) -> Scenario:
    return Scenario(id, quirk, summary, (reply,), (non_stream,), expected)


def _once(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    reply: Reply,
    live: Expected | None = None,
) -> Scenario:
    """The first attempt fails, the second one is good."""
    return Scenario(id, quirk, summary, (reply, GOOD), (HELLO,), complete(RETRIED), live)


def _overload() -> list[Scenario]:
    quirk = "overloaded-in-200-stream"
    nested = error(
        sequence_number=2,
        error={
            "type": "service_unavailable_error",
            "code": "server_is_overloaded",
            "message": _BUSY,
            "param": None,
        },
    )
    capacity = "Selected model is at capacity. Please try a different model."
    events: dict[str, tuple[str, Json]] = {
        "error-event": ("an error event", nested),
        "response-failed": ("a failed response", failed_event("server_is_overloaded", _BUSY)),
        "overloaded-error": (
            "the type overloaded_error",
            error(error={"type": "overloaded_error", "message": "Overloaded"}),
        ),
        "slow-down": ("the code slow_down", failed_event("slow_down", "Slow down.")),
        "at-capacity": (
            "a sentence only",
            error(error={"type": "server_error", "code": None, "message": capacity}),
        ),
    }
    return [
        _once(
            f"{quirk}/first-frame",
            13,
            "the first frame says that the backend is overloaded",
            event_stream(*frames([nested])),
        ),
        *(
            _once(
                f"{quirk}/{name}",
                13,
                f"overload told by {what}",
                event_stream(*ONLY_CREATED, *frames([value])),
            )
            for name, (what, value) in events.items()
        ),
        _once(
            f"{quirk}/mid-text",
            13,
            "overload half-way through the text",
            event_stream(*HALF_WAY, *frames([nested])),
            partial("Hel", "overloaded"),
        ),
        _always(
            f"{quirk}/always",
            13,
            "the backend is overloaded for good",
            event_stream(*ONLY_CREATED, *frames([nested])),
            failed("overloaded", RETRIED_TWICE),
        ),
    ]


def _error_events() -> list[Scenario]:
    quirk = "error-event-shapes"
    boom = failed("server_error", RETRIED_TWICE, says=("boom",))
    silent = failed("server_error", RETRIED_TWICE)
    refused = failed("bad_request", says=("too long",))
    bad = {
        "type": "invalid_request_error",
        "code": "context_length_exceeded",
        "message": "Input is too long.",
    }
    spread = b"".join(
        b"data: %b\n" % line for line in json.dumps(error(error=bad), indent=1).encode().split(b"\n")
    )
    shapes: dict[str, tuple[bytes, Expected]] = {
        "flat": (event("error", code="server_error", message="boom", param=None, sequence_number=3), boom),
        "nested": (event("error", error={**bad, "param": "input"}), refused),
        "status": (
            event(
                "error", status=400, error={"type": "invalid_request_error", "message": "Input is too long."}
            ),
            refused,
        ),
        "message-only": (event("error", message="boom"), boom),
        "empty": (event("error"), silent),
        "empty-error": (event("error", error={}), silent),
        "null-error": (event("error", error=None, message="boom"), boom),
        "json-in-message": (
            event("error", error={"message": f"upstream: {json.dumps({'error': bad})}"}),
            refused,
        ),
        "status-in-words": (
            event("error", error={"message": "upstream status 400: Input is too long for this model."}),
            refused,
        ),
        "typeless": (data({"error": bad}), refused),
        "error-type": (
            event("error", error={"error_type": "invalid_request_error", "message": "Input is too long."}),
            refused,
        ),
        "multi-line": (
            b"event: error\n" + spread + b"\n",
            refused,
        ),
    }
    limited = event(
        "error",
        status_code=429,
        error={"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Too many requests."},
        headers={"Retry-After": "5"},
    )
    return [
        *(
            _always(
                f"{quirk}/{name}",
                14,
                f"an error event of the shape {name}",
                event_stream(*ONLY_CREATED, sent),
                expected,
            )
            for name, (sent, expected) in shapes.items()
        ),
        _once(
            f"{quirk}/status-code-and-headers",
            14,
            "an error event that carries a status code and headers",
            event_stream(*ONLY_CREATED, limited),
        ),
    ]


def _failed_first() -> list[Scenario]:
    quirk = "failed-first-without-created"
    refused = failed_event("invalid_request_error", "bad schema")
    nested = error(error={"type": "invalid_request_error", "code": "invalid_value", "message": "bad schema"})
    bad_schema = failed("bad_request", says=("bad schema",))
    return [
        _always(
            f"{quirk}/response-failed",
            32,
            "the only frame is a failed response",
            event_stream(*frames([refused])),
            bad_schema,
        ),
        _always(
            f"{quirk}/error",
            32,
            "the only frame is an error event",
            event_stream(*frames([nested])),
            bad_schema,
        ),
        _once(
            f"{quirk}/server-error",
            32,
            "the first attempt is a failed response only, the second one is good",
            event_stream(*frames([failed_event("server_error", "The server had an error.")])),
        ),
        _always(
            "terminal-failure-without-eof/failed",
            33,
            "the connection stays open after a failed response",
            event_stream(*ONLY_CREATED, *frames([refused]), Control.HOLD),
            bad_schema,
        ),
    ]


def _http_errors() -> list[Scenario]:
    quirk = "error-envelope-zoo"
    sentence = "The field 'input' is wrong."
    refused = replace(failed("bad_request", says=(sentence.rstrip("."),)), never=("{", "openai_error"))
    inner = {"error": {"message": sentence, "type": "invalid_request_error"}}
    twice = json.dumps({"error": {"message": f"upstream error: {json.dumps(inner)}"}})
    wrapped = '上游返回错误 (status 400): {"error": {"message": "The field \'input\' is wrong."}}'
    envelopes: dict[str, Reply] = {
        "error-object": http_error(400, sentence, type="invalid_request_error", param="input"),
        "detail": json_answer({"detail": sentence}, status=400),
        "error-string": json_answer({"error": sentence}, status=400),
        "message": json_answer({"message": sentence, "type": "bad_response_status_code"}, status=400),
        "json-in-message": json_answer({"error": {"code": "upstream_400", "message": wrapped}}, status=400),
        "json-in-json": json_answer({"error": {"message": f"failed: {twice}"}}, status=400),
        "python-in-message": json_answer({"error": {"message": f"Error code: 400 - {inner!r}"}}, status=400),
        "cause": json_answer({"error": {"cause": json.dumps(inner)}}, status=400),
        "metadata": json_answer(
            {"error": {"message": "openai_error", "metadata": {"raw": json.dumps(inner)}}}, status=400
        ),
        "error-list": json_answer({"success": False, "errors": [{"message": sentence}]}, status=400),
        "empty-code": json_answer({"error": {"message": sentence, "code": "", "type": None}}, status=400),
        "json-string": json_answer(sentence, status=400),
        "error-event": json_answer({"type": "error", "error": {"message": sentence}}, status=400),
        "plain-text": raw_answer(sentence.encode(), content_type="text/plain", status=400),
    }
    fields = json_answer({"detail": [{"loc": ["body", "input"], "msg": "Field required"}]}, status=422)
    broken = http_error(500, "Internal server error", type="server_error", code="server_error")
    gateway = http_error(502, "Upstream request failed", type="upstream_error")
    no_key = http_error(
        401,
        "Missing API key in Authorization header",
        type="authentication_error",
        code="invalid_api_key",
    )
    denied = http_error(403, "You may not use this endpoint.", type="permission_error")
    return [
        *(
            _always(f"{quirk}/{name}", 111, f"HTTP 400 told by {name}", reply, refused, reply)
            for name, reply in envelopes.items()
        ),
        _always(
            f"{quirk}/field-list",
            111,
            "HTTP 422 with a list of fields",
            fields,
            failed("bad_request", says=("Field required",)),
            fields,
        ),
        _always(
            f"{quirk}/empty",
            111,
            "HTTP 400 without a body",
            raw_answer(b"", content_type="application/json", status=400),
            replace(failed("bad_request", ONCE, says=("request (HTTP 400)",)), never=('"',)),
        ),
        _always(
            f"{quirk}/request-id",
            111,
            "an error that a support team can look up",
            http_error(400, sentence, code="x", headers=(("x-request-id", "req_abc"),)),
            failed("bad_request", says=("(x, HTTP 400, request req_abc)",)),
        ),
        _always(
            f"{quirk}/request-id-in-body",
            111,
            "the same with the id in the body",
            json_answer({"error": {"message": sentence}, "request_id": "req_abc"}, status=400),
            failed("bad_request", says=("(HTTP 400, request req_abc)",)),
        ),
        _always(
            "error-envelope-zoo/500",
            111,
            "HTTP 500 every time",
            broken,
            failed("server_error", RETRIED_TWICE),
        ),
        _always(
            "error-envelope-zoo/502",
            111,
            "HTTP 502 every time",
            gateway,
            failed("server_error", RETRIED_TWICE),
        ),
        _once("error-envelope-zoo/500-once", 111, "HTTP 500 once", broken),
        _always("auth-lookalikes/401", 117, "no key", no_key, failed("auth"), no_key),
        _always("auth-lookalikes/403", 117, "no permission", denied, failed("auth"), denied),
    ]


SCENARIOS: Final = (*_overload(), *_error_events(), *_failed_first(), *_http_errors())
