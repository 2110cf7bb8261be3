"""Advice on the policy as one HTML file that loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.reports.advice_text import conventions, lines_to_follow
from trimtab.reports.html.page import assumed_section, notes_section, warnings_section
from trimtab.reports.html.scatter import READ, STYLE, advice_spots, dot, scatter_figure
from trimtab.reports.html.still import answer_section, lines_section, picture_section, still_page
from trimtab.reports.html.tables import Cell, named_table, safe
from trimtab.reports.words import counted
from trimtab.simulate.accounts.run import account_rows
from trimtab.simulate.choosing.advice import BP

if TYPE_CHECKING:
    from trimtab.reports.html.tables import Row
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.choosing.advice import Advice, Choice, Spread

HEADS = (
    "Policy", "Cost and tax", "From target", "Together", "Behind the least", "Less than yours",
    "Rebalances a year",
)  # fmt: skip


def advice_html(
    advice: Advice,
    runs: Sequence[AccountRun] = (),
    *,
    is_portfolio: bool = False,
    remarks: Sequence[str] = (),
) -> str:
    """The advice as a page: what to do, what each policy takes, and how that was found.

    Args:
        advice: What was found.
        runs: What the policy, and the advised one where it is another, did in the accounts.
        is_portfolio: Whether there is a portfolio.toml in which the policy stands.
        remarks: What else the reader should know, at the end of the conventions.

    Every name is text in it, whatever it contains.
    """
    many = counted(len(advice.choices), "policy", "policies")
    front = {one.name for one in advice.frontier}
    spots, axis = advice_spots(advice)
    tables = [_table(advice, "Those that no other beats, and your own", advice.frontier)]
    others = [one for one in advice.choices if one.name not in front]
    if others:
        tables.append(_table(advice, "The others, the least together first", others))
    body = [
        "<h1>Advice on the policy</h1>",
        f'<p class="under">{safe(f"{many} over {advice.how}")}</p>',
        answer_section(_headline(advice), _points(advice, is_portfolio=is_portfolio)),
        warnings_section(advice.findings),
        picture_section(
            "Distance against cost",
            READ,
            scatter_figure(spots, "Tracking error against cost and tax a year", axis),
        ),
        f"<section><h2>The policies</h2>{''.join(tables)}{_read(advice)}</section>",
        _in_accounts(runs),
        notes_section(advice.findings),
        assumed_section(advice.assumed),
        lines_section("Conventions", [*conventions(advice, runs), *remarks]),
    ]
    return still_page("Advice on the policy", body, STYLE)


def _headline(advice: Advice) -> str:
    """What is advised, without what the accounts say, which is a point of its own."""
    said = "" if advice.accounts is None else advice.accounts.sentence
    return advice.sentence.removesuffix(said).rstrip()


def _in_accounts(runs: Sequence[AccountRun]) -> str:
    """What runs in the accounts gave, as the text has it."""
    if not runs:
        return ""
    heads, rows = account_rows(runs)
    cells: list[Row] = [("", own[0], "", [("", None, one, "") for one in own[1:]]) for own in rows]
    caption = "With whole shares, lots and their tax"
    return f"<section><h2>In these accounts</h2>{named_table(caption, heads, cells)}</section>"


def _points(advice: Advice, *, is_portfolio: bool) -> list[tuple[str, str]]:
    """What the own policy and the advised one take, and how to follow the advice."""
    points = [("Your policy", _takes(advice[advice.own]))]
    if advice.accounts is not None:
        points.insert(0, ("In your accounts", advice.accounts.sentence))
    if advice.advised != advice.own:
        points.append(("Advised", _takes(advice[advice.advised])))
        if is_portfolio:
            lines = ", ".join(" ".join(line.split()) for line in lines_to_follow(advice)[1:])
            points.append(("To follow it", f"Under [policy] in portfolio.toml: {lines}"))
    return points


def _takes(one: Choice) -> str:
    return (
        f"{one.name}: cost and tax {_bp(one.cost.mean)} a year, {one.apart.mean:.2%} away from the "
        f"target, together {_bp(one.total.mean)}; it trades {one.rebalances:.1f} times a year."
    )


def _table(advice: Advice, caption: str, choices: Sequence[Choice]) -> str:
    return named_table(caption, HEADS, [_row(advice, one) for one in choices])


def _row(advice: Advice, one: Choice) -> Row:
    own, advised = one.name == advice.own, one.name == advice.advised
    kind = "own" if own else "advised" if advised else ""
    said = "your policy" if own else "advised" if advised else ""
    cells: list[Cell] = [
        ("cost.mean", one.cost.mean, _bp(one.cost.mean), _ends(one.cost)),
        ("tracking_error.mean", one.apart.mean, f"{one.apart.mean:.2%}",
         f"{one.apart.low:.2%} to {one.apart.high:.2%}"),
        ("total.mean", one.total.mean, _bp(one.total.mean), _ends(one.total)),
        _gap("behind.mean", one.behind),
        ("", None, "", "") if own else _gap("gain.mean", one.gain),
        ("rebalances_a_year", one.rebalances, f"{one.rebalances:.1f}", ""),
    ]  # fmt: skip
    return dot(kind) if kind else "", one.name, said, cells


def _gap(figure: str, gap: Spread) -> Cell:
    if gap.low == gap.high == 0.0:
        return figure, gap.mean, "0 bp", ""
    ends = f"{gap.low * BP:+.1f} to {gap.high * BP:+.1f}"
    return figure, gap.mean, _bp(gap.mean), ends


def _ends(spread: Spread) -> str:
    return f"{spread.low * BP:.1f} to {spread.high * BP:.1f}"


def _bp(share: float) -> str:
    return f"{round(share * BP, 1) + 0.0:.1f} bp"


def _read(advice: Advice) -> str:
    """How to read the small lines."""
    return (
        f'<p class="note">Below a figure stands between which ends it lay on {advice.level:.0%} '
        "of the shuffled histories; below a difference, its interval, given that history is one: "
        "where that holds zero, nobody can tell the two apart. A basis point (bp) is 0.01% a "
        "year.</p>"
    )
