"""The report of a backtest: its figures and words; a name in it is never more than text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reports.browser import Tab, chromium, opened
from tests.simulate.markets import lively
from trimtab.costs import Costs
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy
from trimtab.reports.backtest_html import backtest_html
from trimtab.reports.html.answer import answer
from trimtab.reports.html.data import script_json
from trimtab.reports.html.series import MOST_POINTS, falls, thinned, weights_of, yearly
from trimtab.reports.html.tables import MOST_ROWS, long
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.outcomes import Outcomes

TARGET = {"A": 0.5, "B": 0.3, "C": 0.2}
HOSTILE = "</script><!--<script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;\u202e\u2028"
WORDS = ("monthly", "never", "band:5pp to half", "band:20%", "annual", "quarterly")


class Page(HTMLParser):
    """What a browser would find in a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.figures: dict[tuple[str, str], str] = {}
        self.data = ""
        self.words = ""
        self.row = ""
        self.inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember tags, attributes and figures."""
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes.extend((tag, name, value) for name, value in found.items())
        self.row = found.get("data-policy", self.row)
        if "data-figure" in found:
            self.figures[self.row, found["data-figure"]] = found["data-value"]
        self.inside.append(found.get("id", tag))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        """Remember text, and what the script draws."""
        if self.inside[-1:] == ["data"]:
            self.data += data
        elif self.inside[-1:] not in (["script"], ["style"]):
            self.words += data


def made(sessions: int = 400, names: tuple[str, ...] = WORDS) -> Backtest:
    """Several policies over prices that wander."""
    policies = []
    for words in names:
        when, _, to = words.partition(" to ")
        policies.append(Policy(TARGET, when, to or "target", words))
    return backtest(lively("ABC", sessions, seed=3), policies, costs=Costs(bps=15))


@pytest.fixture(scope="module")
def result() -> Backtest:
    """A backtest."""
    return made()


@pytest.fixture(scope="module")
def outcomes(result: Backtest) -> Outcomes:
    """The same over shuffled histories."""
    return bootstrap(result, paths=100, seed=1, threads=1)


def test_figures_in_the_page_are_those_of_the_result(result: Backtest, outcomes: Outcomes) -> None:
    """Every cell carries the very figure that `to_dict` gives under its name, unrounded."""
    page = Page(backtest_html(result, outcomes=outcomes))

    wanted: dict[tuple[str, str], Any] = {}
    for one in result.to_dict()["policies"]:
        flat = {**one, **{f"measures.{name}": x for name, x in one["measures"].items()}}
        wanted |= {(one["name"], name): value for name, value in flat.items()}
    shown = {key: value for key, value in page.figures.items() if "difference" not in key[1]}
    assert len(shown) == 13 * len(result)
    assert all(json.loads(value) == wanted[key] for key, value in shown.items())
    gap = outcomes.difference("never", "monthly")["cagr"]
    assert float(page.figures["never", "difference.cagr"]) == gap.observed


def test_curves_of_the_page_end_where_the_result_does(result: Backtest) -> None:
    """What the script draws adds up to the values, weights and rebalances of the result."""
    data = json.loads(Page(backtest_html(result)).data)

    for place, one in enumerate(result):
        assert sum(data["value"][place]) / data["scale"] == pytest.approx(one.final_value, abs=0.1)
        weights = data["weights"][place]
        ends = {s: sum(steps) / 1e4 for s, steps in zip("ABC", weights["share"], strict=True)}
        assert ends == pytest.approx(one.final_weights, abs=1e-4)
        assert len(weights["events"]) == one.rebalances
        assert sum(data["costs"][place]) == pytest.approx(one.cost_paid, abs=0.05)
    assert sum(data["days"]) == int(result.policies[0].dates[-1].astype(int))


def test_nothing_is_loaded_and_only_our_script_runs(result: Backtest, outcomes: Outcomes) -> None:
    """No address, no handler, and a content policy that admits one script, by its hash."""
    text = backtest_html(result, outcomes=outcomes)

    page = Page(text)

    assert re.findall(r"https?:", text) == []
    outside = {"src", "href", "xlink:href", "action", "srcset"}
    assert [one for one in page.attributes if one[1] in outside or one[1].startswith("on")] == []
    assert {"link", "img", "iframe", "object", "embed", "base"} & set(page.tags) == set()
    policy = next(value for _, name, value in page.attributes if name == "content")
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)


def test_hostile_names_are_text_everywhere() -> None:
    """A name or symbol of markup adds no element, ends no script, and hides or turns no text."""
    market = lively(["A", HOSTILE], 300)
    target = {"A": 0.5, HOSTILE: 0.5}
    calm = [Policy({"A": 1.0}, "never", name="calm"), Policy({"A": 1.0}, "monthly", name="too")]
    wild = [
        Policy(target, "monthly", name=HOSTILE),
        Policy(target, "band:5pp", name=HOSTILE + "2"),
    ]
    found = backtest(market, wild, costs=Costs(bps=5))

    text = backtest_html(found, outcomes=bootstrap(found, paths=20, threads=1), remarks=[HOSTILE])

    page = Page(text)
    plain = Page(
        backtest_html(
            (other := backtest(market, calm)), outcomes=bootstrap(other, paths=20, threads=1)
        )
    )
    counted = {tag for tag in page.tags if tag not in ("td", "small", "span", "li", "dt", "dd")}
    assert counted == {tag for tag in plain.tags if tag in counted}
    assert page.tags.count("script") == plain.tags.count("script") == 2
    assert text.count("<!--") == 0
    assert "\u202e" not in text
    assert json.loads(page.data)["names"][0].startswith("</script><!--<script>alert(1)")
    assert "alert(2)" in page.words


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "&lt;", "<SCRIPT"])
def test_json_in_a_script_cannot_end_or_comment_it(text: str) -> None:
    """No sign of markup is left in the JSON, and it reads back as it was."""
    written = script_json({"name": text})

    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"name": text}


def test_a_long_run_stays_small() -> None:
    """Six policies over 8,000 days make a file below 600 KB, with all their charts."""
    result = made(8000)
    outcomes = bootstrap(result, paths=20, threads=1)

    text = backtest_html(result, outcomes=outcomes)

    data = json.loads(Page(text).data)
    assert len(text.encode()) < 600_000
    assert len(data["days"]) <= MOST_POINTS
    assert "at most 1,500 of 8,000 sessions" in text


def test_thinned_curves_keep_their_ends_and_extremes() -> None:
    """However few points are drawn, each curve's ends, highest and lowest points are among them."""
    draw = np.random.default_rng(5)
    curves = [np.cumsum(draw.normal(size=5000)) for _ in range(4)]

    kept = thinned(curves, 300)

    assert len(kept) <= 300
    assert (np.diff(kept) > 0).all()
    assert {0, 4999} <= set(kept.tolist())
    for curve in curves:
        assert curve[kept].max() == curve.max()
        assert curve[kept].min() == curve.min()
    assert thinned(curves, 5000).tolist() == list(range(5000))


def test_years_multiply_and_add_up_to_the_run() -> None:
    """Returns of all years make the whole return; turnover and costs of all years the totals."""
    for one in made(900):
        found = yearly(one)

        growth = np.prod(1.0 + np.array(found.returns))
        assert growth == pytest.approx(one.final_value / one.cash)
        assert sum(found.turnover) == pytest.approx(one.turnover_one_way)
        assert sum(found.costs) == pytest.approx(one.cost_paid)
        assert found.years == (2024, 2025, 2026, 2027)


def test_falls_are_below_the_highest_value_so_far() -> None:
    """The deepest fall drawn is the worst fall of the table."""
    for one in made(300):
        below = falls(one.value)

        assert below.max() == 0.0
        assert below.min() == pytest.approx(one.max_drawdown)


def test_bands_are_those_of_the_policy(result: Backtest) -> None:
    """The band drawn around a target is the narrower of the policy's widths; none is made up."""
    wide = weights_of(result["band:20%"], 700)
    half = weights_of(result["band:5pp to half"], 700)

    assert wide.half_widths is not None
    assert half.half_widths is not None
    assert wide.half_widths[0] == pytest.approx([0.1, 0.06, 0.04])
    assert half.half_widths[0] == pytest.approx([0.05, 0.05, 0.05])
    assert weights_of(result["monthly"], 700).half_widths is None


def test_the_answer_says_what_is_noise(result: Backtest, outcomes: Outcomes) -> None:
    """A difference whose interval holds zero is called noise; only others are said to stand out."""
    differences = [outcomes.difference(name, "monthly") for name in WORDS[1:]]
    verdicts = {one["cagr"].verdict for one in differences}

    said = answer(result, differences)

    assert verdicts == {"noise"}
    assert said.headline.startswith(
        "No policy grew faster or slower than \u201cmonthly\u201d by more than noise."
    )
    assert "is noise: 95% interval" in dict(said.points)["Growth"]


def test_the_answer_names_what_stands_out() -> None:
    """A policy that pays heavily for trading every day grew slower by more than noise."""
    policies = [Policy(TARGET, when, name=when) for when in ("never", "daily")]
    result = backtest(lively("ABC", 500), policies, costs=Costs(bps=900))
    apart = bootstrap(result, paths=100, threads=1).difference("daily", "never")

    said = answer(result, [apart])

    assert said.headline.startswith(
        "\u201cdaily\u201d grew slower than \u201cnever\u201d, by more than noise."
    )


def test_too_few_shuffled_histories_claim_nothing() -> None:
    """Of two paths the answer says that they are too few, and calls nothing noise or more."""
    policies = [Policy(TARGET, when, name=when) for when in ("never", "daily")]
    result = backtest(lively("ABC", 500), policies, costs=Costs(bps=900))
    outcomes = bootstrap(result, paths=2, threads=1)

    said = answer(result, [outcomes.difference("daily", "never")])

    words = said.headline + " ".join(text for _, text in said.points)
    assert "too few paths to tell (2; at least 100)" in said.headline
    assert "than noise" not in words
    assert "Too few paths to tell whether these" in dict(said.points)["Risk"]
    page = Page(backtest_html(result, outcomes=outcomes))
    assert "more than noise" not in page.words
    assert "95% interval" not in page.words
    assert "interval of 95%" not in page.words
    ends = [gap["q"] for one in json.loads(page.data)["outcomes"] for gap in one["gaps"] if gap]
    assert ends
    assert all(low == middle == high for low, middle, high in ends)


def test_history_and_paths_that_disagree_are_told_so() -> None:
    """Growth that history and the paths put on different sides of zero is no verdict."""
    policies = [Policy(TARGET, when, name=when) for when in ("never", "daily")]
    result = backtest(lively("ABC", 500), policies, costs=Costs(bps=900))
    apart = bootstrap(result, paths=100, threads=1).difference("daily", "never")
    turned = replace(
        apart,
        gaps=tuple(replace(gap, first=gap.second, second=gap.first) for gap in apart.gaps),
    )

    said = answer(result, [turned])

    assert "history and the shuffled histories disagree" in said.headline
    assert "nothing can be told" in dict(said.points)["Growth"]


def test_without_shuffled_histories_the_answer_claims_nothing(result: Backtest) -> None:
    """Where noise was not measured, no difference is called real."""
    said = answer(result)

    text = said.headline + " ".join(text for _, text in said.points)
    assert "was not tried: shuffled histories tell (--paths 100)" in said.headline
    assert "noise" not in text


def test_one_policy_or_a_made_target_makes_a_page_too() -> None:
    """A single policy is told without comparison; a target made from prices is told as it is."""
    flat = Policy(lambda view: {"A": 0.5, "B": 0.5}, "monthly", name="made")
    result = backtest(lively("AB", 120), flat)

    text = backtest_html(result, outcomes=bootstrap(result, paths=5))

    assert "no other policy to compare it with" in Page(text).words
    assert "1 policy \u00b7" in text


# -- in a real browser ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A tab of Chromium."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    folder = tmp_path_factory.mktemp("profile")
    with opened(program, folder) as found:
        yield found


@pytest.fixture(scope="module")
def file(result: Backtest, outcomes: Outcomes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(backtest_html(result, outcomes=outcomes), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_has_nothing_to_complain_of(tab: Tab, file: Path, width: int, dark: bool) -> None:
    """No error, no request but for the file, every chart drawn, nothing wider than the window."""
    tab.troubles.clear()
    tab.requests.clear()

    tab.open(file, width=width, height=812, dark=dark)

    assert tab.troubles == []
    assert set(tab.requests) == {file.resolve().as_uri()}
    assert tab.run("document.documentElement.scrollWidth") == width
    charts = "[...document.querySelectorAll('.chart')]"
    assert tab.run(f"{charts}.map(one => one.querySelectorAll('.body svg path, rect').length > 3)")
    drawn = "[...document.querySelectorAll('path')].map(one => one.getAttribute('d')).join('')"
    assert "NaN" not in tab.run(drawn)
    assert tab.run("document.querySelectorAll('#growth path.curve').length") == len(WORDS)


def test_a_phone_slides_to_the_last_column(tab: Tab, file: Path) -> None:
    """A table of policies wider than a phone says that it slides, and shows its end then."""
    tab.open(file, width=390, height=844)

    ends = tab.run(
        "[...document.querySelectorAll('.compare')].map(one => {"
        " const box = one.parentElement; box.scrollLeft = 9999;"
        " return one.rows[0].lastElementChild.getBoundingClientRect().right <= innerWidth"
        " && getComputedStyle(one.caption, '::after').content.includes('slide') })"
    )

    assert ends
    assert all(ends)


def test_the_cursor_follows_keys_and_mouse(tab: Tab, file: Path, result: Backtest) -> None:
    """The read-out shows each policy's value at the day that keys or the mouse point at."""
    tab.open(file)
    one = result.policies[0]
    legend = "document.querySelector('#growth .legend')"

    tab.run("document.querySelector('#growth .plot').focus()")
    tab.key("Home")
    at_start = tab.run(f"{legend}.textContent")
    tab.key("ArrowRight")
    at_next = tab.run(f"{legend}.textContent")
    said = tab.run("document.querySelector('#growth [aria-live]').textContent")
    tab.key("Escape")
    at_end = tab.run(f"{legend}.textContent")
    x, y = tab.run(
        "(box => [box.left + 54, box.top + 40])"
        "(document.querySelector('#growth .plot').getBoundingClientRect())"
    )
    tab.point(x, y)
    pointed = tab.run(f"{legend}.textContent")

    assert at_start.startswith(f"{one.first}monthly100,000")
    assert at_next.startswith(f"{one.dates[1]}monthly{one.value[1]:,.0f}")
    assert said.startswith(f"{one.dates[1]}: monthly {one.value[1]:,.0f}; never")
    assert at_end.startswith(f"{one.last}monthly{one.final_value:,.0f}")
    assert pointed == at_start


def test_names_hide_and_show_their_curves(tab: Tab, file: Path) -> None:
    """A name in a legend takes its curve out of every chart, and brings it back."""
    tab.open(file)
    count = "document.querySelectorAll('#fall path.curve').length"

    tab.run("document.querySelectorAll('#growth .legend button')[1].click()")
    without = tab.run(count)
    pressed = tab.run(
        "document.querySelectorAll('#fall .legend button')[1].getAttribute('aria-pressed')"
    )
    tab.run("document.querySelectorAll('#growth .legend button')[1].click()")

    assert without == len(WORDS) - 1
    assert pressed == "false"
    assert tab.run(count) == len(WORDS)


def test_every_control_works_without_trouble(tab: Tab, file: Path) -> None:
    """All scales, all policies and all figures can be chosen, and what is drawn changes."""
    tab.open(file)
    tab.troubles.clear()
    curve = "document.querySelectorAll('#growth path.curve')[0].getAttribute('d')"

    linear = tab.run(curve)
    tab.run("document.querySelectorAll('#growth .choice button')[1].click()")
    log = tab.run(curve)
    tab.run("document.querySelectorAll('#growth .choice button')[2].click()")
    relative = tab.run(curve)
    shown = tab.run(
        "[...document.querySelectorAll('select')].flatMap(select => [...select.options].map("
        "(_, k) => { select.value = k; select.dispatchEvent(new Event('change'));"
        " return select.closest('.chart').querySelector('.body').textContent; }))"
    )

    assert len({linear, log, relative}) == 3
    assert len(set(shown)) == len(shown) == len(WORDS) + 6
    assert tab.troubles == []


@pytest.mark.parametrize(
    ("names", "opened"), [(("never", "band:5pp to half"), 1), (("monthly", "never"), 0)]
)
def test_the_weights_open_where_there_is_something_to_see(
    tab: Tab, tmp_path: Path, names: tuple[str, ...], opened: int
) -> None:
    """The chart of weights and its list begin with the first policy with bands or rebalances."""
    path = tmp_path / "report.html"
    path.write_text(backtest_html(made(names=names)), encoding="utf-8")

    tab.open(path)

    assert tab.run("document.querySelector('#weights select').selectedIndex") == opened
    assert names[opened] in tab.run("document.querySelector('#weights .body .note').textContent")


def test_a_hostile_name_runs_nothing_in_a_browser(tab: Tab, tmp_path: Path) -> None:
    """Names of markup are read as they are written, in legends, lists and panels."""
    policy = Policy({"A": 0.5, HOSTILE: 0.5}, "monthly", name=HOSTILE)
    path = tmp_path / "hostile.html"
    found = backtest(lively(["A", HOSTILE], 60), [policy, Policy({"A": 1.0}, name="calm")])
    path.write_text(backtest_html(found), encoding="utf-8")
    tab.troubles.clear()

    tab.open(path)

    assert tab.run("document.images.length") == 0
    assert tab.run("document.scripts.length") == 2
    assert "alert(2)" in tab.run("document.querySelector('#growth .legend').textContent")
    assert "alert(2)" in tab.run("document.querySelector('#weights .panels').textContent")
    assert tab.troubles == []


def test_it_prints(tab: Tab, file: Path, tmp_path: Path) -> None:
    """On paper the page is light, its controls are gone, and curves differ in their dashes."""
    tab.open(file, dark=True)
    tab.call("Emulation.setEmulatedMedia", media="print")

    look = "getComputedStyle(document.querySelector('%s')).%s"
    ground = tab.run(look % ("body", "backgroundColor"))
    choice = tab.run(look % ("#growth .choice", "display"))
    dashes = tab.run(
        "[...document.querySelectorAll('#growth path.curve')]"
        ".map(one => getComputedStyle(one).strokeDasharray)"
    )
    tab.paper(tmp_path / "page.pdf")
    tab.call("Emulation.setEmulatedMedia", media="screen")

    assert ground == "rgb(255, 255, 255)"
    assert choice == "none"
    assert len(set(dashes)) == len(WORDS)
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_on_paper_charts_have_the_width_of_a_page(tab: Tab, file: Path) -> None:
    """Printing draws the charts for the page, whatever the window was, and then for it again."""
    tab.open(file, width=390, height=844)
    drawn = (
        "['growth', 'fall', 'weights', 'years', 'outcomes'].map(id => document.querySelector("
        "'#' + id + ' .body svg:not(.key)').viewBox.baseVal.width)"
    )

    before = tab.run(drawn)
    tab.run("window.dispatchEvent(new Event('beforeprint'))")
    paper = tab.run(drawn)
    tab.run("window.dispatchEvent(new Event('afterprint'))")
    after = tab.run(drawn)

    assert max(before) <= 390
    assert paper == [690, 690, 332, 332, 332]
    assert after == before


def test_on_paper_both_turnover_and_costs_are_drawn(tab: Tab, file: Path) -> None:
    """What the screen shows one at a time paper shows all of, each under its name."""
    tab.open(file)
    seen = "[...document.querySelectorAll('#years h3')].filter(one => one.offsetHeight).map("
    seen += "one => one.textContent)"

    before = tab.run(seen)
    tab.run("window.dispatchEvent(new Event('beforeprint'))")
    paper = tab.run(seen)
    tab.run("window.dispatchEvent(new Event('afterprint'))")

    assert (before, paper, tab.run(seen)) == ([], ["Turnover", "Costs"], [])
    assert tab.troubles == []


def test_printed_pages_are_full(tab: Tab, file: Path, tmp_path: Path) -> None:
    """Nothing is cut by the end of a page, and six policies with ten parts take five pages."""
    tab.open(file)
    tab.call("Emulation.setEmulatedMedia", media="print")

    kept = tab.run(
        "[...document.querySelectorAll('table, .answer, .chart:not(#weights):not(#years), "
        "#years .body > div, .panels > div')]"
        ".every(one => getComputedStyle(one).breakInside === 'avoid')"
    )
    tab.paper(tmp_path / "page.pdf")
    tab.call("Emulation.setEmulatedMedia", media="screen")

    assert kept
    assert len(re.findall(rb"/Type /Page\b(?!s)", (tmp_path / "page.pdf").read_bytes())) in (4, 5)


def test_on_paper_no_heading_parts_from_its_chart(tab: Tab, file: Path) -> None:
    """A page may end between charts by year, not below their heading, note, legend or title."""
    tab.open(file)
    tab.call("Emulation.setEmulatedMedia", media="print")

    kept = tab.run(
        "['.head', '.note', '.legend', 'h3'].map(part => "
        "getComputedStyle(document.querySelector('#years ' + part)).breakAfter)"
    )
    whole = tab.run("getComputedStyle(document.querySelector('#years .note')).breakInside")
    tab.call("Emulation.setEmulatedMedia", media="screen")

    assert (kept, whole) == (["avoid"] * 4, "avoid")


@pytest.mark.parametrize(
    ("years", "columns", "hatched"),
    [(2, 2, True), (9, 1, True), (16, 1, False)],
    ids=["few", "some", "many"],
)
def test_on_paper_bars_are_as_wide_as_their_hatching_or_solid(
    tab: Tab, tmp_path: Path, years: int, columns: int, *, hatched: bool
) -> None:
    """Bars that half a page makes narrow take all of it, and are solid where that is too little."""
    page = tmp_path / "bars.html"
    page.write_text(backtest_html(made(250 * years)), encoding="utf-8")
    tab.open(page)
    tab.call("Emulation.setEmulatedMedia", media="print")

    tab.run("window.dispatchEvent(new Event('beforeprint'))")
    width = tab.run("document.querySelector('#years .plot svg').viewBox.baseVal.width")
    fills = tab.run(
        "[...new Set([...document.querySelectorAll('#years .bar')].map(one => "
        "getComputedStyle(one).fill.startsWith('url')))]"
    )
    tab.run("window.dispatchEvent(new Event('afterprint'))")
    tab.call("Emulation.setEmulatedMedia", media="screen")

    assert (width, fills) == ((690 - 26 * (columns - 1)) / columns, [hatched])


def test_a_long_name_makes_no_phone_slide(tab: Tab, tmp_path: Path) -> None:
    """A policy that is named by a whole sentence is no wider than the screen, in its menu too."""
    name = "the committee's policy with relative bands of a quarter, half of the way back, and more"
    result = backtest(lively("AB", 60), Policy({"A": 0.5, "B": 0.5}, name=name))
    page = tmp_path / "long.html"
    page.write_text(backtest_html(result), encoding="utf-8")

    tab.open(page, width=390, height=844)

    assert tab.run("document.documentElement.scrollWidth") == 390


def test_a_long_table_may_break_between_its_rows() -> None:
    """More years than one page holds are not kept together; fewer are."""
    assert long(range(MOST_ROWS)) == ""
    assert long(range(MOST_ROWS + 1)) == " long"


def test_on_a_phone_what_matters_comes_first(tab: Tab, file: Path) -> None:
    """Answer, growth, policies; a table is less than a screen high and its first column stays."""
    tab.open(file, width=390, height=844)

    heads = tab.run("[...document.querySelectorAll('h2')].map(one => one.textContent)")
    heights = tab.run("[...document.querySelectorAll('.compare')].map(one => one.offsetHeight)")
    tab.run("document.querySelectorAll('.wide').forEach(one => one.scrollLeft = 300)")
    lefts = tab.run(
        "[...document.querySelectorAll('.wide tbody th')]"
        ".map(one => Math.round(one.getBoundingClientRect().left))"
    )

    assert heads[:3] == ["Growth", "The policies", "Falls"]
    assert max(heights) < 844
    assert set(lefts) == {16}


def spending() -> Backtest:
    """Policies out of which money goes each quarter, and a fee each month."""
    policies = [Policy(TARGET, "monthly", name="monthly"), Policy(TARGET, "band:3pp", name="bands")]
    prices = lively("ABC", 400, seed=3)
    return backtest(prices, policies, costs=Costs(bps=15), flows=-0.2, fee=0.01)


def test_money_that_goes_is_no_loss() -> None:
    """Curves, falls and years are of growth without flows; what is held stands beside them."""
    found = spending()

    page = Page(backtest_html(found))

    drawn = json.loads(page.data)
    for one, value, held, below in zip(
        found, drawn["value"], drawn["held"], drawn["fall"], strict=True
    ):
        assert sum(value) / drawn["scale"] == pytest.approx(one.growth[-1], rel=1e-6)
        assert sum(held) / drawn["scale"] == pytest.approx(one.final_value, rel=1e-6)
        assert np.cumsum(below).min() / 10_000 == pytest.approx(one.max_drawdown, abs=1e-4)
        years = yearly(one)
        assert np.prod(np.array(years.returns) + 1.0) * one.cash == pytest.approx(one.growth[-1])
        assert sum(years.turnover) == pytest.approx(one.turnover_one_way)
    assert "it is in \u201cWith flows\u201d" in page.words


def test_a_flow_or_a_fee_is_no_rebalance_in_the_chart() -> None:
    """Ticks stand where the policy rebalanced, as many as the table says."""
    found = spending()

    for one in found:
        assert len(weights_of(one, 200).events) == one.rebalances
        assert len(one.log.sessions) > one.rebalances


def test_a_deposit_adopts_no_target() -> None:
    """Bands stand around the target last traded to, though money comes under a later one."""
    dates = lively("AB", 60).dates
    later = {str(dates[0]): {"A": 0.5, "B": 0.5}, str(dates[20]): {"A": 0.9, "B": 0.1}}
    policy = Policy(later, "never", name="never")
    flows = {dates[30].item(): 5_000.0}

    one = backtest(lively("AB", 60), policy, flows=flows).policies[0]

    found = weights_of(one, 100)
    assert found.targets is not None
    assert (found.targets[:, :2] == 0.5).all()


def test_what_to_type_is_set_as_code_and_still_as_text() -> None:
    """A finding's words in backticks are code without the backticks; markup in them is text."""
    said = Finding("dividends", "dividends", "stay: `--dividends <b>` mends that", "info")

    page = backtest_html(replace(made(60, ("never",)), findings=(said,)))

    assert "stay: <code>--dividends &lt;b&gt;</code> mends that" in page


def test_warnings_come_before_any_figure_and_assumptions_are_said() -> None:
    """A reader learns what is wrong before the charts, and by what costs and targets it ran."""
    made = backtest(lively("AB", 120), Policy({"A": 0.5, "B": 0.5}), costs=Costs(bps=10))
    warned = replace(
        made,
        findings=(
            Finding("odd", "A", "prices look adjusted"),
            Finding("told", "B", "a remark", "info"),
        ),
    )

    text = backtest_html(warned)

    order = [text.index(words) for words in (
        "prices look adjusted", 'id="growth"', "a remark", "What was assumed", "Conventions",
    )]  # fmt: skip
    assert order == sorted(order)
    assert "Trading costs 10 bp of the money traded." in text
    assert "Target: A 50.0%, B 50.0%." in text
