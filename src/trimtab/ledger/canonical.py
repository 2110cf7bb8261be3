"""RFC 8785 canonical JSON, without floating point, and a strict parser back."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from trimtab.ledger.errors import CanonicalError

Json = dict[str, "Json"] | list["Json"] | str | int | bool | None

MAX_DEPTH: Final = 32
MAX_LINE_BYTES: Final = 1 << 20
MAX_INTEGER: Final = 2**53 - 1
"""Beyond this, readers that keep numbers as doubles would see another value: use text."""

_FIRST_SURROGATE: Final = "\ud800"


def canonical_bytes(value: Json) -> bytes:
    """The one byte sequence that stands for a JSON value (RFC 8785).

    Keys are sorted by their UTF-16 code units; there is no white space; text is UTF-8.

    Raises:
        CanonicalError: for floats, integers beyond 2^53-1, other types, lone surrogates, and
            values nested deeper than 32.

    >>> canonical_bytes({"b": [1, None], "a": "\\u20ac"}).decode()
    '{"a":"€","b":[1,null]}'
    """
    parts: list[str] = []
    _write(value, parts, 1)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError as error:
        raise CanonicalError("text holds a lone surrogate, which is not Unicode text") from error


def _write(value: object, parts: list[str], depth: int) -> None:
    # Exact types only: a subclass (a numpy integer, an enum) could print as something else.
    kind = type(value)
    if kind is str:
        parts.append(encode_basestring(value))  # type: ignore[arg-type]
    elif kind is int:
        parts.append(_integer_text(value))  # type: ignore[arg-type]
    elif kind is dict:
        _write_object(value, parts, depth)  # type: ignore[arg-type]
    elif kind is list:
        _write_array(value, parts, depth)  # type: ignore[arg-type]
    elif value is True:
        parts.append("true")
    elif value is False:
        parts.append("false")
    elif value is None:
        parts.append("null")
    elif kind is float:
        raise CanonicalError("floats are not exact: write money and quantities as decimal text")
    else:
        raise CanonicalError(f"{kind.__name__} is not a JSON type of the ledger")


def _integer_text(value: int) -> str:
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise CanonicalError("an integer beyond 2^53-1: write it as decimal text")
    return str(value)


def _write_object(value: dict[str, object], parts: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH}")
    for key in value:
        if type(key) is not str:
            raise CanonicalError(f"a key is {type(key).__name__}, not text")
    separator = "{"
    for key in _sorted_keys(value):
        parts.append(separator)
        parts.append(encode_basestring(key))
        parts.append(":")
        _write(value[key], parts, depth + 1)
        separator = ","
    parts.append("}" if value else "{}")


def _write_array(value: list[object], parts: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH}")
    separator = "["
    for item in value:
        parts.append(separator)
        _write(item, parts, depth + 1)
        separator = ","
    parts.append("]" if value else "[]")


def _sorted_keys(value: dict[str, object]) -> list[str]:
    if all(map(str.isascii, value)):
        return sorted(value)
    # Code points and UTF-16 units order alike unless a character beyond U+D7FF takes part.
    if all(key < _FIRST_SURROGATE and max(key, default="") < _FIRST_SURROGATE for key in value):
        return sorted(value)
    return sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


class _NotPlain(Exception):
    """A number that the ledger does not allow."""


def _refuse_float(text: str) -> NoReturn:
    raise _NotPlain(f"the number {text[:40]} is not an integer: write it as decimal text")


def _small_integer(text: str) -> int:
    if len(text) <= 15:
        return int(text)
    value = int(text) if len(text) <= 17 else MAX_INTEGER + 1
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _NotPlain(f"the integer {text[:40]} is beyond 2^53-1")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise _NotPlain(f"the key {key[:40]!r} stands twice in one object")
        seen[key] = value
    return seen


_QUICK = json.JSONDecoder(
    parse_float=_refuse_float, parse_int=_small_integer, parse_constant=_refuse_float
)
_CAREFUL = json.JSONDecoder(
    parse_float=_refuse_float,
    parse_int=_small_integer,
    parse_constant=_refuse_float,
    object_pairs_hook=_unique,
)
# Sorting by code points: right for ASCII text only, and only used there.
_QUICK_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)


def text_of(value: Json) -> str:
    """The canonical text of a value of text alone, in a tenth of the time.

    It is RFC 8785 where all keys are ASCII, and where there are none; it holds no numbers.

    >>> text_of({"b": ["x", None], "a": "1"})
    '{"a":"1","b":["x",null]}'
    """
    return _QUICK_ENCODER.encode(value)


def digest_of(value: Json) -> str:
    """SHA-256 of the canonical form of a value that is JSON already, in a tenth of the time.

    Numbers in it are whole. Nothing else is checked: what is written down goes through
    `canonical_bytes`, which does.

    >>> digest_of({"b": [1], "a": None}) == digest_of({"a": None, "b": [1]})
    True
    """
    text = text_of(value)
    # By code points keys are sorted as RFC 8785 wants them as long as all of them are ASCII.
    return sha256(text.encode() if text.isascii() else canonical_bytes(value)).hexdigest()


def parse_canonical(data: bytes) -> Json:
    """The value that canonical bytes stand for.

    Raises:
        CanonicalError: when `data` is anything but the canonical bytes of a value: duplicate
            keys, floats, white space, escapes that need not be, keys out of order, not UTF-8,
            nested deeper than 32, longer than 1 MiB.

    >>> parse_canonical(b'{"a":[1,"2.50"]}')
    {'a': [1, '2.50']}
    """
    if len(data) > MAX_LINE_BYTES:
        raise CanonicalError(f"{len(data)} bytes are more than the {MAX_LINE_BYTES} allowed")
    if data.isascii() and data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        quick = _parse_quickly(data.decode("ascii"))
        if quick is not _UNSURE:
            value: Json = quick
            return value
    return _parse_carefully(data)


_UNSURE: Final[Any] = object()


def _parse_quickly(text: str) -> Any:
    # Encoding again gives the same text only if nothing was lost: no duplicate keys, no spaces.
    try:
        value, _ = _QUICK.raw_decode(text)
    except (ValueError, _NotPlain):
        return _UNSURE
    return value if _QUICK_ENCODER.encode(value) == text else _UNSURE


def _parse_carefully(data: bytes) -> Json:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CanonicalError(f"not UTF-8 at byte {error.start}") from error
    _check_depth(data)
    try:
        value: Json = _CAREFUL.decode(text)
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode())
        raise CanonicalError(f"not JSON at byte {offset}: {error.msg}") from error
    except _NotPlain as error:
        raise CanonicalError(str(error)) from error
    again = canonical_bytes(value)
    if again != data:
        place = _first_difference(again, data)
        raise CanonicalError(f"not in canonical form from byte {place} on")
    return value


def _check_depth(data: bytes) -> None:
    """Refuse deep nesting before a recursive parser sees it; brackets within text do not count."""
    depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]', data, re.DOTALL):
        first = data[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise CanonicalError(f"nested deeper than {MAX_DEPTH} at byte {token.start()}")
        elif first in b"]}":
            depth -= 1


def _first_difference(left: bytes, right: bytes) -> int:
    for place, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return place
    return min(len(left), len(right))
