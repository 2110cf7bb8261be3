"""The drift check of a million accounts: Trimtab's kernel beside polars and numpy.

Everybody gets the columns in the layout it likes best, already in memory (quantities in 32 bits;
polars, whose products keep the width of a column, in 64), and gives back the same: which accounts
stand at their bands, and for those the whole steps that take every asset back to its target. A few
thousand accounts stand exactly on a band, to the minor unit; what each side decides there, and on
a random sample, is held against plain Python integers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

ACCOUNTS = 1_000_000
ON_THE_BAND = 4_000
PARTS = 10_000
SHARE = np.array([2000, 1500, 1500, 1000, 1000, 1000, 800, 600, 400, 200])
WIDTH = np.minimum(500, SHARE // 4)
PRICE = np.array([25_411, 6_123, 4_987, 10_002, 51_204, 7_745, 9_118, 33_333, 2_049, 18_050])
RUNS = 15
NAME = "batch-drift"
NAMES = (f"{NAME}/polars", f"{NAME}/numpy")


@dataclass(frozen=True)
class Found:
    """Which accounts fire, and their trades: rows are assets, columns the accounts that fire."""

    fires: np.ndarray
    trades: np.ndarray


def generated(accounts: int = ACCOUNTS, seed: int = 20_260) -> tuple[np.ndarray, np.ndarray]:
    """Quantities by asset and account, and cash: a third or so of the accounts are out of band."""
    rng = np.random.default_rng(seed)
    wealth = np.exp(rng.normal(16.5, 1.0, accounts))
    drifted = np.exp(rng.normal(0.0, 1.0, (len(SHARE), accounts)) * 0.125)
    value = SHARE[:, None] / PARTS * wealth * drifted
    quantities = np.rint(value / PRICE[:, None]).astype(np.int64)
    cash = (0.01 * wealth).astype(np.int64)
    # Exactly on the band: the first asset is worth a quarter of a base that its price divides.
    marked = rng.choice(accounts, min(ON_THE_BAND, accounts // 10), replace=False)
    shares = rng.integers(200, 5_000, len(marked))
    base = 4 * PRICE[0] * shares
    held = (SHARE[:, None] * base // PARTS) // PRICE[:, None]
    held[0] = shares
    quantities[:, marked] = held
    cash[marked] = base - PRICE @ held
    return np.ascontiguousarray(quantities), cash


def ours(quantities: np.ndarray, cash: np.ndarray) -> Callable[[], Found]:
    from trimtab.kernels.drift import FIRES, Room, drift_check

    ones = np.ones_like(PRICE)
    room = Room.of(*quantities.shape, threads=2, narrow=True)

    def run() -> Any:
        return drift_check(
            quantities, cash, numerator=PRICE, denominator=ones, share=SHARE, width=WIDTH,
            parts=PARTS, threads=2, room=room,
        )  # fmt: skip

    def answer() -> Found:
        found = run()
        return Found(found.verdict == FIRES, np.concatenate(found.trades, axis=1))

    run.answer = answer  # type: ignore[attr-defined]
    return run


def by_numpy(quantities: np.ndarray, cash: np.ndarray) -> Callable[[], Any]:
    """Numpy at its best: blocks that stay in cache, integers that decide, buffers used again."""
    n, accounts = quantities.shape
    block = 4096
    share, width, price = SHARE[:, None], WIDTH[:, None], PRICE[:, None]

    def run() -> Found:
        fires = np.empty(accounts, dtype=bool)
        parts = []
        value, away, wide = (np.empty((n, block), dtype=np.int64) for _ in range(3))
        for first in range(0, accounts, block):
            last = min(first + block, accounts)
            size = last - first
            v, a, w = value[:, :size], away[:, :size], wide[:, :size]
            np.multiply(quantities[:, first:last], price, out=v)
            base = v.sum(axis=0)
            base += cash[first:last]
            np.multiply(v, PARTS, out=a)
            np.multiply(share, base, out=w)
            a -= w
            np.abs(a, out=a)
            np.multiply(width, base, out=w)
            out = ((a >= w) & (a > 0)).any(axis=0)
            fires[first:last] = out
            who = np.flatnonzero(out)
            wanted = (SHARE / PARTS)[:, None] * base[who] - v[:, who]
            wanted /= price
            parts.append(np.rint(wanted, out=wanted).astype(np.int32))
        return Found(fires, np.concatenate(parts, axis=1))

    return run


def by_polars(quantities: np.ndarray, cash: np.ndarray) -> Callable[[], Any]:
    """One lazy query on all threads; integers for the decision."""
    import polars as pl

    n = len(quantities)
    wide = quantities.astype(np.int64)
    frame = pl.DataFrame({"cash": cash, **{f"q{i}": wide[i] for i in range(n)}})

    def run() -> tuple[Any, Any]:
        values = frame.lazy().with_columns(
            [(pl.col(f"q{i}") * int(PRICE[i])).alias(f"v{i}") for i in range(n)]
        )
        values = values.with_columns(
            pl.sum_horizontal([f"v{i}" for i in range(n)]).add(pl.col("cash")).alias("base")
        )
        away = [(pl.col(f"v{i}") * PARTS - pl.col("base") * int(SHARE[i])).abs() for i in range(n)]
        out = [(away[i] >= pl.col("base") * int(WIDTH[i])) & (away[i] > 0) for i in range(n)]
        flagged = values.with_columns(pl.any_horizontal(out).alias("fires")).collect()
        wanted = [
            (
                (pl.col("base") * float(SHARE[i] / PARTS) - pl.col(f"v{i}")) / float(PRICE[i])
            ).round().cast(pl.Int32).alias(f"t{i}")
            for i in range(n)
        ]  # fmt: skip
        return flagged["fires"], flagged.lazy().filter("fires").select(wanted).collect()

    def answer() -> Found:
        fires, trades = run()
        return Found(fires.to_numpy(), trades.to_numpy().T)

    run.answer = answer  # type: ignore[attr-defined]
    return run


def reference(held: list[int], cash: int) -> tuple[bool, list[int]]:
    """The decision of one account in Python's integers and fractions."""
    prices, shares, widths = PRICE.tolist(), SHARE.tolist(), WIDTH.tolist()
    values = [q * p for q, p in zip(held, prices, strict=True)]
    base = sum(values) + cash
    fires = any(
        v * PARTS != w * base and abs(v * PARTS - w * base) >= b * base
        for v, w, b in zip(values, shares, widths, strict=True)
    )
    trades = [
        round(Fraction(w * base - v * PARTS, PARTS * p))
        for v, w, p in zip(values, shares, prices, strict=True)
    ]
    return fires, trades


def wrong_decisions(quantities: np.ndarray, cash: np.ndarray, found: Found) -> int:
    """Decisions that differ from the reference: near bands, exactly on them, and in a sample."""
    value = quantities.astype(np.int64) * PRICE[:, None]
    base = value.sum(axis=0) + cash
    beyond = np.abs(value * PARTS - SHARE[:, None] * base) - WIDTH[:, None] * base
    near = np.flatnonzero(np.abs(beyond).min(axis=0) <= base * 1e-9 * PARTS)
    sample = random.Random(5).sample(range(len(cash)), min(20_000, len(cash)))
    place = np.cumsum(found.fires) - 1
    wrong = 0
    for account in sorted({*near.tolist(), *sample}):
        fires, trades = reference(quantities[:, account].tolist(), int(cash[account]))
        same = fires == bool(found.fires[account])
        if same and fires:
            same = found.trades[:, place[account]].tolist() == trades
        wrong += not same
    return wrong


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The rows of this file, each measured beside its peer."""
    peers = {"polars": by_polars, "numpy": by_numpy}
    wanted = [peer for peer in peers if only(f"{NAME}/{peer}")]
    if not wanted:
        return []
    quantities, cash = generated()
    quantities = quantities.astype(np.int32)
    run = ours(quantities, cash)
    mine = run.answer()  # type: ignore[attr-defined]
    found = []
    for peer in wanted:
        other = peers[peer](quantities, cash)
        theirs = getattr(other, "answer", other)()
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(RUNS):
            for work, seconds in zip((run, other), times, strict=True):
                start = perf_counter()
                work()
                seconds.append(perf_counter() - start)
        wrong = wrong_decisions(quantities, cash, mine)
        apart = int((mine.fires != theirs.fires).sum())
        note = (
            f"{ACCOUNTS:,} accounts x {len(SHARE)} assets, {mine.fires.mean():.0%} fire, "
            f"{ON_THE_BAND:,} stand exactly on a band; flags and whole trades, ours on 2 threads; "
            f"agreement: decisions of ours that exact integers do not make, on all accounts near a "
            f"band and 20,000 others ({peer}: {wrong_decisions(quantities, cash, theirs)} wrong; "
            f"{apart} flags differ between the two)"
        )
        ours_s, peer_s = median(times[0]), median(times[1])
        found.append(
            {
                "name": f"{NAME}/{peer}",
                "ours": ours_s,
                "peer": peer_s,
                "ratio": peer_s / ours_s,
                "agreement": float(wrong),
                "note": note,
            }
        )
    return found


if __name__ == "__main__":
    for row in rows():
        print(row)
