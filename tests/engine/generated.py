"""Random households with everything that can bind a plan, and what must hold for every plan."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from tests.engine.households import DAY, mandate, market, tree
from tests.taxes.lots import remaining
from trimtab.costs import Costs
from trimtab.engine.mandate import Mandate, Request
from trimtab.model.accounts import Account, Lot, Relief, TaxTreatment
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market
from trimtab.model.plan import Plan
from trimtab.model.state import AcceptedPrice, Memory, State


@dataclass(frozen=True)
class Case:
    """A household with a day to decide for."""

    state: State
    mandate: Mandate
    market: Market
    request: Request

    @property
    def arguments(self) -> tuple[State, Mandate, Market, date, Request]:
        """What `decide` takes."""
        return self.state, self.mandate, self.market, DAY, self.request

    def assert_sound(self, plan: Plan) -> None:
        """What holds for every plan, whatever the household."""
        cash = dict(self.state.cash)
        for id_, amount in self.request.deposits.items():
            cash[id_] += amount
        for id_, amount in self.request.withdrawals.items():
            cash[id_] -= amount
        floor = {id_: min(amount, 0) for id_, amount in cash.items()}
        lots = {lot.id: lot for lot in self.state.lots}
        sold: dict[tuple[str, str], int] = {}
        seen_buy = False
        for trade in plan.trades:
            account = self.mandate.household.accounts[trade.account]
            assert trade.quantity > 0
            assert trade.value > 0
            assert trade.cost >= 0
            assert trade.tax >= 0
            if trade.side == "buy":
                seen_buy = True
                assert account.may_buy(trade.instrument)
                cash[trade.account] -= trade.value + trade.cost
                continue
            assert not seen_buy, "sells stand before buys"
            assert trade.instrument not in account.do_not_sell
            assert not self.request.no_sells
            cash[trade.account] += trade.value - trade.cost
            key = (trade.account, trade.instrument)
            sold[key] = sold.get(key, 0) + trade.quantity
            assert sum(sale.quantity for sale in trade.lots) == trade.quantity
            for sale in trade.lots:
                lot = lots[sale.lot]
                assert (lot.account, lot.instrument) == key
                rest = remaining(lot, sale.quantity)
                if rest is None:
                    del lots[sale.lot]
                else:
                    assert rest.basis is None or sale.basis is not None
                    if lot.basis is not None:
                        assert lot.basis == (rest.basis or 0) + (sale.basis or 0)
                    lots[sale.lot] = rest
        for (id_, instrument), count in sold.items():
            held = sum(
                lot.quantity
                for lot in self.state.lots
                if (lot.account, lot.instrument) == (id_, instrument)
            )
            keep = self.mandate.household.accounts[id_].keep.get(instrument, 0)
            assert held - count >= min(keep, held)
        for id_, amount in cash.items():
            assert amount >= floor[id_]
        if plan.trades:
            shared = {id_: cash[id_] for id_ in plan.cash_after}
            assert shared == dict(plan.cash_after)
        assert plan.cost == sum(trade.cost for trade in plan.trades)
        assert plan.tax == sum(trade.tax for trade in plan.trades)


def generated(r: random.Random) -> Case:
    """A household of one to three accounts with lots, restrictions, costs, flows and a policy."""
    names = ["US", "INTL", "BND", "REIT", "GOLD"][: r.randint(1, 5)]
    instruments = {
        name: Instrument(name, step=Decimal(r.choice(["1", "1", "0.001"]))) for name in names
    }
    spare = Instrument("OLD", step=Decimal(1))
    cuts = sorted(r.sample(range(1, 100), len(names) - 1))
    percents = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    holds = {name: [name] for name in names}
    if r.random() < 0.4:
        holds[names[0]] = [names[0], "OLD"]
        instruments["OLD"] = spare
    weights: dict[str, object] = {
        name: (percent, holds[name]) for name, percent in zip(names, percents, strict=True)
    }
    accounts = [
        Account(
            id_,
            r.choice(list(TaxTreatment)[:3]),
            menu=None if r.random() < 0.7 else tuple(r.sample(names, r.randint(1, len(names)))),
            do_not_buy=frozenset(r.sample(names, 1)) if r.random() < 0.2 else frozenset(),
            do_not_sell=frozenset(r.sample(names, 1)) if r.random() < 0.2 else frozenset(),
            keep={names[0]: r.randint(0, 50)} if r.random() < 0.2 else {},
            relief=r.choice([Relief.LOWEST_TAX, Relief.LOWEST_TAX, Relief.FIFO, Relief.HIFO]),
        )
        for id_ in ["alpha", "beta", "gamma"][: r.choice([1, 1, 2, 3])]
    ]
    lots = []
    for account in accounts:
        for id_, instrument in instruments.items():
            for number in range(r.choice([0, 1, 1, 2, 4])):
                steps = r.randint(1, 300) * int(1 / instrument.step)
                acquired = DAY - timedelta(days=r.randint(1, 3000))
                basis = None if account.tax is not TaxTreatment.TAXABLE else r.randint(0, 5_000_000)
                lots.append(
                    Lot(f"{account.id}-{id_}-{number}", account.id, id_, steps, acquired, basis)
                )
    cash = {account.id: r.choice([0, r.randint(0, 2_000_000)]) for account in accounts}
    prices = {id_: str(Decimal(r.randint(100, 60_000)) / 100) for id_ in instruments}
    costs = Costs(
        bps=r.choice([0, 0, 1, 10]),
        half_spread_bps=r.choice([0, 2]),
        per_share=r.choice([0, 0, "0.005"]),
        commission=r.choice([0, 0, 0, "4.95"]),
        minimum=r.choice([0, 0, 0, 1]),
    )
    when = r.choice(["monthly", "band:5pp", "monthly+band:5pp/25%", "drift:3pp", "cashflow:500"])
    to = "target" if "band" not in when else r.choice(["target", "edge", "half", "within:1pp"])
    request = Request(
        deposits={accounts[0].id: r.randint(1, 1_000_000)} if r.random() < 0.25 else {},
        withdrawals={accounts[-1].id: r.randint(1, 300_000)} if r.random() < 0.2 else {},
        no_sells=r.random() < 0.1,
    )
    mandate_ = mandate(
        tree(weights),
        accounts=accounts,
        instruments=list(instruments.values()),
        when=when,
        to=to,
        costs=costs,
        min_trade=r.choice([0, 0, 50_000]),
        cash_buffer=r.choice([0, 0, 100_000]),
        drift_price=r.choice([None, None, Decimal("0.05")]),
    )
    return Case(State(tuple(lots), cash), mandate_, market(prices), request)


def executed(case: Case, plan: Plan) -> State:
    """The state once every trade was filled as planned."""
    lots = {lot.id: lot for lot in case.state.lots}
    cash = dict(case.state.cash)
    for id_, amount in plan.flows.items():
        cash[id_] += amount
    for number, trade in enumerate(plan.trades):
        if trade.side == "sell":
            cash[trade.account] += trade.value - trade.cost
            for sale in trade.lots:
                rest = remaining(lots.pop(sale.lot), sale.quantity)
                if rest is not None:
                    lots[sale.lot] = rest
        else:
            cash[trade.account] -= trade.value + trade.cost
            id_ = f"new-{number}"
            lots[id_] = Lot(
                id_, trade.account, trade.instrument, trade.quantity, DAY, trade.value + trade.cost
            )
    memory = Memory(
        periods_acted=dict(plan.periods),
        adopted=dict(plan.adopted),
        rebalanced_on=dict.fromkeys(plan.adopted, DAY) if plan.trades else {},
        undisturbed=frozenset(plan.adopted) if plan.trades else frozenset(),
        accepted={
            id_: AcceptedPrice(quote.price, quote.on) for id_, quote in case.market.quotes.items()
        },
    )
    return replace(case.state, lots=tuple(lots.values()), cash=cash, memory=memory)
