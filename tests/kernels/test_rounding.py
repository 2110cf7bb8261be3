"""Rounding to whole steps against trying every combination, and against HiGHS."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np

from trimtab.kernels.compile import compiled
from trimtab.kernels.money import rounded, trade_cost
from trimtab.kernels.rounding import NODE_LIMIT, nearest_steps, nearest_steps_workspace


def generated_case(random_: random.Random, *, most: int, fee: bool) -> dict[str, Any]:
    """A few instruments with prices from a cent to hundreds, goals near a continuous answer."""
    size = random_.randint(1, 4)
    price = [random_.choice([1, 333, 2_500, 9_999, 40_000, 123_456]) for _ in range(size)]
    direction = [random_.choice([1, -1]) for _ in range(size)]
    high = [random_.randint(1, most) for _ in range(size)]
    order = sorted(range(size), key=lambda k: -price[k])
    price, direction = [price[k] for k in order], [direction[k] for k in order]
    value = [random_.randint(0, 500_000) for _ in range(size)]
    wanted = [random_.random() * high[k] * price[k] for k in range(size)]
    goal = [int(value[k] + direction[k] * wanted[k]) for k in range(size)]
    cash = random_.randint(0, 300_000)
    purse = [cash] if random_.random() < 0.5 else [cash // 3, cash - cash // 3]
    account = [random_.randrange(len(purse)) for _ in range(size)]
    return {
        "direction": direction,
        "numerator": price,
        "denominator": [1] * size,
        "low": [random_.choice([1, 1, 2]) for _ in range(size)],
        "high": high,
        "start": [round(wanted[k] / price[k]) for k in range(size)],
        "rate": [random_.choice([0, 50_000]) if fee else 0 for _ in range(size)],
        "per_step": [0] * size,
        "fixed_fee": [random_.choice([0, 0, 300]) if fee else 0 for _ in range(size)],
        "minimum": [random_.choice([0, 0, 500]) if fee else 0 for _ in range(size)],
        "sleeve": list(range(size)),
        "n_sleeves": size,
        "value": value,
        "goal": goal,
        "account": account,
        "purse": purse,
        "floor": [0] * len(purse),
        "cash": sum(purse),
        "cash_goal": random_.choice([0, cash // 2]),
        "cash_floor": 0,
    }


def searched(case: dict[str, Any], node_limit: int = NODE_LIMIT) -> tuple[list[int], int, int]:
    """The kernel's answer: steps, objective, bound."""
    size = len(case["direction"])
    best = [0] * size
    objective, bound = nearest_steps(
        size, *case.values(), node_limit, best, *nearest_steps_workspace(size)
    )
    return best, objective, bound


def objective_of(case: dict[str, Any], steps: tuple[int, ...]) -> int | None:
    """The objective of a combination; None when it is not allowed or not affordable."""
    cash, total = case["cash"], 0
    purse = list(case["purse"])
    value = list(case["value"])
    for k, quantity in enumerate(steps):
        if 0 < quantity < case["low"][k]:
            return None
        worth = rounded(quantity * case["numerator"][k], case["denominator"][k])
        cost = trade_cost(
            worth,
            quantity,
            case["rate"][k],
            case["per_step"][k],
            case["fixed_fee"][k],
            case["minimum"][k],
        )
        cash -= case["direction"][k] * worth + cost
        purse[case["account"][k]] -= case["direction"][k] * worth + cost
        value[case["sleeve"][k]] += case["direction"][k] * worth
        total += cost
    if cash < case["cash_floor"] or any(a < b for a, b in zip(purse, case["floor"], strict=True)):
        return None
    total += sum(abs(v - g) for v, g in zip(value, case["goal"], strict=True))
    return total + abs(cash - case["cash_goal"])


def test_rounding_finds_the_nearest_affordable_combination() -> None:
    """No combination of whole steps that the cash allows is nearer to the goals."""
    random_ = random.Random(5)

    for trial in range(120):
        case = generated_case(random_, most=6, fee=trial % 2 == 0)
        steps, objective, bound = searched(case, node_limit=10**6)
        every = itertools.product(*(range(high + 1) for high in case["high"]))
        best = min(o for o in (objective_of(case, c) for c in every) if o is not None)

        assert objective_of(case, tuple(steps)) == objective
        assert objective == best
        assert bound == objective


def test_a_search_cut_short_says_how_far_it_may_be_off() -> None:
    """With few nodes the answer is still allowed, and the bound is a true bound."""
    random_ = random.Random(6)

    for _ in range(60):
        case = generated_case(random_, most=9, fee=False)
        steps, objective, bound = searched(case, node_limit=3)
        best = searched(case, node_limit=10**6)[1]

        assert bound <= best <= objective
        assert objective_of(case, tuple(steps)) == objective


def test_whatever_is_affordable_has_an_answer() -> None:
    """Even without a single node, wherever doing nothing is allowed something is found."""
    random_ = random.Random(8)

    for trial in range(200):
        case = generated_case(random_, most=9, fee=trial % 2 == 0)
        steps, objective, _ = searched(case, node_limit=0)
        nothing = objective_of(case, (0,) * len(steps))

        assert objective >= 0 or nothing is None
        if objective >= 0:
            assert objective_of(case, tuple(steps)) == objective


def test_exchanges_of_steps_come_nearer_than_rounding() -> None:
    """Without a single node, no step more or less of any one trade would come nearer."""
    random_ = random.Random(9)

    for _ in range(100):
        case = generated_case(random_, most=9, fee=False)
        steps, objective, _ = searched(case, node_limit=0)
        for k in range(len(steps)):
            for one in (-1, 1):
                other = list(steps)
                other[k] += one
                if 0 <= other[k] <= case["high"][k]:
                    worth = objective_of(case, tuple(other))
                    assert worth is None or worth >= objective


def test_a_share_too_few_of_one_pays_for_a_share_more_of_another() -> None:
    """Rounding every trade by itself is not the nearest point: cheap shares make room."""
    case = generated_case(random.Random(1), most=9, fee=False) | {
        "direction": [1, 1],
        "numerator": [10_000, 100],
        "denominator": [1, 1],
        "low": [1, 1],
        "high": [10, 1000],
        "start": [1, 10],
        "rate": [0, 0],
        "per_step": [0, 0],
        "fixed_fee": [0, 0],
        "minimum": [0, 0],
        "sleeve": [0, 1],
        "n_sleeves": 2,
        "value": [0, 0],
        "goal": [19_000, 1_000],
        "account": [0, 0],
        "purse": [20_000],
        "floor": [0],
        "cash": 20_000,
        "cash_goal": 0,
        "cash_floor": 0,
    }

    steps, objective, _ = searched(case)

    assert (steps, objective) == ([2, 0], 2_000)


def test_rounding_compiled_gives_the_same_answer() -> None:
    """Interpreted over lists and compiled over arrays, the search gives identical results."""
    random_ = random.Random(8)
    machine_code = compiled(nearest_steps)

    for _ in range(100):
        case = generated_case(random_, most=200, fee=True)
        steps, objective, bound = searched(case)
        size = len(case["direction"])
        best = np.zeros(size, dtype=np.int64)
        arguments = [
            np.array(v, dtype=np.int64) if isinstance(v, list) else v for v in case.values()
        ]
        work = [np.array(w, dtype=np.int64) for w in nearest_steps_workspace(size)]
        answer = machine_code(size, *arguments, NODE_LIMIT, best, *work)

        assert (steps, objective, bound) == (best.tolist(), *answer)
