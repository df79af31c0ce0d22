"""OpenRouter."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile

adapter: Final = ProfiledAdapter(
    "openrouter",
    Profile(
        "OpenRouter",
        # https://openrouter.ai/docs/api_reference/responses/error-handling
        requires={"store": False},
        wrong_path="OpenRouter's Responses API is below https://openrouter.ai/api/v1: check base_url.",
    ),
)
