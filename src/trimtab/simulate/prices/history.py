"""Prices over time: one table of sessions and symbols, and views of it that end at a date."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.market import AS_TENFOLD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Days, Floats, FrameKind

T = TypeVar("T")
_making = RLock()
MOST_MADE = 16
"""Results that a history keeps of what was made from it."""

TRADED, HELD, UNLISTED, GONE = range(4)
"""What a price is: of a trade; the last one, on a session without; of nothing yet, or any more."""

_FOLD = 32
"""Sessions that are one row of a table, while only columns matter."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Where prices of one symbol were read.

    Args:
        source: The file.
        days: Their days.
        numbers: The line of each, or its row where a file has no lines.
        has_lines: Whether these are lines.
    """

    source: str
    days: Days
    numbers: NDArray[np.int64]
    has_lines: bool

    def place_of(self, day: date) -> tuple[str, int | None] | None:
        """File and line of a day; None where it is not here."""
        import numpy as np

        found = np.flatnonzero(self.days == np.datetime64(day, "D"))
        if not len(found):
            return None
        number = int(self.numbers[found[0]])
        return (self.source, number) if self.has_lines else (f"{self.source} row {number}", None)


@dataclass(frozen=True, eq=False, repr=False)
class PriceHistory:
    """Total-return prices of several symbols, one row a session, oldest first.

    Args:
        dates: Sessions, ascending, shape (sessions,), numpy datetime64[D].
        symbols: What the columns are, shape (n,).
        close: Closes that include dividends and splits, shape (sessions, n); NaN where a symbol
            has no price. Never filled forward.
        open: Opens on the same scale, same shape; None where there are none.
        volume: Units traded on each session, on the same scale: close x volume is money. Same
            shape, NaN where it is not known; None where there are none.
        status: What each price is, TRADED, HELD, UNLISTED or GONE, shape (sessions, n), int8;
            None where every one was traded at.
        stripped: What is left at each close of a unit of these total returns that was held from
            the beginning and whose dividends were all taken out, same shape: it falls by each
            dividend's share of the worth. NaN where nothing is known of a symbol's dividends; None
            where of none.
        scaled: Symbols into whose prices dividends or splits were worked: not those that were read.
        undividended: Symbols whose dividends are nowhere: they came with neither adjusted closes
            nor a dividend column.
        foreign: Symbols that are quoted in another currency and were brought to this one.
        currencies: By symbol what it is quoted in, where that differs: then `select` takes only
            what is in one. Empty where all are in one.
        source: Where they came from, for messages.
        frames: What kind of frame they came in, and so what results give back.
        findings: What was noticed when reading.
        read: By symbol, where its prices were read, for messages.
        held: In the view of a policy in a backtest what it holds then, as weights by symbol, CASH
            among them; empty before it holds anything.
        worth: What the policy is worth then, in money; before it holds anything what it begins
            with.
    """

    dates: Days
    symbols: tuple[str, ...]
    close: Floats
    open: Floats | None = None
    source: str = "prices"
    frames: FrameKind = "columns"
    findings: tuple[Finding, ...] = field(default=())
    volume: Floats | None = None
    status: NDArray[np.int8] | None = None
    foreign: tuple[str, ...] = ()
    read: Mapping[str, tuple[Rows, ...]] = field(default_factory=dict)
    stripped: Floats | None = None
    held: Mapping[str, float] = field(default_factory=dict)
    undividended: tuple[str, ...] = ()
    worth: float = 0.0
    scaled: tuple[str, ...] = ()
    currencies: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def has_no_dividends(self) -> bool:
        """Whether the dividends of no symbol but cash are anywhere in these prices."""
        if not self.undividended:
            return False
        risky = {symbol for symbol in self.symbols if symbol != CASH}
        return bool(risky) and risky <= set(self.undividended)

    def __post_init__(self) -> None:
        assert self.close.shape == (len(self.dates), len(self.symbols))
        assert self.open is None or self.open.shape == self.close.shape
        assert self.volume is None or self.volume.shape == self.close.shape
        assert self.status is None or self.status.shape == self.close.shape
        assert self.stripped is None or self.stripped.shape == self.close.shape
        for name in ("dates", "close", "open", "volume", "status", "stripped"):
            column = getattr(self, name)
            if column is not None:
                own = column.view()
                own.setflags(write=False)
                object.__setattr__(self, name, own)

    def __len__(self) -> int:
        return len(self.dates)

    def __repr__(self) -> str:
        shown = ", ".join(self.symbols[:8]) + (", ..." if len(self.symbols) > 8 else "")
        days = f"{self.first} to {self.last}, " if len(self) else ""
        return (
            f"<PriceHistory of {len(self.symbols)}: {shown}; {days}"
            f"{len(self):,} sessions, from {self.source}>"
        )

    @property
    def first(self) -> date:
        """The first session."""
        return day_of(self.dates[0])

    @property
    def last(self) -> date:
        """The last session."""
        return day_of(self.dates[-1])

    @property
    def returns(self) -> Floats:
        """Simple returns from each session to the next, shape (sessions - 1, n)."""
        import numpy as np

        changes: Floats = self.close[1:] / self.close[:-1] - 1.0
        return np.asarray(changes, dtype=np.float64)

    def place_of(self, symbol: str, day: date) -> tuple[str, int | None]:
        """File and line of a symbol's price of a day, as far as they are known."""
        found = (rows.place_of(day) for rows in self.read.get(symbol, ()))
        return next((place for place in found if place), (self.source, None))

    def column(self, symbol: str) -> int:
        """The place of a symbol.

        Raises:
            InputError: There is no such symbol.
        """
        if symbol in self.symbols:
            return self.symbols.index(symbol)
        raise InputError(self.problems_with([symbol]))

    def select(self, symbols: Sequence[str]) -> PriceHistory:
        """The same sessions with these symbols only, in this order.

        Raises:
            InputError: Some of them have no prices, or they are in several currencies.
        """
        if tuple(symbols) == self.symbols and not self.currencies:
            return self
        if problems := self.problems_with(symbols):
            raise InputError(problems)
        places = [self.column(symbol) for symbol in symbols]
        opens = None if self.open is None else self.open[:, places]
        volume = None if self.volume is None else self.volume[:, places]
        status = None if self.status is None else self.status[:, places]
        stripped = None if self.stripped is None else self.stripped[:, places]
        close = self.close[:, places].copy()
        return replace(
            self, symbols=tuple(symbols), close=close, open=opens, volume=volume, status=status,
            stripped=stripped, currencies={},
        )  # fmt: skip

    def problems_with(self, symbols: Sequence[str]) -> list[Problem]:
        """Why these symbols cannot be looked at together: what has no prices, and currencies."""
        known = frozenset(self.symbols)
        strangers = [symbol for symbol in dict.fromkeys(symbols) if symbol not in known]
        problems = [
            Problem(self.source, None, symbol, "has no prices", nearest(symbol, self.symbols))
            for symbol in strangers
        ]
        quoted: dict[str, list[str]] = {}
        for symbol in dict.fromkeys(symbols):
            if symbol in self.currencies:
                quoted.setdefault(self.currencies[symbol], []).append(symbol)
        if len(quoted) > 1:
            codes = sorted(quoted)
            told = "; ".join(f"{some(quoted[code], 3)} in {code}" for code in codes[:5])
            wrong = f"prices in several currencies: {', '.join(codes[:5])} ({told})"
            remedy = "say to which they are brought with `currency=USD`, and the rates with `fx`"
            problems.append(Problem(self.source, None, "currency", wrong, remedy, is_argument=True))
        return problems

    def since(self, session: int) -> PriceHistory:
        """The rows from a session on."""
        return self.rows(slice(session, None)) if session else self

    def until(self, session: int) -> PriceHistory:
        """What was known at the close of a session: the rows up to it and no others."""
        return self.rows(slice(session + 1))

    def rows(self, kept: Any) -> PriceHistory:
        """Some of the rows: a slice, or their places."""
        opens = None if self.open is None else self.open[kept]
        volume = None if self.volume is None else self.volume[kept]
        status = None if self.status is None else self.status[kept]
        stripped = None if self.stripped is None else self.stripped[kept]
        return replace(
            self, dates=self.dates[kept], close=self.close[kept], open=opens, volume=volume,
            status=status, stripped=stripped, findings=(),
        )  # fmt: skip

    def as_traded(self) -> PriceHistory:
        """The same with prices of trades only, NaN where there was none."""
        if self.status is None:
            return self
        import numpy as np

        close = np.where(self.status == TRADED, self.close, np.nan)
        return replace(self, close=close, open=None, status=None)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for this history: it never changes, so neither does that.

        A few results are kept, so that many policies over the same prices prepare them once.
        """
        found: T | None = self._made.get(key)
        return self._make(key, make) if found is None else found

    def _make(self, key: Hashable, make: Callable[[], T]) -> T:
        # One thread at a time: others wait for what the first one makes.
        with _making:
            found: T | None = self._made.get(key)
            if found is None:
                found = make()
                if len(self._made) >= MOST_MADE:
                    del self._made[next(iter(self._made))]
                self._made[key] = found
            return found

    @cached_property
    def _made(self) -> dict[Hashable, Any]:
        return {}

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """The closes as a wide frame: dates, then one column a symbol."""
        from trimtab.simulate.frames import wide_frame

        return wide_frame(self.dates, self.symbols, self.close, kind or self.frames)


@dataclass(frozen=True, eq=False)
class Panel:
    """The sessions on which every symbol has a price, with what was left out said.

    Args:
        history: Complete prices: no NaN.
        findings: Sessions that were left out, and why.
    """

    history: PriceHistory
    findings: tuple[Finding, ...]


def common_sessions(
    history: PriceHistory,
    symbols: Sequence[str],
    *,
    start: date | None = None,
    end: date | None = None,
) -> Panel:
    """The dates on which all symbols have prices, from `start` to `end`; nothing is filled in.

    Args:
        history: Prices, with NaN where there is none.
        symbols: Those that must have prices.
        start: First date that may count.
        end: Last date that may count.

    Raises:
        InputError: A symbol is unknown, or there are fewer than two such dates.
    """
    key = ("common", tuple(symbols), start, end)
    return history.once(key, lambda: _common(history, symbols, start, end))


def _common(
    history: PriceHistory, symbols: Sequence[str], start: date | None, end: date | None
) -> Panel:
    import numpy as np

    chosen = history.select(symbols)
    days = chosen.dates
    inside = np.ones(len(days), dtype=np.bool_)
    if start is not None:
        inside &= days >= np.datetime64(start, "D")
    if end is not None:
        inside &= days <= np.datetime64(end, "D")
    # A sum is a number where all are: a product with ones finds that out fastest.
    if inside.all() and not np.isnan(chosen.close @ np.ones(len(chosen.symbols))).any():
        if len(days) < 2:
            raise InputError([no_overlap(chosen, ~np.isnan(chosen.close), inside)])
        return Panel(replace(chosen, findings=()), ())
    present = ~np.isnan(chosen.close)
    complete = present.all(axis=1) & inside
    kept = np.flatnonzero(complete)
    if len(kept) < 2:
        raise InputError([no_overlap(chosen, present, inside)])
    if len(kept) == len(days):
        return Panel(replace(chosen, findings=()), ())
    findings = left_out(chosen, present, inside, kept)
    return Panel(chosen.rows(kept), tuple(findings))


def no_overlap(history: PriceHistory, present: Any, inside: Any) -> Problem:
    """That there are not two dates on which all have prices, and which dates each has."""
    spans = []
    for i, symbol in enumerate(history.symbols):
        own = history.dates[present[:, i] & inside]
        span = f"{own[0]} to {own[-1]}" if len(own) else "no prices"
        spans.append(f"{symbol} {span}")
    wrong = "there are fewer than two dates on which all of them have prices: " + "; ".join(spans)
    return Problem(history.source, None, "", wrong, "choose symbols or dates that overlap")


def left_out(history: PriceHistory, present: Any, inside: Any, kept: Any) -> list[Finding]:
    """One finding for dates before the common start, one for each symbol with gaps after it."""
    import numpy as np

    findings: list[Finding] = []
    days = history.dates
    first, last = kept[0], kept[-1]
    early = int(np.count_nonzero(inside[:first]))
    if early:
        late = [s for i, s in enumerate(history.symbols) if not present[first - 1, i]]
        message = f"{early} dates before {days[first]} are not used: no price of {some(late)} yet."
        findings.append(Finding("starts-late", history.source, message, "info"))
    span = np.arange(first, last + 1)
    for i, symbol in enumerate(history.symbols):
        gaps = span[~present[span, i]]
        if len(gaps):
            where = ", ".join(str(day) for day in days[gaps[:5]])
            more = f" and {len(gaps) - 5} more" if len(gaps) > 5 else ""
            message = f"no price on {where}{more}: left out for all symbols, not filled in."
            findings.append(Finding("session-dropped", symbol, message, "warning"))
    later = int(np.count_nonzero(inside[last + 1 :]))
    if later:
        gone = [s for i, s in enumerate(history.symbols) if not present[last + 1, i]]
        message = f"{later} dates after {days[last]} are not used: no price of {some(gone)}."
        findings.append(Finding("ends-early", history.source, message, "info"))
    return findings


def jumps(history: PriceHistory) -> list[tuple[str, date, float, float]]:
    """Changes from one price to the next that may be tenfold: symbol, date, before, after."""
    return history.once("jumps", lambda: _jumps(history))


def _jumps(history: PriceHistory) -> list[tuple[str, date, float, float]]:
    import numpy as np

    close = history.close
    # Most columns never come near a jump, and those are told at once.
    smallest, largest = furthest_steps(history)
    calm = (largest < 0.99 * AS_TENFOLD) & (smallest * (0.99 * AS_TENFOLD) > 1.0)
    suspects = np.flatnonzero(~calm)
    found = []
    for i in suspects:
        symbol = history.symbols[i]
        rows = np.flatnonzero(~np.isnan(close[:, i]))
        prices = close[rows, i]
        up = prices[1:] >= AS_TENFOLD * prices[:-1]
        down = AS_TENFOLD * prices[1:] <= prices[:-1]
        for k in np.flatnonzero(up | down):
            day = day_of(history.dates[rows[k + 1]])
            found.append((symbol, day, float(prices[k]), float(prices[k + 1])))
    return found


def furthest_steps(history: PriceHistory) -> tuple[Floats, Floats]:
    """The smallest and the largest ratio of a price to the one before, by symbol, and 1.

    NaN where a price is missing.
    """
    return history.once("furthest steps", lambda: _furthest_steps(history.close))


def _furthest_steps(close: Floats) -> tuple[Floats, Floats]:
    import numpy as np

    n = close.shape[1]
    # Laid out as few long rows, for it is by the row that a library's minimum takes its time.
    rows = len(close) // _FOLD + 1
    steps = np.ones((rows, _FOLD * n))
    np.divide(close[1:], close[:-1], out=steps.reshape(rows * _FOLD, n)[: max(len(close) - 1, 0)])
    smallest = steps.min(axis=0).reshape(_FOLD, n).min(axis=0)
    return smallest, steps.max(axis=0).reshape(_FOLD, n).max(axis=0)


def nearest(symbol: str, known: Sequence[str]) -> str:
    """Which symbol was meant, as far as that can be told, and else which there are.

    >>> nearest("SPX", ["SPY", "AGG"]), nearest("XYZ", ["SPY", "AGG"])
    ('did you mean SPY?', 'there are: SPY, AGG')
    """
    near = get_close_matches(symbol, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {some(known)}"


def day_of(day: Any) -> date:
    """A numpy date as a plain one."""
    plain = day.astype("datetime64[D]").item()
    assert isinstance(plain, date)
    return plain


def some(names: Sequence[str], most: int = 8) -> str:
    """Names in a row, the rest counted."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
