"""What a verdict may never say: markup, other people's control characters, or nothing in disguise."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes.providers.adapters.sentences import one_line
from hermes.providers.adapters.verdicts import verdict_of
from hermes.providers.contract import Event, Failure, FailureKind, VerdictKind

CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    b"<body>Enable JavaScript and cookies to continue<script>/cdn-cgi/challenge-platform/</script></body>"
)
PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
MITIGATED = {"cf-mitigated": "challenge", "cf-ray": "8f1-FRA"}
NO_API_HINT = "There is no Responses API at this address: check base_url, which mostly ends in /v1."
GATEWAY_HINT = "Check base_url, and whether a proxy, a login page or a bot check stands in between."


def page(status: int, body: bytes, headers: dict[str, str] | None = None) -> Failure:
    kind = FailureKind.BODY if status == 200 else FailureKind.HTTP_STATUS
    return Failure(kind, "The backend sent a web page.", status=status, headers=headers or {}, body=body)


@pytest.mark.parametrize(
    ("failure", "kind", "retryable", "message"),
    [
        (
            page(200, CHALLENGE),
            "network_gateway",
            False,
            "A web page came instead of an answer: Just a moment...",
        ),
        (
            page(403, CHALLENGE, MITIGATED),
            "network_gateway",
            False,
            "A web page came instead of an answer: Just a moment... (ray 8f1-FRA) (HTTP 403).",
        ),
        (
            page(503, CHALLENGE, MITIGATED),
            "network_gateway",
            False,
            "A web page came instead of an answer: Just a moment... (ray 8f1-FRA) (HTTP 503).",
        ),
        (page(502, PAGE), "server_error", True, "The backend failed: 502 Bad Gateway (HTTP 502)."),
        (page(500, PAGE), "server_error", True, "The backend failed: 502 Bad Gateway (HTTP 500)."),
        (page(524, PAGE), "server_error", True, "The backend failed: 502 Bad Gateway (HTTP 524)."),
        (page(503, PAGE), "overloaded", True, "The backend is overloaded: 502 Bad Gateway (HTTP 503)."),
        (
            page(429, b"<html><title>429 Too Many Requests</title>"),
            "rate_limited",
            True,
            "The backend's rate limit is reached: 429 Too Many Requests (HTTP 429).",
        ),
        (
            page(404, b"\xef\xbb\xbf\n <html><p>Nothing here</p>"),
            "network_gateway",
            False,
            "A web page came instead of an answer (HTTP 404).",
        ),
        (
            page(403, b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"),
            "network_gateway",
            False,
            "A web page came instead of an answer (HTTP 403).",
        ),
        (
            page(308, b"<html>moved", {"location": "https://other.test/v1?token=hidden"}),
            "network_gateway",
            False,
            "The backend redirects to another address: https://other.test/v1 (HTTP 308).",
        ),
        (page(302, b""), "network_gateway", False, "The backend redirects to another address (HTTP 302)."),
    ],
)
def test_web_pages(failure: Failure, kind: str, retryable: bool, message: str) -> None:
    verdict = verdict_of(failure)
    assert (str(verdict.kind), verdict.retryable, verdict.message) == (kind, retryable, message)
    if kind == "network_gateway" and failure.status not in (302, 308):
        assert verdict.hint == (NO_API_HINT if failure.status == 404 else GATEWAY_HINT)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (
            400,
            json.dumps({"error": {"message": "upstream said: <!doctype html><p>x</p>"}}).encode(),
            "The backend refuses the request: upstream said (HTTP 400).",
        ),
        (500, json.dumps({"detail": "<html><body>x"}).encode(), "The backend failed (HTTP 500)."),
        (500, b"error code: 1020 <div class='x'>", "The backend failed: error code: 1020 (HTTP 500)."),
        (
            400,
            json.dumps({"error": {"message": "expected <model>, not <5>"}}).encode(),
            "The backend refuses the request: expected <model>, not <5> (HTTP 400).",
        ),
        (
            400,
            json.dumps({"error": {"message": "a\r\nb\x1b[31mred\x00\x9bc", "code": "x\x07\ny"}}).encode(),
            "The backend refuses the request: a b [31mred c (x y, HTTP 400).",
        ),
    ],
)
def test_messages_are_plain_text_of_one_line(status: int, body: bytes, message: str) -> None:
    verdict = verdict_of(Failure(FailureKind.HTTP_STATUS, status=status, body=body))
    assert verdict.message == message


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('no: {"a": 1} more', "no"),
        ('[{"a": 1}]', ""),
        ("{'a': 1}", ""),
        (r"said: {\"a\": 1}", "said"),
        ("a {model} and [1]", "a {model} and [1]"),
        ("a\u202eb\u200bc\u2028d\ud800e\ufefff", "a b c d e f"),
    ],
)
def test_words_are_for_people(words: str, told: str) -> None:
    assert one_line(words, 300) == told


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (
            Failure(FailureKind.HTTP_STATUS, status=429, request_id="req_abc"),
            "The backend's rate limit is reached (HTTP 429, request req_abc).",
        ),
        (
            Failure(
                FailureKind.HTTP_STATUS,
                status=429,
                body=b'{"error": {"code": "rate_limit_exceeded", "message": "Slow."}}',
                request_id="req_abc",
            ),
            "The backend's rate limit is reached: Slow (rate_limit_exceeded, HTTP 429, request req_abc).",
        ),
        (
            Failure(
                FailureKind.ERROR_EVENT,
                status=200,
                event=Event("error", {"type": "error", "message": "boom", "request_id": "req_abc"}),
            ),
            "The backend failed: boom (request req_abc).",
        ),
        (
            Failure(FailureKind.EARLY_END, status=200, request_id="req_abc"),
            "The stream ended before the answer was complete (request req_abc).",
        ),
        (
            page(403, CHALLENGE, MITIGATED),
            "A web page came instead of an answer: Just a moment... (ray 8f1-FRA) (HTTP 403).",
        ),
        (
            Failure(FailureKind.HTTP_STATUS, status=500, request_id="a\x1b[31m\nb<html>c"),
            "The backend failed (HTTP 500, request a [31m b).",
        ),
        (
            Failure(FailureKind.HTTP_STATUS, status=500, request_id="r" * 5000),
            f"The backend failed (HTTP 500, request {'r' * 119}…).",
        ),
    ],
)
def test_the_request_can_be_looked_up(failure: Failure, message: str) -> None:
    verdict = verdict_of(failure)
    assert verdict.message == message
    assert verdict.request_id in message


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("plus", "The usage limit of the plus plan is reached: x (HTTP 402)."),
        ("a\x1bb", "The usage limit of the a b plan is reached: x (HTTP 402)."),
        ("<html>", "The usage limit is reached: x (HTTP 402)."),
    ],
)
def test_the_plan_whose_limit_is_reached(plan: str, message: str) -> None:
    body = json.dumps({"error": {"message": "x", "plan_type": plan}}).encode()
    assert verdict_of(Failure(FailureKind.HTTP_STATUS, status=402, body=body)).message == message


@pytest.mark.parametrize("status", [404, 405])
def test_an_address_without_an_api_is_named(status: int) -> None:
    url = "http://127.0.0.1:9/v1/v1/responses"
    hint = verdict_of(Failure(FailureKind.HTTP_STATUS, status=status, url=url)).hint
    assert hint == f"There is no Responses API at {url}: check base_url, which mostly ends in /v1."


@pytest.mark.parametrize(
    "body",
    [
        b'{"detail": "Not Found"}',
        b'{"error": {"message": "The requested resource was not found.", "type": "invalid_request_error"}}',
    ],
)
def test_a_404_in_json_may_be_about_the_model(body: bytes) -> None:
    url = "http://127.0.0.1:9/v1/responses"
    hint = verdict_of(Failure(FailureKind.HTTP_STATUS, status=404, url=url, body=body)).hint
    assert hint == (
        f"Either there is no Responses API at {url}: check base_url, which mostly ends in /v1; "
        "or the backend does not know the model: choose another one with -m."
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"404 page not found"),
        (404, b'{"error": {"message": "Invalid URL (POST /v1/v1/responses)"}}'),
        (404, b'{"error": "Unknown path /v1/v1/responses"}'),
        (404, b'{"message": "Route POST:/v1/v1/responses not found"}'),
        (405, b'{"detail": "Method Not Allowed"}'),
    ],
)
def test_what_is_said_of_the_path_is_not_about_the_model(status: int, body: bytes) -> None:
    assert verdict_of(Failure(FailureKind.HTTP_STATUS, status=status, body=body)).hint == NO_API_HINT


@pytest.mark.parametrize(
    ("cause", "kind", "retryable", "hint"),
    [
        ("certificate", "transport", False, "SSL_CERT_FILE"),
        ("certificate_name", "transport", False, "name"),
        ("certificate_date", "transport", False, "clock"),
        ("no_tls", "transport", False, "http:// instead of https://"),
        ("tls", "transport", False, "https:// instead of http://"),
        ("closed", "transport", True, "base_url"),
        ("proxy", "transport", True, "NO_PROXY"),
        ("proxy_login", "network_gateway", False, "password"),
    ],
)
def test_what_kept_an_answer_from_beginning(cause: str, kind: str, retryable: bool, hint: str) -> None:
    verdict = verdict_of(Failure(FailureKind.CONNECT, "It \x1b[2Jwas that.", cause=cause))
    assert (verdict.kind, verdict.retryable, verdict.message) == (kind, retryable, "It [2Jwas that.")
    assert hint in verdict.hint


def test_a_cause_that_is_not_known_is_no_cause() -> None:
    verdict = verdict_of(Failure(FailureKind.CONNECT, "It was that.", cause="another"))
    assert verdict.message == "The backend cannot be reached: It was that."


@pytest.mark.parametrize("field", ["code", "param", "request_id"])
def test_no_field_holds_what_could_harm_a_terminal(field: str) -> None:
    error = {"message": "x", "param": "a", "code": "b", field: "a\x1b]0;b\x07\u202e" + "c" * 5000}
    event = Event("error", {"type": "error", "status": 400, "error": error})
    value = getattr(verdict_of(Failure(FailureKind.ERROR_EVENT, event=event)), field)
    assert value.startswith("a ]0;b ccc")
    assert value.isprintable()
    assert len(value) == 120


@pytest.mark.parametrize("letter", ["w", "ü", "日", "🙂"])
def test_long_words_are_cut(letter: str) -> None:
    error = {"message": letter * 5000, "code": "c" * 5000}
    event = Event("error", {"type": "error", "error": error})
    message = verdict_of(Failure(FailureKind.ERROR_EVENT, event=event)).message
    assert message == f"The backend failed: {letter * 299}… ({'c' * 79}…)."


@pytest.mark.parametrize("nothing", ["None", "null", "undefined", "NONE", ""])
def test_nothing_is_not_said(nothing: str) -> None:
    error = dict.fromkeys(("message", "code", "type", "param"), nothing)
    for failure in (
        Failure(FailureKind.HTTP_STATUS, status=500, body=json.dumps({"error": error}).encode()),
        Failure(FailureKind.ERROR_EVENT, event=Event("error", {"type": "error", "error": error})),
    ):
        verdict = verdict_of(failure)
        assert verdict.message in ("The backend failed (HTTP 500).", "The backend failed.")
        assert (verdict.code, verdict.param) == ("", "")


# No capital N and no brackets, so that they can come only from Hermes' own handling of the values.
TEXT = st.text(alphabet="abc .:<é日\n\x1b", max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "message",
                    "code",
                    "type",
                    "param",
                    "detail",
                    "response",
                    "status",
                    "cause",
                    "headers",
                    "resets_at",
                    "loc",
                    "msg",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CLEAN = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,600}")


def check(failure: Failure) -> None:
    verdict = verdict_of(failure)
    assert isinstance(verdict.kind, VerdictKind)
    assert CLEAN.fullmatch(verdict.message)
    assert not re.search(r"None|\{|\}|\[|\]|<(!|html|p\b)", verdict.message)
    assert verdict.message.endswith((".", "!", "?", "…"))
    assert "None" not in verdict.code + verdict.param + verdict.hint


@settings(deadline=None)
@given(payload=JSON, status=st.sampled_from([200, 302, 400, 401, 404, 429, 500, 503]))
def test_no_error_object_gives_an_odd_sentence(payload: Any, status: int) -> None:
    fields = payload if isinstance(payload, dict) else {"detail": payload}
    for body in ({"error": payload}, fields):
        check(Failure(FailureKind.HTTP_STATUS, status=status, body=json.dumps(body).encode()))
    check(Failure(FailureKind.ERROR_EVENT, status=200, event=Event("error", {**fields, "type": "error"})))
    failed = Event("response.failed", {"type": "response.failed", "response": {"error": payload}})
    check(Failure(FailureKind.RESPONSE_FAILED, status=200, event=failed))


@settings(deadline=None)
@given(body=st.binary(max_size=200), status=st.integers(100, 599), kind=st.sampled_from(FailureKind))
def test_no_body_raises(body: bytes, status: int, kind: FailureKind) -> None:
    verdict = verdict_of(Failure(kind, status=status, body=body))
    assert CLEAN.fullmatch(verdict.message)
