"""What a household's percentages divide on a day, before any decision: for targets that ask it."""

from __future__ import annotations

from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import valuation
from trimtab.model.market import Market
from trimtab.model.state import State


def household_worth(state: State, mandate: Mandate, market: Market, request: Request) -> int:
    """The worth of the accounts that share the household's target, less the buffer; minor units.

    Cash that is to come in counts, cash that is to go out does not.

    Args:
        state: The book.
        mandate: Its household; no target is needed.
        market: Prices; what has none to believe counts at its last, as in a plan.
        request: What comes and goes.
    """
    value = valuation(state, mandate, market, request)
    accounts = {
        name for name, account in mandate.household.accounts.items() if account.target is None
    }
    held = sum(minor for (account, _), minor in value.values.items() if account in accounts)
    cash = sum(value.cash[account] for account in accounts)
    out = sum(request.withdrawals.get(account, 0) for account in accounts)
    return held + cash - mandate.cash_buffer - out
