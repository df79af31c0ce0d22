"""``python -m benchmarks quick|full|install``: starts the server, runs the modules, judges, reports."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from benchmarks import records, report
from benchmarks.figures import Limit, Measurement, Remark, Setting, Table, judge
from benchmarks.server import running

__all__ = ["main"]

MODULES: Final = ("per_event", "adapters", "growth", "start", "concurrency", "screen", "peer_turns")
_ROUNDS_QUICK: Final = 3
_ROUNDS_FULL: Final = 3


class Module(Protocol):
    """What a measurement module has; ``README.md`` explains it."""

    TOPIC: str
    QUICK: bool
    LIMITS: Sequence[Limit]
    NOTES: str

    def measure(self, setting: Setting) -> Iterable[Measurement | Remark]:
        """Measures everything of the topic."""


def main(arguments: Sequence[str] | None = None, modules: Sequence[Module] | None = None) -> int:
    """Runs what is asked for; 1 where a limit is missed or a module failed."""
    modules = _modules() if modules is None else modules
    asked = _parser([module.TOPIC for module in modules]).parse_args(arguments)
    if asked.mode == "install":
        return _install()
    quick: bool = asked.mode == "quick"
    chosen = [
        module
        for module in modules
        if (module.TOPIC in asked.only if asked.only else module.QUICK or not quick)
    ]
    rounds: int = asked.rounds or (_ROUNDS_QUICK if quick else _ROUNDS_FULL)
    measured: list[records.Record] = []
    failed = False
    with running() as base_url:
        for module in chosen:
            record = _measure(module, base_url, rounds, quick=quick)
            if record is None:
                failed = True
                continue
            measured.append(record)
            if not quick:
                records.save(record)
    if not quick:
        measured = records.load([module.TOPIC for module in modules])
        report.write(measured, modules)
    limits = [limit for module in chosen for limit in module.LIMITS if not (quick and limit.full_only)]
    judgements = judge(Table(one for record in measured for one in record.measurements), limits)
    print(report.verdicts(judgements))
    return 1 if failed or any(judgement.missed for judgement in judgements) else 0


def _install() -> int:
    """Makes the peers' environments, so that measuring finds them; what cannot be made is left out."""
    from benchmarks.peer_turns import installed

    for peer, environment, reason in installed(print):
        if environment is None:
            print(f"{peer.name} is left out: {reason}")
    return 0


def _measure(module: Module, base_url: str, rounds: int, *, quick: bool) -> records.Record | None:
    """One topic's figures; None, with the reason on stderr, where its module failed."""
    print(f"benchmarks: {module.TOPIC} …", end=" ", file=sys.stderr, flush=True)
    began, busy, date = time.monotonic(), os.getloadavg()[0], records.now()
    found: list[Measurement | Remark] = []
    with tempfile.TemporaryDirectory(prefix="hermes-bench-") as work:
        setting = Setting(rounds, quick, base_url, Path(sys.executable), _console_script(), Path(work))
        try:
            found.extend(module.measure(setting))
        except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            print(f"failed: {error}", file=sys.stderr)
            return None
    seconds = time.monotonic() - began
    print(f"{seconds:.0f} s", file=sys.stderr)
    return records.Record(
        topic=module.TOPIC,
        date=date,
        rounds=rounds,
        load=busy,
        seconds=seconds,
        machine=records.this_machine(),
        measurements=tuple(one for one in found if isinstance(one, Measurement)),
        remarks=tuple(one for one in found if isinstance(one, Remark)),
    )


def _console_script() -> Path:
    return Path(sys.executable).parent / "hermes"


def _modules() -> list[Module]:
    return [cast("Module", import_module(f"benchmarks.{name}")) for name in MODULES]


def _parser(topics: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("mode", choices=("quick", "full", "install"))
    parser.add_argument(
        "--only", action="append", choices=topics, default=[], help="measure this topic only; may be repeated"
    )
    parser.add_argument("--rounds", type=int, default=0, help="how often everything is measured")
    return parser


if __name__ == "__main__":
    sys.exit(main())
