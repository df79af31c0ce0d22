"""An answer made of events as a careful user makes it, for clients that hand out events and no more.

Text from its deltas, calls from the items that are done; the final response where it holds any; whole only
after ``response.completed``. What is null or missing is passed over.
https://developers.openai.com/api/docs/guides/streaming-responses
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from turns import Answer, Watch, function_call

__all__ = ["read_events"]


def read_events(events: Iterable[Any], watch: Watch) -> Answer:
    """Reads the events up to the one that ends the answer.

    Args:
        events: objects or mappings.
        watch: is told of each.
    """
    built = Answer()
    for event in events:
        kind = _get(event, "type")
        kind = getattr(kind, "value", kind)
        watch.delta() if kind == "response.output_text.delta" else watch.event()
        response = _get(event, "response")
        match kind:
            case "response.output_text.delta":
                built.text += _get(event, "delta") or ""
            case "response.refusal.delta":
                built.refusal += _get(event, "delta") or ""
            case "response.output_item.done":
                built.tool_calls += _calls([_get(event, "item")])
            case "error":
                return _failed(_get(event, "error") or event, "error event")
            case "response.failed":
                return _failed(_get(response, "error"), "response.failed")
            case "response.completed" | "response.incomplete":
                return _merged(built, response)
    return Answer(text=built.text, refusal=built.refusal, status="partial")


def _failed(told: Any, kind: str) -> Answer:
    said = _get(told, "message") or _get(told, "code") or f"the backend sent {kind} without a word"
    return Answer(status="error", error=str(said), error_type=kind)


def _merged(built: Answer, response: Any) -> Answer:
    """The final response, and what came before where that is silent."""
    output = _get(response, "output") or []
    messages = [item for item in output if _get(item, "type") == "message"]
    parts = [part for item in messages for part in _get(item, "content") or []]
    texts = [_get(part, "text") or "" for part in parts if _get(part, "type") == "output_text"]
    refusals = [_get(part, "refusal") or "" for part in parts if _get(part, "type") == "refusal"]
    complete = _get(response, "status") in ("completed", None)
    calls = _calls(output) if output else built.tool_calls
    return Answer(
        text="".join(texts) or built.text,
        refusal="".join(refusals) or built.refusal,
        tool_calls=calls if complete else [],
        status="complete" if complete else "partial",
    )


def _calls(items: Iterable[Any]) -> list[dict[str, str]]:
    return [
        function_call(_get(item, "name"), _get(item, "arguments"), _get(item, "call_id"))
        for item in items
        if _get(item, "type") == "function_call"
    ]


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
