"""Brokers that need no network: trading on paper in memory, and what a broker may say of a fate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from fractions import Fraction
from typing import Protocol, runtime_checkable

from trimtab.costs import Costs
from trimtab.costs.impact import UsualDay
from trimtab.engine.mandate import Mandate
from trimtab.execution.orders import Expected, expected
from trimtab.ledger.folded import Folded
from trimtab.model.errors import TrimtabError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import MINOR_DIGITS, Price, StepPrice, money_text
from trimtab.model.orders import BrokerEvent, Fill, Order, OrderState
from trimtab.model.sessions import Calendar
from trimtab.model.settlement import settles_on


class BrokerSilentError(TrimtabError):
    """No answer came: nobody knows whether the broker got it."""


@runtime_checkable
class KnowsFates(Protocol):
    """A broker that can say for certain whether it ever got an order."""

    def fate(self, order_id: str) -> BrokerEvent | None:
        """The order's state there; None: it never got it, and no copy is on its way."""
        ...


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """What a paper broker trades by.

    Args:
        market: Its prices; everything is filled at this day's close, with half the spread.
        instruments: By id.
        costs: By account; the empty key is every other account.
        volumes: Units traded that day, by instrument, where that is known.
        participation: The largest part of a day's volume that one order is filled with; None: all.
        exchange: By whose sessions trades settle; None: the market's.
        usual: What is usual of instruments whose trading is known, for the impact of orders.
    """

    market: Market
    instruments: Mapping[str, Instrument]
    costs: Mapping[str, Costs] = field(default_factory=dict)
    volumes: Mapping[str, Fraction] = field(default_factory=dict)
    participation: Fraction | None = None
    exchange: Calendar | None = None
    usual: Mapping[str, UsualDay] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        mandate: Mandate,
        market: Market,
        *,
        volumes: Mapping[str, Fraction] | None = None,
        participation: Fraction | None = None,
        exchange: Calendar | None = None,
        usual: Mapping[str, UsualDay] | None = None,
        costs: Mapping[str, Costs] | None = None,
    ) -> PaperTerms:
        """The terms of a household at a market's prices; without a participation: in whole.

        Costs are the household's own, unless others are given.
        """
        instruments = mandate.household.instruments
        return cls(
            market, instruments, mandate.costs if costs is None else costs, volumes or {},
            participation, exchange, usual or {},
        )  # fmt: skip

    def costs_of(self, account: str) -> Costs:
        """What trading costs in an account."""
        return self.costs.get(account) or self.costs.get("") or Costs()

    def moves_price(self, order: Order) -> bool:
        """Whether an order moves its price; a fund's, at its net asset value, never does."""
        costs = self.costs_of(order.account)
        own = costs.by_instrument.get(order.instrument, costs)
        return order.quantity is not None and own.moves_prices

    def impact_of(self, order: Order, steps: int, money: int) -> int:
        """What so much of an order moves the price against itself, in minor units.

        `Costs.impact_cost`, as in research mode and in plans; nothing where a usual day is not
        known.

        Args:
            order: Of which account and instrument.
            steps: How many of it; one or more.
            money: What they are worth at the price without impact, minor units.
        """
        usual = self.usual.get(order.instrument)
        if usual is None or not self.moves_price(order):
            return 0
        units = float(steps * Fraction(self.instruments[order.instrument].step))
        worth = money / 10**MINOR_DIGITS
        cost = self.costs_of(order.account).impact_cost(
            order.instrument, units, price=worth / units, **usual._asdict()
        )
        minor: int = round(cost * 10**MINOR_DIGITS)
        return minor


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an account has at the broker: cash in minor units, steps by instrument."""

    cash: int
    steps: Mapping[str, int]


def paper_events(order: Order, terms: PaperTerms, holdings: Holdings) -> tuple[BrokerEvent, ...]:
    """What a paper broker does with an order: the same order, terms and holdings, the same events.

    Filled at once at the day's close; what the day's volume does not allow is cancelled at its
    end. Cash of a trade settles as at the exchange (`trimtab.model.settlement`).
    """
    instrument = terms.instruments.get(order.instrument)
    quote = terms.market.quotes.get(order.instrument)
    if instrument is None or quote is None or quote.price is None:
        return (_rejected(order, f"{order.instrument} is not traded here"),)
    if order.quantity is None:
        return _for_amount(order, terms, holdings, instrument, quote.price)
    costs = terms.costs_of(order.account)
    if order.side == "sell" and holdings.steps.get(order.instrument, 0) < order.quantity:
        return (_rejected(order, f"there are not {order.quantity} steps to sell"),)
    whole = expected(order.side, order.quantity, quote.price, instrument=instrument, costs=costs)
    met = whole.price
    if order.limit is not None and not _is_met(order, met):
        return (_rejected(order, f"the limit of {order.limit} is not met at {met}"),)
    quantity = min(order.quantity, _most(order, terms, instrument))
    accepted = BrokerEvent(order.id, OrderState.ACCEPTED)
    if quantity == 0:
        message = "nothing was traded that day that it could be part of"
        return (accepted, BrokerEvent(order.id, OrderState.CANCELLED, message=message))
    worth = expected(order.side, quantity, quote.price, instrument=instrument, costs=costs)
    if order.side == "buy" and worth.total("buy") > holdings.cash:
        wanted, there = money_text(worth.total("buy")), money_text(holdings.cash)
        return (_rejected(order, f"it takes {wanted}, and there is {there}"),)

    price = quote.price

    def moved(steps: int) -> Expected:
        own = expected(order.side, steps, price, instrument=instrument, costs=costs)
        return replace(own, fees=own.fees + terms.impact_of(order, steps, own.gross))

    worth = moved(quantity)
    if order.side == "buy" and worth.total("buy") > holdings.cash:
        # Who ordered did not know how far the order moves its price: cash pays for so much of it.
        quantity = bisect_right(
            range(quantity), holdings.cash, key=lambda steps: moved(steps).total("buy")
        ) - 1  # fmt: skip
        if quantity <= 0:
            message = "cash does not pay for a step of it and its market impact"
            return (accepted, BrokerEvent(order.id, OrderState.CANCELLED, message=message))
        worth = moved(quantity)
    fill = _fill(order, worth, quantity, terms)
    if quantity == order.quantity:
        return (accepted, BrokerEvent(order.id, OrderState.FILLED, fill))
    message = f"the end of the day: {quantity} of {order.quantity} steps were filled"
    return (
        accepted,
        BrokerEvent(order.id, OrderState.PARTLY_FILLED, fill),
        BrokerEvent(order.id, OrderState.CANCELLED, message=message),
    )


def _for_amount(
    order: Order, terms: PaperTerms, holdings: Holdings, instrument: Instrument, price: Price
) -> tuple[BrokerEvent, ...]:
    """A fund bought for money: the steps are rounded down, the money is not."""
    assert order.amount is not None, "an order is for a quantity or for an amount"
    worth = StepPrice.of(price, instrument.step)
    quantity = worth.steps_below(order.amount)
    costs = terms.costs_of(order.account).order_costs(instrument.id, instrument.step)
    fees = costs.of(order.amount, quantity)
    if order.side == "sell" or quantity == 0:
        return (_rejected(order, f"{money_text(order.amount)} buys not one step"),)
    if order.amount + fees > holdings.cash:
        wanted, there = money_text(order.amount + fees), money_text(holdings.cash)
        return (_rejected(order, f"it takes {wanted}, and there is {there}"),)
    fill = _fill(order, Expected(price, order.amount, fees), quantity, terms)
    return (
        BrokerEvent(order.id, OrderState.ACCEPTED),
        BrokerEvent(order.id, OrderState.FILLED, fill),
    )


def _fill(order: Order, worth: Expected, quantity: int, terms: PaperTerms) -> Fill:
    day = terms.market.as_of
    return Fill(
        id=f"{order.id[:24]}-1",
        order=order.id,
        quantity=quantity,
        price=worth.price,
        gross=worth.gross,
        fees=worth.fees,
        on=day,
        settles=settles_on(terms.exchange or terms.market.calendar, day),
    )


def _rejected(order: Order, message: str) -> BrokerEvent:
    return BrokerEvent(order.id, OrderState.REJECTED, message=message)


def _is_met(order: Order, price: Price) -> bool:
    assert order.limit is not None
    if order.side == "buy":
        return price.decimal <= order.limit.decimal
    return price.decimal >= order.limit.decimal


def _most(order: Order, terms: PaperTerms, instrument: Instrument) -> int:
    """The steps that the day's volume allows."""
    assert order.quantity is not None
    volume = terms.volumes.get(order.instrument)
    if terms.participation is None or volume is None:
        return order.quantity
    return (terms.participation * volume / Fraction(instrument.step)).__floor__()


def without_volume(terms: PaperTerms, orders: Iterable[Order]) -> list[Finding]:
    """Orders that are filled in whole because nobody knows how much was traded that day."""
    if terms.participation is None:
        return []
    day = terms.market.as_of
    traded = {order.instrument for order in orders if order.quantity is not None}
    names = ", ".join(sorted(traded - terms.volumes.keys()))
    if not names:
        return []
    message = (
        f"the price files have no volume of {names} for {day}: what is ordered of it on paper is "
        "filled in whole"
    )
    return [Finding("no-volume", names, message, "info")]


class MemoryBroker:
    """Trading on paper, forgotten when the program ends: the port `Broker` for tests and trials.

    Args:
        terms: Prices and costs.
        book: What the record says now. What it has not booked yet of this broker's fills counts
            beside it, so that cash and lots are right at every moment.
    """

    def __init__(self, terms: PaperTerms, book: Callable[[], Folded]) -> None:
        self.terms = terms
        self.book = book
        self.orders: dict[str, Order] = {}
        self.events: list[BrokerEvent] = []

    def submit(self, order: Order) -> BrokerEvent:
        """Trade an order, or say again what became of it."""
        if order.id not in self.orders and self.fate(order.id) is None:
            happened = paper_events(order, self.terms, self.holdings(order.account))
            self.keep(order, happened)
        told = self.fate(order.id)
        assert told is not None, "what was kept is known"
        return told

    def cancel(self, order_id: str) -> BrokerEvent:
        """Cancel what is open; an order that never came is dead from now on."""
        if self.fate(order_id) is None:
            message = "cancelled before it came"
            self.keep(None, (BrokerEvent(order_id, OrderState.CANCELLED, message=message),))
        told = self.fate(order_id)
        assert told is not None, "what was kept is known"
        return told

    def report(self, since: int) -> tuple[int, Sequence[BrokerEvent]]:
        """All events after number `since`."""
        return len(self.events), tuple(self.events[since:])

    def fate(self, order_id: str) -> BrokerEvent | None:
        """The order's state; None when it never came."""
        last = next((e for e in reversed(self.events) if e.order == order_id), None)
        return None if last is None else BrokerEvent(order_id, last.state, message=last.message)

    def keep(self, order: Order | None, happened: Sequence[BrokerEvent]) -> None:
        """Remember an order and what happened to it, all at once."""
        if order is not None:
            self.orders[order.id] = order
        self.events.extend(happened)

    def holdings(self, account: str) -> Holdings:
        """What an account has: what is booked, and what of this broker's fills is not yet."""
        folded = self.book()
        cash = folded.cash.get(account, 0)
        steps = {
            instrument: count
            for (holder, instrument), count in folded.positions.items()
            if holder == account
        }
        for event in self.events:
            order = self.orders.get(event.order)
            if event.fill is None or order is None or order.account != account:
                continue
            if (account, event.fill.id) in folded.fills:
                continue
            fill = event.fill
            sign = 1 if order.side == "buy" else -1
            cash -= sign * fill.gross + fill.fees
            steps[order.instrument] = steps.get(order.instrument, 0) + sign * fill.quantity
        return Holdings(cash, steps)
