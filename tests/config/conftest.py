from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hermes.config.dotenv import read_environment
from hermes.config.load import load_config
from hermes.config.resolve import ResolvedProvider, resolve_provider

Resolve = Callable[..., ResolvedProvider | None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hermes home that does not exist yet, and an environment without a trace of the developer's own."""
    home = tmp_path / "home"
    monkeypatch.setenv("HERMES_HOME", str(home))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return home


@pytest.fixture
def write_config(home: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        home.mkdir(exist_ok=True)
        path = home / "config.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def resolve(home: Path, write_config: Callable[[str], Path]) -> Resolve:
    """Write a config file and resolve it; ``environ`` and ``dotenv`` are the only variables there are."""

    def run(
        text: str, *, environ: dict[str, str] | None = None, dotenv: str | None = None, **flags: str | None
    ) -> ResolvedProvider | None:
        write_config(text)
        if dotenv is not None:
            (home / ".env").write_text(dotenv)
        return resolve_provider(load_config(home), read_environment(home, environ or {}), **flags)

    return run
