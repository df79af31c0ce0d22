"""What the two drivers of the openai SDK share: the client, the keywords, and reading its Response object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import openai
from turns import Answer, function_call

__all__ = ["answer_of", "client_for", "keywords", "status_of"]


def client_for(asked: Mapping[str, Any]) -> Any:
    """A client at its defaults."""
    return openai.OpenAI(base_url=asked["base_url"], api_key=asked["api_key"], timeout=asked["timeout"])


def keywords(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of ``responses.create``."""
    said: dict[str, Any] = {"model": asked["model"], "input": asked["prompt"]}
    if asked["instructions"]:
        said["instructions"] = asked["instructions"]
    if asked["tools"]:
        said["tools"] = asked["tools"]
    if asked["extra"]:
        said["extra_body"] = asked["extra"]
    return said


def status_of(response: Any) -> str:
    """The status that a Response object tells; one without is what its event says, a whole answer."""
    return "complete" if response.status in ("completed", None) else "partial"


def answer_of(response: Any) -> Answer:
    """An answer from the SDK's Response object."""
    if response.status == "failed" or (response.error and response.status != "completed"):
        said = (
            response.error and response.error.message
        ) or "the backend sent response.failed without a word"
        return Answer(status="error", error=said, error_type="response.failed")
    status = status_of(response)
    calls = [item for item in response.output if item.type == "function_call"] if status == "complete" else []
    refusals = [
        part.refusal or ""
        for item in response.output
        if item.type == "message"
        for part in item.content or ()
        if part.type == "refusal"
    ]
    return Answer(
        text=response.output_text,
        refusal="".join(refusals),
        tool_calls=[function_call(call.name, call.arguments, call.call_id) for call in calls],
        status=status,
    )
