"""What changes an opened portfolio: applying plans, recording trades, cash, halts."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from trimtab.adapters.fills_csv import read_fills
from trimtab.adapters.limits_file import read_limits
from trimtab.adapters.paper_broker import BROKER_FILE, PaperBroker
from trimtab.adapters.plan_files import SavedPlan, load_plan
from trimtab.engine.mandate import HOUSEHOLD
from trimtab.execution.application import Application, Venue
from trimtab.execution.apply import book_deposits, carry_out
from trimtab.execution.approval import approve
from trimtab.execution.brokers import PaperTerms, without_volume
from trimtab.execution.corporate import AWAITED, Payment, payments_awaited, splits_stated
from trimtab.execution.corrections import Change, Correction, correction
from trimtab.execution.doubts import FAR_FROM_MARKET, doubts_of_correction, doubts_of_statement
from trimtab.execution.following import poll_brokers
from trimtab.execution.manual import (
    HandTrade,
    beyond_limits,
    book_as_planned,
    book_hand_trades,
    check_hand_trades,
    close_tickets,
    undated,
)
from trimtab.execution.opening import seeding
from trimtab.execution.outcome import Applied, conclude, outcome
from trimtab.execution.reconcile import Mismatch, Statement, differences
from trimtab.execution.sending import cancel_open, issue_tickets
from trimtab.execution.statement import Adjustment, adjustment
from trimtab.ledger import events
from trimtab.ledger.chain import EMPTY, Draft
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import Folded
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import caught_up, record
from trimtab.ledger.store import LedgerStore
from trimtab.live.kinds import BY_HAND, ON_PAPER, mixed, not_set_up
from trimtab.live.observed import ObservedBook
from trimtab.live.planned import OpenPlan
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import money_text
from trimtab.model.ports import Broker


def apply(book: ObservedBook, plan: OpenPlan | SavedPlan | Path | str, *, by: str = "") -> Applied:
    """Carry out a plan at each account's broker, or go on with one that was stopped.

    Accounts without a broker get tickets, which `record` books once they are traded.
    """
    saved = _saved(plan)
    need_one_record(book)
    book.need_begun(saved.plan.as_of)
    run = _run(book, saved)
    carry_out(run, by=by or _user(), today=today_of(book, saved))
    return _done(book, run)


def looked_at(
    book: ObservedBook, plan: OpenPlan | SavedPlan | Path | str, *, by: str = ""
) -> Applied:
    """How far a plan is before anything is done; nothing is written or sent.

    Raises:
        RefusedError: It may not be carried out, as `apply` would say.
    """
    saved = _saved(plan)
    need_one_record(book)
    book.need_begun(saved.plan.as_of)
    run = _run(book, saved, store=_copy(book))
    if run.is_approved:
        return outcome(run)
    approve(run, by or _user(), today=today_of(book, saved))
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
    run = _run(book, saved, store=_copy(book))
    _with_tickets(run, by)
    trades: tuple[HandTrade, ...] | None = None
    findings: tuple[Finding, ...] = ()
    if fills is not None:
        trades = _trades(book, saved, Path(fills))
        check_hand_trades(run, trades, as_it_was=as_it_was)
        findings = (*undated(trades), *beyond_limits(run, trades))
    return ToRecord(outcome(run), trades, findings)


@dataclass(frozen=True, slots=True)
class ToRecord:
    """What would be booked of a plan that is traded by hand.

    Args:
        applied: The plan with its tickets.
        trades: The trades of the file; None where there is none.
        findings: What is to be told of them before they are booked.
    """

    applied: Applied
    trades: tuple[HandTrade, ...] | None
    findings: tuple[Finding, ...] = ()


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
    saved = _saved(plan)
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
    approve(run, by or _user(), today=None)
    book_deposits(run)
    if not run.is_superseded:
        issue_tickets(run)


def _trades(book: ObservedBook, saved: SavedPlan, path: Path) -> tuple[HandTrade, ...]:
    day = saved.plan.as_of
    until = max(book.clock.now().date(), day)
    return read_fills(path, book.portfolio.household, on=day, until=until)


def cancel(book: ObservedBook, plan: OpenPlan | SavedPlan | Path | str) -> Applied:
    """Ask the brokers to cancel what is open of a plan; allowed even when everything is halted."""
    run = _run(book, _saved(plan))
    if not run.is_approved:
        raise RefusedError(f"plan {run.plan.id} was never applied: there is nothing to cancel")
    poll_brokers(run)
    cancel_open(run)
    poll_brokers(run)
    close_tickets(run)
    return _done(book, run)


def deposit(book: ObservedBook, account: str, amount: int, *, on: date | None = None) -> Folded:
    """Book cash that came in, minor units."""
    return _cash(book, account, amount, on, came_in=True)


def withdraw(book: ObservedBook, account: str, amount: int, *, on: date | None = None) -> Folded:
    """Book cash that went out, minor units."""
    return _cash(book, account, amount, on, came_in=False)


def mismatches(book: ObservedBook, statement: Statement) -> tuple[Mismatch, ...]:
    """Where a statement and the record disagree; empty if nowhere."""
    folded = book.prepared(book.as_of()).folded
    return differences(
        statement,
        lots=tuple(folded.lots.values()),
        cash=folded.cash,
        instruments=_known_instruments(book, statement),
    )


def adjust(
    book: ObservedBook, statement: Statement, *, on: date | None = None, income: bool = False
) -> Adjustment:
    """Bring the record to what a statement says; a person has said that it is right.

    Positions are moved by transfers. New cash is the dividends that are waited for, where it has
    room for them; the rest is a transfer, or interest.

    Args:
        book: The portfolio.
        statement: What the broker says.
        on: Its day; by default the newest with prices.
        income: The rest of new cash is interest.

    Raises:
        RefusedError: Orders of the account are open, the day cannot be, or something in it cannot
            be booked.
    """
    found = to_adjust(book, statement, on=on, income=income)
    if not found.drafts:
        return found
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    return _adjusted(book, statement, book.store, on, income=income)


def to_adjust(
    book: ObservedBook, statement: Statement, *, on: date | None = None, income: bool = False
) -> Adjustment:
    """What `adjust` would book; nothing is written."""
    _need_account(book, statement.account)
    need_one_record(book)
    folded = book.folded()
    waiting = [r for r in folded.orders.values() if r.order.account == statement.account]
    if any(not record.state.is_final for record in waiting):
        raise RefusedError(
            f"orders in {statement.account} are open, so record and statement have to differ: "
            "record what was traded, or close them, then compare again"
        )
    return _adjusted(book, statement, _copy(book), on, income=income)


def _adjusted(
    book: ObservedBook, statement: Statement, store: LedgerStore, on: date | None, *, income: bool
) -> Adjustment:
    day = _statement_day(book, on)
    found = mismatches(book, statement)
    if not found:
        return Adjustment((), ())
    as_of = book.as_of()
    ready = book.prepared(as_of)
    folded = record(store, book.folded(), ready.drafts) if ready.drafts else book.folded()
    late = splits_stated(
        folded,
        book.market_shown(as_of),
        _stated_steps(book, statement),
        account=statement.account,
        at=_at(book),
    )
    if late.drafts:
        record(store, folded, late.drafts)
        return Adjustment(late.drafts, late.findings)
    awaited: tuple[Payment, ...] = ()
    if statement.account not in book.paper_accounts:
        since = day - AWAITED
        dividends = book.market(as_of).dividends
        awaited = payments_awaited(store.read(), statement.account, dividends, since=since)
    done = adjustment(
        found,
        folded,
        instruments=book.mandate().household.instruments,
        on=day,
        at=_at(book),
        awaited=awaited,
        income=income,
    )
    record(store, folded, done.drafts)
    return replace(done, findings=(*doubts_of_statement(found), *done.findings))


def _stated_steps(book: ObservedBook, statement: Statement) -> dict[str, int]:
    """Whole steps of a statement, of the instruments that are known."""
    known = book.mandate().household.instruments
    return {
        name: int(units / known[name].step)
        for name, units in statement.positions.items()
        if name in known
    }


def correct(
    book: ObservedBook,
    entry: int,
    change: Change,
    *,
    reason: str,
    again: bool = False,
    as_it_was: bool = False,
) -> Correction:
    """Put right what was booked wrongly, by new entries.

    Args:
        book: The portfolio.
        entry: The number of the entry that was wrong.
        change: What was different from what it says.
        reason: Why, for whoever reads the record.
        again: It was voided, and happened after all.
        as_it_was: Book a price or a basis that is far from the market's; without it, it is refused.

    Raises:
        RefusedError: It cannot be corrected, or not so.
    """
    if again:
        # A split that waited for the trade to be taken back comes before it.
        write(book, lambda _: [])
    found = to_correct(book, entry, change, reason=reason, again=again, as_it_was=as_it_was)
    book.repair()
    record(book.store, found.before, found.drafts)
    return found


def to_correct(
    book: ObservedBook,
    entry: int,
    change: Change,
    *,
    reason: str,
    again: bool = False,
    as_it_was: bool = False,
) -> Correction:
    """What `correct` would book; nothing is written."""
    need_one_record(book)
    for day in (change.on, change.acquired):
        if day is not None:
            book.need_begun(day)
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("a correction needs a reason, in a line of plain text")
    folded = book.folded()
    accounts = book.portfolio.household.accounts.values()
    found = correction(
        book.entries(),
        folded,
        entry,
        change,
        again=again,
        accounts=[account.id for account in accounts if account.broker == BY_HAND],
        reason=reason,
        on=max(book.as_of(), folded.opened_on or book.as_of()),
        at=_at(book),
        settles=book.portfolio.calendar.next_session,
    )
    doubts = tuple(doubts_of_correction(found, lambda day: _market_of(book, day)))
    far = [doubt.message for doubt in doubts if doubt.code == FAR_FROM_MARKET]
    if far and not as_it_was:
        raise RefusedError(
            f"nothing was corrected: {'; '.join(far)}. If it was so all the same, say so with "
            "--as-it-was"
        )
    return replace(found, findings=(*found.findings, *doubts))


def _market_of(book: ObservedBook, day: date) -> Market:
    """What the price files say on a day, or at the session before it."""
    return book.market_shown(book.portfolio.calendar.session_on_or_before(day))


def _statement_day(book: ObservedBook, on: date | None) -> date:
    """The day of a statement: not before what the record has, and not in the future."""
    folded = book.folded()
    days = [str(entry.body["on"]) for entry in book.entries() if entry.body.get("on")]
    known = [date.fromisoformat(day) for day in days]
    known += [one for one in (folded.opened_on, folded.actions_through) if one is not None]
    opening = book.opening
    if not known and opening is not None:
        known = [opening.on]
    last = max(known, default=None)
    if on is None:
        return max(book.as_of(), last) if last is not None else book.as_of()
    book.need_begun(on)
    if folded.opened_on is not None and on < folded.opened_on:
        raise RefusedError(f"{on} is before the record begins, on {folded.opened_on}")
    if last is not None and on < last:
        raise RefusedError(
            f"a statement of {on} cannot be compared with a record that reaches {last}: export a "
            "newer one"
        )
    return on


def _known_instruments(book: ObservedBook, statement: Statement) -> Mapping[str, Instrument]:
    known = book.mandate().household.instruments
    strangers = {name: Instrument(name) for name in statement.positions if name not in known}
    return {**known, **strangers}


def halt(book: ObservedBook, scope: str, reason: str) -> Folded:
    """No new order leaves an account, or any account for `household`, until somebody resumes it."""
    _need_scope(book, scope)
    return _write_alone(book, events.halted(scope, reason=reason, at=_at(book)))


def resume(book: ObservedBook, scope: str, *, reason: str, by: str = "") -> Folded:
    """End a halt: a person looked, and says why it may go on."""
    _need_scope(book, scope)
    if scope not in book.folded().halted:
        raise RefusedError(f"{scope} is not halted")
    user = by or _user()
    return _write_alone(book, events.resumed(scope, by=user, reason=reason, at=_at(book)))


def _write_alone(book: ObservedBook, draft: Draft) -> Folded:
    """Add what has no day of the market: nothing is booked but that, and the opening before it.

    A history that is walked day by day stays on the day where it is.
    """
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    instruments = book.mandate().household.instruments
    opening = book.opening_on(book.as_of())
    first = seeding(book.entries(), opening, instruments=instruments, at=_at(book))
    record(book.store, book.folded(), [*first, draft])
    return book.folded()


def write(book: ObservedBook, drafts_after: Callable[[Folded], list[Draft]]) -> Folded:
    """Bring the record up to the newest session, then add what a function says knowing it."""
    book.home.mkdir(parents=True, exist_ok=True)
    book.repair()
    ready = book.prepared(book.as_of())
    folded = book.folded()
    due = [draft for draft in ready.drafts if not _is_of_paper(draft, book)]
    if due:
        folded = record(book.store, folded, due)
    record(book.store, folded, drafts_after(folded))
    return book.folded()


def need_one_record(book: ObservedBook) -> None:
    """Refuse a household of which some accounts trade on paper and others do not.

    Its record is the real one, and what never happened must not enter it (docs/decisions/0009).

    Raises:
        RefusedError: Names the accounts of either kind and what to write instead, or the account
            whose broker is not set up.
    """
    text = mixed(book.portfolio.household)
    if not text:
        return
    need_brokers(book, book.brokers)
    raise RefusedError(text)


def _is_of_paper(draft: Draft, book: ObservedBook) -> bool:
    """Whether an entry is of money that exists only on paper, and the record is the real one."""
    is_paid = draft.kind == "dividend_paid" and draft.body["account"] in book.paper_accounts
    return is_paid and not book.is_paper


def real_accounts(book: ObservedBook) -> frozenset[str]:
    """Accounts at a broker that trades real money: the gate judges their prices by the clock."""
    accounts = book.portfolio.household.accounts.values()
    return frozenset(a.id for a in accounts if a.broker not in (BY_HAND, ON_PAPER))


def brokers_of(
    book: ObservedBook, real: Mapping[str, Broker], terms: PaperTerms
) -> dict[str, Broker]:
    """The broker of each account that has one; an account on paper has none beside real ones."""
    need_brokers(book, real)
    found: dict[str, Broker] = {}
    paper: PaperBroker | None = None
    for account in book.portfolio.household.accounts.values():
        if account.broker == BY_HAND:
            continue
        if account.broker == ON_PAPER:
            if not book.is_paper:
                continue
            paper = paper or PaperBroker(
                book.paper_folder / BROKER_FILE,
                terms=terms,
                book=_Known(book),
                clock=book.clock,
            )
            found[account.id] = paper
        else:
            found[account.id] = real[account.broker]
    return found


def paper_terms(book: ObservedBook, market: Market) -> PaperTerms:
    """What paper brokers trade by at a market's prices: in part where the folder says so."""
    mandate = book.mandate()
    if book.portfolio.participation is None or not book.is_paper:
        return PaperTerms.of(mandate, market)
    return PaperTerms.of(
        mandate,
        market,
        volumes=book.volumes(market.as_of),
        participation=book.portfolio.participation,
    )


def need_brokers(book: ObservedBook, real: Mapping[str, Broker]) -> None:
    """Refuse an account at a broker that is not set up.

    Raises:
        RefusedError: Names the account, and the brokers that are known.
    """
    for _, text in not_set_up(book.portfolio.household, real):
        raise RefusedError(text)


class _Known:
    """The record as the paper broker sees it: everything that was written up to this moment."""

    def __init__(self, book: ObservedBook) -> None:
        self._book = book
        self._folded = Folded()

    def __call__(self) -> Folded:
        self._folded = caught_up(self._book.store, self._folded)
        return self._folded


def _copy(book: ObservedBook) -> MemoryLedger:
    """The record in memory, for looking at what would become of it."""
    store = MemoryLedger()
    store.append(book.entries(), EMPTY)
    return store


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
        mandate=book.mandate(),
        market=market,
        opening=book.opening_on(plan.as_of),
        brokers=brokers_of(book, book.brokers, terms),
        limits=read_limits(book.folder),
        paper=book.paper_accounts,
        real=real_accounts(book),
    )
    return Application(plan, saved.request, venue)


def _saved(plan: OpenPlan | SavedPlan | Path | str) -> SavedPlan:
    if isinstance(plan, SavedPlan):
        return plan
    if isinstance(plan, Path | str):
        return load_plan(Path(plan))
    return SavedPlan(plan.value, plan.request, plan.prices, plan.day_asked)


def today_of(book: ObservedBook, saved: SavedPlan) -> date | None:
    """The day that a plan must not be older than a session of.

    Real money goes by the clock. On paper and by hand it is the newest day with prices; a plan
    whose day somebody named is of the day they want.
    """
    traded = {trade.account for trade in saved.plan.trades}
    accounts = book.portfolio.household.accounts
    if any(accounts[name].broker not in (BY_HAND, ON_PAPER) for name in traded & set(accounts)):
        return max(book.clock.now().date(), saved.plan.as_of)
    return None if saved.day_asked else max(book.as_of(), saved.plan.as_of)


def _bring_up(book: ObservedBook, run: Application, day: date) -> None:
    """Book splits and dividends up to the day of a trade that came later than the plan."""
    session = book.portfolio.calendar.session_on_or_before(day)
    if session <= run.plan.as_of:
        return
    run.write(book.prepared(session).drafts)


def _done(book: ObservedBook, run: Application) -> Applied:
    applied = outcome(run)
    more = [*book.repairs, *_late(book, run)]
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


def _cash(
    book: ObservedBook, account: str, amount: int, on: date | None, *, came_in: bool
) -> Folded:
    _need_account(book, account)
    need_one_record(book)
    if amount <= 0:
        raise RefusedError("an amount is above zero; deposit and withdraw say the direction")
    day = on or book.as_of()

    def drafts(folded: Folded) -> list[Draft]:
        there = folded.cash.get(account, 0)
        if not came_in and there < amount:
            raise RefusedError(
                f"{account} has {money_text(there)}, so {money_text(amount)} cannot have left it: "
                "plan a withdrawal to raise it"
            )
        make = events.deposited if came_in else events.withdrawn
        return [make(account, amount, on=day, at=_at(book))]

    return write(book, drafts)


def _need_account(book: ObservedBook, account: str) -> None:
    known = book.portfolio.household.accounts
    if account not in known:
        raise RefusedError(f"{account} is no account: known are {', '.join(known)}")


def _need_scope(book: ObservedBook, scope: str) -> None:
    known = [HOUSEHOLD, *book.portfolio.household.accounts]
    if scope not in known:
        raise RefusedError(f"{scope} is no account: known are {', '.join(known)}")


def _at(book: ObservedBook) -> str:
    return instant_text(book.clock.now())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
