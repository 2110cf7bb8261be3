"""Strict reading of an entry's body: every member known, of its type, in its one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final

from trimtab.ledger.canonical import Json
from trimtab.ledger.errors import FoldError
from trimtab.model.accounts import Acquired
from trimtab.model.numbers import (
    LARGEST,
    MINOR_DIGITS,
    NumberError,
    Price,
    decimal_from,
    money_text,
)
from trimtab.model.orders import Side

INHERITED: Final = "inherited"
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,19})", re.ASCII)
_MONEY: Final = re.compile(rf"-?(0|[1-9][0-9]{{0,19}})\.[0-9]{{{MINOR_DIGITS}}}", re.ASCII)
_RATIO: Final = re.compile(r"-?[0-9]{1,400}(/[0-9]{1,400})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_NAME: Final = 256


# Days and prices repeat from entry to entry. What a text means never changes.


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    if _DAY.fullmatch(text) is None:
        raise ValueError(text)
    return date.fromisoformat(text)


@lru_cache(maxsize=4096)
def _price(text: str) -> tuple[Price, bool]:
    """The price, and whether the text is its one spelling."""
    price = Price.of(decimal_from(text))
    return price, str(price) == text


class Fields:
    """The members of one JSON object, each taken once; `done` refuses what nobody took."""

    def __init__(self, body: Json, *, seq: int, kind: str, where: str = "") -> None:
        self.seq = seq
        self.kind = kind
        self._where = where
        if type(body) is not dict:
            raise self.error(f"{where or 'the body'} is not an object")
        self._body: dict[str, Json] = body
        self._left = set(body)

    def error(self, message: str, code: str = "malformed") -> FoldError:
        """An error located at this entry."""
        return FoldError(code, message, seq=self.seq, kind=self.kind)

    def has(self, name: str) -> bool:
        """Whether the member is there."""
        return name in self._body

    def done(self) -> None:
        """Refuse members that are not known: a newer version may have meant something by them."""
        if self._left:
            names = ", ".join(sorted(self._left))
            raise self.error(f"unknown members{self._of()}: {names}; a newer version's ledger?")

    def _of(self) -> str:
        return f" of {self._where}" if self._where else ""

    def _wrong(self, name: str, want: str) -> FoldError:
        shown = repr(self._body.get(name))[:60]
        return self.error(f"`{name}`{self._of()} is {shown}, not {want}")

    def take(self, name: str) -> Json:
        """The member as it is."""
        if name not in self._body:
            raise self.error(f"`{name}`{self._of()} is missing")
        self._left.discard(name)
        return self._body[name]

    def text(self, name: str) -> str:
        """Any text."""
        # Most members are text: this is `take`, written out, since a replay is made of it.
        value = self._body.get(name)
        if type(value) is str:
            self._left.discard(name)
            return value
        self.take(name)
        raise self._wrong(name, "text")

    def name(self, name: str) -> str:
        """A name: text that is not empty, without control characters, not too long."""
        value = self.text(name)
        if not value or len(value) > _MAX_NAME or not value.isprintable():
            raise self._wrong(name, "a name")
        return value

    def name_or_none(self, name: str) -> str | None:
        """A name, or null."""
        return None if self.take(name) is None else self.name(name)

    def whole(self, name: str, *, least: int = 0) -> int:
        """An integer written as a JSON number."""
        value = self.take(name)
        if type(value) is not int or value < least:
            raise self._wrong(name, f"a whole number of at least {least}")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when it is not there."""
        if name not in self._body:
            return False
        value = self.take(name)
        if type(value) is not bool:
            raise self._wrong(name, "true or false")
        return value

    def steps(self, name: str, *, least: int = 1) -> int:
        """A quantity in steps, written as text."""
        value = self.text(name)
        if _WHOLE.fullmatch(value) is None or value == "-0" or not least <= int(value) <= LARGEST:
            raise self._wrong(name, f"a number of steps of at least {least}, as text")
        return int(value)

    def steps_or_none(self, name: str) -> int | None:
        """Steps, or null."""
        return None if self.take(name) is None else self.steps(name)

    def money(self, name: str, *, least: int | None = 0) -> int:
        """Money as decimal text, in minor units; `least` None allows any amount."""
        value = self.text(name)
        # Quicker than by way of decimals, and stricter: the one spelling that `money_text` gives.
        amount = int(value.replace(".", "")) if _MONEY.fullmatch(value) else None
        if amount is None or (amount == 0 and value[0] == "-"):
            raise self._wrong(name, "money such as 1234.56, with all its decimals")
        if least is not None and amount < least:
            raise self._wrong(name, f"money of at least {money_text(least)}")
        if abs(amount) > LARGEST:
            raise self._wrong(name, "an amount that this program accepts")
        return amount

    def money_or_none(self, name: str) -> int | None:
        """Money, or null where it is not known."""
        return None if self.take(name) is None else self.money(name)

    def price(self, name: str) -> Price:
        """A price as decimal text."""
        try:
            price, is_plain = _price(self.text(name))
        except NumberError as error:
            raise self._wrong(name, "a price such as 123.45") from error
        if not is_plain:
            raise self._wrong(name, "a price in plain digits")
        return price

    def price_or_none(self, name: str) -> Price | None:
        """A price, or null."""
        return None if self.take(name) is None else self.price(name)

    def day(self, name: str) -> date:
        """A day such as 2026-03-31."""
        try:
            return _day(self.text(name))
        except ValueError as error:
            raise self._wrong(name, "a day such as 2026-03-31") from error

    def acquired(self, name: str) -> Acquired:
        """A day, `inherited`, or null where it is not known."""
        value = self.take(name)
        if value is None:
            return None
        return "inherited" if value == INHERITED else self.day(name)

    def ratio(self, name: str) -> Fraction:
        """An exact share such as 3/5."""
        value = self.text(name)
        try:
            if _RATIO.fullmatch(value) is None:
                raise ValueError(value)
            ratio = Fraction(value)
        except (ValueError, ZeroDivisionError) as error:
            raise self._wrong(name, "a ratio such as 3/5") from error
        if str(ratio) != value:
            raise self._wrong(name, "a ratio in lowest terms")
        return ratio

    def sha256(self, name: str) -> str:
        """A SHA-256 in hexadecimal."""
        value = self.text(name)
        if _SHA256.fullmatch(value) is None:
            raise self._wrong(name, "a SHA-256 in hexadecimal")
        return value

    def side(self, name: str) -> Side:
        """`buy` or `sell`."""
        value = self.text(name)
        if value == "buy":
            return "buy"
        if value == "sell":
            return "sell"
        raise self._wrong(name, "buy or sell")

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names."""
        value = self.take(name)
        if type(value) is not list or not all(type(item) is str and item for item in value):
            raise self._wrong(name, "a list of names")
        return tuple(str(item) for item in value)

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of a list, one by one; each must be taken whole."""
        value = self.take(name)
        if type(value) is not list:
            raise self._wrong(name, "a list")
        for number, item in enumerate(value, start=1):
            inner = Fields(item, seq=self.seq, kind=self.kind, where=f"{name} {number}")
            yield inner
            inner.done()

    def table(self, name: str) -> Fields:
        """An object whose members are names that the caller goes through with `members`."""
        return Fields(self.take(name), seq=self.seq, kind=self.kind, where=name)

    def members(self) -> tuple[str, ...]:
        """The members' names, sorted; each a name."""
        for key in self._body:
            if not key or len(key) > _MAX_NAME or not key.isprintable():
                raise self.error(f"{key[:60]!r}{self._of()} is not a name")
        return tuple(sorted(self._body))
