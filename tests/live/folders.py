"""Small portfolio folders for tests, written in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from tests.folders import NO_SALES, prices_csv, written
from trimtab.adapters.clock import StillClock
from trimtab.live.book import OpenBook, open_book

TOML = """\
currency = "USD"
calendar = "XNYS"
prices = "prices.csv"
opened = 2024-03-20

[household]
name = "Example"

[accounts.roth]
tax = "roth"
broker = "{roth}"

[accounts.taxed]
tax = "taxable"
broker = "{taxed}"

[target.us]
percent = 60
hold = ["VTI"]
[target.bonds]
percent = 40
hold = ["BND"]

[policy]
when = "monthly"

[costs]
half_spread_bps = 2

[tax]
country = "US"
long_percent = 15
short_percent = 24
"""
LOTS = """\
account,symbol,quantity,acquired,cost_basis
roth,VTI,90,2020-01-02,5000.00
roth,USD,1000.00,,
taxed,VTI,50,2020-01-02,4000.00
taxed,BND,20,2020-01-02,1100.00
taxed,USD,500.00,,
"""
LOTS_WITH_ITOT = """\
account,symbol,quantity,acquired,cost_basis
roth,VTI,90,2020-01-02,5000.00
roth,ITOT,10,2020-01-02,500.00
roth,USD,1000.00,,
taxed,VTI,50,2020-01-02,4000.00
taxed,ITOT,5,2020-01-02,250.00
taxed,BND,20,2020-01-02,1100.00
taxed,USD,500.00,,
"""
LAST = date(2024, 3, 28)
CLOCK = StillClock(datetime(2024, 3, 28, 21, 0, tzinfo=UTC))
"""The evening of the last session of March 2024; the day after it is Good Friday."""


def folder(
    path: Path,
    *,
    roth: str = "paper",
    taxed: str = "paper",
    lots: str = LOTS,
    prices: Sequence[tuple[str, str, str]] = (),
    **files: str,
) -> Path:
    """A folder with two accounts of 60/40 and prices of the last days of March 2024."""
    rows = [
        ("2024-03-27", "VTI", "259.50"),
        ("2024-03-28", "VTI", "260.00"),
        ("2024-03-27", "BND", "72.40"),
        ("2024-03-28", "BND", "72.50"),
        *prices,
    ]
    usual = {
        "portfolio.toml": TOML.format(roth=roth, taxed=taxed),
        "lots.csv": lots,
        "sales.csv": NO_SALES,
        "prices.csv": prices_csv(rows),
    }
    more = {name.replace("_", ".", 1): content for name, content in files.items()}
    return written(path, {**usual, **more})


def float_prices(path: Path) -> Path:
    """Write a folder's prices with the digits that floats have in files made from tables."""
    file = path / "prices.csv"
    lines = file.read_text().splitlines()
    more = [line.rpartition(",") for line in lines[1:]]
    rows = [f"{day},{float(price) - 1 / 7:.15f}" for day, _, price in more]
    file.write_text("\n".join([lines[0], *rows]) + "\n")
    return path


def folder_with_itot(path: Path, *, broker: str = "paper") -> Path:
    """The folder with a little ITOT in both accounts, beside VTI in the same sleeve."""
    toml = TOML.format(roth=broker, taxed=broker).replace('["VTI"]', '["VTI", "ITOT"]')
    return folder(path, lots=LOTS_WITH_ITOT, portfolio_toml=toml)


def opened(path: Path, **more: object) -> OpenBook:
    """The folder, opened on the evening of 28 March 2024."""
    return open_book(path, clock=CLOCK, **more)  # type: ignore[arg-type]


def bytes_of(path: Path) -> dict[str, bytes]:
    """Every file of a folder, for seeing that nothing changed."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and not file.name.endswith(".lock")
    }


def fills(path: Path, rows: str) -> Path:
    """A file of what was traded by hand."""
    file = path / "fills.csv"
    file.write_text("account,symbol,side,quantity,price,fees,date\n" + rows)
    return file


def by_hand(path: Path) -> OpenBook:
    """A folder whose accounts are traded by hand."""
    return opened(folder(path, roth="manual", taxed="manual"))
