"""Events by hand, played into an accumulator."""

from dataclasses import dataclass

import pytest

from hermes.responses.accumulator import Accumulator, Answer
from hermes.responses.events import Delta, Event
from hermes.testing.wire import created


@dataclass
class Played:
    """What an accumulator made of some events."""

    accumulator: Accumulator
    deltas: list[Delta]

    @property
    def answer(self) -> Answer:
        return self.accumulator.answer()

    @property
    def pieces(self) -> list[tuple[str, str]]:
        return [(delta.kind, delta.text) for delta in self.deltas]

    @property
    def streamed(self) -> str:
        return "".join(delta.text for delta in self.deltas if delta.kind == "text")

    def feed(self, *events):
        for data in events:
            self.deltas += self.accumulator.feed(Event(data["type"], data))
        return self


@pytest.fixture
def play():
    """Plays the JSON of events into a new accumulator."""

    def play(*events, **options):
        return Played(Accumulator(**options), []).feed(*events)

    return play


@pytest.fixture
def played(play):
    """The same after ``response.created``."""

    def played(*events):
        return play(created(), *events)

    return played
