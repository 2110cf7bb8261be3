"""Pages that run no script: their frame, the style of their pictures, and small parts."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.reports.html.style import STYLE
from trimtab.reports.html.tables import prose, safe

FIGURES = """
svg.figure{display:block;width:100%;height:auto;overflow:visible;margin:.6rem 0 0}
svg.figure text{font-size:12.5px;fill:var(--soft);font-variant-numeric:tabular-nums;
paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
svg.figure text.name{fill:var(--text);font-weight:600}
.swatches{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.88rem;margin:.5rem 0 0;padding:0;
list-style:none}
.swatches svg{vertical-align:-1px;margin-right:.4rem}
svg.phone{display:none}
@media screen and (max-width:700px){
svg.desk{display:none}svg.phone{display:block}
}
"""
"""The style of pictures that are there twice: for a wide screen and paper, and for a phone."""


def still_page(title: str, body: Sequence[str], style: str = "") -> str:
    """A page that loads nothing and runs no script.

    Args:
        title: Of the window, as text.
        body: Its parts; empty ones are left out.
        style: What its own parts need beside the style of all pages.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    parts = "\n".join(part for part in body if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>{STYLE}{FIGURES}{style}</style>\n</head>\n<body>\n"
        f"<main>\n{parts}\n<footer>Made by Trimtab. Figures of the past promise nothing for the "
        "future. It informs; it does not give tax or investment advice.</footer>\n</main>\n"
        "</body>\n</html>\n"
    )


def answer_section(headline: str, points: Sequence[tuple[str, str]] = ()) -> str:
    """The answer on top of a page: a sentence, then points, each with a short heading."""
    told = "".join(f"<dt>{safe(name)}</dt><dd>{prose(text)}</dd>" for name, text in points)
    under = f"<dl>{told}</dl>" if told else ""
    return (
        f'<section class="answer" aria-label="The answer"><p>{prose(headline)}</p>{under}</section>'
    )


def picture_section(title: str, note: str, picture: str) -> str:
    """A picture with its heading and what it shows."""
    return (
        f'<section class="chart"><h2>{safe(title)}</h2><p class="note">{safe(note)}</p>'
        f"{picture}</section>"
    )


def lines_section(title: str, lines: Sequence[str]) -> str:
    """Lines to read below a page's figures; nothing where there is none."""
    items = "".join(f"<li>{prose(line)}</li>" for line in lines)
    return f"<section><h2>{safe(title)}</h2><ul>{items}</ul></section>" if items else ""


def day(one: object) -> str:
    """A day that no line breaks."""
    return f'<span class="nowrap">{one}</span>'
