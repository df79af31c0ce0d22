"""The table of quirks in ``docs/quirks.md``, which ``python -m hermes.testing.quirk_table`` writes."""

from __future__ import annotations

import sys
from collections import Counter

from hermes.testing.corpus import all_scenarios
from hermes.testing.quirks import QUIRKS

__all__ = ["quirk_table"]

_HEAD = """# Quirks

What backends of the Responses API do differently, and what Hermes does about it. Each row has scenarios
in the corpus: `hermes scenarios run QUIRK` runs those of a row over a real socket, and
`hermes demo-backend --scenario ID` serves one of them. `core` stands for the protocol engine and the
transport; every other name in the last column is an adapter.

This page is generated: `make docs`.

| # | quirk | scenarios | seen on | what Hermes does | by |
|---:|---|---:|---|---|---|
"""


def quirk_table() -> str:
    """The page, in Markdown."""
    counted = Counter(scenario.quirk for scenario in all_scenarios())
    rows = (
        f"| {quirk.number} | `{quirk.id}` | {counted[quirk.number]} | {quirk.backends} | {quirk.does} "
        f"| `{quirk.by}` |\n"
        for quirk in QUIRKS
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(quirk_table())
