"""Makes a failing case smaller for as long as it fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from hermes.testing.fuzz.cases import Case
from hermes.testing.fuzz.pieces import edited, object_of, pieces_of, reply_of
from hermes.testing.scenario import Reply, Step

__all__ = ["shrink"]

_T = TypeVar("_T")

_MOST_TRIES: Final = 2000
_PLAIN_HEADERS: Final = (("content-type", "text/event-stream"),)


def shrink(case: Case, fails: Callable[[Case], bool], *, tries: int = _MOST_TRIES) -> Case:
    """The smallest case that is found: fewer replies, then frames, then fields, then bytes.

    Args:
        case: fails.
        fails: whether a case fails in the same way.
        tries: how many cases are tried at the most.
    """
    left = tries
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(case):
            if left <= 0:
                return case
            left -= 1
            if fails(candidate):
                case, smaller = candidate, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Cases that are a step smaller, the largest steps first."""
    yield from _ways(case)
    yield from _fewer_replies(case)
    if case.plain:
        yield from _fewer_common_pieces(case)
        return
    scenario = case.scenario
    for streams in _smaller_replies(scenario.streams):
        yield replace(case, scenario=replace(scenario, streams=streams))
    for others in _smaller_replies(scenario.non_streams):
        yield replace(case, scenario=replace(scenario, non_streams=others))


def _ways(case: Case) -> Iterator[Case]:
    simplest: tuple[dict[str, Any], ...] = (
        {"chunks": 0},
        {"decoded": False},
        {"restart": False},
        {"retractable": True},
        {"live": False},
        {"plugins": ()},
        {"plugins": ("lenient",)} if case.way.plugins else {},
    )
    for simple in simplest:
        way = replace(case.way, **simple)
        if way != case.way:
            yield replace(case, way=way)


def _fewer_replies(case: Case) -> Iterator[Case]:
    scenario = case.scenario
    if scenario.refusals:
        yield replace(case, scenario=replace(scenario, refusals=()))
    if scenario.request:
        yield replace(case, scenario=replace(scenario, request={}))
    if not case.plain:
        for streams in _one_less(scenario.streams):
            yield replace(case, scenario=replace(scenario, streams=streams))
    for others in _one_less(scenario.non_streams):
        yield replace(case, scenario=replace(scenario, non_streams=others))


def _one_less(replies: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    if len(replies) > 1:
        for place in range(len(replies)):
            yield (*replies[:place], *replies[place + 1 :])


def _fewer_common_pieces(case: Case) -> Iterator[Case]:
    """Without a frame that stands both in the plain replies and in the changed ones."""
    for number, (plain, changed) in enumerate(zip(case.plain, case.scenario.streams, strict=True)):
        before, after = pieces_of(plain), pieces_of(changed)
        for place, piece in enumerate(before):
            if piece in after:
                other = after.index(piece)
                streams, plains = list(case.scenario.streams), list(case.plain)
                plains[number] = reply_of(plain, [*before[:place], *before[place + 1 :]])
                streams[number] = reply_of(changed, [*after[:other], *after[other + 1 :]])
                scenario = replace(case.scenario, streams=tuple(streams))
                yield replace(case, scenario=scenario, plain=tuple(plains))


def _smaller_replies(replies: tuple[Reply, ...]) -> Iterator[tuple[Reply, ...]]:
    for place, reply in enumerate(replies):
        for smaller in _smaller_reply(reply):
            yield (*replies[:place], smaller, *replies[place + 1 :])


def _smaller_reply(reply: Reply) -> Iterator[Reply]:
    if reply.headers not in (_PLAIN_HEADERS, ()):
        yield replace(reply, headers=_PLAIN_HEADERS)
    pieces = pieces_of(reply)
    for fewer in _without_spans(pieces):
        yield reply_of(reply, fewer)
    for place, piece in enumerate(pieces):
        for smaller in _smaller_piece(piece):
            yield reply_of(reply, [*pieces[:place], smaller, *pieces[place + 1 :]])


def _without_spans(sequence: Sequence[_T]) -> Iterator[list[_T]]:
    """The sequence without a half of it, without a quarter, and so on down to a single entry."""
    size = max(1, len(sequence) // 2)
    while sequence:
        for start in range(0, len(sequence), size):
            yield [*sequence[:start], *sequence[start + size :]]
        if size == 1:
            return
        size //= 2


def _smaller_piece(piece: Step) -> Iterator[Step]:
    if not isinstance(piece, bytes):
        return
    value = object_of(piece)
    if value is None:
        for fewer in _without_spans(piece):
            yield bytes(fewer)
        return
    if piece.startswith(b"event:"):
        yield piece.partition(b"\n")[2]
    for path in list(_paths(value)):
        yield edited(piece, lambda found, path=path: _remove(found, path))  # type: ignore[misc]


def _paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in an object that may be left out."""
    names: Sequence[Any] = ()
    if isinstance(value, dict):
        names = list(value)
    elif isinstance(value, list):
        names = range(len(value))
    for name in names:
        yield (*path, name)
        yield from _paths(value[name], (*path, name))  # type: ignore[index]


def _remove(value: Any, path: tuple[Any, ...]) -> None:
    for name in path[:-1]:
        value = value[name]
    del value[path[-1]]
