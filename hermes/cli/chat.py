"""``hermes chat``."""

from __future__ import annotations

from typing import Any

import click

from hermes.cli.one_shot import ask
from hermes.cli.options import OneShot, given_options, one_shot_options
from hermes.errors import UsageError

__all__ = ["chat"]


@click.command()
@click.option(
    "-q",
    "--query",
    "prompt",
    metavar="PROMPT",
    help="Ask once and print the answer; '-' reads it from stdin.",
)
@one_shot_options
@click.pass_context
def chat(ctx: click.Context, /, prompt: str | None, **options: Any) -> int:
    """Ask a model."""
    if prompt is None:
        raise UsageError("Hermes does not know what to ask.", hint="Run: hermes chat -q 'PROMPT'")
    return ask(OneShot(prompt=prompt, **{**options, **_merged(ctx.obj or {}, given_options(ctx))}))


def _merged(outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """``hermes -m X chat -q Y`` means the same as ``hermes chat -m X -q Y``; the inner one is stronger."""
    merged = {**outer, **inner}
    merged.pop("prompt", None)
    for name in ("enable", "disable"):
        if name in merged:
            merged[name] = (*outer.get(name, ()), *inner.get(name, ()))
    return merged
