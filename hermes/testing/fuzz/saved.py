"""Cases as files: what the fuzzer found, kept as scenarios that are never lost again."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from hermes.testing.fuzz.cases import Case, Way
from hermes.testing.scenario import Control, Expected, Reply, Scenario, Step, ToolCall

__all__ = ["FOLDER", "Saved", "dump", "load", "save", "saved_cases"]

FOLDER: Final = Path(__file__).parent.parent / "scenarios" / "saved"
"""Where the cases of the corpus are kept."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A case that was found, and what is known of it.

    Attributes:
        case: the shrunk case.
        found: what was wrong with it, in words.
        has_outcome: whether somebody wrote down how it has to end; until then only the invariants are
            checked.
    """

    case: Case
    found: str
    has_outcome: bool


def dump(case: Case, found: str) -> str:
    """A case as JSON for people: bytes are text where they can be, and base64 where they cannot."""
    scenario = case.scenario
    told: dict[str, Any] = {
        "id": f"found/{_slug(case)}",
        "summary": f"found by the fuzzer: {found}",
        "found": found,
        "made_of": {"scenario": scenario.id, "seed": case.seed, "mutations": list(case.mutations)},
        "way": asdict(case.way),
        "backend": scenario.backend,
        "request": dict(scenario.request),
        "streams": [_reply_to_json(reply) for reply in scenario.streams],
        "non_streams": [_reply_to_json(reply) for reply in scenario.non_streams],
        "plain": [_reply_to_json(reply) for reply in case.plain],
        "expected": None,
        "expected_live": None,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def load(text: str) -> Saved:
    """The case of a file.

    Raises:
        ValueError, KeyError, TypeError: the file was written by hand and is wrong.
    """
    told = json.loads(text)
    expected = _expected(told["expected"])
    scenario = Scenario(
        id=told["id"],
        quirk=0,
        summary=told["summary"],
        streams=tuple(_reply_from_json(reply) for reply in told["streams"]),
        non_streams=tuple(_reply_from_json(reply) for reply in told["non_streams"]),
        expected=expected or Expected(),
        expected_live=_expected(told["expected_live"]),
        backend=told["backend"],
        request=told["request"],
    )
    way = Way(**{**told["way"], "plugins": tuple(told["way"]["plugins"])})
    plain = tuple(_reply_from_json(reply) for reply in told["plain"])
    made = told["made_of"]
    case = Case(scenario, way, made["seed"], tuple(made["mutations"]), plain)
    return Saved(case, told["found"], expected is not None)


def save(case: Case, found: str, folder: Path) -> Path:
    """Writes a case into a folder; a file of the same name was the same case and is replaced.

    The refusals of a scenario are code and cannot be written: such a case is told, not saved whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_slug(case)}.json"
    path.write_text(dump(replace(case, scenario=replace(case.scenario, refusals=())), found), "utf-8")
    return path


@cache
def saved_cases(folder: Path = FOLDER) -> tuple[Saved, ...]:
    """The cases of a folder, by the names of their files."""
    return tuple(load(path.read_text("utf-8")) for path in sorted(folder.glob("*.json")))


def _slug(case: Case) -> str:
    return re.sub(r"[^a-z0-9]+", "-", case.name.lower())


def _reply_to_json(reply: Reply) -> dict[str, Any]:
    steps = [_step_to_json(step) for step in reply.steps]
    headers = [list(header) for header in reply.headers]
    return {"status": reply.status, "headers": headers, "framing": reply.framing, "steps": steps}


def _reply_from_json(told: Mapping[str, Any]) -> Reply:
    return Reply(
        steps=tuple(_step_from_json(step) for step in told["steps"]),
        status=told["status"],
        headers=tuple((name, value) for name, value in told["headers"]),
        framing=told["framing"],
    )


def _step_to_json(step: Step) -> str | dict[str, str]:
    if isinstance(step, Control):
        return {"control": step.value}
    try:
        return step.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(step).decode()}


def _step_from_json(told: str | Mapping[str, str]) -> Step:
    if isinstance(told, str):
        return told.encode()
    return Control(told["control"]) if "control" in told else b64decode(told["base64"])


def _expected(told: Mapping[str, Any] | None) -> Expected | None:
    if told is None:
        return None
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    if "tool_calls" in lists:
        lists["tool_calls"] = tuple(ToolCall(**call) for call in lists["tool_calls"])
    return Expected(**{**told, **lists})
