"""The tools that a request offers, as a backend takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

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
    "tool_name",
    "with_distinct_tools",
    "with_function_tools_only",
    "with_plain_enums",
    "with_plain_schemas",
    "without_empty_tools",
]

_NAMED_SCHEMAS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_NO_SCHEMAS: Final = ("const", "default", "enum", "example", "examples", "required")
_FANCY: Final = ("pattern", "format")
_DEEPEST: Final = 64

Change = Callable[[Json], Json]


def without_empty_tools(request: Request) -> Request:
    """The request without ``tools`` that are null or empty, and without what speaks about them."""
    if "tools" not in request or request["tools"]:
        return request
    return request.without("tools", "tool_choice", "parallel_tool_calls")


def with_function_tools_only(request: Request) -> Request:
    """The request with function tools only, without those that the backend would have to run itself."""
    return _with_tools(request, lambda tool: tool.get("type") == "function")


def with_distinct_tools(request: Request) -> Request:
    """The request with one tool of each name: a function rather than a tool of the backend's own.

    A tool of the backend's own has its type as its name, e.g. ``web_search``.
    """
    functions = {
        tool_name(tool) for tool in map(plain, entries(request, "tools")) if tool.get("type") == "function"
    }
    seen: set[str] = set()

    def is_first(tool: Json) -> bool:
        name = tool_name(tool)
        if name in seen or (name in functions and tool.get("type") != "function"):
            return False
        seen.add(name)
        return True

    return _with_tools(request, is_first)


def tool_name(tool: Json) -> str:
    """The name of a tool; two servers or stores of one type are two tools."""
    kind = str(tool.get("type", ""))
    return str(tool.get("name") or tool.get("server_label") or kind)


def _with_tools(request: Request, wanted: Any) -> Request:
    tools = entries(request, "tools")
    request, before = with_entries(request, "tools", [tool for tool in tools if wanted(plain(tool))]), request
    if request is before:
        return request
    choice = request.get("tool_choice")
    left = [plain(tool) for tool in entries(request, "tools")]
    if isinstance(choice, Mapping) and not any(_chosen(choice, tool) for tool in left):
        request = request.without("tool_choice")
    return without_empty_tools(request)


def _chosen(choice: Json, tool: Json) -> bool:
    if choice.get("type") == "allowed_tools":
        return True
    return choice.get("type") == tool.get("type") and choice.get("name") == tool.get("name")


def with_plain_schemas(request: Request) -> Request:
    """The request with JSON schemas of the simplest kind, in tools and in ``text.format``.

    ``strict``, ``pattern`` and ``format`` go, and lists of values with a ``/`` become words for the model.
    """
    return _with_schemas(request, _without_finesse, "strict")


def with_plain_enums(request: Request) -> Request:
    """The request with words for the model instead of the lists of values that have one with a ``/``."""
    return _with_schemas(request, _without_slashes)


def _with_schemas(request: Request, change: Change, *dropped: str) -> Request:
    """The request with ``change`` made to each JSON schema and those in it, and without keys beside them."""

    def changed(holder: Json, name: str) -> Json:
        holder = without_keys(holder, *dropped)
        schema = holder.get(name)
        new = _changed_schema(schema, change, _DEEPEST)
        return holder if new is schema else {**holder, name: new}

    request = with_each(
        request,
        "tools",
        lambda tool: changed(tool, "parameters") if tool.get("type") == "function" else tool,
    )
    text = request.get("text")
    wanted = text.get("format") if isinstance(text, Mapping) else None
    if not isinstance(text, Mapping) or not isinstance(wanted, Mapping):
        return request
    answer = changed(wanted, "schema")
    return request if answer is wanted else request.replacing(text={**text, "format": answer})


def _changed_schema(schema: Any, change: Change, depth: int) -> Any:
    """A schema with ``change`` made wherever it applies; the same object where it does not."""
    if depth <= 0:
        return schema
    if isinstance(schema, Mapping):
        inner = {key: _changed_value(key, value, change, depth) for key, value in schema.items()}
        new = change(inner)
        return schema if _same(new, schema) else new
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        listed = [_changed_schema(entry, change, depth - 1) for entry in schema]
        return schema if all(new is old for new, old in zip(listed, schema, strict=True)) else listed
    return schema


def _changed_value(key: str, value: Any, change: Change, depth: int) -> Any:
    if key in _NO_SCHEMAS:
        return value
    if key in _NAMED_SCHEMAS and isinstance(value, Mapping):
        # Its keys are names of the user's own, whatever they look like.
        named = {name: _changed_schema(inner, change, depth - 1) for name, inner in value.items()}
        return value if _same(named, value) else named
    return _changed_schema(value, change, depth - 1)


def _without_finesse(schema: Json) -> Json:
    return _without_slashes(without_keys(schema, *_FANCY))


def _without_slashes(schema: Json) -> Json:
    values = schema.get("enum")
    if not isinstance(values, Sequence) or not any(isinstance(v, str) and "/" in v for v in values):
        return schema
    words = f"One of: {', '.join(map(str, values))}."
    told = schema.get("description")
    described = f"{told} {words}" if isinstance(told, str) and told else words
    return {**{key: value for key, value in schema.items() if key != "enum"}, "description": described}


def _same(new: Json, old: Json) -> bool:
    return len(new) == len(old) and all(key in old and new[key] is old[key] for key in new)
