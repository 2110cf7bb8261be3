"""How time grows with sessions, instruments and policies: `python bench/scaling.py` draws it.

A sweep of policies over random walks, on all processors: its time for more and more of one thing,
the other two as they were. Writes docs/speed.svg and prints a table; no peer, no row of results.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import trimtab as tt  # noqa: E402
from studies.chart import Axis, Line, chart  # noqa: E402
from trimtab.simulate.prices.history import PriceHistory  # noqa: E402

SESSIONS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
ASSETS = (5, 10, 20, 40, 80, 160)
POLICIES = (64, 128, 256, 512, 1_024, 2_048)
USUAL = (4_000, 20, 256)
RUNS = 5


def walk(sessions: int, assets: int) -> PriceHistory:
    """Prices that go their ways independently of each other."""
    steps = np.random.default_rng(3).normal(0.0003, 0.012, (sessions, assets))
    dates = np.arange(sessions).astype("datetime64[D]")
    symbols = tuple(f"S{number}" for number in range(assets))
    return PriceHistory(dates, symbols, 100.0 * np.exp(np.cumsum(steps, axis=0)))


def seconds(sessions: int, assets: int, policies: int) -> float:
    """The median time of a sweep."""
    prices = walk(sessions, assets)
    base = tt.Policy(dict.fromkeys(prices.symbols, 1.0 / assets))
    whens = [f"band:{1 + number / 200:.3f}pp" for number in range(policies)]
    taken = []
    for _ in range(RUNS):
        start = perf_counter()
        tt.sweep(prices, base, when=whens, to=["target"])
        taken.append(perf_counter() - start)
    return median(taken)


def main() -> None:
    """Measure, tell, draw."""
    seconds(500, 5, 64)  # compiles
    sizes = (("sessions", SESSIONS), ("instruments", ASSETS), ("policies", POLICIES))
    lines = []
    for place, (name, steps) in enumerate(sizes):
        found = []
        for size in steps:
            shape = list(USUAL)
            shape[place] = size
            found.append(seconds(*shape))
        slope = log(found[-1] / found[0]) / log(steps[-1] / steps[0])
        growth = ", ".join(f"{b / a:.2f}" for a, b in pairwise(found))
        print(f"{name}: {steps[0]:,} to {steps[-1]:,}: {found[0]:.3f} to {found[-1]:.3f} s, "
              f"exponent {slope:.2f}; each doubling takes {growth} times as long")  # fmt: skip
        lines.append(Line(name, [size / USUAL[place] for size in steps], found))
    ideal = [lines[1].x[0], lines[0].x[-1]]
    middle = lines[2].y[2]
    lines.append(Line("in proportion", ideal, [middle * size for size in ideal], dashed=True))
    shape = f"{USUAL[0]:,} sessions, {USUAL[1]} instruments, {USUAL[2]} policies"
    picture = chart(
        f"Seconds of a sweep: 1 is {shape}",
        Axis("times as many", log=True), Axis("seconds", log=True), lines,
    )  # fmt: skip
    (ROOT / "docs" / "speed.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
