"""An opened portfolio: its record, its market, and the plans made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.adapters.clock import SystemClock
from trimtab.adapters.exchange_day import day_at, need_begun
from trimtab.adapters.ledger_file import FileLedger
from trimtab.adapters.plan_files import SavedPlan, save_plan
from trimtab.adapters.portfolio_folder import (
    CACHE_FOLDER,
    INDEX_FILE,
    LEDGER_FILE,
    LOTS_FILE,
    PAPER_FOLDER,
    Portfolio,
    read_portfolio,
)
from trimtab.adapters.prices_file import PriceFile
from trimtab.engine.decide import decide, plan_hash
from trimtab.engine.mandate import Mandate, Request
from trimtab.execution.corporate import (
    AWAITED,
    at_old_count,
    dividends_expected,
    splits_missing,
)
from trimtab.execution.opening import Opening, Prepared, opening_drafts, prepared
from trimtab.ledger.chain import Entry, sealed
from trimtab.ledger.events import instant_text
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.live.kinds import in_the_way
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.findings import Finding
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import NumberError, Price, decimal_from, minor_from, money_text
from trimtab.model.plan import Plan
from trimtab.model.ports import Broker, Clock
from trimtab.model.state import State

if TYPE_CHECKING:
    from trimtab.execution.outcome import Applied
    from trimtab.execution.reconcile import Mismatch, Statement
    from trimtab.execution.statement import Adjustment
    from trimtab.ledger.store import LedgerStore

Amount = str | int | float | Decimal
"""Money or a price as a person states it: `2600`, `"2600.00"`; never minor units."""

PLANS_FOLDER = "plans"
_HEAD = re.compile(rb'"state_head":\s*"[0-9a-f]{64}"')


def open_book(
    folder: Path | str,
    *,
    clock: Clock | None = None,
    paper: bool = False,
    brokers: Mapping[str, Broker] | None = None,
) -> OpenBook:
    """Open a portfolio folder. Nothing is written.

    Args:
        folder: Where portfolio.toml lies.
        clock: The time of day; the machine's by default.
        paper: Trade every account on paper, beside whatever its real record says.
        brokers: Real brokers that are set up, by the name that `broker` has in portfolio.toml.

    Raises:
        InputError: With everything that is wrong with the files.
        LedgerDamagedError: The record is not what was written.
    """
    clock = clock or SystemClock()
    portfolio = read_portfolio(Path(folder))
    if paper:
        portfolio = _on_paper(portfolio)
    return OpenBook(portfolio, clock, brokers)


class OpenBook:
    """A portfolio with its record and its prices.

    Accounts that are all traded on paper have their record in `paper/`, so that it can never be
    taken for a real one; as soon as one account is real there is one record, `ledger.jsonl`.

    Attributes:
        portfolio: What the folder says.
        clock: The time of day.
        brokers: Real brokers that are set up, by name.
    """

    def __init__(
        self, portfolio: Portfolio, clock: Clock, brokers: Mapping[str, Broker] | None = None
    ) -> None:
        self.portfolio = portfolio
        self.clock = clock
        self.brokers: Mapping[str, Broker] = dict(brokers or {})
        self._store: FileLedger | None = None
        self._typed: Mapping[str, Price] = {}
        self._prices: PriceFile | None = None
        self._folded: Folded = NOTHING
        self._prepared: dict[date, Prepared] = {}

    # -- places -------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The portfolio folder."""
        return self.portfolio.folder

    @property
    def is_paper(self) -> bool:
        """Whether every account is traded on paper."""
        return all(a.broker == "paper" for a in self.portfolio.household.accounts.values())

    @property
    def home(self) -> Path:
        """Where the record lies."""
        return self.paper_folder if self.is_paper else self.folder

    @property
    def paper_folder(self) -> Path:
        """Where everything about trading on paper lies."""
        return self.folder / PAPER_FOLDER

    @property
    def ledger_path(self) -> Path:
        """The file of the record, which need not exist yet."""
        return self.home / LEDGER_FILE

    @property
    def plans_folder(self) -> Path:
        """Where plans are saved."""
        return self.folder / PLANS_FOLDER

    # -- the record ---------------------------------------------------------------------------

    @property
    def store(self) -> LedgerStore:
        """The record; its folder is made when it is first written."""
        return self._file()

    def _file(self) -> FileLedger:
        if self._store is None:
            # Looking changes nothing: what a crash left is put away by the next that writes.
            self._store = FileLedger(self.ledger_path, repair=False)
        return self._store

    def repair(self) -> None:
        """Put away what a crash left unfinished at the end of the record; before writing.

        Raises:
            RefusedError: There was a record, and it is gone: it is not begun anew over that.
        """
        lost = self._lost()
        if lost:
            raise RefusedError(lost)
        if self.ledger_path.exists():
            self._file().repair()

    @property
    def repairs(self) -> tuple[Finding, ...]:
        """What a crash left at the end of the record, and what became of it."""
        return () if self._store is None else self._store.findings

    def entries(self) -> tuple[Entry, ...]:
        """The record so far, what other processes added included."""
        return self.store.read() if self.ledger_path.parent.is_dir() else ()

    def folded(self) -> Folded:
        """Everything that the record says now."""
        entries = self.entries()
        if self._folded.head.seq > len(entries):
            self._folded = NOTHING
        if self._folded.head.seq < len(entries):
            self._folded = fold(entries[self._folded.head.seq :], self._folded)
            self._prepared.clear()
        return self._folded

    @property
    def opening(self) -> Opening | None:
        """The opening statement, as lots.csv states it; None where there is no such file.

        Raises:
            InputError: Its files cannot be read, and no record has taken their place.
        """
        portfolio = self.portfolio
        if portfolio.opening_problems:
            folded = self.folded()
            if folded.head.seq > folded.opening_parts:
                return None
            raise InputError(portfolio.opening_problems)
        if LOTS_FILE not in portfolio.hashes:
            return None
        accounts = portfolio.household.accounts
        return Opening(
            household=portfolio.household.name,
            currency=portfolio.household.currency,
            on=portfolio.opened or self.as_of(),
            lots=portfolio.lots,
            cash={account: portfolio.cash.get(account, 0) for account in accounts},
            sales=portfolio.sales,
            lots_sha256=portfolio.hashes[LOTS_FILE],
        )

    def prepared(self, as_of: date, prices: Mapping[str, Amount] | None = None) -> Prepared:
        """The record as a decision of that day sees it: seeded, with splits and dividends."""
        folded = self.folded()
        if as_of in self._prepared and not prices:
            return self._prepared[as_of]
        ready = prepared(
            self.entries(),
            self.opening_on(as_of),
            instruments=self._instruments(folded),
            market=self.market(as_of, prices),
            paper=self.paper_accounts,
            at=instant_text(self.clock.now()),
            known=folded,
        )
        _need_accounts(ready.folded, self.portfolio)
        ready = self._with_expected(ready, as_of)
        if not prices:
            self._prepared[as_of] = ready
        return ready

    def _with_expected(self, ready: Prepared, as_of: date) -> Prepared:
        """The same with all dividends that brokers still owe, whatever was written meanwhile."""
        paying = set(self.portfolio.household.accounts) - self.paper_accounts
        entries = [*self.entries(), *sealed(ready.drafts, self.folded().head)]
        since = min(as_of - AWAITED, self.folded().actions_through or as_of)
        dividends = self.market_shown(as_of).dividends
        expected = dividends_expected(entries, paying, dividends, since=since)
        others = [one for one in ready.findings if one.code != "dividend-expected"]
        return replace(ready, findings=(*others, *expected))

    def opening_on(self, as_of: date) -> Opening | None:
        """The opening statement; where the folder does not say of which day, of this one."""
        opening = self.opening
        if opening is None or self.portfolio.opened is not None:
            return opening
        return replace(opening, on=as_of)

    @property
    def paper_accounts(self) -> frozenset[str]:
        """Accounts that are traded on paper."""
        accounts = self.portfolio.household.accounts.values()
        return frozenset(account.id for account in accounts if account.broker == "paper")

    def state(self, as_of: date | None = None) -> State:
        """What is held and remembered on a day: the fold of the record, or of lots.csv."""
        day = self.as_of(as_of)
        return self.prepared(day).state(day, head=self._head())

    def _head(self) -> str:
        """The record's head as plans name it: empty until its opening is complete."""
        folded, opening = self.folded(), self.opening
        if folded.head.seq == 0:
            return ""
        if opening is not None and folded.opening_parts == folded.head.seq:
            parts = len(opening_drafts(opening, self._instruments(folded), "1970-01-01T00:00:00Z"))
            if folded.head.seq < parts:
                return ""
        return folded.head.hash

    # -- the market ---------------------------------------------------------------------------

    def as_of(self, day: date | None = None) -> date:
        """The session to decide for.

        Args:
            day: That day if it is a session, else the last session before it. By default the
                newest day that has prices and is not in the future.

        Raises:
            RefusedError: The day has not begun at the exchange.
        """
        return self._session(day)[0]

    def need_begun(self, day: date) -> None:
        """Refuse a day that has not begun at the exchange.

        Raises:
            RefusedError: It is in the future.
        """
        need_begun(self.portfolio.calendar, day, self.clock.now())

    def _session(self, day: date | None) -> tuple[date, tuple[Finding, ...]]:
        calendar = self.portfolio.calendar
        if day is not None:
            self.need_begun(day)
            session = calendar.session_on_or_before(day)
            if session == day:
                return day, ()
            message = f"{day} is no session of {calendar.name}: decided for {session} instead"
            return session, (Finding("no-session", str(day), message, "info"),)
        newest = self._newest_day()
        today = day_at(calendar, self.clock.now())
        if newest is None:
            return calendar.session_on_or_before(today), ()
        if newest > today:
            message = (
                f"the price files reach {newest}, which is in the future; they are read up to "
                f"{today}"
            )
            known = self._newest_day(until=today) or today
            return calendar.session_on_or_before(known), (
                Finding("prices-in-future", str(newest), message),
            )
        return calendar.session_on_or_before(newest), ()

    def _newest_day(self, *, until: date = date.max) -> date | None:
        """The newest day with prices; of a market's where there are any, else of typed ones."""
        known = self.portfolio.household.instruments
        traded = [name for name in sorted(known) if known[name].price_source == "market"]
        source = self._price_file({})
        return source.last_day(traded, until=until) or source.last_day(sorted(known), until=until)

    def market(self, as_of: date, prices: Mapping[str, Amount] | None = None) -> Market:
        """What the market says on a day.

        Args:
            as_of: A session.
            prices: Prices typed in for that day, by instrument.

        Raises:
            InputError: The price files have rows that cannot be read.
            RefusedError: A typed price is no price, or of something unknown.
        """
        return self.market_with(as_of, self.typed(prices))

    def market_with(self, as_of: date, typed: Mapping[str, Price]) -> Market:
        """What the market says on a day, with typed prices that were checked.

        What was split without the record knowing it has no price there: at the new count it would
        be worth a part of itself.
        """
        shown = self.market_shown(as_of, typed)
        missing = [
            split
            for split in splits_missing(self.folded(), shown)
            if split.instrument in shown.quotes
        ]
        if not missing:
            return shown
        quotes = dict(shown.quotes)
        for split in missing:
            quotes[split.instrument] = at_old_count(quotes[split.instrument], split)
        return replace(shown, quotes=quotes)

    def market_shown(self, as_of: date, typed: Mapping[str, Price] | None = None) -> Market:
        """What the price files say on a day, whatever the record knows."""
        known = sorted(self._instruments(self.folded()))
        return self._price_file(typed or {}).snapshot(as_of, known)

    def volumes(self, day: date) -> Mapping[str, Fraction]:
        """Units traded on a day, of everything whose price file says it."""
        return self._price_file({}).volumes(day, sorted(self._instruments(self.folded())))

    def typed(self, prices: Mapping[str, Amount] | None) -> dict[str, Price]:
        """Typed prices, checked."""
        known = self._instruments(self.folded())
        typed = {}
        for name, text in (prices or {}).items():
            if name not in known:
                raise RefusedError(
                    f"a price was given for {name}, which is in no hold list and in no account: "
                    f"known are {', '.join(sorted(known))}"
                )
            try:
                typed[name] = Price.of(_decimal(text))
            except NumberError as error:
                raise RefusedError(f"the price given for {name} is no price: {error}") from None
        return typed

    def _price_file(self, typed: Mapping[str, Price]) -> PriceFile:
        if self._prices is None:
            self._prices = PriceFile(
                self.portfolio.prices,
                instruments=self.portfolio.household.instruments,
                calendar=self.portfolio.calendar,
                folder=self.folder,
            )
        self._prices.typed = dict(typed)
        return self._prices

    # -- decisions ----------------------------------------------------------------------------

    def mandate(self) -> Mandate:
        """Household, target, policy and costs; what only the record knows of is among them."""
        mandate = self.portfolio.mandate
        if mandate.target is None and self.portfolio.optimized is not None:
            raise RefusedError(
                "the target of this portfolio is to be computed ([target.optimize]); compute it "
                "with `trimtab optimize` and write the weights into [target]"
            )
        instruments = self._instruments(self.folded())
        return replace(mandate, household=replace(mandate.household, instruments=instruments))

    def _instruments(self, folded: Folded) -> Mapping[str, Instrument]:
        known = self.portfolio.household.instruments
        currency = self.portfolio.household.currency
        gone = {
            name: Instrument(name, currency=currency, step=folded.steps[name])
            for name in sorted({instrument for _, instrument in folded.positions} - set(known))
        }
        return dict(sorted({**known, **gone}.items())) if gone else known

    def plan(
        self,
        as_of: date | None = None,
        *,
        deposits: Mapping[str, Amount] | None = None,
        withdrawals: Mapping[str, Amount] | None = None,
        no_sells: bool = False,
        now: bool = False,
        prices: Mapping[str, Amount] | None = None,
    ) -> OpenPlan:
        """Decide what to trade. Changes nothing; `.save()` writes the plan to a file.

        Args:
            as_of: The day; by default the newest with prices.
            deposits: Cash about to come in, by account, in money.
            withdrawals: Cash that is to go out, by account, in money.
            no_sells: Plan purchases only.
            now: Act although nothing is due.
            prices: Prices typed in for that day, by instrument.
        """
        request = Request(
            deposits=self._amounts("deposit", deposits),
            withdrawals=self._amounts("withdrawal", withdrawals),
            no_sells=no_sells,
            now=now,
        )
        day, remarks = self._session(as_of)
        typed = self.typed(prices)
        ready = self.prepared(day, prices)
        plan = decide(
            ready.state(day, head=self._head()),
            self.mandate(),
            self.market(day, prices),
            day,
            request,
        )
        limits = self._findings_of_limits(plan, day, typed)
        found = (*remarks, *self.findings(day), *ready.findings, *plan.findings, *limits)
        findings = tuple(dict.fromkeys(found))
        if findings != plan.findings:
            plan = replace(plan, findings=findings)
            plan = replace(plan, id=f"{day.isoformat()}-{plan_hash(plan)[:6]}")
        return OpenPlan(plan, self, request, typed, day_asked=as_of is not None)

    def status(
        self, as_of: date | None = None, *, prices: Mapping[str, Amount] | None = None
    ) -> OpenPlan:
        """Where everything stands and what is due: the same decision, with no request."""
        return self.plan(as_of, prices=prices)

    # -- what changes it ----------------------------------------------------------------------

    def apply(self, plan: OpenPlan | Path | str, *, by: str = "") -> Applied:
        """Carry out a plan at each account's broker; see `trimtab.live.trading.apply`."""
        from trimtab.live import trading

        return trading.apply(self, plan, by=by)

    def record(
        self,
        plan: OpenPlan | Path | str,
        fills: Path | str | None = None,
        *,
        close: bool = False,
        as_it_was: bool = False,
        by: str = "",
    ) -> Applied:
        """Book what was traded by hand; see `trimtab.live.trading.record_trades`."""
        from trimtab.live import trading

        return trading.record_trades(self, plan, fills, close=close, as_it_was=as_it_was, by=by)

    def cancel(self, plan: OpenPlan | Path | str) -> Applied:
        """Ask the brokers to cancel what is open of a plan."""
        from trimtab.live import trading

        return trading.cancel(self, plan)

    def deposit(self, account: str, amount: Amount, *, on: date | None = None) -> None:
        """Book cash that came in."""
        from trimtab.live import trading

        trading.deposit(self, account, self._amounts("deposit", {account: amount})[account], on=on)

    def withdraw(self, account: str, amount: Amount, *, on: date | None = None) -> None:
        """Book cash that went out."""
        from trimtab.live import trading

        minor = self._amounts("withdrawal", {account: amount})[account]
        trading.withdraw(self, account, minor, on=on)

    def compare(self, statement: Statement) -> tuple[Mismatch, ...]:
        """Where a broker's statement and the record disagree; empty if nowhere."""
        from trimtab.live import trading

        return trading.mismatches(self, statement)

    def adjust(
        self, statement: Statement, *, on: date | None = None, income: bool = False
    ) -> Adjustment:
        """Bring the record to what a statement says; see `trimtab.live.trading.adjust`."""
        from trimtab.live import trading

        return trading.adjust(self, statement, on=on, income=income)

    def halt(self, scope: str, *, reason: str) -> None:
        """Let no new order leave an account, or any account for `household`."""
        from trimtab.live import trading

        _need_reason(reason)
        trading.halt(self, scope, reason)

    def resume(self, scope: str, *, reason: str, by: str = "") -> None:
        """End a halt."""
        from trimtab.live import trading

        _need_reason(reason)
        trading.resume(self, scope, reason=reason, by=by)

    # -- what there is to say -----------------------------------------------------------------

    def findings(self, as_of: date | None = None) -> tuple[Finding, ...]:
        """What the folder and the record have to say, apart from any decision."""
        day = self.as_of(as_of)
        found = [*self.portfolio.findings, *self._findings_of_record(day)]
        found.extend(in_the_way(self.portfolio.household, self.brokers))
        found.extend(self.repairs)
        return tuple(dict.fromkeys(found))

    def _findings_of_limits(
        self, plan: Plan, day: date, typed: Mapping[str, Price]
    ) -> list[Finding]:
        """What limits.toml is going to refuse, and what is wrong with it."""
        from trimtab.adapters.limits_file import LIMITS_FILE, read_limits
        from trimtab.execution.gate import beyond_limits

        try:
            limits = read_limits(self.folder)
        except InputError as error:
            return [
                Finding("limits-wrong", LIMITS_FILE, f"{problem}; nothing is traded", "error")
                for problem in error.problems
            ]
        return beyond_limits(plan, self.mandate(), self.market_with(day, typed), limits)

    def _lost(self) -> str:
        """Why there must have been a record where there is none; empty where nothing says so."""
        if any((place / LEDGER_FILE).exists() for place in (self.folder, self.paper_folder)):
            return ""
        traces = []
        if any(_is_of_a_record(path) for path in sorted(self.plans_folder.glob("*.json"))):
            traces.append(f"{PLANS_FOLDER}/")
        if (self.home / CACHE_FOLDER / INDEX_FILE).exists():
            traces.append(f"{(self.home / CACHE_FOLDER).relative_to(self.folder)}/")
        if not traces:
            return ""
        named = " and ".join(traces)
        return (
            f"there is no {LEDGER_FILE}, and {named} shows that there was one: restore it from a "
            f"backup, or remove {named} to begin anew from {LOTS_FILE}"
        )

    def _findings_of_record(self, day: date) -> list[Finding]:
        folded = self.folded()
        found = []
        if folded.opened_on is None:
            lost = self._lost()
            if lost:
                found.append(Finding("record-lost", LEDGER_FILE, lost, "error"))
            opened = self.portfolio.opened
            if opened is not None and day < opened:
                found.append(_before(day, f"lots.csv is of {opened}"))
            return found
        latest = max((p for p in (folded.actions_through, folded.opened_on) if p), default=day)
        if day < latest:
            found.append(_before(day, f"the record reaches {latest}"))
        for scope, reason in sorted(folded.halted.items()):
            message = f"{scope} is halted: {reason}. No order leaves until somebody resumes it."
            found.append(Finding("halted", scope, message, "error"))
        digest = self.portfolio.hashes.get(LOTS_FILE)
        is_edited = digest is not None and digest != folded.lots_sha256
        if is_edited and not self.portfolio.opening_problems:
            found.append(_edited(self.entries(), self.portfolio, folded))
        return found

    def _amounts(self, what: str, amounts: Mapping[str, Amount] | None) -> dict[str, int]:
        accounts = self.portfolio.household.accounts
        found = {}
        for account, text in (amounts or {}).items():
            if account not in accounts:
                raise RefusedError(
                    f"a {what} was named for {account}, which is no account: known are "
                    f"{', '.join(accounts)}"
                )
            try:
                minor = minor_from(_decimal(text))
            except NumberError as error:
                raise RefusedError(f"the {what} for {account} is no amount: {error}") from None
            if minor <= 0:
                raise RefusedError(f"the {what} for {account} must be above zero, not {text}")
            found[account] = minor
        return found


@dataclass(frozen=True)
class OpenPlan:
    """A plan with the book it was made from. What a `Plan` has, it has: `plan.trades`.

    Args:
        value: The plan itself.
        book: The book.
        request: What was asked beyond the policy.
        prices: Prices that were typed in.
        day_asked: Whether somebody named the day.
    """

    value: Plan
    book: OpenBook = field(repr=False, compare=False)
    request: Request
    prices: Mapping[str, Price]
    day_asked: bool = False

    def __getattr__(self, name: str) -> Any:
        if name == "value":  # while it is being copied or unpickled there is none
            raise AttributeError(name)
        return getattr(self.value, name)

    def explain(self) -> str:
        """Everything: each trade and each trade not made, with reason, cost and tax."""
        return plan_as_text(self.value, explain=True)

    def save(self) -> Path:
        """Write it to `plans/<id>.json`; nothing else changes."""
        text = plan_as_text(self.value, explain=False)
        saved = SavedPlan(self.value, self.request, self.prices, self.day_asked, text)
        return save_plan(saved, self.book.plans_folder)


def plan_as_text(plan: Plan, *, explain: bool) -> str:
    """A plan as its reader sees it, without colours."""
    from trimtab.reports.plan_text import plan_text

    return plan_text(plan, explain=explain)


def _on_paper(portfolio: Portfolio) -> Portfolio:
    household = portfolio.household
    accounts = {
        name: replace(account, broker="paper") for name, account in household.accounts.items()
    }
    mandate = replace(portfolio.mandate, household=replace(household, accounts=accounts))
    return replace(portfolio, mandate=mandate)


def _is_of_a_record(path: Path) -> bool:
    """Whether a saved plan names the record that it was made from."""
    try:
        return _HEAD.search(path.read_bytes()) is not None
    except OSError:
        return False


def _need_reason(reason: str) -> None:
    """Refuse a halt or its end that says nothing to whoever reads the record."""
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("--reason is empty or no line of plain text: say why, for the record")


def _decimal(text: Amount) -> Decimal:
    return decimal_from(format(text, "f") if isinstance(text, Decimal) else str(text))


def _need_accounts(folded: Folded, portfolio: Portfolio) -> None:
    """An account that still holds something and is no longer named would vanish from all sums."""
    known = portfolio.household.accounts
    held = {account for account, _ in folded.positions}
    held |= {account for account, cash in folded.cash.items() if cash}
    lost = sorted(held - set(known))
    if lost:
        raise RefusedError(
            f"the record has holdings in {', '.join(lost)}, which portfolio.toml does not name: "
            f"add [accounts.{lost[0]}], or book their transfer out first"
        )


def _before(day: date, why: str) -> Finding:
    message = f"this looks at {day}, but {why}: what is held is not what was held that day"
    return Finding("before-record", str(day), message)


def _edited(entries: tuple[Entry, ...], portfolio: Portfolio, folded: Folded) -> Finding:
    """How lots.csv differs now from the one that seeded the record."""
    then = fold([entry for entry in entries if entry.kind == "opened"])
    now: dict[tuple[str, str], int] = {}
    for lot in portfolio.lots:
        now[lot.account, lot.instrument] = now.get((lot.account, lot.instrument), 0) + lot.quantity
    changes = [
        f"{key[1]} in {key[0]}"
        for key in sorted({*now, *then.positions})
        if now.get(key, 0) != then.positions.get(key, 0)
    ]
    for account in sorted({*then.cash, *portfolio.cash}):
        before, after = then.cash.get(account, 0), portfolio.cash.get(account, 0)
        if before != after:
            changes.append(f"cash in {account} ({money_text(before)} -> {money_text(after)})")
    shown = ", ".join(changes[:5]) + (f" and {len(changes) - 5} more" if len(changes) > 5 else "")
    message = (
        f"lots.csv was edited after it seeded the record on {folded.opened_on}; the record "
        f"counts, the edit does not. Differences: {shown or 'dates, basis or layout only'}. Undo "
        "the edit, or book what happened with `trimtab import` or `trimtab record`."
    )
    return Finding("lots-edited", LOTS_FILE, message)


__all__ = ["Amount", "OpenBook", "OpenPlan", "open_book"]
