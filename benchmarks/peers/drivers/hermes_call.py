"""Hermes in process: what ``hermes -z`` calls, with the adapters that a user's configuration switches on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turns import Answer, Watch, function_call, serve

from hermes.providers.manager import PluginManager
from hermes.responses.events import Delta
from hermes.responses.result import ResultStatus
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.stream import CallOptions, run_call


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Makes one call, with deltas as they come."""
    patience = asked["timeout"]
    deadlines = Deadlines(
        connect=patience, first_event=patience, idle_bytes=patience, idle_events=patience, total=None
    )
    endpoint = Endpoint("custom", asked["base_url"], api_key=asked["api_key"], deadlines=deadlines)
    # As a configuration with the plugin enabled does: where the backend is known, its own adapter alone.
    backend = asked.get("profile") or "codex_lb"
    request: dict[str, Any] = {
        "model": asked["model"],
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": asked["prompt"]}],
            }
        ],
    }
    if asked["instructions"]:
        request["instructions"] = asked["instructions"]
    if asked["tools"]:
        request["tools"] = asked["tools"]
    client = build_client(endpoint)
    try:
        result = run_call(
            client,
            {**request, **asked["extra"]},
            PluginManager(["lenient", backend]),
            options=CallOptions(live=True, secrets=endpoint.secrets, deadlines=deadlines),
            on_event=lambda event: watch.delta() if isinstance(event, Delta) else watch.event(),
        )
    finally:
        client.close()
    return Answer(
        text=result.text,
        refusal=result.refusal,
        tool_calls=[function_call(call.name, call.arguments, call.call_id) for call in result.tool_calls],
        status="complete" if result.status is ResultStatus.COMPLETE else "partial",
        error=result.reason,
    )


if __name__ == "__main__":
    serve(turn, ["hermes-adapters", "hermes-codex-lb", "openai", "httpx2"])
