"""What looks like a slip of the keyboard: figures far from the market, or from what was recorded.

The price of a trade is doubted a fifth away from that of its day, as where it is recorded. For
costs the measures are those of docs/decisions/0008: three times what it was worth, or a third. A
quantity has no market to be measured by: ten times what was there is what a decimal point makes
that slipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from trimtab.engine.jumps import doubtful
from trimtab.execution.corrections import Correction
from trimtab.execution.manual import FAR
from trimtab.execution.reconcile import Mismatch
from trimtab.ledger.folded import FillRecord
from trimtab.model.accounts import Lot
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.market import JUMP, Market, Quote, Step
from trimtab.model.numbers import Price, money_text

TENFOLD: Final = 10

KEPT_DAYS: Final = 10
"""A price this many days older than what it is to be measured by measures it still."""

FAR_FROM_MARKET: Final = "far-from-market"
"""The code of what is refused until somebody insists."""


Markets: TypeAlias = Callable[[date], Market]
"""What the price files say on a day."""


def doubts_of_correction(found: Correction, markets: Markets) -> Iterator[Finding]:
    """Figures of a correction that may be slips: prices and costs against the market of their day,
    quantities against what was recorded.
    """
    known = {record.fill for record in found.before.fills.values()}
    for record in found.after.fills.values():
        if record.fill not in known:
            yield from _of_fill(found, record, markets)
    for name, lot in found.after.lots.items():
        if name not in found.before.lots:
            yield from _of_lot(found, lot, markets)


def _of_fill(found: Correction, record: FillRecord, markets: Markets) -> Iterator[Finding]:
    fill = record.fill
    old = next((f.fill for f in found.before.fills.values() if f.seq == found.of.seq), None)
    where = f"{record.side} {record.instrument} in {record.account}"
    market = price_of(markets(fill.on), record.instrument, fill.on)
    is_same = old is not None and old.price == fill.price and old.on == fill.on
    if market is not None and not is_same:
        times = Fraction(fill.price.decimal) / Fraction(market.decimal)
        if abs(times - 1) > FAR:
            away = f"{float(abs(times - 1)):.0%} from"
            how = _times(times) if _is_far(times, JUMP) else away
            yield Finding(
                FAR_FROM_MARKET,
                record.instrument,
                f"{where}: {fill.price} is {how} the price of {fill.on}, {market}",
            )
    if old is not None and _is_far(Fraction(fill.quantity, old.quantity), TENFOLD):
        times = Fraction(fill.quantity, old.quantity)
        yield Finding(
            "quantity-tenfold",
            record.instrument,
            f"{where}: the quantity is {_times(times)} the one that was recorded; look whether the "
            "decimal point stands where it belongs",
        )


def _of_lot(found: Correction, lot: Lot, markets: Markets) -> Iterator[Finding]:
    """A lot that a statement brought, with its facts put right."""
    if found.of.kind not in ("transferred", "opened"):
        return
    old = [
        one for name, one in found.before.lots.items()
        if name not in found.after.lots and one.instrument == lot.instrument
    ]  # fmt: skip
    if lot.basis is not None and isinstance(lot.acquired, date) and lot.basis != _basis(old):
        now = markets(date.fromisoformat(str(found.of.body["on"])))
        market = price_of(markets(lot.acquired), lot.instrument, lot.acquired)
        step = found.after.steps[lot.instrument]
        if market is not None and lot.basis:
            paid = Fraction(lot.basis, 100) / (lot.quantity * Fraction(step))
            since = _split_since(now, lot.instrument, lot.acquired)
            times = paid * since / Fraction(market.decimal)
            if _is_far(times, JUMP):
                yield Finding(
                    FAR_FROM_MARKET,
                    lot.instrument,
                    f"a basis of {money_text(lot.basis)} for {lot.instrument} in {lot.account} is "
                    f"{_times(times)} what it was worth on {lot.acquired}, at {market}",
                )
    if len(old) == 1 and _is_far(Fraction(lot.quantity, old[0].quantity), TENFOLD):
        times = Fraction(lot.quantity, old[0].quantity)
        yield Finding(
            "quantity-tenfold",
            lot.instrument,
            f"the quantity of {lot.instrument} in {lot.account} is {_times(times)} the one that "
            "was recorded; look whether the decimal point stands where it belongs",
        )


def doubts_of_opening(
    lots: Sequence[Lot], steps: Mapping[str, Decimal], markets: Markets, on: date
) -> Iterator[Finding]:
    """Lots whose basis looks like the price of one unit: a tenth, or less, of what one is worth,
    and in all about as much as one. What the price of its day bears out is no slip.
    """
    market = markets(on)
    each: dict[str, list[tuple[str, Fraction]]] = {}
    for lot in lots:
        if lot.basis and lot.instrument in steps:
            units = lot.quantity * Fraction(steps[lot.instrument])
            each.setdefault(lot.instrument, []).append((lot.id, Fraction(lot.basis, 100) / units))
    for lot in lots:
        if not lot.basis or lot.instrument not in steps:
            continue
        units, total = lot.quantity * Fraction(steps[lot.instrument]), Fraction(lot.basis, 100)
        prices = [one for name, one in each[lot.instrument] if name != lot.id]
        quote, looked = market.quotes.get(lot.instrument), market.looked.get(lot.instrument)
        if quote is not None and quote.price is not None and not _is_doubted(quote, looked):
            prices.append(Fraction(quote.price.decimal))
        if any(units * one >= TENFOLD * total and not _is_far(total / one, JUMP) for one in prices):
            if isinstance(lot.acquired, date):
                then = price_of(markets(lot.acquired), lot.instrument, lot.acquired)
                since = _split_since(market, lot.instrument, lot.acquired)
                paid = total / units * since
                if then is not None and not _is_far(paid / Fraction(then.decimal), JUMP):
                    continue
            yield Finding(
                "basis-of-one-unit",
                lot.id,
                f"lots.csv: a basis of {money_text(lot.basis)} for {lot.instrument} in "
                f"{lot.account} ({lot.id}) looks like the price of one unit: the basis is what "
                "all of the lot cost. Look before the record begins from it",
            )


def _is_doubted(quote: Quote, step: Step | None) -> bool:
    """Whether nobody believes a price: then it says nothing of what is beside it."""
    if quote.confirmed or quote.price is None or quote.previous is None:
        return False
    if step is not None:
        return True
    ratio = Fraction(quote.price.decimal) / Fraction(quote.previous.decimal)
    told = quote.split_since_previous
    return doubtful(ratio * told, told=told)


def _basis(lots: Sequence[Lot]) -> int | None:
    return lots[0].basis if len(lots) == 1 else None


def doubts_of_statement(mismatches: Sequence[Mismatch]) -> list[Finding]:
    """Positions that a statement has ten times, or a tenth of, what is recorded; cash to the cent.

    Cash comes and goes, so that only the very digits of what was recorded look like a slip.
    """
    found = []
    for one in mismatches:
        if not one.recorded or not one.stated:
            continue
        times = Fraction(one.stated) / Fraction(one.recorded)
        is_slip = _is_power(times) if one.instrument == CASH else _is_far(times, TENFOLD)
        if is_slip:
            what = "cash" if one.instrument == CASH else one.instrument
            found.append(
                Finding(
                    "quantity-tenfold",
                    f"{one.account}/{one.instrument}",
                    f"the statement has {_times(times)} the {what} that is recorded in "
                    f"{one.account} ({one.stated} against {one.recorded}): look whether `decimal` "
                    "in import-map.toml is right, and whether the column is",
                )
            )
    return found


def _is_far(times: Fraction, limit: int) -> bool:
    return times >= limit or times * limit <= 1


def _is_power(times: Fraction) -> bool:
    """Whether it is 10, 100, ... or a tenth, a hundredth, ..."""
    larger = str(max(times, 1 / times))
    return len(larger) > 1 and larger.rstrip("0") == "1"


def _times(times: Fraction) -> str:
    """How many times as much, in a word a person reads at once."""
    if times >= 1:
        return f"{_short(times)} times"
    return f"1/{_short(1 / times)} of"


def _short(value: Fraction) -> str:
    tenths = round(value * 10)
    return str(tenths // 10) if tenths % 10 == 0 or value >= TENFOLD else f"{Decimal(tenths) / 10}"


def price_of(market: Market, instrument: str, day: date) -> Price | None:
    """The price of a day or of shortly before it; None where no file knows it."""
    quote = market.quotes.get(instrument)
    if quote is None or quote.price is None or (day - quote.on).days > KEPT_DAYS:
        return None
    return quote.price


def _split_since(market: Market, instrument: str, day: date) -> Fraction:
    """New units for one of that day."""
    ratio = Fraction(1)
    for split in market.splits:
        if split.instrument == instrument and split.on > day:
            ratio *= split.ratio
    return ratio
