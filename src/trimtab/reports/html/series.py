"""What the charts of a report draw: curves thinned to what can be seen, sums by year, weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from trimtab.model.instruments import CASH
from trimtab.simulate.measures.metrics import drift

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.reports.html.drawn import Drawn
    from trimtab.simulate.frames import Days, Floats

    Places = NDArray[np.int64]

MOST_POINTS = 1_500
"""A curve is drawn through so many sessions at most; more cannot be seen."""

WEIGHT_NUMBERS = 40_000
"""Weights that all policies together may draw: what keeps the file of a report small."""

LEAST_WEIGHTS, MOST_WEIGHTS = 160, 700
"""Sessions that a curve of weights is drawn through, in a panel a third as wide."""

MOST_PANELS = 12
"""Holdings whose weights are drawn; those with the largest weights come first."""


def falls(value: Floats) -> Floats:
    """How far each session's value is below the highest so far, as a fraction: zero or below."""
    import numpy as np

    below: Floats = value / np.maximum.accumulate(value) - 1.0
    return below


def drift_of(one: Drawn) -> Floats | None:
    """How much would have to move to be at target, by session; None where no target is known."""
    import numpy as np

    apart = drift(one.shares, one.targets)
    return apart if np.isfinite(apart).all() else None


def thinned(curves: Sequence[Floats], most: int = MOST_POINTS) -> Places:
    """Which points to draw of curves over the same sessions, so that none loses a peak or a hole.

    The sessions are divided into stretches; of each the lowest and the highest point of every
    curve is kept, and both ends. The more the curves differ, the longer the stretches.

    Args:
        curves: Shape (sessions,) each.
        most: How many points may be kept.

    Returns:
        Places in increasing order; all of them where there are no more than `most`.
    """
    import numpy as np

    count = len(curves[0])
    if count <= most:
        return np.arange(count)
    stretches = most // 2
    while True:
        starts = np.linspace(0, count, stretches + 1).astype(np.int64)
        found = {0, count - 1}
        for curve in curves:
            for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
                piece = curve[a:b]
                found.update((a + int(piece.argmin()), a + int(piece.argmax())))
        if len(found) <= most or stretches == 1:
            return np.array(sorted(found), dtype=np.int64)
        stretches = max(1, int(0.97 * stretches * most / len(found)))


@dataclass(frozen=True)
class Yearly:
    """What happened in each calendar year of a run.

    Args:
        years: The years, oldest first; the first and last may be partial.
        returns: Return in each, as a fraction.
        turnover: One-way turnover in each.
        costs: Trading costs in each, in money.
    """

    years: tuple[int, ...]
    returns: tuple[float, ...]
    turnover: tuple[float, ...]
    costs: tuple[float, ...]


def yearly(one: Drawn) -> Yearly:
    """A policy's run by calendar year. Returns multiply, and the rest adds up, to the whole run.

    Returns are time-weighted: money that comes and goes is in none of them.
    """
    import numpy as np

    year_of = one.dates.astype("datetime64[Y]").astype(np.int64) + 1970
    years = np.unique(year_of)
    last = np.searchsorted(year_of, years, side="right") - 1
    ends = one.growth[last]
    starts = np.concatenate([[one.cash], ends[:-1]])
    # Nothing grows where nothing is left.
    grew = np.divide(ends, starts, out=np.ones(len(ends)), where=starts > 0.0)
    of_event = np.searchsorted(years, year_of[one.log.sessions])
    size = len(years)
    turned = np.bincount(of_event, one.log.turned, minlength=size)
    costs = np.bincount(of_event, one.log.cost, minlength=size)
    return Yearly(
        years=tuple(years.tolist()),
        returns=tuple((grew - 1.0).tolist()),
        turnover=tuple(turned.tolist()),
        costs=tuple(costs.tolist()),
    )


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one policy's largest holdings, thinned, with what they are held against.

    Args:
        symbols: The holdings drawn.
        left_out: How many are not.
        places: Sessions drawn, shape (points,).
        shares: Weights after the close, shape (points, symbols).
        targets: Targets last adopted, the same shape; None where they are not known.
        half_widths: Of the band around the target, the same shape; None where there is no band.
        events: Sessions at which it rebalanced, shape (k,).
    """

    symbols: tuple[str, ...]
    left_out: int
    places: Places
    shares: Floats
    targets: Floats | None
    half_widths: Floats | None
    events: Places


def weights_of(one: Drawn, most: int) -> Weights:
    """A policy's weights over time, through `most` sessions at most."""
    import numpy as np

    shares = one.shares
    aims = _adopted(one)
    size = shares.max(axis=0) if aims is None else np.maximum(aims.max(axis=0), shares.max(axis=0))
    order = np.argsort(-size, kind="stable")
    # Cash that a target never names, and that is never held, is no holding.
    order = np.array([i for i in order if size[i] > 0.0 or one.symbols[i] != CASH], dtype=np.int64)
    chosen = np.sort(order[:MOST_PANELS])
    shares = shares[:, chosen]
    places = thinned(list(shares.T), most)
    half = targets = None
    if aims is not None:
        targets = aims[np.ix_(places, chosen)]
        half = _half_widths(one, targets)
    return Weights(
        symbols=tuple(one.symbols[i] for i in chosen),
        left_out=len(order) - len(chosen),
        places=places,
        shares=shares[places],
        targets=targets,
        half_widths=half,
        events=one.log.sessions[one.log.acted],
    )


def points_a_panel(policies: Sequence[Drawn]) -> int:
    """How many sessions each curve of weights may have, so that all of them stay small."""
    curves = sum(min(len(one.symbols), MOST_PANELS) for one in policies)
    return max(LEAST_WEIGHTS, min(MOST_WEIGHTS, WEIGHT_NUMBERS // max(curves, 1)))


def _adopted(one: Drawn) -> Floats | None:
    """The target that bands measure against at each session: the one last traded to."""
    import numpy as np

    targets = one.targets
    if not np.isfinite(targets).all():
        return None
    events = one.log.sessions[one.log.acted]
    traded = np.concatenate([[0], events])
    at = np.searchsorted(events, np.arange(one.sessions), side="right")
    adopted: Floats = targets[traded[at]]
    return adopted


def _half_widths(one: Drawn, targets: Floats) -> Floats | None:
    """How far a weight may be from its target before the policy acts; None without a band."""
    import numpy as np

    when = one.policy.when
    widths = []
    if when.band_absolute is not None:
        widths.append(np.full(targets.shape, float(when.band_absolute)))
    if when.band_relative is not None:
        widths.append(targets * float(when.band_relative))
    if not widths:
        return None
    narrowest: Floats = np.minimum.reduce(widths)
    return narrowest


# -- as compact JSON ------------------------------------------------------------------------------


def steps(numbers: Any, scale: float = 1.0) -> list[int]:
    """Numbers as whole multiples of 1 / scale, each less the one before: short in JSON."""
    import numpy as np

    whole = np.rint(np.asarray(numbers, dtype=np.float64) * scale).astype(np.int64)
    found: list[int] = np.diff(whole, prepend=0).tolist()
    return found


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def day_numbers(dates: Days) -> Places:
    """Days since 1970-01-01."""
    import numpy as np

    found: Places = dates.astype("datetime64[D]").astype(np.int64)
    return found
