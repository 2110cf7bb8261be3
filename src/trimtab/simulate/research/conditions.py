"""What a run session by session goes by: fees, impact, volume limits, flows, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from trimtab.costs import Costs
from trimtab.costs.impact import linear_rates
from trimtab.estimates.usual_day import UsualDays, usual_days
from trimtab.kernels.daily_columns import Charges, Conditions
from trimtab.model.errors import InputError, Problem
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.simulate.measures.metrics import DAYS_A_YEAR
from trimtab.simulate.prices.history import HELD, TRADED, PriceHistory, day_of, some
from trimtab.simulate.research.flows import INVEST_CODES, Flows, fee_column, flow_columns
from trimtab.simulate.research.rules import DividendUse

if TYPE_CHECKING:
    from trimtab.simulate.frames import Days, Floats


def conditions_of(
    run: PriceHistory,
    known: PriceHistory,
    *,
    costs: Costs,
    flows: Flows | None,
    fee: float,
    participation: float | None,
    short: bool = False,
    loan_rate: float | None = None,
    dividends: DividendUse = "reinvest",
) -> tuple[Conditions, list[Finding]]:
    """The columns of one run.

    Args:
        run: Its sessions and symbols, CASH among them.
        known: All prices there are, with volumes, for estimates before each session.
        costs: What trading costs.
        flows: Deposits and withdrawals.
        fee: Share of the value a year.
        participation: Share of a session's volume that may be traded; None for no limit.
        short: Whether positions and cash may be below zero.
        loan_rate: Yearly interest on cash below zero; None for what cash earns.
        dividends: What becomes of cash dividends.

    Returns:
        The columns, and what had to be left out for want of volumes or dividends.

    Raises:
        InputError: Dividends are to be paid in cash, and nothing is known of them.
    """
    import numpy as np

    n = len(run.symbols)
    per = [costs.by_instrument.get(symbol, costs) for symbol in run.symbols]
    per[run.symbols.index(CASH)] = Costs()
    money, share, findings = flow_columns(flows, run.dates)
    impact, temporary, permanent, said = _impact(run, known, per)
    findings += said
    caps = np.zeros((0, n))
    if participation is not None:
        caps, said = _caps(run, known, participation)
        findings += said
    if run.status is not None:
        # Without a price of its own there is no trade: orders wait as for volume.
        caps = caps if len(caps) else np.full(run.close.shape, np.inf)
        caps[run.status != TRADED] = 0.0
    money_from, money_more = _steps([(own.bps, own.tiers) for own in per], 1e-4)
    units_from, units_more = _steps([(own.per_share, own.share_tiers) for own in per], 1.0)
    years = np.diff(run.dates, prepend=run.dates[0]).astype(np.float64) / DAYS_A_YEAR
    borrow, loan = np.zeros((0, n)), np.zeros(0)
    if short and any(own.borrow_bps for own in per):
        borrow = np.outer(years, [float(own.borrow_bps) / 10_000 for own in per])
    if short and loan_rate is not None:
        loan = (1.0 + loan_rate) ** years
    paid = np.zeros((0, n))
    if dividends != "reinvest":
        paid, said = _paid(run)
        findings += said
    made = Conditions(
        cash_at=run.symbols.index(CASH),
        charges=Charges(
            _fees(per), money_from, money_more, units_from, units_more, impact, temporary, permanent
        ),
        caps=caps,
        flow_money=money,
        flow_share=share,
        fee_share=fee_column(fee, run.dates),
        invest=INVEST_CODES["towards-target" if flows is None else flows.invest],
        short=int(short),
        borrow=borrow,
        loan=loan,
        paid=paid,
        spend=INVEST_CODES["hold" if dividends == "reinvest" else dividends],
    )
    return made, findings


def _paid(run: PriceHistory) -> tuple[Floats, list[Finding]]:
    """Which share of each holding's worth is a dividend of its session, shape (sessions, n).

    What fell on dates that the run leaves out is paid on its next session.
    """
    import numpy as np

    risky = [symbol for symbol in run.symbols if symbol != CASH]
    stripped = np.ones(run.close.shape) if run.stripped is None else run.stripped
    unknown = [
        symbol
        for symbol in risky
        if run.stripped is None or np.isnan(stripped[:, run.symbols.index(symbol)]).any()
    ]
    if unknown == risky:
        wrong = "these are total returns: dividends are in the prices, reinvested"
        if run.has_no_dividends:
            wrong = "there is no dividend column"
        remedy = "give closes with a dividend column, or say `dividends=reinvest`"
        raise InputError([Problem(run.source, None, "dividend", wrong, remedy)])
    inside = "its dividends are in its prices, reinvested: there is no dividend column for it."
    without = "there is no dividend column for it: it runs without dividends."
    findings = [
        Finding("dividends-in-prices", symbol, inside, "warning")
        if symbol not in run.undividended
        else Finding("no-dividends", symbol, without, "warning")
        for symbol in unknown
    ]
    paid = np.zeros(run.close.shape)
    paid[1:] = 1.0 - stripped[1:] / stripped[:-1]
    return np.nan_to_num(paid), findings


def usual_day(history: PriceHistory, symbol: str) -> UsualDays:
    """Volatility and volume of a usual day, as known at the close of each session."""
    import numpy as np

    i = history.column(symbol)
    rows = np.flatnonzero(~np.isnan(history.close[:, i]))
    volume = None if history.volume is None else history.volume[rows, i]
    return usual_days(history.dates[rows], history.close[rows, i], volume)


def _impact(
    run: PriceHistory, known: PriceHistory, per: Sequence[Costs]
) -> tuple[Floats, Floats, Floats, list[Finding]]:
    """The columns `impact`, `temporary` and `permanent` of what orders cost, and what they lack."""
    import numpy as np

    asked = (
        any(own.impact for own in per),
        any(own.temporary_impact or own.permanent_impact for own in per),
        any(own.permanent_impact for own in per),
    )
    columns = [np.zeros(run.close.shape if one else (0, len(per))) for one in asked]
    impact, temporary, permanent = columns
    findings = []
    exists = _exists(run)
    lacking: _Lacking = {}
    for i, (symbol, own) in enumerate(zip(run.symbols, per, strict=True)):
        if not own.moves_prices:
            continue
        days, *usual = usual_day(known, symbol)
        # The last session before the trade: its own volume and return are not known yet.
        at = np.searchsorted(days, run.dates, side="left") - 1
        spread, money, units = (
            np.where(at < 0, np.nan, column[np.maximum(at, 0)]) for column in usual
        )
        there = (money > 0.0) & (units > 0.0) & ~np.isnan(spread)
        if own.impact:
            impact[there, i] = float(own.impact) * spread[there] / np.sqrt(money[there])
        if own.temporary_impact or own.permanent_impact:
            moved, fast = linear_rates(
                float(own.permanent_impact), float(own.temporary_impact),
                volatility=spread[there], volume=units[there],
            )  # fmt: skip
            temporary[there, i] = fast
            if own.permanent_impact:
                permanent[there, i] = moved
        if np.isnan(usual[1]).all():
            message = "there is no volume: its trades are charged no impact."
            findings.append(Finding("no-volume", symbol, message, "warning"))
            continue
        _note(lacking, symbol, run.dates[1:][(~there & exists[:, i])[1:]])
    told = "too little volume of {} was known: no impact is charged then"
    return impact, temporary, permanent, findings + _lacking_findings(lacking, told, run.source)


_Lacking: TypeAlias = dict[tuple[int, date], list[str]]
"""Symbols by on how many sessions something is not known of them, and on which first."""


def _exists(run: PriceHistory) -> Any:
    """At which sessions each instrument exists: what is gone lacks nothing."""
    import numpy as np

    if run.status is None:
        return np.ones(run.close.shape, dtype=np.bool_)
    return run.status <= HELD


def _note(lacking: _Lacking, symbol: str, days: Days) -> None:
    """Note on which sessions something of a symbol is not known."""
    if len(days):
        lacking.setdefault((len(days), day_of(days[0])), []).append(symbol)


def _lacking_findings(lacking: _Lacking, told: str, source: str) -> list[Finding]:
    """One note for all symbols of which the same is missing on as many sessions."""
    findings = []
    for (count, first), symbols in lacking.items():
        sessions = "on 1 session" if count == 1 else f"on {count} sessions"
        message = f"{sessions} {told.format(some(symbols))}, first on {first}."
        subject = symbols[0] if len(symbols) == 1 else source
        findings.append(Finding("volume-unknown", subject, message, "info"))
    return findings


def _caps(
    run: PriceHistory, known: PriceHistory, participation: float
) -> tuple[Floats, list[Finding]]:
    import numpy as np

    caps = np.full(run.close.shape, np.inf)
    findings = []
    exists = _exists(run)
    lacking: _Lacking = {}
    rows = np.searchsorted(known.dates, run.dates)
    for i, symbol in enumerate(run.symbols):
        if symbol == CASH:
            continue
        volume = None if known.volume is None else known.volume[rows, known.column(symbol)]
        if volume is None or np.isnan(volume).all():
            message = "there is no volume: its trades are not limited."
            findings.append(Finding("no-volume", symbol, message, "warning"))
            continue
        unknown = np.isnan(volume)
        _note(lacking, symbol, run.dates[unknown & exists[:, i]])
        caps[:, i] = participation * np.where(unknown, 0.0, volume)
    told = "no volume of {} is known: nothing is traded in it then"
    return caps, findings + _lacking_findings(lacking, told, run.source)


def _fees(per: Sequence[Costs]) -> Floats:
    import numpy as np

    rows = [
        (
            float((own.bps + own.half_spread_bps) / 10_000),
            float(own.per_share),
            float(own.commission),
            float(own.minimum),
            float("inf") if own.maximum is None else float(own.maximum),
        )
        for own in per
    ]
    return np.ascontiguousarray(np.array(rows, dtype=np.float64).T)


def _steps(
    schedules: Sequence[tuple[Any, Mapping[Any, Any]]], unit: float
) -> tuple[Floats, Floats]:
    """Where steps begin, and by how much the fee changes there; both of shape (k, n)."""
    import numpy as np

    most = max(len(steps) for _, steps in schedules)
    begins = np.full((most, len(schedules)), np.inf)
    changes = np.zeros((most, len(schedules)))
    for i, (first, steps) in enumerate(schedules):
        before = first
        for k, (begin, fee) in enumerate(steps.items()):
            begins[k, i] = float(begin)
            changes[k, i] = float(fee - before) * unit
            before = fee
    return begins, changes
