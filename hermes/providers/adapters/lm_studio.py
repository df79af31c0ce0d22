"""LM Studio."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile, VerdictKind

adapter: Final = ProfiledAdapter(
    "lm_studio",
    Profile(
        "LM Studio",
        system_messages=False,  # https://github.com/apmantza/pi-free/pull/458
        efforts=("low", "medium", "high"),  # https://lmstudio.ai/blog/lmstudio-v0.3.29
        reasoning_is_final=True,
        speed="slow",
        # https://lmstudio.ai/blog/lmstudio-v0.3.29
        wrong_path="LM Studio has its Responses API below /v1, from version 0.3.29 on: check base_url.",
        hints={VerdictKind.MODEL_UNAVAILABLE: "`lms ls` shows the models that you have."},
    ),
)
