"""``hermes config``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from hermes.cli.text import one_line
from hermes.config.paths import config_path

__all__ = ["config"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def config() -> None:
    """Show and check the configuration."""


@config.command()
def path() -> None:
    """Print where config.yaml is, or would be."""
    click.echo(str(config_path()))


@config.command()
@_json_option
def show(as_json: bool) -> None:
    """Show the effective configuration, without secrets."""
    from hermes.config.describe import describe_config
    from hermes.config.dotenv import read_environment
    from hermes.config.load import load_config

    settings = describe_config(load_config(), read_environment())
    if as_json:
        click.echo(json.dumps({setting.key: setting.value for setting in settings}, indent=2))
        return
    for setting in settings:
        click.echo(f"{setting.key}: {one_line(setting.value)}")


@config.command()
@_json_option
def check(as_json: bool) -> int:
    """Check the configuration; exit code 2 where something keeps Hermes from working."""
    from hermes.config.check import check_config

    findings = check_config()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.level}: {finding.where}: {one_line(finding.message)}")
            if finding.hint:
                click.echo(f"  {one_line(finding.hint)}")
        if not findings:
            click.echo(f"{config_path()}: nothing to complain about")
    return 2 if any(finding.level == "error" for finding in findings) else 0
