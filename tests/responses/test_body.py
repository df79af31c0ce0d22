"""The kind of a body, told from its bytes."""

import pytest

from hermes.responses.body import BodyKind, sniff_body

SSE, JSON, HTML, TEXT = BodyKind.SSE, BodyKind.JSON, BodyKind.HTML, BodyKind.TEXT
COMPRESSED = BodyKind.COMPRESSED
BOM = b"\xef\xbb\xbf"

EXAMPLES = [
    (b"event: response.created\ndata: {}\n\n", "application/json", SSE),
    (b"data:{}\n\n", "", SSE),
    (b"id: 1\ndata: {}\n\n", "application/octet-stream", SSE),
    (b"retry: 500\n\n", "", SSE),
    (b": keepalive\n\n", "text/html", SSE),
    (b"\r\n\n  data: {}\n\n", "", SSE),
    (BOM + b"data: {}\n\n", "", SSE),
    (b'{"object":"response"}', "text/event-stream", JSON),
    (b'\n\n\n {"object":"response"}', "", JSON),
    (BOM + b'{"error":{}}', "", JSON),
    (b"[]", "", JSON),
    (b"<!doctype html><p>Log in</p>", "text/event-stream", HTML),
    (b"\n <html>", "", HTML),
    (BOM + b"<html>", "", HTML),
    (b"\x1f\x8b\x08\x00", "text/event-stream", COMPRESSED),
    (b"\x28\xb5\x2f\xfd\x04", "text/event-stream", COMPRESSED),
    (b"\x0b\x02\x80hello\x03", "text/event-stream", COMPRESSED),
    (b"\x1b\xff\x03\x00\xa4", "text/event-stream", COMPRESSED),
    (b"\x1b[31mupstream is down", "text/plain", TEXT),
    (b"upstream is down", "text/plain", TEXT),
    (b"database error", "", TEXT),
    (b"idle for too long", "text/plain", TEXT),
    (b"eventually", "", TEXT),
    (b"(not compressed)", "", TEXT),
    (b"foo: 1\ndata: {}\n\n", "Text/Event-Stream; charset=utf-8", SSE),
    (b"null", "", TEXT),
]


@pytest.mark.parametrize(("body", "label", "kind"), EXAMPLES)
def test_the_bytes_say_more_than_the_label(body, label, kind):
    assert sniff_body(body, label) is kind
    assert sniff_body(body, label, ended=True) is kind


@pytest.mark.parametrize(("body", "label", "kind"), EXAMPLES)
def test_a_prefix_says_the_same_or_nothing_yet(body, label, kind):
    for length in range(len(body)):
        assert sniff_body(body[:length], label) in (None, kind)


@pytest.mark.parametrize("body", [b"", b"\n \r\n", BOM, BOM + b"\n"])
def test_a_body_of_nothing_is_an_empty_stream_once_it_ended(body):
    assert sniff_body(body, "") is None
    assert sniff_body(body, "", ended=True) is SSE


@pytest.mark.parametrize("body", [b"data", b"ev", b"\x1f", BOM[:2]])
def test_the_end_decides_what_a_prefix_leaves_open(body):
    assert sniff_body(body, "") is None
    assert sniff_body(body, "", ended=True) is TEXT
    assert sniff_body(body, "text/event-stream", ended=True) is SSE
