"""`--covariance-file` and `--factors` of `trimtab optimize` and `frontier`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.console import demo_folder
from trimtab.cli.main import main
from trimtab.estimates.factors import given_factors

NAMES = ["CALM", "MID", "WILD"]
DAYS = np.arange("2020-01-01", "2020-07-01", dtype="datetime64[D]")
GIVEN = np.diag([0.01, 0.04, 0.09])


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Half a year of three instruments, moved by one cause and by themselves."""
    rng = np.random.default_rng(3)
    market = rng.normal(0.0, 0.01, len(DAYS))
    moves = np.outer(market, [0.5, 1.0, 1.5]) + rng.normal(0.0, 0.004, (len(DAYS), 3))
    table = pd.DataFrame(100 * (1 + moves).cumprod(axis=0), index=DAYS, columns=NAMES)
    table.to_csv(tmp_path / "prices.csv", index_label="date")
    factors = pd.DataFrame({"market": market}, index=DAYS)
    factors.to_csv(tmp_path / "factors.csv", index_label="date")
    factors.to_parquet(tmp_path / "factors.parquet")
    return tmp_path / "prices.csv"


def written(path: Path, matrix: np.ndarray, names: list[str] = NAMES) -> Path:
    """A covariance as a file."""
    pd.DataFrame(matrix, index=names, columns=names).to_csv(path, index_label="symbol")
    return path


def told(capsys: pytest.CaptureFixture[str], *line: object) -> dict[str, object]:
    """The JSON of a command line that succeeds."""
    assert main([*map(str, line), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_covariance_is_that_of_the_file(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By symbol, in any order and with more of them: variances 1, 4 and 9 weigh 36, 9 and 4."""
    mixed = np.diag([0.09, 0.5, 0.01, 0.04])
    file = written(prices.parent / "mine.csv", mixed, ["WILD", "OTHER", "CALM", "MID"])
    mixed_frame = pd.DataFrame(mixed, index=["WILD", "OTHER", "CALM", "MID"])
    mixed_frame.columns = mixed_frame.index
    mixed_frame.to_parquet(prices.parent / "mine.parquet")

    found = told(capsys, "optimize", "--prices", prices, "--covariance-file", file)
    same = told(
        capsys, "optimize", "--prices", prices, "--covariance-file", prices.parent / "mine.parquet"
    )
    curve = told(capsys, "frontier", "--prices", prices, "--covariance-file", file)

    weights = dict(zip(NAMES, np.array([36, 9, 4]) / 49, strict=True))
    assert found["weights"] == pytest.approx(weights)
    assert same["weights"] == found["weights"]
    assert curve["min_volatility"]["weights"] == pytest.approx(weights)  # type: ignore[index]


def test_factors_are_those_of_the_file(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The volatility is that of `given_factors` over the same days, from CSV and Parquet alike."""
    folder = prices.parent
    table = pd.read_csv(prices, index_col="date")
    causes = pd.read_csv(folder / "factors.csv", index_col="date").iloc[1:]

    found = told(capsys, "optimize", "--prices", prices, "--factors", folder / "factors.csv")
    same = told(capsys, "optimize", "--prices", prices, "--factors", folder / "factors.parquet")

    model = given_factors(
        table.pct_change().iloc[1:].to_numpy(), causes.to_numpy(), sessions_a_year=252
    )
    weights = np.array(list(found["weights"].values()))  # type: ignore[attr-defined]
    year = found["volatility"] ** 2 / (weights @ model.dense() @ weights)  # type: ignore[operator]
    assert same["weights"] == pytest.approx(found["weights"])
    assert year == pytest.approx(1.0)


def test_a_folder_s_table_takes_the_file_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder it stands in place of the table's key, within the table's limits."""
    folder = demo_folder(tmp_path) / "moving"
    file = written(tmp_path / "mine.csv", np.diag([0.01, 0.09, 0.5]), ["AAPL", "IBM", "BOND10"])

    found = told(capsys, "-C", folder, "optimize", "--covariance-file", file)

    assert found["weights"]["AAPL"] == pytest.approx(0.4)  # type: ignore[index]
    assert "covariance of" in str(found["understood"]).split("From options:")[1]


ASYMMETRIC = GIVEN + np.array([[0, 0.001, 0], [0, 0, 0], [0, 0, 0]])
IMPOSSIBLE = np.array([[0.01, 0.03, 0.0], [0.03, 0.04, 0.0], [0.0, 0.0, 0.09]])


@pytest.mark.parametrize(
    ("matrix", "names", "words"),
    [
        (ASYMMETRIC, NAMES, ("mine.csv:2", "CALM with MID is 0.001", "the same twice")),
        (IMPOSSIBLE, NAMES, ("a variance below zero", "smallest eigenvalue -0.00")),
        (GIVEN, ["CALM", "MID", "OTHER"], ("no row for WILD", "no column for WILD")),
        (GIVEN * np.array([0, 1, 1]), NAMES, ("the variance of CALM is 0",)),
    ],
)
def test_no_covariance_is_refused(
    matrix: np.ndarray,
    names: list[str],
    words: tuple[str, ...],
    prices: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is none is refused, with the place in the file and what to do."""
    file = written(prices.parent / "mine.csv", matrix, names)

    code = main(["optimize", "--prices", str(prices), "--covariance-file", str(file)])

    said = " ".join(capsys.readouterr().err.split())
    assert code == 1
    assert all(one in said for one in ("mine.csv", *words)), said


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--covariance-file", "symbol,CALM,MID\nCALM,0.01\n", ("wrong.csv:2", "2 fields")),
        ("--covariance-file", "symbol,CALM\nCALM,x\n", ("wrong.csv:2", "CALM", "no number")),
        ("--covariance-file", "symbol,CALM\n", ("no table of numbers",)),
        ("--factors", "date,market\n2020-01-02,0.01\n", ("no row for", "2020-01-03 is the first")),
        ("--factors", "date,market\n2020-01-02,1.3\n", ("wrong.csv:2", "divide percent by 100")),
        ("--factors", "date,market\nJan 2,0.1\n", ("wrong.csv:2", "is no day")),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    option: str,
    text: str,
    words: tuple[str, ...],
    prices: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its line, what is wrong, and what would be right."""
    file = prices.parent / "wrong.csv"
    file.write_text(text)

    code = main(["optimize", "--prices", str(prices), option, str(file)])

    said = " ".join(capsys.readouterr().err.split())
    assert code == 1
    assert all(one in said for one in ("wrong.csv", *words)), said


def test_factors_that_blend_each_other_are_refused(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A factor that is twice another has no loading of its own."""
    causes = pd.read_csv(prices.parent / "factors.csv", index_col="date")
    causes["twice"] = 2 * causes["market"]
    causes.to_csv(prices.parent / "two.csv")

    line = ["optimize", "--prices", str(prices), "--factors", str(prices.parent / "two.csv")]
    code = main(line)

    assert code == 1
    assert "a blend of the others" in capsys.readouterr().err
