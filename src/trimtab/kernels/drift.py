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
"""Steps of one trade at most; where trades are written in 32 bits, fewer than 2^31."""
MOST_PARTS = 1 << 30
MOST_DENOMINATOR = 1 << 40
MOST_NUMERATOR = 1 << 50

HOLDS, FIRES, REFUSED, UNDECIDED = 0, 1, 2, 3
"""What became of an account: within its bands, to be traded, or not to be decided here."""

BLOCK = 256
"""Accounts looked at together: their columns fit the nearest cache."""

LANE = 16
"""Trades made together."""

EPSILON = 2.0**-53
NO_BAND = 1.0e100
"""As a share of the base: wider than anything stands away from its target."""

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
    worths: Column,
    factors: Column,
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
        base, worst, worths: Work space, floats, BLOCK places.
        value: Work space, floats, shape (assets + 1, BLOCK).
        factors: Work space, floats, shape (3, assets + 1).
        place: Work space, integers without a sign, BLOCK places.

    Returns:
        How many accounts fire, and how many decisions were made in integers.
    """
    n = len(numerator)
    fired = 0
    doubts = 0
    slack = 0.0
    prices, aims, bands = factors
    for i in range(n):
        prices[i] = numerator[i] / denominator[i]
        aims[i] = share[i] / parts
        bands[i] = width[i] / parts if width[i] >= 0 else NO_BAND
        if denominator[i] != 1:
            slack = 1.0 + n
    # Assets are looked at in pairs, which moves fewer bytes; an odd one has nothing at its side.
    prices[n], aims[n], bands[n] = 0.0, 0.0, NO_BAND
    for first in range(start, stop, BLOCK):
        size = min(BLOCK, stop - first)
        held = cash[first : first + size]
        mark = verdict[first : first + size]
        # Below zero as soon as one of the numbers is.
        signs = 0
        for j in range(size):
            signs |= held[j] + limit
            base[j] = held[j]
            worst[j] = -NO_BAND
        for i in range(0, n, 2):
            column = quantities[i][first : first + size]
            beside = quantities[min(i + 1, n - 1)][first : first + size]
            one, other = value[i], value[i + 1]
            price, price_beside = prices[i], prices[i + 1]
            for j in range(size):
                signs |= column[j] | beside[j]
                one[j] = column[j] * price
                other[j] = beside[j] * price_beside
                base[j] += one[j] + other[j]
        for i in range(0, n, 2):
            one, other = value[i], value[i + 1]
            aim, aim_beside = aims[i], aims[i + 1]
            band, band_beside = bands[i], bands[i + 1]
            for j in range(size):
                # What is stored is never what was there: a store under a condition takes longer.
                furthest = worst[j]
                beyond = abs(one[j] - aim * base[j]) - band * base[j]
                furthest = beyond if beyond > furthest else furthest
                beyond = abs(other[j] - aim_beside * base[j]) - band_beside * base[j]
                worst[j] = beyond if beyond > furthest else furthest
        # Something below zero that may not be: then the whole block goes the slow way.
        most = 1.0 * limit if signs >= 0 else -1.0
        unsure = 0
        for j in range(size):
            near = _tolerance(base[j], held[j], slack)
            clear = base[j] > 0.0 and base[j] < most
            found = FIRES if worst[j] >= near else HOLDS
            found = found if clear and abs(worst[j]) >= near else UNDECIDED
            mark[j] = found
            unsure += 1 if found == UNDECIDED else 0
        if unsure > 0:
            doubts += unsure
            for j in range(size):
                if mark[j] == UNDECIDED:
                    mark[j] = _exact_verdict(
                        quantities, cash, numerator, denominator, share, width, parts, limit,
                        first + j,
                    )  # fmt: skip
        # Every account is written, and where it holds the next one over it: a branch here would be
        # guessed wrong too often.
        count = 0
        for j in range(size):
            place[count] = j
            count += 1 if mark[j] == FIRES else 0
        if count > 0:
            doubts += _fill_trades(
                quantities, cash, numerator, denominator, share, parts, first, place, count, fired,
                trades, base, worst, value, worths, slack == 0.0,
            )  # fmt: skip
        for k in range(count):
            who[fired + k] = first + place[k]
        fired += count
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
    place: Column,
    count: int,
    begin: int,
    trades: Column,
    base: Column,
    whole: Column,
    value: Column,
    worths: Column,
    is_whole: bool,
) -> int:
    """What takes the accounts that fire back to their targets, in whole steps.

    Args:
        place: Which of the block from `first` on they are, in order.
        count: How many they are.
        begin: Where their columns of `trades` begin.
        whole, worths: Work space.
        is_whole: Steps of every asset are worth whole minor units, so `base` and `value` are exact.
    """
    doubts = 0
    if is_whole:
        for k in range(count):
            whole[k] = base[place[k]]
    else:
        for k in range(count):
            whole[k] = cash[first + place[k]]
        for i in range(len(numerator)):
            for k in range(count):
                j = place[k]
                value[i][j] = worth(quantities[i][first + j], numerator[i], denominator[i])
                whole[k] += value[i][j]
    # No worth of one of them and its whole are more than this together.
    most = 0
    for k in range(count):
        owed = 2 * int(whole[k]) - min(cash[first + place[k]], 0)
        most = owed if owed > most else most
    # Columns are made by the LANE, for those left over would take as long one by one; what is
    # made too many is written over, or beyond what the caller reads.
    made_at = min((count + LANE - 1) // LANE * LANE, len(trades[0]) - begin, len(place))
    for i in range(len(numerator)):
        aim = share[i] / parts
        steps_a_unit = denominator[i] / numerator[i]
        # The wanted money is within 3 epsilon of what it is, the difference and the product within
        # one more each, the factor within two.
        sure = 0.5 - 8.0 * EPSILON * steps_a_unit * most
        made = trades[i][begin : begin + made_at]
        column = value[i]
        for k in range(made_at):
            worths[k] = column[place[k]]
        unsure = 0
        for k in range(made_at):
            money = worths[k]
            steps = (aim * whole[k] - money) * steps_a_unit
            nearest = (steps + ROUNDER) - ROUNDER
            off = steps - nearest
            off = -off if off < 0.0 else off
            unsure += 1 if off >= sure else 0
            made[k] = int(nearest)
        if unsure == 0:
            continue
        for k in range(count):
            money = worths[k]
            steps = (aim * whole[k] - money) * steps_a_unit
            off = steps - made[k]
            off = -off if off < 0.0 else off
            if off >= sure:
                doubts += 1
                made[k] = _exact_steps(
                    made[k], int(money), int(whole[k]), numerator[i], denominator[i],
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
    trades: tuple[NDArray[np.int32 | np.int64], ...]
    doubts: int


@dataclass(frozen=True, slots=True)
class Room:
    """Where a check writes: kept by callers who check often, since fresh memory costs a third more.

    Trades in 32 bits take half the memory to write, which is what a check waits for; accounts
    that might trade 2^31 steps are then refused.

    Args:
        verdict: By account.
        who, trades: By part, as `check_drift` takes them.
        work: By part: its work space.
    """

    verdict: NDArray[np.int8]
    who: tuple[NDArray[np.int64], ...]
    trades: tuple[NDArray[np.int32 | np.int64], ...]
    work: tuple[tuple[Column, ...], ...]

    @classmethod
    def of(cls, assets: int, accounts: int, *, threads: int = 1, narrow: bool = False) -> Room:
        """Room for so many accounts, split among so many threads; `narrow`: trades in 32 bits."""
        import numpy as np

        cuts = cuts_of(accounts, threads)
        sizes = [b - a for a, b in pairwise(cuts)]
        return cls(
            np.empty(accounts, dtype=np.int8),
            tuple(np.empty(size, dtype=np.int64) for size in sizes),
            tuple(
                np.empty((assets, size), dtype=np.int32 if narrow else np.int64) for size in sizes
            ),
            tuple(
                (
                    np.empty(BLOCK),
                    np.empty(BLOCK),
                    np.empty((assets + 1, BLOCK)),
                    np.empty(BLOCK),
                    np.empty((3, assets + 1)),
                    np.zeros(BLOCK, dtype=np.uint32),
                )
                for _ in sizes
            ),
        )


def cuts_of(accounts: int, threads: int) -> list[int]:
    """Where accounts are cut into parts of even size, one a thread."""
    return [accounts * t // threads for t in range(threads + 1)]


def drift_check(
    quantities: NDArray[np.int32 | np.int64],
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
        quantities: Steps held, shape (assets, accounts), >= 0. Where all are below 2^31 columns in
            32 bits give the same in less time, most of which goes into reading them.
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
    n, accounts = quantities.shape
    room = room or Room.of(n, accounts, threads=threads)
    most = int(np.iinfo(room.trades[0].dtype).max)
    limit = money_limit(numerator, denominator, min(most, MOST_STEPS))
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

        with ThreadPoolExecutor(threads - 1) as pool:
            others = [pool.submit(part, number) for number in range(1, threads)]
            found = [part(0), *(other.result() for other in others)]
    counts = [fired for fired, _ in found]
    return DriftCheck(
        room.verdict,
        tuple(who[:fired] for who, fired in zip(room.who, counts, strict=True)),
        tuple(trades[:, :fired] for trades, fired in zip(room.trades, counts, strict=True)),
        sum(doubts for _, doubts in found),
    )


def money_limit(
    numerator: NDArray[np.int64], denominator: NDArray[np.int64], steps: int = MOST_STEPS
) -> int:
    """The minor units from which on an account is refused: no float may be too coarse for it.

    Args:
        numerator, denominator: Worth of one step, as for `drift_check`.
        steps: That one trade may have at most.
    """
    cheapest = float((numerator / denominator).min())
    return min(MOST_MONEY, int(steps * cheapest))
