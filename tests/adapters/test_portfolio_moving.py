"""`[target.optimize]`: what it says, and everything that can be wrong with it at once."""

from __future__ import annotations

from datetime import date

import pytest

from tests.adapters.example import LOTS, TOML, Make, places_of
from trimtab.adapters.estimators import NamedEstimator
from trimtab.adapters.portfolio_folder import Portfolio, read_portfolio
from trimtab.targets.moving.moving import MovingTarget
from trimtab.targets.objectives.foreseen import BlackLitterman, View

SLEEVES = TOML.replace("percent = 54\n", "").replace("percent = 26\n", "max_percent = 30\n")
"""The example with bonds fixed at a fifth, and the rest to be found."""


def moving(portfolio: Portfolio) -> MovingTarget:
    """The moving target of a portfolio."""
    assert portfolio.moving is not None
    return portfolio.moving


def test_shares_without_a_percent_are_to_be_found(make: Make) -> None:
    """Beside `[target.optimize]` sleeves with percent stay fixed, the others share the rest."""
    portfolio = read_portfolio(make(SLEEVES + "[target.optimize]\n"))

    found = moving(portfolio)
    ranges = [(leaf.name, leaf.least, leaf.most, leaf.is_fixed) for leaf in found.tree.leaves()]
    assert portfolio.mandate.target is None
    assert ranges == [
        ("us", 0, 10000, False),
        ("intl", 0, 3000, False),
        ("bonds", 2000, 2000, True),
    ]
    assert (found.every, found.months, found.least_sessions) == ("monthly", 36, 378)
    assert found.asked.objective == "min-volatility"


def test_every_key_is_read(make: Make) -> None:
    """Percent become fractions, spans months, words what they mean on the command line."""
    toml = SLEEVES + (
        '[target.optimize]\nobjective = "max-sharpe"\nrisk_free = 0.015\ncovariance = "oas"\n'
        'expected = "mean"\nhistory = "18m"\nevery = "quarterly"\nleast_sessions = 200\n'
        "min_percent = 2\nmax_percent = 55\n"
    )

    found = moving(read_portfolio(make(toml)))

    us = found.tree.leaves()[0]
    assert (found.asked.objective, found.asked.risk_free) == ("max-sharpe", 0.015)
    assert (found.covariance, found.expected, found.every) == ("oas", "mean", "quarterly")
    assert (found.months, found.least_sessions, us.least, us.most) == (18, 200, 200, 5500)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0.02", 0.02), ('"2%"', 0.02), ('"0.02"', 0.02), ("0.3", 0.3), ("-0.005", -0.005)],
)
def test_a_riskless_rate_is_a_fraction_or_percent_with_its_sign(
    make: Make, written: str, meant: float
) -> None:
    """`risk_free` is read as `--risk-free` is."""
    toml = SLEEVES + f'[target.optimize]\nobjective = "max-sharpe"\nrisk_free = {written}\n'

    found = moving(read_portfolio(make(toml)))

    assert found.asked.risk_free == meant


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        ('objective = "max-sharp"', ["target.optimize.objective"]),
        ('objective = "target-return"', ["target.optimize.objective"]),
        ("wanted = 7", ["target.optimize.wanted"]),
        ('hold = ["VTI"]', ["target.optimize.hold"]),
        ('history = "3 years"', ["target.optimize.history"]),
        ("risk_free = 2", ["target.optimize.risk_free"]),
        ('risk_free = "2"', ["target.optimize.risk_free"]),
        ("risk_free = true", ["target.optimize.risk_free"]),
        ("risk_free = nan", ["target.optimize.risk_free"]),
        ("histori = 3", ["target.optimize.histori"]),
        ("least_sessions = 10", ["target.optimize.least_sessions"]),
        ("min_percent = 50\nmax_percent = 40", ["target.optimize.min_percent"]),
        ("max_percent = 33.333", ["target.optimize.max_percent"]),
        ("max_percent = 30", ["target"]),
        ('objective = "hrp"', ["target.intl"]),
        ('estimator = "MeanRisk"', ["target.optimize.estimator"]),
        ('estimator = "skfolio:"', ["target.optimize.estimator"]),
        ("set = { cvar_beta = 0.9 }", ["target.optimize.set"]),
        (
            'estimator = "skfolio:MeanRisk"\nobjective = "utility"\nrisk_aversion = 3',
            ["target.optimize.objective", "target.optimize.risk_aversion"],
        ),
        (
            'estimator = "skfolio:MeanRisk"\nset = { max_weights = 0.5, l2_coef = nan }',
            ["target.optimize.set.max_weights", "target.optimize.set.l2_coef"],
        ),
        (
            'every = "yearly"\ncovariance = "shrunk"',
            ["target.optimize.every", "target.optimize.covariance"],
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(make: Make, lines: str, keys: list[str]) -> None:
    """All problems at once, each with its line and key."""
    places = places_of(make(SLEEVES + f"[target.optimize]\n{lines}\n"))

    told = [(file, key) for file, line, key in places if line is not None]
    assert told == [("portfolio.toml", key) for key in keys]


def test_an_estimator_is_named_with_its_terms(make: Make) -> None:
    """Numbers as Python has them, tables and words as they are written; sleeves have the limits."""
    toml = SLEEVES + (
        '[target.optimize]\nestimator = "skfolio:MeanRisk"\nrisk_free = "1%"\n'
        '[target.optimize.set]\nrisk_measure = "cvar"\ncvar_beta = 0.9\ncardinality = 2\n'
        'groups = { us = ["equity"] }\n'
    )

    found = moving(read_portfolio(make(toml)))

    assert found.estimator == NamedEstimator(
        "skfolio:MeanRisk",
        {
            "risk_measure": "cvar",
            "cvar_beta": 0.9,
            "cardinality": 2,
            "groups": {"us": ["equity"]},
        },
    )
    assert found.words == "skfolio:MeanRisk, found monthly"


def test_limits_need_something_to_be_found(make: Make) -> None:
    """`min_percent` beside shares that are written down has no meaning."""
    places = places_of(make(TOML.replace("percent = 54", "percent = 54\nmin_percent = 10")))

    assert [key for _, _, key in places] == ["target.us.min_percent"]


def test_an_account_may_have_a_found_target_of_its_own(make: Make) -> None:
    """It is read by the same rules, in its own table; the household's stays written beside it."""
    own = (
        '[accounts.brokerage.target.optimize]\nevery = "weekly"\n'
        '[accounts.brokerage.target.x]\nhold = ["VTI"]\n'
        '[accounts.brokerage.target.y]\nhold = ["BND"]\nmax_percent = 30\n'
    )

    portfolio = read_portfolio(make(TOML + own))

    assert portfolio.rules["brokerage"].every == "weekly"
    account = portfolio.household.accounts["brokerage"]
    assert (account.target, account.shares_target) == (None, False)
    assert [leaf.most for leaf in portfolio.rules["brokerage"].tree.leaves()] == [10_000, 3_000]


GLIDE = TOML.replace(
    "percent = 54\n", 'percent = { "2020-01-01" = 64, "2030-01-01" = 34 }\n'
).replace("percent  = 20\n", 'percent = { "2020-01-01" = 10, "2030-01-01" = 40 }\n')
"""The example with a path by date from stocks to bonds."""


def test_percent_by_date_is_a_glide_path(make: Make) -> None:
    """`percent` may be a table of days; between them shares run straight."""
    found = moving(read_portfolio(make(GLIDE)))

    assert found.glide is not None
    leaves = found.glide.tree_on(date(2025, 1, 1)).leaves()
    assert [(leaf.name, float(leaf.weight)) for leaf in leaves] == [
        ("us", 0.49),
        ("intl", 0.26),
        ("bonds", 0.25),
    ]


def test_percent_by_age_counts_from_a_birthday(make: Make) -> None:
    """Ages are days: birthdays of who was born on the day that [household] says."""
    toml = GLIDE.replace('"2020-01-01"', '"age 40"').replace('"2030-01-01"', '"age 50"')
    toml = toml.replace(
        "[accounts.brokerage]", "[household]\nborn = 1980-02-29\n[accounts.brokerage]", 1
    )

    found = moving(read_portfolio(make(toml)))

    assert found.glide is not None
    assert found.glide.knots == (date(2020, 2, 29), date(2030, 3, 1))


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ('"2020-01-01"', '"age 40"', ["target.us.percent.age 40", "target.bonds.percent.age 40"]),
        ('"2020-01-01" = 64', '"2020-02-30" = 64', ["target.us.percent.2020-02-30"]),
        (', "2030-01-01" = 34', "", ["target.us.percent"]),
        ("= 34", "= 30", ["target"]),
        ("= 34", '= "x"', ["target.us.percent.2030-01-01"]),
        ("[target.us]", "[target.optimize]\n[target.us]", ["target.optimize"]),
    ],
)
def test_what_is_wrong_with_a_path_is_told_where_it_stands(
    make: Make, before: str, after: str, keys: list[str]
) -> None:
    """Days, ages, numbers and sums, each with its line and key."""
    assert before in GLIDE

    places = places_of(make(GLIDE.replace(before, after)))

    assert [key.replace('"', "") for _, _, key in places] == keys


def test_a_static_folder_imports_no_solver(make: Make) -> None:
    """Reading shares that are written down needs nothing of what finds them."""
    import subprocess
    import sys

    folder = make(TOML, LOTS)
    code = (
        "import sys; from pathlib import Path\n"
        "from trimtab.adapters.portfolio_folder import read_portfolio\n"
        f"read_portfolio(Path({str(folder)!r}))\n"
        "print([m for m in sys.modules if m.startswith(('trimtab.targets.', 'numpy'))])"
    )

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "['trimtab.targets.tree']"


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        ('safe = "bonds"', ["target.volatility.wanted"]),
        ("wanted = 10", ["target.volatility.safe"]),
        ('wanted = 10\nsafe = "bond"', ["target.volatility.safe"]),
        ('wanted = 10\nsafe = "bonds"\nhalf_life = 5', ["target.volatility.half_life"]),
        ('wanted = 10\nsafe = "bonds"\nhistory = "1m"', ["target.volatility.history"]),
        ('wanted = 10\nsafe = "bonds"\nmax_percent = 0', ["target.volatility.max_percent"]),
        ('wanted = 10\nsafe = "bonds"\nsaef = 1', ["target.volatility.saef"]),
        ('wanted = 10\nsafe = "bonds"\n[target.optimize]', ["target.volatility"]),
    ],
)
def test_what_is_wrong_with_a_volatility_is_told_where_it_stands(
    make: Make, lines: str, keys: list[str]
) -> None:
    """Each key with its place; a path of shares may be scaled as well as written ones."""
    base = SLEEVES if "optimize" in lines else GLIDE

    places = places_of(make(base + f"[target.volatility]\n{lines}\n"))

    assert [key for _, _, key in places] == keys


def test_scaled_shares_add_up_as_written_ones_do(make: Make) -> None:
    """Without a path there is one day to check, and it is checked."""
    rule = '[target.volatility]\nwanted = 10\nsafe = "bonds"\n'

    fit = moving(read_portfolio(make(TOML + rule)))
    places = places_of(make(TOML.replace("percent = 54", "percent = 50") + rule))

    assert (fit.months, fit.least_sessions, fit.words) == (
        6,
        63,
        "volatility target of 10%, monthly",
    )
    assert [key for _, _, key in places] == ["target"]


VIEWS = """
[target.optimize]
expected = "black-litterman"
market = { us = 60, intl = 30, bonds = 10 }
tau = 0.1
views = [
    { sleeve = "us", percent = -2, confidence = 60 },
    { sleeve = ["intl", "bonds"], over = "us", percent = 1.5, doubt_percent = 2 },
]
"""


def test_views_are_read_by_sleeve(make: Make) -> None:
    """Black-Litterman's views, the market's weights and tau; percent become fractions."""
    found = moving(read_portfolio(make(SLEEVES + VIEWS)))

    assert found.expected == BlackLitterman(
        (View(("us",), -0.02, (), 0.6), View(("intl", "bonds"), 0.015, ("us",), None, 0.02)),
        {"us": 60.0, "intl": 30.0, "bonds": 10.0},
        tau=0.1,
    )


def test_returns_may_be_given_by_sleeve(make: Make) -> None:
    """One for each sleeve that is no cash; they may be below zero."""
    toml = '[target.optimize]\nexpected = "given"\nreturns = { us = 7, intl = 8, bonds = -1 }\n'

    found = moving(read_portfolio(make(SLEEVES + toml)))

    assert found.expected == {"us": 0.07, "intl": 0.08, "bonds": -0.01}


def test_robust_and_resampled_figures_are_read(make: Make) -> None:
    """How far returns may be off, in which form, and how many histories are drawn by which seed."""
    toml = (
        '[target.optimize]\nobjective = "robust-utility"\nrisk_aversion = 4\nkappa = 0.5\n'
        'uncertainty = "box"\nresampled = 50\nseed = 7\n'
    )

    asked = moving(read_portfolio(make(SLEEVES + toml))).asked

    assert (asked.objective, asked.risk_aversion, asked.kappa) == ("robust-utility", 4.0, 0.5)
    assert (asked.uncertainty, asked.resampled, asked.seed) == ("box", 50, 7)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("kappa = 2", "target.optimize.kappa"),
        ("seed = 2", "target.optimize.seed"),
        ('objective = "min-cvar"\nresampled = 9', "target.optimize.resampled"),
        ('expected = "black-litterman"', "target.optimize.expected"),
        ('expected = "equilibrium"', "target.optimize.expected"),
        ("tau = 0.1", "target.optimize.tau"),
        ('expected = "given"\nreturns = { us = 7 }', "target.optimize.returns"),
        ('expected = "given"\nreturns = { us = 7, intl = 8, bonds = "x" }',
         "target.optimize.returns.bonds"),
        ('expected = "equilibrium"\nmarket = { uss = 7 }', "target.optimize.market.uss"),
        ('expected = "equilibrium"\nmarket = { us = 0 }', "target.optimize.market"),
        (VIEWS[18:].replace('over = "us"', 'over = "bonds"'), "target.optimize.views[1].sleeve"),
        (VIEWS[18:].replace('{ sleeve = "us"', '{ sleeve = "uk"'),
         "target.optimize.views[0].sleeve"),
        (VIEWS[18:].replace("confidence = 60", "doubt = 60"), "target.optimize.views[0].doubt"),
        (VIEWS[18:].replace("percent = -2, ", ""), "target.optimize.views[0]"),
    ],
)  # fmt: skip
def test_expectations_that_are_wrong_are_told_where_they_stand(
    lines: str, key: str, make: Make
) -> None:
    """By file, line and key, with what to write."""
    (place,) = places_of(make(SLEEVES + f"[target.optimize]\n{lines}\n"))

    assert place[2] == key
