"""How much of a good result is luck: Sharpe ratios that count trials, and overfitting's odds.

Whoever tries many policies finds one that did well by chance. The probabilistic Sharpe ratio says
how sure a figure is, given how long and how crooked its returns are; the deflated one takes off
what the best of so many trials shows by luck alone; combinatorially symmetric cross-validation
asks how often the best in one half of history is below the middle in the other.

Sharpe ratios here are per return, not a year's: a yearly one is divided by sqrt 252 first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import comb, e, isnan, nan, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from trimtab.model.errors import OptionError
from trimtab.simulate.frames import html_table

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats

EULER_GAMMA = 0.5772156649015329
_NORMAL = NormalDist()
_CELLS_AT_ONCE = 1 << 18
"""Splits times policies that are looked at together."""


def sharpe_moments(returns: Any) -> tuple[float, float, float, int]:
    """Sharpe ratio per return (no risk-free rate), skewness, kurtosis (3 is normal), and number.

    The standard deviation has ddof 1 in the ratio, and skewness and kurtosis are the moments of
    the sample. NaN where returns do not vary.

    Args:
        returns: Simple returns, or returns above a risk-free rate, shape (n,).
    """
    import numpy as np

    x = np.asarray(returns, dtype=np.float64)
    n = len(x)
    away = x - x.mean()
    variance = float(np.mean(away**2))
    # What rounding leaves of equal returns is no variation.
    if n < 2 or variance <= (1e-12 * float(np.abs(x).max())) ** 2:
        return nan, nan, nan, n
    ratio = float(x.mean()) / sqrt(variance * n / (n - 1))
    skew = float(np.mean(away**3)) / variance**1.5
    kurtosis = float(np.mean(away**4)) / variance**2
    return ratio, skew, kurtosis, n


def probabilistic_sharpe(
    sharpe: float, count: int, *, above: float = 0.0, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """How probable it is that the true Sharpe ratio is above a level.

    Bailey and Lopez de Prado, The Sharpe ratio efficient frontier, Journal of Risk 15, 2012.

    Args:
        sharpe: The observed ratio, per return.
        count: How many returns it was estimated from, 2 or more.
        above: The level, per return.
        skew: Skewness of the returns.
        kurtosis: Their kurtosis; 3 is normal.

    >>> round(probabilistic_sharpe(0.458, 24, skew=-2.448, kurtosis=10.164), 3)
    0.913
    """
    if isnan(sharpe):
        return nan
    _check_count(count)
    return _NORMAL.cdf((sharpe - above) * sqrt(count - 1) / _spread(sharpe, skew, kurtosis))


def track_record_length(
    sharpe: float,
    *,
    above: float = 0.0,
    confidence: float = 0.95,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """How many returns it takes to be so sure that the true Sharpe ratio is above a level.

    Bailey and Lopez de Prado 2012, equation 13. Infinite where the ratio is not above the level.

    Args:
        sharpe: The observed ratio, per return.
        above: The level, per return.
        confidence: How sure, above 0.5.
        skew: Skewness of the returns.
        kurtosis: Their kurtosis; 3 is normal.
    """
    if not 0.5 < confidence < 1.0:
        raise OptionError(f"confidence {confidence!r}: between 0.5 and 1, as 0.95")
    if sharpe <= above:
        return float("inf")
    spread = _spread(sharpe, skew, kurtosis)
    return 1.0 + (spread * _NORMAL.inv_cdf(confidence) / (sharpe - above)) ** 2


def _spread(sharpe: float, skew: float, kurtosis: float) -> float:
    """Standard error of a Sharpe ratio, times sqrt(count - 1)."""
    squared = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    # No sample has such moments: kurtosis is at least 1 + skew^2.
    if squared <= 0.0:
        raise OptionError(f"skew {skew!r} and kurtosis {kurtosis!r}: no returns have both")
    return sqrt(squared)


def _check_count(count: int) -> None:
    if count < 2:
        raise OptionError(f"count {count!r}: a Sharpe ratio needs two returns or more")


def best_by_luck(trials: int, deviation: float) -> float:
    """The Sharpe ratio that the best of several worthless trials is expected to show.

    Bailey and Lopez de Prado, The deflated Sharpe ratio, Journal of Portfolio Management 40, 2014,
    equation 1 with a mean of zero.

    Args:
        trials: How many independent trials, 1 or more.
        deviation: Standard deviation of the trials' Sharpe ratios.
    """
    if trials < 1:
        raise OptionError(f"trials {trials!r}: at least 1")
    if trials == 1:
        return 0.0
    most = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    next_most = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    return deviation * ((1.0 - EULER_GAMMA) * most + EULER_GAMMA * next_most)


def deflated_sharpe(
    sharpe: float,
    count: int,
    *,
    trials: int,
    deviation: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """How probable it is that the best of several trials is more than the luck of trying.

    The probabilistic Sharpe ratio above what the best of worthless trials would show.

    Args:
        sharpe: The best trial's ratio, per return.
        count: How many returns it was estimated from.
        trials: How many independent trials there were. Policies of a sweep resemble each other:
            their number is an upper limit, and so the answer is a careful one.
        deviation: Standard deviation of the trials' ratios, per return.
        skew: Skewness of the best trial's returns.
        kurtosis: Their kurtosis; 3 is normal.
    """
    luck = best_by_luck(trials, deviation)
    return probabilistic_sharpe(sharpe, count, above=luck, skew=skew, kurtosis=kurtosis)


@dataclass(frozen=True)
class Deflated:
    """The best of several trials, with the luck of trying taken off.

    Args:
        best: Which trial has the highest Sharpe ratio: its place.
        sharpe: That ratio, per return.
        luck: What the best of so many worthless trials would show, per return, above what can be
            had without choosing.
        probability: How probable it is that the best is more than luck.
        trials: How many there were.
        count: How many returns each has.
    """

    best: int
    sharpe: float
    luck: float
    probability: float
    trials: int
    count: int

    @property
    def sentence(self) -> str:
        """What is to be said of it, plainly."""
        chance = f"{self.probability:.0%}"
        if not 0.005 <= self.probability < 0.995:
            chance = "under 1%" if self.probability < 0.5 else "over 99%"
        words = f"the best of {self.trials:,} is more than the luck of trying with {chance}"
        if self.probability >= 0.95:
            return f"{words}: it stands."
        return f"{words}: that is not enough to trust it (95% would be)."


def deflated(returns: Any, *, trials: int | None = None) -> Deflated:
    """The deflated Sharpe ratio of the best of several policies.

    Args:
        returns: Simple returns of every policy over the same sessions, shape (sessions, policies).
            Policies over the same instruments all earn what these do, and the best of them is
            soon more than luck: give their returns less those of the policy to be beaten.
        trials: How many independent trials they stand for; by default as many as there are.
    """
    import numpy as np

    table = _checked(returns)
    moments = np.array([sharpe_moments(column)[:3] for column in table.T])
    ratios, skews, kurtoses = moments.T
    return deflated_best(ratios, skews, kurtoses, len(table), trials=trials)


def deflated_best(
    ratios: Floats,
    skews: Floats,
    kurtoses: Floats,
    count: int,
    *,
    above: float = 0.0,
    trials: int | None = None,
) -> Deflated:
    """The same from the moments of every policy's returns.

    Args:
        ratios: Sharpe ratios per return, NaN where returns do not vary, shape (policies,).
        skews, kurtoses: Of the returns, same shape; 0 and 3 are normal.
        count: How many returns each has.
        above: Sharpe ratio per return that can be had without choosing; luck comes on top.
        trials: As for `deflated`.
    """
    import numpy as np

    number = len(ratios) if trials is None else trials
    if np.isnan(ratios).all():
        return Deflated(0, nan, nan, nan, number, count)
    best = int(np.nanargmax(ratios))
    known = ratios[~np.isnan(ratios)]
    luck = above + best_by_luck(number, float(np.std(known, ddof=1)) if len(known) > 1 else 0.0)
    ratio, skew, kurtosis = float(ratios[best]), float(skews[best]), float(kurtoses[best])
    sure = probabilistic_sharpe(ratio, count, above=luck, skew=skew, kurtosis=kurtosis)
    return Deflated(best, ratio, luck, sure, number, count)


@dataclass(frozen=True, eq=False)
class Overfitting:
    """How often the best policy of one half of history disappoints in the other.

    Args:
        probability: Share of the splits in which the best of one half is in the lower half of the
            other: the probability of backtest overfitting. 0.5 is what worthless policies show. A
            split whose best is the very middle of the other half counts as half of one.
        loss: Share of the splits in which the best of one half has a Sharpe ratio below zero in
            the other.
        slope: Of the regression of the other half's Sharpe ratio on the chosen half's, over the
            splits: below zero, the better it was, the worse it becomes.
        ranks: Relative rank in the other half of each split's best, between 0 and 1.
        chosen: Which policy was the best of each split's half.
        inside: Its Sharpe ratio there, per return.
        outside: Its Sharpe ratio in the other half.
        blocks: Into how many blocks history was cut.
        policies: How many policies there were.
    """

    probability: float
    loss: float
    slope: float
    ranks: Floats = field(repr=False)
    chosen: Any = field(repr=False)
    inside: Floats = field(repr=False)
    outside: Floats = field(repr=False)
    blocks: int
    policies: int

    @property
    def logits(self) -> Floats:
        """log(rank / (1 - rank)) of each split, as the paper draws them: below zero is bad."""
        import numpy as np

        found: Floats = np.log(self.ranks / (1.0 - self.ranks))
        return found

    @property
    def sentence(self) -> str:
        """What is to be said of it, plainly."""
        words = (
            f"in {self.probability:.0%} of {len(self.ranks):,} splits of history the best of "
            f"{self.policies:,} policies in one half is below the middle in the other"
        )
        if self.probability >= 0.4:
            return f"{words}: choosing the best of them is as good as guessing."
        if self.probability >= 0.1:
            return f"{words}: the best of them may well be luck."
        return f"{words}: what was best tends to stay good."

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        from html import escape

        heads = ["probability of overfitting", "of a loss", "slope", "splits"]
        cells = [
            f"{self.probability:.1%}",
            f"{self.loss:.1%}",
            f"{self.slope:+.2f}",
            f"{len(self.ranks):,}",
        ]
        return f"<p><b>{escape(self.sentence)}</b></p>{html_table(heads, [cells])}"


def overfitting(returns: Any, *, blocks: int = 16) -> Overfitting:
    """The probability of backtest overfitting by combinatorially symmetric cross-validation.

    Bailey, Borwein, Lopez de Prado and Zhu, The probability of backtest overfitting, Journal of
    Computational Finance, 2015. History is cut into blocks; every choice of half of them is a
    half in which the best policy by Sharpe ratio is chosen, and the rest the half that judges it.

    Args:
        returns: Simple returns of every policy over the same sessions, shape (sessions,
            policies), two policies or more. Sessions that do not fill the last block are left out
            at the beginning.
        blocks: Into how many blocks: even, from 2 to 20. Each must hold two returns.

    Raises:
        OptionError: The returns or the number of blocks cannot be used.
    """
    import numpy as np

    table = _checked(returns)
    sessions, policies = table.shape
    if policies < 2:
        raise OptionError("overfitting: compares two policies or more")
    if blocks % 2 or not 2 <= blocks <= 20:
        raise OptionError(f"blocks {blocks!r}: an even number from 2 to 20")
    size = sessions // blocks
    if size < 2:
        raise OptionError(f"{sessions} returns are too few for {blocks} blocks")
    # Less their means, squares do not drown the variance of small returns in rounding.
    centre = table.mean(axis=0)
    cut = (table - centre)[sessions - size * blocks :].reshape(blocks, size, policies)
    counts = np.full(blocks, size)
    return cross_validated(cut.sum(axis=1), (cut**2).sum(axis=1), counts, centre)


def cross_validated(sums: Floats, squares: Floats, counts: Any, centre: Floats) -> Overfitting:
    """The same from what the returns of each block add up to.

    Args:
        sums, squares: Of the returns less a centre, and of their squares, shape (blocks,
            policies); an even number of blocks.
        counts: How many returns each block has, shape (blocks,).
        centre: What was taken off each policy's returns, shape (policies,); zeros will do where
            returns vary much more than they are.
    """
    import numpy as np

    blocks, policies = sums.shape
    halves = np.array(list(combinations(range(blocks), blocks // 2)), dtype=np.int64)
    inside, outside = np.empty(len(halves)), np.empty(len(halves))
    ranks, chosen = np.empty(len(halves)), np.empty(len(halves), dtype=np.int64)
    at_once = max(1, _CELLS_AT_ONCE // policies)
    for first in range(0, len(halves), at_once):
        some = halves[first : first + at_once]
        member = np.zeros((len(some), blocks))
        np.put_along_axis(member, some, 1.0, axis=1)
        rest = 1.0 - member
        here = _sharpes(member @ sums, member @ squares, centre, member @ counts)
        there = _sharpes(rest @ sums, rest @ squares, centre, rest @ counts)
        best = np.argmax(here, axis=1)
        every = np.arange(len(some))
        span = slice(first, first + len(some))
        chosen[span], inside[span], outside[span] = best, here[every, best], there[every, best]
        own = outside[span][:, None]
        # Ties share their ranks, so that equal policies stand in the middle and not below it.
        lower = (there < own).sum(axis=1) + 0.5 * ((there == own).sum(axis=1) - 1)
        ranks[span] = (lower + 1.0) / (policies + 1.0)
    assert len(halves) == comb(blocks, blocks // 2)
    away = inside - inside.mean()
    spread = float(away @ away)
    return Overfitting(
        probability=float(np.mean(ranks < 0.5) + 0.5 * np.mean(ranks == 0.5)),
        loss=float(np.mean(outside < 0.0)),
        slope=float(away @ outside) / spread if spread > 0.0 else nan,
        ranks=ranks,
        chosen=chosen,
        inside=inside,
        outside=outside,
        blocks=blocks,
        policies=policies,
    )


def _sharpes(sums: Floats, squares: Floats, centre: Floats, counts: Floats) -> Floats:
    """Sharpe ratios by split and policy; none where nothing varies."""
    import numpy as np

    count = counts[:, None]
    means = sums / count
    variances = np.maximum(squares - count * means**2, 0.0) / (count - 1)
    varies = variances > 1e-24 * (means + centre) ** 2
    ratios: Floats = np.divide(
        means + centre, np.sqrt(variances), out=np.zeros_like(means), where=varies
    )
    return ratios


def _checked(returns: Any) -> Floats:
    import numpy as np

    table: Floats = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise OptionError(f"returns of shape {table.shape}: sessions by policies are wanted")
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        raise OptionError(f"returns: no number at session {row} of policy {column}")
    return table
