"""Which client sends the requests: the light one, or the openai SDK where the configuration says so."""

from __future__ import annotations

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
