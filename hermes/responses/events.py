"""The light objects that flow through a call: events from the backend, deltas to the caller."""

from __future__ import annotations

from typing import Any, Final

import msgspec

__all__ = ["ENDED", "RESTARTED", "Delta", "Event"]

RESTARTED: Final = "hermes.response.restarted"
"""The type of an event that adapters put in the place of a second ``response.created``, where the backend
begins another answer within the stream: what came before is void, and the event's ``response`` begins anew.

A gateway that asks again on the client's behalf does so: https://github.com/Soju06/codex-lb/pull/696
"""

ENDED: Final = "hermes.stream.ended"
"""The type of the last event that adapters are offered where a stream ended without a terminal event, so that
they hand out what they held back. It is Hermes' own: nobody else's event of this type is shown to them, and
it never becomes part of the answer.
"""


class Event(msgspec.Struct, frozen=True, gc=False):
    """An event of a Responses stream.

    Immutable by contract, ``data`` included: return a new event where one has to change.

    Attributes:
        type: the event type, e.g. ``response.output_text.delta``; empty where the backend sent none.
        data: the whole JSON object, unknown fields included.
    """

    type: str
    data: dict[str, Any]

    def with_data(self, **fields: Any) -> Event:
        """A new event with ``fields`` replaced in ``data``; ``type`` follows a replaced ``type`` field."""
        data = {**self.data, **fields}
        return Event(data["type"] if isinstance(data.get("type"), str) else self.type, data)


class Delta(msgspec.Struct, frozen=True, gc=False):
    """A piece of the answer, handed out as soon as it is known.

    Attributes:
        kind: ``text``, ``commentary``, ``refusal``, ``reasoning`` or ``arguments``.
        text: the piece.
        output_index: the place of its item in the output.
    """

    kind: str
    text: str
    output_index: int = 0
