"""States of plugins, and what is said about a plugin that is not there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from hermes.errors import UnknownPluginError
from hermes.providers.contract import EndpointMemory, Event
from hermes.providers.known import adapter_at
from hermes.providers.manager import ENTRY_POINT_GROUP, PluginManager, PluginState

LIST = "`hermes plugins list` shows what is installed."


def manager(enabled: Sequence[str] = (), *names: str, disabled: Sequence[str] = ()) -> PluginManager:
    """A manager in whose world exactly these third-party plugins are installed; none can be imported."""
    points = [EntryPoint(name, "no_module_of_that_name", ENTRY_POINT_GROUP) for name in names]
    return PluginManager(enabled, disabled, discover=lambda: points)


def states(plugins: PluginManager) -> dict[str, PluginState]:
    """All but those that wait for their backend."""
    told = {plugin.name: plugin.state for plugin in plugins.plugins}
    return {name: state for name, state in told.items() if state is not PluginState.AUTOMATIC}


def test_the_four_states_and_their_order() -> None:
    plugins = manager(["lenient", "broken", "gone"], "zeta", "broken")
    assert list(states(plugins).items()) == [
        ("builtin", PluginState.ENABLED),
        ("lenient", PluginState.ENABLED),
        ("broken", PluginState.FAILED),
        ("zeta", PluginState.DISABLED),
        ("gone", PluginState.NOT_INSTALLED),
    ]
    assert plugins.plugins[-1].reason == "no installed package offers it"


@pytest.mark.parametrize(
    ("enabled", "disabled", "expected"),
    [
        ([], [], {"builtin": "enabled", "lenient": "disabled"}),
        (["lenient"], [], {"builtin": "enabled", "lenient": "enabled"}),
        (["Hermes-Lenient"], [], {"builtin": "enabled", "lenient": "enabled"}),
        (["lenient"], ["lenient"], {"builtin": "enabled", "lenient": "disabled"}),
        (["builtin"], ["builtin", "hermes-builtin"], {"builtin": "enabled", "lenient": "disabled"}),
        (["gone"], ["gone"], {"builtin": "enabled", "lenient": "disabled"}),
    ],
)
def test_own_plugins(enabled: list[str], disabled: list[str], expected: dict[str, str]) -> None:
    assert states(manager(enabled, disabled=disabled)) == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("wether_tools", f"Did you mean `hermes-weather-tools`? {LIST}"),
        ("hermes-weather-tool", f"Did you mean `hermes-weather-tools`? {LIST}"),
        ("lenent", f"Did you mean `lenient`? {LIST}"),
        ("quite-another", LIST),
        ("codex-lb", f"`pip install hermes-codex-lb` installs it. {LIST}"),
    ],
)
def test_an_unknown_plugin(name: str, hint: str) -> None:
    with pytest.raises(UnknownPluginError) as caught:
        manager([], "hermes-weather-tools").find(name)
    assert caught.value.message == f"No plugin named `{name}` is installed."
    assert caught.value.hint == hint
    with pytest.raises(UnknownPluginError) as required:
        manager([name], "hermes-weather-tools").require_installed()
    assert (required.value.message, required.value.hint) == (caught.value.message, hint)


def test_a_plugin_that_is_not_installed_is_not_found() -> None:
    with pytest.raises(UnknownPluginError):
        manager(["gone"]).find("gone")


def test_require_installed_is_content_with_a_failed_plugin() -> None:
    manager(["lenient", "broken"], "broken").require_installed()


def test_hermes_own_for_single_backends_wait_for_them() -> None:
    waiting = {p.name for p in manager().plugins if p.state is PluginState.AUTOMATIC}
    assert {"ollama", "xai"} <= waiting
    assert {p.name for p in manager(["ollama"], disabled=["xai"]).plugins if p.adapter} == {
        "builtin",
        "ollama",
    }
    told = {p.name: p for p in manager(["ollama", "LM-Studio", "xai"], disabled=["xai"]).plugins}
    assert [told[name].state for name in ("ollama", "lm_studio", "xai")] == ["enabled", "enabled", "disabled"]
    assert all(told[name].is_own for name in ("builtin", "ollama", "xai"))
    assert told["vllm"].adapter is None


def test_only_what_is_used_is_imported() -> None:
    script = """
import sys
from hermes.providers.manager import PluginManager
own = "hermes.providers.adapters."
manager = PluginManager(["ollama"], ["lenient"], discover=list)
singles = [p.name for p in manager.plugins if p.is_own]
print(sorted(name for name in singles if own + name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['builtin', 'ollama']\n"


def test_a_port_leads_to_no_more_than_a_hint() -> None:
    suspected = adapter_at("http://localhost:2455/v1")
    points = [EntryPoint("codex_lb", "no_module_of_that_name", ENTRY_POINT_GROUP)]
    plugins = PluginManager(suspected=suspected, discover=lambda: points)
    assert states(plugins)["codex_lb"] is PluginState.DISABLED
    hint = "If this is codex-lb, the adapter `codex_lb` knows it and keeps its streams"
    assert plugins.adapter_hint("acme.x", ()) == f"{hint}: `hermes plugins enable codex_lb`."
    assert plugins.adapter_hint("codex.rate_limits", ()).startswith(
        "The adapter `codex_lb` knows this backend"
    )


KNOWS = "The adapter `codex_lb` knows this backend and keeps its streams"

NO_MODULE = "its import raised ModuleNotFoundError: No module named 'no_module_of_that_name'"


@pytest.mark.parametrize(
    ("plugins", "hint"),
    [
        (manager(), f"{KNOWS}: `pip install hermes-codex-lb`, then `hermes plugins enable codex_lb`."),
        (manager([], "codex-lb"), f"{KNOWS}: `hermes plugins enable codex_lb`."),
        (
            manager(["codex_lb"], "codex_lb"),
            f"{KNOWS}, but it cannot be used: {NO_MODULE}.",
        ),
        (
            PluginManager(["codex_lb"], ["codex_lb"], discover=list),
            f"{KNOWS}; it is switched off for this call.",
        ),
    ],
    ids=["not installed", "disabled", "failed", "overruled"],
)
def test_adapter_hint(plugins: PluginManager, hint: str) -> None:
    assert plugins.adapter_hint("codex.rate_limits", ()) == hint
    assert plugins.adapter_hint("", ["content-type", "x-codex-plan-type"]) == hint
    assert plugins.adapter_hint("acme.rate_limits", ["content-type"]) == ""


def test_no_hint_where_the_adapter_is_enabled(site: Any, good_adapter: str) -> None:
    site.install("hermes-acme", {"other": "acme_adapter"}, {"acme_adapter": good_adapter})
    point = EntryPoint("codex_lb", "acme_adapter", ENTRY_POINT_GROUP)
    plugins = PluginManager(["codex_lb"], discover=lambda: [point])
    assert plugins.find("codex_lb").state is PluginState.ENABLED
    assert plugins.adapter_hint("codex.rate_limits", ()) == ""


def test_begin_call_uses_the_enabled_adapters() -> None:
    def begin(plugins: PluginManager) -> Any:
        return plugins.begin_call(
            provider="p", model="m", memory=EndpointMemory(), on_report=lambda item: None
        )

    ping, done = Event("ping", {}), Event("response.done", {"response": {"id": "r"}})
    dispatch = begin(manager())
    assert list(dispatch.normalize(ping)) == []
    assert list(dispatch.normalize(done)) == [done]
    dispatch = begin(manager(["lenient"]))
    assert [event.type for event in dispatch.normalize(done)] == ["response.completed"]
