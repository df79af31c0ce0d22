"""vLLM."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile

adapter: Final = ProfiledAdapter(
    "vllm",
    Profile(
        "vLLM",
        system_messages=False,  # https://github.com/apmantza/pi-free/pull/458
        reasoning_is_final=True,
        speed="slow",
        wrong_path="vLLM's Responses API is below /v1: check base_url, and that its version has one.",
    ),
)
