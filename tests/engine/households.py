"""Small households for tests: built in one line, so that a test shows only what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.costs import Costs
from trimtab.engine.mandate import Mandate
from trimtab.model.accounts import Account, Acquired, Lot, TaxTreatment
from trimtab.model.household import Household, TaxProfile
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price, minor_from
from trimtab.model.policy import parse_to, parse_when
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import Memory, State

DAY = date(2026, 3, 31)
"""A Tuesday, the last session of its month and quarter."""

CALENDAR = Calendar(
    "XNYS", date(2020, 1, 1), date(2027, 12, 31), frozenset({date(2026, 4, 3), date(2026, 1, 1)})
)


def tree(weights: Mapping[str, object], *, location: Mapping[str, Sequence[str]] | None = None):  # type: ignore[no-untyped-def]
    """A flat target: {"US": 60, "BND": 40}; a value may be (percent, [instruments])."""
    leaves = []
    for name, value in weights.items():
        percent, hold = value if isinstance(value, tuple) else (value, [name])
        place = tuple((location or {}).get(name, ()))
        leaves.append(Sleeve(name, Fraction(str(percent)) / 100, tuple(hold), place))
    return Sleeve("", Fraction(1), children=tuple(leaves))


def market(prices: Mapping[str, str], *, on: date = DAY, quoted: date | None = None) -> Market:
    """A snapshot with prices of that day."""
    quotes = {id_: Quote(Price.of(Decimal(p)), quoted or on) for id_, p in prices.items()}
    return Market(on, CALENDAR, quotes)


def account(id_: str, tax: str = "taxable", **more: object) -> Account:
    """An account by id and tax treatment."""
    return Account(id_, TaxTreatment(tax), **more)  # type: ignore[arg-type]


def mandate(
    target: Sleeve | None,
    *,
    accounts: Sequence[Account] = (),
    instruments: Sequence[Instrument] = (),
    when: str = "monthly",
    to: str = "target",
    costs: Costs | None = None,
    long: str = "0.15",
    short: str = "0.24",
    **more: object,
) -> Mandate:
    """A household of those accounts under one policy; instruments default to whole shares."""
    known = {instrument.id: instrument for instrument in instruments}
    roots = [a.target for a in accounts if a.target] + ([target] if target else [])
    for root in roots:
        for leaf in root.leaves():
            for id_ in leaf.hold:
                if id_ != "CASH":
                    known.setdefault(id_, Instrument(id_))
    household = Household(
        "Example",
        "USD",
        known,
        {a.id: a for a in (accounts or [account("brokerage")])},
        TaxProfile(long_rate=Decimal(long), short_rate=Decimal(short)),
    )
    return Mandate(
        household,
        target,
        parse_when(when),
        parse_to(to),
        costs={"": costs} if costs else {},
        **more,  # type: ignore[arg-type]
    )


def lot(
    account_: str,
    instrument: str,
    quantity: int,
    basis: str | None = None,
    acquired: Acquired = date(2017, 3, 6),
    id_: str = "",
) -> Lot:
    """A lot; its id is made of what it is."""
    cents = None if basis is None else minor_from(Decimal(basis))
    return Lot(id_ or f"{account_}-{instrument}-{acquired}-{quantity}", account_, instrument,
               quantity, acquired, cents)  # fmt: skip


def state(lots: Sequence[Lot], memory: Memory | None = None, **cash: str) -> State:
    """Lots and cash by account."""
    purses = {id_: minor_from(Decimal(amount)) for id_, amount in cash.items()}
    return State(tuple(lots), purses, memory or Memory())
