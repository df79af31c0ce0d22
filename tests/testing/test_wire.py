import json

import pytest

from hermes.testing import wire

ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
}
STARTED = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m"} | {
    "status": "in_progress",
    "output": [],
}
PART = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
USAGE = {
    "input_tokens": 2,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 1,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 3,
}
REFERENCE = [
    {"type": "response.created", "response": STARTED},
    {"type": "response.in_progress", "response": STARTED},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": ANSWER | {"status": "in_progress", "content": []},
    },
    {
        "type": "response.content_part.added",
        **PART,
        "part": {"type": "output_text", "text": "", "annotations": []},
    },
    {"type": "response.output_text.delta", **PART, "delta": "Hel", "logprobs": []},
    {"type": "response.output_text.delta", **PART, "delta": "lo", "logprobs": []},
    {"type": "response.output_text.done", **PART, "text": "Hello", "logprobs": []},
    {"type": "response.content_part.done", **PART, "part": ANSWER["content"][0]},
    {"type": "response.output_item.done", "output_index": 0, "item": ANSWER},
    {
        "type": "response.completed",
        "response": {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "output": [ANSWER],
            "usage": USAGE,
        },
    },
]


def parsed(frames):
    events = []
    for sent in frames:
        named, payload, *blank = sent.split(b"\n")
        assert blank == [b"", b""]
        value = json.loads(payload.removeprefix(b"data: "))
        assert named == b"event: " + value["type"].encode()
        events.append(value)
    return events


def test_the_good_stream_is_the_reference_stream():
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(REFERENCE)]
    assert parsed(wire.good_stream()) == numbered


def test_the_tool_stream_holds_one_whole_function_call():
    events = parsed(wire.tool_stream())
    deltas = [event["delta"] for event in events if event["type"].endswith("arguments.delta")]
    assert "".join(deltas) == '{"command":"ls"}'
    (call,) = events[-1]["response"]["output"]
    assert call == events[-2]["item"]
    assert (call["call_id"], call["name"], call["arguments"]) == ("call_1", "sh", '{"command":"ls"}')


@pytest.mark.parametrize("text", ["", "x", "Hello", "\u2028\U0001f30d"])
def test_deltas_make_up_the_text(text):
    events = parsed(wire.good_stream(text))
    assert "".join(event.get("delta", "") for event in events) == text


def test_pieces_are_the_deltas():
    events = parsed(wire.good_stream("abc", pieces=["a", "b", "c"]))
    assert [event["delta"] for event in events if "delta" in event] == ["a", "b", "c"]


def test_an_event_is_three_lines_of_compact_json():
    assert wire.event("ping", cost="0") == b'event: ping\ndata: {"type":"ping","cost":"0"}\n\n'


def test_a_data_frame_has_no_event_line():
    assert wire.data({"a": "\u00fc"}) == b'data: {"a":"\xc3\xbc"}\n\n'


def test_frames_number_response_events_only_and_keep_given_numbers():
    given = {"type": "response.created", "sequence_number": -1}
    events = parsed(wire.frames([given, {"type": "codex.keepalive"}, {"type": "response.in_progress"}]))
    assert [event.get("sequence_number") for event in events] == [-1, None, 1]


def test_lines_end_as_told():
    (sent,) = wire.frames([{"type": "ping"}], newline=b"\r\n", space=b"")
    assert sent == b'event:ping\r\ndata:{"type":"ping"}\r\n\r\n'


def test_up_to_ends_with_the_named_event():
    assert wire.up_to(wire.good_events(), "response.in_progress") == wire.good_events()[:2]
    with pytest.raises(ValueError, match=r"no response\.failed"):
        wire.up_to(wire.good_events(), "response.failed")


def test_dropping_and_without_leave_things_out():
    types = [event["type"] for event in wire.dropping(wire.good_events(), "response.created")]
    assert types[0] == "response.in_progress"
    assert wire.without({"a": 1, "b": 2}, "a") == {"b": 2}
