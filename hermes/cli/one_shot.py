"""One prompt, one answer."""

from __future__ import annotations

import sys

from hermes.cli.messages import say_dim, show_attempts
from hermes.cli.options import OneShot
from hermes.cli.prompt import read_prompt
from hermes.cli.setup import CallSetup, set_up
from hermes.cli.writers import AnswerWriter, JsonWriter, Writer
from hermes.errors import CallError, HermesError
from hermes.responses.result import ResponseResult
from hermes.runtime.client import build_client
from hermes.runtime.stream import run_call

__all__ = ["ask"]

_INSTRUCTIONS = "You are Hermes, a helpful assistant in a terminal. Answer briefly and in plain text."


def ask(wanted: OneShot) -> int:
    """Asks once, writes the answer and gives the exit code.

    Raises:
        HermesError: there is no answer; with ``--json`` it is written as ``turn.failed`` too.
    """
    live = wanted.json or wanted.stream or sys.stdout.isatty()
    writer: Writer = JsonWriter() if wanted.json else AnswerWriter(live=live)
    try:
        prompt = read_prompt(wanted.prompt, read_stdin=wanted.read_stdin)
        with set_up(wanted, live=live) as setup:
            for line in setup.greeting:
                say_dim(f"hermes: {line}")
            for plugin in setup.plugins.plugins:
                if plugin.state == "failed":
                    say_dim(f"hermes: the plugin `{plugin.name}` is not in use: {plugin.reason}.")
            result = _call(setup, prompt, writer)
    except HermesError as error:
        writer.failed(error)
        if wanted.verbose and isinstance(error, CallError):
            show_attempts(error.attempts)
        raise
    writer.finish(result)
    if wanted.verbose:
        show_attempts(result.attempts)
    return 0 if result.status == "complete" else 3


def _call(setup: CallSetup, prompt: str, writer: Writer) -> ResponseResult:
    request = {
        "model": setup.model,
        "instructions": _INSTRUCTIONS,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}],
        "store": False,
    }
    client = build_client(setup.endpoint)
    try:
        return run_call(client, request, setup.plugins, options=setup.options, on_event=writer.on_event)
    finally:
        client.close()
