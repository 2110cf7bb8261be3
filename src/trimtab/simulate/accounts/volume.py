"""What the volume of a day makes of simulated orders: what waits, and what impact costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from fractions import Fraction

from trimtab.costs.impact import UsualDay
from trimtab.execution.brokers import PaperTerms
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Market
from trimtab.model.numbers import money_text
from trimtab.model.orders import BrokerEvent, Order, OrderState
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.conditions import usual_day

OF_VOLUME = ("order-cancelled", "plan-unfinished", "buy-cut", "withdrawal-short")
"""What carrying out says of every order that is filled in part; a run says it once, in the end."""


def usual_days(
    markets: Iterable[Market], volumes: Callable[[date], Mapping[str, Fraction]]
) -> Callable[[date], dict[str, UsualDay]]:
    """What orders of a day move prices by: see `PaperTerms.usual`; nothing where it is not known.

    Volatility, volume and money of a usual day are those of research mode, over the sessions
    before; volume in units as they are on the day itself, after its splits.

    Args:
        markets: Snapshots, one a session, oldest first, from some sessions before the run on.
        volumes: Units traded on a day.
    """
    import numpy as np

    tape = list(markets)
    names = sorted({name for market in tape for name in market.quotes})
    close = np.full((len(tape), len(names)), np.nan)
    volume = np.full(close.shape, np.nan)
    units = np.ones(len(names))
    splits = np.ones(close.shape)
    for row, market in enumerate(tape):
        traded = volumes(market.as_of)
        for column, name in enumerate(names):
            quote = market.quotes.get(name)
            if quote is None or quote.price is None or quote.on != market.as_of:
                continue
            # Units of the first session, so that a split is no return.
            units[column] *= float(quote.split_since_previous)
            close[row, column] = float(quote.price) * units[column]
            if name in traded:
                volume[row, column] = float(traded[name]) / units[column]
        splits[row] = units
    days = np.array([market.as_of for market in tape], dtype="datetime64[D]")
    history = PriceHistory(days, tuple(names), close, volume=volume)
    known = {name: usual_day(history, name) for name in names}

    def on(day: date) -> dict[str, UsualDay]:
        found = {}
        session = int(np.searchsorted(days, np.datetime64(day, "D"), side="right")) - 1
        for column, (name, own) in enumerate(known.items()):
            # The last session before: its own volume and return are not known yet.
            at = int(np.searchsorted(own.days, np.datetime64(day, "D"), side="left")) - 1
            if at < 0 or not (own.money[at] > 0.0 and own.units[at] > 0.0):
                continue
            if np.isfinite(own.deviation[at]):
                shares = float(own.units[at] * splits[session, column])
                found[name] = UsualDay(float(own.deviation[at]), shares, float(own.money[at]))
        return found

    return on


@dataclass
class VolumeSaid:
    """How often a day's volume kept orders waiting, and what impact orders were charged.

    Args:
        partly: The day of each order that was filled in part, or not at all.
        impact: What orders moved prices against themselves in all, minor units.
        unknown: Instruments that were charged none, though there was a scale, and the first day.
    """

    partly: list[date] = field(default_factory=list)
    impact: int = 0
    unknown: dict[str, date] = field(default_factory=dict)
    _used: dict[tuple[date, str], Fraction] = field(default_factory=dict)

    def left(
        self, volumes: Mapping[str, Fraction], day: date, participation: Fraction
    ) -> dict[str, Fraction]:
        """The volume of a day, less that of which earlier orders of it were the part they may be.

        What goes on from the day before and what the policy decides now share one day's volume.
        """
        return {
            name: max(own - self._used.get((day, name), Fraction(0)) / participation, Fraction(0))
            for name, own in volumes.items()
        }

    def traded(
        self, orders: Mapping[str, Order], happened: Sequence[BrokerEvent], terms: PaperTerms
    ) -> None:
        """Remember the units that orders were filled with."""
        for event in happened:
            if event.fill is not None and event.order in orders:
                name = orders[event.order].instrument
                key = terms.market.as_of, name
                units = event.fill.quantity * Fraction(terms.instruments[name].step)
                self._used[key] = self._used.get(key, Fraction(0)) + units

    def note(
        self, orders: Mapping[str, Order], happened: Sequence[BrokerEvent], terms: PaperTerms
    ) -> dict[str, int]:
        """Look at what became of orders: what each moved the price against itself, by id."""
        moved = {}
        day = terms.market.as_of
        for event in happened:
            order = orders.get(event.order)
            if order is None:
                continue
            if event.state is OrderState.CANCELLED:
                self.partly.append(day)
            if event.fill is None or not terms.moves_price(order):
                continue
            if order.instrument not in terms.usual:
                self.unknown.setdefault(order.instrument, day)
            moved[order.id] = terms.impact_of(order, event.fill.quantity, event.fill.gross)
        self.impact += sum(moved.values())
        return moved

    def said(self, cost: int, *, carried: bool) -> list[Finding]:
        """What there is to say in the end.

        Args:
            cost: Trading costs of the run in all, minor units.
            carried: Whether what was left went on at the next session.
        """
        found = []
        if self.partly:
            many = f"{len(self.partly):,} orders were" if len(self.partly) > 1 else "an order was"
            rest = "the rest went on at the next session" if carried else "the rest waited"
            message = (
                f"{many} filled in part, or not at all, first on {self.partly[0]}: the day's "
                f"volume, or cash after market impact, allowed no more; {rest}"
            )
            found.append(Finding("filled-in-part", "volume", message, "info"))
        if self.impact:
            message = (
                f"{money_text(self.impact)} of the cost of {money_text(cost)} is market impact. "
                "Plans decide without it: the cost that each of them counted was less by it"
            )
            found.append(Finding("impact-unplanned", "impact", message, "info"))
        for name, day in self.unknown.items():
            message = (
                f"too little volume of {name} was known, first on {day}: its orders were charged "
                "no market impact then"
            )
            found.append(Finding("no-volume", name, message, "warning"))
        return found
