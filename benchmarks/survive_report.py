"""The tables of ``make survive``: a line a peer, and a row a quirk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.peers import Peer
from benchmarks.survive_judge import Judgement, Verdict
from hermes.testing.quirks import QUIRKS

__all__ = ["Judged", "PeerRun", "page", "summary"]

_SIGNS: Final = {
    Verdict.RIGHT: "✓",
    Verdict.CLEAR_ERROR: "e",
    Verdict.OBSCURE_ERROR: "o",
    Verdict.SILENT_WRONG: "**W**",
    Verdict.HANGS: "**H**",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One scenario, asked of one peer.

    Attributes:
        scenario: its id.
        quirk: its number.
        judgement: how the peer came through.
    """

    scenario: str
    quirk: int
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class PeerRun:
    """All that was asked of one peer.

    Attributes:
        peer: the peer.
        versions: of its packages.
        rows: in the order of the corpus.
        unavailable: why it could not be asked at all; empty where it was.
    """

    peer: Peer
    versions: Mapping[str, str]
    rows: Sequence[Judged]
    unavailable: str = ""

    @property
    def counts(self) -> Counter[Verdict]:
        """How often each verdict was given."""
        return Counter(row.judgement.verdict for row in self.rows)


def summary(runs: Sequence[PeerRun]) -> str:
    """A line a peer, as a Markdown table."""
    lines = [
        f"| client | scenarios | {' | '.join(Verdict)} |",
        f"|---|---:|{'---:|' * len(Verdict)}",
    ]
    for run in runs:
        if run.unavailable:
            lines.append(f"| {run.peer.title} | 0 | not run: {run.unavailable} | | | | |")
            continue
        total = len(run.rows)
        cells = [_share(run.counts[verdict], total) for verdict in Verdict]
        lines.append(f"| {run.peer.title} | {total} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.1f} %)" if count else "0"


_ABOUT: Final = """# Who survives what

This page is generated: `make survive`. `make survive PEERS=codex` asks one client anew, and `ALL=1` asks the
command-line clients all scenarios too. {taken}

Every client sends a prompt over HTTP to a loopback backend that plays one of the scenarios of the corpus.
What is right is what the scenario says, and the rules by which it is judged stand in
[survive_judge.py](survive_judge.py). Clients keep their own retries and defaults. All are set to give up
after one second of silence, where they have a setting for that; waiting before a retry takes no time
where the client runs in Python. Command-line clients are asked one scenario for each quirk, and none that
needs tools or a particular request, because they cannot be told.

The corpus was written for Hermes. That Hermes gets it right says little about backends that nobody has
met yet; the rows of the others say what a backend's manners do to them. Hermes has its plugin `codex_lb`
enabled, or the profile of the backend where the scenario is about one.

Two things that a reader may weigh otherwise: an answer without a finish reason (pydantic-ai) or status
(langchain-openai) counts as one that the client calls complete, because neither documents that it is not; and
hermes-agent's command ends some failures with exit code 0 and a sentence in place of the answer, which counts
as an error here.
"""

_SIGNS_ARE: Final = """\
`✓` right, `e` clear error, `o` obscure error, **W** silent wrong, **H** hangs. A number before a sign counts
the scenarios of the quirk, where they differ. An empty cell was not asked.
"""


def page(runs: Sequence[PeerRun], *, taken: str) -> str:
    """The whole page, as Markdown.

    Args:
        runs: what was asked.
        taken: when and on what machine.
    """
    return "\n".join(
        (
            _ABOUT.format(taken=taken),
            summary(runs),
            "## Versions\n",
            *(f"- {run.peer.title}: {_versions(run)}" for run in runs),
            "\n## By quirk\n",
            _SIGNS_ARE,
            _matrix(runs),
            "## What was silently wrong, obscure or hung\n",
            *(_failures(run) for run in runs),
        )
    )


def _versions(run: PeerRun) -> str:
    if run.unavailable:
        return run.unavailable
    told = [f"{name} {version}" for name, version in run.versions.items() if version]
    return ", ".join((*run.peer.npm, *told))


def _matrix(runs: Sequence[PeerRun]) -> str:
    asked = [run for run in runs if not run.unavailable]
    lines = [
        f"| # | quirk | {' | '.join(run.peer.name for run in asked)} |",
        f"|---:|---|{'---|' * len(asked)}",
    ]
    by_quirk = [_signs_by_quirk(run) for run in asked]
    for number, name in (
        (0, "good streams, and found by fuzzing"),
        *((quirk.number, f"`{quirk.id}`") for quirk in QUIRKS),
    ):
        cells = [signs.get(number, "") for signs in by_quirk]
        if any(cells):
            lines.append(f"| {number} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _signs_by_quirk(run: PeerRun) -> dict[int, str]:
    verdicts: dict[int, list[Verdict]] = defaultdict(list)
    for row in run.rows:
        verdicts[row.quirk].append(row.judgement.verdict)
    return {quirk: _signs(given) for quirk, given in verdicts.items()}


def _signs(verdicts: Sequence[Verdict]) -> str:
    counts = Counter(verdicts)
    if len(counts) == 1:
        return _SIGNS[verdicts[0]]
    return " ".join(f"{counts[verdict]}{_SIGNS[verdict]}" for verdict in Verdict if counts[verdict])


def _failures(run: PeerRun) -> str:
    bad = [
        row
        for row in run.rows
        if row.judgement.verdict in (Verdict.OBSCURE_ERROR, Verdict.SILENT_WRONG, Verdict.HANGS)
    ]
    lines = [f"<details><summary>{run.peer.name}: {len(bad)}</summary>\n"]
    lines += [f"- `{row.scenario}`: {row.judgement.verdict}: {_quoted(row.judgement.why)}" for row in bad]
    return "\n".join((*lines, "\n</details>\n"))


def _quoted(text: str) -> str:
    """On one line, and no markup of a page."""
    line = " ".join(text.split()).replace("`", "'")
    return f"`{line if len(line) <= 160 else f'{line[:157]}...'}`"
