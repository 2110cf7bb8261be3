"""What can be read and still looks wrong: symbols, restrictions, settings."""

from __future__ import annotations

import pytest

from tests.adapters.example import LOTS, PRICES, SALES, TOML, Make, codes_of, problems_of
from trimtab.adapters.portfolio_folder import read_portfolio


@pytest.mark.parametrize(
    ("was", "now", "code"),
    [
        ("roth,VTI,95,,", "roth,GLD,95,,", ("unknown-symbol", "GLD")),
        ("roth,VTI,95,,", "roth,vti,95,,", ("unknown-symbol", "vti")),
        ("roth,VTI,95,,", "roth,VTI,95,,\nroth,VTI,95,,", ("equal-lots", "roth/VTI")),
        (
            "brokerage,USD,2600.00,,",
            "brokerage,USD,1,,\nbrokerage,USD,2,,",
            ("several-cash-rows", "brokerage"),
        ),
    ],
)
def test_what_is_odd_in_lots_is_noticed(
    make: Make, was: str, now: str, code: tuple[str, str]
) -> None:
    """Rows that can be read and still look wrong become findings."""
    portfolio = read_portfolio(make(lots=LOTS.replace(was, now)))

    assert codes_of(portfolio) == [code]


@pytest.mark.parametrize(
    ("was", "now", "code"),
    [
        ('menu = ["INST500", "BONDCIT"]', 'menu = ["BONDC1T"]', ("menu-unused", "k401")),
        ('menu = ["INST500", "BONDCIT"]', 'menu = ["BONDCIT", "1NST5OO"]',
         ("unknown-symbol", "1NST5OO")),
        ('menu = ["INST500", "BONDCIT"]', 'menu = ["BONDCIT", "VXSU"]', ("unknown-symbol", "VXSU")),
        ('menu = ["INST500", "BONDCIT"]', 'menu = ["BONDCIT", "QQQZ9"]', ("menu-unknown", "k401")),
        ("[target.us]", "[instruments.AAX]\n[target.us]", ("instrument-unused", "AAX")),
        ("[target.us]", "[instruments.VTII]\n[target.us]", ("instrument-unused", "VTII")),
        ('[["VTI", "VTSAX"]]', '[["AAA", "BBB"]]', ("identical-unknown", "AAA/BBB")),
        ('[["VTI", "VTSAX"]]', '[["VTSAX", "VXSU"]]', ("unknown-symbol", "VXSU")),
        ('[["VTI", "VTSAX"]]', '[["VTI", "vxus"]]', ("unknown-symbol", "vxus")),
        ("long_percent  = 15\nshort_percent = 24\n", "", ("no-tax-rates", "brokerage")),
        ('country       = "US"', 'country = "DE"', ("tax-rules", "tax.country")),
        ('when      = "monthly+band:5pp/25%"\n', "", ("no-policy", "portfolio.toml")),
        ("long_percent  = 15", "long_percent  = 0.15", ("tiny-percent", "tax.long_percent")),
        ("band:5pp/25%", "band:0.05pp", ("tiny-percent", "policy.when")),
        ("band:5pp/25%", "band:5pp/0.25%", ("tiny-percent", "policy.when")),
    ],
)  # fmt: skip
def test_what_is_odd_in_portfolio_toml_is_noticed(
    make: Make, was: str, now: str, code: tuple[str, str]
) -> None:
    """Settings that can be read and still look wrong become findings."""
    portfolio = read_portfolio(make(TOML.replace(was, now)))

    assert code in codes_of(portfolio)


@pytest.mark.parametrize("group", ['["VTI", "VTII"]', '["VTI", "VTSAX"]', '["VXUS", "GLD"]'])
def test_a_fund_that_is_held_elsewhere_is_no_slip(make: Make, group: str) -> None:
    """What stands beside the symbol that it resembles, or resembles none, was meant."""
    portfolio = read_portfolio(make(TOML.replace('["VTI", "VTSAX"]', group)))

    assert "unknown-symbol" not in {code for code, _ in codes_of(portfolio)}


@pytest.mark.parametrize("key", ["do_not_sell", "do_not_buy"])
@pytest.mark.parametrize(
    ("symbol", "meant"), [("VTII", "VTI"), ("vti", "VTI"), ("VXSU", "VXUS"), ("ZZZ9", "")]
)
def test_a_restriction_on_what_nothing_knows_is_an_error(
    make: Make, key: str, symbol: str, meant: str
) -> None:
    """A mistyped restriction is never dropped in silence: file, line, key and what was meant."""
    toml = TOML.replace('broker = "manual"', f'{key} = ["VTI",\n"{symbol}"]')

    (problem,) = problems_of(make(toml))

    assert (problem.file, problem.line) == ("portfolio.toml", 9)
    assert problem.key == f"accounts.brokerage.{key}[1]"
    assert symbol in problem.wrong
    assert (f"did you mean {meant}?" if meant else "remove it") in problem.remedy


@pytest.mark.parametrize("symbol", ["VXUS", "INST500", "ITOT", "GLD", "CASH", "USD"])
def test_a_restriction_on_what_is_known_stands(make: Make, symbol: str) -> None:
    """Hold lists, instruments, lots, sales and prices are where a symbol may be known from."""
    toml = TOML.replace('broker = "manual"', f'do_not_buy = ["{symbol}"]')

    portfolio = read_portfolio(make(toml, **{"prices.csv": PRICES + "2026-03-31,GLD,10\n"}))

    assert portfolio.household.accounts["brokerage"].do_not_buy == {symbol}
    assert portfolio.findings == ()


@pytest.mark.parametrize(
    ("file", "was", "now", "place", "meant"),
    [
        ("lots", "roth,VTI,95,,", "roth,VTII,95,,", "lots.csv:4", "VTI"),
        ("lots", "roth,VTI,95,,", "roth,1NST5O0,95,,", "lots.csv:4", "INST500"),
        ("lots", "roth,VTI,95,,", "roth,usd,95,,", "lots.csv:4", "USD"),
        ("lots", "roth,VTI,95,,", "roth,GLDX,95,,", "lots.csv:4", "GLD"),
        ("sales", "ITOT", "ITTO", "sales.csv:2", "ITOT"),
    ],
)
def test_a_mistyped_symbol_is_named_with_what_was_meant(
    make: Make, file: str, was: str, now: str, place: str, meant: str
) -> None:
    """The nearest of hold lists, instruments, currency and prices is suggested, with the line."""
    texts = {"lots": LOTS, "sales": SALES}
    texts[file] = texts[file].replace(was, now)
    folder = make(**texts, **{"prices.csv": PRICES + "2026-03-31,GLD,10\n"})

    portfolio = read_portfolio(folder)

    (said,) = [one for one in portfolio.findings if one.code == "unknown-symbol"]
    assert place in said.message
    assert f"Did you mean {meant}?" in said.message


@pytest.mark.parametrize("prices", ["2026-03-31,GLD,1", '"2026-03-31","GLD","1"'])
def test_what_the_prices_know_is_no_stranger(make: Make, prices: str) -> None:
    """A holding outside of every sleeve that has prices is not taken for a slip."""
    folder = make(
        lots=LOTS.replace("roth,VTI", "roth,GLD"), **{"prices.csv": PRICES + prices + "\n"}
    )

    assert codes_of(read_portfolio(folder)) == []


def test_losses_carried_that_reduce_no_tax_are_said(make: Make) -> None:
    """A setting that has no effect yet does not stand there in silence."""
    portfolio = read_portfolio(
        make(TOML.replace("carryforward_long  = 0", "carryforward_long = 1200"))
    )

    (said,) = portfolio.findings
    assert (said.code, said.severity) == ("carryforward-unused", "info")
    assert "1200.00" in said.message


def test_a_country_whose_rules_are_not_built_is_told_whose_are_used(make: Make) -> None:
    """Figures by the rules of another country never look as if they were one's own."""
    portfolio = read_portfolio(make(TOML.replace('country       = "US"', 'country = "GB"')))

    (said,) = portfolio.findings
    assert said.severity == "warning"
    assert "rules of GB are not built" in said.message
    assert "those of the United States" in said.message


def test_without_sales_earlier_wash_sales_are_invisible(make: Make) -> None:
    """A household that gives no sales.csv is told what cannot be seen."""
    portfolio = read_portfolio(make(sales=None))

    assert codes_of(portfolio) == [("no-sales-file", "sales.csv")]


@pytest.mark.parametrize(
    ("when", "severity", "said"),
    [
        ("band:5pp/25%", "info", "the absolute one of 5pp alone acts there"),
        ("band:25%", "warning", "sets off no trade. Add an absolute width, as band:5pp/25%"),
        ("band:5pp", None, ""),
        ("monthly", None, ""),
    ],
)
def test_a_relative_band_of_a_target_of_zero_is_told(
    make: Make, when: str, severity: str | None, said: str
) -> None:
    """A share of nothing is nothing: the reader is told which band acts, or that none does."""
    sold = '[target.old]\npercent = 0\nhold = ["GLD"]\n[policy]\n'
    toml = TOML.replace("[policy]\n", sold).replace('"monthly+band:5pp/25%"', f'"{when}"')

    told = [one for one in read_portfolio(make(toml)).findings if one.code == "band-of-zero"]

    assert [(one.subject, one.severity) for one in told] == ([("old", severity)] if said else [])
    assert all(said in one.message for one in told)
