"""The rules of the Responses stream that the accumulator enforces, by name.

The set is part of the adapter contract: ``repair_stream_event`` is asked with one of these.
Event order: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Violation"]


class Violation(StrEnum):
    """Why the accumulator refuses an event."""

    CREATED_MISSING = "created_missing"
    """An event came before ``response.created``."""
    CREATED_AGAIN = "created_again"
    """A second ``response.created``."""
    RESPONSE_MISSING = "response_missing"
    """A lifecycle event has no ``response`` object."""
    INDEX_MISSING = "index_missing"
    """An event of an item has no usable ``output_index``, ``content_index`` or ``summary_index``."""
    ITEM_MISSING = "item_missing"
    """An event names an ``output_index`` for which no item was added, or an item of another type."""
    ITEM_AGAIN = "item_again"
    """``response.output_item.added`` for an ``output_index`` that is taken."""
    PART_MISSING = "part_missing"
    """An event names a part that was not added; parts of text and of reasoning do not mix."""
    PART_AGAIN = "part_again"
    """``response.content_part.added`` for a part that exists."""
    FRAME_REPEATED = "frame_repeated"
    """The same frame, sequence number included, twice in a row."""
