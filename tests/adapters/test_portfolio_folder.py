"""Reading a portfolio folder: what it says, and all problems of its files at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.adapters.example import LOTS, PRICES, SALES, TOML, Make, codes_of, places_of, problems_of
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.costs import Costs
from trimtab.model.accounts import Lot, Relief, TaxTreatment
from trimtab.model.errors import InputError
from trimtab.model.instruments import Alias


def test_the_example_reads_as_it_is_written(make: Make) -> None:
    """Accounts, instruments, target, policy, tax, lots and cash arrive as exact values."""
    portfolio = read_portfolio(make())

    household, mandate = portfolio.household, portfolio.mandate
    assert {name: account.tax for name, account in household.accounts.items()} == {
        "brokerage": TaxTreatment.TAXABLE,
        "roth": TaxTreatment.ROTH,
        "k401": TaxTreatment.TRADITIONAL,
    }
    assert household.accounts["k401"].menu == ("INST500", "BONDCIT")
    assert household.instruments["INST500"].price_source == "manual"
    assert household.instruments["INST500"].step == Decimal("0.001")
    assert mandate.target is not None
    assert [(leaf.name, leaf.weight) for leaf in mandate.target.leaves()] == [
        ("us", Fraction(54, 100)),
        ("intl", Fraction(26, 100)),
        ("bonds", Fraction(20, 100)),
    ]
    assert str(mandate.when) == "monthly+band:5pp/25%"
    assert (mandate.min_trade, mandate.cash_buffer) == (50_000, 100_000)
    assert household.tax.long_rate == Decimal("0.15")
    assert household.tax.identical == (frozenset({"VTI", "VTSAX"}),)
    assert portfolio.lots == (
        Lot("brokerage-VTI-2017-03-06-1", "brokerage", "VTI", 210, date(2017, 3, 6), 2_541_000),
        Lot("k401-INST500-undated-1", "k401", "INST500", 10_125),
        Lot("roth-VTI-undated-1", "roth", "VTI", 95),
    )
    assert portfolio.cash == {"brokerage": 260_000}
    assert [sale.basis for sale in portfolio.sales] == [100_000]
    assert portfolio.opened == date(2026, 3, 31)
    assert portfolio.findings == ()
    assert set(portfolio.hashes) == {"portfolio.toml", "lots.csv", "sales.csv"}


def test_every_key_of_ours_is_read(make: Make) -> None:
    """The keys beyond the example arrive where the engine looks for them."""
    toml = """\
calendar = "XLON"
prices = ["prices.csv", "more.csv"]
[household]
name = "Families Ö & Co"
[accounts.a]
tax = "taxable"
do_not_buy = ["OLD"]
do_not_sell = ["META"]
keep = {VTI = 1.5}
relief = "specific"
specific_lots = ["first"]
[accounts.a.costs]
commission = 4.95
[accounts.b]
tax = "hsa"
[accounts.b.target.all]
percent = 100
hold = ["CASH"]
[costs]
bps = 5
half_spread_bps = 1.5
per_share = 0.005
minimum = 1
[instruments.VTI]
step = 0.5
max_age = 3
order = "money"
[instruments.META]
aliases = [{symbol = "FB", until = 2022-06-08}]
[target.stocks]
percent = 80
[target.stocks.us]
percent_of_parent = 67.5
hold = ["VTI", "FB"]
[target.stocks.rest]
percent = 26
hold = ["OLD"]
[target.cash]
percent = 20
hold = ["CASH"]
[policy]
when = "band:20%"
to = "half"
min_trade_units = 0.5
drift_price = 0.01
fewest_trades = true
[limits]
frozen_sessions = 3
frozen_percent = 12.5
[tax]
long_percent = 15
"""
    lots = "account,symbol,quantity,acquired,cost_basis,lot\na,FB,1,2020-01-02,100,first\n"

    no_sales = SALES.splitlines()[0]

    portfolio = read_portfolio(make(toml, lots, no_sales, **{"more.csv": PRICES}))

    household, mandate = portfolio.household, portfolio.mandate
    account = household.accounts["a"]
    assert household.name == "Families Ö & Co"
    assert portfolio.calendar.name == "XLON"
    assert account.keep == {"VTI": 3}
    assert account.do_not_sell == {"META"}
    assert (account.relief, account.specific_lots) == (Relief.SPECIFIC, ("first",))
    assert household.accounts["b"].target is not None
    assert (mandate.costs[""].commission, mandate.costs["a"].commission) == (0, Decimal("4.95"))
    assert mandate.costs["a"].half_spread_bps == Decimal("1.5")
    assert household.instruments["META"].aliases == (Alias("FB", None, date(2022, 6, 8)),)
    assert household.instruments["VTI"].order_in == "money"
    assert "FB" not in household.instruments
    assert portfolio.lots[0].instrument == "META"
    assert mandate.target is not None
    assert [leaf.hold for leaf in mandate.target.leaves()] == [
        ("VTI", "META"),
        ("OLD",),
        ("CASH",),
    ]
    assert (mandate.min_trade_units, mandate.drift_price) == (Decimal("0.5"), Decimal("0.01"))
    assert mandate.fewest_trades
    assert (household.frozen_sessions, household.frozen_share) == (3, Decimal("0.125"))
    assert [path.name for path in portfolio.prices] == ["prices.csv", "more.csv"]
    assert codes_of(portfolio) == []


def test_a_mark_before_and_other_line_ends_change_nothing(make: Make) -> None:
    """Files that Windows wrote read the same."""
    plain = read_portfolio(make())

    other = read_portfolio(
        make(
            b"\xef\xbb\xbf" + TOML.replace("\n", "\r\n").encode(),
            b"\xef\xbb\xbf" + LOTS.replace("\n", "\r\n").encode(),
        )
    )

    assert (other.mandate, other.lots, other.cash) == (plain.mandate, plain.lots, plain.cash)


def test_all_problems_of_all_files_are_told_at_once(make: Make) -> None:
    """One run is enough to know everything that is wrong."""
    toml = TOML.replace("percent = 54", "percent = 55").replace('"target"', '"aim"')
    lots = LOTS.replace("brokerage,VTI,210", "brokrage,VTI,-210").replace("95", "9.5")
    sales = SALES.replace("2026-03-02", "2026-04-31")

    places = places_of(make(toml, lots, sales))

    assert places == [
        ("portfolio.toml", 20, "target"),
        ("portfolio.toml", 33, "policy.to"),
        ("lots.csv", 2, "account"),
        ("lots.csv", 2, "quantity"),
        ("lots.csv", 4, "quantity"),
        ("sales.csv", 2, "sold"),
    ]


def test_rows_are_checked_even_when_portfolio_toml_is_broken(make: Make) -> None:
    """What can be known of lots.csv does not wait for portfolio.toml to be mended."""
    places = places_of(make("= 1", LOTS.replace("2017-03-06", "06.03.2017")))

    assert places == [("portfolio.toml", 1, ""), ("lots.csv", 2, "acquired")]


@pytest.mark.parametrize("key", ["", 'prices   = "prices.csv"'])
def test_a_price_file_that_is_not_there_is_called_so(make: Make, key: str) -> None:
    """Where the usual file is missing the file is said to be missing, not the key that names it."""
    toml = TOML.replace('prices   = "prices.csv"', key)

    (problem,) = problems_of(make(toml, **{"prices.csv": None}))

    assert (problem.file, problem.key) == ("portfolio.toml", "prices")
    assert "there is no file" in problem.wrong
    assert "prices.csv" in problem.wrong


def test_a_folder_without_its_files_says_which(make: Make, tmp_path: Path) -> None:
    """Without portfolio.toml, or without lots and record, there is nothing to read."""
    assert places_of(tmp_path) == [("portfolio.toml", None, "")]
    assert places_of(make(lots=None)) == [("lots.csv", None, "")]


def test_without_lots_the_record_is_the_book(make: Make) -> None:
    """Once there is a ledger the opening statement may be gone."""
    portfolio = read_portfolio(make(lots=None, **{"ledger.jsonl": ""}))

    assert portfolio.lots == ()


def test_cash_of_another_currency_is_an_error(make: Make) -> None:
    """Money in a currency that is not the portfolio's is no instrument without a price."""
    assert places_of(make(lots=LOTS.replace("roth,VTI,95", "roth,EUR,95"))) == [
        ("lots.csv", 4, "symbol")
    ]


def test_all_files_are_told_at_once(make: Make) -> None:
    """One run names what is wrong with portfolio.toml, lots, sales and prices."""
    folder = make(
        TOML.replace("percent = 54", "percent = 55"),
        LOTS.replace("2017-03-06", "2017-02-31"),
        SALES.replace("2025-11-03", "x"),
        **{"prices.csv": "date,symbol,close,split\n3/31/2026,VTI,1,\n2026-03-31,VTI,1,two\n"},
    )
    everything = [
        ("portfolio.toml", 20, "target"),
        ("lots.csv", 2, "acquired"),
        ("sales.csv", 2, "acquired"),
        ("prices.csv", 2, "date"),
        ("prices.csv", 3, "split"),
    ]

    assert places_of(folder) == everything

    (folder / "portfolio.toml").write_text("x = = 1\n")
    assert places_of(folder) == [("portfolio.toml", 1, ""), *everything[1:4]]


@pytest.mark.parametrize("name", ["portfolio.toml", "lots.csv", "sales.csv", "prices.csv"])
@pytest.mark.parametrize("other", ["folder", "loop", "nowhere"])
def test_what_is_no_file_is_not_taken_for_one_that_is_missing(
    make: Make, name: str, other: str
) -> None:
    """A folder, or a link that leads nowhere, where a file should be is said, never skipped."""
    folder = make()
    (folder / name).unlink()
    if other == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to(name if other == "loop" else "gone")

    (problem,) = problems_of(folder)
    assert name in str(problem)
    assert ("it is a folder" if other == "folder" else "leads nowhere") in problem.wrong


def test_nothing_is_of_a_day_to_come(make: Make) -> None:
    """An opening statement of tomorrow, and a lot that is bought tomorrow, are refused."""
    ahead = make(TOML.replace("2026-03-31", "2999-03-31"))
    assert places_of(ahead) == [("portfolio.toml", 4, "opened")]

    undated = make(TOML.replace("opened   = 2026-03-31\n", ""), LOTS.replace("2017-", "2999-"))
    assert places_of(undated) == [("lots.csv", 2, "acquired")]


def test_costs_of_single_instruments(make: Make) -> None:
    """Key by key: of an instrument before of an account, of an account before of all."""
    toml = TOML.replace('tax = "roth"', 'tax = "roth"\n[accounts.roth.costs]\nbps = 1') + (
        "[costs]\nbps = 5\nhalf_spread_bps = 2\ncommission = 1\n"
        "[costs.INST500]\ncommission = 20\nbps = 0\n[accounts.roth.costs.VTI]\nbps = 3\n"
    )

    costs = read_portfolio(make(toml)).mandate.costs

    one = Decimal(1)
    assert costs[""].order_costs("VTI", one) == Costs(
        bps=5, half_spread_bps=2, commission=1
    ).order_costs("VTI", one)
    fund = Costs(bps=0, half_spread_bps=2, commission=20).order_costs("INST500", one)
    assert costs[""].order_costs("INST500", one) == fund
    assert costs["roth"].order_costs("INST500", one) == fund
    assert costs["roth"].order_costs("VTI", one).rate == Costs(bps=5).order_costs("VTI", one).rate
    assert costs["roth"].order_costs("BND", one).rate == Costs(bps=3).order_costs("BND", one).rate


def test_the_day_asked_about_limits_the_lots(make: Make) -> None:
    """Without a day of opening nothing can have been bought after the day that is asked about."""
    folder = make(TOML.replace("opened   = 2026-03-31\n", ""), sales=None)

    assert read_portfolio(folder, as_of=date(2017, 3, 6)).lots

    with pytest.raises(InputError) as caught:
        read_portfolio(folder, as_of=date(2017, 3, 5))
    assert [problem.key for problem in caught.value.problems] == ["acquired"]


@pytest.mark.parametrize(
    ("file", "was", "now"),
    [
        ("lots.csv", ",cost_basis\n", "\n"),
        ("lots.csv", ",acquired,cost_basis\n", ",acquired,cost_basis,lot\n"),
    ],
)
def test_a_column_that_is_missing_is_one_problem(make: Make, file: str, was: str, now: str) -> None:
    """Where header and all rows differ by a column, it is said once and not of each row."""
    folder = make()
    text = (folder / file).read_text()
    assert was in text
    (folder / file).write_text(text.replace(was, now, 1))

    (problem,) = problems_of(folder)

    assert problem.file == file
    assert problem.line in (1, 2)


def test_rows_of_several_lengths_are_told_one_by_one(make: Make) -> None:
    """Where some rows are right, each other row is a slip of its own."""
    folder = make(lots=LOTS.replace("roth,VTI,95,,", "roth,VTI,95,,,").replace("0.00,,", "0.00,"))

    assert len(problems_of(folder)) > 1
