"""One backtest with its equity curve beside bt and vectorbt: 20 stocks over 8,313 days.

Both sides start from prices in memory and end with the curve of values, through their public
faces. The peers charge costs by other rules, so ours runs under each peer's own rule, and final
wealth must agree: bt takes each order's fee out of that order's money, vectorbt sells in full and
lets the last purchase have what is left. bt pays for its first purchases too, which scales its
whole curve by 1 / (1 + rate); ours starts with that much less beside it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Literal

HERE = Path(__file__).resolve().parent
PRICES = HERE.parents[1] / "shared" / "data" / "skfolio_sp500_20stocks" / "sp500_dataset.csv.gz"
RATE = 0.0005
CASH = 100_000.0
RUNS = 200
FRESH_RUNS = 25
WORKS = {"monthly": "monthly", "band5pp": "band:5pp"}


@dataclass(frozen=True)
class Peer:
    """Another program: its name, our cost rule like its own, what we start with, its repeats."""

    name: str
    rule: Literal["in-order", "from-last"]
    cash: float
    runs: int


PEERS = (Peer("bt", "in-order", CASH / (1.0 + RATE), 3), Peer("vectorbt", "from-last", CASH, 15))


def rows() -> list[dict[str, Any]]:
    """The rows `backtest-monthly` and `backtest-band5pp` against each peer."""
    return list(_rows())


def _rows() -> Iterator[dict[str, Any]]:
    for work in WORKS:
        for peer in PEERS:
            name = f"backtest-{work}/{peer.name}"
            python = HERE / ".peers" / peer.name / "bin" / "python"
            if not PRICES.is_file():
                yield _skipped(name, f"{PRICES.name} is not beside this clone")
            elif not python.is_file():
                yield _skipped(name, f"no environment made from peers/{peer.name}.txt")
            else:
                yield _row(name, work, peer, python)


def _skipped(name: str, reason: str) -> dict[str, Any]:
    empty = dict.fromkeys(("ours", "peer", "ratio", "agreement"))
    return {"name": name, **empty, "note": f"skipped: {reason}"}


def _row(name: str, work: str, peer: Peer, python: Path) -> dict[str, Any]:
    theirs = _theirs(work, peer, python)
    if "error" in theirs:
        return _skipped(name, theirs["error"])
    seconds, fresh, kernel, final = _ours(work, peer)
    return {
        "name": name,
        "ours": seconds,
        "peer": theirs["seconds"],
        "ratio": theirs["seconds"] / seconds,
        "agreement": abs(final / theirs["final"] - 1.0),
        "note": (
            f"relative difference of final wealth; {peer.name} {theirs['version']}; ours on prices "
            f"that were used before (checked, laid out), {fresh * 1e3:.1f} ms on fresh ones; the "
            f"compiled loop alone {kernel * 1e3:.2f} ms"
        ),
    }


def _theirs(work: str, peer: Peer, python: Path) -> dict[str, Any]:
    script = HERE / "peers" / f"{peer.name}_backtest.py"
    arguments = [str(PRICES), work, str(RATE), str(CASH), str(peer.runs)]
    done = subprocess.run(
        [str(python), str(script), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        return {"error": f"{peer.name} failed: {last[0][:120]}"}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _ours(work: str, peer: Peer) -> tuple[float, float, float, float]:
    """Median seconds of a whole backtest, of one on fresh prices, of its loop; final wealth."""
    import trimtab.simulate.research.run_columns as simulator
    from trimtab.adapters.price_frames import read_prices
    from trimtab.costs import Costs
    from trimtab.kernels.compile import compiled
    from trimtab.model.policy import Policy
    from trimtab.simulate.research.backtest import backtest

    prices = read_prices(PRICES)
    policy = Policy(dict.fromkeys(prices.symbols, 1.0 / len(prices.symbols)), when=WORKS[work])
    costs = Costs(bps=str(RATE * 10_000))
    loop = [0.0]

    def run(history: Any = prices) -> Any:
        return backtest(
            history, policy, costs=costs, cash=peer.cash, cost_rule=peer.rule, form="compiled"
        )

    final = run().policies[0].final_value  # also compiles
    seconds = []
    for _ in range(RUNS):
        begun = perf_counter()
        run()
        seconds.append(perf_counter() - begun)

    fresh = []
    for _ in range(FRESH_RUNS):
        unused = replace(prices)
        begun = perf_counter()
        run(unused)
        fresh.append(perf_counter() - begun)

    fast = compiled(simulator.run)

    def timed(*columns: Any) -> Any:
        begun = perf_counter()
        session = fast(*columns)
        loop[-1] += perf_counter() - begun
        return session

    simulator.compiled = lambda kernel: timed  # type: ignore[assignment]
    try:
        for _ in range(RUNS):
            run()
            loop.append(0.0)
    finally:
        simulator.compiled = compiled
    return median(seconds), median(fresh), median(loop[:-1]), final


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row))
