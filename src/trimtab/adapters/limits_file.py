"""Hard limits of trading, from a file that no strategy writes: limits.toml in the folder."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from trimtab.adapters.toml_lines import KeyPath, TomlDocument, read_toml
from trimtab.adapters.toml_table import Table
from trimtab.execution.gate import Limits
from trimtab.model.errors import InputError, Problem

LIMITS_FILE = "limits.toml"


class _Source:
    def __init__(self, document: TomlDocument) -> None:
        self._document = document

    def place(self, path: KeyPath) -> tuple[str, int | None]:
        return self._document.file, self._document.line(path)


def read_limits(folder: Path) -> Limits:
    """The limits of a folder; cautious ones where it has no limits.toml.

    Keys: `collar_percent`, `max_order_value`, `max_orders_per_plan`, `max_orders_per_minute`,
    `max_price_age` (sessions).

    Raises:
        InputError: With everything that is wrong with the file. There is no trading by guess.
    """
    usual = Limits()
    path = folder / LIMITS_FILE
    if not path.exists():
        return usual
    document, _, problems = read_toml(path, LIMITS_FILE)
    found: list[Problem] = list(problems)
    if document is None:
        raise InputError(found)
    table = Table(document.values, (), source=_Source(document), problems=found)
    collar = table.percent("collar_percent", "5")
    value = table.money("max_order_value", "50000", default=-1)
    plan_orders = table.whole("max_orders_per_plan", str(usual.plan_orders))
    minute_orders = table.whole("max_orders_per_minute", str(usual.minute_orders))
    price_age = table.whole("max_price_age", str(usual.price_age), most=250)
    table.finish()
    if found:
        raise InputError(found)
    return Limits(
        collar=usual.collar if collar is None else Fraction(collar) / 100,
        order_value=None if value < 0 else value,
        plan_orders=usual.plan_orders if plan_orders is None else plan_orders,
        minute_orders=usual.minute_orders if minute_orders is None else minute_orders,
        price_age=usual.price_age if price_age is None else price_age,
    )
