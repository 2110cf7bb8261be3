"""`[target.X]`: sleeves as they are written, and the tree of exact shares that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from trimtab.adapters.portfolio_tables.instruments import Instruments
from trimtab.adapters.portfolio_tables.merged import Models
from trimtab.adapters.toml_lines import KeyPath
from trimtab.adapters.toml_table import Table, dotted, fraction, near, shown
from trimtab.model.accounts import Account
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve, target_tree


@dataclass(frozen=True, slots=True)
class Optimized:
    """A target whose weights are computed: `[target.optimize]`.

    Args:
        hold: What may be held.
        objective: The word for `trimtab optimize --objective`.
        risk_aversion: For the objective `utility`.
        risk_free: A year, as a fraction.
        lower: The least share of a name.
        upper: The most of one name.
        max_names: At most so many names.
        groups: File of groups with their limits.
        window: Sessions of history to estimate from; None is all there is.
    """

    hold: tuple[str, ...]
    objective: str
    risk_aversion: Decimal = Decimal(1)
    risk_free: Decimal = Decimal(0)
    lower: Decimal = Decimal(0)
    upper: Decimal = Decimal(1)
    max_names: int | None = None
    groups: Path | None = None
    window: int | None = None


def raw_sleeves(table: Table, instruments: Instruments) -> list[RawSleeve]:
    """The sleeves of a `[target]`, as they are written."""
    return [_raw_sleeve(name, below, instruments) for name, below in table.named("sleeve")]


def _raw_sleeve(name: str, table: Table, instruments: Instruments) -> RawSleeve:
    """One sleeve and those below it."""
    percent = table.percent("percent", "54")
    part = table.percent("percent_of_parent", "67.5")
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
    return RawSleeve(name, percent, part, held, location, children)


def tree(table: Table, raws: list[RawSleeve], accounts: list[str]) -> Sleeve | None:
    """The target tree, with its problems noted where they are in the file."""
    before = len(table.problems)
    _check_location(table, raws, accounts, ())
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


def _check_location(
    table: Table, raws: list[RawSleeve], accounts: list[str], path: tuple[str, ...]
) -> None:
    """A sleeve prefers to lie in accounts that exist."""
    for raw in raws:
        here = (*path, raw.name)
        for number, account in enumerate(raw.location):
            if account not in accounts:
                wrong = f"there is no account {shown(account)}"
                table.problem((*here, "location", number), wrong, near(account, accounts))
        _check_location(table, list(raw.children), accounts, here)


def household_tree(
    root: Table,
    target: Table,
    raws: list[RawSleeve],
    optimized: Optimized | None,
    accounts: Mapping[str, Account],
    known: list[str],
    *,
    may_be_elsewhere: bool = False,
) -> Sleeve | None:
    """The target that accounts without one of their own share.

    Where it may stand in a model that could not be read, its absence is no problem of its own.
    """
    if optimized is not None:
        return None
    if "target" in root:
        return tree(target, raws, known)
    if may_be_elsewhere:
        return None
    if not accounts or any(account.target is None for account in accounts.values()):
        wrong = "there is no target"
        root.problem("target", wrong, 'add [target.NAME] with percent = 60 and hold = ["VTI"]')
    return None


def optimized(target: Table, models: Models, instruments: Instruments) -> Optimized:
    """`[target.optimize]`: weights that are computed from the past, not written down."""
    table = target.table("optimize")
    for other, _ in target.named("sleeve", but=("optimize",)):
        wrong = "the weights are computed: sleeves beside [target.optimize] have no meaning"
        target.problem(other, wrong, "keep one of the two")
    hold = table.symbols("hold")
    if not hold:
        table.problem("hold", "it has nothing to choose from", 'write hold = ["VTI", "BND"]')
    objective = table.text("objective", '"max-sharpe"')
    if objective is None and "objective" not in table:
        table.problem("objective", "it is missing", 'write objective = "max-sharpe"')
    groups = table.text("groups", '"groups.csv"')
    base = models.folder((*table.path, "groups"))
    lower = fraction(table.percent("min_percent", "0"), Decimal(0))
    upper = fraction(table.percent("max_percent", "100"), Decimal(100))
    if lower > upper:
        table.problem("min_percent", "it is above max_percent", "swap the two")
    risk_aversion = table.number("risk_aversion", "1", above_zero=True)
    settings = Optimized(
        hold=tuple(instruments.resolve(symbol) for symbol in hold or ()),
        objective=objective or "",
        risk_aversion=Decimal(1) if risk_aversion is None else risk_aversion,
        risk_free=fraction(table.percent("risk_free_percent", "2"), Decimal(0)),
        lower=lower,
        upper=upper,
        max_names=table.whole("max_names", "10"),
        groups=None if groups is None else base / groups,
        window=table.whole("window", "756"),
    )
    table.finish()
    return settings


def held(raws: Sequence[RawSleeve]) -> tuple[str, ...]:
    """All symbols in the hold lists of a target."""
    symbols: list[str] = []
    for raw in raws:
        symbols.extend(symbol for symbol in raw.hold or () if symbol)
        symbols.extend(held(raw.children))
    return tuple(symbols)
