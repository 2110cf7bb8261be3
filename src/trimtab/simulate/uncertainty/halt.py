"""A policy while one of its instruments cannot be traded: the kernel runs, and is met on the way.

During the halt the kernel is told that no target is known. It stops wherever the policy would
act, and what can be done is done here: what may be traded shares what is left beside the halted
instrument, in the proportions that the policy wants.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trimtab.kernels.destination import TO_CODES
from trimtab.kernels.research_columns import ADOPTED, COST_PAID, GOALS, REBALANCES, TURNOVER
from trimtab.kernels.research_deviations import fill_branch_shares, fill_limits
from trimtab.kernels.research_goals import NO_CASH, fill_goal_weights
from trimtab.kernels.research_trades import rebalance
from trimtab.simulate.research.policy_result import PolicyResult
from trimtab.simulate.research.policy_run import policy_result
from trimtab.simulate.research.rules import Rules
from trimtab.simulate.research.run_columns import RunColumns
from trimtab.simulate.research.settings import Setting

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats


def halted_run(
    setting: Setting, rules: Rules, *, symbol: str, first: int, stop: int
) -> PolicyResult:
    """One policy over its prices, with one instrument that cannot be traded for some sessions.

    A calendar acts on the others as always. A band, of an inner sleeve as well, acts by what the
    others are off: what the halted instrument is off cannot be traded away.

    Args:
        setting: The policy, made ready over prices that already stand still; its target is given.
        rules: What else holds.
        symbol: What is halted.
        first: The first session without trade in it.
        stop: The first session with trade in it again.
    """
    assert setting.make is None
    rules.check_plain()
    rules = replace(rules, compiled=False)
    lag = 0 if setting.trade_at == "close" else 1
    known = setting.row_at
    row_at = known.copy()
    # Decided one session before it is traded, where there is a lag.
    row_at[max(first - lag, 0) : max(stop - lag, 0)] = -1
    met = replace(setting, row_at=row_at)
    columns = RunColumns(met, rules)
    start_units = setting.rows[0] * rules.cash / setting.start_prices
    columns.begin(start_units)
    held = setting.history.symbols.index(symbol)
    session = 0
    while True:
        session = columns.go(setting.rows, session)
        if session == len(setting.history):
            break
        if row_at[session] >= 0:
            columns.make_room()
            continue
        if int(columns.counts[REBALANCES]) == columns.room:
            columns.make_room()
        _trade_around(columns, setting, int(known[session]), held, session, session + lag)
        session += 1
    return policy_result(setting, rules, columns, start_units, setting.rows)


def _trade_around(
    columns: RunColumns, setting: Setting, row: int, held: int, session: int, at: int
) -> None:
    """Trade everything but one instrument, as the policy would, and book it as the kernel does."""
    import numpy as np

    close = setting.history.close[session]
    units = np.array(columns.units)
    worth = units * close
    adopted = setting.rows[int(columns.counts[ADOPTED])]
    others = [i for i in range(len(units)) if i != held]
    now = float(worth.sum())
    off = worth - adopted * now
    off[held] = 0.0
    if not _others_fire(columns, setting, adopted, off, now):
        return
    goals = np.array(_goals(columns, setting, row, adopted, session, now))
    dealing = setting.history.open if setting.trade_at == "next-open" else setting.history.close
    assert dealing is not None
    prices = dealing[at]
    value = float((units * prices)[others].sum())
    share = float(goals[others].sum())
    if share <= 0.0 or value <= 0.0:
        return
    part = units[others].tolist()
    rate, per_unit, fixed, minimum = (column[others].tolist() for column in columns.rates)
    totals = [0.0, 0.0]
    traded = rebalance(
        part,
        prices[others].tolist(),
        value,
        (goals[others] / share).tolist(),
        columns.cost_rule,
        rate,
        per_unit,
        fixed,
        minimum,
        [0.0] * len(others),
        totals,
    )
    if not traded:
        return
    units[others] = part
    whole = value + float(units[held] * prices[held])
    k = int(columns.counts[REBALANCES])
    for column, entry in zip(columns.traded, (at, *totals, whole), strict=True):
        column[k] = entry
    columns.units = units.tolist()
    columns.units_after[k] = units.tolist()
    columns.counts[REBALANCES] = k + 1
    columns.counts[ADOPTED] = row
    columns.sums[TURNOVER] += 0.5 * totals[1] / whole
    columns.sums[COST_PAID] += totals[0]
    if at == session:
        columns.equity[session] = whole - totals[0]


def _others_fire(
    columns: RunColumns, setting: Setting, adopted: Floats, off: Floats, value: float
) -> bool:
    """Whether a band is breached, on any level of the tree, by what can be traded.

    Args:
        columns: The run, with its inner sleeves.
        setting: The policy.
        adopted: Target weights last adopted.
        off: How far each instrument is from its target, in money; the halted one not at all.
        value: What all of them are worth.
    """
    when = setting.policy.when
    if not when.has_band or when.drift is not None:
        return True
    absolute, relative = _widths(setting)
    inner = columns.branches
    shares, inner_off = [0.0] * len(inner), [0.0] * len(inner)
    fill_branch_shares(adopted.tolist(), inner, shares)
    fill_branch_shares(off.tolist(), inner, inner_off)
    targets, away = [*adopted.tolist(), *shares], [*off.tolist(), *inner_off]
    limits = [0.0] * len(targets)
    fill_limits(targets, absolute, relative, limits)
    return any(abs(a) >= limit * value for a, limit in zip(away, limits, strict=True))


def _widths(setting: Setting) -> tuple[float, float]:
    """The bands of a policy, absolute and relative; below zero for none."""
    when = setting.policy.when
    absolute = -1.0 if when.band_absolute is None else float(when.band_absolute)
    relative = -1.0 if when.band_relative is None else float(when.band_relative)
    return absolute, relative


def _goals(
    columns: RunColumns, setting: Setting, row: int, adopted: Floats, session: int, value: float
) -> Any:
    """Where the policy would go if everything could be traded, as weights."""
    to = setting.policy.to
    space, branch_space = columns.space[:2]
    fill_goal_weights(
        setting.history.close[session].tolist(),
        columns.units,
        value,
        setting.rows[row].tolist(),
        adopted.tolist(),
        *_widths(setting),
        TO_CODES[to.kind],
        -1.0 if to.width is None else float(to.width),
        columns.branches,
        NO_CASH,
        0.0,
        space,
        branch_space,
    )
    return space[GOALS]
