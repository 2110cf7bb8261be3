"""What a simulated household has: its record, clock and prices, and what its run came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from fractions import Fraction

from trimtab.costs.impact import UsualDay
from trimtab.engine.aim import targets
from trimtab.engine.follow import NO_MOVERS
from trimtab.engine.mandate import Mandate
from trimtab.execution.opening import Opening, Prepared, prepared
from trimtab.ledger.events import instant_text
from trimtab.ledger.folded import NOTHING
from trimtab.ledger.memory import MemoryLedger
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.market import Market
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.orders import Order
from trimtab.model.plan import Plan
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.accounts.cash import together
from trimtab.simulate.accounts.ended import End
from trimtab.simulate.accounts.findings import Undecided
from trimtab.simulate.accounts.flows import AccountFlows, Unpaid
from trimtab.simulate.accounts.interest import Interest
from trimtab.simulate.accounts.settled import GoodFaith, Leaving
from trimtab.simulate.accounts.tape import Tape
from trimtab.simulate.accounts.tax import OpenLot, TaxAccount, lots_left, tax_of_selling
from trimtab.simulate.accounts.terms import USUAL, AccountTerms
from trimtab.simulate.accounts.volume import VolumeSaid
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import Watch

CLOSE = time(21, 0, tzinfo=UTC)
"""The hour of the simulated clock: after the close, so that a day's prices are known."""


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
        movers: Mapping[str, Mover] = NO_MOVERS,
        watch: Watch | None = None,
        exchange: Calendar | None = None,
        usual: Callable[[date], Mapping[str, UsualDay]] | None = None,
    ) -> None:
        self.terms = terms
        self.mandate = mandate
        self.movers = movers
        self.watch = watch
        self.exchange = exchange
        self.opening = opening
        if terms.participation is not None:
            participation = Fraction(str(terms.participation))
        self.participation = participation
        self.usual = usual
        self.costs = terms.charged(mandate.costs)
        self.volume = VolumeSaid()
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
        self.carried: list[str] = []
        self.dividends_paid = 0
        self.opens: Callable[[date], Mapping[str, Price]] | None = None
        self.waiting: Plan | None = None
        self.flows: AccountFlows | None = None
        self.moved: dict[int, int] = {}
        self.paid_in = self.paid_out = 0
        self.fees_paid = 0
        self.unpaid: list[Unpaid] = []
        self.late: list[tuple[Unpaid, date]] = []
        self.leaving: list[Leaving] = []
        self.settled: list[Leaving] = []
        self.good_faith = GoodFaith()
        self.ends: tuple[End, ...] = ()
        self.undecided = Undecided()
        self.listed: Mapping[str, date] = {}
        self.interest: Interest | None = None

    def by_account(self) -> dict[str, int]:
        """What each account is worth now."""
        worth = {account: self.folded.cash.get(account, 0) for account in self._accounts()}
        for (account, id_), steps in self.folded.positions.items():
            if id_ in self.prices:
                worth[account] += self.prices[id_].value(steps)
        return worth

    def _accounts(self) -> list[str]:
        return list(self.mandate.household.accounts)

    def note(
        self,
        days: Sequence[date],
        worth: Mapping[tuple[str, str], Sequence[int]],
        cash: Mapping[str, int],
    ) -> None:
        """Remember what each sleeve is worth at the closes of some days, and all together."""
        # What leaves when it has settled is there until then, and no longer to be disposed of.
        there = sum(cash.values()) + sum(one.what.amount for one in self.leaving)
        own: dict[str, list[int]] = {self.cash_place: [there] * len(days)}
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

    def read_prices(self, tape: Tape, place: int | None = None) -> None:
        """The newest price of each instrument that was one of its own day."""
        instruments = self.mandate.household.instruments
        latest = tape.latest[len(self.dates) if place is None else place].tolist()
        for id_, at in zip(tape.names, latest, strict=True):
            if at >= 0 and self.priced_at.get(id_) != at:
                price = tape.market(at).quotes[id_].price
                assert price is not None, "a place of the latest prices has one"
                self.prices[id_] = StepPrice.of(price, instruments[id_].step)
                self.priced_at[id_] = at

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
        cash = together(
            self.folded.cash, *({one.what.account: one.what.amount} for one in self.leaving)
        )
        return held + sum(
            own for account, own in cash.items() if not accounts[account].tax.taxes_gains
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

    def prepared(self, market: Market) -> Prepared:
        """The record of a session, with what is to be written before it is decided on."""
        return prepared(
            self.store.read(),
            self.opening,
            instruments=self.mandate.household.instruments,
            market=market,
            paper=self.mandate.household.accounts.keys(),
            at=instant_text(self.clock.now()),
            known=self.folded,
        )
