"""Where things are held: accounts with their tax treatment and restrictions, and their lots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from enum import StrEnum
from typing import Literal

from trimtab.model.frozen import LATER, dataclass
from trimtab.model.sleeves import Sleeve


class TaxTreatment(StrEnum):
    """How the gains of an account are taxed."""

    TAXABLE = "taxable"
    TRADITIONAL = "traditional"
    ROTH = "roth"
    HSA = "hsa"
    EXEMPT = "exempt"

    @property
    def taxes_gains(self) -> bool:
        """Whether selling at a gain in such an account causes tax now."""
        return self is TaxTreatment.TAXABLE


class Relief(StrEnum):
    """Which lots a sale takes first."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOWEST_TAX = "lowest-tax"
    SPECIFIC = "specific"


Acquired = date | Literal["inherited"] | None
"""The day of purchase; `inherited` counts as long-term; None is unknown."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity bought at one time, with what was paid for all of it.

    Args:
        id: Unique within the household.
        account: The account that holds it.
        instrument: The instrument held.
        quantity: Steps of the instrument, above zero.
        acquired: Day of purchase.
        basis: Total cost basis in minor units; None where it is not known (tax-sheltered).
    """

    id: str
    account: str
    instrument: str
    quantity: int
    acquired: Acquired = None
    basis: int | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A past sale that the tax rules may still look at: quantity in steps, money in minor units."""

    account: str
    instrument: str
    quantity: int
    acquired: Acquired
    sold: date
    proceeds: int
    basis: int


@dataclass(frozen=True, slots=True)
class Account:
    """One account: how it is taxed, who trades it, and what it may hold.

    Args:
        id: The name in the portfolio folder.
        tax: Tax treatment of its gains.
        broker: `manual`, `paper`, or the name of a broker adapter.
        menu: All that it may buy; None means anything.
        do_not_buy: Instruments that are never bought here.
        do_not_sell: Instruments that are never sold here.
        keep: Steps of an instrument that stay here whatever the target says.
        relief: Which lots a sale takes first.
        specific_lots: For `specific`: lot ids in the order in which they may be sold.
        target: A target of its own; None means that the household's target counts, or that its
            own moves and was not found yet.
        moves: Its own target is found on each day, not written down.
    """

    id: str
    tax: TaxTreatment
    broker: str = "manual"
    menu: tuple[str, ...] | None = None
    do_not_buy: frozenset[str] = frozenset()
    do_not_sell: frozenset[str] = frozenset()
    keep: Mapping[str, int] = field(default_factory=dict)
    relief: Relief = Relief.LOWEST_TAX
    specific_lots: tuple[str, ...] = ()
    target: Sleeve | None = None
    moves: bool = field(default=False, metadata={LATER: True})

    @property
    def shares_target(self) -> bool:
        """Whether it has no target of its own, so that the household's counts."""
        return self.target is None and not self.moves

    def may_buy(self, instrument: str) -> bool:
        """Whether this account may buy the instrument."""
        on_menu = self.menu is None or instrument in self.menu
        return on_menu and instrument not in self.do_not_buy
