"""The test of broken correlations session by session: the same as of a whole history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.estimates.made import drawn
from tests.estimates.test_breakdown import etf_returns
from trimtab.estimates.breakdown import gauge_paths
from trimtab.estimates.judged import judged


def test_sessions_that_come_one_by_one_are_judged_as_the_whole_history(shared: Path) -> None:
    """Through March 2020, in steps of one and of a month, and begun in the middle."""
    table = etf_returns(shared, "SPY", "EFA", "VNQ", "AGG")
    table = table[(table.index >= "2015-01-01") & (table.index < "2020-07-01")]
    returns, first = table.to_numpy(), int(np.searchsorted(table.index, "2020-02-20"))
    whole = gauge_paths(returns)

    known = judged(returns[: first + 1], first)
    for end in (*range(first + 2, first + 20), *range(first + 20, len(returns), 21)):
        known = judged(returns[:end], first, known)

    end = len(known.returns)
    assert whole.broken[first:end].any()
    assert not whole.broken[first:end].all()
    assert known.broken[first:].tolist() == whole.broken[first:end].tolist()
    assert known.usual[first:, 0] == pytest.approx(whole.usual[first:end, 0], rel=1e-9)


def test_what_is_known_of_other_returns_is_not_used() -> None:
    """A history that was corrected is judged anew, and an earlier day needs an earlier start."""
    table = drawn(700, 4)
    other = table.copy()
    other[300] *= 2.0
    known = judged(table, 650)

    again = judged(other, 650, known)
    earlier = judged(table[:620], 600, known)

    assert np.array_equal(again.raw, judged(other, 650).raw, equal_nan=True)
    assert earlier.first == 600
    assert judged(table[:660], 655, known) is known
