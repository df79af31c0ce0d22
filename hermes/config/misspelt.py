"""Keys of ``config.yaml`` that nobody reads and that are nearly one that Hermes reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hermes.config.models import (
    Config,
    ModelSection,
    NamedProvider,
    PluginsSection,
    ProviderEntry,
    RecoverySection,
)
from hermes.config.section import Section
from hermes.names import nearest

__all__ = ["keys_unknown_to_hermes", "misspelt_keys"]

KeyPath = tuple[str | int, ...]

# Keys that mean something to other readers of the file and look like misspelt ones of ours.
_NOT_MISSPELT = frozenset({"models", "model_aliases", "context_length", "max_tokens"})


def misspelt_keys(data: Any) -> Iterator[tuple[KeyPath, str]]:
    """The path of each misspelt key in parsed YAML, with the key that was probably meant."""
    for path, section in keys_unknown_to_hermes(data):
        key = path[-1]
        if key not in _NOT_MISSPELT:
            near = nearest(str(key), section.known_keys(), cutoff=0.8)
            if near:
                yield path, near


def keys_unknown_to_hermes(data: Any) -> Iterator[tuple[KeyPath, type[Section]]]:
    """The path of each key that Hermes ignores, with the section that it is in."""
    for path, mapping, section in _sections(data):
        if isinstance(mapping, dict):
            known = section.known_keys()
            for key in mapping:
                if isinstance(key, str) and key not in known:
                    yield (*path, key), section


def _sections(data: Any) -> Iterator[tuple[KeyPath, Any, type[Section]]]:
    if not isinstance(data, dict):
        return
    yield (), data, Config
    yield ("model",), data.get("model"), ModelSection
    yield ("plugins",), data.get("plugins"), PluginsSection
    yield ("recovery",), data.get("recovery"), RecoverySection
    providers, custom = data.get("providers"), data.get("custom_providers")
    if isinstance(providers, dict):
        for name, entry in providers.items():
            yield ("providers", str(name)), entry, ProviderEntry
    if isinstance(custom, list):
        for index, entry in enumerate(custom):
            yield ("custom_providers", index), entry, NamedProvider
