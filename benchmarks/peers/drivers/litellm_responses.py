"""litellm: ``litellm.responses(stream=True)`` with an ``api_base`` of one's own; it hands out events too.

https://docs.litellm.ai/docs/response_api
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from event_answers import read_events
from turns import Answer, Watch, serve

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it is fetched while importing

import litellm

litellm.telemetry = False
litellm.suppress_debug_info = True


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Asks once and reads the events."""
    said = {name: asked[name] for name in ("instructions", "tools") if asked[name]}
    if asked["extra"]:
        said["extra_body"] = asked["extra"]
    stream = litellm.responses(
        model=f"openai/{asked['model']}",
        input=asked["prompt"],
        api_base=asked["base_url"],
        api_key=asked["api_key"],
        timeout=asked["timeout"],
        stream=True,
        **said,
    )
    return read_events(stream, watch)


if __name__ == "__main__":
    serve(turn, ["litellm", "openai", "httpx"])
