"""Deposits, withdrawals and fees of a household over the sessions of a run, in minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import money_text
from trimtab.simulate.account_terms import AccountTerms
from trimtab.simulate.flows import fee_column, flow_columns

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


@dataclass(frozen=True, eq=False)
class AccountFlows:
    """What comes and goes at each session's close, as research mode has it.

    Args:
        money: Money that comes, below zero goes, shape (sessions,).
        share: The same as a share of what the accounts are worth.
        fee: Share of what they are worth that is charged as a fee.
        findings: What had to be left out.
    """

    money: Floats = field(repr=False)
    share: Floats = field(repr=False)
    fee: Floats = field(repr=False)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, terms: AccountTerms, days: Sequence[date]) -> AccountFlows | None:
        """What terms mean on these sessions; None where nothing comes or goes."""
        import numpy as np

        if terms.flows is None and not terms.fee:
            return None
        dates = np.array(days, dtype="datetime64[D]")
        money, share, findings = flow_columns(terms.flows, dates)
        return cls(money, share, fee_column(terms.fee, dates), tuple(findings))

    def at(self, place: int, worth: int) -> int:
        """The money of one session, where the accounts are worth so much before it."""
        return round(100.0 * float(self.money[place]) + float(self.share[place]) * worth)

    def fee_at(self, place: int, worth: int) -> int:
        """The fee of one session."""
        return round(float(self.fee[place]) * max(worth, 0))

    def next_after(self, place: int) -> int | None:
        """The next session after one at which something comes or goes; None where none does."""
        import numpy as np

        moves = (self.money != 0.0) | (self.share != 0.0) | (self.fee != 0.0)
        later = np.flatnonzero(moves[place + 1 :])
        return place + 1 + int(later[0]) if len(later) else None


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A withdrawal that could not be paid; minor units."""

    account: str
    on: date
    amount: int


def unpaid_said(unpaid: Sequence[Unpaid]) -> list[Finding]:
    """What could not be withdrawn: of each account how often, how much, and since when."""
    found = []
    for account in dict.fromkeys(one.account for one in unpaid):
        own = [one for one in unpaid if one.account == account]
        money, first = money_text(sum(one.amount for one in own)), own[0].on
        if len(own) == 1:
            message = (
                f"{money} was to be withdrawn from {account} on {first}, and too little in it "
                "could be sold: it was not paid, and is not tried again"
            )
        else:
            message = (
                f"{len(own)} withdrawals from {account}, {money} in all, were not paid, the first "
                f"on {first} and the last on {own[-1].on}: too little in it could be sold. None "
                "is tried again"
            )
        found.append(Finding("withdrawal-unpaid", account, message))
    return found


def exhausted_on(
    unpaid: Sequence[Unpaid], days: Sequence[date], worth: Sequence[int]
) -> date | None:
    """The first session at whose close less was left than could not be paid; None without one.

    What the years gave is not known from there on: next to nothing is left to measure it by.
    """
    missing: dict[date, int] = {}
    for one in unpaid:
        missing[one.on] = missing.get(one.on, 0) + one.amount
    left = dict(zip(days, worth, strict=True))
    return min((day for day, money in missing.items() if left[day] < money), default=None)


def shared_out(amount: int, worth: Mapping[str, int]) -> dict[str, int]:
    """An amount above zero divided among accounts by what each is worth, to the last minor unit.

    >>> shared_out(100, {"ira": 300, "taxable": 400, "empty": 0})
    {'ira': 43, 'taxable': 57}
    """
    whole = sum(max(own, 0) for own in worth.values())
    if amount <= 0 or whole <= 0:
        return {}
    exact = {account: amount * max(own, 0) for account, own in worth.items()}
    parts = {account: share // whole for account, share in exact.items()}
    # What rounding leaves goes where most was cut off.
    rest = sorted(parts, key=lambda account: (-(exact[account] % whole), account))
    for account in rest[: amount - sum(parts.values())]:
        parts[account] += 1
    return {account: part for account, part in parts.items() if part}
