"""TOML with line numbers: every key at its line, in every way in which TOML can be written."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.adapters.toml_lines import KeyPath, TomlDocument, Unusable, parse_toml

TEXT = '''\
# a remark = 1
top = "x # no remark" # one

[table]
plain = 1
"quo.ted" = 2
dotted . 'deep er' = 3
list = [ # remark
  1,
  [2,
   3], {inner = 4, "i2" = [5]},
]
text = """
[not.a.table]
key = 1 \\"""
"""
raw = \'\'\'
[neither]\'\'\'

[table.below]
day = 2024-02-29 10:00:00
[[rows]]
a = 1
[[rows]]
a = 2
[rows.more]
b = 3
'''


def read(text: str) -> TomlDocument:
    """The document of a text that is TOML."""
    document, problems = parse_toml(text.encode(), "f.toml")
    assert problems == ()
    assert document is not None
    return document


def test_every_key_has_its_line() -> None:
    """Tables, dotted and quoted keys, list elements, inline tables and lists of tables."""
    document = read(TEXT)

    assert document.lines == {
        ("top",): 2,
        ("table",): 4,
        ("table", "plain"): 5,
        ("table", "quo.ted"): 6,
        ("table", "dotted"): 7,
        ("table", "dotted", "deep er"): 7,
        ("table", "list"): 8,
        ("table", "list", 0): 9,
        ("table", "list", 1): 10,
        ("table", "list", 1, 0): 10,
        ("table", "list", 1, 1): 11,
        ("table", "list", 2): 11,
        ("table", "list", 2, "inner"): 11,
        ("table", "list", 2, "i2"): 11,
        ("table", "list", 2, "i2", 0): 11,
        ("table", "text"): 13,
        ("table", "raw"): 17,
        ("table", "below"): 20,
        ("table", "below", "day"): 21,
        ("rows",): 24,
        ("rows", 0): 22,
        ("rows", 0, "a"): 23,
        ("rows", 1): 24,
        ("rows", 1, "a"): 25,
        ("rows", 1, "more"): 26,
        ("rows", 1, "more", "b"): 27,
    }


def test_a_missing_key_is_at_the_line_of_its_table() -> None:
    """What should stand in a table is missed where the table begins."""
    assert read(TEXT).line(("table", "below", "absent")) == 20


def test_numbers_with_a_point_are_exact_and_others_unusable() -> None:
    """Decimals keep their digits; what is infinite, no number or out of range says so."""
    values = read("a = 0.10\nb = inf\nc = 1e999\nd = nan\ne = 1e99999999999999999999").values

    assert values["a"] == Decimal("0.10")
    assert [values[key] for key in "bcde"] == [
        Unusable("inf"),
        Unusable("1e999"),
        Unusable("nan"),
        Unusable("1e99999999999999999999"),
    ]


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every key and list element of what a TOML file holds."""
    found: set[KeyPath] = set()
    if isinstance(value, dict):
        for key, below in value.items():
            found |= {(*path, key)} | paths_of(below, (*path, key))
    if isinstance(value, list):
        for number, below in enumerate(value):
            found |= {(*path, number)} | paths_of(below, (*path, number))
    return found


keys = st.text(st.sampled_from("ab-_.\"'\\ #=[é\t"), max_size=4).map(
    lambda name: '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
scalars = st.sampled_from(
    ["1", "-2.5", "true", '"a # b"', "'[x]'", '"""a\n"b" = [\n"""', "'''\n'x'\n'''", "2024-01-02"]
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ", #x\n".join(items) + "\n]")
        | st.dictionaries(keys, inner.filter(lambda text: "\n" not in text), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + "}"
        )
    ),
    max_leaves=6,
)
tables = st.dictionaries(keys, values, max_size=4).map(
    lambda pairs: "".join(f"{key} = {value}\n" for key, value in pairs.items())
)


@settings(deadline=None)
@given(st.dictionaries(keys, tables, max_size=4))
def test_no_key_of_a_valid_file_is_without_its_line(body: dict[str, str]) -> None:
    """What the parser finds in a file and what has a line are the same keys."""
    text = "".join(f"\n[{name}]\n{table}" for name, table in body.items())

    document = read(text)

    assert set(document.lines) == paths_of(tomllib.loads(text))


@settings(deadline=None)
@given(st.text(st.sampled_from("[]{}=,.#'\"\\\n\r a1\x00é"), max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is no text that does more harm than a message."""
    document, problems = parse_toml(text.encode("utf-8", "surrogatepass"), "f.toml")

    assert (document is None) == bool(problems)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """There are no bytes that do more harm than a message."""
    document, problems = parse_toml(raw, "f.toml")

    assert (document is None) == bool(problems)


def test_a_decimal_comma_is_told_with_the_number_as_it_should_be() -> None:
    """As in a CSV file: the line, and the value to write."""
    document, (problem,) = parse_toml(b"[target.a]\npercent = 32,0  # a third\n", "f.toml")

    assert document is None
    assert (problem.line, problem.wrong) == (2, "32,0 has a decimal comma")
    assert problem.remedy == "write percent = 32.0"
