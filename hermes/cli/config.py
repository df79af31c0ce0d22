"""``hermes config``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from hermes.cli.output import print_json, print_line
from hermes.cli.text import one_line
from hermes.config.paths import config_path
from hermes.errors import ConfigError
from hermes.names import plugin_key

if TYPE_CHECKING:
    from hermes.config.check import Finding, Level

__all__ = ["config"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def config() -> None:
    """Show and check the configuration."""


@config.command()
def path() -> None:
    """Print where config.yaml is, or would be."""
    print_line(str(config_path()))


@config.command()
@_json_option
def show(as_json: bool) -> None:
    """Show the effective configuration, without secrets."""
    from hermes.config.describe import describe_config
    from hermes.config.dotenv import read_environment
    from hermes.config.load import load_config

    settings = describe_config(load_config(), read_environment())
    if as_json:
        print_json({setting.key: setting.value for setting in settings})
        return
    for setting in settings:
        print_line(f"{setting.key}: {one_line(setting.value)}")


@config.command()
@_json_option
def check(as_json: bool) -> int:
    """Check the configuration; exit code 2 where something keeps Hermes from working."""
    from hermes.config.check import check_config

    findings = [*check_config(), *_plugin_findings(), *_profile_findings()]
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print_line(f"{finding.level}: {finding.where}: {one_line(finding.message)}")
            if finding.hint:
                print_line(f"  {one_line(finding.hint)}")
        if not findings:
            print_line(f"{config_path()}: nothing to complain about")
    return 2 if any(finding.level == "error" for finding in findings) else 0


def _plugin_findings() -> Iterator[Finding]:
    """What the configuration alone cannot tell: whether the enabled plugins are there and can be used."""
    from hermes.cli.adapters import plugin_manager
    from hermes.config.check import Finding
    from hermes.config.load import load_config
    from hermes.errors import UnknownPluginError
    from hermes.providers.manager import PluginState

    try:
        manager = plugin_manager(load_config())
    except ConfigError:
        return  # found already
    for plugin in manager.plugins:
        if plugin.state is PluginState.FAILED:
            message = f"The plugin `{plugin.name}` cannot be used: {plugin.reason}."
            yield Finding("warning", "plugins", message, f"Run: hermes plugins disable {plugin.name}")
    try:
        manager.require_installed()
    except UnknownPluginError as error:
        yield Finding("error", "plugins", error.message, error.hint)


def _profile_findings() -> Iterator[Finding]:
    """Profiles that Hermes does not have, or that are switched off."""
    from hermes.cli.adapters import named_backend
    from hermes.config.check import Finding
    from hermes.config.load import load_config
    from hermes.config.lookup import selected_entry, sources_of

    try:
        config = load_config()
    except ConfigError:
        return  # found already
    entry = selected_entry(config)
    used = ("model", entry.where if entry is not None else "model")
    for source in sources_of(config):
        if source.endpoint.profile is not None:
            where = source.key_path("profile")
            try:
                known = named_backend(source.endpoint.profile, where)
            except ConfigError as error:
                level: Level = "error" if source.where in used else "warning"
                yield Finding(level, where, error.message, error.hint)
                continue
            if known is not None and known.adapter in map(plugin_key, config.plugins.disabled):
                yield Finding(
                    "warning",
                    where,
                    f"The plugin `{known.adapter}` is disabled, so this says nothing.",
                    f"Run: hermes plugins enable {known.adapter}",
                )
