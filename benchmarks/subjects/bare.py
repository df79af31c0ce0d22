"""The least that a client can do: read with httpx2, split on blank lines, parse with orjson."""

from __future__ import annotations

import time

import httpx2
import orjson

from benchmarks.subjects import Seen, Turn

__all__ = ["bare", "bare_anew"]


def bare(base_url: str) -> Turn:
    """One client, which keeps its connection."""
    return _turn(httpx2.Client(), f"{base_url}/responses")


def bare_anew(base_url: str) -> Turn:
    """The same with a connection for each turn, as Hermes makes one for each attempt."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    return _turn(httpx2.Client(limits=limits), f"{base_url}/responses")


def _turn(client: httpx2.Client, url: str) -> Turn:
    def turn(model: str) -> Seen:
        seen = Seen()
        request = {"model": model, "input": "hi", "stream": True}
        with client.stream("POST", url, json=request) as response:
            response.raise_for_status()
            rest = b""
            for chunk in response.iter_bytes():
                *frames, rest = (rest + chunk).split(b"\n\n")
                for frame in frames:
                    event = orjson.loads(frame[frame.index(b"data: ") + 6 :])
                    delta = event.get("delta")
                    if delta is not None:
                        seen.events += 1
                        seen.characters += len(delta)
                        seen.first_at = seen.first_at or time.perf_counter()
        return seen

    return turn
