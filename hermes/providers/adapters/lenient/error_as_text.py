"""An error of the backend that comes as the text of a good answer.

Gateways send it so under HTTP 200, in a stream that looks good: https://github.com/decolua/9router/pull/3315,
https://github.com/livekit/agents-js/issues/1632
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hermes.providers.adapters.lenient.shapes import is_message, mapping, output_of
from hermes.providers.adapters.lenient.wordings import error_in
from hermes.providers.contract import Event

__all__ = ["LONGEST", "error_of"]

LONGEST: Final = 4096
"""How many characters of text are looked at; whole error pages are shorter."""
_MOST_CHARACTERS_A_TOKEN: Final = 8
"""On average over a text, which is four for English: https://platform.openai.com/tokenizer"""


def error_of(text: str, response: Mapping[str, Any]) -> Event | None:
    """The ``error`` event that the answer should have been; None where it is one.

    Args:
        text: all text of the answer.
        response: what the terminal event tells of the response; empty where none came.
    """
    if len(text) > LONGEST or not all(map(is_message, output_of(response))) or _was_written(text, response):
        return None
    error = error_in(text)
    return None if error is None else Event("error", {**error, "type": "error"})


def _was_written(text: str, response: Mapping[str, Any]) -> bool:
    """Whether a model wrote the text, as it may be asked to: then the tokens that it takes were billed."""
    tokens = mapping(response.get("usage")).get("output_tokens")
    return type(tokens) is int and tokens * _MOST_CHARACTERS_A_TOKEN >= len(text)
