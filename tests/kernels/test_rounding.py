"""Rounding to whole steps against trying every combination, and against HiGHS."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest

from trimtab.kernels.compile import compiled
from trimtab.kernels.money import rounded, trade_cost
from trimtab.kernels.rounding import NODE_LIMIT, nearest_steps, nearest_steps_workspace


def generated_case(
    random_: random.Random, *, most: int, fee: bool, tax: int = 0, shared: bool = False
) -> dict[str, Any]:
    """A few instruments with prices from a cent to hundreds, goals near a continuous answer.

    Args:
        random_: Where the chance comes from.
        most: The most steps of a trade.
        fee: Whether trades cost something.
        tax: The highest rate of tax, in 1e-8 of the money; 0 for none.
        shared: Whether several trades may be of one sleeve.
    """
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
        **generated_taxes(random_, direction, high, most=tax),
        "sleeve": [random_.randrange(size) for _ in range(size)] if shared else list(range(size)),
        "n_sleeves": size,
        "value": value,
        "goal": goal,
        "account": account,
        "purse": purse,
        "floor": [0] * len(purse),
        "cash": sum(purse),
        "cash_goal": random_.choice([0, cash // 2]),
        "cash_floor": 0,
        "known_bound": 0,
    }


def generated_taxes(
    random_: random.Random, direction: list[int], high: list[int], *, most: int
) -> dict[str, list[int]]:
    """Lots of the sales with their tax, in any order, and at times a charge on a purchase."""
    first, last, steps, rate = [list[int]() for _ in range(4)]
    for side, left in zip(direction, high, strict=True):
        first.append(len(steps))
        while most and left and (side < 0 or random_.random() < 0.3):
            part = random_.randint(1, left)
            left -= part
            steps.append(part)
            rate.append(random_.choice([0, random_.randint(0, most)]) // (1 if side < 0 else 100))
        last.append(len(steps))
    return {"tax_first": first, "tax_last": last, "tax_steps": steps, "tax_rate": rate}


def tax_of(case: dict[str, Any], k: int, quantity: int) -> int:
    """Tax of so many steps of one trade, lot by lot, rounded down once."""
    total, taken = 0, 0
    lots = slice(case["tax_first"][k], case["tax_last"][k])
    for steps, rate in zip(case["tax_steps"][lots], case["tax_rate"][lots], strict=True):
        before, taken = taken, min(taken + steps, quantity)
        ends = [rounded(n * case["numerator"][k], case["denominator"][k]) for n in (before, taken)]
        total += (ends[1] - ends[0]) * rate
    return total // 100_000_000


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
        if quantity and not worth:
            return None
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
        total += cost + tax_of(case, k, quantity)
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


@pytest.mark.parametrize("most", [40_000_000, 100_000_000, 200_000_000, 800_000_000])
def test_tax_counts_beside_nearness(most: int) -> None:
    """With the tax of each lot nothing is better, whether tax is below a deviation's worth or not.

    Also where each of the search's quantities could only have been left out by its tax.
    """
    random_ = random.Random(most)

    for trial in range(150):
        case = generated_case(random_, most=7, fee=trial % 3 == 0, tax=most)
        steps, objective, bound = searched(case, node_limit=10**6)
        every = itertools.product(*(range(high + 1) for high in case["high"]))
        best = min(o for o in (objective_of(case, c) for c in every) if o is not None)

        assert objective_of(case, tuple(steps)) == objective, trial
        assert objective == best == bound, trial


@pytest.mark.parametrize("nodes", [0, 3, 4_000])
def test_with_tax_and_several_trades_a_sleeve_the_bound_is_true(nodes: int) -> None:
    """Whatever the search leaves out, and wherever it ends, nothing beats the bound it states."""
    random_ = random.Random(nodes)

    for trial in range(120):
        case = generated_case(random_, most=6, fee=trial % 3 == 0, tax=150_000_000, shared=True)
        steps, objective, bound = searched(case, node_limit=nodes)
        every = itertools.product(*(range(high + 1) for high in case["high"]))
        best = min(o for o in (objective_of(case, c) for c in every) if o is not None)

        assert objective_of(case, tuple(steps)) == objective, trial
        assert bound <= best <= objective, trial


def test_a_quantity_worth_nothing_is_no_trade() -> None:
    """Steps so small that their worth rounds to no money are not traded; more of them may be."""
    random_ = random.Random(12)

    for trial in range(200):
        case = generated_case(random_, most=9, fee=trial % 2 == 0)
        size = len(case["direction"])
        case["numerator"] = [random_.randint(1, 9) for _ in range(size)]
        case["denominator"] = [random_.choice([1, 10, 100]) for _ in range(size)]
        case["value"] = [random_.randint(0, 4) for _ in range(size)]
        case["goal"] = [random_.randint(0, 4) for _ in range(size)]
        case["start"] = [random_.randint(0, high) for high in case["high"]]
        steps, objective, bound = searched(case, node_limit=random_.choice([0, 10**6]))
        every = itertools.product(*(range(high + 1) for high in case["high"]))
        best = min(o for o in (objective_of(case, c) for c in every) if o is not None)

        assert objective_of(case, tuple(steps)) == objective, trial
        assert bound <= best <= objective, trial


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
        "tax_first": [0, 0],
        "tax_last": [0, 0],
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
        case = generated_case(random_, most=200, fee=True, tax=40_000_000)
        steps, objective, bound = searched(case)
        size = len(case["direction"])
        best = np.zeros(size, dtype=np.int64)
        arguments = [
            np.array(v, dtype=np.int64) if isinstance(v, list) else v for v in case.values()
        ]
        work = [np.array(w, dtype=np.int64) for w in nearest_steps_workspace(size)]
        answer = machine_code(size, *arguments, NODE_LIMIT, best, *work)

        assert (steps, objective, bound) == (best.tolist(), *answer)
