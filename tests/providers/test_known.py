from __future__ import annotations

import pytest

from hermes.providers.known import (
    adapter_at,
    adapter_called,
    adapter_for,
    adapter_named,
    own_adapters,
)


@pytest.mark.parametrize(
    ("event_type", "headers", "adapter"),
    [
        ("codex.rate_limits", [], "codex_lb"),
        ("codex.", [], "codex_lb"),
        ("codex", [], ""),
        ("acme.codex.x", [], ""),
        ("", [], ""),
        ("", ["x-codex-plan-type"], "codex_lb"),
        ("", ["date", "X-Codex-Plan-Type"], "codex_lb"),
        ("", ["x-codecs", "my-x-codex-header"], ""),
        ("acme.hello", iter(["x-codex-credits-balance"]), "codex_lb"),
    ],
)
def test_known_adapter_for(event_type: str, headers: list[str], adapter: str) -> None:
    known = adapter_for(event_type, headers)
    assert (known.adapter if known else "") == adapter


def test_known_adapter_names_its_package() -> None:
    known = adapter_for("codex.keepalive")
    assert known is not None
    assert known.package == "hermes-codex-lb"
    assert adapter_named("codex_lb") == known
    assert adapter_named("acme") is None


def at(base_url: str, name: str = "custom") -> str:
    known = adapter_at(base_url, name)
    return known.adapter if known else ""


@pytest.mark.parametrize(
    ("base_url", "adapter"),
    [
        ("https://api.x.ai/v1", "xai"),
        ("https://us-east-1.api.x.ai/v1", "xai"),
        ("https://api.githubcopilot.com", "github_copilot"),
        ("https://api.business.githubcopilot.com", "github_copilot"),
        ("https://copilot-api.acme.ghe.com", "github_copilot"),
        ("https://acme.openai.azure.com/openai/v1", "azure_openai"),
        ("https://acme.services.ai.azure.com/openai/v1", "azure_openai"),
        ("https://acme.cognitiveservices.azure.com/openai/v1", "azure_openai"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://chatgpt.com/backend-api/codex", "chatgpt_codex"),
        ("https://CHATGPT.com:443/backend-api/codex", "chatgpt_codex"),
        ("https://chatgpt.com./backend-api/codex", "chatgpt_codex"),
        # What only looks like one.
        ("https://api.x.ai.example.org/v1", ""),
        ("https://example.org/api.x.ai/v1", ""),
        ("https://api.x.ai@example.org/v1", ""),
        ("https://notchatgpt.com/v1", ""),
        ("https://openai.azure.com.example.org/openai/v1", ""),
        ("https://api.acme.ghe.com/v1", ""),
        ("https://api.openai.com/v1", ""),
        ("https://example.org/v1", ""),
        ("no url at all", ""),
        ("http://[::1/v1", ""),
        ("http://localhost:99999/v1", ""),
        ("", ""),
    ],
)
def test_the_host_tells_the_backend(base_url: str, adapter: str) -> None:
    assert at(base_url) == adapter


@pytest.mark.parametrize(
    ("base_url", "adapter"),
    [
        ("http://localhost:11434/v1", "ollama"),
        ("http://127.0.0.1:11434/v1", "ollama"),
        ("http://127.8.8.8:11434/v1", "ollama"),
        ("http://[::1]:11434/v1", "ollama"),
        ("http://0.0.0.0:4000", "litellm_proxy"),
        ("http://api.localhost:1234/v1", "lm_studio"),
        ("http://localhost:2455/v1", "codex_lb"),
        # A port says nothing about another machine, and some say nothing at all.
        ("http://192.168.1.5:11434/v1", ""),
        ("https://example.org:11434/v1", ""),
        ("http://localhost:8000/v1", ""),
        ("http://localhost:8080/v1", ""),
        ("http://localhost/v1", ""),
    ],
)
def test_a_port_of_this_machine_tells_the_backend(base_url: str, adapter: str) -> None:
    assert at(base_url) == adapter


@pytest.mark.parametrize(
    ("name", "adapter"),
    [
        ("ollama", "ollama"),
        ("Ollama", "ollama"),
        ("custom:ollama", "ollama"),
        ("lm-studio", "lm_studio"),
        ("lmstudio", "lm_studio"),
        ("LM Studio", "lm_studio"),
        ("llama.cpp", "llama_cpp"),
        ("llama-server", "llama_cpp"),
        ("vllm", "vllm"),
        ("litellm", "litellm_proxy"),
        ("sub2api", "codex_relay"),
        ("newapi", "codex_relay"),
        ("new-api", "codex_relay"),
        ("CLIProxyAPI", "codex_relay"),
        ("chatmock", "codex_relay"),
        ("copilot", "github_copilot"),
        ("openai-codex", "chatgpt_codex"),
        ("azure", "azure_openai"),
        ("openrouter", "openrouter"),
        ("grok", "xai"),
        # Names of the user's own.
        ("my-ollama", ""),
        ("ollama2", ""),
        ("codex", ""),
        ("custom", ""),
        ("---", ""),
        ("", ""),
    ],
)
def test_the_name_of_the_provider_tells_the_backend(name: str, adapter: str) -> None:
    assert at("http://10.0.0.1:9/v1", name) == adapter


def test_the_host_is_stronger_than_the_name_and_the_name_than_the_port() -> None:
    assert at("https://api.x.ai/v1", "ollama") == "xai"
    assert at("http://localhost:1234/v1", "ollama") == "ollama"


def test_an_adapter_of_another_package_is_not_hermes_own() -> None:
    others = [adapter_at("http://localhost:2455/v1"), adapter_at("http://localhost:9/v1", "codex-lb")]
    assert [(one.adapter, one.is_own) for one in others if one] == [("codex_lb", False)] * 2
    own = adapter_at("http://localhost:11434/v1")
    assert own is not None
    assert (own.adapter, own.is_own) == ("ollama", True)


def test_nothing_of_the_data_means_two_backends() -> None:
    known = [*own_adapters(), adapter_named("codex_lb")]
    for field in ("hosts", "names", "ports"):
        told = [entry for one in known if one for entry in getattr(one, field)]
        assert len(set(told)) == len(told)
    assert all(one.names for one in own_adapters())


@pytest.mark.parametrize("name", ["lm_studio", "LM-Studio", "lmstudio", "hermes-lm-studio", "LM Studio"])
def test_an_adapter_by_what_users_call_it(name: str) -> None:
    known = adapter_called(name)
    assert known is not None
    assert known.adapter == "lm_studio"
    assert adapter_called("lm") is adapter_called("") is None
    assert adapter_named("lmstudio") is None
