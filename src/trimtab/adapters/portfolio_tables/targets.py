"""`[target.X]`: sleeves as they are written, and the tree of exact shares that they make."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from trimtab.adapters.portfolio_tables.instruments import Instruments
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, dotted, near, shown
from trimtab.model.accounts import Account
from trimtab.model.instruments import CASH
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve, target_tree

_AGE = re.compile(r"age ([0-9]{1,3})", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

OPTIMIZE = "optimize"
"""The name under `[target]` that is no sleeve: by what its shares are found."""

VOLATILITY = "volatility"
"""Another that is none: by what written shares are scaled."""

TILT = "tilt"
"""And another: by what written shares are shifted."""

CPPI = "cppi"
"""And one more: above which floor of money written shares are risky."""

MOVERS = (OPTIMIZE, VOLATILITY, TILT, CPPI)
"""Names under `[target]` that are no sleeves; no two of them go together."""


def raw_sleeves(table: Table, instruments: Instruments, born: date | None) -> list[RawSleeve]:
    """The sleeves of a `[target]`, as they are written; ages count from the day `born`."""
    sleeves = table.named("sleeve", but=MOVERS)
    return [_raw_sleeve(name, below, instruments, born) for name, below in sleeves]


def only_mover(table: Table) -> str | None:
    """By what the shares of a `[target]` move; a second way is a problem."""
    said = [name for name in MOVERS if name in table]
    for name in said[1:]:
        other = f"{dotted(table.path)}.{said[0]}"
        wrong = f"the shares of a target move by one rule, and [{other}] is there"
        remedy = "keep one of the two"
        if said[0] == OPTIMIZE and name == VOLATILITY:
            remedy = 'remove it, or write objective = "target-volatility"'
        table.value(name)
        table.problem(name, wrong, remedy)
    return said[0] if said else None


def is_moving(raw: RawSleeve) -> bool:
    """Whether its share, or one below it, changes by date."""
    return bool(raw.path) or any(is_moving(one) for one in raw.children)


def _path(table: Table, born: date | None) -> tuple[tuple[date, Decimal], ...]:
    """Percent by date, or by age: `percent = { "2025-01-01" = 90, "age 65" = 40 }`."""
    inner = table.table("percent")
    if len(inner.values) < 2:
        wrong = "a path needs two days at least"
        table.problem("percent", wrong, 'write percent = { "2025-01-01" = 90, "2055-01-01" = 40 }')
    return by_day(inner, born, lambda text: inner.percent(text, "54"))


def by_day(
    table: Table, born: date | None, read: Callable[[str], Decimal | None]
) -> tuple[tuple[date, Decimal], ...]:
    """Values by day or age, oldest first, with problems noted where they are.

    Args:
        table: Whose keys are days.
        born: From when ages count.
        read: The value of a key; None where it is none.
    """
    found: dict[date, Decimal] = {}
    for text in table.values:
        value, day = read(text), _day_of(table, text, born)
        if day is None or value is None:
            continue
        if day in found:
            table.problem(text, f"{day} stands twice", "keep one of them")
        found[day] = value
    return tuple(sorted(found.items()))


def _day_of(table: Table, text: str, born: date | None) -> date | None:
    """The day that a key of a path means."""
    match = _AGE.fullmatch(text)
    if match is None:
        try:
            if _ISO.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        wrong = f"{shown(text)} is no day and no age"
        table.problem(text, wrong, 'write "2055-01-01" or "age 65"')
        return None
    if born is None:
        remedy = "add born = 1985-06-30 under [household]"
        table.problem(text, "nobody's day of birth is known", remedy)
        return None
    # Who was born on 29 February turns a year older on 1 March.
    year, leap = born.year + int(match[1]), (born.month, born.day) == (2, 29)
    return date(year, 3, 1) if leap and not isleap(year) else born.replace(year=year)


def _raw_sleeve(name: str, table: Table, instruments: Instruments, born: date | None) -> RawSleeve:
    """One sleeve and those below it."""
    is_path = isinstance(table.values.get("percent"), dict)
    path = _path(table, born) if is_path else ()
    percent = None if is_path else table.percent("percent", "54")
    part = table.percent("percent_of_parent", "67.5")
    least = table.percent("min_percent", "5")
    most = table.percent("max_percent", "40")
    hold = table.symbols("hold")
    if "percent" in table and percent is None and not is_path:
        percent = Decimal(0)
    if "percent_of_parent" in table and part is None:
        part = Decimal(0)
    if "hold" in table and hold is None:
        hold = ("",)
    for number, symbol in enumerate(hold or ()):
        if symbol == instruments.currency:
            key: KeyPath = ("hold", number)
            table.problem(key, f"{symbol} is money", f'write hold = ["{CASH}"]')
    location = table.accounts("location")
    children = tuple(
        _raw_sleeve(below, inner, instruments, born)
        for below, inner in table.other_tables("sleeve")
    )
    table.finish()
    held = None if hold is None else tuple(instruments.resolve(symbol) for symbol in hold)
    return RawSleeve(name, percent, part, held, location, children, least, most, path)


def tree(table: Table, raws: list[RawSleeve], accounts: list[str]) -> Sleeve | None:
    """The target tree, with its problems noted where they are in the file."""
    before = len(table.problems)
    check_location(table, raws, accounts, ())
    within = dotted(table.path) + "."
    if any(problem.key.startswith(within) for problem in table.problems[:before]):
        # What is wrong already would be said again as a wrong sum.
        return None
    root, problems = target_tree(raws)
    for problem in problems:
        parts: KeyPath = tuple(problem.sleeve.split(".")) if problem.sleeve else ()
        key = (*parts, problem.key) if problem.key else parts
        table.problem(key, problem.wrong, problem.remedy)
    return root


def check_location(
    table: Table, raws: list[RawSleeve], accounts: list[str], path: tuple[str, ...]
) -> None:
    """A sleeve prefers to lie in accounts that exist."""
    for raw in raws:
        here = (*path, raw.name)
        for number, account in enumerate(raw.location):
            if account not in accounts:
                wrong = f"there is no account {shown(account)}"
                table.problem((*here, "location", number), wrong, near(account, accounts))
        check_location(table, list(raw.children), accounts, here)


def check_there_is_one(root: Table, accounts: Mapping[str, Account]) -> None:
    """Accounts without a target of their own need that of the household."""
    if not accounts or any(account.shares_target for account in accounts.values()):
        wrong = "there is no target"
        root.problem("target", wrong, 'add [target.NAME] with percent = 60 and hold = ["VTI"]')


def held(raws: Sequence[RawSleeve]) -> tuple[str, ...]:
    """All symbols in the hold lists of a target."""
    symbols: list[str] = []
    for raw in raws:
        symbols.extend(symbol for symbol in raw.hold or () if symbol)
        symbols.extend(held(raw.children))
    return tuple(symbols)
