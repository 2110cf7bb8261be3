"""A new portfolio folder: commented, valid as it stands, and never over anything that is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from trimtab.adapters.calendars import calendar
from trimtab.adapters.limits_file import LIMITS_FILE
from trimtab.adapters.portfolio_tables.files import (
    LEDGER_FILE,
    LOTS_FILE,
    MANUAL_PRICES_FILE,
    PORTFOLIO_FILE,
    PRICES_FILE,
    SALES_FILE,
)
from trimtab.model.errors import RefusedError

EXCHANGE = "XNYS"
"""Whose sessions the example's prices are of."""

_FUNDS = (("EXUS", 21_000, 8), ("EXINTL", 5_800, 6), ("EXBOND", 7_300, 1))
"""Invented funds: symbol, first price in cents, yearly growth in percent. Nobody's ticker, so that
an invented price can never be taken for that of a real fund."""
_TYPED = (("EX500", "41.87"), ("EXBOND2", "10.64"))
_SESSIONS = 520


def init_portfolio(folder: Path, *, today: date) -> tuple[Path, ...]:
    """Write an example portfolio into a folder and say which files were written.

    The folder is made if it is not there. Files that have nothing to do with a portfolio may
    already lie in it.

    Args:
        folder: Where to.
        today: At the exchange: the example's prices end at the last session up to this day.

    Raises:
        RefusedError: A portfolio, or a part of one, is already there; nothing was written.
    """
    session = calendar(EXCHANGE).session_on_or_before(today)
    templates = Path(__file__).parent / "templates"
    toml = (templates / PORTFOLIO_FILE).read_text(encoding="utf-8")
    texts = {
        PORTFOLIO_FILE: toml.replace("{opened}", session.isoformat()),
        LIMITS_FILE: (templates / LIMITS_FILE).read_text(encoding="utf-8"),
        LOTS_FILE: (templates / LOTS_FILE).read_text(encoding="utf-8"),
        SALES_FILE: (templates / SALES_FILE).read_text(encoding="utf-8"),
        PRICES_FILE: "".join(_price_rows(session)),
        MANUAL_PRICES_FILE: "date,symbol,close\n"
        + "".join(f"{session},{symbol},{price}\n" for symbol, price in _TYPED),
    }
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{folder} is a file. Name a folder, or one that is not there yet.")
    there = [name for name in (*texts, LEDGER_FILE, "plans", "paper") if (folder / name).exists()]
    if there:
        raise RefusedError(
            f"{folder} already has {', '.join(there)}; nothing was written. "
            "Name another folder: trimtab init my-portfolio"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with (folder / name).open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    return tuple(folder / name for name in texts)


def _price_rows(last: date) -> Iterator[str]:
    """Two years of invented daily prices up to a session, the same each time for that session."""
    market = calendar(EXCHANGE)
    start = last - timedelta(days=_SESSIONS * 3 // 2)
    sessions = market.sessions(start, last)[-_SESSIONS:]
    cents = {symbol: first * 1000 for symbol, first, _ in _FUNDS}
    state = 20260331
    yield "date,symbol,close\n"
    for session in sessions:
        for symbol, _, growth in _FUNDS:
            state = (state * 1103515245 + 12345) % 2**31
            swing = state % 201 - 100
            # In millionths a day: growth spread over 252 sessions, and a swing in proportion.
            move = growth * 40 + swing * (20 + 15 * growth)
            cents[symbol] += cents[symbol] * move // 1_000_000
            price = cents[symbol] // 1000
            yield f"{session},{symbol},{price // 100}.{price % 100:02d}\n"
