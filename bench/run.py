"""`make bench`: every benchmark beside its peers, into bench/results.json.

A benchmark is a module of this folder with a function `rows()`, or `rows(only)` where `only` says
whether a row is asked for; a constant NAMES with the names of its rows lets `ONLY=` skip it. Each
runs in a process of its own. Peers that need an environment of their own have a requirements file
under peers/; it is installed once, into .peers/NAME.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import inspect
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PEERS = HERE / "peers"
INSTALLED = HERE / ".peers"
SELF = Path(__file__).stem
KEYS = ("name", "ours", "peer", "ratio", "agreement", "note")


def main() -> int:
    """Measure what is asked for, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="parts of row names, separated by commas")
    parser.add_argument("--module", help=argparse.SUPPRESS)
    args = parser.parse_args()
    terms = tuple(term.strip() for term in args.only.split(",") if term.strip())
    if args.module:
        return _one(args.module, terms)
    chosen = [path for path in _modules() if _is_asked(path, terms)]
    if not chosen:
        print(f"No benchmark has a row with {args.only!r} in its name.", file=sys.stderr)
        return 1
    troubles = dict(_prepare(chosen))
    found: list[dict[str, Any]] = []
    skipped: list[tuple[str, str]] = [(f"*/{peer}", why) for peer, why in troubles.items()]
    for path in chosen:
        start = perf_counter()
        print(f"{path.stem} ...", end=" ", file=sys.stderr, flush=True)
        made, why = _measured(path.stem, args.only)
        print(f"{perf_counter() - start:.0f} s", file=sys.stderr)
        if why:
            skipped.append((path.stem, why))
        for row in made:
            if not any(term in row["name"] for term in terms or ("",)):
                continue
            if row["ours"] is None or row["peer"] is None:
                skipped.append((row["name"], str(row["note"]).removeprefix("skipped: ")))
            else:
                found.append({key: row[key] for key in KEYS})
    _write(found, merge=bool(terms))
    _show(found, skipped)
    return 0


def _modules() -> list[Path]:
    """The benchmarks: modules of this folder with a function `rows`."""
    return [
        path
        for path in sorted(HERE.glob("*.py"))
        if path.stem != SELF and "\ndef rows(" in path.read_text(encoding="utf-8")
    ]


def _is_asked(path: Path, terms: Sequence[str]) -> bool:
    """Whether a module may have a row that is asked for."""
    if not terms:
        return True
    text = path.read_text(encoding="utf-8")
    if "\nNAMES = " in text or "\nNAMES: " in text:
        names = _module(path.stem).NAMES
        return any(term in name for term in terms for name in names)
    # Without names only its file's name tells: `backtest.py` has the rows `backtest-...`.
    stem = path.stem.replace("_", "-")
    return any(stem in term or term in stem for term in terms)


def _module(stem: str) -> ModuleType:
    sys.path.insert(0, str(HERE))
    spec = importlib.util.spec_from_file_location(stem, HERE / f"{stem}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[stem] = module
    spec.loader.exec_module(module)
    return module


def _one(stem: str, terms: Sequence[str]) -> int:
    """In a process of its own: the rows of one module, as JSON on the last line."""
    function: Callable[..., list[dict[str, Any]]] = _module(stem).rows

    def only(name: str) -> bool:
        return not terms or any(term in name for term in terms)

    rows = function(only) if inspect.signature(function).parameters else function()
    print(json.dumps(rows, allow_nan=False))
    return 0


def _measured(stem: str, only: str) -> tuple[list[dict[str, Any]], str]:
    """The rows of a module, or why there are none."""
    words = [sys.executable, str(Path(__file__).resolve()), "--module", stem, "--only", only]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return [], f"it broke off: {why[:200]}"
    rows: list[dict[str, Any]] = json.loads(lines[-1])
    return rows, ""


def _prepare(chosen: Sequence[Path]) -> list[tuple[str, str]]:
    """Install the peers that the chosen modules speak of; those that cannot be, and why."""
    texts = [path.read_text(encoding="utf-8") for path in chosen]
    troubles = []
    for requirements in sorted(PEERS.glob("*.txt")):
        name = requirements.stem
        if not any(name in text for text in texts):
            continue
        wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
        folder = INSTALLED / name
        mark = folder / ".installed"
        if mark.is_file() and mark.read_text() == wanted:
            continue
        print(f"installing {name} ...", file=sys.stderr, flush=True)
        INSTALLED.mkdir(exist_ok=True)
        with (INSTALLED / f"{name}.log").open("w") as log:
            python = folder / "bin" / "python"
            steps = [
                [sys.executable, "-m", "venv", str(folder)],
                [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)],
            ]
            for step in steps:
                if subprocess.run(step, stdout=log, stderr=log, check=False).returncode != 0:
                    place = (INSTALLED / f"{name}.log").relative_to(HERE.parent)
                    troubles.append((name, f"could not be installed, see {place}"))
                    break
            else:
                mark.write_text(wanted)
    return troubles


def machine() -> dict[str, Any]:
    """What it was measured on; nothing that would tell whose machine it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
    }


def _write(found: Sequence[dict[str, Any]], *, merge: bool) -> None:
    """Write the results; with a part measured, the other rows stay as they were."""
    rows = {row["name"]: row for row in found}
    if merge and RESULTS.is_file():
        before = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
        rows = {row["name"]: row for row in before} | rows
    told = {"machine": machine(), "rows": [rows[name] for name in sorted(rows)]}
    beside = RESULTS.with_suffix(".new")
    beside.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    beside.replace(RESULTS)


def _show(found: Sequence[dict[str, Any]], skipped: Sequence[tuple[str, str]]) -> None:
    """The rows as a table, and what was skipped."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("work/peer", no_wrap=True)
    for name in ("ours", "peer", "ratio", "agreement"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found:
        table.add_row(
            row["name"],
            _seconds(row["ours"]),
            _seconds(row["peer"]),
            f"{row['ratio']:,.3g}x",
            f"{row['agreement']:.2g}",
        )
    console.print(table)
    for row in found:
        note = Padding(Text(str(row["note"]), style="dim"), (0, 0, 0, 4))
        console.print(Text(f"\n{row['name']}", style="bold"), note)
    for name, why in skipped:
        console.print(f"skipped {name}: {why}", markup=False, highlight=False)
    console.print(f"Written to {RESULTS.relative_to(HERE.parent)}", markup=False, highlight=False)


def _seconds(value: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * factor >= 1 or unit == "us":
            return f"{value * factor:,.3g} {unit}"
    raise AssertionError("the loop ends with microseconds")


if __name__ == "__main__":
    raise SystemExit(main())
