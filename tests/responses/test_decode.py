"""Frames and bodies to events."""

import math

import pytest

from hermes.responses.decode import (
    FrameKind,
    MendedEvent,
    decode_body,
    decode_frame,
    decode_json,
    events_from_response,
    is_json_object,
    looks_like_response,
)
from hermes.responses.events import Event
from hermes.responses.sse import Frame


def decoded(data, event=b""):
    return decode_frame(Frame(event, data))


def test_the_type_is_in_the_data():
    assert decoded(b'{"type":"x","n":1}', b"x") == Event("x", {"type": "x", "n": 1})


@pytest.mark.parametrize(
    ("data", "event", "kind"),
    [
        (b'{"type":"inner"}', b"outer", "inner"),
        (b'{"n":1}', b"outer", "outer"),
        (b'{"type":null}', b"outer", "outer"),
        (b'{"type":""}', b" outer ", "outer"),
        (b'{"type":5}', b"outer", "outer"),
        (b'{"n":1}', b"", ""),
        (b'{"error":{"message":"boom"}}', b"", "error"),
        (b'{"error":null}', b"", ""),
        (b'{"error":{}}', b"", ""),
        (b'{"n":1}', b"\xff", "\ufffd"),
    ],
)
def test_a_missing_type_comes_from_the_event_field(data, event, kind):
    assert decoded(data, event).type == kind


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (Frame(b"error", b'{"code":"x"}', 429), Event("error", {"code": "x", "status": 429})),
        (Frame(b"", b'{"code":"x"}', 429), Event("error", {"code": "x", "status": 429})),
        (Frame(b"error", b'{"status":400}', 429), Event("error", {"status": 400})),
        (Frame(b"x", b'{"type":"y"}', 429), Event("y", {"type": "y"})),
    ],
)
def test_a_status_from_a_comment_goes_where_the_type_is_missing(frame, event):
    assert decode_frame(frame) == event


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"null", FrameKind.NOTHING),
        (b" ", FrameKind.NOTHING),
        (b"data: ", FrameKind.NOTHING),
        (b"[DONE]", FrameKind.DONE),
        (b" [DONE]  ", FrameKind.DONE),
        (b'"[DONE]"', FrameKind.DONE),
        (b"data: [DONE]", FrameKind.DONE),
        (b"5", FrameKind.MALFORMED),
        (b"true", FrameKind.MALFORMED),
        (b"[]", FrameKind.MALFORMED),
        (b'[{"type":"x"}]', FrameKind.MALFORMED),
        (b'"text"', FrameKind.MALFORMED),
        (b"[DONE", FrameKind.MALFORMED),
        (b'{"type":"x"', FrameKind.MALFORMED),
        (b"{'type':'x'}", FrameKind.MALFORMED),
        (b'{"type":"x"}{"type":"y"}', FrameKind.MALFORMED),
        (b'{"n":' + b"1" * 5000 + b"}", FrameKind.MALFORMED),
        (b'{"type":"x","n":' + b"[" * 100_000 + b"]" * 100_000 + b"}", FrameKind.MALFORMED),
    ],
)
def test_what_is_no_event(data, kind):
    assert decoded(data) is kind


@pytest.mark.parametrize("prefix", [b"data: ", b"data:", b"data: data: "])
def test_a_repeated_prefix_is_dropped(prefix):
    assert decoded(prefix + b'{"type":"x"}') == Event("x", {"type": "x"})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b'"\xff"', "\ufffd"),
        (b'"a\xe4\xf6b"', "a\ufffd\ufffdb"),
        (rb'"\ud800"', "\ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (b"1e999", math.inf),
        (b"Infinity", math.inf),
        (b"1" * 400, int("1" * 400)),
        (b"-1", -1),
        ('"\u2028\x85"'.encode(), "\u2028\x85"),
    ],
)
def test_odd_values_are_read(written, read):
    assert decoded(b'{"type":"x","v":' + written + b"}").data["v"] == read


def test_not_a_number_is_read():
    assert math.isnan(decoded(b'{"type":"x","v":NaN}').data["v"])


def test_a_frame_that_was_wrapped_again_and_again():
    assert decoded(b"data:" * 400_000 + b' {"type":"x"}') == Event("x", {"type": "x"})
    assert decoded(b"data: \n" * 400_000) is FrameKind.NOTHING


@pytest.mark.parametrize(
    ("data", "is_mended"),
    [
        (b'{"type":"x","v":"\xff"}', True),
        (b'{"v":"\xff"}', True),
        (rb'{"type":"x","v":"\ud83d"}', True),
        (b'{"type":"x","v":NaN}', False),
        (b'data: {"type":"x","v":"\xef\xbf\xbd"}', False),
        (b'{"type":"x","v":"\xef\xbf\xbd"}', False),
        (rb'{"type":"x","v":"\ud83d\ude00"}', False),
        (b'data: {"type":"x"}', False),
    ],
)
def test_whether_bytes_were_replaced_is_known(data, is_mended):
    event = decoded(data, b"x")
    assert isinstance(event, Event)
    assert isinstance(event, MendedEvent) is is_mended


@pytest.mark.parametrize(
    ("body", "is_mended"), [(b'{"a":"\xff"}', True), (b'\xef\xbb\xbf{"a":1}', False), (b'{"a":1}', False)]
)
def test_whether_a_body_is_mended_is_known(body, is_mended):
    assert decode_body(body)[1] is is_mended


def test_a_surrogate_in_a_key_is_replaced():
    assert decoded(rb'{"type":"x","\udc00":1}').data == {"type": "x", "\ufffd": 1}


def test_decoded_text_can_be_written_as_utf_8():
    assert decoded(rb'{"type":"x","v":"a\udfff"}').data["v"].encode() == "a\ufffd".encode()


@pytest.mark.parametrize(
    ("body", "value"),
    [(b'{"a":1}', {"a": 1}), (b"\xef\xbb\xbf[1]\n", [1]), (b'\n"\xff"', "\ufffd"), (b"null", None)],
)
def test_a_json_body(body, value):
    assert decode_json(body) == value


@pytest.mark.parametrize("body", [b"", b"{", b"hello", b"\xff", b"1" * 5000, b"[" * 100_000 + b"]" * 100_000])
def test_a_body_that_is_no_json(body):
    with pytest.raises(ValueError, match=r".+"):
        decode_json(body)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ('{"a":1}', True),
        (' {"a": {"b": []}} ', True),
        ("{}", True),
        ('{"a":"\ud800"}', False),
        (r'{"a":"\ud800"}', False),
        ('{"a":NaN}', False),
        ('{"a":-Infinity}', False),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, False),
        ("", False),
        ("{", False),
        ('{"a":1', False),
        ('{"a":1}}', False),
        ("{'a':1}", False),
        ("1", False),
        ("[]", False),
        ("null", False),
        ('"{}"', False),
    ],
)
def test_a_json_object(text, is_one):
    assert is_json_object(text) is is_one


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        ({"object": "response"}, True),
        ({"object": "response", "error": {"message": "boom"}}, True),
        ({"output": []}, True),
        ({"output": [], "error": None}, True),
        ({"output": [], "error": {"message": "boom"}}, False),
        ({"output": None}, False),
        ({"object": "chat.completion", "choices": []}, False),
        ({"error": {"message": "boom"}}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_a_response_object(data, is_one):
    assert looks_like_response(data) is is_one


@pytest.mark.parametrize(
    ("fields", "terminal", "status"),
    [
        ({"status": "completed"}, "response.completed", "completed"),
        ({"status": "failed", "error": {"code": "x"}}, "response.failed", "failed"),
        ({"status": "incomplete"}, "response.incomplete", "incomplete"),
        ({"status": "cancelled"}, "response.cancelled", "cancelled"),
        ({"status": "canceled"}, "response.cancelled", "canceled"),
        ({"output": []}, "response.completed", None),
        ({"status": None, "output": []}, "response.completed", None),
        ({"output": [], "error": {"code": "x"}}, "response.failed", None),
        ({}, "response.failed", None),
        ({"status": "queued"}, "response.failed", "failed"),
        ({"status": "in_progress", "output": []}, "response.failed", "failed"),
    ],
)
def test_a_whole_response_as_events(fields, terminal, status):
    begun, ended = events_from_response({"id": "resp_1", **fields})
    assert begun.type == "response.created"
    assert begun.data["response"]["output"] == []
    assert ended.type == terminal
    assert ended.data["type"] == terminal
    assert ended.data["response"].get("status") == status


def test_an_unfinished_response_says_so():
    _, ended = events_from_response({"status": "queued"})
    assert ended.data["response"]["error"]["code"] == "unfinished_response"
    assert "queued" in ended.data["response"]["error"]["message"]
