"""Another name for a function of the user's, where the backend has a tool of its own that is called so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hermes.providers.adapters.rewrites.entries import entries, plain, with_each
from hermes.providers.contract import Event, Request

__all__ = ["free_name", "has_function", "with_function_renamed", "with_users_name"]


def has_function(request: Request, name: str) -> bool:
    """Whether the request offers a function of this name."""
    return name in _functions(request)


def free_name(request: Request, name: str) -> str:
    """``name``, or the next one like it that no function of the request has."""
    taken = _functions(request)
    while name in taken:
        name += "_"
    return name


def with_function_renamed(request: Request, old: str, new: str) -> Request:
    """The request with another name for a function: as it is offered, to be chosen, and in earlier calls."""
    for keyword in ("tools", "input"):
        request = with_each(request, keyword, lambda entry: _renamed(entry, old, new))
    choice = request.get("tool_choice")
    if not isinstance(choice, Mapping):
        return request
    chosen = _renamed(choice, old, new)
    allowed = choice.get("tools")
    if isinstance(allowed, (list, tuple)):
        chosen = {**choice, "tools": [_renamed(plain(entry), old, new) for entry in allowed]}
    return request.replacing(tool_choice=chosen)


def with_users_name(event: Event, stand_in: str, name: str) -> Event:
    """The event with the user's own name on calls of the function that was offered as ``stand_in``."""
    item, response = event.data.get("item"), event.data.get("response")
    if isinstance(item, Mapping):
        return event.with_data(item=_renamed(item, stand_in, name))
    output = response.get("output") if isinstance(response, Mapping) else None
    if not isinstance(response, Mapping) or not isinstance(output, list):
        return event
    called = [_renamed(one, stand_in, name) if isinstance(one, Mapping) else one for one in output]
    return event.with_data(response={**response, "output": called})


def _functions(request: Request) -> set[object]:
    tools = map(plain, entries(request, "tools"))
    return {tool.get("name") for tool in tools if tool.get("type") == "function"}


def _renamed(entry: Mapping[str, Any], old: str, new: str) -> Mapping[str, Any]:
    """A function, or a call of one, under its new name; anything else as it is."""
    is_meant = entry.get("name") == old and entry.get("type") in ("function", "function_call")
    return {**entry, "name": new} if is_meant else entry
