"""`trimtab backtest` with costs, fees, volume limits and money that comes and goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.console import Session, demo_folder
from tests.simulate.markets import lively
from trimtab.adapters.price_frames import read_prices
from trimtab.costs import Costs
from trimtab.model.policy import Policy
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.flows import Flows

TARGET = "--prices prices.csv --target A=60,B=40 --when monthly"


def _written(folder: Path, sessions: int = 300) -> PriceHistory:
    """A price file with volumes, and the same prices."""
    from dataclasses import replace

    prices = lively("AB", sessions, seed=6)
    close = np.round(prices.close, 4)
    volume = np.random.default_rng(7).integers(500, 9_000, close.shape).astype(float)
    lines = ["date,symbol,close,volume"]
    for t, day in enumerate(prices.dates):
        for i, symbol in enumerate("AB"):
            lines.append(f"{day},{symbol},{close[t, i]:.4f},{volume[t, i]:.0f}")
    (folder / "prices.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replace(prices, close=close, volume=volume)


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ("--withdraw 4%/year", {"flows": Flows(yearly=-0.04, every="annual")}),
        ("--withdraw 1%/quarter", {"flows": Flows(yearly=-0.04, every="quarterly")}),
        ("--deposit 500/month", {"flows": Flows(regular={"monthly": 500.0})}),
        (
            "--deposit 500/week --withdraw 2000/quarter --new-money hold",
            {"flows": Flows(regular={"weekly": 500.0, "quarterly": -2000.0}, invest="hold")},
        ),
        ("--fee-percent 0.5", {"fee": 0.005}),
        (
            "--cost-bps 5 --half-spread-bps 2 --cost-per-share 0.01 --commission 1 --minimum 3",
            {"costs": Costs(bps=5, half_spread_bps=2, per_share="0.01", commission=1, minimum=3)},
        ),
        ("--impact 0.8", {"costs": Costs(impact="0.8")}),
        (
            "--temporary-impact 3 --permanent-impact 1.2",
            {"costs": Costs(temporary_impact=3, permanent_impact="1.2")},
        ),
        ("--participation 0.5", {"participation": 0.005}),
    ],
)
def test_an_option_is_the_keyword_of_python(
    given: str, options: dict[str, object], tmp_path: Path
) -> None:
    """What the command line says gives the figures of the keyword, not those without it."""
    prices = _written(tmp_path)
    policy = Policy({"A": 0.6, "B": 0.4}, when="monthly")

    found = json.loads(Session(tmp_path).run(f"trimtab backtest {TARGET} {given} --json"))

    wanted = backtest(prices, policy, **options).policies[0]  # type: ignore[arg-type]
    plain = backtest(prices, policy).policies[0]
    for name in ("final_value", "cost_paid", "turnover_one_way", "cagr"):
        assert found[name] == pytest.approx(getattr(wanted, name), rel=1e-9)
    assert found["final_value"] != pytest.approx(plain.final_value, rel=1e-9)


def test_money_by_date_from_a_file(tmp_path: Path) -> None:
    """date,amount: those of a day add up, what is below zero goes."""
    _written(tmp_path)
    text = "date,amount\n2024-02-05,1000\n2024-02-05,500.50\n2024-03-04,-700\n"
    (tmp_path / "flows.csv").write_text(text, encoding="utf-8")

    found = json.loads(Session(tmp_path).run(f"trimtab backtest {TARGET} --flows flows.csv --json"))

    assert (found["paid_in"], found["paid_out"]) == (1500.5, 700.0)


def test_what_is_wrong_with_a_file_of_flows_is_told_at_once(tmp_path: Path) -> None:
    """Every line that is none is named, with what would be right."""
    _written(tmp_path)
    text = 'date,amount\n05.02.2024,1000\n2024-03-04,"1,000"\n2024-03-05,12\n'
    (tmp_path / "flows.csv").write_text(text, encoding="utf-8")

    said = Session(tmp_path).run(f"trimtab backtest {TARGET} --flows flows.csv")

    assert "flows.csv:2: date" in said
    assert "flows.csv:3: amount" in said
    assert "flows.csv:4" not in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("--deposit 500", "as 500/month"),
        ("--deposit 500/day", "as 500/month"),
        ("--withdraw 0%/year", "a share in percent"),
        ("--withdraw 0.04/year", "write 4%/year"),
        ("--deposit 1%/month --withdraw 4%/year", "only one of them"),
        ("--withdraw 90%/month", "--withdraw 90%/month: 1,080% of the value a year, and 100%"),
        ("--deposit 99%/week", "--deposit 99%/week: 5,166% of the value a year, and 1,000%"),
        ("--new-money hold", "goes with"),
        ("--fee-percent 51", "from 0 to 50"),
        ("--participation 101", "from 0.0001 to 100"),
        ("--impact 101", "from 0 to 100"),
        ("--permanent-impact 1001", "from 0 to 1000"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_words(
    given: str, words: str, tmp_path: Path
) -> None:
    """Nothing runs, and what is said names what would be right."""
    _written(tmp_path)

    assert words in Session(tmp_path).run(f"trimtab backtest {TARGET} {given}")


def test_options_of_research_are_refused_with_accounts(tmp_path: Path) -> None:
    """Accounts go by their own costs: an option that would change nothing is not swallowed."""
    folder = demo_folder(tmp_path)

    own, lent = (
        Session(folder).run(f"trimtab backtest --account-mode {one}")
        for one in ("--commission 2 --cost-bps 1", "--borrow-bps 1")
    )

    assert "--cost-bps and --commission" in own
    assert "at their own costs" in own
    assert "--borrow-bps will not go with --account-mode" in lent


def test_accounts_take_a_part_of_the_volume_and_market_impact(tmp_path: Path) -> None:
    """Orders wait for the next session's volume, impact is in the cost and told by itself; over
    shuffled histories, which have no volumes, both are refused.
    """
    session = Session(demo_folder(tmp_path))
    line = (
        "trimtab backtest --account-mode --start 2011-11-01 --end 2011-12-02 --policy never "
        "--participation 0.0001 --impact 1 --temporary-impact 3 --permanent-impact 1"
    )

    told = json.loads(session.run(f"{line} --json"))
    refused = session.run(f"{line} --paths 2")

    own = next(one for one in told["policies"] if one["name"] == "this portfolio")
    assert own["cost_paid"] > own["impact_paid"] > 0
    codes = {one["code"] for one in told["findings"]}
    assert {"impact-unplanned", "filled-in-part", "impact-not-charged"} <= codes
    assert "no volumes" in refused


def test_accounts_earn_interest_on_cash_and_pay_none(tmp_path: Path) -> None:
    """In account mode cash earns its rate, which is told; a rate below zero is refused."""
    session = Session(demo_folder(tmp_path))
    line = "trimtab backtest --account-mode --start 2012-01-03 --end 2012-03-30 --policy never"

    said = session.run(f"{line} --cash-rate 4")
    refused = session.run(f"{line} --cash-rate=-1")

    assert "Cash earns interest" in said
    assert "not taxed" in said
    assert "--cash-rate below zero" in refused


def test_this_portfolios_costs_stay_but_for_what_is_given(tmp_path: Path) -> None:
    """One more cost comes on top of those of portfolio.toml; --cost-bps stands for all of them."""
    folder = demo_folder(tmp_path)
    line = "trimtab backtest --policy monthly --start 2010-01-04 --json"

    def cost(more: str = "") -> float:
        figures = json.loads(Session(folder).run(f"{line} {more}"))["policies"]
        return float(figures[-1]["cost_paid"])

    own, dearer, other = cost(), cost("--commission 20"), cost("--cost-bps 0")

    assert dearer > own > other == 0.0


def test_a_report_says_what_came_and_went_and_what_is_noise(tmp_path: Path) -> None:
    """With money that goes and a fee, the page has intervals over shuffled histories as without."""
    _written(tmp_path)
    given = "--policy never --withdraw 4%/year --fee-percent 0.5 --impact 1 --participation 5"

    Session(tmp_path).run(f"trimtab backtest {TARGET} {given} --paths 20 --report out.html")

    page = (tmp_path / "out.html").read_text("utf-8")
    assert "20 paths of" in page
    assert "Money comes and goes" in page
    assert "A fee on assets" in page


def test_short_positions_are_allowed_by_a_word(tmp_path: Path) -> None:
    """`--short` lets a target be below zero, charges for it, and shows what that came to."""
    rows = [f"2024-{month:02}-15,{100 + month},{100 - month}" for month in range(1, 13)]
    (tmp_path / "two.csv").write_text("\n".join(["date,UP,DOWN", *rows]))
    session = Session(tmp_path)
    words = "trimtab backtest --prices two.csv --target UP=100,DOWN=-40,CASH=40"

    refused = session.run(words)
    allowed = session.run(f"{words} --short --borrow-bps 100")
    loan = session.run(
        "trimtab backtest --prices two.csv --target UP=150,CASH=-50 --short --loan-rate 5 --json"
    )

    assert "--short allows" in refused
    assert "Borrowing what is sold short took" in allowed
    assert json.loads(loan)["interest_paid"] > 2_000
    assert "--loan-rate" in session.run(f"{words.replace('-40', '0')} --loan-rate 5")


@pytest.mark.parametrize("use", ["reinvest", "hold", "towards-target"])
def test_what_becomes_of_dividends_is_said_by_the_words_of_python(use: str, tmp_path: Path) -> None:
    """`--dividends` is the keyword, in a backtest and in a sweep, and the text says what it is."""
    lines = ["date,symbol,close,dividend"]
    for t in range(60):
        day = np.busday_offset("2024-01-01", t)
        lines += [f"{day},A,{50 + t % 7},{1.5 if t == 20 else ''}", f"{day},B,{40 - t % 5},"]
    (tmp_path / "prices.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    session, asked = Session(tmp_path), f"{TARGET} --dividends {use}"

    told = json.loads(session.run(f"trimtab backtest {asked} --json"))
    # What a first compilation may say goes to standard error.
    swept = json.loads(session.run(f"trimtab sweep {asked} --to target --json").split("2> ")[0])

    policy = Policy({"A": 0.6, "B": 0.4}, when="monthly")
    options: dict[str, Any] = {"dividends": use}
    found = backtest(read_prices(tmp_path / "prices.csv"), policy, **options).policies[0]
    assert told["final_value"] == pytest.approx(found.final_value, rel=1e-12)
    assert told["dividends"] == use
    assert swept["policies"][0]["final_value"] == pytest.approx(found.final_value, rel=1e-12)


def test_account_mode_takes_the_words_for_dividends(tmp_path: Path) -> None:
    """What is held stays in cash and buys nothing; the other two buy, and the text says which."""
    session = Session(demo_folder(tmp_path))
    asked = "trimtab backtest --account-mode --start 2012-09-28 --end 2012-12-14 --policy never"

    found = {
        use: json.loads(session.run(f"{asked} --dividends {use} --json"))["policies"][1]
        for use in ("reinvest", "hold", "towards-target")
    }

    plain = json.loads(session.run(f"{asked} --json"))["policies"][1]
    assert plain == found["hold"]
    assert found["hold"]["dividends_paid"] > 0
    turned = {use: one["turnover_one_way"] for use, one in found.items()}
    assert turned["hold"] < min(turned["reinvest"], turned["towards-target"])
    assert {one["rebalances"] for one in found.values()} == {0}
    assert "what is furthest below" in session.run(f"{asked} --dividends towards-target")


def test_an_account_can_be_named_for_money(tmp_path: Path) -> None:
    """By option or by column in account mode; elsewhere, and where there is none, it is refused."""
    folder = demo_folder(tmp_path)
    (folder / "flows.csv").write_text("date,amount,account\n2012-01-10,5000,roth\n")
    session = Session(folder)
    asked = "--start 2012-01-03 --end 2012-02-15 --policy never"

    found = json.loads(
        session.run(
            f"trimtab backtest --account-mode {asked} --deposit roth=500/month "
            "--withdraw brokerage=200/week --flows flows.csv --json"
        )
    )
    unknown = session.run(f"trimtab backtest --account-mode {asked} --deposit rth=500/month")
    research = session.run(f"trimtab backtest {asked} --deposit roth=500/month")

    first = found["policies"][0]
    assert (first["paid_in"], first["paid_out"]) == (5_500.0, 1_200.0)
    assert "rth, which is no account: known are" in unknown
    assert "roth: accounts can be named" in research


def test_account_mode_takes_money_that_comes_and_goes(tmp_path: Path) -> None:
    """The options are those of research mode, and so are their figures of what came and went."""
    session = Session(demo_folder(tmp_path))
    asked = "--start 2012-09-28 --end 2012-12-14 --policy never --deposit 1000/month --json"

    accounts = json.loads(session.run(f"trimtab backtest --account-mode --fee-percent 1 {asked}"))
    research = json.loads(session.run(f"trimtab backtest {asked}"))

    own, other = accounts["policies"][0], research["policies"][0]
    assert own["paid_in"] == other["paid_in"] == 2000.0
    assert own["fees_paid"] > 0
    text = session.run("trimtab backtest --account-mode --start 2012-11-01 --withdraw 500/month")
    assert "went out" in text
