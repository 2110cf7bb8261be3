"""Frozen values to plain JSON values and back, exactly: decimals as strings, nothing as a float."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from trimtab.model.frozen import LATER
from trimtab.model.numbers import NumberError, Price, decimal_from, minor_from, money_text

T = TypeVar("T")


class PlainError(ValueError):
    """A plain value that is not of the form its type asks for; the text names the place."""


def to_plain(value: object, kind: Any = None) -> Any:
    """A frozen value as dicts, lists, strings, integers, booleans and None.

    Args:
        value: A dataclass of the model, or anything inside one.
        kind: Its declared type; only `Money` makes a difference, which becomes a decimal string.
    """
    # By class first, where that is all there is to ask: a plan has thousands of such values.
    own: type = type(value)
    if own in _AS_THEY_ARE:
        return value
    if own in _AS_TEXT:
        return str(value)  # of a date, its ISO form
    if own is int and kind is None:
        return value
    met = _MET.get(own)
    if met is not None:
        hints, later = met
        made = {name: to_plain(getattr(value, name), hint) for name, hint in hints.items()}
        for name, usual in later.items():
            if getattr(value, name) == usual:
                del made[name]
        return made
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return money_text(value) if _is_money(kind) else value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")  # its own text may have an exponent, which no reader takes
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        _MET[own] = _hints_of_money(own), _later(own)
        return to_plain(value, kind)
    if isinstance(value, Mapping):
        inner = _inner(kind)
        return {str(key): to_plain(item, inner) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, Sequence):
        inner = _inner(kind)
        return [to_plain(item, inner) for item in value]
    raise AssertionError(f"no plain form for {type(value).__name__}")


_AS_THEY_ARE = frozenset({type(None), bool, str})
_AS_TEXT = frozenset({Fraction, Price, date})
_MET: dict[type, tuple[dict[str, Any], dict[str, Any]]] = {}
"""Of the dataclasses that were met: `_hints_of_money` and `_later`."""


def from_plain(kind: type[T], plain: object, place: str = "") -> T:
    """Read a plain value back as the type it was made from.

    Raises:
        PlainError: A key is missing or unknown, or a value is not of its declared type.
    """
    value: T = _read(kind, plain, place or kind.__name__)
    return value


def _read(kind: Any, plain: object, place: str) -> Any:
    if get_origin(kind) is Annotated:
        return _read_money(plain, place)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(kind, plain, place)
    if origin is Literal:
        if plain not in get_args(kind):
            raise PlainError(f"{place}: {plain!r} is none of {', '.join(map(str, get_args(kind)))}")
        return plain
    if origin is tuple:
        return _read_tuple(kind, plain, place)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(plain, dict):
            raise PlainError(f"{place}: a table was expected, not {plain!r}")
        inner = get_args(kind)[1]
        return {str(key): _read(inner, item, f"{place}.{key}") for key, item in plain.items()}
    if kind is None or kind is type(None):
        if plain is not None:
            raise PlainError(f"{place}: nothing was expected, not {plain!r}")
        return None
    reader = _SIMPLE.get(kind)
    if reader is not None:
        return reader(plain, place)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    assert dataclasses.is_dataclass(kind), f"no reader for {kind}"
    return _read_dataclass(kind, plain, place)


def _read_dataclass(kind: Any, plain: object, place: str) -> Any:
    if not isinstance(plain, dict):
        raise PlainError(f"{place}: a table was expected, not {plain!r}")
    hints = _hints(kind)
    unknown = sorted(set(plain) - set(hints))
    missing = sorted(set(hints) - set(plain) - set(_later(kind)))
    if unknown or missing:
        raise PlainError(f"{place}: unknown keys {unknown}, missing keys {missing}")
    return kind(
        **{
            name: _read(hint, plain[name], f"{place}.{name}")
            for name, hint in hints.items()
            if name in plain
        }
    )


def _read_tuple(kind: Any, plain: object, place: str) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise PlainError(f"{place}: a list was expected, not {plain!r}")
    inner = get_args(kind)
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_read(inner[0], item, f"{place}[{i}]") for i, item in enumerate(plain))
    if len(plain) != len(inner):
        raise PlainError(f"{place}: {len(inner)} values were expected, not {len(plain)}")
    pairs = zip(inner, plain, strict=True)
    return tuple(_read(part, item, f"{place}[{i}]") for i, (part, item) in enumerate(pairs))


def _read_union(kind: Any, plain: object, place: str) -> Any:
    if plain is None:
        return None
    problems = []
    for part in get_args(kind):
        if part is type(None):
            continue
        try:
            return _read(part, plain, place)
        except (PlainError, ValueError) as problem:
            problems.append(str(problem))
    raise PlainError("; ".join(problems))


def _read_money(plain: object, place: str) -> int:
    try:
        return minor_from(decimal_from(_text(plain, place)))
    except NumberError as problem:
        raise PlainError(f"{place}: {problem}") from None


def _text(plain: object, place: str) -> str:
    if not isinstance(plain, str):
        raise PlainError(f"{place}: text was expected, not {plain!r}")
    return plain


def _integer(plain: object, place: str) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool):
        raise PlainError(f"{place}: an integer was expected, not {plain!r}")
    return plain


def _truth(plain: object, place: str) -> bool:
    if not isinstance(plain, bool):
        raise PlainError(f"{place}: true or false was expected, not {plain!r}")
    return plain


def _day(plain: object, place: str) -> date:
    try:
        return date.fromisoformat(_text(plain, place))
    except ValueError:
        raise PlainError(f"{place}: {plain!r} is not a date such as 2026-03-31") from None


def _fraction(plain: object, place: str) -> Fraction:
    try:
        return Fraction(_text(plain, place))
    except (ValueError, ZeroDivisionError):
        raise PlainError(f"{place}: {plain!r} is not a fraction such as 27/50") from None


def _decimal(plain: object, place: str) -> Decimal:
    try:
        return decimal_from(_text(plain, place))
    except NumberError as problem:
        raise PlainError(f"{place}: {problem}") from None


def _price(plain: object, place: str) -> Price:
    try:
        return Price.of(_decimal(plain, place))
    except NumberError as problem:
        raise PlainError(f"{place}: {problem}") from None


_SIMPLE: dict[Any, Callable[[object, str], Any]] = {
    str: _text,
    int: _integer,
    bool: _truth,
    date: _day,
    Fraction: _fraction,
    Decimal: _decimal,
    Price: _price,
}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _hints_of_money(kind: type) -> dict[str, Any]:
    """The declared types of the fields if any is money, without which none is needed."""
    written = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    if any("Money" in text for text in written.values()):
        return _hints(kind)
    return dict.fromkeys(written)


def _later(kind: type) -> dict[str, Any]:
    """Fields that came after values had been written, with their defaults.

    Marked with `metadata={LATER: True}`. They are left out where they say nothing, so that what was
    written before keeps its bytes and hashes, and can be read.
    """
    return {one.name: one.default for one in dataclasses.fields(kind) if LATER in one.metadata}


@cache
def _is_money(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        return True
    return get_origin(kind) in (Union, types.UnionType) and any(map(_is_money, get_args(kind)))


@cache
def _inner(kind: Any) -> Any:
    arguments = get_args(kind)
    if not arguments:
        return None
    return arguments[0] if get_origin(kind) is tuple else arguments[-1]
