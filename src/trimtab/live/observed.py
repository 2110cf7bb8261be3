"""A portfolio as it is observed: its folder, its record and its market. Nothing is changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trimtab.adapters.exchange_day import day_at, need_begun
from trimtab.adapters.ledger_file import FileLedger
from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.portfolio_tables.files import LEDGER_FILE, LOTS_FILE, PAPER_FOLDER
from trimtab.adapters.portfolio_tables.notes import nearest
from trimtab.adapters.price_steps import Since
from trimtab.adapters.prices_file import LOOKED_BACK, PriceFile
from trimtab.costs.exchange import exchanged
from trimtab.engine.follow import on_day
from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request
from trimtab.execution.booked_dividends import dividends_wrong
from trimtab.execution.corporate import (
    AWAITED,
    WrongSplit,
    at_old_count,
    at_old_counts,
    countable,
    dividends_expected,
    splits_missing,
    splits_wrong,
)
from trimtab.execution.opening import Opening, Prepared, opening_drafts, prepared
from trimtab.ledger.chain import Entry, sealed
from trimtab.ledger.events import instant_text
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.live.amounts import Amount, Day, day_of, typed_prices
from trimtab.live.exchange import with_cost
from trimtab.live.places import PLANS_FOLDER, lost_record
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.findings import Finding, Severity
from trimtab.model.household import Household
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import Price
from trimtab.model.ports import Broker, Clock
from trimtab.model.state import State
from trimtab.targets.moving.held import NOTHING_HELD

if TYPE_CHECKING:
    from trimtab.adapters.price_rate import Rate
    from trimtab.ledger.store import LedgerStore
    from trimtab.targets.moving.mover import Mover
    from trimtab.targets.moving.watch import Watch


NO_FLOWS = Request()

FRESH_DAYS = 10
"""How far before its session a status looks for rows of days that are none."""


class ObservedBook:
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
        self._prices: PriceFile | None = None
        self._mover: Mover | None = None
        self._watch: Watch | None = None
        self._folded: Folded = NOTHING
        self._prepared: dict[date, Prepared] = {}

    def exchanging(self, *, fx: Path | str | None = None, fx_bps: Decimal | None = None) -> Self:
        """The same portfolio with other exchange rates, or another cost of exchange.

        Args:
            fx: A file of rates, as prices of pairs.
            fx_bps: Half-spread of exchange of all accounts, in basis points.

        Raises:
            RefusedError: There is no such file, or the cost is none.
        """
        portfolio = self.portfolio
        if fx is not None:
            if not Path(fx).is_file():
                raise RefusedError(f"there is no file of exchange rates {str(fx)!r}")
            portfolio = replace(portfolio, fx=Path(fx).resolve())
        if fx_bps is not None:
            if not (fx_bps.is_finite() and 0 <= fx_bps < 10_000):
                raise RefusedError(f"a cost of exchange of {fx_bps} basis points is none")
            portfolio = replace(portfolio, fx_bps={"": fx_bps})
        return type(self)(portfolio, self.clock, self.brokers)

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
        lost = lost_record(self.folder, self.home)
        if lost:
            raise RefusedError(lost)
        if self.ledger_path.exists():
            self._file().repair()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other process from writing the record until the end of the `with`.

        Raises:
            LedgerBusyError: Another process writes, and goes on writing.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self._file().hold():
            yield

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
        since = awaited_since(self, as_of)
        dividends = countable(ready.folded, self.market_shown(as_of))
        expected = dividends_expected(entries, paying, dividends, since=since)
        others = [one for one in ready.findings if one.code != "dividend-expected"]
        shown = self.market_shown(as_of)
        wrong = [one.finding() for one in self._splits_wrong(shown)]
        # Of a split that is booked wrongly nobody knows how many units were paid.
        wrong += [
            one.finding()
            for one in dividends_wrong(self.entries(), shown, self._has_row)
            if one.instrument not in {finding.subject for finding in wrong}
        ]
        return replace(ready, findings=(*others, *wrong, *expected))

    def _splits_wrong(self, shown: Market) -> tuple[WrongSplit, ...]:
        """Booked splits that the price files show otherwise."""
        return splits_wrong(self.folded(), shown, self._has_row)

    def _has_row(self, instrument: str, day: date) -> bool:
        quote = self.market_shown(day).quotes.get(instrument)
        return quote is not None and quote.on == day and not quote.confirmed

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

    def state(self, as_of: Day | None = None) -> State:
        """What is held and remembered on a day: the fold of the record, or of lots.csv."""
        day = self.as_of(as_of)
        return self.prepared(day).state(day, head=self.head())

    def head(self) -> str:
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

    def as_of(self, day: Day | None = None) -> date:
        """The session to decide for.

        Args:
            day: That day if it is a session, else the last session before it. By default the
                newest day that has prices and is not in the future.

        Raises:
            RefusedError: The day has not begun at the exchange.
        """
        return self.session(day)[0]

    def need_begun(self, day: date) -> None:
        """Refuse a day that has not begun at the exchange.

        Raises:
            RefusedError: It is in the future.
        """
        need_begun(self.portfolio.calendar, day, self.clock.now())

    def session(self, asked: Day | None) -> tuple[date, tuple[Finding, ...]]:
        """As `as_of`, with what is to be said where it is not the day that was asked for."""
        calendar, day = self.portfolio.calendar, day_of(asked)
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
        session = calendar.session_on_or_before(newest)
        return session, (*self.old_prices(), *self._beside_sessions(session, newest))

    def _beside_sessions(self, session: date, newest: date) -> tuple[Finding, ...]:
        """That the newest rows are of no session, or others of the days before it."""
        known = sorted(self.portfolio.household.instruments)
        start = session - timedelta(days=FRESH_DAYS)
        return self._price_file({}).beside_sessions(known, start, newest)

    def old_prices(self) -> tuple[Finding, ...]:
        """That the newest price is older by the clock than a traded instrument's may be.

        For a household that is on paper throughout it is a note: it rehearses, often over history.
        """
        calendar, newest = self.portfolio.calendar, self._newest_day()
        today = day_at(calendar, self.clock.now())
        if newest is None or newest >= today or not calendar.covers(today):
            return ()
        sessions = calendar.sessions_between(newest, today)
        household = self.portfolio.household
        traded = [one for one in household.instruments.values() if one.price_source == "market"]
        # Before the close there are no prices of today yet, so a session is no age.
        if sessions <= max(min((one.age_limit for one in traded), default=1), 1):
            return ()
        is_rehearsal = self.paper_accounts == frozenset(household.accounts)
        message = (
            f"the newest price is of {newest}, {sessions} sessions before today ({today}): fetch "
            f"new prices before you trade on it; if that day is meant, say --as-of {newest}"
        )
        severity: Severity = "info" if is_rehearsal else "warning"
        return (Finding("old-prices", str(newest), message, severity),)

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
        folded, opened = self.folded(), self.portfolio.opened
        shown = replace(shown, looked=at_old_counts(folded, shown, opened=opened))
        missing = [
            split for split in splits_missing(folded, shown) if split.instrument in shown.quotes
        ]
        wrong = [one for one in self._splits_wrong(shown) if one.instrument in shown.quotes]
        if not missing and not wrong:
            return shown
        quotes = dict(shown.quotes)
        for split in missing:
            quotes[split.instrument] = at_old_count(quotes[split.instrument], split)
        for one in wrong:
            raw = f"its split of {one.on} is booked otherwise (entry {one.seq})"
            quote = quotes[one.instrument]
            quotes[one.instrument] = replace(quote, price=None, raw=raw, confirmed=False)
        unbooked = {split.instrument: split.on for split in missing}
        misbooked = {one.instrument: one.on for one in wrong}
        return replace(shown, quotes=quotes, unbooked=unbooked, misbooked=misbooked)

    def market_shown(self, as_of: date, typed: Mapping[str, Price] | None = None) -> Market:
        """What the price files say on a day, whatever the record knows."""
        known = sorted(self._instruments(self.folded()))
        return self._price_file(typed or {}).snapshot(as_of, known, self._since(as_of, known))

    def _since(self, as_of: date, names: Sequence[str]) -> dict[str, Since]:
        """From where on the steps of each price are looked at.

        From the price that a plan accepted last; else over some sessions, and as far back as the
        newest lot was bought, if what was held then is what was counted on the opening day.
        """
        folded = self.folded()
        lots = folded.lots.values() if folded.lots else self.portfolio.lots
        opened = folded.opened_on or self.portfolio.opened
        bought: dict[str, date] = {}
        for lot in lots:
            if isinstance(lot.acquired, date) and lot.acquired <= as_of:
                bought[lot.instrument] = max(lot.acquired, bought.get(lot.instrument, date.min))
        found: dict[str, Since] = {}
        for name in names:
            accepted = folded.accepted.get(name)
            if accepted is not None and accepted.on <= as_of:
                exact = Fraction(accepted.price.decimal)
                for instrument, on, new, old, *_ in folded.splits:
                    if instrument == name and on > accepted.on:
                        exact = exact * new / old
                found[name] = Since(accepted.on, _as_price(exact, accepted.price))
            elif name in bought:
                day = bought[name] if opened is None else max(bought[name], min(opened, as_of))
                found[name] = Since(min(day, as_of - timedelta(days=LOOKED_BACK * 7 // 5)))
        return found

    def rate_of(self, instrument: str, day: date) -> tuple[str, Rate] | None:
        """The other currency that an instrument is quoted in, with its rate of a day; else None."""
        return self._price_file({}).rate_of(instrument, day)

    def rates_told(self, day: date) -> list[Finding]:
        """By which rates prices of a day came to the portfolio's currency."""
        known = sorted(self._instruments(self.folded()))
        told = self._price_file({}).rates_told(known, day, day)
        return with_cost(told, self.portfolio.fx_bps)

    def volumes(self, day: date) -> Mapping[str, Fraction]:
        """Units traded on a day, of everything whose price file says it."""
        return self._price_file({}).volumes(day, sorted(self._instruments(self.folded())))

    def priced(self) -> frozenset[str]:
        """All symbols of which a price file has a price."""
        return frozenset(self._price_file({}).symbols())

    def misnamed_prices(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """By instrument that no price file has: a name there that nothing has, near to its own.

        With the files that have it. Empty where each instrument has prices, or no name is near.
        """
        instruments = self._instruments(self.folded())
        file = self._price_file({})
        priced = file.symbols()
        names = {
            id_: {id_, *(alias.symbol for alias in one.aliases)} for id_, one in instruments.items()
        }
        bare = [id_ for id_ in sorted(names) if names[id_].isdisjoint(priced)]
        if not bare:
            return {}
        taken = set().union(*names.values(), (one.history for one in instruments.values()))
        others = [symbol for symbol in priced if symbol not in taken]
        found = {id_: nearest(id_, others) for id_ in bare}
        return {id_: (name, file.files_of(name)) for id_, name in found.items() if name}

    def typed(self, prices: Mapping[str, Amount] | None) -> dict[str, Price]:
        """Typed prices, checked."""
        return typed_prices(prices or {}, self._instruments(self.folded()))

    def _price_file(self, typed: Mapping[str, Price]) -> PriceFile:
        if self._prices is None:
            self._prices = PriceFile(
                self.portfolio.prices,
                instruments=self.portfolio.household.instruments,
                calendar=self.portfolio.calendar,
                folder=self.folder,
                exchange=self.portfolio.exchange,
            )
        self._prices.typed = dict(typed)
        return self._prices

    # -- what decides -------------------------------------------------------------------------

    def household(self) -> Household:
        """The household; what only the record knows of is among its instruments."""
        instruments = self._instruments(self.folded())
        return replace(self.portfolio.household, instruments=instruments)

    def mandate(
        self,
        as_of: date | None = None,
        typed: Mapping[str, Price] | None = None,
        request: Request = NO_FLOWS,
    ) -> Mandate:
        """Household, target, policy and costs of a session, by default the newest with prices.

        Where the target moves it is that of then; where it depends on what is held or is worth,
        with prices that were typed in and with what comes and goes.
        Where it cannot be found and nothing was ever adopted there is none, and `found` says why.
        """
        mandate = replace(self.portfolio.mandate, household=self.household())
        if self.portfolio.fx_bps:
            foreign = self._price_file({}).foreign(sorted(mandate.household.instruments))
            costs = exchanged(mandate.costs, foreign, self.portfolio.fx_bps)
            mandate = replace(mandate, costs=costs)
        moves = self.portfolio.moving is not None
        if not moves and not mandate.when.needs_prices:
            return mandate
        day, worth, held = as_of or self.as_of(), Fraction(0), NOTHING_HELD
        rule = self.portfolio.moving
        if rule is not None and rule.needs_worth:
            worth = self.worth(day, typed, request)
        if rule is not None and rule.needs_held:
            from trimtab.engine.worth import household_held

            market = self.market_with(day, typed or {})
            leaves = rule.tree.leaves()
            held = household_held(self.state(day), mandate, market, request, leaves)
        return on_day(
            mandate,
            day,
            self.folded().adopted.get(HOUSEHOLD),
            mover=self.mover() if moves else None,
            watch=self.watch() if mandate.when.needs_prices else None,
            worth=worth,
            held=held,
        )

    def worth(
        self, day: date, typed: Mapping[str, Price] | None = None, request: Request = NO_FLOWS
    ) -> Fraction:
        """What percentages divide on a day, in money: the accounts that share the target.

        Args:
            day: A session.
            typed: Prices that were typed in.
            request: What comes and goes.
        """
        from trimtab.engine.worth import household_worth

        mandate = replace(self.portfolio.mandate, household=self.household())
        market = self.market_with(day, typed or {})
        return Fraction(household_worth(self.state(day), mandate, market, request), 100)

    def watch(self) -> Watch:
        """What estimates the risk of targets, with the prices that it learns from."""
        if self._watch is None:
            from trimtab.adapters.portfolio_prices import watch_of

            moves = self.portfolio.moving is not None
            self._watch = watch_of(self.portfolio, self.mover() if moves else None)
        return self._watch

    def mover(self) -> Mover:
        """The moving target with the prices that it learns from, which are read once."""
        if self._mover is None:
            from trimtab.adapters.portfolio_prices import mover_of

            self._mover = mover_of(self.portfolio)
        return self._mover

    def _instruments(self, folded: Folded) -> Mapping[str, Instrument]:
        known = self.portfolio.household.instruments
        currency = self.portfolio.household.currency
        gone = {
            name: Instrument(name, currency=currency, step=folded.steps[name])
            for name in sorted({instrument for _, instrument in folded.positions} - set(known))
        }
        return dict(sorted({**known, **gone}.items())) if gone else known


def awaited_since(book: ObservedBook, day: date) -> date:
    """The first ex-date whose dividend is waited for: none is passed over while nothing is booked.

    A record that was left alone for long still waits for what was paid meanwhile.
    """
    return min(day - AWAITED, book.folded().actions_through or day)


def _as_price(exact: Fraction, like: Price) -> Price:
    """A price in other units: itself where they are the same, else to eight more decimals."""
    if exact == Fraction(like.decimal):
        return like
    exponent = like.exponent - 8
    return Price(max(round(exact / Fraction(10) ** exponent), 1), exponent)


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
