"""Prices in several currencies brought to one, at the rate of the same session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.adapters.price_rate import OLDEST_RATE
from trimtab.adapters.price_series import Series
from trimtab.model.errors import Problem
from trimtab.model.findings import Finding

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats


def converted(
    series: Mapping[str, Series],
    base: str,
    rates: Mapping[str, Series],
    source: str,
    problems: list[Problem],
    findings: list[Finding],
) -> tuple[dict[str, Series], tuple[str, ...]]:
    """Adjusted prices in one currency.

    A pair is named as EURUSD: so many of the second for one of the first. Where only the other
    way round is there, its inverse counts.

    Args:
        series: Prices by symbol; of those that name no currency it is taken to be `base`.
        base: The currency that they are brought to.
        rates: Pairs of currencies, as prices.
        source: What to call the prices in messages.
        problems: In and out: pairs and days without a rate.
        findings: In and out: rates that are older than the session.

    Returns:
        The prices without pairs that were needed to convert them, and the symbols converted.
    """
    import numpy as np

    foreign: dict[str, list[str]] = {}
    used = set()
    for symbol, one in series.items():
        if one.currency not in ("", base):
            foreign.setdefault(one.currency, []).append(symbol)
            used |= {one.currency + base, base + one.currency}
    found = {symbol: one for symbol, one in series.items() if symbol not in used}
    moved = []
    for code, symbols in foreign.items():
        symbols = [symbol for symbol in symbols if symbol in found]
        dates = np.unique(np.concatenate([one.days for one in series.values()]))
        wanted = np.unique(
            np.concatenate([_priced_days(series[one]) for one in symbols] or [dates])
        )
        rate = _rates(code, base, rates, wanted, dates, source, problems, findings)
        if rate is None:
            continue
        for symbol in symbols:
            found[symbol] = _times(found[symbol], wanted, rate)
            moved.append(symbol)
    return found, tuple(moved)


def _priced_days(one: Series) -> Days:
    days: Days = one.days[one.is_priced]
    return days


def _rates(
    code: str,
    base: str,
    rates: Mapping[str, Series],
    wanted: Days,
    dates: Days,
    source: str,
    problems: list[Problem],
    findings: list[Finding],
) -> Floats | None:
    """How many of the base one unit of a currency is on each day wanted; None after a problem."""
    import numpy as np

    pair = next((name for name in (code + base, base + code) if name in rates), None)
    if pair is None:
        wrong = f"prices in {code} are to be in {base}, and there is no rate {code}{base}"
        remedy = f"give {code}{base} as a column or symbol, in the prices or with `fx`"
        problems.append(Problem(source, None, code + base, wrong, remedy))
        return None
    known = rates[pair]
    own = known.is_priced
    days, quotes = known.days[own], known.close[own]
    place = np.searchsorted(days, wanted, side="right") - 1
    at = days[np.maximum(place, 0)]
    # Sessions of the prices after the rate's own day, up to the one where it is wanted.
    age = np.searchsorted(dates, wanted, "right") - np.searchsorted(dates, at, "right")
    missing = wanted[(place < 0) | (age > OLDEST_RATE)]
    if len(missing):
        more = "" if len(missing) == 1 else f" and {len(missing) - 1} more"
        wrong = f"no rate {pair} on {missing[0]}{more}, nor in the {OLDEST_RATE} sessions before"
        problems.append(Problem(source, None, pair, wrong, "give the rates of these days"))
        return None
    old = wanted[age > 0]
    if len(old):
        message = (
            f"no rate on {len(old)} of {len(wanted)} sessions, first on {old[0]}: the last known "
            f"one was used, up to {int(age.max())} sessions old."
        )
        findings.append(Finding("rate-held", pair, message, "warning"))
    found: Floats = quotes[place] if pair == code + base else 1.0 / quotes[place]
    message = f"prices in {code} are brought to {base} at {pair} of the same session."
    findings.append(Finding("converted", pair, message, "info"))
    return found


def _times(one: Series, days: Any, rate: Floats) -> Series:
    """Prices in the other currency; close x volume is money in it."""
    import numpy as np

    # Days without a price of its own have no rate to be looked for.
    place = np.minimum(np.searchsorted(days, one.days), len(days) - 1)
    by_row = np.where(one.is_priced, rate[place], np.nan)
    return replace(
        one,
        close=one.close * by_row,
        open=None if one.open is None else one.open * by_row,
        currency="",
    )
