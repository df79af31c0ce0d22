"""What peers answered, kept in files, so that a better judge needs no second run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from benchmarks.peers import Peer, PeerAnswer
from benchmarks.survive_judge import Judgement, Verdict, judge, right_outcomes
from benchmarks.survive_report import Judged, PeerRun
from hermes.testing.corpus import all_scenarios

__all__ = ["Record", "Recorded", "judged", "load", "save"]

_FOLDER: Final = Path("build", "survive")


@dataclass(frozen=True, slots=True)
class Record:
    """How a peer's turn against one scenario ended.

    Attributes:
        scenario: its id.
        ended: ``answered``; ``hangs``, beyond the time limit; ``died``, without an answer.
        answer: what it answered; None without one.
        complaint: the last words of a process that died.
        seconds: how long it took.
        requests: how many requests for a response the backend saw.
    """

    scenario: str
    ended: Literal["answered", "hangs", "died"]
    answer: PeerAnswer | None
    complaint: str
    seconds: float
    requests: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """All turns of one peer.

    Attributes:
        versions: of its packages.
        records: in the order of the corpus.
        unavailable: why it could not be asked at all; empty where it was.
    """

    versions: Mapping[str, str]
    records: Sequence[Record]
    unavailable: str = ""


def save(peer: Peer, recorded: Recorded) -> None:
    """Keeps the turns of a peer in place of earlier ones."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(recorded), ensure_ascii=True, indent=1)
    (_FOLDER / f"{peer.name}.json").write_text(text, encoding="utf-8")


def load(peer: Peer) -> Recorded | None:
    """The turns that were kept of a peer; None where there are none."""
    path = _FOLDER / f"{peer.name}.json"
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    records = [_record(found) for found in kept["records"]]
    return Recorded(kept["versions"], records, kept["unavailable"])


def _record(found: dict[str, Any]) -> Record:
    answer = found["answer"]
    return Record(**{**found, "answer": PeerAnswer.from_json(answer) if answer else None})


def judged(peer: Peer, recorded: Recorded) -> PeerRun:
    """The verdicts on what a peer answered; scenarios that the corpus has no more are left out."""
    by_id = {scenario.id: scenario for scenario in all_scenarios()}
    rows = []
    for record in recorded.records:
        scenario = by_id.get(record.scenario)
        if scenario is None:
            continue
        if record.answer is not None:
            judgement = judge(right_outcomes(scenario, record.requests), record.answer)
        elif record.ended == "hangs":
            judgement = Judgement(Verdict.HANGS, f"no answer in {record.seconds:.0f} s")
        else:
            judgement = Judgement(Verdict.OBSCURE_ERROR, f"the process died: {record.complaint}")
        rows.append(Judged(scenario.id, scenario.quirk, judgement))
    return PeerRun(peer, recorded.versions, rows, recorded.unavailable)
