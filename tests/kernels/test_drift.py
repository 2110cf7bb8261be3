"""The drift check over columns against Python's own integers, and the wide integers beneath it."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from trimtab.kernels.compile import compiled
from trimtab.kernels.drift import (
    BLOCK,
    FIRES,
    HOLDS,
    MOST_MONEY,
    REFUSED,
    DriftCheck,
    Room,
    check_drift,
    drift_check,
    money_limit,
)
from trimtab.kernels.wide import compared, minus, times, times_wide, worth
from trimtab.model.numbers import half_even


def number(wide: tuple[int, int]) -> int:
    """The integer that a pair of limbs stands for."""
    return (wide[0] << 62) + wide[1]


def decided(
    held: list[int],
    cash: int,
    prices: list[tuple[int, int]],
    share: list[int],
    width: list[int],
    parts: int,
) -> tuple[bool, list[int]]:
    """The decision of one account in exact integers and fractions."""
    values = [half_even(q * n, d) for q, (n, d) in zip(held, prices, strict=True)]
    base = sum(values) + cash
    fires = base > 0 and any(
        b >= 0 and v * parts != w * base and abs(v * parts - w * base) >= b * base
        for v, w, b in zip(values, share, width, strict=True)
    )
    trades = [
        round(Fraction((w * base - v * parts) * d, parts * n))
        for v, w, (n, d) in zip(values, share, prices, strict=True)
    ]
    return fires, trades


def checked(
    book: dict[str, Any], threads: int = 1, room: Room | None = None, bits: Any = np.int64
) -> DriftCheck:
    """The compiled check of a generated book."""
    numerator, denominator = zip(*book["prices"], strict=True)
    return drift_check(
        np.array(book["held"], dtype=bits).T.copy(),
        np.array(book["cash"], dtype=np.int64),
        numerator=np.array(numerator),
        denominator=np.array(denominator),
        share=np.array(book["share"]),
        width=np.array(book["width"]),
        parts=book["parts"],
        threads=threads,
        room=room,
    )


def generated_book(random_: random.Random, accounts: int = 300) -> dict[str, Any]:
    """Accounts of one model, many of them on their target or exactly on a band."""
    n = random_.randint(1, 8)
    parts = random_.choice([100, 10_000, 40_000, 3_000_000])
    cuts = sorted(random_.randint(0, parts) for _ in range(n))
    share = [b - a for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]
    width = [random_.choice([-1, parts // 20, w // 4, parts // 100]) for w in share]
    denominators = random_.choice([[1], [1], [1, 10_000, 10**12]])
    prices = [(random_.randint(1, 50_000), random_.choice(denominators)) for _ in share]
    held, cash = [], []
    for _ in range(accounts):
        lots = random_.choice([1, 10, 1_000, 10**6])
        base = lots * parts * random_.choice([1, 7, 101])
        move = [0] * n
        if n > 1 and random_.random() < 0.7:
            i, j = random_.sample(range(n), 2)
            move[i] = random_.choice([width[i], width[i] + 1, width[i] - 1, share[j] // 2])
            move[j] = -move[i]
        quantities = []
        for w, m, (num, den) in zip(share, move, prices, strict=True):
            quantities.append(min(max((w + m) * base // parts * den // num, 0), 2**60))
        values = [half_even(q * a, b) for q, (a, b) in zip(quantities, prices, strict=True)]
        held.append(quantities)
        cash.append(base - sum(values) if random_.random() < 0.8 else random_.randint(-5, base))
    return {
        "held": held,
        "cash": cash,
        "prices": prices,
        "share": share,
        "width": width,
        "parts": parts,
    }


@pytest.mark.parametrize("seed", range(40))
def test_every_decision_is_that_of_exact_integers(seed: int) -> None:
    """Flags and trades of the filtered check are those that Python's integers give."""
    random_ = random.Random(seed)
    book = generated_book(random_)
    arguments = [book[key] for key in ("prices", "share", "width", "parts")]

    found = checked(book)

    trades = dict(zip(found.accounts[0].tolist(), found.trades[0].T.tolist(), strict=True))
    for account, (held, cash) in enumerate(zip(book["held"], book["cash"], strict=True)):
        fires, wanted = decided(held, cash, *arguments)
        if found.verdict[account] == REFUSED:
            values = [half_even(q * n, d) for q, (n, d) in zip(held, book["prices"], strict=True)]
            limit = money_limit(*map(np.array, zip(*book["prices"], strict=True)))
            assert sum(values) + cash < 0 or max(sum(values) + cash, *values, abs(cash)) >= limit
            continue
        assert bool(found.verdict[account] == FIRES) is fires
        assert not fires or trades[account] == wanted


def test_a_band_is_reached_at_its_edge_to_the_minor_unit() -> None:
    """A value exactly on its band fires; one minor unit nearer to the target does not."""
    base = 10**11
    book: dict[str, Any] = {
        "held": [[65 * 10**9, 35 * 10**9], [65 * 10**9 - 1, 35 * 10**9 + 1]],
        "cash": [0, 0],
        "prices": [(1, 1), (1, 1)],
        "share": [60, 40],
        "width": [5, 5],
        "parts": 100,
    }

    found = checked(book)

    assert sum(book["held"][0]) == base
    assert found.verdict.tolist() == [FIRES, HOLDS]
    assert found.trades[0].T.tolist() == [[-5 * 10**9, 5 * 10**9]]


def test_threads_and_form_change_nothing() -> None:
    """One thread, two threads and the interpreted form give the same verdicts and trades."""
    book = generated_book(random.Random(77), accounts=2 * BLOCK + 100)

    one, two = checked(book), checked(book, threads=2)
    numerator, denominator = zip(*book["prices"], strict=True)
    n, accounts = len(book["share"]), len(book["cash"])
    verdict, who = [0] * accounts, [0] * accounts
    columns = [list(column) for column in zip(*book["held"], strict=True)]
    # Slices of a list are copies, so what is written through slices is given as arrays.
    trades = np.zeros((n, accounts), dtype=np.int64)
    marks = np.array(verdict, dtype=np.int8)
    fired, doubts = check_drift(
        columns, book["cash"], numerator, denominator, book["share"], book["width"],
        book["parts"], MOST_MONEY, 0, accounts, marks, who, trades, [0.0] * BLOCK, [0.0] * BLOCK,
        [[0.0] * BLOCK for _ in range(n + 1)], [0.0] * BLOCK, [[0.0] * (n + 1) for _ in range(3)],
        [0] * BLOCK,
    )  # fmt: skip

    assert one.verdict.tolist() == two.verdict.tolist() == marks.tolist()
    assert one.accounts[0].tolist() == np.concatenate(two.accounts).tolist() == who[:fired]
    assert np.array_equal(one.trades[0], np.concatenate(two.trades, axis=1))
    assert np.array_equal(one.trades[0], trades[:, :fired])
    assert one.doubts == doubts


def test_a_room_is_used_again_without_a_trace() -> None:
    """A check in a room that another check has filled finds what it finds in a new one."""
    books = [generated_book(random.Random(seed), accounts=500) for seed in (3, 3, 9)]
    books[2] |= {"share": books[0]["share"], "width": books[0]["width"]}
    books[2] |= {key: books[0][key] for key in ("prices", "parts")}
    assets = len(books[0]["share"])
    books[2]["held"] = [(row * assets)[:assets] for row in books[2]["held"]]
    room = Room.of(assets, 500, threads=2)

    for book in books:
        alone, again = checked(book, threads=2), checked(book, threads=2, room=room)

        assert alone.verdict.tolist() == again.verdict.tolist()
        for one, other in zip(alone.trades, again.trades, strict=True):
            assert np.array_equal(one, other)


def test_trades_in_half_the_bits_are_the_same_and_larger_ones_are_refused() -> None:
    """A narrow room decides alike; whoever might trade 2^31 steps is left to others."""
    book = generated_book(random.Random(5), accounts=300)
    wide = checked(book)
    cheapest = min(Fraction(n, d) for n, d in book["prices"])
    worth = [
        sum(half_even(q * n, d) for q, (n, d) in zip(held, book["prices"], strict=True)) + cash
        for held, cash in zip(book["held"], book["cash"], strict=True)
    ]

    narrow = checked(book, room=Room.of(len(book["share"]), 300, narrow=True))

    assert narrow.trades[0].dtype == np.int32
    fires = dict(zip(wide.accounts[0].tolist(), wide.trades[0].T.tolist(), strict=True))
    small = [account for account, money in enumerate(worth) if money < (2**31 - 2) * cheapest]
    assert len(small) > 100
    for account, trades in zip(
        narrow.accounts[0].tolist(), narrow.trades[0].T.tolist(), strict=True
    ):
        assert trades == fires[account]
    for account in small:
        assert narrow.verdict[account] == wide.verdict[account]
    for account in set(range(300)) - set(small):
        assert narrow.verdict[account] == REFUSED or worth[account] < (2**31) * cheapest


@pytest.mark.parametrize("seed", range(10))
def test_quantities_in_half_the_bits_decide_alike(seed: int) -> None:
    """Columns of 32 bits lead to the decisions and trades of the same numbers in 64."""
    book = generated_book(random.Random(seed))
    book["held"] = [[min(steps, 2**31 - 1) for steps in own] for own in book["held"]]

    wide, narrow = checked(book), checked(book, bits=np.int32)

    assert narrow.verdict.tolist() == wide.verdict.tolist()
    assert narrow.trades[0].tolist() == wide.trades[0].tolist()
    assert narrow.doubts == wide.doubts


def test_what_integers_cannot_hold_is_refused() -> None:
    """Short positions, negative wealth and money beyond 2^51 are not decided here."""
    book = {
        "held": [[-1, 5], [1, 1], [2**40, 2**40], [1, 1], [3, 2]],
        "cash": [100, -(10**9), 0, 2**62, 0],
        "prices": [(2**20, 1), (2**20, 1)],
        "share": [60, 40],
        "width": [5, 5],
        "parts": 100,
    }

    found = checked(book)

    assert found.verdict.tolist() == [REFUSED, REFUSED, REFUSED, REFUSED, HOLDS]


def test_who_is_refused_changes_nothing_for_others() -> None:
    """An account beside a short position is decided and traded as it is without it."""
    book = generated_book(random.Random(12), accounts=50)
    arguments = [book[key] for key in ("prices", "share", "width", "parts")]
    book["held"][20] = [-1] * len(book["share"])

    found = checked(book)

    trades = dict(zip(found.accounts[0].tolist(), found.trades[0].T.tolist(), strict=True))
    assert found.verdict[20] == REFUSED
    assert len(trades) > 5
    for account, steps in trades.items():
        fires, wanted = decided(book["held"][account], book["cash"][account], *arguments)
        assert fires
        assert steps == wanted


def test_parts_out_of_range_are_an_error() -> None:
    """Shares that are not integers of the parts named are refused before anything is decided."""
    book = generated_book(random.Random(1), accounts=3) | {"parts": 0}

    with pytest.raises(ValueError, match="parts"):
        checked(book)


def test_wide_products_are_exact_in_both_forms() -> None:
    """Two limbs hold what Python's integers hold, interpreted and compiled."""
    random_ = random.Random(5)
    fast: list[Any] = [compiled(f) for f in (times, times_wide, minus, compared)]

    for _ in range(2_000):
        a, b, c = (random_.choice([-1, 1]) * random_.getrandbits(random_.randint(1, 61))
                   for _ in range(3))  # fmt: skip
        small = random_.getrandbits(random_.randint(1, 50)) * random_.choice([-1, 1])
        other, factor = times(b, c), small >> 28
        narrow = times(small, small)

        for product, wider, less, order in ((times, times_wide, minus, compared), fast):
            assert number(product(a, b)) == a * b
            assert number(wider(narrow, factor)) == small * small * factor
            assert number(less(times(a, b), other)) == a * b - b * c
            assert order(times(a, b), other) == (a * b > b * c) - (a * b < b * c)


def test_worth_rounds_once_however_wide_the_product() -> None:
    """A position is worth price times quantity, half to even, beyond what int64 can multiply."""
    random_ = random.Random(6)
    fast = compiled(worth)

    for _ in range(3_000):
        steps = random_.getrandbits(random_.randint(1, 55))
        numerator = random_.getrandbits(random_.randint(1, 49)) + 1
        denominator = random_.choice([1, 2, 3, 10**4, 10**12])
        exact = half_even(steps * numerator, denominator)
        if abs(exact - MOST_MONEY) <= 4:
            continue
        expected = exact if exact < MOST_MONEY else -1

        assert worth(steps, numerator, denominator) == expected
        assert fast(steps, numerator, denominator) == expected
    assert worth(-1, 1, 1) == -1
