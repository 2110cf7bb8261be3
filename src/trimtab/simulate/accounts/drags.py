"""What costs and taxes took off the growth of a run in account mode, and what was left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import nan
from typing import TYPE_CHECKING, Any, Protocol

from trimtab.model.findings import Finding
from trimtab.model.plan import Plan
from trimtab.simulate.accounts.tax import TaxPayment
from trimtab.simulate.measures import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Lived(Protocol):
    """What is known of a run through real accounts, from which its figures are worked out.

    `trimtab.simulate.accounts.run.AccountRun` is one, and says what each of them is.
    """

    @property
    def dates(self) -> Sequence[date]:
        """Sessions."""

    @property
    def value(self) -> Sequence[int]:
        """Worth at each close, minor units."""

    @property
    def growth(self) -> NDArray[Any]:
        """What the first close's worth would have become without flows, in money."""

    @property
    def flows(self) -> Sequence[int]:
        """What came, below zero went, at each close, minor units; empty without flows."""

    @property
    def plans(self) -> Sequence[Plan]:
        """Plans that traded, oldest first."""

    @property
    def worth(self) -> Mapping[str, Sequence[int]]:
        """Worth of each leaf at each close, minor units, by name."""

    @property
    def aims(self) -> Mapping[str, float]:
        """What each leaf should weigh, where it stood still."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What there is to say."""

    @property
    def turnover_one_way(self) -> float:
        """Sum of half the absolute trades over the value before."""

    @property
    def exhausted_on(self) -> date | None:
        """The session from which on nothing is known of growth."""

    @property
    def payments(self) -> Sequence[TaxPayment]:
        """Tax that was paid, oldest first."""

    @property
    def pays_tax(self) -> bool:
        """Whether tax was paid when due, or only counted."""

    @property
    def tax_owed(self) -> int:
        """Tax still owed at the end, minor units."""

    @property
    def liquidation_tax(self) -> int:
        """Tax of selling all taxable lots at the end, minor units."""


def account_drags(run: Lived, *, all_sold: bool = False) -> tuple[float, float]:
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


def growth_after_tax(run: Lived) -> float:
    """The CAGR of what is left after costs and the tax owed, nothing sold for it; -1: nothing is.

    With flows it is that of `growth`, of which the same part is owed as of what is there.
    """
    final = float(run.growth[-1]) * 100.0 if run.flows else float(run.value[-1])
    scale = final / run.value[-1] if run.value[-1] > 0 else 1.0
    left = final - scale * run.tax_owed
    if run.exhausted_on is not None or left <= 0.0:
        return -1.0
    return metrics.cagr(float(run.value[0]), left, run.dates[0], run.dates[-1])


def growth_after_all(run: Lived) -> float:
    """The CAGR that is left after costs and all tax, that of selling all at the end included."""
    if run.exhausted_on is not None:
        return nan
    final = float(run.growth[-1]) * 100.0 if run.flows else float(run.value[-1])
    scale = final / run.value[-1] if run.value[-1] > 0 else 1.0
    owed = scale * (run.tax_owed + run.liquidation_tax) if run.pays_tax else 0.0
    left = metrics.cagr(float(run.value[0]), final - owed, run.dates[0], run.dates[-1])
    return left if run.pays_tax else left - account_drags(run, all_sold=True)[1]
