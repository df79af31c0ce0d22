"""What an endpoint taught, so that the next call starts right."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["EndpointFact", "EndpointMemory", "Lesson"]

_MAX_LESSONS: Final = 64
_LONGEST_NAME: Final = 200


class EndpointFact(StrEnum):
    """Lessons that Hermes' core itself learns and heeds."""

    SENDS_PRELUDE = "sends_prelude"
    """Its streams begin with events of the vendor's own, which can be passed over."""
    BREAKS_ORDER = "breaks_order"
    """A stream of this session broke the event order in another way."""
    NON_STREAM_WORKS = "non_stream_works"
    """It answers requests without ``stream``."""
    STREAM_REQUIRED = "stream_required"
    """It refuses requests without ``stream``."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Something learnt about an endpoint.

    Attributes:
        name: what was learnt, e.g. ``without_max_output_tokens``; the one who learns it chooses the name.
        learned_at: Unix seconds.
    """

    name: str
    learned_at: float


class EndpointMemory:
    """What is known of one endpoint and model.

    Args:
        lessons: what was learnt before.
        on_learn: told of each new lesson, so that it can be kept beyond the session.
        now: gives Unix seconds.
    """

    def __init__(
        self,
        lessons: Iterable[Lesson] = (),
        *,
        on_learn: Callable[[Lesson], None] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._lessons = {lesson.name: lesson for lesson in lessons}
        self._on_learn = on_learn
        self._now = now

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """Everything that was learnt, in the order in which it was."""
        return tuple(self._lessons.values())

    def knows(self, name: str) -> bool:
        """Whether the lesson ``name`` was learnt."""
        return name in self._lessons

    def assume(self, name: str) -> None:
        """Takes ``name`` as known, without the endpoint having taught it: nobody is told, nothing is kept."""
        self._lessons.setdefault(str(name), Lesson(str(name), self._now()))

    def learn(self, name: str) -> None:
        """Remembers ``name``. A backend may word its refusals without end, so the memory has a limit."""
        if name in self._lessons or len(self._lessons) >= _MAX_LESSONS or len(name) > _LONGEST_NAME:
            return
        lesson = Lesson(str(name), self._now())
        self._lessons[lesson.name] = lesson
        if self._on_learn is not None:
            self._on_learn(lesson)
