"""A portfolio's own accounts over history: its policy and others, in account mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.adapters.prices_file import PriceFile
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import valuation
from trimtab.execution.opening import Opening
from trimtab.live.observed import ObservedBook
from trimtab.model.errors import RefusedError
from trimtab.model.instruments import CASH
from trimtab.model.numbers import minor_from
from trimtab.model.policy import Policy
from trimtab.simulate.account import AccountRun, backtest_accounts

if TYPE_CHECKING:
    from decimal import Decimal


SESSIONS_AT_LEAST = 2


def account_runs(
    book: ObservedBook,
    policies: Sequence[Policy],
    *,
    start: date | None = None,
    end: date | None = None,
    cash: Decimal | None = None,
    pay_tax: bool = True,
    on_session: Callable[[str, date], None] | None = None,
) -> list[AccountRun]:
    """What policies would have done in these very accounts, with whole shares, lots and tax.

    Each account starts with its present worth in cash and is invested at the first session on
    which everything that it would buy has a price.

    Args:
        book: The portfolio.
        policies: When to act and how far to go; their targets are the portfolio's own.
        start: The first day that may count.
        end: The last day that may count.
        cash: What all accounts together start with; None: their present worth.
        pay_tax: Pay tax when it is due, out of the accounts that caused it; else it is counted.
        on_session: Called with the policy's name and each session, for a progress bar.

    Raises:
        RefusedError: There are no sessions with prices to run over.
    """
    mandate = book.mandate()
    source = PriceFile(
        book.portfolio.prices,
        instruments=mandate.household.instruments,
        calendar=book.portfolio.calendar,
        folder=book.folder,
    )
    sessions = [
        day
        for day in source.common_sessions(_bought(mandate))
        if (start is None or day >= start) and (end is None or day <= end)
    ]
    if len(sessions) < SESSIONS_AT_LEAST:
        raise RefusedError(
            "there are not two sessions on which everything that the accounts buy has a price "
            f"({', '.join(_bought(mandate))}); widen the span, or name a stand-in: "
            'history = "SYMBOL" under [instruments.NAME]'
        )
    first, last = sessions[0], sessions[-1]
    purses = _purses(book, mandate, cash)
    opening = Opening(
        mandate.household.name, mandate.household.currency, first, (), purses, (), "0" * 64
    )
    names = sorted(mandate.household.instruments)
    runs = []
    for policy in policies:
        own = replace(mandate, when=policy.when, to=policy.to)
        name = policy.label

        def told(day: date, name: str = name) -> None:
            if on_session is not None:
                on_session(name, day)

        def traded(day: date) -> dict[str, Fraction]:
            return source.volumes(day, names, stand_ins=True)

        markets = source.snapshots(first, last, names)
        runs.append(
            backtest_accounts(
                own,
                opening,
                markets,
                name=name,
                invest_at_start=True,
                pay_tax=pay_tax,
                participation=book.portfolio.participation,
                volumes=traded,
                on_session=told,
            )
        )
    return runs


def _bought(mandate: Mandate) -> list[str]:
    """What accounts would buy first: the instruments without which nothing can begin."""
    from trimtab.engine.problem import bought_for

    found = set()
    for account in mandate.household.accounts.values():
        root = account.target or mandate.target
        for leaf in root.leaves() if root else ():
            found.add(bought_for(leaf.hold, account))
    return sorted(found - {"", CASH})


def _purses(book: ObservedBook, mandate: Mandate, cash: Decimal | None) -> dict[str, int]:
    """What each account starts with: its present worth, or its part of another sum."""
    day = book.as_of()
    value = valuation(book.state(day), mandate, book.market(day), Request())
    worth = dict(value.cash)
    for (account, _), minor in value.values.items():
        worth[account] += minor
    if cash is None:
        return worth
    total, wanted = sum(worth.values()), minor_from(cash)
    if total <= 0:
        raise RefusedError("the accounts are worth nothing now, so no cash can be divided by it")
    return {account: minor * wanted // total for account, minor in worth.items()}
