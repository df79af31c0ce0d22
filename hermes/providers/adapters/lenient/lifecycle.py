"""How a response begins and ends, where a backend tells it in other ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hermes.providers.adapters.lenient import places
from hermes.providers.adapters.lenient.notes import Notes, notes_of
from hermes.providers.adapters.lenient.shapes import new_event, response_of
from hermes.providers.contract import RESTARTED, AdapterContext, Event

__all__ = [
    "TERMINALS",
    "note_created",
    "note_item",
    "terminal",
    "with_created",
    "with_response",
    "without_second_created",
]

TERMINALS: Final = (
    "response.completed",
    "response.done",
    "response.canceled",
    "response.failed",
    "response.incomplete",
)
"""The terminal events whose type, nesting or output may need to be put right."""

_TERMINAL_OF_STATUS: Final = {
    "completed": "response.completed",
    "failed": "response.failed",
    "incomplete": "response.incomplete",
    "cancelled": "response.cancelled",
    "canceled": "response.cancelled",
}
_NOT_OF_THE_RESPONSE: Final = ("type", "sequence_number", "event_id", "response")
_OF_ITEMS: Final = (
    "response.output_item.",
    "response.content_part.",
    "response.function_call",
    "response.custom_tool_call",
    "response.reasoning",
    "response.refusal.",
)
"""The beginnings of the events that no backend sends before it knows what it answers to."""


def note_created(event: Event, context: AdapterContext) -> None:
    """Notes the id of the response, to know it again."""
    notes = notes_of(context)
    if notes.response_id is None and not notes.invented:
        notes.response_id = response_of(event).get("id")


def note_item(context: AdapterContext) -> None:
    """Notes that an item came, perhaps before the response that it belongs to."""
    notes = notes_of(context)
    notes.has_strays = notes.has_strays or notes.invented


def terminal(event: Event) -> Event:
    """A terminal event in the spelling and nesting of the protocol."""
    if event.type == "response.completed":
        return event
    response = response_of(event) or _lifted(event)
    if event.type in ("response.failed", "response.incomplete"):
        return event if event.data.get("response") else event.with_data(response=response)
    # `response.done` is the Realtime API's spelling: https://github.com/Wei-Shaw/sub2api/issues/1322
    status = response.get("status") or ("cancelled" if event.type == "response.canceled" else "completed")
    kind = _TERMINAL_OF_STATUS.get(status) if isinstance(status, str) else None
    return event if kind is None else event.with_data(type=kind, response=response)


def with_created(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """The missing ``response.created``, and then the event."""
    if not event.type.startswith("response."):
        return None
    response = response_of(event)
    if event.type == "response.in_progress" and not response:
        return []  # a heartbeat, not the first event of an answer
    notes = notes_of(context)
    notes.response_id, notes.invented = response.get("id"), True
    notes.has_strays = event.type.startswith(_OF_ITEMS)
    created = {**response, "status": "in_progress", "output": []}
    return [new_event("response.created", response=created), event]


def without_second_created(event: Event, context: AdapterContext) -> Sequence[Event]:
    """A second ``response.created``: the same response once more, or another one that replaces it.

    Items that came before the first one are those of a request that was given up, whose rest the gateway
    hands to the next: https://github.com/Soju06/codex-lb/pull/696. Bare text is not; some backends just send
    it without ado.
    """
    notes = notes_of(context)
    told = response_of(event).get("id")
    late = notes.invented and notes.response_id is None
    if not (late and notes.has_strays) and (late or told in (None, notes.response_id)):
        notes.response_id = told or notes.response_id
        # The late or repeated event still tells the id and the model.
        return [event.with_data(type="response.in_progress")]
    context.scratch["notes"] = Notes(response_id=told)
    places.believe_again(context)
    return [event.with_data(type=RESTARTED)]


def with_response(event: Event) -> Sequence[Event]:
    """A lifecycle event with the response that it lacks."""
    return [event.with_data(response=_lifted(event))]


def _lifted(event: Event) -> dict[str, Any]:
    """The response whose fields stand in the event itself: https://github.com/7836246/cursor2api/pull/115."""
    return {name: value for name, value in event.data.items() if name not in _NOT_OF_THE_RESPONSE}
