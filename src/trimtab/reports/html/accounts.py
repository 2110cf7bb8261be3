"""The page of a run in account mode: what is left after tax, what was taxed, and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any

from trimtab.model.numbers import money_text, quantity_text
from trimtab.reports.backtest_text import account_conventions
from trimtab.reports.html.answer import NOT_TRIED, quoted
from trimtab.reports.html.data import report_data, script_json
from trimtab.reports.html.drawn import AccountCurve, account_curve
from trimtab.reports.html.marks import Mark, marks_of, marks_told
from trimtab.reports.html.page import (
    NOSCRIPT,
    assumed_section,
    chart,
    document,
    notes_section,
    outcomes_chart,
    warnings_section,
)
from trimtab.reports.html.series import Yearly, yearly
from trimtab.reports.html.spreads import Spread, account_spreads, nine_of_ten
from trimtab.reports.html.still import answer_section, day, lines_section
from trimtab.reports.html.tables import (
    Cell,
    against,
    long,
    policy_table,
    safe,
    swatch,
    yearly_table,
)
from trimtab.reports.words import counted, listed
from trimtab.simulate.accounts.assumed import assumed_of_runs
from trimtab.simulate.accounts.findings import findings_of
from trimtab.simulate.accounts.paths import ACCOUNT_PATHS
from trimtab.simulate.measures.metrics import is_short
from trimtab.simulate.research.results import percent
from trimtab.simulate.uncertainty.difference import LEAST_PATHS

if TYPE_CHECKING:
    from trimtab.simulate.accounts.paths import AccountGap, AccountPaths
    from trimtab.simulate.accounts.run import AccountRun
    from trimtab.simulate.accounts.tax import OpenLot, TaxYear


def accounts_page(
    runs: Sequence[AccountRun], shuffled: AccountPaths | None, remarks: Sequence[str]
) -> str:
    """The whole page."""
    curves = [account_curve(run) for run in runs]
    years = [yearly(curve) for curve in curves]
    one = curves[0]
    title = f"Rebalancing after tax, {one.first} to {one.last}"
    told = findings_of(runs)
    marks = marks_of(told, one.first, one.last)
    spreads = account_spreads(runs, shuffled)
    growth, falls, by_year, *others = _charts(runs, marks)
    findings = (*told, *(shuffled.findings if shuffled else ()))
    parts = [
        '<p class="mode">Account mode</p>',
        f"<h1>Rebalancing after tax, {day(one.first)} to {day(one.last)}</h1>",
        f'<p class="under">{safe(_under(runs))}</p>',
        _answer(runs, shuffled),
        warnings_section(findings),
        NOSCRIPT,
        growth,
        "<section><h2>The policies</h2>",
        _gave(runs, spreads),
        _risked(runs),
        _took(runs),
        "</section>",
        falls,
        by_year,
        _taxes(runs),
        *others,
        _outcomes(runs, shuffled, spreads),
        "<section><h2>Year by year</h2>",
        yearly_table(curves, years),
        "</section>",
        _lots(runs[0]),
        notes_section(findings),
        assumed_section(assumed_of_runs(runs, told)),
        _conventions([*account_conventions(runs[0]), *remarks], shuffled),
    ]
    return document(
        title,
        "\n".join(part for part in parts if part),
        script_json(_data(runs, (curves, years), marks, spreads)),
    )


def _data(
    runs: Sequence[AccountRun],
    drawn: tuple[Sequence[AccountCurve], Sequence[Yearly]],
    marks: Sequence[Mark],
    spreads: Sequence[Spread],
) -> dict[str, Any]:
    """What the charts draw: as in research mode, and tax and gains by year."""
    curves, years = drawn
    data = report_data(curves, years, spreads, marks)
    span = years[0].years

    def by_year(run: AccountRun, *names: str) -> list[float]:
        found = {one.year: sum(getattr(one, name) for name in names) for one in run.tax_by_year}
        return [found.get(year, 0) / 100 for year in span]

    data["tax"] = [by_year(run, "tax") for run in runs]
    data["gains"] = [by_year(run, "short_gain", "long_gain") for run in runs]
    data["losses"] = [by_year(run, "short_loss", "long_loss") for run in runs]
    data["paid"] = [
        [sum(one.amount for one in run.payments if one.on.year == year) / 100 for year in span]
        for run in runs
    ]
    data["bars"] = [
        ["tax", "Tax caused"], ["paid", "Tax paid"], ["gains", "Gains sold"],
        ["losses", "Losses sold"], ["costs", "Costs"], ["turnover", "Turnover"],
    ]  # fmt: skip
    return data


def _under(runs: Sequence[AccountRun]) -> str:
    one = runs[0]
    many = counted(len(runs), "policy", "policies")
    return (
        f"Whole shares, lots, cash dividends and tax in this portfolio's own accounts · {many} · "
        f"{len(one.dates):,} sessions · {one.value[0] / 100:,.2f} after the first close"
    )


def _answer(runs: Sequence[AccountRun], shuffled: AccountPaths | None) -> str:
    points = [("Left after tax", _left(runs)), ("Tax", _tax(runs)), ("Cost", _cost(runs))]
    high = max(runs, key=lambda run: run.after_tax)
    low = min(runs, key=lambda run: run.after_tax)
    most = f"{quoted(high.name)} left most after tax, {quoted(low.name)} least."
    if shuffled is not None:
        several = len(shuffled.compared) > 1
        for one in shuffled.compared:
            sold = one["after_tax_liquidation_value"].sentence
            what = f"Against {quoted(one.second)}, if" if several else "If"
            points += [
                (f"Noise against {quoted(one.second)}?" if several else "Noise?", one.sentence),
                (f"{what} all is sold", f"{sold[:1].upper()}{sold[1:]}."),
            ]
        gaps = [one["after_tax_growth"] for one in shuffled.compared]
        few = next((gap for gap in gaps if gap.verdict == "few"), None)
        head = _headline(shuffled.compared)
        if few is not None:
            head = (
                f"{most} Whether that is more than luck is not known: too few paths to tell "
                f"({few.paths:,}; at least {few.least:,})."
            )
    elif len(runs) > 1:
        head = f"{most} {NOT_TRIED}"
    else:
        head = f"{quoted(high.name)} left {high.after_tax / 100:,.0f} after tax."
    return answer_section(head, points)


def _headline(pairs: Sequence[AccountGap]) -> str:
    """What shuffled histories say of all policies; those that differ by noise in one sentence."""
    noisy = [one for one in pairs if one["after_tax_growth"].verdict == "noise"]
    told = [_compared(one) for one in pairs if len(noisy) < 2 or one not in noisy]
    if len(noisy) > 1:
        others = listed([quoted(one.second) for one in noisy])
        told.append(
            f"How fast {quoted(noisy[0].first)} grows after tax differs from {others} by no more "
            "than noise."
        )
    return " ".join(told)


def _compared(pair: AccountGap) -> str:
    """What shuffled histories say of two policies, in a sentence."""
    first, second = quoted(pair.first), quoted(pair.second)
    gap = pair["after_tax_growth"]
    verdict = gap.verdict
    if verdict == "mixed":
        return f"Of {first} and {second} history and shuffled histories disagree."
    if verdict in ("more", "less"):
        how = "faster" if verdict == "more" else "slower"
        return f"{first} grows {how} after tax than {second}, by more than noise."
    if verdict == "same":
        return f"{first} and {second} grow alike after tax on every path."
    return f"How fast {first} and {second} grow after tax differs by no more than noise."


def _left(runs: Sequence[AccountRun]) -> str:
    ordered = sorted(runs, key=lambda run: -run.after_tax)
    told = [
        f"{quoted(run.name)} {run.after_tax / 100:,.0f}, {run.liquidation_after_tax / 100:,.0f} if "
        "all is sold"
        for run in ordered
    ]
    return "; ".join(told) + "."


def _tax(runs: Sequence[AccountRun]) -> str:
    most = max(runs, key=lambda run: run.tax_caused)
    if most.tax_caused == 0:
        return "No sale caused any tax."
    drag = most.to_dict()["tax_drag"]
    took = "" if drag is None else f", which took {percent(drag, 2)} a year off its return"
    told = f"The sales of {quoted(most.name)} caused {most.tax_caused / 100:,.0f} of tax{took}"
    least = min(runs, key=lambda run: run.tax_caused)
    if least is not most:
        told += f"; those of {quoted(least.name)} {least.tax_caused / 100:,.0f}"
    return f"{told}. Tax that is put off is not saved: it comes when all is sold."


def _cost(runs: Sequence[AccountRun]) -> str:
    dear = max(runs, key=lambda run: run.cost_paid)
    told = (
        f"{quoted(dear.name)} paid {dear.cost_paid / 100:,.2f} for {len(dear.orders):,} orders and "
        f"{counted(dear.rebalances, 'rebalance', 'rebalances')}"
    )
    cheap = min(runs, key=lambda run: run.cost_paid)
    if cheap is not dear:
        told += f"; {quoted(cheap.name)} {cheap.cost_paid / 100:,.2f} for {len(cheap.orders):,}"
    return f"{told}."


def _gave(runs: Sequence[AccountRun], spreads: Sequence[Spread]) -> str:
    heads = ["Policy", "Final value", "After tax owed", "If all is sold"]
    known = {one.figure.name: one for one in spreads}
    growths = known.get("after_tax_growth")
    if growths is not None:
        heads.append(f"After tax, against {runs[0].name}")
    heads += ["Growth a year", "Volatility", "Worst fall"]
    rows = []
    for place, run in enumerate(runs):
        found = run.to_dict()
        money = ("final_value", "after_tax_final_value", "after_tax_liquidation_value")
        cells: list[Cell] = [
            (
                name,
                found[name],
                f"{found[name]:,.2f}",
                nine_of_ten(known[name], place) if name in known else "",
            )
            for name in money
        ]
        if growths is not None:
            cells.append(against(growths.gaps[place - 1] if place else None, "after_tax_growth"))
        growth = _share(found, "cagr", 2)
        if is_short(run.dates[0], run.dates[-1]):
            growth = (*growth[:2], "-", "")
        cells += [growth, _share(found, "volatility", 2)]
        rows.append([*cells, _share(found, "max_drawdown", 1)])
    note = INTERVALS if spreads else ""
    return policy_table("What each policy gave", heads, runs, rows) + note


INTERVALS = (
    '<p class="note">Below a figure stands what it was on nine of ten shuffled histories (5% to '
    "95%). A difference in growth a year after tax has its 95% interval; where that holds zero, "
    "the difference is noise.</p>"
)


def _outcomes(
    runs: Sequence[AccountRun], shuffled: AccountPaths | None, spreads: Sequence[Spread]
) -> str:
    """The distributions after tax, with a sentence; where there are none, how to get them."""
    if shuffled is None:
        return outcomes_chart(None, f"--account-mode --paths {ACCOUNT_PATHS}")
    if not spreads:
        many = len(shuffled.table)
        told = f"Too few shuffled histories to show a spread ({many:,}; at least {LEAST_PATHS})."
        return f'<section><h2>What might have been as well</h2><p class="note">{told}</p></section>'
    left = next(one for one in spreads if one.figure.name == "after_tax_final_value")
    each = [f"{quoted(run.name)} {nine_of_ten(left, k)}" for k, run in enumerate(runs)]
    what = f"After tax nine of ten of them left {listed(each)}."
    return outcomes_chart(f"{shuffled.how}. {what}", "")


def _risked(runs: Sequence[AccountRun]) -> str:
    heads = [
        "Policy", "Sharpe", "Sortino", "Calmar", "VaR 95%", "CVaR 95%", "Mean drift",
        "Time-weighted in all", "Money-weighted a year",
    ]  # fmt: skip
    rows = []
    for run in runs:
        found = run.to_dict()["measures"]
        cells: list[Cell] = [
            (name, found[name], "-" if found[name] is None else f"{found[name]:.2f}", "")
            for name in ("sharpe", "sortino", "calmar")
        ]
        cells += [_share(found, "var_95", 2), _share(found, "cvar_95", 2)]
        cells += [_share(found, "drift_mean", 1), _share(found, "time_weighted_return", 1)]
        rows.append([*cells, _share(found, "money_weighted_return", 2)])
    return policy_table("What was risked for it", heads, runs, rows)


def _took(runs: Sequence[AccountRun]) -> str:
    heads = [
        "Policy", "Tax caused", "Tax paid", "Tax owed", "Tax drag a year", "Cost",
        "Cost drag a year", "Turnover in all", "Rebalances", "Orders",
    ]  # fmt: skip
    rows = []
    for run in runs:
        found = run.to_dict()
        cells: list[Cell] = [
            (name, found[name], f"{found[name]:,.2f}", "")
            for name in ("tax_caused", "tax_paid", "tax_owed")
        ]
        cells += [
            _share(found, "tax_drag", 2),
            ("cost_paid", found["cost_paid"], f"{found['cost_paid']:,.2f}", ""),
            _share(found, "cost_drag", 3),
            _share(found, "turnover_one_way", 0),
            ("rebalances", run.rebalances, f"{run.rebalances:,}", ""),
            ("", None, f"{len(run.orders):,}", ""),
        ]
        rows.append(cells)
    return policy_table("What each policy took", heads, runs, rows)


def _share(found: dict[str, Any], name: str, places: int) -> Cell:
    figure = nan if found[name] is None else found[name]
    return name, found[name], percent(figure, places), ""


def _charts(runs: Sequence[AccountRun], marks: Sequence[Mark]) -> list[str]:
    is_paid = runs[0].pays_tax
    return [
        chart(
            "growth", "Growth",
            "What all accounts together are worth at each close, after costs"
            + (" and the tax that was paid by then." if is_paid else "; tax is counted, not paid.")
            + marks_told(marks),
            " Point at a day, touch it, or use the arrow keys; a name hides or shows its curve.",
        ),
        chart("fall", "Falls", "How far each policy is below its highest value so far."),
        chart(
            "years", "Tax, gains and costs by year",
            "Tax caused is by the year of the sales, tax paid by the year in which it left. Gains "
            "and losses are of sales in taxable accounts; losses earn no credit.",
        ),
        chart(
            "weights", "Weights and bands",
            "The weight of each sleeve after the close, over all accounts; dashed its target, "
            "shaded the band around it, ticks on top where the policy rebalanced.",
        ),
        chart(
            "drift", "Drift",
            "How much of the portfolio would have to move to be at target, at each close after "
            "its trades.",
        ),
    ]  # fmt: skip


TAX_HEADS = ("Sold in", "Short gain", "Short loss", "Long gain", "Long loss", "Tax", "Paid of it")


def _taxes(runs: Sequence[AccountRun]) -> str:
    """Gains, losses and tax by year, a table for each policy that sold anything taxable."""
    tables = "".join(_tax_table(number, run) for number, run in enumerate(runs) if run.tax_by_year)
    if not tables:
        tables = "<p>Nothing taxable was sold.</p>"
    return f"<section><h2>Gains and tax by year</h2>{tables}</section>"


def _tax_table(number: int, run: AccountRun) -> str:
    rows = [(str(year.year), _year_cells(year)) for year in run.tax_by_year]
    sums = [sum(cells[k] for _, cells in rows) for k in range(len(TAX_HEADS) - 1)]
    rows.append(("In all", sums))
    caption = f"{swatch(number)} {safe(run.name)}"
    return _table(caption, TAX_HEADS, [(name, [_money(c) for c in cells]) for name, cells in rows])


def _year_cells(year: TaxYear) -> list[int]:
    return [
        year.short_gain, -year.short_loss, year.long_gain, -year.long_loss, year.tax, year.paid
    ]  # fmt: skip


LOT_HEADS = ("Held", "Account", "Lots", "Quantity", "Basis", "Worth", "Gain", "Tax if sold")


def _lots(run: AccountRun) -> str:
    """What is held in the end, by account and instrument, with the tax that waits in its lots."""
    held: dict[tuple[str, str], list[OpenLot]] = {}
    for one in run.open_lots:
        held.setdefault((one.lot.account, one.lot.instrument), []).append(one)
    if not held:
        return ""
    rows = [(name, [account, *_held(lots)]) for (account, name), lots in held.items()]
    worth, tax = (sum(getattr(one, what) for one in run.open_lots) for what in ("worth", "tax"))
    total = ["", f"{len(run.open_lots):,}", "", "", _money(worth), "", _money(tax)]
    said = (
        f"What {quoted(run.name)} holds at the last close beside its cash, and the tax that "
        "selling it on that day would cause. Where gains are not taxed none is said."
    )
    table = _table("", LOT_HEADS, [*rows, ("In all", total)])
    return f'<section><h2>Lots in the end</h2><p class="note">{safe(said)}</p>{table}</section>'


def _held(lots: Sequence[OpenLot]) -> list[str]:
    """Lots of one instrument in one account, summed up; empty where something is not known."""
    taxed = lots[0].term != "none"
    bases = [one.lot.basis for one in lots]
    basis = None if None in bases else sum(one for one in bases if one is not None)
    worth = sum(one.worth for one in lots)
    return [
        f"{len(lots):,}",
        quantity_text(sum(one.lot.quantity for one in lots), lots[0].step),
        "" if basis is None or not taxed else _money(basis),
        _money(worth),
        "" if basis is None or not taxed else _money(worth - basis),
        _money(sum(one.tax for one in lots)) if taxed else "",
    ]


def _money(minor: int) -> str:
    text = money_text(abs(minor))
    return f"{'-' if minor < 0 else ''}{int(text[:-3]):,}{text[-3:]}"


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """A table whose last row sums it up; on a phone it is moved sideways under its first column."""
    head = "".join(f'<th scope="col">{safe(text)}</th>' for text in heads)
    body = []
    for place, (name, cells) in enumerate(rows):
        shown = "".join(f"<td{_class(text)}>{safe(text)}</td>" for text in cells)
        total = ' class="total"' if place == len(rows) - 1 else ""
        body.append(f'<tr{total}><th scope="row">{safe(name)}</th>{shown}</tr>')
    told = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="wide{long(rows)}" tabindex="0" role="region" aria-label="{safe(heads[0])}">'
        f'<table class="years">{told}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _class(text: str) -> str:
    return ' class="loss"' if text.startswith("-") else ""


def _conventions(lines: Sequence[str], shuffled: AccountPaths | None) -> str:
    told = list(lines)
    if shuffled is not None:
        left = f"; without {', '.join(shuffled.left_out)}" if shuffled.left_out else ""
        middle = f"; the interval is the middle {shuffled.level:.0%} of their differences"
        told.append(
            f"Shuffled histories: {shuffled.how}{left}. All policies ran over the same "
            f"ones{middle if shuffled.has_intervals else ''}."
        )
    return lines_section("Conventions", told)
