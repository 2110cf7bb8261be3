"""What a backtest found: its policies side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from math import isnan
from typing import TYPE_CHECKING, Any

from trimtab.model.errors import UnknownNameError
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.simulate.frames import html_table, make_frame, text_table
from trimtab.simulate.measures.metrics import is_short
from trimtab.simulate.research.assumed import assumed
from trimtab.simulate.research.policy_result import FIGURES, PolicyResult
from trimtab.simulate.said import findings_listed, with_findings

if TYPE_CHECKING:
    from trimtab.simulate.frames import FrameKind
    from trimtab.simulate.research.settings import Ready
    from trimtab.simulate.uncertainty.difference import Difference


@dataclass(frozen=True, eq=False)
class Backtest:
    """Several policies over the same sessions, in the order they were given.

    Args:
        policies: One result each.
        cash: What each started with.
        findings: What the reader should know.
        ready: What it ran on, for runs over other prices.
        differ: What compares two of them over shuffled histories.
        plotter: What draws it, where it was asked for through the package's face.
        pager: Likewise what makes the HTML of it that notebooks show.
    """

    policies: tuple[PolicyResult, ...]
    cash: float
    findings: tuple[Finding, ...] = ()
    ready: Ready | None = field(repr=False, default=None)
    differ: Callable[..., Difference] | None = field(repr=False, default=None)
    plotter: Callable[[Backtest], Any] | None = field(repr=False, default=None)
    pager: Callable[[Backtest], str] | None = field(repr=False, default=None)

    def plot(self) -> Any:
        """Growth, falls, drift and cost of all policies, as a matplotlib figure.

        Raises:
            RefusedError: matplotlib is not installed; the message says how to.
        """
        assert self.plotter is not None, "trimtab.backtest gives results that can be drawn"
        return self.plotter(self)

    def __getitem__(self, name: str) -> PolicyResult:
        for result in self.policies:
            if result.name == name:
                return result
        known = ", ".join(repr(result.name) for result in self.policies)
        raise UnknownNameError(f"no policy {name!r} in this backtest; there are {known}")

    def __iter__(self) -> Iterator[PolicyResult]:
        return iter(self.policies)

    def __len__(self) -> int:
        return len(self.policies)

    def difference(
        self,
        first: str,
        second: str,
        *,
        paths: int = 1000,
        seed: int = 0,
        block: float | None = None,
        level: float = 0.95,
        threads: int | None = None,
    ) -> Difference:
        """How far one policy is from another, and whether that is more than noise.

        Both run over the same shuffled histories, see `trimtab.bootstrap`.

        Args:
            first: The policy that is compared.
            second: The one that it is compared with.
            paths: How many histories.
            seed: Names the chance: the same seed gives the same figures.
            block: Mean length of the blocks in sessions; by default chosen from the data.
            level: Of the percentile intervals.
            threads: How many to run at once; by default one a core. They change no figure.

        Raises:
            UnknownNameError: There is no such policy.
            ValueError: An option makes no sense.
        """
        assert self.differ is not None, "trimtab.backtest gives results that can be compared"
        return self.differ(
            self, first, second, paths=paths, seed=seed, block=block, level=level, threads=threads
        )

    @property
    def assumed(self) -> dict[str, Any]:
        """Costs, rates and targets that it ran with, and how, as plain values."""
        return assumed(self.ready, self.policies, self.findings)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints: figures of one policy or a list, what was assumed."""
        told = {"assumed": self.assumed}
        if len(self.policies) == 1:
            return {"name": self.policies[0].name, **self.policies[0].to_dict(), **told}
        return {"policies": [{"name": one.name, **one.to_dict()} for one in self.policies], **told}

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """One row a policy, as text, and below it every finding."""
        return with_findings(text_table(*summary_rows(self.policies)), self.findings)

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """The figures as a frame, one row a policy."""
        columns: dict[str, Any] = {"policy": [one.name for one in self.policies]}
        for name in FIGURES:
            columns[name] = [getattr(one, name) for one in self.policies]
        measures = [one.measures.figures() for one in self.policies]
        columns.update({name: [one[name] for one in measures] for name in measures[0]})
        return make_frame(columns, kind or self.policies[0].frames, index="policy")

    def _repr_html_(self) -> str:
        if self.pager is not None:
            return self.pager(self)
        return html_table(*summary_rows(self.policies)) + findings_listed(self.findings)


def summary_rows(results: Sequence[PolicyResult]) -> tuple[list[str], list[list[str]]]:
    """The heads and cells of the table of policies, as a reader wants them rounded."""
    heads = [
        "policy",
        "final value",
        "a year",
        "volatility",
        "worst fall",
        "rebalances",
        "turnover",
        "cost",
        "tracking error",
    ]
    rows = [
        [
            one.name,
            f"{one.final_value:,.2f}",
            yearly(one, one.cagr, 2),
            percent(one.volatility, 2),
            percent(one.max_drawdown, 1),
            f"{one.rebalances:,}",
            f"{one.turnover_one_way:.1%}",
            f"{one.cost_paid:,.2f}",
            percent(one.measures.tracking_error, 2),
        ]
        for one in results
    ]
    return heads, rows


def yearly(run: PolicyResult, figure: float, places: int) -> str:
    """A figure a year in percent, or a dash where the run is too short for one.

    Args:
        run: What it is of.
        figure: As a fraction.
        places: Decimal places.
    """
    return "-" if is_short(run.first, run.last) else percent(figure, places)


def percent(figure: float, places: int) -> str:
    """A fraction in percent, or a dash where it is not known.

    >>> percent(0.12345, 1), percent(float("nan"), 1)
    ('12.3%', '-')
    """
    return "-" if isnan(figure) else f"{figure:.{places}%}"
