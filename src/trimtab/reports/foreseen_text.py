"""Expected returns as text for a terminal: before the views, the views, and after them."""

from __future__ import annotations

from trimtab.reports.layout import Column, Look, paragraph, table
from trimtab.targets.objectives.foreseen import Foreseen


def foreseen_blocks(found: Foreseen, *, width: int, look: Look) -> list[list[str]]:
    """What each instrument is expected to return a year, and what became of each view."""
    after = found.expected.tolist()
    if found.prior is None:
        rows = [(name, f"{one:.2%}") for name, one in zip(found.names, after, strict=True)]
        given = (Column("expected", room="name"), Column("given", align="right"))
        return [table(given, rows, width=width, look=look)]
    market = Column("market", align="right")
    if not found.views:
        rows = [(name, f"{one:.2%}") for name, one in zip(found.names, after, strict=True)]
        return [table((Column("expected", room="name"), market), rows, width=width, look=look)]
    columns = (Column("expected", room="name"), market, Column("with views", align="right"))
    both = zip(found.names, found.prior.tolist(), after, strict=True)
    lines = [(name, f"{one:.2%}", f"{other:.2%}") for name, one, other in both]
    told = [
        f"{view.words}: {view.returns:.2%}"
        + (f" with confidence {view.confidence:.0%}" if view.confidence is not None else "")
        + f"; the market has {view.prior:.2%}, both together {view.posterior:.2%}."
        for view in found.views
    ]
    return [
        table(columns, lines, width=width, look=look),
        paragraph("Views", told, width=width, look=look),
    ]
