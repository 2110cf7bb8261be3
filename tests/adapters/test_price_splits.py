"""Splits that a file names and its closes do not show: never counted twice in silence."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.engine.households import CALENDAR as NYSE
from trimtab.adapters.price_frames import read_prices
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import InputError
from trimtab.model.instruments import Instrument
from trimtab.simulate.prices.history import PriceHistory

AT = 60
"""The row of the split."""


def _file(
    folder: Path,
    *,
    split: float,
    move: float,
    on: int = AT,
    usual: float = 0.01,
    text: str = "",
) -> Path:
    """A file of 120 closes: each moves by some per cent, that of row AT by `move`."""
    steps = usual * np.random.default_rng(3).standard_normal(120)
    steps[AT] = np.log(move)
    closes = 100.0 * np.exp(np.cumsum(steps))
    days = [date(2024, 1, 1) + timedelta(days=k) for k in range(120)]
    rows = ["date,symbol,close,dividend,split"]
    for k, (day, close) in enumerate(zip(days, closes, strict=True)):
        cell = (text or f"{split:g}") if k == on else ""
        rows.append(f"{day},X,{close:.4f},,{cell}")
    path = folder / "prices.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def _problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_prices(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("split", [1.5, 2.0, 4.0, 20.0, 0.5, 0.1])
@pytest.mark.parametrize("market", [0.9, 1.0, 1.1])
def test_a_split_in_adjusted_closes_is_refused(tmp_path: Path, split: float, market: float) -> None:
    """Closes that were adjusted already are refused with the line, whatever the market did."""
    (problem,) = _problems(_file(tmp_path, split=split, move=market))

    assert problem.startswith(f"prices.csv:{AT + 2}: X: the split of {split:g} on 2024-03-01")
    assert "adjusted for splits already -> drop the column split" in problem


@pytest.mark.parametrize("split", [1.5, 2.0, 4.0, 20.0, 0.5, 0.1])
@pytest.mark.parametrize("market", [0.9, 1.0, 1.1])
def test_a_split_in_closes_as_quoted_is_worked_in(
    tmp_path: Path, split: float, market: float
) -> None:
    """Closes as they were quoted are read without a word, and what is left is the market's move."""
    path = _file(tmp_path, split=split, move=market / split, usual=0.02)

    prices = read_prices(path)

    assert prices.returns[AT - 1, 0] == pytest.approx(market - 1.0, abs=1e-3)
    assert not prices.findings
    assert prices.scaled == ("X",)


def test_a_split_that_is_lost_in_the_moves_of_its_time_is_a_warning(tmp_path: Path) -> None:
    """Where prices move by half of it each day, nobody knows: it is counted and told."""
    prices = read_prices(_file(tmp_path, split=1.5, move=1.0, usual=0.08))

    assert [one.code for one in prices.findings] == ["split-without-move"]
    assert prices.returns[AT - 1, 0] == pytest.approx(0.5)


def test_a_split_of_another_day_is_told_where_it_belongs(tmp_path: Path) -> None:
    """A split that stands two sessions early names the day on which the price moved."""
    (problem,) = _problems(_file(tmp_path, split=4.0, move=0.25, on=AT - 2))

    assert "on 2024-02-28 finds no move in the price" in problem
    assert problem.endswith("the price moves so on 2024-03-01: write the split there")


@pytest.mark.parametrize("word", ["0", "0.0", "-2", "two", "NaN"])
def test_what_is_no_split_is_refused_by_backtests_and_plans(tmp_path: Path, word: str) -> None:
    """A zero among blanks, a split below zero and a word are problems with their line."""
    path = _file(tmp_path, split=1.0, move=1.0, text=word)

    (problem,) = _problems(path)
    with pytest.raises(InputError) as caught:
        PriceFile([path], instruments={"X": Instrument("X")}, calendar=NYSE).snapshot(
            date(2024, 4, 1), ["X"]
        )

    assert problem.startswith(f"prices.csv:{AT + 2}: split:")
    assert [one.line for one in caught.value.problems] == [AT + 2]


def test_zeros_throughout_say_that_there_was_no_split(tmp_path: Path) -> None:
    """A column that has a zero wherever there was no split is read as it is meant."""
    path = tmp_path / "prices.csv"
    path.write_text(
        "date,symbol,close,dividend,split\n"
        "2024-01-02,X,100,0.0,0.0\n2024-01-03,X,50,0.0,2.0\n2024-01-04,X,51,0.0,0.0\n"
    )

    prices: PriceHistory = read_prices(path)

    assert prices.close[:, 0].tolist() == [50.0, 50.0, 51.0]


def test_all_that_is_wrong_with_splits_is_told_at_once(tmp_path: Path) -> None:
    """A slip in one symbol does not hide the trouble of another."""
    path = tmp_path / "prices.csv"
    path.write_text(
        "date,symbol,close,split\n2020-01-02,A,10,\n2020-01-03,A,5,0\n2020-01-06,A,5,\n"
        "2020-01-02,B,10,\n2020-01-03,B,11,2:1\n2020-01-06,B,11,\n"
    )

    problems = _problems(path)

    assert [one.split(": ")[0] for one in problems] == ["prices.csv:3", "prices.csv:6"]
