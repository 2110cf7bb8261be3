"""Exact prices from files: what a snapshot shows, and what is wrong with rows, line by line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.adapters.calendars import calendar
from trimtab.adapters.price_steps import Since
from trimtab.adapters.price_tape import price_from
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import InputError
from trimtab.model.instruments import Alias, Instrument
from trimtab.model.market import Dividend, Market, Quote, Split, Step
from trimtab.model.numbers import NumberError, Price, decimal_from
from trimtab.model.ports import MarketData

NYSE = calendar("XNYS")
LONG = """\
date,symbol,close
2026-03-26,VTI,300.10
2026-03-26,BND,72.5
2026-03-27,VTI,301.00
2026-03-27,BND,72.25
2026-03-30,VTI,299.999999
2026-03-30,BND,72.75
"""
WIDE = """\
date,VTI,BND
2026-03-26,300.10,72.5
2026-03-27,301.00,72.25
2026-03-30,299.999999,72.75
"""


def prices(
    tmp_path: Path, *texts: str | bytes, instruments: tuple[Instrument, ...] = (), **typed: str
) -> PriceFile:
    """Market data of files with these texts."""
    paths = []
    for number, text in enumerate(texts, 1):
        path = tmp_path / f"p{number}.csv"
        path.write_bytes(
            text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        )
        paths.append(path)
    known = {symbol: Instrument(symbol) for symbol in ("VTI", "BND")}
    return PriceFile(
        paths,
        instruments=known | {instrument.id: instrument for instrument in instruments},
        calendar=NYSE,
        typed={symbol: Price.of(Decimal(text)) for symbol, text in typed.items()},
        folder=tmp_path,
    )


def day(number: int) -> date:
    """A day of March 2026."""
    return date(2026, 3, number)


def quote_of(file: PriceFile, symbol: str = "VTI", on: int = 30) -> Quote | None:
    """One quote of one day."""
    return file.snapshot(day(on), [symbol]).quotes.get(symbol)


def places_of(file: PriceFile) -> list[tuple[str, int | None, str]]:
    """File, line and key of everything that is wrong."""
    with pytest.raises(InputError) as caught:
        file.snapshot(day(30), ["VTI", "BND"])
    assert all(str(problem).isprintable() for problem in caught.value.problems)
    return [(problem.file, problem.line, problem.key) for problem in caught.value.problems]


@pytest.mark.parametrize("text", [LONG, WIDE], ids=["long", "wide"])
def test_a_snapshot_shows_the_newest_price_and_the_one_before(tmp_path: Path, text: str) -> None:
    """Prices are exact, with day and the price before; nothing is later than the day asked."""
    source: MarketData = prices(tmp_path, text)

    market = source.snapshot(day(29), ["VTI", "BND"])

    assert market.quotes == {
        "VTI": Quote(Price(30100, -2), day(27), Price(30010, -2), day(26)),
        "BND": Quote(Price(7225, -2), day(27), Price(725, -1), day(26)),
    }
    assert (market.as_of, market.calendar) == (day(29), NYSE)


def test_before_the_first_price_there_is_none(tmp_path: Path) -> None:
    """An instrument without any row by the day asked is absent, and the first has none before."""
    file = prices(tmp_path, LONG)

    assert quote_of(file, on=25) is None
    assert quote_of(file, "GLD") is None
    assert quote_of(file, on=26) == Quote(Price(30010, -2), day(26))


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.00",
        "-1",
        "",
        "nan",
        "NaN",
        "inf",
        "1e999",
        "1e3",
        "N/A",
        "1,5",
        "٣",
        "=1",
        "$3",
        "\x1b",
    ],
)
def test_what_is_no_price_is_shown_and_not_skipped(tmp_path: Path, text: str) -> None:
    """A price that cannot be one keeps its day and text; the last good one is beside it."""
    field = f'"{text}"' if "," in text else text
    file = prices(tmp_path, LONG + f"2026-03-31,VTI,{field}\n")

    quote = quote_of(file, on=31)

    assert quote is not None
    assert (quote.price, quote.on) == (None, day(31))
    assert (quote.previous, quote.previous_on) == (Price(299999999, -6), day(30))
    assert quote.raw.isprintable()
    assert quote.raw.endswith(" (p1.csv:8)")
    assert quote.raw.startswith("empty") == (text == "")


def test_the_price_before_is_the_last_good_one(tmp_path: Path) -> None:
    """A bad row between two good ones does not count as the price before."""
    file = prices(tmp_path, LONG.replace("301.00", "0"))

    assert quote_of(file) == Quote(Price(299999999, -6), day(30), Price(30010, -2), day(26))


def test_blank_cells_of_a_wide_file(tmp_path: Path) -> None:
    """Blank before the first price means not listed; blank after it means a price is missing."""
    text = "date,VTI,BND,TYPED\n2026-03-26,,72.5,10\n2026-03-27,301,72,\n2026-03-30,302,,\n"
    file = prices(tmp_path, text, instruments=(Instrument("TYPED", price_source="manual"),))

    assert quote_of(file, "VTI", 26) is None
    assert quote_of(file, "VTI", 27) == Quote(Price(301, 0), day(27))
    assert quote_of(file, "BND", 30) == Quote(
        None, day(30), Price(72, 0), day(27), raw="empty (p1.csv:4)"
    )
    assert quote_of(file, "TYPED", 30) == Quote(Price(10, 0), day(26))


def test_a_price_in_another_currency_is_no_price(tmp_path: Path) -> None:
    """Ten euros are not ten dollars: the instrument is shown without a price."""
    text = "date,symbol,close,currency\n2026-03-27,VTI,9,USD\n2026-03-30,VTI,10,EUR\n"

    assert quote_of(prices(tmp_path, text)) == Quote(
        None, day(30), Price(9, 0), day(27), raw="10 EUR (p1.csv:3)"
    )


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("date,symbol,close\n2026-03-30,VTI,9\n2026-03-27,VTI,90\n", "9 (p1.csv:2)"),
        ("date,BND,VTI\n2026-03-27,1,90\n2026-03-30,1,900\n", "900 (p1.csv:3)"),
        ("date,symbol,close,split\n2026-03-27,VTI,9,\n2026-03-30,VTI,9,2\n", "9 (p1.csv:3)"),
        ("date,symbol,close\n2026-03-27,VTI,9\n2026-03-30,VTI,9.5\n", ""),
    ],
)
def test_a_price_that_may_be_doubted_names_its_row(tmp_path: Path, text: str, raw: str) -> None:
    """Tenfold, a tenth, or on the day of a split: file and line are beside it; else they are not.

    They would enter the hash of the inputs, and a line more above would make a plan stale.
    """
    quote = quote_of(prices(tmp_path, text))

    assert quote is not None
    assert quote.raw == raw


def test_an_instrument_that_only_the_record_knows_has_its_prices(tmp_path: Path) -> None:
    """What is asked for need not be among the instruments of the portfolio."""
    file = prices(tmp_path, "date,symbol,close,currency\n2026-03-30,GLD,9,USD\n")

    quote = quote_of(file, "GLD")

    assert quote == Quote(Price(9, 0), day(30))


ACTIONS = """\
date,symbol,close,dividend,split
2026-03-24,VTI,600,,
2026-03-25,VTI,,,
2026-03-26,VTI,300,,2
2026-03-27,VTI,100,0.505,3:1
2026-03-27,BND,70,0,1
2026-03-30,VTI,101,,
2026-03-31,VTI,200,9,1/2
"""


def test_splits_and_dividends_up_to_the_day(tmp_path: Path) -> None:
    """Actions are listed oldest first, none later than the day asked, 0 and 1 being none."""
    market = prices(tmp_path, ACTIONS).snapshot(day(30), ["VTI", "BND"])

    assert market.splits == (
        Split("VTI", day(26), Fraction(2)),
        Split("VTI", day(27), Fraction(3)),
    )
    assert market.dividends == (Dividend("VTI", day(27), Price(505, -3)),)


def test_a_quote_knows_the_splits_since_the_price_before(tmp_path: Path) -> None:
    """Across a missing price all splits in between count; on a day without one the ratio is 1."""
    file = prices(tmp_path, ACTIONS.replace("2026-03-26,VTI,300", "2026-03-26,VTI,"))

    ratios = [
        quote.split_since_previous for on in (26, 27, 30, 31) if (quote := quote_of(file, on=on))
    ]

    assert ratios == [Fraction(2), Fraction(6), Fraction(1), Fraction(1, 2)]


META = Instrument(
    "META", aliases=(Alias("FB", None, date(2022, 6, 8)), Alias("META.US"))
)  # fmt: skip


def test_a_dated_ticker_counts_on_its_days_only(tmp_path: Path) -> None:
    """META until June 2022 was another company's ticker; FB after it is nobody's."""
    text = """\
date,symbol,close
2022-06-07,META,9
2022-06-08,META,9
2022-06-07,FB,195
2022-06-08,FB,196
2022-06-09,FB,1
2022-06-09,META,184
2022-06-10,META.US,175
"""
    file = prices(tmp_path, text, instruments=(META,))

    seen = [
        (quote.price and quote.price.mantissa, quote.previous and quote.previous.mantissa)
        for on in (7, 8, 9, 10)
        if (quote := file.snapshot(date(2022, 6, on), ["META"]).quotes.get("META"))
    ]

    assert seen == [(195, None), (196, 195), (184, 196), (175, 184)]


def test_two_names_do_not_give_two_prices(tmp_path: Path) -> None:
    """An instrument with a price under each of two names on one day is an error at its line."""
    text = "date,symbol,close\n2026-03-27,META,9\n2026-03-27,META.US,10\n"

    with pytest.raises(InputError) as caught:
        prices(tmp_path, text, instruments=(META,)).snapshot(day(30), ["META"])

    assert [(problem.file, problem.line) for problem in caught.value.problems] == [("p1.csv", 3)]


def test_a_typed_price_counts_on_the_day_asked(tmp_path: Path) -> None:
    """`--price` stands above the file, and the newest price before that day is beside it."""
    file = prices(tmp_path, LONG, VTI="310.5", GLD="5")

    typed = Quote(Price(3105, -1), day(30), Price(30100, -2), day(27), confirmed=True)
    assert quote_of(file) == typed
    assert quote_of(file, "GLD") == Quote(Price(5, 0), day(30), confirmed=True)


def test_a_slip_of_a_day_is_not_the_measure_of_the_next(tmp_path: Path) -> None:
    """Beside a price stands the row before the first jump nearby, not the row that jumped."""
    rows = ["2026-03-25,VTI,300", "2026-03-26,VTI,3000", "2026-03-27,VTI,2990"]
    text = "date,symbol,close\n" + "\n".join([*rows, "2026-03-30,VTI,302"]) + "\n"

    quote = quote_of(prices(tmp_path, text))

    assert (quote.price, quote.previous, quote.previous_on) == (
        Price(302, 0),
        Price(300, 0),
        day(25),
    )


def test_rows_may_be_in_any_order_and_file(tmp_path: Path) -> None:
    """Newest first, by symbol or spread over files: the snapshot is the same."""
    lines = LONG.splitlines(keepends=True)
    reversed_rows = lines[0] + "".join(reversed(lines[1:]))
    halves = (lines[0] + "".join(lines[4:]), lines[0] + "".join(lines[1:4]))
    expected = prices(tmp_path, LONG).snapshot(day(30), ["VTI", "BND"])

    assert prices(tmp_path, reversed_rows).snapshot(day(30), ["VTI", "BND"]) == expected
    assert prices(tmp_path, *halves).snapshot(day(30), ["VTI", "BND"]) == expected


def test_marks_line_ends_quotes_and_remarks_change_nothing(tmp_path: Path) -> None:
    """Files that spreadsheets wrote read the same."""
    text = "\ufeff# mine\n" + LONG.replace("VTI", '"VTI"') + "\n,,\n"

    file = prices(tmp_path, text.replace("\n", "\r\n"))

    expected = prices(tmp_path, LONG).snapshot(day(30), ["VTI", "BND"])
    assert file.snapshot(day(30), ["VTI", "BND"]).quotes == expected.quotes


BAD: list[tuple[str | bytes, list[tuple[int | None, str]]]] = [
    # a file, line and key of each problem
    ("", [(1, "")]),
    ("symbol,close\nVTI,1\n", [(1, "")]),
    ("date;symbol;close\n", [(1, "")]),
    ("date,close\n2026-03-30,1\n", [(1, "")]),
    ("date,symbol\n2026-03-30,VTI\n", [(1, "")]),
    ("date,symbol,close,close\n", [(1, "close")]),
    ("date,symbol,close,dividends\n", [(1, "")]),
    ("date,VTI,VTI\n", [(1, "VTI")]),
    ("date,VTI,=cmd\n", [(1, "symbol")]),
    ("date,symbol,close\n2026-03-30,VTI\n\n2026-03-30,VTI,1,2\n", [(2, ""), (4, "")]),
    ('date,symbol,close\n2026-03-30,"VTI,1\n', [(2, "")]),
    ("date,symbol,close\n2026-02-30,VTI,1\n,VTI,1\n30.03.2026,VTI,1\n",
     [(2, "date"), (3, "date"), (4, "date")]),
    ("date,symbol,close\n2026-03-30,<b>,1\n2026-03-30,V\udcff,1\n", [(2, "symbol"), (3, "")]),
    ("date,symbol,close\n2026-03-30,VTI,1\n2026-03-27,VTI,1\n2026-03-30,VTI,1\n", [(4, "VTI")]),
    ("date,VTI\n2026-03-30,1\n2026-03-30,1\n", [(3, "date")]),
    ("date,symbol,close,split\n2026-03-30,VTI,1,-2\n2026-03-27,VTI,1,x\n2026-03-26,VTI,1,2:0\n",
     [(2, "split"), (3, "split"), (4, "split")]),
    ("date,symbol,close,dividend\n2026-03-30,VTI,1,-2\n2026-03-27,VTI,1,nan\n",
     [(2, "dividend"), (3, "dividend")]),
    (LONG.encode("utf-16"), [(1, "")]),
    (LONG.encode() + b"x" * (2 * 2**20), [(8, "")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places"), BAD, ids=[repr(bad[0][:50]) for bad in BAD])
def test_what_is_malformed_is_said_at_its_line(
    tmp_path: Path, text: str | bytes, places: list[tuple[int | None, str]]
) -> None:
    """No row is dropped in silence: what cannot be placed is an error with its line."""
    found = places_of(prices(tmp_path, text))

    assert found == [("p1.csv", line, key) for line, key in places]


@pytest.mark.parametrize("text", [LONG, WIDE])
def test_headers_may_be_in_any_case(tmp_path: Path, text: str) -> None:
    """`Date,Symbol,Close` and `DATE` are the columns that they say, in CSV and in Parquet."""
    header, rest = text.split("\n", 1)
    names = [name.upper() if name == "date" else name for name in header.split(",")]
    shown = ",".join(name.title() if name in ("symbol", "close") else name for name in names)
    odd = prices(tmp_path, f"{shown}\n{rest}")
    path = tmp_path / "odd.parquet"
    with duckdb.connect() as connection:
        read = f"read_csv('{tmp_path / 'p1.csv'}')"
        connection.execute(f"COPY (FROM {read}) TO '{path}' (FORMAT parquet)")
    parquet = PriceFile([path], instruments=odd.instruments, calendar=NYSE)

    for file in (odd, parquet):
        found = quote_of(file)
        assert found is not None
        assert found.price == Price.of(Decimal("299.999999"))


@pytest.mark.parametrize(
    ("header", "remedy"),
    [
        ("Date,Ticker,Close", "rename ticker to symbol"),
        ("date,symbol,Price", "rename price to close"),
        ("date,Ticker,Last", "rename last to close"),
        (
            "date,Ticker,Adj Close",
            "add a column close with the price as it was traded, which adj close is not",
        ),
    ],
)
def test_a_column_of_another_name_is_told_what_to_be(
    tmp_path: Path, header: str, remedy: str
) -> None:
    """Long rows under other names are no wide file with a hundred days that stand twice."""
    with pytest.raises(InputError) as caught:
        quote_of(prices(tmp_path, LONG.replace("date,symbol,close", header)))

    assert remedy in [problem.remedy for problem in caught.value.problems]
    assert len(caught.value.problems) <= 2


def test_a_space_beside_a_symbol_is_told(tmp_path: Path) -> None:
    """Nobody sees a space at the beginning of a field: the remedy names it."""
    with pytest.raises(InputError) as caught:
        quote_of(prices(tmp_path, "date,symbol,close\n2026-03-30, VTI,300\n"))

    assert [one.remedy for one in caught.value.problems] == ["write VTI, without the space"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (LONG.partition("\n")[2], "it has no header"),
        (LONG.replace(",", ";"), "';' separates its fields"),
    ],
)
def test_a_file_of_another_form_is_told_its_form_once(
    tmp_path: Path, text: str, wrong: str
) -> None:
    """Without a header, or with semicolons, that is what is wrong: not a column it lacks."""
    with pytest.raises(InputError) as caught:
        quote_of(prices(tmp_path, text))

    assert [problem.wrong for problem in caught.value.problems] == [wrong]


def test_two_files_do_not_give_two_prices(tmp_path: Path) -> None:
    """A second row for a day in another file is an error at its line."""
    found = places_of(prices(tmp_path, LONG, "date,GLD,BND\n2026-03-30,5,1\n2026-03-31,5,1\n"))

    assert found == [("p2.csv", 2, "BND")]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be opened is told, not taken for an empty one."""
    file = PriceFile([tmp_path / "none.csv"], instruments={}, calendar=NYSE, folder=tmp_path)

    assert places_of(file) == [("none.csv", None, "")]


@pytest.mark.parametrize("text", [LONG, WIDE], ids=["long", "wide"])
def test_parquet_says_what_csv_says(tmp_path: Path, text: str) -> None:
    """The same rows as Parquet give the same prices; numbers there are the decimals they show."""
    import duckdb

    csv = prices(tmp_path, text)
    target = tmp_path / "p.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{tmp_path}/p1.csv')) TO '{target}'")

    parquet = PriceFile([target], instruments=csv.instruments, calendar=NYSE)

    for number in (26, 30):
        for symbol in ("VTI", "BND"):
            ours, theirs = quote_of(parquet, symbol, number), quote_of(csv, symbol, number)
            assert ours is not None
            assert theirs is not None
            assert (ours.price and ours.price.decimal) == (theirs.price and theirs.price.decimal)
            assert (ours.on, ours.previous_on) == (theirs.on, theirs.previous_on)


def test_parquet_keeps_decimals_and_shows_what_is_no_number(tmp_path: Path) -> None:
    """Decimal columns keep their digits, tiny floats their value; NaN and null are no prices."""
    import duckdb

    target = tmp_path / "p.parquet"
    duckdb.sql(
        f"""COPY (SELECT * FROM (VALUES
            (DATE '2026-03-30', CAST(1.230 AS DECIMAL(9, 3)), CAST(0.0000125 AS DOUBLE),
             CAST('NaN' AS DOUBLE), CAST(2 AS DOUBLE)),
            (DATE '2026-03-31', 1.5, 1e300, 1, NULL)
        ) AS t(date, A, B, C, D)) TO '{target}'"""
    )
    file = PriceFile([target], instruments={}, calendar=NYSE)

    quotes = file.snapshot(day(30), ["A", "B", "C", "D"]).quotes
    later = file.snapshot(day(31), ["B", "D"]).quotes

    assert quotes["A"].price == Price(1230, -3)
    assert quotes["B"].price == Price(125, -7)
    assert (quotes["C"].price, quotes["C"].raw) == (None, "nan (" + f"{target}:1)")
    assert quotes["D"].price == Price(20, -1)
    assert (later["B"].price, later["D"].price) == (None, None)
    assert later["D"].raw == f"empty ({target}:2)"


@pytest.mark.parametrize(
    ("query", "key"),
    [
        (
            "SELECT TIMESTAMPTZ '2026-03-30 00:00:00+09' AS date, 'VTI' AS symbol, 1 AS close",
            "date",
        ),
        ("SELECT 20542 AS date, 'VTI' AS symbol, 1 AS close", "date"),
        ("SELECT DATE '2026-03-30' AS date, 'VTI' AS symbol, true AS close", "close"),
        ("SELECT DATE '2026-03-30' AS date, 'VTI' AS symbol, [1.5] AS close", "close"),
        ("SELECT DATE '2026-03-30' AS date, {'a': 1} AS VTI", "VTI"),
        ("SELECT '3/30/2026' AS date, 'VTI' AS symbol, 1 AS close", "date"),
        ("SELECT CAST(NULL AS DATE) AS date, 'VTI' AS symbol, 1 AS close", "date"),
    ],
)
def test_columns_of_parquet_that_are_no_days_or_numbers_are_named(
    tmp_path: Path, query: str, key: str
) -> None:
    """A moment with a time zone is no day: which one it is would depend on the machine."""
    import duckdb

    target = tmp_path / "p.parquet"
    duckdb.sql(f"COPY ({query}) TO '{target}' (FORMAT parquet)")
    file = PriceFile([target], instruments={}, calendar=NYSE, folder=tmp_path)

    assert [where[::2] for where in places_of(file)] == [("p.parquet", key)]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """A row that is no row does not hide a split that is none, of whatever instrument."""
    file = prices(
        tmp_path,
        "date,symbol,close\n3/30/2026,VTI,1\n",
        "date,symbol,close,split\n2026-03-30,BND,1,two\n",
    )

    with pytest.raises(InputError) as caught:
        file.snapshot(day(30), ["VTI"])

    places = [(one.file, one.line, one.key) for one in caught.value.problems]
    assert places == [("p1.csv", 2, "date"), ("p2.csv", 2, "split")]
    assert file.problems() == caught.value.problems


@pytest.mark.parametrize("text", ["date,symbol,close\n", "date,VTI\n# none\n"])
def test_files_without_any_price_are_an_error(tmp_path: Path, text: str) -> None:
    """Nothing but a header is said of the file, not as six instruments without a price."""
    assert places_of(prices(tmp_path, text)) == [("p1.csv", None, "")]


@pytest.mark.parametrize(
    "raw",
    [
        LONG.replace("\n", "\r").encode(),
        LONG.encode("utf-16-le"),
        LONG.encode("utf-16-be"),
        b"date,symbol" + b",x\rx" * 100_000,
    ],
)
def test_text_of_another_kind_is_said_at_once(tmp_path: Path, raw: bytes) -> None:
    """Lines that end in CR alone, and UTF-16 without its mark: one problem, not thousands."""
    assert places_of(prices(tmp_path, raw)) == [("p1.csv", 1, "")]


def test_what_only_looks_like_parquet_is_refused(tmp_path: Path) -> None:
    """A damaged Parquet file is an error, not a crash."""
    assert places_of(prices(tmp_path, b"PAR1 and nothing else")) == [("p1.csv", None, "")]


def test_snapshots_are_those_of_each_day(tmp_path: Path) -> None:
    """Walking over the sessions shows on each what asking for it alone shows."""
    file = prices(tmp_path, ACTIONS)

    walked = list(file.snapshots(day(23), day(31), ["VTI", "BND"]))

    assert walked == [file.snapshot(market.as_of, ["VTI", "BND"]) for market in walked]
    assert [market.as_of.day for market in walked] == [23, 24, 25, 26, 27, 30, 31]


def test_a_stand_in_gives_the_history(tmp_path: Path) -> None:
    """In backtests another symbol's prices stand for those of an instrument without any."""
    fund = Instrument("FUND", price_source="manual", history="VTI")
    file = prices(tmp_path, LONG, instruments=(fund,))

    walked: list[Market] = list(file.snapshots(day(30), day(30), ["FUND"]))

    assert walked[0].quotes["FUND"].price == Price(299999999, -6)
    assert file.days_of(["FUND"]) == {"FUND": file.days_of(["VTI"])["VTI"]}
    assert quote_of(file, "FUND") is None


def test_the_newest_day_is_one_of_the_files(tmp_path: Path) -> None:
    """A price that was typed gives a day no price of the market, so it is not the newest day."""
    file = prices(tmp_path, LONG, instruments=(Instrument("FUND"),), FUND="10")

    assert file.last_day(["VTI", "FUND"]) == day(30)
    assert file.last_day(["FUND"]) is None


@given(st.from_regex(r"[+-]?[0-9]{0,26}[.]?[0-9]{0,20} ?", fullmatch=True) | st.text(max_size=6))
def test_a_price_is_the_decimal_that_is_written(text: str) -> None:
    """The short way from text to price ends where the way over a decimal does."""
    try:
        expected = Price.of(decimal_from(text))
    except NumberError:
        expected = None

    assert price_from(text) == expected


def test_volumes_are_those_of_that_very_day(tmp_path: Path) -> None:
    """A volume is known where the row of the day says a plain number, in whichever file it is."""
    first = "date,symbol,close,volume\n2026-03-27,VTI,301,900\n2026-03-30,VTI,300,1000.0\n"
    second = "date,symbol,close,volume\n2026-03-30,BND,72,\n2026-03-27,BND,72,12\n"
    file = prices(tmp_path, first, second + "2026-03-26,VTI,300,7\n")

    assert file.volumes(day(30), ["VTI", "BND"]) == {"VTI": Fraction(1000)}
    assert file.volumes(day(27), ["VTI", "BND"]) == {"VTI": Fraction(900), "BND": Fraction(12)}
    assert file.volumes(day(26), ["VTI"]) == {"VTI": Fraction(7)}
    assert file.volumes(day(31), ["VTI", "BND"]) == {}
    assert prices(tmp_path, LONG).volumes(day(30), ["VTI"]) == {}


pieces = st.sampled_from(
    ["date", "symbol", "close", "VTI", "BND", "2026-03-30", "2026-03-31", "1.5", "0", ",", ",",
     "\n", "\n", '"', "\r", "\x00", "é", ";", "=", "split", "#", "nan"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=40).map("".join) | st.binary(max_size=80))
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    """There is no price file that does more harm than an InputError."""
    file = prices(tmp_path_factory.getbasetemp(), text)

    result: Market | InputError
    try:
        result = file.snapshot(day(31), ["VTI", "BND"])
    except InputError as error:
        result = error

    if isinstance(result, InputError):
        assert all(str(problem).isprintable() for problem in result.problems)
    else:
        assert set(result.quotes) <= {"VTI", "BND"}


@pytest.mark.parametrize(
    ("was", "now", "place"),
    [
        ("date,symbol,close\n", "date,symbol,close,volume\n", ("p1.csv", 2, "")),
        ("date,symbol,close\n", "date,symbol\n", ("p1.csv", 1, "")),
        ("date,VTI,BND\n", "date,VTI\n", ("p1.csv", 2, "")),
    ],
)
def test_a_column_that_is_missing_is_one_problem(
    tmp_path: Path, was: str, now: str, place: tuple[str, int, str]
) -> None:
    """Where header and all rows differ by a column, it is said once and not of each row."""
    text = next(text for text in (LONG, WIDE) if was in text)

    assert places_of(prices(tmp_path, text.replace(was, now))) == [place]


LEDGE = ["2026-03-02,VTI,364.36", "2026-03-03,VTI,181.49", "2026-03-04,VTI,180"]


def step_of(tmp_path: Path, rows: list[str], since: Since | None = None) -> Step | None:
    """What is found among rows that end on 30 March."""
    text = "date,symbol,close,split\n" + "".join(
        row + ("\n" if row.count(",") == 3 else ",\n") for row in rows
    )
    file = prices(tmp_path, text)
    found = {} if since is None else {"VTI": since}
    return file.snapshot(day(30), ["VTI"], found).looked["VTI"]


@pytest.mark.parametrize(
    ("rows", "on"),
    [
        ([*LEDGE, "2026-03-30,VTI,170"], day(3)),  # not told, and long ago
        ([LEDGE[0], f"{LEDGE[1]},2", "2026-03-30,VTI,170"], None),  # told
        ([LEDGE[0], f"{LEDGE[1]},3", "2026-03-30,VTI,170"], day(3)),  # told wrongly
        ([LEDGE[0], LEDGE[1], "2026-03-04,VTI,180,2"], None),  # told a day late
        ([*LEDGE, "2026-03-05,VTI,360"], None),  # a slip that was put right
        ([LEDGE[0], "2026-03-03,VTI,n/a", LEDGE[2]], day(4)),
        ([f"2026-03-{d:02},VTI,{364 * 0.9**d:.2f}" for d in range(2, 31)], None),  # slowly
        ([LEDGE[0], "2026-03-03,VTI,242.9"], day(3)),  # 3 for 2
        ([LEDGE[0], "2026-03-03,VTI,3643"], day(3)),
        ([LEDGE[0], "2026-03-03,VTI,210"], None),
    ],
)
def test_a_step_that_nothing_explains_is_found(
    tmp_path: Path, rows: list[str], on: date | None
) -> None:
    """It stays until a split is told or a later price undoes it, however many rows follow."""
    step = step_of(tmp_path, rows)

    assert (step and step.on) == on


@pytest.mark.parametrize(
    ("accepted", "text", "on"),
    [
        (day(2), "364.36", day(3)),
        (day(3), "181.49", None),  # a person said that it is right
        (date(2026, 2, 2), "350", day(3)),
    ],
)
def test_steps_count_from_the_price_that_was_accepted(
    tmp_path: Path, accepted: date, text: str, on: date | None
) -> None:
    """What was accepted at the new level settles it; what was before it does not."""
    since = Since(accepted, Price.of(Decimal(text)))

    step = step_of(tmp_path, [*LEDGE, "2026-03-30,VTI,170"], since)

    assert (step and step.on) == on


def test_a_file_that_begins_after_the_split_is_compared_with_the_record(tmp_path: Path) -> None:
    """The accepted price is the row before; with weeks between, a split may be off by a tenth."""
    since = Since(date(2026, 2, 2), Price.of(Decimal("364.14")))

    step = step_of(tmp_path, ["2026-03-09,VTI,170.2", "2026-03-30,VTI,171"], since)

    assert step is not None
    assert (step.before_on, step.on) == (date(2026, 2, 2), day(9))


def test_a_typed_price_is_compared_with_the_only_row(tmp_path: Path) -> None:
    """The row of the same day, where there is none before it: a slip of the hand is seen."""
    quote = quote_of(prices(tmp_path, "date,symbol,close\n2026-03-30,VTI,10.64\n", VTI="106.4"))

    assert quote is not None
    assert quote.previous == Price(1064, -2)
