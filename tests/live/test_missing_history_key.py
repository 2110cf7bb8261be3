"""`missing_history` of `[target.optimize]`: what is learned where instruments begin later."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.cli.console import demo_folder
from trimtab.adapters.portfolio_prices import portfolio_prices
from trimtab.cli.main import main
from trimtab.cli.optimize_history import own_returns
from trimtab.live.book import open_book
from trimtab.targets.estimators.optimiser import Optimiser
from trimtab.targets.objectives.constraints import Constraints

BEGIN = "2011-06-01"
"""IBM has prices from then on; the others have all three years."""


@pytest.fixture
def young(tmp_path: Path) -> Path:
    """The demo's moving household, one of whose instruments is young."""
    folder = demo_folder(tmp_path)
    prices = folder / "prices.csv"
    lines = prices.read_text().splitlines()
    kept = [one for one in lines if ",IBM," not in one or one[:10] >= BEGIN]
    prices.write_text("\n".join(kept) + "\n")
    return folder / "moving"


def with_key(folder: Path, *lines: str) -> Path:
    """The folder with more lines in its table."""
    file = folder / "portfolio.toml"
    file.write_text(file.read_text() + "\n".join(["", *lines, ""]))
    return folder


def test_by_pairs_a_plan_s_target_is_the_optimiser_s(young: Path) -> None:
    """The shares are those of `tt.Optimiser(missing="pairwise")` over the same prices."""
    book = open_book(with_key(young, 'missing_history = "pairwise"'))

    plan = book.plan().value

    found = plan.found
    assert found is not None
    assert found.estimates is not None
    history = portfolio_prices(book.portfolio).select(("AAPL", "IBM", "BOND10"))
    inside = (history.dates >= np.datetime64(found.estimates.first)) & (
        history.dates <= np.datetime64(found.on)
    )
    rules = Constraints(
        own={
            "AAPL": (0.0, 0.4 / 0.95),
            "IBM": (0.0, 0.4 / 0.95),
            "BOND10": (0.2 / 0.95, 0.5 / 0.95),
        }
    )
    ours = Optimiser(constraints=rules, missing="pairwise")
    best = ours.optimised(own_returns(history.rows(np.flatnonzero(inside))), history.symbols)
    weights = {one.sleeve: float(one.weight) for one in found.sleeves}
    assert found.estimates.sessions > 750
    assert [weights[name] for name in ("growth", "value", "bonds")] == pytest.approx(
        best.weights * 0.95, abs=1e-4
    )


def test_who_is_left_out_holds_nothing(young: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its sleeve has no share, the plan says so, and `optimize` finds the same."""
    file = with_key(young, 'missing_history = "leave-out"') / "portfolio.toml"
    file.write_text(file.read_text().replace("max_percent = 50", "max_percent = 90"))

    plan = open_book(young).plan().value
    code = main(["-C", str(young), "optimize", "--json"])
    told = json.loads(capsys.readouterr().out)

    weights = {row.sleeve: row.weight for row in plan.sleeves}
    assert code == 0
    assert weights["value"] == 0
    assert weights["growth"] + weights["bonds"] == Fraction(95, 100)
    assert "history-left-out" in {one.code for one in plan.findings}
    assert told["weights"]["AAPL"] == pytest.approx(float(weights["growth"]))
    assert told["sessions"] > 750


def weighing(folder: Path) -> Path:
    """The folder with what is young left out, under a policy that weighs risk."""
    file = with_key(folder, 'missing_history = "leave-out"') / "portfolio.toml"
    toml = file.read_text().replace("max_percent = 50", "max_percent = 90")
    file.write_text(f'{toml}\n[policy]\nwhen = "tracking:1%"\n')
    return folder


def test_what_is_held_of_who_is_left_out_is_weighed(young: Path) -> None:
    """Its risk is estimated by the days that it has: the trigger is known, and fires."""
    plan = open_book(weighing(young)).plan().value

    (reading,) = [one for one in plan.readings if one.trigger == "tracking"]
    held = {row.sleeve: row.now for row in plan.sleeves}
    assert held["value"] > 0
    assert reading.fired
    assert "estimates-missing" not in {one.code for one in plan.findings}


def test_who_has_no_estimate_is_named_with_a_way_out(young: Path) -> None:
    """Of a few days nothing is estimated: the trigger is unknown, and it is said what to do."""
    prices = young.parent / "prices.csv"
    days = sorted({one[:10] for one in prices.read_text().splitlines()[1:]})
    late = days[-40]
    kept = [one for one in prices.read_text().splitlines() if ",IBM," not in one or one >= late]
    prices.write_text("\n".join(kept) + "\n")

    plan = open_book(weighing(young)).plan().value

    (told,) = [one.message for one in plan.findings if one.code == "estimates-missing"]
    assert "nothing is estimated of value, which missing_history leaves out" in told
    assert "Name a stand-in" in told


def test_a_frontier_says_why_it_shows_no_portfolio(
    young: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where something is held of which nothing is estimated; by pairs it is shown."""
    weighing(young)
    main(["-C", str(young), "frontier", "--points", "3", "--json"])
    without = json.loads(capsys.readouterr().out)

    line = ["frontier", "--points", "3", "--missing-history", "pairwise", "--json"]
    main(["-C", str(young), *line])
    shown = json.loads(capsys.readouterr().out)

    (told,) = [one["message"] for one in without["findings"] if one["code"] == "now-not-shown"]
    assert without["current"] is None
    assert "nothing is estimated of IBM" in told or "nothing is estimated of value" in told
    assert shown["current"] is not None
    assert "now-not-shown" not in {one["code"] for one in shown["findings"]}


def test_who_has_to_be_held_is_not_left_out(young: Path) -> None:
    """A minimum of what is left out keeps the target from being found, and is named."""
    with_key(young, 'missing_history = "leave-out"')
    file = young / "portfolio.toml"
    file.write_text(file.read_text().replace("[target.value]", "[target.value]\nmin_percent = 5"))

    plan = open_book(young).plan().value

    told = " ".join(one.message for one in plan.findings)
    assert "value has less than 90% of the longest history" in told
    assert plan.trades == ()


def test_what_needs_one_history_is_refused_by_pairs(
    young: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A covariance that pairs cannot have is a problem of the file, and of the option."""
    code = main(["-C", str(young), "optimize", "--missing-history", "pairwise", "--covariance=oas"])
    of_option = capsys.readouterr().err
    with_key(young, 'missing_history = "pairwise"', 'covariance = "oas"')
    other = main(["-C", str(young), "status"])

    assert (code, other) == (1, 1)
    assert "covariance oas needs one history" in of_option
    assert "missing_history" in capsys.readouterr().err
