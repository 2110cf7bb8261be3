"""A backtest as text for a terminal: what each policy gave and took, how it was run, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, nan
from typing import TypeAlias

from trimtab.reports.assumed_text import assumptions
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import (
    FULL,
    Column,
    Look,
    columns_of,
    headline,
    paragraph,
    stacked,
    table,
    wrapped,
)
from trimtab.reports.remedies import in_history
from trimtab.reports.words import clean, counted
from trimtab.simulate.accounts.assumed import assumed_of_runs
from trimtab.simulate.accounts.findings import findings_of
from trimtab.simulate.accounts.paths import AccountPaths
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.measures.metrics import DAYS_A_YEAR, SESSIONS_A_YEAR, SHORTEST_YEAR, is_short
from trimtab.simulate.research.aims import MadeTarget, read_target
from trimtab.simulate.research.policy_result import PolicyResult
from trimtab.simulate.research.results import Backtest, percent, yearly

MOST_NAMES = 8
"""Symbols that the headline names before it counts the rest."""

_LESSER = (
    "trades", "Sharpe", "turnover", "orders", "cost", "volatility", "rebalances", "paid", "tax",
    "worst fall", "drift", "interval", "rebalances a year", "from target",
)  # fmt: skip
"""Figures that make room for the names of policies, the most dispensable first."""

USUAL = (150.0, 300.0)
"""Sessions a year between which counting 252 is near enough."""

_STARTS = {
    True: (
        "Each account starts in cash and is invested at the first session, which is no rebalance "
        "but counts in turnover, cost and orders"
    ),
    False: (
        "Each account starts with its present lots, moved back to the first session: worth what "
        "they are now, with the same gain in proportion and the same age"
    ),
}


def backtest_text(result: Backtest, *, width: int = 100, look: Look = FULL) -> str:
    """The backtest for a terminal of `width` columns."""
    blocks = [
        _header(result, width, look),
        *figure_tables(_of_policies(result.policies), width, look),
        paragraph("Assumed", assumptions(result.assumed), width=width, look=look),
        paragraph("Conventions", conventions(result.policies), width=width, look=look),
        findings_text(result.findings, width=width, look=look, explain=True),
    ]
    return stacked(blocks)


def accounts_text(
    runs: Sequence[AccountRun],
    shuffled: AccountPaths | None = None,
    *,
    took: float = 0.0,
    width: int = 100,
    look: Look = FULL,
) -> str:
    """Runs in account mode for a terminal: one row a policy, with the tax its sales caused.

    Args:
        runs: What the policies did in history.
        shuffled: Two of them over shuffled histories.
        took: Seconds that this took.
        width: Columns of the terminal.
        look: Signs and colours of the terminal.
    """
    one = runs[0]
    told = findings_of(runs)
    assumed = assumptions(assumed_of_runs(runs, told))
    parts = (
        f"Backtest in account mode {one.dates[0]} to {one.dates[-1]}",
        f"{len(one.dates):,} sessions",
        f"{one.value[0] / 100:,.2f} after the first close",
    )
    return stacked(
        [
            headline(parts, width=width, look=look),
            *account_tables(runs, width, look),
            *_tax_by_year(one, width, look),
            *_over_paths(shuffled, took, width, look),
            paragraph("Assumed", assumed, width=width, look=look),
            paragraph("Conventions", account_conventions(one), width=width, look=look),
            findings_text(
                (*told, *(shuffled.findings if shuffled else ())),
                width=width,
                look=replace(look, ask=in_history),
                explain=True,
            ),
        ]
    )


_NO_DRIFT = (
    "Drift is not told (-) where the target moves or an instrument ends: there is no one target to "
    "be away from."
)


def account_conventions(one: AccountRun) -> list[str]:
    """How runs in account mode were made, and what is not in them."""
    return [
        (
            "The same decisions, orders and record as plan and apply: whole shares, lots, splits, "
            "cash dividends."
        ),
        *_account_flows(one),
        f"{_STARTS[one.invested_at_start]}.",
        *(
            ["A target that is found has seen the close that it is traded at, and nothing later."]
            if any(plan.founds for plan in one.plans)
            else []
        ),
        *tax_conventions(one),
        "Cost drag is what costs took off the return a year after the first close, tax drag what "
        + ("tax did." if one.pays_tax else "paying the tax as it arose would have."),
        *([_NO_DRIFT] if isnan(one.measures.drift_mean) else []),
    ]


def _account_flows(one: AccountRun) -> list[str]:
    """What to know where money came and went, or a fee was charged."""
    lines = []
    if one.flows:
        named = ", ".join(map(clean, one.flows_named))
        lines.append(
            f"Money comes and goes ({one.paid_in / 100:,.0f} came in and "
            f"{one.paid_out / 100:,.0f} went out, {clean(one.name)}), divided among the accounts "
            f"by what each is worth{f', but for what {named} has of its own' if named else ''}: "
            "final values have it, growth, volatility and falls have it not (time-weighted)."
        )
    if one.exhausted_on is not None:
        lines.append(
            f"{clean(one.name)} was exhausted on {one.exhausted_on}: less was left than was to be "
            f"withdrawn, and {one.not_paid_out / 100:,.0f} in all was not paid. Yearly figures and "
            "drags of such a run are not known."
        )
    if one.interest_paid:
        lines.append(
            f"Cash earns interest, {one.interest_paid / 100:,.0f} in all ({clean(one.name)}), "
            "booked at each month's end and not taxed."
        )
    if one.fees_paid:
        lines.append(
            f"A fee on assets is charged each month, {one.fees_paid / 100:,.0f} in all "
            f"({clean(one.name)}); it lowers growth and is no cost of trading."
        )
    return lines


def tax_conventions(run: AccountRun) -> list[str]:
    """What values after tax mean, and on which side of the truth they are."""
    sheltered = ""
    if run.sheltered_value:
        worth = f"{run.sheltered_value / 100:,.2f} of {clean(run.name)}"
        sheltered = f" Accounts whose gains are not taxed count as they are ({worth})."
    return [
        (
            "Tax is what sales at a gain caused. With credit for losses more would be left, with "
            "the other taxes that are not modelled less."
        ),
        (
            "After tax: the final value less the tax still owed. All sold: when every taxable lot "
            f"is then sold at the last close and taxed, before the costs of that sale.{sheltered}"
        ),
    ]


def _over_paths(
    shuffled: AccountPaths | None, took: float, width: int, look: Look
) -> list[list[str]]:
    """The first policy against each other over shuffled histories, in sentences."""
    if shuffled is None:
        return []
    told = []
    for one in shuffled.compared:
        sold = one["after_tax_liquidation_value"]
        told.append(f"{clean(one.sentence)} If all is sold at the end, {sold.sentence}.")
    out = f"; without {', '.join(shuffled.left_out)}" if shuffled.left_out else ""
    middle = f" The interval is the middle {shuffled.level:.0%} of the differences path by path."
    middle = middle if shuffled.has_intervals else ""
    told.append(f"{shuffled.how}{out}.{middle} It took {took:,.0f} seconds.")
    return [paragraph("Noise?", told, width=width, look=look)]


def _tax_by_year(run: AccountRun, width: int, look: Look) -> list[list[str]]:
    """What the first run sold at a gain and at a loss, by year and term, and the tax of it."""
    years = run.tax_by_year
    if not years:
        return []

    def money(name: str) -> list[str]:
        return [f"{getattr(year, name) / 100:,.2f}" for year in years]

    rows = [
        ("sold in", [f"{year.year}" for year in years]),
        ("short gain", money("short_gain")),
        ("short loss", money("short_loss")),
        ("long gain", money("long_gain")),
        ("long loss", money("long_loss")),
        ("tax", money("tax")),
        ("paid", money("paid")),
    ]
    [shown] = figure_tables([rows], width, look)
    return [[f"Taxable sales of {clean(run.name)}, by year:", *shown]]


Rows: TypeAlias = list[tuple[str, list[str]]]
"""A table by columns: each heading with its cells."""


def _of_policies(results: Sequence[PolicyResult]) -> list[Rows]:
    """What each policy gave, then what it took to keep it at its target."""
    measures = [one.measures for one in results]
    names = [one.name for one in results]
    gave = [
        ("policy", names),
        ("final value", [f"{one.final_value:,.2f}" for one in results]),
        ("a year", [yearly(one, one.cagr, 2) for one in results]),
        ("volatility", [percent(one.volatility, 2) for one in results]),
        ("Sharpe", [_ratio(one.sharpe) for one in measures]),
        ("worst fall", [percent(one.max_drawdown, 1) for one in results]),
        ("rebalances", [f"{one.rebalances:,}" for one in results]),
    ]
    took = [
        ("policy", names),
        ("turnover", [percent(one.turnover_one_way, 1) for one in results]),
        ("cost", [f"{one.cost_paid:,.2f}" for one in results]),
        ("cost drag", [yearly(one, one.measures.cost_drag, 3) for one in results]),
        ("drift", [percent(one.drift_mean, 1) for one in measures]),
        ("tracking error", [percent(one.tracking_error, 2) for one in measures]),
        ("trades", [f"{one.trades:,}" for one in measures]),
    ]
    return [gave, took]


def account_tables(runs: Sequence[AccountRun], width: int, look: Look) -> list[list[str]]:
    """What runs in account mode gave, then what they cost in trading and in tax."""
    return figure_tables(_of_accounts(runs), width, look)


def _of_accounts(runs: Sequence[AccountRun]) -> list[Rows]:
    """What each policy gave, what was risked for it, then what it cost in trading and in tax."""
    figures = [run.to_dict() for run in runs]
    measures = [run.measures for run in runs]
    drags = [(run["cost_drag"], run["tax_drag"]) for run in figures]
    names = [run.name for run in runs]
    gave = [
        ("policy", names),
        ("final value", [f"{one['final_value']:,.2f}" for one in figures]),
        ("after tax", [f"{one['after_tax_final_value']:,.2f}" for one in figures]),
        ("all sold", [f"{one['after_tax_liquidation_value']:,.2f}" for one in figures]),
        ("a year", [_of_year(run, one["cagr"]) for run, one in zip(runs, figures, strict=True)]),
        ("worst fall", [percent(one["max_drawdown"], 1) for one in figures]),
        ("rebalances", [f"{run.rebalances:,}" for run in runs]),
    ]
    took = [
        ("policy", names),
        ("orders", [f"{len(run.orders):,}" for run in runs]),
        ("cost", [f"{one['cost_paid']:,.2f}" for one in figures]),
        ("cost drag", [_drag(cost) for cost, _ in drags]),
        ("tax", [f"{one['tax_caused']:,.2f}" for one in figures]),
        ("paid", [f"{one['tax_paid']:,.2f}" for one in figures]),
        ("owed", [f"{one['tax_owed']:,.2f}" for one in figures]),
        ("tax drag", [_drag(tax) for _, tax in drags]),
    ]
    risked = [
        ("policy", names),
        ("volatility", [percent(_or_nan(one["volatility"]), 2) for one in figures]),
        ("Sharpe", [_ratio(one.sharpe) for one in measures]),
        ("Sortino", [_ratio(one.sortino) for one in measures]),
        ("Calmar", [_ratio(one.calmar) for one in measures]),
        ("VaR 95", [percent(one.var_95, 2) for one in measures]),
        ("CVaR 95", [percent(one.cvar_95, 2) for one in measures]),
        ("drift", [percent(one.drift_mean, 1) for one in measures]),
    ]
    if any(run.flows for run in runs):
        weighed = [percent(one.money_weighted_return, 2) for one in measures]
        risked.append(("money-weighted", weighed))
    return [gave, risked, took]


def _ratio(figure: float) -> str:
    return "-" if isnan(figure) else f"{figure:.2f}"


def _or_nan(figure: float | None) -> float:
    return nan if figure is None else figure


def _of_year(run: AccountRun, figure: float | None) -> str:
    if figure is None or is_short(run.dates[0], run.dates[-1]):
        return "-"
    return percent(figure, 2)


def _drag(figure: float | None) -> str:
    return "-" if figure is None else percent(figure, 3)


def figure_tables(
    tables: Sequence[Rows], width: int, look: Look, *, kept: Sequence[str] = ()
) -> list[list[str]]:
    """Each table with a row a policy, its name whole; figures for which room is short are named.

    Those that are `kept` go last: what a table is ordered by stays in sight.
    """
    blocks: list[list[str]] = []
    left_out: list[str] = []
    for one in tables:
        shown, hidden = _fitting(one, width, kept)
        left_out += [head for head in hidden if head not in left_out]
        columns = [
            Column(head, "right" if place else "left", "figure" if place else "name")
            for place, (head, _) in enumerate(shown)
        ]
        rows = list(zip(*(cells for _, cells in shown), strict=True))
        blocks.append(table(columns, rows, width=width, look=look))
    if left_out:
        told = f"Not shown for want of room: {', '.join(left_out)}. A wider terminal shows all."
        blocks[-1] += [
            look.styled(f"  {line}", "dim") for line in wrapped(told, max(width - 2, 20))
        ]
    return blocks


def _fitting(columns: Rows, width: int, kept: Sequence[str]) -> tuple[Rows, list[str]]:
    """The columns for which there is room, and the headings of those that make room."""
    widths = {
        head: max(columns_of(head), *(columns_of(clean(cell)) for cell in cells))
        for head, cells in columns
    }
    left_out = []
    for head in sorted(_LESSER, key=lambda one: one in kept):
        if sum(widths.values()) + 2 * len(widths) <= width:
            break
        if widths.pop(head, None) is not None:
            left_out.append(head)
    return [one for one in columns if one[0] in widths], left_out


def _header(result: Backtest, width: int, look: Look) -> list[str]:
    one = result.policies[0]
    symbols = list(dict.fromkeys(s for policy in result.policies for s in policy.symbols))
    held = ", ".join(symbols[:MOST_NAMES])
    if len(symbols) > MOST_NAMES:
        held += f" and {len(symbols) - MOST_NAMES} more"
    parts = (
        f"Backtest {one.first} to {one.last}",
        f"{one.sessions:,} sessions",
        f"{result.cash:,.2f} at the start",
        held,
    )
    return headline(parts, width=width, look=look)


def _goes_by_the_adopted(one: PolicyResult) -> bool:
    """Whether its target is asked for only when what is held has left the one before."""
    when = one.policy.when
    waits = when.has_band or when.drift is not None
    return waits and isinstance(read_target(one.policy.target, one.name), MadeTarget)


def conventions(policies: Sequence[PolicyResult]) -> list[str]:
    """How the figures were made: how a run begins and ends, and what they are measured by."""
    lines = [
        "Invested at target at the start, at no cost; the last session never trades.",
        "Turnover is one way, over the whole run; a year is 365.25 days.",
        (
            "Cost drag is what costs took off the return a year. Drift (the mean at the close) and "
            "tracking error are against the target held at target every session at no cost."
        ),
    ]
    if any(_goes_by_the_adopted(one) for one in policies):
        lines.append(
            "Of a target that is found anew a band asks after the one last adopted; so do drift "
            "and tracking error: who seldom acts may be near an old one."
        )
    if is_short(policies[0].first, policies[0].last):
        lines.append(
            f"In less than {SHORTEST_YEAR} days nothing is told as a return of a year: a few days, "
            "compounded, say nothing."
        )
    return [*lines, *_moved(policies[0]), *_unusual(policies[0])]


def _moved(one: PolicyResult) -> list[str]:
    """What to know where money came and went, a fee was taken, or something was borrowed."""
    lines = []
    if one.dividends_paid:
        lines.append(f"Dividends paid {one.dividends_paid:,.0f} in cash ({one.name}).")
    if one.flows is not None:
        ways = ((one.flows.clip(min=0), "came in"), (-one.flows.clip(max=0), "went out"))
        told = [f"{part.sum():,.0f} {way}" for part, way in ways if part.any()]
        lines.append(
            f"Money comes and goes ({' and '.join(told) or 'none did'}, {one.name}): final values "
            "have it, growth, volatility, falls and ratios have it not (time-weighted)."
        )
    if one.fees_paid:
        lines.append(
            f"A fee on assets is taken each month, {one.fees_paid:,.0f} in all ({one.name}); it "
            "lowers growth and is no cost of trading."
        )
    if one.borrow_paid or one.interest_paid:
        lines.append(
            f"Borrowing what is sold short took {one.borrow_paid:,.0f}, and interest on loans "
            f"{one.interest_paid:,.0f} ({one.name}); they lower growth and are no cost of trading."
        )
    return lines


def _unusual(one: PolicyResult) -> list[str]:
    """What to know where prices do not come once a business day."""
    years = (one.last - one.first).days / DAYS_A_YEAR
    rate = (one.sessions - 1) / years
    year = one.sessions_a_year
    if year != SESSIONS_A_YEAR:
        told = (
            f"These prices come {counted(round(year), 'time', 'times')} a year, and so volatility, "
            "Sharpe and tracking error count: their risk is that between these dates, and falls "
            "between two of them are not seen."
        )
        return [told]
    if years < 1 or USUAL[0] <= rate <= USUAL[1]:
        return []
    told = (
        f"These prices come {rate:.0f} times a year: volatility, Sharpe and tracking error count "
        f"{SESSIONS_A_YEAR} sessions a year all the same."
    )
    return [told]
