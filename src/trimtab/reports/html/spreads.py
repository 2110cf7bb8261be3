"""Distributions over shuffled histories: of each figure every policy's, and its difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trimtab.simulate.accounts.drags import growth_after_tax
from trimtab.simulate.accounts.paths import FIGURES
from trimtab.simulate.uncertainty.difference import LEAST_PATHS, OUTCOME_FIGURES, PLACES, shown

if TYPE_CHECKING:
    from trimtab.simulate.accounts.paths import AccountPaths
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.frames import Floats
    from trimtab.simulate.uncertainty.difference import Difference, Figure, Gap
    from trimtab.simulate.uncertainty.outcomes import Outcomes

BINS = 36
"""Bars of a distribution."""

TITLES = {
    "cagr": "Growth a year",
    "max_drawdown": "Worst fall",
    "volatility": "Volatility a year",
    "tracking_error": "Tracking error a year",
    "cost_a_year": "Cost a year",
    "final_value": "Final value",
}
"""Figures of research mode whose distributions can be looked at, the first one first."""

AFTER_TAX = {
    "after_tax_growth": "Growth a year after tax",
    "after_tax_final_value": "Final value after tax",
    "after_tax_liquidation_value": "Value after tax if all is sold",
}
"""Those of account mode."""


@dataclass(frozen=True, eq=False)
class Spread:
    """One figure of every policy over the same paths.

    Args:
        figure: Which.
        title: As a heading.
        draws: Of each policy on each path, shape (paths, policies).
        observed: Of each policy in history, shape (policies,).
        gaps: Each other policy's less the first's; none where they were not compared.
    """

    figure: Figure
    title: str
    draws: Floats
    observed: Floats
    gaps: tuple[Gap, ...] = ()


def research_spreads(outcomes: Outcomes, differences: Sequence[Difference]) -> list[Spread]:
    """What research mode found over shuffled histories."""
    found = []
    for name, title in TITLES.items():
        place = PLACES[name]
        gaps = tuple(one[name] for one in differences)
        draws, observed = outcomes.table[:, :, place], outcomes.observed[:, place]
        found.append(Spread(OUTCOME_FIGURES[place], title, draws, observed, gaps))
    return found


def account_spreads(runs: Sequence[AccountRun], shuffled: AccountPaths | None) -> list[Spread]:
    """What account mode found over them; nothing of too few, which say nothing of any spread.

    Args:
        runs: The policies over history, in the order of those over the paths.
        shuffled: The same over shuffled histories.
    """
    import numpy as np

    if shuffled is None or len(shuffled.table) < LEAST_PATHS:
        return []
    seen = np.array([[r.after_tax / 100, r.liquidation_after_tax / 100, growth_after_tax(r)]
                     for r in runs])  # fmt: skip
    if shuffled.table.shape[1] != len(runs):
        return []
    names = [figure.name for figure in FIGURES]
    found = []
    for name, title in AFTER_TAX.items():
        place = names.index(name)
        gaps = tuple(_turned(one[name]) for one in shuffled.compared)
        draws, observed = shuffled.table[:, :, place], seen[:, place]
        found.append(Spread(FIGURES[place], title, draws, observed, gaps))
    return found


def _turned(gap: Gap) -> Gap:
    """The second policy less the first, where the first less the second is known."""
    return replace(
        gap,
        first=gap.second,
        second=gap.first,
        medians=gap.medians[::-1],
        median=-gap.median,
        low=-gap.high,
        high=-gap.low,
        above=gap.below,
        below=gap.above,
    )


def nine_of_ten(spread: Spread, place: int) -> str:
    """Between what one policy's figure was on nine of ten paths."""
    import numpy as np

    low, high = (float(q) for q in np.percentile(spread.draws[:, place], [5.0, 95.0]))
    if spread.figure.unit == "money":
        return f"{low:,.0f} to {high:,.0f}"
    return f"{low:.1%} to {high:.1%}"


def spread_data(spreads: Sequence[Spread]) -> list[dict[str, Any]]:
    """Of each figure what the script draws; nothing of one that is everywhere the same."""
    import numpy as np

    found = []
    for one in spreads:
        if not np.isfinite(one.draws).all():
            continue
        low, high = (float(q) for q in np.percentile(one.draws, [0.5, 99.5]))
        if low == high:
            continue
        policies = range(one.draws.shape[1])
        gaps = [_gap_data(gap) for gap in one.gaps]
        found.append(
            {
                "name": one.figure.name,
                "title": one.title,
                "money": one.figure.unit == "money",
                "range": [_short(low), _short(high)],
                "rows": [_row(one, place, (low, high)) for place in policies],
                "gaps": [None, *gaps] if gaps else [],
            }
        )
    return found


def _row(one: Spread, place: int, span: tuple[float, float]) -> dict[str, Any]:
    import numpy as np

    own, unit = one.draws[:, place], one.figure.unit
    counts, _ = np.histogram(own, bins=BINS, range=span)
    low, middle, high = (float(q) for q in np.percentile(own, [5, 50, 95]))
    return {
        "bins": counts.tolist(),
        "q": [_short(q) for q in (low, middle, high)],
        "text": f"{shown(unit, low)} to {shown(unit, high)}",
        "median": shown(unit, middle),
        "history": _short(float(one.observed[place])),
    }


def _gap_data(gap: Gap) -> dict[str, Any]:
    # An interval that tells nothing is not drawn: it has no width.
    ends = gap.interval or (gap.median, gap.median)
    return {
        "q": [_short(ends[0]), _short(gap.median), _short(ends[1])],
        "history": _short(gap.observed),
        "verdict": gap.verdict,
        "text": gap.sentence,
    }


def _short(number: float) -> float | None:
    """Six digits, enough for a picture; None where there is no number."""
    return float(f"{number:.6g}") if abs(number) < float("inf") else None
