"""The last look at an order before it leaves: the bytes that pass are the bytes that are sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from fractions import Fraction

from trimtab.costs import Costs
from trimtab.engine.mandate import Mandate
from trimtab.execution.orders import expected, order_hash, order_id
from trimtab.ledger.folded import Folded
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.instruments import Instrument
from trimtab.model.market import Market, Quote
from trimtab.model.numbers import Price, StepPrice, money_text
from trimtab.model.orders import Order
from trimtab.model.plan import Plan, Trade

Refuse = Callable[[str, str], None]
"""Takes the code and the message of a reason to refuse."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits. They come from a file that no strategy writes, and nobody clicks them away.

    Args:
        collar: How far from the last price a limit may lie, as a fraction.
        order_value: The most that one order may be worth, minor units; None: no such limit.
        plan_orders: The most orders that one plan may have.
        minute_orders: The most orders that may leave within 60 seconds; one more halts everything.
        price_age: The oldest price that is traded on, in sessions (of market prices).
    """

    collar: Fraction = Fraction(5, 100)
    order_value: int | None = None
    plan_orders: int = 500
    minute_orders: int = 300
    price_age: int = 1


@dataclass(frozen=True, slots=True)
class Desk:
    """What the gate knows besides the order.

    Args:
        folded: What is known now.
        mandate: Accounts with their restrictions, instruments, costs.
        market: The prices that are traded on.
        frozen: Instruments whose price is not believed.
        limits: Hard limits.
        cash: What the order's account can spend.
        worst: What the order takes from the account if it is filled as badly as it allows.
        today: The day by the clock, for accounts at a real broker; None elsewhere.
    """

    folded: Folded
    mandate: Mandate
    market: Market
    frozen: Collection[str]
    limits: Limits
    cash: int
    worst: int
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: the hash of the bytes that may leave, or why they may not."""

    sha256: str
    refused: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether these very bytes may leave."""
        return not self.refused

    @property
    def why(self) -> str:
        """The reasons for a refusal, in one line."""
        return "; ".join(finding.message for finding in self.refused)


def gate(order: Order, trade: Trade, desk: Desk) -> Verdict:
    """Judge an order by what is known now, whatever was known when it was planned.

    Args:
        order: What would leave.
        trade: The trade of the approved plan that it carries out.
        desk: What is known.
    """
    refused: list[Finding] = []

    def refuse(code: str, message: str) -> None:
        refused.append(Finding(code, order.id, message, "error"))

    _of_the_plan(order, trade, desk, refuse)
    _of_the_account(order, desk, refuse)
    quote = desk.market.quotes.get(order.instrument)
    if quote is None or quote.price is None or order.instrument in desk.frozen:
        refuse("gate-price", f"{order.instrument} has no price that can be believed")
    else:
        _of_the_price(order, quote, quote.price, desk, refuse)
    if order.side == "sell":
        _of_the_lots(order, desk, refuse)
    elif desk.worst > desk.cash:
        refuse(
            "gate-cash",
            f"{order.account} has {money_text(desk.cash)} to spend, and this order may take "
            f"{money_text(desk.worst)}",
        )
    return Verdict(order_hash(order), tuple(refused))


def beyond_limits(
    plan: Plan,
    mandate: Mandate,
    market: Market,
    limits: Limits,
    *,
    days: Mapping[str, date] | None = None,
) -> list[Finding]:
    """Which orders of a plan the gate is certain to refuse for a hard limit, before any leaves.

    Args:
        plan: The plan.
        mandate: Instruments and costs.
        market: The prices that it is traded on.
        limits: Hard limits.
        days: The day by the clock, by account, where prices are judged by that.
    """
    found: list[Finding] = []
    for trade in plan.trades:
        named = f"{trade.side} {trade.instrument} in {trade.account}"
        instrument = mandate.household.instruments[trade.instrument]
        seen = max((days or {}).get(trade.account, market.as_of), market.as_of)
        told = (
            _age_told(named, instrument, market, limits, seen),
            _worth_told(named, trade, instrument, mandate, limits),
        )
        found.extend(one for one in told if one is not None)
    if _is_too_many(len(plan.trades), limits):
        message = (
            f"the plan has {len(plan.trades)} orders, and limits.toml allows {limits.plan_orders} "
            "(max_orders_per_plan): the rest would be refused. Raise the limit"
        )
        found.append(Finding("beyond-limits", "limits.toml", message, "error"))
    return found


def _age_told(
    named: str, instrument: Instrument, market: Market, limits: Limits, seen: date
) -> Finding | None:
    """That an order would be refused for the age of its price."""
    quote = market.quotes.get(instrument.id)
    if quote is None:
        return None
    age, allowed = _age(instrument, quote, market, limits, seen)
    if age <= allowed:
        return None
    message = (
        f"{named}: its price of {quote.on} is {age} sessions old, and limits.toml allows "
        f"{allowed} (max_price_age): the order would be refused. Add a newer price"
    )
    return Finding("beyond-limits", named, message, "error")


def _worth_told(
    named: str, trade: Trade, instrument: Instrument, mandate: Mandate, limits: Limits
) -> Finding | None:
    """That an order would be refused for what it is worth; a purchase, with its spread."""
    value = trade.value
    if trade.amount is not None:
        value = trade.amount
    elif trade.side == "buy":
        costs = mandate.costs.get(trade.account) or mandate.costs.get("") or Costs()
        paid = expected("buy", trade.quantity, trade.price, instrument=instrument, costs=costs)
        value = paid.gross
    if not _is_too_large(value, limits):
        return None
    assert limits.order_value is not None, "without a limit nothing is too large"
    message = (
        f"{named} is worth {money_text(value)}, and limits.toml allows "
        f"{money_text(limits.order_value)} (max_order_value): the order would be refused. Raise "
        "the limit, or trade it in parts by hand"
    )
    return Finding("beyond-limits", named, message, "error")


# -- the hard limits, for orders as for plans ------------------------------------------------------


def _age(
    instrument: Instrument, quote: Quote, market: Market, limits: Limits, seen: date
) -> tuple[int, int]:
    """How old a price is on a day, and at most may be, in sessions; one that is typed is not."""
    allowed = min(limits.price_age, instrument.age_limit)
    if instrument.price_source != "market":
        return 0, allowed
    return market.calendar.sessions_between(quote.on, seen), allowed


def _worth(instrument: Instrument, quantity: int | None, amount: int | None, price: Price) -> int:
    """What an order for steps, or for an amount, counts for, minor units."""
    if quantity is None:
        return amount or 0
    return StepPrice.of(price, instrument.step).value(quantity)


def _is_too_large(value: int, limits: Limits) -> bool:
    return limits.order_value is not None and value > limits.order_value


def _is_too_many(count: int, limits: Limits) -> bool:
    return count > limits.plan_orders


# -- what an order is judged by --------------------------------------------------------------------


def _of_the_plan(order: Order, trade: Trade, desk: Desk, refuse: Refuse) -> None:
    known = desk.folded.plans.get(order.plan)
    if known is None or not known.approved_by:
        refuse("gate-approval", f"nobody approved plan {order.plan}")
    own = order_id(
        account=order.account,
        plan=order.plan,
        instrument=order.instrument,
        side=order.side,
        part=order.slice,
        attempt=order.attempt,
    )
    if own != order.id:
        refuse("gate-id", "its id is not the one of its intention")
    same = (trade.account, trade.instrument, trade.side)
    if same != (order.account, order.instrument, order.side):
        refuse("gate-plan", "it is not what the plan says")
    if order.quantity is not None and not 0 < order.quantity <= trade.quantity:
        refuse("gate-size", f"it is for {order.quantity} steps, the plan for {trade.quantity}")
    if order.quantity is None and not 0 < (order.amount or 0) <= (trade.amount or 0):
        refuse("gate-size", "it is for another amount than the plan")
    count = sum(record.order.plan == order.plan for record in desk.folded.orders.values())
    if order.id not in desk.folded.orders:
        count += 1
    if _is_too_many(count, desk.limits):
        refuse("gate-count", f"a plan may have {desk.limits.plan_orders} orders (limits.toml)")


def _of_the_account(order: Order, desk: Desk, refuse: Refuse) -> None:
    account = desk.mandate.household.accounts.get(order.account)
    if account is None:
        refuse("gate-account", f"{order.account} is no account of this household")
        return
    if desk.folded.is_halted(order.account):
        refuse("gate-halted", f"{order.account} is halted")
    if order.side == "buy" and not account.may_buy(order.instrument):
        refuse("gate-restricted", f"{order.account} may not buy {order.instrument}")
    if order.side == "sell":
        held = desk.folded.positions.get((order.account, order.instrument), 0)
        kept = account.keep.get(order.instrument, 0)
        if order.instrument in account.do_not_sell or held - (order.quantity or 0) < kept:
            refuse("gate-restricted", f"{order.account} keeps its {order.instrument}")


def _of_the_price(order: Order, quote: Quote, price: Price, desk: Desk, refuse: Refuse) -> None:
    instrument = desk.mandate.household.instruments[order.instrument]
    seen = desk.market.as_of if desk.today is None else max(desk.today, desk.market.as_of)
    age, allowed = _age(instrument, quote, desk.market, desk.limits, seen)
    if age > allowed:
        refuse("gate-age", f"the price of {quote.on} is {age} sessions old")
    if order.quantity is not None and order.limit is None:
        refuse("gate-collar", "it has no limit")
        return
    if order.quantity is not None and order.limit is not None:
        away = Fraction(order.limit.decimal) / Fraction(price.decimal) - 1
        if abs(away) > desk.limits.collar:
            refuse(
                "gate-collar",
                f"its limit of {order.limit} is {float(abs(away)):.1%} from the last price "
                f"{price}; at most {float(desk.limits.collar):.1%} is allowed",
            )
    # A purchase may come to its limit; a sale is worth what the market says.
    counted = order.limit if order.side == "buy" and order.limit is not None else price
    value = _worth(instrument, order.quantity, order.amount, counted)
    if _is_too_large(value, desk.limits):
        allowed_value = money_text(desk.limits.order_value or 0)
        refuse(
            "gate-value",
            f"it is worth up to {money_text(value)}; limits.toml allows {allowed_value}",
        )


def _of_the_lots(order: Order, desk: Desk, refuse: Refuse) -> None:
    if order.quantity is None or sum(steps for _, steps in order.lots) != order.quantity:
        refuse("gate-lots", "the lots it names do not add up to it")
    reserved: dict[str, int] = {}
    for record in desk.folded.orders.values():
        if record.order.id != order.id:
            for lot_id, steps in record.lots_left:
                reserved[lot_id] = reserved.get(lot_id, 0) + steps
    for lot_id, steps in order.lots:
        lot = desk.folded.lots.get(lot_id)
        there = (
            0
            if lot is None or (lot.account, lot.instrument) != (order.account, order.instrument)
            else lot.quantity - reserved.get(lot_id, 0)
        )
        if steps <= 0 or steps > there:
            refuse("gate-lots", f"lot {lot_id} has {there} steps that are free, not {steps}")
