"""What account mode was told: in text, JSON and page, in the words of research mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.engine.households import account, mandate, tree
from tests.simulate.markets import history, lively
from tests.simulate.test_account import opening, tape
from tests.simulate.test_account_settlement import NYSE
from trimtab.cli.backtest_files import accounts_json
from trimtab.costs import Costs
from trimtab.model.findings import Finding
from trimtab.model.instruments import Instrument
from trimtab.model.policy import Policy
from trimtab.reports.assumed_text import assumptions
from trimtab.reports.backtest_html import accounts_html
from trimtab.reports.backtest_text import accounts_text
from trimtab.simulate.accounts.assumed import assumed_of_runs, cycles
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.terms import AccountTerms
from trimtab.simulate.research.backtest import backtest

PRICES = {"US": ["10", "11", "12"], "BND": ["10", "10", "10"]}
HALVES = tree({"US": 50, "BND": 50})


def told_of(costs: Costs, terms: AccountTerms) -> AccountRun:
    """A household with a taxable account and a sheltered one."""
    accounts = [account("a"), account("b", "roth")]
    made = mandate(HALVES, accounts=accounts, when="daily", short="0.238")
    made = replace(made, costs={"": costs, "b": Costs(bps=7)})
    return backtest_accounts(made, opening([], a=1_000_00, b=1_000_00), tape(PRICES), terms=terms)


def test_account_mode_tells_what_it_was_told_everywhere() -> None:
    """Costs by account, interest, fees, volume, taxes and settlement: text, JSON and page agree."""
    run = told_of(Costs(bps=3), AccountTerms(cash_rate=0.02, fee=0.001, participation=0.05))
    lines = assumptions(accounts_json([run])["assumed"])

    text, page = " ".join(accounts_text([run]).split()), accounts_html([run])

    assert lines[0] == (
        "With b trading costs 7 bp of the money traded; with all others trading costs 3 bp of the "
        "money traded; cash earns 2.00% a year; a fee of 0.10% a year; at most 5% of a session's "
        "volume is traded."
    )
    assert all(line in text for line in lines)
    assert all(line.replace("'", "&#x27;") in page for line in lines)
    assert any("15% of long-term and 23.8% of short-term gains in a;" in line for line in lines)


def test_both_modes_tell_alike_what_is_alike() -> None:
    """A line of the one on costs, trading, dividends or exchange is a line of the other."""
    made = mandate(tree({"A": 50, "B": 50}), costs=Costs(bps=3), when="daily")
    pair = Finding("converted", "EURUSD", "brought over")
    days = {"A": ["10", "11"], "B": ["10", "10"]}

    accounts = assumed_of_runs(
        [backtest_accounts(made, opening([], brokerage=1_000_00), tape(days), name="x")], [pair]
    )
    research = backtest(
        lively("AB", 30), Policy({"A": 0.5, "B": 0.5}, name="x"), costs=Costs(bps=3)
    ).assumed

    both = assumptions(accounts)
    assert accounts.keys() - research.keys() == {"currency", "settlement", "taxes", "rates"}
    assert research.keys() <= accounts.keys()
    assert assumptions(research)[0] in both
    assert "Trades at the close that decides." in both
    assert "Prices are brought over to USD at EURUSD of the same session." in both


def test_the_cycles_of_settlement_are_those_of_the_run() -> None:
    """What was in force before a run is not told, and what came on the way has its day."""

    early = cycles(NYSE, date(2010, 1, 4), date(2012, 1, 4))
    late = cycles(NYSE, date(2016, 1, 4), date(2024, 6, 4))

    assert early == [{"from": None, "days": 3}]
    assert late == [
        {"from": None, "days": 3},
        {"from": "2017-09-05", "days": 2},
        {"from": "2024-05-28", "days": 1},
    ]


def test_tax_that_is_only_counted_is_said_to_be() -> None:
    """And a household without taxable accounts is told that nothing is taxed."""
    made = mandate(HALVES, accounts=[account("a")], when="daily")
    free = mandate(HALVES, accounts=[account("a", "roth")], when="daily")
    start = opening([], a=1_000_00)

    counted = backtest_accounts(made, start, tape(PRICES), pay_tax=False)
    sheltered = backtest_accounts(free, start, tape(PRICES))

    assert any(
        "it is counted, not paid" in one for one in assumptions(assumed_of_runs([counted], ()))
    )
    assert "No account's gains are taxed." in assumptions(assumed_of_runs([sheltered], ()))


def test_a_country_whose_rules_are_not_built_is_told_among_what_was_assumed() -> None:
    """The United States are taxed by their own rules; elsewhere the run says whose it took."""
    run = told_of(Costs(), AccountTerms())
    told = assumed_of_runs([run], ())

    abroad = assumptions({**told, "taxes": {**told["taxes"], "country": "DE"}})

    (said,) = set(abroad) - set(assumptions(told)) - {one for one in abroad if "(DE)" in one}
    assert said.startswith("The tax rules of DE are not built:")


def test_impact_that_nothing_was_charged_is_said_to_be_none() -> None:
    """Where account mode knows no volume, the line of costs has no impact in it."""
    run = told_of(Costs(bps=3, impact=1), AccountTerms())

    lines = assumptions(assumed_of_runs([run], ()))

    assert "impact" not in lines[0]
    assert lines[1].startswith("Market impact was asked for and is not charged")


def test_what_the_first_investment_cost_makes_both_modes_comparable() -> None:
    """It is in the final value and in no return: research mode begins invested at no cost."""
    fine = [Instrument("US", step=Decimal("0.0001")), Instrument("BND", step=Decimal("0.0001"))]
    still = mandate(HALVES, instruments=fine, costs=Costs(bps=50), when="never")
    prices = {name: [float(one) for one in own] for name, own in PRICES.items()}
    policy = Policy({"US": 0.5, "BND": 0.5}, "never", name="never")

    run = backtest_accounts(still, opening([], brokerage=1_000_000_00), tape(PRICES), name="never")
    invested = backtest_accounts(
        still,
        opening([], brokerage=1_000_000_00),
        tape(PRICES),
        name="never",
        invest_at_start=True,
    )
    research = backtest(history(prices), policy, costs=Costs(bps=50), cash=1_000_000.0)

    told = assumed_of_runs([invested], ())
    assert (run.first_cost, research.assumed["first_cost"]) == (0, {"never": 0.0})
    assert told["first_cost"] == {"never": invested.first_cost / 100}
    assert invested.first_cost + invested.value[0] == 1_000_000_00
    grown = invested.value[-1] / invested.value[0]
    assert grown == pytest.approx(research["never"].final_value / 1_000_000.0, rel=1e-6)
    assert "Investing the cash of the start cost 4,975.12," in assumptions(told)[2]
