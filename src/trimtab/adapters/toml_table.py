"""A TOML table read key by key: typed, with every problem noted and unknown keys found at the end.

The keys that a reader asks for are the keys that the table may have: there is no second list of
them to keep in step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from trimtab.adapters.toml_lines import KeyPath, Unusable
from trimtab.model.errors import Problem
from trimtab.model.numbers import NumberError, decimal_from, minor_from

LARGEST_NUMBER = Decimal(10) ** 15
LARGEST_MONEY = Decimal(10) ** 13
"""Above 90 trillion, minor units are beyond the whole numbers that a record can hold."""

SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9._/-]{0,31}", re.ASCII)
SYMBOL_RULE = "1 to 32 of A-Z a-z 0-9 . _ / -, the first a letter, a digit or ^"
ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", re.ASCII)
ACCOUNT_RULE = "1 to 64 of A-Z a-z 0-9 . _ - and space, the first a letter or a digit"

_SLEEVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}", re.ASCII)
_SLEEVE_RULE = "1 to 64 of A-Z a-z 0-9 _ - and space, the first a letter or a digit"
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)

Word = TypeVar("Word", bound=str)


class Source(Protocol):
    """Where the keys of a table were written: one file, or several of which one extends another."""

    def place(self, path: KeyPath) -> tuple[str, int | None]:
        """The file and line of a key."""


class Table:
    """One table of a TOML file.

    Args:
        values: Its keys and values.
        path: From the root to it.
        source: Where its keys were written.
        problems: What is wrong is added here.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        path: KeyPath,
        *,
        source: Source,
        problems: list[Problem],
    ) -> None:
        self.values = values
        self.path = path
        self.source = source
        self.problems = problems
        self.known: list[str] = []
        self.is_named = False
        """Whether the user chose the name of this table, and may have chosen one with a dot."""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def problem(self, key: str | KeyPath, wrong: str, remedy: str) -> None:
        """Note that a key of this table (empty: the table itself) is wrong."""
        parts: KeyPath = key if isinstance(key, tuple) else (key,) if key else ()
        path = (*self.path, *parts)
        file, line = self.source.place(path)
        self.problems.append(Problem(file, line, dotted(path), wrong, remedy))

    def value(self, key: str) -> Any:
        """The raw value of a key, None where it is absent; the key is known from now on."""
        self.known.append(key)
        return self.values.get(key)

    def finish(self) -> None:
        """Note every key that nothing asked for, with the nearest one that is known."""
        for key, value in self.values.items():
            if key in self.known:
                continue
            remedy = near(key, self.known)
            is_near = remedy.startswith("did you mean")
            if self.is_named and isinstance(value, dict) and not is_near:
                name = dotted((*self.path[:-1], f"{self.path[-1]}.{key}"))
                remedy = f"a name with a dot needs quotes, [{name}]; else {remedy}"
            self.problem(key, "there is no such key here", remedy)

    # -- text ---------------------------------------------------------------------------------

    def text(self, key: str, example: str) -> str | None:
        """Plain text of one line, at most 200 characters."""
        value = self.value(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.problem(key, f"{kind_of(value)} where text belongs", f"write {key} = {example}")
            return None
        if not value.strip() or len(value) > 200 or not value.isprintable():
            wrong = f"{shown(value)} is empty, too long, or has control characters"
            self.problem(key, wrong, f"write {key} = {example}")
            return None
        return value

    def choice(self, key: str, words: Sequence[Word], default: Word) -> Word:
        """One of a few words."""
        value = self.value(key)
        if value is None:
            return default
        for word in words:
            if value == word and isinstance(value, str):
                return word
        wrong = shown(value) if isinstance(value, str) else kind_of(value)
        near_word = near(value, words) if isinstance(value, str) else f"one of {', '.join(words)}"
        self.problem(key, f"{wrong} is not one of the words it takes", near_word)
        return default

    def parsed(self, key: str, parse: Callable[[str], Word], example: str) -> Word | None:
        """Text that a function understands; what it says when it does not is passed on."""
        value = self.text(key, example)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            # What says the nearest word needs no example beside it.
            wrong, near, meant = str(error).partition("; did you mean ")
            remedy = f"did you mean {meant}" if near else f"write {key} = {example}"
            self.problem(key, wrong, remedy)
            return None

    def currency(self, key: str, default: str) -> str:
        """A currency's ISO code."""
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(value, str) or CURRENCY.fullmatch(value) is None:
            wrong = f"{shown(value)} is not a currency code"
            self.problem(key, wrong, f'write three capital letters, as {key} = "USD"')
            return default
        return value

    def symbol(self, key: str) -> str | None:
        """One instrument."""
        value = self.value(key)
        if value is None:
            return None
        return value if self._is_symbol((key,), value) else None

    def symbols(self, key: str) -> tuple[str, ...] | None:
        """A list of instruments; None where the key is absent."""
        return self._list(key, ["VTI"], self._is_symbol)

    def accounts(self, key: str) -> tuple[str, ...]:
        """A list of account names."""
        return self._list(key, ["roth"], self._is_text) or ()

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        """A list of texts, or one text for a list of one."""
        value = self.values.get(key)
        if isinstance(value, str):
            single = self.text(key, f'"{example}"')
            return () if single is None else (single,)
        return self._list(key, [example], self._is_text) or ()

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of instruments."""
        value = self.value(key)
        if value is None:
            return ()
        example = f'write {key} = [["VTI", "VTSAX"]]'
        if not isinstance(value, list):
            self.problem(key, f"{kind_of(value)} where a list of lists belongs", example)
            return ()
        groups: list[tuple[str, ...]] = []
        for number, group in enumerate(value):
            if not isinstance(group, list):
                self.problem((key, number), f"{kind_of(group)} where a list belongs", example)
                continue
            good = [self._is_symbol((key, number, place), item) for place, item in enumerate(group)]
            if len(group) < 2:
                wrong = "a group of fewer than two says nothing"
                self.problem((key, number), wrong, "name what it is identical with, or drop it")
            elif all(good):
                groups.append(tuple(group))
        return tuple(groups)

    def _list(
        self, key: str, example: list[str], is_good: Callable[[KeyPath, Any], bool]
    ) -> tuple[str, ...] | None:
        value = self.value(key)
        if value is None:
            return None
        if not isinstance(value, list):
            written = ", ".join(f'"{item}"' for item in example)
            wrong = f"{kind_of(value)} where a list belongs"
            self.problem(key, wrong, f"put it in brackets, as {key} = [{written}]")
            return None
        good = [is_good((key, number), item) for number, item in enumerate(value)]
        return tuple(value) if all(good) else None

    def _is_symbol(self, key: KeyPath, value: Any) -> bool:
        if isinstance(value, str) and SYMBOL.fullmatch(value):
            return True
        wrong = shown(value) if isinstance(value, str) else kind_of(value)
        self.problem(key, f"{wrong} is not an instrument", f"a symbol is {SYMBOL_RULE}")
        return False

    def _is_text(self, key: KeyPath, value: Any) -> bool:
        if isinstance(value, str) and value.strip() and len(value) <= 200 and value.isprintable():
            return True
        wrong = shown(value) if isinstance(value, str) else kind_of(value)
        self.problem(key, f"{wrong} is not a name", "write plain text in quotes")
        return False

    # -- numbers, days, yes or no -------------------------------------------------------------

    def number(
        self, key: str, example: str, *, above_zero: bool = False, most: Decimal = LARGEST_NUMBER
    ) -> Decimal | None:
        """An exact number that is not negative."""
        value = self.value(key)
        if value is None:
            return None
        return self.as_number((key,), value, example, above_zero=above_zero, most=most)

    def as_number(
        self,
        key: KeyPath,
        value: Any,
        example: str,
        *,
        above_zero: bool = False,
        most: Decimal = LARGEST_NUMBER,
    ) -> Decimal | None:
        """A value as an exact number that is not negative."""
        remedy = f"write {dotted(key[-1:])} = {example}"
        if isinstance(value, Unusable):
            self.problem(key, f"{shown(value.text)} is not a usable number", remedy)
        elif isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            unquoted = _unquoted(value, most)
            remedy = (
                f"write {dotted(key[-1:])} = {unquoted}, without quotes" if unquoted else remedy
            )
            self.problem(key, f"{kind_of(value)} where a number belongs", remedy)
        elif value < 0:
            remedy = "write a number above zero" if above_zero else "write 0 or more"
            self.problem(key, f"{number_text(value)} is below zero", remedy)
        elif above_zero and value == 0:
            self.problem(key, "it has to be above zero", remedy)
        elif value > most:
            wrong = f"{number_text(value)} is above {number_text(most)}"
            self.problem(key, wrong, f"write at most {number_text(most)}")
        else:
            return Decimal(value)
        return None

    def percent(self, key: str, example: str) -> Decimal | None:
        """A percentage from 0 to 100."""
        return self.number(key, example, most=Decimal(100))

    def money(self, key: str, example: str, default: int = 0) -> int:
        """An amount of money in minor units."""
        value = self.number(key, example, most=LARGEST_MONEY)
        if value is None:
            return default
        try:
            return minor_from(value)
        except NumberError as error:
            self.problem(key, str(error), f"write {key} = {example}")
            return default

    def whole(self, key: str, example: str, *, most: int = 100_000) -> int | None:
        """A whole number that is not negative."""
        value = self.number(key, example, most=Decimal(most))
        if value is None:
            return None
        if value != int(value):
            wrong = f"{number_text(value)} is not a whole number"
            self.problem(key, wrong, f"write {key} = {example}")
            return None
        return int(value)

    def flag(self, key: str) -> bool:
        """True or false; false where it is absent."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        wrong = f"{kind_of(value)} where true or false belongs"
        self.problem(key, wrong, f"write {key} = true, without quotes")
        return False

    def day(self, key: str) -> date | None:
        """A date."""
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        wrong = f"{kind_of(value)} where a date belongs"
        self.problem(key, wrong, f"write {key} = 2026-03-31, without quotes")
        return None

    # -- tables -------------------------------------------------------------------------------

    def table(self, key: str) -> Table:
        """A table below this one; an empty one where it is absent."""
        value = self.value(key)
        if value is not None and not isinstance(value, dict):
            wrong = f"{kind_of(value)} where a table belongs"
            self.problem(key, wrong, f"write it as [{dotted((*self.path, key))}]")
        found = value if isinstance(value, dict) else {}
        return self._below((key,), found)

    def tables(self, key: str) -> Iterator[Table]:
        """Lists of tables: `aliases = [{symbol = "FB"}]`."""
        value = self.value(key)
        if value is None:
            return
        if not isinstance(value, list):
            wrong = f"{kind_of(value)} where a list of tables belongs"
            self.problem(key, wrong, f'write {key} = [{{symbol = "FB", until = 2022-06-08}}]')
            return
        for number, element in enumerate(value):
            if isinstance(element, dict):
                yield self._below((key, number), element)
            else:
                wrong = f"{kind_of(element)} where a table belongs"
                self.problem((key, number), wrong, 'write {symbol = "FB", until = 2022-06-08}')

    def named(self, what: str, *, but: Iterable[str] = ()) -> Iterator[tuple[str, Table]]:
        """The tables below this one under names that the user chose.

        Args:
            what: What the names name: `account`, `instrument` or `sleeve`.
            but: Keys of this table that are not such names.
        """
        for name, value in self.values.items():
            if name in but:
                continue
            self.known.append(name)
            if isinstance(value, dict):
                yield from self._named(what, name, value)
            else:
                wrong = f"{kind_of(value)} where a table belongs"
                self.problem(name, wrong, f"write it as [{dotted((*self.path, name))}]")

    def other_tables(self, what: str) -> Iterator[tuple[str, Table]]:
        """The tables below this one that are not among the keys asked for so far."""
        for name, value in self.values.items():
            if name not in self.known and isinstance(value, dict):
                self.known.append(name)
                yield from self._named(what, name, value)

    def _named(
        self, what: str, name: str, values: Mapping[str, Any]
    ) -> Iterator[tuple[str, Table]]:
        pattern, rule = _NAMES[what]
        article = "a" if what == "sleeve" else "an"
        if pattern.fullmatch(name):
            table = self._below((name,), values)
            table.is_named = True
            yield name, table
        else:
            self.problem(name, f"{shown(name)} is not a name for {article} {what}", f"use {rule}")

    def _below(self, path: KeyPath, values: Mapping[str, Any]) -> Table:
        return Table(values, (*self.path, *path), source=self.source, problems=self.problems)


_NAMES = {
    "account": (ACCOUNT, ACCOUNT_RULE),
    "instrument": (SYMBOL, SYMBOL_RULE),
    "sleeve": (_SLEEVE, _SLEEVE_RULE),
}


def dotted(path: KeyPath) -> str:
    """A key as one writes it: `accounts.roth.menu[2]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", part, re.ASCII) is not None
            text += ("." if text else "") + (part if plain else shown(part, '"'))
    return text


def near(word: str, known: Sequence[str]) -> str:
    """What was probably meant, or all that could be."""
    from difflib import get_close_matches

    if not known:
        return "remove it"
    close = get_close_matches(word[:100], known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    names = list(dict.fromkeys(known))
    return f"one of {', '.join(names[:16])}{', ...' if len(names) > 16 else ''}"


def shown(value: object, quote: str = "") -> str:
    """Text of a stranger in a message: short, and without anything that a terminal would obey."""
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    safe = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return f"{quote or chr(39)}{safe}{quote or chr(39)}"


def number_text(value: Decimal | int) -> str:
    """A number in a message, short whatever it is."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def fraction(percent: Decimal | None, default: Decimal) -> Decimal:
    """A percentage as a fraction; that of the default where it is absent."""
    return (default if percent is None else percent) / 100


def _unquoted(value: object, most: Decimal) -> str:
    """The number that stands in a text, as `25%` or `1,000`; empty where none does."""
    text = str(value).strip().removesuffix("%").strip() if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text, re.ASCII):
        text = text.replace(",", "")
    try:
        return text if 0 <= decimal_from(text) <= most else ""
    except NumberError:
        return ""


def kind_of(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    for kind, words in _KINDS:
        if isinstance(value, kind):
            return words
    return "something else"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (str, "text in quotes"),
    ((int, Decimal, Unusable), "a number"),
    ((date, datetime, time), "a date or time"),
    (list, "a list"),
    (dict, "a table"),
)
