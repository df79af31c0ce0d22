"""Who says what in the input: texts as messages, roles, and instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hermes.providers.adapters.rewrites.entries import Json, entries, plain, with_each, with_entries
from hermes.providers.contract import Request

__all__ = [
    "DEFAULT_INSTRUCTIONS",
    "input_as_list",
    "instructions_as_message",
    "system_to_instructions",
    "with_role",
]

DEFAULT_INSTRUCTIONS: Final = "You are a helpful assistant."
"""For a backend that requires ``instructions``, where the user has none."""

_GUIDING: Final = ("system", "developer")


def input_as_list(request: Request) -> Request:
    """The request with a list of items as ``input``: a text becomes the user's message."""
    text = request.get("input")
    return request.replacing(input=[_message("user", text)]) if isinstance(text, str) else request


def with_role(request: Request, old: str, new: str) -> Request:
    """The request with the messages of the role ``old`` under the role ``new``."""
    return with_each(
        request, "input", lambda item: {**item, "role": new} if item.get("role") == old else item
    )


def system_to_instructions(request: Request) -> Request:
    """The request with the texts of system and developer messages at the end of ``instructions``.

    What is no text in them, such as an image, stays as the user's.
    """
    texts: list[str] = []
    kept: list[Any] = []
    for entry in entries(request, "input"):
        item = plain(entry)
        if item.get("role") not in _GUIDING:
            kept.append(entry)
            continue
        content = item.get("content")
        parts = content if isinstance(content, Sequence) and not isinstance(content, str) else ()
        texts += [content] if isinstance(content, str) else [_text(part) for part in parts]
        others = [part for part in parts if not _text(part)]
        if others:
            kept.append({**item, "role": "user", "content": others})
    request = with_entries(request, "input", kept)
    told = [request.get("instructions"), *texts] if texts else []
    together = "\n\n".join(text for text in told if isinstance(text, str) and text)
    return request.replacing(instructions=together) if together else request


def instructions_as_message(request: Request, role: str = "developer") -> Request:
    """The request with its ``instructions`` as the first message of the input."""
    text = request.get("instructions")
    if not isinstance(text, str):
        return request.without("instructions") if "instructions" in request else request
    request = input_as_list(request.without("instructions"))
    said = [_message(role, text)] if text else []
    return with_entries(request, "input", [*said, *entries(request, "input")])


def _message(role: str, text: str) -> Json:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def _text(part: Any) -> str:
    text = plain(part).get("text")
    return text if isinstance(text, str) else ""
