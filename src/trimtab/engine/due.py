"""Third stage: does a trigger fire, which one, and by how much?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from trimtab.engine.aim import Aim, drift_now
from trimtab.engine.mandate import Mandate, Request
from trimtab.model.findings import Finding
from trimtab.model.frozen import dataclass
from trimtab.model.market import Market
from trimtab.model.numbers import minor_from, money_text
from trimtab.model.orders import Order
from trimtab.model.plan import Reading
from trimtab.model.sleeves import Sleeve
from trimtab.model.state import State
from trimtab.triggers.calendar import calendar_reading
from trimtab.triggers.cashflow import cashflow_reading
from trimtab.triggers.deviation import band_reading, drift_reading, percent
from trimtab.triggers.expected import (
    breakdown_reading,
    tracking_reading,
    unknown_reading,
    worthless_reading,
)

Scope = Literal["nothing", "cash", "full"]
"""What is due: nothing, only the cash that came in or goes out, or all that the policy does."""


Worth = Literal["", "told", "asked"]


@dataclass(frozen=True, slots=True)
class Due:
    """What is due for one target.

    Args:
        scope: How much of the policy acts.
        readings: What every trigger saw.
        period: Mark of the calendar period that this look acts on; empty without a calendar look.
        findings: Why something that would be due is not.
        worth: Whether the trades are to be weighed against what they gain, once they are sized:
            `asked` where all that is due hangs on it, `told` where it is due anyway.
        otherwise: What is due where they are not worth it.
    """

    scope: Scope
    readings: tuple[Reading, ...]
    period: str
    findings: tuple[Finding, ...] = ()
    worth: Worth = ""
    otherwise: Scope = "nothing"


NAMED = 3
"""So many open orders are named."""


def _open(waiting: Sequence[Order], mandate: Mandate) -> str:
    """Which orders nothing new is planned over, and what can be done about them."""
    steps = {name: one.step for name, one in mandate.household.instruments.items()}
    named = [order.in_words(steps.get(order.instrument)) for order in waiting[:NAMED]]
    more = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
    plan = waiting[0].plan
    are = "1 order is" if len(waiting) == 1 else f"{len(waiting)} orders are"
    return (
        f"{are} still open: {', '.join(named)}{more}. Nothing new is planned for these accounts "
        f"until they are over: `trimtab apply {plan}` goes on, `trimtab record {plan}` books what "
        f"was traded by hand, `trimtab cancel {plan}` closes what was not"
    )


def due(aim: Aim, mandate: Mandate, state: State, market: Market, request: Request) -> Due:
    """Ask every trigger of the policy about one target.

    A calendar with a band, a limit of drift or of tracking error, or with `worth`, means: look on
    the calendar, act on the rest. What trades are worth is known when they are sized: until then
    they are due (`Due.worth`). Enough new cash (`cashflow`) and broken correlations (`breakdown`)
    fire beside them, and like them: all that the policy does is due. Cash that comes in or goes out
    without any of them moves alone.
    What was rebalanced this session is left alone until the next one, and beyond it while neither
    a price nor the book has changed; so is a target with open orders.
    """
    readings: list[Reading] = []
    looks, period = _looks(aim, mandate, state, market, readings)
    held_to = _adopted(aim, state)
    fired = _fires(held_to, mandate, looks, readings)
    unknown = _unknown(aim, mandate, readings)
    fired = (_tracking_fires(aim, mandate, readings) and looks) or fired
    fired = _new_cash_fires(aim, mandate, state, request, readings) or fired
    fired = _breakdown_fires(aim, mandate, state, readings) or fired
    cash_fired = _cash_fires(aim, state, request, readings)
    moved = () if held_to is aim else (_moved(aim, held_to, state),)
    waiting = [order for order in state.memory.open_orders if order.account in aim.accounts]
    if waiting:
        message = _open(waiting, mandate)
        finding = Finding("open-orders", aim.name, message, "error")
        return Due("nothing", tuple(readings), "", (finding,))
    if request.now:
        readings.append(Reading(aim.name, "now", "", True, "asked for now"))
        return Due("full", tuple(readings), period)
    weighs = _may_be_worth(aim, mandate, readings) and looks
    worth: Worth = ("told" if fired else "asked") if weighs else ""
    fired = fired or weighs
    if fired and state.memory.rebalanced_on.get(aim.name) == market.as_of:
        message = f"already rebalanced on {market.as_of}"
        readings.append(Reading(aim.name, "session", "", False, message))
        fired = False
    elif fired and _is_as_left(aim, state, market):
        on = state.memory.rebalanced_on[aim.name]
        message = f"nothing has changed since the rebalance of {on}, neither a price nor a holding"
        readings.append(Reading(aim.name, "session", "", False, message))
        fired = False
    scope: Scope = "full" if fired else "cash" if cash_fired else "nothing"
    told = moved if mandate.when.has_band or mandate.when.drift is not None else ()
    if not fired:
        return Due(scope, tuple(readings), period if looks else "", (*unknown, *told))
    rest: Scope = "cash" if cash_fired else "nothing"
    return Due(scope, tuple(readings), period if looks else "", unknown, worth, rest)


def _adopted(aim: Aim, state: State) -> Aim:
    """The aim with the target last adopted, which is what bands and drift measure against."""
    root = adopted_target(aim.name, aim.root, state)
    return aim if root is aim.root else replace(aim, root=root)


def adopted_target(name: str, root: Sleeve, state: State) -> Sleeve:
    """The target that was last adopted, or the one of today where that is the same.

    A target that moves does not set off trades by itself. Where sleeves came or went since, there
    is nothing to compare with, and the target of today counts.
    """
    adopted = state.memory.adopted.get(name)
    now = {leaf.name: leaf.weight for leaf in root.leaves()}
    if adopted is None or adopted == now or set(adopted) != set(now):
        return root
    return _weighing(root, adopted)


def _weighing(sleeve: Sleeve, weights: Mapping[str, Fraction]) -> Sleeve:
    """The same tree with other weights of its leaves."""
    if sleeve.is_leaf:
        return replace(sleeve, weight=weights[sleeve.name])
    children = tuple(_weighing(child, weights) for child in sleeve.children)
    return replace(sleeve, weight=sum((c.weight for c in children), Fraction(0)), children=children)


def _moved(aim: Aim, held_to: Aim, state: State) -> Finding:
    pairs = zip(aim.root.leaves(), held_to.root.leaves(), strict=True)
    changes = ", ".join(
        f"{new.name} {percent(old.weight)} to {percent(new.weight)}"
        for new, old in pairs
        if new.weight != old.weight
    )
    on = state.memory.rebalanced_on.get(aim.name, "before")
    message = (
        f"the target has changed since the rebalance of {on} "
        f"({changes}): bands and drift still measure against the one adopted then"
    )
    return Finding("target-moved", aim.name, message, "info")


def _is_as_left(aim: Aim, state: State, market: Market) -> bool:
    """Whether a target stands as its last rebalance left it, at the very same prices.

    That rebalance was the best answer then. Looking again from where it ended, the search for
    whole steps might find another small trade; at prices that did not move it is not worth one.
    """
    memory = state.memory
    if aim.name not in memory.undisturbed:
        return False
    if {leaf.name: leaf.weight for leaf in aim.root.leaves()} != memory.adopted.get(aim.name):
        return False
    on = memory.rebalanced_on[aim.name]
    held = {lot.instrument for lot in state.lots if lot.account in aim.accounts}
    known = held | (set(aim.leaf_of) & set(memory.accepted))
    for instrument in known:
        then, now = memory.accepted.get(instrument), market.quotes.get(instrument)
        if then is None or now is None or now.price is None or then.on > on:
            return False
        if then.price.decimal != now.price.decimal:
            return False
    return True


def _looks(
    aim: Aim, mandate: Mandate, state: State, market: Market, readings: list[Reading]
) -> tuple[bool, str]:
    """Whether the calendar lets the policy look today, and the period's mark."""
    kind = mandate.when.calendar
    if kind is None:
        return not mandate.when.never, ""
    reading, mark = calendar_reading(
        aim.name,
        kind,
        calendar=market.calendar,
        as_of=market.as_of,
        acted=state.memory.periods_acted.get(aim.name),
    )
    readings.append(reading)
    return reading.fired, mark


def _fires(aim: Aim, mandate: Mandate, looks: bool, readings: list[Reading]) -> bool:
    """Whether bands and drift, or the calendar alone, ask for action."""
    when = mandate.when
    if when.never or aim.base <= 0:
        return False
    if not when.has_band and when.drift is None:
        return looks and when.calendar is not None and not when.is_dynamic
    fired = False
    if when.has_band:
        for sleeve in aim.root.walk():
            if sleeve is aim.root:
                continue
            now = aim.now(sleeve)
            reading = band_reading(aim.name, sleeve.name, now=now, weight=sleeve.weight, when=when)
            readings.append(reading)
            fired = fired or reading.fired
    if when.drift is not None:
        now = drift_now(aim)
        reading = drift_reading(aim.name, drift=now, limit=when.drift)
        readings.append(reading)
        fired = fired or reading.fired
    return fired and looks


def _unknown(aim: Aim, mandate: Mandate, readings: list[Reading]) -> tuple[Finding, ...]:
    """That triggers ask for nothing because there are no estimates; each is a reading as well."""
    when, outlook = mandate.when, mandate.outlook(aim.name)
    asked = [("tracking", when.tracking), ("worth", when.worth)]
    lacking = outlook.lacking
    if not lacking and when.worth is not None and outlook.risk_aversion is None:
        asked, lacking = asked[1:], "the target maximises no utility"
    if not lacking:
        return ()
    names = [name for name, limit in asked if limit is not None]
    readings.extend(unknown_reading(aim.name, name, lacking) for name in names)
    if not names:
        return ()
    message = (
        f"{' and '.join(names)} cannot be known, so nothing is due by it: {lacking.rstrip('.')}"
    )
    return (Finding("estimates-missing", aim.name, message),)


def _tracking_fires(aim: Aim, mandate: Mandate, readings: list[Reading]) -> bool:
    """Whether what is held strays from the target of today by the tracking error that fires."""
    limit, outlook = mandate.when.tracking, mandate.outlook(aim.name)
    if limit is None or outlook.lacking or aim.base <= aim.flow:
        return False
    apart = {leaf.name: aim.now(leaf) - leaf.weight for leaf in aim.root.leaves()}
    squared = outlook.variance(apart)
    reading = tracking_reading(aim.name, squared=squared, limit=limit, outlook=outlook)
    readings.append(reading)
    return reading.fired


def _may_be_worth(aim: Aim, mandate: Mandate, readings: list[Reading]) -> bool:
    """Whether going to the target is expected to gain any utility: then its cost is asked."""
    outlook = mandate.outlook(aim.name)
    if mandate.when.worth is None or outlook.risk_aversion is None or aim.base <= 0:
        return False
    leaves = aim.root.leaves()
    wanted = outlook.utility({leaf.name: leaf.weight for leaf in leaves})
    gain = wanted - outlook.utility({leaf.name: aim.now(leaf) for leaf in leaves})
    if gain <= 0:
        readings.append(worthless_reading(aim.name, gain=round(gain * aim.base), outlook=outlook))
    return gain > 0


def _new_cash_fires(
    aim: Aim, mandate: Mandate, state: State, request: Request, readings: list[Reading]
) -> bool:
    """Whether what came in since the last rebalance, less what went out, reaches `cashflow`."""
    if mandate.when.cashflow is None:
        return False
    new_cash = sum(
        state.memory.new_cash.get(account, 0)
        + request.deposits.get(account, 0)
        - request.withdrawals.get(account, 0)
        for account in aim.accounts
    )
    limit = minor_from(mandate.when.cashflow)
    reading = cashflow_reading(aim.name, new_cash=new_cash, limit=limit)
    readings.append(reading)
    return reading.fired and aim.base > 0


def _breakdown_fires(aim: Aim, mandate: Mandate, state: State, readings: list[Reading]) -> bool:
    """Whether correlations broke away from their past since the last rebalance."""
    if not mandate.when.breakdown:
        return False
    found = mandate.broke(aim.name)
    if found.lacking:
        readings.append(unknown_reading(aim.name, "breakdown", found.lacking))
        return False
    acted = state.memory.rebalanced_on.get(aim.name)
    reading = breakdown_reading(aim.name, found=found, acted=acted)
    readings.append(reading)
    return reading.fired and aim.base > 0


def _cash_fires(aim: Aim, state: State, request: Request, readings: list[Reading]) -> bool:
    """Whether cash that came in or is to go out asks for trades by itself."""
    fired = False
    deposited = sum(request.deposits.get(account, 0) for account in aim.accounts)
    withdrawn = sum(request.withdrawals.get(account, 0) for account in aim.accounts)
    if deposited:
        why = f"a deposit of {money_text(deposited)} is to be invested"
        readings.append(Reading(aim.name, "deposit", "", True, why))
        fired = True
    if withdrawn:
        why = f"a withdrawal of {money_text(withdrawn)} is to be paid"
        readings.append(Reading(aim.name, "withdrawal", "", True, why))
        fired = True
    for account, missing in _debts(aim, state, request):
        why = f"cash of {account} is {money_text(missing)} below zero"
        readings.append(Reading(aim.name, "cash-floor", "", True, why))
        fired = True
    return fired


def _debts(aim: Aim, state: State, request: Request) -> list[tuple[str, int]]:
    """Accounts whose cash is below zero, but for a withdrawal of them, and by how much.

    Account by account: cash never crosses them, so what lies in one pays no debt of another.
    """
    found = []
    for account in aim.accounts:
        cash = state.cash.get(account, 0) + request.deposits.get(account, 0)
        if cash < 0 and not request.withdrawals.get(account, 0):
            found.append((account, -cash))
    return found
