"""What happened to instruments stands on the charts, and in words beside them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.reports.browser import chromium, opened
from tests.simulate.markets import lively
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy
from trimtab.reports.backtest_html import backtest_html
from trimtab.reports.html.marks import MOST_MARKS, marks_of, marks_told
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest


@pytest.fixture(scope="module")
def run() -> Backtest:
    """Of three instruments one is listed later, and one ends before the run does."""
    prices = lively("ABC", 300, seed=3)
    close = prices.close.copy()
    close[:80, 1] = np.nan
    close[200:, 2] = np.nan
    history = PriceHistory(prices.dates, prices.symbols, close)
    target = {"A": 0.5, "B": 0.3, "C": 0.2}
    policies = [Policy(target, when, name=f"the policy {when}") for when in ("monthly", "never")]
    return backtest(history, policies, late="spread", delisted={"C": None})


def test_what_is_listed_late_or_delisted_is_marked(run: Backtest) -> None:
    """Both days are in the data of the charts, and in a sentence for those who read."""
    days = run.policies[0].dates
    page = backtest_html(run)
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])

    listed, ended = (int(days[at].astype("datetime64[D]").astype(int)) for at in (80, 200))
    assert data["marks"] == [[listed, "B", "listed"], [ended, "C", "prices end"]]
    assert f"Dotted lines: B listed on {days[80]} and C prices end on {days[200]}." in page


def test_marks_are_of_the_days_drawn_and_of_findings_that_have_one() -> None:
    """Other days, other codes and findings without a day mark nothing; of many the first stand."""
    first, last = date(2020, 1, 1), date(2020, 12, 31)
    told = [
        Finding("delisted", "A", "", on=date(2019, 12, 31)),
        Finding("delisted", "B", ""),
        Finding("price-held", "C", "", on=date(2020, 5, 1)),
        *(Finding("split-missing", f"S{k:02}", "", on=date(2020, 2, k + 1)) for k in range(20)),
    ]

    found = marks_of(told, first, last)

    assert found == [(date(2020, 2, k + 1), f"S{k:02}", "split?") for k in range(MOST_MARKS)]
    assert marks_told([]) == ""


def test_names_at_the_ends_of_curves_keep_apart(run: Backtest, tmp_path: Path) -> None:
    """On a wide screen every curve has its name, none over another; what happened is named too."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium here")
    file = tmp_path / "run.html"
    file.write_text(backtest_html(run), encoding="utf-8")
    with opened(program, tmp_path / "profile") as tab:
        tab.open(file)
        texts = tab.run(
            "[...document.querySelectorAll('#fall .tag, #fall .flag')].map((one) => {"
            "const box = one.getBBox();"
            "return [one.textContent, box.x, box.y, box.x + box.width, box.y + box.height]; })"
        )

    assert sorted(one[0] for one in texts) == [
        "B listed", "C prices end", "the policy monthly", "the policy never",
    ]  # fmt: skip
    for place, (_, x, y, right, bottom) in enumerate(texts):
        for _, a, b, c, d in texts[place + 1 :]:
            assert x >= c or a >= right or y >= d - 2 or b >= bottom - 2
