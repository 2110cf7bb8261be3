"""The best whole-share trades of a tiny household, by trying all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
import numpy.typing as npt

from tests.engine.oracles.tiny import Place, Tiny, Trades

Whole = npt.NDArray[np.int64]
Sides = Mapping[tuple[str, str], str]
"""`buy` or `sell` by account and instrument: all that may be traded."""

TOO_MANY = 60_000_000
"""Combinations beyond which a household is called too large to try them all."""


class TooManyError(ValueError):
    """The household is too large to try all its trades."""


@dataclass(frozen=True)
class Options:
    """All that one account can do, side by side.

    Args:
        keys: What is traded, by column of `shares`.
        shares: Trades, one row each: bought above zero.
        worth: Cents moved into each leaf.
        cash: What is left in the account.
        cost: Fees.
        tax: Tax.
    """

    keys: list[tuple[str, str]]
    shares: Whole
    worth: Whole
    cash: Whole
    cost: Whole
    tax: Whole

    def trades(self, row: int) -> dict[tuple[str, str], int]:
        """One of them."""
        found = dict(zip(self.keys, (int(n) for n in self.shares[row]), strict=True))
        return {key: shares for key, shares in found.items() if shares}


def options(tiny: Tiny, place: Place, only: Sides | None = None) -> Options:
    """Every affordable set of whole trades of one account, doing nothing first."""
    wealth = place.cash + sum(
        p.quantity * tiny.prices[p.instrument] for p in tiny.pieces if p.account == place.id
    )
    buys = tiny.buys(place)
    names = sorted({*buys, *(p.instrument for p in tiny.pieces if p.account == place.id)})
    ranges = []
    for name in names:
        most = max(wealth, 0) // tiny.prices[name] if name in buys else 0
        least = -tiny.sellable(place, name)
        if only is not None:
            side = only.get((place.id, name))
            least, most = least if side == "sell" else 0, most if side == "buy" else 0
        own = range(least, most + 1)
        ranges.append(sorted(own, key=abs))
    total = 1
    for own_ in ranges:
        total *= len(own_)
    if total > 2_000_000:
        raise TooManyError
    shares = np.array(list(product(*ranges)), dtype=np.int64).reshape(total, len(names))
    worth = np.zeros((total, len(tiny.hold)), dtype=np.int64)
    cash = np.full(total, place.cash, dtype=np.int64)
    cost = np.zeros(total, dtype=np.int64)
    tax = np.zeros(total, dtype=np.int64)
    for column, name in enumerate(names):
        low = min(ranges[column])
        steps = range(low, max(ranges[column]) + 1)
        fees = np.array([tiny.fee(abs(n) * tiny.prices[name]) for n in steps])
        taxes = np.array([tiny.tax(place, name, -n) if n < 0 else 0 for n in steps])
        at = shares[:, column] - low
        moved = shares[:, column] * tiny.prices[name]
        worth[:, tiny.leaf_of(name)] += moved
        cash -= moved + fees[at]
        cost += fees[at]
        tax += taxes[at]
    fine = cash >= min(place.cash, 0)
    keys = [(place.id, name) for name in names]
    return Options(keys, shares[fine], worth[fine], cash[fine], cost[fine], tax[fine])


@dataclass(frozen=True)
class Weighing:
    """What counts: price of drift x deviation + cost + tax, the last two as wished."""

    price: Fraction
    cost: int = 1
    tax: int = 1


@dataclass(frozen=True)
class Best:
    """The best trades and what they come to, in cents."""

    objective: Fraction
    trades: Trades


def best(
    tiny: Tiny,
    weighing: Weighing,
    *,
    only: Sides | None = None,
    goals: Sequence[int] | None = None,
) -> Best:
    """The least of what counts, over all affordable whole trades of up to two accounts.

    Args:
        tiny: The household.
        weighing: What counts.
        only: What may be traded; None for all that the rules allow.
        goals: Cents wanted of each leaf and then of cash; None for the target.

    Raises:
        TooManyError: There are too many of them.
    """
    price = weighing.price
    scale = 100 * price.denominator
    found: tuple[int, Trades] | None = None
    for first, i, second in _pairs(tiny, only):
        away, _ = _deviation(tiny, first, i, second, goals=goals)
        burden = weighing.cost * second.cost + weighing.tax * second.tax
        own = int(weighing.cost * first.cost[i] + weighing.tax * first.tax[i])
        score = price.numerator * away + scale * (burden + own)
        score[~_floor(tiny, first, i, second)] = np.iinfo(np.int64).max
        at = int(np.argmin(score))
        if found is None or score[at] < found[0]:
            found = int(score[at]), {**first.trades(i), **second.trades(at)}
    assert found is not None
    return Best(Fraction(found[0], scale), found[1])


def fewest(tiny: Tiny, width: Fraction) -> int | None:
    """The fewest whole trades that end with every leaf inside `width` cents of its goal."""
    found: int | None = None
    for first, i, second in _pairs(tiny):
        _, inside = _deviation(tiny, first, i, second, width)
        fine = inside & _floor(tiny, first, i, second)
        if fine.any():
            count = int(np.count_nonzero(first.shares[i]))
            count += int(np.count_nonzero(second.shares[fine], axis=1).min())
            found = count if found is None else min(found, count)
    return found


def _pairs(tiny: Tiny, only: Sides | None = None) -> Iterator[tuple[Options, int, Options]]:
    """One choice of the first account with all choices of the second."""
    own = [options(tiny, place, only) for place in tiny.places]
    if len(own) == 1:
        own.insert(0, _nothing(tiny))
    assert len(own) == 2
    own.sort(key=lambda choices: len(choices.cash))
    first, second = own
    if len(first.cash) * len(second.cash) > TOO_MANY:
        raise TooManyError
    for i in range(len(first.cash)):
        yield first, i, second


def _nothing(tiny: Tiny) -> Options:
    zero = np.zeros(1, dtype=np.int64)
    return Options([], np.zeros((1, 0), dtype=np.int64),
                   np.zeros((1, len(tiny.hold)), dtype=np.int64), zero, zero, zero)  # fmt: skip


def _deviation(
    tiny: Tiny,
    first: Options,
    i: int,
    second: Options,
    width: Fraction | None = None,
    goals: Sequence[int] | None = None,
) -> tuple[Whole, npt.NDArray[np.bool_]]:
    """A hundred times the sum of deviations, and whether every leaf ends inside a width."""
    values = tiny.values()
    wanted = [percent * tiny.base for percent in tiny.percents] + [0]
    if goals is not None:
        wanted = [100 * goal for goal in goals]
    cash = first.cash[i] + second.cash - tiny.buffer
    away = np.abs(100 * cash - wanted[-1])
    inside = np.ones(len(second.cash), dtype=bool)
    for leaf, value in enumerate(values):
        ends = value + int(first.worth[i, leaf]) + second.worth[:, leaf]
        off = np.abs(100 * ends - wanted[leaf])
        away += off
        if width is not None:
            inside &= off * width.denominator <= 100 * width.numerator
    return away, inside


def _floor(tiny: Tiny, first: Options, i: int, second: Options) -> npt.NDArray[np.bool_]:
    """Whether the buffer is kept, or at least no further from being kept than now."""
    now = sum(place.cash for place in tiny.places) - tiny.buffer
    return np.asarray(first.cash[i] + second.cash - tiny.buffer >= min(now, 0))
