"""The adapter contract: everything an adapter may use, and all it should import.

An adapter is an object or a module with

- ``name``: what users write under ``plugins.enabled``;
- ``api_version``: the contract it is written for, ``1``;
- ``priority``: higher is asked first, ties by name; 0 where it is left out;
- ``event_types``: the event types that its ``normalize_stream_event`` wants, exact or ending in ``*``;
- ``profile``: a ``Profile`` where it has one for its backend; None where it is left out;
- any of the hooks of ``hermes.providers.hookspecs``, marked with ``@hookimpl``.

Everything passed to a hook is immutable by contract. No hook argument carries a credential.
"""

from __future__ import annotations

from typing import Final

from hermes.providers.context import AdapterContext, Delivered
from hermes.providers.delays import retry_at
from hermes.providers.failure import Failure, FailureKind
from hermes.providers.markers import hookimpl
from hermes.providers.memory import EndpointFact, EndpointMemory, Lesson
from hermes.providers.profile import Profile
from hermes.providers.request import Fallback, Request
from hermes.providers.verdict import (
    EMPTY_ANSWER,
    NO_ANSWER_TEXT,
    REASONING_ONLY_FINAL,
    Verdict,
    VerdictKind,
)
from hermes.responses.error_detail import ErrorDetail, error_detail
from hermes.responses.events import ENDED, RESTARTED, Event
from hermes.responses.items import CALL_TYPES
from hermes.responses.telemetry import Credits, Notice, RateLimits, RateLimitWindow
from hermes.responses.violations import Violation

__all__ = [
    "API_VERSION",
    "CALL_TYPES",
    "EMPTY_ANSWER",
    "ENDED",
    "NO_ANSWER_TEXT",
    "REASONING_ONLY_FINAL",
    "RESTARTED",
    "AdapterContext",
    "Credits",
    "Delivered",
    "EndpointFact",
    "EndpointMemory",
    "ErrorDetail",
    "Event",
    "Failure",
    "FailureKind",
    "Fallback",
    "Lesson",
    "Notice",
    "Profile",
    "RateLimitWindow",
    "RateLimits",
    "Request",
    "Verdict",
    "VerdictKind",
    "Violation",
    "error_detail",
    "hookimpl",
    "retry_at",
]

API_VERSION: Final = 1
"""The version of the contract. An adapter names the one it is written for."""
