"""The bytes of a Responses stream, field for field as api.openai.com sends it.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from random import Random
from typing import Any, Final

__all__ = ["Stream", "UnknownWorkloadError", "events_of", "text_of"]

_WORKLOAD: Final = re.compile(
    r"(?P<kind>text|args)-(?P<deltas>\d{1,7})(?P<each>-each)?(?:-slow-(?P<slow>\d{1,5}))?"
)

# Tokens are four characters on the average. Pieces of sentences, so that a renderer has something to do.
_TOKENS: Final = (
    *(
        "The",
        " quick",
        " brown",
        " fox",
        " jumps",
        " over",
        " the",
        " lazy",
        " dog",
        ".",
        " It",
        " was",
        " a",
    ),
    *(" bright", " cold", " day", " in", " April", ",", " and", " clocks", " were", " strik", "ing", "."),
    *(
        "\n\n",
        "Über",
        " naïve",
        " café",
        "s",
        " —",
        " “",
        "quoted",
        "”",
        " text",
        " costs",
        " more",
        ".",
        " 漢字",
    ),
)
_ARGUMENT_TOKENS: Final = (
    "def",
    " f",
    "(x",
    "):",
    "\\n",
    "   ",
    " return",
    " x",
    " *",
    " ",
    "42",
    "\\n",
    ' \\"',
    "ok",
    '\\"',
)
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_OBFUSCATED: Final = 16

_RESPONSE_ID: Final = "resp_0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071"
_ITEM_IDS: Final = {
    "text": "msg_0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071",
    "args": "fc_0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071",
}
_CREATED_AT: Final = 1_760_000_000


class UnknownWorkloadError(ValueError):
    """No stream has this name."""


@dataclass(frozen=True)
class Stream:
    """A stream by its name.

    Attributes:
        workload: its name.
        model: the model that the response says it is of.
        kind: ``text`` or ``args``.
        deltas: how many deltas it has.
        each: whether each event is an HTTP chunk of its own.
        delay: seconds between two events.
    """

    workload: str
    model: str
    kind: str
    deltas: int
    each: bool = False
    delay: float = 0.0

    @classmethod
    def of(cls, workload: str, model: str = "") -> Stream:
        """The stream of that name.

        Args:
            workload: e.g. ``text-100``.
            model: the model that the response says it is of; ``workload`` where it is left out.

        Raises:
            UnknownWorkloadError: there is none.
        """
        match = _WORKLOAD.fullmatch(workload)
        if match is None:
            raise UnknownWorkloadError(workload)
        slow = match["slow"] is not None
        delay = int(match["slow"]) / 1000 if slow else 0.0
        each = slow or bool(match["each"])
        return cls(workload, model or workload, match["kind"], int(match["deltas"]), each=each, delay=delay)

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """What the deltas hold."""
        if self.kind == "text":
            return tuple(islice(cycle(_TOKENS), self.deltas))
        head, tail = '{"path":"notes.py","content":"', '"}'
        if self.deltas < 2:
            return (head + tail,) * self.deltas
        return (head, *islice(cycle(_ARGUMENT_TOKENS), self.deltas - 2), tail)

    @cached_property
    def text(self) -> str:
        """What they add up to."""
        return "".join(self.pieces)

    @cached_property
    def frames(self) -> tuple[bytes, ...]:
        """The SSE frames."""
        events = self._text_events() if self.kind == "text" else self._argument_events()
        return tuple(
            _frame({"type": name, "sequence_number": number, **fields})
            for number, (name, fields) in enumerate(events)
        )

    @cached_property
    def body(self) -> bytes:
        """The response as a request without ``stream`` gets it."""
        events = self._text_events() if self.kind == "text" else self._argument_events()
        return json.dumps(events[-1][1]["response"]).encode()

    def _text_events(self) -> list[tuple[str, dict[str, Any]]]:
        item_id = _ITEM_IDS["text"]
        place = {"item_id": item_id, "output_index": 0, "content_index": 0}
        empty = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
        part = {**empty, "text": self.text}
        item = {"id": item_id, "type": "message", "status": "in_progress", "content": [], "role": "assistant"}
        done = {**item, "status": "completed", "content": [part]}
        obfuscation = _obfuscation()
        deltas = (
            (
                "response.output_text.delta",
                {**place, "delta": piece, "logprobs": [], "obfuscation": next(obfuscation)[len(piece) :]},
            )
            for piece in self.pieces
        )
        return [
            *self._opening(),
            ("response.output_item.added", {"output_index": 0, "item": item}),
            ("response.content_part.added", {**place, "part": empty}),
            *deltas,
            ("response.output_text.done", {**place, "text": self.text, "logprobs": []}),
            ("response.content_part.done", {**place, "part": part}),
            ("response.output_item.done", {"output_index": 0, "item": done}),
            ("response.completed", {"response": self._response("completed", [done])}),
        ]

    def _argument_events(self) -> list[tuple[str, dict[str, Any]]]:
        item_id = _ITEM_IDS["args"]
        place = {"item_id": item_id, "output_index": 0}
        item = {
            "id": item_id,
            "type": "function_call",
            "status": "in_progress",
            "arguments": "",
            "call_id": "call_Hq1vYw2z8kLmN3pQ4rS5tU6x",
            "name": "write_file",
        }
        done = {**item, "status": "completed", "arguments": self.text}
        obfuscation = _obfuscation()
        deltas = (
            (
                "response.function_call_arguments.delta",
                {**place, "delta": piece, "obfuscation": next(obfuscation)[len(piece) :]},
            )
            for piece in self.pieces
        )
        return [
            *self._opening(),
            ("response.output_item.added", {"output_index": 0, "item": item}),
            *deltas,
            ("response.function_call_arguments.done", {**place, "arguments": self.text}),
            ("response.output_item.done", {"output_index": 0, "item": done}),
            ("response.completed", {"response": self._response("completed", [done])}),
        ]

    def _opening(self) -> list[tuple[str, dict[str, Any]]]:
        response = self._response("in_progress", [])
        return [
            ("response.created", {"response": response}),
            ("response.in_progress", {"response": response}),
        ]

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        usage = {
            "input_tokens": 36,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": self.deltas,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 36 + self.deltas,
        }
        return {
            "id": _RESPONSE_ID,
            "object": "response",
            "created_at": _CREATED_AT,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": "You are a helpful assistant.",
            "max_output_tokens": None,
            "max_tool_calls": None,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "prompt_cache_key": None,
            "reasoning": {"effort": None, "summary": None},
            "safety_identifier": None,
            "service_tier": "default" if status == "completed" else "auto",
            "store": False,
            "temperature": 1.0,
            "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "tool_choice": "auto",
            "tools": [],
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": usage if status == "completed" else None,
            "user": None,
            "metadata": {},
        }


def events_of(workload: str) -> int:
    """The number of events in a stream."""
    stream = Stream.of(workload)
    return stream.deltas + (8 if stream.kind == "text" else 6)


def text_of(workload: str) -> str:
    """What a stream adds up to: its text, or the arguments of its call."""
    return Stream.of(workload).text


def _frame(event: dict[str, Any]) -> bytes:
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def _obfuscation() -> Any:
    """Random letters that pad each delta to one length, against those who count bytes."""
    random = Random(7)  # noqa: S311 - the same letters every time
    words = ["".join(random.choices(_ALPHABET, k=_OBFUSCATED)) for _ in range(997)]
    return cycle(words)
