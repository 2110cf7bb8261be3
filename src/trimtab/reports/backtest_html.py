"""A backtest as one HTML file that needs no network: answer, tables, charts to point at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trimtab.reports.html.accounts import accounts_page
from trimtab.reports.html.page import page

if TYPE_CHECKING:
    from trimtab.simulate.accounts.paths import AccountPaths
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.research.results import Backtest
    from trimtab.simulate.uncertainty.outcomes import Outcomes


def backtest_html(
    result: Backtest, *, outcomes: Outcomes | None = None, remarks: Sequence[str] = ()
) -> str:
    """The backtest as a page that loads nothing and runs only its own script.

    Args:
        result: The policies over history.
        outcomes: The same policies over shuffled histories (`simulate.uncertainty.bootstrap`): they
            give the figures their intervals, and say which differences are noise.
        remarks: What else the reader should know, before the conventions.

    Every name is text in it, whatever it contains.
    """
    return page(result, outcomes, remarks)


def accounts_html(
    runs: Sequence[AccountRun],
    *,
    shuffled: AccountPaths | None = None,
    remarks: Sequence[str] = (),
) -> str:
    """Runs in account mode as such a page: what is left after tax, gains and tax by year, lots.

    Args:
        runs: The policies over history, of which the first is the portfolio's own.
        shuffled: Two of them over shuffled histories: they say which difference is noise.
        remarks: What else the reader should know, at the end of the conventions.
    """
    return accounts_page(runs, shuffled, remarks)
