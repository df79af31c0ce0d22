"""Which calls of a complete answer may be run, and what the model is told of the others.

What a call lacks is never guessed and never repaired: a cut or mended one may do half of what was meant.
https://platform.openai.com/docs/guides/function-calling
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from hermes.responses.decode import is_json_object
from hermes.responses.items import FunctionCall, OutputItem

__all__ = ["NO_CALLS", "Calls", "RejectedCall", "judge_calls", "required_parameters"]

_EMPTY: Final = ("", "null")
"""How backends write the arguments of a call that has none."""
_NOT_WHOLE: Final = "The call did not come whole and was not run. Call it again."
_NAMELESS: Final = "The call names no tool and was not run. Call it again with the name of the tool."
_TWO_UNDER_ONE_ID: Final = (
    "Two different calls came under one call id and neither was run. Call again, each with its own id."
)
_MOST_NAMES: Final = 10
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class RejectedCall:
    """A call of a complete answer that must not be run.

    Attributes:
        call: the call as the backend sent it.
        reason: one sentence, written for the model.
    """

    call: FunctionCall
    reason: str

    @property
    def what(self) -> str:
        """What is wrong with the arguments, in few words for people."""
        if self.reason == _TWO_UNDER_ONE_ID:
            return "told in two ways"
        return "missing" if self.call.arguments.strip() in _EMPTY else "damaged"

    def as_output_item(self) -> dict[str, Any]:
        """The input item that answers the call with the error, so that the model can call again.

        https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
        """
        error = json.dumps({"error": self.reason}, ensure_ascii=False)
        return {"type": "function_call_output", "call_id": self.call.call_id, "output": error}


@dataclass(frozen=True, slots=True)
class Calls:
    """The function calls of a complete answer.

    Attributes:
        runnable: those that may be run, once for each call id; their arguments are a whole JSON object.
        rejected: those that must not.
        id_conflicts: call ids under which the backend sent calls that differ. Which of them was meant would
            be a guess, and an answer names no more than the id: none is run, and one rejection answers them.
    """

    runnable: tuple[FunctionCall, ...] = ()
    rejected: tuple[RejectedCall, ...] = ()
    id_conflicts: tuple[str, ...] = ()

    @property
    def repeated(self) -> FunctionCall | None:
        """A call that is there twice under two ids, which may well be meant; None where there is none."""
        seen: set[tuple[str, str]] = set()
        for call in self.runnable:
            if (call.name, call.arguments) in seen:
                return call
            seen.add((call.name, call.arguments))
        return None


NO_CALLS: Final = Calls()


def judge_calls(items: Iterable[OutputItem], required: Mapping[str, tuple[str, ...]]) -> Calls:
    """Sorts the calls of a complete answer by whether they may be run.

    Args:
        items: the output items, each call with its id.
        required: by the name of a tool, the parameters that it cannot be called without.
    """
    judged: dict[str, FunctionCall | RejectedCall] = {}
    conflicts: dict[str, FunctionCall] = {}
    for item in items:
        call = item.function_call
        if call is None:
            continue
        new = _judged(call, required) if item.confirmed else RejectedCall(call, _NOT_WHOLE)
        old = judged.get(call.call_id)
        if old is None or (_is_void(old) and not _is_void(new)):
            judged[call.call_id] = new
        elif _is_void(old) == _is_void(new) and _is_conflict(old, new):
            conflicts[call.call_id] = call
    for call_id, call in conflicts.items():
        judged[call_id] = RejectedCall(call, _TWO_UNDER_ONE_ID)
    return Calls(
        tuple(call for call in judged.values() if isinstance(call, FunctionCall)),
        tuple(call for call in judged.values() if isinstance(call, RejectedCall)),
        tuple(conflicts),
    )


def required_parameters(tools: object) -> dict[str, tuple[str, ...]]:
    """By the name of a tool of a request, the parameters that it cannot be called without.

    Tools whose schema requires nothing are left out.
    """
    required: dict[str, tuple[str, ...]] = {}
    for tool in tools if isinstance(tools, (list, tuple)) else ():
        if not isinstance(tool, Mapping):
            continue
        inner = tool.get("function")  # the chat API's nesting, which some backends want here too
        described = inner if isinstance(inner, Mapping) else tool
        name, schema = described.get("name"), described.get("parameters")
        names = schema.get("required") if isinstance(schema, Mapping) else None
        if isinstance(name, str) and isinstance(names, (list, tuple)) and names:
            required[name] = tuple(str(entry) for entry in names)
    return required


def _judged(call: FunctionCall, required: Mapping[str, tuple[str, ...]]) -> FunctionCall | RejectedCall:
    if not call.name.strip():
        return RejectedCall(call, _NAMELESS)
    if call.arguments.strip() in _EMPTY:
        needed = required.get(call.name)
        if not needed:
            return replace(call, arguments="{}")
        names = ", ".join(f"`{name[:_LONGEST_NAME]}`" for name in needed[:_MOST_NAMES])
        reason = f"The call came without arguments and was not run: it needs {names}. Call it again."
        return RejectedCall(call, reason)
    if is_json_object(call.arguments):
        return call
    reason = (
        f"The arguments are not one whole JSON object ({_what_is_wrong(call.arguments)}), so the call was "
        "not run. Call it again with valid JSON."
    )
    return RejectedCall(call, reason)


def _is_void(judged: FunctionCall | RejectedCall) -> bool:
    """Whether a call says so little that another one under its id is what was meant.

    https://github.com/NousResearch/hermes-agent/pull/94961
    """
    if isinstance(judged, RejectedCall):
        return True
    return judged.arguments.strip() == "{}"


def _is_conflict(old: FunctionCall | RejectedCall, new: FunctionCall | RejectedCall) -> bool:
    """Whether two calls under one id that could both be run differ, not only in how they are written."""
    if not isinstance(old, FunctionCall) or not isinstance(new, FunctionCall) or old == new:
        return False
    try:
        # Written anew: Python takes 1 and 1.0 and true for equal.
        return old.name != new.name or _written_anew(old.arguments) != _written_anew(new.arguments)
    except (ValueError, RecursionError):
        return True


def _written_anew(arguments: str) -> str:
    return json.dumps(json.loads(arguments), sort_keys=True)


def _what_is_wrong(arguments: str) -> str:
    try:
        value = json.loads(arguments)
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.pos}"
    except (ValueError, RecursionError):
        return "it is nested too deeply or holds too long a number"
    if isinstance(value, dict):
        return "it holds NaN, Infinity, half a character or too great a number"
    return f"it is a JSON {_JSON_NAMES.get(type(value), 'value')}"


_JSON_NAMES: Final = {list: "array", str: "string", int: "number", float: "number", bool: "boolean"}
