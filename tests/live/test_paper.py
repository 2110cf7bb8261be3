"""Plan to fills on paper: once, month after month, in part on a thin day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.live.folders import CLOCK, LAST, by_hand, bytes_of, float_prices, folder, opened
from trimtab.adapters.clock import StillClock
from trimtab.adapters.plan_files import load_plan
from trimtab.cli.rehearsal import rehearsed
from trimtab.live.book import open_book
from trimtab.live.trading import looked_at
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.orders import OrderState


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


def test_prices_with_all_the_digits_of_floats_are_traded(tmp_path: Path) -> None:
    """Fifteen decimals in a price file halt nobody: everything fills, and is in the record."""
    path = float_prices(folder(tmp_path))
    plan = opened(path).plan()

    applied = opened(path).apply(plan.save(), by="me")

    assert applied.status == "done"
    assert not applied.folded.is_halted("taxed")
    assert applied.folded.cash == dict(plan.cash_after)
    assert opened(path).plan().trades == ()


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


@pytest.mark.parametrize("left", [0, 2])
def test_a_paper_book_that_is_gone_or_cut_stops_its_accounts(tmp_path: Path, left: int) -> None:
    """Nothing is sent, the dry run and `apply` say what differs; put back, all goes on."""
    path = folder(tmp_path)
    opened(path).apply(opened(path).plan().save(), by="me")
    file = path / "paper" / "broker.jsonl"
    whole = file.read_bytes()
    saved = opened(path).plan(now=True, deposits={"roth": 5000, "taxed": 5000}).save()
    lines = whole.splitlines(keepends=True)
    assert len(lines) > left
    file.write_bytes(b"".join(lines[:left]))

    dry = rehearsed(opened(path), load_plan(saved))
    assert "broker-lost-orders" in {finding.code for finding in dry.findings}
    result = opened(path).apply(saved, by="me")

    assert result.status == "halted"
    (*_, told) = [one for one in result.findings if one.code == "broker-lost-orders"]
    assert told.severity == "error"
    assert "backup" in told.message
    file.write_bytes(whole)
    for scope in result.folded.halted:
        opened(path).resume(scope, reason="put back", by="me")
    assert opened(path).apply(saved, by="me").status == "done"


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
