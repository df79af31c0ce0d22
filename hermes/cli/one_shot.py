"""One prompt, one answer."""

from __future__ import annotations

import contextlib

from hermes.cli.messages import FAULT_HINT, say_dim, sentence_of_fault, show_attempts, show_error
from hermes.cli.options import OneShot
from hermes.cli.output import Stdout, StdoutGone, prints_to_stderr
from hermes.cli.prompt import read_prompt
from hermes.cli.setup import CallSetup, set_up
from hermes.cli.writers import AnswerWriter, JsonWriter, Writer
from hermes.errors import CallError, CallInterrupted, HermesError
from hermes.responses.result import ResponseResult
from hermes.responses.telemetry import Notice
from hermes.runtime.client import build_client
from hermes.runtime.stream import run_call

__all__ = ["ask"]

_INSTRUCTIONS = "You are Hermes, a helpful assistant in a terminal. Answer briefly"
_PLAIN = f"{_INSTRUCTIONS} and in plain text."
_RENDERED = f"{_INSTRUCTIONS}; markdown is rendered."


def ask(wanted: OneShot) -> int:
    """Asks once, writes the answer or says why there is none, and gives the exit code.

    Raises:
        StdoutGone: the reader left before the answer was whole.
    """
    stdout = Stdout()
    live = wanted.json or wanted.stream or stdout.is_terminal
    writer: Writer = JsonWriter(stdout) if wanted.json else AnswerWriter(stdout, live=live, raw=wanted.raw)
    with prints_to_stderr():
        try:
            result = _answer(wanted, writer, live=live)
            with contextlib.suppress(StdoutGone):  # what was answered is known all the same
                writer.finish(result)
        except KeyboardInterrupt:
            return _failed(CallInterrupted("Interrupted."), writer)
        except HermesError as error:
            if wanted.verbose and isinstance(error, CallError):
                show_attempts(error.attempts)
            return _failed(error, writer)
        except Exception as error:
            _tell_failed(HermesError(sentence_of_fault(error), hint=FAULT_HINT), writer)
            raise
        if wanted.verbose:
            show_attempts(result.attempts)
    return 0 if result.status == "complete" else 3


def _answer(wanted: OneShot, writer: Writer, *, live: bool) -> ResponseResult:
    # The configuration first: whoever pipes or types a long prompt should not learn of a typo after it.
    with set_up(wanted, live=live) as setup:
        prompt = read_prompt(wanted.prompt, read_stdin=wanted.read_stdin)
        for line in setup.greeting:
            say_dim(f"hermes: {line}")
        if wanted.verbose:
            _show_target(setup)
        for plugin in setup.plugins.plugins:
            if plugin.state == "failed":
                text = f"The plugin `{plugin.name}` is not in use: {plugin.reason}."
                writer.on_event(Notice(text, kind="plugin", source=plugin.name))
        return _call(setup, prompt, writer)


def _call(setup: CallSetup, prompt: str, writer: Writer) -> ResponseResult:
    request = {
        "model": setup.model,
        "instructions": _RENDERED if writer.renders_markdown else _PLAIN,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}],
        "store": False,
    }
    client = build_client(setup.endpoint, setup.client)
    try:
        return run_call(client, request, setup.plugins, options=setup.options, on_event=writer.on_event)
    finally:
        client.close()
        if setup.lessons is not None and setup.lessons.problem:
            writer.on_event(Notice(setup.lessons.problem, kind="memory"))


def _show_target(setup: CallSetup) -> None:
    names = [adapter.name for adapter in setup.plugins.adapters]
    endpoint = setup.endpoint
    key = "with a key" if endpoint.api_key else "without a key"
    say_dim(
        f"hermes: Asking {setup.model} at {endpoint.base_url} (provider {endpoint.name}, {key}; "
        f"adapters: {', '.join(names)})"
    )


def _failed(error: HermesError, writer: Writer) -> int:
    _tell_failed(error, writer)
    show_error(error)
    return error.exit_code


def _tell_failed(error: HermesError, writer: Writer) -> None:
    with contextlib.suppress(StdoutGone):
        writer.failed(error)
