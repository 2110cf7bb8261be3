"""What runs in account mode have to say together: each thing once, with whose runs say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from trimtab.engine.value import PLAN_AGAIN
from trimtab.execution.corporate import COMPARE, NEXT_ENTRY
from trimtab.model.findings import Finding
from trimtab.model.numbers import money_text

if TYPE_CHECKING:
    from trimtab.costs import Costs
    from trimtab.simulate.accounts.run import AccountRun

MATTERS = ("withdrawal-unpaid", "withdrawal-late", "tax-unpaid")
"""Told of shuffled histories whatever history said: how often it happens is the answer."""

GRAVEST = ("error", "warning", "info")
"""The order in which findings are told."""

Key = tuple[str, str]
"""Code and subject: what a finding is about."""


def findings_of(runs: Sequence[AccountRun]) -> tuple[Finding, ...]:
    """The findings of all runs: what all say alike once, all else once with whose it is.

    Args:
        runs: Of several policies, over the same history.
    """
    told: dict[Key, dict[str, Finding]] = {}
    for run in runs:
        for one in run.findings:
            told.setdefault((one.code, one.subject), {}).setdefault(run.name, one)
    return tuple(_together(own, len(runs)) for own in told.values())


def impact_left_out(costs: Iterable[Costs], *, are_volumes_known: bool) -> list[Finding]:
    """What of the market impact that costs state fills in account mode are not charged."""
    each = [one for own in costs for one in (own, *own.by_instrument.values())]
    if are_volumes_known and any(one.permanent_impact for one in each):
        message = (
            "of permanent impact an order pays its own half; prices of later sessions stay as "
            "history has them. Research mode moves those too"
        )
    elif not are_volumes_known and any(one.moves_prices for one in each):
        message = "the volumes of usual days are not known here: no order is charged market impact"
    else:
        return []
    return [Finding("impact-not-charged", "costs", message, "warning")]


def _together(own: Mapping[str, Finding], runs: int) -> Finding:
    """One finding of those of several policies about the same, by policy."""
    first = next(iter(own.values()))
    alike = [name for name, one in own.items() if one.message == first.message]
    others = [name for name in own if name not in alike]
    if len(alike) == runs:
        return first
    more = f"; so too {_listed(others)}, at other times or amounts" if others else ""
    return replace(first, message=f"{_listed(alike)}: {first.message.removesuffix('.')}{more}")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass
class PathTally:
    """How many shuffled histories each policy's findings were made on.

    Args:
        known: What each policy's run over history said: that is not told again, but for what
            matters.
    """

    known: Sequence[frozenset[Key]] = ()
    _first: dict[Key, tuple[int, Finding]] = field(default_factory=dict)
    _counts: dict[Key, dict[int, int]] = field(default_factory=dict)

    def add(self, path: int, by_policy: Sequence[Sequence[Finding]]) -> None:
        """Count the findings of one path, by policy."""
        for policy, findings in enumerate(by_policy):
            for key, one in {(one.code, one.subject): one for one in findings}.items():
                if self.known and key in self.known[policy] and one.code not in MATTERS:
                    continue
                self._first.setdefault(key, (path, one))
                counts = self._counts.setdefault(key, {})
                counts[policy] = counts.get(policy, 0) + 1

    def findings(self, names: Sequence[str], paths: int) -> tuple[Finding, ...]:
        """One finding of each kind, with how often each policy had it, and the first in words.

        What money was missing for comes first, then warnings, each by how often there was one.
        """
        found = []
        for key, (path, one) in self._first.items():
            counts = self._counts[key]
            often = ", ".join(f"{n:,} for {names[k]}" for k, n in sorted(counts.items()))
            # The message names what it is about: the subject need not be said twice.
            message = (
                f"in {often} of {paths:,} shuffled histories. On number {path + 1}: "
                f"{one.message.removesuffix('.')}"
            )
            weight = one.code not in MATTERS, GRAVEST.index(one.severity), -max(counts.values())
            found.append((weight, replace(one, message=message)))
        return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


@dataclass
class Undecided:
    """The sessions on which a policy asked, and too little had a good price to decide anything."""

    days: list[date] = field(default_factory=list)
    first: Finding | None = None

    def note(self, day: date, finding: Finding) -> None:
        """One more session, and why."""
        if not self.days or self.days[-1] != day:
            self.days.append(day)
        self.first = self.first or finding

    def said(self, sessions: Sequence[date]) -> list[Finding]:
        """From when on, on how many sessions of a run, and why at first, and what to mend.

        One session alone is a warning: what was due then is decided at the next one.
        """
        if self.first is None:
            return []
        first, last = self.days[0], self.days[-1]
        if first == last:
            when = f"on {first}"
        else:
            when = f"from {first} {'on' if last == sessions[-1] else f'to {last}'}"
        is_one = len(self.days) == 1
        left = " What was due was left to the next session." if is_one else ""
        which = f"of {first}" if is_one else "of those days"
        why, _, more = self.first.message.partition(PLAN_AGAIN)
        message = (
            f"no decision {when}, on {len(self.days):,} of {len(sessions):,} sessions: {why}{left} "
            f"Mend the prices {which}.{more}"
        )
        severity = "warning" if is_one else self.first.severity
        return [replace(self.first, message=message, severity=severity)]


def idle_dividends(paid: int, cash: int, worth: int) -> Finding:
    """That a policy which never acts invests no dividends, which others that it stands beside do.

    Args:
        paid: Cash dividends in all, minor units.
        cash: Cash at the last close, minor units.
        worth: What all accounts are worth then, minor units.
    """
    share = f", {cash / worth:.1%} of what it is worth" if worth > 0 else ""
    message = (
        f"never trades, so its dividends of {money_text(paid)} stayed cash: {money_text(cash)} of "
        f"cash at the end{share}. Policies that trade invest theirs. Dividends that are reinvested "
        "(`dividends=reinvest`, or `dividends=towards-target`) put all of them on one footing"
    )
    return Finding("idle-dividends", "dividends", message, "info")


def in_a_backtest(finding: Finding) -> Finding:
    """What bringing the record up to a day says, without what is only true of a real record."""
    for only in (NEXT_ENTRY, COMPARE):
        if finding.message.endswith(only):
            more = "; nothing is traded for it" if only == NEXT_ENTRY else ""
            return replace(finding, message=f"{finding.message.removesuffix(only)}{more}")
    return finding


def listed_late(instrument: str, on: date) -> Finding:
    """That an instrument has no price yet: history, and nobody's error."""
    message = f"{instrument} has no price before {on}: nothing of it is bought until then"
    return Finding("listed-late", instrument, message, "info", on)
