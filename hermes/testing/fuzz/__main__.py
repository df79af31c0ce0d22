"""The command line of the fuzzer: ``python -m hermes.testing.fuzz --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hermes.errors import HermesError
from hermes.testing.corpus import all_scenarios, scenario
from hermes.testing.fuzz.cases import Case, CaseMaker
from hermes.testing.fuzz.play import chunking_breaches, play
from hermes.testing.fuzz.run import Failure, Report, run
from hermes.testing.fuzz.saved import FOLDER, dump, save
from hermes.testing.fuzz.shrink import shrink
from hermes.testing.invariants import Breach, Invariant


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the fuzzer or one case of it; 1 where an invariant does not hold."""
    parser = argparse.ArgumentParser(prog="python -m hermes.testing.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000, help="how many mutated streams (200000)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other cases (0)")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes (2)")
    parser.add_argument("--plugin", action="append", default=[], help="enable an adapter in every case")
    parser.add_argument("--save", type=Path, default=FOLDER, help="where shrunk failing cases are written")
    parser.add_argument("--replay", nargs=2, metavar=("ID", "SEED"), help="make one case again and show it")
    told = parser.parse_args(arguments)
    plugins = tuple(told.plugin)
    try:
        if told.replay:
            return _replay(told.replay[0], int(told.replay[1]), plugins)
        return _run(told.cases, told.seed, told.jobs, plugins, told.save)
    except HermesError as error:
        _say(f"{error}\n{error.hint}")
        return error.exit_code


def _run(cases: int, seed: int, jobs: int, plugins: tuple[str, ...], folder: Path) -> int:
    report = Report()
    shown = 0
    for report in run(cases, seed=seed, jobs=jobs, plugins=plugins):
        if report.cases - shown >= cases // 10 or report.cases == cases:
            shown = report.cases
            _say(_summary(report))
    for failure in report.failures:
        _keep(failure, plugins, folder)
    for (invariant, what), count in sorted(report.rules.items()):
        _say(f"{count:>7,} cases break: {invariant}: {what}")
    return 1 if report.failures else 0


def _summary(report: Report) -> str:
    ends = ", ".join(f"{count:,} {name}" for name, count in sorted(report.outcomes.items()))
    rate = report.cases / report.seconds
    failing = sum(report.rules.values())
    done = f"{report.cases:,} mutated streams in {report.seconds:.0f} s ({rate:,.0f}/s)"
    return f"{done}: {failing:,} failures ({ends})"


def _keep(failure: Failure, plugins: tuple[str, ...], folder: Path) -> None:
    """Shrinks a failing case, says what is wrong with it, and writes it down."""
    case = CaseMaker(all_scenarios(), plugins).case(scenario(failure.scenario), failure.seed)
    case = shrink(case, lambda smaller: failure.rule in _rules(smaller))
    seen = next((breach.seen for breach in _found(case) if _rule(breach) == failure.rule), "")
    path = save(case, f"{failure.breach.invariant}: {failure.breach.what}", folder)
    _say(f"\n{failure.breach.invariant}: {failure.breach.what}")
    _say(f"  again: --replay {failure.scenario} {failure.seed}")
    _say(f"  saved: {path}")
    _say(f"  {case.way}")
    for reply in case.scenario.streams:
        _say(f"  {reply.status} " + "\n      ".join(repr(step) for step in reply.steps))
    _say(f"  seen: {seen}")


def _replay(id: str, seed: int, plugins: tuple[str, ...]) -> int:  # noqa: A002  # the field's name
    case = CaseMaker(all_scenarios(), plugins).case(scenario(id), seed)
    record, _ = play(case)
    found = _found(case)
    _say(dump(case, "; ".join(f"{breach.invariant}: {breach.what}" for breach in found)))
    for event in record.events:
        _say(repr(event))
    _say(repr(record.result if record.result is not None else record.error))
    for breach in found:
        _say(f"{breach.invariant}: {breach.what}: {breach.seen}")
    return 1 if found else 0


def _found(case: Case) -> list[Breach]:
    return [*play(case)[1], *chunking_breaches(case)]


def _rules(case: Case) -> set[tuple[Invariant, str]]:
    return {_rule(breach) for breach in _found(case)}


def _rule(breach: Breach) -> tuple[Invariant, str]:
    return breach.invariant, breach.what


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
