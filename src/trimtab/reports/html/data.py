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
from trimtab.reports.html.spreads import Spread, spread_data
from trimtab.reports.words import clean

if TYPE_CHECKING:
    from trimtab.reports.html.drawn import Drawn
    from trimtab.reports.html.marks import Mark

SHARE = 10_000
"""Shares are written in hundredths of a percent, which is finer than a pixel."""

DIGITS = 8
"""Digits of the largest value of a curve."""


def report_data(
    policies: Sequence[Drawn],
    years: Sequence[Yearly],
    spreads: Sequence[Spread] = (),
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
        "outcomes": spread_data(spreads),
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


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end or comment it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
