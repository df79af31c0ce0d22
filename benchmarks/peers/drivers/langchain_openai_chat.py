"""langchain-openai: ``ChatOpenAI(use_responses_api=True).stream()``, the chunks added up.

https://docs.langchain.com/oss/python/integrations/chat/openai
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from turns import Answer, Watch, function_call, serve

os.environ["LANGSMITH_TRACING"] = "false"

from langchain_openai import ChatOpenAI


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Asks once and adds the chunks up."""
    model: Any = ChatOpenAI(
        model=asked["model"],
        base_url=asked["base_url"],
        api_key=asked["api_key"],
        timeout=asked["timeout"],
        use_responses_api=True,
        extra_body=asked["extra"] or None,
    )
    if asked["tools"]:
        model = model.bind_tools([dict(tool) for tool in asked["tools"]])
    said = [("system", asked["instructions"])] if asked["instructions"] else []
    message: Any = None
    for chunk in model.stream([*said, ("human", asked["prompt"])]):
        watch.delta() if chunk.text else watch.event()
        message = chunk if message is None else message + chunk
    if message is None:
        return Answer(status="partial")
    calls = [function_call(call["name"], call["args"], call["id"]) for call in message.tool_calls]
    told = message.response_metadata.get("status") or "completed"
    complete = told == "completed" and not message.invalid_tool_calls
    return Answer(
        text=str(message.text),
        refusal=str(message.additional_kwargs.get("refusal") or _refusal(message.content)),
        tool_calls=calls if complete else [],
        status="complete" if complete else "partial",
    )


def _refusal(content: Any) -> str:
    if not isinstance(content, list):
        return ""
    return "".join(part.get("refusal", "") for part in content if isinstance(part, dict))


if __name__ == "__main__":
    serve(turn, ["langchain-openai", "langchain-core", "openai"])
