"""History in another order: the stationary block bootstrap, and policies compared over it.

Rows of returns are drawn together, so that what moved together keeps doing so, in blocks of
random length, so that what followed from the days before still does (Politis and Romano, The
stationary bootstrap, JASA 89, 1994). Every policy runs over the same paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, isfinite, log10, sqrt
from typing import TYPE_CHECKING, Any

from trimtab.model.errors import OptionError
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.simulate.prices.gaps import listing_of
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.research.settings import Ready
from trimtab.simulate.uncertainty.outcomes import Outcomes
from trimtab.simulate.uncertainty.paths import PathSource, figures_of, run_paths, stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats
    from trimtab.simulate.uncertainty.difference import Difference

LEAST_RETURNS = 20
"""Fewer returns than this are not shuffled: nothing could be learned from them."""

LEAST_BLOCK = 21.0
"""Sessions of a month: no mean length that is chosen is below it, unless history is three months.

Over a few years the squares of returns do not stand out of their noise, and the choice comes to two
or three sessions: what policies do within a month, and calm and storm, would be torn to pieces.
"""


def bootstrap(
    result: Backtest,
    *,
    paths: int = 1000,
    seed: int = 0,
    block: float | None = None,
    threads: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Outcomes:
    """A backtest's policies over many histories that might have been as well.

    Money comes and goes on the days of history. Volumes are shuffled with the rows they belong
    to: what is drawn with a day is the money that was traded on it. So are dividends, and sessions
    on which an instrument had no price: it stands still and is not traded. Where instruments come
    or go, they do so on their own days on every path, a delisted one at the same part of its last
    price, and each span between such days is shuffled in itself.

    Args:
        result: The backtest: its prices are shuffled, its policies, costs and conventions kept.
        paths: How many histories.
        seed: Names the chance: the same seed gives the same figures.
        block: Mean length of the blocks, in sessions; by default chosen from the data, a month
            or more, see `common_block`.
        threads: How many to run at once; by default one a core. They change no figure.
        on_progress: Told how many paths are done.

    Returns:
        The figures of every policy on every path, beside those of history itself.

    Raises:
        OptionError: An option makes no sense, or there are too few sessions.
    """
    ready = _ready(result)
    source, length = bootstrap_paths(result, seed=seed, block=block)
    table = run_paths(ready, source, paths=paths, threads=threads, on_progress=on_progress)
    first, last = source.template.first, source.template.last
    how = (
        f"{paths:,} paths of {len(source.template):,} sessions, {first} to {last} shuffled in "
        f"blocks of {length:.3g} sessions on average, seed {seed}"
    )
    return Outcomes(
        names=tuple(policy.label for policy in ready.policies),
        table=table,
        observed=figures_of(ready, result.policies),
        cash=ready.rules.cash,
        years=(last - first).days / 365.25,
        how=how,
        frames=ready.rules.frames,
        findings=(*result.findings, *_spans_said(source.template)),
    )


def difference(
    result: Backtest,
    first: str,
    second: str,
    *,
    paths: int,
    seed: int,
    block: float | None,
    level: float,
    threads: int | None,
) -> Difference:
    """How far one policy of a backtest is from another: see `Backtest.difference`."""
    both = replace(result, policies=(result[first], result[second]))
    outcomes = bootstrap(both, paths=paths, seed=seed, block=block, threads=threads)
    return outcomes.difference(first, second, level=level)


def bootstrap_paths(
    result: Backtest, *, seed: int = 0, block: float | None = None
) -> tuple[PathSource, float]:
    """The paths of `bootstrap`, and the mean length of their blocks.

    Each begins at history's first prices and has its sessions. Interest on CASH is not drawn.

    Raises:
        OptionError: An option makes no sense, or there are too few sessions.
    """
    import numpy as np

    ready = _ready(result)
    panel = ready.panel
    if ready.is_given:
        panel = panel.since(len(panel) - len(ready.settings[0].history))
    if len(panel) - 1 < LEAST_RETURNS:
        raise OptionError(f"{len(panel)} sessions are too few to shuffle")
    if seed < 0:
        raise OptionError(f"seed {seed!r}: a whole number from 0 on")
    closes = np.ascontiguousarray(panel.close.T)
    earned = panel.symbols.index(CASH) if ready.earned else -1
    factors = closes[:, 1:] / closes[:, :-1]
    opens = None
    if panel.open is not None:
        opens = np.ascontiguousarray(panel.open.T) / closes
    spans = _spans(panel)
    drawn = np.delete(factors, earned, axis=0) if earned >= 0 else factors
    if block is None:
        length = common_block(drawn.T - 1.0)
    elif isfinite(block) and 1.0 <= block <= len(panel):
        length = float(block)
    else:
        raise OptionError(f"block {block!r}: a number of sessions, from 1 to {len(panel)}")

    def rows_of(number: int) -> NDArray[np.int64]:
        return rows_by_span(stream(seed, number), spans, length)

    def fill(number: int, into: Floats, opens_into: Floats | None) -> None:
        rows = rows_of(number)
        into[:, 0] = 1.0
        # `clip` because the rows are known to be there, and checking them takes a copy.
        np.take(factors, rows, axis=1, out=into[:, 1:], mode="clip")
        np.cumprod(into, axis=1, out=into)
        into *= closes[:, :1]
        if earned >= 0:
            into[earned] = closes[earned]
        if opens_into is not None and opens is not None:
            opens_into[:, 0] = opens[:, 0]
            np.take(opens, rows + 1, axis=1, out=opens_into[:, 1:], mode="clip")
            opens_into *= into

    money = None
    if panel.volume is not None:
        money = np.ascontiguousarray((panel.volume * panel.close).T)

    def volumes(number: int, path_closes: Floats) -> Floats:
        assert money is not None
        rows = rows_of(number)
        drawn_money = np.concatenate([money[:, :1], money[:, 1:][:, rows]], axis=1)
        drawn_money /= path_closes
        return drawn_money

    kinds = None if panel.status is None else np.ascontiguousarray(panel.status.T)

    def status(number: int) -> NDArray[np.int8]:
        assert kinds is not None
        return np.concatenate([kinds[:, :1], kinds[:, 1 + rows_of(number)]], axis=1)

    left = None if panel.stripped is None else np.ascontiguousarray(panel.stripped.T)

    def stripped(number: int) -> Floats:
        assert left is not None
        kept = (left[:, 1:] / left[:, :-1])[:, rows_of(number)]
        return np.concatenate([left[:, :1], left[:, :1] * np.cumprod(kept, axis=1)], axis=1)

    return PathSource(
        panel,
        fill,
        volumes if money is not None else None,
        None if kinds is None else status,
        None if left is None else stripped,
    ), length


def _spans(panel: PriceHistory) -> list[tuple[int, int]]:
    """Spans of sessions on which the same instruments exist: the first, and the one after."""
    edges = [0, *listing_of(panel).changes, len(panel)]
    return list(pairwise(edges))


def _spans_said(panel: PriceHistory) -> list[Finding]:
    days = [str(panel.dates[first]) for first, _ in _spans(panel)[1:]]
    if not days:
        return []
    more = f" and {len(days) - 5} more" if len(days) > 5 else ""
    message = (
        f"instruments come or go on {', '.join(days[:5])}{more}: they do so on every path, and "
        "each span between these days is shuffled in itself."
    )
    return [Finding("shuffled-in-spans", "history", message, "info")]


def rows_by_span(
    generator: np.random.Generator, spans: Sequence[tuple[int, int]], block: float
) -> NDArray[np.int64]:
    """Which rows of returns follow each other on one path, those of each span in itself.

    Row r leads from session r to the next. That which leads into a span stays where it is: what
    comes or goes does so on it.

    Args:
        generator: The chance.
        spans: First session of each span, and the one after its last.
        block: Mean length of a block.

    Returns:
        Places of rows, shape (sessions - 1,).
    """
    import numpy as np

    parts = []
    for first, stop in spans:
        if first:
            parts.append(np.array([first - 1]))
        if stop - first > 1:
            parts.append(first + stationary_rows(generator, stop - first - 1, block))
    return np.concatenate(parts)


def _ready(result: Backtest) -> Ready:
    """What the result's policies ran on; all of them or some."""
    ready = result.ready
    if ready is None:
        raise OptionError("this result does not know what it ran on: make it with backtest()")
    known = {setting.policy.label: setting for setting in ready.settings}
    settings = tuple(known[one.name] for one in result.policies)
    return replace(ready, policies=tuple(one.policy for one in settings), settings=settings)


def stationary_rows(generator: np.random.Generator, rows: int, block: float) -> NDArray[np.int64]:
    """Which rows follow each other on one path: as many as there are, drawn in blocks.

    A block begins at any row, all equally likely, and goes on around the end to the beginning;
    its length is geometric.

    Args:
        generator: The chance.
        rows: How many there are.
        block: Mean length of a block.

    Returns:
        Places of rows, shape (rows,).
    """
    import numpy as np

    begins = generator.random(rows) < 1.0 / block
    begins[0] = True
    at = np.flatnonzero(begins)
    starts = generator.integers(0, rows, size=len(at))
    # In a block, row minus place stays what it was at its beginning.
    lengths = np.diff(at, append=rows)
    chosen: NDArray[np.int64] = np.repeat(starts - at, lengths) + np.arange(rows)
    return chosen % rows


def common_block(returns: Floats) -> float:
    """The mean block length for several series at once: the longest that one of them asks for.

    Asked are the returns and their squares. Returns alone hardly depend on those before and would
    ask for a few days, which tear calm and stormy times to pieces; squares know them.

    Args:
        returns: Simple returns, shape (rows, n).

    Returns:
        Sessions, `LEAST_BLOCK` or more; of a shorter history a third, 1 or more.
    """
    asked = [max(1.0, min(LEAST_BLOCK, len(returns) / 3.0))]
    for own in returns.T:
        asked += [block_length(own), block_length(own**2)]
    return max(asked)


def block_length(series: Any) -> float:
    """The mean block length that estimates a mean's variance best, chosen from the series.

    Politis and White, Automatic block-length selection for the dependent bootstrap, Econometric
    Reviews 23, 2004, with the correction of Patton, Politis and White, 28, 2009; the constants
    (five lags at least, a level of 2, a cap of 3 sqrt n or n / 3) are theirs.

    Args:
        series: Any numbers in time, shape (n,).

    Returns:
        At least 1; 1 for a series that never changes.
    """
    import numpy as np

    x = np.asarray(series, dtype=np.float64)
    n = len(x)
    x = x - x.mean()
    variance = float(x @ x) / n
    if n < 3 or variance == 0.0:
        return 1.0
    steps = max(5, ceil(sqrt(log10(n))))
    most = min(ceil(sqrt(n)) + steps, n - 1)
    covariance = np.array([float(x[lag:] @ x[: n - lag]) / n for lag in range(most + 1)])
    small = np.abs(covariance[1:] / variance) < 2.0 * sqrt(log10(n) / n)
    # The first lag after which `steps` correlations in a row are as good as none.
    calm = [m for m in range(most - steps + 1) if small[m : m + steps].all()]
    if calm:
        last = calm[0]
    else:
        loud = np.flatnonzero(~small)
        last = int(loud[-1]) + 1 if len(loud) else 1
    width = min(2 * max(last, 1), most)
    lags = np.arange(1, width + 1)
    # The flat-top window of Politis and Romano (1995).
    window = np.minimum(1.0, 2.0 * (1.0 - lags / width))
    slope = 2.0 * float((window * lags * covariance[1 : width + 1]).sum())
    level = variance + 2.0 * float((window * covariance[1 : width + 1]).sum())
    if level == 0.0:
        return 1.0
    best = (slope**2 / level**2 * n) ** (1.0 / 3.0)
    return float(min(max(best, 1.0), ceil(min(3.0 * sqrt(n), n / 3.0))))
