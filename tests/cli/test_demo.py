"""Without a provider Hermes answers from its own demo backend, and says so."""

from __future__ import annotations

import signal
import subprocess

import pytest

from hermes.testing.corpus import scenario

from .conftest import GUARD_SECONDS, Hermes, read_to_end
from .markdown_screens import Terminal

ANSWER = scenario("demo").expected.text


@pytest.mark.parametrize("arguments", [("-z", "hi"), ("chat", "-q", "hi")], ids=["-z", "chat"])
def test_the_first_run_of_a_new_user(hermes: Hermes, arguments: tuple[str, ...]) -> None:
    ran = hermes(*arguments)
    assert (ran.code, ran.out) == (0, f"{ANSWER}\n")
    assert "demo" in ran.err
    assert "codex_lb is enabled" in ran.err
    assert str(hermes.config_file) in ran.err
    assert "\nlimits (pro): " in ran.err
    assert not hermes.config_file.exists()


def test_without_the_adapter_there_is_an_answer_too(hermes: Hermes) -> None:
    ran = hermes("-z", "hi", "--no-plugin", "codex_lb")
    assert (ran.code, ran.out) == (0, f"{ANSWER}\n")
    assert "is not in use" in ran.err
    assert "hermes plugins enable codex_lb" in ran.err


def test_an_adapter_that_is_disabled_stays_so(hermes: Hermes) -> None:
    hermes.config_file.write_text("plugins: {disabled: [codex-lb]}\n")
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, f"{ANSWER}\n")
    assert "is not in use" in ran.err


def test_as_json(hermes: Hermes) -> None:
    ran = hermes("-z", "hi", "--json", "-m", "gpt-5.4-mini")
    assert ran.code == 0
    assert ran.lines[-1]["text"] == ANSWER
    assert "demo" in ran.err


def test_on_a_terminal(hermes: Hermes) -> None:
    terminal = hermes.spawn("-z", "hi")
    shown = read_to_end(terminal)
    assert terminal.exitstatus == 0
    screen = Terminal(400, 24)
    screen.write(shown)
    assert screen.rows.count(ANSWER.replace("`", "")) == 1  # its code is rendered


def test_a_provider_on_the_command_line_is_no_demo(hermes: Hermes) -> None:
    ran = hermes("-z", "hi", "--base-url", "http://127.0.0.1:9/v1")
    assert ran.code == 2
    assert "demo" not in ran.err


# The backend alone


def url_of(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


@pytest.mark.parametrize("name", ["codex-lb-prelude", "incomplete-max-output-tokens/text"])
def test_the_backend_alone(hermes: Hermes, name: str) -> None:
    with hermes.popen("demo-backend", "--scenario", name, "--port", "0") as process:
        url = url_of(process)
        ran = hermes("-z", "hi", "--base-url", url, "-m", "any")
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=GUARD_SECONDS)
    assert ran.code == scenario(name).expected.exit_code
    assert ran.out == f"{scenario(name).expected.text}\n"
    assert (process.returncode, rest) == (0, b"")
    assert b"Ctrl-C" in err
    assert b"POST /v1/responses (stream)" in err
    assert b"Traceback" not in err


def test_it_serves_the_demo_by_default(hermes: Hermes) -> None:
    terminal = hermes.spawn("demo-backend")
    terminal.expect(r"http://127\.0\.0\.1:\d+/v1\r\n")
    terminal.sendintr()
    read_to_end(terminal)
    assert terminal.exitstatus == 0


def test_a_port_that_is_taken(hermes: Hermes) -> None:
    with hermes.popen("demo-backend") as process:
        port = url_of(process).removesuffix("/v1").rpartition(":")[2]
        ran = hermes("demo-backend", "--port", port)
        process.terminate()
    assert (ran.code, ran.out) == (2, "")
    assert port in ran.err


def test_an_unknown_scenario(hermes: Hermes) -> None:
    ran = hermes("demo-backend", "--scenario", "codex-lb-prelud")
    assert (ran.code, ran.out) == (2, "")
    assert "codex-lb-prelude" in ran.err
    assert "demo-backend --list" in ran.err


def test_the_list_of_scenarios(hermes: Hermes) -> None:
    ran = hermes("demo-backend", "--list")
    assert ran.code == 0
    assert "codex-lb-prelude: " in ran.out
