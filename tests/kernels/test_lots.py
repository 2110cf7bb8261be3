"""The walk over tax lots against HiGHS, an independent solver of the same linear programme."""

from __future__ import annotations

import random
from typing import Any

import highspy
import numpy as np
import pytest

from trimtab.kernels.compile import compiled
from trimtab.kernels.lots import stable_order, walk, workspace


def generated_account(random_: random.Random) -> dict[str, Any]:
    """An account with up to six sleeves and twenty segments, fees, taxes, cash and a floor."""
    n_sleeves = random_.randint(1, 6)
    n_segments = random_.randint(0, 20)
    fee_by_sleeve = [random_.choice([0.0, 0.0, 0.0005, 0.003, 0.02]) for _ in range(n_sleeves)]
    sleeve = sorted(random_.randrange(n_sleeves) for _ in range(n_segments))
    amount = [random_.choice([0.0, 1e3 * random_.random(), 2e4 * random_.random()]) for _ in sleeve]
    value = [random_.choice([0.0, 3e3 * random_.random()]) for _ in range(n_sleeves)]
    for s, money in zip(sleeve, amount, strict=True):
        value[s] += money
    cash = random_.choice([0.0, 1e4 * random_.random()])
    base = sum(value) + cash
    weights = [random_.random() for _ in range(n_sleeves + 1)]
    total = sum(weights)
    return {
        "value": value,
        "goal": [base * w / total for w in weights[:-1]],
        "cash": cash,
        "cash_goal": random_.choice([0.0, base * weights[-1] / total]),
        "cash_floor": random_.choice([0.0, 0.0, 0.2 * base * random_.random()]),
        "buy_fee": [random_.choice([0.0, 0.0005, 0.002]) for _ in range(n_sleeves)],
        "buy_room": [random_.choice([0.0, 1e12, 1e12, 2e3]) for _ in range(n_sleeves)],
        "sell_fee": fee_by_sleeve,
        "segment_sleeve": sleeve,
        "first_segment": [sum(x < s for x in sleeve) for s in range(n_sleeves + 1)],
        "segment_amount": amount,
        "segment_tax": [random_.choice([0.0, 0.0, 0.3 * random_.random()]) for _ in sleeve],
        "drift_price": random_.choice([1.0, 1.0, 0.05, 0.3]),
        "tax_weight": random_.choice([1.0, 1e-6]),
    }


def walked(account: dict[str, Any]) -> tuple[list[float], list[float], float]:
    """The walk's answer: sold by segment, bought by sleeve, cash left."""
    n, m = len(account["value"]), len(account["segment_sleeve"])
    sold, bought = [0.0] * m, [0.0] * n
    left = walk(
        n,
        account["value"],
        account["goal"],
        account["buy_fee"],
        account["buy_room"],
        account["sell_fee"],
        account["first_segment"],
        account["segment_amount"],
        account["segment_tax"],
        account["cash"],
        account["cash_goal"],
        account["cash_floor"],
        account["drift_price"],
        account["tax_weight"],
        sold,
        bought,
        *workspace(n, m),
    )
    return sold, bought, left


def objective(account: dict[str, Any], sold: list[float], bought: list[float]) -> float:
    """What the walk minimises, and a heavy price on cash that is short of its floor."""
    value: list[float] = list(account["value"])
    cash: float = account["cash"]
    total = 0.0
    for k, (s, money) in enumerate(zip(account["segment_sleeve"], sold, strict=True)):
        value[s] -= money
        cash += money * (1 - account["sell_fee"][s])
        total += money * account["sell_fee"][s]
        total += money * account["segment_tax"][k] * account["tax_weight"]
    for s, money in enumerate(bought):
        value[s] += money
        cash -= money * (1 + account["buy_fee"][s])
        total += money * account["buy_fee"][s]
    deviation = sum(abs(v - g) for v, g in zip(value, account["goal"], strict=True))
    deviation += abs(cash - account["cash_goal"])
    price: float = account["drift_price"]
    return float(total + price * deviation + 50 * max(account["cash_floor"] - cash, 0.0))


def linear_optimum(account: dict[str, Any]) -> float:
    """The least objective according to HiGHS."""
    n, m = len(account["value"]), len(account["segment_sleeve"])
    price = account["drift_price"]
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("primal_feasibility_tolerance", 1e-9)
    model.setOptionValue("dual_feasibility_tolerance", 1e-9)
    inf = highspy.kHighsInf
    columns: list[tuple[float, float, float]] = []
    fees = [account["sell_fee"][s] for s in account["segment_sleeve"]]
    costs = zip(fees, account["segment_tax"], strict=True)
    prices = [fee + tax * account["tax_weight"] for fee, tax in costs]
    columns.extend((p, 0.0, a) for p, a in zip(prices, account["segment_amount"], strict=True))
    rooms = zip(account["buy_fee"], account["buy_room"], strict=True)
    columns.extend((fee, 0.0, room) for fee, room in rooms)
    columns += [(price, 0.0, inf)] * (2 * (n + 1))
    columns.append((0.0, -inf, inf))
    columns.append((50.0, 0.0, inf))
    for cost, low, high in columns:
        model.addCol(cost, low, high, 0, [], [])
    first_buy, first_dev, cash, short = m, m + n, m + n + 2 * (n + 1), m + n + 2 * (n + 1) + 1
    for s in range(n):
        index = [k for k in range(m) if account["segment_sleeve"][k] == s]
        right = account["goal"][s] - account["value"][s]
        cells = [*index, first_buy + s, first_dev + 2 * s, first_dev + 2 * s + 1]
        model.addRow(right, right, len(cells), cells, [-1.0] * len(index) + [1.0, -1.0, 1.0])
    cells = list(range(m)) + list(range(first_buy, first_buy + n)) + [cash]
    factors = [1 - fee for fee in fees]
    factors += [-(1 + fee) for fee in account["buy_fee"]] + [-1.0]
    model.addRow(-account["cash"], -account["cash"], len(cells), cells, factors)
    goal = account["cash_goal"]
    model.addRow(goal, goal, 3, [cash, first_dev + 2 * n, first_dev + 2 * n + 1], [1.0, -1.0, 1.0])
    model.addRow(account["cash_floor"], inf, 2, [cash, short], [1.0, 1.0])
    model.run()
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(model.getInfo().objective_function_value)


@pytest.mark.parametrize("block", range(4))
def test_walk_reaches_the_linear_optimum(block: int) -> None:
    """What the walk trades costs what the best that HiGHS finds costs, account after account."""
    random_ = random.Random(20_261 + block)

    for _ in range(500):
        account = generated_account(random_)
        sold, bought, _ = walked(account)

        best = linear_optimum(account)
        assert objective(account, sold, bought) == pytest.approx(best, rel=1e-9, abs=1e-6)


def test_walk_sells_no_more_than_there_is() -> None:
    """No segment is oversold, nothing is bought past its goal, the cash adds up."""
    random_ = random.Random(7)

    for _ in range(500):
        account = generated_account(random_)
        sold, bought, left = walked(account)

        assert all(
            -1e-9 <= x <= a + 1e-9 for x, a in zip(sold, account["segment_amount"], strict=True)
        )
        for s, money in enumerate(bought):
            assert money == 0 or account["value"][s] + money <= account["goal"][s] + 1e-6
        fees = [account["sell_fee"][s] for s in account["segment_sleeve"]]
        raised = sum(x * (1 - f) for x, f in zip(sold, fees, strict=True))
        spent = sum(x * (1 + f) for x, f in zip(bought, account["buy_fee"], strict=True))
        assert left == pytest.approx(account["cash"] + raised - spent, abs=1e-6)


def test_walk_compiled_gives_the_same_bits() -> None:
    """Interpreted over lists and compiled over arrays, the walk gives identical results."""
    random_ = random.Random(11)
    machine_code = compiled(walk)

    for _ in range(200):
        account = generated_account(random_)
        sold, bought, left = walked(account)
        n, m = len(account["value"]), len(account["segment_sleeve"])
        sold_, bought_ = np.zeros(m), np.zeros(n)
        work = [np.array(column) for column in workspace(n, m)]
        arrays = {
            key: np.array(value, dtype=np.int64 if key == "first_segment" else np.float64)
            for key, value in account.items()
            if isinstance(value, list)
        }
        left_ = machine_code(
            n,
            arrays["value"],
            arrays["goal"],
            arrays["buy_fee"],
            arrays["buy_room"],
            arrays["sell_fee"],
            arrays["first_segment"],
            arrays["segment_amount"],
            arrays["segment_tax"],
            account["cash"],
            account["cash_goal"],
            account["cash_floor"],
            account["drift_price"],
            account["tax_weight"],
            sold_,
            bought_,
            *work,
        )

        assert (sold, bought, left) == (sold_.tolist(), bought_.tolist(), left_)


def test_new_cash_goes_to_the_furthest_behind() -> None:
    """Sleeves that gain the same share what there is: the largest needs are levelled down."""
    account = generated_account(random.Random(1)) | {
        "value": [0.0] * 4,
        "goal": [10.0, 2.0, 7.0, 0.0],
        "buy_fee": [0.0] * 4,
        "buy_room": [100.0] * 4,
        "sell_fee": [0.0] * 4,
        "first_segment": [0] * 5,
        "segment_sleeve": [],
        "segment_amount": [],
        "segment_tax": [],
        "cash": 9.0,
        "cash_goal": 0.0,
        "cash_floor": 0.0,
        "drift_price": 1.0,
    }

    _, bought, left = walked(account)

    assert bought == [6.0, 0.0, 3.0, 0.0]
    assert left == 0.0


def test_order_is_stable_and_sorted() -> None:
    """Equal keys keep their order, whatever the length."""
    random_ = random.Random(3)

    for size in (0, 1, 2, 7, 8, 9, 16, 17, 100, 257):
        keys = [random_.randint(0, 9) for _ in range(size)]
        order, scratch = [-1] * size, [0] * size
        first = size // 3
        stable_order(keys, first, size, order, scratch)

        assert order[first:] == sorted(range(first, size), key=lambda i: keys[i])
        assert order[:first] == [-1] * first
