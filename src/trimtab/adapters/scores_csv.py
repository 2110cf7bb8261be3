"""Scores of instruments, as a CSV file: symbol, then a column for each score, factor or yield."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trimtab.adapters.csv_lines import fields_of, number_remedy, read_sheet
from trimtab.adapters.toml_table import near, shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.numbers import NumberError, estimate_from


def read_scores(path: str | Path) -> dict[str, dict[str, float]]:
    """The scores of each column by symbol; a field that is empty is no score.

    Symbols without prices are let through: a list of scores is as a rule longer than a portfolio.

    Raises:
        InputError: Everything that is wrong with the file, each with its line.
    """
    where = Path(path)
    names = _columns(where)
    sheet = read_sheet(where, where.name, required=("symbol",), optional=names, numbers=names)
    problems = list(sheet.problems)
    found: dict[str, dict[str, float]] = {name: {} for name in names}
    seen: dict[str, int] = {}
    for line, fields in sheet.rows:
        symbol = fields[sheet.columns["symbol"]].strip()
        if not symbol or symbol in seen:
            wrong = f"{symbol} stands in line {seen[symbol]} already" if symbol else "it is empty"
            problems.append(Problem(where.name, line, "symbol", wrong, "one row a symbol"))
            continue
        seen[symbol] = line
        for name in names:
            text = fields[sheet.columns[name]].strip()
            if not text:
                continue
            try:
                found[name][symbol] = float(estimate_from(text))
            except NumberError as error:
                problems.append(Problem(where.name, line, name, str(error), number_remedy(text)))
    if not problems and not names:
        wrong, remedy = "it has no scores", "write symbol and a column for each score"
        problems.append(Problem(where.name, 1, "", wrong, remedy))
    if problems:
        raise InputError(problems)
    return found


def score_named(scores: dict[str, dict[str, float]], name: str, file: str) -> dict[str, float]:
    """The column of a score.

    Raises:
        InputError: There is none, with the one that is probably meant.
    """
    if name in scores:
        return scores[name]
    wrong = f"it has no column {shown(name)}"
    raise InputError([Problem(file, 1, "", wrong, near(name, tuple(scores)))])


def missing_scores(of: dict[str, float], name: str, needed: Sequence[str], file: str) -> None:
    """Be sure that each instrument has a score.

    Raises:
        InputError: Which have none.
    """
    lacking = [symbol for symbol in needed if symbol not in of]
    if lacking:
        some = ", ".join(lacking[:8]) + (", ..." if len(lacking) > 8 else "")
        remedy = "add their rows, or leave them out with --exclude"
        raise InputError([Problem(file, None, name, f"there is no score for {some}", remedy)])


def _columns(path: Path) -> tuple[str, ...]:
    """The columns of the header but `symbol`; none where it cannot be read: that is told later."""
    try:
        with path.open("rb") as stream:
            for line in stream:
                text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
                if text.strip(", \t") and not text.startswith("#"):
                    fields = [one.strip() for one in fields_of(text)]
                    names = (one for one in fields if one and one.lower() != "symbol")
                    return tuple(dict.fromkeys(names))
    except (OSError, ValueError):
        pass
    return ()
