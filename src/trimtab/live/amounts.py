"""Money, prices and days as a person states them, checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from trimtab.model.errors import RefusedError
from trimtab.model.numbers import NumberError, Price, decimal_from, minor_from

Amount = str | int | float | Decimal
"""Money or a price as a person states it: `2600`, `"2600.00"`; never minor units."""


Day = date | str
"""A day as a person states it: a date, or text such as `2026-03-31`."""


def day_of(day: Day | None) -> date | None:
    """A day that was named; None where none was.

    Raises:
        RefusedError: It is no day.
    """
    if isinstance(day, datetime):
        return day.date()
    if day is None or isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except (TypeError, ValueError):
        raise RefusedError(f"{day!r} is no day: pass a date, or text such as 2026-03-31") from None


def typed_prices(prices: Mapping[str, Amount], known: Collection[str]) -> dict[str, Price]:
    """Prices that were typed in.

    Args:
        prices: By instrument.
        known: The instruments that can have one.

    Raises:
        RefusedError: One is no price, or of something unknown.
    """
    typed = {}
    for name, text in prices.items():
        if name not in known:
            raise RefusedError(
                f"a price was given for {name}, which is in no hold list and in no account: "
                f"known are {', '.join(sorted(known))}"
            )
        try:
            typed[name] = Price.of(_decimal(text))
        except NumberError as error:
            raise RefusedError(f"the price given for {name} is no price: {error}") from None
    return typed


def flows(what: str, amounts: Mapping[str, Amount], accounts: Collection[str]) -> dict[str, int]:
    """Deposits or withdrawals in minor units.

    Args:
        what: `deposit` or `withdrawal`, for messages.
        amounts: By account.
        accounts: The accounts that there are.

    Raises:
        RefusedError: One is no amount, not above zero, or for an account that is unknown.
    """
    found = {}
    for account, text in amounts.items():
        if account not in accounts:
            raise RefusedError(
                f"a {what} was named for {account}, which is no account: known are "
                f"{', '.join(accounts)}"
            )
        try:
            minor = minor_from(_decimal(text))
        except NumberError as error:
            raise RefusedError(f"the {what} for {account} is no amount: {error}") from None
        if minor <= 0:
            raise RefusedError(f"the {what} for {account} must be above zero, not {text}")
        found[account] = minor
    return found


def _decimal(text: Amount) -> Decimal:
    return decimal_from(format(text, "f") if isinstance(text, Decimal) else str(text))
