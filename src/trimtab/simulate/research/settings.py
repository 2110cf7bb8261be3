"""Policies made ready to run: from when, over which prices, to which targets, at what timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from trimtab.kernels.daily_columns import Conditions
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory, day_of
from trimtab.simulate.prices.views import Views
from trimtab.simulate.research.aims import GivenTarget, MadeTarget
from trimtab.simulate.research.broken import Struck
from trimtab.simulate.research.dynamic import check_dynamic
from trimtab.simulate.research.rules import Rules, TradeAt
from trimtab.targets.moving.cppi import CppiRule, told_of_bands

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from trimtab.simulate.frames import Floats


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
    is_made: bool = False
    struck: Struck | None = None

    @property
    def finds(self) -> bool:
        """Whether its target is found from prices, on the way or beforehand."""
        return self.make is not None or self.is_made


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
        """Whether nothing follows from prices: no target, and not whether correlations broke."""
        return all(one.make is None and one.struck is None for one in self.settings)


def made_ready(
    policies: Sequence[Policy],
    targets: Sequence[GivenTarget | MadeTarget],
    history: PriceHistory,
    rules: Rules,
    findings: list[Finding],
) -> list[Setting]:
    """All policies made ready to begin together, at the first session at which the last one can.

    Args:
        policies: The policies.
        targets: What each holds, in the same order.
        history: The sessions that they share.
        rules: What is the same for all of them.
        findings: In and out: what the reader should know.

    Raises:
        InputError: A target cannot be used with these prices.
    """
    pairs = list(zip(policies, targets, strict=True))
    settings = [_setting(policy, target, history, rules, findings) for policy, target in pairs]
    findings += _floors_unwatched(settings)
    if len(settings) == 1:
        return settings
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
    check_dynamic(policy)
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
        findings += out_of_reach(policy.label, target, shared, rules)
    else:
        setting = _made(policy, target, shared, trade_at, rules)
        if target.insured is not None:
            _check_floor(policy, target.insured, setting.history.first, rules.cash)
    if trade_at == "next-open":
        _check_opens(setting.history)
    return setting


def out_of_reach(
    label: str, target: GivenTarget, history: PriceHistory, rules: Rules
) -> list[Finding]:
    """That dated weights begin after the start asked for, or go on after the prices end."""
    if target.dates is None:
        return []
    import numpy as np

    found, first = [], target.dates[0]
    skipped = history.dates < np.datetime64(first, "D")
    if rules.start is not None:
        skipped &= history.dates >= np.datetime64(rules.start, "D")
    if rules.start is not None and skipped.any():
        message = f"its weights begin on {first}, after {rules.start}: the run begins there."
        found.append(Finding("target-begins-later", label, message, "warning"))
    ends = history.last if rules.end is None else max(history.last, rules.end)
    after = [day for day in target.dates if day > ends]
    if after:
        rows = "1 row of its weights is" if len(after) == 1 else f"{len(after)} of its rows are"
        message = f"{rows} dated after the last price of {history.last}, and never held."
        found.append(Finding("target-after-prices", label, message, "warning"))
    return found


def _given(
    policy: Policy,
    target: GivenTarget,
    shared: PriceHistory,
    trade_at: TradeAt,
    rules: Rules,
) -> Setting:
    import numpy as np

    spare = rules.is_daily and CASH not in target.symbols
    history = chosen(shared, (*target.symbols, CASH) if spare else target.symbols)
    first = 0
    if target.dates is not None:
        days = np.array(target.dates, dtype="datetime64[D]")
        row_at = np.searchsorted(days, history.dates, side="right").astype(np.int64) - 1
        first = int(np.searchsorted(history.dates, days[0]))
    if rules.start is not None:
        first = max(first, int(np.searchsorted(history.dates, np.datetime64(rules.start, "D"))))
    if len(history) - first < 2:
        begins = target.dates[0] if target.dates else rules.start
        wrong = f"it begins on {begins}, and prices end on {history.last}"
        raise InputError([_problem(policy, wrong, "give an earlier date or more prices")])
    history = _since(history, first)
    rows = target.table
    if target.dates is None:
        row_at = history.once("one row", lambda: np.zeros(len(history), dtype=np.int64))
    else:
        # Targets that were over before the first session were never adopted.
        opening = target.opening(int(row_at[first]), day_of(history.dates[0]))
        rows = rows[opening:]
        row_at = row_at[first:] - opening
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
        is_made=target.is_made,
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
    known = chosen(shared, risky)
    columns = chosen(shared, (*risky, CASH)) if CASH in shared.symbols else shared
    lag = 0 if trade_at == "close" else 1
    warmup = max(target.warmup if rules.warmup is None else rules.warmup, 1)
    decide = warmup - 1
    if rules.start is not None:
        opening = int(np.searchsorted(shared.dates, np.datetime64(rules.start, "D")))
        decide = max(decide, opening - lag)
    weights, views = None, Views(known)
    while decide + lag < len(shared) - 1:
        weights = target.make(views.at(decide, worth=rules.cash))
        if weights is not None:
            break
        decide += 1
    if weights is None and decide > warmup - 1 and target.may_wait:
        first, last = shared.dates[decide - 1], shared.dates[max(warmup - 1, 0)]
        wrong = f"it returned None on {last} and on every session up to {first}"
        remedy = "return weights by symbol, as {'SPY': 0.6, 'AGG': 0.4}; None is for too early"
        raise InputError([_problem(policy, wrong, remedy)])
    if weights is None:
        wrong = f"no target could be made: {len(shared)} sessions, {warmup} needed before the first"
        remedy = "give more prices, or a smaller warmup"
        raise InputError([_problem(policy, wrong, remedy)])
    opening = decide + lag
    history = _since(columns, opening)
    row_at = np.full(len(history), -1, dtype=np.int64)
    rows = np.array([target_row(weights, columns.symbols, policy)], dtype=np.float64)
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


def _check_floor(policy: Policy, rule: CppiRule, first: date, cash: float) -> None:
    """Make sure that a policy with a floor begins above it.

    Raises:
        InputError: It does not.
    """
    floor = float(rule.floor_on(first))
    if cash <= floor:
        wrong = f"it would begin on {first} with {cash:,.2f}, and its floor is {floor:,.2f}"
        raise InputError([_problem(policy, wrong, "begin with more cash, or lower the floor")])


def _floors_unwatched(settings: Sequence[Setting]) -> tuple[Finding, ...]:
    """Of all policies with a floor together, which have bands that do not look after it."""
    own = [
        told
        for one in settings
        if one.make is not None and one.make.insured is not None
        for told in told_of_bands(one.policy.when, one.policy.label)
    ]
    return (replace(own[0], subject=", ".join(one.subject for one in own)),) if own else ()


def chosen(history: PriceHistory, symbols: tuple[str, ...]) -> PriceHistory:
    """The history of these symbols, made once for all policies that hold them."""
    if symbols == history.symbols:
        return history
    return history.once(("select", symbols), lambda: history.select(symbols))


def _since(history: PriceHistory, session: int) -> PriceHistory:
    return history.once(("since", session), lambda: history.since(session)) if session else history


def target_row(weights: dict[str, float], symbols: Sequence[str], policy: Policy) -> list[float]:
    """Weights in the order of symbols.

    Raises:
        InputError: One of them has no prices.
    """
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
