"""What somebody meets who lives with a portfolio for months: late splits, limits, lost files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.live.folders import bytes_of, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.execution.correcting.task import Change
from trimtab.execution.reconcile import Statement
from trimtab.ledger import events
from trimtab.ledger.record import record
from trimtab.live.book import OpenBook, open_book
from trimtab.live.corrections import correct
from trimtab.live.writing import write
from trimtab.model.accounts import Lot
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.orders import OrderState

SPLIT = date(2024, 4, 1)
"""The first session after the prices of `folders.folder` end."""
EVENING = StillClock(datetime(2024, 4, 1, 21, 0, tzinfo=UTC))
FILLS = "account,symbol,side,quantity,price,date\n"


def traded(path: Path, fills: str, *, trap: bool = False) -> OpenBook:
    """Plan on 28 March, record a trade of 1 April, then add that day's rows: VTI splits 2 for 1.

    With `trap` the record says, as records of earlier versions do, that it has the actions of a
    day that its prices did not know.
    """
    folder(path, roth="manual", taxed="manual")
    (path / "prices.csv").write_text(
        "date,symbol,close,split\n2024-03-28,VTI,260,\n2024-03-28,BND,72.5,\n"
    )
    (path / "fills.csv").write_text(FILLS + fills)
    book = open_book(path, clock=EVENING)
    plan = book.plan(now=True)
    saved = plan.save()
    book.record(saved, path / "fills.csv", close=True, as_it_was=True)
    if trap:
        entry = events.actions_booked(SPLIT, at="2024-04-01T20:00:00Z")
        record(book.store, book.folded(), [entry])
    with (path / "prices.csv").open("a") as prices:
        prices.write("2024-04-01,VTI,130,2:1\n2024-04-01,BND,72.5,\n")
    return open_book(path, clock=EVENING)


def held(book: OpenBook, account: str = "taxed") -> int:
    """VTI in an account, with what is due booked."""
    return book.prepared(book.as_of()).folded.positions[account, "VTI"]


def missing(book: OpenBook) -> list[Finding]:
    """What is said of splits that are not booked."""
    return [one for one in book.plan(now=True).findings if one.code == "split-not-booked"]


BOND = "roth,BND,buy,5,72.50,2024-04-01\n"
STOCK = "roth,VTI,sell,10,130.00,2024-04-01\n"


def test_actions_are_booked_only_as_far_as_the_prices_reach(tmp_path: Path) -> None:
    """A split in rows that come after a record of the same day is booked when they come."""
    book = traded(tmp_path, BOND)

    assert not missing(book)
    assert (held(book), held(book, "roth")) == (100, 180)
    through = [entry.body["through"] for entry in book.entries() if entry.kind == "actions_booked"]
    assert set(through) <= {"2024-03-28"}


def test_what_lacks_its_split_is_neither_halved_nor_traded(tmp_path: Path) -> None:
    """A record that claims the day has an error with the way out; VTI is worth what it was."""
    book = traded(tmp_path, BOND, trap=True)

    plan = book.plan(now=True)

    (error,) = missing(book)
    assert "trimtab import" in error.message
    assert all(trade.instrument != "VTI" for trade in plan.trades)
    quote = book.market(book.as_of()).quotes["VTI"]
    assert quote.price is None
    assert quote.previous is not None
    assert quote.previous.decimal == 260
    assert quote.split_since_previous == 1


def test_a_statement_with_the_new_quantity_books_the_split(tmp_path: Path) -> None:
    """In every account and as a split: no transfer, and the basis stays."""
    book = traded(tmp_path, BOND, trap=True)
    basis = sum(lot.basis or 0 for lot in book.folded().lots.values())

    done = book.adjust(Statement("taxed", {"VTI": Decimal(100), "BND": Decimal(20)}))

    assert [draft.kind for draft in done.drafts] == ["split"]
    assert not missing(book)
    assert (held(book), held(book, "roth")) == (100, 180)
    assert sum(lot.basis or 0 for lot in book.folded().lots.values()) == basis
    assert book.market(book.as_of()).quotes["VTI"].price is not None


def test_a_statement_with_the_old_quantity_books_no_split(tmp_path: Path) -> None:
    """What the broker has not multiplied either is not multiplied here."""
    book = traded(tmp_path, BOND, trap=True)

    done = book.adjust(Statement("taxed", {"VTI": Decimal(51), "BND": Decimal(20)}))

    assert "split" not in [draft.kind for draft in done.drafts]


@pytest.mark.parametrize("trap", [False, True])
def test_a_trade_of_the_day_of_the_split_is_taken_back_and_booked_after_it(
    tmp_path: Path, trap: bool
) -> None:
    """Splits come before the trades of their day: 90 become 180, of which 10 are sold."""
    book = traded(tmp_path, STOCK, trap=trap)
    (error,) = missing(book)
    seq = next(entry.seq for entry in book.entries() if entry.kind == "filled")
    assert f"ledger correct {seq} --void" in error.message
    with pytest.raises(RefusedError, match="--void"):
        book.adjust(Statement("roth", {"VTI": Decimal(170)}))

    correct(book, seq, Change(void=True), reason="before its split")
    if trap:
        book.adjust(Statement("roth", {"VTI": Decimal(170)}))
    correct(book, seq, Change(), reason="after its split", again=True)

    assert not missing(book)
    assert (held(book), held(book, "roth")) == (100, 170)


def test_a_dividend_is_expected_until_it_is_booked(tmp_path: Path) -> None:
    """That something else was recorded does not end the wait; its cash does."""
    folder(tmp_path, roth="manual", taxed="manual")
    (tmp_path / "prices.csv").write_text(
        "date,symbol,close,dividend\n2024-03-27,VTI,260,\n2024-03-28,VTI,260,0.5\n"
        "2024-03-28,BND,72.5,\n"
    )
    book = opened(tmp_path)
    before = [one for one in book.status().findings if one.code == "dividend-expected"]
    book.deposit("roth", "0.01")
    after = [one for one in book.status().findings if one.code == "dividend-expected"]
    book.adjust(Statement("taxed", {"VTI": Decimal(50), "BND": Decimal(20)}, 52_500))
    paid = [one for one in book.status().findings if one.code == "dividend-expected"]

    assert len(before) == 2
    assert after == before
    assert [one.subject for one in paid] == ["roth/VTI"]


@pytest.mark.parametrize("reason", ["", "  ", "\t", "two\nlines"])
def test_a_halt_and_its_end_need_a_reason(tmp_path: Path, reason: str) -> None:
    """Somebody looked and says why: without that nothing is written."""
    book = opened(folder(tmp_path))
    book.halt("taxed", reason="looking")
    before = bytes_of(tmp_path)

    with pytest.raises(RefusedError, match="reason"):
        book.resume("taxed", reason=reason)
    with pytest.raises(RefusedError, match="reason"):
        book.halt("roth", reason=reason)
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize(
    ("limits", "severity"),
    [("max_order_value = 100", "error"), ("max_orders_per_plan = 0", "error")],
)
def test_a_plan_tells_what_the_limits_will_refuse(
    tmp_path: Path, limits: str, severity: str
) -> None:
    """Each order beyond a hard limit is named with the limit and its file, before apply."""
    book = opened(folder(tmp_path, limits_toml=limits + "\n"))

    plan = book.plan(now=True)

    told = [one for one in plan.findings if one.code == "beyond-limits"]
    assert told
    assert {one.severity for one in told} == {severity}
    assert all("limits.toml" in one.message for one in told)
    assert all(one.subject == "limits.toml" or " in " in one.subject for one in told)
    applied = book.apply(plan, by="me", in_part=True)
    refused = [r for r in applied.orders if r.state is OrderState.REJECTED]
    assert len(refused) == len(plan.trades)


def test_limits_that_are_wide_enough_are_not_spoken_of(tmp_path: Path) -> None:
    """No finding where the gate has nothing to refuse."""
    book = opened(folder(tmp_path, limits_toml="max_order_value = 50000\n"))

    assert not {"beyond-limits", "limits-wrong"} & {f.code for f in book.plan(now=True).findings}


def test_a_slip_in_the_limits_is_told_by_status(tmp_path: Path) -> None:
    """Not only when something is to be traded; with the line, and the rest is still shown."""
    book = opened(folder(tmp_path, limits_toml="max_order_valeu = 50000\n"))

    (told,) = [one for one in book.status().findings if one.code == "limits-wrong"]

    assert told.severity == "error"
    assert "max_order_valeu" in told.message


def test_a_record_that_is_gone_is_not_begun_anew_in_silence(tmp_path: Path) -> None:
    """Plans made from a record show that there was one: an error, and nothing is written."""
    book = opened(folder(tmp_path))
    book.deposit("roth", 1)
    book.plan(now=True).save()
    book.ledger_path.unlink()
    before = bytes_of(tmp_path)
    again = opened(tmp_path)

    (told,) = [one for one in again.status().findings if one.code == "record-lost"]
    assert told.severity == "error"
    with pytest.raises(RefusedError, match="restore it from a backup"):
        again.deposit("roth", 1)
    assert bytes_of(tmp_path) == before
    for plan in again.plans_folder.iterdir():
        plan.unlink()
    opened(tmp_path).deposit("roth", 1)


def test_plans_that_were_never_applied_are_no_trace_of_a_record(tmp_path: Path) -> None:
    """Who only planned so far has no record, and nothing is missing."""
    book = opened(folder(tmp_path))
    plan = book.plan(now=True)
    plan.save()

    assert "record-lost" not in {one.code for one in opened(tmp_path).status().findings}
    assert opened(tmp_path).apply(plan, by="me").status == "done"


@pytest.mark.parametrize("sessions_between", [0, 1])
def test_a_split_soon_after_an_applied_plan_is_believed_at_once(
    tmp_path: Path, sessions_between: int
) -> None:
    """The price that a plan accepted is brought to the new count once, not twice."""
    folder(tmp_path)
    (tmp_path / "prices.csv").write_text(
        "date,symbol,close,split\n2024-03-28,VTI,260,\n2024-03-28,BND,72.5,\n"
    )
    book = opened(tmp_path)
    book.apply(book.plan(now=True).save())
    rows = ["2024-04-01,VTI,261,", "2024-04-01,BND,72.5,"][: 2 * sessions_between]
    day = f"2024-04-0{1 + sessions_between}"
    rows += [f"{day},VTI,86.8,3:1", f"{day},BND,72.5,"]
    with (tmp_path / "prices.csv").open("a") as prices:
        prices.writelines(f"{row}\n" for row in rows)

    later = open_book(tmp_path, clock=StillClock(datetime(2024, 4, 2, 21, 0, tzinfo=UTC))).plan(
        date.fromisoformat(day)
    )

    codes = {finding.code for finding in later.findings}
    assert not codes & {"split-out-of-phase", "prices-refused", "price-jump", "invalid-price"}
    assert max(later.drift_before.values()) < 0.02


def _split_booked_wrong(path: Path) -> OpenBook:
    """VTI is split 3 for 1 by the price file on the day of the prices; then the file says 2."""
    rows = "date,symbol,close,split\n2024-03-27,VTI,260,\n2024-03-27,BND,72.5,\n"
    # Between the prices of either split: neither is doubted.
    last = "2024-03-28,BND,72.5,\n2024-03-28,VTI,105,{}\n"
    folder(path, roth="manual", taxed="manual", prices_csv=rows + last.format(3))
    book = opened(path)
    write(book, lambda _: [])
    (path / "prices.csv").write_text(rows + last.format(2))
    return opened(path)


def _split_entry(book: OpenBook) -> int:
    return next(entry.seq for entry in book.entries() if entry.kind == "split")


@pytest.mark.parametrize(("split", "how"), [("2", "--ratio 2:1"), ("", "--void")])
def test_a_booked_split_that_the_file_has_otherwise_is_an_error(
    tmp_path: Path, split: str, how: str
) -> None:
    """Another ratio, or no split at all, is told with the entry and the way out; not traded."""
    _split_booked_wrong(tmp_path)
    file = tmp_path / "prices.csv"
    file.write_text(file.read_text().replace("105,2", f"105,{split}"))
    book = opened(tmp_path)

    plan = book.plan(now=True)

    (found,) = [one for one in plan.findings if one.code == "split-differs"]
    assert found.severity == "error"
    assert f"trimtab ledger correct {_split_entry(book)} {how}" in found.message
    assert "VTI" not in {trade.instrument for trade in plan.trades}


def test_the_price_of_a_split_that_is_booked_otherwise_is_told_as_what_it_is(
    tmp_path: Path,
) -> None:
    """The row is a price: the sentence names the split, and sends nobody to correct the row."""
    _split_booked_wrong(tmp_path)

    findings = opened(tmp_path).plan(now=True).findings

    (message,) = [one.message for one in findings if one.code == "invalid-price"]
    assert "the record has its split of 2024-03-28 otherwise than the prices show it" in message
    assert "which is not a price" not in message
    assert "Correct that row" not in message


def test_a_price_file_that_no_longer_reaches_back_says_nothing_of_a_split(tmp_path: Path) -> None:
    """Rows that were cut off are no evidence that there was no split."""
    _split_booked_wrong(tmp_path)
    (tmp_path / "prices.csv").write_text(
        "date,symbol,close,split\n2024-03-28,BND,72.5,\n2024-04-01,VTI,130,\n2024-04-01,BND,72.5,\n"
    )

    found = opened(tmp_path).plan(now=True).findings

    assert "split-differs" not in {one.code for one in found}


def test_a_split_of_the_wrong_ratio_is_put_right(tmp_path: Path) -> None:
    """Steps, basis and cash are what they would be had the right ratio been booked at once."""
    book = _split_booked_wrong(tmp_path)
    before = [replace(lot, quantity=lot.quantity // 3) for lot in _lots_of_vti(book)]

    correct(book, _split_entry(book), Change(ratio=Fraction(2)), reason="mistyped")

    after = opened(tmp_path)
    assert [(lot.quantity, lot.basis, lot.acquired) for lot in _lots_of_vti(after)] == [
        (2 * lot.quantity, lot.basis, lot.acquired) for lot in before
    ]
    codes = {one.code for one in after.plan(now=True).findings}
    assert not codes & {"split-differs", "split-not-booked"}


def test_a_split_that_never_was_is_voided_and_can_be_booked_after_all(tmp_path: Path) -> None:
    """Void brings the old count back; a ratio books it anew, once."""
    book = _split_booked_wrong(tmp_path)
    entry = _split_entry(book)
    correct(book, entry, Change(void=True), reason="none")
    voided = sum(lot.quantity for lot in _lots_of_vti(opened(tmp_path)))

    correct(opened(tmp_path), entry, Change(ratio=Fraction(2)), reason="there was one")

    assert voided == 140
    assert sum(lot.quantity for lot in _lots_of_vti(opened(tmp_path))) == 280
    with pytest.raises(RefusedError, match="booked anew as entry"):
        correct(opened(tmp_path), entry, Change(ratio=Fraction(2)), reason="twice")


def _lots_of_vti(book: OpenBook) -> list[Lot]:
    return [lot for lot in book.folded().lots.values() if lot.instrument == "VTI"]


def test_a_correction_is_of_the_day_on_which_it_was_made(tmp_path: Path) -> None:
    """Not of the newest prices: look, mend, and `ledger show --since` that day finds it."""
    folder(tmp_path, roth="manual", taxed="manual")
    book = opened(tmp_path)
    book.deposit("roth", "100")
    later = open_book(tmp_path, clock=StillClock(datetime(2024, 5, 2, 18, 0, tzinfo=UTC)))
    entry = next(one.seq for one in later.entries() if one.kind == "deposited")

    correct(later, entry, Change(amount=90_00), reason="mistyped")

    assert later.entries()[-1].body["on"] == "2024-05-02"
