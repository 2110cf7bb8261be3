"""CSV from strangers: row by row with line numbers, and never more than a block in memory."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import field
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from trimtab.adapters.toml_table import near, shown
from trimtab.model.errors import Problem
from trimtab.model.frozen import dataclass
from trimtab.model.numbers import NumberError, decimal_from

BLOCK = 2**20
MOST_PROBLEMS = 1000
"""Problems told of one file; beyond that it is not a slip but another kind of file."""

ONE_A_COLUMN = "one value a column, empty where there is none; put text with commas in quotes"
"""What is right where a row has another number of fields than the header."""

SPLIT_REMEDY = "write new units for an old one: 2 or 3:2, nothing where there is none"
"""What is right where a split is not one."""
ZERO_SPLIT = (
    "0 is not a split, and other rows have nothing",
    "write new units for an old one: 2 or 3:2, or leave it empty as the others",
)
"""What is said of a zero among blanks, and what is right."""

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_OTHER_DAY = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})", re.ASCII)
_EXCEL_DAY = re.compile(r"[2-6][0-9]{4}", re.ASCII)
EXCEL_ZERO = date(1899, 12, 30)
"""The day that Excel numbers 0, for all days since March 1900."""
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_ISO_DAYS = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2},)*", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}((?P<group>[.,'\u2019 \u00a0\u202f])[0-9]{3})*", re.ASCII)
_NUMBERISH = re.compile(r"[+-]?[0-9][0-9.,'\u2019 \u00a0\u202f]*", re.ASCII)
_AS_UTF8 = "save the file as CSV UTF-8"
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_FORMULA = ("=", "+", "-", "@", "\t")


class UnreadableLines(Exception):
    """The file stops being lines of text: at which line, what is wrong, what would be right."""

    def __init__(self, line: int | None, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.line = line
        self.wrong = wrong
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file with a header.

    Args:
        file: What to call it in messages.
        columns: The place of each column.
        rows: Line number and fields of each row; all rows have as many fields as the header.
        digest: SHA-256 of the file's bytes, hexadecimal.
        problems: What is wrong with its form.
    """

    file: str
    columns: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    digest: str = ""
    problems: list[Problem] = field(default_factory=list)


def blocks(
    stream: BinaryIO, *, longest: int, digest: list[str], others: bool = False
) -> Iterator[list[str]]:
    """The lines of a UTF-8 file, many at a time, without their ends and without the mark before.

    Args:
        stream: The file.
        longest: Bytes that one line may have.
        digest: Receives the SHA-256 of the file when its end is reached.
        others: Bytes that are not UTF-8 are let through as lone surrogates, for files of which
            only some columns are read; else they may stand in remarks alone.

    Raises:
        UnreadableLines: A line is longer, or not UTF-8, or the file is UTF-16, or its lines end in
            CR alone.
    """
    whole = sha256()
    rest = b""
    number = 0
    while chunk := stream.read(BLOCK):
        whole.update(chunk)
        if number == 0 and not rest:
            if chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in chunk[:2]:
                raise UnreadableLines(1, "it is UTF-16 text", "save it as CSV UTF-8")
            if b"\n" not in chunk and b"\r" in chunk.rstrip(b"\r"):
                wrong = "its lines end as those of old Macs (CR alone)"
                raise UnreadableLines(1, wrong, "save it with the line ends of Unix or Windows")
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        body, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            text = (body + newline).decode("utf-8", "surrogateescape")
            lines = text.replace("\r\n", "\n").split("\n")
            lines.pop()
            odd = None if others else _not_utf8(text, lines)
            if odd is not None:
                yield lines[: odd[0]]
                raise UnreadableLines(number + odd[0] + 1, odd[1], _AS_UTF8)
            number += len(lines)
            yield lines
        if len(rest) > longest:
            wrong = f"the line is longer than {longest} bytes"
            raise UnreadableLines(number + 1, wrong, "write one row a line")
    if rest:
        text = rest.decode("utf-8", "surrogateescape").removesuffix("\r")
        odd = None if others else _not_utf8(text, [text])
        if odd is not None:
            raise UnreadableLines(number + 1, odd[1], _AS_UTF8)
        yield [text]
    digest.append(whole.hexdigest())


def said_lines(path: Path, *, longest: int) -> Iterator[tuple[int, str]]:
    """Line number and text of every line of a file that says anything: no remark, not empty.

    Raises:
        UnreadableLines: As `blocks`.
        OSError: The file cannot be read.
    """
    with path.open("rb") as stream:
        number = 0
        for lines in blocks(stream, longest=longest, digest=[]):
            for text in lines:
                number += 1
                if text.strip(", \t\r") and not text.startswith("#"):
                    yield number, text


def _not_utf8(text: str, lines: Sequence[str]) -> tuple[int, str] | None:
    """The first line that another encoding than UTF-8 wrote, and how it is seen; None if none.

    Args:
        text: All of the lines, which is looked at first because that is faster.
        lines: The lines; remarks among them may be in any encoding.
    """
    if text.isascii() or _NOT_UTF8.search(text) is None:
        return None
    for place, line in enumerate(lines):
        found = _NOT_UTF8.search(line)
        if found is not None and not line.startswith("#"):
            byte = ord(found[0]) - 0xDC00
            return (
                place,
                f"it is not UTF-8 text (byte {byte:#04x} at character {found.start() + 1})",
            )
    return None


def fields_of(line: str) -> list[str]:
    """The fields of one line.

    Raises:
        ValueError: A quote is opened and not closed, or stands where none belongs.
    """
    line = line.removesuffix("\r")
    if '"' not in line:
        return line.split(",")
    try:
        rows = list(csv.reader([line], strict=True))
    except csv.Error:
        raise ValueError("a quote is not closed, or stands inside a field") from None
    return rows[0] if rows else [""]


def read_sheet(
    path: Path,
    file: str,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    numbers: Sequence[str] = (),
    longest: int = 4096,
) -> Sheet:
    """A CSV file whose columns are known, with everything that is wrong with its form.

    Args:
        path: The file.
        file: What to call it in messages.
        required: Columns that it must have.
        optional: Columns that it may have.
        numbers: Those that hold numbers; only to show how a row would be right.
        longest: Bytes that a line may have.
    """
    problems: list[Problem] = []
    digest: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    columns: dict[str, int] | None = None
    number = 0

    def problem(line: int | None, key: str, wrong: str, remedy: str) -> None:
        if len(problems) == MOST_PROBLEMS:
            raise UnreadableLines(line, f"more than {MOST_PROBLEMS} problems", "mend these first")
        problems.append(Problem(file, line, key, wrong, remedy))

    known = (*required, *optional)
    widths = Widths()
    try:
        with path.open("rb") as stream:
            for lines in blocks(stream, longest=longest, digest=digest):
                for line in lines:
                    number += 1
                    if len(line) > longest:
                        wrong = f"the line is longer than {longest} bytes"
                        raise UnreadableLines(number, wrong, "write one row a line")
                    if not line.strip(", \t\r") or line.startswith("#"):
                        continue
                    try:
                        fields = fields_of(line)
                    except ValueError as error:
                        problem(number, "", str(error), "double a quote that is meant")
                        continue
                    if columns is None:
                        other = _other_separator(line)
                        if other is not None:
                            _refuse_separator(
                                file, path, other, numbers, number, line, problems, longest
                            )
                            break
                        columns = _header(fields, known, required, number, problem)
                        width = len(fields)
                    elif len(fields) != width:
                        remedy = _mended(fields, columns, numbers, width)
                        widths.note(number, len(fields), remedy)
                    else:
                        widths.has_good = True
                        rows.append((number, fields))
                else:
                    continue
                break
        # Rows under a header without a column of theirs are as long as they should be.
        if columns is not None and all(name in columns for name in required):
            for place in widths.problems(width):
                problem(*place)
    except UnreadableLines as error:
        problems.append(Problem(file, error.line, "", error.wrong, error.remedy))
    except OSError as error:
        problems.append(unreadable(file, error))
    if columns is None and not problems:
        wrong = "it is empty, without even a header"
        problems.append(Problem(file, 1, "", wrong, f"begin with {','.join(required)}"))
    if columns is None or any(name not in columns for name in required):
        rows = []
    return Sheet(file, columns or {}, rows, digest[0] if digest else "", problems)


class Widths:
    """Rows that have more or fewer fields than the header: each a trouble, or all of them one.

    Attributes:
        has_good: Whether any row is as long as the header.
    """

    def __init__(self) -> None:
        self.has_good = False
        self._found: list[tuple[int, int, str]] = []
        self._counts: set[int] = set()

    def note(self, line: int, count: int, remedy: str) -> None:
        """A row with another number of fields."""
        self._counts.add(count)
        if len(self._found) <= MOST_PROBLEMS:
            self._found.append((line, count, remedy))

    def problems(self, width: int) -> Iterator[tuple[int, str, str, str]]:
        """Line, key, what is wrong and what is right; one where every row lacks the same."""
        is_one = not self.has_good and len(self._counts) == 1 and len(self._found) > 1
        if is_one and all(remedy == ONE_A_COLUMN for _, _, remedy in self._found):
            line, count, _ = self._found[0]
            wrong = (
                f"every row has {fields_counted(count)}, from here on, and the header has {width}"
            )
            yield line, "", wrong, "give the header and the rows the same columns"
            return
        for line, count, remedy in self._found:
            yield line, "", f"{fields_counted(count)} where the header has {width}", remedy


def fields_counted(count: int) -> str:
    """So many fields, in words.

    >>> fields_counted(1), fields_counted(3)
    ('1 field', '3 fields')
    """
    return f"{count} field" if count == 1 else f"{count} fields"


MEANT = {
    "ticker": "symbol", "instrument": "symbol", "security": "symbol", "name": "symbol",
    "price": "close", "last": "close", "nav": "close", "value": "close",
}  # fmt: skip
"""What a column of prices may be called elsewhere, and what it is called here."""


def missing_column(needed: str, names: Sequence[str]) -> str:
    """What to do where a column of prices is missing: rename the one that is meant, if it is there.

    >>> missing_column("close", ["Date", "Symbol", "Price"])
    'rename Price to close'
    >>> missing_column("close", ["date", "symbol", "adj close"])
    'add a column close with the price as it was traded, which adj close is not'
    """
    meant = next((one for one in names if MEANT.get(one.strip().lower()) == needed), None)
    if meant:
        return f"rename {meant} to {needed}"
    adjusted = next((one for one in names if one.strip().lower().startswith("adj")), None)
    if needed == "close" and adjusted:
        return f"add a column close with the price as it was traded, which {adjusted} is not"
    return "begin with date,symbol,close"


def other_than_a_file(path: Path) -> str:
    """What lies where a file should be, in words; empty where there is a file, or nothing."""
    if not os.path.lexists(path) or os.path.isfile(path):
        return ""
    if os.path.isdir(path):
        return "it is a folder"
    return "it is not a file" if os.path.exists(path) else "it is a link that leads nowhere"


def unreadable(file: str, error: OSError) -> Problem:
    """A file that the system does not hand out."""
    reason = error.strerror or type(error).__name__
    remedy = "check its permissions" if isinstance(error, PermissionError) else "correct the path"
    return Problem(file, None, "", f"it cannot be read ({reason})", remedy)


def _header(
    fields: list[str],
    known: Sequence[str],
    required: Sequence[str],
    line: int,
    problem: object,
) -> dict[str, int]:
    assert callable(problem)
    columns: dict[str, int] = {}
    for place, written in enumerate(fields):
        name = written if written in known else written.strip().lower()
        if name not in known:
            name = written
            problem(line, "", f"{shown(name)} is not one of its columns", near(name, known))
        elif name in columns:
            problem(line, name, "the column stands twice", "keep one of them")
        else:
            columns[name] = place
    missing = [name for name in required if name not in columns]
    if missing:
        wrong = f"{'column' if len(missing) == 1 else 'columns'} {', '.join(missing)} missing"
        problem(line, "", wrong, f"begin with {','.join(required)}")
    return columns


def _other_separator(header: str) -> str | None:
    return next((mark for mark in ";\t" if mark in header and "," not in header), None)


def _refuse_separator(
    file: str,
    path: Path,
    mark: str,
    numbers: Sequence[str],
    number: int,
    header: str,
    problems: list[Problem],
    longest: int,
) -> None:
    """Say how the header and the first row would be right; nothing of such a file is guessed."""
    called = "semicolons" if mark == ";" else "tabs"
    names = [name.strip() for name in header.rstrip("\r").split(mark)]
    wrong = f"{called} separate its fields"
    remedy = shown_line(f"write {','.join(names)}")
    problems.append(Problem(file, number, "", wrong, remedy))
    with path.open("rb") as stream:
        lines = [stream.readline(longest) for _ in range(number + 1)]
    first = lines[-1].decode("utf-8", "replace").rstrip("\r\n")
    if first.strip():
        row = first.split(mark)
        mended = [
            (plain_number(text) or text) if name in numbers else text
            for name, text in zip(names, row, strict=False)
        ]
        remedy = f"write {','.join(mended)}"
        if len(row) != len(names) or any("," in text for text in mended):
            remedy = "separate by commas and write numbers as 1234.56"
        problems.append(Problem(file, number + 1, "", wrong, shown_line(remedy)))


def _mended(fields: list[str], columns: dict[str, int], numbers: Sequence[str], width: int) -> str:
    """How a row with too many fields would be right, if decimal commas made it so."""
    names = sorted(columns, key=lambda name: columns[name])
    if len(names) == width < len(fields):
        mended: list[str] = []
        left = list(fields)
        for place, name in enumerate(names):
            text = left.pop(0) if left else ""
            spare = len(left) - (width - place - 1)
            if spare > 0 and name in numbers and text.isdigit() and left[0].isdigit():
                text = f"{text}.{left.pop(0)}"
            mended.append(text)
        if not left:
            return shown_line(f"decimals take a point: {','.join(mended)}")
    return ONE_A_COLUMN


def shown_line(text: str) -> str:
    """A line made of a stranger's file, for a message; nothing where a terminal might obey it."""
    return text[:200] if text.isprintable() else ""


def day_from(text: str) -> date | None:
    """A date written as 2017-03-06 in ASCII digits; None where it is not one."""
    if _ISO_DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def are_days(texts: Collection[str]) -> bool:
    """Whether all of many texts are dates, as `day_from` reads them."""
    if _ISO_DAYS.fullmatch(",".join((*texts, ""))) is None:
        return False
    try:
        return all(map(date.fromisoformat, texts))
    except ValueError:
        return False


def day_remedy(text: str) -> str:
    """What to write instead of something that is no date."""
    match = _OTHER_DAY.fullmatch(text.strip())
    if match is not None:
        return f"write year-month-day, as {match[4]}-MM-DD"
    if _ISO_DAY.fullmatch(text) is not None:
        return "no calendar has that day: correct it"
    if _ISO_DAY.fullmatch(text[:10]) is not None:
        return f"write the day alone, as {text[:10]}"
    if _EXCEL_DAY.fullmatch(text) is not None:
        return f"it is Excel's number of {EXCEL_ZERO + timedelta(int(text))}: write that day"
    return "write year-month-day, as 2017-03-06"


def is_day_like(text: str) -> bool:
    """Whether text is a day in some form, though perhaps not in the one that is read.

    >>> [is_day_like(text) for text in ("2024-01-02", "2.1.2024", "45293", "date")]
    [True, True, True, False]
    """
    forms = (_ISO_DAY.match, _OTHER_DAY.fullmatch, _EXCEL_DAY.fullmatch)
    return any(form(text.strip()) is not None for form in forms)


def split_from(text: str) -> Fraction | None:
    """New units for an old one: `2`, `0.5`, `3:2`, `3/2`; nothing, 0 and 1 mean no split.

    Returns:
        The ratio, 1 where there is no split; None for what is no split's text.

    >>> split_from("3:2"), split_from("2"), split_from(""), split_from("two")
    (Fraction(3, 2), Fraction(2, 1), Fraction(1, 1), None)
    """
    if not text.strip():
        return Fraction(1)
    try:
        numbers = [Fraction(decimal_from(part)) for part in text.replace("/", ":").split(":")]
    except NumberError:
        return None
    new, *old = numbers
    if len(old) > 1 or new < 0 or (old and old[0] <= 0):
        return None
    return (new / old[0] if old else new) or Fraction(1)


def is_zero(text: str) -> bool:
    """Whether a text is a plain zero, as some sources write where there is no split.

    >>> is_zero("0.0"), is_zero("0"), is_zero("10"), is_zero("")
    (True, True, False, False)
    """
    text = text.strip()
    return text != "" and not text.strip("0.")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula and run it."""
    return text.startswith(_FORMULA)


def plain_number(text: str) -> str | None:
    """How a number with separators would be written plainly, where only one reading exists.

    >>> plain_number("1.234,56"), plain_number("25410,00"), plain_number("1,234")
    ('1234.56', '25410.00', None)
    """
    text = text.strip()
    if _NUMBERISH.fullmatch(text) is None:
        return None
    point = max(text.rfind("."), text.rfind(","))
    if point < 0:
        return None
    mark, whole, rest = text[point], text[:point], text[point + 1 :]
    grouped = _GROUPED.fullmatch(whole)
    if not rest.isdigit() or mark in whole:
        return None
    if grouped is not None and grouped["group"] is not None:
        return re.sub(r"[^0-9+-]", "", whole) + "." + rest
    if not re.fullmatch(r"[+-]?[0-9]+", whole, re.ASCII):
        return None
    return f"{whole}.{rest}" if mark == "." or len(rest) != 3 else None


def number_remedy(text: str) -> str:
    """What to write instead of something that is no plain decimal number."""
    if is_formula(text) and text[:1] in "=@":
        return "write the number itself, not a formula"
    if any(char.isdigit() and not char.isascii() for char in text):
        return "write it in the digits 0 to 9"
    if any(char in text for char in ",'\u2019 \u00a0\u202f$\u20ac\u00a3"):
        bare = text.strip("$\u20ac\u00a3 \u00a0")
        plain = bare if _PLAIN.fullmatch(bare) else plain_number(bare)
        if plain is not None:
            return f"write {plain}: digits, and one point before the decimals"
    return "write digits, and one point before the decimals, as 1234.56"
