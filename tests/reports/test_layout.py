"""Tables and paragraphs: nothing overruns, nothing is lost, nothing is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.reports.layout import (
    ASCII,
    FULL,
    Column,
    Look,
    columns_of,
    headline,
    look_for,
    paragraph,
    shortened,
    table,
    wrapped,
)
from trimtab.reports.words import clean, money

TEXTS = st.text(max_size=60)


@settings(max_examples=150)
@given(TEXTS, st.integers(3, 40))
def test_a_shortened_name_fits(text: str, width: int) -> None:
    """A name takes no more columns than it is given, whatever signs it is made of."""
    cut = shortened(text, width)

    assert columns_of(cut) <= width


@settings(max_examples=150)
@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=120), st.integers(4, 60))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    """Lines fit, and joined they are the text again but for the breaks."""
    lines = wrapped(text, width)

    assert all(columns_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_no_text_can_command_a_terminal(text: str) -> None:
    """Whatever a file says, no control sign of it reaches the screen."""
    told = paragraph(text[:10], [text], width=80, look=FULL)
    told += headline([text, text], width=80, look=FULL)
    told += table([Column("a"), Column(text)], [(text, text)], width=80, look=FULL)

    assert all(line.isprintable() for line in told)


def test_figures_are_never_cut() -> None:
    """Where room is short, texts fold and names are cut; a figure stays whole."""
    columns = [Column("name", room="name"), Column("value", "right"), Column("why", room="text")]
    rows = [("A_NAME_OF_THIRTY_SIGNS_OR_MORE", "1,234,567,890.12", "because it is so " * 3)]

    lines = table(columns, rows, width=50, look=FULL)

    assert "1,234,567,890.12" in "\n".join(lines)
    assert max(map(len, lines)) <= 50


def test_figures_stand_under_each_other_beside_wide_signs() -> None:
    """Names that take two columns a sign do not push figures out of line."""
    columns = [Column("name", room="name"), Column("value", "right")]

    lines = table(columns, [("日本株式", "1.00"), ("US", "22.00")], width=60, look=FULL)

    assert {columns_of(line) for line in lines} == {columns_of(lines[0])}


def test_ascii_terminals_get_ascii() -> None:
    """Where an encoding lacks a sign, every sign has a stand-in."""
    assert look_for("ascii") == ASCII
    assert look_for("utf-8") == FULL
    assert look_for("no-such-encoding") == ASCII
    signs = [getattr(ASCII, name) for name in Look.__dataclass_fields__]
    assert all(str(sign).isascii() for sign in signs)


@pytest.mark.parametrize(
    ("minor", "text"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (100, "1.00"), (10**17, "1,000,000,000,000,000.00")],
)
def test_money_is_exact_at_any_size(minor: int, text: str) -> None:
    """Thousands are marked, no cent is lost."""
    assert money(minor) == text


def test_a_whole_name_is_folded_and_never_cut() -> None:
    """Two names that differ in the middle can be told apart at any width; columns keep in step."""
    names = ["joint-brokerage-john-old", "joint-brokerage-mary-old", "ira"]
    columns = [Column("account", room="whole"), Column("value", "right")]

    for width in (20, 30, 60):
        lines = table(columns, [[name, "1.00"] for name in names], width=width, look=FULL)

        assert max(map(len, lines)) <= width
        first = [line.split("1.00")[0].strip() for line in lines[1:]]
        assert "".join(first) == "".join(names)
        assert [line.rstrip().endswith("1.00") for line in lines].count(True) == len(names)
