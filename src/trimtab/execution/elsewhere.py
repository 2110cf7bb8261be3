"""Trades that no plan asked for: booked as they were, the lots by the account's relief."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from trimtab.execution.doubts import Markets, price_of
from trimtab.execution.manual import (
    FAR,
    HandTrade,
    fees_doubt,
    outside_fill,
    overdrawn,
    without_session,
)
from trimtab.execution.orders import relief, reserved
from trimtab.ledger.chain import Draft, sealed
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded
from trimtab.model.accounts import Account, Lot
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.household import Household
from trimtab.model.numbers import StepPrice
from trimtab.model.orders import Fill
from trimtab.model.sessions import Calendar
from trimtab.model.settlement import settles_on
from trimtab.taxes.relief import relief_order, taxed_lot


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Trades outside any plan: what is booked of them, and what is to be told."""

    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]


def elsewhere(
    folded: Folded,
    trades: Sequence[HandTrade],
    *,
    household: Household,
    calendar: Calendar,
    markets: Markets,
    by_hand: Callable[[str], bool],
    at: str,
    as_it_was: bool = False,
) -> Elsewhere:
    """Entries for trades that were made outside any plan; all of them, or none.

    Args:
        folded: What is known, brought up to the newest prices.
        trades: What a person says they traded; sales name a lot, or take them as the account does.
        household: Its accounts and tax.
        calendar: Its sessions.
        markets: What the price files say on a day.
        by_hand: Whether an account is traded by hand.
        at: The instant of the entries.
        as_it_was: They insist on figures that look like slips.

    Raises:
        RefusedError: With the place of each line that cannot be booked, and why.
    """
    ordered = sorted(trades, key=lambda one: (one.on, one.side == "buy"))
    fresh: list[HandTrade] = []
    findings: list[Finding] = []
    wrong: list[str] = []
    doubts: list[str] = []
    seen: dict[str, HandTrade] = {}
    for trade in ordered:
        name = f"{trade.place}: {trade.side} {trade.instrument} in {trade.account}"
        fill = trade.fill_id("")
        if fill in seen:
            wrong.append(
                f"{name} is the same as {seen[fill].place}; if both happened, give each its `id` "
                "from the broker"
            )
        seen[fill] = trade
        if (trade.account, fill) in folded.fills:
            message = f"{name} was recorded before; if it is another one, give it its `id`"
            findings.append(Finding("fill-repeated", fill, message, "info"))
            continue
        fresh.append(trade)
        wrong += [f"{name} {why}" for why in _wrong(folded, trade, by_hand)]
        doubts += [f"{name} {why}" for why in _doubts(folded, trade, markets)]
    doubts += overdrawn(folded, fresh)
    drafts: list[Draft] = []
    known = folded
    for trade in fresh if not wrong else ():
        draft = _draft(known, trade, household, calendar, at)
        if draft is None:
            name = f"{trade.place}: {trade.side} {trade.instrument} in {trade.account}"
            wrong.append(f"{name}: more would be sold than is there")
            continue
        known = fold(sealed([draft], known.head), known)
        drafts.append(draft)
    findings += without_session(calendar, fresh)
    if as_it_was:
        findings += [Finding("odd-trade", "", doubt) for doubt in doubts]
        doubts = []
    elif doubts:
        doubts.append("If it was so all the same, say so")
    if wrong or doubts:
        lines = "\n".join(f"  {line}" for line in (*wrong, *doubts))
        raise RefusedError(f"nothing was recorded:\n{lines}", remedy="as_it_was" if doubts else "")
    return Elsewhere(tuple(drafts), tuple(findings))


def _wrong(folded: Folded, trade: HandTrade, by_hand: Callable[[str], bool]) -> Iterator[str]:
    if not by_hand(trade.account):
        yield "is in an account that is not traded by hand: its broker reports what was traded"
    if folded.opened_on is not None and trade.on <= folded.opened_on:
        yield f"is of {trade.on}, and the opening of {folded.opened_on} has it already"
    for instrument, on, new, old, seq in folded.splits:
        if instrument == trade.instrument and trade.on < on:
            yield (
                f"is of {trade.on}, before the split of {on} ({new} for {old}, entry {seq}): "
                "import a statement instead"
            )
    lot = folded.lots.get(trade.lot)
    if trade.lot and trade.side == "buy":
        yield "names a lot; a purchase makes one of its own"
    elif trade.lot and (
        lot is None or (lot.account, lot.instrument) != (trade.account, trade.instrument)
    ):
        yield f"names lot {trade.lot}, which is not there"
    elif lot is not None and lot.quantity < trade.quantity:
        yield f"is more than there is of lot {trade.lot}: write a line for each lot"


def _doubts(folded: Folded, trade: HandTrade, markets: Markets) -> Iterator[str]:
    market = price_of(markets(trade.on), trade.instrument, trade.on)
    if market is not None:
        away = Fraction(trade.price.decimal) / Fraction(market.decimal) - 1
        if abs(away) > FAR:
            yield f"is at {trade.price}, {float(abs(away)):.0%} from the price of then, {market}"
    gross = StepPrice.of(trade.price, folded.steps[trade.instrument]).value(trade.quantity)
    yield from fees_doubt(trade.fees, gross, 0)
    facts = (trade.account, trade.instrument, trade.side, trade.quantity, trade.on)
    for record in folded.fills.values():
        fill = record.fill
        known = (record.account, record.instrument, record.side, fill.quantity, fill.on)
        if known == facts and fill.price.decimal == trade.price.decimal and not record.voided:
            yield f"looks like the trade that entry {record.seq} has already"


def _draft(
    known: Folded, trade: HandTrade, household: Household, calendar: Calendar, at: str
) -> Draft | None:
    """The entry of a trade; None where more would be sold than is there."""
    worth = StepPrice.of(trade.price, known.steps[trade.instrument])
    fill = Fill(
        id=trade.fill_id(""),
        order="",
        quantity=trade.quantity,
        price=trade.price,
        gross=worth.value(trade.quantity),
        fees=trade.fees,
        on=trade.on,
        settles=settles_on(calendar, trade.on),
    )
    is_sale = trade.side == "sell"
    parts = (
        relief(known, trade.account, trade.instrument, trade.quantity,
               _named(known, trade, household, worth))
        if is_sale
        else ()
    )  # fmt: skip
    if parts is None:
        return None
    return outside_fill(known, trade, fill, parts, at=at)


def _named(
    known: Folded, trade: HandTrade, household: Household, price: StepPrice
) -> list[tuple[str, int]]:
    """The lots in the order in which a sale takes them, without what open orders will take."""
    if trade.lot:
        return [(trade.lot, trade.quantity)]
    account: Account = household.accounts[trade.account]
    held: list[Lot] = [
        lot
        for lot in known.lots.values()
        if (lot.account, lot.instrument) == (trade.account, trade.instrument)
    ]
    taxed = [
        taxed_lot(lot, account=account, tax=household.tax, price=price, on=trade.on) for lot in held
    ]
    kept: Mapping[str, int] = reserved(known)
    return [
        (one.lot.id, max(one.lot.quantity - kept.get(one.lot.id, 0), 0))
        for one in relief_order(taxed, account)
    ]
