"""Which request parameter a backend refuses, told in a field or in words only.

The path is the backend's own: ``temperature``, ``input[1].summary``, ``reasoning.effort``.
"""

from __future__ import annotations

import re
from typing import Final

from hermes.providers.adapters.error_words import NO_WORDS, SCHEMA_WORDS
from hermes.providers.contract import ErrorDetail

__all__ = ["PATH_OF_ITEM_ID", "parameter_in_words", "refused_parameter"]

PATH_OF_ITEM_ID: Final = re.compile(r"input(?:\[\d*\]|\.\d+)?\.id")
"""The path of the id of an input item."""

_LONGEST: Final = 200
_SEARCHED: Final = 2000
_NOT_TOLD: Final = NO_WORDS | {"", "body"}

_PATH: Final = r"(?P<path>[A-Za-z_]\w*(?:\.\w+|\[\w*\])*)"
_QUOTE: Final = r"['\"`“]"
_OPEN: Final = r"(?::[\s'\"`“(\[{]*|\s+['\"`“])"

_SENTENCES: Final = tuple(
    re.compile(pattern.replace("PATH", _PATH).replace("QUOTE", _QUOTE).replace("OPEN", _OPEN), re.IGNORECASE)
    for pattern in (
        # Unsupported parameter: 'temperature' is not supported with this model.
        # Missing required parameter: 'input[1].summary'.
        (
            r"\b(?:unsupported|unknown|unrecogni[sz]ed|unexpected|invalid|missing(?: required)?)"
            r" (?:parameter|field|property|key)(?:s|\(s\))?OPENPATH"
        ),
        # Unrecognized request argument supplied: safety_identifier
        r"\bunrecogni[sz]ed request arguments?(?: supplied)?OPENPATH",
        # Unsupported value: 'temperature' does not support 0.2 with this model. Other values are no names.
        r"\bunsupported value:? QUOTEPATHQUOTE does not support",
        # openrouter does not support parameters: {'reasoning_effort': 'low'}
        r"\bdo(?:es)? not support (?:the )?parameters?(?:OPEN|\s+)PATH",
        # Invalid 'input[2].id': string too long.
        r"\binvalid QUOTEPATHQUOTE",
        # Invalid type for 'input[0].output': expected a string
        r"\binvalid (?:type|value) (?:for|of) QUOTEPATHQUOTE",
        # Parameter 'top_p' is not supported; property 'x' is unsupported
        r"\b(?:parameter|field|argument|property)s? QUOTE?PATHQUOTE? (?:is|are) (?:not |un)",
        # The following parameters are not supported: top_p; Argument not supported on this model: top_p
        (
            r"\b(?:parameter|argument|option)s? (?:(?:is|are) )?not (?:supported|allowed|permitted)"
            r"[^:\n]{0,60}OPENPATH"
        ),
        # 'top_p' is not supported
        r"QUOTEPATHQUOTE (?:is|are) (?:not (?:supported|permitted|allowed)|unsupported)",
        # create() got an unexpected keyword argument 'reasoning'
        r"\bunexpected keyword argument QUOTEPATH",
        # Additional properties are not allowed ('foo' was unexpected)
        r"QUOTEPATHQUOTE was unexpected",
        # body.temperature: Extra inputs are not permitted
        r"(?:^|\s)(?:body\.)?PATH: (?:extra inputs are not permitted|field required)",
        # {'type': 'extra_forbidden', 'loc': ('body', 'top_p'), ...
        r"QUOTElocQUOTE: ?[(\[]QUOTEbodyQUOTE, ?QUOTEPATHQUOTE",
        # messages[1].role: unknown variant `developer`, expected one of `system`
        r"(?:^|\s)PATH: (?:unknown variant|invalid type|invalid value|missing field)\b",
        # unknown field `strict`, expected one of `name`
        r"\b(?:unknown|missing) field QUOTEPATHQUOTE",
        # Instructions are required; Store must be set to false; Input must be a list
        r"^QUOTE?PATHQUOTE? (?:(?:is|are) required\b|must be (?:a|an|set) )",
    )
)
_SUMMARIES: Final = re.compile(r"\bverified to generate reasoning.summar", re.IGNORECASE)
_TO_STREAM: Final = re.compile(r"\bverified to stream\b", re.IGNORECASE)


def refused_parameter(detail: ErrorDetail) -> str:
    """The path of the parameter that is to blame; empty where the backend names none."""
    told = detail.param[:_LONGEST]
    return parameter_in_words(detail.message) if told.lower() in _NOT_TOLD else told


def parameter_in_words(message: str) -> str:
    """The same, where only the words of an error may tell it."""
    message = message[:_SEARCHED]
    if SCHEMA_WORDS.search(message):
        return ""  # what it quotes are the words of the schema
    if _SUMMARIES.search(message):
        return "reasoning.summary"
    if _TO_STREAM.search(message):
        return "stream"
    for sentence in _SENTENCES:
        told = sentence.search(message)
        if told is not None and told["path"].lower() not in _NOT_TOLD:
            path = told["path"].removeprefix("body.")[:_LONGEST]
            return path.lower() if path.istitle() else path
    return ""
