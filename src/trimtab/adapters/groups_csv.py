"""Groups of instruments with limits, as a CSV file: who is in which group, and how much it may be.

    symbol,group                      symbol,group,min_percent,max_percent
    SPY,stocks                        SPY,stocks,,
    EFA,stocks                  or    EFA,stocks,,
    group,min_percent,max_percent     ,stocks,20,60
    stocks,20,60                      EFA,,,25

A limit that is left empty is none. In the form with four columns a symbol may have limits of its
own. An instrument may be in several groups, one row each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from trimtab.adapters.csv_lines import (
    MOST_PROBLEMS,
    UnreadableLines,
    fields_counted,
    fields_of,
    number_remedy,
    said_lines,
    unreadable,
)
from trimtab.adapters.toml_table import near, shown
from trimtab.model.errors import InputError, Problem
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import NumberError, estimate_from
from trimtab.targets.objectives.constraints import Group

LONGEST = 4096
MEMBERS = ("symbol", "group")
LIMITS = ("group", "min_percent", "max_percent")
FORM = "symbol,group for a member, group,min_percent,max_percent for a limit"


@dataclass(frozen=True, slots=True)
class GroupFile:
    """What a groups file says.

    Args:
        groups: In the order in which they are first named, limits as fractions.
        own: Limits of single symbols, as fractions.
    """

    groups: tuple[Group, ...] = ()
    own: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


def read_groups(path: str | Path, symbols: Sequence[str]) -> GroupFile:
    """Groups and their limits, checked against the instruments that there are.

    Raises:
        InputError: Everything that is wrong with the file, each with its line.
    """
    where = Path(path)
    reading = _Reading(where.name, symbols)
    try:
        for line, text in said_lines(where, longest=LONGEST):
            reading.row(line, text)
    except UnreadableLines as error:
        reading.problems.append(Problem(where.name, error.line, "", error.wrong, error.remedy))
    except OSError as error:
        reading.problems.append(unreadable(where.name, error))
    return reading.done()


class _Reading:
    """The rows of a file so far, and what is wrong with them."""

    def __init__(self, file: str, symbols: Sequence[str]) -> None:
        self.file = file
        self.symbols = symbols
        self.problems: list[Problem] = []
        self.members: dict[str, list[str]] = {}
        self.limits: dict[str, tuple[int, float | None, float | None]] = {}
        self.own: dict[str, tuple[float | None, float | None]] = {}
        self.form: Sequence[str] | None = None

    def row(self, line: int, text: str) -> None:
        """One line: a header, a member, or a limit."""
        try:
            fields = [one.strip() for one in fields_of(text)]
        except ValueError as error:
            return self.wrong(line, "", str(error), "double a quote that is meant")
        lower = [one.lower() for one in fields]
        if "group" in lower and ("symbol" in lower or "min_percent" in lower):
            return self.header(line, lower)
        if self.form is None:
            mark = next((one for one in ";\t" if one in text and "," not in text), None)
            called = {";": "semicolons", "\t": "tabs"}.get(mark or "")
            wrong = f"{called} separate its fields" if called else "it has no header"
            self.form = MEMBERS
            return self.wrong(line, "", wrong, f"begin with {','.join(MEMBERS)}, with commas")
        if len(fields) == len(self.form):
            values = dict(zip(self.form, fields, strict=True))
        elif len(fields) == len(LIMITS) and len(self.form) == len(MEMBERS):
            values = dict(zip(LIMITS, fields, strict=True))
        elif len(fields) == len(MEMBERS) and len(self.form) == len(LIMITS):
            values = dict(zip(MEMBERS, fields, strict=True))
        else:
            wrong = f"{fields_counted(len(fields))} where the header has {len(self.form)}"
            return self.wrong(line, "", wrong, FORM)
        return self.values(line, values)

    def header(self, line: int, names: list[str]) -> None:
        """A header; from here on rows have its columns."""
        known = ("symbol", *LIMITS)
        for name in names:
            if name not in known:
                self.wrong(line, "", f"{shown(name)} is not one of its columns", near(name, known))
            elif names.count(name) > 1:
                self.wrong(line, name, "the column stands twice", "keep one of them")
        self.form = names

    def values(self, line: int, values: Mapping[str, str]) -> None:
        """A row of members or limits."""
        symbol, group = values.get("symbol", ""), values.get("group", "")
        limits = [self.limit(line, key, values.get(key, "")) for key in LIMITS[1:]]
        low, high = limits
        if symbol and symbol not in self.symbols:
            remedy = near(symbol, self.symbols)
            return self.wrong(line, "symbol", f"{shown(symbol)} has no prices", remedy)
        if not symbol and not group:
            return self.wrong(line, "", "it names neither a symbol nor a group", FORM)
        if low is not None and high is not None and low > high:
            wrong = f"{values['min_percent']} is above max_percent {values['max_percent']}"
            return self.wrong(line, "min_percent", wrong, "the lower one first")
        if symbol and (low is not None or high is not None):
            if symbol in self.own:
                wrong = f"{symbol} has limits of its own already"
                return self.wrong(line, "symbol", wrong, "keep one of them")
            self.own[symbol] = (low, high)
        elif not symbol and group:
            if group in self.limits:
                wrong = f"{shown(group)} has limits already, in line {self.limits[group][0]}"
                return self.wrong(line, "group", wrong, "keep one of them")
            self.limits[group] = (line, low, high)
        elif not group:
            return self.wrong(line, "", f"{symbol} has neither a group nor a limit", FORM)
        if symbol and group:
            members = self.members.setdefault(group, [])
            if symbol in members:
                wrong = f"{symbol} is in {shown(group)} already"
                return self.wrong(line, "symbol", wrong, "keep one of the rows")
            members.append(symbol)
        return None

    def limit(self, line: int, key: str, text: str) -> float | None:
        """A limit as a fraction; None where there is none."""
        if not text:
            return None
        try:
            value = estimate_from(text.removesuffix("%").rstrip())
        except NumberError as error:
            self.wrong(line, key, str(error), number_remedy(text))
            return None
        if not -10_000 <= value <= 10_000:
            self.wrong(line, key, f"{shown(text)} percent is no limit", "from -10000 to 10000")
        return float(value / 100)

    def wrong(self, line: int | None, key: str, wrong: str, remedy: str) -> None:
        """Note a problem."""
        if len(self.problems) == MOST_PROBLEMS:
            raise UnreadableLines(line, f"more than {MOST_PROBLEMS} problems", "mend these first")
        self.problems.append(Problem(self.file, line, key, wrong, remedy))

    def done(self) -> GroupFile:
        """What the file says.

        Raises:
            InputError: What is wrong with it.
        """
        for name, (line, _, _) in self.limits.items():
            if name not in self.members and not self.problems:
                remedy = near(name, tuple(self.members)) if self.members else "name its members"
                self.wrong(line, "group", f"no symbol is in group {shown(name)}", remedy)
        if self.form is None and not self.problems:
            self.wrong(None, "", "it has no rows", f"begin with {','.join(MEMBERS)}")
        if self.problems:
            raise InputError(self.problems)
        groups = [
            Group(name, tuple(members), *self.limits.get(name, (0, None, None))[1:])
            for name, members in self.members.items()
        ]
        return GroupFile(tuple(groups), self.own)
