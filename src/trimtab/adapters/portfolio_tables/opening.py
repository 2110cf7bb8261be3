"""The opening statement of a portfolio folder as rows: lots.csv and sales.csv."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from trimtab.adapters.csv_lines import Sheet, other_than_a_file
from trimtab.adapters.lots_csv import Names, opening, past_sales, read_lot_sheet, read_sale_sheet
from trimtab.adapters.portfolio_tables.files import (
    LEDGER_FILE,
    LOTS_FILE,
    MANUAL_PRICES_FILE,
    PAPER_FOLDER,
    PRICES_FILE,
    SALES_FILE,
)
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import Problem
from trimtab.model.frozen import dataclass
from trimtab.model.sessions import ALWAYS


@dataclass(frozen=True, slots=True)
class Sheets:
    """lots.csv and sales.csv as rows; None where there is no such file."""

    lots: Sheet | None
    sales: Sheet | None
    problems: tuple[Problem, ...]
    has_ledger: bool
    has_record: bool

    @property
    def both(self) -> tuple[Sheet, ...]:
        """The two of them, as far as they are there."""
        return tuple(sheet for sheet in (self.lots, self.sales) if sheet is not None)


def read_sheets(folder: Path) -> Sheets:
    """The rows of both, and whether a record has taken their place."""
    found: list[Sheet | None] = []
    problems: list[Problem] = []
    for name, read in ((LOTS_FILE, read_lot_sheet), (SALES_FILE, read_sale_sheet)):
        path = folder / name
        sheet = read(path, name) if path.is_file() else None
        if wrong := other_than_a_file(path):
            problems.append(Problem(name, None, "", wrong, "write a file, or remove it"))
        found.append(sheet)
    has_ledger = (folder / LEDGER_FILE).exists()
    # Which record counts is known only when portfolio.toml is; a book without one asks again.
    has_record = has_ledger or (folder / PAPER_FOLDER / LEDGER_FILE).exists()
    if found[0] is None and not has_record and not problems:
        wrong = "it is missing, and there is no record yet"
        remedy = "write what you own: account,symbol,quantity,acquired,cost_basis"
        problems.append(Problem(LOTS_FILE, None, "", wrong, remedy))
    for sheet in found:
        problems.extend(sheet.problems if sheet is not None else ())
    return Sheets(found[0], found[1], tuple(problems), has_ledger, has_record)


def problems_without_toml(folder: Path, sheets: Sheets, as_of: date) -> list[Problem]:
    """What can be said of the other files while portfolio.toml cannot be read."""
    names = Names("USD", None, {}, lambda symbol: symbol, as_of)
    problems: list[Problem] = []
    if sheets.lots is not None:
        problems.extend(opening(sheets.lots, names).problems)
    if sheets.sales is not None:
        problems.extend(past_sales(sheets.sales, names)[1])
    usual = [folder / name for name in (PRICES_FILE, MANUAL_PRICES_FILE)]
    files = [path for path in usual if path.is_file()]
    prices = PriceFile(files, instruments={}, calendar=ALWAYS, folder=folder)
    return [*problems, *prices.problems()]
