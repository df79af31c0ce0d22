"""Which change puts a refused request right."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.builtin.changes import STREAM_REFUSED, change_named
from hermes.providers.adapters.error_words import NOT_PAIRED_WORDS, SCHEMA_WORDS
from hermes.providers.adapters.losses import content_losses
from hermes.providers.adapters.refused_parameter import PATH_OF_ITEM_ID
from hermes.providers.adapters.rewrites.entries import entries, plain
from hermes.providers.contract import Fallback, Request, Verdict, VerdictKind

__all__ = ["correction", "is_about_previous_response"]


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


_REFUSED_CODES: Final = frozenset(
    {
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "extra_forbidden",
        "additional_properties",
    }
)
# A value is wrong, and another one may be right:
# https://platform.openai.com/docs/guides/error-codes
_VALUE_CODES: Final = re.compile(
    r"invalid_(?:type|value)|(?:invalid_)?\w+_(?:above|below|too|exceeds?)_\w+|missing_required_parameter"
)
_REFUSED: Final = _words(
    r"""
    unsupported | unknown | unrecogni[sz]ed | deprecated | extra\ (?:inputs|fields)
    | unexpected\ (?:keyword | parameter | propert | field | argument | key) | was\ unexpected
    | not\ (?:\w+\ )?(?:supported | allowed | permitted | accepted | available)
    | (?:does|do)(?:\ not|n't)\ (?:support | accept | allow) | must\ be\ verified
    """
)
_NAMED_BY_WORDS: Final = _words(
    # https://docs.x.ai/docs/guides/reasoning
    r"(?:argument|parameter|option)s?\ (?:is\ |are\ )?not\ supported[^:]{0,60}:\ ?['\"`]?(?P<path>[\w.]+)"
)
_SEALED: Final = _words(r"encrypted[\ _]content | organization_id\ did\ not\ match")
_FOLLOWING: Final = _words(r"without\ its\ required\ following\ item")
_PRECEDING: Final = _words(r"without\ its\ required\W{1,3}reasoning")
_PATH_OF_SUMMARY: Final = re.compile(r"input(?:\[\d*\]|\.\d+)?\.summary")
_PATH_OF_OUTPUT: Final = re.compile(r"input(?:\[\d*\]|\.\d+)?\.output(?:\W.*)?")
_PATH_OF_CONTENT: Final = re.compile(r"input(?:\[\d*\]|\.\d+)?\.content(?:\W.*)?")
_PATH_OF_TYPE: Final = re.compile(r"tools(?:\[\d*\]|\.\d+)?\.type")
_PATH_OF_SCHEMA: Final = re.compile(
    r"tools(?:\[\d*\]|\.\d+)?\.(?:function\.)?(?:parameters|strict)\b.*|text\.format(?:\..*)?|response_format.*"
)
_PREVIOUS: Final = _words(r"previous[\ _]response")
_SCHEMA_CODES: Final = frozenset({"invalid_function_parameters", "invalid_json_schema"})
_SCHEMA: Final = _words(
    r"""
    invalid\ arguments\ passed\ to\ the\ model | json[\ _]?schema | \bgrammar\b
    | strict\ (?:mode|schema|tools?|function) | (?:parse|parsing).{0,40}\b(?:pattern|regex)
    """
)
_TWICE: Final = _words(
    r"(?:duplicate[ds]? | not\ unique | must\ (?:be|have)\ unique).{0,40}\b(?:tools?|functions?|names?)\b"
)
_TOOL_TYPE: Final = _words(
    r"""
    (?:unknown | unsupported | invalid | unrecogni[sz]ed).{0,20}\btool(?:s|'s)?\b.{0,20}\btype
    | \btool\ type\b.{0,60}(?:not | unknown | unsupported | must\ be | invalid)
    | \btypes?\b.{0,20}\btools?\b.{0,40}(?:must | not)
    | (?:only | just)\b.{0,20}\bfunction\b.{0,30}\btools?\b
    | \btools?\b.{0,60}\bis\ not\ supported | hosted\ tools?\b | built-?in\ tools?\b
    """
)
_OUTPUT: Final = _words(
    r"""
    (?:function_call_output|tool\ (?:output|result|message)).{0,80}(?:string|text|image|multimodal|list|array)
    | (?:image|multimodal|list|array).{0,60}(?:function_call_output|tool\ (?:output|result|message|content)s?)
    | \boutput\b.{0,40}(?:must\ be | expected | should\ be).{0,20}(?:string|text)
    | invalid\ type:\ sequence,\ expected\ a\ string
    | (?:not|n't)\ support.{0,20}\bimages? | \bimages?\b.{0,40}not\ supported | only\ supports?\ text
    """
)
_REQUIRED: Final = _words(r"required | missing | must\ (?:be|not\ be) | empty | provide")
_FALSE: Final = _words(
    r"must\ be\ (?:set\ to\ )?[`'\"]?false | only\ .{0,20}false | store[`'\"]?\W+true\b.{0,20}not"
)
_ALLOWED_VALUES: Final = _words(r"(?:expected\ one\ of | (?:supported|allowed|valid)\ values | one\ of)")
_QUOTED: Final = re.compile(r"['\"`](\w+)['\"`]")
_OF_A_ROLE: Final = r"\b(?:system|developer)\b['\"`]?\ (?:roles?|messages?)\b"
_NO_SUCH_ROLE: Final = _words(
    rf"""
    # System messages are not allowed; unsupported system message
    {_OF_A_ROLE}.{{0,40}}?(?:{_REFUSED.pattern}) | (?:{_REFUSED.pattern}).{{0,20}}?{_OF_A_ROLE}
    # messages[1].role: unknown variant `developer`; invalid role: system
    | \broles?\b.{{0,60}}?(?:{_REFUSED.pattern} | {_ALLOWED_VALUES.pattern} | \binvalid\b
        | must\ be\ ['\"`]?(?:user|system|assistant|developer)\b)
    | (?:{_REFUSED.pattern} | \binvalid\b).{{0,20}}?\broles?\b
    """
)
_NOT_THIS_VALUE: Final = _words(
    rf"{_REFUSED.pattern} | {_ALLOWED_VALUES.pattern} | invalid\ (?:option|value|role|type)\b | must\ be"
)
_SILENT_GATEWAY: Final = "bad_response_status_code"

_OPPOSITES: Final = {
    "roles_system_to_developer": "roles_developer_to_system",
    "roles_developer_to_system": "roles_system_to_developer",
}
"""What was changed one way because it was refused is not changed back."""

# Keywords that only help or adorn: whatever is wrong with one, the request is as good without it.
_HINTS: Final = frozenset(
    {
        "include",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning.summary",
        "stream_options",
        "text.verbosity",
    }
)
_PARAMETER_OF_CODE: Final = {"reasoning_effort_not_allowed": "reasoning.effort"}
_OTHER_NAMES: Final = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "reasoning_summary": "reasoning.summary",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}
"""What gateways in front of other APIs call the same things."""


def correction(request: Request, verdict: Verdict, made: Collection[str]) -> Fallback | None:
    """The refused request put right; None where nobody knows how.

    Args:
        request: the one that was refused.
        verdict: the refusal.
        made: names of the lessons that the request heeds already.
    """
    for name, keep in _candidates(request, verdict):
        change = change_named(name)
        if change is None or name in made or _OPPOSITES.get(name) in made:
            continue
        changed = change.rewrite(request)
        if changed is not request:
            told = [f"{verdict.message} Asking again {change.how}.", *content_losses(request, changed)]
            return Fallback(
                name,
                changed,
                # The request may be the tolerant one of an earlier fallback.
                tolerate_prelude=True,
                notice=" ".join(told),
                lesson=name if keep else "",
            )
    return None


def is_about_previous_response(verdict: Verdict) -> bool:
    """Whether the backend does not know, or not take, the ``previous_response_id``."""
    told = f"{verdict.code} {verdict.message}"
    return verdict.param == "previous_response_id" or _PREVIOUS.search(told) is not None


def _candidates(request: Request, verdict: Verdict) -> Iterator[tuple[str, bool]]:
    """The names of lessons that may help, the best first, and whether they hold for later calls too."""
    words = f"{verdict.code} {verdict.message}"
    if is_about_previous_response(verdict):
        yield "without_previous_response_id", True
        return
    if not verdict.param.startswith("include"):
        yield from _about_items(verdict, words)
    if verdict.kind is not VerdictKind.BAD_REQUEST:
        return
    yield from _about_roles(request, verdict, words)
    yield from _about_demands(verdict, words)
    yield from _about_tools(request, verdict, words)
    yield from _about_parameter(request, verdict, words)


def _about_items(verdict: Verdict, words: str) -> Iterator[tuple[str, bool]]:
    if _SEALED.search(words):
        # The next account behind the same address may have no key to it either.
        yield "without_reasoning_items", True
    elif verdict.code == "missing_following_item" or _FOLLOWING.search(words):
        yield "without_reasoning_items", False
    elif _PRECEDING.search(words):
        yield "without_item_ids", False
        yield "without_reasoning_items", False
    elif _PATH_OF_SUMMARY.fullmatch(verdict.param):
        yield "without_reasoning_items", False
    elif verdict.kind is VerdictKind.REPLAY_INVALID or PATH_OF_ITEM_ID.fullmatch(verdict.param):
        yield "without_item_ids", True
        yield "without_reasoning_items", True


def _about_roles(request: Request, verdict: Verdict, words: str) -> Iterator[tuple[str, bool]]:
    """https://github.com/james-6-23/codex2api/issues/409, https://github.com/BenedictKing/ccx/issues/139."""
    used = {str(item.get("role")) for item in map(plain, entries(request, "input"))} & {"system", "developer"}
    if not used:
        return
    named = verdict.param.endswith("role") and _NOT_THIS_VALUE.search(verdict.message)
    if verdict.code != _SILENT_GATEWAY and not named and not _NO_SUCH_ROLE.search(words):
        return
    told, _, after = _split_at(_ALLOWED_VALUES, words)
    allowed = set(_QUOTED.findall(after))
    refused = {role for role in used if re.search(rf"\b{role}\b", told, re.IGNORECASE)}
    if verdict.code == _SILENT_GATEWAY:
        # Chat gateways say no more than this about a role that they do not know.
        refused = used & {"developer"}
    elif "user" in allowed:
        refused = used - allowed
    if refused == {"system"} and "developer" in (allowed or {"developer"}):
        yield "roles_system_to_developer", True
    elif refused == {"developer"} and "system" in (allowed or {"system"}):
        yield "roles_developer_to_system", True
    if refused:
        yield "system_to_instructions", True


def _split_at(pattern: re.Pattern[str], words: str) -> tuple[str, str, str]:
    found = pattern.search(words)
    return (words, "", "") if found is None else (words[: found.start()], found[0], words[found.end() :])


def _about_demands(verdict: Verdict, words: str) -> Iterator[tuple[str, bool]]:
    """What a backend wants to be there: https://github.com/openai/codex/issues/26173."""
    if verdict.param == "instructions" and _REQUIRED.search(words) and not _says_unsupported(verdict, words):
        yield "default_instructions", True
    elif verdict.param == "instructions" and _says_unsupported(verdict, words):
        yield "instructions_as_message", True
    elif verdict.param == "store" and _FALSE.search(words):
        yield "store_false", True
    elif verdict.param == "stream" and _says_unsupported(verdict, words):
        # Some models stream to verified organisations only: https://help.openai.com/en/articles/10910291
        yield STREAM_REFUSED, True


def _about_tools(request: Request, verdict: Verdict, words: str) -> Iterator[tuple[str, bool]]:
    if _TWICE.search(words):
        yield "distinct_tools", True
    elif _PATH_OF_TYPE.fullmatch(verdict.param) or (
        verdict.param.partition("[")[0] in ("", "tools")
        and _TOOL_TYPE.search(words)
        and not _quotes_a_function(request, words)
    ):
        yield "function_tools_only", True
    unknown_strict = verdict.param.endswith(".strict") and _says_unsupported(verdict, words)
    in_schema = verdict.code in _SCHEMA_CODES or _PATH_OF_SCHEMA.fullmatch(verdict.param)
    if (in_schema or SCHEMA_WORDS.search(words) or _SCHEMA.search(words)) and not unknown_strict:
        yield "plain_schemas", True
    if NOT_PAIRED_WORDS.search(words):
        yield "outputs_behind_calls", True
    of_message = _PATH_OF_CONTENT.fullmatch(verdict.param)  # what a user attached, say
    if _PATH_OF_OUTPUT.fullmatch(verdict.param) or (_OUTPUT.search(words) and not of_message):
        yield "text_outputs", True


def _quotes_a_function(request: Request, words: str) -> bool:
    """Whether the words are about a function of the user's, and not about a tool of the backend's own."""
    tools = [plain(tool) for tool in entries(request, "tools")]
    functions = {tool.get("name") for tool in tools if tool.get("type") == "function"}
    return not functions.isdisjoint(set(_QUOTED.findall(words)) - {tool.get("type") for tool in tools})


def _about_parameter(request: Request, verdict: Verdict, words: str) -> Iterator[tuple[str, bool]]:
    told = verdict.param
    if not told:
        named = _NAMED_BY_WORDS.search(words)
        told = named["path"] if named else _PARAMETER_OF_CODE.get(verdict.code, "")
    for path in _spellings(told):
        if path == "reasoning.effort":
            yield from _about_effort(request, words)
        elif path in _HINTS or _says_unsupported(verdict, words):
            yield f"without_{path}", True


def _about_effort(request: Request, words: str) -> Iterator[tuple[str, bool]]:
    """An effort that the model does not know: the nearest one that it knows, or none at all."""
    reasoning = request.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    if effort in rewrites.EFFORTS:
        place = rewrites.EFFORTS.index(effort)
        _, _, after = _split_at(_ALLOWED_VALUES, words)
        allowed = [
            rewrites.EFFORTS.index(word) for word in _QUOTED.findall(after) if word in rewrites.EFFORTS
        ]
        high, low = rewrites.EFFORTS.index("high"), rewrites.EFFORTS.index("low")
        most, least = (max(allowed), min(allowed)) if allowed else (high, low)
        if place > most:
            yield f"effort_at_most_{rewrites.EFFORTS[most]}", True
        elif place < least:
            yield f"effort_at_least_{rewrites.EFFORTS[least]}", True
    yield "without_reasoning.effort", True


def _says_unsupported(verdict: Verdict, words: str) -> bool:
    if _VALUE_CODES.fullmatch(verdict.code):
        return False
    return verdict.code in _REFUSED_CODES or _REFUSED.search(words) is not None


def _spellings(told: str) -> Iterable[str]:
    """A parameter as requests name it, from how a backend names it: most likely ones first."""
    path = re.sub(r"\[\d+\]", "[]", told).removeprefix("body.").replace("tools[].function.", "tools[].")
    snake = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", path).lower()
    other = _OTHER_NAMES.get(snake, "")
    whole = path.partition("[")[0] if path.startswith("include") else ""
    # https://github.com/openai/openai-python#undocumented-request-params
    extra = f"extra_body.{path}" if path else ""
    return dict.fromkeys(filter(None, (path, snake, other, whole, extra)))
