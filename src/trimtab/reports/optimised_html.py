"""Optimised weights as one HTML file that loads nothing and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import isnan
from typing import TYPE_CHECKING

from trimtab.model.instruments import CASH
from trimtab.reports.frontier_html import FRONTIER_STYLE, frontier_sections
from trimtab.reports.frontier_text import standing
from trimtab.reports.html.canvas import BOLD_LETTER, CANVASES, Canvas, figure
from trimtab.reports.html.page import notes_section, warnings_section
from trimtab.reports.html.still import (
    answer_section,
    day,
    lines_section,
    picture_section,
    still_page,
)
from trimtab.reports.html.tables import named_table, safe
from trimtab.reports.optimised_text import MIND, expected_words, held, solved_words
from trimtab.reports.words import counted, listed

if TYPE_CHECKING:
    from trimtab.reports.html.tables import Row
    from trimtab.targets.objectives.asked import Optimised
    from trimtab.targets.objectives.front import Front

NAMED = 5
"""Weights that the answer names before it counts the rest."""

MOST_BARS = 30
"""Instruments that are drawn; the table has all."""

BARS_NOTE = "The weight of each instrument, and below it what part of the risk it adds."

Held = tuple[str, float, float]


def optimised_html(
    found: Optimised,
    names: Sequence[str],
    *,
    objective: str,
    days: tuple[date, date],
    turnover: float | None = None,
    understood: str = "",
    now: Mapping[str, float] | None = None,
    front: Front | None = None,
    no_front: str = "",
) -> str:
    """The weights as a page: what they are, what each adds to the risk, and where they stand.

    Args:
        found: They, with what the estimates expect of them.
        names: Whose they are, money as `CASH`.
        objective: What they were found by.
        days: The first and the last of the history.
        understood: How the numbers that were asked for were read.
        turnover: How much has to move, one way; None where that is not known.
        now: Weights that are held now, by name; empty where they are not known.
        front: The frontier by the same estimates and limits, with these weights as `found`.
        no_front: Why there is no frontier.

    Every name is text in it, whatever it contains.
    """
    instruments = counted(len([name for name in names if name != CASH]), "instrument")
    body = [
        f"<h1>Optimised for {safe(objective)}</h1>",
        f'<p class="under">{safe(instruments)} \u00b7 {day(days[0])} to {day(days[1])}</p>',
    ]
    points = [("Read as", understood)] if understood else []
    if isnan(found.volatility):
        body.append(answer_section("No weights were found.", points))
    else:
        all_held = held(found, names)
        points = [
            ("Expected", expected_words(found, turnover)),
            *([("Now", standing(front))] if front is not None and front.current else []),
            ("Solved", solved_words(found)),
            *points,
        ]
        has_risk = found.risk_shares is not None
        words = _words(all_held)
        body += [
            answer_section(f"{words}.", points),
            picture_section("Weights and risk", BARS_NOTE, _bars(all_held, has_risk=has_risk)),
            _table(all_held, now or {}, has_risk=has_risk),
            *([] if front is None else frontier_sections(front, words)),
            lines_section("No frontier", [no_front] if no_front else []),
        ]
    body.insert(3, warnings_section(found.findings))
    body += [notes_section(found.findings), lines_section("Mind", [MIND])]
    return still_page(f"Optimised for {objective}", body, FRONTIER_STYLE)


def with_found(front: Front, found: Optimised, names: Sequence[str]) -> Front:
    """The frontier with these weights, of these names, beside it."""
    import numpy as np

    weights = dict(zip(names, found.weights.tolist(), strict=True))
    point = replace(
        front.least_volatility,
        weights=np.array([weights.get(symbol, 0.0) for symbol in front.symbols]),
        expected_return=found.expected_return,
        volatility=found.volatility,
        sharpe=found.sharpe,
    )
    return replace(front, found=point)


def _words(all_held: Sequence[Held]) -> str:
    told = [f"{name} {weight:.1%}" for name, weight, _ in all_held[:NAMED]]
    rest = all_held[NAMED:]
    if rest:
        told.append(f"{len(rest)} more {sum(weight for _, weight, _ in rest):.1%}")
    return listed(told)


def _table(all_held: Sequence[Held], now: Mapping[str, float], *, has_risk: bool) -> str:
    heads = [
        "Instrument",
        *(["Now"] if now else []),
        "Weight",
        *(["Of the risk"] if has_risk else []),
    ]
    rows: list[Row] = []
    for name, weight, share in all_held:
        is_now = ("", None, f"{now.get(name, 0.0):.2%}", "")
        own = ("weight", weight, f"{weight:.2%}", "")
        risk = ("risk_share", share, f"{share:.2%}", "")
        cells = [*([is_now] if now else []), own, *([risk] if has_risk else [])]
        rows.append(("", name, "", cells))
    return f"<section>{named_table('Weights', heads, rows)}</section>"


def _bars(all_held: Sequence[Held], *, has_risk: bool) -> str:
    """A bar for each weight and one for its share of the risk, for a wide screen and a phone."""
    shown = all_held[:MOST_BARS]
    figures = [
        figure(canvas, "Weights and shares of the risk", _drawn(canvas, shown, has_risk=has_risk))
        for canvas in (
            replace(one, tall=30 * len(shown) + 8, left=left)
            for one, left in zip(CANVASES, (190, 110), strict=True)
        )
    ]
    keys = [("f0", "weight"), *([("f1", "of the risk")] if has_risk else [])]
    swatches = "".join(
        f'<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" '
        f'class="{kind}"/></svg>{name}</li>'
        for kind, name in keys
    )
    return f'{"".join(figures)}<ul class="swatches">{swatches}</ul>'


def _drawn(canvas: Canvas, shown: Sequence[Held], *, has_risk: bool) -> list[str]:
    values = [value for _, weight, share in shown for value in (weight, share)]
    low, high = min([*values, 0.0]), max([*values, 1e-6])
    room = canvas.end - canvas.left - 56
    parts = []

    def x(value: float) -> float:
        return canvas.left + room * (value - low) / (high - low)

    for place, (name, weight, share) in enumerate(shown):
        top = 30 * place + 6
        most = int((canvas.left - 10) / BOLD_LETTER)
        short = name if len(name) <= most else f"{name[: most - 1]}\u2026"
        parts.append(
            f'<text x="{canvas.left - 8}" y="{top + 14}" text-anchor="end">{safe(short)}'
            f"<title>{safe(name)}</title></text>"
        )
        for kind, value, down in (("f0", weight, 0), ("f1", share, 11)):
            if kind == "f1" and not has_risk:
                continue
            ends = sorted((x(0.0), x(value)))
            parts.append(
                f'<rect class="{kind}" x="{ends[0]:.1f}" y="{top + down}" '
                f'width="{max(ends[1] - ends[0], 0.8):.1f}" height="9"/>'
            )
        parts.append(
            f'<text x="{max(x(weight), x(share), x(0.0)) + 6:.1f}" y="{top + 14}">{weight:.1%}'
            "</text>"
        )
    return parts
