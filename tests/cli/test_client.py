"""Which client sends the requests: the light one, or the openai SDK where the configuration says so."""

from __future__ import annotations

import socket

import pytest

import hermes as package

from .conftest import Hermes, Serve


@pytest.mark.parametrize(
    ("model", "more", "agent"),
    [
        ("", "", f"hermes/{package.__version__}"),
        ("client: light", "client: openai\n", f"hermes/{package.__version__}"),
        ("client: openai", "", "OpenAI/Python"),
        ("", "client: openai\n", "OpenAI/Python"),
    ],
)
def test_the_configuration_chooses(hermes: Hermes, serve: Serve, model: str, more: str, agent: str) -> None:
    hermes.env["PYTHONPROFILEIMPORTTIME"] = "1"  # every import is told on stderr
    backend = serve("good-text", model=model, more=more)
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (0, "Hello\n")
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert ("openai" in imported) == agent.startswith("OpenAI")
    assert backend.requests[0].headers["user-agent"].startswith(agent)


def test_a_client_that_there_is_not(hermes: Hermes) -> None:
    hermes.configure("http://127.0.0.1:9/v1", model="client: opneai")
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert "`model.client` is `opneai`, but must be `light` or `openai`" in ran.err


CLIENTS = pytest.mark.parametrize("kind", ["light", "openai"])


@CLIENTS
def test_a_broken_proxy_is_not_the_backend(hermes: Hermes, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    hermes.configure("https://example.invalid/v1", model=f"client: {kind}, api_key: sk-1")
    hermes.env["HTTPS_PROXY"] = f"http://user:hidden-word@127.0.0.1:{port}"
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (1, "")
    assert f"hermes: The proxy 127.0.0.1:{port} cannot be reached: Connection refused.\n" in ran.err
    assert ran.err.endswith("NO_PROXY are asked directly.\n")
    assert "hidden-word" not in ran.err


@CLIENTS
def test_a_variable_of_the_environment_that_cannot_be_used_is_named(hermes: Hermes, kind: str) -> None:
    hermes.configure("https://example.invalid/v1", model=f"client: {kind}")
    hermes.env["SSL_CERT_FILE"] = "tls/nope.pem"
    ran = hermes("-z", "hi")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("hermes: SSL_CERT_FILE names a file that does not exist: tls/nope.pem.\nhint: ")
