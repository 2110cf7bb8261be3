"""Names that are probably mistyped: in price files, and in the hold lists of a target."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.portfolio_tables.notes import nearest
from trimtab.live.observed import ObservedBook
from trimtab.model.findings import Finding, Severity
from trimtab.model.found import target_key
from trimtab.model.instruments import Instrument


def misnamed_prices(book: ObservedBook, *, but: Collection[str] = ()) -> list[Finding]:
    """Prices under a name that nothing has, where an instrument with nearly that name has none.

    Args:
        book: The portfolio.
        but: Instruments whose own name is in doubt.
    """
    return [
        Finding(
            "unknown-symbol",
            name,
            f"{' and '.join(files)} has prices of {name}, which nothing holds or lists, and none "
            f"of {instrument}. Did you mean {instrument}? Correct the name there.",
        )
        for instrument, (name, files) in book.misnamed_prices().items()
        if instrument not in but
    ]


def misnamed_holds(
    book: ObservedBook, unpriced: Collection[Finding], owned: Collection[str]
) -> list[Finding]:
    """Names in hold lists that nobody owns and that have no price, and were probably mistyped.

    One near to a name that is known is told with that. One whose sleeve holds nothing else that
    anything knows is an error, near or not: no plan can reach such a target.

    Args:
        book: The portfolio.
        unpriced: What was found of instruments that have no price at all.
        owned: Instruments that are held.
    """
    known = book.portfolio.household.instruments
    doubtful = {
        one.subject: one
        for one in unpriced
        if one.subject in known
        and one.subject not in owned
        and known[one.subject].price_source == "market"
    }
    if not doubtful:
        return []
    priced = book.priced()
    strange = {id_ for id_ in doubtful if id_ not in priced and _has_no_table(known[id_])}
    others = {*priced, *owned}
    found: dict[str, Finding] = {}
    for key, hold in _hold_lists(book.portfolio):
        for symbol in hold:
            if symbol not in doubtful:
                continue
            severity: Severity = "error" if strange.issuperset(hold) else "warning"
            meant = nearest(symbol, sorted(others - {*hold}))
            if meant:
                message = (
                    f"{key} names {symbol}, which nobody owns and no price file has. Did you mean "
                    f"{meant}? Correct it there; or if it is right, add prices of {symbol}."
                )
                found.setdefault(symbol, Finding("unknown-symbol", symbol, message, severity))
            elif severity == "error":
                found.setdefault(symbol, replace(doubtful[symbol], severity=severity))
    return list(found.values())


def _has_no_table(instrument: Instrument) -> bool:
    """Whether portfolio.toml says nothing of an instrument but its name."""
    return instrument == Instrument(instrument.id, instrument.currency)


def _hold_lists(portfolio: Portfolio) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every hold list, with the key that it stands under."""
    for owner, target in portfolio.targets.items():
        tree = target.written if target.moving is None else target.moving.tree
        for leaf in tree.leaves() if tree is not None else ():
            yield f"{target_key(owner)}.{leaf.name}.hold", leaf.hold
