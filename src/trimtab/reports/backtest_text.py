"""A backtest as text for a terminal: one row a policy, how it was run, and what to look at."""

from __future__ import annotations

from collections.abc import Sequence

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
from trimtab.reports.plan_text import findings_text
from trimtab.reports.words import clean
from trimtab.simulate.account import AccountRun
from trimtab.simulate.results import Backtest, PolicyResult, summary_rows

MOST_NAMES = 8
"""Symbols that the headline names before it counts the rest."""

_LESSER = ("turnover", "orders", "cost", "volatility", "rebalances", "tax", "worst fall")
"""Figures that make room for the names of policies, the most dispensable first."""

_TRADED = {
    "close": "at the close that decides",
    "next-open": "at the open after the close that decides",
    "next-close": "at the close after the one that decides",
}


def backtest_text(result: Backtest, *, width: int = 100, look: Look = FULL) -> str:
    """The backtest for a terminal of `width` columns."""
    heads, rows = summary_rows(result.policies)
    blocks = [
        _header(result, width, look),
        _figures(heads, rows, width, look),
        paragraph("Conventions", conventions(result.policies), width=width, look=look),
        findings_text(result.findings, width=width, look=look),
    ]
    return stacked(blocks)


def accounts_text(runs: Sequence[AccountRun], *, width: int = 100, look: Look = FULL) -> str:
    """Runs in account mode for a terminal: one row a policy, with the tax its sales caused."""
    heads = ("policy", "final value", "a year", "worst fall", "rebalances", "orders", "cost", "tax")
    rows = []
    for run in runs:
        figures = run.to_dict()
        yearly = figures["cagr"]
        rows.append(
            [
                run.name,
                f"{figures['final_value']:,.2f}",
                "-" if yearly is None else f"{yearly:.2%}",
                f"{figures['max_drawdown']:.1%}",
                f"{run.rebalances:,}",
                f"{len(run.orders):,}",
                f"{figures['cost_paid']:,.2f}",
                f"{figures['tax_due']:,.2f}",
            ]
        )
    one = runs[0]
    parts = (
        f"Backtest in account mode {one.dates[0]} to {one.dates[-1]}",
        f"{len(one.dates):,} sessions",
        f"{one.value[0] / 100:,.2f} after the first close",
    )
    conventions = [
        (
            "The same decisions, orders and record as plan and apply: whole shares, lots, splits, "
            "cash dividends."
        ),
        (
            "Each account starts in cash and is invested at the first session; trades at the close "
            "that decides."
        ),
        (
            "Tax is what the sales caused, by the rates of portfolio.toml. It is counted, not paid "
            "out of the accounts; losses earn no credit yet."
        ),
    ]
    return stacked(
        [
            headline(parts, width=width, look=look),
            _figures(heads, rows, width, look),
            paragraph("Conventions", conventions, width=width, look=look),
            findings_text(one.findings, width=width, look=look),
        ]
    )


def _figures(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int, look: Look
) -> list[str]:
    """A row a policy, its name whole: where room is short, lesser figures go and are named."""
    widths = {
        head: max(columns_of(head), *(columns_of(clean(row[place])) for row in rows))
        for place, head in enumerate(heads)
    }
    left_out = []
    for head in _LESSER:
        if sum(widths.values()) + 2 * len(widths) <= width:
            break
        if widths.pop(head, None) is not None:
            left_out.append(head)
    places = [place for place, head in enumerate(heads) if head in widths]
    columns = [
        Column(heads[place], "right" if place else "left", "figure" if place else "name")
        for place in places
    ]
    lines = table(columns, [[row[at] for at in places] for row in rows], width=width, look=look)
    if left_out:
        told = f"Not shown for want of room: {', '.join(left_out)}. A wider terminal shows all."
        lines += [look.styled(f"  {line}", "dim") for line in wrapped(told, max(width - 2, 20))]
    return lines


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


def conventions(policies: Sequence[PolicyResult]) -> list[str]:
    """How the figures were made: when policies trade, how a run begins and ends."""
    ways: dict[str, list[str]] = {}
    for one in policies:
        ways.setdefault(one.trade_at, []).append(one.name)
    if len(ways) == 1:
        lines = [f"Trades {_TRADED[policies[0].trade_at]}."]
    else:
        lines = [f"{', '.join(names)}: trades {_TRADED[way]}." for way, names in ways.items()]
    lines.append("Invested at target at the start, at no cost; the last session never trades.")
    lines.append("Turnover is one way, over the whole run; a year is 365.25 days.")
    return lines
