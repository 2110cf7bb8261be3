"""An opened portfolio: what it holds on a day, what it plans, and that looking changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.live.folders import TOML, bytes_of, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.ledger.folded import state_digest
from trimtab.live.book import open_book
from trimtab.live.trading import to_record
from trimtab.model.errors import InputError, RefusedError

LAST = date(2024, 3, 28)


def codes(plan) -> set[str]:  # type: ignore[no-untyped-def]
    """The codes of a plan's findings."""
    return {finding.code for finding in plan.findings}


def test_the_newest_day_with_prices_is_decided_for(tmp_path: Path) -> None:
    """Without a day, the newest one that has prices and has begun somewhere on earth."""
    book = opened(folder(tmp_path, prices=[("2024-04-02", "VTI", "261.00")]))
    early = open_book(tmp_path, clock=StillClock(datetime(2024, 3, 27, 9, 0, tzinfo=UTC)))

    assert opened(folder(tmp_path / "b")).as_of() == LAST
    assert early.as_of() == date(2024, 3, 27)
    assert "prices-in-future" in codes(book.plan())


def test_a_day_without_a_session_is_the_one_before(tmp_path: Path) -> None:
    """Good Friday is decided for as Thursday, and the plan says so."""
    book = open_book(folder(tmp_path), clock=StillClock(datetime(2024, 3, 29, 21, tzinfo=UTC)))

    assert book.as_of(date(2024, 3, 29)) == LAST
    plan = book.plan(date(2024, 3, 29))
    assert plan.as_of == LAST
    assert "no-session" in codes(plan)


@pytest.mark.parametrize("day", ["2024-03-26", datetime(2024, 3, 26, 12, tzinfo=UTC)])
def test_a_day_may_be_text(tmp_path: Path, day: str | datetime) -> None:
    """Wherever a day is named, its text and an instant of it name that very day."""
    book = opened(folder(tmp_path))

    assert book.plan(day).value == book.plan(date(2024, 3, 26)).value


@pytest.mark.parametrize("day", ["26 March", "2024-3-26", 20240326])
def test_what_is_no_day_says_what_to_pass(tmp_path: Path, day: str) -> None:
    """Anything else is refused with what would be right."""
    book = opened(folder(tmp_path))

    with pytest.raises(RefusedError, match="such as 2026-03-31"):
        book.plan(day)


def test_a_typed_price_of_a_later_day_does_not_age_the_market(tmp_path: Path) -> None:
    """A fund's typed price on a later day does not make the exchange's prices old."""
    path = folder(tmp_path)
    toml = (path / "portfolio.toml").read_text()
    toml += '\n[instruments.FUND]\nprice = "manual"\n'
    toml = toml.replace('hold = ["BND"]', 'hold = ["BND", "FUND"]')
    (path / "portfolio.toml").write_text(toml)
    (path / "manual-prices.csv").write_text("date,symbol,close\n2024-03-29,FUND,10.00\n")

    assert opened(path).as_of() == LAST


def test_planning_and_looking_change_nothing(tmp_path: Path) -> None:
    """Plan, status, state and findings leave every byte of the folder as it was."""
    path = folder(tmp_path)
    before = bytes_of(path)
    book = opened(path)

    book.plan()
    book.status()
    book.state()
    book.findings()

    assert bytes_of(path) == before


def test_the_record_begins_as_lots_csv_says(tmp_path: Path) -> None:
    """Before and after the record was seeded, the same is held and remembered."""
    path = folder(tmp_path)
    before = opened(path).prepared(LAST).folded
    book = opened(path)
    book.deposit("roth", "0.01")
    book.withdraw("roth", "0.01")
    after = opened(path).folded()

    assert dict(before.lots) == dict(after.lots)
    assert dict(before.cash) == dict(after.cash)
    assert before.purchases == after.purchases
    assert state_digest(opened(path).prepared(LAST).folded) == state_digest(after)


def test_an_edited_lots_csv_is_shown_and_never_used(tmp_path: Path) -> None:
    """Once there is a record, lots.csv is only compared with the one that seeded it."""
    path = folder(tmp_path)
    book = opened(path)
    book.apply(book.plan(), by="me")
    held = opened(path).state()
    lots = (path / "lots.csv").read_text().replace("roth,VTI,90", "roth,VTI,95")
    (path / "lots.csv").write_text(lots)

    edited = opened(path)

    assert edited.state() == held
    (finding,) = [f for f in edited.findings() if f.code == "lots-edited"]
    assert "VTI in roth" in finding.message


def test_paper_has_a_record_of_its_own(tmp_path: Path) -> None:
    """On paper nothing is written where the real record is, and the other way round."""
    path = folder(tmp_path, roth="manual", taxed="manual")
    book = opened(path, paper=True)
    book.apply(book.plan(), by="me")

    assert (path / "paper" / "ledger.jsonl").exists()
    assert not (path / "ledger.jsonl").exists()
    assert opened(path).folded().head.seq == 0
    assert opened(path).plan().trades


def test_one_real_account_makes_the_record_real(tmp_path: Path) -> None:
    """A household of which one account is real has one record, in the folder itself."""
    path = folder(tmp_path, roth="manual", taxed="paper")

    assert opened(path).ledger_path == path / "ledger.jsonl"
    assert opened(folder(tmp_path / "b")).ledger_path == tmp_path / "b" / "paper" / "ledger.jsonl"


def test_splits_are_no_drift(tmp_path: Path) -> None:
    """bt 570: after a split at a proportional price the weights are what they were: no trade."""
    path = folder(tmp_path, lots=(
        "account,symbol,quantity,acquired,cost_basis\n"
        "roth,VTI,60,2020-01-02,\nroth,BND,40,2020-01-02,\n"
    ))  # fmt: skip
    (path / "prices.csv").write_text(
        "date,symbol,close,split\n2024-03-27,VTI,100,\n2024-03-28,VTI,50,2\n"
        "2024-03-27,BND,100,\n2024-03-28,BND,100,\n"
    )

    plan = opened(path).plan()

    assert plan.trades == ()
    assert {(lot.instrument, lot.quantity) for lot in opened(path).state().lots} == {
        ("VTI", 120),
        ("BND", 40),
    }


def test_dividends_are_cash_on_paper_and_expected_by_hand(tmp_path: Path) -> None:
    """A paper account gets the dividend of what it held before the day; a real one is told."""
    dividends = (
        "date,symbol,close,dividend\n2024-03-27,VTI,260,\n2024-03-28,VTI,259,0.905\n"
        "2024-03-27,BND,72,\n2024-03-28,BND,72.5,\n"
    )
    paper, real = folder(tmp_path / "p"), folder(tmp_path / "r", roth="manual", taxed="manual")
    for path in (paper, real):
        (path / "prices.csv").write_text(dividends)

    assert opened(paper).state().cash == {"roth": 100_000 + 8_145, "taxed": 50_000 + 4_525}
    assert opened(real).state().cash == {"roth": 100_000, "taxed": 50_000}
    assert "dividend-expected" in codes(opened(real).plan())


def test_looking_back_behind_the_record_is_said(tmp_path: Path) -> None:
    """A day before the opening statement cannot know what was held then."""
    plan = opened(folder(tmp_path)).plan(date(2024, 3, 8))

    assert "before-record" in codes(plan)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"deposits": {"rot": 100}}, "rot"),
        ({"deposits": {"roth": -5}}, "above zero"),
        ({"deposits": {"roth": "1e3"}}, "1e3"),
        ({"withdrawals": {"roth": "12.345"}}, "12.345"),
        ({"prices": {"VTI": "nan"}}, "nan"),
        ({"prices": {"VTI": 0}}, "VTI"),
        ({"prices": {"XYZ": 10}}, "XYZ"),
    ],
)
def test_wrong_wishes_are_refused(tmp_path: Path, more: dict[str, object], told: str) -> None:
    """A wish that cannot be meant is refused with what was wrong in it."""
    with pytest.raises(RefusedError, match=told):
        opened(folder(tmp_path)).plan(**more)  # type: ignore[arg-type]


def test_a_typed_price_is_used_for_its_plan_only(tmp_path: Path) -> None:
    """A price given with one plan does not stay for the next."""
    book = opened(folder(tmp_path))

    typed = book.plan(prices={"VTI": "130.00"})
    usual = book.plan()

    assert typed.inputs_hash != usual.inputs_hash
    assert usual.value == opened(tmp_path).plan().value


def test_a_plan_passes_through_what_it_is(tmp_path: Path) -> None:
    """An opened plan has everything that a plan has, and explains itself."""
    plan = opened(folder(tmp_path)).plan()

    assert plan.trades == plan.value.trades
    assert plan.id == plan.value.id
    assert "VTI" in plan.explain()
    with pytest.raises(AttributeError):
        _ = plan.nothing_of_the_kind


def test_holdings_of_an_account_that_is_gone_stop_everything(tmp_path: Path) -> None:
    """An account that still holds something cannot silently vanish from the sums."""
    path = folder(tmp_path)
    book = opened(path)
    book.deposit("roth", 1)
    toml = (path / "portfolio.toml").read_text().replace("accounts.taxed", "accounts.other")
    (path / "portfolio.toml").write_text(toml)
    (path / "lots.csv").write_text("account,symbol,quantity,acquired,cost_basis\n")

    with pytest.raises(RefusedError, match="taxed"):
        opened(path).plan()


def test_a_coarser_step_is_refused(tmp_path: Path) -> None:
    """The record counts in steps: a coarser one would turn 90 shares into 9."""
    path = folder(tmp_path)
    opened(path).deposit("roth", 1)
    toml = (path / "portfolio.toml").read_text() + "\n[instruments.VTI]\nstep = 10\n"
    (path / "portfolio.toml").write_text(toml)

    with pytest.raises(RefusedError, match="finer"):
        opened(path).plan()


def test_a_finer_step_counts_anew(tmp_path: Path) -> None:
    """From whole shares to thousandths: the same holding, in more steps."""
    path = folder(tmp_path)
    opened(path).deposit("roth", 1)
    toml = (path / "portfolio.toml").read_text() + "\n[instruments.VTI]\nstep = 0.001\n"
    (path / "portfolio.toml").write_text(toml)

    held = {(lot.account, lot.instrument): lot.quantity for lot in opened(path).state().lots}

    assert held["roth", "VTI"] == 90_000


def test_a_day_that_has_not_begun_at_the_exchange_is_refused(tmp_path: Path) -> None:
    """On the evening of 28 March in Greenwich it is the 29th in the east, and not in New York."""
    book = opened(folder(tmp_path))

    with pytest.raises(RefusedError, match="2024-03-29 is in the future"):
        book.plan(date(2024, 3, 29))
    with pytest.raises(RefusedError, match="2024-04-01 is in the future"):
        book.plan(date(2024, 4, 1))
    with pytest.raises(RefusedError, match="future"):
        book.status(date(2024, 3, 30))


def test_prices_of_a_day_to_come_are_read_up_to_the_newest_that_has_begun(tmp_path: Path) -> None:
    """A row of 2999 does not make every other price old: the newest day with prices counts."""
    book = opened(folder(tmp_path, prices=[("2999-01-04", "VTI", "261.00")]))

    assert book.as_of() == date(2024, 3, 28)
    assert "prices-in-future" in codes(book.plan())


def test_a_plan_of_a_day_to_come_is_not_applied(tmp_path: Path) -> None:
    """A plan that another clock made waits until its day has begun."""
    folder(tmp_path, prices=[("2024-04-01", "VTI", "260.00"), ("2024-04-01", "BND", "72.50")])
    monday = date(2024, 4, 1)
    late = open_book(tmp_path, clock=StillClock(datetime(2024, 4, 1, 21, tzinfo=UTC)))
    saved = late.plan(monday).save()
    sunday = open_book(tmp_path, clock=StillClock(datetime(2024, 3, 31, 9, tzinfo=UTC)))

    with pytest.raises(RefusedError, match="future"):
        sunday.apply(saved)
    with pytest.raises(RefusedError, match="future"):
        to_record(sunday, saved)
    assert late.apply(saved, by="me").status == "done"


@pytest.mark.parametrize("tail", [b'{"at":"2024', b"\0" * 40])
def test_looking_past_a_torn_line_writes_nothing(tmp_path: Path, tail: bytes) -> None:
    """Plan and status read past what a crash left and say so; the next writer puts it away."""
    book = opened(folder(tmp_path, roth="manual", taxed="manual"))
    book.deposit("roth", 1)
    with book.ledger_path.open("ab") as file:
        file.write(tail)
    before = bytes_of(tmp_path)

    found = opened(tmp_path).status().findings
    assert bytes_of(tmp_path) == before
    told = [f.message for f in found if f.code == "ledger-tail-unfinished"]
    assert len(told) == 1
    assert "checkpoint kept elsewhere" in told[0]

    plan = opened(tmp_path).plan()
    result = opened(tmp_path).apply(plan.save(), by="me")
    assert "ledger-torn-line" in {finding.code for finding in result.findings}
    assert book.ledger_path.with_name("ledger.jsonl.torn-1").read_bytes() == tail


# A lots.csv that cannot be read

BROKEN = "account,symbol,quantity\nroth,VTI,many\n"


@pytest.mark.parametrize("broker", ["paper", "manual"])
def test_a_broken_opening_statement_is_a_warning_once_there_is_a_record(
    tmp_path: Path, broker: str
) -> None:
    """The record is the book: a lots.csv that nothing is read from any more stops nothing."""
    path = folder(tmp_path, roth=broker, taxed=broker)
    opened(path).deposit("roth", 100)
    before = opened(path).plan()
    (path / "lots.csv").write_text(BROKEN)
    (path / "sales.csv").write_text(BROKEN)

    after = opened(path).plan()

    told = [(f.subject, f.severity) for f in after.findings if f.code == "opening-broken"]
    assert told == [("lots.csv", "warning"), ("sales.csv", "warning")]
    assert (after.trades, after.state_head) == (before.trades, before.state_head)
    assert opened(path).apply(after).status in ("done", "waiting")


def test_a_missing_opening_statement_stops_nothing_on_paper_either(tmp_path: Path) -> None:
    """Where the record lies under paper/, lots.csv may go as it may beside ledger.jsonl."""
    path = folder(tmp_path)
    opened(path).deposit("roth", 100)
    (path / "lots.csv").unlink()

    assert opened(path).plan().trades != ()


@pytest.mark.parametrize("broker", ["paper", "manual"])
def test_a_record_of_the_other_kind_does_not_stand_in_for_a_broken_statement(
    tmp_path: Path, broker: str
) -> None:
    """What was rehearsed on paper says nothing about real holdings, nor the other way round."""
    other = {"paper": "manual", "manual": "paper"}[broker]
    path = folder(tmp_path, roth=broker, taxed=broker)
    opened(path).deposit("roth", 100)
    folder(path, roth=other, taxed=other, lots=BROKEN)

    with pytest.raises(InputError) as caught:
        opened(path).plan()
    assert {problem.file for problem in caught.value.problems} == {"lots.csv"}


def test_prices_that_are_old_by_the_clock_are_told(tmp_path: Path) -> None:
    """Who names no day decides for the newest: that it is long ago is said, with the day."""
    path = folder(tmp_path)
    later = StillClock(datetime(2024, 5, 28, 21, 0, tzinfo=UTC))

    fresh, old = opened(path).plan(), open_book(path, clock=later).plan()
    asked = open_book(path, clock=later).plan("2024-03-28")

    (said,) = [one.message for one in old.findings if one.code == "old-prices"]
    assert "2024-03-28, 41 sessions before" in said
    assert not [one for one in (*fresh.findings, *asked.findings) if one.code == "old-prices"]


@pytest.mark.parametrize("broker", ["paper", "manual"])
@pytest.mark.parametrize("max_age", [40, 41])
def test_old_prices_are_told_where_they_matter(tmp_path: Path, broker: str, max_age: int) -> None:
    """Not within the age that each traded instrument may have; on paper as a note only."""
    aged = "".join(f"\n[instruments.{name}]\nmax_age = {max_age}\n" for name in ("VTI", "BND"))
    toml = TOML.format(roth=broker, taxed=broker)
    path = folder(tmp_path, portfolio_toml=toml + aged)
    later = StillClock(datetime(2024, 5, 28, 21, 0, tzinfo=UTC))

    found = [
        one for one in open_book(path, clock=later).status().findings if one.code == "old-prices"
    ]

    assert len(found) == (max_age < 41)
    assert {one.severity for one in found} <= {"info" if broker == "paper" else "warning"}
