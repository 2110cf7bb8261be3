"""A sweep as text: what stands where, and of how many."""

from __future__ import annotations

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.reports.sweep_text import FRONTIER, sweep_text
from trimtab.simulate.grid import grid
from trimtab.simulate.sweep import sweep


def test_a_sweep_says_where_the_own_policy_stands_and_what_is_left_out() -> None:
    """The own policy has its rank by what is asked for, and a frontier that was cut says so."""
    base = Policy({"A": 0.5, "B": 0.5})
    whens = ["monthly", *(f"band:{width / 4}pp" for width in range(1, 41))]
    tried = grid(base, when=whens, to=["target", "edge"], costs=Costs(bps=10))
    found = sweep(lively("AB", 1000), tried, threads=1)
    own = found.best("cagr", len(found))[4]

    told = " ".join(sweep_text(found, by="cagr", own=own).split())

    front = len(found.frontier("cost_paid", "tracking_error"))
    assert front > FRONTIER
    assert f"less cost ({FRONTIER} of {front}), the least cost first" in told
    assert f"* your own policy: number 5 of {len(found)} by" in told
    assert "1 of the policies contradict themselves, as `edge` without a band" in told
