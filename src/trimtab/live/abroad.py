"""Tickets for what is quoted in another currency: their limits as typed at its exchange."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from trimtab.live.observed import ObservedBook
from trimtab.model.findings import Finding
from trimtab.model.numbers import rounded_price
from trimtab.model.orders import Order

CENTS = -2
SMALL = -6
"""Decimal places of a limit below one unit of money."""


def limits_abroad(book: ObservedBook, tickets: Sequence[Order], day: date) -> list[Finding]:
    """What each limit is in the currency that it is typed in, rounded to the safe side.

    Args:
        book: The portfolio.
        tickets: Orders that a person trades.
        day: The plan's.
    """
    home, findings = book.portfolio.household.currency, []
    for order in tickets:
        quoted = book.rate_of(order.instrument, day)
        if quoted is None or order.limit is None:
            continue
        code, rate = quoted
        exact = Fraction(order.limit.decimal) / rate.value
        limit = rounded_price(exact, CENTS if exact >= 1 else SMALL, up=order.side == "sell")
        message = (
            f"{order.side} {order.instrument} in {order.account}: it is quoted in {code}; the "
            f"limit of {order.limit} {home} is {limit} {code}, at {rate.pair} {rate.shown} of "
            f"{rate.on}. Record its price in {home}, or in {code} with the broker's rate"
        )
        findings.append(Finding("limit-abroad", order.instrument, message))
    return findings
