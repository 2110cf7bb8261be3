"""A portfolio as it is observed: what is held, and what decides. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.portfolio_tables.files import LOTS_FILE
from trimtab.costs.exchange import exchanged
from trimtab.engine.follow import on_day
from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request
from trimtab.execution.booked_dividends import dividends_wrong
from trimtab.execution.dividends import AWAITED, dividends_expected
from trimtab.execution.opening import Opening, Prepared, opening_drafts, prepared
from trimtab.execution.splits import countable
from trimtab.ledger.chain import sealed
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import Folded
from trimtab.live.amounts import Amount
from trimtab.live.priced import PricedBook
from trimtab.model.days import Day
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.household import Household
from trimtab.model.numbers import Price
from trimtab.model.state import State
from trimtab.targets.moving.held import Held

if TYPE_CHECKING:
    from trimtab.targets.moving.mover import Mover
    from trimtab.targets.moving.watch import Watch


NO_FLOWS = Request()


class ObservedBook(PricedBook):
    """A portfolio with its record and its prices, as a decision sees it."""

    _movers: dict[str, Mover] | None = None
    _watch: Watch | None = None

    # -- what is held -------------------------------------------------------------------------

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

    def opening_on(self, as_of: date) -> Opening | None:
        """The opening statement; where the folder does not say of which day, of this one."""
        opening = self.opening
        if opening is None or self.portfolio.opened is not None:
            return opening
        return replace(opening, on=as_of)

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

        Where a target moves it is that of then; where it depends on what is held or is worth,
        with prices that were typed in and with what comes and goes.
        Where it cannot be found and nothing was ever adopted there is none, and `founds` say why.
        """
        mandate = replace(self.portfolio.mandate, household=self.household())
        if self.portfolio.fx_bps:
            foreign = self._price_file({}).foreign(sorted(mandate.household.instruments))
            costs = exchanged(mandate.costs, foreign, self.portfolio.fx_bps)
            mandate = replace(mandate, costs=costs)
        rules = self.portfolio.rules
        if not rules and not mandate.when.needs_prices:
            return mandate
        day = as_of or self.as_of()
        asks = any(rule.of_one_book for rule in rules.values())
        return on_day(
            mandate,
            day,
            self.folded().adopted,
            movers=self.movers(),
            watch=self.watch() if mandate.when.needs_prices else None,
            stood=self.stood(day, typed, request) if asks else {},
        )

    def worth(self, day: date) -> Fraction:
        """What the accounts that share the household's target are worth on a day, in money."""
        from trimtab.engine.value import valuation
        from trimtab.engine.worth import worth_of

        mandate = replace(self.portfolio.mandate, household=self.household())
        value = valuation(self.state(day), mandate, self.market_with(day, {}), NO_FLOWS)
        return Fraction(worth_of(HOUSEHOLD, value, mandate, NO_FLOWS), 100)

    def stood(
        self, day: date, typed: Mapping[str, Price] | None = None, request: Request = NO_FLOWS
    ) -> dict[str, tuple[Fraction, Held]]:
        """By owner of a target that asks for it: what that divides is worth on a day, and holds.

        Args:
            day: A session.
            typed: Prices that were typed in.
            request: What comes and goes.
        """
        from trimtab.engine.worth import stood

        mandate = replace(self.portfolio.mandate, household=self.household())
        market = self.market_with(day, typed or {})
        return stood(self.state(day), mandate, market, request, self.portfolio.rules)

    def watch(self) -> Watch:
        """What estimates the risk of targets, with the prices that it learns from."""
        if self._watch is None:
            from trimtab.adapters.portfolio_prices import watch_of

            self._watch = watch_of(self.portfolio, self.movers().values())
        return self._watch

    def movers(self) -> dict[str, Mover]:
        """By owner the targets that move, with the prices that they learn from: read once."""
        if not self.portfolio.rules:
            return {}
        if self._movers is None:
            from trimtab.adapters.portfolio_prices import movers_of

            self._movers = movers_of(self.portfolio)
        return self._movers

    def mover(self) -> Mover:
        """What finds the household's target, which moves."""
        return self.movers()[HOUSEHOLD]


def awaited_since(book: ObservedBook, day: date) -> date:
    """The first ex-date whose dividend is waited for: none is passed over while nothing is booked.

    A record that was left alone for long still waits for what was paid meanwhile.
    """
    return min(day - AWAITED, book.folded().actions_through or day)


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
