"""The command ``hermes``: its options and verbs, and the border where every error becomes a sentence."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from hermes import __version__
from hermes.cli.messages import show_error, show_fault
from hermes.cli.options import OneShot, given_options, one_shot_options
from hermes.cli.output import Stdout, StdoutGone, prepare_streams, print_line
from hermes.errors import CallInterrupted, HermesError, UsageError
from hermes.names import nearest

__all__ = ["main", "run"]

# Loaded when they are used, so that `hermes --version` stays as fast as it can be.
_VERBS: Final = {
    "chat": ("hermes.cli.chat", "chat"),
    "config": ("hermes.cli.config", "config"),
    "demo-backend": ("hermes.cli.demo_backend", "demo_backend"),
    "plugins": ("hermes.cli.plugins", "plugins"),
    "providers": ("hermes.cli.providers", "providers"),
    "scenarios": ("hermes.cli.scenarios", "scenarios"),
}
_HELP_OF_VERBS: Final = {
    "chat": "Ask a model.",
    "config": "Show and check the configuration.",
    "demo-backend": "Run the loopback backend with one of its scenarios.",
    "plugins": "List, show, enable and disable plugins.",
    "providers": "List and show providers, and what their backends taught.",
    "scenarios": "List and run the scenarios of backend behaviour.",
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _VERBS and not args[0].startswith("-"):
            raise _no_such_command(args, is_question=ctx.params.get("prompt") is not None)
        return super().resolve_command(ctx, args)

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
        ctx.obj = _options_for(ctx.invoked_subcommand, given_options(ctx), ctx)
        return 0
    if prompt is None:
        return _nothing_asked(ctx)
    from hermes.cli.one_shot import ask

    return ask(OneShot(prompt=prompt, **options))


def _no_such_command(args: list[str], *, is_question: bool) -> UsageError:
    word = args[0]
    if is_question:
        return UsageError(
            f"`{word}` is no part of the prompt and no command.",
            hint="Put the whole prompt in quotes: hermes -z 'PROMPT'",
        )
    near = nearest(word, _VERBS)
    if near:
        return UsageError(f"There is no command `{word}`.", hint=f"Did you mean: hermes {near}")
    return UsageError(f"There is no command `{word}`.", hint="To ask a model, run: hermes -z 'PROMPT'")


def _options_for(command: str, given: dict[str, Any], ctx: click.Context) -> dict[str, Any]:
    """The options in front of a command: only ``chat`` takes them, and nothing is silently ignored."""
    if "prompt" in given:
        raise UsageError(
            "-z asks once and takes no command.", hint="Put the whole prompt in quotes: hermes -z 'PROMPT'"
        )
    if given and command != "chat":
        option = next(param.opts[-1] for param in ctx.command.params if param.name in given)
        raise UsageError(
            f"{option} in front of `{command}` means nothing: it belongs to a question.",
            hint=f"Run: hermes {command} --help",
        )
    return given


def _nothing_asked(ctx: click.Context) -> int:
    """Help, where nothing else was meant."""
    from hermes.cli.prompt import has_piped_text

    if given_options(ctx):
        raise UsageError("Hermes does not know what to ask.", hint="Run: hermes -z 'PROMPT'")
    if has_piped_text():
        raise UsageError(
            "There is text on stdin, but nothing says what to do with it.",
            hint="Put a prompt behind it: hermes -z 'PROMPT'. Or is it the prompt: hermes -z -",
        )
    print_line(ctx.get_help())
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code; no exception leaves it."""
    prepare_streams()
    try:
        code = hermes.main(args=arguments, prog_name="hermes", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _refused(_as_usage_error(error), arguments)
    except (click.Abort, KeyboardInterrupt):
        return CallInterrupted.exit_code
    except HermesError as error:
        return _refused(error, arguments)
    except (StdoutGone, SystemExit):  # click ends with the latter when it meets a closed stdout
        return 0
    except Exception as error:  # noqa: BLE001 - the top of the CLI
        show_fault(error)
        return 1
    return code if isinstance(code, int) else 0


def run() -> None:
    """The entry point of the command."""
    code = main()
    # The interpreter looks through all objects once more before it ends, which takes a tenth of a short call.
    gc.freeze()
    sys.exit(code)


def _as_usage_error(error: click.ClickException) -> UsageError:
    message = error.format_message()
    ctx = getattr(error, "ctx", None)
    hint = f"Run: {ctx.command_path} --help" if ctx is not None else "Run: hermes --help"
    return UsageError(message if message.endswith((".", "?", "!")) else f"{message}.", hint=hint)


def _refused(error: HermesError, arguments: Sequence[str] | None) -> int:
    """Shows an error that came before a question could be asked; whoever reads JSON lines gets one."""
    words = set(sys.argv[1:] if arguments is None else arguments)
    if "--json" in words and not words & (_VERBS.keys() - {"chat"}):
        from hermes.cli.writers import JsonWriter

        with contextlib.suppress(StdoutGone):
            JsonWriter(Stdout()).failed(error)
    show_error(error)
    return error.exit_code
