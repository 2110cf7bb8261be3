"""A household: who holds what where, under which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

from trimtab.model.accounts import Account
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument


@dataclass(frozen=True, slots=True)
class TaxProfile:
    """What gains cost this household.

    Args:
        country: ISO code; its rules for losses must exist in the code before losses earn credit.
        long_rate: Tax on a long-term gain, as a fraction.
        short_rate: Tax on a short-term gain, as a fraction.
        carryforward_short: Short-term loss carried into this year, minor units, >= 0.
        carryforward_long: Long-term loss carried into this year, minor units, >= 0.
        identical: Groups of instruments that the user calls substantially identical.
    """

    country: str = "US"
    long_rate: Decimal = Decimal(0)
    short_rate: Decimal = Decimal(0)
    carryforward_short: int = 0
    carryforward_long: int = 0
    identical: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Household:
    """The unchanging facts of a household: instruments, accounts, tax, limits on bad prices.

    Args:
        name: What to call it.
        currency: The currency in which everything is valued.
        instruments: By id.
        accounts: By id, in the order written.
        tax: Rates and groups.
        frozen_sessions: How long an instrument without a good price may stay frozen at its last
            accepted value before the household plans nothing.
        frozen_share: The share of the base that may be frozen before it plans nothing.
    """

    name: str
    currency: str
    instruments: Mapping[str, Instrument]
    accounts: Mapping[str, Account]
    tax: TaxProfile = field(default_factory=TaxProfile)
    frozen_sessions: int = 5
    frozen_share: Decimal = Decimal("0.10")
