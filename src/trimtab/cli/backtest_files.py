"""The files of `trimtab backtest --out`: figures, curves, weights and trades."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Any

    from trimtab.simulate.results import Backtest, PolicyResult


def write_backtest(result: Backtest, folder: Path) -> None:
    """Write `figures.json`, `equity.csv`, and of each policy `weights.csv` and `trades.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = json.dumps(result.to_dict(), indent=2, allow_nan=False)
    (folder / "figures.json").write_text(figures + "\n", encoding="utf-8")
    first = result.policies[0]
    heads = ["date", *(one.name for one in result.policies)]
    curves = zip(*(one.value.tolist() for one in result.policies), strict=True)
    days = [str(day) for day in first.dates]
    _write(folder / "equity.csv", heads, ([day, *v] for day, v in zip(days, curves, strict=True)))
    names = _names([one.name for one in result.policies])
    for one, name in zip(result.policies, names, strict=True):
        place = folder / name
        place.mkdir(exist_ok=True)
        worth = one.units * one.history
        shares = (worth / worth.sum(axis=1, keepdims=True)).tolist()
        rows = ([str(day), *row] for day, row in zip(one.dates, shares, strict=True))
        _write(place / "weights.csv", ["date", *one.symbols], rows)
        _write(place / "trades.csv", *_trades(one))


def _trades(one: PolicyResult) -> tuple[list[str], Iterable[list[Any]]]:
    from trimtab.simulate.frames import Columns

    frame = one.trades
    columns = (
        {name: frame[name] for name in frame}
        if isinstance(frame, Columns)
        else {name: frame[name].to_numpy() for name in frame.columns}
    )
    plain = [
        [str(item) for item in column] if name in ("date", "symbol") else column.tolist()
        for name, column in columns.items()
    ]
    return list(columns), (list(row) for row in zip(*plain, strict=True))


def _names(labels: Sequence[str]) -> list[str]:
    """Folder names that every file system takes, each once."""
    names: list[str] = []
    for label in labels:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-.") or "policy"
        while name in names:
            name += "-2"
        names.append(name)
    return names


def _write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
