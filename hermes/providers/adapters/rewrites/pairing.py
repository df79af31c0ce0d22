"""Calls of tools and their outputs: each call has exactly one output behind it."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import Any, Final

from hermes.providers.adapters.rewrites.entries import Json, entries, plain, with_entries
from hermes.providers.contract import Request

__all__ = ["Paired", "paired", "stands_alone", "with_outputs_adjacent"]

_OUTPUT_OF: Final = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "local_shell_call": "local_shell_call_output",
    "shell_call": "shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
    "computer_call": "computer_call_output",
}
_SHELL_CALL: Final = "local_shell_call"
_CALL_OF: Final = {output: call for call, output in _OUTPUT_OF.items()}
_WITH_TEXT: Final = ("function_call", "custom_tool_call")
_ABORTED: Final = "[aborted: this call was interrupted and has no output]"
_LONGEST_ID: Final = 64


@dataclass(slots=True, eq=False)
class _Call:
    """A call and what becomes of it."""

    entry: Any
    item: Json
    new_id: str
    output: Any = None
    in_place: bool = False


def stands_alone(request: Request) -> bool:
    """Whether the input is a whole conversation: it can be read without what a backend stored before."""
    items = [plain(entry) for entry in entries(request, "input")]
    answers = any(
        item.get("role") == "assistant" or item.get("type") in ("reasoning", *_OUTPUT_OF) for item in items
    )
    return answers and not _has_orphans(items)


def _has_orphans(items: list[Json]) -> bool:
    """Whether there is an output without its call before it."""
    called: set[tuple[str, str]] = set()
    for item in items:
        kind = str(item.get("type", ""))
        if kind in _OUTPUT_OF:
            called.add((kind, _id(item)))
        elif kind in _CALL_OF and (_CALL_OF[kind], _id(item)) not in called:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Paired:
    """A request with its pairs whole, and what that took.

    Attributes:
        request: the request; the same one where its pairs were whole.
        left_out: the types of the items that are left out.
        aborted: how many calls got an output that says that they have none.
    """

    request: Request
    left_out: tuple[str, ...] = ()
    aborted: int = 0


def paired(request: Request) -> Paired:
    """The request with exactly one output behind each call.

    An output without a call goes, and so do a second output and a call that is written twice. A call without
    an output gets one that says so. Ids that come again are renamed, always alike. What may answer a call
    that the backend stored is left alone.
    """
    old = entries(request, "input")
    if not any(plain(entry).get("type") in (*_OUTPUT_OF, *_CALL_OF) for entry in old):
        return Paired(request)
    stored = request.get("previous_response_id") or request.get("conversation") or _has_references(old)
    pairing = _Pairing(old)
    new = with_entries(request, "input", pairing.paired(keep_orphans=bool(stored)))
    return Paired(new, tuple(pairing.left_out), pairing.aborted)


def with_outputs_adjacent(request: Request) -> Request:
    """The request with the outputs of each group of calls directly behind it, whatever was said in between.

    Chat APIs take them in no other place: https://platform.openai.com/docs/guides/function-calling?api-mode=chat
    """
    old = entries(request, "input")
    items = [plain(entry) for entry in old]
    group_of: dict[tuple[str, str], int] = {}
    outputs: dict[int, list[Any]] = defaultdict(list)
    ends: dict[int, int] = {}
    moved: set[int] = set()
    group = 0
    for place, item in enumerate(items):
        kind = str(item.get("type", ""))
        if kind in _OUTPUT_OF:
            group_of[_OUTPUT_OF[kind], _id(item)] = group
            ends[group] = place
        elif kind in _CALL_OF and (kind, _id(item)) in group_of:
            home = group_of[kind, _id(item)]
            outputs[home].append(old[place])
            moved.add(place)
            group = max(group, home + 1)
        elif kind != "reasoning":
            group += 1
    after = {place: outputs[group] for group, place in ends.items()}
    kept = [[entry] if place not in moved else [] for place, entry in enumerate(old)]
    return with_entries(
        request, "input", [entry for place, own in enumerate(kept) for entry in (*own, *after.get(place, ()))]
    )


def _has_references(items: tuple[Any, ...]) -> bool:
    return any(plain(entry).get("type") == "item_reference" for entry in items)


class _Pairing:
    """The pairs of one input."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self._items = items
        self._calls: dict[int, _Call] = {}
        self._call_of_output: dict[int, _Call] = {}
        self._orphans: dict[int, tuple[str, str]] = {}
        self._renames: Counter[str] = Counter()
        self._taken = {_id(plain(entry)) for entry in items} - {""}
        self._moved: set[int] = set()
        self._shells = {
            str(item.get("id")): _id(item) for item in map(plain, items) if item.get("type") == _SHELL_CALL
        }
        self.left_out: list[str] = []
        self.aborted = 0
        self._find()

    def _find(self) -> None:
        waiting: dict[tuple[str, str], deque[_Call]] = {}
        early: dict[tuple[str, str], deque[int]] = defaultdict(deque)
        seen: set[str] = set()
        for place, entry in enumerate(self._items):
            item = plain(entry)
            kind, call_id = str(item.get("type", "")), self._id(item)
            if kind in _OUTPUT_OF:
                again = not call_id or call_id in seen
                seen.add(call_id)
                call = _Call(entry, item, self._fresh(call_id) if again else call_id)
                self._calls[place] = call
                waiting.setdefault((kind, call_id), deque()).append(call)
            elif kind in _CALL_OF:
                key = (_CALL_OF[kind], call_id)
                if waiting.get(key):
                    call = waiting[key].popleft()
                    call.output, call.in_place = entry, True
                    self._call_of_output[place] = call
                else:
                    self._orphans[place] = key
                    if key not in waiting:
                        early[key].append(place)
        for (kind, call_id), calls in waiting.items():
            # An output that came before its call is that call's all the same.
            for call, place in zip(calls, early[kind, call_id], strict=False):
                call.output = self._items[place]
                self._moved.add(place)
        self._drop_repeated_calls()

    def _drop_repeated_calls(self) -> None:
        """A call without an output that is another one once more was written twice."""
        known = {_words(call) for call in self._calls.values() if call.output is not None}
        for place, call in list(self._calls.items()):
            if call.output is None and _id(call.item):
                if _words(call) in known:
                    del self._calls[place]
                known.add(_words(call))

    def _fresh(self, call_id: str) -> str:
        stem = (call_id or "call")[: _LONGEST_ID - 12]
        while True:
            self._renames[stem] += 1
            name = f"{stem}_dup{self._renames[stem]}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def paired(self, *, keep_orphans: bool) -> list[Any]:
        """The input with its pairs whole."""
        result: list[Any] = []
        late: list[Any] = []  # outputs that follow the group of calls that is being written
        for place, entry in enumerate(self._items):
            kind = str(plain(entry).get("type", ""))
            if late and kind not in _OUTPUT_OF and kind not in _CALL_OF and kind != "reasoning":
                result += late
                late = []
            if kind in _OUTPUT_OF:
                result += self._written_call(place, late)
            elif kind in _CALL_OF:
                call = self._call_of_output.get(place)
                if call is not None:
                    result.append(_renamed(entry, call))
                elif keep_orphans and not self._was_called(place):
                    result.append(entry)
                elif place not in self._moved:
                    self.left_out.append(kind)
            else:
                result.append(entry)
        return result + late

    def _written_call(self, place: int, late: list[Any]) -> list[Any]:
        call = self._calls.get(place)
        kind = str(plain(self._items[place])["type"])
        if call is None or (call.output is None and kind not in _WITH_TEXT):
            self.left_out.append(kind)  # written twice, or its output is no text that could be made up
            return []
        if call.output is None:
            self.aborted += 1
            late.append({"type": _OUTPUT_OF[kind], "call_id": call.new_id, "output": _ABORTED})
        elif not call.in_place:
            late.append(_renamed(call.output, call))
        return [_renamed(call.entry, call)]

    def _was_called(self, place: int) -> bool:
        kind, call_id = self._orphans[place]
        return any(
            plain(entry).get("type") == kind and self._id(plain(entry)) == call_id for entry in self._items
        )

    def _id(self, item: Json) -> str:
        """The id that links a call and its output; the output of a local shell may name the call's item."""
        call_id = _id(item)
        return self._shells.get(call_id, call_id) if item.get("type") == _OUTPUT_OF[_SHELL_CALL] else call_id


def _words(call: _Call) -> tuple[str, ...]:
    """What tells a call from another one."""
    return tuple(
        str(call.item.get(key)) for key in ("type", "call_id", "name", "arguments", "input", "action")
    )


def _renamed(entry: Any, call: _Call) -> Any:
    """A call or its output under the call's new id."""
    if call.new_id == _id(call.item):
        return entry
    item = plain(entry)
    return {**item, _key(item): call.new_id}


def _id(item: Json) -> str:
    call_id = item.get(_key(item))
    return call_id if isinstance(call_id, str) else ""


def _key(item: Json) -> str:
    """Where an item says which call it belongs to; the output of a local shell has ``id`` for it.

    https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
    """
    has_no_other = item.get("type") == _OUTPUT_OF[_SHELL_CALL] and not item.get("call_id")
    return "id" if has_no_other else "call_id"
