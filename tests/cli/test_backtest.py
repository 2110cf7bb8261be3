"""`trimtab backtest`: published figures from the command line, and the files it writes."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.console import PACKAGED, Session, demo_folder
from trimtab.adapters.price_frames import read_prices
from trimtab.model.policy import Policy
from trimtab.reports.backtest_html import backtest_html
from trimtab.simulate.backtest import backtest

PRICES = PACKAGED / "total_return.csv"


@pytest.mark.parametrize(
    ("when", "bps", "case"),
    [
        ("never", 0, "none_cost0bp"),
        ("monthly", 0, "monthly_cost0bp"),
        ("monthly", 10, "monthly_cost10bp"),
        ("quarterly", 0, "quarterly_cost0bp"),
        ("band:5pp", 10, "abs5_cost10bp"),
    ],
)
def test_published_cases_come_out_of_the_command_line(
    when: str, bps: int, case: str, shared: Path, tmp_path: Path
) -> None:
    """60/40 of two funds over 22 years, to the cent that somebody else computed."""
    published = json.loads(
        (shared / "reference" / "independent_rebalancing_backtests.json").read_text("utf-8")
    )["spy_agg_6040"]["results"]
    if case not in published:
        pytest.skip(f"the reference has no case {case}")
    line = (
        f"trimtab backtest --prices {shared}/data/etf_daily_yahoo --target SPY=60,AGG=40 "
        f"--when {when} --cost-bps {bps} --json"
    )

    found = json.loads(Session(tmp_path).run(line))

    wanted = published[case]
    assert found["final_value"] == pytest.approx(wanted["final_value"], abs=0.01)
    assert found["rebalances"] == wanted["n_rebalances"]
    assert found["cost_paid"] == pytest.approx(wanted["cost_paid"], abs=0.01)
    assert found["volatility"] == pytest.approx(wanted["ann_vol"], abs=1e-6)
    assert list(found["final_weights"].values()) == pytest.approx(wanted["final_weights"], abs=1e-6)


def test_the_files_say_what_the_figures_say(tmp_path: Path) -> None:
    """Curves end at the final values, weights add up, and trades cost what was paid."""
    folder = demo_folder(tmp_path)
    figures = json.loads(Session(folder).run("trimtab backtest --out run --json"))["policies"]

    with (folder / "run" / "equity.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "run" / "monthly" / "weights.csv").open(encoding="utf-8", newline="") as file:
        weights = list(csv.DictReader(file))
    with (folder / "run" / "monthly" / "trades.csv").open(encoding="utf-8", newline="") as file:
        trades = list(csv.DictReader(file))

    assert [one["name"] for one in figures] == list(rows[0])[1:]
    assert len(rows) == figures[0]["sessions"] == len(weights)
    for one in figures:
        assert float(rows[-1][one["name"]]) == pytest.approx(one["final_value"])
    for row in weights[::500]:
        assert sum(float(row[name]) for name in row if name != "date") == pytest.approx(1)
    monthly = next(one for one in figures if one["name"] == "monthly")
    assert sum(float(row["cost"]) for row in trades) == pytest.approx(monthly["cost_paid"])


class Page(HTMLParser):
    """What a browser would find in a report."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember each tag and attribute."""
        self.tags.append(tag)
        self.attributes.extend(attrs)


def test_a_report_is_one_page_that_loads_and_runs_nothing() -> None:
    """A hostile name is text; there is no script, no handler and no address in the page."""
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    target = {"IBM": 0.5, "BOND10": 0.5}
    policies = [Policy(target, "monthly", name=hostile), Policy(target, "never", name="calm")]

    page = backtest_html(backtest(read_prices(PRICES), policies))

    read = Page()
    read.feed(page)
    assert read.tags.count("polyline") == 2 * len(policies)
    assert {"script", "img", "iframe", "link"} & set(read.tags) == set()
    assert [name for name, _ in read.attributes if name in ("src", "href", "onerror")] == []
    assert "calm" in page


def test_alternatives_stand_beside_the_portfolio_once_each(tmp_path: Path) -> None:
    """A policy that is one of the alternatives is not shown twice."""
    folder = demo_folder(tmp_path)
    toml = folder / "portfolio.toml"
    toml.write_text(
        toml.read_text("utf-8").replace('"monthly+band:5pp/25%"', '"quarterly"'), encoding="utf-8"
    )

    figures = json.loads(Session(folder).run("trimtab backtest --json"))["policies"]

    names = [one["name"] for one in figures]
    assert names[0] == "this portfolio"
    assert "quarterly" not in names
    assert len(set(names)) == len(names)
