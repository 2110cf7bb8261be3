"""Dividends as they are booked, beside what the prices say of their days now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction

from trimtab.execution.dividends import AGAIN, worth_of
from trimtab.execution.held_before import held_before, moves
from trimtab.ledger.chain import Entry
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Market
from trimtab.model.numbers import decimal_from, minor_from, money_text


@dataclass(frozen=True, slots=True)
class WrongDividend:
    """A dividend as it is booked, and what the prices make of it.

    Args:
        account: Who got it.
        instrument: What paid.
        on: The ex-date.
        seq: The entry that booked it.
        booked: Minor units, before what was withheld.
        unit: What the prices say that a unit is paid; None where they tell of no dividend.
        shown: Minor units that it comes to for what was held.
    """

    account: str
    instrument: str
    on: date
    seq: int
    booked: int
    unit: Fraction | None
    shown: int

    def finding(self) -> Finding:
        """What is wrong, and how to put it right."""
        told = "no dividend on that day"
        if self.unit is not None:
            told = f"{_plain(self.unit)} a unit, which comes to {money_text(self.shown)}"
        how = f"--amount {money_text(self.shown)}" if self.shown > 0 else "--void"
        message = (
            f"entry {self.seq} booked {money_text(self.booked)} as the dividend of "
            f"{self.instrument} on {self.on} in {self.account}, and the price file shows {told}: "
            f"the cash of {self.account} is wrong by the difference, or the file is. If the file "
            f"is right, `trimtab ledger correct {self.seq} {how} --reason TEXT`; else mend the "
            "file."
        )
        return Finding("dividend-differs", f"{self.account}/{self.instrument}", message)


def dividends_wrong(
    entries: Sequence[Entry], market: Market, has_row: Callable[[str, date], bool]
) -> tuple[WrongDividend, ...]:
    """Dividends that were booked by the prices of their day and that the prices now show otherwise.

    What was corrected since stands as somebody said it, and is not asked about again.

    Args:
        entries: The record.
        market: A snapshot.
        has_row: Whether the prices have a row of an instrument on a day: only then it says
            something that the row has no dividend, or another.
    """
    said = {entry.body["of"] for entry in entries if entry.kind == "corrected"}
    shown: dict[tuple[str, date], Fraction] = {}
    for one in market.dividends:
        key = (one.instrument, one.on)
        shown[key] = shown.get(key, Fraction(0)) + Fraction(one.amount.decimal)
    asked: list[tuple[Entry, date]] = []
    refs: set[tuple[str, str]] = set()
    for entry in entries:
        on = _ex_date(entry)
        if on is None or entry.seq in said or on > market.as_of:
            continue
        booking = (str(entry.body["account"]), str(entry.body["ref"]))
        if booking in refs:
            continue  # the same once more: it changed nothing
        refs.add(booking)
        instrument = str(entry.body["instrument"])
        if (instrument, on) in shown or has_row(instrument, on):
            asked.append((entry, on))
    moved = moves(entries) if asked else {}
    found: list[WrongDividend] = []
    for entry, on in asked:
        account, instrument = str(entry.body["account"]), str(entry.body["instrument"])
        unit = shown.get((instrument, on))
        worth = worth_of(held_before(moved, account, instrument, on), unit or Fraction(0))
        booked = minor_from(decimal_from(str(entry.body["amount"])))
        if worth != booked:
            found.append(WrongDividend(account, instrument, on, entry.seq, booked, unit, worth))
    return tuple(found)


def _ex_date(entry: Entry) -> date | None:
    """The ex-date of a dividend that was booked by the prices; None of anything else."""
    if entry.kind != "dividend_paid":
        return None
    start = f"dividend-{entry.body['instrument']}-"
    ref = str(entry.body.get("ref") or "")
    try:
        told = ref.removeprefix(start)
        while told.endswith(AGAIN):
            told = told.removesuffix(AGAIN)
        return date.fromisoformat(told) if ref.startswith(start) else None
    except ValueError:
        return None


def _plain(unit: Fraction) -> str:
    """An amount a unit as a price file writes it."""
    digits = 0
    while (unit * 10**digits).denominator != 1:
        digits += 1
    return f"{float(unit):.{max(digits, 2)}f}" if digits <= 12 else str(float(unit))
