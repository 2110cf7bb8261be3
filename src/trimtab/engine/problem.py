"""The trade problem in numbers: what may be sold and bought where, at what cost, towards what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from trimtab.costs import Costs, OrderCosts
from trimtab.engine.aim import Aim
from trimtab.engine.destination import Goals
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.value import Valuation
from trimtab.model.accounts import Account, Lot
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, Instrument
from trimtab.model.numbers import StepPrice
from trimtab.model.state import State
from trimtab.taxes.relief import TaxedLot, relief_order, taxed_lot


@dataclass(frozen=True, slots=True)
class Holding:
    """An instrument in an account that may be traded there, held or not.

    Args:
        account: Index of the account in the problem.
        account_id: Its id.
        instrument: Instrument id.
        leaf: Index of the leaf it fills.
        price: Worth of a step.
        lots: Lots in the order in which a sale takes them.
        sellable: Steps that may be sold.
        buyable: Whether it is what this account buys for the leaf.
        costs: What its orders cost.
        least: The fewest steps of a trade.
    """

    account: int
    account_id: str
    instrument: str
    leaf: int
    price: StepPrice
    lots: tuple[TaxedLot, ...]
    sellable: int
    buyable: bool
    costs: OrderCosts
    least: int

    @property
    def fee(self) -> float:
        """Cost per unit of money traded, without what an order costs however small."""
        per_step = self.costs.per_step / (100_000_000 * float(self.price))
        return self.costs.rate / 100_000_000 + per_step


@dataclass(frozen=True, slots=True)
class Problem:
    """What the trade stage decides, in minor units.

    Args:
        leaves: Names of the leaves that are not cash.
        values: What each leaf is worth.
        goals: What each should be worth, in whole minor units: money is never less.
        accounts: Account ids.
        purses: Cash of each account after flows and withdrawals, buffer included.
        cash: Cash of all accounts less the buffer.
        cash_goal: What that should be.
        holdings: What may be traded, ordered by account, leaf and instrument.
        location: Rank of an account for a leaf, by leaf index then account index; lower first.
        fresh: Whether cash came into an account for this plan: it is spent there first.
    """

    leaves: tuple[str, ...]
    values: tuple[int, ...]
    goals: tuple[int, ...]
    accounts: tuple[str, ...]
    purses: tuple[int, ...]
    cash: int
    cash_goal: int
    holdings: tuple[Holding, ...]
    location: tuple[tuple[int, ...], ...]
    fresh: tuple[bool, ...] = ()


def problem(
    aim: Aim,
    goals: Goals,
    *,
    mandate: Mandate,
    value: Valuation,
    state: State,
    request: Request,
    as_of: date,
) -> Problem:
    """Write down what may be traded for one target."""
    leaves = [leaf for leaf in aim.root.leaves() if leaf.name != aim.cash_leaf]
    index = {leaf.name: i for i, leaf in enumerate(leaves)}
    lots: dict[tuple[str, str], list[Lot]] = {}
    for lot in state.lots:
        lots.setdefault((lot.account, lot.instrument), []).append(lot)
    holdings = []
    for number, account_id in enumerate(aim.accounts):
        account = mandate.household.accounts[account_id]
        bought = {bought_for(leaf.hold, account) for leaf in leaves}
        for leaf in leaves:
            for instrument in leaf.hold:
                own = lots.get((account_id, instrument), [])
                if instrument in value.frozen or instrument not in value.step_prices:
                    continue
                buyable = instrument in bought
                if not own and not buyable:
                    continue
                holdings.append(
                    _holding(
                        number, account, mandate.household.instruments[instrument],
                        index[leaf.name], own, buyable,
                        mandate=mandate, value=value, request=request, as_of=as_of,
                    )
                )  # fmt: skip
    holdings.sort(key=lambda holding: (holding.account, holding.leaf, holding.instrument))
    location = tuple(
        tuple(
            leaf.location.index(id_) if id_ in leaf.location else len(leaf.location)
            for id_ in aim.accounts
        )
        for leaf in leaves
    )
    return Problem(
        leaves=tuple(leaf.name for leaf in leaves),
        values=tuple(aim.values[leaf.name] for leaf in leaves),
        goals=tuple(round(goals.leaves[leaf.name]) for leaf in leaves),
        accounts=aim.accounts,
        purses=tuple(value.cash[id_] - request.withdrawals.get(id_, 0) for id_ in aim.accounts),
        cash=aim.cash,
        cash_goal=round(goals.cash),
        holdings=tuple(holdings),
        location=location,
        fresh=tuple(request.deposits.get(id_, 0) > 0 for id_ in aim.accounts),
    )


def by_name(problem: Problem) -> tuple[Problem, list[int], list[int]]:
    """The problem with accounts and leaves in the order of their names, whatever they stand in.

    Where several answers are of equal worth, the walk takes what stands first, and a solver goes by
    its path, which follows the order of rows and columns: so that is always the same.

    Returns:
        It, and where each of its holdings and leaves stood before.
    """
    accounts = sorted(range(len(problem.accounts)), key=lambda a: problem.accounts[a])
    leaves = sorted(range(len(problem.leaves)), key=lambda s: problem.leaves[s])
    rank = {a: place for place, a in enumerate(accounts)}
    leaf_rank = {s: place for place, s in enumerate(leaves)}
    places = sorted(
        range(len(problem.holdings)),
        key=lambda i: (
            rank[problem.holdings[i].account],
            leaf_rank[problem.holdings[i].leaf],
            problem.holdings[i].instrument,
        ),
    )
    holdings = [problem.holdings[i] for i in places]
    named = replace(
        problem,
        leaves=tuple(problem.leaves[s] for s in leaves),
        values=tuple(problem.values[s] for s in leaves),
        goals=tuple(problem.goals[s] for s in leaves),
        accounts=tuple(problem.accounts[a] for a in accounts),
        purses=tuple(problem.purses[a] for a in accounts),
        holdings=tuple(
            replace(h, account=rank[h.account], leaf=leaf_rank[h.leaf]) for h in holdings
        ),
        location=tuple(tuple(problem.location[s][a] for a in accounts) for s in leaves),
        fresh=tuple(problem.fresh[a] for a in accounts) if problem.fresh else (),
    )
    return named, places, leaves


def bought_for(hold: Sequence[str], account: Account) -> str:
    """What an account buys for a leaf: the first of its `hold` list that it may buy, or nothing."""
    for instrument in hold:
        if instrument != CASH and account.may_buy(instrument):
            return instrument
    return ""


def _holding(
    number: int,
    account: Account,
    instrument: Instrument,
    leaf: int,
    lots: Sequence[Lot],
    buyable: bool,
    *,
    mandate: Mandate,
    value: Valuation,
    request: Request,
    as_of: date,
) -> Holding:
    price = value.step_prices[instrument.id]
    tax = mandate.household.tax
    taxed = [taxed_lot(lot, account=account, tax=tax, price=price, on=as_of) for lot in lots]
    order = tuple(relief_order(taxed, account))
    sellable = 0
    if instrument.id not in account.do_not_sell and not request.no_sells:
        held = sum(lot.quantity for lot in lots)
        named = sum(taxed_lot_.lot.quantity for taxed_lot_ in order)
        sellable = max(min(named, held - account.keep.get(instrument.id, 0)), 0)
    costs = mandate.costs.get(account.id) or mandate.costs.get("") or Costs()
    least_money = -(-mandate.min_trade * price.denominator // price.numerator)
    units = Fraction(mandate.min_trade_units) / Fraction(instrument.step)
    least_units = -(-units.numerator // units.denominator)
    return Holding(
        account=number,
        account_id=account.id,
        instrument=instrument.id,
        leaf=leaf,
        price=price,
        lots=order,
        sellable=sellable,
        buyable=buyable,
        costs=costs.order_costs(instrument.id, instrument.step),
        least=max(least_money, least_units, 1),
    )
