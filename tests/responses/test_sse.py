"""The decoder, frame by frame."""

import tracemalloc

import pytest

from hermes.errors import FrameTooLargeError
from hermes.responses.sse import Frame, SSEDecoder

BOM = b"\xef\xbb\xbf"


def decoded(*chunks, **options):
    decoder = SSEDecoder(**options)
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    return [(frame.event, frame.data) for frame in [*frames, *decoder.close()]]


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        pytest.param(b"event: a\ndata: 1\n\n", [(b"a", b"1")], id="lf"),
        pytest.param(b"event: a\r\ndata: 1\r\n\r\n", [(b"a", b"1")], id="crlf"),
        pytest.param(b"event: a\rdata: 1\r\r", [(b"a", b"1")], id="cr"),
        pytest.param(b"event: a\r\ndata: 1\n\rdata: 2\r\n\n", [(b"a", b"1"), (b"", b"2")], id="mixed"),
        pytest.param(b"event:a\ndata:1\n\n", [(b"a", b"1")], id="no-space"),
        pytest.param(b"event:  a\ndata:  1\n\n", [(b" a", b" 1")], id="one-space-is-dropped"),
        pytest.param(b"data: 1\nevent: a\n\n", [(b"a", b"1")], id="event-after-data"),
        pytest.param(b"event: a\nevent: b\ndata: 1\n\n", [(b"b", b"1")], id="last-event-wins"),
        pytest.param(b"data: 1\n\ndata: 2\n\n", [(b"", b"1"), (b"", b"2")], id="two-frames"),
        pytest.param(b"event: a\ndata: 1\n\ndata: 2\n\n", [(b"a", b"1"), (b"", b"2")], id="event-is-reset"),
        pytest.param(b'data: {"a":\ndata: 1}\n\n', [(b"", b'{"a":\n1}')], id="multi-line"),
        pytest.param(b"event: a\ndata: 1\ndata: 2\n\n", [(b"a", b"1\n2")], id="multi-line-with-event"),
        pytest.param(b"data\ndata: 1\n\n", [(b"", b"\n1")], id="field-without-colon"),
        pytest.param(b": hello\n\ndata: 1\n\n", [(b"", b"1")], id="comment-frame"),
        pytest.param(b"event: a\n: hello\ndata: 1\n\n", [(b"a", b"1")], id="comment-in-frame"),
        pytest.param(b":\n\n:\n\n", [], id="comments-only"),
        pytest.param(b"foo: 1\nfoo\n\n", [], id="unknown-fields"),
        pytest.param(b" data: 1\n\n", [], id="no-field-starts-with-a-space"),
        pytest.param(b"\n\n\ndata: 1\n\n\n\n", [(b"", b"1")], id="blank-lines-around"),
        pytest.param(b"data:\n\n", [], id="empty-data"),
        pytest.param(b"data: \n\n", [], id="empty-data-and-space"),
        pytest.param(b"data:   \n\n", [], id="white-space-data"),
        pytest.param(b"event: a\ndata:  \n\n", [], id="event-with-white-space-data"),
        pytest.param(b"data: 1  \n\n", [(b"", b"1  ")], id="white-space-at-the-end-is-kept"),
        pytest.param(b"event: ping\n\n", [], id="event-only"),
        pytest.param(b"event: a\n\ndata: 1\n\n", [(b"", b"1")], id="event-split-from-data"),
        pytest.param(b"event: adata: 1\n\n", [(b"a", b"1")], id="event-and-data-glued"),
        pytest.param(b"event: adata: 1\ndata: 2\n\n", [(b"adata: 1", b"2")], id="own-data-before-glued"),
        pytest.param(b"data: data: 1\n\n", [(b"", b"data: 1")], id="double-prefix-is-kept"),
        pytest.param(b"data: [DONE]\n\n", [(b"", b"[DONE]")], id="done"),
        pytest.param(b"data: 1", [(b"", b"1")], id="no-line-end-at-the-end"),
        pytest.param(b"event: a\ndata: 1\n", [(b"a", b"1")], id="one-line-end-at-the-end"),
        pytest.param(b"event: a\ndata: 1\r", [(b"a", b"1")], id="one-cr-at-the-end"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(
            "data: \u2028\x85\x0b\x0c\n\n".encode(), [(b"", "\u2028\x85\x0b\x0c".encode())], id="u2028"
        ),
        pytest.param(BOM + b"data: 1\n\n", [(b"", b"1")], id="bom"),
        pytest.param(BOM + BOM + b"data: 1\n\n", [], id="only-one-bom"),
        pytest.param(BOM[:2], [], id="half-a-bom"),
        pytest.param(BOM[:1] + b"data: 1\n\n", [], id="no-bom-after-all"),
        pytest.param(b"data: \xff\n\n", [(b"", b"\xff")], id="invalid-utf-8-passes"),
    ],
)
def test_every_shape_in_one_chunk_and_byte_by_byte(body, frames):
    assert decoded(body) == frames
    assert decoded(*(body[place : place + 1] for place in range(len(body)))) == frames


@pytest.mark.parametrize(
    ("comment", "status"),
    [
        (b":HTTP_STATUS/429", 429),
        (b": HTTP_STATUS/503 ", 503),
        (b":HTTP_STATUS/200", 0),
        (b":HTTP_STATUS/", 0),
        (b":HTTP_STATUS/4290", 0),
        (b":HTTP_STATUS/4x9", 0),
        (b":HTTP_STATUS/\xd9\xa4", 0),
        (b":http 429", 0),
    ],
)
def test_the_status_that_a_comment_names(comment, status):
    body = b"id:1\nevent:error\n" + comment + b"\ndata:{}\n\ndata: {}\n\n"
    decoder = SSEDecoder()
    assert decoder.feed(body) == [Frame(b"error", b"{}", status), Frame(b"", b"{}")]


@pytest.mark.parametrize("cut", range(len(BOM) + 3))
def test_a_bom_cut_anywhere(cut):
    body = BOM + b"data: 1\n\n"
    assert decoded(body[:cut], b"", body[cut:]) == [(b"", b"1")]


def test_a_crlf_cut_between_chunks_is_one_line_end():
    assert decoded(b"event: a\r", b"\ndata: 1\r", b"\n\r", b"\n") == [(b"a", b"1")]


def test_an_empty_chunk_between_cr_and_lf_changes_nothing():
    assert decoded(b"event: a\r", b"", b"\ndata: 1\r\n\r\n") == [(b"a", b"1")]


def test_a_cr_that_ends_a_chunk_and_no_lf_after_it():
    assert decoded(b"event: a\r", b"data: 1\r", b"\r") == [(b"a", b"1")]


def test_a_frame_comes_with_the_chunk_that_completes_it():
    decoder = SSEDecoder()
    assert decoder.feed(b"data: 1\n") == []
    assert decoder.feed(b"\ndata: 2\n\ndata: 3") == [Frame(b"", b"1"), Frame(b"", b"2")]
    assert decoder.feed(b"\r\r") == [Frame(b"", b"3")]
    assert decoder.close() == []


def test_a_character_cut_in_the_middle():
    body = 'data: "äöü😀"\n\n'.encode()
    for cut in range(len(body)):
        assert decoded(body[:cut], body[cut:]) == [(b"", '"äöü😀"'.encode())]


@pytest.mark.parametrize(
    ("body", "last_id"),
    [
        (b"id: 7\ndata: 1\n\n", "7"),
        (b"id: 7\n\n: keepalive\n\n", "7"),
        (b"id: 7\nid\ndata: 1\n\n", ""),
        (b"id: 7\n\nid: a\0b\n\n", "7"),
        (b"id: \xff\n\n", "\ufffd"),
        (b"data: 1\n\n", ""),
    ],
)
def test_the_last_event_id(body, last_id):
    decoder = SSEDecoder()
    decoder.feed(body)
    assert decoder.last_event_id == last_id


def test_an_id_does_not_make_a_frame_of_later_blank_lines():
    assert decoded(b"id: 1\ndata: 1\n\n: keepalive\n\n\n\n") == [(b"", b"1")]


@pytest.mark.parametrize(
    ("body", "milliseconds"),
    [
        (b"retry: 5000\n\n", 5000),
        (b"retry:5000\n\ndata: 1\n\n", 5000),
        (b"retry: 1\n\nretry: 2\n\n", 2),
        (b"retry: -1\n\n", None),
        (b"retry: 1.5\n\n", None),
        (b"retry: soon\n\n", None),
        (b"retry\n\n", None),
        ("retry: \u0664\n\n".encode(), None),
        (b"retry: " + b"9" * 5000 + b"\n\n", None),
    ],
)
def test_the_retry_field(body, milliseconds):
    decoder = SSEDecoder()
    decoder.feed(body)
    assert decoder.retry_ms == milliseconds


LIMIT = 64
FITS = b"data: " + b"x" * (LIMIT - len(b"data: "))
TOO_LONG = FITS + b"x"


def cuttings(body):
    yield [body]
    yield [body[place : place + 1] for place in range(len(body))]
    for cut in range(len(body)):
        yield [body[:cut], body[cut:]]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b""])
def test_a_frame_of_exactly_the_limit_passes_however_it_is_cut(end):
    for chunks in cuttings(FITS + end):
        assert decoded(*chunks, max_frame_bytes=LIMIT) == [(b"", FITS[6:])]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b""])
def test_a_frame_of_one_byte_more_fails_however_it_is_cut(end):
    for chunks in cuttings(TOO_LONG + end):
        with pytest.raises(FrameTooLargeError) as failure:
            decoded(*chunks, max_frame_bytes=LIMIT)
        assert failure.value.limit == LIMIT


def test_many_frames_in_one_chunk_are_not_one_frame():
    assert decoded((FITS + b"\n\n") * 100, max_frame_bytes=LIMIT) == [(b"", FITS[6:])] * 100


@pytest.mark.parametrize("end", [b"\n\n", b""])
def test_frames_before_a_too_long_one_are_given_first(end):
    for chunks in cuttings(b"data: 1\n\n" + TOO_LONG + end):
        decoder = SSEDecoder(max_frame_bytes=LIMIT)
        frames = []
        with pytest.raises(FrameTooLargeError):  # noqa: PT012 - any of the calls may raise
            for chunk in chunks:
                frames += decoder.feed(chunk)
            decoder.close()
        assert frames == [Frame(b"", b"1")]


def test_a_frame_that_never_ends_is_not_kept():
    decoder = SSEDecoder(max_frame_bytes=LIMIT)
    with pytest.raises(FrameTooLargeError):
        decoder.feed(TOO_LONG)
    with pytest.raises(FrameTooLargeError):
        decoder.feed(b"\n\n")
    with pytest.raises(FrameTooLargeError):
        decoder.close()


class Scanned(bytearray):
    """A buffer that counts how many of its bytes are read."""

    total = 0

    def find(self, *place):
        Scanned.total += len(self)
        return super().find(*place)

    def split(self, *separator):
        Scanned.total += len(self)
        return super().split(*separator)

    def endswith(self, *suffix):
        Scanned.total += 1
        return super().endswith(*suffix)

    def __contains__(self, part):
        Scanned.total += len(self)
        return super().__contains__(part)

    def __getitem__(self, place):
        found = super().__getitem__(place)
        Scanned.total += 1 if isinstance(found, int) else len(found)
        return found


def test_what_is_kept_of_a_long_frame_is_not_read_again_with_every_chunk(monkeypatch):
    monkeypatch.setattr(Scanned, "total", 0)
    monkeypatch.setattr("hermes.responses.sse.bytearray", Scanned, raising=False)
    size, step = 1 << 20, 64
    body = b"data: " + b"x" * size + b"\n\n"
    frames = decoded(*(body[place : place + step] for place in range(0, len(body), step)))
    assert [len(data) for _, data in frames] == [size]
    assert 0 < Scanned.total <= 3 * len(body)


def test_a_long_frame_byte_by_byte_stays_within_twice_its_size():
    size = 1 << 18
    body = b"data: " + b"x" * size
    decoder = SSEDecoder()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for place in range(len(body)):
            decoder.feed(body[place : place + 1])
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak <= 2 * len(body) + 65536
    assert [len(frame.data) for frame in decoder.feed(b"\n\n")] == [size]
