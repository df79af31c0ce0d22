from __future__ import annotations

import pytest

from hermes.names import nearest, plugin_key, provider_key


@pytest.mark.parametrize(
    "name",
    ["codex_lb", "codex-lb", "codex.lb", "Codex-LB", "hermes-codex-lb", "Hermes_Codex.LB", " codex_lb "],
)
def test_spellings_of_one_plugin_have_one_key(name: str) -> None:
    assert plugin_key(name) == "codex_lb"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("hermes", "hermes"),
        ("hermes-", "hermes_"),
        ("hermes-hermes", "hermes"),
        ("lenient", "lenient"),
        ("", ""),
    ],
)
def test_other_plugins_keep_their_own_key(name: str, key: str) -> None:
    assert plugin_key(name) == key


@pytest.mark.parametrize("name", ["my-lb", "My LB", "my_lb"])
def test_spellings_of_one_provider_have_one_key(name: str) -> None:
    assert provider_key(name) == "my-lb"


@pytest.mark.parametrize(
    ("name", "near"),
    [("codexlb", "codex_lb"), ("lenent", "lenient"), ("something else", ""), ("", "")],
)
def test_nearest(name: str, near: str) -> None:
    assert nearest(name, iter(["codex_lb", "lenient", "builtin"])) == near
    assert nearest(name, []) == ""
