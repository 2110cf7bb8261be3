"""Write src/trimtab/data/calendars/: sessions and half days, from exchange_calendars.

exchange_calendars needs pandas, so it is a developer dependency and only its result ships:
one small JSON file an exchange, with the closed weekdays, extra sessions and early closes.

    .venv/bin/python -m scripts.make_calendars          # write
    .venv/bin/python -m scripts.make_calendars --check  # compare, change nothing
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import exchange_calendars

from scripts.generated import write_or_check

FOLDER = Path(__file__).resolve().parents[1] / "src" / "trimtab" / "data" / "calendars"
FIRST, LAST = date(1990, 1, 1), date(2027, 12, 31)
EXCHANGES = ("XNYS", "XLON", "XTSE", "XETR")
#: Exchanges that keep the days of another; checked against their own source below.
SAME_DAYS = {"XNAS": "XNYS", "XFRA": "XETR"}


def by_year(days: Iterable[date]) -> dict[str, str]:
    """Days as one readable line a year: {"2024": "01-01 01-15"}."""
    years: dict[str, list[str]] = {}
    for day in sorted(days):
        years.setdefault(f"{day.year}", []).append(f"{day:%m-%d}")
    return {year: " ".join(parts) for year, parts in years.items()}


def table(code: str) -> dict[str, Any]:
    """What the package needs to know of one exchange, from `FIRST` to `LAST`."""
    source = exchange_calendars.get_calendar(code, start=f"{FIRST}", end=f"{LAST}")
    open_days = {stamp.date() for stamp in source.sessions}
    every_day = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
    closing = {
        stamp.date(): f"{close.tz_convert(source.tz):%H:%M}"
        for stamp, close in source.closes.items()
    }
    opening = Counter(f"{moment.tz_convert(source.tz):%H:%M}" for moment in source.opens)
    short = {stamp.date() for stamp in source.early_closes}
    early = {
        at: by_year(day for day in short if closing[day] == at)
        for at in sorted({closing[day] for day in short})
    }
    usual = Counter(at for day, at in closing.items() if day not in short)
    return {
        "name": code,
        "first": f"{FIRST}",
        "last": f"{LAST}",
        "timezone": str(source.tz),
        "opens": opening.most_common(1)[0][0],
        "closes": usual.most_common(1)[0][0],
        "closed": by_year(day for day in every_day if day.weekday() < 5 and day not in open_days),
        "extra": by_year(day for day in open_days if day.weekday() >= 5),
        "early": early,
    }


def render(content: dict[str, Any]) -> str:
    """The file's text: stable, one line a year, so that a change is easy to review."""
    return json.dumps(content, indent=1) + "\n"


def files() -> dict[str, str]:
    """Every file by name with its text."""
    tables = {code: table(code) for code in EXCHANGES}
    for alias, code in SAME_DAYS.items():
        own = table(alias)
        if {**own, "name": code} != tables[code]:
            raise SystemExit(
                f"{alias} no longer keeps the days of {code}: give it a file of its own"
            )
    version = metadata.version("exchange_calendars")
    source = {
        "made_by": "scripts/make_calendars.py",
        "from": f"exchange_calendars {version} (Apache-2.0)",
        "same_days": SAME_DAYS,
    }
    return {f"{code}.json": render(content) for code, content in tables.items()} | {
        "index.json": render(source)
    }


def main() -> int:
    """Write or compare; the exit code says whether the files are as they should be."""
    return write_or_check(FOLDER, files(), "calendars")


if __name__ == "__main__":
    sys.exit(main())
