"""Real distributions, found by their entry points."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import Any

import pytest

from hermes.providers.manager import PluginInfo, PluginManager, PluginState

FAIL_IF_IMPORTED = "raise AssertionError('imported')"


def find(manager: PluginManager, name: str) -> PluginInfo:
    return next(plugin for plugin in manager.plugins if plugin.name == name)


def test_installed_is_not_imported(site: Any) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": FAIL_IF_IMPORTED})
    plugin = find(PluginManager(), "acme")
    assert plugin == PluginInfo("acme", PluginState.DISABLED, "", "hermes-acme", "1.2")
    assert "acme_adapter" not in sys.modules


def test_disabled_wins_and_is_not_imported(site: Any) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": FAIL_IF_IMPORTED})
    manager = PluginManager(enabled=["acme"], disabled=["Hermes-Acme"])
    assert find(manager, "acme").state is PluginState.DISABLED
    assert "acme_adapter" not in sys.modules


def test_enabled_is_loaded(site: Any, good_adapter: str) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": good_adapter})
    manager = PluginManager(["acme"])
    plugin = find(manager, "acme")
    assert (plugin.state, plugin.reason, plugin.distribution, plugin.version) == (
        PluginState.ENABLED,
        "",
        "hermes-acme",
        "1.2",
    )
    assert plugin.adapter in manager.adapters


@pytest.mark.parametrize("spelling", ["acme_lb", "acme-lb", "hermes-acme-lb", "hermes_acme_lb", " Acme.LB "])
@pytest.mark.parametrize("offered", ["acme_lb", "acme-lb", "hermes-acme-lb"])
def test_every_spelling_is_the_same_plugin(site: Any, good_adapter: str, spelling: str, offered: str) -> None:
    site.install("hermes-acme-lb", {offered: "acme_adapter"}, {"acme_adapter": good_adapter})
    manager = PluginManager([spelling])
    assert manager.find(spelling).state is PluginState.ENABLED
    assert manager.find("acme_lb").name == offered
    assert manager.find("acme-lb").adapter is not None


def test_a_class_is_instantiated(site: Any) -> None:
    source = """
from hermes.providers.contract import Verdict, VerdictKind, hookimpl

class Acme:
    name = "acme"
    api_version = 1

    def __init__(self):
        self.words = "from an instance"

    @hookimpl
    def classify_stream_error(self, failure):
        return Verdict(VerdictKind.PROTOCOL, message=self.words)
"""
    site.install("hermes-acme", {"acme": "acme_adapter:Acme"}, {"acme_adapter": source})
    adapter = find(PluginManager(["acme"]), "acme").adapter
    assert adapter is not None
    assert adapter.hooks["classify_stream_error"](None, None).message == "from an instance"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ValueError('no\\n  luck')", "its import raised ValueError: no luck"),
        ("raise SystemExit(3)", "its import raised SystemExit: 3"),
        ("import sys; sys.exit()", "its import raised SystemExit"),
        ("class Stop(BaseException): pass\nraise Stop('now')", "its import raised Stop: now"),
        ("def broken(:", "its import raised SyntaxError: invalid syntax (acme_adapter.py, line 1)"),
        ("import nowhere_at_all", "its import raised ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise KeyError", "its import raised KeyError"),
        (
            "class Odd(Exception):\n    def __str__(self): raise RuntimeError\nraise Odd",
            "its import raised Odd",
        ),
        ("x = 1", "it names no api_version; this Hermes speaks contract 1"),
        ("raise ValueError('w' * 9999)", "its import raised ValueError: " + "w" * 288),
    ],
)
def test_a_broken_plugin_breaks_nothing_else(site: Any, good_adapter: str, source: str, reason: str) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": source})
    site.install("hermes-good", {"good": "good_adapter"}, {"good_adapter": good_adapter})
    manager = PluginManager(["acme", "good"])
    broken = find(manager, "acme")
    assert (broken.state, broken.reason, broken.adapter) == (PluginState.FAILED, reason, None)
    assert [adapter.name for adapter in manager.adapters] == ["builtin", "good"]
    manager.require_installed()


def test_interrupting_an_import_is_no_fault_of_the_plugin(site: Any) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        PluginManager(["acme"])


@pytest.mark.parametrize("target", ["acme_adapter:missing", "no_such_module", "not a target!"])
def test_an_entry_point_that_leads_nowhere(site: Any, good_adapter: str, target: str) -> None:
    site.install("hermes-acme", {"acme": target}, {"acme_adapter": good_adapter})
    plugin = find(PluginManager(["acme"]), "acme")
    assert plugin.state is PluginState.FAILED
    assert plugin.reason.startswith("its import raised ")


def test_two_packages_that_offer_one_name(site: Any, good_adapter: str) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": good_adapter})
    site.install("evil-acme", {"hermes-acme": "evil_adapter"}, {"evil_adapter": FAIL_IF_IMPORTED})
    plugin = PluginManager(["acme"]).find("acme")
    assert plugin.state is PluginState.FAILED
    assert plugin.reason == "this name is offered more than once: evil-acme, hermes-acme"
    assert "evil_adapter" not in sys.modules
    assert PluginManager().find("acme").state is PluginState.DISABLED


def test_one_package_listed_twice_is_one(good_adapter: str, site: Any) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": good_adapter})
    manager = PluginManager(["acme"], discover=lambda: [*entry_points(group="hermes.adapters")] * 2)
    assert manager.find("acme").state is PluginState.ENABLED


@pytest.mark.parametrize(
    ("offered", "own"),
    [
        ("builtin", "builtin"),
        ("hermes-builtin", "builtin"),
        ("Lenient", "lenient"),
        ("lm-studio", "lm_studio"),
    ],
)
def test_nobody_can_take_the_place_of_hermes_own(site: Any, offered: str, own: str) -> None:
    site.install("evil", {offered: "evil_adapter"}, {"evil_adapter": FAIL_IF_IMPORTED})
    manager = PluginManager(["lenient", "builtin", own])
    ours = manager.find(own)
    assert (ours.state, ours.distribution) == (PluginState.ENABLED, "hermes-adapters")
    assert manager.plugins[-1] == PluginInfo(
        offered, PluginState.FAILED, "the name belongs to a plugin of Hermes' own", "evil", "1.2"
    )
    assert {adapter.name for adapter in manager.adapters} == {"builtin", "lenient", own}
    assert "evil_adapter" not in sys.modules


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\n"])
def test_a_package_with_damaged_metadata(site: Any, good_adapter: str, metadata: str) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": good_adapter}, metadata=metadata)
    plugin = PluginManager(["acme"]).find("acme")
    assert (plugin.state, plugin.distribution, plugin.version) == (PluginState.ENABLED, "", "")


def test_a_damaged_list_of_entry_points_hides_no_other_one(site: Any, good_adapter: str) -> None:
    site.install("hermes-acme", {"acme": "acme_adapter"}, {"acme_adapter": good_adapter})
    site.install("damaged", {})
    (site.path / "damaged-1.2.dist-info" / "entry_points.txt").write_text("[hermes.adapters]\nno target\n")
    assert PluginManager(["acme"]).find("acme").state is PluginState.ENABLED
