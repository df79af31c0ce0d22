"""What is piped in comes before the prompt, and nothing of it is dropped."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

import pytest

from hermes.testing.backend import LoopbackBackend

from .conftest import GUARD_SECONDS, Hermes, Serve, read_to_end


@pytest.fixture
def backend(serve: Serve) -> LoopbackBackend:
    return serve("good-text")


def prompt_of(backend: LoopbackBackend) -> Any:
    (message,) = backend.requests[-1].body["input"]
    (part,) = message["content"]
    return part["text"]


def test_the_pipe_of_every_manual(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes.shell('echo "some text" | hermes -z "summarise" > out.txt')
    assert (ran.code, ran.out) == (0, "")
    assert (hermes.folder / "out.txt").read_bytes() == b"Hello\n"
    assert prompt_of(backend) == "some text\n\nsummarise"


@pytest.mark.parametrize(
    ("piped", "prompt"),
    [
        ("text", "text\n\nASK"),
        ("text\n", "text\n\nASK"),
        ("text \n\n\n", "text \n\n\nASK"),
        ("  indented\n", "  indented\n\nASK"),
        ("", "ASK"),
        (" \n", "ASK"),
        (b"one\r\ntwo\r\n", "one\r\ntwo\r\n\nASK"),
        (b"\xef\xbb\xbfmarked", "marked\n\nASK"),
        ("two bytes".encode("utf-16"), "two bytes\n\nASK"),
        (b"a\x00b", "a\x00b\n\nASK"),
        ("\U0001f600 \ufffd", "\U0001f600 \ufffd\n\nASK"),
    ],
    ids=repr,
)
def test_stdin_comes_before_the_prompt(
    hermes: Hermes, backend: LoopbackBackend, piped: str | bytes, prompt: str
) -> None:
    ran = hermes("-z", "ASK", stdin=piped)
    assert (ran.code, ran.out, ran.err) == (0, "Hello\n", "")
    assert prompt_of(backend) == prompt


def test_bytes_that_are_no_text_are_replaced_and_told(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes("-z", "ASK", stdin=b"caf\xe9 \xff\x80 end")
    assert ran.code == 0
    assert prompt_of(backend) == "caf\ufffd \ufffd\ufffd end\n\nASK"
    assert "UTF-8" in ran.err


def test_a_large_stdin_is_whole(hermes: Hermes, backend: LoopbackBackend) -> None:
    text = "".join(f"line {number} \u00e9\n" for number in range(400_000))
    assert len(text) > 5_000_000
    assert hermes("-z", "ASK", stdin=text).code == 0
    assert prompt_of(backend) == f"{text}\nASK"


@pytest.mark.parametrize("arguments", [("-z", "-"), ("chat", "-q", "-")], ids=["-z", "chat"])
def test_the_whole_prompt_from_stdin(
    hermes: Hermes, backend: LoopbackBackend, arguments: tuple[str, ...]
) -> None:
    assert hermes(*arguments, stdin="all\nof it\n").out == "Hello\n"
    assert prompt_of(backend) == "all\nof it\n"


@pytest.mark.parametrize("stdin", ["", " \n"], ids=repr)
def test_an_empty_prompt_from_stdin_is_wrong_usage(
    hermes: Hermes, backend: LoopbackBackend, stdin: str
) -> None:
    ran = hermes("-z", "-", stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert "empty" in ran.err
    assert backend.requests == []


def test_a_prompt_that_is_empty_is_completed_by_stdin(hermes: Hermes, backend: LoopbackBackend) -> None:
    assert hermes("-z", "", stdin="what?").code == 0
    assert prompt_of(backend) == "what?"


def test_no_stdin_leaves_it_alone(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes.shell("echo kept | { hermes -z ASK --no-stdin; cat; }")
    assert (ran.code, ran.out) == (0, "Hello\nkept\n")
    assert prompt_of(backend) == "ASK"


def test_no_stdin_and_a_prompt_from_it_contradict(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes("-z", "-", "--no-stdin", stdin="text")
    assert ran.code == 2
    assert "--no-stdin" in ran.err


@pytest.mark.parametrize("stdin", ["</dev/null", "<&-"])
def test_no_stdin_at_all(hermes: Hermes, backend: LoopbackBackend, stdin: str) -> None:
    ran = hermes.shell(f"hermes -z ASK {stdin}")
    assert (ran.code, ran.out, ran.err) == (0, "Hello\n", "")
    assert prompt_of(backend) == "ASK"


def test_a_stdin_that_cannot_be_read_is_told(hermes: Hermes, backend: LoopbackBackend) -> None:
    ran = hermes.shell("hermes -z ASK 0>/dev/null")
    assert ran.code == 1
    assert "Standard input cannot be read" in ran.err
    assert "--no-stdin" in ran.err


def test_a_pipe_that_does_not_block(hermes: Hermes, backend: LoopbackBackend) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with hermes.popen("-z", "ASK", stdin=reading) as process:
        os.close(reading)
        os.write(writing, b"first, ")
        os.write(writing, b"second")
        os.close(writing)
        assert process.wait(GUARD_SECONDS) == 0
    assert prompt_of(backend) == "first, second\n\nASK"


def test_an_open_and_silent_pipe_is_told_and_still_read(hermes: Hermes, backend: LoopbackBackend) -> None:
    with hermes.popen("-z", "ASK", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stdin is not None
        line = process.stderr.readline().decode()
        assert re.search(r"Waiting for .*stdin.*--no-stdin", line)
        out, err = process.communicate(b"late", timeout=GUARD_SECONDS)
    assert (process.returncode, out, err) == (0, b"Hello\n", b"")
    assert prompt_of(backend) == "late\n\nASK"


def test_on_a_terminal_stdin_is_not_read(hermes: Hermes, backend: LoopbackBackend) -> None:
    terminal = hermes.spawn("-z", "ASK")
    read_to_end(terminal)
    assert terminal.exitstatus == 0
    assert prompt_of(backend) == "ASK"


def test_a_prompt_can_be_typed(hermes: Hermes, backend: LoopbackBackend) -> None:
    terminal = hermes.spawn("-z", "-")
    terminal.expect("Ctrl-D")
    terminal.sendline("typed")
    terminal.sendeof()
    terminal.expect("Hello")
    read_to_end(terminal)
    assert terminal.exitstatus == 0
    assert prompt_of(backend) == "typed\n"


def test_an_argument_that_is_no_utf8_is_sent_all_the_same(hermes: Hermes, backend: LoopbackBackend) -> None:
    assert hermes.shell(r"hermes -z $'caf\xe9'").code == 0
    assert prompt_of(backend) == "caf\ufffd"


def test_the_configuration_is_read_before_stdin(hermes: Hermes) -> None:
    hermes.config_file.write_text("model: [")
    with hermes.popen("-z", "-", stdin=subprocess.PIPE) as process:
        assert process.wait(GUARD_SECONDS) == 2  # although stdin is still open
