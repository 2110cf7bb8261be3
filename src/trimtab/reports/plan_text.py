"""A plan as its reader sees it: short by default, everything on demand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from trimtab.model.findings import Finding
from trimtab.model.numbers import minor_from, money_text, quantity_text
from trimtab.model.plan import Plan, Reading, SleeveRow, Trade
from trimtab.reports.found_text import found_text
from trimtab.reports.layout import (
    FULL,
    LABEL,
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
from trimtab.reports.remedies import remedy
from trimtab.reports.words import counted, listed, money, percent, quantity, sentence
from trimtab.triggers import deviation

FEW = 3
"""So many fired triggers, trades left alone and notes are told in the short form."""

NAME_WIDTH = 14

# What a finding may be about that says nothing to a reader: ids of plans, orders and fills.
_NO_NAME = re.compile(r"household|\d{4}-\d\d-\d\d-[0-9a-f]+|([a-z]+-)?[0-9a-f]{24,}")

_RANK = {"error": 0, "warning": 1, "info": 2}
_LABELS = {"error": "Error", "warning": "Warning", "info": "Note"}
_ROLES: dict[str, Role] = {"error": "alarm", "warning": "warning", "info": ""}


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
    blocks.extend(found_text(plan.found, width=width, look=look, explain=explain))
    if plan.trades:
        doubt = [] if explain else wrapped(_doubt(plan), max(width - 2, LEAST_TEXT))
        doubt = [look.styled(f"  {line}", "dim") for line in doubt if line]
        blocks.append([*_trades(plan, width, look), *doubt])
    if explain:
        if any(trade.lots for trade in plan.trades):
            blocks.append(_lots(plan, width, look))
        blocks.append(_sleeves(plan, width, look))
        readings = [sentence(_reading(plan, one)) for one in plan.readings]
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


def findings_text(
    findings: Sequence[Finding], *, width: int, look: Look, explain: bool = False
) -> list[str]:
    """What the reader should know, the gravest first; of mere notes only a few when short."""
    told = list(findings) if explain else _with_one_of_dividends(findings, look)
    ordered = sorted(told, key=lambda finding: _RANK[finding.severity])
    grave = [one for one in ordered if one.severity != "info"]
    notes = [one for one in ordered if one.severity == "info"]
    shown = grave + (notes if explain else notes[:FEW])
    lines: list[str] = []
    label = ""
    for finding in shown:
        title = _LABELS[finding.severity]
        message = sentence(finding.message) + remedy(finding.code, finding.subject, look.ask)
        name = re.escape(finding.subject)
        is_told = re.search(rf"(?<!\w){name}(?!\w)", message) or _NO_NAME.fullmatch(finding.subject)
        text = message if is_told else f"{finding.subject}: {message}"
        lines += paragraph(
            "" if title == label else title,
            [text],
            width=width,
            look=look,
            role=_ROLES[finding.severity],
        )
        label = title
    if len(shown) < len(ordered):
        lines += paragraph("", [_and_more(len(ordered) - len(shown), look)], width=width, look=look)
    return lines


_DIVIDEND = re.compile(
    r"(?P<what>.+) went ex dividend (on|from) (?P<day>.+): expect (?P<money>[0-9.]+) in (?P<at>.+?)"
    r"\. .+"
)


def _with_one_of_dividends(findings: Sequence[Finding], look: Look) -> list[Finding]:
    """The findings, with several expected dividends told in one line, and the sum of them."""
    read = [(one, _DIVIDEND.fullmatch(one.message)) for one in findings]
    own = [(one, m) for one, m in read if one.code == "dividend-expected" and m]
    if len(own) < 2:
        return list(findings)
    total = sum(minor_from(Decimal(m["money"])) for _, m in own)
    each = ", ".join(f"{m['what']} {m['day']} {m['money']} in {m['at']}" for _, m in own)
    first = own[0][0]
    message = (
        f"{len(own)} dividends are expected, {money_text(total)} in all: {each}. They are booked "
        f"when the broker's statement is imported; {look.ask('explain', '')} has more of each."
    )
    folded = {id(one) for one, _ in own}
    told = [replace(first, subject="household", message=message)]
    return [one for one in findings if id(one) not in folded] + told


def _and_more(number: int, look: Look, where: str = "") -> str:
    return f"and {number} more: {where or look.ask('explain', '') + ' shows them'}"


# -- why ------------------------------------------------------------------------------------------


def _why(plan: Plan, width: int, explain: bool, look: Look) -> list[str]:
    lines = why_due(plan, look, explain=explain) if plan.due else nothing_due(plan, look)
    for target in plan.drift_before:
        lines.extend(packed(_figures(plan, target), width - LABEL))
    return lines


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
    lines = [sentence(_reading(plan, one)) for one in shown]
    if len(shown) < len(moved):
        lines.append(_and_more(len(moved) - len(shown), look, where))
    lines.extend(sentence(_reading(plan, one)) for one in fired if not one.subject)
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


def _reading(plan: Plan, reading: Reading) -> str:
    several = len(plan.drift_before) > 1
    return f"{reading.target}: {reading.why}" if several else reading.why


def _figures(plan: Plan, target: str) -> list[str]:
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


# -- the trades -----------------------------------------------------------------------------------


def _trades(plan: Plan, width: int, look: Look) -> list[str]:
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


def _doubt(plan: Plan) -> str:
    """How far the trades may be from the best ones, where that is more than one of their steps."""
    steps = [Fraction(trade.value, trade.quantity) for trade in plan.trades if trade.quantity]
    if not plan.gap or not steps or plan.gap <= min(steps):
        return ""
    return _distance_from_best(plan.gap)


def _distance_from_best(gap: int) -> str:
    return f"At most {money(gap)} from the best whole numbers of these trades (optimality gap)."


def _not_found(gap: int) -> str:
    return (
        "Not proved that no trade is best: whole numbers of the trades that were weighed may "
        f"leave up to {money(gap)} less drift, cost and tax."
    )


def _quantity(trade: Trade) -> str:
    if trade.amount is not None:
        return "by amount"
    return quantity(quantity_text(trade.quantity, trade.step))


def _cost(trade: Trade) -> str:
    """What a trade costs, with its estimated impact."""
    return money(trade.cost + (trade.impact or 0))


def _together(reason: str, lots: str) -> str:
    return f"{reason}; {lots}" if lots else reason


def _parts(trade: Trade) -> str:
    """What the cost of a trade consists of, where a part of it is an estimate."""
    if trade.impact is None:
        return ""
    return f" Costs {money(trade.cost)}, and about {money(trade.impact)} by moving the price."


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


def band_text(band: Fraction, least: int = 1) -> str:
    """A band with one decimal, or with two where those are all that it has.

    >>> band_text(Fraction(1, 20)), band_text(Fraction(175, 10_000)), band_text(Fraction(1, 30))
    ('5.0pp', '1.75pp', '3.3pp')
    """
    is_exact = (band * 10_000).denominator == 1
    return deviation.points(band, max(least, deviation.digits_written(band) if is_exact else 1))


def _left_alone(plan: Plan, explain: bool, look: Look) -> list[str]:
    shown = plan.left_alone if explain else plan.left_alone[:FEW]
    lines = []
    for note in shown:
        place = f"{note.instrument} in {note.account}" if note.account else note.instrument
        lines.append(f"{place}: {sentence(note.why)}")
    if len(shown) < len(plan.left_alone):
        lines.append(_and_more(len(plan.left_alone) - len(shown), look))
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
