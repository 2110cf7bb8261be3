"""A sweep as text: what stands where, and of how many."""

from __future__ import annotations

import pytest

from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.reports.sweep_text import FRONTIER, sweep_text
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.choosing.sweep import Sweep, sweep


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


@pytest.fixture(scope="module")
def tried() -> Sweep:
    """Bands of forty widths and a calendar, at 10 basis points."""
    base = Policy({"A": 0.5, "B": 0.5})
    whens = ["never", "monthly", "daily", *(f"band:{width / 4}pp" for width in range(1, 41))]
    return sweep(lively("AB", 600), grid(base, when=whens, costs=Costs(bps=10)), threads=1)


def _nearest(told: str) -> str:
    """What stands in the table of the frontier."""
    return told.split("least cost first:")[1].split("* your own policy")[0]


def test_a_beaten_policy_is_not_listed_among_those_that_none_beats(tried: Sweep) -> None:
    """The reader's policy stands on the frontier only where no other is nearer at less cost."""
    front = tried.frontier("cost_paid", "tracking_error")
    beaten = next(k for k in range(len(tried)) if tried.beating(k, "cost_paid", "tracking_error"))

    told = sweep_text(tried, own=beaten, width=200)

    assert tried.grid.name(beaten) not in _nearest(told)
    assert "nearer to the target or cheaper, and worse in neither, as" in told
    assert beaten not in front


def test_an_own_policy_on_the_frontier_is_always_shown(tried: Sweep) -> None:
    """Of a frontier that is thinned out, the reader's own is never what is left out."""
    front = tried.frontier("cost_paid", "tracking_error")

    own = front[5]
    table = _nearest(sweep_text(tried, own=own))

    assert len(front) > FRONTIER
    assert f"{tried.grid.name(own)} *" in table
    assert table.count(" to target") == FRONTIER


def test_what_beats_a_policy_is_no_worse_on_both_figures_and_better_on_one(tried: Sweep) -> None:
    """Nothing beats a policy of the frontier; a policy that is beaten is beaten by one of it."""
    front = tried.frontier("cost_paid", "tracking_error")

    beating = {k: tried.beating(k, "cost_paid", "tracking_error") for k in range(len(tried))}

    assert all(beating[k] == [] for k in front)
    assert all(set(found) & set(front) for found in beating.values() if found)
    assert any(beating.values())
