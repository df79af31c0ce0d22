"""Ollama."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile, VerdictKind

adapter: Final = ProfiledAdapter(
    "ollama",
    Profile(
        "Ollama",
        requires={"store": False},  # https://docs.ollama.com/api/openai-compatibility
        ignores_previous_response=True,  # the same
        system_messages=False,  # https://github.com/apmantza/pi-free/pull/458
        reasoning_is_final=True,
        early_end_passes=True,  # https://github.com/ollama/ollama/issues/14600
        speed="slow",
        # https://docs.ollama.com/api/openai-compatibility
        wrong_path="Ollama has its Responses API below /v1, from version 0.13.3 on: check base_url.",
        hints={VerdictKind.MODEL_UNAVAILABLE: "`ollama pull MODEL` fetches it; `ollama list` shows yours."},
    ),
)
