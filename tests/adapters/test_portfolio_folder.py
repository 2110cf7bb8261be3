"""Reading a portfolio folder: what it says, and everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio
from trimtab.costs import Costs
from trimtab.model.accounts import Lot, Relief, TaxTreatment
from trimtab.model.errors import InputError, Problem
from trimtab.model.instruments import Alias

TOML = """\
currency = "USD"
calendar = "XNYS"
prices   = "prices.csv"
opened   = 2026-03-31

[accounts.brokerage]
tax    = "taxable"
broker = "manual"
[accounts.roth]
tax = "roth"
[accounts.k401]
tax  = "traditional"
menu = ["INST500", "BONDCIT"]

[instruments.INST500]
price   = "manual"
history = "VFIAX"
step    = 0.001

[target.us]
percent = 54
hold    = ["VTI", "ITOT", "INST500"]
[target.intl]
percent = 26
hold    = ["VXUS", "IXUS"]
[target.bonds]
percent  = 20
hold     = ["BND", "BONDCIT"]
location = ["k401", "roth", "brokerage"]

[policy]
when      = "monthly+band:5pp/25%"
to        = "target"
min_trade = 500
cash_buffer = 1000

[tax]
country       = "US"
long_percent  = 15
short_percent = 24
identical     = [["VTI", "VTSAX"]]
carryforward_short = 0
carryforward_long  = 0
"""
LOTS = """\
account,symbol,quantity,acquired,cost_basis
brokerage,VTI,210,2017-03-06,25410.00
brokerage,USD,2600.00,,
roth,VTI,95,,
k401,INST500,10.125,,
"""
SALES = """\
account,symbol,quantity,acquired,sold,proceeds,cost_basis
brokerage,ITOT,10,2025-11-03,2026-03-02,900.00,1000.00
"""
PRICES = "date,symbol,close\n2026-03-31,VTI,300.10\n"

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a portfolio folder; what is not given is as in the example, None leaves it out."""

    def folder(
        toml: str | bytes = TOML,
        lots: str | bytes | None = LOTS,
        sales: str | bytes | None = SALES,
        **others: str | bytes | None,
    ) -> Path:
        files = {
            "portfolio.toml": toml,
            "lots.csv": lots,
            "sales.csv": sales,
            "prices.csv": PRICES,
            **others,
        }
        for name, text in files.items():
            if text is not None:
                raw = text if isinstance(text, bytes) else text.encode()
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).write_bytes(raw)
        return tmp_path

    return folder


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with a folder."""
    with pytest.raises(InputError) as caught:
        read_portfolio(folder)
    return caught.value.problems


def places_of(folder: Path) -> list[tuple[str, int | None, str]]:
    """File, line and key of everything that is wrong with a folder."""
    return [(problem.file, problem.line, problem.key) for problem in problems_of(folder)]


def codes_of(portfolio: Portfolio) -> list[tuple[str, str]]:
    """Code and subject of what was noticed."""
    return [(finding.code, finding.subject) for finding in portfolio.findings]


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
    ("step    = 0.001", 'step = 0.001\ncurrency = "EUR"', [(19, "instruments.INST500.currency")]),
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
    ('country       = "US"', 'country = "USA"', [(38, "tax.country")]),
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


def test_unknown_keys_suggest_the_nearest(make: Make) -> None:
    """A slip of the finger is answered with the word that was meant."""
    with pytest.raises(InputError) as caught:
        read_portfolio(make(TOML.replace("cash_buffer", "cash_bufer")))

    assert "cash_buffer" in caught.value.problems[0].remedy


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


def test_a_folder_without_its_files_says_which(make: Make, tmp_path: Path) -> None:
    """Without portfolio.toml, or without lots and record, there is nothing to read."""
    assert places_of(tmp_path) == [("portfolio.toml", None, "")]
    assert places_of(make(lots=None)) == [("lots.csv", None, "")]


def test_without_lots_the_record_is_the_book(make: Make) -> None:
    """Once there is a ledger the opening statement may be gone."""
    portfolio = read_portfolio(make(lots=None, **{"ledger.jsonl": ""}))

    assert portfolio.lots == ()


MODEL = """\
[policy]
when = "monthly"
[target.us]
percent = 60
hold = ["VTI"]
[target.bonds]
percent = 40
hold = ["BND"]
"""
MINE = """\
extends = "../models/60-40.toml"
prices = "prices.csv"
[accounts.a]
tax = "roth"
[policy]
min_trade = 500
"""
A_LOT = "account,symbol,quantity,acquired,cost_basis\na,VTI,1,,\n"


def under(make: Make, tmp_path: Path, mine: str, **models: str) -> Path:
    """A portfolio folder beside a folder of models."""
    make(mine, A_LOT, None, **{f"models/{name}.toml": text for name, text in models.items()})
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("portfolio.toml", "lots.csv", "prices.csv"):
        (tmp_path / name).rename(folder / name)
    return folder


def test_a_model_is_laid_below(make: Make, tmp_path: Path) -> None:
    """What a portfolio says itself counts; what it does not say comes from the model."""
    mine = MINE + "[target.us]\npercent_of_parent = 70\n[target.bonds]\npercent = 30\n"

    portfolio = read_portfolio(under(make, tmp_path, mine, **{"60-40": MODEL}))

    assert portfolio.mandate.target is not None
    assert [(leaf.hold, leaf.weight) for leaf in portfolio.mandate.target.leaves()] == [
        (("VTI",), Fraction(7, 10)),
        (("BND",), Fraction(3, 10)),
    ]
    assert str(portfolio.mandate.when) == "monthly"
    assert portfolio.mandate.min_trade == 50_000
    assert "../models/60-40.toml" in portfolio.hashes


def test_a_problem_of_a_model_names_the_model(make: Make, tmp_path: Path) -> None:
    """File and line are those where the key is written."""
    model = MODEL.replace('"monthly"', '"montly"').replace("= 40", "= 41")

    places = places_of(under(make, tmp_path, MINE, **{"60-40": model}))

    assert places == [
        ("../models/60-40.toml", 2, "policy.when"),
        ("../models/60-40.toml", 3, "target"),
    ]


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ('extends = "../mine/portfolio.toml"', ("../models/60-40.toml", 1, "extends")),
        ('extends = "60-40.toml"', ("../models/60-40.toml", 1, "extends")),
        ('\nextends = "none.toml"', ("../models/60-40.toml", 2, "extends")),
        ("extends = 3", ("../models/60-40.toml", 1, "extends")),
        (f"extends = '{'x' * 9000}'", ("../models/60-40.toml", 1, "extends")),
        ("extends = '/dev/zero'", ("../models/60-40.toml", 1, "extends")),
        ("extends = '.'", ("../models/60-40.toml", 1, "extends")),
    ],
)
def test_models_do_not_lead_in_circles_or_nowhere(
    make: Make, tmp_path: Path, model: str, place: tuple[str, int, str]
) -> None:
    """A circle of models and a missing one are errors at the key that names them."""
    places = places_of(under(make, tmp_path, MINE, **{"60-40": model}))

    assert place in places


def test_models_are_at_most_eight_deep(make: Make, tmp_path: Path) -> None:
    """Eight models may extend each other; a ninth is refused."""
    chain = {f"m{n}": f'extends = "m{n + 1}.toml"' for n in range(8)}
    mine = MINE.replace("60-40", "m1")

    deep = under(make, tmp_path, mine, **chain, m8=MODEL)

    assert read_portfolio(deep).mandate.target is not None
    (deep / "portfolio.toml").write_text(MINE.replace("60-40", "m0"))
    assert ("../models/m7.toml", 1, "extends") in places_of(deep)


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
        ('when      = "monthly+band:5pp/25%"\n', "", ("no-policy", "portfolio.toml")),
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


@pytest.mark.parametrize(
    ("was", "now", "remedy"),
    [
        ("percent = 54", 'percent = "54%"', "write percent = 54, without quotes"),
        ("min_trade = 500", 'min_trade = "1,500.50"', "write min_trade = 1500.50, without quotes"),
        ("percent = 54", 'percent = "540%"', "write percent = 54"),
        ("percent = 54", 'percent = "half"', "write percent = 54"),
    ],
)
def test_a_number_in_quotes_comes_with_the_line_to_write(
    make: Make, was: str, now: str, remedy: str
) -> None:
    """The number itself where one can be read, without quotes and percent sign; else an example."""
    (problem,) = problems_of(make(TOML.replace(was, now)))

    assert problem.remedy == remedy


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


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_an_empty_portfolio_toml_is_one_problem(make: Make, text: str) -> None:
    """Nothing in it is said once, not as an account that is missing for every row."""
    assert places_of(make(text)) == [("portfolio.toml", 1, "")]


def test_nothing_is_of_a_day_to_come(make: Make) -> None:
    """An opening statement of tomorrow, and a lot that is bought tomorrow, are refused."""
    ahead = make(TOML.replace("2026-03-31", "2999-03-31"))
    assert places_of(ahead) == [("portfolio.toml", 4, "opened")]

    undated = make(TOML.replace("opened   = 2026-03-31\n", ""), LOTS.replace("2017-", "2999-"))
    assert places_of(undated) == [("lots.csv", 2, "acquired")]


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


def test_without_sales_earlier_wash_sales_are_invisible(make: Make) -> None:
    """A household that gives no sales.csv is told what cannot be seen."""
    portfolio = read_portfolio(make(sales=None))

    assert codes_of(portfolio) == [("no-sales-file", "sales.csv")]


def test_an_optimized_target_is_settings_and_no_tree(make: Make) -> None:
    """`[target.optimize]` says how weights are computed; they are not in the file."""
    toml = MINE.removeprefix('extends = "../models/60-40.toml"\n') + (
        '[target.optimize]\nhold = ["VTI", "BND"]\nobjective = "min-volatility"\nmax_percent = 40\n'
    )

    portfolio = read_portfolio(make(toml, A_LOT, None))

    assert portfolio.mandate.target is None
    assert portfolio.optimized is not None
    assert portfolio.optimized.hold == ("VTI", "BND")
    assert portfolio.optimized.upper == Decimal("0.4")


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
