"""Advice for targets made from prices: anew on every shuffled history, as `backtest` makes them."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.console import Session
from tests.moving import moving_folder
from tests.simulate.markets import lively
from tests.simulate.test_moving_runs import aim_of
from trimtab.costs import Costs
from trimtab.model.errors import InputError
from trimtab.model.policy import Policy, parse_policy
from trimtab.simulate.choosing import advice
from trimtab.simulate.choosing.advice import advise
from trimtab.simulate.choosing.found import found_outcomes
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.difference import PLACES

WHENS = ("never", "quarterly", "monthly+band:3pp", "band:2pp")


def calm(view: Any) -> dict[str, float]:
    """By the inverse of the last month's volatility."""
    risk = np.maximum(view.returns[-21:].std(axis=0), 1e-4) if len(view.dates) > 30 else np.ones(2)
    shares = (1 / risk) / (1 / risk).sum()
    return dict(zip(view.symbols, shares.tolist(), strict=True))


@pytest.mark.parametrize("kind", ["function", "folder"])
def test_each_path_is_that_of_a_shuffled_backtest(kind: str, tmp_path: Path) -> None:
    """Once for all policies or by each for itself: the same figures on the same paths.

    Tracking error among them, against the target last adopted.
    """
    target, prices = calm, lively("AB", 250)
    if kind == "folder":
        target, prices = aim_of(moving_folder(tmp_path))  # type: ignore[assignment]
        prices = prices.since(len(prices) - 800)
    policies = [Policy(target, *parse_policy(words)) for words in WHENS]
    costs = Costs(bps=10)

    shared, _ = found_outcomes(prices, policies, costs=costs, paths=2, seed=3)

    alone = bootstrap(backtest(prices, policies, costs=costs), paths=2, seed=3)
    assert shared.names == alone.names
    for figure, place in PLACES.items():
        np.testing.assert_allclose(
            shared.table[:, :, place], alone.table[:, :, place], rtol=1e-9, err_msg=figure
        )
        np.testing.assert_allclose(shared.observed[:, place], alone.observed[:, place], rtol=1e-9)
    assert len(np.unique(shared.table[:, 1, PLACES["final_value"]])) == 2


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        (("band:1pp to target", "band:1pp to edge", "weekly"), 210, 220),
        (("monthly", "annual"), 8, 12),
    ],
    ids=["bands", "calendar"],
)
def test_a_function_is_asked_once_a_date(words: tuple[str, ...], least: int, most: int) -> None:
    """Once for all policies together on each history, where one of them looks."""
    asked: list[tuple[date, bytes]] = []

    def noting(view: PriceHistory) -> dict[str, float]:
        # Every history begins at the same price.
        if len(view) > 1:
            asked.append((view.last, view.close.tobytes()))
        return calm(view)

    policies = [Policy(noting, *parse_policy(one)) for one in words]
    found_outcomes(lively("AB", 220), policies, costs=Costs(), paths=2, seed=3)

    assert len(set(asked)) == len(asked)
    assert 3 * least <= len(asked) <= 3 * most


def test_a_target_that_differs_between_policies_is_refused() -> None:
    """What depends on what is held is not one target."""
    with pytest.raises(InputError, match="what is held"):
        advise(
            lively("AB", 200), Policy(lambda view: {"A": float(len(view.held) > 9), "B": 1.0}),
            when=["never"], to=["target"],
        )  # fmt: skip


def test_fewer_paths_are_enough_where_each_takes_long() -> None:
    """40 unless told, 200 for given weights; every one of them is told as it is done."""
    prices, done = lively("AB", 120), []

    found = advise(
        prices, Policy(calm), when=["never"], to=["target"],
        on_progress=done.append,
    )  # fmt: skip
    given = advise(prices, Policy({"A": 0.5, "B": 0.5}), when=["never"], to=["target"])

    assert done == list(range(1, 41))
    assert "found anew" in found.how
    assert found.how.startswith("40 paths")
    assert given.how.startswith("200 paths")


def test_a_found_target_is_advised_on_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`[target.optimize]` under `trimtab advise`; that there are fewer paths is said."""
    few = partial(advise, when=("quarterly",), to=("target",))
    monkeypatch.setattr(advice, "advise", few)
    monkeypatch.setattr(advice, "MADE_PATHS", 20)
    session = Session(moving_folder(tmp_path))

    text = session.run("trimtab advise --tax-percent 1 --end 2003-06-30")

    words = " ".join(text.split())
    assert "20 paths" in words
    assert "the target is found anew" in words
    assert "--paths 200" in words
    assert "quarterly to target" in words
