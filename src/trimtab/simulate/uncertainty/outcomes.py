"""What policies come to over many paths: figures of each path, their spread, chances of a loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trimtab.model.errors import UnknownNameError
from trimtab.model.findings import Finding
from trimtab.simulate.frames import html_table, make_frame, text_table
from trimtab.simulate.said import findings_listed, with_findings
from trimtab.simulate.uncertainty.difference import (
    LEAST_PATHS,
    OUTCOME_FIGURES,
    PLACES,
    Difference,
    difference_of,
    shown,
)

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats, FrameKind

SPREAD = (5.0, 25.0, 50.0, 75.0, 95.0)
"""Percentiles that frames give."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Several policies over the same many paths.

    Args:
        names: The policies.
        table: Figures, shape (paths, policies, figures), the last in the order of
            OUTCOME_FIGURES.
        observed: The same figures in history, shape (policies, figures); NaN where there is none.
        cash: What each started with.
        years: How long a path is, actual/365.25.
        how: How the paths were made, in words.
        frames: What kind of frame it gives.
        findings: What the reader should know.
    """

    names: tuple[str, ...]
    table: Floats = field(repr=False)
    observed: Floats = field(repr=False)
    cash: float
    years: float
    how: str
    frames: FrameKind = field(repr=False, default="columns")
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return self.summary()

    def _place(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        known = ", ".join(repr(one) for one in self.names)
        raise UnknownNameError(f"no policy {name!r} here; there are {known}")

    def of(self, name: str, figure: str) -> Floats:
        """One figure of one policy on every path, shape (paths,).

        Raises:
            UnknownNameError: There is no such policy or figure.
        """
        if figure not in PLACES:
            raise UnknownNameError(f"no figure {figure!r}; there are {', '.join(PLACES)}")
        return self.table[:, self._place(name), PLACES[figure]]

    def shortfall(self, goal: float | None = None) -> dict[str, float]:
        """The share of paths on which each policy ends below a goal.

        Args:
            goal: In money; by default what it started with.
        """
        wanted = self.cash if goal is None else float(goal)
        return {name: float((self.of(name, "final_value") < wanted).mean()) for name in self.names}

    def difference(self, first: str, second: str, *, level: float = 0.95) -> Difference:
        """One policy against another, path by path.

        Args:
            first: The policy that is compared.
            second: The one that it is compared with.
            level: Of the percentile intervals.

        Raises:
            UnknownNameError: There is no such policy.
        """
        a, b = self._place(first), self._place(second)
        return difference_of(
            (first, second),
            (self.table[:, a], self.table[:, b]),
            (self.observed[a], self.observed[b]),
            level=level,
            how=self.how,
            frames=self.frames,
        )

    @cached_property
    def _rows(self) -> tuple[list[str], list[list[str]]]:
        import numpy as np

        heads = [
            "policy",
            "final value, median",
            "worst 5%",
            "best 5%",
            "growth a year",
            "volatility",
            "worst fall, median",
            "worst 5%",
            "ends below start",
        ]
        lost = self.shortfall()
        rows = []
        for name in self.names:
            worth = np.percentile(self.of(name, "final_value"), [50, 5, 95])
            falls = np.percentile(self.of(name, "max_drawdown"), [50, 5])
            rows.append(
                [
                    name,
                    shown("money", float(worth[0])),
                    *(self._told(shown("money", float(value))) for value in worth[1:]),
                    shown("share", float(np.median(self.of(name, "cagr")))),
                    shown("share", float(np.median(self.of(name, "volatility")))),
                    f"{falls[0]:.1%}",
                    self._told(f"{falls[1]:.1%}"),
                    self._told(f"{lost[name]:.1%}"),
                ]
            )
        return heads, rows

    @property
    def is_few(self) -> bool:
        """Whether there are too few paths for any percentile but the middle, or any chance."""
        return len(self) < LEAST_PATHS

    def _told(self, figure: str) -> str:
        return "-" if self.is_few else figure

    @property
    def _words(self) -> str:
        few = f" Too few paths for percentiles ({len(self):,}; at least {LEAST_PATHS})."
        return f"{self.how}.{few if self.is_few else ''}"

    def summary(self) -> str:
        """One row a policy, as text, how the paths were made, and below it every finding."""
        heads, rows = self._rows
        return with_findings(f"{text_table(heads, rows)}\n\n{self._words}", self.findings)

    def _repr_html_(self) -> str:
        from html import escape

        heads, rows = self._rows
        below = f"<p>{escape(self._words)}</p>{findings_listed(self.findings)}"
        return f"{html_table(heads, rows)}{below}"

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """One row a policy and figure: mean and percentiles over the paths, and history's.

        Of too few paths, percentiles but the middle one are NaN.
        """
        import numpy as np

        policies = [name for name in self.names for _ in OUTCOME_FIGURES]
        flat = self.table.reshape(len(self.table), -1)
        columns: dict[str, Any] = {
            "policy": policies,
            "figure": [figure.name for figure in OUTCOME_FIGURES] * len(self.names),
            "history": self.observed.ravel(),
            "mean": flat.mean(axis=0),
        }
        for q in SPREAD:
            columns[f"p{q:g}"] = np.percentile(flat, q, axis=0)
            if self.is_few and q != 50.0:
                columns[f"p{q:g}"] = np.full(flat.shape[1], np.nan)
        return make_frame(columns, kind or self.frames)

    def to_paths(self, kind: FrameKind | None = None) -> Any:
        """One row a path and policy, one column a figure."""
        import numpy as np

        paths, policies = self.table.shape[:2]
        columns: dict[str, Any] = {
            "path": np.repeat(np.arange(paths), policies),
            "policy": np.tile(np.array(self.names), paths),
        }
        for place, figure in enumerate(OUTCOME_FIGURES):
            columns[figure.name] = self.table[:, :, place].ravel()
        return make_frame(columns, kind or self.frames)
