"""Plan to fills in a folder: on paper, by hand, both at once; cash, halts and statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.folders import CLOCK, bytes_of, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.adapters.plan_files import load_plan
from trimtab.cli.rehearsal import rehearsed
from trimtab.execution.brokers import MemoryBroker, PaperTerms
from trimtab.execution.corrections import Change
from trimtab.execution.outcome import Applied
from trimtab.execution.reconcile import Statement
from trimtab.ledger.record import caught_up
from trimtab.live.book import OpenBook, open_book
from trimtab.live.corrections import correct
from trimtab.live.trading import looked_at, to_record
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.orders import OrderState

LAST = date(2024, 3, 28)


def fills(path: Path, rows: str) -> Path:
    """A file of what was traded by hand."""
    file = path / "fills.csv"
    file.write_text("account,symbol,side,quantity,price,fees,date\n" + rows)
    return file


def by_hand(path: Path) -> OpenBook:
    """A folder whose accounts are traded by hand."""
    return opened(folder(path, roth="manual", taxed="manual"))


# On paper


def test_a_plan_is_applied_from_its_file_once(tmp_path: Path) -> None:
    """Saved, applied, applied again: the second time says that it was done and writes nothing."""
    book = opened(folder(tmp_path))
    plan = book.plan()
    path = plan.save()

    first = book.apply(path, by="me")
    before = bytes_of(tmp_path)
    second = opened(tmp_path).apply(path, by="me")

    assert first.status == "done"
    assert first.folded.cash == dict(plan.cash_after)
    assert second.status == "already"
    assert bytes_of(tmp_path) == before
    assert opened(tmp_path).plan().trades == ()


def test_a_plan_that_is_done_leaves_nothing_more_behind(tmp_path: Path) -> None:
    """Prices that were changed after a plan was carried out do not enter the record by applying,
    rehearsing or recording it again.
    """
    path = folder(tmp_path)
    saved = opened(path).plan().save()
    opened(path).apply(saved, by="me")
    text = (path / "prices.csv").read_text()
    (path / "prices.csv").write_text(text.replace("260.00", "281.00"))
    before = bytes_of(path)

    again = opened(path).apply(saved, by="me")

    assert (again.status, again.changed) == ("already", False)
    assert rehearsed(opened(path), load_plan(saved)).status == "already"
    assert bytes_of(path) == before


def test_a_plan_recorded_by_hand_leaves_nothing_more_behind(tmp_path: Path) -> None:
    """Closing or applying a plan again that was recorded writes nothing, whatever prices say."""
    book = by_hand(tmp_path)
    saved = book.plan().save()
    book.record(saved, by="me")
    text = (tmp_path / "prices.csv").read_text()
    (tmp_path / "prices.csv").write_text(text.replace("72.50", "74.50"))
    before = bytes_of(tmp_path)

    closed = opened(tmp_path).record(saved, close=True, by="me")
    applied = opened(tmp_path).apply(saved, by="me")

    assert (closed.status, applied.status) == ("already", "already")
    assert bytes_of(tmp_path) == before


def test_edits_between_plan_and_apply_are_refused(tmp_path: Path) -> None:
    """Another target, another lots.csv, another price of that day: the plan is stale."""
    for number, (name, old, new) in enumerate(
        [
            ("portfolio.toml", 'when = "monthly"', 'when = "daily"'),
            ("lots.csv", "roth,VTI,90", "roth,VTI,91"),
            ("prices.csv", "260.00", "260.01"),
        ]
    ):
        path = folder(tmp_path / str(number))
        saved = opened(path).plan().save()
        (path / name).write_text((path / name).read_text().replace(old, new))
        before = bytes_of(path)

        with pytest.raises(RefusedError, match="stale"):
            opened(path).apply(saved)
        assert bytes_of(path) == before


def test_later_prices_do_not_make_a_plan_stale_within_a_session(tmp_path: Path) -> None:
    """Prices of the next session may come in; those of a second one make it expire."""
    path = folder(tmp_path)
    saved = opened(path).plan().save()
    later = StillClock(CLOCK.now() + timedelta(days=6))
    text = (path / "prices.csv").read_text()
    (path / "prices.csv").write_text(text + "2024-04-01,VTI,261.00\n2024-04-02,VTI,261.00\n")
    with pytest.raises(RefusedError, match="expired"):
        open_book(path, clock=later).apply(saved)

    (path / "prices.csv").write_text(text + "2024-04-01,VTI,261.00\n")
    assert open_book(path, clock=later).apply(saved).status == "done"


def test_a_day_that_was_asked_for_does_not_expire_on_paper(tmp_path: Path) -> None:
    """Whoever names the day wants that day: history can be walked through on paper."""
    path = folder(tmp_path)
    saved = opened(path).plan(LAST).save()
    text = (path / "prices.csv").read_text()
    (path / "prices.csv").write_text(text + "2024-06-28,VTI,261.00\n")

    later = StillClock(datetime(2024, 7, 1, tzinfo=UTC))
    assert open_book(path, clock=later).apply(saved).status == "done"


def test_month_after_month_on_paper(tmp_path: Path) -> None:
    """Three months of prices with a dividend and a split: planned and applied one after the other,
    the cash and the shares are always what the plan said.
    """
    path = folder(tmp_path)
    days = ["2024-03-28", "2024-04-30", "2024-05-31"]
    rows = ["date,symbol,close,dividend,split"]
    for number, day in enumerate(days):
        rows.append(
            f"{day},VTI,{260 + 20 * number if number < 2 else 145},,{2 if number == 2 else ''}"
        )
        rows.append(f"{day},BND,72.5,{'0.25' if number else ''},")
    (path / "prices.csv").write_text("\n".join(rows) + "\n")
    held = []
    for number, day in enumerate(days):
        book = open_book(path, clock=StillClock(datetime(2024, 4 + number, 1, tzinfo=UTC)))
        plan = book.plan(date.fromisoformat(day))
        result = book.apply(plan, by="me")
        assert result.status == "done"
        if plan.trades:
            assert result.folded.cash == dict(plan.cash_after)
        held.append(sum(s for (_, i), s in result.folded.positions.items() if i == "VTI"))

    assert held[2] > 1.8 * held[1]
    kinds = [entry.kind for entry in book.entries()]
    assert kinds.count("split") == 1
    assert kinds.count("dividend_paid") == 4
    assert kinds.count("period_acted") == 3


def test_looking_at_a_plan_tells_how_far_it_is_and_writes_nothing(tmp_path: Path) -> None:
    """Who is about to ask knows before whether there is anything left to ask about."""
    book = opened(folder(tmp_path))
    saved = book.plan().save()
    before = bytes_of(tmp_path)

    first = looked_at(book, saved).status
    assert bytes_of(tmp_path) == before
    book.apply(saved, by="me")

    assert first == "waiting"
    assert looked_at(opened(tmp_path), saved).status == "already"


def thin(path: Path, *, percent: str = "10", bonds: str = "") -> Path:
    """A folder on paper of which 200 VTI were traded on the day of the plan."""
    folder(path)
    (path / "portfolio.toml").write_text(
        (path / "portfolio.toml").read_text() + f"[paper]\nparticipation_percent = {percent}\n"
    )
    text = "date,symbol,close,volume\n2024-03-28,VTI,260.00,200\n"
    (path / "prices.csv").write_text(text + f"2024-03-28,BND,72.50,{bonds}\n")
    return path


def test_a_thin_day_fills_orders_on_paper_in_part(tmp_path: Path) -> None:
    """No more of an order is filled than its part of the day's volume; the rest is cancelled, a
    symbol without a volume is filled in whole and named, and the next plan goes on.
    """
    path = thin(tmp_path)
    plan = opened(path).plan()
    saved = plan.save()
    sells = [trade for trade in plan.trades if trade.instrument == "VTI"]
    assert max(trade.quantity for trade in sells) > 20

    rehearsal = rehearsed(opened(path), load_plan(saved))
    result = opened(path).apply(saved, by="me")

    filled = {(r.order.account, r.order.instrument): r for r in result.orders}
    for trade in sells:
        record = filled[trade.account, "VTI"]
        assert record.filled == min(trade.quantity, 20)
        assert record.state.is_final
    codes = {finding.code: finding.subject for finding in result.findings}
    assert codes["no-volume"] == "BND"
    assert "no-volume" in {finding.code for finding in rehearsal.findings}
    assert [r.filled for r in rehearsal.orders] == [r.filled for r in result.orders]
    assert all(cash >= 0 for cash in result.folded.cash.values())
    rest = opened(path).plan(now=True)
    assert sum(t.quantity for t in rest.trades if t.side == "sell") == sum(
        trade.quantity - filled[trade.account, "VTI"].filled for trade in sells
    )


def test_without_a_participation_volume_says_nothing(tmp_path: Path) -> None:
    """Orders on paper are filled in whole unless the folder asks for a part of the volume."""
    path = thin(tmp_path)
    text = (path / "portfolio.toml").read_text()
    (path / "portfolio.toml").write_text(text[: text.index("[paper]")])

    result = opened(path).apply(opened(path).plan().save(), by="me")

    assert {record.state for record in result.orders} == {OrderState.FILLED}
    assert "no-volume" not in {finding.code for finding in result.findings}


def test_a_participation_of_nothing_is_refused(tmp_path: Path) -> None:
    """Zero percent of the volume would fill no order ever."""
    with pytest.raises(InputError, match="participation_percent"):
        opened(thin(tmp_path, percent="0"))


# By hand


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


# Real brokers


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
    result = book.apply(book.plan(), by="me")
    assert result.status == "unfilled"
    assert all(record.state is OrderState.REJECTED for record in result.orders)

    other = opened(folder(tmp_path / "b", limits_toml="max_order_valu = 100\n"))
    with pytest.raises(InputError, match="max_order_value"):
        other.apply(other.plan(), by="me")
    assert not (tmp_path / "b" / "paper").exists() or not other.entries()


# Cash, halts, statements


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


# Deposits of a plan


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
