"""The desk of a simulated household: one session after another, decided and carried out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from fractions import Fraction

from trimtab.engine.aim import targets
from trimtab.engine.decide import AVOID_WASH, decide, wants_plan
from trimtab.engine.follow import on_day
from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request
from trimtab.engine.quiet import next_look
from trimtab.engine.worth import household_worth
from trimtab.execution.application import Application, Venue
from trimtab.execution.apply import carry_out
from trimtab.execution.brokers import MemoryBroker, PaperTerms, without_volume
from trimtab.execution.gate import Limits
from trimtab.execution.opening import Opening, Prepared, prepared
from trimtab.ledger import events
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.ledger.memory import MemoryLedger
from trimtab.ledger.record import record
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.market import Market
from trimtab.model.numbers import Price, StepPrice, money_text
from trimtab.model.orders import Order
from trimtab.model.plan import Plan
from trimtab.model.policy import parse_when
from trimtab.model.sessions import Period
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State
from trimtab.simulate.account_cash import (
    PaidDividend,
    at_open,
    before_it_came,
    by_account,
    dividends_in,
    reinvesting,
    together,
)
from trimtab.simulate.account_ended import End, ended_said, mandate_without, paid_out
from trimtab.simulate.account_filled import as_filled
from trimtab.simulate.account_findings import Undecided, listed_late
from trimtab.simulate.account_flows import (
    AccountFlows,
    Unpaid,
    affordable,
    sessions_without,
    shared_out,
)
from trimtab.simulate.account_interest import Interest
from trimtab.simulate.account_quiet import quiet_worth
from trimtab.simulate.account_tax import OpenLot, TaxAccount, lots_left, tax_of_selling
from trimtab.simulate.account_terms import USUAL, AccountTerms
from trimtab.simulate.tape import Tape
from trimtab.targets.mover import NO_WORTH, Mover
from trimtab.targets.watch import EVERY, Watch

CLOSE = time(21, 0, tzinfo=UTC)
"""The hour of the simulated clock: after the close, so that a day's prices are known."""

NEVER = parse_when("never")
"""A policy that lets everything be: what is done beside it."""

ENDLESS = 2**60
"""Simulated days pass in milliseconds: the throttle on orders a minute has nothing to say."""


_ONLY_REAL = ("deposit-booked", "withdrawal-settles")
"""What only a real record is to be told: which entry to void, on which later day money leaves."""


def _simulated(plan: Plan) -> Iterator[Finding]:
    """What a plan has to say, without what to leave out of it: it is history already."""
    for one in plan.findings:
        is_wash = one.code == "wash-sale-possible"
        yield replace(one, message=one.message.partition(AVOID_WASH)[0]) if is_wash else one


@dataclass
class _SessionClock:
    """A clock that stands at the close of the session that is simulated."""

    day: date

    def now(self) -> datetime:
        """The close of that session."""
        return datetime.combine(self.day, CLOSE)


class Desk:
    """A household's record, broker and clock, all in memory, moved from session to session."""

    def __init__(
        self,
        mandate: Mandate,
        opening: Opening,
        participation: Fraction | None = None,
        volumes: Callable[[date], Mapping[str, Fraction]] | None = None,
        *,
        pay_tax: bool = True,
        terms: AccountTerms = USUAL,
        mover: Mover | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.terms = terms
        self.mandate = mandate
        self.mover = mover
        self.watch = watch
        self.opening = opening
        self.participation = participation
        self.volumes = volumes
        self.store = MemoryLedger()
        self.clock = _SessionClock(opening.on)
        self.folded = NOTHING
        self.prices: dict[str, StepPrice] = {}
        self.priced_at: dict[str, int] = {}
        self.is_booked = False
        self.actions = 0
        self.dates: list[date] = []
        self.value: list[int] = []
        self.place_of = {
            id_: leaf.name for root in self._roots() for leaf in root.leaves() for id_ in leaf.hold
        }
        self.cash_place = self.place_of.get(CASH, "cash")
        self.worth: dict[str, list[int]] = {
            place: [] for place in [*self.place_of.values(), self.cash_place]
        }
        self.plans: list[Plan] = []
        self.orders: list[Order] = []
        self.turnover: list[float] = []
        self.findings: list[Finding] = []
        self.pay_tax = pay_tax
        self.tax = TaxAccount()
        self.for_tax: list[str] = []
        self.for_cash: list[str] = []
        self.dividends_paid = 0
        self.opens: Callable[[date], Mapping[str, Price]] | None = None
        self.waiting: Plan | None = None
        self.flows: AccountFlows | None = None
        self.moved: dict[int, int] = {}
        self.paid_in = self.paid_out = 0
        self.fees_paid = 0
        self.unpaid: list[Unpaid] = []
        self.late: list[tuple[Unpaid, date]] = []
        self.ends: tuple[End, ...] = ()
        self.undecided = Undecided()
        self.listed: Mapping[str, date] = {}
        self.interest: Interest | None = None

    def session(self, tape: Tape, request: Request) -> None:
        """One session: splits and dividends, the decision, its orders, the value at the close."""
        market = tape.market(len(self.dates))
        self.clock.day = market.as_of
        self._read_prices(tape)
        self._earn(market)
        paid = self._book_actions(market)
        self._pay_out(market)
        self._move_target(market)
        self._trade_waiting(market)
        if paid and self.terms.dividends == "reinvest":
            self._reinvest(paid, market)
        spend = by_account(paid) if self.terms.dividends == "towards-target" else {}
        come = self._flow(market)
        ready = self._prepared(market)
        # What prices alone cannot change is looked at again at the next session.
        self.is_booked = all(draft.kind == "actions_booked" for draft in ready.drafts)
        head = self.folded.head.hash if self.folded.head.seq else ""
        state = ready.state(market.as_of, head=head)
        request = replace(request, deposits=come)
        tax = self._tax(state, market, request)
        go = self._go(tax, state, market, request)
        request = replace(request, withdrawals=together(tax, *({o.account: o.amount} for o in go)))
        # Dividends that are spent at once are decided on as a deposit, and are in cash already.
        seen = before_it_came(state, spend)
        asked = replace(request, deposits=together(come, spend))
        waits = self.terms.trade_at != "close" and not request.now
        mandate = replace(self.mandate, when=NEVER) if waits else self.mandate
        looks = not waits and self._looks(tape, state)
        if looks or wants_plan(seen, mandate, market, market.as_of, asked):
            plan = decide(seen, mandate, market, market.as_of, asked)
            self._hear(plan)
            if plan.trades or plan.periods or request.withdrawals or request.deposits:
                self._carry_out(plan, state, market, request)
                self._note_payments(plan, market, tax, come, go)
        if waits:
            self._decide_for_later(tape, market)
        now = self.folded if self.folded.head.seq else ready.folded
        worth = {
            key: [self.prices[key[1]].value(steps) if key[1] in self.prices else 0]
            for key, steps in now.positions.items()
        }
        self._note([market.as_of], worth, now.cash)

    def _move_target(self, market: Market) -> None:
        """The mandate of a session; a target that asks what is held is told at its prices."""
        worth = NO_WORTH
        if self.mover is not None and self.mover.target.cppi is not None:
            state = self._prepared(market).state(market.as_of, head=self.folded.head.hash)
            worth = Fraction(household_worth(state, self.mandate, market, Request()), 100)
        moved = on_day(
            self.mandate,
            market.as_of,
            self.folded.adopted.get(HOUSEHOLD),
            mover=self.mover,
            watch=self.watch,
            worth=worth,
        )
        place = len(self.dates)
        self.mandate = mandate_without(
            moved, {one.instrument for one in self.ends if one.place <= place}
        )

    def _hear(self, plan: Plan) -> None:
        """Keep what a plan has to say; that it may not decide is told once, in the end."""
        for one in _simulated(plan):
            if one.code == "prices-refused":
                self.undecided.note(plan.as_of, one)
            elif one.code == "missing-price" and one.subject in self.listed:
                self.findings.append(listed_late(one.subject, self.listed[one.subject]))
            else:
                self.findings.append(one)

    def _pay_out(self, market: Market) -> None:
        """Turn what has no price from this session on into cash, before anything else."""
        for end in self.ends:
            if end.place != len(self.dates):
                continue
            id_ = end.instrument
            lots = [lot for lot in self.folded.lots.values() if lot.instrument == id_]
            roots = [root for _, root, _ in targets(self.mandate)]
            self.findings.append(ended_said(end, market.as_of, roots, is_held=bool(lots)))
            if not lots:
                continue
            state = self._prepared(market).state(market.as_of, head=self.folded.head.hash)
            still = replace(self.mandate, when=NEVER)
            plan, drafts = paid_out(
                decide(state, still, market, market.as_of),
                end,
                lots,
                mandate=self.mandate,
                sleeve=self.place_of.get(id_, ""),
                on=market.as_of,
                at=instant_text(self.clock.now()),
            )
            self.folded = record(self.store, self.folded, drafts)
            self.tax.sold(plan)
            self.plans.append(plan)
            self.for_cash.append(plan.id)

    def _decide_for_later(self, tape: Tape, market: Market) -> None:
        """What the policy asks for at a close that is traded at the next session."""
        ready = self._prepared(market)
        state = ready.state(market.as_of, head=self.folded.head.hash)
        seen = state
        if self.terms.trade_at == "next-open" and self.dates:
            # What was traded at this session's open is looked at anew at its close.
            on = {
                name: self.dates[-1] if day == market.as_of else day
                for name, day in state.memory.rebalanced_on.items()
            }
            seen = replace(state, memory=replace(state.memory, rebalanced_on=on))
        day = market.as_of
        if not (self._looks(tape, seen) or wants_plan(seen, self.mandate, market, day)):
            return
        plan = decide(seen, self.mandate, market, day)
        self._hear(plan)
        if plan.trades:
            self.waiting = plan
        elif plan.periods:
            self._carry_out(plan, state, market, Request())

    def _trade_waiting(self, market: Market) -> None:
        """Act on what was decided at the last close, by a plan at the prices of this session."""
        decided, self.waiting = self.waiting, None
        if decided is None:
            return
        if self.terms.trade_at == "next-open":
            assert self.opens is not None, "there are opens to trade at"
            market = at_open(market, self.opens(market.as_of))
        request = Request(now=True)
        state = self._prepared(market).state(market.as_of, head=self.folded.head.hash)
        plan = decide(state, self.mandate, market, market.as_of, request)
        self._hear(plan)
        # The period that was looked at is that of the close: this session's own is still to come.
        plan = replace(plan, periods=decided.periods)
        self._carry_out(plan, state, market, request)

    def _looks(self, tape: Tape, state: State) -> bool:
        """Whether the calendar lets the policy look today, so that there is a plan to remember."""
        if self.mandate.when.calendar is None or state.memory.open_orders:
            return False
        return next_look(state, self.mandate, tape.sessions.marks) <= len(self.dates)

    def pass_over(self, tape: Tape) -> None:
        """The sessions from here on at which surely nothing happens: no more than their worth."""
        start = len(self.dates)
        if start == len(tape) or not self.is_booked or self.waiting is not None:
            return
        due = self.tax.next_due() if self.pay_tax else None
        for every in self._found_anew():
            # A new finding is looked at on its day, whatever the policy asks for.
            marks = tape.sessions.marks(every)
            anew = bisect_right(marks, marks[start - 1])
            found = tape.days[anew] if anew < len(tape) else None
            due = min((day for day in (due, found) if day is not None), default=None)
        moves = self.flows.next_after(start - 1) if self.flows else None
        later = [one.place for one in self.ends if one.place >= start]
        later += self.interest.next_from(start) if self.interest else []
        for place in [*later, *([] if moves is None else [moves])]:
            due = min(tape.days[place], due or date.max)
        quiet = quiet_worth(tape, start, folded=self.folded, mandate=self.mandate, due=due)
        count = quiet.count
        if self.unpaid:
            count = sessions_without(self.unpaid, quiet.worth, self.folded.cash, count)
        if count:
            worth = {key: own[:count].tolist() for key, own in quiet.worth.items()}
            self._note(tape.days[start : start + count], worth, self.folded.cash)
            self._read_prices(tape, len(self.dates) - 1)

    def _earn(self, market: Market) -> None:
        """Count what cash earned since the last close, and book it at a month's end."""
        if self.interest is None or not self.dates:
            return
        self.interest.earn(self.folded.cash, market.as_of)
        if len(self.dates) in self.interest.places:
            drafts = self.interest.book(market.as_of, at=instant_text(self.clock.now()))
            if drafts:
                self.folded = record(self.store, self.folded, drafts)

    def _found_anew(self) -> set[Period]:
        """At the end of which periods targets are found, or estimates made, anew."""
        found: set[Period] = set()
        if self.mover is not None:
            found.add(self.mover.target.every)
        if self.watch is not None and self.mandate.when.needs_prices:
            found.add(EVERY)
        return found

    def _flow(self, market: Market) -> dict[str, int]:
        """The fee of a session, booked, and what is to go, noted; then what comes to accounts."""
        if self.flows is None:
            return {}
        place, at = len(self.dates), instant_text(self.clock.now())
        worth = self._by_account()
        fees = shared_out(self.flows.fee_at(place, sum(worth.values())), worth)
        drafts = [
            events.fee_charged(account, fee, on=market.as_of, ref=f"fee-{market.as_of}", at=at)
            for account, fee in fees.items()
        ]
        self.fees_paid += sum(fees.values())
        worth = {account: own - fees.get(account, 0) for account, own in worth.items()}
        moved = self.flows.at(place, worth)
        come = {account: minor for account, minor in moved.items() if minor > 0}
        self.unpaid += [
            Unpaid(account, market.as_of, -minor) for account, minor in moved.items() if minor < 0
        ]
        if self.flows.is_held and come:
            drafts += [
                events.deposited(account, own, on=market.as_of, ref=f"flow-{market.as_of}", at=at)
                for account, own in come.items()
            ]
            self.moved[place] = sum(come.values())
            self.paid_in += self.moved[place]
            come = {}
        if drafts:
            self.folded = record(self.store, self.folded, drafts)
        return come

    def _by_account(self) -> dict[str, int]:
        """What each account is worth now."""
        worth = {account: self.folded.cash.get(account, 0) for account in self._accounts()}
        for (account, id_), steps in self.folded.positions.items():
            if id_ in self.prices:
                worth[account] += self.prices[id_].value(steps)
        return worth

    def _accounts(self) -> list[str]:
        return list(self.mandate.household.accounts)

    def _note(
        self,
        days: Sequence[date],
        worth: Mapping[tuple[str, str], Sequence[int]],
        cash: Mapping[str, int],
    ) -> None:
        """Remember what each sleeve is worth at the closes of some days, and all together."""
        own: dict[str, list[int]] = {self.cash_place: [sum(cash.values())] * len(days)}
        for (_, id_), minor in worth.items():
            place = self.place_of.get(id_, id_)
            before = own.get(place)
            own[place] = (
                [*minor] if before is None else [a + b for a, b in zip(before, minor, strict=True)]
            )
        for place in own:
            self.worth.setdefault(place, [0] * len(self.dates))
        for place, closes in self.worth.items():
            closes.extend(own.get(place, [0] * len(days)))
        self.value.extend(map(sum, zip(*own.values(), strict=True)))
        self.dates.extend(days)

    def _read_prices(self, tape: Tape, place: int | None = None) -> None:
        """The newest price of each instrument that was one of its own day."""
        instruments = self.mandate.household.instruments
        latest = tape.latest[len(self.dates) if place is None else place].tolist()
        for id_, at in zip(tape.names, latest, strict=True):
            if at >= 0 and self.priced_at.get(id_) != at:
                price = tape.market(at).quotes[id_].price
                assert price is not None, "a place of the latest prices has one"
                self.prices[id_] = StepPrice.of(price, instruments[id_].step)
                self.priced_at[id_] = at

    def _tax(self, state: State, market: Market, request: Request) -> dict[str, int]:
        """What accounts pay of the tax that is due."""
        day = market.as_of
        owed = self.tax.payable(day) if self.pay_tax else {}
        due = [Unpaid(account, day, amount) for account, amount in owed.items()]
        paid = {o.account: o.amount for o in self._raisable(due, {}, state, market, request)}
        for one in due:
            if one.account not in paid:
                message = (
                    f"the tax of {money_text(one.amount)} that {one.account} owes could not be "
                    f"paid on {day}: too little in it could be sold. It stays owed, and "
                    "is tried again every session"
                )
                self.findings.append(Finding("tax-unpaid", one.account, message))
        return paid

    def _go(
        self, tax: Mapping[str, int], state: State, market: Market, request: Request
    ) -> list[Unpaid]:
        """What accounts pay of the withdrawals that are due, beside their tax."""
        if not self.unpaid:
            return []
        worth = together(self._by_account(), request.deposits)
        return self._raisable(affordable(self.unpaid, worth, tax), tax, state, market, request)

    def _raisable(
        self,
        wanted: Sequence[Unpaid],
        already: Mapping[str, int],
        state: State,
        market: Market,
        request: Request,
    ) -> list[Unpaid]:
        """Of what is to leave accounts, what can be raised today beside what already can.

        One account that cannot pay must not keep the others from paying, nor from trading; where
        one cannot pay all, its largest debt waits first.
        """
        asked = [*wanted]
        while asked:
            wish = together(already, *({one.account: one.amount} for one in asked))
            plan = decide(
                state, self.mandate, market, market.as_of, replace(request, withdrawals=wish)
            )
            short = {finding.subject for finding in plan.findings if finding.code == "cash-short"}
            accounts = dict.fromkeys(one.account for one in asked)
            cannot = [id_ for id_ in accounts if id_ in short] or [
                id_ for id_ in accounts if plan.cash_after.get(id_, 0) < 0
            ]
            if not cannot:
                break
            for account in cannot:
                own = (one for one in asked if one.account == account)
                asked.remove(max(own, key=lambda one: one.amount))
        return asked

    def _note_payments(
        self,
        plan: Plan,
        market: Market,
        tax: Mapping[str, int],
        come: Mapping[str, int],
        go: Sequence[Unpaid],
    ) -> None:
        """Remember what came and what left, and whether a plan only moved cash."""
        refs, place = self.folded.refs, len(self.dates)
        owing = {*tax, *(one.account for one in go)}
        left = {account for account in owing if (account, f"{plan.id}/withdrawal") in refs}
        for account in tax:
            if account in left:
                self.tax.paid(account, on=market.as_of)
        paid = [one for one in go if one.account in left]
        for one in paid:
            self.unpaid.remove(one)
            if one.on != market.as_of:
                self.late.append((one, market.as_of))
        arrived = sum(own for id_, own in come.items() if (id_, f"{plan.id}/deposit") in refs)
        gone = sum(one.amount for one in paid)
        self.paid_in += arrived
        self.paid_out += gone
        if moved := arrived - gone:
            self.moved[place] = self.moved.get(place, 0) + moved
        traded = bool(self.plans) and self.plans[-1].id == plan.id
        if traded and not plan.adopted:
            (self.for_tax if tax and not (come or go) else self.for_cash).append(plan.id)

    def _reinvest(self, paid: Sequence[PaidDividend], market: Market) -> None:
        """Buy more of what paid, for what it paid, beside all that the policy does."""
        ready = self._prepared(market)
        state = ready.state(market.as_of, head=self.folded.head.hash)
        still = replace(self.mandate, when=NEVER)
        plan = reinvesting(
            decide(state, still, market, market.as_of),
            paid,
            market,
            instruments=self.mandate.household.instruments,
            costs=self.mandate.costs,
            place_of=self.place_of,
        )
        if plan.trades:
            self._carry_out(plan, state, market, Request())
            self.for_cash.append(plan.id)

    def liquidation_tax(self) -> int:
        """The tax of selling every taxable lot at the last close."""
        return tax_of_selling(
            self.folded.lots.values(),
            household=self.mandate.household,
            prices=self.prices,
            on=self.dates[-1],
        )

    def open_lots(self) -> tuple[OpenLot, ...]:
        """The lots that are held in the end, with what selling them would come to."""
        return lots_left(
            self.folded.lots.values(),
            household=self.mandate.household,
            prices=self.prices,
            on=self.dates[-1],
        )

    def sheltered(self) -> int:
        """What accounts whose gains are not taxed are worth at the last close."""
        accounts = self.mandate.household.accounts
        held = sum(
            self.prices[id_].value(steps)
            for (account, id_), steps in self.folded.positions.items()
            if id_ in self.prices and not accounts[account].tax.taxes_gains
        )
        return held + sum(
            cash
            for account, cash in self.folded.cash.items()
            if not accounts[account].tax.taxes_gains
        )

    def weights(self) -> dict[str, float]:
        """What every leaf weighs in the end, by name; instruments in no leaf by their id."""
        places = {self.place_of.get(id_, id_) for _, id_ in self.folded.positions}
        worth = {place: self.worth[place][-1] for place in [*sorted(places), self.cash_place]}
        total = sum(worth.values())
        return {place: value / total for place, value in worth.items()} if total else {}

    def aims(self) -> dict[str, float]:
        """What every sleeve should weigh, where all accounts share one target."""
        if len(roots := list(targets(self.mandate))) != 1:
            return {}
        return {leaf.name: float(leaf.weight) for leaf in roots[0][1].leaves()}

    def _roots(self) -> list[Sleeve]:
        accounts = self.mandate.household.accounts.values()
        own = [account.target for account in accounts if account.target]
        return own + ([self.mandate.target] if self.mandate.target else [])

    def _prepared(self, market: Market) -> Prepared:
        return prepared(
            self.store.read(),
            self.opening,
            instruments=self.mandate.household.instruments,
            market=market,
            paper=self.mandate.household.accounts.keys(),
            at=instant_text(self.clock.now()),
            known=self.folded,
        )

    def _book_actions(self, market: Market) -> list[PaidDividend]:
        """Write splits and dividends on their day, so that the record never lags behind prices."""
        count = len(market.splits) + len(market.dividends)
        if count == self.actions and self.folded.head.seq:
            return []
        self.actions = count
        ready = self._prepared(market)
        self.findings.extend(ready.findings)
        self.folded = record(self.store, self.folded, ready.drafts)
        paid = dividends_in(ready.drafts)
        self.dividends_paid += sum(one.amount for one in paid)
        return paid

    def _carry_out(self, plan: Plan, state: State, market: Market, request: Request) -> None:
        """Apply a plan as a person would, on paper brokers that fill at this close."""
        terms = self._terms(market)
        broker = MemoryBroker(terms, lambda: run.folded)
        accounts = self.mandate.household.accounts
        venue = Venue(
            store=self.store,
            clock=self.clock,
            mandate=self.mandate,
            market=market,
            opening=self.opening,
            brokers=dict.fromkeys(accounts, broker),
            limits=replace(Limits(), minute_orders=ENDLESS, plan_orders=ENDLESS),
            paper=frozenset(accounts),
            fresh_brokers=True,
        )
        before = self._worth(self.folded, market)
        run = Application(plan, request, venue, known=self.folded, decided_from=state)
        applied = carry_out(run, by="backtest")
        self.folded = applied.folded
        self.findings += [one for one in applied.findings if one.code not in _ONLY_REAL]
        self.findings.extend(without_volume(terms, broker.orders.values()))
        plan = as_filled(plan, applied.orders, venue)
        self.tax.sold(plan)
        if plan.trades:
            self.plans.append(plan)
            self.orders.extend(broker.orders.values())
            if before > 0:
                traded = sum(trade.value for trade in plan.trades)
                self.turnover.append(traded / (2 * before))

    def _terms(self, market: Market) -> PaperTerms:
        """What the paper brokers of a session trade by."""
        if self.participation is None:
            return PaperTerms.of(self.mandate, market)
        volumes = {} if self.volumes is None else self.volumes(market.as_of)
        return PaperTerms.of(
            self.mandate, market, volumes=volumes, participation=self.participation
        )

    def _worth(self, folded: Folded, market: Market) -> int:
        """What is held is worth at a market's prices, or else the newest."""
        instruments, held = self.mandate.household.instruments, 0
        for (_, id_), steps in folded.positions.items():
            quote = market.quotes.get(id_)
            if quote is not None and quote.price is not None and quote.on == market.as_of:
                held += StepPrice.of(quote.price, instruments[id_].step).value(steps)
            elif id_ in self.prices:
                held += self.prices[id_].value(steps)
        return held + sum(folded.cash.values())
