"""How a question that has no whole answer ends: the exit code, a sentence, and what to do next."""

from __future__ import annotations

import re
import socket
import time

import pytest

from hermes.testing.replies import event_stream, http_error, raw_answer
from hermes.testing.scenario import Control
from hermes.testing.scenarios.common import HALF_WAY

from .conftest import Hermes, Serve


@pytest.fixture
def hermes(hermes_inside: Hermes) -> Hermes:
    return hermes_inside


def failure(hermes: Hermes, *arguments: str, code: int = 1) -> str:
    """What stderr says of a failure: a sentence and mostly a hint, and nothing on stdout."""
    ran = hermes(*(arguments or ("-z", "hi")))
    assert (ran.code, ran.out) == (code, "")
    assert re.search(r"^hermes: \S.*\S$", ran.err, re.MULTILINE)
    assert "Traceback" not in ran.err
    return ran.err


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


# The backend says no


def test_refused_credentials(hermes: Hermes, serve: Serve) -> None:
    serve("auth-lookalikes/401")
    err = failure(hermes)
    assert "credentials" in err
    assert "401" in err
    assert "hint: " in err


def test_a_used_up_quota_says_until_when(hermes: Hermes, serve: Serve, playing) -> None:
    resets = int(time.time()) + 3 * 3600
    refusal = http_error(
        429, "The usage limit has been reached", type="usage_limit_reached", resets_at=resets
    )
    serve(playing(refusal, non_streams=(refusal,)))
    err = failure(hermes)
    moment = time.strftime("%H:%M", time.gmtime(resets))
    assert "usage limit" in err
    assert f"Ask again after {moment}." in err


def test_a_rate_limit_that_is_too_long_to_wait_for(hermes: Hermes, serve: Serve) -> None:
    backend = serve("retry-after-forms/header-hour")
    err = failure(hermes)
    assert re.search(r"^hint: Ask again after \d\d:\d\d\.$", err, re.MULTILINE)
    assert backend.kinds == ("stream",)


def test_the_limits_are_shown_although_there_is_no_answer(hermes: Hermes, serve: Serve, playing) -> None:
    headers = (("x-codex-primary-used-percent", "100"), ("x-codex-primary-window-minutes", "300"))
    refusal = http_error(429, "No.", type="usage_limit_reached", headers=headers)
    serve(playing(refusal, non_streams=(refusal,)), plugins="codex_lb")
    assert "5 h window 100 % used" in failure(hermes)


def test_a_web_page(hermes: Hermes, serve: Serve, playing) -> None:
    page = raw_answer(b"<!doctype html><title>Sign in</title><p>secret page</p>", content_type="text/html")
    serve(playing(page, non_streams=(page,)))
    err = failure(hermes)
    assert "Sign in" in err
    assert "base_url" in err
    assert "<" not in err


def test_nobody_listens(hermes: Hermes) -> None:
    hermes.configure(f"http://127.0.0.1:{free_port()}/v1", more="recovery: {max_attempts: 1}\n")
    err = failure(hermes)
    assert "cannot be reached" in err
    assert "base_url" in err


# The deadline


@pytest.mark.parametrize("held", [(Control.HOLD,), (Control.BEFORE_HEADERS,)], ids=["body", "headers"])
def test_the_time_for_the_call_is_over(hermes: Hermes, serve: Serve, playing, held) -> None:
    reply = event_stream(*held)
    serve(playing(reply))
    err = failure(hermes, "-z", "hi", "--timeout", "0.3")
    assert "--timeout" in err
    assert "request_timeout_seconds" in err


def test_the_time_is_over_in_mid_answer(hermes: Hermes, serve: Serve, playing) -> None:
    serve(playing(event_stream(*HALF_WAY, Control.HOLD)))
    ran = hermes("-z", "hi", "--timeout", "0.3")
    assert (ran.code, ran.out) == (3, "Hel\n")
    assert "--timeout" in ran.err


def test_a_timeout_beyond_all_clocks_is_none(hermes: Hermes, serve: Serve) -> None:
    serve("good-text")
    ran = hermes("-z", "hi", "--timeout", "1e300")
    assert (ran.code, ran.out, ran.err) == (0, "Hello\n", "")


# The configuration is wrong


@pytest.mark.parametrize(
    ("config", "arguments", "said"),
    [
        ("model: {default: m, base_url: http://127.0.0.1:9/v1", (), ["config.yaml", "line"]),
        ("model: [1, 2]", (), ["config.yaml, line 1"]),
        ("model: {provider: wrok, default: m}\nproviders: {work: {base_url: http://h/v1}}", (), ["work"]),
        ("model: {base_url: http://h/v1}", (), ["-m NAME", "model.default"]),
        ("model: {base_url: http://h/v1, default: m, api_mode: codex_response}", (), ["codex_responses"]),
        ("model: {base_url: http://h/v1, default: m, api_mode: chat_completions}", (), ["chat_completions"]),
        ("model: {base_url: http://h/v1, default: m, key_env: MY_KEY}", (), ["MY_KEY", ".env"]),
        ("model: {base_url: ftp://h/v1, default: m}", (), ["base_url", "http://"]),
        ("plugins: {enabled: [codex_lbb]}", (), ["codex_lbb", "codex_lb`", "hermes plugins list"]),
        ("", ("--provider", "opnai"), ["opnai", "openai"]),
        ("", ("--provider", "openai", "-m", "m"), ["OPENAI_API_KEY"]),
        ("", ("--plugin", "lenien"), ["lenient", "hermes plugins list"]),
        ("", ("--no-plugin", "codex"), ["codex_lb", "hermes plugins list"]),
        ("", ("--base-url", "127.0.0.1:9"), ["--base-url", "http://"]),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_a_wrong_configuration(
    hermes: Hermes, config: str, arguments: tuple[str, ...], said: list[str]
) -> None:
    hermes.config_file.write_text(config)
    ran = hermes("-z", "hi", "--json", *arguments)
    (line,) = ran.lines
    assert (ran.code, line["type"], line["kind"]) == (2, "turn.failed", "config")
    assert ran.err == f"hermes: {line['message']}\nhint: {line['hint']}\n"
    for words in said:
        assert words in ran.err


# The command line is wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-z",), "-z"),
        (("-z", ""), "empty"),
        (("-z", "  "), "empty"),
        (("-z", "hi", "--timeout", "soon"), "seconds"),
        (("-z", "hi", "--timeout", "0"), "above 0"),
        (("-z", "hi", "--timeout", "nan"), "above 0"),
        (("-z", "hi", "--timeout", "inf"), "above 0"),
        (("-z", "hi", "--verbos"), "--verbose"),
        (("-z", "why", "is", "it"), "quotes"),
        (("-z", "list", "plugins"), "quotes"),
        (("hello",), "hermes -z"),
        (("plugin", "list"), "hermes plugins"),
        (("-m", "gpt-5.4"), "hermes -z"),
        (("chat",), "hermes chat -q"),
        (("chat", "-q"), "-q"),
        (("chat", "hello"), "chat --help"),
        (("chat", "-q", "hi", "--nope"), "chat --help"),
        (("--json", "plugins", "list"), "--json"),
        (("demo-backend", "--port", "70000"), "--port"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_usage(hermes: Hermes, arguments: tuple[str, ...], said: str) -> None:
    assert said in failure(hermes, *arguments, code=2)


@pytest.mark.parametrize(
    "arguments", [("-z", "hi", "--json", "--timeout", "0"), ("--json",), ("chat", "--json")], ids=" ".join
)
def test_wrong_usage_is_json_too(hermes: Hermes, arguments: tuple[str, ...]) -> None:
    ran = hermes(*arguments)
    assert ran.code == 2
    assert [(line["type"], line["kind"]) for line in ran.lines] == [("turn.failed", "usage")]


def test_piped_text_without_a_prompt_is_not_swallowed(hermes: Hermes) -> None:
    (hermes.folder / "notes.txt").write_text("text")
    ran = hermes.shell("hermes < notes.txt")
    assert (ran.code, ran.out) == (2, "")
    assert "hermes -z -" in ran.err
