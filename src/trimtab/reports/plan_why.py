"""Why a plan acts, or does not: what the triggers saw, in figures."""

from __future__ import annotations

from fractions import Fraction

from trimtab.model.plan import Plan, Reading, SleeveRow
from trimtab.reports.findings_text import FEW, and_more
from trimtab.reports.layout import (
    Look,
)
from trimtab.reports.remedies import remedy
from trimtab.reports.words import listed, money, percent, sentence
from trimtab.triggers import deviation


def why_due(plan: Plan, look: Look, *, explain: bool = False, where: str = "") -> list[str]:
    """What fired, in figures: the sleeves furthest away first, then the calendar and the rest.

    Args:
        plan: The plan.
        look: What the reader can be shown.
        explain: Every sleeve, not only a few.
        where: Where the reader finds those that are left out, if not by asking for all.
    """
    fired = [one for one in plan.readings if one.fired]
    moved = sorted((one for one in fired if one.subject), key=lambda r: -_distance(plan, r))
    shown = moved if explain else moved[:FEW]
    lines = [sentence(told_reading(plan, one)) for one in shown]
    if len(shown) < len(moved):
        lines.append(and_more(len(moved) - len(shown), look, where))
    lines.extend(sentence(told_reading(plan, one)) for one in fired if not one.subject)
    return lines


def undue_label(plan: Plan) -> str:
    """Over a plan that does nothing: because nothing is due, or because something forbids it."""
    return "No plan" if _stopped(plan) else "Nothing due"


_STOPS = {
    "open-orders": "orders of an earlier plan are still open; until they are over none is made.",
    "prices-refused": "prices are missing, too old or not believed; see Error.",
    "cash-short": "there is not enough cash, and nothing more may be sold for it; see Error.",
    "nothing-to-divide": "beyond the cash buffer there is nothing to divide; see Warning.",
}
"""What keeps a plan from being made, by the code of its finding."""


def _stopped(plan: Plan) -> list[str]:
    """Why nothing could be planned, whether or not anything is due."""
    codes = {finding.code for finding in plan.findings}
    return [] if plan.due else [f"Nothing planned: {_STOPS[one]}" for one in _STOPS if one in codes]


_CALENDAR = ("daily", "weekly", "monthly", "quarterly", "annual")


def nothing_due(plan: Plan, look: Look) -> list[str]:
    """Why nothing is due: what the triggers saw, and what would have to happen."""
    lines: list[str] = []
    stopped = _stopped(plan)
    if stopped:
        return stopped
    for target in plan.drift_before:
        own = [one for one in plan.readings if one.target == target]
        name = "" if len(plan.drift_before) == 1 else f"{target}: "
        whole = [one for one in own if not one.subject]
        lines.extend(
            f"{name}{sentence(_looked(one))}{remedy(one.trigger, one.subject, look.ask)}"
            for one in whole
        )
        if not own:
            now = look.ask("now", "")
            lines.append(f"{name}The policy never acts by itself; {now} plans all the same.")
        near = _nearest(plan, target)
        if near:
            lines.append(f"{name}{near}")
    return lines


def _looked(reading: Reading) -> str:
    """What a trigger saw where nothing is due; that the calendar looks is not yet a trade."""
    if reading.fired and reading.trigger in _CALENDAR:
        return f"a look is due and finds nothing to trade: {reading.why}"
    return reading.why


def _nearest(plan: Plan, target: str) -> str:
    """The sleeve nearest to its band, and how far it still has to go."""
    rows = [row for row in plan.sleeves if row.target == target and row.band is not None]
    breached = [row.sleeve for row in rows if row.breached]
    if breached:
        if len(breached) == 1:
            return f"{breached[0]} is beyond its band already, and waits for the next look."
        return f"{listed(breached)} are beyond their bands already, and wait for the next look."
    if not rows:
        return ""
    row = min(rows, key=_room)
    band = row.band or Fraction(0)
    digits = deviation.digits_needed(abs(row.now - row.weight), band)
    now, weight = deviation.percent(row.now, digits), deviation.percent(row.weight, digits)
    return (
        f"Nearest to its band is {row.sleeve}: {now} against {weight} "
        f"(band {band_text(band, digits)}); {deviation.points(_room(row), digits)} to go."
    )


def _room(row: SleeveRow) -> Fraction:
    return (row.band or Fraction(0)) - abs(row.now - row.weight)


def _distance(plan: Plan, reading: Reading) -> Fraction:
    for row in plan.sleeves:
        if (row.target, row.sleeve) == (reading.target, reading.subject):
            return abs(row.now - row.weight)
    return Fraction(0)


def told_reading(plan: Plan, reading: Reading) -> str:
    """What a trigger saw, with the target that it looked at where there are several."""
    several = len(plan.drift_before) > 1
    return f"{reading.target}: {reading.why}" if several else reading.why


def told_figures(plan: Plan, target: str) -> list[str]:
    """Drift before and after; tax, cost and cash of the whole plan once, at the first target."""
    before, after = plan.drift_before[target], plan.drift_after[target]
    drift = f"Drift {percent(before)}"
    if plan.trades:
        drift += f" -> {percent(after)}"
    if target != next(iter(plan.drift_before)):
        return [f"{target}: {drift}"]
    figures = [drift if len(plan.drift_before) == 1 else f"{target}: {drift}"]
    if plan.trades:
        figures.append(f"Tax this year {money(plan.tax, sign=True)}")
        figures.append(cost_of_all(plan).replace("trading", "Trading", 1))
        figures.append(f"Cash left {money(sum(plan.cash_after.values()))}")
    else:
        cash = sum(plan.cash_after.values())
        if any(finding.severity == "error" for finding in plan.findings):
            cash -= sum(plan.flows.values())  # nothing comes in or goes out either
        figures.append(f"Cash {money(cash)}")
    return figures


def cost_of_all(plan: Plan) -> str:
    """What all trades cost, with the estimate of what moving prices does."""
    if plan.impact is None:
        return f"trading cost {money(plan.cost)}"
    both = plan.cost + plan.impact
    return f"trading cost {money(both)}, of it about {money(plan.impact)} market impact"


def band_text(band: Fraction, least: int = 1) -> str:
    """A band with one decimal, or with two where those are all that it has.

    >>> band_text(Fraction(1, 20)), band_text(Fraction(175, 10_000)), band_text(Fraction(1, 30))
    ('5.0pp', '1.75pp', '3.3pp')
    """
    is_exact = (band * 10_000).denominator == 1
    return deviation.points(band, max(least, deviation.digits_written(band) if is_exact else 1))
