"""Files of groups and of scores: what they mean, and what is wrong with them, by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimtab.adapters.groups_csv import read_groups
from trimtab.adapters.scores_csv import read_scores
from trimtab.model.errors import InputError

SYMBOLS = ("SPY", "EFA", "AGG")
TWO_TABLES = """\
symbol,group
SPY,stocks
EFA,stocks
SPY,usd
AGG,usd
group,min_percent,max_percent
stocks,20,60
usd,,75
"""
ONE_TABLE = """\
symbol,group,min_percent,max_percent
SPY,stocks,,
EFA,stocks,,
SPY,usd,,
AGG,usd,,
,stocks,20,60
,usd,,75
"""
BARE = "symbol,group\nSPY,stocks\nEFA,stocks\nSPY,usd\nAGG,usd\nstocks,20,60\nusd,,75\n"


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    file = folder / "groups.csv"
    file.write_text(text)
    return file


@pytest.mark.parametrize("text", [TWO_TABLES, ONE_TABLE, BARE], ids=["two", "one", "bare"])
def test_members_and_limits(tmp_path: Path, text: str) -> None:
    """However the rows are laid out, they say the same, and percents become fractions."""
    found = read_groups(written(tmp_path, text), SYMBOLS)

    told = [(one.name, tuple(one.symbols), one.low, one.high) for one in found.groups]
    assert told == [
        ("stocks", ("SPY", "EFA"), 0.2, 0.6),
        ("usd", ("SPY", "AGG"), None, 0.75),
    ]


def test_a_symbol_may_have_limits_of_its_own(tmp_path: Path) -> None:
    """In the table with four columns a symbol's limit needs no group."""
    text = "symbol,group,min_percent,max_percent\nSPY,,5,25\nEFA,stocks,,10\n"

    found = read_groups(written(tmp_path, text), SYMBOLS)

    assert found.own == {"SPY": (0.05, 0.25), "EFA": (None, 0.1)}
    assert found.groups[0].symbols == ("EFA",)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("SPY,stocks\n", 1, "no header"),
        ("symbol;group\nSPY;stocks\n", 1, "semicolons"),
        ("symbol,group\nSPX,stocks\n", 2, "did you mean SPY"),
        ("symbol,group\nSPY,stocks\nstock,0,50\n", 3, "did you mean stocks"),
        ("symbol,group\nSPY,stocks\nSPY,stocks\n", 3, "already"),
        ("symbol,group\nSPY,g\ng,0,50\ng,0,60\n", 4, "in line 3"),
        ("symbol,group\nSPY,g\ng,60,50\n", 3, "lower one first"),
        ("symbol,group\nSPY,g\ng,a,50\n", 3, "min_percent"),
        ("symbol,group\nSPY,g\ng,0,99999\n", 3, "no limit"),
        ("symbol,group\nSPY,\n", 2, "neither"),
        ("symbol,group\nSPY,g,1,2,3\n", 2, "5 fields"),
        ("symbol,grp\nSPY,g\n", 1, "header"),
        ("symbol,group,weight\nSPY,g,5\n", 1, "weight"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    """A slip has its line and what would be right."""
    with pytest.raises(InputError) as caught:
        read_groups(written(tmp_path, text), SYMBOLS)

    first = caught.value.problems[0]
    assert first.line == line
    assert words in str(first)
    assert first.remedy


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Three slips are three problems."""
    text = "symbol,group\nSPX,a\nEFA,b\nb,9,1\nEFA,b\n"

    with pytest.raises(InputError) as caught:
        read_groups(written(tmp_path, text), SYMBOLS)

    assert [problem.line for problem in caught.value.problems] == [2, 4, 5]


def test_scores_by_column(tmp_path: Path) -> None:
    """Each column is a score; an empty field is none."""
    file = written(tmp_path, "symbol,esg,carbon\nSPY,50,1.5\nAGG,,-2\n")

    found = read_scores(file)

    assert found == {"esg": {"SPY": 50.0}, "carbon": {"SPY": 1.5, "AGG": -2.0}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("symbol\nSPY\n", "no scores"),
        ("symbol,esg\nSPY,x\n", "esg"),
        ("symbol,esg\nSPY,1\nSPY,2\n", "already"),
        ("esg,carbon\n1,2\n", "symbol"),
    ],
)
def test_scores_that_cannot_be_read(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong with a file of scores is told."""
    with pytest.raises(InputError, match=words):
        read_scores(written(tmp_path, text))
