"""A portfolio's folder and its record, as far as both were written. Nothing is changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trimtab.adapters.ledger_file import FileLedger
from trimtab.adapters.portfolio_folder import Portfolio
from trimtab.adapters.portfolio_tables.files import LEDGER_FILE, PAPER_FOLDER
from trimtab.execution.opening import Prepared
from trimtab.ledger.chain import Entry
from trimtab.ledger.fold import fold
from trimtab.ledger.folded import NOTHING, Folded
from trimtab.live.places import PLANS_FOLDER, lost_record
from trimtab.model.errors import RefusedError
from trimtab.model.findings import Finding
from trimtab.model.ports import Broker, Clock

if TYPE_CHECKING:
    from trimtab.ledger.store import LedgerStore


class RecordedBook:
    """A portfolio with its record.

    Accounts that are all traded on paper have their record in `paper/`, so that it can never be
    taken for a real one; as soon as one account is real there is one record, `ledger.jsonl`.

    Attributes:
        portfolio: What the folder says.
        clock: The time of day.
        brokers: Real brokers that are set up, by name.
    """

    def __init__(
        self, portfolio: Portfolio, clock: Clock, brokers: Mapping[str, Broker] | None = None
    ) -> None:
        self.portfolio = portfolio
        self.clock = clock
        self.brokers: Mapping[str, Broker] = dict(brokers or {})
        self._store: FileLedger | None = None
        self._folded: Folded = NOTHING
        self._prepared: dict[date, Prepared] = {}

    # -- places -------------------------------------------------------------------------------

    def exchanging(self, *, fx: Path | str | None = None, fx_bps: Decimal | None = None) -> Self:
        """The same portfolio with other exchange rates, or another cost of exchange.

        Args:
            fx: A file of rates, as prices of pairs.
            fx_bps: Half-spread of exchange of all accounts, in basis points.

        Raises:
            RefusedError: There is no such file, or the cost is none.
        """
        portfolio = self.portfolio
        if fx is not None:
            if not Path(fx).is_file():
                raise RefusedError(f"there is no file of exchange rates {str(fx)!r}")
            portfolio = replace(portfolio, fx=Path(fx).resolve())
        if fx_bps is not None:
            if not (fx_bps.is_finite() and 0 <= fx_bps < 10_000):
                raise RefusedError(f"a cost of exchange of {fx_bps} basis points is none")
            portfolio = replace(portfolio, fx_bps={"": fx_bps})
        return type(self)(portfolio, self.clock, self.brokers)

    @property
    def folder(self) -> Path:
        """The portfolio folder."""
        return self.portfolio.folder

    @property
    def is_paper(self) -> bool:
        """Whether every account is traded on paper."""
        return all(a.broker == "paper" for a in self.portfolio.household.accounts.values())

    @property
    def home(self) -> Path:
        """Where the record lies."""
        return self.paper_folder if self.is_paper else self.folder

    @property
    def paper_folder(self) -> Path:
        """Where everything about trading on paper lies."""
        return self.folder / PAPER_FOLDER

    @property
    def ledger_path(self) -> Path:
        """The file of the record, which need not exist yet."""
        return self.home / LEDGER_FILE

    @property
    def plans_folder(self) -> Path:
        """Where plans are saved."""
        return self.folder / PLANS_FOLDER

    # -- the record ---------------------------------------------------------------------------

    @property
    def store(self) -> LedgerStore:
        """The record; its folder is made when it is first written."""
        return self._file()

    def _file(self) -> FileLedger:
        if self._store is None:
            # Looking changes nothing: what a crash left is put away by the next that writes.
            self._store = FileLedger(self.ledger_path, repair=False)
        return self._store

    def repair(self) -> None:
        """Put away what a crash left unfinished at the end of the record; before writing.

        Raises:
            RefusedError: There was a record, and it is gone: it is not begun anew over that.
        """
        lost = lost_record(self.folder, self.home)
        if lost:
            raise RefusedError(lost)
        if self.ledger_path.exists():
            self._file().repair()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other process from writing the record until the end of the `with`.

        Raises:
            LedgerBusyError: Another process writes, and goes on writing.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with self._file().hold():
            yield

    @property
    def repairs(self) -> tuple[Finding, ...]:
        """What a crash left at the end of the record, and what became of it."""
        return () if self._store is None else self._store.findings

    def entries(self) -> tuple[Entry, ...]:
        """The record so far, what other processes added included."""
        return self.store.read() if self.ledger_path.parent.is_dir() else ()

    def folded(self) -> Folded:
        """Everything that the record says now."""
        entries = self.entries()
        if self._folded.head.seq > len(entries):
            self._folded = NOTHING
        if self._folded.head.seq < len(entries):
            self._folded = fold(entries[self._folded.head.seq :], self._folded)
            self._prepared.clear()
        return self._folded

    @property
    def paper_accounts(self) -> frozenset[str]:
        """Accounts that are traded on paper."""
        accounts = self.portfolio.household.accounts.values()
        return frozenset(account.id for account in accounts if account.broker == "paper")
