"""How text reads that is no answer: the known sentences, error bodies, and calls of tools in words.

Everything here is asked with the beginning of a text, of bounded length, as well as with all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from itertools import product
from typing import Any, Final

__all__ = ["Reading", "error_in", "is_call", "read_start"]

# Only whole sentences that a backend is known to send in the place of an answer.
_SENTENCES: Final = {
    # https://github.com/decolua/9router/pull/3315
    "Our servers are currently overloaded. Please try again later.": "server_is_overloaded",
}

# The notation of https://github.com/openai/harmony, with what is known to be lost or added around it.
_CALL_STARTS: Final = tuple(
    f"{''.join(before)}to=functions."
    for before in product(
        ("", "<|start|>"), ("", "assistant"), ("", "<|channel|>"), ("", "commentary", "analysis"), ("", " ")
    )
)
_CALL_HEAD: Final = re.compile(
    r"\s*(?:<\|start\|>)?(?:assistant)?(?:<\|channel\|>)?(?:commentary|analysis)?\s?"
    r"to=functions\.[\w.-]{1,128}(?P<between>(?:<\|[a-z_]{1,20}\|>|\s|json|code|[^\x00-\x7f]){0,80})"
)
_LONGEST_CALL_HEAD: Final = 320

_JSON_STARTS: Final = ('{"error":{', '{"type":"error","error":{')
_PAGE_STARTS: Final = ("<!doctypehtml", "<html")
_TITLE: Final = re.compile(r"<title[^<>]{0,80}>([^<]{0,200})</title>", re.IGNORECASE)
# The titles of the pages of common gateways; some put the name of the host first.
_STATUS_TITLE: Final = re.compile(
    r"\s*(?:[\w.-]{1,100} \| )?(?P<status>[45]\d\d):? (?:bad gateway|service (?:temporarily )?unavailable"
    r"|gateway time-?out|web server is down|internal server error|too many requests|forbidden|not found)\s*",
    re.IGNORECASE,
)
_TITLE_WITHIN: Final = 1024


class Reading(Enum):
    """What the beginning of a text says about the whole."""

    ANSWER = "answer"
    """It is an answer."""
    OPEN = "open"
    """It may be either."""
    CALL = "call"
    """It is a call of a tool in words."""


def read_start(text: str, *, errors: bool) -> Reading:
    """Reads the beginning of a text.

    Args:
        text: the text so far.
        errors: whether it may be an error. Otherwise only a call is looked for.
    """
    start = text.lstrip()
    if not start:
        return Reading.OPEN
    if any(start.startswith(known) or known.startswith(start) for known in _CALL_STARTS):
        if _is_call_with_payload(start):
            return Reading.CALL
        return Reading.OPEN if len(start) < _LONGEST_CALL_HEAD else Reading.ANSWER
    if errors and (_may_be_sentence(start) or _may_be_json(start) or _may_be_page(start)):
        return Reading.OPEN
    return Reading.ANSWER


def is_call(text: str) -> bool:
    """Whether a whole text is a call of a tool in words."""
    head = _CALL_HEAD.match(text)
    return head is not None and (not text[head.end() :].strip() or _is_call_with_payload(text))


def error_in(text: str) -> dict[str, Any] | None:
    """The error that a whole text is, as the fields of an ``error`` event; None where it is none."""
    text = text.strip()
    for sentence, code in _SENTENCES.items():
        if text in (sentence, sentence * 2):
            return {"error": {"code": code, "message": sentence}}
    return _json_error(text) or _page_error(text)


def _is_call_with_payload(text: str) -> bool:
    head = _CALL_HEAD.match(text)
    return head is not None and (text[head.end() : head.end() + 1] == "{" or "<|message|>" in head["between"])


def _may_be_sentence(start: str) -> bool:
    start = start.rstrip()
    # Some gateways send it twice: https://github.com/smallmain/vscode-unify-chat-provider/pull/321
    return any((sentence * 2).startswith(start) for sentence in _SENTENCES)


def _may_be_json(start: str) -> bool:
    return start[0] == "{" and _begins_alike("".join(start[:80].split()), _JSON_STARTS)


def _may_be_page(start: str) -> bool:
    if start[0] != "<" or not _begins_alike("".join(start[:80].lower().split()), _PAGE_STARTS):
        return False
    title = _TITLE.search(start)
    return len(start) < _TITLE_WITHIN if title is None else _STATUS_TITLE.fullmatch(title[1]) is not None


def _begins_alike(start: str, known: tuple[str, ...]) -> bool:
    return any(start.startswith(one) or one.startswith(start) for one in known)


def _json_error(text: str) -> dict[str, Any] | None:
    if not _may_be_json(text or " "):
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, Mapping) or not isinstance(error.get("message"), str):
        return None
    return told if error.get("code") or error.get("type") else None


def _page_error(text: str) -> dict[str, Any] | None:
    """The HTTP status in the title of a gateway's error page."""
    if not text.lower().endswith("</html>") or not _may_be_page(text):
        return None
    title = _TITLE.search(text)
    status = _STATUS_TITLE.fullmatch(title[1]) if title is not None else None
    if status is None:
        return None
    return {"status": int(status["status"]), "error": {"message": status[0].strip()}}
