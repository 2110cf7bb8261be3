"""Second stage: what each sleeve should be worth now, for the household and for each account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request
from trimtab.engine.value import Valuation
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.sleeves import Sleeve


@dataclass(frozen=True, slots=True)
class Aim:
    """One target with the accounts that share it, in money.

    Args:
        name: `household`, or the account whose own target it is.
        root: The target tree.
        accounts: Account ids that it divides, in the order written.
        base: What the percentages divide, minor units: everything but buffer and withdrawals.
        buffer: Cash that stays outside the base, minor units.
        leaf_of: The leaf of each instrument.
        values: Minor units by leaf, `CASH` leaf included.
        cash: All cash of the accounts after flows, less buffer and withdrawals; minor units.
        cash_leaf: Name of the leaf held as money; empty when the target has none.
        unassigned: Minor units in instruments that no leaf names.
        flow: Cash that the request brings in (+) or takes out (-), minor units.
    """

    name: str
    root: Sleeve
    accounts: tuple[str, ...]
    base: int
    buffer: int
    leaf_of: Mapping[str, str]
    values: Mapping[str, int]
    cash: int
    cash_leaf: str
    unassigned: int
    flow: int = 0

    def value(self, sleeve: Sleeve) -> int:
        """What a sleeve of any level is worth, in minor units."""
        return sum(self.values[leaf.name] for leaf in sleeve.leaves())

    def now(self, sleeve: Sleeve) -> Fraction:
        """What a sleeve weighs now, before cash comes in or goes out, as an exact share."""
        base = self.base - self.flow
        value = self.value(sleeve)
        if any(leaf.name == self.cash_leaf for leaf in sleeve.leaves()):
            value -= self.flow
        return Fraction(value, base) if base > 0 else Fraction(0)

    def wanted(self, leaf: Sleeve) -> Fraction:
        """What a leaf should be worth, exactly."""
        return leaf.weight * self.base


def aims(mandate: Mandate, value: Valuation, request: Request) -> tuple[Aim, ...]:
    """Each target of the household with its accounts and what it divides."""
    return tuple(
        _aim(name, root, accounts, mandate, value, request)
        for name, root, accounts in targets(mandate)
    )


def targets(mandate: Mandate) -> Iterator[tuple[str, Sleeve, tuple[str, ...]]]:
    """Each target of the household: its name, its tree, and the accounts that share it."""
    accounts = mandate.household.accounts
    shared = tuple(id_ for id_, account in accounts.items() if account.shares_target)
    if shared and mandate.target is not None:
        yield HOUSEHOLD, mandate.target, shared
    for id_, account in accounts.items():
        if account.target is not None:
            yield id_, account.target, (id_,)


def drift(aim: Aim, values: Mapping[str, int], cash: int, unassigned: int) -> Fraction:
    """Half the sum of the absolute deviations of the leaves, as an exact share of the base.

    Cash without a leaf of its own and what is in no sleeve count as leaves with target zero, so
    the figure is the part of the portfolio that would have to move.
    """
    if aim.base <= 0:
        return Fraction(0)
    total = Fraction(abs(unassigned))
    if not aim.cash_leaf:
        total += abs(cash)
    for leaf in aim.root.leaves():
        total += abs(values[leaf.name] - aim.wanted(leaf))
    return total / (2 * aim.base)


def drift_now(aim: Aim) -> Fraction:
    """The drift before cash comes in or goes out."""
    values = dict(aim.values)
    if aim.cash_leaf:
        values[aim.cash_leaf] -= aim.flow
    before = replace(aim, base=aim.base - aim.flow)
    return drift(before, values, aim.cash - aim.flow, aim.unassigned)


def _aim(
    name: str,
    root: Sleeve,
    accounts: tuple[str, ...],
    mandate: Mandate,
    value: Valuation,
    request: Request,
) -> Aim:
    leaves = root.leaves()
    leaf_of = {id_: leaf.name for leaf in leaves for id_ in leaf.hold}
    cash_leaf = leaf_of.pop(CASH, "")
    out = sum(request.withdrawals.get(account, 0) for account in accounts)
    cash = sum(value.cash[account] for account in accounts) - mandate.cash_buffer - out
    values = {leaf.name: 0 for leaf in leaves}
    unassigned = 0
    for (account, instrument), minor in value.values.items():
        if account not in accounts:
            continue
        if instrument in leaf_of:
            values[leaf_of[instrument]] += minor
        else:
            unassigned += minor
    base = sum(values.values()) + unassigned + cash
    if cash_leaf:
        values[cash_leaf] += cash
    return Aim(
        name,
        root,
        accounts,
        base,
        mandate.cash_buffer,
        leaf_of,
        values,
        cash,
        cash_leaf,
        unassigned,
        sum(request.deposits.get(account, 0) for account in accounts) - out,
    )
