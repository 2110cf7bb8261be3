"""What a policy came to in real accounts: worth, plans, orders, tax, and what these took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import date
from math import nan
from typing import TYPE_CHECKING, Any

from trimtab.ledger.folded import Folded
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.orders import Order
from trimtab.model.plan import Plan
from trimtab.simulate.accounts.drags import account_drags
from trimtab.simulate.accounts.measures import account_measures
from trimtab.simulate.accounts.tables import (
    left_table,
    sold_table,
    taxes_table,
    trades_table,
    weights_table,
)
from trimtab.simulate.accounts.tax import (
    OpenLot,
    SoldLot,
    TaxPayment,
    TaxYear,
    lots_sold,
    tax_years,
)
from trimtab.simulate.frames import Columns, html_table, text_table
from trimtab.simulate.measures.metrics import (
    cagr,
    is_short,
    max_drawdown,
    sessions_a_year,
    volatility,
)
from trimtab.simulate.measures.of_run import Measures, known
from trimtab.simulate.measures.returns import grown
from trimtab.simulate.research.rules import DividendUse, TradeAt

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
        carried: Ids of the plans that went on with what a day's volume had not allowed.
        impact_paid: Market impact in all, minor units; a part of `cost_paid`.
        liquidation_tax: Tax of selling all taxable lots at the last close, minor units.
        sheltered_value: Worth at the last close of accounts whose gains are not taxed.
        worth: What each leaf, or instrument in no leaf, and cash is worth at each close, minor
            units, by name.
        aims: What each leaf should weigh; empty where accounts have targets of their own.
        open_lots: Lots that are held in the end.
        assumed: What it was told, as plain values (`trimtab.simulate.accounts.assumed`).
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
    carried: frozenset[str] = frozenset()
    impact_paid: int = 0
    assumed: Mapping[str, Any] = field(default_factory=dict)
    pager: Callable[[Sequence[AccountRun], Sequence[Finding]], str] | None = field(
        repr=False, default=None, compare=False
    )

    @property
    def first_plan(self) -> Plan | None:
        """The plan that invested the cash that it began with; None where there is none."""
        first = self.plans[0] if self.plans and self.invested_at_start else None
        return first if first is not None and first.as_of == self.dates[0] else None

    @property
    def first_cost(self) -> int:
        """What that investment cost, minor units: a part of `cost_paid`, and of no return."""
        return self.first_plan.cost if self.first_plan else 0

    @property
    def rebalances(self) -> int:
        """How often it traded, after it was invested, and not just to raise or invest cash."""
        traded = {plan.id for plan in self.plans}
        return len(traded - self.beside_policy - self.carried) - (self.first_plan is not None)

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
        if self.pager is not None:
            return self.pager([self], self.findings)
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
        if self.impact_paid:
            moved["impact_paid"] = self.impact_paid / 100
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
