"""Which model an account is decided by: its kind, its tax treatment, its own target.

The model of a batch is an ordinary portfolio folder. Its accounts are kinds of accounts: each has
a tax treatment, a menu, costs, perhaps a target of its own; policy, tax rates and the shared
target are those of the folder.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.batch.tables import ModelRow, row_of
from trimtab.engine.follow import with_outlooks
from trimtab.engine.mandate import HOUSEHOLD, Mandate
from trimtab.kernels.account_columns import SOLVER
from trimtab.model.accounts import Account, TaxTreatment
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.sleeves import Sleeve
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import Watch

Weights = tuple[tuple[str, Decimal], ...]
"""A target of one's own: symbols in ascending order with percentages."""

Key = tuple[str, str, Weights]
"""Kind, tax treatment, own target (empty: that of the kind)."""

KEPT = 20_000
"""Models that are remembered from one chunk to the next."""


@dataclass
class Models:
    """The models that accounts have asked for, each worked out once.

    Args:
        portfolio: The folder.
        instruments: All instruments of the book and the folder.
        market: The snapshot decided for.
        watch: What estimates the risk of targets, where the policy weighs it.
        movers: What found the folder's targets that move, by owner.
    """

    portfolio: Portfolio
    instruments: Mapping[str, Instrument]
    market: Market
    watch: Watch | None = None
    movers: Mapping[str, Mover] = field(default_factory=dict)
    _made: OrderedDict[Key, tuple[Mandate, ModelRow]] = field(default_factory=OrderedDict)

    def of(self, key: Key) -> tuple[Mandate, ModelRow]:
        """The mandate of a key, and the same as the compiled decision wants it.

        Raises:
            KeyError: The folder has no such kind.
            ValueError: The tax treatment is none, or the target does not add up.
        """
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        mandate = self._mandate(*key)
        row = row_of(mandate, self.market)
        if found_from_holdings(mandate, self.movers):
            row = replace(row, answer=SOLVER)
        made = mandate, row
        self._made[key] = made
        if len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made

    def _mandate(self, kind: str, tax: str, weights: Weights) -> Mandate:
        whole = self.portfolio.mandate
        account: Account = whole.household.accounts[kind]
        if tax:
            account = replace(account, tax=TaxTreatment(tax))
        if weights:
            account = replace(account, target=own_target(weights), moves=False)
        household = replace(whole.household, instruments=self.instruments, accounts={kind: account})
        mandate = replace(whole, household=household)
        if self.watch is None:
            return mandate
        # A target that the book gives is estimated as it is, not as the kind's own was found.
        movers = {owner: one for owner, one in self.movers.items() if not weights or owner != kind}
        return with_outlooks(mandate, self.market.as_of, self.watch, movers)


def found_from_holdings(mandate: Mandate, movers: Mapping[str, Mover]) -> dict[str, Mover]:
    """What finds the target of a mandate's one account from its holdings, by owner; or nothing."""
    (account,) = mandate.household.accounts.values()
    owner = account.id if account.moves else HOUSEHOLD if account.shares_target else ""
    mover = movers.get(owner)
    return {owner: mover} if mover is not None and mover.target.of_one_book else {}


def own_target(weights: Weights) -> Sleeve:
    """A flat target; its percentages have to add up to exactly 100.

    Raises:
        ValueError: They do not, or one of them is below zero.
    """
    if any(percent < 0 for _, percent in weights):
        raise ValueError("a percentage is below zero")
    total = sum((Fraction(percent) for _, percent in weights), Fraction(0))
    if total != 100:
        raise ValueError(f"the percentages add up to {float(total):g}, not to 100")
    leaves = tuple(
        Sleeve(symbol, Fraction(percent) / 100, (symbol,)) for symbol, percent in weights
    )
    return Sleeve("", Fraction(1), children=leaves)
