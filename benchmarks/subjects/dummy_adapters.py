"""Adapters that stand for other people's: some want other events, some want text."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any, Final

from hermes.providers.contract import AdapterContext, Event, hookimpl
from hermes.providers.manager import ENTRY_POINT_GROUP

__all__ = ["ANSWERS", "LOOKS_ON", "OTHERS", "answers", "looks_on"]

_TEXT: Final = ("response.output_text.delta",)


class _Idle:
    """Wants the events of a vendor, of which none comes; has every hook."""

    api_version = 1

    def __init__(self, number: int) -> None:
        self.name = f"other_{number}"
        self.event_types = (f"vendor_{number}.*", f"response.vendor_{number}")

    @hookimpl
    def normalize_stream_event(self, event: Event, context: AdapterContext) -> None:
        """Never asked."""

    @hookimpl
    def repair_stream_event(self, violation: Any, event: Event, context: AdapterContext) -> None:
        """Never asked on a good stream."""

    @hookimpl
    def classify_stream_error(self, failure: Any, context: AdapterContext) -> None:
        """The same."""


class _LooksOn:
    name = "looks_on"
    api_version = 1
    event_types = _TEXT

    @hookimpl
    def normalize_stream_event(self, event: Event, context: AdapterContext) -> None:
        """Looks at a text delta and leaves it as it is."""
        if event.data.get("delta") == "":
            context.scratch["empty"] = True


class _Answers:
    name = "answers"
    api_version = 1
    event_types = _TEXT

    @hookimpl
    def normalize_stream_event(self, event: Event, context: AdapterContext) -> list[Event]:
        """Puts the event in its own place."""
        return [event]


looks_on, answers = _LooksOn(), _Answers()
others = tuple(_Idle(number) for number in range(20))


def __getattr__(name: str) -> Any:
    """The adapters by the names under which the entry points look for them."""
    for adapter in others:
        if adapter.name == name:
            return adapter
    raise AttributeError(name)


def _points(*names: str) -> tuple[EntryPoint, ...]:
    return tuple(EntryPoint(name, f"{__name__}:{name}", ENTRY_POINT_GROUP) for name in names)


OTHERS: Final = _points(*(adapter.name for adapter in others))
LOOKS_ON: Final = _points("looks_on")
ANSWERS: Final = _points("answers")
