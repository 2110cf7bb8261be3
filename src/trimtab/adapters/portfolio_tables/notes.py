"""What is valid and still worth a look: how the files of a portfolio folder fit together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from trimtab.adapters.portfolio_tables.targets import Optimized
from trimtab.model.accounts import Account, Lot
from trimtab.model.findings import Finding
from trimtab.model.household import Household
from trimtab.model.instruments import CASH
from trimtab.model.sleeves import Sleeve


def notes(
    household: Household,
    target: Sleeve | None,
    optimized: Optimized | None,
    lots: Sequence[Lot],
    *,
    has_sales: bool,
) -> Iterator[Finding]:
    """Findings about what is owned, what may be held, and what was sold before.

    Args:
        household: Accounts, instruments, tax.
        target: Of accounts without one of their own.
        optimized: The same, where it is computed.
        lots: What is owned.
        has_sales: Whether there is a sales.csv.
    """
    held = {
        name: _held_by(account.target or target, optimized)
        for name, account in household.accounts.items()
    }
    yield from _unassigned(held, lots)
    for name, account in household.accounts.items():
        yield from _about_account(name, account, held[name], household.instruments)
    for group in household.tax.identical:
        yield from _lookalikes("tax.identical", sorted(group), household.instruments)
        if not any(symbol in household.instruments for symbol in group):
            yield Finding(
                "identical-unknown",
                "/".join(sorted(group)),
                "Nothing of this group of identical instruments is held or in a hold list. "
                "Correct the symbols, or drop the group.",
                "info",
            )
    if not has_sales and any(a.tax.taxes_gains for a in household.accounts.values()):
        yield Finding(
            "no-sales-file",
            "sales.csv",
            "There is no sales.csv, so earlier sales of this year, and wash sales by them, are "
            "invisible. List this year's sales and those of the 30 days before it, or write its "
            "header alone if there were none.",
            "info",
        )


def _about_account(
    name: str, account: Account, held: frozenset[str], known: Collection[str]
) -> Iterator[Finding]:
    """A menu that buys nothing, and symbols that may be slips of the finger."""
    if account.menu is not None and not held & set(account.menu):
        yield Finding(
            "menu-unused",
            name,
            f"Nothing on the menu of {name} is in a hold list of its target, so nothing will be "
            "bought there. Add a symbol of the menu to a hold list.",
        )
    for key, symbols in (
        ("menu", account.menu or ()),
        ("do_not_buy", sorted(account.do_not_buy)),
        ("do_not_sell", sorted(account.do_not_sell)),
    ):
        yield from _lookalikes(f"accounts.{name}.{key}", symbols, known)


def _unassigned(held: Mapping[str, frozenset[str]], lots: Sequence[Lot]) -> Iterator[Finding]:
    """What is owned and in no sleeve is left alone, which its owner should know."""
    everywhere = frozenset[str]().union(*held.values())
    where: dict[str, dict[str, None]] = {}
    for lot in lots:
        if lot.instrument not in held[lot.account]:
            where.setdefault(lot.instrument, {})[lot.account] = None
    for instrument, accounts in sorted(where.items()):
        twin = _lookalike(instrument, everywhere)
        meant = f" Did you mean {twin}?" if twin else ""
        yield Finding(
            "unassigned",
            instrument,
            f"{instrument} in {', '.join(accounts)} is in no hold list, so it is left alone and "
            f"counts in no sleeve.{meant} Add it to a sleeve's hold list, last if it is not to "
            "be bought.",
        )


def _lookalikes(key: str, symbols: Sequence[str], known: Collection[str]) -> Iterator[Finding]:
    """Symbols that nothing holds or lists, but that could be mistaken for one that is."""
    for symbol in symbols:
        if symbol in known or symbol == CASH:
            continue
        twin = _lookalike(symbol, known)
        if twin:
            yield Finding(
                "unknown-symbol",
                symbol,
                f"{key} names {symbol}, which nothing holds or lists. Did you mean {twin}?",
            )


def _held_by(target: Sleeve | None, optimized: Optimized | None) -> frozenset[str]:
    if target is None:
        return frozenset(optimized.hold) if optimized else frozenset()
    return frozenset(symbol for leaf in target.leaves() for symbol in leaf.hold)


def _lookalike(symbol: str, known: Collection[str]) -> str:
    """A known symbol that differs by what the eye passes over: case, O and 0, I and 1 and L."""
    skeleton = _skeleton(symbol)
    twins = sorted(other for other in known if other != symbol and _skeleton(other) == skeleton)
    return twins[0] if twins else ""


def _skeleton(symbol: str) -> str:
    plain = symbol.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "".join(char for char in plain if char.isalnum())
