"""What waits in simulated accounts for settlement: money that leaves, and sales in good faith."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta

from trimtab.ledger.folded import Folded, unsettled_at
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import money_text
from trimtab.model.plan import Plan
from trimtab.model.settlement import payable_on
from trimtab.simulate.accounts.flows import Kind, Unpaid

MANY_SALES = 3
"""Good-faith violations within a year after which brokers allow settled cash alone."""

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Money that was raised and leaves its account when what was sold for it has settled.

    Args:
        what: Whose, what for, how much and on which session it was to leave.
        decided: The session at which it was raised.
        on: The day on which it leaves.
        place: The session at whose close it is gone: the last one up to that day. That many as the
            run has where the run ends before.
    """

    what: Unpaid
    decided: date
    on: date
    place: int


def leaving(what: Unpaid, days: Sequence[date], *, decided: int, on: date) -> Leaving:
    """Money that leaves on a day, among the sessions of a run."""
    place = len(days) if on > days[-1] else bisect_right(days, on) - 1
    return Leaving(what, days[decided], on, max(place, decided))


def is_settled(folded: Folded, account: str, amount: int, on: date) -> bool:
    """Whether an account has so much cash that has settled by a day."""
    cash = folded.cash.get(account, 0)
    if cash < amount:
        return False
    return payable_on(cash, unsettled_at(folded, on), account, amount, since=on) == on


@dataclass
class GoodFaith:
    """Sales, in a run, of what was bought with money that had not settled, before it had.

    A broker that lets a cash account buy with what it has just sold wants that money to be there
    before the purchase is sold again.

    Args:
        paid_by: The day on which the last of the money settled that paid for an account's purchases
            of a day, where that was later.
        sales: Account, day and proceeds of each sale before.
    """

    paid_by: dict[tuple[str, date], date] = field(default_factory=dict)
    sales: list[tuple[str, date, int]] = field(default_factory=list)

    def note(self, plan: Plan, folded: Folded) -> None:
        """Look at the sales and purchases of a plan that was carried out.

        Args:
            plan: As it was filled.
            folded: Everything known after it.
        """
        for trade in plan.trades:
            early = sum(
                sale.quantity
                for sale in trade.lots
                if isinstance(sale.acquired, date)
                and plan.as_of < self.paid_by.get((trade.account, sale.acquired), plan.as_of)
            )
            if early:
                part = trade.value * early // trade.quantity
                self.sales.append((trade.account, plan.as_of, part))
        for account in {trade.account for trade in plan.trades if trade.side == "buy"}:
            day = _paid_by(folded, account, plan.as_of)
            if day > plan.as_of:
                self.paid_by[account, plan.as_of] = day

    def said(self) -> list[Finding]:
        """How often it happened in each account, and when first; a warning if it is too often."""
        return [
            _said(account, [(on, money) for own, on, money in self.sales if own == account])
            for account in dict.fromkeys(account for account, _, _ in self.sales)
        ]


def _paid_by(folded: Folded, account: str, on: date) -> date:
    """The day on which all money is there that paid for what was bought up to a day."""
    moving = [one for one in unsettled_at(folded, on) if one.account == account]
    lacking = -(folded.cash.get(account, 0) - sum(one.amount for one in moving))
    lacking -= sum(one.amount for one in moving if one.amount < 0)
    for one in sorted(moving, key=lambda one: one.settles):
        if lacking <= 0:
            break
        if one.amount > 0:
            lacking -= one.amount
            on = one.settles
    return on


def _said(account: str, sales: Sequence[tuple[date, int]]) -> Finding:
    days = [on for on, _ in sales]
    money = money_text(sum(own for _, own in sales))
    many = f"{len(sales)} sales" if len(sales) > 1 else "a sale"
    is_many = any(
        later - first < YEAR for first, later in zip(days, days[MANY_SALES - 1 :], strict=False)
    )
    message = (
        f"{many} in {account}, {money} in all, of what had been bought with money that had not "
        f"settled, before it had, {'the first ' if len(sales) > 1 else ''}on {days[0]}: a good-"
        "faith violation in a cash account, after the third within a year it may only buy with "
        "settled cash; none in a margin account"
    )
    return Finding("good-faith", account, message, "warning" if is_many else "info")


def settled_said(moved: Iterable[Leaving], last: date) -> list[Finding]:
    """What left later since it had to settle: of each account how often, how much and how late.

    Args:
        moved: What had to settle first.
        last: The last session of the run.
    """
    by_account: dict[str, list[Leaving]] = {}
    for one in moved:
        by_account.setdefault(one.what.account, []).append(one)
    return [_settled_said(account, own, last) for account, own in by_account.items()]


_NAMES: Mapping[Kind, tuple[str, str]] = {
    "withdrawal": ("a withdrawal", "withdrawals"),
    "tax": ("a payment of tax", "payments of tax"),
    "fee": ("a fee", "fees"),
}


def _settled_said(account: str, own: Sequence[Leaving], last: date) -> Finding:
    kinds = [one.what.kind for one in own]
    counts = {names: kinds.count(kind) for kind, names in _NAMES.items()}
    told = " and ".join(
        f"{count} {many}" if count > 1 else a for (a, many), count in counts.items() if count
    )
    worst = max(own, key=lambda one: one.on - one.decided)
    message = (
        f"{told} from {account}, {money_text(sum(one.what.amount for one in own))} in all, left "
        f"when what was sold for it had settled: at worst that of {worst.decided}, on {worst.on}"
    )
    if waits := [one for one in own if one.on > last]:
        money = money_text(sum(one.what.amount for one in waits))
        message += f". {money} of it had not left by {last}, and is in the final value"
    return Finding("withdrawal-settles", account, message, "info")
