"""``hermes demo-backend``: the loopback backend on its own."""

from __future__ import annotations

import click

from hermes.cli.messages import say_dim
from hermes.cli.output import print_line
from hermes.errors import UsageError
from hermes.testing.backend import MODELS, LoopbackBackend, SeenRequest
from hermes.testing.corpus import all_scenarios
from hermes.testing.corpus import scenario as scenario_of

__all__ = ["demo_backend"]


@click.command("demo-backend")
@click.option("--scenario", "name", default="demo", show_default=True, metavar="NAME", help="What to answer.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0 takes a free one.")
@click.option("--list", "list_them", is_flag=True, help="List the scenarios and end.")
def demo_backend(name: str, port: int, list_them: bool) -> None:
    """Run the loopback backend with one of its scenarios, until Ctrl-C.

    Its base URL is the only line on stdout.
    """
    if list_them:
        for scenario in all_scenarios():
            print_line(f"{scenario.id}: {scenario.summary}")
        return
    try:
        chosen = scenario_of(name)
    except UsageError as error:
        error.hint += " To see them all, run: hermes demo-backend --list"
        raise
    try:
        with LoopbackBackend(chosen, port=port, on_request=_show) as backend:
            say_dim(f"hermes: Serving {chosen.id} ({chosen.summary}) until Ctrl-C. To ask it, run:")
            say_dim(f"  hermes --base-url {backend.base_url} -m {MODELS[0]} -z hello")
            print_line(backend.base_url)
            backend.serve_forever()
    except KeyboardInterrupt:
        return  # this is how it ends, also in the moment before it serves


def _show(request: SeenRequest) -> None:
    kind = "" if request.kind == "other" else f" ({request.kind.replace('_', '-')})"
    say_dim(f"hermes: {request.method} {request.path}{kind}")
