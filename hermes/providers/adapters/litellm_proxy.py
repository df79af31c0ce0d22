"""The proxy of LiteLLM."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile

adapter: Final = ProfiledAdapter(
    "litellm_proxy",
    Profile(
        "The LiteLLM proxy",
        # It makes them up, and for reasoning anew with each event: https://github.com/BerriAI/litellm/pull/32777
        keeps_item_ids=False,
        is_pool=True,  # https://docs.litellm.ai/docs/routing
        wrong_path="LiteLLM's proxy has its Responses API below /v1: check base_url.",
    ),
)
