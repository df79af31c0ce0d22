"""The adapter as Hermes loads it."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from pathlib import Path

import hermes_codex_lb
import pluggy
import pytest

from hermes.providers import contract, hookspecs


def test_pluggy_finds_every_hook_on_the_module() -> None:
    manager = pluggy.PluginManager("hermes")
    manager.add_hookspecs(hookspecs)
    manager.register(hermes_codex_lb, hermes_codex_lb.name)
    manager.check_pending()  # raises for a hook that no spec knows
    implemented = {caller.name for caller in manager.get_hookcallers(hermes_codex_lb) or []}
    assert implemented == {
        "classify_stream_error",
        "fallback_request",
        "normalize_stream_event",
        "observe_headers",
        "prepare_request",
        "repair_stream_event",
    }


def test_the_entry_point_is_the_module() -> None:
    (entry_point,) = entry_points(group="hermes.adapters", name="codex_lb")
    assert entry_point.load() is hermes_codex_lb


def test_the_attributes_of_the_contract() -> None:
    assert hermes_codex_lb.name == "codex_lb"
    assert hermes_codex_lb.api_version == contract.API_VERSION
    assert hermes_codex_lb.priority > 0


@pytest.mark.parametrize(
    ("event_type", "wanted"),
    [
        ("codex.rate_limits", True),
        ("codex.keepalive", True),
        ("codex.response.metadata", True),
        ("response.metadata", True),
        ("responsesapi.websocket_timing", True),
        ("response.created", False),
        ("response.output_text.delta", False),
        ("keepalive", False),
        ("error", False),
    ],
)
def test_the_event_types_that_it_asks_for(event_type: str, wanted: bool) -> None:
    assert any(fnmatchcase(event_type, pattern) for pattern in hermes_codex_lb.event_types) is wanted


def test_of_hermes_it_imports_only_the_contract() -> None:
    package = Path(hermes_codex_lb.__file__).parent
    imported = {
        module
        for source in package.glob("*.py")
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        for module in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert {module for module in imported if module.split(".")[0] == "hermes"} == {
        "hermes.providers.contract"
    }
