"""Repairs for OpenAI-compatible backends of unknown manners: lifecycle, items, parts and indexes.

It acts where the accumulator is about to refuse an event, so streams that keep the rules pay nothing for
it. It claims no vendor's event types: what those mean, only an adapter for that vendor knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes.providers.adapters.lenient import (
    call_as_text,
    items,
    lifecycle,
    misplaced_text,
    parts,
    places,
    replays,
    spelling,
)
from hermes.providers.adapters.lenient.shapes import ITEM_EVENTS
from hermes.providers.contract import ENDED, AdapterContext, Event, Failure, Verdict, Violation, hookimpl

name: Final = "lenient"
api_version: Final = 1
priority: Final = -500  # after everybody who knows the backend, before builtin
event_types: Final = (
    "response.created",
    *ITEM_EVENTS,
    "response.output_text.done",
    *lifecycle.TERMINALS,
    *spelling.ALIASES,
    ENDED,
)


@hookimpl
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Usual names, no text that is no answer, and every event at the place of its item."""
    if event.type == ENDED:
        held = [told for each in misplaced_text.at_end(context) for told in _told(each, context)]
        return [*held, *replays.at_end(context)]
    usual = spelling.usual(event)
    sifted = misplaced_text.sift(usual, context)
    kept = [usual] if sifted is None else sifted
    told = [told for each in kept for told in _told(each, context)]
    return None if told == [event] else told


@hookimpl
def classify_stream_error(failure: Failure, context: AdapterContext) -> Verdict | None:
    """What only these repairs know of."""
    return call_as_text.verdict_on(failure)


def _told(event: Event, context: AdapterContext) -> Sequence[Event]:
    """What to put in the place of an event; what the stream opens is noted for later repairs."""
    if event.type == "response.created":
        lifecycle.note_created(event, context)
        return [event]
    if event.type in lifecycle.TERMINALS:
        return [replays.without_replays(lifecycle.terminal(event))]
    if event.type in ITEM_EVENTS:
        lifecycle.note_item(context)
    return items.noted(event, context) if places.is_about_item(event) else [event]


@hookimpl
def repair_stream_event(
    violation: Violation, event: Event, context: AdapterContext
) -> Sequence[Event] | None:
    """What is missing, put before the event; or the event put right."""
    match violation:
        case Violation.CREATED_MISSING:
            return lifecycle.with_created(event, context)
        case Violation.CREATED_AGAIN:
            return lifecycle.without_second_created(event, context)
        case Violation.RESPONSE_MISSING:
            return lifecycle.with_response(event)
        case Violation.INDEX_MISSING:
            return parts.with_indexes(event, context)
        case Violation.ITEM_MISSING:
            return items.with_item(event, context)
        case Violation.PART_MISSING:
            return parts.with_part(event, context)
        case Violation.ITEM_AGAIN:
            return items.without_second_item(event, context)
        case Violation.PART_AGAIN | Violation.FRAME_REPEATED:
            return []
