"""Deciding the accounts of a chunk: compiled where that is exact, by the engine where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trimtab.batch.accounts import Ready, Trouble
from trimtab.batch.frozen import left_alone, refusal, surely_refused
from trimtab.batch.kinds import found_from_holdings
from trimtab.batch.tables import Priced, Tables, joined
from trimtab.engine.decide import decide
from trimtab.engine.follow import NO_MOVERS, on_day
from trimtab.engine.mandate import Mandate, Request
from trimtab.engine.worth import stood
from trimtab.kernels import account_columns as kernel
from trimtab.kernels.account import decide_accounts
from trimtab.kernels.compile import compiled
from trimtab.model.accounts import Acquired, Lot
from trimtab.model.frozen import dataclass
from trimtab.model.plan import Plan
from trimtab.model.state import State
from trimtab.targets.moving.mover import Mover
from trimtab.targets.moving.watch import Watch

Ints = NDArray[np.int64]

BY_ENGINE = (kernel.SOLVER, kernel.WIDE)
"""Statuses of accounts that the engine decides, one by one."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The trades of a chunk, in the order of its accounts.

    Args:
        account, instrument: Places in the names of the chunk, and among all instruments.
        steps: Above zero for purchases.
        value, cost, tax: Minor units.
        sale_trade, sale_row, sale_steps, sale_basis, sale_tax: Lots sold: the trade they belong
            to, their row in the file, steps, basis (below zero: unknown) and tax.
        due: For how many accounts the policy asks for action.
        by_engine: How many were decided by the engine.
        unproven: How many whole-step searches ended before their answer was proved best.
        troubles: What stopped accounts, or is worth a look.
    """

    account: Ints
    instrument: Ints
    steps: Ints
    value: Ints
    cost: Ints
    tax: Ints
    sale_trade: Ints
    sale_row: Ints
    sale_steps: Ints
    sale_basis: Ints
    sale_tax: Ints
    due: int
    by_engine: int
    unproven: int
    troubles: list[Trouble]


def decided(
    ready: Ready,
    priced: Priced,
    *,
    threads: int,
    movers: Mapping[str, Mover] = NO_MOVERS,
    watch: Watch | None = None,
    progress: Callable[[int], None] = lambda accounts: None,
) -> Decided:
    """Decide every account of a chunk; the same for any number of threads.

    Args:
        ready: The accounts.
        priced: Prices of the day.
        threads: How many to use.
        movers: What finds the model's targets that move, by owner: for each account that they
            depend on.
        watch: What estimates the risk of targets, where the policy weighs it.
        progress: Told after every account that the engine decided: its place in the chunk.
    """
    if not ready.names:
        return _nothing()
    tables = joined(ready.models, priced)
    columns = ready.columns._replace(long_through=tables.long_through)
    count = len(ready.names)
    cuts = _even_cuts(columns.first_lot, threads)
    parts = [(a, b) for a, b in pairwise(cuts) if a < b]

    def part(bounds: tuple[int, int]) -> _Piece:
        return _compiled_part(columns, tables, *bounds)

    if len(parts) > 1:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(parts)) as pool:
            pieces = list(pool.map(part, parts))
    else:
        pieces = [part(bounds) for bounds in parts]
    status = np.concatenate([np.zeros(0, dtype=np.int64), *(piece.status for piece in pieces)])
    assert len(status) == count
    troubles: list[Trouble] = []
    due = int(np.isin(status, (kernel.DONE, kernel.NO_IMPROVEMENT, kernel.CASH_SHORT)).sum())
    frozen = np.flatnonzero(status == kernel.NO_PRICE)
    refused = surely_refused(frozen, ready, columns, priced)
    troubles += [refusal(a, ready, columns, priced) for a in frozen[refused].tolist()]
    status[frozen[~refused]] = kernel.SOLVER
    by_hand = np.flatnonzero(np.isin(status, BY_ENGINE)).tolist()
    for a in by_hand:
        piece, is_due = _by_engine(a, ready, columns, priced, troubles, movers, watch)
        progress(a + 1)
        due += is_due
        pieces.append(piece)
    _tell(status, ready, troubles)
    trades, sales = _in_order(pieces)
    account, instrument, steps, value, cost, tax = trades
    sale_trade, lot, taken, basis, sale_tax = sales
    return Decided(
        account=account,
        instrument=instrument,
        steps=steps,
        value=value,
        cost=cost,
        tax=tax,
        sale_trade=sale_trade,
        sale_row=ready.rows[lot],
        sale_steps=taken,
        sale_basis=basis,
        sale_tax=sale_tax,
        due=due,
        by_engine=len(by_hand),
        unproven=sum(piece.unproven for piece in pieces),
        troubles=troubles,
    )


def _nothing() -> Decided:
    """What a chunk without any good account comes to."""
    none = np.zeros(0, dtype=np.int64)
    return Decided(
        none, none, none, none, none, none, none, none, none, none, none,
        due=0, by_engine=0, unproven=0, troubles=[],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one part of a chunk answered: trades (with their accounts) and lots sold, as tables."""

    status: Ints
    account: Ints
    trades: Ints
    sales: Ints
    unproven: int


def _even_cuts(first_lot: Ints, threads: int) -> list[int]:
    """Where to cut the accounts so that every thread has as many lots."""
    count = len(first_lot) - 1
    wanted = [int(first_lot[-1]) * t // threads for t in range(1, threads)]
    return [0, *np.searchsorted(first_lot, wanted).tolist(), count]


def _compiled_part(columns: kernel.Accounts, tables: Tables, begin: int, end: int) -> _Piece:
    first = columns.first_lot[begin : end + 1]
    count, lots = end - begin, int(first[-1] - first[0])
    part = columns._replace(
        model=columns.model[begin:end],
        cash=columns.cash[begin:end],
        buffer=columns.buffer[begin:end],
        first_lot=first,
    )
    most = int(np.diff(first).max(initial=0))
    answers = kernel.answers(accounts=count, trades=count * max(tables.most_holdings, 1), lots=lots)
    work = kernel.workspace(
        leaves=tables.most_leaves,
        holdings=tables.most_holdings,
        lots=most,
        instruments=max(len(tables.instruments), 1),
    )
    run = compiled(decide_accounts)
    trades, sales = run(0, count, tables.models, tables.prices, part, answers, work)
    per_account = np.diff(answers.first_trade)
    return _Piece(
        answers.status,
        np.repeat(np.arange(begin, end), per_account),
        answers.trades[:, : trades + 1].copy(),
        answers.sales[:, :sales].copy(),
        int((answers.gap > 0).sum()),
    )


def _in_order(pieces: Sequence[_Piece]) -> tuple[list[Ints], list[Ints]]:
    """Trades by account, in the order in which they are to be sent, and the lots sold of each."""
    empty = np.zeros(0, dtype=np.int64)
    account = np.concatenate([empty, *(piece.account for piece in pieces)])
    table = [
        np.concatenate([empty, *(piece.trades[row, : len(piece.account)] for piece in pieces)])
        for row in range(kernel.T_FIRST_SALE)
    ]
    counts = np.concatenate(
        [empty, *(np.diff(piece.trades[kernel.T_FIRST_SALE]) for piece in pieces)]
    )
    sales = [np.concatenate([empty, *(piece.sales[row] for piece in pieces)]) for row in range(4)]
    order = np.argsort(account, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    trade = place[np.repeat(np.arange(len(account)), counts)]
    by_trade = np.argsort(trade, kind="stable")
    return (
        [account[order], *(column[order] for column in table)],
        [trade[by_trade], *(column[by_trade] for column in sales)],
    )


def _tell(status: Ints, ready: Ready, troubles: list[Trouble]) -> None:
    """A trouble for every account that the compiled decision stopped at, or warns of."""
    for a in np.flatnonzero(status >= kernel.CASH_SHORT).tolist():
        name = ready.names[a]
        if status[a] == kernel.CASH_SHORT:
            message = "it stays short of cash: nothing more in it may be sold. Bring cash in."
            troubles.append(Trouble(name, "cash-short", message, stopped=False))
        elif status[a] == kernel.NOTHING_TO_DIVIDE:
            message = "it holds nothing beyond its cash buffer, so there is nothing to divide"
            troubles.append(Trouble(name, "nothing-to-divide", message))


def _by_engine(
    a: int,
    ready: Ready,
    columns: kernel.Accounts,
    priced: Priced,
    troubles: list[Trouble],
    movers: Mapping[str, Mover],
    watch: Watch | None,
) -> tuple[_Piece, bool]:
    """One account decided as `plan` decides it, and whether it was due."""
    mandate = replace(ready.mandates[int(columns.model[a])], cash_buffer=int(columns.buffer[a]))
    (account,) = mandate.household.accounts
    begin, end = int(columns.first_lot[a]), int(columns.first_lot[a + 1])
    lots = tuple(_lot(k, account, columns, priced) for k in range(begin, end))
    state = State(lots, {account: int(columns.cash[a])})
    alone = _with_held(mandate, lots)
    if own := found_from_holdings(alone, movers):
        rules = {owner: mover.target for owner, mover in own.items()}
        known = stood(state, alone, priced.market, Request(), rules)
        alone = on_day(alone, priced.market.as_of, movers=own, watch=watch, stood=known)
    try:
        plan = decide(state, alone, priced.market, priced.market.as_of)
    except AssertionError as error:
        # A bug, but of one account among a million: it is told, and the others go on.
        message = f"the decision failed an assertion ({error}): please report it with this account"
        troubles.append(Trouble(ready.names[a], "internal-error", message))
        return _piece(a, (), priced), False
    if any(finding.code == "prices-refused" for finding in plan.findings):
        troubles.append(refusal(a, ready, columns, priced))
        return _piece(a, (), priced), False
    troubles += left_alone(a, ready, columns, priced)
    for finding in plan.findings:
        stopped = finding.code in ("nothing-to-divide", "open-orders", "target-not-found")
        if stopped or finding.severity == "error":
            troubles.append(Trouble(ready.names[a], finding.code, finding.message, stopped))
    piece = _piece(a, plan, priced)
    return replace(piece, unproven=int(bool(plan.gap))), plan.due


def _lot(k: int, account: str, columns: kernel.Accounts, priced: Priced) -> Lot:
    day, basis = int(columns.day[k]), int(columns.basis[k])
    acquired: Acquired = None
    if day:
        acquired = "inherited" if day == kernel.INHERITED_DAY else date.fromordinal(day)
    return Lot(
        id=f"{k:012d}",
        account=account,
        instrument=priced.instruments[int(columns.instrument[k])],
        quantity=int(columns.quantity[k]),
        acquired=acquired,
        basis=None if basis < 0 else basis,
    )


def _with_held(mandate: Mandate, lots: Sequence[Lot]) -> Mandate:
    """The mandate with no more instruments than the account holds or may hold."""
    (account,) = mandate.household.accounts.values()
    root = account.target or mandate.target
    assert root is not None
    wanted = {id_ for leaf in root.leaves() for id_ in leaf.hold} | {lot.instrument for lot in lots}
    known = mandate.household.instruments
    household = replace(
        mandate.household, instruments={id_: known[id_] for id_ in sorted(wanted & set(known))}
    )
    return replace(mandate, household=household)


def _piece(a: int, plan: Plan | tuple[()], priced: Priced) -> _Piece:
    """A plan as the compiled decision would have written it."""
    trades: list[tuple[int, ...]] = []
    sales: list[tuple[int, ...]] = []
    for trade in plan.trades if isinstance(plan, Plan) else ():
        steps = trade.quantity if trade.side == "buy" else -trade.quantity
        place = priced.index[trade.instrument]
        trades.append((place, steps, trade.value, trade.cost, trade.tax, len(sales)))
        for sale in trade.lots:
            basis = -1 if sale.basis is None else sale.basis
            sales.append((int(sale.lot), sale.quantity, basis, sale.tax))
    last = (0, 0, 0, 0, 0, len(sales))
    return _Piece(
        np.zeros(0, dtype=np.int64),
        np.full(len(trades), a, dtype=np.int64),
        np.array([*trades, last], dtype=np.int64).T,
        np.array(sales, dtype=np.int64).reshape(-1, 4).T,
        0,
    )
