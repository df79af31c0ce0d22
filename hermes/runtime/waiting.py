"""How a call waits for its backend: in the caller's thread, or in an event loop.

The way of a call is written once, as coroutines. Where it waits in the caller's thread nothing in them ever
suspends, so that one step takes them from their start to their end.
"""

from __future__ import annotations

from typing import Any, Protocol

from hermes.providers.contract import Request
from hermes.runtime.transport import BytesAnswer, EventsAnswer, Source
from hermes.runtime.watchdog import Watchdog

__all__ = ["Reader", "Waiting"]


class Reader(Protocol):
    """Takes the pieces of an answer."""

    def take(self, piece: Any, /) -> bool:
        """Takes one: bytes or an event. Gives False when no more is wanted."""


class Waiting(Protocol):
    """Everything in a call that takes time."""

    watchdog: type[Watchdog]
    """What ends an attempt when a deadline passes."""

    async def send(self, client: Any, request: Request) -> Source:
        """Sends one request and gives the answer, unread where that is possible.

        Raises:
            TransportFailed: the backend cannot be reached, or answers with another status than 2xx.
        """

    async def read(self, source: BytesAnswer | EventsAnswer, reader: Reader) -> None:
        """Hands over what comes, until it ends or no more is wanted.

        Raises:
            TransportFailed: the connection broke.
        """

    async def close(self, source: Source) -> None:
        """Closes the connection of an answer, where it has one."""

    async def sleep(self, seconds: float) -> None:
        """Waits before another attempt."""
