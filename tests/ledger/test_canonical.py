"""Canonical JSON: one value, one byte sequence; anything else is refused."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.ledger.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    Json,
    canonical_bytes,
    digest_of,
    parse_canonical,
)
from trimtab.ledger.errors import CanonicalError

integers = st.integers(-MAX_INTEGER, MAX_INTEGER)
leaves = st.none() | st.booleans() | integers | st.text()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
@settings(max_examples=300)
def test_same_bytes_as_the_reference_library(value: object) -> None:
    """Our canonical bytes are those of RFC 8785, for any value the ledger may hold."""
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values)
@settings(max_examples=200)
def test_parsing_gives_the_value_back(value: object) -> None:
    """What was written is what is read."""
    data = canonical_bytes(value)  # type: ignore[arg-type]

    assert parse_canonical(data) == value
    assert canonical_bytes(parse_canonical(data)) == data


@given(values)
@settings(max_examples=100)
def test_the_quick_digest_is_that_of_the_canonical_bytes(value: object) -> None:
    """Two ways to the same hash, whatever text and whole numbers a value holds."""
    assert digest_of(value) == sha256(canonical_bytes(value)).hexdigest()  # type: ignore[arg-type]


def test_keys_are_sorted_by_utf16_units() -> None:
    """A key beyond the basic plane sorts before U+FB33, as RFC 8785 section 3.2.3 shows."""
    value: dict[str, Json] = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }

    keys = list(json.loads(canonical_bytes(value)))

    assert keys == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        {"a": 0.1},
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        b"bytes",
        (1, 2),
        {1: "key"},
        "\ud800",
        {"\udc00": 1},
    ],
)
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    """Floats, large integers, other types and broken text have no canonical form here."""
    with pytest.raises(CanonicalError):
        canonical_bytes(value)  # type: ignore[arg-type]


def test_a_bool_is_not_an_integer_subclass_slip() -> None:
    """True is written as a boolean and a subclass of int is not written at all."""

    class Odd(int):
        pass

    assert canonical_bytes([True, False]) == b"[true,false]"
    with pytest.raises(CanonicalError):
        canonical_bytes(Odd(3))


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b' {"a":1}',
        b'{"a":1}\n',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":1e999}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0061"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u20ac"}',
        b'{"a":"\\ud83d\\ude00"}',
        '{"\ufb33":1,"\U0001f600":2}'.encode(),
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        '{"a":\u0661}'.encode(),
        b"",
        b"{",
        b'{"a":1}}',
        b"[" * 100_000,
        b'["' + b"a" * (1 << 20) + b'"]',
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    """Only the canonical bytes of a value are read; every other spelling is an error."""
    with pytest.raises(CanonicalError):
        parse_canonical(data)


@given(values, st.data())
@settings(max_examples=200)
def test_a_changed_byte_is_never_read_as_the_same_value(value: object, data: st.DataObject) -> None:
    """Two different byte sequences never stand for one value."""
    original = canonical_bytes(value)  # type: ignore[arg-type]
    place = data.draw(st.integers(0, len(original) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(original)
    changed[place] ^= 1 << bit

    try:
        other = parse_canonical(bytes(changed))
    except CanonicalError:
        return
    assert canonical_bytes(other) != original


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_is_limited_to_the_very_level(opening: bytes) -> None:
    """32 levels are read and written; the 33rd is refused, both ways."""
    closing = b"]" if opening == b"[" else b"}"

    def nested(depth: int) -> bytes:
        return opening * depth + (b"" if opening == b"[" else b"0") + closing * depth

    value = parse_canonical(nested(MAX_DEPTH))

    assert canonical_bytes(value) == nested(MAX_DEPTH)
    with pytest.raises(CanonicalError):
        parse_canonical(nested(MAX_DEPTH + 1))
    with pytest.raises(CanonicalError):
        canonical_bytes([value])


def test_brackets_within_text_are_not_depth() -> None:
    """A text full of brackets and quotes is only text."""
    value = ['[{"' * 100 + "\\", "]}" * 50]

    assert parse_canonical(canonical_bytes(value)) == value  # type: ignore[arg-type]
