"""A plan as its reader sees it: short by default, everything on demand."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.model.numbers import quantity_text
from trimtab.model.plan import Plan, Trade
from trimtab.reports.findings_text import FEW, and_more, findings_text
from trimtab.reports.found_text import found_text
from trimtab.reports.layout import (
    FULL,
    LABEL,
    Column,
    Look,
    headline,
    packed,
    paragraph,
    shortened,
    stacked,
    table,
)
from trimtab.reports.plan_trades import trades
from trimtab.reports.plan_why import (
    band_text,
    nothing_due,
    told_figures,
    told_reading,
    undue_label,
    why_due,
)
from trimtab.reports.words import counted, money, percent, quantity, sentence


def plan_text(
    plan: Plan,
    *,
    width: int = 100,
    explain: bool = False,
    look: Look = FULL,
    ending: Sequence[str] = (),
) -> str:
    """A plan for a terminal of `width` columns.

    Args:
        plan: The plan.
        width: Columns of the terminal; from 110 on, reasons stand beside the figures.
        explain: Every reading, every lot, every sleeve before and after, every note.
        look: The signs and colours that the terminal can show.
        ending: What to say last: where it was saved, what to do next.
    """
    blocks = [header(plan, width, look)]
    blocks.append(
        paragraph(
            "Why now" if plan.due else undue_label(plan),
            _why(plan, width, explain, look),
            width=width,
            look=look,
        )
    )
    blocks.extend(found_text(plan.founds, width=width, look=look, explain=explain))
    if plan.trades:
        blocks.append(trades(plan, width, look))
    if explain:
        if any(trade.lots for trade in plan.trades):
            blocks.append(_lots(plan, width, look))
        blocks.append(_sleeves(plan, width, look))
        readings = [sentence(told_reading(plan, one)) for one in plan.readings]
        blocks.append(paragraph("Readings", readings, width=width, look=look))
        whys = [
            f"{one.side} {one.instrument} in {one.account}: {sentence(one.why)}{_parts(one)}"
            for one in plan.trades
        ]
        blocks.append(paragraph("Reasons", whys, width=width, look=look))
    blocks.append(paragraph("Left alone", _left_alone(plan, explain, look), width=width, look=look))
    blocks.append(findings_text(plan.findings, width=width, look=look, explain=explain))
    if explain:
        blocks.append(paragraph("Made from", _origin(plan), width=width, look=look))
    blocks.append([look.styled(line, "bold") for line in packed(ending, width)])
    return stacked(blocks)


def header(plan: Plan, width: int, look: Look) -> list[str]:
    """The first line: which plan, of whom, how much, and that nothing has happened yet."""
    parts = (
        f"Plan {plan.id}",
        f'Household "{shortened(plan.household, 40, look)}"',
        counted(len(plan.cash_after), "account"),
        counted(len(plan.trades), "trade"),
        "nothing has been traded",
    )
    return headline(parts, width=width, look=look)


def _why(plan: Plan, width: int, explain: bool, look: Look) -> list[str]:
    lines = why_due(plan, look, explain=explain) if plan.due else nothing_due(plan, look)
    for target in plan.drift_before:
        lines.extend(packed(told_figures(plan, target), width - LABEL))
    return lines


def _distance_from_best(gap: int) -> str:
    return f"At most {money(gap)} from the best whole numbers of these trades (optimality gap)."


def _not_found(gap: int) -> str:
    return (
        "Not proved that no trade is best: whole numbers of the trades that were weighed may "
        f"leave up to {money(gap)} less drift, cost and tax."
    )


def _parts(trade: Trade) -> str:
    """What the cost of a trade consists of, where a part of it is an estimate."""
    if trade.impact is None:
        return ""
    return f" Costs {money(trade.cost)}, and about {money(trade.impact)} by moving the price."


def _lots(plan: Plan, width: int, look: Look) -> list[str]:
    columns = [
        Column("lot sold", room="name"),
        Column("quantity", "right"),
        Column("acquired"),
        Column("basis", "right"),
        Column("gain", "right"),
        Column("term"),
        Column("tax", "right"),
    ]
    rows = [
        (
            shortened(lot.lot, 30, look),
            quantity(quantity_text(lot.quantity, trade.step)),
            str(lot.acquired or ""),
            "" if lot.basis is None else money(lot.basis),
            "" if lot.gain is None else money(lot.gain, sign=True),
            "" if lot.term == "none" else lot.term,
            money(lot.tax),
        )
        for trade in plan.trades
        for lot in trade.lots
    ]
    return table(columns, rows, width=width, look=look)


def _sleeves(plan: Plan, width: int, look: Look) -> list[str]:
    several = len(plan.drift_before) > 1
    columns = [
        Column("sleeve", room="name"),
        Column("target", "right"),
        Column("before", "right"),
        Column("after", "right"),
        Column("band", "right"),
        Column("value before", "right"),
        Column("value after", "right"),
    ]
    rows = [
        (
            shortened(f"{row.target}: {row.sleeve}" if several else row.sleeve, 24, look),
            percent(row.weight),
            percent(row.now),
            percent(row.after),
            "" if row.band is None else band_text(row.band),
            money(row.value_before),
            money(row.value_after),
        )
        for row in plan.sleeves
    ]
    return table(columns, [*rows, *_all_cash(plan)], width=width, look=look)


def _all_cash(plan: Plan) -> list[tuple[str, ...]]:
    """All cash, buffer included, where no sleeve is just that: with it the values add up."""
    after = sum(plan.cash_after.values())
    spent = sum(t.value if t.side == "buy" else -t.value for t in plan.trades) + plan.cost
    before = after + spent - sum(plan.flows.values())
    shown = {(row.value_before, row.value_after) for row in plan.sleeves}
    if (before, after) in shown or not (before or after):
        return []
    return [("(all cash)", "", "", "", "", money(before), money(after))]


def _left_alone(plan: Plan, explain: bool, look: Look) -> list[str]:
    shown = plan.left_alone if explain else plan.left_alone[:FEW]
    lines = []
    for note in shown:
        place = f"{note.instrument} in {note.account}" if note.account else note.instrument
        lines.append(f"{place}: {sentence(note.why)}")
    if len(shown) < len(plan.left_alone):
        lines.append(and_more(len(plan.left_alone) - len(shown), look))
    return lines


def _origin(plan: Plan) -> list[str]:
    lines = [f"inputs {plan.inputs_hash}"]
    if plan.state_head:
        lines.append(f"record {plan.state_head}")
    if plan.gap is None:
        lines.append("No bound is known for how far this is from the best plan.")
    elif plan.gap:
        lines.append(_distance_from_best(plan.gap) if plan.trades else _not_found(plan.gap))
    elif plan.trades:
        lines.append(
            "Proved: no other quantities of the instruments searched do better. Another instrument "
            "in their place may."
        )
    for target, period in plan.periods.items():
        looked = period.partition(":")[2] or period
        lines.append(f"{target}: once this plan is applied, the look of {looked} is done.")
    return lines
