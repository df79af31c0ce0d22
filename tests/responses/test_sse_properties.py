"""The decoder against a slow one that follows the grammar line by line."""

import re
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hermes.errors import FrameTooLargeError
from hermes.responses.sse import SSEDecoder

BOM = b"\xef\xbb\xbf"


class Reference:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation.

    It departs from the page where the decoder does: an end of the body dispatches, white space is no data,
    and data glued to the event line is found where the frame has no other.
    """

    def __init__(self, body):
        self.frames = []
        self.last_event_id = b""
        self.retry_ms = None
        self.event, self.data = b"", []
        for line in re.split(rb"\r\n|\n|\r", body.removeprefix(BOM)):
            if line:
                self.take(line)
            else:
                self.dispatch()
        self.dispatch()

    def take(self, line):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self.event = value
        elif field == b"data":
            self.data.append(value)
        elif field == b"id" and b"\0" not in value:
            self.last_event_id = value
        elif field == b"retry" and re.fullmatch(rb"[0-9]{1,9}", value):
            self.retry_ms = int(value)

    def dispatch(self):
        event, data = self.event, self.data
        self.event, self.data = b"", []
        if not data and b"data:" in event:
            event, glued = event.split(b"data:", 1)
            data = [glued.removeprefix(b" ")]
        joined = b"\n".join(data)
        if joined.strip():
            self.frames.append((event, joined))


line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
fields = st.sampled_from([b"event", b"data", b"id", b"retry", b"", b"dat", b" data", b"event: xdata"])
values = st.one_of(
    st.sampled_from(
        [b"", b" ", b"a", b"12", b'{"type":"x"}', b"[DONE]", b"data: 1", "ä\u2028".encode(), b"\0"]
    ),
    st.binary(max_size=6).map(lambda value: value.translate(None, b"\r\n")),
)
lines = st.builds(
    lambda field, colon, value, end: field + colon + value + end,
    fields,
    st.sampled_from([b":", b": ", b":  ", b""]),
    values,
    line_ends,
)
written = st.lists(st.one_of(lines, line_ends), max_size=12).map(b"".join)
noise = st.lists(st.sampled_from([b"data:", b"event:", b" ", b"x", b"\r", b"\n", BOM]), max_size=16).map(
    b"".join
)
bodies = st.builds(
    lambda bom, body, cut: bom + body[: max(0, len(body) - cut)],
    st.sampled_from([b"", BOM, BOM[:1], BOM[:2]]),
    st.one_of(written, noise),
    st.integers(0, 3),
)
cuts = st.lists(st.integers(0, 200), max_size=20)


def chunks_of(body, cuts):
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    return [body[start:end] for start, end in pairwise(places)]


def outcome(chunks, **options):
    decoder = SSEDecoder(**options)
    frames, error = [], None
    try:
        for chunk in chunks:
            frames += decoder.feed(chunk)
        frames += decoder.close()
    except FrameTooLargeError as failure:
        error = failure.limit
    return [(frame.event, frame.data) for frame in frames], error, decoder


@settings(deadline=None)
@given(bodies, cuts)
@example(b"data: 1\r", [])
@example(b"\r\n\r\n", [1])
def test_the_decoder_follows_the_grammar_under_any_chunking(body, cuts):
    expected = Reference(body)
    for chunks in ([body], chunks_of(body, cuts), [bytes([byte]) for byte in body]):
        frames, error, decoder = outcome(chunks)
        assert frames == expected.frames
        assert error is None
        assert decoder.retry_ms == expected.retry_ms
        assert decoder.last_event_id == expected.last_event_id.decode("utf-8", "replace")


@settings(deadline=None)
@given(bodies, cuts, st.integers(1, 30))
@example(b"data: 1\n\n", [8], 7)
@example(b"data: 1\n\ndata: 1234\n\n", [9], 8)
def test_the_limit_does_not_depend_on_the_chunking(body, cuts, limit):
    whole = outcome([body], max_frame_bytes=limit)[:2]
    assert outcome(chunks_of(body, cuts), max_frame_bytes=limit)[:2] == whole
    assert outcome([bytes([byte]) for byte in body], max_frame_bytes=limit)[:2] == whole
