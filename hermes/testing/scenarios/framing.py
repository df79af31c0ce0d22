"""Bytes: how frames are split, joined, padded and encoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hermes.testing.frames import Json, compact, frame, frames
from hermes.testing.outcomes import FELL_BACK, complete, unconfirmed
from hermes.testing.replies import event_stream, json_answer
from hermes.testing.scenario import Scenario
from hermes.testing.scenarios.common import HALF_WAY, HELLO, NO_TERMINAL, tolerated
from hermes.testing.wire import (
    completed,
    created,
    good_events,
    good_stream,
    item_added,
    item_done,
    message_events,
    message_item,
    response_object,
)

__all__ = ["SCENARIOS"]

_GOOD: Final = good_stream()
_BODY: Final = b"".join(_GOOD)
_MEGABYTES: Final = 3_000_000
_LINES: Final = [line for sent in _GOOD for line in sent.splitlines(keepends=True)]


def _broken_frames() -> list[Scenario]:
    delta = _GOOD[5]
    terminal = _GOOD[-1]
    return [
        tolerated(
            "sse-empty-data-frame/first",
            74,
            "an empty frame comes first",
            b"data:\n\n",
            *_GOOD,
        ),
        tolerated(
            "sse-empty-data-frame/between",
            74,
            "empty frames come between the others",
            *(piece for sent in _GOOD for piece in (sent, b"data:\n\n", b"data: \n\n")),
        ),
        tolerated(
            "sse-event-split-from-data",
            75,
            "a blank line stands between event: and data:",
            *(sent.replace(b"\ndata:", b"\n\ndata:") for sent in _GOOD),
        ),
        tolerated(
            "sse-event-data-glued/delta",
            76,
            "one delta has no line break between event: and data:",
            *_GOOD[:5],
            delta.replace(b"\ndata:", b"data:"),
            *_GOOD[6:],
        ),
        tolerated(
            "sse-event-data-glued/terminal",
            76,
            "the terminal event has no line break between event: and data:",
            *_GOOD[:-1],
            terminal.replace(b"\ndata:", b"data:"),
        ),
        tolerated(
            "sse-retry-or-event-only/retry",
            77,
            "a frame holds retry: only",
            b"retry: 5000\n\n",
            *_GOOD,
        ),
        tolerated(
            "sse-retry-or-event-only/event",
            77,
            "a frame holds event: only",
            *_GOOD[:4],
            b"event: ping\n\n",
            *_GOOD[4:],
        ),
        tolerated(
            "sse-id-then-blank",
            78,
            "frames have ids and comments stand between them",
            *(b"id: %d\n%b: keepalive\n\n" % (number, sent) for number, sent in enumerate(_GOOD, start=1)),
        ),
        tolerated(
            "sse-missing-final-blank/one-newline",
            79,
            "the last frame ends with one line break",
            _BODY[:-1],
        ),
        tolerated(
            "sse-missing-final-blank/no-newline",
            79,
            "the last frame ends without a line break",
            _BODY[:-2],
        ),
        Scenario(
            "sse-missing-final-blank/half-frame",
            79,
            "the stream ends cleanly within its terminal event",
            (event_stream(_BODY[:-60]),),
            (HELLO,),
            complete(FELL_BACK),
            unconfirmed("Hello", "truncated"),
        ),
        tolerated(
            "double-data-prefix",
            90,
            "every data line has its prefix twice",
            *(sent.replace(b"data: ", b"data: data: ") for sent in _GOOD),
        ),
        tolerated(
            "type-missing-in-data",
            64,
            "the type stands in event: only",
            *(b"event: %b\ndata: %b\n\n" % (kind, body) for kind, body in _typeless()),
        ),
    ]


def _typeless() -> Iterator[tuple[bytes, bytes]]:
    for value in good_events():
        kind = value.pop("type")
        yield kind.encode(), compact(value)


def _lines() -> list[Scenario]:
    crlf = [line.replace(b"\n", b"\r\n") for line in _LINES]
    split = [piece for line in crlf for piece in (line[:-1], line[-1:])]
    endings = (b"\n", b"\r\n", b"\r")
    mixed = (
        frame(value, newline=endings[number % len(endings)]) for number, value in enumerate(good_events())
    )
    return [
        tolerated(
            "sse-no-space-after-colon",
            80,
            "no space follows a colon",
            *frames(good_events(), space=b""),
        ),
        tolerated("sse-crlf-cr/crlf", 81, "lines end with CR LF", *frames(good_events(), newline=b"\r\n")),
        tolerated("sse-crlf-cr/cr", 81, "lines end with CR", *frames(good_events(), newline=b"\r")),
        tolerated("sse-crlf-cr/mixed", 81, "each frame has its own line ends", *mixed),
        tolerated("sse-crlf-cr/split", 81, "a chunk ends between CR and LF", *split),
        tolerated(
            "sse-multiline-data",
            82,
            "the JSON of an event is spread over data lines",
            *(sent.replace(b',"', b',\ndata: "') for sent in _GOOD),
        ),
    ]


def _characters() -> list[Scenario]:
    separators = "Hel\u2028lo\u2029 \u0085."
    letters = "Gr\u00fc\u00dfe, \U0001f30d!"
    body = b"".join(good_stream(letters))
    torn = b"".join(good_stream("Hel#lo")).replace(b"#", b"\xff")
    bom = b"\xef\xbb\xbf"
    separators_answer = json_answer(response_object(message_item(separators)))
    letters_answer = json_answer(response_object(message_item(letters)))
    return [
        tolerated(
            "sse-u2028",
            83,
            "the text holds characters that other readers take for line breaks",
            *good_stream(separators),
            expected=complete(text=separators),
            non_stream=separators_answer,
        ),
        tolerated(
            "utf8-split-and-charset/split",
            84,
            "each byte is a chunk of its own",
            *(body[at : at + 1] for at in range(len(body))),
            expected=complete(text=letters),
            non_stream=letters_answer,
        ),
        *(
            Scenario(
                f"utf8-split-and-charset/{name}",
                84,
                f"the content type is {content_type}",
                (event_stream(body, content_type=content_type),),
                (letters_answer,),
                complete(text=letters),
            )
            for name, content_type in (
                ("no-charset", "text/event-stream"),
                ("wrong-charset", "text/event-stream; charset=iso-8859-1"),
            )
        ),
        tolerated(
            "utf8-split-and-charset/invalid",
            84,
            "a byte of the text is no UTF-8",
            torn,
            expected=complete(text="Hel\ufffdlo"),
            non_stream=json_answer(response_object(message_item("Hel\ufffdlo"))),
        ),
        tolerated("sse-bom/named", 85, "a byte order mark comes first", bom + _BODY),
        tolerated(
            "sse-bom/data-only",
            85,
            "a byte order mark comes before a frame of data: only",
            bom + frame(created(), named=False),
            *_GOOD[1:],
        ),
        tolerated("sse-bom/split", 85, "a byte order mark is split over chunks", bom[:1], bom[1:], _BODY),
    ]


def _sentinels() -> list[Scenario]:
    quirk = "sse-done-variants"
    spellings = {
        "no-space": b"data:[DONE]\n\n",
        "trailing-space": b"data: [DONE] \n\n",
        "two-spaces": b"data:  [DONE]\n\n",
        "quoted": b'data: "[DONE]"\n\n',
        "named": b"event: done\ndata: [DONE]\n\n",
        "no-newline": b"data: [DONE]",
    }
    return [
        *(
            tolerated(f"{quirk}/{name}", 86, f"the sentinel is spelled {name}", *_GOOD, spelling)
            for name, spelling in spellings.items()
        ),
        *(
            Scenario(
                f"{quirk}/{name}-alone",
                86,
                f"the sentinel is spelled {name} and stands for the terminal event",
                (event_stream(*NO_TERMINAL, spelling),),
                (HELLO,),
                complete(FELL_BACK),
                unconfirmed("Hello", "truncated"),
            )
            for name, spelling in spellings.items()
        ),
        tolerated(
            f"{quirk}/null",
            86,
            "frames of null come between the others",
            *HALF_WAY,
            b"data: null\n\n",
            *_GOOD[len(HALF_WAY) :],
        ),
    ]


def _giants() -> list[Scenario]:
    image: Json = {
        "id": "ig_1",
        "type": "image_generation_call",
        "status": "completed",
        "result": "A" * _MEGABYTES,
    }
    opened = {**image, "status": "in_progress", "result": None}
    thought: Json = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "g" * _MEGABYTES}
    giants = (("image", "an image", image, opened), ("encrypted-content", "reasoning", thought, thought))
    return [
        tolerated(
            f"giant-frame/{name}",
            95,
            f"{what} of several megabytes stands in one line",
            *frames(
                [
                    created(),
                    item_added(before),
                    item_done(item),
                    *message_events(output_index=1),
                    completed(message_item()),
                ]
            ),
            expected=complete(items=(item["type"], "message")),
        )
        for name, what, item, before in giants
    ]


SCENARIOS: Final = (*_broken_frames(), *_lines(), *_characters(), *_sentinels(), *_giants())
