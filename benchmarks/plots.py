"""The plots: horizontal bars as small SVG files, legible on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from benchmarks.figures import Table

__all__ = ["Bar", "all_plots", "bars"]

_WIDTH: Final = 760
_LABELS: Final = 210
_VALUES: Final = 110
_ROW: Final = 26
_THICK: Final = 15
_TOP: Final = 58
_BOTTOM: Final = 14

# Media queries hold in an SVG that a page embeds as an image too.
_STYLE: Final = """\
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328}
.title{font-weight:600;font-size:15px}.note{fill:#59636e;font-size:12px}
.bar{fill:#8c959f}.ours{fill:#0969da}.base{fill:#bf8700}.axis{stroke:#d1d9e0}
.us{font-weight:600}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.bar{fill:#6e7681}
.ours{fill:#4493f8}.base{fill:#d29922}.axis{stroke:#3d444d}}"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: who.
        value: how much, above 0.
        kind: ``ours``, ``base`` for what nobody can go below, else ``bar``.
    """

    label: str
    value: float
    kind: str = "bar"


def bars(title: str, note: str, rows: Sequence[Bar], unit: str) -> str:
    """An SVG of horizontal bars, each with its value written beside it.

    Args:
        title: what is shown.
        note: how to read it.
        rows: the bars, from the top.
        unit: of the values.
    """
    height = _TOP + _ROW * len(rows) + _BOTTOM
    room = _WIDTH - _LABELS - _VALUES
    most = max((row.value for row in rows), default=1.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        f'  width="{_WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="8" y="22">{escape(title)}</text>',
        f'<text class="note" x="8" y="42">{escape(note)}</text>',
        f'<line class="axis" x1="{_LABELS}" x2="{_LABELS}" y1="{_TOP - 6}" y2="{height - _BOTTOM + 4}"/>',
    ]
    for number, row in enumerate(rows):
        top = _TOP + _ROW * number
        middle = top + _THICK / 2 + 4.5
        wide = max(room * row.value / most, 1.5)
        told = f"{_value(row.value)} {escape(unit)}"
        weight = ' class="us"' if row.kind == "ours" else ""
        parts += [
            f'<text{weight} x="{_LABELS - 8}" y="{middle}" text-anchor="end">{escape(row.label)}</text>',
            f'<rect class="{row.kind}" x="{_LABELS}" y="{top}" width="{wide:.1f}" height="{_THICK}" rx="2"/>',
            f'<text{weight} x="{_LABELS + wide + 6:.1f}" y="{middle}">{told}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _value(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def all_plots(table: Table) -> dict[str, str]:
    """The SVG of every plot for which there are figures, by its file's name."""
    made = {}
    for name, title, note, rows, unit in _plans(table):
        if len(rows) > 1:
            made[name] = bars(title, note, rows, unit)
    return made


_Plan = tuple[str, str, str, list[Bar], str]
_BASES: Final = ("bare", "python -c pass")
# Measured by the other topics too, and shown by what these found.
_TWICE: Final = ("hermes", "hermes -z", "openai responses.stream()", "openai create(stream=True)")


def _plans(table: Table) -> Iterable[_Plan]:
    cost = "processor time per event"
    for kind, name in (("text", "text deltas"), ("args", "function-call argument deltas")):
        rows = _rows(table, "per-event", f"{kind}-10000", cost, without=("bare, new connection",))
        rows += _rows(table, "peers", f"{kind}-10000", cost, without=_TWICE)
        note = "Processor time per event, of a whole call."
        yield f"per-event-{kind}", f"A stream of 10,000 {name}", note, _sorted(rows), "µs"
    rows = [row for row in _rows(table, "start", "start", "processor time") if row.label != "hermes -z hi"]
    yield "start", "Start", "Processor time of a whole process.", _sorted(rows), "ms"
    for metric, name in (("wall time", "turn-wall"), ("processor time", "turn-cpu")):
        rows = _rows(table, "start", "one-shot turn", metric)
        rows += _rows(table, "peers", "one-shot turn", metric, without=_TWICE)
        note = f"{metric.capitalize()} of a whole process that asks once, against a backend without delay."
        yield name, "A one-shot turn", note, _sorted(rows), "ms"


def _rows(table: Table, topic: str, workload: str, metric: str, *, without: Sequence[str] = ()) -> list[Bar]:
    found = []
    for key in table.keys:
        if key[:2] == (topic, workload) and key[3] == metric and key[2] not in without:
            value = table.median(key)
            if value is not None and value > 0:
                found.append(Bar(key[2], value, _kind(key[2])))
    return found


def _kind(subject: str) -> str:
    if subject.startswith("hermes") and not subject.startswith("hermes-agent"):
        return "ours"
    return "base" if subject in _BASES else "bar"


def _sorted(rows: list[Bar]) -> list[Bar]:
    return sorted(rows, key=lambda row: row.value)
