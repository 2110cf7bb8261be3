"""`trimtab optimize` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trimtab.cli.main import main


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Three years of three instruments, calm to wild."""
    rng = np.random.default_rng(7)
    days = np.arange("2018-01-01", "2021-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    walks = 100 * np.exp(rng.normal(0.0004, [0.006, 0.012, 0.02], (len(days), 3)).cumsum(axis=0))
    rows = [f"{day},{a:.4f},{b:.4f},{c:.4f}" for day, (a, b, c) in zip(days, walks, strict=True)]
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(["date,CALM,MID,WILD", *rows]) + "\n")
    return file


def test_the_weights_for_a_program(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has every field of the contract, as fractions and plain numbers."""
    code = main(["optimize", "--prices", str(prices), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert sum(told["weights"].values()) == pytest.approx(1.0)
    assert told["weights"]["CALM"] > told["weights"]["MID"] > told["weights"]["WILD"]
    assert (told["status"], told["solver"]) == ("optimal", "active set")
    assert told["optimality_gap"] < 1e-12
    assert told["sharpe"] == pytest.approx((told["expected_return"] - 0.02) / told["volatility"])
    assert told["objective_value"] == told["volatility"]


def test_the_weights_for_a_reader(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is in percent, the largest weight first, and says what it is worth."""
    code = main(["optimize", "--prices", str(prices), "--objective", "risk-parity"])

    shown = capsys.readouterr().out
    assert code == 0
    assert shown.index("CALM") < shown.index("MID") < shown.index("WILD")
    assert "fit the past" in shown


def test_limits_that_contradict_each_other(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three weights of at most 30% cannot sum to 100%: said in one line, with exit code 1."""
    code = main(["optimize", "--prices", str(prices), "--bounds", "0,30"])

    shown = capsys.readouterr().out
    assert code == 1
    assert "each of CALM, MID, WILD between 0 and 0.3" in " ".join(shown.split())


def test_a_wish_without_its_number_is_refused(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A target return needs to be told which."""
    code = main(["optimize", "--prices", str(prices), "--objective", "target-return"])

    assert code == 1
    assert "wanted" in capsys.readouterr().err
