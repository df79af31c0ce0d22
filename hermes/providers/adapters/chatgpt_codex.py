"""The backend of ChatGPT's own Codex clients, asked without a gateway in between."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import QuietedAdapter
from hermes.providers.adapters.rewrites import DEFAULT_INSTRUCTIONS
from hermes.providers.contract import Profile, VerdictKind

adapter: Final = QuietedAdapter(
    "chatgpt_codex",
    Profile(
        "The ChatGPT Codex backend",
        refuses=(
            "max_output_tokens",  # https://github.com/kortix-ai/suna/pull/5124
            # https://github.com/Wei-Shaw/sub2api/pull/589
            "temperature",
            "top_p",
            "metadata",
            "user",
            "safety_identifier",
            "prompt_cache_retention",
            "truncation",
        ),
        # https://github.com/openai/codex/issues/26173
        requires={"stream": True, "store": False},
        defaults={"instructions": DEFAULT_INSTRUCTIONS},
        keeps_item_ids=False,  # https://github.com/NousResearch/hermes-agent/pull/10217
        system_messages=False,  # https://github.com/james-6-23/codex2api/issues/409
        telemetry=("codex.*",),  # https://github.com/router-for-me/CLIProxyAPI/issues/6007
        is_pool=False,
        speed="fast",
        wrong_path="The Codex backend is below https://chatgpt.com/backend-api/codex: check base_url.",
        hints={
            # https://github.com/NousResearch/hermes-agent/issues/70566
            VerdictKind.NETWORK_GATEWAY: (
                "It lets Codex clients through only: set `originator` and `ChatGPT-Account-ID` "
                "in extra_headers, and check base_url."
            ),
            # https://github.com/openai/codex/issues/19654
            VerdictKind.MODEL_UNAVAILABLE: "Choose a model of your ChatGPT plan with -m.",
        },
    ),
)
