"""`[target.X]`: sleeves as they are written, and the tree of exact shares that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from trimtab.adapters.portfolio_tables.instruments import Instruments
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, dotted, near, shown
from trimtab.model.accounts import Account
from trimtab.model.instruments import CASH
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve, target_tree

OPTIMIZE = "optimize"
"""The name under `[target]` that is no sleeve: by what its shares are found."""


def raw_sleeves(table: Table, instruments: Instruments) -> list[RawSleeve]:
    """The sleeves of a `[target]`, as they are written."""
    sleeves = table.named("sleeve", but=(OPTIMIZE,))
    return [_raw_sleeve(name, below, instruments) for name, below in sleeves]


def _raw_sleeve(name: str, table: Table, instruments: Instruments) -> RawSleeve:
    """One sleeve and those below it."""
    percent = table.percent("percent", "54")
    part = table.percent("percent_of_parent", "67.5")
    least = table.percent("min_percent", "5")
    most = table.percent("max_percent", "40")
    hold = table.symbols("hold")
    if "percent" in table and percent is None:
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
        _raw_sleeve(below, inner, instruments) for below, inner in table.other_tables("sleeve")
    )
    table.finish()
    held = None if hold is None else tuple(instruments.resolve(symbol) for symbol in hold)
    return RawSleeve(name, percent, part, held, location, children, least, most)


def account_tree(table: Table, raws: list[RawSleeve], accounts: list[str]) -> Sleeve | None:
    """The target tree of one account, whose shares are written down."""
    if OPTIMIZE in table:
        wrong = "only the target that accounts share can be found, not one of a single account"
        table.problem(OPTIMIZE, wrong, "write it under [target], or write percent")
        return None
    return tree(table, raws, accounts)


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


def household_tree(
    root: Table,
    target: Table,
    raws: list[RawSleeve],
    accounts: Mapping[str, Account],
    known: list[str],
    *,
    may_be_elsewhere: bool = False,
) -> Sleeve | None:
    """The target that accounts without one of their own share.

    Where it may stand in a model that could not be read, its absence is no problem of its own.
    """
    if "target" in root:
        return tree(target, raws, known)
    if may_be_elsewhere:
        return None
    if not accounts or any(account.target is None for account in accounts.values()):
        wrong = "there is no target"
        root.problem("target", wrong, 'add [target.NAME] with percent = 60 and hold = ["VTI"]')
    return None


def held(raws: Sequence[RawSleeve]) -> tuple[str, ...]:
    """All symbols in the hold lists of a target."""
    symbols: list[str] = []
    for raw in raws:
        symbols.extend(symbol for symbol in raw.hold or () if symbol)
        symbols.extend(held(raw.children))
    return tuple(symbols)
