"""How long the command line takes to start, beside bare Python of the same environment.

`start-help/python` asks for the overview; `start-plan/python` plans for the demo's household. The
ratio is bare Python's start over ours, so it is below 1: how much of the wait is Python's own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

HELP, PLAN = "start-help/python", "start-plan/python"
NAMES = (HELP, PLAN)
RUNS = {HELP: 41, PLAN: 21}
DAY = "2012-09-28"
DATA = Path(__file__).resolve().parents[1] / "src" / "trimtab" / "data" / "demo"


def rows(only: Callable[[str], bool] = lambda name: True) -> list[dict[str, Any]]:
    """The rows of this file that are asked for."""
    return [_row(name) for name in NAMES if only(name)]


def _row(name: str) -> dict[str, Any]:
    command = Path(sys.executable).with_name("trimtab")
    if not command.is_file():
        return skipped(name, "the command trimtab is not installed beside this Python")
    with tempfile.TemporaryDirectory() as folder:
        if name == HELP:
            ours, what = [str(command), "--help"], "trimtab --help"
        else:
            demo = Path(folder) / "demo"
            shutil.copytree(DATA / "portfolio", demo)
            shutil.copy(DATA / "prices.csv", demo)
            ours = [str(command), "-C", str(demo), "plan", "--as-of", DAY]
            what = "trimtab plan for the demo's three accounts, from files to a saved plan"
        bare = [sys.executable, "-c", "pass"]
        times: tuple[list[float], list[float]] = ([], [])
        for run in range(RUNS[name] + 1):
            for words, seconds in zip((ours, bare), times, strict=True):
                start = perf_counter()
                done = subprocess.run(words, capture_output=True, text=True, check=False)
                taken = perf_counter() - start
                if done.returncode != 0:
                    return skipped(name, (done.stderr.strip().splitlines() or ["failed"])[-1])
                if run:  # the first one warms the files up
                    seconds.append(taken)
    ours_s, bare_s = median(times[0]), median(times[1])
    return {
        "name": name,
        "ours": ours_s,
        "peer": bare_s,
        "ratio": bare_s / ours_s,
        "agreement": 0.0,
        "note": (
            f"{what}; medians of {RUNS[name]} processes each, in turns; the peer is "
            "`python -c pass`; agreement: runs that failed"
        ),
    }


def skipped(name: str, reason: str) -> dict[str, Any]:
    """A row that says why there is none."""
    empty = dict.fromkeys(("ours", "peer", "ratio", "agreement"))
    return {"name": name, **empty, "note": f"skipped: {reason}"}


if __name__ == "__main__":
    for found in rows():
        print(found)
