"""How far apart two policies are over many paths, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, floor, isnan, log10
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.model.errors import OptionError, UnknownNameError
from trimtab.simulate.frames import html_table, make_frame, text_table

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats, FrameKind

Unit: TypeAlias = Literal["share", "share a year", "money", "count"]
Verdict: TypeAlias = Literal["more", "less", "noise", "same", "few", "mixed"]

LEAST_PATHS = 100
"""Fewer tell nothing of the ends of an interval, so nothing is said to be noise or more."""


@dataclass(frozen=True)
class Figure:
    """One figure of a run over a path: its name in results, its words for readers, its unit."""

    name: str
    words: str
    unit: Unit


OUTCOME_FIGURES = (
    Figure("final_value", "final value", "money"),
    Figure("cagr", "growth", "share a year"),
    Figure("volatility", "volatility", "share a year"),
    Figure("max_drawdown", "worst fall", "share"),
    Figure("tracking_error", "tracking error", "share a year"),
    Figure("turnover_a_year", "turnover", "share a year"),
    Figure("cost_a_year", "cost", "share a year"),
    Figure("rebalances", "rebalances", "count"),
)
"""What is kept of each path, in this order.

`tracking_error` is the standard deviation (ddof 1, a year: times sqrt 252 for daily prices) of
simple returns less those of the target held exactly, free of cost; `turnover_a_year` the one-way
turnover over the run, divided by its years; `cost_a_year` the costs, each as a share of the value
before it, summed and divided by the years. The others are as in a `PolicyResult`.
"""

PLACES = {figure.name: place for place, figure in enumerate(OUTCOME_FIGURES)}


@dataclass(frozen=True)
class Gap:
    """One figure of one policy less that of another, over all paths.

    Args:
        figure: Which.
        first: The first policy's figure in history; NaN where there is no history to compare.
        second: The second's.
        medians: Of the first's and of the second's figure over the paths.
        median: Of the difference over the paths.
        low: Lower end of the percentile interval of the difference.
        high: Upper end.
        above: Share of the paths on which the first has more.
        below: Share of the paths on which it has less.
        level: Of the interval, as 0.95.
        paths: How many there were.
        least: Fewer than this tell nothing.
    """

    figure: Figure
    first: float
    second: float
    medians: tuple[float, float]
    median: float
    low: float
    high: float
    above: float
    below: float
    level: float
    paths: int
    least: int = LEAST_PATHS

    @property
    def observed(self) -> float:
        """The difference in history, else the median over the paths."""
        gap = self.first - self.second
        return self.median if isnan(gap) else gap

    @property
    def verdict(self) -> Verdict:
        """What the interval says: clearly more, clearly less, noise, or equal on every path.

        Few is for too few paths to tell, mixed for an interval that leaves out zero on one side
        while history lies on the other.
        """
        if self.low == self.high == 0.0 and self.above == self.below == 0.0:
            return "same"
        if self.paths < self.least:
            return "few"
        if self.low <= 0.0 <= self.high:
            return "noise"
        if self.observed * self.low < 0.0:
            return "mixed"
        return "more" if self.low > 0.0 else "less"

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval, where it tells anything: None for too few paths and for what is unknown."""
        known = not isnan(self.low) and self.verdict != "few"
        return (self.low, self.high) if known else None

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values; what is not known, or tells nothing, is None."""
        names = ("first", "second", "observed", "median", "low", "high", "above", "below")
        values = {name: getattr(self, name) for name in names}
        told = {name: None if isnan(value) else value for name, value in values.items()}
        told["low"], told["high"] = self.interval or (None, None)
        return told | {"verdict": None if isnan(self.low) else self.verdict}

    @property
    def sentence(self) -> str:
        """What is to be said of it, plainly."""
        show = _signed(self.figure.unit, self.low, self.high, self.observed)
        span = f"{self.level:.0%} interval {show(self.low)} to {show(self.high)}"
        year = " a year" if self.figure.unit == "share a year" else ""
        gap = f"the difference of {show(self.observed)}{year}"
        if isnan(self.low):
            return "it is not known for these policies"
        if self.verdict == "same":
            return "there is no difference on any path"
        if self.verdict == "few":
            return f"{gap}: too few paths to tell ({self.paths:,}; at least {self.least:,})"
        if self.verdict == "mixed":
            return (
                f"{gap} lies on the other side of zero than the paths say: {span}, so nothing "
                "can be told"
            )
        if self.verdict == "noise":
            words = f"{gap} is noise: {span}"
        else:
            words = f"{gap} is more than noise: {span}"
        if not self.low <= self.observed <= self.high:
            words += (
                "; what happened is outside that range: it came of the order of the days, which "
                "shuffling undoes, as a long trend does, so count on the range"
            )
        return words


@dataclass(frozen=True, eq=False)
class Difference:
    """One policy against another over the same paths: figure by figure, with intervals.

    Printing it gives a plain sentence on growth and a table of everything.

    Args:
        first: The policy that is compared.
        second: The one that it is compared with.
        gaps: By figure.
        samples: The difference on every path, by figure, shape (paths,) each.
        level: Of the intervals, as 0.95.
        how: How the paths were made, in words.
        frames: What kind of frame it gives.
    """

    first: str
    second: str
    gaps: tuple[Gap, ...]
    samples: Mapping[str, Floats] = field(repr=False)
    level: float
    how: str
    frames: FrameKind = field(repr=False, default="columns")

    def __getitem__(self, figure: str) -> Gap:
        for gap in self.gaps:
            if gap.figure.name == figure:
                return gap
        known = ", ".join(gap.figure.name for gap in self.gaps)
        raise UnknownNameError(f"no figure {figure!r}; there are {known}")

    def __iter__(self) -> Iterator[Gap]:
        return iter(self.gaps)

    @property
    def sentence(self) -> str:
        """What is to be said of the difference in growth, plainly."""
        return f"{self.first} against {self.second}, growth: {self['cagr'].sentence}."

    @cached_property
    def _rows(self) -> tuple[list[str], list[list[str]]]:
        heads = ["", self.first, self.second, "difference", "low", "high", "verdict"]
        rows = []
        for gap in self.gaps:
            if isnan(gap.low):
                continue
            show = _signed(gap.figure.unit, gap.low, gap.high, gap.observed)
            plain = _plain(gap.figure.unit)
            ends = gap.interval
            seen = gap.medians if isnan(gap.first) else (gap.first, gap.second)
            rows.append(
                [
                    gap.figure.words + (" a year" if gap.figure.unit == "share a year" else ""),
                    plain(seen[0]),
                    plain(seen[1]),
                    show(gap.observed),
                    show(ends[0]) if ends else "-",
                    show(ends[1]) if ends else "-",
                    gap.verdict,
                ]
            )
        return heads, rows

    def __str__(self) -> str:
        heads, rows = self._rows
        return f"{self.sentence}\n\n{text_table(heads, rows)}\n\n{self._below}"

    @property
    def _below(self) -> str:
        first = "" if not isnan(self["cagr"].first) else "Figures are medians over the paths. "
        if self["cagr"].interval is None:
            return f"{self.how}. {first}".rstrip()
        return f"{self.how}. {first}Low and high: the middle {self.level:.0%} of the differences."

    def _repr_html_(self) -> str:
        from html import escape

        heads, rows = self._rows
        table = html_table(heads, rows)
        return f"<p><b>{escape(self.sentence)}</b></p>{table}<p>{escape(self._below)}</p>"

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """One row a figure: both policies, the difference, its interval, its verdict.

        As in `to_dict`, what is not known and the interval of too few paths are null.
        """
        rows = [{"figure": gap.figure.name, **gap.to_dict()} for gap in self.gaps]
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        return make_frame(columns, kind or self.frames, index="figure")

    def to_paths(self, kind: FrameKind | None = None) -> Any:
        """One row a path: the difference in each figure."""
        return make_frame(dict(self.samples), kind or self.frames)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values; what is not known is None."""
        return {
            "first": self.first,
            "second": self.second,
            "sentence": self.sentence,
            "level": self.level,
            "paths": len(next(iter(self.samples.values()))),
            "how": self.how,
            "figures": {gap.figure.name: gap.to_dict() for gap in self.gaps},
        }


def difference_of(
    names: tuple[str, str],
    tables: tuple[Floats, Floats],
    observed: tuple[Floats, Floats],
    *,
    level: float,
    how: str,
    frames: FrameKind,
) -> Difference:
    """Two policies compared path by path.

    Args:
        names: Of the two.
        tables: Their figures, each of shape (paths, figures) in the order of OUTCOME_FIGURES.
        observed: Their figures in history, each of shape (figures,); NaN where there is none.
        level: Of the intervals.
        how: How the paths were made.
        frames: What kind of frame to give.

    Raises:
        OptionError: The level is none.
    """
    import numpy as np

    if not 0.0 < level < 1.0:
        raise OptionError(f"level {level!r}: between 0 and 1, as 0.95")
    gaps, samples = [], {}
    tail = 50.0 * (1.0 - level)
    for place, figure in enumerate(OUTCOME_FIGURES):
        apart = tables[0][:, place] - tables[1][:, place]
        low, median, high = (float(q) for q in np.percentile(apart, [tail, 50.0, 100.0 - tail]))
        samples[figure.name] = apart
        gaps.append(
            Gap(
                figure=figure,
                first=float(observed[0][place]),
                second=float(observed[1][place]),
                medians=(
                    float(np.median(tables[0][:, place])),
                    float(np.median(tables[1][:, place])),
                ),
                median=median,
                low=low,
                high=high,
                above=float(np.mean(apart > 0.0)),
                below=float(np.mean(apart < 0.0)),
                level=level,
                paths=len(apart),
            )
        )
    return Difference(names[0], names[1], tuple(gaps), samples, level, how, frames)


def shown(unit: Unit, value: float) -> str:
    """A figure as a reader wants it rounded.

    >>> shown("share a year", 0.07123)
    '7.12%'
    """
    return _plain(unit)(value)


def _plain(unit: Unit) -> Callable[[float], str]:
    def text(value: float) -> str:
        if isnan(value):
            return "-"
        if unit in ("share", "share a year"):
            return f"{value:.2%}"
        return f"{value:,.2f}" if unit == "money" else f"{value:,.0f}"

    return text


def _signed(unit: Unit, *values: float) -> Callable[[float], str]:
    """How differences of one figure are written: with so many digits that they can be told apart.

    The largest has two that count at least; shares never have fewer than two decimals of a percent.
    """
    largest = max((abs(v) for v in values if not isnan(v)), default=0.0)
    scale = 100.0 if unit in ("share", "share a year") else 1.0
    least = {"share": 2, "share a year": 2, "money": 2, "count": 0}[unit]
    needed = 1 - floor(log10(largest * scale)) if largest > 0.0 else 0
    digits = min(max(least, ceil(needed)), 8)
    if unit == "count":
        digits = 0 if all(v == round(v) for v in values if not isnan(v)) else 1

    def text(value: float) -> str:
        if isnan(value):
            return "-"
        # Minus zero is no news.
        rounded = round(value * scale, digits) + 0.0
        return f"{rounded:+,.{digits}f}" + ("%" if scale == 100.0 else "")

    return text
