"""Reading prices for research: strict, located, and never filled in."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.engine.households import CALENDAR as NYSE
from trimtab.adapters.price_frames import read_dated_targets, read_prices
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import InputError
from trimtab.model.instruments import Instrument
from trimtab.simulate.prices.history import PriceHistory

WIDE = "date,SPY,AGG\n2024-01-02,470.5,98\n2024-01-03,468.25,\n2024-01-04,467,97.5\n"


def _read(tmp_path: Path, text: str, name: str = "prices.csv") -> PriceHistory:
    path = tmp_path / name
    path.write_text(text)
    return read_prices(path)


def _refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        _read(tmp_path, text)
    return [str(problem) for problem in caught.value.problems]


def test_a_wide_file_is_read_as_it_stands(tmp_path: Path) -> None:
    """Dates, symbols and prices come out as written; an empty cell is no price."""
    prices = _read(tmp_path, WIDE)

    assert prices.symbols == ("SPY", "AGG")
    assert [str(day) for day in prices.dates] == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert prices.close[:, 0].tolist() == [470.5, 468.25, 467.0]
    assert np.isnan(prices.close[1, 1])
    assert prices.open is None


def test_compressed_files_marks_and_comments_are_understood(tmp_path: Path) -> None:
    """Gzip, a byte order mark, Windows line ends and comment lines change nothing."""
    text = "\ufeff# from my broker\r\n" + WIDE.replace("\n", "\r\n")
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))

    assert np.array_equal(read_prices(path).close, _read(tmp_path, WIDE).close, equal_nan=True)


def test_a_long_file_becomes_total_returns(tmp_path: Path) -> None:
    """Dividends and splits are worked in backwards from the last close; holders lose nothing."""
    prices = _read(
        tmp_path,
        "date,symbol,open,close,dividend,split\n"
        "2024-01-02,X,99,100,,\n"
        "2024-01-03,X,98,98,2,\n"
        "2024-01-04,X,24.5,25,,4\n"
        "2024-01-05,X,26,26,,\n",
    )

    close = prices.close[:, 0]
    assert close[-1] == 26.0
    assert close[1] / close[0] == pytest.approx((98 + 2) / 100)
    assert close[2] / close[1] == pytest.approx(25 * 4 / 98)
    assert prices.open is not None
    assert prices.open[0, 0] / close[0] == pytest.approx(99 / 100)
    assert not prices.findings


SPLIT_WORDS = [
    "2",
    "2.0",
    "0.5",
    "3:2",
    "3/2",
    "1:10",
    "",
    "0",
    "1",
    "2e1",
    "two",
    "-2",
    "3:0",
    "1:2:3",
]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("word", SPLIT_WORDS)
def test_a_split_is_the_same_word_for_backtests_and_plans(
    tmp_path: Path, word: str, kind: str
) -> None:
    """What a plan reads as a split a backtest reads as the same; what it refuses, so does it."""
    pl = pytest.importorskip("polars")
    path = tmp_path / f"p.{kind}"
    table = pl.DataFrame(
        {
            "date": ["2024-01-02", "2024-01-03"],
            "symbol": ["X", "X"],
            "close": [100.0, 50.0],
            "dividend": [0.0, 0.0],
            "split": ["", word],
        }
    )
    table.write_csv(path) if kind == "csv" else table.write_parquet(path)
    plans = PriceFile([path], instruments={"X": Instrument("X")}, calendar=NYSE)

    try:
        splits = plans.snapshot(date(2024, 1, 3), ["X"]).splits
    except InputError:
        with pytest.raises(InputError, match="is not a split"):
            read_prices(path)
        return
    ratio = splits[0].ratio if splits else 1
    close = read_prices(path).close[:, 0]
    assert close[1] / close[0] == pytest.approx(float(ratio * 50 / 100))


@pytest.mark.parametrize("split", [2, 2.0, None, "2:1"])
def test_a_split_in_parquet_stands_among_nulls(tmp_path: Path, split: float | str | None) -> None:
    """A column of numbers says the same as one of text, and null is no split."""
    pl = pytest.importorskip("polars")
    days = ["2024-01-02", "2024-01-03"]
    table = {"date": days, "close": [100.0, 50.0], "dividend": [0, 0], "split": [None, split]}
    pl.DataFrame(table).write_parquet(tmp_path / "X.parquet")

    close = read_prices(tmp_path / "X.parquet").close[:, 0]

    assert close[1] / close[0] == pytest.approx(0.5 if split is None else 1.0)


def test_adjusted_closes_go_before_dividends(tmp_path: Path) -> None:
    """Where the file has adj_close it is the price, and opens are brought to its scale."""
    prices = _read(
        tmp_path,
        "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,9,11,9,10,5,100\n"
        "2024-01-03,12,12,12,12,6,100\n",
        name="SPY.csv",
    )

    assert prices.symbols == ("SPY",)
    assert prices.close[:, 0].tolist() == [5.0, 6.0]
    assert prices.open is not None
    assert prices.open[:, 0].tolist() == [4.5, 6.0]


VOLUMES = (
    "date,symbol,close,volume,dividend,split\n"
    "2024-01-02,X,100,10,,\n"
    "2024-01-03,X,98,20,2,\n"
    "2024-01-04,X,25,,,4\n"
    "2024-01-05,X,26,0,,\n"
)


@pytest.mark.parametrize("kind", ["csv", "parquet", "polars", "pandas"])
def test_volumes_are_on_the_scale_of_the_prices(tmp_path: Path, kind: str) -> None:
    """Close x volume is the money of the day, whatever splits and dividends came later."""
    pl = pytest.importorskip("polars")
    (tmp_path / "p.csv").write_text(VOLUMES)
    table = pl.read_csv(tmp_path / "p.csv", schema_overrides={"split": pl.Float64})
    table.write_parquet(tmp_path / "p.parquet")
    sources = {
        "csv": tmp_path / "p.csv",
        "parquet": tmp_path / "p.parquet",
        "polars": table,
        "pandas": table.to_pandas(),
    }

    prices = read_prices(sources[kind])

    assert prices.volume is not None
    money = (prices.close * prices.volume)[:, 0]
    assert money[[0, 1, 3]].tolist() == pytest.approx([1000.0, 1960.0, 0.0])
    assert np.isnan(money[2])
    # Four of today's units for one of then, and the dividend's part more.
    assert prices.volume[1, 0] == pytest.approx(80.0)
    assert prices.volume[0, 0] == pytest.approx(40.0 * 100 / 98)


def test_volumes_go_with_adjusted_closes(tmp_path: Path) -> None:
    """Where adj_close is the price, close x volume is still what close x volume of the file is."""
    prices = _read(tmp_path, "date,close,adj_close,volume\n2024-01-02,10,5,100\n", name="SPY.csv")

    assert prices.volume is not None
    assert prices.volume.tolist() == [[200.0]]
    assert _read(tmp_path, WIDE).volume is None


def test_closes_without_dividends_are_said_to_be(tmp_path: Path) -> None:
    """A long file that knows no dividends is read, and the result says so."""
    prices = _read(tmp_path, "date,symbol,close\n2024-01-02,X,1\n2024-01-03,X,2\n")

    assert [finding.code for finding in prices.findings] == ["no-dividends"]


def test_a_folder_is_its_files_together(tmp_path: Path) -> None:
    """The files of a folder are one history over all their dates, gaps left as gaps."""
    (tmp_path / "A.csv").write_text("date,adj_close\n2024-01-02,1\n2024-01-03,2\n")
    (tmp_path / "B.csv").write_text("date,adj_close\n2024-01-03,5\n2024-01-04,6\n")
    (tmp_path / "notes.md").write_text("not prices")

    prices = read_prices(tmp_path)

    assert prices.symbols == ("A", "B")
    assert np.isnan(prices.close).tolist() == [[False, True], [False, False], [True, False]]


def test_a_file_beside_prices_is_to_be_moved_out_of_their_folder(tmp_path: Path) -> None:
    """A folder is read whole: what is no table of prices in it is named, with where to put it."""
    (tmp_path / "spy.csv").write_text("date,SPY\n2024-01-02,1\n")
    (tmp_path / "spy.factor.csv").write_text("20240102,1,1\n")
    (tmp_path / "notes.csv").write_text("")

    with pytest.raises(InputError) as raised:
        read_prices(tmp_path)

    assert [one.file for one in raised.value.problems] == ["notes.csv", "spy.factor.csv"]
    assert all("move it out of the folder" in one.remedy for one in raised.value.problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date,A\n2024-01-02,1\n2024-01-02,2\n", "prices.csv:3: date: 2024-01-02 stands twice"),
        ("date,A\n2024-01-02,1\n2024-01-03,0\n", "prices.csv:3: A: a price of 0 is zero"),
        ("date,A\n2024-01-02,100\n2024-01-03,-5\n", "prices.csv:3: A: a price of -5 is below"),
        ("date,A\n2024-01-02,1e999\n", "prices.csv:2: A: a price of inf is infinite"),
        ("date,A\n2024-01-02,inf\n", "prices.csv:2: A: a price of inf is infinite"),
        ("date,A\n2024-01-02,abc\n", "prices.csv:2: A: 'abc' is not a number"),
        ("date,A\n2024-01-02,N/A\n", "leave it empty"),
        ("date,A\n2024-01-02,1_000\n", "'1_000' is not a number"),
        ("date,A\n2024-01-02,١٢\n", "is not a number"),
        ('date,A\n2024-01-02,"1.234,56"\n', "write 1234.56"),
        ("date,A\n02/01/2024,1\n", "write year-month-day, as 2024-MM-DD"),
        ("date,A\n2024-02-30,1\n", "is not a date"),
        ("date,A\n20240102,1\n", "is not a date"),
        ("2024-01-02,A,1\n2024-01-03,A,2\n", "prices.csv:1: it has no header"),
        ("date,A\n45293,1\n", "Excel's number of 2024-01-02"),
        ("date,A\n2024-01-02,$1.50\n", "write 1.50: digits"),
        ("date,A\n2024-01-02,1,2\n", "prices.csv:2: 3 fields where the header has 2"),
        ("date,A\n2024-01-02,1\n2024-01-03\n", "prices.csv:3: 1 field where the header has 2"),
        ("date,symbol,Price\n2024-01-02,A,1\n2024-01-02,B,1\n", "rename Price to close"),
        ("date,A,A\n2024-01-02,1,2\n", "the column 'A' stands twice"),
        ("20240102,1,1\n20240103,1,1\n", "numbers where the names of columns belong"),
        (
            "date,A\n" + "2024-01-02,1\n2024-01-03,2\n" * 3,
            "most days have several rows, as prices within the day do -> keep one row a day",
        ),
        (
            "date,symbol,close\n" + "2024-01-02,X,1\n2024-01-03,X,2\n" * 3,
            "most days have several rows of X",
        ),
        ("date;A\n2024-01-02;1\n", "separates its fields"),
        ("", "it is empty"),
        ("date,A\n", "it has no prices"),
        ("date,A\n2024-01-02,0.01\n2024-01-03,-0.02\n", "look like returns"),
        ("date,symbol,close\n2024-01-02,X,1\n2024-01-02,X,1\n", "stands twice for X"),
        (
            "date,symbol,close,split\n2024-01-02,X,1,-2\n",
            "prices.csv:2: split: '-2' is not a split",
        ),
        ("date,symbol,close,split\n2024-01-02,X,1,3:0\n", "'3:0' is not a split"),
        (
            "date,symbol,close,split\n2024-01-02,X,1,two\n",
            "write new units for an old one: 2 or 3:2",
        ),
        ("date,symbol,close,dividend\n2024-01-02,X,1,-1\n", "a dividend of -1"),
        ("date,symbol,close,dividend\n2024-01-02,X,1,\n2024-01-03,X,,1\n", "without a close"),
        (
            "date,symbol,close,currency\n2024-01-02,X,1,USD\n2024-01-02,Y,1,EUR\n",
            "several currencies: EUR, USD",
        ),
        ('date,A\n2024-01-02,"1\n', "a quote is not closed"),
        ("date,symbol,close,volume\n2024-01-02,X,1,-5\n", "prices.csv:2: volume: a volume of -5"),
        ("date,symbol,close,volume\n2024-01-02,X,1,inf\n", "volume: a volume of inf"),
        ("date,symbol,close,volume\n2024-01-02,X,1,many\n", "volume: 'many' is not a number"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """Bad prices are refused with file, line, column and what would be right."""
    assert any(said in problem for problem in _refused(tmp_path, text))


def drawn(scale: float) -> NDArray[np.float64]:
    """Returns of two columns over 250 days."""
    return np.random.default_rng(4).normal(0.0003, scale, (250, 2))


def table(numbers: NDArray[np.float64]) -> Any:
    """A wide frame of numbers by business day."""
    polars = pytest.importorskip("polars", reason="frames come from an extra")
    days = np.busday_offset("2024-01-01", np.arange(len(numbers)), roll="forward")
    return polars.DataFrame(
        {"date": days.tolist(), "A": numbers[:, 0].tolist(), "B": numbers[:, 1].tolist()}
    )


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (1.0 + drawn(0.01), "look like gross returns"),
        ((1.0 + drawn(0.01))[:12], "look like gross returns"),
        (1.0 + drawn(0.04), "look like gross returns"),
        (100.0 * drawn(0.01), "look like returns in percent"),
        (drawn(0.01), "look like returns,"),
    ],
)
def test_returns_are_not_taken_for_prices(numbers: NDArray[np.float64], said: str) -> None:
    """Gross returns and returns in percent are refused with the line that chains them."""
    with pytest.raises(InputError, match=said) as caught:
        read_prices(table(numbers))

    assert "cumprod()" in str(caught.value)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (np.abs(drawn(0.01))[:6], "may be returns"),
        (np.abs(drawn(0.0002))[:6], "may be returns"),
        ((1.0 + drawn(0.01))[:6], "may be gross returns"),
    ],
)
def test_few_returns_are_doubted(numbers: NDArray[np.float64], said: str) -> None:
    """Returns that are all above zero, or too few to be sure, are prices with a warning."""
    prices = read_prices(table(numbers))

    (found,) = [one for one in prices.findings if one.code == "looks-like-returns"]
    assert found.severity == "warning"
    assert said in found.message


def test_many_returns_above_zero_are_refused() -> None:
    """No price changes by half from one day to the next for a year."""
    with pytest.raises(InputError, match="look like returns"):
        read_prices(table(np.abs(drawn(0.01))))


@pytest.mark.parametrize("numbers", [0.02 * np.exp(drawn(0.2)), np.exp(drawn(0.01)[:6] - 0.1)])
def test_prices_of_pennies_are_no_returns(numbers: NDArray[np.float64]) -> None:
    """Small prices that move by a fifth a day, and a few below 1, are prices."""
    assert read_prices(table(numbers)).findings == ()


def test_symbols_of_a_long_table_are_looked_at_one_by_one(tmp_path: Path) -> None:
    """Two penny prices far from each other do not leap because their rows alternate."""
    days = [f"2024-01-{day:02},{name}" for day in range(2, 20) for name in ("A,0.01", "B,0.4")]

    prices = _read(tmp_path, "\n".join(["date,symbol,close", *days]))

    assert "looks-like-returns" not in {one.code for one in prices.findings}


def test_logarithms_of_prices_are_warned_of() -> None:
    """Small numbers with many decimals that hardly move may be prices, so they are only doubted."""
    walk = np.cumsum(drawn(0.012), axis=0)

    found = read_prices(table(np.log(100.0) + walk))

    assert [(one.code, one.severity) for one in found.findings] == [
        ("looks-like-logarithms", "warning")
    ]


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize(("apart", "scale"), [(1, 0.012), (7, 0.02), (30, 0.04)])
def test_logarithms_are_told_however_far_apart(
    tmp_path: Path, apart: int, scale: float, is_long: bool
) -> None:
    """Of days, weeks and months, in a wide table and in a long one, whose rows take turns."""
    logs = np.log(100.0) + np.cumsum(drawn(scale)[:90], axis=0) / 2
    days = np.datetime64("2010-01-04") + apart * np.arange(len(logs))
    if is_long:
        rows = [f"{d},A,{a:.6f}\n{d},B,{b:.6f}" for d, (a, b) in zip(days, logs, strict=True)]
    else:
        rows = [f"{d},{a:.6f},{b:.6f}" for d, (a, b) in zip(days, logs, strict=True)]
    text = "\n".join(["date,symbol,adj_close" if is_long else "date,A,B", *rows, ""])
    (tmp_path / "logs.csv").write_text(text)

    found = read_prices(tmp_path / "logs.csv")

    assert [one.code for one in found.findings] == ["looks-like-logarithms"]


def test_a_dividend_of_more_than_half_is_doubted_with_its_line(tmp_path: Path) -> None:
    """A total paid out where a sum a unit was meant makes a fortune: it is named, and counted."""
    rows = ["date,symbol,close,dividend", "2024-01-02,KO,60,", "2024-01-03,KO,60,30",
            "2024-01-04,KO,60,60.01", "2024-01-05,KO,60,200"]  # fmt: skip
    (tmp_path / "p.csv").write_text("\n".join([*rows, ""]))

    (found,) = read_prices(tmp_path / "p.csv").findings

    assert (found.code, found.subject) == ("large-dividend", "KO")
    assert "p.csv, line 4: a dividend of 60.01" in found.message
    assert "and 1 more like it" in found.message


@pytest.mark.parametrize(
    "numbers",
    [
        np.cumprod(1.0 + drawn(0.01), axis=0),
        np.cumprod(1.0 + drawn(0.004), axis=0),
        1.0 + drawn(0.00001),
        9.0 * np.cumprod(1.0 + drawn(0.003), axis=0).round(4),
        9.0 * np.cumprod(1.0 + drawn(0.02), axis=0),
    ],
)
def test_prices_near_one_and_cheap_ones_are_prices(numbers: NDArray[np.float64]) -> None:
    """A rate of exchange, a coin worth one dollar and a cheap fund pass without a word."""
    assert read_prices(table(numbers)).findings == ()


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Every wrong cell is named in one go, up to a limit."""
    three = _refused(tmp_path, "date,A,B\n2024-01-02,0,x\n2024-01-03,1,-1\n")
    many = _refused(tmp_path, "date,A\n" + "".join(f"2024-01-{d:02},x\n" for d in range(1, 32)) * 3)

    assert len(three) == 3
    assert len(many) == 51


def test_a_wide_file_out_of_order_is_sorted_and_said(tmp_path: Path) -> None:
    """Dates out of order are put in order with a finding."""
    prices = _read(tmp_path, "date,A\n2024-01-03,3\n2024-01-02,2\n")

    assert prices.close[:, 0].tolist() == [2.0, 3.0]
    assert [finding.code for finding in prices.findings] == ["unsorted"]


def test_nan_in_a_file_is_no_price_and_said(tmp_path: Path) -> None:
    """The letters NaN are no price; the finding names the lines."""
    prices = _read(tmp_path, "date,A\n2024-01-02,1\n2024-01-03,NaN\n2024-01-04,1\n")

    assert np.isnan(prices.close[1, 0])
    assert [(f.code, f.subject) for f in prices.findings] == [("nan-price", "A")]
    assert "line 3" in prices.findings[0].message


def test_a_tenfold_jump_is_named_as_the_split_it_looks_like(tmp_path: Path) -> None:
    """A price that jumps tenfold is a finding with date and likely split; a known split is none."""
    raw = _read(tmp_path, "date,A\n2024-01-02,100\n2024-01-03,5.02\n")
    known = _read(
        tmp_path,
        "date,symbol,close,dividend,split\n2024-01-02,A,100,,\n2024-01-03,A,5.02,,20\n",
    )

    assert [(f.code, f.severity) for f in raw.findings] == [("tenfold-jump", "error")]
    assert "20-for-1 split" in raw.findings[0].message
    assert "(prices.csv:3)" in raw.findings[0].message
    assert not known.findings


def test_a_price_is_found_again_where_it_was_read(tmp_path: Path) -> None:
    """By file and line, under an earlier name too; in Parquet by its row."""
    text = "date,symbol,close\n2024-01-03,NEW,11\n2024-01-02,OLD,10\n2024-01-04,NEW,12\n"
    path = tmp_path / "p.csv"
    path.write_text(text)
    wide = tmp_path / "w.parquet"
    with duckdb.connect() as connection:
        rows = "(VALUES (DATE '2024-01-02', 1.0), (DATE '2024-01-03', 2.0)) t(date, A)"
        connection.execute(f"COPY (FROM {rows}) TO '{wide}' (FORMAT parquet)")

    named = read_prices(path, aliases={"NEW": {"OLD": "2024-01-02"}})

    assert named.place_of("NEW", date(2024, 1, 2)) == ("p.csv", 3)
    assert named.place_of("NEW", date(2024, 1, 4)) == ("p.csv", 4)
    assert named.place_of("NEW", date(2024, 1, 5)) == ("p.csv", None)
    assert read_prices(wide).place_of("A", date(2024, 1, 3)) == ("w.parquet row 2", None)


@pytest.mark.parametrize("name", ["prices.xlsx", "missing.csv", "missing.parquet"])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    """Another kind of file, or none, is one clear problem."""
    (tmp_path / "prices.xlsx").write_bytes(b"PK")

    with pytest.raises(InputError) as caught:
        read_prices(tmp_path / name)

    assert len(caught.value.problems) == 1
    assert name in str(caught.value)


def test_bytes_that_are_not_utf8_are_located(tmp_path: Path) -> None:
    """A file in another encoding is refused at the line where it shows."""
    path = tmp_path / "prices.csv"
    path.write_bytes("date,Ä\n".encode("latin-1"))

    with pytest.raises(InputError, match=r"prices.csv:1: it is not UTF-8"):
        read_prices(path)


def test_parquet_and_frames_read_like_the_file(tmp_path: Path) -> None:
    """The same table as CSV, Parquet or frame, wide or long, is the same history."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    expected = _read(tmp_path, WIDE)
    wide = pl.read_csv(tmp_path / "prices.csv", try_parse_dates=True)
    long = wide.unpivot(index="date", variable_name="symbol", value_name="adj_close").drop_nulls()
    wide.write_parquet(tmp_path / "wide.parquet")
    long.write_parquet(tmp_path / "long.parquet")
    indexed = pd.read_csv(tmp_path / "prices.csv", index_col="date", parse_dates=True)
    sources: list[tuple[Any, str]] = [
        (tmp_path / "wide.parquet", "columns"),
        (tmp_path / "long.parquet", "columns"),
        (wide, "polars"),
        (long, "polars"),
        (indexed, "pandas"),
        (indexed.reset_index(), "pandas"),
        (indexed.tz_localize("America/New_York"), "pandas"),
    ]

    for source, frames in sources:
        found = read_prices(source)

        assert found.symbols == expected.symbols
        assert np.array_equal(found.dates, expected.dates)
        assert np.array_equal(found.close, expected.close, equal_nan=True)
        assert found.frames == frames


def test_a_frame_is_left_as_it_was() -> None:
    """Reading a frame neither changes nor locks it, and later changes to it do not reach back."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"A": [1.0, 2.0]}, index=pd.date_range("2024-01-01", periods=2))

    prices = read_prices(frame)
    frame.iloc[0, 0] = 7.0

    assert prices.close[0, 0] == 1.0


def test_frames_are_refused_with_their_rows() -> None:
    """Where there are no lines, a problem names the row."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"A": [1.0, 0.0]}, index=pd.date_range("2024-01-01", periods=2))
    levels = pd.DataFrame([[1.0]], columns=pd.MultiIndex.from_tuples([("Close", "A")]))

    with pytest.raises(InputError, match="A row 2: a price of 0 is zero"):
        read_prices(frame)
    with pytest.raises(InputError, match="several levels"):
        read_prices(levels)
    with pytest.raises(InputError, match="not read as prices"):
        read_prices([1, 2, 3])


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="date,A\n0123456789-.\"'ne+ \r\t;x\x00é", max_size=200))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever a file holds, it is read into sound prices or refused with its problems."""
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_text("date,A\n2024-01-02,5\n" + text, newline="")

    try:
        prices = read_prices(path)
    except InputError:
        return
    known = prices.close[~np.isnan(prices.close)]

    assert ((known > 0) & np.isfinite(known)).all()
    assert (np.diff(prices.dates).astype(int) > 0).all()


@pytest.mark.parametrize(("size", "both"), [(0.01, False), (0.3, True)])
def test_small_returns_may_be_percent(size: float, both: bool) -> None:
    """Returns as large as those of a bond in percent are told with both ways to chain them."""
    pd = pytest.importorskip("pandas")
    drawn = np.random.default_rng(5).normal(0.0, size, (200, 2))
    frame = pd.DataFrame(drawn, columns=["A", "B"], index=pd.bdate_range("2020-01-01", periods=200))

    with pytest.raises(InputError) as error:
        read_prices(frame)

    remedy = error.value.problems[0].remedy
    assert "(1 + returns).cumprod()" in remedy
    assert ("returns / 100" in remedy) == both


def test_rates_in_columns_pair_and_rate_are_told_once(tmp_path: Path) -> None:
    """A layout that is not read is one problem with those that are, not one for each row."""
    rows = [f"2024-01-{day:02d},EURUSD,1.1{day:02d}" for day in range(1, 29)]
    (tmp_path / "fx.csv").write_text("\n".join(["date,pair,rate", *rows]))

    with pytest.raises(InputError) as error:
        read_prices(tmp_path / "fx.csv")

    (problem,) = error.value.problems
    assert "date,EURUSD" in problem.remedy
    assert "date,symbol,close" in problem.remedy


def test_dated_targets_are_percent_and_exact(tmp_path: Path) -> None:
    """A target file's rows sum to 100 exactly and come out as shares, oldest first."""
    path = tmp_path / "targets.csv"
    path.write_text("date,SPY,AGG,CASH\n2024-06-28,33.3,66.7,\n2024-01-02,60,30,10\n")

    targets = read_dated_targets(path)

    assert list(targets) == [date(2024, 1, 2), date(2024, 6, 28)]
    assert targets[date(2024, 6, 28)] == {"SPY": 0.333, "AGG": 0.667, "CASH": 0.0}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2024-01-02,60,30", "sums to 90"),
        ("2024-01-02,0.6,0.4", "shares are in percent: did you mean "),
        ("2024-01-02,60,39.999999", "sums to 99.999999"),
        ("2024-01-02,120,-20", "below zero"),
        ("2024-01-02,60,forty", "plain decimal number"),
        ("2024-01-02,60,40\n2024-01-02,50,50", "stands twice"),
        ("", "it has no rows"),
    ],
)
def test_a_wrong_target_file_is_refused(tmp_path: Path, row: str, said: str) -> None:
    """Rows that are no targets are refused with line and remedy."""
    path = tmp_path / "targets.csv"
    path.write_text(f"date,SPY,AGG\n{row}\n")

    with pytest.raises(InputError, match=said):
        read_dated_targets(path)


def test_a_few_dates_of_weekends_are_told(tmp_path: Path) -> None:
    """A slip among sessions, with its line; where all week is traded nothing is said."""
    days = [date(2024, 1, 1) + timedelta(days=k) for k in range(60)]
    workdays = [day for day in days if day.weekday() < 5]
    slip = [*workdays[:20], date(2024, 1, 27), *workdays[20:]]

    odd = _read(tmp_path, "date,A,B\n" + "".join(f"{day},1,2\n" for day in slip))
    whole = _read(tmp_path, "date,A\n" + "".join(f"{day},1\n" for day in days))

    assert [(one.code, one.severity) for one in odd.findings] == [("weekend-row", "warning")]
    assert "2024-01-27 (prices.csv:22) is a Saturday" in odd.findings[0].message
    assert whole.findings == ()


def test_a_large_dividend_beside_adjusted_closes_is_doubted_too(tmp_path: Path) -> None:
    """Paid in cash it counts where the file has adj_close as well, so it is looked at there."""
    rows = ["date,symbol,close,adj_close,dividend", "2024-01-02,KO,60,58,",
            "2024-01-03,KO,60,59,1", "2024-01-04,KO,60,60,200"]  # fmt: skip
    (tmp_path / "p.csv").write_text("\n".join([*rows, ""]))

    (found,) = read_prices(tmp_path / "p.csv").findings

    assert (found.code, found.subject) == ("large-dividend", "KO")
    assert "line 4: a dividend of 200 a unit" in found.message
