"""What was traded by hand: account,symbol,side,quantity,price,fees,date,id as a CSV file.

A price may be in another currency, as the broker's note has it: then `currency` says which, and
`rate` at how much of the portfolio's for one of it the broker exchanged. Fees are in the
portfolio's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

from trimtab.adapters.csv_lines import day_from, day_remedy, read_sheet
from trimtab.adapters.price_rate import brought_over
from trimtab.adapters.toml_table import CURRENCY, near, shown
from trimtab.execution.manual import HandTrade
from trimtab.model.errors import InputError, Problem
from trimtab.model.household import Household
from trimtab.model.numbers import NumberError, Price, decimal_from, minor_from, steps_from
from trimtab.model.orders import Side

REQUIRED = ("account", "symbol", "side", "quantity", "price")
EXCHANGE = ("currency", "rate")
OPTIONAL = ("fees", "date", "id", *EXCHANGE)
ELSEWHERE = (*REQUIRED, "date"), ("fees", "id", "lot", *EXCHANGE)
"""What a file of trades outside any plan has to have, and may have."""


def read_fills(
    path: Path, household: Household, *, on: date, until: date, elsewhere: bool = False
) -> tuple[HandTrade, ...]:
    """The trades of a file.

    Args:
        path: The file.
        household: Its accounts and instruments.
        on: The day of rows without a date.
        until: No trade can be later.
        elsewhere: The trades are of no plan: each has its date, and a sale may name its lot.

    Raises:
        InputError: With everything that is wrong with it.
    """
    required, optional = ELSEWHERE if elsewhere else (REQUIRED, OPTIONAL)
    sheet = read_sheet(
        path,
        path.name,
        required=required,
        optional=optional,
        numbers=("quantity", "price", "fees", "rate"),
    )  # fmt: skip
    problems = list(sheet.problems)
    trades = []
    for line, fields in sheet.rows:
        row = {name: fields[place].strip() for name, place in sheet.columns.items()}
        if elsewhere and not row["date"]:
            wrong = "a trade that no plan asked for needs its date"
            problems.append(Problem(path.name, line, "date", wrong, "write the day of the trade"))
        trade = _trade(row, line, path.name, household, on, until, problems)
        if trade is not None:
            trades.append(trade)
    if not trades and not problems:
        problems.append(Problem(path.name, None, "", "it has no trades", "one row a trade"))
    if problems:
        raise InputError(problems)
    return tuple(trades)


def _trade(
    row: Mapping[str, str],
    line: int,
    file: str,
    household: Household,
    on: date,
    until: date,
    problems: list[Problem],
) -> HandTrade | None:
    before = len(problems)

    def problem(key: str, wrong: str, remedy: str) -> None:
        problems.append(Problem(file, line, key, wrong, remedy))

    account = row["account"]
    if account not in household.accounts:
        remedy = near(account, list(household.accounts))
        problem("account", f"{shown(account)} is no account", remedy)
    day = on
    if row.get("date"):
        parsed = day_from(row["date"])
        if parsed is None:
            problem("date", f"{shown(row['date'])} is not a date", day_remedy(row["date"]))
        elif parsed > until:
            problem("date", f"{parsed} has not come yet", "write the day of the trade")
        else:
            day = parsed
    name = _instrument(row["symbol"], day, household)
    instrument = household.instruments.get(name)
    if instrument is None:
        remedy = near(row["symbol"], list(household.instruments))
        problem("symbol", f"{shown(row['symbol'])} is nothing that is held or listed", remedy)
    side = row["side"].lower()
    if side not in ("buy", "sell"):
        problem("side", f"{shown(row['side'])} is neither buy nor sell", "write buy or sell")
    steps = fees = 0
    price: Price | None = None
    try:
        units = decimal_from(row["quantity"])
        steps = steps_from(units, instrument.step) if instrument is not None else 1
        if steps <= 0:
            problem("quantity", "it has to be above zero", "the side says the direction")
    except NumberError as error:
        problem("quantity", str(error), "write the units that were traded, as 12.5")
    try:
        price = Price.of(decimal_from(row["price"]))
    except NumberError as error:
        problem("price", str(error), "write the price of one unit, as 101.25")
    try:
        fees = minor_from(decimal_from(row.get("fees") or "0"))
        if fees < 0:
            problem("fees", "they are below zero", "write what was charged, as 4.95")
    except NumberError as error:
        problem("fees", str(error), "write what was charged, as 4.95")
    if price is not None:
        price = _at_home(price, row, household.currency, problem)
    if len(problems) > before or price is None:
        return None
    bought: Side = "buy" if side == "buy" else "sell"
    return HandTrade(
        account, name, bought, steps, price, fees, day, f"{file}:{line}", row.get("id", ""),
        dated=bool(row.get("date")), lot=row.get("lot", ""),
    )  # fmt: skip


def _at_home(
    price: Price, row: Mapping[str, str], home: str, problem: Callable[[str, str, str], None]
) -> Price:
    """The price in the portfolio's currency, at the rate of the row."""
    currency, text = row.get("currency", ""), row.get("rate", "")
    if currency in ("", home):
        if text:
            remedy = f"say the currency of the price, or drop the rate of a price in {home}"
            problem("rate", "it is a rate of nothing", remedy)
        return price
    if not CURRENCY.fullmatch(currency):
        problem("currency", f"{shown(currency)} is no currency", "write three letters, as EUR")
        return price
    remedy = f"write how much {home} one {currency} came to, as 1.0956, or the price in {home}"
    if not text:
        problem("rate", f"a price in {currency} needs the rate of its exchange", remedy)
        return price
    try:
        return brought_over(price, Fraction(Price.of(decimal_from(text)).decimal))
    except NumberError as error:
        problem("rate", str(error), remedy)
        return price


def _instrument(symbol: str, day: date, household: Household) -> str:
    """The instrument that a symbol means on a day: its own id, or the one whose ticker it was."""
    if symbol in household.instruments:
        return symbol
    for instrument in household.instruments.values():
        if any(a.symbol == symbol and a.covers(day) for a in instrument.aliases):
            return instrument.id
    return symbol
