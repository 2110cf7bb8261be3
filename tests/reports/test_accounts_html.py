"""The report of account mode: every figure of the run is in it, and what is not taxed is said."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from tests.engine.households import CALENDAR, account, lot, mandate, tree
from trimtab.execution.opening import Opening
from trimtab.model.findings import Finding
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price
from trimtab.model.policy import Policy
from trimtab.reports.backtest_html import accounts_html
from trimtab.reports.html.drawn import account_curve
from trimtab.reports.html.page import notes_section
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.paths import (
    FIGURES,
    AccountGap,
    AccountPaths,
    bootstrap_accounts,
)
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.uncertainty.difference import Gap

DAYS = CALENDAR.sessions(date(2024, 11, 1), date(2025, 12, 31))


@pytest.fixture(scope="module")
def run() -> AccountRun:
    """Shares that rise for a year in a taxable account and a Roth, rebalanced each quarter."""
    markets = []
    for i, day in enumerate(DAYS):
        price = Price.of(Decimal(f"{50 + 0.1 * i:.2f}"))
        quotes = {"US": Quote(price, day), "BND": Quote(Price.of(Decimal(50)), day)}
        markets.append(Market(day, CALENDAR, quotes))
    lots = (
        lot("a", "US", 100, "1000", date(2020, 1, 2)),
        lot("a", "BND", 80, "4100", date(2024, 10, 1)),
        lot("b", "BND", 20),
    )
    opening = Opening("Example", "USD", DAYS[0], lots, {"a": 1_000, "b": 0}, (), "0" * 64)
    mandate_ = mandate(
        tree({"US": 50, "BND": 50}), accounts=[account("a"), account("b", "roth")], when="quarterly"
    )
    return backtest_accounts(mandate_, opening, markets, name="<b>mine</b>")


def test_the_page_says_its_mode_and_what_is_not_taxed(run: AccountRun) -> None:
    """A reader cannot take it for research mode, nor its tax for all the tax there is."""
    page = accounts_html([run])

    assert "Account mode" in page
    assert "Not modelled: short positions and loans, tax on dividends and interest, credit" in page
    assert "<b>mine" not in page


def test_every_figure_of_the_tables_is_that_of_json(run: AccountRun) -> None:
    """Cells carry the unrounded figures of `--json` under their names."""
    page = accounts_html([run])
    found = dict(re.findall(r'data-figure="(\w+)" data-value="([^"]+)"', page))
    figures = run.to_dict()

    assert run.tax_caused > 0
    for name in ("final_value", "after_tax_liquidation_value", "tax_caused", "tax_paid", "cagr"):
        assert float(found[name]) == figures[name]


def test_gains_and_tax_of_every_year_and_their_sums_are_shown(run: AccountRun) -> None:
    """Each year with taxable sales has its row, and the last row is all of them."""
    page = accounts_html([run])
    years = [year.year for year in run.tax_by_year]
    table = page[page.index("Gains and tax by year</h2>") : page.index("Year by year</h2>")]

    assert years == [2024, 2025]
    assert re.findall(r'<th scope="row">([^<]+)</th>', table) == ["2024", "2025", "In all"]
    assert f"{run.tax_caused / 100:,.2f}" in table[table.index("In all") :]


def test_curves_are_all_accounts_together(run: AccountRun) -> None:
    """Sleeves add up to the whole at every close, and turnover to that of the run."""
    curve = account_curve(run)

    assert curve.symbols[:2] == ("US", "BND")
    assert list(run.weights) == ["date", "US", "BND", "cash"]
    assert curve.shares.sum(axis=1).tolist() == pytest.approx([1.0] * len(run.dates))
    assert [sum(own) for own in zip(*run.worth.values(), strict=True)] == list(run.value)
    assert curve.log.turned.sum() == pytest.approx(run.turnover_one_way)
    assert curve.log.acted.sum() == run.rebalances


def test_lots_sold_add_up_to_the_trades_and_the_tax(run: AccountRun) -> None:
    """Parts of a sale give what it gave; their tax is all the tax, their gains the years' gains."""
    sales = [t for plan in run.plans for t in plan.trades if t.side == "sell"]
    years = run.tax_by_year

    assert sum(one.proceeds for one in run.sold_lots) == sum(t.value for t in sales)
    assert sum(one.tax for one in run.sold_lots) == run.tax_caused
    taxed = [one.gain for one in run.sold_lots if one.term != "none" and one.gain is not None]
    assert sum(taxed) == sum(y.short_gain - y.short_loss + y.long_gain - y.long_loss for y in years)


def test_tables_in_python_are_exact_and_show_themselves(run: AccountRun) -> None:
    """Money is text to the cent; a run at the end of a cell is its table, names as text."""
    assert run.taxes["tax"] == [f"{year.tax / 100:.2f}" for year in run.tax_by_year]
    assert (
        sum(Decimal(x) for x in run.lots_left["worth"])
        + sum(Decimal(cents) / 100 for cents in run.folded.cash.values())
        == Decimal(run.value[-1]) / 100
    )
    assert "&lt;b&gt;mine" in run._repr_html_()
    assert "after tax" in repr(run)


def test_spreads_after_tax_are_those_of_the_paths(run: AccountRun) -> None:
    """Chart, sentence, and the table's intervals and differences come from the same paths."""
    draw = np.random.default_rng(4)
    table = draw.normal(1.0, 0.1, (200, 2, 3)) * np.array([2e6, 1.8e6, 0.07])
    apart = table[:, 0] - table[:, 1]
    ends = np.percentile(apart, [2.5, 50.0, 97.5], axis=0)
    gaps = tuple(
        Gap(figure, 3.0, 1.0, (0.0, 0.0), ends[1, k], ends[0, k], ends[2, k], 0.5, 0.5, 0.95, 200)
        for k, figure in enumerate(FIGURES)
    )
    pair = AccountGap(run.name, "less", gaps)
    shuffled = AccountPaths((pair,), table, 0.95, "made for a test")

    page = accounts_html([run, replace(run, name="less")], shuffled=shuffled)

    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    growth, final, _ = data["outcomes"]
    assert growth["title"] == "Growth a year after tax"
    # The axis leaves out the last 0.5% of all paths at either end.
    assert sum(sum(row["bins"]) for row in growth["rows"]) == 396
    low, high = np.percentile(table[:, 0, 0], [5.0, 95.0])
    assert [final["rows"][0]["q"][0], final["rows"][0]["q"][2]] == pytest.approx([low, high], 1e-5)
    assert f"nine of ten of them left \u201c&lt;b&gt;mine&lt;/b&gt;\u201d {low:,.0f}" in page
    assert f"<small>{low:,.0f} to {high:,.0f}</small>" in page
    # The chart and the table have the other policy less the first one.
    assert growth["gaps"][1]["q"] == pytest.approx([-x for x in ends[::-1, 2]], rel=1e-5)
    assert 'data-figure="difference.after_tax_growth" data-value="-2.0"' in page


def test_where_no_history_was_shuffled_it_says_how(run: AccountRun) -> None:
    """Without paths there is no distribution, and a line says what to run again with."""
    page = accounts_html([run])

    assert "Run it again with <code>--account-mode --paths 100</code>" in page
    assert '"outcomes":[]' in page


def test_too_few_paths_lead_with_what_is_known(run: AccountRun) -> None:
    """The answer begins with who left most and least, and then says that luck is not told from."""
    lots = (lot("a", "US", 100, "1000", date(2020, 1, 2)),)
    opening = Opening("Example", "USD", DAYS[0], lots, {"a": 1_000}, (), "0" * 64)
    markets = [
        Market(day, CALENDAR, {"US": Quote(Price.of(Decimal(50 + i % 7)), day)})
        for i, day in enumerate(DAYS[:40])
    ]
    shuffled = bootstrap_accounts(
        mandate(tree({"US": 90, "CASH": 10}), accounts=[account("a")]), opening, markets,
        [Policy(None, "weekly", name="mine"), Policy(None, "never", name="never")], paths=2,
        invest_at_start=False,
    )  # fmt: skip

    less = replace(run, name="less", value=(*run.value[:-1], 1))
    page = accounts_html([run, less], shuffled=shuffled)

    (head,) = re.findall(r'aria-label="The answer"><p>(.*?)</p>', page)
    assert head.startswith("“&lt;b&gt;mine&lt;/b&gt;” left most after tax, “less” least.")
    assert "not known: too few paths to tell (2; at least 100)" in head
    assert "Too few shuffled histories to show a spread (2; at least 100)." in page


def test_a_finding_names_its_subject_once_and_no_folder() -> None:
    """A note has no "info", a subject does not stand twice, a file is told by its name."""
    told = [
        Finding("listed-late", "FB", "FB has no price before 2012-05-18", "info"),
        Finding("columns", "/home/someone/etf.csv", "columns that are not read: 'x'", "info"),
    ]

    found = notes_section(told)

    assert '<li class="info"><b>FB</b> has no price before 2012-05-18.</li>' in found
    assert "<b>etf.csv</b> columns that are not read" in found
    assert "someone" not in found
