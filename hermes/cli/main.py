"""The command ``hermes``: its options and verbs, and the border where every error becomes a sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from hermes import __version__
from hermes.cli.options import OneShot, one_shot_options
from hermes.errors import CallInterrupted, HermesError

__all__ = ["main", "run"]

# Loaded when they are used, so that `hermes --version` stays as fast as it can be.
_VERBS: Final = {
    "chat": ("hermes.cli.chat", "chat"),
    "config": ("hermes.cli.config", "config"),
    "demo-backend": ("hermes.cli.demo_backend", "demo_backend"),
    "plugins": ("hermes.cli.plugins", "plugins"),
}
_HELP_OF_VERBS: Final = {
    "chat": "Ask a model.",
    "config": "Show and check the configuration.",
    "demo-backend": "Run the loopback backend with one of its scenarios.",
    "plugins": "List, show, enable and disable plugins.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module, attribute = _VERBS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _HELP_OF_VERBS[name]) for name in self.list_commands(ctx)])


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 a complete answer, 1 failed, 2 wrong usage or configuration, "
    "3 a partial or unconfirmed answer, 130 interrupted.",
)
@click.version_option(__version__, prog_name="hermes", message="%(prog)s %(version)s")
@click.option(
    "-z", "prompt", metavar="PROMPT", help="Ask once and print the answer; '-' reads it from stdin."
)
@one_shot_options
@click.pass_context
def hermes(ctx: click.Context, /, prompt: str | None, **options: Any) -> int:
    """A terminal AI agent whose model calls survive the backends that people really use."""
    if ctx.invoked_subcommand is not None:
        if prompt is not None:
            raise click.UsageError("-z asks once; it takes no command.")
        ctx.obj = options
        return 0
    if prompt is None:
        click.echo(ctx.get_help())
        return 0
    from hermes.cli.one_shot import ask

    return ask(OneShot(prompt=prompt, **options))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code; no exception leaves it."""
    try:
        code = hermes.main(args=arguments, standalone_mode=False)
        _flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code if error.exit_code > 1 else 2
    except (click.Abort, KeyboardInterrupt):
        return CallInterrupted.exit_code
    except HermesError as error:
        from hermes.cli.messages import show_error

        show_error(error)
        return error.exit_code
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except Exception as error:  # noqa: BLE001 - the top of the CLI
        from hermes.cli.messages import show_fault

        show_fault(error)
        return 1
    return code if isinstance(code, int) else 0


def run() -> None:
    """The entry point of the command."""
    sys.exit(main())


def _flush() -> None:
    """Meets a closed stdout here, where it is quiet, and not at the interpreter's end."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _silence_stdout() -> None:
    # The reader is gone; what is left in the buffer must not raise again at the interpreter's end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
