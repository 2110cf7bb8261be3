"""The status of a household, put together from the decision and the valuation of its book."""

from __future__ import annotations

from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import valuation
from trimtab.model.market import Market
from trimtab.model.plan import Plan
from trimtab.model.state import State
from trimtab.reports.status_text import AccountRow, Status


def status_of(plan: Plan, *, state: State, mandate: Mandate, market: Market) -> Status:
    """Where a household stands: the decision of a day beside what each account is worth."""
    worth = valuation(state, mandate, market, Request())
    rows = []
    for id_, account in mandate.household.accounts.items():
        held = sum(value for (place, _), value in worth.values.items() if place == id_)
        cash = worth.cash.get(id_, 0)
        rows.append(AccountRow(id_, account.tax.value, account.broker, held + cash, cash))
    return Status(plan, mandate.when, mandate.to, tuple(rows))
