"""A household through years of made-up history: deposits, splits, dividends, faults, kills.

After every step the books balance, nothing is sold twice, no order exists twice, and the record
replays to the same state.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.engine.generated import generated
from tests.engine.households import CALENDAR
from tests.execution.desks import AT, Room, room_of
from tests.execution.test_crashes import Fuse, FusedBroker, FusedStore, Killed
from trimtab.engine.mandate import Request
from trimtab.execution.brokers import MemoryBroker, PaperTerms
from trimtab.execution.faults import Fault, ScriptedBroker
from trimtab.execution.opening import prepared
from trimtab.ledger import events
from trimtab.ledger.chain import verify_bytes
from trimtab.ledger.fold import fold, journal
from trimtab.ledger.folded import state_digest
from trimtab.ledger.record import record
from trimtab.model.market import Dividend, Market, Quote, Split
from trimtab.model.numbers import Price
from trimtab.model.orders import OrderState

FAULTS: tuple[Fault, ...] = (
    "lost-request", "lost-answer", "late", "doubled", "reversed", "split", "half-cancelled",
)  # fmt: skip


class Years(RuleBasedStateMachine):
    """One household, day after day."""

    room: Room

    @initialize(seed=st.sampled_from([2, 8, 14, 17, 18, 22, 24]))
    def begin(self, seed: int) -> None:
        """A household of one account, whose decisions take milliseconds; its record still empty."""
        self.random = random.Random(seed)
        case = generated(self.random)
        self.room = room_of(case)
        self.broker = ScriptedBroker(
            MemoryBroker(PaperTerms.of(case.mandate, case.market), self.room.folded), {}
        )
        self.room.broker = self.broker

    @rule(days=st.integers(1, 40), moves=st.integers(0, 2**32))
    def time_passes(self, days: int, moves: int) -> None:
        """Prices move; something may split or pay a dividend on the way."""
        r = random.Random(moves)
        old = self.room.market
        day = CALENDAR.session_on_or_after(date.fromordinal(old.as_of.toordinal() + days))
        if day > date(2027, 11, 1):
            return
        quotes, splits, dividends = {}, list(old.splits), list(old.dividends)
        for name, quote in old.quotes.items():
            assert quote.price is not None
            new = Fraction(quote.price.decimal) * Fraction(r.randint(85, 117), 100)
            ratio = Fraction(1)
            if r.random() < 0.1 and quote.price.decimal > 2:
                ratio = Fraction(r.choice([2, 3, Fraction(1, 2), Fraction(3, 2)]))
                splits.append(Split(name, day, ratio))
            elif r.random() < 0.15:
                dividends.append(Dividend(name, day, Price.of(Decimal("0.37"))))
            cents = max(round(new / ratio * 100), 100)
            quotes[name] = Quote(Price(cents, -2), day, quote.price, old.as_of, ratio)
        self.market(Market(day, old.calendar, quotes, tuple(splits), tuple(dividends)))

    def market(self, market: Market) -> None:
        """Everybody sees a new day."""
        self.room.market = market
        self.broker.broker.terms = replace(self.broker.broker.terms, market=market)

    @rule(
        deposit=st.integers(0, 500_000),
        withdrawal=st.integers(0, 100_000),
        now=st.sampled_from([True, True, False]),
        faults=st.dictionaries(st.integers(0, 8), st.sampled_from(FAULTS), max_size=3),
        kill=st.integers(-8, 24),
    )
    def rebalances(
        self,
        deposit: int,
        withdrawal: int,
        now: bool,
        faults: dict[int, Fault],
        kill: int,
    ) -> None:
        """A plan is made and carried out; the run may be killed, the broker may misbehave."""
        accounts = sorted(self.room.mandate.household.accounts)
        request = Request(
            deposits={accounts[0]: deposit} if deposit > 250_000 else {},
            withdrawals={accounts[-1]: withdrawal} if withdrawal > 70_000 else {},
            now=now,
        )
        plan = self.room.plan(request)
        begun = len(self.broker._numbers)
        self.broker.faults = {begun + number: fault for number, fault in faults.items()}
        if kill >= 0:
            fuse = Fuse(kill)
            with contextlib.suppress(Killed):
                self.room.apply(
                    plan,
                    request,
                    store=FusedStore(self.room.store, fuse),
                    broker=FusedBroker(self.broker, fuse),
                )
        self.room.apply(plan, request)
        self.broker.heal()
        for _ in range(6):
            if not self.room.apply(plan, request).changed:
                break

    @precondition(lambda self: self.room.store.head.seq > 0)
    @rule(amount=st.integers(1, 300_000))
    def cash_comes_in(self, amount: int) -> None:
        """A deposit that no plan knew of."""
        account = sorted(self.room.mandate.household.accounts)[0]
        ready = prepared(
            self.room.store.read(), self.room.opening,
            instruments=self.room.mandate.household.instruments, market=self.room.market,
            paper=self.room.paper, at=AT,
        )  # fmt: skip
        folded = self.room.folded()
        folded = record(self.room.store, folded, ready.drafts) if ready.drafts else folded
        day = self.room.market.as_of
        record(self.room.store, folded, [events.deposited(account, amount, on=day, at=AT)])

    # What always holds

    @invariant()
    def books_balance(self) -> None:
        """Invariants 3 and 4: postings sum to zero; positions are what the lots say."""
        entries = self.room.store.read()
        for _, postings in journal(entries):
            balance: dict[str, int] = {}
            for posting in postings:
                balance[posting.unit] = balance.get(posting.unit, 0) + posting.amount
            assert not any(balance.values())
        folded = fold(entries)
        held: dict[tuple[str, str], int] = {}
        for lot in folded.lots.values():
            assert lot.quantity > 0
            held[lot.account, lot.instrument] = (
                held.get((lot.account, lot.instrument), 0) + lot.quantity
            )
        assert held == dict(folded.positions)

    @invariant()
    def replay_is_the_same(self) -> None:
        """Invariants 9 and 10: whole or in parts, the record gives the same state."""
        entries = self.room.store.read()
        middle = len(entries) // 2
        parts = fold(entries[middle:], fold(entries[:middle]))
        assert state_digest(parts) == state_digest(fold(entries))
        assert not verify_bytes(self.room.store.data()).problems

    @invariant()
    def orders_exist_once(self) -> None:
        """Invariants 1, 2, 6: every order at the broker was gated and sent by us, once, and was
        filled for no more than it is.
        """
        folded = self.room.folded()
        for name, order in self.broker.orders.items():
            known = folded.orders[name]
            assert known.order == order
            assert known.gated
            assert known.filled <= (order.quantity or 0) + known.excess
        filled = [event.fill.id for event in self.broker._told if event.fill is not None]
        booked = [fill for (_, fill), found in folded.fills.items() if found.fill.order]
        assert set(booked) <= set(filled)
        assert len(booked) == len(set(booked))

    @invariant()
    def agrees_with_the_broker_or_is_not_active(self) -> None:
        """Invariant 5: what the broker filled is booked, once it was told and nothing is open."""
        folded = self.room.folded()
        if any(not found.state.is_final for found in folded.orders.values()):
            return
        told = {event.fill.id for event in self.broker._told if event.fill is not None}
        booked = {fill for _, fill in folded.fills}
        assert told == booked or folded.halted

    @invariant()
    def nothing_stays_unknown(self) -> None:
        """A broker that knows fates leaves no order unknown once it is asked."""
        states = {found.state for found in self.room.folded().orders.values()}
        assert OrderState.UNKNOWN not in states


TestYears = Years.TestCase
TestYears.settings = settings(
    max_examples=30,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
