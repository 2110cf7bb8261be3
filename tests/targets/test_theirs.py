"""A found target by somebody else's estimator: what it is told, and what is taken of its answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.targets.test_moving import mover, tree, weights
from trimtab.model.errors import RefusedError
from trimtab.targets.moving.ranged import Range, ranged_tree
from trimtab.targets.tree import RawSleeve

pytest.importorskip("pandas")

DAY = date(2019, 3, 29)
LIMITS = ("min_weights", "max_weights")
ALL = (*LIMITS, "left_inequality", "right_inequality")


@dataclass(frozen=True)
class Given:
    """An estimator that finds what it is given, whatever it is told, and remembers that."""

    weights: tuple[float, ...]
    known: Collection[str] = ALL
    warned: str = ""
    told: dict[str, Any] = field(default_factory=dict, compare=False)
    name: str = "theirs:Given"

    def takes(self) -> Collection[str]:
        """Its parameters."""
        return self.known

    def made(self, more: Mapping[str, Any]) -> Any:
        """Itself, with what it was told kept."""
        self.told.clear()
        self.told.update(more)
        return self

    def fit(self, X: Any) -> Given:
        """Look at the returns."""
        import warnings

        self.told["names"] = list(X.columns)
        if self.warned:
            warnings.warn(self.warned, stacklevel=1)
        return self

    @property
    def weights_(self) -> Any:
        """What it was given."""
        return np.array(self.weights)


def nested() -> Range:
    """Two sleeves of stocks that hold half at least together, bonds, and a twentieth of cash."""
    inner = (RawSleeve("us", hold=("US",)), RawSleeve("intl", hold=("INTL",)))
    raws = [
        RawSleeve("stocks", children=inner, least_percent=Decimal(50)),
        RawSleeve("bnd", hold=("BND",)),
        RawSleeve("cash", percent=Decimal(5), hold=("CASH",)),
    ]
    root, problems = ranged_tree(raws, least=Decimal(0), most=Decimal(100))
    assert root is not None, problems
    return root


def test_limits_of_sleeves_are_its_limits_on_weights() -> None:
    """Shares of the whole become weights of what is invested, fixed ones as both limits."""
    root = tree(
        us={"percent": Decimal(19)},
        bnd={"most_percent": Decimal(57)},
        cash={"percent": Decimal(5)},
    )
    theirs = Given((0.2, 0.3, 0.5))

    found = weights(mover(root=root, estimator=theirs).at(DAY, None))

    np.testing.assert_allclose(theirs.told["min_weights"], [0.2, 0, 0])
    np.testing.assert_allclose(theirs.told["max_weights"], [0.2, 1, 0.6])
    assert theirs.told["names"] == ["us", "intl", "bnd"]
    assert "left_inequality" not in theirs.told
    assert found == {
        "us": Fraction(1900, 10000),
        "intl": Fraction(2850, 10000),
        "bnd": Fraction(4750, 10000),
        "cash": Fraction(500, 10000),
    }


def test_limits_of_sleeves_that_hold_others_are_its_inequalities() -> None:
    """A matrix times the weights is no more than a vector; what was found keeps to it."""
    theirs = Given((0.3, 0.3, 0.4))

    mover(root=nested(), estimator=theirs).at(DAY, None)

    left, right = theirs.told["left_inequality"], theirs.told["right_inequality"]
    low = np.array([0.25, 0.25, 0.5])
    assert (left @ theirs.weights_ <= right).all()
    assert not (left @ (low - np.array([0, 0.05, -0.05])) <= right).all()
    np.testing.assert_allclose(left[1], [-1, -1, 0])
    assert right[1] == pytest.approx(-50 / 95)


def test_what_weighs_halves_of_a_tree_is_not_shown_fixed_shares() -> None:
    """Without inequalities, what is fixed is taken out, and limits are of what is left."""
    root = tree(us={"percent": Decimal(20)}, bnd={"most_percent": Decimal(60)})
    theirs = Given((0.4, 0.6), known=LIMITS)

    found = weights(mover(root=root, estimator=theirs).at(DAY, None))

    assert theirs.told["names"] == ["intl", "bnd"]
    np.testing.assert_allclose(theirs.told["max_weights"], [1.0, 0.75])
    assert found == {"us": Fraction(1, 5), "intl": Fraction(32, 100), "bnd": Fraction(48, 100)}


@pytest.mark.parametrize(
    ("root", "known", "said"),
    [
        (nested(), LIMITS, r"\[target.stocks\]"),
        (nested(), (), r"\[target.stocks\]"),
        (tree(bnd={"most_percent": Decimal(60)}), (), r"\[target.bnd\]"),
    ],
    ids=["sum", "sum of none", "leaf"],
)
def test_limits_that_it_does_not_keep_to_are_refused(
    root: Range, known: Collection[str], said: str
) -> None:
    """With the sleeve that has them, and an estimator that keeps to them."""
    one = mover(root=root, estimator=Given((0.2, 0.3, 0.5), known=known))

    with pytest.raises(RefusedError, match=f"{said}.*as skfolio:"):
        one.at(DAY, None)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((0.1, 0.1, 0.8), "bnd 80.00%"),
        ((0.7, 0.5, -0.2), "bnd -20.00%"),
        ((0.5, 0.2, 0.2), "sum to 0.9"),
        ((0.5, 0.5), "shape"),
        ((0.5, 0.5, float("nan")), "no numbers"),
    ],
)
def test_what_is_no_target_keeps_the_one_adopted_last(found: tuple[float, ...], said: str) -> None:
    """Weights outside the limits, or none at all, change nothing, and it says why."""
    root = tree(bnd={"most_percent": Decimal(60)})
    adopted = {"us": Fraction(1, 2), "intl": Fraction(1, 4), "bnd": Fraction(1, 4)}

    kept = mover(root=root, estimator=Given(found)).at(DAY, adopted)

    assert weights(kept) == adopted
    assert said in kept[1].kept
    assert "theirs:Given" in kept[1].kept
    assert "target-kept" in {finding.code for finding in kept[1].findings}


def test_its_weights_are_told_with_our_estimates_and_without_a_proof() -> None:
    """Its name, what it warned of, and what our estimates expect; no objective, no gap."""
    theirs = Given((0.2, 0.3, 0.5), warned="not very sure")

    _, told = mover(estimator=theirs).at(DAY, None)

    own = told.estimates
    assert told.rule == "theirs:Given, found monthly"
    assert own is not None
    assert (own.solver, own.gap, own.objective_value) == ("theirs:Given: fitted", "", None)
    assert own.expected_return is not None
    assert [f.message for f in told.findings if f.code == "estimator-said"] == ["not very sure"]
