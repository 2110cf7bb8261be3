"""Real brokers and their clock; cash that comes and goes, halts, statements, deposits of a plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import CLOCK, LAST, by_hand, bytes_of, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.adapters.plan_files import load_plan
from trimtab.cli.rehearsal import rehearsed
from trimtab.execution.brokers import MemoryBroker, PaperTerms
from trimtab.execution.correcting.task import Change
from trimtab.execution.outcome import Applied
from trimtab.execution.reconcile import Statement
from trimtab.ledger.record import caught_up
from trimtab.live.book import OpenBook, open_book
from trimtab.live.corrections import correct
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.orders import OrderState


def real_folder(path: Path) -> tuple[OpenBook, MemoryBroker]:
    """A folder whose accounts are at a broker called `mybank`, which trades like paper."""
    folder(path, roth="mybank", taxed="mybank")
    book = open_book(path, clock=CLOCK, brokers={"mybank": MemoryBroker(None, None)})  # type: ignore[arg-type]
    broker = book.brokers["mybank"]
    assert isinstance(broker, MemoryBroker)
    broker.terms = PaperTerms.of(book.mandate(), book.market(LAST))
    broker.book = lambda: caught_up(book.store)
    return book, broker


def test_a_real_broker_gets_the_orders(tmp_path: Path) -> None:
    """An account names its broker; whoever opens the book hands that broker in."""
    book, broker = real_folder(tmp_path)

    result = book.apply(book.plan(), by="me")

    assert result.status == "done"
    assert len(broker.orders) == len(result.orders)
    assert (tmp_path / "ledger.jsonl").exists()


def test_an_unknown_broker_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Nothing is sent anywhere by guess."""
    book = opened(folder(tmp_path, roth="nobank"))

    with pytest.raises(RefusedError, match="nobank"):
        book.apply(book.plan())
    assert not (tmp_path / "ledger.jsonl").exists()


def test_real_money_goes_by_the_clock(tmp_path: Path) -> None:
    """A plan on prices that are old by the clock is refused where real money trades."""
    book, broker = real_folder(tmp_path)
    plan = book.plan(LAST)
    book.clock = StillClock(CLOCK.now() + timedelta(days=30))

    with pytest.raises(RefusedError, match="expired"):
        book.apply(plan)
    assert not broker.orders


def test_a_dry_run_goes_by_the_clock_as_well(tmp_path: Path) -> None:
    """What would be refused for its old prices is refused in the rehearsal too, plan or order."""
    book, broker = real_folder(tmp_path)
    (tmp_path / "limits.toml").write_text("max_price_age = 0\n")
    saved = load_plan(book.plan(LAST).save())
    book.clock = StillClock(datetime(2024, 4, 1, 21, tzinfo=UTC))
    before = bytes_of(tmp_path)

    rehearsal = rehearsed(book, saved)
    book.clock = StillClock(CLOCK.now() + timedelta(days=30))

    assert {record.state for record in rehearsal.orders} == {OrderState.REJECTED}
    with pytest.raises(RefusedError, match="expired"):
        rehearsed(book, saved)
    assert not broker.orders
    assert bytes_of(tmp_path) == before


def test_hard_limits_are_read_from_the_folder(tmp_path: Path) -> None:
    """limits.toml binds every order; a key that it does not know stops everything."""
    book = opened(folder(tmp_path, limits_toml="max_order_value = 100\n"))
    result = book.apply(book.plan(), by="me", in_part=True)
    assert result.status == "unfilled"
    assert all(record.state is OrderState.REJECTED for record in result.orders)

    other = opened(folder(tmp_path / "b", limits_toml="max_order_valu = 100\n"))
    with pytest.raises(InputError, match="max_order_value"):
        other.apply(other.plan(), by="me")
    assert not (tmp_path / "b" / "paper").exists() or not other.entries()


def test_cash_comes_and_goes(tmp_path: Path) -> None:
    """Deposits and withdrawals are booked; what is not there cannot leave."""
    book = opened(folder(tmp_path))

    book.deposit("roth", "250.50")
    book.withdraw("taxed", 100)

    assert book.state().cash == {"roth": 125_050, "taxed": 40_000}
    with pytest.raises(RefusedError, match="withdraw"):
        book.withdraw("taxed", "400.01")


@pytest.mark.parametrize("broker", ["paper", "manual"])
def test_a_halt_books_nothing_of_the_market(tmp_path: Path, broker: str) -> None:
    """Halting and resuming amid a history leave earlier days to be planned: no dividend is paid."""
    path = folder(tmp_path, roth=broker, taxed=broker)
    (path / "prices.csv").write_text(
        "date,symbol,close,dividend\n2024-03-26,VTI,258,\n2024-03-26,BND,72.4,\n"
        "2024-03-27,VTI,260,\n2024-03-27,BND,72.5,\n2024-03-28,VTI,259,0.905\n"
    )
    opened(path).halt("household", reason="looking")
    opened(path).resume("household", reason="looked")

    kinds = [entry.kind for entry in opened(path).entries()]
    plan = opened(path).plan(date(2024, 3, 27), now=True)

    assert kinds[-2:] == ["halted", "resumed"]
    assert not {"dividend_paid", "actions_booked"} & set(kinds)
    assert plan.trades


def test_a_halt_holds_until_somebody_resumes(tmp_path: Path) -> None:
    """Halted accounts send nothing; cancelling is allowed; resumed, the plan goes on."""
    book = opened(folder(tmp_path))
    plan = book.plan()
    book.halt("taxed", reason="looking into it")
    assert "halted" in {finding.code for finding in book.findings()}
    plan = book.plan()

    half = book.apply(plan, by="me")
    assert half.status == "halted"
    assert {r.order.account for r in half.orders} == {"roth"}

    book.resume("taxed", reason="looked", by="me")
    assert book.apply(plan, by="me").status == "done"
    with pytest.raises(RefusedError, match="not halted"):
        book.resume("taxed", reason="again")


def test_tickets_can_be_cancelled_even_when_halted(tmp_path: Path) -> None:
    """Invariant 11: cancels always may."""
    book = by_hand(tmp_path)
    plan = book.plan()
    book.apply(plan, by="me")
    book.halt("household", reason="stop")

    result = book.cancel(plan)

    assert all(record.state is OrderState.CANCELLED for record in result.orders)


def test_a_statement_that_agrees_says_nothing(tmp_path: Path) -> None:
    """The record compared with itself: no mismatch, nothing to book."""
    book = opened(folder(tmp_path))
    same = Statement("roth", {"VTI": Decimal(90)}, 100_000)

    assert book.compare(same) == ()
    assert book.adjust(same).drafts == ()


def test_a_statement_that_differs_is_booked_as_transfers(tmp_path: Path) -> None:
    """Once a person says that the statement is right, record and statement agree."""
    book = opened(folder(tmp_path))
    stated = Statement("taxed", {"VTI": Decimal(40), "BND": Decimal("25")}, 49_000)
    assert len(book.compare(stated)) == 3

    done = book.adjust(stated)

    codes = {finding.code for finding in done.findings}
    assert codes == {"basis-unknown", "gain-unknown", "cash-difference"}
    assert book.compare(stated) == ()
    held = opened(tmp_path).folded()
    assert held.positions["taxed", "VTI"] == 40
    assert held.cash["taxed"] == 49_000
    assert not held.sales[1:]


def test_strangers_in_a_statement_are_refused(tmp_path: Path) -> None:
    """An instrument that portfolio.toml does not name cannot be booked."""
    book = opened(folder(tmp_path))
    stated = Statement("taxed", {"VTI": Decimal(50), "BND": Decimal(20), "GLD": Decimal(3)}, None)

    with pytest.raises(RefusedError, match="GLD"):
        book.adjust(stated)


def test_open_tickets_come_before_statements(tmp_path: Path) -> None:
    """While orders are open, a difference says nothing."""
    book = by_hand(tmp_path)
    book.apply(book.plan(), by="me")

    with pytest.raises(RefusedError, match="open"):
        book.adjust(Statement("roth", {"VTI": Decimal(80)}, None))


def told_of_cash(applied: Applied) -> list[tuple[str, str, str]]:
    """What a result says of the deposits and withdrawals of its plan."""
    codes = ("deposit-booked", "withdrawal-waits")
    return [(f.code, f.subject, f.severity) for f in applied.findings if f.code in codes]


def test_a_deposit_that_is_booked_with_a_plan_is_named(tmp_path: Path) -> None:
    """Applying a plan says which deposits it booked, as which entry, and how one is taken back."""
    book = by_hand(tmp_path)
    saved = book.plan(deposits={"roth": "2600"}, withdrawals={"taxed": "100"}).save()

    applied = book.apply(saved, by="me")

    entry = next(one for one in book.entries() if one.kind == "deposited")
    message = next(f.message for f in applied.findings if f.code == "deposit-booked")
    assert told_of_cash(applied) == [
        ("deposit-booked", "roth", "info"),
        ("withdrawal-waits", "taxed", "info"),
    ]
    assert f"ledger correct {entry.seq} --void" in message
    assert "2600.00" in message


def test_a_cancelled_plan_warns_that_its_deposit_stays(tmp_path: Path) -> None:
    """What was paid in stays booked when the plan is cancelled, until somebody voids it."""
    book = by_hand(tmp_path)
    saved = book.plan(deposits={"roth": "2600"}, withdrawals={"taxed": "100"}).save()
    book.apply(saved, by="me")

    cancelled = book.cancel(saved)
    entry = next(one for one in book.entries() if one.kind == "deposited")
    correct(book, entry.seq, Change(void=True), reason="it never came")

    assert told_of_cash(cancelled) == [
        ("deposit-booked", "roth", "warning"),
        ("withdrawal-waits", "taxed", "info"),
    ]
    assert told_of_cash(opened(tmp_path).cancel(saved)) == [("withdrawal-waits", "taxed", "info")]


def test_a_plan_that_was_carried_out_before_tells_no_deposit_again(tmp_path: Path) -> None:
    """The second time there is nothing to say of cash that came and went with the plan."""
    book = opened(folder(tmp_path))
    saved = book.plan(deposits={"roth": "2600"}, withdrawals={"taxed": "100"}).save()

    first, second = book.apply(saved, by="me"), book.apply(saved, by="me")

    assert told_of_cash(first) == [("deposit-booked", "roth", "info")]
    assert told_of_cash(second) == []


def test_a_dry_run_books_no_deposit_and_does_not_say_so(tmp_path: Path) -> None:
    """A rehearsal names the deposits that applying books, as what would be and not as what is."""
    book = by_hand(tmp_path)
    saved = book.plan(deposits={"roth": "2600"}).save()

    (told,) = [f for f in rehearsed(book, load_plan(saved)).findings if "deposit" in f.code]

    assert (told.code, told.subject, told.severity) == ("deposit-coming", "roth", "info")
