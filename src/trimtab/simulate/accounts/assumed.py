"""What a run in account mode was told, in the names and the shape of research mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from trimtab.model.findings import Finding
from trimtab.model.found import HOUSEHOLD
from trimtab.model.settlement import CYCLES, USUAL_CYCLE
from trimtab.simulate.research.assumed import costs_told, floor_told, way_told

if TYPE_CHECKING:
    from trimtab.costs import Costs
    from trimtab.model.sessions import Calendar
    from trimtab.simulate.accounts.desk import Desk
    from trimtab.simulate.accounts.run import AccountRun

ACCOUNTS_LACK = (
    "short positions and loans",
    "tax on dividends and interest",
    "credit for losses or for losses carried forward",
    "surtaxes on investment income and state tax",
    "tax on what leaves a retirement account",
)
"""What account mode leaves out."""

OTHERS = "all others"
"""How accounts without costs of their own are called."""


def assumed_of_run(
    desk: Desk, calendar: Calendar, *, pays_tax: bool, is_from_cash: bool
) -> dict[str, Any]:
    """What one policy's run was told: all but what follows from the other runs beside it.

    Args:
        desk: The household at the end of the run.
        calendar: By whose sessions trades settle.
        pays_tax: Whether tax is paid when it is due.
        is_from_cash: Whether it began with nothing but cash.
    """
    household, terms = desk.mandate.household, desk.terms
    told: dict[str, Any] = {
        "currency": household.currency,
        "costs": _costs_of(desk.costs, household.accounts),
        **({"cash": sum(desk.opening.cash.values()) / 100} if is_from_cash else {}),
        "cash_rate": terms.cash_rate,
        "fee": terms.fee,
        **({} if desk.participation is None else {"participation": float(desk.participation)}),
        "target": _target(desk),
        "settlement": cycles(calendar, desk.dates[0], desk.dates[-1]),
        "taxes": {
            "country": household.tax.country,
            "long_rate": float(household.tax.long_rate),
            "short_rate": float(household.tax.short_rate),
            "accounts": [id_ for id_, own in household.accounts.items() if own.tax.taxes_gains],
            "paid": "when due" if pays_tax else "counted",
        },
        "moves_prices": desk.usual is not None
        and any(own.needs_volume for own in desk.costs.values())
        and (desk.volume.impact > 0 or not desk.volume.unknown),
    }
    mover = desk.movers.get(HOUSEHOLD)
    cppi = None if mover is None else mover.target.cppi
    return told if cppi is None else {**told, "insured": floor_told(cppi)}


def assumed_of_runs(runs: Sequence[AccountRun], findings: Sequence[Finding]) -> dict[str, Any]:
    """What runs of several policies were told, as `assumed` of a backtest in research mode has it.

    Args:
        runs: In the same accounts over the same sessions.
        findings: What they found, among it the rates of exchange.

    Returns:
        As in research mode; `costs` has `by_account` where accounts differ. Beside that
        `currency`; `settlement`: from which day on after how many business days; and `taxes`.
        Empty where nothing is known.
    """
    told = dict(runs[0].assumed)
    if not told:
        return {}
    moves_prices = told.pop("moves_prices")
    del told["target"]
    insured = {run.name: run.assumed["insured"] for run in runs if "insured" in run.assumed}
    told.pop("insured", None)
    return {
        **told,
        "targets": {run.name: run.assumed["target"] for run in runs},
        **({"insured": insured} if insured else {}),
        **way_told(
            trade_at={run.name: run.trade_at for run in runs},
            begins="cash" if runs[0].invested_at_start else "lots",
            first_cost={run.name: run.first_cost / 100 for run in runs},
            dividends=runs[0].dividends,
            findings=findings,
            lacks=ACCOUNTS_LACK,
            moves_prices=moves_prices,
            is_limited="participation" in told,
        ),
    }


def _costs_of(costs: Mapping[str, Costs], accounts: Iterable[str]) -> dict[str, Any]:
    """What trading costs, once where it is the same in all accounts."""
    told = {account: costs_told(costs.get(account, costs[""])) for account in accounts}
    each = list(told.values())
    if all(own == each[0] for own in each):
        return each[0]
    usual = [account for account in accounts if account not in costs]
    found = {account: own for account, own in told.items() if account not in usual}
    return {"by_account": {**found, **({OTHERS: told[usual[0]]} if usual else {})}}


def _target(desk: Desk) -> dict[str, float] | str:
    """Weights by leaf; or that they are found, follow dates, or are each account's own."""
    mover = desk.movers.get(HOUSEHOLD)
    if mover is not None:
        return "dated" if mover.target.is_dated else "found"
    root = desk.mandate.target
    own = [account.target for account in desk.mandate.household.accounts.values()]
    if root is None or any(own):
        return "by account"
    return {leaf.name: float(leaf.weight) for leaf in root.leaves() if leaf.weight != Fraction(0)}


def cycles(calendar: Calendar, first: date, last: date) -> list[dict[str, Any]]:
    """The business days to settlement that were in force, and from which day on in the run."""
    known = [one for one in CYCLES.get(calendar.name, USUAL_CYCLE) if one[0] <= last]
    before = [one for one in known if one[0] <= first][:-1]
    return [
        {"from": None if begins <= first else begins.isoformat(), "days": days}
        for begins, days in known
        if (begins, days) not in before
    ]
