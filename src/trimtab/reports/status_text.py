"""Where a household stands: sleeves against their bands, what is due and why, accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from fractions import Fraction

from trimtab.model.frozen import dataclass
from trimtab.model.numbers import Money
from trimtab.model.plan import Plan, SleeveRow
from trimtab.model.policy import To, When
from trimtab.reports.findings_text import findings_text
from trimtab.reports.found_text import found_text
from trimtab.reports.layout import (
    FULL,
    LEAST_TEXT,
    WIDE,
    Column,
    Look,
    Role,
    columns_of,
    headline,
    packed,
    paragraph,
    shortened,
    stacked,
    table,
    wrapped,
)
from trimtab.reports.plan_why import band_text, cost_of_all, nothing_due, undue_label, why_due
from trimtab.reports.words import counted, money, percent, points

HALF = 8
"""Signs on either side of the target in a drift bar; the band's edges stand half way."""

UNBANDED = Fraction(1, 10)
"""Half a bar stands for so much where a sleeve has no band."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the status shows it; money in minor units, cash included in the value."""

    account: str
    tax: str
    broker: str
    value: Money
    cash: Money


@dataclass(frozen=True, slots=True)
class Beside:
    """What a target's accounts hold beside its sleeves; `share` is None outside the base."""

    name: str
    value: Money
    share: Fraction | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a household stands on a day.

    Args:
        plan: What the policy would do that day: its sleeves, readings and findings are shown.
        when: When the policy acts.
        to: How far it goes.
        accounts: In the order of the portfolio.
        beside: By target, what its sleeves do not show: with them it adds up to all there is.
    """

    plan: Plan
    when: When
    to: To
    accounts: tuple[AccountRow, ...]
    beside: Mapping[str, tuple[Beside, ...]] = field(default_factory=dict)


def status_text(
    status: Status,
    *,
    width: int = 100,
    look: Look = FULL,
    explain: bool = False,
    ending: Sequence[str] = (),
) -> str:
    """The status for a terminal of `width` columns; `explain` shows every note."""
    plan = status.plan
    blocks = [_header(status, width, look)]
    blocks.extend(_sleeves(status, target, width, look) for target in plan.drift_before)
    label = "Due" if plan.due else undue_label(plan)
    blocks.append(paragraph(label, _due(status, look), width=width, look=look))
    blocks.extend(found_text(plan.founds, width=width, look=look, explain=explain))
    blocks.append(_accounts(status, width, look))
    blocks.append(findings_text(plan.findings, width=width, look=look, explain=explain))
    blocks.append([look.styled(line, "bold") for line in packed(ending, width)])
    return stacked(blocks)


def _header(status: Status, width: int, look: Look) -> list[str]:
    plan = status.plan
    total = sum(row.value for row in status.accounts)
    parts = (
        f'Household "{shortened(plan.household, 40, look)}"',
        f"{plan.as_of}",
        counted(len(status.accounts), "account"),
        f"{money(total)} {plan.currency}",
        f"policy {status.when} to {status.to}",
    )
    return headline(parts, width=width, look=look)


def _due(status: Status, look: Look) -> list[str]:
    plan = status.plan
    lines = why_due(plan, look, where="see above") if plan.due else nothing_due(plan, look)
    for target, drift in plan.drift_before.items():
        name = "" if len(plan.drift_before) == 1 else f"{target}: "
        lines.append(f"{name}Drift {percent(drift)}: so much would have to move to be on target.")
    if plan.due:
        figures = [f"A plan made now has {counted(len(plan.trades), 'trade')}"]
        if plan.trades:
            figures.append(f"tax this year {money(plan.tax, sign=True)}")
            figures.append(cost_of_all(plan))
        lines.append(f"{', '.join(figures)}.")
    return lines


# -- sleeves --------------------------------------------------------------------------------------


def _sleeves(status: Status, target: str, width: int, look: Look) -> list[str]:
    """The sleeves of one target, with as many columns as there is room for."""
    plain = replace(look, is_coloured=False)
    room = 26 if width >= WIDE - 10 else 20
    for beyond, has_value in (("beyond its band", True), ("beyond", True), ("beyond", False)):
        natural = _sleeve_table(status, target, _ENDLESS, plain, room, beyond, has_value=has_value)
        if all(columns_of(line) <= width for line in natural):
            break
    lines = _sleeve_table(status, target, width, look, room, beyond, has_value=has_value)
    if not has_value:
        said = "Not shown for want of room: value. A wider terminal, or --json, shows it."
        told = wrapped(said, max(width - 2, LEAST_TEXT))
        lines += [look.styled(f"  {line}", "dim") for line in told]
    return lines


_ENDLESS = 10_000


def _sleeve_table(
    status: Status,
    target: str,
    width: int,
    look: Look,
    room: int,
    beyond: str,
    *,
    has_value: bool,
) -> list[str]:
    plan = status.plan
    rows = [row for row in plan.sleeves if row.target == target]
    title = "sleeve" if len(plan.drift_before) == 1 else target
    columns = [
        Column(title, room="name"),
        Column("target", "right"),
        Column("now", "right"),
        Column("off", "right"),
        Column("band", "right"),
        Column("under" + " " * (2 * HALF + 1 - 9) + "over"),
    ]
    columns += [Column("value", "right")] if has_value else []
    columns.append(Column(""))
    names = _tree(rows, look)
    told = []
    for row, name in zip(rows, names, strict=True):
        cells = [
            shortened(name, room, look),
            percent(row.weight),
            percent(row.now),
            points(row.now - row.weight, sign=True),
            "" if row.band is None else band_text(row.band),
            bar(row.now - row.weight, row.band, look),
        ]
        cells += [money(row.value_before)] if has_value else []
        told.append([*cells, beyond if row.breached else ""])
    roles: list[Role] = ["alarm" if row.breached else "" for row in rows]
    for one in status.beside.get(target, ()):
        outside = one.share is None
        share = one.share or Fraction(0)
        # In brackets: no sleeve of the target, but what makes its figures add up.
        cells = [f"({one.name})", "", "", "", "", ""]
        if not outside:
            cells[1:4] = [percent(Fraction(0)), percent(share), points(share, sign=True)]
        cells += [money(one.value)] if has_value else []
        told.append([*cells, "outside the base" if outside else ""])
        roles.append("")
    return table(columns, told, width=width, look=look, roles=roles)


def _tree(rows: Sequence[SleeveRow], look: Look) -> list[str]:
    """The names of sleeves, those within another drawn as its branches."""
    names = []
    for place, row in enumerate(rows):
        path = row.sleeve.split(".")
        if len(path) == 1:
            names.append(row.sleeve)
            continue
        below = [one.sleeve.split(".") for one in rows[place + 1 :]]
        trunks = [
            look.trunk if _goes_on(path[: depth + 1], below) else "  "
            for depth in range(1, len(path) - 1)
        ]
        branch = look.branch if _goes_on(path, below) else look.last
        names.append("".join(trunks) + branch + path[-1])
    return names


def _goes_on(path: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a sleeve beside the one at `path` still follows."""
    beside = list(path[:-1])
    for other in below:
        if list(other[: len(beside)]) != beside:
            return False
        if len(other) == len(path):
            return True
    return False


def bar(away: Fraction, band: Fraction | None, look: Look = FULL) -> str:
    """A deviation as a mark beside the target; the edges of the band stand half way out.

    >>> from trimtab.reports.layout import ASCII
    >>> bar(Fraction(1, 20), Fraction(1, 20), ASCII)
    '    |---+---O    '
    """
    edge = HALF // 2
    if band is None:
        cells = [" "] * (2 * HALF + 1)
        steps = away / UNBANDED * HALF
    else:
        inner = [look.edge, *([look.bar] * (2 * edge - 1)), look.edge]
        cells = [" "] * (HALF - edge) + inner + [" "] * (HALF - edge)
        steps = away / band * edge if band else Fraction(0)
    cells[HALF] = look.target
    cells[HALF + max(-HALF, min(HALF, _towards_band(steps, edge)))] = look.here
    return "".join(cells)


def _towards_band(steps: Fraction, edge: int) -> int:
    """The nearest sign, but on the edge only what has reached it, and on target only what is."""
    place = round(steps)
    if abs(place) == edge and abs(steps) < edge:
        place = (edge - 1) * (1 if steps > 0 else -1)
    if place == 0 and steps != 0 and abs(steps) >= Fraction(1, 4):
        place = 1 if steps > 0 else -1
    return place


def _accounts(status: Status, width: int, look: Look) -> list[str]:
    columns = [
        Column("account", room="whole"),
        Column("tax"),
        Column("broker"),
        Column("value", "right"),
        Column("of it cash", "right"),
    ]
    rows = [
        (
            row.account,
            row.tax,
            row.broker,
            money(row.value),
            money(row.cash),
        )
        for row in status.accounts
    ]
    return table(columns, rows, width=width, look=look)
