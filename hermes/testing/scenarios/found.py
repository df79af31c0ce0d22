"""What the fuzzer found: each file of the folder ``saved`` for which somebody wrote down the right outcome.

To keep one, fill in ``expected`` and, where it differs, ``expected_live`` with the fields of ``Expected``,
and make ``summary`` a sentence for people. A file without an outcome is no scenario yet; the tests check
the invariants on it all the same.
"""

from __future__ import annotations

from typing import Final

from hermes.testing.fuzz.saved import saved_cases
from hermes.testing.scenario import Scenario

__all__ = ["SCENARIOS"]

SCENARIOS: Final[tuple[Scenario, ...]] = tuple(
    saved.case.scenario for saved in saved_cases() if saved.has_outcome
)
