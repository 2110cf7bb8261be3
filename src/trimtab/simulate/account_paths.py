"""Shuffled histories in account mode: two policies in the same accounts, and what is noise.

Real accounts need prices with cents, not returns. A path is history's sessions drawn in blocks, all
instruments of a session together, as total returns: dividends are in the prices and splits are
none, so no cash comes in on the way. What account mode does with it is the same as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING, Any

from trimtab.engine.mandate import Mandate
from trimtab.execution.opening import Opening
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.policy import Policy
from trimtab.simulate.account import backtest_accounts
from trimtab.simulate.account_run import AccountRun
from trimtab.simulate.bootstrap import LEAST_RETURNS, common_block, stationary_rows
from trimtab.simulate.difference import Figure, Gap
from trimtab.simulate.paths import stream

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats

ACCOUNT_PATHS = 20
"""Shuffled histories unless told: a run through real accounts takes seconds."""

CENTS = 4
"""Decimals of a price on a path."""

FIGURES = (
    Figure("after_tax_final_value", "final value after tax", "money"),
    Figure("after_tax_liquidation_value", "value after tax if all is sold", "money"),
)
"""What is kept of each run, in this order."""


@dataclass(frozen=True, eq=False)
class AccountPaths:
    """Two policies in the same accounts over the same shuffled histories.

    Args:
        first: The policy that is compared.
        second: The one that it is compared with.
        table: After tax, in money: final value and value if all is sold, shape (paths, 2, 2), by
            path, policy and figure.
        gaps: The first's figures less the second's, with intervals; by figure.
        how: How the paths were made, in words.
        left_out: Instruments that are on no path, because they have no price on some session.
    """

    first: str
    second: str
    table: Floats = field(repr=False)
    gaps: tuple[Gap, ...]
    how: str
    left_out: tuple[str, ...] = ()

    def __getitem__(self, figure: str) -> Gap:
        return next(gap for gap in self.gaps if gap.figure.name == figure)

    @property
    def sentence(self) -> str:
        """What is to be said of what is left after tax, plainly."""
        gap = self["after_tax_final_value"]
        return f"{self.first} against {self.second}, final value after tax: {gap.sentence}."

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values."""
        names = ("first", "second", "observed", "median", "low", "high", "above", "below")
        return {
            "first": self.first,
            "second": self.second,
            "sentence": self.sentence,
            "level": self.gaps[0].level,
            "paths": len(self.table),
            "how": self.how,
            "left_out": list(self.left_out),
            "figures": {
                gap.figure.name: {name: getattr(gap, name) for name in names}
                | {"verdict": gap.verdict}
                for gap in self.gaps
            },
        }


@dataclass(frozen=True, eq=False)
class ShuffledMarkets:
    """Markets of shuffled histories, made from the snapshots of real ones.

    Args:
        markets: The real snapshots, one a session, oldest first.
        names: Instruments with a price on every session; the others are on no path.
        factors: Total return of each session after the first, plus 1, shape (sessions - 1, names).
        block: Mean sessions in a block.
        seed: Of the shuffling.
    """

    markets: tuple[Market, ...]
    names: tuple[str, ...]
    factors: Floats = field(repr=False)
    block: float
    seed: int

    @classmethod
    def of(
        cls, markets: Sequence[Market], *, seed: int = 0, block: float | None = None
    ) -> ShuffledMarkets:
        """Ready to shuffle.

        Raises:
            ValueError: There are too few sessions, nothing has a price throughout, or an option
                makes no sense.
        """
        import numpy as np

        if len(markets) - 1 < LEAST_RETURNS:
            raise ValueError(f"{len(markets)} sessions are too few to shuffle")
        if seed < 0:
            raise ValueError(f"seed {seed!r}: a whole number from 0 on")
        quoted = (
            {name for name, quote in market.quotes.items() if quote.price is not None}
            for market in markets
        )
        names = tuple(sorted(set.intersection(*quoted)))
        if not names:
            raise ValueError("no instrument has a price on every session")
        factors = np.array([_factors(markets, name) for name in names]).T
        length = common_block(factors - 1.0) if block is None else float(block)
        if not 1.0 <= length <= len(markets):
            raise ValueError(f"block {block!r}: a number of sessions, from 1 to {len(markets)}")
        return cls(tuple(markets), names, factors, length, seed)

    def path(self, number: int) -> list[Market]:
        """The markets of one path: history's sessions, other returns, no splits or dividends."""
        import numpy as np

        rows = stationary_rows(stream(self.seed, number), len(self.factors), self.block)
        first = np.array([float(_price(self.markets[0], name)) for name in self.names])
        closes = first * np.cumprod(np.vstack([np.ones(len(first)), self.factors[rows]]), axis=0)
        made: list[Market] = []
        before: dict[str, Quote] = {}
        for market, row in zip(self.markets, closes.tolist(), strict=True):
            quotes = {}
            for name, close in zip(self.names, row, strict=True):
                price = Price.of(max(Decimal(f"{close:.{CENTS}f}"), Decimal(1).scaleb(-CENTS)))
                last = before.get(name)
                quotes[name] = Quote(
                    price,
                    market.as_of,
                    None if last is None else last.price,
                    None if last is None else last.on,
                )
            made.append(Market(market.as_of, market.calendar, quotes))
            before = quotes
        return made


def _price(market: Market, name: str) -> Decimal:
    price = market.quotes[name].price
    assert price is not None
    return price.decimal


def _factors(markets: Sequence[Market], name: str) -> list[float]:
    """What one unit of money in an instrument became, session by session, dividends included."""
    splits = {one.on: one.ratio for one in markets[-1].splits if one.instrument == name}
    paid = [one for one in markets[-1].dividends if one.instrument == name]
    found = []
    for before, now in pairwise(markets):
        ratio, cash = Fraction(1), Decimal(0)
        for on, units in splits.items():
            if before.as_of < on <= now.as_of:
                ratio *= units
        for one in paid:
            if before.as_of < one.on <= now.as_of:
                cash += one.amount.decimal
        held = float(_price(now, name)) * float(ratio) + float(cash)
        found.append(held / float(_price(before, name)))
    return found


def bootstrap_accounts(
    mandate: Mandate,
    opening: Opening,
    markets: Sequence[Market],
    policies: tuple[Policy, Policy],
    *,
    observed: tuple[AccountRun, AccountRun] | None = None,
    paths: int = ACCOUNT_PATHS,
    seed: int = 0,
    block: float | None = None,
    level: float = 0.95,
    pay_tax: bool = True,
    on_run: Callable[[int, str], None] | None = None,
) -> AccountPaths:
    """Two policies in account mode over the same shuffled histories, compared path by path.

    Args:
        mandate: The household; its policy is replaced by each of the two.
        opening: Cash at the start; accounts are invested at the first session.
        markets: Real snapshots, one a session, oldest first.
        policies: The one that is compared, and the one that it is compared with.
        observed: What the two did in history, if that was run.
        paths: Shuffled histories.
        seed: Of the shuffling; the same seed, the same paths.
        block: Mean sessions in a block; by default chosen from the data as for research mode.
        level: Of the interval: the middle so much of the differences over the paths.
        pay_tax: Pay tax when it is due; else what is owed is taken off at the end.
        on_run: Called with the path's number and the policy's name before each run.

    Raises:
        ValueError: An option makes no sense, or there are too few sessions.
    """
    import numpy as np

    if paths < 2:
        raise ValueError(f"paths {paths!r}: at least 2, to tell anything from chance")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level!r}: between 0 and 1, as 0.95")
    shuffled = ShuffledMarkets.of(markets, seed=seed, block=block)
    table = np.empty((paths, 2, len(FIGURES)))
    for number in range(paths):
        path = shuffled.path(number)
        for place, policy in enumerate(policies):
            if on_run is not None:
                on_run(number, policy.label)
            own = replace(mandate, when=policy.when, to=policy.to)
            run = backtest_accounts(own, opening, path, invest_at_start=True, pay_tax=pay_tax)
            table[number, place] = _figures(run)
    seen = [[nan, nan], [nan, nan]] if observed is None else [_figures(run) for run in observed]
    gaps = tuple(
        _gap(figure, table[:, :, place], (seen[0][place], seen[1][place]), level)
        for place, figure in enumerate(FIGURES)
    )
    ever = {name for market in markets for name in market.quotes}
    return AccountPaths(
        first=policies[0].label,
        second=policies[1].label,
        table=table,
        gaps=gaps,
        how=(
            f"{paths:,} shuffled histories in account mode, sessions drawn in blocks of "
            f"{shuffled.block:.3g} on average, seed {seed}; total returns, so without dividends "
            "and splits"
        ),
        left_out=tuple(sorted(ever - set(shuffled.names))),
    )


def _figures(run: AccountRun) -> list[float]:
    """After tax, in money, in the order of FIGURES."""
    return [run.after_tax / 100, run.liquidation_after_tax / 100]


def _gap(figure: Figure, pairs: Floats, seen: tuple[float, float], level: float) -> Gap:
    """One figure of both policies, path by path: shape (paths, 2)."""
    import numpy as np

    apart = pairs[:, 0] - pairs[:, 1]
    tail = 50.0 * (1.0 - level)
    low, median, high = (float(q) for q in np.percentile(apart, [tail, 50.0, 100.0 - tail]))
    return Gap(
        figure=figure,
        first=seen[0],
        second=seen[1],
        medians=(float(np.median(pairs[:, 0])), float(np.median(pairs[:, 1]))),
        median=median,
        low=low,
        high=high,
        above=float(np.mean(apart > 0.0)),
        below=float(np.mean(apart < 0.0)),
        level=level,
    )
