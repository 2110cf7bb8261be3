"""`trimtab frontier` as a user meets it: text, JSON, page and picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.console import demo_folder
from tests.reports.browser import chromium, opened
from tests.targets.test_fallback import failing
from trimtab.cli.main import main
from trimtab.targets.objectives import frontier


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Three years of three instruments, calm to wild."""
    rng = np.random.default_rng(7)
    days = np.arange("2018-01-01", "2021-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    drift, spread = [0.0002, 0.0004, 0.0007], [0.005, 0.01, 0.02]
    walks = 100 * np.exp(rng.normal(drift, spread, (len(days), 3)).cumsum(axis=0))
    rows = [f"{day},{a:.4f},{b:.4f},{c:.4f}" for day, (a, b, c) in zip(days, walks, strict=True)]
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(["date,CALM,MID,WILD", *rows]) + "\n")
    return file


def test_the_frontier_for_a_program(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Points with weights, the two that matter, and where the portfolio stands."""
    line = ["--weights", "CALM=20,WILD=80", "--points", "11", "--json"]

    code = main(["frontier", "--prices", str(prices), *line])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert len(told["points"]) == 11
    assert told["points"][0] == told["min_volatility"]
    assert sum(told["max_sharpe"]["weights"].values()) == pytest.approx(1.0)
    assert told["current"]["weights"] == {"CALM": 0.2, "MID": 0.0, "WILD": 0.8}
    better = told["at_current_volatility"]["expected_return"]
    assert better >= told["current"]["expected_return"]
    assert set(told["instruments"]) == {"CALM", "MID", "WILD"}


def test_the_frontier_for_a_reader(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table names the points that matter; a sentence says where the portfolio stands."""
    code = main(["frontier", "--prices", str(prices), "--weights", "WILD=100"])

    shown = capsys.readouterr().out
    assert code == 0
    for words in ("least volatility", "best Sharpe", "most return", "now", "CALM"):
        assert words in shown


def test_points_of_another_solver_are_told(
    prices: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who found each point is in the JSON with all that were asked; the text says that some did."""
    monkeypatch.setattr(frontier, "corners", lambda *_: np.empty((0, 3)))
    line = ["frontier", "--prices", str(prices), "--points", "3"]
    main([*line, "--json"])
    own = json.loads(capsys.readouterr().out)
    failing(monkeypatch)

    main([*line, "--json"])
    told = json.loads(capsys.readouterr().out)
    main(line)

    assert own["points"][1]["solver"] == "active set"
    assert told["points"][1]["solver"] == "HiGHS"
    tried = [(one["solver"], one["status"]) for one in told["points"][1]["attempts"]]
    assert tried == [("active set", "stopped"), ("HiGHS", "optimal")]
    assert "3 of 3 points are those of HiGHS" in capsys.readouterr().out


def test_limits_are_kept(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No point holds more than its bound."""
    main(["frontier", "--prices", str(prices), "--bounds", "0,50", "--json"])

    told = json.loads(capsys.readouterr().out)
    most = max(max(one["weights"].values()) for one in told["points"])
    assert most == pytest.approx(0.5)
    assert told["current"] is None


def test_limits_that_contradict_each_other(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are named, and nothing is drawn."""
    code = main(["frontier", "--prices", str(prices), "--bounds", "0,30"])

    assert code == 1
    assert "together: each at most 0.3; weights that sum to 1" in capsys.readouterr().err


def test_a_portfolio_folder_knows_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder the sleeves are the instruments, and the portfolio is on the picture."""
    folder = demo_folder(tmp_path)

    written = main(["-C", str(folder), "frontier", "--json"])
    told = json.loads(capsys.readouterr().out)
    moving = main(["-C", str(folder / "moving"), "frontier", "--json"])
    found = json.loads(capsys.readouterr().out)

    assert (written, moving) == (0, 0)
    for one in (told, found):
        for where in (one["current"], one["target"], one["points"][0]):
            assert sum(where["weights"].values()) == pytest.approx(1.0)
        assert one["current"]["weights"]["CASH"] == pytest.approx(0.0696, abs=1e-3)
        assert {point["weights"]["CASH"] for point in one["points"]} == {0.05}
        assert one["instruments"]["CASH"] == {"expected_return": 0.02, "volatility": 0.0}
    assert told["target"]["weights"]["AAPL"] == pytest.approx(0.35)


@pytest.mark.parametrize("objective", ["min-volatility", "max-sharpe"])
def test_a_folder_s_frontier_is_of_what_its_target_is_found_from(
    objective: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Estimates and limits are those of `[target.optimize]`: its target is a point of the curve."""
    folder = demo_folder(tmp_path) / "moving"
    file = folder / "portfolio.toml"
    file.write_text(file.read_text().replace('"min-volatility"', f'"{objective}"'))

    code = main(["-C", str(folder), "frontier", "--json"])

    told = json.loads(capsys.readouterr().out)
    best = told[objective.replace("-", "_")]
    assert code == 0
    assert told["target"]["weights"] == pytest.approx(best["weights"], abs=2e-4)
    assert told["target"]["sharpe"] == pytest.approx(best["sharpe"], abs=1e-3)
    assert max(point["weights"]["AAPL"] for point in told["points"]) <= 0.4 + 1e-9
    assert "[target.optimize]" in told["understood"]


def test_options_take_the_place_of_a_folder_s_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Limits and estimates that are given count; how far back is looked is for the file to say."""
    folder = demo_folder(tmp_path) / "moving"
    line = ["-C", str(folder), "frontier"]

    main([*line, "--json"])
    usual = json.loads(capsys.readouterr().out)
    main([*line, "--bounds", "0,0.9", "--covariance", "oas", "--risk-free", "1%", "--json"])
    told = json.loads(capsys.readouterr().out)
    refused = main([*line, "--start", "2011-01-03"])

    assert max(point["weights"]["AAPL"] for point in told["points"]) == pytest.approx(0.9 * 0.95)
    assert told["risk_free"] == 0.01
    assert told["instruments"]["AAPL"]["volatility"] != usual["instruments"]["AAPL"]["volatility"]
    assert refused == 1
    assert "portfolio.toml" in capsys.readouterr().err


def test_now_is_of_the_last_day_that_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an end the portfolio is looked at as it stood then, not as it stands today."""
    folder = demo_folder(tmp_path)
    main(["-C", str(folder), "frontier", "--json"])
    today = json.loads(capsys.readouterr().out)
    end = np.datetime64(today["last"]) - 10

    code = main(["-C", str(folder), "frontier", "--end", str(end), "--json"])

    then = json.loads(capsys.readouterr().out)
    assert code == 0
    assert then["current"]["weights"] != today["current"]["weights"]


def test_page_and_picture(prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both are written; the page has the charts, loads nothing, and runs no script."""
    pytest.importorskip("matplotlib", reason="pictures are an extra: trimtab[plot]")
    page, picture = tmp_path / "f.html", tmp_path / "f.png"

    code = main(
        [
            *("frontier", "--prices", str(prices), "--weights", "CALM=50,WILD=50"),
            *("--report", str(page), "--png", str(picture)),
        ]
    )

    text = page.read_text()
    assert code == 0
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    assert [text.count(f'<svg class="figure {size}"') for size in ("desk", "phone")] == [2, 2]
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert "Wrote" in capsys.readouterr().out


def test_the_page_in_a_browser(prices: Path, tmp_path: Path) -> None:
    """It opens without an error or a request, and its charts fit a phone."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    page = tmp_path / "f.html"
    main(["frontier", "--prices", str(prices), "--weights", "WILD=100", "--report", str(page)])

    with opened(program, tmp_path / "profile") as tab:
        tab.open(page, width=390, height=800)
        wide = tab.run("document.documentElement.scrollWidth")
        charts = tab.run("[...document.querySelectorAll('svg.phone')].map(s => s.clientWidth)")
        hidden = tab.run("[...document.querySelectorAll('svg.desk')].map(s => s.clientWidth)")

    assert tab.troubles == []
    assert len(tab.requests) == 1
    assert wide <= 390
    assert min(charts) > 250
    assert hidden == [0, 0]


def test_a_file_that_is_no_page_is_not_written_over(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not ours stays as it is."""
    other = tmp_path / "notes.html"
    other.write_text("mine")

    code = main(["frontier", "--prices", str(prices), "--report", str(other)])

    assert code == 1
    assert other.read_text() == "mine"
    assert "notes.html" in capsys.readouterr().err


def test_a_tolerance_is_mapped_and_shown(
    prices: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A score leads to a point; text, JSON and page say which, and how."""
    page = tmp_path / "f.html"
    line = ["frontier", "--prices", str(prices), "--risk-score", "4"]

    main([*line, "--report", str(page)])
    shown = capsys.readouterr().out
    main([*line, "--json"])
    told = json.loads(capsys.readouterr().out)["tolerated"]

    assert "4 of 10" in " ".join(shown.split())
    assert "4 of 10" in told["how"]
    assert sum(told["weights"].values()) == pytest.approx(1.0)
    assert "tolerated" in page.read_text()


@pytest.mark.parametrize("score", ["0", "12", "high"])
def test_a_score_of_risk_is_refused_with_its_option_and_range(
    prices: Path, capsys: pytest.CaptureFixture[str], score: str
) -> None:
    """What is no score names the option that it was given to, and what it may be."""
    code = main(["frontier", "--prices", str(prices), "--risk-score", score])

    said = capsys.readouterr().err
    assert code == 2
    assert "--risk-score" in said
    assert repr(score) in said
    assert score == "high" or "a score of risk is from 1 to 10" in said
