"""Pages of advice and sweeps: everything is in them, names are text, and they fit a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trimtab as tt
from tests.reports.browser import chromium, opened
from tests.simulate.markets import lively
from trimtab.reports.advice_html import advice_html
from trimtab.reports.html.widths import families
from trimtab.reports.sweep_html import sweep_html
from trimtab.simulate.choosing.advice import Advice
from trimtab.simulate.choosing.sweep import Sweep

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


@pytest.fixture(scope="module")
def swept() -> Sweep:
    """Bands of five widths, of two each, and a calendar, for two targets with awkward names."""
    whens = ["monthly", "band:{1..5}pp", "band:{2..5}pp/{20..40/10}%"]
    targets = {
        "<b>a name that goes on and on and does not end": HALVES,
        "80/20": {"A": 0.8, "B": 0.2},
    }
    own = tt.Policy(HALVES, when="monthly")
    return tt.sweep(
        lively("AB", 300),
        own,
        when=whens,
        to=["target", "edge"],
        target=targets,
        costs=tt.Costs(bps=30),
    )


def test_a_page_of_a_sweep_says_how_far_the_first_is_luck(swept: Sweep) -> None:
    """What stands first, overfitting and the deflated ratio in words, and what was assumed."""
    page = sweep_html(swept, by="cagr", most=5, own=0, remarks=["Mind <this>."])

    cut = swept.overfitting()
    assert cut is not None
    assert cut.sentence in page
    assert swept.deflated().sentence in page
    assert f"stands first of {len(swept)} by growth a year" in page
    assert page.count('r="6.5"') == 2
    assert "Trading costs 30 bp" in page
    assert "Mind &lt;this&gt;." in page
    assert "<b>a name" not in page
    assert "<script" not in page


def test_policies_that_differ_in_numbers_are_one_family(swept: Sweep) -> None:
    """One number makes a line, two a map; a calendar is in neither, targets are kept apart."""
    found = families(swept)

    assert sorted((one.when, one.numbers, len(one.points)) for one in found) == sorted(
        [("band:\u2026pp", 1, 5), ("band:\u2026pp/\u2026%", 2, 12)] * 4
    )
    assert len({one.rest for one in found}) == 4
    for one in found:
        for numbers, row in one.points:
            assert all(f"{number:g}" in swept.grid.name(row) for number in numbers)


def test_a_sweep_of_one_policy_has_nothing_to_choose_among() -> None:
    """It is said; there is no chart by width, and nothing is told of luck."""
    page = sweep_html(tt.sweep(lively("AB", 120), tt.Policy(HALVES, when="monthly")))

    assert "nothing to choose among" in page
    assert "by width" not in page
    assert "luck" not in page


@pytest.mark.parametrize("kind", ["advice", "sweep"])
def test_pages_in_a_browser(kind: str, advice: Advice, swept: Sweep, tmp_path: Path) -> None:
    """No error, no request; on a phone nothing is wider than it, and no name lies on another."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    file = tmp_path / "page.html"
    file.write_text(advice_html(advice) if kind == "advice" else sweep_html(swept, own=0))

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
