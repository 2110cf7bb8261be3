"""Splits that prices seem not to know of: a far move, or one near a ratio, large for its time.

What may be tenfold is refused (`panel`). Here is what a backtest can only warn of: a real fall by
half exists, and nobody is there to ask. What is far is what account mode does not believe (`JUMP`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp, log
from typing import TYPE_CHECKING

from trimtab.model.findings import Finding
from trimtab.model.market import JUMP
from trimtab.simulate.prices.history import PriceHistory, day_of, furthest_steps

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats

REVERSE = tuple((new, 1) for new in (2, 3, 4, 5, 6, 7, 8, 10))
"""Old units for a new one that are usual in reverse splits."""
FORWARD = ((3, 2), (5, 2), *REVERSE)
"""New units for old ones that are usual."""
MANY = (10, 12, 15, 20, 25, 30, 40, 50, 75, 100)
"""Units that come of one, or go into one, where it is many."""
NEAR = 0.035
"""How far, in log returns, a move may be from a ratio: what else happened on that day. AAPL's real
fall of 2000-09-29 is 0.038 from a half."""
FAR = 8.0
"""How many standard deviations of its time a move has to be. In 33 years of twenty stocks with
the crashes of 1990 to 2022 in them, one move is that far and near a ratio."""
AROUND = 30
"""Sessions before, and as many after, that say what was usual at the time."""
LEAST_AROUND = 5
"""With fewer of them, every move near a ratio is told."""
MOST_DAYS, MOST_SYMBOLS = 3, 10
"""Days of a symbol, and symbols, that are told before the rest is counted."""


@dataclass(frozen=True)
class SplitLook:
    """A move that looks like a split.

    Args:
        symbol: Of what.
        day: The first session after it.
        before, after: The prices.
        words: The split, as `2-for-1 split`.
        is_near: Whether the move is near it; else it is the nearest to a move that is far.
    """

    symbol: str
    day: date
    before: float
    after: float
    words: str
    is_near: bool = True

    def __str__(self) -> str:
        told = f"{self.before:g} to {self.after:g} on {self.day}, "
        if self.is_near:
            return f"{told}as a {self.words} would"
        return f"{told}{times(self.before, self.after)}, nearest to a {self.words}"


def split_findings(history: PriceHistory) -> tuple[Finding, ...]:
    """A warning for each symbol with moves that look like splits not worked in.

    Args:
        history: Prices of trades, NaN where there was none.
    """
    return history.once("split findings", lambda: _findings(split_looks(history), history.scaled))


def _findings(looks: tuple[SplitLook, ...], back: tuple[str, ...]) -> tuple[Finding, ...]:
    by_symbol: dict[str, list[SplitLook]] = {}
    for one in looks:
        by_symbol.setdefault(one.symbol, []).append(one)
    found = []
    for symbol, own in list(by_symbol.items())[:MOST_SYMBOLS]:
        told = "; ".join(map(str, own[:MOST_DAYS]))
        if symbol in back:
            told += " (prices with later dividends and splits worked in)"
        more = f"; and {len(own) - MOST_DAYS} more" if len(own) > MOST_DAYS else ""
        message = (
            f"the price goes from {told}{more}. If it is one, the run counts it as a gain or loss "
            "that never was: give a column `split`, or total-return prices. If it is a slip, "
            "correct the row."
        )
        found.append(Finding("looks-like-split", symbol, message, "warning", own[0].day))
    rest = list(by_symbol)[MOST_SYMBOLS:]
    if rest:
        message = f"{len(rest)} more symbols have moves that look like splits, as {rest[0]}."
        found.append(Finding("looks-like-split", "prices", message, "warning"))
    return tuple(found)


def split_looks(history: PriceHistory) -> tuple[SplitLook, ...]:
    """Moves from one price to the next that are far, or near the ratio of a split and large.

    Far is `JUMP` times, or that part. Large is FAR times the standard deviation of the log returns
    around it, the larger of before and after, each without its largest move: a crash is followed by
    other large moves, a split by days like those before.

    Args:
        history: Prices of trades, NaN where there was none.
    """
    import numpy as np

    close = history.close
    if len(close) < 2:
        return ()
    # Most columns never come near a split, and those are told at once; a missing price is NaN here.
    least = min(new / old for new, old in FORWARD) * (1.0 - NEAR)
    smallest, largest = furthest_steps(history)
    calm = (largest < least) & (smallest > 1.0 / least)
    found = []
    for i in np.flatnonzero(~calm):
        rows = np.flatnonzero(~np.isnan(close[:, i]))
        prices = close[rows, i]
        steps = prices[1:] / prices[:-1]
        for k in np.flatnonzero((steps > least) | (steps * least < 1.0)):
            start = max(0, int(k) - AROUND)
            moves = np.diff(np.log(prices[start : k + AROUND + 2]))
            words = _ratio_of(float(moves[k - start]))
            is_far = steps[k] >= JUMP or JUMP * steps[k] <= 1.0
            is_large = abs(moves[k - start]) >= FAR * usual_move(moves, int(k) - start)
            if is_far or (words and is_large):
                day = day_of(history.dates[rows[k + 1]])
                before, after = float(prices[k]), float(prices[k + 1])
                guess = words or split_guess(before, after)
                one = SplitLook(history.symbols[i], day, before, after, guess, bool(words))
                found.append(one)
    return tuple(found)


def split_guess(before: float, after: float) -> str:
    """The usual split that a far move is nearest to, in the words of an announcement.

    >>> split_guess(200.0, 10.1)
    '20-for-1 split'
    >>> split_guess(1.5, 14.2)
    '1-for-10 reverse split'
    >>> split_guess(1.0, 250.0)
    '1-for-250 reverse split'
    """
    move = log(after / before)
    ratios = FORWARD if move < 0.0 else REVERSE
    usual = [*ratios, *((many, 1) for many in MANY)]
    if abs(move) > log(usual[-1][0]):
        usual = [(round(exp(abs(move))), 1)]
    return _in_words(move, *min(usual, key=lambda one: abs(abs(move) - log(one[0] / one[1]))))


def times(before: float, after: float) -> str:
    """How far a price went, as a multiple or a part of the one before.

    >>> times(10.0, 95.0), times(100.0, 10.5)
    ('9.5 times the one before', '0.105 of the one before')
    """
    if after > before:
        return f"{after / before:.3g} times the one before"
    return f"{after / before:.3g} of the one before"


def _ratio_of(move: float) -> str:
    """The split that a log return looks like, in the words of an announcement; empty for none."""
    ratios = FORWARD if move < 0.0 else REVERSE
    new, old = min(ratios, key=lambda ratio: abs(abs(move) - log(ratio[0] / ratio[1])))
    if abs(abs(move) - log(new / old)) > NEAR:
        return ""
    return _in_words(move, new, old)


def _in_words(move: float, new: int, old: int) -> str:
    return f"{new}-for-{old} split" if move < 0.0 else f"{old}-for-{new} reverse split"


def usual_move(moves: Floats, k: int) -> float:
    """The usual size of the moves before and after one: the larger; 0 where nothing is known.

    Args:
        moves: Log returns, oldest first.
        k: The place of the one that is not counted.
    """
    import numpy as np

    sides = [moves[max(0, k - AROUND) : k], moves[k + 1 : k + 1 + AROUND]]
    if sum(map(len, sides)) < LEAST_AROUND:
        return 0.0
    long = [side for side in sides if len(side) >= LEAST_AROUND] or [np.concatenate(sides)]
    # Without its largest move, so that a slip that is undone does not hide itself.
    kept = [np.delete(side, int(np.abs(side).argmax())) for side in long]
    return max(float(np.std(side, ddof=1)) for side in kept)
