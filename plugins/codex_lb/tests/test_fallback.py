"""When the adapter asks again without streaming."""

from __future__ import annotations

from typing import Any

import pytest
from hermes_codex_lb import classify_stream_error, fallback_request, prepare_request

from hermes.providers.contract import EndpointFact, Failure, FailureKind, Request, Verdict, VerdictKind

STREAMED = Request(model="gpt-5.4", input="hi", stream=True, stream_options={"include_obfuscation": False})


@pytest.mark.parametrize("kind", [VerdictKind.ORDER_MISMATCH, VerdictKind.TRUNCATED])
def test_the_same_request_without_a_stream(kind: VerdictKind, new_call: Any) -> None:
    fallback = fallback_request(STREAMED, Verdict(kind), new_call()[0])
    assert fallback is not None
    assert fallback.strategy == "non_stream"
    assert dict(fallback.request) == {"model": "gpt-5.4", "input": "hi"}
    assert "without streaming" in fallback.notice


@pytest.mark.parametrize(
    "kind", sorted(set(VerdictKind) - {VerdictKind.ORDER_MISMATCH, VerdictKind.TRUNCATED})
)
def test_other_verdicts_have_no_fallback_here(kind: VerdictKind, new_call: Any) -> None:
    assert fallback_request(STREAMED, Verdict(kind), new_call()[0]) is None


def test_a_retry_goes_first(new_call: Any) -> None:
    verdict = Verdict(VerdictKind.TRUNCATED, retryable=True)
    assert fallback_request(STREAMED, verdict, new_call()[0]) is None


def test_an_endpoint_that_wants_streams_gets_no_other_request(new_call: Any) -> None:
    context, _ = new_call()
    context.memory.learn(EndpointFact.STREAM_REQUIRED)
    assert fallback_request(STREAMED, Verdict(VerdictKind.ORDER_MISMATCH), context) is None


def test_a_request_that_does_not_stream_has_no_fallback(new_call: Any) -> None:
    request = Request(model="gpt-5.4", input="hi")
    assert fallback_request(request, Verdict(VerdictKind.ORDER_MISMATCH), new_call()[0]) is None


def test_a_request_that_names_an_earlier_response_is_left_to_hermes(new_call: Any) -> None:
    context, _ = new_call()
    assert prepare_request(STREAMED.replacing(previous_response_id="resp_0"), context) is None
    masked = Failure(FailureKind.HTTP_STATUS, status=502, body=b'{"error":{"code":"stream_incomplete"}}')
    verdict = classify_stream_error(masked, context)
    assert verdict is not None
    assert (verdict.kind, verdict.retryable) == (VerdictKind.TRUNCATED, False)
    assert fallback_request(STREAMED, verdict, context) is None
