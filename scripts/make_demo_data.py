"""Write src/trimtab/data/demo/: real prices of five stocks, and a bond and a cash index.

Reads the folder of shared data beside the clone and nothing else; the same input gives the same
bytes on every machine (decimal arithmetic throughout). Splits and dividends are derived from the
ratio of adjusted to unadjusted close; the two indices are computed from US Treasury par yields.

    .venv/bin/python -m scripts.make_demo_data [--check] [SHARED]
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise
from pathlib import Path

from scripts.generated import write_or_check

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "src" / "trimtab" / "data" / "demo"
STOCKS = Path("data") / "bokeh_stocks_2000_2013" / "stocks.csv.gz"
YIELDS = Path("data") / "treasury_yields_daily" / "us_treasury_par_yields_1990_2017.csv"

#: As the source's own notes give them; derived ratios must agree.
SPLITS = {
    ("AAPL", date(2000, 6, 21)): 2,
    ("AAPL", date(2005, 2, 28)): 2,
    ("MSFT", date(2003, 2, 18)): 2,
}
#: A dividend is at least a tenth of a cent; below it is the noise of the adjusted close.
SMALLEST_DIVIDEND = Decimal("0.001")
#: Precision of all arithmetic here: enough that no rounding of the results depends on it.
ARITHMETIC = Context(prec=34, rounding=ROUND_HALF_EVEN)
DAYS_A_YEAR = Decimal("365.25")


@dataclass(frozen=True)
class Day:
    """One instrument on one session; dividends and splits are blank when there is none."""

    on: date
    close: Decimal
    volume: str = ""
    dividend: Decimal | None = None
    split: int | None = None


def read_stocks(file: Path) -> dict[str, list[Day]]:
    """Unadjusted closes with the splits and dividends that the adjusted closes imply."""
    rows: dict[str, list[dict[str, str]]] = {}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            rows.setdefault(row["Ticker"], []).append(row)
    return {symbol: list(_stock(symbol, rows[symbol])) for symbol in sorted(rows)}


def _stock(symbol: str, rows: Sequence[Mapping[str, str]]) -> Iterator[Day]:
    earlier: Decimal | None = None
    for row in rows:
        on, close = date.fromisoformat(row["Date"]), Decimal(row["Close"])
        ratio = Decimal(row["Adj Close"]) / close
        grown = Decimal(1) if earlier is None else ratio / earlier
        earlier = ratio
        split = SPLITS.get((symbol, on))
        dividend = None
        if split is not None:
            if abs(grown - split) > Decimal("0.0001"):
                raise SystemExit(f"{symbol} {on}: the source implies {grown}, not {split} for one")
        else:
            # The adjustment is by the ex-date's close, so this inverts it exactly.
            implied = (close * (grown - 1)).quantize(Decimal("0.0001"))
            dividend = implied.normalize() if implied >= SMALLEST_DIVIDEND else None
        yield Day(on, close, row["Volume"], dividend, split)


@dataclass(frozen=True)
class Curve:
    """Par yields by day; on a day without any, those of the day before hold."""

    days: tuple[date, ...]
    yields: tuple[Mapping[str, Decimal], ...]

    def on(self, day: date) -> Mapping[str, Decimal]:
        """The newest yields of that day or before."""
        return self.yields[bisect_right(self.days, day) - 1]


def read_curve(file: Path) -> Curve:
    """The 3-month, 7-year and 10-year par yields, as fractions a year, compounded twice a year."""
    wanted = ("3month", "7year", "10year")
    with file.open(encoding="utf-8", newline="") as text:
        rows = [row for row in csv.DictReader(text) if all(row[name] for name in wanted)]
    return Curve(
        tuple(date.fromisoformat(row["date"]) for row in rows),
        tuple({name: Decimal(row[name]) for name in wanted} for row in rows),
    )


def bond_return(before: Mapping[str, Decimal], now: Mapping[str, Decimal], days: int) -> Decimal:
    """What a 10-year bond bought at par returns until it is sold `days` later.

    Its coupon is the yield it was bought at. It is sold at the yield of its remaining life,
    between the 7-year and the 10-year yield by straight line, for its full price: the present
    value of all coupons and the principal, accrued interest included.
    """
    held = Decimal(days) / DAYS_A_YEAR
    coupon = before["10year"]
    sold_at = now["10year"] - (now["10year"] - now["7year"]) * held / 3
    half_year = 1 + sold_at / 2
    # The price just after a coupon with 20 half years to go, moved forward by the time held.
    annuity = (1 - half_year**-20) / (sold_at / 2)
    full_price = (coupon / 2 * annuity + half_year**-20) * half_year ** (2 * held)
    return full_price - 1


def cash_return(before: Mapping[str, Decimal], days: int) -> Decimal:
    """What money earns in `days` at the 3-month yield, simple interest over actual/365.25."""
    return before["3month"] * Decimal(days) / DAYS_A_YEAR


def index(sessions: Sequence[date], returns: Sequence[Decimal]) -> list[Day]:
    """An index that starts at 100 and is quoted to four decimals."""
    level = Decimal(100)
    days = [Day(sessions[0], level.quantize(Decimal("0.0001")))]
    for on, gained in zip(sessions[1:], returns, strict=True):
        level *= 1 + gained
        days.append(Day(on, level.quantize(Decimal("0.0001"))))
    return days


def instruments(shared: Path) -> dict[str, list[Day]]:
    """All seven instruments, each with its days in order."""
    with localcontext(ARITHMETIC):
        stocks = read_stocks(shared / STOCKS)
        curve = read_curve(shared / YIELDS)
        sessions = [day.on for day in stocks["AAPL"]]
        steps = [
            (curve.on(earlier), curve.on(later), (later - earlier).days)
            for earlier, later in pairwise(sessions)
        ]
        bond = index(sessions, [bond_return(*step) for step in steps])
        cash = index(sessions, [cash_return(before, days) for before, _, days in steps])
    return {**stocks, "BOND10": bond, "TBILL": cash}


def long_table(all_days: Mapping[str, Sequence[Day]]) -> str:
    """date, symbol, close, volume, dividend, split: what was paid on the day, nothing adjusted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "symbol", "close", "volume", "dividend", "split"])
    rows = [(day.on, symbol, day) for symbol, days in all_days.items() for day in days]
    for on, symbol, day in sorted(rows, key=lambda row: row[:2]):
        dividend = "" if day.dividend is None else f"{day.dividend:f}"
        writer.writerow([on, symbol, day.close, day.volume, dividend, day.split or ""])
    return out.getvalue()


def total_return(days: Sequence[Day]) -> dict[date, Decimal]:
    """Prices with dividends reinvested at the ex-date's close, ending at the last real price."""
    with localcontext(ARITHMETIC):
        level = days[-1].close
        levels = {days[-1].on: level}
        for earlier, later in zip(days[-2::-1], days[:0:-1], strict=True):
            received = (later.close + (later.dividend or 0)) * (later.split or 1)
            level *= earlier.close / received
            levels[earlier.on] = level
        return {on: levels[on].quantize(Decimal("0.000001")) for on in sorted(levels)}


def wide_table(all_days: Mapping[str, Sequence[Day]]) -> str:
    """date, then one column a symbol: total-return prices, blank before a first session."""
    columns = {symbol: total_return(days) for symbol, days in all_days.items()}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", *columns])
    for on in sorted({on for column in columns.values() for on in column}):
        writer.writerow([on, *(column.get(on, "") for column in columns.values())])
    return out.getvalue()


def files(shared: Path) -> dict[str, str]:
    """Every file by name with its text."""
    all_days = instruments(shared)
    return {"prices.csv": long_table(all_days), "total_return.csv": wide_table(all_days)}


def main() -> int:
    """Write or compare; the exit code says whether the files are as they should be."""
    arguments = [word for word in sys.argv[1:] if word != "--check"]
    shared = Path(arguments[0]) if arguments else ROOT.parent / "shared"
    return write_or_check(FOLDER, files(shared), "demo data")


if __name__ == "__main__":
    sys.exit(main())
