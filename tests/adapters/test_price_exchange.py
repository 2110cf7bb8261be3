"""Exact prices in another currency brought to the portfolio's at the door."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.adapters.calendars import calendar
from trimtab.adapters.price_exchange import Exchange
from trimtab.adapters.price_rate import brought_over
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.instruments import Instrument
from trimtab.model.market import Dividend, Quote, Split, Unconverted
from trimtab.model.numbers import Price

NYSE = calendar("XNYS")
PRICES = """\
date,symbol,close,open,dividend,split,currency
2024-01-02,SPY,472.65,470,,,
2024-01-02,DAX,167.69,166,,,EUR
2024-01-03,SPY,468.79,470,,,
2024-01-03,DAX,165.38,167,2.50,,EUR
2024-01-04,DAX,83.09,83,,2,EUR
"""
FX = "date,symbol,close\n2024-01-02,EURUSD,1.0956\n2024-01-03,EURUSD,1.0919\n"


def day(number: int) -> date:
    """A day of January 2024."""
    return date(2024, 1, number)


def files(
    folder: Path, *, prices: str = PRICES, fx: str | None = FX, home: str = "USD", **dax: str
) -> PriceFile:
    """The price file of a portfolio, with its file of rates."""
    (folder / "prices.csv").write_text(prices)
    if fx is not None:
        (folder / "fx.csv").write_text(fx)
    known = {
        "SPY": Instrument("SPY"),
        "DAX": replace(Instrument("DAX", currency=home), **dax),  # type: ignore[arg-type]
    }
    exchange = Exchange(home, None if fx is None else folder / "fx.csv")
    return PriceFile(
        [folder / "prices.csv"],
        instruments=known,
        calendar=NYSE,
        folder=folder,
        opens=True,
        exchange=exchange,
    )


def dax(file: PriceFile, on: int) -> Quote:
    """The quote of the foreign instrument on a day."""
    return file.snapshot(day(on), ["SPY", "DAX"]).quotes["DAX"]


def test_a_price_is_brought_over_exactly_at_the_rate_of_its_day(tmp_path: Path) -> None:
    """167.69 euros at 1.0956 dollars are 183.721164 dollars; 165.38 at 1.0919 are 180.578422."""
    market = files(tmp_path).snapshot(day(3), ["SPY", "DAX"])

    assert market.quotes["DAX"] == Quote(Price(180578422, -6), day(3), Price(183721164, -6), day(2))
    assert market.quotes["SPY"].price == Price(46879, -2)
    assert market.currency == "USD"
    assert market.unconverted == {}


def test_dividends_and_opens_are_brought_over_and_splits_are_not(tmp_path: Path) -> None:
    """2.50 euros at 1.0919 are 2.72975 dollars; two for one stays two for one."""
    file = files(tmp_path)

    market = file.snapshot(day(4), ["DAX"])

    assert market.dividends == (Dividend("DAX", day(3), Price(2729750, -6)),)
    assert market.splits == (Split("DAX", day(4), Fraction(2)),)
    assert file.opens_of(day(3), ["DAX"]) == {"DAX": Price(182347300, -6)}


def test_the_last_known_rate_serves_and_is_told(tmp_path: Path) -> None:
    """83.09 euros at the rate of the day before are 90.725971 dollars, with a warning."""
    file = files(tmp_path)

    quote = dax(file, 4)
    told = {one.code: one for one in file.rates_told(["SPY", "DAX"], day(4), day(4))}

    assert quote.price == Price(90725971, -6)
    assert quote.split_since_previous == 2
    assert told["rate-held"].subject == "EURUSD"
    assert "2024-01-03, 1 session old" in told["rate-held"].message
    assert told["converted"].severity == "info"


def test_a_rate_serves_for_five_sessions_and_no_longer(tmp_path: Path) -> None:
    """Of 3 January a rate is good to the 10th; on the 11th there is no price, and why is known."""
    rows = PRICES + "2024-01-10,DAX,84,,,,EUR\n2024-01-11,DAX,85,,,,EUR\n2024-01-12,DAX,86,,,,EUR\n"
    file = files(tmp_path, prices=rows)

    late = file.snapshot(day(12), ["DAX"])

    assert dax(file, 10).price == Price(91719600, -6)
    assert late.quotes["DAX"].price is None
    assert late.unconverted == {"DAX": Unconverted("EUR", "EURUSD", day(11), day(12))}
    assert [d.day for d in file.days_of(["DAX"])["DAX"]] == [2, 3, 4, 10]


def test_the_pair_turned_over_is_its_inverse(tmp_path: Path) -> None:
    """Where only USDEUR is there, 167.69 euros at 0.8 euros a dollar are 209.6125 dollars."""
    file = files(tmp_path, fx="date,symbol,close\n2024-01-02,USDEUR,0.8\n")

    assert dax(file, 2).price == Price(209612500, -6)


@pytest.mark.parametrize("wide", [False, True])
def test_rates_may_stand_among_the_prices(tmp_path: Path, wide: bool) -> None:
    """Without a file of rates the pair is looked for in the price files, long or wide."""
    prices = PRICES + "2024-01-02,EURUSD,1.0956,,,,\n"
    if wide:
        prices = "date,SPY,DAX,EURUSD\n2024-01-02,472.65,167.69,1.0956\n"
    file = files(tmp_path, prices=prices, fx=None)
    if wide:
        file.instruments = {**file.instruments, "DAX": Instrument("DAX", currency="EUR")}

    assert dax(file, 2).price == Price(183721164, -6)


def test_a_currency_of_portfolio_toml_is_that_of_rows_that_say_none(tmp_path: Path) -> None:
    """A row's own currency goes before it."""
    prices = "date,symbol,close,currency\n2024-01-02,DAX,100,\n2024-01-03,DAX,100,USD\n"
    file = files(tmp_path, prices=prices)
    file.instruments = {"DAX": Instrument("DAX", currency="EUR")}

    assert dax(file, 2).price == Price(109560000, -6)
    assert dax(file, 3).price == Price(100, 0)


def test_a_typed_price_is_in_the_currency_of_its_rows(tmp_path: Path) -> None:
    """What is seen at its exchange is typed: 170 euros at 1.0919 are 185.623 dollars."""
    file = files(tmp_path)
    file.typed = {"DAX": Price(170, 0)}

    quote = dax(file, 3)

    assert (quote.price, quote.confirmed) == (Price(185623000, -6), True)


@pytest.mark.parametrize("text", ["0", "-1", "", "n/a"])
def test_what_is_no_price_in_one_currency_is_none_in_another(tmp_path: Path, text: str) -> None:
    """It is shown as the file has it, with its line and its rate."""
    quote = dax(files(tmp_path, prices=PRICES.replace("165.38", text)), 3)

    assert quote.price is None
    assert quote.raw.endswith("EUR at EURUSD 1.0919 of 2024-01-03 (prices.csv:5)")


def test_small_prices_keep_their_digits(tmp_path: Path) -> None:
    """0.00001234 euros at 1.0919 are 0.0000134740 dollars, not nothing."""
    quote = dax(files(tmp_path, prices=PRICES.replace("165.38", "0.00001234")), 3)

    assert quote.price is not None
    assert float(quote.price) == pytest.approx(0.00001234 * 1.0919, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**9), st.integers(-8, 0), st.fractions(Fraction(1, 10**6), Fraction(10**6)))
def test_what_is_brought_over_is_the_nearest_decimal(m: int, e: int, rate: Fraction) -> None:
    """Within half of a millionth, and with six digits or more, whatever is small."""
    price = Price(m, e)
    exact = Fraction(price.decimal) * rate

    found = brought_over(price, rate)

    off = abs(Fraction(found.decimal) - exact)
    assert off <= Fraction(1, 2 * 10**6)
    assert off <= exact / 10**5
    assert found.exponent <= 0


@pytest.mark.parametrize("text", ["0", "", "x"])
def test_a_rate_that_is_none_is_not_there(tmp_path: Path, text: str) -> None:
    """The one before it serves, and that is told."""
    file = files(tmp_path, fx=FX.replace("1.0919", text))

    assert dax(file, 3).price == Price(181190328, -6)
    assert "rate-held" in {one.code for one in file.rates_told(["DAX"], day(3), day(3))}
