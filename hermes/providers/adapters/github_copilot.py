"""GitHub Copilot's own API, and proxies that hand it on unchanged."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile

adapter: Final = ProfiledAdapter(
    "github_copilot",
    Profile(
        "GitHub Copilot",
        # https://github.com/NousResearch/hermes-agent/blob/main/agent/transports/codex.py
        refuses=("prompt_cache_key",),
        # They hold for one connection: https://github.com/anomalyco/opencode/issues/31236
        keeps_item_ids=False,
        speed="fast",
        wrong_path="Copilot's Responses API is right below https://api.githubcopilot.com: check base_url.",
    ),
)
