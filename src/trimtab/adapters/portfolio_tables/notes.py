"""What is valid and still worth a look: how the files of a portfolio folder fit together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from trimtab.model.accounts import Account
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.household import Household
from trimtab.model.instruments import table_name
from trimtab.model.numbers import money_text
from trimtab.model.sleeves import Sleeve
from trimtab.taxes.countries import rules_taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.model.policy import When


def notes(
    household: Household,
    held: Mapping[str, frozenset[str]],
    strangers: Sequence[Stranger],
    *,
    off_menu: Mapping[str, str],
    off_identical: Mapping[str, str],
    unused: Sequence[tuple[str, str]],
    has_sales: bool,
) -> Iterator[Finding]:
    """Findings about what is owned, what may be held, and what was sold before.

    Args:
        household: Accounts, instruments, tax.
        held: By account, all that its target may hold.
        strangers: Symbols of lots.csv and sales.csv that nothing else knows.
        off_menu: Symbols of menus that nothing else knows, each with the nearest that is known.
        off_identical: The same of the groups of identical instruments.
        unused: Instruments that only their own table names, each with the nearest that is used.
        has_sales: Whether there is a sales.csv.
    """
    yield from map(_strange, strangers)
    for name, account in household.accounts.items():
        yield from _about_account(name, account, held[name], off_menu)
    yield from (_idle(symbol, meant) for symbol, meant in unused)
    for group in household.tax.identical:
        yield from _misspelt("tax.identical", sorted(group), off_identical)
        if not any(symbol in household.instruments for symbol in group):
            yield Finding(
                "identical-unknown",
                "/".join(sorted(group)),
                "Nothing of this group of identical instruments is held or in a hold list. "
                "Correct the symbols, or drop the group.",
                "info",
            )
    tax = household.tax
    if tax.carryforward_short or tax.carryforward_long:
        losses = money_text(tax.carryforward_short + tax.carryforward_long)
        yield Finding(
            "carryforward-unused",
            "tax",
            f"[tax] carries losses of {losses} into this year: they reduce no tax in a plan yet.",
            "info",
        )
    is_taxed = any(account.tax.taxes_gains for account in household.accounts.values())
    if is_taxed and (foreign := rules_taken(tax.country)):
        yield Finding(
            "tax-rules",
            "tax.country",
            f"{foreign} Where its law names the lots that are sold, set relief in [accounts.NAME]; "
            "where it knows no long-term gains, set long_percent as short_percent.",
        )
    if not has_sales and is_taxed:
        yield Finding(
            "no-sales-file",
            "sales.csv",
            "There is no sales.csv, so earlier sales of this year, and wash sales by them, are "
            "invisible. List this year's sales and those of the 30 days before it, or write its "
            "header alone if there were none.",
            "info",
        )


def bands_of_nothing(when: When, trees: Sequence[Sleeve | None]) -> Iterator[Finding]:
    """Sleeves with a target of zero, of which a relative band is nothing: what acts there.

    Args:
        when: When the policy acts.
        trees: The targets; None where there is none, or it moves.
    """
    if when.band_relative is None:
        return
    zero = {
        leaf.name
        for tree in trees
        if tree is not None
        for leaf in tree.leaves()
        if leaf.weight == 0
    }
    for name in sorted(zero):
        share = f"{float(when.band_relative * 100):g}%"
        message = f"{name} has a target of 0%, of which a relative band of {share} is nothing: "
        if when.band_absolute is not None:
            width = f"{float(when.band_absolute * 100):g}pp"
            message += f"the absolute one of {width} alone acts there."
            yield Finding("band-of-zero", name, message, "info")
        else:
            message += (
                "no band acts there, and what is held of it sets off no trade. Add an absolute "
                f"width, as band:5pp/{share}."
            )
            yield Finding("band-of-zero", name, message)


def _about_account(
    name: str, account: Account, held: frozenset[str], off_menu: Mapping[str, str]
) -> Iterator[Finding]:
    """A menu that buys nothing, and symbols that may be slips of the finger."""
    if account.menu is not None and not held & set(account.menu):
        yield Finding(
            "menu-unused",
            name,
            f"Nothing on the menu of {name} is in a hold list of its target, so nothing will be "
            "bought there. Add a symbol of the menu to a hold list.",
        )
    # A plan's menu names more funds than a target does; those near to one may be slips.
    for symbol in account.menu or ():
        if meant := off_menu.get(symbol, ""):
            yield Finding(
                "unknown-symbol",
                symbol,
                f"accounts.{name}.menu names {symbol}, which nothing holds, lists or prices. "
                f"Did you mean {meant}?",
            )
    others = [symbol for symbol in account.menu or () if off_menu.get(symbol) == ""]
    if others:
        yield Finding(
            "menu-unknown",
            name,
            f"The menu of {name} names {', '.join(others[:10])}"
            f"{', ...' if len(others) > 10 else ''}, which nothing holds, lists or prices: it "
            "will not be bought.",
            "info",
        )


def _idle(symbol: str, meant: str) -> Finding:
    """A table of an instrument that nothing else names has no effect."""
    near = f" Did you mean {meant}?" if meant else ""
    return Finding(
        "instrument-unused",
        symbol,
        f"{table_name(symbol)} has no effect: nothing owns, holds or prices {symbol}.{near} "
        "Correct the name, or remove the table.",
        "warning" if meant else "info",
    )


@dataclass(frozen=True, slots=True)
class Stranger:
    """A symbol of a row that no hold list, no [instruments] table and no price file has.

    Args:
        symbol: As it is written.
        where: File and line of the first row that names it.
        meant: The nearest symbol that is known; empty where none is near.
    """

    symbol: str
    where: str
    meant: str


def _strange(stranger: Stranger) -> Finding:
    """What is owned or was sold under a name that nothing else knows is most often mistyped."""
    meant = f" Did you mean {stranger.meant}?" if stranger.meant else ""
    return Finding(
        "unknown-symbol",
        stranger.symbol,
        f"{stranger.where} names {stranger.symbol}, which no hold list, no [instruments] table "
        f"and no price file has.{meant} Correct the row, or add prices of it.",
    )


def nearest(symbol: str, known: Sequence[str]) -> str:
    """The known symbol that was probably meant; empty where none is near."""
    from difflib import get_close_matches

    twin = _lookalike(symbol, known)
    if twin:
        return twin
    upper = {other.upper(): other for other in reversed(known)}
    close = get_close_matches(symbol.upper(), upper, n=1, cutoff=0.6)
    return upper[close[0]] if close else ""


def _misspelt(key: str, symbols: Sequence[str], near: Mapping[str, str]) -> Iterator[Finding]:
    """Symbols that nothing knows, near to one that is known and that does not stand beside them."""
    for symbol in symbols:
        twin = near.get(symbol)
        if twin and twin not in symbols:
            yield Finding(
                "unknown-symbol",
                symbol,
                f"{key} names {symbol}, which nothing holds, lists or prices. Did you mean {twin}?",
            )


def _lookalike(symbol: str, known: Collection[str]) -> str:
    """A known symbol that differs by what the eye passes over: case, O and 0, I and 1 and L."""
    skeleton = _skeleton(symbol)
    twins = sorted(other for other in known if other != symbol and _skeleton(other) == skeleton)
    return twins[0] if twins else ""


def _skeleton(symbol: str) -> str:
    plain = symbol.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "".join(char for char in plain if char.isalnum())
