"""One shape for every error envelope."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes.responses.error_detail import ErrorDetail, error_detail, error_detail_from_body

FULL = {"type": "server_error", "code": "x", "message": "boom", "param": "input"}
READ = ErrorDetail(code="x", type="server_error", message="boom", param="input")
BOOM = ErrorDetail(message="boom")


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        # Events.
        ({"type": "error", "code": "x", "message": "boom", "param": None}, ErrorDetail("x", message="boom")),
        ({"type": "error", "error": FULL}, READ),
        (
            {"type": "error", "status": 400, "error": {"message": "boom"}},
            ErrorDetail(message="boom", status=400),
        ),
        (
            {
                "type": "error",
                "status_code": 429,
                "headers": {"Retry-After": 3},
                "error": {"message": "boom"},
            },
            ErrorDetail(message="boom", status=429, headers={"retry-after": "3"}),
        ),
        ({"type": "error", "message": "boom"}, BOOM),
        ({"type": "error"}, ErrorDetail()),
        ({"type": "error", "error": None, "message": "boom"}, BOOM),
        ({"error": {}}, ErrorDetail()),
        ({"error": FULL}, READ),
        (
            {"type": "error", "error_type": "server_error", "message": "boom"},
            ErrorDetail("", "server_error", "boom"),
        ),
        ({"type": "response.failed", "response": {"id": "resp_1", "error": FULL}}, READ),
        ({"type": "response.failed", "response": {"error": None}}, ErrorDetail()),
        ({"type": "response.failed", "response": None}, ErrorDetail()),
        # HTTP bodies.
        (
            {"object": "response", "status": "failed", "error": {"code": "x", "message": "boom"}},
            ErrorDetail("x", message="boom"),
        ),
        ({"detail": "boom"}, BOOM),
        ({"detail": {"error": {"message": "boom"}}}, BOOM),
        (
            {
                "detail": [
                    {"loc": ["body", "input", 0], "msg": "Field required", "type": "missing"},
                    {"msg": "boom"},
                ]
            },
            ErrorDetail(type="missing", message="body.input.0: Field required; boom", param="input[0]"),
        ),
        (
            {"detail": [{"loc": [{"a": 1}, True, None, "x"], "msg": "boom"}]},
            ErrorDetail(message="x: boom", param="x"),
        ),
        (
            {"detail": {"loc": ["body", "input", 1, "summary"], "msg": "boom", "type": "missing"}},
            ErrorDetail(type="missing", message="body.input.1.summary: boom", param="input[1].summary"),
        ),
        ({"detail": [{"loc": ["body"]}, 5, None]}, ErrorDetail()),
        ({"detail": ["boom", "bang"]}, ErrorDetail(message="boom; bang")),
        ({"detail": ["a", "b", "c", "d", "e", "f"]}, ErrorDetail(message="a; b; c; d; e")),
        ({"error": "boom"}, BOOM),
        ({"error": True, "message": "boom"}, BOOM),
        (
            {
                "message": "openai_error",
                "type": "bad_response_status_code",
                "code": "bad_response_status_code",
            },
            ErrorDetail("bad_response_status_code", "bad_response_status_code", "openai_error"),
        ),
        ({"error": {"message": "boom", "code": ""}}, BOOM),
        ({"error": {"message": "boom", "code": 429}}, ErrorDetail(message="boom", status=429)),
        ({"error": {"cause": json.dumps({"error": FULL})}}, READ),
        ({"error": {"cause": FULL}}, READ),
        ([{"error": {"message": "boom", "code": 400}}], ErrorDetail(message="boom", status=400)),
        # JSON inside a message.
        (
            {
                "error": {
                    "code": "upstream_400",
                    "message": '上游返回错误 (status 400): {"error": {"message": "boom"}}',
                }
            },
            ErrorDetail("upstream_400", message="boom", status=400),
        ),
        ({"error": {"code": "outer", "message": json.dumps({"error": FULL})}}, READ),
        ({"error": {"message": "no: " + json.dumps(json.dumps({"error": FULL}))}}, READ),
        ({"error": {"message": json.dumps({"error": FULL}).replace('"', '\\"')}}, READ),
        ({"error": {"message": f"Error code: 400 - { ({'error': FULL})!r}"}}, replace(READ, status=400)),
        (
            {"message": repr({"error": {"message": 'it\'s "so"\x00\n\\', "code": None, "ok": (True,)}})},
            ErrorDetail(message='it\'s "so"\x00\n\\'),
        ),
        (
            {"message": f"1 error: {[{'type': 'extra_forbidden', 'loc': ('body', 'top_p'), 'msg': 'No'}]!r}"},
            ErrorDetail(type="extra_forbidden", message="body.top_p: No", param="top_p"),
        ),
        ({"message": 'of {model}: {"error": {"message": "boom"}}'}, BOOM),
        ({"message": 'of {"a": 1}: {"error": {"message": "boom"}}'}, BOOM),
        ({"message": 'x {"error": {"message": "bo\nom"}}'}, ErrorDetail(message="bo\nom")),
        (
            {"message": "The provider returned an error", "metadata": {"raw": '{"message": "boom"}'}},
            BOOM,
        ),
        ({"message": f"{'{x ' * 9}"}, ErrorDetail(message=("{x " * 9).strip())),
        (
            {"message": "the upstream said HTTP 429"},
            ErrorDetail(message="the upstream said HTTP 429", status=429),
        ),
        ({"message": "error code: 1020"}, ErrorDetail(message="error code: 1020")),
        # Several texts beside each other.
        (
            {"statusCode": 404, "message": "Cannot POST /responses", "error": "Not Found"},
            ErrorDetail(message="Cannot POST /responses", status=404),
        ),
        ({"error": "not_found", "message": "boom"}, ErrorDetail("not_found", message="boom")),
        (
            {"error": "invalid_request", "error_description": "boom"},
            ErrorDetail("invalid_request", message="boom"),
        ),
        ({"code": "a:b-c", "error": "Blocked."}, ErrorDetail("a:b-c", message="Blocked.")),
        ({"error": "a longer sentence", "message": "short one"}, ErrorDetail(message="a longer sentence")),
        (
            {"error": {"message": "outer", "cause": "connect: refused"}},
            ErrorDetail(message="connect: refused"),
        ),
        # Other names.
        ({"code": 1, "msg": "boom"}, BOOM),
        ({"error_code": "x", "error_msg": "boom"}, ErrorDetail("x", message="boom")),
        (
            {"error": {"code": 503, "message": "boom", "status": "UNAVAILABLE"}},
            ErrorDetail(type="UNAVAILABLE", message="boom", status=503),
        ),
        ({"type": "about:blank", "detail": "boom", "status": 400}, ErrorDetail(message="boom", status=400)),
        ({"success": False, "errors": [{"code": "x", "message": "boom"}]}, ErrorDetail("x", message="boom")),
        ({"errors": [{"message": "boom"}, {"message": "bang"}]}, ErrorDetail(message="boom; bang")),
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "metadata": {"raw": json.dumps({"error": FULL})},
                }
            },
            READ,
        ),
        (
            {"error": {"message": "boom"}, "request_id": "req_1"},
            ErrorDetail(message="boom", request_id="req_1"),
        ),
        # What is empty is no error.
        ({"error": None}, ErrorDetail()),
        ({"error": "", "detail": [], "errors": {}, "cause": 0}, ErrorDetail()),
        ({"message": 'no: {"a": 1}'}, ErrorDetail(message='no: {"a": 1}')),
        ({"message": "no: {a}"}, ErrorDetail(message="no: {a}")),
        # Delays and plans.
        (
            {
                "error": {
                    "message": "boom",
                    "resets_at": 1700000000,
                    "resets_in_seconds": "60",
                    "plan_type": "pro",
                }
            },
            ErrorDetail(message="boom", resets_at=1700000000.0, resets_in=60.0, plan="pro"),
        ),
        (
            {"error": {"message": "boom", "retry_after_seconds": 2}},
            ErrorDetail(message="boom", resets_in=2.0),
        ),
        (
            {
                "error": {
                    "message": "boom",
                    "resets_in_seconds": None,
                    "retry_after": 3,
                    "retry_after_ms": 4000,
                }
            },
            ErrorDetail(message="boom", resets_in=4.0),
        ),
        (
            {"error": {"message": "boom", "resets_at": "2023-11-14T22:13:20Z"}},
            ErrorDetail(message="boom", resets_at=1700000000.0),
        ),
        (
            {"error": {"message": "boom", "resets_at": "2023-11-14T22:13:20", "reset_at": 5}},
            ErrorDetail(message="boom", resets_at=1700000000.0),
        ),
        ({"error": {"message": "boom", "resets_at": "2023-99-14T22:13:20Z"}}, BOOM),
        ({"error": {"message": "boom", "resets_in_seconds": 0}}, ErrorDetail(message="boom", resets_in=0.0)),
        # Values of the wrong kind.
        ({"error": {"message": {"a": 1}, "code": ["x"], "type": 5}}, ErrorDetail()),
        ({"message": "boom", "status": True, "resets_at": "soon", "headers": [1]}, BOOM),
        (
            {"message": "boom", "status": 20, "resets_at": float("inf"), "resets_in_seconds": float("nan")},
            BOOM,
        ),
        (
            {"message": "boom", "headers": {"a": {"b": 1}, "c": None, "d": 10**5000, "E": 2.5}},
            ErrorDetail(message="boom", headers={"e": "2.5"}),
        ),
        (None, ErrorDetail()),
        (5, ErrorDetail()),
        ([], ErrorDetail()),
        (" boom ", BOOM),
    ],
)
def test_every_envelope(payload, detail):
    assert error_detail(payload) == detail


SSE = b'event: response.failed\ndata: {"response":{"error":{"code":"x","message":"boom"}}}\n\n'


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (json.dumps({"error": FULL}).encode(), READ),
        (b"\xef\xbb\xbf" + json.dumps({"error": FULL}).encode(), READ),
        (json.dumps({"error": FULL}).encode() + SSE, READ),
        (b"{}" + SSE, ErrorDetail("x", message="boom")),
        # What stands behind the gateway's own words rules, and these fill what it leaves empty.
        (
            b'{"error":{"message":"Upstream request failed","type":"upstream_error"}}' + SSE,
            ErrorDetail("x", "upstream_error", "boom"),
        ),
        (SSE, ErrorDetail("x", message="boom")),
        (b": keepalive\n\n" + SSE.removesuffix(b"\n\n"), ErrorDetail("x", message="boom")),
        (b'{"error": {"message": "bo\xff"}}', ErrorDetail(message="bo\ufffd")),
        (b"boom\n", BOOM),
        (b'"boom"', BOOM),
        (b'""', ErrorDetail()),
        (b'"boom', ErrorDetail(message='"boom')),
        (b'"boom" he said', ErrorDetail(message='"boom" he said')),
        (b"x" * 600 + b" status 429", ErrorDetail(message="x" * 500)),
        (b"{boom", ErrorDetail(message="{boom")),
        (b"x" * 900, ErrorDetail(message="x" * 500)),
        (b"[" * 100_000, ErrorDetail(message="[" * 500)),
        (b"", ErrorDetail()),
        (b" \n", ErrorDetail()),
        (b"<!doctype html><title>502</title>", ErrorDetail()),
        (b"\n<html>", ErrorDetail()),
        (b"{}", ErrorDetail()),
        (b"[]", ErrorDetail()),
    ],
)
def test_every_body(body, detail):
    assert error_detail_from_body(body) == detail


@pytest.mark.parametrize(
    ("detail", "says_something"),
    [
        (ErrorDetail(), False),
        (ErrorDetail(status=500, param="x"), False),
        (ErrorDetail(code="x"), True),
        (ErrorDetail(type="x"), True),
        (BOOM, True),
    ],
)
def test_whether_a_detail_says_anything(detail, says_something):
    assert bool(detail) is says_something


@pytest.mark.parametrize(("times", "unwrapped"), [(1, True), (2, True), (3, True), (8, False)])
def test_three_envelopes_are_opened_and_no_more(times, unwrapped):
    wrapped = "boom"
    for _ in range(times):
        wrapped = json.dumps({"error": {"message": wrapped}})
    message = error_detail(json.loads(wrapped)).message
    assert message.endswith("}" if not unwrapped else "boom")
    assert (message == "boom") is unwrapped


@pytest.mark.parametrize(
    "message",
    [
        "x" * 10**6,
        '{"' * 10**5,
        "{'" * 10**5,
        '{\\"' * 10**5,
        "[{'a': " * 10**4,
        "{'" + "\\'" * 10**5,
        "upstream: " + '{"a":' * 10**5,
    ],
)
def test_a_hostile_message_costs_little_and_is_cut(message):
    detail = error_detail({"error": {"message": message, "code": "c" * 10**6}})
    assert detail.message == message[: 64 * 1024].strip()
    assert len(detail.code) == 64 * 1024


def test_only_some_of_many_headers_are_read():
    told = {str(number): "x" for number in range(10**4)}
    assert len(error_detail({"error": {"message": "x"}, "headers": told}).headers) == 64


def test_no_text_holds_what_cannot_be_written():
    body = rb'{"error": {"message": "a\ud800b", "code": "\udfff"}}'
    assert error_detail_from_body(body) == ErrorDetail("?", message="a?b")


names = st.sampled_from(
    [
        "error",
        "message",
        "detail",
        "code",
        "type",
        "status",
        "headers",
        "response",
        "cause",
        "loc",
        "msg",
        "resets_at",
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text("a{<", max_size=3)
payloads = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=4)
        | st.dictionaries(names, inner, max_size=2).map(json.dumps)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(payloads)
def test_no_payload_raises_or_shows_python(payload):
    detail = error_detail(payload)
    texts = [detail.code, detail.type, detail.message, detail.param, detail.plan, *detail.headers.values()]
    assert all(type(text) is str for text in texts)
    assert not any("{'" in text or "['" in text or "None" in text for text in texts)
    assert detail.status is None or 100 <= detail.status <= 599


@settings(deadline=None)
@given(st.binary(max_size=40) | payloads.map(json.dumps).map(str.encode))
def test_no_body_raises(body):
    assert type(error_detail_from_body(body).message) is str


@pytest.mark.parametrize("field", ["resets_in_seconds", "resets_at"])
def test_an_error_that_tells_only_a_time_still_tells_it(field: str) -> None:
    detail = error_detail_from_body(f'{{"error": {{"{field}": 20}}}}'.encode())
    assert 20 in (detail.resets_in, detail.resets_at)
