"""The drift check over many accounts of one model: which stand at their bands, and what to trade.

Columns by asset: quantities in steps, shape (assets, accounts), at one price an asset. An account
fires when an asset stands at or beyond its band,

    |value - share x base| >= width x base,   and value is not share x base,

and then every asset is traded back to its target, rounded to the nearest whole step (a tie to the
even one). Shares and widths are integers of `parts`, money is integers of minor units: every
decision is the one that exact integers give. Floats only sort out the clear cases first. Each
float below is within a proven distance of the number it stands for (see `_tolerance`); what lies
nearer to a decision than that is decided again in integers, with products of two limbs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from trimtab.kernels.compile import compiled, kernel
from trimtab.kernels.destination import Column
from trimtab.kernels.wide import compared, minus, times, times_wide, worth
from trimtab.model.frozen import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_MONEY = 1 << 51
"""Minor units above which an account is not decided here: floats hold integers up to 2^53."""
MOST_STEPS = 1 << 50
MOST_PARTS = 1 << 30
MOST_DENOMINATOR = 1 << 40
MOST_NUMERATOR = 1 << 50

HOLDS, FIRES, REFUSED, UNDECIDED = 0, 1, 2, 3
"""What became of an account: within its bands, to be traded, or not to be decided here."""

BLOCK = 512
"""Accounts looked at together: their columns fit the nearest cache."""

EPSILON = 2.0**-53
ROUNDER = 6755399441055744.0
"""1.5 x 2^52: adding and taking it away rounds a float below 2^51 to an integer, half to even."""


@kernel
def check_drift(
    quantities: Column,
    cash: Column,
    numerator: Column,
    denominator: Column,
    share: Column,
    width: Column,
    parts: int,
    limit: int,
    start: int,
    stop: int,
    verdict: Column,
    who: Column,
    trades: Column,
    base: Column,
    worst: Column,
    value: Column,
    place: Column,
) -> tuple[int, int]:
    """Decide the accounts from `start` to `stop`.

    Args:
        quantities: Steps held, shape (assets, accounts), >= 0.
        cash: Minor units by account, buffer taken off already, shape (accounts,).
        numerator, denominator: Worth of one step in minor units, as a ratio, shape (assets,).
        share, width: Of `parts`, shape (assets,); a width below zero means no band.
        parts: What the base is divided into.
        limit: Minor units from which on an account is refused: at most MOST_MONEY, and at most
            MOST_STEPS of the cheapest asset.
        verdict: Out, shape (accounts,): HOLDS, FIRES or REFUSED.
        who: Out: the accounts that fire, in order, shape (stop - start,).
        trades: Out: steps by asset, purchases above zero, shape (assets, stop - start); the
            column k belongs to the account `who[k]`.
        base, worst: Work space, floats, BLOCK places.
        value: Work space, floats, shape (assets, BLOCK).
        place: Work space, integers, BLOCK places.

    Returns:
        How many accounts fire, and how many decisions were made in integers.
    """
    n = len(numerator)
    fired = 0
    doubts = 0
    slack = 0.0
    for i in range(n):
        if denominator[i] != 1:
            slack = 1.0 + n
    for first in range(start, stop, BLOCK):
        size = min(BLOCK, stop - first)
        held = cash[first : first + size]
        mark = verdict[first : first + size]
        low = 0
        for j in range(size):
            base[j] = held[j]
            low = min(low, held[j] + limit)
        for i in range(n):
            price = numerator[i] / denominator[i]
            column = quantities[i][first : first + size]
            worths = value[i]
            for j in range(size):
                low = min(low, column[j])
                money = column[j] * price
                worths[j] = money
                base[j] += money
        if low < 0:
            # Something is below zero that may not be: the whole block goes the slow way.
            for j in range(size):
                base[j] = -1.0
        for j in range(size):
            worst[j] = -1.0e300
        for i in range(n):
            if width[i] < 0:
                continue
            aim = share[i] / parts
            band = width[i] / parts
            worths = value[i]
            for j in range(size):
                away = worths[j] - aim * base[j]
                away = -away if away < 0.0 else away
                beyond = away - band * base[j]
                worst[j] = beyond if beyond > worst[j] else worst[j]
        for j in range(size):
            clear = worst[j] + _tolerance(base[j], held[j], slack) <= 0.0
            inside = clear and base[j] > 0.0 and base[j] < limit
            mark[j] = HOLDS if inside else UNDECIDED
        before = fired
        for j in range(size):
            if mark[j] == HOLDS:
                continue
            outcome = FIRES
            near = _tolerance(base[j], held[j], slack)
            if not 0.0 < base[j] < limit or worst[j] < near:
                doubts += 1
                outcome = _exact_verdict(
                    quantities, cash, numerator, denominator, share, width, parts, limit,
                    first + j,
                )  # fmt: skip
            mark[j] = outcome
            if outcome == FIRES:
                who[fired] = first + j
                fired += 1
        doubts += _fill_trades(
            quantities, cash, numerator, denominator, share, parts, first, who, before, fired,
            trades, base, value, place, slack == 0.0,
        )  # fmt: skip
    return fired, doubts


@kernel
def _tolerance(base: float, cash: int, slack: float) -> float:
    """How far a deviation beyond its band, computed in floats, can be from the exact one.

    Values are one rounded product each, so relatively within 2 epsilon of what they are before
    money is rounded; the base is a sum of at most 2^10 of them with cash, relatively within
    2^10 epsilon of the sum of magnitudes; shares and widths are one division and one product.
    All of it is below 2^11 epsilon x (base + 2 |cash|). `slack` adds half a minor unit for each
    value that is rounded to money, where steps are not whole minor units.
    """
    owed = cash if cash >= 0 else -cash
    return 2048.0 * EPSILON * (base + 2.0 * owed) + slack


@kernel
def _exact_verdict(
    quantities: Column,
    cash: Column,
    numerator: Column,
    denominator: Column,
    share: Column,
    width: Column,
    parts: int,
    limit: int,
    account: int,
) -> int:
    """The same decision in integers."""
    base = cash[account]
    if base >= limit or base <= -limit:
        return REFUSED
    for i in range(len(numerator)):
        money = worth(quantities[i][account], numerator[i], denominator[i])
        if money < 0:
            return REFUSED
        base += money
        if base >= limit:
            return REFUSED
    if base <= 0:
        return REFUSED if base < 0 else HOLDS
    for i in range(len(numerator)):
        if width[i] < 0:
            continue
        money = worth(quantities[i][account], numerator[i], denominator[i])
        now = times(money, parts)
        aim = times(base, share[i])
        away = minus(now, aim) if compared(now, aim) >= 0 else minus(aim, now)
        if compared(away, (0, 0)) > 0 and compared(away, times(base, width[i])) >= 0:
            return FIRES
    return HOLDS


@kernel
def _fill_trades(
    quantities: Column,
    cash: Column,
    numerator: Column,
    denominator: Column,
    share: Column,
    parts: int,
    first: int,
    who: Column,
    begin: int,
    end: int,
    trades: Column,
    base: Column,
    value: Column,
    place: Column,
    whole_prices: bool,
) -> int:
    """What takes the accounts `who[begin:end]` back to their targets, in whole steps."""
    n = len(numerator)
    doubts = 0
    size = end - begin
    # Exact money this time, which floats below 2^53 hold exactly. Where steps are whole minor units
    # it is there already.
    for k in range(size):
        place[k] = who[begin + k] - first
        base[k] = base[place[k]]
    if not whole_prices:
        for k in range(size):
            account = who[begin + k]
            whole = cash[account]
            for i in range(n):
                whole += worth(quantities[i][account], numerator[i], denominator[i])
            base[k] = whole
    for i in range(n):
        aim = share[i] / parts
        price = numerator[i] / denominator[i]
        made = trades[i][begin:end]
        worths = value[i]
        for k in range(size):
            worths[k] = worths[place[k]]
        if denominator[i] != 1:
            for k in range(size):
                held = quantities[i][who[begin + k]]
                worths[k] = worth(held, numerator[i], denominator[i])
        unsure = 0
        for k in range(size):
            money = worths[k]
            steps = (aim * base[k] - money) / price
            nearest = (steps + ROUNDER) - ROUNDER
            off = steps - nearest
            off = -off if off < 0.0 else off
            # The wanted money is within 3 epsilon of what it is, the difference and the quotient
            # within one more each, the price within one.
            error = (base[k] + money) * (8.0 * EPSILON) / price
            unsure += 1 if off + error >= 0.5 else 0
            made[k] = int(nearest)
        if unsure == 0:
            continue
        for k in range(size):
            money = worths[k]
            steps = (aim * base[k] - money) / price
            off = steps - made[k]
            off = -off if off < 0.0 else off
            if off + (base[k] + money) * (8.0 * EPSILON) / price >= 0.5:
                doubts += 1
                made[k] = _exact_steps(
                    made[k], int(money), int(base[k]), numerator[i], denominator[i],
                    share[i], parts,
                )  # fmt: skip
    return doubts


@kernel
def _exact_steps(
    guess: int, money: int, base: int, numerator: int, denominator: int, share: int, parts: int
) -> int:
    """The whole steps nearest to (share x base / parts - money) x denominator / numerator.

    Starts from a guess that is a few steps off at most (errors are relatively 8 epsilon of at most
    2^50 steps) and walks to the exact answer.
    """
    wanted = times_wide(minus(times(share, base), times(parts, money)), 2 * denominator)
    unit = times(parts, numerator)
    steps = guess
    # Nearest: (2 steps - 1) unit <= wanted <= (2 steps + 1) unit, at equality the even one.
    while True:
        above = compared(wanted, times_wide(unit, 2 * steps + 1))
        if above > 0 or (above == 0 and steps % 2 != 0):
            steps += 1
            continue
        below = compared(wanted, times_wide(unit, 2 * steps - 1))
        if below < 0 or (below == 0 and steps % 2 != 0):
            steps -= 1
            continue
        return steps


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """What the check found.

    Args:
        verdict: By account: HOLDS, FIRES or REFUSED, int8.
        accounts: The accounts that fire, in order, by part.
        trades: By part: steps by asset and account that fires, shape (assets, fired).
        doubts: How many decisions were made in integers.
    """

    verdict: NDArray[np.int8]
    accounts: tuple[NDArray[np.int64], ...]
    trades: tuple[NDArray[np.int64], ...]
    doubts: int


@dataclass(frozen=True, slots=True)
class Room:
    """Where a check writes: kept by callers who check often, since fresh memory costs a third more.

    Args:
        verdict: By account.
        who, trades: By part, as `check_drift` takes them.
        work: By part: its work space.
    """

    verdict: NDArray[np.int8]
    who: tuple[NDArray[np.int64], ...]
    trades: tuple[NDArray[np.int64], ...]
    work: tuple[tuple[Column, ...], ...]

    @classmethod
    def of(cls, assets: int, accounts: int, *, threads: int = 1) -> Room:
        """Room for so many accounts, split among so many threads."""
        import numpy as np

        cuts = cuts_of(accounts, threads)
        sizes = [b - a for a, b in pairwise(cuts)]
        return cls(
            np.empty(accounts, dtype=np.int8),
            tuple(np.empty(size, dtype=np.int64) for size in sizes),
            tuple(np.empty((assets, size), dtype=np.int64) for size in sizes),
            tuple(
                (
                    np.empty(BLOCK),
                    np.empty(BLOCK),
                    np.empty((assets, BLOCK)),
                    np.empty(BLOCK, dtype=np.int64),
                )
                for _ in sizes
            ),
        )


def cuts_of(accounts: int, threads: int) -> list[int]:
    """Where accounts are cut into parts of even size, one a thread."""
    return [accounts * t // threads for t in range(threads + 1)]


def drift_check(
    quantities: NDArray[np.int64],
    cash: NDArray[np.int64],
    *,
    numerator: NDArray[np.int64],
    denominator: NDArray[np.int64],
    share: NDArray[np.int64],
    width: NDArray[np.int64],
    parts: int,
    threads: int = 1,
    room: Room | None = None,
) -> DriftCheck:
    """Which accounts of a model stand at their bands, and what takes them back to target.

    Compiled; every decision is that of exact integers, and the same for any number of threads.

    Args:
        quantities: Steps held, shape (assets, accounts), >= 0.
        cash: Minor units by account without the cash that is to stay, shape (accounts,).
        numerator, denominator: Worth of one step in minor units, shape (assets,).
        share, width: Target and band in `parts`, shape (assets,); a width below zero: no band.
        parts: What the base is divided into.
        threads: Accounts are split evenly among so many threads.
        room: Of the same size and threads; the result lies in it, until the next check with it.

    Raises:
        ValueError: A price, share or width is outside what the integers can take.
    """
    import numpy as np

    if not 0 < parts <= MOST_PARTS or np.any((share < 0) | (share > parts) | (width > parts)):
        raise ValueError(f"shares and widths are integers of 1 to {MOST_PARTS} parts")
    if np.any((numerator <= 0) | (numerator > MOST_NUMERATOR)) or np.any(
        (denominator <= 0) | (denominator > MOST_DENOMINATOR)
    ):
        raise ValueError("a step's worth is a ratio above zero of integers of at most 50 bits")
    check = compiled(check_drift)
    limit = money_limit(numerator, denominator)
    n, accounts = quantities.shape
    room = room or Room.of(n, accounts, threads=threads)
    assert len(room.verdict) == accounts
    assert len(room.who) == threads, "the room is for another number of threads"
    cuts = cuts_of(accounts, threads)

    def part(number: int) -> tuple[int, int]:
        return check(
            quantities, cash, numerator, denominator, share, width, parts, limit,
            cuts[number], cuts[number + 1], room.verdict, room.who[number], room.trades[number],
            *room.work[number],
        )  # fmt: skip

    if threads == 1:
        found = [part(0)]
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(part, range(threads)))
    counts = [fired for fired, _ in found]
    return DriftCheck(
        room.verdict,
        tuple(who[:fired] for who, fired in zip(room.who, counts, strict=True)),
        tuple(trades[:, :fired] for trades, fired in zip(room.trades, counts, strict=True)),
        sum(doubts for _, doubts in found),
    )


def money_limit(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> int:
    """The minor units from which on an account is refused: no float may be too coarse for it."""
    cheapest = float((numerator / denominator).min())
    return min(MOST_MONEY, int(MOST_STEPS * cheapest))
