"""Notes: who has to decide sees all of them, and what is left out can be had as it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.console import Session
from tests.live.folders import folder

QUARTERS = ("2024-04-02", "2024-04-03", "2024-04-04", "2024-04-05", "2024-04-08", "2024-04-09")


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    """A folder by hand whose VTI paid six dividends; the record is not past any of them."""
    folder(tmp_path, roth="manual", taxed="manual")
    rows = ["date,symbol,close,dividend", "2024-03-28,VTI,260,", "2024-03-28,BND,72.5,"]
    rows += [f"{day},VTI,260,0.{number}1\n{day},BND,72.5," for number, day in enumerate(QUARTERS)]
    (tmp_path / "prices.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "held.csv").write_text("Symbol,Quantity\nVTI,50\nBND,20\nUSD,578\n")
    toml = (
        '[taxed]\nsymbol = "Symbol"\nquantity = "Quantity"\namount = "Quantity"\ncash = ["USD"]\n'
    )
    (tmp_path / "import-map.toml").write_text(toml)
    return tmp_path


def test_an_import_shows_all_that_it_will_book_before_it_asks(paid: Path) -> None:
    """Each entry has its note, and the question counts the entries."""
    printed = Session(paid).run("echo n | trimtab import held.csv --account taxed")

    assert printed.count("is the dividend of VTI") == len(QUARTERS)
    assert "Book 1 difference, as 6 entries?" in printed
    assert "--explain" not in printed


def test_what_status_leaves_out_it_shows_when_asked(paid: Path) -> None:
    """`status` says how to see all notes, and that way is there."""
    with (paid / "lots.csv").open("a") as lots:
        lots.write("roth,BND,10,2020-01-02,700.00\n")
    prices = paid / "prices.csv"
    prices.write_text(prices.read_text().replace(",BND,72.5,", ",BND,72.5,0.2"))
    session = Session(paid)

    short = session.run("trimtab status")
    long = session.run("trimtab status --explain")

    assert short.count("is imported") == 1
    assert "--explain has more of each" in " ".join(short.split())
    assert " ".join(long.split()).count("went ex dividend") == 4
    assert "--explain" not in long
    assert len(long) > len(short)
