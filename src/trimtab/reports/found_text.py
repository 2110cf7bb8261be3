"""A target that was found: what it is, from what, how it moved, and all that it was found by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from trimtab.model.found import HOUSEHOLD, Estimates, Found, FoundSleeve
from trimtab.reports.layout import FULL, Column, Look, paragraph, shortened, table
from trimtab.reports.words import listed, percent, sentence

NAME_ROOM = 20
MOST_CORRELATED = 10
"""So many symbols have a table of correlations that fits a terminal."""


def found_text(
    founds: Iterable[Found], *, width: int, look: Look = FULL, explain: bool = False
) -> list[list[str]]:
    """Blocks of lines that tell how targets were found; none where all are written down."""
    blocks = []
    for found in founds:
        first, *others = _short(found)
        lines = [f"{_whose(found)}{first}", *others]
        blocks.append(paragraph("Target", lines, width=width, look=look))
        if explain and found.sleeves and found.estimates is not None:
            blocks.append(_sleeves(found, width, look))
            blocks.append(_correlations(found.estimates, width, look))
            blocks.append(paragraph("Solved", [_solved(found.estimates)], width=width, look=look))
    return blocks


def _whose(found: Found) -> str:
    """Of which account it is, where that has its own."""
    return "" if found.target == HOUSEHOLD else f"Of {found.target} alone: "


def founds_json(founds: Iterable[Found]) -> dict[str, Any]:
    """Found targets as a plan has them: the household's, and by account those of their own."""
    known = {one.target: _found_json(one) for one in founds}
    return {"found": known.pop(HOUSEHOLD, None), "found_own": known}


def _found_json(found: Found) -> dict[str, Any]:
    """A found target as plain values; shares and figures of a year as fractions."""
    return {
        "rule": found.rule,
        "on": found.on.isoformat(),
        "previous_on": None if found.previous_on is None else found.previous_on.isoformat(),
        "kept": found.kept or None,
        "why": found.why or None,
        "sleeves": [
            {
                "sleeve": one.sleeve,
                "symbol": one.symbol or None,
                "weight": float(one.weight),
                "previous": None if one.previous is None else float(one.previous),
                "expected_return": _number(one.expected_return),
                "volatility": _number(one.volatility),
                "limit": one.limit or None,
            }
            for one in found.sleeves
        ],
        "estimates": None if found.estimates is None else _estimates_json(found.estimates),
    }


def _estimates_json(one: Estimates) -> dict[str, Any]:
    return {
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "sessions": one.sessions,
        "symbols": list(one.symbols),
        "correlations": [[float(c) for c in row] for row in one.correlations],
        "expected_return": _number(one.expected_return),
        "volatility": _number(one.volatility),
        "sharpe": _number(one.sharpe),
        "objective_value": _number(one.objective_value),
        "solver": one.solver,
        "optimality_gap": float(one.gap) if one.gap else None,
        "optimality_gap_in": one.gap_in or None,
    }


def _short(found: Found) -> list[str]:
    """What was found, from what, and what is expected of it."""
    if not found.sleeves:
        return [sentence(f"none could be found: {found.rule}")]
    if found.kept:
        return [f"Kept as it was adopted last: {listed([_now(one) for one in found.sleeves])}."]
    lines = [sentence(f"{found.rule}, {_from(found)}")]
    if found.why:
        lines.extend(sentence(one) for one in found.why.splitlines())
    lines.append(f"{listed([_moved(one) for one in found.sleeves])}.{_before(found)}")
    own = found.estimates
    if own is not None and own.expected_return is not None and own.volatility is not None:
        lines.append(
            f"The estimates expect {percent(Fraction(own.expected_return))} a year at "
            f"{percent(Fraction(own.volatility))} volatility of it; they are of the past."
        )
    return lines


def _before(found: Found) -> str:
    """Of which day the shares before are, or that they were the same."""
    if found.previous_on is None:
        return ""
    moved = any("(was" in _moved(one) for one in found.sleeves)
    said = "Was: as of" if moved else "The same to a tenth of a percent as of"
    return f" {said} {found.previous_on}."


def _from(found: Found) -> str:
    own = found.estimates
    if own is None:
        return f"as of {found.on}"
    return f"from {own.sessions:,} sessions, {own.first} to {own.last}"


def _now(one: FoundSleeve) -> str:
    return f"{one.sleeve} {percent(one.weight)}"


def _moved(one: FoundSleeve) -> str:
    if one.limit == "fixed":
        return f"{_now(one)} (fixed)"
    if one.previous is None or percent(one.previous) == percent(one.weight):
        return _now(one)
    return f"{_now(one)} (was {percent(one.previous)})"


def _sleeves(found: Found, width: int, look: Look) -> list[str]:
    """Every sleeve with its estimates and the limit that it is at."""
    columns = (
        Column("sleeve", room="name"),
        Column("by"),
        Column("target", "right"),
        Column("was", "right"),
        Column("expected", "right"),
        Column("volatility", "right"),
        Column("limit"),
    )
    rows = [
        (
            shortened(one.sleeve, NAME_ROOM, look),
            one.symbol,
            percent(one.weight),
            "" if one.previous is None else percent(one.previous),
            _share(one.expected_return),
            _share(one.volatility),
            one.limit,
        )
        for one in found.sleeves
    ]
    return table(columns, rows, width=width, look=look)


def _correlations(own: Estimates, width: int, look: Look) -> list[str]:
    """How returns moved together; of many symbols the JSON form has it."""
    if not 1 < len(own.symbols) <= MOST_CORRELATED:
        return []
    columns = [Column("correlation", room="name")]
    columns += [Column(symbol, "right") for symbol in own.symbols]
    rows: list[Sequence[str]] = []
    for place, symbol in enumerate(own.symbols):
        cells = [f"{value:.2f}" for value in own.correlations[place][: place + 1]]
        rows.append([symbol, *cells, *([""] * (len(own.symbols) - place - 1))])
    return table(columns, rows, width=width, look=look)


def _solved(own: Estimates) -> str:
    if not own.gap:
        return sentence(own.solver)
    return (
        f"{sentence(own.solver)} Before they were rounded to 0.01%, no weights within the limits "
        f"were better by more than {own.gap}, counted in {own.gap_in} of what is invested."
    )


def _share(value: Decimal | None) -> str:
    return "" if value is None else percent(Fraction(value))


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
