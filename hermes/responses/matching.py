"""Which items of a stream the entries of the terminal output are."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from hermes.responses.builders import ItemBuilder
from hermes.responses.items import CALL_TYPES

__all__ = ["matched_items"]

_ANY: Final = None


def matched_items(
    entries: Sequence[Mapping[str, Any]], items: Sequence[ItemBuilder]
) -> dict[int, ItemBuilder]:
    """By the place of an entry of the terminal output, the item that it is: by id, or else in order.

    Ids come first, but they change within one stream on some backends, and the output may leave items out:
    https://github.com/sgl-project/sglang/issues/12652

    Args:
        entries: the terminal output.
        items: the items of the stream in their order. The time taken grows with the number of both, not
            with its square: a server decides on how many there are.
    """
    matched: dict[int, ItemBuilder] = {}
    taken: set[int] = set()
    for tell, ask in ((_ids_of, _ids_for), (_kinds_of, _kinds_for), (_calls_of, _calls_for)):
        queues: dict[Hashable, deque[tuple[int, ItemBuilder]]] = {}
        for number, item in enumerate(items):
            if number not in taken:
                for key in tell(item):
                    queues.setdefault(key, deque()).append((number, item))
        if not queues:
            continue
        for place, data in enumerate(entries):
            if place in matched:
                continue
            first = _first(queues, ask(data), taken)
            if first is not None:
                taken.add(first[0])
                matched[place] = first[1]
    return matched


def _first(
    queues: Mapping[Hashable, deque[tuple[int, ItemBuilder]]], keys: Iterable[Hashable], taken: set[int]
) -> tuple[int, ItemBuilder] | None:
    """The first item under any of the keys that is not taken yet."""
    first: tuple[int, ItemBuilder] | None = None
    for key in keys:
        queue = queues.get(key)
        while queue and queue[0][0] in taken:
            queue.popleft()
        if queue and (first is None or queue[0][0] < first[0]):
            first = queue[0]
    return first


def _kinds_of(item: ItemBuilder) -> Iterator[Hashable]:
    """The keys of an item: its type and call id, either of which an entry may leave out."""
    call_id = _word(item.data.get("call_id"))
    for kind in (item.type, _ANY):
        yield kind, call_id
        yield kind, _ANY


def _kinds_for(data: Mapping[str, Any]) -> Iterator[Hashable]:
    """The keys of items that an entry may be: of its type, and no other call. Either may not be known."""
    told, call_id = data.get("type"), _word(data.get("call_id"))
    for kind in {told, ""} if isinstance(told, str) else {_ANY}:
        for call in {call_id, ""} if call_id else {_ANY}:
            yield kind, call


def _ids_of(item: ItemBuilder) -> Iterator[Hashable]:
    told = _word(item.data.get("id"))
    return ((told, key) for key in _kinds_of(item)) if told else iter(())


def _ids_for(data: Mapping[str, Any]) -> Iterator[Hashable]:
    told = _word(data.get("id"))
    return ((told, key) for key in _kinds_for(data)) if told else iter(())


def _calls_of(item: ItemBuilder) -> Iterator[Hashable]:
    """The key of a call under ids of any kind.

    Some gateways invent ids while they stream: https://github.com/rbb-dev/Open-WebUI-OpenRouter-pipe/pull/54
    """
    if item.type in CALL_TYPES:
        yield item.type, _word(item.data.get("name")), item.arguments.value()


def _calls_for(data: Mapping[str, Any]) -> Iterator[Hashable]:
    if data.get("type") in CALL_TYPES:
        told = ItemBuilder(0, data)
        yield told.type, _word(data.get("name")), told.told_arguments()


def _word(value: object) -> str:
    """An id or a name; anything but a text is none."""
    return value if isinstance(value, str) else ""
