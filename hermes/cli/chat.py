"""``hermes chat``."""

from __future__ import annotations

from typing import Any

import click

from hermes.cli.one_shot import ask
from hermes.cli.options import OneShot, one_shot_options

__all__ = ["chat"]


@click.command()
@click.option("-q", "--query", "prompt", metavar="PROMPT", help="Ask once and print the answer.")
@one_shot_options
@click.pass_obj
def chat(outer: dict[str, Any] | None, /, prompt: str | None, **options: Any) -> int:
    """Ask a model."""
    if prompt is None:
        raise click.UsageError("Say what to ask: hermes chat -q 'PROMPT'")
    return ask(OneShot(prompt=prompt, **_merged(outer or {}, options)))


def _merged(outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """``hermes -m X chat -q Y`` means the same as ``hermes chat -m X -q Y``; the inner one is stronger."""
    defaults = OneShot(prompt="")
    return {
        name: value if value != getattr(defaults, name) else outer.get(name, value)
        for name, value in inner.items()
    }
