"""Bodies of every kind, straight into the engine."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from hermes.errors import FrameTooLargeError, ResponseBodyError, StreamOrderError
from hermes.providers.contract import FailureKind, Notice
from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.engine import ERROR_BODY_BYTES, AnswerEngine
from hermes.testing.backend import LoopbackBackend
from hermes.testing.frames import DONE, comment, event
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.wire import completed, created, frames, good_stream, message_item, response_object

from .conftest import Call
from .helpers import dispatch_of, run_with, served

SSE = b"".join(good_stream())
WHOLE = response_object(message_item("Hello"))
BODY = json.dumps(WHOLE).encode()


class Fed:
    """An engine and what it gave."""

    def __init__(self, *pieces: bytes, live: bool = True, strict: bool = False, **options: Any) -> None:
        self.deltas: list[Delta] = []
        self.notices: list[Notice] = []
        self.engine = AnswerEngine(
            dispatch_of(PluginManager() if strict else None),
            on_delta=self.deltas.append if live else None,
            on_notice=self.notices.append,
            **options,
        )
        for piece in pieces:
            self.engine.feed(piece)

    def feed(self, chunk: bytes, *, times: int) -> None:
        for _ in range(times):
            self.engine.feed(chunk)

    @property
    def text(self) -> str:
        return self.engine.answer().text

    @property
    def kind(self) -> FailureKind | None:
        failure = self.engine.failure_of(self.engine.answer())
        return failure.kind if failure is not None else None


JSON_BODIES: dict[str, bytes] = {
    "a response": BODY,
    "behind line feeds": b"\n\r\n  " + BODY,
    "behind a byte order mark": b"\xef\xbb\xbf" + BODY,
    "indented": json.dumps(WHOLE, indent=2).encode(),
    "within an event": json.dumps({"type": "response.completed", "response": WHOLE}).encode(),
    "without a status": json.dumps({**WHOLE, "status": None}).encode(),
}


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("name", JSON_BODIES)
def test_a_json_body_is_an_answer(name: str, size: int) -> None:
    body = JSON_BODIES[name]
    fed = Fed(*(body[start : start + size] for start in range(0, len(body), size)))
    assert not fed.engine.finished
    fed.engine.end()
    assert (fed.text, fed.kind, fed.engine.finished) == ("Hello", None, True)
    assert "".join(delta.text for delta in fed.deltas) == "Hello"


@pytest.mark.parametrize(
    "body",
    [b'{"error": {"message": "no"}}', b'{"detail": "no"}', b'{"message": "no"}', b'{"error": "no"}'],
)
def test_a_json_error_is_a_failure(body: bytes) -> None:
    fed = Fed(body)
    fed.engine.end()
    failure = fed.engine.failure_of(fed.engine.answer())
    assert failure is not None
    assert (failure.kind, failure.detail.message) == (FailureKind.ERROR_EVENT, "no")


STRANGE: dict[str, tuple[bytes, str]] = {
    "a page": (b"<!doctype html><title>Sign in</title>", "a web page"),
    "plain text": (b"Service is down", "plain text: Service is down"),
    "gzip": (gzip.compress(SSE), "compressed data"),
    "zstd": (b"\x28\xb5\x2f\xfd rest", "compressed data"),
    "cut JSON": (BODY[:-9], "damaged or cut"),
    "another JSON object": (b'{"object": "list", "data": []}', "no response"),
    "a JSON list": (b"[1, 2]", "no response"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_body_is_named(name: str) -> None:
    body, words = STRANGE[name]
    fed = Fed(body)
    with pytest.raises(ResponseBodyError, match=words):
        fed.engine.end()
    assert fed.engine.body_start() == body


@pytest.mark.parametrize("start", [b"<html>", b"plain text ", b"\x1f\x8b\x08\x00"])
def test_a_strange_body_is_not_read_to_its_end(start: bytes) -> None:
    fed = Fed(start)
    with pytest.raises(ResponseBodyError):
        fed.feed(b"x" * 4096, times=100)
    assert len(fed.engine.body_start()) <= ERROR_BODY_BYTES


def test_a_body_over_the_limit_is_refused() -> None:
    for start in (b"{", b"data: "):
        fed = Fed(start, max_frame_bytes=1000)
        with pytest.raises(FrameTooLargeError):
            fed.feed(b" x" * 200, times=3)


# Streams.


def test_an_empty_body_is_an_early_end() -> None:
    for pieces in ((), (b"",), (b"\n\n",), (comment("ping"),), (b"\xef\xbb\xbf",)):
        fed = Fed(*pieces)
        fed.engine.end()
        failure = fed.engine.failure_of(fed.engine.answer())
        assert failure is not None
        assert failure.kind is FailureKind.EARLY_END
        assert "before its first event" in failure.message


@pytest.mark.parametrize("done", [DONE, b"data:[DONE]\n\n", b'data: "[DONE]"\n\n', b"data:  [DONE] \n\n"])
def test_done_alone_is_no_answer_and_ends_the_reading(done: bytes) -> None:
    fed = Fed(done)
    assert fed.engine.finished
    assert fed.kind is FailureKind.EARLY_END


def test_line_feeds_that_keep_a_connection_warm_hold_nothing_up() -> None:
    fed = Fed(*[b"\n" * 100] * 30, *good_stream()[:5])
    assert "".join(delta.text for delta in fed.deltas) == "Hel"


def test_reading_ends_with_the_terminal_event() -> None:
    fed = Fed(SSE, b"data: {broken\n\n", *frames([created(id="another")]))
    assert fed.engine.finished
    assert fed.text == "Hello"


def test_keepalives_are_no_progress() -> None:
    fed = Fed(event("keepalive"), event("ping"), event("response.keep_alive"), comment("ping"))
    assert fed.engine.events == 0
    fed.engine.feed(SSE)
    assert fed.engine.events == len(good_stream())


@pytest.mark.parametrize(("count", "words"), [(1, "1 damaged frame "), (3, "3 damaged frames ")])
def test_damaged_frames_are_told_in_one_notice(call: Call, count: int, words: str) -> None:
    good = good_stream()
    for more in ((), (Control.HOLD,)):
        reply = event_stream(*good[:3], *[b"data: {broken\n\n"] * count, *good[3:], *more)
        outcome = call(served(reply))
        assert outcome.status == "complete"
        assert [notice.kind for notice in outcome.notices] == ["damaged"]
        assert words in outcome.notices[0].text


def test_nothing_but_damaged_frames_is_a_strange_body() -> None:
    fed = Fed(b"data: {broken\n\n" * 2)
    fed.engine.end()
    assert fed.kind is FailureKind.BODY


def test_the_frame_in_which_a_connection_breaks_is_not_called_damaged() -> None:
    fed = Fed(SSE[: len(SSE) // 2])
    fed.engine.end_broken()
    fed.engine.report_damage()
    assert fed.notices == []
    assert not fed.engine.finished


@pytest.mark.parametrize("body", [SSE.rstrip(b"\n"), SSE[:-1], BODY, b"\n" + BODY])
def test_what_is_whole_is_whole_though_the_connection_breaks(body: bytes) -> None:
    fed = Fed(body)
    fed.engine.end_broken()
    assert fed.engine.finished
    assert (fed.text, fed.kind) == ("Hello", None)


@pytest.mark.parametrize("body", [BODY[:-5], SSE[:-40], b"plain", frames([created()])[0]])
def test_what_is_not_whole_stays_so_when_the_connection_breaks(body: bytes) -> None:
    fed = Fed(body)
    fed.engine.end_broken()
    assert not fed.engine.finished


def test_a_page_is_a_page_though_the_connection_breaks() -> None:
    fed = Fed(b"<html><title>Sign in")
    with pytest.raises(ResponseBodyError, match="web page"):
        fed.engine.end_broken()


def test_order_is_enforced_without_the_adapter_that_repairs_it() -> None:
    with pytest.raises(StreamOrderError, match=r"`response\.created` before `codex\.rate_limits`"):
        Fed(event("codex.rate_limits"), SSE)
    with pytest.raises(StreamOrderError):
        Fed(*good_stream()[1:], strict=True)
    assert Fed(*good_stream()[1:]).text == "Hello"


def test_a_prelude_is_tolerated_on_demand() -> None:
    assert Fed(event("codex.rate_limits"), SSE, tolerate_prelude=True).text == "Hello"


@pytest.mark.parametrize("usage", [None, {"input_tokens": 2, "output_tokens": 18}])
def test_a_billed_and_empty_answer_is_a_failure(usage: Any) -> None:
    fed = Fed(*frames([created(), completed(usage=usage)]))
    failure = fed.engine.failure_of(fed.engine.answer())
    assert failure is not None
    assert failure.kind is FailureKind.EMPTY
    assert ("18 tokens billed" in failure.message) == (usage is not None)


def test_an_empty_answer_that_cost_nothing_is_one() -> None:
    assert Fed(*frames([created(), completed(usage={"output_tokens": 0})])).kind is None


def test_a_caller_that_waits_is_given_no_deltas() -> None:
    fed = Fed(SSE, live=False)
    assert (fed.deltas, fed.text) == ([], "Hello")


def test_the_connection_is_left_at_the_terminal_event(call: Call) -> None:
    """The backend would keep it open; the call ends, and the backend sees its end of the connection."""
    found = served(event_stream(*good_stream(), Control.HOLD))
    with LoopbackBackend(found) as backend:
        client = build_client(Endpoint("custom", backend.base_url))
        ended = run_with(client)
        for thread in backend._threads:
            thread.join(10)
            assert not thread.is_alive()
        client.close()
    assert ended.result is not None
    assert ended.result.text == "Hello"
