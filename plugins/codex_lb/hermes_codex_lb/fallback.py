"""The one other request that helps where codex-lb's stream does not: the same without streaming.

codex-lb collects the stream itself for such a request and answers with one JSON body. Its native route
``/backend-api/codex/responses`` streams all the same, which the caller can read too:
https://github.com/Soju06/codex-lb/blob/main/app/modules/proxy/api.py
"""

from __future__ import annotations

from typing import Final

from hermes.providers.contract import Fallback, Request, Verdict, VerdictKind

__all__ = ["without_stream"]

_STRATEGY: Final = "non_stream"
"""Hermes' own name for it, so that it is tried once a call, whoever proposes it first."""
_NOTICES: Final = {
    VerdictKind.ORDER_MISMATCH: "codex-lb sent events out of order; asking again without streaming",
    VerdictKind.TRUNCATED: "codex-lb's stream ended too early; asking again without streaming",
}


def without_stream(request: Request, verdict: Verdict) -> Fallback | None:
    """The non-stream fallback for a stream that is out of order or ended early; None for all else."""
    notice = _NOTICES.get(verdict.kind)
    if notice is None or verdict.retryable or not request.streams:
        return None
    return Fallback(_STRATEGY, request.without("stream", "stream_options"), notice=notice)
