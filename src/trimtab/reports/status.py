"""The status of a household, put together from the decision and the valuation of its book."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from trimtab.engine.aim import Aim, aims
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import valuation
from trimtab.model.market import Market
from trimtab.model.plan import Plan
from trimtab.model.state import State
from trimtab.reports.status_text import AccountRow, Beside, Status


def status_of(plan: Plan, *, state: State, mandate: Mandate, market: Market) -> Status:
    """Where a household stands: the decision of a day beside what each account is worth."""
    worth = valuation(state, mandate, market, Request())
    rows = []
    for id_, account in mandate.household.accounts.items():
        held = sum(value for (place, _), value in worth.values.items() if place == id_)
        cash = worth.cash.get(id_, 0)
        rows.append(AccountRow(id_, account.tax.value, account.broker, held + cash, cash))
    beside = {aim.name: tuple(_beside(aim)) for aim in aims(mandate, worth, Request())}
    return Status(plan, mandate.when, mandate.to, tuple(rows), beside)


def _beside(aim: Aim) -> Iterator[Beside]:
    """What a target's accounts hold that no sleeve of it shows, so that all of it adds up."""

    def share(money: int) -> Fraction:
        return Fraction(money, aim.base) if aim.base > 0 else Fraction(0)

    if not aim.cash_leaf and aim.cash:
        yield Beside("cash", aim.cash, share(aim.cash))
    if aim.unassigned:
        yield Beside("in no sleeve", aim.unassigned, share(aim.unassigned))
    if aim.buffer:
        yield Beside("cash buffer", aim.buffer, None)
