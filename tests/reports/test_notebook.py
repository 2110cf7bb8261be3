"""What a notebook shows of a backtest: offline, without scripts, and nothing hidden."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import trimtab as tt
from tests.simulate.markets import lively
from trimtab.simulate.frames import html_table
from trimtab.simulate.research.results import Backtest

HALVES = {"A": 0.5, "B": 0.5}


def _result(count: int = 2, sessions: int = 300) -> Backtest:
    prices = lively("AB", sessions).rows(np.r_[0:100, 160:sessions])
    policies = [tt.Policy(HALVES, when=f"band:{k + 1}pp", name=f"<i>{k}") for k in range(count)]
    return tt.backtest(prices, policies, costs=tt.Costs(bps=5))


def test_findings_are_in_text_and_in_html() -> None:
    """Whoever prints a result, or shows it in a notebook, reads what was found."""
    result = _result()
    (finding,) = result.findings

    assert finding.message in str(result)
    assert "1 finding:\nwarning: prices: nothing has a price" in result.summary()
    assert finding.message in result._repr_html_()


def test_without_findings_nothing_is_said_of_them() -> None:
    """A clean run has no heading without anything below it."""
    result = tt.backtest(lively("AB", 300), tt.Policy(HALVES))

    assert result.findings == ()
    assert "finding" not in result.summary() + result._repr_html_()


@pytest.mark.parametrize("count", [1, 9])
def test_the_page_has_a_curve_a_policy_in_each_chart(count: int) -> None:
    """Growth and falls are drawn inside the frame, for every policy, within few bytes."""
    html = _result(count)._repr_html_()

    charts = re.findall(r'<svg viewBox="0 0 460 190".*?</svg>', html, re.DOTALL)
    assert [chart.count("<title>") for chart in charts] == [count, count]
    for x, y in re.findall(r"[ML](-?[0-9.]+) (-?[0-9.]+)", " ".join(charts)):
        assert 0.0 <= float(x) <= 460.0
        assert 0.0 <= float(y) <= 190.0
    assert len(html) < 30_000 + 12_000 * count


def test_it_loads_nothing_runs_nothing_and_names_are_text() -> None:
    """No script, no address, no markup from a policy's name, and every tag is closed."""
    html = _result()._repr_html_()

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open_tags: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

    parser = Tags()
    parser.feed(re.sub(r"<path [^>]*/>", "", html))
    assert parser.open_tags == []
    assert not re.search(r"<script|https?:|<i>| on[a-z]+=", html)
    assert "the last session never trades" in html


def test_a_flat_run_is_drawn() -> None:
    """A portfolio that never moves has a curve as well, and no division by nothing."""
    flat = tt.backtest(lively("A", 40), tt.Policy({"CASH": 1.0}))

    assert "NaN" not in flat._repr_html_()


def test_small_tables_name_their_rows_and_fit_a_narrow_page() -> None:
    """The first column stands to the left and names its row; figures stand to the right."""
    html = html_table(["policy", "cost"], [["<b>", "1.00"]])

    assert '<th scope="row" style="text-align:left">&lt;b&gt;</th>' in html
    assert '<td style="text-align:right">1.00</td>' in html
    assert html.startswith('<div style="overflow-x:auto">')
