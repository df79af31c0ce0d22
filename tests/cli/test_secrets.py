"""A key is sent to its own backend and shown nowhere, however the backend throws it back."""

from __future__ import annotations

import pytest

from hermes.testing.frames import event, frames
from hermes.testing.replies import event_stream, http_error, raw_answer
from hermes.testing.scenario import Reply
from hermes.testing.wire import created, failed

from .conftest import Hermes, Ran, Serve, read_to_end


@pytest.fixture
def hermes(hermes_inside: Hermes) -> Hermes:
    return hermes_inside


KEY = "sk-marked-key-0123456789"
TEAM = "marked-header-value-987"
ECHO = f"bad key {KEY} of team {TEAM}"
HEADERS = (("x-request-id", f"req-{KEY}"), ("x-codex-plan-type", KEY), ("www-authenticate", ECHO))

REPLIES = {
    "body": http_error(401, ECHO, code="invalid_api_key", headers=HEADERS),
    "code": http_error(400, "No.", code=KEY, type=TEAM),
    "html": raw_answer(f"<title>{ECHO}</title>".encode(), content_type="text/html", headers=HEADERS),
    "text": raw_answer(ECHO.encode(), content_type="text/plain", status=403, headers=HEADERS),
    "broken-json": raw_answer(f'{{"{KEY}": '.encode(), content_type="application/json"),
    "error-event": event_stream(event("error", message=ECHO, code=KEY), headers=HEADERS),
    "failed": event_stream(*frames([created(), failed(KEY, ECHO)]), headers=HEADERS),
    "order": event_stream(event(f"response.{KEY}"), headers=HEADERS),
    "redirect": Reply((), 302, (("location", f"http://127.0.0.1:9/{KEY}"),), "length"),
}
ONE_ATTEMPT = "recovery: {max_attempts: 1}\n"


@pytest.fixture
def configured(hermes: Hermes) -> str:
    (hermes.home / ".env").write_text(f"MARKED_KEY={KEY}\nMARKED_TEAM={TEAM}\n")
    return 'key_env: MARKED_KEY, extra_headers: {X-Team: "${MARKED_TEAM}"}'


def check(hermes: Hermes, *runs: Ran | str) -> None:
    shown = "\n".join(run if isinstance(run, str) else run.out + run.err for run in runs)
    files = [path for path in hermes.folder.rglob("*") if path.is_file() and path.name != ".env"]
    shown += "\n".join(path.read_text(errors="replace") for path in files)
    for secret in (KEY, TEAM):
        assert secret not in shown


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_what_the_backend_echoes_is_not_shown(
    hermes: Hermes, serve: Serve, playing, configured: str, reply: Reply
) -> None:
    backend = serve(playing(reply, non_streams=(reply,)), model=configured, more=ONE_ATTEMPT)
    text = hermes("-z", "hi", "-v", env={"HERMES_DEBUG": "1"})
    lines = hermes("-z", "hi", "-v", "--json", "--plugin", "codex_lb")
    assert text.code == lines.code
    assert text.code in (1, 3)
    request = backend.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["x-team"] == TEAM
    check(hermes, text, lines)


def test_no_command_shows_one(hermes: Hermes, serve: Serve, configured: str) -> None:
    serve("good-text", model=configured)
    runs = [
        hermes(*command)
        for command in (
            ("config", "show"),
            ("config", "show", "--json"),
            ("config", "check"),
            ("config", "check", "--json"),
            ("plugins", "list", "--json"),
            ("plugins", "enable", "codex_lb"),
            ("providers", "list"),
            ("providers", "list", "--json"),
            ("providers", "show"),
            ("providers", "show", "--json"),
            ("-z", "hi", "-v"),
        )
    ]
    assert [run.code for run in runs] == [0] * len(runs)
    assert "MARKED_KEY" in runs[0].out
    check(hermes, *runs)


def test_a_key_written_into_the_wrong_place_is_not_repeated(hermes: Hermes, serve: Serve) -> None:
    serve("good-text", model=f"key_env: {KEY}")
    runs = [hermes("-z", "hi"), hermes("-z", "hi", "--json"), hermes("config", "check")]
    assert [run.code for run in runs] == [2, 2, 2]
    hermes.config_file.unlink()
    check(hermes, *runs)


def test_a_terminal_shows_none_either(hermes: Hermes, serve: Serve, playing, configured: str) -> None:
    reply = REPLIES["body"]
    serve(playing(reply, non_streams=(reply,)), model=configured)
    check(hermes, read_to_end(hermes.spawn("-z", "hi", "-v")))
