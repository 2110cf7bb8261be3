"""What is wrong with portfolio.toml, said at its line."""

from __future__ import annotations

import pytest

from tests.adapters.example import LOTS, TOML, Make, places_of, problems_of
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.model.errors import InputError

REPLACED: list[tuple[str, str, list[tuple[int | None, str]]]] = [
    # what stands in the example, what stands there instead, line and key of each problem
    ('currency = "USD"', 'currency = "dollars"', [(1, "currency")]),
    ('currency = "USD"', 'currency = "JPY"', [(1, "currency")]),
    ('calendar = "XNYS"', 'calendar = "NYSE!"', [(2, "calendar")]),
    ('calendar = "XNYS"', "calender = 3", [(2, "calender")]),
    ('prices   = "prices.csv"', 'prices = "price.csv"', [(3, "prices")]),
    ('prices   = "prices.csv"', 'prices = ["prices.csv",\n"x"]', [(4, "prices[1]")]),
    ('prices   = "prices.csv"', "prices = 7", [(3, "prices")]),
    ('prices   = "prices.csv"', f"prices = '{'ü' * 190}'", [(3, "prices")]),
    ('prices   = "prices.csv"', "prices = '/dev/zero'", [(3, "prices")]),
    ('prices   = "prices.csv"', "prices = []", [(3, "prices")]),
    ("opened   = 2026-03-31", 'opened = "2026-03-31"', [(4, "opened")]),
    ("opened   = 2026-03-31", "opened = 2026-03-31T10:00:00Z", [(4, "opened")]),
    ('tax    = "taxable"', 'tax = "taxible"', [(7, "accounts.brokerage.tax")]),
    ('tax    = "taxable"', "", [(6, "accounts.brokerage.tax")]),
    ('broker = "manual"', "broker = true", [(8, "accounts.brokerage.broker")]),
    ('broker = "manual"', 'brokre = "manual"', [(8, "accounts.brokerage.brokre")]),
    ('tax = "roth"', 'tax = "roth"\nrelief = "fifo "', [(11, "accounts.roth.relief")]),
    (
        'tax = "roth"',
        'tax = "roth"\nrelief = "specific"',
        [(9, "accounts.roth.specific_lots")],
    ),
    (
        'tax = "roth"',
        'tax = "roth"\nrelief = "specific"\nspecific_lots = [\n"roth-VTI-undated-1",\n"other"]',
        [(14, "accounts.roth.specific_lots[1]")],
    ),
    ('tax = "roth"', 'tax = "roth"\nkeep = {VTI = 1.5}', [(11, "accounts.roth.keep.VTI")]),
    ('tax = "roth"', 'tax = "roth"\nkeep = {VTI = true}', [(11, "accounts.roth.keep.VTI")]),
    ('tax = "roth"', 'tax = "roth"\nkeep = {VTX = 1}', [(11, "accounts.roth.keep.VTX")]),
    ('tax = "roth"', 'tax = "roth"\ncosts = {bps = -1}', [(11, "accounts.roth.costs.bps")]),
    (
        'tax = "roth"',
        'tax = "roth"\ncosts = {commission = 0.001}',
        [(11, "accounts.roth.costs.commission")],
    ),
    (
        'menu = ["INST500", "BONDCIT"]',
        'menu = [\n "INST500",\n "<b>"]',
        [(15, "accounts.k401.menu[1]")],
    ),
    ('menu = ["INST500", "BONDCIT"]', 'menu = "INST500"', [(13, "accounts.k401.menu")]),
    (
        "[accounts.roth]",
        '[accounts."=cmd"]',
        [(9, 'accounts."=cmd"'), (29, "target.bonds.location[1]")],
    ),
    ('price   = "manual"', 'price = "typed"', [(16, "instruments.INST500.price")]),
    ("step    = 0.001", "step = 0", [(18, "instruments.INST500.step")]),
    ("step    = 0.001", "step = nan", [(18, "instruments.INST500.step")]),
    ("step    = 0.001", "step = 1e999", [(18, "instruments.INST500.step")]),
    ("step    = 0.001", "step = 0.001\nmax_age = 1.5", [(19, "instruments.INST500.max_age")]),
    ("step    = 0.001", 'step = 0.001\ncurrency = "euro"', [(19, "instruments.INST500.currency")]),
    (
        "step    = 0.001",
        "step = 0.001\naliases = [{symbol = 'A', until = 2020-01-01, from = 2021-01-01}]",
        [(19, "instruments.INST500.aliases[0].until")],
    ),
    (
        "step    = 0.001",
        "step = 0.001\naliases = [{until = 2020-01-01}]",
        [(19, "instruments.INST500.aliases[0]")],
    ),
    ("percent = 54", "percent = 53.99", [(20, "target")]),
    ("percent = 54", 'percent = "54"', [(21, "target.us.percent")]),
    ("percent = 54", "percent = true", [(21, "target.us.percent")]),
    ("percent = 54", "percent = -54", [(21, "target.us.percent")]),
    ("percent = 54", "percent = inf", [(21, "target.us.percent")]),
    ("percent = 54", "percent = 1e999", [(21, "target.us.percent")]),
    ("percent = 54", "percent = 1e99999999999999999999", [(21, "target.us.percent")]),
    ("percent = 54", "percent = 154", [(21, "target.us.percent")]),
    ("percent = 54", "persent = 54", [(21, "target.us.persent")]),
    ('["VTI", "ITOT", "INST500"]', '["VTI", "USD"]', [(22, "target.us.hold[1]")]),
    ('["VXUS", "IXUS"]', '["VXUS", "VTI"]', [(25, "target.intl.hold")]),
    ('hold    = ["VXUS", "IXUS"]', "", [(23, "target.intl.hold")]),
    ('["k401", "roth", "brokerage"]', '["k401", "rot"]', [(29, "target.bonds.location[1]")]),
    ("[target.bonds]", '[target."a.b"]', [(26, 'target."a.b"')]),
    ('"monthly+band:5pp/25%"', '"montly"', [(32, "policy.when")]),
    ('to        = "target"', 'to = "edge"\nwhen2 = 1', [(34, "policy.when2")]),
    ('"monthly+band:5pp/25%"\nto        = "target"', '"monthly"\nto = "edge"', [(33, "policy.to")]),
    ("min_trade = 500", "min_trade = 0.001", [(34, "policy.min_trade")]),
    ("min_trade = 500", "min_trade = 500\nfewest_trades = 1", [(35, "policy.fewest_trades")]),
    ("min_trade = 500", "min_trade = 500\ndrift_price = 0", [(35, "policy.drift_price")]),
    ('country       = "US"', 'country = "USA"', [(38, "tax.country")]),
    ('country       = "US"', 'country = "XX"', [(38, "tax.country")]),
    ('country       = "US"', 'country = "UK"', [(38, "tax.country")]),
    ("long_percent  = 15", "long_percent = 101", [(39, "tax.long_percent")]),
    (
        '[["VTI", "VTSAX"]]',
        '["VTI", "VTSAX"]',
        [(41, "tax.identical[0]"), (41, "tax.identical[1]")],
    ),
    ('[["VTI", "VTSAX"]]', '[["VTI"]]', [(41, "tax.identical[0]")]),
    ("[tax]", "[limits]\nfrozen_percent = 101\n[tax]", [(38, "limits.frozen_percent")]),
    ("[policy]", "[[policy]]", [(31, "policy")]),
    ("[policy]", "[polices]", [(31, "polices")]),
]  # fmt: skip


@pytest.mark.parametrize(("was", "now", "expected"), REPLACED, ids=[row[1] for row in REPLACED])
def test_a_wrong_key_is_said_at_its_line(
    make: Make, was: str, now: str, expected: list[tuple[int | None, str]]
) -> None:
    """Every problem of portfolio.toml names the line and the key that it is at."""
    assert TOML.count(was) == 1

    places = places_of(make(TOML.replace(was, now)))

    # Rows of lots.csv may then be wrong as well; this is about portfolio.toml.
    own = [(line, key) for file, line, key in places if file == "portfolio.toml"]
    assert own == expected


BYTES: list[tuple[bytes, int | None]] = [
    (b"currency = USD", 1),
    (b'currency = "USD"\n\ncurrency = "EUR"', 3),
    (b"# x\r\n\r\ncurrency = \r\n", 3),
    (b"a = 1\nb = \x00", 2),
    (b"a = 1\nb = '\xff'", 2),
    ("currency = 'USD'".encode("utf-16"), 1),
    (b"x = " + b"[" * 100_000, 1),
    (b"\nx = " + b"{a = " * 100_000, 2),
    (b"\n\na" + b".a" * 100_000 + b" = 1", 3),
    (b"[a" + b".a" * 100_000 + b"]", 1),
    (b"\nx = " + b"9" * 100_000, 2),
    (b"# " + b"x" * 2**20, None),
    (b"x = '''", 1),
]


@pytest.mark.parametrize(("raw", "line"), BYTES, ids=[repr(row[0][:24]) for row in BYTES])
def test_what_is_no_toml_is_refused_at_its_line(make: Make, raw: bytes, line: int | None) -> None:
    """Broken, deep and enormous files end in a message, not in a crash or a long wait."""
    places = places_of(make(raw))

    assert places == [("portfolio.toml", line, "")]


def test_unknown_keys_suggest_the_nearest(make: Make) -> None:
    """A slip of the finger is answered with the word that was meant."""
    with pytest.raises(InputError) as caught:
        read_portfolio(make(TOML.replace("cash_buffer", "cash_bufer")))

    assert "cash_buffer" in caught.value.problems[0].remedy


@pytest.mark.parametrize(
    ("more", "remedy"),
    [
        (
            "\n[instruments.BRK.B]\nstep = 0.001\n",
            'a name with a dot needs quotes, [instruments."BRK.B"]; else ',
        ),
        (
            "\n[accounts.jo.ira]\ntax = 'roth'\n",
            'a name with a dot needs quotes, [accounts."jo.ira"]; else ',
        ),
        ("\n[instruments.INST500.aliase]\nx = 1\n", "did you mean aliases?"),
    ],
)
def test_a_name_with_a_dot_is_told_its_quotes(make: Make, more: str, remedy: str) -> None:
    """What TOML reads as a table in a table is said as the name that was meant."""
    said = [problem.remedy for problem in problems_of(make(TOML + more))]

    assert any(one.startswith(remedy) for one in said)


def test_a_step_of_a_symbol_with_a_dot_is_told_with_its_quotes(make: Make) -> None:
    """The table that a row of lots.csv asks for can be typed as it stands in the message."""
    toml = TOML.replace('"VTI", "ITOT"', '"VTI", "BRK.B"')
    row = "brokerage,BRK.B,1.5,2020-01-02,500.00\n"

    said = [problem.remedy for problem in problems_of(make(toml, LOTS + row))]

    assert any('set step = 0.1 under [instruments."BRK.B"]' in remedy for remedy in said)


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        pytest.param("prices = 'prices.csv'", [(None, "accounts"), (None, "target")], id="nothing"),
        pytest.param(
            "[accounts]\n", [(1, "accounts"), (None, "prices"), (None, "target")], id="no"
        ),
        pytest.param(
            "[accounts.a]\ntax = 'roth'\n", [(None, "target"), (None, "prices")], id="no target"
        ),
    ],
)
def test_what_is_missing_is_said(
    make: Make, toml: str, expected: list[tuple[int | None, str]]
) -> None:
    """A portfolio needs prices, an account and a target."""
    lots = "account,symbol,quantity,acquired,cost_basis\n"

    folder = make(toml, lots, None)
    if "prices" not in toml:
        (folder / "prices.csv").unlink()

    assert set(places_of(folder)) == {("portfolio.toml", line, key) for line, key in expected}


@pytest.mark.parametrize(
    ("was", "now", "remedy"),
    [
        ("percent = 54", 'percent = "54%"', "write percent = 54, without quotes"),
        ("percent = 54", "percent = 540", "write at most 100"),
        ("percent = 54", "percent = -54", "write 0 or more"),
        ("step    = 0.001", "step = -1", "write a number above zero"),
        ("min_trade = 500", 'min_trade = "1,500.50"', "write min_trade = 1500.50, without quotes"),
        ("percent = 54", 'percent = "540%"', "write percent = 54"),
        ("percent = 54", 'percent = "half"', "write percent = 54"),
    ],
)
def test_a_number_that_is_wrong_comes_with_what_to_write(
    make: Make, was: str, now: str, remedy: str
) -> None:
    """The number itself where one can be read, without quotes; the bound; else an example."""
    (problem,) = problems_of(make(TOML.replace(was, now)))

    assert problem.remedy == remedy


def test_an_account_of_an_unknown_kind_is_told_once(make: Make) -> None:
    """Its rows in lots.csv are not asked for what only taxable accounts need."""
    folder = make(TOML.replace('tax = "roth"', 'tax = "ROTH"'))

    assert places_of(folder) == [("portfolio.toml", 10, "accounts.roth.tax")]


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_an_empty_portfolio_toml_is_one_problem(make: Make, text: str) -> None:
    """Nothing in it is said once, not as an account that is missing for every row."""
    assert places_of(make(text)) == [("portfolio.toml", 1, "")]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("VTI,210", "VTI,9999999999999999"),
        ("25410.00", "99999999999999.00"),
        ("2600", "1" + "0" * 14),
    ],
)
def test_more_than_can_be_counted_is_said_at_its_line(make: Make, was: str, now: str) -> None:
    """Whole numbers beyond what a record can hold are an error of the row, not of the program."""
    assert len(places_of(make(lots=LOTS.replace(was, now)))) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[costs.VTL]\nbps = 1\n", (44, "costs.VTL")),
        ("[costs.VTI]\nbsp = 1\n", (45, "costs.VTI.bsp")),
        ("[costs.CASH]\nbps = 1\n", (44, "costs.CASH")),
        ("[costs]\ncommision = 1\n", (45, "costs.commision")),
    ],
)
def test_costs_of_what_is_not_there_are_refused(
    make: Make, text: str, place: tuple[int, str]
) -> None:
    """A table of costs names an instrument, and its keys are those of [costs]."""
    assert places_of(make(TOML + text)) == [("portfolio.toml", *place)]
