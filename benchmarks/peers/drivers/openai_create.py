"""The openai SDK's plain stream of events: ``client.responses.create(stream=True)``.

The SDK hands out events and leaves it to its user to make an answer of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from event_answers import read_events
from openai_answers import client_for, keywords
from turns import Answer, Watch, serve


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Asks once and reads the events."""
    with client_for(asked) as client, client.responses.create(stream=True, **keywords(asked)) as stream:
        return read_events(stream, watch)


if __name__ == "__main__":
    serve(turn, ["openai", "httpx", "pydantic"])
