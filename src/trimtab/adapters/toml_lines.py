"""TOML with line numbers: which key stands where, and no file so strange that it does harm."""

from __future__ import annotations

import os
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeAlias

from trimtab.model.errors import Problem
from trimtab.model.frozen import dataclass

KeyPath: TypeAlias = tuple[str | int, ...]
"""From the root of the file to a key: names of tables, and numbers of list elements from 0."""

LARGEST_FILE = 2**20
DEEPEST = 16
"""Tables within tables, lists within lists: no portfolio needs more, and parsers recurse."""
LONGEST_NUMBER = 60

_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]++", re.ASCII)
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r'|"(?!"")(?:[^"\\\n]++|\\.)*+"'
    r"|'(?!'')[^'\n]*+'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]++")
_DECIMAL_COMMA = re.compile(
    r"\s*(?P<key>[A-Za-z0-9_.-]+)\s*=\s*(?P<number>[+-]?[0-9]+,[0-9]+)\s*(?:#.*)?", re.ASCII
)
_DECODE_ERROR = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)"
)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A number that no amount, percentage or quantity can be: infinite or out of range."""

    text: str


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """A TOML file that was read: its values, and the line of every key.

    Args:
        file: What to call it in messages.
        values: As `tomllib` gives them; numbers with a point are decimals.
        lines: The line, from 1, of every table, key and list element.
    """

    file: str
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest table above it that the file has."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


def read_toml(path: Path, file: str) -> tuple[TomlDocument | None, bytes, tuple[Problem, ...]]:
    """A TOML file with line numbers, or what keeps it from being read.

    Args:
        path: The file.
        file: What to call it in messages.

    Returns:
        The document, the bytes it was read from, and no problems; or None, what could be read,
        and the problems.
    """
    if not os.path.isfile(path):
        wrong = "it is not a file" if os.path.exists(path) else "there is no such file"
        return None, b"", (Problem(file, None, "", wrong, "write one, or correct the path"),)
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        wrong = f"it cannot be read ({reason})"
        return None, b"", (Problem(file, None, "", wrong, "check its permissions"),)
    document, problems = parse_toml(raw, file)
    return document, raw, problems


def parse_toml(raw: bytes, file: str) -> tuple[TomlDocument | None, tuple[Problem, ...]]:
    """The document in the bytes of a TOML file, or what keeps it from being one."""

    def refused(line: int | None, wrong: str, remedy: str) -> tuple[None, tuple[Problem, ...]]:
        return None, (Problem(file, line, "", wrong, remedy),)

    if len(raw) > LARGEST_FILE:
        return refused(None, "it is larger than 1 MiB", "a portfolio.toml is a few kilobytes")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return refused(1, "it is UTF-16 text", "save it as UTF-8")
    if b"\x00" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\x00")) + 1
        return refused(line, "it has a NUL byte", "save it as plain UTF-8 text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return refused(line, "it is not UTF-8 text", "save it as UTF-8")
    text = text.replace("\r\n", "\n")
    scan = _Scan(text)
    scan.run()
    if scan.excess is not None:
        return refused(scan.excess[0], scan.excess[1], scan.excess[2])
    try:
        values = tomllib.loads(text, parse_float=_exact)
    except tomllib.TOMLDecodeError as error:
        return refused(*_syntax_problem(str(error), text))
    except (ValueError, RecursionError):
        return refused(None, "it is not valid TOML", "start from what `trimtab init` writes")
    return TomlDocument(file, values, scan.lines), ()


def _exact(text: str) -> Decimal | Unusable:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return Unusable(text)
    if not value.is_finite() or (value and abs(value.adjusted()) > 24) or len(text) > 48:
        return Unusable(text)
    return value


def _syntax_problem(message: str, text: str) -> tuple[int, str, str]:
    match = _DECODE_ERROR.fullmatch(message)
    what, at = (match[1], match[2]) if match else (message, None)
    line = int(at) if at else text.count("\n", 0, len(text.rstrip("\n"))) + 1
    remedy = "see https://toml.io for the rules"
    written = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    comma = _DECIMAL_COMMA.match(written)
    if comma:
        wrong = f"{comma['number']} has a decimal comma"
        return line, wrong, f"write {comma['key']} = {comma['number'].replace(',', '.')}"
    if "Cannot" in what:
        remedy = "the key or table stands twice: keep one"
    elif "value" in what:
        remedy = 'text needs quotes (broker = "manual"), a list brackets (hold = ["VTI"])'
    return line, f"it is not valid TOML: {what[:1].lower()}{what[1:]}", remedy


class _Stop(Exception):
    """The text is not TOML from here on; the parser will say so."""


class _Scan:
    """One pass over TOML text that notes the line of every key, and what is deep beyond reason."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[KeyPath, int] = {}
        self.elements: dict[KeyPath, int] = {}
        self.excess: tuple[int, str, str] | None = None

    def run(self) -> None:
        """Scan to the end, or to the first thing that is not TOML."""
        table: KeyPath = ()
        try:
            while self.skip(_BLANK) < len(self.text):
                if self.text[self.at] == "[":
                    table = self.header()
                else:
                    self.note(path := self.below(table, self.key()))
                    self.expect("=")
                    self.value(path)
        except _Stop:
            return

    def header(self) -> KeyPath:
        """A table's header, or that of one more element of a list of tables."""
        start = self.at
        is_element = self.text.startswith("[[", self.at)
        self.at += 2 if is_element else 1
        names = self.key()
        self.expect("]]" if is_element else "]")
        if not is_element:
            path = self.below((), names)
        else:
            list_path = (*self.below((), names[:-1]), names[-1])
            self.note(list_path, start)
            number = self.elements.get(list_path, -1) + 1
            self.elements[list_path] = number
            path = (*list_path, number)
        self.note(path, start)
        return path

    def below(self, table: KeyPath, names: tuple[str, ...]) -> KeyPath:
        """The path of a key under a table, through the newest element of lists of tables."""
        path = table
        for name in names:
            path = (*path, name)
            if path in self.elements:
                path = (*path, self.elements[path])
        return path

    def note(self, path: KeyPath, at: int | None = None) -> None:
        """Remember where a key stands, and where tables were first spoken of."""
        if len(path) > DEEPEST:
            self.too_much("tables lie more than 16 deep", "write it flatter")
        line = self.line(self.at - 1 if at is None else at)
        for end in range(1, len(path)):
            self.lines.setdefault(path[:end], line)
        self.lines[path] = line

    def key(self) -> tuple[str, ...]:
        """The names of a dotted key."""
        names: list[str] = []
        while True:
            self.skip(_SPACE)
            if match := _BARE_KEY.match(self.text, self.at):
                names.append(match[0])
            elif match := _STRING.match(self.text, self.at):
                names.append(_unquoted(match[0]))
            else:
                raise _Stop
            if len(names) > DEEPEST:
                self.too_much("a key has more than 16 parts", "write it flatter")
            self.at = match.end()
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(names)
            self.at += 1

    def value(self, path: KeyPath) -> None:
        """A value, with the lines of the keys and elements in it."""
        open_lists: list[tuple[str, KeyPath, Iterator[int]]] = []
        while True:
            self.skip(_BLANK if open_lists else _SPACE)
            here = self.text[self.at : self.at + 1]
            if open_lists and here in ("]", "}"):
                self.at += 1
                open_lists.pop()
            elif open_lists and here == ",":
                self.at += 1
                continue
            else:
                if open_lists:
                    kind, above, numbers = open_lists[-1]
                    if kind == "{":
                        path = (*above, *self.key())
                        self.note(path)
                        self.expect("=")
                        self.skip(_SPACE)
                        here = self.text[self.at : self.at + 1]
                    else:
                        path = (*above, next(numbers))
                        self.note(path, self.at)
                if here in ("[", "{"):
                    self.at += 1
                    open_lists.append((here, path, iter(range(len(self.text)))))
                    if len(open_lists) > DEEPEST:
                        self.too_much("lists lie more than 16 deep", "write it flatter")
                    continue
                self.scalar()
            if not open_lists:
                return

    def scalar(self) -> None:
        """Text, a number, a date, true or false."""
        if match := _STRING.match(self.text, self.at):
            self.at = match.end()
            return
        match = _SCALAR.match(self.text, self.at)
        if match is None:
            raise _Stop
        if len(match[0].strip()) > LONGEST_NUMBER:
            self.too_much(
                "a value without quotes is longer than any number or date", "put text in quotes"
            )
        self.at = match.end()

    def skip(self, pattern: re.Pattern[str]) -> int:
        """Step over blanks; the position after them."""
        match = pattern.match(self.text, self.at)
        assert match is not None, "blanks may be of no length"
        self.at = match.end()
        return self.at

    def expect(self, token: str) -> None:
        """Step over a token that has to come now."""
        self.skip(_SPACE)
        if not self.text.startswith(token, self.at):
            raise _Stop
        self.at += len(token)

    def line(self, at: int) -> int:
        """The number of the line at a position, from 1."""
        return bisect_left(self.breaks, at) + 1

    def too_much(self, wrong: str, remedy: str) -> None:
        """Stop at something that is valid and still not to be handed to a parser."""
        self.excess = (self.line(self.at), wrong, remedy)
        raise _Stop


def _unquoted(token: str) -> str:
    try:
        name = tomllib.loads(f"key = {token}")["key"]
    except ValueError:
        raise _Stop from None
    assert isinstance(name, str)
    return name
