"""The plugins as the configuration and the command line want them."""

from __future__ import annotations

from hermes.cli.output import prints_to_stderr
from hermes.config.models import Config
from hermes.names import plugin_key
from hermes.providers.manager import PluginManager

__all__ = ["plugin_manager"]


def plugin_manager(
    config: Config, *, enable: tuple[str, ...] = (), disable: tuple[str, ...] = (), lenient: bool = True
) -> PluginManager:
    """Loads what is enabled; the command line is stronger than the configuration."""
    by_hand = {plugin_key(name) for name in enable}
    configured = [name for name in config.plugins.disabled if plugin_key(name) not in by_hand]
    with prints_to_stderr():
        return PluginManager(
            enabled=(*(("lenient",) if lenient else ()), *config.plugins.enabled, *enable),
            disabled=(*configured, *disable),
        )
