"""What the script of a report draws, as compact JSON: thinned curves in whole numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trimtab.reports.html.series import (
    Yearly,
    day_number,
    day_numbers,
    drift_of,
    falls,
    points_a_panel,
    steps,
    thinned,
    weights_of,
)
from trimtab.reports.words import clean
from trimtab.simulate.difference import OUTCOME_FIGURES, shown

if TYPE_CHECKING:
    from trimtab.reports.html.drawn import Drawn
    from trimtab.reports.html.marks import Mark
    from trimtab.simulate.difference import Difference
    from trimtab.simulate.outcomes import Outcomes

SHARE = 10_000
"""Shares are written in hundredths of a percent, which is finer than a pixel."""

DIGITS = 8
"""Digits of the largest value of a curve."""

BINS = 36
"""Bars of a distribution."""

SHOWN = ("cagr", "max_drawdown", "volatility", "tracking_error", "cost_a_year", "final_value")
"""Figures whose distributions can be looked at."""

TITLES = {
    "cagr": "Growth a year",
    "max_drawdown": "Worst fall",
    "volatility": "Volatility a year",
    "tracking_error": "Tracking error a year",
    "cost_a_year": "Cost a year",
    "final_value": "Final value",
}


def report_data(
    policies: Sequence[Drawn],
    years: Sequence[Yearly],
    outcomes: Outcomes | None,
    differences: Sequence[Difference],
    marks: Sequence[Mark] = (),
) -> dict[str, Any]:
    """Everything that is drawn. Names in it are shown as text only, never as markup."""
    one = policies[0]
    below = [falls(policy.growth) for policy in policies]
    drifts = [drift_of(policy) for policy in policies]
    flowing = any(policy.flows is not None for policy in policies)
    worths = [policy.value for policy in policies] if flowing else []
    growths = [policy.growth for policy in policies]
    curves = [*growths, *worths, *below]
    places = thinned([*curves, *(own for own in drifts if own is not None)])
    largest = max(float(curve.max()) for curve in (*growths, *worths))
    scale = 10.0 ** (DIGITS - len(f"{largest:.0f}"))
    most = points_a_panel(policies)
    days = day_numbers(one.dates)
    return {
        "names": [clean(policy.name) for policy in policies],
        "sessions": one.sessions,
        "cash": one.cash,
        "days": steps(days[places]),
        "scale": scale,
        "value": [steps(own[places], scale) for own in growths],
        "held": [steps(own[places], scale) for own in worths],
        "fall": [steps(own[places], SHARE) for own in below],
        "drift": [None if own is None else steps(own[places], SHARE) for own in drifts],
        "weights": [_weights(policy, most) for policy in policies],
        "years": list(years[0].years),
        "turnover": [[round(x, 5) for x in own.turnover] for own in years],
        "costs": [[round(x, 2) for x in own.costs] for own in years],
        "bars": [["turnover", "Turnover"], ["costs", "Costs"]],
        "outcomes": [] if outcomes is None else _outcomes(outcomes, differences),
        "marks": [[day_number(day), symbol, word] for day, symbol, word in marks],
    }


def _weights(one: Drawn, most: int) -> dict[str, Any]:
    found = weights_of(one, most)
    days = day_numbers(one.dates)
    flat = None
    if found.targets is not None:
        halves = found.half_widths
        constant = bool((found.targets == found.targets[0]).all())
        rows = found.targets[:1] if constant else found.targets
        flat = {
            "aim": [steps(column, SHARE) for column in rows.T],
            "half": None
            if halves is None
            else [steps(column, SHARE) for column in (halves[:1] if constant else halves).T],
        }
    return {
        "symbols": [clean(symbol) for symbol in found.symbols],
        "more": found.left_out,
        "days": steps(days[found.places]),
        "share": [steps(column, SHARE) for column in found.shares.T],
        "target": flat,
        "events": steps(days[found.events]),
    }


def _outcomes(outcomes: Outcomes, differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """Of each figure: every policy's distribution, and its difference from the first policy."""
    import numpy as np

    found: list[dict[str, Any]] = []
    units = {figure.name: figure.unit for figure in OUTCOME_FIGURES}
    for name in SHOWN:
        draws = [outcomes.of(policy, name) for policy in outcomes.names]
        table = np.array(draws)
        if not np.isfinite(table).all():
            continue
        low, high = (float(q) for q in np.percentile(table, [0.5, 99.5]))
        if low == high:
            continue
        rows = []
        for place, own in enumerate(draws):
            counts, _ = np.histogram(own, bins=BINS, range=(low, high))
            middle = [float(q) for q in np.percentile(own, [5, 50, 95])]
            rows.append(
                {
                    "bins": counts.tolist(),
                    "q": [_short(q) for q in middle],
                    "text": " to ".join(shown(units[name], q) for q in (middle[0], middle[2])),
                    "median": shown(units[name], middle[1]),
                    "history": _short(float(outcomes.observed[place, _place(name)])),
                }
            )
        gaps: list[dict[str, Any] | None] = [None]
        for one in differences:
            gap = one[name]
            # An interval that tells nothing is not drawn: it has no width.
            ends = gap.interval or (gap.median, gap.median)
            gaps.append(
                {
                    "q": [_short(ends[0]), _short(gap.median), _short(ends[1])],
                    "history": _short(gap.observed),
                    "verdict": gap.verdict,
                    "text": gap.sentence,
                }
            )
        found.append(
            {
                "name": name,
                "title": TITLES[name],
                "money": units[name] == "money",
                "range": [_short(low), _short(high)],
                "rows": rows,
                "gaps": gaps if differences else [],
            }
        )
    return found


def _place(name: str) -> int:
    return [figure.name for figure in OUTCOME_FIGURES].index(name)


def _short(number: float) -> float | None:
    """Six digits, enough for a picture; None where there is no number."""
    return float(f"{number:.6g}") if abs(number) < float("inf") else None


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end or comment it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
