"""A batch: a book in Parquet in; trades, exceptions and a summary out, all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.prices_file import PriceFile
from trimtab.adapters.toml_table import SYMBOL
from trimtab.batch.accounts import Order, Ready, Symbols, Trouble, ready
from trimtab.batch.book import BookFile, Chunk
from trimtab.batch.deciding import Decided, decided
from trimtab.batch.kinds import Models
from trimtab.batch.results import Results
from trimtab.batch.tables import price_columns
from trimtab.batch.targets import TargetFile
from trimtab.costs.exchange import exchanged
from trimtab.engine.follow import on_day
from trimtab.model.errors import InputError, Problem
from trimtab.model.found import Found, target_key
from trimtab.model.instruments import CASH, Instrument
from trimtab.model.market import Market
from trimtab.reports.found_text import founds_json
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import Watch

if TYPE_CHECKING:
    import duckdb

Item = TypeVar("Item")

CHUNK_ROWS = 1_000_000
DUCKDB_MEMORY = "512MB"
"""What reading and writing may take beside the columns of a chunk."""
MOST_UNSORTED = 10_000
"""Accounts out of order above which the book counts as not sorted at all."""

SORTING = "COPY (FROM 'book.parquet' ORDER BY account) TO 'sorted.parquet'"
"""What puts a book in order, in DuckDB."""


@dataclass
class Summary:
    """What a batch came to."""

    as_of: date
    rows: int = 0
    accounts: int = 0
    decided: int = 0
    due: int = 0
    traded: int = 0
    by_engine: int = 0
    unproven: int = 0
    trades: int = 0
    value: int = 0
    cost: int = 0
    tax: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    founds: tuple[Found, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON has it: money as strings; how targets were found, where any was."""
        target = founds_json(self.founds) if self.founds else {}
        return target | {
            "as_of": self.as_of.isoformat(),
            "rows": self.rows,
            "accounts": self.accounts,
            "decided": self.decided,
            "due": self.due,
            "traded": self.traded,
            "decided_by_engine": self.by_engine,
            "unproven": self.unproven,
            "trades": self.trades,
            "value": _money(self.value),
            "cost": _money(self.cost),
            "tax": _money(self.tax),
            "exceptions": dict(sorted(self.codes.items())),
        }


def _money(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-2):f}"


def run_batch(
    book: Path,
    out: Path,
    *,
    portfolio: Portfolio,
    prices: Sequence[Path] = (),
    targets: Path | None = None,
    as_of: date | None = None,
    threads: int = 1,
    chunk_rows: int = CHUNK_ROWS,
    progress: Callable[[int, int, int], None] = lambda rows, of, accounts: None,
) -> Summary:
    """Decide every account of a book.

    Memory depends on `chunk_rows` and on the largest account, not on the size of the book.

    Args:
        book: Parquet; see docs/batch.md for its columns.
        out: A folder that is not there yet, or is empty: trades.parquet, exceptions.parquet and
            summary.json appear in it together, at the end.
        portfolio: The model: a portfolio folder whose accounts are kinds of accounts.
        prices: Price files; none: those of the folder.
        targets: Targets by account; None: those of the kinds.
        as_of: The day; None: the newest session with prices.
        threads: How many to use.
        chunk_rows: Rows at a time.
        progress: Told after every chunk: rows done, rows in all, accounts done.

    Raises:
        InputError: The book, the prices or the targets cannot be read, or the book is not sorted.
        RefusedError: Something is there under `out` already.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {max(int(threads), 1)}")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"SET memory_limit = '{DUCKDB_MEMORY}'")
        # Reading goes on in another thread, so it has cursors of its own.
        file = BookFile(connection.cursor(), book)
        kind = file.types["account"]
        own = None if targets is None else TargetFile(connection.cursor(), targets, kind)
        return _run(
            connection, file, own, out, portfolio, prices or portfolio.prices, as_of,
            threads, chunk_rows, progress,
        )  # fmt: skip


def _run(
    connection: duckdb.DuckDBPyConnection,
    file: BookFile,
    targets: TargetFile | None,
    out: Path,
    portfolio: Portfolio,
    prices: Sequence[Path],
    as_of: date | None,
    threads: int,
    chunk_rows: int,
    progress: Callable[[int, int, int], None],
) -> Summary:
    instruments = _instruments(file, targets, portfolio)
    aliases = {
        alias.symbol: id_
        for id_, aliases in portfolio.aliases.items()
        for alias in aliases
        if alias.first is None and alias.last is None
    }
    market, foreign = _market(portfolio, prices, instruments, as_of)
    portfolio = _with_exchange(portfolio, foreign)
    household = portfolio.household
    movers, watch = _learning(portfolio, prices)
    portfolio, founds = _with_targets(portfolio, movers, market.as_of)
    priced = price_columns(replace(household, instruments=instruments), market)
    models = Models(portfolio, instruments, market, watch, movers)
    symbols = Symbols.of(
        file, instruments, lambda name: aliases.get(name, name), household.currency
    )
    summary = Summary(market.as_of, founds=founds)
    order = Order()
    ids = priced.instruments
    with Results(
        connection, out, account_type=file.types["account"], instruments=ids,
        steps=[instruments[id_].step for id_ in ids],
    ) as results:  # fmt: skip
        told: set[Any] = set()
        day = market.as_of.toordinal()
        checked = _checked(file, chunk_rows, symbols, models, targets, order, day)
        for chunk, made in _one_ahead(checked):

            def told_of(
                accounts: int, chunk: Chunk = chunk, of: int = max(len(made.names), 1)
            ) -> None:
                rows = chunk.start + len(chunk.symbol) * accounts // of
                progress(rows, file.rows, summary.accounts + accounts)

            found = decided(
                made, priced, threads=threads, movers=movers, watch=watch, progress=told_of
            )
            results.add(made.names, found)
            troubles = [
                trouble
                for trouble in [*made.troubles, *found.troubles]
                if not (trouble.code == "unsorted" and trouble.account in told)
            ]
            told.update(trouble.account for trouble in troubles if trouble.code == "unsorted")
            results.add_troubles(troubles)
            _count(summary, chunk, len(made.names), found, troubles)
            progress(summary.rows, file.rows, summary.accounts)
        taken_back = sorted(set(order.back))
        if taken_back:
            back = results.totals_of(taken_back)
            summary.trades -= back.trades
            summary.traded -= back.accounts
            summary.value -= back.value
            summary.cost -= back.cost
            summary.tax -= back.tax
        results.join(taken_back)
        results.finish(summary.plain())
    return summary


def _learning(
    portfolio: Portfolio, prices: Sequence[Path]
) -> tuple[Mapping[str, Mover], Watch | None]:
    """What finds the folder's targets that move, and what estimates risk, where it counts."""
    weighs = portfolio.mandate.when.needs_prices
    if not portfolio.rules and not weighs:
        return {}, None
    from trimtab.adapters.portfolio_prices import movers_of, watch_of

    with_prices = replace(portfolio, prices=tuple(prices))
    movers = movers_of(with_prices)
    return movers, watch_of(with_prices, movers.values()) if weighs else None


def _with_targets(
    portfolio: Portfolio, movers: Mapping[str, Mover], as_of: date
) -> tuple[Portfolio, tuple[Found, ...]]:
    """The model with the targets of that day, where they are found: once for all accounts.

    Where one depends on what is held, it is found once more for each account, from its holdings.
    A batch remembers nothing, so there is nothing to keep where it cannot be found.

    Raises:
        InputError: One cannot be found, and why.
    """
    for mover in movers.values():
        if mover.target.cppi is not None:
            key = _key(mover, "cppi")
            wrong = "its floor is one book's money, and a batch has one target for all accounts"
            remedy = f"write percent without [{key}], or plan such a household by itself"
            raise InputError([Problem("portfolio.toml", None, key, wrong, remedy)])
    mandate, founds = on_day(portfolio.mandate, as_of, movers=movers), []
    for found in mandate.founds:
        mover = movers[found.target]
        if not found.sleeves:
            wrong = f"no target could be found: {found.kept.rstrip('.')}"
            key = _key(mover, "tilt" if mover.target.tilt is not None else "optimize")
            remedy = f"mend that, or write percent in place of [{key}]"
            raise InputError([Problem("portfolio.toml", None, key, wrong, remedy)])
        # Found anew for each account; that of none stands for what may be held.
        anew = replace(found, sleeves=(), why="")
        founds.append(anew if mover.target.of_one_book else found)
    mandate = replace(mandate, found=None, found_own=())
    return replace(portfolio, mandate=mandate), tuple(founds)


def _key(mover: Mover, below: str) -> str:
    """A key of a target as its owner's table has it."""
    return f"{target_key(mover.owner)}.{below}"


def _with_exchange(portfolio: Portfolio, foreign: Sequence[str]) -> Portfolio:
    """The model with what exchange costs on each order in another currency."""
    if not foreign:
        return portfolio
    costs = exchanged(portfolio.mandate.costs, foreign, portfolio.fx_bps)
    return replace(portfolio, mandate=replace(portfolio.mandate, costs=costs))


def _checked(
    file: BookFile,
    chunk_rows: int,
    symbols: Symbols,
    models: Models,
    targets: TargetFile | None,
    order: Order,
    as_of: int,
) -> Iterator[tuple[Chunk, Ready]]:
    """The chunks of a book, each read and checked."""
    for chunk in file.chunks(chunk_rows):
        own = None if targets is None else targets.of(chunk.groups.names)
        yield chunk, ready(file, chunk, symbols, models, own, order, as_of)
        if len(order.back) > MOST_UNSORTED:
            wrong = f"more than {MOST_UNSORTED} accounts are not in one piece or out of order"
            raise InputError([Problem(file.name, None, "account", wrong, f"sort it: {SORTING}")])


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next one being made in another thread while one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _count(
    summary: Summary, chunk: Chunk, ready_accounts: int, found: Decided, troubles: Sequence[Trouble]
) -> None:
    """Add a chunk to the summary."""
    summary.rows = chunk.start + len(chunk.symbol)
    summary.due += found.due
    summary.trades += len(found.account)
    summary.traded += int((found.account[1:] != found.account[:-1]).sum()) + bool(
        len(found.account)
    )
    summary.value += int(found.value.sum())
    summary.cost += int(found.cost.sum())
    summary.tax += int(found.tax.sum())
    summary.by_engine += found.by_engine
    summary.unproven += found.unproven
    stopped = {trouble.account for trouble in troubles if trouble.stopped}
    undecided = {trouble.account for trouble in found.troubles if trouble.stopped}
    summary.decided += ready_accounts - len(undecided)
    summary.accounts += ready_accounts - len(undecided) + len(stopped)
    summary.codes.update(trouble.code for trouble in troubles)


def _instruments(
    file: BookFile, targets: TargetFile | None, portfolio: Portfolio
) -> dict[str, Instrument]:
    """Everything that the model knows, and what else the book holds or a target names."""
    household = portfolio.household
    known = dict(household.instruments)
    taken = {alias.symbol for aliases in portfolio.aliases.values() for alias in aliases}
    for symbol in (*file.symbols, *(targets.symbols() if targets else ())):
        plain = SYMBOL.fullmatch(symbol) is not None
        if plain and symbol not in taken and symbol not in (CASH, household.currency):
            known.setdefault(symbol, Instrument(symbol, currency=household.currency))
    return dict(sorted(known.items()))


def _market(
    portfolio: Portfolio,
    prices: Sequence[Path],
    instruments: dict[str, Instrument],
    as_of: date | None,
) -> tuple[Market, Sequence[str]]:
    """The snapshot decided for, and what of it is quoted in another currency."""
    if not prices:
        remedy = "name a price file"
        raise InputError([Problem("prices", None, "", "there is no price file", remedy)])
    file = PriceFile(
        prices,
        instruments=instruments,
        calendar=portfolio.calendar,
        exchange=portfolio.exchange,
    )
    ids = sorted(instruments)
    day = as_of or file.last_day(ids)
    if day is None:
        wrong = "it has no price of anything that the book holds or the target names"
        raise InputError([Problem(prices[0].name, None, "", wrong, "name the right file")])
    foreign = file.foreign(ids) if portfolio.fx_bps else ()
    return file.snapshot(portfolio.calendar.session_on_or_before(day), ids, {}), foreign
