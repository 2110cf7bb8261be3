"""Limits of `[target.optimize]` beside its sleeves: what they mean, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.example import TOML, Make, places_of
from trimtab.adapters.portfolio_folder import read_portfolio
from trimtab.model.errors import InputError
from trimtab.targets.moving.kept_to import KeptTo, Liquidity
from trimtab.targets.moving.leaving import Leaving
from trimtab.targets.objectives.constraints import Group, Score

SLEEVES = TOML.replace("percent = 54\n", "").replace("percent = 26\n", "max_percent = 30\n")
"""The example with bonds fixed at a fifth, and the rest to be found."""

FREE = SLEEVES.replace("percent  = 20\n", "")
"""The same with all of it to be found."""

COSTS = "[costs]\nbps = 3\nhalf_spread_bps = 2\n[costs.VXUS]\nbps = 10\n"
UTILITY = 'objective = "utility"\nrisk_aversion = 4\n'


def kept(folder: Path) -> KeptTo:
    """What the target of a folder keeps to."""
    moving = read_portfolio(folder).moving
    assert moving is not None
    return moving.kept


def asked(lines: str, toml: str = FREE) -> str:
    """The example with these lines of the table."""
    return f"{toml}{COSTS}[target.optimize]\n{lines}\n"


GROUP = """
[target.optimize.groups.equity]
sleeves = ["us", "VXUS"]
min_percent = 40
max_percent = 80
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("max_names = 2\nmin_names = 2\nmin_position = 5\nmost_choices = 99",
         KeptTo(max_names=2, min_names=2, smallest=0.05, most_choices=99)),
        ("turnover = 20", KeptTo(turnover=0.2)),
        ("tracking_error = 4\nbenchmark = { us = 60, BND = 40 }",
         KeptTo(tracking_error=0.04, benchmark={"us": 0.6, "bonds": 0.4})),
        (GROUP, KeptTo(groups=(Group("equity", ("us", "intl"), 0.4, 0.8),))),
        ("scores = { esg = { us = 60, intl = -5.5, bonds = 40 } }\nmin_score = { esg = 50 }",
         KeptTo(scores=(Score("esg", {"us": 60.0, "intl": -5.5, "bonds": 40.0}, 50.0),))),
        ("within_days = 5", KeptTo(liquidity=Liquidity(5.0))),
        ("within_days = 5\nparticipation = 20\nvalue = 2000000",
         KeptTo(liquidity=Liquidity(5.0, 0.2, 2e6))),
        ("risk_score = 4", KeptTo(tolerance=("score", 4.0))),
        ("max_loss = 15", KeptTo(tolerance=("loss", 0.15))),
        ("max_volatility = 10", KeptTo(tolerance=("volatility", 0.1))),
        (f"{UTILITY}costs = true", KeptTo(
            leaving=Leaving({"us": 0.0005, "intl": 0.0012, "bonds": 0.0005}, 1.0))),
        (f'{UTILITY}costs = true\nhorizon = 6\nevery = "quarterly"', KeptTo(
            leaving=Leaving({"us": 0.0005, "intl": 0.0012, "bonds": 0.0005}, 1.5))),
    ],
)  # fmt: skip
def test_every_key_is_read(make: Make, lines: str, expected: KeptTo) -> None:
    """Percent become fractions of the whole; sleeves are named, or what they hold is."""
    assert kept(make(asked(lines))) == expected


def test_groups_and_scores_may_lie_in_files(make: Make) -> None:
    """The files of the command line, by symbol or by sleeve; their bytes are noted as read."""
    folder = make(asked('groups = "g.csv"\nscores = "s.csv"\nmax_score = { carbon = 90 }'))
    (folder / "g.csv").write_text(
        "symbol,group\nVTI,equity\nintl,equity\nBND,other\n"
        "group,min_percent,max_percent\nequity,40,80\n"
    )
    (folder / "s.csv").write_text("symbol,carbon\nITOT,120\nVXUS,100\nbonds,20\n")

    found = kept(folder)

    assert found.groups == (Group("equity", ("us", "intl"), 0.4, 0.8),)
    assert found.scores == (
        Score("carbon", {"us": 120.0, "intl": 100.0, "bonds": 20.0}, None, 90.0),
    )
    assert {"g.csv", "s.csv"} <= set(read_portfolio(folder).hashes)


def test_what_is_excluded_holds_nothing(make: Make) -> None:
    """A sleeve, or one that holds a symbol, may weigh nothing; the others share what is left."""
    moving = read_portfolio(make(asked('exclude = ["IXUS"]'))).moving
    assert moving is not None

    ranges = {leaf.name: (leaf.least, leaf.most) for leaf in moving.tree.leaves()}

    assert ranges == {"us": (0, 10000), "intl": (0, 0), "bonds": (0, 10000)}


def test_shares_of_the_risk_are_given(make: Make) -> None:
    """`budgets` of risk parity, for each sleeve whose share is found."""
    lines = 'objective = "risk-parity"\nbudgets = { us = 60, intl = 40 }'
    moving = read_portfolio(make(asked(lines, SLEEVES.replace("max_percent = 30\n", "")))).moving
    assert moving is not None

    assert moving.asked.budgets == (("us", 0.6), ("intl", 0.4))
    assert moving.words == "given shares of risk, found monthly"


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        ("max_name = 2", ["max_name"]),
        ("max_names = 0", ["max_names"]),
        ("max_names = 2\nmin_names = 3", ["min_names"]),
        ("most_choices = 9", ["most_choices"]),
        ("leverage = 160", ["leverage"]),
        ("max_names = 2\ntime_limit = 5", ["time_limit"]),
        ("tracking_error = 4", ["tracking_error"]),
        ("benchmark = { us = 60, bonds = 40 }", ["benchmark"]),
        ("tracking_error = 4\nbenchmark = { us = 60 }", ["benchmark"]),
        ("tracking_error = 4\nbenchmark = { uss = 60, bonds = 40 }", ["benchmark.uss"]),
        ("min_score = { esg = 5 }", ["min_score"]),
        ("scores = { esg = { us = 1, intl = 1, bonds = 1 } }", ["scores"]),
        ("scores = { esg = { us = 1 } }\nmin_score = { esg = 1 }", ["scores"]),
        ("scores = { esg = { us = 1, intl = 1, bonds = 1 } }\nmin_score = { esq = 1 }",
         ["min_score.esq"]),
        ("scores = { esg = { us = 1, intl = 1, bonds = 1 } }\nmin_score = { esg = 2 }",
         ["min_score.esg"]),
        ('scores = "none.csv"\nmin_score = { esg = 2 }', ["scores"]),
        ('groups = "none.csv"', ["groups"]),
        ("[target.optimize.groups.x]\nsleeves = ['us']", ["groups.x"]),
        ("[target.optimize.groups.x]\nmin_percent = 5", ["groups.x.sleeves"]),
        ("[target.optimize.groups.x]\nsleeves = ['uk']\nmin_percent = 5", ["groups.x.sleeves"]),
        ("[target.optimize.groups.x]\nsleeves = ['intl']\nmin_percent = 35",
         ["groups.x.min_percent"]),
        ("[target.optimize.groups.x]\nsleeves = ['us']\nmin = 5\nmax_percent = 9",
         ["groups.x.min"]),
        ('exclude = ["uk"]', ["exclude"]),
        ("participation = 5", ["participation"]),
        ("within_days = 5\nparticipation = 0", ["participation"]),
        ("risk_score = 4\nmax_loss = 5", ["max_loss"]),
        ("risk_score = 0.5", ["risk_score"]),
        ('risk_score = 4\nobjective = "min-volatility"', ["objective"]),
        ("risk_score = 4\nmax_names = 2", ["max_names"]),
        ("costs = true", ["costs"]),
        ("horizon = 3", ["horizon"]),
        (f"{UTILITY}costs = false\nhorizon = 3", ["horizon"]),
        (f"{UTILITY}costs = true\nturnover = 5", ["turnover"]),
        ("budgets = { us = 50, intl = 25, bonds = 25 }", ["budgets"]),
        ('objective = "hrp"\nturnover = 5', ["turnover"]),
        ('objective = "min-cvar"\nturnover = 5', ["turnover"]),
        ("max_names = 2\nresampled = 9", ["max_names"]),
        ('objective = "robust-utility"\nmax_names = 2', ["max_names"]),
        ('estimator = "skfolio:MeanRisk"\nmax_names = 2', ["max_names"]),
        ("min_names = 3\nmin_position = 40", ["min_position"]),
        ("max_names = 1\nmax_percent = 40", ["max_names"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(make: Make, lines: str, keys: list[str]) -> None:
    """By file, line and key: words, numbers, keys that do not go together, and sums."""
    places = places_of(make(asked(lines)))

    told = [key.removeprefix("target.optimize").removeprefix(".") for _, _, key in places]
    assert all(line is not None for _, line, _ in places)
    assert told == keys


def test_a_key_that_is_near_is_named(make: Make) -> None:
    """A slip of the pen is answered with the key that was probably meant."""
    with pytest.raises(InputError) as error:
        read_portfolio(make(asked("trunover = 5")))

    assert [one.remedy for one in error.value.problems] == ["did you mean turnover?"]


def test_what_has_to_be_held_is_not_excluded(make: Make) -> None:
    """`exclude` of a sleeve with a percent is a contradiction, and names its key."""
    places = places_of(make(asked('exclude = ["bonds"]', SLEEVES)))

    assert [key for _, _, key in places] == ["target.optimize.exclude"]


def test_costs_need_a_rate(make: Make) -> None:
    """Where `[costs]` has nothing that counts, leaving costs nothing, and the key says so."""
    toml = f"{FREE}[costs]\ncommission = 1\n[target.optimize]\n{UTILITY}costs = true\n"

    assert [key for _, _, key in places_of(make(toml))] == ["target.optimize.costs"]


def test_what_is_counted_of_costs_and_what_is_not(make: Make) -> None:
    """Fees of money and of shares, the highest of a schedule as a plan charges them, and the square
    root of an order; fees an order and impact of other forms are named.
    """
    own = "[costs.VXUS]\nper_share = 0\nimpact = 2\n"
    costs = f"[costs]\nbps = 4\nper_share = 0.01\nminimum = 3\npermanent_impact = 1\n{own}"
    toml = f"{FREE}{costs}[target.optimize]\n{UTILITY}costs = true\n"

    assert kept(make(toml)).leaving == Leaving(
        dict.fromkeys(("us", "intl", "bonds"), 0.0004),
        1.0,
        {"us": 0.01, "bonds": 0.01},
        {"intl": 2.0},
        ("fees an order", "temporary and permanent impact"),
    )


@pytest.mark.parametrize(
    ("lines", "key", "meant"),
    [
        ("turnover = 0.15", "turnover", "turnover = 15"),
        ("min_position = 0.02", "min_position", "min_position = 2"),
        ("max_loss = 0.15", "max_loss", "max_loss = 15"),
        ('objective = "target-return"\nwanted = 0.08', "wanted", "wanted = 8"),
    ],
)
def test_a_tiny_percent_is_asked_about(make: Make, lines: str, key: str, meant: str) -> None:
    """A fraction where percent belongs is taken as it is written, with what may be meant."""
    findings = read_portfolio(make(asked(lines))).findings

    said = {one.subject: one.message for one in findings if one.code == "tiny-percent"}
    assert list(said) == [f"target.optimize.{key}"]
    assert f"Did you mean {meant}?" in said[f"target.optimize.{key}"]


def test_breakdown_is_sent_where_it_belongs(make: Make) -> None:
    """A word of the policy among the keys of the target is told where it goes."""
    with pytest.raises(InputError, match=r"monthly\+breakdown"):
        read_portfolio(make(asked("breakdown = true")))


def test_costs_name_the_key_that_does_not_go_with_them(make: Make) -> None:
    """What rules each other out is named, both of it."""
    with pytest.raises(InputError, match="costs = true does not go with turnover"):
        read_portfolio(make(asked(f"{UTILITY}costs = true\nturnover = 20")))


def test_a_confidence_below_one_percent_is_none(make: Make) -> None:
    """0.95 is refused with 95."""
    with pytest.raises(InputError, match="write confidence = 95"):
        read_portfolio(make(asked('objective = "min-cvar"\nconfidence = 0.95')))
