"""A portfolio's market: its price files beside its record, day by day. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.adapters.exchange_day import day_at, need_begun
from trimtab.adapters.portfolio_tables.notes import nearest
from trimtab.adapters.price_steps import Since
from trimtab.adapters.prices_file import LOOKED_BACK, PriceFile
from trimtab.execution.splits import (
    WrongSplit,
    at_old_count,
    at_old_counts,
    splits_missing,
    splits_wrong,
)
from trimtab.ledger.folded import Folded
from trimtab.live.amounts import Amount, day_of, typed_prices
from trimtab.live.exchange import with_cost
from trimtab.live.recorded import RecordedBook
from trimtab.model.days import Day
from trimtab.model.findings import Finding, Severity
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import Price

if TYPE_CHECKING:
    from trimtab.adapters.price_rate import Rate

FIRST_DAY = date(2, 1, 1)
"""Before all prices."""

FRESH_DAYS = 10
"""How far before its session a status looks for rows of days that are none."""


class PricedBook(RecordedBook):
    """A portfolio with its record and its prices."""

    _prices: PriceFile | None = None

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
                return day, self._beside_learned(day)
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
        found = self._price_file({}).beside_sessions(known, start, newest)
        return self._beside_learned(session) or found

    def _beside_learned(self, session: date) -> tuple[Finding, ...]:
        """That rows which a target would be learned from are of no session: they are left out."""
        portfolio = self.portfolio
        learns = any(rule.needs_prices for rule in portfolio.rules.values())
        if not (learns or portfolio.mandate.when.needs_prices):
            return ()
        known = sorted(portfolio.household.instruments)
        return self._price_file({}).beside_sessions(known, FIRST_DAY, session, stand_ins=True)

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

    def _splits_wrong(self, shown: Market) -> tuple[WrongSplit, ...]:
        """Booked splits that the price files show otherwise."""
        return splits_wrong(self.folded(), shown, self._has_row)

    def _has_row(self, instrument: str, day: date) -> bool:
        quote = self.market_shown(day).quotes.get(instrument)
        return quote is not None and quote.on == day and not quote.confirmed

    def _instruments(self, folded: Folded) -> Mapping[str, Instrument]:
        known = self.portfolio.household.instruments
        currency = self.portfolio.household.currency
        gone = {
            name: Instrument(name, currency=currency, step=folded.steps[name])
            for name in sorted({instrument for _, instrument in folded.positions} - set(known))
        }
        return dict(sorted({**known, **gone}.items())) if gone else known


def _as_price(exact: Fraction, like: Price) -> Price:
    """A price in other units: itself where they are the same, else to eight more decimals."""
    if exact == Fraction(like.decimal):
        return like
    exponent = like.exponent - 8
    return Price(max(round(exact / Fraction(10) ** exponent), 1), exponent)
