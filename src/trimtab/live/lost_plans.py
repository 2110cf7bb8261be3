"""A plan whose file is gone while its orders are open: what the record still knows of it."""

from __future__ import annotations

from pathlib import Path

from trimtab.adapters.plan_files import SavedPlan, load_plan
from trimtab.engine.mandate import HOUSEHOLD
from trimtab.ledger.folded import OrderRecord
from trimtab.live.observed import ObservedBook
from trimtab.model.errors import InputError, RefusedError
from trimtab.model.findings import Finding
from trimtab.model.market import Market
from trimtab.model.numbers import Price, StepPrice
from trimtab.model.plan import Plan, Trade

LOST = "plan-lost"


def saved_or_recorded(book: ObservedBook, path: Path) -> SavedPlan:
    """A saved plan; where its file is gone, its orders as the record has them.

    Raises:
        InputError: There is no such file, and no approved plan of that name; or it is no plan.
        RefusedError: It is not, to the byte, what was saved.
    """
    if path.exists():
        return load_plan(path)
    return recorded_plan(book, path) or load_plan(path)


def need_file(book: ObservedBook, path: Path) -> SavedPlan:
    """A saved plan that is to be carried out.

    Raises:
        RefusedError: Its file is gone; what is left to do with its orders is named.
    """
    try:
        return load_plan(path)
    except InputError:
        lost = None if path.exists() else recorded_plan(book, path)
        if lost is None:
            raise
        raise RefusedError(
            f"the file of plan {lost.plan.id} is gone, so nothing more of it is carried out. The "
            f"record has its orders: `trimtab record {lost.plan.id} FILE` books what was traded "
            f"by hand, `trimtab record {lost.plan.id} --close` or `trimtab cancel {lost.plan.id}` "
            "closes what was not; then plan again"
        ) from None


def need_prices(saved: SavedPlan) -> RefusedError:
    """Why a plan without its file cannot be booked as planned."""
    name = saved.plan.id
    return RefusedError(
        f"the file of plan {name} is gone, and with it the prices that it planned: say what was "
        f"traded, `trimtab record {name} FILE`, or that nothing more was, "
        f"`trimtab record {name} --close`"
    )


def recorded_plan(book: ObservedBook, path: Path) -> SavedPlan | None:
    """What the record has of an approved plan, its orders as its trades; None if nothing.

    The prices are those of the plan's day, or the limits; costs and withdrawals are not known.
    """
    folded = book.folded()
    name = path.name.removesuffix(".json")
    known = folded.plans.get(name)
    if known is None or not known.approved_by:
        return None
    market = book.market_with(known.as_of, {})
    orders = [one for one in folded.orders.values() if one.order.plan == name]
    trades = [_trade(one, market, book) for one in sorted(orders, key=lambda one: one.seq)]
    message = (
        f"the file of plan {name} is gone: this goes by the record, which has its orders and not "
        "its reasons, costs or withdrawals"
    )
    plan = Plan(
        id=name,
        household=folded.household,
        currency=folded.currency,
        as_of=known.as_of,
        state_head="",
        inputs_hash="",
        due=False,
        readings=(),
        trades=tuple(trades),
        sleeves=(),
        left_alone=(),
        findings=(Finding(LOST, name, message),),
        drift_before={},
        drift_after={},
        cash_after={},
        cost=0,
        tax=0,
        gap=None,
        periods=_looks(book, market, {one.order.account for one in orders}),
        adopted={},
        flows={},
    )
    return SavedPlan(plan, recorded=known.sha256)


def _looks(book: ObservedBook, market: Market, traded: set[str]) -> dict[str, str]:
    """The looks that were due on the plan's day, of the targets that it has orders for.

    The record does not say which looks a plan was made for, but they follow from its day: what is
    traded by hand is the same trade whether the file is there or not, and no second one is due.
    """
    mandate = book.mandate()
    kind = mandate.when.calendar
    if kind is None:
        return {}
    mark = f"{kind}:{market.calendar.period_due(kind, market.as_of)}"
    accounts = mandate.household.accounts.values()
    targets = {HOUSEHOLD if one.shares_target else one.id for one in accounts if one.id in traded}
    return dict.fromkeys(sorted(targets), mark)


def _trade(record: OrderRecord, market: Market, book: ObservedBook) -> Trade:
    """An order as the trade that it was made for, as far as the record tells."""
    order = record.order
    step = book.folded().steps[order.instrument]
    quote = market.quotes.get(order.instrument)
    price = (quote.price if quote is not None else None) or order.limit or Price(1, 0)
    worth = StepPrice.of(price, step)
    one_step = max(worth.value(1), 1)
    steps = order.quantity or max((order.amount or 0) // one_step, 1)
    return Trade(
        account=order.account,
        instrument=order.instrument,
        side=order.side,
        quantity=steps,
        step=step,
        amount=order.amount,
        price=price,
        value=max(order.amount or worth.value(steps), 1),
        cost=0,
        tax=0,
        lots=(),
        sleeve="",
        reason="",
        why="",
    )
