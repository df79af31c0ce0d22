"""A backend that sends rate limits before ``response.created``: with the adapter, and without it."""

from __future__ import annotations

import pytest

from .conftest import Hermes, Serve

STRANGERS = {
    "OPENAI_API_KEY": "sk-stranger-1234567890",
    "OPENAI_ORG_ID": "org-stranger",
    "OPENAI_PROJECT_ID": "proj-stranger",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_CUSTOM_HEADERS": "X-Stranger: stranger-header",
}


@pytest.mark.parametrize("env", [{}, STRANGERS], ids=["no-openai-variables", "openai-variables"])
def test_with_the_adapter_one_stream_is_enough(hermes: Hermes, serve: Serve, env: dict[str, str]) -> None:
    backend = serve("codex-lb-prelude", plugins="codex_lb")
    ran = hermes("-z", "hi", env=env)
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert backend.kinds == ("stream",)
    assert ran.err.startswith("limits (pro): ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("env", [{}, STRANGERS], ids=["no-openai-variables", "openai-variables"])
def test_without_it_the_answer_comes_the_other_way(hermes: Hermes, serve: Serve, env: dict[str, str]) -> None:
    backend = serve("codex-lb-prelude")
    ran = hermes("-z", "hi", env=env)
    assert (ran.code, ran.out) == (0, "Hello\n")
    assert backend.kinds == ("stream", "non_stream")
    assert "codex_lb" in ran.err
    assert "hermes plugins enable codex_lb" in ran.err


@pytest.mark.parametrize("plugins", ["", "codex_lb"])
def test_the_backend_never_sees_what_is_meant_for_openai(hermes: Hermes, serve: Serve, plugins: str) -> None:
    backend = serve("codex-lb-prelude", plugins=plugins)
    hermes("-z", "hi", env=STRANGERS)
    for request in backend.requests:
        assert "authorization" not in request.headers
        assert "stranger" not in repr(request)


@pytest.mark.parametrize("mode", ["--stream", "--json"])
def test_live_modes_tell_the_answer_once_without_the_adapter(hermes: Hermes, serve: Serve, mode: str) -> None:
    backend = serve("codex-lb-prelude")
    ran = hermes("-z", "hi", mode)
    assert ran.code == 0
    assert backend.kinds == ("stream", "non_stream")
    if mode == "--stream":
        assert ran.out == "Hello\n"
    else:
        assert "".join(line["text"] for line in ran.lines if line["type"] == "text.delta") == "Hello"


def test_the_command_line_enables_and_disables_plugins(hermes: Hermes, serve: Serve) -> None:
    backend = serve("codex-lb-prelude", plugins="codex_lb")
    assert hermes("-z", "hi", "--no-plugin", "codex-lb").code == 0
    assert backend.kinds == ("stream", "non_stream")
    hermes.configure(backend.base_url, more="")
    assert hermes("-z", "hi", "--plugin", "hermes-codex-lb").code == 0
    assert backend.kinds == ("stream", "non_stream", "stream")


def test_proxies_are_not_asked_for_loopback(hermes: Hermes, serve: Serve) -> None:
    serve("good-text")
    nowhere = "http://127.0.0.1:9"
    ran = hermes("-z", "hi", env={"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": nowhere})
    assert (ran.code, ran.out) == (0, "Hello\n")
