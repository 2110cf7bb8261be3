"""`trimtab optimize --estimator`: other people's optimisations from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_optimize import prices as prices
from tests.moving import moving_folder
from trimtab.cli.main import main


def has_skfolio() -> None:
    """Skip where the extra is not installed."""
    pytest.importorskip("skfolio", reason="the extra `skfolio` is not installed")


def test_the_long_tail_is_fitted_by_name(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The weights are those that skfolio finds in the same returns, with its own parameters."""
    has_skfolio()
    from skfolio.measures import RiskMeasure
    from skfolio.optimization import MeanRisk

    words = ["--estimator", "skfolio:MeanRisk", "--set", "risk_measure=cvar"]
    code = main(["optimize", "--prices", str(prices), *words, "--set", "max_weights=0.5", "--json"])

    told = json.loads(capsys.readouterr().out)
    rows = [line.split(",")[1:] for line in prices.read_text().splitlines()[1:]]
    close = np.array(rows, dtype=float)
    theirs = MeanRisk(risk_measure=RiskMeasure.CVAR, max_weights=0.5)
    theirs.fit(close[1:] / close[:-1] - 1.0)
    assert code == 0
    np.testing.assert_allclose(list(told["weights"].values()), theirs.weights_, atol=1e-6)
    assert (told["status"], told["solver"]) == ("fitted", "skfolio:MeanRisk")
    assert told["optimality_gap"] is None


def test_the_long_tail_is_shown_to_a_reader(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same table as of an objective, under the estimator's name."""
    has_skfolio()

    code = main(["optimize", "--prices", str(prices), "--estimator", "skfolio:InverseVolatility"])

    shown = capsys.readouterr().out
    assert code == 0
    assert shown.index("CALM") < shown.index("MID") < shown.index("WILD")
    assert "Optimised for skfolio:InverseVolatility" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["skfolio:MeanRsk"], "MaximumDiversification"),
        (["MeanRisk"], "skfolio:NAME"),
        (["skfolio:MeanRisk", "--set", "high=1"], "max_weights"),
        (["skfolio:MeanRisk", "--set", "risk_measure=fear"], "cvar"),
        (["skfolio:MeanRisk", "--set", "max_weights"], "NAME=VALUE"),
        (["skfolio:MeanRisk", "--bounds", "0,50"], "--set max_weights=0.3"),
        (["skfolio:MeanRisk", "--risk-aversion", "3"], "--risk-aversion: no effect"),
        (["skfolio:MeanRisk", "--resampled", "9"], "--resampled: no effect"),
        (["skfolio:MeanRisk", "--max-names", "3"], "--max-names: no effect"),
        (["skfolio:MeanRisk", "--set", "max_weights=0.1"], "found no weights"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    words: list[str], told: str, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and what there is instead."""
    has_skfolio()

    code = main(["optimize", "--prices", str(prices), "--estimator", *words])

    said = capsys.readouterr()
    assert code == 1
    assert told in said.out + said.err


def test_without_the_extra_its_install_line_is_told(
    prices: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names an estimator and has no skfolio reads how to get it."""
    monkeypatch.setitem(sys.modules, "skfolio", None)

    code = main(["optimize", "--prices", str(prices), "--estimator", "skfolio:MeanRisk"])

    assert code == 1
    assert "pip install 'trimtab[skfolio]'" in capsys.readouterr().err


def test_a_folder_without_the_extra_is_told_its_install_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that cannot even be looked for is an error, and no target that is kept."""
    monkeypatch.setitem(sys.modules, "skfolio", None)
    optimize = '[target.optimize]\nestimator = "skfolio:MeanRisk"\nhistory = "1y"\n'
    folder = moving_folder(tmp_path, optimize=optimize)

    code = main(["plan", "--folder", str(folder), "--as-of", "2013-01-31"])

    assert code == 1
    assert "pip install 'trimtab[skfolio]'" in capsys.readouterr().err
