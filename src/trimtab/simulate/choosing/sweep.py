"""Many policies over the same history at once: a grid, a sample of it, and what each came to.

Each policy runs exactly as `backtest` runs it, in research mode and by the same compiled loop; what
is kept of it is a row of figures, so memory does not grow with curves. The same figures come out
whatever the number of threads. What the fast loop does not know (flows, fees, impact, volumes,
gaps, short positions) runs session by session (`sweep_daily`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.costs import Costs
from trimtab.costs.exchange import with_exchange
from trimtab.kernels.compile import compiled
from trimtab.kernels.destination import TO_CODES
from trimtab.kernels.research_blocks import fill_extremes
from trimtab.kernels.research_columns import BLOCK, BRANCH_SPACE, LANES, SPACE
from trimtab.kernels.sweep import (
    APART_VARIANCE,
    DOWNSIDE,
    FALL,
    FIGURES,
    FINAL,
    FOURTH,
    LANE_SUMS,
    MEAN,
    PAID,
    THIRD,
    TURNED,
    VARIANCE,
)
from trimtab.kernels.sweep import sweep as sweep_kernel
from trimtab.model.days import Day
from trimtab.model.errors import InputError, OptionError, Problem
from trimtab.model.findings import Finding
from trimtab.simulate.choosing import daily as sweep_daily
from trimtab.simulate.choosing.grid import Grid
from trimtab.simulate.choosing.said import not_followed
from trimtab.simulate.frames import html_table, make_frame, text_table
from trimtab.simulate.measures.metrics import DAYS_A_YEAR, sessions_a_year
from trimtab.simulate.prices.gaps import Delisted, Late
from trimtab.simulate.prices.history import PriceHistory, day_of
from trimtab.simulate.research.aims import GivenTarget, MadeTarget, read_target, refuse_insured
from trimtab.simulate.research.assumed import assumed_of_all
from trimtab.simulate.research.charged import rates_of
from trimtab.simulate.research.dated import dated_by
from trimtab.simulate.research.flows import Flows
from trimtab.simulate.research.laid_out import laid_out, room_for_extremes
from trimtab.simulate.research.panel import shared_history
from trimtab.simulate.research.portions import run_portions
from trimtab.simulate.research.rules import CostRule, DividendUse, Rules, TradeAt, read_rules
from trimtab.simulate.research.run_columns import looks_of, number_of
from trimtab.simulate.research.settings import out_of_reach
from trimtab.simulate.said import findings_listed, with_findings
from trimtab.simulate.uncertainty.overfitting import (
    Deflated,
    Overfitting,
    cross_validated,
    deflated_best,
    sharpe_moments,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats, FrameKind

    Integers: TypeAlias = NDArray[np.int64]

PARTS = 16
"""Parts of the run whose returns are summed, for the probability of overfitting."""

FINELY_CUT = 2_000
"""Policies up to which all splits into PARTS are looked at."""

AT_ONCE = 64
"""Policies that a thread takes at a time."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """What every policy of a grid came to; shapes (policies,) unless said.

    Args:
        grid: The policies.
        cash: What each started with.
        trade_at: Where decisions were carried out.
        first, last: The sessions between which they ran.
        sessions: How many.
        figures: By name of column.
        parts: Sum of returns, then of their squares, by part of the run; (policies, parts, 2).
        moments: Mean return, variance (ddof 1), third and fourth central moment; (policies, 4).
        held_sharpe: Sharpe ratio per return of each target held exactly at no cost; (targets,).
        findings: What the reader should know.
        frames: What kind of frame it gives.
        assumed: Costs by name, cash, rates and the limit of volume, as plain values.
        pager: What makes the HTML of it that notebooks show, where the package's face gave it.
    """

    grid: Grid
    cash: float
    trade_at: TradeAt
    first: date
    last: date
    sessions: int
    figures: Mapping[str, Any]
    parts: Floats = field(repr=False)
    moments: Floats = field(repr=False)
    held_sharpe: Floats = field(repr=False)
    findings: tuple[Finding, ...] = ()
    frames: FrameKind = "columns"
    assumed: Mapping[str, Any] = field(default_factory=dict)
    pager: Callable[[Sweep], str] | None = field(repr=False, default=None)

    def __len__(self) -> int:
        return len(self.grid)

    def __repr__(self) -> str:
        return self.summary()

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """One row a policy: when, to, target, costs, then its figures."""
        grid = self.grid
        names = [list(map(str, grid.whens)), list(map(str, grid.tos))]
        names += [list(grid.targets), list(grid.costs)]
        columns: dict[str, Any] = {}
        for place, word in enumerate(("when", "to", "target", "costs")):
            columns[word] = [names[place][int(k)] for k in grid.rows[:, place]]
        columns.update(self.figures)
        return make_frame(columns, kind or self.frames)

    def best(self, by: str = "sharpe", most: int = 10) -> list[int]:
        """Rows of the policies that stand first by a figure; falls and costs ascending."""
        import numpy as np

        values = np.asarray(self.figures[by], dtype=np.float64)
        upwards = by in (
            "volatility",
            "tracking_error",
            "rebalances",
            "turnover_one_way",
            "cost_paid",
        )
        order = np.argsort(values if upwards else -values, kind="stable")
        return [int(k) for k in order[:most]]

    def frontier(self, x: str = "turnover_one_way", y: str = "tracking_error") -> list[int]:
        """Rows of the policies that no other beats on both figures, less being better."""
        import numpy as np

        across, down = (np.asarray(self.figures[name], dtype=np.float64) for name in (x, y))
        found: list[int] = []
        least = float("inf")
        for k in np.lexsort((down, across)):
            if down[k] < least:
                least = float(down[k])
                found.append(int(k))
        return found

    def beating(
        self, row: int, x: str = "turnover_one_way", y: str = "tracking_error"
    ) -> list[int]:
        """Rows of the policies that beat this one: no more on both figures, less on one.

        The least of the second figure comes first.
        """
        import numpy as np

        across, down = (np.asarray(self.figures[name], dtype=np.float64) for name in (x, y))
        no_more = (across <= across[row]) & (down <= down[row])
        less = (across < across[row]) | (down < down[row])
        order = np.lexsort((across, down))
        return [int(k) for k in order if no_more[k] and less[k]]

    def overfitting(self) -> Overfitting | None:
        """How often the best Sharpe ratio of one half of history disappoints in the other.

        None for a single policy, or a history too short to be cut. Large sweeps are cut into
        fewer blocks: 70 splits of history in place of 12,870.
        """
        import numpy as np

        merged = 1 if len(self) <= FINELY_CUT else 2
        counts = np.diff(cuts_of(self.sessions))
        if len(self) < 2 or len(counts) < PARTS or counts.min() < 2:
            return None
        blocks = self.parts.reshape(len(self), -1, merged, 2).sum(axis=2)
        return cross_validated(
            blocks[:, :, 0].T, blocks[:, :, 1].T, counts.reshape(-1, merged).sum(axis=1),
            np.zeros(len(self)),
        )  # fmt: skip

    def deflated(self) -> Deflated:
        """How probable it is that the best Sharpe ratio is more than the luck of trying so many.

        More, that is, than its target held exactly at no cost has, and what chance adds to the
        best of so many: against nothing at all every policy of a good decade would stand.
        """
        import numpy as np

        mean, variance, third, fourth = self.moments.T
        deviation = np.sqrt(variance)
        safe = np.where(deviation > 0.0, deviation, 1.0)
        ratios = np.where(deviation > 0.0, mean / safe, np.nan)
        best = 0 if np.isnan(ratios).all() else int(np.nanargmax(ratios))
        held = float(self.held_sharpe[self.grid.rows[best, 2]])
        skews, kurtoses = third / safe**3, fourth / safe**4
        return deflated_best(ratios, skews, kurtoses, self.sessions - 1, above=held)

    def summary(self, by: str = "sharpe", most: int = 10) -> str:
        """The first policies by a figure, one a row, and below it every finding."""
        return with_findings(text_table(*self.rows(self.best(by, most))), self.findings)

    def to_dict(self, rows: Sequence[int] | None = None) -> dict[str, Any]:
        """What `--json` prints: what was run, and the figures of these policies, or of all."""
        import numpy as np

        chosen = range(len(self)) if rows is None else rows
        return {
            "policies_run": len(self),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "sessions": self.sessions,
            "trade_at": self.trade_at,
            "assumed": dict(self.assumed),
            "overfitting": None if (cut := self.overfitting()) is None else cut.probability,
            "deflated_sharpe": _plain(np.float64(self.deflated().probability)),
            "policies": [
                {"name": self.grid.name(k), **{n: _plain(self.figures[n][k]) for n in self.figures}}
                for k in chosen
            ],
        }

    def _repr_html_(self) -> str:
        if self.pager is not None:
            return self.pager(self)
        return html_table(*self.rows(self.best())) + findings_listed(self.findings)

    def rows(self, chosen: Sequence[int]) -> tuple[list[str], list[list[str]]]:
        """The heads and cells of the table of these policies, as a reader wants them rounded."""
        heads = ["policy", "a year", "volatility", "Sharpe", "worst fall", "tracking error"]
        heads += ["rebalances", "turnover", "cost"]
        at = self.figures
        rows = [
            [
                self.grid.name(k),
                f"{at['cagr'][k]:.2%}",
                f"{at['volatility'][k]:.2%}",
                f"{at['sharpe'][k]:.3f}",
                f"{at['max_drawdown'][k]:.1%}",
                f"{at['tracking_error'][k]:.2%}",
                f"{at['rebalances'][k]:,}",
                f"{at['turnover_one_way'][k]:.1%}",
                f"{at['cost_paid'][k]:,.2f}",
            ]
            for k in chosen
        ]
        return heads, rows


def sweep(
    prices: PriceHistory,
    policies: Grid,
    *,
    cash: float = 100_000.0,
    trade_at: TradeAt | None = None,
    start: Day | None = None,
    end: Day | None = None,
    cash_rate: float = 0.0,
    cost_rule: CostRule = "once",
    threads: int = 1,
    frames: FrameKind | None = None,
    accept_jumps: bool = False,
    known: Mapping[int, Any] | None = None,
    on_progress: Callable[[int, Mapping[int, Any]], None] | None = None,
    flows: Flows | Mapping[Day, float] | float | None = None,
    fee: float = 0.0,
    participation: float | None = None,
    missing: str = "drop",
    late: Late = "wait",
    delisted: Delisted | None = None,
    fx_bps: float = 0.0,
    short: bool = False,
    loan_rate: float | None = None,
    dividends: DividendUse = "reinvest",
    on_found: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Run every policy of a grid over history, in research mode.

    Where one of them acts on `breakdown`, all run session by session, which takes longer.

    Args:
        prices: Total-return prices, as `read_prices` gives them.
        policies: Which, as `grid` makes them. What makes a target from prices, as an estimator,
            makes it at each session at which one of them looks, from what was known then.
        cash: What each starts with.
        trade_at: `close`, `next-open` or `next-close`; by default `close`, and `next-close` where
            a target is made from prices.
        start: First date that may count.
        end: Last date that may count.
        cash_rate: Yearly interest on CASH.
        cost_rule: As for `backtest`.
        threads: How many run at the same time; the figures do not depend on it.
        frames: `pandas`, `polars` or `columns`; by default as the prices came in.
        accept_jumps: Take changes of a price by eight times or more, and what looks like a
            split, for real.
        known: Raw rows by first policy of a portion that an earlier call had finished, as
            `on_progress` was given them.
        on_progress: Called with the number of policies done and the portion just finished.
        flows, fee, participation, missing, late, delisted, fx_bps, short, loan_rate, dividends: As
            for `backtest`. All but `fx_bps` run session by session, which takes longer.
        on_found: Called while targets are made from prices with the sessions done, and of how many.

    Raises:
        InputError: Prices or targets cannot be used, with everything that is wrong.
        OptionError: An option makes no sense.
    """
    import numpy as np

    if trade_at not in (None, "close", "next-open", "next-close"):
        raise OptionError(f"trade_at {trade_at!r}: one of close, next-open, next-close")
    if threads < 1:
        raise OptionError(f"threads {threads!r}: at least 1")
    aims = [read_target(target, name, short=short) for name, target in policies.targets.items()]
    for aim, name in zip(aims, policies.targets, strict=True):
        refuse_insured(aim, name, "tt.sweep")
    is_made = any(isinstance(aim, MadeTarget) for aim in aims)
    trade_at = trade_at or ("next-close" if is_made else "close")
    rules = read_rules(
        costs=Costs(), compiled=True, warmup=None, frames=frames or prices.frames,
        cash=cash, trade_at=trade_at, start=start, end=end, cash_rate=cash_rate,
        cost_rule=cost_rule, accept_jumps=accept_jumps, flows=flows, fee=fee,
        participation=participation, missing=missing, late=late, delisted=delisted,
        short=short, loan_rate=loan_rate, dividends=dividends,
    )  # fmt: skip
    policies = sweep_daily.with_costs(
        policies, lambda own: with_exchange(own, prices.foreign, fx_bps)
    )
    rules = replace(rules, breaks=any(when.breakdown for when in policies.whens))
    found = [
        dated_by(prices, target, name, whens=policies.whens, rules=rules, on_found=on_found)
        for name, target in policies.targets.items()
    ]
    portions = dict(known or {})
    is_fast = not rules.is_daily and all(own.is_plain for own in policies.costs.values())
    if not is_fast:
        if cost_rule != "once":
            raise OptionError("cost_rule: what runs session by session is only known to `once`")
        ready = sweep_daily.prepared(prices, policies, found, rules)
        panel, findings, held = ready.panel, ready.findings, ready.held
        cuts = cuts_of(len(panel))
        sweep_daily.run_all(ready, policies, cuts, portions, on_progress, threads)
    else:
        targets = [one[False] for one in found]
        panel, findings, columns = _columns(prices, policies, targets, rules)
        held, cuts = columns.held, columns.cuts
        _run(
            columns, len(policies), cash, trade_at, rules.cost_rule, threads, portions,
            on_progress,
        )  # fmt: skip
    raw = np.vstack([portions[first] for first in sorted(portions)])
    if is_made and trade_at == "close":
        message = "decide on the very close that they trade at; next-close is what can be done."
        findings.append(Finding("same-close", "policies", message, "warning"))
    if policies.left_out:
        message = (
            f"{policies.left_out} of the policies contradict themselves, as `edge` without a band "
            "does, and were left out."
        )
        findings.append(Finding("left-out", "policies", message, "info"))
    made = Sweep(
        grid=policies,
        cash=cash,
        trade_at=trade_at,
        first=panel.first,
        last=panel.last,
        sessions=len(panel),
        figures=_figures(raw, cash, panel, parts=len(cuts) - 1),
        parts=raw[:, FIGURES : FIGURES + 2 * (len(cuts) - 1)].reshape(len(raw), -1, 2),
        moments=raw[:, [MEAN, VARIANCE, THIRD, FOURTH]],
        held_sharpe=np.array([sharpe_moments(row[1:])[0] for row in held]),
        frames=frames or prices.frames,
        assumed=assumed_of_all(rules, policies.costs),
    )
    if is_fast:
        looked_at = dict.fromkeys([*made.best(), *made.frontier(), *range(len(made))])
        findings += not_followed(prices, policies, targets, rules, [*looked_at])
    return replace(made, findings=tuple(dict.fromkeys((*prices.findings, *findings))))


def fingerprint(prices: PriceHistory, policies: Grid, options: Mapping[str, Any]) -> str:
    """SHA-256 of all that the figures of a sweep depend on: what may be taken up again."""
    digest = sha256()
    columns = (prices.open, prices.volume, prices.stripped)
    more = [column for column in columns if column is not None]
    for part in (prices.dates, prices.close, *more):
        digest.update(part.tobytes())
    said = (prices.symbols, policies.whens, policies.tos, sorted(options.items()))
    digest.update(repr(said).encode())
    digest.update(repr([(n, str(t)) for n, t in policies.targets.items()]).encode())
    digest.update(repr(list(policies.costs.items())).encode())
    digest.update(policies.rows.tobytes())
    digest.update(bytes((FIGURES, PARTS, AT_ONCE, sweep_daily.AT_ONCE)))
    return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class _Columns:
    """What the kernel reads, the same for every thread."""

    shape: tuple[int, int]
    inner: int
    arguments: tuple[Any, ...]
    held: Floats
    rates: Floats
    cuts: Integers


def _columns(
    prices: PriceHistory,
    policies: Grid,
    targets: Sequence[GivenTarget],
    rules: Rules,
) -> tuple[PriceHistory, list[Finding], _Columns]:
    import numpy as np

    panel, findings = shared_history(
        prices, targets, start=rules.start, end=rules.end, cash_rate=rules.cash_rate,
        accept_jumps=rules.accept_jumps,
    )  # fmt: skip
    for name, target in zip(policies.targets, targets, strict=True):
        findings += out_of_reach(name, target, panel, rules)
    begins = max((t.dates[0] for t in targets if t.dates), default=None)
    if begins is not None:
        late = int(np.searchsorted(panel.dates, np.datetime64(begins, "D")))
        if late > len(panel) - 2:
            wrong = f"a target begins on {begins}, and prices end on {panel.last}"
            raise InputError([Problem(prices.source, None, "target", wrong, "give more prices")])
        panel = panel.since(late)
    close, n = panel.close, len(panel.symbols)
    rows: list[Floats] = []
    row_at, opens = [], []
    for target in targets:
        places = [panel.symbols.index(symbol) for symbol in target.symbols]
        own = np.zeros((len(target.rows), n))
        own[:, places] = target.rows
        at = np.zeros(len(panel), dtype=np.int64)
        if target.dates is not None:
            days = np.array(target.dates, dtype="datetime64[D]")
            at = np.searchsorted(days, panel.dates, side="right").astype(np.int64) - 1
        above = sum(len(before) for before in rows)
        row_at.append(at + above)
        opens.append(target.opening(int(at[0]), panel.first) + above)
        rows.append(own)
    weights, target_at = np.vstack(rows), np.array(row_at)
    held = np.zeros(target_at.shape)
    changes = close[1:] / close[:-1] - 1.0
    for k, at in enumerate(target_at):
        held[k, 1:] = np.einsum("ti,ti->t", weights[at[:-1]], changes)
    branches = targets[0].branches if len(targets) == 1 else ()
    inner = np.zeros((len(branches), n), dtype=np.int64)
    if branches:
        inner[:, [panel.symbols.index(symbol) for symbol in targets[0].symbols]] = branches
    when_columns = _when_columns(policies, panel)
    dealing = panel.open if rules.trade_at == "next-open" else close
    if dealing is None or np.isnan(dealing).any():
        wrong = "not every session has an open to trade at"
        raise InputError([Problem(prices.source, None, "open", wrong, "trade at next-close")])
    each = policies.costs.values()
    rates = np.array([rates_of(own, panel.symbols, cost_rule=rules.cost_rule) for own in each])
    cuts = cuts_of(len(panel))
    by_session = np.array(close, order="C")
    extremes = room_for_extremes(*close.shape)
    compiled(fill_extremes)(by_session, extremes)
    arguments = (
        laid_out(close),
        by_session,
        extremes,
        by_session if dealing is close else np.array(dealing, order="C"),
        *when_columns[:2],
        weights,
        target_at,
        np.array(opens),
        held,
        np.array([target.is_made for target in targets]),
        inner,
        when_columns[2],
        np.ascontiguousarray(policies.rows[:, 2]),
        *when_columns[3:],
        np.ascontiguousarray(policies.rows[:, 3]),
    )
    return panel, findings, _Columns(close.shape, len(inner), arguments, held, rates, cuts)


def cuts_of(sessions: int) -> Integers:
    """Where the parts of a run begin, counted from its first session, and where the last ends."""
    import numpy as np

    return np.linspace(1, sessions, min(PARTS, sessions - 1) + 1).astype(np.int64)


def _when_columns(policies: Grid, panel: PriceHistory) -> tuple[Any, ...]:
    """Calendars, whether each looks at every session; then by policy its calendar and numbers."""
    import numpy as np

    made = [looks_of(when, panel) for when in policies.whens]
    # Thousands of policies have a handful of calendars: each column is there once.
    different = {(id(looks), every): (looks, every) for looks, every in made}
    place = {key: k for k, key in enumerate(different)}
    looks = np.array([one for one, _ in different.values()])
    every = np.array([one for _, one in different.values()])
    look_of = np.array([place[id(looks), every] for looks, every in made], dtype=np.int64)
    bands = np.array(
        [
            [number_of(w.band_absolute), number_of(w.band_relative), number_of(w.drift)]
            for w in policies.whens
        ]
    )
    when, to = policies.rows[:, 0], policies.rows[:, 1]
    codes = np.array([TO_CODES[one.kind] for one in policies.tos], dtype=np.int64)
    widths = np.array([number_of(one.width) for one in policies.tos])
    return (looks, every, look_of[when], *(np.ascontiguousarray(bands[when, k]) for k in range(3)),
            codes[to], widths[to])  # fmt: skip


def _run(
    columns: _Columns,
    policies: int,
    cash: float,
    trade_at: TradeAt,
    cost_rule: int,
    threads: int,
    known: dict[int, Any],
    on_progress: Callable[[int, Mapping[int, Any]], None] | None,
) -> None:
    """The raw rows of all policies, by the first policy of each portion, into `known`."""
    import numpy as np

    kernel: Any = compiled(sweep_kernel)
    cash = float(cash)  # a whole number would have the kernel compiled once more
    lag = 0 if trade_at == "close" else 1
    spaces: list[tuple[Any, ...]] = []

    def run(first: int, last: int) -> Any:
        rows = np.zeros((last - first, FIGURES + 2 * (len(columns.cuts) - 1)))
        counted = np.zeros(last - first, dtype=np.int64)
        try:
            space = spaces.pop()
        except IndexError:  # so many threads have begun by now
            space = _space(columns)
        kernel(
            first, last, *columns.arguments, lag, cost_rule, columns.rates, cash, columns.cuts,
            *space, rows, counted,
        )  # fmt: skip
        spaces.append(space)
        return np.column_stack([rows, counted])

    run_portions(
        run, policies, at_once=AT_ONCE, threads=threads, known=known, on_progress=on_progress
    )


def _space(columns: _Columns) -> tuple[Any, ...]:
    """The work space of one thread, with room for a rebalance at every session."""
    import numpy as np

    sessions, n = columns.shape
    return (
        np.zeros(n),
        np.zeros(2, dtype=np.int64),
        np.zeros(2),
        np.zeros(sessions + LANES),
        np.zeros(sessions, dtype=np.int64),
        np.zeros((3, sessions)),
        np.zeros((sessions, n)),
        np.zeros((SPACE, n)),
        np.zeros((BRANCH_SPACE, columns.inner)),
        np.zeros(2),
        np.zeros(BLOCK),
        np.zeros(sessions),
        np.zeros(sessions),
        np.zeros(LANE_SUMS),
    )


def _figures(raw: Floats, cash: float, panel: PriceHistory, *, parts: int) -> dict[str, Any]:
    """The figures by name. Rows of runs session by session have what was left at the end as well:
    where money came and went, that is not what the start has grown to."""
    import numpy as np

    years = (day_of(panel.dates[-1]) - day_of(panel.dates[0])).days / DAYS_A_YEAR
    year = np.sqrt(sessions_a_year(panel.dates))
    deviation = np.sqrt(raw[:, VARIANCE])
    few = len(panel) < 3
    whole = FIGURES + 2 * parts + 1
    sharpe = np.divide(
        raw[:, MEAN] * year, deviation, out=np.full(len(raw), np.nan), where=deviation > 0
    )
    found = {
        "final_value": raw[:, FIGURES + 2 * parts] if raw.shape[1] > whole else raw[:, FINAL],
        "cagr": (raw[:, FINAL] / cash) ** (1.0 / years) - 1.0,
        "volatility": np.full(len(raw), np.nan) if few else deviation * year,
        "sharpe": sharpe,
        "downside": np.sqrt(raw[:, DOWNSIDE]) * year,
        "max_drawdown": raw[:, FALL],
        "tracking_error": np.sqrt(raw[:, APART_VARIANCE]) * year,
        "rebalances": raw[:, -1].astype(np.int64),
        "turnover_one_way": raw[:, TURNED],
        "cost_paid": raw[:, PAID],
    }
    return {name: np.ascontiguousarray(column) for name, column in found.items()}


def _plain(figure: Any) -> Any:
    number = figure.item()
    return None if number != number else number
