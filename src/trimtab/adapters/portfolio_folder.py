"""The portfolio folder: from portfolio.toml, lots.csv and sales.csv to what the engine works on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from trimtab.adapters.calendars import UnknownCalendarError, calendar
from trimtab.adapters.clock import SystemClock
from trimtab.adapters.csv_lines import other_than_a_file
from trimtab.adapters.lots_csv import (
    Names,
    Opening,
    opening,
    past_sales,
    rows_of_symbols,
    symbols_of,
)
from trimtab.adapters.portfolio_tables.accounts import (
    account,
    check_restrictions,
    check_specific_lots,
    cost_table,
)
from trimtab.adapters.portfolio_tables.files import OPENING_FILES, PORTFOLIO_FILE
from trimtab.adapters.portfolio_tables.instruments import Instruments
from trimtab.adapters.portfolio_tables.merged import Models, read_models
from trimtab.adapters.portfolio_tables.notes import Stranger, bands_of_nothing, nearest, notes
from trimtab.adapters.portfolio_tables.opening import (
    Sheets,
    problems_without_toml,
    read_sheets,
)
from trimtab.adapters.portfolio_tables.policy import participation, policy, tax
from trimtab.adapters.portfolio_tables.price_files import is_priced, price_paths, rates_path
from trimtab.adapters.portfolio_tables.read_target import ReadTarget, read_target
from trimtab.adapters.portfolio_tables.targets import check_there_is_one, held, raw_sleeves
from trimtab.adapters.portfolio_tables.tiny import tiny_percents
from trimtab.adapters.price_exchange import Exchange
from trimtab.adapters.prices_file import PriceFile
from trimtab.adapters.toml_table import Table, fraction, shown
from trimtab.costs import Costs
from trimtab.engine.mandate import HOUSEHOLD, Mandate
from trimtab.model.accounts import Account, Lot, Sale
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.household import Household
from trimtab.model.instruments import CASH, Alias
from trimtab.model.sessions import ALWAYS, Calendar
from trimtab.targets.tree import RawSleeve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trimtab.targets.moving.moving import MovingTarget

__all__ = ["Portfolio", "read_portfolio"]

FEW_PROBLEMS = 3
"""So many problems of a file that nothing depends on are told."""

_EASTERNMOST = timedelta(hours=14)
"""A day has begun somewhere on earth."""

_NOT_IN_HUNDREDTHS = frozenset(
    ("BHD", "BIF", "CLP", "DJF", "GNF", "IQD", "ISK", "JOD", "JPY", "KMF", "KRW", "KWD", "LYD",
     "OMR", "PYG", "RWF", "TND", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)  # fmt: skip


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
        targets: What `[target]` says, as `household`, and what each account says of its own, by
            name: a target that moves is None in the mandate.
        fx: The file of exchange rates; None: they are looked for among the prices.
        fx_bps: By account, or empty for all others, the half-spread of exchange in basis points
            on each order in another currency.
        participation: The largest part of a day's volume that an order on paper is filled with;
            None: orders are filled in whole.
        findings: What the reader should know.
        opening_problems: What is wrong with lots.csv and sales.csv where a record has taken their
            place; then `lots`, `cash` and `sales` are not to be used.
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
    targets: Mapping[str, ReadTarget] = field(default_factory=dict)
    fx: Path | None = None
    fx_bps: Mapping[str, Decimal] = field(default_factory=dict)
    participation: Fraction | None = None
    findings: tuple[Finding, ...] = ()
    opening_problems: tuple[Problem, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def household(self) -> Household:
        """The household: accounts, instruments, tax."""
        return self.mandate.household

    @property
    def rules(self) -> Mapping[str, MovingTarget]:
        """How targets are found that move: `household`, and accounts that have their own."""
        return {
            owner: target.moving
            for owner, target in self.targets.items()
            if target.moving is not None
        }

    @property
    def moving(self) -> MovingTarget | None:
        """How the household's target is found; None where it is written down, or there is none."""
        return self.rules.get(HOUSEHOLD)

    @property
    def exchange(self) -> Exchange:
        """The currency that all prices are brought to, and by what."""
        return Exchange(self.household.currency, self.fx)

    @property
    def aliases(self) -> Mapping[str, tuple[Alias, ...]]:
        """Tickers with their dates, for the instruments that have them."""
        return {
            symbol: instrument.aliases
            for symbol, instrument in self.household.instruments.items()
            if instrument.aliases
        }


def read_portfolio(folder: Path, *, as_of: date | None = None) -> Portfolio:
    """Everything that a portfolio folder says.

    Args:
        folder: Where portfolio.toml and lots.csv lie.
        as_of: No lot can have been bought later; `opened` in portfolio.toml goes first. By
            default the day that it is by the machine's clock, anywhere on earth.

    Raises:
        InputError: With every problem of every file, each with file, line, key and remedy.
    """
    if not os.path.isfile(folder / PORTFOLIO_FILE):
        wrong = other_than_a_file(folder / PORTFOLIO_FILE)
        wrong = wrong or f"there is no {PORTFOLIO_FILE} in {shown(str(folder))}"
        remedy = "name a portfolio folder, or make one with `trimtab init`"
        raise InputError([Problem(PORTFOLIO_FILE, None, "", wrong, remedy)])
    models = read_models(folder / PORTFOLIO_FILE, PORTFOLIO_FILE)
    sheets = read_sheets(folder)
    problems = [*models.problems, *sheets.problems]

    def grave() -> list[Problem]:
        """Without what is wrong with an opening statement that seeds nothing any more."""
        if not sheets.has_record:
            return problems
        return [problem for problem in problems if problem.file not in OPENING_FILES]

    today = (SystemClock().now() + _EASTERNMOST).date()
    if models.documents and not models.values():
        remedy = "start from what `trimtab init` writes"
        problems.append(Problem(PORTFOLIO_FILE, 1, "", "it is empty", remedy))
    elif models.documents:
        root = Table(models.values(), (), source=models, problems=problems)
        written = _Written(folder, models, root, sheets, as_of or today, today)
        if not grave():
            return written.portfolio(tuple(_in_order(problems)))
        prices = PriceFile(
            [path for path in written.prices if os.path.isfile(path)],
            instruments=written.instruments.known,
            calendar=written.calendar,
            folder=folder,
            exchange=written.exchange(),
        )
        raise InputError(_in_order([*grave(), *prices.problems()]))
    problems += problems_without_toml(folder, sheets, as_of or today)
    raise InputError(_in_order(grave()))


def _in_order(problems: list[Problem]) -> list[Problem]:
    """File by file as they were read, and by line within each; each problem once."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (files.index(problem.file), problem.line or 0))


class _Written:
    """All that the files of a folder say, read in the order in which one thing needs another.

    Problems gather in those of the root table; `portfolio` has meaning only if there are none.
    """

    def __init__(
        self,
        folder: Path,
        models: Models,
        root: Table,
        sheets: Sheets,
        as_of: date,
        today: date,
    ) -> None:
        self.folder = folder
        self.models = models
        self.root = root
        self.sheets = sheets
        self.findings: list[Finding] = []
        root.value("extends")
        self.instruments = Instruments(_currency(root))
        self.opened = root.day("opened")
        if self.opened is not None and self.opened > today:
            wrong = f"{self.opened} is in the future"
            root.problem("opened", wrong, "write the day of the opening statement, lots.csv")
        self.calendar = _calendar(root)
        names = root.table("household")
        self.name = names.text("name", '"Example"') or folder.resolve().name
        self.born = names.day("born")
        names.finish()
        self.instruments.read(root.table("instruments"))
        self.tabled = tuple(self.instruments.known)
        self.read_targets_and_accounts()
        self.policy = policy(root.table("policy"), self.findings)
        self.check_weighed()
        self.tax = tax(root.table("tax"), self.instruments, self.accounts, self.findings)
        self.check_watched()
        self.read_limits(root.table("limits"))
        self.participation = participation(root.table("paper"))
        self.prices = price_paths(root, models, folder)
        self.fx = rates_path(root, models, folder)
        root.finish()
        self.read_rows(self.opened or as_of)

    def exchange(self) -> Exchange:
        """What prices are brought to; a file of rates that is not there is told elsewhere."""
        fx = self.fx if self.fx is not None and os.path.isfile(self.fx) else None
        return Exchange(self.instruments.currency, fx)

    def read_targets_and_accounts(self) -> None:
        """`[target]`, `[accounts]`, `[costs]`, and the instruments that they and the rows name."""
        root = self.root
        target = root.table("target")
        sleeves = raw_sleeves(target, self.instruments, self.born)
        self.tables = list(root.table("accounts").named("account"))
        own: dict[str, list[RawSleeve]] = {
            name: raw_sleeves(table.table("target"), self.instruments, self.born)
            for name, table in self.tables
            if "target" in table
        }
        self.instruments.add_plain(
            held(sleeves),
            *(held(raws) for raws in own.values()),
        )
        self.listed = frozenset(self.instruments.known)
        owned = [symbols_of(sheet) for sheet in self.sheets.both]
        self.instruments.add_plain(*owned)
        self.used = {self.instruments.resolve(symbol) for group in owned for symbol in group}
        names = [name for name, _ in self.tables]
        shared_costs = cost_table(root.table("costs"), self.instruments)
        self.costs: dict[str, Costs] = {"": shared_costs.costs()}
        self.fx_bps = {"": shared_costs.fx_bps}
        self.accounts: dict[str, Account] = {}
        own_targets: dict[str, ReadTarget] = {}
        for name, table in self.tables:
            if "costs" in table:
                own_costs = cost_table(table.table("costs"), self.instruments).over(shared_costs)
                self.costs[name], self.fx_bps[name] = own_costs.costs(), own_costs.fx_bps
            if name in own:
                own_targets[name] = read_target(
                    table.table("target"), own[name], names,
                    models=self.models, born=self.born,
                    costs=self.costs.get(name, self.costs[""]),
                )  # fmt: skip
            said = own_targets.get(name, ReadTarget())
            self.accounts[name] = account(
                name,
                table,
                said.written,
                self.instruments,
                moves=name in own and said.written is None,
            )
            table.finish()
        if not self.accounts and not self.models.is_cut:
            remedy = 'add [accounts.NAME] with tax = "taxable"'
            root.problem("accounts", "there is no account", remedy)
        self.shares = ReadTarget()
        if "target" in root:
            self.shares = read_target(
                target, sleeves, names,
                models=self.models, born=self.born, costs=self.costs[""],
            )  # fmt: skip
        elif not self.models.is_cut:
            # Where it may stand in a model that could not be read, that is the problem.
            check_there_is_one(root, self.accounts)
        self.targets = {HOUSEHOLD: self.shares, **own_targets}

    def check_weighed(self) -> None:
        """`worth` needs a target that maximises a utility."""
        if self.policy.when.worth is not None and not self.root.problems:
            from trimtab.targets.moving.watch import why_not_weighed

            wrong = why_not_weighed(self.policy.when, [one.moving for one in self.targets.values()])
            if wrong:
                self.root.problem(("policy", "when"), *wrong.split("; ", 1))

    def check_watched(self) -> None:
        """What a band leaves out of sight is told: a floor, and sleeves with a target of zero."""
        targets = self.targets.values()
        self.findings += bands_of_nothing(self.policy.when, [one.written for one in targets])
        movings = [one.moving for one in targets if one.moving is not None]
        self.findings += tiny_percents(self.tax, self.policy.when, movings)
        if any(moving.cppi is not None for moving in movings):
            from trimtab.targets.moving.cppi import told_of_bands

            self.findings += told_of_bands(self.policy.when, "policy")

    def read_limits(self, table: Table) -> None:
        """`[limits]`: how much may be without a price before nothing is planned."""
        sessions = table.whole("frozen_sessions", "5", most=250)
        self.frozen_sessions = 5 if sessions is None else sessions
        self.frozen_share = fraction(table.percent("frozen_percent", "10"), Decimal(10))
        table.finish()

    def read_rows(self, latest: date) -> None:
        """lots.csv and sales.csv, now that accounts and instruments are known."""
        problems = self.root.problems
        names = Names(
            self.instruments.currency,
            {name: account.tax for name, account in self.accounts.items()} or None,
            self.instruments.steps(),
            self.instruments.resolve,
            latest,
        )
        lots, sales = self.sheets.lots, self.sheets.sales
        self.opening = Opening() if lots is None else opening(lots, names)
        problems.extend(self.opening.problems)
        self.sales: tuple[Sale, ...] = ()
        if sales is not None:
            self.sales, of_sales = past_sales(sales, names)
            problems.extend(of_sales)
        check_restrictions(self.tables, self.instruments, self.unknown)
        # Later lots are those of the record: what a sale may take is then checked against it.
        if not self.sheets.has_ledger and not self.opening.problems:
            check_specific_lots(self.tables, self.accounts, self.opening.lots)

    def portfolio(self, opening_problems: tuple[Problem, ...]) -> Portfolio:
        """The portfolio that was written, and what is wrong with files that seed nothing."""
        household = Household(
            name=self.name,
            currency=self.instruments.currency,
            instruments=dict(sorted(self.instruments.known.items())),
            accounts=self.accounts,
            tax=self.tax,
            frozen_sessions=self.frozen_sessions,
            frozen_share=self.frozen_share,
        )
        mandate = Mandate(
            household=household,
            target=self.shares.written,
            when=self.policy.when,
            to=self.policy.to,
            costs=self.costs,
            min_trade=self.policy.min_trade,
            min_trade_units=self.policy.min_trade_units,
            cash_buffer=self.policy.cash_buffer,
            drift_price=self.policy.drift_price,
            fewest_trades=self.policy.fewest_trades,
        )
        lots = self.opening.lots
        fit = notes(
            household,
            {name: self.targets.get(name, self.shares).hold for name in self.accounts},
            self.strangers(),
            off_menu=self.unknown(
                symbol for account in self.accounts.values() for symbol in account.menu or ()
            ),
            off_identical=self.unknown(
                symbol for group in household.tax.identical for symbol in group
            ),
            unused=self.unused(),
            has_sales=self.sheets.sales is not None,
        )
        hashes = {sheet.file: sheet.digest for sheet in self.sheets.both}
        return Portfolio(
            folder=self.folder,
            mandate=mandate,
            calendar=self.calendar,
            lots=lots,
            cash=self.opening.cash,
            sales=self.sales,
            prices=self.prices,
            opened=self.opened,
            targets=self.targets,
            fx=self.fx,
            fx_bps={name: bps for name, bps in self.fx_bps.items() if any(self.fx_bps.values())},
            participation=self.participation,
            findings=(*self.findings, *_broken(opening_problems), *self.opening.findings, *fit),
            opening_problems=opening_problems,
            hashes=self.models.hashes | hashes,
        )

    def unknown(self, symbols: Iterable[str]) -> dict[str, str]:
        """Of symbols those that nothing knows, each with the nearest that is known, or nothing."""
        known = self.instruments.known
        others = sorted({s for s in symbols if self.instruments.resolve(s) not in known} - {CASH})
        paths = [path for path in self.prices if os.path.isfile(path)]
        found = [symbol for symbol in others if not is_priced(symbol, paths)]
        return {symbol: nearest(symbol, sorted(known)) for symbol in found}

    def unused(self) -> list[tuple[str, str]]:
        """Instruments that only their own table names, each with the nearest that is used."""
        used = {symbol for one in self.targets.values() for symbol in one.hold} | self.used
        for one in self.accounts.values():
            used.update(one.menu or (), one.do_not_buy, one.do_not_sell, one.keep)
        used.update(symbol for group in self.tax.identical for symbol in group)
        tables = self.instruments.known
        idle = [s for s in self.tabled if s not in used and not self.sheets.has_ledger]
        used.update(other for s in self.tabled if (other := tables[s].history))
        return [
            (symbol, nearest(symbol, sorted(used)))
            for symbol in idle
            if symbol not in used and not is_priced(symbol, self.prices)
        ]

    def strangers(self) -> list[Stranger]:
        """Symbols of rows that no hold list, no [instruments] table and no price file has."""
        sheets = (self.sheets.sales,) if self.sheets.has_ledger else self.sheets.both
        rows: dict[str, str] = {}
        for sheet in (sheet for sheet in sheets if sheet is not None):
            for symbol, line in rows_of_symbols(sheet).items():
                resolved = self.instruments.resolve(symbol)
                if resolved not in self.listed and symbol != self.instruments.currency:
                    rows.setdefault(symbol, f"{sheet.file}:{line}")
        rows = {symbol: rows[symbol] for symbol in sorted(rows)}
        if not rows or all(is_priced(symbol, self.prices) for symbol in rows):
            return []
        prices = PriceFile(
            self.prices, instruments={}, calendar=self.calendar, folder=self.folder
        ).symbols()
        known = [*sorted(self.listed), self.instruments.currency, *prices]
        return [
            Stranger(symbol, where, nearest(symbol, known))
            for symbol, where in rows.items()
            if symbol not in prices
        ]


def _broken(problems: Sequence[Problem]) -> Iterator[Finding]:
    """Which files of the opening statement cannot be read any more, where nothing needs them."""
    for file in dict.fromkeys(problem.file for problem in problems):
        wrong = [str(problem) for problem in problems if problem.file == file]
        more = len(wrong) - FEW_PROBLEMS
        message = (
            f"{'; '.join(wrong[:FEW_PROBLEMS])}{f'; and {more} more' if more > 0 else ''}. Nothing "
            "is read from it since there is a record: undo the edit"
        )
        yield Finding("opening-broken", file, message)


def _currency(root: Table) -> str:
    """The currency in which everything is valued."""
    currency = root.currency("currency", "USD")
    if currency in _NOT_IN_HUNDREDTHS:
        wrong = f"{currency} is not divided into hundredths"
        root.problem("currency", wrong, "only currencies with two decimals are kept so far")
    return currency


def _calendar(root: Table) -> Calendar:
    """The exchange calendar that is named."""
    name = root.text("calendar", '"XNYS"')
    try:
        return calendar("XNYS" if name is None else name)
    except UnknownCalendarError as error:
        root.problem("calendar", str(error), 'write calendar = "XNYS"')
        return ALWAYS
