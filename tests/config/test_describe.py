from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hermes.config.describe import describe_config
from hermes.config.dotenv import read_environment
from hermes.config.load import load_config

Write = Callable[[str | bytes], Path]
Show = Callable[..., dict[str, str]]

SECRET = "sk-marked-7f3a9c"


@pytest.fixture
def show(home: Path, write_config: Write) -> Show:
    def run(text: str, environ: dict[str, str] | None = None, **flags: str) -> dict[str, str]:
        if text:
            write_config(text)
        settings = describe_config(
            load_config(home), read_environment(home, environ or {}), home=home, **flags
        )
        assert SECRET not in repr(settings)
        assert len({setting.key for setting in settings}) == len(settings)
        return {setting.key: setting.value for setting in settings}

    return run


def test_nothing_configured(show: Show, home: Path) -> None:
    assert show("") == {
        "config_file": f"{home / 'config.yaml'} (not there)",
        "env_file": f"{home / '.env'} (not there)",
        "provider": "none, so Hermes answers from its built-in demo backend",
        "plugins.enabled": "none",
        "plugins.disabled": "none",
        "recovery.after_output": "keep",
        "recovery.max_attempts": "3",
        "recovery.max_wait_seconds": "60",
        "recovery.remember_days": "7",
        "providers": "none",
    }


def test_everything_configured(show: Show, home: Path) -> None:
    home.mkdir()
    (home / ".env").write_text(f"LB_KEY={SECRET}\n")
    shown = show(
        "model: {provider: lb, default: gpt-5.4, timeout_seconds: 90, max_frame_bytes: 99}\n"
        f"providers: {{lb: {{url: http://lb/v1, key_env: LB_KEY, extra_headers: {{X-Token: {SECRET}}}}}}}\n"
        "custom_providers: [{name: other}]\nplugins: {enabled: [codex_lb, b], disabled: [lenient]}\n"
    )
    assert shown == {
        "config_file": str(home / "config.yaml"),
        "env_file": str(home / ".env"),
        "provider": "lb",
        "base_url": "http://lb/v1",
        "model": "gpt-5.4",
        "api_mode": "codex_responses",
        "client": "light",
        "api_key": "set (from .env: LB_KEY)",
        "extra_headers.X-Token": "set",
        "deadlines.total": "90 s",
        "max_frame_bytes": "99",
        "plugins.enabled": "codex_lb, b",
        "plugins.disabled": "lenient",
        "recovery.after_output": "keep",
        "recovery.max_attempts": "3",
        "recovery.max_wait_seconds": "60",
        "recovery.remember_days": "7",
        "providers": "lb, other",
    }


@pytest.mark.parametrize(
    ("key", "environ", "shown"),
    [
        ("x: 1", {"OPENAI_API_KEY": SECRET}, "not set"),
        ("key_env: K", {"K": SECRET}, "set (from environment: K)"),
        (f"api_key: {SECRET}", {}, "set (from config.yaml: model.api_key)"),
    ],
)
def test_key_is_shown_by_where_it_comes_from(
    show: Show, key: str, environ: dict[str, str], shown: str
) -> None:
    assert show(f"model: {{default: m, url: http://a, {key}}}\n", environ)["api_key"] == shown


def test_options_of_the_command_line(show: Show) -> None:
    shown = show("model: {default: m, url: http://a}\n", base_url="http://b", model="n")
    assert (shown["base_url"], shown["model"]) == ("http://b", "n")


def test_problem_takes_the_place_of_the_provider(show: Show, home: Path) -> None:
    shown = show("model: {provider: custom, default: m, url: http://a, key_env: NOPE}\n")
    assert shown["provider"] == "custom"
    assert shown["problem"] == "`model.key_env` in config.yaml names NOPE, which is not set."
    assert shown["hint"] == f"Add the line NOPE=… to {home / '.env'}, or run: export NOPE=…"
    assert shown["plugins.enabled"] == "none"
