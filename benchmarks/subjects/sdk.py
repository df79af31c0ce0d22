"""The openai SDK as its documentation shows it, both ways of streaming."""

from __future__ import annotations

import time

from openai import OpenAI

from benchmarks.subjects import Seen, Turn

__all__ = ["created_stream", "typed_stream"]


def typed_stream(base_url: str) -> Turn:
    """``client.responses.stream()``: events with snapshots, and the final response."""
    client = OpenAI(base_url=base_url, api_key="none")

    def turn(model: str) -> Seen:
        seen = Seen()
        with client.responses.stream(model=model, input="hi") as stream:
            for event in stream:
                if event.type in ("response.output_text.delta", "response.function_call_arguments.delta"):
                    seen.events += 1
                    seen.characters += len(event.delta)
                    seen.first_at = seen.first_at or time.perf_counter()
            stream.get_final_response()
        return seen

    return turn


def created_stream(base_url: str) -> Turn:
    """``client.responses.create(stream=True)``: events without an accumulated answer."""
    client = OpenAI(base_url=base_url, api_key="none")

    def turn(model: str) -> Seen:
        seen = Seen()
        for event in client.responses.create(model=model, input="hi", stream=True):
            if event.type in ("response.output_text.delta", "response.function_call_arguments.delta"):
                seen.events += 1
                seen.characters += len(event.delta)
                seen.first_at = seen.first_at or time.perf_counter()
        return seen

    return turn
