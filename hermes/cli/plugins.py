"""``hermes plugins``: they work also when every third-party plugin is broken."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Final

import click

from hermes.cli.adapters import plugin_manager
from hermes.cli.messages import say
from hermes.cli.output import print_json, print_line
from hermes.cli.text import one_line
from hermes.config.load import load_config
from hermes.config.paths import config_path
from hermes.errors import UsageError
from hermes.names import plugin_key
from hermes.providers.known import adapter_named
from hermes.providers.manager import PluginInfo, PluginState

__all__ = ["plugins"]

_WIDTH: Final = 76
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
        print_json([_as_dict(plugin) for plugin in found])
        return
    automatic = [plugin.name for plugin in found if plugin.state is PluginState.AUTOMATIC]
    rows = [(plugin.name, plugin.version or "-", _state(plugin)) for plugin in found]
    rows = [row for row in rows if row[0] not in automatic]
    names, versions = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, version, state in rows:
        print_line(f"{name.ljust(names)}  {version.ljust(versions)}  {state}")
    if automatic:
        print_line("Hermes' own for single backends, each switched on by itself where its backend is known:")
        for line in wrap(", ".join(automatic), _WIDTH, break_on_hyphens=False):
            print_line(f"  {line}")


@plugins.command()
@click.argument("name")
@_json_option
def info(name: str, as_json: bool) -> None:
    """Show one plugin. A disabled one is not imported."""
    plugin = plugin_manager(load_config()).find(name)
    if as_json:
        print_json(_as_dict(plugin))
        return
    for label, value in _as_dict(plugin).items():
        if value not in (None, "", []):
            text = ", ".join(value) if isinstance(value, list) else str(value)
            print_line(f"{label.replace('_', ' ')}: {one_line(text)}")
    if plugin.state is PluginState.DISABLED:
        print_line(
            f"It is not imported before it is enabled, so nothing more is known of it. "
            f"To enable it, run: hermes plugins enable {plugin.name}"
        )
    elif plugin.state is PluginState.AUTOMATIC:
        _show_automatic(plugin)


@plugins.command()
@click.argument("name")
@_json_option
def enable(name: str, as_json: bool) -> None:
    """Enable a plugin in config.yaml; comments are kept."""
    plugin = plugin_manager(load_config()).find(name)
    if plugin.name == "builtin":
        raise UsageError("`builtin` is always enabled.")
    changed = _write_state(plugin.name, True)
    loaded = plugin_manager(load_config()).find(plugin.name)
    _show_change(loaded, "enabled", changed=changed, as_json=as_json)
    if loaded.state is PluginState.FAILED:
        say(f"hermes: The plugin `{loaded.name}` is enabled but cannot be used: {loaded.reason}.")


@plugins.command()
@click.argument("name")
@_json_option
def disable(name: str, as_json: bool) -> None:
    """Disable a plugin in config.yaml; comments are kept."""
    manager = plugin_manager(load_config())
    # A plugin that is enabled and no longer installed must be possible to disable.
    known = {plugin_key(plugin.name): plugin for plugin in manager.plugins}
    plugin = known.get(plugin_key(name)) or manager.find(name)
    if plugin.name == "builtin":
        raise UsageError("`builtin` cannot be disabled: recovery depends on it.")
    changed = _write_state(plugin.name, False)
    _show_change(plugin, "disabled", changed=changed, as_json=as_json)


def _write_state(name: str, enabled: bool) -> bool:
    # What edits YAML takes longer to import than all that `plugins list` needs of the configuration.
    from hermes.config.edit import set_plugin_state

    return set_plugin_state(name, enabled)


def _show_automatic(plugin: PluginInfo) -> None:
    """For which providers a plugin is switched on by itself."""
    known = adapter_named(plugin.name)
    if known is not None:
        ports = [f"port {port} of this machine" for port in known.ports]
        for label, told in (("hosts", [*known.hosts, *ports]), ("provider names", known.names)):
            if told:
                print_line(f"{label}: {', '.join(told)}")
    print_line(f"For another provider, write into its entry in config.yaml: `profile: {plugin.name}`")


def _show_change(plugin: PluginInfo, state: str, *, changed: bool, as_json: bool) -> None:
    if as_json:
        print_json({"name": plugin.name, "state": state, "changed": changed, "config": str(config_path())})
        return
    now = "is now" if changed else "was already"
    print_line(f"{plugin.name} {now} {state} in {config_path()}")
    if state == "enabled" and plugin.is_own and adapter_named(plugin.name) is not None:
        print_line("It is used for its backend, and for providers of which nothing tells the backend.")


def _state(plugin: PluginInfo) -> str:
    return f"{plugin.state}: {one_line(plugin.reason)}" if plugin.reason else str(plugin.state)


def _as_dict(plugin: PluginInfo) -> dict[str, Any]:
    adapter = plugin.adapter
    return {
        "name": plugin.name,
        "state": str(plugin.state),
        "reason": plugin.reason,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "priority": adapter.priority if adapter else None,
        "hooks": sorted(adapter.hooks) if adapter else [],
        "event_types": list(adapter.event_types) if adapter else [],
    }
