"""How long a backend may take, and how that follows from what it is asked.

One number cannot fit: a hosted model begins within seconds, and a model on the user's own machine may read a
long conversation for an hour before its first word. So the limits follow from the request and from how fast
the backend is known to be; what the user wrote always wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

__all__ = [
    "DeadlinePolicy",
    "Deadlines",
    "RequestFacts",
    "Speed",
    "deadlines_for",
    "facts_of",
    "likely_speed",
]

Speed = Literal["fast", "slow"]
"""``fast``: hosted, and known to begin soon. ``slow``: may run the model on the user's own hardware."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Limits in seconds; None switches one off.

    Attributes:
        connect: until the connection stands.
        headers: from sending the request to the headers of a streamed answer. Many backends send them with
            their first event only, so without a limit of their own that of the first event holds.
        first_event: from sending the request to the first event of a stream.
        idle_bytes: without a single byte of a stream, keepalives included.
        idle_events: without news in a stream, however many keepalives come. An event that an adapter drops,
            or that changes nothing of the answer, is a sign of life like any other byte and no more.
        total: for the whole call, all attempts and waits together, the caller's own time included.
    """

    connect: float | None = 15.0
    headers: float | None = None
    first_event: float | None = 300.0
    idle_bytes: float | None = 300.0
    idle_events: float | None = 900.0
    total: float | None = 7200.0

    def for_request(self, request: Mapping[str, Any]) -> Deadlines:
        """These, whatever is asked: the counterpart of ``DeadlinePolicy.for_request``."""
        return self


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What of a request decides how long its answer may take.

    Attributes:
        characters: the length of what the model reads before it begins: instructions, input and tools.
        effort: ``reasoning.effort``; empty where the request names none.
        flexible: it asks for the cheap service tier that answers when there is room.
    """

    characters: int = 0
    effort: str = ""
    flexible: bool = False


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """Chooses the limits of each request.

    Attributes:
        speed: what is known of the backend; None where nothing is.
        told: what the user wrote, in seconds, by the names of ``Deadlines``.
    """

    speed: Speed | None = None
    told: Mapping[str, float | None] = field(default_factory=dict)

    def for_request(self, request: Mapping[str, Any]) -> Deadlines:
        """The limits of a request.

        Each limit that the user wrote holds as it is. It also lifts those that were not written and would
        end the same wait earlier.
        """
        chosen = deadlines_for(facts_of(request), self.speed)
        for name, others in _LIFTED_BY.items():
            seconds = self.told.get(name)
            if seconds is not None:
                chosen = _lifted(chosen, others, seconds)
        return replace(chosen, **self.told)


_LIFTED_BY: Final = {
    "headers": ("first_event", "total"),
    "first_event": ("headers", "idle_bytes", "idle_events", "total"),
    "idle_bytes": ("idle_events", "total"),
    "idle_events": ("total",),
    "total": ("headers", "first_event", "idle_bytes", "idle_events"),
}


def _lifted(deadlines: Deadlines, names: Iterable[str], seconds: float) -> Deadlines:
    limits = {name: getattr(deadlines, name) for name in names}
    return replace(
        deadlines, **{name: max(limit, seconds) for name, limit in limits.items() if limit is not None}
    )


_LIMITS: Final[Mapping[Speed | None, Deadlines]] = {
    "fast": Deadlines(headers=90.0, first_event=180.0, idle_bytes=180.0, idle_events=600.0),
    None: Deadlines(),
    # It may have to load the model first, and then it reads and writes at the speed of a home computer.
    "slow": Deadlines(first_event=600.0, idle_bytes=600.0, idle_events=1800.0, total=14400.0),
}
# How fast a model reads its input, at the low end of what is met. A token has about four characters.
_CHARACTERS_A_SECOND: Final[Mapping[Speed | None, int]] = {"fast": 4000, None: 1000, "slow": 100}
# How many times longer a model may be silent; an effort that is not known here may be a new highest one.
# https://platform.openai.com/docs/api-reference/responses/create#responses-create-reasoning
_PATIENCE: Final = {"": 1, "none": 1, "minimal": 1, "low": 1, "medium": 1, "high": 2}
_MOST_PATIENCE: Final = 4


def deadlines_for(facts: RequestFacts, speed: Speed | None = None) -> Deadlines:
    """The limits of a request where the user wrote none.

    The time for reading the input counts for the silence after the first event too: there are backends that
    send ``response.created`` before they look at the input.
    """
    base = _LIMITS[speed]
    reading = facts.characters / _CHARACTERS_A_SECOND[speed]
    # https://platform.openai.com/docs/guides/flex-processing
    patience = _MOST_PATIENCE if facts.flexible else _PATIENCE.get(facts.effort, _MOST_PATIENCE)
    scaled = {
        name: limit * patience + reading
        for name in ("headers", "first_event", "idle_bytes", "idle_events")
        if (limit := getattr(base, name)) is not None
    }
    return replace(base, **scaled)


def facts_of(request: Mapping[str, Any]) -> RequestFacts:
    """What counts of the keywords of ``responses.create``."""
    reasoning = request.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    return RequestFacts(
        characters=_length_of([request.get("instructions"), request.get("input"), request.get("tools")]),
        effort=effort.lower() if isinstance(effort, str) else "",
        flexible=request.get("service_tier") == "flex",
    )


def _length_of(value: object) -> int:
    """The characters in all strings of a JSON value; not recursive, for it may be nested without measure."""
    length, pending = 0, [value]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            # The bytes of a picture or a file become far fewer tokens than text of that length.
            length += len(part) // 16 if part.startswith("data:") else len(part)
        elif isinstance(part, Mapping):
            pending += part.values()
        elif isinstance(part, (list, tuple)):
            pending += part
    return length


_LOCAL_NAMES: Final = (".localhost", ".local", ".lan", ".internal", ".home.arpa")


def likely_speed(base_url: str) -> Speed | None:
    """``slow`` for a server on this machine or in this network; None for any other.

    Addresses: https://www.iana.org/assignments/iana-ipv4-special-registry
    """
    host = urlsplit(base_url).hostname or ""
    try:
        is_local = not ip_address(host.partition("%")[0]).is_global
    except ValueError:
        is_local = "." not in host or host.endswith(_LOCAL_NAMES)
    return "slow" if is_local else None
