"""What is said of prices in another currency that no exchange rate brings to the portfolio's."""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.model.market import Unconverted

FOREIGN = "foreign-currency"
"""The code of what is said."""


def without_rate(id_: str, one: Unconverted, sleeves: Iterable[str], home: str) -> str:
    """Which instrument of which sleeve is without a rate, from when to when.

    Args:
        id_: The instrument.
        one: What its prices are in, and the days.
        sleeves: Those that may hold it.
        home: The portfolio's currency.
    """
    names = ", ".join(dict.fromkeys(sleeves))
    sleeve = f" (sleeve {names})" if names else ""
    when = f"on {one.first}" if one.first == one.last else f"from {one.first} to {one.last}"
    return (
        f"{id_}{sleeve} is priced in {one.currency}, and {when} there is no rate {one.pair} to "
        f"bring that to {home}"
    )


def remedy(one: Unconverted, home: str, *, also: str = "") -> str:
    """What to do about it.

    Args:
        one: What has no rate.
        home: The portfolio's currency.
        also: Another way to name the file, where there is one.
    """
    return (
        f'Name a file of rates with rows of {one.pair}, fx = "FILE" in portfolio.toml{also}, or '
        f"add those rows to the prices, or give prices in {home}."
    )
