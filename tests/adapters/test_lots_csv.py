"""lots.csv and sales.csv: exact lots from rows, and what is wrong with rows, line by line."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.adapters.csv_lines import Sheet
from trimtab.adapters.lots_csv import (
    Names,
    Opening,
    opening,
    past_sales,
    read_lot_sheet,
    read_sale_sheet,
)
from trimtab.model.accounts import Lot, Sale, TaxTreatment

HEADER = "account,symbol,quantity,acquired,cost_basis\n"
WITH_ID = "account,symbol,quantity,acquired,cost_basis,lot\n"
SALES_HEADER = "account,symbol,quantity,acquired,sold,proceeds,cost_basis\n"
STEPS = {"VTI": Decimal(1), "FUND": Decimal("0.001"), "BTC-USD": Decimal("0.00000001")}
NAMES = Names(
    currency="USD",
    accounts={"tax": TaxTreatment.TAXABLE, "ira": TaxTreatment.ROTH},
    steps=STEPS,
    resolve=lambda symbol: {"OLD": "VTI"}.get(symbol, symbol),
    latest=date(2026, 3, 31),
)


def sheet_of(tmp_path: Path, text: str | bytes) -> Sheet:
    """The rows of a lots.csv of that text."""
    path = tmp_path / "lots.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return read_lot_sheet(path, "lots.csv")


def opened(tmp_path: Path, text: str) -> Opening:
    """Lots and cash of a lots.csv that is right in form."""
    sheet = sheet_of(tmp_path, text)
    assert sheet.problems == []
    return opening(sheet, NAMES)


def test_lots_and_cash_are_exact(tmp_path: Path) -> None:
    """Quantities become steps and money minor units, to the last digit."""
    start = opened(
        tmp_path,
        HEADER
        + "tax,FUND,12345678.901,2020-02-29,99999999.99\n"
        + "ira,BTC-USD,0.00000001,,\n"
        + "tax,VTI,3,inherited,0\n"
        + "ira,USD,0.07,,\n",
    )

    assert start.problems == ()
    assert start.cash == {"ira": 7}
    assert start.lots == (
        Lot("ira-BTC-USD-undated-1", "ira", "BTC-USD", 1),
        Lot("tax-FUND-2020-02-29-1", "tax", "FUND", 12345678901, date(2020, 2, 29), 9999999999),
        Lot("tax-VTI-inherited-1", "tax", "VTI", 3, "inherited", 0),
    )


def test_columns_may_stand_in_any_order_and_rows_be_blank_or_remarks(tmp_path: Path) -> None:
    """The header says which column is which; empty rows and lines that begin with # say nothing."""
    start = opened(
        tmp_path, "# mine\nsymbol,account,cost_basis,quantity,acquired\n\nVTI,ira,,1,\n,,,,\n"
    )

    assert [lot.quantity for lot in start.lots] == [1]


def test_an_old_ticker_stands_for_its_instrument(tmp_path: Path) -> None:
    """A lot under an old ticker is a lot of the instrument that it was."""
    start = opened(tmp_path, HEADER + "ira,OLD,1,,\n")

    assert [lot.instrument for lot in start.lots] == ["VTI"]


def test_ids_count_the_lots_of_a_day_from_the_smallest(tmp_path: Path) -> None:
    """Lots of one day are told apart by quantity, then basis; an id that is given stays."""
    start = opened(
        tmp_path,
        WITH_ID
        + "tax,VTI,2,2020-01-02,300,\n"
        + "tax,VTI,1,2020-01-02,200,\n"
        + "tax,VTI,1,2020-01-02,100,\n"
        + "tax,VTI,9,2020-01-02,1,tax-VTI-2020-01-02-2\n",
    )

    assert [(lot.id[-2:], lot.quantity, lot.basis) for lot in start.lots] == [
        ("-1", 1, 10_000),
        ("-3", 1, 20_000),
        ("-4", 2, 30_000),
        ("-2", 9, 100),
    ]


def test_equal_rows_are_two_lots_and_are_noticed(tmp_path: Path) -> None:
    """Nothing is dropped for looking like a copy, but its owner is told."""
    start = opened(tmp_path, HEADER + "tax,VTI,1,2020-01-02,9\n" * 2)

    assert [lot.id for lot in start.lots] == ["tax-VTI-2020-01-02-1", "tax-VTI-2020-01-02-2"]
    assert [(finding.code, finding.subject) for finding in start.findings] == [
        ("equal-lots", "tax/VTI")
    ]


ROWS: list[tuple[str, list[str]]] = [
    # a row of tax or ira, the columns at which something is wrong
    ("tax,VTI,0,2020-01-02,1", ["quantity"]),
    ("tax,VTI,-1,2020-01-02,1", ["quantity"]),
    ("tax,VTI,1.5,2020-01-02,1", ["quantity"]),
    ("tax,FUND,1.0005,2020-01-02,1", ["quantity"]),
    ("tax,VTI,,2020-01-02,1", ["quantity"]),
    ("tax,VTI,1e3,2020-01-02,1", ["quantity"]),
    ("tax,VTI,1e999,2020-01-02,1", ["quantity"]),
    ("tax,VTI,nan,2020-01-02,1", ["quantity"]),
    ("tax,VTI,inf,2020-01-02,1", ["quantity"]),
    ("tax,VTI,٣,2020-01-02,1", ["quantity"]),
    ("tax,VTI,１,2020-01-02,1", ["quantity"]),
    ('tax,VTI,"1,000",2020-01-02,1', ["quantity"]),
    ("tax,VTI,=1+1,2020-01-02,1", ["quantity"]),
    ("tax,VTI,99999999999999999999,2020-01-02,1", ["quantity"]),
    ("tax,VTI,9" + "9" * 30 + ",2020-01-02,1", ["quantity"]),
    ("tax,VTI,1,2020-01-02,1.001", ["cost_basis"]),
    ("tax,VTI,1,2020-01-02,-1", ["cost_basis"]),
    ("tax,VTI,1,2020-01-02,", ["cost_basis"]),
    ("tax,VTI,1,2020-01-02,$5", ["cost_basis"]),
    ("tax,VTI,1,2020-01-02,(5)", ["cost_basis"]),
    ('tax,VTI,1,2020-01-02,"1.234,56"', ["cost_basis"]),
    ("tax,VTI,1,,1", ["acquired"]),
    ("tax,VTI,1,,", ["acquired", "cost_basis"]),
    ("tax,VTI,1,2026-04-01,1", ["acquired"]),
    ("tax,VTI,1,2025-02-29,1", ["acquired"]),
    ("tax,VTI,1,20200102,1", ["acquired"]),
    ("tax,VTI,1,2020-W01-1,1", ["acquired"]),
    ("tax,VTI,1,1/2/2020,1", ["acquired"]),
    ("tax,VTI,1,٢٠٢٠-01-02,1", ["acquired"]),
    ("tax,VTI,1,Inherited,1", ["acquired"]),
    ("tx,VTI,1,2020-01-02,1", ["account"]),
    (",VTI,1,2020-01-02,1", ["account"]),
    ("=cmd|x,VTI,1,2020-01-02,1", ["account"]),
    ("ira,@SUM(A1),1,,", ["symbol"]),
    ("ira,-VTI,1,,", ["symbol"]),
    ("ira,+VTI,1,,", ["symbol"]),
    ("ira,<script>,1,,", ["symbol"]),
    ("ira,VT\x1bI,1,,", ["symbol"]),
    ("ira,VTI ,1,,", ["symbol"]),
    ("ira," + "V" * 33 + ",1,,", ["symbol"]),
    ("ira,,1,,", ["symbol"]),
    ("ira,CASH,1,,", ["symbol"]),
    ("ira,EUR,1,,", ["symbol"]),
    ("ira,USD,1,2020-01-02,1", ["acquired", "cost_basis"]),
    ("ira,USD,-1,,", ["quantity"]),
    ("ira,USD,0.001,,", ["quantity"]),
]


@pytest.mark.parametrize(("row", "columns"), ROWS, ids=[repr(row[0][:40]) for row in ROWS])
def test_a_wrong_row_is_said_at_its_line_and_column(
    tmp_path: Path, row: str, columns: list[str]
) -> None:
    """A row that cannot be believed is refused where it is wrong, and nothing is guessed."""
    sheet = sheet_of(tmp_path, HEADER + "ira,VTI,1,,\n" + row + "\n")
    start = opening(sheet, NAMES)

    assert sheet.problems == []
    assert [(problem.line, problem.key) for problem in start.problems] == [
        (3, column) for column in columns
    ]
    assert str(start.problems[0]).isprintable()


FORMS: list[tuple[str | bytes, list[tuple[int | None, str]]]] = [
    # a whole file, line and key of each problem
    (f"# M\u00fcller\n{HEADER}ira,VTI,1,,\nM\u00fcller,VTI,1,,\n".encode("latin-1"), [(4, "")]),
    (f"{HEADER}ira,VTI,1,,\nM\u00fcller,VTI,1,,".encode("latin-1"), [(3, "")]),
    ("", [(1, "")]),
    ("\n\n", [(1, "")]),
    ("account,symbol,quantity,acquired\n", [(1, "")]),
    ("account,symbol,quantity,acquired,basis\n", [(1, ""), (1, "")]),
    ("account,symbol,quantity,acquired,cost_basis,symbol\n", [(1, "symbol")]),
    ("Depot,symbol,quantity,acquired,cost_basis\n", [(1, ""), (1, "")]),
    (HEADER + "ira,VTI,1,\n\nira,VTI,1,,,\n", [(2, ""), (4, "")]),
    (HEADER + 'ira,"VTI,1,,\n', [(2, "")]),
    (HEADER + 'ira,"VTI"x,1,,\n', [(2, "")]),
    (HEADER.replace(",", ";") + "tax;VTI;1.234,5;2020-01-02;25410,00\n", [(1, ""), (2, "")]),
    (HEADER.replace(",", "\t"), [(1, "")]),
    (HEADER.encode("utf-16"), [(1, "")]),
    (HEADER + "x" * 5000, [(2, "")]),
    (HEADER + "tax,VTI,210,2017-03-06,25410,00\n", [(2, "")]),
]


@pytest.mark.parametrize(("text", "places"), FORMS, ids=[repr(form[0][:60]) for form in FORMS])
def test_a_file_of_another_form_is_said_at_its_line(
    tmp_path: Path, text: str | bytes, places: list[tuple[int | None, str]]
) -> None:
    """Headers, separators, quotes and field counts that are not ours are told with their line."""
    sheet = sheet_of(tmp_path, text)

    assert [(problem.line, problem.key) for problem in sheet.problems] == places


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("account;symbol;quantity;acquired;cost_basis\ntax;VTI;1.234,5;2020-01-02;25410,00\n",
         "tax,VTI,1234.5,2020-01-02,25410.00"),
        (HEADER + "tax,VTI,210,2017-03-06,25410,00\n", "tax,VTI,210,2017-03-06,25410.00"),
    ],
)  # fmt: skip
def test_decimal_commas_are_answered_with_the_line_that_would_be_right(
    tmp_path: Path, text: str, right: str
) -> None:
    """A European spreadsheet is refused and shown how its row is written here."""
    sheet = sheet_of(tmp_path, text)

    assert right in sheet.problems[-1].remedy


def test_an_ambiguous_number_is_not_guessed(tmp_path: Path) -> None:
    """1,234 may be a thousand or a bit more than one: no suggestion states either."""
    start = opening(sheet_of(tmp_path, HEADER + 'ira,VTI,"1,234",,\n'), NAMES)

    assert "1234" not in start.problems[0].remedy.replace("1234.56", "")


def test_one_endless_line_is_refused_unread(tmp_path: Path) -> None:
    """A line of a hundred megabytes is given up after the first block of it."""
    path = tmp_path / "lots.csv"
    with path.open("wb") as stream:
        stream.write(HEADER.encode())
        stream.truncate(100 * 2**20)

    sheet = read_lot_sheet(path, "lots.csv")

    assert [(problem.line, problem.key) for problem in sheet.problems] == [(2, "")]
    assert sheet.rows == []


def test_lot_ids_are_unique(tmp_path: Path) -> None:
    """Two lots of one id, and an id that a spreadsheet would run, are refused."""
    start = opening(
        sheet_of(tmp_path, WITH_ID + "ira,VTI,1,,,a\nira,VTI,2,,,a\nira,VTI,3,,,=a\n"), NAMES
    )

    assert [(problem.line, problem.key) for problem in start.problems] == [(3, "lot"), (4, "lot")]


lot_rows = st.lists(
    st.tuples(
        st.sampled_from(["tax", "ira"]),
        st.sampled_from(["VTI", "FUND"]),
        st.integers(1, 3),
        st.sampled_from(["2020-01-02", "2021-05-06", "inherited"]),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(lot_rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    rows: list[tuple[str, str, int, str, int]], shuffle: random.Random
) -> None:
    """The same rows give the same lots, ids, cash and findings in whatever order they stand."""
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    sheets = [
        Sheet(
            "lots.csv",
            {name: place for place, name in enumerate(HEADER.strip().split(","))},
            [(line, [str(field) for field in row]) for line, row in enumerate(order, 2)],
        )
        for order in (rows, shuffled)
    ]

    assert opening(sheets[0], NAMES) == opening(sheets[1], NAMES)


def sales_of(tmp_path: Path, rows: str) -> tuple[tuple[Sale, ...], list[tuple[int | None, str]]]:
    """The sales of a sales.csv, and line and column of what is wrong with it."""
    path = tmp_path / "sales.csv"
    path.write_text(SALES_HEADER + rows)
    sheet = read_sale_sheet(path, "sales.csv")
    assert sheet.problems == []
    sales, problems = past_sales(sheet, NAMES)
    return sales, [(problem.line, problem.key) for problem in problems]


def test_sales_come_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    """Wash sales are counted in order of sale, whatever the order of rows."""
    sales, problems = sales_of(
        tmp_path,
        "tax,VTI,2,2020-01-02,2026-02-03,300,400.50\n"
        "ira,VTI,1,,2026-01-05,100,\n"
        "tax,OLD,1,inherited,2026-02-03,100,1\n",
    )

    assert problems == []
    assert [(sale.sold.month, sale.quantity, sale.proceeds, sale.basis) for sale in sales] == [
        (1, 1, 10_000, 10_000),
        (2, 2, 30_000, 40_050),
        (2, 1, 10_000, 100),
    ]


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ("tax,VTI,1,2026-02-04,2026-02-03,1,1", ["acquired"]),
        ("tax,VTI,1,2020-01-02,2026-04-01,1,1", ["sold"]),
        ("tax,VTI,1,2020-01-02,,1,1", ["sold"]),
        ("tax,VTI,1,2020-01-02,2026-02-03,,1", ["proceeds"]),
        ("tax,VTI,1,2020-01-02,2026-02-03,1,", ["cost_basis"]),
        ("tax,VTI,0,2020-01-02,2026-02-03,1,1", ["quantity"]),
        ("x,=,x,x,x,x,x", ["account", "symbol", "quantity", "acquired", "sold", "proceeds",
                           "cost_basis"]),
    ],
)  # fmt: skip
def test_a_wrong_sale_is_said_at_its_line_and_column(
    tmp_path: Path, row: str, columns: list[str]
) -> None:
    """A sale that cannot be is refused where it is wrong."""
    _, problems = sales_of(tmp_path, row + "\n")

    assert problems == [(2, column) for column in columns]


def test_a_file_of_another_kind_does_not_drown_its_reader(tmp_path: Path) -> None:
    """After a thousand problems the rest is not told."""
    sheet = sheet_of(tmp_path, HEADER + "a,b,c,d,e\n" * 3000)

    start = opening(sheet, NAMES)

    assert len(start.problems) < 1010


def test_names_of_columns_may_have_capitals(tmp_path: Path) -> None:
    """A spreadsheet's header is read as the names that it means."""
    text = HEADER.title() + "tax,VTI,3,2020-01-02,100\n"

    sheet = sheet_of(tmp_path, text)

    assert not sheet.problems
    assert list(sheet.columns) == HEADER.strip().split(",")
