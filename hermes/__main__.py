"""``python -m hermes``."""

from __future__ import annotations

from hermes.cli.main import run

run()
