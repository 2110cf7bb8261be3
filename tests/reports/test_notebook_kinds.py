"""What a notebook shows of sweeps, advice, runs in accounts and plans: offline, and all of it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import trimtab as tt
from tests.cli.console import demo_folder
from tests.simulate.markets import lively
from trimtab.reports.notebook_plan import plan_notebook

HALVES = {"A": 0.5, "B": 0.5}
KINDS = ("sweep", "advice", "accounts", "plan")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each kind of result as a notebook shows it."""
    prices = lively("AB", 300)
    base = tt.Policy(HALVES, when="monthly", name="<i>mine")
    book = tt.open(demo_folder(tmp_path_factory.mktemp("book")))
    runs = book.backtest(["never"], start="2012-05-01", end="2012-05-31")
    plan = book.plan("2013-02-28", now=True).value
    renamed = replace(plan, household="<i>Home", trades=plan.trades[:2])
    return {
        "sweep": tt.sweep(prices, base, when=["never", "monthly", "band:2pp"])._repr_html_(),
        "advice": tt.advise(prices, base, when=["never", "band:2pp"], paths=20)._repr_html_(),
        "accounts": runs._repr_html_(),
        "plan": plan_notebook(renamed),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_it_loads_nothing_runs_nothing_and_is_drawn_inside_its_frame(
    pages: dict[str, str], kind: str
) -> None:
    """No script, no address, every tag closed, no point outside a picture, no name as markup."""
    page = pages[kind]

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open_tags: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

    parser = Tags()
    parser.feed(re.sub(r"<(path|rect) [^>]*/>", "", page))
    assert parser.open_tags == []
    assert not re.search(r"<script|https?:|<i>| on[a-z]+=|nan", page)
    assert "prefers-color-scheme:dark" in page
    charts = re.findall(r'<svg [^>]*viewBox="0 0 (\d+) (\d+)" role="img"', page)
    assert charts
    for across, up in re.findall(r'cx="(-?[0-9.]+)" cy="(-?[0-9.]+)"', page):
        assert 0.0 <= float(across) <= float(charts[0][0])
        assert 0.0 <= float(up) <= float(charts[0][1])


def test_every_policy_that_was_tried_is_a_point(pages: dict[str, str]) -> None:
    """A sweep of three targets of when and one of how far has three points, each with its name."""
    assert pages["sweep"].count("<circle") == 3
    assert "band:2pp to target: " in pages["sweep"]
    assert 'class="own"' in pages["advice"]


def test_runs_in_accounts_have_curves_and_findings(pages: dict[str, str]) -> None:
    """A run a curve in both charts, and everything that was noticed."""
    assert pages["accounts"].count("<title>this portfolio</title>") == 2
    assert "finding" in pages["accounts"]


def test_a_plan_shows_its_trades_and_every_sleeve(pages: dict[str, str]) -> None:
    """One row a trade, and one bar a leaf of the target with what it is now and after."""
    page = pages["plan"]

    assert page.count('<th scope="row">') == 2
    assert page.count('class="after"') == 4
    assert "&lt;i&gt;Home" in page
    assert "nothing has been traded" in page


def test_a_plan_without_trades_says_why(tmp_path: Path) -> None:
    """Nothing due is told with what was looked at, and no table of trades stands there empty."""
    plan = tt.open(demo_folder(tmp_path)).plan("2013-02-27").value
    idle = replace(plan, due=False, trades=())

    page = plan_notebook(idle)

    assert "<table" not in page
    assert "0 trades" in page or "no trades" in page
