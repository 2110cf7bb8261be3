"""Files of views and of expected returns: what they mean, and what is wrong, by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimtab.adapters.views_csv import read_expected, read_views
from trimtab.model.errors import InputError
from trimtab.targets.objectives.foreseen import View

SYMBOLS = ("SPY", "EFA", "AGG")


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    file = folder / "views.csv"
    file.write_text(text)
    return file


def test_views_are_of_one_or_of_one_over_another(tmp_path: Path) -> None:
    """Percent become fractions; an empty confidence is none; a side may be several."""
    file = written(
        tmp_path,
        "symbol,over,percent,confidence\nSPY,,7,60\n# a remark\nEFA+SPY,AGG,-1.5,\n",
    )

    views = read_views(file, SYMBOLS)

    assert views == (
        View(("SPY",), 0.07, (), 0.6),
        View(("EFA", "SPY"), -0.015, ("AGG",)),
    )


def test_a_doubt_stands_for_a_confidence(tmp_path: Path) -> None:
    """The standard deviation of a view's error, in percent; other columns may be absent."""
    file = written(tmp_path, "symbol,percent,doubt_percent\nSPY,7,2\n")

    assert read_views(file, SYMBOLS) == (View(("SPY",), 0.07, doubt=0.02),)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("SPX,,7,60,", "symbol"),
        (",,7,60,", "symbol"),
        ("SPY,AGGG,7,60,", "over"),
        ("SPY,EFA+SPY,7,60,", "over"),
        ("SPY,,,60,", "percent"),
        ("SPY,,7%,60,", "percent"),
        ("SPY,,7,160,", "confidence"),
        ("SPY,,7,0,", "confidence"),
        ("SPY,,7,60,2", "doubt_percent"),
        ("SPY,,7,,-2", "doubt_percent"),
        ("SPY,,70000,,", "percent"),
    ],
)
def test_what_is_wrong_with_a_view_is_told_with_its_line(
    row: str, key: str, tmp_path: Path
) -> None:
    """One problem a field, with what to do."""
    header = "symbol,over,percent,confidence,doubt_percent\nSPY,,5,,\n"
    file = written(tmp_path, f"{header}{row}\n")

    with pytest.raises(InputError) as caught:
        read_views(file, SYMBOLS)

    assert [(one.line, one.key) for one in caught.value.problems] == [(3, key)]
    assert caught.value.problems[0].remedy


def test_a_file_without_views_is_refused(tmp_path: Path) -> None:
    """A header alone says nothing."""
    with pytest.raises(InputError, match="no views"):
        read_views(written(tmp_path, "symbol,percent\n"), SYMBOLS)


def test_returns_are_read_for_each_instrument(tmp_path: Path) -> None:
    """As fractions; a list of returns may be longer than the instruments."""
    file = written(tmp_path, "symbol,percent\nSPY,7\nXLE,9\nEFA,6.5\nAGG,-1\n")

    found = read_expected(file, SYMBOLS)

    assert found == {"SPY": 0.07, "XLE": 0.09, "EFA": 0.065, "AGG": -0.01}


@pytest.mark.parametrize(
    ("rows", "line", "key"),
    [
        ("SPY,7\nEFA,6\n", None, ""),
        ("SPY,7\nSPY,6\nEFA,6\nAGG,1\n", 3, "symbol"),
        ("SPY,7\nEFA,\nAGG,1\n", 3, "percent"),
        ("SPY,7\nEFA,1e5\nAGG,1\n", 3, "percent"),
    ],
)
def test_what_is_wrong_with_returns_is_told(
    rows: str, line: int | None, key: str, tmp_path: Path
) -> None:
    """Missing symbols, ones that stand twice, and what is no number."""
    with pytest.raises(InputError) as caught:
        read_expected(written(tmp_path, f"symbol,percent\n{rows}"), SYMBOLS)

    assert [(one.line, one.key) for one in caught.value.problems] == [(line, key)]


@pytest.mark.parametrize("text", ["-0.0036999999999999997", "1.5e-05", "2E+1"])
def test_what_programs_write_is_read(text: str, tmp_path: Path) -> None:
    """Estimates are floats: all their decimals and an exponent are theirs."""
    file = written(tmp_path, f"symbol,percent\nSPY,{text}\nEFA,7\nAGG,2\n")

    assert read_expected(file, SYMBOLS)["SPY"] == pytest.approx(float(text) / 100, rel=1e-12)
