"""What a refusal teaches: a name that can be kept, and the change to a request that it stands for.

The names are stable, because they are kept beyond the session and people read them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.losses import consequence_of
from hermes.providers.adapters.rewrites.entries import entries, plain
from hermes.providers.contract import Request

__all__ = ["FOR_THE_SESSION", "STREAM_REFUSED", "Change", "change_named", "is_passing"]

STREAM_REFUSED: Final = "stream_refused"
FOR_THE_SESSION: Final = frozenset(
    {
        STREAM_REFUSED,
        "distinct_tools",
        "outputs_behind_calls",
        "plain_schemas",
        "text_outputs",
        "without_item_ids",
        "without_previous_response_id",
        "without_reasoning",
        "without_reasoning_items",
        "without_text",
        "without_tools",
    }
)
"""What says more about one conversation, tool or moment than about the endpoint, or costs the user too much
to be kept: the next session tries anew."""
_PASSES: Final = re.compile(
    r"temporar|at the moment|right now|\b(?:try|retry)(?: again)? (?:later|in (?:a|\d))|(?:re)?try again\W*$"
    r"|\bbusy\b|unexpected (?:error|server)",
    re.IGNORECASE,
)


def is_passing(words: str) -> bool:
    """Whether a refusal is about this moment: what helps now says nothing of the next call."""
    return _PASSES.search(words) is not None


Rewrite = Callable[[Request], Request]


@dataclass(frozen=True, slots=True)
class Change:
    """A change to requests that a backend asked for.

    Attributes:
        name: under which it is kept.
        rewrite: the change; it gives the same request where there is nothing to change.
        how: how the request is sent from here on, to follow "Asking again".
    """

    name: str
    rewrite: Rewrite
    how: str


# What the request is about, and the past that it speaks of: without one of these it is another request.
_NEEDED: Final = frozenset(
    {"model", "input", "stream", "instructions", "conversation", "prompt", "previous_response_id"}
)
# Keywords of the SDK that no backend sees: https://github.com/openai/openai-python#undocumented-request-params
_OF_THE_SDK: Final = frozenset({"extra_headers", "extra_query", "timeout"})
_BODY_OF_THE_SDK: Final = "extra_body"
_PARAMETER: Final = re.compile(r"without_(?P<path>[A-Za-z_]\w*(?:\[\])?(?:\.\w+)*)")
_PARTS_OF_LISTS: Final = re.compile(r"(?P<list>input|tools)\[\]\.(?P<key>\w+)")
_CORE_OF: Final = {
    "input": frozenset(
        {"type", "role", "content", "id", "call_id", "name", "arguments", "output", "input", "summary"}
    ),
    "tools": frozenset({"type", "name", "parameters"}),
}
_EFFORT: Final = re.compile(rf"effort_at_(?P<side>most|least)_(?P<effort>{'|'.join(rewrites.EFFORTS)})")


def _of_stateless(request: Request) -> Request:
    """Nothing that only the backend that issued or stored it could know again, but for sealed reasoning."""
    return rewrites.without_item_ids(rewrites.without_stored_items(request))


def _with_instructions(request: Request) -> Request:
    """Instructions that are not empty: the caller's own guidance where there is some."""
    if request.get("instructions"):
        return request
    request = rewrites.system_to_instructions(request)
    return rewrites.with_defaults(request, instructions=rewrites.DEFAULT_INSTRUCTIONS)


def _unstored(request: Request) -> Request:
    return request if request.get("store") is False else request.replacing(store=False)


def _not_streamed(request: Request) -> Request:
    return request.without("stream", "stream_options") if request.streams else request


def _with_full_history(request: Request) -> Request:
    """No ``previous_response_id``, where the request holds the conversation itself; else the same request."""
    if "previous_response_id" not in request or not rewrites.stands_alone(request):
        return request
    return request.without("previous_response_id")


_NAMED: Final = {
    change.name: change
    for change in (
        Change("default_instructions", _with_instructions, "with instructions"),
        Change(
            "instructions_as_message", rewrites.instructions_as_message, "with the instructions as a message"
        ),
        Change(STREAM_REFUSED, _not_streamed, "without streaming"),
        Change("store_false", _unstored, "with `store` set to false"),
        Change("without_item_ids", _of_stateless, "without the ids of earlier items"),
        Change(
            "without_reasoning_items", rewrites.without_reasoning, "without the model's earlier reasoning"
        ),
        Change("without_previous_response_id", _with_full_history, "with the whole conversation"),
        Change(
            "roles_system_to_developer",
            partial(rewrites.with_role, old="system", new="developer"),
            "with the role `developer` for system messages",
        ),
        Change(
            "roles_developer_to_system",
            partial(rewrites.with_role, old="developer", new="system"),
            "with the role `system` for developer messages",
        ),
        Change(
            "system_to_instructions",
            rewrites.system_to_instructions,
            "with system and developer messages in `instructions`",
        ),
        Change("plain_schemas", rewrites.with_plain_schemas, "with simpler schemas"),
        Change("distinct_tools", rewrites.with_distinct_tools, "with one tool of each name"),
        Change(
            "function_tools_only",
            rewrites.with_function_tools_only,
            "with function tools only",
        ),
        Change(
            "outputs_behind_calls",
            rewrites.with_outputs_adjacent,
            "with the outputs of tools directly behind their calls",
        ),
        Change("text_outputs", rewrites.with_text_outputs, "with the outputs of tools as text"),
    )
}


def change_named(name: str) -> Change | None:
    """The change that a lesson of that name stands for; None where it is nobody's here.

    Besides the named ones there are ``without_PATH`` for an optional keyword or a part of one, and
    ``effort_at_most_EFFORT`` and ``effort_at_least_EFFORT``.
    """
    if name in _NAMED:
        return _NAMED[name]
    effort = _EFFORT.fullmatch(name)
    if effort is not None:
        rewrite = rewrites.with_effort_at_most if effort["side"] == "most" else rewrites.with_effort_at_least
        how = f"with a reasoning effort of at {effort['side']} `{effort['effort']}`"
        return Change(name, partial(rewrite, effort=effort["effort"]), how)
    told = _PARAMETER.fullmatch(name)
    if told is None or not _is_optional(told["path"]):
        return None
    path = told["path"]
    lost = consequence_of(path)
    how = f"without `{path}`" + (f", so {lost}" if lost else "")
    return Change(name, partial(_without, path=path), how)


def _is_optional(path: str) -> bool:
    keyword, _, rest = path.partition(".")
    if keyword == _BODY_OF_THE_SDK:
        return bool(rest) and _is_optional(rest)
    part = _PARTS_OF_LISTS.fullmatch(path)
    if part is not None:
        return part["key"] not in _CORE_OF[part["list"]]
    return "[]" not in path and keyword not in _NEEDED | _OF_THE_SDK


def _without(request: Request, path: str) -> Request:
    """The request without what the path leads to, but never without the user's own functions."""
    if path == "tools" and any(plain(tool).get("type") == "function" for tool in entries(request, "tools")):
        return request
    return rewrites.without_parameters(request, path)
