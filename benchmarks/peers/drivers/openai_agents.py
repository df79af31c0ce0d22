"""openai-agents: ``Runner.run_streamed`` with ``OpenAIResponsesModel``.

https://openai.github.io/openai-agents-python/streaming/
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any

from turns import Answer, Watch, function_call, serve

os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"

import agents
import openai


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Runs an agent for one turn; a tool that it runs is written down and ends the run."""
    return asyncio.run(_turn(asked, watch))


async def _turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    ran: list[dict[str, str]] = []
    async with openai.AsyncOpenAI(
        base_url=asked["base_url"], api_key=asked["api_key"], timeout=asked["timeout"]
    ) as client:
        agent = agents.Agent(
            name="peer",
            instructions=asked["instructions"] or None,
            model=agents.OpenAIResponsesModel(model=asked["model"], openai_client=client),
            model_settings=agents.ModelSettings(extra_body=asked["extra"] or None),
            tools=[_tool(tool, ran) for tool in asked["tools"]],
            tool_use_behavior="stop_on_first_tool",
        )
        result = agents.Runner.run_streamed(agent, asked["prompt"])
        try:
            async for event in result.stream_events():
                raw = event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
                watch.delta() if raw else watch.event()
        except Exception as error:
            if not ran:
                raise
            # What ran has run, however the turn ended.
            return Answer(tool_calls=ran, status="error", error=str(error), error_type=type(error).__name__)
    said = agents.ItemHelpers.text_message_outputs(result.new_items)
    text = said if ran else str(result.final_output or "")
    return Answer(text=text, tool_calls=ran)


def _tool(tool: Mapping[str, Any], ran: list[dict[str, str]]) -> Any:
    async def invoke(context: Any, arguments: str) -> str:
        # As its own ``function_tool``: empty means no arguments, and what doesn't fit is refused.
        try:
            given = json.loads(arguments or "{}")
        except ValueError:
            given = None
        if not isinstance(given, dict) or any(
            name not in given for name in tool["parameters"].get("required", ())
        ):
            raise agents.ModelBehaviorError(f"Invalid JSON input for tool {tool['name']}: {arguments}")
        ran.append(function_call(tool["name"], arguments or "{}", context.tool_call_id))
        return "done"

    return agents.FunctionTool(
        name=tool["name"],
        description=tool.get("description", ""),
        params_json_schema=dict(tool["parameters"]),
        on_invoke_tool=invoke,
        strict_json_schema=bool(tool.get("strict")),
    )


if __name__ == "__main__":
    serve(turn, ["openai-agents", "openai"])
