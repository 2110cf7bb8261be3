"""What the engine is told to do: a household, its target, its policy and its costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

from trimtab.costs import Costs
from trimtab.model.breaks import Break
from trimtab.model.found import HOUSEHOLD as HOUSEHOLD
from trimtab.model.found import Found, founds
from trimtab.model.frozen import LATER, dataclass
from trimtab.model.household import Household
from trimtab.model.outlook import Outlook
from trimtab.model.policy import To, When
from trimtab.model.sleeves import Sleeve

NEAREST_FIRST = 1.0
"""The price of drift that puts the nearest point first and the cheapest second.

Moving one unit of money from a sleeve above its goal to one below takes two units of deviation
away, which is then worth more than any tax and fee on that unit; and where two ways lead equally
near, the cheaper one wins. A higher price would let a hair of trading cost outweigh a tax.
"""


@dataclass(frozen=True, slots=True)
class Mandate:
    """A household with the policy by which it is kept on target.

    Args:
        household: Accounts, instruments, tax.
        target: Root of the household's target tree; its leaves' weights sum to 1. None when every
            account has a target of its own.
        when: When to act.
        to: How far to go.
        costs: What trading costs, by account; the empty key is every other account.
        min_trade: The least money of a trade, minor units.
        min_trade_units: The least quantity of a trade, in units of the instrument.
        cash_buffer: Minor units that stay in cash, outside the base; a floor.
        drift_price: Money that one unit of money of drift left is worth, above 0; None: to target
            first.
        fewest_trades: Among plans that end inside every band, take one with the fewest trades.
        found: How the household's target was found, where it moves; None where it is written down.
        outlooks: What is expected of each target's leaves, for `tracking` and `worth`.
        breaks: Whether correlations of each target's leaves broke, for `breakdown`.
        found_own: How the targets were found of accounts whose own moves.
    """

    household: Household
    target: Sleeve | None
    when: When
    to: To
    costs: Mapping[str, Costs] = field(default_factory=dict)
    min_trade: int = 0
    min_trade_units: Decimal = Decimal(0)
    cash_buffer: int = 0
    drift_price: Decimal | None = None
    fewest_trades: bool = False
    found: Found | None = field(default=None, metadata={LATER: True})
    outlooks: tuple[Outlook, ...] = field(default=(), metadata={LATER: True})
    breaks: tuple[Break, ...] = field(default=(), metadata={LATER: True})
    found_own: tuple[Found, ...] = field(default=(), metadata={LATER: True})

    @property
    def founds(self) -> tuple[Found, ...]:
        """How each target was found that moves: the household's first."""
        return founds(self.found, self.found_own)

    def outlook(self, target: str) -> Outlook:
        """What is expected of the leaves of a target; where nothing is known, why."""
        found = next((one for one in self.outlooks if one.target == target), None)
        return found or Outlook(target, lacking="no prices to estimate it from were given")

    def broke(self, target: str) -> Break:
        """Whether correlations of a target's leaves broke; where that cannot be said, why."""
        found = next((one for one in self.breaks if one.target == target), None)
        return found or Break(target, lacking="no prices to judge by were given")

    @property
    def price_of_drift(self) -> float:
        """What a unit of drift left counts for: never more than what puts the nearest point first.

        Above that it would pay to pay costs: money that a fee takes out of what lies above its goal
        is drift less, worth more than the money (docs/decisions/0014).
        """
        if self.drift_price is None:
            return NEAREST_FIRST
        return min(float(self.drift_price), NEAREST_FIRST)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of one plan beyond the policy.

    Args:
        deposits: Cash about to come in, by account, minor units, >= 0.
        withdrawals: Cash that is to be taken out, by account, minor units, >= 0.
        no_sells: Plan purchases only.
        now: Act although no trigger fires.
    """

    deposits: Mapping[str, int] = field(default_factory=dict)
    withdrawals: Mapping[str, int] = field(default_factory=dict)
    no_sells: bool = False
    now: bool = False


def leaves_of(mandate: Mandate) -> list[Sleeve]:
    """The leaves of all targets: of accounts that have their own, and of the household."""
    own = [account.target for account in mandate.household.accounts.values() if account.target]
    roots = own + ([mandate.target] if mandate.target else [])
    return [leaf for root in roots for leaf in root.leaves()]
