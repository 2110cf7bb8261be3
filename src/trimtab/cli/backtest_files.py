"""The files of `trimtab backtest`: figures, curves, weights and trades; nobody else's are lost."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Any

    from trimtab.simulate.accounts.paths import AccountPaths
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.research.policy_result import PolicyResult
    from trimtab.simulate.research.results import Backtest

FIGURES, EQUITY, WEIGHTS, TRADES = "figures.json", "equity.csv", "weights.csv", "trades.csv"
LOTS_SOLD, LOTS_LEFT = "lots_sold.csv", "lots_left.csv"

_PAGE = b"<!doctype html>"


def need_own(out: Path | None, report: Path | None) -> list[str]:
    """Refuse to write over what no earlier backtest wrote.

    Returns:
        Of an earlier backtest, what will be replaced.

    Raises:
        RefusedError: The folder holds other files, or the file is no page.
    """
    from trimtab.model.errors import RefusedError

    replaced = []
    if out is not None and out.is_dir() and any(out.iterdir()):
        if not (out / FIGURES).is_file() or not (out / EQUITY).is_file():
            names = sorted(path.name for path in out.iterdir())
            more = ", ..." if len(names) > 3 else ""
            raise RefusedError(
                f"--out {out}: the folder holds what no earlier backtest wrote "
                f"({', '.join(names[:3])}{more}); name a new or empty folder"
            )
        replaced.append(str(out))
    elif out is not None and out.exists() and not out.is_dir():
        raise RefusedError(f"--out {out}: it is a file; name a folder")
    if report is not None and report.is_dir():
        raise RefusedError(f"--report {report}: it is a folder; name a file, as {report}/run.html")
    if report is not None and not report.parent.is_dir():
        raise RefusedError(
            f"--report {report}: there is no folder {report.parent}; make it, or name another"
        )
    if report is not None and report.exists():
        with report.open("rb") as file:
            if file.read(len(_PAGE)).lower() != _PAGE:
                raise RefusedError(
                    f"--report {report}: it is no page of an earlier run; name another"
                )
        replaced.append(str(report))
    return replaced


def write_backtest(result: Backtest, folder: Path) -> None:
    """Write `figures.json`, `equity.csv`, and of each policy `weights.csv` and `trades.csv`."""
    names = _begin(folder, [one.name for one in result.policies])
    _write_json(folder / FIGURES, result.to_dict())
    first = result.policies[0]
    heads = ["date", *(one.name for one in result.policies)]
    curves = zip(*(one.value.tolist() for one in result.policies), strict=True)
    days = [str(day) for day in first.dates]
    _write(folder / EQUITY, heads, ([day, *v] for day, v in zip(days, curves, strict=True)))
    for one, name in zip(result.policies, names, strict=True):
        place = folder / name
        worth = one.units * one.history
        shares = (worth / worth.sum(axis=1, keepdims=True)).tolist()
        rows = ([str(day), *row] for day, row in zip(one.dates, shares, strict=True))
        _write(place / WEIGHTS, ["date", *one.symbols], rows)
        _write(place / TRADES, *_trades(one))


def write_accounts(
    runs: Sequence[AccountRun], folder: Path, shuffled: AccountPaths | None = None
) -> None:
    """The same of runs in account mode; of each also the lots that were sold and that are left."""
    names = _begin(folder, [run.name for run in runs])
    _write_json(folder / FIGURES, accounts_json(runs, shuffled))
    days = [day.isoformat() for day in runs[0].dates]
    curves = zip(*([minor / 100 for minor in run.value] for run in runs), strict=True)
    heads = ["date", *(run.name for run in runs)]
    _write(folder / EQUITY, heads, ([day, *v] for day, v in zip(days, curves, strict=True)))
    for run, name in zip(runs, names, strict=True):
        frames = {
            TRADES: run.trades, WEIGHTS: run.weights,
            LOTS_SOLD: run.lots_sold, LOTS_LEFT: run.lots_left,
        }  # fmt: skip
        for file_name, frame in frames.items():
            _write(folder / name / file_name, list(frame), map(_texts, frame.rows()))


def accounts_json(
    runs: Sequence[AccountRun], shuffled: AccountPaths | None = None
) -> dict[str, Any]:
    """The figures of runs in account mode, for programs: of one, or a list; and shuffled ones.

    As in the text, findings are those of all runs, with whose they are.
    """
    from trimtab.reports.plan_json import findings_json
    from trimtab.simulate.accounts.assumed import assumed_of_runs
    from trimtab.simulate.accounts.findings import findings_of

    figures = [{"name": run.name, **run.to_dict()} for run in runs]
    found: dict[str, Any] = figures[0] if len(figures) == 1 else {"policies": figures}
    more = shuffled.findings if shuffled is not None else ()
    told = findings_of(runs)
    found["assumed"] = assumed_of_runs(runs, told)
    found["findings"] = findings_json((*told, *more))
    return found if shuffled is None else {**found, "shuffled": shuffled.to_dict()}


def _texts(row: Sequence[Any]) -> list[Any]:
    """Cells as they are written: days in ISO form, what is not known empty."""
    return ["" if cell is None else cell for cell in row]


def _begin(folder: Path, labels: Sequence[str]) -> list[str]:
    """A folder for each policy; those of an earlier run lose the files that it wrote."""
    if (folder / EQUITY).is_file():
        with (folder / EQUITY).open(encoding="utf-8", newline="") as file:
            heads = next(csv.reader(file), [])
        for name in _names(heads[1:]):
            for file_name in (WEIGHTS, TRADES, LOTS_SOLD, LOTS_LEFT):
                (folder / name / file_name).unlink(missing_ok=True)
            if (folder / name).is_dir() and not any((folder / name).iterdir()):
                (folder / name).rmdir()
    names = _names(labels)
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    return names


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


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
