"""The best trades of a tiny household in money, before whole shares: another programme.

Written from docs/spec/plan.md, section 4: one row a lot in the order of relief, a yes or no that a
lot is used up before the next one is touched, and a yes or no for each order with a fee. Solved by
scipy's `milp`. For few trades `by_subsets` needs no yes or no at all: it tries every set of orders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import coo_array

from tests.engine.oracles.tiny import Tiny

Money = Mapping[tuple[str, str], float]
"""Cents by account and instrument: above zero bought, below zero sold."""

Order = tuple[str, str, str]
"""Account, instrument, side."""


@dataclass
class _Rows:
    """A linear programme as it grows."""

    price: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    cells: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def column(self, price: float, most: float = np.inf, *, whole: bool = False) -> int:
        self.price.append(price)
        self.most.append(most)
        self.whole.append(int(whole))
        return len(self.price) - 1

    def row(self, low: float, cells: Mapping[int, float], high: float = np.inf) -> None:
        number = len(self.low)
        self.cells += [(number, column, factor) for column, factor in cells.items()]
        self.low.append(low)
        self.high.append(high)

    def matrix(self) -> coo_array:
        rows, columns, factors = zip(*self.cells, strict=True)
        return coo_array((factors, (rows, columns)), shape=(len(self.low), len(self.price)))


def objective(tiny: Tiny, money: Money) -> float:
    """Price of drift x deviation + cost + tax of trades in money; lots go in their order."""
    places = {place.id: place for place in tiny.places}
    values = [float(value) for value in tiny.values()]
    cash = float(sum(place.cash for place in tiny.places) - tiny.buffer)
    total = 0.0
    for (id_, instrument), change in money.items():
        if abs(change) < 0.5:
            continue
        fee = max(tiny.commission + abs(change) * tiny.bps / 10_000, tiny.minimum)
        values[tiny.leaf_of(instrument)] += change
        cash -= change + fee
        total += fee
        left = -change
        for piece in tiny.relief(places[id_], instrument):
            part = min(max(left, 0.0), float(piece.quantity * tiny.prices[instrument]))
            left -= part
            total += part * float(tiny.tax_share(places[id_], piece))
    away = sum(abs(value - float(tiny.goal(i))) for i, value in enumerate(values)) + abs(cash)
    return total + float(tiny.price_of_drift) * away


def purses(tiny: Tiny, money: Money) -> dict[str, float]:
    """Cash that each account ends with."""
    left = {place.id: float(place.cash) for place in tiny.places}
    for (id_, _), change in money.items():
        if abs(change) >= 0.5:
            fee = max(tiny.commission + abs(change) * tiny.bps / 10_000, tiny.minimum)
            left[id_] -= change + fee
    return left


def orders(tiny: Tiny) -> list[Order]:
    """All orders that are allowed."""
    found: list[Order] = []
    for place in tiny.places:
        found += [(place.id, name, "buy") for name in tiny.buys(place)]
        held = sorted({p.instrument for p in tiny.pieces if p.account == place.id})
        found += [(place.id, name, "sell") for name in held if tiny.sellable(place, name)]
    return found


def by_programme(tiny: Tiny, lowest: Mapping[str, float] | None = None) -> float | None:
    """The least objective in cents, by a mixed-integer programme; None when cash must be short.

    Args:
        tiny: The household; `lowest` wants one whose orders have a fee.
        lowest: By instrument the least trade in cents; nothing is then both bought and sold.
    """
    rows = _programme(tiny, orders(tiny), choose=True, lowest=lowest)
    answer = milp(
        rows.price,
        integrality=rows.whole,
        bounds=_bounds(rows),
        constraints=LinearConstraint(rows.matrix(), rows.low, rows.high),
        options={"mip_rel_gap": 0.0},
    )
    assert answer.status in (0, 2), answer.message
    if answer.status == 2:
        return None
    return float(answer.fun) * 100


def by_subsets(tiny: Tiny) -> float:
    """The least objective in cents: one plain linear programme for every set of orders.

    Only for orders of relief in which the tax never falls from one lot to the next.
    """
    allowed = orders(tiny)
    least = np.inf
    for number in range(1 << len(allowed)):
        chosen = [order for bit, order in enumerate(allowed) if number >> bit & 1]
        rows = _programme(tiny, chosen, choose=False)
        least = min(least, _linear(rows))
    return least * 100


def fewest(tiny: Tiny, width: Fraction) -> int | None:
    """The fewest orders, in money, that end with every leaf within `width` cents of its goal."""
    allowed = orders(tiny)
    sets = sorted(range(1 << len(allowed)), key=lambda number: number.bit_count())
    for number in sets:
        chosen = [order for bit, order in enumerate(allowed) if number >> bit & 1]
        if _linear(_programme(tiny, chosen, choose=False, width=width)) < np.inf:
            return len(chosen)
    return None


def _bounds(rows: _Rows) -> tuple[float, list[float]]:
    return 0.0, rows.most


def _linear(rows: _Rows) -> float:
    matrix = rows.matrix().tocsr()
    low, high = np.array(rows.low), np.array(rows.high)
    both = np.isfinite(low) & np.isfinite(high) & (low == high)
    above, below = np.isfinite(low) & ~both, np.isfinite(high) & ~both
    upper = [part for part in (-matrix[above], matrix[below]) if part.shape[0]]
    from scipy.sparse import vstack

    answer = linprog(
        rows.price,
        A_ub=vstack(upper) if upper else None,
        b_ub=np.concatenate([-low[above], high[below]]) if upper else None,
        A_eq=matrix[both] if both.any() else None,
        b_eq=low[both] if both.any() else None,
        bounds=[(0.0, most) for most in rows.most],
        method="highs",
    )
    return float(answer.fun) if answer.status == 0 else np.inf


def _programme(
    tiny: Tiny,
    chosen: Collection[Order],
    *,
    choose: bool,
    width: Fraction | None = None,
    lowest: Mapping[str, float] | None = None,
) -> _Rows:
    """In units of money. With `choose` every order is a yes or no, else all of them are made."""
    rows = _Rows()
    rate = tiny.bps / 10_000
    wealth = sum(tiny.values()) / 100 + sum(place.cash for place in tiny.places) / 100
    leaf: list[dict[int, float]] = [{} for _ in tiny.hold]
    purse: dict[str, dict[int, float]] = {place.id: {} for place in tiny.places}
    constant = dict.fromkeys(purse, 0.0)
    fees = tiny.commission > 0 or tiny.minimum > 0
    lumps = 0.0
    yes: dict[tuple[str, str], int] = {}
    for id_, name, side in chosen:
        place = next(place for place in tiny.places if place.id == id_)
        own = [rows.column(rate, wealth)] if side == "buy" else _sales(rows, tiny, id_, name, rate)
        sign = 1.0 if side == "buy" else -1.0
        for column in own:
            leaf[tiny.leaf_of(name)][column] = sign
            purse[place.id][column] = -sign - rate
        if not fees:
            continue
        more = rows.column(1.0)
        purse[id_][more] = -1.0
        fixed, least = tiny.commission / 100, tiny.minimum / 100
        if choose:
            made = rows.column(0.0, 1.0, whole=True)
            rows.row(0.0, {more: 1.0, made: -fixed})
            rows.row(0.0, {more: 1.0, made: -least, **dict.fromkeys(own, rate)})
            rows.row(0.0, {made: wealth, **dict.fromkeys(own, -1.0)})
            if lowest is not None:
                rows.row(0.0, {made: -lowest[name] / 100, **dict.fromkeys(own, 1.0)})
                other = yes.setdefault((id_, name), made)
                if other != made:
                    rows.row(-np.inf, {made: 1.0, other: 1.0}, 1.0)
        else:
            lumps += fixed
            constant[id_] += fixed
            rows.row(least - fixed, {more: 1.0, **dict.fromkeys(own, rate)})
    price = float(tiny.price_of_drift)
    for number, cells in enumerate(leaf):
        over, under = rows.column(price), rows.column(price)
        away = (float(tiny.goal(number)) - tiny.values()[number]) / 100
        rows.row(away, {**cells, over: -1.0, under: 1.0}, away)
        if width is not None:
            rows.row(-np.inf, {over: 1.0, under: 1.0}, float(width) / 100)
    everywhere: dict[int, float] = {}
    spare = -sum(constant.values()) - tiny.buffer / 100
    for place in tiny.places:
        cash = place.cash / 100 - constant[place.id]
        rows.row(-cash, purse[place.id] or {0: 0.0})
        everywhere |= purse[place.id]
        spare += place.cash / 100
    idle = rows.column(price)
    rows.row(-spare, {**everywhere, idle: -1.0}, -spare)
    first = rows.column(1.0, 1.0)
    rows.row(lumps, {first: lumps} if lumps else {first: 0.0})
    rows.price[first] = lumps
    return rows


def _sales(rows: _Rows, tiny: Tiny, id_: str, name: str, rate: float) -> list[int]:
    """One column a lot, in order: the next is touched only when the one before is used up."""
    place = next(place for place in tiny.places if place.id == id_)
    left = tiny.sellable(place, name)
    parts: list[tuple[int, float, float]] = []
    for piece in tiny.relief(place, name):
        part = min(piece.quantity, left)
        left -= part
        if part:
            share = float(tiny.tax_share(place, piece))
            amount = part * tiny.prices[name] / 100
            parts.append((rows.column(rate + share, amount), amount, share))
    pairs = list(pairwise(parts))
    if any(later[2] < earlier[2] for earlier, later in pairs):
        for (before, full, _), (after, amount, _) in pairs:
            gone = rows.column(0.0, 1.0, whole=True)
            rows.row(0.0, {before: 1.0, gone: -full})
            rows.row(0.0, {gone: amount, after: -1.0})
    return [column for column, _, _ in parts]
