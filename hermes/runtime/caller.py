"""What the caller of a model call is given while it runs, and a memory of it: nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

from hermes.providers.contract import Notice, RateLimits
from hermes.responses.accumulator import Answer
from hermes.responses.events import Delta

__all__ = ["CallEvent", "Caller", "Restarted"]


@dataclass(frozen=True, slots=True)
class Restarted:
    """The answer broke off after text was delivered, and was asked for again.

    Attributes:
        continues: the new answer starts with what was delivered, and only its rest follows. Otherwise
            what was delivered is void and the whole new answer follows.
    """

    continues: bool


CallEvent = Delta | Notice | RateLimits | Restarted


class Caller:
    """Hands events to the caller, and remembers them.

    Args:
        on_event: takes them.
        live: hand out deltas as they come. Otherwise nothing counts as delivered before the result.
    """

    def __init__(self, on_event: Callable[[CallEvent], None] | None, *, live: bool) -> None:
        self.notices: list[Notice] = []
        self.characters = 0
        self._on_event = on_event
        self._live = live
        self._limits: dict[str, RateLimits] = {}
        self._delivered = {"text": StringIO(), "refusal": StringIO()}
        self._restarting = False
        self._handed_out = False

    @property
    def has_text(self) -> bool:
        """Whether text was delivered."""
        return self.characters > 0

    @property
    def is_restarting(self) -> bool:
        """Whether the answer was begun anew after text was delivered."""
        return self._restarting

    @property
    def rate_limits(self) -> tuple[RateLimits, ...]:
        """The latest limits of each family, the account's main ones first."""
        return tuple(self._limits[name] for name in sorted(self._limits))

    @property
    def on_delta(self) -> Callable[[Delta], None] | None:
        """Where the deltas of an attempt go. A restarted answer is handed out when it is whole."""
        if not self._live or self._on_event is None or self._restarting:
            return None
        return self._deliver

    def report(self, item: RateLimits | Notice) -> None:
        """Passes rate limits or a notice on."""
        if isinstance(item, RateLimits):
            self._limits[item.limit_name] = item
        else:
            self.notices.append(item)
        if self._on_event is not None:
            self._on_event(item)

    def begin_anew(self) -> None:
        """From here on the answer is another one than what was delivered.

        Delivered text is compared with the new answer once that is whole; reasoning and arguments just
        begin anew, and the caller is told so before they do.
        """
        self._restarting = self._restarting or self.has_text
        if self._handed_out and not self._restarting and self._on_event is not None:
            self._on_event(Restarted(continues=False))
        self._handed_out = False

    def was_told_otherwise(self, answer: Answer) -> bool:
        """Whether what was delivered is not what the answer says."""
        return self._holds() != _told_by(answer)

    def is_contradicted(self, answer: Answer) -> bool:
        """Whether the answer that was delivered does not go on as what was delivered of it begins."""
        return not self._restarting and not self._goes_on(answer)

    def was_given_another(self, answer: Answer) -> bool:
        """Whether the answer is a restarted one that does not go on from what was delivered."""
        return self._restarting and not self._goes_on(answer)

    def hand_out_rest(self, answer: Answer, *, retractable: bool) -> None:
        """Hands out what the caller does not hold yet of the final answer.

        That is the rest of one that goes on from what was delivered, and else the whole of it, announced as
        a restart. A caller who cannot take back what was delivered is given nothing that contradicts it.
        """
        if not self._live or self._on_event is None:
            return
        told, held = _told_by(answer), self._holds()
        continues = self._goes_on(answer)
        if not continues and not retractable:
            return
        if self._restarting or not continues:
            self._on_event(Restarted(continues))
        if not continues:
            self._delivered = {kind: StringIO() for kind in held}
        for kind, text in told.items():
            rest = text[len(held[kind]) :] if continues else text
            if rest:
                self._delivered[kind].write(rest)
                self._on_event(Delta(kind, rest))

    def _goes_on(self, answer: Answer) -> bool:
        """Whether the answer begins with what was delivered."""
        held = self._holds()
        return all(text.startswith(held[kind]) for kind, text in _told_by(answer).items())

    def _holds(self) -> dict[str, str]:
        return {kind: texts.getvalue() for kind, texts in self._delivered.items()}

    def _deliver(self, delta: Delta) -> None:
        if self._restarting:
            return  # the backend began anew within its stream
        delivered = self._delivered.get(delta.kind)
        self._handed_out = True
        if delivered is not None:
            self.characters += len(delta.text)
            delivered.write(delta.text)
        if self._on_event is not None:
            self._on_event(delta)


def _told_by(answer: Answer) -> dict[str, str]:
    """What a caller holds in the end that was given this answer."""
    return {"text": answer.text, "refusal": "".join(item.refusal for item in answer.items)}
