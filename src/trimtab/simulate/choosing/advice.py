"""Which policy for this portfolio: what each takes a year on average, and whether to change.

Every policy runs over the same shuffled histories. What one takes a year is three things: trading
costs, tax, and the distance from the target, which counts by what a cautious investor would pay
to be without it: half the risk aversion times the squared tracking error (the loss of certainty
equivalent; Leland, Optimal portfolio management with transaction costs and capital gains taxes,
1999). A policy is beaten where another costs no more and stays no further from the target on
nearly all of the histories.

The question is which policy takes less on average over futures like these. A change is advised
only to one that takes materially less than the investor's own, and surely: the interval of the
mean difference lies above zero. A path is as long as history, so the spread of the difference
across paths is how uncertain the one mean is that history gives; the error of a mean over so many
paths comes on top. The least mean total is taken, and only among policies that are materially the
same as it the one that trades least often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isnan, sqrt
from typing import TYPE_CHECKING, Any

from trimtab.costs import Costs
from trimtab.model.errors import OptionError, UnknownNameError
from trimtab.model.findings import Finding
from trimtab.model.policy import Policy
from trimtab.simulate.choosing.accounts import InAccounts
from trimtab.simulate.choosing.found import found_outcomes
from trimtab.simulate.choosing.grid import grid
from trimtab.simulate.frames import html_table, make_frame, text_table
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.research.aims import MadeTarget, read_target, refuse_insured
from trimtab.simulate.research.backtest import backtest
from trimtab.simulate.said import findings_listed, with_findings
from trimtab.simulate.uncertainty.bootstrap import bootstrap
from trimtab.simulate.uncertainty.outcomes import Outcomes

if TYPE_CHECKING:
    from trimtab.simulate.frames import Floats, FrameKind

WHENS = (
    "never", "annual", "quarterly", "monthly", "weekly",
    *(f"band:{width}pp" for width in (1, 2, 3, 4, 5, 6, 8, 10, 15)),
    *(f"band:{share}%" for share in (10, 20, 30, 50)),
    *(f"monthly+band:{width}pp" for width in (2, 3, 5, 8)),
    "quarterly+band:5pp", "monthly+band:5pp/25%", "drift:2pp", "drift:5pp", "drift:10pp",
)  # fmt: skip
TOS = ("target", "half", "edge")

MADE_PATHS = 40
"""Shuffled histories unless told where the target is found anew on each: most of a second each."""

MATERIAL = 0.0002
"""What another policy must take less to be worth a change: 0.02% a year."""

BP = 1e4
"""Basis points in one."""

PATHS = 200
"""Shuffled histories, unless told."""

RUNNERS_UP = 2
"""Policies that are run through the accounts beside the advised one: each takes seconds."""

SHOWN = 6
"""Policies of the frontier that are shown, beside the advised one and the investor's own."""


@dataclass(frozen=True)
class Spread:
    """A figure over the paths: its mean and an interval.

    Of a policy's own figures: between which ends they lie on most paths. Of a difference of two
    policies: between which ends its mean lies, see `mean_interval`.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Choice:
    """One policy, judged; shares a year unless said.

    Args:
        policy: It, with the words that name it.
        cost: Trading cost and tax.
        apart: Tracking error to the target held exactly.
        total: Cost, tax and what being apart counts for.
        behind: Its total less that of the least, and the interval of that mean.
        gain: What it takes less than the investor's own, and the interval of that mean.
        rebalances: How often a year it trades, the mean over the paths.
        is_beaten: Whether another costs no more and is no further apart, on nearly all paths.
    """

    policy: Policy
    cost: Spread
    apart: Spread
    total: Spread
    behind: Spread
    gain: Spread
    rebalances: float
    is_beaten: bool

    @property
    def name(self) -> str:
        """The words that name it."""
        return self.policy.label


@dataclass(frozen=True, eq=False)
class Advice:
    """What to do, and the policies among which it was chosen.

    Args:
        choices: All that were tried, the least total first.
        own: The name of the investor's policy.
        advised: The name of the policy that is advised: `own` where none takes materially and
            surely less.
        gain: Total of `own` less that of the advised one, and the interval of that mean; a share
            a year.
        level: Of the intervals, as 0.95.
        material: A difference up to this share a year is no reason to change.
        risk_aversion: What squared tracking error counts for, halved.
        tax_of_turnover: Tax for each unit of money turned over.
        how: How the paths were made, in words.
        frames: What kind of frame it gives.
        findings: What the reader should know.
        accounts: What runs through the accounts say of the change, where there are some.
        checked: The same of every policy that was run through them.
        assumed: What the policies ran with, as `Backtest.assumed`; empty where it is not known.
        pager: What makes the HTML of it that notebooks show, where the package's face gave it.
    """

    choices: tuple[Choice, ...]
    own: str
    advised: str
    gain: Spread
    level: float
    material: float
    risk_aversion: float
    tax_of_turnover: float
    how: str
    frames: FrameKind = field(repr=False, default="columns")
    findings: tuple[Finding, ...] = ()
    accounts: InAccounts | None = None
    checked: tuple[InAccounts, ...] = ()
    assumed: Mapping[str, Any] = field(repr=False, default_factory=dict)
    pager: Callable[[Advice], str] | None = field(repr=False, default=None)

    def __repr__(self) -> str:
        return self.summary()

    def __getitem__(self, name: str) -> Choice:
        for choice in self.choices:
            if choice.name == name:
                return choice
        raise UnknownNameError(f"no policy {name!r} was tried")

    @property
    def sentence(self) -> str:
        """What is advised, plainly."""
        least, of = self.choices[0], f"of {len(self.choices)} policies"
        behind = self[self.own].behind
        if self.accounts is not None and self.advised == self.own:
            return (
                f"Keep {self.own}: by the estimate {self.accounts.policy} takes less "
                f"({_interval(self.level, self[self.accounts.policy].gain)}), but the accounts do "
                f"not bear it out. {self.accounts.sentence}"
            )
        told = "" if self.accounts is None else f" {self.accounts.sentence}"
        if self.advised != self.own:
            return (
                f"Change to {self.advised}: on average it takes {self.gain.mean:.2%} a year less "
                f"than {self.own} ({_interval(self.level, self.gain)}), {self._place}.{told}"
            )
        if len(self.choices) == 1:
            return f"Keep {self.own}: there is no other policy to weigh it against."
        if self.own == least.name:
            return f"Keep {self.own}: {of} none takes less on average."
        if behind.mean <= self.material:
            return (
                f"Keep {self.own}: the least {of}, {least.name}, takes {behind.mean:.2%} a year "
                f"less on average ({_interval(self.level, behind)}); up to "
                f"{_percent(self.material)} is not worth a change."
            )
        return (
            f"Keep {self.own}: the least {of}, {least.name}, takes {behind.mean:.2%} a year less "
            f"on average, but not surely ({_interval(self.level, behind)})."
        )

    @property
    def _place(self) -> str:
        """Where the advised policy stands among all."""
        least, of = self.choices[0], f"{len(self.choices)} policies"
        behind = self[self.advised].behind.mean
        if self.checked and self.checked[0].policy != self.advised:
            return (
                f"of {of} the first within noise of the least that these accounts bear out: "
                f"{self.checked[0].policy}, which the estimate puts first, they do not"
            )
        if self.advised == least.name:
            return f"the least of {of}"
        if behind <= self.material:
            return (
                f"within {_percent(self.material)} of the least of {of}, and of those the one that "
                "trades least often"
            )
        return (
            f"the least of those that surely take less; {least.name} takes {behind:.2%} less "
            "still on average, but not surely less than yours"
        )

    @property
    def runners_up(self) -> tuple[str, ...]:
        """Policies that the estimate cannot tell from the least, and that surely beat the own.

        At most `RUNNERS_UP` of them, the least total first: what only runs through the accounts
        can tell apart. None where no change is advised.
        """
        if self.advised == self.own:
            return ()
        found = [
            one.name
            for one in self.choices
            if one.name not in (self.own, self.advised)
            and one.behind.low <= 0.0 < one.gain.low
            and one.gain.mean > self.material
        ]
        return tuple(found[:RUNNERS_UP])

    @property
    def checks(self) -> str:
        """Which policies were run through the accounts, plainly; empty where none was."""
        if not self.checked:
            return ""
        told = [
            f"{one.policy} (not to be told)"
            if isnan(one.gain)
            else f"{one.policy} ({abs(one.gain):.2%} a year {'less' if one.gain >= 0 else 'more'})"
            for one in self.checked
        ]
        return (
            f"All {len(self.choices)} policies were weighed with one ratio of tax to turnover. Run "
            f"through the accounts against {self.own}: {', '.join(told)}. The others were not."
        )

    @cached_property
    def frontier(self) -> tuple[Choice, ...]:
        """A few policies that none beats, from the least cost to the least distance.

        Of all that no other beats, those that are on the frontier of mean cost and mean distance,
        evenly chosen; always with the advised one, the least, the one that accounts speak of, and
        the investor's own.
        """
        front: list[Choice] = []
        for choice in sorted(self.choices, key=lambda one: (one.cost.mean, one.apart.mean)):
            if not choice.is_beaten and (not front or choice.apart.mean < front[-1].apart.mean):
                front.append(choice)
        if len(front) > SHOWN:
            step = (len(front) - 1) / (SHOWN - 1)
            front = [front[round(k * step)] for k in range(SHOWN)]
        shown = {choice.name for choice in front} | {self.advised, self.own, self.choices[0].name}
        if self.accounts is not None:
            shown.add(self.accounts.policy)
        found = [choice for choice in self.choices if choice.name in shown]
        return tuple(sorted(found, key=lambda one: (one.cost.mean, one.apart.mean)))

    def rows(self) -> tuple[list[str], list[list[str]]]:
        """Heads and cells of the table of the frontier, as a reader wants them rounded."""
        heads = ["policy", "cost and tax, bp", "from target", "together, bp"]
        heads += ["behind the least, bp", "interval, bp", "rebalances a year"]
        rows = []
        for one in self.frontier:
            sign = {self.advised: " <", self.own: " *"}.get(one.name, "")
            rows.append(
                [
                    one.name + sign,
                    f"{one.cost.mean * BP:.1f}",
                    f"{one.apart.mean:.2%}",
                    f"{one.total.mean * BP:.1f}",
                    f"{one.behind.mean * BP:.1f}",
                    f"{one.behind.low * BP:+.1f} to {one.behind.high * BP:+.1f}",
                    f"{one.rebalances:.1f}",
                ]
            )
        return heads, rows

    def summary(self) -> str:
        """The advice and the table, as text, and below it every finding."""
        told = f"{self.sentence}\n\n{text_table(*self.rows())}\n\n{self.below}"
        return with_findings(told, self.findings)

    @property
    def below(self) -> str:
        """What the marks stand for, and how the figures were made."""
        marks = ["* your policy"] + (["< advised"] if self.advised != self.own else [])
        return f"{', '.join(marks)}. Shares a year, means over {self.how}."

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """Every policy that was tried, one a row, the least total first."""
        columns: dict[str, list[Any]] = {"policy": [one.name for one in self.choices]}
        for name in ("cost", "apart", "total", "behind"):
            for end in ("mean", "low", "high"):
                word = name if end == "mean" else f"{name}_{end}"
                columns[word] = [getattr(getattr(one, name), end) for one in self.choices]
        columns["rebalances"] = [one.rebalances for one in self.choices]
        columns["is_beaten"] = [one.is_beaten for one in self.choices]
        return make_frame(columns, kind or self.frames)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""

        def told(spread: Spread) -> dict[str, float]:
            return {"mean": spread.mean, "low": spread.low, "high": spread.high}

        return {
            "advised": self.advised,
            "own": self.own,
            "sentence": self.sentence,
            "gain": told(self.gain),
            "in_accounts": None if self.accounts is None else self.accounts.to_dict(),
            "checked_in_accounts": [one.to_dict() for one in self.checked],
            "level": self.level,
            "material": self.material,
            "risk_aversion": self.risk_aversion,
            "tax_of_turnover": self.tax_of_turnover,
            "how": self.how,
            "frontier": [one.name for one in self.frontier],
            "policies": [
                {
                    "name": one.name,
                    "cost": told(one.cost),
                    "tracking_error": told(one.apart),
                    "total": told(one.total),
                    "behind": told(one.behind),
                    "gain": told(one.gain),
                    "rebalances_a_year": one.rebalances,
                    "is_beaten": one.is_beaten,
                }
                for one in self.choices
            ],
        }

    def _repr_html_(self) -> str:
        from html import escape

        if self.pager is not None:
            return self.pager(self)
        below = f"<p>{escape(self.below)}</p>{findings_listed(self.findings)}"
        return f"<p><b>{escape(self.sentence)}</b></p>{html_table(*self.rows())}{below}"


def advise(
    prices: PriceHistory,
    own: Policy,
    *,
    costs: Costs | None = None,
    tax_of_turnover: float = 0.0,
    risk_aversion: float = 3.0,
    level: float = 0.95,
    material: float = MATERIAL,
    when: Sequence[str] = WHENS,
    to: Sequence[str] = TOS,
    paths: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    on_progress: Callable[[int], None] | None = None,
    **options: Any,
) -> Advice:
    """Whether to keep a policy, or which other one to take.

    Args:
        prices: Total-return prices.
        own: The policy that is followed now; the others have its target. One that is made from
            prices is made anew on every shuffled history, once for all of them on each session at
            which one looks (with a band: on every one), and traded at the next close.
        costs: What trading costs.
        tax_of_turnover: Tax for each unit of money turned over, as 0.03; account mode knows it.
        risk_aversion: Of the investor: 3 counts a tracking error of 2% a year as 0.06% a year.
        level: How sure it must be that another takes less on average.
        material: What another must take less to be worth a change, as a share a year.
        when: When the other policies act, in words.
        to: How far they trade, in words.
        paths: How many shuffled histories; by default 200, or 40 where the target is made from
            prices or `own` acts on `breakdown`.
        seed: Names the chance.
        threads: How many run at once; they change no figure. A target that is made runs on one.
        on_progress: Told how many histories are done.
        options: Of `backtest`: cash, trade_at, start, end, cash_rate, ...

    Raises:
        OptionError: An option makes no sense, or history is too short to be shuffled.
        InputError: Prices or target cannot be used.
    """
    if not 0.0 <= risk_aversion < float("inf"):
        raise OptionError(f"risk_aversion {risk_aversion!r}: from 0 on; 3 is usual")
    if not 0.0 <= tax_of_turnover < 1.0:
        raise OptionError(f"tax_of_turnover {tax_of_turnover!r}: a fraction from 0 to below 1")
    if not 0.5 < level < 1.0:
        raise OptionError(f"level {level!r}: between 0.5 and 1, as 0.95")
    if not 0.0 <= material < 1.0:
        raise OptionError(f"material {material!r}: a share a year from 0 to below 1, as 0.0002")
    aim = read_target(own.target, own.label, short=bool(options.get("short")))
    refuse_insured(aim, f'policy "{own.label}"', "tt.advise")
    if paths is None:
        slow = isinstance(aim, MadeTarget) or own.when.breakdown
        paths = MADE_PATHS if slow else PATHS
    if paths < 20:
        raise OptionError(f"paths {paths!r}: at least 20, to tell noise")
    tried = grid(own, when=[*when, str(own.when)], to=[*to, str(own.to)])
    policies = [tried.policy(row)[0] for row in range(len(tried))]
    if isinstance(aim, MadeTarget):
        outcomes, assumed = found_outcomes(
            prices, policies, costs=costs or Costs(), paths=paths, seed=seed,
            on_progress=on_progress, **options,
        )  # fmt: skip
    else:
        result = backtest(prices, policies, costs=costs or Costs(), **options)
        assumed = result.assumed
        outcomes = bootstrap(
            result, paths=paths, seed=seed, threads=threads, on_progress=on_progress
        )
    name = f"{own.when} to {own.to}"
    advice = judged(
        outcomes, policies, name, tax_of_turnover=tax_of_turnover, risk_aversion=risk_aversion,
        level=level, material=material,
    )  # fmt: skip
    if tax_of_turnover:
        left = [one for one in assumed["not_modelled"] if one != "taxes"]
        assumed = {**assumed, "not_modelled": left}
    return replace(advice, assumed=assumed)


def judged(
    outcomes: Outcomes,
    policies: Sequence[Policy],
    own: str,
    *,
    tax_of_turnover: float,
    risk_aversion: float,
    level: float,
    material: float = MATERIAL,
) -> Advice:
    """The advice that outcomes over many paths give.

    Args:
        outcomes: The figures of the policies on every path.
        policies: They, in the order of the outcomes.
        own: The name of the one that is followed now.
        tax_of_turnover, risk_aversion, level, material: As for `advise`.
    """
    import numpy as np

    def figures(name: str) -> Floats:
        found: Floats = np.column_stack([outcomes.of(one.label, name) for one in policies])
        return found

    cost = figures("cost_a_year") + tax_of_turnover * figures("turnover_a_year")
    apart = figures("tracking_error")
    total = cost + 0.5 * risk_aversion * apart**2
    rebalances = figures("rebalances").mean(axis=0) / outcomes.years
    order = np.argsort(total.mean(axis=0), kind="stable")
    least = int(order[0])
    beaten = _beaten(cost, apart, level)
    places = {one.label: k for k, one in enumerate(policies)}
    choices = tuple(
        Choice(
            policy=policies[k],
            cost=_spread(cost[:, k], level),
            apart=_spread(apart[:, k], level),
            total=_spread(total[:, k], level),
            behind=mean_interval(total[:, k] - total[:, least], level),
            gain=mean_interval(total[:, places[own]] - total[:, k], level),
            rebalances=float(rebalances[k]),
            is_beaten=bool(beaten[k]),
        )
        for k in order
    )
    # By the mean total; `choices` come in its order.
    surely = [one for one in choices if one.gain.mean > material and one.gain.low > 0.0]
    same = [one for one in surely if one.total.mean - surely[0].total.mean <= material]
    advised = min(same, key=lambda one: one.rebalances).name if same else own
    return Advice(
        choices=choices,
        own=own,
        advised=advised,
        gain=next(one.gain for one in choices if one.name == advised),
        level=level,
        material=material,
        risk_aversion=risk_aversion,
        tax_of_turnover=tax_of_turnover,
        how=outcomes.how,
        frames=outcomes.frames,
        findings=outcomes.findings,
    )


def _beaten(cost: Floats, apart: Floats, level: float) -> Any:
    """Which policies another beats: no worse in both, better in one, on `level` of the paths."""
    import numpy as np

    found = np.zeros(cost.shape[1], dtype=bool)
    for k in range(len(found)):
        no_worse = (cost <= cost[:, [k]]) & (apart <= apart[:, [k]])
        better = (cost < cost[:, [k]]) | (apart < apart[:, [k]])
        found[k] = bool(((no_worse & better).mean(axis=0) >= level).any())
    return found


def _spread(values: Floats, level: float) -> Spread:
    import numpy as np

    low, high = np.percentile(values, [50.0 * (1.0 - level), 50.0 * (1.0 + level)])
    return Spread(float(values.mean()), float(low), float(high))


def mean_interval(values: Floats, level: float) -> Spread:
    """The mean over all paths, and the interval in which the mean over futures like these lies.

    Its standard error has two parts: what one history leaves open, which is the spread across
    paths that are as long as it (the bootstrap's own estimate), and what so many paths leave open
    of it. So more paths make it steadier, not narrower than one history allows.
    """
    from statistics import NormalDist

    mean = float(values.mean())
    error = float(values.std(ddof=1)) * sqrt(1.0 + 1.0 / len(values))
    wide = NormalDist().inv_cdf(0.5 + 0.5 * level) * error
    return Spread(mean, mean - wide, mean + wide)


def _interval(level: float, spread: Spread) -> str:
    return f"{level:.0%} interval {spread.low:+.2%} to {spread.high:+.2%}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g}%"
