"""A broker's export: read through a map, never guessed at, and nothing in it passed over."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.adapters.broker_export import plain_number, read_export
from trimtab.adapters.import_map import (
    MAP_FILE,
    ColumnMap,
    add_map,
    guess_map,
    map_text,
    map_to_fill_in,
    read_map,
)
from trimtab.model.errors import InputError

AMERICAN = """\
\ufeffPositions for account Individual ...123 as of 04/02/2026

Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value
X123,INDIVIDUAL,SPAXX**,HELD IN MONEY MARKET,,,"$2,600.00"
X123,INDIVIDUAL,VTI,VANGUARD TOTAL STOCK,"1,210.5",$300.10,"$363,271.05"
X123,INDIVIDUAL,BRKB,BERKSHIRE,3,$480.00,"$1,440.00"
X123,INDIVIDUAL,VTI,VANGUARD TOTAL STOCK,1,$300.10,$300.10
X999,ROTH,VTI,VANGUARD TOTAL STOCK,7,$300.10,$2100.70
X123,INDIVIDUAL,Pending Activity,,,,-$5.00

"The data and information in this spreadsheet is provided to you solely for your use."
"""
EUROPEAN = """\
Symbol;Units;Value
IWDA;1.210,5;99.000,00
Cash;;1.234,56
"""
MAP = ColumnMap(
    symbol="Symbol",
    quantity="Quantity",
    amount="Current Value",
    account="Account Number",
    account_is="X123",
    skip_rows=2,
    symbols={"BRKB": "BRK.B"},
)


def export(tmp_path: Path, text: str | bytes) -> Path:
    """An export with that text."""
    path = tmp_path / "export.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return path


def test_positions_and_cash_of_one_account(tmp_path: Path) -> None:
    """Rows of the account are added up by instrument; totals, others and remarks are not."""
    imported = read_export(export(tmp_path, AMERICAN), MAP, account="brokerage")

    assert imported.statement.account == "brokerage"
    assert imported.statement.positions == {"VTI": Decimal("1211.5"), "BRK.B": Decimal(3)}
    assert imported.statement.cash == 260_000
    assert [finding.code for finding in imported.findings] == ["export-notes"]


def test_decimal_commas_where_the_map_says_so(tmp_path: Path) -> None:
    """The map, not the look of a number, says which mark stands before the decimals."""
    path = export(tmp_path, EUROPEAN)
    column_map = guess_map(path)
    assert column_map is not None

    imported = read_export(path, column_map, account="depot", resolve={"IWDA": "WORLD"}.__getitem__)

    assert (column_map.separator, column_map.decimal, column_map.amount) == (";", ",", "Value")
    assert imported.statement.positions == {"WORLD": Decimal("1210.5")}
    assert imported.statement.cash == 123_456


def test_known_headers_are_found_below_a_title(tmp_path: Path) -> None:
    """A guess names the columns and how many lines stand before them."""
    guess = guess_map(export(tmp_path, AMERICAN))

    assert guess is not None
    assert (guess.symbol, guess.quantity, guess.amount, guess.skip_rows) == (
        "Symbol", "Quantity", "Current Value", 2,
    )  # fmt: skip
    assert guess_map(export(tmp_path, "a,b\n1,2\n")) is None


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"", "empty"),
        ("Symbol,Quantity\nVTI,5\n".encode("utf-16"), "UTF-16"),
        ("Symbol,Quantity\nVTI,5\n".encode("utf-16-le"), "UTF-16"),
        (b"Symbol,Quantity\rVTI,5\r", "CR alone"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_text_is_not_called_without_headers(
    tmp_path: Path, raw: bytes | None, wrong: str
) -> None:
    """The map is not to blame for a file that is empty, UTF-16 or of an old Mac."""
    path = tmp_path / "export.csv"
    if raw is None:
        path.mkdir()
    else:
        path.write_bytes(raw)

    with pytest.raises(InputError) as caught:
        guess_map(path)
    assert [wrong in problem.wrong for problem in caught.value.problems] == [True]


def test_a_map_is_kept_in_the_folder(tmp_path: Path) -> None:
    """What is added to import-map.toml is what is read from it, beside the maps of others."""
    add_map(tmp_path, "a b", MAP)
    add_map(tmp_path, "depot", ColumnMap('S"y', "Ü", separator="\t", decimal=",", ignore=("",)))

    assert read_map(tmp_path, "a b") == MAP
    assert read_map(tmp_path, "depot") == ColumnMap(
        'S"y', "Ü", separator="\t", decimal=",", ignore=("",)
    )
    assert read_map(tmp_path, "other") is None
    with pytest.raises(InputError):
        add_map(tmp_path, "depot", MAP)


def test_the_example_in_the_documentation_is_a_map(tmp_path: Path) -> None:
    """What docs/portfolio-folder.md shows of import-map.toml can be used as it is."""
    docs = Path(__file__).resolve().parents[2] / "docs" / "portfolio-folder.md"
    section = docs.read_text(encoding="utf-8").partition("## import-map.toml")[2]
    (tmp_path / MAP_FILE).write_text(section.partition("```toml\n")[2].partition("```")[0])

    column_map = read_map(tmp_path, "brokerage")

    assert column_map is not None
    assert column_map.account_is == "X12345678"


@pytest.mark.parametrize(
    ("toml", "places"),
    [
        ("[a]\nsymbol = 'S'\n", [(1, "a.quantity")]),
        ("[a]\nsymbol = 'S'\nquantity = 3\n", [(3, "a.quantity")]),
        ("[a]\nsymbol = 'S'\nquantity = 'Q'\nskip = 3\n", [(4, "a.skip")]),
        ("[a]\nsymbol = 'S'\nquantity = 'Q'\ndecimal = ';'\n", [(4, "a.decimal")]),
        ("[a]\nsymbol = 'S'\nquantity = 'Q'\naccount = 'A'\n", [(1, "a.account_is")]),
        ("[a]\nsymbol = 'S'\nquantity = 'Q'\nsymbols = {X = '<b>'}\n", [(4, "a.symbols.X")]),
        ("[a\n", [(1, "")]),
        ("a = 1\n", [(1, "a"), (1, "a.symbol"), (1, "a.quantity")]),
    ],
)
def test_a_wrong_map_is_said_at_its_line(
    tmp_path: Path, toml: str, places: list[tuple[int, str]]
) -> None:
    """Every problem of import-map.toml names its line and key."""
    (tmp_path / MAP_FILE).write_text(toml)

    with pytest.raises(InputError) as caught:
        read_map(tmp_path, "a")

    problems = caught.value.problems
    assert [(problem.file, problem.line, problem.key) for problem in problems] == [
        (MAP_FILE, line, key) for line, key in places
    ]


@pytest.mark.parametrize(
    ("was", "now", "places"),
    [
        ('"1,210.5"', '"1.210,5"', [(5, "quantity")]),
        ('"1,210.5"', "--", [(5, "quantity")]),
        ('"1,210.5"', '"12,10.5"', [(5, "quantity")]),
        ('"1,210.5"', "١٢", [(5, "quantity")]),
        ('"$2,600.00"', "$2600.001", [(4, "amount")]),
        (",BRKB,", ",<script>,", [(6, "symbol")]),
        (",BRKB,", ",=HYPERLINK,", [(6, "symbol")]),
        (",3,$480.00", ",3,$480.00,1,2,3", [(6, "")]),
        (",3,$480.00", ",-3,$480.00", [(6, "quantity")]),
        (",3,$480.00", ",(3),$480.00", [(6, "quantity")]),
        ("BERKSHIRE", '"BERK', [(6, "")]),
        ("Symbol,Desc", "Sym,Desc", [(3, "symbol")]),
        ("Current Value", "Value", [(3, "amount")]),
    ],
)
def test_what_cannot_be_read_is_said_at_its_line(
    tmp_path: Path, was: str, now: str, places: list[tuple[int, str]]
) -> None:
    """No row is dropped because it is strange, and no number is guessed."""
    assert was in AMERICAN

    with pytest.raises(InputError) as caught:
        read_export(export(tmp_path, AMERICAN.replace(was, now)), MAP, account="a")

    assert [(problem.line, problem.key) for problem in caught.value.problems] == places


@pytest.mark.parametrize(("was", "now"), [(";", ","), (",", ";"), ("\t", ",")])
def test_another_separator_than_the_map_has_is_said(tmp_path: Path, was: str, now: str) -> None:
    """A file that the broker now separates otherwise is told from one without the column."""
    text = "Symbol;Quantity;Value\nVTI;10;2600\n"
    column_map = guess_map(export(tmp_path, text.replace(";", was)))
    assert column_map is not None

    with pytest.raises(InputError) as caught:
        read_export(export(tmp_path, text.replace(";", now)), column_map, account="a")

    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (1, "separator")
    assert f'separator = "{now}"' in problem.remedy
    assert "decimal" in problem.remedy


@pytest.mark.parametrize("account", ["X124", ""])
def test_an_account_that_no_row_names_is_an_error(tmp_path: Path, account: str) -> None:
    """An export of other accounts is not taken for an empty one."""
    with pytest.raises(InputError) as caught:
        read_export(export(tmp_path, AMERICAN), replace(MAP, account_is=account), account="a")

    assert [problem.key for problem in caught.value.problems] == ["account"]


def test_without_a_row_of_cash_cash_is_not_compared(tmp_path: Path) -> None:
    """No row of cash is not the same as no cash."""
    path = export(tmp_path, "Symbol,Quantity\nVTI,1\n")

    imported = read_export(path, ColumnMap("Symbol", "Quantity"), account="a")

    assert imported.statement.cash is None
    assert [finding.code for finding in imported.findings] == ["export-without-cash"]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1234.5", ".", "1234.5"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("-$5.00", ".", "-5.00"),
        ("($5.00)", ".", "-5.00"),
        ("5,00 €", ",", "5.00"),
        ("−1", ".", "-1"),
        ("1.234.567,8", ",", "1234567.8"),
    ],
)
def test_numbers_in_the_style_of_the_map(text: str, decimal: str, value: str) -> None:
    """Groups, signs and brackets are read; what they mean depends on the map alone."""
    style = "." if decimal == "." else ","

    assert plain_number(text, decimal=style) == Decimal(value)


names = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=8)


@settings(deadline=None)
@given(names.filter(str.strip), st.dictionaries(names, st.sampled_from(["VTI", "A.B"]), max_size=2))
def test_any_map_is_written_as_toml(header: str, symbols: dict[str, str]) -> None:
    """Whatever a broker calls its columns, the map that is written can be parsed again."""
    written = tomllib.loads(map_text("a", ColumnMap(header, "Quantity", symbols=symbols)))["a"]

    assert written["symbol"] == header
    assert written.get("symbols", {}) == symbols


pieces = st.sampled_from(
    ["Symbol", "Quantity", "VTI", "CASH", "1", "1,5", ",", ",", ";", "\n", "\n", '"', "\r", "\x00",
     "=", "é", "$"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=40).map("".join) | st.binary(max_size=60))
def test_any_export_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    """There is no export that does more harm than an InputError that can be printed."""
    path = export(tmp_path_factory.getbasetemp(), text)

    try:
        column_map = guess_map(path) or ColumnMap("Symbol", "Quantity")
        problems = read_export(path, column_map, account="a").findings
        texts = [finding.message for finding in problems]
    except InputError as error:
        texts = [str(problem) for problem in error.problems]

    assert all(text.isprintable() for text in texts)


def test_headers_that_are_not_known_are_shown_with_the_map_to_write(tmp_path: Path) -> None:
    """The likeliest header is told whole, and what to write is a map once names are filled in."""
    text = "Depot 123;;\n\nWertpapier;Stück;Kurs (EUR);Wert\nVTI;1.234,5;300,10;370.000,00\n"
    path = export(tmp_path, text)

    told = map_to_fill_in(path, "ira")

    assert 'Line 3 looks like its header: "Wertpapier", "Stück", "Kurs (EUR)", "Wert".' in told
    written = "\n".join(line for line in told.split("\n\n", 1)[1].splitlines())
    for name in ("Wertpapier", "Stück", "Wert"):
        written = written.replace("...", name, 1)
    (tmp_path / MAP_FILE).write_text(written, encoding="utf-8")
    column_map = read_map(tmp_path, "ira")
    assert column_map is not None
    found = read_export(path, column_map, account="ira").statement
    assert found.positions == {"VTI": Decimal("1234.5")}


def test_a_file_without_headers_says_that_it_has_none(tmp_path: Path) -> None:
    """Where no line has two names there is nothing to map."""
    assert "no line of it has two headers" in map_to_fill_in(export(tmp_path, "1;2\n3;4\n"), "ira")
