from __future__ import annotations

import pytest

from hermes.providers.known import adapter_for, adapter_named


@pytest.mark.parametrize(
    ("event_type", "headers", "adapter"),
    [
        ("codex.rate_limits", [], "codex_lb"),
        ("codex.", [], "codex_lb"),
        ("codex", [], ""),
        ("acme.codex.x", [], ""),
        ("", [], ""),
        ("", ["x-codex-plan-type"], "codex_lb"),
        ("", ["date", "X-Codex-Plan-Type"], "codex_lb"),
        ("", ["x-codecs", "my-x-codex-header"], ""),
        ("acme.hello", iter(["x-codex-credits-balance"]), "codex_lb"),
    ],
)
def test_known_adapter_for(event_type: str, headers: list[str], adapter: str) -> None:
    known = adapter_for(event_type, headers)
    assert (known.adapter if known else "") == adapter


def test_known_adapter_names_its_package() -> None:
    known = adapter_for("codex.keepalive")
    assert known is not None
    assert known.package == "hermes-codex-lb"
    assert adapter_named("codex_lb") == known
    assert adapter_named("acme") is None
