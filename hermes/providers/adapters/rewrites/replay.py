"""Items of earlier answers, as a backend takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from hermes.providers.adapters.rewrites.conversation import input_as_list
from hermes.providers.adapters.rewrites.entries import (
    Json,
    entries,
    plain,
    with_each,
    with_entries,
    without_keys,
)
from hermes.providers.contract import Request

__all__ = [
    "NOTHING_WITHOUT_ID",
    "is_reference",
    "with_items_appended",
    "with_reasoning_summaries",
    "with_text_outputs",
    "without_item_ids",
    "without_reasoning",
    "without_stored_items",
]

# Types of items of which the API requires the id:
# https://platform.openai.com/docs/api-reference/responses/create#responses_create-input
NOTHING_WITHOUT_ID: Final = frozenset(
    {"web_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "mcp_list_tools"}
)
"""What stands for work that the backend did, and cannot be sent without an id."""
_KEEPS_ITS_ID: Final = frozenset(
    {
        # Other items or the backend refer to these.
        "image_generation_call",
        "mcp_approval_request",
        "computer_call",
        "local_shell_call",
        "local_shell_call_output",
        "program",
        "program_output",
    }
)
_OUTPUTS: Final = ("function_call_output", "custom_tool_call_output")


def without_item_ids(request: Request) -> Request:
    """The request without the ids of input items.

    Items that are nothing but an id go, and so does what the API takes with its id only, unless it is one
    half of a pair.
    """

    def nameless(item: Json) -> Json | None:
        is_lost = is_reference(item) or item.get("type") in NOTHING_WITHOUT_ID
        return None if is_lost else _without_id(item)

    return with_each(request, "input", nameless)


def _without_id(item: Json) -> Json:
    return item if item.get("type") in _KEEPS_ITS_ID | NOTHING_WITHOUT_ID else without_keys(item, "id")


def without_reasoning(request: Request) -> Request:
    """The request without reasoning items.

    The other items lose their ids then: by its id a backend knows the reasoning that an item came with, and
    asks for it.
    """
    request, before = with_each(request, "input", _unless_reasoning), request
    return request if request is before else without_item_ids(request)


def _unless_reasoning(item: Json) -> Json | None:
    told_by_id = is_reference(item) and str(item.get("id", "")).startswith("rs_")
    return None if item.get("type") == "reasoning" or told_by_id else item


def without_stored_items(request: Request) -> Request:
    """The request without what only a backend that stored it can read.

    References go, and reasoning that carries neither ``encrypted_content`` nor its plain text; reasoning with
    ``encrypted_content`` keeps no id. https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
    """
    lost = False

    def kept(item: Json) -> Json | None:
        nonlocal lost
        if is_reference(item):
            lost = True
            return None
        if item.get("type") != "reasoning":
            return item
        if item.get("encrypted_content"):
            return without_keys(item, "id")
        if item.get("content"):
            return item  # open models tell their reasoning in the clear
        lost = True
        return None

    request = with_each(request, "input", kept)
    return without_item_ids(request) if lost else request


def with_reasoning_summaries(request: Request) -> Request:
    """The request with a ``summary`` in each reasoning item: the API requires one, if only an empty one."""

    def summarised(item: Json) -> Json:
        missing = item.get("type") == "reasoning" and item.get("summary") is None
        return {**item, "summary": []} if missing else item

    return with_each(request, "input", summarised)


def with_text_outputs(request: Request) -> Request:
    """The request with the outputs of tools as texts; images and files in them become a word in brackets."""

    def as_text(item: Json) -> Json:
        output = item.get("output")
        if item.get("type") not in _OUTPUTS or not isinstance(output, Sequence) or isinstance(output, str):
            return item
        return {**item, "output": "\n".join(_words(plain(part)) for part in output)}

    return with_each(request, "input", as_text)


def _words(part: Json) -> str:
    text = part.get("text")
    if isinstance(text, str):
        return text
    name = part.get("filename")
    if isinstance(name, str) and name:
        return f"[file: {name}]"
    kind = str(part.get("type", "")).removeprefix("input_").removeprefix("output_")
    return f"[{kind or 'data'}]"


def with_items_appended(request: Request, items: Iterable[Json]) -> Request:
    """The request with the items of an answer at the end of its input.

    They lose their ids where nothing is stored, for then nobody knows them by these, but for the ids that the
    API requires.
    """
    request = input_as_list(request)
    unstored = request.get("store") is False
    answered: list[Any] = [_without_id(item) if unstored else item for item in items]
    return with_entries(request, "input", [*entries(request, "input"), *answered])


def is_reference(item: Json) -> bool:
    """Whether an item is nothing but the id of one that the backend stored."""
    # The type may be left out: https://platform.openai.com/docs/api-reference/responses/create
    return item.get("type") == "item_reference" or set(item) == {"id"}
