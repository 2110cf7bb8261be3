"""Pages of advice: everything is in them, names are text, and they fit a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trimtab as tt
from tests.reports.browser import chromium, opened
from tests.simulate.markets import lively
from trimtab.reports.advice_html import advice_html
from trimtab.simulate.choosing.advice import Advice

HALVES = {"A": 0.5, "B": 0.5}


@pytest.fixture(scope="module")
def advice() -> Advice:
    """Some policies at a cost, of which another than the own one takes surely less."""
    own = tt.Policy(HALVES, when="daily")
    whens = ["never", "monthly", "band:2pp", "band:5pp"]
    return tt.advise(lively("AB", 300), own, when=whens, paths=20, costs=tt.Costs(bps=30))


def test_a_page_of_advice_has_the_answer_and_every_policy(advice: Advice) -> None:
    """The recommendation with its interval, a point and a row a policy, and what was assumed."""
    page = advice_html(advice, is_portfolio=True, remarks=["Mind <this>."])

    many = len(advice.choices)
    assert advice.advised != advice.own
    assert f"<p>{advice.sentence}</p>" in page
    assert [page.count(f'class="figure {size}"') for size in ("desk", "phone")] == [1, 1]
    assert page.count("<title>") == 2 * many + 1
    assert page.count("<tr data-policy=") == many
    assert f'data-figure="total.mean" data-value="{advice.choices[0].total.mean!r}"' in page
    assert "Trading costs 30 bp" in page
    assert "Mind &lt;this&gt;." in page
    assert f"when = &quot;{advice[advice.advised].policy.when}&quot;" in page
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_a_single_policy_is_weighed_against_nothing() -> None:
    """The sentence says that there is no other; the page has one point and one row."""
    alone = tt.advise(lively("AB", 120), tt.Policy(HALVES), when=[], to=[], paths=20)

    page = advice_html(alone)

    assert "there is no other policy" in alone.sentence
    assert page.count("<circle") == 2 + 2
    assert page.count("<tr data-policy=") == 1


def test_pages_in_a_browser(advice: Advice, tmp_path: Path) -> None:
    """No error, no request; on a phone nothing is wider than it, and no name lies on another."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    file = tmp_path / "page.html"
    file.write_text(advice_html(advice))

    with opened(program, tmp_path / "profile") as tab:
        for width, size in ((1280, "desk"), (390, "phone")):
            tab.open(file, width=width)
            boxes = tab.run(
                f"[...document.querySelectorAll('svg.{size} text')].map(one => "
                "{const b = one.getBoundingClientRect(); return [b.x, b.y, b.right, b.bottom]})"
            )
            met = [
                (a, b)
                for k, a in enumerate(boxes)
                for b in boxes[:k]
                if a[0] < b[2] and b[0] < a[2] and a[1] + 2 < b[3] and b[1] + 2 < a[3]
            ]

            assert len(boxes) > 8
            assert met == []
            assert tab.run("document.documentElement.scrollWidth") <= width
        assert tab.troubles == []
        assert all(re.match(r"file:", one) for one in tab.requests)
