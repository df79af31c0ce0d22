"""The table of quirks tells the truth: about the scenarios, about who helps, and in the docs."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from hermes.providers.manager import PluginManager
from hermes.testing.corpus import all_scenarios
from hermes.testing.quirk_table import quirk_table
from hermes.testing.quirks import QUIRKS, Quirk
from hermes.testing.runs import call_scenario, differences
from hermes.testing.scenario import Scenario

ROOT = Path(__file__).parents[2]
OWN = {plugin.name for plugin in PluginManager().plugins if plugin.distribution == "hermes-adapters"}


def shapes() -> dict[int, list[Scenario]]:
    found: dict[int, list[Scenario]] = defaultdict(list)
    for scenario in all_scenarios():
        found[scenario.quirk].append(scenario)
    return found


def test_the_docs_show_the_table() -> None:
    assert (ROOT / "docs" / "quirks.md").read_text() == quirk_table()


def test_there_are_119_quirks_each_named_once() -> None:
    assert [quirk.number for quirk in QUIRKS] == list(range(1, 120))
    assert len({quirk.id for quirk in QUIRKS}) == len(QUIRKS)


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.id)
def test_every_quirk_has_scenarios_of_its_name(quirk: Quirk) -> None:
    found = shapes()[quirk.number]
    named = [one.id for one in found if one.id == quirk.id or one.id.startswith(f"{quirk.id}/")]
    assert named


def test_no_scenario_is_of_an_unknown_quirk() -> None:
    assert shapes().keys() <= {0, *(quirk.number for quirk in QUIRKS)}


def test_who_does_it_exists() -> None:
    known = {plugin.name for plugin in PluginManager().plugins}
    assert {quirk.by for quirk in QUIRKS} - {"core"} <= known


def gains(quirk: Quirk, *without: str) -> bool:
    """Whether a scenario of the quirk ends otherwise without these adapters."""
    return any(
        differences(call_scenario(scenario, without=without), scenario.expected)
        for scenario in shapes()[quirk.number]
    )


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.id)
def test_who_does_it_is_needed(quirk: Quirk) -> None:
    found = shapes()[quirk.number]
    if quirk.by == "builtin":
        return  # it cannot be switched off
    if quirk.by == "core":
        alone = [one for one in found if not differences(call_scenario(one, without=OWN), one.expected)]
        assert alone
    elif quirk.by in OWN:
        assert gains(quirk, quirk.by)
    else:
        assert any(quirk.by in one.expected_with for one in found)
