"""Exchange calendars from the table in the package: the sessions and half days of each market."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, time
from functools import cache
from pathlib import Path

from trimtab.model.errors import TrimtabError
from trimtab.model.sessions import ALWAYS, Calendar


class UnknownCalendarError(TrimtabError):
    """No calendar of that name ships with the package; the text names the nearest known one."""


def calendar(name: str) -> Calendar:
    """The sessions of an exchange, by its market identifier code; `24/7` trades every day.

    Args:
        name: Such as `XNYS`; upper or lower case.

    Raises:
        UnknownCalendarError: No such calendar ships with the package.

    >>> calendar("XNYS").is_session(date(2001, 9, 11))
    False
    """
    wanted = name.strip().upper()
    if wanted not in calendar_names():
        raise UnknownCalendarError(_unknown(name, wanted))
    return _load(wanted)


@cache
def calendar_names() -> tuple[str, ...]:
    """All calendars that ship with the package."""
    tables = {entry.name.removesuffix(".json") for entry in _folder().iterdir()}
    return tuple(sorted({ALWAYS.name, *_same_days(), *(tables - {"index"})}))


def _unknown(name: str, wanted: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(wanted, calendar_names(), n=1, cutoff=0.4)
    known = ", ".join(calendar_names())
    if near:
        return f"calendar {name!r} is not known. Did you mean {near[0]!r}? Known: {known}."
    return f"calendar {name!r} is not known. Known: {known}."


def _folder() -> Path:
    # A plain path: importlib.resources brings in what unpacks archives, 8 ms.
    return Path(__file__).parents[1] / "data" / "calendars"


@cache
def _same_days() -> Mapping[str, str]:
    """Exchanges that keep the days of another, with that other."""
    index = json.loads((_folder() / "index.json").read_text(encoding="utf-8"))
    same: dict[str, str] = index["same_days"]
    return same


@cache
def _load(name: str) -> Calendar:
    if name == ALWAYS.name:
        return ALWAYS
    file = _folder() / f"{_same_days().get(name, name)}.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    early = {
        day: time.fromisoformat(at)
        for at, by_year in table["early"].items()
        for day in _days(by_year)
    }
    return Calendar(
        name=name,
        first=date.fromisoformat(table["first"]),
        last=date.fromisoformat(table["last"]),
        closed=frozenset(_days(table["closed"])),
        extra=frozenset(_days(table["extra"])),
        early=early,
        timezone=table["timezone"],
        opens=time.fromisoformat(table["opens"]),
        closes=time.fromisoformat(table["closes"]),
    )


def _days(by_year: Mapping[str, str]) -> Iterator[date]:
    for year, days in by_year.items():
        for month_day in days.split():
            yield date.fromisoformat(f"{year}-{month_day}")
