"""hermes-agent: ``hermes -z`` with a provider of one's own in the mode ``codex_responses``.

Its usage file says what its exit code doesn't: whether the run was completed.
https://github.com/NousResearch/hermes-agent
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commands import run, scratch_folder
from turns import Answer, Watch, serve

# Some failures end with a sentence in place of the answer, exit code 0 and `completed`. Its reader is told.
_GIVES_UP = ("⚠️ No reply:", "I apologize, but I encountered repeated errors:")

# What its command does, except that waiting before a retry takes no time.
_IMPATIENT = """
import sys, time
class Clock:
    ahead = 0.0
    def __getattr__(self, name): return getattr(time, name)
    def time(self): return time.time() + self.ahead
    def sleep(self, seconds): self.ahead += seconds
import agent.conversation_loop
agent.conversation_loop.time = Clock()
from hermes_cli.main import main
sys.exit(main())
"""


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Runs the command once."""
    with scratch_folder() as name:
        folder = Path(name)
        config = {
            "model": {"default": asked["model"], "provider": "custom:peer"},
            "custom_providers": [
                {
                    "name": "peer",
                    "base_url": asked["base_url"],
                    "api_key": asked["api_key"],
                    "api_mode": "codex_responses",
                    "model": asked["model"],
                }
            ],
            # Else it installs packages while it starts.
            "security": {"allow_lazy_installs": False},
        }
        (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
        report = folder / "usage.json"
        patience = str(asked["timeout"])
        settings = {
            "HERMES_HOME": name,
            "HERMES_CODEX_TTFB_TIMEOUT_SECONDS": patience,
            "HERMES_CODEX_EVENT_STALE_TIMEOUT_SECONDS": patience,
            "HERMES_API_CALL_STALE_TIMEOUT": patience,
            "HERMES_STREAM_READ_TIMEOUT": patience,
        }
        command = [str(Path(sys.executable).with_name("hermes"))]
        if os.environ["PEER_IMPATIENT"] == "1":
            command = [sys.executable, "-c", _IMPATIENT]
        ended = run([*command, "-z", asked["prompt"], "--usage-file", str(report)], folder, settings)
        said = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    print(ended.out, ended.complaint, said, file=sys.stderr)
    watch.event()
    text = ended.out.removesuffix("\n")
    if ended.code or said.get("failed") or text.startswith(_GIVES_UP):
        return Answer(status="error", error=ended.complaint or text, error_type=f"exit {ended.code}")
    return Answer(text=text, status="complete" if said.get("completed", True) else "partial")


if __name__ == "__main__":
    serve(turn, ["hermes-agent", "openai"])
