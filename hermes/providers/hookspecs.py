"""The hooks that an adapter may implement, with their arguments and answers.

pluggy registers and checks them; ``hermes.providers.dispatch`` calls them, each on its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hermes.providers.contract import (
    AdapterContext,
    Event,
    Failure,
    Fallback,
    Request,
    Verdict,
    Violation,
)
from hermes.providers.markers import hookspec

__all__ = [
    "classify_stream_error",
    "fallback_request",
    "normalize_stream_event",
    "observe_headers",
    "prepare_request",
    "repair_stream_event",
]


@hookspec
def prepare_request(request: Request, context: AdapterContext) -> Request | None:
    """Asked before each attempt: what the backend is known to want, and what it taught, put into the request.

    Answer None for "as it is", else the request to send. What one adapter answers is offered to those after
    it. Asked again for a request that it prepared before, an adapter answers the same.
    """


@hookspec
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Asked for each event whose type is in the adapter's ``event_types``, before the accumulator.

    Answer None for "not mine", else the list of events to put in its place: an empty one drops it.
    What one adapter answers is offered to those after it.

    An adapter that holds events back also asks for ``ENDED``: where a stream ends without a terminal event it
    is the last one, and what is answered to it becomes part of the answer.
    """


@hookspec
def repair_stream_event(
    violation: Violation, event: Event, context: AdapterContext
) -> Sequence[Event] | None:
    """Asked only when the accumulator is about to refuse ``event``.

    Answer the events to put in its place, mostly what is missing and then ``event`` itself, or None.
    The first answer counts. Streams that keep the rules never pay for it.
    """


@hookspec
def classify_stream_error(failure: Failure, context: AdapterContext) -> Verdict | None:
    """Asked once for each failed attempt. The first verdict counts; None for "not mine"."""


@hookspec
def fallback_request(request: Request, verdict: Verdict, context: AdapterContext) -> Fallback | None:
    """Asked after a verdict while attempts remain, with the request that failed.

    The first fallback whose strategy was not used in this call counts; None for "not mine".
    """


@hookspec
def observe_headers(headers: Mapping[str, str], context: AdapterContext) -> None:
    """Shown the HTTP response headers of each attempt, names in lower case, whatever the status."""
