"""Failures as they come, and the built-in adapter's verdict on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hermes.providers.adapters.builtin import classify_stream_error
from hermes.providers.contract import AdapterContext, EndpointMemory, Event, Failure, FailureKind, Verdict

NOW = 1_777_000_000.0


def judge(failure: Failure) -> Verdict:
    context = AdapterContext("p", "m", EndpointMemory(), on_report=lambda item: None)
    verdict = classify_stream_error(failure, context)
    assert isinstance(verdict, Verdict)
    return verdict


def http(status: int, body: Any = b"", *, request_id: str = "", **headers: str) -> Failure:
    """A non-2xx answer; a body that is not bytes becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(
        FailureKind.HTTP_STATUS,
        received_at=NOW,
        status=status,
        headers=told,
        body=raw,
        request_id=request_id,
    )


def error_event(**fields: Any) -> Failure:
    event = Event("error", {"type": "error", **fields})
    return Failure(FailureKind.ERROR_EVENT, received_at=NOW, status=200, event=event)


def response_failed(error: Any, **response: Any) -> Failure:
    data = {"type": "response.failed", "response": {"status": "failed", "error": error, **response}}
    event = Event("response.failed", data)
    return Failure(FailureKind.RESPONSE_FAILED, received_at=NOW, status=200, event=event)


FORMS: dict[str, Callable[[dict[str, Any]], Failure]] = {
    "error event": lambda error: error_event(error=error),
    "flat error event": lambda error: error_event(**{k: v for k, v in error.items() if k != "type"}),
    "response.failed": response_failed,
    "HTTP 400": lambda error: http(400, {"error": error}),
    "HTTP 502": lambda error: http(502, {"error": error}),
    "HTTP 400 under detail": lambda error: http(400, {"detail": error}),
    "HTTP 400 in a list": lambda error: http(400, {"errors": [error]}),
    "JSON in a message": lambda error: http(
        500, {"error": {"message": "x: " + json.dumps({"error": error})}}
    ),
    "escaped JSON in a message": lambda error: http(
        500, {"error": {"message": "x: " + json.dumps(json.dumps({"error": error}))}}
    ),
    "a Python dict in a message": lambda error: http(
        500, {"error": {"message": f"Upstream said - { ({'error': error})!r}"}}
    ),
    "JSON, then SSE": lambda error: http(
        502,
        b'{"error":{"message":"Upstream request failed","type":"upstream_error"}}'
        b"event: response.failed\ndata: "
        + json.dumps({"type": "response.failed", "response": {"error": error}}).encode()
        + b"\n\n",
    ),
}
"""One error in every form in which the same backend may tell it."""
