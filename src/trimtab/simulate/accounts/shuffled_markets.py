"""Shuffled histories as markets: history's sessions drawn in blocks, with prices to the cent.

Real accounts need prices with decimals, not returns. A path is history's sessions drawn in blocks,
all instruments of a session together, as total returns: dividends are in the prices and splits are
none, so no cash comes in on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from trimtab.engine.jumps import CALM
from trimtab.model.errors import OptionError
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.simulate.accounts.tape import MOST, Days, Tape
from trimtab.simulate.uncertainty.bootstrap import LEAST_RETURNS, common_block, stationary_rows
from trimtab.simulate.uncertainty.paths import stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats

CENTS = 4
"""Decimals of a price on a path."""


@dataclass(frozen=True, eq=False)
class ShuffledMarkets:
    """Markets of shuffled histories, made from the snapshots of real ones.

    Args:
        sessions: The days of every path: those of history.
        names: Instruments with a price on every session; the others are on no path.
        first: Their prices at the first session, shape (names,).
        factors: Total return of each session after the first, plus 1, shape (sessions - 1, names).
        block: Mean sessions in a block.
        seed: Of the shuffling.
        currency: What prices were brought to, as in `Market`.
    """

    sessions: Days
    names: tuple[str, ...]
    first: Floats = field(repr=False)
    factors: Floats = field(repr=False)
    block: float
    seed: int
    currency: str = ""

    @classmethod
    def of(
        cls, markets: Sequence[Market], *, seed: int = 0, block: float | None = None
    ) -> ShuffledMarkets:
        """Ready to shuffle.

        Raises:
            OptionError: There are too few sessions, nothing has a price throughout, or an option
                makes no sense.
        """
        import numpy as np

        if len(markets) - 1 < LEAST_RETURNS:
            raise OptionError(f"{len(markets)} sessions are too few to shuffle")
        if seed < 0:
            raise OptionError(f"seed {seed!r}: a whole number from 0 on")
        quoted = (
            {name for name, quote in market.quotes.items() if quote.price is not None}
            for market in markets
        )
        names = tuple(sorted(set.intersection(*quoted)))
        if not names:
            raise OptionError("no instrument has a price on every session")
        factors = np.array([_factors(markets, name) for name in names]).T
        length = common_block(factors - 1.0) if block is None else float(block)
        if not 1.0 <= length <= len(markets):
            raise OptionError(f"block {block!r}: a number of sessions, from 1 to {len(markets)}")
        first = np.array([float(_price(markets[0], name)) for name in names])
        sessions = Days(markets[0].calendar, tuple(market.as_of for market in markets))
        return cls(sessions, names, first, factors, length, seed, markets[0].currency)

    def path(self, number: int) -> Tape:
        """One path: history's sessions, other returns, no splits or dividends."""
        import numpy as np

        rows = stationary_rows(stream(self.seed, number), len(self.factors), self.block)
        grown = np.vstack([np.ones(len(self.first)), self.factors[rows]])
        mantissas = _mantissas(self.first * np.cumprod(grown, axis=0))
        count = len(self.sessions.days)
        calm = np.ones(mantissas.shape, dtype=np.bool_)
        calm[1:] = (CALM * mantissas[:-1] < mantissas[1:]) & (CALM * mantissas[1:] < mantissas[:-1])
        latest = np.broadcast_to(np.arange(count)[:, None], mantissas.shape)
        return Tape(
            sessions=self.sessions,
            names=self.names,
            mantissas=mantissas,
            exponents=(-CENTS,) * len(self.names),
            calm=calm,
            latest=latest,
            actions=np.zeros(count, dtype=np.int64),
            market=lambda place: self._market(mantissas, place),
        )

    def closes_before(self, number: int, count: int) -> Floats:
        """Closes of a path before its first session, drawn as its sessions are, (count, names).

        They lead up to the first session's prices, and change nothing of the path itself.
        """
        import numpy as np

        chance = stream(self.seed, number).spawn(1)[0]
        pool = len(self.factors)
        drawn = [stationary_rows(chance, pool, self.block) for _ in range(-(-count // pool))]
        rows = np.concatenate([np.zeros(0, np.int64), *drawn])[:count]
        return self.first / np.cumprod(self.factors[rows][::-1], axis=0)[::-1]

    def _market(self, mantissas: NDArray[np.int64], place: int) -> Market:
        """The snapshot of a session of a path."""
        day, calendar = self.sessions.days[place], self.sessions.calendar
        now = [Price(mantissa, -CENTS) for mantissa in mantissas[place].tolist()]
        if place == 0:
            quotes = [Quote(price, day) for price in now]
        else:
            eve = self.sessions.days[place - 1]
            before = [Price(mantissa, -CENTS) for mantissa in mantissas[place - 1].tolist()]
            quotes = [Quote(price, day, last, eve) for price, last in zip(now, before, strict=True)]
        shown = dict(zip(self.names, quotes, strict=True))
        return Market(day, calendar, shown, currency=self.currency)


def _mantissas(closes: Floats) -> NDArray[np.int64]:
    """Prices as whole numbers of their last decimal, rounded as text would be, at least 1.

    Raises:
        OptionError: A price is beyond counting.
    """
    import numpy as np

    scaled = closes * 10.0**CENTS
    if not np.all(scaled < MOST):
        raise OptionError(f"a price on a path grows beyond {MOST / 10**CENTS:,.0f}")
    whole = np.rint(scaled)
    # Where the product's own rounding could tip it, the exact digits decide.
    for place in np.argwhere(np.abs(np.abs(scaled - whole) - 0.5) < 1e-9 * (1.0 + scaled)):
        at = tuple(place.tolist())
        whole[at] = int(f"{closes[at]:.{CENTS}f}".replace(".", ""))
    return np.maximum(whole, 1.0).astype(np.int64)


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
