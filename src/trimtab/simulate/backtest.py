"""Policies over history in research mode: what each would have done, with every convention said.

Conventions. Units are floats and fractional. A run starts invested at target at its first session,
at no cost, and its last session never trades. The cost of a rebalance is rate x sum of
|aim x value - holding|, with the value before cost, charged once; holdings become
aim x (value - cost). Cash (`CASH`) is a leaf like any other, but moving it costs nothing. A
target that trades nothing when a trigger fires is no rebalance. Bands compare with >= and an
allowance of 1e-12, and measure against the target last adopted; where the target is a tree, its
inner sleeves have bands as well.

Impact, schedules of fees, a limit on the part of a day's volume, money that comes and goes and a
yearly fee run session by session (`kernels.daily`), with the same conventions; docs/costs.md has
theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trimtab.costs import Costs
from trimtab.kernels.compile import compiled
from trimtab.kernels.daily import run_daily
from trimtab.kernels.daily_columns import (
    COUNTS,
    EXHAUSTED,
    FEES,
    ROWS,
    ROWS_A_SESSION,
    SUMS,
    TOTALS,
    Bill,
    Charges,
    Conditions,
    Held,
    Log,
    Tally,
    Terms,
    Work,
)
from trimtab.kernels.destination import TO_CODES
from trimtab.kernels.research import (
    ADOPTED,
    BLOCK,
    COST_FROM_LAST,
    COST_IN_ORDER,
    COST_ONCE,
    COST_PAID,
    COST_SOLVED,
    REBALANCES,
    SPACE,
    TURNOVER,
    run,
)
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy, PolicyError, When
from trimtab.simulate.aims import GivenTarget, MadeTarget, read_target
from trimtab.simulate.calendar import period_ends
from trimtab.simulate.conditions import conditions_of
from trimtab.simulate.flows import Flows, read_flows
from trimtab.simulate.history import (
    PriceHistory,
    common_sessions,
    jumps,
    split_guess,
)
from trimtab.simulate.metrics import DAYS_A_YEAR
from trimtab.simulate.results import Backtest, PolicyResult, Rebalances, TradeAt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats, FrameKind

CostRule: TypeAlias = Literal["once", "solved", "in-order", "from-last"]
Form: TypeAlias = Literal["auto", "interpreted", "compiled"]

RULES: dict[str, int] = {
    "once": COST_ONCE,
    "solved": COST_SOLVED,
    "in-order": COST_IN_ORDER,
    "from-last": COST_FROM_LAST,
}
FIRST_ROOM = 512
"""Rebalances that a run has room for at first."""

_COMPILE_FROM = 6_000_000
"""Prices looked at, over all policies, from which machine code pays for importing Numba."""


@dataclass(frozen=True)
class Rules:
    """What is the same for every policy of one call."""

    costs: Costs
    cash: float
    trade_at: TradeAt | None
    start: date | None
    end: date | None
    cash_rate: float
    cost_rule: int
    compiled: bool
    warmup: int | None
    frames: FrameKind
    accept_jumps: bool
    flows: Flows | None = None
    fee: float = 0.0
    participation: float | None = None

    @property
    def is_daily(self) -> bool:
        """Whether policies run session by session, for what the fast loop does not know."""
        asked = self.flows is not None or self.fee > 0.0 or self.participation is not None
        return asked or not self.costs.is_plain

    def check_plain(self) -> None:
        """Make sure that nothing asked for belongs to history alone.

        Raises:
            ValueError: Volumes, flows or fees would have to be made up for other prices.
        """
        if self.is_daily:
            raise ValueError(
                "other prices have no volumes or flows of their own: leave out impact, schedules, "
                "participation, flows and fee to run over them"
            )


@dataclass(frozen=True)
class Setting:
    """One policy made ready: its prices from its first session on, its targets, its timing."""

    policy: Policy
    trade_at: TradeAt
    history: PriceHistory
    rows: Floats
    row_at: NDArray[np.int64]
    make: MadeTarget | None
    spare_cash: bool
    known: PriceHistory
    offset: int
    start_prices: Floats
    branches: tuple[tuple[int, ...], ...] = ()
    conditions: Conditions | None = None


@dataclass(frozen=True, eq=False)
class Ready:
    """What a backtest ran on, so that its policies can run again over other prices.

    Args:
        panel: Complete prices, from the first session on which all had one; CASH as a column
            where it is needed.
        earned: Whether the panel's CASH is what the rate of interest makes of it, and no price.
        policies: The policies.
        settings: Each made ready over the panel, in the same order.
        rules: What is the same for all of them.
    """

    panel: PriceHistory
    earned: bool
    policies: tuple[Policy, ...]
    settings: tuple[Setting, ...]
    rules: Rules

    @property
    def is_given(self) -> bool:
        """Whether all targets are known beforehand: none is made from prices."""
        return all(setting.make is None for setting in self.settings)


def backtest(
    prices: PriceHistory,
    policies: Policy | Sequence[Policy],
    *,
    costs: Costs | None = None,
    cash: float = 100_000.0,
    trade_at: TradeAt | None = None,
    start: date | None = None,
    end: date | None = None,
    cash_rate: float = 0.0,
    cost_rule: CostRule = "once",
    form: Form = "auto",
    warmup: int | None = None,
    frames: FrameKind | None = None,
    accept_jumps: bool = False,
    flows: Flows | Mapping[date, float] | float | None = None,
    fee: float = 0.0,
    participation: float | None = None,
) -> Backtest:
    """What one or several policies would have done over history.

    Args:
        prices: Total-return prices, as `read_prices` gives them.
        policies: One policy, or several to compare on the same sessions.
        costs: What trading costs; nothing by default.
        cash: What each starts with.
        trade_at: `close` trades at the very close that decided, `next-open` and `next-close` at
            the next session. By default `close` for given targets and `next-close` for targets
            that are made from data, which must not trade on the price they have just seen.
        start: First date that may count; targets made from data see what was before it.
        end: Last date that may count.
        cash_rate: Yearly interest on CASH, actual/365.25, compounding.
        cost_rule: `once`, this package's convention. The others are for comparisons: `solved`
            makes the value after cost the one that is divided, exactly; `in-order` takes each
            order's cost out of its own money; `from-last` out of the largest purchase.
        form: Which form of the kernels runs; both give the same bits. `auto` goes by the work.
        warmup: Sessions that must be known before a target is made from data: by default 252 for
            an estimator, 1 for a function (which may return None while it is too early).
        frames: `pandas`, `polars` or `columns` for results; by default as the prices came in.
        accept_jumps: Take tenfold changes of a price for real.
        flows: Money that comes and, below zero, goes: by date, or a share of the value a year as
            -0.04 (each month), or both as `Flows`. It comes at the close, before the policy looks.
        fee: Yearly fee on assets, as 0.005: taken each month from all holdings alike.
        participation: Share of a session's volume that may be traded at most, as 0.05; what is
            left of an order waits for the next sessions.

    Returns:
        Figures, curves and trades of each policy, with findings.

    Raises:
        InputError: Prices or targets cannot be used, with everything that is wrong.
        PolicyError: Two policies have the same name.
    """
    given: object = prices
    if not isinstance(given, PriceHistory):
        wrong = f"a {type(given).__name__} is no price history"
        remedy = "pass it through trimtab.read_prices first"
        raise InputError([Problem("prices", None, "", wrong, remedy)])
    chosen = [policies] if isinstance(policies, Policy) else list(policies)
    _check_names(chosen)
    charged = costs or Costs()
    if cost_rule not in RULES:
        raise ValueError(f"cost_rule {cost_rule!r}: one of {', '.join(RULES)}")
    if trade_at not in (None, "close", "next-open", "next-close"):
        raise ValueError(f"trade_at {trade_at!r}: one of close, next-open, next-close")
    if not (cash > 0 and cash < float("inf")):
        raise ValueError(f"cash {cash!r}: must be above zero and finite")
    if not -1.0 < cash_rate < 10.0:
        raise ValueError(f"cash_rate {cash_rate!r}: a fraction a year, as 0.03")
    if not 0.0 <= fee < 1.0:
        raise ValueError(f"fee {fee!r}: a fraction a year, as 0.005")
    if participation is not None and not 0.0 < participation <= 1.0:
        raise ValueError(f"participation {participation!r}: a share of the volume, as 0.05")
    work = prices.close.size * len(chosen)
    rules = Rules(
        costs=charged,
        cash=float(cash),
        trade_at=trade_at,
        start=start,
        end=end,
        cash_rate=cash_rate,
        cost_rule=RULES[cost_rule],
        compiled=form == "compiled" or (form == "auto" and work >= _COMPILE_FROM),
        warmup=warmup,
        frames=frames or prices.frames,
        accept_jumps=accept_jumps,
        flows=read_flows(flows),
        fee=float(fee),
        participation=participation,
    )
    if rules.is_daily and cost_rule != "once":
        raise ValueError("cost_rule: impact, schedules, flows and fees are only known to `once`")
    return over(prices, chosen, rules)


def over(prices: PriceHistory, policies: Sequence[Policy], rules: Rules) -> Backtest:
    """What policies with different names would have done over prices, by rules already checked.

    Raises:
        InputError: Prices or targets cannot be used, with everything that is wrong.
    """
    targets = [read_target(policy.target, policy.label) for policy in policies]
    history, findings = shared_history(
        prices, targets, start=rules.start, end=rules.end, cash_rate=rules.cash_rate,
        accept_jumps=rules.accept_jumps, cash_column=rules.is_daily,
    )  # fmt: skip
    settings = _settings(policies, targets, history, rules, findings)
    if rules.is_daily:
        settings = [_with_conditions(one, prices, rules, findings) for one in settings]
    results = tuple(_result(setting, rules) for setting in settings)
    findings += [finding for one in results for finding in one.findings]
    unique = tuple(dict.fromkeys((*prices.findings, *findings)))
    earned = CASH in history.symbols and CASH not in prices.symbols
    ready = Ready(history, earned, tuple(policies), tuple(settings), rules)
    return Backtest(results, rules.cash, unique, ready)


def _with_conditions(
    setting: Setting, prices: PriceHistory, rules: Rules, findings: list[Finding]
) -> Setting:
    conditions, said = conditions_of(
        setting.history,
        prices,
        costs=rules.costs,
        flows=rules.flows,
        fee=rules.fee,
        participation=rules.participation,
    )
    findings += said
    return replace(setting, conditions=conditions)


def _check_names(policies: Sequence[Policy]) -> None:
    if not policies:
        raise PolicyError("no policy: give at least one")
    seen: set[str] = set()
    for policy in policies:
        if policy.label in seen:
            raise PolicyError(f"two policies are called {policy.label!r}: give them names")
        seen.add(policy.label)


def shared_history(
    prices: PriceHistory,
    targets: Sequence[GivenTarget | MadeTarget],
    *,
    start: date | None,
    end: date | None,
    cash_rate: float,
    accept_jumps: bool,
    cash_column: bool = False,
) -> tuple[PriceHistory, list[Finding]]:
    """The sessions that all policies share, complete, with CASH as a column where it is needed.

    Args:
        prices: All prices.
        targets: What the policies hold.
        start: First date that may count.
        end: Last date that may count.
        cash_rate: Yearly interest on CASH.
        accept_jumps: Take tenfold changes of a price for real.
        cash_column: Whether CASH is needed though no target names it.

    Raises:
        InputError: A symbol has no prices, sessions do not overlap, or a price jumps tenfold.
    """
    made = any(isinstance(target, MadeTarget) for target in targets)
    wanted: list[str] = list(prices.symbols) if made else []
    for target in targets:
        if isinstance(target, GivenTarget):
            wanted += target.symbols
    if cash_column and CASH in prices.symbols:
        wanted.append(CASH)
    symbols = [s for s in dict.fromkeys(wanted) if s != CASH or CASH in prices.symbols]
    # Targets made from data see what was before the start.
    found = common_sessions(prices, symbols, start=None if made else start, end=end)
    panel, findings = found.history, list(found.findings)
    if not accept_jumps:
        _refuse_jumps(panel)
    if CASH not in panel.symbols and (made or CASH in wanted or cash_column):
        whole = panel
        panel = whole.once(("cash", cash_rate), lambda: _with_cash(whole, cash_rate))
    return panel, findings


def _with_cash(history: PriceHistory, rate: float) -> PriceHistory:
    import numpy as np

    years = (history.dates - history.dates[0]).astype(np.float64) / DAYS_A_YEAR
    worth = ((1.0 + rate) ** years)[:, None]
    opens = None if history.open is None else np.hstack([history.open, worth])
    volume = None
    if history.volume is not None:
        volume = np.hstack([history.volume, np.full_like(worth, np.nan)])
    return replace(
        history,
        symbols=(*history.symbols, CASH),
        close=np.hstack([history.close, worth]),
        open=opens,
        volume=volume,
    )


def _refuse_jumps(history: PriceHistory) -> None:
    problems = [
        Problem(
            history.source,
            None,
            symbol,
            f"the price goes from {before:g} to {after:g} on {day}, "
            f"which looks like a {split_guess(before, after)}",
            "use prices adjusted for splits, or say that it is real (accept_jumps)",
        )
        for symbol, day, before, after in jumps(history)[:20]
    ]
    if problems:
        raise InputError(problems)


def _settings(
    policies: Sequence[Policy],
    targets: Sequence[GivenTarget | MadeTarget],
    history: PriceHistory,
    rules: Rules,
    findings: list[Finding],
) -> list[Setting]:
    """All policies made ready to begin together, at the first session at which the last one can."""
    pairs = list(zip(policies, targets, strict=True))
    settings = [_setting(policy, target, history, rules, findings) for policy, target in pairs]
    latest = max(setting.history.first for setting in settings)
    if all(setting.history.first == latest for setting in settings):
        return settings
    late = next(one.policy.label for one in settings if one.history.first == latest)
    message = f"all policies begin on {latest}, the first session at which {late!r} can."
    findings.append(Finding("starts-together", late, message, "info"))
    together = replace(rules, start=latest)
    return [
        setting
        if setting.history.first == latest
        else _setting(policy, target, history, together, findings)
        for setting, (policy, target) in zip(settings, pairs, strict=True)
    ]


def _setting(
    policy: Policy,
    target: GivenTarget | MadeTarget,
    shared: PriceHistory,
    rules: Rules,
    findings: list[Finding],
) -> Setting:
    made = isinstance(target, MadeTarget)
    trade_at: TradeAt = rules.trade_at or ("next-close" if made else "close")
    if made and trade_at == "close":
        message = "decides on the very close that it trades at; next-close is what can be done."
        findings.append(Finding("same-close", policy.label, message, "warning"))
    if policy.when.cashflow is not None and rules.flows is None:
        message = "there is no new cash in a backtest without flows, so cashflow never fires."
        findings.append(Finding("no-cash-flows", policy.label, message, "info"))
    if isinstance(target, GivenTarget):
        setting = _given(policy, target, shared, trade_at, rules)
    else:
        setting = _made(policy, target, shared, trade_at, rules)
    if trade_at == "next-open":
        _check_opens(setting.history)
    return setting


def _given(
    policy: Policy,
    target: GivenTarget,
    shared: PriceHistory,
    trade_at: TradeAt,
    rules: Rules,
) -> Setting:
    import numpy as np

    spare = rules.is_daily and CASH not in target.symbols
    history = _chosen(shared, (*target.symbols, CASH) if spare else target.symbols)
    row_at = np.zeros(len(history), dtype=np.int64)
    if target.dates is not None:
        days = np.array(target.dates, dtype="datetime64[D]")
        row_at = np.searchsorted(days, history.dates, side="right").astype(np.int64) - 1
    usable = row_at >= 0
    if rules.start is not None:
        usable &= history.dates >= np.datetime64(rules.start, "D")
    kept = np.flatnonzero(usable)
    if len(kept) < 2:
        begins = target.dates[0] if target.dates else rules.start
        wrong = f"it begins on {begins}, and prices end on {history.last}"
        raise InputError([_problem(policy, wrong, "give an earlier date or more prices")])
    history = _since(history, int(kept[0]))
    # Targets that were over before the first session were never adopted.
    rows = np.array(target.rows, dtype=np.float64)[row_at[kept[0]] :]
    row_at = row_at[kept] - row_at[kept[0]]
    if spare:
        rows = np.hstack([rows, np.zeros((len(rows), 1))])
    return Setting(
        policy=policy,
        trade_at=trade_at,
        history=history,
        rows=rows,
        row_at=row_at,
        make=None,
        spare_cash=spare,
        known=history,
        offset=0,
        start_prices=history.close[0],
        branches=tuple((*inside, 0) for inside in target.branches) if spare else target.branches,
    )


def _made(
    policy: Policy,
    target: MadeTarget,
    shared: PriceHistory,
    trade_at: TradeAt,
    rules: Rules,
) -> Setting:
    """A policy whose target is made from data: it begins where the first target can be made."""
    import numpy as np

    risky = tuple(symbol for symbol in shared.symbols if symbol != CASH)
    known = _chosen(shared, risky)
    columns = _chosen(shared, (*risky, CASH)) if CASH in shared.symbols else shared
    lag = 0 if trade_at == "close" else 1
    warmup = max(target.warmup if rules.warmup is None else rules.warmup, 1)
    decide = warmup - 1
    if rules.start is not None:
        opening = int(np.searchsorted(shared.dates, np.datetime64(rules.start, "D")))
        decide = max(decide, opening - lag)
    weights = None
    while decide + lag < len(shared) - 1:
        weights = target.make(known.until(decide))
        if weights is not None:
            break
        decide += 1
    if weights is None:
        wrong = f"no target could be made: {len(shared)} sessions, {warmup} needed before the first"
        remedy = "give more prices, or a smaller warmup"
        raise InputError([_problem(policy, wrong, remedy)])
    opening = decide + lag
    history = _since(columns, opening)
    row_at = np.full(len(history), -1, dtype=np.int64)
    rows = np.array([_row(weights, columns.symbols, policy)], dtype=np.float64)
    if lag == 0:
        row_at[0] = 0
    starts_at = history.close[0]
    if trade_at == "next-open":
        _check_opens(history)
        assert history.open is not None
        starts_at = history.open[0]
    return Setting(
        policy=policy,
        trade_at=trade_at,
        history=history,
        rows=rows,
        row_at=row_at,
        make=target,
        spare_cash=shared.close.shape[1] > known.close.shape[1],
        known=known,
        offset=opening,
        start_prices=starts_at,
    )


def _chosen(history: PriceHistory, symbols: tuple[str, ...]) -> PriceHistory:
    return history.once(("select", symbols), lambda: history.select(symbols))


def _since(history: PriceHistory, session: int) -> PriceHistory:
    return history.once(("since", session), lambda: history.since(session)) if session else history


def _row(weights: dict[str, float], symbols: Sequence[str], policy: Policy) -> list[float]:
    unknown = [symbol for symbol in weights if symbol not in symbols]
    if unknown:
        wrong = f"it names {unknown[0]}, which has no prices"
        raise InputError([_problem(policy, wrong, "name symbols that have prices, or CASH")])
    return [weights.get(symbol, 0.0) for symbol in symbols]


def _problem(policy: Policy, wrong: str, remedy: str) -> Problem:
    return Problem(f'policy "{policy.label}"', None, "target", wrong, remedy)


def _check_opens(history: PriceHistory) -> None:
    import numpy as np

    if history.open is None:
        wrong = "there are no opens to trade at"
        remedy = "give prices with an open column, or trade at next-close"
        raise InputError([Problem(history.source, None, "open", wrong, remedy)])
    missing = np.argwhere(np.isnan(history.open))
    if len(missing):
        row, column = missing[0]
        where = f"{history.symbols[column]} has no open on {history.dates[row]}"
        wrong = where if len(missing) == 1 else f"{where}, nor on {len(missing) - 1} more"
        raise InputError(
            [Problem(history.source, None, "open", wrong, "trade at next-close instead")]
        )


def _result(setting: Setting, rules: Rules) -> PolicyResult:
    import numpy as np

    history = setting.history
    columns = RunColumns(setting, rules)
    rows = setting.rows
    start_units = rows[0] * rules.cash / setting.start_prices
    columns.begin(start_units)
    session = 0
    while True:
        session = columns.go(rows, session)
        if session == len(history):
            break
        if setting.row_at[session] >= 0 or columns.is_full:
            columns.make_room()
            continue
        assert setting.make is not None
        view = setting.known.until(setting.offset + session)
        weights = setting.make.make(view)
        # A function that knows nothing new keeps the target it gave last.
        made = columns.adopted if weights is None else len(rows)
        if weights is not None:
            new = np.array([_row(weights, history.symbols, setting.policy)], dtype=np.float64)
            rows = np.vstack([rows, new])
        setting.row_at[session] = made
    return policy_result(setting, rules, columns, start_units, rows)


class RunColumns:
    """The columns that the kernel works on, in the form it runs in."""

    def __init__(self, setting: Setting, rules: Rules) -> None:
        import numpy as np

        history, when = setting.history, setting.policy.when
        sessions, n = history.close.shape
        self.setting = setting
        self.compiled = rules.compiled
        looks, self.every = looks_of(when, history)
        self.lag = 0 if setting.trade_at == "close" else 1
        self.looks = self._form(looks)
        self.by_symbol = self._shared("by symbol", history.close.T)
        self.by_session = self._shared("by session", history.close)
        dealing = self.by_session
        if setting.trade_at == "next-open":
            assert history.open is not None
            dealing = self._shared("opens", history.open)
        self.dealing = dealing
        self.conditions = setting.conditions
        self.rates = rates_of(rules.costs, history.symbols, whole=self.conditions is not None)
        if rules.cost_rule != COST_ONCE and self.rates[1:].any():
            raise ValueError("cost_rule: fees an order or a share are only known to `once`")
        self.cost_columns = [self._form(column) for column in self.rates]
        self.cost_rule = rules.cost_rule
        self.counts = self._form(np.zeros(COUNTS, dtype=np.int64))
        self.sums = self._form(np.zeros(SUMS))
        self.equity = self._form(np.zeros(sessions))
        self.room = FIRST_ROOM
        self.traded = [self._form(np.zeros(FIRST_ROOM, dtype=np.int64))]
        self.traded += [self._form(np.zeros(FIRST_ROOM)) for _ in range(3)]
        self.units_after = self._form(np.zeros((FIRST_ROOM, n)))
        inner = np.array(setting.branches, dtype=np.int64).reshape(-1, n)
        self.branches = self._form(inner)
        if self.conditions is not None:
            self.flows = self._form(np.zeros(sessions))
            self.traded_as = self._form(np.zeros(FIRST_ROOM, dtype=np.int64))
            self.cost_by = self._form(np.zeros((FIRST_ROOM, n)))
            self.conditions = self._formed(self.conditions)
            self.under_way = [self._form(np.zeros(n)) for _ in range(3)]
            self.bill = Bill(self._form(np.zeros(n)), self._form(np.zeros(TOTALS)))
        shapes: list[tuple[int, ...]] = [(SPACE, n), (3, len(inner)), (2,)]
        self.space = [self._form(np.zeros(shape)) for shape in shapes]
        self.blocks = [self._form(np.zeros(BLOCK)) for _ in range(4)]
        self.units: Any = None

    @property
    def is_full(self) -> bool:
        """Whether the log has no room for what one more session may need."""
        daily = self.conditions is not None
        return daily and int(self.counts[ROWS]) + ROWS_A_SESSION > self.room

    def use(self, by_symbol: Floats, by_session: Floats, dealing: Floats) -> None:
        """Run over these prices from now on; machine code only."""
        assert self.compiled
        assert self.conditions is None
        self.by_symbol, self.by_session, self.dealing = by_symbol, by_session, dealing

    def restart(self, units: Floats) -> None:
        """Forget what was run, and hold these units at the first session; machine code only."""
        self.counts[:] = 0
        self.sums[:] = 0.0
        self.begin(units)

    def _form(self, column: Any) -> Any:
        return column if self.compiled else column.tolist()

    def _formed(self, conditions: Conditions) -> Conditions:
        columns = ("caps", "flow_money", "flow_share", "fee_share")
        return conditions._replace(
            charges=Charges(*(self._form(column) for column in conditions.charges)),
            **{name: self._form(getattr(conditions, name)) for name in columns},
        )

    def _shared(self, name: str, values: Floats) -> Any:
        """Prices in the form of the kernel, made once for all policies over them."""
        import numpy as np

        # A copy, because machine code is made anew for columns that are read-only.
        key = (name, self.compiled)
        return self.setting.history.once(key, lambda: self._form(np.array(values, order="C")))

    def begin(self, units: Floats) -> None:
        """Hold these units."""
        self.units = self._form(units.copy())

    def make_room(self) -> None:
        """Room for four times as many rebalances, with those that are there."""
        import numpy as np

        def longer(column: Any) -> Any:
            old = np.asarray(column)
            return self._form(
                np.concatenate([old, np.zeros((3 * self.room, *old.shape[1:]), old.dtype)])
            )

        self.traded = [longer(column) for column in self.traded]
        self.units_after = longer(self.units_after)
        if self.conditions is not None:
            self.traded_as, self.cost_by = longer(self.traded_as), longer(self.cost_by)
        self.room *= 4

    @property
    def adopted(self) -> int:
        """The row of the target last adopted."""
        return int(self.counts[ADOPTED])

    def go(self, rows: Floats, session: int) -> int:
        """Run from a session on; the session at which a target is needed, or the number of them."""
        if self.conditions is not None:
            return self._go_daily(self.conditions, rows, session)
        policy = self.setting.policy
        when, to = policy.when, policy.to
        kernel: Any = compiled(run) if self.compiled else run
        return int(
            kernel(
                self.by_symbol,
                self.by_session,
                self.dealing,
                self.looks,
                self.every,
                self._form(rows),
                self._form(self.setting.row_at),
                self.branches,
                _number(when.band_absolute),
                _number(when.band_relative),
                _number(when.drift),
                TO_CODES[to.kind],
                _number(to.width),
                self.lag,
                self.cost_rule,
                *self.cost_columns,
                session,
                self.units,
                self.counts,
                self.sums,
                self.equity,
                *self.traded,
                self.units_after,
                *self.space,
                *self.blocks,
            )
        )

    def _go_daily(self, conditions: Conditions, rows: Floats, session: int) -> int:
        policy = self.setting.policy
        when, to = policy.when, policy.to
        kernel: Any = compiled(run_daily) if self.compiled else run_daily
        at, cost, moved, value = self.traded
        terms = Terms(
            looks=self.looks,
            targets=self._form(rows),
            target_at=self._form(self.setting.row_at),
            branches=self.branches,
            absolute=_number(when.band_absolute),
            relative=_number(when.band_relative),
            drift=_number(when.drift),
            cashflow=_number(when.cashflow),
            to=TO_CODES[to.kind],
            width=_number(to.width),
            lag=self.lag,
        )
        return int(
            kernel(
                self.by_session,
                self.dealing,
                terms,
                conditions,
                session,
                Held(self.units, *self.under_way),
                Tally(self.counts, self.sums, self.equity, self.flows),
                Log(at, cost, moved, value, self.traded_as, self.units_after, self.cost_by),
                Work(self.space[0], self.space[1], self.bill),
            )
        )


def _number(part: Any) -> float:
    """A width as the kernels take it: below zero for none."""
    return -1.0 if part is None else float(part)


def looks_of(when: When, history: PriceHistory) -> tuple[NDArray[np.bool_], bool]:
    """On which sessions a policy looks, shape (sessions,), and whether that is every one."""
    import numpy as np

    if when.calendar is None:
        watches = when.has_band or when.drift is not None
        return np.full(len(history), watches, dtype=np.bool_), True
    period = when.calendar
    looks = history.once(("ends", period), lambda: period_ends(history.dates, period))
    return looks, period == "daily"


def rates_of(costs: Costs, symbols: Sequence[str], *, whole: bool = False) -> Floats:
    """Rate, fee a unit, fee an order and least fee of each symbol, shape (4, n); none for cash.

    Args:
        costs: What trading costs.
        symbols: Of what.
        whole: Whether what else there is to the costs is worked out elsewhere.

    Raises:
        ValueError: There is more to the costs than that.
    """
    import numpy as np

    if not (whole or costs.is_plain):
        raise ValueError("costs: impact, tiers and a maximum are known to `backtest` only")

    rates = np.zeros((4, len(symbols)))
    for own in {id(one): one for one in (costs, *costs.by_instrument.values())}.values():
        fees = (
            float((own.bps + own.half_spread_bps) / 10_000),
            float(own.per_share),
            float(own.commission),
            float(own.minimum),
        )
        for i, symbol in enumerate(symbols):
            if symbol != CASH and costs.by_instrument.get(symbol, costs) is own:
                rates[:, i] = fees
    return rates


def policy_result(
    setting: Setting, rules: Rules, columns: RunColumns, start_units: Floats, rows: Floats
) -> PolicyResult:
    """What a run left in its columns, as the result of a policy; `rows` are all its targets."""
    import numpy as np

    history, n = setting.history, len(start_units)
    daily = columns.conditions is not None
    count = int(columns.counts[ROWS if daily else REBALANCES])
    after = np.asarray(columns.units_after[:count], dtype=np.float64).reshape(count, n)
    if setting.spare_cash and not (start_units[-1] or after[:, -1].any()):
        # The column of cash that a made target might have used, and never did.
        history, n = _chosen(history, history.symbols[:-1]), n - 1
    dealing = history.open if setting.trade_at == "next-open" else history.close
    assert dealing is not None
    sessions, cost, moved, value = columns.traded
    equity = np.asarray(columns.equity, dtype=np.float64)
    cost_by = None
    if daily:
        cost_by = np.asarray(columns.cost_by[:count], dtype=np.float64)
        cost_by = cost_by.reshape(count, len(start_units))[:, :n]
    log = Rebalances(
        sessions=np.asarray(sessions[:count], dtype=np.int64),
        value=np.asarray(value[:count], dtype=np.float64),
        cost=np.asarray(cost[:count], dtype=np.float64),
        moved=np.asarray(moved[:count], dtype=np.float64),
        dealing=dealing,
        start_units=start_units[:n],
        units_after=after[:, :n],
        rates=columns.rates[:, :n],
        kinds=np.asarray(columns.traded_as[:count], dtype=np.int64) if daily else None,
        cost_by=cost_by,
    )
    findings: tuple[Finding, ...] = ()
    if daily and columns.counts[EXHAUSTED]:
        day = history.dates[int(columns.counts[EXHAUSTED]) - 1]
        message = f"all of it was paid out on {day}, and that was less than was asked for."
        findings = (Finding("exhausted", setting.policy.label, message, "warning"),)
    if columns.conditions is not None:
        cash = after[:, columns.conditions.cash_at]
        short = cash < -1e-9 * np.abs(after).max(axis=1, initial=1.0)
        if short.any():
            day = history.dates[int(log.sessions[np.flatnonzero(short)[0]])]
            message = (
                f"cash was below zero on {int(short.sum())} days of trading, first on {day}: money "
                "was paid out before the day's volume allowed to sell for it."
            )
            findings += (Finding("overdrawn", setting.policy.label, message, "warning"),)
    return PolicyResult(
        name=setting.policy.label,
        policy=setting.policy,
        cash=rules.cash,
        final_value=float(equity[-1]),
        rebalances=int(columns.counts[REBALANCES]),
        turnover_one_way=float(columns.sums[TURNOVER]),
        cost_paid=float(columns.sums[COST_PAID]),
        trade_at=setting.trade_at,
        symbols=history.symbols,
        dates=history.dates,
        value=equity,
        history=history.close,
        start_units=start_units[:n],
        log=log,
        frames=rules.frames,
        flows=np.asarray(columns.flows, dtype=np.float64) if daily and rules.flows else None,
        fees_paid=float(columns.sums[FEES]),
        findings=findings,
        aims=rows[:, :n],
        aim_at=setting.row_at,
    )
