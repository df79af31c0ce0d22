"""What an adapter knows of the call it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hermes.providers.failure import Failure
from hermes.providers.memory import EndpointMemory
from hermes.responses.telemetry import Notice, RateLimits

__all__ = ["AdapterContext", "Delivered"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the caller was given of this call's answer so far.

    Attributes:
        characters: the number of characters of text handed out; 0 for a caller that waits for the end.
    """

    characters: int = 0

    def __bool__(self) -> bool:
        return self.characters > 0


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
        failure: how this attempt ended, from the moment on that it is to be classified; None before.
        scratch: the adapter's own notes for this call.
        also_wants: event types that the adapter asks for besides its ``event_types``, in the same form.
            Changed with ``want`` and ``drop``; it begins empty with every attempt.
    """

    provider: str
    model: str
    memory: EndpointMemory
    on_report: Callable[[RateLimits | Notice], None]
    attempt: int = 1
    streaming: bool = True
    delivered: Delivered = Delivered()
    failure: Failure | None = None
    scratch: dict[str, Any] = field(default_factory=dict)
    also_wants: frozenset[str] = frozenset()

    def report(self, item: RateLimits | Notice) -> None:
        """Hands rate limits or a notice to the caller."""
        self.on_report(item)

    def want(self, *event_types: str) -> None:
        """Asks for more event types from here on in this attempt: exact ones, or prefixes ending in ``*``.

        So an adapter that must look at text in rare streams pays for it in those only.
        """
        self.also_wants |= set(event_types)

    def drop(self, *event_types: str) -> None:
        """Gives back event types that were asked for with ``want``."""
        self.also_wants -= set(event_types)
