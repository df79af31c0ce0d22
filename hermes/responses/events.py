"""One JSON object of the stream as a light object."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Event"]


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
