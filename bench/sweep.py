"""A sweep of 10,000 policies beside vectorbt, per policy: 20 stocks over 8,313 days.

Ours runs all 10,000 (band widths from 2 to 20 points, two threads) through its public face and
keeps figures; vectorbt runs a sample of the same widths, tiled in one call, with its curves.
Ours charges as vectorbt does (sales in full, the last purchase has what cash is left), so final
wealth must agree on the sample.
"""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve().parent
PRICES = HERE.parents[1] / "shared" / "data" / "skfolio_sp500_20stocks" / "sp500_dataset.csv.gz"
NAME = "sweep-10000/vectorbt"
NAMES = (NAME,)
POLICIES, SAMPLE, RUNS = 10_000, 10, 3
RATE, CASH = 0.0005, 100_000.0


def rows() -> list[dict[str, Any]]:
    """The one row of this file."""
    python = HERE / ".peers" / "vectorbt" / "bin" / "python"
    if not PRICES.is_file():
        return [_skipped(f"{PRICES.name} is not beside this clone")]
    if not python.is_file():
        return [_skipped("no environment made from peers/vectorbt.txt")]
    seconds, found, memory = _ours()
    places = [round(k * (POLICIES - 1) / (SAMPLE - 1)) for k in range(SAMPLE)]
    widths = [repr(_width(k) / 100) for k in places]
    script = HERE / "peers" / "vectorbt_sweep.py"
    line = [str(python), str(script), str(PRICES), str(RATE), str(CASH), "3", *widths]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [_skipped((done.stderr.strip().splitlines() or ["failed"])[-1][:120])]
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    apart = max(
        abs(float(found[k]) / other - 1.0)
        for k, other in zip(places, theirs["finals"], strict=True)
    )
    note = (
        f"seconds a policy; {POLICIES:,} band widths from 2 to 20 points through tt.sweep on 2 "
        f"threads, {memory:.0f} MB more at their peak than before; vectorbt {theirs['version']} a "
        f"sample of {SAMPLE}, tiled; agreement: largest relative difference of final wealth"
    )
    return [
        {
            "name": NAME,
            "ours": seconds,
            "peer": theirs["seconds"],
            "ratio": theirs["seconds"] / seconds,
            "agreement": apart,
            "note": note,
        }
    ]


def _skipped(reason: str) -> dict[str, Any]:
    empty = dict.fromkeys(("ours", "peer", "ratio", "agreement"))
    return {"name": NAME, **empty, "note": f"skipped: {reason}"}


def _width(k: int) -> float:
    """The width of a policy, in points."""
    return round(2.0 + 18.0 * k / (POLICIES - 1), 6)


def _ours() -> tuple[float, Any, float]:
    """Median seconds a policy, final wealth by policy, megabytes that the sweep took."""
    import trimtab as tt

    prices = tt.read_prices(PRICES)
    base = tt.Policy(dict.fromkeys(prices.symbols, 1.0 / len(prices.symbols)), when="monthly")
    whens = [f"band:{_width(k):.6f}pp" for k in range(POLICIES)]

    def run(words: list[str]) -> Any:
        return tt.sweep(
            prices, base, when=words, costs=tt.Costs(bps=str(RATE * 10_000)), cash=CASH,
            cost_rule="from-last", threads=2,
        )  # fmt: skip

    run(whens[:200])  # compiles
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, found = [], None
    for _ in range(RUNS):
        begun = perf_counter()
        found = run(whens)
        seconds.append((perf_counter() - begun) / POLICIES)
    assert found is not None
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return median(seconds), found.figures["final_value"], memory


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
