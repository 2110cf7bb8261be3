"""Instruments without a price: on a holiday of their own, before they exist, after they are gone.

Nothing is filled in unless it is asked for, and then a finding counts it. A price that is `HELD`
values and is not traded at; orders wait for the next one. An instrument that is `UNLISTED` or
`GONE` is not held, and its target is spread over the others in proportion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.model.errors import InputError, OptionError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.simulate.prices.history import (
    GONE,
    HELD,
    TRADED,
    UNLISTED,
    Panel,
    PriceHistory,
    common_sessions,
    day_of,
    left_out,
    no_overlap,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats

Late: TypeAlias = Literal["wait", "spread"]
Delisted: TypeAlias = Mapping[str, float | None] | Iterable[str]

USUAL_HOLD = 5
"""Sessions in a row for which a last price is kept, unless told; and by which prices may end
before those of others without a word on what became of them."""
NEXT_TO_NOTHING = 1e-12
"""What stands for a price of zero, as a part of the last price: the loops divide by prices."""

_HOLD = re.compile(r"hold(?::([1-9][0-9]{0,3}))?")


@dataclass(frozen=True)
class Gaps:
    """What is done where an instrument has no price.

    Args:
        hold: Sessions in a row for which its last price is kept; 0 leaves such sessions out.
        spread: Whether the run begins before all instruments exist, with the target of the
            others spread over those that do.
        delisted: What a unit of an instrument whose prices end is turned into cash at; None for
            its last price.
    """

    hold: int = 0
    spread: bool = False
    delisted: tuple[tuple[str, float | None], ...] = ()


def read_gaps(missing: str, late: str, delisted: Delisted | None) -> Gaps | None:
    """What the keywords `missing`, `late` and `delisted` mean together; None for the usual.

    >>> read_gaps("hold", "wait", ["ENRN"])
    Gaps(hold=5, spread=False, delisted=(('ENRN', None),))

    Raises:
        OptionError: One of them makes no sense.
    """
    if (missing, late, delisted) == ("drop", "wait", None):
        return None
    found = _HOLD.fullmatch(missing)
    if missing != "drop" and found is None:
        raise OptionError(f"missing {missing!r}: drop, hold, or hold:10 for at most 10 in a row")
    if late not in ("wait", "spread"):
        raise OptionError(f"late {late!r}: one of wait, spread")
    given = [delisted] if isinstance(delisted, str) else delisted or {}
    ends = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given)
    for symbol, price in ends.items():
        if price is not None and not (isfinite(price) and price >= 0.0):
            raise OptionError(f"delisted: {price!r} for {symbol} is no price; zero or more")
    hold = 0 if found is None else int(found[1] or USUAL_HOLD)
    made = Gaps(hold, late == "spread", tuple(sorted(ends.items())))
    return None if made == Gaps() else made


def sessions_with_gaps(
    history: PriceHistory,
    symbols: tuple[str, ...],
    gaps: Gaps | None,
    *,
    start: date | None,
    end: date | None,
) -> Panel:
    """The sessions of a run: prices for all symbols, and what each price is.

    Args:
        history: Prices, with NaN where there is none.
        symbols: Those that the run is about.
        gaps: What is done where one has none; None leaves out what is not complete.
        start: First date that may count.
        end: Last date that may count.

    Raises:
        InputError: A symbol is unknown, prices end early and nobody said why, a last price would
            be kept for too long, or there are fewer than two sessions.
    """
    if gaps is None:
        found = common_sessions(history, symbols, start=start, end=end)
        if any(finding.code == "ends-early" for finding in found.findings):
            check_ends(history.select(symbols), start, end)
        return found
    for symbol, _ in gaps.delisted:
        history.column(symbol)
    return history.once(
        ("gaps", symbols, gaps, start, end),
        lambda: _with_gaps(history.select(symbols), gaps, start, end),
    )


def check_ends(chosen: PriceHistory, start: date | None, end: date | None) -> None:
    """See to it that no prices end more than a few sessions before the others.

    Args:
        chosen: Prices, with NaN where there is none.
        start, end: First and last date that may count.

    Raises:
        InputError: Some do, which says when.
    """
    import numpy as np

    present = ~np.isnan(chosen.close) & _inside(chosen, start, end)[:, None]
    rows = np.flatnonzero(present.any(axis=1))
    _refuse_early_ends(chosen.rows(rows), present[rows], frozenset(), USUAL_HOLD)


def _inside(history: PriceHistory, start: date | None, end: date | None) -> NDArray[np.bool_]:
    import numpy as np

    inside = np.ones(len(history), dtype=np.bool_)
    if start is not None:
        inside &= history.dates >= np.datetime64(start, "D")
    if end is not None:
        inside &= history.dates <= np.datetime64(end, "D")
    return inside


def _refuse_early_ends(
    history: PriceHistory, present: Any, told: frozenset[str], most: int
) -> None:
    problems = []
    for i, symbol in enumerate(history.symbols):
        if symbol in told or not present[:, i].any():
            continue
        last = int(present[:, i].nonzero()[0][-1])
        after = len(history) - 1 - last
        if after > most:
            wrong = (
                f"prices end on {history.dates[last]}, {after} sessions before the last, on "
                f"{history.dates[-1]}"
            )
            remedy = "stop by then with `end`, or say what became of it with `delisted`"
            problems.append(Problem(history.source, None, symbol, wrong, remedy))
    if problems:
        raise InputError(problems)


def _with_gaps(chosen: PriceHistory, gaps: Gaps, start: date | None, end: date | None) -> Panel:
    import numpy as np

    inside = _inside(chosen, start, end)
    priced = ~np.isnan(chosen.close)
    rows = np.flatnonzero((priced & inside[:, None]).any(axis=1))
    present = priced[rows]
    ends = dict(gaps.delisted)
    _refuse_early_ends(chosen.rows(rows), present, frozenset(ends), gaps.hold or USUAL_HOLD)
    status = np.full(present.shape, TRADED, dtype=np.int8)
    status[~present] = HELD
    for i, symbol in enumerate(chosen.symbols):
        own = np.flatnonzero(priced[:, i])
        if not len(own):
            raise InputError([no_overlap(chosen, priced, inside)])
        if gaps.spread:
            status[rows < own[0], i] = UNLISTED
        if symbol in ends:
            status[rows > own[-1], i] = GONE
    there = status <= HELD
    complete = (present | ~there).all(axis=1) & there.any(axis=1)
    kept = np.flatnonzero(complete)
    if gaps.hold and len(kept):
        # A run begins where all can be bought; from there on every session counts.
        kept = kept[0] + np.flatnonzero(there[kept[0] :].any(axis=1))
    if len(kept) < 2:
        raise InputError([no_overlap(chosen, priced, inside)])
    status = status[kept]
    _refuse_long_holds(chosen.rows(rows[kept]), status, gaps.hold)
    known = present | ~there
    known[kept] = True
    findings = left_out(chosen.rows(rows), known, np.ones(len(rows), np.bool_), kept)
    made = _filled(chosen, rows[kept], status, ends)
    findings += _said(chosen, made, ends)
    if not status.any():
        made = replace(made, status=None)
    return Panel(made, tuple(findings))


def _refuse_long_holds(history: PriceHistory, status: Any, most: int) -> None:
    """Runs of held prices that are longer than was asked for, each with its place."""
    import numpy as np

    problems = []
    for i, symbol in enumerate(history.symbols):
        edges = np.diff(np.concatenate([[0], status[:, i] == HELD, [0]]).astype(np.int8))
        for first, stop in zip(*(np.flatnonzero(edges == e) for e in (1, -1)), strict=True):
            if stop - first > most:
                wrong = (
                    f"no price from {history.dates[first]} to {history.dates[stop - 1]}, "
                    f"{stop - first} sessions in a row"
                )
                remedy = (
                    f"a last price is kept for at most {most}: `missing=hold:N` keeps it longer"
                )
                problems.append(Problem(history.source, None, symbol, wrong, remedy))
    if problems:
        raise InputError(problems[:20])


def _filled(
    chosen: PriceHistory, kept: Any, status: Any, ends: Mapping[str, float | None]
) -> PriceHistory:
    """The sessions kept, with a price everywhere; `status` says which are of trades."""
    import numpy as np

    close = chosen.close[kept].copy()
    opens = None if chosen.open is None else chosen.open[kept].copy()
    for i, symbol in enumerate(chosen.symbols):
        own = np.flatnonzero(~np.isnan(chosen.close[:, i]))
        # The last price before, of whatever session: the one before may have been left out.
        before = np.searchsorted(own, kept, side="right") - 1
        last = chosen.close[own[np.maximum(before, 0)], i]
        close[:, i] = np.where(status[:, i] == TRADED, close[:, i], last)
        price = ends.get(symbol)
        if price is not None:
            least = NEXT_TO_NOTHING * chosen.close[own[-1], i]
            close[status[:, i] == GONE, i] = max(price, least)
    if opens is not None:
        opens = np.where(status == TRADED, opens, close)
    return replace(chosen.rows(kept), close=close, open=opens, status=status)


def _said(
    chosen: PriceHistory, made: PriceHistory, ends: Mapping[str, float | None]
) -> list[Finding]:
    """One finding for each symbol that was held, came later or went before the end."""
    import numpy as np

    assert made.status is not None
    findings = []
    for i, symbol in enumerate(made.symbols):
        own = made.status[:, i]
        held = np.flatnonzero(own == HELD)
        if len(held):
            message = (
                f"no price on {len(held)} of {len(own)} sessions, first on {made.dates[held[0]]}: "
                "valued at the last one and not traded then."
            )
            findings.append(Finding("price-held", symbol, message, "warning"))
        if own[0] == UNLISTED:
            there = np.flatnonzero(own != UNLISTED)
            until = f"before {made.dates[there[0]]}" if len(there) else "in these years"
            message = f"no price {until}: its target is spread over the others."
            on = day_of(made.dates[there[0]]) if len(there) else None
            findings.append(Finding("listed-late", symbol, message, "warning", on))
        gone = np.flatnonzero(own == GONE)
        if len(gone):
            last = chosen.dates[~np.isnan(chosen.close[:, i])][-1]
            price = ends[symbol]
            at = "its last price" if price is None else f"{price:g} a unit"
            message = (
                f"prices end on {last}: turned into cash on {made.dates[gone[0]]} at {at}, and its "
                "target is spread over the others."
            )
            on = day_of(made.dates[gone[0]])
            findings.append(Finding("delisted", symbol, message, "warning", on))
    return findings


# -- what exists when ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Listing:
    """Which instruments of a run exist at each of its sessions.

    Args:
        history: Its prices.
        changes: Sessions at which something is listed or gone that was not the session before.
    """

    history: PriceHistory
    changes: tuple[int, ...] = ()

    def rows(self, rows: Floats, session: int) -> Floats:
        """Target weights of one session: those of what does not exist spread over the others."""
        status = self.history.status
        return rows if status is None else self._spread(rows, status[session] <= HELD)

    def rows_by_session(self, rows: Floats, row_at: NDArray[np.int64]) -> Floats:
        """The target weights that are current at each session's close, shape (sessions, n)."""

        assert self.history.status is not None
        return self._spread(rows[row_at], self.history.status <= HELD)

    def paid_out(self, session: int, gaps: Gaps | None, closes: Any) -> dict[int, float]:
        """What is gone as of a session, by its place, and what a unit of it is paid out at.

        Args:
            session: The session.
            gaps: What was said of it.
            closes: Prices by session that are run over: these, or those of a shuffled history, in
                which the payment is the same part of the last price.
        """
        status = self.history.status
        assert status is not None
        assert gaps is not None
        prices = dict(gaps.delisted)
        found = {}
        for i, symbol in enumerate(self.history.symbols):
            if status[session, i] == GONE != status[session - 1, i]:
                price = prices[symbol]
                close = float(closes[session][i])
                own = float(self.history.close[session, i])
                found[i] = close if price is None else close * (price / own)
        return found

    def _spread(self, rows: Floats, there: NDArray[np.bool_]) -> Floats:
        return spread_over(rows, there, self.history.symbols.index(CASH))


def listing_of(history: PriceHistory) -> Listing:
    """Which instruments of a run exist at each of its sessions."""
    import numpy as np

    if history.status is None:
        return Listing(history)
    there = history.status <= HELD
    changes = 1 + np.flatnonzero((there[1:] != there[:-1]).any(axis=1))
    return Listing(history, tuple(changes.tolist()))


def spread_over(rows: Floats, there: NDArray[np.bool_], cash_at: int) -> Floats:
    """Target weights with those of what does not exist spread over the others in proportion.

    Args:
        rows: Target weights, shape (k, n).
        there: What exists, shape (n,) for all rows, or (k, n).
        cash_at: Which column is cash: it takes everything where nothing of a target exists.

    >>> import numpy as np
    >>> rows = np.array([[0.5, 0.3, 0.2, 0.0]])
    >>> spread_over(rows, np.array([False, True, True, True]), 3).round(2).tolist()
    [[0.0, 0.6, 0.4, 0.0]]
    """
    import numpy as np

    if there.all():
        return rows
    whole = np.broadcast_to(there, rows.shape)
    left = np.where(whole, rows, 0.0)
    share = left.sum(axis=1, keepdims=True)
    left = np.divide(left, share, out=np.zeros_like(left), where=share > 0.0)
    left[share[:, 0] <= 0.0, cash_at] = 1.0
    made: Floats = np.where(whole.all(axis=1, keepdims=True), rows, left)
    return made
