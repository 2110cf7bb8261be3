"""What account mode refuses to take for a past, as research mode does."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from tests.engine.households import CALENDAR
from trimtab.adapters.price_frames import read_prices
from trimtab.adapters.prices_file import PriceFile
from trimtab.model.errors import InputError
from trimtab.model.instruments import Instrument

DAYS = CALENDAR.sessions(date(2026, 1, 2), date(2026, 3, 31))
MOVES = [0.004, -0.011, 0.0072, -0.003, 0.0009, 0.013, -0.0061]


def rows(values: dict[str, list[float]], *, volume: str = "10") -> list[str]:
    """Lines of a long file, two symbols a day."""
    return [
        f"{day},{name},{own[place]:.6f},{volume}"
        for place, day in enumerate(DAYS)
        for name, own in values.items()
    ]


def history(path: Path, lines: list[str]) -> PriceFile:
    """A file of these lines, for AAA and BBB."""
    file = path / "p.csv"
    file.write_text("\n".join(["date,symbol,close,volume", *lines]) + "\n")
    known = {name: Instrument(name) for name in ("AAA", "BBB")}
    return PriceFile([file], instruments=known, calendar=CALENDAR, folder=path)


def moves(base: float, scale: float) -> dict[str, list[float]]:
    """Numbers that move about a middle, otherwise for each symbol."""
    own = [base + scale * MOVES[place % 7] for place in range(len(DAYS))]
    return {"AAA": own, "BBB": own[::-1]}


@pytest.mark.parametrize(("base", "scale"), [(0.0, 1.0), (0.0, 100.0), (1.0, 1.0)])
def test_returns_are_refused_as_in_research(tmp_path: Path, base: float, scale: float) -> None:
    """Returns, in percent or gross: the same words as research mode has for the same file."""
    source = history(tmp_path, rows(moves(base, scale)))

    with pytest.raises(InputError) as ours:
        source.need_history(["AAA", "BBB"])
    with pytest.raises(InputError) as theirs:
        read_prices(tmp_path / "p.csv")

    (one,), (other,) = ours.value.problems, theirs.value.problems
    assert one.wrong.startswith("the numbers look like")
    assert (one.file, one.wrong, one.remedy) == ("p.csv", other.wrong, other.remedy)


def test_prices_are_a_past(tmp_path: Path) -> None:
    """Prices in order, one of them missing, pass without a word."""
    lines = rows(moves(50.0, 100.0))
    lines[3] = f"{DAYS[1]},BBB,,10"

    assert history(tmp_path, lines).need_history(["AAA", "BBB"]) == []


def test_a_volume_below_zero_is_refused_with_its_line(tmp_path: Path) -> None:
    """File, line and what would be right; a volume that is empty is not known, and no error."""
    lines = rows(moves(50.0, 100.0))
    lines[3] = lines[3].replace(",10", ",-5")
    lines[4] = lines[4].replace(",10", ",")

    with pytest.raises(InputError, match=r"^p.csv:5: volume: a volume of -5 -> units traded"):
        history(tmp_path, lines).need_history(["AAA", "BBB"])


@pytest.mark.parametrize("text", ["n/a", "12k", "1,000", "=A1", "inf"])
def test_a_volume_that_is_no_number_is_refused_in_both_modes(text: str, tmp_path: Path) -> None:
    """With the same line, fault and remedy; account mode once took it for unknown."""
    lines = rows(moves(50.0, 100.0))
    lines[3] = lines[3].replace(",10", f',"{text}"')

    with pytest.raises(InputError) as accounts:
        history(tmp_path, lines).need_history(["AAA", "BBB"])
    with pytest.raises(InputError) as research:
        read_prices(tmp_path / "p.csv")

    (one,), (other,) = accounts.value.problems, research.value.problems
    assert (one.line, one.key, one.wrong, one.remedy) == (5, "volume", other.wrong, other.remedy)
    assert other.line == one.line


def test_a_volume_with_an_exponent_is_a_number_in_both_modes(tmp_path: Path) -> None:
    """As programs write large ones; NaN and nothing are unknown."""
    lines = rows(moves(50.0, 100.0))
    for place, text in ((3, "1.5e6"), (5, "NaN"), (7, "")):
        lines[place] = lines[place].replace(",10", f",{text}")

    source = history(tmp_path, lines)
    source.need_history(["AAA", "BBB"])
    known = [source.volumes(DAYS[day], ["BBB"]) for day in (1, 2, 3)]

    assert known == [{"BBB": Fraction(1_500_000)}, {}, {}]


def test_rows_that_were_sorted_are_told(tmp_path: Path) -> None:
    """Only of the instrument whose rows were not oldest first."""
    lines = rows(moves(50.0, 100.0))
    lines[0], lines[2] = lines[2], lines[0]

    found = history(tmp_path, lines).need_history(["AAA", "BBB"])

    assert [(one.code, one.subject, one.severity) for one in found] == [("unsorted", "AAA", "info")]
