"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

from hermes.config.dotenv import Environment, read_environment
from hermes.config.load import load_config
from hermes.config.resolve import resolve_provider
from hermes.providers.contract import Failure, FailureKind, VerdictKind
from hermes.providers.registration import Registry

README = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_adapter_keeps_the_contract_and_does_what_is_said() -> None:
    (source,) = blocks("python")
    module = types.ModuleType("hermes_acme")
    exec(source, module.__dict__)  # noqa: S102 - the README is ours
    adapter = Registry().register(module, "acme")
    assert adapter.wants("acme.telemetry")
    assert adapter.hooks["normalize_stream_event"](None, None) == []
    busy = Failure(FailureKind.HTTP_STATUS, body=b'{"error": {"code": "acme_busy"}}')
    assert adapter.hooks["classify_stream_error"](busy, None).kind is VerdictKind.OVERLOADED
    other = Failure(FailureKind.HTTP_STATUS, body=b'{"error": {"code": "another"}}')
    assert adapter.hooks["classify_stream_error"](other, None) is None


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_configurations_lead_to_a_provider(text: str, tmp_path: Path) -> None:
    tmp_path.joinpath("config.yaml").write_text(text, "utf-8")
    env: Environment = read_environment(tmp_path, {"WORK_KEY": "a-key", "TEAM": "tools"})
    provider = resolve_provider(load_config(tmp_path), env)
    assert provider is not None
    assert (provider.model, provider.api_mode) == ("gpt-5.4", "codex_responses")


def test_there_is_something_to_check() -> None:
    assert (len(blocks("python")), len(blocks("yaml"))) == (1, 2)
