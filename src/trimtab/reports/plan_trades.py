"""The trades of a plan as a table, each with its reason in a few words."""

from __future__ import annotations

from fractions import Fraction

from trimtab.model.numbers import quantity_text
from trimtab.model.plan import Plan, SleeveRow, Trade
from trimtab.reports.layout import (
    WIDE,
    Column,
    Look,
    columns_of,
    paragraph,
    shortened,
    table,
)
from trimtab.reports.words import counted, money, quantity, sentence
from trimtab.triggers import deviation

NAME_WIDTH = 14


def trades(plan: Plan, width: int, look: Look) -> list[str]:
    """A row a trade, with the reason beside it where there is room, else below the table.

    On a wide screen the lots have a column of their own.
    """
    for beside in ("apart", "together"):
        if beside == "together" or width >= WIDE:
            lines = _trades_in_rows(plan, width, look, beside)
            if max(map(columns_of, lines[1:]), default=0) <= width:  # the first may be coloured
                return lines
    named = [
        f"{trade.side} {trade.instrument} in {trade.account}: "
        f"{_together(_reason(plan, trade), _lots_sold(trade))}"
        for trade in plan.trades
    ]
    below = paragraph("", named, width=width, look=look)
    return [*_trades_in_rows(plan, width, look, "below"), "", *below]


def _trades_in_rows(plan: Plan, width: int, look: Look, reasons: str) -> list[str]:
    """The table of trades.

    Args:
        plan: The plan.
        width: Columns of the terminal.
        look: Signs and colours.
        reasons: Where the reasons and the lots stand: each `apart`, `together`, or `below`, where
            this table has none of them.
    """
    columns = [
        Column("action"),
        Column("instrument", room="name"),
        Column("account", room="whole"),
        Column("quantity", "right"),
        Column("value", "right"),
    ]
    rows: list[list[str]] = []
    for trade in plan.trades:
        lots, cost, reason = _lots_sold(trade), _cost(trade), _reason(plan, trade)
        ends = {
            "apart": [lots, cost, reason],
            "together": [cost, _together(reason, lots)],
            "below": [cost],
        }
        row = [
            trade.side,
            shortened(trade.instrument, NAME_WIDTH, look),
            trade.account,
            _quantity(trade),
            money(trade.value),
        ]
        rows.append(row + ends[reasons])
    if reasons == "apart":
        columns.append(Column("lots, gain"))
    columns.append(Column("cost", "right"))
    if reasons == "apart":
        columns.append(Column("reason", room="text"))
    elif reasons == "together":
        columns.append(Column("reason; lots, gain", room="text"))
    return table(columns, rows, width=width, look=look)


def _quantity(trade: Trade) -> str:
    if trade.amount is not None:
        return "by amount"
    return quantity(quantity_text(trade.quantity, trade.step))


def _cost(trade: Trade) -> str:
    """What a trade costs, with its estimated impact."""
    return money(trade.cost + (trade.impact or 0))


def _together(reason: str, lots: str) -> str:
    return f"{reason}; {lots}" if lots else reason


def _lots_sold(trade: Trade) -> str:
    """Which lots a sale takes, in a few words; gains and losses apart, as they are taxed."""
    if trade.side == "buy" or not trade.lots:
        return ""
    if all(lot.term == "none" for lot in trade.lots):
        return f"no tax in {trade.account}"
    gains = [lot.gain or 0 for lot in trade.lots]
    won, lost = sum(one for one in gains if one > 0), sum(one for one in gains if one < 0)
    both = " ".join(money(one, sign=True) for one in (won, lost) if one) or money(0, sign=True)
    terms = sorted({lot.term for lot in trade.lots})
    text = f"{counted(len(trade.lots), 'lot')}, {both} {'+'.join(terms)}"
    return f"{text}, tax {money(trade.tax)}" if trade.tax else f"{text}, no tax"


def _reason(plan: Plan, trade: Trade) -> str:
    """A trade's reason in a few words; before it, that a halt blocks the trade."""
    halted = {finding.subject for finding in plan.findings if finding.code == "halted"}
    by = [scope for scope in (trade.account, "household") if scope in halted]
    why = _reason_alone(plan, trade)
    return f"blocked, {by[0]} is halted; {why}" if by else why


def _reason_alone(plan: Plan, trade: Trade) -> str:
    """A trade's reason in a few words, with the figures that its sentence has."""
    own = (one for one in plan.sleeves if one.sleeve == trade.sleeve and _covers(plan, one, trade))
    row = next(own, None)
    away = Fraction(0) if row is None else _away(plan, row)
    side = "over" if trade.side == "sell" else "under"
    has_figure = trade.reason in ("overweight", "underweight", "new-cash") and away
    if not has_figure or (away > 0) != (trade.side == "sell"):
        told = sentence(trade.why.partition("; ")[0]).removesuffix(".")
        lack = told.partition(" of the withdrawal")[0]
        return told if lack == told else lack.replace(f"cash in {trade.account} is", "cash")
    flows = " after flows" if row is not None and _flow(plan, row) else ""
    told = f"{trade.sleeve} {deviation.points(abs(away))} {side}{flows}"
    return f"{told}; from the deposit" if trade.reason == "new-cash" else told


def _away(plan: Plan, row: SleeveRow) -> Fraction:
    """How far a sleeve without cash is over its target once cash came in or went out, exactly."""
    flow = _flow(plan, row)
    if not flow or not row.now:
        return row.now - row.weight
    base = Fraction(row.value_before) / row.now
    return row.value_before / (base + flow) - row.weight


def _flow(plan: Plan, row: SleeveRow) -> int:
    """What comes in or goes out of the accounts that share the target of a row."""
    return sum(
        money
        for account, money in plan.flows.items()
        if row.target == (account if account in plan.drift_before else "household")
    )


def _covers(plan: Plan, row: SleeveRow, trade: Trade) -> bool:
    """Whether the row is of the target that the trade serves: its account's own, if it has one."""
    targets = plan.drift_before
    return row.target == (trade.account if trade.account in targets else "household")
