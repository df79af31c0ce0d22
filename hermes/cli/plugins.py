"""``hermes plugins``: they work also when every third-party plugin is broken."""

from __future__ import annotations

import json
from typing import Any

import click

from hermes.cli.setup import plugin_manager
from hermes.cli.text import one_line
from hermes.config.edit import set_plugin_state
from hermes.config.load import load_config
from hermes.config.paths import config_path
from hermes.errors import UsageError
from hermes.providers.manager import PluginInfo, PluginManager, PluginState

__all__ = ["plugins"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def plugins() -> None:
    """List, show, enable and disable plugins."""


@plugins.command("list")
@_json_option
def list_plugins(as_json: bool) -> None:
    """List the plugins that are installed or enabled, with their state."""
    found = plugin_manager(load_config()).plugins
    if as_json:
        click.echo(json.dumps([_as_dict(plugin) for plugin in found], indent=2))
        return
    rows = [(plugin.name, plugin.version or "-", str(plugin.state), plugin.reason) for plugin in found]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, one_line(row[3])]).rstrip())


@plugins.command()
@click.argument("name")
@_json_option
def info(name: str, as_json: bool) -> None:
    """Show one plugin. A disabled one is not imported."""
    plugin = plugin_manager(load_config()).find(name)
    if as_json:
        click.echo(json.dumps(_as_dict(plugin), indent=2))
        return
    for label, value in _as_dict(plugin).items():
        if value not in (None, "", []):
            text = ", ".join(value) if isinstance(value, list) else str(value)
            click.echo(f"{label.replace('_', ' ')}: {one_line(text)}")
    if plugin.state is PluginState.DISABLED:
        click.echo("Its hooks are known once it is enabled: a disabled plugin is not imported.")


@plugins.command()
@click.argument("name")
def enable(name: str) -> None:
    """Enable a plugin in config.yaml; comments are kept."""
    load_config()
    plugin = PluginManager().find(name)
    if plugin.name == "builtin":
        raise UsageError("`builtin` is always enabled.")
    changed = set_plugin_state(plugin.name, True)
    _say_changed(plugin, "enabled", changed=changed)
    loaded = plugin_manager(load_config()).find(plugin.name)
    if loaded.state is PluginState.FAILED:
        click.echo(f"But it cannot be used: {one_line(loaded.reason)}", err=True)


@plugins.command()
@click.argument("name")
def disable(name: str) -> None:
    """Disable a plugin in config.yaml; comments are kept."""
    # A plugin that is enabled and no longer installed must be possible to disable.
    found = {plugin.name: plugin for plugin in plugin_manager(load_config()).plugins}
    plugin = found.get(name) or plugin_manager(load_config()).find(name)
    if plugin.name == "builtin":
        raise UsageError("`builtin` cannot be disabled: recovery depends on it.")
    _say_changed(plugin, "disabled", changed=set_plugin_state(plugin.name, False))


def _say_changed(plugin: PluginInfo, state: str, *, changed: bool) -> None:
    now = "is now" if changed else "was already"
    click.echo(f"{plugin.name} {now} {state} in {config_path()}")


def _as_dict(plugin: PluginInfo) -> dict[str, Any]:
    adapter = plugin.adapter
    return {
        **{name: value for name, value in asdict_shallow(plugin).items() if name != "adapter"},
        "state": str(plugin.state),
        "priority": adapter.priority if adapter else None,
        "hooks": sorted(adapter.hooks) if adapter else [],
        "event_types": list(adapter.event_types) if adapter else [],
    }


def asdict_shallow(plugin: PluginInfo) -> dict[str, Any]:
    """The fields of a plugin as they are; the adapter's functions cannot be copied."""
    return {name: getattr(plugin, name) for name in ("name", "state", "reason", "distribution", "version")}
