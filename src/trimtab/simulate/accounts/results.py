"""What a backtest in account mode found: runs of several policies in the same accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from trimtab.model.errors import UnknownNameError
from trimtab.model.findings import Finding
from trimtab.simulate.accounts.assumed import assumed_of_runs
from trimtab.simulate.accounts.findings import findings_of
from trimtab.simulate.accounts.run import AccountRun, account_rows
from trimtab.simulate.frames import FrameKind, html_table, make_frame, text_table
from trimtab.simulate.said import findings_listed, with_findings

BESIDE = ("mode", "tax_by_year", "final_weights", "measures")
"""Figures of a run that are no one value, and its mode: in no row of a frame."""


@dataclass(frozen=True, eq=False)
class AccountBacktest:
    """Several policies in the same accounts over the same sessions, in the order they were given.

    Args:
        runs: One run each.
        pager: What makes the HTML of runs, with their findings, that notebooks show.
    """

    runs: tuple[AccountRun, ...]
    pager: Callable[[Sequence[AccountRun], Sequence[Finding]], str] | None = field(
        repr=False, default=None
    )

    def __getitem__(self, name: str) -> AccountRun:
        for run in self.runs:
            if run.name == name:
                return run
        known = ", ".join(repr(run.name) for run in self.runs)
        raise UnknownNameError(f"no policy {name!r} in this backtest; there are {known}")

    def __iter__(self) -> Iterator[AccountRun]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the reader should know: what all runs say alike once, all else with whose it is."""
        return findings_of(self.runs)

    @property
    def assumed(self) -> dict[str, Any]:
        """Costs, rates, targets, taxes and settlement that it ran with, as plain values."""
        return assumed_of_runs(self.runs, self.findings)

    def summary(self) -> str:
        """The runs as a text table, one row a policy, and below it every finding."""
        return with_findings(text_table(*account_rows(self.runs)), self.findings)

    def to_frame(self, kind: FrameKind = "columns") -> Any:
        """One row a policy: the figures of `to_dict` that are one value, then its measures.

        Args:
            kind: `pandas`, `polars`, or `columns` for neither.
        """
        rows = []
        for run in self.runs:
            told = {name: one for name, one in run.to_dict().items() if name not in BESIDE}
            rows.append({"policy": run.name, **told, **run.measures.figures()})
        names = list(dict.fromkeys(name for row in rows for name in row))
        return make_frame({name: [row.get(name) for row in rows] for name in names}, kind)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        if self.pager is not None:
            return self.pager(self.runs, self.findings)
        return html_table(*account_rows(self.runs)) + findings_listed(self.findings)
