"""One shape for every error envelope."""

import json

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
            ErrorDetail(message="body.input.0: Field required; boom"),
        ),
        ({"detail": [{"loc": [{"a": 1}, True, None, "x"], "msg": "boom"}]}, ErrorDetail(message="x: boom")),
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
            ErrorDetail("upstream_400", message="boom"),
        ),
        ({"error": {"code": "outer", "message": json.dumps({"error": FULL})}}, READ),
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
        (SSE, ErrorDetail("x", message="boom")),
        (b": keepalive\n\n" + SSE.removesuffix(b"\n\n"), ErrorDetail("x", message="boom")),
        (b'{"error": {"message": "bo\xff"}}', ErrorDetail(message="bo\ufffd")),
        (b"boom\n", BOOM),
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


def test_a_message_wrapped_too_often_is_left_as_it_is():
    wrapped = "boom"
    for _ in range(8):
        wrapped = json.dumps({"error": {"message": wrapped}})
    assert error_detail(json.loads(wrapped)).message


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
