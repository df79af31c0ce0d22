"""Time as a call sees it, in one place, so that tests need not wait."""

from __future__ import annotations

import time

__all__ = ["Clock"]


class Clock:
    """The system's clock."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits; Ctrl-C ends it."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Waits and lets the event loop go on; cancelling the task ends it."""
        from asyncio import sleep

        await sleep(seconds)
