"""How sure it is that no other weights are better, in words."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from trimtab.reports.optimised_text import solved_words
from trimtab.targets.objectives.asked import Optimised


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (0.0, "No other weights are better."),
        (3e-14, "No other weights are better."),
        (1.2e-4, "Other weights are better by 1.2e-04 of half the variance a year at most."),
        (nan, "."),
    ],
)
def test_a_proof_is_told_in_plain_words(gap: float, words: str) -> None:
    """A gap of rounding is none, a larger one is told with its unit, an unknown one is not."""
    found = Optimised(
        np.array([1.0]), 0.05, 0.1, 0.3, 0.1, "optimal", "active set", gap,
        gap_in="half the variance a year",
    )  # fmt: skip

    assert solved_words(found).endswith(words)
    assert ("better" in solved_words(found)) is (gap == gap)
