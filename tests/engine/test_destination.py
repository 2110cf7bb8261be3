"""How far to go on every level of the tree."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.engine.households import DAY, lot, mandate, market, state
from trimtab.engine.aim import aims
from trimtab.engine.destination import destination
from trimtab.engine.mandate import Request
from trimtab.engine.value import valuation
from trimtab.model.sleeves import Sleeve
from trimtab.triggers.deviation import band_width, is_breached

HUNDRED = 100


def two_levels(r: random.Random) -> tuple[Sleeve, list[str]]:
    """A tree of two to four branches with one to three leaves each."""
    branches, names = [], []
    cuts = sorted(r.sample(range(1, HUNDRED), r.randint(1, 3)))
    for b, size in enumerate(y - x for x, y in zip([0, *cuts], [*cuts, HUNDRED], strict=True)):
        count = min(r.randint(1, 3), size)
        inner = sorted(r.sample(range(1, size), count - 1)) if count > 1 else []
        leaves = []
        for k, part in enumerate(y - x for x, y in zip([0, *inner], [*inner, size], strict=True)):
            name = f"B{b}.L{k}"
            names.append(name.replace(".", ""))
            leaves.append(Sleeve(name, Fraction(part, 100), (names[-1],)))
        branches.append(Sleeve(f"B{b}", Fraction(size, 100), children=tuple(leaves)))
    return Sleeve("", Fraction(1), children=tuple(branches)), names


@pytest.mark.parametrize("to", ["edge", "half", "within:1pp"])
@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(r=st.randoms(use_true_random=False))
def test_every_sleeve_of_every_level_is_back(to: str, r: random.Random) -> None:
    """Whatever was breached, leaf or branch, ends where `to` says; nothing goes past its target."""
    root, names = two_levels(r)
    lots = [lot("brokerage", name, r.randint(1, 1000), "1") for name in names]
    mandate_ = mandate(root, when=r.choice(["band:5pp", "band:5pp/25%", "band:20%"]), to=to)
    state_ = state(lots, brokerage="0")
    request = Request()
    value = valuation(state_, mandate_, market(dict.fromkeys(names, "10")), request)
    [aim] = aims(mandate_, value, request)

    goals = destination(aim, "full", mandate_, state_, request)

    assert sum(goals.leaves.values()) + goals.cash == aim.base
    for sleeve in root.walk():
        if sleeve is root:
            continue
        before = aim.now(sleeve)
        after = sum((goals.leaves[leaf.name] for leaf in sleeve.leaves()), Fraction(0)) / aim.base
        width = band_width(sleeve.weight, mandate_.when)
        assert width is not None
        if sleeve.is_leaf:
            assert (before - sleeve.weight) * (after - sleeve.weight) >= 0
            assert abs(after - sleeve.weight) <= abs(before - sleeve.weight)
        if is_breached(before, sleeve.weight, width):
            back = {"edge": width, "half": width / 2}.get(mandate_.to.kind, Fraction(1, 100))
            assert abs(after - sleeve.weight) <= back
        elif not sleeve.is_leaf:
            assert abs(after - sleeve.weight) <= width


def test_nothing_breached_nothing_moves() -> None:
    """Without a breach and without new cash the goals are the values."""
    root = Sleeve("", Fraction(1), children=(Sleeve("A", Fraction(1, 2), ("A",)),
                                              Sleeve("B", Fraction(1, 2), ("B",))))  # fmt: skip
    mandate_ = mandate(root, when="band:5pp", to="half")
    state_ = state([lot("brokerage", "A", 52, "1"), lot("brokerage", "B", 48, "1")], brokerage="0")
    value = valuation(state_, mandate_, market({"A": "1", "B": "1"}, on=DAY), Request())
    [aim] = aims(mandate_, value, Request())

    goals = destination(aim, "full", mandate_, state_, Request())

    assert goals.leaves == {"A": 5200, "B": 4800}
