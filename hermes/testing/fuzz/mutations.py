"""What is done to a reply: each mutation changes a list of pieces with the help of a seeded generator.

A mutation must draw everything from its generator, so that a case can be run again from its seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from hermes.testing.frames import DONE, comment, frame
from hermes.testing.fuzz.pieces import Pieces, edited, object_of
from hermes.testing.scenario import Control
from hermes.testing.wire import error as error_event

__all__ = ["HARMLESS", "MUTATIONS", "SECRET", "Tools"]

SECRET: Final = "sk-fuzz-Zq8mR2vT6yB1xW4n"  # noqa: S105  # nobody's: it is planted to be searched for
"""A key that the caller has and backends echo."""

_UNKNOWN_EVENTS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "acme.progress", "delta": "never", "text": "never", "output_index": 0, "item_id": "msg_1"},
    {"type": "response.acme.note", "item": {"type": "message", "content": "never"}, "output_index": 0},
    {"type": "response.output_text.acme.added", "annotation": {}, "output_index": 0},
    {"type": "response.acme_call.in_progress", "output_index": 7, "item_id": "acme_1"},
    {"type": "acme", "response": {"status": "acme", "output": []}},
)
_UNKNOWN_FIELDS: Final = {"acme_extra": {"text": "never", "delta": ["never"]}, "obfuscation": "xYz"}
_VENDOR_EVENTS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "codex.rate_limits", "rate_limits": {"primary": {"used_percent": 50}}},
    {"type": "codex.rate_limits", "rate_limits": None},
    {"type": "keepalive"},
    {"type": "ping"},
    {"type": "response.keep_alive"},
    {"type": "response.created", "response": {"id": "resp_2", "status": "in_progress", "output": []}},
    {"type": "response.created"},
    {"type": "response.in_progress", "response": {"id": "resp_2"}},
    {"type": "response.completed", "response": {"id": "resp_1", "status": "in_progress", "output": None}},
    {"type": "response.incomplete", "response": {"status": "incomplete", "incomplete_details": None}},
    {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "<p>\x1b[1m" + SECRET}}},
    {"type": "response.failed", "response": {"error": {"code": None, "message": None}}},
    {"type": "response.cancelled", "response": {}},
    {"type": ""},
    {"type": None},
    {},
    {"response": {"status": "completed", "output": []}},
    {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [{"delta": {"content": "never"}}]},
    {"error": {"message": f"Incorrect API key provided: {SECRET}", "code": "invalid_api_key"}},
    {"error": "<html><body>Bad Gateway</body></html>"},
    {"type": "error", "message": "Traceback (most recent call last):\x1b[31m", "code": 0},
    {"type": "error", "error": {"message": "'NoneType' object is not subscriptable"}},
    {"type": "error", "error": None},
    {"detail": [{"loc": ["body"], "msg": "<b>no</b>", "type": "value_error"}]},
)
_ODD_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    10**30,
    1.5,
    1e308,
    "",
    "text",
    "\x00",
    "\u202eevil\x1b]0;x\x07",
    "\ud800",
    "<html><head><title>502</title></head><body>Bad Gateway</body></html>",
    f"Bearer {SECRET}",
    "Traceback (most recent call last): 'NoneType' object at 0x7f",
    [],
    [None],
    [1, "a", {}],
    [[[]]],
    {},
    {"type": "output_text", "text": "odd"},
    {"message": {"message": {"message": "deep"}}},
    "x" * 3000,
)
_TERMINAL_WORDS: Final = (
    b"response.completed",
    b"response.done",
    b"response.failed",
    b"response.incomplete",
    b"response.cancelled",
)
_DAMAGE: Final = (
    b"\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\x1b[31m",
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n\r\n",
    b"data: ",
    b"data: {\n\n",
    b'"',
    b"\\",
    b"\\u0000",
    b"{",
    b"}",
    b"]",
    b"event: response.completed\n",
    b"event: error\ndata: {}\n\n",
    b"id: 1\n",
    b"retry: 1e9\n",
    b"retry: 99999999999999999999\n",
    b"<html><body>",
    b": ",
)


@dataclass(frozen=True, slots=True)
class Tools:
    """What mutations draw from.

    Attributes:
        rng: the seeded generator.
        foreign: frames of other scenarios.
    """

    rng: Random
    foreign: Sequence[bytes]


Mutation = Callable[[Tools, Pieces], None]


def _somewhere(tools: Tools, pieces: Pieces) -> int:
    return tools.rng.randrange(len(pieces))


def _between(tools: Tools, pieces: Pieces) -> int:
    return tools.rng.randint(0, len(pieces))


def _span(tools: Tools, pieces: Pieces) -> slice:
    start = _somewhere(tools, pieces)
    return slice(start, start + tools.rng.randint(1, 6))


# Frames.


def drop(tools: Tools, pieces: Pieces) -> None:
    """A frame is lost."""
    del pieces[_somewhere(tools, pieces)]


def drop_some(tools: Tools, pieces: Pieces) -> None:
    """Several frames in a row are lost."""
    del pieces[_span(tools, pieces)]


def duplicate(tools: Tools, pieces: Pieces) -> None:
    """A frame comes twice."""
    place = _somewhere(tools, pieces)
    pieces.insert(place, pieces[place])


def repeat_later(tools: Tools, pieces: Pieces) -> None:
    """A frame comes again, anywhere."""
    pieces.insert(_between(tools, pieces), pieces[_somewhere(tools, pieces)])


def repeat_some(tools: Tools, pieces: Pieces) -> None:
    """Several frames in a row come again at once."""
    span = _span(tools, pieces)
    pieces[span.stop : span.stop] = pieces[span]


def repeat_all(tools: Tools, pieces: Pieces) -> None:
    """The whole stream comes again, after its end or within it."""
    place = len(pieces) if tools.rng.random() < 0.5 else _between(tools, pieces)
    pieces[place:place] = list(pieces)


def swap(tools: Tools, pieces: Pieces) -> None:
    """Two neighbours change places."""
    place = _somewhere(tools, pieces)
    pieces[place : place + 2] = reversed(pieces[place : place + 2])


def move(tools: Tools, pieces: Pieces) -> None:
    """A frame comes at another time."""
    piece = pieces.pop(_somewhere(tools, pieces))
    pieces.insert(_between(tools, pieces), piece)


def shuffle(tools: Tools, pieces: Pieces) -> None:
    """Several frames in a row come in any order."""
    span = _span(tools, pieces)
    some = pieces[span]
    tools.rng.shuffle(some)
    pieces[span] = some


def end_early(tools: Tools, pieces: Pieces) -> None:
    """The stream ends between two frames."""
    del pieces[_between(tools, pieces) :]


def break_off(tools: Tools, pieces: Pieces) -> None:
    """The connection breaks between two frames."""
    pieces[_between(tools, pieces) :] = [tools.rng.choice((Control.CUT, Control.HOLD, Control.KEEPALIVES))]


def inject_foreign(tools: Tools, pieces: Pieces) -> None:
    """A frame of another scenario gets in."""
    pieces.insert(_between(tools, pieces), tools.rng.choice(tools.foreign))


def inject_vendor(tools: Tools, pieces: Pieces) -> None:
    """An event that only some backends know gets in, or one that nobody should send."""
    value = tools.rng.choice(_VENDOR_EVENTS)
    piece = frame(value, named=isinstance(value.get("type"), str) and tools.rng.random() < 0.5)
    pieces.insert(_between(tools, pieces), piece)


def inject_error(tools: Tools, pieces: Pieces) -> None:
    """An error event gets in."""
    code = tools.rng.choice(("server_is_overloaded", "rate_limit_exceeded", "context_length_exceeded", "x"))
    pieces.insert(_between(tools, pieces), frame(error_event(code=code, message=f"No: {SECRET} <br>\x07")))


def inject_done(tools: Tools, pieces: Pieces) -> None:
    """The sentinel of another protocol gets in."""
    pieces.insert(_between(tools, pieces), DONE)


def _terminals(pieces: Pieces) -> list[int]:
    return [
        place
        for place, piece in enumerate(pieces)
        if isinstance(piece, bytes) and any(word in piece for word in _TERMINAL_WORDS)
    ]


def drop_terminal(tools: Tools, pieces: Pieces) -> None:
    """Nothing says that the answer is whole."""
    for place in reversed(_terminals(pieces)):
        del pieces[place]


def move_terminal(tools: Tools, pieces: Pieces) -> None:
    """The end comes before what it ends."""
    places = _terminals(pieces)
    if places:
        piece = pieces.pop(places[-1])
        pieces.insert(_between(tools, pieces), piece)


def double_terminal(tools: Tools, pieces: Pieces) -> None:
    """The end comes early and again at the end."""
    places = _terminals(pieces)
    if places:
        pieces.insert(_between(tools, pieces), pieces[places[-1]])


def strip_name(tools: Tools, pieces: Pieces) -> None:
    """The ``event:`` lines are missing."""
    for place, piece in enumerate(pieces):
        if isinstance(piece, bytes) and piece.startswith(b"event:"):
            pieces[place] = piece.partition(b"\n")[2]


# Fields.


def _objects(value: object, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``value`` and every object in it."""
    if isinstance(value, dict):
        found.append(value)
        for entry in value.values():
            _objects(entry, found)
    elif isinstance(value, list):
        for entry in value:
            _objects(entry, found)
    return found


def _edit(tools: Tools, pieces: Pieces, change: Callable[[Random, dict[str, Any], str], object]) -> None:
    """Changes one field of one object, anywhere."""
    place = _somewhere(tools, pieces)

    def edit(value: dict[str, Any]) -> None:
        some = tools.rng.choice(_objects(value, []))
        if some:
            change(tools.rng, some, tools.rng.choice(list(some)))

    pieces[place] = edited(pieces[place], edit)


def null_field(tools: Tools, pieces: Pieces) -> None:
    """A field is null."""
    _edit(tools, pieces, lambda rng, value, name: value.update({name: None}))


def remove_field(tools: Tools, pieces: Pieces) -> None:
    """A field is missing."""
    _edit(tools, pieces, lambda rng, value, name: value.pop(name))


def rename_field(tools: Tools, pieces: Pieces) -> None:
    """A field has another name."""
    _edit(tools, pieces, lambda rng, value, name: value.update({name[::-1]: value.pop(name)}))


def odd_field(tools: Tools, pieces: Pieces) -> None:
    """A field is of another type, or holds what no field should."""
    _edit(tools, pieces, lambda rng, value, name: value.update({name: rng.choice(_ODD_VALUES)}))


def odd_identity(tools: Tools, pieces: Pieces) -> None:
    """An id or index is another one in some frames, or in all from some place on."""
    name = tools.rng.choice(
        ("output_index", "content_index", "summary_index", "item_id", "id", "call_id", "sequence_number")
    )
    value = tools.rng.choice((0, 1, 2, 5, -1, 10**9, None, "", "msg_9", "fc_9", "0", 1.0, [0]))
    places = [_somewhere(tools, pieces)]
    if tools.rng.random() < 0.4:
        places = list(range(places[0], len(pieces)))

    def edit(data: dict[str, Any]) -> None:
        for some in _objects(data, []):
            if name in some:
                some[name] = value

    for place in places:
        pieces[place] = edited(pieces[place], edit)


def odd_type(tools: Tools, pieces: Pieces) -> None:
    """An event is called as another one of the same stream is."""
    names = [value["type"] for piece in pieces if (value := object_of(piece)) and "type" in value]
    if names:
        place = _somewhere(tools, pieces)
        pieces[place] = edited(pieces[place], lambda value: value.update(type=tools.rng.choice(names)))


def odd_status(tools: Tools, pieces: Pieces) -> None:
    """A status says something else."""
    status = tools.rng.choice(("completed", "failed", "incomplete", "in_progress", "queued", "odd", None, 1))
    place = _somewhere(tools, pieces)

    def edit(value: dict[str, Any]) -> None:
        for some in _objects(value, []):
            if "status" in some:
                some["status"] = status

    pieces[place] = edited(pieces[place], edit)


# Bytes.


def _cut_at(tools: Tools, pieces: Pieces) -> tuple[int, bytes, int] | None:
    """A place within the bytes: which piece, the piece, and how far into it."""
    place = _somewhere(tools, pieces)
    piece = pieces[place]
    if not isinstance(piece, bytes) or not piece:
        return None
    return place, piece, tools.rng.randrange(len(piece))


def cut(tools: Tools, pieces: Pieces) -> None:
    """The body ends anywhere, cleanly or not."""
    found = _cut_at(tools, pieces)
    if found is not None:
        place, piece, at = found
        pieces[place:] = [piece[:at], Control.CUT] if tools.rng.random() < 0.5 else [piece[:at]]


def flip(tools: Tools, pieces: Pieces) -> None:
    """A bit is another one."""
    found = _cut_at(tools, pieces)
    if found is not None:
        place, piece, at = found
        pieces[place] = piece[:at] + bytes([piece[at] ^ 1 << tools.rng.randrange(8)]) + piece[at + 1 :]


def delete_bytes(tools: Tools, pieces: Pieces) -> None:
    """Some bytes are lost."""
    found = _cut_at(tools, pieces)
    if found is not None:
        place, piece, at = found
        pieces[place] = piece[:at] + piece[at + tools.rng.choice((1, 1, 2, 3, 10, 50)) :]


def damage(tools: Tools, pieces: Pieces) -> None:
    """Bytes get in that do not belong there."""
    found = _cut_at(tools, pieces)
    if found is not None:
        place, piece, at = found
        pieces[place] = piece[:at] + tools.rng.choice(_DAMAGE) + piece[at:]


def repeat_bytes(tools: Tools, pieces: Pieces) -> None:
    """Some bytes come twice."""
    found = _cut_at(tools, pieces)
    if found is not None:
        place, piece, at = found
        pieces[place] = piece[:at] + piece[max(0, at - tools.rng.choice((1, 5, 40))) :]


def other_newlines(tools: Tools, pieces: Pieces) -> None:
    """Lines end otherwise, in all frames or in one."""
    newline = tools.rng.choice((b"\r\n", b"\r", b"\n\n"))
    places = range(len(pieces)) if tools.rng.random() < 0.5 else [_somewhere(tools, pieces)]
    for place in places:
        piece = pieces[place]
        if isinstance(piece, bytes):
            pieces[place] = piece.replace(b"\r\n", b"\n").replace(b"\n", newline)


def before_all(tools: Tools, pieces: Pieces) -> None:
    """Something stands before the first frame."""
    starts = (
        b"\xef\xbb\xbf",
        b"\n\n",
        b" ",
        b"\r\n",
        b"\xef\xbb",
        b":\n\n",
        b"\x00",
        b"<",
        b"{",
        b"\x1f\x8b",
    )
    pieces.insert(0, tools.rng.choice(starts))


MUTATIONS: Final[tuple[tuple[Mutation, int], ...]] = (
    (drop, 4),
    (drop_some, 3),
    (duplicate, 4),
    (repeat_later, 3),
    (repeat_some, 3),
    (repeat_all, 1),
    (swap, 3),
    (move, 3),
    (shuffle, 2),
    (end_early, 3),
    (break_off, 3),
    (inject_foreign, 4),
    (inject_vendor, 4),
    (inject_error, 1),
    (inject_done, 1),
    (drop_terminal, 3),
    (move_terminal, 2),
    (double_terminal, 2),
    (strip_name, 1),
    (null_field, 3),
    (remove_field, 3),
    (rename_field, 2),
    (odd_field, 6),
    (odd_identity, 4),
    (odd_type, 3),
    (odd_status, 3),
    (cut, 3),
    (flip, 3),
    (delete_bytes, 3),
    (damage, 4),
    (repeat_bytes, 2),
    (other_newlines, 1),
    (before_all, 1),
)
"""Every mutation, and how often it is chosen."""


# What must change nothing.


def _gaps(pieces: Pieces) -> list[int]:
    """The places between whole frames after the handshake; none where there is no handshake."""
    gaps: list[int] = []
    created = False
    for place, piece in enumerate(pieces, 1):
        value = object_of(piece)
        created = created or (value is not None and value.get("type") == "response.created")
        if created and isinstance(piece, bytes) and piece.endswith((b"\n\n", b"\r\r", b"\r\n\r\n")):
            gaps.append(place)
    return gaps


def _add(tools: Tools, pieces: Pieces, make: Callable[[], bytes]) -> None:
    for _ in range(tools.rng.randint(1, 3)):
        gaps = _gaps(pieces)
        if gaps:
            pieces.insert(tools.rng.choice(gaps), make())


def add_unknown_events(tools: Tools, pieces: Pieces) -> None:
    """Events that nobody knows, after the handshake."""
    rng = tools.rng
    _add(tools, pieces, lambda: frame(dict(rng.choice(_UNKNOWN_EVENTS)), named=rng.random() < 0.5))


def add_unknown_fields(tools: Tools, pieces: Pieces) -> None:
    """Fields that nobody knows, the same in every frame."""
    for place, piece in enumerate(pieces):
        pieces[place] = edited(piece, lambda value: value.update(_UNKNOWN_FIELDS))


def add_comments(tools: Tools, pieces: Pieces) -> None:
    """Comments between the frames of a stream."""
    _add(tools, pieces, lambda: comment(tools.rng.choice(("keepalive", "", "data: {}"))))


HARMLESS: Final[tuple[Mutation, ...]] = (add_unknown_events, add_unknown_fields, add_comments)
"""What may be added to any stream and changes nothing of the result."""
