"""Calls the hooks of the enabled adapters for one model call.

pluggy registers and checks the implementations; this module walks them itself: by priority, each in its
own ``try``, with a context of its own, and with a prepared tuple for each event type, so that an event
that no adapter asked for costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from hermes.providers.answers import (
    MAX_EVENTS,
    checked_events,
    checked_fallback,
    checked_report,
    checked_request,
    checked_verdict,
    nothing,
)
from hermes.providers.contract import (
    AdapterContext,
    Delivered,
    EndpointMemory,
    Event,
    Failure,
    Fallback,
    Notice,
    Profile,
    RateLimits,
    Request,
    Verdict,
    Violation,
)
from hermes.providers.faults import fault

__all__ = ["Adapter", "CallDispatch", "Route"]

_T = TypeVar("_T")

# A hostile stream may invent event types without end, and of any length.
_MAX_ROUTES: Final = 1024
_LONGEST_KNOWN_TYPE: Final = 200
# What adapters want besides changes to and fro between few states.
_MAX_STATES: Final = 16


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that is loaded and keeps the contract.

    Attributes:
        name: as users write it.
        priority: higher is asked first.
        event_types: exact event types, or prefixes ending in ``*``.
        hooks: its hook functions by name; each takes the arguments of the spec in their order.
        profile: what is known of its backend, as data; None where it has none.
    """

    name: str
    priority: int
    event_types: tuple[str, ...]
    hooks: Mapping[str, Callable[..., Any]]
    profile: Profile | None = None
    _prefixes: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_prefixes", _prefixes_in(self.event_types))

    def wants(self, event_type: str) -> bool:
        """Whether the adapter asked for events of this type."""
        return event_type in self.event_types or event_type.startswith(self._prefixes)


@dataclass(slots=True)
class _Seat:
    """An adapter's place in one call."""

    position: int
    adapter: Adapter
    context: AdapterContext
    normalize: Callable[..., Any] | None
    active: bool = True

    def wants(self, event_type: str) -> bool:
        """Whether the adapter is to be shown events of this type at this moment."""
        if self.normalize is None or not self.active:
            return False
        also = self.context.also_wants
        return self.adapter.wants(event_type) or (
            bool(also) and (event_type in also or event_type.startswith(_prefixes_in(also)))
        )


Route = tuple[_Seat, ...]


def _prefixes_in(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))


class CallDispatch:
    """The enabled adapters at work on one call.

    Args:
        adapters: the enabled adapters.
        provider: the configured name of the provider.
        model: the model that was asked for.
        memory: what is known of the endpoint.
        on_report: takes what adapters report, after the hook that reported it has returned; faults of
            adapters come as notices of the kind ``plugin``.
    """

    def __init__(
        self,
        adapters: Sequence[Adapter],
        *,
        provider: str,
        model: str,
        memory: EndpointMemory,
        on_report: Callable[[RateLimits | Notice], None],
    ) -> None:
        self._on_report = on_report
        self._reports: list[RateLimits | Notice] = []
        ordered = sorted(adapters, key=lambda adapter: (-adapter.priority, adapter.name))
        self._seats = [
            _Seat(
                position,
                adapter,
                AdapterContext(provider, model, memory, self._reporter(adapter.name)),
                adapter.hooks.get("normalize_stream_event"),
            )
            for position, adapter in enumerate(ordered)
        ]
        self.routes: dict[str, Route] = {}
        """The routes that are prepared at this moment, by event type; ``route`` prepares more."""
        # The routes by what the adapters want besides their own types, so that each is prepared once.
        self._routes_of: dict[tuple[frozenset[str], ...], dict[str, Route]] = {}

    def begin_attempt(self, attempt: int, *, streaming: bool, delivered: Delivered) -> None:
        """Tells the adapters' contexts which attempt they serve."""
        for seat in self._seats:
            seat.context.attempt = attempt
            seat.context.streaming = streaming
            seat.context.failure = None
            seat.context.also_wants = frozenset()
        self._choose_routes()
        self.note_delivered(delivered)

    def note_delivered(self, delivered: Delivered) -> None:
        """Tells the adapters' contexts what the caller was given."""
        for seat in self._seats:
            seat.context.delivered = delivered

    def route(self, event_type: str) -> Route:
        """The adapters that want events of this type; mostly an empty tuple."""
        route = self.routes.get(event_type)
        if route is None:
            route = tuple([seat for seat in self._seats if seat.wants(event_type)])
            if len(self.routes) < _MAX_ROUTES and len(event_type) <= _LONGEST_KNOWN_TYPE:
                self.routes[event_type] = route
        return route

    def _choose_routes(self) -> None:
        """Takes the routes for what the adapters want at this moment."""
        state = tuple(seat.context.also_wants for seat in self._seats)
        if state not in self._routes_of and len(self._routes_of) >= _MAX_STATES:
            self._routes_of.clear()
        self.routes = self._routes_of.setdefault(state, {})

    def normalize(self, event: Event, start: int = 0) -> Sequence[Event]:
        """What the adapters from the place ``start`` on make of an event; itself where none changes it."""
        route = self.routes.get(event.type)
        if route is None:
            route = self.route(event.type)
        for seat in route:
            if seat.position < start:
                continue
            answer = self._ask(
                seat, "normalize_stream_event", seat.normalize, checked_events, event, seat.context
            )
            if answer is None:
                continue
            if seat is route[-1] and len(answer) == 1 and self.routes.get(answer[0].type) is route:
                return answer  # nobody after this adapter wants what it made of the event
            result = self._chain(answer, seat.position + 1)
            if result is not None:
                return result
            self._switch_off(seat, "normalize_stream_event", "it makes too many events of one")
        return (event,)

    def _chain(self, answer: Sequence[Event], start: int) -> Sequence[Event] | None:
        """What the adapters from ``start`` on make of an answer; None where that grows without measure."""
        result: list[Event] = []
        for event in answer:
            route = self.routes.get(event.type)
            if route is None:
                route = self.route(event.type)
            if route and route[-1].position >= start:
                result += self.normalize(event, start)
            else:
                result.append(event)
            if len(result) > MAX_EVENTS:
                return None
        return result

    def repair(self, violation: Violation, event: Event) -> Sequence[Event] | None:
        """The first adapter's replacement for an event that the accumulator refuses."""
        return self._first("repair_stream_event", checked_events, violation, event)

    def prepare(self, request: Request) -> Request:
        """The request as the adapters want it sent."""
        for seat in self._seats:
            prepared = self._ask_for(seat, "prepare_request", checked_request, request)
            request = request if prepared is None else prepared
        for seat in self._seats:
            seat.context.streaming = request.streams
        return request

    def classify(self, failure: Failure) -> Verdict | None:
        """The first adapter's verdict on a failure."""
        for seat in self._seats:
            seat.context.failure = failure
        return self._first("classify_stream_error", checked_verdict, failure)

    def fallback(self, request: Request, verdict: Verdict, used: frozenset[str]) -> Fallback | None:
        """The first fallback whose strategy is not in ``used``."""
        for seat in self._seats:
            answer = self._ask_for(seat, "fallback_request", checked_fallback, request, verdict)
            if answer is not None and answer.strategy not in used:
                return answer
        return None

    def observe_headers(self, headers: Mapping[str, str]) -> None:
        """Shows the HTTP response headers to every adapter that wants them."""
        for seat in self._seats:
            self._ask_for(seat, "observe_headers", nothing, headers)

    def _first(self, hook: str, check: Callable[[Any], _T], *arguments: Any) -> _T | None:
        for seat in self._seats:
            answer = self._ask_for(seat, hook, check, *arguments)
            if answer is not None:
                return answer
        return None

    def _ask_for(self, seat: _Seat, hook: str, check: Callable[[Any], _T], *arguments: Any) -> _T | None:
        return self._ask(seat, hook, seat.adapter.hooks.get(hook), check, *arguments, seat.context)

    def _ask(
        self,
        seat: _Seat,
        hook: str,
        function: Callable[..., Any] | None,
        check: Callable[[Any], _T],
        *arguments: Any,
    ) -> _T | None:
        """One adapter's answer; an adapter that raises or answers nonsense is switched off."""
        if function is None or not seat.active:
            return None
        wanted = seat.context.also_wants
        try:
            answer = function(*arguments)
            checked = None if answer is None else check(answer)
        except Exception as error:  # noqa: BLE001 - the border to other people's code
            self._pass_reports_on()
            self._switch_off(seat, hook, fault(error))
            return None
        if seat.context.also_wants is not wanted:
            self._choose_routes()
        if self._reports:
            self._pass_reports_on()
        return checked

    def _switch_off(self, seat: _Seat, hook: str, reason: str) -> None:
        seat.active = False
        self._routes_of.clear()
        self._choose_routes()
        text = f"The plugin `{seat.adapter.name}` failed in `{hook}` and is off for this call ({reason})."
        self._on_report(Notice(text, kind="plugin", source=seat.adapter.name))

    def _reporter(self, name: str) -> Callable[[RateLimits | Notice], None]:
        # Kept until the hook has returned: what the caller raises is no fault of the adapter's.
        return lambda item: self._reports.append(checked_report(item, name))

    def _pass_reports_on(self) -> None:
        reports, self._reports = self._reports, []
        for item in reports:
            self._on_report(item)
