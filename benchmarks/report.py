"""The figures as people read them: the verdicts on the terminal, ``RESULTS.md``, and what the plots show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

from benchmarks import plots
from benchmarks.figures import Judgement, Limit, Table, judge
from benchmarks.records import Machine, Record

__all__ = ["verdicts", "write"]

RESULTS: Final = Path(__file__).parent / "RESULTS.md"
DOCS: Final = Path(__file__).parents[1] / "docs"
_BEGIN: Final = "<!-- written by make bench -->\n"
_END: Final = "<!-- end -->\n"
_REFERENCE: Final = "hermes"
_WIDEST: Final = 7
_HEAD: Final = """\
# Results

Written by `make bench`; do not edit. What is measured, and how: [docs/benchmarks.md](../docs/benchmarks.md).
Smaller is better everywhere. Each figure is the median over the rounds; each ratio is taken within a round,
and the median of these is shown.
"""


class Explained(Protocol):
    """The part of a measurement module that a report needs."""

    TOPIC: str
    LIMITS: Sequence[Limit]
    NOTES: str


def verdicts(judgements: Iterable[Judgement]) -> str:
    """A line for each demand, and how many are missed."""
    judged = list(judgements)
    rows = [("", "demand", "found", "allowed")]
    for one in judged:
        found, allowed = _found(one)
        rows.append(("MISSED" if one.missed else "ok", _demand(one.limit), found, allowed))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{verdict:<{widths[0]}}  {demand:<{widths[1]}}  {found:>{widths[2]}}  {allowed:>{widths[3]}}"
        for verdict, demand, found, allowed in rows
    ]
    missed = sum(one.missed for one in judged)
    lines.append(f"{len(judged) - missed} of {len(judged)} demands are met.")
    return "\n".join(lines)


def _demand(limit: Limit) -> str:
    what = f"{limit.point} {limit.topic}: {limit.subject}, {limit.workload}, {limit.metric}"
    if not limit.against:
        return what
    if limit.against == limit.subject:
        return f"{what}, against {limit.against_workload or limit.workload}"
    return f"{what}, against {limit.against}"


def _found(judgement: Judgement) -> tuple[str, str]:
    """What was found and what is allowed, in the form in which the demand is stated."""
    limit, found = judgement.limit, judgement.found
    if limit.against and limit.at_most < 0.1:  # "20 times less"
        times = "not measured" if found is None else f"1/{1 / found:.1f}" if found > 0 else "0"
        return times, f"1/{1 / limit.at_most:.0f}"
    sign = " times" if limit.against else ""
    return "not measured" if found is None else f"{_number(found)}{sign}", f"{limit.at_most:g}{sign}"


def _number(value: float) -> str:
    """Three digits that matter, and no digits behind the point for what is large or whole."""
    if value == 0:
        return "0"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def write(measured: Sequence[Record], modules: Sequence[Explained]) -> None:
    """Writes ``RESULTS.md`` and the plots anew from the figures of all topics."""
    plots_folder = DOCS / "plots"
    plots_folder.mkdir(parents=True, exist_ok=True)
    table = Table(one for record in measured for one in record.measurements)
    for name, svg in plots.all_plots(table).items():
        (plots_folder / f"{name}.svg").write_text(svg, "utf-8")
    RESULTS.write_text(markdown(measured, modules), "utf-8")
    page = DOCS / "benchmarks.md"
    if page.exists():
        summary = _summary(judge(table, [one for each in modules for one in each.LIMITS]))
        page.write_text(_with_summary(page.read_text("utf-8"), summary), "utf-8")


def _with_summary(page: str, summary: Sequence[str]) -> str:
    """The page with its table of demands written anew, between the two comments that mark its place."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    return "\n".join([before + begin, *summary, "", end + after]) if begin and end else page


def _summary(judgements: Iterable[Judgement]) -> list[str]:
    """Demands of one kind in one row, with the worst of what was found."""
    groups: dict[tuple[str, str, str, float], list[Judgement]] = {}
    for one in judgements:
        limit = one.limit
        against = "" if limit.against in ("", limit.subject) else f", against {limit.against}"
        what = f"{limit.metric}{against}" if against else f"{limit.metric} ({limit.topic})"
        groups.setdefault((limit.point, what, limit.against and "ratio", limit.at_most), []).append(one)
    rows = ["| | demand | kept | worst | allowed |", "|---|---|---:|---:|---:|"]
    for (point, what, _, _), judged in groups.items():
        kept = sum(not one.missed for one in judged)
        worst = max(judged, key=lambda one: float("inf") if one.found is None else one.found)
        found, allowed = _found(worst)
        at = f" ({worst.limit.subject}, {worst.limit.workload})" if len(judged) > 1 else ""
        rows.append(f"| {point} | {what} | {kept} of {len(judged)} | {found}{at} | {allowed} |")
    return rows


def markdown(measured: Sequence[Record], modules: Sequence[Explained]) -> str:
    """The text of ``RESULTS.md``."""
    table = Table(one for record in measured for one in record.measurements)
    parts = [_HEAD, *_machines(measured), ""]
    parts += [
        "## Demands",
        "",
        *_judgement_rows(judge(table, [one for each in modules for one in each.LIMITS])),
        "",
    ]
    by_topic = {record.topic: record for record in measured}
    for module in modules:
        parts += [f"## {module.TOPIC}", "", module.NOTES.strip(), ""]
        record = by_topic.get(module.TOPIC)
        if record is None:
            parts += ["Not measured.", ""]
            continue
        parts += [f"{remark.text}\n" for remark in record.remarks]
        parts += _topic_tables(table, module.TOPIC)
    return "\n".join(parts).rstrip() + "\n"


def _machines(measured: Sequence[Record]) -> list[str]:
    """Where and when: once, where it is the same for all."""
    lines = []
    machines: dict[str, list[Record]] = {}
    for record in measured:
        machines.setdefault(_machine(record.machine), []).append(record)
    for machine, there in machines.items():
        lines += [
            machine if len(machines) == 1 else f"{', '.join(one.topic for one in there)}: {machine}",
            "",
        ]
    lines += ["| topic | measured (UTC) | rounds | seconds | load before |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.topic} | {one.date} | {one.rounds} | {one.seconds:.0f} | {one.load:.1f} |"
        for one in measured
    ]
    return lines


def _machine(machine: Machine) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    return f"{machine.processor}, {machine.cores} cores, {machine.system}, {machine.python}; {packages}."


def _judgement_rows(judgements: Iterable[Judgement]) -> list[str]:
    rows = ["| | demand | found | allowed |", "|---|---|---|---|"]
    for one in judgements:
        found, allowed = _found(one)
        rows.append(
            f"| {'**missed**' if one.missed else 'ok'} | {_demand(one.limit)} | {found} | {allowed} |"
        )
    return rows


def _topic_tables(table: Table, topic: str) -> list[str]:
    parts: list[str] = []
    keys = [key for key in table.keys if key[0] == topic]
    for metric in dict.fromkeys(key[3] for key in keys):
        mine = [key for key in keys if key[3] == metric]
        workloads = list(dict.fromkeys(key[1] for key in mine))
        subjects = list(dict.fromkeys(key[2] for key in mine))
        unit = table.units[topic, metric]
        title = f"**{metric}**" + (f" ({unit})" if unit else "")
        if len(workloads) > _WIDEST:
            rows = [[key[1], key[2], _cell(table.median(key))] for key in mine]
            parts += [title, "", *_rows(["", "", ""], rows), ""]
            continue

        def value(workload: str, subject: str, metric: str = metric) -> float | None:
            return table.median((topic, workload, subject, metric))

        def ratio(workload: str, subject: str, metric: str = metric) -> float | None:
            return table.ratio((topic, workload, subject, metric), (topic, workload, _REFERENCE, metric))

        parts += [title, "", *_grid(workloads, subjects, value), ""]
        if _REFERENCE in subjects and len(subjects) > 1:
            parts += [f"{metric}, times that of {_REFERENCE}", "", *_grid(workloads, subjects, ratio), ""]
    return parts


def _grid(
    workloads: Sequence[str], subjects: Sequence[str], value: Callable[[str, str], float | None]
) -> list[str]:
    rows = [[subject, *(_cell(value(workload, subject)) for workload in workloads)] for subject in subjects]
    return _rows(["", *workloads], rows)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _cell(value: float | None) -> str:
    return "" if value is None else _number(value)
