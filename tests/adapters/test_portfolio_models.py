"""Targets that are not in the file: models that it extends, weights that are computed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.adapters.example import Make, places_of
from trimtab.adapters.portfolio_folder import read_portfolio

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


@pytest.mark.parametrize(
    ("extends", "models", "line"),
    [
        ("../models/none.toml", {}, ("portfolio.toml", 1, "extends")),
        ("portfolio.toml", {}, ("portfolio.toml", 1, "extends")),
        ("../models/60-40.toml", {"60-40": "percent ="}, ("../models/60-40.toml", 1, "")),
    ],
)
@pytest.mark.parametrize("more", ["", "nothing else"])
def test_what_a_model_that_cannot_be_read_may_hold_is_not_missed(
    make: Make,
    tmp_path: Path,
    extends: str,
    models: dict[str, str],
    line: tuple[str, int, str],
    more: str,
) -> None:
    """One thing is wrong, and one is told: no target, account or price file is asked for."""
    mine = MINE.replace("../models/60-40.toml", extends)
    if more:
        mine = mine.splitlines()[0] + "\n"
    path = under(make, tmp_path, mine, **models)
    if more:
        for name in ("lots.csv", "prices.csv"):
            (path / name).unlink()

    assert [place for place in places_of(path) if place[0] != "lots.csv"] == [line]


def test_models_are_at_most_eight_deep(make: Make, tmp_path: Path) -> None:
    """Eight models may extend each other; a ninth is refused."""
    chain = {f"m{n}": f'extends = "m{n + 1}.toml"' for n in range(8)}
    mine = MINE.replace("60-40", "m1")

    deep = under(make, tmp_path, mine, **chain, m8=MODEL)

    assert read_portfolio(deep).mandate.target is not None
    (deep / "portfolio.toml").write_text(MINE.replace("60-40", "m0"))
    assert ("../models/m7.toml", 1, "extends") in places_of(deep)


def test_limits_of_a_share_take_back_its_percent(make: Make, tmp_path: Path) -> None:
    """Who says that a share is found, within limits, takes back the percent of the model."""
    mine = MINE + "[target.us]\nmax_percent = 70\n[target.optimize]\n"

    portfolio = read_portfolio(under(make, tmp_path, mine, **{"60-40": MODEL}))

    assert portfolio.moving is not None
    leaves = [(leaf.name, leaf.least, leaf.most) for leaf in portfolio.moving.tree.leaves()]
    assert leaves == [("us", 0, 7000), ("bonds", 4000, 4000)]
