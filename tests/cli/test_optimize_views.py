"""`trimtab optimize` and `frontier` with views, the market's returns, and given ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_optimize import prices as prices
from trimtab.cli.main import main

MARKET = ["--market", "CALM=50,MID=30,WILD=20"]


def views(folder: Path) -> str:
    """A file with one view on WILD, half sure, and one on MID over CALM."""
    file = folder / "views.csv"
    file.write_text("symbol,over,percent,confidence\nWILD,,40,50\nMID,CALM,1,\n")
    return str(file)


def test_views_show_what_was_expected_before_and_after(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a program as fractions, for a reader in percent, view by view."""
    asked = ["optimize", "--prices", str(prices), "--objective", "max-sharpe", *MARKET]
    asked += ["--views", views(tmp_path)]

    codes = [main([*asked, "--json"])]
    told = json.loads(capsys.readouterr().out)["foreseen"]
    codes.append(main(asked))
    shown = capsys.readouterr().out

    wild = told["expected"]["WILD"]
    assert codes == [0, 0]
    assert wild["prior"] < wild["posterior"] < 0.4
    assert [one["view"] for one in told["views"]] == ["WILD", "MID over CALM"]
    assert [one["confidence"] for one in told["views"]] == [0.5, None]
    assert "with views" in shown
    assert f"{wild['posterior']:.2%}" in shown
    assert "WILD: 40.00% with confidence 50%" in shown


def test_the_market_alone_is_best_by_its_own_returns(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Equilibrium, by percent or by a file of market values, of which some have no prices."""
    caps = tmp_path / "caps.csv"
    caps.write_text("symbol,market_value\nCALM,500\nMID,300\nWILD,200\nOTHER,900\n")
    for market in (MARKET, ["--market", str(caps)]):
        found = main(
            ["optimize", "--prices", str(prices), "--objective", "max-sharpe", *market, "--json"]
        )

        weights = json.loads(capsys.readouterr().out)["weights"]
        assert found == 0
        assert weights == pytest.approx({"CALM": 0.5, "MID": 0.3, "WILD": 0.2})


def test_given_returns_lead_the_frontier(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The point with the most return is what was said to return most."""
    mine = tmp_path / "mine.csv"
    mine.write_text("symbol,percent\nCALM,3\nMID,9\nWILD,5\n")

    code = main(["frontier", "--prices", str(prices), "--expected-returns", str(mine), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["points"][-1]["weights"]["MID"] == pytest.approx(1.0)
    assert told["points"][-1]["expected_return"] == pytest.approx(0.09)
    assert told["foreseen"]["expected"]["MID"] == {"prior": None, "posterior": 0.09}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--views", "views.csv"], "--views needs --market"),
        (["--tau", "0.1"], "--tau needs --market"),
        ([*MARKET, "--tau", "0.1"], "--tau needs --views"),
        ([*MARKET, "--expected", "mean"], "leave out --expected"),
        ([*MARKET, "--expected-returns", "mine.csv"], "keep one"),
        (["--market", "CALM=50,MIDD=50"], "MIDD"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: list[str], word: str, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names them, and nothing is found."""
    code = main(["optimize", "--prices", str(prices), *options])

    assert code == 1
    assert word in capsys.readouterr().err
