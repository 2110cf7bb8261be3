"""The trade problem of several accounts, or with fees an order: a programme for HiGHS.

Cash stays in its account, but the target is shared, so accounts are coupled through the sleeves.
The goals come one after the other (lexicographic): in the mode of that name the fewest trades that
end inside every band, then what the policy minimises, then least turnover, so that no accounts are
swapped for nothing, then new cash where it came in, then where each sleeve prefers to lie, then the
accounts by name, and last, so that no path of the solver decides, a weight of each holding that is
the same everywhere.
Fees that an order costs however small it is, and the mode for the fewest trades, need a yes or no
for each trade, and an order of relief that asks for a dear lot before a cheap one a yes or no for
each such step: they make it a mixed-integer programme.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, floor

from trimtab.engine.highs import ENDLESS, Answer, Programme, lexicographic
from trimtab.engine.mandate import NEAREST_FIRST
from trimtab.engine.problem import Problem, by_name
from trimtab.engine.walked import runs

CENTS = 100.0
"""Minor units of one unit of money: the programme is written in units for its numbers' sake."""

SHORTFALL_PRICE = 1_000.0
"""Price of cash missing in an account: far above any gain, so that it is met whenever it can be."""

BEYOND_PRICE = 100.0
"""Trades that a unit of money outside its band is worth, where the fewest trades are asked for."""

FRESH_FIRST = 100.0
"""Rank that an account without new cash stands behind one with it, when both may buy."""

TIE_BREAK = 1e-5
"""Rank that what says nothing at all about two holdings comes to, at most."""

DUST = 1e-3
"""Trades below which a difference is of rounding."""

GOLDEN = 0.6180339887498949
"""Its multiples, whole parts left out, are never equal nor sums of each other: no ties are left."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What HiGHS found.

    Args:
        change: By holding in minor units, positive for purchases; None where it found nothing.
        gap: How far the goal in money may be from the best, minor units.
        fewer: How many trades less may do, in the mode for the fewest.
        trouble: By goal that ended without an answer (`fewest`, `first`): how.
    """

    change: list[float] | None
    gap: float
    fewer: int = 0
    trouble: dict[str, str] = field(default_factory=dict)


def solved(
    problem: Problem,
    blocked: AbstractSet[tuple[int, str]],
    drift_price: float | None,
    *,
    fewest_trades: Sequence[float] | None = None,
    least: Sequence[tuple[float, float]] | None = None,
) -> Solved:
    """Solve the trade problem with HiGHS.

    Args:
        problem: What may be traded.
        blocked: Holdings (by index) and sides that may not be traded.
        drift_price: Money that a unit of drift left is worth; None: the nearest point first.
        fewest_trades: For the mode of that name: by leaf, the deviation in minor units inside
            which a sleeve need not be traded; None for the usual goals.
        least: Where orders have fees however small they are: by holding, the least that is bought
            and the least that is sold of it, minor units; None for no minimum.

    Returns:
        What was found, and what was not: trouble with HiGHS is told, never raised.
    """
    problem, places, leaves = by_name(problem)
    blocked = {(places.index(i), side) for i, side in blocked}
    if fewest_trades is not None:
        fewest_trades = [fewest_trades[s] for s in leaves]
    if least is not None:
        least = [least[i] for i in places]
    programme = Programme()
    price = NEAREST_FIRST if drift_price is None else drift_price
    sells: list[list[int]] = []
    buys: list[int | None] = []
    purse: list[list[tuple[int, float]]] = [[] for _ in problem.accounts]
    in_leaf: list[list[tuple[int, float]]] = [[] for _ in problem.leaves]
    for i, holding in enumerate(problem.holdings):
        rank = float(problem.location[holding.leaf][holding.account])
        last = holding.account / (1 + len(problem.accounts)) * 1e-3
        last += (i + 1) * GOLDEN % 1.0 * TIE_BREAK
        stale = FRESH_FIRST if any(problem.fresh) and not problem.fresh[holding.account] else 0.0
        own: list[int] = []
        if (i, "sell") not in blocked:
            later = {"second": 1.0, "third": -rank - last}
            lots = [
                [
                    programme.column(0.0, money / CENTS, {"first": holding.fee + share, **later})
                    for money, share in run
                ]
                for run in runs(holding)
            ]
            own = [column for run in lots for column in run]
            _add_order(programme, lots)
        sells.append(own)
        buy = None
        if holding.buyable and (i, "buy") not in blocked:
            buy = programme.column(
                0.0,
                ENDLESS,
                {
                    "first": holding.fee,
                    "second": 1.0,
                    "third": rank + last + stale,
                },
            )
        buys.append(buy)
        account, leaf = purse[holding.account], in_leaf[holding.leaf]
        account.extend((c, 1.0 - holding.fee) for c in own)
        leaf.extend((c, -1.0) for c in own)
        if buy is not None:
            account.append((buy, -(1.0 + holding.fee)))
            leaf.append((buy, 1.0))
    made = _add_fees(programme, problem, sells, buys, purse, least, count=fewest_trades is not None)
    beyond, off = _add_deviations(programme, problem, in_leaf, purse, price, fewest_trades)
    if fewest_trades is not None:
        _add_needed(programme, problem, sells, buys, made, beyond, fewest_trades)
    elif made:
        _add_plain_truths(programme, problem, sells, buys, made, off, purse, price)
    found = lexicographic(programme)
    gap, values = found.gaps.get("first", 0.0) * CENTS, found.values
    if not values:
        return Solved(None, 0.0, trouble=found.trouble)
    # A no is only a no to within a tolerance, which lets a few cents through without their fee.
    for column, yes in made.items():
        values[column] *= round(values[yes])
    change = [0.0] * len(places)
    for place, own, buy in zip(places, sells, buys, strict=True):
        money = (values[buy] if buy is not None else 0.0) - sum(values[c] for c in own)
        change[place] = money * CENTS
    return Solved(change, gap, _fewer(programme, found), found.trouble)


def _fewer(programme: Programme, found: Answer) -> int:
    """How many trades less may do, where the search for the fewest ended at its limit.

    Where sleeves end outside their bands, less than a whole trade of gap may be one.
    """
    gap = found.gaps.get("fewest", 0.0)
    pairs = zip(programme.whole, programme.prices("fewest"), found.values, strict=True)
    counted = [(price * value, whole) for whole, price, value in pairs]
    trades = sum(round(cost) for cost, whole in counted if whole)
    beyond = sum(cost for cost, whole in counted if not whole)
    gap = min(gap, float(trades))
    return floor(gap + DUST) if beyond < DUST else ceil(gap - DUST)


def _add_order(programme: Programme, runs_: Sequence[Sequence[int]]) -> None:
    """A yes or no for each run of lots: is it sold, so that the next may be?"""
    infinity = float("inf")
    for run, later in pairwise(runs_):
        sold = programme.column(0.0, 1.0, {}, whole=True)
        programme.last.add(sold)
        for cells, side in ((run, 1.0), (later, -1.0)):
            amount = sum(programme.high[c] for c in cells)
            programme.row(0.0, infinity, [*((c, side) for c in cells), (sold, -side * amount)])


def _add_deviations(
    programme: Programme,
    problem: Problem,
    in_leaf: list[list[tuple[int, float]]],
    purse: list[list[tuple[int, float]]],
    price: float,
    inside: Sequence[float] | None,
) -> tuple[list[int], list[tuple[int, int]]]:
    """How far sleeves and cash end from their goals, and what accounts lack.

    Returns:
        With `inside`, by leaf the column of how far it ends beyond that; and by leaf the columns
        of how far it ends over and under its goal.
    """
    infinity = float("inf")
    outside: list[int] = []
    off: list[tuple[int, int]] = []
    short = {"first": SHORTFALL_PRICE, "fewest": 0.0 if inside is None else SHORTFALL_PRICE}
    for s, cells in enumerate(in_leaf):
        distance = (float(problem.goals[s]) - problem.values[s]) / CENTS
        over = programme.column(0.0, infinity, {"first": price})
        under = programme.column(0.0, infinity, {"first": price})
        programme.row(distance, distance, [*cells, (over, -1.0), (under, 1.0)])
        off.append((over, under))
        if inside is not None:
            free = inside[s] / CENTS
            beyond = programme.column(0.0, infinity, {"fewest": BEYOND_PRICE})
            outside.append(beyond)
            programme.row(distance - free, infinity, [*cells, (beyond, 1.0)])
            programme.row(-infinity, distance + free, [*cells, (beyond, -1.0)])
    for a, cells in enumerate(purse):
        missing = programme.column(0.0, infinity, short)
        programme.row(-problem.purses[a] / CENTS, infinity, [*cells, (missing, 1.0)])
    everywhere = [cell for cells in purse for cell in cells]
    missing = programme.column(0.0, infinity, {goal: cost / 10 for goal, cost in short.items()})
    programme.row(-problem.cash / CENTS, infinity, [*everywhere, (missing, 1.0)])
    distance = (float(problem.cash_goal) - problem.cash) / CENTS
    over = programme.column(0.0, infinity, {"first": price})
    under = programme.column(0.0, infinity, {"first": price})
    programme.row(distance, distance, [*everywhere, (over, -1.0), (under, 1.0)])
    return outside, off


def _add_needed(
    programme: Programme,
    problem: Problem,
    sells: list[list[int]],
    buys: list[int | None],
    made: dict[int, int],
    beyond: Sequence[int],
    inside: Sequence[float],
) -> None:
    """A sleeve outside its band needs at least one trade of its side, or stays outside by as much.

    That follows from the other rows where a yes or no is whole. Said aloud it holds for parts of a
    yes too, which is what the search goes by: it ends ten times sooner.
    """
    for s, free in enumerate(inside):
        distance = float(problem.goals[s]) - problem.values[s]
        need = (abs(distance) - free) / CENTS
        if need < 1.0:
            continue
        own = [i for i, holding in enumerate(problem.holdings) if holding.leaf == s]
        firsts = [buys[i] if distance > 0 else next(iter(sells[i]), None) for i in own]
        trades = [made[column] for column in firsts if column is not None]
        cells = [*((yes, 1.0) for yes in trades), (beyond[s], 1.0 / need)]
        programme.row(1.0, float("inf"), cells)


def _add_fees(
    programme: Programme,
    problem: Problem,
    sells: list[list[int]],
    buys: list[int | None],
    purse: list[list[tuple[int, float]]],
    least: Sequence[tuple[float, float]] | None,
    *,
    count: bool,
) -> dict[int, int]:
    """A yes or no for each trade, and the part of its fee that the rate does not cover.

    Returns:
        By column that is sold or bought, the column of its yes or no.
    """
    infinity = float("inf")
    spendable = [max(purse_, 0) / CENTS for purse_ in problem.purses]
    # With a minimum more may be traded than is of use, for less is not allowed.
    is_free = count or least is not None
    useful = float("inf") if is_free else _useful(problem) / CENTS
    for holding, own in zip(problem.holdings, sells, strict=True):
        spendable[holding.account] += sum(programme.high[c] for c in own)
    made: dict[int, int] = {}
    for i, (holding, own, buy) in enumerate(zip(problem.holdings, sells, buys, strict=True)):
        orders: list[int] = []
        for side, part in enumerate(([] if buy is None else [(buy, 1.0)], [(c, 1.0) for c in own])):
            if not part or (holding.costs.is_linear and not count):
                continue
            # No more is bought than the account has and may raise, and nothing is traded beyond
            # what is of any use: the tighter, the sooner the search ends.
            most = sum(programme.high[c] for c, _ in part)
            limit = min(most, spendable[holding.account] + 1.0, useful)
            traded = programme.column(0.0, 1.0, {"fewest": 1.0 if count else 0.0}, whole=True)
            programme.row(-infinity, 0.0, [*part, (traded, -limit)])
            made |= {c: traded for c, _ in part}
            orders.append(traded)
            if least is not None and least[i][side]:
                programme.row(0.0, infinity, [*part, (traded, -least[i][side] / CENTS)])
            if holding.costs.is_linear:
                continue
            # Fee beyond the rate: the fixed part, or what is missing to the least fee.
            more = programme.column(0.0, infinity, {"first": 1.0, "second": 1.0})
            fixed = holding.costs.fixed / CENTS
            lowest = holding.costs.minimum / CENTS
            programme.row(0.0, infinity, [(more, 1.0), (traded, -fixed)])
            charged = [(c, f * holding.fee) for c, f in part]
            programme.row(0.0, infinity, [(more, 1.0), (traded, -lowest), *charged])
            purse[holding.account].append((more, -1.0))
        if len(orders) == 2 and not count:
            programme.rivals.append((orders[0], orders[1]))
            programme.row(-infinity, 1.0, [(order, 1.0) for order in orders])
    return made


def _add_plain_truths(
    programme: Programme,
    problem: Problem,
    sells: list[list[int]],
    buys: list[int | None],
    made: dict[int, int],
    off: list[tuple[int, int]],
    purse: list[list[tuple[int, float]]],
    price: float,
) -> None:
    """What holds of a best answer anyway, said so that it holds for parts of a yes too.

    A leaf that nobody trades stays where it is, and an account that buys nothing spends nothing.
    The search goes by parts of a yes, and ends ten times sooner with that.
    """
    infinity = float("inf")
    for s, (over, under) in enumerate(off):
        distance = (float(problem.goals[s]) - problem.values[s]) / CENTS
        sides = buys if distance > 0 else [next(iter(own), None) for own in sells]
        own = [sides[i] for i, holding in enumerate(problem.holdings) if holding.leaf == s]
        trades = [column for column in own if column is not None]
        if abs(distance) >= 1.0 and all(column in made for column in trades):
            stays = under if distance > 0 else over
            cells = [*((made[column], 1.0) for column in trades), (stays, 1.0 / abs(distance))]
            programme.row(1.0, infinity, cells)
    for a, cells in enumerate(purse):
        cash = problem.purses[a] / CENTS
        pairs = zip(problem.holdings, buys, strict=True)
        own = [buy for holding, buy in pairs if holding.account == a]
        trades = [column for column in own if column is not None]
        if cash >= 1.0 and all(column in made for column in trades):
            programme.row(0.0, infinity, [*cells, *((made[column], cash) for column in trades)])


def _useful(problem: Problem) -> float:
    """More than is traded of anything in a best answer, minor units.

    Trades carry money from what lies above its goal to what lies below, and to cash that is
    missing; what goes round, or from one place that is not to leave to another that is not
    wanted, only costs. Every unit on its way so ends a unit of deviation, or of missing cash, and
    what it loses to costs from account to account has to be carried too.
    """
    away = sum(abs(value - goal) for value, goal in zip(problem.values, problem.goals, strict=True))
    away += abs(problem.cash - problem.cash_goal) + max(-problem.cash, 0)
    away += sum(max(-purse, 0) for purse in problem.purses)
    fees = sum(2 * max(h.costs.fixed, h.costs.minimum) for h in problem.holdings)
    lost = min(max((h.fee for h in problem.holdings), default=0.0), 0.5)
    return float(away + fees + 100) * ((1.0 + lost) / (1.0 - lost)) ** (2 * len(problem.accounts))
