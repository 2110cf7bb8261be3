"""The portfolio folder that tests of reading change a line of, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio
from trimtab.model.errors import InputError, Problem

TOML = """\
currency = "USD"
calendar = "XNYS"
prices   = "prices.csv"
opened   = 2026-03-31

[accounts.brokerage]
tax    = "taxable"
broker = "manual"
[accounts.roth]
tax = "roth"
[accounts.k401]
tax  = "traditional"
menu = ["INST500", "BONDCIT"]

[instruments.INST500]
price   = "manual"
history = "VFIAX"
step    = 0.001

[target.us]
percent = 54
hold    = ["VTI", "ITOT", "INST500"]
[target.intl]
percent = 26
hold    = ["VXUS", "IXUS"]
[target.bonds]
percent  = 20
hold     = ["BND", "BONDCIT"]
location = ["k401", "roth", "brokerage"]

[policy]
when      = "monthly+band:5pp/25%"
to        = "target"
min_trade = 500
cash_buffer = 1000

[tax]
country       = "US"
long_percent  = 15
short_percent = 24
identical     = [["VTI", "VTSAX"]]
carryforward_short = 0
carryforward_long  = 0
"""


LOTS = """\
account,symbol,quantity,acquired,cost_basis
brokerage,VTI,210,2017-03-06,25410.00
brokerage,USD,2600.00,,
roth,VTI,95,,
k401,INST500,10.125,,
"""


SALES = """\
account,symbol,quantity,acquired,sold,proceeds,cost_basis
brokerage,ITOT,10,2025-11-03,2026-03-02,900.00,1000.00
"""


PRICES = "date,symbol,close\n2026-03-31,VTI,300.10\n"


Make = Callable[..., Path]


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with a folder."""
    with pytest.raises(InputError) as caught:
        read_portfolio(folder)
    return caught.value.problems


def places_of(folder: Path) -> list[tuple[str, int | None, str]]:
    """File, line and key of everything that is wrong with a folder."""
    return [(problem.file, problem.line, problem.key) for problem in problems_of(folder)]


def codes_of(portfolio: Portfolio) -> list[tuple[str, str]]:
    """Code and subject of what was noticed."""
    return [(finding.code, finding.subject) for finding in portfolio.findings]
