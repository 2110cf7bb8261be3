"""Tiny households in plain integers, and what any set of trades in them comes to.

Nothing here calls the engine: goals, fees, relief and tax are worked out anew from the words of
docs/spec/plan.md and docs/spec/lots.md. Money is in cents, quantities are whole shares, prices are
whole cents, so that no worth is ever rounded.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from tests.engine.generated import Case
from tests.engine.households import DAY, account, mandate, market, tree
from trimtab.costs import Costs
from trimtab.engine.mandate import Request
from trimtab.model.accounts import Lot, Relief
from trimtab.model.plan import Plan
from trimtab.model.state import State

Trades = Mapping[tuple[str, str], int]
"""Shares by account and instrument: above zero bought, below zero sold."""


@dataclass(frozen=True)
class Piece:
    """A lot: long-term when it is older than 500 days, and no lot here is near a year old."""

    id: str
    account: str
    instrument: str
    quantity: int
    basis: int
    age_days: int


@dataclass(frozen=True)
class Place:
    """An account."""

    id: str
    cash: int
    taxed: bool = True
    menu: tuple[str, ...] | None = None
    do_not_buy: frozenset[str] = frozenset()
    do_not_sell: frozenset[str] = frozenset()
    keep: Mapping[str, int] = field(default_factory=dict)
    relief: str = "lowest-tax"
    specific: tuple[str, ...] = ()

    def may_buy(self, instrument: str) -> bool:
        """Whether it may buy the instrument."""
        return (self.menu is None or instrument in self.menu) and instrument not in self.do_not_buy


@dataclass(frozen=True)
class Tiny:
    """A household with one target, due today."""

    percents: tuple[int, ...]
    hold: tuple[tuple[str, ...], ...]
    prices: Mapping[str, int]
    places: tuple[Place, ...]
    pieces: tuple[Piece, ...]
    bps: int = 0
    commission: int = 0
    minimum: int = 0
    long_percent: int = 15
    short_percent: int = 35
    drift_price: Fraction | None = None
    buffer: int = 0
    when: str = "daily"
    fewest_trades: bool = False

    @property
    def price_of_drift(self) -> Fraction:
        """What a unit of drift left costs: one where none is stated, and never more than that."""
        return Fraction(1) if self.drift_price is None else min(self.drift_price, Fraction(1))

    def leaf_of(self, instrument: str) -> int:
        """The leaf that holds the instrument."""
        return next(i for i, names in enumerate(self.hold) if instrument in names)

    def held(self, place: str, instrument: str) -> int:
        """Shares there."""
        return sum(
            p.quantity for p in self.pieces if (p.account, p.instrument) == (place, instrument)
        )

    def values(self) -> list[int]:
        """What each leaf is worth, in cents."""
        found = [0] * len(self.hold)
        for piece in self.pieces:
            found[self.leaf_of(piece.instrument)] += piece.quantity * self.prices[piece.instrument]
        return found

    @property
    def base(self) -> int:
        """What the percentages divide."""
        return sum(self.values()) + sum(place.cash for place in self.places) - self.buffer

    def goal(self, leaf: int) -> Fraction:
        """What a leaf should be worth, in cents, exactly."""
        return Fraction(self.percents[leaf] * self.base, 100)

    def buys(self, place: Place) -> list[str]:
        """What an account buys: of each leaf the first that it may."""
        firsts = (next((n for n in names if place.may_buy(n)), None) for names in self.hold)
        return [name for name in firsts if name is not None]

    def sellable(self, place: Place, instrument: str) -> int:
        """Shares that may be sold there."""
        if instrument in place.do_not_sell:
            return 0
        held = self.held(place.id, instrument)
        named = sum(p.quantity for p in self.relief(place, instrument))
        return max(min(named, held - place.keep.get(instrument, 0)), 0)

    def relief(self, place: Place, instrument: str) -> list[Piece]:
        """Its lots in the order in which a sale takes them."""
        own = sorted(
            (p for p in self.pieces if (p.account, p.instrument) == (place.id, instrument)),
            key=lambda p: p.id,
        )
        if place.relief == "specific":
            named = {p.id: p for p in own}
            return [named[id_] for id_ in place.specific if id_ in named]
        order = place.relief if place.taxed else "fifo"
        if order == "lifo":
            return sorted(own, key=lambda p: p.age_days)
        if order == "hifo":
            return sorted(own, key=lambda p: (-Fraction(p.basis, p.quantity), -p.age_days))
        if order == "lowest-tax":
            return sorted(
                own,
                key=lambda p: (
                    self.tax_share(place, p),
                    -Fraction(p.basis, p.quantity),
                    -p.age_days,
                ),
            )
        return sorted(own, key=lambda p: -p.age_days)

    def rate(self, piece: Piece) -> int:
        """Per cent of a gain."""
        return self.long_percent if piece.age_days > 500 else self.short_percent

    def tax_share(self, place: Place, piece: Piece) -> Fraction:
        """Tax per cent of money raised from a lot; a loss earns nothing."""
        worth = piece.quantity * self.prices[piece.instrument]
        if not place.taxed:
            return Fraction(0)
        return Fraction(self.rate(piece) * max(worth - piece.basis, 0), 100 * worth)

    def fee(self, worth: int) -> int:
        """What an order costs, in cents."""
        if worth == 0:
            return 0
        return max(self.commission + half_even(worth * self.bps, 10_000), self.minimum)

    def tax(self, place: Place, instrument: str, shares: int) -> int:
        """What selling so many shares costs in tax: lot by lot, each rounded to the cent."""
        total = 0
        for piece in self.relief(place, instrument):
            part = min(piece.quantity, shares)
            shares -= part
            gain = part * self.prices[instrument] - half_even(piece.basis * part, piece.quantity)
            if place.taxed:
                total += half_even(max(gain, 0) * self.rate(piece), 100)
        assert shares == 0
        return total

    @property
    def case(self) -> Case:
        """The same household as the engine takes it."""
        accounts = [
            account(
                place.id,
                "taxable" if place.taxed else "roth",
                menu=place.menu,
                do_not_buy=place.do_not_buy,
                do_not_sell=place.do_not_sell,
                keep=dict(place.keep),
                relief=Relief(place.relief),
                specific_lots=place.specific,
            )
            for place in self.places
        ]
        weights = {
            f"leaf{i}": (percent, list(names))
            for i, (percent, names) in enumerate(zip(self.percents, self.hold, strict=True))
        }
        costs = Costs(
            bps=self.bps, commission=Decimal(self.commission) / 100,
            minimum=Decimal(self.minimum) / 100,
        )  # fmt: skip
        price = self.drift_price
        lots = [
            Lot(p.id, p.account, p.instrument, p.quantity, DAY - timedelta(p.age_days), p.basis)
            for p in self.pieces
        ]
        return Case(
            State(tuple(lots), {place.id: place.cash for place in self.places}),
            mandate(
                tree(weights),
                accounts=accounts,
                when=self.when,
                costs=costs,
                long=str(Decimal(self.long_percent) / 100),
                short=str(Decimal(self.short_percent) / 100),
                cash_buffer=self.buffer,
                drift_price=None if price is None else Decimal(price.numerator) / price.denominator,
                fewest_trades=self.fewest_trades,
            ),
            market({name: str(Decimal(cents) / 100) for name, cents in self.prices.items()}),
            Request(),
        )


@dataclass(frozen=True)
class Outcome:
    """What trades come to, in cents; deviations are exact fractions of them.

    Args:
        deviation: Sum of |value - goal| of leaves and of cash beyond the buffer.
        cost: Fees.
        tax: Tax.
        cash: What is left in each account.
    """

    deviation: Fraction
    cost: int
    tax: int
    cash: Mapping[str, int]

    def objective(self, price: Fraction) -> Fraction:
        """Price of drift x deviation + cost + tax."""
        return price * self.deviation + self.cost + self.tax


def half_even(numerator: int, denominator: int) -> int:
    """Nearest integer, a tie to the even one."""
    return round(Fraction(numerator, denominator))


def outcome(tiny: Tiny, trades: Trades) -> Outcome:
    """What the trades come to."""
    values = tiny.values()
    cash = {place.id: place.cash for place in tiny.places}
    places = {place.id: place for place in tiny.places}
    cost = tax = 0
    for (id_, instrument), shares in trades.items():
        worth = shares * tiny.prices[instrument]
        fee = tiny.fee(abs(worth))
        values[tiny.leaf_of(instrument)] += worth
        cash[id_] -= worth + fee
        cost += fee
        if shares < 0:
            tax += tiny.tax(places[id_], instrument, -shares)
    deviation = sum((abs(v - tiny.goal(i)) for i, v in enumerate(values)), Fraction(0))
    return Outcome(deviation + abs(sum(cash.values()) - tiny.buffer), cost, tax, cash)


def traded(plan: Plan) -> dict[tuple[str, str], int]:
    """The trades of a plan."""
    sign = {"buy": 1, "sell": -1}
    return {(t.account, t.instrument): sign[t.side] * t.quantity for t in plan.trades}


def household(
    r: random.Random,
    *,
    accounts: int = 2,
    leaves: int = 0,
    reliefs: tuple[str, ...] = ("lowest-tax",),
    fees: bool = True,
    most: int = 5,
    lots: tuple[int, ...] = (0, 1, 1, 2),
) -> Tiny:
    """A random household of a few shares.

    Args:
        r: Where the chance comes from.
        accounts: How many accounts.
        leaves: How many leaves; 0 for two or three.
        reliefs: Orders of relief to choose from.
        fees: Whether orders may cost something however small.
        most: The most shares of a lot.
        lots: How many lots of an instrument, to choose from.
    """
    names = ["A", "B", "C", "D"][: leaves or r.choice([2, 2, 3])]
    cuts = sorted(r.sample(range(5, 96), len(names) - 1))
    percents = tuple(b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True))
    hold: list[tuple[str, ...]] = [(name,) for name in names]
    if len(names) == 2 and r.random() < 0.4:
        hold[0] = ("A", "A2")
    instruments = [name for leaf in hold for name in leaf]
    prices = {name: r.randint(2_000, 30_000) for name in instruments}
    places, pieces = [], []
    for id_ in ["one", "two", "three"][:accounts]:
        own = []
        for name in instruments:
            for number in range(r.choice(lots)):
                quantity = r.randint(1, most)
                basis = round(quantity * prices[name] * r.uniform(0.2, 1.3))
                age = r.choice([r.randint(2, 300), r.randint(800, 4000)])
                own.append(Piece(f"{id_}-{name}-{number}", id_, name, quantity, basis, age))
        pieces += own
        ids = [lot.id for lot in own]
        places.append(
            Place(
                id_,
                r.choice([0, r.randint(0, 40_000)]),
                taxed=r.random() < 0.6,
                menu=None if r.random() < 0.75 else tuple(r.sample(instruments, 1)),
                do_not_buy=_perhaps(r, 0.15, instruments),
                do_not_sell=_perhaps(r, 0.2, instruments),
                keep={instruments[0]: r.randint(1, 3)} if r.random() < 0.15 else {},
                relief=r.choice(reliefs),
                specific=tuple(r.sample(ids, r.randint(0, len(ids)))),
            )
        )
    money = sum(place.cash for place in places)
    return Tiny(
        percents=percents,
        hold=tuple(hold),
        prices=prices,
        places=tuple(places),
        pieces=tuple(pieces),
        bps=r.choice([0, 5, 20]),
        commission=r.choice([0, 0, 100, 495]) if fees else 0,
        minimum=r.choice([0, 0, 100, 300]) if fees else 0,
        long_percent=r.choice([0, 15, 20]),
        short_percent=r.choice([24, 37]),
        drift_price=r.choice([None, None, Fraction(1, 20), Fraction(1, 4)]),
        buffer=r.choice([0, 0, r.randint(0, money)]),
    )


def _perhaps(r: random.Random, chance: float, names: list[str]) -> frozenset[str]:
    """One of the names, with that chance."""
    name = r.choice(names)
    return frozenset({name}) if r.random() < chance else frozenset()
