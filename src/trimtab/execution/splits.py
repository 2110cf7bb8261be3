"""Splits that the prices show and the record lacks, doubts or has otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from fractions import Fraction

from trimtab.ledger.folded import Folded
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Dividend, Market, Quote, Split, Step
from trimtab.model.numbers import Price


def splits_missing(folded: Folded, market: Market) -> tuple[Split, ...]:
    """Splits of what is held that the record lacks and that are not booked by themselves.

    Either its actions are booked beyond that day, or the instrument was traded on it or since:
    those trades are at the new count, and what was there before is not (docs/spec/ledger.md).
    """
    opened = folded.opened_on
    if opened is None or folded.actions_through is None:
        return ()
    booked = {known[:2] for known in folded.splits}
    held = {instrument for _, instrument in folded.positions}
    return tuple(
        split
        for split in market.splits
        if opened < split.on
        and split.instrument in held
        and (split.instrument, split.on) not in booked
        and (_is_past(folded, split) or moved_since(folded, split))
    )


def splits_doubted(
    folded: Folded, market: Market, *, opened: date | None = None
) -> tuple[Split, ...]:
    """Splits that the record lacks and that the prices of their days contradict.

    Nobody knows whether the split or the price is wrong, so none is booked until somebody says a
    word: the file is mended, a statement shows the new quantity, or a price is typed that is
    nearer to the split than to none. Later splits of the instrument wait with it.

    Args:
        folded: What is known.
        market: A snapshot whose steps were looked at; where none were, none is doubted.
        opened: The day of the opening statement while the record has none.
    """
    since = folded.opened_on or opened
    booked = {known[:2] for known in folded.splits}
    missing = splits_missing(folded, market)
    doubted: list[Split] = []
    for split in market.splits:
        step = market.looked.get(split.instrument)
        is_new = since is not None and since < split.on and split not in missing
        if step is None or not is_new or (split.instrument, split.on) in booked:
            continue
        if step.told == 1 or split.on <= step.before_on or _is_said(step, market, split.instrument):
            continue
        if split.on <= step.on or is_after(split, doubted):
            doubted.append(split)
    return tuple(doubted)


def _is_said(step: Step, market: Market, instrument: str) -> bool:
    """Whether somebody typed a price that is nearer to the splits told than to none."""
    quote = market.quotes.get(instrument)
    if quote is None or quote.price is None or not quote.confirmed:
        return False
    plain = Fraction(quote.price.decimal) / Fraction(step.before.decimal)
    split = plain * step.told_since
    return max(split, 1 / split) < max(plain, 1 / plain)


def is_after(action: Dividend | Split, splits: Collection[Split]) -> bool:
    """Whether something happened on or after a split of the same instrument."""
    return any(one.instrument == action.instrument and one.on <= action.on for one in splits)


def countable(folded: Folded, market: Market) -> tuple[Dividend, ...]:
    """The dividends of a count that is known: before any split that the record lacks."""
    waiting = (*splits_missing(folded, market), *splits_doubted(folded, market))
    return tuple(one for one in market.dividends if not is_after(one, waiting))


def at_old_counts(
    folded: Folded, market: Market, *, opened: date | None = None
) -> dict[str, Step | None]:
    """What was looked at, with the splits at each step that the record does not have."""
    waiting = (*splits_missing(folded, market), *splits_doubted(folded, market, opened=opened))
    looked = dict(market.looked)
    for split in waiting:
        step = looked.get(split.instrument)
        if step is not None and split.on > step.before_on:
            looked[split.instrument] = replace(step, unbooked=step.unbooked * split.ratio)
    return looked


def _is_past(folded: Folded, split: Split) -> bool:
    booked = folded.booked_through(split.instrument)
    return booked is not None and split.on <= booked


@dataclass(frozen=True, slots=True)
class WrongSplit:
    """A split as it is booked, and the one that the prices show on its day; None if they do not."""

    instrument: str
    on: date
    booked: Fraction
    seq: int
    shown: Fraction | None

    def finding(self) -> Finding:
        """What is wrong, and how to put it right."""
        told = "no split on that day" if self.shown is None else f"{_for(self.shown)} on that day"
        how = "--void" if self.shown is None else f"--ratio {_ratio_text(self.shown)}"
        message = (
            f"entry {self.seq} booked a split of {self.instrument} on {self.on}, "
            f"{_for(self.booked)}, and the price file shows {told}: until that is put right it is "
            f"not traded and its worth is wrong. If the file is right, "
            f"`trimtab ledger correct {self.seq} {how}`; else mend the file."
        )
        return Finding("split-differs", self.instrument, message, "error")


def _for(ratio: Fraction) -> str:
    return f"{ratio.numerator} for {ratio.denominator}"


def _ratio_text(ratio: Fraction) -> str:
    return f"{ratio.numerator}:{ratio.denominator}"


def splits_wrong(
    folded: Folded, market: Market, has_row: Callable[[str, date], bool]
) -> tuple[WrongSplit, ...]:
    """Booked splits of what is held that the prices show otherwise, or not at all.

    Args:
        folded: What is known.
        market: A snapshot.
        has_row: Whether the prices have a row of an instrument on a day: only then it says
            something that the row has no split.
    """
    shown: dict[tuple[str, date], Fraction] = {}
    for split in market.splits:
        key = (split.instrument, split.on)
        shown[key] = shown.get(key, Fraction(1)) * split.ratio
    held = {instrument for _, instrument in folded.positions}
    found = []
    for instrument, on, new, old, seq in folded.splits:
        if instrument not in held or on > market.as_of:
            continue
        there, booked = shown.get((instrument, on)), Fraction(new, old)
        if there != booked and (there is not None or has_row(instrument, on)):
            found.append(WrongSplit(instrument, on, booked, seq, there))
    return tuple(found)


def moved_since(folded: Folded, split: Split) -> tuple[int, ...]:
    """The entries that traded or moved an instrument on the day of its split or later."""
    fills = (
        fill.seq
        for fill in folded.fills.values()
        if fill.instrument == split.instrument and not fill.voided and fill.fill.on >= split.on
    )
    transfers = (
        seq
        for seq, name, on in folded.transfers
        if name == split.instrument and seq not in folded.voided and on >= split.on
    )
    return tuple(sorted({*fills, *transfers}))


def at_old_count(quote: Quote, split: Split) -> Quote:
    """No price for an instrument whose split is missing: what is held is counted as before it."""
    raw = f"at the new count of the split of {split.on}, which is not booked"
    if quote.price is None:
        return quote
    if quote.previous is not None and quote.previous_on and quote.previous_on < split.on:
        return replace(
            quote, price=None, split_since_previous=Fraction(1), raw=raw, confirmed=False
        )
    exponent = quote.price.exponent - 6
    exact = Fraction(quote.price.decimal) * split.ratio / Fraction(10) ** exponent
    before = Price(max(round(exact), 1), exponent)
    return Quote(None, quote.on, before, quote.on, Fraction(1), raw)


def told_missing(folded: Folded, split: Split) -> str:
    """What a missing split is, and what to do."""
    said = (
        f"the prices show a split of {split.instrument} on {split.on} ({split.ratio} for 1), and "
        "the record does not have it; until it has, it is not traded"
    )
    moved = moved_since(folded, split)
    if moved:
        entries = ", ".join(str(seq) for seq in moved)
        return (
            f"{said}. It was traded or moved on that day or since (entry {entries}): take that "
            f"back with `trimtab ledger correct {moved[-1]} --void`, the newest first, book the "
            "split by `trimtab import` of a statement with the new quantity, then book the trades "
            "again with `trimtab ledger correct ENTRY --again`."
        )
    return (
        f"{said}. `trimtab import` of a statement with the new quantity books the split, after "
        "asking."
    )
