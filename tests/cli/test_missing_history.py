"""`optimize` and `frontier` where instruments begin on different days."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trimtab.cli.main import main

PUBLISHED = {
    "min_volatility": ["--objective", "min-volatility"],
    "cla_min_volatility": ["--objective", "min-volatility"],
    "min_volatility_short(-1,1)": ["--objective", "min-volatility", "--bounds=-1,1"],
    "max_sharpe_long_only": ["--objective", "max-sharpe"],
    "max_sharpe_short": ["--objective", "max-sharpe", "--bounds=-1,1"],
    "efficient_risk_0.19": ["--objective", "target-volatility", "--wanted", "19"],
}


@pytest.mark.parametrize("how", ["common", "pairwise", "leave-out"])
@pytest.mark.parametrize("command", ["optimize", "frontier"])
def test_nothing_is_held_of_what_is_traded_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, how: str
) -> None:
    """Prices that end before the others are refused, by whatever days are learned from; what is
    said to be delisted is left out, as if the file had none of it.
    """
    days = np.arange("2019-01-01", "2020-01-01", dtype="datetime64[D]")
    moves = np.random.default_rng(2).normal(0.0004, 0.01, (len(days), 3))
    close = 50.0 * np.exp(moves.cumsum(axis=0))
    whole, two = tmp_path / "whole.csv", tmp_path / "two.csv"
    rows = list(zip(days, close.tolist(), strict=True))
    gone = "".join(
        f"{day},{a:.4f},{b:.4f},{f'{c:.4f}' if i < 330 else ''}\n"
        for i, (day, (a, b, c)) in enumerate(rows)
    )
    whole.write_text(f"date,A,B,ENRN\n{gone}")
    two.write_text("date,A,B\n" + "".join(f"{day},{a:.4f},{b:.4f}\n" for day, (a, b, _) in rows))
    line = [command, "--missing-history", how, "--json", "--prices"]

    refused = main([*line, str(whole)])
    said = capsys.readouterr()
    main([*line, str(whole), "--delisted", "ENRN"])
    without = json.loads(capsys.readouterr().out)
    main([*line, str(two)])
    alone = json.loads(capsys.readouterr().out)

    assert refused != 0
    assert "ENRN: prices end on 2019-11-26, 35 sessions before the last" in said.err
    assert "--delisted" in said.err
    assert without == alone


def test_by_pairs_the_published_figures_come_out(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--missing-history pairwise` finds what PyPortfolioOpt publishes for its own file, to 1e-6.

    Twenty stocks of which nine begin late: its covariance is pandas', pair by pair.
    """
    file = shared / "data/pypfopt_stock_prices/stock_prices.csv"
    known = json.loads((shared / "reference/pypfopt_expected.json").read_text())
    line = ["optimize", "--prices", str(file), "--missing-history", "pairwise", "--json"]

    for name, options in PUBLISHED.items():
        code = main([*line, *options])

        told = json.loads(capsys.readouterr().out)
        found = [told["expected_return"], told["volatility"], told["sharpe"]]
        assert code == 0
        assert found == pytest.approx(known["performance_return_vol_sharpe"][name], abs=1e-6), name


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """Two hundred days of three instruments and fewer of two, one of them with no price at all."""
    rng = np.random.default_rng(3)
    days = np.arange("2020-01-01", "2020-07-19", dtype="datetime64[D]")
    walks = 100 * np.exp(rng.normal(0.0004, 0.01, (len(days), 4)).cumsum(axis=0))
    rows = [
        ",".join(map(str, [day, *row[:3].round(4), row[3].round(4) if i >= 120 else "", ""]))
        for i, (day, row) in enumerate(zip(days, walks, strict=True))
    ]
    file = tmp_path / "late.csv"
    file.write_text("\n".join(["date,A,B,C,LATE,NEVER", *rows]) + "\n")
    return file


def told(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, Any]:
    """What `optimize` says to a program."""
    main(["optimize", *line, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_who_shortens_the_history_is_named(late: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A history cut short names who does it, by how much, and what to type; the rest stays quiet.

    A column without a price is left out, said, and does not stop the others.
    """
    found = told(capsys, "--prices", str(late))

    warned = {one["code"]: one["message"] for one in found["findings"]}
    assert (found["sessions"], set(warned)) == (80, {"history-shortened", "history-missing"})
    assert "80 days are common to all 4 instruments, of up to 200" in warned["history-shortened"]
    assert "LATE has 80" in warned["history-shortened"]
    assert "--missing-history pairwise" in warned["history-shortened"]
    assert "NEVER is left out" in warned["history-missing"]


@pytest.mark.parametrize(
    "options", [["--exclude", "LATE,NEVER"], ["--missing-history", "leave-out"]]
)
def test_what_is_not_held_shortens_nothing(
    late: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Days are counted without what is excluded, or left out for its short history."""
    found = told(capsys, "--prices", str(late), *options)

    assert found["sessions"] == 200
    assert found["weights"]["LATE"] == found["weights"]["NEVER"] == 0.0
    assert "history-shortened" not in {one["code"] for one in found["findings"]}


def test_too_few_common_days_blame_who_is_late(
    late: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the common days are too few, only who begins late is named, with what would cure it."""
    line = ["optimize", "--prices", str(late), "--end", "2020-05-29"]

    code = main(line)

    said = capsys.readouterr().err
    assert code != 0
    assert "LATE has 30" in said
    assert "--exclude LATE" in said
    assert "A has" not in said
    assert "is left out" not in said


def test_a_frontier_counts_the_same_days(late: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By pairs the least volatile point of `frontier` is what `optimize` finds."""
    by_pairs = ["--prices", str(late), "--missing-history", "pairwise"]
    one = told(capsys, *by_pairs)

    main(["frontier", *by_pairs, "--json"])

    curve = json.loads(capsys.readouterr().out)
    assert curve["min_volatility"]["volatility"] == pytest.approx(one["volatility"], abs=1e-9)
