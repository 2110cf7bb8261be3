"""Columns of a table of prices as dates and numbers: what is none is told with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from trimtab.adapters.csv_lines import SPLIT_REMEDY, day_from, day_remedy, number_remedy, split_from
from trimtab.adapters.price_tables import PriceTable, stop
from trimtab.adapters.toml_table import shown
from trimtab.model.findings import Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Days, Floats

SORTED = "the dates were not in order and have been sorted"
"""What is said of rows that were not written oldest first."""

BELOW_ZERO = "units traded are zero or more; leave it empty where it is not known"
"""What would be right where a volume is below zero."""

NUMBER = re.compile(r"[+-]?([0-9]{1,24}\.?[0-9]{0,24}|\.[0-9]{1,24})([eE][+-]?[0-9]{1,3})?")
_NO_NUMBERS = ("nan", "inf", "-inf", "infinity", "-infinity")
_MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(:00(\.0+)?)?(Z|\+00:00)?")


def days_of(table: PriceTable, name: str) -> Days:
    """The dates of a column as numpy days; what is no date becomes NaT and a problem."""
    import numpy as np

    column = table.columns[name]
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        days = column.astype("datetime64[D]")
        for missing in np.flatnonzero(np.isnat(days)):
            table.problem(int(missing), name, "there is no date", "write it as 2017-03-06")
        return cast("Days", days)
    found: list[date | None] = []
    for row, value in enumerate(column):
        day = _day(value)
        if day is None:
            text = "" if value is None else str(value)
            wrong = f"{shown(text)} is not a date" if text.strip() else "there is no date"
            table.problem(row, name, wrong, day_remedy(text))
        found.append(day)
    return cast("Days", np.array(found, dtype="datetime64[D]"))


def _day(value: Any) -> date | None:
    if isinstance(value, str):
        text = value.strip()
        midnight = _MIDNIGHT.fullmatch(text)
        return day_from(midnight[1] if midnight else text)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return None


def floats_of(table: PriceTable, name: str) -> Floats:
    """A column's numbers, NaN where it has none; what is no number becomes a problem."""
    import numpy as np

    column = table.columns[name]
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiu":
        return cast("Floats", column.astype(np.float64))
    numbers = np.full(len(column), np.nan)
    odd = []
    for row, value in enumerate(column):
        if isinstance(value, str):
            text = value.strip()
            if not text:
                continue
            if NUMBER.fullmatch(text) is None:
                if (wrong := not_a_number(text)) is not None:
                    table.problem(row, name, *wrong)
                    continue
                odd += [row] if text.lower() == "nan" else []
            numbers[row] = float(text)
        elif value is not None:
            try:
                numbers[row] = float(value)
            except (TypeError, ValueError):
                told = f"{shown(str(value))} is not a number"
                table.problem(row, name, told, _remedy(str(value)))
    if odd:
        where = ", ".join(str(table.line_of(row)) for row in odd[:5])
        more = f" and {len(odd) - 5} more" if len(odd) > 5 else ""
        message = f"NaN stands for a price in line {where}{more}: taken as no price."
        table.findings.append(Finding("nan-price", name, message, "warning"))
    return numbers


def not_a_number(text: str) -> tuple[str, str] | None:
    """What is wrong with a cell that is no number, and what would be right; NaN says unknown."""
    if NUMBER.fullmatch(text) is not None or text.lower() in _NO_NUMBERS:
        return None
    return f"{shown(text)} is not a number", _remedy(text)


def splits_of(table: PriceTable, name: str) -> Floats:
    """New units for an old one, 1 where there is no split; read as the price files of plans are."""
    import numpy as np

    column = table.columns[name]
    ratios = np.ones(len(column))
    for row, value in enumerate(column):
        if value is None or value == "" or value != value:  # NaN: there is nothing
            continue
        ratio = split_from(value if isinstance(value, str) else _number_text(value))
        if ratio is None:
            table.problem(row, name, f"{shown(str(value))} is not a split", SPLIT_REMEDY)
        else:
            ratios[row] = float(ratio)
    return ratios


def _number_text(value: Any) -> str:
    """A number as plain decimal text, without an exponent."""
    try:
        return format(Decimal(str(value)), "f")
    except ArithmeticError:
        return str(value)


def _remedy(text: str) -> str:
    if text.strip().lower() in ("na", "n/a", "null", "none", "-", "#n/a", "."):
        return "leave it empty where there is no price"
    return number_remedy(text)


def check_prices(table: PriceTable, name: str, values: Floats) -> None:
    """Prices are above zero and finite, where there are any."""
    import numpy as np

    bad = ~np.isnan(values) & ~((values > 0) & (values < np.inf))
    for row in np.flatnonzero(bad):
        value = values[row]
        what = "zero" if value == 0 else "infinite" if np.isinf(value) else "below zero"
        table.problem(
            int(row), name, f"a price of {value:g} is {what}", "leave it empty where there is none"
        )


def refuse_returns(table: PriceTable, closes: Mapping[str, Floats]) -> None:
    """Returns where prices were meant: numbers of which many are below zero, or scatter around 1.

    Args:
        table: The table, in which it becomes a problem.
        closes: The numbers of its columns, NaN where there is none.
    """
    import numpy as np

    columns = [one[np.isfinite(one)] for one in closes.values()]
    found = _returns_below_zero(columns)
    if found is not None:
        table.problem(None, "", *found)
        stop(table)


def returns_for_prices(columns: Sequence[Floats]) -> tuple[str, str] | None:
    """What is wrong and what would be right where the numbers of a file are surely returns.

    Args:
        columns: Finite numbers of each symbol, in the order of days.
    """
    kept = [one for one in columns if len(one)]
    if (found := _returns_below_zero(kept)) is not None:
        return found
    if kept and sum(map(len, kept)) >= LEAST_LEAPS and _leaps(kept):
        return _wrong("returns"), _CHAINED
    return None


def _returns_below_zero(columns: Sequence[Floats]) -> tuple[str, str] | None:
    """The same where many numbers are below zero, or scatter around 1."""
    import numpy as np

    every = np.concatenate(columns) if columns else np.zeros(0)
    if not len(every):
        return None
    below = float(np.mean(every < 0))
    if below and np.median(np.abs(every)) < 0.5:
        or_percent = _OR_PERCENT if np.median(np.abs(every)) > LARGE else ""
        return _wrong("returns"), _CHAINED + or_percent
    if below > 0.2 and len(every) >= LEAST_TOLD:
        return _wrong("returns in percent"), "prices = 100 * (1 + returns / 100).cumprod()"
    if _scatter_around_one(columns):
        return _wrong("gross returns"), "chain them: prices = 100 * returns.cumprod()"
    return None


def _wrong(what: str) -> str:
    return f"the numbers look like {what}, and prices are needed"


_CHAINED = "chain them: prices = 100 * (1 + returns).cumprod()"

_OR_PERCENT = "; if they are percent, prices = 100 * (1 + returns / 100).cumprod()"


def doubt_returns(table: PriceTable, closes: Iterable[Floats]) -> None:
    """Returns that are all above zero, or few: a problem where they are many, else a finding.

    Args:
        table: The table, in which it becomes one of these.
        closes: Numbers of each symbol by day, NaN where there is none.
    """
    import numpy as np

    columns = [kept for one in closes if len(kept := one[np.isfinite(one)])]
    if not columns:
        return
    leaps = _leaps(columns)
    if leaps and sum(map(len, columns)) >= LEAST_LEAPS:
        table.problem(None, "", _wrong("returns"), _CHAINED)
        stop(table)
    doubt = ""
    if leaps:
        doubt = "returns: they are next to nothing, and leap from one to the next. If they are, "
        doubt += "chain them: prices = 100 * (1 + returns).cumprod()."
    elif _few_around_one(columns):
        doubt = "gross returns: few, and to and fro across 1. If they are, chain them: "
        doubt += "prices = 100 * returns.cumprod()."
    if doubt:
        message = f"the numbers may be {doubt} They are taken as prices."
        table.findings.append(Finding("looks-like-returns", table.source, message, "warning"))


def doubt_logarithms(table: PriceTable, series: Iterable[tuple[Days, Floats]]) -> None:
    """A finding where all numbers of a table may be logarithms of prices.

    Args:
        table: The table.
        series: Days, ascending, and numbers of each symbol.
    """
    if all(_creeps(days, values) for days, values in series):
        message = (
            "the numbers look like logarithms of prices: all are small, with many decimals, and "
            "move by next to nothing. If they are, give prices = exp(numbers); else returns and "
            "risk are understated severalfold."
        )
        table.findings.append(Finding("looks-like-logarithms", table.source, message, "warning"))


MOST_FURTHER = 2.25
"""How much further than daily ones numbers of weeks or months may move, and still creep."""

LARGE = 0.05
"""Returns whose middle one is beyond this may be percent."""

LEAST_TOLD = 8
"""Numbers of a column from which it can be told what they are."""


LEAST_LEAPS = 30
"""Numbers from which it is certain that they leap as returns do."""


def _leaps(columns: Sequence[Floats]) -> bool:
    """Whether small numbers above zero change by a half and more at a time, as returns do."""
    import numpy as np

    steps = [np.diff(np.log(one)) for one in columns if len(one) and one.min() > 0.0]
    if len(steps) < len(columns) or max(float(one.max()) for one in columns) >= 0.5:
        return False
    every = np.abs(np.concatenate(steps))
    return len(every) >= 4 and float(np.median(every)) > 0.5


def _few_around_one(columns: Sequence[Floats]) -> bool:
    """Whether a few numbers near 1 go to and fro across it; a price that begins at 1 may."""
    import numpy as np

    if not all(3 <= len(one) < LEAST_TOLD for one in columns):
        return False
    every = np.concatenate(columns)
    if every.min() < 0.8 or every.max() > 1.25 or any(one[0] == 1.0 for one in columns):
        return False
    crossed = [(one[1:] - 1.0) * (one[:-1] - 1.0) < 0.0 for one in columns]
    return float(np.mean(np.concatenate(crossed))) > 0.25


def _scatter_around_one(columns: Sequence[Floats]) -> bool:
    """Whether numbers jump to and fro across 1, as gross returns do and prices do not."""
    import numpy as np

    crossed = steps = together = 0.0
    for values in columns:
        if len(values) < LEAST_TOLD or values.min() < 0.5 or values.max() > 1.6:
            return False
        middle = np.median(values)
        apart = values - middle
        own = float(apart @ apart)
        if own < 1e-8 * len(values) or abs(middle - 1.0) > 0.03:
            return False  # a price that hardly leaves 1 is that of money
        crossed += float(np.sum((values[1:] - 1.0) * (values[:-1] - 1.0) < 0.0))
        steps += len(values) - 1
        together += float(apart[1:] @ apart[:-1]) / own
    return bool(columns) and crossed > 0.25 * steps and together < 0.5 * len(columns)


def _creeps(days: Days, numbers: Floats) -> bool:
    """Whether numbers from 2 to 12 with many decimals move as little as logarithms of prices do."""
    import numpy as np

    known = np.isfinite(numbers)
    values, own = numbers[known], days[known]
    if len(values) < 5 * LEAST_TOLD or values.min() < 2.0 or values.max() > 12.0:
        return False
    # What comes more seldom moves further between.
    apart = float(np.median(np.diff(own).astype("timedelta64[D]").astype(np.float64)))
    further = min(max(apart, 1.0) ** 0.5, MOST_FURTHER)
    if further < MOST_FURTHER and len(values) < 10 * LEAST_TOLD:
        return False
    if np.mean(np.abs(values * 1e4 - np.round(values * 1e4)) > 1e-6) < 0.5:
        return False  # a price is quoted with four decimals at most
    moves = np.diff(values)
    usual = float(np.median(np.abs(moves)))
    limit = 0.004 * further
    return bool(0.002 < usual < 12.5 * limit and usual / float(np.median(values)) < limit)


def check_symbols(table: PriceTable, symbols: Sequence[str]) -> None:
    """Symbols are short, printable and not empty."""
    for symbol in symbols:
        if not symbol.strip() or len(symbol) > 64 or not symbol.isprintable():
            remedy = "name it in 1 to 64 printable characters"
            table.problem(None, "", f"{shown(symbol)} is no symbol", remedy)


SEVERAL_A_DAY = 3
"""Repeated dates from which they are no slip, where most dates are repeated."""


def places_in_order(
    table: PriceTable, days: Days, name: str, *, rows: Any = None, symbol: str = ""
) -> NDArray[np.int64]:
    """The rows by date; dates that stand twice are problems, rows out of order a finding."""
    import numpy as np

    order = np.argsort(days, kind="stable")
    sorted_days = days[order]
    again = np.flatnonzero(sorted_days[1:] == sorted_days[:-1])
    count = len(days) - len(again)
    if len(again) >= SEVERAL_A_DAY and 2 * len(np.unique(sorted_days[again])) > count:
        whose = f" of {symbol}" if symbol else ""
        wrong = f"most days have several rows{whose}, as prices within the day do"
        table.problem(None, name, wrong, "keep one row a day, its last price as the close")
        return order
    for k in again:
        repeated = int(order[k + 1])
        place = repeated if rows is None else int(rows[repeated])
        whose = f" for {symbol}" if symbol else ""
        wrong = f"{sorted_days[k]} stands twice{whose}"
        table.problem(place, name, wrong, "keep one of them")
    if np.any(days[1:] < days[:-1]):
        message = f"{SORTED}."
        table.findings.append(Finding("unsorted", symbol or table.source, message, "info"))
    return order


def plain_day(day: Any) -> date:
    """A numpy day as a plain one; the earliest for none."""
    plain = day.item()
    return plain if isinstance(plain, date) else date.min
