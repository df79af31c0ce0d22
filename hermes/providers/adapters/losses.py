"""What a user must be told when a change to a request loses it, whoever made the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hermes.providers.adapters.rewrites.entries import Json, entries, plain
from hermes.providers.adapters.rewrites.replay import NOTHING_WITHOUT_ID, is_reference
from hermes.providers.adapters.rewrites.tools import tool_name
from hermes.providers.contract import AdapterContext, Notice, Request

__all__ = ["consequence_of", "content_losses", "losses", "tell_once"]

_NO_DEFAULT: Final = object()
_DEFAULT_FORM: Final = {"type": "text"}

# Keywords by which users guard or shape the answer, what it means to lose them, and the value at which
# nothing is lost, because it is what a backend does anyway:
# https://platform.openai.com/docs/api-reference/responses/create
_KEYWORDS: Final[Mapping[str, tuple[str, object]]] = {
    "max_output_tokens": ("the request asks for no limit of output tokens", _NO_DEFAULT),
    "max_tool_calls": ("the request asks for no limit of tool calls", _NO_DEFAULT),
    "metadata": ("what is stored of the answer carries none", {}),
    "parallel_tool_calls": ("the model may call several tools at once", True),
    "safety_identifier": ("the request names no end user", _NO_DEFAULT),
    "service_tier": ("the backend chooses how fast and at what price it answers", "auto"),
    "store": ("the backend decides whether it stores the conversation", _NO_DEFAULT),
    "text": ("the request asks for no form of the answer", _DEFAULT_FORM),
    "text.format": ("the request asks for no form of the answer", _DEFAULT_FORM),
    "tool_choice": ("the model itself chooses whether to call a tool", "auto"),
    "tools": ("the model has no tools", []),
    "truncation": ("a conversation that is too long is refused instead of shortened", "disabled"),
    "user": ("the request names no end user", _NO_DEFAULT),
}
_ABOUT_TOOLS: Final = ("tools", "tool_choice", "parallel_tool_calls")


def consequence_of(path: str) -> str:
    """What it means to lose a keyword, to follow "so"; empty where nobody needs to be told.

    Args:
        path: the keyword, or the path of a part of it: ``text.format``.
    """
    told = _KEYWORDS.get(path)
    return told[0] if told else ""


def losses(before: Request, after: Request, who: str = "This backend") -> tuple[str, ...]:
    """A sentence for each thing that the user asked for in ``before`` and that ``after`` lacks.

    Args:
        before: the request as it came.
        after: the request as it is sent.
        who: the backend's name for people, at the beginning of a sentence.
    """
    if before is after:
        return ()
    return (*_keyword_losses(before, after, who), *content_losses(before, after, who))


def content_losses(before: Request, after: Request, who: str = "This backend") -> tuple[str, ...]:
    """The same for what is lost within keywords that stay: tools, schemas, and items of the conversation."""
    if before is after:
        return ()
    return tuple(_content_losses(before, after, who))


def tell_once(text: str, context: AdapterContext) -> None:
    """Tells the user something about the request, once a call."""
    told: set[str] = context.scratch.setdefault("told", set())
    if text not in told:
        told.add(text)
        context.report(Notice(text, kind="request"))


def _keyword_losses(before: Request, after: Request, who: str) -> Iterator[str]:
    fewer_tools = len(_tools(after)) < len(_tools(before))
    for path, (lost, default) in _KEYWORDS.items():
        # Of `text` only the form of the answer shapes what comes.
        value = _value(before, "text.format" if path == "text" else path)
        if value is None or value == default or _value(after, path) is not None:
            continue
        if path == "text.format" and "text" not in after:
            continue  # told as a whole
        if path in _ABOUT_TOOLS and fewer_tools and not (path == "tools" and _functions(before)):
            continue  # the tools that it spoke about are told of
        yield f"{who} takes no `{path}`, so {lost}."
    if before.get("store") is True and after.get("store") is False:
        yield f"{who} takes `store` as false only, so the conversation is not stored."


def _content_losses(before: Request, after: Request, who: str) -> Iterator[str]:
    if before.get("tools") is not after.get("tools"):
        yield from _tool_losses(before, after, who)
    if _loosened(before, after):
        yield f"{who} takes simple schemas only, so the model may break rules that yours have."
    if before.get("input") is not after.get("input"):
        yield from _item_losses(before, after, who)


def _tool_losses(before: Request, after: Request, who: str) -> Iterator[str]:
    kept, functions = {tool_name(tool) for tool in _tools(after)}, _functions(after)
    if _functions(before) and not kept:
        return  # no tools at all are taken, which is told
    own = [tool for tool in _tools(before) if tool.get("type") != "function"]
    left_out = dict.fromkeys(str(tool.get("type")) for tool in own if tool_name(tool) not in kept)
    if left_out:
        yield f"{who} takes function tools only: the other tools are left out ({', '.join(left_out)})."
    remaining = {tool_name(tool) for tool in _tools(after) if tool.get("type") != "function"}
    replaced = dict.fromkeys(tool_name(tool) for tool in own if tool_name(tool) in functions - remaining)
    if replaced:
        yield f"{who} takes one tool of each name: your function stands for its own ({', '.join(replaced)})."


def _item_losses(before: Request, after: Request, who: str) -> Iterator[str]:
    old, new = _items(before), _items(after)
    gone = Counter(map(_type, old)) - Counter(map(_type, new))
    if gone["item_reference"]:
        yield f"{who} takes no references to stored items: they are left out."
    nameless = sorted(kind for kind in gone if kind in NOTHING_WITHOUT_ID)
    if nameless:
        yield f"{who} takes no ids of earlier items, so some are left out ({', '.join(nameless)})."
    if sum(map(_shows_more_than_text, new)) < sum(map(_shows_more_than_text, old)):
        yield f"{who} takes the outputs of tools as text only: the model sees no images or files in them."


def _loosened(before: Request, after: Request) -> bool:
    """Whether a schema that both requests have asks for less in ``after``."""
    old, new = _schemas(before), _schemas(after)
    return any(
        (strict and not new[name][0]) or new[name][1] != schema
        for name, (strict, schema) in old.items()
        if name in new
    )


def _schemas(request: Request) -> dict[str, tuple[bool, Any]]:
    """Whether each schema is strict, and the schema, by what has it."""
    found = {
        f"function {tool_name(tool)}": (tool.get("strict") is True, tool.get("parameters"))
        for tool in _tools(request)
        if tool.get("type") == "function"
    }
    form = _value(request, "text.format")
    if isinstance(form, Mapping):
        found["answer"] = (form.get("strict") is True, form.get("schema"))
    return found


def _value(request: Request, path: str) -> Any:
    keyword, _, key = path.partition(".")
    value = request.get(keyword)
    if not key:
        return value
    return value.get(key) if isinstance(value, Mapping) else None


def _tools(request: Request) -> list[Json]:
    return [plain(tool) for tool in entries(request, "tools")]


def _functions(request: Request) -> set[str]:
    return {tool_name(tool) for tool in _tools(request) if tool.get("type") == "function"}


def _items(request: Request) -> list[Json]:
    return [plain(item) for item in entries(request, "input")]


def _type(item: Json) -> str:
    return "item_reference" if is_reference(item) else str(item.get("type"))


def _shows_more_than_text(item: Json) -> bool:
    """Whether an item is the output of a tool with an image or a file in it."""
    output = item.get("output")
    if not _type(item).endswith("_call_output") or not isinstance(output, (list, tuple)):
        return False
    return any(not isinstance(plain(part).get("text"), str) for part in output)
