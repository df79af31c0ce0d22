"""Hermes adapter for codex-lb, a load balancer for ChatGPT accounts: https://github.com/Soju06/codex-lb.

The module itself is the adapter. It takes codex-lb's own events out of the stream, reads rate limits from
events and headers, and says what codex-lb's errors mean.
"""

from __future__ import annotations

from typing import Final

from hermes_codex_lb.hooks import (
    classify_stream_error,
    fallback_request,
    normalize_stream_event,
    observe_headers,
    prepare_request,
    repair_stream_event,
)

__all__ = [
    "api_version",
    "classify_stream_error",
    "event_types",
    "fallback_request",
    "name",
    "normalize_stream_event",
    "observe_headers",
    "prepare_request",
    "priority",
    "repair_stream_event",
]

__version__ = "0.1.0"

name: Final = "codex_lb"
api_version: Final = 1
priority: Final = 10
"""Above 0: what a codex-lb code means is asked here before general adapters guess from the HTTP status."""
event_types: Final = ("codex.*", "response.metadata", "responsesapi.websocket_timing")
