"""Gateways that share ChatGPT and other accounts: sub2api, new-api, CLIProxyAPI, ChatMock and their kin.

Which keywords they refuse depends on what stands behind them for a model, so that is left to be learnt.
"""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import QuietedAdapter
from hermes.providers.adapters.rewrites import DEFAULT_INSTRUCTIONS
from hermes.providers.contract import Profile

adapter: Final = QuietedAdapter(
    "codex_relay",
    Profile(
        "The relay",
        requires={"store": False},  # https://github.com/NousResearch/hermes-agent/pull/45
        defaults={"instructions": DEFAULT_INSTRUCTIONS},  # the same
        keeps_item_ids=False,  # another account than the one that sent them may get them back
        system_messages=False,  # https://github.com/zyycn/codex-proxy-rs/pull/172
        telemetry=("codex.*",),  # https://github.com/router-for-me/CLIProxyAPI/issues/6007
        is_pool=True,  # https://github.com/router-for-me/CLIProxyAPI/issues/1403
        wrong_path="Relays have their Responses API mostly below /v1: check base_url.",
    ),
)
