"""Results as tables: pandas or polars where they are wanted, plain columns, HTML or text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Days: TypeAlias = NDArray[np.datetime64]
    Floats: TypeAlias = NDArray[np.float64]

FrameKind: TypeAlias = Literal["pandas", "polars", "columns"]
"""What tables are given back as: the frames of a library, or plain columns."""


class Columns(Mapping[str, Any]):
    """A table as named columns, for where neither pandas nor polars is installed or wanted."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def height(self) -> int:
        """The number of rows."""
        return 0 if not self._columns else len(next(iter(self._columns.values())))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, as tuples in the order of the columns."""
        return zip(*self._columns.values(), strict=True)

    def to_pandas(self, index: str | None = None) -> Any:
        """A pandas DataFrame, with one of the columns as its index if named."""
        import pandas as pd

        frame = pd.DataFrame(self._columns)
        return frame if index is None else frame.set_index(index)

    def to_polars(self) -> Any:
        """A polars DataFrame."""
        import polars as pl

        return pl.DataFrame(self._columns)

    def __repr__(self) -> str:
        return f"Columns({', '.join(self._columns)}: {self.height} rows)"

    def _repr_html_(self) -> str:
        return html_table(list(self._columns), list(islice(self.rows(), 20)))


def make_frame(columns: Mapping[str, Any], kind: FrameKind, *, index: str | None = None) -> Any:
    """A table in the kind of frame wanted.

    Args:
        columns: The columns by name.
        kind: `pandas`, `polars`, or `columns` for neither.
        index: The column that becomes the index in pandas.
    """
    table = Columns(columns)
    if kind == "pandas":
        return table.to_pandas(index)
    return table.to_polars() if kind == "polars" else table


def wide_frame(dates: Days, symbols: Sequence[str], values: Floats, kind: FrameKind) -> Any:
    """A table of sessions by symbols: dates, then one column a symbol."""
    columns: dict[str, Any] = {"date": dates}
    columns.update({symbol: values[:, i] for i, symbol in enumerate(symbols)})
    return make_frame(columns, kind, index="date")


def html_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A small table for notebooks, in their own colours; every text in it is escaped.

    The first column names its row and stands to the left, figures to the right.
    """

    def cell(kind: str, text: Any, side: str) -> str:
        return f'<{kind} style="text-align:{side}">{escape(str(text))}</{kind.split(" ")[0]}>'

    head = "".join(
        cell('th scope="col"', name, "right" if place else "left")
        for place, name in enumerate(heads)
    )
    lines = [
        [cell('th scope="row"', first, "left"), *(cell("td", figure, "right") for figure in rest)]
        for first, *rest in rows
    ]
    body = "".join(f"<tr>{''.join(line)}</tr>" for line in lines)
    return (
        '<div style="overflow-x:auto"><table style="font-variant-numeric:tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as plain text: the first column to the left, figures to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = []
    for cells in (heads, *rows):
        first = cells[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        lines.append("  ".join((first, *rest)).rstrip())
    return "\n".join(lines)
