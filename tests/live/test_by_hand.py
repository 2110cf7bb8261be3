"""Accounts traded by hand: tickets, what is recorded of them, what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import CLOCK, LAST, by_hand, bytes_of, fills, float_prices, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.adapters.plan_files import load_plan
from trimtab.cli.rehearsal import rehearsed
from trimtab.execution.reconcile import Statement
from trimtab.live.book import open_book
from trimtab.live.trading import looked_at, to_record
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.orders import OrderState


def test_tickets_then_everything_as_planned(tmp_path: Path) -> None:
    """Apply writes tickets and trades nothing; record without a file books the plan's prices."""
    book = by_hand(tmp_path)
    plan = book.plan()
    saved = plan.save()

    waiting = book.apply(saved, by="me")
    assert waiting.status == "waiting"
    assert len(waiting.tickets) == len(plan.trades)
    assert waiting.folded.positions == book.prepared(LAST).folded.positions

    done = book.record(saved, by="me")
    assert done.status == "done"
    assert done.folded.cash == dict(plan.cash_after)
    assert not (tmp_path / "paper").exists()
    assert opened(tmp_path).plan().trades == ()


def test_recording_is_approving(tmp_path: Path) -> None:
    """What was traded by hand without `apply` is recorded all the same."""
    book = by_hand(tmp_path)
    plan = book.plan()

    done = book.record(plan.save(), by="me")

    assert done.status == "done"
    assert done.folded.plans[plan.id].approved_by == "me"


def test_what_was_really_traded_is_booked_and_the_rest_stays_open(tmp_path: Path) -> None:
    """A file books its trades at its prices and fees; tickets left stay open until closed."""
    book = by_hand(tmp_path)
    plan = book.plan()
    saved = plan.save()
    sale = next(t for t in plan.trades if t.side == "sell" and t.account == "roth")
    cash = book.state().cash["roth"]

    part = book.record(saved, fills(tmp_path, "roth,VTI,sell,5,261.10,1.25,2024-03-28\n"), by="me")
    assert part.status == "waiting"
    assert part.folded.cash["roth"] == cash + 5 * 26_110 - 125
    assert "open-orders" in {finding.code for finding in opened(tmp_path).plan().findings}

    over = book.record(saved, close=True, by="me")
    first = next(
        r for r in over.orders if r.order.instrument == "VTI" and r.order.account == "roth"
    )
    assert over.status == "done"
    assert (first.state, first.filled) == (OrderState.CANCELLED, 5)
    assert sale.quantity > 5
    assert dict(over.folded.periods_acted) == dict(plan.periods)


def test_the_same_file_twice_books_once(tmp_path: Path) -> None:
    """A file that is recorded again adds nothing, and says so."""
    book = by_hand(tmp_path)
    saved = book.plan().save()
    file = fills(tmp_path, "roth,VTI,sell,5,261.10,1.25,2024-03-28\n")
    book.record(saved, file, by="me")
    before = book.folded()

    again = book.record(saved, file, by="me")

    assert again.folded == before
    assert "fill-repeated" in {finding.code for finding in again.findings}


def test_more_than_the_ticket_is_booked_outside_the_plan(tmp_path: Path) -> None:
    """Who insists that more than planned was traded has it booked, and no order is overfilled."""
    book = by_hand(tmp_path)
    plan = book.plan()
    sale = next(t for t in plan.trades if t.side == "sell" and t.account == "roth")
    more = sale.quantity + 3

    file = fills(tmp_path, f"roth,VTI,sell,{more},260,0,2024-03-28\n")
    result = book.record(plan.save(), file, as_it_was=True, by="me")

    assert result.folded.positions["roth", "VTI"] == 90 - more
    assert "more-than-planned" in {finding.code for finding in result.findings}
    assert not result.folded.halted


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("rot,VTI,sell,5,260,0,2024-03-28\n", "rot"),
        ("roth,XYZ,sell,5,260,0,2024-03-28\n", "XYZ"),
        ("roth,VTI,hold,5,260,0,2024-03-28\n", "buy or sell"),
        ("roth,VTI,sell,-5,260,0,2024-03-28\n", "quantity"),
        ("roth,VTI,sell,5.5,260,0,2024-03-28\n", "5.5"),
        ("roth,VTI,sell,5,nan,0,2024-03-28\n", "nan"),
        ("roth,VTI,sell,5,1e999,0,2024-03-28\n", "1e999"),
        ("roth,VTI,sell,5,260,0,2124-03-28\n", "2124"),
        ("roth,VTI,sell,5,260,0,28/03/2024\n", "28/03/2024"),
        ("roth,VTI,buy,5,260,0,2024-03-28\n", "tickets"),
        ("roth,VTI,sell,91,260,0,2024-03-28\n", "more would be sold"),
        ("roth,VTI,sell,5,260,0,2024-03-27\n", "before the plan"),
        ("roth,VTI,sell,5,260,0,\nroth,VTI,sell,5,26,0,\n", "fills.csv:3: .* 90% from"),
        ("roth,VTI,sell,5,312.01,0,\n", "from the planned price"),
        ("roth,VTI,sell,80,260,0,\n", "fills.csv:2: .* ticket has .* left"),
        ("roth,VTI,sell,40,260,0,\nroth,VTI,sell,40,261,0,\n", "fills.csv:3: .* ticket has"),
        ("roth,BND,buy,100,72.5,0,\n", "fills.csv:2: .* the account has 1000.00"),
        ("roth,VTI,sell,5,260,0,\nroth,VTI,sell,5,260,0,\n", "same as"),
        ("", "no trades"),
    ],
)
def test_trades_that_cannot_be_are_refused_whole(tmp_path: Path, rows: str, told: str) -> None:
    """A file with one impossible row books none of its rows, and names the row."""
    book = by_hand(tmp_path)
    saved = book.plan().save()
    book.apply(saved, by="me")
    before = book.folded()

    with pytest.raises((InputError, RefusedError), match=told):
        book.record(saved, fills(tmp_path, rows), by="me")
    assert opened(tmp_path).folded() == before


def test_a_refused_file_does_not_even_approve_the_plan(tmp_path: Path) -> None:
    """The whole file is looked at before a byte is written."""
    book = by_hand(tmp_path)
    saved = book.plan().save()
    before = bytes_of(tmp_path)

    with pytest.raises(RefusedError, match="as_it_was=True"):
        book.record(saved, fills(tmp_path / "plans", "roth,VTI,sell,5,26.00,0,\n"))
    (tmp_path / "plans" / "fills.csv").unlink()
    assert bytes_of(tmp_path) == before


def test_what_is_not_there_cannot_be_sold_by_insisting(tmp_path: Path) -> None:
    """No word of a person makes lots that are not there."""
    book = by_hand(tmp_path)
    file = fills(tmp_path, "roth,VTI,sell,91,260,0,2024-03-28\n")

    with pytest.raises(RefusedError, match="more would be sold"):
        book.record(book.plan().save(), file, as_it_was=True)


def test_looking_at_what_would_be_recorded_writes_nothing(tmp_path: Path) -> None:
    """The trades that a person is asked about are read and checked in memory."""
    book = by_hand(tmp_path)
    saved = book.plan().save()
    file = fills(tmp_path, "roth,VTI,sell,5,261.10,1.25,2024-03-28\n")
    before = bytes_of(tmp_path)

    found = to_record(book, saved, file)

    assert found.trades is not None
    assert [(one.quantity, one.fees) for one in found.trades] == [(5, 125)]
    assert bytes_of(tmp_path) == before


def test_a_price_far_from_the_plan_is_asked_about(tmp_path: Path) -> None:
    """A price far from the plan's is booked for who insists, and looked at twice."""
    book = by_hand(tmp_path)

    file = fills(tmp_path, "roth,VTI,sell,5,26.00,0,2024-03-28\n")
    result = book.record(book.plan().save(), file, as_it_was=True, by="me")

    assert "price-far-from-plan" in {finding.code for finding in result.findings}


def test_a_price_beyond_its_ticket_is_said_before_and_after(tmp_path: Path) -> None:
    """What was traded worse than the limit is booked, and said in the preview and in the result;
    at the limit, and better, nothing is said.
    """
    book = by_hand(tmp_path)
    saved = book.plan().save()
    rows = "roth,VTI,sell,5,257.39,0,2024-03-28\n"
    kept = fills(tmp_path, "roth,VTI,sell,5,257.40,0,2024-03-28\nroth,BND,buy,1,70,0,2024-03-28\n")
    quiet = to_record(book, saved, kept)

    file = fills(tmp_path, rows)
    preview = to_record(book, saved, file)
    result = book.record(saved, file, by="me")

    assert quiet.findings == ()
    assert [finding.code for finding in preview.findings] == ["price-beyond-limit"]
    assert preview.findings[0] in result.findings


def test_old_prices_are_said_to_whoever_trades_by_hand(tmp_path: Path) -> None:
    """By the clock the prices are old: the person who trades is told."""
    folder(tmp_path, roth="manual", taxed="manual")
    late = open_book(tmp_path, clock=StillClock(CLOCK.now() + timedelta(days=30)))

    result = late.apply(late.plan(), by="me")

    assert "plan-old" in {finding.code for finding in result.findings}


def test_a_household_is_real_or_on_paper(tmp_path: Path) -> None:
    """Where accounts are mixed, nothing is carried out, booked or written."""
    path = folder(tmp_path, roth="paper", taxed="manual")
    saved = opened(path).plan().save()
    before = bytes_of(path)
    statement = Statement("taxed", {"VTI": Decimal(50)}, 50_000)

    for attempt in (
        lambda: opened(path).apply(saved),
        lambda: looked_at(opened(path), saved),
        lambda: rehearsed(opened(path), load_plan(saved)),
        lambda: opened(path).record(saved),
        lambda: opened(path).deposit("taxed", 100),
        lambda: opened(path).adjust(statement),
    ):
        with pytest.raises(RefusedError, match="roth trades on paper and taxed does not"):
            attempt()

    assert bytes_of(path) == before


def test_what_is_paid_on_paper_does_not_enter_a_real_record(tmp_path: Path) -> None:
    """A halt of a mixed household is written, and the dividend of its paper account is not."""
    path = folder(tmp_path, roth="paper", taxed="manual")
    (path / "prices.csv").write_text(
        "date,symbol,close,dividend\n2024-03-27,VTI,260,\n2024-03-28,VTI,259,0.905\n"
        "2024-03-27,BND,72,\n2024-03-28,BND,72.5,\n"
    )

    opened(path).halt("household", reason="looking")

    kinds = [entry.kind for entry in opened(path).entries()]
    assert "halted" in kinds
    assert "dividend_paid" not in kinds


def test_a_plan_says_that_a_mixed_household_cannot_apply_it(tmp_path: Path) -> None:
    """What `apply` refuses, accounts of both kinds or an unknown broker, is told with the plan."""
    mixed = opened(folder(tmp_path / "mixed", roth="paper", taxed="manual"))
    strange = opened(folder(tmp_path / "strange", roth="manual", taxed="zebra"))
    one = opened(folder(tmp_path / "one"))

    told = [{f.code: f.severity for f in book.plan().findings} for book in (mixed, strange, one)]

    assert told[0].get("mixed-household") == "warning"
    assert told[1].get("broker-unknown") == "warning"
    assert not {"mixed-household", "broker-unknown"} & told[2].keys()


def test_tickets_of_a_household_that_became_mixed_can_be_cancelled(tmp_path: Path) -> None:
    """Cancelling always may: it closes what is open and asks no paper broker about real orders."""
    path = folder(tmp_path, roth="manual", taxed="manual")
    saved = opened(path).plan().save()
    opened(path).apply(saved, by="me")
    rehearsal = opened(path, paper=True)
    rehearsal.apply(rehearsal.plan(), by="me")
    text = (path / "portfolio.toml").read_text()
    (path / "portfolio.toml").write_text(text.replace('"manual"', '"paper"', 1))

    result = opened(path).cancel(saved)

    assert {record.state for record in result.orders} == {OrderState.CANCELLED}
    assert result.folded.halted == {}


def test_recording_a_paper_plan_is_refused(tmp_path: Path) -> None:
    """Where no account is traded by hand there is nothing to record."""
    book = opened(folder(tmp_path))
    with pytest.raises(RefusedError, match="apply"):
        book.record(book.plan().save())


def test_a_trade_by_hand_at_a_price_with_the_digits_of_a_float_is_booked(tmp_path: Path) -> None:
    """Tickets are in cents, and what was traded as planned is recorded at those prices."""
    float_prices(folder(tmp_path, roth="manual", taxed="manual"))
    book = opened(tmp_path)
    plan = book.plan()

    tickets = book.apply(plan.save(), by="me").tickets
    done = opened(tmp_path).record(plan, by="me")

    assert {one.limit and one.limit.exponent for one in tickets} <= {0, -1, -2}
    assert done.status == "done"
    assert done.folded.cash == dict(plan.cash_after)
    assert max(-one.fill.price.exponent for one in done.folded.fills.values()) == 15
