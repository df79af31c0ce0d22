"""OpenAI's models in Azure."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile, VerdictKind

adapter: Final = ProfiledAdapter(
    "azure_openai",
    Profile(
        "Azure OpenAI",
        keeps_item_ids=False,  # https://github.com/vercel/ai/pull/12689
        speed="fast",
        # https://learn.microsoft.com/azure/ai-foundry/openai/how-to/responses
        wrong_path=(
            "Azure's Responses API is below https://RESOURCE.openai.azure.com/openai/v1, "
            "without a deployment in the path and without api-version: check base_url."
        ),
        hints={
            VerdictKind.MODEL_UNAVAILABLE: "In Azure the model is the name of a deployment of yours: -m NAME."
        },
    ),
)
