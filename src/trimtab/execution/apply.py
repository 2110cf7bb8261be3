"""Carrying out a plan, exactly once: a procedure that can be killed anywhere and run again.

Nothing is remembered outside the record and the broker. Each run reads both, does the next thing
that is not done yet, and writes down what it is about to do before it does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, timedelta
from typing import Final, Literal

from trimtab.costs import Costs
from trimtab.engine.decide import decide, inputs_hash, plan_hash
from trimtab.engine.mandate import HOUSEHOLD, Mandate, Request
from trimtab.engine.value import Valuation, valuation
from trimtab.execution.brokers import BrokerSilentError, KnowsFates
from trimtab.execution.gate import Desk, Limits, gate
from trimtab.execution.opening import Opening, Prepared, opening_drafts, prepared
from trimtab.execution.orders import (
    Expected,
    Part,
    affordable,
    booking,
    collar_limit,
    expected,
    order_hash,
    order_of,
    parts_of,
    paying_limit,
)
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry
from trimtab.ledger.errors import FoldError
from trimtab.ledger.events import instant_text
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded, OrderRecord
from trimtab.ledger.record import record as recorded
from trimtab.ledger.store import LedgerStore
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.numbers import StepPrice, money_text, quantity_text
from trimtab.model.orders import BrokerEvent, Order, OrderState
from trimtab.model.plan import Plan, Trade
from trimtab.model.ports import Broker, Clock
from trimtab.model.state import AcceptedPrice

Status = Literal["done", "already", "waiting", "halted", "unfilled", "superseded"]
"""How far a plan is.

`done`: carried out now. `already`: it was before. `waiting`: for tickets to be recorded, or for a
broker. `halted`: an account stands still until a person resumes it. `unfilled`: all orders are
over and none was filled, so nothing counts as done. `superseded`: a later plan was approved.
"""

_SILENT: Final = (BrokerSilentError, TimeoutError, ConnectionError, OSError)


@dataclass(frozen=True, slots=True)
class Venue:
    """Where a plan is carried out.

    Args:
        store: The record.
        clock: The time of day.
        mandate: Household, policy and costs.
        market: A snapshot of the plan's day.
        opening: What seeds an empty record.
        brokers: By account; an account without one is traded by hand.
        limits: Hard limits.
        paper: Accounts whose dividends nobody else pays.
        real: Accounts at a broker that trades real money: old prices are refused by the clock.
    """

    store: LedgerStore
    clock: Clock
    mandate: Mandate
    market: Market
    opening: Opening | None
    brokers: Mapping[str, Broker] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    paper: frozenset[str] = frozenset()
    real: frozenset[str] = frozenset()

    def costs_of(self, account: str) -> Costs:
        """What trading costs in an account."""
        return self.mandate.costs.get(account) or self.mandate.costs.get("") or Costs()


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan.

    Args:
        plan: Its id.
        status: How far it is.
        orders: Its orders with their states, in the plan's order.
        tickets: Orders that a person still has to trade.
        findings: What its reader should know.
        changed: Whether this run wrote anything.
        folded: Everything known now.
    """

    plan: str
    status: Status
    orders: tuple[OrderRecord, ...]
    tickets: tuple[Order, ...]
    findings: tuple[Finding, ...]
    changed: bool
    folded: Folded

    def with_findings(self, more: Iterable[Finding]) -> Applied:
        """The same with more to tell."""
        return replace(self, findings=(*self.findings, *more))


def apply_plan(
    plan: Plan,
    request: Request,
    *,
    venue: Venue,
    by: str,
    today: date | None = None,
    known: Folded | None = None,
) -> Applied:
    """Carry out a plan, or go on with it where an earlier run was stopped.

    Args:
        plan: The plan.
        request: What it was made with.
        venue: Where it is carried out.
        by: Who approved it.
        today: The plan must not be older than one session before this day; None: of any age.
        known: The fold of the record, if somebody has it.

    Raises:
        RefusedError: It may not be carried out; nothing was written.
        LedgerError: The record cannot be written, or somebody else is writing it.
    """
    run = Application(plan, request, venue, known=known)
    run.approve(by, today=today)
    run.book_flows()
    run.follow()
    run.trade()
    run.finish()
    return run.applied()


class Application:
    """One run over one plan; all that lasts is in the record and at the brokers.

    Attributes:
        plan: The plan.
        folded: Everything known now.
        findings: What was noticed.
    """

    def __init__(
        self, plan: Plan, request: Request, venue: Venue, *, known: Folded | None = None
    ) -> None:
        self.plan = plan
        self.request = request
        self.venue = venue
        self.digest = plan_hash(plan)
        self.parts = parts_of(plan)
        self.findings: list[Finding] = []
        self.entries: list[Entry] = list(venue.store.read())
        # Who has folded the record already, as a simulation has, need not do it again.
        is_known = known is not None and known.head.seq == len(self.entries)
        self.folded: Folded = known if known and is_known else fold(self.entries)
        self.changed = False
        self._cursors: dict[int, int] = {}
        self._resubmitted: set[str] = set()
        self._valued: Valuation | None = None
        self._trades: Mapping[str, Trade] = {part.id: part.trade for part in self.parts}

    # -- approval -----------------------------------------------------------------------------

    @property
    def is_approved(self) -> bool:
        """Whether this very plan was approved before."""
        known = self.folded.plans.get(self.plan.id)
        return bool(known and known.sha256 == self.digest and known.approved_by)

    @property
    def is_superseded(self) -> bool:
        """Whether another plan was approved after this one."""
        approvals = [e.body.get("plan") for e in self.entries if e.kind == "approved"]
        return bool(approvals) and approvals[-1] != self.plan.id

    def approve(self, by: str, *, today: date | None) -> None:
        """Check the plan against what is known, and write that it was approved; once."""
        known = self.folded.plans.get(self.plan.id)
        if known is not None and known.sha256 != self.digest:
            raise RefusedError(
                f"the record knows a plan {self.plan.id} with another content: plan again"
            )
        if self.is_approved:
            return
        base = self._base()
        ready = self._prepared(base)
        self._check(ready, today)
        at = self.at()
        drafts = [
            *ready.drafts,
            events.planned(
                self.plan.id, self.digest, as_of=self.plan.as_of, head=self.plan.state_head, at=at
            ),
            events.approved(self.plan.id, self.digest, by=by, at=at),
        ]
        written = self.entries[len(base) :]
        done = _common_start(written, drafts)
        if done < len(written):
            entry = written[done]
            raise RefusedError(
                f"plan {self.plan.id} is stale: since it was made, entry {entry.seq} "
                f"({entry.kind}) changed the record. Plan again."
            )
        self.write(drafts[done:])

    def _base(self) -> list[Entry]:
        """The record as it was when the plan was made."""
        if not self.plan.state_head:
            return []
        for place, entry in enumerate(self.entries):
            if entry.hash == self.plan.state_head:
                return self.entries[: place + 1]
        raise RefusedError(
            f"plan {self.plan.id} was made from another record than this one: plan again"
        )

    def _prepared(self, base: Sequence[Entry]) -> Prepared:
        """The record as the plan saw it: seeded, declared, with splits and dividends."""
        venue = self.venue
        instruments = venue.mandate.household.instruments
        seeds = [entry for entry in self.entries if entry.kind == "opened"]
        if not base and seeds and not self._is_seeding(seeds):
            # Seeded already, perhaps by an earlier run: lots.csv may have been edited since.
            ready = prepared(
                seeds, None, instruments=instruments, market=venue.market, paper=venue.paper,
                at=self.at(),
            )  # fmt: skip
            first = [Draft(entry.at, entry.kind, entry.body) for entry in seeds]
            return replace(ready, drafts=(*first, *ready.drafts))
        return prepared(
            base, venue.opening, instruments=instruments, market=venue.market, paper=venue.paper,
            at=self.at(), known=self.folded if len(base) == len(self.entries) else None,
        )  # fmt: skip

    def _is_seeding(self, seeds: Sequence[Entry]) -> bool:
        """Whether the opening statement may still lack parts."""
        opening = self.venue.opening
        if len(self.entries) > len(seeds) or opening is None:
            return False
        drafts = opening_drafts(opening, self.venue.mandate.household.instruments, self.at())
        return len(seeds) < len(drafts)

    def _check(self, ready: Prepared, today: date | None) -> None:
        """That the plan is what would be decided from what is known; else refuse it."""
        plan, venue = self.plan, self.venue
        calendar = venue.market.calendar
        if venue.market.as_of != plan.as_of:
            raise RefusedError(f"plan {plan.id} needs the market of {plan.as_of}")
        if today is not None and calendar.sessions_between(plan.as_of, today) > 1:
            raise RefusedError(
                f"plan {plan.id} was made for {plan.as_of}, and it is {today}: it has expired. "
                "Plan again."
            )
        since = ready.folded.actions_through
        if since is not None and plan.as_of < since:
            raise RefusedError(
                f"plan {plan.id} is for {plan.as_of}, and the record reaches {since}: it looks at "
                "a past that is over. Plan again."
            )
        state = ready.state(plan.as_of, head=plan.state_head)
        digest = inputs_hash(state, venue.mandate, venue.market, self.request)
        if digest != plan.inputs_hash:
            raise RefusedError(
                f"plan {plan.id} is stale: holdings, portfolio.toml, or the prices of "
                f"{plan.as_of} are not what it was made from. Plan again."
            )
        again = decide(state, venue.mandate, venue.market, plan.as_of, self.request)
        if _decision(again) != _decision(plan):
            raise RefusedError(
                f"plan {plan.id} is not what this program decides from its inputs: it was "
                "altered, or another version made it. Plan again."
            )

    # -- cash that comes and goes -------------------------------------------------------------

    def book_flows(self) -> None:
        """Deposits that the plan counted on are in; withdrawals leave when the trades are done."""
        for account, amount in sorted(self.request.deposits.items()):
            ref = f"{self.plan.id}/deposit"
            if amount > 0 and (account, ref) not in self.folded.refs and not self.is_superseded:
                self.write(
                    [events.deposited(account, amount, on=self.plan.as_of, ref=ref, at=self.at())]
                )

    def _withdrawal_pending(self, account: str) -> int:
        if (account, f"{self.plan.id}/withdrawal") in self.folded.refs:
            return 0
        return self.request.withdrawals.get(account, 0)

    # -- what brokers say ---------------------------------------------------------------------

    def follow(self) -> None:
        """Book everything that brokers report, and ask for the fate of orders without an answer."""
        self.poll()
        for record in list(self.folded.orders.values()):
            if record.state in (OrderState.SENT, OrderState.UNKNOWN):
                self._find_fate(record)
                self.poll()

    def poll(self) -> None:
        """Book what brokers report."""
        for broker in self._brokers():
            since = self._cursors.get(id(broker), 0)
            try:
                number, happened = broker.report(since)
            except _SILENT as error:
                self._note("broker-silent", "", f"a broker does not answer: {error}. Apply again.")
                continue
            for event in happened:
                self.take(event, broker)
            self._cursors[id(broker)] = max(number, since)

    def _brokers(self) -> list[Broker]:
        return list({id(broker): broker for broker in self.venue.brokers.values()}.values())

    def take(self, event: BrokerEvent, broker: Broker | None = None) -> None:
        """Book one report, of a broker or of a person."""
        if event.order not in self.folded.orders:
            message = (
                f"a broker reports an order {event.order[:12]} that the record does not know: its "
                "accounts are halted; compare with the statement"
            )
            accounts = [name for name, one in self.venue.brokers.items() if one is broker]
            self._note("order-not-ours", event.order, message, "error")
            self._halt(accounts, message)
            return
        booked = booking(self.folded, event, at=self.at())
        self.findings.extend(booked.findings)
        halts = [draft for draft in booked.drafts if draft.kind == "halted"]
        for draft in halts:
            self._halt([str(draft.body["scope"])], str(draft.body["reason"]))
        others = [draft for draft in booked.drafts if draft.kind != "halted"]
        try:
            self.write(others)
        except FoldError as error:
            record = self.folded.orders[event.order]
            message = f"a report of order {event.order[:12]} cannot be booked: {error}"
            self._note("report-impossible", event.order, message, "error")
            self._halt([record.order.account], message)

    def _find_fate(self, record: OrderRecord) -> None:
        """An order without an answer: only the broker can say what became of it."""
        order = record.order
        broker = self.venue.brokers.get(order.account)
        if broker is None:
            return
        if not isinstance(broker, KnowsFates):
            self._unknown(record, "no answer came")
            return
        try:
            fate = broker.fate(order.id)
        except _SILENT as error:
            self._unknown(record, str(error))
            return
        if fate is not None:
            self._answered(fate, broker)
        elif order.id not in self._trades or self.is_superseded:
            message = "the broker never got it, and its plan is over"
            self.write([events.order_rejected(order.id, message=message, at=self.at())])
        elif not self.folded.is_halted(order.account) and order.id not in self._resubmitted:
            # The broker's word that it never came: the same bytes under the same id once more.
            self._resubmitted.add(order.id)
            self._submit(order, broker)

    def _unknown(self, record: OrderRecord, message: str) -> None:
        order = record.order
        if record.state is not OrderState.UNKNOWN:
            self.write([events.order_unknown(order.id, message=message, at=self.at())])
        self._note(
            "order-unknown",
            order.id,
            f"nobody knows whether the broker has order {order.id[:12]} ({order.side} "
            f"{order.instrument} in {order.account}): {message}. It is not sent again; apply "
            "again once the broker answers, or look there.",
            "error",
        )

    # -- trading ------------------------------------------------------------------------------

    def trade(self) -> None:
        """Send what may be sent, one order after the other: sells, then what they pay for."""
        if self.is_superseded:
            return
        while (step := self._next()) is not None:
            part, order = step
            self._send(part, order)
            self.follow()
        self.issue_tickets()

    def _next(self) -> tuple[Part, Order] | None:
        """The next order that may leave now; None when nothing may."""
        for account in dict.fromkeys(part.trade.account for part in self.parts):
            if account not in self.venue.brokers or self.folded.is_halted(account):
                continue
            own = [part for part in self.parts if part.trade.account == account]
            sells = [part for part in own if part.trade.side == "sell"]
            buys = [part for part in own if part.trade.side == "buy"]
            for part in sells:
                record = self.folded.orders.get(part.id)
                if record is None:
                    return part, self._sell(part)
                if record.state is OrderState.INTENDED:
                    return part, record.order
            if not all(self.folded.orders[part.id].state.is_final for part in sells):
                continue
            for place, part in enumerate(buys):
                record = self.folded.orders.get(part.id)
                if record is None:
                    return part, self._buy(part, buys[place + 1 :])
                if record.state is OrderState.INTENDED:
                    return part, record.order
        return None

    def _sell(self, part: Part) -> Order:
        trade = part.trade
        worth = self._worth(trade, trade.quantity)
        limit = collar_limit("sell", trade.price, self.venue.limits.collar, worth)
        return order_of(part, self.plan, quantity=trade.quantity, limit=limit)

    def _buy(self, part: Part, later: Iterable[Part]) -> Order:
        """A purchase, cut down to the cash that is really there after the sells."""
        trade = part.trade
        instrument = self._instrument(trade.instrument)
        cash = self._spendable(trade.account)
        quantity, worth = affordable(
            trade, cash, instrument=instrument, costs=self.venue.costs_of(trade.account)
        )
        if worth is None:
            quantity, worth = trade.quantity, self._worth(trade, trade.quantity)
        collar = collar_limit("buy", trade.price, self.venue.limits.collar, worth)
        # What later purchases are going to take is not this one's to lose on a bad price.
        others = sum(self._worth(other.trade, other.trade.quantity).total("buy") for other in later)
        own = max(cash - others, worth.total("buy"))
        limit = paying_limit(worth, quantity, own, collar=collar, instrument=instrument)
        return order_of(part, self.plan, quantity=quantity, limit=limit)

    def _worth(self, trade: Trade, quantity: int) -> Expected:
        return expected(
            trade.side,
            quantity,
            trade.price,
            instrument=self._instrument(trade.instrument),
            costs=self.venue.costs_of(trade.account),
        )

    def _instrument(self, name: str) -> Instrument:
        known = self.venue.mandate.household.instruments.get(name)
        return known or Instrument(name, step=self.folded.steps[name])

    def _spendable(self, account: str) -> int:
        """Cash that purchases may take: not what is to be withdrawn, reserved, or the buffer."""
        floor = max(min(self.plan.cash_after.get(account, 0), self.venue.mandate.cash_buffer), 0)
        cash = self.folded.cash.get(account, 0) - self._withdrawal_pending(account) - floor
        for record in self.folded.orders.values():
            order = record.order
            if order.account == account and order.side == "buy" and not record.state.is_final:
                cash -= self._worst(order) - record.filled_gross
        return cash

    def _worst(self, order: Order) -> int:
        """What a purchase takes from the account if it is filled as badly as it allows."""
        instrument = self._instrument(order.instrument)
        costs = self.venue.costs_of(order.account).order_costs(instrument.id, instrument.step)
        if order.quantity is None:
            assert order.amount is not None
            return order.amount + costs.of(order.amount, self._steps_about(order))
        trade = self._trades.get(order.id)
        assert order.limit is not None, "an order for a quantity has a limit"
        gross = StepPrice.of(order.limit, instrument.step).value(order.quantity)
        if trade is None:
            return gross + costs.of(gross, order.quantity)
        return gross + self._worth(trade, order.quantity).fees

    def _steps_about(self, order: Order) -> int:
        """About how many steps an order in money buys; its fees may count them."""
        trade = self._trades.get(order.id)
        return trade.quantity if trade is not None else 1

    def _send(self, part: Part, order: Order) -> None:
        """Write down the order, let the gate judge its bytes, write that it leaves, and send it."""
        known = self.folded.orders.get(order.id)
        drafts = [] if known else [events.order_intended(order, at=self.at())]
        if self._is_too_fast():
            return
        verdict = gate(order, part.trade, self._desk(order))
        if not verdict.passed:
            message = f"not sent: {verdict.why}"
            drafts.append(events.order_rejected(order.id, message=message, at=self.at()))
            self.write(drafts)
            return
        if known is None or known.gated != verdict.sha256:
            drafts.append(events.order_gated(order.id, verdict.sha256, at=self.at()))
        drafts.append(events.order_sent(order.id, verdict.sha256, at=self.at()))
        self.write(drafts)
        self._submit(order, self.venue.brokers[order.account])

    def _submit(self, order: Order, broker: Broker) -> None:
        record = self.folded.orders[order.id]
        assert record.gated == order_hash(order), "only the bytes that passed the gate leave"
        assert record.state in (OrderState.SENT, OrderState.UNKNOWN), "it is written down first"
        try:
            answer = broker.submit(order)
        except _SILENT as error:
            self._unknown(record, str(error))
            return
        self._answered(answer, broker)

    def _answered(self, answer: BrokerEvent, broker: Broker) -> None:
        """The answer to a submission says that the order arrived; fills come by the report."""
        if answer.state in (OrderState.REJECTED, OrderState.UNKNOWN):
            self.take(answer, broker)
        elif self.folded.orders[answer.order].state in (OrderState.SENT, OrderState.UNKNOWN):
            self.take(BrokerEvent(answer.order, OrderState.ACCEPTED), broker)

    def _is_too_fast(self) -> bool:
        """Whether too many orders left within a minute; then everything halts."""
        now = self.venue.clock.now()
        since = instant_text(now - timedelta(seconds=60))
        limit = self.venue.limits.minute_orders
        recent = 0
        for entry in reversed(self.entries):
            if entry.kind == "resumed" and entry.body.get("scope") == HOUSEHOLD:
                break  # a person looked: the count begins anew
            if entry.kind == "order_sent" and entry.at >= since:
                recent += 1
        if recent < limit:
            return False
        message = (
            f"{recent} orders left within a minute and limits.toml allows {limit}: everything is "
            "halted until a person looks and resumes it"
        )
        self._note("throttle", self.plan.id, message, "error")
        self.write([events.halted(HOUSEHOLD, reason=message, at=instant_text(now))])
        return True

    def _desk(self, order: Order) -> Desk:
        venue = self.venue
        real = order.account in venue.real
        worst = self._worst(order) if order.side == "buy" else 0
        cash = self.folded.cash.get(order.account, 0) - self._withdrawal_pending(order.account)
        is_by_hand = order.account not in venue.brokers
        for record in self.folded.orders.values():
            other = record.order
            if other.id == order.id or record.state.is_final or other.account != order.account:
                continue
            if is_by_hand and other.id in self._trades:
                # A person trades these tickets in their order, all of them as the plan counted.
                cash += self._still_to_come(record)
            elif other.side == "buy":
                cash -= self._worst(other) - record.filled_gross
        if is_by_hand and order.side == "buy" and order.quantity is not None:
            worst = self._worth(self._trades[order.id], order.quantity).total("buy")
        return Desk(
            folded=self.folded,
            mandate=venue.mandate,
            market=venue.market,
            frozen=self._valuation().frozen,
            limits=venue.limits,
            cash=cash,
            worst=worst,
            today=venue.clock.now().date() if real else None,
        )

    def _valuation(self) -> Valuation:
        if self._valued is None:
            state = Prepared((), self.folded, ()).state(self.plan.as_of, head="")
            self._valued = valuation(state, self.venue.mandate, self.venue.market, Request())
        return self._valued

    # -- trades by hand -----------------------------------------------------------------------

    def tickets(self) -> list[OrderRecord]:
        """Orders that a person still has to trade."""
        return [
            record
            for record in self._records()
            if not record.state.is_final and record.order.account not in self.venue.brokers
        ]

    def trade_of(self, order: str) -> Trade:
        """The trade that an order of this plan carries out."""
        return self._trades[order]

    def cost_of(self, trade: Trade, value: int, steps: int) -> int:
        """What trading so much of a trade costs, in minor units."""
        instrument = self._instrument(trade.instrument)
        costs = self.venue.costs_of(trade.account).order_costs(instrument.id, instrument.step)
        return costs.of(value, steps)

    def issue_tickets(self) -> None:
        """Write down, once, what a person is to trade."""
        for part in self.parts:
            trade = part.trade
            if trade.account in self.venue.brokers or self.folded.is_halted(trade.account):
                continue
            known = self.folded.orders.get(part.id)
            if known is not None and (known.gated or known.state is not OrderState.INTENDED):
                continue
            order = known.order if known else self._ticket(part)
            drafts = [] if known else [events.order_intended(order, at=self.at())]
            verdict = gate(order, trade, self._desk(order))
            if verdict.passed:
                drafts.append(events.order_gated(order.id, verdict.sha256, at=self.at()))
            else:
                message = f"no ticket: {verdict.why}"
                drafts.append(events.order_rejected(order.id, message=message, at=self.at()))
            self.write(drafts)

    def _ticket(self, part: Part) -> Order:
        trade = part.trade
        worth = self._worth(trade, trade.quantity)
        limit = collar_limit(trade.side, trade.price, self.venue.limits.collar, worth)
        if trade.side == "buy":
            limit = paying_limit(
                worth,
                trade.quantity,
                self._share(part, worth.total("buy")),
                collar=limit,
                instrument=self._instrument(trade.instrument),
            )
        return order_of(part, self.plan, quantity=trade.quantity, limit=limit)

    def _share(self, part: Part, own: int) -> int:
        """What a ticket to buy may take: its planned worth, and its share of the cash to spare.

        Tickets are all open at once, so their limits together are what the account can pay.
        """
        account = part.trade.account
        cash = self._spendable(account)
        waiting = 0
        for other in self.parts:
            record = self.folded.orders.get(other.id)
            if other.trade.account != account or other.id == part.id:
                continue
            if record is None and other.trade.side == "buy":
                waiting += self._worth(other.trade, other.trade.quantity).total("buy")
            elif record is not None and other.trade.side == "sell" and not record.state.is_final:
                cash += self._still_to_come(record)
        spare = max(cash - waiting - own, 0)
        return own + spare * own // (own + waiting) if own + waiting else own

    def _still_to_come(self, record: OrderRecord) -> int:
        """The cash that the rest of a ticket brings as planned; below zero for a purchase."""
        order, trade = record.order, self._trades[record.order.id]
        if order.quantity is None:
            return record.filled_gross - self._worst(order)
        left = order.quantity - record.filled
        if left <= 0:
            return 0
        total = self._worth(trade, left).total(order.side)
        return total if order.side == "sell" else -total

    def cancel(self) -> None:
        """Ask brokers to cancel what is open; a halt never stands in the way of that."""
        for record in self._records():
            broker = self.venue.brokers.get(record.order.account)
            if broker is None or record.state.is_final:
                continue
            if record.state is OrderState.INTENDED:
                message = "cancelled before it was sent"
                self.write([events.order_cancelled(record.order.id, message=message, at=self.at())])
                continue
            try:
                broker.cancel(record.order.id)
            except _SILENT as error:
                self._unknown(record, str(error))

    # -- the end ------------------------------------------------------------------------------

    def finish(self) -> None:
        """When all orders are over: cash goes out, and what was decided counts from now on."""
        records = self._records()
        if self.is_superseded or len(records) < len(self.parts):
            return
        if not all(record.state.is_final for record in records):
            return
        self._pay_withdrawals()
        if self.parts and not any(record.filled for record in records):
            return
        start = self._approved_at()
        written = [(entry.kind, entry.body) for entry in self.entries[start:]]
        drafts = [draft for draft in self._conclusions() if (draft.kind, draft.body) not in written]
        self.write(drafts)

    def _pay_withdrawals(self) -> None:
        for account in sorted(self.request.withdrawals):
            amount = self._withdrawal_pending(account)
            there = self.folded.cash.get(account, 0)
            if not amount:
                continue
            if there < amount:
                message = (
                    f"the withdrawal of {money_text(amount)} from {account} is not booked: it has "
                    f"{money_text(there)}"
                )
                self._note("withdrawal-short", account, message, "error")
                continue
            ref = f"{self.plan.id}/withdrawal"
            self.write(
                [events.withdrawn(account, amount, on=self.plan.as_of, ref=ref, at=self.at())]
            )

    def _conclusions(self) -> list[Draft]:
        """What carrying out the plan leaves behind in memory."""
        plan, at = self.plan, self.at()
        drafts = []
        if self.parts or plan.periods or plan.adopted:
            believed = self._believed()
            if believed:
                drafts.append(events.prices_accepted(believed, at=at))
        for target, period in sorted(plan.periods.items()):
            if self._acted(target) is not False:
                drafts.append(events.period_acted(target, period, on=plan.as_of, at=at))
        for target, weights in sorted(plan.adopted.items()):
            # A trigger that leads to no trade is no rebalance.
            if self._acted(target):
                accounts = self._accounts_of(target)
                drafts.append(
                    events.target_adopted(target, weights, accounts=accounts, on=plan.as_of, at=at)
                )
        return drafts

    def _accounts_of(self, target: str) -> list[str]:
        accounts = self.venue.mandate.household.accounts.values()
        return [a.id for a in accounts if (a.id == target if a.target else target == HOUSEHOLD)]

    def _acted(self, target: str) -> bool | None:
        """Whether any trade of a target was made; None when none was planned."""
        accounts = self._accounts_of(target)
        records = [r for r in self._records() if r.order.account in accounts]
        return any(record.filled for record in records) if records else None

    def _believed(self) -> dict[str, AcceptedPrice]:
        """The prices of the plan's day that were believed, of what is held or was traded."""
        value = self._valuation()
        held = {instrument for _, instrument in self.folded.positions}
        held |= {part.trade.instrument for part in self.parts}
        quotes = self.venue.market.quotes
        return {
            name: AcceptedPrice(price, quotes[name].on)
            for name, price in sorted(value.prices.items())
            if name in held and name not in value.frozen and name in quotes
        }

    def _approved_at(self) -> int:
        for place, entry in enumerate(self.entries):
            if entry.kind == "approved" and entry.body.get("plan") == self.plan.id:
                return place
        raise AssertionError("a plan is approved before it is carried out")

    # -- the result ---------------------------------------------------------------------------

    def applied(self) -> Applied:
        """What became of the plan so far."""
        records = self._records()
        findings = [*self.findings, *self._shortfalls(records)]
        return Applied(
            plan=self.plan.id,
            status=self._status(records),
            orders=tuple(records),
            tickets=tuple(record.order for record in self.tickets()),
            findings=tuple(dict.fromkeys(findings)),
            changed=self.changed,
            folded=self.folded,
        )

    def _status(self, records: Sequence[OrderRecord]) -> Status:
        if self.is_superseded:
            return "superseded" if self.changed else "already"
        accounts = {part.trade.account for part in self.parts}
        is_open = len(records) < len(self.parts) or not all(r.state.is_final for r in records)
        if is_open and any(self.folded.is_halted(account) for account in accounts):
            return "halted"
        if is_open:
            return "waiting"
        if not self.changed:
            return "already"
        if self.parts and not any(record.filled for record in records):
            return "unfilled"
        return "done"

    def _shortfalls(self, records: Sequence[OrderRecord]) -> list[Finding]:
        """Where less was ordered or filled than planned, and why."""
        found = []
        for record in records:
            order, trade = record.order, self._trades[record.order.id]
            name = f"{order.side} {order.instrument} in {order.account}"
            cut = _cut(order, trade)
            if cut:
                message = f"{name}: {cut}, because the sells brought less cash than planned"
                found.append(Finding("buy-cut", order.id, message))
            if record.state in (OrderState.REJECTED, OrderState.CANCELLED):
                filled = quantity_text(record.filled, trade.step)
                message = f"{name}: {record.state.value}, {filled} filled. {record.message}"
                found.append(Finding(f"order-{record.state.value}", order.id, message))
        is_over = len(records) == len(self.parts) and all(r.state.is_final for r in records)
        if is_over and found and not self.is_superseded:
            message = (
                f"not all of plan {self.plan.id} was traded: `trimtab plan --now` plans the rest "
                "now, else it waits until something is due again"
            )
            found.append(Finding("plan-unfinished", self.plan.id, message))
        return found

    def _records(self) -> list[OrderRecord]:
        orders = self.folded.orders
        return [orders[part.id] for part in self.parts if part.id in orders]

    # -- writing ------------------------------------------------------------------------------

    def write(self, drafts: Sequence[Draft]) -> None:
        """Add to the record; what cannot have happened is refused before a byte is written."""
        if not drafts:
            return
        before = self.folded.head.seq
        self.folded = recorded(self.venue.store, self.folded, drafts)
        self.entries.extend(self.venue.store.read()[before:])
        self.changed = True

    def _halt(self, scopes: Iterable[str], reason: str) -> None:
        """Halt once for each reason: a person who resumed is not asked about it again."""
        told = {
            (entry.body.get("scope"), entry.body.get("reason"))
            for entry in self.entries
            if entry.kind == "halted"
        }
        self.write(
            [
                events.halted(scope, reason=reason, at=self.at())
                for scope in scopes
                if (scope, reason) not in told
            ]
        )

    def _note(
        self,
        code: str,
        subject: str,
        message: str,
        severity: Literal["info", "warning", "error"] = "warning",
    ) -> None:
        self.findings.append(Finding(code, subject, message, severity))

    def at(self) -> str:
        """The instant of the next entry."""
        return instant_text(self.venue.clock.now())


def _cut(order: Order, trade: Trade) -> str:
    """How much less than planned was ordered; empty when it was all."""
    if order.quantity is not None and order.quantity < trade.quantity:
        ordered = quantity_text(order.quantity, trade.step)
        return f"{ordered} ordered instead of {quantity_text(trade.quantity, trade.step)}"
    if order.amount is not None and order.amount < (trade.amount or 0):
        return f"{money_text(order.amount)} ordered instead of {money_text(trade.amount or 0)}"
    return ""


def _common_start(entries: Sequence[Entry], drafts: Sequence[Draft]) -> int:
    """How many drafts are written already, from the first on."""
    count = 0
    for entry, draft in zip(entries, drafts, strict=False):
        if (entry.kind, entry.body) != (draft.kind, draft.body):
            break
        count += 1
    return count


def _decision(plan: Plan) -> Plan:
    """A plan without what its reader is told beside it."""
    return replace(plan, id="", findings=())


__all__ = ["Application", "Applied", "Status", "Venue", "apply_plan"]
