"""The built-in demo: with no provider configured, Hermes talks to its own loopback backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hermes.config.paths import config_path
from hermes.config.resolve import ResolvedProvider
from hermes.testing.backend import MODELS, LoopbackBackend
from hermes.testing.corpus import scenario

__all__ = ["DEMO_ADAPTER", "demo_provider", "greeting"]

DEMO_ADAPTER: Final = "codex_lb"
"""The adapter that knows the manners of the demo backend."""

_DEMO_SCENARIO: Final = "demo"


@contextmanager
def demo_provider(model: str | None) -> Iterator[ResolvedProvider]:
    """The demo backend, running until the end of the block."""
    with LoopbackBackend(scenario(_DEMO_SCENARIO)) as backend:
        yield ResolvedProvider(
            name="demo", kind="custom", base_url=backend.base_url, model=model or MODELS[0]
        )


def greeting(*, adapter_enabled: bool) -> tuple[str, ...]:
    """What the user should know: that this is a demo, and how to leave it."""
    adapter = (
        f"The plugin {DEMO_ADAPTER} is enabled for it."
        if adapter_enabled
        else f"The plugin {DEMO_ADAPTER}, which knows its manners, is not in use."
    )
    what = "the built-in demo backend, which speaks as codex-lb does"
    how = f"set model.base_url and model.default in {config_path()}, or pass --base-url URL and -m MODEL"
    return (
        f"No provider is configured, so the answer comes from {what}. {adapter}",
        f"For a real one, {how}.",
    )
