"""Hermes: a whole call through ``run_call``, with a callback for every delta."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import EntryPoint

from benchmarks.subjects import Seen, Turn
from benchmarks.subjects.dummy_adapters import ANSWERS, LOOKS_ON, OTHERS
from hermes.providers.manager import PluginManager, PluginState
from hermes.responses.events import Delta
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.stream import CallEvent, CallOptions, run_call

__all__ = [
    "KEY",
    "plugins_with",
    "with_adapters",
    "with_one_that_answers",
    "with_one_that_looks_on",
    "with_twenty",
    "without_adapters",
]

KEY = "sk-proj-bench0123456789abcdefghijklmnopqrstuvwxyz"
"""With a key, adapters are shown only what has been searched for it, as in every real call."""


def with_adapters(base_url: str) -> Turn:
    """The adapters ``builtin``, ``lenient`` and ``codex_lb``."""
    return _turn(base_url, _checked(PluginManager(["lenient", "codex_lb"])))


def without_adapters(base_url: str) -> Turn:
    """No adapter but ``builtin``, which cannot be switched off."""
    return _turn(base_url, plugins_with(()))


def with_twenty(base_url: str) -> Turn:
    """Twenty adapters more, which want other event types."""
    return _turn(base_url, plugins_with(OTHERS))


def with_one_that_looks_on(base_url: str) -> Turn:
    """One adapter more, which looks at every text delta."""
    return _turn(base_url, plugins_with(LOOKS_ON))


def with_one_that_answers(base_url: str) -> Turn:
    """One adapter more, which answers every text delta."""
    return _turn(base_url, plugins_with(ANSWERS))


def plugins_with(points: Sequence[EntryPoint]) -> PluginManager:
    """``builtin`` and what the entry points name."""
    return _checked(PluginManager([point.name for point in points], discover=lambda: points))


def _checked(plugins: PluginManager) -> PluginManager:
    plugins.require_installed()
    failed = [plugin.reason for plugin in plugins.plugins if plugin.state is PluginState.FAILED]
    if failed:
        raise RuntimeError(f"an adapter cannot be used: {failed[0]}")
    return plugins


def _turn(base_url: str, plugins: PluginManager) -> Turn:
    endpoint = Endpoint(name="bench", base_url=base_url, api_key=KEY)
    client = build_client(endpoint)
    options = CallOptions(provider="bench", live=True, secrets=endpoint.secrets)

    def turn(model: str) -> Seen:
        seen = Seen()

        def on_event(event: CallEvent) -> None:
            if type(event) is Delta:
                seen.events += 1
                seen.characters += len(event.text)
                seen.first_at = seen.first_at or time.perf_counter()

        request = {"model": model, "input": "hi", "store": False}
        result = run_call(client, request, plugins, options=options, on_event=on_event)
        if result.status != "complete" or len(result.attempts) != 1:
            raise RuntimeError(f"{model} is {result.status}")
        return seen

    return turn
