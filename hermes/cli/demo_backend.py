"""``hermes demo-backend``: the loopback backend on its own."""

from __future__ import annotations

import click

from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import all_scenarios
from hermes.testing.corpus import scenario as scenario_of

__all__ = ["demo_backend"]


@click.command()
@click.option("--scenario", "name", default="demo", show_default=True, metavar="NAME", help="What to answer.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0 takes a free one.")
@click.option("--list", "list_them", is_flag=True, help="List the scenarios and end.")
def demo_backend(name: str, port: int, list_them: bool) -> None:
    """Run the loopback backend with one of its scenarios, until Ctrl-C."""
    if list_them:
        for scenario in all_scenarios():
            click.echo(f"{scenario.id}: {scenario.summary}")
        return
    with LoopbackBackend(scenario_of(name), port=port) as backend:
        click.echo(f"{name}: {backend.base_url}")
        backend.serve_forever()
