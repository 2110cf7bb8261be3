"""An opened portfolio: what it shows, what it plans, and what changes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.adapters.clock import SystemClock
from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio
from trimtab.adapters.price_ends import cut_off
from trimtab.engine.decide import decide, plan_hash
from trimtab.engine.mandate import Request
from trimtab.live.amounts import Amount, day_of, flows, need_all
from trimtab.live.impact import with_impact
from trimtab.live.kinds import in_the_way
from trimtab.live.misnamed import misnamed_holds, misnamed_prices
from trimtab.live.observed import ObservedBook
from trimtab.live.planned import OpenPlan, OpenStatus
from trimtab.live.remarks import remarks_on_limits, remarks_on_record
from trimtab.model.days import Day
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.ports import Broker, Clock

if TYPE_CHECKING:
    from trimtab.execution.outcome import Applied
    from trimtab.execution.reconcile import Mismatch, Statement
    from trimtab.execution.statement import Adjustment
    from trimtab.model.policy import Policy
    from trimtab.simulate.accounts.results import AccountBacktest
    from trimtab.simulate.accounts.start import StartFrom


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


class OpenBook(ObservedBook):
    """A portfolio that can be planned and traded; what it knows, it knows as it is observed."""

    # -- decisions ----------------------------------------------------------------------------

    def plan(
        self,
        as_of: Day | None = None,
        *,
        deposits: Mapping[str, Amount] | None = None,
        withdrawals: Mapping[str, Amount] | None = None,
        no_sells: bool = False,
        now: bool = False,
        prices: Mapping[str, Amount] | None = None,
    ) -> OpenPlan:
        """Decide what to trade. Changes nothing; `.save()` writes the plan to a file.

        Args:
            as_of: The day, a date or text such as `2026-03-31`; by default the newest with prices.
            deposits: Cash about to come in, by account, in money.
            withdrawals: Cash that is to go out, by account, in money.
            no_sells: Plan purchases only.
            now: Act although nothing is due.
            prices: Prices typed in for that day, by instrument.
        """
        need_all(
            [
                lambda: self._flows("deposit", deposits),
                lambda: self._flows("withdrawal", withdrawals),
                lambda: self.typed(prices),
                lambda: self.session(as_of),
            ]
        )
        request = Request(
            deposits=self._flows("deposit", deposits),
            withdrawals=self._flows("withdrawal", withdrawals),
            no_sells=no_sells,
            now=now,
        )
        day, remarks = self.session(as_of)
        typed = self.typed(prices)
        ready = self.prepared(day, prices)
        decided = decide(
            ready.state(day, head=self.head()),
            self.mandate(day, typed, request),
            self.market(day, prices),
            day,
            request,
        )
        plan, unknown = with_impact(decided, self.portfolio)
        limits = remarks_on_limits(self, plan, day, typed)
        unpriced = [one for one in plan.findings if one.code == "missing-price"]
        owned = {lot.instrument for lot in self.state(day).lots} if unpriced else ()
        slips = misnamed_holds(self, unpriced, owned)
        named = {one.subject for one in slips}
        kept = [one for one in plan.findings if one not in unpriced or one.subject not in named]
        more = self.findings(day, but=named)
        if not plan.trades:  # nothing is sold, so no earlier sale is missed
            more = tuple(one for one in more if one.code != "no-sales-file")
        found = (*remarks, *more, *slips, *ready.findings, *kept, *unknown, *limits)
        plan = replace(plan, findings=tuple(dict.fromkeys(found)))
        if plan != decided:
            plan = replace(plan, id=f"{day.isoformat()}-{plan_hash(plan)[:6]}")
        return OpenPlan(plan, self, request, typed, day_asked=as_of is not None)

    def status(
        self, as_of: Day | None = None, *, prices: Mapping[str, Amount] | None = None
    ) -> OpenStatus:
        """Where everything stands and what is due: the same decision, with no request."""
        plan = self.plan(as_of, prices=prices)
        return OpenStatus(plan.value, self, plan.request, plan.prices, plan.day_asked)

    def findings(
        self, as_of: Day | None = None, *, but: Collection[str] = ()
    ) -> tuple[Finding, ...]:
        """What the folder and the record have to say, apart from any decision.

        Args:
            as_of: The day.
            but: Instruments whose own name is in doubt: of them prices are not.
        """
        day = self.as_of(as_of)
        found = [*self.portfolio.findings, *misnamed_prices(self, but=but)]
        found += remarks_on_record(self, day)
        found.extend(self.rates_told(day))
        found += cut_off(self.portfolio.prices, folder=self.folder)
        found.extend(in_the_way(self.portfolio.household, self.brokers))
        found.extend(self.repairs)
        return tuple(dict.fromkeys(found))

    def backtest(
        self,
        policies: Sequence[Policy | str] = ("never", "annual"),
        *,
        start: Day | None = None,
        end: Day | None = None,
        cash: Amount | None = None,
        start_from: StartFrom = "cash",
        pay_tax: bool = True,
        fx: Path | str | None = None,
        fx_bps: Amount | None = None,
        **terms: Any,
    ) -> AccountBacktest:
        """This portfolio's policy over history in these very accounts, beside others; account mode.

        Args:
            policies: When else to act and how far to go, as policies without a target, or in words
                such as `band:5pp to half`.
            start: The first day that may count, a date or text.
            end: The last day that may count.
            cash: What all accounts together start with, in money; by default their present worth.
            start_from: `cash`, or `lots`: with the present lots, moved back.
            pay_tax: Pay tax when it is due, out of the account that sold; else it is counted.
            fx: A file of exchange rates, in place of the portfolio's.
            fx_bps: Half-spread of exchange in basis points, in place of the portfolio's.
            terms: Of `trimtab.simulate.accounts.terms.AccountTerms`: `dividends`, `flows`,
                `flows_of`, `fee`, `cash_rate`, `trade_at`, `delisted`.

        Returns:
            The runs by name, `this portfolio` first, with `.summary()`, `.to_frame()`, `.findings`.

        Raises:
            RefusedError: A policy has a target of its own, or there is no history to run over.
            InputError: Prices end early, and nobody said what became of them.
        """
        from trimtab.live.history import account_backtest

        bps = None if fx_bps is None else Decimal(str(fx_bps))
        return account_backtest(
            self if fx is None and bps is None else self.exchanging(fx=fx, fx_bps=bps),
            policies,
            start=None if start is None else day_of(start),
            end=None if end is None else day_of(end),
            cash=None if cash is None else Decimal(str(cash)),
            pay_tax=pay_tax,
            start_from=start_from,
            **terms,
        )

    # -- what changes it ----------------------------------------------------------------------

    def apply(self, plan: OpenPlan | Path | str, *, by: str = "", in_part: bool = False) -> Applied:
        """Carry out a plan at each account's broker; see `trimtab.live.trading.apply`."""
        from trimtab.live import trading

        return trading.apply(self, plan, by=by, in_part=in_part)

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

    def deposit(self, account: str, amount: Amount, *, on: Day | None = None) -> None:
        """Book cash that came in."""
        from trimtab.live import accounts

        accounts.deposit(
            self, account, self._flows("deposit", {account: amount})[account], on=day_of(on)
        )

    def withdraw(self, account: str, amount: Amount, *, on: Day | None = None) -> None:
        """Book cash that went out."""
        from trimtab.live import accounts

        minor = self._flows("withdrawal", {account: amount})[account]
        accounts.withdraw(self, account, minor, on=day_of(on))

    def compare(self, statement: Statement, *, on: Day | None = None) -> tuple[Mismatch, ...]:
        """Where a broker's statement and the record disagree; empty if nowhere.

        Args:
            statement: What the broker says.
            on: Its day; by default the newest with prices.
        """
        from trimtab.live import statements

        return statements.mismatches(self, statement, on=day_of(on))

    def adjust(
        self, statement: Statement, *, on: Day | None = None, income: bool = False
    ) -> Adjustment:
        """Bring the record to what a statement says; see `trimtab.live.statements.adjust`."""
        from trimtab.live import statements

        return statements.adjust(self, statement, on=day_of(on), income=income)

    def halt(self, scope: str, *, reason: str) -> None:
        """Let no new order leave an account, or any account for `household`."""
        from trimtab.live import accounts

        _need_reason(reason)
        accounts.halt(self, scope, reason)

    def resume(self, scope: str, *, reason: str, by: str = "") -> None:
        """End a halt."""
        from trimtab.live import accounts

        _need_reason(reason)
        accounts.resume(self, scope, reason=reason, by=by)

    def _flows(self, what: str, amounts: Mapping[str, Amount] | None) -> dict[str, int]:
        return flows(what, amounts or {}, self.portfolio.household.accounts)


def _on_paper(portfolio: Portfolio) -> Portfolio:
    household = portfolio.household
    accounts = {
        name: replace(account, broker="paper") for name, account in household.accounts.items()
    }
    mandate = replace(portfolio.mandate, household=replace(household, accounts=accounts))
    return replace(portfolio, mandate=mandate)


def _need_reason(reason: str) -> None:
    """Refuse a halt or its end that says nothing to whoever reads the record."""
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("the reason is empty or no line of plain text: say why, for the record")


__all__ = ["Amount", "OpenBook", "OpenPlan", "open_book"]
