"""Advice on the policy as text for a terminal: what to do, and among what it was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.reports.backtest_text import account_tables, figure_tables
from trimtab.reports.findings_text import findings_text
from trimtab.reports.layout import FULL, Look, headline, paragraph, stacked, wrapped
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.choosing.advice import Advice


def advice_text(
    advice: Advice,
    runs: Sequence[AccountRun] = (),
    *,
    is_portfolio: bool = False,
    width: int = 100,
    look: Look = FULL,
) -> str:
    """The advice for a terminal of `width` columns.

    Args:
        advice: What was found.
        runs: What the policy, and the advised one where it is another, did in the accounts.
        is_portfolio: Whether there is a portfolio.toml in which the policy stands.
    """
    heads, rows = advice.rows()
    columns = [(head, [row[place] for row in rows]) for place, head in enumerate(heads)]
    own = "this portfolio's own policy" if is_portfolio else "your policy"
    marks = [f"* {own}"] + (["< advised"] if advice.advised != advice.own else [])
    table = figure_tables(
        [columns], width, look, kept=("from target", "behind the least, bp", "interval, bp")
    )
    blocks = [
        headline(("Advice", f"{len(advice.choices)} policies"), width=width, look=look),
        wrapped(advice.sentence, width),
        [f"{_among(advice)}, from the least cost to the least distance:", *table[0]],
        ["  " + "     ".join(marks)],
    ]
    if runs:
        blocks.append(["In these accounts, with whole shares, lots and their tax:"])
        blocks += account_tables(runs, width, look)
    blocks += [
        paragraph("Figures", conventions(advice, runs), width=width, look=look),
        findings_text(advice.findings, width=width, look=look, explain=True),
    ]
    if is_portfolio and advice.advised != advice.own:
        told = look.styled("To follow it, in portfolio.toml:", "bold")
        blocks.append([told, *(f"  {line}" for line in lines_to_follow(advice))])
    return stacked(blocks)


def _among(advice: Advice) -> str:
    """Which policies stand in the table."""
    if advice[advice.own].is_beaten:
        return "Policies that no other beats, and your own"
    return "Policies that no other beats, your own among them"


def conventions(advice: Advice, runs: Sequence[AccountRun]) -> list[str]:
    """How the figures were made."""
    weight = 0.5 * advice.risk_aversion * 0.02**2
    tax = "No tax is counted."
    if advice.tax_of_turnover:
        source = " as the own policy paid in these accounts" if runs else ""
        tax = f"Tax is {advice.tax_of_turnover:.2%} of what is turned over{source}."
    return [
        f"Shares a year, means over {advice.how}.",
        (
            f"Interval: where the mean of what it is behind lies at {advice.level:.0%}, given that "
            "history is one; below zero it may take less than the least."
        ),
        (
            "From target: tracking error to the target held exactly. At risk aversion "
            f"{advice.risk_aversion:g}, 2% a year away from it counts as {weight:.2%}; together: "
            f"that with cost and tax. {tax}"
        ),
        (
            "Beaten: another costs no more and is no further from the target on "
            f"{advice.level:.0%} of the paths."
        ),
        *([advice.checks] if advice.checks else []),
    ]


def lines_to_follow(advice: Advice) -> list[str]:
    """The lines of portfolio.toml that follow the advice."""
    policy = advice[advice.advised].policy
    return ["[policy]", f'when = "{policy.when}"', f'to   = "{policy.to}"']
