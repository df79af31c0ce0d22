"""Where the configuration lies. Imports nothing heavy: ``hermes config path`` needs only this."""

from __future__ import annotations

import os
from pathlib import Path

from hermes.errors import ConfigError

__all__ = ["config_path", "env_path", "hermes_home", "lessons_path"]


def hermes_home() -> Path:
    """The folder of Hermes' files: ``$HERMES_HOME``, or ``~/.hermes`` where that is unset or empty.

    Raises:
        ConfigError: the path starts with ``~`` and the user has no home folder.
    """
    written = os.environ.get("HERMES_HOME", "").strip() or "~/.hermes"
    try:
        return Path(written).expanduser().absolute()
    except RuntimeError:
        raise ConfigError(
            f"Hermes cannot tell where its folder {written} is, because you have no home folder here.",
            hint="Set HERMES_HOME to the full path of a folder.",
        ) from None


def config_path(home: Path | None = None) -> Path:
    """The path of ``config.yaml``, whether or not the file exists."""
    return (home or hermes_home()) / "config.yaml"


def env_path(home: Path | None = None) -> Path:
    """The path of ``.env``, whether or not the file exists."""
    return (home or hermes_home()) / ".env"


def lessons_path(home: Path | None = None) -> Path:
    """The path of ``lessons.json``, which holds what backends taught, whether or not the file exists."""
    return (home or hermes_home()) / "lessons.json"
