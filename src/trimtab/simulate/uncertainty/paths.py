"""Policies over many price paths: columns prepared once a thread, filled anew for every path.

A path is made when its turn comes and forgotten after it, so memory does not grow with their
number: what is kept of each is one row of figures. Every path draws from a stream of its own,
named by the seed and its number, so that threads change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from trimtab.kernels.compile import compiled
from trimtab.kernels.research_blocks import fill_extremes
from trimtab.kernels.research_columns import LANES, REBALANCES, TURNOVER
from trimtab.model.errors import OptionError
from trimtab.simulate.measures.metrics import (
    DAYS_A_YEAR,
    cagr,
    max_drawdown,
    sessions_a_year,
    volatility,
)
from trimtab.simulate.measures.returns import grown, session_returns
from trimtab.simulate.prices.gaps import Listing, listing_of
from trimtab.simulate.prices.history import PriceHistory, day_of
from trimtab.simulate.research.laid_out import room_for_extremes
from trimtab.simulate.research.policy_run import conditions_by, over
from trimtab.simulate.research.run_columns import RunColumns, watches_bands
from trimtab.simulate.research.settings import Ready, Setting
from trimtab.simulate.uncertainty.difference import OUTCOME_FIGURES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.kernels.daily_columns import Conditions
    from trimtab.simulate.frames import Floats

MOST_PATHS = 10_000_000


@dataclass(frozen=True, eq=False)
class PathSource:
    """Where prices of paths come from.

    Args:
        template: Sessions and symbols of every path; its prices are only an example.
        fill: From the number of a path to its prices: writes closes by symbol, shape
            (n, sessions), and opens of the same shape where they are wanted.
        volumes: From the number of a path and its closes to its volumes, all of shape
            (n, sessions); None where paths have none.
        status: From the number of a path to what each of its prices is, shape (n, sessions); None
            where every price is of a trade. What exists when is the same on every path.
        stripped: From the number of a path to what is left of its units without dividends, shape
            (n, sessions); None where nothing is known of dividends.
    """

    template: PriceHistory
    fill: Callable[[int, Floats, Floats | None], None]
    volumes: Callable[[int, Floats], Floats] | None = None
    status: Callable[[int], NDArray[np.int8]] | None = None
    stripped: Callable[[int], Floats] | None = None

    def path(self, number: int) -> PriceHistory:
        """One path as a price history, to look at it or to run other programs on it."""
        import numpy as np

        closes = np.empty(self.template.close.shape[::-1])
        opens = None if self.template.open is None else np.empty_like(closes)
        self.fill(number, closes, opens)
        volume = None if self.volumes is None else self.volumes(number, closes)
        return replace(
            self.template,
            close=np.ascontiguousarray(closes.T),
            open=None if opens is None else np.ascontiguousarray(opens.T),
            volume=None if volume is None else np.ascontiguousarray(volume.T),
            status=None if self.status is None else np.ascontiguousarray(self.status(number).T),
            stripped=None if self.stripped is None else self.stripped(number).T,
            findings=(),
        )


def run_paths(
    ready: Ready,
    source: PathSource,
    *,
    paths: int,
    threads: int | None = None,
    on_progress: Callable[[int], None] | None = None,
    anew: Callable[[Ready, PathSource, int], Floats] | None = None,
) -> Floats:
    """The figures of policies on each of many paths.

    Args:
        ready: The policies, made ready over prices with the source's sessions and symbols.
        source: The paths.
        paths: How many.
        threads: How many to run at once; by default one a core. They change no figure. Targets
            that are made from prices run on one, because functions of users may keep notes.
        on_progress: Told how many paths are done, each time; by one thread at a time.
        anew: How policies run over a path where targets are made from prices: shape (policies,
            figures); by default each makes its own.

    Returns:
        Shape (paths, policies, figures), the last in the order of OUTCOME_FIGURES.

    Raises:
        OptionError: The number of paths or threads makes no sense, or orders go by volumes that
            paths have not, or targets are made from prices with gaps.
    """
    import numpy as np

    if not 1 <= paths <= MOST_PATHS:
        raise OptionError(f"paths {paths!r}: from 1 to {MOST_PATHS:,}")
    if threads is not None and threads < 1:
        raise OptionError(f"threads {threads!r}: at least 1")
    if ready.rules.gaps is not None and not ready.is_given:
        raise OptionError(
            "targets made from prices, and breakdown, are not run over shuffled histories with "
            "gaps: give the target as weights, or leave out missing, late and delisted"
        )
    assert ready.rules.gaps is None or source.status is not None
    if ready.rules.needs_volume and source.volumes is None:
        raise OptionError(
            "there are no volumes to go by: leave out impact and participation, or give prices "
            "with a volume column"
        )
    if ready.rules.pays_dividends and source.stripped is None:
        raise OptionError(
            "these paths are total returns, with dividends reinvested: say dividends='reinvest'"
        )
    done, lock = 0, Lock()

    def told() -> None:
        nonlocal done
        with lock:
            done += 1
            if on_progress is not None:
                on_progress(done)

    table = np.empty((paths, len(ready.policies), len(OUTCOME_FIGURES)))
    if not ready.is_given:
        for path in range(paths):
            table[path] = (anew or _figures_anew)(ready, source, path)
            told()
        return table
    workers = min(threads or _cores(), paths)
    pieces = [range(first, paths, workers) for first in range(workers)]

    def work(piece: range) -> None:
        desk = _Desk(ready, source)
        for path in piece:
            desk.run(path, table[path])
            told()

    _Desk(ready, source).run(0, table[0])  # compiles before threads ask for the same
    with ThreadPoolExecutor(workers) as pool:
        for one in [pool.submit(work, piece) for piece in pieces]:
            one.result()
    return table


def figures_of(ready: Ready, results: Sequence[Any]) -> Floats:
    """The same figures of what policies did over prices, shape (policies, figures).

    Args:
        ready: What they ran on.
        results: The `PolicyResult` of each policy.
    """
    import numpy as np

    table = np.empty((len(results), len(OUTCOME_FIGURES)))
    for row, setting, one in zip(table, ready.settings, results, strict=True):
        aimed = _aimed(setting)
        closes = setting.history.close
        if aimed is None:
            aimed, closes = np.ascontiguousarray(one.targets[:-1].T), one.history
        target = _target_returns(aimed, _steps(closes.T))
        totals = (one.turnover_one_way, _shares(one.log.cost, one.log.value), one.rebalances)
        span = one.first, one.last, one.sessions_a_year
        _fill_row(row, one.value, one.flows, one.cash, *span, totals, target)
    return table


def _cores() -> int:
    import numba

    config: Any = numba.config
    return int(config.NUMBA_NUM_THREADS)


def _figures_anew(ready: Ready, source: PathSource, path: int) -> Floats:
    """Targets made from prices must be made again on each path, from what it showed by then."""
    rules = replace(ready.rules, accept_jumps=True)
    found = over(source.path(path), ready.policies, rules)
    assert found.ready is not None
    return figures_of(found.ready, found.policies)


class _Desk:
    """What one thread needs to run policies over paths."""

    def __init__(self, ready: Ready, source: PathSource) -> None:
        import numpy as np

        symbols = source.template.symbols
        sessions = len(source.template)
        rules = replace(ready.rules, compiled=True)
        self.rules, self.source = rules, source
        self.closes = np.empty((len(symbols), sessions))
        opens = any(setting.trade_at == "next-open" for setting in ready.settings)
        self.opens = np.empty_like(self.closes) if opens else None
        self.sheets: dict[tuple[str, ...], _Sheet] = {}
        self.runs: list[tuple[Setting, RunColumns, _Sheet, Floats, Listing]] = []
        for setting in ready.settings:
            assert len(setting.history) == sessions
            own = setting.history.symbols
            if own not in self.sheets:
                places = np.array([symbols.index(symbol) for symbol in own], dtype=np.int64)
                watched = any(watches_bands(one) for one in ready.settings)
                self.sheets[own] = _Sheet(places, sessions, opens=opens, watched=watched)
            aimed = _aimed(setting)
            assert aimed is not None
            listed = listing_of(setting.history)
            columns = RunColumns(setting, rules)
            self.runs.append((setting, columns, self.sheets[own], aimed, listed))
        dates = source.template.dates
        self.span = day_of(dates[0]), day_of(dates[-1]), sessions_a_year(dates)

    def run(self, path: int, table: Floats) -> None:
        """One path: its prices, every policy over them, a row of figures each."""
        import numpy as np

        self.source.fill(path, self.closes, self.opens)
        volumes = None
        if self.rules.needs_volume:
            assert self.source.volumes is not None
            volumes = self.source.volumes(path, self.closes)
        status = None if self.source.status is None else self.source.status(path)
        stripped = None
        if self.rules.pays_dividends:
            assert self.source.stripped is not None
            stripped = self.source.stripped(path)
        for sheet in self.sheets.values():
            sheet.lay_out(self.closes, self.opens)
            if volumes is not None or status is not None or stripped is not None:
                own = sheet.as_history(self.source.template, volumes, status, stripped)
                sheet.conditions = conditions_by(own, own.as_traded(), self.rules)[0]
        for row, (setting, columns, sheet, aimed, listed) in zip(table, self.runs, strict=True):
            later = sheet.opens if setting.trade_at == "next-open" else sheet.by_session
            assert later is not None
            columns.use(sheet.by_symbol, sheet.by_session, sheet.extremes, later)
            if sheet.conditions is not None:
                columns.meet(sheet.conditions)
            opening = listed.rows(setting.rows, 0)[0]
            columns.restart(opening * self.rules.cash / sheet.by_session[0])
            session, sessions = 0, len(sheet.by_session)
            changes = iter(listed.changes)
            stop = next(changes, sessions)
            while True:
                session = columns.go(listed.rows(setting.rows, session), session, stop)
                if session == sessions:
                    break
                if session < stop or columns.is_full:
                    columns.make_room()
                if session == stop:
                    gone = listed.paid_out(session, self.rules.gaps, sheet.by_session)
                    columns.pay_out(session, gone)
                    stop = next(changes, sessions)
            count = columns.events
            _, cost, _, value = columns.traded
            shares = _shares(cost[:count], value[:count])
            totals = (float(columns.sums[TURNOVER]), shares, int(columns.counts[REBALANCES]))
            target = _target_returns(aimed, sheet.steps)
            flows = columns.flows if self.rules.flows is not None else None
            equity = np.asarray(columns.equity)[:sessions]
            _fill_row(row, equity, flows, self.rules.cash, *self.span, totals, target)


class _Sheet:
    """A path's prices of some of its symbols, laid out for the kernel."""

    def __init__(self, places: Any, sessions: int, *, opens: bool, watched: bool) -> None:
        import numpy as np

        n = len(places)
        self.extremes = room_for_extremes(sessions if watched else 0, n)
        self.places = places
        self.by_symbol = np.zeros((n, sessions + LANES))
        self.by_session = np.empty((sessions, n))
        self.opens = np.empty((sessions, n)) if opens else None
        self.steps = np.empty((n, sessions - 1))
        self.conditions: Conditions | None = None

    def as_history(
        self,
        template: PriceHistory,
        volumes: Floats | None,
        status: NDArray[np.int8] | None,
        stripped: Floats | None,
    ) -> PriceHistory:
        """This path's prices of its symbols, with their volumes and what each price is."""
        symbols = tuple(template.symbols[place] for place in self.places)
        return replace(
            template, symbols=symbols, close=self.by_session.copy(), open=None,
            volume=None if volumes is None else volumes[self.places].T,
            status=None if status is None else status[self.places].T,
            stripped=None if stripped is None else stripped[self.places].T, findings=(),
        )  # fmt: skip

    def lay_out(self, closes: Floats, opens: Floats | None) -> None:
        """Take this path's prices."""
        import numpy as np

        prices = self.by_symbol[:, : closes.shape[1]]
        np.take(closes, self.places, axis=0, out=prices, mode="clip")
        self.by_session[:] = prices.T
        if len(self.extremes):
            compiled(fill_extremes)(self.by_session, self.extremes)
        if self.opens is not None and opens is not None:
            self.opens[:] = opens[self.places].T
        np.divide(prices[:, 1:], prices[:, :-1], out=self.steps)


def _steps(closes: Floats) -> Floats:
    steps: Floats = closes[:, 1:] / closes[:, :-1]
    return steps


def _aimed(setting: Setting) -> Floats | None:
    """The target in force before each step: by symbol, shape (n, 1) or (n, sessions - 1).

    None where targets are made from prices: then there is no target that is known to all paths.
    """
    import numpy as np

    if setting.finds:
        return None
    if setting.history.status is not None:
        listed = listing_of(setting.history)
        return np.ascontiguousarray(listed.rows_by_session(setting.rows, setting.row_at)[:-1].T)
    if len(setting.rows) == 1:
        return np.ascontiguousarray(setting.rows.T)
    return np.ascontiguousarray(setting.rows[setting.row_at[:-1]].T)


def _shares(cost: Floats, value: Floats) -> float:
    """The sum of costs as shares of the value before each; none where no value was left."""
    import numpy as np

    return float(np.divide(cost, value, out=np.zeros(len(cost)), where=value > 0.0).sum())


def _target_returns(aimed: Floats, steps: Floats) -> Floats:
    """Simple returns of a portfolio that is at its target at every close, free of cost."""
    # Symbol after symbol, so that the sum does not depend on a library's order of additions.
    total: Floats = aimed[0] * steps[0]
    for weights, own in zip(aimed[1:], steps[1:], strict=True):
        total += weights * own
    total -= 1.0
    return total


def _fill_row(
    row: Floats,
    value: Floats,
    flows: Floats | None,
    cash: float,
    first: Any,
    last: Any,
    year: float,
    totals: tuple[float, float, int],
    target: Floats,
) -> None:
    """Write one policy's figures, in the order of OUTCOME_FIGURES."""
    import numpy as np

    years = (last - first).days / DAYS_A_YEAR
    turnover, cost_shares, rebalances = totals
    equity = grown(value, flows)
    apart = np.nan
    if len(target) > 1:
        gaps = session_returns(equity) - target
        apart = float(np.std(gaps, ddof=1) * np.sqrt(year))
    row[0] = float(value[-1])
    row[1] = cagr(cash, float(equity[-1]), first, last)
    row[2] = volatility(equity, sessions_a_year=year)
    row[3] = max_drawdown(equity)
    row[4] = apart
    row[5] = turnover / years
    row[6] = cost_shares / years
    row[7] = rebalances


def stream(seed: int, number: int) -> np.random.Generator:
    """The stream of chance of one path: the same whatever else is drawn, and by whom."""
    import numpy as np

    return np.random.default_rng((seed, number))
