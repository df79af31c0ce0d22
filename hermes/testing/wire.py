"""The Responses protocol by hand: event objects, Response objects and whole good streams.

The functions named after an event return its JSON object without a ``sequence_number``; ``frames`` numbers
and renders them. A test changes a stream by changing the list of objects before it is rendered::

    frames([*up_to(good_events(), "response.output_text.delta"), created()])

The events: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hermes.testing.frames import DONE, Json, comment, compact, data, event, frame, frames

__all__ = [
    "DONE",
    "Json",
    "arguments_delta",
    "arguments_done",
    "comment",
    "compact",
    "completed",
    "created",
    "data",
    "dropping",
    "error",
    "event",
    "failed",
    "frame",
    "frames",
    "function_call_events",
    "function_call_item",
    "good_events",
    "good_stream",
    "in_progress",
    "incomplete",
    "item_added",
    "item_done",
    "message_events",
    "message_item",
    "part_added",
    "part_done",
    "reasoning_events",
    "reasoning_item",
    "refusal_events",
    "refusal_item",
    "response_object",
    "text_delta",
    "text_done",
    "tool_stream",
    "up_to",
    "usage",
    "without",
]


# Items and Response objects


def message_item(text: str = "Hello", *, item_id: str = "msg_1", status: str = "completed") -> Json:
    """A message of the assistant; one that is in progress has no content yet."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return _message([part], item_id, status)


def refusal_item(refusal: str, *, item_id: str = "msg_1", status: str = "completed") -> Json:
    """A message whose content is a refusal."""
    return _message([{"type": "refusal", "refusal": refusal}], item_id, status)


def _message(content: list[Json], item_id: str, status: str) -> Json:
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content if status == "completed" else [],
    }


def reasoning_item(summary: str = "", *, item_id: str = "rs_1") -> Json:
    """A reasoning item with one summary part, or none where ``summary`` is empty."""
    parts = [{"type": "summary_text", "text": summary}] if summary else []
    return {"id": item_id, "type": "reasoning", "summary": parts}


def function_call_item(
    arguments: str = '{"command":"ls"}',
    *,
    name: str = "sh",
    call_id: str = "call_1",
    item_id: str = "fc_1",
    status: str = "completed",
) -> Json:
    """A function call; one that is in progress has no arguments yet."""
    return {
        "id": item_id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments if status == "completed" else "",
        "status": status,
    }


def usage(input_tokens: int = 2, output_tokens: int = 1) -> Json:
    """Token counts with their details."""
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_tokens + output_tokens,
    }


def response_object(*output: Json, status: str = "completed", **more: Any) -> Json:
    """A whole Response, as the answer to a request without ``stream``.

    Args:
        output: its items.
        status: its status.
        more: fields to add or replace.
    """
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "output": list(output),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage(),
        **more,
    }


# Events


def _started(response: Json) -> Json:
    started = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "in_progress"}
    return {**started, "output": [], **response}


def created(**response: Any) -> Json:
    """``response.created``; ``response`` replaces fields of its Response."""
    return {"type": "response.created", "response": _started(response)}


def in_progress(**response: Any) -> Json:
    """``response.in_progress``; ``response`` replaces fields of its Response."""
    return {"type": "response.in_progress", "response": _started(response)}


def item_added(item: Json, *, output_index: int = 0) -> Json:
    """``response.output_item.added``."""
    return {"type": "response.output_item.added", "output_index": output_index, "item": item}


def item_done(item: Json, *, output_index: int = 0) -> Json:
    """``response.output_item.done``."""
    return {"type": "response.output_item.done", "output_index": output_index, "item": item}


def _at(item_id: str, output_index: int) -> Json:
    return {"item_id": item_id, "output_index": output_index, "content_index": 0}


def part_added(part: Json | None = None, *, item_id: str = "msg_1", output_index: int = 0) -> Json:
    """``response.content_part.added``, by default of an empty text."""
    part = part or {"type": "output_text", "text": "", "annotations": []}
    return {"type": "response.content_part.added", **_at(item_id, output_index), "part": part}


def part_done(part: Json | None = None, *, item_id: str = "msg_1", output_index: int = 0) -> Json:
    """``response.content_part.done``, by default of the text ``Hello``."""
    part = part or {"type": "output_text", "text": "Hello", "annotations": []}
    return {"type": "response.content_part.done", **_at(item_id, output_index), "part": part}


def text_delta(delta: str, *, item_id: str = "msg_1", output_index: int = 0) -> Json:
    """``response.output_text.delta``."""
    return {
        "type": "response.output_text.delta",
        **_at(item_id, output_index),
        "delta": delta,
        "logprobs": [],
    }


def text_done(text: str = "Hello", *, item_id: str = "msg_1", output_index: int = 0) -> Json:
    """``response.output_text.done``."""
    return {
        "type": "response.output_text.done",
        **_at(item_id, output_index),
        "text": text,
        "logprobs": [],
    }


def arguments_delta(delta: str, *, item_id: str = "fc_1", output_index: int = 0) -> Json:
    """``response.function_call_arguments.delta``."""
    return {
        "type": "response.function_call_arguments.delta",
        "item_id": item_id,
        "output_index": output_index,
        "delta": delta,
    }


def arguments_done(arguments: str, *, item_id: str = "fc_1", output_index: int = 0) -> Json:
    """``response.function_call_arguments.done``."""
    return {
        "type": "response.function_call_arguments.done",
        "item_id": item_id,
        "output_index": output_index,
        "arguments": arguments,
    }


def completed(*output: Json, **response: Any) -> Json:
    """``response.completed`` with the items ``output``; ``response`` replaces fields of its Response."""
    return _ended("completed", output, {"usage": usage(), **response})


def incomplete(reason: str, *output: Json, **response: Any) -> Json:
    """``response.incomplete`` for ``reason``, e.g. ``max_output_tokens``."""
    details = {"incomplete_details": {"reason": reason}, "usage": usage()}
    return _ended("incomplete", output, {**details, **response})


def failed(code: str, message: str, **response: Any) -> Json:
    """``response.failed`` with an error object."""
    return _ended("failed", (), {"error": {"code": code, "message": message}, **response})


def _ended(status: str, output: Iterable[Json], response: Json) -> Json:
    ended = {"id": "resp_1", "object": "response", "status": status, "output": list(output)}
    return {"type": f"response.{status}", "response": {**ended, **response}}


def error(**fields: Any) -> Json:
    """An ``error`` event with exactly these fields: backends agree on none."""
    return {"type": "error", **fields}


# Groups of events


def message_events(
    text: str = "Hello", *, pieces: Sequence[str] | None = None, item_id: str = "msg_1", output_index: int = 0
) -> list[Json]:
    """A message from its first event to its last.

    Args:
        text: the whole text.
        pieces: the deltas; two halves where left out.
        item_id: the id of the item.
        output_index: its place in the output.
    """
    half = (len(text) + 1) // 2
    part = {"type": "output_text", "text": text, "annotations": []}
    deltas = (text[:half], text[half:]) if pieces is None else pieces
    return [
        item_added(message_item(item_id=item_id, status="in_progress"), output_index=output_index),
        part_added(item_id=item_id, output_index=output_index),
        *(text_delta(delta, item_id=item_id, output_index=output_index) for delta in deltas),
        text_done(text, item_id=item_id, output_index=output_index),
        part_done(part, item_id=item_id, output_index=output_index),
        item_done(message_item(text, item_id=item_id), output_index=output_index),
    ]


def refusal_events(refusal: str) -> list[Json]:
    """A message that refuses, from its first event to its last."""
    where = _at("msg_1", 0)
    half = (len(refusal) + 1) // 2
    return [
        item_added(refusal_item(refusal, status="in_progress")),
        part_added({"type": "refusal", "refusal": ""}),
        {"type": "response.refusal.delta", **where, "delta": refusal[:half]},
        {"type": "response.refusal.delta", **where, "delta": refusal[half:]},
        {"type": "response.refusal.done", **where, "refusal": refusal},
        part_done({"type": "refusal", "refusal": refusal}),
        item_done(refusal_item(refusal)),
    ]


def reasoning_events(
    summary: str = "Thinking", *, item_id: str = "rs_1", output_index: int = 0
) -> list[Json]:
    """A reasoning item with one summary part, from its first event to its last."""
    where = {"item_id": item_id, "output_index": output_index, "summary_index": 0}
    kind = "response.reasoning_summary"
    half = (len(summary) + 1) // 2
    return [
        item_added(reasoning_item(item_id=item_id), output_index=output_index),
        {"type": f"{kind}_part.added", **where, "part": {"type": "summary_text", "text": ""}},
        {"type": f"{kind}_text.delta", **where, "delta": summary[:half]},
        {"type": f"{kind}_text.delta", **where, "delta": summary[half:]},
        {"type": f"{kind}_text.done", **where, "text": summary},
        {"type": f"{kind}_part.done", **where, "part": {"type": "summary_text", "text": summary}},
        item_done(reasoning_item(summary, item_id=item_id), output_index=output_index),
    ]


def function_call_events(
    arguments: str = '{"command":"ls"}',
    *,
    name: str = "sh",
    call_id: str = "call_1",
    item_id: str = "fc_1",
    output_index: int = 0,
) -> list[Json]:
    """A function call from its first event to its last; the arguments come in two halves."""
    half = (len(arguments) + 1) // 2

    def item(status: str) -> Json:
        return function_call_item(arguments, name=name, call_id=call_id, item_id=item_id, status=status)

    return [
        item_added(item("in_progress"), output_index=output_index),
        arguments_delta(arguments[:half], item_id=item_id, output_index=output_index),
        arguments_delta(arguments[half:], item_id=item_id, output_index=output_index),
        arguments_done(arguments, item_id=item_id, output_index=output_index),
        item_done(item("completed"), output_index=output_index),
    ]


def good_events(text: str = "Hello", *, pieces: Sequence[str] | None = None) -> list[Json]:
    """The events of a good stream that answers ``text``; ``pieces`` are its deltas."""
    return [
        created(),
        in_progress(),
        *message_events(text, pieces=pieces),
        completed(message_item(text)),
    ]


# Whole streams, and how to change them


def good_stream(text: str = "Hello", *, pieces: Sequence[str] | None = None) -> tuple[bytes, ...]:
    """The frames of a good stream that answers ``text``; ``pieces`` are its deltas."""
    return frames(good_events(text, pieces=pieces))


def tool_stream(
    arguments: str = '{"command":"ls"}', *, name: str = "sh", call_id: str = "call_1"
) -> tuple[bytes, ...]:
    """The frames of a good stream that holds one function call."""
    return frames(
        [
            created(),
            in_progress(),
            *function_call_events(arguments, name=name, call_id=call_id),
            completed(function_call_item(arguments, name=name, call_id=call_id)),
        ]
    )


def up_to(events: Iterable[Json], event_type: str) -> list[Json]:
    """``events`` as far as the first one of ``event_type``, that one included."""
    head: list[Json] = []
    for value in events:
        head.append(value)
        if value["type"] == event_type:
            return head
    raise ValueError(f"no {event_type} among the events")


def dropping(events: Iterable[Json], *event_types: str) -> list[Json]:
    """``events`` without those of ``event_types``."""
    return [value for value in events if value["type"] not in event_types]


def without(value: Json, *names: str) -> Json:
    """An event, item or Response without the fields ``names``."""
    return {name: field for name, field in value.items() if name not in names}
