"""Blocks that all text reports are built from: a labelled paragraph, a quiet table, wrapping.

Plain lines of text, so that `trimtab plan` need not wait for a library of tables: that alone would
take a quarter of its time. Every text that comes in is literal; colours come from the look only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Literal

from trimtab.model.frozen import dataclass
from trimtab.reports.remedies import Ask, in_python
from trimtab.reports.words import clean

LABEL = 12
"""Width of the column of labels, so that paragraphs of a report stand under each other."""

WIDE = 110
"""From this width on a table has room for sentences beside its figures."""

LEAST_NAME = 8
LEAST_TEXT = 18
MOST_WHOLE = 26

Role = Literal["", "bold", "dim", "alarm", "warning"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a reader can be shown: the few signs beyond ASCII, colours or none, and their words.

    Attributes:
        is_coloured: Whether roles become colours.
        ask: How the reader asks for what a remedy names.
    """

    dot: str = "·"
    more: str = "…"
    bar: str = "─"
    edge: str = "│"
    target: str = "┼"
    here: str = "●"
    branch: str = "├ "
    last: str = "└ "
    trunk: str = "│ "
    is_coloured: bool = False
    ask: Ask = in_python

    def styled(self, text: str, role: Role) -> str:
        """Text in the colour of a role."""
        code = _CODES[role]
        return f"\x1b[{code}m{text}\x1b[0m" if self.is_coloured and code and text else text


_CODES: dict[Role, str] = {"": "", "bold": "1", "dim": "2", "alarm": "1;31", "warning": "33"}

FULL = Look()
ASCII = Look(
    dot="|", more="~", bar="-", edge="|", target="+", here="O", branch="|-", last="`-", trunk="| "
)


def look_for(encoding: str, *, is_coloured: bool = False) -> Look:
    """The look for an encoding: all signs where it can write them, else ASCII.

    >>> look_for("ascii").here
    'O'
    """
    signs = "".join(str(getattr(FULL, one.name)) for one in fields(Look) if one.name != "ask")
    try:
        signs.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return replace(ASCII, is_coloured=is_coloured)
    return replace(FULL, is_coloured=is_coloured)


def columns_of(text: str) -> int:
    """How many columns a text takes on a terminal: two for a wide sign, none for an accent.

    >>> columns_of("VTI"), columns_of("日本")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text
    )


def shortened(text: str, width: int, look: Look = FULL) -> str:
    """A text cut to a width, its end kept: the names of share classes differ there.

    >>> shortened("A_VERY_LONG_NAME", 9)
    'A_VERY…ME'
    """
    text = clean(text)
    if columns_of(text) <= width:
        return text
    tail = (width - 1) // 3
    end = text[len(text) - tail :] if tail else ""
    while end and columns_of(end) > tail:
        end = end[1:]
    start = text[: width - 1 - tail]
    while start and columns_of(start) + columns_of(end) + 1 > width:
        start = start[:-1]
    return start + look.more + end


def wrapped(text: str, width: int) -> list[str]:
    """Text in lines of at most `width` columns, broken between words where that is possible.

    >>> wrapped("one two three", 7)
    ['one two', 'three']
    """
    lines: list[str] = []
    line = ""
    for word in clean(text).split(" "):
        joined = f"{line} {word}" if line else word
        if columns_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while columns_of(word) > width > 0:
            part = word[:width]
            while len(part) > 1 and columns_of(part) > width:
                part = part[:-1]
            lines.append(part)
            word = word[len(part) :]
        line = word
    return [*lines, line]


def folded(name: str, width: int) -> list[str]:
    """A name in lines of at most `width` columns, broken after a hyphen or dot where there is one.

    >>> folded("joint-brokerage-john", 12)
    ['joint-', 'brokerage-', 'john']
    """
    spaced = re.sub(r"([-_./ ]+)", r"\1\0", clean(name))
    lines = [""]
    for part in spaced.split("\0"):
        if columns_of(lines[-1] + part) <= width:
            lines[-1] += part
        else:
            lines += wrapped(part, width)
    return [line for line in lines if line] or [""]


def packed(items: Iterable[str], width: int, between: str = "     ") -> list[str]:
    """Items beside each other, as many on a line as fit.

    >>> packed(["aa", "bb", "cc"], 8, between=", ")
    ['aa, bb', 'cc']
    """
    lines: list[str] = []
    for item in items:
        if lines and columns_of(lines[-1]) + len(between) + columns_of(item) <= width:
            lines[-1] += between + item
        else:
            lines.append(item)
    return lines


def paragraph(
    label: str, texts: Iterable[str], *, width: int, look: Look, role: Role = ""
) -> list[str]:
    """A label with texts beside it, each beginning a line, wrapped under each other."""
    lines: list[str] = []
    label = clean(label)
    for text in texts:
        for line in wrapped(text, max(width - LABEL, LEAST_TEXT)):
            head = look.styled(f"{'' if lines else label:<{LABEL}}", "bold")
            lines.append(f"{head}{look.styled(line, role)}")
    return lines


def headline(parts: Iterable[str], *, width: int, look: Look) -> list[str]:
    """The first line of a report: its parts with a dot between them."""
    lines = packed(map(clean, parts), width, between=f"  {look.dot}  ")
    return [look.styled(line, "bold") for line in lines]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a quiet table.

    Attributes:
        title: Its heading.
        align: Figures stand right, words left.
        room: What happens where room is short: a `name` is cut, a `text` takes several lines,
            a `whole` name does so too, at its hyphens, as two names may differ anywhere, and a
            `figure` is never touched.
    """

    title: str
    align: Literal["left", "right"] = "left"
    room: Literal["figure", "name", "text", "whole"] = "figure"


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    look: Look,
    roles: Sequence[Role] = (),
) -> list[str]:
    """Rows of text under headings, two columns indented, without rules.

    Args:
        columns: What the columns are.
        rows: Their texts.
        width: Columns of the terminal.
        look: Signs and colours.
        roles: A role for each row, or none at all.
    """
    cleaned = [[clean(cell) for cell in row] for row in rows]
    titles = [clean(column.title) for column in columns]
    gap = 2
    widths = _widths(columns, [titles, *cleaned], width - gap * len(columns))
    if sum(widths) + gap * len(columns) > width:  # figures stay whole and move together
        gap = 1
        widths = _widths(columns, [titles, *cleaned], width - gap * len(columns))
    lines = [look.styled(line, "dim") for line in _lines(columns, titles, widths, gap, look)]
    for number, row in enumerate(cleaned):
        role = roles[number] if roles else ""
        lines.extend(look.styled(line, role) for line in _lines(columns, row, widths, gap, look))
    return lines


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Natural widths; too much of them folds texts first, then whole names, and cuts names last."""
    widths = [max(columns_of(row[place]) for row in rows) for place in range(len(columns))]
    for place, column in enumerate(columns):
        if column.room == "whole":
            widths[place] = min(widths[place], MOST_WHOLE)
    excess = sum(widths) - width
    for room, least in (("text", LEAST_TEXT), ("whole", LEAST_NAME), ("name", LEAST_NAME)):
        for place in sorted(range(len(columns)), key=lambda i: -widths[i]):
            if excess > 0 and columns[place].room == room:
                spared = max(min(excess, widths[place] - least), 0)
                widths[place] -= spared
                excess -= spared
    return widths


def _lines(
    columns: Sequence[Column],
    row: Sequence[str],
    widths: Sequence[int],
    gap: int,
    look: Look,
) -> Iterator[str]:
    cells = []
    for column, cell, width in zip(columns, row, widths, strict=True):
        if column.room == "text":
            cells.append(wrapped(cell, width))
        elif column.room == "whole":
            cells.append(folded(cell, width))
        elif column.room == "name":
            cells.append([shortened(cell, width, look)])
        else:
            cells.append([cell])
    for number in range(max(len(cell) for cell in cells)):
        line = ""
        for column, parts, width in zip(columns, cells, widths, strict=True):
            text = parts[number] if number < len(parts) else ""
            space = " " * (width - columns_of(text))
            line += " " * gap + (space + text if column.align == "right" else text + space)
        yield line.rstrip()


def stacked(blocks: Iterable[Sequence[str]]) -> str:
    """Blocks of lines under each other, with a blank line between them."""
    return "\n\n".join("\n".join(block) for block in blocks if block)
