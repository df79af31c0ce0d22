"""The codex CLI: ``codex exec`` with a model provider of one's own; the answer is its last message.

https://github.com/openai/codex/blob/main/docs/exec.md
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

_CONFIG = """\
model = {model}
model_provider = "peer"
check_for_update_on_startup = false
web_search = "disabled"
approval_policy = "never"
sandbox_mode = "read-only"

[analytics]
enabled = false

[feedback]
enabled = false

[model_providers.peer]
name = "peer"
base_url = {base_url}
env_key = "PEER_KEY"
wire_api = "responses"
stream_idle_timeout_ms = {milliseconds}
"""


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Runs the command once."""
    binary = Path(os.environ["PEER_ENVIRONMENT"], "node_modules", ".bin", "codex")
    with scratch_folder() as name:
        folder = Path(name)
        config = _CONFIG.format(
            model=json.dumps(asked["model"]),
            base_url=json.dumps(asked["base_url"]),
            milliseconds=int(asked["timeout"] * 1000),
        )
        (folder / "config.toml").write_text(config, encoding="utf-8")
        last = folder / "last-message"
        options = ["--json", "--skip-git-repo-check", "--ephemeral", "--output-last-message", str(last)]
        command = [str(binary), "exec", *options, asked["prompt"]]
        ended = run(command, folder, {"CODEX_HOME": name, "PEER_KEY": asked["api_key"]})
        text = last.read_text(encoding="utf-8") if last.exists() else ""
    print(ended.out, ended.complaint, file=sys.stderr)
    return _answer(ended.code, ended.out, ended.complaint, text, watch)


def _answer(code: int, out: str, complaint: str, text: str, watch: Watch) -> Answer:
    failure = ""
    for event in _objects(out):
        watch.event()
        if event.get("type") == "turn.failed":
            failure = (event.get("error") or {}).get("message") or ""
    if code or failure:
        return Answer(status="error", error=failure or complaint, error_type=f"exit {code}")
    return Answer(text=text)


def _objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.split("\n") if line.startswith("{")]


if __name__ == "__main__":
    serve(turn, [])
