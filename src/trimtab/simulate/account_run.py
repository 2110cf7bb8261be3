"""What a policy came to in real accounts: worth, plans, orders, tax, and what these took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from math import nan
from typing import TYPE_CHECKING, Any

from trimtab.ledger.folded import Folded
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.orders import Order
from trimtab.model.plan import Plan
from trimtab.simulate import metrics
from trimtab.simulate.account_tables import (
    left_table,
    sold_table,
    taxes_table,
    trades_table,
    weights_table,
)
from trimtab.simulate.account_tax import OpenLot, SoldLot, TaxPayment, TaxYear, lots_sold, tax_years
from trimtab.simulate.frames import Columns, html_table, text_table
from trimtab.simulate.measures import Measures, known
from trimtab.simulate.metrics import cagr, is_short, max_drawdown, sessions_a_year, volatility
from trimtab.simulate.returns import grown
from trimtab.simulate.rules import DividendUse, TradeAt

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, repr=False)
class AccountRun:
    """One policy over history with real lots, orders and money; minor units where integers.

    Args:
        name: What the policy is called.
        when: When it acts, in canonical words.
        to: How far it trades, in canonical words.
        dates: Sessions.
        value: Worth of all accounts at each close, after the tax that was paid; minor units.
        plans: Plans that traded, oldest first.
        orders: Orders at the broker, in the order in which they left.
        cost_paid: Trading costs, minor units.
        tax_caused: Tax that the sales caused, minor units.
        turnover_one_way: Sum of half the absolute trades over the value before.
        final_weights: By leaf, or by instrument in no leaf, of all accounts.
        folded: The record at the end.
        findings: What plans had to say, each once.
        invested_at_start: Whether it began with cash, so that its first purchase is no rebalance.
        pays_tax: Whether tax is paid when it is due; otherwise it is only counted.
        payments: Tax that was paid, oldest first.
        for_tax: Ids of the plans that did nothing but raise money for tax.
        for_cash: Ids of the plans that did nothing but invest cash that came, or raise what goes.
        dividends: What became of cash dividends.
        dividends_paid: Cash dividends in all, minor units.
        flows: What came in, below zero went out, at each close and is in its value, minor units;
            empty where there were none. With flows, return, volatility, falls and drags are those
            of `growth`. Tax that was paid is not among them.
        fees_paid: Fees on assets in all, minor units; not part of `cost_paid`.
        interest_paid: Interest on cash in all, minor units; it is not taxed.
        not_paid_out: Withdrawals that could not be paid in all, minor units.
        paid_in: Deposits in all, minor units.
        paid_out: Withdrawals in all, minor units.
        flows_named: Accounts with deposits or withdrawals of their own.
        exhausted_on: The first session at whose close less was left than could not be paid; from
            then on there are no yearly figures and no drags.
        trade_at: Where what the policy decided was carried out.
        liquidation_tax: Tax of selling all taxable lots at the last close, minor units.
        sheltered_value: Worth at the last close of accounts whose gains are not taxed.
        worth: What each leaf, or instrument in no leaf, and cash is worth at each close, minor
            units, by name.
        aims: What each leaf should weigh; empty where accounts have targets of their own.
        open_lots: Lots that are held in the end.
    """

    name: str
    when: str
    to: str
    dates: tuple[date, ...]
    value: tuple[int, ...]
    plans: tuple[Plan, ...]
    orders: tuple[Order, ...]
    cost_paid: int
    tax_caused: int
    turnover_one_way: float
    final_weights: Mapping[str, float]
    folded: Folded = field(repr=False)
    findings: tuple[Finding, ...] = ()
    invested_at_start: bool = False
    pays_tax: bool = False
    payments: tuple[TaxPayment, ...] = ()
    for_tax: frozenset[str] = frozenset()
    liquidation_tax: int = 0
    sheltered_value: int = 0
    worth: Mapping[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    aims: Mapping[str, float] = field(default_factory=dict)
    open_lots: tuple[OpenLot, ...] = field(default=(), repr=False)
    for_cash: frozenset[str] = frozenset()
    dividends: DividendUse = "hold"
    dividends_paid: int = 0
    flows: tuple[int, ...] = ()
    fees_paid: int = 0
    interest_paid: int = 0
    not_paid_out: int = 0
    paid_in: int = 0
    paid_out: int = 0
    flows_named: tuple[str, ...] = ()
    exhausted_on: date | None = None
    trade_at: TradeAt = "close"

    @property
    def rebalances(self) -> int:
        """How often it traded, after it was invested, and not just to raise or invest cash."""
        first = self.plans[0].as_of if self.plans else None
        was_bought = self.invested_at_start and first == self.dates[0]
        return len(self.plans) - len(self.beside_policy) - was_bought

    @property
    def beside_policy(self) -> frozenset[str]:
        """Ids of the plans that only raised or invested cash, and no policy asked for."""
        return self.for_tax | self.for_cash

    @property
    def tax_paid(self) -> int:
        """Tax that left the accounts, minor units."""
        return sum(payment.amount for payment in self.payments)

    @property
    def tax_owed(self) -> int:
        """Tax that is still owed at the end, minor units: not due yet, unpaid, or only counted."""
        return self.tax_caused - self.tax_paid

    @property
    def after_tax(self) -> int:
        """Worth at the end less the tax owed, minor units."""
        return self.value[-1] - self.tax_owed

    @property
    def liquidation_after_tax(self) -> int:
        """What is left when all taxable lots are sold at the last close and all tax is paid.

        Before what that sale would cost in trading; accounts whose gains are not taxed count as
        they are, before any tax on taking money out of them.
        """
        return self.after_tax - self.liquidation_tax

    @property
    def tax_by_year(self) -> tuple[TaxYear, ...]:
        """Gains, losses and tax of each year in which something taxable was sold."""
        return tax_years(self.plans, self.payments)

    @property
    def sold_lots(self) -> tuple[SoldLot, ...]:
        """Every lot, or part of one, that was sold, in the order of the sales."""
        return lots_sold(self.plans)

    @property
    def trades(self) -> Columns:
        """Every trade as a table: money and quantities as exact text."""
        return trades_table(self.plans)

    @property
    def weights(self) -> Columns:
        """What each sleeve weighs after each close, over all accounts, as a table."""
        return weights_table(self.dates, self.worth)

    @property
    def lots_sold(self) -> Columns:
        """Every lot, or part of one, that was sold, with its gain and tax, as a table."""
        return sold_table(self.sold_lots)

    @property
    def lots_left(self) -> Columns:
        """What is held in the end, with the gain and tax that wait in it, as a table."""
        return left_table(self.open_lots)

    @property
    def taxes(self) -> Columns:
        """Gains, losses and tax of each year in which something taxable was sold, as a table."""
        return taxes_table(self.tax_by_year)

    def __repr__(self) -> str:
        return text_table(*account_rows([self]))

    def _repr_html_(self) -> str:
        years = html_table(list(self.taxes), list(self.taxes.rows())) if self.tax_by_year else ""
        return html_table(*account_rows([self])) + years

    @property
    def equity(self) -> NDArray[Any]:
        """Worth at each close in money, as an array."""
        import numpy as np

        return np.array(self.value, dtype=np.float64) / 100.0

    @property
    def growth(self) -> NDArray[Any]:
        """What the worth after the first close would have become without flows, in money."""
        import numpy as np

        flows = np.array(self.flows, dtype=np.float64) / 100.0 if self.flows else None
        return grown(self.equity, flows)

    @property
    def measures(self) -> Measures:
        """What it earned, risked, took and kept to, with no riskless rate: see `measured`."""
        return self.measured()

    def measured(self, *, risk_free: float = 0.0) -> Measures:
        """Its measures above a riskless rate a year, compounding, as 0.02."""
        from trimtab.simulate.account_measures import account_measures

        return account_measures(self, risk_free=risk_free)

    def to_dict(self) -> dict[str, Any]:
        """The figures under the names that `--json` prints: those of research mode, and the tax."""
        import numpy as np

        curve = self.growth
        moved: dict[str, Any] = {}
        if self.flows:
            moved["paid_in"] = self.paid_in / 100
            moved["paid_out"] = self.paid_out / 100
        if self.not_paid_out:
            moved["not_paid_out"] = self.not_paid_out / 100
        if self.exhausted_on is not None:
            moved["exhausted_on"] = self.exhausted_on.isoformat()
        if self.fees_paid:
            moved["fees_paid"] = self.fees_paid / 100
        if self.interest_paid:
            moved["interest_paid"] = self.interest_paid / 100
        year = sessions_a_year(np.array(self.dates, dtype="datetime64[D]"))
        cost_drag, tax_drag = account_drags(self)
        growth, risk = nan, nan
        if self.exhausted_on is None:
            growth = float(cagr(curve[0], curve[-1], self.dates[0], self.dates[-1]))
            risk = volatility(curve, sessions_a_year=year)
        return {
            "final_value": self.value[-1] / 100,
            "rebalances": self.rebalances,
            "turnover_one_way": self.turnover_one_way,
            "cost_paid": self.cost_paid / 100,
            "tax": "paid" if self.pays_tax else "counted",
            "tax_caused": self.tax_caused / 100,
            "tax_paid": self.tax_paid / 100,
            "tax_owed": self.tax_owed / 100,
            "after_tax_final_value": self.after_tax / 100,
            "after_tax_liquidation_value": self.liquidation_after_tax / 100,
            "sheltered_value": self.sheltered_value / 100,
            "cost_drag": known(cost_drag),
            "tax_drag": known(tax_drag),
            "tax_by_year": [year.to_dict() for year in self.tax_by_year],
            "cagr": known(growth),
            "volatility": known(risk),
            "max_drawdown": max_drawdown(curve),
            "final_weights": dict(self.final_weights),
            "first": self.dates[0].isoformat(),
            "last": self.dates[-1].isoformat(),
            "sessions": len(self.dates),
            "trade_at": self.trade_at,
            "start_from": "cash" if self.invested_at_start else "lots",
            "dividends": self.dividends,
            "dividends_paid": self.dividends_paid / 100,
            "mode": "account",
            **moved,
            "measures": self.measures.to_dict(),
        }


def account_drags(run: AccountRun, *, all_sold: bool = False) -> tuple[float, float]:
    """What costs and taxes took off the CAGR of a run in account mode: cost drag, tax drag.

    Costs are paid on the way. Taxes that were paid count on the day on which they left, and what is
    still owed counts as paid at the last close; with flows both are shares of what there was, off
    `growth`; where taxes are only counted, their drag is what
    paying each when it arose, out of everything alike, would have taken off. The CAGR counts from
    the worth after the first close, and so do both: what the first session cost is in neither.

    Args:
        run: The run.
        all_sold: Count the tax of selling all taxable lots at the last close too: tax that was put
            off is owed all the same.
    """
    import numpy as np

    if run.exhausted_on is not None:
        return nan, nan
    growth = run.growth * 100.0
    # What is owed at the end is the same part of what was grown as of what is there.
    scale = float(growth[-1]) / run.value[-1] if run.flows and run.value[-1] > 0 else 1.0
    worth = dict(zip(run.dates, run.value, strict=True))
    later = [plan for plan in run.plans if plan.as_of != run.dates[0]]
    paid: dict[date, int] = {}
    for payment in run.payments:
        paid[payment.on] = paid.get(payment.on, 0) + payment.amount
    costs = np.array([plan.cost for plan in later], dtype=np.float64)
    # The close's value is after the cost of the trades at that close, and after the tax paid then.
    left = [worth[plan.as_of] + paid.get(plan.as_of, 0) for plan in later]
    before = np.array(left, dtype=np.float64) + costs
    final = float(growth[-1]) if run.flows else float(run.value[-1])
    span: dict[str, Any] = {
        "start_value": float(run.value[0]),
        "first": run.dates[0],
        "last": run.dates[-1],
    }
    cost_drag = metrics.drag_of_paid(costs, before, final_value=final, **span)
    selling = float(run.liquidation_tax) if all_sold else 0.0
    if not run.pays_tax:
        taxes = [*(float(plan.tax) for plan in later), scale * selling]
        had = [*before, final]
        return cost_drag, metrics.drag_of_owed(taxes, had, final_value=final, **span)
    owed = scale * (run.tax_owed + selling)
    taken = [*map(float, paid.values()), owed]
    had = [*(float(worth[day] + minor) for day, minor in paid.items()), final]
    return cost_drag, metrics.drag_of_paid(taken, had, final_value=final - owed, **span)


def growth_after_tax(run: AccountRun) -> float:
    """The CAGR of what is left after costs and the tax owed, nothing sold for it; -1: nothing is.

    With flows it is that of `growth`, of which the same part is owed as of what is there.
    """
    final = float(run.growth[-1]) * 100.0 if run.flows else float(run.value[-1])
    scale = final / run.value[-1] if run.value[-1] > 0 else 1.0
    left = final - scale * run.tax_owed
    if run.exhausted_on is not None or left <= 0.0:
        return -1.0
    return metrics.cagr(float(run.value[0]), left, run.dates[0], run.dates[-1])


def growth_after_all(run: AccountRun) -> float:
    """The CAGR that is left after costs and all tax, that of selling all at the end included."""
    if run.exhausted_on is not None:
        return nan
    final = float(run.growth[-1]) * 100.0 if run.flows else float(run.value[-1])
    scale = final / run.value[-1] if run.value[-1] > 0 else 1.0
    owed = scale * (run.tax_owed + run.liquidation_tax) if run.pays_tax else 0.0
    left = metrics.cagr(float(run.value[0]), final - owed, run.dates[0], run.dates[-1])
    return left if run.pays_tax else left - account_drags(run, all_sold=True)[1]


def account_rows(runs: Sequence[AccountRun]) -> tuple[list[str], list[list[str]]]:
    """The heads and cells of a table of runs, as a reader wants them rounded."""
    heads = [
        "policy", "final value", "after tax", "all sold", "a year", "worst fall", "rebalances",
        "cost", "tax",
    ]  # fmt: skip
    rows = []
    for run in runs:
        found = run.to_dict()
        is_brief = is_short(run.dates[0], run.dates[-1])
        money = ("final_value", "after_tax_final_value", "after_tax_liquidation_value")
        rows.append(
            [
                run.name,
                *(f"{found[name]:,.2f}" for name in money),
                "-" if is_brief or found["cagr"] is None else f"{found['cagr']:.2%}",
                f"{found['max_drawdown']:.1%}",
                f"{run.rebalances:,}",
                f"{found['cost_paid']:,.2f}",
                f"{found['tax_caused']:,.2f}",
            ]
        )
    return heads, rows
