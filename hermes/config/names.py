"""When two spellings of a plugin's or a provider's name mean the same thing."""

from __future__ import annotations

__all__ = ["plugin_key", "provider_key"]


def plugin_key(name: str) -> str:
    """The spelling under which plugin names are compared.

    ``codex_lb``, ``codex-lb``, ``Codex.LB`` and the distribution's name ``hermes-codex-lb`` are one plugin.
    """
    key = name.strip().lower().replace("-", "_").replace(".", "_")
    return key.removeprefix("hermes_") or key


def provider_key(name: str) -> str:
    """The spelling under which provider names are compared: ``My LB`` and ``my_lb`` are one provider."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")
