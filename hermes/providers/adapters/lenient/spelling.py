"""Events that backends send under another name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hermes.providers.contract import Event

__all__ = ["ALIASES", "usual"]

ALIASES: Final[Mapping[str, str]] = {
    # Before the types of text had a name: https://github.com/openai/openai-realtime-api-beta
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    # https://github.com/vllm-project/vllm/pull/24938
    "response.reasoning_part.added": "response.content_part.added",
    "response.reasoning_part.done": "response.content_part.done",
    "response.reasoning.delta": "response.reasoning_text.delta",
    "response.reasoning.done": "response.reasoning_text.done",
    "response.reasoning_summary.delta": "response.reasoning_summary_text.delta",
    "response.reasoning_summary.done": "response.reasoning_summary_text.done",
}
"""The name in the protocol, by the name that backends use."""


def usual(event: Event) -> Event:
    """The event under its name in the protocol."""
    kind = ALIASES.get(event.type)
    if kind is None:
        return event
    if not event.type.startswith("response.reasoning_part."):
        return event.with_data(type=kind)
    told = event.data.get("part")
    part = {"type": "reasoning_text", **(told if isinstance(told, Mapping) else {})}
    return event.with_data(type=kind, part=part)
