"""The benchmark's streams: what the server sends is what the subjects are checked against."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from benchmarks.server import running
from benchmarks.stream_bytes import Stream, UnknownWorkloadError, events_of, text_of


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with running() as url:
        yield url


def ask(url: str, model: str, *, stream: bool = True) -> bytes:
    request = {"model": model, "input": "hi", "stream": stream}
    return httpx2.post(f"{url}/responses", json=request).raise_for_status().content


@pytest.mark.parametrize(
    "name", ["text-100", "args-100", "text-1", "text-0", "args-2", "args-1", "text-30-slow-1"]
)
def test_a_stream_is_whole(base_url: str, name: str) -> None:
    frames = ask(base_url, name).split(b"\n\n")
    assert frames.pop() == b""
    events = [json.loads(frame.partition(b"data: ")[2]) for frame in frames]
    assert len(events) == events_of(name)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert all(
        frame.startswith(f"event: {event['type']}\n".encode())
        for frame, event in zip(frames, events, strict=True)
    )
    assert "".join(event["delta"] for event in events if "delta" in event) == text_of(name)
    response = events[-1]["response"]
    assert (events[0]["type"], events[-1]["type"]) == ("response.created", "response.completed")
    assert (response["status"], response["model"]) == ("completed", name)
    item = response["output"][0]
    if name.startswith("text"):
        assert item["content"][0]["text"] == text_of(name)
    else:
        assert item["arguments"] == text_of(name)
        assert json.loads(item["arguments"])["path"] == "notes.py"


def test_the_path_names_the_stream_too(base_url: str) -> None:
    at = base_url.replace("/v1", "/text-3/v1")
    assert ask(at, "gpt-5.4").count(b"output_text.delta") == 2 * 3
    assert b'"model":"gpt-5.4"' in ask(at, "gpt-5.4")


def test_a_request_without_a_stream(base_url: str) -> None:
    response = json.loads(ask(base_url, "text-3", stream=False))
    assert response["output"][0]["content"][0]["text"] == text_of("text-3")


def test_the_chunks_of_a_stream() -> None:
    assert (Stream.of("text-3-each").each, Stream.of("text-3").each) == (True, False)
    assert Stream.of("text-3-slow-20").delay == 0.02


def test_a_name_without_a_stream() -> None:
    with pytest.raises(UnknownWorkloadError):
        Stream.of("gpt-5.4")
