"""pydantic-ai: an ``Agent`` on ``OpenAIResponsesModel``, read as a stream of events.

Tools are external ones, so that the run ends with the calls that the agent hands out to be run.
https://ai.pydantic.dev/agents/#streaming-events-and-final-output
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import openai
from pydantic_ai import Agent, DeferredToolRequests, ExternalToolset, ToolDefinition
from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.run import AgentRunResultEvent
from turns import Answer, Watch, function_call, serve

_CUT_SHORT = ("length", "content_filter", "error")


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Runs an agent for one turn."""
    return asyncio.run(_turn(asked, watch))


async def _turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    async with openai.AsyncOpenAI(
        base_url=asked["base_url"], api_key=asked["api_key"], timeout=asked["timeout"]
    ) as client:
        agent: Any = Agent(
            OpenAIResponsesModel(asked["model"], provider=OpenAIProvider(openai_client=client)),
            instructions=asked["instructions"] or None,
            output_type=[str, DeferredToolRequests] if asked["tools"] else str,
            toolsets=[ExternalToolset([_tool(tool) for tool in asked["tools"]])] if asked["tools"] else [],
            model_settings={"extra_body": asked["extra"]} if asked["extra"] else None,
        )
        result: Any = None
        async with agent.run_stream_events(asked["prompt"]) as events:
            async for event in events:
                watch.delta() if _is_text(event) else watch.event()
                if isinstance(event, AgentRunResultEvent):
                    result = event.result
    response = result.response
    cut = response.finish_reason in _CUT_SHORT or response.state != "complete"
    status = "partial" if cut else "complete"
    if isinstance(result.output, str):
        return Answer(text=result.output, status=status)
    calls = [
        function_call(call.tool_name, call.args or "{}", call.tool_call_id) for call in result.output.calls
    ]
    handed_out = calls if status == "complete" else []
    return Answer(text=response.text or "", tool_calls=handed_out, status=status)


def _is_text(event: Any) -> bool:
    if isinstance(event, PartStartEvent):
        return isinstance(event.part, TextPart)
    return isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta)


def _tool(tool: Mapping[str, Any]) -> Any:
    return ToolDefinition(
        name=tool["name"],
        description=tool.get("description", ""),
        parameters_json_schema=dict(tool["parameters"]),
        strict=tool.get("strict"),
    )


if __name__ == "__main__":
    serve(turn, ["pydantic-ai-slim", "openai"])
