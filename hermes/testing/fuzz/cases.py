"""Cases: a scenario whose replies were mutated, and the way in which it is called.

A case is named by the id of its scenario and a seed, and made anew from the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random
from typing import Final

from hermes.testing.fuzz.mutations import HARMLESS, MUTATIONS, SECRET, Tools
from hermes.testing.fuzz.pieces import Pieces, pieces_of, reply_of
from hermes.testing.scenario import Reply, Scenario

__all__ = ["Case", "CaseMaker", "Way", "chunk_sizes"]

_LARGEST: Final = 64 * 1024
_HARMLESS_SHARE: Final = 0.12
_ODD_HEADERS: Final = (
    (("content-type", "application/json"),),
    (("content-type", "text/html"),),
    (("content-type", "text/event-stream"), ("retry-after", "-1")),
    (("content-type", "text/event-stream"), ("retry-after", "1e400"), ("x-request-id", SECRET)),
    (("content-type", "text/event-stream"), ("x-codex-primary-used-percent", "nan")),
    (),
)
_ODD_STATUSES: Final = (201, 204, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 529, 599)


@dataclass(frozen=True, slots=True)
class Way:
    """How a case is called.

    Attributes:
        live: the caller is given deltas.
        plugins: enabled besides ``builtin``.
        restart: an answer that breaks off after text was delivered is asked for again.
        retractable: the caller can take back what it was given.
        decoded: the client gives events that it has decoded already.
        chunks: how the bytes are cut: 0 as the pieces are, or the seed of random sizes.
    """

    live: bool = False
    plugins: tuple[str, ...] = ("lenient",)
    restart: bool = False
    retractable: bool = True
    decoded: bool = False
    chunks: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One call to make.

    Attributes:
        scenario: with the replies as they are sent, mutated.
        way: how it is called.
        seed: what it was made from, together with the scenario's id.
        mutations: what was done, by name.
        plain: the replies to streams without what must change nothing; empty where anything may change.
    """

    scenario: Scenario
    way: Way
    seed: int
    mutations: tuple[str, ...] = ()
    plain: tuple[Reply, ...] = ()

    @property
    def name(self) -> str:
        """How to make it again."""
        return f"{self.scenario.id} {self.seed}"


class CaseMaker:
    """Makes cases from a corpus, without the scenarios of enormous bodies: those are about nothing but size.

    Args:
        scenarios: the corpus.
        plugins: enabled in all cases.
    """

    def __init__(self, scenarios: Sequence[Scenario], plugins: tuple[str, ...] = ()) -> None:
        self._scenarios = [scenario for scenario in scenarios if _size(scenario) <= _LARGEST]
        self._plugins = plugins
        self._pieces: dict[int, Pieces] = {}
        replies = [reply for scenario in self._scenarios for reply in _replies(scenario)]
        for reply in replies:
            self._pieces[id(reply)] = pieces_of(reply)
        frames = [piece for reply in replies for piece in self._pieces[id(reply)] if isinstance(piece, bytes)]
        self._foreign = [piece for piece in dict.fromkeys(frames) if piece.startswith((b"event:", b"data:"))]
        self._mutations = [mutation for mutation, _ in MUTATIONS]
        self._weights = [weight for _, weight in MUTATIONS]

    def cases(self, start: int, stop: int, *, seed: int = 0) -> Iterator[Case]:
        """The cases of a range: the scenarios in turn, a new seed for each round."""
        for number in range(start, stop):
            turn, place = divmod(number, len(self._scenarios))
            yield self.case(self._scenarios[place], seed + turn)

    def case(self, scenario: Scenario, seed: int) -> Case:
        """The case of a scenario and a seed: the same again while the corpus is the same."""
        tools = Tools(Random(f"{scenario.id} {seed}"), self._foreign)  # noqa: S311  # no secret
        rng = tools.rng
        way = self._way(rng, scenario)
        if rng.random() < _HARMLESS_SHARE:
            return self._harmless(tools, scenario, seed, way)
        done: list[str] = []
        streams = list(scenario.streams)
        place = rng.randrange(len(streams))
        streams[place] = self._mutated(tools, streams[place], done, rng.choice((1, 1, 1, 2, 2, 3, 4)))
        non_streams = list(scenario.non_streams)
        if rng.random() < 0.25:
            place = rng.randrange(len(non_streams))
            non_streams[place] = self._mutated(tools, non_streams[place], done, rng.choice((1, 1, 2)))
        changed = replace(scenario, streams=tuple(streams), non_streams=tuple(non_streams))
        return Case(changed, way, seed, tuple(done))

    def _way(self, rng: Random, scenario: Scenario) -> Way:
        plugins = list(self._plugins)
        if rng.random() < 0.8:
            plugins.append("lenient")
        known = [*filter(None, [scenario.backend]), *scenario.expected_with]
        if known and rng.random() < 0.6:
            plugins.append(rng.choice(known))
        return Way(
            live=rng.random() < 0.6,
            plugins=tuple(plugins),
            restart=rng.random() < 0.25,
            retractable=rng.random() < 0.8,
            decoded=rng.random() < 0.08,
            chunks=rng.randint(1, 2**32) if rng.random() < 0.25 else 0,
        )

    def _mutated(self, tools: Tools, reply: Reply, done: list[str], times: int) -> Reply:
        pieces = self._pieces_of(reply)
        chosen = tools.rng.choices(self._mutations, self._weights, k=times)
        for mutate in chosen:
            if pieces:
                mutate(tools, pieces)
                done.append(mutate.__name__)
        reply = reply_of(reply, pieces)
        if tools.rng.random() < 0.03:
            done.append("status")
            reply = replace(reply, status=tools.rng.choice(_ODD_STATUSES))
        if tools.rng.random() < 0.03:
            done.append("headers")
            reply = replace(reply, headers=tools.rng.choice(_ODD_HEADERS))
        return reply

    def _harmless(self, tools: Tools, scenario: Scenario, seed: int, way: Way) -> Case:
        done: list[str] = []
        streams: list[Reply] = []
        for reply in scenario.streams:
            pieces = self._pieces_of(reply)
            if reply.status == 200 and _is_text(pieces):
                add = tools.rng.choice(HARMLESS)
                add(tools, pieces)
                done.append(add.__name__)
            streams.append(reply_of(reply, pieces))
        return Case(replace(scenario, streams=tuple(streams)), way, seed, tuple(done), scenario.streams)

    def _pieces_of(self, reply: Reply) -> Pieces:
        known = self._pieces.get(id(reply))
        return list(known) if known is not None else pieces_of(reply)


def _replies(scenario: Scenario) -> tuple[Reply, ...]:
    return (*scenario.streams, *scenario.non_streams)


def _size(scenario: Scenario) -> int:
    """The length of the longest step."""
    steps = [step for reply in _replies(scenario) for step in reply.steps if isinstance(step, bytes)]
    return max(map(len, steps), default=0)


def _is_text(pieces: Pieces) -> bool:
    """Whether a body is neither compressed nor damaged."""
    try:
        b"".join(piece for piece in pieces if isinstance(piece, bytes)).decode()
    except UnicodeDecodeError:
        return False
    return True


def chunk_sizes(seed: int) -> Callable[[], int] | None:
    """Sizes of pieces from a seed: most small, some large; None for 0, which cuts nothing."""
    if not seed:
        return None
    rng = Random(seed)  # noqa: S311  # no secret
    # A piece of one byte costs as much as one of a thousand, so that few cases are all small ones.
    smallest, largest = rng.choice(((1, 40), (1, 40), (20, 300), (20, 300), (100, 1500), (1, 4)))
    sizes = cycle([rng.randint(smallest, largest) for _ in range(23)])
    return lambda: next(sizes)
