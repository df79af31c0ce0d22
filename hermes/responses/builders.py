"""Items under construction: text that grows by deltas and is reconciled by done events."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

from hermes.responses.decode import decode_json
from hermes.responses.items import OutputItem, item_parts, part_text

__all__ = ["GrowingText", "ItemBuilder", "Part", "delta_kind"]


class GrowingText:
    """Text that deltas extend and that a done event confirms, extends or corrects."""

    __slots__ = ("_settled", "_tail", "write")

    def __init__(self) -> None:
        self._settled = ""
        self._tail = StringIO()
        self.write = self._tail.write
        """Appends a delta."""

    def value(self) -> str:
        """The text so far."""
        if self._tail.tell():
            self._settled += self._tail.getvalue()
            self._tail = StringIO()
            self.write = self._tail.write
        return self._settled

    def settle(self, text: str, *, final: bool) -> str:
        """Reconciles with the whole text that a done event tells.

        Args:
            text: the whole text; an empty one is not believed.
            final: whether ``text`` rules even where it is shorter than what was streamed.

        Returns:
            What has to be appended to what was handed out; empty where it was all there or differs.
        """
        streamed = self.value()
        if text.startswith(streamed):
            self._settled = text
            return text[len(streamed) :]
        if text and (final or not streamed.startswith(text)):
            self._settled = text
        return ""


class Part(GrowingText):
    """One part of an item's content or summary."""

    __slots__ = ("data", "kind")

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__()
        self.data = dict(data)
        kind = data.get("type")
        self.kind = kind if isinstance(kind, str) else "output_text"

    def finished(self) -> dict[str, Any]:
        """The part's JSON with its text."""
        field = "refusal" if self.kind == "refusal" else "text"
        return {**self.data, "type": self.kind, field: self.value()}


class ItemBuilder:
    """One output item while its events come."""

    __slots__ = ("arguments", "confirmed", "content", "data", "index", "summary", "type")

    def __init__(self, index: int, data: Mapping[str, Any]) -> None:
        self.index = index
        self.data = dict(data)
        kind = data.get("type")
        self.type = kind if isinstance(kind, str) else ""
        self.confirmed = False
        self.content: dict[int, Part] = {}
        self.summary: dict[int, Part] = {}
        self.arguments = GrowingText()

    @property
    def argument_field(self) -> str:
        """The field that holds the text of a call: ``arguments``, or ``input`` for custom tools."""
        return "input" if self.type == "custom_tool_call" else "arguments"

    def may_be(self, data: Mapping[str, Any]) -> bool:
        """Whether an entry of the terminal output can be this item: same type, and no other call."""
        mine, told = self.data.get("call_id"), data.get("call_id")
        return self.type == data.get("type") and (not mine or not told or mine == told)

    def is_whole(self) -> bool:
        """Whether an item that a completed response does not mention can be taken as it is.

        Text can; arguments of a function only where they are JSON, because a cut call must never run.
        """
        if self.type != "function_call":
            return True
        try:
            decode_json(self.arguments.value().encode("utf-8", "replace"))
        except ValueError:
            return False
        return True

    def absorb(self, data: Mapping[str, Any], *, final: bool) -> list[tuple[str, str]]:
        """Reconciles with the whole item that a done or terminal event tells.

        Returns:
            The kind and text of every piece that has not been handed out yet.
        """
        pieces: list[tuple[str, str]] = []
        for field, parts in (("content", self.content), ("summary", self.summary)):
            for number, told in enumerate(item_parts(data, field)):
                part = parts.get(number)
                if part is None:
                    part = parts[number] = Part(told)
                part.data.update({k: v for k, v in told.items() if v is not None})
                new = part.settle(part_text(told), final=final)
                if new:
                    pieces.append((delta_kind(self.type, part.kind), new))
        told_arguments = data.get(self.argument_field)
        if isinstance(told_arguments, str) and told_arguments:
            new = self.arguments.settle(told_arguments, final=final)
            if new:
                pieces.append(("arguments", new))
        self.data.update({k: v for k, v in data.items() if v is not None})
        return pieces

    def built(self) -> OutputItem:
        """The item as it is known now."""
        data = dict(self.data)
        for field, parts in (("content", self.content), ("summary", self.summary)):
            if parts:
                data[field] = [parts[number].finished() for number in sorted(parts)]
        arguments = self.arguments.value()
        if arguments:
            data[self.argument_field] = arguments
        return OutputItem(self.type, data, self.confirmed)


def delta_kind(item_type: str, part_kind: str) -> str:
    """The kind of a ``Delta`` for the text of a part."""
    if item_type == "reasoning":
        return "reasoning"
    return "refusal" if part_kind == "refusal" else "text"
