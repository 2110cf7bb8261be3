"""One account's lots: the walk beside HiGHS on the same linear programme, and whole shares.

`lots-lp/highs`: what to sell of 60 lots and what to buy of 10 assets, so that drift, trading cost
and tax are least. Ours is the compiled walk over all accounts in one loop, with the list of trades
it leads to; HiGHS is called directly, one model an account from the same columns, with
the options that were quickest (simplex, no presolve). `lots-mip/highs`: the whole shares nearest to
the goals that the cash pays for, ours by branch and bound over integers of cents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from trimtab.kernels.compile import compiled, kernel
from trimtab.kernels.lots import walk, workspace
from trimtab.kernels.money import rounded, trade_cost
from trimtab.kernels.rounding import NODE_LIMIT, nearest_steps

ACCOUNTS = 400
WHOLE = 60
ASSETS, LOTS = 10, 6
SEGMENTS = ASSETS * LOTS
WEIGHTS = np.array([20, 15, 15, 10, 10, 10, 8, 6, 4, 2]) / 100
PRICES = np.array([25_411, 6_123, 4_987, 10_002, 51_204, 7_745, 9_118, 33_333, 2_049, 18_050])
FEE = 0.0002
RATE = 20_000
ROUNDS = 9
LP, MIP = "lots-lp/highs", "lots-mip/highs"
NAMES = (LP, MIP)


@dataclass(frozen=True)
class Book:
    """Accounts in minor units: sleeves by account, segments by account."""

    value: np.ndarray
    goal: np.ndarray
    cash: np.ndarray
    sleeve: np.ndarray
    amount: np.ndarray
    tax: np.ndarray


def generated(accounts: int, seed: int = 60) -> Book:
    """Accounts off their targets by a fifth or so, lots with gains and losses, 1% in cash."""
    rng = np.random.default_rng(seed)
    wealth = np.exp(rng.normal(16.5, 1.0, accounts))
    value = WEIGHTS * wealth[:, None] * np.exp(rng.normal(0, 0.2, (accounts, ASSETS)))
    shares = rng.dirichlet(np.ones(LOTS), (accounts, ASSETS))
    steps = np.maximum(np.rint(value[:, :, None] * shares / PRICES[:, None]), 1)
    amount = steps * PRICES[:, None]
    gain = 1 - rng.uniform(0.4, 1.3, amount.shape)
    rate = np.where(rng.random(amount.shape) < 0.7, 0.15, 0.24)
    tax = rate * np.maximum(gain, 0)
    value = amount.sum(axis=2)
    cash = np.rint(0.01 * wealth)
    base = value.sum(axis=1) + cash
    return Book(
        value=value,
        goal=np.rint(WEIGHTS * base[:, None]),
        cash=cash,
        sleeve=np.tile(np.repeat(np.arange(ASSETS), LOTS), (accounts, 1)),
        amount=amount.reshape(accounts, -1),
        tax=tax.reshape(accounts, -1),
    )


@kernel
def walk_accounts(  # type: ignore[no-untyped-def]
    value, goal, cash, first, amount, tax, fee, room, sold, bought, trades, gain, need, part, given,
    prices, amounts, owner, order, scratch,
):  # fmt: skip
    """Walk every account; what it sells and buys, and the trades of each as (asset, money)."""
    count = 0
    for a in range(len(cash)):
        n = len(value[a])
        walk(
            n, value[a], goal[a], fee, room, fee, first, amount[a], tax[a], cash[a], 0.0, 0.0, 1.0,
            1.0, sold[a], bought[a],
            gain, need, part, given, prices, amounts, owner, order, scratch,
        )  # fmt: skip
        for s in range(n):
            change = bought[a, s]
            for k in range(first[s], first[s + 1]):
                change -= sold[a, k]
            if abs(change) >= 0.5:
                trades[count, 0] = a
                trades[count, 1] = s
                trades[count, 2] = change
                count += 1
    return count


def walker(book: Book) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Our side: every account in one compiled loop."""
    accounts = len(book.cash)
    run = compiled(walk_accounts)
    sold, bought = np.zeros((accounts, SEGMENTS)), np.zeros((accounts, ASSETS))
    trades = np.zeros((accounts * ASSETS, 3))
    work = [np.array(column) for column in workspace(ASSETS, SEGMENTS)]

    def all_accounts() -> tuple[np.ndarray, np.ndarray]:
        run(
            book.value, book.goal, book.cash, np.arange(0, SEGMENTS + 1, LOTS), book.amount,
            book.tax, np.full(ASSETS, FEE), np.full(ASSETS, 1e18), sold, bought, trades, *work,
        )  # fmt: skip
        return sold, bought

    return all_accounts


def objective(book: Book, a: int, sold: np.ndarray, bought: np.ndarray) -> float:
    """Drift left, trading cost and tax of an answer, in minor units."""
    after = book.value[a] + bought - np.bincount(book.sleeve[a], sold, ASSETS)
    cash = book.cash[a] + sold.sum() * (1 - FEE) - bought.sum() * (1 + FEE)
    assert cash > -1e-3
    assert np.all(sold <= book.amount[a] + 1e-6)
    drift = np.abs(after - book.goal[a]).sum() + abs(cash)
    return float(drift + FEE * (sold.sum() + bought.sum()) + (sold * book.tax[a]).sum())


def pattern() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is the same in every account's linear programme: starts, row indices, factors."""
    m, n = SEGMENTS, ASSETS
    # Columns: sold by segment, bought by sleeve, deviation over and under by sleeve, cash left.
    starts, index, factor = [0], [], []
    for k in range(m):
        index += [k // LOTS, n]
        factor += [-1.0, 1 - FEE]
        starts.append(len(index))
    for s in range(n):
        index += [s, n]
        factor += [1.0, -(1 + FEE)]
        starts.append(len(index))
    for s in range(n):
        for sign in (-1.0, 1.0):
            index.append(s)
            factor.append(sign)
            starts.append(len(index))
    index.append(n)
    factor.append(-1.0)
    starts.append(len(index))
    return np.array(starts, np.int32), np.array(index, np.int32), np.array(factor)


def linear_model(book: Book, a: int, shape: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Any:
    """One account's linear programme, from the account's columns to what HiGHS takes."""
    import highspy

    n, inf = ASSETS, 1e30
    right = np.append(book.goal[a] - book.value[a], -book.cash[a])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = SEGMENTS + 3 * n + 1, n + 1
    lp.col_cost_ = np.concatenate([FEE + book.tax[a], np.full(n, FEE), np.ones(2 * n + 1)])
    lp.col_lower_ = np.zeros(SEGMENTS + 3 * n + 1)
    lp.col_upper_ = np.concatenate([book.amount[a], np.full(3 * n + 1, inf)])
    lp.row_lower_, lp.row_upper_ = right, right
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = shape
    return lp


QUICK = (
    ("threads", 1), ("presolve", "off"), ("solver", "simplex"),
    ("primal_feasibility_tolerance", 1e-9), ("dual_feasibility_tolerance", 1e-9),
)  # fmt: skip
"""What makes HiGHS quickest on programmes of this size."""


def solver(options: Sequence[tuple[str, Any]] = QUICK) -> Any:
    """HiGHS, quiet."""
    import highspy

    model = highspy.Highs()
    for option, value in (("output_flag", False), *options):
        model.setOptionValue(option, value)
    return model


def by_highs(book: Book) -> Callable[[], tuple[list[np.ndarray], float]]:
    """The peer: lay out, pass, solve, read; also how much of the time solving and reading took."""
    shape = pattern()
    model = solver()

    def all_accounts() -> tuple[list[np.ndarray], float]:
        found, solving = [], 0.0
        for a in range(len(book.cash)):
            model.passModel(linear_model(book, a, shape))
            start = perf_counter()
            model.run()
            found.append(np.array(model.getSolution().col_value))
            solving += perf_counter() - start
        return found, solving

    return all_accounts


def lp_row() -> dict[str, Any]:
    """The linear programme."""
    book = generated(ACCOUNTS)
    ours, peer = walker(book), by_highs(book)
    sold, bought = ours()
    theirs, _ = peer()
    apart = 0.0
    for a in range(ACCOUNTS):
        one = objective(book, a, sold[a], bought[a])
        x = theirs[a]
        other = objective(book, a, x[:SEGMENTS], x[SEGMENTS : SEGMENTS + ASSETS])
        apart = max(apart, abs(one - other) / max(1.0, abs(other)))
    times, solving = ([], []), []  # type: ignore[var-annotated]
    for _ in range(ROUNDS):
        for run, seconds in zip((ours, peer), times, strict=True):
            start = perf_counter()
            answer = run()
            seconds.append((perf_counter() - start) / ACCOUNTS)
            if run is peer:
                solving.append(answer[1] / ACCOUNTS)
    note = (
        f"{ASSETS} assets, {SEGMENTS} lots, a median over {ROUNDS} rounds of {ACCOUNTS} accounts, "
        f"seconds an account, both from an account's columns to its trades; HiGHS called directly "
        f"takes {median(solving) * 1e3:.2f} ms to solve and read, the rest to lay out and pass the "
        f"model; agreement: largest relative difference of the objectives"
    )
    return row(LP, median(times[0]), median(times[1]), apart, note)


@kernel
def whole_accounts(  # type: ignore[no-untyped-def]
    sizes, direction, numerator, ones, low, high, start, rate, zeros, sleeve, value, goal, account,
    purse, floor, cash, best, reached, bounds, search,
):  # fmt: skip
    """The nearest whole shares of every account."""
    for a in range(len(cash)):
        purse[0] = cash[a]
        reached[a], bounds[a] = nearest_steps(
            sizes[a], direction[a], numerator[a], ones, low, high[a], start[a], rate, zeros, zeros,
            zeros, zeros, zeros, zeros, zeros, sleeve[a], len(value[a]), value[a], goal[a],
            account, purse, floor, cash[a], 0, 0, 0, NODE_LIMIT, best[a],
            search[0], search[1], search[2], search[3], search[4], search[5], search[6], search[7],
            search[8], search[9], search[10], search[11], search[12], search[13], search[14],
        )  # fmt: skip


def mip_row() -> dict[str, Any]:
    """Whole shares: both start from the directions that the walk found."""
    import highspy

    book = generated(WHOLE, seed=61)
    sold, bought = walker(book)()
    change = bought - np.array([np.bincount(s, x, ASSETS) for s, x in zip(book.sleeve, sold)])  # noqa: B905
    value, goal = book.value.astype(np.int64), book.goal.astype(np.int64)
    cash = book.cash.astype(np.int64)
    shape = (WHOLE, ASSETS)
    direction, numerator, high, start, sleeve = (np.zeros(shape, np.int64) for _ in range(5))
    sizes = np.zeros(WHOLE, np.int64)
    for a in range(WHOLE):
        traded = [s for s in range(ASSETS) if abs(change[a, s]) >= 0.5]
        traded.sort(key=lambda s: -PRICES[s])
        sizes[a] = len(traded)
        wealth = value[a].sum() + cash[a]
        for k, s in enumerate(traded):
            direction[a, k] = 1 if change[a, s] > 0 else -1
            numerator[a, k], sleeve[a, k] = PRICES[s], s
            high[a, k] = (wealth if change[a, s] > 0 else value[a, s]) // PRICES[s]
            start[a, k] = round(abs(change[a, s]) / PRICES[s])
    best = np.zeros(shape, np.int64)
    reached, bounds = np.zeros(WHOLE, np.int64), np.zeros(WHOLE, np.int64)
    ones, zeros = np.ones(ASSETS, np.int64), np.zeros(ASSETS, np.int64)
    run = compiled(whole_accounts)

    def ours() -> None:
        run(
            sizes, direction, numerator, ones, ones, high, start, np.full(ASSETS, RATE), zeros,
            sleeve, value, goal, zeros, np.zeros(1, np.int64), np.zeros(1, np.int64), cash, best,
            reached, bounds, np.zeros((15, ASSETS + 1), np.int64),
        )  # fmt: skip

    models = [
        _whole_lp(
            sizes[a], direction[a], numerator[a], high[a], sleeve[a], value[a], goal[a], cash[a]
        )
        for a in range(WHOLE)
    ]
    model = highspy.Highs()
    for option, setting in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0),
                            ("mip_abs_gap", 0.5)):  # fmt: skip
        model.setOptionValue(option, setting)
    answers: list[np.ndarray] = []

    def peer() -> None:
        answers.clear()
        for lp in models:
            model.passModel(lp)
            model.run()
            answers.append(np.array(model.getSolution().col_value))

    times: tuple[list[float], list[float]] = ([], [])
    ours()
    for _ in range(3):
        for work, seconds in zip((ours, peer), times, strict=True):
            begin = perf_counter()
            work()
            seconds.append((perf_counter() - begin) / WHOLE)
    apart = 0
    for a in range(WHOLE):
        steps = np.rint(answers[a][: sizes[a]]).astype(np.int64)
        theirs = _exact(direction[a], numerator[a], steps, sleeve[a], value[a], goal[a], cash[a])
        mine = _exact(
            direction[a], numerator[a], best[a][: sizes[a]], sleeve[a], value[a], goal[a], cash[a]
        )
        assert mine == reached[a]
        # HiGHS does not round costs to cents: what it finds may be short of cash by one or two.
        apart = max(apart, mine - theirs if theirs is not None else 0)
    unproved = int((reached > bounds).sum())
    note = (
        f"whole shares of up to {ASSETS} trades nearest to the goals, cash never below zero, a "
        f"median over 3 rounds of {WHOLE} accounts, seconds an account; HiGHS to a gap of half a "
        f"cent; ours stopped at {NODE_LIMIT} nodes with its gap told in {unproved} of {WHOLE}; "
        f"agreement: minor units by which ours is at most farther from the goals than HiGHS's"
    )
    return row(MIP, median(times[0]), median(times[1]), float(apart), note)


def _exact(
    direction: Any, numerator: Any, steps: Any, sleeve: Any, value: Any, goal: Any, cash: Any
) -> int | None:
    """The objective of whole trades in minor units; None where the cash does not pay for them."""
    after, left, total = value.tolist(), int(cash), 0
    for k, count in enumerate(steps.tolist()):
        worth = rounded(count * int(numerator[k]), 1)
        cost = trade_cost(worth, count, RATE, 0, 0, 0)
        after[sleeve[k]] += int(direction[k]) * worth
        left -= int(direction[k]) * worth + cost
        total += cost
    total += sum(abs(v - int(g)) for v, g in zip(after, goal, strict=True)) + abs(left)
    return total if left >= 0 else None


def _whole_lp(
    size: int, direction: Any, price: Any, high: Any, sleeve: Any, value: Any, goal: Any, cash: Any
) -> Any:
    """Whole shares as a mixed-integer programme."""
    import highspy

    n = ASSETS
    columns: list[tuple[float, float, list[tuple[int, float]], bool]] = []
    for k in range(size):
        spent = float(direction[k] * price[k]) + FEE * float(price[k])
        cells = [(int(sleeve[k]), float(direction[k] * price[k])), (n, -spent)]
        columns.append((FEE * float(price[k]), float(high[k]), cells, True))
    for s in range(n):
        columns += [(1.0, 1e30, [(s, sign)], False) for sign in (-1.0, 1.0)]
    columns.append((1.0, 1e30, [(n, -1.0)], False))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(columns), n + 1
    lp.col_cost_ = np.array([c[0] for c in columns])
    lp.col_lower_ = np.zeros(len(columns))
    lp.col_upper_ = np.array([c[1] for c in columns])
    right = np.append((goal - value).astype(float), -float(cash))
    lp.row_lower_, lp.row_upper_ = right, right
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(c[2]) for c in columns)]).astype(np.int32)
    lp.a_matrix_.index_ = np.array([i for c in columns for i, _ in c[2]], np.int32)
    lp.a_matrix_.value_ = np.array([v for c in columns for _, v in c[2]])
    whole, free = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    lp.integrality_ = [whole if c[3] else free for c in columns]
    return lp


def row(name: str, ours: float, peer: float, agreement: float, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": ours,
        "peer": peer,
        "ratio": peer / ours,
        "agreement": agreement,
        "note": note,
    }


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The rows of this file that are asked for."""
    made = {LP: lp_row, MIP: mip_row}
    return [make() for name, make in made.items() if only(name)]


if __name__ == "__main__":
    for found in rows():
        print(found)
