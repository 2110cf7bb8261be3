"""What a found target keeps to beside the limits of its sleeves: groups, scores, names, moves.

All of it is by sleeve, in shares of the whole portfolio; `curbed` makes limits of it for the part
that is invested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from typing import TYPE_CHECKING

from trimtab.model.frozen import dataclass
from trimtab.targets.moving.held import Held
from trimtab.targets.moving.leaving import Leaving
from trimtab.targets.objectives.constraints import Group, Score, days_of_volume, spread
from trimtab.targets.solvers.limits import Limits, Names, Search, Tracking, Turnover
from trimtab.targets.solvers.programme import Row

if TYPE_CHECKING:
    from trimtab.targets.objectives.tolerance import Kind
    from trimtab.targets.prices import Prices

RECENT = 63
"""Sessions whose volume counts: three months."""

MOST_CHOICES = 1_000_000
"""Choices of names after which a search ends, unless told."""


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Each holding can be sold in so many days.

    Args:
        days: So many.
        participation: The share of a day's volume that may be ours.
        value: Of the portfolio, in money; None: what it is worth on the day.
    """

    days: float
    participation: float = 0.1
    value: float | None = None


@dataclass(frozen=True, slots=True)
class KeptTo:
    """What `[target.optimize]` limits beside its sleeves, as fractions of the whole portfolio.

    Args:
        groups, scores: Of sums and of averages, by sleeve.
        turnover: The most that may move, one way, from what is held on the day.
        benchmark: Its shares by sleeve.
        tracking_error: The most volatility, a year, of the difference from it.
        max_names, min_names: How many sleeves may be held; None for any number, and for one.
        smallest: A sleeve that is held has at least this share.
        most_choices: Choices of names after which the search for the best one ends.
        liquidity: How fast each holding can be sold.
        tolerance: The most risk, as a point of the frontier, in place of an objective.
        leaving: What leaving what is held costs, where that counts.
    """

    groups: tuple[Group, ...] = ()
    scores: tuple[Score, ...] = ()
    turnover: float | None = None
    benchmark: Mapping[str, float] = field(default_factory=dict)
    tracking_error: float | None = None
    max_names: int | None = None
    min_names: int | None = None
    smallest: float = 0.0
    most_choices: int = MOST_CHOICES
    liquidity: Liquidity | None = None
    tolerance: tuple[Kind, float] | None = None
    leaving: Leaving | None = None

    @property
    def needs_held(self) -> bool:
        """Whether what is found depends on what is held."""
        return self.turnover is not None or self.leaving is not None

    @property
    def of_its_day(self) -> tuple[str, ...]:
        """Keys of what counts from a day's holdings or volumes, and not from estimates."""
        said = (
            ("turnover", self.turnover), ("costs", self.leaving), ("within_days", self.liquidity)
        )  # fmt: skip
        return tuple(key for key, value in said if value is not None)

    @property
    def needs_worth(self) -> bool:
        """Whether it depends on what the portfolio is worth."""
        if self.leaving is not None and self.leaving.impact:
            return True
        return self.liquidity is not None and self.liquidity.value is None


def daily_money(
    prices: Prices, symbols: Mapping[str, str], on: date
) -> tuple[dict[str, float] | None, str]:
    """What is traded of each sleeve's symbol a day, in money, or why that is not known.

    Args:
        prices: Closes and volumes.
        symbols: By sleeve.
        on: The last day that counts.
    """
    import numpy as np

    if prices.volume is None:
        return None, "within_days needs volumes, and these prices have none."
    last = int(np.searchsorted(prices.dates, np.datetime64(on, "D"), side="right"))
    rows = slice(max(last - RECENT, 0), last)
    found, lacking = {}, []
    for sleeve, symbol in symbols.items():
        place = prices.symbols.index(symbol)
        recent = prices.close[rows, place] * prices.volume[rows, place]
        known = recent[np.isfinite(recent)]
        if len(known):
            found[sleeve] = float(known.mean())
        else:
            lacking.append(symbol)
    if lacking:
        told = f"within_days needs volumes, and {', '.join(lacking)} had none in the last {RECENT}"
        return None, f"{told} sessions before {on}."
    return found, ""


def curbed(
    limits: Limits,
    kept: KeptTo,
    names: Sequence[str],
    *,
    part: float,
    held: Held,
    worth: float,
    daily: Mapping[str, float] | None,
) -> tuple[Limits, list[str]]:
    """The limits of sleeves with all others, as shares of what is invested.

    Args:
        limits: Of the sleeves.
        kept: All others.
        names: Of the sleeves that are invested, in the order of the limits.
        part: What is invested, of the whole.
        held: What is held now; a limit on turnover has no meaning before anything is.
        worth: Of the portfolio, in money; 0 where it is not known, which limits nothing.
        daily: What is traded a day, in money, by sleeve; None where that does not count.

    Returns:
        The limits, and what messages call each weight.

    Raises:
        ValueError: What could be sold in time is less than a sleeve has to hold.
    """
    place = {name: i for i, name in enumerate(names)}
    high, called = limits.high.copy(), list(names)
    worth = (
        worth if kept.liquidity is None or kept.liquidity.value is None else kept.liquidity.value
    )
    if kept.liquidity is not None and daily is not None and worth > 0.0:
        fast = days_of_volume(
            daily,
            value=worth * part,
            days=kept.liquidity.days,
            participation=kept.liquidity.participation,
        )
        for name, most in fast.items():
            if most < limits.low[place[name]]:
                raise ValueError(
                    f"within_days: {most * part:.2%} of {name} could be sold in "
                    f"{kept.liquidity.days:g} days, and min_percent or percent asks for "
                    f"{limits.low[place[name]] * part:.2%} of it"
                )
            if most < high[place[name]]:
                high[place[name]] = most
                called[place[name]] = f"{name} (within_days)"
    rows = [
        Row(
            f"{group.name} (groups)",
            spread(dict.fromkeys(group.symbols, 1.0), place),
            None if group.low is None else group.low / part,
            None if group.high is None else group.high / part,
        )
        for group in kept.groups
    ]
    rows += [
        Row(f"{score.name} (scores)", spread(score.of, place), score.low, score.high, False)
        for score in kept.scores
    ]
    turnover = tracking = few = None
    if kept.turnover is not None and held.is_any:
        now = spread({name: float(share) / part for name, share in held.shares.items()}, place)
        # What is held of sleeves that nothing is learned of is sold as well.
        others = sum(share for name, share in held.shares.items() if name not in place)
        gone = 0.5 * float(held.apart + others) / part
        words = f"turnover of {kept.turnover * 100:.4g}% at most from what is held"
        turnover = Turnover(now, kept.turnover / part, gone, words)
    if kept.tracking_error is not None:
        beside = {name: share / part for name, share in kept.benchmark.items()}
        words = f"tracking_error of {kept.tracking_error * 100:.4g}% at most"
        tracking = Tracking(spread(beside, place), kept.tracking_error / part, words)
    if kept.max_names is not None or kept.min_names is not None or kept.smallest > 0.0:
        most = len(names) if kept.max_names is None else min(kept.max_names, len(names))
        few = Names(most, max(kept.min_names or 1, 1), kept.smallest / part, _words(kept))
    search = replace(Search(), most_nodes=kept.most_choices)
    found = replace(
        limits,
        high=high,
        rows=(*limits.rows, *rows),
        turnover=turnover,
        tracking=tracking,
        names=few,
        search=search,
        part=part,
    )
    return found, called


def _words(kept: KeptTo) -> dict[str, str]:
    """The limits of a choice of names as they are written."""
    said = (
        ("most", "max_names", kept.max_names),
        ("least", "min_names", kept.min_names),
        ("smallest", "min_position", f"{kept.smallest * 100:.4g}" if kept.smallest else None),
    )
    return {which: f"{key} = {value}" for which, key, value in said if value is not None}
