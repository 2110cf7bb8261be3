"""The answer on top of a report, in words: which policies stand out, what they cost, what is noise.

A difference is called more than noise only where an interval over shuffled histories says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from trimtab.reports.words import listed
from trimtab.simulate.measures.metrics import is_short
from trimtab.simulate.research.results import percent, yearly

if TYPE_CHECKING:
    from trimtab.simulate.research.policy_result import PolicyResult
    from trimtab.simulate.research.results import Backtest
    from trimtab.simulate.uncertainty.difference import Difference


MOST_SENTENCES = 3
"""Clear differences that are told with their intervals; the table has all."""


NOT_TRIED = "Whether that is more than luck was not tried: shuffled histories tell (--paths 100)."
"""What is said of policies that ran over history alone."""


@dataclass(frozen=True)
class Answer:
    """The answer: one sentence or two, then a few points, each with a heading of a word or two."""

    headline: str
    points: tuple[tuple[str, str], ...]


def answer(result: Backtest, differences: Sequence[Difference] = ()) -> Answer:
    """What a reader should take away.

    Args:
        result: The policies.
        differences: Each other policy against the first, over the same shuffled histories; none
            where that was not tried.
    """
    policies = result.policies
    if len(policies) == 1:
        return _alone(policies[0], result.cash)
    points = [
        ("Growth", _growth(policies, differences)),
        ("Risk", _risk(policies, differences)),
        ("Cost", _cost(policies)),
    ]
    kept = _closeness(policies)
    if kept:
        points.append(("On target", kept))
    best = _frontier(policies)
    if best:
        points.append(("Best at its cost", best))
    return Answer(_headline(policies, differences), tuple(points))


def _alone(one: PolicyResult, cash: float) -> Answer:
    grew = "fell" if one.final_value < cash else "grew"
    flows = "" if one.flows is None else " with the money that came and went"
    told = (
        f"{quoted(one.name)}: {cash:,.0f} {grew} to {one.final_value:,.0f}{flows} from {one.first} "
        f"to {one.last}{_a_year(one)}. There is no other policy to compare it "
        "with."
    )
    return Answer(told, (("Risk", _risk([one], ())), ("Cost", _cost([one]))))


def _a_year(one: PolicyResult) -> str:
    """What that is a year, where the run is long enough to say it."""
    return "" if is_short(one.first, one.last) else f", {percent(one.cagr, 2)} a year"


def _headline(policies: Sequence[PolicyResult], differences: Sequence[Difference]) -> str:
    first = quoted(policies[0].name)
    if not differences:
        ordered = sorted(policies, key=lambda one: one.final_value)
        return (
            f"{quoted(ordered[-1].name)} ended highest, {quoted(ordered[0].name)} lowest. "
            f"{NOT_TRIED}"
        )
    said = {one.first: one["cagr"].verdict for one in differences}
    if "few" in said.values():
        gap = next(one["cagr"] for one in differences if one["cagr"].verdict == "few")
        ordered = sorted(policies, key=lambda one: one.final_value)
        return (
            f"{quoted(ordered[-1].name)} ended highest, {quoted(ordered[0].name)} lowest. Whether "
            f"that is more than luck is not known: too few paths to tell ({gap.paths:,}; at least "
            f"{gap.least:,})."
        )
    faster = [quoted(name) for name, verdict in said.items() if verdict == "more"]
    slower = [quoted(name) for name, verdict in said.items() if verdict == "less"]
    mixed = [quoted(name) for name, verdict in said.items() if verdict == "mixed"]
    if faster and slower:
        text = f"{listed(faster)} grew faster than {first}, {listed(slower)} slower"
    elif faster:
        text = f"{listed(faster)} grew faster than {first}"
    elif slower:
        text = f"{listed(slower)} grew slower than {first}"
    elif set(said.values()) == {"same"}:
        return f"The policies grew alike on every path: {first} and {_others(said)} did the same."
    elif mixed:
        others = " No other differs by more than noise." if len(mixed) < len(said) else ""
        return (
            f"Of the growth of {listed(mixed)} against {first} nothing can be told: history and "
            f"the shuffled histories disagree.{others}"
        )
    else:
        none = _others(said) + " did not grow" if len(said) == 1 else "No policy grew"
        return (
            f"{none} faster or slower than {first} by more than noise. Choose by cost, by risk, "
            "and by how close to its target each keeps the portfolio."
        )
    if mixed:
        return f"{text}, by more than noise. Of {listed(mixed)} history and paths disagree."
    rest = " All other differences in growth are noise." if "noise" in said.values() else ""
    return f"{text}, by more than noise.{rest}"


def _others(said: Mapping[str, str]) -> str:
    return listed([quoted(name) for name in said])


def quoted(name: str) -> str:
    """A policy's name inside a sentence."""
    return f"\u201c{name}\u201d"


def _growth(policies: Sequence[PolicyResult], differences: Sequence[Difference]) -> str:
    high, low = _ends(policies, lambda one: one.final_value)
    told = (
        f"{quoted(high.name)} ended highest, at {high.final_value:,.0f} "
        f"({yearly(high, high.cagr, 2)} a year); {quoted(low.name)} lowest, at "
        f"{low.final_value:,.0f} ({yearly(low, low.cagr, 2)} a year)."
    )
    clear = [one for one in differences if one["cagr"].verdict in ("more", "less")]
    for one in clear[:MOST_SENTENCES]:
        told += f" {_pair(one)}: {one['cagr'].sentence}."
    noisy = [one for one in differences if one["cagr"].verdict == "noise"]
    if any(one["cagr"].verdict == "few" for one in differences):
        told += " Too few paths to tell whether that is noise."
    for one in [one for one in differences if one["cagr"].verdict == "mixed"][:MOST_SENTENCES]:
        told += f" {_pair(one)}: {one['cagr'].sentence}."
    if noisy and not clear:
        widest = max(noisy, key=lambda one: abs(one["cagr"].observed))
        told += f" Even the widest gap, {_pair(widest)}: {widest['cagr'].sentence}."
    return told


def _pair(one: Difference) -> str:
    return f"{quoted(one.first)} against {quoted(one.second)}"


def _risk(policies: Sequence[PolicyResult], differences: Sequence[Difference]) -> str:
    deepest, mildest = _ends(policies, lambda one: -one.max_drawdown)
    if len(policies) == 1 or deepest.max_drawdown == mildest.max_drawdown:
        return (
            f"At worst {percent(-deepest.max_drawdown, 1)} below an earlier high; volatility "
            f"{percent(deepest.volatility, 1)} a year."
        )
    told = (
        f"{quoted(deepest.name)} fell deepest, {percent(-deepest.max_drawdown, 1)} below its "
        f"earlier high; "
        f"{quoted(mildest.name)} least, {percent(-mildest.max_drawdown, 1)}."
    )
    if differences:
        more = [quoted(one.first) for one in differences if one["max_drawdown"].verdict == "less"]
        less = [quoted(one.first) for one in differences if one["max_drawdown"].verdict == "more"]
        first = quoted(policies[0].name)
        if more:
            told += f" Deeper falls than those of {first} are more than noise for {listed(more)}."
        if less:
            told += f" Milder falls than those of {first} are more than noise for {listed(less)}."
        if any(one["max_drawdown"].verdict == "few" for one in differences):
            told += " Too few paths to tell whether these differences are noise."
        elif (
            not more
            and not less
            and all(one["max_drawdown"].verdict in ("noise", "same") for one in differences)
        ):
            told += f" Against {first} these differences are noise."
    return told


def _cost(policies: Sequence[PolicyResult]) -> str:
    dear, cheap = _ends(policies, lambda one: one.cost_paid)
    if dear.cost_paid == 0.0:
        return "Trading cost nothing in this run: no costs were given, or nothing was traded."
    drag = _small(dear.measures.cost_drag)
    if len(policies) == 1:
        return (
            f"Trading cost {dear.cost_paid:,.2f} in all and took {drag} a year off the return, for "
            f"{dear.rebalances:,} rebalances."
        )
    return (
        f"{quoted(dear.name)} paid most, {dear.cost_paid:,.2f} in all, which took {drag} a year "
        f"off its return, for {dear.rebalances:,} rebalances; {quoted(cheap.name)} "
        + (
            f"least, {cheap.cost_paid:,.2f} for {cheap.rebalances:,}."
            if cheap.cost_paid
            else "nothing."
        )
    )


def _closeness(policies: Sequence[PolicyResult]) -> str:
    known = [one for one in policies if not isnan(one.measures.drift_mean)]
    if len(known) < 2:
        return ""
    far, near = _ends(known, lambda one: one.measures.drift_mean)
    return (
        f"{quoted(near.name)} kept closest: on average {percent(near.measures.drift_mean, 1)} of "
        f"the portfolio would have had to move to be at target. With {quoted(far.name)} it was "
        f"{percent(far.measures.drift_mean, 1)}, at most {percent(far.measures.drift_max, 1)}."
    )


def _frontier(policies: Sequence[PolicyResult]) -> str:
    """The policies that no other beats in both cost and distance from the target."""
    known = [
        one
        for one in policies
        if not isnan(one.measures.tracking_error) and not isnan(one.measures.cost_drag)
    ]
    if len(known) < 3 or not any(one.cost_paid for one in known):
        return ""

    def both(one: PolicyResult) -> tuple[float, float]:
        return one.measures.cost_drag, one.measures.tracking_error

    def is_beaten(one: PolicyResult) -> bool:
        mine = both(one)
        return any(
            other is not one
            and both(other) != mine
            and all(a <= b for a, b in zip(both(other), mine, strict=True))
            for other in known
        )

    best = sorted((one for one in known if not is_beaten(one)), key=lambda one: both(one))
    if len(best) == len(known):
        return ""
    told = [
        f"{quoted(one.name)} ({_small(one.measures.cost_drag)} a year, tracking error "
        f"{percent(one.measures.tracking_error, 2)})"
        for one in best
    ]
    beaten = [quoted(one.name) for one in known if one not in best]
    return (
        f"No other was both cheaper and closer to its target than {listed(told)}. Not so "
        f"{listed(beaten)}."
    )


def _ends(
    policies: Sequence[PolicyResult], key: Callable[[PolicyResult], float]
) -> tuple[PolicyResult, PolicyResult]:
    """The policies with the most and the least of something; of equals the first."""
    return max(policies, key=key), min(policies, key=key)


def _small(share: float) -> str:
    return percent(share, 3)
