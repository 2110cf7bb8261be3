"""`[target.cppi]`: written shares of which a multiple of what is above a floor is risky."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.adapters.portfolio_tables.moving import path_of, safe_sleeve
from trimtab.adapters.portfolio_tables.targets import CPPI, by_day
from trimtab.adapters.toml_table import LARGEST_MONEY, Table
from trimtab.targets.moving.cppi import CppiRule
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.tree import RawSleeve


def insured_target(
    target: Table, raws: list[RawSleeve], accounts: list[str], born: date | None
) -> MovingTarget | None:
    """The insured target that `[target]` describes, with its problems noted where they are.

    Args:
        target: The table `[target]`.
        raws: Its sleeves, as they are written.
        accounts: Names of all accounts.
        born: From when ages count.
    """
    before = len(target.problems)
    table = target.table(CPPI)
    multiplier = table.number("multiplier", "4", above_zero=True, most=Decimal(1000))
    if "multiplier" not in table:
        table.problem("multiplier", "how many times the cushion?", "write multiplier = 4")
    floor = _floor(table, born)
    most = table.percent("max_percent", "80")
    if most is not None and most <= 0:
        table.problem("max_percent", "then nothing is risky", "write max_percent = 80, or so")
    safe = table.text("safe", '"bonds"')
    if "safe" not in table:
        wrong = "what takes what the risky sleeves leave?"
        table.problem("safe", wrong, 'write safe = "bonds", a sleeve of this target')
    table.finish()
    path = path_of(target, raws, accounts)
    if path is None or safe is None or not safe_sleeve(table, path, safe):
        return None
    if multiplier is None or len(target.problems) > before:
        return None
    share = Fraction(1) if most is None else Fraction(most) / 100
    rule = CppiRule(Fraction(multiplier), floor, safe, share)
    return MovingTarget(path.ranges, every="daily", glide=path, cppi=rule)


def _floor(table: Table, born: date | None) -> tuple[tuple[date, Decimal], ...]:
    """Money, or money by day or age."""
    if "floor" not in table:
        table.value("floor")
        table.problem("floor", "what is not to be lost?", "write floor = 80000, in money")
        return ()
    if not isinstance(table.values["floor"], dict):
        money = table.number("floor", "80000", most=LARGEST_MONEY)
        return () if money is None else ((date.min, money),)
    inner = table.table("floor")
    if not inner.values:
        table.problem("floor", "it has no day", "write floor = 80000, in money")
    return by_day(inner, born, lambda text: inner.number(text, "80000", most=LARGEST_MONEY))
