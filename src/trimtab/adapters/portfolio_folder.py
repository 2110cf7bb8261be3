"""The portfolio folder: from portfolio.toml, lots.csv and sales.csv to what the engine works on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from trimtab.adapters.calendars import UnknownCalendarError, calendar
from trimtab.adapters.csv_lines import Sheet
from trimtab.adapters.lots_csv import (
    Names,
    Opening,
    opening,
    past_sales,
    read_lot_sheet,
    read_sale_sheet,
    symbols_of,
)
from trimtab.adapters.toml_lines import KeyPath, TomlDocument, read_toml
from trimtab.adapters.toml_table import SYMBOL, SYMBOL_RULE, Table, near, number_text, shown
from trimtab.costs import Costs
from trimtab.engine.mandate import Mandate
from trimtab.model.accounts import Account, Lot, Relief, Sale, TaxTreatment
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.household import Household, TaxProfile
from trimtab.model.instruments import CASH, Alias, Instrument
from trimtab.model.numbers import NumberError, steps_from
from trimtab.model.policy import PolicyError, To, When, check_policy, parse_to, parse_when
from trimtab.model.sessions import ALWAYS, Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.targets.tree import RawSleeve, target_tree

PORTFOLIO_FILE = "portfolio.toml"
LOTS_FILE = "lots.csv"
SALES_FILE = "sales.csv"
PRICES_FILE = "prices.csv"
MANUAL_PRICES_FILE = "manual-prices.csv"
LEDGER_FILE = "ledger.jsonl"

DEEPEST_EXTENDS = 8
_SETTINGS = ("percent", "percent_of_parent")
_TWO_DECIMALS_NOT = frozenset(
    ("BHD", "BIF", "CLP", "DJF", "GNF", "IQD", "ISK", "JOD", "JPY", "KMF", "KRW", "KWD", "LYD",
     "OMR", "PYG", "RWF", "TND", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Optimized:
    """A target whose weights are computed: `[target.optimize]`.

    Args:
        hold: What may be held.
        objective: The word for `trimtab optimize --objective`.
        risk_aversion: For the objective `utility`.
        risk_free: A year, as a fraction.
        lower: The least share of a name.
        upper: The most of one name.
        max_names: At most so many names.
        groups: File of groups with their limits.
        window: Sessions of history to estimate from; None is all there is.
    """

    hold: tuple[str, ...]
    objective: str
    risk_aversion: Decimal = Decimal(1)
    risk_free: Decimal = Decimal(0)
    lower: Decimal = Decimal(0)
    upper: Decimal = Decimal(1)
    max_names: int | None = None
    groups: Path | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A portfolio folder that was read: everything in it is valid, and nothing of it is decided.

    Args:
        folder: The folder.
        mandate: Household, target, policy and costs.
        calendar: The sessions that its policy goes by.
        lots: The opening statement: lots in an order that does not depend on that of the rows.
        cash: Opening cash by account in minor units; accounts without a row are absent.
        sales: Sales before the opening that tax rules still look at, oldest first.
        prices: Price files.
        opened: The day of the opening statement; None where it is not said.
        optimized: A target that is computed; then `mandate.target` is None.
        findings: What the reader should know.
        hashes: SHA-256, hexadecimal, of the bytes of every file that was read, by its name.
    """

    folder: Path
    mandate: Mandate
    calendar: Calendar
    lots: tuple[Lot, ...] = ()
    cash: Mapping[str, int] = field(default_factory=dict)
    sales: tuple[Sale, ...] = ()
    prices: tuple[Path, ...] = ()
    opened: date | None = None
    optimized: Optimized | None = None
    findings: tuple[Finding, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def household(self) -> Household:
        """The household: accounts, instruments, tax."""
        return self.mandate.household

    @property
    def aliases(self) -> Mapping[str, tuple[Alias, ...]]:
        """Tickers with their dates, for the instruments that have them."""
        instruments = self.household.instruments.values()
        return {
            instrument.id: instrument.aliases for instrument in instruments if instrument.aliases
        }


def read_portfolio(folder: Path, *, as_of: date | None = None) -> Portfolio:
    """Everything that a portfolio folder says.

    Args:
        folder: Where portfolio.toml and lots.csv lie.
        as_of: No lot can have been bought later; `opened` in portfolio.toml goes first.

    Raises:
        InputError: With every problem of every file, each with file, line, key and remedy.
    """
    if not (folder / PORTFOLIO_FILE).is_file():
        wrong = f"there is no {PORTFOLIO_FILE} in {shown(str(folder))}"
        remedy = "name a portfolio folder, or make one with `trimtab init`"
        raise InputError([Problem(PORTFOLIO_FILE, None, "", wrong, remedy)])
    reading = _Reading(folder, as_of)
    portfolio = reading.portfolio()
    if reading.problems or portfolio is None:
        raise InputError(_in_order(reading.problems))
    return portfolio


def _in_order(problems: list[Problem]) -> list[Problem]:
    """File by file as they were read, and by line within each; each problem once."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (files.index(problem.file), problem.line or 0))


class _Merged:
    """A portfolio.toml and the models that it extends: the nearest one to say a key counts."""

    def __init__(self, documents: list[tuple[TomlDocument, Path]]) -> None:
        self.documents = documents

    def place(self, path: KeyPath) -> tuple[str, int | None]:
        document = self.document(path)[0]
        return document.file, document.line(path)

    def document(self, path: KeyPath) -> tuple[TomlDocument, Path]:
        for end in range(len(path), 0, -1):
            for document, folder in self.documents:
                if path[:end] in document.lines:
                    return document, folder
        return self.documents[0]

    def values(self) -> Mapping[str, Any]:
        values: Mapping[str, Any] = {}
        for document, _ in reversed(self.documents):
            values = _laid_over(document.values, values)
        return values


def _laid_over(over: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one: tables are merged, everything else is replaced by what lies over it."""
    shares = any(key in over for key in _SETTINGS)
    merged = {key: value for key, value in under.items() if not (shares and key in _SETTINGS)}
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _laid_over(value, below) if both and below is not None else value
    return merged


class _Reading:
    """One reading of one folder; problems and findings gather in it."""

    def __init__(self, folder: Path, as_of: date | None) -> None:
        self.folder = folder
        self.as_of = as_of
        self.problems: list[Problem] = []
        self.findings: list[Finding] = []
        self.hashes: dict[str, str] = {}
        self.instruments: dict[str, Instrument] = {}
        self.unsure: set[str] = set()
        self.ids_of_alias: dict[str, str] = {}
        self.currency = "USD"

    # -- files --------------------------------------------------------------------------------

    def documents(self) -> list[tuple[TomlDocument, Path]]:
        """portfolio.toml and what it extends, nearest first; empty if it cannot be read."""
        path, file = self.folder / PORTFOLIO_FILE, PORTFOLIO_FILE
        found: list[tuple[TomlDocument, Path]] = []
        seen: list[str] = []
        while True:
            document, raw, problems = read_toml(path, file)
            self.problems.extend(problems)
            if document is None:
                return found
            seen.append(os.path.realpath(path))
            self.hashes[file] = sha256(raw).hexdigest()
            found.append((document, path.parent))
            model = document.values.get("extends")
            if model is None:
                return found
            line = document.line(("extends",))
            if not isinstance(model, str) or not model.strip() or not model.isprintable():
                remedy = 'write extends = "../models/60-40.toml"'
                wrong = "the name of a file belongs here"
                self.problems.append(Problem(file, line, "extends", wrong, remedy))
                return found
            path = path.parent / model
            above, file = file, _shown_path(path, self.folder)
            wrong = ""
            if os.path.realpath(path) in seen:
                wrong = f"{file} extends itself in a circle"
            elif len(found) > DEEPEST_EXTENDS:
                wrong = f"models extend each other more than {DEEPEST_EXTENDS} deep"
            elif not path.is_file():
                wrong = f"there is no file {file}"
            if wrong:
                remedy = "correct the path, or remove the key"
                self.problems.append(Problem(above, line, "extends", wrong, remedy))
                return found

    def sheet(self, name: str) -> Sheet | None:
        """lots.csv or sales.csv; None where there is none."""
        path = self.folder / name
        if not path.exists():
            return None
        sheet = read_lot_sheet(path, name) if name == LOTS_FILE else read_sale_sheet(path, name)
        self.problems.extend(sheet.problems)
        self.hashes[name] = sheet.digest
        return sheet

    # -- the whole ----------------------------------------------------------------------------

    def portfolio(self) -> Portfolio | None:
        """The portfolio; None, with problems noted, if the files do not make one."""
        documents = self.documents()
        lots_sheet = self.sheet(LOTS_FILE)
        sales_sheet = self.sheet(SALES_FILE)
        if lots_sheet is None and not (self.folder / LEDGER_FILE).exists():
            wrong = "it is missing, and there is no record yet"
            remedy = "write what you own: account,symbol,quantity,acquired,cost_basis"
            self.problems.append(Problem(LOTS_FILE, None, "", wrong, remedy))
        if not documents:
            names = Names("USD", None, {}, lambda symbol: symbol, self.as_of)
            for sheet, read in ((lots_sheet, opening), (sales_sheet, past_sales)):
                if sheet is not None:
                    self.problems.extend(_problems_of(read(sheet, names)))
            return None
        merged = _Merged(documents)
        root = Table(merged.values(), (), source=merged, problems=self.problems)
        return self.built(root, merged, lots_sheet, sales_sheet)

    def built(
        self, root: Table, merged: _Merged, lots_sheet: Sheet | None, sales_sheet: Sheet | None
    ) -> Portfolio | None:
        """The portfolio of a portfolio.toml that could be read as TOML."""
        root.value("extends")
        self.currency = self.portfolio_currency(root)
        opened = root.day("opened")
        sessions = self.calendar(root)
        household = root.table("household")
        name = household.text("name", '"Example"') or self.folder.resolve().name
        household.finish()

        self.read_instruments(root.table("instruments"))
        target = root.table("target")
        optimized = self.optimized(target, merged) if "optimize" in target else None
        raw_target = [] if optimized else self.raw_sleeves(target)
        account_tables = list(root.table("accounts").named("account"))
        own_targets = {
            account: self.raw_sleeves(table.table("target"))
            for account, table in account_tables
            if "target" in table
        }
        self.add_plain_instruments(
            _held(raw_target),
            *(_held(sleeves) for sleeves in own_targets.values()),
            optimized.hold if optimized else (),
            *(symbols_of(sheet) for sheet in (lots_sheet, sales_sheet) if sheet is not None),
        )
        known = [account for account, _ in account_tables]
        shared_costs = self.cost_table(root.table("costs"), {})
        costs = {"": _costs(shared_costs)}
        accounts: dict[str, Account] = {}
        for account, table in account_tables:
            tree = None
            if account in own_targets:
                tree = self.tree(table.table("target"), own_targets[account], known)
            accounts[account] = self.account(account, table, tree)
            if "costs" in table:
                costs[account] = _costs(self.cost_table(table.table("costs"), shared_costs))
            table.finish()
        if not accounts:
            remedy = 'add [accounts.NAME] with tax = "taxable"'
            root.problem("accounts", "there is no account", remedy)
        root_sleeve = self.household_tree(root, target, raw_target, optimized, accounts, known)
        policy = self.policy(root.table("policy"), has_policy="policy" in root)
        limits = root.table("limits")
        frozen_sessions = limits.whole("frozen_sessions", "5", most=250)
        frozen_percent = limits.percent("frozen_percent", "10")
        limits.finish()
        tax = self.tax(root.table("tax"), accounts)
        prices = self.price_paths(root, merged)
        root.finish()

        names = Names(
            self.currency,
            {account: value.tax for account, value in accounts.items()},
            {
                symbol: None if symbol in self.unsure else instrument.step
                for symbol, instrument in self.instruments.items()
            },
            self.resolve,
            opened or self.as_of,
        )
        opened_with = Opening() if lots_sheet is None else opening(lots_sheet, names)
        self.problems.extend(opened_with.problems)
        self.findings.extend(opened_with.findings)
        sales: tuple[Sale, ...] = ()
        if sales_sheet is not None:
            sales, problems = past_sales(sales_sheet, names)
            self.problems.extend(problems)
        self.check_specific_lots(account_tables, accounts, opened_with)
        if self.problems:
            return None

        self.note(root_sleeve, optimized, accounts, opened_with.lots, tax, sales_sheet)
        mandate = Mandate(
            household=Household(
                name=name,
                currency=self.currency,
                instruments=dict(sorted(self.instruments.items())),
                accounts=accounts,
                tax=tax,
                frozen_sessions=5 if frozen_sessions is None else frozen_sessions,
                frozen_share=_fraction(frozen_percent, Decimal(10)),
            ),
            target=root_sleeve,
            when=policy.when,
            to=policy.to,
            costs=costs,
            min_trade=policy.min_trade,
            min_trade_units=policy.min_trade_units,
            cash_buffer=policy.cash_buffer,
            drift_price=policy.drift_price,
            fewest_trades=policy.fewest_trades,
        )
        return Portfolio(
            folder=self.folder,
            mandate=mandate,
            calendar=sessions,
            lots=opened_with.lots,
            cash=opened_with.cash,
            sales=sales,
            prices=prices,
            opened=opened,
            optimized=optimized,
            findings=tuple(self.findings),
            hashes=self.hashes,
        )

    # -- the top of portfolio.toml ------------------------------------------------------------

    def portfolio_currency(self, root: Table) -> str:
        """The currency in which everything is valued."""
        currency = root.currency("currency", "USD")
        if currency in _TWO_DECIMALS_NOT:
            wrong = f"{currency} is not divided into hundredths"
            root.problem("currency", wrong, "only currencies with two decimals are kept so far")
        return currency

    def calendar(self, root: Table) -> Calendar:
        """The exchange calendar that is named."""
        name = root.text("calendar", '"XNYS"')
        try:
            return calendar("XNYS" if name is None else name)
        except UnknownCalendarError as error:
            root.problem("calendar", str(error), 'write calendar = "XNYS"')
            return ALWAYS

    def price_paths(self, root: Table, merged: _Merged) -> tuple[Path, ...]:
        """The price files, relative to the file that names them, and the typed prices if any."""
        typed = self.folder / MANUAL_PRICES_FILE
        usual = self.folder / PRICES_FILE
        paths: list[Path] = []
        if "prices" in root:
            base = merged.document(("prices",))[1]
            texts = root.texts("prices", PRICES_FILE)
            is_list = isinstance(root.values["prices"], list)
            for number, text in enumerate(texts):
                path = base / text
                paths.append(path)
                if not path.is_file():
                    key: KeyPath = ("prices", number) if is_list else ("prices",)
                    wrong = f"there is no file {shown(_shown_path(path, self.folder))}"
                    root.problem(key, wrong, "a path is relative to the file that names it")
            if is_list and not root.values["prices"]:
                root.problem("prices", "the list is empty", f'write prices = "{PRICES_FILE}"')
        else:
            root.value("prices")
            if usual.is_file():
                paths.append(usual)
            elif not typed.is_file():
                wrong = "it is missing"
                root.problem("prices", wrong, f'name the price file, as prices = "{PRICES_FILE}"')
        if typed.is_file() and typed.resolve() not in [path.resolve() for path in paths]:
            paths.append(typed)
        return tuple(paths)

    # -- instruments --------------------------------------------------------------------------

    def read_instruments(self, tables: Table) -> None:
        """`[instruments.X]`, and the tickers that they had."""
        for symbol, table in tables.named("instrument"):
            before = len(self.problems)
            if symbol in (CASH, self.currency):
                table.problem("", f"{symbol} is money", "remove the table; cash needs none")
            currency = table.currency("currency", self.currency)
            if currency != self.currency:
                wrong = f"a price in {currency}, in a portfolio kept in {self.currency}"
                remedy = f"give prices converted into {self.currency}, and drop the key"
                table.problem("currency", wrong, remedy)
            step = table.number("step", "0.001", above_zero=True, most=Decimal(10**6))
            self.instruments[symbol] = Instrument(
                id=symbol,
                currency=self.currency,
                step=Decimal(1) if step is None else step.normalize(),
                price_source=table.choice("price", ("market", "manual"), "market"),
                max_age=table.whole("max_age", "5", most=3660),
                history=table.symbol("history"),
                aliases=tuple(self.alias(symbol, table)),
                order_in=table.choice("order", ("quantity", "money"), "quantity"),
            )
            table.finish()
            if len(self.problems) > before:
                self.unsure.add(symbol)

    def alias(self, symbol: str, table: Table) -> Iterator[Alias]:
        """The earlier or other tickers of an instrument."""
        for row in table.tables("aliases"):
            ticker = row.symbol("symbol")
            first, last = row.day("from"), row.day("until")
            if "symbol" not in row:
                row.problem("", "the ticker is missing", 'write {symbol = "FB"}')
            if first is not None and last is not None and last < first:
                row.problem("until", f"{last} is before from, {first}", "swap the two")
            row.finish()
            if ticker is None:
                continue
            other = self.ids_of_alias.setdefault(ticker, symbol)
            if other != symbol:
                wrong = f"{ticker} is also a ticker of {other}"
                row.problem("symbol", wrong, "keep it with one of them")
            yield Alias(ticker, first, last)

    def resolve(self, symbol: str) -> str:
        """The instrument that a symbol stands for: itself, or the one whose ticker it was."""
        if symbol in self.instruments:
            return symbol
        return self.ids_of_alias.get(symbol, symbol)

    def add_plain_instruments(self, *groups: tuple[str, ...]) -> None:
        """Instruments that need no table of their own, by what holds or lists them."""
        for group in groups:
            for symbol in group:
                stands_for = self.resolve(symbol)
                if stands_for not in self.instruments and symbol not in (CASH, self.currency):
                    self.instruments[stands_for] = Instrument(stands_for, self.currency)

    # -- targets ------------------------------------------------------------------------------

    def raw_sleeves(self, table: Table) -> list[RawSleeve]:
        """The sleeves of a `[target]`, as they are written."""
        return [self.raw_sleeve(name, below) for name, below in table.named("sleeve")]

    def raw_sleeve(self, name: str, table: Table) -> RawSleeve:
        """One sleeve and those below it."""
        percent = table.percent("percent", "54")
        part = table.percent("percent_of_parent", "67.5")
        hold = table.symbols("hold")
        if "percent" in table and percent is None:
            percent = Decimal(0)
        if "percent_of_parent" in table and part is None:
            part = Decimal(0)
        if "hold" in table and hold is None:
            hold = ("",)
        for number, symbol in enumerate(hold or ()):
            if symbol == self.currency:
                key: KeyPath = ("hold", number)
                table.problem(key, f"{symbol} is money", f'write hold = ["{CASH}"]')
        location = table.accounts("location")
        children = tuple(
            self.raw_sleeve(below, inner) for below, inner in table.other_tables("sleeve")
        )
        table.finish()
        held = None if hold is None else tuple(self.resolve(symbol) for symbol in hold)
        return RawSleeve(name, percent, part, held, location, children)

    def tree(self, table: Table, raws: list[RawSleeve], accounts: list[str]) -> Sleeve | None:
        """The target tree, with its problems noted where they are in the file."""
        before = len(self.problems)
        self.check_location(table, raws, accounts, ())
        if any(problem.key.startswith(_dotted_prefix(table)) for problem in self.problems[:before]):
            # What is wrong already would be said again as a wrong sum.
            return None
        root, problems = target_tree(raws)
        for problem in problems:
            parts: KeyPath = tuple(problem.sleeve.split(".")) if problem.sleeve else ()
            key = (*parts, problem.key) if problem.key else parts
            table.problem(key, problem.wrong, problem.remedy)
        return root

    def check_location(
        self, table: Table, raws: list[RawSleeve], accounts: list[str], path: tuple[str, ...]
    ) -> None:
        """A sleeve prefers to lie in accounts that exist."""
        for raw in raws:
            here = (*path, raw.name)
            for number, account in enumerate(raw.location):
                if account not in accounts:
                    wrong = f"there is no account {shown(account)}"
                    table.problem((*here, "location", number), wrong, near(account, accounts))
            self.check_location(table, list(raw.children), accounts, here)

    def household_tree(
        self,
        root: Table,
        target: Table,
        raws: list[RawSleeve],
        optimized: Optimized | None,
        accounts: Mapping[str, Account],
        known: list[str],
    ) -> Sleeve | None:
        """The target that accounts without one of their own share."""
        if optimized is not None:
            return None
        if "target" in root:
            return self.tree(target, raws, known)
        if not accounts:
            root.problem(
                "accounts", "there is no account", 'add [accounts.NAME] with tax = "taxable"'
            )
        if not accounts or any(account.target is None for account in accounts.values()):
            wrong = "there is no target"
            root.problem("target", wrong, 'add [target.NAME] with percent = 60 and hold = ["VTI"]')
        return None

    def optimized(self, target: Table, merged: _Merged) -> Optimized | None:
        """`[target.optimize]`: weights that are computed from the past, not written down."""
        table = target.table("optimize")
        for other, _ in target.named("sleeve", but=("optimize",)):
            wrong = "the weights are computed: sleeves beside [target.optimize] have no meaning"
            target.problem(other, wrong, "keep one of the two")
        hold = table.symbols("hold")
        if not hold:
            table.problem("hold", "it has nothing to choose from", 'write hold = ["VTI", "BND"]')
        objective = table.text("objective", '"max-sharpe"')
        if objective is None and "objective" not in table:
            table.problem("objective", "it is missing", 'write objective = "max-sharpe"')
        groups = table.text("groups", '"groups.csv"')
        base = merged.document((*table.path, "groups"))[1]
        lower = _fraction(table.percent("min_percent", "0"), Decimal(0))
        upper = _fraction(table.percent("max_percent", "100"), Decimal(100))
        if lower > upper:
            table.problem("min_percent", "it is above max_percent", "swap the two")
        risk_aversion = table.number("risk_aversion", "1", above_zero=True)
        optimized = Optimized(
            hold=tuple(self.resolve(symbol) for symbol in hold or ()),
            objective=objective or "",
            risk_aversion=Decimal(1) if risk_aversion is None else risk_aversion,
            risk_free=_fraction(table.percent("risk_free_percent", "2"), Decimal(0)),
            lower=lower,
            upper=upper,
            max_names=table.whole("max_names", "10"),
            groups=None if groups is None else base / groups,
            window=table.whole("window", "756"),
        )
        table.finish()
        return optimized

    # -- accounts -----------------------------------------------------------------------------

    def account(self, name: str, table: Table, target: Sleeve | None) -> Account:
        """`[accounts.X]`."""
        if "tax" not in table:
            words = ", ".join(TaxTreatment)
            table.problem("tax", "it is missing", f'write tax = "taxable", or one of {words}')
        tax = table.choice("tax", tuple(TaxTreatment), TaxTreatment.TAXABLE)
        if name == "household":
            table.problem("", "household is the name of the whole", "call the account otherwise")
        menu = table.symbols("menu")
        relief = table.choice("relief", tuple(Relief), Relief.LOWEST_TAX)
        specific = table.texts("specific_lots", "brokerage-VTI-2017-03-06-1")
        if relief is Relief.SPECIFIC and not specific:
            wrong = "for specific relief the lots are missing"
            table.problem("specific_lots", wrong, "list lot ids in the order in which they may go")
        return Account(
            id=name,
            tax=tax,
            broker=table.text("broker", '"manual"') or "manual",
            menu=None if menu is None else tuple(self.resolve(symbol) for symbol in menu),
            do_not_buy=self.symbol_set(table, "do_not_buy"),
            do_not_sell=self.symbol_set(table, "do_not_sell"),
            keep=self.keep(table.table("keep")),
            relief=relief,
            specific_lots=specific,
            target=target,
        )

    def symbol_set(self, table: Table, key: str) -> frozenset[str]:
        """A list of instruments of which the order does not matter."""
        return frozenset(self.resolve(symbol) for symbol in table.symbols(key) or ())

    def keep(self, table: Table) -> dict[str, int]:
        """`keep = {VTI = 100}`: quantities that stay whatever the target says."""
        kept: dict[str, int] = {}
        for symbol, value in table.values.items():
            table.known.append(symbol)
            if SYMBOL.fullmatch(symbol) is None:
                table.problem(symbol, f"{shown(symbol)} is not an instrument", SYMBOL_RULE)
                continue
            quantity = table.as_number((symbol,), value, "100")
            instrument = self.instruments.get(self.resolve(symbol))
            if instrument is None:
                wrong = f"nothing holds or lists {symbol}"
                table.problem(symbol, wrong, near(symbol, sorted(self.instruments)))
            elif quantity is not None and symbol not in self.unsure:
                try:
                    kept[instrument.id] = steps_from(quantity, instrument.step)
                except NumberError as error:
                    remedy = f"correct it, or the step under [instruments.{instrument.id}]"
                    table.problem(symbol, str(error), remedy)
        return kept

    def check_specific_lots(
        self, tables: list[tuple[str, Table]], accounts: Mapping[str, Account], start: Opening
    ) -> None:
        """The lots that an account names are among its own."""
        if (self.folder / LEDGER_FILE).exists() or start.problems:
            return
        for name, table in tables:
            own = [lot.id for lot in start.lots if lot.account == name]
            for number, lot in enumerate(accounts[name].specific_lots):
                if lot not in own:
                    wrong = f"there is no lot {shown(lot)} in {name}"
                    is_list = isinstance(table.values["specific_lots"], list)
                    key: KeyPath = ("specific_lots", number) if is_list else ("specific_lots",)
                    remedy = near(lot, own) if len(own) < 20 else "see lots.csv"
                    table.problem(key, wrong, remedy)

    def cost_table(self, table: Table, below: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """`[costs]` or `[accounts.X.costs]`; keys that it does not say are those of `below`."""
        costs = dict(below)
        for key, example, most in (
            ("bps", "5", 10_000),
            ("half_spread_bps", "1", 10_000),
            ("per_share", "0.005", 10_000),
            ("commission", "4.95", 10**6),
            ("minimum", "1.00", 10**6),
        ):
            value = table.number(key, example, most=Decimal(most))
            if value is not None:
                costs[key] = value
            if value is not None and key in ("commission", "minimum") and value != round(value, 2):
                table.problem(key, f"{number_text(value)} has parts of a cent", f"write {example}")
        table.finish()
        return costs

    # -- policy and tax -----------------------------------------------------------------------

    def policy(self, table: Table, *, has_policy: bool) -> _Policy:
        """`[policy]`: when to act, how far, and what is too small."""
        when = table.parsed("when", _when, '"monthly+band:5pp/25%"')
        to = table.parsed("to", _to, '"target"')
        if (when is not None and to is not None) or "when" not in table or "to" not in table:
            try:
                check_policy(parse_when(when or "never"), parse_to(to or "target"))
            except PolicyError as error:
                table.problem("to" if "to" in table else "when", str(error), "")
        if not has_policy or "when" not in table:
            self.findings.append(
                Finding(
                    "no-policy",
                    PORTFOLIO_FILE,
                    "It does not say when to trade, so nothing is ever due. "
                    'Add [policy] with when = "monthly+band:5pp/25%".',
                )
            )
        units = table.number("min_trade_units", "1")
        policy = _Policy(
            when=parse_when(when or "never"),
            to=parse_to(to or "target"),
            min_trade=table.money("min_trade", "500"),
            min_trade_units=Decimal(0) if units is None else units,
            cash_buffer=table.money("cash_buffer", "1000"),
            drift_price=table.number("drift_price", "0.01"),
            fewest_trades=table.flag("fewest_trades"),
        )
        table.finish()
        return policy

    def tax(self, table: Table, accounts: Mapping[str, Account]) -> TaxProfile:
        """`[tax]`: rates, losses carried, and what is substantially identical."""
        country = table.text("country", '"US"') or "US"
        if len(country) != 2 or not country.isascii() or not country.isupper():
            wrong = f"{shown(country)} is not a country code"
            table.problem("country", wrong, 'write two capital letters, as country = "US"')
        long_percent = table.percent("long_percent", "15")
        short_percent = table.percent("short_percent", "24")
        groups = table.groups("identical")
        profile = TaxProfile(
            country=country,
            long_rate=_fraction(long_percent, Decimal(0)),
            short_rate=_fraction(short_percent, Decimal(0)),
            carryforward_short=table.money("carryforward_short", "0"),
            carryforward_long=table.money("carryforward_long", "0"),
            identical=tuple(
                frozenset(self.resolve(symbol) for symbol in group) for group in groups
            ),
        )
        table.finish()
        taxable = [name for name, account in accounts.items() if account.tax.taxes_gains]
        if taxable and long_percent is None and short_percent is None:
            self.findings.append(
                Finding(
                    "no-tax-rates",
                    ", ".join(taxable),
                    "No tax rates are set, so gains are planned as if they cost nothing. "
                    "Add [tax] with long_percent and short_percent.",
                )
            )
        return profile

    # -- what is valid and still worth a look -------------------------------------------------

    def note(
        self,
        target: Sleeve | None,
        optimized: Optimized | None,
        accounts: Mapping[str, Account],
        lots: tuple[Lot, ...],
        tax: TaxProfile,
        sales: Sheet | None,
    ) -> None:
        """Findings about how the files fit together."""
        assigned = {
            name: _assigned(account.target or target, optimized)
            for name, account in accounts.items()
        }
        everywhere = frozenset[str]().union(*assigned.values())
        self.note_unassigned(assigned, everywhere, lots)
        for name, account in accounts.items():
            if account.menu is not None and not assigned[name] & set(account.menu):
                self.findings.append(
                    Finding(
                        "menu-unused",
                        name,
                        f"Nothing on the menu of {name} is in a hold list of its target, so "
                        "nothing will be bought there. Add a symbol of the menu to a hold list.",
                    )
                )
            for key, symbols in (
                ("menu", account.menu or ()),
                ("do_not_buy", tuple(sorted(account.do_not_buy))),
                ("do_not_sell", tuple(sorted(account.do_not_sell))),
            ):
                self.note_lookalikes(f"accounts.{name}.{key}", symbols)
        for group in tax.identical:
            self.note_lookalikes("tax.identical", tuple(sorted(group)))
            if not any(symbol in self.instruments for symbol in group):
                self.findings.append(
                    Finding(
                        "identical-unknown",
                        "/".join(sorted(group)),
                        "Nothing of this group of identical instruments is held or in a hold "
                        "list. Correct the symbols, or drop the group.",
                        "info",
                    )
                )
        taxable = any(account.tax.taxes_gains for account in accounts.values())
        if sales is None and taxable:
            self.findings.append(
                Finding(
                    "no-sales-file",
                    SALES_FILE,
                    "There is no sales.csv, so earlier sales of this year, and wash sales by "
                    "them, are invisible. List this year's sales and those of the 30 days before "
                    "it, or write its header alone if there were none.",
                    "info",
                )
            )

    def note_unassigned(
        self,
        assigned: Mapping[str, frozenset[str]],
        everywhere: frozenset[str],
        lots: tuple[Lot, ...],
    ) -> None:
        """What is owned and in no sleeve is left alone, which its owner should know."""
        where: dict[str, list[str]] = {}
        for lot in lots:
            if lot.instrument not in assigned[lot.account]:
                accounts = where.setdefault(lot.instrument, [])
                if lot.account not in accounts:
                    accounts.append(lot.account)
        for instrument, accounts in sorted(where.items()):
            twin = _lookalike(instrument, everywhere)
            meant = f" Did you mean {twin}?" if twin else ""
            self.findings.append(
                Finding(
                    "unassigned",
                    instrument,
                    f"{instrument} in {', '.join(accounts)} is in no hold list, so it is left "
                    f"alone and counts in no sleeve.{meant} Add it to a sleeve's hold list, "
                    "last if it is not to be bought.",
                )
            )

    def note_lookalikes(self, key: str, symbols: tuple[str, ...]) -> None:
        """A symbol that nothing else names but that could be mistaken for one that is."""
        for symbol in symbols:
            if symbol in self.instruments or symbol == CASH:
                continue
            twin = _lookalike(symbol, frozenset(self.instruments))
            if twin:
                self.findings.append(
                    Finding(
                        "unknown-symbol",
                        symbol,
                        f"{key} names {symbol}, which nothing holds or lists. Did you mean {twin}?",
                    )
                )


@dataclass(frozen=True, slots=True)
class _Policy:
    """What `[policy]` says."""

    when: When
    to: To
    min_trade: int
    min_trade_units: Decimal
    cash_buffer: int
    drift_price: Decimal | None
    fewest_trades: bool


def _costs(values: Mapping[str, Decimal]) -> Costs:
    zero = Decimal(0)
    return Costs(
        bps=values.get("bps", zero),
        half_spread_bps=values.get("half_spread_bps", zero),
        per_share=values.get("per_share", zero),
        commission=values.get("commission", zero),
        minimum=values.get("minimum", zero),
    )


def _when(text: str) -> str:
    return str(parse_when(text))


def _to(text: str) -> str:
    return str(parse_to(text))


def _problems_of(read: Opening | tuple[Any, tuple[Problem, ...]]) -> tuple[Problem, ...]:
    return read.problems if isinstance(read, Opening) else read[1]


def _dotted_prefix(table: Table) -> str:
    return ".".join(str(part) for part in table.path) + "."


def _fraction(percent: Decimal | None, default: Decimal) -> Decimal:
    return (default if percent is None else percent) / 100


def _held(raws: list[RawSleeve] | tuple[RawSleeve, ...]) -> tuple[str, ...]:
    """All symbols in the hold lists of a target."""
    held: list[str] = []
    for raw in raws:
        held.extend(symbol for symbol in raw.hold or () if symbol)
        held.extend(_held(raw.children))
    return tuple(held)


def _assigned(target: Sleeve | None, optimized: Optimized | None) -> frozenset[str]:
    if target is None:
        return frozenset(optimized.hold) if optimized else frozenset()
    return frozenset(symbol for leaf in target.leaves() for symbol in leaf.hold)


def _lookalike(symbol: str, known: frozenset[str]) -> str:
    """A known symbol that differs by what the eye passes over: case, O and 0, I and 1 and L."""
    skeleton = _skeleton(symbol)
    twins = sorted(other for other in known if other != symbol and _skeleton(other) == skeleton)
    return twins[0] if twins else ""


def _skeleton(symbol: str) -> str:
    plain = symbol.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "".join(char for char in plain if char.isalnum())


def _shown_path(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder)
