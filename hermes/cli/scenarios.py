"""``hermes scenarios``: the corpus of backend behaviour, listed and run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import click

from hermes.cli.output import Stdout, print_json, print_line
from hermes.cli.text import one_line
from hermes.errors import UsageError
from hermes.names import plugin_key
from hermes.testing.corpus import all_scenarios, scenarios_named
from hermes.testing.runs import Run, runs_of
from hermes.testing.scenario import Scenario

__all__ = ["scenarios"]

_PASSED: Final = "pass"
_FAILED: Final = "FAIL"
_AT_ONCE: Final = 8


@click.group()
def scenarios() -> None:
    """List and run the scenarios of backend behaviour that Hermes is tested with."""


@scenarios.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_scenarios(as_json: bool) -> None:
    """List every scenario: its id, the quirk that it shows, and what the backend does."""
    found = all_scenarios()
    if as_json:
        print_json([_as_dict(scenario) for scenario in found])
        return
    width = max(len(scenario.id) for scenario in found)
    for scenario in found:
        print_line(f"{scenario.id.ljust(width)}  {_quirk(scenario):>3}  {scenario.summary}")


@scenarios.command("run")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--plugin", "plugins", multiple=True, metavar="NAME", help="Enable a plugin as well.")
@click.option("--failed", "only_failed", is_flag=True, help="Show only those that fail.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line.")
def run_scenarios(ids: tuple[str, ...], plugins: tuple[str, ...], only_failed: bool, as_json: bool) -> int:
    """Run scenarios over real sockets and compare how they end with how they must.

    Without an ID all of them are run; the id of a quirk stands for all its shapes. Each runs with the
    adapters of its backend, for a caller that waits for the end and for one that is given deltas. Exit code
    1 where one fails. With --plugin, backends that an adapter of Hermes' own knows are left out, unless their
    IDs are given.
    """
    chosen = scenarios_named(ids) if ids else _suiting(plugins)
    _require_plugins(plugins)
    began = time.monotonic()
    runs = _runs(chosen, plugins)
    failed = _write_json(runs) if as_json else _write_table(chosen, runs, only_failed=only_failed)
    if not as_json:
        many = f"{len(chosen):,} scenario{'s' if len(chosen) != 1 else ''}"
        end = "all pass" if not failed else f"{failed:,} fail{'s' if failed == 1 else ''}"
        print_line(f"{many} in {time.monotonic() - began:.1f} s: {end}.")
    return 1 if failed else 0


def _suiting(plugins: Sequence[str]) -> tuple[Scenario, ...]:
    """Every scenario whose backend could be that of the plugins."""
    keys = {plugin_key(plugin) for plugin in plugins}
    return tuple(
        scenario
        for scenario in all_scenarios()
        if not (plugins and scenario.backend) or keys & set(map(plugin_key, scenario.expected_with))
    )


def _runs(chosen: Sequence[Scenario], plugins: Sequence[str]) -> Iterator[tuple[Scenario, list[Run]]]:
    """Runs several at once: most of the time goes by in waiting for backends that say nothing."""
    executor = ThreadPoolExecutor(_AT_ONCE)
    try:
        runs = executor.map(lambda scenario: list(runs_of(scenario, plugins=plugins)), chosen)
        yield from zip(chosen, runs, strict=True)
    finally:
        executor.shutdown(cancel_futures=True)


def _write_table(
    chosen: Sequence[Scenario], runs: Iterable[tuple[Scenario, list[Run]]], *, only_failed: bool
) -> int:
    """Writes a line for each scenario as soon as it has run, and gives how many failed."""
    width = max(len(scenario.id) for scenario in chosen)
    terminal = Stdout().is_terminal
    failed = 0
    for scenario, ways in runs:
        problems = [(run.way, problem) for run in ways for problem in run.problems]
        failed += bool(problems)
        if problems or not only_failed:
            mark = _FAILED if problems else _PASSED
            shown = click.style(mark, fg="red" if problems else "green") if terminal else mark
            first = ways[0].outcome
            outcome = f"{first.status}, {_counted(first.kinds)}"
            print_line(f"{scenario.id.ljust(width)}  {_quirk(scenario):>3}  {shown}  {outcome}")
        for way, problem in problems:
            print_line(f"  {way}: {one_line(problem)}")
    return failed


def _write_json(runs: Iterable[tuple[Scenario, list[Run]]]) -> int:
    import json

    failed = 0
    for scenario, ways in runs:
        problems = {run.way: list(run.problems) for run in ways if run.problems}
        failed += bool(problems)
        first = ways[0].outcome
        line = {
            **_as_dict(scenario),
            "passed": not problems,
            "status": first.status,
            "verdict": first.verdict,
            "requests": list(first.kinds),
            "problems": problems,
        }
        print_line(json.dumps(line))
    return failed


def _counted(kinds: Sequence[str]) -> str:
    return " + ".join(kind.replace("_", "-") for kind in kinds)


def _quirk(scenario: Scenario) -> str:
    return str(scenario.quirk) if scenario.quirk else "-"


def _as_dict(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "quirk": scenario.quirk or None,
        "summary": scenario.summary,
        "backend": scenario.backend or None,
    }


def _require_plugins(names: Sequence[str]) -> None:
    from hermes.providers.manager import PluginManager, PluginState

    manager = PluginManager(["lenient", *names])
    manager.require_installed()
    for plugin in manager.plugins:
        if plugin.state is PluginState.FAILED:
            raise UsageError(f"The plugin `{plugin.name}` cannot be used: {plugin.reason}.")
