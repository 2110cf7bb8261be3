"""Money, prices and days as a person states them, checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from trimtab.model.days import Day, day_asked
from trimtab.model.errors import RefusedError
from trimtab.model.numbers import NumberError, Price, decimal_from, minor_from

Amount = str | int | float | Decimal
"""Money or a price as a person states it: `2600`, `"2600.00"`; never minor units."""


def day_of(day: Day | None) -> date | None:
    """A day that was named; None where none was.

    Raises:
        RefusedError: It is no day.
    """
    return day_asked(day, RefusedError)


def typed_prices(prices: Mapping[str, Amount], known: Collection[str]) -> dict[str, Price]:
    """Prices that were typed in.

    Args:
        prices: By instrument.
        known: The instruments that can have one.

    Raises:
        RefusedError: Some are no price, or of something unknown; a line each.
    """
    typed = {}
    wrong = []
    for name, text in prices.items():
        if name not in known:
            wrong.append(
                f"a price was given for {name}, which is in no hold list and in no account: "
                f"known are {', '.join(sorted(known))}"
            )
            continue
        try:
            typed[name] = Price.of(_decimal(text))
        except NumberError as error:
            wrong.append(f"the price given for {name} is no price: {error}")
    _refuse(wrong)
    return typed


def flows(what: str, amounts: Mapping[str, Amount], accounts: Collection[str]) -> dict[str, int]:
    """Deposits or withdrawals in minor units.

    Args:
        what: `deposit` or `withdrawal`, for messages.
        amounts: By account.
        accounts: The accounts that there are.

    Raises:
        RefusedError: Some are no amount, not above zero, or for an account that is unknown; a
            line each.
    """
    found = {}
    wrong = []
    for account, text in amounts.items():
        if account not in accounts:
            wrong.append(
                f"a {what} was named for {account}, which is no account: known are "
                f"{', '.join(accounts)}"
            )
            continue
        try:
            minor = minor_from(_decimal(text))
        except NumberError as error:
            wrong.append(f"the {what} for {account} is no amount: {error}")
            continue
        if minor <= 0:
            wrong.append(f"the {what} for {account} must be above zero, not {text}")
        found[account] = minor
    _refuse(wrong)
    return found


def need_all(checks: Iterable[Callable[[], object]]) -> None:
    """Make every check, and tell all that they refuse at once.

    Raises:
        RefusedError: A line for each thing that some check refused.
    """
    wrong = []
    for check in checks:
        try:
            check()
        except RefusedError as refused:
            wrong.append(str(refused))
    _refuse(wrong)


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        raise RefusedError("\n".join(wrong))


def _decimal(text: Amount) -> Decimal:
    return decimal_from(format(text, "f") if isinstance(text, Decimal) else str(text))
