"""The frontier as one HTML file that loads nothing and runs no script: two charts and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trimtab.reports.frontier_drawn import drawing
from trimtab.reports.frontier_svg import curve, layers
from trimtab.reports.frontier_text import MIND, named_points, standing, weights_words
from trimtab.reports.html.page import notes_section, warnings_section
from trimtab.reports.html.style import STYLE
from trimtab.reports.html.tables import safe
from trimtab.reports.words import counted

if TYPE_CHECKING:
    from trimtab.simulate.prices.history import PriceHistory
    from trimtab.targets.objectives.front import Front

OWN_STYLE = """
svg.figure{display:block;width:100%;height:auto;overflow:visible;margin:.6rem 0 0}
svg.figure text{font-size:12.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg.figure text.name{fill:var(--text);font-weight:600}
.front{fill:none;stroke:var(--c0);stroke-width:3;stroke-linejoin:round}
.alone{fill:var(--soft)}.line{stroke:var(--soft);stroke-dasharray:5 4;fill:none}
.calm{fill:var(--c2)}.tangent{fill:var(--c4)}.now{fill:var(--c1)}
.may{fill:var(--c3)}.aim{fill:var(--c5)}.calm,.tangent,.now,.may,.aim{stroke:var(--page);stroke-width:1.5}
.reach{stroke:var(--c1);stroke-dasharray:2 3;stroke-width:1.5}
.layer{opacity:.88;stroke:var(--page);stroke-width:.7}
.rule{stroke:var(--page);stroke-width:1.6}
.swatches{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.88rem;margin:.5rem 0 0;padding:0;
list-style:none}
.swatches svg{vertical-align:-1px;margin-right:.4rem}
td.words{text-align:left;min-width:17rem}
svg.phone{display:none}
@media screen and (max-width:700px){
svg.desk{display:none}svg.phone{display:block}
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
    shown = drawing(front)
    title = f"Efficient frontier, {prices.dates[0]} to {prices.dates[-1]}"
    under = (
        f"{counted(len(front.instruments), 'instrument')} · {len(prices.dates):,} sessions · "
        f"risk-free {front.risk_free:.2%} a year"
    )
    answer = standing(front) or _best(front)
    body = "\n".join(
        [
            f"<h1>Efficient frontier, {_day(prices.dates[0])} to {_day(prices.dates[-1])}</h1>",
            f'<p class="under">{safe(under)}</p>',
            f'<section class="answer" aria-label="The answer"><p>{safe(answer)}</p></section>',
            warnings_section(front.findings),
            _head("Return over volatility", CURVE_NOTE),
            curve(front, shown, f"The efficient frontier. {answer}"),
            "</section>",
            _head("Weights along the frontier", LAYERS_NOTE),
            layers(shown),
            "</section>",
            _table(front),
            notes_section(front.findings),
            f'<section><h2>Mind</h2><p class="note">{safe(MIND)}</p></section>',
        ]
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n<footer>Made by Trimtab. Figures of the past promise nothing for the future. It "
        "informs; it does not give tax or investment advice.</footer>\n</main>\n</body>\n</html>\n"
    )


def _head(title: str, note: str) -> str:
    return f'<section class="chart"><h2>{title}</h2><p class="note">{note}</p>'


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


def _day(day: object) -> str:
    return f'<span class="nowrap">{day}</span>'
