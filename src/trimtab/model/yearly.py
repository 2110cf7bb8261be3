"""A riskless rate a year as it is typed: a fraction, or percent with its sign."""

from __future__ import annotations

from decimal import Decimal

from trimtab.model.numbers import NumberError, decimal_from

MOST_BARE = Decimal("0.3")
"""A bare number beyond this is percent that lost its sign: 30% a year is riskless nowhere."""

_MOST = Decimal("0.99")


def yearly_rate(text: str) -> Decimal:
    """A rate a year as a fraction, from `0.02` or `2%`.

    Raises:
        NumberError: It is neither, or is so large that percent were probably meant.

    >>> yearly_rate("0.02") == yearly_rate("2%")
    True
    """
    stripped = text.strip()
    if stripped.endswith("%"):
        rate = decimal_from(_whole(stripped[:-1].strip())) / 100
        if abs(rate) > _MOST:
            raise NumberError(f"{stripped} a year: a rate is from -99% to 99%")
        return rate
    rate = decimal_from(_whole(stripped))
    if abs(rate) > MOST_BARE:
        likely = rate if abs(rate) <= 100 * MOST_BARE else Decimal(2)
        raise NumberError(
            f"{stripped} would be {plain(rate * 100)}% a year: "
            f"write {plain(likely / 100)} or {plain(likely)}%"
        )
    return rate


def check_yearly(name: str, rate: float) -> None:
    """Make sure that a riskless rate a year, given as a number, is a fraction.

    Raises:
        ValueError: It is none, or beyond what `yearly_rate` takes without a sign.
    """
    if not abs(rate) <= MOST_BARE:
        likely = f"{rate:g}%" if 0.3 < abs(rate) <= 30.0 else "2%"
        fraction = f"{rate / 100:g}" if likely != "2%" else "0.02"
        raise ValueError(f"{name} {rate!r}: a year's, as a fraction; write {fraction} for {likely}")


def plain(value: Decimal) -> str:
    """A decimal without trailing zeros or exponent.

    >>> plain(Decimal("2.50"))
    '2.5'
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(text: str) -> str:
    # A zero before the point may go without saying on the command line.
    return f"0{text}" if text.startswith(".") else text
