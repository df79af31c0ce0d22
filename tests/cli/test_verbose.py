"""``-v`` tells which backend was asked, and how every attempt ended."""

from __future__ import annotations

import re

from .conftest import Hermes, Serve


def attempts(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("attempt ")]


def test_every_attempt_has_a_line(hermes: Hermes, serve: Serve) -> None:
    backend = serve("codex-lb-prelude")
    ran = hermes("-z", "hi", "-v")
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert f"Asking gpt-5.4 at {backend.base_url} (provider custom, without a key" in ran.err
    first, second = attempts(ran.err)
    assert re.match(r"attempt 1: stream, HTTP 200, .* order_mismatch: ", first)
    assert re.match(r"attempt 2: non-stream, HTTP 200, .* ok$", second)


def test_the_target_names_the_adapters(hermes: Hermes, serve: Serve) -> None:
    serve("good-text", plugins="codex_lb")
    assert "codex_lb" in hermes("-z", "hi", "-v").err.splitlines()[0]


def test_failed_calls_have_lines_too(hermes: Hermes, serve: Serve) -> None:
    serve("auth-lookalikes/401")
    ran = hermes("-z", "hi", "-v")
    assert ran.code == 1
    (line,) = attempts(ran.err)
    assert "HTTP 401" in line
    assert "auth: " in line


def test_without_it_a_good_answer_is_all(hermes: Hermes, serve: Serve) -> None:
    serve("good-text")
    assert hermes("-z", "hi").err == ""
