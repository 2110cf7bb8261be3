"""One run over one plan: what it knows, and how it writes to the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final, Literal

from trimtab.costs import Costs
from trimtab.engine.decide import plan_hash
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import Valuation, valuation
from trimtab.execution.brokers import BrokerSilentError
from trimtab.execution.gate import Limits
from trimtab.execution.opening import Opening, Prepared
from trimtab.execution.orders import (
    parts_of,
)
from trimtab.ledger import events
from trimtab.ledger.chain import Draft, Entry
from trimtab.ledger.events import instant_text
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import Folded, OrderRecord
from trimtab.ledger.record import record as recorded
from trimtab.ledger.store import LedgerStore
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.plan import Plan, Trade
from trimtab.model.ports import Broker, Clock
from trimtab.model.state import State

SILENT: Final = (BrokerSilentError, TimeoutError, ConnectionError, OSError)
"""What a broker that does not answer raises."""


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
        fresh_brokers: The brokers begin with this run, as in a simulation or a rehearsal: what the
            record says was traded before is none of theirs, and not asked for.
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
    fresh_brokers: bool = False

    def costs_of(self, account: str) -> Costs:
        """What trading costs in an account."""
        return self.mandate.costs.get(account) or self.mandate.costs.get("") or Costs()


class Application:
    """One run over one plan; all that lasts is in the record and at the brokers.

    Attributes:
        plan, request, venue: What is carried out, what it was made with, and where.
        decided_from: The state from which the caller has just decided the plan, by this very venue
            and request: while the record says the same, it is not decided a second time.
        digest: The plan's hash.
        parts: Its trades, each with the id of its order.
        trades: The same by id of the order.
        entries, folded: The record, and everything known from it, now.
        findings: What was noticed.
        changed: Whether this run wrote anything.
        cursors: How far the reports of each broker were read.
        told_orders, told_fills: Ids that brokers have reported, all since their beginning.
        resubmitted: Orders that this run has sent a second time.
    """

    def __init__(
        self,
        plan: Plan,
        request: Request,
        venue: Venue,
        *,
        known: Folded | None = None,
        decided_from: State | None = None,
    ) -> None:
        self.plan = plan
        self.request = request
        self.venue = venue
        self.decided_from = decided_from
        self.digest = plan_hash(plan)
        self.parts = parts_of(plan)
        self.findings: list[Finding] = []
        self.entries: list[Entry] = list(venue.store.read())
        # Who has folded the record already, as a simulation has, need not do it again.
        is_known = known is not None and known.head.seq == len(self.entries)
        self.folded: Folded = known if known and is_known else fold(self.entries)
        self.changed = False
        self.cursors: dict[int, int] = {}
        self.told_orders: set[str] = set()
        self.told_fills: set[str] = set()
        self.resubmitted: set[str] = set()
        self._valued: Valuation | None = None
        self.trades: Mapping[str, Trade] = {part.id: part.trade for part in self.parts}

    @property
    def is_approved(self) -> bool:
        """Whether this very plan was approved before."""
        known = self.folded.plans.get(self.plan.id)
        return bool(known and known.sha256 == self.digest and known.approved_by)

    @property
    def is_superseded(self) -> bool:
        """Whether another plan was approved after this one."""
        last = next((e for e in reversed(self.entries) if e.kind == "approved"), None)
        return last is not None and last.body.get("plan") != self.plan.id

    def has_heard(self, broker: Broker) -> bool:
        """Whether a broker has reported in this run, all that it ever did."""
        return id(broker) in self.cursors

    def records(self) -> list[OrderRecord]:
        """The plan's orders that are written down, in its order."""
        orders = self.folded.orders
        return [orders[part.id] for part in self.parts if part.id in orders]

    def tickets(self) -> list[OrderRecord]:
        """Orders that a person still has to trade."""
        return [
            record
            for record in self.records()
            if not record.state.is_final and record.order.account not in self.venue.brokers
        ]

    def instrument(self, name: str) -> Instrument:
        """An instrument that the household knows, or at least the record."""
        known = self.venue.mandate.household.instruments.get(name)
        return known or Instrument(name, step=self.folded.steps[name])

    def valuation(self) -> Valuation:
        """What is held, at the prices of the plan's day; worked out once."""
        if self._valued is None:
            state = Prepared((), self.folded, ()).state(self.plan.as_of, head="")
            self._valued = valuation(state, self.venue.mandate, self.venue.market, Request())
        return self._valued

    def withdrawal_pending(self, account: str) -> int:
        """Cash that the plan takes out of an account and that is still there, minor units."""
        if (account, f"{self.plan.id}/withdrawal") in self.folded.refs:
            return 0
        return self.request.withdrawals.get(account, 0)

    def write(self, drafts: Sequence[Draft]) -> None:
        """Add to the record; what cannot have happened is refused before a byte is written."""
        if not drafts:
            return
        before = self.folded.head.seq
        self.folded = recorded(self.venue.store, self.folded, drafts)
        self.entries.extend(self.venue.store.read()[before:])
        self.changed = True

    def halt(self, scopes: Iterable[str], reason: str) -> None:
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

    def note(
        self,
        code: str,
        subject: str,
        message: str,
        severity: Literal["info", "warning", "error"] = "warning",
    ) -> None:
        """Tell the reader something."""
        self.findings.append(Finding(code, subject, message, severity))

    def at(self) -> str:
        """The instant of the next entry."""
        return instant_text(self.venue.clock.now())
