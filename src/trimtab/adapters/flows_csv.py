"""Money that comes and goes by date: date,amount as a CSV file, what goes below zero.

A column account names whose it is; an empty cell means all accounts together.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from trimtab.adapters.csv_lines import day_from, day_remedy, number_remedy, read_sheet
from trimtab.adapters.toml_table import shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.numbers import NumberError, decimal_from

REQUIRED = ("date", "amount")


def read_dated_flows(path: str | Path) -> dict[str, dict[date, float]]:
    """Deposits and, below zero, withdrawals by account and date; those of one day add up.

    Returns:
        By account; an empty name is all of them together.

    Raises:
        InputError: Everything that is wrong with the file.
    """
    where = Path(path)
    sheet = read_sheet(
        where, where.name, required=REQUIRED, optional=("account",), numbers=("amount",)
    )
    problems = list(sheet.problems)
    found: dict[str, dict[date, float]] = {}
    place = sheet.columns.get("account")
    for line, fields in sheet.rows:
        text, number = (fields[sheet.columns[name]].strip() for name in REQUIRED)
        day = day_from(text)
        if day is None:
            wrong = f"{shown(text)} is not a date"
            problems.append(Problem(where.name, line, "date", wrong, day_remedy(text)))
        try:
            amount = float(decimal_from(number))
        except NumberError as error:
            problems.append(Problem(where.name, line, "amount", str(error), number_remedy(number)))
            continue
        if day is not None:
            own = found.setdefault("" if place is None else fields[place].strip(), {})
            own[day] = own.get(day, 0.0) + amount
    if not found and not problems:
        remedy = "write date and amount, one row a deposit or withdrawal"
        problems.append(Problem(where.name, None, "", "it has no rows", remedy))
    if problems:
        raise InputError(problems)
    return {account: dict(sorted(own.items())) for account, own in found.items()}
