"""lots.csv and sales.csv: what a household owns when its record begins, and what it sold before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from trimtab.adapters.csv_lines import (
    MOST_PROBLEMS,
    Sheet,
    day_from,
    day_remedy,
    is_formula,
    number_remedy,
    read_sheet,
)
from trimtab.adapters.toml_table import (
    ACCOUNT,
    ACCOUNT_RULE,
    LARGEST_MONEY,
    SYMBOL,
    SYMBOL_RULE,
    near,
    shown,
)
from trimtab.model.accounts import Acquired, Lot, Sale, TaxTreatment
from trimtab.model.errors import Problem
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import CASH, table_name
from trimtab.model.numbers import (
    NumberError,
    decimal_from,
    minor_from,
    money_text,
    steps_from,
)

LOT_COLUMNS = ("account", "symbol", "quantity", "acquired", "cost_basis")
SALE_COLUMNS = ("account", "symbol", "quantity", "acquired", "sold", "proceeds", "cost_basis")
INHERITED = "inherited"

MOST_STEPS = 10**15
"""Steps of one row: whole numbers above 2**53 cannot be written into a record."""

_MONEY_NUMBERS = ("quantity", "proceeds", "cost_basis")
_LOT_ID_RULE = "1 to 128 of A-Z a-z 0-9 . _ / - and space"
_CURRENCIES = frozenset(
    (
        "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP",
        "HKD", "HUF", "ILS", "INR", "JPY", "KRW", "MXN", "NOK", "NZD",
        "PLN", "SEK", "SGD", "TRY", "TWD", "USD", "ZAR",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What the rest of the folder knows, against which rows are checked.

    Args:
        currency: The symbol of a cash row.
        accounts: Tax treatment by account; None where portfolio.toml could not be read.
        steps: The step of each instrument; None where it is not known for sure.
        resolve: The instrument that a symbol stands for.
        latest: No purchase or sale can be later; None where that is not known.
    """

    currency: str
    accounts: Mapping[str, TaxTreatment | None] | None
    steps: Mapping[str, Decimal | None]
    resolve: Callable[[str], str]
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What lots.csv says: lots in a fixed order, cash by account, and what was noticed."""

    lots: tuple[Lot, ...] = ()
    cash: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_lot_sheet(path: Path, file: str) -> Sheet:
    """The rows of lots.csv, with everything that is wrong with their form."""
    return read_sheet(
        path, file, required=LOT_COLUMNS, optional=("lot",), numbers=("quantity", "cost_basis")
    )


def read_sale_sheet(path: Path, file: str) -> Sheet:
    """The rows of sales.csv, with everything that is wrong with their form."""
    return read_sheet(path, file, required=SALE_COLUMNS, numbers=_MONEY_NUMBERS)


def symbols_of(sheet: Sheet) -> tuple[str, ...]:
    """The symbols that the rows name, each once, sorted; without what is no symbol, or money."""
    return tuple(sorted(rows_of_symbols(sheet)))


def rows_of_symbols(sheet: Sheet) -> dict[str, int]:
    """The line that names each symbol first; what is no symbol, or money, is left out."""
    place = sheet.columns.get("symbol")
    found: dict[str, int] = {}
    if place is None:
        return found
    for line, fields in sheet.rows:
        symbol = fields[place]
        if SYMBOL.fullmatch(symbol) and symbol not in _CURRENCIES:
            found.setdefault(symbol, line)
    return found


def opening(sheet: Sheet, names: Names) -> Opening:
    """Lots and cash of the rows of lots.csv. The order of the rows does not matter.

    Lots without an id of their own are called account-symbol-acquired-n, where n counts the lots
    of one purchase day from the smallest.
    """
    problems: list[Problem] = []
    drafts: list[_Draft] = []
    cash: dict[str, list[int]] = {}
    ids: dict[str, int] = {}
    for row in _rows(sheet, names, problems):
        account = row.account()
        if row.text("symbol") == names.currency:
            amount = row.cash()
            if account is not None and amount is not None:
                cash.setdefault(account, []).append(amount)
            continue
        draft = row.draft(account, ids)
        if draft is not None:
            drafts.append(draft)
    if problems:
        return Opening(problems=tuple(problems))
    drafts.sort(key=_Draft.order)
    lots = _with_ids(drafts, frozenset(ids))
    findings = [*_equal_rows(drafts), *_several_cash_rows(cash, names.currency)]
    return Opening(lots, {account: sum(cash[account]) for account in sorted(cash)}, tuple(findings))


def past_sales(sheet: Sheet, names: Names) -> tuple[tuple[Sale, ...], tuple[Problem, ...]]:
    """The sales of sales.csv in the order in which they were made, or what is wrong with them."""
    problems: list[Problem] = []
    sales: list[Sale] = []
    for row in _rows(sheet, names, problems):
        before = len(problems)
        account = row.account()
        instrument = row.instrument()
        quantity = row.steps(instrument)
        acquired = row.acquired()
        sold = row.day("sold")
        proceeds = row.money("proceeds")
        basis = row.money("cost_basis", may_be_empty=account is not None and row.sheltered(account))
        if isinstance(acquired, date) and sold is not None and acquired > sold:
            row.problem("acquired", f"bought on {acquired}, after it was sold", "correct one day")
        if len(problems) > before or account is None or instrument is None:
            continue
        if quantity is None or sold is None or proceeds is None:
            continue
        # In a sheltered account nothing depends on the basis; the proceeds say: no gain, no loss.
        sales.append(
            Sale(
                account,
                instrument,
                quantity,
                acquired,
                sold,
                proceeds,
                proceeds if basis is None else basis,
            )
        )
    sales.sort(
        key=lambda sale: (
            sale.sold,
            sale.account,
            sale.instrument,
            _day_key(sale.acquired),
            sale.quantity,
            sale.proceeds,
            sale.basis,
        )
    )
    return tuple(sales), tuple(problems)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A lot that may still lack an id."""

    account: str
    instrument: str
    quantity: int
    acquired: Acquired
    basis: int | None
    id: str

    def order(self) -> tuple[Any, ...]:
        basis = -1 if self.basis is None else self.basis
        acquired = _day_key(self.acquired)
        return (self.account, self.instrument, acquired, self.quantity, basis, self.id)

    def purchase(self) -> str:
        return f"{self.account}-{self.instrument}-{_day_key(self.acquired) or 'undated'}"


def _day_key(acquired: Acquired) -> str:
    return acquired.isoformat() if isinstance(acquired, date) else acquired or ""


def _with_ids(drafts: Sequence[_Draft], taken: frozenset[str]) -> tuple[Lot, ...]:
    lots: list[Lot] = []
    used = set(taken)
    counts: Counter[str] = Counter()
    for draft in drafts:
        lot_id = draft.id
        while not lot_id:
            counts[draft.purchase()] += 1
            candidate = f"{draft.purchase()}-{counts[draft.purchase()]}"
            if candidate not in used:
                lot_id = candidate
                used.add(candidate)
        lots.append(
            Lot(
                lot_id,
                draft.account,
                draft.instrument,
                draft.quantity,
                draft.acquired,
                draft.basis,
            )
        )
    return tuple(lots)


def _equal_rows(drafts: Sequence[_Draft]) -> list[Finding]:
    unnamed = Counter(draft.order() for draft in drafts if not draft.id)
    return [
        Finding(
            "equal-lots",
            f"{account}/{instrument}",
            f"{count} rows of {instrument} in {account} are equal and count as {count} lots. "
            "If one was meant, remove the others; if not, nothing needs doing.",
        )
        for (account, instrument, *_), count in sorted(unnamed.items())
        if count > 1
    ]


def _several_cash_rows(cash: Mapping[str, list[int]], currency: str) -> list[Finding]:
    return [
        Finding(
            "several-cash-rows",
            account,
            f"{len(amounts)} rows of {currency} in {account} are added up to "
            f"{money_text(sum(amounts))}. If one was meant, remove the others.",
        )
        for account, amounts in sorted(cash.items())
        if len(amounts) > 1
    ]


def _rows(sheet: Sheet, names: Names, problems: list[Problem]) -> Iterator[_Row]:
    """The rows, until so much is wrong that the rest would not help anybody."""
    for line, fields in sheet.rows:
        if len(problems) >= MOST_PROBLEMS:
            wrong = f"more than {MOST_PROBLEMS} problems"
            problems.append(Problem(sheet.file, line, "", wrong, "mend these first"))
            return
        yield _Row(sheet, line, fields, names, problems)


class _Row:
    """One row, read column by column; what is wrong is noted."""

    def __init__(
        self, sheet: Sheet, line: int, fields: list[str], names: Names, problems: list[Problem]
    ) -> None:
        self.sheet = sheet
        self.line = line
        self.fields = fields
        self.names = names
        self.problems = problems

    def problem(self, column: str, wrong: str, remedy: str) -> None:
        self.problems.append(Problem(self.sheet.file, self.line, column, wrong, remedy))

    def text(self, column: str) -> str:
        place = self.sheet.columns.get(column)
        return "" if place is None else self.fields[place]

    def account(self) -> str | None:
        account = self.text("account")
        if not self.is_named("account", account, ACCOUNT.fullmatch(account), ACCOUNT_RULE):
            return None
        if self.names.accounts is None:
            return account
        if account not in self.names.accounts:
            known = list(self.names.accounts)
            remedy = near(account, known) if known else f"add [accounts.{account}]"
            self.problem("account", f"portfolio.toml has no account {shown(account)}", remedy)
            return None
        return account

    def sheltered(self, account: str) -> bool:
        """Whether gains are not taxed there, or it is not known whether they are."""
        tax = None if self.names.accounts is None else self.names.accounts.get(account)
        return tax is None or not tax.taxes_gains

    def instrument(self) -> str | None:
        symbol = self.text("symbol")
        if not self.is_named("symbol", symbol, SYMBOL.fullmatch(symbol), SYMBOL_RULE):
            return None
        if symbol in _CURRENCIES and self.names.steps.get(symbol) is None:
            wrong = f"cash in {symbol}: this portfolio is kept in {self.names.currency}"
            self.problem("symbol", wrong, "only cash in its own currency can be held")
            return None
        if symbol == CASH:
            self.problem("symbol", "CASH is a leaf of a target", f"write {self.names.currency}")
            return None
        return self.names.resolve(symbol)

    def is_named(self, column: str, text: str, match: object, rule: str) -> bool:
        if match is not None:
            return True
        if not text:
            self.problem(column, "it is empty", f"name the {column}")
        elif is_formula(text):
            self.problem(column, f"{shown(text)} would run as a formula", f"use {rule}")
        else:
            article = "an" if column == "account" else "a"
            wrong = f"{shown(text)} is not a name for {article} {column}"
            self.problem(column, wrong, f"use {rule}")
        return False

    def number(self, column: str) -> Decimal | None:
        text = self.text(column)
        if not text.strip():
            self.problem(column, "it is empty", "write a number, as 1234.56")
            return None
        try:
            return decimal_from(text)
        except NumberError:
            wrong = f"{shown(text)} is not a plain decimal number"
            self.problem(column, wrong, number_remedy(text))
            return None

    def steps(self, instrument: str | None) -> int | None:
        quantity = self.number("quantity")
        if quantity is None:
            return None
        if quantity <= 0:
            wrong = f"{quantity} is not above zero"
            self.problem("quantity", wrong, "remove the row, or write what is held")
            return None
        step = Decimal(1) if instrument is None else self.names.steps.get(instrument)
        if instrument is None or step is None:
            return None
        try:
            steps = steps_from(quantity, step)
            if steps <= MOST_STEPS:
                return steps
            wrong = f"{quantity} is more than can be counted"
            self.problem("quantity", wrong, "correct it, or set a larger step")
            return None
        except NumberError as error:
            finer = Decimal(1).scaleb(min(0, _exponent(quantity)))
            remedy = f"correct it, or set step = {finer:f} under {table_name(instrument)}"
            self.problem("quantity", str(error), remedy)
            return None

    def money(self, column: str, *, may_be_empty: bool = False) -> int | None:
        if may_be_empty and not self.text(column).strip():
            return None
        amount = self.number(column)
        if amount is None:
            return None
        if amount < 0:
            self.problem(column, f"{amount} is below zero", "write the total, without a sign")
            return None
        if amount > LARGEST_MONEY:
            self.problem(column, f"{amount} is more than can be counted", "correct it")
            return None
        try:
            return minor_from(amount)
        except NumberError as error:
            self.problem(column, str(error), "write money with two decimals, as 25410.00")
            return None

    def cash(self) -> int | None:
        for column in ("acquired", "cost_basis", "lot"):
            if self.text(column).strip():
                self.problem(column, "a cash row has none", "leave it empty")
        return self.money("quantity")

    def day(self, column: str) -> date | None:
        text = self.text(column)
        day = day_from(text)
        if day is None:
            wrong = "it is empty" if not text else f"{shown(text)} is not a date"
            self.problem(column, wrong, day_remedy(text))
            return None
        if self.names.latest is not None and day > self.names.latest:
            wrong = f"{day} is after {self.names.latest}, the latest day it can be"
            self.problem(column, wrong, "correct it; later trades belong into the record")
            return None
        return day

    def acquired(self) -> Acquired:
        text = self.text("acquired")
        if text == INHERITED:
            return "inherited"
        return self.day("acquired") if text else None

    def draft(self, account: str | None, ids: dict[str, int]) -> _Draft | None:
        before = len(self.problems)
        instrument = self.instrument()
        quantity = self.steps(instrument)
        acquired = self.acquired()
        basis = self.money("cost_basis", may_be_empty=True)
        if account is not None and not self.sheltered(account):
            remedy = "taxable accounts need it; it is on the purchase confirmation"
            if not self.text("acquired"):
                self.problem("acquired", "the day of purchase is missing", remedy)
            if not self.text("cost_basis").strip():
                self.problem("cost_basis", "what was paid is missing", remedy)
        lot_id = self.lot_id(ids)
        if len(self.problems) > before or account is None or instrument is None:
            return None
        if quantity is None:
            return None
        return _Draft(account, instrument, quantity, acquired, basis, lot_id)

    def lot_id(self, ids: dict[str, int]) -> str:
        lot_id = self.text("lot")
        if not lot_id:
            return ""
        is_plain = lot_id.isascii() and all(char.isalnum() or char in "._/- " for char in lot_id)
        if is_formula(lot_id) or not is_plain or len(lot_id) > 128:
            self.problem("lot", f"{shown(lot_id)} is not a lot id", f"use {_LOT_ID_RULE}")
        elif ids.setdefault(lot_id, self.line) != self.line:
            wrong = f"{shown(lot_id)} is also the lot of line {ids[lot_id]}"
            self.problem("lot", wrong, "give each its own, or leave both empty")
        return lot_id


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "decimal_from lets only finite numbers through"
    return exponent
