"""When correlations broke away from their past: what `breakdown` acts on.

Like a finding it follows from prices and the day alone. Of the sessions since a target was last
found, the first at which the test of `trimtab.estimates.breakdown` rejects is the day on which the
target is found anew; whoever asks on a later day of the period gets the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.breaks import Break
from trimtab.model.frozen import dataclass
from trimtab.targets.moving.broken import MOST_PAIRS
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.prices import Prices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.estimates.judged import Judged

    Floats = NDArray[np.float64]

HALF_LIFE = 63
"""A target that is found anew when correlations broke: after a quarter a return counts half."""

RUN = 63
"""Sessions in a row that are looked back on for the first of them."""

FEW_SLEEVES = "it takes two sleeves that have prices"
"""Why nothing can be said of fewer."""


@dataclass
class Breaks:
    """What is known of sessions, by symbols: each is judged once."""

    _known: dict[tuple[str, ...], Judged] = field(default_factory=dict, repr=False)

    def struck(self, prices: Prices, symbols: Sequence[str], begin: date, as_of: date) -> Break:
        """The first session from one day to another at which correlations are broken.

        Args:
            prices: May reach further: nothing later than `as_of` is looked at.
            symbols: Whose; once each.
            begin: The day on which the target was last found; it counts.
            as_of: The last day that counts.

        Returns:
            Without a target's name.
        """
        import numpy as np

        from trimtab.estimates.breakdown import least_sessions
        from trimtab.estimates.judged import judged

        names = tuple(dict.fromkeys(symbols))
        if len(names) < 2:
            return Break("", lacking=FEW_SLEEVES)
        days, close = _complete(prices, names, as_of)
        # Of a return, the day is that of its later price.
        first = int(np.searchsorted(days[1:], np.datetime64(begin, "D"), side="right")) - 1
        if first < least_sessions():
            return Break("", lacking=_too_few(first, begin))
        returns = close[1:] / close[:-1] - 1.0
        asked = max(least_sessions(), first - RUN)
        known = judged(returns, asked, self._known.get(names))
        self._known[names] = known
        broken = known.broken[: len(returns)]
        hits = np.flatnonzero(broken[first:])
        if not len(hits):
            return Break("")
        place = first + int(hits[0])
        start = _run_start(broken, place, asked)
        on = max(days[place + 1].item(), begin)
        return Break("", on, days[start + 1].item(), _told(names, returns, known, place))

    def each(
        self, prices: Prices, symbols: Sequence[str], begins: Sequence[date], days: Sequence[date]
    ) -> tuple[Break, ...]:
        """What `struck` says on each of many days, without the words.

        Args:
            prices: From before the first day on.
            symbols: Whose; once each.
            begins: By day, that on which the target was last found.
            days: The days, ascending.
        """
        import numpy as np

        from trimtab.estimates.breakdown import least_sessions
        from trimtab.estimates.judged import judged

        names, least = tuple(dict.fromkeys(symbols)), least_sessions()
        if len(names) < 2:
            return tuple(Break("", lacking=FEW_SLEEVES) for _ in days)
        kept, close = _complete(prices, names, days[-1])
        ends = kept[1:]
        first = np.searchsorted(ends, np.array(begins, dtype="datetime64[D]"), side="right") - 1
        stop = np.searchsorted(ends, np.array(days, dtype="datetime64[D]"), side="right")
        broken = np.zeros(0, dtype=np.bool_)
        if (first >= least).any():
            known = judged(close[1:] / close[:-1] - 1.0, least, self._known.get(names))
            self._known[names], broken = known, known.broken
        hits = np.flatnonzero(broken)
        following = np.searchsorted(hits, first)
        found = []
        for i, begin in enumerate(begins):
            if first[i] < least:
                found.append(Break("", lacking=_too_few(int(first[i]), begin)))
            elif following[i] >= len(hits) or hits[following[i]] >= stop[i]:
                found.append(Break(""))
            else:
                place = int(hits[following[i]])
                start = _run_start(broken, place, max(least, int(first[i]) - RUN))
                found.append(Break("", max(ends[place].item(), begin), ends[start].item()))
        return tuple(found)


def _run_start(broken: NDArray[np.bool_], place: int, asked: int) -> int:
    """The first of the sessions in a row at which the test rejects, not before one."""
    while place > asked and broken[place - 1]:
        place -= 1
    return place


def _too_few(first: int, begin: date) -> str:
    from trimtab.estimates.breakdown import least_sessions

    few = f"{max(first + 1, 0)} sessions of returns until {begin}"
    return f"{few}: {least_sessions() + 1} are needed"


def _complete(
    prices: Prices, names: Sequence[str], as_of: date
) -> tuple[NDArray[np.datetime64], Floats]:
    """The days until one on which all have a price, and the prices."""
    import numpy as np

    columns = [prices.symbols.index(name) for name in names]
    end = int(np.searchsorted(prices.dates, np.datetime64(as_of, "D"), side="right"))
    close = prices.close[:end][:, columns]
    kept = ~np.isnan(close).any(axis=1)
    return prices.dates[:end][kept].astype("datetime64[D]"), close[kept]


def _told(names: Sequence[str], returns: Floats, known: Judged, place: int) -> str:
    """What moved furthest from what to what, and on average, in words."""
    import numpy as np

    from trimtab.estimates.breakdown import PAST, RECENT

    now = returns[place - RECENT + 1 : place + 1]
    before = returns[max(0, place - RECENT + 1 - PAST) : place - RECENT + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        is_now, was = (np.asarray(np.nan_to_num(np.corrcoef(one.T))) for one in (now, before))
    pairs = [(i, j) for i in range(len(names)) for j in range(i)]
    pairs.sort(key=lambda pair: (-abs(is_now[pair] - was[pair]), pair))
    moved = "; ".join(
        f"{names[j]} and {names[i]} from {was[i, j]:.2f} to {is_now[i, j]:.2f}"
        for i, j in pairs[:MOST_PAIRS]
    )
    raw, usual = known.raw[place], known.usual[place]
    return (
        f"{moved}; on average {raw[0]:.2f} over {RECENT} sessions against {usual[0]:.2f} in the "
        f"{PAST} before, and turbulence {np.exp(raw[2]):.1f} against {np.exp(usual[2]):.1f}"
    )


def by_what_is_recent(target: MovingTarget) -> MovingTarget:
    """The same rule by a covariance in which a return of a quarter ago counts half."""
    rule = target.volatility
    if rule is None:
        return replace(target, covariance="ewm", half_life=HALF_LIFE)
    fades = min(rule.half_life, HALF_LIFE) if rule.covariance == "ewm" else HALF_LIFE
    return replace(target, volatility=replace(rule, covariance="ewm", half_life=fades))


def learns_anew(target: MovingTarget) -> bool:
    """Whether a target is found from a covariance, so that broken correlations change it."""
    if target.volatility is not None:
        return True
    return target.is_optimised and target.tilt is None and target.estimator is None
