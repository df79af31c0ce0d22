"""Hermes as a command: ``hermes -z --json``, one process a turn."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commands import run, scratch_folder
from turns import Answer, Watch, serve


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Runs the command once."""
    patience = asked["timeout"]
    provider = {
        "base_url": asked["base_url"],
        "api_key": asked["api_key"],
        "first_event_timeout_seconds": patience,
        "idle_timeout_seconds": patience,
        "event_idle_timeout_seconds": patience,
        **({"profile": asked["profile"]} if asked.get("profile") else {}),
    }
    config = {
        "model": {"default": asked["model"], "provider": "peer"},
        "providers": {"peer": provider},
        "plugins": {"enabled": ["codex_lb"]},
    }
    with scratch_folder() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
        command = [sys.executable, "-m", "hermes", "-z", asked["prompt"], "--no-stdin", "--json"]
        ended = run(command, folder, {"HERMES_HOME": name})
    print(ended.out, ended.complaint, file=sys.stderr)
    last: dict[str, Any] = {}
    for line in ended.out.removesuffix("\n").split("\n"):
        watch.event()
        last = json.loads(line) if line else {}
    if ended.code not in (0, 3):
        return Answer(status="error", error=ended.complaint or str(last), error_type=f"exit {ended.code}")
    return Answer(
        text=last.get("text", ""),
        refusal=last.get("refusal", ""),
        status="complete" if ended.code == 0 and last.get("status") == "complete" else "partial",
        error=last.get("reason") or "",
    )


if __name__ == "__main__":
    serve(turn, ["hermes-adapters", "openai"])
