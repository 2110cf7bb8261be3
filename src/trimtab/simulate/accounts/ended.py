"""Instruments whose prices end, in account mode: paid out in cash, and no part of the target more.

Nothing is guessed: only who runs a backtest knows what became of them. Until their last price they
are like any other, and no decision knows that the end is near.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from trimtab.engine.decide import plan_hash
from trimtab.engine.mandate import Mandate
from trimtab.ledger import events
from trimtab.ledger.chain import Draft
from trimtab.model.accounts import Lot
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.orders import Fill
from trimtab.model.plan import Plan, Trade
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.accounts.tape import Tape
from trimtab.taxes.relief import relieved, taxed_lot

NOTHING_PAID = Price(1, -12)
"""What stands for a payment of nothing: the record knows no price of zero, and rounds this to 0."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of an instrument's prices on a tape.

    Args:
        instrument: Its id.
        last: The day of its last price; None where it has none.
        place: The first session without one, at which it is paid out.
        price: What a unit is paid out at; None for nothing to pay, where no price is known.
    """

    instrument: str
    last: date | None
    place: int
    price: Price | None


def ends_of(tape: Tape, delisted: Mapping[str, Decimal | None]) -> tuple[End, ...]:
    """When each instrument that was named ends on a tape; those with a price to its end do not.

    Args:
        tape: The sessions.
        delisted: What a unit is paid out at; None for its last price.
    """
    found = []
    for id_, paid in delisted.items():
        if id_ not in tape.names:
            found.append(End(id_, None, 0, None))
            continue
        at = int(tape.latest[-1, tape.names.index(id_)])
        quote = tape.market(at).quotes[id_] if at >= 0 else None
        if quote is None or quote.on < tape.days[at]:
            # Its prices ended before the run began.
            found.append(End(id_, None if quote is None else quote.on, 0, None))
        elif at + 1 < len(tape):
            price = quote.price if paid is None else Price.of(paid) if paid else NOTHING_PAID
            found.append(End(id_, quote.on, at + 1, price))
    return tuple(found)


def without(root: Sleeve, gone: Collection[str]) -> Sleeve:
    """A target without what is gone: a sleeve goes on by what else may fill it.

    What nothing can fill any more is spread over all other sleeves in proportion; where nothing is
    left, all is cash.

    >>> tree = Sleeve("", Fraction(1), children=(
    ...     Sleeve("a", Fraction(1, 2), ("OLD", "NEW")), Sleeve("b", Fraction(1, 2), ("B",))))
    >>> [leaf.hold for leaf in without(tree, {"OLD"}).leaves()]
    [('NEW',), ('B',)]
    >>> [(leaf.name, leaf.weight) for leaf in without(tree, {"B"}).leaves()]
    [('a', Fraction(1, 1))]
    """
    if not any(id_ in gone for leaf in root.leaves() for id_ in leaf.hold):
        return root
    left = _left(root, gone)
    if left is None or not (whole := sum(leaf.weight for leaf in left.leaves())):
        return Sleeve(root.name, root.weight, children=(Sleeve("cash", root.weight, (CASH,)),))
    return _scaled(left, root.weight / whole)


def _left(sleeve: Sleeve, gone: Collection[str]) -> Sleeve | None:
    if sleeve.is_leaf:
        hold = tuple(id_ for id_ in sleeve.hold if id_ not in gone)
        return replace(sleeve, hold=hold) if hold else None
    children = tuple(one for one in (_left(child, gone) for child in sleeve.children) if one)
    return replace(sleeve, children=children) if children else None


def _scaled(sleeve: Sleeve, by: Fraction) -> Sleeve:
    if sleeve.is_leaf:
        return replace(sleeve, weight=sleeve.weight * by)
    children = tuple(_scaled(child, by) for child in sleeve.children)
    return replace(sleeve, weight=sum((c.weight for c in children), Fraction(0)), children=children)


def mandate_without(mandate: Mandate, gone: Collection[str]) -> Mandate:
    """A mandate whose targets have nothing that is gone; the very same where they had nothing."""
    if not gone:
        return mandate
    accounts = {
        name: replace(own, target=without(own.target, gone)) if own.target else own
        for name, own in mandate.household.accounts.items()
    }
    target = without(mandate.target, gone) if mandate.target else None
    household = mandate.household
    if accounts != household.accounts:
        household = replace(household, accounts=accounts)
    return replace(mandate, target=target, household=household)


def paid_out(
    empty: Plan,
    end: End,
    lots: Sequence[Lot],
    *,
    mandate: Mandate,
    sleeve: str,
    on: date,
    at: str,
) -> tuple[Plan, list[Draft]]:
    """Every lot of an instrument turned into cash: no order and no cost, but taxed as a sale.

    Args:
        empty: A plan of the same day and state that trades nothing.
        end: What ended.
        lots: Its open lots.
        mandate: The household.
        sleeve: The leaf that it served.
        on: The session.
        at: The instant of the entries.

    Returns:
        The plan that says so, and what is to be written into the record.
    """
    household = mandate.household
    assert end.price is not None, "what is held had a price"
    step = household.instruments[end.instrument].step
    price = StepPrice.of(end.price, step)
    trades, drafts = [], []
    for account, own in _by_account(lots):
        profile = household.accounts[account]
        taxed = [taxed_lot(lot, account=profile, tax=household.tax, price=price, on=on)
                 for lot in own]  # fmt: skip
        steps = sum(lot.quantity for lot in own)
        sales, value = relieved(taxed, steps, price), price.value(steps)
        fill = Fill(f"ended-{end.instrument}", "", steps, end.price, value, 0, on, on)
        parts = [events.relieved_part(lot, lot.quantity) for lot in own]
        drafts.append(
            events.filled(
                fill, account=account, instrument=end.instrument, side="sell", relieved=parts, at=at
            )
        )
        trades.append(
            Trade(
                account=account,
                instrument=end.instrument,
                side="sell",
                quantity=steps,
                step=step,
                amount=None,
                price=end.price,
                value=value,
                cost=0,
                tax=sum(sale.tax for sale in sales),
                lots=sales,
                sleeve=sleeve,
                reason="paid-out",
                why=f"its prices ended on {end.last}: paid out in cash",
            )
        )
    draft = replace(
        empty, id="", trades=tuple(trades), cost=0, tax=sum(trade.tax for trade in trades),
        periods={}, adopted={},
    )  # fmt: skip
    return replace(draft, id=f"{on.isoformat()}-{plan_hash(draft)[:6]}"), drafts


def _by_account(lots: Sequence[Lot]) -> Iterator[tuple[str, list[Lot]]]:
    for account in sorted({lot.account for lot in lots}):
        yield account, [lot for lot in lots if lot.account == account]


def ended_said(end: End, on: date, roots: Sequence[Sleeve], *, is_held: bool) -> Finding:
    """What became of an instrument whose prices ended.

    Args:
        end: The end.
        on: The session from which it is no part of the target.
        roots: The targets, with what is gone.
        is_held: Whether something of it was paid out.
    """
    others = [
        id_
        for root in roots
        for leaf in root.leaves()
        if end.instrument in leaf.hold
        for id_ in leaf.hold
        if id_ != end.instrument
    ]
    onward = "its target is spread over the others"
    if others:
        onward = f"its sleeve goes on by {', '.join(dict.fromkeys(others))}"
    paid = "was not held any more"
    if is_held:
        price = "nothing" if end.price == NOTHING_PAID else f"{end.price} a unit"
        paid = f"turned into cash on {on} at {price}"
    ended = f"prices end on {end.last}" if end.last else "no price"
    message = f"{end.instrument}: {ended}: {paid}, and {onward}."
    return Finding("delisted", end.instrument, message, "warning", on)
