"""The demo household with shares that are found from prices, for tests of targets that move."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

OPTIMIZE = '[target.optimize]\nobjective = "min-volatility"\nhistory = "2y"\n'


def moving_folder(
    path: Path, *, optimize: str = OPTIMIZE, when: str = "monthly", to: str = "target"
) -> Path:
    """A folder in which stocks and bonds share what 5% of cash leave; bonds hold 20% at least."""
    packaged = Path(str(files("trimtab.data") / "demo"))
    shutil.copytree(packaged / "portfolio", path, dirs_exist_ok=True)
    shutil.copyfile(packaged / "prices.csv", path / "prices.csv")
    toml = (path / "portfolio.toml").read_text()
    for before, after in (
        ("percent = 35\nhold    = [", "max_percent = 40\nhold    = ["),
        ("percent = 25\n", ""),
        ("percent  = 35\n", "min_percent = 20\n"),
        ('when      = "monthly+band:5pp/25%"', f'when = "{when}"'),
        ('to        = "target"', f'to = "{to}"'),
    ):
        assert before in toml, before
        toml = toml.replace(before, after)
    (path / "portfolio.toml").write_text(toml + optimize)
    return path


def written_folder(path: Path, *, when: str) -> Path:
    """The demo household as it is, with its written target, under another policy."""
    packaged = Path(str(files("trimtab.data") / "demo"))
    shutil.copytree(packaged / "portfolio", path, dirs_exist_ok=True)
    shutil.copyfile(packaged / "prices.csv", path / "prices.csv")
    toml = (path / "portfolio.toml").read_text()
    before = 'when      = "monthly+band:5pp/25%"'
    assert before in toml
    (path / "portfolio.toml").write_text(toml.replace(before, f'when = "{when}"'))
    return path


def replace_price(path: Path, day: str, symbol: str, price: str) -> None:
    """Change the price of one row of the price file."""
    lines = path.read_text().splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(f"{day},{symbol},"))
    cells = lines[place].split(",")
    cells[2] = price
    lines[place] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")


OWN = """
[accounts.roth.target.stocks]
hold = ["IBM", "AAPL", "GOOG"]
max_percent = 70
[accounts.roth.target.bonds]
hold = ["BOND10"]
[accounts.roth.target.cash]
percent = 5
hold = ["CASH"]
"""
"""Sleeves of one account alone: two whose shares are to be found, beside cash."""

OWN_OPTIMIZE = """[accounts.roth.target.optimize]
objective = "min-volatility"
history = "1y"
"""


def account_folder(
    path: Path, *, own: str = OWN + OWN_OPTIMIZE, optimize: str = "", when: str = "monthly"
) -> Path:
    """The demo household of which `roth` has a target of its own; the other two accounts share one
    that is written, or found where `optimize` says how.
    """
    if optimize:
        moving_folder(path, optimize=optimize, when=when)
    else:
        written_folder(path, when=when)
    toml = path / "portfolio.toml"
    toml.write_text(toml.read_text() + own)
    return path
