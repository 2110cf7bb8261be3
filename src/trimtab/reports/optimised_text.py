"""Optimised weights as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isnan

from trimtab.model.instruments import CASH
from trimtab.reports.findings_text import findings_text
from trimtab.reports.foreseen_text import foreseen_blocks
from trimtab.reports.layout import FULL, Column, Look, headline, paragraph, stacked, table
from trimtab.reports.words import counted
from trimtab.targets.objectives.asked import Optimised

LEAST_SHOWN = 0.00005
"""Weights below this are not worth a line: they would read 0.00%."""

PROVED = 1e-9
"""A gap this small is one of rounding."""

MIND = (
    "These weights fit the past, errors of the estimates included. A backtest of a policy that "
    "fits them anew as it goes says more: docs/optimise.md."
)


def optimised_text(
    objective: str,
    found: Optimised,
    names: Sequence[str],
    days: tuple[date, date],
    *,
    understood: str = "",
    turnover: float | None = None,
    width: int = 100,
    look: Look = FULL,
) -> str:
    """The weights, the largest first, what the estimates expect of them, and what has to move.

    `names` are those of the weights, money as `CASH`; `days` the first and the last of the history;
    `understood` says how the numbers that were asked for were read.
    """
    head = headline(
        (
            f"Optimised for {objective}",
            counted(len([name for name in names if name != CASH]), "instrument"),
            f"{days[0]} to {days[1]}",
        ),
        width=width,
        look=look,
    )
    told = findings_text(found.findings, width=width, look=look, explain=True)
    read = [paragraph("Read as", [understood], width=width, look=look)] if understood else []
    if isnan(found.volatility):
        return stacked([head, *read, told])
    rows: list[tuple[str, ...]] = [
        (symbol, f"{weight:.2%}", f"{share:.2%}") for symbol, weight, share in held(found, names)
    ]
    columns = [Column("instrument", room="name"), Column("weight", align="right")]
    if found.risk_shares is None:
        rows = [row[:2] for row in rows]
    else:
        columns.append(Column("of the risk", align="right"))
    seen = found.foreseen
    blocks = [
        head,
        *read,
        table(columns, rows, width=width, look=look),
        paragraph("Expected", [expected_words(found, turnover)], width=width, look=look),
        *([] if seen is None else foreseen_blocks(seen, width=width, look=look)),
        paragraph("Solved", [solved_words(found)], width=width, look=look),
        paragraph(
            "Mind",
            [MIND],
            width=width,
            look=look,
        ),
        told,
    ]
    return stacked(blocks)


def held(found: Optimised, names: Sequence[str]) -> list[tuple[str, float, float]]:
    """What is held: name, weight and share of the risk, the largest first."""
    risk = [0.0] * len(names) if found.risk_shares is None else found.risk_shares.tolist()
    each = zip(names, found.weights.tolist(), risk, strict=True)
    ordered = sorted(each, key=lambda one: (-one[1], one[0]))
    return [one for one in ordered if abs(one[1]) >= LEAST_SHOWN]


def expected_words(found: Optimised, turnover: float | None) -> str:
    """What the estimates expect of the weights, and how much has to move."""
    expected = (
        f"{found.expected_return:.2%} a year at {found.volatility:.2%} volatility, "
        f"Sharpe ratio {found.sharpe:.2f}."
    )
    short = -sum(weight for weight in found.weights.tolist() if weight < 0.0)
    if short >= LEAST_SHOWN:
        expected += f" {1.0 + short:.2%} is long, {short:.2%} short."
    if turnover is not None:
        expected += f" {turnover:.2%} of the portfolio has to move (one way)."
    return expected


def solved_words(found: Optimised) -> str:
    """By what the weights were found, and how sure it is that no others are better."""
    gap = found.optimality_gap
    proved = ""
    if gap <= PROVED:
        proved = " No other weights are better."
    elif not isnan(gap):
        proved = f" Other weights are better by {gap:.1e} of {found.gap_in} at most."
    return f"{found.solved}.{proved}"
