"""The options of a one-shot call, shared by ``hermes -z`` and ``hermes chat -q``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from click.core import ParameterSource

__all__ = ["OneShot", "given_options", "one_shot_options"]

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
        raw: write the answer as it is, also on a terminal.
        read_stdin: read stdin where it is no terminal.
        timeout: seconds for the whole call.
        json: write JSON lines.
        verbose: tell which backend is asked, and about every attempt.
    """

    prompt: str
    model: str | None = None
    provider: str | None = None
    base_url: str | None = None
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    stream: bool = False
    raw: bool = False
    read_stdin: bool = True
    timeout: float | None = None
    json: bool = False
    verbose: bool = False


class _Seconds(click.ParamType[float]):
    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds > 0):
            self.fail(f"{value!r} is no number of seconds above 0, such as 30.", param, ctx)
        return seconds


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
            "--raw", is_flag=True, help="Write the answer as it is, without rendering its markdown."
        ),
        click.option(
            "--no-stdin", "read_stdin", flag_value=False, default=True, help="Do not read standard input."
        ),
        click.option(
            "--timeout",
            type=_Seconds(),
            metavar="SECONDS",
            help="The longest time for the whole call; it wins over config.yaml.",
        ),
        click.option("--json", is_flag=True, help="Write one JSON object a line, each with a type."),
        click.option(
            "-v", "--verbose", is_flag=True, help="Tell which backend is asked, and about every attempt."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def given_options(ctx: click.Context) -> dict[str, Any]:
    """The options that stand on the command line, without what they are by default."""
    on_command_line = ParameterSource.COMMANDLINE
    return {
        name: value for name, value in ctx.params.items() if ctx.get_parameter_source(name) is on_command_line
    }
