"""A plan in a notebook: why, the trades, and each sleeve before and after against its target."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from trimtab.model.numbers import quantity_text
from trimtab.reports.layout import FULL
from trimtab.reports.notebook import findings_list, framed, note, table
from trimtab.reports.plan_why import cost_of_all, nothing_due, why_due
from trimtab.reports.words import counted, money, quantity, sentence

if TYPE_CHECKING:
    from trimtab.model.plan import Plan, SleeveRow

WIDE, ROW, LEFT, RIGHT, FOOT = 640, 30, 150, 110, 18
MOST_LETTERS = 20
"""Letters of a sleeve's name beside its bars."""


def plan_notebook(plan: Plan) -> str:
    """A plan as a piece of HTML that loads nothing and has no script; names are text in it."""
    head = (
        f'Plan {plan.id} \u00b7 household "{plan.household}" \u00b7 '
        f"{counted(len(plan.trades), 'trade')} \u00b7 nothing has been traded"
    )
    why = why_due(plan, FULL) if plan.due else nothing_due(plan, FULL)
    rows = [
        [
            f"{trade.side} {trade.instrument}",
            trade.account,
            quantity(quantity_text(trade.quantity, trade.step)),
            money(trade.value),
            money(trade.cost),
            money(trade.tax),
            trade.reason,
        ]
        for trade in plan.trades
    ]
    heads = ["trade", "account", "quantity", "value", "cost", "tax", "reason"]
    drifts = "; ".join(
        f"drift {float(before):.1%} before, {float(plan.drift_after[name]):.1%} after"
        + (f" ({name})" if len(plan.drift_before) > 1 else "")
        for name, before in plan.drift_before.items()
    )
    costs = cost_of_all(plan) if plan.trades else ""
    return framed(
        note(head),
        *(f"<p>{escape(sentence(line))}</p>" for line in why),
        table(heads, rows) if rows else "",
        "".join(_bars(plan, name) for name in plan.drift_before),
        note(" ".join(sentence(one) for one in (drifts, costs) if one)),
        findings_list(plan.findings),
    )


def _bars(plan: Plan, target: str) -> str:
    """Leaves of one target: a bar for now, one for after, and a mark at the target."""
    rows = [row for row in plan.sleeves if row.target == target and row.is_leaf]
    if not rows:
        return ""
    most = max(max(float(row.now), float(row.after), float(row.weight)) for row in rows) or 1.0
    high = ROW * len(rows) + FOOT
    drawn = [_bar(row, place, most) for place, row in enumerate(rows)]
    title = "Sleeves" if len(plan.drift_before) == 1 else f"Sleeves of {target}"
    said = f"{title}: now, after these trades, and the target, as shares of the portfolio"
    keys = "Grey: now. Coloured: after these trades. Line: the target."
    return (
        f'<figure style="max-width:680px"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDE} {high}" role="img" aria-label="{escape(said)}">'
        f'{"".join(drawn)}<text x="{LEFT}" y="{high - 4}">{keys}</text></svg></figure>'
    )


def _bar(row: SleeveRow, place: int, most: float) -> str:
    top = place * ROW + 4

    def x(share: float) -> float:
        return LEFT + max(share, 0.0) / most * (WIDE - LEFT - RIGHT)

    now, after, aim = float(row.now), float(row.after), float(row.weight)
    name = (
        row.sleeve if len(row.sleeve) <= MOST_LETTERS else f"{row.sleeve[: MOST_LETTERS - 1]}\u2026"
    )
    said = f"{row.sleeve}: {now:.1%} now, {after:.1%} after, target {aim:.1%}"
    figure = f"{after:.1%}" if row.now == row.after else f"{now:.1%} \u2192 {after:.1%}"
    return (
        f"<g><title>{escape(said)}</title>"
        f'<text class="name" x="{LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="now" x="{LEFT}" y="{top}" width="{x(now) - LEFT:.1f}" height="8"/>'
        f'<rect class="after" x="{LEFT}" y="{top + 10}" width="{x(after) - LEFT:.1f}" height="8"/>'
        f'<path class="aim" d="M{x(aim):.1f} {top - 2}V{top + 20}"/>'
        f'<text x="{max(x(now), x(after), x(aim)) + 6:.1f}" y="{top + 13}">{figure}</text></g>'
    )
