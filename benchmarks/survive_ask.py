"""What a peer is asked for a scenario: a prompt, the tools that the backend calls, a particular request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.peers import Peer, Turn
from benchmarks.survive_judge import right_outcomes
from hermes.testing.scenario import Scenario

__all__ = ["PATIENCE_SECONDS", "Asked", "asked_of", "can_ask"]

PATIENCE_SECONDS: Final = 1.0
"""The silence after which peers are set to give up."""

_ANY_ARGUMENTS: Final = {"type": "object", "properties": {}, "additionalProperties": True}


@dataclass(frozen=True, slots=True)
class Asked:
    """A scenario as a question.

    Attributes:
        scenario: the scenario.
        tools: the functions that the client offers.
        extra: keywords of the request that have to be sent as they are.
    """

    scenario: Scenario
    tools: tuple[Mapping[str, Any], ...]
    extra: Mapping[str, Any]

    def turn(self, base_url: str) -> Turn:
        """The turn for a backend that plays the scenario at ``base_url``."""
        request = self.scenario.request
        return Turn(
            base_url,
            "hi",
            model=request.get("model", "gpt-5.4"),
            instructions=request.get("instructions", "Answer.") or "",
            tools=self.tools,
            extra=self.extra,
            timeout=PATIENCE_SECONDS,
            profile=self.scenario.backend,
        )


def asked_of(scenario: Scenario) -> Asked:
    """What a scenario asks of its client.

    Where the request of the scenario names function tools, these are offered. Where it names none, every
    function that the backend calls is, because an agent rightly refuses to run what it never offered.
    """
    extra = {name: said for name, said in scenario.request.items() if name not in ("model", "instructions")}
    named = extra.get("tools")
    if isinstance(named, list) and named and all(tool["type"] == "function" for tool in named):
        return Asked(scenario, tuple(extra.pop("tools")), extra)
    if "tools" in extra:
        return Asked(scenario, (), extra)
    names = dict.fromkeys(_names_called(scenario))
    tools = tuple(
        {"type": "function", "name": name, "description": "", "parameters": _ANY_ARGUMENTS} for name in names
    )
    return Asked(scenario, tools, extra)


def can_ask(peer: Peer, asked: Asked) -> bool:
    """Whether the peer has a way to send what the scenario is about."""
    return ("tools" in peer.speaks or not asked.tools) and ("extra" in peer.speaks or not asked.extra)


def _names_called(scenario: Scenario) -> Iterator[str]:
    for outcome in right_outcomes(scenario):
        for call in outcome.tool_calls:
            yield call.name
    for reply in (*scenario.streams, *scenario.non_streams):
        body = b"".join(step for step in reply.steps if isinstance(step, bytes))
        for line in body.splitlines():
            try:
                said = json.loads(line.removeprefix(b"data:"))
            except (ValueError, RecursionError):
                continue  # no line of JSON
            yield from _names_in(said)


def _names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        name = value.get("name")
        if value.get("type") == "function_call" and isinstance(name, str) and _is_name(name):
            yield name
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _names_in(part)


def _is_name(name: str) -> bool:
    return name.isascii() and name.replace("_", "a").replace("-", "a").isalnum() and len(name) <= 64
