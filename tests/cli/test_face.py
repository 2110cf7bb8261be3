"""`import trimtab as tt`: the names that users of Python know."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

import trimtab as tt
from tests.cli.console import PACKAGED, demo_folder
from trimtab.simulate.prices.history import PriceHistory


def test_the_version_is_the_declared_one() -> None:
    """The constant that starts quickly says what the package's declaration says."""
    declared = tomllib.loads(
        (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8")
    )

    assert tt.version == tt.__version__ == declared["project"]["version"]


@pytest.mark.parametrize("name", tt.__all__)
def test_every_name_that_is_offered_is_there(name: str) -> None:
    """What the package lists can be had, and shows in dir()."""
    assert getattr(tt, name) is not None
    assert name in dir(tt)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not offered fails as names do in Python."""
    with pytest.raises(AttributeError, match="no attribute 'beer'"):
        _ = tt.beer  # type: ignore[attr-defined]


def test_a_backtest_takes_a_history_a_file_or_a_frame() -> None:
    """All three give the same figures; a frame gives frames of its kind."""
    pandas = pytest.importorskip("pandas")
    policy = tt.Policy({"IBM": 0.6, "BOND10": 0.4}, when="quarterly")
    history = tt.read_prices(PACKAGED / "total_return.csv")
    assert isinstance(history, PriceHistory)

    of_history = tt.backtest(history, policy)
    of_file = tt.backtest(PACKAGED / "total_return.csv", policy)
    of_frame = tt.backtest(history.to_frame("pandas"), policy)

    assert of_file.to_dict() == of_history.to_dict() == of_frame.to_dict()
    assert isinstance(of_frame[policy.label].trades, pandas.DataFrame)


def test_a_folder_opens_and_plans(tmp_path: Path) -> None:
    """A plan is a value: trades, findings, an explanation, and saved only when told to."""
    book = tt.open(demo_folder(tmp_path))

    plan = book.plan(date(2012, 9, 28))

    assert {trade.side for trade in plan.trades} == {"buy", "sell"}
    assert plan.id in plan.explain()
    assert not book.plans_folder.exists()
    assert plan.save().exists()


def test_a_backtest_of_the_face_can_be_drawn() -> None:
    """`result.plot()` gives a figure with an axis for growth."""
    pytest.importorskip("matplotlib", reason="needs the extra plot")
    prices = tt.read_prices(PACKAGED / "total_return.csv")

    figure = tt.backtest(prices, tt.Policy({"AAPL": 0.5, "IBM": 0.5}, when="monthly")).plot()

    assert len(figure.axes) >= 2


def test_advice_says_how_far_it_is_to_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that is made anew on every history takes long: a terminal sees how far it is."""
    seen: list[str] = []
    monkeypatch.setattr("trimtab.cli.screen.progress", seen.append)
    prices = tt.read_prices(PACKAGED / "total_return.csv").select(["AAPL", "IBM"])
    prices = prices.rows(slice(0, 120))
    halves = {"AAPL": 0.5, "IBM": 0.5}

    tt.advise(prices, tt.Policy(lambda view: halves), when=["annual"], to=["target"], paths=20)

    assert seen[-2:] == ["20 of 20 shuffled histories", ""]
