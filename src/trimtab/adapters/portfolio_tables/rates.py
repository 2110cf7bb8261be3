"""Riskless rates of `portfolio.toml`: a fraction a year, or percent in quotes."""

from __future__ import annotations

from decimal import Decimal

from trimtab.adapters.toml_lines import Unusable
from trimtab.adapters.toml_table import Table, kind_of
from trimtab.model.numbers import NumberError
from trimtab.model.yearly import yearly_rate


def risk_free_in(table: Table, default: float) -> float:
    """The key `risk_free` of a table, as `0.02` or `"2%"`; a problem is noted where it is."""
    value = table.value("risk_free")
    if value is None:
        return default
    remedy = 'write risk_free = 0.02, or "2%"'
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str, Unusable)):
        table.problem("risk_free", f"{kind_of(value)} where a rate a year belongs", remedy)
        return default
    text = value.text if isinstance(value, Unusable) else value
    try:
        return float(yearly_rate(text if isinstance(text, str) else format(text, "f")))
    except NumberError as error:
        wrong, _, write = str(error).partition(": write ")
        remedy = f"write risk_free = {_quoted(write)}" if write else remedy
        table.problem("risk_free", wrong, remedy)
        return default


def _quoted(write: str) -> str:
    """`0.02 or 2%` with the percent in quotes, as TOML has text."""
    fraction, _, percent = write.partition(" or ")
    return f'{fraction} or "{percent}"'
