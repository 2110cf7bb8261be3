"""The frontier as one HTML file that loads nothing and runs no script: two charts and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.reports.frontier_drawn import drawing
from trimtab.reports.frontier_svg import curve, layers
from trimtab.reports.frontier_text import MIND, named_points, standing, weights_words
from trimtab.reports.html.page import notes_section, warnings_section
from trimtab.reports.html.still import answer_section, day, picture_section, still_page
from trimtab.reports.html.tables import safe
from trimtab.reports.words import counted

if TYPE_CHECKING:
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.objectives.front import Front

FRONTIER_STYLE = """
.front{fill:none;stroke:var(--c0);stroke-width:3;stroke-linejoin:round}
.alone{fill:var(--soft)}.line{stroke:var(--soft);stroke-dasharray:5 4;fill:none}
.calm{fill:var(--c2)}.tangent{fill:var(--c4)}.now{fill:var(--c1)}
.may{fill:var(--c3)}.aim{fill:var(--c5)}.found{fill:var(--c6)}
.found,.calm,.tangent,.now,.may,.aim{stroke:var(--page);stroke-width:1.5}
.reach{stroke:var(--c1);stroke-dasharray:2 3;stroke-width:1.5}
.layer{opacity:.88;stroke:var(--page);stroke-width:.7}
.rule{stroke:var(--page);stroke-width:1.6}
td.words{text-align:left;min-width:17rem}
@media screen and (max-width:700px){
.points{font-size:.78rem}
.points th,.points td{padding:.35rem .25rem;min-width:0;overflow-wrap:normal}
.points .words{min-width:6.5rem}
}
"""

CURVE_NOTE = (
    "What the estimates expect in a year. The curve has the most return for each volatility; dots "
    "are single instruments; the dashed line mixes the best Sharpe ratio with cash."
)
LAYERS_NOTE = "From the least volatility on the left to the most return on the right."


def frontier_html(front: Front, prices: PriceHistory) -> str:
    """The whole page. Every name is text in it, whatever it contains."""
    title = f"Efficient frontier, {prices.dates[0]} to {prices.dates[-1]}"
    under = (
        f"{counted(len(front.instruments), 'instrument')} · {len(prices.dates):,} sessions · "
        f"risk-free {front.risk_free:.2%} a year"
    )
    answer = standing(front) or _best(front)
    body = [
        f"<h1>Efficient frontier, {day(prices.dates[0])} to {day(prices.dates[-1])}</h1>",
        f'<p class="under">{safe(under)}</p>',
        answer_section(answer),
        warnings_section(front.findings),
        *frontier_sections(front, answer),
        notes_section(front.findings),
        f'<section><h2>Mind</h2><p class="note">{safe(MIND)}</p></section>',
    ]
    return still_page(title, body, FRONTIER_STYLE)


def frontier_sections(front: Front, answer: str) -> list[str]:
    """The curve, the weights along it, and the table of the points that matter."""
    shown = drawing(front)
    return [
        picture_section(
            "Return over volatility",
            CURVE_NOTE,
            curve(front, shown, f"The efficient frontier. {answer}"),
        ),
        picture_section("Weights along the frontier", LAYERS_NOTE, layers(shown)),
        _table(front),
    ]


def _best(front: Front) -> str:
    """The answer where no portfolio is named: the point with the best ratio."""
    best = front.best_sharpe
    if best is None:
        return "Nothing within the limits is expected to return more than the risk-free rate."
    return (
        f"The best Sharpe ratio, {best.sharpe:.2f}, has {best.expected_return:.2%} a year at "
        f"{best.volatility:.2%} volatility: {weights_words(front, best)}."
    )


def _table(front: Front) -> str:
    rows = "".join(
        f'<tr><th scope="row">{safe(name)}</th>'
        f"<td>{one.expected_return:.2%}</td><td>{one.volatility:.2%}</td>"
        f'<td>{one.sharpe:.2f}</td><td class="words">{safe(weights_words(front, one))}</td></tr>'
        for name, one in named_points(front)
    )
    return (
        '<section><h2>Points</h2><div class="wide" tabindex="0" role="region" aria-label="Points">'
        '<table class="points"><thead><tr><th scope="col">point</th><th scope="col">return</th>'
        '<th scope="col">volatility</th><th scope="col">Sharpe</th>'
        '<th scope="col" style="text-align:left">weights</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )
