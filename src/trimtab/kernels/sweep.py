"""Many policies over the same prices: each run by the same loop, and measured on the way.

Memory does not grow with the number of policies: the curve of one makes room for the next, and
what is kept of it is a row of figures.
"""

from __future__ import annotations

from trimtab.kernels.compile import kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.research import run
from trimtab.kernels.research_columns import ADOPTED, COST_PAID, REBALANCES, TURNOVER

# Columns of `figures`.
FINAL, TURNED, PAID, MEAN, VARIANCE, THIRD, FOURTH = range(7)
DOWNSIDE, FALL, APART_MEAN, APART_VARIANCE = range(7, 11)
FIGURES = 11
"""Figures of a policy; after them come the sum of its returns and of their squares, by part."""


@kernel
def sweep(
    first: int,
    last: int,
    prices: Column,
    closes: Column,
    highs: Column,
    lows: Column,
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
    figures: Column,
    rebalances: Column,
) -> None:
    """Run the policies from `first` to before `last`.

    Args:
        first: The first policy.
        last: The one after the last.
        prices, closes, highs, lows, dealing: As for `run`.
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
            prices, closes, highs, lows, dealing, looks[look], every[look], targets,
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
            measure(equity[: len(changes)], own, cuts, changes, row)
        else:
            measure(equity[: len(changes)], held[target], cuts, changes, row)


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
def measure(equity: Column, held: Column, cuts: Column, changes: Column, row: Column) -> None:
    """What the curve of one policy comes to: the figures that are not counted on the way."""
    sessions = len(equity)
    high = equity[0]
    fall = 0.0
    mean = 0.0
    apart_mean = 0.0
    downside = 0.0
    for t in range(1, sessions):
        # Where nothing is left, nothing is earned.
        changes[t] = equity[t] / equity[t - 1] - 1.0 if equity[t - 1] > 0.0 else 0.0
    for t in range(1, sessions):
        change = changes[t]
        mean += change
        apart_mean += change - held[t]
        if change < 0.0:
            downside += change * change
        high = equity[t] if equity[t] > high else high
        low = equity[t] / high - 1.0
        fall = low if low < fall else fall
    mean /= sessions - 1
    apart_mean /= sessions - 1
    variance = 0.0
    third = 0.0
    fourth = 0.0
    apart_variance = 0.0
    for part in range(len(cuts) - 1):
        total = 0.0
        squares = 0.0
        for t in range(cuts[part], cuts[part + 1]):
            change = changes[t]
            total += change
            squares += change * change
            away = change - mean
            square = away * away
            variance += square
            third += square * away
            fourth += square * square
            apart = change - held[t] - apart_mean
            apart_variance += apart * apart
        row[FIGURES + 2 * part] = total
        row[FIGURES + 2 * part + 1] = squares
    row[FINAL] = equity[sessions - 1]
    row[MEAN] = mean
    row[VARIANCE] = variance / (sessions - 2) if sessions > 2 else 0.0
    row[THIRD] = third / (sessions - 1)
    row[FOURTH] = fourth / (sessions - 1)
    row[DOWNSIDE] = downside / (sessions - 1)
    row[FALL] = fall
    row[APART_MEAN] = apart_mean
    row[APART_VARIANCE] = apart_variance / (sessions - 2) if sessions > 2 else 0.0
