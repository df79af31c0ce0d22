"""xAI's Grok models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.adapters.rewrites import with_plain_enums
from hermes.providers.adapters.stand_ins import (
    free_name,
    has_function,
    with_function_renamed,
    with_users_name,
)
from hermes.providers.contract import CALL_TYPES, AdapterContext, Event, Profile, Request, hookimpl

_PROFILE: Final = Profile(
    "xAI",
    # https://github.com/NousResearch/hermes-agent/pull/12397
    efforts=("low", "medium", "high", "xhigh"),
    models_without_effort=("grok-4", "grok-4-*", "grok-code-*"),
    speed="fast",
    wrong_path="xAI's Responses API is below https://api.x.ai/v1: check base_url.",
)
# xAI's own tool has this name, and takes the calls of a function that is called so too:
# https://github.com/NousResearch/hermes-agent/blob/main/agent/transports/codex.py
_TAKEN: Final = "web_search"
_STAND_IN: Final = "client_web_search"
_WITH_CALLS: Final = ("response.output_item.added", "response.incomplete", "response.failed")

# https://github.com/NousResearch/hermes-agent/blob/main/agent/codex_responses_adapter.py
_OPENS: Final = "<response>"
_CLOSES: Final = "</response>"
_TEXT: Final = "response.output_text.delta"
_AFTER_ALL_OTHERS: Final = 1_000_000
"""The place of an item that the stream does not have."""


@dataclass(slots=True)
class _Seen:
    """What the stream of an attempt told so far."""

    answered: bool = False
    reasoning: str = ""

    def note(self, item: Mapping[str, Any]) -> None:
        kind = item.get("type")
        if kind == "reasoning":
            self.reasoning = _text_of(item, "content") or _text_of(item, "summary") or self.reasoning
        elif kind in CALL_TYPES or _text_of(item, "content"):
            self.answered = True


class _XaiAdapter(ProfiledAdapter):
    """Besides what the profile says: answers within the reasoning, and a name that is taken."""

    event_types = (
        "response.output_item.done",
        "response.reasoning_text.done",
        "response.reasoning_summary_text.done",
        "response.completed",
    )

    @hookimpl
    def prepare_request(self, request: Request, context: AdapterContext) -> Request:
        """The request as xAI takes it."""
        context.scratch["seen"] = _Seen()
        context.want(_TEXT)
        request = super().prepare_request(request, context)
        if _has_slash_in_enum(request.get("tools"), request.get("text")):
            request = self._told(request, with_plain_enums(request), context)
        if has_function(request, _TAKEN):
            context.scratch["stand_in"] = stand_in = free_name(request, _STAND_IN)
            request = with_function_renamed(request, _TAKEN, stand_in)
        if "stand_in" in context.scratch:
            context.want(*_WITH_CALLS)
        return request

    @hookimpl
    def normalize_stream_event(self, event: Event, context: AdapterContext) -> Sequence[Event] | None:
        """Takes the answer out of the reasoning where it is nowhere else, and gives a function its name back.

        Of text only the first delta is looked at, so a good stream hardly pays for it.
        """
        seen: _Seen = context.scratch.setdefault("seen", _Seen())
        if event.type == _TEXT:
            seen.answered = True
            context.drop(_TEXT)
            return None
        if event.type.startswith("response.reasoning"):
            told = event.data.get("text")
            seen.reasoning = told if isinstance(told, str) and told else seen.reasoning
            return None
        for item in _items(event):
            seen.note(item)
        stand_in = context.scratch.get("stand_in")
        named = with_users_name(event, stand_in, _TAKEN) if stand_in else event
        ended = event.type == "response.completed" and not seen.answered
        answer = _answer_in(seen.reasoning) if ended else ""
        return [*_message(answer), named] if answer else [named]


adapter: Final = _XaiAdapter("xai", _PROFILE)


def _answer_in(reasoning: str) -> str:
    """The delimited answer at the end of a reasoning; empty where there is none."""
    told = reasoning.rstrip()
    if not told.endswith(_CLOSES):
        return ""
    start = told.rfind(_OPENS)
    return "" if start < 0 else told[start + len(_OPENS) : -len(_CLOSES)].strip()


def _message(text: str) -> Iterator[Event]:
    """The events of a message with this text."""
    place = {"output_index": _AFTER_ALL_OTHERS, "content_index": 0}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
    opened = {**item, "status": "in_progress", "content": []}
    yield _event("response.output_item.added", output_index=_AFTER_ALL_OTHERS, item=opened)
    yield _event("response.content_part.added", **place, part={**part, "text": ""})
    yield _event(_TEXT, **place, delta=text)
    yield _event("response.output_item.done", output_index=_AFTER_ALL_OTHERS, item=item)


def _event(kind: str, **fields: Any) -> Event:
    return Event(kind, {"type": kind, **fields})


def _items(event: Event) -> Iterator[Mapping[str, Any]]:
    """The whole items that an event tells."""
    response = event.data.get("response")
    output = response.get("output") if isinstance(response, Mapping) else None
    told = [event.data.get("item")] if event.type.endswith(".done") else output
    for item in told if isinstance(told, list) else ():
        if isinstance(item, Mapping):
            yield item


def _text_of(item: Mapping[str, Any], field: str) -> str:
    """The texts and refusals under ``content`` or ``summary``."""
    parts = item.get(field)
    if isinstance(parts, str):
        return parts
    told = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
    texts = (part.get("text") or part.get("refusal") for part in told)
    return "".join(text for text in texts if isinstance(text, str))


def _has_slash_in_enum(*schemas: object) -> bool:
    """Whether a list of values in a schema has one with a ``/``.

    https://github.com/NousResearch/hermes-agent/issues/28490
    """
    pending = list(schemas)
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            values = value.get("enum")
            if isinstance(values, (list, tuple)) and any(
                "/" in one for one in values if isinstance(one, str)
            ):
                return True
            pending += value.values()
        elif isinstance(value, (list, tuple)):
            pending += value
    return False
