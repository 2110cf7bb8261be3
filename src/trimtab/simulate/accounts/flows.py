"""Deposits, withdrawals and fees of a household over the sessions of a run, in minor units."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.engine.value import Position
from trimtab.model.errors import OptionError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import money_text
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.research.flows import fee_column, flow_columns

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


@dataclass(frozen=True, slots=True)
class Column:
    """What one rule of deposits and withdrawals means, session by session.

    Args:
        money: Money that comes, below zero goes, shape (sessions,).
        share: The same as a share of what the account, or all together, are worth.
    """

    money: Floats = field(repr=False)
    share: Floats = field(repr=False)

    def at(self, place: int, worth: int) -> int:
        """The money of one session, minor units, where that much is there before it."""
        return round(100.0 * float(self.money[place]) + float(self.share[place]) * worth)


@dataclass(frozen=True, eq=False)
class AccountFlows:
    """What comes and goes at each session's close, as research mode has it.

    Args:
        shared: What is divided among the accounts by what each is worth.
        own: What comes to and goes from an account that was named, by account.
        fee: Share of what the accounts are worth that is charged as a fee, shape (sessions,).
        is_held: Whether deposits stay in cash until a plan trades.
        findings: What had to be left out.
    """

    shared: Column
    own: Mapping[str, Column]
    fee: Floats = field(repr=False)
    is_held: bool = False
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(
        cls, terms: AccountTerms, days: Sequence[date], accounts: Collection[str]
    ) -> AccountFlows | None:
        """What terms mean on these sessions; None where nothing comes or goes.

        Raises:
            OptionError: An account is named that is none.
        """
        import numpy as np

        for account in terms.flows_of:
            if account not in accounts:
                raise OptionError(f"flows_of {account!r}: the accounts are {', '.join(accounts)}")
        if not (terms.flows or terms.flows_of or terms.fee):
            return None
        dates = np.array(days, dtype="datetime64[D]")
        money, share, findings = flow_columns(terms.flows, dates)
        own = {}
        for account, flows in terms.flows_of.items():
            *column, left_out = flow_columns(flows, dates)
            own[account] = Column(*column)
            findings += [replace(one, subject=account) for one in left_out]
        return cls(
            Column(money, share),
            own,
            fee_column(terms.fee, dates),
            any(one.invest == "hold" for one in terms.all_flows),
            tuple(findings),
        )

    def at(self, place: int, worth: Mapping[str, int]) -> dict[str, int]:
        """What comes to each account at a session, below zero goes, by what each is worth."""
        money = self.shared.at(place, sum(worth.values()))
        parts = shared_out(abs(money), worth)
        moved = {account: part if money > 0 else -part for account, part in parts.items()}
        named = {account: one.at(place, worth[account]) for account, one in self.own.items()}
        both = {id_: moved.get(id_, 0) + named.get(id_, 0) for id_ in worth}
        return {account: minor for account, minor in both.items() if minor}

    def fee_at(self, place: int, worth: int) -> int:
        """The fee of one session."""
        return round(float(self.fee[place]) * max(worth, 0))

    def next_after(self, place: int) -> int | None:
        """The next session after one at which something comes or goes; None where none does."""
        import numpy as np

        moves = self.fee != 0.0
        for one in (self.shared, *self.own.values()):
            moves = moves | (one.money != 0.0) | (one.share != 0.0)
        later = np.flatnonzero(moves[place + 1 :])
        return place + 1 + int(later[0]) if len(later) else None


Kind: TypeAlias = Literal["withdrawal", "fee", "tax"]
"""What money that leaves an account is."""


@dataclass(frozen=True, slots=True)
class Unpaid:
    """Money that is to leave an account, and has not yet; minor units.

    Args:
        account: The account.
        on: The session at which it was to leave.
        amount: How much.
        kind: What it is.
    """

    account: str
    on: date
    amount: int
    kind: Kind = "withdrawal"


def affordable(
    unpaid: Sequence[Unpaid], worth: Mapping[str, int], less: Mapping[str, int]
) -> list[Unpaid]:
    """Those withdrawals, oldest first, for which an account is worth enough.

    Args:
        unpaid: What is to leave accounts.
        worth: What each account is worth.
        less: What leaves it before.
    """
    left = {account: own - less.get(account, 0) for account, own in worth.items()}
    found = []
    for one in unpaid:
        if one.amount <= left[one.account]:
            left[one.account] -= one.amount
            found.append(one)
    return found


def sessions_without(
    unpaid: Sequence[Unpaid], worth: Mapping[Position, Any], cash: Mapping[str, int], count: int
) -> int:
    """For how many coming sessions no account is worth as much as it is to pay.

    Args:
        unpaid: What is to leave accounts.
        worth: What each position is worth at each of them, minor units.
        cash: The cash of each account.
        count: How many sessions.
    """
    import numpy as np

    least: dict[str, int] = {}
    for one in unpaid:
        least[one.account] = min(one.amount, least.get(one.account, one.amount))
    for account, amount in least.items():
        held = (own for (id_, _), own in worth.items() if id_ == account)
        there = sum(held, np.full(count, cash.get(account, 0), dtype=np.int64))
        enough = np.flatnonzero(there >= amount)
        count = min(count, int(enough[0]) if len(enough) else count)
    return count


def unpaid_said(unpaid: Sequence[Unpaid]) -> list[Finding]:
    """What was not withdrawn by the end: of each account how often, how much, and since when."""
    found = []
    for account in dict.fromkeys(one.account for one in unpaid):
        own = [one for one in unpaid if one.account == account]
        money, first = money_text(sum(one.amount for one in own)), own[0].on
        if len(own) == 1:
            message = (
                f"{money} was to be withdrawn from {account} on {first}, and too little in it "
                "could be sold: it was tried again at every session, and was not paid"
            )
        else:
            message = (
                f"{len(own)} withdrawals from {account}, {money} in all, were not paid, the first "
                f"on {first} and the last on {own[-1].on}: too little in it could be sold. Each "
                "was tried again at every session"
            )
        found.append(Finding("withdrawal-unpaid", account, message))
    return found


def late_said(late: Sequence[tuple[Unpaid, date]]) -> list[Finding]:
    """What was paid later than it was to be: of each account how often, how much and how late."""
    found = []
    for account in dict.fromkeys(one.account for one, _ in late):
        own = [(one, on) for one, on in late if one.account == account]
        money = money_text(sum(one.amount for one, _ in own))
        worst, on = max(own, key=lambda pair: pair[1] - pair[0].on)
        many = f"{len(own)} withdrawals" if len(own) > 1 else "a withdrawal"
        message = (
            f"{many} from {account}, {money} in all, came late, since too little in it could be "
            f"sold before: at worst that of {worst.on}, on {on}"
        )
        found.append(Finding("withdrawal-late", account, message))
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
