"""Plans of an opened portfolio carried out, recorded and cancelled."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from trimtab.adapters.fills_csv import read_fills
from trimtab.adapters.limits_file import read_limits
from trimtab.adapters.plan_files import SavedPlan, load_plan
from trimtab.engine.belief import MOVED_FAR
from trimtab.execution.application import Application, Venue
from trimtab.execution.apply import book_deposits, carry_out
from trimtab.execution.approval import approve
from trimtab.execution.booked_first import booked_first
from trimtab.execution.brokers import without_volume
from trimtab.execution.following import poll_brokers
from trimtab.execution.manual import (
    HandTrade,
    as_planned,
    beyond_limits,
    book_as_planned,
    book_hand_trades,
    check_hand_trades,
    close_tickets,
    odd_fees,
    undated,
    without_session,
)
from trimtab.execution.outcome import Applied, conclude, outcome, remember
from trimtab.execution.sending import cancel_open, issue_tickets
from trimtab.ledger.store import LedgerStore
from trimtab.live.abroad import limits_abroad
from trimtab.live.admission import admit
from trimtab.live.lost_plans import need_prices, saved_or_recorded
from trimtab.live.observed import ObservedBook
from trimtab.live.planned import OpenPlan, text_of
from trimtab.live.venue import brokers_of, need_one_record, paper_terms, real_accounts, today_of
from trimtab.live.writing import copy_of, user_name
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.orders import Fill


def apply(
    book: ObservedBook,
    plan: OpenPlan | SavedPlan | Path | str,
    *,
    by: str = "",
    in_part: bool = False,
) -> Applied:
    """Carry out a plan at each account's broker, or go on with one that was stopped.

    Accounts without a broker get tickets, which `record` books once they are traded.

    Args:
        book: The portfolio.
        plan: The plan.
        by: Who approves it.
        in_part: Carry out the rest of a plan of which the gate is certain to refuse a part.

    Raises:
        RefusedError: It may not be carried out; nothing was written.
    """
    saved = _saved(plan)
    need_one_record(book)
    book.need_begun(saved.plan.as_of)
    run = _run(book, saved)
    admit(run, saved)
    carry_out(run, by=by or user_name(), today=today_of(book, saved), whole=not in_part)
    return _done(book, run)


def looked_at(
    book: ObservedBook,
    plan: OpenPlan | SavedPlan | Path | str,
    *,
    by: str = "",
    in_part: bool = False,
) -> Applied:
    """How far a plan is before anything is done; nothing is written or sent.

    Raises:
        RefusedError: It may not be carried out, as `apply` would say.
    """
    saved = _saved(plan)
    need_one_record(book)
    book.need_begun(saved.plan.as_of)
    run = _run(book, saved, store=copy_of(book))
    if run.is_approved:
        return outcome(run)
    admit(run, saved)
    approve(run, by or user_name(), today=today_of(book, saved), whole=not in_part)
    return outcome(run)


def to_record(
    book: ObservedBook,
    plan: OpenPlan | SavedPlan | Path | str,
    fills: Path | str | None = None,
    *,
    as_it_was: bool = False,
    by: str = "",
) -> ToRecord:
    """What `record_trades` would book, every line checked; nothing is written.

    Raises:
        InputError: The file has lines that cannot be read.
        RefusedError: With each trade that cannot be booked, and why.
    """
    saved = _saved(plan)
    need_one_record(book)
    book.need_begun(saved.plan.as_of)
    run = _run(book, saved, store=copy_of(book))
    admit(run, saved)
    _with_tickets(run, by)
    trades: tuple[HandTrade, ...] | None = None
    findings: tuple[Finding, ...] = saved.plan.findings if saved.recorded else ()
    if fills is not None:
        trades = _trades(book, saved, Path(fills))
        check_hand_trades(run, trades, as_it_was=as_it_was)
        findings = (
            *findings,
            *undated(trades),
            *without_session(book.portfolio.calendar, trades),
            *odd_fees(run, trades),
            *beyond_limits(run, trades),
        )
    fills_planned = as_planned(run) if trades is None else ()
    return ToRecord(outcome(run), trades, findings, fills_planned)


@dataclass(frozen=True, slots=True)
class ToRecord:
    """What would be booked of a plan that is traded by hand.

    Args:
        applied: The plan with its tickets.
        trades: The trades of the file; None where there is none.
        findings: What is to be told of them before they are booked.
        as_planned: What is booked of the open tickets where there is no file.
    """

    applied: Applied
    trades: tuple[HandTrade, ...] | None
    findings: tuple[Finding, ...] = ()
    as_planned: tuple[Fill, ...] = ()


def record_trades(
    book: ObservedBook,
    plan: OpenPlan | SavedPlan | Path | str,
    fills: Path | str | None = None,
    *,
    close: bool = False,
    as_it_was: bool = False,
    by: str = "",
) -> Applied:
    """Book what a person traded of a plan.

    Args:
        book: The portfolio.
        plan: The plan; it counts as approved by whoever traded it.
        fills: A CSV file of trades; None: every open ticket was traded exactly as planned.
        close: Nothing more will be traded of what stays open. Without a file: close only.
        as_it_was: Book trades that go beyond a ticket or the cash, or whose price is far from
            the plan's; without it they are refused.
        by: Who says so.
    """
    saved = _of_orders(book, plan)
    if saved.recorded and fills is None and not close:
        raise need_prices(saved)
    # The whole of it in memory first: nothing is written of what would be refused half way.
    checked = to_record(book, saved, fills, as_it_was=as_it_was, by=by)
    run = _run(book, saved)
    _with_tickets(run, by)
    if checked.trades is not None:
        check_hand_trades(run, checked.trades, as_it_was=as_it_was)
        _bring_up(book, run, max(trade.on for trade in checked.trades))
        book_hand_trades(run, checked.trades)
        run.findings.extend(checked.findings)
    elif not close:
        book_as_planned(run)
    if close:
        close_tickets(run)
    conclude(run)
    return _done(book, run)


def _with_tickets(run: Application, by: str) -> None:
    """Approve a plan by the word of whoever traded it, and issue its tickets."""
    if all(part.trade.account in run.venue.brokers for part in run.parts):
        raise RefusedError(
            f"plan {run.plan.id} has no trades to be made by hand: use `trimtab apply`"
        )
    approve(run, by or user_name(), today=None)
    book_deposits(run)
    if not run.is_superseded:
        issue_tickets(run)


def _trades(book: ObservedBook, saved: SavedPlan, path: Path) -> tuple[HandTrade, ...]:
    day = saved.plan.as_of
    until = max(book.clock.now().date(), day)
    return read_fills(path, book.portfolio.household, on=day, until=until)


def cancel(book: ObservedBook, plan: OpenPlan | SavedPlan | Path | str) -> Applied:
    """Ask the brokers to cancel what is open of a plan; allowed even when everything is halted."""
    run = _run(book, _of_orders(book, plan))
    _need_applied(run)
    poll_brokers(run)
    cancel_open(run)
    poll_brokers(run)
    close_tickets(run)
    remember(run)
    return _done(book, run)


def to_cancel(book: ObservedBook, plan: OpenPlan | SavedPlan | Path | str) -> Applied:
    """How far the record has a plan that is to be cancelled; nothing is written or sent.

    Raises:
        RefusedError: It was never applied.
    """
    run = _run(book, _of_orders(book, plan), store=copy_of(book))
    _need_applied(run)
    return outcome(run)


def _need_applied(run: Application) -> None:
    if not run.is_approved:
        raise RefusedError(f"plan {run.plan.id} was never applied: there is nothing to cancel")


def _run(book: ObservedBook, saved: SavedPlan, *, store: LedgerStore | None = None) -> Application:
    plan = saved.plan
    if store is None:
        book.home.mkdir(parents=True, exist_ok=True)
        book.repair()
    market = book.market_with(plan.as_of, saved.prices)
    terms = paper_terms(book, market)
    venue = Venue(
        store=store or book.store,
        clock=book.clock,
        mandate=book.mandate(plan.as_of),
        market=market,
        opening=book.opening_on(plan.as_of),
        brokers=brokers_of(book, book.brokers, terms),
        limits=read_limits(book.folder),
        paper=book.paper_accounts,
        real=real_accounts(book),
    )
    run = Application(plan, saved.request, venue)
    if saved.recorded:
        run.digest = saved.recorded
        run.findings.extend(plan.findings)
    return run


def _saved(plan: OpenPlan | SavedPlan | Path | str) -> SavedPlan:
    if isinstance(plan, SavedPlan):
        return plan
    if isinstance(plan, Path | str):
        return load_plan(Path(plan))
    text = text_of(plan.value)
    return SavedPlan(plan.value, plan.request, plan.prices, plan.day_asked, text)


def _of_orders(book: ObservedBook, plan: OpenPlan | SavedPlan | Path | str) -> SavedPlan:
    """A plan whose orders are recorded or closed: that works without its file."""
    return saved_or_recorded(book, Path(plan)) if isinstance(plan, Path | str) else _saved(plan)


def _bring_up(book: ObservedBook, run: Application, day: date) -> None:
    """Book splits and dividends up to the day of a trade that came later than the plan."""
    session = book.portfolio.calendar.session_on_or_before(day)
    if session <= run.plan.as_of:
        return
    ready = book.prepared(session)
    run.write(ready.drafts)
    run.findings.extend(booked_first(ready.drafts, ready.findings))


def _done(book: ObservedBook, run: Application) -> Applied:
    applied = outcome(run)
    more = [*book.repairs, *_late(book, run)]
    more += limits_abroad(book, applied.tickets, run.plan.as_of)
    more += [one for one in run.plan.findings if one.code == MOVED_FAR and one not in run.findings]
    if book.is_paper and run.changed:
        traded = [record.order for record in applied.orders if record.filled]
        more += without_volume(paper_terms(book, run.venue.market), traded)
    return applied if not more else applied.with_findings(more)


def _late(book: ObservedBook, run: Application) -> list[Finding]:
    """By the clock, the prices that a person trades by may be old; they decide, and are told."""
    if not run.tickets():
        return []
    today = book.clock.now().date()
    age = book.portfolio.calendar.sessions_between(run.plan.as_of, today)
    if age <= 1:
        return []
    message = (
        f"the plan's prices are of {run.plan.as_of}, {age} sessions ago: look at today's before "
        "you trade"
    )
    return [Finding("plan-old", run.plan.id, message)]
