"""Items under construction: text that grows by deltas and is reconciled by done events."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, Final

from hermes.responses.decode import is_json_object
from hermes.responses.items import CALL_TYPES, COMMENTARY_PHASES, OutputItem, item_parts, part_text

__all__ = ["GrowingText", "ItemBuilder", "Part", "delta_kind", "is_placeholder"]

_REASONING_KINDS: Final = ("reasoning_text", "summary_text")
_TEXT_KINDS: Final = ("output_text", "refusal", *_REASONING_KINDS)
_PLACEHOLDER: Final = "<!-- -->"
_TOLD_AS_TEXT: Final = ("type", "text", "refusal")
_TWO_IDS: Final = re.compile(r"\|*(call_[^|]+)\|+((?:fc|ctc)_[^|]+)?\|*")
_UNREADABLE: Final = "{...}"
"""Arguments that cannot be written as text: no JSON, so that the call is not run as one without any."""


class GrowingText:
    """Text that deltas extend and that a done event confirms, extends or corrects."""

    __slots__ = ("_ahead_at", "_ahead_from", "_settled", "_tail", "_told", "ahead", "revised", "write")

    def __init__(self) -> None:
        self._settled = ""
        self._tail = StringIO()
        self.write = self._tail.write
        """Appends a delta."""
        self.revised = False
        """Whether the text is no longer what was handed out; done events then hand out nothing more."""
        self.ahead = False
        """Whether a done event told text before its deltas came; they may follow or not."""
        # Where in the settled text that begins, and how much of it deltas have told since.
        self._ahead_from = self._ahead_at = 0
        self._told = 0

    def value(self) -> str:
        """The text so far; the same object as long as nothing changes."""
        if self._tail.tell():
            self._settled += self._tail.getvalue()
            self._renew_tail()
        return self._settled

    def size(self) -> int:
        """How long the text is, in characters."""
        return len(self._settled) + self._tail.tell()

    def is_told_whole(self) -> bool:
        """Whether a done event told the text that there is, not deltas alone."""
        return 0 < self._told == self.size()

    def begins_with(self, text: str) -> bool:
        """Whether the text begins with ``text``; what deltas added is looked at only where it has to be."""
        if len(text) > self.size():
            return False
        told = self._settled if len(text) <= len(self._settled) else self.value()
        return told.startswith(text)

    def settle(self, text: str, *, final: bool) -> str:
        """Reconciles with the whole text that a done event tells.

        Args:
            text: the whole text; an empty one is not believed.
            final: whether ``text`` rules even where it is shorter than what was streamed.

        Returns:
            What has to be appended to what was handed out; empty where it was all there or differs.
        """
        if not text:
            return ""
        size = self.size()
        if len(text) >= size and text.startswith(self.value()):
            if self._told == size == len(text):
                return ""  # told once more: what is there is kept, and not one copy after the other
            self._settled = text
            self._told = len(text)
            if len(text) == size:
                return ""
            if not self.ahead:
                self._tell_ahead(size)
            return "" if self.revised else text[size:]
        if final or not self.begins_with(text):
            self._settled = text
            self._renew_tail()
            self._told = len(text)
            self.ahead = False
            self.revised = True
        return ""

    def hand_out_from(self, place: int) -> str:
        """Says that the text was handed out up to ``place``; gives the rest, which deltas may tell again."""
        text = self.value()
        self.ahead = False
        if place < len(text):
            self._tell_ahead(place)
        return text[place:]

    def catch_up(self, delta: str) -> str:
        """What a delta adds after a done event that told more than the deltas before it.

        The delta may tell the same once more: https://github.com/diegosouzapw/OmniRoute/issues/13693
        """
        told, at = self._settled, self._ahead_at
        if told.startswith(delta, at):
            self._ahead_at = at + len(delta)
            self.ahead = self._ahead_at < len(told)
            return ""
        self.ahead = False
        if delta.startswith(told[at:]):
            return delta[len(told) - at :]
        return told[self._ahead_from : at] + delta  # it was no repetition after all

    def _tell_ahead(self, place: int) -> None:
        self.ahead = True
        self._ahead_from = self._ahead_at = place

    def _renew_tail(self) -> None:
        self._tail = StringIO()
        self.write = self._tail.write


class Part(GrowingText):
    """One part of an item's content or summary.

    Args:
        told: the part's JSON. Its text is remembered as ``opening`` and not taken: backends that put
            the text there mostly send it again as deltas, https://github.com/danielmiessler/Fabric/pull/1686.
        item_type: the type of the item that the part belongs to.
        output_index: the place of that item.
        commentary: whether the text tells of the work, not its outcome.
    """

    __slots__ = (
        "_commentary",
        "_item_type",
        "data",
        "emits",
        "is_reasoning",
        "kind",
        "opening",
        "output_index",
    )

    def __init__(
        self, told: Mapping[str, Any], item_type: str, output_index: int, *, commentary: bool = False
    ) -> None:
        super().__init__()
        self.output_index = output_index
        self.opening = told
        self.data: dict[str, Any] = {}
        self._item_type = item_type
        self._commentary = commentary
        self._set_kind("reasoning_text" if item_type == "reasoning" else "output_text")
        self.merge(told)

    def merge(self, told: Mapping[str, Any]) -> None:
        """Takes all that ``told`` says, except for the text. A part with text keeps its kind."""
        kind = told.get("type")
        if isinstance(kind, str) and kind and not self.size():
            self._set_kind("output_text" if kind == "text" else kind)
        self.data.update({k: v for k, v in told.items() if v is not None and k not in _TOLD_AS_TEXT})

    def finished(self) -> dict[str, Any]:
        """The part's JSON with its text."""
        data = {"type": self.kind, **self.data}
        text = self.value()
        if self.kind == "summary_text" and _PLACEHOLDER in text:
            text = "".join(line for line in text.splitlines(keepends=True) if not is_placeholder(line))
        if text or self.kind in _TEXT_KINDS:
            data["refusal" if self.kind == "refusal" else "text"] = text
        return data

    def _set_kind(self, kind: str) -> None:
        self.kind = kind
        self.emits = delta_kind(self._item_type, kind)
        self.is_reasoning = self.emits == "reasoning"
        if self._commentary and self.emits == "text":
            self.emits = "commentary"


class ItemBuilder:
    """One output item while its events come."""

    __slots__ = (
        "_checked",
        "_is_object",
        "arguments",
        "confirmed",
        "content",
        "data",
        "gap",
        "garbled",
        "index",
        "opening",
        "summary",
        "torn",
        "type",
    )

    def __init__(self, index: int, data: Mapping[str, Any]) -> None:
        self.index = index
        self.data = dict(data)
        # Like the text that a part opens with: believed only where nothing else tells it.
        self.opening = list(item_parts(data, "content"))
        self.data.pop("content", None)
        self.data.pop("summary", None)
        kind = data.get("type")
        self.type = kind if isinstance(kind, str) else ""
        self.confirmed = False
        self.content: dict[int, Part] = {}
        self.summary: dict[int, Part] = {}
        self.arguments = GrowingText()
        self.gap = False
        """Whether an event may have been lost since the last delta of a call."""
        self.torn = False
        """Whether a piece of the item may have been lost, so that its deltas are not enough."""
        self.garbled = False
        """Whether some of the bytes that told a call were replaced, because they were no text."""
        self._checked = ""
        self._is_object = False

    @property
    def argument_field(self) -> str:
        """The field that holds the text of a call: ``arguments``, or ``input`` for custom tools."""
        return "input" if self.type == "custom_tool_call" else "arguments"

    def has_id(self, told: object) -> bool:
        """Whether the item has the id ``told``; an empty one is none."""
        return isinstance(told, str) and told != "" and self.data.get("id") == told

    def has_type(self, kind: object) -> bool:
        """Whether the item is of type ``kind``, as far as both are known."""
        return not self.type or not isinstance(kind, str) or self.type == kind

    @property
    def call_id(self) -> str:
        """The id of a call; empty for other items, and where none was told."""
        told = self.data.get("call_id")
        return told if self.type in CALL_TYPES and isinstance(told, str) else ""

    def told_arguments(self) -> str:
        """The text of a call as its own JSON has it."""
        return _call_text(self.data.get(self.argument_field))

    def take_call_id(self, data: Mapping[str, Any]) -> None:
        """Takes the ids of the terminal output for a call that was streamed under invented ones."""
        if self.type in CALL_TYPES and data.get("call_id") not in (None, "", self.call_id):
            self.data.update({name: data[name] for name in ("call_id", "id") if data.get(name)})

    def tells_reasoning_as_text(self, part: Part, told: Mapping[str, Any]) -> bool:
        """Whether a text event is about a part of reasoning that was opened as text.

        With the id of another item it is a message's: https://github.com/BerriAI/litellm/issues/41185
        """
        opened_as_text = part.is_reasoning and part.kind == "output_text"
        return opened_as_text and (not told.get("item_id") or self.has_id(told["item_id"]))

    def is_foreign(self, part: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
        """Whether an event opens a part of text in reasoning that is whole, so that it is a message's."""
        if self.type != "reasoning" or not self.confirmed or self.has_id(told.get("item_id")):
            return False
        return part.get("type") in ("output_text", "text", "refusal")

    def is_extended_by(self, data: Mapping[str, Any]) -> bool:
        """Whether an entry of the terminal output goes on where a message ends, or has a call undamaged."""
        if self.type == "function_call":
            return not self._has_json_object()
        if self.type != "message":
            return False
        streamed = "".join(self.content[number].value() for number in sorted(self.content))
        told = "".join(map(part_text, item_parts(data, "content")))
        return len(told) > len(streamed) and told.startswith(streamed)

    def is_empty(self) -> bool:
        """Whether no event told any text of the item."""
        parts = (*self.content.values(), *self.summary.values())
        return not self.arguments.size() and not any(part.size() for part in parts)

    def is_told_whole(self) -> bool:
        """Whether done events told the text of a message or call that there is, not deltas alone."""
        if self.type in CALL_TYPES:
            return self.arguments.is_told_whole()
        return bool(self.content) and all(part.is_told_whole() for part in self.content.values())

    def is_whole(self) -> bool:
        """Whether an item that a completed response does not mention can be taken as it is.

        Text can. The arguments of a function only where they are a JSON object, because no cut one is,
        and a cut call must never run. The input of a custom tool can be cut anywhere.
        """
        if self.data.get("status") == "incomplete" or self.type == "custom_tool_call":
            return False
        return self.type != "function_call" or (not self.garbled and self._has_json_object())

    def _has_json_object(self) -> bool:
        """Whether the arguments are a JSON object, looked at once for each text that they are."""
        text = self.arguments.value()
        if text is not self._checked:
            self._checked, self._is_object = text, is_json_object(text)
        return self._is_object

    def add_part(self, number: int, told: Mapping[str, Any]) -> None:
        """Opens a part of the content."""
        commentary = self.type in ("", "message") and self.data.get("phase") in COMMENTARY_PHASES
        part = Part(told, self.type, self.index, commentary=commentary)
        self.content[number] = part
        if not self.type:
            self.type = "reasoning" if part.is_reasoning else "message"

    def add_summary_part(self, number: int, told: Mapping[str, Any]) -> None:
        """Opens a part of the summary of reasoning."""
        self.summary[number] = Part({"type": "summary_text", **told}, "reasoning", self.index)

    def settle_arguments(self, told: object, *, final: bool) -> str:
        """Reconciles with the whole arguments that a done or terminal event tells.

        A whole JSON object is not given up for what is none, and wins over what is none.

        Returns:
            What has not been handed out yet.
        """
        text = _call_text(told)
        if not text:
            return ""
        if self.type == "function_call":
            is_whole = is_json_object(text)
            if not is_whole and (self.arguments.begins_with(text) or self._has_json_object()):
                return ""
            final = final or is_whole
        return self.arguments.settle(text, final=final)

    def absorb(self, data: Mapping[str, Any], *, final: bool) -> list[tuple[str, str]]:
        """Reconciles with the whole item that a done or terminal event tells.

        Returns:
            The kind and text of every piece that has not been handed out yet.
        """
        kind = data.get("type")
        if not self.type and isinstance(kind, str):
            self.type = kind
        if not isinstance(self.data.get("phase"), str) and isinstance(data.get("phase"), str):
            self.data["phase"] = data["phase"]  # what the text was handed out as
        pieces: list[tuple[str, str]] = []
        for field, parts in (("content", self.content), ("summary", self.summary)):
            told = list(item_parts(data, field))
            if told:
                pieces += self._reconcile(parts, told, final=final)
        new = self.settle_arguments(data.get(self.argument_field), final=final)
        if new:
            pieces.append(("arguments", new))
        # What the parts hold is not kept a second time.
        kept = {"phase", *(["content"] if self.content else ()), *(["summary"] if self.summary else ())}
        self.data.update({k: v for k, v in data.items() if v is not None and k not in kept})
        return pieces

    def absorb_opening(self) -> list[tuple[str, str]]:
        """Takes the text that the item or its parts were opened with, where nothing else told any."""
        if not self.is_empty():
            return []
        content = [self.content[number].opening for number in sorted(self.content)] or self.opening
        return self._reconcile(self.content, content, final=False) if content else []

    def built(self) -> OutputItem:
        """The item as it is known now."""
        data = {**self.data, "type": self.type}
        # What replays and the SDK expect to be there is there, even where the backend left it out.
        if self.content or self.type == "message":
            data["content"] = [self.content[number].finished() for number in sorted(self.content)]
        if self.summary or self.type == "reasoning":
            data["summary"] = [self.summary[number].finished() for number in sorted(self.summary)]
        if self.type in CALL_TYPES:
            field = self.argument_field
            data[field] = self.arguments.value() or _call_text(data.get(field))
            data.update(_call_ids(data, self.index))
        return OutputItem(self.type, data, self.confirmed)

    def _reconcile(
        self, parts: dict[int, Part], told: Sequence[Mapping[str, Any]], *, final: bool
    ) -> list[tuple[str, str]]:
        """Reconciles parts with all parts that a done or terminal event tells."""
        texts = [part_text(entry) for entry in told]
        pieces: list[tuple[str, str]] = []
        if all(
            number < len(texts) and texts[number].startswith(part.value()) for number, part in parts.items()
        ):
            for number, entry in enumerate(told):
                part = self._opened(parts, number, entry)
                pieces.append((part.emits, part.settle(texts[number], final=final)))
            return [piece for piece in pieces if piece[1]]
        # Backends that leave indexes out, or count them from 1, cut the same text into other parts.
        streamed = "".join(parts[number].value() for number in sorted(parts))
        whole = "".join(texts)
        extends = whole.startswith(streamed)
        if not whole or not (extends or final or not streamed.startswith(whole)):
            return []
        revised = not extends or any(part.revised for part in parts.values())
        seen = len(whole) if revised else len(streamed)
        parts.clear()
        for number, entry in enumerate(told):
            part = self._opened(parts, number, entry)
            part.settle(texts[number], final=True)
            part.revised = revised
            pieces.append((part.emits, part.hand_out_from(seen)))
            seen = max(0, seen - len(texts[number]))
        return [piece for piece in pieces if piece[1]]

    def _opened(self, parts: dict[int, Part], number: int, told: Mapping[str, Any]) -> Part:
        part = parts.get(number)
        if part is not None:
            part.merge(told)
        elif parts is self.content:
            self.add_part(number, told)
        else:
            self.add_summary_part(number, told)
        return parts[number]


def delta_kind(item_type: str, part_kind: str) -> str:
    """The kind of a ``Delta`` for the text of a part."""
    if item_type == "reasoning" or part_kind in _REASONING_KINDS:
        return "reasoning"
    return "refusal" if part_kind == "refusal" else "text"


def is_placeholder(text: str) -> bool:
    """Whether a line of a summary of reasoning only stands for what the backend keeps to itself."""
    return text.strip() == _PLACEHOLDER


def _call_ids(data: Mapping[str, Any], index: int) -> dict[str, str]:
    """The ids that a call has to have, and those of backends that put two into one field.

    A call without any id gets the same one each time it is told, because requests that differ find nothing
    in the prompt cache: https://github.com/ggml-org/llama.cpp/issues/20607
    """
    for told in (data.get("call_id"), data.get("id")):
        if isinstance(told, str) and told.strip("|"):
            both = _TWO_IDS.fullmatch(told)
            if both is None:  # an id of another kind, in which `|` may tell one call from the next
                return {"call_id": told}
            return {"call_id": both[1], "id": both[2]} if both[2] else {"call_id": both[1]}
    from hashlib import sha256

    names = [data.get(field) for field in ("name", "arguments", "input")]
    # Anything but text may be nested too deeply to be written down.
    told = json.dumps([*(name if isinstance(name, str) else None for name in names), index])
    return {"call_id": f"call_{sha256(told.encode('utf-8', 'replace')).hexdigest()[:24]}"}


def _call_text(value: object) -> str:
    """The text of a call; some backends send the arguments as the object itself."""
    if isinstance(value, Mapping):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (RecursionError, TypeError, ValueError):  # too deep, or no JSON where a client decoded it
            return _UNREADABLE
    return value if isinstance(value, str) else ""
