"""A target that moves, on shuffled histories in account mode: found anew on each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.moving import moving_folder
from tests.simulate.test_account_paths import returns, wandering
from trimtab.live.book import OpenBook, open_book
from trimtab.live.history import account_paths
from trimtab.model.errors import RefusedError
from trimtab.model.policy import Policy, parse_policy
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.accounts.shuffled_markets import ShuffledMarkets
from trimtab.simulate.accounts.shuffled_targets import ShuffledTarget
from trimtab.simulate.research.found_aim import equal_shares
from trimtab.targets.moving.signals import KnownSeries

START, END = date(2012, 11, 1), date(2013, 2, 28)
OPTIMIZE = '[target.optimize]\nobjective = "min-volatility"\nhistory = "1y"\nevery = "quarterly"\n'
MONTHLY = Policy(None, *parse_policy("monthly"), name="monthly")


def book_of(path: Path, **options: str) -> OpenBook:
    """Stocks and bonds by what was least volatile in a year, found each quarter."""
    return open_book(moving_folder(path, **{"optimize": OPTIMIZE, **options}))


def shuffled_of(book: OpenBook) -> ShuffledMarkets:
    """The sessions of the span, ready to shuffle."""
    source = book._price_file({})
    names = sorted(book.portfolio.household.instruments)
    return ShuffledMarkets.of(list(source.snapshots(START, END, names)), seed=1, block=5)


def test_sessions_before_the_first_lead_up_to_it_and_change_no_path() -> None:
    """They are sessions of history too, as many as are asked for, and end at the first prices."""
    real = wandering(30)
    shuffled = ShuffledMarkets.of(real, seed=3, block=5)
    known = returns(real)[:, [1, 0]]  # In the order of names.
    path = shuffled.path(2).mantissas

    before = shuffled.closes_before(2, 70)

    steps = np.vstack([before, shuffled.first])
    drawn = steps[1:] / steps[:-1] - 1.0
    assert before.shape == (70, 2)
    assert np.abs(drawn[:, None] - known).sum(axis=2).min(axis=1).max() < 2e-6
    assert np.array_equal(shuffled.path(2).mantissas, path)
    assert shuffled.closes_before(2, 0).shape == (0, 2)
    assert not np.allclose(shuffled.closes_before(3, 70), before)


def test_on_each_path_the_target_is_found_from_its_own_prices(tmp_path: Path) -> None:
    """The mover of a path knows the path's closes and nothing of history's, so every path has a
    target of its own, and the same one whoever asks.
    """
    book = book_of(tmp_path)
    shuffled = shuffled_of(book)
    target = ShuffledTarget.of(book.mover(), shuffled)
    tape = shuffled.path(0)

    mover = target.on(shuffled, 0, tape)

    assert mover.prices is not None
    assert np.array_equal(mover.prices.close[-len(tape) :], tape.mantissas / 10_000)
    assert len(mover.prices.dates) == len(target.before) + len(tape)
    found = [
        {leaf.name: leaf.weight for leaf in tree.leaves()}
        for number in (0, 1, 0)
        if (tree := target.on(shuffled, number, shuffled.path(number)).at(END, None)[0])
    ]
    assert found[0] == found[2]
    assert found[0] != found[1]
    assert all(sum(one.values()) == 1 for one in found)


def test_policies_share_the_paths_and_what_is_found_on_them(tmp_path: Path) -> None:
    """A policy against itself differs on no path, against equal shares of its own it does."""
    book = book_of(tmp_path)
    assert book.portfolio.moving is not None
    shares = equal_shares(book.portfolio.moving)
    assert isinstance(shares, Sleeve)
    policies = MONTHLY, replace(MONTHLY, name="again"), replace(MONTHLY, target=shares, name="1/n")

    found = account_paths(book, policies, start=START, end=END, cash=Decimal(300_000), paths=2)

    assert found.table[:, 0].tolist() == found.table[:, 1].tolist()
    assert (found.table[:, 0, 0] != found.table[:, 2, 0]).all()
    assert "found anew from its own prices" in found.how


def test_what_no_path_has_is_refused(tmp_path: Path) -> None:
    """Volumes, a series of history's own days, and sleeves without a price on every session."""
    book = book_of(tmp_path / "a")
    mover, shuffled = book.mover(), shuffled_of(book)
    volumes = book_of(tmp_path / "b", optimize=f"{OPTIMIZE}within_days = 5\n")

    with pytest.raises(RefusedError, match="within_days"):
        account_paths(volumes, (MONTHLY, MONTHLY), start=START, end=END, paths=2)
    with pytest.raises(ValueError, match="vix"):
        ShuffledTarget.of(replace(mover, series={"vix": KnownSeries((), ())}), shuffled)
    with pytest.raises(ValueError, match="on every session"):
        ShuffledTarget.of(mover, replace(shuffled, names=shuffled.names[:1]))


def test_a_path_without_a_target_to_begin_with_is_named(tmp_path: Path) -> None:
    """Where nothing can be found at its first session, it is said on which path and why."""
    book = book_of(tmp_path)
    shuffled = shuffled_of(book)
    target = ShuffledTarget.of(book.mover(), shuffled)
    short = replace(target, before=target.before[-20:])

    with pytest.raises(ValueError, match="on number 3 no target can be found to begin with"):
        short.on(shuffled, 2, shuffled.path(2))
