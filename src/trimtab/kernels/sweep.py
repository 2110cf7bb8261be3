"""Many policies over the same prices: each run by the same loop, and measured on the way.

Memory does not grow with the number of policies: the curve of one makes room for the next, and
what is kept of it is a row of figures.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel, kernel_without_zero
from trimtab.kernels.destination import Column
from trimtab.kernels.research import run
from trimtab.kernels.research_columns import ADOPTED, COST_PAID, REBALANCES, TURNOVER

# Columns of `figures`.
FINAL, TURNED, PAID, MEAN, VARIANCE, THIRD, FOURTH = range(7)
DOWNSIDE, FALL, APART_MEAN, APART_VARIANCE = range(7, 11)
FIGURES = 11
"""Figures of a policy; after them come the sum of its returns and of their squares, by part."""

WIDE = 32
"""Sessions whose figures are added side by side."""
LANE_SUMS = 4 * WIDE
"""Places of the work space in which they are: four sums."""

NEAR = 1e-14
"""By how much of a high a fall must be less deep than another to be so however it is rounded."""


@kernel
def sweep(
    first: int,
    last: int,
    prices: Column,
    closes: Column,
    extremes: Column,
    dealing: Column,
    looks: Column,
    every: Column,
    targets: Column,
    target_at: Column,
    opens: Column,
    held: Column,
    found: Column,
    branches: Column,
    look_of: Column,
    target_of: Column,
    absolute: Column,
    relative: Column,
    drift: Column,
    to: Column,
    width: Column,
    cost_of: Column,
    lag: int,
    cost_rule: int,
    rates: Column,
    cash: float,
    cuts: Column,
    units: Column,
    counts: Column,
    sums: Column,
    equity: Column,
    traded_at: Column,
    traded: Column,
    units_after: Column,
    space: Column,
    branch_space: Column,
    totals: Column,
    apart: Column,
    changes: Column,
    own: Column,
    lanes: Column,
    figures: Column,
    rebalances: Column,
) -> None:
    """Run the policies from `first` to before `last`.

    Args:
        first: The first policy.
        last: The one after the last.
        prices, closes, extremes, dealing: As for `run`.
        looks: By calendar and session: whether a policy looks, shape (calendars, sessions).
        every: By calendar: whether it looks at every session.
        targets: All rows of all targets, shape (rows, n).
        target_at: By target and session: which row holds, shape (k, sessions).
        opens: By target: the row that a run is invested at when it begins.
        held: By target and session: returns of holding it exactly and at no cost; the first is 0.
        found: By target: whether it was found from prices; then a policy is measured against what
            it adopted of it.
        branches: As for `run`.
        look_of, target_of, cost_of: Which calendar, target and costs each policy has.
        absolute, relative, drift, to, width: By policy, as for `run`.
        lag, cost_rule: As for `run`.
        rates: Costs, shape (costs, 4, n).
        cash: What each starts with.
        cuts: Sessions at which the parts of the run begin, and where the last ends.
        units, counts, sums, equity, traded_at, units_after, space, branch_space, totals: Work
            space as for `run`, with room for a rebalance at every session.
        traded: Work space, three rows by session.
        apart: Work space, shape (BLOCK,).
        changes, own: Work space, shape (sessions,).
        lanes: Work space as for `measure`.
        figures: Out, a row a policy that is run, shape (last - first, FIGURES + 2 x parts).
        rebalances: Out, shape (last - first,).
    """
    for p in range(first, last):
        target, look, cost = target_of[p], look_of[p], cost_of[p]
        opening = opens[target]
        for i in range(len(units)):
            units[i] = targets[opening][i] * cash / closes[0][i]
        counts[ADOPTED] = opening
        counts[REBALANCES] = 0
        sums[TURNOVER] = 0.0
        sums[COST_PAID] = 0.0
        run(
            prices, closes, extremes, dealing, looks[look], every[look], targets,
            target_at[target], branches, absolute[p], relative[p], drift[p], to[p], width[p], lag,
            cost_rule, rates[cost], 0, units, counts, sums, equity, traded_at, traded[0], traded[1],
            traded[2], units_after, space, branch_space, totals, apart,
        )  # fmt: skip
        rebalances[p - first] = counts[REBALANCES]
        row = figures[p - first]
        row[TURNED] = sums[TURNOVER]
        row[PAID] = sums[COST_PAID]
        if found[target]:
            fill_adopted(
                closes,
                targets,
                target_at[target],
                opening,
                traded_at[: counts[REBALANCES]],
                lag,
                own,
            )
            measure(equity[: len(changes)], own, cuts, changes, lanes, row)
        else:
            measure(equity[: len(changes)], held[target], cuts, changes, lanes, row)


@kernel
def fill_adopted(
    closes: Column,
    targets: Column,
    target_at: Column,
    opening: int,
    traded_at: Column,
    lag: int,
    own: Column,
) -> None:
    """Returns of holding, exactly and at no cost, the target that a policy had adopted last.

    A rebalance adopts the target of the session that decided it.

    Args:
        closes: Prices by session, shape (sessions, n).
        targets: All rows of all targets.
        target_at: By session: the row of this target.
        opening: The row that it began with.
        traded_at: At which sessions the policy rebalanced, ascending.
        lag: Sessions from a decision to its trades.
        own: Out, shape (sessions,); the first is 0.
    """
    aim = targets[opening]
    done = 0
    own[0] = 0.0
    for t in range(1, len(own)):
        if done < len(traded_at) and traded_at[done] - lag == t - 1:
            aim = targets[target_at[t - 1]]
            done += 1
        earned = 0.0
        for i in range(len(aim)):
            earned += aim[i] * (closes[t][i] / closes[t - 1][i] - 1.0)
        own[t] = earned


@kernel
def measure(
    equity: Column, held: Column, cuts: Column, changes: Column, lanes: Column, row: Column
) -> None:
    """What the curve of one policy comes to: the figures that are not counted on the way.

    Sums are taken in WIDE lanes, each of every WIDE-th session, and then lane by lane: in one go
    each addition would wait for the one before it, and that took half the time of a policy.

    Args:
        equity: Value at each close, shape (sessions,).
        held: Returns of holding the target exactly and at no cost; the first is 0.
        cuts: Sessions at which the parts of the run begin, and where the last ends.
        changes: Work space, shape (sessions,).
        lanes: Work space, shape (LANE_SUMS,).
        row: Out: the figures.
    """
    sessions = len(equity)
    _fill_changes(equity, changes)
    mean = 0.0
    for j in range(LANE_SUMS):
        lanes[j] = 0.0
    for part in range(len(cuts) - 1):
        for j in range(2 * WIDE):
            lanes[j] = 0.0
        _add_returns(changes, held, cuts[part], cuts[part + 1], lanes)
        total = _lane_sum(lanes, 0)
        row[FIGURES + 2 * part] = total
        row[FIGURES + 2 * part + 1] = _lane_sum(lanes, 1)
        mean += total
    mean /= sessions - 1
    apart_mean = _lane_sum(lanes, 2) / (sessions - 1)
    downside = _lane_sum(lanes, 3)
    for j in range(LANE_SUMS):
        lanes[j] = 0.0
    _add_powers(changes, held, mean, apart_mean, lanes)
    variance, apart_variance = _lane_sum(lanes, 0), _lane_sum(lanes, 3)
    row[FINAL] = equity[sessions - 1]
    row[MEAN] = mean
    row[VARIANCE] = variance / (sessions - 2) if sessions > 2 else 0.0
    row[THIRD] = _lane_sum(lanes, 1) / (sessions - 1)
    row[FOURTH] = _lane_sum(lanes, 2) / (sessions - 1)
    row[DOWNSIDE] = downside / (sessions - 1)
    row[FALL] = _deepest_fall(equity)
    row[APART_MEAN] = apart_mean
    row[APART_VARIANCE] = apart_variance / (sessions - 2) if sessions > 2 else 0.0


@kernel_without_zero
def _fill_changes(equity: Column, changes: Column) -> None:
    """Returns by session from the second on; where nothing is left, nothing is earned.

    What divides is above zero wherever the quotient is used.
    """
    for t in range(1, len(equity)):
        before = equity[t - 1]
        safe = before if before > 0.0 else 1.0
        change = equity[t] / safe - 1.0
        changes[t] = change if before > 0.0 else 0.0


@kernel
def _add_returns(changes: Column, held: Column, first: int, last: int, lanes: Column) -> None:
    """Add some sessions: returns, their squares, returns beyond `held`, squares of losses."""
    for t in range(first, last, WIDE):
        size = min(WIDE, last - t)
        change, other = changes[t : t + size], held[t : t + size]
        for j in range(size):
            square = change[j] * change[j]
            lanes[j] += change[j]
            lanes[WIDE + j] += square
            lanes[2 * WIDE + j] += change[j] - other[j]
            lanes[3 * WIDE + j] += square if change[j] < 0.0 else 0.0


@kernel
def _add_powers(
    changes: Column, held: Column, mean: float, apart_mean: float, lanes: Column
) -> None:
    """Add all sessions: squares, third and fourth powers of what returns are off their mean, and
    squares of what their distance from `held` is off its own."""
    for t in range(1, len(changes), WIDE):
        size = min(WIDE, len(changes) - t)
        change, other = changes[t : t + size], held[t : t + size]
        for j in range(size):
            away = change[j] - mean
            square = away * away
            apart = change[j] - other[j] - apart_mean
            lanes[j] += square
            lanes[WIDE + j] += square * away
            lanes[2 * WIDE + j] += square * square
            lanes[3 * WIDE + j] += apart * apart


@kernel
def _lane_sum(lanes: Column, number: int) -> float:
    """One of the sums, lane by lane."""
    total = 0.0
    for j in range(number * WIDE, (number + 1) * WIDE):
        total += lanes[j]
    return total


@kernel
def _deepest_fall(equity: Column) -> float:
    """The deepest fall from an earlier high, zero or below.

    It is worked out where it may be deeper than the last one: most sessions are seen not to be by
    a comparison.
    """
    high = equity[0]
    fall = 0.0
    near = high * (1.0 + NEAR)
    for t in range(1, len(equity)):
        value = equity[t]
        if value > high:
            high = value
        elif value > near:
            continue
        else:
            low = value / high - 1.0
            fall = low if low < fall else fall
        near = high * (1.0 + fall + NEAR)
    return fall
