"""What an adapter knows of the call it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hermes.responses.telemetry import Notice, RateLimits

__all__ = ["AdapterContext", "Delivered", "EndpointFact", "EndpointMemory"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the caller was given of this call's answer so far.

    Attributes:
        characters: the number of characters of text handed out; 0 for a caller that waits for the end.
    """

    characters: int = 0

    def __bool__(self) -> bool:
        return self.characters > 0


class EndpointFact(StrEnum):
    """Something learnt about an endpoint that makes the next call start right."""

    BREAKS_ORDER = "breaks_order"
    """Its streams break the event order."""
    NON_STREAM_WORKS = "non_stream_works"
    """It answers requests without ``stream``."""
    STREAM_REQUIRED = "stream_required"
    """It refuses requests without ``stream``."""


class EndpointMemory:
    """What is known of one endpoint and model, kept for the session."""

    def __init__(self) -> None:
        self._facts: set[EndpointFact] = set()

    def knows(self, fact: EndpointFact) -> bool:
        """Whether ``fact`` was learnt."""
        return fact in self._facts

    def learn(self, fact: EndpointFact) -> None:
        """Remembers ``fact``."""
        self._facts.add(fact)


@dataclass(slots=True)
class AdapterContext:
    """What an adapter knows of the call it serves, one for each adapter and call.

    Attributes:
        provider: the configured name of the provider.
        model: the model that was asked for.
        memory: what is known of the endpoint.
        attempt: the number of the HTTP request within the call, from 1.
        streaming: whether this attempt asked for a stream.
        delivered: what the caller was given so far.
        scratch: the adapter's own notes for this call.
    """

    provider: str
    model: str
    memory: EndpointMemory
    on_report: Callable[[RateLimits | Notice], None]
    attempt: int = 1
    streaming: bool = True
    delivered: Delivered = Delivered()
    scratch: dict[str, Any] = field(default_factory=dict)

    def report(self, item: RateLimits | Notice) -> None:
        """Hands rate limits or a notice to the caller."""
        self.on_report(item)
