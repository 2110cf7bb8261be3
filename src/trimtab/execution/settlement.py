"""Settlement: cash of a sale is there to be paid out on the day on which the sale settles."""

from __future__ import annotations

from datetime import date

from trimtab.ledger.folded import Folded


def payable_on(folded: Folded, account: str, amount: int, *, since: date) -> date:
    """The first day on which so much cash can leave an account without what is still on its way.

    Args:
        folded: Everything known; its cash covers the amount.
        account: The account.
        amount: Minor units.
        since: No day before this one.

    Returns:
        The day from which on the settled cash is never less than the amount: purchases that
        settle later are paid as well.
    """
    cash = folded.cash.get(account, 0)
    assert cash >= amount, "what is not there is never settled"
    moving: dict[date, int] = {}
    for one in folded.fills.values():
        if one.account == account and one.settles > since and not one.voided:
            moving[one.settles] = moving.get(one.settles, 0) + one.moved
    day = None
    for settles in sorted(moving, reverse=True):
        # What was there before this day's settlements; going back, the first lack of it decides.
        cash -= moving[settles]
        if cash < amount:
            day = settles
            break
    return day or since
