"""llama.cpp's server."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters.profiled import ProfiledAdapter
from hermes.providers.contract import Profile

adapter: Final = ProfiledAdapter(
    "llama_cpp",
    Profile(
        "llama.cpp",
        system_messages=False,  # https://github.com/apmantza/pi-free/pull/458
        function_tools_only=True,  # https://github.com/ggml-org/llama.cpp/pull/21174
        # Schemas become a grammar: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
        plain_schemas=True,
        reasoning_is_final=True,
        speed="slow",
        wrong_path="llama.cpp's Responses API is below /v1: check base_url, and that the build has one.",
    ),
)
