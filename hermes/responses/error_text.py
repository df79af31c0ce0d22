"""What hides in the words of an error: JSON, Python's way to print it, and an HTTP status.

Gateways put the whole error of the backend behind them into their own message, some as JSON, some as JSON
that is escaped once more, and those written in Python as the text of a dict:
https://github.com/james-6-23/codex2api/issues/414
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

__all__ = ["LONGEST_TEXT", "json_inside", "json_prefix", "status_inside", "unquoted"]

LONGEST_TEXT: Final = 64 * 1024
"""Longer texts are cut: nobody reads them, and looking for something in them takes time."""
_LONGEST_REPR: Final = 4096
_MOST_STARTS: Final = 4

_START: Final = re.compile(r"""(?:\[\s{0,99})?\{\s{0,99}\\{0,3}["']""")
_STATUS: Final = re.compile(
    r"\b(?:status(?:[ _]code)?|error code|http)\s{0,3}[:=(]?\s{0,3}([45]\d\d)\b", re.IGNORECASE
)
_REPR_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\b(?:None|True|False)\b|\(|,?\s{0,9}\)""",
    re.DOTALL,
)
_REPR_ESCAPE: Final = re.compile(r"\\(?:x(?P<hex>[0-9a-fA-F]{2})|.)", re.DOTALL)
_JSON_WORDS: Final = {"None": "null", "True": "true", "False": "false", "(": "["}

_decoder: Final = json.JSONDecoder(strict=False)


def json_prefix(text: str) -> Mapping[str, Any] | list[Any] | None:
    """The JSON object or list at the start of ``text``, whatever comes after it; None where there is none."""
    if text[:1] not in ("{", "["):
        return None
    try:
        value, _ = _decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def unquoted(text: str) -> str:
    """The text that a JSON string holds; ``text`` itself where it is none."""
    if text[:1] == '"':
        with contextlib.suppress(ValueError):
            value, end = _decoder.raw_decode(text)
            return value.strip() if isinstance(value, str) and end == len(text) else text
    return text


def json_inside(text: str) -> Iterator[Mapping[str, Any] | list[Any]]:
    """What is JSON within ``text``, from the first object on; only a few places are tried."""
    text = text[:LONGEST_TEXT]
    for start in islice(_START.finditer(text), _MOST_STARTS):
        value = _value_at(text[start.start() :], start[0])
        if value is not None:
            yield value


def _value_at(rest: str, start: str) -> Mapping[str, Any] | list[Any] | None:
    if "\\" in start:
        return json_prefix(_unescaped(rest))
    value = json_prefix(rest)
    if value is None and start.endswith("'"):
        value = json_prefix(_json_of_repr(rest[:_LONGEST_REPR]))
    return value


def _unescaped(text: str) -> str:
    """JSON that was made the text of JSON once more."""
    try:
        value, _ = _decoder.raw_decode(f'"{text}')
    except ValueError:
        return re.sub(r'\\(["\\])', r"\1", text)  # the quotes around it are lost
    return value if isinstance(value, str) else ""


def _json_of_repr(text: str) -> str:
    """``{'a': None, 'b': ('c', True)}`` as JSON."""
    return _REPR_TOKEN.sub(_json_of_token, text)


def _json_of_token(token: re.Match[str]) -> str:
    told: str | None = token["text"]
    if told is None:
        return _JSON_WORDS.get(token[0], "]")  # a tuple of one ends with `,)`
    inner = told[1:-1]
    if told[0] == "'":
        inner = inner.replace(r"\"", '"').replace('"', r"\"")
    return f'"{_REPR_ESCAPE.sub(_json_of_escape, inner)}"'


def _json_of_escape(escape: re.Match[str]) -> str:
    if escape["hex"]:
        return rf"\u00{escape['hex']}"
    return "'" if escape[0] == r"\'" else escape[0]


def status_inside(text: str) -> int | None:
    """The HTTP status of another server that ``text`` names, as in ``upstream error (status 400)``."""
    found = _STATUS.search(text[:500])
    return int(found[1]) if found else None
