"""Small venues for tests: a household with a record, a broker and a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from tests.engine.generated import Case
from tests.engine.households import DAY
from trimtab.engine.decide import decide
from trimtab.engine.mandate import Mandate, Request
from trimtab.execution.application import Application, Venue
from trimtab.execution.apply import carry_out
from trimtab.execution.brokers import MemoryBroker, PaperTerms
from trimtab.execution.gate import Limits
from trimtab.execution.opening import Opening, prepared
from trimtab.execution.outcome import Applied
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded, state_at
from trimtab.ledger.memory import MemoryLedger
from trimtab.model.household import Household
from trimtab.model.market import Market
from trimtab.model.orders import Order
from trimtab.model.plan import Plan
from trimtab.model.ports import Broker
from trimtab.model.state import State

NOW = datetime(2026, 3, 31, 21, 0, tzinfo=UTC)
AT = "2026-03-31T21:00:00Z"


class StillClock:
    """A clock for tests."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """The instant."""
        return self.at


def opening_of(state: State, mandate: Mandate, *, on: date = DAY) -> Opening:
    """The opening statement that says what a state says."""
    household: Household = mandate.household
    cash = {name: state.cash.get(name, 0) for name in household.accounts}
    return Opening(household.name, "USD", on, state.lots, cash, state.memory.sales, "0" * 64)


@dataclass
class Room:
    """Everything that applying a plan needs, in memory."""

    mandate: Mandate
    market: Market
    opening: Opening
    store: Any = field(default_factory=MemoryLedger)
    clock: StillClock = field(default_factory=StillClock)
    limits: Limits = field(default_factory=Limits)
    by_hand: frozenset[str] = frozenset()
    terms: Mapping[str, Any] = field(default_factory=dict)
    broker: Any = None

    def __post_init__(self) -> None:
        if self.broker is None:
            terms = replace(PaperTerms.of(self.mandate, self.market), **self.terms)
            self.broker = MemoryBroker(terms, self.folded)

    def folded(self) -> Folded:
        """Everything that the record says."""
        return fold(self.store.read())

    def state(self, as_of: date = DAY) -> State:
        """What is held and remembered."""
        entries = self.store.read()
        ready = prepared(
            entries, self.opening, instruments=self.mandate.household.instruments,
            market=self.market, paper=self.paper, at=AT,
        )  # fmt: skip
        return ready.state(as_of, head=entries[-1].hash if entries else "")

    def plan(self, request: Request | None = None) -> Plan:
        """What is decided from what is known."""
        market = self.market
        return decide(
            self.state(market.as_of), self.mandate, market, market.as_of, request or Request()
        )

    @property
    def paper(self) -> frozenset[str]:
        """Accounts on paper."""
        return frozenset(self.mandate.household.accounts) - self.by_hand

    def venue(self, *, store: Any = None, broker: Any = None) -> Venue:
        """Where plans are carried out."""
        brokers: dict[str, Broker] = dict.fromkeys(sorted(self.paper), broker or self.broker)
        return Venue(
            store=store or self.store, clock=self.clock, mandate=self.mandate, market=self.market,
            opening=self.opening, brokers=brokers, limits=self.limits, paper=self.paper,
        )  # fmt: skip

    def apply(
        self,
        plan: Plan,
        request: Request | None = None,
        *,
        store: Any = None,
        broker: Any = None,
        today: date | None = None,
    ) -> Applied:
        """Carry out a plan."""
        venue = self.venue(store=store, broker=broker)
        return carry_out(Application(plan, request or Request(), venue), by="tester", today=today)

    def orders(self) -> list[Order]:
        """The orders that exist at the broker."""
        return list(self.broker.orders.values())


def room_of(case: Case, **more: Any) -> Room:
    """A room for a generated household."""
    return Room(case.mandate, case.market, opening_of(case.state, case.mandate), **more)


def remembered(folded: Folded, as_of: date = DAY) -> State:
    """A folded record as a state without its head: what two runs must agree on."""
    return replace(state_at(folded, as_of), head="")


def kinds(store: Any) -> Sequence[str]:
    """What happened, in order."""
    return [entry.kind for entry in store.read()]
