"""What ``hermes config show`` and ``hermes providers`` show of the configuration, without a single secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes.config.dotenv import Environment
from hermes.config.lookup import choose_provider, configured_name, entries_of
from hermes.config.models import Config
from hermes.config.paths import config_path
from hermes.config.resolve import ResolvedProvider, resolve_provider
from hermes.errors import ConfigError

__all__ = ["ConfiguredProvider", "Setting", "configured_providers", "describe_config", "key_words"]


@dataclass(frozen=True)
class Setting:
    """One line of the effective configuration.

    Attributes:
        key: its name, with dots between the levels.
        value: its value for people; for a secret, where it comes from.
    """

    key: str
    value: str


@dataclass(frozen=True)
class ConfiguredProvider:
    """A provider of the file.

    Attributes:
        name: as the file has it.
        is_default: whether a call that names none goes to it.
        provider: what a call would use; None where it cannot be used.
        problem: why not, in a sentence.
    """

    name: str
    is_default: bool
    provider: ResolvedProvider | None
    problem: str = ""


def configured_providers(config: Config, env: Environment) -> list[ConfiguredProvider]:
    """The provider that ``model:`` is about or selects, then the other entries."""
    default = _default_name(config)
    names = dict.fromkeys(source.name for source in entries_of(config))
    names = {default: None, **names} if default is not None else names
    return [_configured_provider(config, env, name, is_default=name == default) for name in names]


def _default_name(config: Config) -> str | None:
    wanted = None
    try:
        wanted = configured_name(config)
        return choose_provider(config, wanted, where="model.provider").name if wanted is not None else None
    except ConfigError:
        return wanted


def _configured_provider(
    config: Config, env: Environment, name: str, *, is_default: bool
) -> ConfiguredProvider:
    try:
        provider = resolve_provider(config, env, provider=None if is_default else name)
    except ConfigError as error:
        return ConfiguredProvider(name, is_default, None, error.message)
    return ConfiguredProvider(name, is_default, provider)


def key_words(provider: ResolvedProvider) -> str:
    """Whether the provider has a key, and where from."""
    return f"set (from {provider.api_key_source})" if provider.api_key is not None else "not set"


def describe_config(
    config: Config,
    env: Environment,
    *,
    home: Path | None = None,
    provider: str | None = None,
    model: str | None = None,
    base_url: str | None = None,
) -> list[Setting]:
    """The configuration that a call with these options would have.

    A provider that cannot be used is described by the setting ``problem`` and its ``hint``.
    """
    path = config_path(home)
    return [
        Setting("config_file", _file(path)),
        Setting("env_file", _file(env.path)),
        *_provider_settings(config, env, provider, model, base_url),
        Setting("plugins.enabled", ", ".join(config.plugins.enabled) or "none"),
        Setting("plugins.disabled", ", ".join(config.plugins.disabled) or "none"),
        Setting("recovery.after_output", config.recovery.after_output),
        Setting("recovery.max_attempts", str(config.recovery.max_attempts)),
        Setting("recovery.max_wait_seconds", f"{config.recovery.max_wait_seconds:g}"),
        Setting("recovery.remember_days", f"{config.recovery.remember_days:g}"),
        Setting("providers", ", ".join(source.name for source in entries_of(config)) or "none"),
    ]


def _file(path: Path) -> str:
    return str(path) if path.exists() else f"{path} (not there)"


def _provider_settings(
    config: Config, env: Environment, provider: str | None, model: str | None, base_url: str | None
) -> Iterator[Setting]:
    try:
        resolved = resolve_provider(config, env, provider=provider, model=model, base_url=base_url)
    except ConfigError as error:
        yield Setting("provider", provider or config.model.provider or "not usable")
        yield Setting("problem", error.message)
        yield Setting("hint", error.hint)
        return
    if resolved is None:
        yield Setting("provider", "none, so Hermes answers from its built-in demo backend")
        return
    yield from _resolved_settings(resolved)


def _resolved_settings(provider: ResolvedProvider) -> Iterator[Setting]:
    yield Setting("provider", provider.name)
    yield Setting("base_url", provider.base_url)
    yield Setting("model", provider.model)
    yield Setting("api_mode", provider.api_mode)
    yield Setting("client", provider.client)
    if provider.profile:
        yield Setting("profile", provider.profile)
    yield Setting("api_key", key_words(provider))
    for name in provider.extra_headers:
        yield Setting(f"extra_headers.{name}", "set")
    for name, seconds in provider.deadlines.items():
        yield Setting(f"deadlines.{name}", f"{seconds:g} s")
    if provider.max_frame_bytes is not None:
        yield Setting("max_frame_bytes", str(provider.max_frame_bytes))
