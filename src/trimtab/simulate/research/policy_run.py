"""Policies over history: each runs, and what it left in its columns becomes its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.kernels.daily_columns import (
    BORROW,
    DIVIDENDS,
    EXHAUSTED,
    FEES,
    INSOLVENT,
    INTEREST,
    OWED,
)
from trimtab.kernels.research_columns import COST_PAID, REBALANCES, TURNOVER
from trimtab.model.findings import Finding
from trimtab.model.instruments import CASH
from trimtab.model.policy import Policy
from trimtab.simulate.prices.gaps import Listing, listing_of
from trimtab.simulate.prices.history import PriceHistory
from trimtab.simulate.prices.views import Views
from trimtab.simulate.research.aims import read_target
from trimtab.simulate.research.broken import MOST_JUDGED, broke_within, findings_of, struck
from trimtab.simulate.research.conditions import conditions_of
from trimtab.simulate.research.dynamic import Look, look, rates_by
from trimtab.simulate.research.followed import adopted_at, changes_not_followed
from trimtab.simulate.research.panel import shared_history
from trimtab.simulate.research.policy_result import DividendsWithout, PolicyResult
from trimtab.simulate.research.rebalances import Rebalances
from trimtab.simulate.research.results import Backtest
from trimtab.simulate.research.rules import DividendUse, Rules
from trimtab.simulate.research.run_columns import RunColumns
from trimtab.simulate.research.settings import Ready, Setting, chosen, made_ready, target_row

if TYPE_CHECKING:
    from trimtab.kernels.daily_columns import Conditions
    from trimtab.simulate.frames import Floats
    from trimtab.simulate.uncertainty.difference import Difference

FAR = 0.25
"""By how much of itself own orders may move a price before the reader is told to doubt that."""


def run_policy(setting: Setting, rules: Rules) -> PolicyResult:
    """Run one policy over its prices, and make its targets from them on the way where need be."""
    import numpy as np

    history = setting.history
    columns = RunColumns(setting, rules)
    rows = room = setting.rows
    listed = history.once("listing", lambda: listing_of(history))
    start_units = listed.rows(rows, 0)[0] * rules.cash / setting.start_prices
    columns.begin(start_units)
    session = 0
    views: Views | None = None
    looks: list[Look] = []
    when = setting.policy.when
    changes = iter(listed.changes)
    stop = next(changes, len(history))
    while True:
        session = columns.go(listed.rows(rows, session), session, stop)
        if session == len(history):
            break
        if session == stop:
            if columns.is_full:
                columns.make_room()
            columns.pay_out(session, listed.paid_out(session, rules.gaps, history.close))
            stop = next(changes, len(history))
            continue
        if setting.row_at[session] >= 0 or columns.is_full:
            columns.make_room()
            continue
        assert setting.make is not None
        views = views or Views(setting.known)
        held, worth = columns.held_at(session)
        view = views.at(setting.offset + session, held=held, worth=worth)
        weights = setting.make.make(view)
        # A function that knows nothing new keeps the target it gave last.
        made = columns.adopted if weights is None else len(rows)
        if weights is not None and when.is_dynamic:
            rates = rates_by(history.symbols, columns.rates)
            woken = columns.woken(session, view.last)
            looks.append(look(setting.policy, view, weights, rates, woken=woken))
            if not looks[-1].acts:
                columns.skip(session)
                continue
        if weights is not None:
            if len(rows) == len(room):
                room = np.concatenate([room, np.empty_like(room)])
            room[len(rows)] = target_row(weights, history.symbols, setting.policy)
            rows = room[: len(rows) + 1]
        setting.row_at[session] = made
    gone = listed if history.status is not None else None
    found = policy_result(setting, rules, columns, start_units, rows, gone)
    if setting.make is not None:
        said = setting.make.said.findings(setting.policy.label)
        found = replace(found, findings=(*found.findings, *said)) if said else found
    if setting.struck is not None:
        fired = np.asarray(columns.fired, dtype=np.bool_)
        said = findings_of(setting.struck, setting.policy.label, history.dates, fired)
        found = replace(found, findings=(*found.findings, *said))
    return replace(found, looks=tuple(looks)) if looks else found


def policy_result(
    setting: Setting,
    rules: Rules,
    columns: RunColumns,
    start_units: Floats,
    rows: Floats,
    listed: Listing | None = None,
) -> PolicyResult:
    """What a run left in its columns, as the result of a policy; `rows` are all its targets."""
    import numpy as np

    history, n = setting.history, len(start_units)
    daily = columns.conditions is not None
    count, column = columns.events, columns.column
    after = column(columns.units_after[:count], np.float64)
    if not columns.compiled:
        after = after.reshape(count, n)
    if setting.spare_cash and not (start_units[-1] or after[:, -1].any()):
        # The column of cash that a made target might have used, and never did.
        history, n = chosen(history, history.symbols[:-1]), n - 1
    dealing = history.open if setting.trade_at == "next-open" else history.close
    assert dealing is not None
    close = history.close
    if columns.moves_prices:
        # What its own orders made of them.
        close = np.asarray(columns.by_session, dtype=np.float64)[:, :n]
        dealing = np.asarray(columns.dealing, dtype=np.float64)[:, :n]
    sessions, cost, moved, value = columns.traded
    equity = column(columns.equity[: len(history)], np.float64)
    cost_by = None
    if daily:
        cost_by = column(columns.cost_by[:count], np.float64)
        cost_by = cost_by.reshape(count, len(start_units))[:, :n]
    log = Rebalances(
        sessions=column(sessions[:count], np.int64),
        value=column(value[:count], np.float64),
        cost=column(cost[:count], np.float64),
        moved=column(moved[:count], np.float64),
        dealing=dealing,
        start_units=start_units[:n],
        units_after=after[:, :n],
        rates=columns.rates[:, :n],
        kinds=column(columns.traded_as[:count], np.int64) if daily else None,
        cost_by=cost_by,
        closes=close if daily else None,
    )
    aims, aim_at = rows, setting.row_at
    findings: tuple[Finding, ...] = ()
    if setting.finds or len(rows) > 1:
        lag = 0 if setting.trade_at == "close" else 1
        decided = log.sessions[log.acted] - lag
        if setting.finds:
            # Made anew on the way, and nobody expects each to be followed.
            aim_at = adopted_at(setting.row_at, decided)
        else:
            findings = changes_not_followed(
                setting.policy, rows, setting.row_at, history.dates, decided, lag
            )
    if listed is not None:
        aims, aim_at = listed.rows_by_session(rows, aim_at), np.arange(len(aim_at))
    if daily and columns.counts[EXHAUSTED]:
        day = history.dates[int(columns.counts[EXHAUSTED]) - 1]
        message = f"all of it was paid out on {day}, and that was less than was asked for."
        findings += (Finding("exhausted", setting.policy.label, message, "warning"),)
    if daily and columns.counts[INSOLVENT]:
        day = history.dates[int(columns.counts[INSOLVENT]) - 1]
        message = (
            f"insolvent on {day}: {float(columns.sums[OWED]):,.2f} more was owed than was there. "
            "The run ends there with nothing; a lender would have closed positions before."
        )
        findings += (Finding("insolvent", setting.policy.label, message, "error"),)
    if columns.moves_prices:
        findings += pushed_far(setting, close)
    if columns.conditions is not None and not rules.short:
        cash = after[:, columns.conditions.cash_at]
        short = cash < -1e-9 * np.abs(after).max(axis=1, initial=1.0)
        if short.any():
            day = history.dates[int(log.sessions[np.flatnonzero(short)[0]])]
            message = (
                f"cash was below zero on {int(short.sum())} days of trading, first on {day}: money "
                "was paid out before the day's volume allowed to sell for it."
            )
            findings += (Finding("overdrawn", setting.policy.label, message, "warning"),)
    return PolicyResult(
        name=setting.policy.label,
        policy=setting.policy,
        cash=rules.cash,
        final_value=float(equity[-1]),
        rebalances=int(columns.counts[REBALANCES]),
        turnover_one_way=float(columns.sums[TURNOVER]),
        cost_paid=float(columns.sums[COST_PAID]),
        trade_at=setting.trade_at,
        symbols=history.symbols,
        dates=history.dates,
        value=equity,
        history=history.close,
        moved=close if columns.moves_prices else None,
        start_units=start_units[:n],
        log=log,
        frames=rules.frames,
        flows=column(columns.flows, np.float64) if daily and rules.flows else None,
        fees_paid=float(columns.sums[FEES]),
        borrow_paid=float(columns.sums[BORROW]) if daily else 0.0,
        interest_paid=float(columns.sums[INTEREST]) if daily else 0.0,
        dividends=_dividends(history, rules),
        dividends_paid=float(columns.sums[DIVIDENDS]) if daily else 0.0,
        findings=findings,
        aims=aims[:, :n],
        aim_at=aim_at,
    )


def pushed_far(setting: Setting, close: Floats) -> tuple[Finding, ...]:
    """That own orders moved a price further than linear impact is measured for.

    Args:
        setting: The policy, over prices as others made them.
        close: The prices with what its orders did to them, of the first symbols.
    """
    import numpy as np

    history = setting.history
    pushed = np.abs(close / history.close[:, : close.shape[1]] - 1.0)
    if not (pushed > FAR).any():
        return ()
    at, i = np.unravel_index(int(np.nanargmax(pushed)), pushed.shape)
    message = (
        f"its own orders left {history.symbols[i]} {pushed[at, i]:.0%} from its price on "
        f"{history.dates[at]}: linear impact holds for a few percent. Trade less of a day's volume."
    )
    return (Finding("impact-too-large", setting.policy.label, message, "warning"),)


def _dividends(history: PriceHistory, rules: Rules) -> DividendUse | DividendsWithout:
    """What became of dividends."""
    if history.has_no_dividends:
        return "none"
    return "in-prices" if history.stripped is None else rules.dividends


def over(
    prices: PriceHistory,
    policies: Sequence[Policy],
    rules: Rules,
    differ: Callable[..., Difference] | None = None,
) -> Backtest:
    """What policies with different names would have done over prices, by rules already checked.

    Args:
        prices: All prices.
        policies: The policies.
        rules: What is the same for all of them.
        differ: What compares two of the results over shuffled histories.

    Raises:
        InputError: Prices or targets cannot be used, with everything that is wrong.
    """
    breaks = any(one.when.breakdown for one in policies)
    if breaks != rules.breaks:
        rules = replace(rules, breaks=breaks)
    targets = [read_target(one.target, one.label, short=rules.short) for one in policies]
    history, findings = shared_history(
        prices, targets, start=rules.start, end=rules.end, cash_rate=rules.cash_rate,
        accept_jumps=rules.accept_jumps, cash_column=rules.has_conditions, gaps=rules.gaps,
    )  # fmt: skip
    if history.status is None and rules.gaps is not None:
        # Whatever was asked for, there is no gap.
        rules = replace(rules, gaps=None)
    known = len(findings)
    settings = made_ready(policies, targets, history, rules, findings)
    if rules.is_daily:
        settings = [_with_conditions(one, prices, rules, findings) for one in settings]
    settings = [watched(one, prices) if one.policy.when.breakdown else one for one in settings]
    results = tuple(run_policy(setting, rules) for setting in settings)
    findings += [finding for one in results for finding in one.findings]
    unique = tuple(findings if len(findings) == known else dict.fromkeys(findings))
    earned = CASH in history.symbols and CASH not in prices.symbols
    ready = Ready(history, earned, tuple(policies), tuple(settings), rules)
    return Backtest(results, rules.cash, unique, ready, differ)


def _with_conditions(
    setting: Setting, prices: PriceHistory, rules: Rules, findings: list[Finding]
) -> Setting:
    conditions, said = conditions_by(setting.history, prices, rules)
    findings += said
    return replace(setting, conditions=conditions)


def broke_unasked(ready: Ready, prices: PriceHistory) -> list[Finding]:
    """When the correlations broke that targets were estimated from, once for each such target."""
    same: dict[tuple[object, ...], list[Setting]] = {}
    for one in ready.settings:
        target, symbols = one.policy.target, one.known.symbols
        learns = getattr(target, "learns", hasattr(target, "fit"))
        if one.make is None or one.policy.when.breakdown or not learns:
            continue
        judged = getattr(target, "judged", symbols)
        if len(judged) <= MOST_JUDGED:
            same.setdefault((judged, one.history.first), []).append(one)
    said: list[Finding] = []
    for alike in same.values():
        found = watched(alike[0], prices).struck
        assert found is not None
        labels = [one.policy.label for one in alike]
        said += broke_within(found, labels, alike[0].history.dates)
    return said


def watched(setting: Setting, prices: PriceHistory) -> Setting:
    """With what the test of broken correlations says of each session, for who acts on it."""
    found = struck(setting.policy.target, setting.known.symbols, prices, setting.history.dates)
    return replace(setting, struck=found)


def conditions_by(
    run: PriceHistory, known: PriceHistory | None, rules: Rules
) -> tuple[Conditions, list[Finding]]:
    """What a run over these prices is up against, by rules; with what had to be left out.

    Args:
        run: Its prices.
        known: All prices there are, where there are more.
        rules: What was asked for.
    """
    return conditions_of(
        run,
        run if known is None else known,
        costs=rules.costs,
        flows=rules.flows,
        fee=rules.fee,
        participation=rules.participation,
        short=rules.short,
        loan_rate=rules.loan_rate,
        dividends=rules.dividends,
    )
