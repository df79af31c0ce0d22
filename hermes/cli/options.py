"""The options of a one-shot call, shared by ``hermes -z`` and ``hermes chat -q``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

__all__ = ["OneShot", "one_shot_options"]

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class OneShot:
    """What the command line asks for.

    Attributes:
        prompt: the prompt; ``-`` for stdin.
        model: overrides the configured model.
        provider: overrides the configured provider.
        base_url: overrides the configured base URL.
        enable: plugins to enable for this call.
        disable: plugins to disable for this call.
        stream: write the answer as it comes, whatever stdout is.
        read_stdin: read stdin where it is no terminal.
        timeout: seconds for the whole call.
        json: write JSON lines.
        verbose: tell about every attempt.
    """

    prompt: str
    model: str | None = None
    provider: str | None = None
    base_url: str | None = None
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    stream: bool = False
    read_stdin: bool = True
    timeout: float | None = None
    json: bool = False
    verbose: bool = False


def one_shot_options(command: _F) -> _F:
    """Adds the options to a command."""
    options = (
        click.option("-m", "--model", metavar="NAME", help="The model to ask."),
        click.option("--provider", metavar="NAME", help="The provider to ask, as config.yaml names it."),
        click.option("--base-url", metavar="URL", help="The backend to ask, as in http://127.0.0.1:2455/v1"),
        click.option(
            "--plugin", "enable", multiple=True, metavar="NAME", help="Enable a plugin for this call."
        ),
        click.option(
            "--no-plugin", "disable", multiple=True, metavar="NAME", help="Disable a plugin for this call."
        ),
        click.option("--stream", is_flag=True, help="Write the answer as it comes, also into a pipe."),
        click.option(
            "--no-stdin", "read_stdin", flag_value=False, default=True, help="Do not read standard input."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="The longest time for the whole call.",
        ),
        click.option("--json", is_flag=True, help="Write one JSON object a line."),
        click.option("-v", "--verbose", is_flag=True, help="Tell about every attempt."),
    )
    for option in reversed(options):
        command = option(command)
    return command
