"""Which sections of the config describe the provider that a name means."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from hermes.config.models import Config, Endpoint
from hermes.config.urls import OPENAI_BASE_URL
from hermes.errors import ConfigError, UnknownProviderError
from hermes.names import nearest, provider_key

__all__ = [
    "Choice",
    "Source",
    "choose_provider",
    "configured_name",
    "entries_of",
    "selected_entry",
    "sources_of",
]

CUSTOM = "custom"
_BUILT_IN = {"openai": OPENAI_BASE_URL}
_ALIASES = {"openai-api": "openai"}


@dataclass(frozen=True)
class Source:
    """A section that says something about a provider.

    Attributes:
        name: the provider's name as the section has it.
        where: the section's key path.
        endpoint: what it says.
    """

    name: str
    where: str
    endpoint: Endpoint

    def key_path(self, field: str) -> str:
        """The key path of a field, in the user's spelling."""
        return f"{self.where}.{self.endpoint.written(field)}"


@dataclass(frozen=True)
class Choice:
    """A provider by name.

    Attributes:
        name: its name.
        sources: the sections that describe it, the stronger first.
        base_url: the built-in base URL, for a provider that has one.
        is_configured: whether it is the one that ``model:`` is about.
    """

    name: str
    sources: tuple[Source, ...]
    base_url: str | None
    is_configured: bool


def entries_of(config: Config) -> Iterator[Source]:
    """The entries of ``providers:``, then those of ``custom_providers:``."""
    for name, entry in config.providers.items():
        yield Source(name, f"providers.{name}", entry)
    for index, named in enumerate(config.custom_providers):
        yield Source(named.name, f"custom_providers[{index}]", named)


def sources_of(config: Config) -> Iterator[Source]:
    """``model:`` and all entries."""
    yield Source(config.model.provider or CUSTOM, "model", config.model)
    yield from entries_of(config)


def configured_name(config: Config) -> str | None:
    """The provider that the file selects, or None where it describes none.

    Without a ``model.provider``, ``model.base_url`` is meant, and else the only entry that has a base URL.

    Raises:
        ConfigError: there are several entries and none is selected.
    """
    section = config.model
    if section.names_provider:
        return section.provider
    if section.base_url is not None:
        return CUSTOM
    names = [source.name for source in entries_of(config) if source.endpoint.base_url is not None]
    if len(names) > 1:
        raise ConfigError(
            "config.yaml describes several providers and selects none of them.",
            hint=f"Set model.provider, or pass --provider: {', '.join(names)}",
        )
    return names[0] if names else None


def selected_entry(config: Config) -> Source | None:
    """The entry of the provider that the file selects; None where it selects none or that has no entry."""
    name = _selected_name(config)
    return _find_entry(config, name) if name is not None else None


def choose_provider(config: Config, wanted: str, *, where: str) -> Choice:
    """The provider that ``wanted`` means.

    An entry is stronger than what is built in; ``model:`` fills the gaps of the provider that it selects.

    Args:
        config: the config.
        wanted: ``custom``, ``custom:<name>``, the name of an entry, or ``openai``.
        where: the key path or the option that holds the name, for the message.

    Raises:
        UnknownProviderError: nothing has that name.
    """
    section = config.model
    entry = _find_entry(config, wanted)
    key = provider_key(wanted)
    if entry is None and key in _ALIASES:
        key = _ALIASES[key]
        entry = _find_entry(config, key)
    is_configured = _entry_key(_selected_name(config) or CUSTOM) in {_entry_key(wanted), key}
    sources = [entry] if entry is not None else []
    if is_configured:
        sources.append(Source(wanted, "model", section))
    built_in = _BUILT_IN.get(key)
    if entry is None and built_in is None and key != CUSTOM:
        near = _near(config, wanted, cutoff=0.8)
        # A name of the user's own needs no entry where `model:` has the URL; a misspelt one is an error.
        if not (is_configured and section.base_url is not None and near is None):
            raise _unknown(config, wanted, where)
    name = entry.name if entry is not None else key if built_in is not None else wanted
    return Choice(name, tuple(sources), built_in, is_configured)


def _selected_name(config: Config) -> str | None:
    with contextlib.suppress(ConfigError):
        return configured_name(config)
    return None


def _entry_key(name: str) -> str:
    return provider_key(name).removeprefix(f"{CUSTOM}:")


def _find_entry(config: Config, wanted: str) -> Source | None:
    entries = list(entries_of(config))
    exact = (source for source in entries if source.name == wanted)
    alike = (source for source in entries if _entry_key(source.name) == _entry_key(wanted))
    return next(exact, None) or next(alike, None)


def _near(config: Config, wanted: str, *, cutoff: float = 0.6) -> str | None:
    names = {_entry_key(name): name for name in [CUSTOM, *_BUILT_IN]}
    names |= {_entry_key(source.name): source.name for source in entries_of(config)}
    return names.get(nearest(_entry_key(wanted), names, cutoff=cutoff))


def _unknown(config: Config, wanted: str, where: str) -> UnknownProviderError:
    near = _near(config, wanted)
    names = dict.fromkeys([*(source.name for source in entries_of(config)), *_BUILT_IN, CUSTOM])
    guess = f"Did you mean {near}? " if near is not None else ""
    return UnknownProviderError(
        f"{where} names the provider `{wanted}`, which is not configured.",
        hint=f"{guess}There are: {', '.join(names)}. To see them, run: hermes providers list",
    )
