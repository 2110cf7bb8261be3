"""Shuffled histories in account mode: policies in the same accounts, and what is noise.

What account mode does with a shuffled history is the same as ever. Paths know nothing of each
other, so several processes may run them; the answer is the same however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.engine.follow import NO_MOVERS
from trimtab.engine.mandate import HOUSEHOLD, Mandate
from trimtab.execution.opening import Opening
from trimtab.model.errors import OptionError
from trimtab.model.findings import Finding
from trimtab.model.market import Market
from trimtab.model.policy import Policy
from trimtab.model.sessions import Calendar
from trimtab.model.sleeves import Sleeve
from trimtab.simulate.accounts.backtest import backtest_accounts
from trimtab.simulate.accounts.drags import growth_after_tax
from trimtab.simulate.accounts.findings import PathTally
from trimtab.simulate.accounts.run import AccountRun
from trimtab.simulate.accounts.shuffled_markets import ShuffledMarkets
from trimtab.simulate.accounts.shuffled_targets import ShuffledTarget
from trimtab.simulate.accounts.terms import USUAL, AccountTerms
from trimtab.simulate.uncertainty.difference import Figure, Gap
from trimtab.targets.moving.mover import Mover

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats

ACCOUNT_PATHS = 100
"""Shuffled histories unless told: a run through real accounts takes a part of a second."""

PathFigures: TypeAlias = list[list[float]]
"""The figures of one path, by policy and figure."""

PathFound: TypeAlias = tuple[PathFigures, list[list[Finding]]]
"""The figures of one path, and what each policy's run over it has to say."""

InTurn: TypeAlias = Callable[[Callable[[int], PathFound], range], Iterable[PathFound]]
"""`map`, or what does the same elsewhere."""

FIGURES = (
    Figure("after_tax_final_value", "final value after tax", "money"),
    Figure("after_tax_liquidation_value", "value after tax if all is sold", "money"),
    Figure("after_tax_growth", "growth a year after tax", "share a year"),
)
"""What is kept of each run, in this order."""


@dataclass(frozen=True)
class AccountGap:
    """How far the first policy is from another, over the same shuffled histories.

    Args:
        first: The policy that is compared.
        second: The one that it is compared with.
        gaps: The first's figures less the second's, with intervals; by figure.
    """

    first: str
    second: str
    gaps: tuple[Gap, ...]

    def __getitem__(self, figure: str) -> Gap:
        return next(gap for gap in self.gaps if gap.figure.name == figure)

    @property
    def sentence(self) -> str:
        """What is to be said of what is left after tax, plainly."""
        gap = self["after_tax_growth"]
        return f"{self.first} against {self.second}, growth a year after tax: {gap.sentence}."

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "first": self.first,
            "second": self.second,
            "sentence": self.sentence,
            "figures": {gap.figure.name: gap.to_dict() for gap in self.gaps},
        }


@dataclass(frozen=True, eq=False)
class AccountPaths:
    """Policies in the same accounts over the same shuffled histories, each against the first.

    Args:
        compared: The first policy against each of the others, in their order.
        table: After tax: final value and value if all is sold, in money, and growth a year, shape
            (paths, policies, 3), by path, policy and figure.
        level: Of the intervals.
        how: How the paths were made, in words.
        left_out: Instruments that are on no path, because they have no price on some session.
        findings: What runs over the paths have to say that history did not, and how often.
    """

    compared: tuple[AccountGap, ...]
    table: Floats = field(repr=False)
    level: float
    how: str
    left_out: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __getitem__(self, second: str) -> AccountGap:
        return next(one for one in self.compared if one.second == second)

    @property
    def has_intervals(self) -> bool:
        """Whether any interval tells something: too few paths have none."""
        return any(gap.interval for one in self.compared for gap in one.gaps)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values: of one comparison, or a list under `compared`."""
        told: dict[str, Any] = {
            "level": self.level,
            "paths": len(self.table),
            "how": self.how,
            "left_out": list(self.left_out),
        }
        each = [one.to_dict() for one in self.compared]
        return {**each[0], **told} if len(each) == 1 else {**told, "compared": each}


def bootstrap_accounts(
    mandate: Mandate,
    opening: Opening,
    markets: Sequence[Market],
    policies: Sequence[Policy],
    *,
    observed: Sequence[AccountRun] | None = None,
    paths: int = ACCOUNT_PATHS,
    seed: int = 0,
    block: float | None = None,
    level: float = 0.95,
    pay_tax: bool = True,
    terms: AccountTerms = USUAL,
    invest_at_start: bool = True,
    exchange: Calendar | None = None,
    movers: Mapping[str, Mover] = NO_MOVERS,
    in_turn: InTurn = map,
    on_progress: Callable[[int], None] | None = None,
) -> AccountPaths:
    """Policies in account mode over the same shuffled histories, each compared with the first.

    Args:
        mandate: The household; its policy is replaced by each of them.
        opening: Cash at the start, or lots.
        markets: Real snapshots, one a session, oldest first.
        policies: The one that is compared, and those that it is compared with; with the target of
            the household, unless one is a tree of sleeves.
        observed: What they did in history, if that was run.
        paths: Shuffled histories.
        seed: Of the shuffling; the same seed, the same paths.
        block: Mean sessions in a block; by default chosen from the data as for research mode.
        level: Of the interval: the middle so much of the differences over the paths.
        pay_tax: Pay tax when it is due; else what is owed is taken off at the end.
        terms: As for `backtest_accounts`; there are no dividends on a path.
        invest_at_start: Whether accounts are invested at the first session, as from cash.
        exchange: By whose sessions trades settle; as for `backtest_accounts`.
        movers: What finds targets in history, where they move, by `household` or account. On every
            path they are found anew from the path's own prices, once for all policies.
        in_turn: What runs the paths and gives their figures in their turn: `map`, or one that
            shares them out among processes, as `trimtab.live.processes.shared_out`. It changes no
            figure.
        on_progress: Told how many paths are done, each time.

    Raises:
        OptionError: An option makes no sense, there are too few sessions, or a target that moves
            goes by what no path has or cannot be found on one.
    """
    import numpy as np

    if paths < 2:
        raise OptionError(f"paths {paths!r}: at least 2, to tell anything from chance")
    if len(policies) < 2:
        raise OptionError("policies: at least 2, to compare the first with the others")
    if not 0.0 < level < 1.0:
        raise OptionError(f"level {level!r}: between 0 and 1, as 0.95")
    shuffled = ShuffledMarkets.of(markets, seed=seed, block=block)
    ways = tuple(_way(mandate, policy) for policy in policies)
    found = {owner: ShuffledTarget.of(mover, shuffled) for owner, mover in movers.items()}
    given = tuple(policy.target is not None for policy in policies)
    task = _Task(ways, opening, shuffled, pay_tax, terms, invest_at_start, exchange, found, given)
    table = np.empty((paths, len(policies), len(FIGURES)))
    tally = PathTally([frozenset((f.code, f.subject) for f in r.findings) for r in observed or ()])
    for number, (figures, told) in enumerate(in_turn(task, range(paths))):
        table[number] = figures
        tally.add(number, told)
        if on_progress is not None:
            on_progress(number + 1)
    seen = [[nan] * len(FIGURES)] * len(policies)
    if observed is not None:
        seen = [_figures(run) for run in observed]

    def gaps(other: int) -> tuple[Gap, ...]:
        return tuple(
            _gap(figure, table[:, [0, other], k], (seen[0][k], seen[other][k]), level)
            for k, figure in enumerate(FIGURES)
        )

    ever = {name for market in markets for name in market.quotes}
    return AccountPaths(
        compared=tuple(
            AccountGap(policies[0].label, policies[k].label, gaps(k))
            for k in range(1, len(policies))
        ),
        table=table,
        level=level,
        how=(
            f"{paths:,} shuffled histories in account mode, sessions drawn in blocks of "
            f"{shuffled.block:.3g} on average, seed {seed}; total returns, so without dividends "
            "and splits"
        )
        + ("; on each the target is found anew from its own prices" if found else ""),
        left_out=tuple(sorted(ever - set(shuffled.names))),
        findings=tally.findings([policy.label for policy in policies], paths),
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """What is done on every path; another process can be handed it."""

    ways: tuple[Mandate, ...]
    opening: Opening
    shuffled: ShuffledMarkets
    pay_tax: bool
    terms: AccountTerms
    invest_at_start: bool
    exchange: Calendar | None
    found: Mapping[str, ShuffledTarget]
    given: tuple[bool, ...]

    def __call__(self, number: int) -> PathFound:
        """The figures of each policy over one path, and its findings that are more than notes."""
        tape = self.shuffled.path(number)
        movers = {owner: one.on(self.shuffled, number, tape) for owner, one in self.found.items()}
        # A policy with a target of its own has it in place of the household's.
        others = {owner: mover for owner, mover in movers.items() if owner != HOUSEHOLD}
        runs = [
            backtest_accounts(
                way,
                self.opening,
                tape,
                invest_at_start=self.invest_at_start,
                pay_tax=self.pay_tax,
                terms=self.terms,
                exchange=self.exchange,
                movers=others if given else movers,
            )
            for way, given in zip(self.ways, self.given, strict=True)
        ]
        told = [[one for one in run.findings if self._is_told(one)] for run in runs]
        return [_figures(run) for run in runs], told

    def _is_told(self, one: Finding) -> bool:
        """Whether a finding of a path says more than that an instrument is on none of them."""
        is_left_out = one.code == "missing-price" and one.subject not in self.shuffled.names
        return one.severity != "info" and not is_left_out


def _way(mandate: Mandate, policy: Policy) -> Mandate:
    """The household under a policy; with the policy's own target, where that is a tree."""
    way = replace(mandate, when=policy.when, to=policy.to)
    own = policy.target if isinstance(policy.target, Sleeve) else None
    return way if own is None else replace(way, target=own, found=None)


def _figures(run: AccountRun) -> list[float]:
    """After tax, in the order of FIGURES."""
    return [run.after_tax / 100, run.liquidation_after_tax / 100, growth_after_tax(run)]


def _gap(figure: Figure, pairs: Floats, seen: tuple[float, float], level: float) -> Gap:
    """One figure of both policies, path by path: shape (paths, 2)."""
    import numpy as np

    apart = pairs[:, 0] - pairs[:, 1]
    tail = 50.0 * (1.0 - level)
    low, median, high = (float(q) for q in np.percentile(apart, [tail, 50.0, 100.0 - tail]))
    return Gap(
        figure=figure,
        first=seen[0],
        second=seen[1],
        medians=(float(np.median(pairs[:, 0])), float(np.median(pairs[:, 1]))),
        median=median,
        low=low,
        high=high,
        above=float(np.mean(apart > 0.0)),
        below=float(np.mean(apart < 0.0)),
        level=level,
        paths=len(apart),
    )
